"""Gradient penalties: terms of D's loss that grow with D's input gradient. Their derivative is the gradient of a gradient.

Let g be the gradient of the scores with respect to the inputs, one row for each sample, and P = P(g) the penalty:

    R1(gamma)      gamma/2 E |g|^2            at real points      (Mescheder et al. 2018, equation 9)
    R2(gamma)      gamma/2 E |g|^2            at fake points
    WGANGP(lam)    lam E (|g| - 1)^2          between them        (Gulrajani et al. 2017, section 4)

To minimise P we need dP/dtheta. Let v = dP/dg, and hold it fixed. Then

    dP/dtheta = d<v, g>/dtheta = R_v{ grad_theta sum_n s(x_n) }:

the ordinary parameter gradient of the summed scores, and its rate of change as the input x moves with velocity v. That is what
`tangent` and `tangent_backward` compute (Pearlmutter 1994). So a penalty costs one backward pass to get g, one tangent
and one tangent_backward; the forward pass was done already, for the loss. It is exact for every activation, smooth ones
included, because the layers keep the f'' term.

If the loss's own derivative ds is given, its gradient is added in the same pass. tangent_backward adds x_dot^T dy + x^T dy_dot
at each layer. For the penalty alone dy_dot starts at 0. Started at ds instead, it adds x^T ds as well, which saves the loss's own
backward pass.

A penalty says `at` which points it is taken. At "real" or "fake" points it is called as

    penalty(D, x, tape, ds=None) -> value, shape () or (R,)         with D.forward(x)'s tape

and `WGANGP`, at points "between", as penalty(D, x_real, x_fake, rng). It adds dP/dtheta to D.grad, and where ds = dL/ds at those
scores is given, the loss's dL/dtheta through them as well. Where D packs m points (`features.Pack`), a sample is a pack of m
rows.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .engine.arguments import Array, count, floats, generator, number, real, shown
from .engine.machine import fits
from .engine.store import Network

Weight = float | Callable[[float], float]


def add_penalty(D: Network, x: Array, tape: Any, of_gradient: Callable[[Array], tuple[Array, Array]],
                ds: Array | None = None) -> Array:
    """Adds dP/dtheta to D.grad and returns P, for any penalty P(g) on the input gradient g.

    Parameters
    ----------
    D : the discriminator
    x, tape : points (..., N, d), and the tape of D.forward(x)
    of_gradient : g -> (P, dP/dg), both arrays (..., M, m d), a row for each of the M = N/m scores; m is 1 unless D packs
    ds : None, or a loss's own derivative, shaped like the scores, whose gradient is then added in the same pass
    """
    *front, n, d = x.shape
    scores, packed = (*front, n // D.rows, 1), (*front, n // D.rows, D.rows * d)
    ones = np.ones(scores, D.dtype)
    g = D.backward(ones, tape, grads=False)
    value, v = of_gradient(g if D.rows == 1 else g.reshape(packed))
    _, tape_dot = D.tangent(v if D.rows == 1 else v.reshape(x.shape), tape)
    ds_dot = np.zeros(scores, D.dtype) if ds is None else ds
    D.tangent_backward(ones, ds_dot, tape, tape_dot)
    return value


class Weighted:
    """A penalty with a weight: a number, or a function of the fraction of the run that has passed, such as `Falling(.1, .003)`.

    A training loop calls `prepare(fraction)` before each step. Without such a call the weight is that of fraction 0.
    """

    name = "weight"

    def __init__(self, weight: Weight) -> None:
        self.weight = weight if callable(weight) else number(f"{type(self).__name__}: {self.name}", weight, above=0)
        self._fraction = 0.0
        self._now: Array | None = None  # the weight as a 0-d array

    def prepare(self, fraction: float) -> None:
        """Set the weight for this fraction of the run, 0 to 1. Raises ValueError for a weight that is not above 0 and finite."""
        self._fraction = fraction
        if self._now is not None and callable(self.weight):
            self._now[...] = self._at(fraction)

    def now(self, dtype: Any) -> Array:
        """The weight at hand, a 0-d array of D's dtype."""
        if self._now is None or self._now.dtype != dtype:
            self._now = np.array(self._at(self._fraction), dtype)
        return self._now

    def _at(self, fraction: float) -> float:
        return number(f"{self!r}: the weight at {fraction:.3g} of the run", self.weight(fraction), above=0, including=(0,)) \
            if callable(self.weight) else self.weight

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight if callable(self.weight) else f'{self.weight:g}'})"


class SquaredNorm(Weighted):
    """gamma/2 E sum_j w_j g_j^2 at one of the two batches; all w_j are 1 without `columns`.

    Parameters
    ----------
    gamma : a squared length, about .01 to 1 for data of standard deviation 1; or a function of the fraction of the run
    columns : None, or a weight w_j >= 0 for each column of x, (d,); a weight of 0 leaves a column out, such as a label
    """

    name = "gamma"

    def __init__(self, gamma: Weight, columns: Any = None) -> None:
        super().__init__(gamma)
        self.columns = None if columns is None else np.array(real(f"{type(self).__name__}: columns", columns), np.float64)
        if self.columns is not None and not (self.columns.ndim == 1 and self.columns.size
                                             and (np.isfinite(self.columns) & (self.columns >= 0)).all()):
            raise ValueError(f"{type(self).__name__}: columns must be weights (d,), finite and 0 or larger; got {shown(columns)}")

    def __call__(self, D: Network, x: Array, tape: Any, ds: Array | None = None) -> Array:
        gamma, n = self.now(D.dtype), x.shape[-2] // D.rows
        w = None if self.columns is None else self._columns_of(D, x, self.columns)

        def half_square(g: Array) -> tuple[Array, Array]:  # P and dP/dg
            wg = g if w is None else w * g
            return gamma / 2 * (wg * g).sum(axis=(-2, -1)) / n, gamma / n * wg

        return add_penalty(D, x, tape, half_square, ds)

    def __repr__(self) -> str:
        weighted = "" if self.columns is None else f", columns={self.columns.tolist()}"
        return f"{super().__repr__()[:-1]}{weighted})"

    def _columns_of(self, D: Network, x: Array, columns: Array) -> Array:
        if columns.shape != x.shape[-1:]:
            raise ValueError(f"{type(self).__name__}: columns has {columns.size} weights, but x has {x.shape[-1]} columns")
        return (columns if D.rows == 1 else np.concatenate([columns] * D.rows)).astype(D.dtype)


class R1(SquaredNorm):
    """gamma/2 E |grad_x s|^2 over real points, so that D may not be steep where the data are.

    The paper's code leaves out the 1/2. Its 10 is gamma = 20 here.

    Parameters
    ----------
    gamma : a squared length, about .01 to 1 for data of standard deviation 1; or a function of the fraction of the run
    columns : None, or a weight w_j >= 0 for each column of x, (d,); a weight of 0 leaves a column out, such as a label

    References
    ----------
    Mescheder et al. 2018, equation 9.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import mlp, penalties
    >>> D, x = mlp(2, 1, dtype=np.float64), np.zeros((8, 2))
    >>> D.theta = [3, 4, 0]  # s = 3 x_1 + 4 x_2, so |g|^2 = 25
    >>> value = penalties.R1(gamma=.1)(D, x, D.forward(x)[1])
    >>> print(value.round(3), D.grad.round(3))
    1.25 [0.3 0.4 0. ]
    """

    at = "real"


class R2(SquaredNorm):
    """gamma/2 E |grad_x s|^2 over fake points.

    Parameters
    ----------
    gamma : a squared length, about .01 to 1 for data of standard deviation 1; or a function of the fraction of the run
    columns : None, or a weight w_j >= 0 for each column of x, (d,); a weight of 0 leaves a column out, such as a label

    References
    ----------
    Mescheder et al. 2018, section 4.1.
    """

    at = "fake"


class WGANGP(Weighted):
    """lam E (|grad_x s| - 1)^2 at points between real and fake ones (Gulrajani et al. 2017, algorithm 1).

    x = alpha x_real + (1 - alpha) x_fake with one alpha ~ U(0, 1) for each sample, not for each coordinate. The norm
    r = sqrt(|g|^2 + 1e-12) is over all coordinates of a sample, and differentiable at 0.
    It is called with rng, which is a Generator, with replicas a list of them, or the numbers alpha themselves, (..., N, 1), as
    `alphas` draws them.

    Parameters
    ----------
    lam : the weight, .1 to 10, or a function of the fraction of the run
    """

    at = "between"
    name = "lam"

    def __init__(self, lam: Weight = 10.0) -> None:
        super().__init__(lam)

    def __call__(self, D: Network, x_real: Array, x_fake: Array, rng: Any = None) -> Array:
        *front, n, d = x_real.shape
        m, lam = n // D.rows, self.now(D.dtype)
        if rng is None:
            raise ValueError("WGANGP draws points between real and fake ones: pass rng=, a numpy Generator")
        if x_real.shape != x_fake.shape:
            raise ValueError(f"WGANGP takes as many real points as fake ones; got shapes {x_real.shape} and {x_fake.shape}")
        if isinstance(rng, np.ndarray) and rng.shape != (*front, m, 1):
            raise ValueError(f"alpha must hold one number for each sample, {(*front, m, 1)}; got shape {rng.shape}")
        alpha = floats("alpha", rng if isinstance(rng, np.ndarray) else alphas(rng, m), D.dtype)
        real, fake = (batch.reshape(*front, m, D.rows * d) for batch in (x_real, x_fake))
        x = (alpha * real + (1 - alpha) * fake).reshape(x_real.shape)
        _, tape = D.forward(x)

        def distance_to_one(g: Array) -> tuple[Array, Array]:  # P and dP/dg
            r = np.sqrt((g * g).sum(axis=-1, keepdims=True) + 1e-12)
            return lam * ((r - 1) ** 2).mean(axis=(-2, -1)), 2 * lam / m * (1 - 1 / r) * g

        return add_penalty(D, x, tape, distance_to_one)


def alphas(rng: Any, n: int) -> Array:
    """Where `n` points lie between real and fake: (n, 1) from a Generator; (R, n, 1) from a list of R, one for each replica."""
    fits(f"{count('n', n)} numbers alpha", n)
    if isinstance(rng, (list, tuple)) and rng:
        return np.stack([generator("rng", each).random((n, 1)) for each in rng])
    return generator("rng", rng).random((n, 1))


class Falling:
    """A schedule for gamma or lam, which is start (stop/start)^f at the fraction f of the run.

    Parameters
    ----------
    start, stop : the weights of the first and of the last step

    Examples
    --------
    >>> from tinygan.penalties import Falling
    >>> [round(Falling(.1, .001)(fraction), 4) for fraction in (0, .5, 1)]
    [0.1, 0.01, 0.001]
    """

    def __init__(self, start: float, stop: float) -> None:
        self.start, self.stop = number("Falling: start", start, above=0), number("Falling: stop", stop, above=0)

    def __call__(self, fraction: float) -> float:
        return self.start * (self.stop / self.start) ** fraction

    def __repr__(self) -> str:
        return f"{self.start:g} falling to {self.stop:g}"
