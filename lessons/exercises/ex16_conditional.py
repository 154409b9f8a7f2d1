"""Exercises of lesson 16: a class for both players.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

A label is a whole number, 0 to K - 1. y (N, K) holds labels as one-hot rows: zeros, and a 1 in the place of the class. G takes
z (N, d_z) with y beside it, and D takes points x (N, d) with y beside them: np.hstack([x, y]), the columns of x first. D gives
scores, r (N, 1) for the real points and f (N, 1) for the generated ones. Here d is 3, d_z is 2 and K is 4, but for 16.1, 16.5
and 16.6. All that you need of a network is

    y, tape = net.forward(x)                             dx = net.backward(dy, tape)              adds dL/dtheta to net.grad
    net.grad, net.zero_grad(), net.d_in, net.d_out       dx = net.backward(dy, tape, grads=False) leaves net.grad alone
    y_dot, tape_dot = net.tangent(x_dot, tape)           how fast y changes when x moves with x_dot
    dx, dx_dot = net.tangent_backward(dy, dy_dot, tape, tape_dot)                  adds the rate of dL/dtheta to net.grad

Everything is float64. Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want these

from tinygan.engine.numerics import sigmoid, softplus  # noqa: F401


def labels_beside(x, labels, classes):
    """The rows that D sees: each x with its label beside it, as a one-hot row of K = `classes` numbers.

    x (N, d), labels (N,), K  ->  rows (N, d + K)
    """
    raise NotImplementedError("Exercise 16.1: a label as a row of numbers")


def conditional_d_gradient(D, x_real, x_fake, y):
    """D's loss, the mean of softplus(-r) + the mean of softplus(f), and its gradient in D.grad.

    r are the scores of [x_real, y], and f those of [x_fake, y]. Row n of y is the label of row n of x_real, and the label
    that G was asked for in row n of x_fake. D.grad may still contain the gradient of an earlier step.

    D, x_real (N, d), x_fake (N, d), y (N, K)  ->  L, one number, shape (); D.grad (P,) is filled
    """
    raise NotImplementedError("Exercise 16.2: the discriminator of pairs")


def conditional_g_gradient(G, D, z, y):
    """G's loss, the mean of softplus(-f), and its gradient in G.grad.

    f are the scores of [x_fake, y] with x_fake = G([z, y]). D is fixed here: neither D.theta nor D.grad may change. G.grad may
    still contain the gradient of an earlier step.

    G, D, z (N, d_z), y (N, K)  ->  L, one number, shape (); G.grad (P,) is filled
    """
    raise NotImplementedError("Exercise 16.3: the generator is asked for a class")


def r1_on_x(D, x, y, gamma):
    """R1 on the columns of x, P = gamma/2 * mean of |g_n|^2; its gradient is added to D.grad.

    g_n is the gradient of the n-th score of [x, y] with respect to x_n alone. The loss has left its own gradient in D.grad,
    and it stays there.

    D, x (N, d), y (N, K), gamma a number  ->  P, one number, shape (); dP/dtheta (P,) is added to D.grad
    """
    raise NotImplementedError("Exercise 16.4: a gentle slope for x alone")


def projection(h, y, V, w, ds):
    """The score of a projection discriminator, and its backward pass.

    s_n = <h_n, v_n>, the inner product of the features h_n and of v_n = V_c + w, where V_c is the row of V for the class of
    sample n. With ds = dL/ds, return dL/dh, dL/dV and dL/dw too.

    h (N, k), y (N, K), V (K, k), w (1, k), ds (N, 1)  ->  s (N, 1), dh (N, k), dV (K, k), dw (1, k), in this order
    """
    raise NotImplementedError("Exercise 16.5: a label as a direction")


def cross_entropy(q, labels):
    """How surprising the labels are, if the scores q stand for the probabilities softmax(q): its value and its derivative by q.

    p_nk = exp(q_nk) / sum over j of exp(q_nj), and the value is -mean over n of log p_n(labels_n). Some scores are large. In
    lesson 17 a network learns with it which class it sees.

    q (N, K), labels (N,)  ->  value, one number, shape (); dq (N, K), in this order
    """
    raise NotImplementedError("Exercise 16.6: which class was it?")
