"""The full report on a generator of a mixture, with modes, quality, balance, width, and two classifiers against true samples.

    full_report          all scores of `mode_report`, and the accuracies of two classifiers on samples that they have not seen
    truth_full_report    the same for true samples: the floor
    accuracy_floor       between which bounds the accuracies of true samples lie

High quality alone rewards modes that are too narrow. Here they fail. Their spread is below 1, and a classifier sees them. SciPy
is imported where it is used.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..data.sets import Mixture, a_mixture
from ..engine.arguments import Array, count, generator
from .clouds import FAR
from .modes import RADIUS, ModeReport, mode_report

RIDGE = 1.0  # weight of the squared coefficients, in the unit of one sample: a mode with few samples keeps small ones
REACH = 1e6  # sizes of standardised samples above it are all alike, and their squares are finite
NORMAL = 1.959964  # standard deviations that hold 95 % of a Gaussian


class FullReport(NamedTuple):
    """The scores of `full_report`, which are those of a ModeReport and the two accuracies."""

    modes: int
    modes_half: int
    modes_visited: int
    high_quality: float
    reverse_kl: float
    tv: float
    std_ratio: float
    one_nn: float
    classifier: float

    def __str__(self) -> str:
        return f"{ModeReport(*self[:-2])}, 1-NN {self.one_nn:.2%}, classifier {self.classifier:.2%}"

    def columns(self, mixture: Mixture) -> dict[str, str]:
        """{heading: text}, a row of `table`."""
        return ModeReport(*self[:-2]).columns(mixture) | {"1-NN": f"{self.one_nn:.2%}", "classifier": f"{self.classifier:.2%}"}


def full_report(x: Any, mixture: Mixture, rng: np.random.Generator) -> FullReport:
    """Score N samples against a mixture, and against N true samples.

    Both classifiers learn from one half of each N and are asked about the T samples of the other halves. A bad sample, which is
    NaN, infinite or beyond 1e150, counts among the N and is always recognised.

    Parameters
    ----------
    x : (N, d), samples, N >= 2
    mixture : of K modes in d dimensions
    rng : draws the N true samples, and the halves

    Returns
    -------
    modes, modes_half, modes_visited, high_quality, reverse_kl, tv, std_ratio : those of `mode_report`
    one_nn : accuracy of the nearest neighbour, by which a sample is taken for true when the nearest training sample is
    classifier : accuracy of one least-squares classifier for each mode. With u the sample in units of its nearest mode,
        u = (x - c_k) / sigma_k (with covariances S_k^(-1/2) (x - c_k)), and r = min(|u|, 3), it fits 1 (true) and -1 by
        a + b . (r u / |u|) + c r + d r^2 + e [|u| > 3]

    Both are 1/2 on average for true samples and 1 for samples that are told apart without fail; see `accuracy_floor`.

    References
    ----------
    Lopez-Paz & Oquab 2017, Revisiting Classifier Two-Sample Tests.
    """
    scores, rng = mode_report(x, mixture), generator("rng", rng)
    x = np.asarray(x, np.float64)
    half = x.shape[0] // 2
    if half == 0:
        raise ValueError("x needs at least 2 samples, of which the classifiers learn one half; got 1. Draw more")
    x, real = rng.permutation(x), mixture.sample(x.shape[0], rng)
    good = (np.abs(x) < FAR).all(axis=-1)  # False for NaN
    learned, asked = x[half:][good[half:]], x[:half][good[:half]]
    train = np.concatenate([learned, real[half:]])
    is_true = np.arange(train.shape[0]) >= learned.shape[0]
    test = np.concatenate([asked, real[:half]])
    truth, bad = np.arange(test.shape[0]) >= asked.shape[0], half - asked.shape[0]
    verdicts = _nearest_says_true(train, is_true, test), _modes_say_true(train, is_true, test, mixture)
    return FullReport(*scores, *(float((verdict == truth).sum() + bad) / (2 * half) for verdict in verdicts))


def truth_full_report(mixture: Mixture, n: int, rng: np.random.Generator) -> FullReport:
    """`full_report` of true samples, which is what a perfect generator scores.

    Parameters
    ----------
    mixture : of K modes in d dimensions
    n : how many samples, at least 2
    rng : draws them, and as many to compare them with
    """
    return full_report(a_mixture(mixture).sample(n, rng), mixture, rng)


def accuracy_floor(n: int) -> tuple[float, float]:
    """The bounds of an accuracy of `full_report` for true samples. At least 95 % lie in 1/2 -+ 1.96 / (2 sqrt(T)).

    Parameters
    ----------
    n : the number N of samples that were scored, at least 2; T = 2 floor(N / 2) of them were asked about
    """
    reach = NORMAL / (2 * math.sqrt(2 * (count("n", n, 2) // 2)))
    return 0.5 - reach, 0.5 + reach


def _nearest_says_true(train: Array, is_true: Array, test: Array) -> Array:
    """Whether the nearest of the training samples is a true one: (T,)."""
    from scipy.spatial import cKDTree

    found: Array = is_true[cKDTree(train).query(test)[1]]
    return found


def _modes_say_true(train: Array, is_true: Array, test: Array, mixture: Mixture) -> Array:
    """The verdicts of one least-squares classifier for each mode: (T,). Where it knows nothing, it says: not true."""
    (mode, features), (mode_asked, asked) = (_features(x, mixture) for x in (train, test))
    label, score = np.where(is_true, 1.0, -1.0), np.zeros(test.shape[0])
    for k in range(mixture.n_modes):
        here, there = mode == k, mode_asked == k
        a = features[here]
        normal = a.swapaxes(0, 1) @ a + RIDGE * np.eye(a.shape[-1])
        score[there] = asked[there] @ np.linalg.solve(normal, a.swapaxes(0, 1) @ label[here])
    return score > 0


def _features(x: Array, mixture: Mixture) -> tuple[Array, Array]:
    """The nearest mode of each sample (N,), and what the classifier of a mode sees (N, d + 4); all of it is bounded."""
    mode = mixture.nearest(x)
    u = np.clip(mixture.whitened(x, mode), -REACH, REACH)
    length = np.linalg.norm(u, axis=-1, keepdims=True)
    r = np.minimum(length, RADIUS)
    inside = u * (r / np.maximum(length, 1e-12))  # on the ball's surface where it is beyond
    return mode, np.concatenate([np.ones_like(r), inside, r, r**2, length > RADIUS], axis=-1)
