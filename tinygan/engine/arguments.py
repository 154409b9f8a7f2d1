"""What people pass in, such as counts, numbers, seeds and points, each with one clear message when it is wrong.

Every message names the argument and says what it must be, what it is, and what to do. Lowest level. It imports NumPy only, and
every module may import it.
"""

import difflib
import inspect
import math
import numbers
import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]  # an array of any shape and dtype; docstrings say which
Seed: TypeAlias = int | np.integer[Any] | np.random.SeedSequence
Seeds: TypeAlias = Seed | Sequence[Seed]  # one seed, or one for each replica
ANY = "fiubcmMSUOV"  # all kinds of NumPy arrays
MOST = 10**30  # no count is larger; longer numbers fill a message, and Python refuses to print the longest


def shown(value: Any) -> str:
    """What a message quotes of a value that it got, one line, of at most 100 characters. Of an array its shape and dtype."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"{'an array' if type(value) is np.ndarray else f'a {type(value).__name__}'} {value.shape} of {value.dtype}"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a class with a fault of its own, or a whole number of thousands of digits
        return f"a {type(value).__name__}"
    return text if len(text) <= 100 else f"{text[:96]} ..."


def is_number(value: Any, kind: type = numbers.Real) -> bool:
    """Whether `value` is one number of this kind. To NumPy a span of time is a whole number, and to Python True is one."""
    return isinstance(value, kind) and not isinstance(value, (bool, np.timedelta64))


def count(name: str, value: Any, minimum: int = 1) -> int:
    """`value` as an int, at least `minimum`. Raises TypeError (2.5, True, "3") or ValueError (too small)."""
    if not is_number(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, at least {minimum}; got {shown(value)}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}; got {shown(value)}")
    if value > MOST:
        raise ValueError(f"{name} must be at most {MOST:.0e}; got {shown(value)}")
    return int(value)


def number(name: str, value: Any, above: float = -math.inf, below: float = math.inf,
           including: Collection[float] = ()) -> float:
    """`value` as a finite float in the open interval (above, below) or one of `including`. Raises TypeError or ValueError."""
    if not is_number(value):
        raise TypeError(f"{name} must be a number; got {shown(value)}")
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    if value in including or (math.isfinite(value) and above < value < below):
        return value
    limits = " and ".join([f"above {above:g}"] * (above > -math.inf) + [f"below {below:g}"] * (below < math.inf))
    allowed = "".join(f", or {edge:g}" for edge in including)
    raise ValueError(f"{name} must be a finite number{' ' * bool(limits)}{limits}{allowed}; got {shown(value)}")


def flag(name: str, value: Any) -> bool:
    """`value` as a bool. Raises TypeError. What Python takes for true, such as "no", may be meant otherwise."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False; got {shown(value)}")
    return bool(value)


def function(name: str, value: Any, such_as: str) -> Any:
    """`value` if it can be called, else TypeError."""
    if not callable(value):
        raise TypeError(f"{name} must be a function, such as {such_as}; got {shown(value)}")
    return value


def instance(name: str, value: Any, kind: type, such_as: str) -> Any:
    """`value` if it is an object of this class, else TypeError."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be an object such as {such_as}; got {shown(value)}")
    return value


def label(name: str, value: Any) -> str:
    """`value` if it is a text, else TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text; got {shown(value)}")
    return value


def callable_with(name: str, value: Any, how: str, *arguments: Any) -> Any:
    """`value` if it can be called with such arguments, else TypeError; `how` says in words how it is called."""
    if callable(value):
        with suppress(TypeError, ValueError):
            inspect.signature(value).bind(*arguments)
            return value
    raise TypeError(f"{name} must be {how}; got {shown(value)}")


def choice(name: str, value: Any, known: Collection[str]) -> str:
    """`value` if it is one of the names in `known`; raises TypeError, or ValueError that offers the nearest name."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(known)}; got {shown(value)}")
    if value in known:
        return str(value)
    begun = [name for name in known if value and name.startswith(value)]
    near = begun or difflib.get_close_matches(value, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"unknown {name} {shown(value)}.{hint} Known: {', '.join(known)}")


def generator(name: str, value: Any) -> np.random.Generator:
    """`value` if it is a numpy Generator, else TypeError."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(f"{name} must be a numpy Generator, such as np.random.default_rng(0); got {shown(value)}")
    return value


def file_path(name: str, value: Any) -> Path:
    """`value` as a Path. Raises TypeError for what is no path."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path, a text or a pathlib.Path; got {shown(value)}")
    if not os.fspath(value):
        raise ValueError(f"{name} must name a file; got an empty text")
    if "\0" in str(value):
        raise ValueError(f"{name} must be a path without zero bytes; got {shown(value)}")
    return Path(value)


def seed_sequence(seed: Any) -> np.random.SeedSequence:
    """`seed` (an int >= 0 or a SeedSequence) as a fresh SeedSequence, the same for the same seed every time."""
    if isinstance(seed, np.random.SeedSequence):
        return np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key, pool_size=seed.pool_size)
    if not is_number(seed, numbers.Integral):
        raise TypeError(f"seed must be a whole number, 0 or larger, or a numpy SeedSequence; got {shown(seed)}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or larger; got {shown(seed)}")
    return np.random.SeedSequence(int(seed))


def spawn(seed: Any, n: int) -> list[np.random.SeedSequence]:
    """`n` independent SeedSequences from one seed.

    Unlike `SeedSequence.spawn` it leaves no mark on `seed`. The same call gives the same children again.
    """
    return seed_sequence(seed).spawn(n)


def each_seed(seed: Any, n: int) -> list[np.random.SeedSequence]:
    """One SeedSequence for each of `n` replicas, the children of one seed, or a list of n seeds as they are."""
    if not isinstance(seed, (list, tuple)):
        return spawn(seed, n)
    if len(seed) != n:
        raise ValueError(f"{n} replicas take one seed, or a list of {n} seeds; got a list of {len(seed)}")
    return [seed_sequence(each) for each in seed]


def real(name: str, x: Any, kinds: str = "fiub") -> Array:
    """`x` as an array of real numbers, in its own dtype; a matrix as an ordinary array, whose * is no matrix product.

    Raises TypeError for strings, objects, dates, complex numbers and masked arrays, ValueError for rows of different lengths.
    """
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, and its masked entries have no value: fill them, or leave their rows out")
    try:
        x = np.asarray(x) if isinstance(x, np.matrix) else np.asanyarray(x)
    except ValueError:
        raise ValueError(f"{name} must be an array; got rows of different lengths") from None
    except MemoryError:
        raise MemoryError(f"{name} is too large for this machine's memory; got {shown(x)}") from None
    except Exception as error:  # an object of another library, such as a tensor that keeps its gradient, has reasons of its own
        raise TypeError(f"{name} must be an array; got a {type(x).__name__} that cannot become one: "
                        f"{shown(str(error))}") from error
    if x.dtype.kind not in kinds:
        raise TypeError(f"{name} must hold real numbers; got an array of {x.dtype}")
    return x


def floats(name: str, x: Any, dtype: np.dtype[Any]) -> Array:
    """`x` as an array of this dtype; one that has it already passes as it is. Raises as `real`."""
    if type(x) is np.ndarray and x.dtype == dtype:
        return x
    x = real(name, x, "fiubc" if dtype.kind == "c" else "fiub")
    if x.dtype == dtype:
        return x
    try:
        with np.errstate(over="raise"):
            return x.astype(dtype)
    except FloatingPointError:
        raise ValueError(f"{name} holds numbers too large for {dtype}, beyond {np.finfo(dtype).max:.3g}") from None


def check_step(theta: Any, grad: Any) -> None:
    """Raises TypeError or ValueError unless a step can change theta in place by this gradient."""
    if not isinstance(theta, np.ndarray) or isinstance(theta, np.ma.MaskedArray) or theta.dtype.kind not in "fc":
        kind = theta.dtype if type(theta) is np.ndarray else type(theta).__name__
        raise TypeError(f"theta must be an array of floating-point numbers, which a step changes in place; got {kind}")
    if not isinstance(grad, np.ndarray) or isinstance(grad, np.ma.MaskedArray) or grad.dtype.kind not in "fiubc":
        raise TypeError(f"grad must be an array of numbers; got {shown(grad)}")
    if grad.shape != theta.shape:
        raise ValueError(f"grad must be shaped like theta, {theta.shape}; got {grad.shape}")
    if not theta.flags.writeable:
        raise ValueError("theta is read-only, and a step changes it in place: pass a copy, theta.copy()")
    if not theta.flags.forc and overlaps_itself(theta):
        raise ValueError("entries of theta share memory with each other, and a step changes each by itself: pass theta.copy()")
    if np.may_share_memory(theta, grad) and np.shares_memory(theta, grad):
        raise ValueError("theta and grad share memory, and a step changes theta in place: pass grad.copy()")


def overlaps_itself(x: Array) -> bool:
    """Whether entries of x lie at one place in memory, as np.lib.stride_tricks and np.broadcast_to can make them."""
    reach = x.itemsize
    for stride, size in sorted((abs(stride), size) for stride, size in zip(x.strides, x.shape, strict=True) if size > 1):
        if stride < reach:
            return True
        reach = stride * size
    return False


def memory_like(theta: Array, held: Array | None) -> Array:
    """What an optimiser remembers of theta: zeros of its shape at first. Raises ValueError for the memory of another theta."""
    if held is None:
        return np.zeros_like(theta)
    if held.shape != theta.shape:
        raise ValueError(f"this optimiser has moved a theta of shape {held.shape} and remembers it; got one of shape "
                         f"{theta.shape}. Each network needs an optimiser of its own")
    return held


def measurable(name: str, x: Array) -> Array:
    """`x` (N, d), if the squares of distances between its rows neither overflow nor vanish. Raises ValueError."""
    if not (np.abs(x).max(initial=0) < 1e150 and not 0 < np.ptp(x, axis=0).max(initial=0) < 1e-150):
        raise ValueError(f"{name}: the distances between its rows are too large or too small for float64. Change its unit")
    return x


def points(name: str, x: Any, dim: int | None = None, rows: int = 1) -> Array:
    """`x` as a 2-D array of finite real numbers, shape (N, d), with at least `rows` rows and, if given, `dim` columns.

    Raises TypeError for what is not real numbers (strings, objects, complex, masked) and ValueError for a wrong
    shape, too few rows, NaN or infinity; the first bad entry is named.
    """
    x = np.asarray(real(name, x))
    if x.ndim != 2:
        advice = "For one-dimensional data pass x[:, None]" if x.ndim < 2 else "Make a row of each sample: x.reshape(len(x), -1)"
        raise ValueError(f"{name} must be a 2-D array (rows are samples); got shape {x.shape}. {advice}")
    if dim is not None and x.shape[1] != dim:
        raise ValueError(f"{name} must have {dim} columns; got {x.shape[1]}")
    if x.shape[0] < rows:
        raise ValueError(f"{name} must have at least {rows} row{'s' * (rows > 1)}; got {x.shape[0]}")
    bad = ~np.isfinite(x)
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise ValueError(f"{name} must be finite; row {i}, column {j} is {x[i, j]} ({bad.sum()} such entries in all)")
    return x
