"""DCGAN on digits: by the paper's rules, with a penalty instead, without BatchNorm, and dense networks of equal size."""

import time

from tinygan import data
from tinygan.engine.initial import he, normal
from tinygan.engine.network import Sequential
from tinygan.engine.norm import BatchNorm
from tinygan.metrics import digit_judge
from tinygan.zoo import DCGAN

from .common import Plan

TRAINING = data.halves().training
SAMPLES = 1000


def scored(model, seed):
    """The scores of 1000 images, and the seconds that the training took."""
    start = time.process_time()
    model.train(TRAINING, seed=seed, progress=False)
    seconds = time.process_time() - start
    report = digit_judge().report(model.sample(SAMPLES, seed=seed))._asdict()
    size = sum(net.theta.size for net in model.networks.values())
    return {name: report[name] for name in ("coverage", "density", "frechet", "nearer", "within")} | {
        "parameters": size, "cpu_seconds": seconds}


class Without(DCGAN):
    """The paper's rules without BatchNorm in the players `bare`; `init`: the weights."""

    bare, init = "GD", staticmethod(normal(.02))

    def make(self, points, seeds):
        nets = super().make(points, seeds)
        for name, seed in (("D", seeds[1]), ("G", seeds[0])):
            row = [layer for layer in nets[name].layers if not (name in self.bare and isinstance(layer, BatchNorm))]
            for layer in row:
                layer.owned = False
            nets[name] = Sequential(*row, seed=seed, init=self.init)
        return nets


class WithoutInD(Without):
    bare = "D"


class WithoutHe(Without):
    init = staticmethod(he)


class Dense(DCGAN):
    """Dense networks of two hidden layers of 64: nearly as many parameters as the convolutions have."""

    def make(self, points, seeds):
        recipe = self.recipe.replace(hidden=(64, 64))
        return {"D": Sequential(*recipe.row(points.dim, 1), seed=seeds[1]),
                "G": Sequential(*recipe.row(recipe.latent, points.dim), seed=seeds[0])}


def fixed():
    judge = digit_judge()
    return {"real digits": {name: getattr(judge.real, name) for name in ("coverage", "density", "frechet", "nearer", "within")}}


PLAN = Plan(
    about="The paper's rules: BatchNorm in both players, weights N(0, .02^2), Adam 1e-3 with beta1 .5, no penalty. R1:\n"
          "gamma 3, no BatchNorm in D, He weights, Adam 2e-3 with beta1 0, beta2 .99, a rate that falls to 0. The dense\n"
          "networks of equal size have R1's settings. A judge that learned from other real digits reads the images; 1000\n"
          "samples each. With 18 000 steps they take about as long as the convolutions: the lead of these is one at equal\n"
          "steps.",
    rows={
        "paper's rules": lambda seed: scored(DCGAN("digits"), seed),
        "R1": lambda seed: scored(DCGAN("digits-r1"), seed),
        "dense, R1": lambda seed: scored(Dense("digits-r1"), seed),
        "dense, R1, 18000 steps": lambda seed: scored(Dense("digits-r1", steps=18_000), seed),
        "rules, no BatchNorm in D": lambda seed: scored(WithoutInD("digits"), seed),
        "rules, no BatchNorm": lambda seed: scored(Without("digits"), seed),
        "rules, no BatchNorm, He": lambda seed: scored(WithoutHe("digits"), seed),
    },
    bars={("paper's rules", "coverage"): ("at least", .74), ("paper's rules", "frechet"): ("at most", 1.6),
          ("paper's rules", "cpu_seconds"): ("at most", 15), ("dense, R1", "coverage"): ("at most", .55)},
    fixed=fixed,
)
