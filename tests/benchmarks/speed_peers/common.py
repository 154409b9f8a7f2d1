"""What all peers of the speed benchmark share: the cases, one start for everybody, one core, and a stopwatch.

A peer is a class with

    Peer(case)                     networks and optimisers, from `start(case)`
    gradients(x_real, z_d, z_g)    both players' loss and flat gradient at the present parameters, nobody moves
    step(x_real, z_d, z_g)         one alternating step on these batches: D moves, then G against the D that has moved
    theta()                        G's and D's parameters, flat, layer after layer, W (d, k) then b
    run(n)                         n steps that draw their data and noise themselves: this is what is timed
    threads()                      what the library itself says about its threads

and may have `serve(windows)`, where `run` cannot be called again and again. Losses are those of the package: W1 is
non-saturating on the ring, W2 relativistic pairing with R1 and R2 on the grid.
"""

import math
import os
import resource
import sys
import time
from typing import NamedTuple

import numpy as np

LR, BETA1, BETA2, EPS = 1e-3, .5, .999, 1e-8  # Adam, for both players of every peer
GAMMA = .1  # of R1 and R2

PEERS = {  # name: (module, class, library that it needs)
    "tinygan": ("tinygan_peer", "Train", "numpy"),
    "tinygan, plain": ("tinygan_peer", "Plain", "numpy"),
    "tinygan, bare loop": ("tinygan_peer", "Bare", "numpy"),
    "PyTorch": ("torch_peer", "Fused", "torch"),
    "PyTorch, foreach Adam": ("torch_peer", "Foreach", "torch"),
    "JAX, a call a step": ("jax_peer", "PerStep", "jax"),
    "JAX, scan": ("jax_peer", "Scan", "jax"),
    "autograd": ("autograd_peer", "Autograd", "autograd"),
    "floor": ("floor_peer", "Floor", "numpy"),
}


class Case(NamedTuple):
    """One setting: the game, and the size of its networks; replicas 0 means a single run without that axis."""

    workload: str
    width: int
    batch: int
    hidden: int
    replicas: int = 0

    @property
    def sizes_G(self):
        return (2, *[self.width] * self.hidden, 2)

    @property
    def sizes_D(self):
        return (2, *[self.width] * self.hidden, 1)

    @property
    def penalised(self):
        return self.workload == "W2"

    @property
    def chunk(self):
        """Steps in one call of a scan; a call of 20 large ones is long enough."""
        return 100 if self.width < 128 else 20

    @property
    def size(self):
        return f"{self.width}x{self.hidden}, batch {self.batch}"


def mixture(case):
    """(means (K, 2), std) of the standardised ring or grid, float32; the tinygan peer checks that they are the package's."""
    if case.workload == "W1":
        angle = 2 * math.pi * np.arange(8) / 8
        means, std = 2. * np.stack([np.cos(angle), np.sin(angle)], axis=-1), .02
    else:
        side = 2. * (np.arange(5) - 2)
        means, std = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2), .05
    scale = math.sqrt(means.var(axis=0).mean() + std**2)
    return (means / scale).astype(np.float32), std / scale


def start(case):
    """G's and D's parameters to begin with, [W, b, W, b, ...] each, float32; with replicas an axis R in front."""
    rng, front = np.random.default_rng(1), (case.replicas,) if case.replicas else ()

    def parameters(sizes):
        both = []
        for d, k in zip(sizes, sizes[1:], strict=False):
            both += [rng.normal(0, math.sqrt(2 / d), (*front, d, k)), rng.normal(0, .1, (*front, 1, k))]
        return [array.astype(np.float32) for array in both]

    return parameters(case.sizes_G), parameters(case.sizes_D)


def batches(case, n=3):
    """n times (x_real, z_d, z_g), each (batch, 2), float32: what the check feeds to everybody."""
    rng, (means, std) = np.random.default_rng(2), mixture(case)
    shape = (case.batch, 2)
    return [tuple(a.astype(np.float32) for a in (means[rng.integers(means.shape[0], size=case.batch)]
                                                 + std * rng.standard_normal(shape),
                                                 rng.standard_normal(shape), rng.standard_normal(shape))) for _ in range(n)]


def flat(arrays):
    """All arrays as one vector."""
    return np.concatenate([np.asarray(a).reshape(-1) for a in arrays])


def one_core():
    """Pin this process to one core, where the system can; returns how many cores it may use, None where nobody knows."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return len(os.sched_getaffinity(0))


def peak_memory():
    """The largest resident size of this process so far, bytes.

    Where there is /proc it is the peak since exec; getrusage's own starts from the parent's size at the fork.
    """
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Windows:
    """An iterator over windows of steps: `next` reports the window that has just ended and waits for the next one's length.

    ask() -> steps of the next window, or 0 for the end; tell(report) gets wall seconds, CPU seconds and page faults.
    """

    def __init__(self, ask, tell):
        self.ask, self.tell, self.began = ask, tell, None

    def __iter__(self):
        return self

    def __next__(self):
        ended = self._now()
        if self.began:
            self.tell([after - before for before, after in zip(self.began, ended, strict=True)])
        n = self.ask()
        if not n:
            raise StopIteration
        self.began = self._now()
        return n

    @staticmethod
    def _now():
        return time.perf_counter(), time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_minflt
