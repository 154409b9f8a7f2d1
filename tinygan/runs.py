"""A run from its settings to a folder, and back: what the command line does once it knows what is wanted.

    build(settings) -> Run        networks, data and loss, before any training
    learn(run, folder)            trains, prints the scores beside the truth's, and writes into the folder
        run.npz                   settings, parameters of both networks, history
        summary.png               the run on one page
        training.gif              what G made of the same noise as it learned
    load(folder) -> Run           the same run again, to sample from or to draw

Settings are the plain values of the command line (see `DEFAULTS`); names become objects here and nowhere else.
"""

import signal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import checkpoint, data, losses
from .engine import layers, optim
from .engine.arguments import choice, seed_sequence, spawn
from .engine.network import mlp
from .history import Diverged, History
from .metrics import mode_report, report_1d, table
from .train import train

LOSSES = {"non-saturating": losses.NonSaturating, "minimax": losses.Minimax, "least-squares": losses.LeastSquares,
          "hinge": losses.Hinge, "wasserstein": losses.Wasserstein}
ACTIVATIONS = {"relu": layers.ReLU, "leaky-relu": layers.LeakyReLU, "tanh": layers.Tanh, "softplus": layers.Softplus,
               "sigmoid": layers.Sigmoid}
SCHEDULES = {"constant": optim.constant, "linear": optim.linear, "cosine": optim.cosine}

DEFAULTS = {"data": "ring", "loss": "non-saturating", "hidden": [64, 64, 64], "latent": 2, "activation": "relu",
            "steps": 4000, "batch": 256, "d_steps": 1, "pack": 1, "lr": 2e-3, "lr_d": None, "schedule": "cosine",
            "update": "alternating", "ema": None, "seed": 0, "replicas": None, "quiet": False}
# D judges two points at a time: a pair from one mode gives a collapsed generator away (PacGAN, Lin et al. 2018).
DEMO = DEFAULTS | {"pack": 2}

RUN, PICTURE, ANIMATION = "run.npz", "summary.png", "training.gif"
SCORED = 10_000  # samples
FRAMES = 40


class Run(NamedTuple):
    """A run and what it is made of; `history` is None before it has learned."""

    settings: dict
    G: Any
    D: Any
    data: Any
    loss: Any
    history: Any = None

    def replica(self, r):
        """The run of replica r alone; without replicas, the run itself. Raises ValueError when there is no replica r."""
        if not self.G.replicas and r == 0:
            return self
        return self._replace(G=self.G.replica(r), D=self.D.replica(r), history=self.history.replica(r))

    def generator(self, raw=False):
        """The generator that the run is judged by: its average where one was kept, unless `raw`."""
        return self.G if raw or self.history.G_ema is None else self.history.G_ema


def build(settings, points=None):
    """The Run that the settings name, untrained. `points` (N, d) stand in for the data file of that name.

    Raises FileNotFoundError, or ValueError for a name that is not known or a file that cannot be read.
    """
    known = _data(settings["data"]) if points is None else data.Points(points, Path(settings["data"]).stem, settings["columns"])
    real = known.standardized()
    g_seed, d_seed, *_ = _streams(settings)
    same = {"activation": ACTIVATIONS[choice("activation", settings["activation"], ACTIVATIONS)],
            "replicas": settings["replicas"] or ()}
    g_sizes, d_sizes = _sizes(settings, real)
    G, D = mlp(*g_sizes, seed=g_seed, **same), mlp(*d_sizes, seed=d_seed, **same)
    return Run(settings, G, D, real, LOSSES[choice("loss", settings["loss"], LOSSES)]())


def _streams(settings):
    """Seeds for the initial weights of G and of D, for training, and for the scores."""
    return spawn(settings["seed"], 4)


def _data(name):
    """The data set of that name, or from the file of that name."""
    return data.from_file(name) if Path(name).suffix else data.by_name(name)


def _sizes(settings, real):
    """The layers' sizes of G and of D."""
    hidden = settings["hidden"]
    return (settings["latent"], *hidden, real.dim), (settings["pack"] * real.dim, *hidden, 1)


def learn(run, folder):
    """Train the run and write it into `folder`, which must exist. Returns the Run, or None when Ctrl-C ended it early.

    Ctrl-C stops it at the end of a step, and everything is written as far as it got. Raises `Diverged`, after writing run.npz.
    """
    from . import plots  # matplotlib takes longer to import than everything else together

    settings = run.settings
    same = {key: settings[key] for key in ("steps", "batch", "d_steps", "pack", "update", "ema")}
    opt_d, opt_g = optim.Adam(settings["lr_d"] or settings["lr"]), optim.Adam(settings["lr"])
    schedule = SCHEDULES[choice("schedule", settings["schedule"], SCHEDULES)]
    z = np.random.default_rng(0).standard_normal((500, settings["latent"]))
    film = None if run.G.replicas else plots.Snapshots(z, max(1, settings["steps"] // FRAMES), run.G)
    with _CtrlC() as ctrl_c:
        try:
            history = train(run.G, run.D, run.data, run.loss, **same, opt_d=opt_d, opt_g=opt_g, schedule=schedule,
                            seed=_streams(settings)[2], progress=False if settings["quiet"] else None,
                            callback=lambda state: (film and film(state)) or ctrl_c.pressed)
        except Diverged as error:
            _write(run._replace(history=error.history), folder / RUN)
            raise
    run = run._replace(history=history)
    _write(run, folder / RUN)
    print(scores(run))
    draw(run, folder / PICTURE, film)
    written = [RUN, PICTURE]
    if film and (run.data.dim <= 2 or settings["data"] == "digits"):
        plots.gif(film, run.data, folder / ANIMATION)
        written.append(ANIMATION)
    print("\nWritten:", *(folder / name for name in written), sep="\n  ")
    return None if ctrl_c.pressed else run


def scores(run):
    """The scores of a run beside those of as many true samples, as text. Empty where the true density is not known."""
    if not isinstance(run.data, data.Mixture):
        return ""
    rng = np.random.default_rng(_streams(run.settings)[3])
    z = rng.standard_normal((SCORED, run.G.d_in))
    rows = {"true samples": run.data.sample(SCORED, rng)}
    for r in range(*(run.G.replicas or (1,))):
        one, name = run.replica(r), f"replica {r}" if run.G.replicas else "generated"
        if one.history.G_ema is not None:
            rows[f"{name}, averaged"] = one.history.G_ema(z)
        rows[name] = one.G(z)
    if run.data.dim > 1:
        return table({name: mode_report(x, run.data) for name, x in rows.items()}, run.data)
    reports = {name: report_1d(x, run.data, rng) for name, x in rows.items()}
    return "\n".join([f"{'':<24}{'W1':>8}{'JS':>9}", *(f"{name:<24}{w1:8.4f}{js:9.4f}" for name, (w1, js) in reports.items())])


def draw(run, path, film=None):
    """The picture of a run on one page: samples beside the truth, networks, history. Of replicas, the samples of each."""
    from . import plots

    if run.G.replicas:
        figure = plots.replicas(run.generator(), run.data)
    else:
        figure = plots.summary(run.generator(), run.D, run.data, run.loss, run.history, film)
    figure.savefig(path, dpi=110)
    plots.close(figure)


def sample(run, n, seed, raw=False):
    """`n` points from a single run's generator, (n, d), in the units of its data."""
    z = np.random.default_rng(seed_sequence(seed)).standard_normal((n, run.G.d_in))
    return run.data.restore(run.generator(raw)(z))


def _write(run, path):
    points = isinstance(run.data, data.Points) and run.settings["data"] not in data.NAMES
    arrays = {"G": run.G.theta, "D": run.D.theta, **run.history.arrays()}
    arrays |= {"points": run.data.restore(run.data.x)} if points else {}
    arrays |= {"G_ema": run.history.G_ema.theta} if run.history.G_ema is not None else {}
    checkpoint.save(path, arrays, run.settings | {"columns": run.data.columns if points else None})


def load(folder):
    """The Run in `folder`. Raises FileNotFoundError, or ValueError when the file there is not a whole run."""
    path = Path(folder) / RUN
    if not path.is_file():
        raise FileNotFoundError(f"there is no run in {folder}: no file {path}. `tinygan train --out {folder}` makes one")
    arrays, settings = checkpoint.load(path)
    run = build(settings, arrays.get("points"))
    for name, net in (("G", run.G), ("D", run.D)):
        if arrays[name].shape != net.theta.shape:
            raise ValueError(f"{path} does not fit its own settings: {name} has {arrays[name].shape} parameters")
        net.theta[...] = arrays[name]
    G_ema = run.G.copy() if "G_ema" in arrays else None
    if G_ema is not None:
        G_ema.theta[...] = arrays["G_ema"]
    return run._replace(history=History.from_arrays(settings["steps"], arrays, G_ema))


class _CtrlC:
    """While this context lasts, Ctrl-C only sets `pressed`; a second Ctrl-C interrupts as usual."""

    pressed = False

    def __enter__(self):
        self.before = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *error):
        signal.signal(signal.SIGINT, self.before)

    def _press(self, signum, frame):
        self.pressed = True
        signal.signal(signal.SIGINT, self.before)
