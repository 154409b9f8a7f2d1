"""The defaults of all public functions, as they are written in golden/defaults.json: a change of one changes what users get.

    PYTHONPATH=. python tests/test_defaults.py      writes the file anew; read the difference before it is kept
"""

import importlib
import inspect
import json
import pkgutil
from pathlib import Path

import tinygan

WHERE = Path(__file__).parent / "golden" / "defaults.json"
ROOMS = ("cli", "exercises", "playground", "plots", "__main__")  # what is no part of the library


def functions(place):
    """(name, function) of the public functions and methods of a module or class, the class itself for its __init__."""
    for name, made in vars(place).items():
        mine = getattr(made, "__module__", None) == (place.__name__ if inspect.ismodule(place) else place.__module__)
        if name.startswith("_") or not mine:
            continue
        if inspect.isfunction(made) or inspect.isclass(made):
            yield name, made
        if inspect.isclass(made):
            yield from ((f"{name}.{inner}", method) for inner, method in functions(made))


def found():
    """Name of a function -> argument -> its default, as text; without paths, which are others on each machine."""
    defaults = {}
    for module in pkgutil.walk_packages(tinygan.__path__, "tinygan."):
        if module.name.split(".")[1] not in ROOMS:
            for name, function in functions(importlib.import_module(module.name)):
                try:
                    arguments = inspect.signature(function).parameters.values()
                except ValueError:  # a class of Python's own, such as an exception
                    continue
                given = {one.name: getattr(one.default, "__name__", repr(one.default)) for one in arguments
                         if one.default is not one.empty and not isinstance(one.default, Path)}
                if given:
                    defaults[f"{module.name.removeprefix('tinygan.')}.{name}"] = given
    return defaults


def test_every_default_is_what_it_was():
    """What is new is no change; it is written down the next time."""
    wanted, today = json.loads(WHERE.read_text()), found()
    changed = [(name, argument, was, today[name][argument]) for name in wanted.keys() & today.keys()
               for argument, was in wanted[name].items() if today[name].get(argument, was) != was]
    assert changed == [] and len(wanted.keys() & today.keys()) > 150


if __name__ == "__main__":
    WHERE.write_text(json.dumps(found(), indent=1) + "\n")
