"""The mean that was not differentiated.

A library written for teaching reports one number as its loss and follows the gradient of another. Every arrow points the
right way, so networks learn and nobody is alarmed. But the learning rate means something else for every batch size, and a
term that was weighed against this loss, a penalty say, is outweighed as soon as the batch grows.

Source: eriklindernoren/ML-From-Scratch, mlfromscratch/deep_learning/neural_network.py (train_on_batch) and loss_functions.py,
at the time of writing.

Promised: binary cross-entropy of sigmoid(s) with labels y in {0, 1}, value = 1/N sum_n [softplus(s_n) - y_n s_n], and its
derivative ds = d value / d s.
    s (N, 1), y (N, 1)  ->  value, ds (N, 1)
"""

import numpy as np

from tinygan.engine.numerics import sigmoid, softplus


def cross_entropy(s, y):
    value = np.mean(softplus(s) - y * s)
    ds = sigmoid(s) - y
    return value, ds
