"""A run of one of the family: from its settings to a system and its data; from there to a file; and back.

    build(recipe, ...) -> FamilyRun     before any training, which is done by `tinygan.cli.family`
    save(run, folder)                   run.npz: model, settings, all networks, history; of a user's own data points and labels
    load(folder)                        the run in a folder, of the family or of the first GAN, to sample from or to draw
    resume(folder)                      the run of the checkpoint in a folder, to be gone on with
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import checkpoint, data, saving
from ..data import Points
from ..engine.base import at_most
from ..files import stem
from ..history import History
from ..record import Common
from ..settings import Source
from ..zoo import FAMILY, System
from . import run_files
from .family_scores import asks
from .run_files import CHECKPOINT, HISTORY, RUN, Misuse

LABEL, OF_USER = "label", "of_user."  # a column of this name holds classes; how the names of a user's own arrays begin


class FamilyRun(NamedTuple):
    """A run of a system.

    model     its name in FAMILY
    system    with its networks and its data, in the units that it learns in: images as they are, others standardised
    own       setting -> Points, a user's own data, as they were read
    history   comes with learning
    film      None: it keeps no snapshots
    """

    model: str
    system: System
    own: dict[str, Points]
    history: Any = None
    film: Any = None

    @property
    def recipe(self) -> Common:
        return self.system.recipe

    @property
    def data(self) -> Any:
        return self.system.data

    def replica(self, r: int) -> "FamilyRun":
        """The run itself, which is the only one. Raises Misuse for r above 0."""
        if r:
            raise Misuse(f"there is no replica {r}: the model {self.model} has no replicas")
        return self


def build(model: str, recipe: Common, given: Collection[str] = (), reading: dict[str, str] | None = None) -> FamilyRun:
    """The FamilyRun that the settings describe, untrained.

    A batch that is not among the `given` settings is made to fit a user's own data; `reading` says how to read these, see
    `data.from_file`.

    Raises FileNotFoundError or ValueError for a file that cannot be used, Misuse for data that do not fit the model.
    """
    own = {name: read(getattr(recipe, name), **reading or {}) for name in _sources(recipe)
           if getattr(recipe, name) not in data.NAMES}
    for name, points in own.items():
        if points.labels is None and asks(FAMILY[model], "labels"):
            raise Misuse(f"{getattr(recipe, name)} has no column called {LABEL}, and the model {model} needs one: the class of "
                         "each row, a whole number from 0 up")
    rows = [points.x.shape[-2] for points in own.values()]
    if rows and "batch" not in given and recipe.batch is not None:
        recipe = recipe.replace(batch=min(recipe.batch, *rows))
    try:
        run = _built(model, recipe, own)
        run.system.training(run.data)  # its complaints come before anything is written
        checkpoint.in_bytes(words(run))
    except (TypeError, ValueError) as error:
        raise Misuse(error) from None
    return run


def _sources(recipe: Common) -> list[str]:
    """The settings that name data."""
    return [name for name, kind in recipe.kinds().items() if isinstance(kind, Source)]


def read(path: str, **reading: str) -> Points:
    """A user's own points, see `data.from_file`; a column called label holds the class of each row.

    Raises ValueError for what cannot be used.
    """
    points = data.from_file(path, **reading)
    if points.columns is None or LABEL not in points.columns or points.dim == 1:
        return points
    j = points.columns.index(LABEL)
    column = points.x[:, j]
    wrong = np.flatnonzero(column != column.round())
    if wrong.size:
        raise ValueError(f"{path}: the column {LABEL} holds classes, which are whole numbers from 0 up; "
                         f"row {wrong[0] + 1} has {column[wrong[0]]:g}")
    labels = column.astype(np.int64)
    data.class_count(path, labels)
    found = Points(np.delete(points.x, j, axis=-1), points.name, (*points.columns[:j], *points.columns[j + 1:]), labels)
    found.notes = points.notes
    return found


def _built(model: str, recipe: Common, own: dict[str, Points]) -> FamilyRun:
    """The FamilyRun with new networks, on a user's own data or on the sets that the settings name."""
    def units(name: str) -> Any:
        given = own.get(name) or named(getattr(recipe, name))
        return given if given.image else given.standardized()

    others = {name: units(name) for name in _sources(recipe) if name != "data"}
    system = FAMILY[model](recipe, **others)
    return FamilyRun(model, system.build(units("data")), own)


def named(name: str) -> Any:
    """The data set of this name; of the digits only the half that generators learn from."""
    return data.halves().training if name == "digits" else data.by_name(name)


def save(run: FamilyRun, folder: Path) -> None:
    """Write the run into `folder`, which must exist. Raises OSError."""
    arrays = run.system.state() | {HISTORY + name: array for name, array in run.history.arrays().items()}
    checkpoint.save(folder / RUN, arrays | beside(run), words(run))


def words(run: FamilyRun) -> dict[str, Any]:
    """What a file says of the run in words."""
    columns = {name: points.columns for name, points in run.own.items()}
    return {"model": run.model, "recipe": run.recipe.values(), "columns": columns}


def beside(run: FamilyRun) -> dict[str, Any]:
    """A user's own data as arrays."""
    labels = {f"{OF_USER}{name}.labels": points.labels for name, points in run.own.items() if points.labels is not None}
    return {f"{OF_USER}{name}": points.x for name, points in run.own.items()} | labels


def resume(folder: str | Path) -> tuple[Any, dict[str, Any]]:
    """The Run or FamilyRun of the checkpoint in `folder`, untrained, and the state to go on from.

    Raises Misuse when there is none, ValueError when it is damaged, or of another version.
    """
    path = Path(folder) / CHECKPOINT
    if not path.is_file():
        raise Misuse(f"there is no run to go on with in {folder}: no file {path}. Make one with the command train")
    saved = saving.read(path)
    try:
        return (_resumed if "model" in saved.about else run_files.resumed)(saved.about, saved.more), saved.state
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} is not a whole run: {error}") from error


def with_steps(run: Any, steps: int) -> Any:
    """A Run or FamilyRun that is to take so many steps."""
    recipe = run.recipe.replace(steps=steps)
    if not isinstance(run, FamilyRun):
        return run._replace(recipe=recipe)
    run.system.recipe = recipe
    return run


def load(folder: str | Path) -> Any:
    """The Run or FamilyRun in `folder`. Raises Misuse when there is none, or ValueError when the file is not a whole run."""
    def either(about: dict[str, Any], arrays: dict[str, Any]) -> Any:
        return _restore(about, arrays) if "model" in about else run_files.restore(about, arrays)

    return run_files.load(folder, either)


def _restore(about: dict[str, Any], arrays: dict[str, Any]) -> FamilyRun:
    history = run_files.part(HISTORY, arrays)
    state = {name: array for name, array in arrays.items() if not name.startswith((HISTORY, OF_USER))}
    with at_most(2 * sum(array.size for array in state.values())):  # a model may make a layer that it does not keep
        run = _resumed(about, arrays)
    run.system.load_state(state)
    return run._replace(history=History.from_arrays(run.recipe.steps, history, run.system.averages.get("G")))


def _resumed(about: dict[str, Any], arrays: dict[str, Any]) -> FamilyRun:
    """The FamilyRun that a file tells of, untrained."""
    model = about["model"]
    if model not in FAMILY:
        raise ValueError(f"there is no model {model!r}")
    recipe = FAMILY[model].recipe_for().replace(**about["recipe"])
    return _built(model, recipe, {name: _own(name, recipe, about["columns"], arrays) for name in _sources(recipe)
                                  if getattr(recipe, name) not in data.NAMES})


def _own(name: str, recipe: Common, columns: dict[str, Any], arrays: dict[str, Any]) -> Points:
    """A user's own data, from the arrays of a file."""
    labels, names = arrays.get(f"{OF_USER}{name}.labels"), columns[name]
    return Points(arrays[f"{OF_USER}{name}"], stem(getattr(recipe, name)), names and tuple(names), labels)
