"""Lesson 06: saturating or not."""

import numpy as np

from . import corpus
from .ex03 import sigmoid, softplus
from .ex05 import net

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


def scores(rng):
    return rng.normal(size=(6, 1)) * 2


# ---------------------------------------------------------------- 06.1 minimax_g

@solution("06.1", lambda r: [(scores(r),), (np.array([[-40.], [40], [800]]),)])
def minimax_g(f):
    return -softplus(f).mean(), -sigmoid(f) / len(f)


wrong("06.1", "sign", "the value has the wrong sign", "sign")(lambda f: (softplus(f).mean(), -sigmoid(f) / len(f)))
wrong("06.1", "sign", "df has the wrong sign", "sign")(lambda f: (-softplus(f).mean(), sigmoid(f) / len(f)))
wrong("06.1", "factor", "1/N is forgotten in df", "1/n", "mean", "divided by")(lambda f: (-softplus(f).mean(), -sigmoid(f)))
wrong("06.1", "factor", "a sum over the batch, in both", "sum", "mean", "1/n")(lambda f: (-softplus(f).sum(), -sigmoid(f)))
wrong("06.1", "other", "the non-saturating loss", "non-saturating", "06.2")(
    lambda f: (softplus(-f).mean(), -sigmoid(-f) / len(f)))
wrong("06.1", "edge", "the textbook formula: log 0 for large scores", "log(0", "log 0", "inf", "zero")(  # wrong only beyond 37
    lambda f: (np.log(1 - sigmoid(f)).mean(), -sigmoid(f) / len(f)))
wrong("06.1", "term", "the derivative by the probability: -1 / (1 - p)", "chain", "probability", "by p")(
    lambda f: (-softplus(f).mean(), -1 / np.maximum(sigmoid(-f), 1e-12) / len(f)))
wrong("06.1", "sign", "sigmoid(-f) for sigmoid(f) in df", "sigmoid(-f", "sigmoid(f", "argument", "non-saturating", "06.2")(
    lambda f: (-softplus(f).mean(), -sigmoid(-f) / len(f)))
wrong("06.1", "shape", "the value has one entry for each sample", "shape")(lambda f: (-softplus(f), -sigmoid(f) / len(f)))
wrong("06.1", "term", "log(1 - p), where f is taken for p", "sigmoid", "probability", "nan", "score")(
    lambda f: (np.log(np.abs(1 - f)).mean(), -1 / (1 - f) / len(f)))
wrong("06.1", "order", "df first", "order", "exchanged", "swapped")(lambda f: minimax_g(f)[::-1])


# ---------------------------------------------------------------- 06.2 non_saturating_g

@solution("06.2", lambda r: [(scores(r),), (np.array([[-800.], [-40], [40]]),)])
def non_saturating_g(f):
    return softplus(-f).mean(), -sigmoid(-f) / len(f)


wrong("06.2", "other", "the minimax loss", "minimax", "06.1")(minimax_g)
wrong("06.2", "sign", "-sigmoid(f) / N in df", "sigmoid(f", "sigmoid(-f", "argument", "minimax", "06.1")(
    lambda f: (softplus(-f).mean(), -sigmoid(f) / len(f)))
wrong("06.2", "sign", "df has the wrong sign", "sign")(lambda f: (softplus(-f).mean(), sigmoid(-f) / len(f)))
wrong("06.2", "sign", "value and df have the wrong sign", "sign")(lambda f: (-softplus(-f).mean(), sigmoid(-f) / len(f)))
wrong("06.2", "factor", "1/N is forgotten in df", "1/n", "mean", "divided by")(lambda f: (softplus(-f).mean(), -sigmoid(-f)))
wrong("06.2", "factor", "logarithm to the base 2", "base", "log2", "bits", "natural")(
    lambda f: (softplus(-f).mean() / np.log(2), -sigmoid(-f) / len(f)))
wrong("06.2", "term", "the derivative by the probability: -1 / p", "chain", "probability", "by p")(
    lambda f: (softplus(-f).mean(), -1 / np.maximum(sigmoid(f), 1e-12) / len(f)))
wrong("06.2", "small", "1e-6 inside the logarithm", "eps", "inside", "added", "1e-6")(
    lambda f: (-np.log(sigmoid(f) + 1e-6).mean(), -sigmoid(-f) / len(f)))
wrong("06.2", "term", "the slope p (1 - p) once too often", "derivative of -sigmoid", "p (1 - p)", "slope", "twice")(
    lambda f: (softplus(-f).mean(), -sigmoid(-f) * sigmoid(f) / len(f)))
wrong("06.2", "order", "the mean is taken before the loss", "mean of f", "before", "jensen", "of the mean", "mean score")(
    lambda f: (softplus(-f.mean()), np.full_like(f, -sigmoid(-f.mean()) / len(f))))


# ---------------------------------------------------------------- 06.3 gradient_ratio

@solution("06.3", lambda r: [(scores(r),), (np.array([[-40.], [-20], [0], [9.3], [9.5], [9.7], [9.9], [10]]),)], entrywise=True)
def gradient_ratio(f):
    return np.exp(-f)


wrong("06.3", "order", "the inverse: exp(f)", "inverse", "exp(f", "upside", "other way", "exchanged", "sign")(lambda f: np.exp(f))
wrong("06.3", "small", "(1 - p) / p loses digits where p is near 1", "cancel", "digits", "1 - p", "1 -")(
    lambda f: (1 - sigmoid(f)) / sigmoid(f))
wrong("06.3", "other", "the quotient of the losses, not of their derivatives", "losses", "derivative")(
    lambda f: softplus(-f) / softplus(f))
wrong("06.3", "sign", "-exp(-f)", "sign")(lambda f: -np.exp(-f))
wrong("06.3", "shape", "the mean over the batch", "mean", "shape")(lambda f: np.exp(-f).mean())
wrong("06.3", "term", "1 / p", "1 / sigmoid", "1 / p", "1 + exp", "1/p", "added", "1 more")(lambda f: 1 + np.exp(-f))
wrong("06.3", "small", "1e-8 is added to the denominator", "eps", "added", "1e-8")(lambda f: sigmoid(-f) / (sigmoid(f) + 1e-8))
wrong("06.3", "edge", "the ratio is clipped to 1e6", "clip", "largest")(lambda f: np.minimum(np.exp(-f), 1e6))  # only below -13.8
wrong("06.3", "factor", "1/N is taken", "1/n", "mean")(lambda f: np.exp(-f) / len(f))
wrong("06.3", "term", "sigmoid(-f): the numerator alone", "without the division", "sigmoid", "divided")(lambda f: sigmoid(-f))
wrong("06.3", "factor", "exp(-f / 2)", "half", "square", "root", "f / 2", "f/2")(lambda f: np.exp(-f / 2))
wrong("06.3", "other", "-f: the logarithm of the ratio", "log", "exp")(lambda f: -f)


# ---------------------------------------------------------------- 06.4 hinge_d

@solution("06.4", lambda r: [(scores(r), scores(r)), (r.uniform(-2, 2, size=(20, 1)), r.uniform(-2, 2, size=(20, 1)))])
def hinge_d(r, f):
    return (np.maximum(1 - r, 0).mean() + np.maximum(1 + f, 0).mean(), -1. * (r < 1) / len(r), (f > -1) / len(f))


def hinge_variant(dr=lambda r: -1. * (r < 1) / len(r), df=lambda f: (f > -1) / len(f), value=lambda r, f: hinge_d(r, f)[0]):
    return lambda r, f: (value(r, f), dr(r), df(f))


wrong("06.4", "order", "the margins are exchanged: 1 + r and 1 - f", "exchanged", "swapped", "sign", "labels")(
    lambda r, f: (hinge_d(f, r)[0], (r > -1) / len(r), -1. * (f < 1) / len(f)))
wrong("06.4", "term", "every sample pushes: the derivatives have no mask", "mask", "where", "beyond", "nothing", "margin",
      "costs")(
    hinge_variant(lambda r: np.full_like(r, -1 / len(r)), lambda f: np.full_like(f, 1 / len(f))))
wrong("06.4", "edge", "the derivatives stop at 0, not at the margin", "margin", "at 0", "from 1", "mask")(
    hinge_variant(lambda r: -1. * (r < 0) / len(r), lambda f: (f > 0) / len(f)))
wrong("06.4", "factor", "1/N is forgotten in the derivatives", "1/n", "mean", "divided by")(
    hinge_variant(lambda r: -1. * (r < 1).astype(float), lambda f: (f > -1).astype(float)))
wrong("06.4", "factor", "everything is halved", "half", "twice", "factor", "2")(
    lambda r, f: tuple(each / 2 for each in hinge_d(r, f)))
wrong("06.4", "other", "the squared hinge", "square")(
    lambda r, f: ((np.maximum(1 - r, 0)**2).mean() + (np.maximum(1 + f, 0)**2).mean(), -2 * np.maximum(1 - r, 0) / len(r),
                  2 * np.maximum(1 + f, 0) / len(f)))
wrong("06.4", "sign", "dr has the wrong sign", "sign")(hinge_variant(lambda r: (r < 1) / len(r)))
wrong("06.4", "edge", "df stops at 1, as dr does", "-1", "margin", "mask")(hinge_variant(df=lambda f: (f > 1) / len(f)))
wrong("06.4", "edge", "df pushes where f < 1", "-1", "margin", "mask", "f >", "f <")(hinge_variant(df=lambda f: (f < 1) / len(f)))
wrong("06.4", "order", "the maximum of the mean, not the mean of the maxima", "mean", "before", "each")(
    lambda r, f: (max(1 - r.mean(), 0) + max(1 + f.mean(), 0), -np.full_like(r, r.mean() < 1) / len(r),
                  np.full_like(f, f.mean() > -1) / len(f)))
wrong("06.4", "sign", "min for max in the value", "min", "max")(
    hinge_variant(value=lambda r, f: np.minimum(1 - r, 0).mean() + np.minimum(1 + f, 0).mean()))
wrong("06.4", "order", "df before dr", "order", "exchanged", "swapped")(lambda r, f: (hinge_d(r, f)[0], *hinge_d(r, f)[:0:-1]))
wrong("06.4", "other", "the derivatives are the costs themselves", "hinge itself", "derivative", "cost", "mask")(
    hinge_variant(lambda r: -np.maximum(1 - r, 0) / len(r), lambda f: np.maximum(1 + f, 0) / len(f)))
wrong("06.4", "term", "the margin is 0: max(-r, 0) and max(f, 0)", "margin", "1 ")(
    hinge_variant(lambda r: -1. * (r < 0) / len(r), lambda f: (f > 0) / len(f),
                  lambda r, f: np.maximum(-r, 0).mean() + np.maximum(f, 0).mean()))


# ---------------------------------------------------------------- 06.5 hinge_g

@solution("06.5", lambda r: [(scores(r),)])
def hinge_g(f):
    return -f.mean(), np.full_like(f, -1 / len(f))


wrong("06.5", "sign", "df = +1/N", "sign")(lambda f: (-f.mean(), np.full_like(f, 1 / len(f))))
wrong("06.5", "factor", "df = -1: 1/N is forgotten", "1/n", "mean", "divided by")(lambda f: (-f.mean(), -np.ones_like(f)))
wrong("06.5", "sign", "the value without its minus", "sign")(lambda f: (f.mean(), np.full_like(f, -1 / len(f))))
wrong("06.5", "shape", "df is one number", "shape")(lambda f: (-f.mean(), -1 / len(f)))
wrong("06.5", "shape", "df has the shape (N,)", "shape")(lambda f: (-f.mean(), np.full(len(f), -1 / len(f))))
wrong("06.5", "factor", "a sum over the batch", "sum", "mean", "1/n")(lambda f: (-f.sum(), -np.ones_like(f)))
wrong("06.5", "other", "a hinge for G too: max(1 - f, 0)", "hinge", "max", "saturat", "mask")(
    lambda f: (np.maximum(1 - f, 0).mean(), -1. * (f < 1) / len(f)))
wrong("06.5", "other", "df = -f / N", "derivative", "value")(lambda f: (-f.mean(), -f / len(f)))
wrong("06.5", "other", "df is an array of integers: -1 / N becomes 0", "integer", "int")(
    lambda f: (-f.mean(), np.full_like(f, -1 / len(f), dtype=int)))


@right("06.5", "a list, the value a 0-d array, the derivative a view that repeats one number")
def _(f):
    return [np.array(np.average(-f)), np.broadcast_to(np.float64(-1) / f.size, f.shape)]


# ---------------------------------------------------------------- 06.6 gradient_lengths

def confident(rng):
    G, D = net(rng, 3, 4, 2), net(rng, 2, 5, 1)
    D.theta[-1] -= 6  # the last bias
    return G, D, rng.normal(size=(6, 3))


@solution("06.6", lambda r: [confident(r)], watch=("theta",))
def gradient_lengths(G, D, z):
    return lengths_with()(G, D, z)


def lengths_with(losses=(minimax_g, non_saturating_g), length=lambda grad: np.sqrt((grad**2).sum()), clear=lambda k,
                 G: G.zero_grad(),
                 of=lambda G, D, dx: G.grad, batch=None):
    """An answer to 06.6 with other parts."""
    def answer(G, D, z):
        found = []
        for k, loss in enumerate(losses):
            x, tape_G = G.forward(z[:batch])
            f, tape_D = D.forward(x)
            dx = D.backward(loss(f)[1], tape_D, grads=of.__name__ == "grad_of_D")
            clear(k, G)
            G.backward(dx, tape_G)
            found.append(length(of(G, D, dx)))
        return tuple(found)
    return answer


def grad_of_D(G, D, dx):
    return D.grad


wrong("06.6", "manners", "zero_grad is forgotten altogether", "zero_grad", "cleared", "older", "earlier", "in g.grad")(
    lengths_with(clear=lambda k, G: None))
wrong("06.6", "manners", "zero_grad once: the second gradient contains the first", "zero_grad", "cleared", "first", "between",
      "earlier", "sum of")(
    lengths_with(clear=lambda k, G: G.zero_grad() if k == 0 else None))
wrong("06.6", "order", "non-saturating first", "order", "exchanged", "swapped")(lengths_with((non_saturating_g, minimax_g)))
wrong("06.6", "term", "the sum of squares, without the root", "root", "square")(lengths_with(length=lambda grad: (grad**2).sum()))
wrong("06.6", "factor", "the root of the mean of squares", "mean", "sum")(
    lengths_with(length=lambda grad: np.sqrt((grad**2).mean())))
wrong("06.6", "other", "the sum of absolute values", "abs", "square", "length")(
    lengths_with(length=lambda grad: np.abs(grad).sum()))
wrong("06.6", "other", "the largest entry", "largest", "max")(lengths_with(length=lambda grad: np.abs(grad).max()))
wrong("06.6", "other", "the length of the gradient by the points, not by the parameters", "points", "dx", "parameters")(
    lengths_with(of=lambda G, D, dx: dx))
wrong("06.6", "other", "the gradient of D's parameters", "d.grad", "d's", "d.theta")(lengths_with(of=grad_of_D))
wrong("06.6", "factor", "1/N is forgotten in both losses", "1/n", "mean", "factor", "batch")(
    lengths_with((lambda f: (0, -sigmoid(f)), lambda f: (0, -sigmoid(-f)))))
wrong("06.6", "term", "the last bias alone", "all", "parameters", "last")(lengths_with(length=lambda grad: abs(grad[-1])))
wrong("06.6", "other", "the gradient of the first sample alone", "batch", "sample", "first")(lengths_with(batch=1))
wrong("06.6", "other", "the same loss twice", "same", "minimax", "non-saturating")(lengths_with((minimax_g, minimax_g)))


@wrong("06.6", "manners", "G.theta takes a step between the two", "theta", "moved", "step")
def _(G, D, z):
    first, second = gradient_lengths(G, D, z)
    G.theta -= .1 * G.grad
    return first, second
