"""The gradient check on many functions: none of the right gradients is refused, none of the wrong ones passes.

Each row is a function, its gradient and a point. `wrong_ones` makes the classic mistakes out of the right gradient, and a row may
bring mistakes of its own. Where differences cannot tell, the row says with which words the check must refuse to judge.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygan import Dense, LeakyReLU, ReLU, Sequential, Sigmoid, Softplus, Tanh, gradcheck, losses, mlp
from tinygan.data import one_hot
from tinygan.engine import heads
from tinygan.engine.beside import FourierBeside
from tinygan.engine.categories import SoftmaxGroups
from tinygan.engine.features import FourierFeatures
from tinygan.engine.numerics import sigmoid, softplus
from tinygan.penalties import R1
from tinygan.zoo import conditional
from tinygan.zoo.joining import only

RNG = np.random.default_rng(5)
V = RNG.normal(size=6)
M = RNG.normal(size=(3, 5))
S = RNG.normal(size=(4, 4)) + 3 * np.eye(4)
C = RNG.normal(size=(4, 4))
W = RNG.normal(size=6)
Q = RNG.normal(size=(6, 6))
GROUPS, ONE_GROUP = SoftmaxGroups(5, (2, 2)), SoftmaxGroups(5, (4,))


class Row(NamedTuple):
    name: str
    f: Callable
    df: Callable
    x: np.ndarray
    says: str = ""  # the check cannot judge: words that the message must contain, for the right gradient
    sees: float = 1e-5  # wrong gradients are made that are off by this much and more, relative to their norm
    wrong: tuple = ()  # wrong gradients of its own: functions of x
    ok: tuple = ()  # other right gradients, at a corner


def q(x):
    return (x**2).sum()


def net_row(name, net, x, sees=1e-5):
    dy = np.random.default_rng(1).normal(size=(x.shape[0], net.d_out))
    return Row(name, lambda x: np.vdot(dy, net(x)), lambda x: net.backward(dy, net.forward(x)[1]).astype(float), x, sees=sees)


def theta_row(name, net, x, sees=1e-5):
    """Over all parameters: a mean over the batch of a loss."""
    start, target = net.theta.astype(float), np.random.default_rng(2).normal(size=(x.shape[0], net.d_out))

    def f(theta):
        net.theta[...] = theta
        return 0.5 * ((net(x) - target) ** 2).sum() / x.shape[0]

    def df(theta):
        net.theta[...] = theta
        y, tape = net.forward(x)
        net.zero_grad()
        net.backward((y - target) / x.shape[0], tape)
        return net.grad.astype(float)

    return Row(name, f, df, start, sees=sees)


def mlp_of(activation, dtype=np.float64):
    return mlp(3, 8, 7, 2, activation=activation, seed=4, dtype=dtype)


def fourier(scale):
    return Sequential(FourierFeatures(2, 16, scale=scale, seed=0), Dense(16, 8), Tanh(), Dense(8, 1), seed=1, dtype=np.float64)


def beside(scale, size):
    return Sequential(FourierBeside(2, 16, scale, size), Dense(18, 8), Tanh(), Dense(8, 1), seed=1, dtype=np.float64)


def conditional_row():
    """D's whole step in a conditional GAN, with R1 on the columns of x."""
    D, rng = mlp(5, 7, 1, activation=Tanh, seed=4, dtype=np.float64), np.random.default_rng(3)
    x_real, x_fake, labels = rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), one_hot(rng.integers(2, size=6), 2, np.float64)
    penalties = (R1(0.7, only(3, 5)),)

    def f(theta):
        D.theta[...] = theta
        return float(conditional.d_gradients(D, x_real, x_fake, labels, losses.NonSaturating(), penalties).value)

    def df(theta):
        f(theta)
        return D.grad.copy()

    return Row("a conditional D, parameters, R1 on x", f, df, D.theta.copy())


def normal_nll(data):
    """A normal distribution's mean negative log-likelihood: mu, sigma."""
    def f(p):
        return np.mean(np.log(p[1]) + ((data - p[0]) / p[1]) ** 2 / 2)

    def df(p):
        return np.array([np.mean(p[0] - data) / p[1] ** 2, 1 / p[1] - np.mean((data - p[0]) ** 2) / p[1] ** 3])

    return f, df


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def logsumexp(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


def bumps(width):
    """Narrow Gaussians around points next to V."""
    centres = V + width * np.linspace(-1.3, 1.1, 6)
    return (lambda x: np.exp(-(((x - centres) / width) ** 2) / 2).sum(),
            lambda x: -(x - centres) / width**2 * np.exp(-(((x - centres) / width) ** 2) / 2))


def quadratic(n):
    d = 1 + np.arange(n) / n
    b = np.random.default_rng(n).normal(size=n)
    return lambda x: (d * x * x).sum() / 2 + b @ x, lambda x: d * x + b, np.random.default_rng(n + 1).normal(size=n)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rosenbrock_gradient(x):
    g = np.zeros_like(x)
    g[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    g[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return g


def matrix_sqrt_loss(x):
    return np.linalg.norm(x @ x.T - np.eye(3)) ** 2 / 4


def first_vectors(x):
    u, _, v = np.linalg.svd(x)
    return u[:, 0], v[0]


def moments_gradient(x):
    n, mean, std = x.shape[0], x.mean(0), np.sqrt(x.var(0) + 1e-5)
    return W[:5] / n * (1 / std - mean * (x - mean) / std**3)


SIZES = 10.0 ** np.arange(-3, 3)
POLY = RNG.normal(size=10)
DATA = 3 + 0.01 * np.random.default_rng(0).standard_normal(500)
NLL, NLL_GRADIENT = normal_nll(DATA)
BATCH = RNG.normal(size=(7, 6))
X3 = RNG.normal(size=(7, 3))
X2 = RNG.uniform(-1, 1, (6, 2))
POSITIVE = np.abs(V) + 0.3
CLASSES = np.eye(5)[[3, 0, 3]]
MASK = np.random.default_rng(8).random(6) > 0.4
STREAM = np.random.default_rng(9)  # drawn from in every call
KNOTS = np.sort(RNG.uniform(-3, 3, 40))
HEIGHTS = RNG.normal(size=40)
CORNERS = np.array([0.7, 0.0, -0.4])


def interpolated_slope(x):
    place = np.searchsorted(KNOTS, x) - 1
    return (HEIGHTS[place + 1] - HEIGHTS[place]) / (KNOTS[place + 1] - KNOTS[place])


def f32(f):
    """The same function, computed in float32 inside."""
    return lambda x: float(f(x.astype(np.float32)))


ORDINARY = [
    Row("linear", lambda x: W @ x, lambda x: W, V, wrong=(lambda x: x,)),
    Row("sum of squares", q, lambda x: 2 * x, V, wrong=(lambda x: x**2, lambda x: 2 * np.abs(x))),
    Row("cubes", lambda x: (x**3).sum(), lambda x: 3 * x**2, V, wrong=(lambda x: 3 * x, lambda x: 2 * x**2)),
    Row("one number", lambda x: math.sin(x), lambda x: np.cos(x), np.array(0.7), wrong=(lambda x: np.sin(x),)),
    Row("one entry", lambda x: float(np.exp(x[0])), lambda x: np.exp(x), np.array([0.7]), wrong=(lambda x: x,)),
    Row("product", lambda x: np.prod(x), lambda x: np.prod(x) / x, V, wrong=(lambda x: np.prod(x) * x,)),
    Row("quotient", lambda x: x[0] / (1 + q(x[1:])),
        lambda x: np.r_[1 / (1 + q(x[1:])), -2 * x[0] * x[1:] / (1 + q(x[1:])) ** 2], V,
        wrong=(lambda x: np.r_[1 / (1 + q(x[1:])), -2 * x[0] * x[1:] / (1 + q(x[1:]))],)),
    Row("norm", np.linalg.norm, lambda x: x / np.linalg.norm(x), V, wrong=(lambda x: x, lambda x: 2 * x)),
    Row("Frobenius norm", np.linalg.norm, lambda x: x / np.linalg.norm(x), M, wrong=(lambda x: x / np.abs(x).sum(),)),
    Row("fourth power norm", lambda x: (x**4).sum() ** 0.25, lambda x: x**3 / (x**4).sum() ** 0.75, V),
    Row("logsumexp", logsumexp, softmax, V, wrong=(lambda x: np.exp(x), lambda x: softmax(x) - 1 / 6, lambda x: softmax(2 * x))),
    Row("logsumexp, large", logsumexp, softmax, V + 500),
    Row("softmax, one class", lambda x: softmax(x)[2], lambda x: softmax(x)[2] * ((np.arange(6) == 2) - softmax(x)), V,
        wrong=(lambda x: softmax(x)[2] * (1 - softmax(x)), lambda x: softmax(x)[2] * (np.arange(6) == 2))),
    Row("cross entropy", lambda x: logsumexp(x) - x[1], lambda x: softmax(x) - (np.arange(6) == 1), V,
        wrong=(lambda x: softmax(x), lambda x: (np.arange(6) == 1) - softmax(x))),
    Row("softmax over groups of columns", lambda x: (GROUPS.forward(x)[0] ** 3).sum(),
        lambda x: GROUPS.backward(3 * GROUPS.forward(x)[0] ** 2, GROUPS.forward(x)[1]), M,
        wrong=(lambda x: ONE_GROUP.backward(3 * GROUPS.forward(x)[0] ** 2, ONE_GROUP.forward(x)[1]),)),
    Row("cross entropy of a batch", lambda x: heads.softmax_cross_entropy(x, CLASSES).value,
        lambda x: heads.softmax_cross_entropy(x, CLASSES).dq, M,
        wrong=(lambda x: heads.softmax_cross_entropy(heads.softmax(x), CLASSES).dq,)),
    Row("Gaussian, log deviation", lambda x: heads.gaussian_nll(0 * x, M, x).value,
        lambda x: heads.gaussian_nll(0 * x, M, x).dlog_std, M / 2, wrong=(lambda x: heads.gaussian_nll(0 * x, M, x).dmean,)),
    Row("divergence of Gaussians, log variance", lambda x: heads.gaussian_kl(M, x).value,
        lambda x: heads.gaussian_kl(M, x).dlog_var, M / 2, wrong=(lambda x: heads.gaussian_kl(M, x).dmean,)),
    Row("entropy", lambda x: -(softmax(x) * np.log(softmax(x))).sum(),
        lambda x: -softmax(x) * (np.log(softmax(x)) - (softmax(x) * np.log(softmax(x))).sum()), V,
        wrong=(lambda x: -softmax(x) * (np.log(softmax(x)) + 1),)),
    Row("sigmoids", lambda x: sigmoid(x).sum(), lambda x: sigmoid(x) * sigmoid(-x), V,
        wrong=(lambda x: sigmoid(x), lambda x: x * (1 - x), lambda x: sigmoid(x) * (1 - x))),
    Row("softplus", lambda x: softplus(x).sum(), sigmoid, V, wrong=(lambda x: sigmoid(-x), lambda x: np.exp(x))),
    Row("tanh", lambda x: W @ np.tanh(x), lambda x: W * (1 - np.tanh(x) ** 2), V,
        wrong=(lambda x: W * (1 - np.tanh(x)), lambda x: W * (1 + np.tanh(x) ** 2), lambda x: 1 - np.tanh(x) ** 2)),
    Row("arctan and log1p", lambda x: np.log1p(x * x).sum() + np.arctan(x).sum(), lambda x: (2 * x + 1) / (1 + x * x), V),
    Row("mean over a batch", lambda x: ((BATCH @ x) ** 2).mean() / 2, lambda x: BATCH.T @ (BATCH @ x) / 7, V,
        wrong=(lambda x: BATCH.T @ (BATCH @ x), lambda x: BATCH.T @ (BATCH @ x) / 49)),
    Row("logistic regression", lambda x: np.log1p(np.exp(-(BATCH @ x))).mean(), lambda x: -BATCH.T @ sigmoid(-(BATCH @ x)) / 7, V,
        wrong=(lambda x: -BATCH.T @ sigmoid(BATCH @ x) / 7,)),
    Row("quadratic form", lambda x: x @ Q @ x, lambda x: (Q + Q.T) @ x, V, wrong=(lambda x: 2 * Q @ x, lambda x: Q @ x)),
    Row("polynomial of degree 9", lambda x: np.polyval(POLY, x).sum(), lambda x: np.polyval(np.polyder(POLY), x), V,
        wrong=(lambda x: np.polyval(np.polyder(POLY[1:]), x),)),
    Row("degree 9, large", lambda x: np.polyval(POLY, x).sum(), lambda x: np.polyval(np.polyder(POLY), x), 30 * V),
    Row("Rosenbrock", rosenbrock, rosenbrock_gradient, V),
    Row("trace of a product", lambda x: np.trace(C @ x), lambda x: C.T, S, wrong=(lambda x: C,)),
    Row("trace of a square", lambda x: np.trace(x @ x), lambda x: 2 * x.T, S, wrong=(lambda x: 2 * x,)),
    Row("determinant", np.linalg.det, lambda x: np.linalg.det(x) * np.linalg.inv(x).T, S, wrong=(lambda x: np.linalg.inv(x).T,)),
    Row("log determinant", lambda x: np.linalg.slogdet(x)[1], lambda x: np.linalg.inv(x).T, S,
        wrong=(lambda x: np.linalg.inv(x),)),
    Row("inverse", lambda x: np.trace(C @ np.linalg.inv(x)), lambda x: -(np.linalg.inv(x) @ C @ np.linalg.inv(x)).T, S,
        wrong=(lambda x: -(np.linalg.inv(x) @ C @ np.linalg.inv(x)), lambda x: np.linalg.inv(x) @ C @ np.linalg.inv(x))),
    Row("largest singular value", lambda x: np.linalg.norm(x, 2), lambda x: np.outer(*first_vectors(x)), M),
    Row("nuclear norm", lambda x: np.linalg.norm(x, "nuc"), lambda x: (lambda u, s, v: u @ v)(*np.linalg.svd(x,
        full_matrices=False)), M),
    Row("x x' near the identity", matrix_sqrt_loss, lambda x: (x @ x.T - np.eye(3)) @ x, M, wrong=(lambda x: (x @ x.T) @ x,)),
    Row("variance", lambda x: x.var(), lambda x: 2 * (x - x.mean()) / 6, V, wrong=(lambda x: 2 * x / 6,
        lambda x: 2 * (x - x.mean()) / 5)),
    Row("moments of a batch", lambda x: (W[:5] * x.mean(0) / np.sqrt(x.var(0) + 1e-5)).sum(), lambda x: moments_gradient(x), M),
    *[net_row(f"{a.__name__} net, input", mlp_of(a), X3) for a in (Tanh, Softplus, Sigmoid, ReLU, LeakyReLU)],
    *[theta_row(f"{a.__name__} net, parameters", mlp_of(a), X3) for a in (Tanh, Softplus, ReLU)],
    conditional_row(),
    *[Row(f"{loss.__name__} loss", lambda s, loss=loss: loss().g(s).value, lambda s, loss=loss: loss().g(s).ds_fake, V[:, None])
      for loss in (losses.Minimax, losses.NonSaturating, losses.LeastSquares)],
]


SHARP = [
    Row("narrow normal distribution", NLL, NLL_GRADIENT, np.array([3.0005, 0.013]),
        wrong=(lambda p: NLL_GRADIENT(p) * [1, -1], lambda p: NLL_GRADIENT(p) * [1, 0], lambda p: NLL_GRADIENT(p) * [0, 1])),
    Row("narrower still", *normal_nll(3 + (DATA - 3) / 100), np.array([3.000005, 0.00013])),
    *[Row(f"bumps of width {width:g}", *bumps(width), V) for width in (1e-2, 1e-4, 1e-6, 1e-8)],
    Row("one bump of six, width 1e-6", lambda x: np.exp(-(((x[0] - V[0]) / 1e-6 - 0.5) ** 2) / 2) + q(x[1:]),
        lambda x: np.r_[0.5e6 * np.exp(-0.125), 2 * x[1:]], V, wrong=(lambda x: np.r_[0, 2 * x[1:]],)),
    *[Row(f"sin({k:g} x)", lambda x, k=k: np.sin(k * x).sum(),
        lambda x, k=k: k * np.cos(k * x), V) for k in (10, 300, 1000, 3000, 1e5)],
    Row("one steep entry", lambda x: np.sin(3000 * x[0]) + q(x[1:]), lambda x: np.r_[3000 * np.cos(3000 * x[0]), 2 * x[1:]], V,
        wrong=(lambda x: np.r_[-123, 2 * x[1:]], lambda x: np.r_[0, 2 * x[1:]])),
    Row("exp(50 x)", lambda x: np.exp(50 * x).sum(), lambda x: 50 * np.exp(50 * x), V, wrong=(lambda x: np.exp(50 * x),)),
    Row("exp(-50 x)", lambda x: np.exp(-50 * x).sum(), lambda x: -50 * np.exp(-50 * x), np.abs(V)),
    Row("tanh(1e6 x) near 0", lambda x: np.tanh(1e6 * x).sum(), lambda x: 1e6 * (1 - np.tanh(1e6 * x) ** 2), V * 1e-6),
    *[Row(f"logarithm at {s:g}", lambda x: np.log(x).sum(), lambda x: 1 / x, s * POSITIVE, wrong=(lambda x: x, lambda x: -1 / x))
      for s in (1, 1e-4, 1e-8, 1e-12)],
    *[Row(f"1/x at {s:g}", lambda x: (1 / x).sum(), lambda x: -1 / x**2, s * V, wrong=(lambda x: 1 / x**2, lambda x: -1 / x))
      for s in (1e-3, 1e-7)],
    *[Row(f"root at {s:g}", lambda x: np.sqrt(x).sum(), lambda x: 0.5 / np.sqrt(x), s * POSITIVE) for s in (1, 1e-5, 1e-10)],
    Row("Python's own logarithm", lambda x: math.log(x[0]) + math.sqrt(x[1]),
        lambda x: np.array([1 / x[0], 0.5 / math.sqrt(x[1])]),
        np.array([1e-7, 1e-6])),
    Row("x log x", lambda x: (x * np.log(x)).sum(), lambda x: np.log(x) + 1, 1e-6 * POSITIVE, wrong=(lambda x: np.log(x),)),
    Row("inverse of a nearly singular matrix", lambda x: np.trace(np.linalg.inv(x)),
        lambda x: -(np.linalg.inv(x) @ np.linalg.inv(x)).T,
        np.array([[1, 2], [0.5, 1 + 1e-6]]), sees=1e-3),
    Row("log of det by Cholesky, nearly singular",
        lambda x: 2 * np.log(np.diag(np.linalg.cholesky(x @ x.T + 1e-9 * np.eye(3)))).sum(),
        lambda x: 2 * np.linalg.inv(x @ x.T + 1e-9 * np.eye(3)) @ x, 1e-5 * M),
    *[net_row(f"Fourier features, scale {scale}", fourier(scale), X2) for scale in (0.5, 1, 3, 10, 30)],
    *[theta_row(f"Fourier features, parameters, scale {scale}", fourier(scale), X2) for scale in (0.5, 30)],
    *[make(f"{name}, scale {scale}, size {size}", beside(scale, size), X2) for scale, size in ((0.5, 1), (3, .1), (30, .01))
      for make, name in ((net_row, "Fourier features beside x"), (theta_row, "Fourier features beside x, parameters"))],
    Row("softplus(1000 x)/1000", lambda x: softplus(1000 * x).sum() / 1000, lambda x: sigmoid(1000 * x), V / 100),
    Row("a corner 1e-7 wide", lambda x: np.sqrt(x**2 + 1e-14).sum(), lambda x: x / np.sqrt(x**2 + 1e-14),
        np.array([0.7, 0.0, -3e-8])),
]

SCALES = [
    *[Row(f"{s:g} f", lambda x, s=s: s * (np.sin(x).sum() + q(x)), lambda x, s=s: s * (np.cos(x) + 2 * x), V)
      for s in (1e8, 1e-8, 1e-12, 1e-100, 1e100)],
    Row("1e8 + f", lambda x: 1e8 + q(x), lambda x: 2 * x, V, wrong=(lambda x: 2.1 * x,)),
    Row("-1e8 + sines", lambda x: np.sin(x).sum() - 1e8, np.cos, V),
    Row("1e4 + a net", lambda x: 1e4 + np.tanh(BATCH @ x).sum(), lambda x: BATCH.T @ (1 - np.tanh(BATCH @ x) ** 2), V),
    Row("1e8 + 1e-6 f", lambda x: 1e8 + 1e-6 * q(x), lambda x: 2e-6 * x, V, says="scale f by"),
    Row("1e8 + 1e-9 f", lambda x: 1e8 + 1e-9 * q(x), lambda x: 2e-9 * x, V, says="too small to be seen"),
    Row("1e-319 sines", lambda x: 1e-319 * np.sin(x).sum(), lambda x: 1e-319 * np.cos(x), V, says="scale f by", sees=0.1),
    *[Row(f"x of {s:g}", lambda x, s=s: np.sin(x / s).sum() + q(x / s), lambda x, s=s: np.cos(x / s) / s + 2 * x / s**2, s * V)
      for s in (1e8, 1e-8, 1e4, 1e-3, 1e12, 1e-30)],
    Row("sin of a large x", lambda x: np.sin(x).sum(), np.cos, 1e6 + V),
    Row("sin of a larger x", lambda x: np.sin(x).sum(), np.cos, 1e10 + V),
    Row("sin of a huge x", lambda x: np.sin(x).sum(), np.cos, 1e12 + V, says="choose an x nearer to 0"),
    Row("x of all sizes", lambda x: (np.sin(x / SIZES) + (x / SIZES) ** 2).sum(),
        lambda x: (np.cos(x / SIZES) + 2 * x / SIZES) / SIZES,
        V * SIZES),
    *[Row(f"quadratic form of dimension {n}", *quadratic(n)) for n in (1, 2, 300, 5000, 6000)],
    Row("norm of 5000", np.linalg.norm, lambda x: x / np.linalg.norm(x), np.random.default_rng(1).normal(size=5000)),
    Row("tanh of 20000", lambda x: np.tanh(x).sum(), lambda x: 1 - np.tanh(x) ** 2,
        np.random.default_rng(1).normal(size=(100, 200))),
]

KINKED = [
    Row("|x|, corner at 0", lambda x: np.abs(x).sum(), np.sign, CORNERS, wrong=(
        lambda x: np.where(x == 0, 77, np.sign(x)), lambda x: np.where(x == 0, 1.1, np.sign(x)), lambda x: np.where(x == 0, -2,
        np.sign(x)),
        lambda x: np.where(x == 0, np.nan, np.sign(x))),
        ok=(lambda x: np.where(x == 0, 1, np.sign(x)), lambda x: np.where(x == 0, -0.3, np.sign(x)))),
    Row("relu, corner at 0", lambda x: np.maximum(x, 0).sum(), lambda x: (x > 0) * 1.0, CORNERS, wrong=(
        lambda x: np.where(x == 0, -0.2, x > 0), lambda x: np.where(x == 0, 1.2, x > 0)),
        ok=(lambda x: (x >= 0) * 1.0, lambda x: np.where(x == 0, 0.5, x > 0))),
    Row("leaky relu and a curve", lambda x: np.where(x > 0, x, 0.2 * x).sum() + np.sin(x).sum(),
        lambda x: np.where(x > 0, 1, 0.2) + np.cos(x), CORNERS, wrong=(lambda x: np.where(x == 0, 0,
        np.where(x > 0, 1, 0.2) + np.cos(x)),)),
    Row("largest of two equal", lambda x: x.max(), lambda x: (np.arange(3) == 0) * 1.0, np.array([2.0, 2.0, 1.0]), wrong=(
        lambda x: np.array([1, -0.5, 0.0]), lambda x: np.array([1.0, 0, 1e-3])), sees=math.inf,
        ok=(lambda x: np.array([0.5, 0.5, 0]),)),
    Row("largest", lambda x: x.max(), lambda x: (x == x.max()) * 1.0, V),
    Row("x|x|", lambda x: (x * np.abs(x)).sum(), lambda x: 2 * np.abs(x), CORNERS, wrong=(lambda x: 2 * x,)),
    Row("x|x|, at 0 alone", lambda x: (x * np.abs(x)).sum(), lambda x: 2 * np.abs(x), np.zeros(2), wrong=(lambda x: x + 1e-3,)),
    Row("hinge", lambda x: np.maximum(0, 1 - x).sum(), lambda x: -1.0 * (x < 1), np.r_[1.0, V], ok=(lambda x: -1.0 * (x <= 1),),
        wrong=(lambda x: (x < 1) * 1.0, lambda x: -1.0 * (x < 1) - (x == 1) * 1.01)),
    Row("clip", lambda x: np.clip(x, -0.5, 0.5).sum(), lambda x: (np.abs(x) < 0.5) * 1.0, np.r_[V, 0.1],
        wrong=(lambda x: np.ones_like(x),)),
    Row("absolute values of a batch", lambda x: np.abs(BATCH @ x).mean(), lambda x: BATCH.T @ np.sign(BATCH @ x) / 7, V),
    Row("piecewise linear, 40 knots", lambda x: np.interp(x, KNOTS, HEIGHTS).sum(), interpolated_slope, np.linspace(-2, 2, 30)),
    Row("triangle waves, 3000 corners", lambda x: np.abs((1500 * x) % 2 - 1).sum(),
        lambda x: 1500 * np.sign((1500 * x) % 2 - 1), V),
    *[Row(f"relu, {d:g} from its corner", lambda x: np.maximum(x, 0).sum(), lambda x: (x > 0) * 1.0, np.array([0.5, d, -0.5]),
          wrong=(lambda x: np.array([1, x[1] < 0, 0.0]), lambda x: np.array([1, 0.5, 0.0]))) for d in (1e-6, -1e-6, 5e-6, -3e-7)],
    Row("Huber", lambda x: np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5).sum(), lambda x: np.clip(x, -1, 1), np.r_[V, 1.0]),
    Row("nothing but corners", lambda x: np.abs(x).sum(), lambda x: np.full(3, 0.3), np.zeros(3),
        says="every entry sits on a kink"),
    Row("a curve that ends at x", lambda x: np.where(x > 1, np.nan, np.sin(x)).sum(), np.cos, np.array([1.0, 0.3])),
    Row("(1 - x)^1.5 at its edge", lambda x: ((1 - x) ** 1.5).sum(), lambda x: -1.5 * np.sqrt(1 - x), np.array([1.0, 0.3]),
        says="not finite at x + h"),
    Row("root at 0", lambda x: np.sqrt(x).sum(), lambda x: np.array([1e6, 0.5]), np.array([0.0, 1.0]),
        says="not finite at x - h"),
    Row("root of |x| at 0", lambda x: np.sqrt(np.abs(x)).sum(), lambda x: np.array([0.1, 0.5]), np.array([0.0, 1.0]),
        says="does not settle"),
    Row("sign at 0", lambda x: np.sign(x).sum() + q(x), lambda x: 2 * x, CORNERS[1:], says="jumps"),
    Row("floor, at a whole number", lambda x: np.floor(x).sum() + q(x), lambda x: 2 * x + 1e3 * (x == 2), np.array([2.0, 0.3]),
        says="jumps"),
    Row("floor, straight through", lambda x: np.floor(x).sum(), lambda x: np.zeros_like(x), V + 0.1,
        wrong=(lambda x: np.ones_like(x),)),
    Row("round and a curve", lambda x: np.round(x).sum() + q(x), lambda x: 2 * x, V, wrong=(lambda x: 2 * x + 1,)),
    Row("a hinge at rest", lambda x: np.maximum(0, 1 - x).sum(), lambda x: np.zeros_like(x), 2 + np.abs(V)),
    Row("at a minimum", lambda x: (1 - np.cos(x)).sum(), np.sin, np.zeros(4), wrong=(lambda x: x + 1e-6,)),
    Row("a constant", lambda x: 3.7, lambda x: np.zeros_like(x), V, wrong=(lambda x: np.ones_like(x),)),
    Row("a constant but for rounding", lambda x: softmax(x).sum(), lambda x: np.zeros_like(x), V, wrong=(softmax,)),
]

FLOAT32 = [
    Row("float32 inside", f32(lambda x: np.sin(x).sum() + q(x)), lambda x: np.cos(x) + 2 * x, V, sees=1e-2),
    Row("float32 value", lambda x: np.tanh(x.astype(np.float32)).sum(), lambda x: 1 - np.tanh(x) ** 2, V, sees=1e-2),
    net_row("float32 net, input", mlp_of(Tanh, np.float32), X3, sees=1e-2),
    theta_row("float32 net, parameters", mlp_of(Softplus, np.float32), X3, sees=1e-2),
]
STRANGE = [
    Row("a fresh dropout mask", lambda x: q(x * (STREAM.random(6) > 0.5)), lambda x: 2 * x, V, says="a dropout mask"),
    Row("a mask drawn once", lambda x: q(x * MASK), lambda x: 2 * x * MASK, V, wrong=(lambda x: 2 * x,)),
    Row("noise of 1e-10", lambda x: q(x) + 1e-10 * STREAM.standard_normal(), lambda x: 2 * x, V, says="at the same x"),
    Row("x is ignored", lambda x: q(V), lambda x: 2 * x, V, says="Does f use its argument?", sees=math.inf),
    Row("shape (1, 1)", lambda x: x.reshape(1, -1) @ x.reshape(-1, 1), lambda x: 2 * x, V),
    Row("shape (1,)", lambda x: np.array([q(x)]), lambda x: 2 * x, V),
    Row("whole numbers", lambda x: int(np.floor(10 * x).sum()), lambda x: np.zeros_like(x), V + 0.003,
        wrong=(lambda x: np.full(6, 10.0),)),
    Row("an array", lambda x: x**2, lambda x: 2 * x, V, says=r"np.vdot(dy, f(x))"),
    Row("with its cache", lambda x: (q(x), x), lambda x: 2 * x, V, says="lambda x: f(x)[0]"),
    Row("None", lambda x: None, lambda x: 2 * x, V, says="f returns None"),
    Row("complex", lambda x: (x + 0j) @ x, lambda x: 2 * x, V, says="take .real"),
    Row("a text", lambda x: "1.0", lambda x: 2 * x, V, says="f returns a str"),
    Row("not finite", lambda x: np.log(x).sum(), lambda x: 1 / x, V, says="f(x) is nan"),
    Row("infinite", lambda x: np.exp(1000 * x).sum(), lambda x: np.ones_like(x), np.abs(V) + 1,
        says="f(x) is inf"),
]
TABLE = ORDINARY + SHARP + SCALES + KINKED + FLOAT32 + STRANGE


def wrong_ones(g, sees, x):
    """The classic mistakes, {story: gradient}; those that happen to be right, or too small to be asked for, are left out."""
    order = np.argsort(np.abs(g), axis=None)
    middle = np.unravel_index(order[(order.size + 1) // 2 if order.size > 1 else 0], g.shape)
    top = np.abs(g).max(initial=1e-300)
    off = np.random.default_rng(9).choice([-1.0, 1.0], g.shape)

    def but(place, factor):
        changed = g.copy()
        changed[place] *= factor
        return changed

    made = {"sign": -g, "twice": 2 * g, "half": g / 2, "zero": 0 * g, "times n": 7 * g, "over n": g / 7, "shifted": np.roll(g, 1),
            "reversed": g.ravel()[::-1].reshape(g.shape), "clipped": np.clip(g, -np.median(np.abs(g)), np.median(np.abs(g))),
            "squared": g * np.abs(g), "absolute": np.abs(g), "plus 1": g + 1, "x instead": x + 0 * g,
            "one zero": but(middle, 0), "one sign": but(middle, -1), "one twice": but(middle, 2),
            "one off by 1e-3": but(middle, 1.001), "all off by 1e-3": g * 1.001, "each off by 1e-3": g * (1 + 1e-3 * off),
            "all off by 1e-5": g * (1 - 1e-5), "each off by 1e-5": g * (1 + 1e-5 * off), "a mean too much": g - g.mean(),
            "three digits": 1e-3 * top * np.round(g / top * 1e3)}
    if g.ndim == 2 and g.shape[0] == g.shape[1]:
        made["transposed"] = g.T.copy()
    if g.size > 1000:
        made = {story: made[story] for story in ("sign", "one twice", "all off by 1e-5")}
    return {story: w for story, w in made.items() if np.abs(w - g).max(initial=0) > 0 and off_by(w, g) > 0.9 * sees}


def off_by(w, g):
    top = max(np.abs(w).max(), np.abs(g).max())
    return np.linalg.norm((w - g) / top) / max(np.linalg.norm(w / top), np.linalg.norm(g / top))


LONG = ("norm of 5000", "quadratic form of dimension 5000", "nothing but corners", "float32 net, parameters", "root at 0",
        "quadratic form of dimension 300")  # a second or more each
EACH = pytest.mark.parametrize("row", [pytest.param(row, id=row.name, marks=[pytest.mark.slow] * (row.name in LONG))
                                       for row in TABLE])


def test_the_table_is_large_enough():
    assert len(TABLE) == len({row.name for row in TABLE}) >= 150
    assert sum(len(row.wrong) + len(wrong_ones(right(row), row.sees, row.x)) for row in TABLE) > 3000


def right(row):
    return np.asarray(row.df(row.x.copy()), float)


@EACH
def test_a_right_gradient_is_not_refused(row):
    result = gradcheck.check(row.f, right(row), row.x)
    if row.says:
        assert not result.ok and row.says in str(result) and "CANNOT BE JUDGED" in str(result), str(result)
        assert "DISAGREES" not in str(result) and not result.wrong.any()
    else:
        assert result.ok and result.why == [] and "agrees" in str(result), str(result)
    for other in row.ok:
        result = gradcheck.check(row.f, np.asarray(other(row.x), float), row.x)
        assert result.ok and result.kinks.any(), str(result)


@pytest.mark.sampled(6)
@EACH
def test_a_wrong_gradient_does_not_pass(row):
    made = wrong_ones(right(row), row.sees, row.x) | {f"its own {i}": wrong(row.x) for i, wrong in enumerate(row.wrong)}
    for story, wrong in made.items():
        result = gradcheck.check(row.f, np.asarray(wrong, float), row.x)
        assert not result.ok and result.why, f"{story}: {result}"
        assert all(len(line) < 400 for line in result.why) and len(result.why) <= 9


@pytest.mark.sampled(3)
@pytest.mark.parametrize("row", ORDINARY, ids=[row.name for row in ORDINARY])
def test_an_ordinary_function_is_told_that_it_disagrees(row):
    """A wrong gradient of an ordinary function is called wrong, never too small or on a kink; the right one has no notes."""
    assert gradcheck.check(row.f, right(row), row.x).notes == ()
    for story, wrong in wrong_ones(right(row), row.sees, row.x).items():
        result = gradcheck.check(row.f, wrong, row.x)
        assert "DISAGREES" in str(result) and not result.kinks.any(), f"{story}: {result}"


@pytest.mark.slow
@given(st.integers(0, 10**6), st.sampled_from([Tanh, Softplus, Sigmoid, ReLU, LeakyReLU]), st.integers(1, 9), st.integers(1, 3),
       st.sampled_from([0.01, 1.0, 30.0]))
def test_random_networks(seed, activation, width, depth, scale):
    """Over all parameters of any network, at any size of its input: the right gradient passes, a wrong one does not."""
    rng = np.random.default_rng(seed)
    row = theta_row("net", mlp(2, *[width] * depth, 1, activation=activation, seed=seed, dtype=np.float64),
                    scale * rng.normal(size=(5, 2)))
    gradient = right(row)
    result = gradcheck.check(row.f, gradient, row.x)
    assert result.ok, str(result)
    for story, wrong in wrong_ones(gradient, row.sees, row.x).items():
        if np.linalg.norm(wrong - gradient) > 1e-4 * np.linalg.norm(gradient):
            assert not gradcheck.check(row.f, wrong, row.x).ok, story


@given(st.integers(0, 10**6), st.sampled_from([0.5, 3, 10, 30]))
def test_random_fourier_features(seed, scale):
    rng = np.random.default_rng(seed)
    D = Sequential(FourierFeatures(2, 16, scale=scale, seed=seed), Dense(16, 6), Tanh(), Dense(6, 1), seed=seed, dtype=np.float64)
    row = net_row("features", D, rng.uniform(-1, 1, (4, 2)))
    assert gradcheck.check(row.f, right(row), row.x).ok
    assert not gradcheck.check(row.f, right(row) * (1 + 1e-5), row.x).ok


@pytest.mark.parametrize("activation", [Tanh, Softplus, ReLU])
def test_a_right_network_costs_little_more_than_two_calls_an_entry(activation):
    """Each entry takes two calls, and the point itself three; what leaves a doubt takes more, a tenth of all at most."""
    for seed in range(3):
        row = theta_row("net", mlp(2, 14, 14, 1, activation=activation, seed=seed, dtype=np.float64),
                        np.random.default_rng(seed).normal(size=(9, 2)))
        counted = Counted(row.f)
        assert gradcheck.check(counted, right(row), row.x).ok
        assert row.x.size > 250 and counted.calls <= 2.3 * row.x.size
        counted.calls = 0
        assert not gradcheck.check(counted, -right(row), row.x).ok
        assert counted.calls <= 8 * row.x.size


class Counted:
    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, x):
        self.calls += 1
        return self.f(x)
