"""Points of a curve with noise. The contract of data sets stands in `tinygan.data`."""

import math
from typing import Any

import numpy as np

from ..engine import arguments
from ..engine.arguments import Array
from .arrays import matrix, own_labels
from .base import DataSet
from .labels import class_count


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
        """The curve moved to mean 0 and divided by one number, as `Mixture.standardized` does. The noise stays round."""
        center = self.path.mean(axis=-2)
        scale = math.sqrt(self.path.var(axis=-2).mean() + self.noise**2)
        return Curve((self.path - center) / scale, self.noise / scale, self.name, self.labels).moved_from(self, center, scale)

    def __repr__(self) -> str:
        return f"Curve {self.name}: dimensions {self.dim}, noise {self.noise:.4g}"
