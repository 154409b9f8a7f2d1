"""Optimiser, what all rules for steps share, namely a count of steps and memories shaped like theta, for one network.

`engine.optim` has the rules.
"""

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np

from .arguments import Array, count, memory_like, real, shown
from .numerics import flush


class Optimiser:
    """What all optimisers share: running means shaped like theta, a count of steps, and numbers that change with that count.

    A rule of your own is a subclass. It has `step`, which begins with `self.next(theta)`; `memories`, the names of arrays shaped
    like theta that it keeps, 0 at first; and `numbers(t, factor)`, what step t (from 1) multiplies with, by default lr factor.
    """

    lr: float
    memories: tuple[str, ...] = ()
    _moved: Any = None  # where the theta of the last step lies: its memory's owner, and the address

    def __init__(self) -> None:
        self.t = np.zeros((), np.int64)  # steps so far
        self._factor, self._prepared, self._used = 1.0, False, 0
        self._ahead: list[tuple[Array, ...]] = []  # for each step of a round its numbers, 0-d arrays
        for name in self.memories:
            setattr(self, name, None)

    def numbers(self, t: int, factor: float) -> tuple[float, ...]:
        """What step t (from 1) multiplies with: the learning rate."""
        return (self.lr * factor,)

    def step(self, theta: Array, grad: Array) -> None:
        """One step downhill, which changes theta in place."""
        raise NotImplementedError(f"{type(self).__name__} has no step(theta, grad): write it")

    def prepare(self, factor: float = 1.0) -> None:
        """Set the numbers of the coming steps; `factor` multiplies the learning rate."""
        self._factor, self._prepared, self._used = factor, True, 0
        if int(self.t) % 840 == 0:  # not at each step; a number with many divisors, so that rounds of 2 to 8 steps meet it
            flush(getattr(self, name) for name in self.memories)
        for i, cells in enumerate(self._ahead):
            self._fill(cells, int(self.t) + 1 + i)

    def release(self) -> None:
        """The end of a run. Steps prepare themselves again, with factor 1."""
        self._prepared = False

    def _fill(self, cells: tuple[Array, ...], t: int) -> None:
        for cell, value in zip(cells, self.numbers(t, self._factor), strict=True):
            cell[...] = value

    def remembers(self) -> bool:
        """Whether a step depends on earlier ones. Then all must be of one network."""
        return bool(self.memories)

    def check_owner(self, theta: Array) -> None:
        """Raises ValueError for another theta than that of the steps before, where it remembers these."""
        owner, place = _owner(theta), theta.__array_interface__["data"][0]
        alive = self._moved is not None and self._moved[0]() is not None
        if alive and self._moved[1] != place and self.remembers():
            raise ValueError(f"{self!r} moves another network and remembers its steps. Each network needs an optimiser of its "
                             "own; to go on with a copy of the network, give it a copy of the optimiser, copy.deepcopy(opt)")
        self._moved = weakref.ref(owner), place

    def next(self, theta: Array) -> tuple[Array, ...]:
        """The numbers of the step at hand; counts it. The first step also makes the memories."""
        self.check_owner(theta)
        for name in self.memories:
            setattr(self, name, memory_like(theta, getattr(self, name)))
        if not self._prepared:
            self.prepare()
            self._prepared = False
        if self._used == len(self._ahead):  # the first round, which tells how many steps a round has
            self._ahead.append(tuple(np.zeros((), theta.dtype) for _ in self.numbers(1, 1.0)))
            self._fill(self._ahead[-1], int(self.t) + 1)
        self._used += 1
        self.t += 1
        return self._ahead[self._used - 1]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_moved"}  # a copy moves what it is given

    def state(self) -> dict[str, Array]:
        """Copies of what it remembers: the count t, and the memories once there are any."""
        held = {"t": self.t, **{name: getattr(self, name) for name in self.memories}}
        return {name: array.copy() for name, array in held.items() if array is not None}

    def load_state(self, state: dict[str, Array]) -> None:
        """Take what `state` gave. Raises TypeError or ValueError, and changes nothing, for anything else."""
        if not isinstance(state, Mapping):
            raise TypeError(f"a state is a dict of arrays, such as opt.state() gives; got {shown(state)}")
        if "t" not in state or state.keys() - {"t"} not in (set(), set(self.memories)):
            raise ValueError(f"{self!r} remembers t, {', '.join(self.memories)}; got {', '.join(state)}")
        t = count(f"{self!r}: t, the steps so far,", real("t", state["t"]).tolist(), 0)
        held = {name: np.array(real(name, state[name], "fc")) for name in self.memories if name in state}
        self.t[...] = t
        for name in self.memories:
            setattr(self, name, held.get(name))
        self._ahead, self._used, self._moved = [], 0, None


def _owner(theta: Array) -> Array:
    """The array whose memory theta is a part of."""
    while isinstance(theta.base, np.ndarray):
        theta = theta.base
    return theta
