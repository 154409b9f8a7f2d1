"""InfoGAN (Chen et al. 2016): codes in G's input that can be read from what G makes, without labels.

    min_{G, Q} max_D  V(D, G) - lambda L_I(G, Q)                                                       (equation 6)
    L_I = E log Q(c | G(z, c)) + H(c)  <=  I(c; G(z, c))                                               (equation 5)

V is the value of the game as ever. G takes [z, c, u]: noise, a category c of K as a one-hot row, and m factors u ~ U(-1, 1).
Q reads c and u from G's points. L_I of the categories is at most H(c) = ln K, where Q is always right and certain of it. Q is no
network of its own: D's last layer has 1 + K + m columns. Column 0 is the score, the next K are scores of the categories, the last
m are means of Gaussians for u, with the standard deviation 1. At generated points x let

    E_Q = E[-log Q(c | x) - log Q(u | x)]          a cross-entropy, and half a squared distance

    network   minimises                                                    moved by
    D and Q   loss.d of column 0, R1 and R2 on column 0, + info E_Q        D's step
    G         loss.g of column 0, + info E_Q                               G's step

E_Q stands in D's loss too, because Q is a part of D and moves with D's optimiser. H(c) is a constant without a gradient.
The paper's lambda is 1, our `info` .2 or less: R1 and R2 bound the slope of the score, but not of Q, which would outweigh it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..engine.arguments import Array, Seeds, choice, points
from ..engine.heads import gaussian_nll, softmax_cross_entropy
from ..engine.network import Sequential
from ..engine.store import Network
from ..gradients import DGradients
from ..losses import Loss
from ..record import HOW, NETS, Common, setting
from ..settings import Count, Number
from ..streams import Streams
from ..updates import Player, Report, Rules
from .codes import Latent, Reading, asked_codes, asked_factors, drawn
from .joining import joined
from .score import Score
from .system import Game, System


class QLoss(NamedTuple):
    """E_Q (...), its derivative dq (..., N, K + m) by Q's columns, and the part of the categories alone (...)."""

    value: Array
    dq: Array
    cross_entropy: Array


class GGradients(NamedTuple):
    """G's loss (...), whose gradient is in G.grad, and L_I of the categories (...), in nats."""

    value: Array
    information: Array


def q_loss(q: Array, codes: Array, factors: Array) -> QLoss:
    """E_Q: q (..., N, K + m) are Q's columns at points that were made from these codes and factors."""
    K = codes.shape[-1]
    which, means = softmax_cross_entropy(q[..., :K], codes), q[..., K:]
    where = gaussian_nll(means, factors, np.zeros_like(means))
    return QLoss(which.value + where.value, joined(which.dq, where.dmean), which.value)


def d_gradients(D: Network, x_real: Array, x_fake: Array, codes: Array, factors: Array, loss: Loss, info: float,
                penalties: Sequence[Any] = ()) -> DGradients:
    """The loss of D and Q, and both scores; its gradient over D.theta, of which Q is a part, is in D.grad.

    Parameters
    ----------
    D : a network with 1 + K + m outputs
    x_real, x_fake : (..., N, d)
    codes, factors : (..., N, K), one-hot, and (..., N, m): what x_fake was made from
    loss, penalties : as in `tinygan.d_gradients`; a penalty is at real or at fake points
    info : the weight of E_Q
    """
    (y_real, tape_real), (y_fake, tape_fake) = D.forward(x_real), D.forward(x_fake)
    s_real, s_fake = y_real[..., :1], y_fake[..., :1]
    value, ds_real, ds_fake = loss.d(s_real, s_fake)
    q = q_loss(y_fake[..., 1:], codes, factors)
    score = Score(D)
    D.zero_grad()
    score.backward(ds_real, tape_real)  # nobody knows the code of a real point
    D.backward(joined(ds_fake, info * q.dq), tape_fake)
    value = value + info * q.value
    batches = {"real": (x_real, tape_real), "fake": (x_fake, tape_fake)}
    for penalty in penalties:
        value = value + penalty(score, *batches[choice("place of a penalty", penalty.at, batches)])
    return DGradients(value, s_real, s_fake)


def g_gradients(G: Network, D: Network, z: Array, codes: Array, factors: Array, loss: Loss, info: float,
                x_real: Array | None = None) -> GGradients:
    """G's loss with its gradient over G.theta in G.grad, and the bound L_I. D and Q are fixed.

    Parameters
    ----------
    G, D : the players
    z, codes, factors : G's input: (..., N, d_z), (..., N, K), one-hot, and (..., N, m)
    loss, x_real : as in `tinygan.g_gradients`
    info : the weight of E_Q
    """
    x_fake, tape = G.forward(joined(z, codes, factors))
    y, tape_D = D.forward(x_fake)
    s_real = D(x_real)[..., :1] if loss.needs_real and x_real is not None else None
    value, ds = loss.g(y[..., :1], s_real)
    q = q_loss(y[..., 1:], codes, factors)
    dx = D.backward(joined(ds, info * q.dq), tape_D, grads=False)
    G.zero_grad()
    G.backward(dx, tape)
    return GGradients(value + info * q.value, math.log(codes.shape[-1]) - q.cross_entropy)


class Batch(NamedTuple):
    """x_real (..., N, d), and G's input for D's step and for G's."""

    x_real: Array
    d: Latent
    g: Latent


def draw(data: Any, batch: int, recipe: "InfoGANSettings", streams: Streams) -> Batch:
    """Real points, and twice noise with codes."""
    d, g = (drawn(streams, batch, recipe.latent, recipe.categories, recipe.factors) for _ in range(2))
    return Batch(streams.draw("data", lambda rng: data.sample(batch, rng).astype(np.float32)), d, g)


def step(rules: Rules, info: float, players: dict[str, Player], batch: Batch) -> Report:
    """D's step, in which Q learns, then G's. "information" is L_I of the categories, in nats."""
    D, G = players["D"].network, players["G"].network
    d = d_gradients(D, batch.x_real, G(batch.d.rows()), batch.d.codes, batch.d.factors, rules.loss, info, rules.penalties)
    players["D"].step()
    g = g_gradients(G, D, *batch.g, rules.loss, info, batch.x_real)
    players["G"].step()
    return rules.report(d, g.value) | {"information": g.information}


@dataclass(frozen=True)
class InfoGANSettings(Common):
    """The settings of an InfoGAN."""

    categories: int = setting(5, Count(), NETS, "categories of the code c, 2 to 20")
    factors: int = setting(1, Count(0), NETS, "numbers u from -1 to 1 beside c, 0 to 3")
    info: float = setting(.2, Number(above=0, including=(0,)), HOW, "weight of what Q cannot read of c and u, .03 to .3")


SPOKES = InfoGANSettings(data="spokes", hidden=(64, 64), latent=2, loss="relativistic", batch=64, lr=2e-3, beta1=0, beta2=.99,
                         r1=.1, r2=.1, ema=.995)


class InfoGAN(System[InfoGANSettings]):
    """An InfoGAN: `train`, then `sample(n, codes=..., factors=...)`, and `read(x)` for the codes of any points.

    The parameters are those of `System`.
    """

    about, paper, lesson = "codes that can be read from a sample, found without labels", "Chen et al. 2016", "17"
    Settings = InfoGANSettings
    recipes: ClassVar[Mapping[str, Common]] = {
        "spokes": SPOKES, "ring": SPOKES.replace(data="ring", categories=8, factors=0, info=.1),
        "digits": SPOKES.replace(data="digits", hidden=(128, 128), latent=16, loss="non-saturating", r1=3, r2=None,
                                 categories=10, factors=2, info=.05)}

    def make(self, data: Any, seeds: Any) -> dict[str, Network]:
        recipe, codes = self.recipe, self.recipe.categories + self.recipe.factors
        return {"D": Sequential(*recipe.row(data.dim, 1 + codes), seed=seeds[1]),
                "G": Sequential(*recipe.row(recipe.latent + codes, data.dim), seed=seeds[0])}

    def game(self, data: Any, batch: int) -> Game:
        rules = Rules(self.recipe.loss_object(), self.recipe.penalties())
        return Game(partial(draw, data, batch, self.recipe), partial(step, rules, self.recipe.info), rules.penalties)

    def inputs(self, n: int, rng: np.random.Generator, codes: Any = None, factors: Any = None) -> Array:
        z = super().inputs(n, rng)
        return joined(z, asked_codes(codes, n, self.recipe.categories), asked_factors(factors, n, self.recipe.factors, rng))

    def sample(self, n: int, *, codes: Any = None, factors: Any = None, seed: Seeds = 0, raw: bool = False) -> Array:
        """`n` samples, (n, d), with the codes and factors that are asked for.

        Parameters
        ----------
        n : how many
        codes : the category of each, (n,), or one number for all; None: the categories in turn
        factors : (n, m), or one number for each of the m factors, or one for all, -1 to 1; None: drawn from U(-1, 1)
        seed, raw : as in `System.sample`

        Raises
        ------
        TypeError, ValueError : codes that are not n categories, factors of another shape or outside -1 to 1
        """
        return self.drawn(n, seed, raw, codes=codes, factors=factors)

    def read(self, x: Any) -> Reading:
        """The likeliest category, and the factors, that Q finds in each point of x, (N, d)."""
        D, first = self.network("D"), 1 + self.recipe.categories
        q = D(points("x", x, D.d_in))
        return Reading(q[:, 1:first].argmax(axis=-1), q[:, first:])
