"""Gradient penalties: D is asked to be not only right but gentle. Their derivative is the gradient of a gradient.

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

The loss's own derivative ds can ride along for nothing. tangent_backward adds x_dot' dy + x' dy_dot at each layer. For the
penalty alone dy_dot starts at 0; started at ds instead, it adds x' ds as well. That is the loss's backward pass, which is saved.

A penalty says `at` which scores it is taken, "real", "fake" or "between", and is called as

    penalty(D, x_real, x_fake, tape_real, tape_fake, rng, ds=None) -> value, shape () or (R,)

It adds dP/dtheta to D.grad, and, where ds = dL/ds at those scores is given, the loss's dL/dtheta through them as well.
"""

import numpy as np

from .engine.arguments import number


def add_penalty(D, scores_shape, tape, of_gradient, ds=None):
    """Adds dP/dtheta to D.grad and returns P, for any penalty of_gradient(g) -> (P, dP/dg) on the input gradient g.

    tape is what D.forward(x) gave; scores_shape is (..., N, 1); g and dP/dg are shaped like x.
    ds, shaped like the scores: a loss's own derivative, whose gradient is then added in the same pass.
    """
    ones = np.ones(scores_shape, D.dtype)
    g = D.backward(ones, tape, grads=False)
    value, v = of_gradient(g)
    _, tape_dot = D.tangent(v, tape)
    D.tangent_backward(ones, np.zeros_like(ones) if ds is None else ds, tape, tape_dot)
    return value


class _Weighted:
    """A penalty with a weight: a number, or a function of the fraction of the run that has passed, which `train` sets."""

    def __init__(self, name, weight):
        self.weight = weight if callable(weight) else number(f"{type(self).__name__}: {name}", weight, above=0)
        self.fraction = 0.0

    def weight_now(self):
        return float(self.weight(self.fraction)) if callable(self.weight) else self.weight

    def __repr__(self):
        return f"{type(self).__name__}({self.weight if callable(self.weight) else f'{self.weight:g}'})"


class _SquaredNorm(_Weighted):
    """gamma/2 E |g|^2 at one of the two batches.

    gamma is a number, or a function of the fraction of the run that has passed, such as `Falling(.1, .003)`.
    gamma is a squared length in the units of the data: about .01 to 1 for data of standard deviation 1.
    """

    def __init__(self, gamma):
        super().__init__("gamma", gamma)

    def _on(self, D, x, tape, ds):
        gamma, n = self.weight_now(), x.shape[-2]

        def half_square(g):  # P and dP/dg
            return gamma / 2 * (g * g).sum(axis=(-2, -1)) / n, gamma / n * g

        return add_penalty(D, (*x.shape[:-1], 1), tape, half_square, ds)


class R1(_SquaredNorm):
    """gamma/2 E |grad_x s|^2 over real points: D may not be steep where the data are (Mescheder et al. 2018, equation 9).

    Their code leaves out the 1/2: its 10 is gamma = 20 here.

    >>> import numpy as np
    >>> from tinygan import mlp, penalties
    >>> D, x = mlp(2, 1, dtype=np.float64), np.zeros((8, 2))
    >>> D.theta[...] = 3, 4, 0  # s = 3 x_1 + 4 x_2, so |g|^2 = 25
    >>> value = penalties.R1(gamma=.1)(D, x, None, D.forward(x)[1], None)
    >>> print(value.round(3), D.grad.round(3))
    1.25 [0.3 0.4 0. ]
    """

    at = "real"

    def __call__(self, D, x_real, x_fake, tape_real, tape_fake, rng=None, ds=None):
        return self._on(D, x_real, tape_real, ds)


class R2(_SquaredNorm):
    """gamma/2 E |grad_x s|^2 over fake points (Mescheder et al. 2018, section 4.1)."""

    at = "fake"

    def __call__(self, D, x_real, x_fake, tape_real, tape_fake, rng=None, ds=None):
        return self._on(D, x_fake, tape_fake, ds)


class WGANGP(_Weighted):
    """lam E (|grad_x s| - 1)^2 at points between real and fake ones (Gulrajani et al. 2017, algorithm 1).

    x = alpha x_real + (1 - alpha) x_fake with one alpha ~ U(0, 1) for each sample, not for each coordinate. The norm
    r = sqrt(|g|^2 + 1e-12) is over all coordinates of a sample, and differentiable at 0. lam: .1 to 10, a
    number or a function as gamma is.
    rng: a Generator, or with replicas a list of them, one for each.
    """

    at = "between"

    def __init__(self, lam=10.0):
        super().__init__("lam", lam)

    def __call__(self, D, x_real, x_fake, tape_real, tape_fake, rng=None, ds=None):
        if rng is None:
            raise ValueError("WGANGP draws points between real and fake ones: pass rng=, a numpy Generator")
        lam, n = self.weight_now(), x_real.shape[-2]
        alpha = rng.random((n, 1)) if isinstance(rng, np.random.Generator) else np.stack([one.random((n, 1)) for one in rng])
        alpha = alpha.astype(D.dtype)
        s, tape = D.forward(alpha * x_real + (1 - alpha) * x_fake)

        def distance_to_one(g):  # P and dP/dg
            r = np.sqrt((g * g).sum(axis=-1, keepdims=True) + 1e-12)
            return lam * ((r - 1) ** 2).mean(axis=(-2, -1)), 2 * lam / n * (1 - 1 / r) * g

        return add_penalty(D, s.shape, tape, distance_to_one, ds)


class Falling:
    """A schedule for gamma or lam: from `start` to `stop` by equal factors, as the run goes on.

    >>> from tinygan.penalties import Falling
    >>> [round(Falling(.1, .001)(fraction), 4) for fraction in (0, .5, 1)]
    [0.1, 0.01, 0.001]
    """

    def __init__(self, start, stop):
        self.start, self.stop = number("Falling: start", start, above=0), number("Falling: stop", stop, above=0)

    def __call__(self, fraction):
        return self.start * (self.stop / self.start) ** fraction

    def __repr__(self):
        return f"{self.start:g} falling to {self.stop:g}"
