"""Recipe, with every setting of a run in one frozen record, and networks, players and data made from it.

    recipe = Recipe(data="grid", hidden=(64, 64), loss="relativistic", r1=.1)
    recipe.replace(steps=1000)                                  another recipe
    data = recipe.data_set().standardized()
    G, D = recipe.networks(data.dim, seeds=(0, 1))
    training = recipe.training(G, D, data, seed=2)              ready to be stepped

A setting is one line of the class, or of the class `record.Common`, which holds those that every system has.
"""

import dataclasses
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from . import losses
from .data import Points
from .engine.arguments import spawn
from .engine.beside import FourierBeside
from .engine.categories import SoftmaxGroups
from .engine.features import FourierFeatures, MinibatchDiscrimination, MinibatchStd, Pack
from .engine.layers import Dense, Layer
from .engine.network import Sequential
from .engine.norm import LayerNorm, SpectralNorm
from .record import HOW, LOSSES, NETS, WEIGHT, Common, sentence, setting
from .settings import Choice, Count, Number, Parts, StartStop, written
from .training import Training, two_players
from .updates import UPDATES

LABELLED = [name for name, kind in LOSSES.items() if issubclass(kind, losses.Minimax)]  # the losses with a label for real points


def _spectral_norm(row: list[Layer]) -> list[Layer]:
    return [SpectralNorm(layer) if isinstance(layer, Dense) else layer for layer in row]


def _layer_norm(row: list[Layer]) -> list[Layer]:
    normed = [(layer, LayerNorm(layer.k)) if isinstance(layer, Dense) else (layer,) for layer in row[:-1]]
    return [layer for group in normed for layer in group] + [row[-1]]


def _before_last(make: Callable[[int], Any]) -> Callable[[list[Any]], list[Layer]]:
    def change(row: list[Any]) -> list[Layer]:
        added = make(row[-1].d)
        return [*row[:-1], added, Dense(added.k, row[-1].k)]

    return change


D_LAYERS = {"spectral-norm": _spectral_norm, "layer-norm": _layer_norm,
            "minibatch-discrimination": _before_last(lambda d: MinibatchDiscrimination(d, kernels=5, dims=3)),
            "minibatch-std": _before_last(MinibatchStd)}


class Fading(NamedTuple):
    """Noise over the run, from the standard deviation `start` to `stop` in a straight line."""

    start: float
    stop: float

    def __call__(self, fraction: float) -> float:
        return self.start + (self.stop - self.start) * fraction if self.stop else self.start * (1 - fraction)


FOURIER = Parts({"features": Count(2, even=True), "scale in G": Number(above=0), "scale in D": Number(above=0)}, "64 .5 1")
D_FOURIER = Parts({"features": Count(2, even=True), "scale": Number(above=0), "size": Number(above=0)}, "64 3 .1")
OWN_TABLE = .1  # the weights of R1 and R2 for a user's own table
UNROLL = Parts({"steps": Count(), "size": Number(above=0)}, "5 .1")


@dataclasses.dataclass(frozen=True)
class Recipe(Common):
    """All settings of a two-player run; `Recipe.table()` lists them with their defaults. Raises for values that cannot be.

    None stands for "not used", or where the sentence says so for another setting's value.
    """

    fourier: tuple[Any, ...] | None = setting(
        None, FOURIER, NETS,
        f"Fourier features before the first layer of both: how many (even), their scale in G and in D, such as {FOURIER.example}")
    d_fourier: tuple[Any, ...] | None = setting(
        None, D_FOURIER, NETS, "Fourier features beside D's input, against modes that are too narrow: how many (even), "
        f"their scale and their size, such as {D_FOURIER.example}")
    pack: int = setting(1, Count(), NETS, "points that D scores together, 1 to 4; 2 helps against mode collapse")
    d_layers: Any = setting(None, Choice("change of D's layers", D_LAYERS, callable), NETS, "a change of D's layers: {names}")
    real_label: float | None = setting(None, Number(above=0, below=1, including=(1,)), HOW,
                                       f"D's label for real points, .7 to 1; with the losses {' and '.join(LABELLED)} only")
    d_steps: int = setting(1, Count(), HOW, "steps of D for each step of G, 1 to 5")
    update: str = setting("alternating", Choice("update", UPDATES), HOW, "who steps when: {names}")
    unroll: tuple[Any, ...] | None = setting(None, UNROLL, HOW,
                                             f"steps of D that G looks ahead, and their learning rate, such as {UNROLL.example}")
    gp: Any = setting(None, WEIGHT, HOW, "weight of WGAN-GP's penalty between real and generated points, .1 to 10, or its start "
                      "and its end; the Wasserstein loss needs this penalty, or clip")
    instance_noise: Any = setting(None, StartStop(Number(above=0, including=(0,))), HOW,
                                  "standard deviation of noise on all that D sees, .01 to .2, or its start and its end")
    clip: float | None = setting(None, Number(above=0), HOW, "largest size of D's parameters, .01 to .1")
    replicas: int | None = setting(None, Count(), HOW, "train so many independent runs side by side, 1 to 16")

    def batch_for(self, data: Any) -> int:
        """The batch: as it is set, or what the data and `pack` allow."""
        return self.batch or super().batch_for(data) // self.pack * self.pack or self.pack

    def for_table(self, points: Points, given: Collection[str] = ()) -> "Recipe":
        """The same with settings that fit a user's own table, where they are not `given`.

        z has as many dimensions as the table has columns, else the samples lie on a sheet. R1 and R2 keep the generator from
        collapsing (`tests/benchmarks/own_tables.py`), unless another bound on D is given.
        """
        fitting: dict[str, Any] = {"latent": max(2, points.dim)}
        if not {"r1", "r2", "gp", "clip"} & set(given):
            fitting |= {"r1": OWN_TABLE, "r2": OWN_TABLE}
        return self.replace(**{name: value for name, value in fitting.items() if name not in given})

    def fit(self) -> str:
        """What a user may want to know of the settings that fit a table of their own, as a line of text."""
        weights = {"R1": self.r1, "R2": self.r2}
        bound = "".join(f", {name} has the weight {written(weight)}" for name, weight in weights.items() if weight)
        return f"z has {self.latent} dimensions, a batch has {self.batch} rows{bound}"

    def networks(self, dim: int, seeds: Sequence[Any], replicas: Any = None,
                 groups: Sequence[int] = ()) -> tuple[Sequential, Sequential]:
        """G and D for data of `dim` columns; `seeds`: of G's weights, and of D's; `groups`: the sizes of one-hot groups."""
        k, g_scale, _ = self.fourier or (None, None, None)
        many = () if replicas is None else replicas
        head: list[Layer] = [SoftmaxGroups(dim, tuple(groups))] if groups else []
        return (Sequential(*self._row(self.latent, dim, k, g_scale), *head, seed=seeds[0], replicas=many),
                Sequential(*self._d_row(dim), seed=seeds[1], replicas=many))

    def _d_row(self, dim: int) -> list[Layer]:
        """D's layers. Raises ValueError for Fourier features both in place of its input and beside it."""
        if self.fourier and self.d_fourier:
            raise ValueError("fourier puts features in place of D's input, and d_fourier puts them beside it: leave out one of "
                             f"them; got fourier {written(self.fourier)} and d_fourier {written(self.d_fourier)}")
        d, (k, _, scale) = self.pack * dim, self.fourier or (None, None, None)
        row = self._row(d, 1, k, scale)
        if self.d_fourier:
            beside = FourierBeside(d, *self.d_fourier)
            row = [beside, *self.row(beside.k, 1)]
        if self.d_layers is not None:
            row = self.object("d_layers")(row)
        return [Pack(self.pack, dim), *row] if self.pack > 1 else row

    def sizes(self, dim: int) -> dict[str, int]:
        """Sizes, before any network is made: of G's parameters, and the least that the state of G and of D can have."""
        k = self.fourier[0] if self.fourier else None
        inputs = (self.latent if k is None else k, *self.hidden, dim)
        wide = self.hidden[0] if k is None else k // 2  # of the first matrix: of weights, or of frequencies
        beside = self.d_fourier[0] if self.d_fourier else 0
        return {"G.theta": sum((d + 1) * k for d, k in pairwise(inputs)),
                "G": self.latent * wide, "D": (self.pack * dim + beside) * wide}

    def _row(self, d_in: int, d_out: int, features: Any, scale: float | None) -> list[Layer]:
        """The row of layers, behind Fourier features where there is a scale."""
        if scale is None:
            return self.row(d_in, d_out)
        return [FourierFeatures(d_in, features, scale), *self.row(features, d_out)]

    def loss_object(self) -> Any:
        """The loss. Raises ValueError for a real_label beside a loss that has none."""
        if self.real_label is None:
            return super().loss_object()
        if not isinstance(self.loss, str) or self.loss not in LABELLED:
            raise ValueError(f"real_label is for the losses {' and '.join(LABELLED)}, given by their names; "
                             f"got {self.real_label:g} for the loss {self.loss}")
        return LOSSES[self.loss](real_label=self.real_label)

    def training(self, G: Sequential, D: Sequential, data: Any, seed: Any) -> Training:
        """The Training of these two networks on standardised data."""
        noise = Fading(*self.instance_noise) if isinstance(self.instance_noise, tuple) else self.instance_noise or None
        opt_g, opt_d = map(self.optimiser, self.rates())
        return two_players(G, D, data, self.loss_object(), steps=self.steps, batch=self.batch_for(data), d_steps=self.d_steps,
                           opt_g=opt_g, opt_d=opt_d, penalties=self.penalties(), update=self.update, unroll=self.unroll,
                           ema=self.ema, schedule=self.object("schedule"), instance_noise=noise, clip=self.clip, seed=seed)


NAMES = Recipe.kinds()  # setting -> kind
DEFAULTS = Recipe()
# D judges two points at a time: a pair from one mode shows a collapsed generator (PacGAN, Lin et al. 2018).
DEMO = Recipe(pack=2)


def about(name: str) -> str:
    """The sentence of the setting `name`."""
    return next(sentence(field) for field in dataclasses.fields(Recipe) if field.name == name)


def seeds_of(seed: int) -> list[np.random.SeedSequence]:
    """The four seeds of a run, one each for the weights of G and of D, for training, and for the scores."""
    return spawn(seed, 4)
