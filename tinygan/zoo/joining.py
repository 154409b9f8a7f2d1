"""Joining: a network that sees two things at once gets them side by side, and gives back the gradient of each."""

import numpy as np

from ..engine.arguments import Array


def joined(*parts: Array) -> Array:
    """The parts side by side along the feature axis: (..., N, a), (..., N, b) -> (..., N, a + b)."""
    return np.concatenate(parts, axis=-1)


def only(first: int, width: int, weight: float = 0.0) -> Array:
    """Weights (width,) for a penalty's columns, see `penalties.R1`.

    Parameters
    ----------
    first : how many columns have the weight 1, from the left
    width : how many there are
    weight : of the others; 0 leaves them out
    """
    return np.where(np.arange(width) < first, 1.0, weight)
