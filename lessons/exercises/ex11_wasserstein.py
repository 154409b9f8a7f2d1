"""Exercises of lesson 11: the Wasserstein critic.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on random
points, scores and critics, and compares with finite differences, slow sums and identities; when it differs it tries to say why.

Notation: r are the scores that the critic gives to N real points, (N, 1), and f those that it gives to M fake ones, (M, 1); N
and M may differ. D is a network: s, tape = D.forward(x) and dx = D.backward(dy, tape), which adds to D.grad unless grads=False.
Everything is float64. Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want it


def two_segments(theta, length):
    """Two distances between a segment and the same segment moved.

    The real points are uniform on [0, length], the fake ones on [theta, theta + length]; theta may be negative. The
    Jensen-Shannon divergence is the mean of KL(p, m) and KL(q, m) with m = (p + q) / 2, in nats. W1 is the least average way by
    which the fake points must be moved to become the real ones.

    theta, length two numbers  ->  jsd (), w1 (), in this order
    """
    raise NotImplementedError("Exercise 11.1: two segments")


def wasserstein_losses(r, f):
    """What critic and generator minimise, each with its derivatives.

    The critic minimises d_loss = mean of f - mean of r; dr and df are the derivatives of d_loss. The generator minimises
    g_loss = - mean of f; g_df is the derivative of g_loss.

    r (N, 1), f (M, 1)  ->  d_loss (), dr (N, 1), df (M, 1), g_loss (), g_df (M, 1), in this order
    """
    raise NotImplementedError("Exercise 11.2: the Wasserstein losses")


def w1(x, y):
    """W1 between two sets of numbers that need not be equally many (Exercise 07.5 is for equally many).

    Each of the N points of x has 1/N of the mass, each of the M points of y has 1/M. Their cumulative functions P and Q are
    two staircases: P(t) is the share of x that is at most t. W1 is the area between them.

    x (N,), y (M,)  ->  w1, one number, shape ()
    """
    raise NotImplementedError("Exercise 11.3: the area between two staircases")


def best_critic(x, y):
    """The scores of a best critic, which finds W1.

    Of all functions f that are nowhere steeper than 1, it has the largest mean of f(x) - mean of f(y), and that is W1. By lesson
    11 its slope between two neighbouring points is the sign of Q - P there. A constant may be added to all scores.

    x (N,), y (M,)  ->  f_x (N,), f_y (M,), the scores of the points, in this order
    """
    raise NotImplementedError("Exercise 11.4: the best critic")


def clipped_step(D, x_real, x_fake, lr, c):
    """One step of a clipped critic: gradient descent, and then every parameter is put back into [-c, c].

    It descends on d_loss of 11.2, by theta - lr * gradient. D.theta is changed, by D.theta -= ... or D.theta = ...; D.grad
    may be left in any state.

    D, x_real (N, d), x_fake (N, d), lr and c two numbers  ->  nothing
    """
    raise NotImplementedError("Exercise 11.5: a step of a clipped critic")


def gradient_penalty(D, x_real, x_fake, alpha, lam):
    """The value of WGAN-GP's penalty, lam * mean over samples of (|g_n| - 1)^2.

    g_n is the gradient of the n-th score with respect to the n-th point, at the points alpha x_real + (1 - alpha) x_fake. There
    is one alpha for each sample. D.theta and D.grad stay as they are.

    D, x_real (N, d), x_fake (N, d), alpha (N, 1), lam a number  ->  value, one number, shape ()
    """
    raise NotImplementedError("Exercise 11.6: the value of the gradient penalty")
