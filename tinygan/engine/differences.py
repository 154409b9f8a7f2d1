"""A slope of f from values of f alone, with its error, by central differences, whose steps grow and shrink.

    slope(line, answer, ...)      the derivative along a line, its error, and where it can be on a corner
    trusted(line, ...)            whether one difference can be trusted, and what the derivative can be if not

The difference with step h is f' + a h^2 + b h^4 + ... for a smooth f. Two steps h and h/4 remove a, three also b (Richardson's
extrapolation). Rounding adds an error of about eps |f| / h. So the step shrinks while the formula's error is the larger one, and
grows while rounding's is. Only what does not settle at any step is a corner, a jump, or no function.
"""

import math
from typing import NamedTuple

import numpy as np

from .arguments import Array
from .ladders import RATIO, Ladder, Line

NORM_LIMIT = 1e-8  # on |a - n| / max(|a|, |n|)
TIMES_ERROR = 3.0  # a difference may be off by this many times its estimated error
PATIENCE = 3  # growing steps that bring nothing
TRUSTED = 1e-7  # a difference is trusted that is as near to the slope as this, in units of max(1, |f|, |slope|)


def length(array: Array) -> float:
    """The norm of all entries together, also where their squares would overflow."""
    largest = float(np.abs(array).max(initial=0))
    return largest * float(np.linalg.norm(array / largest)) if 0 < largest < math.inf else largest


class Slope(NamedTuple):
    """A derivative, value +- error. `unsure` says why there is none; it is empty when there is.

    On a corner, any number between the slopes to the left and to the right is one, and so is what is as near as `error`.
    """

    value: float
    error: float
    unsure: str = ""
    left: float = 0.0
    right: float = 0.0

    @property
    def corner(self) -> bool:
        return self.left != self.right

    @property
    def low(self) -> float:
        return min(self.left, self.right) - self._wide()

    @property
    def high(self) -> float:
        return max(self.left, self.right) + self._wide()

    def _wide(self) -> float:
        return self.error + 1e-6 * max(abs(self.left), abs(self.right))


class Slopes(NamedTuple):
    """What differences say about each entry."""

    numeric: Array
    error: Array
    kinks: Array  # on a corner, and the answer lies between its slopes
    outside: list[str]  # a line for each answer that lies outside the slopes of its corner
    unsure: list[str]  # a line for each entry where f has no slope that could be found
    noise: float  # how far each value of f is off; 0 where nobody had to know
    flat: bool = False  # f is the same on both sides of every entry


def slope(line: Line, answer: float, noise: float, target: float, first: tuple[float, float, float]) -> Slope:
    """The derivative along a line, as exactly as it takes to judge `answer`.

    Parameters
    ----------
    line : an Entry or a Direction
    answer : the derivative that is claimed, from which the search knows when it is done
    noise : how far each value of f is off
    target : the error that is small enough, where the answer agrees; also relative, 3e-7
    first : (h, f below, f above) of a first look
    """
    ladder = Ladder(line, noise, first)
    value, error = _settle(ladder, answer, target)
    if _has_gap(ladder, max(abs(value), abs(answer))):
        while ladder.shrink() and _gap_can_be_seen(ladder):
            pass
        corner = _corner(ladder)
        if corner is not None:
            return corner
        value, error = ladder.central()[:2]
        if not error <= 1e-2 * max(abs(value), abs(answer)) and not _fades(ladder):
            return _at_an_edge(ladder) or Slope(value, error, _why_unsure(ladder))
    if not _agrees(answer, value, error) and not _confirmed(ladder, answer, value):
        value, error = ladder.central()[:2]
    small = max(1e-2 * max(abs(value), abs(answer)), 3 * float(ladder.rounding().min()))
    if _agrees(answer, value, error) or error <= small:
        return Slope(value, error)
    return _at_an_edge(ladder) or Slope(value, error, _why_unsure(ladder))


def _confirmed(ladder: Ladder, answer: float, value: float) -> bool:
    """Whether a step as small as rounding allows finds the slope `value` as well; if not, all steps down to there are taken.

    A fine ripple of f is invisible to larger steps, which agree with each other on the slope without it.
    """
    apart = abs(answer - value)
    h = max(200 * ladder.least() / apart if apart > 0 else math.inf, ladder.line.shortest)
    if h > ladder.smallest / RATIO:
        return True
    step, below, above = ladder.line.sides(h)
    if abs((above - below) / (2 * step) - value) <= 0.1 * apart:
        return True
    while ladder.smallest / RATIO >= h and ladder.shrink():
        pass
    ladder.only_near((above - below) / (2 * step), 0.1 * apart)
    return False


def trusted(line: Line, noise: float, first: tuple[float, float, float]) -> tuple[float, float] | None:
    """The interval in which the derivative lies, when the difference of the first look cannot be trusted; None when it can."""
    h, below, above = first
    looked = (above - below) / (2 * h)
    ladder = Ladder(line, noise, first)
    value, error = _settle(ladder, math.nan, math.inf)
    if _has_gap(ladder, abs(value)):
        while ladder.shrink() and _gap_can_be_seen(ladder):
            pass
        corner = _corner(ladder)
        if corner is not None:
            return corner.low, corner.high
        value, error = ladder.central()[:2]
    if error > max(1e-2 * abs(value), 3 * float(ladder.rounding().min()), TRUSTED * max(1.0, abs(line.value))):
        return -math.inf, math.inf
    near = TRUSTED * max(1.0, abs(line.value), abs(value)) + TIMES_ERROR * error
    return None if abs(looked - value) <= near else (value - near, value + near)


def _settle(ladder: Ladder, answer: float, target: float) -> tuple[float, float]:
    """Shrink or grow the steps until the slope is known well enough to judge the answer, or cannot be known better."""
    useless, least = 0, math.inf
    ladder.shrink()
    while True:
        value, error, rounded = ladder.central()
        size = max(abs(value), abs(answer)) if math.isfinite(answer) else abs(value)
        bent = _has_gap(ladder, size)
        if not bent and (error <= min(target, 3e-7 * size) or (abs(answer - value) > 20 * error and error <= 1e-4 * size)):
            return value, error
        useless, least = (0 if error < 0.7 * least else useless + 1), min(least, error)
        smaller = RATIO * ladder.least() / ladder.steps[-1]  # what rounding would add with the next smaller step
        large = float(ladder.rounding()[-1]) > 8 * smaller / RATIO  # f is much larger at x +- h than at x
        if (bent or large or 2 * rounded < error) and smaller < max(error, 1e-2 * float(ladder.gaps()[-1])) and ladder.shrink():
            continue
        if bent or useless > PATIENCE or not ladder.grow():
            return value, error


def _agrees(answer: float, value: float, error: float) -> bool:
    return error < math.inf and abs(answer - value) <= 3e-7 * max(abs(answer), abs(value)) + TIMES_ERROR * error


def _has_gap(ladder: Ladder, size: float) -> bool:
    """Whether the slopes to the left and right still differ at the smallest step, by more than a smooth function allows."""
    gap = ladder.gaps()[-1]
    return bool(ladder.irregular()[-1] and not gap <= 1e-7 * size)


def _gap_can_be_seen(ladder: Ladder) -> bool:
    gaps = ladder.gaps()
    finite = gaps[np.isfinite(gaps)]
    return not finite.size or not np.isfinite(gaps[-1]) or bool(100 * RATIO * ladder.rounding()[-1] < finite.max())


def _fades(ladder: Ladder) -> bool:
    """Whether the gap between the slopes is smaller at the smallest steps than before."""
    gaps = ladder.gaps()
    gaps = gaps[np.isfinite(gaps)]
    return bool(gaps.size and gaps[-1] < 0.1 * gaps.max())


def _corner(ladder: Ladder) -> Slope | None:
    """The slopes to the left and to the right, when both settle and the gap between them stays at the smallest steps."""
    (left, left_error, _), (right, right_error, _) = ladder.beside(-1), ladder.beside(1)
    size, error = max(abs(left), abs(right)), left_error + right_error
    gap, seen = abs(right - left), ladder.gaps()
    seen = seen[np.isfinite(seen)]
    if not (error <= 1e-2 * size and gap > 4 * error and gap > 1e-6 * size and seen.size and seen[-1] > gap / 2):
        return None
    return Slope((left + right) / 2, error, "", left, right)


def _at_an_edge(ladder: Ladder) -> Slope | None:
    """The slope on the side where f exists, when it does not exist on the other."""
    for side, other in ((-1, ladder.above), (1, ladder.below)):
        if not np.isfinite(other).any():
            value, error, _ = ladder.beside(side)
            slopes = np.abs(ladder.one_sided(side))
            return Slope(value, error) if error <= 1e-4 * slopes[np.isfinite(slopes)][:1].max(initial=0) else None
    return None


def _why_unsure(ladder: Ladder) -> str:
    """What f does where its slope does not settle, and what to do about it."""
    below, above = np.array(ladder.below), np.array(ladder.above)
    for side, values in (("-", below), ("+", above)):
        if not np.isfinite(values).any():
            return f"f is not finite at x {side} h, even for tiny h (the edge of a logarithm, a root or a division): move x away"
    jumps = np.abs(above - below)[np.isfinite(above - below)]
    if jumps.size > 3 and jumps[-1] > 0.8 * jumps[-4] > 0:
        return "f jumps there (sign, floor, round, argmax or a comparison): move x away from the jump"
    return "the slope does not settle, however small the step (f is infinitely steep or rough there): move x away"
