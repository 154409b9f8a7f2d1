"""Exercises of lesson 02: a layer and its gradient."""

import numpy as np

from ..engine import gradcheck
from ..engine.layers import Dense, LeakyReLU, Tanh
from ..engine.numerics import sigmoid
from .grading import Exercise, Mistake, differences


def _sizes(rng):
    """A batch and two widths, all different, as equal sizes would hide a transposed product."""
    n, d, k = rng.permutation([2, 3, 4, 5, 6, 7])[:3]
    return int(n), int(d), int(k)


# ---------------------------------------------------------------- 02.1


def _forward_case(rng):
    n, d, k = _sizes(rng)
    return rng.normal(size=(n, d)), rng.normal(size=(d, k)), rng.normal(size=(1, k))


def _forward_truth(x, W, b):
    """One sum at a time, as the definition says."""
    return {"y": np.array([[sum(x[n, i] * W[i, j] for i in range(x.shape[1])) + b[0, j] for j in range(W.shape[1])]
                           for n in range(x.shape[0])])}


def _dense(W, b):
    layer = Dense(*W.shape)
    layer.W[...], layer.b[...] = W, b
    return layer


FORWARD = Exercise(
    "02.1", "dense_forward", "the forward pass of a dense layer", _forward_case, _forward_truth,
    solution=lambda x, W, b: _dense(W, b).forward(x)[0],
    mistakes=(
        Mistake("the bias was not added", lambda x, W, b: x @ W),
        Mistake("the bias was subtracted", lambda x, W, b: x @ W - b),
        Mistake("the bias was multiplied on", lambda x, W, b: x @ W * b),
        Mistake("the bias was added twice", lambda x, W, b: x @ W + b + b),
        Mistake("only the first entry of the bias was used, for all columns", lambda x, W, b: x @ W + b[0, 0]),
        Mistake("the mean of the bias was used, for all columns", lambda x, W, b: x @ W + b.mean()),
        *(Mistake(f"an activation, {name}, was applied: a dense layer is linear", lambda x, W, b, f=f: f(x @ W + b))
          for name, f in (("tanh", np.tanh), ("the ReLU", lambda y: np.maximum(y, 0)), ("the sigmoid", sigmoid))),
        Mistake("the product is the wrong way round, and then turned back", lambda x, W, b: (W.T @ x.T + b.T).T.T, "transposed"),
        Mistake("the bias was added before the product", lambda x, W, b: (x + b.mean()) @ W),
    ),
    hints=("Each row of x is one sample, and each sample gives one row of y.",
           "NumPy writes a matrix product as x @ W. The shapes (N, d) and (d, k) give (N, k).",
           "Adding b of shape (1, k) to an (N, k) array adds it to every row: that is broadcasting."),
    batch=lambda x, W, b: x.shape[0],
)


# ---------------------------------------------------------------- 02.2


def _backward_case(rng):
    n, d, k = _sizes(rng)
    return rng.normal(size=(n, k)), rng.normal(size=(n, d)), rng.normal(size=(d, k))


def _backward_truth(dy, x, W):
    """L = sum(dy * (x W + b)), differenced. So its derivative with respect to y is dy."""
    return {"dx": differences(lambda x: float((dy * (x @ W)).sum()), x),
            "dW": differences(lambda W: float((dy * (x @ W)).sum()), W),
            "db": differences(lambda b: float((dy * (x @ W + b)).sum()), np.zeros((1, W.shape[1])))}


def _backward_solution(dy, x, W):
    layer = _dense(W, np.zeros((1, W.shape[1])))
    dx = layer.backward(dy, x)
    return dx, layer.dW, layer.db


def _total(dy):
    return dy.sum(axis=0, keepdims=True)


BACKWARD = Exercise(
    "02.2", "dense_backward", "the backward pass of a dense layer", _backward_case, _backward_truth, _backward_solution,
    mistakes=(
        Mistake("dW was divided by the batch: the mean belongs to the loss, which has taken it already",
                lambda dy, x, W: (dy @ W.T, x.T @ dy / dy.shape[0], _total(dy)), "batch size"),
        Mistake("dW is dy^T x instead of x^T dy", lambda dy, x, W: (dy @ W.T, dy.T @ x, _total(dy)), "transposed"),
        Mistake("db was not summed", lambda dy, x, W: (dy @ W.T, x.T @ dy, dy), "sum over the batch"),
        Mistake("dy was forgotten in db: that is the number of samples",
                lambda dy, x, W: (dy @ W.T, x.T @ dy, np.full((1, W.shape[1]), float(x.shape[0])))),
        Mistake("dy was forgotten in dx: those are sums over the rows of W",
                lambda dy, x, W: (np.ones_like(dy) @ W.T, x.T @ dy, _total(dy))),
        Mistake("dy was forgotten in dW: those are sums over the columns of x",
                lambda dy, x, W: (dy @ W.T, x.T @ np.ones_like(dy), _total(dy))),
        *(Mistake(f"only the {which} sample counts in dW and db: each of them is a sum over the batch, += in a loop",
                  lambda dy, x, W, n=n: (dy @ W.T, np.outer(x[n], dy[n]), dy[n][None]))
          for which, n in (("last", -1), ("first", 0))),
        Mistake("db is the mean of dy over the batch, not the sum",
                lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.mean(axis=0, keepdims=True)), "batch size"),
        Mistake("db lost its first axis", lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.sum(axis=0)), "keepdims"),
        Mistake("the update's minus sign was put into the gradient",
                lambda dy, x, W: (dy @ W.T, -x.T @ dy, _total(dy)), "sign"),
        Mistake("dx and dW were returned in the other order",
                lambda dy, x, W: (x.T @ dy, dy @ W.T, _total(dy)), "exchanged"),
        Mistake("x was squared on the way: that is the derivative of x^2 W / 2",
                lambda dy, x, W: (x * (dy @ W.T), x.T @ dy, _total(dy))),
    ),
    hints=("Write one entry: y[n, j] = sum_i x[n, i] W[i, j] + b[j]. Which y's does W[i, j] appear in? All those of column j.",
           "So dL/dW[i, j] = sum_n x[n, i] dy[n, j]. A sum over n of products is a matrix product: of which two?",
           "dx = dy W^T, dW = x^T dy, and db is the sum of dy over the batch, with shape (1, k)."),
    batch=lambda dy, x, W: dy.shape[0],
)


# ---------------------------------------------------------------- 02.3 and 02.4


def _tanh_case(rng):
    n, d, _ = _sizes(rng)
    return rng.normal(size=(n, d)), rng.normal(size=(n, d))


TANH = Exercise(
    "02.3", "tanh_backward", "the backward pass of tanh", _tanh_case,
    lambda dy, x: {"dx": differences(lambda x: float((dy * np.tanh(x)).sum()), x)},
    solution=lambda dy, x: Tanh().backward(dy, np.tanh(x)),
    mistakes=(
        Mistake("forgot the derivative 1 - tanh^2", lambda dy, x: dy.copy()),
        Mistake("returned the slope without dy", lambda dy, x: 1 - np.tanh(x) ** 2),
        Mistake("1 - x^2 where 1 - tanh(x)^2 was meant", lambda dy, x: dy * (1 - x**2)),
        Mistake("the square is in the wrong place: tanh(x)^2, not tanh(x^2)", lambda dy, x: dy * (1 - np.tanh(x**2))),
        Mistake("the square is missing: the derivative is 1 / cosh(x)^2", lambda dy, x: dy / np.cosh(x)),
        Mistake("tanh was applied twice: the derivative is 1 - tanh(x)^2", lambda dy, x: dy * (1 - np.tanh(np.tanh(x)) ** 2)),
        Mistake("the two arguments are exchanged: that is the slope at dy, times x", lambda dy, x: x * (1 - np.tanh(dy) ** 2)),
        Mistake("that is the derivative of the sigmoid", lambda dy, x: dy * np.exp(-x) / (1 + np.exp(-x)) ** 2),
        Mistake("1 + tanh^2 where 1 - tanh^2 was meant", lambda dy, x: dy * (1 + np.tanh(x) ** 2)),
        Mistake("1 - tanh where 1 - tanh^2 was meant", lambda dy, x: dy * (1 - np.tanh(x))),
        Mistake("multiplied by tanh itself, not by its derivative", lambda dy, x: dy * np.tanh(x)),
        Mistake("the sigmoid's derivative y (1 - y), not that of tanh", lambda dy, x: dy * np.tanh(x) * (1 - np.tanh(x))),
    ),
    hints=("An activation acts on each entry alone, so its backward is entry by entry as well: dx = f'(x) dy.",
           "The derivative of tanh(x) is 1 - tanh(x)^2.",
           "With y = np.tanh(x): dx = dy * (1 - y * y)."),
)


def _leaky_case(rng):
    """One x is 0, where the slope counts."""
    n, d, _ = _sizes(rng)
    x = rng.normal(size=(n, d))
    x[rng.integers(n), rng.integers(d)] = 0
    return rng.normal(size=(n, d)), x, round(float(rng.uniform(0.05, 0.4)), 2)


def _leaky_truth(dy, x, slope):
    """On the corner the slope to the left counts. It is that of any x below 0."""
    return {"dx": differences(lambda x: float((dy * np.maximum(x, slope * x)).sum()), np.where(x == 0, -1.0, x))}


LEAKY = Exercise(
    "02.4", "leaky_relu_backward", "the backward pass of a leaky ReLU", _leaky_case, _leaky_truth,
    solution=lambda dy, x, slope: LeakyReLU(slope).backward(dy, LeakyReLU(slope).forward(x)[1]),
    mistakes=(
        Mistake("the slope for negative x is lost, forgotten or made an integer: that is the plain ReLU",
                lambda dy, x, slope: dy * (x > 0)),
        Mistake("x >= 0 stands where the strict x > 0 was meant: at x = 0 the slope counts",
                lambda dy, x, slope: dy * np.where(x >= 0, 1, slope)),
        Mistake("at x = 0 neither side was taken: there the slope counts", lambda dy, x, slope: dy * ((x > 0) + slope * (x < 0))),
        Mistake("the slope is an argument; 0.01 was written in its place", lambda dy, x, slope: dy * np.where(x > 0, 1, 0.01)),
        Mistake("where x is negative, the sign of the slope is wrong: the function rises there too",
                lambda dy, x, slope: dy * np.where(x > 0, 1, -slope)),
        Mistake("the slope was added everywhere: where x is positive it is 1, not 1 + slope",
                lambda dy, x, slope: dy * ((x > 0) + slope)),
        Mistake("where x is not positive, dy is missing: that is slope * dy", lambda dy, x, slope: np.where(x > 0, dy, slope)),
        Mistake("where x is positive, dy is missing: that is 1 * dy", lambda dy, x, slope: np.where(x > 0, 1.0, slope * dy)),
        Mistake("asked whether dy is positive, where x decides", lambda dy, x, slope: dy * np.where(dy > 0, 1, slope)),
        Mistake("the two sides are swapped", lambda dy, x, slope: dy * np.where(x > 0, slope, 1)),
        Mistake("multiplied by the output, not by its derivative", lambda dy, x, slope: dy * np.maximum(x, slope * x)),
        Mistake("forgot dy", lambda dy, x, slope: np.where(x > 0, 1.0, slope)),
        Mistake("passed dy on unchanged: that is the identity's derivative", lambda dy, x, slope: dy.copy()),
    ),
    hints=("f(x) = x for x > 0 and slope * x otherwise. What is its derivative on either side?",
           "x > 0 is a mask. Where it is true, dx is dy; where it is false, dx is slope * dy.",
           "dx = dy * np.where(x > 0, 1.0, slope)."),
)


# ---------------------------------------------------------------- 02.5


def _numerical_case(rng):
    d = int(rng.integers(3, 7))
    a, c = rng.normal(size=d), rng.normal(size=d)
    return lambda x: (a * x**3).sum() + (c * x).sum() ** 2 + np.sin(x).sum(), rng.normal(size=d)


def _central(h, apart=2):
    return lambda f, x: np.array([(f(x + h * e) - f(x - h * e)) / (apart * h) for e in np.eye(x.size)])


def _one_sided(h):
    return lambda f, x: np.array([(f(x + h * e) - f(x)) / h for e in np.eye(x.size)])


def _all_together(f, x):
    return np.full(x.size, (f(x + 6e-6) - f(x - 6e-6)) / 1.2e-5)


def _never_put_back(f, x, h=6e-6):
    x, gradient = x.copy(), np.empty_like(x)
    for i in range(x.size):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        gradient[i] = (up - f(x)) / (2 * h)  # and x[i] stays h too low while the others are moved
    return gradient


def _piling_up(f, x, h=6e-6):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.tri(x.size)])


NUMERICAL = Exercise(
    "02.5", "numerical_gradient", "a gradient by central differences", _numerical_case,
    lambda f, x: {"gradient": gradcheck.complex_step(f, x)},  # another way to differentiate: it takes no difference
    solution=gradcheck.central,
    mistakes=(
        *(Mistake(f"a one-sided difference, (f(x + h) - f(x)) / h with h = {h:g}; its error is of order h, not h^2",
                  _one_sided(h)) for h in (6e-6, 1e-3, 1e-4, 1e-5, 1e-6)),
        *(Mistake(f"the step h = {h:g} is too large: the formula's own error, of order h^2, shows", _central(h))
          for h in (1e-3, 1e-2, .1)),
        *(Mistake(f"the step h = {h:g} is too small: rounding eats the difference", _central(h))
          for h in (1e-10, 1e-11, 1e-12)),
        Mistake("divided by h, where x + h and x - h are 2h apart", _central(6e-6, apart=1), "factor 2"),
        Mistake("the difference is taken backwards", _central(6e-6, apart=-2), "sign"),
        Mistake("all entries of x were moved together: that gives the sum of the partial derivatives, in every place",
                _all_together),
        Mistake("an entry of x was moved and not put back before the next one", _never_put_back),
        Mistake("e_i was not set back to 0 for the next i: the earlier entries move along", _piling_up),
        Mistake("the last entry is left out: the loop ends one too early",
                lambda f, x: np.append(_central(6e-6)(f, x)[:-1], 0)),
    ),
    hints=("Move one entry of x at a time: up by h, down by h, everything else as it was. A fresh copy of x for each is safest.",
           "gradient[i] = (f(x with x[i] + h) - f(x with x[i] - h)) / (2 h).",
           "h = 6e-6 is close to the best in float64: see the curve in lesson 02."),
)


EXERCISES = (FORWARD, BACKWARD, TANH, LEAKY, NUMERICAL)
