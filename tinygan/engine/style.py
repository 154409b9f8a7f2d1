"""Layers with a style: a vector that changes every pixel of an image. The four methods are those of `layers`.

    AdaIN(size, channels)                        every channel to mean 0 and variance 1, then the style's own
    ModulatedConv(size, channels, filters, ...)  a convolution whose weights the style scales, for each image

An image is a flat row of P C numbers, P pixels with their C channels side by side, as in `conv`. The style stands behind the
image in the same row. So each layer is a function of one array, and needs no other interface.
"""

import math
from typing import Any

import numpy as np

from .arguments import Array, count, number
from .base import Layer, check_input, check_like_output, sum_over_batch
from .conv import Conv2D
from .windows import Size, as_images, as_pixels, size_pair


class _Pixels(Layer):
    """A layer that takes an image of P pixels with C channels, and `more` numbers behind it, and gives back an image."""

    def __init__(self, size: Size, channels: int, more: int) -> None:
        name = type(self).__name__
        self.size, self.channels = size_pair(name, size), count(f"{name}: channels", channels)
        self.k = math.prod(self.size) * self.channels
        self.d = self.k + more

    def image(self, x: Array) -> Array:
        """The image, with a row for each pixel: (..., N, P, C)."""
        return x[..., :self.k].reshape(*x.shape[:-1], self.k // self.channels, self.channels)

    def row(self, image: Array, *more: Array) -> Array:
        """An image (..., N, P, C) as a flat row, with more numbers behind it."""
        flat = image.reshape(*image.shape[:-2], self.k)
        return np.concatenate([flat, *more], axis=-1) if more else flat

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.size[0]}x{self.size[1]}x{self.channels})"


class AdaIN(_Pixels):
    """y = (1 + s) xh + t, where xh is x with mean 0 and variance 1 over the pixels of each sample and channel.

    A row of the input is [x, s, t]: the image, P C numbers, then the style, C scales s and C shifts t. The style 0 is plain
    normalisation. xh = (x - mean x) / r with r = sqrt(var x + eps), both over the pixels of one sample and one channel, never
    over the batch nor over channels. Backward, with a = mean dy and b = mean(dy xh) over the pixels:

        dx = (1 + s) / r (dy - a - xh b),        ds = P b,        dt = P a

    Parameters
    ----------
    size : pixels along a side, or a pair (H, W)
    channels : numbers in each pixel
    eps : keeps r away from 0, about 1e-5

    References
    ----------
    Huang & Belongie 2017, equation 8; Karras et al. 2019, equation 1.
    """

    def __init__(self, size: Size, channels: int, eps: float = 1e-5) -> None:
        super().__init__(size, channels, 2 * channels)
        self.eps = number("AdaIN: eps", eps, above=0)

    def _style(self, x: Array) -> tuple[Array, Array]:
        """The columns of s and of t, each (..., N, 1, C)."""
        style = x[..., None, self.k:]
        return style[..., :self.channels], style[..., self.channels:]

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x)
        image, (s, t) = self.image(x), self._style(x)
        centred = image - _mean(image)
        r = np.sqrt(_mean(centred * centred) + self.eps)
        xh, gain = centred / r, 1 + s
        return self.row(gain * xh + t), (xh, r, gain)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        xh, r, gain = tape
        check_like_output(self, (*xh.shape[:-2], self.k), dy)
        dy, P = self.image(dy), xh.shape[-2]
        a, b = _mean(dy), _mean(dy * xh)
        return self.row(gain / r * (dy - a - xh * b), P * b[..., 0, :], P * a[..., 0, :])

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        (xh, r, gain), v, (s_dot, t_dot) = tape, self.image(x_dot), self._style(x_dot)
        r_dot = _mean(xh * v)
        xh_dot = (v - _mean(v) - xh * r_dot) / r
        return self.row(s_dot * xh + gain * xh_dot + t_dot), (xh_dot, r_dot, s_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        (xh, r, gain), (xh_dot, r_dot, s_dot) = tape, tape_dot
        check_like_output(self, (*xh.shape[:-2], self.k), dy, dy_dot)
        dx, dy, dy_dot, P = self.backward(dy, tape), self.image(dy), self.image(dy_dot), xh.shape[-2]
        a_dot, b, b_dot = _mean(dy_dot), _mean(dy * xh), _mean(dy_dot * xh + dy * xh_dot)
        q, q_dot = dy - _mean(dy) - xh * b, dy_dot - a_dot - xh_dot * b - xh * b_dot  # dx = gain / r q
        image_dot = (s_dot * q + gain * q_dot - r_dot * self.image(dx)) / r
        return dx, self.row(image_dot, P * b_dot[..., 0, :], P * a_dot[..., 0, :])


class ModulatedConv(Conv2D):
    """y = q (unfold((1 + s) x) W) + b. The style s scales the channels of x, and q brings each filter back to the norm 1.

    A row of the input is [x, s]: the image, H W C numbers, then C scales. The product (1 + s) x is that of each pixel's channels
    with their scales. It is the same to scale W, for each image by itself. Modulation is a change of weights. Demodulation then
    divides each filter by its norm, q_k = (sum over i, j, c of (1 + s_c)^2 W_ijck^2 + eps)^(-1/2). So no style makes the signal
    larger. Nothing is measured on the image itself, unlike in AdaIN. With T = unfold((1 + s) x) W, v = 1 + s, and sums over the
    pixels, one sample reads

        dT = q dy,       dq = sum T dy,       dn = -q^3/2 dq,      n = q^(-2)
        dW = U^T dT + 2 W (v^2)^T dn,         dv = sum x fold(dT W^T) + 2 v (dn M^T),    dx = v fold(dT W^T)

    where U = unfold(v x), and M_ck is the sum of W_ijck^2 over the window.

    Parameters
    ----------
    size, channels, filters, kernel, pad : as in `Conv2D`; the stride is 1
    demodulate : False leaves q = 1, as in the layer that makes colours of channels
    eps : keeps q finite, about 1e-8

    References
    ----------
    Karras et al. 2020, section 2.2, equations 1 and 3.
    """

    def __init__(self, size: Size, channels: int, filters: int, kernel: int, pad: int = 0, demodulate: bool = True,
                 eps: float = 1e-8) -> None:
        super().__init__(size, channels, filters, kernel, 1, pad)
        self.d_image, self.demodulate = self.d, bool(demodulate)
        self.eps = number("ModulatedConv: eps", eps, above=0)
        self.d += self.channels

    def _scaled(self, x: Array, v: Array) -> Array:
        """Each pixel's channels times their scales: x (..., N, H W C), v (..., N, C)."""
        pixels = x.reshape(*x.shape[:-1], math.prod(self.size), self.channels)
        return (pixels * v[..., None, :]).reshape(x.shape)

    def _over_pixels(self, a: Array, b: Array) -> Array:
        """sum a b over the pixels of each image, (..., N, H W c) -> (..., N, c)."""
        a, b = (part.reshape(*part.shape[:-1], math.prod(self.size), self.channels) for part in (a, b))
        return (a * b).sum(axis=-2)

    def _filtered(self, T: Array, q: Array) -> Array:
        """q T for each image: T (..., N h w, K), q (..., N, K)."""
        N, K = q.shape[-2:]
        return (T.reshape(*T.shape[:-2], N, T.shape[-2] // N, K) * q[..., None, :]).reshape(T.shape)

    def _over_windows(self, a: Array, b: Array) -> Array:
        """sum a b over the windows of each image: (..., N h w, K) -> (..., N, K)."""
        windows = math.prod(self.grid)
        return (a * b).reshape(*a.shape[:-2], a.shape[-2] // windows, windows, a.shape[-1]).sum(axis=-2)

    def _squares(self, a: Array, b: Array) -> Array:
        """sum a b over the window for weights (..., k k C, K) -> (..., C, K): M where both are W."""
        return (a * b).reshape(*a.shape[:-2], self.kernel**2, self.channels, self.filters).sum(axis=-3)

    def _spread_over(self, m: Array) -> Array:
        """The transpose of the sum over the window: (..., C, K) -> (..., k k C, K)."""
        return np.concatenate([m] * self.kernel**2, axis=-2)

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.W)
        x, v = x[..., :self.d_image], 1 + x[..., self.d_image:]
        u = self._windows(self._scaled(x, v))
        T = u @ self.W
        q = 1 / np.sqrt((v * v) @ self._squares(self.W, self.W) + self.eps) if self.demodulate else None
        y = (T if q is None else self._filtered(T, q)) + self.b
        return as_images(y, self.k), (x, v, u, T, q)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        x, v, u, T, q = tape
        self._check(u, dy)
        dy = as_pixels(dy, self.filters)
        dT = dy if q is None else self._filtered(dy, q)
        dvx = self._spread(dT, self.W.swapaxes(-1, -2))
        dv = self._over_pixels(x, dvx)
        if q is not None:
            dn = -q * q * q / 2 * self._over_windows(T, dy)
            dv = dv + 2 * v * (dn @ self._squares(self.W, self.W).swapaxes(-1, -2))
        if grads:
            self.db += sum_over_batch(dy)
            self.dW += u.swapaxes(-1, -2) @ dT
            if q is not None:
                self.dW += 2 * self.W * self._spread_over((v * v).swapaxes(-1, -2) @ dn)
        return np.concatenate([self._scaled(dvx, v), dv], axis=-1)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        x, v, u, T, q = tape
        x_dot, v_dot = x_dot[..., :self.d_image], x_dot[..., self.d_image:]
        u_dot = self._windows(self._scaled(x_dot, v) + self._scaled(x, v_dot))
        T_dot, n_dot, q_dot = u_dot @ self.W, None, None
        if self.W_dot is not None:
            T_dot = T_dot + u @ self.W_dot
        y_dot = T_dot
        if q is not None:
            n_dot = 2 * (v * v_dot) @ self._squares(self.W, self.W)
            if self.W_dot is not None:
                n_dot = n_dot + (v * v) @ self._squares(2 * self.W, self.W_dot)
            q_dot = -q * q * q / 2 * n_dot
            y_dot = self._filtered(T_dot, q) + self._filtered(T, q_dot)
        if self.b_dot is not None:
            y_dot = y_dot + self.b_dot
        return as_images(y_dot, self.k), (x_dot, v_dot, u_dot, T_dot, q_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        (x, v, u, T, q), (x_dot, v_dot, u_dot, T_dot, q_dot) = tape, tape_dot
        self._check(u, dy, dy_dot)
        dy, dy_dot, W = as_pixels(dy, self.filters), as_pixels(dy_dot, self.filters), self.W.swapaxes(-1, -2)
        dT, dT_dot = (dy, dy_dot) if q is None else (
            self._filtered(dy, q), self._filtered(dy_dot, q) + self._filtered(dy, q_dot))
        dvx, dvx_dot = self._spread(dT, W), self._spread(dT_dot, W)
        if self.W_dot is not None:
            dvx_dot = dvx_dot + self._spread(dT, self.W_dot.swapaxes(-1, -2))
        self.db += sum_over_batch(dy_dot)
        self.dW += u_dot.swapaxes(-1, -2) @ dT + u.swapaxes(-1, -2) @ dT_dot
        dv, dv_dot = self._over_pixels(x, dvx), self._over_pixels(x_dot, dvx) + self._over_pixels(x, dvx_dot)
        if q is not None:
            dq, dq_dot = self._over_windows(T, dy), self._over_windows(T_dot, dy) + self._over_windows(T, dy_dot)
            dn, dn_dot = -q * q * q / 2 * dq, -q * q * (q * dq_dot + 3 * q_dot * dq) / 2
            through_norm, through_norm_dot = self._through_norm(v, v_dot, dn, dn_dot)
            dv, dv_dot = dv + through_norm, dv_dot + through_norm_dot
        dx, dx_dot = self._scaled(dvx, v), self._scaled(dvx_dot, v) + self._scaled(dvx, v_dot)
        return np.concatenate([dx, dv], axis=-1), np.concatenate([dx_dot, dv_dot], axis=-1)

    def _through_norm(self, v: Array, v_dot: Array, dn: Array, dn_dot: Array) -> tuple[Array, Array]:
        """The part of dv and of its rate that comes through n = v^2 M; adds R{dW} of that part."""
        M, square, square_dot = self._squares(self.W, self.W).swapaxes(-1, -2), v * v, 2 * v * v_dot
        dM = square.swapaxes(-1, -2) @ dn
        dM_dot = square_dot.swapaxes(-1, -2) @ dn + square.swapaxes(-1, -2) @ dn_dot
        dv, dv_dot = 2 * v * (dn @ M), 2 * v_dot * (dn @ M) + 2 * v * (dn_dot @ M)
        self.dW += 2 * self.W * self._spread_over(dM_dot)
        if self.W_dot is not None:
            self.dW += 2 * self.W_dot * self._spread_over(dM)
            dv_dot = dv_dot + 2 * v * (dn @ self._squares(2 * self.W, self.W_dot).swapaxes(-1, -2))
        return dv, dv_dot

    def settings(self) -> dict[str, Any]:
        names = ("size", "channels", "filters", "kernel", "pad", "demodulate", "eps")
        return {name: getattr(self, name) for name in names}


def _mean(image: Array) -> Array:
    """The mean over the pixels, (..., N, P, C) -> (..., N, 1, C)."""
    return image.mean(axis=-2, keepdims=True)
