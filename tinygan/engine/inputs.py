"""Layers at the beginnings of a style generator. The four methods are those of `layers`.

    PixelNorm(d)            the latent noise z, brought to mean square 1
    Constant(k)             numbers that are learned, the same for every row; they stand where z stands elsewhere
    Noise(size, channels)   an image with noise added, with a learned strength for each channel
"""

import math
from typing import Any

import numpy as np

from .arguments import Array, count, number
from .base import Layer, check_input, check_like_output, sum_over_batch
from .windows import Size, size_pair


class PixelNorm(Layer):
    """y = x / r with r = sqrt(mean x^2 + eps), the mean over the features of each sample: x, y (..., N, d), r (..., N, 1).

    So what counts is the direction of x alone. r_dot = mean(y x_dot), hence y_dot = (x_dot - y mean(y x_dot)) / r. This map is
    its own transpose, so backward is the same formula: dx = (dy - y mean(y dy)) / r.

    Parameters
    ----------
    d : features
    eps : keeps r away from 0, about 1e-8

    References
    ----------
    Karras et al. 2018, section 4.2.
    """

    def __init__(self, d: int, eps: float = 1e-8) -> None:
        self.d = self.k = count("PixelNorm: d (features)", d)
        self.eps = number("PixelNorm: eps", eps, above=0)

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x)
        r = np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.eps)
        y = x / r
        return y, (y, r)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        y, r = tape
        check_like_output(self, y.shape, dy)
        return (dy - y * (y * dy).mean(axis=-1, keepdims=True)) / r

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        y, r = tape
        r_dot = (y * x_dot).mean(axis=-1, keepdims=True)
        y_dot = (x_dot - y * r_dot) / r
        return y_dot, (y_dot, r_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        (y, r), (y_dot, r_dot) = tape, tape_dot
        check_like_output(self, y.shape, dy, dy_dot)
        dx, b = self.backward(dy, tape), (y * dy).mean(axis=-1, keepdims=True)
        b_dot = (y_dot * dy + y * dy_dot).mean(axis=-1, keepdims=True)
        return dx, (dy_dot - y_dot * b - y * b_dot - r_dot * dx) / r

    def __repr__(self) -> str:
        return f"PixelNorm({self.d})"


class Constant(Layer):
    """y = W in every row: x (..., N, 0), which has nothing but its number of rows, W (..., 1, k) -> y (..., N, k).

    It is a dense layer of one feature that is always 1, and its first W is drawn as such. Backward: dW = sum of the rows of dy.

    Parameters
    ----------
    k : how many numbers are learned

    References
    ----------
    Karras et al. 2019, section 2, on the constant in the place of z.
    """

    parameters = ("W",)
    W: Array
    dW: Array
    W_dot: Array | None

    def __init__(self, k: int) -> None:
        self.d, self.k = 0, count("Constant: k", k)
        self.shapes = {"W": (1, self.k)}
        self.allocate()

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.W)
        return np.broadcast_to(self.W, (*x.shape[:-1], self.k)), x

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        check_like_output(self, (*tape.shape[:-1], self.k), dy)
        if grads:
            self.dW += sum_over_batch(dy)
        return dy[..., :0]

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        y_dot = np.zeros((*tape.shape[:-1], self.k), self.W.dtype)
        return (y_dot if self.W_dot is None else y_dot + self.W_dot), None

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        check_like_output(self, (*tape.shape[:-1], self.k), dy, dy_dot)
        self.dW += sum_over_batch(dy_dot)
        return dy[..., :0], dy_dot[..., :0]

    def __repr__(self) -> str:
        return f"Constant({self.k})"


class Noise(Layer):
    """y = x + B n: an image x with P pixels of C channels, one number of noise n for each pixel, one strength B for each channel.

    A row of the input is [x, n]: P C numbers, then P. B (..., 1, C) starts at 0. Backward: dx = dy, dB = sum of n dy over pixels
    and batch, and dn = the sum of B dy over channels. One B for all channels together would be another model.

    Parameters
    ----------
    size : pixels along a side, or a pair (H, W)
    channels : numbers in each pixel

    References
    ----------
    Karras et al. 2019, section 2.
    """

    parameters = ("B",)
    B: Array
    dB: Array
    B_dot: Array | None

    def __init__(self, size: Size, channels: int) -> None:
        self.size, self.channels = size_pair("Noise", size), count("Noise: channels", channels)
        self.pixels = math.prod(self.size)
        self.k = self.pixels * self.channels
        self.d = self.k + self.pixels
        self.shapes = {"B": (1, self.channels)}
        self.allocate()

    def _rows(self, x: Array, c: int) -> Array:
        """A row for each pixel: (..., N, P c) -> (..., N P, c)."""
        return x.reshape(*x.shape[:-2], x.shape[-2] * self.pixels, c)

    def _added(self, n: Array, B: Array) -> Array:
        """B n as flat images."""
        return (self._rows(n, 1) * B).reshape(*n.shape[:-1], self.k)

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.B)
        x, n = x[..., :self.k], x[..., self.k:]
        return x + self._added(n, self.B), n

    def _strength(self, dy: Array, n: Array) -> Array:
        """The sum of n dy over pixels and batch, (..., 1, C)."""
        return self._rows(n, 1).swapaxes(-1, -2) @ self._rows(dy, self.channels)

    def _noise(self, dy: Array, B: Array) -> Array:
        """The sum of B dy over channels, (..., N, P)."""
        return (self._rows(dy, self.channels) @ B.swapaxes(-1, -2)).reshape(*dy.shape[:-1], self.pixels)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        check_like_output(self, (*tape.shape[:-1], self.k), dy)
        if grads:
            self.dB += self._strength(dy, tape)
        return np.concatenate([dy, self._noise(dy, self.B)], axis=-1)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        x_dot, n_dot = x_dot[..., :self.k], x_dot[..., self.k:]
        y_dot = x_dot + self._added(n_dot, self.B)
        return (y_dot if self.B_dot is None else y_dot + self._added(tape, self.B_dot)), n_dot

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        check_like_output(self, (*tape.shape[:-1], self.k), dy, dy_dot)
        self.dB += self._strength(dy, tape_dot) + self._strength(dy_dot, tape)
        dn, dn_dot = self._noise(dy, self.B), self._noise(dy_dot, self.B)
        if self.B_dot is not None:
            dn_dot = dn_dot + self._noise(dy, self.B_dot)
        return np.concatenate([dy, dn], axis=-1), np.concatenate([dy_dot, dn_dot], axis=-1)

    def __repr__(self) -> str:
        return f"Noise({self.size[0]}x{self.size[1]}x{self.channels})"
