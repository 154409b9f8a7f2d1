"""Exercises of lesson 06: saturating or not.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random scores and networks and compares with finite differences; when it differs it tries to say why.

Notation: r are the scores that D gives to N real points and f those that it gives to N fake ones, both (N, 1). dr and df are
the derivatives of the loss with respect to them, of the same shape. sigmoid(f) is D's probability of "real",
softplus(f) = log(1 + exp(f)), and softplus' = sigmoid. Everyone minimises. Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want these

from tinygan.engine.numerics import sigmoid, softplus  # noqa: F401


def minimax_g(f):
    """G's loss in the game as it was first written down, and its derivative.

    value = mean over the batch of log(1 - sigmoid(f)). Work the derivative out on paper: it becomes very short. Some scores are
    far out, such as 50, where 1 - sigmoid(f) is 0 in the computer.

    f (N, 1)  ->  value (), df (N, 1), in this order
    """
    raise NotImplementedError("Exercise 06.1: the minimax loss of the generator")


def non_saturating_g(f):
    """The loss that the same paper advises G to take, and its derivative.

    value = mean over the batch of -log sigmoid(f).

    f (N, 1)  ->  value (), df (N, 1), in this order
    """
    raise NotImplementedError("Exercise 06.2: the non-saturating loss of the generator")


def gradient_ratio(f):
    """How many times larger the derivative of 06.2 is than that of 06.1, at each score.

    Work it out on paper: the quotient of the two is one short expression. Scores from -40 to 40 occur, and every
    entry must be right to its own last digits.

    f (N, 1)  ->  ratio (N, 1)
    """
    raise NotImplementedError("Exercise 06.3: how many times stronger the better loss pushes")


def hinge_d(r, f):
    """Another loss for D, the hinge (Lim & Ye 2017), and its two derivatives.

    value = mean of max(1 - r, 0) + mean of max(1 + f, 0): a real point costs nothing from the score 1 on, a fake one
    nothing below -1.

    r (N, 1), f (N, 1)  ->  value (), dr (N, 1), df (N, 1), in this order
    """
    raise NotImplementedError("Exercise 06.4: the hinge loss of the discriminator")


def hinge_g(f):
    """G's loss beside the hinge, and its derivative: value = -mean of f. It does not saturate anywhere.

    f (N, 1)  ->  value (), df (N, 1), in this order
    """
    raise NotImplementedError("Exercise 06.5: the generator's loss beside the hinge")


def gradient_lengths(G, D, z):
    """How long is G's gradient, over all of its parameters, with each of the two losses of 06.1 and 06.2?

    This D is confident: its scores of G's points are far below 0. The length of a gradient is the root of the sum of
    the squares of its entries. For what G and D can do (forward, backward, zero_grad, grad) see the top of the
    exercises of lesson 05; an older gradient may be in G.grad, and no theta moves.

    G, D, z (N, d_z)  ->  minimax (), non_saturating (), two numbers, in this order
    """
    raise NotImplementedError("Exercise 06.6: the whole gradient against a confident D")
