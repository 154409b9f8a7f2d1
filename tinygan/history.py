"""What a run leaves behind: a few arrays of numbers, one row for each recorded step."""

import copy

import numpy as np

from .engine.arguments import Array
from .engine.store import Network

ROWS = 1000  # a run of any length keeps at most this many rows ...
LOOKS = 50  # ... and counts its modes about this often
LOOKED = ("modes_visited", "modes_half")


class History:
    """The numbers of a training run, one row for each recorded step. With replicas each column has shape (rows, R).

    Every step is recorded in runs of up to 1000, evenly spaced ones in longer runs, and in any case the last. The columns are
    what the training's step returns; history.d_loss or history["d_loss"] is one of them. `train` has d_loss and g_loss, the
    losses before that step's updates; and d_real and d_fake, D's mean verdicts on the step's real and fake points, from the
    scores of its loss: a probability where the loss is made of probabilities, otherwise the score.

    Parameters
    ----------
    steps : how many the run is planned for
    replicas : () or (R,)
    G_ema : the generator with averaged parameters, or None
    count_modes : whether modes are counted now and then

    Attributes
    ----------
    step : (rows,), steps completed, from 1
    columns : the names of the columns
    modes_step : the steps at which modes were counted (none, unless the data are a mixture)
    modes_visited : how many modes had at least half of their share among 1000 samples, sharp or blurred
    modes_half : the same among the high-quality ones of these samples
    diverged : the step at which the run, or each replica, diverged (see `Diverged`); 0 where that never happened
    """

    def __init__(self, steps: int, replicas: tuple[int, ...] = (), G_ema: Network | None = None,
                 count_modes: bool = False) -> None:
        self.steps, self.replicas, self.G_ema = steps, replicas, G_ema
        self.every = -(-steps // ROWS)
        self.look_every = -(-steps // LOOKS) if count_modes else None
        self.columns: tuple[str, ...] = ()
        self._rows: list[tuple[int, Array]] = []
        self._looks: list[tuple[int, Array]] = []
        self.diverged = np.zeros(replicas, int)

    def wants(self, step: int) -> bool:
        """Whether this step (from 1) is recorded: every so often, and the last one."""
        return step % self.every == 0 or step == self.steps

    def wants_modes(self, step: int) -> bool:
        """Whether modes are counted at this step (from 1)."""
        return self.look_every is not None and (step % self.look_every == 0 or step == self.steps)

    def record(self, step: int, values: dict[str, Array]) -> None:
        """Copy one row: a number, or an array (R,), for each column. A step is recorded once."""
        self.columns = self.columns or tuple(values)
        if not self._rows or self._rows[-1][0] != step:
            self._rows.append((step, np.array([values[name] for name in self.columns], np.float64)))

    def record_modes(self, step: int, modes: Array) -> None:
        """Copy one look, (2,) or (2, R): modes visited, and at half their share. A step is recorded once."""
        if not self._looks or self._looks[-1][0] != step:
            self._looks.append((step, np.array(modes, int)))

    @property
    def step(self) -> Array:
        """The recorded steps, (rows,)."""
        return np.array([step for step, _ in self._rows], int)

    @property
    def modes_step(self) -> Array:
        """The steps at which modes were counted."""
        return np.array([step for step, _ in self._looks], int)

    @property
    def modes_visited(self) -> Array:
        """How many modes had at least half of their share of all samples, at each of these steps."""
        return self._looked(0)

    @property
    def modes_half(self) -> Array:
        """How many modes had at least half of their share of high-quality samples."""
        return self._looked(1)

    def _looked(self, i: int) -> Array:
        return np.array([modes[i] for _, modes in self._looks], int).reshape(-1, *self.replicas)

    def __getitem__(self, column: str) -> Array:
        if column not in self.columns:
            raise KeyError(f"this history has the columns {', '.join(self.columns) or '(none yet)'}; got {column!r}")
        i = self.columns.index(column)
        return np.array([row[i] for _, row in self._rows]).reshape(-1, *self.replicas)

    def __getattr__(self, name: str) -> Array:
        if name in vars(self).get("columns", ()):
            return self[name]
        raise AttributeError(f"{type(self).__name__} has no {name!r}; its columns are {', '.join(vars(self).get('columns', ()))}")

    def replica(self, r: int) -> "History":
        """The history of replica r alone; of a run without replicas, r = 0 is all of it. Raises ValueError for any other r."""
        if not 0 <= r < (self.replicas or (1,))[0]:
            raise ValueError(f"there is no replica {r}: this history has {self.replicas[0] if self.replicas else 'no'} replicas")
        twin = copy.copy(self)
        if self.replicas:
            twin.replicas, twin.diverged = (), self.diverged[r]
            twin._rows = [(step, row[:, r]) for step, row in self._rows]
            twin._looks = [(step, modes[:, r]) for step, modes in self._looks]
            twin.G_ema = self.G_ema and self.G_ema.replica(r)
        return twin

    def arrays(self) -> dict[str, Array]:
        """Everything recorded, as a dict of arrays: what a file keeps. `from_arrays` reads it again."""
        return {"step": self.step, **{name: self[name] for name in self.columns}, "modes_step": self.modes_step,
                **{name: getattr(self, name) for name in LOOKED}, "diverged": np.array(self.diverged)}

    @classmethod
    def from_arrays(cls, steps: int, arrays: dict[str, Array], G_ema: Network | None = None,
                    count_modes: bool | None = None) -> "History":
        """The history of a run planned for `steps` steps, from what `arrays` gave. count_modes: by default as it was so far.

        Raises ValueError where an array is missing.
        """
        missing = [name for name in ("step", "modes_step", *LOOKED, "diverged") if name not in arrays]
        if missing:
            raise ValueError(f"a history has the arrays step, modes_step, {', '.join(LOOKED)} and diverged; missing here: "
                             f"{', '.join(missing)}")
        count_modes = arrays["modes_step"].size > 0 if count_modes is None else count_modes
        history = cls(steps, arrays["diverged"].shape, G_ema, count_modes)
        history.columns = tuple(name for name in arrays if name not in ("step", "modes_step", "diverged", *LOOKED))
        rows = {name: np.shape(arrays[name]) for name in history.columns}
        if any(shape != (arrays["step"].size, *history.replicas) for shape in rows.values()):
            raise ValueError(f"each column of a history has a row for each of its {arrays['step'].size} steps; got shapes {rows}")
        table = np.stack([arrays[name] for name in history.columns], axis=1) if history.columns else np.empty((0, 0))
        history._rows = list(zip(arrays["step"].tolist(), table, strict=True))
        modes = np.stack([arrays[name] for name in LOOKED], axis=1)
        history._looks = list(zip(arrays["modes_step"].tolist(), modes, strict=True))
        history.diverged = np.array(arrays["diverged"])
        return history

    def describe(self) -> str:
        """The last row as one line for a progress bar: modes, then every column; medians, where there are replicas."""
        if not self._rows:
            return ""
        row = [float(np.median(value)) for value in self._rows[-1][1]]
        modes = f"modes {np.median(self._looks[-1][1][1]):g}  " if self._looks else ""
        return modes + "  ".join(f"{name} {value:.2f}" for name, value in zip(self.columns, row, strict=True))

    def __repr__(self) -> str:
        done = self._rows[-1][0] if self._rows else 0
        return f"History({done} of {self.steps} steps: {self.describe()})"
