"""Exercises of lesson 13: curing collapse."""

import math

import numpy as np
from scipy.spatial.distance import cdist

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
    """Kernel by kernel, with SciPy's distances."""
    return np.stack([np.exp(-cdist(kernel, kernel, "cityblock")).sum(axis=1) for kernel in M.swapaxes(0, 1)], axis=1)


def _by_the_layer(M, do):
    """The library's layer has the kernels' dimensions the other way round. A permutation for W puts that right."""
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


def _length(gap):
    return np.sqrt((gap**2).sum(axis=-1, keepdims=True))


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
        Mistake("that is the Euclidean distance, a root of squares, in o and in dM; here absolute values are added", _closeness(
            _square, lambda squares: np.sqrt(squares.sum(axis=-1)), slope=lambda gap: gap / np.maximum(_length(gap), 1e-12))),
        Mistake("squares were added, in o and in dM; here absolute values are", _closeness(_square, slope=lambda gap: 2 * gap)),
        Mistake("the minus of exp(-distance) is missing: closeness would grow with the distance", _closeness(
            distance=lambda sizes: -sizes.sum(axis=-1), sign=1)),
        Mistake("do_i counts twice, where do_i + do_j was meant: M_i moves every other o_j as well",
                _closeness(pairs=lambda do: 2 * do[:, None] + 0 * do)),
        Mistake("do_i - do_j: a sign is wrong, both push", _closeness(pairs=lambda do: do[:, None] - do)),
        Mistake("the mean over c was taken, not the sum over c", lambda M, do: (
            _closeness()(M / M.shape[2], do)[0], _closeness()(M / M.shape[2], do)[1] / M.shape[2])),
        Mistake("sign(M_i - M_j) is missing: the absolute value was not differentiated", _closeness(slope=np.ones_like)),
        Mistake("the means were taken over the other samples, not the sums", _closeness(o=lambda a: a.mean(axis=1)), "batch"),
        Mistake("M_i stands in every o_j too, not only in o_i: half of dM is missing", _closeness(pairs=_own_half)),
        Mistake("only what M_i does to the other samples was counted: half of dM is missing",
                _closeness(pairs=lambda do: do + 0 * do[:, None])),
        Mistake("exp(-distance) falls with the distance: the minus is missing in dM, or the sum is over i, and not over j",
                _closeness(sign=1), "sign"),
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
        Mistake("that is the critic's gradient, -1 for each score; L has a sigmoid", _packed(lambda s: -np.ones_like(s))),
        Mistake("the sigmoid is the derivative of softplus already, and it was differentiated once more: p (1 - p)",
                _packed(lambda s: -sigmoid(s) * sigmoid(-s))),
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
        Mistake("that is D's own loss on fake points, softplus(s); G's is softplus(-s)", _packed(sigmoid)),
        Mistake("coordinates were sorted first in each pack, all first ones, then all second ones; a row is one point after the "
                "other",
                _packed(pack=lambda x, m: x.reshape(-1, m, x.shape[1]).swapaxes(1, 2).reshape(x.shape[0] // m, -1),
                        back=lambda dx, x, m: dx.reshape(dx.shape[0], x.shape[1], m).swapaxes(1, 2).reshape(x.shape))),
        Mistake("D.grad has changed: backward(..., grads=False) leaves it alone", _packed(grads=True)),
    ),
    hints=("Forward: packed(x_fake, m) has shape (N/m, m d), and D gives each row one score.",
           "D.backward(ds, tape, grads=False) returns an array like the packs. ds has one entry for each of the N/m scores.",
           "In memory a pack is m points one after the other, so one reshape to (N, d) brings them back."),
    observe=_packed_observed,
)

# ---------------------------------------------------------------- 13.3


def _noise_case(rng):
    """Points and noise of the same size; or tiny s and r, with little noise or much: the two of the docstring's question."""
    a = round(float(rng.uniform(-1, 1)), 2)
    b = round(a + float(rng.choice([-1, 1]) * rng.uniform(0.8, 1.5)), 2)
    s, r, t = (round(float(rng.uniform(*bounds)), 2) for bounds in ((0.3, 0.4), (0.5, 0.6), (0.7, 0.9)))
    if rng.random() < 0.5:
        s, r, t = s / 100, r / 100, float(rng.choice([0.01, 1]))
    return rng.uniform(-1, 1, int(rng.integers(4, 9))), a, b, s, r, t


def _noisy(x, a, b, s, r, t):
    """The densities after noise as integrals over where a point was before; the slope by the complex step."""
    def log_density(x, mean, std):
        step = min(std, t) / 6
        y = np.arange(min(mean, x.real.min()) - 12 * std, max(mean, x.real.max()) + 12 * std, step)
        exponent = -((y - mean) / std) ** 2 / 2 - ((x[:, None] - y) / t) ** 2 / 2
        most = exponent.real.max(axis=1)  # far out the exponentials would be 0
        return most + np.log(step / std * np.exp(exponent - most[:, None]).sum(axis=1))

    def score(x):
        return log_density(x, a, s) - log_density(x, b, r)

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


def _score_only(score):
    """Another score with the right slope."""
    def answer(x, a, b, s, r, t):
        return score(x, a, b, _sum(s, t), _sum(r, t)), _best()(x, a, b, s, r, t)[1]

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
        Mistake("the half before the logarithm of the variances is missing", _best(widths=2)),
        Mistake("the logarithm of the variances has the wrong sign", _best(widths=-1)),
        Mistake("the half before (x - a)^2 / v is missing, in the score only", _score_only(lambda x, a, b, p, q: (
            (x - b) ** 2 / q - (x - a) ** 2 / p + math.log(q / p) / 2))),
        Mistake("s was taken for both kinds of points: fake ones have the width r", lambda x, a, b, s, r, t: _best()(
            x, a, b, s, s, t)),
        Mistake("2 pi was kept in one of the densities and not in the other: it cancels", lambda x, a, b, s, r, t: (
            _best()(x, a, b, s, r, t)[0] + math.log(2 * math.pi), _best()(x, a, b, s, r, t)[1])),
        Mistake("t stands where t^2 was meant: variances add", _best(lambda own, noise: own**2 + noise)),
        Mistake("t^2 was subtracted: the variances of independent things are added",
                _best(lambda own, noise: abs(own**2 - noise**2))),
        Mistake("noise of twice its variance: each point gets it once, t^2 and not 2 t^2",
                _best(lambda own, noise: own**2 + 2 * noise**2)),
        Mistake("the means a and b are exchanged", lambda x, a, b, s, r, t: _best()(x, b, a, s, r, t)),
        Mistake("s and r are exchanged", lambda x, a, b, s, r, t: _best()(x, a, b, r, s, t)),
        Mistake("that is the probability, the sigmoid of the score", _score_only(lambda x, a, b, p, q: sigmoid(
            ((x - b) ** 2 / q - (x - a) ** 2 / p + math.log(q / p)) / 2))),
        Mistake("the slope was taken from differences of neighbouring scores; x is not sorted, and such a difference is not "
                "exact",
                lambda x, *args: (_best()(x, *args)[0], np.gradient(_best()(x, *args)[0], x))),
        Mistake("the slope of D's probability was taken, not that of the score",
                _best(slope=lambda score, line: sigmoid(score) * sigmoid(-score) * line)),
    ),
    hints=("Real points with noise are Gaussian around a. Which variance do two independent parts have together?",
           "log p = -(x - a)^2 / (2 p2) - log(p2) / 2 and a constant, with p2 = s^2 + t^2; for q the same with b and r.",
           "score = (x - b)^2 / (2 q2) - (x - a)^2 / (2 p2) + log(q2 / p2) / 2, and its slope is (x - b) / q2 - (x - a) / p2."),
    cases=8,  # of three kinds
)

# ---------------------------------------------------------------- 13.4


def _pairs_case(rng):
    """The modes that each of S seeds visits, with and without a remedy. It helps, harms, does both as often, or nothing."""
    fewer, ties = (int(number) for number in rng.integers(1, 4, 2))
    more, kind = fewer, rng.integers(4)
    if kind in (0, 1):
        more += ties + int(rng.integers(2, 5))
    if kind == 1:
        more, fewer = fewer, more
    if kind == 3:
        more = fewer = 0
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
    return {"more": float(more), "fewer": float(fewer), "p": float(chances[as_uneven].sum())}


def _signs_observed(answer, plain, cured):
    result = answer(plain, cured)
    if not isinstance(result, tuple) or len(result) != 3:
        raise Wrong(f"sign_test must return more, fewer, p; it returns {result!r}")
    # Counts are whole, and so is the p of min(1, ...), which is a right answer.
    return {name: float(one) if np.ndim(one) == 0 and np.asarray(one).dtype.kind in "iu" else one
            for name, one in zip(("more", "fewer", "p"), result, strict=True)}


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


def _with_ties(plain, cured):
    more, fewer, p = _signs()(plain, cured)
    return float((cured >= plain).sum()), fewer, p


def _shared_ties(plain, cured):
    more, fewer, p = _signs()(plain, cured)
    half = (plain == cured).sum() / 2
    return more + half, fewer + half, p


def _normal(more, fewer, ties):
    return math.erfc(abs(more - fewer) / math.sqrt(2 * max(more + fewer, 1)))


SIGNS = Exercise(
    "13.4", "sign_test", "could it be luck?", _pairs_case, _coin,
    solution=_signs(),
    mistakes=(
        Mistake("that is the chance of one side alone: a remedy that harms as much would surprise as much, so twice that",
                _signs(lambda more, fewer, ties: _tail(more + fewer, min(more, fewer)))),
        Mistake("that is the chance of exactly this count; the more uneven ones count too",
                _signs(lambda more, fewer, ties: min(1.0, 2 * math.comb(more + fewer, fewer) / 2 ** (more + fewer)))),
        Mistake("the sizes of the gains were added up; count the seeds", lambda plain, cured: (
            float((cured - plain)[cured > plain].sum()), float((plain - cured)[cured < plain].sum()), _signs()(plain, cured)[2])),
        Mistake("that is the share of seeds that gain, no chance", _signs(
            lambda more, fewer, ties: more / (more + fewer) if more + fewer else 1.0)),
        Mistake("that is the chance that all coins fall to one side", _signs(lambda more, fewer, ties: 0.5 ** (more + fewer))),
        Mistake("1 - p was returned", _signs(
            lambda more, fewer, ties: 1 - min(1.0, 2 * _tail(more + fewer, min(more, fewer))))),
        Mistake("where nobody wins, the middle is counted on both sides: twice one side is more than 1, and p is at most 1",
                _signs(lambda more, fewer, ties: 2 * _tail(more + fewer, min(more, fewer)))),
        Mistake("equal seeds were counted as failures; they say nothing, and are left out", _signs(_as_less)),
        Mistake("the tail was summed up to the larger count: begin at the end where fewer seeds are",
                _signs(lambda more, fewer, ties: min(1.0, 2 * _tail(more + fewer, max(more, fewer))))),
        Mistake("that is the bell curve's answer: for so few coins, count", _signs(_normal)),
        Mistake("seeds that visit more and seeds that visit fewer were swapped", _signs(swap=True)),
        Mistake("equal seeds were counted as coins, and as neither side: they are left out", _signs(
            lambda more, fewer, ties: min(1.0, 2 * _tail(more + fewer + ties, min(more, fewer) + ties)))),
        Mistake("only what is more uneven was counted; at least as unevenly was asked, so this count is in it", _signs(
            lambda more, fewer, ties: min(1.0, 2 * _tail(more + fewer, min(more, fewer) - 1)))),
        Mistake("that is the chance of exactly this count, to one side; sum the tail, and count both sides", _signs(
            lambda more, fewer, ties: math.comb(more + fewer, fewer) / 2 ** (more + fewer))),
        Mistake("the tail began at the end where `more` seeds are, though `fewer` may be the larger one: either side may win",
                _signs(
            lambda more, fewer, ties: min(1.0, 2 * _tail(more + fewer, fewer)))),
        Mistake("4 tails were counted: both sides are 2, a factor 2 too many",
                _signs(lambda more, fewer, ties: min(1.0, 4 * _tail(more + fewer, min(more, fewer))))),
        Mistake("the ways to fall were counted without binomials, math.comb(n, i): one for each number of heads", _signs(
            lambda more, fewer, ties: min(1.0, 2 * (min(more, fewer) + 1) / 2 ** (more + fewer)))),
        Mistake("equal seeds were counted among more, by >=: they are left out", _with_ties),
        Mistake("equal seeds were shared out, half for each side: they are left out", _shared_ties),
        Mistake("where nothing differs, p is 1: no coins are as uneven as can be, always", _signs(
            lambda more, fewer, ties: min(1.0, 2 * _tail(more + fewer, min(more, fewer))) if more + fewer else 0.0)),
    ),
    hints=("Without an effect, a seed that is not equal is better or worse like a coin. n = more + fewer coins were thrown.",
           "math.comb(n, i) of the 2^n ways to fall have i heads. Sum those with at most k = min(more, fewer) heads.",
           "p = min(1, 2 * that sum / 2^n): the other side is as likely, and where more = fewer the middle is counted twice."),
    observe=_signs_observed,
    cases=12,  # of four kinds
)

EXERCISES = (CLOSENESS, PACKED, NOISY, SIGNS)
