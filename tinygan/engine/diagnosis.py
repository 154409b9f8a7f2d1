"""Why is an array not what it ought to be? What a failing gradient check says."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .arguments import Array

Constants = Mapping[str, float] | None
Suspects = Mapping[str, Array | Callable[[], Any]] | None
RELATIVE_LIMIT = 1e-6  # on each entry, of max(|got|, |expected|)
EXPLAINS = 0.1  # a cause is named when what it would give is this many times nearer to the result than the truth is
SMALL_ENTRY = 1e-3  # an error of an entry, relative: below this it is a small one


def diagnose(got: Any, expected: Array, *, name: str = "the result", batch: int | None = None, constants: Constants = None,
             suspects: Suspects = None, wrong: Array | None = None, kinks: Array | None = None,
             unit: float | Array = 1.0, accuracy: float = 1e-6) -> list[str]:
    """Why the array `got` is not the array `expected`, as a list of one to five lines, from the first of these that applies.

    1. its shape: transposed, or not summed over the batch
    2. it is None, a list, of the wrong dtype, not finite, or zero everywhere
    3. it is the truth times a number: -1, 2, the size of the batch, a constant; or the truth transposed, rounded down or clipped
    4. it equals one of the suspects; one that gives the number of 3. is named there as well
    5. it is off by less than 1e-6 of its size
    6. otherwise: which entries, the three worst with their ratios

    A cause is named by 3. and 4. only if the result is within 1e-6 of what that cause gives, and ten times nearer to it than to
    the truth. So a small error is not blamed on a mistake that would have left the result as it is.

    Parameters
    ----------
    got, expected : the array in question, and what it ought to be
    name : what the lines call it
    batch : the batch size, if there is a batch
    constants : name -> number, for the constants in the formula
    suspects : likely mistake -> the array that comes of it, or a function without arguments that gives it
    wrong, kinks : masks of the entries that disagree, and of those on a kink, which prove nothing
    unit : as in `gradcheck.compare`
    accuracy : how well `expected` is known, relative; 1e-6 stands for all that is known better
    """
    unfit = misfit(got, expected, name, batch)
    if unfit:
        return [unfit]
    got = np.asarray(got)
    judged = np.ones(expected.shape, bool) if kinks is None else ~kinks
    wrong = judged & ~(np.abs(got - expected) <= RELATIVE_LIMIT * np.maximum(1e-3, np.abs(expected))) if wrong is None else wrong
    off = _gap(got, expected, judged, unit)
    near = min(max(1e-6, accuracy), EXPLAINS * off)
    cause = _not_a_number(got, expected, name) or _factor(got / unit, expected / unit, judged, near, name, batch, constants or {})
    square = got.ndim == 2 and got.shape[0] == got.shape[1] > 1
    if cause is None and square and _gap(got, expected.swapaxes(0, 1), judged, unit) <= near:
        cause = f"{name} is exactly the truth transposed: swap the two axes, or the order of the product"
    cause = cause or _rounded(got, expected, name)
    gaps = {mistake: _gap(got, made() if callable(made) else made, judged, unit) for mistake, made in (suspects or {}).items()}
    mistake = min(gaps, key=gaps.__getitem__, default=None)
    named = [f"{name} is what comes out by this mistake: {mistake}"] if mistake and gaps[mistake] <= near else []
    cause = cause or (None if named else _clipped(got, expected, wrong, judged, name))  # many results end at some number
    if cause is not None or named:
        return [cause, *named] if cause else named
    return _small(got, expected, judged, off, name, unit) + _location(got, expected, wrong, name, unit)


def misfit(got: Any, expected: Array, name: str, batch: int | None) -> str | None:
    """What is wrong with the kind of thing that `got` is, before its numbers are looked at; None when it can be compared."""
    if got is None:
        return f"{name} is None: does the function end in `return`?"
    if not isinstance(got, np.ndarray | np.generic | float | int | complex):
        wanted = f"a NumPy array of shape {expected.shape}" if expected.ndim else "a number"
        comma = ": is there a comma behind it?" if isinstance(got, tuple) and len(got) == 1 else ""
        return f"{name} is a {type(got).__name__}; it must be {wanted}{comma}"
    shape, dtype = np.shape(got), np.asarray(got).dtype
    if shape != expected.shape:
        hint = f"; it must have {expected.shape}"
        if len(shape) == 2 and shape == expected.shape[::-1]:
            hint += ": transposed"
        elif batch is not None and expected.ndim == 2 and expected.shape[0] == 1 and shape == (batch, expected.shape[1]):
            hint += ": sum over the batch"
        elif expected.shape == (1, *shape):
            hint += ": keep the summed axis, with keepdims=True"
        elif shape == ():
            hint += ": one number cannot hold them all; something was summed or averaged away"
        elif expected.shape == ():
            one = ": take the number out of the array, with .item()"
            hint = f"; it must be one number{one if np.size(got) == 1 else ''}"
        elif batch is not None and shape == (batch, batch):
            hint += ": a (N, 1) array met a (N,) array and broadcast"
        return f"{name} has shape {shape}{hint}"
    if dtype.kind not in "fc" or dtype != expected.dtype:
        return f"{name} is {dtype}; it must be {expected.dtype}, like what it is computed from"
    return None


def _not_a_number(got: Array, expected: Array, name: str) -> str | None:
    bad = np.argwhere(~np.isfinite(got))
    if bad.shape[0]:
        which = f"{bad.shape[0]} of {got.size} entries, the first at {_place(bad[0])}, " if got.ndim else ""
        causes = "an overflow, a log of 0, a root of a negative number or a division by 0"
        return f"{name} is not finite: {which}{got[tuple(bad[0])]}: {causes}"
    if got.any():
        return None
    if not got.ndim:
        return f"{name} is zero: it must be {expected:.6g}"
    low, high = expected.min(), expected.max()
    one = not np.ptp(expected) > 1e-6 * np.abs(expected).max()  # also where both are NaN
    seen = f"{name} is zero everywhere: the truth " + (f"is {low:.6g}" if one else f"goes from {low:.3g} to {high:.3g}")
    if high <= 0:
        return f"{seen}. Is it clipped at 0, by np.maximum or np.clip?"
    return seen + ". Is it rounded down, by // or int()?" * bool(0 <= low and high < 1)


def _rounded(got: Array, expected: Array, name: str) -> str | None:
    """The sentence for a result that is the truth rounded down, or without what stands behind the point."""
    apart = got.size > 2 and np.ptp(got) > 0 and np.abs(got - expected).max() > SMALL_ENTRY  # whole numbers can agree by chance
    whole = apart and any(
        np.array_equal(got, down(expected)) for down in (np.floor, np.trunc))
    return f"{name} is the truth rounded down to whole numbers: is there a // or an int()?" if whole else None


def _clipped(got: Array, expected: Array, wrong: Array, judged: Array, name: str) -> str | None:
    """The sentence for a result that is the truth, but for two or more entries at a limit that the truth exceeds."""
    low, high = got[judged].min(), got[judged].max()
    below, above = wrong & (got == low) & (expected < low), wrong & (got == high) & (expected > high)
    if not np.array_equal(below | above, wrong) or wrong.sum() == judged.sum() or 1 in (below.sum(), above.sum()):
        return None
    limits = " and ".join(f"{limit:.6g}" for limit, side in ((low, below), (high, above)) if side.any())
    beyond = f"it must go beyond in {wrong.sum()} of {wrong.size} entries"
    return f"{name} is the truth clipped at {limits}: {beyond}" if limits else None


def _factor(got: Array, expected: Array, judged: Array, near: float, name: str, batch: int | None,
            constants: Mapping[str, float]) -> str | None:
    """The cause when `got` is a number times `expected`: a sign, a mean taken twice or never, a forgotten constant."""
    a, n = _near_one(got[judged], expected[judged])
    lengths = np.linalg.norm(a) * np.linalg.norm(n)
    if lengths == 0 or abs(np.vdot(a, n)) < 0.999 * lengths or _gap(a, n * (np.vdot(n, a) / np.vdot(n, n))) > near:
        return None
    ratio = float(np.real(np.vdot(n, a) / np.vdot(n, n)))
    known = {-1.0: "a sign is the wrong way round", 2.0: "a factor 2 too many: was 1/2 left out, or a square's 2 kept?",
             0.5: "a factor 2 is missing: the derivative of a square, or a 1/2 that is not in the formula"}
    if batch is not None:
        known |= {float(batch): f"it was not divided by the batch size {batch}, so the mean over the batch is missing",
                  1 / batch: f"it was divided once too often by the batch size {batch}. Is there a mean where a sum belongs, "
                             "or was a mean taken twice?"}
    for constant, number in constants.items():
        known |= {float(number): f"{constant} was applied once too often", 1 / number: f"{constant} was left out"}
    everywhere = " in every entry" if a.size > 1 else ""
    for factor, cause in known.items():
        for sign, also in ((1, ""), (-1, "a sign is the wrong way round, and ")):
            if math.isclose(ratio, sign * factor, rel_tol=1e-5) and not math.isclose(ratio, 1, rel_tol=1e-5):
                return f"{name} is {ratio:.6g} times the truth{everywhere}: {also}{cause}"
    if a.size == 1 or math.isclose(ratio, 1, rel_tol=1e-5):
        return None  # one number is always a multiple of another
    return f"{name} is {ratio:.6g} times the truth in every entry: a constant factor is wrong"


def _gap(got: Array, other: Any, judged: Any = ..., unit: float | Array = 1.0) -> float:
    """|got - other| in units of the larger one; infinite where they cannot be compared, or are nothing."""
    if other is None or np.shape(other) != got.shape or not np.all(np.isfinite(other)):
        return math.inf
    a, b = _near_one((got / unit)[judged], (np.asarray(other) / unit)[judged])
    size = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / size) if size > 0 else 0.0


def _near_one(a: Array, b: Array) -> tuple[Array, Array]:
    """Both in units of the largest entry, so that the square of none overflows, and not all of them vanish."""
    largest = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0)) or 1.0
    return a / largest, b / largest


def _small(got: Array, expected: Array, judged: Array, off: float, name: str, unit: float | Array) -> list[str]:
    """The sentence for a result that is nearly right in all its entries; nothing for any other."""
    a, n = _near_one((got / unit)[judged], (expected / unit)[judged])
    differs = np.abs(a - n) > SMALL_ENTRY * np.abs(n)
    if not off <= 1e-6 or np.linalg.norm((a - n)[differs]) > 0.1 * np.linalg.norm(a - n):
        return []
    return [f"{name} is wrong by {off:.0e} of its size only: float32 inside, an eps in a log or a root, or a rounded constant?"]


def _digits(got: Any, expected: Any) -> int:
    """How many digits after the first show that two numbers differ, from 6 to 16."""
    off = abs(got - expected) / max(abs(got), abs(expected), 1e-300)
    return min(max(6, math.ceil(-math.log10(off)) + 1), 16) if 0 < off < math.inf else 6


def _location(got: Array, expected: Array, wrong: Array, name: str, unit: float | Array) -> list[str]:
    """Which entries are wrong, what they have in common, and the three worst."""
    if got.ndim == 0:
        digits = _digits(got, expected) + 2
        return [f"{name} is {got:.{digits}g}; it must be {expected:.{digits}g}"]
    bad = np.argwhere(wrong)
    line = f"{name}: {bad.shape[0]} of {wrong.size} entries wrong"
    if not bad.size:
        wrong = np.isfinite(expected) & (got != expected)
        bad, line = np.argwhere(wrong), f"{name}: every entry is within its limit, yet together they are too far away"
    if wrong.ndim == 2 and bad.shape[0] < wrong.size:
        rows, columns = set(bad[:, 0].tolist()), set(bad[:, 1].tolist())
        if len(columns) == 1 and wrong.shape[1] > 1:
            line += f", all in column {columns.pop()}"
        elif len(rows) == 1 and wrong.shape[0] > 1:
            line += f", all in row {rows.pop()}"
    order = np.argsort(-np.abs((got - expected) / unit)[wrong])[:3]
    lines = [_entry(bad[i], got[tuple(bad[i])], expected[tuple(bad[i])]) for i in order]
    return [line + "; the worst:", *lines]


def _entry(place: Array, got: Any, expected: Any) -> str:
    """One wrong entry, with yours, expected, and their ratio."""
    digits = _digits(got, expected)
    ratio = f", ratio {got / expected:.{digits}g}" if expected else ""
    return f"  {_place(place)}: yours {got:+.{digits}e}, expected {expected:+.{digits}e}{ratio}"


def _place(index: Array) -> str:
    return "[" + ", ".join(map(str, index)) + "]"
