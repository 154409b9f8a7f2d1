"""What can be asked for at the command line, the help, and the complaint about each option that makes no sense."""

import argparse
import sys
from pathlib import Path

from ..files import ENDINGS
from ..record import WEIGHT, sentence
from ..saving import EVERY
from ..settings import Count, Flag, Number, Several, Source, written
from ..study.remedies import GAMMA, REMEDIES, SETUPS
from ..version import __version__
from . import family_options, playing
from .family_options import GAN
from .words import Setting, add, add_command, add_out, one_of, real, whole

MIXTURES = ("ring", "grid", "big_grid", "gaussians_1d", "lattice", "hypercube", "tilted_ring")  # data whose modes can be counted


class _Parser(argparse.ArgumentParser):
    """argparse prints its whole usage before an error; one line that says what to do is kinder."""

    model = of_train = None  # the model that the words ask for, and the parser of the command train

    def parse_args(self, words=None, namespace=None):
        # Without words it is the demo. Defaults of its options up here would be those of every other command too.
        options, rest = self.parse_known_args(words or ["demo"], namespace)
        complaint = getattr(options, "command", "") == "train" and rest and family_options.no_setting(self.model, rest)
        if complaint:
            self.of_train.error(complaint)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return options

    def error(self, message):
        message = message.replace("COMMAND  :", "COMMAND:")
        self.exit(2, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def program():
    """What the program is called."""
    return "tinygan" if Path(sys.argv[0]).stem == "tinygan" else "python -m tinygan"


def parser(words=()):
    """What can be asked for, and the help; the options of `train` are those of the model that `words` name."""
    name, (model, data) = program(), family_options.asked_for(words)
    # Its own usage, on one line: argparse fails where it has to break the line of a narrow terminal at the two spaces below.
    top = _Parser(prog=name, usage=f"{name} [-h] [--version] COMMAND ...",
                  formatter_class=argparse.RawDescriptionHelpFormatter, epilog=f"""\
examples:
  {name}                                              the demo
  {name} train --data moons --steps 3000 --out moons
  {name} train --data points.csv --out mine           your own points, a row each
  {name} sample mine -n 500 --out new.csv             new ones, in the same units
  {name} train --model conditional --data digits --out d
  {name} sample d --label 7 -n 25 --out seven.png     twenty-five sevens
  {name} study --remedies plain r1_r2 --seeds 8       does R1 + R2 help? in how many runs of 8?

exit codes: 0 done; 1 failed (a damaged file, a run that diverged, a full disk); 2 misused; 130 stopped by Ctrl-C; 143 by
SIGTERM. A stopped run leaves what it has learned in its folder. To go on:  {name} train --resume FOLDER""", description="""\
Generative adversarial networks by hand. Without a command: the demo, a GAN that learns eight Gaussians on a
ring in less than half a minute.""")
    top.add_argument("--version", action="version", version=f"tinygan {__version__}", help="print the version and stop")
    top.model = model
    commands = top.add_subparsers(title="commands, each with a --help of its own", metavar="COMMAND  ", prog=name)

    command = add_command(commands, "demo", "learn eight Gaussians from scratch; writes a picture and an animation")
    add(command, "--seed", whole("SEED", 0), 0, "another seed is another run", metavar="SEED")
    add_out(command, "FOLDER", "the folder to write to (default: a new folder tinygan-demo)")

    command = add_command(commands, "train", "train a GAN on data of your choice; keeps the run in a folder")
    _add_training(command, model, data, family_options.resumed(words))
    top.of_train = command
    add_command(commands, "family", "list the systems that can be trained, with what is new in each, and what to try first")

    _add_sample(commands)
    _add_score(commands)
    _add_plot(commands)

    _add_study(add_command(commands, "study", "compare remedies against mode collapse over many seeds, with intervals"))

    playing.add_options(add_command(commands, "play", "open a page on which a GAN is trained and changed by hand"), _add_setting)
    _add_copies(commands)
    _add_grade(commands)
    return top


def _add_copies(commands):
    command = add_command(commands, "lessons", "list the lessons, or copy them into a folder of your own")
    command.add_argument("folder", type=Path, nargs="?", metavar="FOLDER",
                         help="where to copy them; made if it does not exist; files that are there stay as they are "
                         "(default: list them)")

    command = add_command(commands, "exercises",
                       "copy the exercises into a folder of your own; answers that are there stay as they are")
    command.add_argument("folder", type=Path, metavar="FOLDER", help="where to; made if it does not exist")


def _add_grade(commands):
    command = add_command(commands, "grade",
                       "grade the exercises of a class, each student's in a process of their own; writes a table")
    command.add_argument("folders", nargs="+", metavar="FOLDER", help="the folder of each student, or one folder with a "
                         "folder for each student in it; those of GitHub Classroom and nbgrader are known")
    command.add_argument("--lessons", nargs="+", metavar="LESSON", help="which lessons, such as 02 05 museum (default: those of "
                         "which a file is there)")
    add(command, "--jobs", whole("N"), 2, "how many students are graded at a time", metavar="N")
    add(command, "--seconds", real("SECONDS", above=0), 120.0, "the limit for all answers of a student; each answer also has "
         "its own limit", metavar="SECONDS")
    add(command, "--memory", whole("MB", 256), 4096, "MB that the answers of a student may use, where the system can be told",
         metavar="MB")
    command.add_argument("--junit", type=Path, metavar="FILE",
                         help="write the messages as well, in the JUnit format, to a .xml file")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.add_argument("--out", type=Path, default=Path("marks.csv"), metavar="FILE",
                         help="the table, a row for each student; it ends in .csv (default marks.csv)")
    command.add_argument("--force", action="store_true", help="write there even if it exists")


def _add_sample(commands):
    command = add_command(commands, "sample", "draw samples from a finished run into a table or a picture")
    command.add_argument("run", type=Path, metavar="RUN", help="the folder of the run")
    add(command, "-n", whole("N"), None, "how many samples (default 1000; of images in a picture, 100)", metavar="N")
    add(command, "--seed", whole("SEED", 0), 0, "the seed of the noise z", metavar="SEED")
    add(command, "--replica", whole("N", 0), 0, "which replica of the run, from 0", metavar="N")
    command.add_argument("--raw", action="store_true", help="draw from G itself, where the run kept an average of it (--ema)")
    command.add_argument("--like-data", action="store_true", help="round and clip each column to what was seen in the data")
    group = command.add_argument_group("what to ask for, where the model can be asked (see the command family)")
    _add_asked(group, "--label", Several(Count(0), "7"), "K", "conditional: the class, or several classes in turn")
    _add_asked(group, "--code", Several(Count(0), "3"), "K", "infogan: the category of the code, or several in turn")
    _add_asked(group, "--factor", Several(Number(), ".5"), "U", "infogan: the factors, from -1 to 1, a number for each")
    group.add_argument("--text", metavar="SENTENCE", help='stackgan: what the images show, such as "a thin slanted seven"')
    group.add_argument("--truncation", action=Setting, kind=Number(above=0, below=1, including=(0, 1)), metavar="PSI",
                       help="stylegan: from 0 to 1; smaller ones give images that are more alike, and more like real ones")
    group.add_argument("--from", action=Setting, kind=family_options.SOURCE, dest="source", metavar="DATA",
                       help="bigan: what to reconstruct; discogan: what to translate; superres: images to make small and "
                       f"enlarge again, or small ones; a data set, or a {ENDINGS} file")
    group.add_argument("--back", action="store_true", help="discogan: from the second domain to the first")
    add_out(command, "FILE", "the file to write; it ends in .csv or .npy, or in .png for a picture", required=True)


def _add_asked(group, name, kind, metavar, help_text):
    group.add_argument(name, action=Setting, kind=kind, nargs="+", metavar=metavar, help=help_text)


def _add_score(commands):
    command = add_command(commands, "score", "score a finished run beside true samples: how near it comes, in numbers")
    command.add_argument("run", type=Path, metavar="RUN", help="the folder of the run")
    command.add_argument("--data", metavar="FILE", help="rows that the run has not learned from, to compare with: a file with "
                         "the same columns")
    _add_decimal(command)


def _add_decimal(group):
    add(group, "--decimal", one_of("decimal", (".", ",")), ".", "what stands before the fraction of a number: . or ,",
         metavar="MARK")


def _add_plot(commands):
    command = add_command(commands, "plot", "draw a finished run on a page of your own format")
    command.add_argument("run", type=Path, metavar="RUN", help="the folder of the run")
    add(command, "--replica", whole("N", 0), None, "one replica of the run, from 0 (default: all on one page)", metavar="N")
    command.add_argument("--columns", nargs="+", metavar="NAME", help="which of many columns (default: the first five)")
    add_out(command, "FILE", "the file to write; it ends in .png, .pdf or .svg", required=True)


def _add_training(command, model, data, resumed):
    absent = argparse.SUPPRESS if resumed else None  # so that one can tell which options are given beside --resume
    command.set_defaults(given=())  # the settings that are asked for
    group = command.add_argument_group("the system")
    group.add_argument("--model", type=family_options.model_name, default=absent or GAN, metavar="NAME",
                       help=f"{', '.join(family_options.MODELS)} (default {GAN}); these are the options of {model}, and with "
                       "--model NAME --help you see those of another one")
    groups = {}
    for field, default in family_options.fields_of(model, data):
        name = field.metadata["group"]
        groups[name] = groups.get(name) or command.add_argument_group(name)
        _add_setting(groups[name], field, default, default if model == GAN and not resumed else argparse.SUPPRESS)
    group = command.add_argument_group("how to read a table of your own")
    _add_decimal(group)
    add(group, "--index", one_of("index", ("drop", "keep")), "drop", "a first column that only counts or names the rows: drop "
         "or keep", metavar="WHAT")
    group.add_argument("--categorical", nargs="+", default=(), metavar="NAME", help="columns that hold categories, as text or as "
                       "whole numbers; columns without names are x1, x2 ...")
    group.add_argument("--columns", nargs="+", default=(), metavar="NAME", help="which columns to learn (default: all)")
    output = command.add_argument_group("what to write")
    output.add_argument("--resume", type=Path, metavar="RUN", help="go on with the run in this folder, which was stopped, to its "
                        "planned end, or with a larger --steps beyond it; all other settings are those of the run")
    add(output, "--every", whole("N"), EVERY, "write the checkpoint, from which --resume goes on, again after so many steps",
         metavar="N")
    output.add_argument("--quiet", action="store_true", help="no progress bar")
    add_out(output, "FOLDER", "the folder to write to (default: a new folder tinygan- and the name of the "
             f"{'data' if model == GAN else 'model'})")


def _add_setting(group, field, value, default):
    """The option of one setting, which it returns; `--d-steps` is the setting d_steps. `value`: what it is without the option."""
    kind, about = field.metadata["kind"], sentence(field)
    option = f"--{field.name.replace('_', '-')}"
    if default is argparse.SUPPRESS and isinstance(kind, Source):
        about += "; in a table, a column called label holds the class of each row"
    if isinstance(kind, Flag):
        option = option.replace("--", "--no-") if value else option
        return group.add_argument(option, dest=field.name, action="store_const", const=not value, default=default, help=about)
    if value is not None:
        about += f" (default {written(value)})"
    elif "by default" not in about:
        about += " (default: none)"
    return group.add_argument(option, action=Setting, kind=kind, default=default, nargs="+" if kind.several else None,
                              metavar=kind.metavar, help=about.replace("%", "%%"))


def _add_study(command):
    group = command.add_argument_group("what to compare")
    group.add_argument("--list", action="store_true", help="say what each remedy and setup is, and stop")
    add(group, "--remedies", one_of("remedy", [*REMEDIES, "all"]), ["plain", "packing_2", "relativistic_r1_r2"],
         "names from --list, or all", nargs="+", metavar="NAME")
    add(group, "--data", one_of("mixture", MIXTURES), ["ring"], f"one or more of {', '.join(MIXTURES)}", nargs="+",
         metavar="DATA")
    add(group, "--seeds", whole("N"), 8, "runs of each remedy, with the seeds 0 to N - 1", metavar="N")
    add(group, "--setup", one_of("setup", SETUPS), "quick", f"what all runs share: {', '.join(SETUPS)}", metavar="NAME")
    add(group, "--steps", whole("N"), None, "steps of G in each run (default: those of the setup, "
         f"{', '.join(f'{setup.recipe.steps} for {name}' for name, setup in SETUPS.items())})", metavar="N")
    add(group, "--batch", whole("N"), None, "true points, and generated ones, in each step (default: as the setup has it)",
         metavar="N")
    add(group, "--lr", real("RATE", above=0), None, "the learning rate of both players (default: those of the setup)",
         metavar="RATE")
    group.add_argument("--gamma", action=Setting, kind=WEIGHT, nargs="+", metavar="G", help="the weight of R1 and R2 where a "
                       "remedy has them: one number, or where it begins and where it ends; about a fifth of the squared distance "
                       f"between modes (default {written(GAMMA)})")
    group = command.add_argument_group("how to share out the work; the results do not depend on it")
    add(group, "--replicas", whole("N"), 8, "seeds trained side by side in one process", metavar="N")
    add(group, "--jobs", whole("N"), 1, "processes", metavar="N")
    group.add_argument("--cluster", metavar="ADDRESS", help="the Dask scheduler of a cluster, such as tcp://host:8786, which "
                       "then does the work (pip install 'tinygan[cluster]')")
    group = command.add_argument_group("what to write")
    add(group, "--every", whole("N"), EVERY, "write unfinished runs down again after so many steps", metavar="N")
    group.add_argument("--quiet", action="store_true", help="no progress bar")
    group.add_argument("--out", type=Path, metavar="FOLDER", help="the folder to write to (default: a new folder tinygan-study); "
                       "a study that is there already is gone on with: its finished runs are not made again, and others go on "
                       "where they were written down")
