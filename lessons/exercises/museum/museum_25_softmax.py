"""A quarter sure at most.

In a collection of GANs that thousands have learned from, the reader of an InfoGAN ends in a softmax layer, and what it gives goes
into a ready-made cross-entropy. Both are right. But that cross-entropy takes scores, and begins with a softmax of its own. It
is given numbers from 0 to 1. Even if a reader of ten categories is certain, and right each time, it counts as .23 sure, and its
loss is 1.46. "I also think nn.softmax is not needed here", writes the second reader of the issue, which is still open.

Source: eriklindernoren/PyTorch-GAN, issue 84 and implementations/infogan/infogan.py, at the time of writing.

Promised: the cross-entropy of a reader with Q(c | x) = softmax(x W), in nats, and its gradient.
    value = -mean over n of log Q(labels_n | x_n)
    x (N, d), W (d, K), labels (N,)  ->  value, one number; dW (d, K)
"""

import numpy as np


class Softmax:
    """The layer: probabilities from scores."""

    def forward(self, scores):
        e = np.exp(scores)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, dp):
        return self.p * (dp - (dp * self.p).sum(axis=1, keepdims=True))


def cross_entropy(scores, labels):
    """The loss, and its derivative by the scores."""
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    y = np.eye(scores.shape[1])[labels]
    return -(y * log_p).sum() / len(y), (np.exp(log_p) - y) / len(y)


def reader_loss(x, W, labels):
    softmax = Softmax()
    guess = softmax.forward(x @ W)
    value, dguess = cross_entropy(guess, labels)
    return value, x.T @ softmax.backward(dguess)
