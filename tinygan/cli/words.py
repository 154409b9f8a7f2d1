"""Helpers for the command line: how commands and options are added, and how the words behind an option become values.

    add_command(commands, name, text)        a command with its help
    add(command, name, convert, default, text)  an option; the help says its default
    whole(...), real(...), one_of(...)       argparse types whose complaints say what is wanted
    Setting                                  an argparse action for a setting's kind, see `tinygan.settings`
"""

import argparse
from pathlib import Path

from ..engine.arguments import choice, count, number
from ..settings import converted


def add_command(commands, name, help_text):
    """The parser of a new command. The help lists it with its text, and its own page begins with that as a sentence."""
    command = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
    command.set_defaults(command=name)
    return command


def add(command, name, convert, default, help_text, **more):
    """Give a command an option; `convert` makes a value of its text, and the help says the default."""
    shown = "" if default is None else f" (default {' '.join(map(str, default)) if isinstance(default, list) else default})"
    command.add_argument(name, type=convert, default=default, help=help_text + shown, **more)


def add_out(command, metavar, help_text, required=False):
    """Give a command --out, where it writes to, and --force, without which nothing that exists is replaced."""
    command.add_argument("--out", type=Path, required=required, metavar=metavar, help=help_text)
    command.add_argument("--force", action="store_true", help="write there even if it exists")


class Setting(argparse.Action):
    """The words behind an option become the value of a setting; what its kind complains about reaches the user."""

    def __init__(self, *arguments, kind, **more):
        super().__init__(*arguments, **more)
        self.kind = kind

    def __call__(self, parser, options, words, option=None):
        words = words if isinstance(words, list) else [words]
        try:
            setattr(options, self.dest, self.kind(self.dest, self.kind.read(words)))
            options.given = {*getattr(options, "given", ()), self.dest}
        except (TypeError, ValueError) as error:
            raise argparse.ArgumentError(self, str(error)) from None


def checked(convert, check):
    """An argparse type: convert the text where that is possible, then check; the check's own message reaches the user."""

    def argument(text):
        value = converted(text, convert)
        try:
            check(value)
        except (TypeError, ValueError) as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return value

    return argument


def whole(name, minimum=1):
    """An argparse type: a whole number, at least `minimum`."""
    return checked(int, lambda value: count(name, value, minimum))


def real(name, **limits):
    """An argparse type: a number within the limits of `engine.arguments.number`."""
    return checked(float, lambda value: number(name, value, **limits))


def one_of(noun, names):
    """An argparse type: one of these names. The complaint about another lists them."""
    return checked(str, lambda value: choice(noun, value, names))
