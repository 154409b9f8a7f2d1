"""Joining: a network that sees two things at once gets them side by side, and gives back the gradient of each."""

import numpy as np

from ..engine.arguments import Array


def joined(*parts: Array) -> Array:
    """The parts side by side along the feature axis: (..., N, a), (..., N, b) -> (..., N, a + b)."""
    return np.concatenate(parts, axis=-1)


def only(first: int, width: int, weight: float = 0.0) -> Array:
    """Weights (width,) for a penalty's columns: 1 for the first ones, `weight` for the others."""
    return np.where(np.arange(width) < first, 1.0, weight)
