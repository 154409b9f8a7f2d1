"""Lesson 04: what the discriminator learns."""

import numpy as np

from . import corpus
from .ex03 import sigmoid, softplus

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


def densities(rng):
    return rng.uniform(.05, 2, size=(5, 1)), rng.uniform(.05, 2, size=(5, 1))


def shares(rng, empty=False):
    p, q = rng.uniform(.1, 1, size=(2, 6))
    if empty:
        p[0] = q[1] = p[2] = q[2] = 0
    return p / p.sum(), q / q.sum()


# ---------------------------------------------------------------- 04.1 optimal_discriminator

@solution("04.1", lambda r: [densities(r)])
def optimal_discriminator(p, q):
    return p / (p + q)


wrong("04.1", "order", "q / (p + q): the probability of fake", "fake", "1 - d", "exchanged", "swapped")(lambda p, q: q / (p + q))
wrong("04.1", "term", "p / q: the odds", "odds", "p / q", "p/q")(lambda p, q: p / q)
wrong("04.1", "other", "1/2 everywhere", "1/2", "everywhere", "0.5", "constant", "equal")(lambda p, q: np.full_like(p, .5))
wrong("04.1", "small", "1e-8 is added to the denominator", "eps", "added", "1e-8")(lambda p, q: p / (p + q + 1e-8))
wrong("04.1", "axis", "divided by the sum over all places", "sum over", "all places", "places")(lambda p, q: p / (p + q).sum())
wrong("04.1", "other", "sigmoid(p - q): the difference for the log odds", "softmax", "sigmoid", "odds", "log")(
    lambda p, q: sigmoid(p - q))
wrong("04.1", "other", "p and q are divided by their sums first", "sum", "normal")(
    lambda p, q: p / p.sum() / (p / p.sum() + q / q.sum()))
wrong("04.1", "other", "the larger one wins: 0 or 1", "0 or 1", "0 and 1", "round", "larger", "decides", "hard")(
    lambda p, q: (p > q).astype(float))
wrong("04.1", "shape", "returned as (N,)", "shape")(lambda p, q: (p / (p + q))[:, 0])


@wrong("04.1", "other", "the best of 100 values between 0 and 1", "grid", "near", "search", "close")
def _(p, q):
    d = np.linspace(.005, .995, 100)
    return d[(-p * np.log(d) - q * np.log(1 - d)).argmin(axis=1)][:, None]


right("04.1", "1 / (1 + q/p), one place at a time, gathered in a list")(
    lambda p, q: np.array([[1 / (1 + b / a)] for a, b in zip(p.flat, q.flat, strict=True)]))


# ---------------------------------------------------------------- 04.2 optimal_score

@solution("04.2", lambda r: [(r.normal(size=(5, 1)), r.normal(size=(5, 1))),
                             (np.array([[-5000.], [-800], [-2]]), np.array([[-5003.], [-700], [-1]]))])
def optimal_score(log_p, log_q):
    return log_p - log_q


wrong("04.2", "sign", "log q - log p", "sign", "exchanged")(lambda log_p, log_q: log_q - log_p)
wrong("04.2", "other", "log p / log q", "log p / log q", "quotient", "ratio")(lambda log_p, log_q: log_p / log_q)
wrong("04.2", "edge", "log(p / q) through the densities: 0 / 0", "underflow", "nan", "0 / 0", "exp", "both 0")(
    lambda log_p, log_q: np.log(np.exp(log_p) / np.exp(log_q)))
wrong("04.2", "other", "the probability, not the score", "probability", "sigmoid")(lambda log_p, log_q: sigmoid(log_p - log_q))
wrong("04.2", "edge", "log(p + 1e-300) - log(q + 1e-300)", "eps", "1e-300", "underflow", "far out", "added")(  # only far out
    lambda log_p, log_q: np.log(np.exp(log_p) + 1e-300) - np.log(np.exp(log_q) + 1e-300))
wrong("04.2", "edge", "clipped to [-20, 20]", "clip")(lambda log_p, log_q: np.clip(log_p - log_q, -20, 20))
wrong("04.2", "other", "p - q: the logarithms are undone", "exp", "densit")(lambda log_p, log_q: np.exp(log_p) - np.exp(log_q))
wrong("04.2", "factor", "half of it: the log of the geometric mean", "half", "factor", "0.5", "twice")(
    lambda log_p, log_q: (log_p - log_q) / 2)
wrong("04.2", "term", "log p alone: the best score of D against a flat q", "log_q", "log q")(lambda log_p, log_q: log_p.copy())
wrong("04.2", "term", "log p - log((p + q) / 2)", "mixture", "p + q", "probability")(
    lambda log_p, log_q: log_p - np.logaddexp(log_p, log_q) + np.log(2))


# ---------------------------------------------------------------- 04.3 jsd

@solution("04.3", lambda r: [shares(r), shares(r, empty=True)])
def jsd(p, q):
    return (kl(p, (p + q) / 2) + kl(q, (p + q) / 2)) / 2


def kl(p, m):
    return np.sum(p[p > 0] * np.log(p[p > 0] / m[p > 0]))


def careless_kl(p, m):
    return np.sum(p * np.log(p / m))


wrong("04.3", "factor", "the two KL are added, not averaged", "half", "twice", "factor", "average", "2")(
    lambda p, q: 2 * jsd(p, q))
wrong("04.3", "factor", "in bits", "bits", "log2", "base", "natural", "nats")(lambda p, q: jsd(p, q) / np.log(2))
wrong("04.3", "term", "m = p + q", "m =", "p + q", "mixture", "half")(lambda p, q: (kl(p, p + q) + kl(q, p + q)) / 2)
wrong("04.3", "edge", "0 log 0 gives NaN", "0 log 0", "nan", "zero", "empty")(
    lambda p, q: (careless_kl(p, (p + q) / 2) + careless_kl(q, (p + q) / 2)) / 2)
wrong("04.3", "small", "1e-9 inside the logarithms", "eps", "added", "inside", "1e-9")(
    lambda p, q: sum(np.sum(one * np.log((one + 1e-9) / ((p + q) / 2 + 1e-9))) for one in (p, q)) / 2)
wrong("04.3", "edge", "cells where p or q is 0 are left out", "left out", "either", "cells", "0")(
    lambda p, q: jsd(p[(p > 0) & (q > 0)], q[(p > 0) & (q > 0)]))
wrong("04.3", "other", "the square root: the Jensen-Shannon distance", "root", "distance")(lambda p, q: np.sqrt(jsd(p, q)))
wrong("04.3", "term", "KL(p, m) alone", "kl(q", "kl(p", "one of", "half", "second")(lambda p, q: kl(p, (p + q) / 2))
wrong("04.3", "other", "KL(p, q) and KL(q, p), without m", "mixture", "inf", "jeffreys")(
    lambda p, q: (careless_kl(p, q) + careless_kl(q, p)) / 2)
wrong("04.3", "factor", "a mean over the cells for the sum", "mean", "cells", "1/k")(lambda p, q: jsd(p, q) / len(p))
wrong("04.3", "sign", "log(m / p) for log(p / m)", "sign", "negative")(lambda p, q: -jsd(p, q))
wrong("04.3", "order", "KL(m, p) and KL(m, q)", "kl(m", "order", "direction", "exchanged", "reverse", "inf")(
    lambda p, q: (careless_kl((p + q) / 2, p) + careless_kl((p + q) / 2, q)) / 2)


@wrong("04.3", "manners", "zeros of p and q are replaced in place by 1e-12", "changes its argument")
def _(p, q):
    p[p == 0] = 1e-12
    q[q == 0] = 1e-12
    return (careless_kl(p, (p + q) / 2) + careless_kl(q, (p + q) / 2)) / 2


# ---------------------------------------------------------------- 04.4 optimal_loss

@solution("04.4", lambda r: [shares(r), shares(r, empty=True)])
def optimal_loss(p, q):
    return 2 * np.log(2) - 2 * jsd(p, q)


wrong("04.4", "factor", "2 ln 2 - JSD", "2 jsd", "factor", "jsd")(lambda p, q: 2 * np.log(2) - jsd(p, q))
wrong("04.4", "sign", "V, which D maximises", "sign", "maximi")(lambda p, q: 2 * jsd(p, q) - 2 * np.log(2))
wrong("04.4", "sign", "2 ln 2 + 2 JSD", "sign", "+")(lambda p, q: 2 * np.log(2) + 2 * jsd(p, q))
wrong("04.4", "edge", "0 log 0 gives NaN", "0 log 0", "nan", "zero", "empty")(
    lambda p, q: np.sum(-p * np.log(p / (p + q)) - q * np.log(q / (p + q))))
wrong("04.4", "term", "2 ln 2, as if D were blind", "the same whatever", "2 ln 2", "1/2", "blind", "jsd")(
    lambda p, q: 2 * np.log(2))
wrong("04.4", "term", "only the real samples' part", "only the real", "fake", "second")(lambda p, q: -kl(p, p + q))
wrong("04.4", "factor", "ln 2 - JSD: the mean of the two parts", "half", "factor", "twice")(lambda p, q: np.log(2) - jsd(p, q))
wrong("04.4", "factor", "a mean over the cells", "mean", "cells")(lambda p, q: optimal_loss(p, q) / len(p))
wrong("04.4", "edge", "cells where p or q is 0 are left out; the others are scaled to 1", "left out", "cells", "empty")(
    lambda p, q: optimal_loss(*(c[(p > 0) & (q > 0)] / c[(p > 0) & (q > 0)].sum() for c in (p, q))))
wrong("04.4", "factor", "in bits: 2 - 2 JSD", "bits", "log2", "base", "natural")(lambda p, q: optimal_loss(p, q) / np.log(2))
wrong("04.4", "other", "the square root of the JSD, as SciPy returns it", "root", "distance")(
    lambda p, q: 2 * np.log(2) - 2 * np.sqrt(jsd(p, q)))
wrong("04.4", "edge", "D is clipped to [0.01, 0.99]", "clip")(  # wrong only where p or q is nearly 0
    lambda p, q: np.sum(-p * np.log(np.clip(p / np.maximum(p + q, 1e-9), .01, .99))
                        - q * np.log(1 - np.clip(p / np.maximum(p + q, 1e-9), .01, .99))))


@right("04.4", "cell by cell with if, the result a float subclass")
def _(p, q):
    class Nats(float):
        pass

    total = 0
    for a, b in zip(p.tolist(), q.tolist(), strict=True):
        total -= (a * np.log(a / (a + b)) if a else 0) + (b * np.log(b / (a + b)) if b else 0)
    return Nats(total)


# ---------------------------------------------------------------- 04.5 discriminator_loss

@solution("04.5", lambda r: [(r.normal(size=(5, 1)), r.normal(size=(3, 1)))])
def discriminator_loss(s_real, s_fake):
    return (softplus(-s_real).mean() + softplus(s_fake).mean(),
            -sigmoid(-s_real) / len(s_real), sigmoid(s_fake) / len(s_fake))


def with_value(of):
    """An answer to 04.5 with other derivatives: of(s_real, s_fake) -> ds_real, ds_fake."""
    return lambda s_real, s_fake: (discriminator_loss(s_real, s_fake)[0], *of(s_real, s_fake))


@wrong("04.5", "order", "the labels are exchanged: real 0, fake 1", "exchanged", "swapped", "labels")
def _(s_real, s_fake):
    value, ds_fake, ds_real = discriminator_loss(s_fake, s_real)
    return value, ds_real, ds_fake


@wrong("04.5", "factor", "one mean over all N + M samples", "n + m", "all", "joint", "together")
def _(s_real, s_fake):
    n = len(s_real) + len(s_fake)
    return (softplus(-s_real).sum() + softplus(s_fake).sum()) / n, -sigmoid(-s_real) / n, sigmoid(s_fake) / n


@wrong("04.5", "factor", "the mean of both means: everything is halved", "half", "twice", "factor", "2")
def _(s_real, s_fake):
    value, ds_real, ds_fake = discriminator_loss(s_real, s_fake)
    return value / 2, ds_real / 2, ds_fake / 2


wrong("04.5", "sign", "ds_real has the wrong sign", "sign")(
    with_value(lambda r, f: (sigmoid(-r) / len(r), sigmoid(f) / len(f))))
wrong("04.5", "factor", "ds_fake is divided by N, the number of real samples", "number of real", "other one's", "other batch")(
    with_value(lambda r, f: (-sigmoid(-r) / len(r), sigmoid(f) / len(r))))
wrong("04.5", "factor", "1/N and 1/M are forgotten in the derivatives", "1/n", "mean", "divided by")(
    with_value(lambda r, f: (-sigmoid(-r), sigmoid(f))))
wrong("04.5", "order", "ds_fake before ds_real", "order", "exchanged", "swapped")(
    with_value(lambda r, f: (sigmoid(f) / len(f), -sigmoid(-r) / len(r))))
wrong("04.5", "term", "derivatives by the probabilities: the chain rule through the sigmoid is missing", "chain", "probabilit")(
    with_value(lambda r, f: (-1 / sigmoid(r) / len(r), 1 / sigmoid(-f) / len(f))))
wrong("04.5", "sign", "sigmoid(s_real) for sigmoid(-s_real) in ds_real", "-sigma(r) stands", "sigmoid(-s", "-s_real",
      "sigmoid(s", "sigmoid(-",
      "argument")(
    with_value(lambda r, f: (-sigmoid(r) / len(r), sigmoid(f) / len(f))))
wrong("04.5", "term", "ds_fake is left at zero: the fake samples count as constants", "zero")(
    with_value(lambda r, f: (-sigmoid(-r) / len(r), np.zeros_like(f))))
wrong("04.5", "shape", "the derivatives are averaged to numbers", "shape")(
    with_value(lambda r, f: (-sigmoid(-r).mean() / len(r), sigmoid(f).mean() / len(f))))
wrong("04.5", "small", "1e-7 inside the logarithms", "eps", "added", "inside", "1e-7")(
    lambda r, f: (-np.log(sigmoid(r) + 1e-7).mean() - np.log(sigmoid(-f) + 1e-7).mean(), *discriminator_loss(r, f)[1:]))
wrong("04.5", "term", "the value is that of the real samples alone", "fake", "second")(
    lambda r, f: (softplus(-r).mean(), *discriminator_loss(r, f)[1:]))


# ---------------------------------------------------------------- 04.6 smoothed_discriminator

@solution("04.6", lambda r: [(*densities(r), .9), (*densities(r), 1.)])
def smoothed_discriminator(p, q, a):
    return a * p / (p + q)


wrong("04.6", "term", "a is forgotten", "a was not used", "1/a", "smooth", "04.1")(lambda p, q, a: p / (p + q))
wrong("04.6", "term", "a p / (a p + q): the part (1 - a) p is forgotten", "1 - a")(lambda p, q, a: a * p / (a * p + q))
wrong("04.6", "other", "fake samples are smoothed too, to 1 - a", "fake", "two-sided", "both", "1 - a")(
    lambda p, q, a: (a * p + (1 - a) * q) / (p + q))
wrong("04.6", "other", "the answer of 04.1, but at most a", "cut off", "at most", "clip", "min", "largest")(
    lambda p, q, a: np.minimum(p / (p + q), a))
wrong("04.6", "other", "a is always 0.9", "0.9")(lambda p, q, a: .9 * p / (p + q))
wrong("04.6", "order", "1 - a for a", "1 - a")(lambda p, q, a: (1 - a) * p / (p + q))
wrong("04.6", "order", "the probability of fake", "fake", "1 - d", "exchanged")(lambda p, q, a: 1 - a * p / (p + q))
wrong("04.6", "other", "the score for the probability", "score", "log", "probability")(
    lambda p, q, a: np.log(a * p) - np.log((1 - a) * p + q))
wrong("04.6", "term", "the odds: a p / ((1 - a) p + q)", "odds")(lambda p, q, a: a * p / ((1 - a) * p + q))
wrong("04.6", "factor", "a is taken twice", "that is a:", "a^2", "twice", "a ")(lambda p, q, a: a * a * p / (p + q))
