"""Recording: what NumPy is asked to do while a function runs, noted call by call.

`Recorded` is an array that notes each call in which it takes part. Its data are an ordinary array's, and every call is carried
out on ordinary arrays, so the results have the same bits. What comes out is Recorded again. `engine.replay` runs the list again.

NumPy hands calls over, ufuncs through `__array_ufunc__`, other functions through `__array_function__`. Methods that copy
(`copy`, `astype`, `reshape` where it must, `x[...] = v`) note themselves. Views cost nothing and are not noted. A function that
looks at a value (`if`, `float`, `int`, printing) cannot be noted, as its calls may depend on it: it raises `NotRecordable`,
with the line.
"""

# mypy: disable-error-code="override,no-any-return"
# Methods of ndarray have dozens of overloads; these take what the package passes.

import traceback
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from .arguments import Array

HERE = Path(__file__)
COPIED = "an array was copied in a way that cannot be noted (a list or an array as an index, or a change of dtype)"


class NotRecordable(TypeError):
    """Something in the function cannot be written down as a fixed list of calls."""


class Call:
    """One NumPy call: function(*args, **settings), whose result is in `out`. fresh: the call made `out`."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any], out: Array,
                 fresh: bool) -> None:
        self.function, self.args, self.settings, self.out, self.fresh = function, args, settings, out, fresh

    def inputs(self) -> list[Array]:
        """All arrays that the call reads."""
        return [part for part in leaves((self.args, self.settings)) if isinstance(part, np.ndarray)]

    def map(self, change: Callable[[Array], Array]) -> None:
        """Put change(array) in the place of every array."""
        self.args, self.settings, self.out = mapped(self.args, change), mapped(self.settings, change), change(self.out)

    @property
    def name(self) -> str:
        """The function's name, such as matmul or add.reduce."""
        name: str = getattr(self.function, "__name__", str(self.function))
        owner = getattr(self.function, "__self__", None)
        return f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else name

    @property
    def kind(self) -> str:
        """What it works on: "product" for two matrices, "number", "vector" (P,), "column" (N, 1), or "batch" (N, k)."""
        if self.function is np.matmul:
            return "product"
        size = max(self.inputs() or [self.out], key=lambda array: array.size)
        if size.size == 1:
            return "number"
        return "vector" if size.ndim == 1 else "column" if size.shape[-1] == 1 else "batch"

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(str(a.shape) for a in self.inputs())}) -> {self.out.shape}"


def leaves(tree: Any) -> list[Any]:
    """Everything in nested tuples, lists and dicts."""
    if isinstance(tree, dict):
        return leaves(tuple(tree.values()))
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, (tuple, list)) else [tree]


def mapped(tree: Any, change: Callable[[Array], Array]) -> Any:
    """The same nested tuples, lists and dicts with change(array) in the place of every array."""
    if isinstance(tree, np.ndarray):
        return change(tree)
    if isinstance(tree, dict):
        return {key: mapped(part, change) for key, part in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):  # a named tuple
        return type(tree)(*(mapped(part, change) for part in tree))
    return type(tree)(mapped(part, change) for part in tree) if isinstance(tree, (tuple, list)) else tree


class Recorded(np.ndarray):
    """An array whose calls are noted in `Recorded.calls`, a list while a recording is on."""

    calls: list[Call] | None = None

    def __array_finalize__(self, template: Any) -> None:
        if template is not None and self.flags.owndata:
            raise refused(COPIED)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **settings: Any) -> Any:
        if ufunc.nout != 1 or method not in ("__call__", "reduce"):
            raise refused(f"np.{ufunc.__name__}{'' if method == '__call__' else '.' + method} cannot be noted")
        function = ufunc if method == "__call__" else ufunc.reduce
        args = _numbers_as_arrays(mapped(inputs, bare))
        settings = mapped(settings, bare)
        if out is None:
            result = np.asarray(function(*args, **settings))
            return note(function, args, settings, result, fresh=True)
        target = _writable(out[0])
        function(*args, out=target, **settings)
        note(function, args, settings, target, fresh=False)
        return out[0]

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        plain, plain_settings = mapped(args, bare), mapped(settings, bare)
        if function in LOOKS_AT_SHAPES:
            return function(*plain, **plain_settings)
        if function is np.broadcast_to:
            return function(*plain, **plain_settings).view(Recorded)
        if function is np.copyto:
            function(_writable(args[0]), *plain[1:], **plain_settings)
            note(np.copyto, plain[1:], plain_settings, plain[0], fresh=False)
            return None
        if function in FILLED:
            result = function(*plain, **plain_settings)
            value = np.array(plain[1] if function is np.full_like else FILLED[function], result.dtype)
            return note(np.copyto, (value,), {}, result, fresh=True)
        if isinstance(getattr(function, "_implementation", None), FunctionType):  # in Python, of calls that note themselves
            before, result = len(Recorded.calls or ()), super().__array_function__(function, types, args, settings)
            if all(part is None or isinstance(part, Recorded) for part in leaves(result)):
                return result
            del (Recorded.calls or [])[before:]  # it took its arrays out of the recording: noted as one call
        given = settings.get("out")
        plain_settings.pop("out", None)
        result = function(*plain, **plain_settings) if given is None else function(*plain, out=_writable(given), **plain_settings)
        if not isinstance(result, np.ndarray):
            raise refused(f"np.{function.__name__} looks at values")
        return note(function, plain, plain_settings, result, fresh=given is None)

    def copy(self, order: Any = "C") -> "Recorded":
        """A copy, noted."""
        return note(np.copyto, (bare(self),), {}, bare(self).copy(order), fresh=True)

    def astype(self, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True) -> "Recorded":
        """The same in another dtype, noted where it is a copy."""
        if self.dtype == dtype and not copy:
            return self
        return note(np.copyto, (bare(self),), {"casting": "unsafe"}, bare(self).astype(dtype, order), fresh=True)

    def reshape(self, *shape: Any, order: Any = "C") -> "Recorded":
        """Another shape, as a view where that is possible, otherwise a noted copy."""
        result = bare(self).reshape(*shape, order=order)
        if np.may_share_memory(result, self):
            return result.view(Recorded)
        copied = self.copy()
        return bare(copied).reshape(*shape, order=order).view(Recorded)

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        if not isinstance(part, np.ndarray):
            self._look()
        if not np.may_share_memory(bare(part), bare(self)) and part.size:
            raise refused(COPIED)
        return part

    def __iter__(self) -> Any:
        return (self[i] for i in range(self.shape[0]))

    def __setitem__(self, key: Any, value: Any) -> None:
        target = bare(self)[key]
        if not np.may_share_memory(target, self):
            raise refused("an assignment to x[list or mask] cannot be noted")
        source = np.asarray(bare(value), self.dtype)
        np.copyto(target, source)
        note(np.copyto, (source,), {}, target, fresh=False)

    def _look(self, *_: Any) -> Any:
        raise refused("the function looked at a value")

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __str__ = __repr__ = __format__ = _look
    item = tolist = tobytes = _look  # type: ignore[assignment]


LOOKS_AT_SHAPES = {np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.may_share_memory, np.shares_memory,
                   np.result_type}
FILLED = {np.zeros_like: 0, np.ones_like: 1, np.full_like: None}


def bare(x: Any) -> Any:
    """The ordinary array behind a Recorded one; anything else as it is."""
    return x.view(np.ndarray) if isinstance(x, Recorded) else x


def note(function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any], out: Array,
         fresh: bool) -> Any:
    """Add a call to the list; returns its result as a Recorded array."""
    if Recorded.calls is None:
        raise NotRecordable("a Recorded array was used after its recording had ended: something kept it")
    Recorded.calls.append(Call(function, tuple(args), settings, out, fresh))
    return out.view(Recorded)


def refused(why: str) -> NotRecordable:
    """The error to raise, with the line of the function that asked for it."""
    frames = [frame for frame in traceback.extract_stack() if Path(frame.filename) != HERE and "/numpy/" not in frame.filename]
    return NotRecordable(f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}: {why}")


def _writable(out: Any) -> Array:
    """The array to write into. Only arrays that the recording knows may be changed: others would keep what the last run left."""
    if not isinstance(out, Recorded):
        if not isinstance(out, np.ndarray) or Recorded.calls is None:
            raise refused("a result cannot be written there")
        if not any(np.may_share_memory(out, call.out) for call in Recorded.calls):
            raise refused("it writes into an array that is not among `changes`")
    found: Array = bare(out)
    return found


def _numbers_as_arrays(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Python numbers as 0-d arrays of the dtype in which NumPy computes, with the same bits, and quicker."""
    if not any(isinstance(arg, (int, float, complex)) for arg in args):
        return args
    dtype = np.result_type(*args)
    return tuple(np.array(arg, dtype) if isinstance(arg, (int, float, complex)) and not isinstance(arg, bool) else arg
                 for arg in args)
