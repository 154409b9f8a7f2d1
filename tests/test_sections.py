"""Docstrings of what users call: with two or more arguments there are numpydoc sections, and they name these arguments.

How the site shows sections is tried in tests/site/test_text.py.
"""

import inspect
import re
import textwrap

import pytest

import tinygan
from tinygan import Training, data, losses, metrics, penalties, record
from tinygan.engine import heads
from tinygan.game import Game
from tinygan.metrics.tables import table
from tinygan.unroll import unrolled_g_gradients
from tinygan.zoo import System, conditional, joining
from tinygan.zoo.projection import Projection

ORDER = ["Parameters", "Attributes", "Returns", "Raises", "References", "Examples"]


def called():
    """name -> function or class, for all that users call with two or more arguments."""
    places = {"tinygan": (tinygan, tinygan.__all__), "losses": (losses, losses.__all__), "metrics": (metrics, metrics.__all__),
              "data": (data, data.__all__), "penalties": (penalties, [name for name in vars(penalties) if name[0].isupper()])}
    things = {f"{place}.{name}": getattr(module, name) for place, (module, names) in places.items() for name in names}
    things |= {f"Training.{name}": part for name, part in vars(Training).items() if not name.startswith("_")}
    things |= {f"System.{name}": part for name, part in vars(System).items() if inspect.isfunction(part) and name[0] != "_"}
    things |= {name: part for module in (conditional, joining, heads) for name, part in vars(module).items()
               if inspect.isfunction(part) and part.__module__ == module.__name__}
    things |= {"System": System, "Projection": Projection, "Conditional.sample": conditional.Conditional.sample,
               "setting": record.setting}
    things |= {"Game": Game, "table": table, "unrolled_g_gradients": unrolled_g_gradients, "add_penalty": penalties.add_penalty}
    here = {name: thing for name, thing in things.items()
            if (inspect.isclass(thing) or inspect.isfunction(thing)) and thing.__module__.startswith("tinygan")}
    return {name: thing for name, thing in here.items() if len(arguments(thing)) >= 2 and not is_record(thing)}


def is_record(thing):
    """A result, which users read and do not make: a named tuple, but for Player."""
    return inspect.isclass(thing) and issubclass(thing, tuple) and thing is not tinygan.Player


def arguments(thing):
    return [name for name in inspect.signature(thing).parameters if name != "self"]


def parts(text):
    """title -> the lines below it, for the sections of a docstring; a title has a line of as many dashes."""
    found, lines = {"": []}, text.splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if below and set(below) == {"-"}:
            assert len(below) == len(line) and line not in found, f"{line}: {below}"
            found[line] = []
        elif set(line) != {"-"}:
            found[list(found)[-1]].append(line)
    return found


def rows(lines):
    """The names before " : " in the rows of a section; rows may share a line, as in "G, D : networks"."""
    heads = [line.split(" : ")[0] for line in lines if line and not line.startswith(" ")]
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def faults(thing):
    """What is wrong with the sections of a docstring."""
    text = inspect.getdoc(thing) or ""
    found = parts(text)
    titles = [title for title in found if title]
    wrong = [f"unknown section {title}" for title in titles if title not in ORDER]
    wrong += ["the order of the sections"] * (not wrong and titles != sorted(titles, key=ORDER.index))
    named = rows(found.get("Parameters", []))
    wrong += [f"no parameter {name}" for name in arguments(thing) if name not in named]
    wrong += [f"there is no parameter {name}" for name in named if name not in arguments(thing)]
    wrong += ["the examples need a title"] * (">>> " in text and not any(">>> " in line for line in found.get("Examples", [])))
    wrong += ["the paper belongs into References"] * bool(re.search(r"\b(19|20)\d\d\b", found[""][0] if found[""] else ""))
    return wrong


@pytest.mark.parametrize("name", called())
def test_the_sections_name_the_arguments(name):
    assert faults(called()[name]) == []


def test_all_kinds_of_things_are_looked_at():
    assert {"tinygan.Dense", "tinygan.train", "Training.run", "penalties.R1", "metrics.c2st", "data.Mixture", "tinygan.mlp",
            "losses.bce_with_logits", "tinygan.Player", "System.train", "softmax_cross_entropy"} <= set(called())
    assert len(called()) > 70


def sound(x, *rest, lr=1, **more):
    """A step.

    Parameters
    ----------
    x, *rest : points
    lr : the rate, .1 to 1
    **more : passed on

    References
    ----------
    Goodfellow et al. 2014.

    Examples
    --------
    >>> 1 + 1
    2
    """


@pytest.mark.parametrize("old, new, fault", [
    ("lr : the", "rate : the", "no parameter lr"), ("lr : the", "rate : the", "there is no parameter rate"),
    ("x, *rest", "x", "no parameter rest"), ("A step.", "A step (Goodfellow et al. 2014).", "the paper belongs into References"),
    ("Examples\n--------\n", "", "the examples need a title"),
    ("References\n----------", "Papers\n------", "unknown section Papers"),
    ("References\n----------", "Attributes\n----------", None),
    ("References\n----------", "Examples\n--------", "__twice__")])
def test_a_fault_is_noticed(old, new, fault):
    text = textwrap.dedent(sound.__doc__.partition("\n")[2])  # Python 3.13 takes the indentation away itself
    text, old, new = f"A step.\n{text}", textwrap.dedent(old), textwrap.dedent(new)
    assert faults(sound) == [] and text.count(old) == 1

    def wrong(x, *rest, lr=1, **more):
        """Its text comes below."""

    wrong.__doc__ = text.replace(old, new)
    if fault == "__twice__":
        with pytest.raises(AssertionError, match="Examples"):
            faults(wrong)
    else:
        assert fault in faults(wrong) if fault else faults(wrong) == []
