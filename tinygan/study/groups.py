"""The runs of a study: a group of seeds trained side by side, and what is kept of each.

    groups_of(...) -> [Group]     which seeds of which remedy go together through the replica axis
    train_group(group) -> [Row]   one row for each seed

A run depends on its recipe, data and seed alone. Every seed has four streams (`recipe.seeds_of`): the weights of G, the
weights of D, training, and the scores. So it does not matter which seeds share a group, nor in which process it is trained.
Replica r is bit for bit the single run with its seed.
"""

import re
import time
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from ..data.base import fingerprint
from ..engine.arguments import shown
from ..guard import Diverged
from ..history import History
from ..metrics import FullReport, full_report, truth_full_report
from ..recipe import Recipe, seeds_of
from ..saving import EVERY, Keeper, read
from ..settings import written
from ..training import Training

SCORED, DRAWN = 10_000, 500  # samples to score, and how many of them are kept for a picture
TRUTH = "true samples"


class Group(NamedTuple):
    """Seeds of one remedy on one data set, to be trained side by side."""

    name: str
    recipe: Recipe
    data_name: str
    data: Any
    seeds: tuple[int, ...]


class Row(NamedTuple):
    """What is kept of one run.

    seconds    the processor's time for the group, with that before it was stopped, shared equally among its runs
    diverged   the step in which the run diverged, or None; then it has no scores
    raw, ema   the scores of 10 000 samples of G after the last step, and of its running average, or None where there is none
    x          (500, d), the first samples of the generator that is judged: the average where one is kept; or None
    """

    remedy: str
    data: str
    seed: int
    seconds: float
    diverged: int | None = None
    raw: FullReport | None = None
    ema: FullReport | None = None
    x: np.ndarray | None = None

    key = property(lambda self: (self.remedy, self.data, self.seed))
    judged = property(lambda self: self.ema or self.raw)


def groups_of(remedies, data, seeds, setup, replicas, done=()):
    """All runs whose keys are not `done`, as Groups of at most `replicas` seeds, the first seeds of every remedy first."""
    groups, missing = [], {(name, where): [seed for seed in seeds if (name, where, seed) not in done]
                           for where in data for name in remedies}
    while any(missing.values()):
        for (name, where), left in missing.items():
            if left:
                groups.append(Group(name, remedies[name].applied(setup.recipe), where, data[where], tuple(left[:replicas])))
                del left[:replicas]
    return groups


def train_group(group: Group, path=None, every=EVERY) -> list["Row"]:
    """Train the seeds of a group side by side and score them; a run that diverges is a row too.

    path   None, or a file that keeps the training until it is over, written every so many steps; what is there is gone on with
    """
    start = time.thread_time()  # a run is one thread, and what else the machine does is no property of a remedy
    for_G, for_D, for_training, for_scores = zip(*map(seeds_of, group.seeds), strict=True)  # one seed for each replica
    recipe, many = group.recipe, len(group.seeds)
    G, D = recipe.networks(group.data.dim, (list(for_G), list(for_D)), many)
    training = recipe.training(G, D, group.data, list(for_training))
    keeper, before = (None, 0.0) if path is None else _keeper(training, group, path, every, start)
    history = _history(training, keeper)
    scored = [_scores(G, history, r, group.data, np.random.default_rng(seed)) for r, seed in enumerate(for_scores)]
    seconds = round((before + time.thread_time() - start) / many, 3)  # as the study's table keeps them
    return [Row(group.name, group.data_name, seed, seconds, **scores)
            for seed, scores in zip(group.seeds, scored, strict=True)]


def _keeper(training: Training, group: Group, path, every, start: float) -> tuple[Keeper, float]:
    """What keeps the training, which stands where the file says, if it holds this very group; and the seconds in it."""
    before = 0.0
    settings = {name: written(value) for name, value in group.recipe.values().items()}
    about = {"study": [group.name, group.data_name, fingerprint(group.data), *group.seeds], "recipe": settings}
    path.parent.mkdir(exist_ok=True)
    if path.is_file():
        with suppress(ValueError):  # a file of an older version, or a damaged one: the runs begin again
            saved = read(path)
            if saved.about == about:
                training.load_state(saved.state)
                before = float(saved.more.get("seconds", 0.0))
    return Keeper(training, path, every, about, lambda: {"seconds": np.array(before + time.thread_time() - start)}), before


def _history(training: Training, keeper: Keeper | None = None) -> History:
    try:
        return training.run(keeper and (lambda state: keeper()), progress=False)
    except Diverged as error:  # all of them
        return error.history


def _scores(G, history, r, data, rng):
    """The fields of Row that say how replica r ended."""
    if history.diverged[r]:
        return {"diverged": int(history.diverged[r])}
    z = rng.standard_normal((SCORED, G.d_in))
    x, ema = G.replica(r)(z), None
    raw = full_report(x, data, rng)
    if history.G_ema is not None:
        x = history.G_ema.replica(r)(z)
        ema = full_report(x, data, rng)
    return {"raw": raw, "ema": ema, "x": x[:DRAWN].copy()}


def truth_rows(data, seeds):
    """What as many true samples score, once for each seed, the rows that stand beside those of the runs."""
    rows = []
    for name, mixture in data.items():
        for seed in seeds:
            rng = np.random.default_rng(seeds_of(seed)[3])
            x = mixture.sample(DRAWN, rng)
            rows.append(Row(TRUTH, name, seed, 0.0, raw=truth_full_report(mixture, SCORED, rng), x=x.astype(np.float32)))
    return rows


def check_study(remedies, data, seeds, setup):
    """Raises ValueError or TypeError for what could not be trained, before anything is."""
    for argument, table in (("remedies", remedies), ("data", data)):
        if not isinstance(table, dict) or not table:
            raise TypeError(f"{argument} must be a dict from names to {argument}, with at least one; got {shown(table)}")
        for name in table:
            if not isinstance(name, str) or not re.fullmatch(r"[\w.+-]+", name):
                raise ValueError(f"{argument}: a name is made of letters, digits and _ . + - (files bear it); got {shown(name)}")
    files = [f"{where}-{name}" for where in data for name in remedies]
    for file in files:
        if files.count(file) > 1:
            raise ValueError(f"two remedies, each on other data, would share the files {file}-...: rename one of them")
    for name, mixture in data.items():
        if not hasattr(mixture, "n_modes"):
            raise TypeError(f"a study counts modes, so its data must be mixtures; {name} is a {type(mixture).__name__}")
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"a study needs at least one seed, each of them once; got {seeds}")
    for name, remedy in remedies.items():
        for mixture in data.values():
            try:
                recipe = remedy.applied(setup.recipe)
                recipe.training(*recipe.networks(mixture.dim, (0, 0)), mixture, 0)  # not run: whether it can be made
            except (TypeError, ValueError) as error:
                raise type(error)(f"{name}: {error}") from None
