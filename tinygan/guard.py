"""The guard of a run. It notices the step in which a run diverges, says where, and puts back the players from before it."""

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .engine.arguments import Array
from .engine.optim import Optimiser
from .engine.store import Network
from .history import History

# Adam bounds every step, so a rate much too large seldom reaches infinity. The scores are beyond a million within
# a few steps, and no run recovers from there: a loss beyond this counts as diverged too.
LOSS_LIMIT = 1e6
MEMORIES = 100  # steps between two looks at what optimisers remember
EARLY = 10  # steps: a run that diverges so soon has most likely data of another size


class Diverged(FloatingPointError):
    """A loss, gradient or parameter is no longer finite, or a loss is beyond 1e6.

    Parameters
    ----------
    message : the step, and what is not finite there
    history : the `History` of the run so far
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.history)


class Guard:
    """Watches the players (name -> network) and notes in `history.diverged` which replica was lost, and when.

    A step begins with `keep`, and ends with `total`, which `check` looks at. Both are array operations. `beside` holds networks
    that follow the players, such as an average of G; they are put back as well. `optimisers` are looked at now and then. A
    gradient beyond 1e19 in float32 leaves Adam with an infinite mean, its parameter stands still, and no loss shows it.
    """

    def __init__(self, players: dict[str, Network], history: History, beside: Sequence[Network] = (),
                 optimisers: dict[str, Optimiser] | None = None) -> None:
        self.players, self.history, self.optimisers = players, history, optimisers or {}
        self.own = [array for net in (*players.values(), *beside) for array in (net.theta, *net.buffers().values())]
        self.before = [array.copy() for array in self.own]
        self.some_lost = False

    def keep(self) -> None:
        """Remember the players as they stand."""
        for array, before in zip(self.own, self.before, strict=True):
            before[...] = array

    def total(self) -> Array:
        """The sum of all parameters, () or (R,), finite only where all are. A gradient that is not finite has reached them."""
        sums = [net.theta.sum(axis=-1) for net in self.players.values()]
        return functools.reduce(operator.add, sums)

    def check(self, step: int, losses: dict[str, Array], total: Array | None = None) -> Diverged | None:
        """The `Diverged` to raise when the run, or its last replica, is lost, else None; lost replicas are held still.

        losses: the step's losses, such as {"d_loss": ..., "g_loss": ...}, each () or (R,); total: what `total` gives after it.
        """
        fine: Any = np.isfinite(self.total() if total is None else total)
        for loss in losses.values():
            fine = fine & (abs(loss) <= LOSS_LIMIT)
        if step % MEMORIES == 0 or step == self.history.steps:
            for optimiser in self.optimisers.values():
                fine = fine & _remembers_finite(optimiser)
        if not self.some_lost and (fine.all() if np.ndim(fine) else fine):
            return None
        lost = ~np.asarray(fine)
        new = lost & (self.history.diverged == 0)
        message = self._diagnose(step, losses) if np.any(new) else ""
        self.history.diverged[new] = step
        lost = np.asarray(self.history.diverged > 0)
        for array, before in zip(self.own, self.before, strict=True):
            array[lost] = before[lost]
        if np.any(new) and np.all(lost):
            return Diverged(message, self.history)
        self.some_lost = True
        return None

    def resume(self, history: History) -> None:
        """Go on with the players as they stand, and with this history: the replicas that it says are lost stay where they are."""
        self.history, self.some_lost = history, bool(np.any(history.diverged))
        self.keep()

    def _diagnose(self, step: int, losses: dict[str, Array]) -> str:
        """Where the first number that is not finite stands: player, then loss, gradient or parameter, then layer."""
        left = dict(losses)
        lines = [_large(f"the loss of {name}", left.pop(f"{name.lower()}_loss", None)) + _not_finite(name, net)
                 for name, net in self.players.items()]
        lines += [_large(name, loss) for name, loss in left.items()]  # those of no player
        lines += [[f"a gradient of {name} was too large for {opt!r}, which then stands still"]
                  for name, opt in self.optimisers.items() if not np.all(_remembers_finite(opt))]
        place = "; ".join(next((found for found in lines if found), ["a sum overflowed"])[:2])
        early = "Standardise the data if they are not (data.standardized()), or try a learning rate ten times smaller"
        advice = early if step <= EARLY else "Try a learning rate ten times smaller"
        return f"training diverged at step {step}: {place}. The parameters from before this step are kept. {advice}"


def _remembers_finite(optimiser: Optimiser) -> Any:
    """Whether all its memories are finite, () or (R,)."""
    memories = [memory for memory in optimiser.state().values() if memory.ndim]  # without the count of steps
    return functools.reduce(operator.and_, (np.isfinite(memory).all(axis=-1) for memory in memories), np.True_)


def _large(name: str, loss: Array | None) -> list[str]:
    """What is wrong with a loss, which the message calls `name`, if anything is."""
    size = 0.0 if loss is None else float(np.max(np.abs(loss)))
    if size <= LOSS_LIMIT:
        return []
    return [f"{name} is " + (f"{size:.3g} in size (limit {LOSS_LIMIT:.0e})" if np.isfinite(size) else f"{size}")]


def _not_finite(name: str, net: Network) -> list[str]:
    """The gradients, then the parameters of a player that are not finite."""
    found = []
    for kind, flat in (("gradient", net.grad), ("parameter", net.theta)):
        for layer, parameter, view in net.views(flat):
            bad = view.size - np.count_nonzero(np.isfinite(view))
            if bad:
                found.append(f"{bad} of {view.size} entries of the {kind} {parameter} are not finite "
                             f"in layer {net.layers.index(layer)} of {name}, {layer}")
    return found
