"""Is this gradient right? Three independent ways to differentiate a function by only calling it.

    central(f, x)         df/dx_i = (f(x + h e_i) - f(x - h e_i)) / 2h         every entry, error about 1e-10
    directional(f, x, v)  <df/dx, v> the same way, along one direction         two calls, whatever the size of x
    complex_step(f, x)    df/dx_i = Im f(x + ih e_i) / h, h = 1e-30            exact to rounding; f must be analytic

f takes an array like x and returns one number. Everything is float64: a difference of two float32 values has
no digits left. The step h = 6e-6 max(1, |x|) balances two errors: the formula's, about h^2, and
rounding's, about 1e-16/h; the sum is least near the cube root of 1e-16.

Print `check(f, df, x)`: it compares a gradient with central differences, says whether they agree, and if not, why.
`diagnose(got, expected)` is its last part, for any two arrays that ought to be equal.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .arguments import Array
from .diagnosis import RELATIVE_LIMIT, diagnose, misfit

Function = Callable[[Array], Any]  # from an array to one number
STEP = 6e-6  # times max(1, |x|)
NORM_LIMIT = 1e-8  # on |a - n| / max(|a|, |n|)
ABSOLUTE_LIMIT = 1e-9  # on each entry: ABSOLUTE_LIMIT max(1, |f|) + RELATIVE_LIMIT max(|a|, |n|)


class Check(NamedTuple):
    """The outcome of `check`: whether the gradient agrees, by how much, and where not.

    ok          True when norm_error <= 1e-8 and no entry is wrong
    norm_error  |analytic - numeric| / max(|analytic|, |numeric|, max(1, |f|)/10), over the entries that are not on a kink
    wrong       a mask shaped like x: entries that disagree
    kinks       a mask shaped like x: entries where f has a corner within h of x, so that the difference proves nothing
    analytic    the gradient under test
    numeric     the central differences, or whatever else it was compared with
    why         the diagnosis: a list of lines, empty when ok
    """

    ok: bool
    norm_error: float
    wrong: Array
    kinks: Array
    analytic: Any
    numeric: Array
    why: list[str]

    def __str__(self) -> str:
        skipped = f", {self.kinks.sum()} on a kink skipped" if self.kinks.any() else ""
        verdict = "agrees" if self.ok else "DISAGREES"
        return "\n  ".join([*self.why, f"{verdict}: norm error {self.norm_error:.1e} (limit {NORM_LIMIT:.0e}), "
                            f"{self.wrong.sum()} of {self.wrong.size} entries wrong{skipped}"])


def check(f: Function, df: Any, x: Any, *, name: str = "the gradient", **clues: Any) -> Check:
    """Compare `df`, the gradient of f at x, with central differences. Print the result: where `df` is wrong, it says why.

    An entry agrees within 1e-9 max(1, |f(x)|) + 1e-6 max(|analytic|, |numeric|). Where an entry disagrees, and the difference
    itself cannot be trusted (see `on_kink`), it is skipped and counted. If all entries are skipped the check fails, since nothing
    was compared.

    Parameters
    ----------
    f : takes an array like x and returns a number
    df : the gradient under test, an array shaped like x, or a function of x that returns it
    x : float64, of any shape
    name : what the message calls the gradient
    **clues : batch, constants and suspects, which help the diagnosis (see `diagnose`)

    Raises
    ------
    TypeError : x is not float64

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import gradcheck
    >>> f, x = lambda x: (x**2).mean(), np.array([1.0, 2.0, 3.0])
    >>> gradcheck.check(f, lambda x: 2 * x / 3, x).ok
    True
    >>> print(gradcheck.check(f, lambda x: 2 * x, x, name="dx", batch=3).why[0])
    dx is 3 times the truth in every entry: 3 is the batch size: it was not divided by: the mean over the batch is missing
    """
    x = _float64(x)
    analytic = df(x.copy()) if callable(df) else df
    value = float(f(x.copy()))
    return compare(analytic, central(f, x), name=name, value=value, unsure=lambda index: on_kink(f, x, index), **clues)


def compare(got: Any, expected: Array, *, name: str = "the result", value: float = 1.0,
            unsure: Callable[[tuple[int, ...]], bool] | None = None, unit: float | Array = 1.0, **clues: Any) -> Check:
    """Compare an array with what it ought to be, by the limits of `check`; returns a Check that says why not.

    Parameters
    ----------
    got, expected : the array in question, and what it ought to be (float64)
    name : what the message calls it
    value : the size of the numbers that `expected` was computed from
    unsure : a function of an index, which tells where `expected` cannot be trusted
    unit : what entries are measured in; with the size of each entry, the smallest must be right to as many digits as the largest
    **clues : as in `check`
    """
    nothing = np.zeros(expected.shape, bool)
    unfit = misfit(got, expected, name, clues.get("batch"))
    if unfit:
        return Check(False, math.inf, ~nothing, nothing, got, expected, [unfit])
    got = np.asarray(got)
    a, n = got / unit, expected / unit
    scale, size = max(1.0, abs(value)), np.maximum(np.abs(a), np.abs(n))
    finite, kinks = np.isfinite(got), nothing
    with np.errstate(invalid="ignore"):
        wrong = ~(finite & (np.abs(a - n) <= ABSOLUTE_LIMIT * scale + RELATIVE_LIMIT * size))
    if unsure is not None:
        for index in map(tuple, np.argwhere(wrong & finite)):  # no kink excuses a NaN
            kinks[index] = unsure(index)
    wrong &= ~kinks
    norm_error, a, n = math.inf, a[~kinks], n[~kinks]
    if finite.all():
        norm_error = float(np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n), scale / 10))
    ok = bool(norm_error <= NORM_LIMIT and not wrong.any() and not kinks.all())
    if ok:
        why = []
    elif not np.isfinite(expected).all():
        why = [f"{name} cannot be judged: what it is compared with is not finite itself. Check at another point"]
    elif kinks.all():
        why = [f"{name}: every entry sits on a kink, where a difference proves nothing. Check at another point"]
    else:
        why = diagnose(got, expected, name=name, wrong=wrong, kinks=kinks, unit=unit, **clues)
    return Check(ok, norm_error, wrong, kinks, got, expected, why)


def central(f: Function, x: Any) -> Array:
    """The gradient of f at x by central differences, shaped like x. Calls f twice for every entry."""
    x = _float64(x)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        down, up, h = _either_side(f, x, index, 1.0)
        gradient[index] = (up - down) / (2 * h)
    return gradient


def directional(f: Function, x: Any, v: Any) -> float:
    """<df/dx, v> by a central difference along v (shaped like x)."""
    x, v = _float64(x), _float64(v)
    h = STEP * max(1.0, float(np.abs(x).max())) / max(float(np.abs(v).max()), 1e-300)
    return (f(x + h * v) - f(x - h * v)) / (2 * h)


def complex_step(f: Function, x: Any) -> Array:
    """The gradient of f at x from Im f(x + ih) / h with h = 1e-30: no difference is taken, so nothing cancels.

    f must be analytic and take complex numbers: no abs, no maximum, no comparison of x itself
    (Squire & Trapp 1998, SIAM Review 40(1)).
    """
    x = _float64(x)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        z = x.astype(complex)
        z[index] += 1e-30j
        gradient[index] = np.imag(f(z)) / 1e-30
    return gradient


def on_kink(f: Function, x: Array, index: tuple[int, ...]) -> bool:
    """Whether f has a corner within h of x along entry `index`, or anything else that makes the difference unsure.

    On a smooth function the slopes to the left and right differ by h f'', so a quarter of the step gives a quarter of
    the gap, and nearly the same central difference. A corner inside the step breaks one or the other.
    """
    slopes = []
    value = float(f(x.copy()))
    for shrink in (1.0, 0.25):
        down, up, h = _either_side(f, x, index, shrink)
        slopes.append(((value - down) / h, (up - value) / h))
    (left, right), (left4, right4) = slopes
    allowed = 1e-7 * max(1.0, abs(value), abs(left), abs(right))
    return bool(abs((left + right) - (left4 + right4)) / 2 > allowed or abs((right - left) - 4 * (right4 - left4)) > allowed)


def _either_side(f: Function, x: Array, index: tuple[int, ...], shrink: float) -> tuple[float, float, float]:
    """f at x - h and x + h along one entry, and the h that floating point really took."""
    h = shrink * STEP * max(1.0, abs(x[index]))
    below, above = x.copy(), x.copy()
    below[index] -= h
    above[index] += h
    return float(f(below)), float(f(above)), (above[index] - below[index]) / 2


def _float64(x: Any) -> Array:
    x = np.asarray(x)
    if x.dtype != np.float64:
        raise TypeError(f"gradient checks need float64; got {x.dtype}. Build the network with dtype=np.float64")
    return x
