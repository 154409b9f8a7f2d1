"""The generator that never moved.

The WGAN-GP of the library of exhibit 13 has a test of 57 quantities: inputs, outputs, weights, scores, both losses, and every
gradient of the critic, compared with an autograd to three digits. All agree. No gradient of the generator is among them, and
its weights never change: train it for a month, and it makes the samples of its first minute.

Source: ddbourgin/numpy-ml, numpy_ml/neural_nets/models/wgan_gp.py (update_generator), at the time of writing.

Promised: the gradients of the generator's Wasserstein loss.
    L = -mean D(G(z)),   G(z) = tanh(tanh(z V) W),   D(x) = tanh(tanh(x A) a)
    z (N, d_z), V (d_z, k), W (k, d), A (d, h), a (h, 1)  ->  dV (d_z, k), dW (k, d)
"""

import numpy as np


class Network:
    """Two layers, x -> tanh(tanh(x W1) W2), which remember what they have seen."""

    def __init__(self, *weights):
        self.weights = weights
        self.reset()

    def reset(self):
        self.gradients = [np.zeros_like(W) for W in self.weights]
        self.seen = []

    def forward(self, x):
        for W in self.weights:
            y = np.tanh(x @ W)
            self.seen.append((x, y))
            x = y
        return x

    def backward(self, dy):
        for (x, y), W, dW in reversed(list(zip(self.seen, self.weights, self.gradients, strict=False))):
            dz = dy * (1 - y * y)
            dW += x.T @ dz
            dy = dz @ W.T
        return dy


def generator_gradients(z, V, W, A, a):
    G, D = Network(V, W), Network(A, a)
    s = D.forward(G.forward(z))
    ds = np.full_like(s, -1 / s.shape[0])
    dx = D.backward(ds)
    G.reset()  # gradients start from zero
    G.backward(dx)
    return tuple(G.gradients)
