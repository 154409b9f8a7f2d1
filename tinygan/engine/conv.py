"""Layers for images: convolution, its transpose, and enlargement. The four methods are those of `layers`.

    Conv2D(size, channels, filters, kernel, stride, pad)             weighted sums over windows; a stride makes the image smaller
    ConvTranspose2D(size, channels, filters, kernel, stride, pad)    the transpose; a stride makes the image larger
    Upsample(size, channels, factor)                                 each pixel becomes a square of equal pixels

An image is a flat row of H W C numbers, pixel after pixel, with the channels of one pixel side by side. So a batch of images is
x (..., N, d) with d = H W C, as for every other layer, and penalties, replicas and checkpoints need nothing new.

`unfold` writes every window of an image as a row, and `fold` is its adjoint. It adds the windows back to the image. With them a
convolution is one matrix product, y = unfold(x) W + b, and its transpose is y = fold(x W) + b.
"""

import math
from typing import Any

import numpy as np

from .arguments import Array, count
from .base import Layer, check_input, check_like_output, sum_over_batch
from .windows import Size, as_images, as_pixels, fold, grid_of, size_of, size_pair, unfold


class _Convolution(Layer):
    """What both convolutions share. These are an image (H, W, c), its windows, h x w of them (`grid`), W and b.

    A subclass says whether its x is the image and its y stands at the windows, or the other way round.
    """

    parameters = ("W", "b")
    W: Array
    b: Array
    dW: Array
    db: Array
    W_dot: Array | None
    b_dot: Array | None
    image: tuple[int, int, int]
    grid: tuple[int, int]

    def __init__(self, size: Size, channels: int, filters: int, kernel: int, stride: int = 1, pad: int = 0) -> None:
        name = type(self).__name__
        self.size = size_pair(name, size)
        self.channels, self.filters = count(f"{name}: channels", channels), count(f"{name}: filters", filters)
        self.kernel, self.stride = count(f"{name}: kernel", kernel), count(f"{name}: stride", stride)
        self.pad = count(f"{name}: pad", pad, 0)
        self.output = self._lay_out()
        self.d, self.k = math.prod(self.size) * self.channels, math.prod(self.output) * self.filters
        self.allocate()

    def _lay_out(self) -> tuple[int, int]:
        """Set image, grid, shapes and fans; returns the pixels of y, (height, width)."""
        raise NotImplementedError

    def _windows(self, image: Array) -> Array:
        """A row for each window: (..., N, H W c) -> (..., N h w, k k c)."""
        u = unfold(image.reshape(*image.shape[:-1], *self.image), self.kernel, self.stride, self.pad)
        return u.reshape(*image.shape[:-2], image.shape[-2] * math.prod(self.grid), u.shape[-1])

    def _spread(self, rows: Array, M: Array) -> Array:
        """fold(rows M): rows (..., N h w, K), M (..., K, k k c) -> (..., N, H W c)."""
        k, (*front, n, K), (H, W, c) = self.kernel, rows.shape, self.image
        n //= math.prod(self.grid)
        if self.stride == 1 and self.pad < k > 1:
            # The same sums as a convolution with the turned kernel: 1.5 to 3 times as fast as fold, up to about 16 channels.
            u = unfold(rows.reshape(*front, n, *self.grid, K), k, 1, k - 1 - self.pad).reshape(*front, n * H * W, k * k * K)
            turned = np.moveaxis(M.reshape(*front, K, k, k, c)[..., ::-1, ::-1, :], -4, -2)
            return as_images(u @ turned.reshape(*front, k * k * K, c), H * W * c)
        u = (rows @ M).reshape(*front, n, *self.grid, k * k * c)
        return fold(u, k, self.stride, self.pad).reshape(*front, n, H * W * c)

    def _check(self, rows: Array, *gradients: Array) -> None:
        """Raises ValueError unless the gradients are shaped like y; `rows` is what the tape has for each window."""
        check_like_output(self, (*rows.shape[:-2], rows.shape[-2] // math.prod(self.grid), self.k), *gradients)

    def __repr__(self) -> str:
        ends = [f"{H}x{W}x{c}" for H, W, c in ((*self.size, self.channels), (*self.output, self.filters))]
        return f"{type(self).__name__}({' -> '.join(ends)}, kernel {self.kernel}, stride {self.stride}, pad {self.pad})"


class Conv2D(_Convolution):
    """y = unfold(x) W + b. Each of the `filters` is a weighted sum over a window, with the same weights for every window.

    x (..., N, H W C), W (..., k k C, K), b (..., 1, K) -> y (..., N, h w K), with C = `channels`, K = `filters`, k = `kernel` and
    h = (H + 2 pad - k) / stride + 1.

    Parameters
    ----------
    size : pixels along a side of the input, or a pair (H, W)
    channels : numbers in each pixel of the input
    filters : numbers in each pixel of the output
    kernel : pixels along a side of a window, usually 3, or 4 with stride 2
    stride : from one window to the next, usually 1 or 2; with 2 the image has half the size
    pad : pixels of zeros around the image, usually 1

    Raises
    ------
    ValueError : the windows leave pixels over, as with size 7, kernel 4 and stride 2

    References
    ----------
    Dumoulin & Visin 2016, chapters 2 and 4; on strides instead of pooling, Radford et al. 2016, section 3.

    Examples
    --------
    >>> from tinygan import Conv2D
    >>> print(Conv2D(8, channels=1, filters=16, kernel=4, stride=2, pad=1))
    Conv2D(8x8x1 -> 4x4x16, kernel 4, stride 2, pad 1)
    """

    def _lay_out(self) -> tuple[int, int]:
        self.image, n = (*self.size, self.channels), self.kernel**2
        self.grid = grid_of(type(self).__name__, self.size, self.kernel, self.stride, self.pad)
        self.shapes = {"W": (n * self.channels, self.filters), "b": (1, self.filters)}
        self.fans = (n * self.channels, n * self.filters / self.stride**2)
        return self.grid

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.W)
        u = self._windows(x)
        y = u @ self.W
        y += self.b
        return as_images(y, self.k), u

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        """Scalar case, a row of pixels with one channel: y_i = sum_j w_j x_{si+j-p} + b, with s = `stride`, p = `pad`. So

            dw_j = sum_i dy_i x_{si+j-p}        db = sum_i dy_i        dx_m = sum of dy_i w_j over all (i, j) with si + j - p = m

        Matrix case, with U = unfold(x) and a row of dy for each window: dW = U^T dy, db = 1^T dy, dx = fold(dy W^T).
        """
        self._check(tape, dy)
        u, dy = tape, as_pixels(dy, self.filters)
        if grads:
            self.dW += u.swapaxes(-1, -2) @ dy
            self.db += sum_over_batch(dy)
        return self._spread(dy, self.W.swapaxes(-1, -2))

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        u, u_dot = tape, self._windows(x_dot)
        y_dot = u_dot @ self.W
        if self.W_dot is not None:
            y_dot = y_dot + u @ self.W_dot + self.b_dot
        return as_images(y_dot, self.k), u_dot

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        u, u_dot = tape, tape_dot
        self._check(u, dy, dy_dot)
        dy, dy_dot = as_pixels(dy, self.filters), as_pixels(dy_dot, self.filters)
        self.dW += u_dot.swapaxes(-1, -2) @ dy + u.swapaxes(-1, -2) @ dy_dot
        self.db += sum_over_batch(dy_dot)
        dx, dx_dot = (self._spread(part, self.W.swapaxes(-1, -2)) for part in (dy, dy_dot))
        if self.W_dot is not None:
            dx_dot = dx_dot + self._spread(dy, self.W_dot.swapaxes(-1, -2))
        return dx, dx_dot


class ConvTranspose2D(_Convolution):
    """y = fold(x W) + b. Each pixel of x lays a window of k x k pixels, times its numbers, and windows that overlap add up.

    x (..., N, h w C), W (..., C, k k K), b (..., 1, K) -> y (..., N, H W K), with C = `channels`, K = `filters`, k = `kernel` and
    H = stride (h - 1) + k - 2 pad. Without b it is the map that takes dy to dx in a Conv2D from H x W to h x w, whose W is this
    one's transpose. Where `stride` divides `kernel`, every pixel inside is covered by equally many windows. Where it does not, as
    with 3 and 2, some are covered by more, which makes the checkerboard in many generated images.

    Parameters
    ----------
    size : pixels along a side of the input, or a pair (h, w)
    channels : numbers in each pixel of the input
    filters : numbers in each pixel of the output
    kernel : pixels along a side of a window, usually a multiple of stride, such as 4
    stride : from one window to the next in the output, usually 2, which doubles the size
    pad : pixels that are cut from every side of the output, usually 1

    Raises
    ------
    ValueError : pad leaves no pixel

    References
    ----------
    Dumoulin & Visin 2016, chapter 4; Odena et al. 2016 on the checkerboard; Radford et al. 2016, section 3.

    Examples
    --------
    >>> from tinygan import ConvTranspose2D
    >>> print(ConvTranspose2D(4, channels=16, filters=1, kernel=4, stride=2, pad=1))
    ConvTranspose2D(4x4x16 -> 8x8x1, kernel 4, stride 2, pad 1)
    """

    def _lay_out(self) -> tuple[int, int]:
        self.grid, n = self.size, self.kernel**2
        H, W = size_of("ConvTranspose2D", self.size, self.kernel, self.stride, self.pad)
        self.image = (H, W, self.filters)
        self.shapes = {"W": (self.channels, n * self.filters), "b": (1, self.filters)}
        self.fans = (n * self.channels / self.stride**2, n * self.filters)
        return H, W

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.W)
        x = as_pixels(x, self.channels)
        return as_images(as_pixels(self._spread(x, self.W), self.filters) + self.b, self.k), x

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        """Scalar case, a row of pixels with one channel: y_m = b + sum of x_i w_j over all (i, j) with si + j - p = m. So

            dw_j = sum_i x_i dy_{si+j-p}        db = sum_m dy_m        dx_i = sum_j w_j dy_{si+j-p}

        Matrix case, with U = unfold(dy): dW = x^T U, db = 1^T dy with a row of dy for each pixel, dx = U W^T.
        """
        self._check(tape, dy)
        x, u = tape, self._windows(dy)
        if grads:
            self.dW += x.swapaxes(-1, -2) @ u
            self.db += sum_over_batch(as_pixels(dy, self.filters))
        return as_images(u @ self.W.swapaxes(-1, -2), self.d)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        x, x_dot = tape, as_pixels(x_dot, self.channels)
        y_dot = self._spread(x_dot, self.W)
        if self.W_dot is not None:
            y_dot = as_images(as_pixels(y_dot + self._spread(x, self.W_dot), self.filters) + self.b_dot, self.k)
        return y_dot, x_dot

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        x, x_dot = tape, tape_dot
        self._check(x, dy, dy_dot)
        u, u_dot = self._windows(dy), self._windows(dy_dot)
        self.dW += x_dot.swapaxes(-1, -2) @ u + x.swapaxes(-1, -2) @ u_dot
        self.db += sum_over_batch(as_pixels(dy_dot, self.filters))
        dx, dx_dot = u @ self.W.swapaxes(-1, -2), u_dot @ self.W.swapaxes(-1, -2)
        if self.W_dot is not None:
            dx_dot = dx_dot + u @ self.W_dot.swapaxes(-1, -2)
        return as_images(dx, self.d), as_images(dx_dot, self.d)


class Upsample(Layer):
    """y repeats each pixel of x `factor` times in both directions, so x (..., N, H W C) -> y (..., N, (f H) (f W) C).

    Parameters
    ----------
    size : pixels along a side of the input, or a pair (H, W)
    channels : numbers in each pixel
    factor : usually 2

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import Upsample
    >>> y, _ = Upsample((1, 2), channels=1).forward(np.array([[3, 5]]))
    >>> print(y.reshape(2, 4))
    [[3 3 5 5]
     [3 3 5 5]]
    """

    def __init__(self, size: Size, channels: int, factor: int = 2) -> None:
        self.size, self.channels = size_pair("Upsample", size), count("Upsample: channels", channels)
        self.factor = count("Upsample: factor", factor)
        self.d = math.prod(self.size) * self.channels
        self.k = math.prod(size_of("Upsample", self.size, self.factor, self.factor, 0)) * self.channels

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x)
        (H, W), f, front = self.size, self.factor, x.shape[:-1]
        pixels = np.broadcast_to(x.reshape(*front, H, 1, W, 1, self.channels), (*front, H, f, W, f, self.channels))
        return pixels.reshape(*front, self.k), (*front, self.k)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        """Scalar case, one pixel: y_1 = y_2 = x, so dx = dy_1 + dy_2. An image: dx sums over each square of equal pixels."""
        check_like_output(self, tape, dy)
        (H, W), f = self.size, self.factor
        return dy.reshape(*dy.shape[:-1], H, f, W, f, self.channels).sum(axis=(-4, -2)).reshape(*dy.shape[:-1], self.d)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        return self.forward(x_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        return self.backward(dy, tape), self.backward(dy_dot, tape)

    def __repr__(self) -> str:
        (H, W), f = self.size, self.factor
        return f"Upsample({H}x{W}x{self.channels} -> {f * H}x{f * W}x{self.channels})"
