"""Where real samples come from: mixtures with a known density, curves, and a user's own points.

Every data set has

    sample(n, rng)     n samples, an (n, dim) float64 array; rng is a numpy Generator
    dim, name          the number of columns, and what to call the data in tables and plots
    columns            the names of the columns, or None
    standardized()     the same data with mean 0 and standard deviation 1
    restore(x)         samples of a standardised data set, put back into the original units
    apply(x)           points in the original units, standardised as the data set was

A standardised data set remembers its `scale` and `shift`: `restore` is x * scale + shift, and `apply` its inverse. Nothing here keeps
random state: the same `rng` gives the same samples.
"""

import functools
import math
from pathlib import Path

import numpy as np

from .. import files
from ..engine import arguments
from .sets import Curve, DataSet, Mixture, Points, matrix

__all__ = ["NAMES", "Curve", "DataSet", "Mixture", "Points", "by_name", "circles", "digits", "from_array", "from_file",
           "gaussians_1d", "grid", "moons", "ring", "swiss_roll"]


def ring(modes=8, radius=2.0, std=0.02):
    """`modes` Gaussians equally spaced on a circle, at the angles 2 pi k / modes, k = 0 ... modes - 1.

    >>> import numpy as np
    >>> from tinygan import data
    >>> data.ring()
    Mixture ring: modes 8, dimensions 2, std 0.02, equal weights
    >>> data.ring().sample(5, np.random.default_rng(0)).shape
    (5, 2)
    """
    angle = 2 * math.pi * np.arange(arguments.count("modes", modes)) / modes
    radius = arguments.number("radius", radius, above=0)
    return Mixture(radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1), std, name="ring")


def grid(side=5, spacing=2.0, std=0.05):
    """`side` times `side` Gaussians on a square lattice around the origin."""
    side, spacing = arguments.count("side", side), arguments.number("spacing", spacing, above=0)
    line = spacing * (np.arange(side) - (side - 1) / 2)
    return Mixture(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), std, name="grid")


def gaussians_1d(means=(-2.0, 2.0), stds=0.5, weights=None):
    """A mixture on the line: samples are (n, 1)."""
    return Mixture(np.reshape(means, (-1, 1)), stds, weights, name="gaussians_1d")


# scikit-learn spaces n points of a moon or circle evenly, ends included, so its n points are not n independent samples.
# Its generators draw each curve once, with so many points that their gaps do not matter; `Curve` draws from these.
_ON_CURVE = 100_000


def moons(noise=0.05):
    """Two interleaved half circles of radius 1: scikit-learn's `make_moons`."""
    from sklearn.datasets import make_moons

    return Curve(make_moons(_ON_CURVE, shuffle=False)[0], noise, "moons")


def circles(noise=0.05, factor=0.5):
    """Two circles around the origin, of radius 1 and `factor` (between 0 and 1): scikit-learn's `make_circles`."""
    from sklearn.datasets import make_circles

    factor = arguments.number("factor", factor, above=0, below=1)
    return Curve(make_circles(_ON_CURVE, shuffle=False, factor=factor)[0], noise, "circles")


def swiss_roll(noise=0.25):
    """The spiral of scikit-learn's `make_swiss_roll`, radius 4.7 to 14.1, without the axis along which it is rolled up."""
    from sklearn.datasets import make_swiss_roll

    return Curve(make_swiss_roll(_ON_CURVE, random_state=0)[0][:, [0, 2]], noise, "swiss_roll")


def digits(classes=None):
    """scikit-learn's 1797 handwritten digits of 8 x 8 pixels: Points of 64 columns in [-1, 1], with `labels` (N,).

    `classes`, such as (0, 1), keeps only those digits.
    """
    from sklearn.datasets import load_digits

    x, labels = load_digits(return_X_y=True)
    if classes is not None:
        classes = list(classes)
        if not classes or not set(classes) <= set(range(10)):
            raise ValueError(f"classes must be some of the digits 0 to 9, such as (0, 1); got {classes}")
        x, labels = x[np.isin(labels, classes)], labels[np.isin(labels, classes)]
    return Points(x / 8 - 1, "digits", labels=labels)


def from_array(X, name="points"):
    """A user's own points, `X` (N, d), as Points. Raises TypeError or ValueError that names the first bad entry."""
    return Points(X, name)


def from_file(path):
    """Points from a text table (.csv, .tsv, .txt; UTF-8) or a 2-D array saved by `np.save` (.npy).

    A table has one sample a line. Its first line decides the delimiter: tab, semicolon, comma, else white space.
    If it holds words and no numbers, these are the column names. Numbers have a decimal point. Blank lines are skipped.
    Raises FileNotFoundError, or ValueError that lists the cells at fault by line (counted from 1, as an editor does) and column.
    """
    x, columns = files.read(path)
    return Points(matrix(str(path), x, rows=2), Path(path).stem, columns)


NAMES = {
    "ring": ring,
    "grid": grid,
    "big_grid": functools.partial(grid, side=10, spacing=1.5, std=0.1),
    "gaussians_1d": gaussians_1d,
    "moons": moons,
    "circles": circles,
    "swiss_roll": swiss_roll,
    "digits": digits,
}


def by_name(name):
    """The built-in data set called `name` on the command line. Raises ValueError that offers the nearest name.

    >>> from tinygan import data
    >>> data.by_name("big_grid")
    Mixture grid: modes 100, dimensions 2, std 0.1, equal weights
    """
    return NAMES[arguments.choice("data set", name, NAMES)]()
