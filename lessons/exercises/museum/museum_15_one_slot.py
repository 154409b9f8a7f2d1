"""The other batch.

A GAN in plain NumPy, written out by hand: D scores a real image and a generated one, then goes backward for each. The
formulas are the textbook's, every layer is right, and each of the two passes would be right if it were alone. Together, D
learns from the real image something that is true of neither.

Source: shinseung428/gan_numpy, gan.py (discriminator and backprop_dis), at the time of writing.

Promised: the gradients of D's loss, where r are the scores of x_real, f those of x_fake, and E is the mean over the batch.
    L = E softplus(-r) + E softplus(f),   D(x) = tanh(x W) a
    x_real (N, d), x_fake (N, d), W (d, k), a (k, 1)  ->  dW (d, k), da (k, 1)
"""

import numpy as np

from tinygan.engine.numerics import sigmoid


class Discriminator:
    """D(x) = tanh(x W) a."""

    def __init__(self, W, a):
        self.W, self.a = W, a

    def forward(self, x):
        self.h = np.tanh(x @ self.W)
        return self.h @ self.a

    def backward(self, x, ds):
        """dW and da from the derivative of the scores of x, ds (N, 1)."""
        dh = ds @ self.a.T
        return x.T @ (dh * (1 - self.h**2)), self.h.T @ ds


def discriminator_gradients(x_real, x_fake, W, a):
    D = Discriminator(W, a)
    r, f = D.forward(x_real), D.forward(x_fake)
    dW_real, da_real = D.backward(x_real, -sigmoid(-r) / r.shape[0])
    dW_fake, da_fake = D.backward(x_fake, sigmoid(f) / f.shape[0])
    return dW_real + dW_fake, da_real + da_fake
