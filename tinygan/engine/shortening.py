"""Shorter lists: what a recorded step need not do, and where its arrays need not have memory of their own.

    without_dead_calls                 a call whose result nobody reads is dropped, such as D's gradient at its own input
    with_first_additions_as_writes     grad = 0, then grad += a: the first addition writes a, and the zeros are not needed
    write_outer_products_as_multiply   (N, 1) @ (1, k) is a product of single numbers: multiply, with broadcasting, is quicker
    share_memory                       arrays that are never needed at the same time share memory, which stays in the cache

An array is known by its root, the array that owns the memory. A fresh root was made by a call of the list. All others
(parameters, gradients, an optimiser's memories, the batch, constants) were there before and stay.
"""

from collections.abc import Callable

import numpy as np

from .arguments import Array
from .recording import Call

ALIGNED = 64  # bytes


def root(array: Array) -> Array:
    """The array that owns the memory."""
    while array.base is not None:
        base = array.base if isinstance(array.base, np.ndarray) else getattr(array.base, "base", None)
        if not isinstance(base, np.ndarray):
            break
        array = base  # np.lib.stride_tricks puts an object of its own between a view and its base
    return array


def address(array: Array) -> int:
    """Where the array's first entry lies in memory."""
    place: int = array.__array_interface__["data"][0]
    return place


def _fresh(calls: list[Call]) -> dict[int, Array]:
    """The roots that calls of the list make, by id."""
    return {id(root(call.out)): root(call.out) for call in calls if call.fresh}


def without_dead_calls(calls: list[Call], results: list[Array]) -> list[Call]:
    """The calls whose result is among `results`, or is read by a later call, or lives on in what was there before."""
    fresh, alive, kept = _fresh(calls), {id(root(result)) for result in results}, []
    for call in reversed(calls):
        target = id(root(call.out))
        if target not in fresh or target in alive:
            alive.update(id(root(array)) for array in (*call.inputs(), call.out))
            kept.append(call)
    return kept[::-1]


def write_outer_products_as_multiply(calls: list[Call]) -> None:
    """A matrix product over an axis of length 1 is a product of single numbers."""
    for call in calls:
        if call.function is np.matmul and call.args[0].shape[-1] == 1 and call.args[0].ndim > 1 and call.args[1].ndim > 1:
            call.function = np.multiply


def with_first_additions_as_writes(calls: list[Call]) -> list[Call]:
    """For every `grad = 0` after which all of grad is added to before it is read. The first additions write, the zeros go."""
    fresh = _fresh(calls)
    for zeroed in [call for call in calls if _sets_to_zero(call) and id(root(call.out)) not in fresh]:
        additions = _first_additions(calls, calls.index(zeroed))
        if additions is None:
            continue
        calls.remove(zeroed)
        for addition in additions:
            _write(calls, addition)
    return calls


def _sets_to_zero(call: Call) -> bool:
    return call.function is np.copyto and not call.fresh and np.ndim(call.args[0]) == 0 and not np.any(call.args[0])


def _first_additions(calls: list[Call], start: int) -> list[Call] | None:
    """The additions that come first at each entry that call number `start` sets to zero; None where anything else comes first."""
    grad = calls[start].out
    covered, found = np.zeros(root(grad).size, bool), []
    entries = np.arange(covered.size).reshape(root(grad).shape)
    wanted = np.zeros_like(covered)
    wanted[_entries_of(grad, root(grad), entries)] = True
    for call in calls[start + 1:]:
        added_to = call.function is np.add and not call.fresh and len(call.args) == 2
        if np.may_share_memory(call.out, grad):
            where = _entries_of(call.out, root(grad), entries)
            adds = added_to and isinstance(call.args[0], np.ndarray) and _same_place(call.args[0], call.out)
            if not adds or covered[where].any() or np.may_share_memory(call.args[1], grad):
                return None
            covered[where] = True
            found.append(call)
            if covered[wanted].all():
                return found
        elif any(np.may_share_memory(array, grad) for array in call.inputs()):
            return None
    return None


def _same_place(a: Array, b: Array) -> bool:
    return address(a) == address(b) and a.shape == b.shape and a.strides == b.strides


def _entries_of(view: Array, owner: Array, entries: Array) -> Array:
    """Which entries of `owner` (its own order) a view shows, by their numbers in `entries`, flat."""
    offset = address(view) - address(owner)
    steps = tuple(stride // owner.itemsize * entries.itemsize for stride in view.strides)
    start = entries.reshape(-1)[offset // owner.itemsize:]
    return np.lib.stride_tricks.as_strided(start, view.shape, steps).reshape(-1)


def _write(calls: list[Call], addition: Call) -> None:
    """`grad += a` as `grad = a`; where a is made for this alone, by the call that makes it, into grad."""
    grad, a = addition.out, addition.args[1]
    makers = [call for call in calls if call.fresh and root(call.out) is root(a)]
    readers = [call for call in calls if any(root(array) is root(a) for array in call.inputs())]
    if len(makers) == 1 and readers == [addition] and makers[0].out.shape == grad.shape and root(a).size == grad.size:
        makers[0].out, makers[0].fresh = grad, False
        calls.remove(addition)
    else:
        addition.function, addition.args, addition.settings = np.copyto, (a,), {}


def share_memory(calls: list[Call], results: list[Array]) -> Callable[[Array], Array]:
    """Give fresh arrays memory by the time in which they are needed. Returns the function from an old array to the new one."""
    fresh = _fresh(calls)
    last = {id(root(array)): i for i, call in enumerate(calls) for array in (*call.inputs(), call.out)}
    last |= {id(root(result)): len(calls) for result in results}
    places: dict[int, Array] = {}
    free: dict[int, list[Array]] = {}
    in_use: list[int] = []
    for i, call in enumerate(calls):
        for done in [key for key in in_use if last[key] < i]:
            in_use.remove(done)
            free.setdefault(places[done].nbytes, []).append(places[done])
        key = id(root(call.out))
        if call.fresh and key not in places:
            size = -(-fresh[key].nbytes // ALIGNED) * ALIGNED
            spare = free.get(size)
            places[key] = spare.pop() if spare else _memory(size)
            in_use.append(key)

    def moved(array: Array) -> Array:
        owner = root(array)
        if id(owner) not in places or owner is not fresh[id(owner)]:
            return array
        offset = address(array) - address(owner)
        found: Array = np.ndarray(array.shape, array.dtype, places[id(owner)], offset, array.strides)
        return found

    for call in calls:
        call.map(moved)
    return moved


def _memory(size: int) -> Array:
    """`size` bytes that begin at a multiple of ALIGNED."""
    whole = np.zeros(size + ALIGNED, np.uint8)
    start = -address(whole) % ALIGNED
    return whole[start:start + size]
