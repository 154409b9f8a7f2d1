"""Composition in the family: a layer and a loss that are right, and do the same thing one after the other."""

import math

import numpy as np

from ...data import one_hot
from ...engine.heads import softmax
from ..grading import Exercise, Mistake, differences
from .common import sizes

# ---------------------------------------------------------------- M.25


def _reader_case(rng):
    """A reader that is sure of some rows, and not of others."""
    n, d, k = sizes(rng, 3)
    return rng.normal(size=(n, d)), rng.normal(0, 1.5, (d, k)), rng.integers(k, size=n)


def _reader_value(x, W, labels):
    """Row by row, as the textbook has it."""
    rows = zip(x @ W, labels, strict=True)
    return -sum(math.log(math.exp(row[label]) / sum(map(math.exp, row))) for row, label in rows) / len(x)


def _through(p, dp):
    return p * (dp - (dp * p).sum(axis=1, keepdims=True))


def _reader(again=False, back=False, rate=lambda p, y: p - y, mean=True, log=np.log, prob=softmax):
    """Value and gradient with one thing done differently. again: softmax of the probabilities; back: through softmax."""
    def answer(x, W, labels):
        p, y = prob(x @ W), one_hot(labels, W.shape[1], np.float64)
        q = softmax(p) if again else p
        dscores = rate(q, y) / (len(x) if mean else 1)
        return -(y * log(q)).sum() / len(x), x.T @ (_through(p, dscores) if again or back else dscores)

    return answer


SOFTMAX = Exercise(
    "M.25", "reader_loss", "a quarter sure at most", _reader_case,
    lambda x, W, labels: {"value": np.asarray(_reader_value(x, W, labels)),
                          "dW": differences(lambda W: _reader_value(x, W, labels), W)},
    solution=_reader(),
    mistakes=(
        Mistake("the probabilities went through softmax again, as if they were scores", _reader(again=True)),
        Mistake("p - y is the derivative by the scores already, and it went back through softmax once more", _reader(back=True)),
        Mistake("-y/p is the derivative by the probabilities, and it did not go back through softmax",
                _reader(rate=lambda p, y: -y / p)),
        Mistake("softmax belongs to each row, and was taken over the batch", _reader(prob=lambda q: softmax(q.T).T)),
        Mistake("the value has lost its logarithm", _reader(log=lambda p: p)),
        Mistake("the mean's 1/N is missing in dW", _reader(mean=False), "batch size"),
        Mistake("truth minus probability: Q is driven away from the truth", _reader(rate=lambda p, y: y - p), "sign"),
    ),
    hints=("Give it a reader that is certain and right, with 100 for the right category and 0 for the others. What is its value?",
           "What does cross_entropy do with the numbers that it is given? And what were they already?",
           "Pass x @ W to cross_entropy, and dguess to x.T. The layer is not needed."),
    batch=lambda x, W, labels: x.shape[0],
)

EXHIBITS = (SOFTMAX,)
