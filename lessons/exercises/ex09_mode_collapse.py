"""Exercises of lesson 09: mode collapse.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random samples, counts and scores, and compares with what comes out one number at a time; when it differs it tries to say why.

Notation: x (N, d) are samples; with R replicas, training runs side by side, x is (R, N, d) and scores s are (R, N, 1). The batch
is always axis -2. softplus(s) = log(1 + exp(s)), and its derivative is sigmoid(s). Everything is float64.
"""

import math  # noqa: F401  the answers will want these

import numpy as np  # noqa: F401

from tinygan.engine.numerics import sigmoid, softplus  # noqa: F401


def modes_visited(x, means):
    """How many modes a generator visits: those that get at least half of their fair share of its samples.

    Each sample belongs to the mode whose mean is nearest (Euclidean distance), however far that is. With K equal modes the fair
    share is N / K; a mode is visited when at least N / (2 K) samples belong to it, exactly so many included.

    x (N, 2), means (K, 2)  ->  counts (K,), of the samples of each mode, and visited (), in this order; integers or float64
    """
    raise NotImplementedError("Exercise 09.1: how many modes are visited")


def wilson_interval(k, n):
    """k of n runs collapsed. Give the 95 % interval for p, the share of runs that collapse among all seeds.

    Use Wilson's interval. It contains every p that is less than z = 1.959964 standard errors from k/n. The standard error is that
    of p itself, so the bounds are the two solutions p of

        |k/n - p| = z sqrt(p (1 - p) / n)

    Square it, and solve.

    k, n numbers, 0 < k < n  ->  low (), high (), in this order
    """
    raise NotImplementedError("Exercise 09.2: k of n runs, and what that says")


def g_loss(s):
    """G's non-saturating loss for each replica, and its derivative with respect to that replica's own scores.

        value_r = mean over the batch of softplus(-s_rn)        ds_rn = d value_r / d s_rn

    No number of one run may depend on how many are trained beside it.

    s (R, N, 1)  ->  value (R,), ds (R, N, 1), in this order
    """
    raise NotImplementedError("Exercise 09.3: a loss for each replica")


def pack(x, m):
    """m neighbouring samples side by side as one input for D, which then gives one score to m points (PacGAN).

    The first pack is rows 0 to m - 1, one after the other; the second begins with row m. Each replica keeps its own. m divides N.

    x (R, N, d), m a number  ->  packs (R, N/m, m d)
    """
    raise NotImplementedError("Exercise 09.4: points side by side for D")
