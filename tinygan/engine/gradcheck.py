"""Is this gradient right? Three independent ways to differentiate a function by only calling it.

    central(f, x)         df/dx_i = (f(x + h e_i) - f(x - h e_i)) / 2h         every entry, error about 1e-10
    directional(f, x, v)  <df/dx, v> the same way, along one direction         two calls, whatever the size of x
    complex_step(f, x)    df/dx_i = Im f(x + ih e_i) / h, h = 1e-30            exact to rounding; f must be analytic

f takes an array like x and returns one number. Everything is float64: a difference of two float32 values has
no digits left. The step h = 6e-6 max(1, |x|) balances two errors: the formula's, about h^2, and
rounding's, about 1e-16/h; the sum is least near the cube root of 1e-16.

`check(f, df, x)` compares a gradient with central differences, says whether they agree, and, where they do not, why:
print it. `diagnose(got, wanted)` is its last part, for any two arrays that ought to be equal.
"""

import math
from typing import NamedTuple

import numpy as np

from .diagnosis import RELATIVE_LIMIT, diagnose, misfit

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
    wrong: np.ndarray
    kinks: np.ndarray
    analytic: np.ndarray
    numeric: np.ndarray
    why: list

    def __str__(self):
        skipped = f", {self.kinks.sum()} on a kink skipped" if self.kinks.any() else ""
        verdict = "agrees" if self.ok else "DISAGREES"
        return "\n  ".join([*self.why, f"{verdict}: norm error {self.norm_error:.1e} (limit {NORM_LIMIT:.0e}), "
                            f"{self.wrong.sum()} of {self.wrong.size} entries wrong{skipped}"])


def check(f, df, x, *, name="the gradient", **clues):
    """Compare `df`, the gradient of f at x (an array shaped like x, or a function of x), with central differences.

    f takes an array like x (float64) and returns a number. Print the result: when the gradient is wrong it says why.
    `name` is what the message calls it; `clues` (batch, constants, suspects) help the diagnosis, see `diagnose`.

    An entry agrees within 1e-9 max(1, |f(x)|) + 1e-6 max(|analytic|, |numeric|). Where one does not, and the
    difference itself is unsure of its answer (see `on_kink`), the entry is skipped and counted; if nothing but kinks
    is left the check fails, since it has seen nothing. Raises TypeError unless x is float64.

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


def compare(got, wanted, *, name="the result", value=1.0, unsure=None, unit=1.0, **clues):
    """Compare an array with what it ought to be (float64), by the limits of `check`; returns a Check that says why not.

    `value` is the size of the numbers that `wanted` was computed from. `unsure`, a function of an index, tells where
    `wanted` cannot be trusted. `unit`, a number or an array, is what entries are measured in: with the size of each entry
    itself, the smallest must be right to as many digits as the largest.
    """
    nothing = np.zeros(wanted.shape, bool)
    unfit = misfit(got, wanted, name, clues.get("batch"))
    if unfit:
        return Check(False, math.inf, ~nothing, nothing, got, wanted, [unfit])
    got = np.asarray(got)
    a, n = got / unit, wanted / unit
    scale, size = max(1.0, abs(value)), np.maximum(np.abs(a), np.abs(n))
    finite, kinks = np.isfinite(got), nothing
    with np.errstate(invalid="ignore"):
        wrong = ~(finite & (np.abs(a - n) <= ABSOLUTE_LIMIT * scale + RELATIVE_LIMIT * size))
    for index in map(tuple, np.argwhere(wrong & finite)) if unsure else ():  # no kink excuses a NaN
        kinks[index] = unsure(index)
    wrong &= ~kinks
    norm_error, a, n = math.inf, a[~kinks], n[~kinks]
    if finite.all():
        norm_error = float(np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n), scale / 10))
    ok = bool(norm_error <= NORM_LIMIT and not wrong.any() and not kinks.all())
    if ok:
        why = []
    elif not np.isfinite(wanted).all():
        why = [f"{name} cannot be judged: what it is compared with is not finite itself. Check at another point"]
    elif kinks.all():
        why = [f"{name}: every entry sits on a kink, where a difference proves nothing. Check at another point"]
    else:
        why = diagnose(got, wanted, name=name, wrong=wrong, kinks=kinks, unit=unit, **clues)
    return Check(ok, norm_error, wrong, kinks, got, wanted, why)


def central(f, x):
    """The gradient of f at x by central differences, shaped like x. Calls f twice for every entry."""
    x = _float64(x)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        down, up, h = _either_side(f, x, index, 1.0)
        gradient[index] = (up - down) / (2 * h)
    return gradient


def directional(f, x, v):
    """<df/dx, v> by a central difference along v (shaped like x)."""
    x, v = _float64(x), _float64(v)
    h = STEP * max(1.0, float(np.abs(x).max())) / max(float(np.abs(v).max()), 1e-300)
    return (f(x + h * v) - f(x - h * v)) / (2 * h)


def complex_step(f, x):
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


def on_kink(f, x, index):
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


def _either_side(f, x, index, shrink):
    """f at x - h and x + h along one entry, and the h that floating point really took."""
    h = shrink * STEP * max(1.0, abs(x[index]))
    below, above = x.copy(), x.copy()
    below[index] -= h
    above[index] += h
    return float(f(below)), float(f(above)), (above[index] - below[index]) / 2


def _float64(x):
    x = np.asarray(x)
    if x.dtype != np.float64:
        raise TypeError(f"gradient checks need float64; got {x.dtype}. Build the network with dtype=np.float64")
    return x
