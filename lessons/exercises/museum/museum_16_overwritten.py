"""One character.

In a lecture that has taught backpropagation to a great many people, a small automatic differentiation is built before our
eyes, and in the video one of its operations is a single character short. The author says so himself, in a comment in the
notebook. Here the same character is missing in a critic, where it always makes a difference.

Source: karpathy/nn-zero-to-hero, lectures/micrograd/micrograd_lecture_second_half_roughly.ipynb (quoted in issue 52), at the
time of writing.

Promised: the gradients of the Wasserstein critic's loss; E is the mean over the batch.
    L = E D(x_fake) - E D(x_real),   D(x) = tanh(x W) a
    x_real (N, d), x_fake (M, d), W (d, k), a (k, 1)  ->  dW (d, k), da (k, 1)
"""

import numpy as np


class Dense:
    """y = x W. `dW` is the gradient of W; the caller keeps x for backward."""

    def __init__(self, W):
        self.W, self.dW = W, np.zeros_like(W)

    def forward(self, x):
        return x @ self.W

    def backward(self, dy, x):
        self.dW = x.T @ dy
        return dy @ self.W.T


def critic_gradients(x_real, x_fake, W, a):
    hidden, out = Dense(W), Dense(a)
    for x, sign in ((x_real, -1), (x_fake, 1)):
        h = np.tanh(hidden.forward(x))
        s = out.forward(h)
        dh = out.backward(np.full_like(s, sign / s.shape[0]), h)
        hidden.backward(dh * (1 - h * h), x)
    return hidden.dW, out.dW
