"""The museum's first room: one formula each, of data and losses."""

import cmath
import math

import numpy as np

from ...engine.numerics import sigmoid, softplus
from ..grading import Exercise, Mistake, differences
from .common import sizes

# ---------------------------------------------------------------- M.01


def _ring_truth(modes, radius):
    """Complex numbers. Here turning by 1/modes of a circle is a multiplication."""
    turned = [radius * cmath.exp(2j * cmath.pi / modes) ** k for k in range(modes)]
    return {"means": np.array([[z.real, z.imag] for z in turned])}


def _ring(angle, radius):
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)


RING = Exercise(
    "M.01", "ring_means", "the ring with seven modes",
    lambda rng: (int(rng.integers(5, 10)), float(rng.uniform(1, 3))), _ring_truth,
    solution=lambda modes, radius: _ring(2 * np.pi * np.arange(modes) / modes, radius),
    mistakes=(
        Mistake("two of them are the same point, so there is one mode fewer than it says",
                lambda modes, radius: _ring(np.linspace(0, 2 * np.pi, modes), radius)),
        Mistake("one mean too many", lambda modes, radius: _ring(np.linspace(0, 2 * np.pi, modes + 1), radius), "has shape"),
        Mistake("they fill half a circle: a whole turn is 2 pi",
                lambda modes, radius: _ring(np.pi * np.arange(modes) / modes, radius)),
        Mistake("they go round the other way: the second mean is above the first",
                lambda modes, radius: _ring(-2 * np.pi * np.arange(modes) / modes, radius)),
        Mistake("all angles are half a step too large: the first mean belongs at angle 0",
                lambda modes, radius: _ring(2 * np.pi * (np.arange(modes) + 0.5) / modes, radius)),
        Mistake("the angles begin at k = 1: the first mean belongs at angle 0",
                lambda modes, radius: _ring(2 * np.pi * np.arange(1, modes + 1) / modes, radius)),
        Mistake("NumPy's cosine and sine take radians, and these angles are in degrees",
                lambda modes, radius: _ring(360 * np.arange(modes) / modes, radius)),
        Mistake("the columns are exchanged: the cosine comes first, and the first mean is (radius, 0)",
                lambda modes, radius: _ring(2 * np.pi * np.arange(modes) / modes, radius)[:, ::-1]),
        Mistake("the radius was forgotten", lambda modes, radius: _ring(2 * np.pi * np.arange(modes) / modes, 1.0), "left out"),
    ),
    hints=("Print the means for 8 modes and count the different ones.",
           "The angle 2 pi is the angle 0. Which angle should the last mean have, if the next one would be 2 pi again?",
           "np.linspace includes both ends; endpoint=False leaves the second one out. Or write 2 pi k / modes as it stands."),
    constants=lambda modes, radius: {"radius": radius},
)


# ---------------------------------------------------------------- M.02


def _scores_case(rng):
    """Scores as they come, and one of which a discriminator is sure."""
    return (rng.permutation([*rng.normal(size=sizes(rng, 1)[0]) * 2, 20.0 * rng.choice([-1, 1])])[:, None],)


PROBABILITY = Exercise(
    "M.02", "probability", "twice as sure", _scores_case,
    lambda s: {"p": np.array([[1 / (1 + math.exp(-score))] for score in s[:, 0]])},
    solution=lambda s: sigmoid(s),
    mistakes=(
        Mistake("these are the probabilities of the scores 2 s", lambda s: 0.5 * (np.tanh(s) + 1)),
        Mistake("these are the probabilities of the scores 4 s: twice the wrong way", lambda s: 0.5 * (np.tanh(2 * s) + 1)),
        Mistake("tanh goes from -1 to 1, and a probability from 0 to 1", lambda s: np.tanh(s / 2)),
        Mistake("1/2 belongs to both terms: this goes from 1/2 to 3/2", lambda s: 0.5 * np.tanh(s / 2) + 1),
        *(Mistake(f"p was cut off at {low:g} and 1 - {low:g}: a sure score has a surer probability",
                  lambda s, low=low: np.clip(sigmoid(s), low, 1 - low)) for low in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)),
        Mistake("these are the probabilities of the scores 2 s, halved", lambda s: 0.25 * (np.tanh(s) + 1)),
        Mistake("tanh was halved, and not its score", lambda s: 0.5 * (np.tanh(s) / 2 + 1)),
        Mistake("that is the probability of fake, 1 - p", lambda s: 0.5 * (1 - np.tanh(s / 2))),
    ),
    hints=("Try a score whose probability you know: sigma(1) = 0.7311. What does the code say, and of which score is that right?",
           "Write tanh(x) as (1 - e) / (1 + e) with e = exp(-2 x), and add 1. What is 1/2 (1 + tanh(x))?",
           "1/2 (1 + tanh(x)) = 1 / (1 + exp(-2 x)). So x must be s / 2."),
)


# ---------------------------------------------------------------- M.03


def _entropy_case(rng):
    n, = sizes(rng, 1)
    return rng.normal(size=(n, 1)), rng.integers(0, 2, size=(n, 1)).astype(float)


def _entropy(s, y):
    return float(np.mean([-math.log(1 / (1 + math.exp(-a))) if b else -math.log(1 - 1 / (1 + math.exp(-a)))
                          for a, b in zip(s[:, 0], y[:, 0], strict=True)]))


def _mean_entropy(s, y):
    return np.mean(softplus(s) - y * s)


ENTROPY = Exercise(
    "M.03", "cross_entropy", "the mean that was not differentiated", _entropy_case,
    lambda s, y: {"value": _entropy(s, y), "ds": differences(lambda s: _entropy(s, y), s)},
    solution=lambda s, y: (_mean_entropy(s, y), (sigmoid(s) - y) / s.shape[0]),
    mistakes=(
        Mistake("ds is the derivative of the sum",
                lambda s, y: (_mean_entropy(s, y), sigmoid(s) - y), "the mean over the batch is missing"),
        Mistake("both are sums now",
                lambda s, y: (np.sum(softplus(s) - y * s), sigmoid(s) - y), "the mean over the batch is missing"),
        Mistake("only y was divided by N: parentheses are missing, (sigmoid(s) - y) / N",
                lambda s, y: (_mean_entropy(s, y), sigmoid(s) - y / s.shape[0])),
        Mistake("only sigmoid(s) was divided by N: parentheses are missing, (sigmoid(s) - y) / N",
                lambda s, y: (_mean_entropy(s, y), sigmoid(s) / s.shape[0] - y)),
        Mistake("multiplied by N, not divided", lambda s, y: (_mean_entropy(s, y), (sigmoid(s) - y) * s.shape[0])),
        Mistake("divided twice", lambda s, y: (_mean_entropy(s, y), (sigmoid(s) - y) / s.shape[0]**2),
                "divided once too often"),
        Mistake("the wrong sign", lambda s, y: (_mean_entropy(s, y), (y - sigmoid(s)) / s.shape[0]), "sign"),
        Mistake("the score stands where its probability belongs", lambda s, y: (_mean_entropy(s, y), (s - y) / s.shape[0])),
    ),
    hints=("The value is right. Move one score by a little: by how much does the value move, for a batch of 1, of 2, of 10?",
           "A mean is 1/N times a sum, and so is its derivative."),
    batch=lambda s, y: s.shape[0],
)


# ---------------------------------------------------------------- M.04


def _labels_case(rng):
    n, = sizes(rng, 1)
    return rng.normal(size=(n, 1)), rng.permutation(np.arange(n) % 2).astype(float)


def _squares(s, y):
    return float(sum((s[n, 0] - y[n]) ** 2 for n in range(y.size)) / y.size)


def _as_published(s, y):
    error = s - y
    return np.mean(error**2), 2 * error.sum(axis=-1, keepdims=True) / error.size


def _column(s, y, scale=2.0):
    error = s - y[:, None]
    return np.mean(error**2), scale * error / error.size


LABELS = Exercise(
    "M.04", "least_squares", "N scores, N labels, N squared differences", _labels_case,
    lambda s, y: {"value": _squares(s, y), "ds": differences(lambda s: _squares(s, y), s)},
    solution=_column,
    mistakes=(
        Mistake("each score was compared with the labels of all samples, not with its own", _as_published),
        Mistake("s became a list, and so did its derivative",
                lambda s, y: (_squares(s, y), 2 * (s[:, 0] - y) / y.size), "has shape"),
        Mistake("each score was compared with the mean of the labels", lambda s, y: _column(s, np.full_like(y, y.mean()))),
        Mistake("a 2 is missing", lambda s, y: _column(s, y, 1.0), "factor 2"),
        Mistake("no mean", lambda s, y: (_column(s, y)[0], _column(s, y)[1] * y.size), "the mean over the batch is missing"),
        Mistake("the labels came in the opposite order: is it a reshape that you need, or a flip?",
                lambda s, y: _column(s, y[::-1])),
    ),
    hints=("Print error.shape.",
           "NumPy gives y one more axis in front: (N, 1) minus (1, N) is (N, N). Sample n should meet label n only.",
           "Turn y into a column, y[:, None], before you subtract. The rest may stay."),
    batch=lambda s, y: y.size,
)


# ---------------------------------------------------------------- M.05


def _relativistic_case(rng):
    n, = sizes(rng, 1)
    return rng.normal(size=(n, 1)) + 1, rng.normal(size=(n, 1))


def _relativistic(r, f):
    return float(np.mean(np.log1p(np.exp(f.mean() - r))) + np.mean(np.log1p(np.exp(f - r.mean())))) / 2


def _mean(part):
    return part.sum() / part.size


def _pair(r, f, *, sign=1.0, through_means=1.0, half=0.5, real=None, mean=_mean, inside=None):
    """value, dr, df, with one thing done differently.

    sign -1 turns the fakes' comparison round; through_means is a factor on what comes through the means, and `mean` what comes
    there; real is another first comparison, and inside the place where the derivatives are taken.
    """
    n, real, fake = r.shape[0], f.mean() - r if real is None else real(r, f), sign * (f - r.mean())
    a, b = half * sigmoid(real if inside is None else inside * real) / n, half * sign * sigmoid(fake) / n
    value = half * (softplus(real).mean() + softplus(fake).mean())
    return value, -a - through_means * mean(b), b + through_means * mean(a)


def _half_repaired(r, f, dr=True):
    """The comparison is right, and one of the derivatives is still that of the bug."""
    value, right_dr, right_df = _pair(r, f)
    n, a, b = r.shape[0], sigmoid(f.mean() - r) / (2 * r.shape[0]), sigmoid(f - r.mean()) / (2 * r.shape[0])
    return (value, -a - b, right_df) if dr else (value, right_dr, np.full_like(f, (b + a).sum() / n))


def _same_twice(r, f):
    a = sigmoid(f.mean() - r) / r.shape[0]
    return softplus(f.mean() - r).mean(), -a, np.full_like(f, a.mean())


RELATIVISTIC = Exercise(
    "M.05", "relativistic_average", "all fakes are the average fake", _relativistic_case,
    lambda r, f: {"value": _relativistic(r, f), "dr": differences(lambda r: _relativistic(r, f), r),
                  "df": differences(lambda f: _relativistic(r, f), f)},
    solution=lambda r, f: _pair(r, f),
    mistakes=(
        Mistake("no fake is looked at by itself: only their average enters, and the same term counts twice", _same_twice),
        Mistake("the fakes are asked whether they look less real than the average real sample",
                lambda r, f: _pair(r, f, sign=-1.0)),
        Mistake("the two means were taken for constants; they move with every score in them",
                lambda r, f: _pair(r, f, through_means=False)),
        Mistake("1/2 is missing", lambda r, f: _pair(r, f, half=1.0), "factor 2"),
        Mistake("dr takes d_fake entry by entry, as before; r stands in `fake` through its mean: d_fake.sum() / n",
                _half_repaired),
        Mistake("df is one number for all; f stands in `fake` itself, entry by entry, and in `real` through its mean",
                lambda r, f: _half_repaired(r, f, dr=False)),
        Mistake("what comes through the means was summed, and not divided by n", lambda r, f: _pair(r, f, mean=np.sum)),
        Mistake("what comes through the means has the wrong sign", lambda r, f: _pair(r, f, through_means=-1.0)),
        Mistake("the real samples' sigmoid has the wrong sign inside", lambda r, f: _pair(r, f, inside=-1.0)),
        Mistake("the value is right, and both derivatives are still those of the bug",
                lambda r, f: (_pair(r, f)[0], *_same_twice(r, f)[1:])),
        Mistake("the samples were compared in pairs, r_n with f_n; each belongs beside the average of the others",
                lambda r, f: (softplus(f - r).mean(), -sigmoid(f - r) / r.size, sigmoid(f - r) / r.size)),
        Mistake("each real sample was compared with its own fake one, not with the average",
                lambda r, f: _pair(r, f, real=lambda r, f: f - r)),
        Mistake("the two batches changed places", lambda r, f: (lambda value, dr, df: (value, df, dr))(*_pair(f, r))),
    ),
    hints=("Read the two lines that begin with `real` and `fake`, and compare them with the formula above.",
           "The second comparison is between each fake and the average real sample: f - mean(r).",
           "Then the derivatives change too: r stands in `real` itself and in `fake` through its mean, f the other way round.",
           "With a = d_real and b = d_fake: dr = a - b.sum() / n, and df = b - a.sum() / n."),
    batch=lambda r, f: r.shape[0],
)


EXHIBITS = (RING, PROBABILITY, ENTROPY, LABELS, RELATIVISTIC)
