"""The random numbers of a run, from one seed: real points, latent noise, instance noise, and points to look at."""

import numpy as np

from .engine.arguments import each_seed, number, spawn
from .metrics import mode_report


class Streams:
    """For each replica a stream for data, for latent noise, for evaluation, for penalties and for instance noise.

    They are spawned once, so that looking at a run never changes it, and one kind of noise never changes another.
    `fraction`, the part of the run that has passed, sets the size of instance noise that is a function of it.
    """

    def __init__(self, G, data, batch, seed, instance_noise=None):
        self.single, self.data, self.batch, self.d_z, self.dtype = not G.replicas, data, batch, G.d_in, G.dtype
        if not (instance_noise is None or callable(instance_noise)):
            number("instance_noise", instance_noise, above=0)
        self.instance_noise, self.fraction = instance_noise, 0.0
        seeds = each_seed(seed, *G.replicas) if G.replicas else [seed]
        self.rngs = [[np.random.default_rng(child) for child in spawn(one, 5)] for one in seeds]
        penalty = [rngs[3] for rngs in self.rngs]
        self.penalty = penalty[0] if self.single else penalty
        self.z_look = self._stack(2, lambda rng: rng.standard_normal((1000, self.d_z), self.dtype))

    def real(self):
        """A batch of the data, (..., N, d), with instance noise if there is any."""
        return self._stack(0, lambda rng: self.data.sample(self.batch, rng)) + self.noise()

    def latent(self):
        """z ~ N(0, I), (..., N, d_z)."""
        return self._stack(1, lambda rng: rng.standard_normal((self.batch, self.d_z), self.dtype))

    def noise(self):
        """Instance noise for one batch of points, (..., N, d); 0 where none was asked for."""
        std = self.instance_noise
        if std is None:
            return 0.0
        std = float(std(self.fraction)) if callable(std) else std
        return std * self._stack(4, lambda rng: rng.standard_normal((self.batch, self.data.dim), self.dtype))

    def count_modes(self, G):
        """How many modes have a high-quality sample among 1000 of G's, always from the same z."""
        x = G(self.z_look)
        return mode_report(x, self.data).modes if self.single else [mode_report(one, self.data).modes for one in x]

    def _stack(self, stream, draw):
        return draw(self.rngs[0][stream]) if self.single else np.stack([draw(rngs[stream]) for rngs in self.rngs])
