"""Exercises of lesson 04: what the discriminator learns.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder. It finds the best
discriminator by trial and compares; when your answer differs it tries to say why.

Notation: p is the density of the real samples, q that of the fake ones. D gives the probability of "real", and its score s
is the log odds of that: D = sigma(s) = 1 / (1 + exp(-s)). D minimises -E_p log D - E_q log(1 - D), where E_p is the mean over
real samples and E_q the mean over fake ones. Logarithms are natural. Everything is float64. Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want it


def optimal_discriminator(p, q):
    """At each of N places: the d between 0 and 1 that makes -p log d - q log(1 - d) least.

    p and q are the densities there, positive numbers. Work it out on paper: set a derivative to 0.

    p (N, 1), q (N, 1)  ->  d (N, 1)
    """
    raise NotImplementedError("Exercise 04.1: the best discriminator")


def optimal_score(log_p, log_q):
    """The score of the best discriminator of 04.1, from the logarithms of the densities.

    Some of the places are so far out that both densities are 0 in the computer; log_p = -5000 is an ordinary number.

    log_p (N, 1), log_q (N, 1)  ->  s (N, 1)
    """
    raise NotImplementedError("Exercise 04.2: the best discriminator's score")


def jsd(p, q):
    """The Jensen-Shannon divergence JSD(p, q) = KL(p, m) / 2 + KL(q, m) / 2, where m = (p + q) / 2, in nats.

    KL(p, m) = sum over the cells of p log(p / m). p and q are the probabilities of K cells and sum to 1; some are 0,
    and 0 log 0 counts as 0.

    p (K,), q (K,)  ->  value, one number, shape ()
    """
    raise NotImplementedError("Exercise 04.3: the Jensen-Shannon divergence")


def optimal_loss(p, q):
    """The smallest loss that any D can have, when real samples fall into K cells with probabilities p and fake ones with q.

    The loss is the sum over the cells of -p log D - q log(1 - D), and D may choose its answer in each cell. Some p and q are 0.
    The paper tells how this goes together with the JSD; its V is what D maximises, so V = -loss.

    p (K,), q (K,)  ->  value, one number, shape ()
    """
    raise NotImplementedError("Exercise 04.4: the best discriminator's loss")


def discriminator_loss(s_real, s_fake):
    """D's loss on N real and M fake samples, and its derivatives with respect to their scores.

    value = mean of -log sigma(s_real) + mean of -log(1 - sigma(s_fake)). The means of N and of M numbers are added.

    s_real (N, 1), s_fake (M, 1)  ->  value (), ds_real (N, 1), ds_fake (M, 1), in this order
    """
    raise NotImplementedError("Exercise 04.5: the discriminator's loss and its two gradients")


def smoothed_discriminator(p, q, a):
    """The best discriminator under one-sided label smoothing: real samples have the label a, say 0.9, fake ones 0.

    A real sample now costs -a log d - (1 - a) log(1 - d), a fake one -log(1 - d) as before. At each of N places with the
    densities p and q: which d makes the expected cost least? For a = 1 it must be the answer of 04.1.

    p (N, 1), q (N, 1), a a number  ->  d (N, 1)
    """
    raise NotImplementedError("Exercise 04.6: the best discriminator under label smoothing")
