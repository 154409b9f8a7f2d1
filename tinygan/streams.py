"""The random numbers of a run, all from one seed, in separate streams: one kind of noise never changes another.

    Streams(seed, replicas)       the streams, spawned once
    TwoPlayerDraw(...)            draw(streams) -> Batch, for the two-player game
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .engine.arguments import Array, Seeds, count, each_seed, number, shown, spawn
from .engine.machine import fits
from .penalties import alphas
from .updates import Batch

NAMES = ("data", "latent", "evaluation", "penalty", "noise", "codes")
BYTES = 8000  # that the streams of one replica take, about


class Streams:
    """For each replica a Generator for each of NAMES. Evaluation has a stream of its own, so it never changes a run.

    Parameters
    ----------
    seed : an int or a SeedSequence, or a list with one for each replica
    replicas : () or (R,)
    """

    def __init__(self, seed: Seeds = 0, replicas: tuple[int, ...] = ()) -> None:
        if not isinstance(replicas, tuple) or len(replicas) > 1:
            raise TypeError(f"replicas must be () or (R,), such as those of a network; got {shown(replicas)}")
        self.replicas = tuple(count("replicas", r) for r in replicas)
        fits(f"the streams of {replicas[0] if replicas else 1} replicas", *self.replicas, itemsize=BYTES)
        seeds = each_seed(seed, *replicas) if replicas else [seed]
        self._rngs = [dict(zip(NAMES, map(np.random.default_rng, spawn(each, len(NAMES))), strict=True)) for each in seeds]

    def generators(self, name: str) -> Any:
        """The Generator of a stream, or with replicas the list of them."""
        found = [rngs[name] for rngs in self._rngs]
        return found if self.replicas else found[0]

    def draw(self, name: str, sample: Callable[[np.random.Generator], Array]) -> Array:
        """sample(rng) with the Generator of the stream `name`; with replicas stacked, (R, ...)."""
        if not self.replicas:
            return sample(self._rngs[0][name])
        return np.stack([sample(rngs[name]) for rngs in self._rngs])

    def normal(self, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
        """Standard normal numbers (..., *shape) from the stream `name`."""
        return self.draw(name, lambda rng: rng.standard_normal(shape, dtype))

    def state(self) -> dict[str, Array]:
        """Where all streams stand, as JSON text in an array of bytes."""
        states = [{name: rng.bit_generator.state for name, rng in rngs.items()} for rngs in self._rngs]
        return {"streams": np.frombuffer(json.dumps(states).encode(), np.uint8)}

    def load_state(self, state: dict[str, Array]) -> None:
        """Go on from where `state` stood. Raises ValueError for the state of another number of replicas."""
        states = json.loads(np.asarray(state["streams"], np.uint8).tobytes())
        if len(states) != len(self._rngs):
            raise ValueError(f"the state has streams for {len(states)} replicas; this run has {len(self._rngs)}")
        for rngs, stored in zip(self._rngs, states, strict=True):
            for name, rng in rngs.items():
                rng.bit_generator.state = stored[name]


class TwoPlayerDraw:
    """draw(streams) -> Batch: real points, latent noise z ~ N(0, I), and where they are asked for instance noise and alpha.

    Parameters
    ----------
    data : with sample(n, rng) and dim
    batch, d_steps : N and K
    d_z, dtype : of G
    instance_noise : None, a standard deviation, or a function of the fraction of the run (Sonderby et al. 2017)
    between : whether a penalty needs alpha
    rows : points that make one sample for D (`Pack`)
    """

    def __init__(self, data: Any, batch: int, d_steps: int, d_z: int, dtype: DTypeLike, *, instance_noise: Any = None,
                 between: bool = False, rows: int = 1) -> None:
        if not (instance_noise is None or callable(instance_noise)):
            number("instance_noise", instance_noise, above=0)
        fits(f"a batch of {batch} points, for each of {d_steps} steps of D,", d_steps, batch, data.dim + d_z)
        self.data, self.batch, self.d_steps, self.d_z, self.dtype = data, batch, d_steps, d_z, np.dtype(dtype)
        self.instance_noise, self.between, self.rows, self.fraction = instance_noise, between, rows, 0.0

    def prepare(self, fraction: float) -> None:
        """The fraction of the run that has passed, for instance noise that is a function of it."""
        self.fraction = fraction

    def __call__(self, streams: Streams) -> Batch:
        turns = range(self.d_steps)
        real = [self._noisy(self._real(streams), streams) for _ in turns]
        z_d = [streams.normal("latent", (self.batch, self.d_z), self.dtype) for _ in turns]
        z_g = streams.normal("latent", (self.batch, self.d_z), self.dtype)
        noise_d = noise_g = alpha = None
        if self.instance_noise is not None:
            noise_d, noise_g = np.stack([self._noise(streams) for _ in turns]), self._noise(streams)
        if self.between:
            drawn = [alphas(streams.generators("penalty"), self.batch // self.rows) for _ in turns]
            alpha = np.stack(drawn).astype(self.dtype)
        return Batch(_stacked(real, self.dtype), _stacked(z_d, self.dtype), z_g, noise_d, noise_g, alpha)

    def _real(self, streams: Streams) -> Array:
        return streams.draw("data", lambda rng: self.data.sample(self.batch, rng))

    def _noisy(self, x: Array, streams: Streams) -> Array:
        return x if self.instance_noise is None else x + self._noise(streams)

    def _noise(self, streams: Streams) -> Array:
        std = self.instance_noise
        if callable(std):
            std = number(f"instance_noise at {self.fraction:.3g} of the run", std(self.fraction), above=0, including=(0,))
        return std * streams.normal("noise", (self.batch, self.data.dim), self.dtype)


def _stacked(arrays: list[Array], dtype: Any) -> Array:
    """(K, ...): the arrays one after the other. A single one costs no copy beyond its dtype."""
    return np.asarray(arrays[0], dtype)[None] if len(arrays) == 1 else np.stack(arrays).astype(dtype, copy=False)
