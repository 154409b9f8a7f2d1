"""DiscoGAN in the plane: ring to square with and without the way back, and the paper's five Gaussians to ten."""

import time

import numpy as np

from tinygan import data
from tinygan.zoo import DiscoGAN

from .common import Plan

SAMPLES = 4000


def gaussians(modes, std):
    return data.ring(modes, 2.0, std).standardized()


def nearest(x, mixture):
    return np.square(x[:, None] - mixture.means).sum(axis=-1).argmin(axis=-1)


def scored(model, A, B, seed):
    """Where samples of both domains land, and whether they come back to the mode that they came from."""
    start = time.process_time()
    model.train(A, seed=seed, progress=False)
    seconds, rng = time.process_time() - start, np.random.default_rng(seed)
    a, b = A.sample(SAMPLES, rng), B.sample(SAMPLES, rng)
    ab, ba = model.translate(a), model.translate(b, back=True)
    aba, bab = model.translate(ab, back=True), model.translate(ba)
    lands = np.zeros((A.n_modes, B.n_modes))
    np.add.at(lands, (nearest(a, A), nearest(ab, B)), 1)
    return {"modes of B": (lands.sum(axis=0) > SAMPLES / B.n_modes / 2).sum(),
            "largest part": (lands / lands.sum(axis=1, keepdims=True)).max(axis=1).mean(),
            "return A": (nearest(aba, A) == nearest(a, A)).mean(), "return B": (nearest(bab, B) == nearest(b, B)).mean(),
            "cycle": np.square(aba - a).mean(), "cpu_seconds": seconds}


RING, SQUARE = data.ring().standardized(), data.square().standardized()
FIVE, TEN = gaussians(5, .2), gaussians(10, .15)
PLAIN = {"loss": "non-saturating", "r1": None, "r2": None, "lr": 1e-3, "beta1": .5, "beta2": .999}


def squares(seed, **changes):
    return scored(DiscoGAN("ring", **changes), RING, SQUARE, seed)


def toy(seed, **changes):
    return scored(DiscoGAN("ring", target=TEN, **changes), FIVE, TEN, seed)


PLAN = Plan(
    about="Ring to square: eight Gaussians to eight others. Return: the share of samples whose way there and back ends at\n"
          "the mode where it began (1/8 is chance, 1/5 and 1/10 in the toy). Five to ten: the paper's toy; modes of B\n"
          "counts those that get at least half of their share, largest part is the share of a mode of A that lands on one\n"
          "mode of B. Plain: no penalty, Adam 1e-3 with beta1 .5, non-saturating loss.",
    rows={
        "ring to square": squares,
        "ring to square, no cycle": lambda seed: squares(seed, cycle=0),
        "five to ten": toy,
        "five to ten, no cycle": lambda seed: toy(seed, cycle=0),
        "five to ten, plain": lambda seed: toy(seed, **PLAIN),
        "five to ten, plain, no cycle": lambda seed: toy(seed, cycle=0, **PLAIN),
    },
    bars={("ring to square", "return A"): ("at least", .99), ("ring to square", "return B"): ("at least", .99),
          ("ring to square, no cycle", "return A"): ("at most", .6), ("ring to square, no cycle", "return B"): ("at most", .6),
          ("five to ten", "modes of B"): ("at least", 10), ("five to ten, plain, no cycle", "modes of B"): ("at most", 5)},
)
