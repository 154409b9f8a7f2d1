"""Learning, and what a person gets to see of it.

    learn(run, folder)            trains, prints the scores beside the truth's, and writes into the folder
        checkpoint.npz            all that the run needs to go on, again and again; see `tinygan.saving`
        run.npz                   see `tinygan.cli.run_files`
        summary.png               the run on one page
        training.gif              what G made of the same noise as it learned
    scores(run), draw(run, path)  each of these alone
    sample(run, n, seed)          points in the units of the data
"""

import signal
import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..data import Mixture
from ..engine.arguments import seed_sequence
from ..guard import Diverged
from ..metrics import mode_report, report_1d, table
from ..saving import EVERY, Keeper
from . import run_files

PICTURE, ANIMATION = "summary.png", "training.gif"
SCORED, FRAMES = 10_000, 40  # samples to score, pictures in the animation


SIGNALS = {"Ctrl-C": signal.SIGINT, "SIGTERM": signal.SIGTERM}


class Stopped(KeyboardInterrupt):
    """A signal has ended the command; `name` is one of SIGNALS."""

    def __init__(self, name, *words):
        super().__init__(*words)
        self.name = name


class Work(NamedTuple):
    """What learning consists of: functions of a run, which differ between the first GAN and the family."""

    opening: Callable[[Any], list[str]]  # lines to begin with
    training: Callable[[Any], Any]  # ready to be stepped
    film: Callable[[Any, Any], Any]  # run, training -> the Snapshots that it keeps, or None
    files: Any  # the module that knows `save`, `words` and `beside`
    scores: Callable[[Any], str]
    pictures: Callable[[Any, Path], list[Path]]  # drawn into the folder


class Plan(NamedTuple):
    """How to carry out a run. `start`: the state to go on from, or None for a new run."""

    quiet: bool = False
    every: int = EVERY
    start: Any = None


def learn(run, folder, plan=Plan()):  # noqa: B008  it cannot be changed
    """Train the run and write it into `folder`, which must exist.

    Ctrl-C stops it at the end of a step; what was learned so far is written and drawn, and one more Ctrl-C skips the
    drawing. SIGTERM writes without drawing. Then raises `Stopped`. Raises `Diverged`, after writing run.npz.
    """
    carry_out(run, folder, plan, _work())


def carry_out(run, folder, plan, work):
    """What `learn` says, for any kind of run."""
    with _signals() as stopped:
        print_safely(*work.opening(run))
        from .. import plots  # noqa: F401  it takes longer to import than everything else together: here Ctrl-C can wait for it

        run, diverged = _train(run, folder, plan, work, stopped)
        work.files.save(run, folder)
        for name in (PICTURE, ANIMATION):  # of an older run, which --force has given up
            (folder / name).unlink(missing_ok=True)
    if diverged:
        raise diverged
    if "SIGTERM" in stopped:  # whoever sends it does not wait for long
        raise Stopped("SIGTERM")
    try:
        print_safely(work.scores(run))
        if stopped:
            print_safely("Stopped by Ctrl-C. Drawing what there is; Ctrl-C again skips that.")
        print_safely("Written:", *(f"  {path}" for path in [folder / run_files.RUN, *work.pictures(run, folder)]))
    except KeyboardInterrupt as stop:
        raise Stopped(getattr(stop, "name", "Ctrl-C")) from None
    if stopped:
        raise Stopped(stopped[0])


def _train(run, folder, plan, work, stopped):
    """The run with what it has learned, and the `Diverged` that ended it or None. Its checkpoint is kept in the folder."""
    training = work.training(run)
    film, diverged = work.film(run, training), None
    if plan.start is not None:
        training.load_state(plan.start)
        beyond = "" if training.done < training.steps else ". That is its planned end; --steps goes beyond it"
        print_safely(f"going on at step {training.done:,} of {training.steps:,}{beyond}")
    run = run._replace(film=film)
    keeper = Keeper(training, folder / run_files.CHECKPOINT, plan.every, work.files.words(run), lambda: work.files.beside(run))
    keeper.save()
    if plan.start is None:  # an older run, which --force has given up
        (folder / run_files.RUN).unlink(missing_ok=True)

    def after_step(state):
        if film:
            film(state)
        keeper()
        return stopped

    try:
        history = training.run(after_step, progress=False if plan.quiet else None)
        keeper.save()
    except Diverged as error:
        history, diverged = error.history, error
    return run._replace(history=history), diverged


def _work():
    return Work(_opening, _training, _film, run_files, scores, _pictures)


def _opening(run):
    """What a person reads before the training."""
    lines = [str(run.data), f"parameters: G {run.G.theta.shape[-1]:,}, D {run.D.theta.shape[-1]:,}"]
    if run.points is not None:
        lines.append(run.recipe.fit())
    return lines


def _pictures(run, folder):
    """The page and the animation, where there is one; their paths."""
    from .. import plots

    written = [draw(run, folder / PICTURE)]
    if run.film and (run.data.dim <= 2 or plots.canvas.is_digits(run.data)):
        written.append(plots.gif(run.film, run.data, folder / ANIMATION))
    return written


def _training(run):
    return run.recipe.training(run.G, run.D, run.data, run.seeds[2])


def _film(run, training):
    """Snapshots of a single run, with those that it has already."""
    from .. import plots

    if run.G.replicas:
        return None
    z = np.random.default_rng(0).standard_normal((run_files.FILMED, run.G.d_in))
    film = plots.Snapshots(z, max(1, training.steps // FRAMES), None if run.film else run.G)
    if run.film:
        film.steps, film.x = run.film.steps, run.film.x
    return film


def print_safely(*lines):
    """Print; where stdout was closed, as by `head`, nothing is printed and the run goes on."""
    try:
        print(*lines, sep="\n", flush=True)
    except BrokenPipeError:
        pass


@contextmanager
def _signals():
    """Here Ctrl-C and SIGTERM interrupt nothing; their names are put into the list that is yielded."""
    stopped, before = [], {}
    try:
        for name, number in SIGNALS.items():
            before[number] = signal.signal(number, lambda *_, name=name: stopped.append(name))
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def sigterm():
    """Here SIGTERM raises `Stopped`, as Ctrl-C raises KeyboardInterrupt; a thread that is not the first leaves it as it is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise Stopped("SIGTERM")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def scores(run):
    """The scores of a run beside those of as many true samples, as text. Empty where the true density is not known."""
    lost = [f"replica {r} diverged at step {step}" for r, step in enumerate(np.atleast_1d(run.history.diverged)) if step]
    if not isinstance(run.data, Mixture):
        return "\n".join(lost)
    rng = np.random.default_rng(run.seeds[3])
    z = rng.standard_normal((SCORED, run.G.d_in))
    rows = {"true samples": run.data.sample(SCORED, rng)}
    for r in range(*(run.G.replicas or (1,))):
        single, name = run.replica(r), f"replica {r}" if run.G.replicas else "generated"
        if single.history.G_ema is not None:
            rows[f"{name}, averaged"] = single.history.G_ema(z)
        rows[name] = single.G(z)
    if run.data.dim > 1:
        reports = {name: mode_report(x, run.data) for name, x in rows.items()}
        advice = "A sample within 3 standard deviations of a mode is of high quality."
    else:
        reports = {name: report_1d(x, run.data, rng) for name, x in rows.items()}
        advice = "Both are distances; W1 is in standard deviations of the data."
    nearer = f"The nearer to the row of the true samples, the better. {advice}"
    return "\n".join(["", table(reports, run.data), nearer, *lost])


def draw(run, path):
    """Write the picture of a run on one page, samples beside the truth, history, snapshots; of replicas, the samples of each."""
    from .. import plots

    if run.G.replicas:
        return plots.save(plots.replicas(run.generator(), run.data), path)
    return plots.save(plots.summary(run.generator(), run.D, run.data, run.recipe.loss_object(), run.history, run.film), path)


def sample(run, n, seed, raw=False):
    """`n` points from a single run's generator, (n, d), in the units of its data."""
    return run.data.in_units(standardised(run, n, seed, raw))


def standardised(run, n, seed, raw=False):
    """The same points as the generator makes them."""
    z = np.random.default_rng(seed_sequence(seed)).standard_normal((n, run.G.d_in))
    return run.generator(raw)(z)
