"""Exercises of lesson 15: twenty-five of twenty-five."""

import math

import numpy as np

from ..engine.numerics import sigmoid, softplus
from ..engine.optim import cosine
from ..losses import Relativistic
from ..penalties import R1, R2, Falling
from ..train import d_gradients, g_gradients
from .grading import Exercise, Mistake, Wrong, differences
from .players import arrays_of, at, players, still_whole, used

LOSS = Relativistic()

# ---------------------------------------------------------------- 15.1


def _run_case(rng):
    start = round(float(rng.uniform(0.05, 0.4)), 3)
    lr = round(float(rng.uniform(2e-3, 9e-3)), 4)
    return lr, start, round(start / float(rng.uniform(10, 40)), 4), int(rng.integers(5, 10))


def _schedules(lr, start, stop, steps):
    """The rate from the half angle's cosine; gamma by one factor, multiplied again and again."""
    factor, gammas = math.exp((math.log(stop) - math.log(start)) / steps), [start]
    for _ in range(steps - 1):
        gammas.append(gammas[-1] * factor)
    return {"rates": np.array([lr * math.cos(math.pi * step / steps / 2) ** 2 for step in range(steps)]),
            "gammas": np.array(gammas)}


def _falling(rate=lambda f: (1 + np.cos(np.pi * f)) / 2, gamma=lambda f, start, stop: start * (stop / start) ** f,
             fraction=lambda steps: np.arange(steps) / steps):
    """Both schedules, with another idea of one of them or of the fraction."""
    def answer(lr, start, stop, steps):
        f = fraction(steps)
        return lr * rate(f), gamma(f, start, stop)

    return answer


SCHEDULES = Exercise(
    "15.1", "schedules", "a rate and a penalty that fall", _run_case, _schedules,
    solution=_falling(lambda f: np.array([cosine(one) for one in f]), lambda f, start, stop: Falling(start, stop)(f)),
    mistakes=(
        Mistake("the cosine was not lifted: from 1 to -1, so that the second half of the run climbs",
                _falling(lambda f: np.cos(np.pi * f))),
        Mistake("that is a quarter of a cosine; it must fall to 0 along half of one, slowly at both ends",
                _falling(lambda f: np.cos(np.pi * f / 2))),
        Mistake("1 + cos begins at 2: the half is missing", _falling(lambda f: 1 + np.cos(np.pi * f)), "factor 2"),
        Mistake("the rate rises: 1 - cos begins at 0", _falling(lambda f: (1 - np.cos(np.pi * f)) / 2)),
        Mistake("that is a straight line; half a cosine is slow at both ends", _falling(lambda f: 1 - f)),
        Mistake("the fraction is k / T, how much has passed before the step; here the last step's is 1, and its rate 0",
                _falling(fraction=lambda steps: np.arange(steps) / (steps - 1))),
        Mistake("steps were counted from 1: before the first step nothing has passed",
                _falling(fraction=lambda steps: np.arange(1, steps + 1) / steps)),
        Mistake("gamma fell in a straight line; equal factors take it down quickly at first, then slowly",
                _falling(gamma=lambda f, start, stop: start + (stop - start) * f)),
        Mistake("start and stop were swapped: this gamma rises", _falling(gamma=lambda f, start, stop: stop * (start / stop) ** f)),
        Mistake("stop ** fraction falls from 1 to stop: where it begins was left out",
                _falling(gamma=lambda f, start, stop: start * stop ** f)),
    ),
    hints=("The fraction of the run before step k is k / T, for k from 0 to T - 1: np.arange(steps) / steps.",
           "(1 + cos(pi fraction)) / 2 begins at 1 and comes down to 0.",
           "Equal factors: after the fraction f, gamma is start * (stop / start) ** f."),
)

# ---------------------------------------------------------------- 15.2


def _units_case(rng):
    n, d = (int(size) for size in rng.permutation(range(3, 8))[:2])
    return rng.normal(size=(n, d)), rng.normal(size=(n, d)), round(float(rng.uniform(0.05, 0.5)), 3), round(float(rng.uniform(2.2, 4)), 2)


def _units(x, w, gamma, scale):
    """g by differences; gamma_x from the two penalties, which must be equal."""
    def scores(x):
        return np.sin((x / scale * w).sum(axis=-1))

    def steepness(g):
        return float((g**2).sum(axis=-1).mean())

    u_slope = np.cos((x / scale * w).sum(axis=-1))[:, None] * w  # of the scores, over u = x / scale
    g = differences(lambda x: float(scores(x).sum()), x)
    return {"g": g, "gamma_x": gamma * steepness(u_slope) / steepness(g.gradient)}
