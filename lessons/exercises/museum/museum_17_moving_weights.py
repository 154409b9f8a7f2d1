"""Walking while reading the map.

In a library written for teaching, `backward` does three things: it passes the gradient on, computes the layer's own, and
takes the optimiser's step right away. For one network and one loss that is right, and it saves a loop. The library's GAN trains
D on a real batch and then on a fake one, and what should be one step down one loss has become something else.

Source: eriklindernoren/ML-From-Scratch, mlfromscratch/deep_learning/layers.py (Dense.backward_pass), at the time of writing.

Promised: W and a after one step of gradient descent, theta - lr dL/dtheta, on D's whole loss. r are the scores of x_real, f
those of x_fake, E is the mean over the batch.
    L = E softplus(-r) + E softplus(f),   D(x) = tanh(x W) a
    x_real (N, d), x_fake (N, d), W (d, k), a (k, 1), lr a number  ->  W (d, k), a (k, 1)
"""

import numpy as np

from tinygan.engine.numerics import sigmoid


class Dense:
    """y = x W."""

    def __init__(self, W, lr):
        self.W, self.lr = W, lr

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dy):
        dx = dy @ self.W.T
        self.W = self.W - self.lr * self.x.T @ dy
        return dx


def train_on_batch(hidden, out, x, label):
    h = np.tanh(hidden.forward(x))
    s = out.forward(h)
    ds = (sigmoid(s) - label) / s.shape[0]  # binary cross-entropy
    hidden.backward(out.backward(ds) * (1 - h * h))


def d_step(x_real, x_fake, W, a, lr):
    hidden, out = Dense(W, lr), Dense(a, lr)
    train_on_batch(hidden, out, x_real, label=1)
    train_on_batch(hidden, out, x_fake, label=0)
    return hidden.W, out.W
