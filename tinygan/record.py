"""Record: settings in one frozen record, one line each. Common: those that every system of players has.

A setting is one line of a class. It has its default, its kind (what it may be), and one sentence. The command line's options
and help, the columns of a study's table, the table in the documentation and what a run's file keeps are all made from these
lines. `recipe` adds the settings of the two-player game, and each system of `tinygan.zoo` its own.
"""

import dataclasses
from itertools import pairwise
from typing import Any, TypeVar

from . import data as data_module
from . import files, losses, penalties
from .engine import layers, optim
from .engine.arguments import choice
from .engine.layers import Dense, Layer
from .metrics.tables import aligned
from .settings import Choice, Count, Number, Several, Source, StartStop, written

LOSSES = {"non-saturating": losses.NonSaturating, "minimax": losses.Minimax, "least-squares": losses.LeastSquares,
          "hinge": losses.Hinge, "wasserstein": losses.Wasserstein, "relativistic": losses.Relativistic,
          "relativistic-average": losses.RelativisticAverage}
ACTIVATIONS = {"relu": layers.ReLU, "leaky-relu": layers.LeakyReLU, "tanh": layers.Tanh, "softplus": layers.Softplus,
               "sigmoid": layers.Sigmoid}
SCHEDULES = {schedule.__name__: schedule
             for schedule in (optim.constant, optim.linear_decay, optim.cosine_decay, optim.warm_cosine)}
PENALTIES = {"r1": penalties.R1, "r2": penalties.R2, "gp": penalties.WGANGP}
BATCH = 256  # unless the settings say otherwise, or the data have fewer rows
WHAT, NETS, HOW = "what to learn", "the networks", "how to learn"
WEIGHT = StartStop(Number(above=0, metavar="WEIGHT"))
RATE = Number(above=0, metavar="RATE")

Kept = TypeVar("Kept", bound="Record")


def setting(default: Any, kind: Any, group: str, about: str) -> Any:
    """A field of a Record, one setting.

    Parameters
    ----------
    default : its value unless it is set; None for "not used"
    kind : what it may be, see `settings`
    group : the group of options that it stands in
    about : one sentence; "{names}" stands for the names that it may take
    """
    return dataclasses.field(default=default, metadata={"kind": kind, "group": group, "about": about})


def sentence(field: Any) -> str:
    """The sentence of a setting, with the names that it may take."""
    text: str = field.metadata["about"]
    return text.replace("{names}", ", ".join(getattr(field.metadata["kind"], "objects", ())))


@dataclasses.dataclass(frozen=True)
class Record:
    """Settings by name. Raises for values that cannot be, and for names that there are not.

    None stands for "not used", or where the sentence says so for another setting's value.
    """

    def __new__(cls, *values: Any, **settings: Any) -> "Record":
        # dataclass's own complaint about an unknown name does not offer the nearest one
        for name in settings:
            choice("setting", name, cls.kinds())
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None or field.default is not None:
                object.__setattr__(self, field.name, field.metadata["kind"](field.name, value))

    def replace(self: Kept, **changes: Any) -> Kept:
        """The same with other values for some settings. Raises ValueError for an unknown name, with the nearest one."""
        return type(self)(**(self.values() | changes))

    def values(self) -> dict[str, Any]:
        """All settings, name -> value, which is what a file keeps."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def kinds(cls) -> dict[str, Any]:
        """The kind of each setting, name -> kind."""
        return {field.name: field.metadata["kind"] for field in dataclasses.fields(cls)}

    @classmethod
    def table(cls) -> str:
        """All settings as text, with name, default, and the sentence."""
        fields = dataclasses.fields(cls)
        return aligned([(field.name, written(field.default) or "-", sentence(field)) for field in fields], left=3)


@dataclasses.dataclass(frozen=True)
class Common(Record):
    """The settings that every system has."""

    data: str = setting("ring", Source(data_module.NAMES, files.ENDINGS), WHAT,
                        f"a data set, {{names}}; a {files.ENDINGS} file; or a folder of pictures")
    hidden: tuple[int, ...] = setting((64, 64, 64), Several(Count(), "64 64"), NETS, "sizes of the hidden layers of both")
    latent: int = setting(2, Count(), NETS, "dimensions of the noise z, 1 to 100")
    activation: Any = setting("relu", Choice("activation", ACTIVATIONS, callable), NETS, "between the layers: {names}")
    loss: Any = setting("non-saturating", Choice("loss", LOSSES, lambda value: hasattr(value, "d")), HOW,
                        "what both minimise: {names}")
    steps: int = setting(4000, Count(), HOW, "steps of G")
    batch: int | None = setting(None, Count(), HOW, "real points, and generated ones, in each step, 32 to 512; by default "
                                f"{BATCH}, or all of a smaller data set")
    lr: float = setting(2e-3, RATE, HOW, "the learning rate of Adam, 1e-4 to 1e-2")
    lr_d: float | None = setting(None, RATE, HOW, "another learning rate for D; by default that of G")
    beta1: float = setting(0.5, Number(above=0, below=1, including=(0,)), HOW, "Adam's memory of the gradient, 0 to .9")
    beta2: float = setting(0.999, Number(above=0, below=1, including=(0,)), HOW,
                            "Adam's memory of the squared gradient, .9 to .999")
    schedule: Any = setting("cosine_decay", Choice("schedule", SCHEDULES, callable), HOW,
                            "how both learning rates change: {names}")
    r1: Any = setting(None, WEIGHT, HOW, "weight of a penalty on D's gradient at real points, .01 to 1, or its start and its end")
    r2: Any = setting(None, WEIGHT, HOW, "weight of that penalty at generated points, or its start and its end")
    ema: float | None = setting(None, Number(above=0, below=1, metavar="SHARE"), HOW,
                                "score a running average of G, which keeps this share of itself each step, .99 to .9999")
    seed: int = setting(0, Count(0, "SEED"), HOW, "the seed of everything random")

    def data_set(self, **reading: Any) -> Any:
        """The data, in their own units; `reading` is for `from_file`. Raises FileNotFoundError or ValueError for a bad file."""
        return data_module.by_name(self.data) if self.data in data_module.NAMES else data_module.from_file(self.data, **reading)

    def batch_for(self, data: Any) -> int:
        """The batch: as it is set, or what the data allow."""
        if self.batch is not None:
            return self.batch
        return min(BATCH, data.x.shape[-2]) if isinstance(data, data_module.Points) else BATCH

    def rates(self) -> tuple[float, float]:
        """The learning rates of G and of D."""
        return self.lr, self.lr if self.lr_d is None else self.lr_d

    def optimiser(self, rate: float) -> optim.Optimiser:
        """Adam with the settings' memories."""
        return optim.Adam(rate, self.beta1, self.beta2)

    def row(self, d_in: int, d_out: int) -> list[Layer]:
        """Dense layers of the hidden sizes, with activations between."""
        made: list[Layer] = []
        for d, k in pairwise((d_in, *self.hidden, d_out)):
            made += [Dense(d, k), self.object("activation")()]
        return made[:-1]

    def object(self, name: str) -> Any:
        """What the setting `name` stands for, a class or a function."""
        return self.kinds()[name].object(getattr(self, name))

    def loss_object(self) -> Any:
        """The loss."""
        return self.object("loss")() if isinstance(self.loss, str) else self.loss

    def penalties(self, columns: Any = None) -> tuple[Any, ...]:
        """D's penalties; `columns`: a weight for each column of D's input, see `penalties.R1`."""
        made = []
        for name, kind in PENALTIES.items():
            weight = getattr(self, name, None)
            if weight is not None:
                weight = penalties.Falling(*weight) if isinstance(weight, tuple) else weight
                made.append(kind(weight) if columns is None else kind(weight, columns))
        return tuple(made)
