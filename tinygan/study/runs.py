"""The runs of a study: a group of seeds trained side by side, and what is kept of each.

    groups(...) -> [Group]        which seeds of which remedy go together through the replica axis
    train_group(group) -> [Row]   one row for each seed

A run depends on its remedy, data, setup and seed alone. Every seed s has four streams, `spawn(s, 4)`: the weights of G, the
weights of D, training, and the scores. So it does not matter which seeds share a group, nor in which process it is trained:
replica r is bit for bit the single run with its seed.
"""

import copy
import re
import time
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..engine.arguments import spawn
from ..engine.features import FourierFeatures, packed
from ..engine.layers import Dense
from ..engine.network import Sequential
from ..engine.optim import Adam
from ..history import Diverged
from ..metrics import ModeReport, mode_report, truth_report
from ..train import train
from .remedies import settings

SCORED, DRAWN = 10_000, 500  # samples to score, and how many of them are kept for a picture
TRUTH = "true samples"


class Group(NamedTuple):
    """Seeds of one remedy on one data set, to be trained side by side; `setup` and `remedy` as in `tinygan.study.remedies`."""

    name: str
    remedy: Any
    data_name: str
    data: Any
    setup: Any
    seeds: tuple


class Row(NamedTuple):
    """What is kept of one run.

    seconds    the processor's time for the group, shared equally among its runs
    diverged   the step in which the run diverged, or None; then it has no scores
    raw, ema   the scores of 10 000 samples of G after the last step, and of its running average, or None where there is none
    x          (500, d), the first samples of the generator that is judged: the average where one is kept; or None
    """

    remedy: str
    data: str
    seed: int
    seconds: float
    diverged: int | None = None
    raw: ModeReport | None = None
    ema: ModeReport | None = None
    x: np.ndarray | None = None

    key = property(lambda self: (self.remedy, self.data, self.seed))
    judged = property(lambda self: self.ema or self.raw)


def groups(remedies, data, seeds, setup, replicas, done=()):
    """All runs whose keys are not `done`, as Groups of at most `replicas` seeds: the first seeds of every remedy first."""
    found, missing = [], {(name, where): [seed for seed in seeds if (name, where, seed) not in done]
                          for where in data for name in remedies}
    while any(missing.values()):
        for (name, where), left in missing.items():
            if left:
                found.append(Group(name, remedies[name], where, data[where], setup, tuple(left[:replicas])))
                del left[:replicas]
    return found


def players(group, seeds):
    """G and D of a group, one replica for each of its seeds; `seeds` are the streams of both, ([of G], [of D])."""
    has, dim, many = settings(group.setup, group.remedy), group.data.dim, len(group.seeds)
    features, g_scale, d_scale = has["fourier"] or (None, None, None)

    def layers(d_in, d_out, scale):
        sizes, row = (d_in, *has["hidden"], d_out), []
        if scale is not None:
            sizes, row = (features, *sizes[1:]), [FourierFeatures(d_in, features, scale)]
        for d, k in pairwise(sizes):
            row += [Dense(d, k), has["activation"]()]
        return row[:-1]

    change = has["d_layers"] or list
    return (Sequential(*layers(has["latent"], dim, g_scale), seed=seeds[0], replicas=many),
            Sequential(*change(layers(has["pack"] * dim, 1, d_scale)), seed=seeds[1], replicas=many))


def train_group(group):
    """Train the seeds of a group side by side and score them; a run that diverges is a row too."""
    start = time.thread_time()  # a run is one thread, and what else the machine does is no property of a remedy
    streams = list(zip(*(spawn(seed, 4) for seed in group.seeds), strict=True))  # four, each one stream for each seed
    G, D = players(group, [list(stream) for stream in streams[:2]])
    history = _history(G, D, group, list(streams[2]))
    scored = [_scores(G, history, r, group.data, np.random.default_rng(seed)) for r, seed in enumerate(streams[3])]
    seconds = (time.thread_time() - start) / len(group.seeds)
    return [Row(group.name, group.data_name, seed, seconds, **scores)
            for seed, scores in zip(group.seeds, scored, strict=True)]


def _history(G, D, group, seeds):
    # Penalties remember how far the run has come, so each group, which may be a thread, has its own.
    has = copy.deepcopy(settings(group.setup, group.remedy))
    opt_g, opt_d = (Adam(has[name], has["beta1"], has["beta2"]) for name in ("lr_g", "lr_d"))
    same = ("steps", "batch", "d_steps", "penalties", "update", "ema", "schedule", "pack")
    more = {name: has[name] for name in ("unroll", "instance_noise", "clip") if has[name] is not None}
    try:
        return train(G, D, group.data, has["loss"], opt_g=opt_g, opt_d=opt_d, seed=seeds, progress=False,
                     **{name: has[name] for name in same}, **more)
    except Diverged as error:  # all of them
        return error.history


def _scores(G, history, r, data, rng):
    """The fields of Row that say how replica r ended."""
    if history.diverged[r]:
        return {"diverged": int(history.diverged[r])}
    z = rng.standard_normal((SCORED, G.d_in))
    x, ema = G.replica(r)(z), None
    raw = mode_report(x, data)
    if history.G_ema is not None:
        x = history.G_ema.replica(r)(z)
        ema = mode_report(x, data)
    return {"raw": raw, "ema": ema, "x": x[:DRAWN].copy()}


def truth_rows(data, seeds):
    """What as many true samples score, once for each seed: the rows that stand beside those of the runs."""
    rows = []
    for name, mixture in data.items():
        for seed in seeds:
            rng = np.random.default_rng(spawn(seed, 4)[3])
            x = mixture.sample(DRAWN, rng)
            rows.append(Row(TRUTH, name, seed, 0.0, raw=truth_report(mixture, SCORED, rng), x=x.astype(np.float32)))
    return rows


def check(remedies, data, seeds, setup):
    """Raises ValueError or TypeError for what could not be trained, before anything is."""
    for what, given in (("remedies", remedies), ("data", data)):
        if not isinstance(given, dict) or not given:
            raise TypeError(f"{what} must be a dict from names to {what}, with at least one; got {given!r}")
        for name in given:
            if not isinstance(name, str) or not re.fullmatch(r"[\w.+-]+", name):
                raise ValueError(f"{what}: a name is made of letters, digits and _ . + - (files bear it); got {name!r}")
    for name, mixture in data.items():
        if not hasattr(mixture, "n_modes"):
            raise TypeError(f"a study counts modes, so its data must be mixtures; {name} is a {type(mixture).__name__}")
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"a study needs at least one seed, each of them once; got {seeds}")
    if setup.fourier is not None and not (isinstance(setup.fourier, tuple) and len(setup.fourier) == 3):
        raise TypeError(f"fourier must be None or (features, scale in G, scale in D), such as (64, .5, 1); got {setup.fourier!r}")
    for name, remedy in remedies.items():
        has = settings(setup, remedy)
        try:
            packed(np.empty((has["batch"], 1)), has["pack"])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        for mixture in data.values():
            players(Group(name, remedy, "", mixture, setup, seeds[:1]), [[0], [0]])
