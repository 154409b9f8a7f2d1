"""The museum's fourth room: a gradient penalty, part by part."""

import math

import numpy as np

from ..grading import Exercise, Mistake, Wrong, differences
from .common import input_gradient, sizes, through_penalty

# ---------------------------------------------------------------- M.10


def _images(rng):
    n, c, h, w = sizes(rng, 4)
    return rng.uniform(1, 2, size=(n, c, h, w)), rng.uniform(-2, -1, size=(n, c, h, w)), int(rng.integers(1000))


SPREAD, OUTSIDE = "the spread of alpha within a sample", "how far alpha is outside [0, 1]"
SHARED = "the number of other samples with the same alpha"
SEEDS = 300  # that are tried to see how alpha is distributed
APART = 1000  # between two of them, for an answer that draws sample n from seed + n


def _farthest_from_uniform(alphas):
    """The largest distance between the staircase of the alphas and the line from (0, 0) to (1, 1), Kolmogorov and Smirnov's."""
    alphas = np.sort(alphas)
    steps = np.arange(alphas.size + 1) / alphas.size
    return max(np.abs(steps[1:] - alphas).max(), np.abs(steps[:-1] - alphas).max())


def _check_uniform(alphas_of, seed):
    """Raises where the alphas do not depend on the seed alone, or those of a sample are not uniform, at a level of 1e-9."""
    if not np.array_equal(alphas_of(seed), alphas_of(seed)):
        raise Wrong("the same seed gives other points when it is called again", "draw from np.random.default_rng(seed)")
    alphas = np.stack([alphas_of(seed + APART * (i + 1)) for i in range(SEEDS)])
    if (alphas == alphas[0]).all():
        raise Wrong("every seed gives the same points: nothing is drawn from it", "draw from np.random.default_rng(seed)")
    drawn = {"alpha": alphas.ravel()} | {f"the alpha of sample {n}": own for n, own in enumerate(alphas.T)}
    for name, own in drawn.items():
        if _farthest_from_uniform(own) > np.sqrt(np.log(2e9) / (2 * own.size)):
            raise Wrong(f"{name} is not uniform in [0, 1]: with {SEEDS} seeds it goes from {own.min():.2f} to {own.max():.2f}, "
                        f"its mean is {own.mean():.2f} and its standard deviation {own.std():.2f}, for 0.50 and 0.29",
                        "every point between the fake one and the real one is as likely, whatever the others are: rng.uniform()")


def _alphas(answer, x_real, x_fake, seed):
    """What is wrong with the alphas of the points that the answer gives. All of it should be 0, for each sample."""
    def alphas_of(seed):
        return ((answer(x_real, x_fake, seed) - x_fake) / (x_real - x_fake))[:, 0, 0, 0]

    x = answer(x_real, x_fake, seed)
    if not isinstance(x, np.ndarray) or x.shape != x_real.shape:
        raise Wrong(f"interpolates must return an array shaped like x_real, {x_real.shape}; "
                    f"it returns {'nothing' if x is None else f'one of shape {np.shape(x)}'}")
    alpha = ((x - x_fake) / (x_real - x_fake)).reshape(x.shape[0], -1)
    first = alpha[:, 0]
    seen = {SPREAD: np.ptp(alpha, axis=1), OUTSIDE: np.maximum(np.abs(alpha - 0.5) - 0.5, 0).max(axis=1),
            SHARED: (np.abs(first[:, None] - first) < 1e-9).sum(axis=1) - 1.0}
    if all(np.abs(wrong).max() < 1e-9 for wrong in seen.values()):
        _check_uniform(alphas_of, seed)
    return seen


def _between(alpha):
    """An answer that draws its alpha as alpha(rng, N, C, H, W)."""

    def answer(x_real, x_fake, seed):
        weight = alpha(np.random.default_rng(seed), *x_real.shape)
        return weight * x_real + (1 - weight) * x_fake

    return answer


ALPHA = Exercise(
    "M.10", "interpolates", "not on the line between", _images,
    lambda x_real, x_fake, seed: {name: np.zeros(x_real.shape[0]) for name in (SPREAD, OUTSIDE, SHARED)},
    solution=lambda x_real, x_fake, seed: _between(lambda rng, n, c, h, w: rng.uniform(size=(n, 1, 1, 1)))(x_real, x_fake, seed),
    observe=_alphas,
    mistakes=(
        Mistake("every pixel draws its own, so the point is not on the line between the two images",
                _between(lambda rng, n, c, h, w: rng.uniform(size=(n, c, h, w)))),
        Mistake("every channel draws its own", _between(lambda rng, n, c, h, w: rng.uniform(size=(n, c, 1, 1)))),
        Mistake("all samples share one", _between(lambda rng, n, c, h, w: rng.uniform())),
        Mistake("every column draws its own, along the last axis",
                _between(lambda rng, n, c, h, w: rng.uniform(size=(n, 1, 1, w)))),
        Mistake("every column draws its own, the same for all samples", _between(lambda rng, n, c, h, w: rng.uniform(size=w))),
        Mistake("every pixel draws its own, the same for all channels",
                _between(lambda rng, n, c, h, w: rng.uniform(size=(n, 1, h, w)))),
        Mistake("every pixel draws its own, the same for all samples",
                _between(lambda rng, n, c, h, w: rng.uniform(size=(1, c, h, w)))),
        Mistake("every sample has the mean of many draws, which is near 1/2",
                _between(lambda rng, n, c, h, w: rng.uniform(size=(n, c, h, w)).mean(axis=(1, 2, 3), keepdims=True)),
                "alpha is not uniform in [0, 1]"),
        Mistake("the samples' alphas were sorted",
                _between(lambda rng, n, c, h, w: np.sort(rng.uniform(size=(n, 1, 1, 1)), axis=0)),
                "the alpha of sample 0 is not uniform in [0, 1]"),
        Mistake("the seed is not used", lambda x_real, x_fake, seed: _between(
            lambda rng, n, c, h, w: np.random.default_rng(0).uniform(size=(n, 1, 1, 1)))(x_real, x_fake, seed),
                "every seed gives the same points"),
        Mistake("every row draws its own", _between(lambda rng, n, c, h, w: rng.uniform(size=(n, 1, h, 1)))),
        Mistake("only the real half of the line is drawn from",
                _between(lambda rng, n, c, h, w: rng.uniform(0.5, 1, (n, 1, 1, 1))),
                "alpha is not uniform in [0, 1]"),
        Mistake("alpha is normal, not uniform: the line is left at both ends (keras-team/keras-io, issue 143)",
                _between(lambda rng, n, c, h, w: rng.normal(size=(n, 1, 1, 1)))),
    ),
    hints=("Compute alpha back from the result, (x - x_fake) / (x_real - x_fake), and look at one sample of it.",
           "A point on a line is one number: how far along. Every pixel of a sample has to use the same.",
           "An alpha of shape (N, 1, 1, 1) is broadcast to (N, C, H, W), the same number for a whole image."),
)


# ---------------------------------------------------------------- M.11


def _naive_penalty(g, lam):
    return lam * sum((sum(entry**2 for entry in one.ravel()) ** 0.5 - 1) ** 2 for one in g) / g.shape[0]


def _norms(g, axis):
    return np.sqrt((g**2).sum(axis=axis))


NORM = Exercise(
    "M.11", "gradient_penalty", "the norm of every pixel",
    lambda rng: (rng.normal(size=sizes(rng, 4)) / 3, float(rng.uniform(3, 12))), lambda g, lam: {"value": _naive_penalty(g, lam)},
    solution=lambda g, lam: lam * np.mean((_norms(g, (1, 2, 3)) - 1) ** 2),
    mistakes=(
        Mistake("that is one norm for each pixel, not for each sample", lambda g, lam: lam * np.mean((_norms(g, 1) - 1) ** 2)),
        Mistake("that is one norm for each channel", lambda g, lam: lam * np.mean((_norms(g, (2, 3)) - 1) ** 2)),
        Mistake("that is one norm for the whole batch", lambda g, lam: lam * np.mean((_norms(g, None) - 1) ** 2)),
        Mistake("the squared norm stands where the norm belongs",
                lambda g, lam: lam * np.mean((_norms(g, (1, 2, 3)) ** 2 - 1) ** 2)),
        Mistake("summed over the samples",
                lambda g, lam: lam * np.sum((_norms(g, (1, 2, 3)) - 1) ** 2), "the mean over the batch is missing"),
        Mistake("lam was left out", lambda g, lam: np.mean((_norms(g, (1, 2, 3)) - 1) ** 2), "lam was left out"),
        Mistake("the root of a mean of squares is no norm: that is a sum of squares under the root",
                lambda g, lam: lam * np.mean((_norms(g, (1, 2, 3)) / math.sqrt(g[0].size) - 1) ** 2)),
        Mistake("that is one norm for each pixel of each channel, along axis 0; one for each sample was asked",
                lambda g, lam: lam * np.mean((_norms(g, 0) - 1) ** 2)),
    ),
    hints=("How many norms should there be, and how many are there? Print norm.shape.",
           "The score of one sample depends on all pixels of all channels. Its gradient is one long vector.",
           "Sum over axis=(1, 2, 3), or flatten each sample first: g.reshape(N, -1)."),
    constants=lambda g, lam: {"lam": lam}, batch=lambda g, lam: g.shape[0],
)


# ---------------------------------------------------------------- M.12


def _flat_case(rng):
    """Some gradients shorter than 1, some longer, one of them much shorter, and one sample at which D is flat."""
    n, d = sizes(rng, 2)
    g = rng.normal(size=(n + 2, d)) * rng.choice([0.4, 1.5], size=(n + 2, 1))
    short, flat = rng.permutation(n + 2)[:2]
    g[short] *= 0.06 / np.linalg.norm(g[short])
    g[flat] = 0
    return g, float(rng.uniform(3, 12))


def _flat_truth(g, lam):
    """Central differences, which are 0 where D is flat: the penalty has a kink there, and is the same to both sides of it."""
    return {"dg": differences(lambda g: float(_naive_penalty(g, lam)), g).gradient}


def _pull(g, lam, norm):
    return 2 * lam * (1 - 1 / norm) * g / g.shape[0]


def _length(g):
    return np.sqrt((g**2).sum(axis=-1, keepdims=True))


SQUARE_ROOT = Exercise(
    "M.12", "penalty_derivative", "NaN in one step", _flat_case,
    _flat_truth,
    solution=lambda g, lam: _pull(g, lam, np.sqrt((g**2).sum(axis=-1, keepdims=True) + 1e-12)),
    mistakes=(
        Mistake("0 / 0", lambda g, lam: _pull(g, lam, _length(g)), "not finite"),
        Mistake("a norm below 1 was raised to 1: short gradients are not pulled up any more",
                lambda g, lam: _pull(g, lam, np.maximum(_length(g), 1.0))),
        Mistake("a norm below 0.1 was raised to 0.1, and 0.1 is not small: short gradients count as well",
                lambda g, lam: _pull(g, lam, np.maximum(_length(g), 0.1))),
        Mistake("where g is 0 it is pulled in a direction; none is better than another, and dg is 0 there",
                lambda g, lam: np.where(_length(g) > 0, _pull(g, lam, np.maximum(_length(g), 1e-300)), -2 * lam / g.size)),
        Mistake("the flat samples were left out of the mean: N counts them", lambda g, lam: _pull(
            g, lam, np.maximum(_length(g), 1e-300)) * g.shape[0] / (_length(g) > 0).sum()),
        Mistake("0.1 is not small: every norm is wrong now, to save one", lambda g, lam: _pull(g, lam, _length(g) + 0.1)),
        Mistake("one flat sample silences the whole batch",
                lambda g, lam: np.zeros_like(g) if not _length(g).all() else _pull(g, lam, _length(g)), "zero everywhere"),
        Mistake("the direction of g has length 1; here it has the length of g",
                lambda g, lam: 2 * lam * (_length(g) - 1) * g / g.shape[0]),
    ),
    hints=("Which samples give the NaN? What is their gradient, and what does the formula divide by what?",
           "The square root has an infinite slope at 0. Keep what is under it away from 0, by much less than all that matters.",
           "norm = np.sqrt((g**2).sum(axis=-1, keepdims=True) + 1e-12). At g = 0 this gives (1 - 1e6) times 0."),
    constants=lambda g, lam: {"lam": lam}, batch=lambda g, lam: g.shape[0],
)


# ---------------------------------------------------------------- M.13


def _curvature_case(rng):
    n, d, k = sizes(rng, 3)
    return rng.normal(size=(n, d)), rng.normal(size=(d, k)) / d**0.5, rng.normal(size=(k, 1)), float(rng.uniform(3, 12))


def _r1(x, W, a, gamma, **change):
    return through_penalty(gamma * input_gradient(x, W, a) / x.shape[0], x, W, a, **change)


def _bent(x, W, a, gamma, curvature):
    """dW and da with another part through tanh''."""
    v, u = gamma * input_gradient(x, W, a) / x.shape[0], np.tanh(x @ W)
    dW, da = _r1(x, W, a, gamma, bend=0.0)
    return dW + curvature(v, u, 1 - u * u), da


CURVATURE = Exercise(
    "M.13", "penalty_gradients", "right for ReLU", _curvature_case,
    lambda x, W, a, gamma: {"dW": differences(lambda W: float(gamma / 2 * (input_gradient(x, W, a) ** 2).sum() / x.shape[0]), W),
                            "da": differences(lambda a: float(gamma / 2 * (input_gradient(x, W, a) ** 2).sum() / x.shape[0]), a)},
    solution=lambda x, W, a, gamma: _r1(x, W, a, gamma),
    mistakes=(
        Mistake("W also moves the slopes, through tanh'', which is zero for ReLU and not for tanh",
                lambda x, W, a, gamma: _r1(x, W, a, gamma, bend=0.0)),
        Mistake("tanh'' is negative where tanh is positive: its sign is the wrong way round",
                lambda x, W, a, gamma: _r1(x, W, a, gamma, bend=2.0)),
        Mistake("tanh'' = -2 tanh tanh': a 2 is missing in it", lambda x, W, a, gamma: _r1(x, W, a, gamma, bend=-1.0)),
        Mistake("the slope is missing in tanh'' = -2 tanh tanh'", lambda x, W, a, gamma: _bent(
            x, W, a, gamma, lambda v, u, slope: x.T @ ((v @ W) * a.T * -2 * u))),
        Mistake("a is missing in the part through tanh'', the curvature", lambda x, W, a, gamma: _bent(
            x, W, a, gamma, lambda v, u, slope: x.T @ ((v @ W) * -2 * u * slope))),
        Mistake("v stands where x was meant in the part through tanh'', the curvature: W moves the slope by x dW",
                lambda x, W, a, gamma: _bent(
            x, W, a, gamma, lambda v, u, slope: v.T @ ((v @ W) * a.T * -2 * u * slope))),
        Mistake("the part through tanh'' is right, and the first part is gone",
                lambda x, W, a, gamma: _r1(x, W, a, gamma, direct=0.0)),
        Mistake("gamma/2 stands in P, and the square gives its 2 back",
                lambda x, W, a, gamma: _r1(x, W, a, gamma / 2), "factor 2"),
    ),
    hints=("da is right. Replace np.tanh by a ReLU, in your mind: what is different about its slope when W moves?",
           "W stands in g twice: as W^T, and inside the slope. The code has differentiated the first.",
           "When x W moves by h, the slope moves by -2 u slope h. So <v, g> moves by the sum of (v W) a^T (-2 u slope) h.",
           "Add x^T times that: dW += x.T @ ((v @ W) * a.T * (-2 * u * slope))."),
    constants=lambda x, W, a, gamma: {"gamma": gamma}, batch=lambda x, W, a, gamma: x.shape[0],
)

EXHIBITS = (ALPHA, NORM, SQUARE_ROOT, CURVATURE)
