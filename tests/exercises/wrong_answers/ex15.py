"""Lesson 15: twenty-five of twenty-five."""

import math

import numpy as np

from . import corpus
from .ex03 import sigmoid, softplus
from .ex05 import net

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- 15.1 schedules

@solution("15.1", lambda r: [(.002, .1, .003, 8), (1., 2., .5, 5), (.01, 3., 1., 1)])
def schedules(lr, start, stop, steps):
    k = np.arange(steps)
    return lr * (1 + np.cos(np.pi * k / steps)) / 2, start * (stop / start) ** (k / steps)


def falls(rates=lambda lr, k, T: lr * (1 + np.cos(np.pi * k / T)) / 2, gammas=lambda a, b, k, T: a * (b / a) ** (k / T),
          steps=lambda T: np.arange(T)):
    return lambda lr, start, stop, T: (rates(lr, steps(T), T), gammas(start, stop, steps(T), T))


wrong("15.1", "edge", "k / (T - 1): the fraction 1 is reached", "t - 1", "fraction", "last step", "k / t")(
    falls(lambda lr, k, T: lr * (1 + np.cos(np.pi * k / max(T - 1, 1))) / 2, lambda a, b, k,
          T: a * (b / a) ** (k / max(T - 1, 1))))
wrong("15.1", "edge", "gamma by geomspace: it reaches stop in the last step", "geomspace", "t - 1", "last step", "stop",
      "fraction")(
    falls(gammas=lambda a, b, k, T: np.geomspace(a, b, T)))
wrong("15.1", "edge", "k from 1 to T", "k + 1", "from 0", "k = 0", "before", "shift", "from 1")(
    falls(steps=lambda T: np.arange(1, T + 1)))
wrong("15.1", "other", "a quarter of a cosine: cos(pi k / 2T)", "half a cosine", "quarter", "pi / 2", "1 +")(
    falls(lambda lr, k, T: lr * np.cos(np.pi / 2 * k / T)))
wrong("15.1", "other", "a whole cosine: 2 pi", "half a cosine", "2 pi", "whole", "pi")(
    falls(lambda lr, k, T: lr * (1 + np.cos(2 * np.pi * k / T)) / 2))
wrong("15.1", "factor", "the half is forgotten: it begins at 2 lr", "half", "2 lr", "twice", "factor")(
    falls(lambda lr, k, T: lr * (1 + np.cos(np.pi * k / T))))
wrong("15.1", "term", "lr cos(pi k / T): it becomes negative", "negative", "half")(
    falls(lambda lr, k, T: lr * np.cos(np.pi * k / T)))
wrong("15.1", "other", "the rate falls along a line", "line", "cosine")(falls(lambda lr, k, T: lr * (1 - k / T)))
wrong("15.1", "other", "gamma falls along a line", "line", "equal factor", "factor", "equal steps")(
    falls(gammas=lambda a, b, k, T: a + (b - a) * k / T))
wrong("15.1", "order", "start and stop are exchanged", "exchanged", "swapped", "start", "rises")(
    lambda lr, a, b, T: schedules(lr, b, a, T))
wrong("15.1", "shape", "T + 1 entries: the end is included", "t + 1", "shape", "steps", "end")(
    falls(steps=lambda T: np.arange(T + 1)))
wrong("15.1", "order", "gammas first", "order", "exchanged", "swapped")(lambda *a: schedules(*a)[::-1])
wrong("15.1", "sign", "1 - cos: the rate rises", "rise", "sign", "1 - cos", "1 +")(
    falls(lambda lr, k, T: lr * (1 - np.cos(np.pi * k / T)) / 2))
wrong("15.1", "other", "gamma falls along a half cosine too", "cosine", "equal factor", "factor")(
    falls(gammas=lambda a, b, k, T: b + (a - b) * (1 + np.cos(np.pi * k / T)) / 2))
wrong("15.1", "other", "gamma is divided by the same number e^(1/T)", "e^", "exp", "stop", "factor")(
    falls(gammas=lambda a, b, k, T: a * np.exp(-k / T)))
wrong("15.1", "other", "the fraction is an integer division k // T", "//", "integer", "constant", "lr")(
    falls(lambda lr, k, T: lr * (1 + np.cos(np.pi * (k // T))) / 2, lambda a, b, k, T: a * (b / a) ** (k // T)))
wrong("15.1", "other", "degrees for radians", "degree", "radian", "pi", "180")(
    falls(lambda lr, k, T: lr * (1 + np.cos(180 * k / T)) / 2))
wrong("15.1", "other", "the half cosine ends at stop, not at 0", "stop", "end")(
    lambda lr, a, b, T: (b + (schedules(lr - b, a, b, T)[0]), schedules(lr, a, b, T)[1]))


@right("15.1", "step by step: gamma is divided by the same number; lists become arrays")
def _(lr, start, stop, steps):
    rates, gammas, gamma = [], [], start
    for k in range(steps):
        rates.append(lr * math.cos(math.pi * k / steps / 2) ** 2)
        gammas.append(gamma)
        gamma /= (start / stop) ** (1 / steps)
    return np.array(rates), np.array(gammas)


# ---------------------------------------------------------------- 15.2 in_other_units

@solution("15.2", lambda r: [(r.normal(size=(5, 2)), .3, 2.5)])
def in_other_units(g, gamma, scale):
    return g / scale, gamma * scale**2


wrong("15.2", "order", "the other way round: g scale, gamma / scale^2", "other way", "inverse", "exchanged", "g / scale",
      "divid", "chain")(lambda g, c, s: (g * s, c / s**2))
wrong("15.2", "term", "gamma scale: not squared", "square", "scale^2")(lambda g, c, s: (g / s, c * s))
wrong("15.2", "order", "gamma / scale^2", "made smaller", "inverse", "scale^2", "times", "divid")(
    lambda g, c, s: (g / s, c / s**2))
wrong("15.2", "order", "g times scale", "chain", "g / scale", "inverse", "times", "divid")(lambda g, c, s: (g * s, c * s**2))
wrong("15.2", "term", "g stays as it is", "unchanged", "chain", "as it is")(lambda g, c, s: (g.copy(), c * s**2))
wrong("15.2", "term", "gamma stays as it is", "gamma", "unchanged", "as it is")(lambda g, c, s: (g / s, c))
wrong("15.2", "other", "scale^2 in g", "scale^2", "square", "chain")(lambda g, c, s: (g / s**2, c * s**2))
wrong("15.2", "other", "scale^d, with d = 2 coordinates", "coordinate", "scale^d", "d ")(
    lambda g, c, s: (g / s, c * s ** (2 * g.shape[1])))
wrong("15.2", "order", "gamma first", "order", "exchanged", "swapped", "shape")(lambda g, c, s: (c * s**2, g / s))
wrong("15.2", "other", "the value of the penalty for gamma", "penalty", "gamma")(
    lambda g, c, s: (g / s, c / 2 * (g**2).sum(axis=1).mean()))
wrong("15.2", "factor", "gamma/2 scale^2", "half", "factor", "gamma/2")(lambda g, c, s: (g / s, c / 2 * s**2))
wrong("15.2", "other", "the root: gamma sqrt(scale)", "root", "scale^2", "square")(lambda g, c, s: (g / s, c * np.sqrt(s)))
wrong("15.2", "other", "|g_n| is brought to length 1", "length", "norm", "scale")(
    lambda g, c, s: (g / np.sqrt((g**2).sum(axis=1, keepdims=True)), c * s**2))


@wrong("15.2", "manners", "g is divided in place", "changes its argument")
def _(g, gamma, scale):
    g /= scale
    return g, gamma * scale**2


# ---------------------------------------------------------------- 15.3 relativistic_g_gradient

@solution("15.3", lambda r: [(net(r, 3, 4, 2), net(r, 2, 5, 1), r.normal(size=(6, 3)), r.normal(size=(6, 2)))])
def relativistic_g_gradient(G, D, z, x_real):
    return paired()(G, D, z, x_real)


def paired(value=lambda r, f: softplus(r - f).mean(), df=lambda r, f: -sigmoid(r - f) / len(f), clear=True, grads=False):
    """An answer to 15.3 with other parts."""
    def answer(G, D, z, x_real):
        x_fake, tape_G = G.forward(z)
        f, tape = D.forward(x_fake)
        r = D(x_real)
        dx = D.backward(df(r, f), tape, grads=grads)
        if clear:
            G.zero_grad()
        G.backward(dx, tape_G)
        return value(r, f)
    return answer


wrong("15.3", "sign", "softplus(f - r): D's loss", "f - r", "d's", "sign", "exchanged")(
    paired(lambda r, f: softplus(f - r).mean(), lambda r, f: sigmoid(f - r) / len(f)))
wrong("15.3", "sign", "df has the wrong sign", "sign")(paired(df=lambda r, f: sigmoid(r - f) / len(f)))
wrong("15.3", "sign", "sigmoid(f - r) for sigmoid(r - f)", "f - r", "argument", "sigmoid")(
    paired(df=lambda r, f: -sigmoid(f - r) / len(f)))
wrong("15.3", "other", "the relativistic average", "mean real score", "average", "mean of", "pair")(
    paired(lambda r, f: softplus(r.mean() - f).mean(), lambda r, f: -sigmoid(r.mean() - f) / len(f)))
wrong("15.3", "other", "every fake with every real point", "every", "pair", "all", "broadcast", "(n, n)")(
    paired(lambda r, f: softplus(r - f.T).mean(), lambda r, f: -sigmoid(r - f.T).mean(axis=0)[:, None] / len(f)))
wrong("15.3", "manners", "D.grad gets something: grads=False is forgotten", "d.grad", "grads=false")(paired(grads=True))
wrong("15.3", "manners", "G.zero_grad is forgotten", "zero_grad", "cleared", "earlier", "older")(paired(clear=False))
wrong("15.3", "factor", "1/N is forgotten in df", "1/n", "mean")(paired(df=lambda r, f: -sigmoid(r - f)))
wrong("15.3", "other", "the non-saturating loss: no pairs", "non-saturating", "real", "pair", "r ")(
    paired(lambda r, f: softplus(-f).mean(), lambda r, f: -sigmoid(-f) / len(f)))
wrong("15.3", "order", "sorted scores are paired", "sort", "pair")(
    paired(lambda r, f: softplus(np.sort(r, axis=0) - np.sort(f, axis=0)).mean()))
wrong("15.3", "order", "the real points in reverse", "pair", "revers", "order", "n-th")(
    lambda G, D, z, x_real: relativistic_g_gradient(G, D, z, x_real[::-1].copy()))
wrong("15.3", "factor", "a sum over the batch", "sum", "mean", "1/n")(
    paired(lambda r, f: softplus(r - f).sum(), lambda r, f: -sigmoid(r - f)))
wrong("15.3", "term", "the slope p (1 - p) for p", "p (1", "slope", "twice", "1 - p")(
    paired(df=lambda r, f: -sigmoid(r - f) * sigmoid(f - r) / len(f)))
wrong("15.3", "shape", "one value for each pair", "shape")(paired(value=lambda r, f: softplus(r - f)))


@wrong("15.3", "term", "the gradient by the real points goes into G too", "real", "both", "x_real")
def _(G, D, z, x_real):
    x_fake, tape_G = G.forward(z)
    f, tape = D.forward(x_fake)
    r, tape_real = D.forward(x_real)
    ds = sigmoid(r - f) / len(f)
    G.zero_grad()
    G.backward(D.backward(-ds, tape, grads=False) + D.backward(ds, tape_real, grads=False), tape_G)
    return softplus(r - f).mean()


@wrong("15.3", "other", "backward through the tape of the real points", "tape", "real")
def _(G, D, z, x_real):
    x_fake, tape_G = G.forward(z)
    f, tape = D.forward(x_fake)
    r, tape = D.forward(x_real)
    G.zero_grad()
    G.backward(D.backward(-sigmoid(r - f) / len(f), tape, grads=False), tape_G)
    return softplus(r - f).mean()


@wrong("15.3", "manners", "D.grad is set to zero", "d.grad", "zero")
def _(G, D, z, x_real):
    D.zero_grad()
    return relativistic_g_gradient(G, D, z, x_real)


# ---------------------------------------------------------------- 15.4 recipe_d_gradient

@solution("15.4", lambda r: [(net(r, 2, 5, 4, 1), r.normal(size=(6, 2)), r.normal(size=(6, 2)) + .5, .7)])
def recipe_d_gradient(D, x_real, x_fake, gamma):
    return recipe()(D, x_real, x_fake, gamma)


def recipe(dr=lambda r, f: -sigmoid(f - r) / len(r), df=lambda r, f: sigmoid(f - r) / len(f), v=lambda g,
           gamma: gamma * g / len(g),
           value=lambda loss, *penalties: loss + sum(penalties), clear=True, ones=np.ones_like, start=lambda ds: np.ones_like(ds),
           dot=lambda ds: ds, grads=False, penalise=("real", "fake"), half=2, loss=lambda r, f: softplus(f - r).mean()):
    """An answer to 15.4 with other parts."""
    def answer(D, x_real, x_fake, gamma):
        r, tape_real = D.forward(x_real)
        f, tape_fake = D.forward(x_fake)
        if clear:
            D.zero_grad()
        penalties = []
        for name, ds, tape in (("real", dr(r, f), tape_real), ("fake", df(r, f), tape_fake)):
            if name not in penalise:
                D.backward(ds, tape)
                continue
            g = D.backward(ones(ds), tape, grads=grads)
            _, tape_dot = D.tangent(v(g, gamma), tape)
            D.tangent_backward(start(ds), dot(ds), tape, tape_dot)
            penalties.append(gamma / half * (g**2).sum() / len(g))
        return value(loss(r, f), *penalties)
    return answer


wrong("15.4", "sign", "dr has the wrong sign", "treated alike", "sign", "real")(recipe(dr=lambda r, f: sigmoid(f - r) / len(r)))
wrong("15.4", "sign", "r - f: G's loss", "r - f", "g's", "sign", "exchanged")(
    recipe(lambda r, f: sigmoid(r - f) / len(r), lambda r, f: -sigmoid(r - f) / len(f), loss=lambda r, f: softplus(r - f).mean()))
wrong("15.4", "term", "no penalty at the fake points", "fake", "r2")(recipe(penalise=("real",)))
wrong("15.4", "term", "no penalty at the real points", "real", "r1")(recipe(penalise=("fake",)))
wrong("15.4", "term", "the penalties' gradient is there, their value is not", "penalt")(
    recipe(value=lambda loss, *penalties: loss))
wrong("15.4", "term", "the loss's gradient is missing: dy_dot = 0", "dy_dot", "loss", "0")(recipe(dot=np.zeros_like))
wrong("15.4", "term", "the penalties' gradient is missing", "penalt")(recipe(v=lambda g, gamma: 0 * g))
wrong("15.4", "factor", "gamma for gamma/2 in the value", "gamma/2", "half", "factor")(recipe(half=1))
wrong("15.4", "factor", "v = gamma/2 g / N", "without the 1/2", "gamma/2", "half", "factor")(
    recipe(v=lambda g, gamma: gamma / 2 * g / len(g)))
wrong("15.4", "factor", "v without 1/N", "1/n", "mean", "v ")(recipe(v=lambda g, gamma: gamma * g))
wrong("15.4", "manners", "zero_grad is forgotten", "zero_grad", "cleared", "earlier", "older")(recipe(clear=False))
wrong("15.4", "manners", "the passes for g leave their gradients in D.grad", "grads=false", "grads", "leave")(recipe(grads=True))
wrong("15.4", "other", "g from the loss's derivatives, not from ones", "ones", "g_n", "ds", "score")(recipe(ones=lambda ds: ds))
wrong("15.4", "other", "tangent_backward begins with dy = ds", "ones", "dy =", "ds")(recipe(start=lambda ds: ds))
wrong("15.4", "factor", "1/N is forgotten in the loss's derivatives", "1/n", "mean")(
    recipe(lambda r, f: -sigmoid(f - r), lambda r, f: sigmoid(f - r)))
wrong("15.4", "other", "the plain loss, without pairs", "pair", "non-saturating", "relativistic", "softplus(-r)")(
    recipe(lambda r, f: -sigmoid(-r) / len(r), lambda r, f: sigmoid(f) / len(f), loss=lambda r,
           f: softplus(-r).mean() + softplus(f).mean()))
wrong("15.4", "sign", "the penalties' gradient has the wrong sign", "sign", "penalt")(
    recipe(v=lambda g, gamma: -gamma * g / len(g)))
wrong("15.4", "factor", "half of the loss's derivatives: the pair shares them", "half", "factor")(
    recipe(lambda r, f: -sigmoid(f - r) / len(r) / 2, lambda r, f: sigmoid(f - r) / len(f) / 2))
wrong("15.4", "shape", "one value for each pair", "shape")(recipe(loss=lambda r, f: softplus(f - r)))


@wrong("15.4", "factor", "the loss goes back twice: in tangent_backward and by itself", "twice", "loss")
def _(D, x_real, x_fake, gamma):
    value = recipe_d_gradient(D, x_real, x_fake, gamma)
    r, tape_real = D.forward(x_real)
    f, tape_fake = D.forward(x_fake)
    D.backward(-sigmoid(f - r) / len(r), tape_real)
    D.backward(sigmoid(f - r) / len(f), tape_fake)
    return value


@right("15.4", "the loss by itself first, then a penalty at all 2 N points at once")
def _(D, x_real, x_fake, gamma):
    n, x = len(x_real), np.concatenate([x_real, x_fake])
    s, tape = D.forward(x)
    pull = sigmoid(s[n:] - s[:n]) / n
    D.zero_grad()
    D.backward(np.concatenate([-pull, pull]), tape)
    g = D.backward(np.ones_like(s), tape, grads=False)
    D.tangent_backward(np.ones_like(s), np.zeros_like(s), tape, D.tangent(gamma / n * g, tape)[1])
    return np.mean(softplus(s[n:] - s[:n])) + gamma / (2 * n) * np.sum(g**2)


# ---------------------------------------------------------------- 15.5 memory

@solution("15.5", lambda r: [(.9, 7), (.999, 500), (.5, 1)])
def memory(keep, steps):
    return keep**steps, math.log(.5) / math.log(keep), keep / (1 - keep)


wrong("15.5", "order", "left: what is new, 1 - keep^steps", "new", "left")(lambda k, n: (1 - k**n, *memory(k, n)[1:]))
wrong("15.5", "other", "left = keep steps", "power", "keep^", "left", "product")(lambda k, n: (k * n, *memory(k, n)[1:]))
wrong("15.5", "order", "left = (1 - keep)^steps", "1 - keep", "left")(lambda k, n: ((1 - k) ** n, *memory(k, n)[1:]))
wrong("15.5", "factor", "left = (1 - keep) keep^steps: the weight of one row", "1 - keep", "row", "left")(
    lambda k, n: ((1 - k) * k**n, *memory(k, n)[1:]))
wrong("15.5", "edge", "left = keep^(steps - 1)", "steps - 1", "one step", "left")(lambda k, n: (k ** (n - 1), *memory(k, n)[1:]))
wrong("15.5", "edge", "half is rounded up", "round", "whole", "int", "ceil")(
    lambda k, n: (k**n, math.ceil(math.log(.5) / math.log(k) - 1e-9), k / (1 - k)))
wrong("15.5", "sign", "half is negative", "sign", "negative")(lambda k, n: (k**n, math.log(2) / math.log(k), k / (1 - k)))
wrong("15.5", "other", "half = 1 / (2 (1 - keep))", "half", "log", "1 - keep")(lambda k, n: (k**n, .5 / (1 - k), k / (1 - k)))
wrong("15.5", "other", "half in logarithms of two bases", "log", "base", "half")(
    lambda k, n: (k**n, math.log10(.5) / math.log(k), k / (1 - k)))
wrong("15.5", "other", "half = ln 2 / (1 - keep): right for keep near 1 only", "near", "approx", "log", "half", "1 - keep")(
    lambda k, n: (k**n, math.log(2) / (1 - k), k / (1 - k)))
wrong("15.5", "edge", "age = 1 / (1 - keep): the newest counts as 1", "newest", "age 0", "1 / (1", "age", "one more")(
    lambda k, n: (*memory(k, n)[:2], 1 / (1 - k)))
wrong("15.5", "other", "age is keep", "age")(lambda k, n: (*memory(k, n)[:2], k))
wrong("15.5", "term", "age without the weights: keep / (1 - keep)^2", "weight", "1 - keep", "age")(
    lambda k, n: (*memory(k, n)[:2], k / (1 - k) ** 2))
wrong("15.5", "other", "age is the half-life", "half", "age", "mean")(lambda k, n: (*memory(k, n)[:2], memory(k, n)[1]))
wrong("15.5", "edge", "age of a run of only `steps` steps", "long", "steps", "age")(
    lambda k, n: (*memory(k, n)[:2], sum((1 - k) * k**i * i for i in range(n))))
wrong("15.5", "order", "half first", "order", "exchanged", "swapped")(
    lambda k, n: (memory(k, n)[1], memory(k, n)[0], memory(k, n)[2]))
wrong("15.5", "order", "log(keep) / log(1/2): the inverse", "inverse", "upside", "half", "log")(
    lambda k, n: (k**n, math.log(k) / math.log(.5), k / (1 - k)))
right("15.5", "named numbers by keyword, logarithms to base 2, a sum of a geometric series")(
    lambda keep, steps: [np.power(keep, steps), -1 / np.log2(keep), np.reciprocal(1 / keep - 1)])
