"""Exercises of lesson 23: answers that fit a small image, and samples that are learned by heart.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

Images have one row of pixels here, x (N, L). A small image has h = L / k pixels, each of them the mean of a block of k pixels
that stand side by side. Answers may use each other. As in lesson 02, dy stands for dL/dy and so on.
"""

import numpy as np  # noqa: F401  the answers will want it


def pool_and_up(x, k):
    """The small image of x, and the image that is as large as x again, with each mean all over its block.

    x (N, L), k a whole number that divides L  ->  low (N, L / k), up (N, L), in this order
    """
    raise NotImplementedError("Exercise 23.1: to make an image small, and back")


def fitting_answer(low, r):
    """y = up(low) + P r, the answer that fits `low` whatever r is. P r = r - up(pool(r)).

    low (N, h), r (N, L), and h divides L  ->  y (N, L)
    """
    raise NotImplementedError("Exercise 23.2: an answer that fits")


def fitting_gradient(dy, k):
    """The gradient of 23.2, for blocks of k pixels: by the small image, and by r.

    dy (N, L), k a whole number that divides L  ->  dlow (N, L / k), dr (N, L), in this order
    """
    raise NotImplementedError("Exercise 23.3: the gradient of an answer that fits")


def spread_and_error(answers, x):
    """How much M answers to each of N images differ, and how far their mean is from the true images; two numbers for each pixel.

    spread: the standard deviation of the M answers (a mean over all M of them), in the mean over the N images.
    error: the square root of the mean, over the N images, of the square of the difference of their mean answer and x.

    answers (M, N, L), x (N, L)  ->  spread (L,), error (L,), in this order
    """
    raise NotImplementedError("Exercise 23.4: does the spread say where the answers are wrong?")


def share_nearer(samples, training, others):
    """The share of the samples whose nearest training image is nearer than their nearest other image. A tie counts one half.

    samples (N, L), training (n, L), others (n, L)  ->  a number from 0 to 1
    """
    raise NotImplementedError("Exercise 23.5: are the training images copied?")
