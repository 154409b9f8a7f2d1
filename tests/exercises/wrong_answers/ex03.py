"""Lesson 03: scores and probabilities."""

import numpy as np

from . import corpus

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()

# Scores of all sizes, as the exercises announce them. With their labels, shaped (N,).
SCORES = np.array([-1e30, -800., -150, -40, -21, -9, -1, -.1, 0, .1, 1, 9, 21, 25, 40, 800, 1e30])[:, None]


def batch(rng):
    return rng.normal(size=(6, 1)) * 3, rng.permutation([0., 1, 1, 0, .9, .3])


def far(rng):
    return np.array([[800.], [-800], [40], [-40], [3], [0]]), np.array([0., 1, 1, 0, 1, 0])


# ---------------------------------------------------------------- 03.1 sigmoid

@solution("03.1", lambda r: [(r.normal(size=(5, 1)),), (SCORES,)], entrywise=True)
def sigmoid(s):
    e = np.exp(-np.abs(s))
    return np.where(s >= 0, 1, e) / (1 + e)


wrong("03.1", "edge", "the textbook formula: exp overflows", "overflow")(lambda s: 1 / (1 + np.exp(-s)))
wrong("03.1", "edge", "exp(s) / (1 + exp(s)): inf / inf for large scores", "overflow", "nan", "inf")(
    lambda s: np.exp(s) / (1 + np.exp(s)))
wrong("03.1", "sign", "1 / (1 + exp(s))", "sign", "-s", "fake")(lambda s: sigmoid(-s))
wrong("03.1", "edge", "scores are clipped to [-30, 30]", "clip")(lambda s: sigmoid(np.clip(s, -30, 30)))
wrong("03.1", "edge", "scores are clipped to [-88, 88]", "clip")(lambda s: sigmoid(np.clip(s, -88, 88)))
wrong("03.1", "edge", "np.where computes both branches, so that one overflows", "where", "overflow", "both")(
    lambda s: np.where(s >= 0, 1 / (1 + np.exp(-s)), np.exp(s) / (1 + np.exp(s))))
wrong("03.1", "edge", "(1 + tanh(s/2)) / 2 loses small probabilities", "tanh", "small", "cancel", "digits")(
    lambda s: (1 + np.tanh(s / 2)) / 2)
wrong("03.1", "factor", "(1 + tanh(s)) / 2: the half is missing", "tanh(s", "2 s", "twice", "half")(
    lambda s: (1 + np.tanh(s)) / 2)
wrong("03.1", "small", "1e-8 is added to the denominator", "eps", "1e-8", "added")(
    lambda s: np.where(s >= 0, 1, np.exp(-np.abs(s))) / (1 + np.exp(-np.abs(s)) + 1e-8))
wrong("03.1", "small", "computed in float32", "float32")(lambda s: sigmoid(s.astype(np.float32)).astype(np.float64))
wrong("03.1", "edge", "1 - sigmoid(-s) for negative scores cancels", "cancel", "digits", "1 -")(
    lambda s: np.where(s >= 0, 1 / (1 + np.exp(-np.abs(s))), 1 - 1 / (1 + np.exp(-np.abs(s)))))
wrong("03.1", "edge", "0 and 1 beyond |s| = 20", "cut", "clip")(
    lambda s: np.where(s > 20, 1, np.where(s < -20, 0, sigmoid(s))))
wrong("03.1", "other", "a softmax over the batch", "softmax", "batch", "other scores")(
    lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum())


@right("03.1", "one score at a time, with math, recursively for positive ones")
def _(s):
    def one(t):
        if t > 0:
            return 1 - one(-t)
        return float(np.exp(t) / (1 + np.exp(t)))
    return np.array([[one(t)] for t in s[:, 0]])


# ---------------------------------------------------------------- 03.2 softplus

@solution("03.2", lambda r: [(r.normal(size=(5, 1)),), (SCORES,)], entrywise=True)
def softplus(s):
    return np.maximum(s, 0) + np.log1p(np.exp(-np.abs(s)))


right("03.2", "logaddexp")(lambda s: np.logaddexp(0, s))
wrong("03.2", "edge", "the textbook formula: exp overflows", "overflow")(lambda s: np.log(1 + np.exp(s)))
wrong("03.2", "edge", "log1p(exp(s)): still overflows", "overflow")(lambda s: np.log1p(np.exp(s)))
wrong("03.2", "term", "max(s, 0): the logarithm is left out", "max", "relu", "log")(lambda s: np.maximum(s, 0))
wrong("03.2", "edge", "log(1 + e) for log1p(e): small values become 0", "log1p")(
    lambda s: np.maximum(s, 0) + np.log(1 + np.exp(-np.abs(s))))
wrong("03.2", "sign", "softplus(-s)", "-s", "sign")(lambda s: softplus(-s))
wrong("03.2", "factor", "logarithm to the base 2", "1/ln 2", "base", "log2", "natural", "nats", "bits", "0.693", "ln 2", "log 2")(
    lambda s: softplus(s) / np.log(2))
wrong("03.2", "small", "s itself from 20 on, as a well-known library does", "20", "threshold", "large")(
    lambda s: np.where(s > 20, s, softplus(np.minimum(s, 20))))
wrong("03.2", "edge", "-log(sigmoid(-s) + 1e-12)", "eps", "1e-12", "added")(lambda s: -np.log(sigmoid(-s) + 1e-12))
wrong("03.2", "edge", "-log(1 - sigmoid(s)): log 0 for large scores", "log(0", "log 0", "inf", "division by zero",
      "divide by zero")(
    lambda s: -np.log(1 - sigmoid(s)))
wrong("03.2", "sign", "min(s, 0) for max(s, 0)", "min", "max")(lambda s: np.minimum(s, 0) + np.log1p(np.exp(-np.abs(s))))
wrong("03.2", "sign", "max(s, 0) - log1p(exp(-|s|))", "sign")(lambda s: np.maximum(s, 0) - np.log1p(np.exp(-np.abs(s))))
wrong("03.2", "other", "|s| for max(s, 0)", "|s|", "abs", "max")(lambda s: np.abs(s) + np.log1p(np.exp(-np.abs(s))))
wrong("03.2", "edge", "scores are clipped to [-500, 500]", "clip")(lambda s: softplus(np.clip(s, -500, 500)))


# ---------------------------------------------------------------- 03.3 bce

@solution("03.3", lambda r: [batch(r), far(r)])
def bce(s, y):
    y = y[:, None]
    return np.mean(y * softplus(-s) + (1 - y) * softplus(s))


wrong("03.3", "shape", "(N, 1) and (N,) are broadcast to (N, N)", "(n, n)", "broadcast", "shape", "n x n", "every label")(
    lambda s, y: np.mean(y * softplus(-s) + (1 - y) * softplus(s)))
wrong("03.3", "factor", "a sum, not a mean", "sum", "mean", "1/n")(lambda s, y: bce(s, y) * len(s))
wrong("03.3", "edge", "p is clipped to [1e-7, 1 - 1e-7]", "clip")(
    lambda s, y: -np.mean(y[:, None] * np.log(np.clip(sigmoid(s), 1e-7, 1 - 1e-7))
                          + (1 - y[:, None]) * np.log(1 - np.clip(sigmoid(s), 1e-7, 1 - 1e-7))))
wrong("03.3", "edge", "log of a probability that is 0", "inf", "log(0", "log 0", "zero", "nan", "overflow")(
    lambda s, y: -np.mean(y[:, None] * np.log(sigmoid(s)) + (1 - y[:, None]) * np.log(1 - sigmoid(s))))
wrong("03.3", "edge", "1e-8 inside the logarithms", "eps", "1e-8", "added", "inside the log")(
    lambda s, y: -np.mean(y[:, None] * np.log(sigmoid(s) + 1e-8) + (1 - y[:, None]) * np.log(sigmoid(-s) + 1e-8)))
wrong("03.3", "order", "the labels are exchanged", "exchanged", "swapped", "1 - y", "labels")(lambda s, y: bce(s, 1 - y))
wrong("03.3", "term", "the part of the fake samples is left out", "1 - y", "fake", "second")(
    lambda s, y: np.mean(y[:, None] * softplus(-s)))
wrong("03.3", "sign", "the minus in front is forgotten", "sign", "minus")(lambda s, y: -bce(s, y))
wrong("03.3", "factor", "logarithm to the base 2", "base", "log2", "natural", "nats", "bits")(lambda s, y: bce(s, y) / np.log(2))
wrong("03.3", "shape", "a value of shape (1,)", "shape")(
    lambda s, y: (y[:, None] * softplus(-s) + (1 - y[:, None]) * softplus(s)).mean(axis=0))
wrong("03.3", "edge", "soft labels are rounded to integers", "soft", "int", "label", "round")(  # right for labels 0 and 1
    lambda s, y: bce(s, y.astype(int)))
wrong("03.3", "factor", "an average of the two parts over their own samples: half and half", "half", "each")(
    lambda s, y: (softplus(-s[y >= .5]).mean() + softplus(s[y < .5]).mean()) / 2)


@right("03.3", "a loop with a running sum, np.float64 returned, labels read by zip")
def _(s, y):
    total = np.float64(0)
    for score, label in zip(s.ravel(), y.ravel(), strict=True):
        total += np.logaddexp(0, score) - label * score
    return total / len(y)


# ---------------------------------------------------------------- 03.4 bce_gradient

@solution("03.4", lambda r: [batch(r), far(r)], entrywise=True)
def bce_gradient(s, y):
    y = y[:, None]
    return ((1 - y) * sigmoid(s) - y * sigmoid(-s)) / len(s)


wrong("03.4", "factor", "1/N is forgotten", "1/n", "mean", "divided by n", "/ n")(lambda s, y: bce_gradient(s, y) * len(s))
wrong("03.4", "factor", "1/N is taken twice", "1/n", "twice", "/ n")(lambda s, y: bce_gradient(s, y) / len(s))
wrong("03.4", "sign", "y - p", "sign")(lambda s, y: -bce_gradient(s, y))
wrong("03.4", "shape", "(N, 1) and (N,) are broadcast to (N, N)", "(n, n)", "broadcast", "shape")(
    lambda s, y: (sigmoid(s) - y) / len(s))
wrong("03.4", "shape", "the derivative has the shape (N,)", "shape")(lambda s, y: (sigmoid(s[:, 0]) - y) / len(s))
wrong("03.4", "edge", "sigmoid(s) - y loses its digits", "cancel", "digits", "sigmoid(-s)")(
    lambda s, y: (sigmoid(s) - y[:, None]) / len(s))
wrong("03.4", "term", "the derivative by p: the chain rule through the sigmoid is missing", "chain", "sigmoid", "by p", "dp")(
    lambda s, y: (-y[:, None] / np.maximum(sigmoid(s), 1e-9) + (1 - y[:, None]) / np.maximum(sigmoid(-s), 1e-9)) / len(s))
wrong("03.4", "term", "the slope p (1 - p) is multiplied once too often", "p (1 - p)", "slope", "twice", "chain")(
    lambda s, y: bce_gradient(s, y) * sigmoid(s) * sigmoid(-s))
wrong("03.4", "edge", "any label but 1 counts as 0", "soft", "label")(  # right for labels 0 and 1
    lambda s, y: np.where(y[:, None] == 1, -sigmoid(-s), sigmoid(s)) / len(s))
wrong("03.4", "term", "-y sigmoid(-s) alone: the fake samples get nothing", "fake", "1 - y")(
    lambda s, y: -y[:, None] * sigmoid(-s) / len(s))
wrong("03.4", "small", "finite differences of the loss", "finite", "difference", "digits")(
    lambda s, y: np.array([[(bce(s + 1e-5 * e[:, None], y) - bce(s - 1e-5 * e[:, None], y)) / 2e-5] for e in np.eye(len(s))]))
wrong("03.4", "order", "the labels are exchanged", "exchanged", "swapped", "labels")(lambda s, y: bce_gradient(s, 1 - y))


# ---------------------------------------------------------------- 03.5 best_score_for

@solution("03.5", lambda r: [(r.uniform(.05, .95, size=(5, 1)),), (np.array([[1e-4], [.5], [.9999]]),)])
def best_score_for(y):
    return np.log(y / (1 - y)), -y * np.log(y) - (1 - y) * np.log1p(-y)


def entropy(y):
    return best_score_for(y)[1]


wrong("03.5", "term", "the value is -y log y alone", "1 - y", "second", "fake")(lambda y: (np.log(y / (1 - y)), -y * np.log(y)))
wrong("03.5", "other", "s = y: the probability for the score", "probability", "score", "log")(lambda y: (y.copy(), entropy(y)))
wrong("03.5", "other", "s = sigmoid(y), not its inverse", "sigma was applied", "inverse", "sigmoid")(
    lambda y: (sigmoid(y), entropy(y)))
wrong("03.5", "sign", "log((1 - y) / y)", "sign")(lambda y: (np.log((1 - y) / y), entropy(y)))
wrong("03.5", "order", "value first, then s", "order", "exchanged", "swapped")(lambda y: best_score_for(y)[::-1])
wrong("03.5", "shape", "the value is averaged over the targets", "mean", "average", "shape")(
    lambda y: (np.log(y / (1 - y)), entropy(y).mean()))
wrong("03.5", "factor", "the value in bits", "bits", "log2", "base", "natural")(
    lambda y: (np.log(y / (1 - y)), entropy(y) / np.log(2)))
wrong("03.5", "sign", "the value without its minus", "sign")(lambda y: (np.log(y / (1 - y)), -entropy(y)))
wrong("03.5", "other", "the least loss is taken to be 0", "zero")(lambda y: (np.log(y / (1 - y)), np.zeros_like(y)))
wrong("03.5", "term", "y / (1 - y): the logarithm is forgotten", "log")(lambda y: (y / (1 - y), entropy(y)))
wrong("03.5", "term", "s = log y", "1 - y", "log y", "log(y")(lambda y: (np.log(y), entropy(y)))


@wrong("03.5", "other", "the best of 1001 scores between -5 and 5", "grid", "range", "small", "near")
def _(y):
    s = np.linspace(-5, 5, 1001)
    loss = y * softplus(-s) + (1 - y) * softplus(s)
    return s[loss.argmin(axis=1)][:, None], loss.min(axis=1, keepdims=True)


@right("03.5", "by Newton's method, from 0; a damped step while it is far")
def _(y):
    s = np.zeros_like(y)
    for _ in range(60):
        p = 1 / (1 + np.exp(-s))
        s = s - np.clip((p - y) / (p * (1 - p)), -1, 1)
    return s, y * softplus(-s) + (1 - y) * softplus(s)
