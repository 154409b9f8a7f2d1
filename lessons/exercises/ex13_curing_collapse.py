"""Exercises of lesson 13: curing collapse.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random arrays of odd sizes, and compares with finite differences, integrals and counts; when it differs it tries to say why.

Notation: N samples in a batch, d coordinates each. softplus(s) = log(1 + exp(s)), and its derivative is sigmoid(s). dM stands for
dL/dM and so on. Everything is float64. Answers may use each other, and `packed`.
"""

import math  # noqa: F401  the answers will want these

import numpy as np  # noqa: F401

from tinygan.engine.numerics import sigmoid  # noqa: F401


def packed(x, m):
    """m neighbouring rows side by side, as in exercise 09.4: x (N, d)  ->  packs (N/m, m d)."""
    return x.reshape(-1, m * x.shape[-1])


def closeness(M, do):
    """Minibatch discrimination: how close the samples of a batch are to each other, and the way back (Salimans et al. 2016).

    Each sample i has B kernels with C numbers each, M_ib. Kernel by kernel

        o_ib = sum over all samples j, i included, of exp(-distance_ijb)        distance_ijb = sum over c of |M_ibc - M_jbc|

    do is dL/do. Return o and dM. Moving M_i changes o_i, and every other o_j as well.

    M (N, B, C), do (N, B)  ->  o (N, B), dM (N, B, C), in this order
    """
    raise NotImplementedError("Exercise 13.1: how close the samples of a batch are")


def packed_gradient(D, x_fake, m):
    """How G's loss changes with each fake point, where D gives one score to m points.

    L = mean of softplus(-s) over the N/m scores s of the packs: rows 0 to m - 1 are the first pack, and so on. D is fixed:
    neither D.theta nor D.grad may change.

        s, tape = D.forward(packs)                         packs (N/m, m d), s (N/m, 1)
        dpacks = D.backward(ds, tape, grads=False)         dL/dpacks, and D.grad stays as it is

    D, x_fake (N, d), m a number that divides N  ->  dx (N, d), which is dL/dx_fake
    """
    raise NotImplementedError("Exercise 13.2: what D says of a pack, for each of its points")


def noisy_score(x, a, b, s, r, t):
    """Instance noise: the score of the best D at N places x, and its slope there.

    On the line, real points are Gaussian with mean a and standard deviation s, fake ones with mean b and standard deviation r.
    Before D sees a point, of either kind, Gaussian noise with mean 0 and standard deviation t is added to it. The score of the
    best D is log p - log q, with the densities p of the real and q of the fake points *as D sees them*.

    How steep is it when s and r are tiny, with t = 0.01 and with t = 1?

    x (N,), a, b, s, r, t numbers  ->  score (N,), slope d score / d x (N,), in this order
    """
    raise NotImplementedError("Exercise 13.3: the best D when its points are noisy")


def sign_test(plain, cured):
    """Has a remedy helped, or was it luck? S seeds were trained without it and with it, and the modes that they visit counted.

    more and fewer are the numbers of seeds that visit more modes with the remedy, and fewer; seeds with equal counts are left
    out. p is the chance that more + fewer fair coins fall at least as unevenly, to either side.

    plain (S,), cured (S,)  ->  more (), fewer (), p (), in this order
    """
    raise NotImplementedError("Exercise 13.4: could it be luck?")
