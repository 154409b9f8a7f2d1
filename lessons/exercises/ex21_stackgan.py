"""Exercises of lesson 21: words that become a condition, and a discriminator that checks them.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

phi (N, K) are the words of N images as numbers. A network makes mu (N, m) and log_var (N, m) of them, the means of a condition c
and the logarithms of its variances. As in lesson 02, dc stands for dL/dc and so on. Answers may use each other.
"""

import numpy as np  # noqa: F401  the answers will want it


def draw_condition(mu, log_var, eps):
    """c = mu + sigma eps: a draw from N(mu, sigma^2), where eps was drawn from N(0, 1).

    mu, log_var, eps (N, m)  ->  c (N, m)
    """
    raise NotImplementedError("Exercise 21.1: a condition with noise in it")


def condition_gradient(dc, log_var, eps):
    """The gradient of 21.1, by mu and by log_var.

    dc, log_var, eps (N, m)  ->  dmu (N, m), dlog_var (N, m), in this order
    """
    raise NotImplementedError("Exercise 21.2: the gradient goes through the draw")


def kl_term(mu, log_var):
    """The divergence of N(mu, exp(log_var)) from N(0, 1), a sum over the m numbers and a mean over the batch; and its gradient.

    value = 1/N sum_n sum_j (exp(log_var_nj) + mu_nj^2 - 1 - log_var_nj) / 2

    mu, log_var (N, m)  ->  value, one number; dmu (N, m), dlog_var (N, m), in this order
    """
    raise NotImplementedError("Exercise 21.3: the KL term and its gradient")


def matching_loss(s_real, s_fake, s_wrong):
    """The loss of a D that checks words, with the non-saturating (logistic) loss, and its derivatives by the scores.

    value = mean softplus(-s_real) + 1/2 mean softplus(s_fake) + 1/2 mean softplus(s_wrong)

    s_real, s_fake, s_wrong (N, 1)  ->  value, one number; ds_real, ds_fake, ds_wrong (N, 1), in this order
    """
    raise NotImplementedError("Exercise 21.4: a discriminator that checks the words")


def wrong_words(phi):
    """For each row of phi the words of another row: those of the next row that says something else.

    After the last row comes the first.

    phi (N, K) of zeros and ones; at least two of the rows differ  ->  wrong (N, K)
    """
    raise NotImplementedError("Exercise 21.5: words that are really wrong")
