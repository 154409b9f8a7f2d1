"""Exercises of lesson 07: reading the losses.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It calls your function on
random scores, paths and runs, and compares with what comes out by trial; when it differs it tries to say why.

Notation: r are the scores that D gives to N real points, (N, 1), and f those that it gives to M fake ones, (M, 1); N and M may
differ. sigmoid of a score is D's probability of "real", softplus(s) = log(1 + exp(s)). Logarithms are natural.
Everything is float64. Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want these

from tinygan.engine.numerics import sigmoid, softplus  # noqa: F401


def losses_at_rest(a):
    """What both losses are when the game is won: the fake points are distributed like the real ones.

    D is trained with the label a for real points and 0 for fake ones: a = 1 is the plain game, a < 1 label smoothing. Then

        D's loss = mean of -a log d - (1 - a) log(1 - d) over real points + mean of -log(1 - d) over fake points

    and G's is the mean of -log d over fake points. D cannot tell, and says the same d to every point: the best one. For
    a = 1 the three numbers are 2 ln 2, ln 2 and 1/2. For the others, set a derivative to 0.

    a, a number  ->  D's loss (), G's loss (), d (), in this order
    """
    raise NotImplementedError("Exercise 07.1: the numbers of a game that is won")


def verdicts(r, f):
    """What D says of the real and the fake points, as one reads it beside a training run.

    d_real and d_fake are D's mean probability of "real" over the real and over the fake points. The accuracy is the share of all
    N + M points about which D is right: a real point with a probability above 1/2, a fake one below.

    r (N, 1), f (M, 1)  ->  d_real (), d_fake (), accuracy (), in this order
    """
    raise NotImplementedError("Exercise 07.2: what D says, in three numbers")


def second_opinion(r, f):
    """A lower bound on the Jensen-Shannon divergence between real and fake, from the scores of any D.

    D's loss, mean of softplus(-r) + mean of softplus(f), is at least 2 ln 2 - 2 JSD, and the best D reaches that. Solve for
    the JSD. For a poor D the bound is poor: it may be negative, and then it says nothing.

    r (N, 1), f (M, 1)  ->  bound, one number, shape ()
    """
    raise NotImplementedError("Exercise 07.3: a lower bound on the divergence")


def running_average(thetas, keep):
    """The running average of a generator's parameters, which rests where the generator itself goes on moving.

    The rows of `thetas` are theta after each of T steps. The average begins at the first row; then, for each further row,
    average becomes keep * average + (1 - keep) * theta.

    thetas (T, P), keep a number below 1  ->  average (P,), as it is after the last row
    """
    raise NotImplementedError("Exercise 07.4: the running average of a generator")


def w1(x, y):
    """The distance W1 between two sets of N numbers: the least average distance by which the points of x must be
    moved to become those of y. Each point of x goes to one point of y, no two of them to the same.

    It does not depend on D, so it can be compared from step to step. Which pairs make it least?

    x (N,), y (N,)  ->  w1, one number, shape ()
    """
    raise NotImplementedError("Exercise 07.5: the distance between two sets of numbers")


def name_run(d_loss, g_loss, modes, n_modes):
    """Name a run from its history, by the first of these that applies:

        "diverged"      an entry of either loss is not finite, or larger in size than 1e6
        "collapsed"     over the last quarter of the looks, the median of the modes found is below 0.9 n_modes
        "healthy"       otherwise

    d_loss and g_loss have one entry for each of T steps; `modes` one for each of K looks (K is a multiple of 4): how many of
    the n_modes modes the samples hit.

    d_loss (T,), g_loss (T,), modes (K,), n_modes a number  ->  one of the three words
    """
    raise NotImplementedError("Exercise 07.6: a run and its name")
