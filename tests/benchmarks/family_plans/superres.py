"""Super-resolution of digits: how near, how different, and how honest are the answers to a small image?"""

import functools
import time

import numpy as np

from tinygan import data
from tinygan.metrics import digit_judge
from tinygan.zoo import SuperRes
from tinygan.zoo.blocks import Blocks

from .common import Plan

TRAINING, HELD_OUT = data.halves()
X, LABELS, ANSWERS = HELD_OUT.x, HELD_OUT.labels, 32


class Unprojected(SuperRes):
    """The control: y = up(low) + r, which nothing keeps to its small image but D."""

    def make(self, points, seeds):
        nets = super().make(points, seeds)
        self.blocks = Whole((8, 8), 1, self.recipe.factor)
        return nets


class Whole(Blocks):
    def detail(self, r):
        return r


@functools.lru_cache(maxsize=2)
def trained(kind, seed, **changes):
    """A model, and its seconds."""
    model, start = kind("digits", **changes), time.process_time()
    model.train(TRAINING, seed=seed, progress=False)
    return model, time.process_time() - start


def mse(x):
    """The mean square of the difference of two pixels."""
    return float(((x - X)**2).mean())


def kept(x):
    """How often the class of the answer is that of the image."""
    return float((digit_judge().read(x) == LABELS).mean())


def answers(kind=SuperRes, **changes):
    def run(seed):
        model, seconds = trained(kind, seed, **changes)
        low = model.blocks.pool(X)
        y, judge = model.guesses(low, ANSWERS, seed=seed), digit_judge()
        spread, wrong = y.std(axis=0), y.mean(axis=0) - X
        return {"MSE": mse(y[0]), f"MSE, mean of {ANSWERS}": mse(y.mean(axis=0)), "class kept": kept(y[0]),
                "two answers differ in class": float((judge.read(y[0]) != judge.read(y[1])).mean()),
                "spread and error, r": float(np.corrcoef(spread.mean(axis=0), np.sqrt((wrong**2).mean(axis=0)))[0, 1]),
                "variance of the error's": float((spread**2).mean() / (wrong**2).mean()),
                "off its small image": float(np.abs(model.blocks.pool(y) - low).max()),
                "frechet": judge.report(y[0]).frechet, "coverage": judge.report(y[0]).coverage, "cpu_seconds": seconds}
    return run


def mean_square_net(**changes):
    def run(seed):
        model, _ = trained(SuperRes, seed, **changes)
        x = model.mean_answer(model.blocks.pool(X))
        report = digit_judge().report(x)
        return {"MSE": mse(x), "class kept": kept(x), "off its small image": float(np.abs(model.blocks.pool(x - X)).max()),
                "frechet": report.frechet, "coverage": report.coverage}
    return run


def fixed():
    """Real images of the training half, in the place of answers; and the small image itself, enlarged."""
    judge, blocks = digit_judge(), Blocks((8, 8), 1, 4)
    up = blocks.up(blocks.pool(X))
    return {"real images": {"frechet": judge.real.frechet, "coverage": judge.real.coverage},
            "the 2 x 2 image": {"MSE": mse(up), "class kept": kept(up), "frechet": judge.report(up).frechet,
                                "coverage": judge.report(up).coverage}}


FROM_2, NET_2 = "answers to 2 x 2", "mean square net, 2 x 2"
ROWS = {FROM_2: answers(), NET_2: mean_square_net(), "answers to 4 x 4": answers(factor=2),
        "mean square net, 4 x 4": mean_square_net(factor=2), "without P, 2 x 2": answers(Unprojected)}
PLAN = Plan(
    "901 digits of 8 x 8 pixels that no player has seen, each made small, and enlarged again by a GAN and by a net that "
    "learned the mean square. MSE: the mean square of the difference of two pixels of [-1, 1]. Class kept: the share of the "
    "answers that a judge reads as the class of the image. r: the correlation, over the 64 pixels, between the standard "
    "deviation of 32 answers and the root of the mean square error of their mean. Variance of the error's: the variance of "
    "the answers beside that square; 1 is right. Without P, D alone keeps an answer to its small image.",
    ROWS, {(FROM_2, "two answers differ in class"): ("at least", .5), (FROM_2, "spread and error, r"): ("at least", .9),
           (FROM_2, "off its small image"): ("at most", 1e-6), ("answers to 4 x 4", "off its small image"): ("at most", 1e-6),
           (FROM_2, "cpu_seconds"): ("at most", 20)}, fixed)
