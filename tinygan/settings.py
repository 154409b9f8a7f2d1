"""Kinds of settings: what a value may be, and how it is read from the words of a command line. `recipe` has the settings.

A kind is called with the name of a setting and a value; it returns the value in its own type, or raises TypeError or ValueError
with one clear sentence. `read` makes a value of the words behind an option, for the kind to check. `several` tells whether
there may be more than one of them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .engine.arguments import choice, count, flag, number, shown

ITEMS = 1000  # of one setting


def converted(word: str, convert: Callable[[str], Any]) -> Any:
    """The word converted, or the word itself where it cannot be. Then the kind's own message names it."""
    try:
        return convert(word)
    except ValueError:
        return word


@dataclass(frozen=True)
class Count:
    """A whole number, at least `minimum`, and even if it must be."""

    minimum: int = 1
    metavar: str = "N"
    even: bool = False
    several: ClassVar[bool] = False

    def __call__(self, name: str, value: Any) -> int:
        whole = count(name, value, self.minimum)
        if self.even and whole % 2:
            raise ValueError(f"{name} must be an even number; got {whole}")
        return whole

    def read(self, words: Sequence[str]) -> Any:
        return converted(words[0], int)


@dataclass(frozen=True)
class Number:
    """A finite number in the open interval (above, below), or one of `including`."""

    above: float = float("-inf")
    below: float = float("inf")
    including: tuple[float, ...] = ()
    metavar: str = "X"
    several: ClassVar[bool] = False

    def __call__(self, name: str, value: Any) -> float:
        return number(name, value, self.above, self.below, self.including)

    def read(self, words: Sequence[str]) -> Any:
        return converted(words[0], float)


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    metavar: str = ""
    several: ClassVar[bool] = False

    def __call__(self, name: str, value: Any) -> bool:
        return flag(name, value)


@dataclass(frozen=True)
class Choice:
    """A name from the table `objects`, name -> object; in Python also an object that is not in it (`accepts` tells which)."""

    noun: str
    objects: Mapping[str, Any]
    accepts: Callable[[Any], bool] = lambda value: False
    metavar: str = "NAME"
    several: ClassVar[bool] = False

    def __call__(self, name: str, value: Any) -> Any:
        if not isinstance(value, str):
            if self.accepts(value):
                return value
            raise TypeError(f"{name} must be a name, such as {next(iter(self.objects))!r}; got {shown(value)}")
        return choice(self.noun, value, self.objects)

    def read(self, words: Sequence[str]) -> Any:
        return words[0]

    def object(self, value: Any) -> Any:
        """The object that a name stands for; an object stands for itself."""
        return self.objects[value] if isinstance(value, str) else value


@dataclass(frozen=True)
class Source:
    """Where data come from, a name from `objects`, or the path of a file, which ends in one of `endings`."""

    objects: Mapping[str, Any]
    endings: str
    metavar: str = "DATA"
    several: ClassVar[bool] = False

    def __call__(self, name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{name} must be the name of a data set, such as {next(iter(self.objects))!r}, or a path as text; "
                            f"got {shown(value)}")
        if value and (Path(value).suffix or Path(value).exists()):  # whether it can be used is found out when it is read
            return value
        return choice("data set", value, [*self.objects, f"or a {self.endings} file"])

    def read(self, words: Sequence[str]) -> Any:
        return words[0]


@dataclass(frozen=True)
class Several:
    """A tuple of one value or more, all of one kind."""

    kind: Any
    example: str
    several: ClassVar[bool] = True

    @property
    def metavar(self) -> str:
        return str(self.kind.metavar)

    def __call__(self, name: str, value: Any) -> Any:
        items = _items(name, value, f"one number or more, such as {self.example}")
        if not items:
            raise ValueError(f"{name} must be one number or more, such as {self.example}; got none")
        return tuple(self.kind(name, item) for item in items)

    def read(self, words: Sequence[str]) -> Any:
        return [self.kind.read([word]) for word in words]


@dataclass(frozen=True)
class Parts:
    """A tuple with a fixed number of parts, each with a name and a kind of its own."""

    parts: Mapping[str, Any]
    example: str
    metavar: str = "X"
    several: ClassVar[bool] = True

    def __call__(self, name: str, value: Any) -> Any:
        *first, last = self.parts
        description = f"{len(self.parts)} numbers ({', '.join(first)} and {last}), such as {self.example}"
        items = _items(name, value, description)
        if len(items) != len(self.parts):
            raise ValueError(f"{name} must be {description}; got {len(items)}")
        return tuple(kind(f"{name} {part}", item) for (part, kind), item in zip(self.parts.items(), items, strict=True))

    def read(self, words: Sequence[str]) -> Any:
        kinds = [*self.parts.values()]
        return [kind.read([word]) for kind, word in zip(kinds, words, strict=False)] + list(words[len(kinds):])


@dataclass(frozen=True)
class StartStop:
    """A number, or two, the first for the start of a run and the second for its end."""

    kind: Any
    several: ClassVar[bool] = True

    @property
    def metavar(self) -> str:
        return str(self.kind.metavar)

    def __call__(self, name: str, value: Any) -> Any:
        if not isinstance(value, (tuple, list)):
            return self.kind(name, value)
        if len(value) not in (1, 2):
            raise ValueError(f"{name} must be one number, or two: where it begins and where it ends; got {len(value)}")
        items = tuple(self.kind(name, item) for item in value)
        return items[0] if len(items) == 1 else items

    def read(self, words: Sequence[str]) -> Any:
        return [self.kind.read([word]) for word in words]


def _items(name: str, value: Any, description: str) -> list[Any]:
    """The items of a tuple or list. Raises TypeError for anything else."""
    if not (isinstance(value, (list, tuple, range)) or (isinstance(value, np.ndarray) and value.ndim == 1)):
        raise TypeError(f"{name} must be {description}; got {shown(value)}")
    if len(value) > ITEMS:
        raise ValueError(f"{name} must be {description}; got {len(value):,} of them")
    return list(value)


def written(value: Any) -> str:
    """A setting as the text that stands in a table. The same text for the same setting, in every process."""
    if value is None:
        return ""
    if isinstance(value, tuple) and not callable(value):
        return " ".join(map(written, value))
    # A function's address is different in every process; its name is not.
    return getattr(value, "__name__", None) or re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))
