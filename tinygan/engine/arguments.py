"""What people pass in: counts, numbers, seeds and points, each with one clear message when it is wrong.

Every message names the argument and says what it must be, what it is, and what to do. Lowest level: it imports NumPy only, and
every module may import it.
"""

import difflib
import math
import numbers
from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]  # an array of any shape and dtype; docstrings say which
Seed: TypeAlias = int | np.integer[Any] | np.random.SeedSequence
Seeds: TypeAlias = Seed | Sequence[Seed]  # one seed, or one for each replica


def count(name: str, value: Any, minimum: int = 1) -> int:
    """`value` as an int, at least `minimum`. Raises TypeError (2.5, True, "3") or ValueError (too small)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, at least {minimum}; got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}; got {value}")
    return int(value)


def number(name: str, value: Any, above: float = -math.inf, below: float = math.inf,
           including: Collection[float] = ()) -> float:
    """`value` as a finite float in the open interval (above, below) or one of `including`. Raises TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number; got {value!r}")
    value = float(value)
    if value in including or (math.isfinite(value) and above < value < below):
        return value
    limits = " and ".join([f"above {above:g}"] * (above > -math.inf) + [f"below {below:g}"] * (below < math.inf))
    allowed = "".join(f", or {edge:g}" for edge in including)
    raise ValueError(f"{name} must be a finite number{' ' * bool(limits)}{limits}{allowed}; got {value!r}")


def choice(name: str, value: Any, known: Collection[str]) -> str:
    """`value` if it is one of the names in `known`; raises ValueError that offers the nearest name."""
    if value in known:
        return value
    begun = [name for name in known if value and name.startswith(str(value))]
    near = begun or difflib.get_close_matches(str(value), known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"unknown {name} {value!r}.{hint} Known: {', '.join(known)}")


def seed_sequence(seed: Any) -> np.random.SeedSequence:
    """`seed` (an int >= 0 or a SeedSequence) as a fresh SeedSequence, the same for the same seed every time."""
    if isinstance(seed, np.random.SeedSequence):
        return np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key, pool_size=seed.pool_size)
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise TypeError(f"seed must be a whole number, 0 or larger, or a numpy SeedSequence; got {seed!r}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or larger; got {seed}")
    return np.random.SeedSequence(int(seed))


def spawn(seed: Any, n: int) -> list[np.random.SeedSequence]:
    """`n` independent SeedSequences from one seed.

    Unlike `SeedSequence.spawn` it leaves no mark on `seed`: the same call gives the same children again.
    """
    return seed_sequence(seed).spawn(n)


def each_seed(seed: Any, n: int) -> list[np.random.SeedSequence]:
    """One SeedSequence for each of `n` replicas: the children of one seed, or a list of n seeds as they are."""
    if not isinstance(seed, (list, tuple)):
        return spawn(seed, n)
    if len(seed) != n:
        raise ValueError(f"{n} replicas take one seed, or a list of {n} seeds; got a list of {len(seed)}")
    return [seed_sequence(each) for each in seed]


def points(name: str, x: Any, dim: int | None = None, rows: int = 1) -> Array:
    """`x` as a 2-D array of finite real numbers, shape (N, d), with at least `rows` rows and, if given, `dim` columns.

    Raises TypeError for what is not real numbers (strings, objects, complex) and ValueError for a wrong
    shape, too few rows, NaN or infinity; the first bad entry is named.
    """
    x = np.asarray(x)
    if x.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers; got an array of {x.dtype}")
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
