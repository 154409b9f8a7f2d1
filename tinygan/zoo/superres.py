"""Super-resolution that keeps to what it was given (Bahat & Michaeli 2020), with many answers to one small image.

    y = up(low) + P r,   r = G(low, z),   P r = r - up(pool(r))
    min_G max_D  E log D(x, pool(x)) + E log(1 - D(y, low))

`pool` takes the mean of each block of pixels, and `up` repeats each mean over its block. P takes away from r what `pool` would
see of it. So pool(y) = low whatever G answers: the large image is *consistent* with the small one. All that is not in the small
image is made up, from z. Another z is another answer.

P is an orthogonal projection, P P = P = P^T. So dL/dr = P dL/dy: the backward pass of P is P.

    network   minimises                                                         moved by
    D         loss.d of [x, pool(x)] against [y, low]; R1, R2 on x's columns    D's step
    G         loss.g of [y, low]                                                the step of G and M
    M         the mean square of x - (up(low) + P M(low))                       the step of G and M

M is not in the game. It stands here for comparison: its one answer is near the mean of all images that fit, so it is a blur.

Other than there: the paper's networks are convolutions for large images, and its loss has more terms. The projection is the same,
for the simplest of all ways to make an image small.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from .. import gradients
from ..data import Points
from ..engine.arguments import Array, Seeds, count, spawn
from ..engine.machine import fits
from ..engine.network import Sequential
from ..engine.store import Network
from ..gradients import DGradients
from ..losses import Loss
from ..record import NETS, Common, setting
from ..settings import Count
from ..streams import TwoPlayerDraw
from ..updates import Batch, Player, Report, Rules
from .blocks import Blocks, size_of
from .joining import joined, only
from .system import Game, System


def d_gradients(D: Network, x: Array, y: Array, low: Array, loss: Loss, penalties: Any = ()) -> DGradients:
    """D's loss on [x, low] against [y, low], and both scores; its gradient over D.theta is in D.grad.

    Parameters
    ----------
    D : the discriminator, of d + d_low inputs
    x, y : (..., N, d), real images and answers
    low : (..., N, d_low), the small image of each x, which y answers
    loss, penalties : as in `tinygan.d_gradients`
    """
    return gradients.d_gradients_and_scores(D, joined(x, low), joined(y, low), loss, penalties)


def g_gradients(G: Network, D: Network, blocks: Blocks, low: Array, z: Array, loss: Loss, x: Array | None = None) -> Array:
    """G's loss, with its gradient over G.theta in G.grad. D is fixed.

    Parameters
    ----------
    G, D : the players
    blocks : how images become small
    low, z : (..., N, d_low) and (..., N, d_z), small images and noise
    loss : any of `tinygan.losses`
    x : (..., N, d), the large images that `low` was made of, where the loss compares with them
    """
    r, tape = G.forward(joined(low, z))
    y = blocks.up(low) + blocks.detail(r)
    s_real = D(joined(x, low)) if loss.needs_real and x is not None else None
    value, dpair, _ = gradients.through_d(D, joined(y, low), loss, s_real)
    G.zero_grad()
    G.backward(blocks.detail(dpair[..., :blocks.d]), tape)  # low was given: its columns have nowhere to go
    return value


def m_gradients(M: Network, blocks: Blocks, low: Array, x: Array) -> Array:
    """E |y - x|^2 / d of M's answers y = up(low) + P M(low), with its gradient over M.theta in M.grad.

    Parameters
    ----------
    M : the net of the mean square error
    blocks : how images become small
    low, x : (..., N, d_low) and (..., N, d), small images and the large ones that they were made of
    """
    r, tape = M.forward(low)
    wrong, numbers = blocks.up(low) + blocks.detail(r) - x, x.shape[-2] * blocks.d
    M.zero_grad()
    M.backward(blocks.detail(2 / numbers * wrong), tape)
    return (wrong * wrong).sum(axis=(-2, -1)) / numbers


def step(rules: Rules, blocks: Blocks, players: dict[str, Player], batch: Batch) -> Report:
    """D's step, then that of G and of M, with the same small images. "m_loss" is M's mean square error.

    Parameters
    ----------
    rules : the loss, and D's penalties
    blocks : how images become small
    players : "D", "G" and "M"
    batch : real images, and noise for D's step and for G's; as for the first GAN
    """
    D, G, M = (players[name].network for name in "DGM")
    x, z_d = batch.x_real[0], batch.z_d[0]
    low = blocks.pool(x)
    y = blocks.up(low) + blocks.detail(G(joined(low, z_d)))
    d = d_gradients(D, x, y, low, rules.loss, rules.penalties)
    players["D"].step()
    g_loss = g_gradients(G, D, blocks, low, batch.z_g, rules.loss, x)
    m_loss = m_gradients(M, blocks, low, x)
    players["G"].step()
    players["M"].step()
    return rules.report(d, g_loss) | {"m_loss": m_loss}


@dataclass(frozen=True)
class SuperResSettings(Common):
    """The settings of super-resolution."""

    factor: int = setting(4, Count(2), NETS, "pixels of the large image beside each other in one of the small image")


class SuperRes(System[SuperResSettings]):
    """Super-resolution: `train` on images, then `enlarge(low)`, `guesses(low, n)` and `mean_answer(low)`.

    The parameters are those of `System`.
    """

    about, paper, lesson = "large images that fit a small one, and what is made up", "Bahat & Michaeli 2020", "23"
    Settings = SuperResSettings
    recipes: ClassVar[Mapping[str, Common]] = {
        "digits": SuperResSettings(data="digits", hidden=(128, 128), latent=8, loss="relativistic", r1=3, r2=3, steps=4000,
                                   batch=64, lr=2e-3, beta1=0, beta2=.99, ema=.995)}
    averaged = ("G", "M")
    blocks: Blocks

    def make(self, data: Any, seeds: Any) -> dict[str, Network]:
        recipe = self.recipe
        blocks = self.blocks = Blocks(*size_of(data, "super-resolution"), recipe.factor)
        return {"D": Sequential(*recipe.row(blocks.d + blocks.d_low, 1), seed=seeds[1]),
                "G": Sequential(*recipe.row(blocks.d_low + recipe.latent, blocks.d), seed=seeds[0]),
                "M": Sequential(*recipe.row(blocks.d_low, blocks.d), seed=seeds[2])}

    def game(self, data: Any, batch: int) -> Game:
        penalties = self.recipe.penalties(only(self.blocks.d, self.blocks.d + self.blocks.d_low))
        rules = Rules(self.recipe.loss_object(), penalties)
        draw = TwoPlayerDraw(data, batch, 1, self.recipe.latent, np.float32)
        return Game(draw, partial(step, rules, self.blocks), penalties)

    def enlarge(self, low: Any, *, seed: Seeds = 0, raw: bool = False) -> Array:
        """One answer (N, d) to each of N small images (N, d_low), in the units of the data; `raw` as in `System.sample`."""
        low, noise = self._small(low), np.random.default_rng(spawn(seed, 1)[0])
        return self._answer(self.network("G", raw), low, noise.standard_normal((len(low), self.recipe.latent), np.float32))

    def guesses(self, low: Any, n: int, *, seed: Seeds = 0, raw: bool = False) -> Array:
        """`n` answers to each of N small images, (n, N, d)."""
        low = self._small(low)
        fits(f"{count('n', n)} guesses of {len(low)} images", n, len(low), self.blocks.d, itemsize=4)
        return self.enlarge(np.tile(low, (n, 1)), seed=seed, raw=raw).reshape(n, len(low), self.blocks.d)

    def mean_answer(self, low: Any, *, raw: bool = False) -> Array:
        """M's answer to each of N small images, (N, d): the one with a small mean square error."""
        return self._answer(self.network("M", raw), self._small(low))

    def sample(self, n: int, *, low: Any = None, seed: Seeds = 0, raw: bool = False) -> Array:
        """`n` large images, (n, d), in the units of the data.

        Parameters
        ----------
        n : how many
        low : n small images (n, d_low), or one for all of them; None: those of images that are drawn from the data
        seed : of the noise, and of the images that are drawn
        raw : as in `System.sample`

        Raises
        ------
        ValueError : small images of another size or number, or with values that the training images do not have
        """
        self.network("G")
        n = self.how_many(n)
        if low is None:
            there = min(n, len(self.data.x)) if isinstance(self.data, Points) else n
            real = self.data.sample(there, np.random.default_rng(spawn(seed, 2)[1]))
            low = np.resize(self.blocks.pool(real), (n, self.blocks.d_low))
        low = self._small(low)
        if len(low) not in (1, n):
            raise ValueError(f"low must be one small image or {n}, as many as are asked for; got {len(low)}")
        return self.enlarge(np.repeat(low, n // len(low), axis=0), seed=seed, raw=raw)

    def _answer(self, net: Network, low: Array, *z: Array) -> Array:
        return self.blocks.up(low) + self.blocks.detail(net(joined(low, *z)))

    def _small(self, low: Any) -> Array:
        """Checked small images, (N, d_low)."""
        self.network("G")
        within = (self.data.x.min(), self.data.x.max()) if isinstance(self.data, Points) else None
        return self.blocks.checked(low, within)
