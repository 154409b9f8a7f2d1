"""Layers that normalise: over features, over the batch, or their own weight. The four methods are those of `layers`.

    LayerNorm(d)                 every sample to mean 0 and variance 1 over its features; samples stay independent
    BatchNorm(d)                 every feature to mean 0 and variance 1 over the batch; for a generator, no penalties
    SpectralNorm(Dense(d, k))    the weight divided by its largest singular value; for a discriminator

A mean, a variance or a norm depends on what is normalised, so it has a derivative of its own. This part is easily forgotten.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .arguments import Array, Seed, count, number, seed_sequence, shown
from .base import Layer, check_input, check_like_output, sum_over_batch
from .layers import Dense
from .windows import as_images, as_pixels


class _Normalised(Layer):
    """y = gain xh + shift with xh = (x - mean x) / r and r = sqrt(var x + eps), both over the axis of `self.mean`.

    r moves with x: dr = mean(xh dx), since var is the mean of squares. Hence dxh = (dx - mean dx - xh mean(xh dx)) / r.
    This map from dx to dxh is its own transpose, so backward is the same formula (d now for dL/d), with dxh = gain dy:

        dx = (dxh - mean dxh - xh mean(xh dxh)) / r

    A subclass has `mean`, and says how few features make sense (`fewest`).
    """

    parameters = ("gain", "shift")
    start = {"gain": 1.0}
    fewest: int
    channels: int | None = None
    mean: Callable[[Array], Array]
    gain: Array
    shift: Array
    dgain: Array
    dshift: Array
    gain_dot: Array | None
    shift_dot: Array | None

    def __init__(self, d: int, eps: float = 1e-5) -> None:
        name = type(self).__name__
        self.d = self.k = count(f"{name}: d (features)", d, self.fewest)
        self.eps = number(f"{name}: eps", eps, above=0)
        wide = self.channels or self.d
        self.shapes = {"gain": (1, wide), "shift": (1, wide)}
        self.allocate()

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.gain)
        rows = as_pixels(x, self.gain.shape[-1])  # x itself, but for a BatchNorm with channels
        centred = rows - self.mean(rows)
        r = np.sqrt(self.mean(centred * centred) + self.eps)
        xh = centred / r
        return as_images(self.gain * xh + self.shift, self.d), (xh, r)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        xh, r = tape
        check_like_output(self, as_images(xh, self.d).shape, dy)
        dy = as_pixels(dy, xh.shape[-1])
        if grads:
            self.dgain += sum_over_batch(dy * xh)
            self.dshift += sum_over_batch(dy)
        return as_images(self.rate(self.gain * dy, xh) / r, self.d)

    def rate(self, dx: Array, xh: Array) -> Array:
        """r dxh, when x moves by dx: what is left of dx when mean and variance follow."""
        return dx - self.mean(dx) - xh * self.mean(xh * dx)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.d})"


class LayerNorm(_Normalised):
    """y = gain xh + shift, where xh is x with mean 0 and variance 1 over the features of each sample.

    x, y (..., N, d); gain, shift (..., 1, d); xh = (x - mean x) / r with r = sqrt(var x + eps), (..., N, 1). Backward:
    dx = (dxh - mean dxh - xh mean(xh dxh)) / r, with dxh = gain dy.

    Parameters
    ----------
    d : features, at least 2
    eps : keeps r away from 0, about 1e-5

    References
    ----------
    Ba et al. 2016, section 3.
    """

    fewest = 2

    def mean(self, x: Array) -> Array:
        return x.mean(axis=-1, keepdims=True)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        xh, r = tape
        xh_dot, r_dot = self.rate(x_dot, xh) / r, self.mean(xh * x_dot)
        y_dot = self.gain * xh_dot
        if self.gain_dot is not None:
            y_dot = y_dot + self.gain_dot * xh + self.shift_dot
        return y_dot, (xh_dot, r_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        (xh, r), (xh_dot, r_dot) = tape, tape_dot
        check_like_output(self, xh.shape, dy, dy_dot)
        self.dgain += sum_over_batch(dy_dot * xh + dy * xh_dot)
        self.dshift += sum_over_batch(dy_dot)
        dxh, dxh_dot = self.gain * dy, self.gain * dy_dot
        if self.gain_dot is not None:
            dxh_dot = dxh_dot + self.gain_dot * dy
        dx = self.rate(dxh, xh) / r
        rate_dot = self.rate(dxh_dot, xh) - xh_dot * self.mean(xh * dxh) - xh * self.mean(xh_dot * dxh)
        return dx, (rate_dot - r_dot * dx) / r


class BatchNorm(_Normalised):
    """y = gain xh + shift, where xh has mean 0 and variance 1 over the batch.

    x, y (..., N, d), N at least 2; gain, shift (..., 1, d); xh = (x - mean x) / r with r = sqrt(var x + eps), (..., 1, d).
    Backward: dx = (dxh - mean dxh - xh mean(xh dxh)) / r, with dxh = gain dy.

    Mean and variance are always those of the batch at hand. There are no running averages. A forward pass changes nothing, and
    G makes the same points from the same z in training and afterwards. The layer is meant for G, whose batches are all of one
    kind. In D it would make each score depend on the whole batch. A penalty on each sample's own gradient does not allow that,
    so `tangent` raises ValueError.

    Parameters
    ----------
    d : features
    eps : keeps r away from 0, about 1e-5
    channels : for images of d numbers: mean and variance over the batch and all pixels, one gain and one shift for each channel

    References
    ----------
    Ioffe & Szegedy 2015, algorithm 1, and section 3.2 on images; on penalties, Gulrajani et al. 2017, section 4.
    """

    fewest = 1

    def __init__(self, d: int, eps: float = 1e-5, channels: int | None = None) -> None:
        self.channels = None if channels is None else count("BatchNorm: channels", channels)
        super().__init__(d, eps)
        if self.channels and self.d % self.channels:
            raise ValueError(f"BatchNorm: an image of d = {d} numbers has no whole pixels of {channels} channels: "
                             "d must be height * width * channels")

    def mean(self, x: Array) -> Array:
        return sum_over_batch(x) / x.shape[-2]

    def forward(self, x: Array) -> tuple[Array, Any]:
        if x.ndim > 1 and x.shape[-2] * self.d < 2 * self.gain.shape[-1]:
            raise ValueError(f"{self} needs at least 2 samples in a batch; one alone, minus its own mean, is 0")
        return super().forward(x)

    def tangent(self, x_dot: Array, tape: Any) -> NoReturn:
        raise ValueError(f"{self} has no tangent: a gradient penalty needs samples that stay independent of each other, "
                         f"and batch statistics tie them; use LayerNorm({self.d}) in a network that is penalised or unrolled")

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> NoReturn:
        self.tangent(dy, tape)


class SpectralNorm(Layer):
    """y = x What + b with What = W / sigma, sigma = |W|_2 the largest singular value.

    x (..., N, d) -> y (..., N, k). sigma = u W v^T comes from power iteration, v = unit(u W), u = unit(v W^T), `steps` times in
    each forward; u (..., 1, d), v (..., 1, k). Once it has converged, no two points end further apart than they began. Before
    that, sigma is too small, and distances may grow.
    In the derivative u and v are held fixed, so sigma_dot = u W_dot v^T. (At the true singular vectors nothing is lost. There
    sigma does not change as they turn.) Scalar case: what = w/s, so what_dot = (w_dot - what s_dot) / s. With G = dL/dWhat,

        What_dot = (W_dot - sigma_dot What) / sigma        dL/dW = (G - <G, What> u^T v) / sigma

    The tape carries u, v and sigma, so that D may score twice before a backward. forward starts from the stored u and leaves
    it alone. Plotting, evaluating and G's step must not change how D trains. Only a training step stores the new u, by backward
    with grads=True, or a penalty's tangent_backward, where W is held fixed. In a running average of a network, which never
    trains, u does not change. Use more `steps` there.

    Parameters
    ----------
    dense : the Dense layer whose sizes d and k this layer takes over
    steps : rounds of power iteration in each forward, usually 1
    seed : draws the first u, the same for every replica

    References
    ----------
    Miyato et al. 2018, sections 2.1 and 2.2.
    """

    parameters = ("W", "b")
    W: Array
    b: Array
    dW: Array
    db: Array
    W_dot: Array | None
    b_dot: Array | None

    def __init__(self, dense: Dense, steps: int = 1, seed: Seed = 0) -> None:
        if not isinstance(dense, Dense):
            raise TypeError(f"SpectralNorm takes a Dense layer, as in SpectralNorm(Dense(2, 64)); got {shown(dense)}")
        self.d, self.k, self.shapes = dense.d, dense.k, dense.shapes
        self.steps = count("SpectralNorm: steps", steps)
        self.u = _unit(np.random.default_rng(seed_sequence(seed)).standard_normal((1, self.d)))
        self.buffers = {"u": self.u.copy()}
        self.allocate()

    def directions(self) -> tuple[Array, Array]:
        """u and v after `steps` rounds of power iteration from the stored u."""
        u = self.u
        for _ in range(self.steps):
            v = _unit(u @ self.W)
            u = _unit(v @ self.W.swapaxes(-1, -2))
        return u, v

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.W)
        u, v = self.directions()
        sigma = u @ self.W @ v.swapaxes(-1, -2)  # (..., 1, 1)
        hat = self.W / sigma
        return x @ hat + self.b, (x, hat, u, v, sigma)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        x, hat, u, v, sigma = tape
        check_like_output(self, (*x.shape[:-1], self.k), dy)
        if grads:
            self.dW += _through_sigma(x.swapaxes(-1, -2) @ dy, hat, u, v, sigma)
            self.db += sum_over_batch(dy)
            self.u[...] = u
        return dy @ hat.swapaxes(-1, -2)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        x, hat, u, v, sigma = tape
        y_dot, sigma_dot, hat_dot = x_dot @ hat, None, None
        if self.W_dot is not None:
            sigma_dot = u @ self.W_dot @ v.swapaxes(-1, -2)
            hat_dot = (self.W_dot - sigma_dot * hat) / sigma
            y_dot = y_dot + x @ hat_dot + self.b_dot
        return y_dot, (x_dot, hat_dot, sigma_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        (x, hat, u, v, sigma), (x_dot, hat_dot, sigma_dot) = tape, tape_dot
        check_like_output(self, (*x.shape[:-1], self.k), dy, dy_dot)
        G, G_dot = x.swapaxes(-1, -2) @ dy, x_dot.swapaxes(-1, -2) @ dy + x.swapaxes(-1, -2) @ dy_dot
        self.dW += _through_sigma(G_dot, hat, u, v, sigma)
        self.db += sum_over_batch(dy_dot)
        dx, dx_dot = dy @ hat.swapaxes(-1, -2), dy_dot @ hat.swapaxes(-1, -2)
        if hat_dot is not None:
            dW = _through_sigma(G, hat, u, v, sigma)
            self.dW -= (_inner(G, hat_dot) * u.swapaxes(-1, -2) * v + sigma_dot * dW) / sigma
            dx_dot = dx_dot + dy @ hat_dot.swapaxes(-1, -2)
        else:
            self.u[...] = u
        return dx, dx_dot

    def settings(self) -> dict[str, Any]:
        return {"dense": {"layer": "Dense", "d": self.d, "k": self.k}, "steps": self.steps}

    def __repr__(self) -> str:
        return f"SpectralNorm(Dense({self.d} -> {self.k}))"


def _unit(row: Array) -> Array:
    return row / np.sqrt((row * row).sum(axis=-1, keepdims=True))


def _inner(a: Array, b: Array) -> Array:
    """<a, b> of two matrices, (..., d, k) -> (..., 1, 1)."""
    return (a * b).sum(axis=(-2, -1), keepdims=True)


def _through_sigma(G: Array, hat: Array, u: Array, v: Array, sigma: Array) -> Array:
    """dL/dW from G = dL/dWhat, where W also moves sigma."""
    return (G - _inner(G, hat) * u.swapaxes(-1, -2) * v) / sigma
