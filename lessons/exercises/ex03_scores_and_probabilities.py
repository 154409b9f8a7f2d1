"""Exercises of lesson 03: scores and probabilities.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random arrays of odd sizes and compares the result with arithmetic in 150 digits; when it differs it tries to say why.

Notation: s is a score, any real number, and sigma(s) = 1 / (1 + exp(-s)) the probability of "real" that it stands for.
y is a label: 1 for real, 0 for fake, or something between. Logarithms are natural. Everything is float64.

"Right for every score" means: every result down to 1e-80 to its own last digits, and nothing that NumPy warns about
(overflow, division by zero, an invalid value). Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want it


def sigmoid(s):
    """sigma(s) = 1 / (1 + exp(-s)), entry by entry, right for every score from -1e30 to 1e30.

    exp(x) overflows beyond x = 709. Where x is not positive, it is safe.

    s (N, 1)  ->  p (N, 1)
    """
    raise NotImplementedError("Exercise 03.1: the sigmoid of every score")


def softplus(s):
    """log(1 + exp(s)), entry by entry, right for every score from -1e30 to 1e30.

    All logarithms of probabilities come from it: -log sigma(s) = softplus(-s), and -log(1 - sigma(s)) = softplus(s).

    s (N, 1)  ->  y (N, 1)
    """
    raise NotImplementedError("Exercise 03.2: the softplus of every score")


def bce(s, y):
    """Binary cross-entropy, averaged over the batch: the mean of -y log p - (1 - y) log(1 - p), where p = sigma(s).

    Some of the scores are far on the wrong side, for instance s = 800 with y = 0, which costs 800.
    The scores come as a network gives them, the labels as one reads them from a file: mind their shapes.

    s (N, 1), y (N,)  ->  value, one number, shape ()
    """
    raise NotImplementedError("Exercise 03.3: binary cross-entropy from scores")


def bce_gradient(s, y):
    """The derivative of `bce` with respect to the scores: one number for each of them.

    Every entry to its own last digits: for s = 40 and y = 1 it is not 0, but -4.2e-18 / N.

    s (N, 1), y (N,)  ->  ds (N, 1)
    """
    raise NotImplementedError("Exercise 03.4: the derivative of binary cross-entropy")


def best_score_for(y):
    """The score at which the loss of a soft target y, 0 < y < 1, is least, and the loss there.

    The loss is -y log sigma(s) - (1 - y) log(1 - sigma(s)). Work it out on paper: set a derivative to 0. Each target is
    on its own; nothing is averaged. (With y = 0.9 this is what "label smoothing" asks of D on real samples.)

    y (N, 1)  ->  s (N, 1), value (N, 1), in this order
    """
    raise NotImplementedError("Exercise 03.5: where the loss of a soft target is least")
