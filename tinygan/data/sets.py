"""Kinds of data sets, namely mixtures with a known density, curves, and points. The contract stands in `tinygan.data`."""

import functools
import math
from typing import Any

import numpy as np

from ..engine import arguments
from ..engine.arguments import Array, shown
from .arrays import check_image, check_names, decimals_of, frozen, matrix, own_labels, positive, span
from .base import DataSet
from .labels import class_count


class Mixture(DataSet):
    """A mixture of K isotropic Gaussians in d dimensions: p(x) = sum_k w_k N(x; c_k, sigma_k^2 I).

    Parameters
    ----------
    means : (K, d), the centres c_k
    stds : a number, or K of them, the standard deviation sigma_k along each axis
    weights : (K,), the positive shares w_k, equal by default; they must sum to 1 within 1e-6
    name : for tables and plots

    Raises
    ------
    TypeError, ValueError : an argument is not such numbers; the message names it
    """

    def __init__(self, means: Any, stds: Any, weights: Any = None, name: str = "mixture") -> None:
        self.means = matrix("means", means, rows=1)
        self.n_modes, self.dim = self.means.shape
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
        x *= self.stds.take(mode)[:, None] if self._equal is None else self._equal
        x += self.means.take(mode, axis=0)
        return x, mode

    def log_prob(self, x: Any) -> Array:
        """log p(x) in nats, one number for each of the N rows of `x` (N, d); right however far x is from every mode."""
        from scipy.spatial.distance import cdist
        from scipy.special import logsumexp

        x = arguments.points("x", x, self.dim)
        # cdist subtracts before it squares. |x|^2 - 2 x.c + |c|^2 would lose a narrow mode's digits.
        squared = cdist(x, self.means, "sqeuclidean")  # (N, K)
        height = np.log(self.weights) - self.dim * (np.log(self.stds) + 0.5 * math.log(2 * math.pi))  # (K,)
        with np.errstate(over="ignore"):  # beyond the largest float64 the answer is -inf
            return logsumexp(height - squared / self.stds / self.stds / 2, axis=-1)

    def standardized(self) -> "Mixture":
        """The mixture moved to mean 0 and divided by one number, the root mean square over axes of its standard deviation.

        One number for all axes keeps every mode round, so the result is a Mixture too.

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
        moved = Mixture((self.means - center) / scale, self.stds / scale, self.weights, self.name)
        return moved.moved_from(self, center, scale)

    def __repr__(self) -> str:
        weights = "equal weights" if np.ptp(self.weights) == 0 else f"weights {span(self.weights)}"
        return f"Mixture {self.name}: modes {self.n_modes}, dimensions {self.dim}, std {span(self.stds)}, {weights}"


def a_mixture(mixture: Any) -> Mixture:
    """The mixture, if it is one. Raises TypeError. Only a mixture has centres and widths to score against."""
    if not isinstance(mixture, Mixture):
        raise TypeError(f"mixture must be a data.Mixture, such as data.ring(); got {shown(mixture)}. Samples without one are "
                        "compared with true samples: metrics.coverage_and_density, metrics.mmd2 and metrics.c2st")
    return mixture


class Curve(DataSet):
    """Points of a curve, plus noise. A sample is a row of `path`, each equally likely, + noise * N(0, I).

    Parameters
    ----------
    path : (M, d), points along the curve
    noise : a standard deviation, 0 or larger, in the units of `path`
    name : for tables and plots
    labels : None, or (M,), the class of each row of `path`, 0 to K - 1
    """

    def __init__(self, path: Any, noise: float, name: str = "curve", labels: Any = None) -> None:
        self.path, name = matrix("path", path, rows=2), arguments.label("name", name)
        self.labels: Any = None if labels is None else own_labels(name, labels, self.path.shape[-2])
        self.classes = None if labels is None else class_count(name, labels)
        self.noise = arguments.number("noise", noise, above=0, including=(0,))
        self.dim, self.name = self.path.shape[-1], name

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """`n` independent samples, (n, d)."""
        return self._drawn(n, rng)[0]

    def sample_labelled(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """`n` independent samples (n, d), and the class of each, (n,). Raises ValueError without labels."""
        if self.labels is None:
            return super().sample_labelled(n, rng)
        x, rows = self._drawn(n, rng)
        return x, self.labels[rows]

    def _drawn(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Samples, and the rows of `path` that they come from."""
        n = self.check_draw(n, rng)
        x = rng.standard_normal((n, self.dim))
        x *= self.noise
        rows = rng.integers(self.path.shape[-2], size=n)
        x += self.path.take(rows, axis=0)
        return x, rows

    def standardized(self) -> "Curve":
        """The curve moved to mean 0 and divided by one number, as `Mixture.standardized` does: the noise stays round."""
        center = self.path.mean(axis=-2)
        scale = math.sqrt(self.path.var(axis=-2).mean() + self.noise**2)
        return Curve((self.path - center) / scale, self.noise / scale, self.name, self.labels).moved_from(self, center, scale)

    def __repr__(self) -> str:
        return f"Curve {self.name}: dimensions {self.dim}, noise {self.noise:.4g}"


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
