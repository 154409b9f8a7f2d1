"""Sizes of images. Blocks: how a large image becomes a small one, the mean of each block of pixels, and how it comes back."""

import math
from typing import Any

import numpy as np

from ..engine.arguments import Array, points


class Blocks:
    """Images as blocks of factor x factor pixels: their means, and back. Images are flat rows, channels last.

    Parameters
    ----------
    image : (height, width) of the large images
    channels : how many numbers a pixel has
    factor : how many pixels of the large image lie beside each other in one of the small image

    Raises
    ------
    ValueError : the factor does not divide both sides
    """

    def __init__(self, image: tuple[int, int], channels: int, factor: int) -> None:
        height, width = image
        if height % factor or width % factor:
            raise ValueError(f"factor is {factor}, but images of {height} x {width} pixels have no such blocks: it must divide "
                             "both sides")
        self.small, self.factor = (height // factor, width // factor), factor
        self.d_low, self.d = math.prod(self.small) * channels, height * width * channels
        self._blocks = (self.small[0], factor, self.small[1], factor, channels)

    def pool(self, x: Array) -> Array:
        """The mean of each block, (..., N, d) -> (..., N, d_low)."""
        means = x.reshape(*x.shape[:-1], *self._blocks).mean(axis=(-4, -2))
        return means.reshape(*x.shape[:-1], self.d_low)

    def up(self, low: Array) -> Array:
        """Each number all over its block, (..., N, d_low) -> (..., N, d)."""
        height, _, width, _, channels = self._blocks
        spread = np.broadcast_to(low.reshape(*low.shape[:-1], height, 1, width, 1, channels), (*low.shape[:-1], *self._blocks))
        return spread.reshape(*low.shape[:-1], self.d)

    def detail(self, r: Array) -> Array:
        """P r, what `pool` does not see of r, (..., N, d) -> (..., N, d). Its own transpose, so also its backward pass."""
        return r - self.up(self.pool(r))

    def checked(self, low: Any, within: tuple[float, float] | None = None) -> Array:
        """Small images as an array (N, d_low) of float32.

        Parameters
        ----------
        low : what somebody gave
        within : the smallest and the largest value that a pixel of the training images has

        Raises
        ------
        TypeError, ValueError : no small images, or values that the training images do not have
        """
        height, width = self.small
        if np.ndim(low) != 2 or np.shape(low)[1] != self.d_low:
            raise ValueError(f"low must hold small images of {height} x {width} pixels, as rows of {self.d_low} numbers; got "
                             f"shape {np.shape(low)}")
        low = points("low", low)
        if within:
            rounding = 1e-6 * max(map(abs, within))  # of a mean, and of float32
            if low.min() < within[0] - rounding or low.max() > within[1] + rounding:
                raise ValueError(f"low has values from {low.min():g} to {low.max():g}, but the pixels of the images that were "
                                 f"learned from have {within[0]:g} to {within[1]:g}: bring it to their units")
        return low.astype(np.float32)


def size_of(data: Any, learner: str) -> tuple[tuple[int, int], int]:
    """(height, width) of the images of a data set, and their channels. Raises ValueError for data that are no images.

    Parameters
    ----------
    data : a data set, see `tinygan.data`
    learner : who wants to know, "a DCGAN"
    """
    image = getattr(data, "image", None)
    if image is None:
        raise ValueError(f"{getattr(data, 'name', 'the data')} are no images: {learner} learns from data with image=(height, "
                         "width), such as data.digits() or Points(x, image=(8, 8))")
    return image, data.dim // math.prod(image)


def smallest(image: tuple[int, int], halvings: int) -> tuple[int, int]:
    """The image's size after so many halvings. Raises ValueError where a pixel would be left over."""
    times = 2**halvings
    if image[0] % times or image[1] % times:
        raise ValueError(f"images of {image[0]} x {image[1]} pixels cannot be halved {halvings} times: {times} must divide "
                         "both sides. Choose fewer hidden layers, or other images")
    return image[0] // times, image[1] // times
