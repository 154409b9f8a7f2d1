"""Right for ReLU.

A well-known NumPy library has a WGAN-GP whose penalty is differentiated by hand: the gradient of a gradient. Its tests
compare with an autograd and pass, since the networks in them are made of ReLU. The layer, though, is offered with any
activation, and for tanh the very same lines are wrong by a large part of the answer.

Source: ddbourgin/numpy-ml, numpy_ml/neural_nets/layers/layers.py (FullyConnected._bwd2), at the time of writing.

Promised: the gradients of P = gamma/2 * mean_n ||g_n||^2 for the critic s = tanh(x W) a, where g_n is the gradient of s_n with
respect to x_n:
    g = (slope * a^T) W^T   with   slope = 1 - tanh(x W)^2
    x (N, d), W (d, k), a (k, 1), gamma a number  ->  dW (d, k), da (k, 1)
"""

import numpy as np


def penalty_gradients(x, W, a, gamma):
    u = np.tanh(x @ W)
    slope = 1 - u * u  # (N, k)
    g = (slope * a.T) @ W.T  # (N, d)
    v = gamma * g / x.shape[0]  # dP/dg
    # P changes by <v, g_dot>. What changes g? The slope, a and W are its three factors.
    da = (slope * (v @ W)).sum(axis=0)[:, None]
    dW = v.T @ (slope * a.T)
    return dW, da
