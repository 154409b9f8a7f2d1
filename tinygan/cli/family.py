"""Learning a model of the family, and what a person gets to see of it and can ask of it.

    learn(run, folder)            trains, prints the scores beside those of real data, and writes into the folder
        checkpoint.npz, run.npz   see `learning` and `tinygan.cli.family_files`
        summary.png               what the model can do, and the curves of the run
    draw(run, path)               that page alone
    sample(run, options)          samples that were asked for, in a table or a picture; of the first GAN too
"""

import functools
import itertools
import shutil
from typing import Any, NamedTuple

import numpy as np

from .. import data, files
from ..data import Points, halves
from ..engine.machine import in_words
from ..zoo import FAMILY
from . import family_files, learning
from .family_files import FamilyRun, Misuse
from .family_options import GAN
from .family_scores import asks, is_digits, new_samples, scores, shown_in

DPI = 160
# Option -> what it is in a system's `sample`.
ASKED = {"label": "labels", "code": "codes", "factor": "factors", "text": "text", "truncation": "truncation"}
TABLE, SHEET = 1000, 100  # samples in a table or a scatter, and images in a picture, unless somebody says how many


def learn(run, folder, plan=learning.Plan()):  # noqa: B008  it cannot be changed
    """Train the run and write it into `folder`, which must exist; signals and divergence as in `learning.learn`."""
    learning.carry_out(run, folder, plan, learning.Work(_opening, lambda run: run.system.training(run.data), lambda *_: None,
                                                        family_files, lambda run: (run, scores(run)), _pictures))


def score(run, path=None, decimal="."):  # noqa: ARG001  as that of `learning`
    """The scores of a run, as text. Raises Misuse for held-out rows, which only the first GAN is compared with."""
    if path is not None:
        raise Misuse(f"--data is for runs of {GAN}; a run of {run.model} is scored without it")
    return scores(run).lstrip("\n")


def _opening(run):
    """What a person reads before the training."""
    system = run.system
    sizes = ", ".join(f"{name} {net.theta.shape[-1]:,}" for name, net in system.networks.items())
    lines = [f"{run.model}: {system.about} ({system.paper}; lesson {system.lesson})", str(run.data)]
    if is_digits(run.data):
        lines[-1] += f", one half of the digits; the other {len(halves().held_out.x)} are kept for the scores"
    if getattr(system, "target", None) is not None:
        lines.append(f"to {system.target}")
    return [*lines, f"parameters: {sizes}"]


def _pictures(run, folder):
    return [draw(run, folder / learning.PICTURE)]


def draw(run, path):
    """Write the page of a run: the picture of its model above the curves of its history."""
    from ..plots import save, sheets
    from . import family_pictures

    figure = sheets.run_page(lambda figure: family_pictures.picture(run.model, run.system, figure), run.history,
                             run.recipe.loss_object(), family_pictures.levels(run.system))
    return save(figure, path, DPI)


class Samples(NamedTuple):
    """Samples that somebody asked for.

    x, data     in the units of the data that they belong to
    asked       the class or code of each, or None; `name` says which of them
    start       what they were made of, or None, in the units of start_data; `verb` says how
    """

    x: Any
    data: Any
    asked: Any = None
    name: str = ""
    start: Any = None
    start_data: Any = None
    verb: str = ""


def sample(run, options):
    """Write the samples that the options ask for; returns a sentence. Raises Misuse for what the model cannot be asked."""
    in_family = isinstance(run, FamilyRun)
    a_picture = options.out.suffix.lower() == ".png"
    belongs = shown_in(run.system) if in_family else run.data
    n = options.n or (SHEET if a_picture and belongs.image is not None else TABLE)
    _check_asked(run.model if in_family else GAN, options)
    try:
        if not in_family and not a_picture:
            batches = learning.in_batches(run, n, options.seed, options.raw, options.like_data)
            _write(batches, n, run.data, options.out, options.like_data)
            return f"{n} points in {options.out}"
        made = _made(run, options, n) if in_family else _of_first_gan(run, options, n)
        if a_picture:
            _draw(made, options.out, options.like_data)
        else:
            x = made.data.in_units(made.x, options.like_data)
            _write([x], len(x), made.data, options.out, options.like_data)
    except (TypeError, ValueError) as error:
        raise Misuse(error) from None
    things = "images" if a_picture and made.data.image is not None else "points"
    return f"{len(made.x)} {things} in {options.out}"


def _write(batches, n, data, path, like_data):
    """Write n samples, in the units of the data, as a table or an array; no more than a batch of them is in memory."""
    least = n * data.dim * (2 if path.suffix.lower() == ".csv" else 8)
    free = shutil.disk_usage(path.parent).free if path.parent.is_dir() else least
    if least > free:
        raise Misuse(f"{n:,} samples take at least {in_words(least)}, and the disk has {in_words(free)} free: ask for fewer")
    if path.suffix.lower() == ".csv":
        rows = functools.partial(data.rows, like_data=like_data) if isinstance(data, Points) else np.ndarray.tolist
        headings = data.headings if data.groups else data.columns or [f"x{j}" for j in range(1, data.dim + 1)]
        files.write_rows(itertools.chain.from_iterable(map(rows, batches)), path, headings)
    elif data.groups:
        raise Misuse(f"the samples have columns of text, which {path.suffix} cannot hold: let --out end in .csv")
    else:
        files.write_npy(batches, n, path)


def _draw(made, path, like_data):
    if like_data:
        raise Misuse("--like-data is for a table: let --out end in .csv or .npy, or leave it out")
    from ..plots import save
    from . import family_pictures

    save(family_pictures.sampled(made), path, DPI)


def _check_asked(model, options):
    """Raises Misuse for an option that this model knows nothing of; the sentence says which models do."""
    knows = {option: [name for name, kind in FAMILY.items() if asks(kind, argument)] for option, argument in ASKED.items()}
    knows["from"] = [name for name, kind in FAMILY.items()
                     if any(hasattr(kind, verb) for verb in ("reconstruct", "translate", "enlarge"))]
    knows["back"] = [name for name, kind in FAMILY.items() if hasattr(kind, "translate")]
    given = {option: getattr(options, option) for option in (*ASKED, "back")} | {"from": options.source}
    for option, models in knows.items():
        if given[option] is not None and given[option] is not False and model not in models:
            raise Misuse(f"the model {model} cannot be asked for --{option}; {', '.join(models)} can")


def _of_first_gan(run, options, n):
    return Samples(learning.standardised(run, n, options.seed, options.raw), run.data)


def _made(run, options, n):
    """The Samples of a FamilyRun."""
    system = run.system
    if hasattr(system, "enlarge"):
        return _enlarged(run, options, n)
    if options.source is not None or hasattr(system, "translate"):
        return _carried(run, options, n)
    if asks(system, "labels"):
        asked = _in_turn(options.label, options.n, n)
        x = system.sample(n if asked is None else len(asked), labels=asked, seed=options.seed, raw=options.raw)
        return Samples(x, run.data, asked, "class")
    if asks(system, "codes"):
        asked = _in_turn(options.code, options.n, n)
        x = system.sample(n if asked is None else len(asked), codes=asked, factors=_for_each(options.factor, run.recipe.factors),
                          seed=options.seed, raw=options.raw)
        return Samples(x, run.data, asked, "code")
    asked = {name: getattr(options, name) for name in ("text", "truncation") if getattr(options, name) is not None}
    return Samples(system.sample(n, **asked, seed=options.seed, raw=options.raw), shown_in(system))


def _in_turn(numbers, given, n):
    """What was asked for as an array: of several numbers each the same number of times, one after the other."""
    if numbers is None:
        return None
    each, left = divmod(n, len(numbers))
    if given is not None and left:
        raise Misuse(f"{n} samples cannot be shared out equally among {len(numbers)}: choose -n {(each + 1) * len(numbers)}")
    return np.repeat(numbers, each, axis=0)


def _for_each(numbers, factors):
    """One number for each factor, or one for all of them."""
    if numbers is None or len(numbers) == 1:
        return numbers and numbers[0]
    if len(numbers) != factors:
        raise Misuse(f"--factor takes one number for each factor of the run, which has {factors}; got {len(numbers)}")
    return numbers


def _carried(run, options, n):
    """The Samples that become of given points, either reconstructions, or translations to the other domain."""
    system, back = run.system, options.back
    start_data = system.target if back else run.data
    if options.source is None:
        x = new_samples(start_data, options.n or n, np.random.default_rng(options.seed))
    else:
        x = _given(options.source, start_data, options)
    if hasattr(system, "translate"):
        made = system.translate(x, back=back, raw=options.raw)
        return Samples(made, run.data if back else system.target, start=x, start_data=start_data, verb="translated")
    return Samples(system.reconstruct(x, raw=options.raw), run.data, start=x, start_data=start_data, verb="reconstructed")


def _enlarged(run, options, n):
    """The Samples of small images: those of a file, or those of other images. More answers than images are shared out equally."""
    system, blocks = run.system, run.system.blocks
    small = family_files.read(options.source) if options.source not in (None, *data.NAMES) else None
    if small is not None and small.dim == blocks.d_low:
        low = _in_turn(small.x, options.n, max(n, len(small.x)) if options.n else len(small.x))
    elif options.source is None:
        low = blocks.pool(new_samples(run.data, n, np.random.default_rng(options.seed)))
    else:
        low = blocks.pool(_given(options.source, run.data, options))
    made = system.enlarge(low, seed=options.seed, raw=options.raw)
    return Samples(made, run.data, start=blocks.up(low), start_data=run.data, verb="enlarged")


def _given(source, like, options):
    """Points of a file or a data set, in the units of `like`."""
    named = source in data.NAMES
    given = data.by_name(source) if named else family_files.read(source)
    if given.dim != like.dim:
        raise Misuse(f"{source} has {given.dim} columns, but the model has learned from {like.dim}, those of {like.name}")
    if named:
        n = options.n or (SHEET // 2 if given.image is not None else TABLE)
        return like.apply(new_samples(given, n, np.random.default_rng(options.seed)))
    if options.n and options.n > len(given.x):
        raise Misuse(f"{source} has {len(given.x)} rows: choose -n {len(given.x)} or less")
    return like.apply(given.x[:options.n])
