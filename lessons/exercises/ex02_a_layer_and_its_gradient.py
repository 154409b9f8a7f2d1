"""Exercises of lesson 02: a layer and its gradient.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random arrays of odd sizes and compares the result with finite differences; when it differs it tries to say why.

Notation: N samples in a batch, d features in, k features out. `dy` stands for dL/dy, the derivative of some loss L with
respect to y: an array shaped like y. Likewise dx, dW and db are shaped like x, W and b. Everything is float64.
"""

import numpy as np  # noqa: F401  the answers will want it


def dense_forward(x, W, b):
    """y = x W + b.

    x (N, d), W (d, k), b (1, k)  ->  y (N, k)
    """
    raise NotImplementedError("Exercise 02.1: the forward pass of a dense layer")


def dense_backward(dy, x, W):
    """The chain rule through y = x W + b.

    In numbers: y = x w + b, so dL/dx = dL/dy w, dL/dw = dL/dy x, dL/db = dL/dy.
    With matrices these become products; W and b act on every sample, so their gradients are sums over the batch.

    dy (N, k), x (N, d), W (d, k)  ->  dx (N, d), dW (d, k), db (1, k), in this order
    """
    raise NotImplementedError("Exercise 02.2: the backward pass of a dense layer")


def tanh_backward(dy, x):
    """The chain rule through y = tanh(x), entry by entry: d tanh(x)/dx = 1 - tanh(x)^2.

    dy (N, d), x (N, d)  ->  dx (N, d)
    """
    raise NotImplementedError("Exercise 02.3: the backward pass of tanh")


def leaky_relu_backward(dy, x, slope):
    """The chain rule through y = x where x > 0, and y = slope * x elsewhere, x = 0 included.

    dy (N, d), x (N, d), slope a number  ->  dx (N, d)
    """
    raise NotImplementedError("Exercise 02.4: the backward pass of a leaky ReLU")


def numerical_gradient(f, x):
    """The gradient of f at x by central differences: df/dx_i = (f(x + h e_i) - f(x - h e_i)) / (2 h), with h = 6e-6.

    e_i is 1 in place i and 0 elsewhere. f takes an array like x and returns one number. Any h that gives 8 right digits will do.

    x (d,)  ->  gradient (d,)
    """
    raise NotImplementedError("Exercise 02.5: a gradient by central differences")
