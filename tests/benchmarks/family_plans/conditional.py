"""The conditional GAN on digits and on the ring: does it make the class that it is asked for?"""

import time

import numpy as np

from tinygan import data
from tinygan.engine.network import Sequential
from tinygan.metrics import digit_judge, mode_report
from tinygan.updates import Rules
from tinygan.zoo import Conditional, conditional

from .common import Plan

TRAINING = data.halves().training
SAMPLES, RING = 1000, data.ring().standardized()


def trained(model, points, seed):
    """The model, and the seconds that its training took."""
    start = time.process_time()
    model.train(points, seed=seed, progress=False)
    return model, time.process_time() - start


def digits(model, seed):
    """The scores of 100 images of each class."""
    model, seconds = trained(model, TRAINING, seed)
    labels = np.arange(SAMPLES) % 10
    report = digit_judge().report(model.sample(SAMPLES, labels=labels, seed=seed), labels)
    return {**report._asdict(), "cpu_seconds": seconds}


class Unlabelled(Conditional):
    """The control: G is told the class, D is not."""

    def make(self, points, seeds):
        return super().make(points, seeds) | {"D": Sequential(*self.recipe.row(points.dim, 1), seed=seeds[1])}

    def game(self, points, batch):
        game = super().game(points, batch)
        penalties = self.recipe.penalties()
        rules = Rules(self.recipe.loss_object(), penalties)

        def step(players, drawn):
            D, G = players["D"].network, players["G"].network
            x_fake = G(conditional.joined(drawn.z_d, drawn.labels))
            d = conditional.gradients.d_gradients_and_scores(D, drawn.x_real, x_fake, rules.loss, penalties)
            players["D"].step()
            x_fake, tape = G.forward(conditional.joined(drawn.z_g, drawn.labels))
            g_loss, dx, _ = conditional.gradients.through_d(D, x_fake, rules.loss)
            G.zero_grad()
            G.backward(dx, tape)
            players["G"].step()
            return rules.report(d, g_loss)

        return game._replace(step=step, scheduled=penalties)


class OtherLabels(Conditional):
    """The bug: D is given the real batch's labels for images that were made from other ones."""

    def game(self, points, batch):
        game = super().game(points, batch)

        def step(players, drawn):
            D, G = players["D"].network, players["G"].network
            others, rules = np.roll(drawn.labels, 1, axis=-2), game.step.args[0]
            d = conditional.d_gradients(D, drawn.x_real, G(conditional.joined(drawn.z_d, others)), drawn.labels, rules.loss,
                                        rules.penalties)
            players["D"].step()
            x_fake, tape = G.forward(conditional.joined(drawn.z_g, others))
            g_loss, dpair, _ = conditional.gradients.through_d(D, conditional.joined(x_fake, drawn.labels), rules.loss)
            G.zero_grad()
            G.backward(dpair[..., :G.d_out], tape)
            players["G"].step()
            return rules.report(d, g_loss)

        return game._replace(step=step)


def ring(seed):
    """Eight Gaussians, each a class."""
    model, seconds = trained(Conditional("ring"), RING, seed)
    labels = np.arange(10_000) % 8
    x = model.sample(labels.size, labels=labels, seed=seed)
    nearest = np.square(x[:, None] - RING.means).sum(axis=-1).argmin(axis=-1)
    spread = np.mean([x[labels == k].std(axis=0).mean() / RING.stds[k] for k in range(8)])
    return {"agreement": (nearest == labels).mean(), "high quality": mode_report(x, RING).high_quality, "std ratio": spread,
            "cpu_seconds": seconds}


def fixed():
    judge, rng = digit_judge(), np.random.default_rng(0)
    rows = {"real digits": judge.real} | {name: judge.report(*made) for name, made in judge.controls(901, rng).items()}
    return {name: {key: value for key, value in report._asdict().items() if not np.isnan(value)} for name, report in rows.items()}


PLAN = Plan(
    about="agreement: the share of samples that a support vector machine, trained on other real digits, reads as the class that\n"
          "was asked for. Coverage and density stand beside it, because one Gaussian per class agrees as well. On the ring the\n"
          "class is the mode, and a sample agrees when the mode that was asked for is the nearest one.",
    rows={
        "digits": lambda seed: digits(Conditional("digits"), seed),
        "digits, projection": lambda seed: digits(Conditional("digits", projection=True), seed),
        "digits, D without the label": lambda seed: digits(Unlabelled("digits"), seed),
        "digits, D with other labels": lambda seed: digits(OtherLabels("digits"), seed),
        "ring": ring,
    },
    bars={("digits", "agreement"): ("at least", .975), ("digits", "coverage"): ("at least", .8),
          ("digits", "density"): ("at least", .75), ("digits", "cpu_seconds"): ("at most", 8),
          ("digits, projection", "agreement"): ("at least", .97), ("digits, projection", "coverage"): ("at least", .8),
          ("digits, D without the label", "agreement"): ("at most", .2),
          ("digits, D with other labels", "agreement"): ("at most", .2),
          ("digits, D with other labels", "coverage"): ("at most", .3),
          ("ring", "agreement"): ("at least", 1), ("ring", "high quality"): ("at least", .97)},
    fixed=fixed,
)
