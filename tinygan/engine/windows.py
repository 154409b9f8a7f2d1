"""The windows of an image. `unfold` writes each of them as a row, `fold` adds them back. `conv` has the layers made of these.

An image is an array (..., H, W, C), the channels last. The two functions are adjoint, <unfold(x), u> = <x, fold(u)> for all x, u.
"""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .arguments import Array, count
from .machine import fits

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
    >>> from tinygan.engine.windows import unfold
    >>> print(unfold(np.arange(9).reshape(3, 3, 1), kernel=2).reshape(4, 4))
    [[0 1 3 4]
     [1 2 4 5]
     [3 4 6 7]
     [4 5 7 8]]
    """
    *front, H, W, C = x.shape
    h, w = grid_of("unfold", (H, W), kernel, stride, pad)
    if pad:
        H, W = H + 2 * pad, W + 2 * pad
        padded = np.zeros_like(x, order="C", shape=(*front, H, W, C))
        padded[..., pad:-pad, pad:-pad, :] = x
        x = padded
    # A row of pixels is one row of W C numbers, in which k pixels of a window stand side by side: the copy moves k C at a time.
    views = sliding_window_view(x.reshape(*front, H, W * C), (kernel, kernel * C), axis=(-2, -1), subok=True)
    u: Array = views[..., ::stride, ::stride * C, :, :].reshape(*front, h, w, kernel * kernel * C)
    return u


def fold(u: Array, kernel: int, stride: int = 1, pad: int = 0) -> Array:
    """The adjoint of `unfold`: u (..., h, w, k k C) -> x (..., H, W, C), with H = stride (h - 1) + k - 2 pad.

    Each number of a window is added to the pixel that it came from. What falls on the padding is left out.

    Raises
    ------
    ValueError : the padding leaves no pixel

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.engine.windows import fold
    >>> print(fold(np.ones((2, 2, 4)), kernel=2)[..., 0])
    [[1. 2. 1.]
     [2. 4. 2.]
     [1. 2. 1.]]
    """
    *front, h, w, numbers = u.shape
    H, W = size_of("fold", (h, w), kernel, stride, pad)
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


def as_pixels(x: Array, c: int) -> Array:
    """A row for each pixel: (..., N, H W c) -> (..., N H W, c)."""
    return x.reshape(*x.shape[:-2], x.shape[-2] * (x.shape[-1] // c), c)


def as_images(rows: Array, d: int) -> Array:
    """A row for each image again: (..., N H W, c) -> (..., N, d) with d = H W c."""
    return rows.reshape(*rows.shape[:-2], rows.shape[-2] // (d // rows.shape[-1]), d)


def size_pair(name: str, size: Size) -> tuple[int, int]:
    """The size as (H, W). Raises TypeError or ValueError."""
    if isinstance(size, (tuple, list)) and len(size) == 2:
        return count(f"{name}: height", size[0]), count(f"{name}: width", size[1])
    side = count(f"{name}: size", size)
    return side, side


def grid_of(name: str, size: tuple[int, int], kernel: int, stride: int, pad: int) -> tuple[int, int]:
    """How many windows there are in (height, width). Raises ValueError where they leave pixels over."""
    fits(f"{name}: an image of {size[0]} x {size[1]} pixels with pad {pad}", size[0] + 2 * pad, size[1] + 2 * pad)
    for pixels, side in zip(size, ("height", "width"), strict=True):
        room = pixels + 2 * pad - kernel
        if room < 0 or room % stride:
            wanted = "not be negative" if room < 0 else f"be a multiple of stride {stride}, or pixels are left over"
            raise ValueError(f"{name}: {side} {pixels} with pad {pad} and kernel {kernel} has {side} + 2 pad - kernel = {room}, "
                             f"which must {wanted}. Choose another size, kernel, stride or pad")
    return (size[0] + 2 * pad - kernel) // stride + 1, (size[1] + 2 * pad - kernel) // stride + 1


def size_of(name: str, grid: tuple[int, int], kernel: int, stride: int, pad: int) -> tuple[int, int]:
    """How many pixels `grid` windows cover in (height, width), without the padding. Raises ValueError where none is left."""
    H, W = (stride * (windows - 1) + kernel - 2 * pad for windows in grid)
    if H < 1 or W < 1:
        raise ValueError(f"{name}: {grid[0]}x{grid[1]} windows with kernel {kernel} and stride {stride} cover "
                         f"{H + 2 * pad}x{W + 2 * pad} pixels, and pad {pad} takes {2 * pad} of each side: none is left. "
                         "Choose a smaller pad")
    fits(f"{name}: an image of {H} x {W} pixels", H, W)
    return H, W
