"""Score: the first column of a network alone, where D's last layer says more than how real a point is.

    D(x) = [s, q_1, ..., q_k]        Score(D) gives s, and its derivatives: those of D with zeros in the place of every dq
"""

from typing import Any

import numpy as np

from ..engine.arguments import Array
from ..engine.store import Network
from .joining import joined


class Score:
    """s = the first column of D(x), with the four methods of a network: what a loss or a gradient penalty of s is made from.

    Parameters
    ----------
    D : a network whose first output is the score; D.grad is filled through it
    """

    def __init__(self, D: Network) -> None:
        self.D, self.dtype, self.rows = D, D.dtype, D.rows

    def forward(self, x: Any) -> tuple[Array, Any]:
        """s (..., N, 1), and the tape of all of D."""
        y, tape = self.D.forward(x)
        return y[..., :1], tape

    def backward(self, ds: Array, tape: Any, grads: bool = True) -> Array:
        """dx, from ds alone."""
        return self.D.backward(self._row(ds), tape, grads)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        """s_dot and the tape of all of D's tangent."""
        y_dot, tape_dot = self.D.tangent(x_dot, tape)
        return y_dot[..., :1], tape_dot

    def tangent_backward(self, ds: Array, ds_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        """dx and dx_dot, from ds and ds_dot alone."""
        return self.D.tangent_backward(self._row(ds), self._row(ds_dot), tape, tape_dot)

    def zero_grad(self) -> None:
        """Set D.grad to 0."""
        self.D.zero_grad()

    def _row(self, ds: Array) -> Array:
        """(ds, 0, ..., 0), as wide as D's output."""
        return joined(ds, np.zeros((*ds.shape[:-1], self.D.d_out - 1), self.dtype))
