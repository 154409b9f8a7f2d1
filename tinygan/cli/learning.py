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

from ..data import from_file
from ..engine.arguments import seed_sequence
from ..files import read_table
from ..guard import Diverged
from ..sampling import batches, sampled
from ..saving import EVERY, Keeper
from ..tables import NoColumn, Reading
from . import run_files, scoring

PICTURE, ANIMATION = "summary.png", "training.gif"
FRAMES = 40  # pictures in the animation


SIGNALS = {"Ctrl-C": signal.SIGINT, "SIGTERM": signal.SIGTERM}


class Stopped(KeyboardInterrupt):
    """A signal has ended the command; `name` is one of SIGNALS."""

    def __init__(self, name, *words):
        super().__init__(*words)
        self.name = name


class Work(NamedTuple):
    """What learning consists of, namely functions of a run, which differ between the first GAN and the family."""

    opening: Callable[[Any], list[str]]  # lines to begin with
    training: Callable[[Any], Any]  # ready to be stepped
    film: Callable[[Any, Any], Any]  # run, training -> the Snapshots that it keeps, or None
    files: Any  # the module that knows `save`, `words` and `beside`
    scores: Callable[[Any], tuple[Any, str]]  # run -> the run with what its file keeps of them, and the text
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
        scored, text = work.scores(run)
        print_safely(text)
        if scored is not run:
            work.files.save(scored, folder)
            run = scored
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
        return bool(stopped)

    try:
        history = training.run(after_step, progress=False if plan.quiet else None)
        keeper.save()
    except Diverged as error:
        history, diverged = error.history, error
    return run._replace(history=history), diverged


def _work():
    return Work(_opening, _training, _film, run_files, _scored, _pictures)


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
    """The scores of a run beside those of as many true samples, as text."""
    return scoring.scored(run).text


def score(run, path=None, decimal="."):
    """The same text; with the rows of the file `path`, which were not learned from, beside these, and with D's verdicts."""
    held_out = None if path is None else _held_out(run.data, path, decimal)
    text = scoring.scored(run, held_out).text
    return text.lstrip("\n") if path is None else f"{text}\n{scoring.verdicts(run, held_out)}".strip("\n")


def _held_out(data, path, decimal):
    """The rows of a file, (N, d), which may have more columns. Raises Misuse where the data have others."""
    if data.groups:
        try:
            return data.encoded(read_table(path, Reading(decimal, categorical=data.categorical, columns=data.headings)))
        except ValueError as error:
            raise run_files.Misuse(f"{path} has other columns than the data of the run: {error}") from None
    try:
        new = from_file(path, decimal, columns=() if Path(path).is_dir() else data.columns or ())
    except NoColumn:
        new = from_file(path, decimal)
    if new.dim != data.dim or (new.columns and data.columns and list(new.columns) != list(data.columns)):
        raise run_files.Misuse(f"{path} has other columns than the data of the run: "
                               f"{', '.join(scoring.names(new))}; expected {', '.join(scoring.names(data))}")
    return new.x


def _scored(run):
    """The run with its scores, and what a person reads of them."""
    text, numbers = scoring.scored(run)
    return run._replace(scores=numbers), text


def draw(run, path, columns=None):
    """Write the picture of a run on one page, samples beside the truth, history, snapshots; of replicas, the samples of each.

    `columns` of data with many, by name or number; by default the first ones. Raises Misuse for columns that there are not.
    """
    from .. import plots

    if run.G.replicas:
        return plots.save(plots.replicas(run.generator(), run.data), path)
    try:
        page = plots.summary(run.generator(), run.D, run.data, run.recipe.loss_object(), run.history, run.film,
                             caption=scoring.caption(run), columns=columns)
    except ValueError as error:
        raise run_files.Misuse(error) if columns else error from None
    return plots.save(page, path)


def sample(run, n, seed, raw=False):
    """`n` points from a single run's generator, (n, d), in the units of its data."""
    return run.data.in_units(standardised(run, n, seed, raw))


def standardised(run, n, seed, raw=False):
    """The same points as the generator makes them."""
    return sampled(run.generator(raw), n, np.random.default_rng(seed_sequence(seed)))


def in_batches(run, n, seed, raw=False, like_data=False):
    """The points of `sample`, one batch after the other; `like_data` as in `Points.in_units`."""
    made = batches(run.generator(raw), n, np.random.default_rng(seed_sequence(seed)))
    return (run.data.in_units(x, like_data) for x in made)
