"""The statistics that stood still.

BatchNorm's backward pass, in a library for learning on encrypted data, was wrong in training mode. There was a unit test.
"The reason that this went unnoticed", says the pull request that mended it, "is because the batchnorm unit tests were
incorrect as well": the argument `training` did not reach the layer as it should, and in the other mode, with running
statistics, this code is right.

Source: facebookresearch/CrypTen, pull request 143, at the time of writing.

Promised: the derivative through BatchNorm in training mode; mean and var (divided by N) are those of the batch, for each column.
    y = gamma (x - mean) / sqrt(var + 1e-5)
    dy (N, d), x (N, d), gamma (1, d)  ->  dx (N, d)
"""

import numpy as np

EPS = 1e-5


def batchnorm_backward(dy, x, gamma):
    var = x.var(axis=0, keepdims=True)
    return gamma * dy / np.sqrt(var + EPS)
