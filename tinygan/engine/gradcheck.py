"""Is this gradient right? Three independent ways to differentiate a function by only calling it.

    central(f, x)         df/dx_i = (f(x + h e_i) - f(x - h e_i)) / 2h         every entry, error about 1e-10
    directional(f, x, v)  <df/dx, v> the same way, along one direction         two calls, whatever the size of x
    complex_step(f, x)    df/dx_i = Im f(x + ih e_i) / h, h = 1e-30            exact to rounding; f must be analytic

f takes an array like x and returns one number. Everything is float64, since a difference of two float32 values has few digits
left. The step h = 6e-6 max(1, |x|) balances two errors: the formula's, about h^2, and rounding's, about 1e-16/h; the sum is
least near the cube root of 1e-16.

Print `check(f, df, x)`. It compares a gradient with central differences, says whether they agree, and if not, why. Where they
disagree it first tries smaller and larger steps (`differences`), so that a narrow f is not taken for a wrong gradient.
`diagnose(got, expected)` is its last part, for any two arrays that ought to be equal.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .arguments import ANY, Array, function, real, shown
from .diagnosis import RELATIVE_LIMIT, diagnose, misfit
from .differences import NORM_LIMIT, trusted
from .functions import Function, NoNumber, Watched, number
from .ladders import EPS, Entry
from .slopes import DIRECTIONS, Clues, along_directions, along_entries
from .verdicts import Check, unjudged, verdict

STEP = 6e-6  # times max(1, |x|)
ABSOLUTE_LIMIT = 1e-9  # on each entry in `compare`: ABSOLUTE_LIMIT max(1, |f|) + RELATIVE_LIMIT max(|a|, |n|)
ENTRIES = 5000  # larger gradients are checked along random directions
Unsure = Callable[[tuple[int, ...]], "bool | tuple[float, float] | None"]


def check(f: Function, df: Any, x: Any, *, name: str = "the gradient", **clues: Any) -> Check:
    """Compare `df`, the gradient of f at x, with central differences. Print the result: where `df` is wrong, it says why.

    An entry agrees within 1e-6 max(|analytic|, |numeric|), and all together within 1e-8 of their norm. Where they do not, the
    step shrinks and grows until the difference settles, and its own error is allowed for. On a corner of f the entry must lie
    between the slopes to the left and right. A gradient that differences cannot see is never called right. The result says what
    to do. x, `df` and all that the functions return are copied first. f is called twice for every entry, and three times at x;
    more than 5 000 entries are checked along 20 random directions.

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
    dx is 3 times the truth in every entry: it was not divided by the batch size 3, so the mean over the batch is missing
    """
    x, f = _float64(x).copy(), function("f", f, "lambda x: (x * x).sum()")
    analytic = df(x.copy()) if callable(df) else df
    unfit = misfit(analytic, x, name, clues.get("batch"))
    if unfit:
        return unjudged(analytic, x.shape, unfit)._replace(norm_error=math.inf, wrong=np.ones(x.shape, bool))
    watched = Watched(f)
    with np.errstate(all="ignore"):
        try:
            return _checked(watched, np.array(analytic), x, name, clues)
        except NoNumber as error:
            return unjudged(analytic, x.shape, f"{name} cannot be judged: {error}")


def _checked(f: Watched, analytic: Array, x: Array, name: str, clues: Clues) -> Check:
    value, again = f(x), f(x)
    if not math.isfinite(value):
        return unjudged(analytic, x.shape, f"{name} cannot be judged: f(x) is {value}. Check at a point where f is finite")
    if abs(value - again) > 1e-9 * abs(value):
        return unjudged(analytic, x.shape, _not_a_function(name, value, again))
    if many := x.size > ENTRIES:
        got, slopes, clues = along_directions(f, analytic, x, value, STEP, clues)
        name = f"{name} along {DIRECTIONS} random directions"
    else:
        got, slopes = analytic, along_entries(f, analytic, x, value, STEP)
    outcome = verdict(got, slopes, f, x, value, name, clues)
    last = f(x)  # a network is left with the parameters of x
    moved = max(abs(value - again), abs(value - last))
    steepest = float(np.abs(slopes.numeric[np.isfinite(slopes.numeric)]).max(initial=0))
    if moved > max(1e-12 * abs(value), 1e-6 * STEP * steepest):
        return unjudged(analytic, x.shape, _not_a_function(name, value, last if last != value else again))
    seen = f"{name}: an error anywhere is seen if it is more than 1e-8 of the whole; which entries it is in is not"
    return outcome._replace(notes=(*outcome.notes, seen)) if many else outcome


def _not_a_function(name: str, one: float, other: float) -> str:
    return (f"{name} cannot be judged: at the same x, f gives {one:.8g} and then a number {other - one:+.1e} away. Draw what is "
            "random in f (a dropout mask, noise, a batch) once, outside of f, and let f keep nothing from call to call")


def compare(got: Any, expected: Array, *, name: str = "the result", value: float = 1.0, unsure: Unsure | None = None,
            unit: float | Array = 1.0, limit: float = NORM_LIMIT, **clues: Any) -> Check:
    """Compare an array with what it ought to be; returns a Check that says why not.

    An entry agrees within 1e-9 max(1, |value|) + 1e-6 max(|got|, |expected|), and all together within `limit` of their norm.

    Parameters
    ----------
    got, expected : the array in question, and what it ought to be (float64)
    name : what the message calls it
    value : the size of the numbers that `expected` was computed from
    unsure : a function of an index, for entries that disagree: the interval in which `expected` lies where it cannot be trusted
             (see `on_kink`), True when nothing is known of it, None or False when it can be trusted
    unit : what entries are measured in; with the size of each entry, the smallest must be right to as many digits as the largest
    limit : less than 1e-8 where `expected` is exact to rounding
    **clues : as in `check`
    """
    expected = np.asarray(real("expected", expected, "fiubc"))
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
            kinks[index] = _excused(unsure(index), got[index])
    wrong &= ~kinks
    norm_error, a, n = math.inf, a[~kinks], n[~kinks]
    if finite.all():
        gap, length = float(np.linalg.norm(a - n)), float(max(np.linalg.norm(a), np.linalg.norm(n)))
        norm_error = gap / max(length, scale / 10)
        if length and (wrong.any() or norm_error > limit):
            norm_error = gap / length  # what is wrong is reported in units of the result itself, however small
    ok = bool(norm_error <= limit and not wrong.any() and not kinks.all())
    if ok:
        why = []
    elif not np.isfinite(expected).all():
        why = [f"{name} cannot be judged: what it is compared with is not finite itself. Check at another point"]
    elif kinks.all():
        why = [f"{name}: every entry sits on a kink, where a difference proves nothing. Check at another point"]
    else:
        why = diagnose(got, expected, name=name, wrong=wrong, kinks=kinks, unit=unit, **clues)
    return Check(ok, norm_error, wrong, kinks, got, expected, why, limit=limit)


def _excused(interval: Any, answer: Any) -> bool:
    return bool(interval[0] <= answer <= interval[1]) if isinstance(interval, tuple) else bool(interval)


def central(f: Function, x: Any) -> Array:
    """The gradient of f at x by central differences, shaped like x. Calls f twice for every entry."""
    x, f = _float64(x).copy(), function("f", f, "lambda x: (x * x).sum()")
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        h = STEP * max(1.0, abs(x[index]))
        below, above = x.copy(), x.copy()
        below[index] -= h
        above[index] += h
        h = (above[index] - below[index]) / 2  # the one that floating point really took
        gradient[index] = (number(f(above)) - number(f(below))) / (2 * h)
    return gradient


def directional(f: Function, x: Any, v: Any) -> float:
    """<df/dx, v> by a central difference along v (shaped like x)."""
    x, v, f = _float64(x).copy(), _float64(v).copy(), function("f", f, "lambda x: (x * x).sum()")
    if x.shape != v.shape or not x.size or not np.isfinite([x, v]).all():
        raise ValueError(f"x and v must be finite, of one shape, with at least one entry; got {shown(x)} and {shown(v)}")
    h = STEP * max(1.0, float(np.abs(x).max())) / max(float(np.abs(v).max()), 1e-300)
    return (number(f(x + h * v)) - number(f(x - h * v))) / (2 * h)


def complex_step(f: Function, x: Any) -> Array:
    """The gradient of f at x from Im f(x + ih) / h with h = 1e-30. No difference is taken, so nothing cancels.

    f must be analytic and take complex numbers, with no abs, no maximum, no comparison of x itself (Squire & Trapp 1998, SIAM
    Review 40(1)).
    """
    x, f = _float64(x).copy(), function("f", f, "lambda x: (x * x).sum()")
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        z = x.astype(complex)
        z[index] += 1e-30j
        gradient[index] = np.imag(f(z)).item() / 1e-30
    return gradient


def on_kink(f: Function, x: Array, index: tuple[int, ...]) -> tuple[float, float] | None:
    """Where the difference of `central` at entry `index` cannot be trusted: the interval in which the derivative lies; else None.

    On a corner within h of x these are the slopes to its left and right. Where smaller steps find the slope, the interval is
    narrow. Where nothing settles it is everything.
    """
    watched = Watched(f)
    with np.errstate(all="ignore"):
        line = Entry(watched.beside, _float64(x).copy(), watched(x), index)
        return trusted(line, 4 * EPS * abs(line.value), line.sides(STEP * line.unit))


def _float64(x: Any) -> Array:
    x = np.asarray(real("x", x, ANY))
    if x.dtype != np.float64:
        raise TypeError(f"gradient checks need float64; got {x.dtype}. Build the network with dtype=np.float64")
    return x
