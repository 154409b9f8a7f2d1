"""The projection discriminator (Miyato & Koyama 2018): the label is compared with what D has seen in x.

    s(x, y) = <V_y + w, phi(x)> is the paper's score <V_y, phi(x)> + psi(phi(x)) (equation 3) with a linear psi(h) = <w, h>.
    V_y + w is what a dense layer makes of a one-hot y, so the network is the layers of phi, that dense layer, and an inner
    product.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.arguments import Array
from ..engine.layers import Dense, Layer
from ..engine.network import backward_through, forward_through, tangent_backward_through, tangent_through
from ..engine.parts import described
from ..engine.store import Network
from .joining import joined


class Projection(Network):
    """s = <y V + w, phi(x)>, where a row of the input is x with its one-hot label y beside it.

    Parameters
    ----------
    phi : the layers that see x, (..., N, d) -> (..., N, width)
    classes : K; the input has d + K columns
    options : seed, replicas, dtype and init, as in `Network`
    """

    def __init__(self, phi: Sequence[Layer], classes: int, **options: Any) -> None:
        self.phi, self.classes = list(phi), classes
        sized = [layer for layer in phi if hasattr(layer, "d")]
        self.d = sized[0].d
        self.label = Dense(classes, sized[-1].k)
        super().__init__([*self.phi, self.label], self.d + classes, 1, **options)

    def forward(self, x: Any) -> tuple[Array, Any]:
        """The scores (..., N, 1) of rows [x, y], (..., N, d + K), and the tape."""
        x = np.asanyarray(x, self.dtype)
        h, seen = forward_through(self.phi, x[..., :self.d])
        v, label = self.label.forward(x[..., self.d:])
        return (h * v).sum(axis=-1, keepdims=True), (h, v, seen, label)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        """dh = ds v and dv = ds h: each factor of the inner product is the other one's slope."""
        h, v, seen, label = tape
        return joined(backward_through(self.phi, dy * v, seen, grads), self.label.backward(dy * h, label, grads))

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        """s_dot = <h_dot, v> + <h, v_dot>."""
        h, v, seen, label = tape
        h_dot, seen_dot = tangent_through(self.phi, x_dot[..., :self.d], seen)
        v_dot, label_dot = self.label.tangent(x_dot[..., self.d:], label)
        return (h_dot * v + h * v_dot).sum(axis=-1, keepdims=True), (h_dot, v_dot, seen_dot, label_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        """The product rule on both lines of `backward`."""
        (h, v, seen, label), (h_dot, v_dot, seen_dot, label_dot) = tape, tape_dot
        dx, dx_dot = tangent_backward_through(self.phi, dy * v, dy_dot * v + dy * v_dot, seen, seen_dot)
        dlabel, dlabel_dot = self.label.tangent_backward(dy * h, dy_dot * h + dy * h_dot, label, label_dot)
        return joined(dx, dlabel), joined(dx_dot, dlabel_dot)

    def settings(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {"phi": [described(layer) for layer in self.phi], "classes": self.classes}
