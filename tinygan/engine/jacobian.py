"""The Jacobian of a vector field, and its eigenvalues. Does the flow come to rest, and does it turn on the way?

A field is a function from a point (P,) to a velocity (P,), such as those of `dirac` and `game`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .arguments import Array, floats, function

Field = Callable[[Array], Array]


def jacobian(field: Field, point: Array) -> Array:
    """J[i, j] = d field_i / d point_j at a point (P,), by central differences: (P, P), with an error of about 1e-10.

    It calls the field 2P times.

    Parameters
    ----------
    field : a function from points to points; with `lambda p: alternating(field, p)` J is the Jacobian of a step
    point : (P,), with any number of parameters P
    """
    point = floats("point", point, np.dtype(np.float64))
    if point.ndim != 1 or not point.size:
        raise ValueError(f"point must have shape (P,), with at least one number; got {point.shape}")
    function("field", field, "dirac.minimax")
    columns = []
    for j in range(point.size):
        h = 6e-6 * max(1.0, abs(point[j])) * (np.arange(point.size) == j)
        columns.append((field(point + h) - field(point - h)) / (2 * h[j]))
    return np.stack(columns, axis=-1)


def eigenvalues(field: Field | Array, point: Any = (0.0, 0.0)) -> Array:
    """The eigenvalues of the field's Jacobian at a point (P,): complex (P,), the largest imaginary part first.

    Real parts below 0: the flow comes to rest there. For a step instead of a field, absolute values below 1.
    A step `simultaneous` has 1 + h lambda for each lambda of its field.

    Parameters
    ----------
    field : a function from points to points, or its Jacobian, an array (P, P), such as `game.Game.jacobian` of two networks
    point : (P,), where the field's Jacobian is taken; of no use beside an array

    Raises
    ------
    ValueError : a Jacobian that is not square or not finite

    References
    ----------
    Mescheder et al. 2018, section 2 and appendix A.

    Examples
    --------
    >>> from tinygan import dirac
    >>> from tinygan.engine.jacobian import eigenvalues
    >>> print(eigenvalues(dirac.with_r1(dirac.minimax, gamma=.6)).round(3))
    [-0.3+0.4j -0.3-0.4j]
    """
    J = field if isinstance(field, np.ndarray) else jacobian(field, point)
    if J.ndim != 2 or J.shape[0] != J.shape[1] or not np.isfinite(J).all():
        raise ValueError(f"a Jacobian must be a finite array (P, P); got shape {J.shape} with {(~np.isfinite(J)).sum()} entries "
                         "that are not finite")
    found = np.linalg.eigvals(J).astype(complex)
    return found[np.lexsort((-found.real, -found.imag))]
