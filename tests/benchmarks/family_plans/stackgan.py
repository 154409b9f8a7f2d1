"""StackGAN on digits: does the image show every word, and what does each part of the paper do for that?"""

import time

from tinygan import data, gradients
from tinygan.metrics import digit_judge
from tinygan.zoo import StackGAN, stackgan
from tinygan.zoo.joining import joined
from tinygan.zoo.words import Words

from .common import Plan

TRAINING = data.halves().training
SAMPLES, RECIPE = 1000, StackGAN("digits").recipe


def told(x, phi, words):
    """Scores of images x that were made for the words phi."""
    judge, (labels, styles) = digit_judge(), words.told(phi)
    read, own = judge.read(x), words.styles(x, labels)
    report = judge.report(x, labels)
    return {"class": report.agreement, "slant": (own[0] == styles[0]).mean(), "thickness": (own[1] == styles[1]).mean(),
            "all three": ((read == labels) & (own == styles).all(axis=0)).mean(), "frechet": report.frechet,
            "coverage": report.coverage}


def trained(kind, seed, **changes):
    """A model, its history, and its seconds."""
    model, start = kind("digits", **changes), time.process_time()
    history = model.train(TRAINING, seed=seed, progress=False)
    return model, history, time.process_time() - start


def both_stages(kind=StackGAN, **changes):
    def run(seed):
        model, history, seconds = trained(kind, seed, **changes)
        phi, half = model.words.in_turn(SAMPLES), history.step <= history.steps // 2
        first = told(model.blocks.up(model.sketches(SAMPLES, seed=seed)), phi, model.words)
        return {**told(model.sample(SAMPLES, seed=seed), phi, model.words), "stage one, class": first["class"],
                "stage one, frechet": first["frechet"], "KL, stage one": history["kl"][half][-100:].mean(),
                "cpu_seconds": seconds}
    return run


def without_wrong_words(D, x, y, phi, wrong, *rest):
    """D's loss on true pairs against generated ones alone."""
    return gradients.d_gradients_and_scores(D, joined(x, phi), joined(y, phi), *rest)


class NoWrongWords(StackGAN):
    """The control: D sees no pair with wrong words."""

    def game(self, points, batch):
        game = super().game(points, batch)
        game.step.judge = without_wrong_words
        return game


class OneCondition(StackGAN):
    """The control: c = mu, no noise in it, and no KL term."""

    def game(self, points, batch):
        game, m = super().game(points, batch), self.recipe.condition

        def quiet(streams):
            drawn = game.draw(streams)
            for noise in (drawn.noise_d, drawn.noise_g):
                noise[..., :m] = noise[..., -m:] = 0
            return drawn

        return game._replace(draw=quiet)

    def sample(self, n, **asked):
        return self._silent(super().sample, n, asked)

    def sketches(self, n, **asked):
        return self._silent(super().sketches, n, asked)

    def _silent(self, make, n, asked):
        kept = stackgan.condition
        stackgan.condition = lambda C, phi, eps: kept(C, phi, 0 * eps)
        try:
            return make(n, **asked)
        finally:
            stackgan.condition = kept


def fixed():
    """Real images that the judge has not learned from, and what is said of them; and the same made small, and blown up again."""
    words, model = Words(TRAINING), StackGAN("digits").build(TRAINING)
    x, phi = TRAINING.x, words.of(TRAINING.x, TRAINING.labels)
    return {"real images": told(x, phi, words), "real 4 x 4, blown up": told(model.blocks.up(model.blocks.pool(x)), phi, words)}


STACK = "StackGAN"
PLAN = Plan(
    "1000 images for all 40 sentences in turn. Class: the share that a judge reads as the digit that was asked for; slant and "
    "thickness: the share on the right side of this digit's median. Stage one's images of 4 x 4 pixels are blown up for the "
    "judge. KL: the mean of stage one's KL term at its end, in nats; ln 40 = 3.69 is the entropy of the sentences.",
    {STACK: both_stages(), "no wrong words": both_stages(NoWrongWords), "c = mu": both_stages(OneCondition, kl=0),
     "kl = .01": both_stages(kl=.01), "kl = .1": both_stages(kl=.1)},
    {(STACK, "class"): ("at least", .99), (STACK, "all three"): ("at least", .75), (STACK, "frechet"): ("at most", 1.7),
     (STACK, "stage one, frechet"): ("at least", 21.7), (STACK, "cpu_seconds"): ("at most", 20),
     ("no wrong words", "all three"): ("at most", .75)}, fixed)
