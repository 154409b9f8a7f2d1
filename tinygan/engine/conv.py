"""Layers for images: convolution, its transpose, and enlargement. The four methods are those of `layers`.

    Conv2D(size, channels, filters, kernel, stride, pad)             weighted sums over windows; a stride makes the image smaller
    ConvTranspose2D(size, channels, filters, kernel, stride, pad)    the transpose; a stride makes the image larger
    Upsample(size, channels, factor)                                 each pixel becomes a square of equal pixels

An image is a flat row of H W C numbers, pixel after pixel, with the channels of one pixel side by side. So a batch of images is
x (..., N, d) with d = H W C, as for every other layer, and penalties, replicas and checkpoints need nothing new.

Two functions carry all of it. `unfold` writes every window of an image as a row. Then a convolution is one matrix product,
y = unfold(x) W + b. `fold` is its adjoint, <unfold(x), u> = <x, fold(u)>. It adds every number of every window to the pixel that
the number came from.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .arguments import Array, count
from .base import Layer, check_input, check_like_output, sum_over_batch

Size = int | Sequence[int]  # H = W, or a pair (H, W)


def unfold(x: Array, kernel: int, stride: int = 1, pad: int = 0) -> Array:
    """Every window of an image as one row: x (..., H, W, C) -> u (..., h, w, k k C), with h = (H + 2 pad - k) / stride + 1.

    A window has k x k pixels, k = `kernel`. Its numbers stand in the order row, column, channel. One window begins `stride`
    pixels after the other. `pad` pixels of zeros are laid around the image first.

    Raises
    ------
    ValueError : the windows leave pixels over

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.engine.conv import unfold
    >>> print(unfold(np.arange(9).reshape(3, 3, 1), kernel=2).reshape(4, 4))
    [[0 1 3 4]
     [1 2 4 5]
     [3 4 6 7]
     [4 5 7 8]]
    """
    *front, H, W, C = x.shape
    h, w = _grid("unfold", (H, W), kernel, stride, pad)
    if pad:
        H, W = H + 2 * pad, W + 2 * pad
        padded = np.zeros_like(x, order="C", shape=(*front, H, W, C))
        padded[..., pad:-pad, pad:-pad, :] = x
        x = padded
    # A row of pixels is one row of W C numbers, in which k pixels of a window stand side by side: the copy moves k C at a time.
    views = sliding_window_view(x.reshape(*front, H, W * C), (kernel, kernel * C), axis=(-2, -1), subok=True)
    return views[..., ::stride, ::stride * C, :, :].reshape(*front, h, w, kernel * kernel * C)  # type: ignore[no-any-return]


def fold(u: Array, kernel: int, stride: int = 1, pad: int = 0) -> Array:
    """The adjoint of `unfold`: u (..., h, w, k k C) -> x (..., H, W, C), with H = stride (h - 1) + k - 2 pad.

    Each number of a window is added to the pixel that it came from. What falls on the padding is left out.

    Raises
    ------
    ValueError : the padding leaves no pixel

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.engine.conv import fold
    >>> print(fold(np.ones((2, 2, 4)), kernel=2)[..., 0])
    [[1. 2. 1.]
     [2. 4. 2.]
     [1. 2. 1.]]
    """
    *front, h, w, numbers = u.shape
    H, W = _size("fold", (h, w), kernel, stride, pad)
    C, more = numbers // kernel**2, -(-kernel // stride) - 1
    u = u.reshape(*front, h, w, kernel, kernel * C).swapaxes(-3, -2)  # window row, pixel row, window column, pixel column
    # Blocks of stride x stride pixels: windows that begin one stride apart do not overlap in one block of theirs.
    x = np.zeros_like(u, order="C", shape=(*front, h + more, stride, w + more, stride * C))
    step = stride if C > 1 else 1  # a block at once takes half of the time, but with one channel twice the time
    for i in range(0, kernel, step):
        for j in range(0, kernel, step):
            part = u[..., i:i + step, :, j * C:(j + step) * C]
            (a, row), (b, column) = divmod(i, stride), divmod(j, stride)
            place = x[..., a:a + h, row:row + part.shape[-3], b:b + w, column * C:column * C + part.shape[-1]]
            place += part
    x = x.reshape(*front, stride * (h + more), stride * (w + more), C)
    return x[..., pad:pad + H, pad:pad + W, :]


class _Convolution(Layer):
    """What both convolutions share: the image in which the windows lie, `grid` = (h, w) windows of it, and W, b.

    A subclass says whether its x is the image and its y the grid, or the other way round.
    """

    parameters = ("W", "b")
    W: Array
    b: Array
    dW: Array
    db: Array
    W_dot: Array | None
    b_dot: Array | None

    def __init__(self, size: Size, channels: int, filters: int, kernel: int, stride: int = 1, pad: int = 0) -> None:
        name = type(self).__name__
        self.size = _pair(name, size)
        self.channels, self.filters = count(f"{name}: channels", channels), count(f"{name}: filters", filters)
        self.kernel, self.stride = count(f"{name}: kernel", kernel), count(f"{name}: stride", stride)
        self.pad = count(f"{name}: pad", pad, 0)
        self.image, self.grid = self._geometry(name)  # (H, W, numbers in a pixel), (h, w)

    def _geometry(self, name: str) -> tuple[tuple[int, int, int], tuple[int, int]]:
        raise NotImplementedError

    def _windows(self, image: Array) -> Array:
        """A row for each window: (..., N, H W c) -> (..., N h w, k k c)."""
        *front, n, _ = image.shape
        u = unfold(image.reshape(*front, n, *self.image), self.kernel, self.stride, self.pad)
        return u.reshape(*front, n * math.prod(self.grid), u.shape[-1])

    def _spread(self, rows: Array, M: Array) -> Array:
        """fold(rows M): rows (..., N h w, K), M (..., K, k k c) -> (..., N, H W c)."""
        k, (*front, n, K), (H, W, c) = self.kernel, rows.shape, self.image
        n //= math.prod(self.grid)
        if self.stride == 1 and self.pad < k > 1:
            # The same sums as a convolution with the turned kernel: 1.5 to 3 times as fast as fold, up to about 16 channels.
            u = unfold(rows.reshape(*front, n, *self.grid, K), k, 1, k - 1 - self.pad).reshape(*front, n * H * W, k * k * K)
            turned = M.reshape(*front, K, k, k, c)[..., ::-1, ::-1, :]
            image = u @ np.moveaxis(turned, -4, -2).reshape(*front, k * k * K, c)
        else:
            image = fold((rows @ M).reshape(*front, n, *self.grid, k * k * c), k, self.stride, self.pad)
        return image.reshape(*front, n, H * W * c)

    def _output(self, rows: Array) -> tuple[int, ...]:
        """The shape of y, from what the tape has for each window."""
        *front, n, _ = rows.shape
        return (*front, n // math.prod(self.grid), self.k)

    def __repr__(self) -> str:
        (H, W, c), (h, w) = self.image, self.grid
        image, grid = f"{H}x{W}x{c}", f"{h}x{w}x"
        ends = f"{image} -> {grid}{self.filters}" if isinstance(self, Conv2D) else f"{grid}{self.channels} -> {image}"
        return f"{type(self).__name__}({ends}, kernel {self.kernel}, stride {self.stride}, pad {self.pad})"


class Conv2D(_Convolution):
    """y = unfold(x) W + b: each of the `filters` is a weighted sum over a window, with the same weights for every window.

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
    >>> import numpy as np
    >>> from tinygan import Conv2D
    >>> print(Conv2D(8, channels=1, filters=16, kernel=4, stride=2, pad=1))
    Conv2D(8x8x1 -> 4x4x16, kernel 4, stride 2, pad 1)
    >>> layer = Conv2D((1, 5), channels=1, filters=1, kernel=1)
    >>> layer.W[...], layer.b[...] = 2, 1
    >>> print(layer.forward(np.arange(5.0)[None])[0])
    [[1. 3. 5. 7. 9.]]
    """

    def _geometry(self, name: str) -> tuple[tuple[int, int, int], tuple[int, int]]:
        grid, (H, W) = _grid(name, self.size, self.kernel, self.stride, self.pad), self.size
        self.d, self.k = H * W * self.channels, math.prod(grid) * self.filters
        self.shapes = {"W": (self.kernel**2 * self.channels, self.filters), "b": (1, self.filters)}
        self.fans = (self.kernel**2 * self.channels, self.kernel**2 * self.filters / self.stride**2)
        self.allocate()
        return (H, W, self.channels), grid

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.W)
        u = self._windows(x)
        y = u @ self.W
        y += self.b
        return y.reshape(self._output(u)), u

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        """Scalar case, a row of pixels with one channel: y_i = sum_j w_j x_{si+j-p} + b, with s = `stride`, p = `pad`. So

            dw_j = sum_i dy_i x_{si+j-p}        db = sum_i dy_i        dx_m = sum of dy_i w_j over all (i, j) with si + j - p = m

        Matrix case, with U = unfold(x) and a row of dy for each window: dW = U' dy, db = 1' dy, dx = fold(dy W').
        """
        u = tape
        check_like_output(self, self._output(u), dy)
        dy = dy.reshape(*u.shape[:-1], self.filters)
        if grads:
            self.dW += u.swapaxes(-1, -2) @ dy
            self.db += sum_over_batch(dy)
        return self._spread(dy, self.W.swapaxes(-1, -2))

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        u, u_dot = tape, self._windows(x_dot)
        y_dot = u_dot @ self.W
        if self.W_dot is not None:
            y_dot = y_dot + u @ self.W_dot + self.b_dot
        return y_dot.reshape(self._output(u)), u_dot

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        u, u_dot = tape, tape_dot
        check_like_output(self, self._output(u), dy, dy_dot)
        dy, dy_dot = (part.reshape(*u.shape[:-1], self.filters) for part in (dy, dy_dot))
        self.dW += u_dot.swapaxes(-1, -2) @ dy + u.swapaxes(-1, -2) @ dy_dot
        self.db += sum_over_batch(dy_dot)
        dx, dx_dot = (self._spread(part, self.W.swapaxes(-1, -2)) for part in (dy, dy_dot))
        if self.W_dot is not None:
            dx_dot = dx_dot + self._spread(dy, self.W_dot.swapaxes(-1, -2))
        return dx, dx_dot


class ConvTranspose2D(_Convolution):
    """y = fold(x W) + b: each pixel of x lays a window of k x k pixels, times its numbers, and windows that overlap add up.

    x (..., N, h w C), W (..., C, k k K), b (..., 1, K) -> y (..., N, H W K), with C = `channels`, K = `filters`, k = `kernel` and
    H = stride (h - 1) + k - 2 pad. Without b it is the map that takes dy to dx in a Conv2D from H x W to h x w, whose W is this
    one's transpose. Where `stride` divides `kernel`, every pixel inside is covered by equally many windows. Where it does not, as
    with 3 and 2, some are covered by more: the checkerboard in many generated images.

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

    def _geometry(self, name: str) -> tuple[tuple[int, int, int], tuple[int, int]]:
        (H, W), (h, w) = _size(name, self.size, self.kernel, self.stride, self.pad), self.size
        self.d, self.k = h * w * self.channels, H * W * self.filters
        self.shapes = {"W": (self.channels, self.kernel**2 * self.filters), "b": (1, self.filters)}
        self.fans = (self.kernel**2 * self.channels / self.stride**2, self.kernel**2 * self.filters)
        self.allocate()
        return (H, W, self.filters), (h, w)

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.W)
        x = x.reshape(*x.shape[:-2], x.shape[-2] * math.prod(self.grid), self.channels)
        y = self._pixels(self._spread(x, self.W)) + self.b
        return y.reshape(self._output(x)), x

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        """Scalar case, a row of pixels with one channel: y_m = b + sum of x_i w_j over all (i, j) with si + j - p = m. So

            dw_j = sum_i x_i dy_{si+j-p}        db = sum_m dy_m        dx_i = sum_j w_j dy_{si+j-p}

        Matrix case, with U = unfold(dy): dW = x' U, db = 1' dy with a row of dy for each pixel, dx = U W'.
        """
        x = tape
        check_like_output(self, self._output(x), dy)
        u = self._windows(dy)
        if grads:
            self.dW += x.swapaxes(-1, -2) @ u
            self.db += sum_over_batch(self._pixels(dy))
        return self._input(u @ self.W.swapaxes(-1, -2))

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        x = tape
        x_dot = x_dot.reshape(x.shape)
        y_dot = self._spread(x_dot, self.W)
        if self.W_dot is not None:
            y_dot = self._pixels(y_dot + self._spread(x, self.W_dot)) + self.b_dot
        return y_dot.reshape(self._output(x)), x_dot

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        x, x_dot = tape, tape_dot
        check_like_output(self, self._output(x), dy, dy_dot)
        u, u_dot = self._windows(dy), self._windows(dy_dot)
        self.dW += x_dot.swapaxes(-1, -2) @ u + x.swapaxes(-1, -2) @ u_dot
        self.db += sum_over_batch(self._pixels(dy_dot))
        dx, dx_dot = u @ self.W.swapaxes(-1, -2), u_dot @ self.W.swapaxes(-1, -2)
        if self.W_dot is not None:
            dx_dot = dx_dot + u @ self.W_dot.swapaxes(-1, -2)
        return self._input(dx), self._input(dx_dot)

    def _pixels(self, y: Array) -> Array:
        """A row for each pixel of the output: (..., N, H W K) -> (..., N H W, K)."""
        return y.reshape(*y.shape[:-2], y.shape[-2] * (self.k // self.filters), self.filters)

    def _input(self, dx: Array) -> Array:
        """A row for each image again: (..., N h w, C) -> (..., N, h w C)."""
        return dx.reshape(*dx.shape[:-2], dx.shape[-2] // math.prod(self.grid), self.d)


class Upsample(Layer):
    """y repeats each pixel of x `factor` times in both directions: x (..., N, H W C) -> y (..., N, (f H) (f W) C).

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
        self.size, self.channels = _pair("Upsample", size), count("Upsample: channels", channels)
        self.factor = count("Upsample: factor", factor)
        self.d = math.prod(self.size) * self.channels
        self.k = self.factor**2 * self.d

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x)
        (H, W), f, front = self.size, self.factor, x.shape[:-1]
        pixels = np.broadcast_to(x.reshape(*front, H, 1, W, 1, self.channels), (*front, H, f, W, f, self.channels))
        y = pixels.reshape(*front, self.k)
        return y, y.shape

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        """Scalar case, one pixel: y_1 = y_2 = x, so dx = dy_1 + dy_2. An image: dx sums each square of `factor` x `factor` pixels."""
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


def _pair(name: str, size: Size) -> tuple[int, int]:
    """The size as (H, W). Raises TypeError or ValueError."""
    if isinstance(size, (tuple, list)) and len(size) == 2:
        return count(f"{name}: height", size[0]), count(f"{name}: width", size[1])
    side = count(f"{name}: size", size)
    return side, side


def _grid(name: str, size: tuple[int, int], kernel: int, stride: int, pad: int) -> tuple[int, int]:
    """How many windows there are in (height, width). Raises ValueError where they leave pixels over."""
    for pixels, side in zip(size, ("height", "width"), strict=True):
        room = pixels + 2 * pad - kernel
        if room < 0 or room % stride:
            wanted = "not be negative" if room < 0 else f"be a multiple of stride {stride}, or pixels are left over"
            raise ValueError(f"{name}: {side} {pixels} with pad {pad} and kernel {kernel} has {side} + 2 pad - kernel = {room}, "
                             f"which must {wanted}. Choose another size, kernel, stride or pad")
    return (size[0] + 2 * pad - kernel) // stride + 1, (size[1] + 2 * pad - kernel) // stride + 1


def _size(name: str, grid: tuple[int, int], kernel: int, stride: int, pad: int) -> tuple[int, int]:
    """How many pixels `grid` windows cover in (height, width), without the padding. Raises ValueError where none is left."""
    H, W = (stride * (windows - 1) + kernel - 2 * pad for windows in grid)
    if H < 1 or W < 1:
        raise ValueError(f"{name}: {grid[0]}x{grid[1]} windows with kernel {kernel} and stride {stride} cover "
                         f"{H + 2 * pad}x{W + 2 * pad} pixels, and pad {pad} cuts {2 * pad} from each side, so that none is left. "
                         "Choose a smaller pad")
    return H, W
