"""The codes of an InfoGAN: drawn at random, asked for by a user, and read. They are one of K categories, and m factors."""

from typing import Any, NamedTuple

import numpy as np

from ..data import one_hot, whole_labels
from ..engine.arguments import Array
from ..streams import Streams
from .joining import joined


class Latent(NamedTuple):
    """What G takes: noise z (..., N, d_z), the categories (..., N, K) as one-hot rows, and the factors (..., N, m)."""

    z: Array
    codes: Array
    factors: Array

    def rows(self) -> Array:
        """[z, codes, factors], G's input."""
        return joined(*self)


class Reading(NamedTuple):
    """What was read from N points: the category of each, (N,), and its factors, (N, m)."""

    codes: Array
    factors: Array


def drawn(streams: Streams, n: int, d_z: int, categories: int, factors: int) -> Latent:
    """z ~ N(0, I); each category is equally likely; the factors are U(-1, 1)."""
    def codes(rng: np.random.Generator) -> Array:
        return joined(one_hot(rng.integers(categories, size=n), categories), drawn_factors(rng, n, factors))

    both = streams.draw("codes", codes)
    return Latent(streams.normal("latent", (n, d_z), np.float32), both[..., :categories], both[..., categories:])


def drawn_factors(rng: np.random.Generator, n: int, m: int) -> Array:
    """U(-1, 1), (n, m)."""
    return rng.uniform(-1, 1, (n, m)).astype(np.float32)


def asked_codes(codes: Any, n: int, categories: int) -> Array:
    """The categories that a user asks for as one-hot rows (n, K): from (n,) or one number; None gives all of them in turn.

    Raises TypeError or ValueError where they are not n categories.
    """
    return one_hot(np.arange(n) % categories if codes is None else whole_labels(codes, categories, n, "codes"), categories)


def asked_factors(factors: Any, n: int, m: int, rng: np.random.Generator) -> Array:
    """The factors that a user asks for, (n, m).

    Parameters
    ----------
    factors : (n, m), or (m,) for all samples, or one number for all; None draws them
    n, m : how many samples, and factors of each
    rng : to draw them from

    Raises
    ------
    TypeError : no real numbers
    ValueError : another shape, a number outside -1 to 1, or m = 0
    """
    if factors is None:
        return drawn_factors(rng, n, m)
    u = np.asarray(factors)
    if u.dtype.kind not in "fiu":
        raise TypeError(f"factors must be numbers from -1 to 1; got an array of {u.dtype}")
    if m == 0:
        raise ValueError("this InfoGAN has no factors: leave them out, or make it with factors=1 or more")
    if u.shape not in ((), (m,), (n, m)):
        raise ValueError(f"factors must be one number, ({m},) numbers for all samples, or ({n}, {m}); got shape {u.shape}")
    outside = u[~(np.abs(u) <= 1)]
    if outside.size:
        raise ValueError(f"factors must be from -1 to 1, as in training; got {outside[0]}")
    return np.broadcast_to(u, (n, m)).astype(np.float32)
