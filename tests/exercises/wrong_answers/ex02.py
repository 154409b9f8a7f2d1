"""Lesson 02: a layer and its gradient."""

import functools

import numpy as np

from . import corpus

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- 02.1 dense_forward

@solution("02.1", lambda r: [(r.normal(size=(5, 3)), r.normal(size=(3, 2)), r.normal(size=(1, 2)))])
def dense_forward(x, W, b):
    return x @ W + b


wrong("02.1", "term", "the bias is forgotten", "bias", "b was")(lambda x, W, b: x @ W)
wrong("02.1", "sign", "the bias is subtracted", "bias", "b was")(lambda x, W, b: x @ W - b)
wrong("02.1", "factor", "the bias is added twice", "bias")(lambda x, W, b: x @ W + b + b)
wrong("02.1", "shape", "W is transposed", "mismatch", "transpose", "cannot multiply", "shape")(lambda x, W, b: x @ W.T + b)
wrong("02.1", "shape", "y comes out transposed", "transpose", "shape")(lambda x, W, b: W.T @ x.T + b.T)
wrong("02.1", "shape", "* for @: a product entry by entry", "@", "entry by entry", "broadcast")(lambda x, W, b: x * W + b)
wrong("02.1", "term", "only the first entry of b is used", "bias", "b[")(lambda x, W, b: x @ W + b[0, 0])
wrong("02.1", "small", "the product is computed in float32", "float32")(
    lambda x, W, b: (x.astype(np.float32) @ W.astype(np.float32)).astype(np.float64) + b)
wrong("02.1", "other", "a nonlinearity is added", "tanh", "activation")(lambda x, W, b: np.tanh(x @ W + b))
wrong("02.1", "manners", "the result is printed, not returned", "return")(lambda x, W, b: print((x @ W + b).shape))


@wrong("02.1", "manners", "x is centred in place first", "changes its argument")
def _(x, W, b):
    x -= x.mean(axis=0)
    return x @ W + b


@right("02.1", "three loops instead of a product")
def _(x, W, b):
    y = np.zeros((len(x), W.shape[1]))
    for n in range(len(x)):
        for k in range(W.shape[1]):
            y[n, k] = b[0, k] + sum(x[n, i] * W[i, k] for i in range(len(W)))
    return y


# ---------------------------------------------------------------- 02.2 dense_backward

@solution("02.2", lambda r: [(r.normal(size=(5, 2)), r.normal(size=(5, 3)), r.normal(size=(3, 2)))])
def dense_backward(dy, x, W):
    return dy @ W.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


wrong("02.2", "factor", "dW and db are means over the batch, though they are sums", "mean", "1/n", "divided by n")(
    lambda dy, x, W: (dy @ W.T, x.T @ dy / len(x), dy.mean(axis=0, keepdims=True)))
wrong("02.2", "factor", "db is the mean over the batch", "mean", "1/n", "divided by n")(
    lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.mean(axis=0, keepdims=True)))
wrong("02.2", "shape", "db has the shape (k,)", "keepdims", "shape")(lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.sum(axis=0)))
wrong("02.2", "order", "dW comes first, then dx", "order", "exchanged", "swapped")(
    lambda dy, x, W: (x.T @ dy, dy @ W.T, dy.sum(axis=0, keepdims=True)))
wrong("02.2", "shape", "dx comes out transposed", "transpose", "shape")(
    lambda dy, x, W: (W @ dy.T, x.T @ dy, dy.sum(axis=0, keepdims=True)))
wrong("02.2", "shape", "dW comes out transposed", "transpose", "shape")(
    lambda dy, x, W: (dy @ W.T, dy.T @ x, dy.sum(axis=0, keepdims=True)))
wrong("02.2", "axis", "db is summed over the features", "axis", "shape")(
    lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.sum(axis=1, keepdims=True)))
wrong("02.2", "term", "db is not returned", "three", "db")(lambda dy, x, W: (dy @ W.T, x.T @ dy))
wrong("02.2", "shape", "db is dy itself, without the sum over the batch", "sum", "shape")(
    lambda dy, x, W: (dy @ W.T, x.T @ dy, dy))
wrong("02.2", "term", "db is the number of samples: dy is forgotten", "dy")(
    lambda dy, x, W: (dy @ W.T, x.T @ dy, np.full((1, W.shape[1]), float(len(x)))))
wrong("02.2", "term", "dx as if dy were 1", "dy")(
    lambda dy, x, W: (np.ones_like(dy) @ W.T, x.T @ dy, dy.sum(axis=0, keepdims=True)))


@wrong("02.2", "term", "only the last sample counts in dW and db: = for += in a loop", "last", "loop", "sum")
def _(dy, x, W):
    for n in range(len(x)):
        dW, db = np.outer(x[n], dy[n]), dy[n:n + 1]
    return dy @ W.T, dW, db


@right("02.2", "a list of outputs, and einsum")
def _(dy, x, W):
    return [np.einsum("nk,dk->nd", dy, W), np.einsum("nd,nk->dk", x, dy), np.ones((1, len(dy))) @ dy]


# ---------------------------------------------------------------- 02.3 tanh_backward

@solution("02.3", lambda r: [(r.normal(size=(5, 3)), r.normal(size=(5, 3)))])
def tanh_backward(dy, x):
    return dy * (1 - np.tanh(x) ** 2)


wrong("02.3", "term", "1 - tanh(x), without the square", "tanh^2", "square")(lambda dy, x: dy * (1 - np.tanh(x)))
wrong("02.3", "other", "1 - x^2: x is taken for y", "tanh", "x for y")(lambda dy, x: dy * (1 - x**2))
wrong("02.3", "term", "dy is forgotten: the slope alone", "dy", "chain")(lambda dy, x: 1 - np.tanh(x) ** 2)
wrong("02.3", "sign", "1 + tanh(x)^2", "sign", "1 +")(lambda dy, x: dy * (1 + np.tanh(x) ** 2))
wrong("02.3", "other", "1 - tanh(x^2): the square in the wrong place", "square", "x^2", "x**2")(
    lambda dy, x: dy * (1 - np.tanh(x**2)))
wrong("02.3", "other", "1 / cosh(x), without the square", "square", "cosh")(lambda dy, x: dy / np.cosh(x))
wrong("02.3", "order", "the slope at dy, times x: arguments exchanged", "exchanged", "swapped")(
    lambda dy, x: x * (1 - np.tanh(dy) ** 2))
wrong("02.3", "other", "the derivative of the sigmoid", "sigmoid")(
    lambda dy, x: dy / (1 + np.exp(-x)) * (1 - 1 / (1 + np.exp(-x))))
wrong("02.3", "other", "tanh applied twice: 1 - tanh(tanh(x))^2", "twice")(lambda dy, x: dy * (1 - np.tanh(np.tanh(x)) ** 2))


@wrong("02.3", "manners", "dy is changed in place", "changes its argument")
def _(dy, x):
    dy *= 1 - np.tanh(x) ** 2
    return dy


@right("02.3", "through exponentials, with a message printed")
def _(dy, x):
    print("tanh_backward", x.shape)
    return 4 * dy / (np.exp(x) + np.exp(-x)) ** 2


# ---------------------------------------------------------------- 02.4 leaky_relu_backward

@solution("02.4", lambda r: [(r.normal(size=(5, 3)), r.normal(size=(5, 3)), .3),
                             (r.normal(size=(2, 3)), np.array([[0., 1, -1], [-2, 0, 2]]), .1)])
def leaky_relu_backward(dy, x, slope):
    return dy * np.where(x > 0, 1, slope)


wrong("02.4", "edge", "x >= 0: at x = 0 the slope is 1", "strict")(  # wrong only where x is 0
    lambda dy, x, slope: dy * np.where(x >= 0, 1, slope))
wrong("02.4", "term", "a ReLU: 0 where x is not positive", "slope", "relu")(lambda dy, x, slope: dy * (x > 0))
wrong("02.4", "other", "the sign of dy decides, not that of x", "dy")(lambda dy, x, slope: dy * np.where(dy > 0, 1, slope))
wrong("02.4", "order", "slope where x is positive, 1 elsewhere", "exchanged", "swapped", "other side")(
    lambda dy, x, slope: dy * np.where(x > 0, slope, 1))
wrong("02.4", "other", "dy times y, not times the slope", "output", "forward")(
    lambda dy, x, slope: dy * np.where(x > 0, x, slope * x))
wrong("02.4", "other", "the slope is always 0.01", "slope", "0.01")(lambda dy, x, slope: dy * np.where(x > 0, 1, 0.01))
wrong("02.4", "sign", "-slope where x is negative", "sign")(lambda dy, x, slope: dy * np.where(x > 0, 1, -slope))
wrong("02.4", "other", "slope is added: 1 + slope where x is positive", "slope")(lambda dy, x, slope: dy * ((x > 0) + slope))
wrong("02.4", "term", "dy is forgotten where x is not positive", "dy")(lambda dy, x, slope: np.where(x > 0, dy, slope))
wrong("02.4", "other", "an integer array of slopes: 0.3 becomes 0", "integer", "int", "slope")(
    lambda dy, x, slope: dy * np.array(np.where(x > 0, 1, slope), dtype=int))


@wrong("02.4", "manners", "dx = dy is no copy: dy is changed", "changes its argument")
def _(dy, x, slope):
    dx = dy
    dx[x <= 0] *= slope
    return dx


@right("02.4", "with the maximum and the sign: no comparison")
def _(dy, x, slope):
    positive = np.maximum(np.sign(x), 0)
    return dy * (positive + slope * (1 - positive))


# ---------------------------------------------------------------- 02.5 numerical_gradient

def bowl(x):
    return float(np.sin(x).sum() + (x**3).sum() * x[0])


@solution("02.5", lambda r: [(bowl, r.normal(size=4))])
def numerical_gradient(f, x, h=6e-6):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


wrong("02.5", "small", "a one-sided difference", "one-sided", "one side", "forward difference")(
    lambda f, x, h=6e-6: np.array([(f(x + h * e) - f(x)) / h for e in np.eye(len(x))]))
wrong("02.5", "factor", "divided by h, not by 2 h", "2 h", "factor", "twice")(
    lambda f, x, h=6e-6: np.array([(f(x + h * e) - f(x - h * e)) / h for e in np.eye(len(x))]))
wrong("02.5", "factor", "/ 2 * h for / (2 h)", "bracket", "2 h", "h^2", "h**2")(
    lambda f, x, h=6e-6: np.array([(f(x + h * e) - f(x - h * e)) / 2 * h for e in np.eye(len(x))]))
wrong("02.5", "small", "h = 1e-2 is too large", "h")(functools.partial(numerical_gradient, h=1e-2))
wrong("02.5", "small", "h = 1e-10 is too small: the digits cancel", "h")(functools.partial(numerical_gradient, h=1e-10))
wrong("02.5", "sign", "backward minus forward", "sign")(
    lambda f, x, h=6e-6: np.array([(f(x - h * e) - f(x + h * e)) / (2 * h) for e in np.eye(len(x))]))
wrong("02.5", "axis", "all entries of x are moved at once", "all", "one entry", "at once", "h e_i")(
    lambda f, x, h=6e-6: np.full(len(x), (f(x + h) - f(x - h)) / (2 * h)))
wrong("02.5", "other", "the gradient is kept in an array of integers", "int")(
    lambda f, x: numerical_gradient(f, x).astype(int))
wrong("02.5", "term", "the last entry is left out: range(len(x) - 1)", "last", "entry")(
    lambda f, x: np.append(numerical_gradient(f, x)[:-1], 0))
wrong("02.5", "shape", "one number: the slope along the sum", "shape")(lambda f, x: numerical_gradient(f, x).sum())


@wrong("02.5", "manners", "x is moved in place and not put back", "changes its argument", "put back")
def _(f, x):
    h, gradient = 6e-6, np.zeros_like(x)
    for i in range(len(x)):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        gradient[i] = (up - f(x)) / (2 * h)
    return gradient


@wrong("02.5", "other", "e_i is not set back to 0, so that entries pile up", "e_i", "set back", "other entries", "earlier")
def _(f, x):
    h, e, gradient = 6e-6, np.zeros_like(x), np.zeros_like(x)
    for i in range(len(x)):
        e[i] = 1
        gradient[i] = (f(x + h * e) - f(x - h * e)) / (2 * h)
    return gradient


class Central:
    """Central differences, with h as an attribute."""

    h = 6e-6

    def __call__(self, f, x):
        point, gradient = x.copy(), []
        for i, start in enumerate(x):
            point[i] = start + self.h
            up = f(point)
            point[i] = start - self.h
            gradient.append((up - f(point)) / (2 * self.h))
            point[i] = start
        return np.array(gradient)


right("02.5", "an object that can be called, and moves entries of a copy in place")(Central())
