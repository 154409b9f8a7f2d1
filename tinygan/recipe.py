"""Recipe: every setting of a run in one frozen record, and networks, players and data made from it.

    recipe = Recipe(data="grid", hidden=(64, 64), loss="relativistic", r1=.1)
    recipe.replace(steps=1000)                                  another recipe
    data = recipe.data_set().standardized()
    G, D = recipe.networks(data.dim, seeds=(0, 1))
    training = recipe.training(G, D, data, seed=2)              ready to be stepped

A setting is one line of the class: its default, its kind (what it may be), and one sentence. The command line's options and help,
the columns of a study's table, the table in the documentation and what a run's file keeps are all made from these lines.
"""

import dataclasses
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from . import data as data_module
from . import losses, penalties
from .engine import layers, optim
from .engine.arguments import choice, spawn
from .engine.features import FourierFeatures, MinibatchDiscrimination, MinibatchStd, Pack
from .engine.layers import Dense, Layer
from .engine.network import Sequential
from .engine.norm import LayerNorm, SpectralNorm
from .metrics.tables import aligned
from .settings import Choice, Count, Number, Parts, Several, Source, StartStop, written
from .training import Training, two_players
from .updates import UPDATES

LOSSES = {"non-saturating": losses.NonSaturating, "minimax": losses.Minimax, "least-squares": losses.LeastSquares,
          "hinge": losses.Hinge, "wasserstein": losses.Wasserstein, "relativistic": losses.Relativistic,
          "relativistic-average": losses.RelativisticAverage}
ACTIVATIONS = {"relu": layers.ReLU, "leaky-relu": layers.LeakyReLU, "tanh": layers.Tanh, "softplus": layers.Softplus,
               "sigmoid": layers.Sigmoid}
SCHEDULES = {schedule.__name__: schedule
             for schedule in (optim.constant, optim.linear_decay, optim.cosine_decay, optim.warm_cosine)}
PENALTIES = {"r1": penalties.R1, "r2": penalties.R2, "gp": penalties.WGANGP}
LABELLED = [name for name, kind in LOSSES.items() if issubclass(kind, losses.Minimax)]  # the losses with a label for real points
BATCH = 256  # unless the settings say otherwise, or the data have fewer rows


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


def setting(default: Any, kind: Any, group: str, about: str) -> Any:
    """A field of Recipe: its default, its kind (`settings`), the group of options it stands in, and one sentence."""
    return dataclasses.field(default=default, metadata={"kind": kind, "group": group, "about": about})


WHAT, NETS, HOW = "what to learn", "the networks, G and D", "how to learn"
WEIGHT = StartStop(Number(above=0, metavar="WEIGHT"))
RATE = Number(above=0, metavar="RATE")
FOURIER = Parts({"features": Count(2, even=True), "scale in G": Number(above=0), "scale in D": Number(above=0)}, "64 .5 1")
UNROLL = Parts({"steps": Count(), "size": Number(above=0)}, "5 .1")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All settings of a two-player run; `Recipe.table()` lists them with their defaults. Raises for values that cannot be.

    None stands for "not used", or where the sentence says so for another setting's value.
    """

    data: str = setting("ring", Source(data_module.NAMES, ".csv, .tsv, .txt or .npy"), WHAT,
                        "a data set, {names}; or a .csv, .tsv, .txt or .npy file")
    hidden: tuple[int, ...] = setting((64, 64, 64), Several(Count(), "64 64"), NETS, "sizes of the hidden layers of both")
    latent: int = setting(2, Count(), NETS, "dimensions of the noise z, 1 to 100")
    activation: Any = setting("relu", Choice("activation", ACTIVATIONS, callable), NETS, "between the layers: {names}")
    fourier: tuple[Any, ...] | None = setting(
        None, FOURIER, NETS,
        f"Fourier features before the first layer of both: how many (even), their scale in G and in D, such as {FOURIER.example}")
    pack: int = setting(1, Count(), NETS, "points that D judges together, 1 to 4; 2 helps against mode collapse")
    d_layers: Any = setting(None, Choice("change of D's layers", D_LAYERS, callable), NETS, "a change of D's layers: {names}")
    loss: Any = setting("non-saturating", Choice("loss", LOSSES, lambda value: hasattr(value, "d")), HOW,
                        "what both minimise: {names}")
    real_label: float | None = setting(None, Number(above=0, below=1, including=(1,)), HOW,
                                       f"D's label for real points, .7 to 1; with the losses {' and '.join(LABELLED)} only")
    steps: int = setting(4000, Count(), HOW, "steps of G")
    batch: int | None = setting(None, Count(), HOW, "real points, and generated ones, in each step, 32 to 512; by default "
                                f"{BATCH}, or all of a smaller data set")
    d_steps: int = setting(1, Count(), HOW, "steps of D for each step of G, 1 to 5")
    lr: float = setting(2e-3, RATE, HOW, "the learning rate of Adam, 1e-4 to 1e-2")
    lr_d: float | None = setting(None, RATE, HOW, "another learning rate for D; by default that of G")
    beta1: float = setting(0.5, Number(above=0, below=1, including=(0,)), HOW, "Adam's memory of the gradient, 0 to .9")
    beta2: float = setting(0.999, Number(above=0, below=1, including=(0,)), HOW, "Adam's memory of its square, .9 to .999")
    schedule: Any = setting("cosine_decay", Choice("schedule", SCHEDULES, callable), HOW,
                            "how both learning rates change: {names}")
    update: str = setting("alternating", Choice("update", UPDATES), HOW, "who steps when: {names}")
    unroll: tuple[Any, ...] | None = setting(None, UNROLL, HOW,
                                             f"G looks through so many steps of D, of this size, such as {UNROLL.example}")
    r1: Any = setting(None, WEIGHT, HOW, "weight of a penalty on D's gradient at real points, .01 to 1, or its start and its end")
    r2: Any = setting(None, WEIGHT, HOW, "weight of that penalty at generated points, or its start and its end")
    gp: Any = setting(None, WEIGHT, HOW, "weight of WGAN-GP's penalty between them, .1 to 10, or its start and its end; the "
                      "Wasserstein loss needs this penalty, or clip")
    ema: float | None = setting(None, Number(above=0, below=1, metavar="SHARE"), HOW,
                                "judge a running average of G, which keeps this share of itself each step, .99 to .9999")
    instance_noise: Any = setting(None, StartStop(Number(above=0, including=(0,))), HOW,
                                  "standard deviation of noise on all that D sees, .01 to .2, or its start and its end")
    clip: float | None = setting(None, Number(above=0), HOW, "largest size of D's parameters, .01 to .1")
    seed: int = setting(0, Count(0, "SEED"), HOW, "of everything random")
    replicas: int | None = setting(None, Count(), HOW, "train so many independent runs side by side, 1 to 16")

    def __new__(cls, *values: Any, **settings: Any) -> "Recipe":
        # dataclass's own complaint about an unknown name does not offer the nearest one
        for name in settings:
            choice("setting", name, [field.name for field in dataclasses.fields(cls)])
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None or field.default is not None:
                object.__setattr__(self, field.name, field.metadata["kind"](field.name, value))

    def replace(self, **changes: Any) -> "Recipe":
        """The recipe with other values for some settings. Raises ValueError for an unknown name, with the nearest one."""
        return type(self)(**(self.values() | changes))

    def rates(self) -> tuple[float, float]:
        """The learning rates of G and of D."""
        return self.lr, self.lr if self.lr_d is None else self.lr_d

    def values(self) -> dict[str, Any]:
        """All settings, name -> value: what a file keeps."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    # ---------------------------------------------------------------- what is made from it

    def data_set(self) -> Any:
        """The data, in their own units. Raises FileNotFoundError or ValueError for a file that cannot be used."""
        return data_module.by_name(self.data) if self.data in data_module.NAMES else data_module.from_file(self.data)

    def batch_for(self, data: Any) -> int:
        """The batch: as it is set, or what the data and `pack` allow."""
        if self.batch is not None:
            return self.batch
        rows = data.x.shape[-2] if isinstance(data, data_module.Points) else BATCH
        return min(BATCH, rows) // self.pack * self.pack or self.pack

    def networks(self, dim: int, seeds: Sequence[Any], replicas: Any = None) -> tuple[Sequential, Sequential]:
        """G and D for data of `dim` columns; `seeds`: of G's weights, and of D's."""
        k, g_scale, d_scale = self.fourier or (None, None, None)
        front: list[Layer] = [Pack(self.pack, dim)] if self.pack > 1 else []
        d_row = self._row(self.pack * dim, 1, k, d_scale)
        if self.d_layers is not None:
            d_row = NAMES["d_layers"].object(self.d_layers)(d_row)
        many = () if replicas is None else replicas
        return (Sequential(*self._row(self.latent, dim, k, g_scale), seed=seeds[0], replicas=many),
                Sequential(*front, *d_row, seed=seeds[1], replicas=many))

    def sizes(self, dim: int) -> dict[str, int]:
        """Sizes, before any network is made: of G's parameters, and the least that the state of G and of D can have."""
        k = self.fourier[0] if self.fourier else None
        inputs = (self.latent if k is None else k, *self.hidden, dim)
        wide = self.hidden[0] if k is None else k // 2  # of the first matrix: of weights, or of frequencies
        return {"G.theta": sum((d + 1) * k for d, k in pairwise(inputs)),
                "G": self.latent * wide, "D": self.pack * dim * wide}

    def _row(self, d_in: int, d_out: int, features: Any, scale: float | None) -> list[Layer]:
        """Dense layers with activations between, behind Fourier features where there is a scale."""
        row: list[Layer] = []
        if scale is not None:
            row, d_in = [FourierFeatures(d_in, features, scale)], features
        for d, k in pairwise((d_in, *self.hidden, d_out)):
            row += [Dense(d, k), NAMES["activation"].object(self.activation)()]
        return row[:-1]

    def loss_object(self) -> Any:
        """The loss. Raises ValueError for a real_label beside a loss that has none."""
        if self.real_label is None:
            return NAMES["loss"].object(self.loss)() if isinstance(self.loss, str) else self.loss
        if not isinstance(self.loss, str) or self.loss not in LABELLED:
            raise ValueError(f"real_label is for the losses {' and '.join(LABELLED)}, given by their names; "
                             f"got {self.real_label:g} for the loss {self.loss}")
        return LOSSES[self.loss](real_label=self.real_label)

    def penalties(self) -> tuple[Any, ...]:
        """D's penalties."""
        weights = {name: getattr(self, name) for name in PENALTIES}
        return tuple(PENALTIES[name](penalties.Falling(*weight) if isinstance(weight, tuple) else weight)
                     for name, weight in weights.items() if weight is not None)

    def training(self, G: Sequential, D: Sequential, data: Any, seed: Any) -> Training:
        """The Training of these two networks on standardised data."""
        noise = Fading(*self.instance_noise) if isinstance(self.instance_noise, tuple) else self.instance_noise or None
        opt_g, opt_d = (optim.Adam(rate, self.beta1, self.beta2) for rate in self.rates())
        return two_players(G, D, data, self.loss_object(), steps=self.steps, batch=self.batch_for(data), d_steps=self.d_steps,
                           opt_g=opt_g, opt_d=opt_d, penalties=self.penalties(), update=self.update, unroll=self.unroll,
                           ema=self.ema, schedule=NAMES["schedule"].object(self.schedule), instance_noise=noise, clip=self.clip,
                           seed=seed)

    @classmethod
    def table(cls) -> str:
        """All settings as text: name, default, and the sentence."""
        fields = dataclasses.fields(cls)
        return aligned([(field.name, written(field.default) or "-", sentence(field)) for field in fields], left=3)


NAMES = {field.name: field.metadata["kind"] for field in dataclasses.fields(Recipe)}  # setting -> kind
DEFAULTS = Recipe()
# D judges two points at a time: a pair from one mode shows a collapsed generator (PacGAN, Lin et al. 2018).
DEMO = Recipe(pack=2)


def sentence(field: Any) -> str:
    """The sentence of a setting, with the names that it may take."""
    text: str = field.metadata["about"]
    return text.replace("{names}", ", ".join(getattr(field.metadata["kind"], "objects", ())))


def about(name: str) -> str:
    """The sentence of the setting `name`."""
    return next(sentence(field) for field in dataclasses.fields(Recipe) if field.name == name)


def seeds_of(seed: int) -> list[np.random.SeedSequence]:
    """The four seeds of a run: for the weights of G and of D, for training, and for the scores."""
    return spawn(seed, 4)
