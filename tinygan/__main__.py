"""The command line of tinygan: `python -m tinygan`, or `tinygan`. With nothing after it, the demo."""

import importlib.util
import io
import os
import sys
from pathlib import Path

from . import loading
from .cli import family as systems
from .cli import family_files, family_options, learning, playing, run_files, studying
from .cli.family_options import GAN
from .cli.folders import claim, free, made
from .cli.options import parser, program
from .cli.run_files import Misuse
from .files import InUse, lock, stem
from .guard import Diverged
from .recipe import DEMO, NAMES, Recipe
from .saving import EVERY


def main(argv=None):
    """Carry out one command. Returns the exit code: 0 done, 1 failed, 2 misused, 130 stopped by Ctrl-C, 143 by SIGTERM."""
    if argv is None:
        _own_process()
    try:
        try:
            loading.done()
            with learning.sigterm():
                words = sys.argv[1:] if argv is None else argv
                options = parser(words).parse_args(words)
                return COMMANDS[options.command](options)
        finally:
            print(end="", flush=True)  # here, so that a reader who has left is noticed here
    except SystemExit as stop:  # argparse has printed the help or a complaint
        return stop.code
    except BrokenPipeError:  # stdout was closed, as by `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Misuse, InUse, FileNotFoundError) as error:
        return _complain(error, 2)
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}" if error.filename else error, 1)
    except MemoryError as error:
        return _complain(f"not enough memory: {error}", 1)
    except (ValueError, OverflowError) as error:
        return _complain(error, 1)
    except KeyboardInterrupt as stop:
        name = getattr(stop, "name", "Ctrl-C")
        return _complain("; ".join([f"stopped by {name}", *map(str, stop.args)]), 128 + learning.SIGNALS[name])


def _own_process():
    """This process is ours. In somebody else's, what is set here would be none of our business."""
    os.environ["MPLBACKEND"] = "Agg"  # pictures go to files, whatever backend a notebook or a shell asks for
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that has no \u00fc shows \\xfc, and the run goes on
            stream.reconfigure(errors="backslashreplace")


def _complain(error, code):
    print(f"tinygan: {error}", file=sys.stderr)
    return code


def demo(options):
    """Learn the ring from scratch."""
    story = ("A GAN learns eight Gaussians on a ring, from scratch: G turns noise into points,\n"
             "D tries to tell them from true ones, two at a time (PacGAN), and G learns from what gave it away.")
    recipe = DEMO.replace(seed=options.seed)
    return _carry_out(lambda: run_files.build(recipe), learning.learn, options, "tinygan-demo", story=story)


def train(options):
    """Train by the options."""
    if options.resume:
        return _resume(options)
    reading = {name: getattr(options, name) for name in ("decimal", "index")}
    if options.columns:
        reading["columns"] = options.columns
    if options.categorical and options.model != GAN:
        raise Misuse(f"the model {options.model} cannot learn columns of categories: leave out --categorical, or take "
                     f"--model {GAN}")
    if options.categorical:
        reading["categorical"] = options.categorical
    if options.model == GAN:
        recipe = Recipe(**{name: getattr(options, name) for name in NAMES})
        return _carry_out(lambda: run_files.build(recipe, reading, options.given), learning.learn, options,
                          f"tinygan-{stem(recipe.data)}")
    recipe, given = family_options.changed(options.model, options)
    return _carry_out(lambda: family_files.build(options.model, recipe, given, reading), systems.learn, options,
                      f"tinygan-{options.model}")


def _carry_out(build, learn, options, name, story=None):
    """Build a run, and learn it in a folder that is made for it: the one that is asked for, or a new one of this name."""
    folder = options.out or free(name)
    claim(folder, options.force, a_folder=True)
    run = build()
    with made(folder, None if options.out else name) as folder, lock(folder):
        if story:
            print(story)
        return _learned(learn, run, folder, learning.Plan(getattr(options, "quiet", False), getattr(options, "every", EVERY)))


def _learned(learn, run, folder, plan):
    """Learn a run in its folder; returns the exit code. What ends it early is told together with the way to go on."""
    go_on = f"To go on:  {program()} train --resume {_quoted(folder)}"
    try:
        learn(run, folder, plan)
    except Diverged as error:
        return _complain(f"{error}. The run so far is in {folder}", 1)
    except learning.Stopped as stop:
        raise learning.Stopped(stop.name, f"the run so far is in {folder}. {go_on}") from None
    except OSError as error:
        if not folder.is_dir():
            return _complain(f"the folder {folder} is no longer there, and the run is lost with it. Begin again", 1)
        if not error.filename or not (folder / run_files.CHECKPOINT).is_file():
            raise
        return _complain(f"{error.filename}: {error.strerror}. The last checkpoint is whole. Remove the cause. {go_on}", 1)
    return 0


def _resume(options):
    """Go on with a run by its own settings."""
    folder = options.resume
    if options.force or options.out not in (None, folder):
        raise Misuse("--resume writes into the folder of the run that it goes on with: leave out --out and --force")
    for name in ("categorical", "columns"):
        if getattr(options, name):
            raise Misuse(f"--resume goes on with the columns that the run has: leave out --{name}")
    if not folder.is_dir():
        raise Misuse(f"there is no folder {folder}, so no run to go on with. Make one with the command train")
    with lock(folder):
        run, start = family_files.resume(folder)
        in_family = isinstance(run, family_files.FamilyRun)
        complaint = family_options.contradiction(options, run.model if in_family else GAN, run.recipe)
        if complaint:
            raise Misuse(complaint)
        run = family_files.with_steps(run, getattr(options, "steps", run.recipe.steps))
        return _learned((systems if in_family else learning).learn, run, folder,
                        learning.Plan(options.quiet, options.every, start))


def sample(options):
    """Draw samples from a finished run."""
    claim(options.out, options.force, (".csv", ".npy", ".png"))
    run = family_files.load(options.run).replica(options.replica)
    print(systems.sample(run, options))
    return 0


def score(options):
    """Score a finished run."""
    run = family_files.load(options.run)
    print((learning if isinstance(run, run_files.Run) else systems).score(run, options.data, options.decimal))
    return 0


def plot(options):
    """Draw a finished run."""
    claim(options.out, options.force, (".png", ".pdf", ".svg"))
    run = family_files.load(options.run)
    if options.replica is not None:
        run = run.replica(options.replica)
    if isinstance(run, run_files.Run):
        learning.draw(run, options.out, options.columns)
    else:
        systems.draw(run, options.out)
    print(options.out)
    return 0


def family(options):
    """List the systems of the family."""
    print(family_options.listed(program()))
    return 0


def study(options):
    """Compare remedies over many seeds."""
    if options.list:
        print(studying.listed())
        return 0
    folder = options.out or free("tinygan-study")
    if folder.exists() and not folder.is_dir():
        raise Misuse(f"{folder} is a file. Choose another --out")
    if folder.exists() and any(folder.iterdir()) and not studying.begun(folder):
        raise Misuse(f"{folder} exists already, and there is no study in it to go on with. Choose another --out")
    with made(folder, None if options.out else "tinygan-study") as folder:
        studying.carry_out(options, folder)
    return 0


def lessons(options):
    """List the lessons, or copy them for a reader."""
    from . import lessons

    if options.folder:
        _copy(lessons.copy_to, options.folder)
        print(f"Run the first one:  {_python()} {_quoted(options.folder / lessons.scripts()[0].name)}")
        return 0
    for script in lessons.scripts():
        title = script.read_text(encoding="utf-8").split('"""')[1].strip().splitlines()[0]
        print(f"{script.name if script.parent.name == lessons.INSTALLED else os.path.relpath(script)}\n    {title}")
    print("\nCopy them into a folder of your own with  tinygan lessons FOLDER")
    return 0


def exercises(options):
    """Copy the exercises for a student."""
    from .exercises import copy_to

    _copy(copy_to, options.folder)
    if not importlib.util.find_spec("pytest"):
        print(f'pytest judges the answers, and it is not installed here. Install it:  {_python()} -m pip install "tinygan[test]"')
    print(f"Write your answers there. Then:  {_python()} -m pytest {_quoted(options.folder)}")
    return 0


def grade(options):
    """Grade the exercises of a class."""
    from .cli import marking

    claim(options.out, options.force, (".csv",))
    if options.junit:
        claim(options.junit, options.force, (".xml",), option="--junit")
    marking.carry_out(options)
    return 0


def _copy(copy_to, folder):
    """Copy into `folder` and say what was copied."""
    try:
        copied, kept = copy_to(folder)
    except (FileExistsError, FileNotFoundError, NotADirectoryError, PermissionError) as error:
        if not error.filename:  # there is nothing to copy
            raise
        raise Misuse(f"cannot copy into the folder {folder}: {error.filename}: {error.strerror}. Choose another FOLDER") from None
    if copied:
        kept_ones = f"; {len(kept)} were there already and are as they were" if kept else ""
        print(f"{len(copied)} files copied into {folder}{kept_ones}")
    else:
        print(f"All {len(kept)} files are in {folder} already; nothing was changed")


def _python():
    """How this Python is called."""
    return Path(sys.executable).name


def _quoted(path):
    """A path as a person types it in a terminal."""
    return f'"{path}"' if " " in str(path) else path


COMMANDS = {each.__name__: each for each in (demo, train, family, sample, score, plot, study, playing.play, lessons, exercises,
                                             grade)}


if __name__ == "__main__":
    sys.exit(main())
