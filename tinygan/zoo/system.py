"""System: what all systems of the family share. Each has a file of its own, which says what it is.

    model = Conditional("digits", steps=2000)       settings that were tried on digits, with other steps
    history = model.train(data.digits())            makes networks for these data, and trains them
    x = model.sample(25, labels=7)

A system says which networks there are (`make`), and what a step draws and does (`game`). `Training` does all the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

import numpy as np

from .. import train_arguments as given
from ..data import Mixture, Points
from ..engine.arguments import Array, Seeds, choice, count, seed_sequence, shown, spawn
from ..engine.machine import fits
from ..engine.store import Network
from ..history import History
from ..looks import SAMPLES, ModeCount
from ..record import Common
from ..sampling import ROWS
from ..streams import Streams
from ..training import Training
from ..updates import Player, Report

Kind = TypeVar("Kind", bound="System[Any]")
S = TypeVar("S", bound=Common)
IMAGES = ("digits", "patches")  # the data sets of images that have a name


class Game(NamedTuple):
    """What a system plays: draw(streams) -> batch, step(players, batch) -> report, and what the schedule must tell."""

    draw: Callable[[Streams], Any]
    step: Callable[[dict[str, Player], Any], Report]
    scheduled: Sequence[Any] = ()


class System(Generic[S]):
    """A system of players with its settings, its networks and their averages.

    Parameters
    ----------
    recipe : the name of a data set, for settings that were tried on it; or settings, an object of the class `Settings`
    changes : other values for some settings

    Raises
    ------
    ValueError : an unknown setting, or a value that a setting cannot have
    """

    about: ClassVar[str]  # one line
    paper: ClassVar[str]
    lesson: ClassVar[str]
    Settings: ClassVar[type[Common]]
    recipes: ClassVar[Mapping[str, Common]]  # data set -> settings that were tried on it; the first ones are the defaults
    averaged: ClassVar[tuple[str, ...]] = ("G",)
    runs = property(lambda self: Training)  # the kind of Training that it needs

    def __init__(self, recipe: Any = None, **changes: Any) -> None:
        if recipe is None or isinstance(recipe, str):
            recipe = self.recipe_for(recipe)
        if not isinstance(recipe, self.Settings):
            raise TypeError(f"recipe must be the name of a data set, or {type(self).__name__}.Settings(...); got {shown(recipe)}")
        self.recipe: S = cast(S, recipe.replace(**changes))
        self.data: Any = None
        self.networks: dict[str, Network] = {}
        self.averages: dict[str, Network] = {}

    @classmethod
    def recipe_for(cls, data: str | None = None) -> Common:
        """The settings that were tried on the data set of this name; without a name, the first ones.

        For another data set, or a folder of pictures, these are the first ones that were tried on data of its kind, images or
        points. Raises ValueError for a name that no data set has.
        """
        tried = [*cls.recipes.values()]
        if data is None or data in cls.recipes:
            return tried[0] if data is None else cls.recipes[data]
        alike = [recipe for recipe in tried if (recipe.data in IMAGES) == (data in IMAGES or Path(data).is_dir())]
        return (alike or tried)[0].replace(data=data)

    # ---------------------------------------------------------------- what a system says of itself

    def make(self, data: Any, seeds: Sequence[Any]) -> dict[str, Network]:
        """The networks for these data by name, in the order in which they move.

        Parameters
        ----------
        data : a data set, see `tinygan.data`
        seeds : six seeds, for the weights of up to six networks

        Raises
        ------
        ValueError : data that do not fit the system
        """
        raise NotImplementedError

    def game(self, data: Any, batch: int) -> Game:
        """What is drawn and done in a step.

        Parameters
        ----------
        data : the data set that the networks were made for
        batch : how many samples each step takes
        """
        raise NotImplementedError

    def inputs(self, n: int, rng: np.random.Generator) -> Array:
        """All that G takes to make n samples, (n, d_in): z ~ N(0, I), and what a system puts beside it.

        Parameters
        ----------
        n : how many samples
        rng : a numpy Generator, for everything random
        """
        return rng.standard_normal((n, self.recipe.latent), np.float32)

    # ---------------------------------------------------------------- the same for all

    def build(self: Kind, data: Any, seed: Seeds | None = None) -> Kind:
        """New networks for these data, untrained; returns the system.

        Parameters
        ----------
        data : an array (N, d), or an object with sample(n, rng) and dim, see `tinygan.data`
        seed : by default the settings' own
        """
        self.data = given.data_set(data)
        self.networks = self.make(self.data, spawn(self._seed(seed), 7)[1:])
        self.averages = {} if self.recipe.ema is None else {name: self.networks[name].copy() for name in self.averaged}
        return self

    def training(self, data: Any, *, steps: int | None = None, seed: Seeds | None = None, replay: bool = True) -> Training:
        """A `Training` of new networks on these data, ready to be stepped.

        Parameters
        ----------
        data, steps, seed : as in `train`
        replay : whether to record a step and run the record, see `Training`; False runs every step as it is written

        Raises
        ------
        ValueError : data that do not fit the system, or fewer rows than the batch
        """
        recipe = self.build(data, seed).recipe
        batch = recipe.batch_for(self.data)
        if isinstance(self.data, Points) and batch > self.data.x.shape[-2]:
            raise ValueError(f"batch is {batch}, but the data have {self.data.x.shape[-2]} rows: choose a smaller batch")
        game = self.game(self.data, batch)
        g_rate, d_rate = recipe.rates()
        players = {name: Player(net, recipe.optimiser(d_rate if name.startswith("D") else g_rate))
                   for name, net in self.networks.items()}
        streams = Streams(spawn(self._seed(seed), 5)[0])
        look = None
        if isinstance(self.data, Mixture) and "G" in players:
            look = ModeCount(self.data, self.inputs(SAMPLES, streams.generators("evaluation")))
        training = self.runs(players, game.draw, game.step, steps=count("steps", recipe.steps if steps is None else steps),
                             streams=streams, ema=recipe.ema, schedule=recipe.object("schedule"), scheduled=game.scheduled,
                             look=look, averaged=self.averaged, replay=replay)
        self.averages = training.averages
        return training

    def train(self, data: Any, *, steps: int | None = None, seed: Seeds | None = None,
              callback: Callable[[Any], Any] | None = None, progress: bool | None = None) -> History:
        """Make new networks for these data and train them to the end; returns the `History`.

        Parameters
        ----------
        data : an array (N, d), or an object with sample(n, rng) and dim, see `tinygan.data`; of standard deviation about 1
        steps, seed : by default the settings' own
        callback, progress : as in `Training.run`

        Raises
        ------
        Diverged : as `tinygan.train`
        ValueError : data that do not fit the system
        """
        return self.training(data, steps=steps, seed=seed).run(callback, progress)

    def network(self, name: str, raw: bool = False) -> Network:
        """The network of this name.

        Parameters
        ----------
        name : such as "G" or "D"
        raw : the network itself, also where an average of it is kept

        Raises
        ------
        ValueError : an unknown name, or no networks yet
        """
        if not self.networks:
            raise ValueError(f"this {type(self).__name__} has no networks yet: call train(data) first")
        choice("network", name, self.networks)
        return self.networks[name] if raw else self.averages.get(name, self.networks[name])

    def sample(self, n: int, *, seed: Seeds = 0, raw: bool = False) -> Array:
        """`n` samples, (n, d), in the units of the data.

        Parameters
        ----------
        n : how many
        seed : of the noise
        raw : from G itself, also where an average of it is kept

        Raises
        ------
        ValueError : no networks yet
        """
        return self.drawn(n, seed, raw)

    def drawn(self, n: int, seed: Seeds, raw: bool, **asked: Any) -> Array:
        """The samples of `sample`, where a system's `inputs` take more.

        Parameters
        ----------
        n, seed, raw : as in `sample`
        asked : what `inputs` takes besides, such as labels
        """
        rng = np.random.default_rng(seed_sequence(seed))
        G = self.network("G", raw)
        rows = self.inputs(self.how_many(n), rng, **asked)
        return np.concatenate([G(rows[start:start + ROWS]) for start in range(0, len(rows), ROWS)])  # no layer of all at once

    def how_many(self, n: Any) -> int:
        """The number of samples that are asked for. Raises TypeError, ValueError, or MemoryError for more than can be held."""
        fits(f"{count('n', n)} samples", n, self.data.dim, itemsize=4)
        return int(n)

    def state(self) -> dict[str, Array]:
        """Copies of all parameters, averages included, name -> array."""
        nets = self.networks | {f"{name}_ema": average for name, average in self.averages.items()}
        return {f"{name}.{part}": array for name, net in nets.items() for part, array in net.state().items()}

    def load_state(self, state: dict[str, Array]) -> None:
        """Take the parameters of another system of this kind, built for data of the same size.

        Raises ValueError, before anything is changed, where they do not fit.
        """
        nets = self.networks | {f"{name}_ema": average for name, average in self.averages.items()}
        if not nets:
            raise ValueError(f"this {type(self).__name__} has no networks yet: call build(data) first")
        own = self.state()
        if own.keys() != state.keys():
            wrong = sorted(own.keys() ^ state.keys())
            raise ValueError(f"the state does not fit this {type(self).__name__}: {wrong[0]} is on one side only")
        for name, array in own.items():
            if np.shape(state[name]) != array.shape:
                raise ValueError(f"{name} has shape {np.shape(state[name])}, expected {array.shape}: another system's state")
        for name, net in nets.items():
            net.load_state({part.removeprefix(f"{name}."): array for part, array in state.items() if part.startswith(f"{name}.")})

    def _seed(self, seed: Seeds | None) -> Seeds:
        return self.recipe.seed if seed is None else seed

    def __repr__(self) -> str:
        nets = "; ".join(f"{name} {net.theta.shape[-1]:,} parameters" for name, net in self.networks.items())
        return f"{type(self).__name__} ({self.paper}): {nets or 'no networks yet'}"
