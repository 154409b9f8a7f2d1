"""Samples of a generator, as many as one likes, and those between two of them.

    sampled(G, n, rng)       G(z) of n points z ~ N(0, I), a batch at a time: beside the answer, memory stays constant
    batches(G, n, rng)       the same samples one batch after the other, for a file
    verdict(D, x, loss)      what D says of points
    weights(G, data)         all that another program needs to do what G does, as arrays
    between(z0, z1, n)       n latent points on the way from z0 to z1, for G to make samples of
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .engine.arguments import Array, count, points
from .engine.categories import SoftmaxGroups
from .engine.layers import Activation, Dense
from .engine.machine import fits
from .engine.numerics import sigmoid

ROWS = 8192  # in a batch


def sampled(G: Any, n: int, rng: np.random.Generator) -> Array:
    """`n` samples (n, d) of a single network G."""
    fits(f"{count('n', n)} samples", n, G.d_out, itemsize=G.dtype.itemsize)
    made = np.empty((n, G.d_out), G.dtype)
    start = 0
    for x in batches(G, n, rng):
        made[start:start + len(x)] = x
        start += len(x)
    return made


def batches(G: Any, n: int, rng: np.random.Generator) -> Iterator[Array]:
    """The same samples, at most `ROWS` at a time."""
    for start in range(0, count("n", n), ROWS):
        yield G(rng.standard_normal((min(ROWS, n - start), G.d_in)))


def verdict(D: Any, x: Array, loss: Any) -> Array:
    """What a single D says of x (N, d). It is the probability of real, or the score where the loss has no probabilities, (N,).

    A D that packs m points gives (N / m,). Raises ValueError where m does not divide N.
    """
    if x.shape[0] % D.rows:
        raise ValueError(f"D judges {D.rows} rows together, which does not divide {x.shape[0]} rows")
    scores = D(x)[..., 0]
    return np.asarray(sigmoid(scores) if loss.is_probability else scores)


def weights(G: Any, data: Any) -> dict[str, Array]:
    """W0 (d, k), b0 (k,), W1, b1 ... of the Dense layers of a single G, and `scale` and `shift`: x = G(z) * scale + shift.

    `softmax` (groups, 2) says where the columns of each category begin and end: a softmax over them comes before scale and
    shift. np.savez(path, **weights(G, data)) makes a file of them. The activation between the layers is not among them. Raises
    ValueError for layers of other kinds, such as Fourier features.
    """
    strange = [layer for layer in G.layers if not isinstance(layer, Dense | Activation | SoftmaxGroups)]
    if strange or G.replicas:
        raise ValueError(f"weights are written of one network of Dense layers with an activation between; got {G!r}")
    dense = [layer for layer in G.layers if isinstance(layer, Dense)]
    found = {f"W{i}": np.array(layer.W) for i, layer in enumerate(dense)} | {f"b{i}": layer.b[0] for i, layer in enumerate(dense)}
    stops = data.dim - sum(data.groups) + np.cumsum(data.groups, dtype=np.int64)
    found["softmax"] = np.stack([stops - np.array(data.groups, np.int64), stops], axis=-1)
    return found | {name: np.broadcast_to(getattr(data, name), data.dim).astype(G.dtype) for name in ("scale", "shift")}


def between(z0: Any, z1: Any, n: int = 11) -> Array:
    """`n` points (n, d_z) from z0 to z1, both (d_z,) and included, on a great circle, while the length goes in a straight line.

    Points of N(0, I) in many dimensions all have a length near sqrt(d_z). A straight line between two of them passes nearer to 0,
    where G was almost never trained; the circle does not. Where it is not defined, the line is straight, from or to 0, and
    between opposite points.

    References
    ----------
    White 2016, Sampling Generative Networks.
    """
    z0, z1 = (points(name, np.atleast_2d(z))[0].astype(np.float64) for name, z in (("z0", z0), ("z1", z1)))
    if z0.shape != z1.shape:
        raise ValueError(f"z0 and z1 must have one shape (d_z,); got {z0.shape} and {z1.shape}")
    fits(f"{count('n', n, 2)} points on the way", n, z0.size)
    t = np.linspace(0, 1, n)[:, None]
    a, b = np.linalg.norm(z0), np.linalg.norm(z1)
    angle = np.arccos(np.clip(z0 @ z1 / (a * b), -1, 1)) if a * b > 0 else 0.0
    if not 1e-6 < angle < np.pi - 1e-6:
        return (1 - t) * z0 + t * z1
    direction = (np.sin((1 - t) * angle) * z0 / a + np.sin(t * angle) * z1 / b) / np.sin(angle)
    return ((1 - t) * a + t * b) * direction
