"""The arrays that people pass to a data set. They are checked, copied, and read-only from then on."""

import math
from typing import Any

import numpy as np

from ..engine import arguments
from ..engine.arguments import Array

DECIMALS = 6  # a column whose numbers have more is not rounded


def matrix(name: str, x: Any, rows: int) -> Array:
    """`x` as a read-only float64 copy (N, d) with d >= 1. Data sets are shared between runs, and must not change."""
    x = arguments.points(name, x, rows=rows)
    if x.shape[-1] == 0:
        raise ValueError(f"{name} must have at least 1 column; got shape {x.shape}")
    return frozen(x)


def own_labels(name: str, labels: Any, rows: int) -> Array:
    """A read-only copy of the labels, (rows,). Raises ValueError for another number of them."""
    labels = np.array(arguments.real(f"{name}: labels", labels, "fiubSU"))
    if labels.shape != (rows,):
        raise ValueError(f"{name}: labels must be one for each of the {rows} rows; got shape {labels.shape}")
    labels.flags.writeable = False
    return labels


def given_up(x: Array) -> Array:
    """`x`, which nobody else holds, as read-only, so that `frozen` makes no copy of it."""
    x.flags.writeable = False
    return x


def frozen(x: Any) -> Array:
    """A read-only float64 copy; `x` itself where it is read-only and no view."""
    if type(x) is np.ndarray and x.dtype == np.float64 and x.flags.c_contiguous and x.flags.owndata and not x.flags.writeable:
        return x
    x = np.array(x, dtype=np.float64, order="C")  # rows together in memory: drawing rows is what samples do
    x.flags.writeable = False
    return x


def decimals_of(x: Array) -> tuple[int | None, ...]:
    """How many decimals the numbers in each column of `x` (N, d) have at most; None for more than 6."""
    return tuple(next((k for k in range(DECIMALS + 1) if np.array_equal(column.round(k), column)), None)
                 for column in x.swapaxes(-1, -2))


def positive(name: str, values: Any, *shapes: tuple[int, ...]) -> Array:
    """`values` as a float64 array of one of the `shapes`, every entry finite and above 0."""
    values = np.asarray(arguments.real(name, values, arguments.ANY))
    if values.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be numbers; got an array of {values.dtype}")
    if values.shape not in shapes:
        raise ValueError(f"{name} must have shape {' or '.join(map(str, shapes))}; got {values.shape}")
    bad = values[~(np.isfinite(values) & (values > 0))]
    if bad.size:
        raise ValueError(f"{name} must be finite and above 0; got {bad[0]}")
    return values.astype(np.float64)


def check_names(name: str, columns: Any, dim: int) -> None:
    """Raises ValueError unless `columns` are None, or a name for each of `dim` columns."""
    named = isinstance(columns, (list, tuple)) and len(columns) == dim and all(isinstance(column, str) for column in columns)
    if columns is not None and not named:
        raise ValueError(f"{name}: columns must be {dim} names, such as ('width', 'height'); got {arguments.shown(columns)}")


def check_image(name: str, image: Any, dim: int) -> None:
    """Raises TypeError or ValueError unless `image` is None, or the (height, width) of images that fit into `dim` numbers."""
    if image is None:
        return
    if not isinstance(image, (tuple, list)) or len(image) != 2:
        raise TypeError(f"{name}: image must be (height, width), the pixels; got {arguments.shown(image)}")
    for side in image:
        arguments.count(f"{name}: image", side)
    if dim % math.prod(image):
        raise ValueError(f"{name}: rows of {dim} numbers are no images of {' x '.join(map(str, image))} pixels")


def span(values: Array) -> str:
    """The range of the values in words."""
    low, high = values.min(), values.max()
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
