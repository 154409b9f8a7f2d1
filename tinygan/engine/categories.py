"""Columns of categories: a row of numbers, and for each category a group of columns that is a probability distribution.

    SoftmaxGroups(d, sizes)     softmax over each group of columns; the columns before them stay as they are

A network makes any real numbers. Behind this layer those of a group are positive and sum to 1, as one-hot columns do. The four
methods are those of `layers`.
"""

import functools
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from .arguments import Array, count, shown
from .base import Layer, check_input, check_like_output


class SoftmaxGroups(Layer):
    """y = (x_1 ... x_f, softmax of group 1, softmax of group 2, ...): the groups are the last columns.

    With p = softmax(q) of one group, dp_i/dq_j = p_i ([i = j] - p_j), which is symmetric in i and j. So backward and tangent are
    the same product:

        dq    = p (dp - s),              s = sum_j p_j dp_j
        p_dot = p (q_dot - sum_j p_j q_dot_j)

    and by the product rule dq_dot = p_dot (dp - s) + p (dp_dot - s_dot), with s_dot = sum_j (p_dot_j dp_j + p_j dp_dot_j).

    Parameters
    ----------
    d : columns in all
    sizes : columns of each group, whole numbers, together at most d

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.engine.categories import SoftmaxGroups
    >>> layer = SoftmaxGroups(4, (3,))
    >>> y, tape = layer.forward(np.array([[-7.0, 0.0, 0.0, np.log(2)]]))
    >>> print(y)
    [[-7.    0.25  0.25  0.5 ]]
    """

    def __init__(self, d: int, sizes: Sequence[int]) -> None:
        self.d = self.k = count("SoftmaxGroups: d (columns)", d)
        if not isinstance(sizes, (tuple, list)) or not sizes:
            raise TypeError(f"SoftmaxGroups: sizes must be one whole number or more, such as (3, 2); got {shown(sizes)}")
        self.sizes = tuple(count("SoftmaxGroups: sizes", size) for size in sizes)
        self.free = self.d - sum(self.sizes)
        if self.free < 0:
            raise ValueError(f"SoftmaxGroups: groups of {sum(self.sizes)} columns in all do not fit into d = {self.d} columns")

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x)
        q = x[..., self.free:]
        groups = [q[..., part] for part in _parts(self.sizes)]
        # the largest of each group is taken away first, so nothing overflows
        e = np.exp(np.concatenate([group - group.max(axis=-1, keepdims=True) for group in groups], axis=-1))
        p = e / self._sums(e)
        return np.concatenate([x[..., :self.free], p], axis=-1), p

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        p = tape
        check_like_output(self, (*p.shape[:-1], self.k), dy)
        return self._through(p, dy)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        y_dot = self._through(tape, x_dot)
        return y_dot, y_dot[..., self.free:]

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        p, p_dot = tape, tape_dot
        check_like_output(self, (*p.shape[:-1], self.k), dy, dy_dot)
        dp, dp_dot = dy[..., self.free:], dy_dot[..., self.free:]
        s, s_dot = self._sums(p * dp), self._sums(p_dot * dp + p * dp_dot)
        dq_dot = p_dot * (dp - s) + p * (dp_dot - s_dot)
        return self._through(p, dy), np.concatenate([dy_dot[..., :self.free], dq_dot], axis=-1)

    def _through(self, p: Array, v: Array) -> Array:
        """v (..., N, d) times the derivative of the layer, from either side. It is symmetric."""
        v_group = v[..., self.free:]
        return np.concatenate([v[..., :self.free], p * (v_group - self._sums(p * v_group))], axis=-1)

    def _sums(self, v: Array) -> Array:
        """In each column of the groups the sum of v over its group, as a matrix product."""
        return v @ _same_group(self.sizes, v.dtype)

    def __repr__(self) -> str:
        return f"SoftmaxGroups({self.d}, groups of {', '.join(map(str, self.sizes))})"


def _parts(sizes: Sequence[int]) -> list[slice]:
    """Where each group stands among the columns of all groups."""
    return [slice(stop - size, stop) for size, stop in zip(sizes, accumulate(sizes), strict=True)]


@functools.lru_cache(16)
def _same_group(sizes: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """A matrix of ones where row and column belong to the same group, else zeros."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    return (group[:, None] == group).astype(dtype)
