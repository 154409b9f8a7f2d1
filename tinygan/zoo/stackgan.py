"""StackGAN (Zhang et al. 2017): from words to a small image, and from the small image and the words to a large one.

    stage one   s = G1(c1, z)               D1 sees [s, phi] against [pool(x), phi]
    stage two   y = up(s) + G2(s, c2)       D2 sees [y, phi] against [x, phi]                      stage one is fixed

    min_G max_D  E log D(x, phi) + E log(1 - D(y, phi)) / 2 + E log(1 - D(x, wrong)) / 2   and   + kl KL(N(mu, var) || N(0, I))

phi are the words as numbers. *Conditioning augmentation*: G is given c = mu(phi) + sigma(phi) eps, and C makes mu and log sigma^2
of phi. So there are many c for the same words. The KL term keeps them near N(0, I): a budget, in nats. Words that are not in c
cannot be in the image. A *matching-aware* D sees a third kind of pair, a real image with wrong words, and learns to reject it.

    network    minimises                                                                            moved by
    D1, D2     (L(r, f) + L(r, w)) / 2 for the scores of [x, phi], [y, phi], [x, wrong]; R1 on x    D's step of the stage
    G1, G2     loss.g of [y, phi]                                                                   the step of G and C
    C1, C2     the same, + kl times the KL term                                                     the step of G and C

Other than there: G2 adds to the small image made large; the paper has convolutions, whole sentences, and kl = 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import gradients
from ..engine.arguments import Array, Seeds, seed_sequence
from ..engine.layers import Dense, Layer
from ..engine.network import Sequential
from ..engine.store import Network
from ..gradients import DGradients
from ..losses import Loss
from ..record import HOW, NETS, Common, setting
from ..settings import Count, Number
from ..updates import Player, Report, Rules
from .augmentation import condition, condition_backward
from .blocks import Blocks
from .joining import joined, only
from .stages import InStages
from .system import Game, System
from .words import Batch, Words, draw

FACTOR = 2  # an image of stage two is so many times as high and as wide as one of stage one


def d_gradients(D: Network, x: Array, y: Array, phi: Array, wrong: Array, loss: Loss, penalties: Any = ()) -> DGradients:
    """D's loss on [x, phi] against [y, phi] and against [x, wrong], each one half; its gradient over D.theta is in D.grad.

    A loss that compares with the mean of the fake scores, such as RelativisticAverage, takes it over both kinds of pair.

    Parameters
    ----------
    D : the discriminator, of d + k inputs
    x, y : (..., N, d), real images and generated ones
    phi, wrong : (..., N, k), the words of x, for which y was made too, and words that are not those of x
    loss, penalties : as in `tinygan.d_gradients`
    """
    real, fake = joined(x, phi), np.concatenate([joined(y, phi), joined(x, wrong)], axis=-2)
    return gradients.d_gradients_and_scores(D, np.concatenate([real, real], axis=-2), fake, loss, penalties)


class GReport(NamedTuple):
    """`value`: what G and C minimise, loss and weighted KL term; `kl`: the KL term alone, in nats."""

    value: Array
    kl: Array


def g_gradients(G: Network, C: Network, D: Network, phi: Array, eps: Array, given: Array, base: Array, *, loss: Loss, kl: float,
                x: Array | None = None) -> GReport:
    """The loss of G and C, the KL term included, with its gradients in G.grad and C.grad. D is fixed.

    Parameters
    ----------
    G, C, D : the players of one stage; y = base + G([c, given])
    phi, eps : (..., N, k) and (..., N, m), words and the noise of c
    given : (..., N, d_z) or (..., N, d_low), what stands beside c: noise z in stage one, the small image in stage two
    base : (..., N, d) or 0, what G's output is added to
    loss, kl : any of `tinygan.losses`, and the weight of the KL term
    x : (..., N, d), real images with these words, where the loss compares with them
    """
    c, tape_c = condition(C, phi, eps)
    made, tape = G.forward(joined(c, given))
    s_real = D(joined(x, phi)) if loss.needs_real and x is not None else None
    value, dpair, _ = gradients.through_d(D, joined(base + made, phi), loss, s_real)
    G.zero_grad()
    dc = G.backward(dpair[..., :G.d_out], tape)[..., :eps.shape[-1]]
    kl_value = condition_backward(C, dc, tape_c, kl)
    return GReport(value + kl * kl_value, kl_value)


class Step:
    """The step of the present `stage`, 0 or 1: D's, then that of G and C. "kl" is the KL term, in nats.

    Parameters
    ----------
    rules, kl : the loss with D's penalties for each stage, and the weight of the KL term
    blocks : how images become small
    m : how many numbers c has
    """

    def __init__(self, rules: list[Rules], kl: float, blocks: Blocks, m: int) -> None:
        self.rules, self.kl, self.blocks, self.m, self.stage, self.judge = rules, kl, blocks, m, 0, d_gradients

    def split(self, noise: Array) -> tuple[Array, Array, Array]:
        """The noise of c1, z, and the noise of c2."""
        return noise[..., :self.m], noise[..., self.m:-self.m], noise[..., -self.m:]

    def small(self, nets: Mapping[str, Network], phi: Array, noise: Array) -> Array:
        """What stage one makes."""
        return nets["G1"](joined(condition(nets["C1"], phi, self.split(noise)[0])[0], self.split(noise)[1]))

    def large(self, nets: Mapping[str, Network], phi: Array, noise: Array) -> Array:
        """What both stages make."""
        s = self.small(nets, phi, noise)
        return self.blocks.up(s) + nets["G2"](joined(condition(nets["C2"], phi, self.split(noise)[2])[0], s))

    def __call__(self, players: dict[str, Player], batch: Batch) -> Report:
        nets = {name: player.network for name, player in players.items()}
        number, rules, phi = str(self.stage + 1), self.rules[self.stage], batch.phi
        D, G, C = (nets[f"{letter}{number}"] for letter in "DGC")
        x, made = (self.blocks.pool(batch.x), self.small) if self.stage == 0 else (batch.x, self.large)
        d = self.judge(D, x, made(nets, phi, batch.noise_d), phi, batch.wrong, rules.loss, rules.penalties)
        players[f"D{number}"].step()
        eps, given, eps2 = self.split(batch.noise_g)
        base = np.zeros_like(x)
        if self.stage:
            eps, given = eps2, self.small(nets, phi, batch.noise_g)
            base = self.blocks.up(given)
        g = g_gradients(G, C, D, phi, eps, given, base, loss=rules.loss, kl=self.kl, x=x)
        players[f"G{number}"].step()
        players[f"C{number}"].step()
        return rules.report(d, g.value) | {"kl": g.kl}


@dataclass(frozen=True)
class StackGANSettings(Common):
    """The settings of a StackGAN; the first half of the steps are stage one's."""

    condition: int = setting(8, Count(), NETS, "how many numbers the condition c has")
    kl: float = setting(.002, Number(above=0, including=(0,)), HOW, "weight of the KL term; with a large one words are lost")
    noise = property(lambda self: 2 * self.condition + self.latent)  # numbers of noise that an image takes


class StackGAN(System[StackGANSettings]):
    """A StackGAN: `train` on labelled images of digits, then `sample(n, text="a thin slanted seven")`.

    The parameters are those of `System`.
    """

    about, paper, lesson = "from words to an image, in two stages", "Zhang et al. 2017", "21"
    Settings = StackGANSettings
    recipes: ClassVar[Mapping[str, Common]] = {
        "digits": StackGANSettings(data="digits", hidden=(96, 96), latent=8, r1=2, steps=6000, batch=64, lr=2e-3, beta1=0,
                                   beta2=.99, ema=.995)}
    averaged = ("G1", "C1", "G2", "C2")
    runs = property(lambda self: InStages)

    def make(self, data: Any, seeds: Any) -> dict[str, Network]:
        self.words, self.blocks = Words(data), (blocks := Blocks(data.image, 1, FACTOR))
        row, k, m, d_z = self.recipe.row, self.words.width, self.recipe.condition, self.recipe.latent
        nets: dict[str, list[Layer]] = {
            "D1": row(blocks.d_low + k, 1), "G1": row(m + d_z, blocks.d_low), "C1": [Dense(k, 2 * m)],
            "D2": row(blocks.d + k, 1), "G2": row(m + blocks.d_low, blocks.d), "C2": [Dense(k, 2 * m)]}
        made: dict[str, Network] = {name: Sequential(*nets[name], seed=seed) for name, seed in zip(nets, seeds, strict=True)}
        for name in ("C1", "C2"):
            made[name].theta *= .5  # c begins near its noise
        return made

    def game(self, data: Any, batch: int) -> Game:
        recipe, k = self.recipe, self.words.width
        rules = [Rules(recipe.loss_object(), recipe.penalties(only(d, d + k))) for d in (self.blocks.d_low, self.blocks.d)]
        step = Step(rules, recipe.kl, self.blocks, recipe.condition)
        return Game(partial(draw, data, self.words, batch, recipe.noise), step, [each for one in rules for each in one.penalties])

    def sample(self, n: int, *, text: Any = None, seed: Seeds = 0, raw: bool = False) -> Array:
        """`n` images, (n, d), in the units of the data.

        Parameters
        ----------
        n : how many
        text : a sentence such as "a thin slanted seven", or one for each image; None: all that can be said in turn
        seed : of the noise, and of what the sentence leaves open
        raw : as in `System.sample`

        Raises
        ------
        ValueError : a sentence that cannot be understood, or not as many as images
        """
        return self._made(True, n, text, seed, raw)

    def sketches(self, n: int, *, text: Any = None, seed: Seeds = 0, raw: bool = False) -> Array:
        """The small images of stage one, (n, d_low), that `sample` starts from; the parameters are its own."""
        return self._made(False, n, text, seed, raw)

    def _made(self, large: bool, n: int, text: Any, seed: Seeds, raw: bool) -> Array:
        self.network("G1")
        n, rng = self.how_many(n), np.random.default_rng(seed_sequence(seed))
        nets, phi = {name: self.network(name, raw) for name in self.averaged}, self.words.asked(text, n, rng).astype(np.float32)
        step, noise = Step([], 0, self.blocks, self.recipe.condition), rng.standard_normal((n, self.recipe.noise), np.float32)
        return step.large(nets, phi, noise) if large else step.small(nets, phi, noise)
