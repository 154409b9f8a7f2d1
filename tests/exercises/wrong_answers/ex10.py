"""Lesson 10: measuring collapse."""

import numpy as np
from scipy.spatial.distance import cdist

from . import corpus

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- 10.1 good_counts

def clouds(rng):
    """A cloud; samples that are exactly 3 standard deviations away; rows that are not finite; samples between two modes."""
    means, stds = np.array([[0., 0], [4, 0], [0, 3], [9, 9]]), np.array([.25, .5, .75, .125])
    cloud = rng.choice(means, 40) + .8 * rng.normal(size=(40, 2))
    exact = np.array([[.75, 0], [4, 1.5], [4, -1.5], [0, 5.25], [9, 9.375], [9, 9.4], [.6, .6], [1.2, .1]])
    strange = np.array([[np.nan, 0], [0, 0], [np.inf, 0], [0, -np.inf], [np.nan, np.nan], [4, 0]])
    between = means[1] + np.array([[-2.3, 0], [-2.2, 0], [-1.4, .2], [-3.3, 0]])
    return [(cloud, means, stds), (exact, means, stds), (strange, means, stds), (between, means, stds),
            (cloud[:, ::-1].copy(), means, np.full(4, .5))]


@solution("10.1", clouds)
def good_counts(x, means, stds):
    return counted()(x, means, stds)


def counted(distance=cdist, good=lambda d, std: d <= 3 * std, to=lambda d, stds: d,
            clean=lambda x: x[np.isfinite(x).all(axis=1)]):
    """An answer to 10.1 with other parts."""
    def answer(x, means, stds):
        d = distance(clean(x), means)
        nearest = to(d, stds).argmin(axis=1)
        ok = good(d[np.arange(len(d)), nearest], stds[nearest])
        return np.bincount(nearest[ok], minlength=len(means))
    return answer


wrong("10.1", "edge", "exactly 3 standard deviations away is not good", "exactly", "at most", "<=", "strict")(
    counted(good=lambda d, std: d < 3 * std))
wrong("10.1", "other", "nearest in standard deviations", "standard deviation", "straight", "divided", "nearest")(
    counted(to=lambda d, stds: d / stds))
wrong("10.1", "other", "a sample counts for every mode that it is close to", "every mode", "no other", "several", "twice",
      "more than one")(
    lambda x, means, stds: (cdist(x[np.isfinite(x).all(axis=1)], means) <= 3 * stds).sum(axis=0))
wrong("10.1", "edge", "a distance that is NaN was made 0", "nan_to_num")(
    counted(distance=lambda x, means: np.nan_to_num(cdist(x, means)), clean=lambda x: x))
wrong("10.1", "edge", "not (distance > 3 std): NaN counts", "nan")(
    counted(good=lambda d, std: ~(d > 3 * std), clean=lambda x: x))
wrong("10.1", "factor", "3 variances for 3 standard deviations", "variance", "square", "std")(
    counted(good=lambda d, std: d <= 3 * std**2))
wrong("10.1", "factor", "2 standard deviations", "2 ")(counted(good=lambda d, std: d <= 2 * std))
wrong("10.1", "term", "the squared distance against 3 standard deviations", "square", "root")(
    counted(good=lambda d, std: d**2 <= 3 * std))
wrong("10.1", "shape", "bincount without minlength", "minlength", "shape", "empty", "last")(
    lambda x, means, stds: np.trim_zeros(good_counts(x, means, stds), "b"))
wrong("10.1", "other", "the sum of absolute differences as distance", "euclid", "absolute", "manhattan", "distance")(
    counted(lambda x, m: cdist(x, m, "cityblock")))
wrong("10.1", "other", "coordinate by coordinate: a square, not a circle", "coordinate", "circle", "square", "box", "each axis",
      "euclid")(
    counted(lambda x, m: cdist(x, m, "chebyshev")))
wrong("10.1", "other", "the standard deviation of the first mode for all", "one std", "stds", "first", "own", "its mode")(
    lambda x, means, stds: good_counts(x, means, np.full_like(stds, stds[0])))
wrong("10.1", "term", "all samples count, good or not", "good", "3 standard", "far", "however")(
    counted(good=lambda d, std: d >= 0))
wrong("10.1", "edge", "NaN becomes 0, and that is a place", "nan")(counted(clean=lambda x: np.nan_to_num(x)))
wrong("10.1", "factor", "shares, not counts", "share", "count", "divided")(
    lambda x, means, stds: good_counts(x, means, stds) / len(x))
wrong("10.1", "edge", "the first row with NaN ends the loop: break for continue", "nan", "after", "break", "stop")(
    lambda x, means, stds: good_counts(x[:np.append(np.flatnonzero(~np.isfinite(x).all(axis=1)), len(x))[0]], means, stds))
wrong("10.1", "other", "the standard deviation of the last mode of the loop", "stds", "last", "own", "its mode")(
    lambda x, means, stds: good_counts(x, means, np.full_like(stds, stds[-1])))


@right("10.1", "three loops and an if, float64 counts; NaN is never at most anything")
def _(x, means, stds):
    n = np.zeros(len(means))
    for a, b in x.tolist():
        best = min(range(len(means)), key=lambda k: np.hypot(a - means[k, 0], b - means[k, 1]))  # noqa: B023
        if np.hypot(a - means[best, 0], b - means[best, 1]) <= 3 * stds[best]:
            n[best] += 1
    return n


# ---------------------------------------------------------------- 10.2 mode_scores

@solution("10.2", lambda r: [(np.array([10, 3, 0, 1]), 40, np.full(4, .25)),
                             (np.array([5, 2, 1, 0]), 8, np.array([.5, .25, .125, .125])),
                             (np.array([5., 2, 4, 9]), 21, np.array([.1, .2, .3, .4])), (np.array([0, 0, 0]), 9, np.ones(3) / 3),
                             (np.array([5, 5, 1, 1]), 16, np.full(4, .25)), (np.array([8, 4, 3, 4]), 32, np.full(4, .25)),
                             (np.array([3, 3]), 20, np.array([.2, .8]))])
def mode_scores(n, total, weights):
    return (n > 0).sum(), (n / total >= weights / 2).sum(), n.sum() / total


def half_of(enough):
    return lambda n, total, weights: ((n > 0).sum(), enough(n, total, weights).sum(), n.sum() / total)


wrong("10.2", "edge", "more than half of the share", "exactly", "at least", "strict", ">")(half_of(lambda n, N, w: n / N > w / 2))
wrong("10.2", "other", "the share of the good samples, not of all N", "good samples", "total", "all n", "n.sum")(
    half_of(lambda n, N, w: n >= w / 2 * n.sum()))
wrong("10.2", "other", "equal shares 1/K, whatever the weights", "1/k", "equal", "weights")(
    half_of(lambda n, N, w: n / N >= .5 / len(n)))
wrong("10.2", "factor", "the whole fair share", "half", "whole")(half_of(lambda n, N, w: n / N >= w))
wrong("10.2", "factor", "quality in percent", "percent", "100")(lambda n, N, w: (*mode_scores(n, N, w)[:2], 100 * n.sum() / N))
wrong("10.2", "other", "quality is the share of bad samples", "bad", "1 - ")(
    lambda n, N, w: (*mode_scores(n, N, w)[:2], 1 - n.sum() / N))
wrong("10.2", "edge", "modes with more than one sample", "one", "at least one", "> 1")(
    lambda n, N, w: ((n > 1).sum(), *mode_scores(n, N, w)[1:]))
wrong("10.2", "other", "integer division in quality", "//", "integer", "zero")(
    lambda n, N, w: (*mode_scores(n, N, w)[:2], n.sum() // N))
wrong("10.2", "order", "quality first", "is what quality must be", "order", "exchanged", "swapped")(
    lambda n, N, w: mode_scores(n, N, w)[::-1])
wrong("10.2", "order", "modes_half before modes", "order", "exchanged", "swapped")(
    lambda n, N, w: (mode_scores(n, N, w)[1], mode_scores(n, N, w)[0], n.sum() / N))
wrong("10.2", "edge", "half of the expected count is rounded down", "round", "int", "//")(
    half_of(lambda n, N, w: n >= (w * N).astype(int) // 2))
wrong("10.2", "factor", "modes as a share of K", "share", "how many", "divided", "1/k", "k")(
    lambda n, N, w: (np.mean(n > 0), *mode_scores(n, N, w)[1:]))
wrong("10.2", "other", "quality is the mean over the modes", "mean", "sum", "1/k")(
    lambda n, N, w: (*mode_scores(n, N, w)[:2], n.mean() / N))
wrong("10.2", "factor", "total is the sum of n", "total", "n.sum", "bad")(lambda n, N, w: mode_scores(n, max(n.sum(), 1), w))


wrong("10.2", "other", "counts compared with shares", "divide it by n")(half_of(lambda n, total, weights: n >= weights / 2))
wrong("10.2", "edge", "within half of the share to both sides", "upper limit")(
    half_of(lambda n, total, weights: np.abs(n / total - weights) <= weights / 2))


# ---------------------------------------------------------------- 10.3 reverse_kl

@solution("10.3", lambda r: [(np.array([10, 3, 2, 1]), np.array([.1, .2, .3, .4])),
                             (np.array([10, 0, 5.]), np.array([.5, .3, .2])),
                             (np.zeros(3), np.array([.5, .3, .2])), (np.array([0, 7]), np.array([.5, .5]))])
def reverse_kl(n, weights):
    if n.sum() == 0:
        return -np.log(weights.min())
    q, w = n[n > 0] / n.sum(), weights[n > 0]
    return np.sum(q * np.log(q / w))


def unless_empty(of, empty=lambda w: -np.log(w.min())):
    return lambda n, w: of(n, w) if n.sum() else empty(w)


wrong("10.3", "order", "the forward KL: weights ln(weights / q)", "forward", "order", "other way", "exchanged", "inf")(
    unless_empty(lambda n, w: np.sum(w * np.log(w * n.sum() / np.maximum(n, 1e-300)))))
wrong("10.3", "factor", "in bits", "bits", "log2", "base", "natural")(lambda n, w: reverse_kl(n, w) / np.log(2))
wrong("10.3", "edge", "no good sample: 0", "no good", "m = 0", "empty")(unless_empty(reverse_kl, lambda w: 0.))
wrong("10.3", "edge", "no good sample: infinity", "no good", "m = 0", "inf", "empty")(unless_empty(reverse_kl, lambda w: np.inf))
wrong("10.3", "edge", "no good sample: ln K, which is the largest for equal weights only", "ln k", "log k", "equal", "weights",
      "m = 0")(
    unless_empty(reverse_kl, lambda w: np.log(len(w))))
wrong("10.3", "edge", "no good sample: the largest weight for the smallest", "smallest", "largest", "m = 0", "no good")(
    unless_empty(reverse_kl, lambda w: -np.log(w.max())))
wrong("10.3", "edge", "no good sample: 0 / 0 gives NaN", "nan", "m = 0", "no good", "0 / 0")(
    lambda n, w: np.sum((n / n.sum())[n > 0] * np.log((n / n.sum() / w)[n > 0])) if n.sum() else np.nan)
wrong("10.3", "edge", "0 log 0 gives NaN", "0 log 0", "nan", "empty", "zero")(
    unless_empty(lambda n, w: np.sum(n / n.sum() * np.log(n / n.sum() / w))))
wrong("10.3", "small", "1e-9 inside the logarithm", "eps", "inside", "added", "1e-9")(
    unless_empty(lambda n, w: np.sum(n / n.sum() * np.log(n / n.sum() / w + 1e-9))))
wrong("10.3", "factor", "a mean over the modes", "mean", "1/k")(unless_empty(lambda n, w: reverse_kl(n, w) / len(n)))
wrong("10.3", "sign", "ln(weights / q)", "sign")(lambda n, w: -reverse_kl(n, w))
wrong("10.3", "term", "q in front of the logarithm is forgotten", "in front", "weigh")(
    unless_empty(lambda n, w: np.sum(np.log((n / n.sum() / w)[n > 0]))))
wrong("10.3", "other", "the weights are scaled to 1 over the modes that are hit", "sum to 1", "weights", "scaled", "missing",
      "hit", "renormal")(
    unless_empty(lambda n, w: reverse_kl(n[n > 0], w[n > 0] / w[n > 0].sum())))
wrong("10.3", "other", "equal weights 1/K", "1/k", "equal", "weights")(lambda n, w: reverse_kl(n, np.full(len(w), 1 / len(w))))
wrong("10.3", "other", "counts for shares: not divided by M", "count", "share", "divided")(
    unless_empty(lambda n, w: np.sum(n[n > 0] * np.log(n[n > 0] / w[n > 0]))))
wrong("10.3", "other", "the entropy of q", "entropy", "weights")(
    unless_empty(lambda n, w: -np.sum((n / n.sum())[n > 0] * np.log((n / n.sum())[n > 0]))))


# ---------------------------------------------------------------- 10.4 js

def cells(rng):
    p = rng.dirichlet(np.ones(7))[:6]
    counts = np.array([5, 0, 3, 8, 1, 0])
    q = p.copy()
    q[3] = 0
    return [(counts, 25, p), (counts, 17, p), (counts, 25, q / q.sum()), (counts.astype(float), 30, q)]


@solution("10.4", cells)
def js(counts, total, p):
    return divergence(*outside(counts, total, p))


def outside(counts, total, p):
    return np.append(counts / total, 1 - counts.sum() / total), np.append(p, max(1 - p.sum(), 0))


def divergence(q, p, log=np.log):
    def kl(a, b):
        return np.sum(a[a > 0] * log(a[a > 0] / b[a > 0]))
    return (kl(q, (p + q) / 2) + kl(p, (p + q) / 2)) / 2


wrong("10.4", "term", "what lies outside is left out", "outside", "sum to 1")(lambda c, N, p: divergence(c / N, p))
wrong("10.4", "other", "what lies inside is scaled to 1", "outside", "scaled", "inside", "sum to 1", "normal")(
    lambda c, N, p: divergence(c / c.sum(), p / p.sum()))
wrong("10.4", "factor", "in bits", "bits", "log2", "base", "natural")(lambda c, N, p: js(c, N, p) / np.log(2))
wrong("10.4", "factor", "the sum of both KL", "half", "twice", "factor", "2")(lambda c, N, p: 2 * js(c, N, p))
wrong("10.4", "term", "the outside of the samples alone", "outside", "probability")(
    lambda c, N, p: divergence(outside(c, N, p)[0], np.append(p, 0)))
wrong("10.4", "term", "the outside of the density alone", "outside", "samples")(
    lambda c, N, p: divergence(np.append(c / N, 0), outside(c, N, p)[1]))
wrong("10.4", "other", "the root: the distance", "root", "distance")(lambda c, N, p: np.sqrt(js(c, N, p)))
wrong("10.4", "edge", "0 log 0 gives NaN", "0 log 0", "nan", "zero", "empty")(
    lambda c, N, p: np.sum([a * np.log(2 * a / sum(outside(c, N, p))) for a in outside(c, N, p)]) / 2)
wrong("10.4", "other", "KL between samples and density, without m", "mixture", "kl")(
    lambda c, N, p: np.sum((c / N)[c > 0] * np.log((c / N)[c > 0] / np.maximum(p[c > 0], 1e-12))))
wrong("10.4", "other", "counts divided by those inside, the outside counted besides", "total", "inside", "divided", "sum to 1")(
    lambda c, N, p: divergence(np.append(c / c.sum(), 1 - c.sum() / N), outside(c, N, p)[1]))
wrong("10.4", "sign", "negative", "sign", "negative")(lambda c, N, p: -js(c, N, p))
wrong("10.4", "small", "1e-8 inside the logarithms", "eps", "inside", "added", "1e-8")(
    lambda c, N, p: divergence(*(each + 1e-8 for each in outside(c, N, p))))
wrong("10.4", "edge", "empty cells are left out", "empty", "cells", "left out", "0")(
    lambda c, N, p: divergence(outside(c, N, p)[0][np.append(c, 1) > 0], outside(c, N, p)[1][np.append(c, 1) > 0]))
wrong("10.4", "other", "the outside is spread over all cells", "outside", "spread", "cell")(
    lambda c, N, p: divergence(c / N + (1 - c.sum() / N) / len(c), p + (1 - p.sum()) / len(p)))
wrong("10.4", "factor", "KL(q, m) alone", "kl(p", "kl(q", "one of", "second", "half")(
    lambda c, N, p: float(np.sum([a * np.log(2 * a / (a + b)) for a, b in zip(*outside(c, N, p), strict=True) if a > 0])))
right("10.4", "cell by cell with a generator; the rest outside as the last cell")(
    lambda counts, total, p: sum(a * np.log(2 * a / (a + b)) / 2 for pair in
                                 zip([*counts / total, 1 - sum(counts) / total], [*p, max(1 - sum(p), 0)], strict=True)
                                 for a, b in (pair, pair[::-1]) if a > 0))


wrong("10.4", "other", "a cell for the samples outside, and one for the probability", "the same cell")(
    lambda counts, total, p: divergence(np.append(counts / total, [1 - counts.sum() / total, 0]),
                                        np.append(p, [0, max(1 - p.sum(), 0)])))


# ---------------------------------------------------------------- 10.5 coverage

def sets(rng):
    """Random clouds; a grid where balls of radius 1 end exactly at samples; samples all at one place."""
    x, real = rng.normal(size=(9, 2)) * .8, rng.normal(size=(14, 2))
    grid = np.array([[i, j] for i in range(4) for j in range(4)], float)
    return [(x, real, 1), (x, real, 3), (grid[:5] + [0., -1], grid, 1), (grid[3:9] + [.3, .2], grid, 2),
            (np.tile(real[:1], (6, 1)), real, 3)]


@solution("10.5", sets)
def coverage(x, real, k):
    return np.mean(cdist(real, x).min(axis=1) < radii(real, k))


def radii(real, k):
    return np.sort(cdist(real, real), axis=1)[:, k]


wrong("10.5", "edge", "the sample itself counts as its first neighbour", "itself", "other", "own")(
    lambda x, real, k: np.mean(cdist(real, x).min(axis=1) < radii(real, k - 1)))
wrong("10.5", "other", "the second neighbour, whatever k is", "k is an argument")(
    lambda x, real, k: np.mean(cdist(real, x).min(axis=1) < radii(real, 2)))
wrong("10.5", "other", "the third neighbour, whatever k is", "k is an argument")(
    lambda x, real, k: np.mean(cdist(real, x).min(axis=1) < radii(real, 3)))
wrong("10.5", "edge", "closed balls: <=", "open", "closed", "<=", "exactly", "border")(
    lambda x, real, k: np.mean(cdist(real, x).min(axis=1) <= radii(real, k)))
wrong("10.5", "axis", "the share of x inside any ball", "share", "x inside", "of x", "precision")(
    lambda x, real, k: np.mean((cdist(x, real) < radii(real, k)).any(axis=1)))
wrong("10.5", "order", "balls around x, with true samples inside", "around x", "exchanged", "recall", "swapped")(
    lambda x, real, k: np.mean((cdist(real, x) < np.sort(cdist(x, x), axis=1)[:, min(k, len(x) - 1)]).any(axis=1)))
wrong("10.5", "other", "density: how many samples lie in each ball, on average", "how many", "density", "at least one", "count")(
    lambda x, real, k: (cdist(x, real) < radii(real, k)).sum(axis=0).mean() / len(x))
wrong("10.5", "factor", "the number of balls, not the share", "share", "number", "count", "m")(
    lambda x, real, k: float(np.sum(cdist(real, x).min(axis=1) < radii(real, k))))
wrong("10.5", "other", "k + 1 neighbours", "k + 1", "k-th", "neighbour")(
    lambda x, real, k: np.mean(cdist(real, x).min(axis=1) < radii(real, k + 1)))
wrong("10.5", "other", "one radius for all balls: the mean", "mean", "own radius", "one radius", "each")(
    lambda x, real, k: np.mean(cdist(real, x).min(axis=1) < radii(real, k).mean()))
wrong("10.5", "other", "the k-th nearest sample of x gives the radius", "nearest", "true samples")(
    lambda x, real, k: np.mean(np.sort(cdist(real, x), axis=1)[:, 0] < np.sort(cdist(real, x), axis=1)[:, k]))
wrong("10.5", "factor", "the sum over the balls, divided by N", "divided")(
    lambda x, real, k: np.sum(cdist(real, x).min(axis=1) < radii(real, k)) / len(x))
wrong("10.5", "other", "the distance to the k-th nearest x, not to the nearest", "one is enough", "k-th", "at least one",
      "k samples", "one sample")(
    lambda x, real, k: np.mean(np.sort(cdist(real, x), axis=1)[:, k - 1] < radii(real, k)))
wrong("10.5", "term", "the squared distance against the radius", "square", "root")(
    lambda x, real, k: np.mean(cdist(real, x).min(axis=1) ** 2 < radii(real, k)))
wrong("10.5", "order", "1 - coverage: the share of empty balls", "empty", "share")(
    lambda x, real, k: 1 - coverage(x, real, k))
wrong("10.5", "other", "the largest radius for all balls", "largest", "own radius", "one radius")(
    lambda x, real, k: np.mean(cdist(real, x).min(axis=1) < radii(real, k).max()))


# ---------------------------------------------------------------- 10.6 mmd2

@solution("10.6", lambda r: [(r.normal(size=(5, 2)), r.normal(size=(8, 2)) + .5, .9),
                             (r.normal(size=(6, 2)), r.normal(size=(4, 2)), 1.7)])
def mmd2(x, y, b):
    return mmd()(x, y, b)


def kernel(x, y, b):
    return np.exp(-cdist(x, y) ** 2 / (2 * b**2))


def off_diagonal(k):
    return (k.sum() - k.trace()) / (len(k) * (len(k) - 1))


def mmd(kernel=kernel, within=off_diagonal, between=np.mean, two=2):
    """An answer to 10.6 with other parts."""
    return lambda x, y, b: within(kernel(x, x, b)) + within(kernel(y, y, b)) - two * between(kernel(x, y, b))


wrong("10.6", "other", "the biased estimate: with the diagonals", "bias", "diagonal", "i = j", "itself")(mmd(within=np.mean))
wrong("10.6", "factor", "the diagonals are left out, but the means are over N^2", "n - 1", "n (n", "n^2", "diagonal")(
    mmd(within=lambda k: (k.sum() - k.trace()) / k.size))
wrong("10.6", "factor", "the mixed mean counts once", "twice", "once", "factor")(mmd(two=1))
wrong("10.6", "other", "exp(-distance / (2 b^2)): the square is forgotten", "square", "distance")(
    mmd(lambda x, y, b: np.exp(-cdist(x, y) / (2 * b**2))))
wrong("10.6", "other", "2 b for 2 b^2", "b^2", "square", "b ")(mmd(lambda x, y, b: np.exp(-cdist(x, y) ** 2 / (2 * b))))
wrong("10.6", "factor", "b^2 for 2 b^2", "2 in the exponent", "b^2", "factor")(
    mmd(lambda x, y, b: np.exp(-cdist(x, y) ** 2 / b**2)))
wrong("10.6", "other", "the root of the estimate", "root", "square")(lambda x, y, b: np.sqrt(np.abs(mmd2(x, y, b))))
wrong("10.6", "edge", "clipped at 0", "clip", "0")(
    lambda x, y, b: max(mmd2(x, y, b), 0))  # wrong only where it is negative
wrong("10.6", "other", "the mixed mean without its diagonal", "diagonal", "mixed", "all i", "i = j")(
    mmd(between=lambda k: (k.sum() - k.trace()) / (k.size - min(k.shape))))
wrong("10.6", "sign", "plus for minus before the mixed mean", "was added", "sign", "minus", "-")(mmd(two=-2))
wrong("10.6", "factor", "each pair counts once in the sum, but N (N - 1) pairs in the mean", "half", "pairs", "factor", "2")(
    mmd(within=lambda k: off_diagonal(k) / 2))
wrong("10.6", "other", "1 / (2 b^2) without the minus: the kernel grows", "sign", "minus", "grows")(
    mmd(lambda x, y, b: np.exp(cdist(x, y) ** 2 / (2 * b**2))))
wrong("10.6", "other", "the distance by absolute differences", "euclid", "absolute", "manhattan", "distance")(
    mmd(lambda x, y, b: np.exp(-cdist(x, y, "cityblock") ** 2 / (2 * b**2))))
wrong("10.6", "term", "y's own mean is forgotten", "second")(
    lambda x, y, b: off_diagonal(kernel(x, x, b)) - 2 * kernel(x, y, b).mean())
wrong("10.6", "factor", "N for M in y's mean", "n (n", "m (m")(
    lambda x, y, b: off_diagonal(kernel(x, x, b)) - 2 * kernel(x, y, b).mean()
    + (kernel(y, y, b).sum() - len(y)) / (len(x) * (len(x) - 1)))
wrong("10.6", "other", "the normalised Gaussian density", "normal", "factor", "density", "2 pi", "constant")(
    mmd(lambda x, y, b: np.exp(-cdist(x, y) ** 2 / (2 * b**2)) / (2 * np.pi * b**2)))
right("10.6", "loops over all pairs, and a generator")(
    lambda x, y, b: sum(sum(np.exp(-np.sum((u - v) ** 2) / (2 * b * b)) for j,
                            v in enumerate(second) if second is not first or i != j)
                        * weight for first, second, weight in ((x, x, 1 / (len(x) * (len(x) - 1))),
                                                               (y, y, 1 / (len(y) * (len(y) - 1))),
                                                               (x, y, -2 / (len(x) * len(y)))) for i, u in enumerate(first)))
