"""Exercises of lesson 17: codes that mean something.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

G takes noise z (N, d_z), a category as a one-hot row y (N, K), and factors u (N, m), side by side: np.hstack([z, y, u]). D gives
each point a row of 1 + K + m numbers: first its score, then K scores of the categories, then m guesses of the factors. The last
K + m columns are called q; they are the reader Q. In 17.3 to 17.5 d is 3, d_z is 2, K is 4 and m is 2. The score is r (N, 1) for
real points and f (N, 1) for generated ones. What Q cannot read of N points, made from y and u, is

    E = the mean over the N rows of [ -log p(c) + half the squared distance of the m guesses from the m factors ]

where p = softmax of the K scores of a row, and c is the category of that row. All that you need of a network is

    y, tape = net.forward(x)                             dx = net.backward(dy, tape)              adds dL/dtheta to net.grad
    net.grad, net.zero_grad(), net.d_in, net.d_out       dx = net.backward(dy, tape, grads=False) leaves net.grad alone
    y_dot, tape_dot = net.tangent(x_dot, tape)           how fast y changes when x moves with x_dot
    dx, dx_dot = net.tangent_backward(dy, dy_dot, tape, tape_dot)                  adds the rate of dL/dtheta to net.grad

Everything is float64. Answers may use each other.
"""

import math  # noqa: F401  the answers will want these

import numpy as np  # noqa: F401

from tinygan.engine.heads import softmax  # noqa: F401
from tinygan.engine.numerics import sigmoid, softplus  # noqa: F401


def information(q, labels):
    """The bound L_I = H(c) - E[-log Q(c | x)] in nats: what a reader with the scores q has learned of the categories.

    Before it saw anything, all K categories were equally likely, whether or not each of them occurs in these labels.

    q (N, K), labels (N,)  ->  L_I, one number, shape ()
    """
    raise NotImplementedError("Exercise 17.1: what the reader has learned")


def unread(q, y, u):
    """E, what cannot be read of the codes, and its derivative by Q's columns.

    q (N, K + m), y (N, K), u (N, m)  ->  E, one number, shape (); dq (N, K + m), in this order
    """
    raise NotImplementedError("Exercise 17.2: what the reader does not know")


def info_d_gradient(D, x_real, x_fake, y, u, info):
    """The loss of D and Q, the mean of softplus(-r) + the mean of softplus(f) + info * E, and its gradient in D.grad.

    E is taken at x_fake, of which row n was made from row n of y and of u. D.grad may still contain the gradient of an earlier
    step.

    D, x_real (N, d), x_fake (N, d), y (N, K), u (N, m), info a number  ->  L, one number, shape (); D.grad (P,) is filled
    """
    raise NotImplementedError("Exercise 17.3: the discriminator that reads")


def info_g_gradient(G, D, z, y, u, info):
    """G's loss, the mean of softplus(-f) + info * E at the points G([z, y, u]), and its gradient in G.grad.

    D is fixed here, and so is Q: neither D.theta nor D.grad may change. G.grad may still contain the gradient of an earlier step.

    G, D, z (N, d_z), y (N, K), u (N, m), info a number  ->  L, one number, shape (); G.grad (P,) is filled
    """
    raise NotImplementedError("Exercise 17.4: the generator that wants to be read")


def r1_on_score(D, x, gamma):
    """R1 on the score alone, P = gamma/2 * mean of |g_n|^2; its gradient is added to D.grad.

    g_n is the gradient of the score of x_n, the first column of D, with respect to x_n. The loss has left its own gradient in
    D.grad, and it stays there.

    D, x (N, d), gamma a number  ->  P, one number, shape (); dP/dtheta (P,) is added to D.grad
    """
    raise NotImplementedError("Exercise 17.5: a gentle slope for the score alone")
