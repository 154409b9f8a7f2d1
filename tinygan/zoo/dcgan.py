"""DCGAN (Radford et al. 2016): convolutions in both players, with rules under which they learn.

    min_G max_D  E log D(x) + E log(1 - D(G(z)))

The game is the first GAN's, so its gradients are those of `tinygan.gradients`, and a step is `updates.alternating`. New are the
networks, by the rules of the paper's section 3:

    strided convolutions in D instead of pooling, transposed convolutions in G        Conv2D, ConvTranspose2D: kernel 4, stride 2
    BatchNorm in both, but not at G's output nor at D's input                         BatchNorm over the batch and all pixels
    no hidden dense layers                                                            one at G's beginning, one at D's end
    ReLU in G and tanh at its output; leaky ReLU of slope .2 in D
    weights from N(0, .02^2); Adam with beta1 = .5

    network   minimises                                     moved by
    D         loss.d of x against G(z)                      D's step
    G         loss.g of G(z)                                G's step

Two sets of settings are kept. "digits" are the paper's rules. With a penalty on D's gradient (`r1`) two rules change. D has no
BatchNorm, because a penalty on each sample's own gradient needs a score that depends on this sample alone (Gulrajani et al. 2017,
section 4). The weights have He's size, which BatchNorm had put right before.

G's BatchNorm uses the batch at hand, in training and afterwards. So an image depends a little on the others of its batch, and
`sample` makes its images in batches of the size that G was trained with.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from ..engine.arguments import Array, Seeds, seed_sequence
from ..engine.conv import Conv2D, ConvTranspose2D
from ..engine.initial import he, normal
from ..engine.layers import Dense, Layer, LeakyReLU, Tanh
from ..engine.network import Sequential
from ..engine.norm import BatchNorm
from ..engine.store import Network
from ..record import ACTIVATIONS, NETS, Common, setting
from ..settings import Choice, Count, Several
from ..streams import TwoPlayerDraw
from ..updates import Rules
from .blocks import size_of, smallest
from .system import Game, System

KERNEL, STRIDE, PAD = 4, 2, 1  # doubles or halves an image; 4 is divisible by 2, so every pixel is covered equally often
SLOPE = .2


@dataclass(frozen=True)
class DCGANSettings(Common):
    """The settings of a DCGAN."""

    hidden: tuple[int, ...] = setting((32, 16), Several(Count(), "32 16"), NETS,
                                      "channels of G's hidden images, each twice as high and wide as the one before; D has "
                                      "the same ones, from large to small")
    activation: Any = setting("relu", Choice("activation", ACTIVATIONS, callable), NETS, "between G's layers: {names}; D has "
                                                                                         f"leaky ReLU of slope {SLOPE:g}")


def generator(latent: int, image: tuple[int, int], channels: int, hidden: Sequence[int], activation: Any) -> list[Layer]:
    """G's layers: z, then an image of hidden[0] channels, then one transposed convolution for each doubling."""
    size = smallest(image, len(hidden))
    row: list[Layer] = [Dense(latent, math.prod(size) * hidden[0])]
    for before, after in pairwise((*hidden, channels)):
        row += [BatchNorm(math.prod(size) * before, channels=before), activation(),
                ConvTranspose2D(size, before, after, KERNEL, STRIDE, PAD)]
        size = (2 * size[0], 2 * size[1])
    return [*row, Tanh()]


def discriminator(image: tuple[int, int], channels: int, hidden: Sequence[int], batch_norm: bool) -> list[Layer]:
    """D's layers: one convolution for each halving, and a dense layer from the last image to the score."""
    size, row = image, list[Layer]()
    for number, (before, after) in enumerate(pairwise((channels, *reversed(hidden)))):
        row.append(Conv2D(size, before, after, KERNEL, STRIDE, PAD))
        size = (size[0] // 2, size[1] // 2)
        if batch_norm and number > 0:
            row.append(BatchNorm(math.prod(size) * after, channels=after))
        row.append(LeakyReLU(SLOPE))
    return [*row, Dense(math.prod(size) * hidden[0], 1)]


PAPER = DCGANSettings(data="digits", latent=16, steps=4000, batch=64, lr=1e-3, beta1=.5, beta2=.999, schedule="constant",
                      ema=.995)


class DCGAN(System[DCGANSettings]):
    """A DCGAN: `train` on images with values in [-1, 1], such as data.digits(), then `sample(n)`.

    The parameters are those of `System`. The settings "digits-r1" have a gradient penalty in place of BatchNorm in D.
    """

    about, paper, lesson = "convolutions by hand, and the rules under which they learn", "Radford et al. 2016", "20"
    Settings = DCGANSettings
    recipes: ClassVar[Mapping[str, Common]] = {
        "digits": PAPER, "patches": PAPER.replace(data="patches", steps=3000),
        "digits-r1": PAPER.replace(lr=2e-3, beta1=0, beta2=.99, schedule="cosine_decay", r1=3)}

    def make(self, data: Any, seeds: Any) -> dict[str, Network]:
        recipe, (image, channels) = self.recipe, size_of(data, "a DCGAN")
        init = he if recipe.penalties() else normal(.02)
        g_row = generator(recipe.latent, image, channels, recipe.hidden, recipe.object("activation"))
        d_row = discriminator(image, channels, recipe.hidden, batch_norm=not recipe.penalties())
        return {"D": Sequential(*d_row, seed=seeds[1], init=init), "G": Sequential(*g_row, seed=seeds[0], init=init)}

    def game(self, data: Any, batch: int) -> Game:
        penalties = self.recipe.penalties()
        draw = TwoPlayerDraw(data, batch, 1, self.recipe.latent, np.float32)
        return Game(draw, Rules(self.recipe.loss_object(), penalties).step(), penalties)

    def sample(self, n: int, *, seed: Seeds = 0, raw: bool = False) -> Array:
        """`n` images, (n, H W C), made in batches of the size of training; `raw`: from G itself, where an average is kept."""
        G, n = self.network("G", raw), self.how_many(n)
        batch, rng = self.recipe.batch_for(self.data), np.random.default_rng(seed_sequence(seed))
        return np.concatenate([G(self.inputs(batch, rng)) for _ in range(0, n, batch)])[:n]
