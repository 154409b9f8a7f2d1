"""Lesson 11: the Wasserstein critic."""

import math

import numpy as np

from . import corpus
from .ex03 import sigmoid
from .ex05 import net

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- 11.1 two_segments

@solution("11.1", lambda r: [(.3, 1.), (-.5, 2.), (3., 1.2), (-4., 1.5), (0., 1.)])
def two_segments(theta, length):
    return math.log(2) * min(abs(theta) / length, 1), abs(theta)


wrong("11.1", "factor", "the JSD in bits", "bits", "log2", "base", "natural")(lambda t, n: (min(abs(t) / n, 1), abs(t)))
wrong("11.1", "edge", "the JSD is not capped at ln 2", "ln 2", "cap", "overlap", "apart", "largest", "beyond")(
    lambda t, n: (math.log(2) * abs(t) / n, abs(t)))
wrong("11.1", "sign", "theta for |theta|", "abs", "|theta|", "sign", "negative")(lambda t, n: (math.log(2) * min(t / n, 1), t))
wrong("11.1", "other", "the overlap for what does not overlap", "overlap", "1 - ")(
    lambda t, n: (math.log(2) * max(1 - abs(t) / n, 0), abs(t)))
wrong("11.1", "other", "ln 2 wherever theta is not 0, as with two points", "ln 2", "overlap", "point", "segment", "lines")(
    lambda t, n: (math.log(2) * (t != 0), abs(t)))
wrong("11.1", "factor", "W1 is weighed with the length", "length", "w1")(lambda t, n: (two_segments(t, n)[0], abs(t) * n))
wrong("11.1", "factor", "W1 in lengths", "length", "divided")(lambda t, n: (two_segments(t, n)[0], abs(t) / n))
wrong("11.1", "edge", "W1 ends at the length", "length", "cap", "min")(lambda t, n: (two_segments(t, n)[0], min(abs(t), n)))
wrong("11.1", "factor", "KL(p, m) + KL(q, m), not their mean", "half", "twice", "mean", "factor", "2")(
    lambda t, n: (2 * two_segments(t, n)[0], abs(t)))
wrong("11.1", "order", "w1 first", "order", "exchanged", "swapped")(lambda t, n: two_segments(t, n)[::-1])
wrong("11.1", "factor", "half of ln 2", "half", "factor", "kl(q", "kl(p", "one of")(
    lambda t, n: (two_segments(t, n)[0] / 2, abs(t)))
wrong("11.1", "term", "the length is forgotten", "length")(lambda t, n: (math.log(2) * min(abs(t), 1), abs(t)))
wrong("11.1", "other", "W1: only what does not overlap is moved, by the whole length", "overlap", "length")(
    lambda t, n: (two_segments(t, n)[0], abs(t) if abs(t) < n else n + abs(t)))
wrong("11.1", "other", "W1 of the squared way", "square", "w2", "w1")(lambda t, n: (two_segments(t, n)[0], t**2))


# ---------------------------------------------------------------- 11.2 wasserstein_losses

@solution("11.2", lambda r: [(r.normal(size=(5, 1)), r.normal(size=(3, 1)))])
def wasserstein_losses(r, f):
    return losses_with()(r, f)


def losses_with(d_loss=lambda r, f: f.mean() - r.mean(), dr=lambda r, f: np.full_like(r, -1 / len(r)),
                df=lambda r, f: np.full_like(f, 1 / len(f)), g_loss=lambda r, f: -f.mean(), g_df=lambda r,
                f: np.full_like(f, -1 / len(f))):
    return lambda r, f: tuple(of(r, f) for of in (d_loss, dr, df, g_loss, g_df))


wrong("11.2", "sign", "d_loss has the wrong sign", "sign")(losses_with(d_loss=lambda r, f: r.mean() - f.mean()))
wrong("11.2", "sign", "the critic maximises: value and derivatives have the wrong sign", "sign", "maximi")(
    losses_with(lambda r, f: r.mean() - f.mean(), lambda r, f: np.full_like(r, 1 / len(r)), lambda r,
                f: np.full_like(f, -1 / len(f))))
wrong("11.2", "sign", "dr has the wrong sign", "sign")(losses_with(dr=lambda r, f: np.full_like(r, 1 / len(r))))
wrong("11.2", "sign", "g_df has the wrong sign", "sign")(losses_with(g_df=lambda r, f: np.full_like(f, 1 / len(f))))
wrong("11.2", "factor", "df is divided by N", "other batch")(losses_with(df=lambda r, f: np.full_like(f, 1 / len(r))))
wrong("11.2", "factor", "1/N and 1/M are forgotten", "1/n", "mean", "divided")(
    losses_with(dr=lambda r, f: -np.ones_like(r), df=lambda r, f: np.ones_like(f), g_df=lambda r, f: -np.ones_like(f)))
wrong("11.2", "factor", "sums for means", "sum", "mean")(
    losses_with(lambda r, f: f.sum() - r.sum(), g_loss=lambda r, f: -f.sum()))
wrong("11.2", "factor", "1/(N + M) in dr and df", "n + m", "factor", "1/n", "all")(
    losses_with(dr=lambda r, f: np.full_like(r, -1 / (len(r) + len(f))), df=lambda r, f: np.full_like(f, 1 / (len(r) + len(f)))))
wrong("11.2", "shape", "dr and df are numbers", "shape")(losses_with(dr=lambda r, f: -1 / len(r), df=lambda r, f: 1 / len(f)))
wrong("11.2", "order", "g_loss comes second", "order", "exchanged", "swapped", "shape")(
    lambda r, f: tuple(wasserstein_losses(r, f)[i] for i in (0, 3, 1, 2, 4)))
wrong("11.2", "term", "g_loss and g_df are not returned", "five", "outputs", "returned", "three", "3")(
    lambda r, f: wasserstein_losses(r, f)[:3])
wrong("11.2", "other", "a sigmoid is applied first", "sigmoid", "score", "probability")(
    lambda r, f: losses_with(lambda r, f: sigmoid(f).mean() - sigmoid(r).mean())(r, f))
wrong("11.2", "sign", "G minimises the mean of f", "sign")(
    losses_with(g_loss=lambda r, f: f.mean(), g_df=lambda r, f: np.full_like(f, 1 / len(f))))
wrong("11.2", "other", "the absolute value of the difference", "abs", "sign")(losses_with(lambda r, f: abs(f.mean() - r.mean())))
wrong("11.2", "shape", "a mean along axis 0: shape (1,)", "shape")(
    losses_with(lambda r, f: f.mean(axis=0) - r.mean(axis=0), g_loss=lambda r, f: -f.mean(axis=0)))


# ---------------------------------------------------------------- 11.3 w1

def lines(rng):
    """Two sets; equally many; with ties within and between; one point against many."""
    return [(rng.normal(size=4), rng.normal(size=7) + .5), (rng.normal(size=5), rng.normal(size=5)),
            (np.array([0., 0, 1, 2]), np.array([0., 1, 1, 1, 3, 3])), (np.array([.3]), rng.normal(size=6))]


@solution("11.3", lines)
def w1(x, y):
    return area()(x, y)


def staircase(x, t, side="right"):
    return np.searchsorted(np.sort(x), t, side=side) / len(x)


def area(of=np.abs, side="right", width=np.diff, total=np.sum):
    """An answer to 11.3 with other parts."""
    def answer(x, y):
        t = np.sort(np.concatenate([x, y]))
        return total(of(staircase(x, t, side)[:-1] - staircase(y, t, side)[:-1]) * width(t))
    return answer


wrong("11.3", "other", "as in 07.5, with the shorter length", "cut short", "equally", "07.5", "length", "shorter", "left out")(
    lambda x, y: np.abs(np.sort(x)[:min(len(x), len(y))] - np.sort(y)[:min(len(x), len(y))]).mean())
wrong("11.3", "other", "the shorter set is interpolated linearly", "interpol", "quantile")(
    lambda x, y: np.abs(np.quantile(x, np.linspace(0, 1, max(len(x), len(y)))) - np.quantile(y,
                                                                                             np.linspace(0, 1,
                                                                                                         max(len(x),
                                                                                                             len(y))))).mean())
wrong("11.3", "other", "the distance of the means", "mean", "abs")(lambda x, y: abs(x.mean() - y.mean()))
wrong("11.3", "term", "the steps' heights without their widths: a mean of |P - Q|", "width", "area", "mean")(
    area(width=lambda t: 1, total=np.mean))
wrong("11.3", "other", "the area of (P - Q)^2", "square", "cram")(area(of=np.square))
wrong("11.3", "other", "the largest difference of the staircases", "largest", "kolmogorov", "max")(
    area(width=lambda t: 1, total=np.max))
wrong("11.3", "sign", "the area with its sign", "sign", "abs")(area(of=lambda d: d))
wrong("11.3", "edge", "P(t) counts what is below t, not at t", "at most", "below", "side", "strict")(area(side="left"))
wrong("11.3", "factor", "counts, not shares", "share", "count", "1/n", "mass")(
    lambda x, y: np.sum(np.abs(len(x) * staircase(x, np.sort([*x, *y]))[:-1] - len(y) * staircase(y, np.sort([*x, *y]))[:-1])
                        * np.diff(np.sort([*x, *y]))))
wrong("11.3", "factor", "both staircases rise by 1/N", "1/m", "1/n", "mass", "share")(
    lambda x, y: np.sum(np.abs(staircase(x, np.sort([*x, *y]))[:-1] - len(y) / len(x) * staircase(y, np.sort([*x, *y]))[:-1])
                        * np.diff(np.sort([*x, *y]))))
wrong("11.3", "term", "the points of y are no steps of the integral", "points of y", "grid", "both", "y ")(
    lambda x, y: np.sum(np.abs(staircase(x, np.sort(x))[:-1] - staircase(y, np.sort(x))[:-1]) * np.diff(np.sort(x))))
wrong("11.3", "other", "divided by the whole width", "width", "divided", "area", "factor")(
    lambda x, y: w1(x, y) / (max(x.max(), y.max()) - min(x.min(), y.min())))
wrong("11.3", "other", "the mean over all pairs", "pairs")(lambda x, y: np.abs(x[:, None] - y).mean())
wrong("11.3", "other", "the points are not sorted before they are counted", "sort")(
    lambda x, y: np.sum(np.abs(np.diff([0, *np.concatenate([x, y])[:-1]]) * (staircase(x, np.concatenate([x, y]))[:-1]
                                                                           - staircase(y, np.concatenate([x, y]))[:-1]))))
wrong("11.3", "small", "a Riemann sum over 10001 places", "grid", "sum", "places", "near", "exact", "small")(
    lambda x, y: float(np.trapezoid(np.abs(staircase(x, np.linspace(-9, 9, 10001)) - staircase(y, np.linspace(-9, 9, 10001))),
                                    np.linspace(-9, 9, 10001))))
right("11.3", "as in 07.5, after each set has been repeated until both are equally long")(
    lambda x, y: np.abs(np.sort(np.repeat(x, math.lcm(len(x), len(y)) // len(x)))
                        - np.sort(np.repeat(y, math.lcm(len(x), len(y)) // len(y)))).mean())


# ---------------------------------------------------------------- 11.4 best_critic

@solution("11.4", lambda r: lines(r)[:2])
def best_critic(x, y):
    return critic()(x, y)


def critic(slope=lambda d: np.sign(-d), width=np.diff):
    """An answer to 11.4 with other slopes; slope(P - Q)."""
    def answer(x, y):
        t = np.sort(np.concatenate([x, y]))
        rise = slope(staircase(x, t)[:-1] - staircase(y, t)[:-1]) * width(t)
        f = np.concatenate([[0], np.cumsum(rise)])
        return f[np.searchsorted(t, x)], f[np.searchsorted(t, y)]
    return answer


wrong("11.4", "sign", "the slope is the sign of P - Q", "sign")(critic(np.sign))
wrong("11.4", "other", "the slope is Q - P itself, not its sign", "sign of", "slope", "q - p")(critic(lambda d: -d))
wrong("11.4", "term", "the widths are forgotten: each step rises by 1", "width", "steep", "distance", "slope")(
    critic(width=lambda t: 1))
wrong("11.4", "order", "the scores in the order of the sorted points", "order", "sort")(
    lambda x, y: (best_critic(x, y)[0][np.argsort(x)], best_critic(x, y)[1][np.argsort(y)]))
wrong("11.4", "other", "f(t) = t", "sign", "slope", "everywhere", "1 ")(lambda x, y: (x.copy(), y.copy()))
wrong("11.4", "other", "a constant of its own for x and for y", "constant", "both", "same")(
    lambda x, y: tuple(f - f.mean() for f in best_critic(x, y)))
wrong("11.4", "factor", "the slope is 2", "steep", "factor", "slope")(critic(lambda d: -2 * np.sign(d)))
wrong("11.4", "order", "f_y first", "exchanged", "swapped")(lambda x, y: best_critic(x, y)[::-1])
wrong("11.4", "term", "the slopes, not the scores", "slope", "sum", "cumsum", "integra")(
    lambda x, y: tuple(np.sign(staircase(y, t) - staircase(x, t)) for t in (x, y)))
wrong("11.4", "axis", "the slope to the left of each point for that to its right", "right", "left", "next", "shift", "neighbour")(
    lambda x, y: critic(lambda d: np.sign(-np.roll(d, 1)))(x, y))
wrong("11.4", "other", "the scores are negative distances from the mean of x", "distance", "slope", "sign")(
    lambda x, y: (-np.abs(x - x.mean()), -np.abs(y - x.mean())))
wrong("11.4", "other", "D is steep to the same side everywhere: the sign of the difference of the means", "sign", "slope",
      "mean", "everywhere")(
    lambda x, y: (np.sign(x.mean() - y.mean()) * x, np.sign(x.mean() - y.mean()) * y))


@right("11.4", "a dictionary from point to score, with another constant, and a message printed")
def _(x, y):
    t = sorted({*x.tolist(), *y.tolist()})
    f = {t[0]: 12.5}
    for a, b in zip(t, t[1:], strict=False):
        rise = np.mean(y <= a) - np.mean(x <= a)
        f[b] = f[a] + (b - a if rise > 0 else a - b if rise < 0 else 0)
    print(f"{len(f)} scores")
    return np.array([f[a] for a in x.tolist()]), np.array([f[b] for b in y.tolist()])


# ---------------------------------------------------------------- 11.5 clipped_step

def clipping(rng):
    return net(rng, 2, 5, 1), rng.normal(size=(6, 2)), rng.normal(size=(6, 2)) + 1, .3, .35


@solution("11.5", lambda r: [clipping(r)], watch=("theta",))
def clipped_step(D, x_real, x_fake, lr, c):
    D.theta = np.clip(D.theta - lr * critic_gradient(D, x_real, x_fake), -c, c)


def critic_gradient(D, x_real, x_fake, clear=True, real=-1, fake=1, mean=True):
    if clear:
        D.zero_grad()
    for x, sign in ((x_real, real), (x_fake, fake)):
        s, tape = D.forward(x)
        D.backward(np.full_like(s, sign / (len(s) if mean else 1)), tape)
    return D.grad


def step_with(move=lambda D, g, lr, c: np.clip(D.theta - lr * g, -c, c), **gradient):
    """An answer to 11.5 with other parts."""
    def answer(D, x_real, x_fake, lr, c):
        D.theta = move(D, critic_gradient(D, x_real, x_fake, **gradient), lr, c)
    return answer


wrong("11.5", "order", "clipped first, then the step", "before", "first", "order", "clip")(
    step_with(lambda D, g, lr, c: np.clip(D.theta, -c, c) - lr * g))
wrong("11.5", "other", "the gradient is clipped, not the parameters", "gradient", "clip")(
    step_with(lambda D, g, lr, c: D.theta - lr * np.clip(g, -c, c)))
wrong("11.5", "term", "nothing is clipped", "clip")(step_with(lambda D, g, lr, c: D.theta - lr * g))
wrong("11.5", "sign", "uphill", "sign", "uphill", "climb", "ascen")(
    step_with(lambda D, g, lr, c: np.clip(D.theta + lr * g, -c, c)))
wrong("11.5", "other", "all parameters are scaled until the largest is c", "scal", "clip", "largest")(
    step_with(lambda D, g, lr, c: (D.theta - lr * g) * min(1, c / np.abs(D.theta - lr * g).max())))
wrong("11.5", "other", "the length of theta is clipped", "length", "norm", "scal", "clip")(
    step_with(lambda D, g, lr, c: (D.theta - lr * g) * min(1, c / np.linalg.norm(D.theta - lr * g))))
wrong("11.5", "edge", "clipped into [0, c]", "[0", "negative", "-c")(
    step_with(lambda D, g, lr, c: np.clip(D.theta - lr * g, 0, c)))
wrong("11.5", "edge", "clipped from above only", "-c", "below", "above", "only")(
    step_with(lambda D, g, lr, c: np.minimum(D.theta - lr * g, c)))
wrong("11.5", "manners", "zero_grad is forgotten", "zero_grad", "cleared", "earlier", "older")(step_with(clear=False))
wrong("11.5", "factor", "1/N is forgotten", "1/n", "mean", "sum")(step_with(mean=False))
wrong("11.5", "term", "the fake batch does not go back", "fake")(step_with(fake=0))
wrong("11.5", "term", "the real batch does not go back", "real")(step_with(real=0))
wrong("11.5", "sign", "both batches are pushed up", "sign", "real", "fake")(step_with(fake=-1))
wrong("11.5", "other", "c is always 0.01, as in the paper", "0.01", "c ")(
    lambda D, x_real, x_fake, lr, c: clipped_step(D, x_real, x_fake, lr, .01))
wrong("11.5", "order", "real and fake points are exchanged", "exchanged", "swapped", "sign", "real")(step_with(real=1, fake=-1))


@wrong("11.5", "manners", "np.clip makes a new array, which is thrown away", "clip", "new array", "returned", "out=")
def _(D, x_real, x_fake, lr, c):
    D.theta -= lr * critic_gradient(D, x_real, x_fake)
    np.clip(D.theta, -c, c)


@wrong("11.5", "manners", "the new parameters are returned; D is not changed", "moved", "not changed", "unchanged",
       "did not move", "return")
def _(D, x_real, x_fake, lr, c):
    return np.clip(D.theta - lr * critic_gradient(D, x_real, x_fake), -c, c)


@right("11.5", "entry by entry in a loop, and the old theta returned although nobody asked")
def _(D, x_real, x_fake, lr, c):
    before = D.theta.copy()
    grad = critic_gradient(D, x_real, x_fake)
    for i in range(len(before)):
        D.theta[i] = max(-c, min(c, before[i] - lr * grad[i]))
    return before


# ---------------------------------------------------------------- 11.6 gradient_penalty

def penalised(rng):
    return net(rng, 2, 5, 1), rng.normal(size=(6, 2)), rng.normal(size=(6, 2)) + 1, rng.random((6, 1)), 2.5


@solution("11.6", lambda r: [penalised(r)])
def gradient_penalty(D, x_real, x_fake, alpha, lam):
    return penalty()(D, x_real, x_fake, alpha, lam)


def penalty(where=lambda r, f, a: a * r + (1 - a) * f, ds=np.ones_like, grads=False,
            value=lambda g: np.mean((np.sqrt((g**2).sum(axis=1)) - 1) ** 2), weight=lambda lam: lam):
    """An answer to 11.6 with other parts."""
    def answer(D, x_real, x_fake, alpha, lam):
        s, tape = D.forward(where(x_real, x_fake, alpha))
        g = D.backward(ds(s), tape, grads=grads)
        return weight(lam) * value(g)
    return answer


wrong("11.6", "order", "alpha for the fake points, 1 - alpha for the real ones", "alpha", "exchanged", "swapped")(
    penalty(lambda r, f, a: a * f + (1 - a) * r))
wrong("11.6", "term", "|g|^2 for |g|: the root is forgotten", "|g|^2 stands", "root", "square", "norm")(
    penalty(value=lambda g: np.mean(((g**2).sum(axis=1) - 1) ** 2)))
wrong("11.6", "order", "the mean of the norms before the square", "mean", "before")(
    penalty(value=lambda g: (np.sqrt((g**2).sum(axis=1)).mean() - 1) ** 2))
wrong("11.6", "axis", "each coordinate by itself", "coordinate", "norm", "axis", "entry")(
    penalty(value=lambda g: np.mean((np.abs(g) - 1) ** 2)))
wrong("11.6", "axis", "one norm over the whole batch", "whole batch", "norm", "each sample", "axis", "all samples")(
    penalty(value=lambda g: (np.sqrt((g**2).sum()) - 1) ** 2))
wrong("11.6", "axis", "the norm over the samples, for each coordinate", "axis", "norm")(
    penalty(value=lambda g: np.mean((np.sqrt((g**2).sum(axis=0)) - 1) ** 2)))
wrong("11.6", "manners", "D.grad gets something: grads=False is forgotten", "d.grad", "grads=false")(penalty(grads=True))
wrong("11.6", "factor", "the gradient of the mean score: g is divided by N", "1/n", "mean score", "g_n", "ones", "divided by n")(
    penalty(ds=lambda s: np.full_like(s, 1 / len(s))))
wrong("11.6", "term", "lam is forgotten", "lam")(penalty(weight=lambda lam: 1))
wrong("11.6", "factor", "lam / 2", "half", "lam", "factor", "2")(penalty(weight=lambda lam: lam / 2))
wrong("11.6", "other", "one-sided: only slopes above 1 cost", "one-sided", "below 1", "max", "above 1", "too small")(
    penalty(value=lambda g: np.mean(np.maximum(np.sqrt((g**2).sum(axis=1)) - 1, 0) ** 2)))
wrong("11.6", "other", "one alpha for all samples", "alpha", "one alpha", "same")(
    penalty(lambda r, f, a: a[0] * r + (1 - a[0]) * f))
wrong("11.6", "other", "at the real points", "real", "between", "alpha", "points")(penalty(lambda r, f, a: r))
wrong("11.6", "factor", "a sum over the samples", "sum", "mean", "1/n")(
    penalty(value=lambda g: np.sum((np.sqrt((g**2).sum(axis=1)) - 1) ** 2)))
wrong("11.6", "small", "1e-8 under the root", "eps", "root", "1e-8", "added")(
    penalty(value=lambda g: np.mean((np.sqrt((g**2).sum(axis=1) + 1e-8) - 1) ** 2)))
wrong("11.6", "term", "(|g| - 1) without the square", "square")(penalty(value=lambda g: np.mean(np.sqrt((g**2).sum(axis=1)) - 1)))
wrong("11.6", "other", "|g|^2 alone: R1", "r1", "1 ")(penalty(value=lambda g: np.mean((g**2).sum(axis=1))))
wrong("11.6", "sign", "1 + ...: (|g| + 1)^2", "sign", "- 1")(
    penalty(value=lambda g: np.mean((np.sqrt((g**2).sum(axis=1)) + 1) ** 2)))
wrong("11.6", "other", "the norm of the difference of the points, not of the gradient", "gradient", "points", "backward")(
    lambda D, x_real, x_fake, alpha, lam: lam * np.mean((np.sqrt(((x_real - x_fake) ** 2).sum(axis=1)) - 1) ** 2))
wrong("11.6", "other", "the slope of the loss -softplus: ds is not 1", "ones", "score", "ds", "softplus", "sigmoid")(
    penalty(ds=sigmoid))


@wrong("11.6", "manners", "D.grad is set to zero", "d.grad", "zero")
def _(D, x_real, x_fake, alpha, lam):
    value = gradient_penalty(D, x_real, x_fake, alpha, lam)
    D.zero_grad()
    return value
