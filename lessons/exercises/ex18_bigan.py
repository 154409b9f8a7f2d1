"""Exercises of lesson 18: an encoder that learns in the game.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

G turns noise z (N, d_z) into x_fake (N, d), and E turns points x (N, d) into codes (N, d_z). D gives each pair a score: r (N, 1)
for the real pairs [x, E(x)], and f (N, 1) for the generated ones [G(z), z]. The columns of x stand first: np.hstack([x, code]).
Here d is 3 and d_z is 2. D minimises the mean of softplus(-r) + the mean of softplus(f). G and E minimise the same with the pairs
exchanged, the mean of softplus(r) + the mean of softplus(-f). All that you need of a network is

    y, tape = net.forward(x)                             dx = net.backward(dy, tape)              adds dL/dtheta to net.grad
    net.grad, net.zero_grad(), y = net(x)                dx = net.backward(dy, tape, grads=False) leaves net.grad alone

Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want these

from tinygan.engine.numerics import sigmoid, softplus  # noqa: F401


def exchanged_rates(r, f):
    """The derivatives of the loss of G and E, the mean of softplus(r) + the mean of softplus(-f).

    r, f (N, 1)  ->  dr (N, 1), df (N, 1), in this order
    """
    raise NotImplementedError("Exercise 18.1: the loss with the pairs exchanged")


def made_parts(D, x, code, x_fake, z, dr, df):
    """From the derivatives of the scores back to the parts of the pairs that were made: the codes, and the generated points.

    dr belongs to the scores of [x, code], df to those of [x_fake, z]. x and z were given, and nothing is learned there. D.grad
    must stay as it is.

    D, x (N, d), code (N, d_z), x_fake (N, d), z (N, d_z), dr (N, 1), df (N, 1)  ->  dcode (N, d_z), dx_fake (N, d), in this order
    """
    raise NotImplementedError("Exercise 18.2: through D, to what was made")


def ge_gradients(G, E, D, x, z):
    """The loss of G and E, with its gradients in G.grad and E.grad. What earlier steps have left there goes; D.grad stays.

    G, E, D, x (N, d), z (N, d_z)  ->  the loss, a number; fills G.grad (P,) and E.grad (Q,)
    """
    raise NotImplementedError("Exercise 18.3: one loss, two players")


def regressor_gradient(E, G, z):
    """The latent regressor: E learns to tell z from G(z), and G is finished.

    The loss is the mean over the batch of |E(G(z)) - z|^2, a sum over the columns of z.

    E, G, z (N, d_z)  ->  the loss, a number; fills E.grad (Q,)
    """
    raise NotImplementedError("Exercise 18.4: an encoder without a game")


def mismatch_ratio(x, back):
    """How far G(E(x)) is from x, beside how far it is from the other rows of x.

    The root of the mean of |x_i - back_i|^2, divided by the root of the mean of |x_i - back_j|^2 over all i and j that differ.

    x (N, d), back (N, d)  ->  the ratio, a number
    """
    raise NotImplementedError("Exercise 18.5: how near, beside a mismatch")
