"""Two forwards, one u.

Spectral normalisation divides W by its largest singular value, found by one step of power iteration in each forward pass; the
vectors u and v are kept from pass to pass. To make this work on several graphics cards together, u was one day updated in
place. That "breaks backward through two forwards (e.g., the common GAN loss D(real) - D(fake))", says the pull request that
mended it.

Source: pytorch/pytorch, pull request 13350, at the time of writing.

Promised: the gradient over W of the critic's loss. Each forward pass, the real batch's first, takes one step of power iteration
from where the last one ended. In backward, the u and v of its own forward pass count as constants, and sigma depends on W.
    L = E D(x_fake) - E D(x_real),   D(x) = tanh(x W / sigma) a
    v = W^T u / |W^T u|,   u = W v / |W v|,   sigma = u^T W v
    x_real (N, d), x_fake (N, d), W (d, k), a (k, 1), u (d,)  ->  dW (d, k)
"""

import numpy as np


class SpectralDense:
    """y = x W / sigma."""

    def __init__(self, W, u):
        self.W, self.u, self.v = W, u.copy(), np.empty(W.shape[1])

    def forward(self, x):
        self.v[...] = self.W.T @ self.u
        self.v /= np.linalg.norm(self.v)
        self.u[...] = self.W @ self.v
        self.u /= np.linalg.norm(self.u)
        sigma = self.u @ self.W @ self.v
        return x @ self.W / sigma, (x, sigma, self.u, self.v)

    def backward(self, dy, tape):
        x, sigma, u, v = tape
        dW_hat = x.T @ dy  # over W / sigma
        return (dW_hat - np.sum(dW_hat * self.W / sigma) * np.outer(u, v)) / sigma


def critic_gradient(x_real, x_fake, W, a, u):
    layer = SpectralDense(W, u)
    y_real, tape_real = layer.forward(x_real)
    y_fake, tape_fake = layer.forward(x_fake)
    h_real, h_fake = np.tanh(y_real), np.tanh(y_fake)
    dy_real = -(1 - h_real**2) * a.T / x_real.shape[0]
    dy_fake = (1 - h_fake**2) * a.T / x_fake.shape[0]
    return layer.backward(dy_real, tape_real) + layer.backward(dy_fake, tape_fake)
