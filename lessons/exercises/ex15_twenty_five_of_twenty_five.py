"""Exercises of lesson 15: twenty-five of twenty-five.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random numbers and small networks and compares with finite differences and sums; when it differs it tries to say why.

G turns z (N, d_z) into fake points x_fake (N, d); D turns points into scores, r (N, 1) for real ones and f (N, 1) for fake ones.
softplus(s) = log(1 + exp(s)), and its derivative is sigmoid(s). All that you need of a network is

    y, tape = net.forward(x)                             dx = net.backward(dy, tape)              adds dL/dtheta to net.grad
    net.theta, net.grad, net.zero_grad()                 dx = net.backward(dy, tape, grads=False) leaves net.grad alone
    y_dot, tape_dot = net.tangent(x_dot, tape)           how fast y changes when x moves with x_dot
    dx, dx_dot = net.tangent_backward(dy, dy_dot, tape, tape_dot)                  adds the rate of dL/dtheta to net.grad

Everything is float64. Answers may use each other.
"""

import math  # noqa: F401  the answers will want these

import numpy as np  # noqa: F401

from tinygan.engine.numerics import sigmoid, softplus  # noqa: F401


def schedules(lr, start, stop, steps):
    """The learning rate and gamma before each of T = `steps` steps, k = 0 to T - 1. The fraction of the run is then k / T.

    The rate falls from lr to 0 along half a cosine: slowly, quickly, slowly. gamma falls from start to stop by equal factors:
    each step divides it by the same number, and at the fraction 1, just after the last step, it would be `stop`.

    lr, start, stop, steps numbers  ->  rates (T,), gammas (T,), in this order
    """
    raise NotImplementedError("Exercise 15.1: a rate and a penalty that fall")


def in_other_units(g, gamma, scale):
    """A gamma was found for points that had been divided by `scale`. Which one does the same for the points x as they are?

    D looks at u = x / scale. Row n of g is the gradient of the n-th score with respect to u_n, and D pays gamma/2 * mean of
    |g_n|^2. Return the gradient of the same scores with respect to x, and the gamma_x with which it pays the same.

    g (N, d), gamma, scale numbers  ->  g_x (N, d), gamma_x (), in this order
    """
    raise NotImplementedError("Exercise 15.2: gamma is a squared length")


def relativistic_g_gradient(G, D, z, x_real):
    """G's loss with the relativistic pairing, and its gradient in G.grad.

    L = mean of softplus(r_n - f_n): the n-th fake point, row n of G(z), is compared with the n-th real one. D is fixed here:
    neither D.theta nor D.grad may change. G.grad may still contain the gradient of an earlier step.

    G, D, z (N, d_z), x_real (N, d)  ->  L, one number, shape (); G.grad (P,) is filled
    """
    raise NotImplementedError("Exercise 15.3: the generator's gradient, pair by pair")


def recipe_d_gradient(D, x_real, x_fake, gamma):
    """D's loss in the recipe of this lesson, penalties included, and its gradient in D.grad.

    L = mean of softplus(f_n - r_n) + gamma/2 * mean of |g_n|^2 at the real points + gamma/2 * mean of |g_n|^2 at the fake ones

    where g_n is the gradient of the n-th score with respect to its point. Lesson 12 begins tangent_backward with dy = ones and
    dy_dot = 0, for the penalty alone. Begin with dy_dot = dL/ds of the loss, and the loss's own gradient comes along.

    D, x_real (N, d), x_fake (N, d), gamma a number  ->  L, one number, shape (); D.grad (P,) is filled
    """
    raise NotImplementedError("Exercise 15.4: the discriminator's whole gradient, in one pass a batch")


def memory(keep, steps):
    """Three numbers about a running average, which each step makes keep * average + (1 - keep) * theta.

    left   the weight that the average from before `steps` steps still has in the new one
    half   after how many steps the weight of a row has become half of what it was; not a whole number
    age    the mean age of what is in the average, after a very long run: the newest theta has the age 0, the one before 1,
           and each counts with its weight

    keep a number below 1, steps a whole number  ->  left (), half (), age (), in this order
    """
    raise NotImplementedError("Exercise 15.5: how far back an average looks")
