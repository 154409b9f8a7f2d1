"""DiscoGAN (Kim et al. 2017): from one domain to another and back, without a single pair to learn from.

Two games at once, for domains A and B. G_AB turns samples of A into samples of B, G_BA the other way; D_B and D_A judge them.

    for A to B    L_GAN_B = -E log D_B(G_AB(a)),        L_CONST_A = E d(G_BA(G_AB(a)), a)
    for B to A    L_GAN_A = -E log D_A(G_BA(b)),        L_CONST_B = E d(G_AB(G_BA(b)), b)
    L_G = L_GAN_B + L_CONST_A + L_GAN_A + L_CONST_B     L_D = those of D_A and D_B, as in the first GAN, summed

d is the mean square over coordinates here, times the setting `cycle`. Without L_CONST each generator need only make good samples
of its domain, whatever it was given. L_CONST asks that the way back leads to where one came from.

    network       minimises                                              moved by
    D_A, D_B      loss.d of a against G_BA(b), of b against G_AB(a)      D's step
    G_AB, G_BA    L_G                                                    one step of both

Each cycle runs through both generators, so both collect gradient from it before either of them moves. CycleGAN (Zhu et al. 2017),
which was found at the same time, has the mean of |.| for d, and a least-squares loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import data as data_module
from .. import gradients
from .. import train_arguments as given
from ..engine.arguments import Array, Seeds, points, seed_sequence
from ..engine.network import Sequential
from ..engine.store import Network
from ..files import ENDINGS
from ..gradients import DGradients
from ..losses import Loss
from ..record import HOW, WHAT, Common, setting
from ..settings import Number, Source
from ..streams import Streams
from ..updates import Player, Report
from .system import Game, System


class Nets(NamedTuple):
    """The four networks."""

    D_A: Network
    D_B: Network
    G_AB: Network
    G_BA: Network


class Rules(NamedTuple):
    """What all four minimise: the loss, the weight of the way back, and the penalties of each D."""

    loss: Loss
    cycle: float = 1.0
    penalties: Any = ()


class GLosses(NamedTuple):
    """L_G, in which the two L_CONST have the weight `cycle`; and their sum without that weight."""

    value: Array
    cycle: Array


def d_gradients(nets: Nets, a: Array, b: Array, rules: Rules) -> tuple[DGradients, DGradients]:
    """D_A's loss on a against G_BA(b), and D_B's on b against G_AB(a), (..., N, d) each; fills the grads of D_A and D_B."""
    return (gradients.d_gradients_and_scores(nets.D_A, a, nets.G_BA(b), rules.loss, rules.penalties),
            gradients.d_gradients_and_scores(nets.D_B, b, nets.G_AB(a), rules.loss, rules.penalties))


def g_gradients(nets: Nets, a: Array, b: Array, rules: Rules) -> GLosses:
    """L_G, with its gradients in the grads of G_AB and G_BA. Both D are fixed.

    Parameters
    ----------
    nets : all four
    a, b : (..., N, d_A) and (..., N, d_B), from the two domains; no row of a belongs to a row of b
    rules : the loss, and the weight of the cycles
    """
    nets.G_AB.zero_grad()
    nets.G_BA.zero_grad()
    to_b, cycle_a = _one_way(nets.G_AB, nets.G_BA, nets.D_B, a, b, rules)
    to_a, cycle_b = _one_way(nets.G_BA, nets.G_AB, nets.D_A, b, a, rules)
    cycles = cycle_a + cycle_b
    return GLosses(to_b + to_a + rules.cycle * cycles, cycles)


def _one_way(there: Network, back: Network, D: Network, a: Array, b: Array, rules: Rules) -> tuple[Array, Array]:
    """L_GAN_B and L_CONST_A, for there = G_AB and back = G_BA; their gradients are added to the grads of both."""
    ab, tape_there = there.forward(a)
    s_real = D(b) if rules.loss.needs_real else None
    value, dab, _ = gradients.through_d(D, ab, rules.loss, s_real)
    aba, tape_back = back.forward(ab)
    error, n, d = aba - a, a.shape[-2], a.shape[-1]
    if rules.cycle:
        dab = dab + back.backward(rules.cycle * 2 / (n * d) * error, tape_back)  # back collects, and passes on to there
    there.backward(dab, tape_there)
    return value, (error * error).mean(axis=(-2, -1))


class Batch(NamedTuple):
    """Samples of A and of B, for D's step and for the generators': (..., N, d_A) and (..., N, d_B)."""

    a_d: Array
    b_d: Array
    a_g: Array
    b_g: Array


def draw(A: Any, B: Any, batch: int, streams: Streams) -> Batch:
    """Samples of both domains, each drawn by itself: there are no pairs."""
    def sample(data: Any) -> Array:
        return streams.draw("data", lambda rng: data.sample(batch, rng).astype(np.float32))

    return Batch(sample(A), sample(B), sample(A), sample(B))


def step(rules: Rules, players: dict[str, Player], batch: Batch) -> Report:
    """A step of both D, then one of both generators."""
    nets = Nets(**{name: player.network for name, player in players.items()})
    d_a, d_b = d_gradients(nets, batch.a_d, batch.b_d, rules)
    players["D_A"].step()
    players["D_B"].step()
    g = g_gradients(nets, batch.a_g, batch.b_g, rules)
    players["G_AB"].step()
    players["G_BA"].step()
    return {"d_a_loss": d_a.value, "d_b_loss": d_b.value, "g_loss": g.value, "cycle": g.cycle}


@dataclass(frozen=True)
class DiscoGANSettings(Common):
    """The settings of a DiscoGAN. Domain A is `data`, domain B is `target`."""

    target: str = setting("square", Source(data_module.NAMES, ENDINGS), WHAT,
                          f"the domain to go to, {{names}}; or a {ENDINGS} file")
    cycle: float = setting(1.0, Number(above=0, including=(0,)), HOW, "weight of the error of the way there and back, .1 to 10")

    def target_set(self) -> Any:
        """The data of domain B, in their own units."""
        return self.replace(data=self.target).data_set()


POINTS = DiscoGANSettings(data="ring", target="square", hidden=(64, 64), steps=4000, batch=128, loss="relativistic", lr=2e-3,
                          beta1=0, beta2=.99, r1=.1, r2=.1, ema=.99)


class DiscoGAN(System[DiscoGANSettings]):
    """A DiscoGAN: `train` on samples of A (and of B: `target`), then `translate` either way.

    The parameters are those of `System`.
    """

    about, paper, lesson = "from one domain to another and back, without pairs", "Kim et al. 2017", "19"
    Settings = DiscoGANSettings
    recipes: ClassVar[Mapping[str, Common]] = {"ring": POINTS}
    averaged = ("G_AB", "G_BA")

    def __init__(self, recipe: Any = None, *, target: Any = None, **changes: Any) -> None:
        """`target`: the name of domain B's data set, or its data."""
        named = {"target": target} if isinstance(target, str) else {}
        super().__init__(recipe, **changes, **named)
        self._given = None if target is None or named else given.data_set(target)
        self.target: Any = None

    def make(self, data: Any, seeds: Any) -> dict[str, Network]:
        self.target = self.recipe.target_set().standardized() if self._given is None else self._given
        row, a, b = self.recipe.row, data.dim, self.target.dim
        return {"D_A": Sequential(*row(a, 1), seed=seeds[0]), "D_B": Sequential(*row(b, 1), seed=seeds[1]),
                "G_AB": Sequential(*row(a, b), seed=seeds[2]), "G_BA": Sequential(*row(b, a), seed=seeds[3])}

    def game(self, data: Any, batch: int) -> Game:
        penalties = self.recipe.penalties()
        rules = Rules(self.recipe.loss_object(), self.recipe.cycle, penalties)
        return Game(partial(draw, data, self.target, batch), partial(step, rules), penalties)

    def translate(self, x: Any, *, back: bool = False, raw: bool = False) -> Array:
        """G_AB(x) for x (N, d_A) from A, or with `back` G_BA(x) for x (N, d_B) from B; (N, d) of the other domain.

        Raises ValueError for rows of another size.
        """
        net = self.network("G_BA" if back else "G_AB", raw)
        return net(points(f"x, from domain {'B' if back else 'A'},", x, net.d_in))

    def sample(self, n: int, *, seed: Seeds = 0, raw: bool = False) -> Array:
        """`n` samples of A, drawn from the data, as samples of B: (n, d_B)."""
        if self.data is None:
            raise ValueError("this DiscoGAN has no networks yet: call train(data) first")
        return self.translate(self.data.sample(n, np.random.default_rng(seed_sequence(seed))), raw=raw)
