"""Where real samples come from, namely mixtures with a known density, curves, and a user's own points.

Every data set has

    sample(n, rng)     n samples, an (n, dim) float64 array; rng is a numpy Generator
    dim, name          the number of columns, and what to call the data in tables and plots
    columns            the names of the columns, or None
    classes            how many classes there are, or None; then sample_labelled(n, rng) gives samples and their classes
    image              height and width where a row is an image, or None
    standardized()     the same data with mean 0 and standard deviation 1
    restore(x)         samples of a standardised data set, put back into the original units
    apply(x)           points in the original units, standardised as the data set was

A standardised data set remembers its `scale` and `shift`. `restore` is x * scale + shift, and `apply` its inverse. Nothing here
keeps random state. The same `rng` gives the same samples.
"""

import functools
import math
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import files
from ..engine import arguments
from ..tables import Reading
from .base import DataSet
from .curve import Curve
from .labels import class_count, one_hot, whole_labels
from .mixed import Mixed, from_cells, from_table, is_frame, names_of
from .mixtures import gaussians_1d, grid, hypercube, lattice, ring, square, tilted_ring
from .pictures import Patches, brightness, faces, images, patches
from .sets import Mixture, Points

__all__ = ["NAMES", "Curve", "DataSet", "Halves", "Mixed", "Mixture", "Patches", "Points", "brightness", "by_name", "circles",
           "class_count", "digits", "faces", "from_array", "from_file", "gaussians_1d", "grid", "halves", "hypercube", "images",
           "lattice", "moons", "one_hot", "patches", "ring", "spokes", "square", "swiss_roll", "tilted_ring", "whole_labels"]

SPLIT_SEED = 0  # of the two halves of the digits, the same for everybody


class Halves(NamedTuple):
    """scikit-learn's digits, each image in one of the two; `labels` (N,) are read-only."""

    training: Points
    held_out: Points


# scikit-learn spaces n points of a moon or circle evenly, ends included, so its n points are not n independent samples.
# Its generators draw each curve once, with so many points that their gaps do not matter; `Curve` draws from these.
_ON_CURVE = 100_000


def moons(noise: float = 0.05) -> Curve:
    """Two interleaved half circles of radius 1, scikit-learn's `make_moons`."""
    from sklearn.datasets import make_moons

    return Curve(make_moons(_ON_CURVE, shuffle=False)[0], noise, "moons")


def circles(noise: float = 0.05, factor: float = 0.5) -> Curve:
    """Two circles around the origin, scikit-learn's `make_circles`.

    Parameters
    ----------
    noise : a standard deviation, 0 or larger
    factor : the radius of the inner circle, between 0 and 1; that of the outer one is 1
    """
    from sklearn.datasets import make_circles

    factor = arguments.number("factor", factor, above=0, below=1)
    return Curve(make_circles(_ON_CURVE, shuffle=False, factor=factor)[0], noise, "circles")


def spokes(number: int = 5, noise: float = 0.03) -> Curve:
    """Straight lines from radius 1 to 2, like spokes, at the angles 2 pi k / number; the class of a sample is its spoke k.

    Parameters
    ----------
    number : how many lines
    noise : a standard deviation, 0 or larger
    """
    if not 1 <= arguments.count("number", number) <= _ON_CURVE // 2:
        raise ValueError(f"number must be at most {_ON_CURVE // 2} lines; got {number}")
    angle = 2 * math.pi * np.arange(number) / number
    radius = np.linspace(1, 2, _ON_CURVE // number)
    path = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)[:, None]  # (number, points, 2)
    return Curve(path.reshape(-1, 2), noise, "spokes", labels=np.repeat(np.arange(number), radius.size))


def swiss_roll(noise: float = 0.25) -> Curve:
    """The spiral of scikit-learn's `make_swiss_roll`, radius 4.7 to 14.1, without the axis along which it is rolled up."""
    from sklearn.datasets import make_swiss_roll

    return Curve(make_swiss_roll(_ON_CURVE, random_state=0)[0][:, [0, 2]], noise, "swiss_roll")


def digits(classes: Collection[int] | None = None) -> Points:
    """scikit-learn's 1797 handwritten digits of 8 x 8 pixels, as Points of 64 columns in [-1, 1], with `labels` (N,).

    `classes`, such as (0, 1), keeps only those digits.
    """
    from sklearn.datasets import load_digits

    x, labels = load_digits(return_X_y=True)
    if classes is not None:
        found = arguments.real("classes", [*classes] if isinstance(classes, (set, frozenset)) else classes, arguments.ANY)
        if found.dtype.kind not in "iu" or found.ndim != 1 or not found.size or not set(found.tolist()) <= set(range(10)):
            raise ValueError(f"classes must be some of the digits 0 to 9, such as (0, 1); got {arguments.shown(classes)}")
        x, labels = x[np.isin(labels, found)], labels[np.isin(labels, found)]
    return Points(x / 8 - 1, "digits", labels=labels, image=(8, 8))


@functools.cache
def halves() -> Halves:
    """The digits in two Halves, always the same, half of each digit's images, drawn from seed 0, and the others.

    Generators learn from one half, judges from the other. A digit with an odd number of images gives the spare one to the
    held-out half, 896 and 901 images, in [-1, 1].
    """
    whole, rng = digits(), np.random.default_rng(SPLIT_SEED)
    chosen = np.zeros(whole.labels.shape, bool)
    for digit in range(10):
        images = rng.permutation(np.flatnonzero(whole.labels == digit))
        chosen[images[:images.size // 2]] = True
    return Halves(*(Points(whole.x[rows], "digits", labels=whole.labels[rows], image=whole.image) for rows in (chosen, ~chosen)))


def from_array(X: Any, name: str = "points", categorical: Sequence[str] = ()) -> Points:
    """A user's own points as Points.

    Parameters
    ----------
    X : (N, d), finite real numbers, at least two rows; a structured array (N,), whose fields are columns; or a DataFrame
    name : for tables and plots
    categorical : names of columns that hold categories, as text or as whole numbers. The data are Mixed then. The columns of an
        array without names are x1, x2 ...

    Raises
    ------
    TypeError, ValueError : X is not such numbers; the message names the first bad entry
    """
    frame = is_frame(X)
    x = X.to_numpy() if frame else X
    if names_of("categorical", categorical) or (frame and x.dtype.hasobject):
        return from_cells(X, name, categorical)
    if isinstance(X, np.ndarray) and X.dtype.names:
        return Points(*_named(name, X))
    if frame:
        return Points(x, name, tuple(map(str, X.columns)))
    return Points(X, name)


def _named(name: str, x: Any) -> tuple[Any, str, tuple[str, ...]]:
    """The numbers of a structured array, the name of the data, and those of the columns."""
    numbers, columns = files.records(name, x)
    return numbers, name, columns


def from_file(path: str | Path, decimal: str = ".", index: str = "drop", categorical: Sequence[str] = (),
              columns: Sequence[str] = ()) -> Points:
    """Points from a text table, an array saved by NumPy, or a folder of pictures. `print` shows what was left out.

    A table (.csv, .tsv, .txt; also packed, as in .csv.gz) has one sample a line, in UTF-8, or in UTF-16 with its mark. Its first
    line decides the delimiter: tab, semicolon, comma, else white space; a line such as sep=; above it does too. If it holds words
    and no numbers, these are the column names. Blank lines and those that begin with # are skipped.

    Parameters
    ----------
    path : a .csv, .tsv, .txt, .npy, .npz (with one array) or .parquet file (with pyarrow), or a folder of pictures
    decimal : what stands before the fraction of a number in a table, "." or ","
    index : "drop" leaves out a first column that counts the rows (0, 1, 2 ... or 1, 2, 3 ...), or that has no name among names
        and holds a different whole number or text in each row; "keep" learns it too
    categorical : names of columns that hold categories, as in `from_array`
    columns : names of the columns that are learned; all by default

    Raises
    ------
    FileNotFoundError : there is no such file
    ValueError : it cannot be used; the cells at fault are listed by line (counted from 1, as an editor does) and column
    """
    reading = Reading(arguments.choice("decimal", decimal, (".", ",")), arguments.choice("index", index, ("drop", "keep")),
                      names_of("categorical", categorical), names_of("columns", columns))
    path = arguments.file_path("path", path)
    if path.is_dir():
        for name in ("categorical", "columns"):
            if getattr(reading, name):
                raise ValueError(f"{path} is a folder of pictures, and has no columns: leave out {name}")
        return images(path)
    return from_table(str(path), files.read_table(path, reading), files.stem(path))


NAMES: dict[str, Callable[[], DataSet]] = {
    "ring": ring,
    "grid": grid,
    "big_grid": functools.partial(grid, side=10, spacing=1.5, std=0.1),
    "gaussians_1d": gaussians_1d,
    "square": square,
    "moons": moons,
    "circles": circles,
    "swiss_roll": swiss_roll,
    "spokes": spokes,
    "digits": digits,
    "patches": patches,
    "lattice": lattice,
    "hypercube": hypercube,
    "tilted_ring": tilted_ring,
}


def by_name(name: str) -> DataSet:
    """The built-in data set called `name` on the command line. Raises ValueError that offers the nearest name.

    >>> from tinygan import data
    >>> data.by_name("big_grid")
    Mixture grid: modes 100, dimensions 2, std 0.1, equal weights
    """
    return NAMES[arguments.choice("data set", name, NAMES)]()
