"""Layers: a function, its derivative, and the derivative of both. Everything by hand.

Every layer is a function y = f(x) with four methods:

    forward(x)                                   -> y, tape
    backward(dy, tape, grads=True)               -> dx
    tangent(x_dot, tape)                         -> y_dot, tape_dot
    tangent_backward(dy, dy_dot, tape, tape_dot) -> dx, dx_dot

On a first reading, take the first two and skip the others. They serve gradient penalties and second derivatives.

`x` holds a batch, with samples along axis -2, features along axis -1. L is the scalar loss computed from y.

**backward** is the chain rule. It receives dy = dL/dy, an array shaped like y, and returns dx = dL/dx, shaped
like x. On the way it *adds* dL/dW to the array `self.dW`. It adds, because a layer may be used twice in one step, as D scores
the real batch and the fake one. With `grads=False` it leaves the parameters' gradients alone.

**tape** is what backward needs to remember of its forward, and only that. The caller keeps it, not the layer, because D scores
real and fake before either backward, so a layer that kept a single tape itself would use the wrong batch.

**tangent** answers another question. If x moves with velocity x_dot, how fast does y move? It is the R-operator (Pearlmutter
1994), R{f}(x) = d/dt f(x + t x_dot) at t = 0, applied to the forward pass.

**tangent_backward** is backward with the product rule applied to every line, so that each product a*b becomes a_dot*b +
a*b_dot. It turns gradients into gradients of gradients. It returns dx again, with its rate of change dx_dot, and adds R{dL/dW}
(not dL/dW) to `self.dW`.

A parameter may move too. `W_dot` is its velocity, or None while it is held fixed. With replicas every array has one more axis
in front, as in x (R, N, d), W (R, d, k).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .arguments import Array, count, number
from .base import Layer, check_input, check_like_output, sum_over_batch, zeros
from .numerics import sigmoid, softplus

__all__ = ["Activation", "Dense", "Layer", "LeakyReLU", "ReLU", "Sigmoid", "Softplus", "Tanh"]


class Dense(Layer):
    """y = x W + b, with x (..., N, d), W (..., d, k), b (..., 1, k), y (..., N, k).

    Scalar case: y = xw + b, so dL/dx = dL/dy w, dL/dw = dL/dy x, dL/db = dL/dy.
    Matrix case: the same products, arranged so that the shapes fit; sums run over the batch.

    Parameters
    ----------
    d : features in
    k : features out

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import Dense
    >>> layer = Dense(2, 1)
    >>> layer.W[...], layer.b[...] = [[2], [3]], 1
    >>> y, tape = layer.forward(np.array([[1.0, 10.0]]))
    >>> dx = layer.backward(np.ones_like(y), tape)
    >>> print(y, dx, layer.dW.ravel(), layer.db)
    [[33.]] [[2. 3.]] [ 1. 10.] [[1.]]
    """

    parameters = ("W", "b")

    W: Array
    b: Array
    dW: Array
    db: Array
    W_dot: Array | None
    b_dot: Array | None

    def __init__(self, d: int, k: int) -> None:
        self.d, self.k = count("Dense: d (features in)", d), count("Dense: k (features out)", k)
        self.shapes = {"W": (self.d, self.k), "b": (1, self.k)}
        self.allocate()

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.W)
        y = x @ self.W
        y += self.b
        return y, x

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        x = tape
        check_like_output(self, (*x.shape[:-1], self.k), dy)
        if grads:
            self.dW += x.swapaxes(-1, -2) @ dy
            self.db += sum_over_batch(dy)
        return dy @ self.W.swapaxes(-1, -2)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        x = tape
        y_dot = x_dot @ self.W
        if self.W_dot is not None:
            y_dot = y_dot + x @ self.W_dot + self.b_dot
        return y_dot, x_dot

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        x, x_dot = tape, tape_dot
        check_like_output(self, (*x.shape[:-1], self.k), dy, dy_dot)
        self.dW += x_dot.swapaxes(-1, -2) @ dy + x.swapaxes(-1, -2) @ dy_dot
        self.db += sum_over_batch(dy_dot)
        dx = dy @ self.W.swapaxes(-1, -2)
        dx_dot = dy_dot @ self.W.swapaxes(-1, -2)
        if self.W_dot is not None:
            dx_dot = dx_dot + dy @ self.W_dot.swapaxes(-1, -2)
        return dx, dx_dot

    def __repr__(self) -> str:
        return f"Dense({self.d} -> {self.k})"


class Activation(Layer):
    """A function of one number, applied to every entry, so y = f(x), dx = f'(x) dy.

    A subclass says what f, f' and f'' are. `value(x)` returns y and the tape; `slope(tape)` is f'(x) and
    `curvature(tape)` is f''(x), both computed from the tape, or None where f'' is zero everywhere.
    """

    value: Callable[[Array], tuple[Array, Array]]
    slope: Callable[[Array], Array]
    curvature: Callable[[Array], Array | None]

    def forward(self, x: Array) -> tuple[Array, Any]:
        return self.value(x)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        slope = self.slope(tape)
        check_like_output(self, slope.shape, dy)
        return slope * dy

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        return self.slope(tape) * x_dot, x_dot

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        x_dot, slope, curvature = tape_dot, self.slope(tape), self.curvature(tape)
        check_like_output(self, slope.shape, dy, dy_dot)
        dx_dot = slope * dy_dot
        if curvature is not None:
            dx_dot = dx_dot + curvature * x_dot * dy  # f' moves as well: f'' x_dot
        return slope * dy, dx_dot


class LeakyReLU(Activation):
    """f(x) = x for x > 0, slope * x otherwise; f' = 1 or slope, f'' = 0 (Maas et al. 2013). Usual slopes: .01 to .2."""

    def __init__(self, slope: float = 0.2) -> None:
        self.leak = number("LeakyReLU: slope", slope, above=0, below=1, including=(0,))

    def value(self, x: Array) -> tuple[Array, Array]:
        # The mask as numbers: one multiplication each way, where np.where costs many times as much.
        # x is complex, and x.real needed, in a gradient check by the complex step.
        slope = (x.real > 0).astype(x.dtype)
        if not self.leak:
            return np.maximum(x, zeros(x.shape, x.dtype)), slope  # 0 x would be NaN at -inf
        slope *= 1 - self.leak
        slope += self.leak
        return x * slope, slope

    def slope(self, tape: Array) -> Array:
        return tape

    def curvature(self, tape: Array) -> None:
        return None

    def settings(self) -> dict[str, Any]:
        return {"slope": self.leak}

    def __repr__(self) -> str:
        return f"LeakyReLU({self.leak:g})"


class ReLU(LeakyReLU):
    """f(x) = max(x, 0); f' = 1 where x > 0, otherwise 0; f'' = 0."""

    def __init__(self) -> None:
        super().__init__(slope=0)

    def settings(self) -> dict[str, Any]:
        return {}

    def __repr__(self) -> str:
        return "ReLU()"


class Tanh(Activation):
    """f(x) = tanh(x); with y = tanh(x), f' = 1 - y^2 and f'' = -2 y (1 - y^2).

    >>> import numpy as np
    >>> from tinygan import Tanh
    >>> y, tape = Tanh().forward(np.array([[0.0, 1.0, 5.0]]))
    >>> print(y.round(3), Tanh().backward(np.ones_like(y), tape).round(3))
    [[0.    0.762 1.   ]] [[1.   0.42 0.  ]]
    """

    def value(self, x: Array) -> tuple[Array, Array]:
        y = np.tanh(x)
        return y, y

    def slope(self, tape: Array) -> Array:
        return 1 - tape * tape

    def curvature(self, tape: Array) -> Array:
        return -2 * tape * (1 - tape * tape)


class Sigmoid(Activation):
    """f(x) = 1 / (1 + exp(-x)); with y = f(x), f' = y (1 - y) and f'' = y (1 - y) (1 - 2 y)."""

    def value(self, x: Array) -> tuple[Array, Array]:
        y = sigmoid(x)
        return y, y

    def slope(self, tape: Array) -> Array:
        return tape * (1 - tape)

    def curvature(self, tape: Array) -> Array:
        return tape * (1 - tape) * (1 - 2 * tape)


class Softplus(Activation):
    """f(x) = log(1 + exp(x)), a smooth ReLU; with p = sigmoid(x), f' = p and f'' = p (1 - p)."""

    def value(self, x: Array) -> tuple[Array, Array]:
        return softplus(x), x

    def slope(self, tape: Array) -> Array:
        return sigmoid(tape)

    def curvature(self, tape: Array) -> Array:
        p = sigmoid(tape)
        return p * (1 - p)
