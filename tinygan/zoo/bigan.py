"""BiGAN (Donahue et al. 2017; Dumoulin et al. 2017, as ALI): an encoder E, from x back to z, that learns in the same game.

    min_{G,E} max_D  E log D(x, E(x)) + E log(1 - D(G(z), z))                                            (equation 3)

D sees pairs: a real x beside its code E(x), or a code z beside the generated G(z). E and G move the two kinds of pair towards
each other. Where D cannot tell them apart, both have one joint distribution, and then E inverts G. No term compares x with
G(E(x)), and no term compares z with E(G(z)).

    network   minimises                                                          moved by
    D         loss.d of [x, E(x)] against [G(z), z]; R1 and R2 on both           D's step
    E         the same loss with the pairs exchanged, through E(x)               the step of G and E
    G         the same loss with the pairs exchanged, through G(z)               the step of G and E

With the logistic loss the exchange means that E minimises -log(1 - D(x, E(x))) and G minimises -log D(G(z), z). E and G pull in
opposite directions, as E holds a real pair and G a generated one. The equation itself would have them minimise log D(x, E(x))
and log(1 - D(G(z), z)), whose gradients vanish where D is sure. So both papers train with the exchange too.

Other than there: E returns one code for each x, where that of Dumoulin et al. is random; the loss is relativistic; D has R1 and
R2. A unit of z is not a unit of x, so the penalties may weigh z's columns by themselves (`z_penalty`). D has the hard part here,
to know which z belongs to which x. So it may be wider than G and E (`hidden_d`), and learn faster (`lr_d`).

`latent_regressor` trains the encoder that the game must be compared with, as Donahue et al. do. It needs no game: G is finished,
and E minimises the mean of |z - E(G(z))|^2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import gradients
from ..engine.arguments import Array, Seeds, count, points
from ..engine.network import Sequential
from ..engine.optim import Adam, cosine_decay
from ..engine.store import Network
from ..gradients import DGradients
from ..history import History
from ..losses import Loss
from ..record import HOW, NETS, Common, setting
from ..settings import Count, Number, Several
from ..streams import Streams
from ..training import Training
from ..updates import Player, Report, Rules
from .joining import joined, only
from .system import Game, System


def d_gradients(D: Network, x: Array, code: Array, x_fake: Array, z: Array, loss: Loss, penalties: Any = ()) -> DGradients:
    """D's loss on [x, code] against [x_fake, z], and both scores; its gradient over D.theta is in D.grad.

    Parameters
    ----------
    D : the discriminator, of d + d_z inputs
    x, code : (..., N, d) and (..., N, d_z), real points and E(x)
    x_fake, z : (..., N, d) and (..., N, d_z), G(z) and the noise that it was made from
    loss, penalties : as in `tinygan.d_gradients`
    """
    return gradients.d_gradients_and_scores(D, joined(x, code), joined(x_fake, z), loss, penalties)


def ge_gradients(G: Network, E: Network, D: Network, x: Array, z: Array, loss: Loss) -> Array:
    """The loss of G and E, with its gradients in G.grad and in E.grad. D is fixed.

    The generated pair stands where D's own loss has the real one. So ds_real is the derivative for the scores of the generated
    pairs, and its columns of x go on to G. And ds_fake is the derivative for the real pairs, and its columns of z go on to E.

    Parameters
    ----------
    G, E, D : the players
    x, z : (..., N, d) and (..., N, d_z), real points and noise, equally many
    loss : any of `tinygan.losses`; a loss that compares real and fake scores pairs row with row
    """
    (code, tape_e), (x_fake, tape_g) = E.forward(x), G.forward(z)
    s_real, tape_real = D.forward(joined(x, code))
    s_fake, tape_fake = D.forward(joined(x_fake, z))
    exchanged = loss.d(s_fake, s_real)
    dfake = D.backward(exchanged.ds_real, tape_fake, grads=False)
    dreal = D.backward(exchanged.ds_fake, tape_real, grads=False)
    G.zero_grad()
    E.zero_grad()
    G.backward(dfake[..., :G.d_out], tape_g)  # z was given, and so was x: the other columns have nowhere to go
    E.backward(dreal[..., G.d_out:], tape_e)
    return exchanged.value


def regressor_gradients(E: Network, x_fake: Array, z: Array) -> Array:
    """E |z - E(x_fake)|^2 with its gradient in E.grad, for x_fake (..., N, d) made from the noise z (..., N, d_z)."""
    code, tape = E.forward(x_fake)
    wrong, n = code - z, z.shape[-2]
    E.zero_grad()
    E.backward(2 / n * wrong, tape)
    return (wrong * wrong).sum(axis=(-2, -1)) / n


class Batch(NamedTuple):
    """x_d and x_ge (..., N, d), z_d and z_ge (..., N, d_z): real points and noise for D's step, and for that of G and E."""

    x_d: Array
    z_d: Array
    x_ge: Array
    z_ge: Array


def draw(data: Any, batch: int, d_z: int, streams: Streams) -> Batch:
    """Real points and noise, new ones for each of the two steps."""
    x_d, x_ge = (streams.draw("data", lambda rng: data.sample(batch, rng)).astype(np.float32) for _ in range(2))
    z_d, z_ge = (streams.normal("latent", (batch, d_z), np.float32) for _ in range(2))
    return Batch(x_d, z_d, x_ge, z_ge)


def step(rules: Rules, players: dict[str, Player], batch: Batch) -> Report:
    """D's step, then the step of G and E, both from one gradient. "g_loss" is the loss that these two share."""
    D, G, E = (players[name].network for name in "DGE")
    d = d_gradients(D, batch.x_d, E(batch.x_d), G(batch.z_d), batch.z_d, rules.loss, rules.penalties)
    players["D"].step()
    g_loss = ge_gradients(G, E, D, batch.x_ge, batch.z_ge, rules.loss)
    players["G"].step()
    players["E"].step()
    return rules.report(d, g_loss)


@dataclass(frozen=True)
class BiGANSettings(Common):
    """The settings of a BiGAN."""

    hidden_d: tuple[int, ...] | None = setting(None, Several(Count(), "1024"), NETS, "sizes of D's hidden layers; by default "
                                               "those of G and E")
    z_penalty: float = setting(1.0, Number(above=0, including=(0,)), HOW, "weight of z's columns in the penalties, where x's "
                               "have 1; 0 leaves them out")


IMAGES = BiGANSettings(data="digits", hidden=(64, 64), hidden_d=(1024,), latent=8, activation="leaky-relu", loss="relativistic",
                       r1=3, r2=3, z_penalty=.1, steps=6000, batch=64, lr=2e-3, lr_d=4e-3, beta1=0, beta2=.99, ema=.995)


class BiGAN(System[BiGANSettings]):
    """A BiGAN: `train`, then `sample(n)`, `encode(x)` and `reconstruct(x)`.

    The parameters are those of `System`.
    """

    about, paper, lesson = "an encoder that learns in the game", "Donahue et al. 2017", "18"
    Settings = BiGANSettings
    recipes: ClassVar[Mapping[str, Common]] = {
        "digits": IMAGES, "ring": IMAGES.replace(data="ring", hidden_d=(512,), latent=2, r1=.1, r2=.1, z_penalty=1)}
    averaged = ("G", "E")

    def make(self, data: Any, seeds: Any) -> dict[str, Network]:
        recipe, pair = self.recipe, data.dim + self.recipe.latent
        wide = recipe.replace(hidden=recipe.hidden_d or recipe.hidden)
        return {"D": Sequential(*wide.row(pair, 1), seed=seeds[1]),
                "G": Sequential(*recipe.row(recipe.latent, data.dim), seed=seeds[0]),
                "E": Sequential(*recipe.row(data.dim, recipe.latent), seed=seeds[2])}

    def game(self, data: Any, batch: int) -> Game:
        d_z = self.recipe.latent
        penalties = self.recipe.penalties(only(data.dim, data.dim + d_z, self.recipe.z_penalty))
        return Game(partial(draw, data, batch, d_z), partial(step, Rules(self.recipe.loss_object(), penalties)), penalties)

    def encode(self, x: Any, *, raw: bool = False) -> Array:
        """The codes E(x), (N, d_z), of points x (N, d) in the units of the data; `raw` as in `System.sample`."""
        E = self.network("E", raw)
        return E(points("x", x, E.d_in))

    def reconstruct(self, x: Any, *, raw: bool = False) -> Array:
        """G(E(x)), (N, d), for points x (N, d) in the units of the data; `raw` as in `System.sample`."""
        return self.network("G", raw)(self.encode(x, raw=raw))


def latent_regressor(G: Network, E: Network, *, steps: int = 3000, batch: int = 64, lr: float = 2e-3, seed: Seeds = 0) -> History:
    """Train E alone, in place, to find the z of a finished G's points; returns the `History` of its loss, "e_loss".

    Parameters
    ----------
    G, E : (..., N, d_z) -> (..., N, d), and back; G stays as it is
    steps, batch, lr : of Adam, whose learning rate falls to 0
    seed : of the noise

    Raises
    ------
    ValueError : E does not take what G gives, or does not give what G takes
    """
    if (E.d_in, E.d_out) != (G.d_out, G.d_in):
        raise ValueError(f"E must go back where G came from, from {G.d_out} columns to {G.d_in}; got {E.d_in} to {E.d_out}")
    n = count("batch", batch)

    def one_step(players: dict[str, Player], z: tuple[Array]) -> Report:
        e_loss = regressor_gradients(players["E"].network, G(z[0]), z[0])
        players["E"].step()
        return {"e_loss": e_loss}

    return Training({"E": Player(E, Adam(lr, .9, .99))}, lambda streams: (streams.normal("latent", (n, G.d_in), G.dtype),),
                    one_step, steps=steps, streams=Streams(seed, G.replicas), schedule=cosine_decay).run(progress=False)
