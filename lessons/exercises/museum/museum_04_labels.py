"""N scores, N labels, N squared differences.

A network gives its scores as a column, (N, 1); a data loader gives its labels as a list, (N,). The loss takes both without a
word, falls a while, and settles at a value that is not good. "Having spent way too long finding this error", writes one who
met it, and sends in a warning. PyTorch has warned ever since; NumPy still does not.

Source: pytorch/pytorch, issue 16045, at the time of writing.

Promised: the least-squares loss value = 1/N sum_n (s_n - y_n)^2 and its derivative ds = d value / d s.
    s (N, 1), y (N,)  ->  value, ds (N, 1)
"""

import numpy as np


def least_squares(s, y):
    error = s - y
    value = np.mean(error**2)
    ds = 2 * error.sum(axis=-1, keepdims=True) / error.size
    return value, ds
