"""Lesson 09: mode collapse."""

import math

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import beta

from . import corpus
from .ex03 import sigmoid, softplus

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- 09.1 modes_visited

def samples(rng):
    """Counts of 12 samples in 4 modes; half of the fair share is 1.5 samples. Then one count of exactly half. Then an empty mode,
    the last one. Then counts for which half of the share is no whole number."""
    means = np.array([[0., 0], [3, 0], [0, 4], [5, 5]])

    def cloud(counts):
        return rng.permutation(np.concatenate([np.tile(mean, (n, 1)) for mean, n in zip(means, counts, strict=True)]))

    return [(cloud(counts) + .4 * rng.normal(size=(sum(counts), 2)), means)
            for counts in ((6, 3, 2, 1), (8, 4, 2, 2), (10, 3, 3, 0), (9, 1, 2, 2))] + [(6 * rng.random((40, 2)), means)]


@solution("09.1", samples)
def modes_visited(x, means):
    return visits()(x, means)


def visits(distance=cdist, enough=lambda n, N, K: n >= N / (2 * K)):
    """An answer to 09.1 with another distance, or another idea of visited."""
    def answer(x, means):
        counts = np.bincount(distance(x, means).argmin(axis=1), minlength=len(means))
        return counts, enough(counts, len(x), len(means)).sum()
    return answer


wrong("09.1", "edge", "more than half of the share: exactly half does not count", "exactly", "at least", "strict")(
    visits(enough=lambda n, N, K: n > N / (2 * K)))
wrong("09.1", "edge", "integer division: N // (2 K)", "//", "integer", "round")(visits(enough=lambda n, N, K: n >= N // (2 * K)))
wrong("09.1", "factor", "the whole fair share", "half", "whole", "n / k", "share")(visits(enough=lambda n, N, K: n >= N / K))
wrong("09.1", "other", "at least one sample", "one", "half", "share")(visits(enough=lambda n, N, K: n > 0))
wrong("09.1", "shape", "bincount without minlength: an empty last mode is missing", "minlength", "empty", "shape", "last")(
    lambda x, means: (np.bincount(cdist(x, means).argmin(axis=1)), modes_visited(x, means)[1]))
wrong("09.1", "other", "the sum of absolute differences as distance", "euclid", "manhattan", "absolute", "distance")(
    visits(lambda x, m: cdist(x, m, "cityblock")))
wrong("09.1", "axis", "the first coordinate alone", "coordinate", "axis", "first")(visits(lambda x, m: cdist(x[:, :1], m[:, :1])))
wrong("09.1", "other", "the largest inner product for the nearest mean", "inner product", "dot", "nearest", "distance")(
    visits(lambda x, m: -x @ m.T))
wrong("09.1", "order", "the most distant mean", "far", "argmax", "nearest")(visits(lambda x, m: -cdist(x, m)))
wrong("09.1", "order", "visited first", "order", "exchanged", "swapped")(lambda x, means: modes_visited(x, means)[::-1])
wrong("09.1", "shape", "which modes are visited, not how many", "how many", "shape", "number")(
    lambda x, means: (modes_visited(x, means)[0], modes_visited(x, means)[0] >= len(x) / (2 * len(means))))
wrong("09.1", "factor", "shares, not counts", "share", "count", "divided by n", "1/n")(
    lambda x, means: (modes_visited(x, means)[0] / len(x), modes_visited(x, means)[1]))
wrong("09.1", "other", "samples far from every mean do not count", "far", "however", "distance", "left out", "sum")(
    lambda x, means: modes_visited(x[cdist(x, means).min(axis=1) < 1], means))
wrong("09.1", "axis", "the nearest sample of each mean: argmin over the wrong axis", "axis", "nearest sample", "sum")(
    lambda x, means: (np.bincount(cdist(x, means).argmin(axis=0) % len(means), minlength=len(means)), len(means)))


# ---------------------------------------------------------------- 09.2 wilson_interval

Z = 1.959964


@solution("09.2", lambda r: [(3, 10), (9., 10.), (1, 40), (17, 20)])
def wilson_interval(k, n):
    return wilson()(k, n)


def wilson(z=Z, extra=lambda z, n: z**2 / (4 * n**2), down=lambda z, n: 1 + z**2 / n, middle=lambda z, n: z**2 / (2 * n)):
    def answer(k, n):
        p = k / n
        center, half = p + middle(z, n), z * math.sqrt(p * (1 - p) / n + extra(z, n))
        return (center - half) / down(z, n), (center + half) / down(z, n)
    return answer


wrong("09.2", "other", "the standard error of k/n: Wald's interval", "k/n", "wald", "standard error", "p itself")(
    lambda k, n: tuple(k / n + side * Z * math.sqrt(k / n * (1 - k / n) / n) for side in (-1, 1)))
wrong("09.2", "small", "z = 1.96", "1.96", "z ")(wilson(1.96))
wrong("09.2", "other", "z = 2", "rounded to 2", "z =")(wilson(2))
wrong("09.2", "other", "z = 1.645, which leaves out 5 % on each side", "1.645", "90")(wilson(1.644854))
wrong("09.2", "factor", "not divided by 1 + z^2/n", "1 + z", "divided")(wilson(down=lambda z, n: 1))
wrong("09.2", "term", "the z^2 / 4n^2 under the root is forgotten", "root", "4")(wilson(extra=lambda z, n: 0))
wrong("09.2", "factor", "z^2 / 4n under the root", "root", "n^2")(wilson(extra=lambda z, n: z**2 / (4 * n)))
wrong("09.2", "term", "the middle is k/n, without z^2 / 2n", "middle", "centre", "center", "k/n", "2 n")(
    wilson(middle=lambda z, n: 0))
wrong("09.2", "order", "high first", "order", "exchanged", "swapped")(lambda k, n: wilson_interval(k, n)[::-1])
wrong("09.2", "factor", "in percent", "percent", "100")(lambda k, n: tuple(100 * each for each in wilson_interval(k, n)))
wrong("09.2", "other", "integer division k // n", "//", "integer")(lambda k, n: wilson_interval(k // n * n, n))
wrong("09.2", "other", "the middle and the half width", "middle", "width", "half")(
    lambda k, n: (sum(wilson_interval(k, n)) / 2, (wilson_interval(k, n)[1] - wilson_interval(k, n)[0]) / 2))
wrong("09.2", "term", "z is not squared when both sides are", "square", "z")(
    lambda k, n: wilson(math.sqrt(Z))(k, n))
wrong("09.2", "other", "Clopper and Pearson's interval", "clopper", "exact", "binomial", "beta")(
    lambda k, n: (float(beta.ppf(.025, k, n - k + 1)), float(beta.ppf(.975, k + 1, n - k))))
wrong("09.2", "order", "the bounds for n - k of n", "n - k", "1 - p", "exchanged", "other")(
    lambda k, n: wilson_interval(n - k, n))


@right("09.2", "bisection of |k/n - p| = z sqrt(p (1 - p) / n) on both sides of k/n")
def _(k, n):
    def solve(outside, inside):
        for _ in range(200):
            p = (outside + inside) / 2
            if abs(k / n - p) > Z * math.sqrt(p * (1 - p) / n):
                outside = p
            else:
                inside = p
        return np.float64(inside)
    return solve(0, k / n), solve(1, k / n)


def around(k, n, z, down=True):
    """k/n and z standard errors to each side; `down`: cut off at 0 and 1."""
    half = z * math.sqrt(k / n * (1 - k / n) / n)
    return (max(k / n - half, 0.), min(k / n + half, 1.)) if down else (k / n - half, k / n + half)


wrong("09.2", "other", "k/n and 1.96 standard errors", "k/n and z standard errors")(lambda k, n: around(k, n, 1.96, down=False))
wrong("09.2", "other", "k/n and 1.96 standard errors, cut off at 0 and 1", "cut off at 0 and 1")(lambda k, n: around(k, n, 1.96))
wrong("09.2", "term", "1.96, and the division is missing", "division by 1 + z^2 / n is missing; and z = 1.96")(
    wilson(1.96, down=lambda z, n: 1))
wrong("09.2", "factor", "z = 1.645, for one side", "1.645")(wilson(1.645))


# ---------------------------------------------------------------- 09.3 g_loss

@solution("09.3", lambda r: [(r.normal(size=(3, 5, 1)),)])
def g_loss(s):
    return softplus(-s).mean(axis=(-2, -1)), -sigmoid(-s) / s.shape[-2]


wrong("09.3", "axis", "one mean over all replicas", "replica", "axis", "shape", "number")(
    lambda s: (softplus(-s).mean(), -sigmoid(-s) / s.size))
wrong("09.3", "factor", "ds is divided by R N", "r n", "replica", "beside", "1/r")(
    lambda s: (softplus(-s).mean(axis=(-2, -1)), -sigmoid(-s) / s.size))
wrong("09.3", "axis", "ds is divided by R, the length of the first axis", "first axis", "len(s)", "replica", "axis", " r")(
    lambda s: (softplus(-s).mean(axis=(-2, -1)), -sigmoid(-s) / len(s)))
wrong("09.3", "axis", "the mean over the replicas", "axis", "replica", "shape")(
    lambda s: (softplus(-s).mean(axis=0)[:, 0], -sigmoid(-s) / len(s)))
wrong("09.3", "shape", "value (R, 1)", "shape")(lambda s: (softplus(-s).mean(axis=-2), -sigmoid(-s) / s.shape[-2]))
wrong("09.3", "sign", "ds has the wrong sign", "sign")(lambda s: (softplus(-s).mean(axis=(-2, -1)), sigmoid(-s) / s.shape[-2]))
wrong("09.3", "sign", "sigmoid(s) for sigmoid(-s)", "sigmoid", "argument", "minimax")(
    lambda s: (softplus(-s).mean(axis=(-2, -1)), -sigmoid(s) / s.shape[-2]))
wrong("09.3", "factor", "1/N is forgotten in ds", "1/n", "mean")(lambda s: (softplus(-s).mean(axis=(-2, -1)), -sigmoid(-s)))
wrong("09.3", "factor", "sums over the batch", "sum", "mean", "1/n")(lambda s: (softplus(-s).sum(axis=(-2, -1)), -sigmoid(-s)))
wrong("09.3", "axis", "the mean over the last axis, which has one entry", "axis", "shape")(
    lambda s: (softplus(-s).mean(axis=-1), -sigmoid(-s)))
wrong("09.3", "shape", "ds (R, N)", "shape")(lambda s: (softplus(-s).mean(axis=(-2, -1)), (-sigmoid(-s) / s.shape[-2])[..., 0]))
wrong("09.3", "term", "only the first replica: the others are 0", "first", "replica", "zero")(
    lambda s: (softplus(-s).mean(axis=(-2, -1)) * (np.arange(len(s)) == 0), -sigmoid(-s) / s.shape[-2]))
wrong("09.3", "other", "the minimax loss", "minimax", "saturating")(
    lambda s: (-softplus(s).mean(axis=(-2, -1)), -sigmoid(s) / s.shape[-2]))


# ---------------------------------------------------------------- 09.4 pack

@solution("09.4", lambda r: [(r.normal(size=(2, 6, 3)), 2), (r.normal(size=(3, 6, 2)), 3)])
def pack(x, m):
    R, N, d = x.shape
    return x.reshape(R, N // m, m * d)


wrong("09.4", "order", "rows i and i + N/m together: not neighbours", "neighbour", "n/m", "together", "split", "half")(
    lambda x, m: np.concatenate(np.split(x, m, axis=1), axis=2))
wrong("09.4", "axis", "packs across replicas", "replica")(lambda x, m: x.swapaxes(0, 1).reshape(len(x), -1, m * x.shape[2]))
wrong("09.4", "order", "coordinate by coordinate, not row after row", "coordinate", "order", "row", "interleav")(
    lambda x, m: x.reshape(len(x), -1, m, x.shape[2]).swapaxes(2, 3).reshape(len(x), -1, m * x.shape[2]))
wrong("09.4", "order", "rows of a pack in reverse", "revers", "order", "last")(
    lambda x, m: x.reshape(len(x), -1, m, x.shape[2])[:, :, ::-1].reshape(len(x), -1, m * x.shape[2]))
wrong("09.4", "shape", "the rows of a pack have an axis of their own", "shape", "axis")(
    lambda x, m: x.reshape(len(x), -1, m, x.shape[2]))
wrong("09.4", "other", "overlapping packs, without a step of m", "overlap", "shape", "begins", "step")(
    lambda x, m: np.concatenate([x[:, i:x.shape[1] - m + 1 + i] for i in range(m)], axis=2))
wrong("09.4", "other", "N / m is no integer", "integer", "float", "//")(
    lambda x, m: x.reshape(len(x), x.shape[1] / m, m * x.shape[2]))
wrong("09.4", "other", "each row with copies of itself", "copies", "copy", "itself", "same", "repeat")(
    lambda x, m: np.tile(x[:, ::m], (1, 1, m)))
wrong("09.4", "shape", "one long batch, without replicas", "replica", "shape")(lambda x, m: x.reshape(-1, m * x.shape[2]))
wrong("09.4", "axis", "Fortran order", "order", "neighbour", "column")(
    lambda x, m: x.reshape(len(x), -1, m * x.shape[2], order="F"))
wrong("09.4", "other", "the mean of the rows, repeated", "mean", "side by side")(
    lambda x, m: np.tile(x.reshape(len(x), -1, m, x.shape[2]).mean(axis=2), (1, 1, m)))
right("09.4", "every m-th row from 0, 1, ... on, put side by side")(
    lambda x, m: np.concatenate([x[:, i::m] for i in range(m)], axis=-1))
