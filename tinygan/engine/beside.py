"""Fourier features that stand beside x. The next layer has x itself, and waves that vary over short lengths.

`features.FourierFeatures` has the waves in place of x. The four methods are those of `layers`.
"""

from typing import Any

import numpy as np

from .arguments import Array, Seed, count, number
from .base import Layer, check_input, check_like_output
from .features import FourierFeatures


class FourierBeside(Layer):
    """y = (x, a cos 2 pi x B, a sin 2 pi x B), x itself, and beside it Fourier features times their size a.

    x (..., N, d) -> y (..., N, d + features); B (d, features/2) ~ N(0, scale^2) is drawn once and not trained, and the buffer
    `turns` holds 2 pi B. A network bends slowly over lengths that are small beside 1. The features vary over lengths of about
    1 / (2 pi scale), so the network can bend there from the first step. They have the squared length a^2 features / 2 for each
    x, so `size` says how much they count beside x.
    Scalar case: with c = cos(wx), s = sin(wx) it is y = (x, a c, a s), so y_dot = (x_dot, -a s w x_dot, a c w x_dot); backward:
    dx = dy_x + a w (c ds - s dc).

    Parameters
    ----------
    d : features in
    features : how many are added, an even number
    scale : the standard deviation of B, about 1 / (2 pi the size of the details)
    size : a, the largest value of a feature
    seed : draws B, the same for every replica

    References
    ----------
    Tancik et al. 2020, the Gaussian mapping, which has no x; Mildenhall et al. 2020 (NeRF), whose code keeps x beside the
    features, and whose formula does not.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import FourierBeside
    >>> print(FourierBeside(2, features=4, scale=3.0, size=.1).forward(np.zeros((1, 2)))[0])
    [[0.  0.  0.1 0.1 0.  0. ]]
    """

    def __init__(self, d: int, features: int = 64, scale: float = 1.0, size: float = 1.0, seed: Seed = 0) -> None:
        self.d, self.features = count("FourierBeside: d (features in)", d), count("FourierBeside: features", features, 2)
        if self.features % 2:
            raise ValueError(f"FourierBeside: features must be even, a cosine and a sine for each frequency; got {features}")
        self.scale, self.size = number("FourierBeside: scale", scale, above=0), number("FourierBeside: size", size, above=0)
        self.k = self.d + self.features
        self.turns = FourierFeatures(self.d, self.features, self.scale, seed).turns
        self.buffers = {"turns": self.turns}

    def forward(self, x: Array) -> tuple[Array, Any]:
        check_input(self, x)
        angle = x @ self._turns(x)
        c, s = np.cos(angle), np.sin(angle)
        return np.concatenate([x, self.size * c, self.size * s], axis=-1), (c, s)

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        dc, ds = self._waves(dy, tape)
        return dy[..., :self.d] + _back(dc, ds, tape) @ self._turns(dy).swapaxes(-1, -2)

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        (c, s), angle_dot = tape, x_dot @ self._turns(x_dot)
        c_dot, s_dot = -s * angle_dot, c * angle_dot
        return np.concatenate([x_dot, self.size * c_dot, self.size * s_dot], axis=-1), (c_dot, s_dot)

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        (dc, ds), (dc_dot, ds_dot) = self._waves(dy, tape), self._waves(dy_dot, tape)
        back = self._turns(dy).swapaxes(-1, -2)
        moved = _back(dc_dot, ds_dot, tape) + _back(dc, ds, tape_dot)
        return dy[..., :self.d] + _back(dc, ds, tape) @ back, dy_dot[..., :self.d] + moved @ back

    def _turns(self, x: Array) -> Array:
        return self.turns.astype(x.dtype, copy=False)

    def _waves(self, dy: Array, tape: Any) -> tuple[Array, Array]:
        """The derivatives with respect to the cosines and the sines, which stand in y times the size."""
        c, _ = tape
        check_like_output(self, (*c.shape[:-1], self.k), dy)
        half = self.d + self.features // 2
        return self.size * dy[..., self.d:half], self.size * dy[..., half:]

    def settings(self) -> dict[str, Any]:
        return {"d": self.d, "features": self.features, "scale": self.scale, "size": self.size}

    def __repr__(self) -> str:
        return f"FourierBeside({self.d} -> {self.k})"


def _back(dc: Array, ds: Array, tape: tuple[Array, Array]) -> Array:
    c, s = tape
    return c * ds - s * dc
