"""Composition in the family: BatchNorm's statistics, and the averaged generator."""

import numpy as np

from ..grading import Exercise, Mistake
from .common import sizes

EPS, MOMENTUM = 1e-5, 0.1


def _average_case(rng):
    """Weights that move on from step to step, as in training."""
    n, d_z, k, d = sizes(rng, 4)
    steps = int(rng.integers(4, 8))
    As = rng.normal(size=(1, d_z, k)) + 0.5 * rng.normal(size=(steps, d_z, k)).cumsum(axis=0)
    Bs = rng.normal(size=(1, k, d)) + 0.5 * rng.normal(size=(steps, k, d)).cumsum(axis=0)
    return rng.normal(size=(n + 3, d_z)) + rng.normal(size=d_z), As, Bs, round(float(rng.uniform(0.6, 0.9)), 2)


def _average_truth(z, As, Bs, beta):
    """The average as one weighted sum, then column by column."""
    steps = len(As)
    shares = [(1 - beta) * beta ** (steps - 1 - t) + (t == 0) * beta**steps for t in range(steps)]
    A, B = (sum(share * weights for share, weights in zip(shares, each, strict=True)) for each in (As, Bs))
    h, x = z @ A, np.zeros((len(z), Bs.shape[2]))
    for j in range(h.shape[1]):
        mean = h[:, j].sum() / len(z)
        var = ((h[:, j] - mean) ** 2).sum() / len(z)
        x += np.outer(np.tanh((h[:, j] - mean) / (var + EPS) ** 0.5), B[j])
    return {"x": x}


def _moved(each, rate, start):
    """A running average with this rate, the first one too."""
    for value in each:
        start = start + rate * (value - start)
    return start


def _images(z, A, B, mean, var):
    return np.tanh((z @ A - mean) / np.sqrt(var + EPS)) @ B


def _of_batch(z, A):
    h = z @ A
    return h.mean(axis=0), h.var(axis=0)


def _averaged(statistics, rate=lambda beta: 1 - beta, weights=None):
    """Images with the mean and var of statistics(z, As, A, beta), where A is the average; or with other weights."""
    def answer(z, As, Bs, beta):
        A, B = (_moved(each, rate(beta), each[0]) if weights is None else weights(each) for each in (As, Bs))
        return _images(z, A, B, *statistics(z, As, A, beta))

    return answer


def _own(z, As, A, beta):
    return _of_batch(z, A)


def _running(z, As, A, beta):
    """What stands in the network, a running average that began with mean 0 and var 1."""
    of_steps = [_of_batch(z, A) for A in As]
    return tuple(_moved(each, MOMENTUM, start) for each, start in zip(zip(*of_steps, strict=True), (0.0, 1.0), strict=True))


def _running_and_one_more(z, As, A, beta):
    return _running(z, [*As, A], A, beta)


def _averaged_too(z, As, A, beta):
    """Averaged like the weights."""
    return tuple(_moved(each, 1 - beta, each[0]) for each in zip(*[_of_batch(z, A) for A in As], strict=True))


STATISTICS = Exercise(
    "M.28", "averaged_images", "statistics of another network", _average_case, _average_truth, solution=_averaged(_own),
    mistakes=(
        Mistake("the weights are averaged, and mean and var are the running ones of the network that was trained",
                _averaged(_running)),
        Mistake("one forward pass of the average has moved the running mean and var by a tenth of the way only",
                _averaged(_running_and_one_more)),
        Mistake("mean and var were averaged like the weights: that is not what the averaged weights make of z",
                _averaged(_averaged_too)),
        Mistake("mean and var are those of the last weights, not of the averaged ones",
                _averaged(lambda z, As, A, beta: _of_batch(z, As[-1]))),
        Mistake("mean and var are 0 and 1, as in a new network: no batch has passed through it",
                _averaged(lambda z, As, A, beta: (0.0, 1.0))),
        Mistake("these are images of the last weights: there is no average", _averaged(_own, weights=lambda each: each[-1])),
        Mistake("beta and 1 - beta were exchanged: the average runs after the last weights", _averaged(_own, lambda beta: beta)),
        Mistake("every step has the same weight in the average", _averaged(_own, weights=lambda each: each.mean(axis=0))),
    ),
    hints=("A, B, mean and var make an image together. Of which network is each of them, in the last line?",
           "Print the mean and the variance of what goes into tanh. BatchNorm promises 0 and 1.",
           "The average must see a batch of its own: in training mode, BatchNorm takes the batch at hand."),
    batch=lambda z, *rest: z.shape[0],
)

EXHIBITS = (STATISTICS,)
