"""Lesson 12: the gradient of a gradient."""

import numpy as np

from . import corpus
from .ex03 import sigmoid
from .ex05 import net

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- 12.1 dense_tangent

def moving(rng):
    shapes = ((5, 3), (3, 2), (1, 2)) * 2
    return tuple(rng.normal(size=shape) for shape in shapes)


@solution("12.1", lambda r: [moving(r)])
def dense_tangent(x_dot, W_dot, b_dot, x, W, b):
    return x_dot @ W + x @ W_dot + b_dot


wrong("12.1", "term", "b_dot is forgotten", "b moves too", "b_dot")(lambda xd, Wd, bd, x, W, b: xd @ W + x @ Wd)
wrong("12.1", "term", "W stands still", "w_dot", "x w")(lambda xd, Wd, bd, x, W, b: xd @ W + bd)
wrong("12.1", "term", "x stands still", "x moves as well", "x_dot")(lambda xd, Wd, bd, x, W, b: x @ Wd + bd)
wrong("12.1", "other", "x_dot W_dot: the product of the velocities", "x_dot w_dot", "product", "both")(
    lambda xd, Wd, bd, x, W, b: xd @ Wd + bd)
wrong("12.1", "other", "b for b_dot", "b_dot", "b for", "b ")(lambda xd, Wd, bd, x, W, b: xd @ W + x @ Wd + b)
wrong("12.1", "sign", "x W_dot is subtracted", "sign")(lambda xd, Wd, bd, x, W, b: xd @ W - x @ Wd + bd)
wrong("12.1", "other", "the value y, not its velocity", "y itself", "velocity", "forward")(
    lambda xd, Wd, bd, x, W, b: x @ W + b)
wrong("12.1", "other", "the layer applied to x_dot: x_dot W + b", "b_dot", "layer", "forward", "b ")(
    lambda xd, Wd, bd, x, W, b: xd @ W + b)
wrong("12.1", "term", "x_dot W_dot is added to the product rule", "x_dot w_dot", "second order", "product")(
    lambda xd, Wd, bd, x, W, b: xd @ W + x @ Wd + xd @ Wd + bd)
wrong("12.1", "shape", "W is transposed", "mismatch", "transpose", "shape", "cannot")(
    lambda xd, Wd, bd, x, W, b: xd @ W.T + x @ Wd.T + bd)
wrong("12.1", "term", "the value is added: y + y_dot", "x w + b")(
    lambda xd, Wd, bd, x, W, b: (x + xd) @ W + x @ Wd + b + bd)
right("12.1", "a central difference of something that is a quadratic in time: exact but for rounding")(
    lambda x_dot, W_dot, b_dot, x, W, b: ((x + x_dot) @ (W + W_dot) + b + b_dot - (x - x_dot) @ (W - W_dot) - b + b_dot) / 2)


# ---------------------------------------------------------------- 12.2 tanh_tangent

@solution("12.2", lambda r: [(r.normal(size=(5, 3)), r.normal(size=(5, 3)))])
def tanh_tangent(x_dot, x):
    y = np.tanh(x)
    return (1 - y**2) * x_dot, -2 * y * (1 - y**2) * x_dot


def slope_of(of):
    """An answer to 12.2 with another slope_dot; of(y, x_dot, x)."""
    return lambda x_dot, x: (tanh_tangent(x_dot, x)[0], of(np.tanh(x), x_dot, x))


wrong("12.2", "term", "x_dot is forgotten in slope_dot", "x_dot", "chain")(slope_of(lambda y, xd, x: -2 * y * (1 - y**2)))
wrong("12.2", "term", "-2 y x_dot: the slope of y itself is forgotten", "chain", "slope")(
    slope_of(lambda y, xd, x: -2 * y * xd))
wrong("12.2", "sign", "slope_dot has the wrong sign", "sign")(slope_of(lambda y, xd, x: 2 * y * (1 - y**2) * xd))
wrong("12.2", "factor", "the 2 of the square is forgotten", "factor", "half", "twice")(
    slope_of(lambda y, xd, x: -y * (1 - y**2) * xd))
wrong("12.2", "order", "slope_dot first", "order", "exchanged", "swapped")(lambda xd, x: tanh_tangent(xd, x)[::-1])
wrong("12.2", "other", "x for y in slope_dot", "x for", "tanh", "y")(slope_of(lambda y, xd, x: -2 * x * (1 - y**2) * xd))
wrong("12.2", "other", "the slope, not its velocity", "slope", "velocity")(slope_of(lambda y, xd, x: 1 - y**2))
wrong("12.2", "term", "x_dot is forgotten in y_dot", "x_dot", "chain")(
    lambda xd, x: (1 - np.tanh(x) ** 2, tanh_tangent(xd, x)[1]))
wrong("12.2", "other", "tanh(x_dot) for y_dot", "tanh(x_dot", "velocity", "x_dot")(
    lambda xd, x: (np.tanh(xd), tanh_tangent(xd, x)[1]))
wrong("12.2", "other", "x_dot^2 in slope_dot: the second derivative of y by time", "x_dot^2", "square", "twice", "x_dot")(
    slope_of(lambda y, xd, x: -2 * y * (1 - y**2) * xd**2))
wrong("12.2", "other", "(1 - y^2)^2 x_dot: the slope counts twice, y not at all", "slope", "square", "twice")(
    slope_of(lambda y, xd, x: -2 * (1 - y**2) ** 2 * xd))
wrong("12.2", "term", "1 - 2 y y_dot: the constant is not differentiated", "constant", "1 ")(
    slope_of(lambda y, xd, x: 1 - 2 * y * (1 - y**2) * xd))


# ---------------------------------------------------------------- 12.3 dense_tangent_backward

@solution("12.3", lambda r: [(*r.normal(size=(2, 5, 2)), *r.normal(size=(2, 5, 3)), r.normal(size=(3, 2)))])
def dense_tangent_backward(dy, dy_dot, x, x_dot, W):
    return backward_with()(dy, dy_dot, x, x_dot, W)


def backward_with(dx=lambda dy, yd, x, xd, W: dy @ W.T, dx_dot=lambda dy, yd, x, xd, W: yd @ W.T,
                  dW_dot=lambda dy, yd, x, xd, W: xd.T @ dy + x.T @ yd, db_dot=lambda dy, yd, x, xd,
                  W: yd.sum(axis=0, keepdims=True)):
    return lambda *a: tuple(of(*a) for of in (dx, dx_dot, dW_dot, db_dot))


wrong("12.3", "term", "x stands still in dW_dot", "only dy was moved", "x_dot", "stands still")(
    backward_with(dW_dot=lambda dy, yd, x, xd, W: x.T @ yd))
wrong("12.3", "term", "dy stands still in dW_dot", "only x was moved", "dy_dot", "stands still")(
    backward_with(dW_dot=lambda dy, yd, x, xd, W: xd.T @ dy))
wrong("12.3", "other", "dW_dot = x_dot' dy_dot", "product", "both", "x_dot' dy_dot", "x_dot'dy_dot")(
    backward_with(dW_dot=lambda dy, yd, x, xd, W: xd.T @ yd))
wrong("12.3", "other", "db_dot is the sum of dy", "db_dot", "dy ", "dy_dot")(
    backward_with(db_dot=lambda dy, yd, x, xd, W: dy.sum(axis=0, keepdims=True)))
wrong("12.3", "factor", "means over the batch", "mean", "1/n", "divided")(
    backward_with(dW_dot=lambda dy, yd, x, xd, W: (xd.T @ dy + x.T @ yd) / len(x), db_dot=lambda dy, yd, x, xd,
                  W: yd.mean(axis=0, keepdims=True)))
wrong("12.3", "shape", "db_dot (k,)", "shape", "keepdims")(backward_with(db_dot=lambda dy, yd, x, xd, W: yd.sum(axis=0)))
wrong("12.3", "order", "dx_dot before dx", "order", "exchanged", "swapped")(
    lambda *a: tuple(dense_tangent_backward(*a)[i] for i in (1, 0, 2, 3)))
wrong("12.3", "other", "dW for dW_dot", "dw", "velocity", "dw itself")(backward_with(dW_dot=lambda dy, yd, x, xd, W: x.T @ dy))
wrong("12.3", "sign", "a minus in the product rule", "sign", "minus")(
    backward_with(dW_dot=lambda dy, yd, x, xd, W: x.T @ yd - xd.T @ dy))
wrong("12.3", "other", "dx and dx_dot exchange dy and x_dot: dx_dot = x_dot W", "dx_dot", "dy_dot", "shape", "cannot")(
    backward_with(dx_dot=lambda dy, yd, x, xd, W: xd @ W))
wrong("12.3", "term", "dx_dot is 0, since W stands still", "zero", "dx_dot")(
    backward_with(dx_dot=lambda dy, yd, x, xd, W: np.zeros_like(x)))
wrong("12.3", "shape", "dW_dot is transposed", "transpose", "shape")(
    backward_with(dW_dot=lambda dy, yd, x, xd, W: (xd.T @ dy + x.T @ yd).T))
wrong("12.3", "term", "dW is added to dW_dot", "dw", "added", "value")(
    backward_with(dW_dot=lambda dy, yd, x, xd, W: xd.T @ dy + x.T @ yd + x.T @ dy))
wrong("12.3", "term", "dx_dot = dx + dy_dot W': the value is added", "dx", "added")(
    backward_with(dx_dot=lambda dy, yd, x, xd, W: (dy + yd) @ W.T))


# ---------------------------------------------------------------- 12.4 sigmoid_tangent_backward

@solution("12.4", lambda r: [tuple(r.normal(size=(4, 5, 3)))])
def sigmoid_tangent_backward(dy, dy_dot, x, x_dot):
    return curved()(dy, dy_dot, x, x_dot)


def curved(dx=lambda y, dy: y * (1 - y) * dy, dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * ((1 - 2 * y) * xd * dy + yd)):
    def answer(dy, dy_dot, x, x_dot):
        y = sigmoid(x)
        return dx(y, dy), dx_dot(y, dy, dy_dot, x_dot, x)
    return answer


wrong("12.4", "term", "f' stands still", "f'", "curvature", "f''", "stands still", "moves")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * yd))
wrong("12.4", "term", "dy stands still", "dy_dot", "stands still")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * (1 - 2 * y) * xd * dy))
wrong("12.4", "term", "x_dot is forgotten", "x_dot")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * ((1 - 2 * y) * dy + yd)))
wrong("12.4", "sign", "2 y - 1 for 1 - 2 y", "sign", "2 y")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * ((2 * y - 1) * xd * dy + yd)))
wrong("12.4", "term", "f'' = 1 - 2 y: the chain rule through y is missing", "chain", "1 - 2", "y (1 - y)", "f'")(
    curved(dx_dot=lambda y, dy, yd, xd, x: (1 - 2 * y) * xd * dy + y * (1 - y) * yd))
wrong("12.4", "other", "f'' = f' (1 - y)", "1 - 2", "product rule", "f''", "half")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * ((1 - y) * xd * dy + yd)))
wrong("12.4", "order", "dx_dot first", "order", "exchanged", "swapped")(lambda *a: sigmoid_tangent_backward(*a)[::-1])
wrong("12.4", "other", "tanh's second derivative", "tanh", "f''", "-2 y")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * (-2 * y * xd * dy + yd)))
wrong("12.4", "other", "x for y", "x for", "sigmoid(x", "y =")(lambda dy, dy_dot, x, x_dot: (
    x * (1 - x) * dy, x * (1 - x) * ((1 - 2 * x) * x_dot * dy + dy_dot)))
wrong("12.4", "other", "dx_dot = f'' x_dot dy_dot + f' dy_dot", "dy_dot", "dy ")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * ((1 - 2 * y) * xd * yd + yd)))
wrong("12.4", "factor", "the f'' part counts twice", "twice", "factor")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * (2 * (1 - 2 * y) * xd * dy + yd)))
wrong("12.4", "sign", "a minus before the f'' part", "sign", "minus")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * (yd - (1 - 2 * y) * xd * dy)))
wrong("12.4", "other", "f' = y: the derivative of exp", "1 - y", "f'")(curved(dx=lambda y, dy: y * dy))
wrong("12.4", "other", "y_dot for the velocity of f': y_dot dy + f' dy_dot", "f'", "1 - 2")(
    curved(dx_dot=lambda y, dy, yd, xd, x: y * (1 - y) * (xd * dy + yd)))
right("12.4", "f' as a difference of squares: 1/4 - (y - 1/2)^2; a list")(
    lambda dy, dy_dot, x, x_dot: [(.25 - (sigmoid(x) - .5) ** 2) * dy, np.add(
        (.25 - (sigmoid(x) - .5) ** 2) * dy_dot, -2 * (sigmoid(x) - .5) * (.25 - (sigmoid(x) - .5) ** 2) * x_dot * dy)])


# ---------------------------------------------------------------- 12.5 r1_gradient

@solution("12.5", lambda r: [(net(r, 2, 5, 4, 1), r.normal(size=(6, 2)), .7)])
def r1_gradient(D, x, gamma):
    return r1_with()(D, x, gamma)


def r1_with(value=lambda g, gamma: gamma / 2 * (g**2).sum() / len(g), v=lambda g, gamma: gamma * g / len(g), ones=np.ones_like,
            ds_dot=np.zeros_like, ds=np.ones_like, grads=False, before=lambda D: None, x_dot=None):
    """An answer to 12.5 with other parts."""
    def answer(D, x, gamma):
        s, tape = D.forward(x)
        g = D.backward(ones(s), tape, grads=grads)
        before(D)
        _, tape_dot = D.tangent(v(g, gamma) if x_dot is None else x_dot(x, g), tape)
        D.tangent_backward(ds(s), ds_dot(s), tape, tape_dot)
        return value(g, gamma)
    return answer


def over_n(s):
    return np.full_like(s, 1 / len(s))


wrong("12.5", "factor", "v without 1/N", "1/n", "mean", "v ")(r1_with(v=lambda g, gamma: gamma * g))
wrong("12.5", "factor", "v = gamma/2 g / N: the 2 of the square is forgotten", "half", "factor", "gamma/2")(
    r1_with(v=lambda g, gamma: gamma / 2 * g / len(g)))
wrong("12.5", "manners", "zero_grad: the loss's gradient is lost", "zero_grad", "cleared", "lost", "loss", "added", "cleared")(
    r1_with(before=lambda D: D.zero_grad()))
wrong("12.5", "manners", "the backward pass for g leaves its own gradient in D.grad", "grads=false", "grads", "leaves",
      "backward")(r1_with(grads=True))
wrong("12.5", "factor", "g from ds = 1/N: the gradient of the mean score", "1/n", "mean", "ones")(r1_with(ones=over_n, ds=over_n))
wrong("12.5", "factor", "gamma for gamma/2, value and gradient", "gamma/2", "half", "twice", "factor")(
    r1_with(value=lambda g, gamma: gamma * (g**2).sum() / len(g), v=lambda g, gamma: 2 * gamma * g / len(g)))
wrong("12.5", "other", "tangent_backward begins with dy_dot = ones", "dy_dot", "ds_dot", "ones")(r1_with(ds_dot=np.ones_like))
wrong("12.5", "other", "tangent in the direction x, not v", "direction", "x_dot", "x ")(r1_with(x_dot=lambda x, g: x))
wrong("12.5", "other", "tangent in the direction g: gamma and 1/N are forgotten", "v was left out", "gamma", "1/n", "direction")(
    r1_with(x_dot=lambda x, g: g))
wrong("12.5", "term", "|g| for |g|^2 in the value", "square", "root", "norm")(
    r1_with(value=lambda g, gamma: gamma / 2 * np.sqrt((g**2).sum(axis=1)).mean()))
wrong("12.5", "shape", "a value for each sample", "shape")(r1_with(value=lambda g, gamma: gamma / 2 * (g**2).sum(axis=1)))
wrong("12.5", "factor", "the mean over all entries of g, coordinates too", "coordinate", "entries", "mean", "sum")(
    r1_with(value=lambda g, gamma: gamma / 2 * (g**2).mean(), v=lambda g, gamma: gamma * g / g.size))
wrong("12.5", "sign", "the gradient has the wrong sign", "sign")(r1_with(v=lambda g, gamma: -gamma * g / len(g)))
wrong("12.5", "other", "tangent_backward begins with dy = 1/N", "divided once too often", "ones", "1/n", "dy =", "ds")(
    r1_with(ds=over_n))
wrong("12.5", "manners", "P is not returned", "return", "none")(r1_with(value=lambda g, gamma: None))


@wrong("12.5", "term", "the gradient is forgotten: P alone", "gradient", "d.grad", "nothing", "tangent")
def _(D, x, gamma):
    s, tape = D.forward(x)
    g = D.backward(np.ones_like(s), tape, grads=False)
    return gamma / 2 * (g**2).sum() / len(x)


@wrong("12.5", "other", "v goes backward through D as if it were a gradient of the scores", "tangent", "backward", "scores")
def _(D, x, gamma):
    s, tape = D.forward(x)
    g = D.backward(np.ones_like(s), tape, grads=False)
    D.backward(gamma * (g**2).sum(axis=1, keepdims=True) / len(x), tape)
    return gamma / 2 * (g**2).sum() / len(x)


@wrong("12.5", "small", "finite differences over theta, one-sided", "finite", "difference", "small", "one-sided")
def _(D, x, gamma):
    def P():
        s, tape = D.forward(x)
        return gamma / 2 * (D.backward(np.ones_like(s), tape, grads=False) ** 2).sum() / len(x)

    start, value, gradient = D.theta.copy(), P(), []
    for e in np.eye(start.size):
        D.theta = start + 1e-7 * e
        gradient.append((P() - value) / 1e-7)
    D.theta = start
    D.grad += np.array(gradient)
    return value


@right("12.5", "one sample after the other, each with a tape of its own")
def _(D, x, gamma):
    total = 0.
    for n in range(len(x)):
        s, tape = D.forward(x[n:n + 1])
        g = D.backward(np.ones_like(s), tape, grads=False)
        D.tangent_backward(np.ones_like(s), np.zeros_like(s), tape, D.tangent(g * (gamma / len(x)), tape)[1])
        total += np.sum(g**2)
    return gamma * total / (2 * len(x))


# ---------------------------------------------------------------- 12.6 one_sided

def slopes(rng):
    g = rng.normal(size=(6, 3))
    zero = g.copy()
    zero[2] = 0
    return [(g, .8), (zero, 2.)]


@solution("12.6", slopes)
def one_sided(g, lam):
    return steep()(g, lam)


def steep(value=lambda e, r, g: (e**2).mean(), v=lambda e, r, g: 2 / len(g) * e * g / r, axis=1):
    """An answer to 12.6 with other parts: e is max(0, |g_n| - 1), r is |g_n|, with 1 where it is 0."""
    def answer(g, lam):
        r = np.sqrt((g**2).sum(axis=axis, keepdims=True))
        r = np.where(r == 0, 1, r)
        e = np.maximum(r - 1, 0)
        return lam * value(e, r, g), lam * v(e, r, g)
    return answer


wrong("12.6", "other", "two-sided, as WGAN-GP", "two-sided", "below 1", "one-sided", "wgan-gp", "max", "flat")(
    lambda g, lam: (lam * np.mean((np.sqrt((g**2).sum(axis=1)) - 1) ** 2),
                    2 * lam / len(g) * g * (1 - 1 / np.maximum(np.sqrt((g**2).sum(axis=1, keepdims=True)), 1e-300))))
wrong("12.6", "edge", "0 / 0 in rows of zeros", "nan", "0 / 0", "zero", "division", "divide")(
    lambda g, lam: (one_sided(g, lam)[0], 2 * lam / len(g) * np.maximum(np.sqrt((g**2).sum(axis=1, keepdims=True)) - 1, 0)
                    * g / np.sqrt((g**2).sum(axis=1, keepdims=True))))
wrong("12.6", "factor", "the 2 of the square is forgotten in v", "half", "factor")(
    steep(v=lambda e, r, g: e * g / r / len(g)))
wrong("12.6", "factor", "1/N is forgotten in v", "1/n", "mean")(steep(v=lambda e, r, g: 2 * e * g / r))
wrong("12.6", "term", "g for g / |g|: the derivative of the norm", "norm", "g / |g|", "direction", "unit", "length", "divided")(
    steep(v=lambda e, r, g: 2 / len(g) * e * g))
wrong("12.6", "term", "the direction is missing: v is the same in every coordinate", "direction", "coordinate", "shape",
      "g / |g|")(
    steep(v=lambda e, r, g: 2 / len(g) * e * np.ones_like(g)))
wrong("12.6", "axis", "norms over the samples", "axis", "norm")(steep(axis=0))
wrong("12.6", "axis", "one norm over all of g", "norm", "axis", "all", "whole")(steep(axis=(0, 1)))
wrong("12.6", "term", "|g|^2 - 1 for |g| - 1", "square", "root", "norm")(
    lambda g, lam: (lam * np.mean(np.maximum((g**2).sum(axis=1) - 1, 0) ** 2),
                    4 * lam / len(g) * np.maximum((g**2).sum(axis=1, keepdims=True) - 1, 0) * g))
wrong("12.6", "order", "the mean before the max", "mean", "before", "max")(
    lambda g, lam: (lam * max(np.sqrt((g**2).sum(axis=1)).mean() - 1, 0) ** 2, one_sided(g, lam)[1]))
wrong("12.6", "term", "lam is forgotten in v", "lam")(lambda g, lam: (one_sided(g, lam)[0], one_sided(g, 1)[1]))
wrong("12.6", "term", "not squared: the mean of max(0, |g| - 1)", "square")(
    steep(lambda e, r, g: e.mean(), lambda e, r, g: (e > 0) * g / r / len(g)))
wrong("12.6", "sign", "v has the wrong sign", "sign")(steep(v=lambda e, r, g: -2 / len(g) * e * g / r))
wrong("12.6", "order", "1 - |g|: flat slopes are penalised", "flat", "sign", "1 - |g|", "below", "steep")(
    lambda g, lam: (lam * np.mean(np.maximum(1 - np.sqrt((g**2).sum(axis=1)), 0) ** 2),
                    -2 * lam / len(g) * np.maximum(1 - np.sqrt((g**2).sum(axis=1, keepdims=True)), 0)
                    * g / np.maximum(np.sqrt((g**2).sum(axis=1, keepdims=True)), 1e-300)))
wrong("12.6", "small", "1e-8 is added to the norm", "eps", "added", "1e-8", "norm")(
    lambda g, lam: (lam * np.mean(np.maximum(np.sqrt((g**2).sum(axis=1)) + 1e-8 - 1, 0) ** 2),
                    2 * lam / len(g) * np.maximum(np.sqrt((g**2).sum(axis=1, keepdims=True)) + 1e-8 - 1, 0)
                    * g / (np.sqrt((g**2).sum(axis=1, keepdims=True)) + 1e-8)))
wrong("12.6", "other", "max(0, |entry| - 1) for each entry", "entry", "norm", "coordinate", "entries")(
    lambda g, lam: (lam * np.mean(np.maximum(np.abs(g) - 1, 0) ** 2),
                    2 * lam / g.size * np.maximum(np.abs(g) - 1, 0) * np.sign(g)))


@wrong("12.6", "manners", "g is divided by its norms in place", "changes its argument")
def _(g, lam):
    P, v = one_sided(g, lam)
    g /= np.maximum(np.sqrt((g**2).sum(axis=1, keepdims=True)), 1)
    return P, v
