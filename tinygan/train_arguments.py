"""What people pass to `train`: each argument as the loop needs it, or one clear message that says what to write instead."""

import copy
import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .data import Points, from_array
from .data.mixed import is_frame
from .engine.arguments import Array, choice, count, number, shown
from .engine.optim import Adam, Around, Clipped, Optimiser, Optimistic, constant
from .engine.store import Network
from .gradients import all_penalties, g_gradients
from .unroll import unrolled_g_gradients
from .updates import UPDATES, Player, an_optimiser


def data_set(data: Any) -> Any:
    """Data with sample(n, rng) and dim; a table as `data.Points`: an array (N, d), a structured array (N,) or a DataFrame.

    Raises TypeError for anything else, and TypeError or ValueError for a table that is not of numbers alone.
    """
    kind = type(data).__name__
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("data is a masked array, and its masked entries have no value: fill them, or leave their rows out")
    if isinstance(data, np.ndarray) or is_frame(data):
        return from_array(data)
    if hasattr(data, "to_numpy"):
        raise TypeError(f"data is a {kind}: pass its numbers, data.to_numpy()")
    if isinstance(data, (list, tuple)):
        raise TypeError(f"data is a {kind}: pass an array, np.array(data), with a row for each sample")
    if isinstance(data, type) or (callable(data) and not hasattr(data, "sample")):
        name = getattr(data, "__name__", kind)
        raise TypeError(f"data must be an object, not what makes one: write {name}(...) with its brackets")
    if not (callable(getattr(data, "sample", None)) and hasattr(data, "dim")):
        hint = " Draw an array from it first, such as data.sample(5000)[0]" if hasattr(data, "sample") else ""
        raise TypeError("data must be an array (N, d) or one of tinygan.data, with sample(n, rng) and dim; "
                        f"got {shown(data)}.{hint}")
    return data


def own_penalties(penalties: Any) -> tuple[Any, ...]:
    """Copies of the penalties, so that what a schedule sets stays in this run. Raises TypeError for what is no penalty."""
    return copy.deepcopy(all_penalties(penalties))


def optimisers(opt_g: Any, opt_d: Any, update: str, clip: float | None) -> tuple[Optimiser, Optimiser]:
    """A copy of each player's optimiser, Adam() by default, with what `update` and `clip` ask of it."""
    if opt_g is not None and _innermost(opt_g) is _innermost(opt_d):
        raise ValueError("opt_g and opt_d are the same object; each player needs an optimiser of its own")
    choice("update", update, UPDATES)
    g, d = _own_optimiser("opt_g", opt_g), _own_optimiser("opt_d", opt_d)
    if update == "optimistic":
        g, d = Optimistic(g), Optimistic(d)
    return g, d if clip is None else Clipped(d, clip)


def _innermost(opt: Any) -> Any:
    """The optimiser that does the step, inside of `Optimistic` and `Clipped`."""
    return _innermost(opt.opt) if isinstance(opt, Around) else opt


def _own_optimiser(name: str, opt: Any) -> Optimiser:
    if opt is None:
        return Adam()
    an_optimiser(name, opt)
    if not isinstance(opt, Optimiser):
        raise TypeError(f"{name} must be an optimiser such as Adam(lr=1e-3); got {shown(opt)}. A rule of your own is a subclass "
                        "of tinygan.engine.optim.Optimiser")
    return copy.deepcopy(opt)


def unrolling(unroll: Any) -> Callable[..., Array]:
    """`g_gradients`, or with `unroll` (K, lr) the gradients of a G that looks through K steps of D."""
    if unroll is None:
        return g_gradients
    if not (isinstance(unroll, tuple) and len(unroll) == 2):
        raise TypeError(f"unroll must be None or (steps, lr), such as (5, 0.1); got {shown(unroll)}")
    steps, lr = count("unroll: steps", unroll[0], 0), number("unroll: lr", unroll[1], above=0)
    return functools.partial(unrolled_g_gradients, steps=steps, lr=lr)


def schedule_function(schedule: Any) -> Callable[[float], float]:
    """The schedule, or `constant` for None. Raises TypeError for what is no function."""
    if schedule is not None and not callable(schedule):
        raise TypeError("schedule must be a function of the fraction of the run, such as tinygan.cosine_decay; "
                        f"got {shown(schedule)}")
    return schedule or constant


def factor(schedule: Callable[[float], float], fraction: float) -> float:
    """What the schedule says at this fraction of the run. Raises TypeError or ValueError for what is no finite number."""
    value = schedule(fraction)
    if type(value) is float and math.isfinite(value):  # as at almost every step: no name for a message need be made
        return value
    return number(f"schedule: the factor at {fraction:.3g} of the run", value)


def all_players(players: Any) -> dict[str, Player]:
    """The players, if they are a dict of them. Raises TypeError."""
    if not isinstance(players, dict) or not players or not all(isinstance(player, Player) for player in players.values()):
        raise TypeError('players must be a dict such as {"D": Player(D, Adam()), "G": Player(G, Adam())}; '
                        f"got {shown(players)}")
    for name, other in itertools.combinations(players, 2):
        if players[name].network is players[other].network:
            raise ValueError(f"the players {name} and {other} have one network; each needs a network of its own")
        if _innermost(players[name].optimiser) is _innermost(players[other].optimiser):
            raise ValueError(f"the players {name} and {other} have one optimiser; each needs an optimiser of its own")
    return players


def callback_function(callback: Any) -> Callable[[Any], Any]:
    """The callback, or for None one that never stops the run. Raises TypeError for what is no function."""
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be a function, called as callback(state) after each step; got {shown(callback)}")
    return callback or (lambda state: False)


def stops(answer: Any) -> bool:
    """Whether the answer of a callback stops the run. Raises TypeError for a number, which would stop it and say nothing."""
    if answer is None or isinstance(answer, (bool, np.bool_)):
        return bool(answer)
    raise TypeError(f"callback must return True to stop the run, or False or nothing to go on; got {answer!r}. Let it return a "
                    "comparison, such as state.step == 1000, or nothing")


def check_players(G: Any, D: Any, data: Any, batch: int) -> None:
    """Raises TypeError or ValueError unless G, D, the data and the batch fit together."""
    for name, net in (("G", G), ("D", D)):
        if not isinstance(net, Network):
            raise TypeError(f"{name} must be a network, such as mlp(2, 64, {'2' if name == 'G' else '1'}); got {shown(net)}")
        if net.dtype.kind != "f":
            raise TypeError(f"{name} computes in {net.dtype}, which is for gradient checks: make it with dtype=np.float32")
    if G.rows != 1:
        raise ValueError(f"G makes one point of {G.rows} rows of z: Pack belongs at the beginning of D, take it out of G")
    if batch % D.rows:
        raise ValueError(f"D packs {D.rows} points, which does not divide a batch of {batch}: "
                         f"choose a batch size that {D.rows} divides")
    if isinstance(data, Points) and batch > data.x.shape[-2]:
        raise ValueError(f"batch is {batch}, but the data have {data.x.shape[-2]} rows: choose batch={data.x.shape[-2]} or less")
    if G.d_out != data.dim:
        raise ValueError(f"G makes points with {G.d_out} coordinates, but the data have {data.dim}: end G with {data.dim}")
    if D.d_in != data.dim:
        hint = f". To let D judge {D.d_in // data.dim} points at a time, begin it with Pack({D.d_in // data.dim}, {data.dim})" \
            if D.d_in % data.dim == 0 else ""
        raise ValueError(f"D takes {D.d_in} features, but the data have {data.dim}: begin D with {data.dim}{hint}")
    if D.d_out != 1:
        raise ValueError(f"D must give one score for each sample; this one gives {D.d_out}: end D with 1")
    if G.replicas != D.replicas:
        raise ValueError(f"G and D must have the same replicas; got {G.replicas} and {D.replicas}")
