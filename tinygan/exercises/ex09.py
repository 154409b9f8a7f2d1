"""Exercises of lesson 09: mode collapse."""

import math

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import beta

from ..engine.features import Pack
from ..engine.numerics import sigmoid, softplus
from .counts import whole
from .grading import Exercise, Mistake, Wrong, differences

# ---------------------------------------------------------------- 09.1


def _samples(rng):
    """Samples on modes with different shares: half of the fair one, just less, a single sample, none, three quarters, plenty.

    Half of a fair share is not always a whole number. A third of the samples are far from all modes, where another distance
    finds another mode, and in about half of the cases the mode without samples is the last one.
    """
    k = int(rng.integers(8, 10))
    means = rng.normal(0, 1, (k, 2)) * 0.3 + 3 * np.stack([np.cos(2.4 * np.arange(k)), np.sin(2.4 * np.arange(k))], axis=-1)
    total = 4 * k * int(rng.integers(9, 13)) + int(rng.choice([0, rng.integers(1, k)]))
    n, enough = np.zeros(k, int), -(-total // (2 * k))  # the first whole number that is half of a fair share
    n[:5] = enough, enough - 1, 1, 0, 3 * enough // 2
    n[5:] = (total - n.sum()) // (k - 5)
    n[5] += total - n.sum()
    far = rng.uniform(-6, 6, (6000, 2))
    nearest = cdist(far, means).argmin(axis=1)
    anywhere = [far[nearest == i][:count // 3] for i, count in enumerate(n)]
    near = np.repeat(means, n - [some.shape[0] for some in anywhere], axis=0)
    order = rng.permutation(k)
    if rng.random() < 0.5:
        order = np.append(order[order != 3], 3)
    return rng.permutation(np.concatenate([*anywhere, near + 0.05 * rng.normal(size=near.shape)])), means[order]


def _visited(x, means):
    """One sample and one mode at a time."""
    counts = [0] * means.shape[0]
    for sample in x.tolist():
        distances = [math.dist(sample, mean) for mean in means.tolist()]
        counts[distances.index(min(distances))] += 1
    enough = [count for count in counts if 2 * count * means.shape[0] >= x.shape[0]]
    return {"counts": np.array(counts, float), "visited": float(len(enough))}


def _counting(enough=lambda count, n, k: 2 * count * k >= n, distance=lambda gap: np.linalg.norm(gap, axis=-1), share=False):
    """The answer, with another idea of enough or of a distance."""
    def answer(x, means):
        counts = np.bincount(distance(x[:, None] - means).argmin(axis=1), minlength=means.shape[0]).astype(float)
        visited = float(enough(counts, x.shape[0], means.shape[0]).sum())
        return counts, visited / means.shape[0] if share else visited

    return answer


def _by_products(x, means):
    counts = np.bincount((x @ means.T).argmax(axis=1), minlength=means.shape[0]).astype(float)
    return counts, float((2 * counts * means.shape[0] >= x.shape[0]).sum())


def _near_only(limit):
    return lambda x, means: _counting()(x[cdist(x, means).min(axis=1) < limit], means)


def _every_mode(answer, x, means):
    """Observe the answer, and say so when empty modes are missing from its counts."""
    result = whole("counts", "visited")(answer, x, means)
    if np.ndim(result["counts"]) == 1 and np.size(result["counts"]) < means.shape[0]:
        raise Wrong(f"counts has shape {np.shape(result['counts'])}; it must have {means.shape[:1]}",
                    "a mode without samples is missing, its count is 0: np.unique does not list it, nor does np.bincount "
                    "without minlength=K")
    return result


def _without_the_empty(x, means):
    counts = np.unique(np.linalg.norm(x[:, None] - means, axis=-1).argmin(axis=1), return_counts=True)[1]
    return counts, (2 * means.shape[0] * counts >= x.shape[0]).sum()


VISITED = Exercise(
    "09.1", "modes_visited", "how many modes are visited", _samples, _visited,
    solution=_counting(),
    mistakes=(
        Mistake("a single sample was enough for a mode; it takes at least half of its fair share",
                _counting(lambda count, n, k: count >= 1)),
        Mistake("every mode was asked for its whole fair share; half of it is enough",
                _counting(lambda count, n, k: count * k >= n)),
        Mistake("exactly half of the fair share counts too: >=, not >", _counting(lambda count, n, k: 2 * count * k > n)),
        Mistake("half of all samples was asked of each mode; its fair share is N / K",
                _counting(lambda count, n, k: 2 * count >= n), "visited is zero"),
        Mistake("half of a fair share was rounded down, as //, int() and round() do: it need not be a whole number",
                _counting(lambda count, n, k: count >= n // (2 * k))),
        Mistake("that is the Manhattan distance, a sum of absolute differences; the Euclidean one is a root of squares",
                _counting(distance=lambda gap: np.abs(gap).sum(axis=-1))),
        Mistake("the largest difference of a coordinate was taken for the distance",
                _counting(distance=lambda gap: np.abs(gap).max(axis=-1))),
        Mistake("the largest inner product was taken for the nearest mean", _by_products),
        Mistake("samples far from all means were left out: each belongs to the nearest mean, however far that is", _near_only(1)),
        Mistake("samples farther than 3 from all means were left out: each belongs to the nearest mean, however far",
                _near_only(3)),
        Mistake("argmin over the wrong axis: that is the nearest sample of each mean", lambda x, means: (np.bincount(
            cdist(x, means).argmin(axis=0) % means.shape[0], minlength=means.shape[0]).astype(float), float(means.shape[0]))),
        Mistake("argmin over the wrong axis: that is the nearest sample of each mean, and these were counted", lambda x, means: (
            np.bincount(cdist(x, means).argmin(axis=0), minlength=means.shape[0]).astype(float), _counting()(x, means)[1])),
        Mistake("those are shares of the samples, not counts",
                lambda x, means: (_counting()(x, means)[0] / x.shape[0], _counting()(x, means)[1])),
        Mistake("distances were measured along the first coordinate only",
                _counting(distance=lambda gap: abs(gap[..., 0]))),
        Mistake("differences were added with their signs; a distance is the root of the sum of squares",
                _counting(distance=lambda gap: gap.sum(axis=-1))),
        Mistake("samples were given to the mode that is farthest away",
                _counting(distance=lambda gap: -np.linalg.norm(gap, axis=-1))),
        Mistake("that is the share of modes, not their number", _counting(share=True)),
        Mistake("np.unique leaves out the modes without samples", _without_the_empty, "a mode without samples is missing"),
    ),
    hints=("For each sample find the nearest mean. x[:, None] - means has shape (N, K, 2).",
           "np.bincount(nearest, minlength=K) counts the samples of each mode, also where there are none.",
           "A fair share is N / K. Count the modes with at least N / (2 K) samples; 2 K counts >= N needs no division."),
    observe=_every_mode,
    cases=12,  # of four kinds
)

# ---------------------------------------------------------------- 09.2

Z = 1.959964


def _trials(rng):
    n = int(rng.integers(5, 30))
    return int(rng.integers(1, n)), n


def _bounds(k, n):
    """Both ends of the interval by halving, where |k/n - p| has grown to z standard errors."""
    def end(outside):
        inside = k / n
        for _ in range(200):
            p = (inside + outside) / 2
            if abs(k / n - p) <= Z * math.sqrt(p * (1 - p) / n):
                inside = p
            else:
                outside = p
        return inside

    return {"low": end(0.0), "high": end(1.0)}


def _wilson(k, n, z=Z, middle=lambda s, n, q: s + q / (2 * n), inner=lambda s, n, q: s * (1 - s) / n + q / (4 * n * n),
            below=lambda n, q: 1 + q / n):
    """The solved quadratic, with another idea of its parts; q is z^2."""
    s, q = k / n, z * z
    center, reach = middle(s, n, q) / below(n, q), z * math.sqrt(inner(s, n, q)) / below(n, q)
    return center - reach, center + reach


def _clopper(k, n):
    return float(beta.ppf(0.025, k, n - k + 1)), float(beta.ppf(0.975, k + 1, n - k))


def _wilson_mistake(**parts):
    return lambda k, n: _wilson(k, n, **parts)


def _around(k, n, z):
    """The middle, the reach and the divisor of the two solutions."""
    s, q = k / n, z * z
    return s + q / (2 * n), z * math.sqrt(s * (1 - s) / n + q / (4 * n * n)), 1 + q / n


def _agresti(k, n):
    share, runs = (k + Z * Z / 2) / (n + Z * Z), n + Z * Z
    reach = Z * math.sqrt(share * (1 - share) / runs)
    return share - reach, share + reach


# Other ideas of a part, with what they mean.
PARTS = (
    ("that is k/n and z standard errors to each side: its error is taken at k/n, not at p itself",
     dict(middle=lambda s, n, q: s, inner=lambda s, n, q: s * (1 - s) / n, below=lambda n, q: 1)),
    ("the division by 1 + z^2 / n is missing", dict(below=lambda n, q: 1)),
    ("the middle is k/n + z^2 / (2 n), pulled towards 1/2, and not k/n alone", dict(middle=lambda s, n, q: s)),
    ("the middle is k/n + z^2 / (2 n), with the 2, before it is divided", dict(middle=lambda s, n, q: s + q / n)),
    ("z^2 / (4 n^2) under the root is missing", dict(inner=lambda s, n, q: s * (1 - s) / n)),
    ("under the root stands z^2 / (4 n^2), with n squared", dict(inner=lambda s, n, q: s * (1 - s) / n + q / (4 * n))),
)

WILSON = Exercise(
    "09.2", "wilson_interval", "k of n runs, and what that says", _trials, _bounds,
    solution=lambda k, n: _wilson(k, n),
    mistakes=(
        *(Mistake(story, _wilson_mistake(**parts)) for story, parts in PARTS),
        *(Mistake(f"{story}; and z = {z} is rounded", _wilson_mistake(z=z, **parts))
          for story, parts in PARTS for z in (1.96, 2)),
        *(Mistake("that is k/n and z standard errors to each side, cut off at 0 and 1: its error is taken at k/n, not at p "
                  "itself",
                  lambda k, n, z=z: tuple(min(max(end, 0.0), 1.0) for end in _wilson(k, n, z, **PARTS[0][1])))
          for z in (Z, 1.96, 2)),
        *(Mistake("z = 1.645 leaves 5 % on each side; 95 % in between takes 1.959964", _wilson_mistake(z=z))
          for z in (1.644854, 1.645)),
        *(Mistake("z = 2.576 is for 99 %; 95 % in between takes 1.959964", _wilson_mistake(z=z)) for z in (2.575829, 2.576)),
        Mistake("only the middle was divided by 1 + z^2 / n; both solutions are, as a whole", lambda k, n: tuple(
            middle / below + sign * reach for middle, reach, below in [_around(k, n, Z)] for sign in (-1, 1))),
        Mistake("only the root was divided by 1 + z^2 / n; both solutions are, as a whole", lambda k, n: tuple(
            middle + sign * reach / below for middle, reach, below in [_around(k, n, Z)] for sign in (-1, 1))),
        Mistake("z is missing in front of the root", lambda k, n: tuple(
            (middle + sign * reach / Z) / below for middle, reach, below in [_around(k, n, Z)] for sign in (-1, 1))),
        Mistake("that is Agresti and Coull's interval, which adds z^2/2 runs of each kind and takes the error there; Wilson's "
                "was asked for", _agresti),
        *(Mistake(f"z = {z} is rounded; it is 1.959964", _wilson_mistake(z=z)) for z in (1.96, 2)),
        Mistake("the bounds are in percent, 100 times the share", lambda k, n: tuple(100 * end for end in _wilson(k, n))),
        Mistake("those are the middle and the half width; the two ends were asked for", lambda k, n: (
            sum(_wilson(k, n)) / 2, (_wilson(k, n)[1] - _wilson(k, n)[0]) / 2)),
        Mistake("z was not squared together with both sides", _wilson_mistake(z=math.sqrt(Z))),
        Mistake("that is Clopper and Pearson's exact interval, from the beta distribution; Wilson's was asked for", _clopper),
        Mistake("one end stands where the other belongs: the low one comes first", lambda k, n: _wilson(k, n)[::-1]),
        Mistake("k and n - k were mixed up: these are the bounds of the other runs' share", lambda k, n: _wilson(n - k, n)),
    ),
    hints=("Square |k/n - p| = z sqrt(p (1 - p) / n): a quadratic equation for p, whose two solutions are the bounds.",
           "With s = k/n: (1 + z^2/n) p^2 - (2 s + z^2/n) p + s^2 = 0.",
           "p = (s + z^2/(2n) -+ z sqrt(s (1 - s)/n + z^2/(4 n^2))) / (1 + z^2/n)"),
)

# ---------------------------------------------------------------- 09.3


def _scores(rng):
    r, n = (int(size) for size in rng.permutation(range(3, 8))[:2])
    return (rng.normal(0.3, 1.5, (r, n, 1)),)


def _g_loss(s):
    """One replica at a time; the derivative by differences."""
    def value(one):
        return float(np.log1p(np.exp(-one)).mean())

    ds = differences(lambda every: sum(value(one) for one in every), s)
    return {"value": np.array([value(one) for one in s]), "ds": ds}


def _loss(s, value=lambda cost: cost.mean(axis=(-2, -1)), ds=lambda s: -sigmoid(-s) / s.shape[-2]):
    return value(softplus(-s)), ds(s)


def _loss_mistake(**parts):
    return lambda s: _loss(s, **parts)


G_LOSS = Exercise(
    "09.3", "g_loss", "a loss for each replica", _scores, _g_loss,
    solution=lambda s: _loss(s),
    mistakes=(
        Mistake("that is one mean over all replicas: each run has a loss of its own", _loss_mistake(value=np.mean), "shape"),
        Mistake("the mean was taken over the replicas, axis 0; the batch is axis -2",
                _loss_mistake(value=lambda cost: cost.mean(axis=(0, -1))), "shape"),
        Mistake("the last axis, of one score, was kept", _loss_mistake(value=lambda cost: cost.mean(axis=-2)), "shape"),
        Mistake("those are sums over the batch", _loss_mistake(value=lambda cost: cost.sum(axis=(-2, -1))),
                "the mean over the batch is missing"),
        Mistake("ds was divided by the R N scores of all replicas; a run does not know how many are trained beside it",
                _loss_mistake(ds=lambda s: -sigmoid(-s) / s.size), "divided by the R N scores"),
        Mistake("ds was not divided at all: the derivative of the mean", _loss_mistake(ds=lambda s: -sigmoid(-s)),
                "the mean over the batch is missing"),
        Mistake("-sigmoid(s) stands where -sigmoid(-s) was meant: that is the minimax loss's derivative",
                _loss_mistake(ds=lambda s: -sigmoid(s) / s.shape[-2])),
        Mistake("that is the minimax loss, -softplus(s); the non-saturating one is softplus(-s)",
                lambda s: (-softplus(s).mean(axis=(-2, -1)), -sigmoid(s) / s.shape[-2])),
        Mistake("ds was divided by the number of replicas R, and not by the N of the batch",
                _loss_mistake(ds=lambda s: -sigmoid(-s) / s.shape[0])),
        Mistake("that is D's loss on fake samples, softplus(s); G's is softplus(-s)",
                lambda s: (softplus(s).mean(axis=(-2, -1)), sigmoid(s) / s.shape[-2])),
        Mistake("+sigmoid(s) is the derivative of softplus(s); that of softplus(-s) is -sigmoid(-s)",
                _loss_mistake(ds=lambda s: sigmoid(s) / s.shape[-2])),
        Mistake("the sigmoid is the derivative of softplus already, and it was differentiated once more: p (1 - p)",
                _loss_mistake(ds=lambda s: -sigmoid(s) * sigmoid(-s) / s.shape[-2])),
        Mistake("softplus of the mean score stands where the mean of softplus was meant",
                _loss_mistake(value=lambda cost: np.logaddexp(0, np.log(np.expm1(cost)).mean(axis=(-2, -1))))),
        Mistake("each value is the mean over all replicas: every run has a loss of its own",
                _loss_mistake(value=lambda cost: np.full(cost.shape[0], cost.mean()))),
        Mistake("only the first replica has a loss, the others have zero", lambda s: (
            softplus(-s).mean(axis=(-2, -1)) * (np.arange(s.shape[0]) == 0), -sigmoid(-s) / s.shape[-2])),
        Mistake("softplus(-s) falls as s grows: its derivative is -sigmoid(-s)",
                _loss_mistake(ds=lambda s: sigmoid(-s) / s.shape[-2]), "sign"),
    ),
    hints=("Axis 0 is the replicas, axis -2 the batch. The value has one entry for each replica.",
           "softplus(-s).mean(axis=(-2, -1)) has shape (R,).",
           "ds = -sigmoid(-s) / N with N = s.shape[-2], and R appears nowhere."),
    batch=lambda s: s.shape[-2],
)

# ---------------------------------------------------------------- 09.4


def _to_pack(rng):
    r, rows, m, d = (int(size) for size in rng.permutation(range(2, 6)))
    return rng.normal(size=(r, rows * m, d)), m


def _pack(x, m):
    """Row by row."""
    packs = [[[number for row in one[i:i + m] for number in row] for i in range(0, len(one), m)] for one in x.tolist()]
    return {"packs": np.array(packs)}


def _strided(x, m):
    return np.concatenate(np.split(x, m, axis=-2), axis=-1)


PACK = Exercise(
    "09.4", "pack", "points side by side for D", _to_pack, _pack,
    solution=lambda x, m: Pack(m, x.shape[-1]).forward(x)[0],
    mistakes=(
        Mistake("the replicas were thrown together: keep axis 0",
                lambda x, m: x.reshape(-1, m * x.shape[-1]), "shape"),
        Mistake("rows that are N/m apart were put together; neighbours belong together", _strided),
        Mistake("coordinates were sorted first (all first ones, then all second ones); a pack is one point after the other",
                lambda x, m: x.reshape(x.shape[0], -1, m, x.shape[-1]).swapaxes(-1, -2).reshape(x.shape[0], -1, m * x.shape[-1])),
        Mistake("points were repeated m times; a pack is made of m different ones",
                lambda x, m: np.concatenate([x[:, ::m]] * m, axis=-1)),
        Mistake("each pack is in the wrong order: its last point came first",
                lambda x, m: x.reshape(x.shape[0], -1, m, x.shape[-1])[:, :, ::-1].reshape(x.shape[0], -1, m * x.shape[-1])),
        Mistake("the reshape was in Fortran's order, column by column: neighbours are rows that follow each other",
                lambda x, m: x.reshape(x.shape[0], -1, m * x.shape[2], order="F")),
        Mistake("the mean of the m points was repeated; they stand side by side",
                lambda x, m: np.tile(x.reshape(x.shape[0], -1, m, x.shape[2]).mean(axis=2), (1, 1, m))),
        Mistake("points of different replicas were put together: each run has a D of its own",
                lambda x, m: x.swapaxes(0, 1).reshape(x.shape[0], x.shape[-2] // m, m * x.shape[-1])),
    ),
    hints=("In memory the numbers of x follow each other row by row. Where do those of one pack stand?",
           "Nothing has to move: one reshape is enough.",
           "r, n, d = x.shape; x.reshape(r, n // m, m * d)"),
)

EXERCISES = (VISITED, WILSON, G_LOSS, PACK)
