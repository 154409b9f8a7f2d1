"""The library's own answer to an exercise, with its text, and where it stands."""

import inspect
import textwrap
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from .board import shortened

HERE = __package__


def shown(exercise):
    """The lines that show the library's answer, and what it calls: functions beside it, functions and methods of the library."""
    yield f"The library's answer to {exercise.number} {exercise.name}:"
    yield from dict.fromkeys(map(_text, _pieces(exercise.solution)))  # each of them once


def _text(thing):
    """Where a function or class stands, and its text."""
    thing = _whole(thing)
    lines, first = inspect.getsourcelines(thing)
    name = f"{thing.__qualname__}, " * ("<" not in thing.__qualname__)
    text = textwrap.indent(textwrap.dedent("".join(lines)).rstrip(), "    ")
    return f"{name}{shortened(Path(inspect.getsourcefile(thing)))}, line {first}:\n{text}"


def _whole(thing):
    """The function, or the one that it was made in. Its settings stand there."""
    outer = thing.__qualname__.split(".")[0]
    return getattr(inspect.getmodule(thing), outer) if "<locals>" in thing.__qualname__ else thing


def _pieces(solution):
    """The solution, the functions of the exercises that it calls, and what all of these use of the library."""
    own, library, attributes, left = [], [], [], [solution]
    while left:
        function = left.pop(0)
        if function in own:
            continue
        own.append(function)
        if _is_here(function):
            names = _names(function.__code__)
            attributes += names
            for thing in _things(function, names):
                (left if isinstance(thing, FunctionType) and _is_here(thing) else library).append(thing)
    yield from (one for one in own if one is solution or one.__name__ != "<lambda>")
    for thing in library:
        if not _is_here(thing):
            yield from _methods(thing, attributes) if isinstance(thing, type) else [thing]


def _things(function, names):
    """The functions and classes of this package that stand behind the names in a function."""
    values = [function.__globals__.get(name) for name in names] + [cell.cell_contents for cell in function.__closure__ or ()]
    values += [vars(module).get(name) for module in values if isinstance(module, ModuleType) for name in names]
    for value in values:
        kind = value if isinstance(value, type | FunctionType) else type(value)
        if kind.__module__.startswith("tinygan."):
            yield kind


def _methods(one, names):
    """The methods of a class with one of these names; the class itself when there are none."""
    found = [vars(base)[name] for base in one.__mro__ if base.__module__.startswith("tinygan.") for name in names
             if isinstance(vars(base).get(name), FunctionType)]
    return found or [one]


def _names(code):
    """The names in a function, and in the functions within it."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return [*code.co_names, *(name for one in inner for name in _names(one))]


def _is_here(thing):
    return thing.__module__.startswith(HERE)
