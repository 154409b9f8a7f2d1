"""HIPS autograd: NumPy that records itself. The same losses, Adam on one flat vector for each player."""

import math

import autograd.numpy as anp
import numpy as np
from autograd import elementwise_grad
from autograd.differential_operators import value_and_grad

from .common import BETA1, BETA2, EPS, GAMMA, LR, flat, mixture, start


def network(params, x):
    """The MLP of [W, b, W, b, ...]; a product with the mask is quicker here than maximum, whose derivative looks for ties."""
    for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        x = anp.dot(x, W) + b
        x = x * (x > 0)
    return anp.dot(x, params[-2]) + params[-1]


def softplus(s):
    return anp.logaddexp(s, np.float32(0))


class Autograd:
    def __init__(self, case):
        self.case, self.rng, (self.means, self.std) = case, np.random.default_rng(0), mixture(case)
        self.theta_G, self.theta_D = map(flat, start(case))
        self.G, self.D = (self.views(theta, like) for theta, like in zip((self.theta_G, self.theta_D), start(case), strict=True))
        self.moments = [[np.zeros_like(theta), np.zeros_like(theta)] for theta in (self.theta_D, self.theta_G)]
        self.t = 0
        self.d_both, self.g_both = value_and_grad(self.d_value), value_and_grad(self.g_value)

    @staticmethod
    def views(theta, like):
        ends = np.cumsum([a.size for a in like])[:-1]
        return tuple(part.reshape(a.shape) for part, a in zip(np.split(theta, ends), like, strict=True))

    def d_value(self, D, x_real, x_fake):
        n, x = self.case.batch, np.concatenate([x_real, x_fake])
        s = network(D, x)
        if not self.case.penalised:
            return anp.mean(softplus(-s[:n])) + anp.mean(softplus(s[n:]))
        g = elementwise_grad(lambda x: network(D, x))(x)
        return anp.mean(softplus(s[n:] - s[:n])) + GAMMA / 2 / n * anp.sum(g * g)

    def g_value(self, G, D, x_real, z):
        s_fake = network(D, network(G, z))
        return anp.mean(softplus(network(D, x_real) - s_fake if self.case.penalised else -s_fake))

    def gradients(self, x_real, z_d, z_g):
        d_value, d_grad = self.d_both(self.D, x_real, network(self.G, z_d))
        g_value, g_grad = self.g_both(self.G, self.D, x_real, z_g)
        return d_value, flat(d_grad), g_value, flat(g_grad)

    def step(self, x_real, z_d, z_g):
        self.t += 1
        self.adam(self.theta_D, flat(self.d_both(self.D, x_real, network(self.G, z_d))[1]), *self.moments[0])
        self.adam(self.theta_G, flat(self.g_both(self.G, self.D, x_real, z_g)[1]), *self.moments[1])

    def adam(self, theta, grad, m, v):
        m *= BETA1
        m += (1 - BETA1) * grad
        v *= BETA2
        v += (1 - BETA2) * (grad * grad)
        scale, rate = 1 / math.sqrt(1 - BETA2**self.t), LR / (1 - BETA1**self.t)
        theta -= rate * m / (scale * np.sqrt(v) + EPS)

    def theta(self):
        return self.theta_G.copy(), self.theta_D.copy()

    def run(self, n):
        shape = (self.case.batch, 2)
        for _ in range(n):
            x_real = self.means[self.rng.integers(self.means.shape[0], size=self.case.batch)]
            x_real = x_real + np.float32(self.std) * self.rng.standard_normal(shape, np.float32)
            self.step(x_real, self.rng.standard_normal(shape, np.float32), self.rng.standard_normal(shape, np.float32))

    def threads(self):
        return {}
