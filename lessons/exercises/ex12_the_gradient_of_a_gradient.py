"""Exercises of lesson 12: the gradient of a gradient.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random arrays of odd sizes and compares the result with finite differences; when it differs it tries to say why.

Notation: everything may move. x_dot, shaped like x, is the velocity of x: how x changes with time. Then y_dot is the
velocity of y = f(x), and dx_dot that of the gradient dx. A product a b has the velocity a_dot b + a b_dot. As in lesson 02, dy
stands for dL/dy, dW for dL/dW and so on; N samples in a batch, d features in, k features out. Everything is float64. Answers
may use each other.
"""

import numpy as np  # noqa: F401  the answers will want it


def dense_tangent(x_dot, W_dot, b_dot, x, W, b):
    """The velocity of y = x W + b, when x, W and b all move.

    x_dot, x (N, d), W_dot, W (d, k), b_dot, b (1, k)  ->  y_dot (N, k)
    """
    raise NotImplementedError("Exercise 12.1: the tangent of a dense layer")


def tanh_tangent(x_dot, x):
    """The velocity of y = tanh(x), and that of its slope f' = 1 - tanh(x)^2, entry by entry.

    x_dot (N, d), x (N, d)  ->  y_dot (N, d), slope_dot (N, d), in this order
    """
    raise NotImplementedError("Exercise 12.2: the tangent of tanh, and of its slope")


def dense_tangent_backward(dy, dy_dot, x, x_dot, W):
    """The backward pass of y = x W + b and its velocity, when x and dy move while W and b stand still.

    The backward pass is  dx = dy W^T,  dW = x^T dy,  db = the sum of dy over the batch.
    Apply the product rule to each of these lines. dW_dot and db_dot are the velocities of dW and db.

    dy, dy_dot (N, k), x, x_dot (N, d), W (d, k)  ->  dx (N, d), dx_dot (N, d), dW_dot (d, k), db_dot (1, k), in this order
    """
    raise NotImplementedError("Exercise 12.3: tangent_backward of a dense layer")


def sigmoid_tangent_backward(dy, dy_dot, x, x_dot):
    """The backward pass of y = sigmoid(x), dx = f'(x) dy, and its velocity, when x and dy move.

    f' = y (1 - y). It moves too, since x does.

    dy, dy_dot, x, x_dot (N, d)  ->  dx (N, d), dx_dot (N, d), in this order
    """
    raise NotImplementedError("Exercise 12.4: tangent_backward of the sigmoid")


def r1_gradient(D, x, gamma):
    """The penalty P = gamma/2 * mean of |g_n|^2 of a whole discriminator, and its gradient.

    g_n is the gradient of the n-th score with respect to the n-th sample. Returns P, and *adds* dP/dtheta to D.grad, where the
    loss has left its own gradient already.

    D is a network with
        s, tape = D.forward(x)
        dx = D.backward(ds, tape, grads=True)             adds dL/dtheta to D.grad, or with grads=False leaves it alone
        s_dot, tape_dot = D.tangent(x_dot, tape)
        dx, dx_dot = D.tangent_backward(ds, ds_dot, tape, tape_dot)        adds the velocity of dL/dtheta to D.grad

    D, x (N, d), gamma a number  ->  P ()
    """
    raise NotImplementedError("Exercise 12.5: R1 and its gradient")


def one_sided(g, lam):
    """A penalty on steep slopes only, P = lam * mean of max(0, |g_n| - 1)^2 (Petzka et al. 2018), and its derivative v = dP/dg.

    Row n of g is the gradient at sample n. Some rows may be 0; there v is 0 as well. With P and v, `add_penalty` of
    tinygan/penalties.py does the rest.

    g (N, d), lam a number  ->  P (), v (N, d), in this order
    """
    raise NotImplementedError("Exercise 12.6: a penalty on steep slopes only")
