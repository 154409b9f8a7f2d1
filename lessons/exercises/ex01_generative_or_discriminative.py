"""Exercises of lesson 01: generative or discriminative.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random tables and samples, and compares the result with sums that are written out. When it differs, it tries to say why.

Notation: x is an image, a row of d numbers, and y is its label. N is the number of images, and K the number of labels.
Logarithms are natural. Everything is float64.
"""

import numpy as np  # noqa: F401  the answers will want it


def three_probabilities(p_xy):
    """p(x), p(y) and p(y | x) from the table of the joint probabilities p(x, y).

    Row i of the table is image i, and column k is label k. All entries together sum to 1. Some are 0, but no row is.

    p_xy (N, K)  ->  p_x (N, 1), p_y (1, K), p_y_given_x (N, K), in this order
    """
    raise NotImplementedError("Exercise 01.1: three probabilities from one table")


def classify(log_p_x_given_y, p_y):
    """A generative model as a classifier: log p(x), and p(y | x) by Bayes' rule.

    Entry i, k of log_p_x_given_y is log p(x | y) for image i and label k, and p_y[k] is p(y) for label k.
    An image has many pixels, so p(x | y) may be e^-900, which is 0 in the computer. Its logarithm is an ordinary number.
    Both results must be right for such images too. Subtract the largest logarithm of each row before you use np.exp.

    log_p_x_given_y (N, K), p_y (K,)  ->  log_p_x (N, 1), p_y_given_x (N, K), in this order
    """
    raise NotImplementedError("Exercise 01.2: a generative model classifies")


def line_loss(z, y, w, b):
    """The loss of the line (logistic regression), and its derivatives with respect to w and b.

    Image n has the score s_n = z_n w + b, and the model says p_n = 1 / (1 + exp(-s_n)) for the label 1.
    An image costs -log p_n if its label is 1, and -log(1 - p_n) if its label is 0. The loss is the mean of these costs.
    Work out on paper how the cost of one image changes with its score. No score is far from 0 here.

    z (N, 2), y (N,) of zeros and ones, w (2,), b a number  ->  value (), dw (2,), db (), in this order
    """
    raise NotImplementedError("Exercise 01.3: the loss of the line and its gradient")


def fit_gaussian(x, shrink):
    """The mean and the covariance of the rows of x, as the Gaussians of the lesson have them.

    The covariance C is the one that divides by N - 1. It is then mixed with a multiple of the identity matrix I, so that
    it can be inverted. With v, the mean of the d variances (the diagonal of C), it becomes (1 - shrink) C + shrink v I.

    x (N, d), shrink a number from 0 to 1  ->  mean (d,), covariance (d, d), in this order
    """
    raise NotImplementedError("Exercise 01.4: fit a Gaussian to images")


def near_and_covering(drawn, real):
    """Two mean distances: are the drawings near real images, and do they cover them?

    near: for each drawing the distance to the nearest real image, averaged over the drawings.
    covering: for each real image the distance to the nearest drawing, averaged over the real images.
    The distance is the Euclidean one, the root of the sum of the squared differences.

    drawn (N, d), real (M, d)  ->  near (), covering (), in this order
    """
    raise NotImplementedError("Exercise 01.5: near the data, and covering it")
