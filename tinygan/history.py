"""What a run leaves behind, namely a few arrays of numbers, one row for each recorded step."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from .engine.arguments import Array
from .engine.store import Network

ROWS = 1000  # a run of any length keeps at most this many rows ...
LOOKS = 50  # ... and counts its modes about this often
LOOKED = ("modes_visited", "modes_half")


class Table:
    """Rows of numbers, each with its step, in memory that is there from the first row on: a run makes no new arrays for them."""

    def __init__(self, rows: int, dtype: Any) -> None:
        self.n, self.dtype, self._steps = 0, dtype, np.zeros(rows, np.int64)
        self._numbers: Array | None = None

    def add(self, step: int, row: Sequence[Array] | Array) -> None:
        """Copy a row, (columns,) or (columns, R), unless the last one has this step. The table grows where it must."""
        if self.n and self._steps[self.n - 1] == step:
            return
        if self._numbers is None:
            self._numbers = np.full((self._steps.size, *np.shape(row)), 0, self.dtype)
        if self.n == self._steps.size:  # a run that goes on beyond its planned end
            self._steps, self._numbers = (np.concatenate([part, np.zeros_like(part)]) for part in (self._steps, self._numbers))
        self._steps[self.n] = step
        for i, value in enumerate(row):
            self._numbers[self.n, i] = value
        self.n += 1

    @property
    def steps(self) -> Array:
        """(n,)"""
        return self._steps[:self.n]

    def column(self, i: int, replicas: tuple[int, ...]) -> Array:
        """Column i, (n,) or (n, R)."""
        return np.zeros((0, *replicas), self.dtype) if self._numbers is None else self._numbers[:self.n, i]

    def replica(self, r: int) -> "Table":
        """The numbers of replica r."""
        twin = copy.copy(self)
        twin._numbers = None if self._numbers is None else self._numbers[..., r]
        return twin


class History:
    """The numbers of a training run, one row for each recorded step. With replicas each column has shape (rows, R).

    Every step is recorded in runs of up to 1000, evenly spaced ones in longer runs, and in any case the last. The columns are
    what the training's step returns; history.d_loss or history["d_loss"] is one of them. `train` has d_loss and g_loss, the
    losses before that step's updates. It also has d_real and d_fake, D's mean verdicts on the step's real and fake points, from
    the scores of its loss. A verdict is a probability where the loss is made of probabilities, otherwise the score.

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
        self._rows, self._looks = Table(-(-steps // self.every) + 1, np.float64), Table(LOOKS + 1, np.int64)
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
        self._rows.add(step, [values[name] for name in self.columns])

    def record_modes(self, step: int, modes: Array) -> None:
        """Copy one look, (2,) or (2, R): modes visited, and at half their share. A step is recorded once."""
        self._looks.add(step, modes)

    @property
    def step(self) -> Array:
        """The recorded steps, (rows,)."""
        return self._rows.steps

    @property
    def modes_step(self) -> Array:
        """The steps at which modes were counted."""
        return self._looks.steps

    @property
    def modes_visited(self) -> Array:
        """How many modes had at least half of their share of all samples, at each of these steps."""
        return self._looks.column(0, self.replicas)

    @property
    def modes_half(self) -> Array:
        """How many modes had at least half of their share of high-quality samples."""
        return self._looks.column(1, self.replicas)

    def __getitem__(self, column: str) -> Array:
        if column not in self.columns:
            raise KeyError(f"this history has the columns {', '.join(self.columns) or '(none yet)'}; got {column!r}")
        return self._rows.column(self.columns.index(column), self.replicas)

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
            twin._rows, twin._looks = self._rows.replica(r), self._looks.replica(r)
            twin.G_ema = self.G_ema and self.G_ema.replica(r)
        return twin

    def arrays(self) -> dict[str, Array]:
        """Copies of everything recorded, as a dict of arrays: what a file keeps. `from_arrays` reads it again."""
        return {name: np.array(getattr(self, name)) for name in ("step", *self.columns, "modes_step", *LOOKED, "diverged")}

    @classmethod
    def from_arrays(cls, steps: int, arrays: dict[str, Array], G_ema: Network | None = None,
                    count_modes: bool | None = None, planned: bool = False) -> "History":
        """The history of a run planned for `steps` steps, from what `arrays` gave. count_modes: by default as it was so far.

        planned: only the rows of this plan, without that of a step at which the run was stopped. Raises ValueError where an array
        is missing.
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
        for i, step in enumerate(arrays["step"].tolist()):
            if planned and not (history.wants(step) or np.any(arrays["diverged"] == step)):
                continue
            history.record(step, {name: arrays[name][i] for name in history.columns})
        for i, step in enumerate(arrays["modes_step"].tolist()):
            if planned and not history.wants_modes(step):
                continue
            history.record_modes(step, np.array([arrays[name][i] for name in LOOKED]))
        history.diverged = np.array(arrays["diverged"])
        return history

    def describe(self) -> str:
        """The last row as one line for a progress bar, with modes, then every column; medians, where there are replicas."""
        if not self._rows.n:
            return ""
        row = [float(np.median(self[name][-1])) for name in self.columns]
        modes = f"modes {np.median(self.modes_half[-1]):g}  " if self._looks.n else ""
        return modes + "  ".join(f"{name} {value:.2f}" for name, value in zip(self.columns, row, strict=True))

    def __repr__(self) -> str:
        done = self.step[-1] if self._rows.n else 0
        return f"History({done} of {self.steps} steps: {self.describe()})"
