"""Relativistic losses: real scores are compared with fake ones."""

from ..engine.numerics import softplus_and_sigmoid
from .base import DLoss, DTangent, GLoss, Loss, batch_mean, check_scores, mean, sigmoid_dot


class Relativistic(Loss):
    """Relativistic pairing: real must score higher than fake, pair by pair (Jolicoeur-Martineau 2019; Huang et al. 2024):

        D minimises  E softplus(f_i - r_i)
        G minimises  E softplus(r_i - f_i)

    Only differences of scores count, so a score alone is no probability. Each fake is judged beside a real sample, not by a
    threshold of its own: Sun et al. (2020) show that, as a function of the generated points, this loss has no bad basins
    where losses that treat the two sides separately have many, each a way to drop modes.
    """

    needs_real = True

    def d(self, s_real, s_fake):
        n = check_scores(s_real, s_fake)
        cost, wrong = softplus_and_sigmoid(s_fake - s_real)
        ds_fake = wrong / n
        return DLoss(mean(cost), -ds_fake, ds_fake)

    def g(self, s_fake, s_real=None):
        n = check_scores(s_fake, s_real)
        cost, wrong = softplus_and_sigmoid(s_real - s_fake)
        return GLoss(mean(cost), -wrong / n)

    def d_tangent(self, s_real, s_fake, s_real_dot, s_fake_dot):
        n = check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        ds_fake_dot = sigmoid_dot(s_fake - s_real, s_fake_dot - s_real_dot) / n
        return DTangent(-ds_fake_dot, ds_fake_dot)

    def g_tangent(self, s_fake, s_real, s_fake_dot, s_real_dot=None):
        return self.d_tangent(s_fake, s_real, s_fake_dot, s_real_dot).ds_real_dot  # G's loss is D's with the roles swapped

    def g_real(self, s_fake, s_real):
        return self.d(s_fake, s_real).ds_fake


class RelativisticAverage(Loss):
    """Each score against the other side's mean, rbar = E r or fbar = E f (Jolicoeur-Martineau 2019):

        D minimises  1/2 E softplus(fbar - r) + 1/2 E softplus(f - rbar)
        G minimises  1/2 E softplus(rbar - f) + 1/2 E softplus(r - fbar)

    Every score also moves its own side's mean, so each derivative has two parts: the second is easily forgotten.
    """

    needs_real = True

    def d(self, s_real, s_fake):
        n = check_scores(s_real, s_fake)
        real, p_real = softplus_and_sigmoid(batch_mean(s_fake) - s_real)
        fake, p_fake = softplus_and_sigmoid(s_fake - batch_mean(s_real))
        value = (mean(real) + mean(fake)) / 2
        return DLoss(value, -(p_real + batch_mean(p_fake)) / (2 * n), (p_fake + batch_mean(p_real)) / (2 * n))

    def g(self, s_fake, s_real=None):
        swapped = self.d(s_fake, s_real)  # the same with the roles swapped: fake stands where real stood
        return GLoss(swapped.value, swapped.ds_real)

    def d_tangent(self, s_real, s_fake, s_real_dot, s_fake_dot):
        n = check_scores(s_real, s_fake, s_real_dot, s_fake_dot)
        real_dot = sigmoid_dot(batch_mean(s_fake) - s_real, batch_mean(s_fake_dot) - s_real_dot)
        fake_dot = sigmoid_dot(s_fake - batch_mean(s_real), s_fake_dot - batch_mean(s_real_dot))
        return DTangent(-(real_dot + batch_mean(fake_dot)) / (2 * n), (fake_dot + batch_mean(real_dot)) / (2 * n))

    def g_tangent(self, s_fake, s_real, s_fake_dot, s_real_dot=None):
        return self.d_tangent(s_fake, s_real, s_fake_dot, s_real_dot).ds_real_dot

    def g_real(self, s_fake, s_real):
        return self.d(s_fake, s_real).ds_fake
