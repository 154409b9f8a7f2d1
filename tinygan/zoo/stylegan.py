"""StyleGAN (Karras et al. 2019): w, made of z, acts on every layer of the generator as a style. And the layers of StyleGAN2.

    min_G max_D  E log D(x) + E log(1 - D(G(z)))          and for G  + path_length E_w,y ( |J_w' y| - a )^2

The game is the first GAN's. The new part is the generator, in `style_generator`. It has a mapping from z to w, a learned
constant in the place of z, a style of w for each layer, and noise for each pixel. It also has mixing, where coarse layers have
the style of one z and fine layers the style of another. A row of its input holds all that is random, so G stays a function of
it.

*Path-length regularisation* (Karras et al. 2020, section 3.2, equation 4): the image should move equally far whichever way w
moves, wherever w is. J_w is the Jacobian of the image by w, y an image of noise from N(0, I), and a the mean length so far.
J_w' y is what `backward` gives for dy = y. It is a gradient, so the penalty on its length needs the gradient of a gradient, as in
`penalties`.

    network   minimises                                                        moved by
    D         loss.d of x against G(z); R1                                     D's step
    G         loss.g of G(z), + path_length E (|J_w' y| - a)^2; a is fixed     G's step
    a         nothing: it follows the mean length, by a share DECAY a step     G's step

*Truncation*: w' = m + psi (w - m), with m the mean of w. Here m is the mean w of the network that makes the images, taken when it
makes them. So it cannot be that of another network, as where G's own mean is used with its average.

Other than there: no progressive growing and no blur, because images are small. The mapping has two dense layers instead of
eight, and the learning rate of all the others. psi holds for all layers. The regulariser is in every step, not in each sixteenth.
Each y is divided by the root of the number of pixels, as in the authors' code.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import gradients
from ..engine.arguments import Array, Seeds, count, number, spawn
from ..engine.network import Sequential, forward_through
from ..engine.store import Network
from ..losses import Loss
from ..record import ACTIVATIONS, HOW, NETS, Common, setting
from ..settings import Choice, Count, Number, Several
from ..streams import Streams
from ..updates import Player, Report, Rules
from .blocks import size_of
from .dcgan import discriminator
from .joining import joined
from .style_generator import KINDS, StyleGenerator
from .system import Game, System

DECAY = .01  # the share of its way that a goes to the mean length of a batch
MEAN_OF = 4096  # so many w make their mean


class GReport(NamedTuple):
    """`value`: what G minimises; `lengths` (..., N, 1): the path lengths, or None without the regulariser."""

    value: Array
    lengths: Array | None


def g_gradients(G: StyleGenerator, D: Network, z: Array, loss: Loss, x: Array | None = None, y: Array | None = None,
                weight: float = 0) -> GReport:
    """G's loss, with its gradient in G.grad. D is fixed, and so is the mean length a = G.path.length.

    Parameters
    ----------
    G, D : the players
    z : (..., N, d_in), rows with all that is random
    loss, x : as in `tinygan.g_gradients`
    y : None, or images of noise (..., N, d), for path lengths
    weight : of the regulariser
    """
    w, mapped = G.mapping.forward(z[..., :2 * G.latent + 1])
    fake, made = G.synthesis.forward(joined(w, z[..., 2 * G.latent + 1:]))
    s_real = D(x) if loss.needs_real and x is not None else None
    value, dfake, _ = gradients.through_d(D, fake, loss, s_real)
    G.zero_grad()
    if y is None:
        dw, lengths = G.synthesis.backward(dfake, made)[..., :G.d_w], None
    else:
        penalty, lengths, dw = path_lengths(G, made, y, weight, dfake)
        value = value + penalty
    G.mapping.backward(dw, mapped)
    return GReport(value, lengths)


class Paths(NamedTuple):
    """The penalty's value (...), the lengths (..., N, 1), and the derivative (..., N, d_w) by the w of all layers."""

    value: Array
    lengths: Array
    dw: Array


def path_lengths(G: StyleGenerator, made: Any, y: Array, weight: float, dfake: Array) -> Paths:
    """weight E (r - a)^2 for lengths r; adds its gradient, and that of a loss by the images, to the grads of G's synthesis.

        g = J_w' y, for the w of each of the L layers;       r = sqrt(|g|^2 / L + 1e-12)
        v = dP/dg = 2 weight / N (r - a) g / (L r),          and with v held fixed
        dP/dtheta = d<v, g>/dtheta = R_v{ d<y, G>/dtheta }

    Parameters
    ----------
    G, made : the generator, and the tape of its synthesis
    y : (..., N, d), images of noise
    weight : of the penalty
    dfake : (..., N, d), a loss's own derivative, whose gradient is added in the same pass
    """
    g = G.synthesis.backward(y, made, grads=False)
    of_w, L, N = g[..., :G.d_w], G.n_styles, y.shape[-2]
    r = np.sqrt((of_w * of_w).sum(axis=-1, keepdims=True) / L + 1e-12)
    off = r - G.path.length
    v = (2 * weight / (N * L)) * off / r * of_w
    _, tape_dot = G.synthesis.tangent(joined(v, np.zeros_like(g[..., G.d_w:])), made)
    _, d_dot = G.synthesis.tangent_backward(y, dfake, made, tape_dot)
    return Paths(weight * (off * off).mean(axis=(-2, -1)), r, d_dot[..., :G.d_w])


class Batch(NamedTuple):
    """What a step needs: real images x (..., N, d), rows z of G's input for D's step and for G's own, and images of noise y."""

    x: Array
    z_d: Array
    z_g: Array
    y: Array | None


def draw(data: Any, batch: int, d_in: int, paths: bool, streams: Streams) -> Batch:
    """A batch. Everything random about a generated image is in its row of z."""
    x = streams.draw("data", lambda rng: data.sample(batch, rng)).astype(np.float32)
    z_d, z_g = (streams.normal("latent", (batch, d_in), np.float32) for _ in range(2))
    pixels = math.prod(data.image)
    y = streams.normal("noise", (batch, data.dim), np.float32) / np.float32(math.sqrt(pixels)) if paths else None
    return Batch(x, z_d, z_g, y)


def step(rules: Rules, weight: float, players: dict[str, Player], batch: Batch) -> Report:
    """D's step, then G's; "path" is the mean length of the paths."""
    G: Any = players["G"].network
    D = players["D"].network
    d = gradients.d_gradients_and_scores(D, batch.x, G(batch.z_d), rules.loss, rules.penalties)
    players["D"].step()
    g = g_gradients(G, D, batch.z_g, rules.loss, batch.x, batch.y, weight)
    players["G"].step()
    report = rules.report(d, g.value)
    if g.lengths is not None:
        mean, a = g.lengths.mean(axis=-2, keepdims=True), G.path.length
        a += DECAY * (mean - a)
        report["path"] = mean[..., 0, 0]
    return report


@dataclass(frozen=True)
class StyleGANSettings(Common):
    """The settings of a StyleGAN."""

    hidden: tuple[int, ...] = setting((12, 12), Several(Count(), "12 12"), NETS,
                                      "channels of G's hidden images, each twice as high and wide as the one before")
    hidden_d: tuple[int, ...] = setting((48, 24), Several(Count(), "48 24"), NETS, "channels of D's hidden images, from the "
                                        "smallest to the largest, as a DCGAN's")
    activation: Any = setting("leaky-relu", Choice("activation", ACTIVATIONS, callable), NETS, "between G's layers: {names}")
    style: str = setting("adain", Choice("kind of style", KINDS), NETS, "what a style does: {names}")
    mapping: int = setting(2, Count(0), NETS, "dense layers from z to w, 0 to 8")
    mixing: float = setting(.1, Number(above=0, below=1, including=(0, 1)), HOW, "share of the images with the styles of two z")
    path_length: float | None = setting(None, Number(above=0, metavar="WEIGHT"), HOW,
                                        "weight of the regulariser that makes all paths equally long")


DIGITS = StyleGANSettings(data="digits", latent=16, r1=1, steps=4000, batch=32, lr=2e-3, beta1=0, beta2=.99, ema=.995)


class StyleGAN(System[StyleGANSettings]):
    """A StyleGAN: `train` on images, then `sample(n)`, or `paint` the `styles(n)` of images; `mixed` joins those of two.

    The parameters are those of `System`.
    """

    about, paper, lesson = "styles for every layer, mixing and truncation", "Karras et al. 2019, 2020", "22"
    Settings = StyleGANSettings
    recipes: ClassVar[Mapping[str, Common]] = {
        "digits": DIGITS, "patches": DIGITS.replace(data="patches", hidden=(16, 16, 12), hidden_d=(32, 24, 16), steps=2000)}

    def make(self, data: Any, seeds: Any) -> dict[str, Network]:
        recipe, (image, channels) = self.recipe, size_of(data, "a StyleGAN")
        G = StyleGenerator(recipe.latent, image, channels, recipe.hidden, style=recipe.style, depth=recipe.mapping,
                           mixing=recipe.mixing, activation=recipe.object("activation")(), seed=seeds[0])
        return {"D": Sequential(*discriminator(image, channels, recipe.hidden_d, False), seed=seeds[1]), "G": G}

    def game(self, data: Any, batch: int) -> Game:
        recipe, weight = self.recipe, self.recipe.path_length
        rules = Rules(recipe.loss_object(), recipe.penalties())
        return Game(partial(draw, data, batch, self.networks["G"].d_in, bool(weight)), partial(step, rules, weight or 0),
                    rules.penalties)

    def inputs(self, n: int, rng: np.random.Generator) -> Array:
        """Rows of G's input without mixing, (n, d_in)."""
        rows = rng.standard_normal((n, self.network("G").d_in), np.float32)
        rows[:, 2 * self.recipe.latent] = -np.inf
        return rows

    def styles(self, n: int, *, truncation: float = 1, seed: Seeds = 0, raw: bool = False) -> Array:
        """The w of `n` images, (n, latent).

        Parameters
        ----------
        n, seed, raw : as in `System.sample`
        truncation : psi, from 0 to 1

        Raises
        ------
        ValueError : psi below 0 or above 1
        """
        psi = number("truncation", truncation, above=0, below=1, including=(0, 1))
        G: Any = self.network("G", raw)
        z = np.random.default_rng(spawn(seed, 2)[0]).standard_normal((self.how_many(n), G.latent), np.float32)
        w = forward_through(G.net, z)[0]
        if psi < 1:
            many = np.random.default_rng(0).standard_normal((MEAN_OF, G.latent), np.float32)
            mean = forward_through(G.net, many)[0].mean(axis=0)
            w = mean + np.float32(psi) * (w - mean)
        return w

    def paint(self, w: Any, *, seed: Seeds = 0, raw: bool = False) -> Array:
        """The images (n, d) that have the styles w, each with noise of its own.

        Parameters
        ----------
        w : (n, latent), the same for all layers; or (n, layers, latent), from coarse to fine
        seed, raw : as in `System.sample`; the seed is that of the noise

        Raises
        ------
        ValueError : styles of another shape
        """
        G: Any = self.network("G", raw)
        w, L = np.asarray(w, G.dtype), G.n_styles
        if w.ndim == 2:
            w = np.stack([w] * L, axis=1)
        if w.ndim != 3 or w.shape[1:] != (L, G.latent):
            raise ValueError(f"w must hold {G.latent} numbers for each image, (n, {G.latent}), or for each of {L} layers, "
                             f"(n, {L}, {G.latent}); got shape {w.shape}")
        noise = np.random.default_rng(spawn(seed, 2)[1]).standard_normal((len(w), G.d_in - 2 * G.latent - 1), np.float32)
        return G.synthesis.forward(joined(w.reshape(len(w), G.d_w), noise))[0]

    def mixed(self, coarse: Array, fine: Array, layers: int | None = None) -> Array:
        """Styles for `paint`, (n, all layers, latent): those of the first `layers` from `coarse`, the others from `fine`.

        Parameters
        ----------
        coarse, fine : (n, latent) each
        layers : how many are coarse, by default half of them

        Raises
        ------
        ValueError : more layers than there are
        """
        G: Any = self.network("G")
        k = G.n_styles // 2 if layers is None else count("layers", layers, 0)
        if k > G.n_styles:
            raise ValueError(f"layers must be from 0 to {G.n_styles}; got {k}")
        return np.stack([coarse] * k + [fine] * (G.n_styles - k), axis=1)

    def sample(self, n: int, *, truncation: float = 1, seed: Seeds = 0, raw: bool = False) -> Array:
        """`n` images, (n, d), in the units of the data, none of them mixed.

        Parameters
        ----------
        n, seed, raw : as in `System.sample`
        truncation : psi, from 0 to 1: smaller ones give images that are more alike, and more like real ones

        Raises
        ------
        ValueError : psi below 0 or above 1
        """
        return self.paint(self.styles(n, truncation=truncation, seed=seed, raw=raw), seed=seed, raw=raw)
