"""Kinds of settings: what a value may be, how it is read from text, and how a help text names it. `recipe` has the settings.

A kind is called with the name of the setting and a value; it returns the value in its own type, or raises TypeError or ValueError
with one clear sentence. `read` makes one value of one word of the command line.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .engine.arguments import choice, count, number


def plain(text: str, convert: Callable[[str], Any]) -> Any:
    """The text converted, or the text itself where it cannot be, so that the kind's own message names it."""
    try:
        return convert(text)
    except ValueError:
        return text


class Count(NamedTuple):
    """A whole number, at least `minimum`."""

    minimum: int = 1
    metavar: str = "N"

    def __call__(self, name: str, value: Any) -> int:
        return count(name, value, self.minimum)

    def read(self, word: str) -> Any:
        return plain(word, int)


class Number(NamedTuple):
    """A finite number in the open interval (above, below), or one of `including`."""

    above: float = float("-inf")
    below: float = float("inf")
    including: tuple[float, ...] = ()
    metavar: str = "X"

    def __call__(self, name: str, value: Any) -> float:
        return number(name, value, self.above, self.below, self.including)

    def read(self, word: str) -> Any:
        return plain(word, float)


class Choice(NamedTuple):
    """One of the names of a table, name -> object; in Python also an object that is not in it (`accepts` tells which)."""

    what: str
    known: Mapping[str, Any]
    accepts: Callable[[Any], bool] = lambda value: False
    metavar: str = "NAME"

    def __call__(self, name: str, value: Any) -> Any:
        if not isinstance(value, str) and self.accepts(value):
            return value
        return choice(self.what, value, self.known)

    def read(self, word: str) -> Any:
        return word

    def object(self, value: Any) -> Any:
        """The object that the name stands for."""
        return self.known[value] if isinstance(value, str) else value


class Text(NamedTuple):
    """Any text that is not empty."""

    metavar: str = "TEXT"

    def __call__(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise TypeError(f"{name} must be a text; got {value!r}")
        return value

    def read(self, word: str) -> Any:
        return word


class Several(NamedTuple):
    """A tuple of values of one kind: `fewest` to `most` of them. A single value that is no tuple stands for one, where one may be."""

    kind: Any
    fewest: int
    most: int | None
    alone: bool = False  # whether one value is kept as it is, without a tuple around it

    @property
    def metavar(self) -> str:
        found: str = self.kind.metavar
        return found

    def __call__(self, name: str, value: Any) -> Any:
        if self.alone and not isinstance(value, (tuple, list)):
            return self.kind(name, value)
        if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
            raise TypeError(f"{name} must be {self.wanted}; got {value!r}")
        values = tuple(self.kind(name, one) for one in value)
        if not self.fewest <= len(values) <= (len(values) if self.most is None else self.most):
            raise ValueError(f"{name} must be {self.wanted}; got {len(values)} of them")
        return values[0] if self.alone and len(values) == 1 else values

    @property
    def wanted(self) -> str:
        """How many there must be, in words."""
        if self.most is None:
            return f"{self.fewest} or more numbers, such as (64, 64)"
        return "one number, or two: where it begins and where it ends" if self.alone else f"{self.fewest} numbers"

    def read(self, word: str) -> Any:
        return self.kind.read(word)


def written(value: Any) -> str:
    """A setting as the text that stands in a table: the same text for the same setting, in every process."""
    if value is None:
        return ""
    if isinstance(value, tuple) and not callable(value):
        return " ".join(map(written, value))
    # A function's address is different in every process; its name is not.
    return getattr(value, "__name__", None) or re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))
