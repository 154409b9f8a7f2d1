"""Lesson 13: curing collapse."""

import math

import numpy as np

from . import corpus
from .ex03 import sigmoid
from .ex05 import net

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- 13.1 closeness

@solution("13.1", lambda r: [(.5 * r.normal(size=(5, 3, 2)), r.normal(size=(5, 3)))])
def closeness(M, do):
    return close()(M, do)


def close(o=lambda K: K.sum(axis=1), both=lambda do: do[:, None] + do[None], sign=np.sign,
          distance=lambda step: np.abs(step).sum(axis=-1),
          scale=-1):
    """An answer to 13.1 with other parts."""
    def answer(M, do):
        step = M[:, None] - M[None]  # (N, N, B, C)
        K = np.exp(-distance(step))
        return o(K), scale * ((both(do) * K)[..., None] * sign(step)).sum(axis=1)
    return answer


wrong("13.1", "edge", "sample i itself is left out", "itself", "i included", "own", "1 ")(close(o=lambda K: K.sum(axis=1) - 1))
wrong("13.1", "other", "the Euclidean distance", "euclid", "absolute", "square", "root")(
    close(distance=lambda s: np.sqrt((s**2).sum(axis=-1)), sign=lambda s: s / np.maximum(np.sqrt((s**2).sum(axis=-1,
                                                                                                            keepdims=True)),
                                                                                                            1e-12)))
wrong("13.1", "term", "M_i changes o_i only: the other o_j are forgotten", "other", "o_j", "every", "half")(
    close(both=lambda do: do[:, None] + 0 * do[None]))
wrong("13.1", "term", "M_i changes the other o_j only", "other", "o_i", "own", "half")(
    close(both=lambda do: 0 * do[:, None] + do[None]))
wrong("13.1", "sign", "dM has the wrong sign", "sign")(close(scale=1))
wrong("13.1", "factor", "2 do_i for do_i + do_j", "do_j", "other", "twice")(
    close(both=lambda do: 2 * do[:, None] + 0 * do[None]))
wrong("13.1", "factor", "a mean over the batch", "mean", "sum", "1/n")(
    lambda M, do: tuple(each / len(M) for each in closeness(M, do)))
wrong("13.1", "term", "the sum over c is a mean", "sum over c", "mean", "c")(
    lambda M, do: (closeness(M / M.shape[2], do)[0], closeness(M / M.shape[2], do)[1] / M.shape[2]))
wrong("13.1", "other", "the squared distance", "square", "absolute", "distance")(
    close(distance=lambda s: (s**2).sum(axis=-1), sign=lambda s: 2 * s))
wrong("13.1", "sign", "exp(+distance)", "sign", "minus", "grow")(close(distance=lambda s: -np.abs(s).sum(axis=-1), scale=1))
wrong("13.1", "sign", "do_i - do_j", "sign", "do_j", "minus")(close(both=lambda do: do[:, None] - do[None]))
wrong("13.1", "term", "the kernel is forgotten in dM: exp is not differentiated", "exp", "kernel", "chain", "o_ij")(
    lambda M, do: (closeness(M, do)[0], -((do[:, None] + do[None])[..., None] * np.sign(M[:, None] - M[None])).sum(axis=1)))
wrong("13.1", "term", "the sign is forgotten: |.| is not differentiated", "sign", "absolute", "chain", "|")(
    close(sign=np.ones_like))
wrong("13.1", "other", "M_i - M_j itself for its sign", "sign", "absolute", "square", "distance")(close(sign=lambda s: s))
wrong("13.1", "order", "dM first", "order", "exchanged", "swapped")(lambda M, do: closeness(M, do)[::-1])
wrong("13.1", "axis", "the kernels are added", "kernel", "axis", "shape", "b")(
    lambda M, do: (closeness(M, do)[0].sum(axis=1), closeness(M, do)[1]))


@right("13.1", "loops over pairs, and add to both samples of a pair")
def _(M, do):
    o, dM = np.ones(M.shape[:2]), np.zeros(M.shape)
    for i in range(len(M)):
        for j in range(i):
            near = np.exp(-np.abs(M[i] - M[j]).sum(axis=1))
            o[i] += near
            o[j] += near
            push = ((do[i] + do[j]) * near)[:, None] * np.sign(M[i] - M[j])
            dM[i] -= push
            dM[j] += push
    return o, dM


# ---------------------------------------------------------------- 13.2 packed_gradient

@solution("13.2", lambda r: [(net(r, 6, 5, 1), r.normal(size=(8, 3)), 2), (net(r, 6, 5, 1), r.normal(size=(9, 2)), 3)])
def packed_gradient(D, x_fake, m):
    return packs_with()(D, x_fake, m)


def packs_with(ds=lambda s, m: -sigmoid(-s) / len(s), grads=False, pack=lambda x, m: x.reshape(len(x) // m, -1),
               unpack=lambda dx, x: dx.reshape(x.shape)):
    """An answer to 13.2 with other parts."""
    def answer(D, x_fake, m):
        s, tape = D.forward(pack(x_fake, m))
        return unpack(D.backward(ds(s, m), tape, grads=grads), x_fake)
    return answer


wrong("13.2", "factor", "the mean is over N, not over N/m scores", "n/m", "1/n", "packs", "factor")(
    packs_with(lambda s, m: -sigmoid(-s) / len(s) / m))
wrong("13.2", "factor", "1 / (N/m) is forgotten", "1/n", "mean", "n/m", "sum")(packs_with(lambda s, m: -sigmoid(-s)))
wrong("13.2", "sign", "the wrong sign", "sign")(packs_with(lambda s, m: sigmoid(-s) / len(s)))
wrong("13.2", "sign", "sigmoid(s) for sigmoid(-s)", "sigmoid", "minimax", "argument")(
    packs_with(lambda s, m: -sigmoid(s) / len(s)))
wrong("13.2", "manners", "D.grad gets something: grads=False is forgotten", "d.grad", "grads=false")(packs_with(grads=True))
wrong("13.2", "shape", "dL/dpacks, not dL/dx", "shape", "packs")(packs_with(unpack=lambda dx, x: dx))
wrong("13.2", "order", "rows i and i + N/m make a pack", "neighbour", "pack", "rows", "n/m", "split")(
    packs_with(pack=lambda x, m: np.concatenate(np.split(x, m), axis=1),
               unpack=lambda dx, x: np.concatenate(np.split(dx, dx.shape[1] // x.shape[1], axis=1))))
wrong("13.2", "order", "the way back puts the points together in another order", "order", "reshape", "rows", "back", "unpack",
      "pack")(
    packs_with(unpack=lambda dx, x: np.concatenate(np.split(dx, dx.shape[1] // x.shape[1], axis=1))))
wrong("13.2", "other", "the same gradient for all points of a pack: its mean", "mean", "each", "same", "pack")(
    packs_with(unpack=lambda dx, x: np.repeat(dx.reshape(len(dx), -1, x.shape[1]).mean(axis=1), dx.shape[1] // x.shape[1],
                                              axis=0)))
wrong("13.2", "term", "the first point of each pack alone", "first", "other points", "zero")(
    packs_with(unpack=lambda dx, x: (dx.reshape(len(dx), -1, x.shape[1]) * (np.arange(dx.shape[1] // x.shape[1]) == 0)[:, None])
               .reshape(x.shape)))
wrong("13.2", "other", "D's own loss on fake points: softplus(s)", "softplus(s", "d's", "sign", "softplus(-s")(
    packs_with(lambda s, m: sigmoid(s) / len(s)))
wrong("13.2", "factor", "each point gets 1/m of the gradient of its pack", "1/m", "factor", "share")(
    packs_with(unpack=lambda dx, x: dx.reshape(x.shape) * len(dx) / len(x)))
wrong("13.2", "order", "the coordinates of a pack are interleaved", "coordinate", "order", "row", "transpose")(
    packs_with(pack=lambda x, m: x.reshape(-1, m, x.shape[1]).swapaxes(1, 2).reshape(len(x) // m, -1),
               unpack=lambda dx, x: dx.reshape(len(dx), x.shape[1], -1).swapaxes(1, 2).reshape(x.shape)))


@wrong("13.2", "manners", "D.grad is set to zero in the end", "d.grad", "zero")
def _(D, x_fake, m):
    dx = packs_with(grads=True)(D, x_fake, m)
    D.zero_grad()
    return dx


# ---------------------------------------------------------------- 13.3 noisy_score

@solution("13.3", lambda r: [(r.normal(size=6), .3, -.5, .7, .4, .6), (r.normal(size=6), 0., 1., 1e-3, 2e-3, .01),
                             (r.normal(size=6), 0., 1., .2, .2, 1.)])
def noisy_score(x, a, b, s, r, t):
    return noisy()(x, a, b, s, r, t)


def noisy(p_var=lambda s, t: s**2 + t**2, q_var=lambda r, t: r**2 + t**2, logs=-.5, half=2,
          slope=lambda x, a, b, v, w: (x - b) / w - (x - a) / v):
    """An answer to 13.3 with other parts; v and w are the variances that D sees."""
    def answer(x, a, b, s, r, t):
        v, w = p_var(s, t), q_var(r, t)
        return logs * np.log(v / w) - (x - a) ** 2 / (half * v) + (x - b) ** 2 / (half * w), slope(x, a, b, v, w)
    return answer


wrong("13.3", "other", "standard deviations are added: (s + t)^2", "variance", "s + t", "added", "standard deviation", "square")(
    noisy(lambda s, t: (s + t) ** 2, lambda r, t: (r + t) ** 2))
wrong("13.3", "other", "noise on the fake points only", "real", "either", "both", "noise")(noisy(p_var=lambda s, t: s**2))
wrong("13.3", "other", "noise on the real points only", "fake", "either", "both", "noise")(noisy(q_var=lambda r, t: r**2))
wrong("13.3", "term", "no noise at all", "noise", "t ")(noisy(lambda s, t: s**2, lambda r, t: r**2))
wrong("13.3", "term", "the logarithms of the standard deviations are forgotten", "1 / sqrt", "log", "normal", "constant")(
    noisy(logs=0))
wrong("13.3", "factor", "log of the variances without the half", "half", "log", "root", "variance")(noisy(logs=-1))
wrong("13.3", "factor", "(x - a)^2 / v without the 2", "half", "factor")(noisy(half=1))
wrong("13.3", "sign", "the slope has the wrong sign", "sign")(noisy(slope=lambda x, a, b, v, w: (x - a) / v - (x - b) / w))
wrong("13.3", "sign", "log q - log p", "sign", "exchanged")(lambda *args: tuple(-each for each in noisy_score(*args)))
wrong("13.3", "edge", "log(p / q) through the densities: 0 / 0 far out", "nan", "underflow", "0 / 0", "densit", "exp", "inf")(
    lambda x, a, b, s, r, t: (np.log(np.exp(-((x - a) ** 2) / (2 * (s**2 + t**2))) / np.sqrt(s**2 + t**2)
                                     / (np.exp(-((x - b) ** 2) / (2 * (r**2 + t**2))) / np.sqrt(r**2 + t**2))),
                              noisy_score(x, a, b, s, r, t)[1]))
wrong("13.3", "order", "the slope first", "order", "exchanged", "swapped")(lambda *args: noisy_score(*args)[::-1])
wrong("13.3", "term", "t for t^2", "t^2", "square", "variance")(noisy(lambda s, t: s**2 + t, lambda r, t: r**2 + t))
wrong("13.3", "sign", "the sign of the logarithms", "sign", "log")(noisy(logs=.5))
wrong("13.3", "other", "the noise is subtracted: s^2 - t^2", "sign", "variance", "added", "subtract")(
    noisy(lambda s, t: np.abs(s**2 - t**2), lambda r, t: np.abs(r**2 - t**2)))
wrong("13.3", "factor", "the slope is half of what it is", "half", "factor")(
    noisy(slope=lambda x, a, b, v, w: ((x - b) / w - (x - a) / v) / 2))
wrong("13.3", "other", "the slope as differences of neighbouring scores, though x is not sorted", "difference", "gradient",
      "sort", "neighbour")(
    lambda x, *args: (noisy_score(x, *args)[0], np.gradient(noisy_score(x, *args)[0], x)))
wrong("13.3", "other", "the means are exchanged", "mean", "exchanged", "swapped", "a and b")(
    lambda x, a, b, s, r, t: noisy_score(x, b, a, s, r, t))
wrong("13.3", "other", "s and r are exchanged", "exchanged", "swapped", "s and r")(
    lambda x, a, b, s, r, t: noisy_score(x, a, b, r, s, t))
wrong("13.3", "other", "noise of twice the variance: each point gets it, and D's input too", "twice", "2 t", "factor",
      "variance")(
    noisy(lambda s, t: s**2 + 2 * t**2, lambda r, t: r**2 + 2 * t**2))
wrong("13.3", "other", "the probability for the score", "probability", "sigmoid", "score")(
    lambda *args: (sigmoid(noisy_score(*args)[0]), noisy_score(*args)[1]))


# ---------------------------------------------------------------- 13.4 sign_test

@solution("13.4", lambda r: [(np.array([5, 3, 8, 8, 2, 6]), np.array([8, 8, 8, 7, 6, 8])),
                             (np.array([5, 3, 1, 4]), np.array([8, 8, 8, 8])),
                             (np.array([5, 5, 3, 3]), np.array([6, 4, 4, 2])), (np.array([8, 8]), np.array([8, 8])),
                             (np.array([8, 8, 8, 4]), np.array([7, 5, 6, 8])),
                             (np.array([8, 8, 7]), np.array([3, 2, 8])), (r.integers(0, 9, 20), r.integers(2, 10, 20))])
def sign_test(plain, cured):
    return counting()(plain, cured)


def tail(n, k):
    """The chance of at least k heads of n."""
    return sum(math.comb(n, i) for i in range(k, n + 1)) / 2**n


def counting(p=lambda more, fewer, S: min(1, 2 * tail(more + fewer, max(more, fewer)))):
    def answer(plain, cured):
        more, fewer = int((cured > plain).sum()), int((cured < plain).sum())
        return more, fewer, p(more, fewer, len(plain))
    return answer


wrong("13.4", "factor", "to one side only", "one side", "either side", "two-sided", "half", "twice", "2")(
    counting(lambda m, f, S: tail(m + f, max(m, f))))
wrong("13.4", "other", "equal counts are not left out: S coins", "equal", "left out", "s coins", "ties")(
    counting(lambda m, f, S: min(1, 2 * tail(S, max(m, f)))))
wrong("13.4", "edge", "more unevenly, not at least as unevenly", "at least", "exactly", "more unevenly", "strict")(
    counting(lambda m, f, S: min(1, 2 * tail(m + f, max(m, f) + 1))))
wrong("13.4", "edge", "p above 1 when more = fewer", "above 1", "more than 1", "larger than 1", "capped", "exceed")(
    counting(lambda m, f, S: 2 * tail(m + f, max(m, f))))
wrong("13.4", "order", "more and fewer are exchanged", "exchanged", "swapped", "more")(
    lambda plain, cured: (sign_test(plain, cured)[1], sign_test(plain, cured)[0], sign_test(plain, cured)[2]))
wrong("13.4", "other", "the share of seeds that gain", "share of seeds")(counting(lambda m, f, S: m / (m + f) if m + f else 1.))
wrong("13.4", "other", "the gains are added, not counted", "count the seeds")(lambda plain, cured: (
    float((cured - plain)[cured > plain].sum()), float((plain - cured)[cured < plain].sum()), sign_test(plain, cured)[2]))
wrong("13.4", "order", "p comes first", "order")(lambda plain, cured: sign_test(plain, cured)[2:] + sign_test(plain, cured)[:2])
wrong("13.4", "edge", "only equal counts: p = 0", "equal", "no coins", "nothing")(
    counting(lambda m, f, S: min(1, 2 * tail(m + f, max(m, f))) if m + f else 0.))
wrong("13.4", "other", "the normal approximation", "bell curve", "normal", "approxim", "binomial")(
    counting(lambda m, f, S: math.erfc(abs(m - f) / math.sqrt(2 * max(m + f, 1)))))
wrong("13.4", "term", "the chance of exactly this outcome", "exactly", "at least", "tail", "sum")(
    counting(lambda m, f, S: math.comb(m + f, m) / 2 ** (m + f)))
wrong("13.4", "other", "1 - p", "1 - p", "chance")(counting(lambda m, f, S: 1 - min(1, 2 * tail(m + f, max(m, f)))))
wrong("13.4", "order", "p is the chance of at least `more` heads, even when fewer is larger", "one side", "larger", "either",
      "max", "more")(
    counting(lambda m, f, S: min(1, 2 * tail(m + f, m))))
wrong("13.4", "factor", "divided by 2^(n - 1) once more: 4 tails", "factor", "twice", "4")(
    counting(lambda m, f, S: min(1, 4 * tail(m + f, max(m, f)))))
wrong("13.4", "factor", "2^n for the number of ways, without binomials", "binomial", "comb", "ways", "outcomes")(
    counting(lambda m, f, S: min(1, 2 * (min(m, f) + 1) / 2 ** (m + f))))
wrong("13.4", "other", "equal counts count half for each", "equal", "left out", "half", "ties")(
    lambda plain, cured: (sign_test(plain, cured)[0] + (plain == cured).sum() / 2,
                          sign_test(plain, cured)[1] + (plain == cured).sum() / 2,
                          sign_test(plain, cured)[2]))
wrong("13.4", "other", "the totals are compared, not seed by seed", "seed", "total", "sum", "pair")(
    lambda plain, cured: (int(cured.sum() > plain.sum()), int(cured.sum() < plain.sum()), 1.))
wrong("13.4", "edge", "more counts equal seeds too: cured >= plain", "equal", ">=", "left out")(
    lambda plain, cured: (int((cured >= plain).sum()), int((cured < plain).sum()), sign_test(plain, cured)[2]))


@right("13.4", "every outcome of the coins by recursion over heads and tails; numbers of NumPy")
def _(plain, cured):
    more, fewer = np.sum(cured > plain), np.sum(cured < plain)
    n, far = int(more + fewer), abs(int(more) - int(fewer))

    def chance(coins, lead, known={}):  # noqa: B006  the default keeps what is known
        if coins == 0:
            return float(abs(lead) >= far)
        if (coins, lead, far) not in known:
            known[coins, lead, far] = (chance(coins - 1, lead + 1) + chance(coins - 1, lead - 1)) / 2
        return known[coins, lead, far]

    return more, fewer, np.float64(chance(n, 0))
