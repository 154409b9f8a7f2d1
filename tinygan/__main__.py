"""The command line of tinygan: `python -m tinygan`, or `tinygan`. With nothing after it, the demo."""

import argparse
import os
import sys
from pathlib import Path
from types import SimpleNamespace

from . import data, files, runs
from .engine.arguments import choice, count, number, seed_sequence
from .history import Diverged
from .train import UPDATES


class Misuse(Exception):
    """A command that cannot be carried out as it was given."""


def main(argv=None):
    """Carry out one command. Returns the exit code: 0 done, 1 failed, 2 misused, 130 stopped by Ctrl-C."""
    try:
        options = parser().parse_args(argv)
        code = options.command(options)
        sys.stdout.flush()
        return code
    except Misuse as error:
        return _complain(error, 2)
    except BrokenPipeError:  # whoever was reading, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Diverged, ValueError, OSError) as error:
        return _complain(error, 1)
    except KeyboardInterrupt:
        return _complain("stopped by Ctrl-C", 130)


def _complain(error, code):
    print(f"tinygan: {error}", file=sys.stderr)
    return code


# ---------------------------------------------------------------- the commands


def demo(options):
    """Learn the ring from scratch."""
    print("A GAN learns eight Gaussians on a ring, from scratch: G turns noise into points, D tries to tell them from true ones.")
    folder = options.out or _free("tinygan-demo")
    return _learn(runs.DEMO | {"seed": options.seed}, folder, options.force)


def train(options):
    """Train by the options."""
    settings = {name: getattr(options, name) for name in runs.DEFAULTS}
    return _learn(settings, options.out or Path(f"tinygan-{Path(options.data).stem}"), options.force)


def _learn(settings, folder, force):
    try:
        run = runs.build(settings)
    except FileNotFoundError as error:
        raise Misuse(error) from None
    _claim(folder, force)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        finished = runs.learn(run, folder)
    except ValueError as error:  # settings that do not go together, a batch larger than the data for instance
        raise Misuse(error) from None
    finally:
        if not any(folder.iterdir()):
            folder.rmdir()
    if finished is None:
        return _complain(f"stopped by Ctrl-C; the run so far is in {folder}", 130)
    return 0


def sample(options):
    """Draw points from a finished run."""
    if options.out.suffix not in (".csv", ".npy"):
        raise Misuse(f"--out must end in .csv or .npy, which says how to write it; got {options.out}")
    run = _one(options)
    _claim(options.out, options.force)
    x = runs.sample(run, options.n, options.seed, options.raw)
    files.write(x, options.out, getattr(run.data, "columns", None))
    print(f"{options.n} points in {options.out}")
    return 0


def plot(options):
    """Draw a finished run."""
    path = options.out or options.run / runs.PICTURE
    if path.suffix not in (".png", ".pdf", ".svg"):
        raise Misuse(f"--out must end in .png, .pdf or .svg; got {path}")
    run = _load(options.run) if options.replica is None else _one(options)
    _claim(path, options.force)
    runs.draw(run, path)
    print(path)
    return 0


def lessons(options):
    """List the lessons."""
    folder = Path(__file__).parent.parent / "lessons"
    files = sorted(folder.glob("[0-9][0-9]_*.py"))
    if not files:
        raise Misuse(f"there are no lessons in {folder}: they come with the repository. Clone it, then pip install -e .")
    for file in files:
        title = file.read_text(encoding="utf-8").split('"""')[1].strip().splitlines()[0]
        print(f"{os.path.relpath(file)}\n    {title}")
    return 0


def _load(folder):
    try:
        return runs.load(folder)
    except FileNotFoundError as error:
        raise Misuse(error) from None


def _one(options):
    try:
        return _load(options.run).replica(options.replica or 0)
    except ValueError as error:
        raise Misuse(error) from None


def _claim(path, force):
    """Refuse to write over what is there, unless told to."""
    if path.exists() and not force:
        raise Misuse(f"{path} exists already. Choose another --out, or write over it with --force")


def _free(name):
    """`name`, or `name-2`, `name-3` ...: the first folder that does not exist."""
    k = 1
    while (folder := Path(name if k == 1 else f"{name}-{k}")).exists():
        k += 1
    return folder


# ---------------------------------------------------------------- the grammar


class _Parser(argparse.ArgumentParser):
    """argparse prints its whole usage before an error; one line that says what to do is kinder."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def parser():
    """What can be asked for, and the help."""
    top = _Parser(prog="tinygan", description="Generative adversarial networks by hand. Without a command: "
                                  "the demo, a GAN that learns eight Gaussians on a ring in less than half a minute.")
    top.set_defaults(command=demo, seed=0, out=None, force=False)
    commands = top.add_subparsers(title="commands", metavar="")

    one = _command(commands, "demo", demo, "learn eight Gaussians from scratch; writes a picture and an animation")
    _add(one, "--seed", _seed, 0, "another seed is another run")
    _add_out(one, "a new folder tinygan-demo")

    one = _command(commands, "train", train, "train a GAN on data of your choice and keep the run in a folder",
                   epilog="example: tinygan train --data moons --steps 3000 --out moons-run")
    _add_training(one)

    one = _command(commands, "sample", sample, "draw points from a finished run into a .csv or .npy file")
    one.add_argument("run", type=Path, help="the folder of the run")
    _add(one, "-n", _count("-n"), 1000, "how many points", metavar="N")
    _add(one, "--seed", _seed, 0, "of the latent noise")
    _add(one, "--replica", _count("--replica", 0), 0, "which replica of the run, from 0", metavar="N")
    one.add_argument("--raw", action="store_true", help="from G itself where the run kept an average of it")
    one.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to write; it ends in .csv or .npy")
    one.add_argument("--force", action="store_true", help="write over the file if it exists")

    one = _command(commands, "plot", plot, "draw the picture of a finished run once more")
    one.add_argument("run", type=Path, help="the folder of the run")
    _add(one, "--replica", _count("--replica", 0), None, "one replica of the run, from 0, on a page of its own", metavar="N")
    one.add_argument("--out", type=Path, metavar="FILE", help="ends in .png, .pdf or .svg (default: summary.png in the folder)")
    one.add_argument("--force", action="store_true", help="write over the file if it exists")

    _command(commands, "lessons", lessons, "list the lessons, in the order to read them")
    return top


def _command(commands, name, function, what, epilog=None):
    one = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".", epilog=epilog)
    one.set_defaults(command=function)
    return one


def _add(one, name, convert, default, what, **more):
    shown = "" if default is None else f" (default {' '.join(map(str, default)) if isinstance(default, list) else default})"
    one.add_argument(name, type=convert, default=default, help=what + shown, **more)


def _add_out(one, default):
    one.add_argument("--out", type=Path, metavar="FOLDER", help=f"the folder to write to (default: {default})")
    one.add_argument("--force", action="store_true", help="write into the folder even if it exists")


def _add_training(one):
    rate, d = _number("the learning rate", above=0), SimpleNamespace(**runs.DEFAULTS)
    _add(one, "--data", _data, d.data, f"{', '.join(data.NAMES)}; or a .csv, .tsv, .txt or .npy file", metavar="DATA")
    _add(one, "--loss", _choice("loss", runs.LOSSES), d.loss, ", ".join(runs.LOSSES), metavar="LOSS")
    _add(one, "--hidden", _count("--hidden"), d.hidden, "sizes of the hidden layers of both networks", nargs="+", metavar="N")
    _add(one, "--latent", _count("--latent"), d.latent, "dimensions of the noise z", metavar="N")
    _add(one, "--activation", _choice("activation", runs.ACTIVATIONS), d.activation, ", ".join(runs.ACTIVATIONS), metavar="NAME")
    _add(one, "--steps", _count("--steps"), d.steps, "steps of the generator", metavar="N")
    _add(one, "--batch", _count("--batch"), d.batch, "true points, and generated ones, in each step", metavar="N")
    _add(one, "--d-steps", _count("--d-steps"), d.d_steps, "steps of D for each step of G", metavar="N")
    _add(one, "--pack", _count("--pack"), d.pack, "points that D judges together; 2 helps against mode collapse", metavar="N")
    _add(one, "--lr", rate, d.lr, "the learning rate of Adam", metavar="RATE")
    _add(one, "--lr-d", rate, None, "another one for D (default: that of --lr)", metavar="RATE")
    _add(one, "--schedule", _choice("schedule", runs.SCHEDULES), d.schedule, ", ".join(runs.SCHEDULES) + ": of the rates",
         metavar="NAME")
    _add(one, "--update", _choice("update", UPDATES), d.update, " or ".join(UPDATES), metavar="NAME")
    _add(one, "--ema", _number("--ema", above=0, below=1), None, "also average G, keeping .99 to .9999 each step (default: none)",
         metavar="SHARE")
    _add(one, "--seed", _seed, d.seed, "of everything random")
    _add(one, "--replicas", _count("--replicas"), None, "train N independent runs side by side (default: one run)", metavar="N")
    one.add_argument("--quiet", action="store_true", help="no progress bar")
    _add_out(one, "a new folder tinygan- and the name of the data")


def _checked(convert, check):
    """An argparse type: convert the text where that is possible, then check; the check's own message reaches the user."""

    def argument(text):
        try:
            value = convert(text)
        except ValueError:
            value = text
        try:
            check(value)
        except (TypeError, ValueError) as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return value

    return argument


def _count(name, minimum=1):
    return _checked(int, lambda value: count(name, value, minimum))


def _number(name, **limits):
    return _checked(float, lambda value: number(name, value, **limits))


def _choice(what, known):
    return _checked(str, lambda value: choice(what, value, known))


_seed = _checked(int, seed_sequence)
_data = _checked(str, lambda value: Path(value).suffix or choice("data set", value, data.NAMES))


if __name__ == "__main__":
    sys.exit(main())
