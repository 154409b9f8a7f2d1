"""What one sees of a training while it runs, such as how many modes G finds, always from the same noise, and a progress bar."""

from typing import Any

import numpy as np

from .data import Mixture
from .engine.arguments import Array, flag
from .engine.store import Network
from .metrics import modes_found

SAMPLES = 1000


class ModeCount:
    """look(G) -> modes_visited and modes_half of the samples G(z), (2,) or (2, R); z (..., SAMPLES, d_in) is what G takes."""

    def __init__(self, mixture: Mixture, z: Array) -> None:
        self.mixture, self.z = mixture, z

    def __call__(self, G: Network) -> Array:
        x = G(self.z)
        found = np.array([modes_found(samples, self.mixture) for samples in (x if G.replicas else x[None])])  # (R, 2)
        return found.swapaxes(0, 1) if G.replicas else found[0]


def progress_bar(steps: int, progress: bool | None, done: int = 0) -> Any:
    """A tqdm bar of `steps` steps; progress as in `Training.run`."""
    from tqdm import tqdm

    progress = None if progress is None else flag("progress", progress)
    shape = "{percentage:3.0f}%|{bar:12}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
    return tqdm(total=steps, initial=done, disable=None if progress is None else not progress, bar_format=shape, mininterval=0.2)
