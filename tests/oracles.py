"""What several test files share: naive versions of the package's formulas, and the cases they are tried on.

Nothing here is fast, and nothing here uses the code that it is compared with.
"""

import functools

import numpy as np

from tinygan import losses

SEEDS = range(5)
SHAPES = [(7, 3, 5), (3, 5, 2), (1, 2, 3)]  # batch, features in, features out: odd, unequal, and a batch of one

LOSSES = [value for value in vars(losses).values()
          if isinstance(value, type) and issubclass(value, losses.Loss) and value is not losses.Loss]


def loss_name(loss):
    return loss.__name__ if isinstance(loss, type) else repr(loss)


@functools.cache
def passes(check, *arguments):
    """Run a check that must not fail, and the same one only once: many planted mistakes are caught by one check."""
    check(*arguments)


def naive_softplus(x):
    """log(1 + e^x) for numbers of moderate size."""
    return np.log(1 + np.exp(x))


# What D and G minimise, as the table of losses in each paper writes it. r and f are 1-D: one score a sample.
NAIVE_D = {
    "Minimax": lambda r, f: np.mean(-np.log(1 / (1 + np.exp(-r)))) + np.mean(-np.log(1 - 1 / (1 + np.exp(-f)))),
    "NonSaturating": lambda r, f: np.mean(-np.log(1 / (1 + np.exp(-r)))) + np.mean(-np.log(1 - 1 / (1 + np.exp(-f)))),
    "LeastSquares": lambda r, f: 0.5 * np.mean((r - 1) ** 2) + 0.5 * np.mean(f**2),
    "Hinge": lambda r, f: np.mean([max(0, 1 - s) for s in r]) + np.mean([max(0, 1 + s) for s in f]),
    "Wasserstein": lambda r, f: np.mean(f) - np.mean(r),
    "Relativistic": lambda r, f: np.mean(naive_softplus(f - r)),
    "RelativisticAverage": lambda r, f: 0.5 * np.mean(naive_softplus(f.mean() - r) + naive_softplus(f - r.mean())),
}
NAIVE_G = {
    "Minimax": lambda r, f: np.mean(np.log(1 - 1 / (1 + np.exp(-f)))),
    "NonSaturating": lambda r, f: np.mean(-np.log(1 / (1 + np.exp(-f)))),
    "LeastSquares": lambda r, f: 0.5 * np.mean((f - 1) ** 2),
    "Hinge": lambda r, f: -np.mean(f),
    "Wasserstein": lambda r, f: -np.mean(f),
    "Relativistic": lambda r, f: np.mean(naive_softplus(r - f)),
    "RelativisticAverage": lambda r, f: 0.5 * np.mean(naive_softplus(r.mean() - f) + naive_softplus(r - f.mean())),
}


class Normal:
    """The smallest data set there is, in the plane: no modes to count."""

    dim = 2

    def sample(self, n, rng):
        return rng.normal(1, 0.5, (n, 2))


def same_bits(a, b):
    """Whether two arrays are equal to the last bit, dtype and shape included; NaN equals the same NaN."""
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
