"""Exercises of lesson 13: curing collapse."""

import math

import numpy as np

from ..engine.features import MinibatchDiscrimination, Pack
from ..engine.layers import Tanh
from ..engine.network import mlp
from ..engine.numerics import sigmoid
from .grading import Exercise, Mistake, Wrong, differences
from .players import used

# ---------------------------------------------------------------- 13.1


def _features(rng):
    n, kernels, dims = (int(size) for size in rng.permutation(range(3, 7))[:3])
    return rng.normal(0, 0.5, (n, kernels, dims)), rng.normal(size=(n, kernels))


def _o(M):
    """Sample by sample and kernel by kernel."""
    o = np.zeros(M.shape[:2])
    for one, row in zip(M.tolist(), o, strict=True):
        for other in M.tolist():
            row += [math.exp(-sum(abs(a - b) for a, b in zip(*both, strict=True))) for both in zip(one, other, strict=True)]
    return o


def _by_the_layer(M, do):
    """The library's layer has the kernels' dimensions the other way round: a permutation for W puts that right."""
    n, kernels, dims = M.shape
    layer = MinibatchDiscrimination(kernels * dims, kernels, dims)
    # W sends number (b, c) of a sample to place (c, b).
    layer.W[...] = np.eye(kernels * dims).reshape(-1, kernels, dims).swapaxes(1, 2).reshape(kernels * dims, -1)
    y, tape = layer.forward(M.reshape(n, -1))
    dM = layer.backward(np.concatenate([np.zeros((n, kernels * dims)), do], axis=-1), tape)
    return y[:, kernels * dims:], dM.reshape(M.shape)


def _closeness(apart=np.abs, distance=lambda sizes: sizes.sum(axis=-1), o=lambda a: a.sum(axis=1),
               pairs=lambda do: do[:, None] + do, slope=np.sign, weight=lambda a: a, sign=-1):
    """The answer with one thing done differently."""
    def answer(M, do):
        gap = M[:, None] - M  # (N, N, B, C)
        a = np.exp(-distance(apart(gap)))  # (N, N, B)
        return o(a), sign * ((pairs(do) * weight(a))[..., None] * slope(gap)).sum(axis=1)

    return answer


def _own_half(do):
    return do[:, None] + 0 * do


def _square(gap):
    return gap**2


CLOSENESS = Exercise(
    "13.1", "closeness", "how close the samples of a batch are", _features,
    lambda M, do: {"o": _o(M), "dM": differences(lambda M: float((do * _o(M)).sum()), M)},
    solution=_by_the_layer,
    mistakes=(
        Mistake("j = i was left out of the sum: every sample is close to itself, which adds 1",
                _closeness(o=lambda a: a.sum(axis=1) - 1)),
        Mistake("distances were summed over the kernels as well: each kernel measures by itself",
                _closeness(distance=lambda sizes: np.broadcast_to(sizes.sum(axis=(-2, -1))[..., None], sizes.shape[:-1]))),
        Mistake("that is the straight distance, a root of squares; here absolute values are added",
                _closeness(_square, lambda squares: np.sqrt(squares.sum(axis=-1)))),
        Mistake("squares were added; here absolute values are", _closeness(_square)),
        Mistake("the means were taken over the other samples, not the sums", _closeness(o=lambda a: a.mean(axis=1)), "batch"),
        Mistake("M_i stands in every o_j too, not only in o_i: half of dM is missing", _closeness(pairs=_own_half)),
        Mistake("only what M_i does to the other samples was counted: half of dM is missing",
                _closeness(pairs=lambda do: do + 0 * do[:, None])),
        Mistake("exp(-distance) falls with the distance: the minus is missing in dM", _closeness(sign=1), "sign"),
        Mistake("exp is its own derivative, so exp(-distance) stays a factor of dM; it is missing",
                _closeness(weight=lambda a: np.ones_like(a))),
        Mistake("|t| has the slope sign(t), +1 or -1; the difference itself was taken", _closeness(slope=lambda gap: gap)),
    ),
    hints=("M[:, None] - M has all differences M_i - M_j, (N, N, B, C). Sum their absolute values over the last axis.",
           "With a_ij = exp(-distance): moving M_i changes a_ij, which stands in o_i and in o_j. So do_i and do_j both push.",
           "dM_i = -sum_j (do_i + do_j) a_ij sign(M_i - M_j), kernel by kernel."),
    batch=lambda M, do: M.shape[0],
)

# ---------------------------------------------------------------- 13.2


def _pack_case(rng):
    m, d = (int(size) for size in rng.permutation(range(2, 5))[:2])
    D = mlp(m * d, int(rng.integers(4, 7)), 1, activation=Tanh, seed=int(rng.integers(1 << 30)), dtype=np.float64)
    D.theta += 0.1 * rng.normal(size=D.theta.shape)
    return D, rng.normal(size=(m * int(rng.integers(3, 6)), d)), m


def _pack_loss(D, x_fake, m):
    """Pack by pack, each put together by hand."""
    n, d = x_fake.shape
    scores = [float(D(np.concatenate(list(x_fake[i:i + m]))[None])[0, 0]) for i in range(0, n, m)]
    return sum(math.log1p(math.exp(-s)) for s in scores) / (n // m)


def _packed_observed(answer, D, x_fake, m):
    nets = used(D=D)
    dx = answer(nets["D"], x_fake, m)
    return {"dx": dx, "D.grad": nets["D"].grad, "D.theta": nets["D"].theta}


def _side_by_side(x, m):
    return Pack(m, x.shape[-1]).forward(x)[0]


def _packed(ds=lambda s: -sigmoid(-s), n=lambda N, m: N // m, pack=_side_by_side, back=lambda dx, x, m: dx.reshape(x.shape),
            grads=False):
    """The answer with one thing done differently."""
    def answer(D, x_fake, m):
        s, tape = D.forward(pack(x_fake, m))
        return back(D.backward(ds(s) / n(x_fake.shape[0], m), tape, grads=grads), x_fake, m)

    return answer


def _strided(x, m):
    return np.concatenate(np.split(x, m, axis=-2), axis=-1)


def _to_the_first(dx, x, m):
    back = np.zeros_like(x)
    back[::m] = dx[:, :x.shape[-1]]
    return back


PACKED = Exercise(
    "13.2", "packed_gradient", "what D says of a pack, for each of its points", _pack_case,
    lambda D, x_fake, m: {"dx": differences(lambda x: _pack_loss(D, x, m), x_fake), "D.grad": used(D=D)["D"].grad,
                          "D.theta": D.theta},
    solution=_packed(),
    mistakes=(
        Mistake("it is still made of packs: each of its rows belongs to m points", _packed(back=lambda dx, x, m: dx), "shape"),
        Mistake("the mean is over the scores, and there is one for each pack: N/m of them, not N",
                _packed(n=lambda N, m: N)),
        Mistake("the mean was left out", _packed(n=lambda N, m: 1)),
        Mistake("points that are N/m apart were packed together; neighbours belong together",
                _packed(pack=_strided, back=lambda dx, x, m: np.concatenate(np.split(dx, m, axis=-1)))),
        Mistake("packed as neighbours, but unpacked as if the points of a pack were N/m apart",
                _packed(back=lambda dx, x, m: np.concatenate(np.split(dx, m, axis=-1)))),
        Mistake("only the first point of each pack got its gradient; the score depends on all of them",
                _packed(back=_to_the_first)),
        Mistake("every point of a pack got the pack's mean gradient; each has a gradient of its own",
                _packed(back=lambda dx, x, m: np.repeat(dx.reshape(-1, m, x.shape[-1]).mean(axis=1), m, axis=0))),
        Mistake("G goes uphill", _packed(lambda s: sigmoid(-s)), "sign"),
        Mistake("that is the minimax loss, with -sigmoid(s); the derivative of softplus(-s) is -sigmoid(-s)",
                _packed(lambda s: -sigmoid(s))),
        Mistake("D.grad has changed: backward(..., grads=False) leaves it alone", _packed(grads=True)),
    ),
    hints=("Forward: packed(x_fake, m) has shape (N/m, m d), and D gives each row one score.",
           "D.backward(ds, tape, grads=False) returns an array like the packs. ds has one entry for each of the N/m scores.",
           "In memory a pack is m points one after the other, so one reshape to (N, d) brings them back."),
    observe=_packed_observed,
)

# ---------------------------------------------------------------- 13.3


def _noise_case(rng):
    a = round(float(rng.uniform(-1, 1)), 2)
    b = round(a + float(rng.choice([-1, 1]) * rng.uniform(0.8, 1.5)), 2)
    s, r, t = (round(float(rng.uniform(*bounds)), 2) for bounds in ((0.3, 0.4), (0.5, 0.6), (0.7, 0.9)))
    return rng.uniform(-1, 1, int(rng.integers(4, 9))), a, b, s, r, t


def _noisy(x, a, b, s, r, t):
    """The densities after noise as integrals over where a point was before; the slope by the complex step."""
    def density(x, mean, std):
        y, step = np.linspace(mean - 12 * std, mean + 12 * std, 2001, retstep=True)
        return step / std * (np.exp(-((y - mean) / std) ** 2 / 2) * np.exp(-((x[:, None] - y) / t) ** 2 / 2)).sum(axis=-1)

    def score(x):
        return np.log(density(x, a, s) / density(x, b, r))

    return {"score": score(x), "slope": np.imag(score(x + 1e-30j)) / 1e-30}


def _sum(own, noise):
    return own**2 + noise**2


def _own(own, noise):
    return own**2


def _best(real=_sum, fake=None, half=2, sign=1, widths=True, slope=None):
    """The answer with other variances, or another sign or slope."""
    def answer(x, a, b, s, r, t):
        p, q = real(s, t), (fake or real)(r, t)
        score = sign * (((x - b) ** 2 / q - (x - a) ** 2 / p) / half + widths * math.log(q / p) / 2)
        line = sign * 2 / half * ((x - b) / q - (x - a) / p)
        return score, line if slope is None else slope(score, line)

    return answer


NOISY = Exercise(
    "13.3", "noisy_score", "the best D when its points are noisy", _noise_case, _noisy,
    solution=_best(),
    mistakes=(
        Mistake("standard deviations were added; of independent things the variances add, s^2 + t^2",
                _best(lambda own, noise: (own + noise) ** 2)),
        Mistake("the noise was forgotten: that is the best D for the points as they are", _best(_own)),
        Mistake("the points' own widths were forgotten: only the noise is left", _best(lambda own, noise: noise**2)),
        Mistake("only the fake points got noise: both kinds do", _best(_own, _sum)),
        Mistake("only the real points got noise: both kinds do", _best(_sum, _own)),
        Mistake("a Gaussian has exp(-(x - a)^2 / (2 v)): the 2 is missing", _best(half=1)),
        Mistake("the factor 1 / sqrt(v) of a density was forgotten: the two widths differ, so it does not cancel",
                _best(widths=False)),
        Mistake("that is log q - log p: a high score must mean real", _best(sign=-1), "sign"),
        Mistake("variances belong under (x - a)^2; a standard deviation stands there", _best(math.hypot)),
        Mistake("the slope of D's probability was taken, not that of the score",
                _best(slope=lambda score, line: sigmoid(score) * sigmoid(-score) * line)),
    ),
    hints=("Real points with noise are Gaussian around a. Which variance do two independent parts have together?",
           "log p = -(x - a)^2 / (2 p2) - log(p2) / 2 and a constant, with p2 = s^2 + t^2; for q the same with b and r.",
           "score = (x - b)^2 / (2 q2) - (x - a)^2 / (2 p2) + log(q2 / p2) / 2, and its slope is (x - b) / q2 - (x - a) / p2."),
)

# ---------------------------------------------------------------- 13.4


def _pairs_case(rng):
    """The modes that each of S seeds visits, with and without a remedy; some are equal, and sometimes nobody wins."""
    fewer, ties = (int(number) for number in rng.integers(1, 4, 2))
    more = fewer + (0 if rng.random() < 0.5 else ties + int(rng.integers(2, 5)))
    plain = rng.integers(2, 6, more + fewer + ties).astype(float)
    gain = np.repeat([1.0, -1.0, 0.0], (more, fewer, ties)) * rng.integers(1, 3, plain.size)
    return plain, plain + rng.permutation(gain)


def _coin(plain, cured):
    """All the ways in which coins can fall, one coin after the other."""
    more, fewer = int((cured > plain).sum()), int((cured < plain).sum())
    chances = np.array([1.0])
    for _ in range(more + fewer):
        chances = np.convolve(chances, [0.5, 0.5])
    as_uneven = abs(np.arange(chances.size) - chances.size / 2 + 0.5) >= abs(more - fewer) / 2
    return {"more and fewer": np.array([more, fewer], float), "p": float(chances[as_uneven].sum())}


def _signs_observed(answer, plain, cured):
    result = answer(plain, cured)
    if not isinstance(result, tuple) or len(result) != 3:
        raise Wrong(f"sign_test must return more, fewer, p; it returns {result!r}")
    p = result[2]
    whole = np.ndim(p) == 0 and np.asarray(p).dtype.kind in "iu"  # min(1, ...) is a right answer, and then p may be an int
    return {"more and fewer": np.array(result[:2], float), "p": float(p) if whole else p}


def _tail(n, k):
    """The chance that of n coins at most k fall on their heads."""
    return sum(math.comb(n, i) for i in range(k + 1)) / 2**n


def _signs(p=lambda more, fewer, ties: min(1.0, 2 * _tail(more + fewer, min(more, fewer))), swap=False):
    """The answer with another idea of p."""
    def answer(plain, cured):
        more, fewer, ties = (int(which.sum()) for which in (cured > plain, cured < plain, cured == plain))
        counts = (float(fewer), float(more)) if swap else (float(more), float(fewer))
        return *counts, float(p(more, fewer, ties))

    return answer


def _as_less(more, fewer, ties):
    return min(1.0, 2 * _tail(more + fewer + ties, min(more, fewer + ties)))


def _normal(more, fewer, ties):
    return math.erfc(abs(more - fewer) / math.sqrt(2 * (more + fewer)))


SIGNS = Exercise(
    "13.4", "sign_test", "could it be luck?", _pairs_case, _coin,
    solution=_signs(),
    mistakes=(
        Mistake("that is the chance of one side alone: a remedy that harms as much would surprise as much, so twice that",
                _signs(lambda more, fewer, ties: _tail(more + fewer, min(more, fewer)))),
        Mistake("that is the chance of exactly this count; the more uneven ones count too",
                _signs(lambda more, fewer, ties: min(1.0, 2 * math.comb(more + fewer, fewer) / 2 ** (more + fewer)))),
        Mistake("where nobody wins, the middle is counted on both sides: twice one side is more than 1, and p is at most 1",
                _signs(lambda more, fewer, ties: 2 * _tail(more + fewer, min(more, fewer)))),
        Mistake("equal seeds were counted as failures; they say nothing, and are left out", _signs(_as_less)),
        Mistake("the tail was summed up to the larger count: begin at the end where fewer seeds are",
                _signs(lambda more, fewer, ties: min(1.0, 2 * _tail(more + fewer, max(more, fewer))))),
        Mistake("that is the bell curve's answer: for so few coins, count", _signs(_normal)),
        Mistake("seeds that visit more and seeds that visit fewer were swapped", _signs(swap=True)),
    ),
    hints=("Without an effect, a seed that is not equal is better or worse like a coin. n = more + fewer coins were thrown.",
           "math.comb(n, i) of the 2^n ways to fall have i heads. Sum those with at most k = min(more, fewer) heads.",
           "p = min(1, 2 * that sum / 2^n): the other side is as likely, and where more = fewer the middle is counted twice."),
    observe=_signs_observed,
)

EXERCISES = (CLOSENESS, PACKED, NOISY, SIGNS)
