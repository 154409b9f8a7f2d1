"""Exercises of lesson 22: styles, and a penalty on the generator's own gradient.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

x (N, P, C) are N images of P pixels with C channels each. A style is a scale s and a shift t for each image and channel, (N, C).
As in lesson 02, dy stands for dL/dy and so on. Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want it


def adain(x, s, t, eps=1e-5):
    """Adaptive instance normalisation: each channel of each image to mean 0 and variance 1, then to its style.

    y = (1 + s) (x - mean) / r + t,   r = sqrt(mean of (x - mean)^2 + eps),   both means over the pixels of one image and channel

    x (N, P, C), s and t (N, C)  ->  y (N, P, C)
    """
    raise NotImplementedError("Exercise 22.1: a style for each channel")


def adain_gradient(dy, x, s, eps=1e-5):
    """The gradient of 22.1, by x, by s and by t. The mean and r move with x.

    dy, x (N, P, C), s (N, C)  ->  dx (N, P, C), ds (N, C), dt (N, C), in this order
    """
    raise NotImplementedError("Exercise 22.2: the gradient of a style")


def modulated_weights(W, s, eps=1e-8):
    """The weights of a modulated convolution, which are different for each image.

    The style scales what comes from channel c by 1 + s_c. Then each filter is divided by its norm, the root of the sum of its
    squares over the window and the channels, plus eps under the root.

    W (k * k, C, K) for a window of k * k pixels, C channels and K filters; s (N, C)  ->  (N, k * k, C, K)
    """
    raise NotImplementedError("Exercise 22.3: weights of each image's own")


def truncated(w, many, psi):
    """Styles drawn towards the mean style: psi = 1 leaves them as they are, psi = 0 leaves the mean alone.

    w (N, m), many (M, m): styles to take the mean of; psi, a number  ->  (N, m)
    """
    raise NotImplementedError("Exercise 22.4: truncation")


def path_penalty(g, a):
    """How unequal the path lengths are, and the derivative by g.

    value = mean over n of (r_n - a)^2,   r_n = root of (the sum of g_n^2 over layers and numbers) / L

    g (N, L, m): for each image, J^T y by the w of each of L layers, nowhere all 0; a, a number, the mean length so far
    ->  value, one number; v = d value / dg (N, L, m), in this order
    """
    raise NotImplementedError("Exercise 22.5: path lengths")
