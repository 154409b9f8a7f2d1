"""The floor: the matrix products that a step cannot do without, into buffers made beforehand, and nothing else.

With L layers, N the batch, real and fake as one batch of 2N where D learns:

    D's step, W1    G forward (L, N), D forward (L, 2N), D backward: dW (L, 2N), dx but the first layer's (L-1, 2N)
    D's step, W2    the same and dx of the first layer, which is the penalty's g, (1, 2N); and one tangent, but the last
                    layer's (L-1, 2N). No more, as D has one score and ReLU no f'': the loss's dy is the penalty's with each
                    row times ds, and the two dW are one product, (x ds + x_dot)^T dy.
    G's step        G forward (L, N), D forward (L, N), D backward: dx (L, N), G backward: dW (L, N), dx but the first (L-1, N);
                    W2 scores the real batch as well (L, N)

Sums over the batch for the biases, and everything elementwise, are not counted.
"""

import math

import numpy as np

from .common import start


class Floor:
    def __init__(self, case):
        self.products = []
        G, D = ([np.ascontiguousarray(W / math.sqrt(2)) for W in arrays[::2]] for arrays in start(case))
        rng, n = np.random.default_rng(0), case.batch
        x, z = (rng.standard_normal((rows, 2), np.float32) for rows in (2 * n, n))

        self.forward(G, z, out=x[n:])
        tape = self.forward(D, x)
        dys = self.backward(D, np.ones_like(tape[-1]), into_x=case.penalised)
        self.weights(tape, dys)
        if case.penalised:
            self.forward(D[:-1], dys[0])  # the tangent starts from v, a multiple of g = dx

        tape_G = self.forward(G, z)
        tape_D = self.forward(D, tape_G[-1])
        if case.penalised:
            self.forward(D, x[:n])
        dx = self.backward(D, np.ones_like(tape_D[-1]), into_x=True)[0]
        self.weights(tape_G, self.backward(G, dx, into_x=False))

    def product(self, a, b, out=None):
        out = np.empty((a.shape[0], b.shape[1]), np.float32) if out is None else out
        self.products.append((a, b, out))
        return out

    def forward(self, Ws, x, out=None):
        """All layers' inputs, and the output."""
        tape = [x]
        for i, W in enumerate(Ws, 1):
            tape.append(self.product(tape[-1], W, out if i == len(Ws) else None))
        return tape

    def backward(self, Ws, dy, into_x):
        """dL/d(input of each layer), from the first to the last, and dy; without the first one's unless `into_x`."""
        dys = [dy]
        for W in Ws[:0 if into_x else None:-1] if not into_x else Ws[::-1]:
            dys.insert(0, self.product(dys[0], W.swapaxes(0, 1)))
        return dys

    def weights(self, tape, dys):
        """dW of every layer."""
        L = len(tape) - 1
        for x, dy in zip(tape[:-1], dys[-L:], strict=True):
            self.product(x.swapaxes(0, 1), dy)

    def flops(self):
        return sum(2 * a.shape[0] * a.shape[1] * b.shape[1] for a, b, _ in self.products)

    def run(self, n):
        dot = np.dot
        for _ in range(n):
            for a, b, out in self.products:
                dot(a, b, out)

    def threads(self):
        return {}
