"""Exercises of lesson 10: measuring collapse.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random clouds and counts, and compares with what a slow loop finds; when they differ it tries to say why.

Notation: x are N generated samples, (N, 2). The truth is a mixture of K modes with the centres `means` (K, 2), the standard
deviations `stds` (K,), one number for both axes, and the fair shares `weights` (K,), which sum to 1. A sample belongs to the
nearest centre and is good within 3 standard deviations of it. Logarithms are natural. Loops are welcome; speed does
not count. Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want these
from scipy.spatial.distance import cdist  # noqa: F401  cdist(x, y)[i, j] is the distance from x[i] to y[j]


def good_counts(x, means, stds):
    """How many good samples each mode has.

    A sample belongs to the nearest centre, by the straight (Euclidean) distance, and to no other. It is good if this distance is
    at most 3 standard deviations of its mode. Some rows of x have NaN or infinity: they belong to no mode.

    x (N, 2), means (K, 2), stds (K,)  ->  n (K,), integers or float64
    """
    raise NotImplementedError("Exercise 10.1: good samples of each mode")


def mode_scores(n, total, weights):
    """Three scores from the counts n of good samples, out of `total` = N samples, good and bad.

        modes        how many modes have at least one good sample
        modes_half   how many have at least half of their fair share: n_k / N at least weights_k / 2
        quality      the share of the N samples that are good

    n (K,), total a number, weights (K,)  ->  modes, modes_half, quality, in this order
    """
    raise NotImplementedError("Exercise 10.2: modes, modes with half their share, quality")


def reverse_kl(n, weights):
    """How unevenly the good samples are spread over the modes: the reverse KL divergence, in nats.

    With M good samples in all and q_k = n_k / M it is the sum of q_k ln(q_k / weights_k) over the modes that have any. If there
    is no good sample at all, M = 0, return the largest value that a sampler with good samples could get.

    n (K,), weights (K,)  ->  kl, one number, shape ()
    """
    raise NotImplementedError("Exercise 10.3: the balance of the modes")


def js(counts, total, p):
    """The Jensen-Shannon divergence, in nats, between samples counted in cells and a density that is known.

    counts[c] of the N = `total` samples lie in cell c, and p[c] is the exact probability of that cell. The cells do not reach
    everywhere: some samples, and some of the probability, lie outside all of them. What lies outside counts as one more cell, so
    that the shares of the samples and the probabilities sum to 1.

    counts (C,), total a number, p (C,)  ->  js, one number, shape ()
    """
    raise NotImplementedError("Exercise 10.4: the divergence to an exact density")


def coverage(x, real, k):
    """How much of the truth is covered (Naeem et al. 2020).

    Around each of the M true samples `real` stands an open ball that reaches to its k-th nearest neighbour among the *other*
    true samples. Coverage is the share of the M balls with at least one sample of x inside.

    x (N, 2), real (M, 2), k a number  ->  coverage, one number, shape ()
    """
    raise NotImplementedError("Exercise 10.5: balls around the truth")


def mmd2(x, y, b):
    """The unbiased estimate of the squared maximum mean discrepancy between two clouds (Gretton et al. 2012).

    With k(u, v) = exp(-|u - v|^2 / (2 b^2)):

        mean of k(x_i, x_j) over i != j  +  mean of k(y_i, y_j) over i != j  -  2 mean of k(x_i, y_j) over all i, j

    x (N, 2), y (M, 2), b a number  ->  mmd2, one number, shape ()
    """
    raise NotImplementedError("Exercise 10.6: the kernel's distance without its bias")
