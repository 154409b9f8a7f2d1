"""Exercises of lesson 23: answers that fit a small image, and samples that are learned by heart."""

import numpy as np

from .grading import Exercise, Mistake, differences

# ---------------------------------------------------------------- 23.1


def _sizes(rng):
    """N, h and k, all different; the image has h k pixels."""
    return tuple(int(size) for size in rng.permutation([2, 3, 4, 5])[:3])


def _image_case(rng):
    n, h, k = _sizes(rng)
    return rng.normal(size=(n, h * k)), k


def _pool_truth(x, k):
    """Block after block."""
    h = x.shape[1] // k
    low = np.array([[row[k * i:k * i + k].mean() for i in range(h)] for row in x])
    return {"low": low, "up": np.array([[row[j // k] for j in range(h * k)] for row in low])}


def _pool(x, k):
    return x.reshape(x.shape[0], -1, k).mean(axis=-1)


def _every(x, k):
    """The mean of every h-th pixel, instead of k that stand side by side."""
    return x.reshape(x.shape[0], k, -1).mean(axis=1)


def _up(low, k):
    return np.repeat(low, k, axis=1)


def _small(pool=_pool, up=_up):
    """The answer with one thing done differently."""
    def answer(x, k):
        low = pool(x, k)
        return low, up(low, k)

    return answer


POOL = Exercise(
    "23.1", "pool_and_up", "to make an image small, and back", _image_case, _pool_truth, solution=_small(),
    mistakes=(
        Mistake("a small pixel is the mean of its block; here it is the sum", _small(lambda x, k: k * _pool(x, k))),
        Mistake("the pixels of a block stand side by side; here each block is spread over the whole image", _small(_every)),
        Mistake("only the first pixel of each block was taken", _small(lambda x, k: x[:, ::k])),
        Mistake("only the last pixel of each block was taken", _small(lambda x, k: x[:, k - 1::k])),
        Mistake("the median of each block was taken; it is the mean",
                _small(lambda x, k: np.median(x.reshape(x.shape[0], -1, k), axis=-1))),
        Mistake("up is the large image itself; it has the means all over their blocks", lambda x, k: (_pool(x, k), x.copy())),
        Mistake("the largest pixel of each block was taken", _small(lambda x, k: x.reshape(x.shape[0], -1, k).max(axis=-1))),
        Mistake("the small image was laid down k times in a row; each of its pixels belongs all over its own block",
                _small(up=lambda low, k: np.tile(low, (1, k)))),
        Mistake("up divides by k: it is not the transpose of pool, it repeats the means as they are",
                _small(up=lambda low, k: _up(low, k) / k)),
        Mistake("each mean was put in the first pixel of its block, and the others are 0",
                _small(up=lambda low, k: _up(low, k) * (np.arange(k * low.shape[1]) % k == 0))),
    ),
    hints=("x.reshape(N, h, k) has the pixels of a block side by side, on its last axis.",
           "low = x.reshape(N, -1, k).mean(axis=-1), and up is np.repeat(low, k, axis=1)."),
    batch=lambda x, k: x.shape[0],
)


# ---------------------------------------------------------------- 23.2


def _answer_case(rng):
    n, h, k = _sizes(rng)
    return rng.normal(size=(n, h)), rng.normal(size=(n, h * k))


def _fit_truth(low, r):
    """Each block of r, moved by one number so that its mean becomes that of the small image."""
    k, y = r.shape[1] // low.shape[1], r.copy()
    for n, i in np.ndindex(*low.shape):
        block = slice(k * i, k * i + k)
        y[n, block] += low[n, i] - r[n, block].mean()
    return {"y": y}


def _fit(of_low=lambda low: low, detail=lambda r, k: r - _up(_pool(r, k), k)):
    """The answer with one thing done differently."""
    def answer(low, r):
        k = r.shape[1] // low.shape[1]
        return _up(of_low(low), k) + detail(r, k)

    return answer


FIT = Exercise(
    "23.2", "fitting_answer", "an answer that fits", _answer_case, _fit_truth, solution=_fit(),
    mistakes=(
        Mistake("P was forgotten: with r itself the answer does not fit the small image", _fit(detail=lambda r, k: r)),
        Mistake("that is r - P r: what pool sees of r was kept, and the rest was taken away",
                _fit(detail=lambda r, k: _up(_pool(r, k), k))),
        Mistake("P r is missing: that is the small image, made large, and nothing more", _fit(detail=lambda r, k: 0 * r)),
        Mistake("up(low) is missing: P r has the mean 0 in each block", _fit(of_low=lambda low: 0 * low)),
        Mistake("what pool sees of r was added; it must be taken away", _fit(detail=lambda r, k: r + _up(_pool(r, k), k))),
        Mistake("the mean of the whole image was taken away from r; it is that of each block",
                _fit(detail=lambda r, k: r - r.mean(axis=1, keepdims=True))),
        Mistake("the sum of each block was taken away from r; it is the mean",
                _fit(detail=lambda r, k: r - k * _up(_pool(r, k), k))),
        Mistake("up(low) has the wrong sign: it is added", _fit(of_low=lambda low: -low)),
        Mistake("P r has the wrong sign: it is added", _fit(detail=lambda r, k: _up(_pool(r, k), k) - r)),
        Mistake("low was laid down k times in a row; each of its pixels belongs all over its own block",
                lambda low, r: _fit()(0 * low, r) + np.tile(low, (1, r.shape[1] // low.shape[1]))),
        Mistake("low was divided by k: up repeats its numbers as they are",
                lambda low, r: _fit(of_low=lambda low: low * low.shape[1] / r.shape[1])(low, r)),
    ),
    hints=("k = L / h, and both steps are those of 23.1.",
           "Test yourself: the small image of y must be low.",
           "np.repeat(low, k, axis=1) + r - np.repeat(r.reshape(N, -1, k).mean(axis=-1), k, axis=1)"),
    batch=lambda low, r: low.shape[0],
)


# ---------------------------------------------------------------- 23.3


def _fit_gradient_truth(dy, k):
    """By differences of the sum of dy y over low, and over r."""
    n, L = dy.shape

    def total(low, r):
        return (dy * _fit_truth(low, r)["y"]).sum()

    low, r = np.zeros((n, L // k)), np.zeros((n, L))
    return {"dlow": differences(lambda low: total(low, r), low), "dr": differences(lambda r: total(low, r), r)}


def _gradient(dlow=lambda dy, k: k * _pool(dy, k), dr=lambda dy, k: dy - _up(_pool(dy, k), k)):
    """The answer with one thing done differently."""
    return lambda dy, k: (dlow(dy, k), dr(dy, k))


FIT_GRADIENT = Exercise(
    "23.3", "fitting_gradient", "the gradient of an answer that fits", _image_case, _fit_gradient_truth, solution=_gradient(),
    mistakes=(
        Mistake("dr is dy: P was forgotten in the backward pass", _gradient(dr=lambda dy, k: dy)),
        Mistake("that is dy - P dy: P was taken for the other part", _gradient(dr=lambda dy, k: _up(_pool(dy, k), k))),
        Mistake("in dr the mean of each block was added; P takes it away", _gradient(dr=lambda dy, k: dy + _up(_pool(dy, k), k))),
        Mistake("in dr the sum of each block was taken away; P takes away the mean",
                _gradient(dr=lambda dy, k: dy - k * _up(_pool(dy, k), k))),
        Mistake("in dr the mean over the whole image was taken away; it is that of each block",
                _gradient(dr=lambda dy, k: dy - dy.mean(axis=1, keepdims=True))),
        Mistake("dlow is the mean of dy over each block; a pixel of low stands in k pixels of y, so it is the sum",
                _gradient(dlow=_pool)),
        Mistake("dlow is the first dy of each block alone; a pixel of low stands in k pixels of y",
                _gradient(dlow=lambda dy, k: dy[:, ::k])),
        Mistake("dlow was summed over pixels that do not stand side by side", _gradient(dlow=lambda dy, k: k * _every(dy, k))),
    ),
    hints=("low stands in up(low) alone, and r in P r alone.",
           "Each pixel of low is copied into k pixels of y. The derivatives of copies add up.",
           "P is its own transpose: dr = P dy = dy - up(pool(dy)), and dlow = dy.reshape(N, -1, k).sum(axis=-1)."),
    batch=lambda dy, k: dy.shape[0],
)


# ---------------------------------------------------------------- 23.4


def _spread_case(rng):
    m, n, L = (int(size) for size in rng.permutation([3, 4, 5]))
    return rng.normal(size=(m, n, L)) * rng.uniform(.3, 3, (n, L)) + rng.normal(size=(n, L)), rng.normal(size=(n, L))


def _spread_truth(answers, x):
    """Number by number."""
    m, n, L = answers.shape
    spread, error = np.zeros(L), np.zeros(L)
    for j in range(L):
        for i in range(n):
            mean = sum(answers[:, i, j]) / m
            spread[j] += (sum((answer - mean)**2 for answer in answers[:, i, j]) / m)**.5 / n
            error[j] += (mean - x[i, j])**2 / n
    return {"spread": spread, "error": error**.5}


def _spread(spread=lambda answers: answers.std(axis=0).mean(axis=0),
            error=lambda answers, x: np.sqrt(((answers.mean(axis=0) - x)**2).mean(axis=0))):
    """The answer with one thing done differently."""
    return lambda answers, x: (spread(answers), error(answers, x))


SPREAD = Exercise(
    "23.4", "spread_and_error", "does the spread say where the answers are wrong?", _spread_case, _spread_truth,
    solution=_spread(),
    mistakes=(
        Mistake("the spread is that of the images, not that of the answers to one image: first over the M answers",
                _spread(lambda answers: answers.std(axis=1).mean(axis=0))),
        Mistake("the spread was taken over answers and images at once; first over the answers, then the mean over the images",
                _spread(lambda answers: answers.std(axis=(0, 1)))),
        Mistake("that is a variance; the standard deviation is its root",
                _spread(lambda answers: answers.var(axis=0).mean(axis=0))),
        Mistake("the root of the mean variance was taken; here it is the mean of the roots",
                _spread(lambda answers: np.sqrt(answers.var(axis=0).mean(axis=0)))),
        Mistake("the sum of squares was divided by M - 1; here it is by M",
                _spread(lambda answers: answers.std(axis=0, ddof=1).mean(axis=0))),
        Mistake("the mean absolute difference was taken; a standard deviation has squares and a root",
                _spread(lambda answers: np.abs(answers - answers.mean(axis=0)).mean(axis=(0, 1)))),
        Mistake("the spread is taken around the true image; it is around the mean of the answers", lambda answers, x: (
            np.sqrt(((answers - x)**2).mean(axis=0)).mean(axis=0), _spread()(answers, x)[1])),
        Mistake("the median of the answers was compared with x; it is their mean",
                _spread(error=lambda answers, x: np.sqrt(((np.median(answers, axis=0) - x)**2).mean(axis=0)))),
        Mistake("the error is that of each answer; it is that of their mean",
                _spread(error=lambda answers, x: np.sqrt(((answers - x)**2).mean(axis=(0, 1))))),
        Mistake("only the first answer was compared with x; it is the mean of all",
                _spread(error=lambda answers, x: np.sqrt(((answers[0] - x)**2).mean(axis=0)))),
        Mistake("the root of the error is missing",
                _spread(error=lambda answers, x: ((answers.mean(axis=0) - x)**2).mean(axis=0))),
        Mistake("that is the mean absolute error; here the differences are squared, and the root comes last",
                _spread(error=lambda answers, x: np.abs(answers.mean(axis=0) - x).mean(axis=0))),
        Mistake("differences of opposite sign cancel: square before the mean",
                _spread(error=lambda answers, x: np.abs((answers.mean(axis=0) - x).mean(axis=0)))),
    ),
    hints=("axis=0 of answers runs over the M answers to one image; afterwards axis 0 runs over the images.",
           "spread = answers.std(axis=0).mean(axis=0)",
           "error = np.sqrt(((answers.mean(axis=0) - x)**2).mean(axis=0))"),
)


# ---------------------------------------------------------------- 23.5


def _near_case(rng):
    """Samples of which some are nearer to the one side, some to the other, and some have the same image on both sides."""
    while True:
        N, n, L = int(rng.integers(9, 14)), int(rng.integers(3, 6)), int(rng.integers(2, 4))
        training, others = rng.normal(size=(n, L)), rng.normal(size=(n, L))
        others[-1] = training[-1]
        ties = training[-1] + .01 * rng.normal(size=(int(rng.integers(1, 4)), L))
        samples = rng.permutation(np.concatenate([rng.normal(size=(N, L)), ties]))
        case = samples, training, others
        shares = [float(answer(*case)) for answer in (_share(), *(mistake.answer for mistake in NEARER.mistakes))]
        if all(abs(share - shares[0]) > .01 for share in shares[1:]) and np.diff(np.sort(shares)).min() > 1e-9:
            return case


def _near_truth(samples, training, others):
    """Sample by sample."""
    votes = 0.0
    for x in samples:
        own, other = (min(sum((x - row)**2) for row in rows) for rows in (training, others))
        votes += 1.0 if own < other else 0.5 if own == other else 0.0
    return {"share": votes / len(samples)}


def _distances(x, rows):
    return ((x[:, None] - rows)**2).sum(axis=-1)


def _share(of=lambda d: d.min(axis=1), distances=_distances, tie=.5, turned=False):
    """The answer with one thing done differently."""
    def answer(samples, training, others):
        own, other = of(distances(samples, training)), of(distances(samples, others))
        own, other = (other, own) if turned else (own, other)
        return np.mean((own < other) + tie * (own == other))

    return answer


def _without_ties(samples, training, others):
    own, other = _distances(samples, training).min(axis=1), _distances(samples, others).min(axis=1)
    return np.sum(own < other) / np.sum(own != other)


NEARER = Exercise(
    "23.5", "share_nearer", "are the training images copied?", _near_case, _near_truth, solution=_share(),
    mistakes=(
        Mistake("a tie counts one half; here it does not count", _share(tie=0)),
        Mistake("a tie counts one half; here it counts as nearer", _share(tie=1)),
        Mistake("training and others are exchanged", _share(turned=True)),
        Mistake("the mean distance was compared; it is that to the nearest image", _share(of=lambda d: d.mean(axis=1))),
        Mistake("the distance to the farthest image was compared; it is that to the nearest", _share(of=lambda d: d.max(axis=1))),
        Mistake("ties were left out of the number of samples as well; they count one half", _without_ties),
        Mistake("the distance is the sum of absolute differences here; it is the Euclidean one",
                _share(distances=lambda x, rows: np.abs(x[:, None] - rows).sum(axis=-1))),
        Mistake("for each image the nearest sample was taken; it is for each sample the nearest image",
                _share(of=lambda d: d.min(axis=0))),
    ),
    hints=("The distances of every sample to every row: ((samples[:, None] - rows)**2).sum(axis=-1), (N, n).",
           "Their .min(axis=1) belongs to the nearest row. Squares are as good as distances, they have the same order.",
           "np.mean((own < other) + 0.5 * (own == other))"),
)

EXERCISES = (POOL, FIT, FIT_GRADIENT, SPREAD, NEARER)
