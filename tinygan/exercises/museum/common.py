"""What several rooms of the museum share, namely sizes, and a small player with its derivatives written out.

    critic(x) = tanh(x W) a        x (N, d), W (d, k), a (k, 1) -> scores (N, 1)
"""

import numpy as np

from ..grading import differences


def sizes(rng, n):
    """n sizes from 2 to 7, all different, as equal sizes hide a transposed product."""
    return [int(size) for size in rng.permutation(np.arange(2, 8))[:n]]


def critic(x, W, a):
    """The scores of a critic with one hidden layer of tanh, (N, 1)."""
    return np.tanh(x @ W) @ a


def critic_backward(x, ds, W, a):
    """dW and da of sum(ds * critic(x))."""
    h = np.tanh(x @ W)
    return x.T @ (ds @ a.T * (1 - h * h)), h.T @ ds


def added(*gradients):
    """(dW, da) + (dW, da) + ..., part by part."""
    return tuple(map(sum, zip(*gradients, strict=True)))


def critic_case(rng):
    """x_real, x_fake, W and a; the two batches have the same size."""
    n, d, k = sizes(rng, 3)
    return rng.normal(size=(n, d)) + 1, rng.normal(size=(n, d)), rng.normal(size=(d, k)), rng.normal(size=(k, 1))


def weighed(x_real, x_fake, W, a, real=-1.0, fake=1.0):
    """The gradient of real * mean critic(x_real) + fake * mean critic(x_fake)."""
    return added(*(critic_backward(x, np.full((x.shape[0], 1), weight / x.shape[0]), W, a)
                   for x, weight in ((x_real, real), (x_fake, fake))))


def both(loss, W, a):
    """The truth about dW and da of loss(W, a): central differences."""
    return {"dW": differences(lambda W: loss(W, a), W), "da": differences(lambda a: loss(W, a), a)}


def input_gradient(x, W, a):
    """The gradient of s = tanh(x W) a with respect to x, (N, d). Row n is sum_k a_k (1 - tanh^2) W[:, k]."""
    return sum(a[k, 0] * (1 - np.tanh(x @ W[:, k]) ** 2)[:, None] * W[:, k] for k in range(a.size))


def through_penalty(v, x, W, a, *, bend=-2.0, direct=1.0):
    """dW and da of <v, g> for the input gradient g of s = tanh(x W) a and a fixed v. bend: tanh'' = bend tanh tanh'."""
    u = np.tanh(x @ W)
    slope, v_W = 1 - u * u, v @ W
    return direct * (v.T @ (slope * a.T)) + x.T @ (bend * u * slope * v_W * a.T), (slope * v_W).sum(axis=0)[:, None]
