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
        Mistake("that is y transposed, as W^T x^T + b^T gives it", lambda x, W, b: (W.T @ x.T + b.T).T.T, "transposed"),
        Mistake("the bias was added before the product", lambda x, W, b: (x + b.mean()) @ W),
        Mistake("the bias was added to W, before the product: x W comes first", lambda x, W, b: x @ (W + b)),
        Mistake("the product was subtracted from the bias", lambda x, W, b: b - x @ W),
        Mistake("the bias was added to the first row only: every sample gets it",
                lambda x, W, b: x @ W + b * (np.arange(len(x)) == 0)[:, None]),
        Mistake("the last feature was left out: the loop ends one too early", lambda x, W, b: x[:, :-1] @ W[:-1] + b),
        *(Mistake(f"x W was divided by {what}: a dense layer only adds up", lambda x, W, b, by=by: x @ W / by(x.shape[1]) + b)
          for what, by in (("d", float), ("the root of d", np.sqrt))),
        Mistake("a softmax was applied: a dense layer is linear",
                lambda x, W, b: np.exp(x @ W + b) / np.exp(x @ W + b).sum(axis=1, keepdims=True)),
        Mistake("two things: the bias was not added, and a ReLU was applied", lambda x, W, b: np.maximum(x @ W, 0)),
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
        Mistake("db is all ones: dy was forgotten, and nothing was summed",
                lambda dy, x, W: (dy @ W.T, x.T @ dy, np.ones((1, W.shape[1])))),
        Mistake("dy was summed over the outputs; db is its sum over the batch, axis=0",
                lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.sum(axis=1, keepdims=True)), "db has shape"),
        Mistake("W itself is in dW: a weight decay, or a step that was taken already; dW is the gradient alone",
                lambda dy, x, W: (dy @ W.T, x.T @ dy + W, _total(dy))),
        Mistake("dW was subtracted from W: that is a step; the gradient alone was asked for",
                lambda dy, x, W: (dy @ W.T, W - x.T @ dy, _total(dy))),
        Mistake("W was reshaped, not transposed: W.T exchanges rows and columns, reshape only fills them anew",
                lambda dy, x, W: (dy @ W.reshape(W.shape[::-1]), x.T @ dy, _total(dy))),
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
        Mistake("brackets are missing: dy * (1 - tanh(x)^2), not dy - tanh(x)^2", lambda dy, x: dy - np.tanh(x) ** 2),
        Mistake("brackets are missing: dy * (1 - tanh(x)^2), not 1 - dy tanh(x)^2", lambda dy, x: 1 - dy * np.tanh(x) ** 2),
        Mistake("2 tanh stands where tanh^2 was meant", lambda dy, x: dy * (1 - 2 * np.tanh(x))),
        Mistake("1 - tanh was squared, where tanh was to be squared first", lambda dy, x: dy * (1 - np.tanh(x)) ** 2),
        Mistake("that is the derivative of tanh^2", lambda dy, x: 2 * dy * np.tanh(x) * (1 - np.tanh(x) ** 2)),
        Mistake("-2 tanh is the derivative of 1 - tanh^2 with respect to tanh; 1 - tanh^2 is the derivative already",
                lambda dy, x: -2 * dy * np.tanh(x)),
        Mistake("multiplied by cosh^2, not divided", lambda dy, x: dy * np.cosh(x) ** 2),
        Mistake("1 / (1 + x^2) is the derivative of arctan", lambda dy, x: dy / (1 + x**2)),
        Mistake("dy was multiplied to x inside of tanh; it multiplies the slope", lambda dy, x: 1 - np.tanh(dy * x) ** 2),
        Mistake("tanh(x) is the forward pass; here dx was asked for", lambda dy, x: np.tanh(x)),
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
        *(Mistake(f"the slope is an argument; {fixed} was written in its place",
                  lambda dy, x, slope, fixed=fixed: dy * np.where(x > 0, 1, fixed)) for fixed in (0.01, 0.1, 0.2, 0.3)),
        *(Mistake(f"{what} stands where the slope was meant", lambda dy, x, slope, f=f: dy * np.where(x > 0, 1, f(slope)))
          for what, f in (("1 - slope", lambda slope: 1 - slope), ("1 / slope", lambda slope: 1 / slope),
                          ("the square of the slope", np.square))),
        Mistake("the slope was taken for all entries: each x decides for itself", lambda dy, x, slope: slope * dy),
        Mistake("that is the output of the forward pass; here dx was asked for", lambda dy, x, slope: np.maximum(x, slope * x)),
        Mistake("where x is negative, x was multiplied in: the slope there is a number", lambda dy, x, slope: dy * np.where(
            x > 0, 1, slope * x)),
        Mistake("at x = 0 the mean of both sides was taken: there the slope counts",
                lambda dy, x, slope: dy * np.where(x > 0, 1, np.where(x < 0, slope, (1 + slope) / 2))),
        Mistake("x > slope was asked: the corner is at 0", lambda dy, x, slope: dy * np.where(x > slope, 1, slope)),
        Mistake("two things: the two sides are swapped, and x = 0 is on the wrong one",
                lambda dy, x, slope: dy * np.where(x >= 0, slope, 1)),
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
          for h in (1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15)),
        Mistake("a one-sided difference, (f(x) - f(x - h)) / h; its error is of order h, not h^2",
                lambda f, x: np.array([(f(x) - f(x - 6e-6 * e)) / 6e-6 for e in np.eye(x.size)])),
        Mistake("f(x + h) - f(x) was divided by 2h: after x[i] += h, it takes x[i] -= 2h to come to x - h, or a copy for each",
                lambda f, x: _one_sided(6e-6)(f, x) / 2),
        Mistake("/ 2 * h multiplies by h: put brackets around it, / (2 * h)",
                lambda f, x: _central(6e-6)(f, x) * 6e-6**2, "times the truth"),
        Mistake("the division by 2h is missing", lambda f, x: _central(6e-6)(f, x) * 1.2e-5, "times the truth"),
        Mistake("only f(x - h) was divided by 2h: put brackets around the difference",
                lambda f, x: np.array([f(x + 6e-6 * e) - f(x - 6e-6 * e) / 1.2e-5 for e in np.eye(x.size)])),
        Mistake("f was asked at h e_i and -h e_i, near 0; it must be at x + h e_i and x - h e_i",
                lambda f, x: np.array([(f(6e-6 * e) - f(-6e-6 * e)) / 1.2e-5 for e in np.eye(x.size)])),
        Mistake("f was given x[i] alone; it takes all of x",
                lambda f, x: np.array([(f(x[i] + 6e-6) - f(x[i] - 6e-6)) / 1.2e-5 for i in range(x.size)])),
        Mistake("the step was multiplied by x_i, and the division is by 2h all the same",
                lambda f, x: np.array([(f(x + 6e-6 * x * e) - f(x - 6e-6 * x * e)) / 1.2e-5 for e in np.eye(x.size)])),
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
