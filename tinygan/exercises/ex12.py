"""Exercises of lesson 12: the gradient of a gradient."""

import math

import numpy as np

from ..engine.layers import Dense, Sigmoid, Tanh
from ..penalties import R1
from .grading import Exercise, Mistake, Wrong, differences
from .players import at, players, used


def _sizes(rng, n):
    """n sizes from 3 to 9, all different."""
    return (int(size) for size in rng.permutation(np.arange(3, 10))[:n])


def _velocity(f):
    """df/dt at t = 0 by the complex step, for an f made of products, so no difference is taken."""
    return np.imag(f(1e-30j)) / 1e-30


def _layer(W, b=0.0):
    layer = Dense(*W.shape)
    layer.W[...], layer.b[...] = W, b
    return layer


# ---------------------------------------------------------------- 12.1


def _dense_case(rng):
    n, d, k = _sizes(rng, 3)
    shapes = (n, d), (d, k), (1, k)
    return *(rng.normal(size=shape) for shape in shapes), *(rng.normal(size=shape) for shape in shapes)


def _dense_solution(x_dot, W_dot, b_dot, x, W, b):
    layer = _layer(W, b)
    layer.W_dot, layer.b_dot = W_dot, b_dot
    return layer.tangent(x_dot, layer.forward(x)[1])[0]


DENSE_TANGENT = Exercise(
    "12.1", "dense_tangent", "the tangent of a dense layer", _dense_case,
    lambda x_dot, W_dot, b_dot, x, W, b: {"y_dot": _velocity(lambda t: (x + t * x_dot) @ (W + t * W_dot) + b + t * b_dot)},
    solution=_dense_solution,
    mistakes=(
        Mistake("only x was moved: W and b move as well", lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W),
        Mistake("only the parameters were moved: x moves as well", lambda x_dot, W_dot, b_dot, x, W, b: x @ W_dot + b_dot),
        Mistake("x W_dot is missing: W moves too, and x W is a product of two things that move",
                lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W + b_dot),
        Mistake("both factors were given their dots in one term; the product rule moves one at a time",
                lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W_dot + b_dot),
        Mistake("b moves too, and its velocity is missing", lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W + x @ W_dot),
        Mistake("x W_dot has the wrong sign", lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W - x @ W_dot + b_dot),
        Mistake("the layer itself was applied to x_dot, x_dot W + b: the velocity of b is b_dot, and W moves too",
                lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W + b),
        Mistake("y itself, x W + b, was added to its velocity",
                lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W + x @ W_dot + b_dot + x @ W + b),
        Mistake("b_dot has the wrong sign", lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W + x @ W_dot - b_dot),
        Mistake("x_dot W has the wrong sign", lambda x_dot, W_dot, b_dot, x, W, b: x @ W_dot - x_dot @ W + b_dot),
        Mistake("that is where y will be at time 1; how fast it moves has exactly one dot in each term",
                lambda x_dot, W_dot, b_dot, x, W, b: (x + x_dot) @ (W + W_dot) + b + b_dot),
        Mistake("b was added, where its velocity belongs", lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W + x @ W_dot + b),
        Mistake("y itself was returned, not how fast it moves", lambda x_dot, W_dot, b_dot, x, W, b: x @ W + b),
        Mistake("that is where y will be at time 1, x_dot W_dot included, less where it is now",
                lambda x_dot, W_dot, b_dot, x, W, b: x_dot @ W + x @ W_dot + x_dot @ W_dot + b_dot),
    ),
    hints=("Write y at time t: (x + t x_dot)(W + t W_dot) + b + t b_dot. Which terms have exactly one t?",
           "y_dot = x_dot W + x W_dot + b_dot."),
    batch=lambda *args: args[0].shape[0],
)


# ---------------------------------------------------------------- 12.2


def _tanh_case(rng):
    n, d = _sizes(rng, 2)
    return rng.normal(size=(n, d)), rng.normal(size=(n, d))


def _slope(x):
    return 1 - np.tanh(x) ** 2


def _tanh_solution(x_dot, x):
    layer = Tanh()
    y, tape = layer.forward(x)
    y_dot, tape_dot = layer.tangent(x_dot, tape)
    return y_dot, layer.tangent_backward(np.ones_like(y), np.zeros_like(y), tape, tape_dot)[1]


def _tanh_answer(y_dot=lambda x_dot, x: _slope(x) * x_dot, slope_dot=lambda x_dot, x: -2 * np.tanh(x) * _slope(x) * x_dot):
    return lambda x_dot, x: (y_dot(x_dot, x), slope_dot(x_dot, x))


TANH_TANGENT = Exercise(
    "12.2", "tanh_tangent", "the tangent of tanh, and of its slope", _tanh_case,
    lambda x_dot, x: {"y_dot": _velocity(lambda t: np.tanh(x + t * x_dot)),
                      "slope_dot": _velocity(lambda t: 1 - np.tanh(x + t * x_dot) ** 2)},
    solution=_tanh_solution,
    mistakes=(
        Mistake("the slope is missing in y_dot: it moves by f' x_dot", _tanh_answer(lambda x_dot, x: x_dot.copy())),
        Mistake("tanh of the velocity is not the velocity of tanh", _tanh_answer(lambda x_dot, x: np.tanh(x_dot))),
        Mistake("x_dot is missing in y_dot: that is the slope alone", _tanh_answer(lambda x_dot, x: _slope(x))),
        Mistake("x_dot is missing in slope_dot: that is f'' alone", _tanh_answer(
            slope_dot=lambda x_dot, x: -2 * np.tanh(x) * _slope(x))),
        Mistake("the slope was taken to stand still: that is right for ReLU", _tanh_answer(
            slope_dot=lambda x_dot, x: np.zeros_like(x)), "zero everywhere"),
        Mistake("the square's 2 is missing in slope_dot", _tanh_answer(
            slope_dot=lambda x_dot, x: -np.tanh(x) * _slope(x) * x_dot), "factor 2"),
        Mistake("1 - y^2 falls where y rises away from 0: the minus of slope_dot was lost", _tanh_answer(
            slope_dot=lambda x_dot, x: 2 * np.tanh(x) * _slope(x) * x_dot), "sign"),
        Mistake("slope_dot is -2 y y_dot; x_dot stands in place of y_dot", _tanh_answer(
            slope_dot=lambda x_dot, x: -2 * np.tanh(x) * x_dot)),
        Mistake("the slope was differentiated by x as 1 - x^2", _tanh_answer(slope_dot=lambda x_dot, x: -2 * x * x_dot)),
        Mistake("that is x_dot times y; y moves by its slope, (1 - y^2) x_dot", _tanh_answer(
            lambda x_dot, x: np.tanh(x) * x_dot)),
        Mistake("x stands where y = tanh(x) was meant, in both", _tanh_answer(
            lambda x_dot, x: (1 - x**2) * x_dot, lambda x_dot, x: -2 * x * (1 - x**2) * x_dot)),
        Mistake("1 + y^2 stands where the slope of tanh was meant, 1 - y^2", _tanh_answer(
            lambda x_dot, x: (1 + np.tanh(x) ** 2) * x_dot)),
        Mistake("x stands where y = tanh(x) was meant", _tanh_answer(slope_dot=lambda x_dot, x: -2 * x * _slope(x) * x_dot)),
        Mistake("that is the slope itself, not its velocity", _tanh_answer(slope_dot=lambda x_dot, x: _slope(x))),
        Mistake("x_dot is squared: the slope moves as fast as x does", _tanh_answer(
            slope_dot=lambda x_dot, x: -2 * np.tanh(x) * _slope(x) * x_dot**2)),
        Mistake("the slope was squared, and y is missing: it is -2 y times the slope", _tanh_answer(
            slope_dot=lambda x_dot, x: -2 * _slope(x) ** 2 * x_dot)),
        Mistake("the constant 1 of 1 - y^2 is still there: its velocity is 0", _tanh_answer(
            slope_dot=lambda x_dot, x: 1 - 2 * np.tanh(x) * _slope(x) * x_dot)),
    ),
    hints=("If x moves by a little, x_dot dt, then y = f(x) moves by f'(x) x_dot dt.",
           "The slope is 1 - y^2, and y has the velocity y_dot. What is the velocity of y y?",
           "With y = np.tanh(x): y_dot = (1 - y * y) * x_dot, and slope_dot = -2 * y * y_dot."),
)


# ---------------------------------------------------------------- 12.3


def _back_case(rng):
    n, d, k = _sizes(rng, 3)
    return *rng.normal(size=(2, n, k)), *rng.normal(size=(2, n, d)), rng.normal(size=(d, k))


def _back_truth(dy, dy_dot, x, x_dot, W):
    """Each gradient by entries, as sums, at the time t."""
    return {
        "dx": np.einsum("nk,dk->nd", dy, W),
        "dx_dot": _velocity(lambda t: np.einsum("nk,dk->nd", dy + t * dy_dot, W)),
        "dW_dot": _velocity(lambda t: np.einsum("nd,nk->dk", x + t * x_dot, dy + t * dy_dot)),
        "db_dot": _velocity(lambda t: (dy + t * dy_dot).sum(axis=0, keepdims=True)),
    }


def _back_solution(dy, dy_dot, x, x_dot, W):
    layer = _layer(W)
    tape = layer.forward(x)[1]
    dx, dx_dot = layer.tangent_backward(dy, dy_dot, tape, layer.tangent(x_dot, tape)[1])
    return dx, dx_dot, layer.dW, layer.db


def _back(**parts):
    """The answer with some of its four parts computed otherwise."""
    names = ("dx", "dx_dot", "dW_dot", "db_dot")

    def answer(dy, dy_dot, x, x_dot, W):
        right = dict(zip(names, _back_solution(dy, dy_dot, x, x_dot, W), strict=True))
        return tuple(parts[name](dy, dy_dot, x, x_dot, W) if name in parts else right[name] for name in names)

    return answer


DENSE_BACK = Exercise(
    "12.3", "dense_tangent_backward", "tangent_backward of a dense layer", _back_case, _back_truth, _back_solution,
    mistakes=(
        Mistake("only dy was moved: dW = x^T dy has a second factor that moves",
                _back(dW_dot=lambda dy, dy_dot, x, x_dot, W: x.T @ dy_dot)),
        Mistake("only x was moved: dW = x^T dy has a second factor that moves",
                _back(dW_dot=lambda dy, dy_dot, x, x_dot, W: x_dot.T @ dy)),
        Mistake("both factors were given their dots in one term; the product rule moves one at a time",
                _back(dW_dot=lambda dy, dy_dot, x, x_dot, W: x_dot.T @ dy_dot)),
        Mistake("the product rule has a plus: one of the two terms has the wrong sign, a minus",
                _back(dW_dot=lambda dy, dy_dot, x, x_dot, W: x.T @ dy_dot - x_dot.T @ dy)),
        Mistake("the product rule has a plus: the other of the two terms has the wrong sign, a minus",
                _back(dW_dot=lambda dy, dy_dot, x, x_dot, W: x_dot.T @ dy - x.T @ dy_dot)),
        Mistake("dx was added to its own velocity", _back(dx_dot=lambda dy, dy_dot, x, x_dot, W: (dy + dy_dot) @ W.T)),
        Mistake("dW was added to its own velocity", _back(
            dW_dot=lambda dy, dy_dot, x, x_dot, W: x.T @ dy + x_dot.T @ dy + x.T @ dy_dot)),
        Mistake("that is dW itself, not how fast it moves", _back(dW_dot=lambda dy, dy_dot, x, x_dot, W: x.T @ dy)),
        Mistake("dW_dot came out as k by d: it is x^T dy, not dy^T x", _back(
            dW_dot=lambda dy, dy_dot, x, x_dot, W: dy.T @ x_dot + dy_dot.T @ x), "transposed"),
        Mistake("dx does not contain x, so x_dot cannot move it; W stands still, and only dy moves",
                _back(dx_dot=lambda dy, dy_dot, x, x_dot, W: dy_dot @ W.T + x_dot)),
        Mistake("dx was returned again for its velocity", _back(dx_dot=lambda dy, dy_dot, x, x_dot, W: dy @ W.T)),
        Mistake("dx was computed from dy_dot: it is the plain backward pass",
                _back(dx=lambda dy, dy_dot, x, x_dot, W: dy_dot @ W.T)),
        Mistake("that is db itself: its velocity is the sum of dy_dot",
                _back(db_dot=lambda dy, dy_dot, x, x_dot, W: dy.sum(axis=0, keepdims=True))),
        Mistake("db_dot was not summed", _back(db_dot=lambda dy, dy_dot, x, x_dot, W: dy_dot.copy()), "sum over the batch"),
    ),
    hints=("Three lines, one after the other. In dx = dy W^T only dy moves; in dW = x^T dy both do; db is a sum of dy.",
           "dW_dot = x_dot^T dy + x^T dy_dot.",
           "dx = dy @ W.T, dx_dot = dy_dot @ W.T, dW_dot = x_dot.T @ dy + x.T @ dy_dot, "
           "db_dot = dy_dot.sum(axis=0, keepdims=True)."),
    batch=lambda dy, *_: dy.shape[0],
)


# ---------------------------------------------------------------- 12.4


def _sigmoid_case(rng):
    n, d = _sizes(rng, 2)
    return tuple(rng.normal(size=(4, n, d)))


def _sigmoid_truth(dy, dy_dot, x, x_dot):
    """sigmoid' as exp(-x) / (1 + exp(-x))^2, at the time t."""
    def dx(t):
        e = np.exp(-(x + t * x_dot))
        return e / (1 + e) ** 2 * (dy + t * dy_dot)

    return {"dx": np.real(dx(0)), "dx_dot": _velocity(dx)}


def _sigmoid_solution(dy, dy_dot, x, x_dot):
    layer = Sigmoid()
    tape = layer.forward(x)[1]
    return layer.tangent_backward(dy, dy_dot, tape, layer.tangent(x_dot, tape)[1])


def _bent(curvature=lambda y: y * (1 - y) * (1 - 2 * y), direct=1, bend=lambda x_dot, dy, dy_dot: x_dot * dy, factor=None):
    """dx and dx_dot with one thing done differently."""
    def answer(dy, dy_dot, x, x_dot):
        y = 1 / (1 + np.exp(-x))
        slope = y * (1 - y)
        return slope * (dy if factor is None else factor), direct * slope * dy_dot + curvature(y) * bend(x_dot, dy, dy_dot)

    return answer


def _from_x(dy, dy_dot, x, x_dot):
    slope = x * (1 - x)
    return slope * dy, slope * dy_dot + slope * (1 - 2 * x) * x_dot * dy


def _tanh_slope(dy, dy_dot, x, x_dot):
    y = 1 / (1 + np.exp(-x))
    return (1 - y * y) * dy, (1 - y * y) * dy_dot - 2 * y * (1 - y * y) * x_dot * dy


def _dotted_slope(dy, dy_dot, x, x_dot):
    y, y_dot = (1 / (1 + np.exp(-one)) for one in (x, x_dot))
    return y * (1 - y) * dy, y * (1 - y) * dy_dot + y_dot * (1 - y_dot) * dy


SIGMOID_BACK = Exercise(
    "12.4", "sigmoid_tangent_backward", "tangent_backward of the sigmoid", _sigmoid_case, _sigmoid_truth, _sigmoid_solution,
    mistakes=(
        Mistake("the slope was taken to stand still: f'' x_dot dy is missing", _bent(lambda y: 0 * y)),
        Mistake("only the slope was moved: f' dy_dot is missing", _bent(direct=0)),
        Mistake("f'' = f' (1 - 2 y): a 2 is missing", _bent(lambda y: y * (1 - y) * (1 - y))),
        Mistake("f'' = f' (1 - 2 y): its sign is the wrong way round", _bent(lambda y: -y * (1 - y) * (1 - 2 * y))),
        Mistake("1 - 2 y is the derivative of y (1 - y) by y; by x it is that times f'", _bent(lambda y: 1 - 2 * y)),
        Mistake("that is f'' of tanh", _bent(lambda y: -2 * y * (1 - y * y))),
        Mistake("x_dot is missing beside f'': the slope moves as fast as x does", _bent(bend=lambda x_dot, dy, dy_dot: dy)),
        Mistake("dy is missing beside f'' x_dot", _bent(bend=lambda x_dot, dy, dy_dot: x_dot)),
        Mistake("f'' was multiplied by x_dot dy_dot: the product rule moves one factor at a time, and here dy stands still",
                _bent(bend=lambda x_dot, dy, dy_dot: x_dot * dy_dot)),
        Mistake("dy was left out of dx", _bent(factor=1)),
        Mistake("the slope is that of tanh, 1 - y^2; for the sigmoid it is y (1 - y)", _tanh_slope),
        Mistake("the velocity of y was put into y (1 - y) in place of y; the product rule gives y_dot (1 - 2 y)", _dotted_slope),
        Mistake("f'' stands for tanh: -2 y f'; for the sigmoid it is (1 - 2 y) f'", _bent(lambda y: -2 * y * y * (1 - y))),
        Mistake("x stands where y = sigmoid(x) was meant", _from_x),
        Mistake("the part with f'' counts twice", _bent(lambda y: 2 * y * (1 - y) * (1 - 2 * y))),
        Mistake("f' = y is the derivative of exp; that of the sigmoid is y (1 - y)", lambda dy, dy_dot, x, x_dot: (
            dy / (1 + np.exp(-x)), _bent()(dy, dy_dot, x, x_dot)[1])),
        Mistake("f' stands where f'' was meant: the velocity of f' has the factor 1 - 2 y besides", _bent(lambda y: y * (1 - y))),
    ),
    hints=("dx = f'(x) dy is a product of two things that move: f'(x), because x does, and dy.",
           "The velocity of f'(x) is f''(x) x_dot. Differentiate y (1 - y) with y' = y (1 - y).",
           "f'' = y (1 - y) (1 - 2 y), and dx_dot = f' dy_dot + f'' x_dot dy."),
)


# ---------------------------------------------------------------- 12.5


def _r1_case(rng):
    _, D = players(rng)
    return D, rng.normal(size=(int(rng.integers(5, 10)), 3)), round(float(rng.uniform(3, 12)), 1)


def _r1_value(D, x, gamma):
    """Layer by layer for D = Dense, Tanh, Dense: the gradient of a score is sum_k a_k (1 - tanh^2) W[:, k]."""
    first, _, last = D.layers
    g = np.einsum("nk,k,dk->nd", 1 - np.tanh(x @ first.W + first.b) ** 2, last.W[:, 0], first.W)
    return float(gamma / 2 * (g**2).sum() / x.shape[0])


def _r1_truth(D, x, gamma):
    """D.grad: what the loss has left there, and to it the penalty's gradient by differences."""
    penalty = differences(lambda theta: _r1_value(at(D, theta), x, gamma), D.theta)
    return {"P": _r1_value(D, x, gamma), "what was added to D.grad": penalty, "D.theta": D.theta}


def _r1_observed(answer, D, x, gamma):
    nets = used(D=D)
    left = nets["D"].grad.copy()
    value = answer(nets["D"], x, gamma)
    return {"P": value, "what was added to D.grad": nets["D"].grad - left, "D.theta": nets["D"].theta}


def _r1_solution(D, x, gamma):
    return R1(gamma)(D, x, D.forward(x)[1])


def _over_n(s):
    return np.full_like(s, 1 / s.size)


def _r1(v=lambda g, gamma: gamma * g / g.shape[0], begin=np.ones_like, begin_dot=np.zeros_like, first=False, clear=False,
        value=None, last=None, again=np.ones_like, x_dot=None):
    """R1 with one thing done differently."""
    def answer(D, x, gamma):
        s, tape = D.forward(x)
        if clear:
            D.zero_grad()
        g = D.backward(begin(s), tape, grads=first)
        _, tape_dot = D.tangent(v(g, gamma) if x_dot is None else x_dot(x), tape)
        if last is None:
            D.tangent_backward(again(s), begin_dot(s), tape, tape_dot)
        else:
            last(D, s, tape, v(g, gamma))
        return gamma / 2 * (g * g).sum() / x.shape[0] if value is None else value(g, gamma)

    return answer


def _as_loss(D, s, tape, v):
    """A plain backward pass with the tangent's score for dL/ds."""
    s_dot, _ = D.tangent(v, tape)
    D.backward(s_dot, tape)


def _half(g, gamma):
    return gamma / 2 * g / g.shape[0]


PENALTY = Exercise(
    "12.5", "r1_gradient", "R1 and its gradient", _r1_case, _r1_truth,
    solution=_r1_solution,
    mistakes=(
        Mistake("the penalty is reported, but its gradient is never computed",
                _r1(last=lambda D, s, tape, v: None), "zero everywhere"),
        Mistake("v was left out: the inputs were moved by g itself", _r1(lambda g, gamma: g.copy()), "constant factor"),
        Mistake("v is missing its gamma", _r1(lambda g, gamma: g / g.shape[0]), "gamma was left out"),
        Mistake("v is missing its 1/N", _r1(lambda g, gamma: gamma * g), "batch size"),
        Mistake("the square gives its 2 back: v = gamma g / N, without the 1/2", _r1(_half), "factor 2"),
        Mistake("gamma/2 is missing its 1/2 in P",
                _r1(value=lambda g, gamma: gamma * (g * g).sum() / g.shape[0]), "factor 2"),
        Mistake("the norms were not squared in P", _r1(value=lambda g, gamma: gamma / 2 * np.sqrt((g * g).sum(axis=-1)).mean())),
        Mistake("P is a mean over all entries; it is a mean over the samples of sums over the features",
                _r1(value=lambda g, gamma: gamma / 2 * (g * g).mean())),
        Mistake("tangent_backward began with ones for ds_dot: ds does not move, so its velocity is 0",
                _r1(begin_dot=np.ones_like)),
        Mistake("the first backward pass added its own gradient to D.grad; it is only there for g, so grads=False",
                _r1(first=True)),
        Mistake("D.grad was cleared: the loss had left its gradient there, and the penalty's is added to it", _r1(clear=True)),
        Mistake("the scores were charged for their velocity: an ordinary backward pass cannot give the gradient of a gradient",
                _r1(last=_as_loss)),
        Mistake("the backward pass for g began with 1/N, which makes every slope N times too small; begin with ones",
                _r1(begin=_over_n)),
        Mistake("both backward passes began with 1/N, which makes every slope N times too small; begin with ones",
                _r1(begin=_over_n, again=_over_n)),
        Mistake("the inputs were moved in the direction of x, not of v", _r1(x_dot=lambda x: x)),
    ),
    hints=("Four calls, in the order of the docstring. What do they begin with? ones for ds, and v for x_dot.",
           "g = D.backward(np.ones_like(s), tape, grads=False), and v = dP/dg = gamma * g / N.",
           "_, tape_dot = D.tangent(v, tape), then D.tangent_backward(np.ones_like(s), np.zeros_like(s), tape, tape_dot): "
           "that adds dP/dtheta to D.grad."),
    observe=_r1_observed,
    constants=lambda D, x, gamma: {"gamma": gamma}, batch=lambda D, x, gamma: x.shape[0],
)


# ---------------------------------------------------------------- 12.6


def _slopes_case(rng):
    """Some gradients shorter than 1, some longer, and one sample at which D is flat."""
    n, d = _sizes(rng, 2)
    g, lengths = rng.normal(size=(n + 3, d)), rng.permutation([0, 0.5, 1.5, 2, *rng.uniform(0.3, 2.5, n - 1)])
    return g * (lengths / np.linalg.norm(g, axis=1))[:, None], round(float(rng.uniform(3, 12)), 1)


def _steep_value(g, lam):
    """In plain numbers, sample by sample."""
    return lam * sum(max(0.0, math.sqrt(sum(entry**2 for entry in row)) - 1) ** 2 for row in g.tolist()) / g.shape[0]


def _steep(over=lambda r: np.maximum(r - 1, 0), value=None, v=lambda over, r, g: over * g / r, soft=1e-24, axis=-1):
    """P and v with one thing done differently."""
    def answer(g, lam):
        r = np.sqrt((g * g).sum(axis=axis, keepdims=True) + soft)
        P = lam * (over(r) ** 2).mean() if value is None else value(over(r), lam)
        return float(P), 2 * lam / g.shape[0] * v(over(r), r, g)

    return answer


def _one_sided_observed(answer, g, lam):
    result = answer(g, lam)
    if not isinstance(result, tuple) or len(result) != 2:
        raise Wrong(f"one_sided must return P, v; it returns {'nothing' if result is None else type(result).__name__}")
    if np.shape(result[1]) in ((g.shape[0],), (g.shape[0], 1)):
        raise Wrong(f"v has shape {np.shape(result[1])}; it must have {g.shape}",
                    "v has lost its direction: as g_n moves, |g_n| grows along g_n / |g_n|, which is a row")
    return dict(zip(("P", "v"), result, strict=True))


def _steep_mean(g, lam):
    return lam * max(np.linalg.norm(g, axis=1).mean() - 1, 0) ** 2, _steep()(g, lam)[1]


def _gentle(g, lam):
    r = np.linalg.norm(g, axis=1, keepdims=True)
    under = np.maximum(1 - r, 0)
    return lam * (under**2).mean(), -2 * lam / g.shape[0] * under * g / np.maximum(r, 1e-300)


def _of_the_steep(g, lam):
    P, v = _steep()(g, lam)
    times = g.shape[0] / max((np.linalg.norm(g, axis=1) > 1).sum(), 1)
    return times * P, times * v


def _entrywise(g, lam):
    over = np.maximum(np.abs(g) - 1, 0)
    return lam * (over**2).mean(), 2 * lam / g.size * over * np.sign(g)


ONE_SIDED = Exercise(
    "12.6", "one_sided", "a penalty on steep slopes only", _slopes_case,
    lambda g, lam: {"P": _steep_value(g, lam), "v": differences(lambda g: _steep_value(g, lam), g)},
    solution=_steep(),
    mistakes=(
        Mistake("that is WGAN-GP's penalty: gentle slopes are free here", _steep(lambda r: r - 1)),
        Mistake("max(0, ...) was turned round: gentle slopes are charged, and steep ones are free",
                _steep(lambda r: np.maximum(1 - r, 0))),
        Mistake("the norm was squared before 1 was taken off", _steep(lambda r: np.maximum(r**2 - 1, 0))),
        Mistake("the norm was squared before 1 was taken off, in P and in v", _steep(
            lambda r: np.maximum(r**2 - 1, 0), v=lambda over, r, g: 2 * over * g)),
        Mistake("the mean was taken before the maximum: each sample has its own", _steep_mean),
        Mistake("1 - |g|: gentle slopes are charged, below 1, and steep ones are free", _gentle),
        Mistake("every entry was compared with 1, and the mean is over all of them; it is the length of the row", _entrywise),
        Mistake("the square is missing in P", _steep(value=lambda over, lam: lam * over.mean())),
        Mistake("every coordinate was compared with 1; it is the length of the row", _steep(axis=())),
        Mistake("one norm was taken for the whole batch", _steep(axis=None)),
        Mistake("one norm was taken for each coordinate, along the batch; each sample, a row of g, has one", _steep(axis=0)),
        Mistake("the mean was taken before the square", _steep(value=lambda over, lam: lam * over.mean() ** 2)),
        Mistake("P is halved: there is no 1/2 before this penalty",
                _steep(value=lambda over, lam: lam / 2 * (over**2).mean()), "factor 2"),
        Mistake("the mean was taken over the steep samples only; it is over all N of them", _of_the_steep),
        Mistake("P is the sum over the samples",
                _steep(value=lambda over, lam: lam * (over**2).sum()), "the mean over the batch"),
        Mistake("lam is missing in P", _steep(value=lambda over, lam: (over**2).mean()), "lam was left out"),
        Mistake("at g = 0 it divides 0 by 0: add something tiny under the root, or divide by np.maximum(norm, 1)",
                _steep(soft=0), "not finite"),
        Mistake("v has no direction of length 1: divide g by its length", _steep(v=lambda over, r, g: over * g)),
        Mistake("v is missing the inner derivative g / |g|: each row became one number",
                _steep(v=lambda over, r, g: over * np.ones_like(g))),
        Mistake("v is only how P grows with |g|, one number for each row", _steep(v=lambda over, r, g: over),
                "v has lost its direction"),
        Mistake("v is missing the factor |g| - 1: that is the direction alone", _steep(v=lambda over, r, g: (over > 0) * g / r)),
        Mistake("the square's 2 is missing in v", _steep(v=lambda over, r, g: over * g / r / 2), "factor 2"),
    ),
    hints=("With r = |g_n| and over = max(0, r - 1), P is lam * mean of over^2. Its derivative by r is 2 lam / N * over.",
           "r changes with g in the direction g / r. So v = 2 lam / N * over * g / r.",
           "r = np.sqrt((g * g).sum(axis=-1, keepdims=True) + 1e-24) is never 0. Where over is 0, v is 0."),
    observe=_one_sided_observed,
    constants=lambda g, lam: {"lam": lam}, batch=lambda g, lam: g.shape[0],
)


EXERCISES = (DENSE_TANGENT, TANH_TANGENT, DENSE_BACK, SIGMOID_BACK, PENALTY, ONE_SIDED)
