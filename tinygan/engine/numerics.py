"""The functions of a score that every GAN loss is made of, right for every finite score.

A score s is any real number; `sigmoid(s)` reads it as a probability. The textbook formulas
1/(1 + exp(-s)) and log(1 + exp(s)) overflow in float32 beyond |s| = 88. Both functions below only ever
exponentiate numbers that are not positive, so nothing overflows and no digit is lost:

    e           = exp(-|s|)                   never larger than 1
    sigmoid(s)  = 1 / (1 + e)     if s >= 0
                  e / (1 + e)     if s <  0
    softplus(s) = max(s, 0) + log1p(e)

The dtype of s is kept. A complex s is followed analytically from the real axis, so that
derivatives can be taken with a complex step (`gradcheck.complex_step`).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .arguments import Array, real


def sigmoid(s: Array | float) -> Array:
    """1 / (1 + exp(-s)), elementwise, within 4 units in the last place for every finite s.

    `sigmoid(s) - 1` loses all its digits from s = 17 (float32) or 37 (float64); write `-sigmoid(-s)` instead.

    >>> import numpy as np
    >>> from tinygan.engine.numerics import sigmoid
    >>> print(sigmoid(np.array([-1000.0, 0.0, 1000.0])))
    [0.  0.5 1. ]
    >>> print(f"{sigmoid(40.0) - 1:.3g} or {-sigmoid(-40.0):.3g}")
    0 or -4.25e-18
    """
    s = _floating(s)
    # exp(min(s, 0)) is 1 for s >= 0 and e for s < 0: both branches at once.
    return np.exp(_negative_part(s)) / (1 + np.exp(-_size(s)))


def softplus(s: Array | float) -> Array:
    """log(1 + exp(s)), elementwise; its derivative is sigmoid(s)."""
    s = _floating(s)
    return (s - _negative_part(s)) + np.log1p(np.exp(-_size(s)))


def softplus_and_sigmoid(s: Array | float) -> tuple[Array, Array]:
    """Both, bit for bit, from one e. A loss needs the function and its derivative: together they take 9 NumPy calls, apart 13."""
    s = _floating(s)
    low = _negative_part(s)
    e = np.exp(-_size(s))
    return (s - low) + np.log1p(e), np.exp(low) / (1 + e)


def log_sigmoid(s: Array | float) -> Array:
    """log(sigmoid(s)) = -softplus(-s), elementwise. And log(1 - sigmoid(s)) = -softplus(s)."""
    return -softplus(-_floating(s))


def _floating(s: Any) -> Any:
    """s, in which whole numbers become float64. Raises TypeError for text and objects."""
    if (type(s) is np.ndarray and s.dtype.kind in "fc") or isinstance(s, (float, complex)):
        return s
    if isinstance(s, (np.ndarray, np.inexact)) and s.dtype.kind in "fc":  # one that a recording follows, a matrix, a float32
        return s
    return real("s", s, "fiubc").astype(np.float64)


def _size(s: Any) -> Array:
    """|s|; for complex s the analytic function that equals |s| on the real axis."""
    return s - 2 * _negative_part(s) if np.iscomplexobj(s) else np.abs(s)


def _negative_part(s: Any) -> Array:
    """min(s, 0); for complex s the analytic function that equals it on the real axis."""
    return s * (s.real < 0) if np.iscomplexobj(s) else np.minimum(s, 0)


def flush(arrays: Iterable[Array | None]) -> None:
    """Set denormal numbers to 0, in place.

    They lie below the smallest number that has all its digits, and many processors take a hundred times as long over them. A
    running mean of numbers that have become 0 ends there for good: .9 times the smallest of them is rounded to itself.
    """
    for array in arrays:
        if array is not None:
            array[np.abs(array) < np.finfo(array.dtype).tiny] = 0
