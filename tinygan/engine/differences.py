"""A slope of f from values of f alone, with its error: central differences with steps that grow and shrink, extrapolated to step 0.

    line = Entry(f, x, index)            or Direction(f, x, v): the points x - h, x + h
    slope(line, answer, ...)             the derivative along it, its error, and where it can be on a corner

The difference with step h is f' + a h^2 + b h^4 + ... for a smooth f. Two steps h and h/4 remove a, three also b (Richardson's
extrapolation). Rounding adds an error of about eps |f| / h. So the step shrinks while the formula's error is the larger one, and
grows while rounding's is. Only what does not settle at any step is a corner, a jump, or no function.
"""

import math
from typing import NamedTuple

import numpy as np

from .arguments import Array
from .functions import EPS, Watched

RATIO = 4.0  # from one step to the next
LARGEST = 0.5  # the largest step, times max(1, |x|)
PATIENCE = 3  # growing steps that bring nothing
TRUSTED = 1e-7  # a difference is trusted that is as near to the slope as this, in units of max(1, |f|, |slope|)


class Line:
    """f along a straight line through x, in units of max(1, |x|): sides(h) is (h as it really was, f below, f above)."""

    def __init__(self, f: Watched, x: Array, value: float, unit: float, shortest: float) -> None:
        self.f, self.x, self.value, self.unit, self.shortest = f, x, value, unit, shortest

    def sides(self, h: float) -> tuple[float, float, float]:
        raise NotImplementedError


class Entry(Line):
    """f when one entry of x moves."""

    def __init__(self, f: Watched, x: Array, value: float, index: tuple[int, ...]) -> None:
        size = abs(float(x[index]))
        super().__init__(f, x, value, max(1.0, size), max(64 * float(np.spacing(size)), 1e-150))
        self.index = index

    def sides(self, h: float) -> tuple[float, float, float]:
        below, above = self.x.copy(), self.x.copy()
        below[self.index] -= h
        above[self.index] += h
        return float(above[self.index] - below[self.index]) / 2, self.f.beside(below), self.f.beside(above)


class Direction(Line):
    """f when all of x moves along v, of which the largest entry is 1."""

    def __init__(self, f: Watched, x: Array, value: float, v: Array) -> None:
        size = float(np.abs(x).max())
        super().__init__(f, x, value, max(1.0, size), 1e4 * float(np.spacing(size)))
        self.v = v

    def sides(self, h: float) -> tuple[float, float, float]:
        return h, self.f.beside(self.x - h * self.v), self.f.beside(self.x + h * self.v)


class Slope(NamedTuple):
    """A derivative: value +- error. `unsure` says why there is none; it is empty when there is.

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


class Ladder:
    """The values of f on both sides of x for a row of steps, from the largest to the smallest."""

    def __init__(self, line: Line, noise: float, first: tuple[float, float, float]) -> None:
        self.line, self.noise = line, noise
        self.largest = self.smallest = first[0]  # as they were asked for: the true ones differ by rounding
        self.steps, self.below, self.above = [first[0]], [first[1]], [first[2]]

    def shrink(self) -> bool:
        """One smaller step; False when there is none left."""
        if self.smallest / RATIO < self.line.shortest:
            return False
        self.smallest /= RATIO
        self._add(len(self.steps), self.line.sides(self.smallest))
        return True

    def grow(self) -> bool:
        """One larger step; False when there is none left."""
        if self.largest * RATIO > LARGEST * self.line.unit:
            return False
        self.largest *= RATIO
        self._add(0, self.line.sides(self.largest))
        return True

    def _add(self, place: int, sides: tuple[float, float, float]) -> None:
        for row, number in zip((self.steps, self.below, self.above), sides, strict=True):
            row.insert(place, number)

    def rounding(self) -> Array:
        """What rounding adds to each central difference."""
        sizes = EPS * np.maximum(np.abs(self.below), np.abs(self.above))
        return np.maximum(self.noise, np.where(np.isfinite(sizes), sizes, 0)) / np.array(self.steps)

    def central(self) -> tuple[float, float, float]:
        return extrapolated((np.array(self.above) - self.below) / 2 / self.steps, self.rounding(), RATIO**2)

    def right(self) -> tuple[float, float, float]:
        return extrapolated((np.array(self.above) - self.line.value) / self.steps, 2 * self.rounding(), RATIO)

    def left(self) -> tuple[float, float, float]:
        return extrapolated((self.line.value - np.array(self.below)) / self.steps, 2 * self.rounding(), RATIO)

    def gaps(self) -> Array:
        """Right slope minus left slope, for each step: it falls with the step, except on a corner."""
        return (np.array(self.above) - 2 * self.line.value + self.below) / self.steps


def extrapolated(rows: Array, rounding: Array, factor: float) -> tuple[float, float, float]:
    """The limit of `rows` for step 0 (each step a quarter of the one before): value, error, and the part of rounding in it.

    Each column removes one more power of the step. Of all numbers in the table the one with the least error is taken, where the
    error is its distance from the two numbers that it was made of (Ridders 1982), and rounding's.
    """
    best = (math.nan, math.inf, 0.0)
    before: list[float] = []
    for row, rounded in zip(rows.tolist(), rounding.tolist(), strict=True):
        if not math.isfinite(row):
            before = []
            continue
        column = [row]
        for j, older in enumerate(before[:8]):
            power = factor ** (j + 1)
            column.append((power * column[j] - older) / (power - 1))
            error = max(abs(column[j + 1] - column[j]), abs(column[j + 1] - older)) if j else abs(column[1] - column[0])
            if error + rounded < best[1]:
                best = (column[j + 1], error + rounded, rounded)
        before = column
    return best


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
    if _agrees(answer, value, error):
        return Slope(value, error)
    if _has_gap(ladder, max(abs(value), abs(answer))):
        while ladder.shrink() and _gap_can_be_seen(ladder):
            pass
        value, error = ladder.central()[:2]
        if _agrees(answer, value, error):
            return Slope(value, error)
        corner = _corner(ladder)
        if corner is not None:
            return corner
    if error <= 1e-2 * max(abs(value), abs(answer)) or error <= 3 * float(ladder.rounding().min()):
        return Slope(value, error)
    return _at_an_edge(ladder) or Slope(value, error, _why_unsure(ladder))


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
    if error > 1e-2 * abs(value) and error > 3 * float(ladder.rounding().min()):
        return -math.inf, math.inf
    near = TRUSTED * max(1.0, abs(line.value), abs(value))
    return None if abs(looked - value) <= near + 3 * error else (value - 3 * error - near, value + 3 * error + near)


def _settle(ladder: Ladder, answer: float, target: float) -> tuple[float, float]:
    """Shrink or grow the steps until the slope is known well enough to judge the answer, or cannot be known better."""
    useless, least = 0, math.inf
    ladder.shrink()
    while True:
        value, error, rounded = ladder.central()
        size = max(abs(value), abs(answer)) if math.isfinite(answer) else abs(value)
        if error <= min(target, 3e-7 * size) or (abs(answer - value) > 20 * error and error <= 1e-4 * size):
            return value, error
        useless, least = (0 if error < 0.7 * least else useless + 1), min(least, error)
        smaller = float(ladder.rounding()[-1]) * RATIO  # what rounding would add with the next smaller step
        if 2 * rounded < error and smaller < error and ladder.shrink():
            continue
        if useless > PATIENCE or not ladder.grow():
            return value, error


def _agrees(answer: float, value: float, error: float) -> bool:
    return error < math.inf and abs(answer - value) <= 3e-7 * max(abs(answer), abs(value)) + 3 * error


def _has_gap(ladder: Ladder, size: float) -> bool:
    """Whether the slopes to the left and to the right differ by more than a smooth function allows with these steps."""
    gaps, rounding = np.abs(ladder.gaps()), 4 * ladder.rounding()
    if not np.isfinite(gaps[-2:]).all():
        return True
    return bool(gaps[-1] > 0.4 * gaps[-2] + rounding[-1] and gaps[-1] > 1e-7 * size + 2 * rounding[-1])


def _gap_can_be_seen(ladder: Ladder) -> bool:
    gaps = np.abs(ladder.gaps())
    finite = gaps[np.isfinite(gaps)]
    return not finite.size or not np.isfinite(gaps[-1]) or bool(100 * RATIO * ladder.rounding()[-1] < finite.max())


def _corner(ladder: Ladder) -> Slope | None:
    """The slopes to the left and to the right, when both settle and the gap between them stays at the smallest steps."""
    (left, left_error, _), (right, right_error, _) = ladder.left(), ladder.right()
    size, error = max(abs(left), abs(right)), left_error + right_error
    gap, seen = abs(right - left), np.abs(ladder.gaps())
    seen = seen[np.isfinite(seen)]
    if not (error <= 1e-2 * size and gap > 4 * error and gap > 1e-6 * size and seen.size and seen[-1] > gap / 2):
        return None
    return Slope((left + right) / 2, error, "", left, right)


def _at_an_edge(ladder: Ladder) -> Slope | None:
    """The slope on the side where f exists, when it does not exist on the other."""
    for side, other in ((ladder.left, ladder.above), (ladder.right, ladder.below)):
        if not np.isfinite(other).any():
            value, error, _ = side()
            return Slope(value, error) if error <= 1e-4 * abs(value) else None
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
