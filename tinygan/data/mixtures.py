"""Mixtures that have a name, from the ring and the grid to modes at the corners of a cube and modes that are no circles."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine import arguments
from ..engine.machine import fits
from .arrays import positive
from .sets import Mixture

CORNERS_SEED = 0  # of the corners that are drawn, the same for everybody
LARGEST = 20  # dimensions; a cube has a million corners then


def ring(modes: int = 8, radius: float = 2.0, std: float = 0.02) -> Mixture:
    """`modes` Gaussians equally spaced on a circle, at the angles 2 pi k / modes, k = 0 ... modes - 1.

    Parameters
    ----------
    modes : how many
    radius : of the circle
    std : the standard deviation of each mode along each axis

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import data
    >>> data.ring()
    Mixture ring: modes 8, dimensions 2, std 0.02, equal weights
    >>> data.ring().sample(5, np.random.default_rng(0)).shape
    (5, 2)
    """
    modes = arguments.count("modes", modes)
    fits(f"a ring of {modes} modes", 2, modes)
    angle = 2 * math.pi * np.arange(modes) / modes
    radius = arguments.number("radius", radius, above=0)
    return Mixture(radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1), std, name="ring")


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """`side` times `side` Gaussians on a square lattice around the origin.

    Parameters
    ----------
    side : modes along each axis
    spacing : the distance between neighbours
    std : the standard deviation of each mode along each axis
    """
    side, spacing = arguments.count("side", side), arguments.number("spacing", spacing, above=0)
    fits(f"a grid of {side} x {side} modes", 2, side, side)
    line = spacing * (np.arange(side) - (side - 1) / 2)
    return Mixture(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), std, name="grid")


def square(spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Eight Gaussians on the edge of a square, a grid of 3 x 3 without its middle.

    Parameters
    ----------
    spacing : the distance between neighbours
    std : the standard deviation of each mode along each axis
    """
    return Mixture(np.delete(grid(3, spacing).means, 4, axis=0), std, name="square")


def gaussians_1d(means: Any = (-2.0, 2.0), stds: Any = 0.5, weights: Any = None) -> Mixture:
    """A mixture on the line. Samples are (n, 1).

    Parameters
    ----------
    means : K numbers
    stds : the standard deviations, one number or K of them
    weights : the K shares, which sum to 1; equal by default
    """
    return Mixture(arguments.real("means", means).reshape(-1, 1), stds, weights, name="gaussians_1d")


def lattice(sides: Sequence[int] = (4, 4, 2), spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Gaussians on a lattice around the origin, in as many dimensions as there are sides; by default 32 modes in space.

    Parameters
    ----------
    sides : modes along each axis, of which there are at most 20
    spacing : the distance between neighbours
    std : the standard deviation of each mode along each axis
    """
    if not isinstance(sides, (tuple, list)) or not sides:
        raise TypeError(f"sides must be whole numbers, such as (4, 4, 2), modes along each axis; got {arguments.shown(sides)}")
    if len(sides) > LARGEST:
        raise ValueError(f"sides must be at most {LARGEST}; got {len(sides)}")
    sides = [arguments.count("sides", side) for side in sides]
    spacing = arguments.number("spacing", spacing, above=0)
    fits(f"a lattice of {' x '.join(map(str, sides))} modes", len(sides), *sides)
    lines = [spacing * (np.arange(side) - (side - 1) / 2) for side in sides]
    return Mixture(np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, len(sides)), std, name="lattice")


def hypercube(dim: int = 10, modes: int = 128, spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Gaussians at corners of a cube around the origin, which are drawn at random, the same ones each time.

    Parameters
    ----------
    dim : of the cube, at most 20
    modes : how many of the 2^dim corners
    spacing : the length of an edge
    std : the standard deviation of each mode along each axis

    Examples
    --------
    >>> from tinygan import data
    >>> data.hypercube(3, 4).means
    array([[-1.,  1., -1.],
           [-1., -1.,  1.],
           [ 1.,  1., -1.],
           [-1.,  1.,  1.]])
    """
    dim, modes = arguments.count("dim", dim), arguments.count("modes", modes)
    if dim > LARGEST:
        raise ValueError(f"dim must be at most {LARGEST}; got {dim}")
    if modes > 2**dim:
        raise ValueError(f"a cube in {dim} dimensions has {2**dim} corners; got {modes} modes. Take fewer, or more dimensions")
    corners = np.random.default_rng(CORNERS_SEED).permutation(2**dim)[:modes]
    sides = (corners[:, None] >> np.arange(dim)) & 1  # (modes, dim), each 0 or 1
    return Mixture(arguments.number("spacing", spacing, above=0) * (sides - 0.5), std, name="hypercube")


def tilted_ring(modes: int = 8, radius: float = 2.0, stds: Sequence[float] = (0.02, 0.08)) -> Mixture:
    """The ring with modes that are ellipses, each turned another way. Mode k has its long axis at the angle pi k / modes.

    Parameters
    ----------
    modes : how many
    radius : of the circle
    stds : the standard deviations of each mode, along its short and its long axis
    """
    round_ring = ring(modes, radius)
    short, long = positive("stds", stds, (2,))
    angle = math.pi * np.arange(modes) / modes
    along = np.stack([np.cos(angle), np.sin(angle)], axis=-1)  # (K, 2)
    outer = along[:, :, None] * along[:, None]
    return Mixture(round_ring.means, name="tilted_ring", covariances=short**2 * np.eye(2) + (long**2 - short**2) * outer)
