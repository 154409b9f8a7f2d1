"""One slice for two things.

StackGAN does not give the words themselves to its generator. One layer makes a mean and the logarithm of a standard deviation of
them, side by side in one row, and the generator gets a draw from that Gaussian. A program for Keras cuts the row in two: the mean
is its first half. The logarithm is its first half as well. A reader found it. Training runs, the noise has some size, and the
second half of the layer learns nothing at all.

Source: mrrajatgarg/StackGAN-Keras, issue 2, at the time of writing.

Promised: a condition, its divergence from the standard normal distribution, and the gradient of what comes later.
    h = phi W holds m means, then m logarithms of a standard deviation s;  c = mean + exp(log s) eps
    kl = 1/N sum_n sum_j (exp(2 log s) + mean^2 - 1 - 2 log s) / 2,   dW of  sum(dc * c) + kl
    phi (N, K), W (K, 2 m), eps and dc (N, m)  ->  c (N, m), kl, one number, dW (K, 2 m)
"""

import numpy as np


def gaussian_of(phi, W):
    """The mean and the logarithm of the standard deviation."""
    h = phi @ W
    m = h.shape[1] // 2
    mean = h[:, :m]
    log_s = h[:, :m]
    return mean, log_s


def conditioned(phi, W, eps, dc):
    mean, log_s = gaussian_of(phi, W)
    s, n = np.exp(log_s), len(phi)
    c = mean + s * eps
    kl = (s**2 + mean**2 - 1 - 2 * log_s).sum() / (2 * n)

    dmean = dc + mean / n
    dlog_s = dc * s * eps + (s**2 - 1) / n
    return c, kl, phi.T @ np.concatenate([dmean, dlog_s], axis=1)
