"""Labels: which class a sample belongs to, as numbers 0 to K - 1 and as one-hot rows."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..engine.arguments import ANY, Array, count, label, real, shown
from ..engine.machine import fits


def whole_labels(labels: Any, classes: int, n: int | None = None, name: str = "labels") -> Array:
    """The labels as an array (n,) of int64, each of 0 to classes - 1.

    Parameters
    ----------
    labels : whole numbers (n,), or one number
    classes : K
    n : how many there must be; one number stands for n times that number. None takes any number of them
    name : what to call them in a message

    Raises
    ------
    TypeError : labels that are no whole numbers
    ValueError : another shape, or a label that is no class
    """
    classes, found = count("classes", classes), real(name, labels, ANY)
    n = None if n is None else count("n", n, 0)
    if found.dtype.kind not in "iu":
        got = shown(found) if found.ndim else f"{shown(found.item())} of {found.dtype}"
        raise TypeError(f"{name} must be whole numbers, 0 to {classes - 1}; got {got}")
    if found.ndim == 0:
        fits(f"{n} {name}", n or 1)
        found = np.full(1 if n is None else n, found)
    if found.ndim != 1 or (n is not None and found.size != n):
        raise ValueError(f"{name} must be one number, or {'n' if n is None else n} of them; got an array of shape {found.shape}")
    outside = found[(found < 0) | (found >= classes)]
    if outside.size:
        raise ValueError(f"{name} must be classes, 0 to {classes - 1}; got {outside[0]}")
    return found.astype(np.int64)


def one_hot(labels: Any, classes: int, dtype: DTypeLike = np.float32) -> Array:
    """Each label as a row of zeros with a 1 at its class, (n,) -> (n, classes).

    Parameters
    ----------
    labels : whole numbers (n,), 0 to classes - 1
    classes : K
    dtype : of the rows

    Raises
    ------
    TypeError, ValueError : as `whole_labels`

    Examples
    --------
    >>> from tinygan.data import one_hot
    >>> print(one_hot([2, 0], 3))
    [[0. 0. 1.]
     [1. 0. 0.]]
    """
    rows = whole_labels(labels, classes)
    try:
        dtype = np.dtype(dtype)
    except Exception:  # NumPy asks the object itself, which may have a fault of its own
        raise TypeError(f"dtype must be one of NumPy's, such as np.float32; got {shown(dtype)}") from None
    if dtype.kind not in "fiubc":
        raise TypeError(f"dtype must be that of numbers, such as np.float32; got {dtype}")
    fits(f"{rows.size} labels of {classes} classes", classes, max(classes, rows.size))
    return np.eye(classes, dtype=dtype)[rows]


def class_count(name: str, labels: Any) -> int:
    """How many classes there are, K. The labels are 0 to K - 1, and each of them occurs.

    Parameters
    ----------
    name : what to call the data in a message
    labels : whole numbers, one for each sample, in any order

    Raises
    ------
    TypeError : labels that are no whole numbers
    ValueError : no labels at all, one below 0, or a number that is left out

    Examples
    --------
    >>> from tinygan.data import class_count
    >>> class_count("mine", [0, 2, 1, 1])
    3
    """
    found = real(f"the labels of {label('name', name)}", labels, ANY)
    if found.size == 0:
        raise ValueError(f"{name} has no labels: each sample needs one, a whole number from 0 up")
    if found.dtype.kind not in "iu":
        raise TypeError(f"{name} has labels of {found.dtype}; they must be whole numbers from 0 up. "
                        "np.unique(labels, return_inverse=True)[1] numbers them")
    present = np.unique(found)
    missing = np.flatnonzero(present != np.arange(present.size))  # the first class that is not where it would stand
    if present[0] < 0 or missing.size:
        wrong = f"there is a label {present[0]}" if present[0] < 0 else f"class {missing[0]} never occurs"
        raise ValueError(f"{name} has labels from {present[0]} to {present[-1]}, but {wrong}: its classes must be 0 to K - 1 "
                         "without a gap. np.unique(labels, return_inverse=True)[1] numbers them so")
    return present.size
