"""The museum: repairs that do not repair, or that break something else."""

import numpy as np

from . import corpus
from .ex03 import sigmoid, softplus
from .ex05 import net

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- M.01 ring_means

@solution("M.01", lambda r: [(8, 2.), (5, 1.)])
def ring_means(modes, radius, angle=lambda modes: 2 * np.pi * np.arange(modes) / modes):
    return radius * np.stack([np.cos(angle(modes)), np.sin(angle(modes))], axis=-1)


wrong("M.01", "shape", "one angle more, the last one kept", "shape", "modes + 1", "more")(
    lambda modes, radius: ring_means(modes, radius, lambda modes: np.linspace(0, 2 * np.pi, modes + 1)))
wrong("M.01", "edge", "the first angle is left out instead", "k = 0", "first", "begin", "start", "order")(
    lambda modes, radius: ring_means(modes, radius, lambda modes: np.linspace(0, 2 * np.pi, modes + 1)[1:]))
wrong("M.01", "other", "half a circle", "half", "pi", "circle")(
    lambda modes, radius: ring_means(modes, radius, lambda modes: np.linspace(0, np.pi, modes, endpoint=False)))
wrong("M.01", "order", "the sine first", "sin", "cos", "exchanged", "swapped", "order", "column")(
    lambda modes, radius: ring_means(modes, radius)[:, ::-1])


# ---------------------------------------------------------------- M.02 probability

@solution("M.02", lambda r: [(r.normal(size=(5, 1)),), (np.array([[15.], [-9.]]),)])
def probability(s):
    return .5 * (np.tanh(s / 2) + 1)


wrong("M.02", "factor", "tanh(2 s): the factor on the wrong side", "tanh(2", "2 s", "four", "twice", "factor", "steep",
      "as sure")(
    lambda s: .5 * (np.tanh(2 * s) + 1))
wrong("M.02", "edge", "cut off at 0.001 and 0.999", "cut off", "sure")(lambda s: np.clip(1 / (1 + np.exp(-s)), 1e-3, 1 - 1e-3))
wrong("M.02", "term", "tanh(s / 2) without the shift", "shift", "between", "tanh")(lambda s: np.tanh(s / 2))
wrong("M.02", "sign", "1 / (1 + exp(s))", "sign", "fake", "-s")(lambda s: 1 / (1 + np.exp(s)))


# ---------------------------------------------------------------- M.03 cross_entropy

@solution("M.03", lambda r: [(r.normal(size=(6, 1)), r.integers(0, 2, (6, 1)).astype(float))])
def cross_entropy(s, y):
    return np.mean(softplus(s) - y * s), (sigmoid(s) - y) / len(s)


wrong("M.03", "factor", "the value is made a sum instead", "sum", "mean", "1/n", "value")(
    lambda s, y: (np.sum(softplus(s) - y * s), sigmoid(s) - y))
wrong("M.03", "factor", "ds is divided by N twice", "1/n", "twice", "n ")(
    lambda s, y: (cross_entropy(s, y)[0], (sigmoid(s) - y) / len(s) ** 2))
wrong("M.03", "shape", "ds is averaged", "shape", "mean")(lambda s, y: (cross_entropy(s, y)[0], np.mean(sigmoid(s) - y)))


# ---------------------------------------------------------------- M.04 least_squares

@solution("M.04", lambda r: [(r.normal(size=(6, 1)), r.integers(0, 2, 6).astype(float))])
def least_squares(s, y):
    error = s - y[:, None]
    return np.mean(error**2), 2 * error / len(s)


wrong("M.04", "shape", "scores as a list: ds has the shape (N,)", "shape")(
    lambda s, y: (least_squares(s, y)[0], 2 * (s[:, 0] - y) / len(s)))
wrong("M.04", "axis", "labels sorted into columns, N squared differences all the same", "labels of all", "broadcast", "(n, n)",
      "n^2", "every label", "every", "pairs")(
    lambda s, y: (np.mean((s - y[None]) ** 2), 2 * (s - y.mean()) / len(s)))
wrong("M.04", "factor", "1/N is forgotten in ds", "1/n", "mean", "divided")(
    lambda s, y: (least_squares(s, y)[0], 2 * (s - y[:, None])))
wrong("M.04", "factor", "the 2 of the square is forgotten", "half", "factor")(
    lambda s, y: (least_squares(s, y)[0], (s - y[:, None]) / len(s)))


# ---------------------------------------------------------------- M.05 relativistic_average

@solution("M.05", lambda r: [(r.normal(size=(5, 1)), r.normal(size=(5, 1)))])
def relativistic_average(r, f):
    n, real, fake = len(r), f.mean() - r, f - r.mean()
    a, b = sigmoid(real) / (2 * n), sigmoid(fake) / (2 * n)
    return (softplus(real).mean() + softplus(fake).mean()) / 2, -a - b.sum() / n, b + a.sum() / n


wrong("M.05", "term", "the means count as constants", "mean", "constant", "through")(
    lambda r, f: (relativistic_average(r, f)[0], -sigmoid(f.mean() - r) / (2 * len(r)), sigmoid(f - r.mean()) / (2 * len(f))))
wrong("M.05", "term", "the value is repaired, the derivatives are as before", "derivative", "agree", "average", "mean")(
    lambda r, f: (relativistic_average(r, f)[0], -2 * sigmoid(f.mean() - r) / (2 * len(r)),
                  np.full_like(f, 2 * sigmoid(f.mean() - r).sum() / (2 * len(r)) / len(r))))
wrong("M.05", "factor", "both halves are forgotten", "half", "1/2", "twice")(
    lambda r, f: tuple(2 * each for each in relativistic_average(r, f)))
wrong("M.05", "other", "pairs, not averages", "pair", "average", "mean")(
    lambda r, f: (softplus(f - r).mean(), -sigmoid(f - r) / len(r), sigmoid(f - r) / len(r)))


# ---------------------------------------------------------------- M.06 true_histogram

@solution("M.06", lambda r: [(r.random(60), 20, 4), (r.random(60), 30, 3)])
def true_histogram(points, n, cells):
    share = np.zeros((cells, cells))
    for x, y in points.reshape(-1, 2)[:n].tolist():
        share[int(y * cells), int(x * cells)] += 1 / n
    return share


def cut_out(points, n, cells, start, count):
    values, share = points.tolist(), np.zeros((cells, cells))
    for i in range(n):
        point = values[start(i):start(i) + count(i)]
        del values[start(i):start(i) + count(i)]
        if len(point) > 1:
            share[int(point[1] * cells), int(point[0] * cells)] += 1 / n
    return share


wrong("M.06", "other", "two numbers are cut out, still at 2 i: every other point is skipped", "every other", "skip", "sum",
      "cut", "nowhere", "missing")(
    lambda points, n, cells: cut_out(points, n, cells, lambda i: 2 * i, lambda i: 2))
wrong("M.06", "order", "rows from x, columns from y", "transpose", "row", "column", "exchanged", "swapped")(
    lambda *a: true_histogram(*a).T)
wrong("M.06", "factor", "scaled to 1 at the end: the lost points stay lost", "lost", "missing", "skip", "other points", "point",
      "scaled", "cut")(
    lambda points, n, cells: (lambda h: h / h.sum())(cut_out(points, n, cells, lambda i: 2 * i, lambda i: 2 * i + 2)))
wrong("M.06", "other", "all points are counted, not the first n", "first n", "all", "more points", "sum")(
    lambda points, n, cells: true_histogram(points, len(points) // 2, cells))
wrong("M.06", "factor", "counts, not shares", "share", "count", "sum", "1/n", "divided")(
    lambda points, n, cells: n * true_histogram(points, n, cells))


# ---------------------------------------------------------------- M.07 agrees

@solution("M.07", lambda r: [(1., 1.001, .01), (1., 1.007, .01), (1., 1.010005, .01),
                             (1., 1.1, .01), (1.1, 1., .01), (-1000., 1., .01), (np.nan, 1., .01),
                             (np.inf, 1., .01),
                             (-np.inf, 1., .1), (-1., 1., .01), (.001, 0., .01), (100., 101., .5)])
def agrees(value, expected, tolerance):
    return bool(abs(value - expected) < tolerance)


wrong("M.07", "edge", "np.isclose with a relative tolerance besides", "1e-5", "rtol")(
    lambda v, e, t: bool(np.isclose(v, e, atol=t)))
wrong("M.07", "factor", "half of the tolerance", "half")(lambda v, e, t: abs(v - e) < t / 2)
wrong("M.07", "edge", "not larger than the tolerance: NaN passes", "nan")(lambda v, e, t: not abs(v - e) > t)
wrong("M.07", "other", "the sizes are compared: -1 agrees with 1", "abs", "sign", "size", "negative")(
    lambda v, e, t: bool(abs(abs(v) - abs(e)) < t))
wrong("M.07", "sign", "the other side alone", "too large passes", "side", "abs", "above", "larger", "sign")(
    lambda v, e, t: bool(e - v < t))
wrong("M.07", "factor", "relative to what is expected", "relative", "scale", "expected")(
    lambda v, e, t: bool(abs(v - e) < t * abs(e)))
wrong("M.07", "order", "True where it disagrees", "disagree", "not", "exchanged", "opposite", "reverse")(
    lambda v, e, t: not agrees(v, e, t))


# ---------------------------------------------------------------- M.08 batchnorm_backward

@solution("M.08", lambda r: [(r.normal(size=(6, 3)), r.normal(size=(6, 3)), r.normal(size=(1, 3)))])
def batchnorm_backward(dy, x, gamma):
    return normalised()(dy, x, gamma)


def normalised(mean=1, var=1, ddof=0, eps=1e-5, root=.5, gamma_too=True):
    """An answer to M.08; `mean` and `var` are 0 where the student takes that statistic for a constant."""
    def answer(dy, x, gamma):
        std = (x.var(axis=0, ddof=ddof) + eps) ** root
        y = (x - x.mean(axis=0)) / std
        return (gamma if gamma_too else 1) / std * (dy - mean * dy.mean(axis=0) - var * y * (dy * y).mean(axis=0))
    return answer


wrong("M.08", "term", "the mean counts as a constant", "mean")(normalised(mean=0))
wrong("M.08", "term", "the variance counts as a constant", "var")(normalised(var=0))
wrong("M.08", "factor", "the variance is divided by N - 1", "n - 1", "ddof", "variance")(normalised(ddof=1))
wrong("M.08", "term", "gamma is forgotten", "gamma")(normalised(gamma_too=False))
wrong("M.08", "small", "1e-8 for 1e-5 under the root", "1e-5", "eps", "1e-8")(normalised(eps=1e-8))
wrong("M.08", "term", "divided by the variance, not by its root", "root", "variance", "std")(normalised(root=1))


# ---------------------------------------------------------------- M.09 adam_path

@solution("M.09", lambda r: [(r.normal(size=(6, 3)), .1, .9, .99)])
def adam_path(grads, lr, beta1, beta2):
    return adam()(grads, lr, beta1, beta2)


def adam(m_bias=lambda b, t: 1 - b**t, v_bias=lambda b, t: 1 - b**t, first=1, denominator=lambda v: np.sqrt(v) + 1e-8):
    """An answer to M.09 with other corrections."""
    def answer(grads, lr, beta1, beta2):
        m, v, theta = np.zeros((3, grads.shape[1]))
        path = []
        for t, g in enumerate(grads, first):
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
            theta = theta - lr * m / m_bias(beta1, t) / denominator(v / v_bias(beta2, t))
            path.append(theta)
        return np.stack(path)
    return answer


wrong("M.09", "term", "no correction at all", "correct", "bias", "freed")(adam(lambda b, t: 1, lambda b, t: 1))
wrong("M.09", "term", "m is corrected, v as before", "correct", "v^")(adam(v_bias=lambda b, t: 1 - b))
wrong("M.09", "edge", "t begins at 0: division by zero", "begins", "nan", "t ")(adam(first=0))
wrong("M.09", "edge", "t begins at 2", "begins", "first step", "t + 1")(adam(first=2))
wrong("M.09", "other", "1 - beta t for 1 - beta^t", "power", "beta", "^t", "correct")(
    adam(lambda b, t: 1 - b * t, lambda b, t: abs(1 - b * t)))
wrong("M.09", "other", "eps under the root", "eps", "1e-8", "root")(adam(denominator=lambda v: np.sqrt(v + 1e-2)))


# ---------------------------------------------------------------- M.10 interpolates

@solution("M.10", lambda r: [(r.normal(size=(5, 2, 3, 4)), r.normal(size=(5, 2, 3, 4)), 0)])
def interpolates(x_real, x_fake, seed):
    return drawn(lambda rng, x: rng.uniform(size=(len(x), 1, 1, 1)))(x_real, x_fake, seed)


def drawn(alpha):
    def answer(x_real, x_fake, seed):
        a = alpha(np.random.default_rng(seed), x_real)
        return a * x_real + (1 - a) * x_fake
    return answer


wrong("M.10", "axis", "one alpha for all samples", "one alpha", "same", "each", "sample")(drawn(lambda rng, x: rng.uniform()))
wrong("M.10", "axis", "an alpha for each channel", "channel", "line", "alpha")(
    drawn(lambda rng, x: rng.uniform(size=(*x.shape[:2], 1, 1))))
wrong("M.10", "other", "alpha is normal, and leaves the line between", "normal", "uniform", "between", "beyond", "end")(
    drawn(lambda rng, x: rng.normal(size=(len(x), 1, 1, 1))))
wrong("M.10", "other", "alpha is always 1/2", "all samples share", "1/2", "middle", "uniform", "same", "half", "seed")(
    drawn(lambda rng, x: .5))
wrong("M.10", "axis", "alpha along the last axis: one for each column", "axis", "line", "column", "pixel")(
    drawn(lambda rng, x: rng.uniform(size=x.shape[-1])))
wrong("M.10", "other", "the real half of the line only", "half", "uniform", "1/2", "real")(
    drawn(lambda rng, x: .5 + rng.uniform(size=(len(x), 1, 1, 1)) / 2))
wrong("M.10", "other", "the mean over the pixels of an alpha for each", "uniform", "standard deviation")(
    drawn(lambda rng, x: rng.uniform(size=x.shape).mean(axis=(1, 2, 3), keepdims=True)))
wrong("M.10", "order", "the alphas are sorted: the first sample has the smallest", "sample 0", "sorted")(
    drawn(lambda rng, x: np.sort(rng.uniform(size=(len(x), 1, 1, 1)), axis=0)))
wrong("M.10", "other", "the seed is not used", "seed")(
    lambda x_real, x_fake, seed: interpolates(x_real, x_fake, 1))


@wrong("M.10", "other", "drawn anew in each call, and not from the seed", "seed")
def _(x_real, x_fake, seed):
    a = np.random.default_rng().uniform(size=(len(x_real), 1, 1, 1))
    return a * x_real + (1 - a) * x_fake


right("M.10", "sample n draws from seed + n")(lambda x_real, x_fake, seed: np.concatenate([
    interpolates(x_real[n:n + 1], x_fake[n:n + 1], seed + n) for n in range(len(x_real))]))


# ---------------------------------------------------------------- M.11 gradient_penalty

@solution("M.11", lambda r: [(r.normal(size=(4, 2, 3, 3)), 2.)])
def gradient_penalty(g, lam):
    return lam * np.mean((np.sqrt((g.reshape(len(g), -1) ** 2).sum(axis=1)) - 1) ** 2)


wrong("M.11", "axis", "the norm along height and width: one for each channel", "channel", "axis", "norm")(
    lambda g, lam: lam * np.mean((np.sqrt((g**2).sum(axis=(2, 3))) - 1) ** 2))
wrong("M.11", "axis", "one norm over all samples", "all samples", "batch", "norm", "each sample", "whole")(
    lambda g, lam: lam * (np.sqrt((g**2).sum()) - 1) ** 2)
wrong("M.11", "factor", "a sum over the samples", "sum", "mean", "1/n")(lambda g, lam: len(g) * gradient_penalty(g, lam))
wrong("M.11", "factor", "the root of the mean of squares", "mean", "sum", "root", "norm", "divided")(
    lambda g, lam: lam * np.mean((np.sqrt((g.reshape(len(g), -1) ** 2).mean(axis=1)) - 1) ** 2))
wrong("M.11", "axis", "flattened, but the norm along axis 0", "axis", "norm")(
    lambda g, lam: lam * np.mean((np.sqrt((g.reshape(len(g), -1) ** 2).sum(axis=0)) - 1) ** 2))


# ---------------------------------------------------------------- M.12 penalty_derivative

def with_a_zero(rng):
    g = rng.normal(size=(5, 3))
    g[2], g[3], g[4] = 0, .3 * g[3] / np.abs(g[3]).sum(), .05 * g[4] / np.abs(g[4]).sum()
    return [(g, 2.)]


@solution("M.12", with_a_zero)
def penalty_derivative(g, lam):
    norm = np.sqrt((g**2).sum(axis=1, keepdims=True))
    return 2 * lam * (1 - 1 / np.where(norm == 0, 1, norm)) * g / len(g)


wrong("M.12", "edge", "norms below 0.1 count as 0.1", "0.1", "short")(
    lambda g, lam: 2 * lam * (1 - 1 / np.maximum(np.sqrt((g**2).sum(axis=1, keepdims=True)), 0.1)) * g / len(g))
wrong("M.12", "edge", "a flat sample is pushed somewhere", "direction", "each row", "all in row")(
    lambda g, lam: np.where((g == 0).all(axis=1, keepdims=True), 0.3, penalty_derivative(g, lam)))
wrong("M.12", "small", "1e-6 is added to the norm", "eps", "1e-6", "added")(
    lambda g, lam: 2 * lam * (1 - 1 / (np.sqrt((g**2).sum(axis=1, keepdims=True)) + 1e-6)) * g / len(g))
wrong("M.12", "edge", "norms below 1 count as 1", "below 1", "small", "short")(
    lambda g, lam: 2 * lam * (1 - 1 / np.maximum(np.sqrt((g**2).sum(axis=1, keepdims=True)), 1)) * g / len(g))
wrong("M.12", "edge", "all of dg is 0 as soon as one row is", "row", "all", "zero", "other")(
    lambda g, lam: 0 * g if (g == 0).all(axis=1).any() else penalty_derivative(g, lam))
wrong("M.12", "axis", "rows of zeros are left out: fewer rows", "shape", "rows")(
    lambda g, lam: penalty_derivative(g[g.any(axis=1)], lam))
wrong("M.12", "factor", "divided by the number of rows that are not 0", "rows", "divided", "mean", "factor")(
    lambda g, lam: penalty_derivative(g, lam) * len(g) / max(g.any(axis=1).sum(), 1))


# ---------------------------------------------------------------- M.13 penalty_gradients

@solution("M.13", lambda r: [(r.normal(size=(5, 3)), r.normal(size=(3, 4)), r.normal(size=(4, 1)), .7)])
def penalty_gradients(x, W, a, gamma):
    return curvature(lambda x, v, W, a, u, slope: x.T @ ((v @ W) * a.T * -2 * u * slope))(x, W, a, gamma)


def curvature(of):
    """An answer to M.13 with another term for the slope that moves."""
    def answer(x, W, a, gamma):
        u = np.tanh(x @ W)
        slope = 1 - u * u
        v = gamma * ((slope * a.T) @ W.T) / len(x)
        return v.T @ (slope * a.T) + of(x, v, W, a, u, slope), (slope * (v @ W)).sum(axis=0)[:, None]
    return answer


wrong("M.13", "sign", "the curvature with the wrong sign", "sign", "curvature")(
    curvature(lambda x, v, W, a, u, slope: x.T @ ((v @ W) * a.T * 2 * u * slope)))
wrong("M.13", "term", "the slope of u is missing in the curvature", "slope", "chain", "1 - u")(
    curvature(lambda x, v, W, a, u, slope: x.T @ ((v @ W) * a.T * -2 * u)))
wrong("M.13", "factor", "the 2 of the square is missing in the curvature", "a 2 is missing", "half", "factor")(
    curvature(lambda x, v, W, a, u, slope: x.T @ ((v @ W) * a.T * -u * slope)))
wrong("M.13", "term", "a is missing in the curvature", "curvature")(
    curvature(lambda x, v, W, a, u, slope: x.T @ ((v @ W) * -2 * u * slope)))
wrong("M.13", "other", "v for x in the curvature", "curvature")(
    curvature(lambda x, v, W, a, u, slope: v.T @ ((v @ W) * a.T * -2 * u * slope)))


# ---------------------------------------------------------------- M.14 generator_gradients

@solution("M.14", lambda r: [(r.normal(size=(5, 2)), r.normal(size=(2, 4)), r.normal(size=(4, 3)), r.normal(size=(3, 4)),
                              r.normal(size=(4, 1)))])
def generator_gradients(z, V, W, A, a):
    return through(lambda s: -1 / len(s))(z, V, W, A, a)


def through(ds, last=True):
    """An answer to M.14 with other derivatives of the scores."""
    def answer(z, V, W, A, a):
        h = np.tanh(z @ V)
        x = np.tanh(h @ W)
        k = np.tanh(x @ A)
        s = np.tanh(k @ a)
        dk = np.full_like(s, ds(s)) * (1 - s**2) @ a.T
        dx = dk * (1 - k**2) @ A.T
        dW = dx * ((1 - x**2) if last else 1)
        return z.T @ (dW @ W.T * (1 - h**2)), h.T @ dW
    return answer


wrong("M.14", "sign", "the sign: G makes the scores small", "sign")(through(lambda s: 1 / len(s)))
wrong("M.14", "factor", "1/N is lost", "1/n", "mean")(through(lambda s: -1.))
wrong("M.14", "term", "dx goes into G past its last tanh", "tanh", "last")(through(lambda s: -1 / len(s), last=False))
wrong("M.14", "order", "dW first", "order", "exchanged", "swapped", "shape")(lambda *a: generator_gradients(*a)[::-1])

# ---------------------------------------------------------------- M.15 discriminator_gradients

def two_layers(rng, n=5, m=5):
    return rng.normal(size=(n, 3)), rng.normal(size=(m, 3)) + .5, rng.normal(size=(3, 4)), rng.normal(size=(4, 1))


@solution("M.15", lambda r: [two_layers(r)])
def discriminator_gradients(x_real, x_fake, W, a):
    return both_batches()(x_real, x_fake, W, a)


def one_pass(x, ds, W, a, h=None):
    h = np.tanh(x @ W) if h is None else h
    return x.T @ (ds @ a.T * (1 - h**2)), h.T @ ds


def both_batches(real=lambda r: -sigmoid(-r) / len(r), fake=lambda f: sigmoid(f) / len(f), h_real=lambda k_real, k_fake: k_real,
                 h_fake=lambda k_real, k_fake: k_fake):
    def answer(x_real, x_fake, W, a):
        k = np.tanh(x_real @ W), np.tanh(x_fake @ W)
        parts = (one_pass(x_real, real(k[0] @ a), W, a, h_real(*k)), one_pass(x_fake, fake(k[1] @ a), W, a, h_fake(*k)))
        return tuple(sum(pair) for pair in zip(*parts, strict=True))
    return answer


wrong("M.15", "other", "the fake batch is scored first: now the real one is in the slot for both", "slot", "fake", "real",
      "hidden", "last")(
    both_batches(h_fake=lambda k_real, k_fake: k_real))
wrong("M.15", "term", "the fake part is dropped", "fake")(both_batches(fake=lambda f: 0 * f))
wrong("M.15", "factor", "one batch of 2 N, and its mean", "half", "mean", "factor")(
    both_batches(lambda r: -sigmoid(-r) / (2 * len(r)), lambda f: sigmoid(f) / (2 * len(f))))
wrong("M.15", "sign", "the sign of the real part", "sign", "real")(both_batches(lambda r: sigmoid(-r) / len(r)))


# ---------------------------------------------------------------- M.16 critic_gradients

@solution("M.16", lambda r: [two_layers(r), two_layers(r, 4, 7)])
def critic_gradients(x_real, x_fake, W, a):
    return both_batches(lambda r: np.full_like(r, -1 / len(r)), lambda f: np.full_like(f, 1 / len(f)))(x_real, x_fake, W, a)


wrong("M.16", "other", "the gradients are added, but both batches up", "sign", "real", "fake")(
    both_batches(lambda r: np.full_like(r, 1 / len(r)), lambda f: np.full_like(f, 1 / len(f))))
wrong("M.16", "term", "added in the first layer only: da is that of the fake batch", "da", "fake", "last", "out")(
    lambda x_real, x_fake, W, a: (critic_gradients(x_real, x_fake, W, a)[0],
                                  one_pass(x_fake, np.full((len(x_fake), 1), 1 / len(x_fake)), W, a)[1]))
wrong("M.16", "term", "the real batch overwrites the fake one", "real", "fake", "last", "overwr")(
    both_batches(lambda r: np.full_like(r, -1 / len(r)), lambda f: 0 * f))
wrong("M.16", "sign", "-= for +=", "sign")(lambda *a: tuple(-each for each in critic_gradients(*a)))
wrong("M.16", "factor", "the mean over the real batch for both", "1/n", "mean", "1/m")(
    lambda x_real, x_fake, W, a: both_batches(lambda r: np.full_like(r, -1 / len(r)),
                                              lambda f: np.full_like(f, 1 / len(x_real)))(x_real, x_fake, W, a))


# ---------------------------------------------------------------- M.17 d_step

@solution("M.17", lambda r: [(*two_layers(r), .3)])
def d_step(x_real, x_fake, W, a, lr):
    return tuple(theta - lr * grad for theta, grad in zip((W, a), discriminator_gradients(x_real, x_fake, W, a), strict=True))


@wrong("M.17", "order", "the fake batch first, still two steps", "already changed", "two steps", "moved", "first", "one step",
       "second")
def _(x_real, x_fake, W, a, lr):
    for batch in (dict(real=lambda r: 0 * r), dict(fake=lambda f: 0 * f)):
        dW, da = both_batches(**batch)(x_real, x_fake, W, a)
        W, a = W - lr * dW, a - lr * da
    return W, a


wrong("M.17", "factor", "the mean of both batches' gradients", "half", "mean", "factor", "2")(
    lambda x, y, W, a, lr: d_step(x, y, W, a, lr / 2))
wrong("M.17", "sign", "uphill", "sign", "uphill", "climb")(lambda x, y, W, a, lr: d_step(x, y, W, a, -lr))
wrong("M.17", "other", "the last layer moves first, and W's gradient goes through the moved a", "moved", "before", "step")(
    lambda x, y, W, a, lr: (W - lr * both_batches_at(x, y, W, a, d_step(x, y, W, a, lr)[1]), d_step(x, y, W, a, lr)[1]))
wrong("M.17", "manners", "the gradients, not W and a after the step", "gradient", "after", "step")(
    lambda x, y, W, a, lr: discriminator_gradients(x, y, W, a))


def both_batches_at(x_real, x_fake, W, a, moved):
    """dW with the scores of a, but the way back through another a."""
    r, f = np.tanh(x_real @ W) @ a, np.tanh(x_fake @ W) @ a
    return (one_pass(x_real, -sigmoid(-r) / len(r), W, moved)[0] + one_pass(x_fake, sigmoid(f) / len(f), W, moved)[0])


# ---------------------------------------------------------------- M.18 generator_gradient

@solution("M.18", lambda r: [(net(r, 3, 4, 2), net(r, 2, 5, 1), r.normal(size=(6, 3)), r.normal(size=(6, 2)), .7)])
def generator_gradient(G, D, z, target, weight):
    return two_losses()(G, D, z, target, weight)


def two_losses(part=lambda weight: weight, ds=lambda s: -sigmoid(-s) / len(s), grads=False, content=lambda x,
               t: 2 * (x - t) / x.size,
               clear=True):
    """An answer to M.18 with other parts."""
    def answer(G, D, z, target, weight):
        x, tape = G.forward(z)
        s, tape_D = D.forward(x)
        dx = content(x, target) + part(weight) * D.backward(ds(s), tape_D, grads=grads)
        if clear:
            G.zero_grad()
        G.backward(dx, tape)
        return np.mean((x - target) ** 2) + weight * softplus(-s).mean()
    return answer


wrong("M.18", "term", "the weight is forgotten in the gradient", "weight")(two_losses(lambda weight: 1))
wrong("M.18", "sign", "the adversarial part has the wrong sign", "sign")(two_losses(ds=lambda s: sigmoid(-s) / len(s)))
wrong("M.18", "manners", "D.grad gets something", "d.grad", "grads=false")(two_losses(grads=True))
wrong("M.18", "term", "now the content is missing", "content")(two_losses(content=lambda x, t: 0))
wrong("M.18", "factor", "the adversarial part without 1/N", "1/n", "mean", "e over")(two_losses(ds=lambda s: -sigmoid(-s)))
wrong("M.18", "manners", "zero_grad is lost", "zero_grad", "cleared", "older", "earlier")(two_losses(clear=False))
wrong("M.18", "sign", "D's loss: sigmoid(s)", "sigmoid(s", "d's", "minimax", "sign", "argument")(
    two_losses(ds=lambda s: -sigmoid(s) / len(s)))


# ---------------------------------------------------------------- M.19 g_steps

@solution("M.19", lambda r: [(net(r, 3, 4, 2), net(r, 2, 5, 1), r.normal(size=(6, 3)), .5, steps) for steps in (3, 2)])
def g_steps(G, D, z, lr, steps):
    stepping()(G, D, z, lr, steps)


def stepping(grads=False, clear=True, sign=1, stale_tape=False, number=lambda steps: steps, ds=lambda s: -sigmoid(-s) / len(s)):
    """An answer to M.19 with other parts."""
    def answer(G, D, z, lr, steps):
        _, first = G.forward(z)
        for _ in range(number(steps)):
            x, tape_G = G.forward(z)
            s, tape = D.forward(x)
            dx = D.backward(ds(s), tape, grads=grads)
            if clear:
                G.zero_grad()
            G.backward(dx, first if stale_tape else tape_G)
            G.theta -= sign * lr * G.grad
    return answer


wrong("M.19", "other", "the fakes are new, but G's tape is of the first ones", "tape", "first", "old")(stepping(stale_tape=True))
wrong("M.19", "manners", "gradients pile up", "zero_grad", "cleared", "earlier", "pile", "older", "add up")(stepping(clear=False))
wrong("M.19", "sign", "uphill", "sign", "uphill", "climb")(stepping(sign=-1))
wrong("M.19", "other", "three steps, however many are asked for", "step", "entries")(stepping(number=lambda steps: 3))
wrong("M.19", "edge", "one step too few", "step")(stepping(number=lambda steps: steps - 1))
wrong("M.19", "manners", "D.grad gets something", "d.grad", "grads=false")(stepping(grads=True))
wrong("M.19", "factor", "1/N is lost", "1/n", "mean")(stepping(ds=lambda s: -sigmoid(-s)))


# ---------------------------------------------------------------- M.20 critic_gradient

@solution("M.20", lambda r: [(*two_layers(r, 5, 4), r.normal(size=3))])
def critic_gradient(x_real, x_fake, W, a, u):
    return spectral()(x_real, x_fake, W, a, u)


def spectral(go_on=True, of_sigma=lambda dW, W, sigma, u, v: dW - np.sum(dW * W / sigma) * np.outer(u, v), signs=(-1, 1),
             tape=lambda mine, last: mine, over_sigma=True):
    """An answer to M.20 with other parts; tape(that of the pass, the last one) -> u, v for backward."""
    def answer(x_real, x_fake, W, a, u):
        passes, start = [], u
        for x, sign in ((x_real, signs[0]), (x_fake, signs[1])):
            v = W.T @ u / np.linalg.norm(W.T @ u)
            new = W @ v / np.linalg.norm(W @ v)
            u = new if go_on else start
            passes.append((x, sign, new @ W @ v, (new, v)))
        total = 0
        for x, sign, sigma, mine in passes:
            h = np.tanh(x @ W / sigma)
            dW = x.T @ (sign * (1 - h**2) * a.T / len(x))
            dW = of_sigma(dW, W, sigma, *tape(mine, passes[-1][3]))
            total = total + (dW / sigma if over_sigma else dW)
        return total
    return answer


wrong("M.20", "other", "u is copied, v is not", "but v is", "copy", "last", "second")(
    spectral(tape=lambda mine, last: (mine[0], last[1])))
wrong("M.20", "other", "both passes begin with the same u", "took no step", "same u", "ended", "go on", "last one", "first")(
    spectral(go_on=False))
wrong("M.20", "term", "sigma counts as a constant", "sigma", "constant")(spectral(of_sigma=lambda dW, W, sigma, u, v: dW))
wrong("M.20", "factor", "not divided by sigma", "sigma", "divided")(spectral(over_sigma=False))
wrong("M.20", "sign", "the signs of the batches are exchanged", "sign", "real", "exchanged")(spectral(signs=(1, -1)))
wrong("M.20", "sign", "plus the part of sigma", "sign", "sigma")(
    spectral(of_sigma=lambda dW, W, sigma, u, v: dW + np.sum(dW * W / sigma) * np.outer(u, v)))


# ---------------------------------------------------------------- M.21 critic_loss

@solution("M.21", lambda r: [((t := two_layers(r))[0], t[1], r.random((5, 1)), t[2], t[3], 2.)])
def critic_loss(x_real, x_fake, alpha, W, a, lam):
    return paying()(x_real, x_fake, alpha, W, a, lam)


def paying(curved=1, factor=2, direction=lambda g, norm: g / norm, da_too=True, mean=True):
    """An answer to M.21 with other parts of the penalty's gradient."""
    def answer(x_real, x_fake, alpha, W, a, lam):
        n, x = len(x_real), alpha * x_real + (1 - alpha) * x_fake
        u, h_real, h_fake = np.tanh(x @ W), np.tanh(x_real @ W), np.tanh(x_fake @ W)
        slope = 1 - u * u
        g = (slope * a.T) @ W.T
        norm = np.sqrt((g**2).sum(axis=1, keepdims=True))
        v = factor * lam * (norm - 1) * direction(g, norm) / (n if mean else 1)
        value = np.mean(h_fake @ a) - np.mean(h_real @ a) + lam * np.mean((norm - 1) ** 2)
        dW = (x_fake.T @ ((1 - h_fake**2) * a.T) - x_real.T @ ((1 - h_real**2) * a.T)) / n
        dW = dW + v.T @ (slope * a.T) - curved * x.T @ ((v @ W) * a.T * 2 * u * slope)
        da = (h_fake - h_real).sum(axis=0)[:, None] / n
        return value, dW, da + da_too * (slope * (v @ W)).sum(axis=0)[:, None]
    return answer


wrong("M.21", "term", "the slope stands still", "tanh''", "curvature", "slope", "stand")(paying(curved=0))
wrong("M.21", "factor", "the 2 of the square is lost", "a 2 is missing", "half", "factor")(paying(factor=1))
wrong("M.21", "term", "g for its direction g / |g|", "direction", "norm", "g / |g|", "length")(
    paying(direction=lambda g, norm: g))
wrong("M.21", "term", "the penalty moves W but not a", "da", "a ")(paying(da_too=False))
wrong("M.21", "factor", "1/N is lost in the penalty's gradient", "1/n", "mean")(paying(mean=False))
wrong("M.21", "sign", "the penalty's gradient has the wrong sign", "sign")(paying(factor=-2))
wrong("M.21", "sign", "the curvature has the wrong sign", "sign", "curvature")(paying(curved=-1))


# ---------------------------------------------------------------- M.22 unrolled_gradient

@solution("M.22", lambda r: [(r.normal(size=5), r.normal(size=5), .3, 4), (r.normal(size=5), r.normal(size=5), .5, 1)])
def unrolled_gradient(theta, psi, eta, steps):
    return looking_ahead()(theta, psi, eta, steps)


def looking_ahead(direct=1, through=1, own=1, sign=-1, start=0., number=lambda steps: steps):
    """An answer to M.22 with other parts; d is dpsi/dtheta."""
    def answer(theta, psi, eta, steps):
        d = start
        for _ in range(number(steps)):
            p = sigmoid(-theta * psi)
            d, psi = d + eta * (own * p + sign * theta * p * (1 - p) * (psi + theta * d)), psi + eta * theta * p
        p = sigmoid(-theta * psi)
        return direct * psi * p + through * theta * p * d
    return answer


wrong("M.22", "term", "the way through psi_K alone", "direct", "theta", "through", "alone")(looking_ahead(direct=0))
wrong("M.22", "term", "the slope of the sigmoid is missing in dpsi", "sigmoid", "slope", "second")(looking_ahead(sign=0))
wrong("M.22", "sign", "the sign of the sigmoid's slope", "sign")(looking_ahead(sign=1))
wrong("M.22", "term", "theta in front of the sigmoid is not differentiated", "product", "theta", "front")(looking_ahead(own=0))
wrong("M.22", "sign", "the way through psi_K is subtracted", "sign")(looking_ahead(through=-1))
wrong("M.22", "other", "four steps, however many are asked for", "step", "entries")(looking_ahead(number=lambda steps: 4))
wrong("M.22", "edge", "one step too few", "step")(looking_ahead(number=lambda steps: steps - 1))
wrong("M.22", "other", "dpsi/dtheta begins at 1", "begins", "start", "psi does not")(looking_ahead(start=1.))


@right("M.22", "psi as a function of theta by recursion, and its slope by hand beside it")
def _(theta, psi, eta, steps):
    def after(k):
        if k == 0:
            return psi, 0 * psi
        before, slope = after(k - 1)
        p = 1 / (1 + np.exp(theta * before))
        return before + eta * theta * p, slope + eta * (p - theta * p * (1 - p) * (before + theta * slope))
    there, slope = after(steps)
    return (there + theta * slope) / (1 + np.exp(theta * there))


# ---------------------------------------------------------------- M.23 asked_labels

@solution("M.23", lambda r: [(4000, 5, 0), (4000, 3, 1)])
def asked_labels(n, classes, seed):
    return np.random.default_rng(seed).integers(classes, size=n)


wrong("M.23", "edge", "from 1 up to the number of classes, both ends", "class", "does not exist", "0 to")(
    lambda n, classes, seed: np.random.default_rng(seed).integers(1, classes + 1, size=n))
wrong("M.23", "edge", "the first class is left out instead", "first", "counted from 0", "asked for")(
    lambda n, classes, seed: np.random.default_rng(seed).integers(1, classes, size=n))
wrong("M.23", "order", "the labels are sorted", "sorted")(lambda n, classes, seed: np.sort(asked_labels(n, classes, seed)))
wrong("M.23", "other", "every label stands twice", "repeated")(
    lambda n, classes, seed: np.repeat(asked_labels(n, classes, seed), 2)[:n])
wrong("M.23", "other", "drawn anew in each call, and not from the seed", "seed")(
    lambda n, classes, seed: asked_labels(n, classes, None))
wrong("M.23", "shape", "one label for all", "shape", "whole numbers")(
    lambda n, classes, seed: np.random.default_rng(seed).integers(classes))
wrong("M.23", "other", "floats, rounded to both ends", "whole numbers", "float", "frequent")(
    lambda n, classes, seed: np.rint(np.random.default_rng(seed).uniform(0, classes - 1, size=n)))
wrong("M.23", "other", "one class twice as often as the others", "frequent", "equally")(
    lambda n, classes, seed: np.random.default_rng(seed).integers(classes + 1, size=n) % classes)


@right("M.23", "drawn with choice, from floats, and in turn but shuffled")
def _(n, classes, seed):
    rng = np.random.default_rng(seed)
    return rng.permutation(np.arange(n) % classes) if seed % 2 else np.floor(rng.uniform(0, classes, size=n)).astype(np.int8)


# ---------------------------------------------------------------- M.24 label_gradients

def labelled(r, n=5, d=2, k=3):
    y, (x_real, x_fake) = np.eye(4)[r.integers(4, size=n)], r.normal(size=(2, n, d))
    return x_real, y, x_fake, np.roll(y, 1, axis=1), r.normal(size=(d + 4, k)), r.normal(size=(k, 1))


@solution("M.24", lambda r: [labelled(r), labelled(r, 4, 5, 2)])
def label_gradients(x_real, y_real, x_fake, asked, W, a, *, beside=lambda y_real, asked: (y_real, asked), labels=(1., 0.),
                    mean=True):
    dW, da = 0, 0
    for x, y, label in zip((x_real, x_fake), beside(y_real, asked), labels, strict=True):
        pairs = np.hstack([x, y])
        h = np.tanh(pairs @ W)
        ds = (sigmoid(h @ a) - label) / (len(x) if mean else 1)
        dW, da = dW + pairs.T @ (ds @ a.T * (1 - h**2)), da + h.T @ ds
    return dW, da


wrong("M.24", "order", "the labels are exchanged", "other kind", "exchanged", "real ones")(
    lambda *args: label_gradients(*args, beside=lambda y_real, asked: (asked, y_real)))
wrong("M.24", "other", "both kinds have the labels of G", "real images", "given")(
    lambda *args: label_gradients(*args, beside=lambda y_real, asked: (asked, asked)))
wrong("M.24", "other", "the mean of both labels beside each generated image", "label")(
    lambda *args: label_gradients(*args, beside=lambda y_real, asked: (y_real, (y_real + asked) / 2)))
wrong("M.24", "sign", "1 for generated, 0 for real", "sign", "exchanged", "label")(
    lambda *args: label_gradients(*args, labels=(0., 1.)))
wrong("M.24", "factor", "sums for means", "batch size", "mean")(lambda *args: label_gradients(*args, mean=False))


@right("M.24", "both batches in one, as rows of a single array")
def _(x_real, y_real, x_fake, asked, W, a):
    pairs = np.concatenate([np.hstack([x_real, y_real]), np.hstack([x_fake, asked])])
    h = np.tanh(pairs @ W)
    ds = (sigmoid(h @ a) - np.repeat([[1.], [0.]], len(x_real), axis=0)) / len(x_real)
    return pairs.T @ (ds * a.T * (1 - h * h)), h.T @ ds
