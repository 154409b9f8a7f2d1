"""The museum's second room: measures, which must be right before anything else can be seen to be wrong."""

import math

import numpy as np

from ..grading import Exercise, Mistake, Wrong

# ---------------------------------------------------------------- M.06


def _histogram_truth(points, n, cells):
    column, row = points[:2 * n:2] * cells // 1, points[1:2 * n:2] * cells // 1
    return {"share": np.array([[np.mean((row == i) & (column == j)) for j in range(cells)] for i in range(cells)])}


def _histogram(points, n, cells, cut, whole=None):
    """cut(values, i) takes what is thought to be point i out of the list."""
    values, share = points.tolist(), np.zeros((cells, cells))
    for i in range(n):
        point = cut(values, i)
        if len(point) > 1:
            share[int(point[1] * cells), int(point[0] * cells)] += 1 / (whole or n)
    return share


def _scaled(share):
    return share / share.sum()


def _splice(values, start, count):
    taken = values[start:start + count]
    del values[start:start + count]
    return taken


HISTOGRAM = Exercise(
    "M.06", "true_histogram", "the histogram that ate its data",
    lambda rng: (rng.uniform(size=120), int(rng.integers(35, 45)), int(rng.integers(4, 7))), _histogram_truth,
    solution=lambda points, n, cells: _histogram(points, n, cells, lambda values, i: values[2 * i:2 * i + 2]),
    mistakes=(
        Mistake("most points were never counted: the list has been shrinking while it was read",
                lambda points, n, cells: _histogram(points, n, cells, lambda values, i: _splice(values, 2 * i, 2 * i + 2))),
        Mistake("every other point was skipped: two numbers are taken out, and the place to read still moves on by two",
                lambda points, n, cells: _histogram(points, n, cells, lambda values, i: _splice(values, 2 * i, 2))),
        Mistake("point i begins at entry 2 i; from entry i on, the x of a point is taken for the y of another",
                lambda points, n, cells: _histogram(points, n, cells, lambda values, i: values[i:i + 2])),
        Mistake("x and y changed places", lambda points, n, cells: _histogram(
            points, n, cells, lambda values, i: values[2 * i:2 * i + 2][::-1]), "transposed"),
        Mistake("the histogram was scaled to 1 in the end; the lost points stay lost",
                lambda points, n, cells: _scaled(_histogram(
            points, n, cells, lambda values, i: _splice(values, 2 * i, 2 * i + 2)))),
        Mistake("the histogram was scaled to 1 in the end; the skipped points stay lost",
                lambda points, n, cells: _scaled(_histogram(
            points, n, cells, lambda values, i: _splice(values, 2 * i, 2)))),
        Mistake("the n-th points were taken from the end of the list: the first n were asked for", lambda points, n, cells: (
            _histogram(points[::-1], n, cells, lambda values, i: values[2 * i:2 * i + 2][::-1]))),
        Mistake("all points were counted, and each as 1 / n: only the first n belong to the share", lambda points, n, cells: (
            _histogram(points, points.size // 2, cells, lambda values, i: values[2 * i:2 * i + 2], n))),
        Mistake("those are counts: each point is 1 / n of the share", lambda points, n, cells: _histogram(
            points, n, cells, lambda values, i: values[2 * i:2 * i + 2], 1)),
        Mistake("that is a density, the share over the area of a cell", lambda points, n, cells: cells**2 * _histogram(
            points, n, cells, lambda values, i: values[2 * i:2 * i + 2])),
        Mistake("all points were counted, not the first n", lambda points, n, cells: _histogram(
            points, points.size // 2, cells, lambda values, i: values[2 * i:2 * i + 2])),
        Mistake("a share of n points, divided by the number of all of them", lambda points, n, cells: _histogram(
            points, n, cells, lambda values, i: values[2 * i:2 * i + 2], points.size // 2), "constant factor"),
    ),
    hints=("What does share.sum() give? And how many entries of the list are left at the end?",
           "The second argument of `splice` is how many to take. Of `slice`, which takes nothing away, it is where to stop.",
           "To look at point i, nothing needs to be taken out: values[2 * i:2 * i + 2]."),
)


# ---------------------------------------------------------------- M.07


KINDS = {"the verdict on values that are equal or near": (0.0, 0.4, -0.9),
         "the verdict on values that are too large": (1 + 1e-6, 30, 1e6),  # NumPy's isclose adds 1e-5 of what is expected
         "the verdict on values that are too small": (-1 - 1e-6, -30, -1e6),
         "the verdict on infinities and NaN": (math.inf, -math.inf, math.nan)}  # how many tolerances away they are
NEAR = next(iter(KINDS))
TURNED = "the verdict on values that are near, but of the other sign"


def _tolerance_case(rng):
    expected, tolerance = float(rng.choice([-1, 1]) * rng.uniform(0.2, 2)), float(rng.uniform(0.005, 0.05))
    around = [np.array(away) * tolerance + expected for away in KINDS.values()]
    return np.concatenate([*around, np.array(KINDS[NEAR]) * tolerance - expected]), expected, tolerance


def _verdicts(answer, values, expected, tolerance):
    """1 where the answer says that a value agrees, kind by kind."""
    said = [answer(value, expected, tolerance) for value in values.tolist()]
    for value, verdict in zip(values, said, strict=True):
        if not isinstance(verdict, bool | np.bool_):
            raise Wrong(f"agrees must return True or False; for {value:.4g} it returns {verdict!r}")
    return dict(zip((*KINDS, TURNED), np.array(said, float).reshape(-1, 3), strict=True))


TOLERANCE = Exercise(
    "M.07", "agrees", "the test with one side", _tolerance_case,
    lambda values, expected, tolerance: {kind: np.full(3, float(kind == NEAR)) for kind in (*KINDS, TURNED)},
    solution=lambda value, expected, tolerance: abs(value - expected) < tolerance,
    observe=_verdicts,
    mistakes=(
        Mistake("whatever is far too small passes", lambda value, expected, tolerance: value - expected < tolerance),
        Mistake("whatever is far too large passes", lambda value, expected, tolerance: expected - value < tolerance),
        Mistake("NaN passes: no comparison with NaN is true, so `not ... > tolerance` is",
                lambda value, expected, tolerance: not abs(value - expected) > tolerance),
        Mistake("the sign was taken off before the difference, so the tolerance has one side still",
                lambda value, expected, tolerance: abs(value) - abs(expected) < tolerance),
        Mistake("only a value that is equal, or nearly so, passes", lambda value, expected, tolerance: value == expected),
        Mistake("half of the tolerance was allowed", lambda value, expected, tolerance: abs(value - expected) < tolerance / 2),
        Mistake("np.isclose and np.allclose add 1e-5 times what is expected to the tolerance: rtol=0 turns that off",
                lambda value, expected, tolerance: bool(np.isclose(value, expected, atol=tolerance))),
        Mistake("the sizes were compared, and the sign was lost: -1 agrees with 1; take the difference first, then its size",
                lambda value, expected, tolerance: abs(abs(value) - abs(expected)) < tolerance),
        Mistake("the tolerance was taken relative to what is expected; it is a distance",
                lambda value, expected, tolerance: abs(value - expected) < tolerance * abs(expected)),
        Mistake("everything passes", lambda value, expected, tolerance: True),
    ),
    hints=("Try agrees(-1000.0, 0.3133, 0.01).",
           "A distance has no sign: take the absolute value of the difference.",
           "abs(value - expected) < tolerance. With NaN this is False, as it should be; `not (... > tolerance)` would be True."),
)

EXHIBITS = (HISTOGRAM, TOLERANCE)
