"""The function that a gradient check calls: what it returns, as one number, or a sentence that says what to do.

    number(value)           what f returned, as a float; raises NoNumber for a tuple, an array, None and so on
    Watched(f)              f itself, called with copies; it counts calls and remembers float32
    roughness(f, x, value)  how far the values of f are off, by their jitter next to x (Moré & Wild 2011)
    reach(f, x, value)      how f behaves far away from x: whether it changes at all
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .arguments import Array

Function = Callable[[Array], Any]  # from an array to one number
EPS = float(np.finfo(np.float64).eps)
FLOAT32 = float(np.finfo(np.float32).eps)
ROUGH = 2.0  # times the jitter, where float32 is inside: it is not the same everywhere
POINTS = 8  # of f on each side of x, to see its jitter


class NoNumber(TypeError):
    """f does not return one real number."""


def number(value: Any) -> float:
    """What f returned, as a float. Arrays with one element are taken; anything else raises NoNumber, which says what to do."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return float(value)
    if value is None:
        raise NoNumber("f returns None: it must end in `return` and one number")
    if isinstance(value, tuple | list):
        raise NoNumber(f"f returns a {type(value).__name__} of {len(value)} things; it must return one number. "
                       "If the loss comes first, check lambda x: f(x)[0]")
    if not isinstance(value, np.ndarray | np.generic):
        raise NoNumber(f"f returns a {type(value).__name__}; it must return one number")
    if value.dtype.kind == "c":
        raise NoNumber("f returns a complex number; it must return a real one: take .real")
    if value.dtype.kind not in "fiub":
        raise NoNumber(f"f returns {value.dtype}; it must return one number")
    if value.size != 1:
        raise NoNumber(f"f returns an array of shape {value.shape}; it must return one number. Multiply it by a fixed random "
                       "array dy and sum: lambda x: np.vdot(dy, f(x))")
    return float(value.reshape(()))


class Watched:
    """f, called with a copy of each point. `calls` counts; `float32` tells whether a value was float32 (or float16).

    A call beside x that leaves the domain of f gives NaN, as the logarithm of a negative number does.
    """

    def __init__(self, f: Function) -> None:
        self.f, self.calls, self.float32 = f, 0, False

    def __call__(self, x: Array) -> float:
        self.calls += 1
        value = self.f(x.copy())
        self.float32 |= getattr(value, "dtype", None) in (np.dtype(np.float32), np.dtype(np.float16))
        return number(value)

    def beside(self, x: Array) -> float:
        """f at a point next to the one that is checked."""
        try:
            return self(x)
        except (ArithmeticError, np.linalg.LinAlgError):
            return math.nan
        except ValueError as error:
            if str(error).startswith("math "):  # math domain error, math range error: Python's own logarithm and root
                return math.nan
            raise


def roughness(f: Watched, x: Array, value: float) -> float:
    """How far a value of f near x is off by rounding, at least 1e-16 of its size, more when float32 is inside.

    On equally spaced points very close together a smooth function is a polynomial of low degree. Differences of high order remove
    it and leave the jitter (Moré & Wild 2011, *Estimating Computational Noise*). The second smallest of several estimates is
    taken. A corner between the points makes an estimate too large, and chance makes one too small.
    """
    signs = np.random.default_rng(0).choice([-1.0, 1.0], x.shape)

    def jitter(spacing: float, unit: Array, side: float = 1.0) -> float:
        # Powers of two, so that x + i step is exact: rounding of x would be taken for noise of f.
        step = side * signs * np.exp2(np.round(np.log2(spacing * unit)))
        return _jitter([f.beside(x + (i + 1) * step) for i in range(POINTS)])

    unit, near = np.maximum(1.0, np.abs(x)), np.abs(x) < 0.01
    tries = [(spacing, unit) for spacing in (1e-7, 1e-10, 1e-13)]
    tries += [(spacing, np.abs(x)) for spacing in (1e-7, 1e-10) if near.all() and x.all()]
    estimates = [jitter(spacing, size, side) for spacing, size in tries for side in (1.0, -1.0)]
    for spacing in (1e-6, 1e-5, 1e-4, 1e-3):
        if min(estimates) < math.inf:
            break  # else f is the same at most of the points: they must be further apart
        estimates.append(jitter(spacing, unit))
    known = sorted(estimate for estimate in estimates if estimate < math.inf)[:2]
    least = (FLOAT32 if f.float32 else EPS) * abs(value) / 2
    noise = max(least, max(known, default=0.0), 5e-324)
    return ROUGH * noise if noise > 1e4 * EPS * abs(value) else noise


def _jitter(values: list[float]) -> float:
    """The standard deviation of the noise in equally spaced values; infinite where they do not tell."""
    table = np.array(values)
    if not np.isfinite(table).all() or 2 * np.count_nonzero(np.diff(table)) < table.size:
        return math.inf  # mostly equal: too close together to see what one value is off by
    found = []
    for order in range(1, 7):
        table = np.diff(table)
        if order >= 4:
            found.append(math.sqrt(math.factorial(order) ** 2 / math.factorial(2 * order) * float(np.mean(table**2))))
    return sorted(found)[1]


class Reach(NamedTuple):
    """How f behaves away from x."""

    changes: bool  # somewhere, by more than its rounding
    slope: float  # how steeply, along the steepest of the directions that were tried


def reach(f: Watched, x: Array, value: float, rough: float) -> Reach:
    """f along two random directions. It says whether it ever changes, and how steeply up to steps of max(1, |x|)."""
    changes, slope = False, 0.0
    for seed in (1, 2):
        v = np.maximum(1.0, np.abs(x)) * np.random.default_rng(seed).uniform(-1, 1, x.shape)
        for t in (0.1, -0.1, 1.0, -1.0, 30.0, -30.0, 1000.0, -1000.0):
            change = abs(f.beside(x + t * v) - value)
            seen = change > 20 * rough  # False for NaN
            changes |= seen or not math.isfinite(change)
            if seen and abs(t) <= 1:
                slope = max(slope, change / float(np.linalg.norm(t * v)))
    return Reach(changes, slope)
