"""Exercises of lesson 10: measuring collapse."""

import math

import numpy as np
from scipy.spatial.distance import cdist

from ..data import Mixture
from ..metrics import coverage_and_density, jensen_shannon, mmd2, mode_counts
from .counts import whole
from .grading import Exact, Exercise, Mistake, Wrong

# ---------------------------------------------------------------- 10.1


def _cloud(rng):
    """Samples of modes that lie so near to each other that some belong to the reach of two; a few are not finite.

    One mode has no sample, in about half of the cases the last one. All numbers of the modes are quarters, so that the samples
    that are 3 standard deviations away are so exactly, and good.
    """
    k = int(rng.integers(3, 6))
    means, stds = rng.permutation(np.argwhere(np.ones((33, 33))))[:k] / 4 - 4, rng.integers(2, 7, k) / 4
    empty = k - 1 if rng.random() < 0.5 else int(rng.integers(k))
    means[empty] += 40
    x = means[rng.permutation(np.delete(np.arange(k), empty).repeat(60))[:120]] + rng.normal(0, 1.6, (120, 2))
    edge = (means + 3 * stds[:, None] * np.array([[[1, 0]], [[-1, 0]], [[0, 1]], [[0, -1]]])).reshape(-1, 2)
    distance = np.sort(cdist(edge, means), axis=1)
    own = np.tile(np.arange(k), 4)  # an edge's mode; another one may be nearer, or as near
    edge = edge[(distance[:, 0] == 3 * stds[own]) & (distance[:, 1] > distance[:, 0]) & (own != empty)]
    x[:edge.shape[0]] = edge
    x[rng.integers(20, 120, size=3)] = np.nan
    x[rng.integers(20, 120, size=2), 0] = np.inf
    return rng.permutation(x), means, stds


def _good(x, means, stds):
    """One sample at a time."""
    n = [0.0] * stds.size
    for row in x.tolist():
        if all(map(math.isfinite, row)):
            distance = [math.dist(row, center) for center in means.tolist()]
            nearest = distance.index(min(distance))
            n[nearest] += distance[nearest] <= 3 * stds[nearest]
    return {"n": n}


def _straight(gap):
    return np.linalg.norm(gap, axis=-1)


def _finite(x):
    return x[np.isfinite(x).all(axis=-1)]


def _counted(reach=lambda d, std: d <= 3 * std, offset=_straight, near=lambda gap, stds: _straight(gap), clean=_finite):
    """The counts with another reach, another distance, other nearest modes (near=None: all in reach), or without cleaning."""
    def answer(x, means, stds):
        gap = clean(x)[:, None] - means
        good = reach(offset(gap), stds)
        if near:
            good = good & (near(gap, stds).argmin(axis=-1)[:, None] == np.arange(stds.size))
        return good.sum(axis=0)

    return answer


def _first_bad(x):
    return np.flatnonzero(~np.isfinite(x).all(axis=-1))[0]


COUNTS = Exercise(
    "10.1", "good_counts", "good samples of each mode", _cloud, _good,
    solution=lambda x, means, stds: mode_counts(x, Mixture(means, stds)).high_quality,
    mistakes=(
        Mistake("3 std along each axis is a box; its corners are further away than 3 std",
                _counted(offset=lambda gap: np.abs(gap).max(axis=-1))),
        Mistake("a variance was compared where a standard deviation belongs: distance <= 3 std, not 3 std**2",
                _counted(lambda d, std: d <= 3 * std**2)),
        Mistake("the squared distance was compared with 3 std", _counted(lambda d, std: d**2 <= 3 * std)),
        Mistake("the squared distance was compared with 3 std**2; the square of 3 std is 9 std**2",
                _counted(lambda d, std: d**2 <= 3 * std**2)),
        Mistake("a sample within reach of two modes was counted twice: it belongs to the nearest centre alone",
                _counted(near=None)),
        Mistake("every sample was counted for its nearest mode, good or not", _counted(lambda d, std: d < np.inf)),
        Mistake("exactly 3 std away is good as well: at most was asked, <=, not <", _counted(lambda d, std: d < 3 * std)),
        Mistake("2 std stand where 3 std were meant", _counted(lambda d, std: d <= 2 * std)),
        Mistake("the nearest mode was looked for in standard deviations, distance / std; it is the nearest by the straight "
                "distance",
                _counted(near=lambda gap, stds: _straight(gap) / stds)),
        Mistake("rows with NaN were counted: `not distance > 3 std` is True for NaN, and nan_to_num makes a distance 0",
                _counted(lambda d, std: ~(d > 3 * std), clean=lambda x: x)),
        Mistake("NaN was made 0, which is a place: such rows belong to no mode", _counted(clean=np.nan_to_num)),
        Mistake("the first row with NaN has ended the loop: break stands where continue was meant, and the rows after it are "
                "lost",
                lambda x, means, stds: _counted()(x[:_first_bad(x)], means, stds)),
        Mistake("the std of the last mode was taken for all modes: a sample is compared with that of its own mode",
                _counted(lambda d, std: d <= 3 * std[-1])),
        Mistake("the distance is the sum of absolute differences, Manhattan's, for the nearest mode as well", _counted(
            offset=lambda gap: np.abs(gap).sum(axis=-1), near=lambda gap, stds: np.abs(gap).sum(axis=-1))),
        Mistake("the distance is the larger difference of a coordinate, a box, for the nearest mode as well", _counted(
            offset=lambda gap: np.abs(gap).max(axis=-1), near=lambda gap, stds: np.abs(gap).max(axis=-1))),
        Mistake("those are shares of the samples, not counts", lambda x, means, stds: _counted()(x, means, stds) / x.shape[0]),
        Mistake("one std was taken for all modes", _counted(lambda d, std: d <= 3 * std[0])),
        *(Mistake(f"one std was taken for all modes, the {which}; a sample is compared with that of its own mode",
                  _counted(lambda d, std, of=of: d <= 3 * of(std))) for which, of in (("mean", np.mean), ("largest", np.max))),
        Mistake("the distance is the sum of both differences, as one walks in Manhattan",
                _counted(offset=lambda gap: np.abs(gap).sum(axis=-1))),
    ),
    hints=("First the distance of every sample from every centre, (N, K). Then the smallest of each row: whose is it, how large?",
           "gap = x[:, None] - means has shape (N, K, 2); its norm along the last axis is the distance.",
           "good = distance.min(axis=-1) <= 3 * stds[nearest] is False for NaN. np.bincount(nearest[good], minlength=K)"),
    observe=whole("n"),
)


# ---------------------------------------------------------------- 10.2


def _counts(rng):
    """Nine modes with counts on both sides of every boundary: none, one, just below half a share, exactly half, up to twice."""
    while True:
        shares = rng.permutation([1, 2, 2, 3, 3, 4, 5, 6, 6])  # of 32
        total = 64 * int(rng.integers(4, 8)) + int(rng.choice([0, 2 * rng.integers(8) + 1]))
        half = -(-shares * total // 64)  # the first whole number that is half a share
        n = np.array([0, 1, *(half[2:3] - 1), *half[3:5], *(3 * half[5:7] // 2), 2 * half[7] + 1, 4 * half[8]])
        if (18 * n >= total).sum() == 3:  # equal shares: another number than the other mistakes give
            order = rng.permutation(9)
            return n[order], total, shares[order] / 32


def _three_scores(n, total, weights):
    found = half = good = 0
    for count, weight in zip(n.tolist(), weights.tolist(), strict=True):
        found += count > 0
        half += 2 * count >= weight * total  # these numbers are exact
        good += count
    return {"modes": float(found), "modes_half": float(half), "quality": good / total}


def _mode_scores(modes=lambda n: (n >= 1).sum(), half=lambda n, total, w: n / total >= w / 2,
                 quality=lambda n, total: n.sum() / total):
    return lambda n, total, weights: (modes(n), half(n, total, weights).sum(), quality(n, total))


SCORES = Exercise(
    "10.2", "mode_scores", "modes, modes with half their share, quality", _counts, _three_scores,
    solution=_mode_scores(),
    mistakes=(
        Mistake("one sample is enough for a mode to be found", _mode_scores(modes=lambda n: (n > 1).sum())),
        Mistake("that is the number of modes that there are, not of those that were found", _mode_scores(modes=lambda n: n.size)),
        Mistake("exactly half of a fair share is enough: >=, not >", _mode_scores(half=lambda n, total, w: n / total > w / 2)),
        Mistake("the shares were taken among the good samples; bad ones are samples too, and N counts them",
                _mode_scores(half=lambda n, total, w: n / n.sum() >= w / 2)),
        Mistake("the fair share of mode k is weights[k], not 1/K",
                _mode_scores(half=lambda n, total, w: n / total >= 0.5 / n.size)),
        Mistake("the whole fair share was asked for; half is enough", _mode_scores(half=lambda n, total, w: n / total >= w)),
        Mistake("that is the share of bad samples", _mode_scores(quality=lambda n, total: 1 - n.sum() / total)),
        Mistake("the quality is in percent, 100 times the share", _mode_scores(quality=lambda n, total: 100 * n.sum() / total)),
        Mistake("that is the share of modes that were found, not how many: do not divide by K",
                _mode_scores(modes=lambda n: (n > 0).mean())),
        Mistake("half of the fair share was rounded down to a whole number", _mode_scores(
            half=lambda n, total, w: n >= (w * total).astype(int) // 2)),
        Mistake("modes and modes_half are exchanged", lambda n, total, w: (
            (n / total >= w / 2).sum(), (n >= 1).sum(), n.sum() / total), "modes is what comes out by this mistake: modes and"),
        Mistake("a count was compared with half of a share, and counts are larger than all shares: divide it by N first",
                _mode_scores(half=lambda n, total, w: n >= w / 2)),
        Mistake("a mode with far more than its share counts as well: at least half is asked, and there is no upper limit",
                _mode_scores(half=lambda n, total, w: np.abs(n / total - w) <= w / 2)),
        Mistake("the mean count is the sum divided by K; the quality is the sum divided by N",
                _mode_scores(quality=lambda n, total: n.mean() / total)),
    ),
    hints=("n >= 1 is an array of truths, and its sum says how many are true.",
           "The fair share of mode k is weights[k] of all N samples; half of it is weights[k] / 2.",
           "(n >= 1).sum(), (n / total >= weights / 2).sum(), n.sum() / total"),
    observe=whole("modes", "modes_half", "quality"),
)


# ---------------------------------------------------------------- 10.3


def _lopsided(rng):
    k = int(rng.integers(4, 8))
    weights = rng.uniform(0.5, 2, k)
    n = rng.permutation([0, 1, *rng.integers(1, 60, k - 2)])
    return n, weights / weights.sum()


def _sum_of_logs(n, weights):
    """One good sample at a time. How surprising is it that its mode is so frequent?"""
    good = int(n.sum())
    samples = [k for k, count in enumerate(n.tolist()) for _ in range(count)]
    kl = math.fsum(math.log(int(n[k]) / good) - math.log(weights[k]) for k in samples) / good
    return {"kl": Exact(kl), "kl without any good sample": max(-math.log(weight) for weight in weights.tolist())}


def _with_and_without(answer, n, weights):
    found = {"kl": answer(n, weights), "kl without any good sample": answer(np.zeros_like(n), weights)}
    if isinstance(none := found["kl without any good sample"], float) and math.isinf(none):
        raise Wrong(f"kl without any good sample is {none}",
                    "without good samples the answer is finite: as bad as all samples at the rarest mode")
    return found


SMALL = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)  # what people add in a logarithm


def _kl(term=lambda q, p: q * np.log(q / p), none=lambda p: -np.log(p.min()), fair=lambda p, found: p[found]):
    """Reverse KL with another summand, another answer for M = 0, or other fair shares."""
    def answer(n, weights):
        if n.sum() == 0:
            return none(weights)
        return term(n[n > 0] / n.sum(), fair(weights, n > 0)).sum()

    return answer


def _over_all(term):
    """A sum of term(n, weights) over all modes, found or not; right without samples."""
    return lambda n, p: -np.log(p.min()) if n.sum() == 0 else term(n, p).sum()


REVERSE_KL = Exercise(
    "10.3", "reverse_kl", "the balance of the modes", _lopsided, _sum_of_logs,
    solution=_kl(),
    mistakes=(
        Mistake("that is the forward KL, sum of p ln(p / q), here over the modes that were found",
                _kl(lambda q, p: p * np.log(p / q))),
        Mistake("0 ln 0 is NaN in NumPy; its limit is 0, so modes without a sample are left out of the sum",
                lambda n, p: (n / n.sum() * np.log(n / n.sum() / p)).sum(), "not finite: nan"),
        Mistake("the fair share of mode k is weights[k], not 1/K", _kl(fair=lambda p, found: np.full(found.sum(), 1 / p.size))),
        Mistake("the fair shares were made to sum to 1 over the modes that were found: then a total collapse scores 0",
                _kl(fair=lambda p, found: p[found] / p[found].sum())),
        Mistake("without a good sample the sum is empty, and 0 would be perfect",
                _kl(none=lambda p: np.float64(0)), "kl without any good sample is zero"),
        Mistake("without good samples the answer is finite: as bad as all samples at the rarest mode",
                _kl(none=lambda p: np.inf)),
        Mistake("the largest possible value is ln K only if all weights are equal: all samples at the rarest mode cost -ln of "
                "its weight", _kl(none=lambda p: np.log(p.size))),
        Mistake("logarithms to the base 2", _kl(lambda q, p: q * np.log2(q / p), lambda p: -np.log2(p.min()))),
        Mistake("q / p is upside down", _kl(lambda q, p: q * np.log(p / q)), "sign"),
        Mistake("that is the forward KL, over all modes: where nothing was found it is huge", _over_all(
            lambda n, p: p * np.log(p * n.sum() / np.maximum(n, 1e-300)))),
        Mistake("the largest value belongs to the smallest weight, the rarest mode; the largest weight was taken, for M = 0",
                _kl(none=lambda p: -np.log(p.max()))),
        *(Mistake(f"{eps:g} was added inside the logarithm: leave out the modes without a sample, and nothing need be added",
                  _over_all(lambda n, p, eps=eps: n / n.sum() * np.log(n / n.sum() / p + eps))) for eps in SMALL),
        *(Mistake(f"{eps:g} was added inside the logarithm, to q: leave out the modes without a sample instead",
                  _over_all(lambda n, p, eps=eps: n / n.sum() * np.log((n / n.sum() + eps) / p))) for eps in SMALL),
        Mistake("the mean over the K modes was taken: q weighs them already, so sum",
                lambda n, p: _kl()(n, p) / (1 if n.sum() == 0 else n.size)),
        Mistake("q is missing in front of the logarithm: each mode weighs as much as it has samples",
                _kl(lambda q, p: np.log(q / p))),
        Mistake("counts stand where shares belong: divide by M", _over_all(
            lambda n, p: n * np.log(np.maximum(n, 1e-300) / p))),
        Mistake("that is the entropy of q: the weights are missing", _kl(lambda q, p: -q * np.log(q))),
    ),
    hints=("q = n / M are the shares among the good samples, p = weights the fair ones. Sum q ln(q / p) where q > 0.",
           "If M = 0 there is no q. The worst that can happen else is that all samples sit at the mode of the smallest weight.",
           "found = n > 0; q = n[found] / n.sum(); np.sum(q * np.log(q / weights[found]))"),
    observe=_with_and_without,
)


# ---------------------------------------------------------------- 10.4


def _cells(rng):
    c = int(rng.integers(6, 12))
    p = rng.uniform(0.2, 1, c)
    p *= rng.uniform(0.7, 0.9) / p.sum()
    counts = rng.multinomial(60, rng.dirichlet(np.ones(c)))
    counts[rng.integers(c)] = 0
    return counts, int(counts.sum() + rng.integers(10, 30)), p


def _js(counts, total, p):
    """By entropies, that of the mixture, less the mean of both."""
    def entropy(shares):
        return -math.fsum(s * math.log(s) for s in shares if s > 0)

    q, p = [*(counts / total).tolist(), 1 - counts.sum() / total], [*p.tolist(), 1 - math.fsum(p)]
    return {"js": entropy([(a + b) / 2 for a, b in zip(p, q, strict=True)]) - (entropy(p) + entropy(q)) / 2}


def _with_outside(counts, total, p):
    return np.append(counts, total - counts.sum()) / total, np.append(p, 1 - p.sum())


def _divergence(q, p):
    """KL(q, p) in nats."""
    return np.sum(q[q > 0] * np.log(q[q > 0] / p[q > 0]))


def _inverse(q, p):
    """KL(p, q), where q has anything."""
    return np.sum(p[q > 0] * np.log(p[q > 0] / q[q > 0]))


def _jensen(q, p, left=1 / 2, right=1 / 2):
    return left * _divergence(q, (p + q) / 2) + right * _divergence(p, (p + q) / 2)


JS = Exercise(
    "10.4", "js", "the divergence to an exact density", _cells, _js,
    solution=lambda counts, total, p: np.float64(jensen_shannon(*_with_outside(counts, total, p))),
    mistakes=(
        Mistake("what lies outside was left out on both sides: neither p nor q sums to 1",
                lambda counts, total, p: _jensen(counts / total, p)),
        Mistake("q and p were each made to sum to 1 inside, so samples that lie outside cost nothing",
                lambda counts, total, p: _jensen(counts / counts.sum(), p / p.sum())),
        Mistake("the outside cell was given to q, and none to p", lambda counts, total, p: _jensen(
            np.append(counts, total - counts.sum()) / total, np.append(p, 0))),
        Mistake("counts were divided by those inside, not by N", lambda counts, total, p: _jensen(
            np.append(counts, total - counts.sum()) / counts.sum(), np.append(p, 1 - p.sum()))),
        Mistake("that is KL(q, p), which compares with p and not with the middle of both",
                lambda *args: _divergence(*_with_outside(*args))),
        Mistake("only KL(q, m) was taken; JS is the mean of KL(q, m) and KL(p, m)",
                lambda *args: _jensen(*_with_outside(*args), left=1, right=0)),
        Mistake("only KL(p, m) was taken; JS is the mean of KL(q, m) and KL(p, m)",
                lambda *args: _jensen(*_with_outside(*args), left=0, right=1)),
        Mistake("that is KL(p, q), over the cells that have samples, without the mixture m of both",
                lambda *args: _inverse(*_with_outside(*args))),
        Mistake("m = p + q: the half is missing in the mixture, (p + q) / 2", lambda *args: _jensen(
            *_with_outside(*args)) - math.log(2)),
        Mistake("what lies outside became two cells, one for the samples and one for the probability: it is the same cell",
                lambda counts, total, p: _jensen(np.append(counts / total, [1 - counts.sum() / total, 0]),
                                                 np.append(p, [0, 1 - p.sum()]))),
        Mistake("the samples outside were counted, and not divided by N like the others", lambda counts, total, p: _jensen(
            np.append(counts / total, total - counts.sum()), np.append(p, 1 - p.sum()))),
        Mistake("p was made to sum to 1 inside the cells, and q was not: what lies outside is one more cell of both",
                lambda counts, total, p: _jensen(counts / total, p / p.sum())),
        Mistake("q was made to sum to 1 inside the cells, and p was not: what lies outside is one more cell of both",
                lambda counts, total, p: _jensen(counts / counts.sum(), p)),
        Mistake("q and p were each made to sum to 1 inside, and logarithms are to the base 2",
                lambda counts, total, p: _jensen(counts / counts.sum(), p / p.sum()) / math.log(2)),
        Mistake("the root of JS is a distance, and it is in bits; the divergence itself was asked for, in nats",
                lambda *args: np.sqrt(_jensen(*_with_outside(*args)) / math.log(2))),
        Mistake("half the sum of the differences is the total variation; JS compares logarithms",
                lambda *args: np.abs(np.subtract(*_with_outside(*args))).sum() / 2),
        Mistake("both halves were added, not averaged",
                lambda *args: _jensen(*_with_outside(*args), left=1, right=1), "factor 2"),
        Mistake("logarithms to the base 2", lambda *args: _jensen(*_with_outside(*args)) / math.log(2)),
        Mistake("the root of JS is a distance; the divergence itself was asked for",
                lambda *args: np.sqrt(_jensen(*_with_outside(*args)))),
        Mistake("the outside cell was given to p, and none to q: samples lie outside as well", lambda counts, total, p: _jensen(
            np.append(counts / total, 0), np.append(p, 1 - p.sum()))),
        Mistake("that is KL(q, p) inside the cells, without the mixture m of both",
                lambda counts, total, p: _divergence(counts / total, p)),
        Mistake("counts were divided by those inside, and the outside was counted besides: divide all by the total, N",
                lambda counts, total, p: _jensen(
                    np.append(counts / counts.sum(), 1 - counts.sum() / total), np.append(p, 1 - p.sum()))),
        *(Mistake(f"{eps:g} was added inside the logarithms: choose the cells that are not empty, and nothing need be added",
                  lambda counts, total, p, eps=eps: _jensen(*(one + eps for one in _with_outside(counts, total, p))))
          for eps in SMALL),
        Mistake("empty cells were left out, in p too: there p has probability, and q none",
                lambda counts, total, p: _jensen(*(one[np.append(counts, 1) > 0] for one in _with_outside(counts, total, p)))),
        Mistake("what lies outside was spread over all cells; it is one more cell", lambda counts, total, p: _jensen(
            counts / total + (1 - counts.sum() / total) / p.size, p + (1 - p.sum()) / p.size)),
    ),
    hints=("Add one more cell: q gets the samples that are in none of the cells, p the probability that is left.",
           "m = (p + q) / 2. JS = KL(q, m) / 2 + KL(p, m) / 2, and a cell that is 0 in q contributes 0 to KL(q, m).",
           "KL(q, m) is np.sum(q[q > 0] * np.log(q[q > 0] / m[q > 0]))."),
)


# ---------------------------------------------------------------- 10.5


def _two_clouds(rng):
    """All coordinates are eighths, and some of x are true samples. They lie exactly on the edge of some balls, and outside."""
    n, m = (int(size) for size in rng.permutation(range(25, 45))[:2])
    k = 2 + (n + m) % 3
    real = rng.permutation(np.unique(np.round(8 * rng.normal(0, 1, (2 * m, 2))), axis=0))[:m] / 8
    x = np.concatenate([np.round(8 * rng.normal(0.5, 0.8, (n - m // 4, 2))) / 8, real[:m // 4]])
    return rng.permutation(x), rng.permutation(real), k


def _covered(x, real, k):
    """One ball at a time."""
    covered = 0
    for i, center in enumerate(real.tolist()):
        others = sorted(math.dist(center, other) for j, other in enumerate(real.tolist()) if j != i)
        covered += any(math.dist(center, row) < others[k - 1] for row in x.tolist())
    return {"coverage": covered / real.shape[0]}


def _radius(real, k):
    return np.sort(cdist(real, real), axis=-1)[:, k, None]


COVERAGE = Exercise(
    "10.5", "coverage", "balls around the truth", _two_clouds, _covered,
    solution=lambda x, real, k: np.float64(coverage_and_density(x, real, k).coverage),
    mistakes=(
        Mistake("the balls stand around the generated samples: that is recall, which scattered samples fool",
                lambda x, real, k: (cdist(real, x) < _radius(x, k)[:, 0]).any(axis=-1).mean()),
        Mistake("the point itself was counted as its first neighbour: every ball is one neighbour too small",
                lambda x, real, k: (cdist(real, x) < _radius(real, k - 1)).any(axis=-1).mean()),
        Mistake("that is the share of generated samples in some ball (precision); coverage is the share of balls with one inside",
                lambda x, real, k: (cdist(real, x) < _radius(real, k)).any(axis=0).mean()),
        Mistake("that is density: how many balls a generated sample lies in, over k",
                lambda x, real, k: (cdist(real, x) < _radius(real, k)).sum() / (k * x.shape[0])),
        Mistake("the balls are open: a sample exactly on the border is outside, <, not <=",
                lambda x, real, k: (cdist(real, x) <= _radius(real, k)).any(axis=-1).mean()),
        Mistake("the balls are open, <, not <=; and the point itself was counted as its first neighbour: entry k, not k - 1",
                lambda x, real, k: (cdist(real, x) <= _radius(real, k - 1)).any(axis=-1).mean()),
        Mistake("the balls are open, <, not <=; and the radius reaches to neighbour k + 1",
                lambda x, real, k: (cdist(real, x) <= _radius(real, k + 1)).any(axis=-1).mean()),
        Mistake("the distances are sums of absolute differences, Manhattan's", lambda x, real, k: (
            cdist(real, x, "cityblock") < np.sort(cdist(real, real, "cityblock"), axis=-1)[:, k, None]).any(axis=-1).mean()),
        Mistake("distances were sorted along the wrong axis: row i belongs to ball i", lambda x, real, k: (
            cdist(real, x) < np.sort(cdist(real, real), axis=0)[:, k, None]).any(axis=-1).mean()),
        *(Mistake(f"k is an argument; {number} was written in its place",
                  lambda x, real, k, number=number: (cdist(real, x) < _radius(real, number)).any(axis=-1).mean())
          for number in (2, 3, 5)),
        Mistake("that is how many samples lie in a ball, on average over N: one is enough, so it is a share of balls",
                lambda x, real, k: (cdist(real, x) < _radius(real, k)).mean()),
        Mistake("that is the number of balls, not their share: divide by M",
                lambda x, real, k: float((cdist(real, x) < _radius(real, k)).any(axis=-1).sum())),
        Mistake("the radius reaches to neighbour k + 1: the point itself is entry 0, so the k-th neighbour is entry k",
                lambda x, real, k: (cdist(real, x) < _radius(real, k + 1)).any(axis=-1).mean()),
        Mistake("the radius is that of the k-th nearest sample of x; it is the k-th neighbour among the true samples",
                lambda x, real, k: (cdist(real, x).min(axis=-1) < np.sort(cdist(real, x), axis=-1)[:, k]).mean()),
        Mistake("the radius is that of the k-th nearest sample of x, the nearest being the first; it is among the true samples",
                lambda x, real, k: (cdist(real, x).min(axis=-1) < np.sort(cdist(real, x), axis=-1)[:, k - 1]).mean()),
        Mistake("divided by N, the number of samples of x; there are M balls",
                lambda x, real, k: (cdist(real, x) < _radius(real, k)).any(axis=-1).sum() / x.shape[0]),
        Mistake("the squared distance was compared with the radius",
                lambda x, real, k: (cdist(real, x) ** 2 < _radius(real, k)).any(axis=-1).mean()),
        Mistake("that is the share of empty balls, 1 - coverage",
                lambda x, real, k: 1 - (cdist(real, x) < _radius(real, k)).any(axis=-1).mean()),
        Mistake("all balls were given one radius, the largest", lambda x, real, k: (
            cdist(real, x) < _radius(real, k).max()).any(axis=-1).mean()),
        Mistake("all balls were given one radius, the mean", lambda x, real, k: (
            cdist(real, x) < _radius(real, k).mean()).any(axis=-1).mean()),
        Mistake("k generated samples were asked for in each ball; one is enough",
                lambda x, real, k: ((cdist(real, x) < _radius(real, k)).sum(axis=-1) >= k).mean()),
        Mistake("x and real were exchanged: that is how much of x the truth covers",
                lambda x, real, k: (cdist(x, real) < _radius(x, k)).any(axis=-1).mean()),
    ),
    hints=("The radius of ball i is the distance from real[i] to its k-th nearest neighbour in real, itself not counted.",
           "Sort each row of the distances within real: entry 0 is 0, the point itself, so entry k is the k-th neighbour.",
           "(d < radius[:, None]).any(axis=-1).mean(), with d (M, N) from real to x"),
)


# ---------------------------------------------------------------- 10.6


def _mmd_case(rng):
    n, m = (int(size) for size in rng.permutation(range(6, 14))[:2])
    return rng.normal(0.6, 1, (n, 2)), rng.normal(0, 1.3, (m, 2)), round(float(rng.uniform(0.7, 1.6)), 2)


def _pairs(x, y, b):
    """One pair at a time."""
    def k(u, v):
        return math.exp(-((u[0] - v[0]) ** 2 + (u[1] - v[1]) ** 2) / (2 * b * b))

    x, y = x.tolist(), y.tolist()
    within, between = 0.0, [k(u, v) for u in x for v in y]
    for z in (x, y):
        values = [k(z[i], z[j]) for i in range(len(z)) for j in range(i)]  # each pair once
        within += math.fsum(values) / len(values)
    return {"mmd2": within - 2 * math.fsum(between) / len(between)}


def _gauss(d, b):
    return np.exp(-(d**2) / (2 * b**2))


def _mmd(kernel=_gauss, within=None, cross=2.0, between=np.mean, weights=(1, 1), metric="euclidean"):
    """MMD^2 with another kernel or distance, another mean within or between the clouds, or other weights of the three."""
    def answer(x, y, b):
        def mean(z):
            k, n = kernel(cdist(z, z, metric), b), z.shape[0]
            return within(k, n) if within else (k.sum() - np.trace(k)) / (n * (n - 1))

        return weights[0] * mean(x) + weights[1] * mean(y) - cross * between(kernel(cdist(x, y, metric), b))

    return answer


def _other_size(x, y, b):
    k, n, m = _gauss(cdist(y, y), b), x.shape[0], y.shape[0]
    return _mmd(weights=(1, 0))(x, y, b) + (k.sum() - m) / (n * (n - 1))


MMD = Exercise(
    "10.6", "mmd2", "the kernel's distance without its bias", _mmd_case, _pairs,
    solution=lambda x, y, b: np.float64(mmd2(x, y, b)),
    mistakes=(
        Mistake("the diagonal was kept: each sample compared with itself gives 1, and true samples no longer score 0 on average",
                _mmd(within=lambda k, n: k.mean())),
        Mistake("the diagonal was left out of the sum, but not of the number of pairs: n (n - 1), not n**2",
                _mmd(within=lambda k, n: (k.sum() - n) / n**2)),
        Mistake("the number of pairs i != j is n (n - 1), and the diagonal is still in the sum",
                _mmd(within=lambda k, n: k.sum() / (n * (n - 1)))),
        Mistake("each pair was counted once and divided by n (n - 1): half of the mean",
                _mmd(within=lambda k, n: (k.sum() - n) / (2 * n * (n - 1)))),
        Mistake("the 2 in the exponent was forgotten: exp(-d**2 / (2 b**2))", _mmd(lambda d, b: np.exp(-(d**2) / b**2))),
        Mistake("the distance was not squared", _mmd(lambda d, b: np.exp(-d / (2 * b**2)))),
        Mistake("d**2 / 2 * b**2 multiplies by b**2: write d**2 / (2 * b**2)", _mmd(lambda d, b: np.exp(-(d**2) / 2 * b**2))),
        Mistake("exp(-d / b) is the Laplace kernel; the Gaussian one is exp(-d**2 / (2 b**2))",
                _mmd(lambda d, b: np.exp(-d / b))),
        Mistake("the bandwidth was forgotten: b = 1", _mmd(lambda d, b: np.exp(-(d**2) / 2))),
        Mistake("the sum between the clouds was subtracted, not the mean", _mmd(between=np.sum)),
        Mistake("the mean between the clouds is over N M pairs; the sum was divided by N^2",
                _mmd(between=lambda k: k.sum() / k.shape[0] ** 2)),
        Mistake("the number of pairs i != j is n (n - 1), not (n - 1)^2", _mmd(within=lambda k, n: (k.sum() - n) / (n - 1) ** 2)),
        Mistake("the diagonal was kept, and the mean between the clouds was subtracted once", _mmd(
            within=lambda k, n: k.mean(), cross=1.0)),
        Mistake("the diagonal was kept, and the 2 in the exponent was forgotten", _mmd(
            lambda d, b: np.exp(-(d**2) / b**2), within=lambda k, n: k.mean())),
        Mistake("the bandwidth was not squared", _mmd(lambda d, b: np.exp(-(d**2) / (2 * b)))),
        Mistake("the mean between the clouds was subtracted once; (a - b)^2 = a^2 + b^2 - 2 a b", _mmd(cross=1.0)),
        Mistake("the mean between the clouds was added", _mmd(cross=-2.0)),
        Mistake("that is the root of the size of the estimate: the square was asked for, and it may be negative",
                lambda x, y, b: np.sqrt(np.abs(_mmd()(x, y, b)))),
        Mistake("the estimate was cut off at 0; it may be negative", lambda x, y, b: np.maximum(_mmd()(x, y, b), 0)),
        Mistake("the diagonal was left out of the mean between the clouds as well: there i and j are different samples, always",
                _mmd(between=lambda k: (k.sum() - np.trace(k)) / (k.size - min(k.shape)))),
        Mistake("the minus of the exponent is missing: this kernel grows with the distance",
                _mmd(lambda d, b: np.exp(d**2 / (2 * b**2)))),
        Mistake("the distance is the sum of absolute differences, Manhattan's", _mmd(metric="cityblock")),
        Mistake("the mean within y is missing, the second of the three", _mmd(weights=(1, 0))),
        Mistake("the mean within x is missing, the first of the three", _mmd(weights=(0, 1))),
        Mistake("both clouds were divided by n (n - 1) for the N of x; y has M samples", _other_size),
        Mistake("the kernel is a normalised density, with 1 / (2 pi b^2) before it; k(u, u) is 1",
                _mmd(lambda d, b: _gauss(d, b) / (2 * np.pi * b**2))),
    ),
    hints=("Three means: within x, within y, between them. Within a cloud no sample meets itself.",
           "For K = k(x_i, x_j) the mean over i != j is (K.sum() - np.trace(K)) / (n * (n - 1)).",
           "within x + within y - 2 * K_xy.mean()"),
)


EXERCISES = (COUNTS, SCORES, REVERSE_KL, JS, COVERAGE, MMD)
