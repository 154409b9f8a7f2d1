"""Sequential: layers in a row. `mlp` makes the usual one. All its parameters stand in one array (see `engine.store`).

    net.theta   (P,) or (R, P)    every parameter of the network, layer after layer
    net.grad    same shape        dL/dtheta, where backward adds
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .arguments import Array, Seeds, callable_with, floats
from .initial import Rule, he, orthogonal, xavier
from .layers import Dense, Layer, ReLU
from .parts import check_layers, described
from .store import Network

__all__ = ["Network", "Sequential", "mlp", "he", "orthogonal", "xavier"]

Tapes = list[Any]


class Sequential(Network):
    """The layers' functions one after the other, with the layers' own four methods and a call: `y = net(x)`.

    A Network of another form, with branches for instance, may use the same loops over layers, `forward_through(layers, x)` and
    the three like it.

    Parameters
    ----------
    *layers : Layer objects, each of which fits the next: Dense(2, 8), ReLU(), Dense(8, 1)
    seed, replicas, dtype, init : as in `Network`

    Raises
    ------
    ValueError : neighbours do not fit, as in "layer 0, Dense(2 -> 64), gives 64 features, but layer 2 ... takes 32"

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import Dense, ReLU, Sequential
    >>> D = Sequential(Dense(2, 8), ReLU(), Dense(8, 1))
    >>> s, tape = D.forward(np.ones((5, 2)))
    >>> dx = D.backward(np.ones_like(s), tape)
    >>> s.shape, dx.shape, D.theta.shape, D.grad.shape
    ((5, 1), (5, 2), (33,), (33,))
    """

    def __init__(self, *layers: Layer, seed: Seeds = 0, replicas: int | tuple[()] = (), dtype: DTypeLike = np.float32,
                 init: Rule = he) -> None:
        check_layers(layers)
        d_in, d_out = _fit(layers)
        super().__init__(layers, d_in, d_out, seed=seed, replicas=replicas, dtype=dtype, init=init)
        for layer in layers:
            self.rows *= layer.rows

    def forward(self, x: Any) -> tuple[Array, Tapes]:
        """y and the tapes of all layers: x (..., N, d_in) -> y (..., N, d_out). x is converted to the network's dtype."""
        return forward_through(self.layers, floats("x", x, self.dtype))

    def backward(self, dy: Array, tape: Tapes, grads: bool = True) -> Array:
        """dx, the layers' backwards in reverse order; adds dL/dtheta to `grad`, or with grads=False leaves it alone."""
        return backward_through(self.layers, floats("dy", dy, self.dtype), tape, grads)

    # On a first reading, stop here. What follows serves gradient penalties and second derivatives.

    def tangent(self, x_dot: Array, tape: Tapes) -> tuple[Array, Tapes]:
        """y_dot, the velocity of y when x moves with x_dot (and theta with theta_dot), and the tapes of the tangents."""
        return tangent_through(self.layers, x_dot, tape)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Tapes, tape_dot: Tapes) -> tuple[Array, Array]:
        """dx and dx_dot; adds R{dL/dtheta} to `grad`."""
        return tangent_backward_through(self.layers, dy, dy_dot, tape, tape_dot)

    def settings(self) -> dict[str, Any]:
        """The layers, as plain values."""
        return {"layers": [described(layer) for layer in self.layers]}

    @classmethod
    def from_settings(cls, **settings: Any) -> "Sequential":
        """A Sequential from what `settings` gave."""
        return cls(*settings.pop("layers"), **settings)


def forward_through(layers: Sequence[Any], x: Array) -> tuple[Array, Tapes]:
    """y and the tapes of the layers in a row."""
    tapes = []
    for layer in layers:
        x, tape = layer.forward(x)
        tapes.append(tape)
    return x, tapes


def backward_through(layers: Sequence[Any], dy: Array, tape: Tapes, grads: bool = True) -> Array:
    """dx of the layers in a row."""
    for layer, layer_tape in zip(reversed(layers), reversed(tape), strict=True):
        dy = layer.backward(dy, layer_tape, grads)
    return dy


def tangent_through(layers: Sequence[Any], x_dot: Array, tape: Tapes) -> tuple[Array, Tapes]:
    """y_dot and the tapes of the tangents of the layers in a row."""
    tapes_dot = []
    for layer, layer_tape in zip(layers, tape, strict=True):
        x_dot, tape_dot = layer.tangent(x_dot, layer_tape)
        tapes_dot.append(tape_dot)
    return x_dot, tapes_dot


def tangent_backward_through(layers: Sequence[Any], dy: Array, dy_dot: Array, tape: Tapes,
                             tape_dot: Tapes) -> tuple[Array, Array]:
    """dx and dx_dot of the layers in a row."""
    for layer, layer_tape, layer_dot in zip(reversed(layers), reversed(tape), reversed(tape_dot), strict=True):
        dy, dy_dot = layer.tangent_backward(dy, dy_dot, layer_tape, layer_dot)
    return dy, dy_dot


def _fit(layers: Sequence[Any]) -> tuple[int, int]:
    """(d_in, d_out) of the row of layers; raises where a layer's output is not the size of the next one's input."""
    if not layers:
        raise ValueError("Sequential needs at least one layer, for example Dense(2, 1)")
    sized = [(i, layer) for i, layer in enumerate(layers) if hasattr(layer, "d")]
    if not sized:
        raise ValueError("Sequential needs at least one layer with a size, for example Dense(2, 1)")
    for (i, layer), (j, following) in pairwise(sized):
        if layer.k != following.d:
            raise ValueError(f"layer {i}, {layer}, gives {layer.k} features, but layer {j}, {following}, takes {following.d}: "
                             "make the two numbers equal")
    return sized[0][1].d, sized[-1][1].k


def mlp(*sizes: int, activation: Callable[[], Layer] = ReLU, seed: Seeds = 0, replicas: int | tuple[()] = (),
        dtype: DTypeLike = np.float32, init: Rule = he) -> Sequential:
    """A multilayer perceptron: `mlp(2, 128, 128, 1)` is Dense(2, 128), ReLU, Dense(128, 128), ReLU, Dense(128, 1).

    The last layer is linear. A discriminator gives scores, a generator points.

    Parameters
    ----------
    *sizes : features in, of each hidden layer, and out: at least two numbers; hidden layers usually have 32 to 256
    activation : a class, or a function without arguments that makes a layer, such as `lambda: LeakyReLU(.1)`
    seed, replicas, dtype, init : as in `Network`

    Raises
    ------
    ValueError : fewer than two sizes
    TypeError : an activation that makes no layers

    Examples
    --------
    >>> from tinygan import LeakyReLU, mlp
    >>> print(mlp(2, 64, 1, activation=lambda: LeakyReLU(.1)))
    Sequential: (N, 2) -> (N, 1), 257 parameters, float32
      Dense(2 -> 64)       -> (N, 64)                 192   W (2, 64) + b (1, 64)
      LeakyReLU(0.1)       -> (N, 64)
      Dense(64 -> 1)       -> (N, 1)                   65   W (64, 1) + b (1, 1)
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp needs at least two sizes, in and out, as in mlp(2, 128, 1); got {sizes}")
    callable_with("activation", activation, "a class such as ReLU, without brackets, or a function that makes a layer, such as "
                  "lambda: LeakyReLU(.1)")
    layers: list[Layer] = []
    for d, k in pairwise(sizes):
        layers += [Dense(d, k), activation()]
    return Sequential(*layers[:-1], seed=seed, replicas=replicas, dtype=dtype, init=init)
