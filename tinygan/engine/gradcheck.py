"""Is this gradient right? Three independent ways to differentiate a function by only calling it.

    central(f, x)         df/dx_i = (f(x + h e_i) - f(x - h e_i)) / 2h         every entry, error about 1e-10
    directional(f, x, v)  <df/dx, v> the same way, along one direction         two calls, whatever the size of x
    complex_step(f, x)    df/dx_i = Im f(x + ih e_i) / h, h = 1e-30            exact to rounding; f must be analytic

f takes an array like x and returns one number. Everything is float64: a difference of two float32 values has
no digits left. The step h = 6e-6 max(1, |x|) balances two errors: the formula's, about h^2, and
rounding's, about 1e-16/h; the sum is least near the cube root of 1e-16.

`check(f, df, x)` compares a gradient with central differences and says whether they agree.
"""

from typing import NamedTuple

import numpy as np

STEP = 6e-6  # times max(1, |x|)
NORM_LIMIT = 1e-8  # on |a - n| / max(|a|, |n|)
ABSOLUTE_LIMIT, RELATIVE_LIMIT = 1e-9, 1e-6  # on each entry: ABSOLUTE max(1, |f|) + RELATIVE max(|a|, |n|)


class Check(NamedTuple):
    """The outcome of `check`: whether the gradient agrees, by how much, and where not.

    ok          True when norm_error <= 1e-8 and no entry is wrong
    norm_error  |analytic - numeric| / max(|analytic|, |numeric|, max(1, |f|)/10), over the entries that are not on a kink
    wrong       a mask shaped like x: entries that disagree
    kinks       a mask shaped like x: entries where f has a corner within h of x, so that the difference proves nothing
    analytic    the gradient under test
    numeric     the central differences
    """

    ok: bool
    norm_error: float
    wrong: np.ndarray
    kinks: np.ndarray
    analytic: np.ndarray
    numeric: np.ndarray

    def __str__(self):
        skipped = f", {self.kinks.sum()} on a kink skipped" if self.kinks.any() else ""
        return (f"{'agrees' if self.ok else 'DISAGREES'}: norm error {self.norm_error:.1e} (limit {NORM_LIMIT:.0e}), "
                f"{self.wrong.sum()} of {self.wrong.size} entries wrong{skipped}")


def check(f, df, x):
    """Compare `df`, the gradient of f at x (an array shaped like x, or a function of x), with central differences.

    An entry agrees within 1e-9 max(1, |f(x)|) + 1e-6 max(|analytic|, |numeric|). Where one does not, and the
    difference itself is unsure of its answer (see `on_kink`), the entry is skipped and counted; if nothing but kinks
    is left the check fails, since it has seen nothing. Raises ValueError when shapes differ, TypeError unless x is float64.
    """
    x = _float64(x)
    analytic = np.asarray(df(x.copy()) if callable(df) else df)
    if analytic.shape != x.shape:
        raise ValueError(f"the gradient has shape {analytic.shape}, x has {x.shape}; they must be the same")
    scale = max(1.0, abs(float(f(x.copy()))))
    numeric = central(f, x)
    size = np.maximum(np.abs(analytic), np.abs(numeric))
    # "not within", rather than "outside": a NaN is within nothing, so it counts as wrong
    wrong = ~(np.abs(analytic - numeric) <= ABSOLUTE_LIMIT * scale + RELATIVE_LIMIT * size)
    kinks = np.zeros(x.shape, bool)
    for index in map(tuple, np.argwhere(wrong)):
        kinks[index] = on_kink(f, x, index)
    wrong &= ~kinks
    a, n = analytic[~kinks], numeric[~kinks]
    norm_error = float(np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n), scale / 10))
    ok = bool(norm_error <= NORM_LIMIT and not wrong.any() and not kinks.all())
    return Check(ok, norm_error, wrong, kinks, analytic, numeric)


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
