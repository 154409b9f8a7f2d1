"""Rows against rows, with scores that need no known density, so that a curve, images and a user's own table have theirs too.

    rows_report      coverage, density, MMD, a classifier's test, W1 of each column, and the correlations
    bandwidth        a length for MMD: the median distance between rows
    untied           the same rows with no two equal values in a column
    tied_columns     the columns in which most values repeat

True rows do not score perfectly. Put the report of other true rows beside that of generated ones. Where rows repeat, as years
or counts do, the balls around them have radius 0. Other true rows lie in them, and a generator that makes numbers between the
years never meets one. The report of `untied` true rows shows how much of a difference is due to that. SciPy is imported where
it is used.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..engine.arguments import Array, points
from .clouds import c2st, coverage_and_density, deviations, mmd2
from .line import wasserstein_1d
from .memory import FAR_AWAY

LEAST = 6  # rows: coverage looks at the fifth neighbour
PAIRED = 1000  # rows whose distances make the bandwidth
REPEATS = 0.5  # a column is tied where at least this share of its values stands in it already


class RowsReport(NamedTuple):
    """The scores of `rows_report`; `w1` has a number for each column."""

    coverage: float
    density: float
    mmd2: float
    c2st: float
    z: float
    w1: tuple[float, ...]
    correlation: float

    def columns(self) -> dict[str, str]:
        """{heading: text}, a row of `table`; a dash where there is one column and so no correlation."""
        return {"coverage": f"{self.coverage:.1%}", "density": f"{self.density:.3f}", "MMD2": f"{self.mmd2:.1e}",
                "C2ST": f"{self.c2st:.1%}", "z": f"{self.z:.1f}", "mean W1": f"{np.mean(self.w1):.4f}",
                "largest W1": f"{max(self.w1):.4f}", "correlations": "-" if math.isnan(self.correlation) else
                f"{self.correlation:.4f}"}


def rows_report(x: Any, real: Any, rng: np.random.Generator) -> RowsReport:
    """Score N rows against N true ones. Each column is divided by the standard deviation that it has in `real`.

    Parameters
    ----------
    x, real : (N, d) each, N at least 6: the rows to be judged, and true ones
    rng : draws the halves of the classifier's test

    Returns
    -------
    coverage, density : `coverage_and_density` with k = 5: 0.969 and 1 for true rows without ties
    mmd2 : `mmd2` at the median distance between true rows; 0 on average for true rows
    c2st, z : `c2st`: 1/2 and 0 on average for true rows
    w1 : of each column the distance W1, in standard deviations of the column; infinite where x is not finite
    correlation : the mean of |r - r_true| over all pairs of columns, r being the correlation; NaN for a single column. A column
        that is constant has the correlation 0 with all others; rows of x that are not finite, or beyond 1e100, are left out
    """
    real = np.asarray(points("real", real, rows=LEAST), np.float64)
    x = np.asarray(x, np.float64)
    if x.shape != real.shape:
        raise ValueError(f"rows_report compares equally many rows of the same columns; got {x.shape} and {real.shape}")
    unit = _unit(real)
    x, real = x / unit, real / unit
    scores = coverage_and_density(x, real), float(mmd2(x, real, bandwidth(real))), c2st(x, real, rng)
    w1 = tuple(wasserstein_1d(a, b) for a, b in zip(x.swapaxes(0, 1), real.swapaxes(0, 1), strict=True))
    return RowsReport(*scores[0], scores[1], *scores[2], w1, _correlation_error(x, real))


def _unit(real: Array) -> Array:
    """The standard deviation of each column (d,), or 1 where it is constant."""
    constant = (real == real[0]).all(axis=-2)
    return np.where(constant, 1.0, real.std(axis=-2))


def bandwidth(real: Any) -> float:
    """The median distance between true rows (N, d), of at most 1000 of them; the mean where the median is 0, and 1 for copies.

    References
    ----------
    Gretton et al. 2012, A Kernel Two-Sample Test, section 8.
    """
    from scipy.spatial.distance import pdist

    real = points("real", real, rows=2)
    distances = pdist(real[np.linspace(0, real.shape[0] - 1, min(PAIRED, real.shape[0])).astype(int)])
    return float(np.median(distances)) or float(distances.mean()) or 1.0


def _correlation_error(x: Array, real: Array) -> float:
    good = x[(np.abs(x) < FAR_AWAY).all(axis=-1)]  # False for NaN; beyond it squares overflow
    if real.shape[-1] < 2 or good.shape[0] < 2:
        return math.nan
    pairs = np.triu_indices(real.shape[-1], 1)
    return float(np.abs(_correlations(good) - _correlations(real))[pairs].mean())


def _correlations(x: Array) -> Array:
    """The correlations of all pairs of columns (d, d); 0 with a constant column."""
    off = deviations(x)
    length = np.linalg.norm(off, axis=-2)
    off /= np.where(length > 0, length, 1.0)
    return off.swapaxes(0, 1) @ off


def tied_columns(real: Any) -> list[int]:
    """The columns of (N, d) in which at least half of the values stand in it already, but not the constant ones."""
    distinct = [np.unique(column).size for column in np.asarray(real).swapaxes(0, 1)]
    return [i for i, size in enumerate(distinct) if 1 < size <= (1 - REPEATS) * np.shape(real)[0]]


def untied(real: Any, rng: np.random.Generator) -> Array:
    """The rows (N, d), each value moved by lot, by less than half of the way to the nearest other value of its column.

    Parameters
    ----------
    real : (N, d), true rows
    rng : draws how far each value is moved
    """
    moved = np.array(real, np.float64)
    for column in moved.swapaxes(0, 1):
        values, place = np.unique(column, return_inverse=True)
        if values.size > 1:
            gaps = np.diff(values)
            nearest = np.minimum(np.append(np.inf, gaps), np.append(gaps, np.inf))  # (values,)
            column += nearest[place] * rng.uniform(-0.5, 0.5, column.size)
    return moved
