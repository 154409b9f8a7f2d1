"""Covariance matrices of a mixture's modes. They are checked, and what is computed of them is computed once.

Notation: K modes in d dimensions. Mode k has the covariance matrix S_k = V_k diag(s_k^2) V_k^T, with the standard deviations s_k
along its principal axes, which are the columns of V_k. Its root is R_k = V_k diag(s_k) V_k^T, so that R_k R_k = S_k.
"""

from typing import Any

import numpy as np

from ..engine import arguments
from ..engine.arguments import Array
from ..engine.machine import fits
from .arrays import frozen

LIKE_ZERO = 1e-12  # an eigenvalue so much smaller than the largest: float64 knows too few digits of the inverse
ROUNDING = 1e-9  # by how much of the largest entry S_ij and S_ji may differ


class Shapes:
    """The shapes of K modes.

    Parameters
    ----------
    covariances : (K, d, d), or (d, d) for all modes; symmetric and positive definite
    modes, dim : K and d

    Attributes
    ----------
    covariances : (K, d, d), read-only
    stds : (K, d), the s_k, the smallest first
    axes : (K, d, d), the V_k
    """

    def __init__(self, covariances: Any, modes: int, dim: int) -> None:
        fits(f"covariances of {modes} modes", modes, dim, 4 * dim)
        self.covariances = frozen(np.broadcast_to(_checked(covariances, modes, dim), (modes, dim, dim)))
        eigenvalues, self.axes = np.linalg.eigh(self.covariances)
        _check_positive(eigenvalues)
        self.stds = frozen(np.sqrt(eigenvalues))
        turned = self.axes.swapaxes(-1, -2)
        self._root = (self.axes * self.stds[:, None]) @ turned
        self._inverse_root = (self.axes / self.stds[:, None]) @ turned

    def spread(self, z: Array, mode: Array) -> Array:
        """R_k z, noise z (N, d) in the shapes of the modes (N,), one row at a time."""
        return _each(self._root, z, mode)

    def whitened(self, offset: Array, mode: Array) -> Array:
        """Offsets (N, d) from the centres of the modes (N,), in standard deviations, the inverse of R_k times each row."""
        return _each(self._inverse_root, offset, mode)

    def squared(self, x: Array, means: Array) -> Array:
        """The squared Mahalanobis distance of each row of `x` (N, d) to each mode, (N, K); infinite where it is no number."""
        with np.errstate(over="ignore", invalid="ignore"):
            found = np.stack([np.square((x - mean) @ inverse).sum(axis=-1)
                              for mean, inverse in zip(means, self._inverse_root, strict=True)], axis=-1)
        found[np.isnan(found)] = np.inf
        return found


def _each(matrices: Array, x: Array, mode: Array) -> Array:
    """Row n of `x` (N, d) times the symmetric matrix (d, d) of its mode; one row of the matrices at a time saves memory."""
    return np.stack([(matrices[:, j].take(mode, axis=0) * x).sum(axis=-1) for j in range(x.shape[-1])], axis=-1)


def _checked(covariances: Any, modes: int, dim: int) -> Array:
    """Symmetric matrices as float64, (d, d) or (K, d, d)."""
    found = np.asarray(arguments.real("covariances", covariances, "fiu")).astype(np.float64)
    if found.shape not in ((dim, dim), (modes, dim, dim)):
        raise ValueError(f"covariances must have shape {(dim, dim)} or {(modes, dim, dim)}; got {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"covariances must be finite; got {found[~np.isfinite(found)][0]}")
    across = found.swapaxes(-1, -2)
    apart = np.abs(found / 2 - across / 2) > ROUNDING * np.abs(found / 2).max(axis=(-1, -2), keepdims=True)
    if apart.any():
        mode, i, j = np.argwhere(apart.reshape(-1, dim, dim))[0]
        matrix = found.reshape(-1, dim, dim)[mode]
        raise ValueError(f"covariances must be symmetric; that of mode {mode} has {matrix[i, j]:.6g} in row {i}, column {j}, "
                         f"and {matrix[j, i]:.6g} in row {j}, column {i}")
    symmetric: Array = found / 2 + across / 2
    return symmetric


def _check_positive(eigenvalues: Array) -> None:
    """Raises ValueError unless each mode's eigenvalues (K, d), the smallest first, are above 0."""
    bad = np.flatnonzero(~(eigenvalues[:, 0] > LIKE_ZERO * eigenvalues[:, -1]))
    if bad.size:
        low, high = eigenvalues[bad[0], [0, -1]]
        raise ValueError(f"covariances must be positive definite; that of mode {bad[0]} has eigenvalues from {low:.6g} to "
                         f"{high:.6g}, and the smallest must be above {LIKE_ZERO:.0e} of the largest")
