"""What all data sets share. The contract stands in `tinygan.data`."""

import functools
import hashlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from ..engine import arguments
from ..engine.arguments import Array
from ..engine.machine import fits

Data = TypeVar("Data", bound="DataSet")
DEEP = 3  # a data set holds arrays, tuples of arrays, and objects that hold arrays


class DataSet:
    """What all data sets share. They check what `sample` is asked for, and change between original and standardised units."""

    sample: Callable[[int, np.random.Generator], Array]
    standardized: Callable[[], "DataSet"]
    dim: int
    name: str
    columns: tuple[str, ...] | None = None  # the columns' names, where they have any
    notes: tuple[str, ...] = ()  # what a user should know of how the data were read
    image: tuple[int, int] | None = None  # height and width, where a row is an image, channels last
    classes: int | None = None  # how many classes there are, where each sample has one
    groups: tuple[int, ...] = ()  # how many one-hot columns each category has; they are the last columns
    shift: Any = 0.0
    scale: Any = 1.0

    def sample_labelled(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """`n` samples (n, dim), those of `sample`, and the class of each, (n,). Raises ValueError where there are no classes."""
        raise ValueError(f"{self.name} has no labels: it cannot say which class a sample belongs to")

    def restore(self, x: Any) -> Array:
        """`x` (..., dim) in the original units. Raises ValueError when the last axis is not `dim`."""
        x = arguments.floats("x", x, np.dtype(np.float64))
        if x.shape[-1:] != (self.dim,):
            raise ValueError(f"restore expects (..., {self.dim}), got {x.shape}")
        return x * self.scale + self.shift

    def in_units(self, x: Any, like_data: bool = False) -> Array:
        """`x` (N, dim), made by a generator, in the original units. Raises ValueError for `like_data`, which is for `Points`."""
        if like_data:
            raise ValueError(f"{self.name} is drawn from a formula: it has no fixed decimals, and no range to be clipped to")
        return self.restore(x)

    def settled(self, x: Any) -> Any:
        """`x` (N, dim), made by a generator, as a sample, with categories one-hot, else unchanged."""
        return x

    def apply(self, x: Any) -> Array:
        """`x` (..., dim) from the original units into those of this data set, the inverse of `restore`."""
        x = arguments.floats("x", x, np.dtype(np.float64))
        if x.shape[-1:] != (self.dim,):
            raise ValueError(f"apply expects (..., {self.dim}), got {x.shape}")
        return (x - self.shift) / self.scale

    def moved_from(self: Data, source: "DataSet", center: Array, scale: Any) -> Data:
        """Record that this data set is (source - center) / scale, where source may be standardised already."""
        self.shift, self.scale = source.shift + source.scale * center, source.scale * scale
        self.notes = source.notes
        return self

    def check_draw(self, n: Any, rng: Any) -> int:
        """n as an int, where `sample` may be called with n and rng. Raises TypeError, ValueError or MemoryError."""
        arguments.generator("rng", rng)
        n = arguments.count("n", n)
        if n * self.dim > 1 << 20:  # not at each step of a training
            fits(f"{n} samples of {self.name}", n, self.dim)
        return n


def fingerprint(data: Any) -> str:
    """`repr(data)` and eight digits that stand for all arrays in `data`: other numbers have other digits, almost surely.

    The `repr` is for people, and leaves out most numbers. So a stopped run knows by this whether it goes on with the same data.
    A number counts to a millionth of the largest one in its column, so that another machine, whose last digits differ, finds the
    same.

    >>> from tinygan.data import Mixture
    >>> from tinygan.data.base import fingerprint
    >>> fingerprint(Mixture([[0.0, 1.0]], .5))
    'Mixture mixture: modes 1, dimensions 2, std 0.5, equal weights, numbers 2495b9c4'
    """
    digest = hashlib.sha256()
    for array in _arrays(data, DEEP):
        digest.update(f"{array.shape}".encode() + _rounded(array).tobytes())
    return f"{data!r}, numbers {digest.hexdigest()[:8]}"


def _rounded(array: Array) -> Array:
    """The numbers of each column in millionths of its largest, and that largest one: what is almost 0 is 0, whatever its sign.

    A millionth is 2^-20 here, for halves and quarters, as pixels have them, must not lie between two steps.
    """
    with np.errstate(all="ignore"):  # a user's own data may hold what is not finite
        largest = np.abs(array).max(axis=tuple(range(array.ndim - 1)), keepdims=True, initial=0.0)
        largest = np.array([float(f"{number:.6g}") for number in largest.flat]).reshape(largest.shape)
        return np.concatenate([np.round(2.0**20 * array / np.where(largest == 0, 1, largest)).ravel(), largest.ravel()]) + 0.0


def _arrays(thing: Any, deep: int) -> Iterator[Array]:
    """The arrays of numbers in a thing, by their names; without private ones, and those that are computed when asked for."""
    if isinstance(thing, np.ndarray):
        if thing.dtype.kind in "biuf":
            yield np.atleast_1d(thing).astype(np.float64)
    elif deep:
        parts = vars(thing) if hasattr(thing, "__dict__") else dict(enumerate(thing)) if isinstance(thing, (tuple, list)) else {}
        for name in sorted(parts, key=str):
            if not (str(name).startswith("_") or isinstance(getattr(type(thing), str(name), None), functools.cached_property)):
                yield from _arrays(parts[name], deep - 1)
