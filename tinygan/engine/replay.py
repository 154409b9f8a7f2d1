"""Replay: run a step's NumPy calls once, write them down, and run the list again.

A step of a small GAN is about two hundred NumPy calls on small arrays. Much of its time lies between the calls. Python looks up
methods, checks shapes, makes arrays and gives them back. But the calls are the same in every step, on arrays of the same
shapes. Only the numbers in them change. So we run the step once with arrays that note every call (`engine.recording`), and get
a list:

    matmul (128, 2) (2, 64) -> (128, 64)        x @ W
    add    (128, 64) (1, 64) -> (128, 64)       + b
    ...

To take the step again, copy the new batch into the old batch's arrays and make the calls of the list. Each writes into the
memory that its result had the first time. The layers stay as they stand on the blackboard, and the results have the same bits.
The list cannot hold an `if` on a value, nor random numbers; these are drawn outside, into the batch.

Before it is run, the list is made shorter (`engine.shortening`). A call whose result nobody reads is dropped. `grad = 0` followed
by `grad += a` becomes `grad = a`. Arrays that are not needed at the same time share memory.

    step = record(function, batch, changes=[G, D, opt_g, opt_d])
    result = step(another_batch)                # what function(another_batch) returns, and the same changes
    print(step)                                 # the list
"""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from . import shortening
from .arguments import Array
from .recording import Call, NotRecordable, Recorded, bare, leaves, mapped

__all__ = ["NotRecordable", "Replay", "State", "record"]

LOCK = threading.RLock()  # one recording at a time; other threads may go on, as their arrays note nothing


def record(function: Callable[[Any], Any], batch: Any, changes: Iterable[Any] = (), shorten: bool = True) -> "Replay":
    """Run function(batch) once and write down its NumPy calls.

    Parameters
    ----------
    function : a function of a batch, made of NumPy calls. It has been run before, so that optimisers have made their memories.
    batch : an array, or tuples, named tuples and dicts of arrays and None; a copy is kept.
    changes : networks, optimisers, penalties, arrays, everything that the function changes in place, or that is changed from
        outside between two calls. Their arrays are found by looking through their attributes.
    shorten : whether to make the list shorter. The results have the same bits, but for the sign of a zero in a gradient.

    Returns
    -------
    Replay, whose first result is `replay.result`. The function has been carried out, so what it changes is changed.

    Raises
    ------
    NotRecordable
        with the line that looked at a value, made a copy that cannot be noted, or wrote into an array that is not in
        `changes`. All that the function had changed until then is put back.
    """
    return Replay(function, batch, list(changes), shorten)


class Replay:
    """A recorded function. Call it with a new batch. `result` is what the recording itself returned, `calls` the list."""

    def __init__(self, function: Callable[[Any], Any], batch: Any, changes: list[Any], shorten: bool) -> None:
        self.batch = mapped(batch, lambda array: np.array(bare(array)))
        with LOCK:
            calls, result = _run(function, self.batch, changes)
        self.name = getattr(function, "__qualname__", type(function).__name__)
        self.noted = [repr(call) for call in calls]
        self.kept = list(range(len(calls)))
        self._result = mapped(result, bare)
        self.result = self._copied()
        results = [leaf for leaf in leaves(self._result) if isinstance(leaf, np.ndarray)]
        if shorten:
            numbered = {id(call): i for i, call in enumerate(calls)}
            calls = shortening.without_dead_calls(calls, results)
            calls = shortening.with_first_additions_as_writes(calls)
            shortening.write_outer_products_as_multiply(calls)
            self.kept = [numbered[id(call)] for call in calls]
            moved = shortening.share_memory(calls, results)
            self._result = mapped(self._result, moved)
        self.calls = calls
        self._steps = [_ready(call) for call in calls]
        self._inputs = [leaf for leaf in leaves(self.batch) if leaf is not None]
        self._flat = isinstance(self.batch, tuple) and list(self.batch) == leaves(self.batch)  # as most batches are

    def __call__(self, batch: Any) -> Any:
        """The function of another batch, of the same shapes. Raises ValueError for other shapes."""
        given = batch if self._flat else leaves(batch)
        for own, new in zip(self._inputs, [part for part in given if part is not None], strict=True):
            if own is not new:
                if own.shape != new.shape:
                    raise ValueError(f"this replay was recorded with a batch of shape {own.shape}; got {new.shape}. "
                                     "Record it again")
                own[...] = new
        for function, args in self._steps:
            function(*args)
        return self._copied()

    def _copied(self) -> Any:
        return mapped(self._result, lambda array: array.copy() if array.ndim else array[()])

    def __repr__(self) -> str:
        kept = set(self.kept)
        lines = [f"{i:>5}  {'' if i in kept else 'dropped: '}{line}" for i, line in enumerate(self.noted)]
        return "\n".join([f"Replay of {self.name}: {len(self.noted)} calls noted, {len(self.calls)} left", *lines])


def _run(function: Callable[[Any], Any], batch: Any, changes: list[Any]) -> tuple[list[Call], Any]:
    """The calls of function(batch) and what it returned; all `changes` see their own arrays again afterwards."""
    originals: dict[int, tuple[Array, Array]] = {}
    made: list[Array]

    def noting(array: Array) -> Array:
        view = array.view(Recorded)
        originals[id(view)] = (view, array)
        return view

    def back(array: Array) -> Array:
        if id(array) in originals:
            return originals[id(array)][1]
        if isinstance(array, Recorded):
            made.append(array)
        return bare(array)

    if Recorded.calls is not None:
        raise NotRecordable("a recording is on already: recordings do not nest")
    start, made = State(changes), []
    calls: list[Call] = []
    Recorded.calls = calls
    try:
        _exchange(changes, noting, set())
        result = function(mapped(batch, noting))
    except NotRecordable:
        start.put_back()
        raise
    finally:
        Recorded.calls = None
        _exchange(changes, back, set())
    if made:
        start.put_back()
        raise NotRecordable(f"an array of shape {made[0].shape} was kept that the function made during the recording: run the "
                            "function once before, so that what it keeps is there, and let it write in place")
    return calls, result


class State:
    """The numbers in all arrays that `changes` reach, at one moment."""

    def __init__(self, changes: list[Any]) -> None:
        self.arrays: list[Array] = []
        _exchange(changes, self._found, set())
        self.copies = [array.copy() for array in self.arrays]

    def _found(self, array: Array) -> Array:
        self.arrays.append(array)
        return array

    def put_back(self) -> None:
        """Bring all numbers back to that moment."""
        for array, copy in zip(self.arrays, self.copies, strict=True):
            if array.flags.writeable:
                array[...] = copy

    def agrees(self) -> bool:
        """Whether all numbers are now what they were at that moment. The two zeros, 0 and -0, count as one."""
        return all(np.array_equal(array, copy, equal_nan=True) for array, copy in zip(self.arrays, self.copies, strict=True))


def _exchange(holder: Any, change: Callable[[Array], Array], seen: set[int]) -> Any:
    """Put change(array) in the place of every array that `holder` reaches through attributes, lists, tuples and dicts."""
    if isinstance(holder, np.ndarray):
        return change(holder)
    if id(holder) in seen or isinstance(holder, type):
        return holder
    seen.add(id(holder))
    if isinstance(holder, tuple):
        parts = [_exchange(part, change, seen) for part in holder]
        if all(part is old for part, old in zip(parts, holder, strict=True)):
            return holder
        return type(holder)(*parts) if hasattr(holder, "_fields") else tuple(parts)
    if isinstance(holder, list):
        holder[:] = [_exchange(part, change, seen) for part in holder]
    elif isinstance(holder, dict) or hasattr(holder, "__dict__"):
        attributes = holder if isinstance(holder, dict) else vars(holder)
        for name, value in list(attributes.items()):
            changed = _exchange(value, change, seen)
            if changed is not value:
                attributes[name] = changed
    return holder


# ---------------------------------------------------------------- a noted call, ready to be made again

OUT_BY_NAME = {np.maximum, np.minimum}  # NumPy deprecates a third positional argument of these two
TAKES_OUT = {np.concatenate, np.stack, np.clip, np.take}


def _ready(call: Call) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """(function, args) that writes the call's result into its memory."""
    function, args, settings, out = call.function, call.args, call.settings, call.out
    if function is np.copyto:
        return (partial(np.copyto, **settings) if settings else np.copyto), (out, *args)
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc) and len(args) == 1 and settings.keys() <= {"axis", "dtype", "keepdims"}:
        axis, dtype, keepdims = settings.get("axis", 0), settings.get("dtype"), settings.get("keepdims", False)
        return function, (args[0], axis, dtype, out, keepdims)
    if isinstance(function, np.ufunc) and not settings and function not in OUT_BY_NAME:
        return function, (*args, out)
    if isinstance(function, np.ufunc) or isinstance(owner, np.ufunc) or function in TAKES_OUT:
        return partial(function, out=out, **settings), args
    return partial(_copied_into, function, settings, out), args


def _copied_into(function: Callable[..., Any], settings: dict[str, Any], out: Array, *args: Any) -> None:
    out[...] = function(*args, **settings)
