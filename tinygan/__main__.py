"""The command line of tinygan: `python -m tinygan`, or `tinygan`. With nothing after it, the demo."""

import importlib.util
import os
import sys
from contextlib import contextmanager
from pathlib import Path

from .cli import family as systems
from .cli import family_files, family_options, learning, run_files, studying
from .cli.family_options import GAN
from .cli.options import parser, program
from .cli.run_files import Misuse
from .guard import Diverged
from .recipe import DEMO, NAMES, Recipe


def main(argv=None):
    """Carry out one command. Returns the exit code: 0 done, 1 failed, 2 misused, 130 stopped by Ctrl-C."""
    try:
        try:
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
    except (Misuse, FileNotFoundError) as error:
        return _complain(error, 2)
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}" if error.filename else error, 1)
    except MemoryError as error:
        return _complain(f"not enough memory: {error}", 1)
    except (ValueError, OverflowError) as error:
        return _complain(error, 1)
    except KeyboardInterrupt as stop:
        return _complain("; ".join(["stopped by Ctrl-C", *map(str, stop.args)]), 130)


def _complain(error, code):
    print(f"tinygan: {error}", file=sys.stderr)
    return code


def demo(options):
    """Learn the ring from scratch."""
    story = ("A GAN learns eight Gaussians on a ring, from scratch: G turns noise into points,\n"
             "D tries to tell them from true ones, two at a time (PacGAN), and G learns from what gave it away.")
    return _learn(DEMO.replace(seed=options.seed), options.out or _free("tinygan-demo"), options.force, story=story)


def train(options):
    """Train by the options."""
    if options.model == GAN:
        recipe = Recipe(**{name: getattr(options, name) for name in NAMES})
        return _learn(recipe, options.out or _free(f"tinygan-{Path(recipe.data).stem}"), options.force, options.quiet)
    recipe, given = family_options.changed(options.model, options)
    return _carry_out(lambda: family_files.build(options.model, recipe, given), systems.learn,
                      options.out or _free(f"tinygan-{options.model}"), options.force, options.quiet)


def _learn(recipe, folder, force, quiet=False, story=None):
    return _carry_out(lambda: run_files.build(recipe), learning.learn, folder, force, quiet, story)


def _carry_out(build, learn, folder, force, quiet=False, story=None):
    """Build a run, and learn it in a folder that is made for it."""
    _claim(folder, force, a_folder=True)
    run = build()
    with _made(folder):
        if story:
            print(story)
        try:
            finished = learn(run, folder, quiet)
        except Diverged as error:
            return _complain(f"{error}. The run so far is in {folder}", 1)
    return 0 if finished else _complain(f"stopped by Ctrl-C; the run so far is in {folder}", 130)


@contextmanager
def _made(folder):
    """Make the folder, with its parents; those that are new and in the end empty are removed again."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misuse(f"the folder {folder} cannot be made: {error.strerror}. Choose another --out") from None
        yield
    finally:
        for place in new:
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()


def sample(options):
    """Draw samples from a finished run."""
    _claim(options.out, options.force, (".csv", ".npy", ".png"))
    run = family_files.load(options.run).replica(options.replica)
    print(systems.sample(run, options))
    return 0


def plot(options):
    """Draw a finished run."""
    _claim(options.out, options.force, (".png", ".pdf", ".svg"))
    run = family_files.load(options.run)
    if options.replica is not None:
        run = run.replica(options.replica)
    (learning if isinstance(run, run_files.Run) else systems).draw(run, options.out)
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
    folder = options.out or _free("tinygan-study")
    if folder.exists() and not folder.is_dir():
        raise Misuse(f"{folder} is a file. Choose another --out")
    if folder.exists() and any(folder.iterdir()) and not studying.begun(folder):
        raise Misuse(f"{folder} exists already, and there is no study in it to go on with. Choose another --out")
    with _made(folder):
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

    _claim(options.out, options.force, (".csv",))
    if options.junit:
        _claim(options.junit, options.force, (".xml",), option="--junit")
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


def _claim(path, force, suffixes=(), a_folder=False, option="--out"):
    """Refuse a path that nothing can be written to, or where something is already, unless told to write over it."""
    if suffixes and path.suffix.lower() not in suffixes:
        *most, last = suffixes
        ends = " or ".join([", ".join(most), last] if most else [last])
        raise Misuse(f"{option} must end in {ends}, which says how to write it; "
                     f"got {path}")
    if not a_folder and not path.parent.is_dir():
        raise Misuse(f"there is no folder {path.parent} to write {path.name} to. Make it, or choose another {option}")
    if path.exists() and path.is_dir() != a_folder:
        raise Misuse(f"{path} is a {'file' if a_folder else 'folder'}. Choose another {option}")
    if path.exists() and not force:
        raise Misuse(f"{path} exists already. Choose another {option}, or write over it with --force")


def _free(name):
    """`name`, or `name-2`, `name-3` ...: the first folder that does not exist."""
    k = 1
    while (folder := Path(name if k == 1 else f"{name}-{k}")).exists():
        k += 1
    return folder


COMMANDS = {command.__name__: command for command in (demo, train, family, sample, plot, study, lessons, exercises, grade)}


if __name__ == "__main__":
    sys.exit(main())
