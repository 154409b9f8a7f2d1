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
    misfit = _misfit(got, wanted, name, clues.get("batch"))
    if misfit:
        return Check(False, math.inf, ~nothing, nothing, got, wanted, [misfit])
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


# ---------------------------------------------------------------- why is it wrong?


def diagnose(got, wanted, *, name="the result", batch=None, constants=None, suspects=None, wrong=None, kinks=None, unit=1.0):
    """Why the array `got` is not the array `wanted`: a list of one to five lines, from the first of these that applies.

    1. its shape: transposed, or not summed over the batch
    2. it is None, a list, of the wrong dtype, not finite, or zero everywhere
    3. it is the truth times a number: -1, 2, the `batch` size, one of `constants` (name -> number); or the truth transposed
    4. it equals one of the `suspects` (cause -> the array, or a function without arguments that gives it), to 1e-6; one that
       gives the number of 3. is named there as well
    5. otherwise: which entries, the three worst with their ratios

    `wrong` and `kinks` are masks of the entries that disagree, and of those that nobody can judge; `unit` is as in `compare`.
    """
    misfit = _misfit(got, wanted, name, batch)
    if misfit:
        return [misfit]
    got = np.asarray(got)
    judged = np.ones(wanted.shape, bool) if kinks is None else ~kinks
    wrong = judged & ~(np.abs(got - wanted) <= RELATIVE_LIMIT * np.maximum(1e-3, np.abs(wanted))) if wrong is None else wrong
    cause = _not_a_number(got, name) or _factor(got / unit, wanted / unit, judged, name, batch, constants or {})
    square = got.ndim == 2 and got.shape[0] == got.shape[1] > 1
    if cause is None and square and _gap(got, wanted.swapaxes(0, 1), judged, unit) <= 1e-6:
        cause = f"{name} is exactly the truth transposed: swap the two axes, or the order of the product"
    gaps = {story: _gap(got, value() if callable(value) else value, judged, unit) for story, value in (suspects or {}).items()}
    story = min(gaps, key=gaps.get, default=None)
    named = [f"{name} is what comes out by this mistake: {story}"] if story and gaps[story] <= 1e-6 else []
    if cause is not None or named:
        return [cause, *named] if cause else named
    return _location(got, wanted, wrong, name, unit)


def _misfit(got, wanted, name, batch):
    """What is wrong with the kind of thing that `got` is, before its numbers are looked at; None when it can be compared."""
    if got is None:
        return f"{name} is None: does the function end in `return`?"
    if not isinstance(got, np.ndarray | np.generic | float | int | complex):
        return f"{name} is a {type(got).__name__}; it must be a NumPy array of shape {wanted.shape}"
    shape, dtype = np.shape(got), np.asarray(got).dtype
    if shape != wanted.shape:
        hint = f"; it must have {wanted.shape}"
        if len(shape) == 2 and shape == wanted.shape[::-1]:
            hint += ": transposed"
        elif batch is not None and wanted.ndim == 2 and wanted.shape[0] == 1 and shape == (batch, wanted.shape[1]):
            hint += ": sum over the batch"
        elif wanted.shape == (1, *shape):
            hint += ": keep the summed axis, with keepdims=True"
        elif shape == ():
            hint += ": one number cannot hold them all; something was summed or averaged away"
        elif batch is not None and shape == (batch, batch):
            hint += ": a (N, 1) array met a (N,) array and broadcast"
        return f"{name} has shape {shape}{hint}"
    if dtype.kind not in "fc" or dtype != wanted.dtype:
        return f"{name} is {dtype}; it must be {wanted.dtype}, like what it is computed from"
    return None


def _not_a_number(got, name):
    bad = np.argwhere(~np.isfinite(got))
    if bad.shape[0]:
        which = f"{bad.shape[0]} of {got.size} entries, the first at {_place(bad[0])}, " if got.ndim else ""
        causes = "an overflow, a log of 0, a root of a negative number or a division by 0"
        return f"{name} is not finite: {which}{got[tuple(bad[0])]}: {causes}"
    if not got.any():
        where = " everywhere" if got.ndim else ""
        return f"{name} is zero{where}: nothing arrived (a lost return value, a product with nothing), or it was cleared"
    return None


def _factor(got, wanted, judged, name, batch, constants):
    """The cause when `got` is a number times `wanted`: a sign, a mean taken twice or never, a forgotten constant."""
    a, n = got[judged], wanted[judged]
    lengths = np.linalg.norm(a) * np.linalg.norm(n)
    if lengths == 0 or abs(np.vdot(a, n)) < (1 - 1e-6) * lengths or _gap(a, n * (np.vdot(n, a) / np.vdot(n, n))) > 1e-6:
        return None
    ratio = float(np.real(np.vdot(n, a) / np.vdot(n, n)))
    known = {-1.0: "a sign is the wrong way round", 2.0: "a factor 2 too many: was 1/2 left out, or a square's 2 kept?",
             0.5: "a factor 2 is missing: the derivative of a square, or a 1/2 that is not in the formula"}
    if batch is not None:
        known |= {float(batch): f"{batch} is the batch size: it was not divided by: the mean over the batch is missing",
                  1 / batch: f"{batch} is the batch size: it was divided by once too often: a mean where a sum belongs, "
                             "or a mean taken twice"}
    for constant, number in (constants or {}).items():
        known |= {float(number): f"that is {constant}: it was applied once too often",
                  1 / number: f"that is 1/{constant}: it was left out"}
    everywhere = " in every entry" if a.size > 1 else ""
    for factor, cause in known.items():
        for sign, also in ((1, ""), (-1, ", and a sign is the wrong way round")):
            if math.isclose(ratio, sign * factor, rel_tol=1e-5) and not math.isclose(ratio, 1, rel_tol=1e-5):
                return f"{name} is {ratio:.6g} times the truth{everywhere}: {cause}{also if factor != -1 else ''}"
    if a.size == 1 or math.isclose(ratio, 1, rel_tol=1e-5):
        return None  # one number is always a multiple of another
    return f"{name} is {ratio:.6g} times the truth in every entry: a constant factor is wrong"


def _gap(got, other, judged=..., unit=1.0):
    """|got - other| in units of the larger one; infinite where they cannot be compared, or are nothing."""
    if other is None or np.shape(other) != got.shape or not np.all(np.isfinite(other)):
        return math.inf
    a, b = (got / unit)[judged], (np.asarray(other) / unit)[judged]
    size = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / size) if size > 0 else math.inf


def _location(got, wanted, wrong, name, unit):
    """Which entries are wrong, what they have in common, and the three worst."""
    if got.ndim == 0:
        return [f"{name} is {got:.8g}; it must be {wanted:.8g}"]
    bad = np.argwhere(wrong)
    if not bad.size:
        return [f"{name}: every entry is within its limit, yet together they are too far away: a small error everywhere"]
    line = f"{name}: {bad.shape[0]} of {wrong.size} entries wrong"
    if wrong.ndim == 2 and bad.shape[0] < wrong.size:
        rows, columns = set(bad[:, 0].tolist()), set(bad[:, 1].tolist())
        if len(columns) == 1 and wrong.shape[1] > 1:
            line += f", all in column {columns.pop()}"
        elif len(rows) == 1 and wrong.shape[0] > 1:
            line += f", all in row {rows.pop()}"
    order = np.argsort(-np.abs((got - wanted) / unit)[wrong])[:3]
    lines = [f"  {_place(bad[i])}: yours {got[tuple(bad[i])]:+.6e}, expected {wanted[tuple(bad[i])]:+.6e}"
             + (f", ratio {got[tuple(bad[i])] / wanted[tuple(bad[i])]:.6g}" if wanted[tuple(bad[i])] else "") for i in order]
    return [line + "; the worst:", *lines]


def _place(index):
    return "[" + ", ".join(map(str, index)) + "]"
