"""Conditional GAN (Mirza & Osindero 2014): both players are told the class, so that one can ask for it.

    min_G max_D  E log D(x | y) + E log(1 - D(G(z | y) | y))                                             (equation 2)

with a class y for every sample, as a one-hot row. Nothing is added to the game but y, which stands beside x in D's input and
beside z in G's. D learns to reject a good image of the wrong class, as it never sees one among the real pairs. G can only
answer with images of the class that it was given.

    network   minimises                                                    moved by
    D         loss.d of [x, y] against [G(z, y), y]; R1 on x's columns     D's step
    G         loss.g of [G(z, y), y]                                       G's step

A generated image goes to D with the label that G was given, which is the label of the real image beside it. If D saw another
label there, no image of G's could be right, and G collapses (`tests/benchmarks/family.py conditional` has that as a row).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import gradients
from ..data import one_hot, whole_labels
from ..engine.arguments import Array, Seeds
from ..engine.network import Sequential
from ..engine.store import Network
from ..gradients import DGradients
from ..losses import Loss
from ..record import NETS, Common, setting
from ..settings import Flag
from ..streams import Streams
from ..updates import Player, Report, Rules
from .joining import joined, only
from .projection import Projection
from .system import Game, System


def d_gradients(D: Network, x_real: Array, x_fake: Array, labels: Array, loss: Loss, penalties: Any = ()) -> DGradients:
    """D's loss on [x_real, labels] against [x_fake, labels], and both scores; its gradient over D.theta is in D.grad.

    Parameters
    ----------
    D : the discriminator, of d + K inputs
    x_real, x_fake : (..., N, d)
    labels : (..., N, K), one-hot: the class of x_real, and the class that was asked of G for x_fake
    loss, penalties : as in `tinygan.d_gradients`
    """
    return gradients.d_gradients_and_scores(D, joined(x_real, labels), joined(x_fake, labels), loss, penalties)


def g_gradients(G: Network, D: Network, z: Array, labels: Array, loss: Loss, x_real: Array | None = None) -> Array:
    """G's loss, with its gradient over G.theta in G.grad. D is fixed.

    Parameters
    ----------
    G, D : the players
    z : (..., N, d_z), latent noise
    labels : (..., N, K), one-hot: what G is asked for, and of x_real
    loss, x_real : as in `tinygan.g_gradients`
    """
    x_fake, tape = G.forward(joined(z, labels))
    s_real = D(joined(x_real, labels)) if loss.needs_real and x_real is not None else None
    value, dpair, _ = gradients.through_d(D, joined(x_fake, labels), loss, s_real)
    G.zero_grad()
    G.backward(dpair[..., :G.d_out], tape)  # the label was given: the rest of the gradient has nowhere to go
    return value


class Batch(NamedTuple):
    """x_real (..., N, d) with its labels (..., N, K), one-hot; z_d and z_g (..., N, d_z), for D's step and for G's."""

    x_real: Array
    labels: Array
    z_d: Array
    z_g: Array


def draw(data: Any, batch: int, d_z: int, streams: Streams) -> Batch:
    """Real points with their labels, and noise; the generated points get the same labels.

    Parameters
    ----------
    data : a data set with classes
    batch : how many rows of each kind
    d_z : dimensions of the noise
    streams : the random numbers of the training
    """
    def pairs(rng: np.random.Generator) -> Array:
        x, labels = data.sample_labelled(batch, rng)
        return joined(x.astype(np.float32), one_hot(labels, data.classes))

    rows = streams.draw("data", pairs)
    z_d, z_g = (streams.normal("latent", (batch, d_z), np.float32) for _ in range(2))
    return Batch(rows[..., :data.dim].copy(), rows[..., data.dim:].copy(), z_d, z_g)


def step(rules: Rules, players: dict[str, Player], batch: Batch) -> Report:
    """D's step, then G's.

    Parameters
    ----------
    rules : the loss, and D's penalties
    players : "D" and "G"
    batch : what `draw` has drawn
    """
    D, G = players["D"].network, players["G"].network
    x_fake = G(joined(batch.z_d, batch.labels))
    d = d_gradients(D, batch.x_real, x_fake, batch.labels, rules.loss, rules.penalties)
    players["D"].step()
    g_loss = g_gradients(G, D, batch.z_g, batch.labels, rules.loss, batch.x_real)
    players["G"].step()
    return rules.report(d, g_loss)


@dataclass(frozen=True)
class ConditionalSettings(Common):
    """The settings of a conditional GAN."""

    projection: bool = setting(False, Flag(), NETS, "D compares the label with what it has seen in x (Miyato & Koyama 2018), "
                                                    "instead of taking it beside x")


IMAGES = ConditionalSettings(data="digits", hidden=(128, 128), latent=16, steps=4000, batch=64, lr=2e-3, beta1=0, beta2=.99,
                             r1=3, ema=.995)


class Conditional(System[ConditionalSettings]):
    """A conditional GAN: `train` on data with classes, then `sample(n, labels=...)`.

    The parameters are those of `System`.
    """

    about, paper, lesson = "a generator that is told which class to make", "Mirza & Osindero 2014", "16"
    Settings = ConditionalSettings
    recipes: ClassVar[Mapping[str, Common]] = {
        "digits": IMAGES, "ring": IMAGES.replace(data="ring", hidden=(64, 64), latent=2, r1=.1)}

    def make(self, data: Any, seeds: Any) -> dict[str, Network]:
        if data.classes is None:
            raise ValueError(f"{data.name} has no labels: a conditional GAN learns from samples whose class is known, such as "
                             "data.digits() or Points(x, labels=labels)")
        recipe, pair = self.recipe, data.dim + data.classes
        G = Sequential(*recipe.row(recipe.latent + data.classes, data.dim), seed=seeds[0])
        if recipe.projection:
            phi = [*recipe.row(data.dim, 1)[:-1]]
            return {"D": Projection(phi, data.classes, seed=seeds[1]), "G": G}
        return {"D": Sequential(*recipe.row(pair, 1), seed=seeds[1]), "G": G}

    def game(self, data: Any, batch: int) -> Game:
        penalties = self.recipe.penalties(only(data.dim, data.dim + data.classes))
        rules = Rules(self.recipe.loss_object(), penalties)
        return Game(partial(draw, data, batch, self.recipe.latent), partial(step, rules), penalties)

    def inputs(self, n: int, rng: np.random.Generator, labels: Any = None) -> Array:
        asked = np.arange(n) % self.data.classes if labels is None else whole_labels(labels, self.data.classes, n)
        return joined(super().inputs(n, rng), one_hot(asked, self.data.classes))

    def sample(self, n: int, *, labels: Any = None, seed: Seeds = 0, raw: bool = False) -> Array:
        """`n` samples, (n, d), of the classes that are asked for.

        Parameters
        ----------
        n : how many
        labels : the class of each, (n,), or one number for all; None: the classes in turn, as equally often as n allows
        seed, raw : as in `System.sample`

        Raises
        ------
        TypeError, ValueError : labels that are not n classes
        """
        return self.drawn(n, seed, raw, labels=labels)
