"""Losses that treat real and fake scores apart. Each score is compared with a label, a margin, or nothing."""

from typing import Any

import numpy as np

from ..engine.arguments import Array, number
from .base import DLoss, DTangent, GLoss, Loss, bce_with_logits, check_scores, mean, sigmoid_dot


class Minimax(Loss):
    """The original game (Goodfellow et al. 2014, equation 1), read as two losses:

        D minimises  E softplus(-r) + E softplus(f)      binary cross-entropy: real is 1, fake is 0
        G minimises  -E softplus(f)                      = E log(1 - sigmoid(f))

    Where D is confident, f << 0, G's derivative -sigmoid(f)/N vanishes. See `NonSaturating`. `real_label` below 1 is one-sided
    label smoothing (Salimans et al. 2016, section 3.4), usually .9.
    """

    is_probability = True

    def __init__(self, real_label: float = 1.0) -> None:
        self.real_label = number(f"{type(self).__name__}: real_label", real_label, above=0, below=1, including=(1,))

    def d(self, s_real: Array, s_fake: Array) -> DLoss:
        check_scores(s_real, s_fake)
        real, fake = bce_with_logits(s_real, self.real_label), bce_with_logits(s_fake, 0.0)
        return DLoss(real.value + fake.value, real.ds, fake.ds)

    def g(self, s_fake: Array, s_real: Array | None = None) -> GLoss:
        fake = bce_with_logits(s_fake, 0.0)
        return GLoss(-fake.value, -fake.ds)

    def d_tangent(self, s_real: Array, s_fake: Array, s_real_dot: Array, s_fake_dot: Array) -> DTangent:
        n = check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        return DTangent(sigmoid_dot(s_real, s_real_dot) / n, sigmoid_dot(s_fake, s_fake_dot) / n)  # the label is a constant

    def g_tangent(self, s_fake: Array, s_real: Array | None, s_fake_dot: Array, s_real_dot: Array | None = None) -> Array:
        n = check_scores(s_fake, s_fake_dot)
        return -sigmoid_dot(s_fake, s_fake_dot) / n

    def best(self, p: Any, q: Any) -> Any:
        """real_label p / (p + q), a probability (Goodfellow et al. 2014, proposition 1)."""
        return self.real_label * p / (p + q)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.real_label == 1 else f'real_label={self.real_label:g}'})"


class NonSaturating(Minimax):
    """The same D; G gives its samples the label of real ones (Goodfellow et al. 2014, section 3, last paragraph):

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

    def g(self, s_fake: Array, s_real: Array | None = None) -> GLoss:
        return GLoss(*bce_with_logits(s_fake, 1.0))

    def g_tangent(self, s_fake: Array, s_real: Array | None, s_fake_dot: Array, s_real_dot: Array | None = None) -> Array:
        n = check_scores(s_fake, s_fake_dot)
        return sigmoid_dot(s_fake, s_fake_dot) / n


class LeastSquares(Loss):
    """Least-squares GAN (Mao et al. 2017, equation 9, with a = 0 and b = c = 1):

        D minimises  1/2 E (r - 1)^2 + 1/2 E f^2
        G minimises  1/2 E (f - 1)^2

    Here the score itself is compared with the labels 1 and 0; no sigmoid is applied.
    """

    def d(self, s_real: Array, s_fake: Array) -> DLoss:
        n = check_scores(s_real, s_fake)
        value = (mean((s_real - 1) ** 2) + mean(s_fake**2)) / 2
        return DLoss(value, (s_real - 1) / n, s_fake / n)

    def g(self, s_fake: Array, s_real: Array | None = None) -> GLoss:
        n = check_scores(s_fake)
        return GLoss(mean((s_fake - 1) ** 2) / 2, (s_fake - 1) / n)

    def d_tangent(self, s_real: Array, s_fake: Array, s_real_dot: Array, s_fake_dot: Array) -> DTangent:
        n = check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        return DTangent(s_real_dot / n, s_fake_dot / n)

    def g_tangent(self, s_fake: Array, s_real: Array | None, s_fake_dot: Array, s_real_dot: Array | None = None) -> Array:
        return s_fake_dot / check_scores(s_fake, s_fake_dot)

    def best(self, p: Any, q: Any) -> Any:
        """p / (p + q), the score itself (Mao et al. 2017, equation 5)."""
        return p / (p + q)


class _Straight(Loss):
    """A loss made of straight pieces. Its derivative does not change while the scores move (but for the jump at a kink)."""

    def d_tangent(self, s_real: Array, s_fake: Array, s_real_dot: Array, s_fake_dot: Array) -> DTangent:
        check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        return DTangent(np.zeros_like(s_real), np.zeros_like(s_fake))

    def g_tangent(self, s_fake: Array, s_real: Array | None, s_fake_dot: Array, s_real_dot: Array | None = None) -> Array:
        check_scores(s_fake, s_fake_dot)
        return np.zeros_like(s_fake)


class Hinge(_Straight):
    """Hinge loss (Lim & Ye 2017; Miyato et al. 2018, equations 16 and 17), with m = `margin`, usually 1:

        D minimises  E max(m - r, 0) + E max(m + f, 0)
        G minimises  -E f

    Samples that D already scores beyond the margin have no gradient for D. G's gradient is the same for every sample.
    """

    def __init__(self, margin: float = 1.0) -> None:
        self.margin = number("Hinge: margin", margin, above=0)

    def d(self, s_real: Array, s_fake: Array) -> DLoss:
        n = check_scores(s_real, s_fake)
        real, fake = self.margin - s_real, self.margin + s_fake
        value = mean(np.maximum(real, 0)) + mean(np.maximum(fake, 0))
        return DLoss(value, -(real > 0).astype(s_real.dtype) / n, (fake > 0).astype(s_fake.dtype) / n)

    def g(self, s_fake: Array, s_real: Array | None = None) -> GLoss:
        n = check_scores(s_fake)
        return GLoss(-mean(s_fake), np.full_like(s_fake, -1 / n))

    def best(self, p: Any, q: Any) -> Any:
        """margin sign(p - q), the score that D's loss, linear between -margin and margin, is smallest at (Lim & Ye 2017)."""
        return self.margin * np.sign(np.subtract(p, q))

    def __repr__(self) -> str:
        return f"Hinge({'' if self.margin == 1 else f'margin={self.margin:g}'})"


class Wasserstein(_Straight):
    """The critic's estimate of the Wasserstein distance, with its sign turned (Arjovsky et al. 2017, equation 2):

        D minimises  E f - E r
        G minimises  -E f

    It is an estimate only while D is Lipschitz. Without a constraint on D its scores grow without bound.
    """

    def d(self, s_real: Array, s_fake: Array) -> DLoss:
        n = check_scores(s_real, s_fake)
        return DLoss(mean(s_fake) - mean(s_real), np.full_like(s_real, -1 / n), np.full_like(s_fake, 1 / n))

    def g(self, s_fake: Array, s_real: Array | None = None) -> GLoss:
        n = check_scores(s_fake)
        return GLoss(-mean(s_fake), np.full_like(s_fake, -1 / n))
