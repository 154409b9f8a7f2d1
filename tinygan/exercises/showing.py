"""The library's own answer to an exercise: its text, and where it stands."""

import inspect
import textwrap
import types
from pathlib import Path

from .board import shortened

HERE = __package__


def shown(exercise):
    """The lines that show the library's answer, and of the library what it calls."""
    yield f"The library's answer to {exercise.number} {exercise.name}:"
    for thing in dict.fromkeys([_whole(exercise.solution), *_called(exercise.solution)]):
        text, first = inspect.getsourcelines(thing)
        name = f"{thing.__qualname__}, " * ("<" not in thing.__qualname__)
        yield f"{name}{shortened(Path(inspect.getsourcefile(thing)))}, line {first}:"
        yield textwrap.indent(textwrap.dedent("".join(text)).rstrip(), "    ")


def _whole(function):
    """The function, or the one that it was made in: its settings stand there."""
    outer = function.__qualname__.split(".")[0]
    return getattr(inspect.getmodule(function), outer, function) if "<locals>" in function.__qualname__ else function


def _called(solution):
    """The functions and methods of the library that a solution calls, also by way of functions beside it."""
    functions, classes, attributes = _used(solution)
    yield from functions
    for one in classes:
        methods = [vars(base)[name] for base in one.__mro__ for name in attributes if name in vars(base) and _is_library(base)]
        methods = [method for method in methods if isinstance(method, types.FunctionType)]
        yield from methods or [one]


def _used(solution):
    """(functions, classes of the library, names of all attributes) in a function and in those of the exercises that it calls."""
    functions, classes, attributes, seen, left = [], [], [], set(), [solution]
    while left:
        function = left.pop(0)
        if function in seen:
            continue
        seen.add(function)
        names = _names(function.__code__)
        attributes += [name for name in names if name not in attributes]
        inner = [cell.cell_contents for cell in function.__closure__ or ()]
        for thing in [function.__globals__.get(name) for name in names] + inner:
            kind = thing if isinstance(thing, type | types.FunctionType) else type(thing)
            if isinstance(thing, types.FunctionType) and thing.__module__.startswith(HERE):
                left.append(thing)
            elif _is_library(kind):
                (functions if isinstance(kind, types.FunctionType) else classes).append(kind)
    return functions, classes, attributes


def _names(code):
    """The names in a function, and in the functions within it."""
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return [*code.co_names, *(name for one in inner for name in _names(one))]


def _is_library(thing):
    name = thing.__module__
    return name.startswith("tinygan.") and not name.startswith(HERE)
