"""What differences say about a whole gradient: a slope for each entry of x, or along a few random directions.

    along_entries(f, analytic, x, value, step)             two calls for each entry, more where they leave a doubt
    along_directions(f, analytic, x, value, step, clues)   the same along DIRECTIONS random directions, for a large x
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .arguments import Array
from .diagnosis import RELATIVE_LIMIT
from .differences import NORM_LIMIT, TIMES_ERROR, Slope, Slopes, length, slope
from .functions import Watched, roughness
from .ladders import EPS, RATIO, Direction, Entry

DIRECTIONS = 20
BEND = 1e-6  # f(x - h) - 2 f(x) + f(x + h) in units of |f|: above this the step may be too long for f
ROUGHER = 4.0  # times the error of a slope, when f is known to few digits: by chance its estimate can be too small
COARSER = RATIO**5  # the step for float32, in units of that for float64: the cube root of 1e-7 instead of 1e-16
Clues = dict[str, Any]


def along_entries(f: Watched, analytic: Array, x: Array, value: float, step: float) -> Slopes:
    """A first look at every entry with one step; a second one, with as many as it takes, where the first leaves a doubt."""
    step *= COARSER if f.float32 else 1.0
    lines = [Entry(f.beside, x, value, index) for index in np.ndindex(x.shape)]
    first = [line.sides(step * line.unit) for line in lines]
    got = analytic.ravel()
    numeric, doubt = _first_look(got, np.array(first).reshape(-1, 3), value)
    error, noise, kinks = np.zeros(x.size), 0.0, np.zeros(x.size, bool)
    outside: list[str] = []
    unsure: list[str] = []
    if doubt.any() or not numeric.any():
        noise = roughness(f, x, value)
        error = np.array([noise / h for h, _, _ in first])
    if x.size and not (got.any() or numeric.any()):  # one direction tells for all entries, whether f moves at larger steps
        found = _along(f, x, value, step, np.random.default_rng(3).choice([-1.0, 1.0], x.shape), 0.0, noise)
        doubt[:] = bool(found.unsure) or found.corner or abs(found.value) > TIMES_ERROR * found.error
        error[:], error[0] = 0, found.error
    doubtful = ROUGHER if noise > 1e4 * EPS * abs(value) else 1.0
    for i in np.flatnonzero(doubt):
        found = slope(lines[i], float(got[i]), noise, _target(got, numeric), first[i])
        place, answer = list(lines[i].index), got[i]
        numeric[i], error[i] = math.nan if found.unsure else found.value, found.error * doubtful
        if found.unsure:
            unsure.append(f"entry {place} cannot be judged: {found.unsure}")
        elif found.corner:
            kinks[i] = found.low <= answer <= found.high
            numeric[i] = min(max(answer, min(found.left, found.right)), max(found.left, found.right))
            outside += [f"  f has a corner at {place}, with the slopes {found.left:.6g} and {found.right:.6g} to its left and "
                        f"right; {answer:.6g} is not between them"] * (not kinks[i])
    flat = all(below == value == above for _, below, above in first)
    return Slopes(numeric.reshape(x.shape), error.reshape(x.shape), kinks.reshape(x.shape), outside, unsure, noise, flat)


def _first_look(got: Array, sides: Array, value: float) -> tuple[Array, Array]:
    """The central differences with one step, and a mask of those that leave a doubt about the answer."""
    h, below, above = sides.T
    numeric, largest = (above - below) / (2 * h), np.maximum(np.abs(below), np.abs(above))
    gap, size = np.abs(got - numeric), np.maximum(np.abs(got), np.abs(numeric))
    doubt = ~(gap <= RELATIVE_LIMIT * size) | (np.abs(above - 2 * value + below) > BEND * np.maximum(largest, abs(value)))
    if not length(gap) <= NORM_LIMIT * length(size):
        doubt |= ~(gap <= _target(got, numeric))
    return numeric, doubt & np.isfinite(got)


def _target(got: Array, numeric: Array) -> float:
    """The error of one entry that does not count among all."""
    sizes = np.maximum(np.abs(got), np.abs(numeric))
    return 2e-9 * length(sizes[np.isfinite(sizes)]) / math.sqrt(max(got.size, 1))


def along_directions(f: Watched, analytic: Array, x: Array, value: float, step: float,
                     clues: Clues) -> tuple[Array, Slopes, Clues]:
    """The answer along random directions, what differences say there, and the suspects as they look there."""
    step *= COARSER if f.float32 else 1.0
    directions = np.random.default_rng(0).choice([-1.0, 1.0], (DIRECTIONS, *x.shape))

    def along(array: Any) -> Array:
        return np.array([float(np.vdot(v, array)) for v in directions])

    got, noise = along(analytic), roughness(f, x, value)
    found = [_along(f, x, value, step, v, answer, noise) for v, answer in zip(directions, got.tolist(), strict=True)]
    numeric = np.array([math.nan if one.unsure else one.value for one in found])
    kinks = np.array([one.corner and one.low <= answer <= one.high for one, answer in zip(found, got.tolist(), strict=True)])
    unsure = [f"the slope along a direction cannot be judged: {one.unsure}" for one in found if one.unsure]
    suspects = {story: along(made) for story, made in _arrays(clues, x.shape)}
    slopes = Slopes(numeric, np.array([one.error for one in found]), kinks, [], unsure, noise)
    return got, slopes, {**clues, "suspects": suspects}


def _arrays(clues: Clues, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """The suspects that have the shape of x."""
    for story, made in (clues.get("suspects") or {}).items():
        array = made() if callable(made) else made
        if array is not None and np.shape(array) == shape:
            yield story, array


def _along(f: Watched, x: Array, value: float, step: float, v: Array, answer: float, noise: float) -> Slope:
    line = Direction(f.beside, x, value, v)
    first = line.sides(step * line.unit / math.sqrt(x.size))
    return slope(line, answer, noise, 2e-9 * abs(answer), first)
