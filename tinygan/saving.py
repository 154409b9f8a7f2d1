"""A Training on disk, so that it can go on after it was stopped or its process was ended.

    save(training, path)               the state in one file, which appears whole or not at all
    read(path) -> Saved                what such a file holds
    Keeper(training, path, every)      saves while the training runs
    run(training, path, every, ...)    what `train(..., checkpoint=path)` does: go on from the file if it is there, and keep it

The file is a `checkpoint` of its own kind. Nothing in it is pickled. A training that goes on from it ends with the same bits as
one that was never stopped.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from . import checkpoint
from .data.base import fingerprint
from .engine.arguments import Array, count, file_path
from .history import History

KIND, EVERY = "tinygan training", 1000
STATE = "state."  # how the names of the state's arrays begin in the file
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # in the repr of an object that has none of its own: another one in each process


class Saved(NamedTuple):
    """What a file of `save` holds: the Training's state, other arrays that were saved beside it, and words."""

    state: dict[str, Array]
    more: dict[str, Array]
    about: dict[str, Any]


def save(training: Any, path: str | Path, about: dict[str, Any] | None = None, more: dict[str, Array] | None = None) -> None:
    """Write the training's state, with words and further arrays if there are any. Raises OSError; an older file is then whole."""
    state = {STATE + name: array for name, array in training.state().items()}
    checkpoint.save(path, state | (more or {}), about or {}, KIND)


def read(path: str | Path) -> Saved:
    """What `save` wrote. Raises OSError, or ValueError for another or a damaged file, or one of another version."""
    arrays, about = checkpoint.load(path, KIND)
    state = {name.removeprefix(STATE): array for name, array in arrays.items() if name.startswith(STATE)}
    return Saved(state, {name: array for name, array in arrays.items() if not name.startswith(STATE)}, about)


class Keeper:
    """Saves a training while it runs. Call it after each step.

    Parameters
    ----------
    training, path, about : as in `save`
    every : after how many steps
    more : a function that gives the further arrays
    """

    def __init__(self, training: Any, path: str | Path, every: int = EVERY, about: dict[str, Any] | None = None,
                 more: Callable[[], dict[str, Array]] = dict) -> None:
        self.training, self.path, self.every, self.about, self.more = training, Path(path), count("every", every), about, more

    def __call__(self) -> None:
        """Save, if it is time."""
        if self.training.done % self.every == 0:
            self.save()

    def save(self) -> None:
        """Save now."""
        save(self.training, self.path, self.about, self.more())


def run(training: Any, path: str | Path, every: int, settings: dict[str, Any], callback: Any, progress: bool | None) -> History:
    """Run the training to its end and keep it in the file `path`; go on from there if the file is there.

    `settings` say what holds in this run. Raises ValueError, before anything is trained, for the file of another run.
    """
    path = file_path("checkpoint", path)
    told = {name: fingerprint(value) if name == "data" else str(value) for name, value in settings.items()}
    words = {name: ADDRESS.sub("", text) for name, text in told.items()}
    keeper = Keeper(training, path, every, {"settings": words})
    if keeper.path.exists():
        saved = read(keeper.path)
        before = saved.about.get("settings", {})
        for name, text in words.items():
            if before.get(name) != text:
                raise ValueError(f"{path} holds another run: {name} is {before.get(name)} there, and {text} here. Choose another "
                                 "checkpoint, or delete that file to begin again")
        training.load_state(saved.state)

    def after_step(state: Any) -> Any:
        stop = None if callback is None else callback(state)
        keeper()
        return stop

    history: History = training.run(after_step, progress)
    keeper.save()
    return history
