"""Exercises of lesson 19: from one domain to another and back, without pairs.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

G_AB turns samples a (N, d_a) of domain A into samples of B, and G_BA turns samples b (N, d_b) of B into samples of A. D_A and D_B
give each sample of their domain a score (N, 1). No row of a belongs to a row of b. All losses are means over the batch. The
discriminators minimise the mean of softplus(-real) + the mean of softplus(fake), and a generator the mean of softplus(-fake). The
way back costs the mean, over all entries, of the squares of (back - where it began). Here d_a is 3 and d_b is 2. All that you
need of a network is

    y, tape = net.forward(x)                             dx = net.backward(dy, tape)              adds dL/dtheta to net.grad
    net.grad, net.zero_grad(), y = net(x)                dx = net.backward(dy, tape, grads=False) leaves net.grad alone

Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want these

from tinygan.engine.numerics import sigmoid, softplus  # noqa: F401


def cycle_gradients(G_AB, G_BA, a):
    """The mean of the squares of G_BA(G_AB(a)) - a over all N * d_a entries, with its gradients in both generators.

    What earlier steps have left in their gradients goes.

    G_AB, G_BA, a (N, d_a)  ->  the mean, a number; fills G_AB.grad (P,) and G_BA.grad (Q,)
    """
    raise NotImplementedError("Exercise 19.1: the way there and back")


def one_way(G_AB, G_BA, D_B, a, weight):
    """One direction: the mean of softplus(-D_B(G_AB(a))) + weight * the loss of the way there and back, with its gradients.

    What earlier steps have left in the gradients of the generators goes; D_B.grad stays as it is.

    G_AB, G_BA, D_B, a (N, d_a), weight a number  ->  the loss, a number; fills G_AB.grad (P,) and G_BA.grad (Q,)
    """
    raise NotImplementedError("Exercise 19.2: one direction, two generators")


def d_losses(D_A, D_B, G_AB, G_BA, a, b):
    """The losses of both discriminators, each with its own gradient. The generators stay as they are.

    D_A, D_B, G_AB, G_BA, a (N, d_a), b (N, d_b)  ->  the sum of both losses, a number; fills D_A.grad (P,) and D_B.grad (Q,)
    """
    raise NotImplementedError("Exercise 19.3: two discriminators")


def return_share(x, back, means):
    """How many samples come back to the mode where they began.

    The mode of a sample is the nearest of the means, by Euclidean distance.

    x (N, d), back (N, d), means (K, d)  ->  the share of rows whose two modes are the same, a number
    """
    raise NotImplementedError("Exercise 19.4: home again")
