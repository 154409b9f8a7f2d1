"""Rules for initial weights: a rule (rng, d, k) -> W of shape (d, k), drawn from the Generator rng."""

import math
from collections.abc import Callable

import numpy as np

from .arguments import Array, number

Rule = Callable[[np.random.Generator, int, int], Array]


def he(rng: np.random.Generator, d: int, k: int) -> Array:
    """W with variance 2/d, which keeps the size of a signal through ReLU layers.

    Parameters
    ----------
    rng : the Generator that W is drawn from
    d, k : features in and out; W is (d, k)

    References
    ----------
    He et al. 2015, section 2.2.
    """
    return rng.normal(0, math.sqrt(2 / d), (d, k))


def xavier(rng: np.random.Generator, d: int, k: int) -> Array:
    """W with variance 2/(d + k), made for tanh layers.

    Parameters
    ----------
    rng : the Generator that W is drawn from
    d, k : features in and out; W is (d, k)

    References
    ----------
    Glorot & Bengio 2010, equation 12, with normal instead of uniform numbers.
    """
    return rng.normal(0, math.sqrt(2 / (d + k)), (d, k))


def orthogonal(gain: float = 1.0) -> Rule:
    """A rule that draws W with orthogonal rows or columns, times `gain` (Saxe et al. 2014, section 3)."""
    gain = number("orthogonal: gain", gain, above=0)

    def orthogonal_rule(rng: np.random.Generator, d: int, k: int) -> Array:
        q, r = np.linalg.qr(rng.standard_normal((max(d, k), min(d, k))))
        q = q * np.sign(np.diag(r))  # without this, q would not be uniformly distributed
        return gain * (q if d >= k else q.swapaxes(-1, -2))

    return orthogonal_rule
