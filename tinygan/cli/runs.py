"""A run: from its settings to networks, data and loss; from there to a file; and back.

    build(settings) -> Run        before any training, which is done by `tinygan.cli.learning`
    save(run, folder)             run.npz: settings, parameters of both networks, history; of a user's own data, the points too
    load(folder) -> Run           the same run again, to sample from or to draw

Settings are the plain values of the command line (see `DEFAULTS`); names become objects here and nowhere else.
"""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from .. import checkpoint, data, losses, penalties
from ..engine import layers, optim
from ..engine.arguments import choice, spawn
from ..engine.features import packed
from ..engine.network import mlp
from ..history import History

LOSSES = {"non-saturating": losses.NonSaturating, "minimax": losses.Minimax, "least-squares": losses.LeastSquares,
          "hinge": losses.Hinge, "wasserstein": losses.Wasserstein, "relativistic": losses.Relativistic,
          "relativistic-average": losses.RelativisticAverage}
PENALTIES = {"r1": penalties.R1, "r2": penalties.R2, "gp": penalties.WGANGP}
ACTIVATIONS = {"relu": layers.ReLU, "leaky-relu": layers.LeakyReLU, "tanh": layers.Tanh, "softplus": layers.Softplus,
               "sigmoid": layers.Sigmoid}
SCHEDULES = {"constant": optim.constant, "linear": optim.linear, "cosine": optim.cosine,
             "warm_cosine": optim.warm_cosine}

DEFAULTS = {"data": "ring", "loss": "non-saturating", "hidden": [64, 64, 64], "latent": 2, "activation": "relu",
            "steps": 4000, "batch": None, "d_steps": 1, "pack": 1, "lr": 2e-3, "lr_d": None, "schedule": "cosine",
            "update": "alternating", "r1": None, "r2": None, "gp": None, "ema": None, "seed": 0, "replicas": None}
BATCH = 256  # unless the settings say otherwise, or the data have fewer rows
# D judges two points at a time: a pair from one mode gives a collapsed generator away (PacGAN, Lin et al. 2018).
DEMO = DEFAULTS | {"pack": 2}

RUN = "run.npz"
FILMED = 500  # samples in each snapshot


class Misuse(ValueError):
    """What was asked for cannot be done the way it was asked."""


class Run(NamedTuple):
    """A run and what it is made of. `history` and `film` (the snapshots; None with replicas) come with learning.

    seeds     four: for the weights of G and of D, for training, and for the scores
    data      standardised
    points    a user's own (N, d), as they were read, or None
    """

    settings: dict
    seeds: Any
    G: Any
    D: Any
    data: Any
    loss: Any
    points: Any = None
    history: Any = None
    film: Any = None

    def replica(self, r):
        """The run of replica r alone; without replicas, the run itself. Raises Misuse when there is no replica r."""
        if not self.G.replicas and r == 0:
            return self
        try:
            return self._replace(G=self.G.replica(r), D=self.D.replica(r), history=self.history.replica(r))
        except ValueError as error:
            raise Misuse(error) from None

    def generator(self, raw=False):
        """The generator that the run is judged by: its average where one was kept, unless `raw`."""
        return self.G if raw or self.history.G_ema is None else self.history.G_ema


def build(settings):
    """The Run that the settings name, untrained; a batch of None is chosen to fit the data.

    Raises FileNotFoundError or ValueError for a file that cannot be used, Misuse for settings that do not go together.
    """
    known = data.by_name(settings["data"]) if settings["data"] in data.NAMES else data.from_file(settings["data"])
    pack, batch = settings["pack"], settings["batch"]
    if batch is None:
        rows = known.x.shape[-2] if isinstance(known, data.Points) else BATCH
        batch = min(BATCH, rows) // pack * pack or pack
    try:
        packed(known.sample(batch, np.random.default_rng(0)), pack)
    except ValueError as error:
        raise Misuse(error) from None
    return _build(settings | {"batch": batch, "columns": getattr(known, "columns", None)}, known)


def _build(settings, known):
    real = known.standardized()
    seeds = spawn(settings["seed"], 4)
    g_sizes, d_sizes = _sizes(settings, real.dim)
    same = {"activation": ACTIVATIONS[choice("activation", settings["activation"], ACTIVATIONS)],
            "replicas": settings["replicas"] or ()}
    G, D = mlp(*g_sizes, seed=seeds[0], **same), mlp(*d_sizes, seed=seeds[1], **same)
    loss = LOSSES[choice("loss", settings["loss"], LOSSES)]()
    return Run(settings, seeds, G, D, real, loss, None if settings["data"] in data.NAMES else known.x)


def _sizes(settings, dim):
    """The layers' sizes of G and of D."""
    return (settings["latent"], *settings["hidden"], dim), (settings["pack"] * dim, *settings["hidden"], 1)


def save(run, folder):
    """Write the run into `folder`, which must exist. Raises OSError."""
    arrays = {"G": run.G.theta, "D": run.D.theta, **run.history.arrays()}
    if run.points is not None:
        arrays["points"] = run.points
    if run.history.G_ema is not None:
        arrays["G_ema"] = run.history.G_ema.theta
    if run.film:
        arrays |= {"film_steps": run.film.steps, "film": run.film.x}
    checkpoint.save(folder / RUN, arrays, run.settings)


def load(folder):
    """The Run in `folder`. Raises Misuse when there is none, or ValueError when the file there is not a whole run."""
    path = Path(folder) / RUN
    if not path.is_file():
        raise Misuse(f"there is no run in {folder}: no file {path}. Make one with the command train")
    arrays, settings = checkpoint.load(path)
    try:
        return _restore(settings, arrays)
    except KeyError as error:
        raise ValueError(f"{path} is not a whole run: {error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} is not a whole run: its arrays do not match its settings: {error}") from error


def _restore(settings, arrays):
    if settings["data"] in data.NAMES:
        known = data.by_name(settings["data"])
    else:
        known = data.Points(arrays["points"], Path(settings["data"]).stem, settings["columns"])
    for name, shape in _shapes(settings, known.dim, arrays).items():  # before networks of that size are made
        if name in arrays and arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, expected {shape}")
    run = _build(settings, known)
    run.G.theta[...], run.D.theta[...] = arrays["G"], arrays["D"]
    G_ema = film = None
    if "G_ema" in arrays:
        G_ema = run.G.copy()
        G_ema.theta[...] = arrays["G_ema"]
    if "film" in arrays:
        film = SimpleNamespace(steps=arrays["film_steps"].tolist(), x=list(arrays["film"]))
    return run._replace(history=History.from_arrays(settings["steps"], arrays, G_ema), film=film)


def _shapes(settings, dim, arrays):
    """The shape that each array of a run must have, by the settings."""
    replicas = (settings["replicas"],) if settings["replicas"] else ()
    G, D = ((*replicas, sum((d + 1) * k for d, k in pairwise(sizes))) for sizes in _sizes(settings, dim))
    rows, looks = arrays["step"].size, arrays["modes_step"].size
    frames = arrays["film_steps"].size if "film" in arrays else 0
    return {"G": G, "D": D, "G_ema": G, "step": (rows,), **dict.fromkeys(History.columns, (rows, *replicas)),
            "modes_step": (looks,), "modes": (looks, *replicas), "diverged": replicas,
            "film_steps": (frames,), "film": (frames, FILMED, dim)}
