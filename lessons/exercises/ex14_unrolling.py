"""Exercises of lesson 14: unrolling.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

G turns z (N, d_z) into fake points x_fake (N, d); D turns points into scores, r (N, 1) for real ones and f (N, 1) for fake ones.
D minimises the mean of softplus(-r) + the mean of softplus(f), G the mean of softplus(-f). All that you need of a network is

    y, tape = net.forward(x)                             dx = net.backward(dy, tape)              adds dL/dtheta to net.grad
    net.copy()                                           dx = net.backward(dy, tape, grads=False) leaves net.grad alone
    net.theta, net.grad, net.zero_grad()                 a step is  net.theta -= ...  or  net.theta = ...

and, for derivatives of derivatives, what changes while the parameters move (see lesson 12):

    net.theta_dot = velocity                             the velocity of theta, (P,); None: theta does not move
    y_dot, tape_dot = net.tangent(x_dot, tape)           how fast y changes, when x moves with x_dot and theta with theta_dot
    dx, dx_dot = net.tangent_backward(dy, dy_dot, tape, tape_dot)
                                                         how fast dx changes; *adds* the rate of dL/dtheta to net.grad

You may use `d_gradients(D, x_real, x_fake, LOSS)`, which fills D.grad, and `LOSS.d(r, f)` -> value, dr, df and
`LOSS.g(f)` -> value, df, the losses with their derivatives. Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want these

from tinygan import d_gradients  # noqa: F401
from tinygan.engine.numerics import sigmoid  # noqa: F401
from tinygan.losses import NonSaturating

LOSS = NonSaturating()


def loss_rates(r, f, r_dot, f_dot):
    """How fast the derivatives of D's loss change while the scores move with velocities r_dot and f_dot.

    D's loss has the derivatives dr = -sigmoid(-r) / N and df = sigmoid(f) / N. Both change when the scores do.

    r, f, r_dot, f_dot (N, 1)  ->  dr_dot (N, 1), df_dot (N, 1), in this order
    """
    raise NotImplementedError("Exercise 14.1: how fast the loss's derivatives change")


def thetas_ahead(D, x_real, x_fake, lr, steps):
    """D's parameters now and after each of `steps` steps of gradient descent on its loss, always with these same points.

    Row 0 is D.theta; row k + 1 is row k minus lr times the gradient at row k. D itself must not change.

    D, x_real (N, d), x_fake (N, d), lr a number, steps a whole number  ->  thetas (steps + 1, P)
    """
    raise NotImplementedError("Exercise 14.2: D's steps ahead")


def second_derivatives(D, x_real, x_fake, velocity):
    """How fast two derivatives of D's loss L change while D's parameters move with `velocity` and the points stay.

    h is the rate of dL/dtheta, which is the Hessian times velocity. m is the rate of dL/dx_fake. Neither needs a matrix: one
    tangent and one tangent_backward for each batch give both.

    D, x_real (N, d), x_fake (N, d), velocity (P,)  ->  h (P,), m (N, d), in this order
    """
    raise NotImplementedError("Exercise 14.3: second derivatives without a matrix")


def unrolled_gradient(G, D, z, x_real, lr, steps):
    """G's loss after `steps` steps of D (those of 14.2, with x_fake = G(z)), and its whole gradient in G.grad.

    With lambda = dL_G/dtheta and dx = dL_G/dx_fake at the last D, go back through D's steps. For each, from the last to the
    first, with the D that it started from and h, m of 14.3 for velocity = lambda:

        dx becomes dx - lr m           lambda becomes lambda - lr h

    and in the end dx goes back through G. Nothing of D may have changed afterwards.

    G, D, z (N, d_z), x_real (N, d), lr a number, steps a whole number  ->  L_G, one number, shape (); G.grad (P,) is filled
    """
    raise NotImplementedError("Exercise 14.4: the gradient through D's steps")
