"""Layers that normalise: over features, over the batch, or their own weight. The four methods are those of `layers`.

    LayerNorm(d)                 every sample to mean 0 and variance 1 over its features; samples stay independent
    BatchNorm(d)                 every feature to mean 0 and variance 1 over the batch; for a generator, no penalties
    SpectralNorm(Dense(d, k))    the weight divided by its largest singular value; for a discriminator

A mean, a variance or a norm depends on what is normalised, so it has a derivative of its own: the part that is usually forgotten.
"""

import numpy as np

from .arguments import count, number, seed_sequence
from .layers import Dense, Layer, check_input, check_like_output, sum_over_batch


class _Normalised(Layer):
    """y = gain xh + shift with xh = (x - mean x) / r and r = sqrt(var x + eps), both over the axis of `self.mean`.

    r moves with x: dr = mean(xh dx), since var is the mean of squares. Hence dxh = (dx - mean dx - xh mean(xh dx)) / r.
    This map from dx to dxh is its own transpose, so backward is the same formula (d now for dL/d), with dxh = gain dy:

        dx = (dxh - mean dxh - xh mean(xh dxh)) / r

    A subclass has `mean`, and the `fewest` features that make sense.
    """

    parameters = ("gain", "shift")
    start = {"gain": 1.0}

    def __init__(self, d, eps=1e-5):
        name = type(self).__name__
        self.d = self.k = count(f"{name}: d (features)", d, self.fewest)
        self.eps = number(f"{name}: eps", eps, above=0)
        self.shapes = {"gain": (1, self.d), "shift": (1, self.d)}
        self.allocate()

    def forward(self, x):
        check_input(self, x, self.gain)
        centred = x - self.mean(x)
        r = np.sqrt(self.mean(centred * centred) + self.eps)
        xh = centred / r
        return self.gain * xh + self.shift, (xh, r)

    def backward(self, dy, tape, grads=True):
        xh, r = tape
        check_like_output(self, xh.shape, dy)
        if grads:
            self.dgain += sum_over_batch(dy * xh)
            self.dshift += sum_over_batch(dy)
        return self.rate(self.gain * dy, xh) / r

    def rate(self, dx, xh):
        """r dxh, when x moves by dx: what is left of dx when mean and variance follow."""
        return dx - self.mean(dx) - xh * self.mean(xh * dx)

    def __repr__(self):
        return f"{type(self).__name__}({self.d})"


class LayerNorm(_Normalised):
    """y = gain xh + shift, where xh is x with mean 0 and variance 1 over the features of each sample (Ba et al. 2016, section 3).

    x, y (..., N, d); gain, shift (..., 1, d); xh = (x - mean x) / r with r = sqrt(var x + eps), (..., N, 1). Backward:
    dx = (dxh - mean dxh - xh mean(xh dxh)) / r, with dxh = gain dy. d is at least 2; eps about 1e-5.
    """

    fewest = 2

    def mean(self, x):
        return x.mean(axis=-1, keepdims=True)

    def tangent(self, x_dot, tape):
        xh, r = tape
        xh_dot, r_dot = self.rate(x_dot, xh) / r, self.mean(xh * x_dot)
        y_dot = self.gain * xh_dot
        if self.gain_dot is not None:
            y_dot = y_dot + self.gain_dot * xh + self.shift_dot
        return y_dot, (xh_dot, r_dot)

    def tangent_backward(self, dy, dy_dot, tape, tape_dot):
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
    """y = gain xh + shift, where xh has mean 0 and variance 1 over the batch (Ioffe & Szegedy 2015, algorithm 1).

    x, y (..., N, d), N at least 2; gain, shift (..., 1, d); xh = (x - mean x) / r with r = sqrt(var x + eps), (..., 1, d).
    Backward: dx = (dxh - mean dxh - xh mean(xh dxh)) / r, with dxh = gain dy.

    The statistics are those of the batch at hand, at all times. There are no running averages: the generator that one
    looks at is the one that was trained, and a forward pass changes nothing. So it is for G, whose batches are all of one
    kind. In D it would tie the scores of a batch together, which a penalty on each sample's gradient cannot have
    (Gulrajani et al. 2017, section 4): `tangent` refuses.
    """

    fewest = 1

    def mean(self, x):
        return sum_over_batch(x) / x.shape[-2]

    def forward(self, x):
        if x.ndim > 1 and x.shape[-2] < 2:
            raise ValueError(f"{self} needs at least 2 samples in a batch; one alone, minus its own mean, is 0")
        return super().forward(x)

    def tangent(self, x_dot, tape):
        raise ValueError(f"{self} has no tangent: a gradient penalty needs samples that stay independent of each other, "
                         f"and batch statistics tie them; use LayerNorm({self.d}) in a network that is penalised or unrolled")

    def tangent_backward(self, dy, dy_dot, tape, tape_dot):
        self.tangent(None, tape)


class SpectralNorm(Layer):
    """y = x What + b with What = W / sigma, sigma = |W|_2 the largest singular value (Miyato et al. 2018, section 2.1).

    x (..., N, d) -> y (..., N, k): no two points end further apart than they began. sigma = u W v' comes from power iteration,
    v = unit(u W), u = unit(v W'), once or more (`steps`) in each forward (their section 2.2); u (..., 1, d), v (..., 1, k).
    In the derivative u and v are held fixed, so sigma_dot = u W_dot v'. (At the true singular vectors nothing is lost: there
    sigma does not change as they turn.) Scalar case: what = w/s, so what_dot = (w_dot - what s_dot) / s. With G = dL/dWhat,

        What_dot = (W_dot - sigma_dot What) / sigma        dL/dW = (G - <G, What> u'v) / sigma

    The tape carries u, v and sigma, so that D may score twice before a backward. forward starts from the stored u and leaves
    it alone: plotting, evaluating and G's step must not change how D trains. Only a training step stores the new u: backward with
    grads=True, or a penalty's tangent_backward, where W is held fixed. `seed` draws the first u, the same for every replica. In a
    running average of a network, which never trains, u stands still: use more `steps` there.
    """

    parameters = ("W", "b")

    def __init__(self, dense, steps=1, seed=0):
        if not isinstance(dense, Dense):
            raise TypeError(f"SpectralNorm takes a Dense layer, as in SpectralNorm(Dense(2, 64)); got {dense!r}")
        self.d, self.k, self.shapes = dense.d, dense.k, dense.shapes
        self.steps = count("SpectralNorm: steps", steps)
        self.u = _unit(np.random.default_rng(seed_sequence(seed)).standard_normal((1, self.d)))
        self.buffers = {"u": self.u.copy()}
        self.allocate()

    def directions(self):
        """u and v after `steps` rounds of power iteration from the stored u."""
        u = self.u
        for _ in range(self.steps):
            v = _unit(u @ self.W)
            u = _unit(v @ self.W.swapaxes(-1, -2))
        return u, v

    def forward(self, x):
        check_input(self, x, self.W)
        u, v = self.directions()
        sigma = u @ self.W @ v.swapaxes(-1, -2)  # (..., 1, 1)
        hat = self.W / sigma
        return x @ hat + self.b, (x, hat, u, v, sigma)

    def backward(self, dy, tape, grads=True):
        x, hat, u, v, sigma = tape
        check_like_output(self, (*x.shape[:-1], self.k), dy)
        if grads:
            self.dW += _through_sigma(x.swapaxes(-1, -2) @ dy, hat, u, v, sigma)
            self.db += sum_over_batch(dy)
            self.u[...] = u
        return dy @ hat.swapaxes(-1, -2)

    def tangent(self, x_dot, tape):
        x, hat, u, v, sigma = tape
        y_dot, sigma_dot, hat_dot = x_dot @ hat, None, None
        if self.W_dot is not None:
            sigma_dot = u @ self.W_dot @ v.swapaxes(-1, -2)
            hat_dot = (self.W_dot - sigma_dot * hat) / sigma
            y_dot = y_dot + x @ hat_dot + self.b_dot
        return y_dot, (x_dot, hat_dot, sigma_dot)

    def tangent_backward(self, dy, dy_dot, tape, tape_dot):
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

    def settings(self):
        return {"dense": {"layer": "Dense", "d": self.d, "k": self.k}, "steps": self.steps}

    def __repr__(self):
        return f"SpectralNorm(Dense({self.d} -> {self.k}))"


def _unit(row):
    return row / np.sqrt((row * row).sum(axis=-1, keepdims=True))


def _inner(a, b):
    """<a, b> of two matrices, (..., d, k) -> (..., 1, 1)."""
    return (a * b).sum(axis=(-2, -1), keepdims=True)


def _through_sigma(G, hat, u, v, sigma):
    """dL/dW from G = dL/dWhat: W also moves sigma."""
    return (G - _inner(G, hat) * u.swapaxes(-1, -2) * v) / sigma
