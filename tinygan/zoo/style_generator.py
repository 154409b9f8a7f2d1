"""The generator of a StyleGAN: a network that is no chain, because a vector w acts on each of its layers.

    z -> mapping -> w                                  PixelNorm, then dense layers
    w -> a dense layer of each one's own -> style      for each of the `layers` that make the image, two for each size
    constant -> [layer, noise, activation] -> image    each layer under its style

    style         each layer of the image is                                          after Karras et al.
    adain         3x3 convolution (the first is none), noise, activation, AdaIN       2019
    modulation    3x3 modulated convolution, noise, activation; colours likewise      2020

A row of the input holds everything random: z, a second z', a number u, and noise for every pixel of every layer, all from
N(0, 1). So `forward` is a function, and an image can be made again. u says from which layer on the styles come from z' instead
of z. A share `mixing` of all u lies above some threshold, and every layer is equally often the first of the second kind.
u = -inf mixes nothing.
"""

import copy
import math
from collections.abc import Sequence
from functools import reduce
from operator import add
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from ..engine.arguments import Array, choice, count, number
from ..engine.conv import Conv2D, Upsample
from ..engine.inputs import Constant, Noise, PixelNorm
from ..engine.layers import Dense, Layer, LeakyReLU
from ..engine.network import backward_through, forward_through, tangent_backward_through, tangent_through
from ..engine.parts import described
from ..engine.store import Network
from ..engine.style import AdaIN, ModulatedConv
from .blocks import smallest
from .joining import joined

KINDS = {"adain": "adain", "modulation": "modulation"}
PER_SIZE = 2  # layers with a style for each size of the image
# A layer, the columns that it takes beside the image, and the dense layer that makes a style of them.
Stage = tuple[Any, slice | None, Dense | None]


class Mapping(NamedTuple):
    """[z, z', u] -> the w of every layer side by side, (..., N, 2 d_z + 1) -> (..., N, layers d_w). With the four methods.

    thresholds   for each layer, the u above which its w comes from z'
    """

    net: list[Layer]
    d_z: int
    thresholds: list[float]

    def forward(self, x: Array) -> tuple[Array, Any]:
        w, tape = forward_through(self.net, x[..., :self.d_z])
        other, other_tape = forward_through(self.net, x[..., self.d_z:-1])
        masks = [(x[..., -1:].real > threshold).astype(x.dtype) for threshold in self.thresholds]
        return joined(*((1 - mask) * w + mask * other for mask in masks)), (masks, tape, other_tape)

    def _both(self, dws: Array, masks: list[Array]) -> tuple[Array, Array]:
        """The part of dws that belongs to z, and the part that belongs to z'."""
        width = dws.shape[-1] // len(masks)
        parts = [dws[..., i * width:(i + 1) * width] for i in range(len(masks))]
        return (reduce(add, ((1 - mask) * part for mask, part in zip(masks, parts, strict=True))),
                reduce(add, (mask * part for mask, part in zip(masks, parts, strict=True))))

    def backward(self, dws: Array, tape: Any, grads: bool = True) -> Array:
        masks, *tapes = tape
        both = [backward_through(self.net, dw, one, grads) for dw, one in zip(self._both(dws, masks), tapes, strict=True)]
        return joined(*both, np.zeros_like(masks[0]))

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        masks, *tapes = tape
        (w_dot, tape_dot), (other_dot, other_tape_dot) = (
            tangent_through(self.net, part, one)
            for part, one in zip((x_dot[..., :self.d_z], x_dot[..., self.d_z:-1]), tapes, strict=True))
        return joined(*((1 - mask) * w_dot + mask * other_dot for mask in masks)), (tape_dot, other_tape_dot)

    def tangent_backward(self, dws: Array, dws_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        masks, *tapes = tape
        both = [tangent_backward_through(self.net, *part) for part in
                zip(self._both(dws, masks), self._both(dws_dot, masks), tapes, tape_dot, strict=True)]
        none = np.zeros_like(masks[0])
        return joined(*(dx for dx, _ in both), none), joined(*(dx_dot for _, dx_dot in both), none)


class Synthesis(NamedTuple):
    """[w of every layer, noise] -> image. A row of stages: some take columns of the input beside the image. The four methods."""

    stages: list[Stage]

    def forward(self, x: Array) -> tuple[Array, Any]:
        image, tapes = x[..., :0], []
        for layer, columns, affine in self.stages:
            more, given, own = None, image, None
            if columns is not None:
                more = x[..., columns]
                if affine is not None:
                    more, own = affine.forward(more)
                given = joined(image, more)
            image, tape = layer.forward(given)
            tapes.append((tape, own))
        return image, tapes

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        found: dict[int, Array] = {}
        for (layer, columns, affine), (one, own) in zip(reversed(self.stages), reversed(tape), strict=True):
            dy = layer.backward(dy, one, grads)
            if columns is not None:
                dy, more = _apart(dy, columns, affine)
                found[columns.start] = more if affine is None else affine.backward(more, own, grads)
        return _in_order(found)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        image_dot, tapes_dot = x_dot[..., :0], []
        for (layer, columns, affine), (one, own) in zip(self.stages, tape, strict=True):
            given_dot, own_dot = image_dot, None
            if columns is not None:
                more_dot = x_dot[..., columns]
                if affine is not None:
                    more_dot, own_dot = affine.tangent(more_dot, own)
                given_dot = joined(image_dot, more_dot)
            image_dot, one_dot = layer.tangent(given_dot, one)
            tapes_dot.append((one_dot, own_dot))
        return image_dot, tapes_dot

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        found: dict[int, Array] = {}
        found_dot: dict[int, Array] = {}
        for (layer, columns, affine), (one, own), (one_dot, own_dot) in zip(*map(reversed, (self.stages, tape, tape_dot)),
                                                                            strict=True):
            dy, dy_dot = layer.tangent_backward(dy, dy_dot, one, one_dot)
            if columns is not None:
                (dy, more), (dy_dot, more_dot) = _apart(dy, columns, affine), _apart(dy_dot, columns, affine)
                if affine is not None:
                    more, more_dot = affine.tangent_backward(more, more_dot, own, own_dot)
                found[columns.start], found_dot[columns.start] = more, more_dot
        return _in_order(found), _in_order(found_dot)


def _apart(dx: Array, columns: slice, affine: Dense | None) -> tuple[Array, Array]:
    """The gradient of the image, and that of what stood beside it."""
    width = columns.stop - columns.start if affine is None else affine.k
    return dx[..., :dx.shape[-1] - width], dx[..., dx.shape[-1] - width:]


def _in_order(found: dict[int, Array]) -> Array:
    """Gradients side by side, as their columns stand in the input."""
    return joined(*(found[start] for start in sorted(found)))


class PathMean(Layer):
    """A number that a network remembers without training it: the mean length of its paths so far, see `stylegan.g_gradients`."""

    buffers = {"length": np.zeros((1, 1))}
    length: Array


def stages_of(image: tuple[int, int], channels: int, hidden: Sequence[int], latent: int, style: str,
              activation: Layer) -> list[Stage]:
    """The stages of a synthesis, from the constant to the colours. The columns of all w come first, then those of the noise."""
    size, before, n = smallest(image, len(hidden) - 1), hidden[0], PER_SIZE * len(hidden)
    styles, at = iter([slice(i * latent, (i + 1) * latent) for i in range(n)]), n * latent
    row: list[Stage] = [(Constant(math.prod(size) * before), None, None)]

    def styled(layer: Layer, width: int) -> Stage:
        return layer, next(styles), Dense(latent, width)

    for doubling, now in enumerate(hidden):
        for turn in range(PER_SIZE):
            if doubling and not turn:
                row.append((Upsample(size, before), None, None))
                size = (2 * size[0], 2 * size[1])
            if doubling or turn:
                row.append((Conv2D(size, before, now, 3, 1, 1), None, None) if style == "adain" else
                           styled(ModulatedConv(size, before, now, 3, 1), before))
            elif style == "modulation":
                continue  # its constant goes straight into the first convolution
            row += [(Noise(size, now), slice(at, at + math.prod(size)), None), (copy.copy(activation), None, None)]
            at += math.prod(size)
            if style == "adain":
                row.append(styled(AdaIN(size, now), 2 * now))
            before = now
    row.append((Conv2D(size, before, channels, 1), None, None) if style == "adain" else
               styled(ModulatedConv(size, before, channels, 1, demodulate=False), before))
    return row


class StyleGenerator(Network):
    """The generator, a function of rows [z, z', u, noise], see the module's docstring; its parts are `mapping` and `synthesis`.

    Parameters
    ----------
    latent : d_z, the numbers of z, and of w
    image : (height, width) of the images
    channels : numbers in each pixel of the images
    hidden : channels of the hidden images, one for each size; each is twice as high and wide as the one before
    style : one of KINDS
    depth : dense layers of the mapping
    mixing : the share of all rows whose styles come from two z
    activation : a layer to copy for every place, by default leaky ReLU of slope .2
    options : seed, replicas, dtype and init, as in `Network`

    Raises
    ------
    ValueError : an unknown kind of style, no hidden image, or images that cannot be halved so often
    """

    def __init__(self, latent: int, image: Sequence[int], channels: int, hidden: Sequence[int], *, style: str = "adain",
                 depth: int = 2, mixing: float = .5, activation: Layer | None = None, **options: Any) -> None:
        self.latent, self.channels = count("latent", latent), count("channels", channels)
        self.image, self.hidden = (image[0], image[1]), tuple(count("hidden", channels) for channels in hidden)
        if not self.hidden:
            raise ValueError("hidden must have at least one number of channels, for the smallest image; got none")
        self.style, self.depth = choice("kind of style", style, KINDS), count("depth", depth, 0)
        self.mixing = number("mixing", mixing, above=0, below=1, including=(0, 1))
        self.activation = copy.copy(activation or LeakyReLU(.2))
        self.net: list[Layer] = [PixelNorm(latent)]
        for _ in range(depth):
            self.net += [Dense(latent, latent), copy.copy(self.activation)]
        self.stages = stages_of(self.image, channels, self.hidden, latent, style, self.activation)
        self.path, self.n_styles = PathMean(), PER_SIZE * len(self.hidden)
        self.d_w, affine = self.n_styles * latent, [one for _, _, one in self.stages if one is not None]
        n_noise = sum(columns.stop - columns.start for _, columns, one in self.stages if columns and not one)
        self.thresholds = [_threshold(self.mixing * i / (self.n_styles - 1)) for i in range(self.n_styles)]
        layers = [*self.net, self.path, *(layer for layer, _, _ in self.stages), *affine]
        super().__init__(layers, 2 * latent + 1 + n_noise, math.prod(self.image) * channels, **options)

    @property
    def mapping(self) -> Mapping:
        """[z, z', u] -> the w of every layer."""
        return Mapping(self.net, self.latent, self.thresholds)

    @property
    def synthesis(self) -> Synthesis:
        """[the w of every layer, noise] -> image."""
        return Synthesis(self.stages)

    def _halves(self, x: Array) -> tuple[Array, Array]:
        """[z, z', u] and the noise."""
        return x[..., :2 * self.latent + 1], x[..., 2 * self.latent + 1:]

    def forward(self, x: Any) -> tuple[Array, Any]:
        x = np.asanyarray(x, self.dtype)
        if x.shape[-1:] != (self.d_in,):
            raise ValueError(f"a StyleGenerator takes rows [z, z', u, noise] of {self.d_in} numbers; got shape {x.shape}")
        first, noise = self._halves(x)
        w, mapped = self.mapping.forward(first)
        y, made = self.synthesis.forward(joined(w, noise))
        return y, (mapped, made)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        d = self.synthesis.backward(dy, tape[1], grads)
        return joined(self.mapping.backward(d[..., :self.d_w], tape[0], grads), d[..., self.d_w:])

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        first, noise = self._halves(x_dot)
        w_dot, mapped = self.mapping.tangent(first, tape[0])
        y_dot, made = self.synthesis.tangent(joined(w_dot, noise), tape[1])
        return y_dot, (mapped, made)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        d, d_dot = self.synthesis.tangent_backward(dy, dy_dot, tape[1], tape_dot[1])
        both = self.mapping.tangent_backward(d[..., :self.d_w], d_dot[..., :self.d_w], tape[0], tape_dot[0])
        return joined(both[0], d[..., self.d_w:]), joined(both[1], d_dot[..., self.d_w:])

    def settings(self) -> dict[str, Any]:
        """The arguments that make it again."""
        names = ("latent", "image", "channels", "hidden", "style", "depth", "mixing")
        return {name: getattr(self, name) for name in names} | {"activation": described(self.activation)}


def _threshold(share: float) -> float:
    """The number above which this share of N(0, 1) lies."""
    return NormalDist().inv_cdf(1 - share) if 0 < share < 1 else math.inf if share == 0 else -math.inf
