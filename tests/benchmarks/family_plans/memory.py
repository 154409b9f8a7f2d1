"""GANs that learn from few digits: from how many on do their samples stop being copies?"""

import functools
import time
from itertools import pairwise

import numpy as np

from tinygan import data, losses, mlp
from tinygan.engine.layers import LeakyReLU
from tinygan.engine.optim import Adam, cosine_decay
from tinygan.metrics import digit_judge, memory_report
from tinygan.penalties import R1
from tinygan.training import two_players

from .common import Plan

TRAINING, HELD_OUT = data.halves()
SAMPLES, SIZES = 1000, (10, 30, 100, 896)


def images(n, seed):
    """n images to learn from, and as many others."""
    rng = np.random.default_rng((seed, n))
    return tuple(half.x[rng.permutation(len(half.x))[:n]] for half in (TRAINING, HELD_OUT))


@functools.lru_cache(maxsize=8)
def scores(n, seed):
    """The scores of a GAN that learned from n images."""
    seen, others = images(n, seed)
    G, D = (mlp(*sizes, activation=LeakyReLU, seed=2 * seed + k)
            for k, sizes in enumerate(((16, 64, 64, 64), (64, 64, 64, 1))))
    training = two_players(G, D, data.Points(seen), losses.NonSaturating(), steps=4000, batch=min(64, n), penalties=(R1(3),),
                           opt_g=Adam(2e-3, 0, .99), opt_d=Adam(2e-3, 0, .99), schedule=cosine_decay, ema=.995, seed=seed,
                           update="alternating", d_steps=1, instance_noise=None, clip=None, unroll=None)
    start = time.process_time()
    training.run(progress=False)
    seconds = time.process_time() - start
    x = training.G_ema(np.random.default_rng(seed).standard_normal((SAMPLES, 16), np.float32))
    report = memory_report(x, seen, others, D)
    return {"nearer": report.nearer, "nearer_z": report.nearer_z, "copies": report.copies, "copies at most": report.copies_most,
            "gap": report.gap, "gap_z": report.gap_z, "coverage": digit_judge().report(x).coverage, "cpu_seconds": seconds}


def learned_from(n):
    return lambda seed: scores(n, seed)


def in_order(seed):
    """Whether `nearer` falls with every larger set of the same seed, 1 or 0."""
    shares = [scores(n, seed)["nearer"] for n in SIZES]
    return {"the fewer images, the nearer": float(all(few > many for few, many in pairwise(shares)))}


def fixed():
    """A G that answers with its training images, and one that answers with new ones."""
    seen, others = images(896, 0)
    rng, rows = np.random.default_rng(0), {}
    for name, half in (("planted: copies", seen[:448]), ("planted: new images", seen[448:])):
        report = memory_report(half[rng.integers(len(half), size=SAMPLES)], seen[:448], others[:448])
        rows[name] = {"nearer": report.nearer, "nearer_z": report.nearer_z, "copies": report.copies,
                      "copies at most": report.copies_most}
    return rows


PLAN = Plan(
    "A GAN of dense layers (64 64) with R1 learned from n digits, for 4000 steps. 1000 samples each, beside the n images and n "
    "others. Nearer: the share of samples whose nearest training image is nearer than their nearest other image; .5 is right, z "
    "says how many standard deviations it is off. Copies: the share of samples nearer to a training image than 99 % of the "
    "others are. Gap: how much higher D scores its training images than others.",
    {f"{n} images": learned_from(n) for n in SIZES} | {"all four": in_order},
    {("30 images", "nearer"): ("at least", .9), ("896 images", "nearer"): ("at most", .65),
     ("all four", "the fewer images, the nearer"): ("at least", 1)}, fixed)
