"""A run, from its recipe to networks and data; from there to a file; and back.

    build(recipe) -> Run          before any training, which is done by `tinygan.cli.learning`
    save(run, folder)             run.npz: recipe, parameters of both networks, history; of a user's own data, the points too
    load(folder) -> Run           the same run again, to sample from or to draw
    resumed(about, more) -> Run   the run of a checkpoint, untrained: what its Training goes on with stands in `tinygan.saving`
"""

from collections.abc import Callable, Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from .. import checkpoint, data
from ..engine import arguments
from ..engine.arguments import Array
from ..files import stem
from ..history import History
from ..recipe import Recipe, seeds_of
from ..sampling import between, verdict, weights
from ..tables import NoColumn

RUN, CHECKPOINT = "run.npz", "checkpoint.npz"
FILMED = 500  # samples in each snapshot
HISTORY = "history."  # how the names of the history's arrays begin in the file
NEEDED = ("G.theta", "D.theta", *(HISTORY + name for name in ("step", "d_loss", "g_loss", "d_real", "d_fake", "modes_step",
                                                            "modes_visited", "modes_half", "diverged")))


class Misuse(ValueError):
    """What was asked for cannot be done the way it was asked."""


class Run(NamedTuple):
    """A run and what it is made of. `history` and `film` (the snapshots; None with replicas) come with learning.

    seeds     four: for the weights of G and of D, for training, and for the scores
    data      standardised
    points    a user's own (N, d), as they were read, or None
    scores    {table: {row: {score: number}}}, see `tinygan.cli.scoring`, or None
    """

    recipe: Recipe
    seeds: Any
    G: Any
    D: Any
    data: Any
    points: Any = None
    history: Any = None
    film: Any = None
    scores: Any = None

    def replica(self, r: int) -> "Run":
        """The run of replica r alone; without replicas, the run itself. Raises Misuse when there is no replica r."""
        if not self.G.replicas and r == 0:
            return self
        try:
            return self._replace(G=self.G.replica(r), D=self.D.replica(r), history=self.history.replica(r))
        except ValueError as error:
            raise Misuse(error) from None

    def generator(self, raw: bool = False) -> Any:
        """The generator that the run is judged by, which is its average where one was kept, unless `raw`."""
        return self.G if raw or self.history.G_ema is None else self.history.G_ema

    def score(self, x: Any) -> Array:
        """What D says of points x (N, d) in the units of the data: the probability of real, or a score where the loss has none.

        (N,); of a D that judges m points together (N / m,), one for each m that follow each other.
        """
        x = arguments.points("x", x, self.data.dim)
        return verdict(self.D, self.data.apply(x), self.recipe.loss_object())

    def weights(self) -> dict[str, Array]:
        """The generator as arrays that any program can read; see `sampling.weights`."""
        return weights(self.generator(), self.data)

    def between(self, z0: Any, z1: Any, n: int = 11) -> Array:
        """`n` samples (n, d), in the units of the data, of latent points on the way from z0 to z1; see `sampling.between`."""
        return np.asarray(self.data.in_units(self.generator()(between(z0, z1, n))))


def build(recipe: Recipe, reading: dict[str, Any] | None = None, given: Collection[str] | None = None) -> Run:
    """The Run that the recipe describes, untrained; a batch of None is chosen to fit the data.

    `reading` says how to read a table of the user's own, see `data.from_file`. Where the `given` settings are told, the others
    are made to fit such a table.

    Raises FileNotFoundError or ValueError for a file that cannot be used, Misuse for settings that do not go together.
    """
    for name in ("categorical", "columns"):
        if recipe.data in data.NAMES and (reading or {}).get(name):
            raise Misuse(f"{recipe.data} has no columns to choose from: --{name} is for a table of your own, --data FILE")
    try:
        original = recipe.data_set(**reading or {})
    except NoColumn as error:
        raise Misuse(error) from None
    if given is not None and recipe.data not in data.NAMES and original.image is None:
        recipe = recipe.for_table(original, given)
    recipe = recipe.replace(batch=recipe.batch_for(original))
    try:
        run = _build(recipe, original)
        recipe.training(run.G, run.D, run.data, run.seeds[2])
        checkpoint.in_bytes(words(run))  # raises before any training, not when the run is to be saved
    except ValueError as error:
        raise Misuse(error) from None
    return run


def _build(recipe: Recipe, original: Any) -> Run:
    """The Run on these data, which are in their own units."""
    standardised, seeds = original.standardized(), seeds_of(recipe.seed)
    G, D = recipe.networks(standardised.dim, seeds, recipe.replicas, standardised.groups)
    own = None
    if recipe.data not in data.NAMES:
        own = next(getattr(original, name) for name in ("table", "path", "x") if hasattr(original, name))
    return Run(recipe, seeds, G, D, standardised, own)


def save(run: Run, folder: Path) -> None:
    """Write the run into `folder`, which must exist. Raises OSError."""
    arrays = {f"{part}.{name}": array for part, net in (("G", run.G), ("D", run.D), ("G_ema", run.history.G_ema))
              if net is not None for name, array in net.state().items()}
    arrays |= {HISTORY + name: array for name, array in run.history.arrays().items()}
    checkpoint.save(folder / RUN, arrays | beside(run), words(run))


def words(run: Run) -> dict[str, Any]:
    """What a file says of the run in words."""
    columns = None if run.points is None else run.data.columns
    about = {"recipe": run.recipe.values(), "columns": columns, "scores": run.scores}
    if run.data.groups:
        about |= {"headings": run.data.headings, "categories": list(run.data.categories.items())}
    curve = run.points is not None and isinstance(run.data, data.Curve)  # points that a person has drawn
    return about | ({"noise": float(run.data.noise * run.data.scale)} if curve else {})


def beside(run: Run) -> dict[str, Array]:
    """The arrays that are neither parameters nor history, which are a user's own points, and the film."""
    points = {} if run.points is None else {"points": run.points}
    return points | ({"film_steps": np.array(run.film.steps), "film": np.array(run.film.x)} if run.film else {})


def load(folder: str | Path, restored: Callable[[Any, Any], Any] | None = None) -> Any:
    """The Run in `folder`, or what `restored` makes of the file's words and arrays.

    Raises Misuse when there is none, or ValueError when the file there is not a whole run.
    """
    path = Path(folder) / RUN
    if not path.is_file():
        if (Path(folder) / CHECKPOINT).is_file():
            raise Misuse(f"the run in {folder} has not come to its end. Go on with it by  train --resume {folder}")
        if Path(folder).name in (RUN, CHECKPOINT):
            raise Misuse(f"RUN is the folder of a run; got the file {folder}. Give {Path(folder).parent}")
        raise Misuse(f"there is no run in {folder}: no file {path}. Make one with the command train")
    arrays, about = checkpoint.load(path)
    try:
        return (restored or restore)(about, arrays)
    except KeyError as error:
        raise ValueError(f"{path} is not a whole run: {error} is missing") from error
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"{path} is not a whole run: its arrays do not match its settings: {error}") from error


def restore(about: dict[str, Any], arrays: dict[str, Array]) -> Run:
    """The Run that a file holds. Raises KeyError, TypeError or ValueError for what is missing or does not fit."""
    recipe, original = _original(about, arrays)
    for name in NEEDED:
        if name not in arrays:
            raise KeyError(name)
    history = part(HISTORY, arrays)
    _check_sizes(recipe, original.dim, arrays, history)
    run = _build(recipe, original)
    run.G.load_state(part("G.", arrays))
    run.D.load_state(part("D.", arrays))
    G_ema = None
    if "G_ema.theta" in arrays:
        G_ema = run.G.copy()
        G_ema.load_state(part("G_ema.", arrays))
    return run._replace(history=History.from_arrays(recipe.steps, history, G_ema), film=_film(arrays), scores=about.get("scores"))


def resumed(about: dict[str, Any], more: dict[str, Array]) -> Run:
    """The Run of a checkpoint with its film so far, untrained. Raises as `restore`."""
    return _build(*_original(about, more))._replace(film=_film(more))


def _original(about: dict[str, Any], arrays: dict[str, Array]) -> tuple[Recipe, Any]:
    """The recipe, and the data in their own units."""
    recipe = Recipe().replace(**about["recipe"])
    if recipe.data in data.NAMES:
        return recipe, recipe.data_set()
    name = stem(recipe.data)
    if "noise" in about:
        return recipe, data.Curve(arrays["points"], about["noise"], name)
    if "categories" in about:
        return recipe, data.Mixed(arrays["points"], name, about["headings"], dict(about["categories"]))
    return recipe, data.Points(arrays["points"], name, about["columns"])


def _film(arrays: dict[str, Array]) -> Any:
    """The snapshots in a file, or None."""
    return SimpleNamespace(steps=arrays["film_steps"].tolist(), x=list(arrays["film"])) if "film" in arrays else None


def part(prefix: str, arrays: dict[str, Array]) -> dict[str, Array]:
    """The arrays whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _check_sizes(recipe: Recipe, dim: int, arrays: dict[str, Array], history: dict[str, Array]) -> None:
    """Raises ValueError for arrays of other sizes than the recipe's, before networks of that size are made."""
    replicas = () if recipe.replicas is None else (recipe.replicas,)
    rows, looks, frames = history["step"].shape, history["modes_step"].shape, arrays["film_steps"].size if "film" in arrays else 0
    sizes = recipe.sizes(dim)
    G_theta = (*replicas, sizes["G.theta"])
    shapes = {"G.theta": G_theta, "G_ema.theta": G_theta, "film_steps": (frames,), "film": (frames, FILMED, dim),
              **{HISTORY + name: (*rows, *replicas) for name in history},
              HISTORY + "step": rows, HISTORY + "modes_step": looks, HISTORY + "diverged": replicas,
              **{HISTORY + name: (*looks, *replicas) for name in ("modes_visited", "modes_half")}}
    for name, shape in shapes.items():
        if name in arrays and arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, expected {shape}")
    for name in ("G", "D"):
        held = sum(array.size for array in part(f"{name}.", arrays).values())
        if held < sizes[name]:
            raise ValueError(f"{name} has {held} numbers, expected at least {sizes[name]}")
