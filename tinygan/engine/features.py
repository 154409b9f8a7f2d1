"""Layers that give the next one more to look at. The four methods are those of `layers`.

    MinibatchStd(d)               one feature more: how much the batch varies
    MinibatchDiscrimination(d)    a few features more: how close the other samples are
    FourierFeatures(d, k)         cosines and sines of fixed random frequencies, in place of x
    Pack(m, d)                    several samples side by side as one (PacGAN)

With the first two D sees the whole batch, and with Pack a few samples at a time, so that it notices when G makes one point over
and over. Each score then depends on several samples. A gradient penalty is on the gradient of the *sum* of the scores, g_n =
d(sum_m s_m) / dx_n, and exact for that. Where samples are independent, this is the gradient of a sample's own score.
"""

import math
from typing import Any

import numpy as np

from .arguments import Array, Seed, count, number, seed_sequence
from .base import Layer, check_input, check_like_output, sum_over_batch
from .machine import fits


class MinibatchStd(Layer):
    """y = (x, m): one feature more, m = mean_j sqrt(var_j + eps), the same for every sample.

    x (..., N, d) -> y (..., N, d + 1); var_j is the variance of feature j over the batch, m the mean of r_j = sqrt(var_j + eps).
    A batch of equal points has m = sqrt(eps). Scalar case: r = sqrt(mean c^2 + eps) with c = x - mean x, so
    dr/dx_n = c_n / (N r). All features: dx = dy_x + c / (N d r) sum_n dm_n.

    Parameters
    ----------
    d : features
    eps : keeps r away from 0, about 1e-8

    References
    ----------
    Karras et al. 2018, section 3.
    """

    def __init__(self, d: int, eps: float = 1e-8) -> None:
        self.d, self.eps = count("MinibatchStd: d (features)", d), number("MinibatchStd: eps", eps, above=0)
        self.k = self.d + 1

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x)
        c = x - _batch_mean(x)
        r = np.sqrt(_batch_mean(c * c) + self.eps)  # (..., 1, d)
        return self._with_mean(x, r), (c, r)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        c, r = tape
        check_like_output(self, (*c.shape[:-1], self.k), dy)
        return dy[..., :-1] + c / (c.shape[-2] * self.d * r) * sum_over_batch(dy[..., -1:])

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        c, r = tape
        c_dot = x_dot - _batch_mean(x_dot)
        r_dot = _batch_mean(c * c_dot) / r
        return self._with_mean(x_dot, r_dot), (c_dot, r_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        (c, r), (c_dot, r_dot) = tape, tape_dot
        check_like_output(self, (*c.shape[:-1], self.k), dy, dy_dot)
        slope = c / (c.shape[-2] * self.d * r)
        slope_dot = (c_dot - c * (r_dot / r)) / (c.shape[-2] * self.d * r)
        dm, dm_dot = sum_over_batch(dy[..., -1:]), sum_over_batch(dy_dot[..., -1:])
        return dy[..., :-1] + slope * dm, dy_dot[..., :-1] + slope * dm_dot + slope_dot * dm

    def _with_mean(self, x: Array, r: Array) -> Array:
        m = np.broadcast_to(r.mean(axis=-1, keepdims=True), (*x.shape[:-1], 1))
        return np.concatenate([x, m], axis=-1)

    def __repr__(self) -> str:
        return f"MinibatchStd({self.d} -> {self.k})"


def _batch_mean(x: Array) -> Array:
    return sum_over_batch(x) / x.shape[-2]


class MinibatchDiscrimination(Layer):
    """y = (x, o): `kernels` features more, o_ib = sum_j exp(-|M_ib - M_jb|_1) with M = x W.

    x (..., N, d) -> y (..., N, d + kernels); W (..., d, dims kernels) is the paper's tensor T, its last two axes in one, and
    begins by the network's init rule. The sum includes j = i, as in the paper, so o is between 1 (alone) and N (all equal).
    With a_ij = exp(-|M_i - M_j|_1) and S_ij = sign(M_i - M_j): a_ij moves with M_i and with M_j, and stands in o_i and in o_j,
    so dM_i = -sum_j (do_i + do_j) a_ij S_ij; then dW = x^T dM and dx = dy_x + dM W^T. S_dot = 0, away from ties.

    Parameters
    ----------
    d : features
    kernels : how many features are added, usually 5 to 100; time and memory grow as N^2 dims kernels
    dims : the size of M for each of them, usually 3 to 5

    References
    ----------
    Salimans et al. 2016, section 3.2.
    """

    parameters = ("W",)
    W: Array
    dW: Array
    W_dot: Array | None

    def __init__(self, d: int, kernels: int = 5, dims: int = 3) -> None:
        self.d = count("MinibatchDiscrimination: d (features)", d)
        self.kernels, self.dims = count("MinibatchDiscrimination: kernels", kernels), count("MinibatchDiscrimination: dims", dims)
        self.k, self.shapes = self.d + self.kernels, {"W": (self.d, self.dims * self.kernels)}
        self.allocate()

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x, self.W)
        apart = self._apart(x @ self.W)
        S = np.sign(apart.real).astype(x.dtype, copy=False)
        apart *= S  # |M_i - M_j|, in place: this is the largest array here
        a = np.exp(-apart.sum(axis=-4))  # (..., kernels, N, N)
        return np.concatenate([x, a.sum(axis=-1).swapaxes(-1, -2)], axis=-1), (x, S, a)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        x, S, a = tape
        check_like_output(self, (*x.shape[:-1], self.k), dy)
        dM = self._dM(self._pairs(dy) * a, S)
        if grads:
            self.dW += x.swapaxes(-1, -2) @ dM
        return dy[..., :self.d] + dM @ self.W.swapaxes(-1, -2)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        x, S, a = tape
        M_dot = x_dot @ self.W
        if self.W_dot is not None:
            M_dot = M_dot + x @ self.W_dot
        a_dot = -a * (S * self._apart(M_dot)).sum(axis=-4)
        return np.concatenate([x_dot, a_dot.sum(axis=-1).swapaxes(-1, -2)], axis=-1), (x_dot, a_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        (x, S, a), (x_dot, a_dot) = tape, tape_dot
        check_like_output(self, (*x.shape[:-1], self.k), dy, dy_dot)
        pairs = self._pairs(dy)
        dM = self._dM(pairs * a, S)
        dM_dot = self._dM(self._pairs(dy_dot) * a + pairs * a_dot, S)
        self.dW += x_dot.swapaxes(-1, -2) @ dM + x.swapaxes(-1, -2) @ dM_dot
        dx = dy[..., :self.d] + dM @ self.W.swapaxes(-1, -2)
        dx_dot = dy_dot[..., :self.d] + dM_dot @ self.W.swapaxes(-1, -2)
        if self.W_dot is not None:
            dx_dot = dx_dot + dM @ self.W_dot.swapaxes(-1, -2)
        return dx, dx_dot

    def _apart(self, M: Array) -> Array:
        """M_i - M_j for all pairs: (..., N, dims kernels) -> (..., dims, kernels, N, N)."""
        # Long axes last, in memory too: much faster than with a transposed view.
        M = M.swapaxes(-1, -2).copy().reshape(*M.shape[:-2], self.dims, self.kernels, M.shape[-2])
        return M[..., :, None] - M[..., None, :]

    def _pairs(self, dy: Array) -> Array:
        """do_i + do_j: (..., N, k) -> (..., kernels, N, N)."""
        do = dy[..., self.d:].swapaxes(-1, -2).copy()
        return do[..., :, None] + do[..., None, :]

    def _dM(self, weight: Array, S: Array) -> Array:
        """-sum_j weight_ij S_ij: (..., kernels, N, N) -> (..., N, dims kernels)."""
        dM = -(weight[..., None, :, :, :] * S).sum(axis=-1)
        return dM.reshape(*dM.shape[:-3], self.dims * self.kernels, dM.shape[-1]).swapaxes(-1, -2)

    def __repr__(self) -> str:
        return f"MinibatchDiscrimination({self.d} -> {self.k})"


class FourierFeatures(Layer):
    """y = (cos 2 pi x B, sin 2 pi x B) with fixed frequencies B ~ N(0, scale^2).

    x (..., N, d) -> y (..., N, k), B (d, k/2), drawn once and not trained; the buffer `turns` holds 2 pi B. With these features a
    smooth network can show details of size 1/scale.
    Scalar case: c = cos(wx), s = sin(wx), so c_dot = -s w x_dot, s_dot = c w x_dot; backward: dx = w (c ds - s dc).

    Parameters
    ----------
    d : features in
    k : features out, an even number
    scale : the standard deviation of B, about 1 / (the size of the details)
    seed : draws B, the same for every replica

    References
    ----------
    Tancik et al. 2020, the Gaussian mapping.
    """

    def __init__(self, d: int, k: int, scale: float = 1.0, seed: Seed = 0) -> None:
        self.d, self.k = count("FourierFeatures: d (features in)", d), count("FourierFeatures: k (features out)", k, 2)
        if self.k % 2:
            raise ValueError(f"FourierFeatures: k (features out) must be even, a cosine and a sine for each frequency; got {k}")
        self.scale = scale = number("FourierFeatures: scale", scale, above=0)
        fits(f"the frequencies of {self}", self.d, self.k)
        self.turns = 2 * math.pi * (scale * np.random.default_rng(seed_sequence(seed)).standard_normal((self.d, self.k // 2)))
        self.buffers = {"turns": self.turns}

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x)
        angle = x @ self._turns(x)
        y = np.concatenate([np.cos(angle), np.sin(angle)], axis=-1)
        return y, y

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        check_like_output(self, tape.shape, dy)
        return self._back(dy, tape) @ self._turns(dy).swapaxes(-1, -2)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        (c, s), angle_dot = _halves(tape), x_dot @ self._turns(x_dot)
        y_dot = np.concatenate([-s * angle_dot, c * angle_dot], axis=-1)
        return y_dot, y_dot

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        check_like_output(self, tape.shape, dy, dy_dot)
        back = self._turns(dy).swapaxes(-1, -2)
        return self._back(dy, tape) @ back, (self._back(dy_dot, tape) + self._back(dy, tape_dot)) @ back

    def _turns(self, x: Array) -> Array:
        return self.turns.astype(x.dtype, copy=False)

    def _back(self, dy: Array, y: Array) -> Array:
        (c, s), (dc, ds) = _halves(y), _halves(dy)
        return c * ds - s * dc

    def settings(self) -> dict[str, Any]:
        return {"d": self.d, "k": self.k, "scale": self.scale}

    def __repr__(self) -> str:
        return f"FourierFeatures({self.d} -> {self.k})"


def _halves(y: Array) -> tuple[Array, Array]:
    return y[..., :y.shape[-1] // 2], y[..., y.shape[-1] // 2:]


class Pack(Layer):
    """y lays m rows of x side by side as one. D judges m points at a time.

    x (..., N, d) -> y (..., N/m, m d); nothing is trained. This is the first layer of a D. Where G makes a few points repeatedly,
    the points of a pack are alike, and D sees it. forward raises ValueError unless m divides N.

    Parameters
    ----------
    m : rows side by side, usually 2 to 4
    d : features of one row

    References
    ----------
    Lin et al. 2018 (PacGAN), section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import Pack
    >>> print(Pack(2, d=2).forward(np.arange(8).reshape(4, 2))[0])
    [[0 1 2 3]
     [4 5 6 7]]
    """

    def __init__(self, m: int, d: int) -> None:
        self.m, self.d = count("Pack: m (rows side by side)", m), count("Pack: d (features)", d)
        self.k, self.rows = self.m * self.d, self.m

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x)
        if x.shape[-2] % self.m:
            raise ValueError(f"{self} cannot pack a batch of {x.shape[-2]}: choose a batch size that {self.m} divides")
        y = x.reshape(*x.shape[:-2], x.shape[-2] // self.m, self.k)
        return y, y.shape

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        check_like_output(self, tape, dy)
        return dy.reshape(*dy.shape[:-2], dy.shape[-2] * self.m, self.d)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        return self.forward(x_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        return self.backward(dy, tape), self.backward(dy_dot, tape)

    def __repr__(self) -> str:
        return f"Pack({self.m} x {self.d} -> {self.k})"
