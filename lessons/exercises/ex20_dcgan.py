"""Exercises of lesson 20: convolutions, and rules under which they learn.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

A picture with one row of pixels is enough here: x (N, L, C) are N rows of L pixels, with C numbers (channels) in each. A kernel
W (k, C, K) has k pixels and makes K channels of C. Window number a begins at pixel `stride` * a, and nothing is laid around the
row. There are h windows. As in lesson 02, dy stands for dL/dy, dW for dL/dW and so on. Answers may use each other. Loops over
windows or over the k pixels of a kernel are fine.
"""

import numpy as np  # noqa: F401  the answers will want it


def windows_in(size, kernel, stride, pad):
    """How many windows there are in a row of `size` pixels, with `pad` zeros on both sides, and how many pixels are left over.

    The pixels that are left over stand behind the last window and are in none; zeros of the padding count as pixels.

    size, kernel, stride, pad whole numbers  ->  windows, left_over, two whole numbers, in this order
    """
    raise NotImplementedError("Exercise 20.1: how many windows")


def conv_forward(x, W, b, stride):
    """y_a = the sum over i of x_{stride a + i} W_i + b: number a of y belongs to window number a.

    x (N, L, C), W (k, C, K), b (K,), stride a whole number  ->  y (N, h, K)
    """
    raise NotImplementedError("Exercise 20.2: a convolution")


def conv_backward(dy, x, W, stride):
    """The gradient of 20.2.

    dy (N, h, K), x (N, L, C), W (k, C, K), stride a whole number  ->  dx (N, L, C), dW (k, C, K), db (K,), in this order
    """
    raise NotImplementedError("Exercise 20.3: the gradient of a convolution")


def conv_transposed(y, W, b, stride):
    """The adjoint of 20.2, and a number b (C,) added to each pixel of the result.

    Without b: the sum of conv(x) * y is the sum of x * transposed(y), for every x and y; conv has no b either, and the same W.

    y (N, h, K), W (k, C, K), b (C,), stride a whole number  ->  x (N, stride (h - 1) + k, C)
    """
    raise NotImplementedError("Exercise 20.4: a transposed convolution")


def channel_norm(x, gain, shift, dy):
    """BatchNorm in a convolutional network: each channel gets mean 0 and variance 1, over all samples and all pixels.

    y = gain xh + shift, with xh = (x - mean) / sqrt(var + 1e-5); var is a mean of squares, divided by the number of them. dx is
    the derivative by x, and mean and var move with x.

    x (N, L, C), gain (C,), shift (C,), dy (N, L, C)  ->  y (N, L, C), dx (N, L, C), in this order
    """
    raise NotImplementedError("Exercise 20.5: BatchNorm of channels")
