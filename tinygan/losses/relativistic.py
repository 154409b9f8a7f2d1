"""Relativistic losses, in which real scores are compared with fake ones."""

from typing import Any

from ..engine.arguments import Array
from ..engine.numerics import softplus_and_sigmoid
from .base import DLoss, DTangent, GLoss, Loss, batch_mean, check_scores, mean, sigmoid_dot


class Relativistic(Loss):
    """Relativistic pairing. Real must score higher than fake, pair by pair (Jolicoeur-Martineau 2019; Huang et al. 2024):

        D minimises  E softplus(f_i - r_i)
        G minimises  E softplus(r_i - f_i)

    Only differences of scores count, so a score alone is no probability. Each fake is compared with a real sample, not with a
    threshold. Sun et al. (2020) look at such losses as functions of the generated points. Losses that treat the two sides apart
    have many bad basins there, in each of which some modes are lost. This one has none.
    """

    needs_real = True

    def d(self, s_real: Array, s_fake: Array) -> DLoss:
        n = check_scores(s_real, s_fake)
        cost, wrong = softplus_and_sigmoid(s_fake - s_real)
        ds_fake = wrong / n
        return DLoss(mean(cost), -ds_fake, ds_fake)

    def g(self, s_fake: Array, s_real: Any = None) -> GLoss:
        n = check_scores(s_fake, s_real)
        cost, wrong = softplus_and_sigmoid(s_real - s_fake)
        return GLoss(mean(cost), -wrong / n)

    def d_tangent(self, s_real: Array, s_fake: Array, s_real_dot: Array, s_fake_dot: Array) -> DTangent:
        n = check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        ds_fake_dot = sigmoid_dot(s_fake - s_real, s_fake_dot - s_real_dot) / n
        return DTangent(-ds_fake_dot, ds_fake_dot)

    def g_tangent(self, s_fake: Array, s_real: Any, s_fake_dot: Array, s_real_dot: Any = None) -> Array:
        return self.d_tangent(s_fake, s_real, s_fake_dot, s_real_dot).ds_real_dot  # G's loss is D's with the roles swapped

    def g_real(self, s_fake: Array, s_real: Array) -> Array:
        return self.d(s_fake, s_real).ds_fake


class RelativisticAverage(Loss):
    """Each score against the other side's mean, rbar = E r or fbar = E f (Jolicoeur-Martineau 2019):

        D minimises  1/2 E softplus(fbar - r) + 1/2 E softplus(f - rbar)
        G minimises  1/2 E softplus(rbar - f) + 1/2 E softplus(r - fbar)

    Every score also moves its own side's mean, so each derivative has two parts. The second is easily forgotten.
    """

    needs_real = True

    def d(self, s_real: Array, s_fake: Array) -> DLoss:
        n = check_scores(s_real, s_fake)
        real, p_real = softplus_and_sigmoid(batch_mean(s_fake) - s_real)
        fake, p_fake = softplus_and_sigmoid(s_fake - batch_mean(s_real))
        value = (mean(real) + mean(fake)) / 2
        return DLoss(value, -(p_real + batch_mean(p_fake)) / (2 * n), (p_fake + batch_mean(p_real)) / (2 * n))

    def g(self, s_fake: Array, s_real: Any = None) -> GLoss:
        swapped = self.d(s_fake, s_real)  # the same with the roles swapped: fake stands where real stood
        return GLoss(swapped.value, swapped.ds_real)

    def d_tangent(self, s_real: Array, s_fake: Array, s_real_dot: Array, s_fake_dot: Array) -> DTangent:
        n = check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        real_dot = sigmoid_dot(batch_mean(s_fake) - s_real, batch_mean(s_fake_dot) - s_real_dot)
        fake_dot = sigmoid_dot(s_fake - batch_mean(s_real), s_fake_dot - batch_mean(s_real_dot))
        return DTangent(-(real_dot + batch_mean(fake_dot)) / (2 * n), (fake_dot + batch_mean(real_dot)) / (2 * n))

    def g_tangent(self, s_fake: Array, s_real: Any, s_fake_dot: Array, s_real_dot: Any = None) -> Array:
        return self.d_tangent(s_fake, s_real, s_fake_dot, s_real_dot).ds_real_dot

    def g_real(self, s_fake: Array, s_real: Array) -> Array:
        return self.d(s_fake, s_real).ds_fake
