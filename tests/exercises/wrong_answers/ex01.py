"""Lesson 01: generative or discriminative."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from . import corpus

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- 01.1 three_probabilities

def table(rng):
    p = rng.uniform(.1, 1, size=(5, 3))
    return (p / p.sum(),)


@solution("01.1", lambda r: [table(r)])
def three_probabilities(p_xy):
    return p_xy.sum(1, keepdims=True), p_xy.sum(0, keepdims=True), p_xy / p_xy.sum(1, keepdims=True)


def but(k, change):
    """The solution with its k-th result changed."""
    def answer(p_xy):
        results = list(three_probabilities(p_xy))
        results[k] = change(p_xy)
        return tuple(results)

    return answer


wrong("01.1", "axis", "the columns are normalised: p(x | y)", "p(x | y)", "p(y)")(but(2, lambda p: p / p.sum(0)))
wrong("01.1", "term", "p(x, y) is returned for p(y | x)", "p(x, y)", "table")(but(2, lambda p: p.copy()))
wrong("01.1", "factor", "normalised by the sum of the whole table, which is 1", "p(x, y)", "table")(but(2, lambda p: p / p.sum()))
wrong("01.1", "factor", "p(x) is the mean of its row", "mean", "number of labels")(but(0, lambda p: p.mean(1, keepdims=True)))
wrong("01.1", "factor", "p(y) is the mean of its column", "mean", "number of images")(but(1, lambda p: p.mean(0, keepdims=True)))
wrong("01.1", "shape", "p(x) is (N,)", "keepdims", "shape")(but(0, lambda p: p.sum(1)))
wrong("01.1", "shape", "p(y) is (K, 1)", "shape", "transpose")(but(1, lambda p: p.sum(0)[:, None]))
wrong("01.1", "order", "p(y) comes first", "exchanged", "order")(
    lambda p: (p.sum(0, keepdims=True), p.sum(1, keepdims=True), p / p.sum(1, keepdims=True)))
wrong("01.1", "other", "the labels are given evenly", "label", "independent")(but(2, lambda p: np.full_like(p, 1 / p.shape[1])))
wrong("01.1", "small", "1e-8 is added below the line", "eps", "1e-8", "added")(
    but(2, lambda p: p / (p.sum(1, keepdims=True) + 1e-8)))
wrong("01.1", "other", "p(y | x) rounded to three digits", "round")(but(2, lambda p: np.round(p / p.sum(1, keepdims=True), 3)))


@wrong("01.1", "manners", "the table is divided in place", "changes its argument")
def _(p_xy):
    p_x, p_y = p_xy.sum(1, keepdims=True), p_xy.sum(0, keepdims=True)
    p_xy /= p_x
    return p_x, p_y, p_xy


@right("01.1", "matrix products with ones, and a transposed division")
def _(p_xy):
    ones = np.ones((p_xy.shape[1], 1))
    return p_xy @ ones, (p_xy.T @ np.ones((len(p_xy), 1))).T, (p_xy.T / (p_xy @ ones)[:, 0]).T


@right("01.1", "loops over lists, turned into arrays at the end")
def _(p_xy):
    p_x = [sum(row) for row in p_xy]
    p_y = [sum(p_xy[i, k] for i in range(len(p_xy))) for k in range(p_xy.shape[1])]
    return np.array([p_x]).T, np.array([p_y]), np.array([[e / s for e in row] for row, s in zip(p_xy, p_x, strict=True)])


# ---------------------------------------------------------------- 01.2 classify

def logs(rng, level):
    p_y = rng.uniform(.1, 1, size=3)
    return rng.normal(level, 2, size=(5, 3)), p_y / p_y.sum()


@solution("01.2", lambda r: [logs(r, -2), logs(r, -900)])
def classify(log_p, p_y):
    joint = log_p + np.log(p_y)
    m = joint.max(1, keepdims=True)
    log_p_x = m + np.log(np.exp(joint - m).sum(1, keepdims=True))
    return log_p_x, np.exp(joint - log_p_x)


@wrong("01.2", "edge", "the densities are computed, and are 0", "finite", "log of 0", "subtract the largest")
def _(log_p, p_y):
    joint = np.exp(log_p) * p_y
    return np.log(joint.sum(1, keepdims=True)), joint / joint.sum(1, keepdims=True)


@wrong("01.2", "edge", "1e-300 is added to the sum, against the 0", "finite", "subtract", "added", "clipped", "0")
def _(log_p, p_y):
    joint = np.exp(log_p) * p_y
    total = joint.sum(1, keepdims=True) + 1e-300
    return np.log(total), joint / total


@wrong("01.2", "term", "the prior is left out", "p(y) was left out")
def _(log_p, p_y):
    log_p_x = logsumexp(log_p, axis=1, keepdims=True)
    return log_p_x, np.exp(log_p - log_p_x)


@wrong("01.2", "term", "the prior is left out of log p(x) only", "p(y) was left out", "p(y)")
def _(log_p, p_y):
    return logsumexp(log_p, axis=1, keepdims=True), classify(log_p, p_y)[1]


@wrong("01.2", "term", "p(y) stands for log p(y)", "logarithm")
def _(log_p, p_y):
    log_p_x = logsumexp(log_p + p_y, axis=1, keepdims=True)
    return log_p_x, np.exp(log_p + p_y - log_p_x)


@wrong("01.2", "term", "the largest is not added again", "not added", "again")
def _(log_p, p_y):
    joint = log_p + np.log(p_y)
    e = np.exp(joint - joint.max(1, keepdims=True))
    return np.log(e.sum(1, keepdims=True)), e / e.sum(1, keepdims=True)


@wrong("01.2", "edge", "the largest of the whole array is subtracted", "finite", "subtract")
def _(log_p, p_y):
    joint = log_p + np.log(p_y)
    e = np.exp(joint - joint.max() - 800 * (log_p < -800))
    return np.log(e.sum(1, keepdims=True)) + joint.max(), e / e.sum(1, keepdims=True)


wrong("01.2", "other", "p(x) for log p(x)", "zero", "log", "exp")(
    lambda log_p, p_y: (np.exp(classify(log_p, p_y)[0]), classify(log_p, p_y)[1]))
wrong("01.2", "other", "log p(y | x) for p(y | x)", "log p(y | x)")(
    lambda log_p, p_y: (classify(log_p, p_y)[0], log_p + np.log(p_y) - classify(log_p, p_y)[0]))
wrong("01.2", "other", "the likeliest label, one-hot", "likeliest")(
    lambda log_p, p_y: (classify(log_p, p_y)[0], np.eye(len(p_y))[(log_p + np.log(p_y)).argmax(1)]))
wrong("01.2", "order", "the probabilities come first", "exchanged", "order", "shape")(
    lambda log_p, p_y: classify(log_p, p_y)[::-1])
wrong("01.2", "shape", "log p(x) is (N,)", "shape")(lambda log_p, p_y: (classify(log_p, p_y)[0][:, 0], classify(log_p, p_y)[1]))
wrong("01.2", "axis", "the probabilities sum to 1 over the images", "images", "entries")(
    lambda log_p, p_y: (classify(log_p, p_y)[0], classify(log_p, p_y)[1] / classify(log_p, p_y)[1].sum(0)))


@right("01.2", "logsumexp, and the ratios of pairs: 1 / the sum of e^(l_j - l_k)")
def _(log_p, p_y):
    joint = log_p + np.log(p_y)
    ratios = np.exp(joint[:, :, None] - joint[:, None, :])  # (N, j, k)
    return logsumexp(joint, axis=1)[:, None], 1 / ratios.sum(1)


@right("01.2", "np.logaddexp label by label")
def _(log_p, p_y):
    total = np.full((len(log_p), 1), -np.inf)
    for k in range(len(p_y)):
        total = np.logaddexp(total, log_p[:, k:k + 1] + np.log(p_y[k]))
    return total, p_y * np.exp(log_p - total)


# ---------------------------------------------------------------- 01.3 line_loss

def lined(rng):
    return rng.normal(size=(6, 2)), np.array([0., 1, 1, 0, 0, 0]), rng.normal(size=2), .3


def p_of(z, w, b):
    return 1 / (1 + np.exp(-(z @ w + b)))


@solution("01.3", lambda r: [lined(r)])
def line_loss(z, y, w, b):
    p = p_of(z, w, b)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), (p - y) @ z / len(z), (p - y).mean()


def with_ds(ds):
    """The right value, with another derivative by the score of an image."""
    def answer(z, y, w, b):
        d = ds(p_of(z, w, b), y)
        return line_loss(z, y, w, b)[0], d @ z / len(z), d.mean()

    return answer


wrong("01.3", "sign", "y - p for p - y", "sign")(with_ds(lambda p, y: y - p))
wrong("01.3", "term", "p (1 - p) is taken once more", "p (1 - p)")(with_ds(lambda p, y: (p - y) * p * (1 - p)))
wrong("01.3", "term", "the derivative by p, not by the score", "chain rule", "sigmoid")(
    with_ds(lambda p, y: (p - y) / (p * (1 - p))))
wrong("01.3", "term", "y is left out of the gradient", "y was left out")(with_ds(lambda p, y: p))
wrong("01.3", "term", "the gradient of the ones alone", "label 1")(with_ds(lambda p, y: (p - 1) * y))
wrong("01.3", "factor", "the gradient is doubled, as that of a square", "factor 2", "2 times")(with_ds(lambda p, y: 2 * (p - y)))
wrong("01.3", "factor", "dw and db are sums", "batch size", "sum", "mean")(
    lambda z, y, w, b: (line_loss(z, y, w, b)[0], *(len(z) * d for d in line_loss(z, y, w, b)[1:])))
wrong("01.3", "factor", "dw is a sum", "batch size", "sum")(
    lambda z, y, w, b: (line_loss(z, y, w, b)[0], len(z) * line_loss(z, y, w, b)[1], line_loss(z, y, w, b)[2]))
wrong("01.3", "factor", "everything is a sum", "batch size", "sum")(
    lambda z, y, w, b: tuple(len(z) * x for x in line_loss(z, y, w, b)))
wrong("01.3", "factor", "logarithms to base 2 in the value", "base 2")(
    lambda z, y, w, b: (line_loss(z, y, w, b)[0] / np.log(2), *line_loss(z, y, w, b)[1:]))
wrong("01.3", "term", "the value counts the ones only", "label 0", "cost nothing")(
    lambda z, y, w, b: (-(y * np.log(p_of(z, w, b))).mean(), *line_loss(z, y, w, b)[1:]))
wrong("01.3", "sign", "the mean log likelihood, which one maximises", "sign")(
    lambda z, y, w, b: tuple(-x for x in line_loss(z, y, w, b)))
wrong("01.3", "other", "the mean squared error", "squared error")(
    lambda z, y, w, b: (((p_of(z, w, b) - y) ** 2).mean(), *line_loss(z, y, w, b)[1:]))
wrong("01.3", "term", "b is forgotten", "b was left out")(lambda z, y, w, b: line_loss(z, y, w, 0))
wrong("01.3", "shape", "db for each image", "shape")(
    lambda z, y, w, b: (*line_loss(z, y, w, b)[:2], (p_of(z, w, b) - y) / len(z)))
wrong("01.3", "shape", "dw is (2, 1)", "shape")(
    lambda z, y, w, b: (line_loss(z, y, w, b)[0], line_loss(z, y, w, b)[1][:, None], line_loss(z, y, w, b)[2]))
wrong("01.3", "order", "db comes before dw", "exchanged", "order", "shape")(
    lambda z, y, w, b: (line_loss(z, y, w, b)[0], *line_loss(z, y, w, b)[:0:-1]))
wrong("01.3", "small", "1e-7 is added in the logarithms", "added", "1e-7", "clip", "eps")(
    lambda z, y, w, b: (-(y * np.log(p_of(z, w, b) + 1e-7) + (1 - y) * np.log(1 - p_of(z, w, b) + 1e-7)).mean(),
                        *line_loss(z, y, w, b)[1:]))


@right("01.3", "softplus of a signed score, and einsum")
def _(z, y, w, b):
    sign = 2 * y - 1
    s = np.einsum("nd,d->n", z, w) + b
    d = -sign / (1 + np.exp(sign * s)) / len(z)
    return np.logaddexp(0, -sign * s).mean(), np.einsum("nd,n->d", z, d), d.sum()


@right("01.3", "one image at a time, with an if")
def _(z, y, w, b):
    value, dw, db = 0., np.zeros(2), 0.
    for row, label in zip(z, y, strict=True):
        p = 1 / (1 + np.exp(-row @ w - b))
        value += -np.log(p if label else 1 - p) / len(z)
        dw += (p - label) * row / len(z)
        db += (p - label) / len(z)
    return value, dw, db


# ---------------------------------------------------------------- 01.4 fit_gaussian

@solution("01.4", lambda r: [(r.normal(1, 2, size=(7, 3)) * [1, 2, 3], .2)])
def fit_gaussian(x, shrink):
    c = np.cov(x, rowvar=False)
    return x.mean(0), (1 - shrink) * c + shrink * np.diag(c).mean() * np.eye(len(c))


def mixed(c, shrink, other=None):
    return (1 - shrink) * c + shrink * (np.diag(c).mean() * np.eye(len(c)) if other is None else other)


wrong("01.4", "factor", "divided by N", "n - 1")(lambda x, s: (x.mean(0), mixed(np.cov(x, rowvar=False, ddof=0), s)))
wrong("01.4", "factor", "a sum, not divided", "n - 1")(lambda x, s: (x.mean(0), mixed((x - x.mean(0)).T @ (x - x.mean(0)), s)))
wrong("01.4", "term", "not centred, and divided by N", "mean was not subtracted")(
    lambda x, s: (x.mean(0), mixed(x.T @ x / len(x), s)))
wrong("01.4", "axis", "np.cov without rowvar=False", "rowvar", "shape")(lambda x, s: (x.mean(0), mixed(np.cov(x), s)))
wrong("01.4", "axis", "the mean along the rows", "mean of each image", "shape")(lambda x, s: (x.mean(1), fit_gaussian(x, s)[1]))
wrong("01.4", "term", "no shrinking", "shrink was not used")(lambda x, s: (x.mean(0), np.cov(x, rowvar=False)))
wrong("01.4", "order", "the shares are exchanged", "exchanged")(lambda x, s: fit_gaussian(x, 1 - s))
wrong("01.4", "term", "the identity without v", "without v", "mean variance")(
    lambda x, s: (x.mean(0), mixed(np.cov(x, rowvar=False), s, np.eye(x.shape[1]))))
wrong("01.4", "factor", "the trace for the mean variance", "trace")(
    lambda x, s: (x.mean(0), mixed(np.cov(x, rowvar=False), s, np.trace(np.cov(x, rowvar=False)) * np.eye(x.shape[1]))))
wrong("01.4", "term", "v is the mean of the population variances", "n - 1", "population", "v is")(
    lambda x, s: (x.mean(0), mixed(np.cov(x, rowvar=False), s, x.var(0).mean() * np.eye(x.shape[1]))))
wrong("01.4", "term", "C itself is kept whole", "1 - shrink")(
    lambda x, s: (x.mean(0), np.cov(x, rowvar=False) + s * np.diag(np.cov(x, rowvar=False)).mean() * np.eye(x.shape[1])))
wrong("01.4", "shape", "the mean is (1, d)", "shape", "keepdims")(lambda x, s: (x.mean(0, keepdims=True), fit_gaussian(x, s)[1]))
wrong("01.4", "other", "v is the median variance", "median", "v is", "entries")(
    lambda x, s: (x.mean(0), mixed(np.cov(x, rowvar=False), s, np.median(x.var(0, ddof=1)) * np.eye(x.shape[1]))))


@wrong("01.4", "manners", "the images are centred in place", "changes its argument")
def _(x, shrink):
    mean = x.mean(0)
    x -= mean
    return mean, mixed(x.T @ x / (len(x) - 1), shrink)


@right("01.4", "the mean of outer products, and the diagonal filled by hand")
def _(x, shrink):
    mean = sum(x) / len(x)
    c = sum(np.outer(row - mean, row - mean) for row in x) / (len(x) - 1)
    mixed_c, v = (1 - shrink) * c, np.trace(c) / len(c)
    for i in range(len(c)):
        mixed_c[i, i] += shrink * v
    return mean, mixed_c


# ---------------------------------------------------------------- 01.5 near_and_covering

@solution("01.5", lambda r: [(r.normal(size=(4, 3)), r.normal(0, 2, size=(6, 3)))])
def near_and_covering(drawn, real):
    d = cdist(drawn, real)
    return d.min(1).mean(), d.min(0).mean()


def reduced(row, metric="euclidean"):
    """Both numbers from the table of distances: `row` reduces it along its axis 1."""
    return lambda drawn, real: (row(cdist(drawn, real, metric)), row(cdist(real, drawn, metric)))


wrong("01.5", "axis", "the two axes are exchanged", "exchanged")(lambda drawn, real: near_and_covering(drawn, real)[::-1])
wrong("01.5", "factor", "sums for means", "sum for a mean")(reduced(lambda d: d.min(1).sum()))
wrong("01.5", "term", "squared distances", "squared", "root")(reduced(lambda d: d.min(1).mean(), "sqeuclidean"))
wrong("01.5", "term", "the root of the mean square", "root")(reduced(lambda d: np.sqrt((d.min(1) ** 2).mean())))
wrong("01.5", "other", "the sum of the absolute differences", "absolute", "euclid")(
    reduced(lambda d: d.min(1).mean(), "cityblock"))
wrong("01.5", "other", "all pairs are averaged", "nearest")(reduced(lambda d: d.mean()))
wrong("01.5", "other", "the smallest of all", "smallest")(reduced(lambda d: d.min()))
wrong("01.5", "other", "the largest of the nearest, as Hausdorff", "largest")(reduced(lambda d: d.min(1).max()))
wrong("01.5", "other", "the median of the nearest", "median")(reduced(lambda d: np.median(d.min(1))))
wrong("01.5", "axis", "near twice", "covering")(lambda drawn, real: (near_and_covering(drawn, real)[0],) * 2)
wrong("01.5", "term", "half the sum of both, twice", "covering", "near", "both")(
    lambda drawn, real: (sum(near_and_covering(drawn, real)) / 2,) * 2)
wrong("01.5", "factor", "the squares are averaged over the pixels", "mean for the sum", "pixels")(
    lambda drawn, real: tuple(x / np.sqrt(drawn.shape[1]) for x in near_and_covering(drawn, real)))
wrong("01.5", "shape", "a distance for each image", "shape")(
    lambda drawn, real: (cdist(drawn, real).min(1), cdist(drawn, real).min(0)))
wrong("01.5", "edge", "a drawing's nearest is looked for among the other drawings too", "nearest", "entries", "drawings")(
    lambda drawn, real: (np.minimum(cdist(drawn, real).min(1), (cdist(drawn, drawn) + 9 * np.eye(len(drawn))).min(1)).mean(),
                         near_and_covering(drawn, real)[1]))


@right("01.5", "two loops and math: the smallest of a list")
def _(drawn, real):
    def one_way(a, b):
        return sum(min(float(np.sqrt(((u - v) ** 2).sum())) for v in b) for u in a) / len(a)

    return one_way(drawn, real), one_way(real, drawn)


@right("01.5", "the squares expanded: |a|^2 - 2 a b + |b|^2")
def _(drawn, real):
    square = (drawn**2).sum(1)[:, None] - 2 * drawn @ real.T + (real**2).sum(1)
    return np.sqrt(square.min(1)).mean(), np.sqrt(square.min(0)).mean()
