"""Kinds of data sets, namely mixtures with a known density, and points. The contract stands in `tinygan.data`."""

import functools
import math
from typing import Any

import numpy as np

from ..engine import arguments
from ..engine.arguments import Array, shown
from .arrays import check_image, check_names, decimals_of, frozen, matrix, own_labels, positive, span
from .base import DataSet
from .labels import class_count
from .shapes import Shapes


class Mixture(DataSet):
    """A mixture of K Gaussians in d dimensions: p(x) = sum_k w_k N(x; c_k, S_k), where S_k = sigma_k^2 I for round modes.

    Parameters
    ----------
    means : (K, d), the centres c_k
    stds : for round modes, a number, or K of them, the standard deviation sigma_k along each axis
    weights : (K,), the positive shares w_k, equal by default; they must sum to 1 within 1e-6
    name : for tables and plots
    covariances : in the place of stds, the matrices S_k, (K, d, d), or (d, d) for all modes; symmetric and positive definite

    Attributes
    ----------
    stds : (K,), the sigma_k; with covariances the root mean square of each mode's standard deviations along the axes
    shapes : None for round modes, else the `Shapes` of the covariances

    Raises
    ------
    TypeError, ValueError : an argument is not such numbers; the message names it

    Examples
    --------
    >>> from tinygan import data
    >>> data.Mixture([[0, 0], [3, 0]], covariances=[[.1, .06], [.06, .1]])
    Mixture mixture: modes 2, dimensions 2, std 0.2 to 0.4 along principal axes, equal weights
    """

    def __init__(self, means: Any, stds: Any = None, weights: Any = None, name: str = "mixture", *,
                 covariances: Any = None) -> None:
        self.means = matrix("means", means, rows=1)
        self.n_modes, self.dim = self.means.shape
        if stds is None and covariances is None:
            raise TypeError("stds must be numbers; got None. Modes that are not round have covariances in their place")
        if stds is not None and covariances is not None:
            raise ValueError("a mixture has stds, for round modes, or covariances; got both")
        self.shapes = None if covariances is None else Shapes(covariances, self.n_modes, self.dim)
        if self.shapes is not None:
            stds = np.sqrt(np.square(self.shapes.stds).mean(axis=-1))
        self.stds = frozen(np.broadcast_to(positive("stds", stds, (), (self.n_modes,)), (self.n_modes,)))
        self.weights = frozen(np.full(self.n_modes, 1 / self.n_modes) if weights is None else self._shares(weights))
        self.name, self.classes = arguments.label("name", name), self.n_modes
        self._equal = float(self.stds[0]) if np.ptp(self.stds) == 0 else None  # one number for all modes multiplies faster
        self._steps = np.cumsum(self.weights)
        self._steps[-1] = 1.0  # rounding must not leave a gap above the last step

    def _shares(self, weights: Any) -> Array:
        weights = positive("weights", weights, (self.n_modes,))
        if abs(weights.sum() - 1) > 1e-6:
            raise ValueError(f"weights must sum to 1; got a sum of {weights.sum():.6g}. Divide them by their sum")
        return weights / weights.sum()

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """`n` independent samples, (n, d)."""
        return self.sample_labelled(n, rng)[0]

    def sample_labelled(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """`n` independent samples (n, d), and the mode of each, (n,)."""
        n = self.check_draw(n, rng)
        mode = np.searchsorted(self._steps, rng.random(n), side="right")
        x = rng.standard_normal((n, self.dim))
        if self.shapes is None:
            x *= self.stds.take(mode)[:, None] if self._equal is None else self._equal
        else:
            x = self.shapes.spread(x, mode)
        x += self.means.take(mode, axis=0)
        return x, mode

    def log_prob(self, x: Any) -> Array:
        """log p(x) in nats, one number for each of the N rows of `x` (N, d); right however far x is from every mode."""
        from scipy.spatial.distance import cdist
        from scipy.special import logsumexp

        x = arguments.points("x", x, self.dim)
        # cdist subtracts before it squares. |x|^2 - 2 x.c + |c|^2 would lose a narrow mode's digits.
        with np.errstate(over="ignore"):  # beyond the largest float64 the answer is -inf
            squared = (cdist(x, self.means, "sqeuclidean") / self.stds / self.stds if self.shapes is None
                       else self.shapes.squared(x, self.means))  # (N, K)
            size = np.log(self.stds) if self.shapes is None else np.log(self.shapes.stds).mean(axis=-1)  # (K,)
            height = np.log(self.weights) - self.dim * (size + 0.5 * math.log(2 * math.pi))
            return logsumexp(height - squared / 2, axis=-1)

    def nearest(self, x: Array) -> Array:
        """The nearest mode of each row of `x` (N, d), (N,); with covariances that of the least Mahalanobis distance."""
        from scipy.spatial import cKDTree

        if self.shapes is not None:
            return self.shapes.squared(x, self.means).argmin(axis=-1)
        found: Array = cKDTree(self.means).query(x)[1]
        return found

    def whitened(self, x: Array, mode: Array) -> Array:
        """Rows of `x` (N, d) as offsets from the centres of their modes (N,), in units in which each mode is N(0, I)."""
        if self.shapes is None:
            return (x - self.means[mode]) / self.stds[mode, None]
        return self.shapes.whitened(x - self.means[mode], mode)

    @property
    def covariances(self) -> Array:
        """The covariance matrix of each mode, (K, d, d)."""
        return np.square(self.stds)[:, None, None] * np.eye(self.dim) if self.shapes is None else self.shapes.covariances

    @property
    def principal_stds(self) -> Array:
        """Each mode's standard deviations along its principal axes, (K, d)."""
        return np.broadcast_to(self.stds[:, None], self.means.shape) if self.shapes is None else self.shapes.stds

    @property
    def axis_stds(self) -> Array:
        """Each mode's standard deviations along the axes of space, (K, d)."""
        return self.principal_stds if self.shapes is None else np.sqrt(self.covariances.diagonal(axis1=-2, axis2=-1))

    def standardized(self) -> "Mixture":
        """The mixture moved to mean 0 and divided by one number, the root mean square over axes of its standard deviation.

        One number for all axes keeps every round mode round.

        >>> from tinygan import data
        >>> inside = data.ring().standardized()
        >>> inside
        Mixture ring: modes 8, dimensions 2, std 0.01414, equal weights
        >>> print(inside.restore([[1.0, 1.0]]).round(3))
        [[1.414 1.414]]
        """
        center = self.weights @ self.means  # (d,)
        between = self.weights @ (self.means - center) ** 2  # (d,)
        scale = math.sqrt(between.mean() + self.weights @ self.stds**2)
        size = {"stds": self.stds / scale} if self.shapes is None else {"covariances": self.shapes.covariances / scale**2}
        moved = Mixture((self.means - center) / scale, weights=self.weights, name=self.name, **size)
        return moved.moved_from(self, center, scale)

    def __repr__(self) -> str:
        weights = "equal weights" if np.ptp(self.weights) == 0 else f"weights {span(self.weights)}"
        std = span(self.principal_stds) + " along principal axes" * (self.shapes is not None)
        return f"Mixture {self.name}: modes {self.n_modes}, dimensions {self.dim}, std {std}, {weights}"


def a_mixture(mixture: Any) -> Mixture:
    """The mixture, if it is one. Raises TypeError. Only a mixture has centres and widths to score against."""
    if not isinstance(mixture, Mixture):
        raise TypeError(f"mixture must be a data.Mixture, such as data.ring(); got {shown(mixture)}. Samples without one are "
                        "compared with true samples: metrics.coverage_and_density, metrics.mmd2 and metrics.c2st")
    return mixture


class Points(DataSet):
    """A finite set of points.

    Parameters
    ----------
    x : (N, d), finite real numbers, at least two rows
    name : for tables and plots
    columns : d names, or None
    labels : (N,), one for each row, or None
    image : None, or (height, width) where each row is an image, channels last
    """

    def __init__(self, x: Any, name: str = "points", columns: tuple[str, ...] | None = None, labels: Any = None,
                 image: tuple[int, int] | None = None) -> None:
        self.x = matrix(arguments.label("name", name), x, rows=2)
        self.seen = self.x  # as the data were before any change of units
        self.name, self.columns, self.image = name, columns, image
        self.dim = self.x.shape[-1]
        check_names(name, columns, self.dim)
        check_image(name, image, self.dim)
        self.labels: Any = None if labels is None else own_labels(name, labels, self.x.shape[-2])

    @property
    def classes(self) -> int | None:  # type: ignore[override]
        """How many classes the labels name, or None without labels. Raises TypeError or ValueError unless they are 0 to K - 1."""
        return None if self.labels is None else class_count(self.name, self.labels)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """`n` distinct rows in random order, (n, d). Raises ValueError when there are fewer than n."""
        return self.x.take(self._rows(n, rng), axis=0)

    def sample_labelled(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """`n` distinct rows (n, d), and the label of each, (n,). Raises ValueError without labels."""
        if self.labels is None:
            return super().sample_labelled(n, rng)
        rows = self._rows(n, rng)
        return self.x.take(rows, axis=0), self.labels[rows]

    def _rows(self, n: int, rng: np.random.Generator) -> Array:
        """The numbers of n distinct rows."""
        n, rows = self.check_draw(n, rng), self.x.shape[-2]
        if n > rows:
            raise ValueError(f"{self.name} has {rows} rows, so it cannot give {n} distinct ones: ask for at most {rows}, "
                             "for instance with a smaller batch")
        return rng.choice(rows, size=n, replace=False)

    def standardized(self) -> "Points":
        """The points with mean 0 and standard deviation 1 in every column; a constant column becomes 0, with scale 1."""
        constant = (self.x == self.x[0]).all(axis=-2)
        with np.errstate(over="ignore", invalid="ignore"):
            center = np.where(constant, self.x[0], self.x.mean(axis=-2))
            scale = np.where(constant, 1.0, self.x.std(axis=-2))
        bad = np.flatnonzero(~(np.isfinite(scale) & (scale > 0)))
        if bad.size:
            raise ValueError(f"{self.name}: the spread of column {bad[0]} is too large or too small for float64. "
                             "Change its unit")
        moved = Points((self.x - center) / scale, self.name, self.columns, self.labels, self.image)
        moved.seen = self.seen
        return moved.moved_from(self, center, scale)

    @functools.cached_property
    def bounds(self) -> tuple[Array, Array]:
        """The smallest and the largest number of each column, in the original units."""
        return self.seen.min(axis=-2), self.seen.max(axis=-2)

    @functools.cached_property
    def decimals(self) -> tuple[int | None, ...]:
        """How many decimals the numbers of each column have at most, in the original units; None for more than 6."""
        return decimals_of(self.seen)

    @property
    def constant(self) -> Array:
        """Which columns (dim,) always come back at their one value. A pixel does not."""
        low, high = self.bounds
        return np.asarray((low == high) & (self.image is None))

    def settled(self, x: Any) -> Any:
        """`x` (N, dim), made by a generator, with its value in each column that was constant."""
        return np.where(self.constant, self.apply(self.bounds[0]), x) if self.constant.any() else x

    def in_units(self, x: Any, like_data: bool = False) -> Array:
        """`x` (N, dim), made by a generator, in the original units; a column that was constant is so again, but for a pixel.

        `like_data` rounds and clips each column to what was seen. Where all its numbers have at most k decimals, k from 0 to 6,
        it is rounded to k. No number is beyond the range of the data.
        """
        low, high = self.bounds
        made = np.where(self.constant, low, self.restore(x))
        if like_data:
            np.clip(made, low, high, out=made)
            for j, decimals in enumerate(self.decimals):
                made[:, j] = made[:, j] if decimals is None else made[:, j].round(decimals)
        return made

    def cells(self, x: Array, like_data: bool = False) -> list[list[Any]]:
        """The columns of `x` (N, dim), in the original units, as lists; with `like_data`, whole numbers where those seen are."""
        found = []
        for decimals, column in zip(self.decimals if like_data else [None] * self.dim, x.swapaxes(0, 1), strict=True):
            whole = decimals == 0 and np.abs(column).max() < 2**53  # all of these have an int64
            found.append((column.astype(np.int64) if whole else column).tolist())
        return found

    def rows(self, x: Array, like_data: bool = False) -> list[list[Any]]:
        """`x` (N, dim), in the original units, as rows of a table; `like_data` as in `cells`."""
        return [list(row) for row in zip(*self.cells(x, like_data), strict=True)]

    def __repr__(self) -> str:
        return f"Points {self.name}: rows {self.x.shape[-2]}, columns {self.dim}"

    def __str__(self) -> str:
        return "\n".join([repr(self), *self.notes])
