"""The values of f on both sides of a point, for a row of steps, and their extrapolation to step 0.

    line = Entry(f, x, value, index)      or Direction(f, x, value, v): where f is called
    ladder = Ladder(line, noise, first)   steps that shrink and grow; central(), left() and right() are the slopes for step 0
"""

import math
from collections.abc import Callable

import numpy as np

from .arguments import Array

Call = Callable[[Array], float]
EPS = float(np.finfo(np.float64).eps)
RATIO = 4.0  # from one step to the next smaller one
LARGEST = 1.0  # the largest step, times max(1, |x|)


class Line:
    """f along a straight line through x, in units of max(1, |x|): sides(h) is (h as it really was, f below, f above)."""

    def __init__(self, f: Call, x: Array, value: float, unit: float, shortest: float) -> None:
        self.f, self.x, self.value, self.unit, self.shortest = f, x, value, unit, shortest

    def sides(self, h: float) -> tuple[float, float, float]:
        raise NotImplementedError


class Entry(Line):
    """f when one entry of x moves."""

    def __init__(self, f: Call, x: Array, value: float, index: tuple[int, ...]) -> None:
        size = abs(float(x[index]))
        super().__init__(f, x, value, max(1.0, size), max(64 * float(np.spacing(size)), 1e-150))
        self.index = index

    def sides(self, h: float) -> tuple[float, float, float]:
        below, above = self.x.copy(), self.x.copy()
        below[self.index] -= h
        above[self.index] += h
        return float(above[self.index] - below[self.index]) / 2, self.f(below), self.f(above)


class Direction(Line):
    """f when all of x moves along v, of which the largest entry is 1."""

    def __init__(self, f: Call, x: Array, value: float, v: Array) -> None:
        size = float(np.abs(x).max())
        super().__init__(f, x, value, max(1.0, size), 1e4 * float(np.spacing(size)))
        self.v = v

    def sides(self, h: float) -> tuple[float, float, float]:
        return h, self.f(self.x - h * self.v), self.f(self.x + h * self.v)


class Ladder:
    """The values of f on both sides of x for a row of steps, from the largest to the smallest."""

    def __init__(self, line: Line, noise: float, first: tuple[float, float, float]) -> None:
        self.line, self.noise = line, noise
        self.largest = self.smallest = first[0]  # as they were asked for: the true ones differ by rounding
        self.steps, self.below, self.above = [first[0]], [first[1]], [first[2]]
        self.skipped = 0  # of the largest steps

    def shrink(self) -> bool:
        """One smaller step; False when there is none left."""
        if self.smallest / RATIO < self.line.shortest:
            return False
        self.smallest /= RATIO
        self._add(len(self.steps), self.line.sides(self.smallest))
        return True

    def grow(self) -> bool:
        """One larger step; False when there is none left."""
        ratio = RATIO if self.largest < 0.01 * self.line.unit else 2.0  # near the size of x itself each step counts
        if self.largest * ratio > LARGEST * self.line.unit:
            return False
        self.largest *= ratio
        self._add(0, self.line.sides(self.largest))
        return True

    def _add(self, place: int, sides: tuple[float, float, float]) -> None:
        for row, number in zip((self.steps, self.below, self.above), sides, strict=True):
            row.insert(place, number)

    def rounding(self) -> Array:
        """What rounding adds to each central difference."""
        sizes = EPS * np.maximum(np.abs(self.below), np.abs(self.above))
        return np.maximum(self.noise, np.where(np.isfinite(sizes), sizes, 0)) / np.array(self.steps)

    def least(self) -> float:
        """How far f is off next to x, at the least."""
        return max(self.noise, EPS * abs(self.line.value))

    def central(self) -> tuple[float, float, float]:
        """The slope from steps so small that f bends little between its sides, where the gap falls with the step."""
        i = self._regular()
        steps = np.array(self.steps)
        return extrapolated((np.array(self.above) - self.below)[i:] / 2 / steps[i:], self.rounding()[i:], steps[i:] ** 2)

    def one_sided(self, side: int) -> Array:
        """The slopes to the left (side -1) or to the right (side 1) for each step."""
        return side * (np.array(self.above if side > 0 else self.below) - self.line.value) / self.steps

    def beside(self, side: int) -> tuple[float, float, float]:
        """The slope to the left (side -1) or to the right (side 1)."""
        return extrapolated(self.one_sided(side), 2 * self.rounding(), np.array(self.steps))

    def gaps(self) -> Array:
        """|right slope - left slope| for each step. It falls with the step, except on a corner."""
        return np.abs(np.array(self.above) - 2 * self.line.value + self.below) / self.steps

    def irregular(self) -> Array:
        """For each step but the largest, whether the gap is not as much smaller than before as it is for a smooth f."""
        steps, gaps, rounding = np.array(self.steps), self.gaps(), 8 * self.rounding()
        return ~(gaps[1:] <= 1.6 * steps[1:] / steps[:-1] * gaps[:-1] + rounding[1:])  # True for NaN

    def only_near(self, slope: float, distance: float) -> None:
        """From now on only the steps count that find this slope, those below the last one that is further away."""
        far = np.flatnonzero(~(np.abs((np.array(self.above) - self.below) / 2 / self.steps - slope) <= distance))
        self.skipped = int(far[-1]) + 1 if far.size else 0

    def _regular(self) -> int:
        """The first of the steps from which on all are regular; at least two are left."""
        bad = np.flatnonzero(self.irregular())
        first = int(bad[-1]) + 1 if bad.size else 0
        return min(max(first, self.skipped), max(len(self.steps) - 2, 0))


def extrapolated(rows: Array, rounding: Array, powers: Array) -> tuple[float, float, float]:
    """The limit of `rows` for step 0: value, error, and the part of rounding in it. `powers` are the steps, or their squares.

    Each column removes one more power of the step. Of all numbers in the table the one with the least error is taken. Its error
    is its distance from the two numbers that it was made of (Ridders 1982), plus the error of rounding.
    """
    best = (math.nan, math.inf, 0.0)
    before: list[float] = []
    for k, row in enumerate(rows.tolist()):
        if not math.isfinite(row):
            before = []
            continue
        column, rounded = [row], float(rounding[k])
        for j, older in enumerate(before[:8]):
            column.append(column[j] + (column[j] - older) / (float(powers[k - j - 1] / powers[k]) - 1))
            off = abs(column[j + 1] - column[j])
            error = rounded + (max(off, abs(column[j + 1] - older)) if j else 4 * off)
            if error < best[1]:
                best = (column[j + 1], error, rounded)
        before = column
    return best
