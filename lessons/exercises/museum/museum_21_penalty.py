"""A penalty nobody pays.

A fast library in C++ has a WGAN-GP. The penalty is computed and added to the loss that is reported, but "it's gradient is not
computed", writes a user; "you are right, we are missing the gradient step", answers a maintainer. To derive it turned out to
be hard; half a year later the issue had to be opened again. Exhibit 13, repaired, may help you.

Source: mlpack/mlpack, issues 2891 and 3063, at the time of writing.

Promised: the critic's loss with all of its gradients; g is the gradient of D with respect to x.
    value = E D(x_fake) - E D(x_real) + lam E (||g|| - 1)^2,   D(x) = tanh(x W) a,   g at x = alpha x_real + (1 - alpha) x_fake
    x_real (N, d), x_fake (N, d), alpha (N, 1), W (d, k), a (k, 1), lam a number  ->  value, dW (d, k), da (k, 1)
"""

import numpy as np


def critic_loss(x_real, x_fake, alpha, W, a, lam):
    n = x_real.shape[0]
    x = alpha * x_real + (1 - alpha) * x_fake
    u = np.tanh(x @ W)
    g = ((1 - u * u) * a.T) @ W.T  # (N, d)
    norm = np.sqrt((g**2).sum(axis=-1, keepdims=True))
    penalty = lam * np.mean((norm - 1) ** 2)

    h_real, h_fake = np.tanh(x_real @ W), np.tanh(x_fake @ W)
    value = np.mean(h_fake @ a) - np.mean(h_real @ a) + penalty
    dW = (x_fake.T @ ((1 - h_fake**2) * a.T) - x_real.T @ ((1 - h_real**2) * a.T)) / n
    da = (h_fake - h_real).sum(axis=0)[:, None] / n
    return value, dW, da
