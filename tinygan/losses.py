"""What each player minimises: its value and its derivative, from one function.

    loss.d(s_real, s_fake)      -> DLoss(value, ds_real, ds_fake)
    loss.g(s_fake, s_real=None) -> GLoss(value, ds_fake)              s_real only where loss.needs_real

Scores s are raw: any real number, shape (..., N, 1), and a higher score means "more real" in every loss.
`value` is a mean over the N samples, so its shape is () or, with replicas, (R,); each ds is d value / d s, shaped like s.
Where `loss.is_probability`, sigmoid(s) is the probability that D gives to "real"; elsewhere the score speaks for itself.
In the formulas r is a real sample's score, f a fake one's, and E the mean over the batch.
Both players minimise. Neither shares its sign with the other: each formula says what is lost, not what is won.

For second derivatives (`unroll`, `game`; skip them on a first reading) each loss also says how fast its derivatives change while
the scores move with velocities s_dot, the R-operator of `engine.layers` applied to d and to g:

    loss.d_tangent(s_real, s_fake, s_real_dot, s_fake_dot)            -> DTangent(ds_real_dot, ds_fake_dot)
    loss.g_tangent(s_fake, s_fake_dot, s_real=None, s_real_dot=None)  -> ds_fake_dot
    loss.g_real(s_fake, s_real)                                       -> ds_real of g's value, only where loss.needs_real
"""

from typing import NamedTuple

import numpy as np

from .engine.arguments import number
from .engine.numerics import sigmoid, softplus_and_sigmoid


class BCE(NamedTuple):
    """Binary cross-entropy: its value, shape (...), and its derivative ds, shaped like s."""

    value: np.ndarray
    ds: np.ndarray


class DLoss(NamedTuple):
    """The discriminator's loss: value (...), and its derivative with respect to both scores, each (..., N, 1)."""

    value: np.ndarray
    ds_real: np.ndarray
    ds_fake: np.ndarray


class GLoss(NamedTuple):
    """The generator's loss: value (...), and its derivative with respect to the fake samples' scores, (..., N, 1)."""

    value: np.ndarray
    ds_fake: np.ndarray


class DTangent(NamedTuple):
    """How fast the discriminator's ds_real and ds_fake change when the scores move, each (..., N, 1)."""

    ds_real_dot: np.ndarray
    ds_fake_dot: np.ndarray


def bce_with_logits(s, target):
    """Binary cross-entropy of the probability sigmoid(s) with a target in [0, 1], computed from the score s (..., N, 1).

        E[-y log sigmoid(s) - (1 - y) log(1 - sigmoid(s))] = E[max(s, 0) - s y + log1p(exp(-|s|))]
        d/ds = (sigmoid(s) - y) / N

    The right-hand side needs no logarithm of a probability: with y = 1 a score of -40 costs 40 and its gradient is -1/N,
    where the clipped textbook formula has long lost it. `target` y is a number or an array of s's own shape; raises
    ValueError for another shape: (N,) against (N, 1) would silently become (N, N).

    >>> import numpy as np
    >>> from tinygan.losses import bce_with_logits
    >>> value, ds = bce_with_logits(np.array([[-40.0], [0.0]]), 1.0)
    >>> print(value.round(3), ds.ravel())  # (40 + ln 2) / 2
    20.347 [-0.5  -0.25]
    """
    n = _check_scores(s)
    if isinstance(target, float) and target in (0.0, 1.0):  # what D and G ask for in every step: half the work
        sign = 1 - 2 * target
        cost, wrong = softplus_and_sigmoid(sign * s)
        return BCE(_mean(cost), sign / n * wrong)
    target = np.asarray(target, s.dtype)
    if target.ndim and target.shape != s.shape:
        raise ValueError(f"target must be a number or shaped like the scores, {s.shape}; got {target.shape}")
    if not (target.min() >= 0 and target.max() <= 1):
        raise ValueError(f"target must lie in [0, 1]; got {target.min()} to {target.max()}")
    value = _mean(np.maximum(s, 0) - s * target + np.log1p(np.exp(-np.abs(s))))
    # (sigmoid(s) - y), written so that no digit cancels at y = 1 or y = 0:
    ds = (1 - target) * sigmoid(s) - target * sigmoid(-s)
    return BCE(value, ds / n)


class Minimax:
    """The original game (Goodfellow et al. 2014, equation 1), read as two losses:

        D minimises  E softplus(-r) + E softplus(f)      binary cross-entropy: real is 1, fake is 0
        G minimises  -E softplus(f)                      = E log(1 - sigmoid(f))

    Where D is confident, f << 0, G's derivative -sigmoid(f)/N vanishes: see `NonSaturating`.
    `real_label` below 1 is one-sided label smoothing (Salimans et al. 2016, section 3.4), usually .9.
    """

    needs_real = False
    is_probability = True

    def __init__(self, real_label=1.0):
        self.real_label = number(f"{type(self).__name__}: real_label", real_label, above=0, below=1, including=(1,))

    def d(self, s_real, s_fake):
        _check_scores(s_real, s_fake)
        real, fake = bce_with_logits(s_real, self.real_label), bce_with_logits(s_fake, 0.0)
        return DLoss(real.value + fake.value, real.ds, fake.ds)

    def g(self, s_fake, s_real=None):
        fake = bce_with_logits(s_fake, 0.0)
        return GLoss(-fake.value, -fake.ds)

    def d_tangent(self, s_real, s_fake, s_real_dot, s_fake_dot):
        n = _check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        return DTangent(_sigmoid_dot(s_real, s_real_dot) / n, _sigmoid_dot(s_fake, s_fake_dot) / n)  # the label is a constant

    def g_tangent(self, s_fake, s_fake_dot, s_real=None, s_real_dot=None):
        n = _check_scores(s_fake, s_fake_dot)
        return -_sigmoid_dot(s_fake, s_fake_dot) / n

    def __repr__(self):
        return f"{type(self).__name__}({'' if self.real_label == 1 else f'real_label={self.real_label:g}'})"


class NonSaturating(Minimax):
    """The same D; G wants its samples called real (Goodfellow et al. 2014, section 3, last paragraph):

        D minimises  E softplus(-r) + E softplus(f)
        G minimises  E softplus(-f)                      = -E log sigmoid(f)

    The same fixed point as `Minimax`, but G's derivative -sigmoid(-f)/N is largest where D is surest that f is fake.

    >>> import numpy as np
    >>> from tinygan import losses
    >>> s_fake = np.full((4, 1), -5.0)  # D is sure that these are fake
    >>> for loss in losses.Minimax(), losses.NonSaturating():
    ...     print(loss, loss.g(s_fake).ds_fake[0].round(4))
    Minimax() [-0.0017]
    NonSaturating() [-0.2483]
    """

    def g(self, s_fake, s_real=None):
        return GLoss(*bce_with_logits(s_fake, 1.0))

    def g_tangent(self, s_fake, s_fake_dot, s_real=None, s_real_dot=None):
        n = _check_scores(s_fake, s_fake_dot)
        return _sigmoid_dot(s_fake, s_fake_dot) / n


class LeastSquares:
    """Least-squares GAN (Mao et al. 2017, equation 9, with a = 0 and b = c = 1):

        D minimises  1/2 E (r - 1)^2 + 1/2 E f^2
        G minimises  1/2 E (f - 1)^2

    Here the score itself is compared with the labels 1 and 0; no sigmoid is applied.
    """

    needs_real = False
    is_probability = False

    def d(self, s_real, s_fake):
        n = _check_scores(s_real, s_fake)
        value = (_mean((s_real - 1) ** 2) + _mean(s_fake**2)) / 2
        return DLoss(value, (s_real - 1) / n, s_fake / n)

    def g(self, s_fake, s_real=None):
        n = _check_scores(s_fake)
        return GLoss(_mean((s_fake - 1) ** 2) / 2, (s_fake - 1) / n)

    def d_tangent(self, s_real, s_fake, s_real_dot, s_fake_dot):
        n = _check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        return DTangent(s_real_dot / n, s_fake_dot / n)

    def g_tangent(self, s_fake, s_fake_dot, s_real=None, s_real_dot=None):
        return s_fake_dot / _check_scores(s_fake, s_fake_dot)

    def __repr__(self):
        return "LeastSquares()"


class _Straight:
    """A loss made of straight pieces: its derivative does not change while the scores move (but for the jump at a kink)."""

    def d_tangent(self, s_real, s_fake, s_real_dot, s_fake_dot):
        _check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        return DTangent(np.zeros_like(s_real), np.zeros_like(s_fake))

    def g_tangent(self, s_fake, s_fake_dot, s_real=None, s_real_dot=None):
        _check_scores(s_fake, s_fake_dot)
        return np.zeros_like(s_fake)


class Hinge(_Straight):
    """Hinge loss (Lim & Ye 2017; Miyato et al. 2018, equations 16 and 17), with m = `margin`, usually 1:

        D minimises  E max(m - r, 0) + E max(m + f, 0)
        G minimises  -E f

    D stops caring about samples that it already scores beyond the margin; G never stops.
    """

    needs_real = False
    is_probability = False

    def __init__(self, margin=1.0):
        self.margin = number("Hinge: margin", margin, above=0)

    def d(self, s_real, s_fake):
        n = _check_scores(s_real, s_fake)
        real, fake = self.margin - s_real, self.margin + s_fake
        value = _mean(np.maximum(real, 0)) + _mean(np.maximum(fake, 0))
        return DLoss(value, -(real > 0).astype(s_real.dtype) / n, (fake > 0).astype(s_fake.dtype) / n)

    def g(self, s_fake, s_real=None):
        n = _check_scores(s_fake)
        return GLoss(-_mean(s_fake), np.full_like(s_fake, -1 / n))

    def __repr__(self):
        return f"Hinge({'' if self.margin == 1 else f'margin={self.margin:g}'})"


class Wasserstein(_Straight):
    """The critic's estimate of the Wasserstein distance, with its sign turned (Arjovsky et al. 2017, equation 2):

        D minimises  E f - E r
        G minimises  -E f

    It is an estimate only while D is Lipschitz: with nothing to hold D, its scores run away.
    """

    needs_real = False
    is_probability = False

    def d(self, s_real, s_fake):
        n = _check_scores(s_real, s_fake)
        return DLoss(_mean(s_fake) - _mean(s_real), np.full_like(s_real, -1 / n), np.full_like(s_fake, 1 / n))

    def g(self, s_fake, s_real=None):
        n = _check_scores(s_fake)
        return GLoss(-_mean(s_fake), np.full_like(s_fake, -1 / n))

    def __repr__(self):
        return "Wasserstein()"


class Relativistic:
    """Relativistic pairing: real must score higher than fake, pair by pair (Jolicoeur-Martineau 2019; Huang et al. 2024):

        D minimises  E softplus(f_i - r_i)
        G minimises  E softplus(r_i - f_i)

    Only differences of scores count, so a score alone is no probability. Each fake is judged beside a real sample, not by a
    threshold of its own: Sun et al. (2020) show that, as a function of the generated points, this loss has no bad basins
    where losses that treat the two sides separately have many, each a way to drop modes.
    """

    needs_real = True
    is_probability = False

    def d(self, s_real, s_fake):
        n = _check_scores(s_real, s_fake)
        cost, wrong = softplus_and_sigmoid(s_fake - s_real)
        ds_fake = wrong / n
        return DLoss(_mean(cost), -ds_fake, ds_fake)

    def g(self, s_fake, s_real=None):
        n = _check_scores(s_fake, s_real)
        cost, wrong = softplus_and_sigmoid(s_real - s_fake)
        return GLoss(_mean(cost), -wrong / n)

    def d_tangent(self, s_real, s_fake, s_real_dot, s_fake_dot):
        n = _check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        ds_fake_dot = _sigmoid_dot(s_fake - s_real, s_fake_dot - s_real_dot) / n
        return DTangent(-ds_fake_dot, ds_fake_dot)

    def g_tangent(self, s_fake, s_fake_dot, s_real=None, s_real_dot=None):
        return self.d_tangent(s_fake, s_real, s_fake_dot, s_real_dot).ds_real_dot  # G's loss is D's with the roles swapped

    def g_real(self, s_fake, s_real):
        return self.d(s_fake, s_real).ds_fake

    def __repr__(self):
        return "Relativistic()"


class RelativisticAverage:
    """Each score against the other side's mean, rbar = E r or fbar = E f (Jolicoeur-Martineau 2019):

        D minimises  1/2 E softplus(fbar - r) + 1/2 E softplus(f - rbar)
        G minimises  1/2 E softplus(rbar - f) + 1/2 E softplus(r - fbar)

    Every score also moves its own side's mean, so each derivative has two parts: the second is easily forgotten.
    """

    needs_real = True
    is_probability = False

    def d(self, s_real, s_fake):
        n = _check_scores(s_real, s_fake)
        real, p_real = softplus_and_sigmoid(_batch_mean(s_fake) - s_real)
        fake, p_fake = softplus_and_sigmoid(s_fake - _batch_mean(s_real))
        value = (_mean(real) + _mean(fake)) / 2
        return DLoss(value, -(p_real + _batch_mean(p_fake)) / (2 * n), (p_fake + _batch_mean(p_real)) / (2 * n))

    def g(self, s_fake, s_real=None):
        swapped = self.d(s_fake, s_real)  # the same with the roles swapped: fake stands where real stood
        return GLoss(swapped.value, swapped.ds_real)

    def d_tangent(self, s_real, s_fake, s_real_dot, s_fake_dot):
        n = _check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        real_dot = _sigmoid_dot(_batch_mean(s_fake) - s_real, _batch_mean(s_fake_dot) - s_real_dot)
        fake_dot = _sigmoid_dot(s_fake - _batch_mean(s_real), s_fake_dot - _batch_mean(s_real_dot))
        return DTangent(-(real_dot + _batch_mean(fake_dot)) / (2 * n), (fake_dot + _batch_mean(real_dot)) / (2 * n))

    def g_tangent(self, s_fake, s_fake_dot, s_real=None, s_real_dot=None):
        return self.d_tangent(s_fake, s_real, s_fake_dot, s_real_dot).ds_real_dot

    def g_real(self, s_fake, s_real):
        return self.d(s_fake, s_real).ds_fake

    def __repr__(self):
        return "RelativisticAverage()"


def _sigmoid_dot(s, s_dot):
    """How fast sigmoid(s) changes: sigmoid' = sigmoid(s) (1 - sigmoid(s)), and the second factor is sigmoid(-s)."""
    return sigmoid(s) * sigmoid(-s) * s_dot


def _batch_mean(s):
    """The mean over the batch, kept: (..., N, 1) -> (..., 1, 1)."""
    return s.mean(axis=-2, keepdims=True)


def _mean(x):
    """The mean over the batch: (..., N, 1) -> (...). Three times as fast as x.mean."""
    return x.sum(axis=(-2, -1)) / x.shape[-2]


def _check_scores(*scores):
    """N, the size of the batch; raises unless all scores have one shape (..., N, 1)."""
    for s in scores:
        if s is None:
            raise ValueError("this loss compares with real scores: pass s_real too (in g_gradients, x_real)")
        if s.ndim < 2 or s.shape[-1] != 1:
            raise ValueError(f"scores must have shape (..., N, 1), one score a sample; got {s.shape}")
    if len({s.shape for s in scores}) > 1:
        raise ValueError(f"scores of real and fake samples must have one shape; got {' and '.join(str(s.shape) for s in scores)}")
    return scores[0].shape[-2]
