"""Exercises of lesson 05: the first GAN.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random networks and batches and compares with finite differences of the loss; when it differs it tries to say why.

Notation: D turns N points x (N, d) into scores, r (N, 1) for real points and f (N, 1) for fake ones; G turns z (N, d_z) into
fake points. Both are networks of `tinygan.engine`, and what you need of one is

    y, tape = net.forward(x)                 net(x) is y alone, when no backward follows
    dx = net.backward(dy, tape)              dL/dx from dL/dy; *adds* dL/dtheta to net.grad
    dx = net.backward(dy, tape, grads=False) the same, and leaves net.grad alone
    net.zero_grad()                          net.grad becomes 0; a gradient from an earlier step may be in it
    net.theta, net.grad                      all parameters and their gradient, two flat arrays (P,); a step is
                                             net.theta -= ..., or net.theta = ... with an array of the same shape

softplus(s) = log(1 + exp(s)), and its derivative is sigmoid(s). Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want these

from tinygan.engine.numerics import sigmoid, softplus  # noqa: F401


def discriminator_gradient(D, x_real, x_fake):
    """D's loss, and its gradient in D.grad.

    L = mean of softplus(-r) + mean of softplus(f), where r are D's scores of the real points and f those of the fake ones.
    Each mean is over N. The fake points are fixed numbers here, and D.theta stays as it is.

    D, x_real (N, d), x_fake (N, d)  ->  L, one number, shape (); D.grad (P,) is filled
    """
    raise NotImplementedError("Exercise 05.1: the discriminator's gradient")


def generator_gradient(G, D, z):
    """G's loss, and its gradient in G.grad.

    L = mean of softplus(-f), where f are D's scores of the fake points G(z): the non-saturating loss. The way back to G
    leads through D. D.grad must be afterwards what it was before, and no theta moves.

    G, D, z (N, d_z)  ->  L, one number, shape (); G.grad (P,) is filled
    """
    raise NotImplementedError("Exercise 05.2: the generator's gradient, through the discriminator")


def adam_step(theta, grad, m, v, t, lr, beta1, beta2, eps):
    """One step of Adam (Kingma & Ba 2015, Algorithm 1), entry by entry.

        m becomes beta1 m + (1 - beta1) grad           a running mean of the gradient
        v becomes beta2 v + (1 - beta2) grad^2         a running mean of its square
        theta becomes theta - lr m_hat / (sqrt(v_hat) + eps)

    with m_hat = m / (1 - beta1^t) and v_hat = v / (1 - beta2^t), which undo the start of both at 0. t is the number of this
    step: 1 for the first one. (eps is usually 1e-8; here it is larger, so that its place matters.) Return new arrays.

    theta, grad, m, v (P,), the others numbers  ->  theta (P,), m (P,), v (P,), in this order
    """
    raise NotImplementedError("Exercise 05.3: one step of Adam")


def gan_step(G, D, x_real, z_d, z_g, lr):
    """One step of the game, alternating, by plain gradient descent: theta becomes theta - lr gradient.

    First D moves: its real points are x_real, its fake ones G(z_d). Then G moves, with the points G(z_g), and it looks at
    the D that has just moved. Both losses are those of 05.1 and 05.2, and both players minimise.

    G, D, x_real (N, d), z_d (N, d_z), z_g (N, d_z), lr a number  ->  nothing; G.theta and D.theta are changed in place
    """
    raise NotImplementedError("Exercise 05.4: one step of the game")


def train_ring(G, D, opt_g, opt_d, data, steps, batch, rng):
    """Algorithm 1: train both players for `steps` steps. Eight clusters of points lie on a ring; G must reach all of them.

    The step is that of 05.4, but an optimiser moves each player: opt_g.step(G.theta, G.grad) changes G.theta in place, and
    opt_d does the same for D. Every step wants fresh points, data.sample(batch, rng) -> (batch, 2), and
    fresh z, rng.standard_normal((batch, 2)). Both networks are small: this takes about a second.

    G, D, opt_g, opt_d, data, steps, batch, rng  ->  nothing; G and D are trained in place
    """
    raise NotImplementedError("Exercise 05.5: Algorithm 1, eight modes of eight")
