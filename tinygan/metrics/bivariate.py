"""The exact probability of cells under a mixture in the plane. SciPy is imported where it is used.

Notation: Phi is the distribution function of N(0, 1), and Phi2(h, k; r) = P(X <= h, Y <= k) for X and Y of N(0, 1) with
correlation r. Owen's T function gives Phi2 to rounding, without an integral over the plane.
"""

import numpy as np

from ..data.sets import Mixture
from ..engine.arguments import Array

TINY = 1e-300  # in the place of 0, by which nothing is divided


def round_cells(mixture: Mixture, edges: Array) -> Array:
    """The probabilities (cells^2 + 1,) of a mixture of round modes in the cells between edges (2, cells + 1), outside last."""
    from scipy.special import ndtr

    z = (edges[..., None] - mixture.means.swapaxes(0, 1)[:, None]) / mixture.stds  # (2, cells + 1, K)
    across, up = np.diff(ndtr(z), axis=1)  # each mode is a product: P(cell) = P(column) P(row)
    beyond = ndtr(z[:, 0]) + ndtr(-z[:, -1])  # (2, K)
    outside = beyond.sum(axis=0) - beyond.prod(axis=0)
    return np.append((across * mixture.weights) @ up.swapaxes(0, 1), mixture.weights @ outside)


def correlated_cells(mixture: Mixture, edges: Array) -> Array:
    """The same for a mixture with covariances."""
    below, size = np.zeros((edges.shape[-1],) * 2), mixture.axis_stds
    for k, weight in enumerate(mixture.weights):
        across, up = (edges - mixture.means[k, :, None]) / size[k, :, None]
        below += weight * phi2(across[:, None], up, mixture.covariances[k, 0, 1] / size[k].prod())
    cells = np.maximum(np.diff(np.diff(below, axis=0), axis=1).ravel(), 0)  # rounding may leave -1e-17
    return np.append(cells, max(0.0, 1 - cells.sum()))


def phi2(h: Array, k: Array, r: float) -> Array:
    """Phi2(h, k; r), for h and k that broadcast together.

    References
    ----------
    Owen 1956, Tables for Computing Bivariate Normal Probabilities.
    """
    from scipy.special import ndtr, owens_t

    h, k = (np.where(np.abs(x) < TINY, TINY, x) for x in (h, k))
    root = np.sqrt((1 - r) * (1 + r))
    with np.errstate(over="ignore"):
        slope_h, slope_k = (k / h - r) / root, (h / k - r) / root
    found: Array = (ndtr(h) + ndtr(k)) / 2 - owens_t(h, slope_h) - owens_t(k, slope_k) - (h * k < 0) / 2
    return found
