"""The architecture as a test: who may import whom, how long a file and a function may be, what `import tinygan` loads, and a few
words that must not appear."""

import ast
import functools
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from floors import FLOORS, floor

import tinygan

PACKAGE = Path(tinygan.__file__).parent
ONLY = {"matplotlib": {"plots/"}, "sklearn": {"data/", "estimator", "metrics/images"}}  # who imports what, even in a function


def modules(package=PACKAGE):
    """The package's files, by name: "engine/layers" -> path."""
    return {path.relative_to(package).with_suffix("").as_posix(): path for path in sorted(package.rglob("*.py"))}


@functools.cache
def imports(text):
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]


def imported(path, package=PACKAGE):
    """(line, dotted name) of everything that a file imports, functions included; relative names made absolute."""
    folder = path.relative_to(package.parent).parts[:-1]
    for node in imports(path.read_text()):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*folder[:len(folder) + 1 - node.level]] if node.level else []
            base += node.module.split(".") if node.module else []
            yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)


def module(dotted, package=PACKAGE):
    """"tinygan.engine.layers.Dense" -> "engine/layers", the file it comes from; None for what is not in the package."""
    first, *parts = dotted.split(".")
    if first != package.name:
        return None
    for size in range(len(parts), -1, -1):
        for name in ("/".join(parts[:size]), "/".join([*parts[:size], "__init__"])):
            if package.joinpath(name).with_suffix(".py").is_file():
                return name


def violations(package=PACKAGE):
    """Every import from the same or a higher floor, every file without a floor, and every import that the engine may not have."""
    found = []
    for name, path in modules(package).items():
        if floor(name) == math.inf:
            continue
        if floor(name) is None:
            found.append(f"{name} has no floor: add it to the table in floors.py")
            continue
        for line, dotted in imported(path, package):
            other = module(dotted, package)
            if other is None or floor(other) is None:
                continue
            if floor(other) >= floor(name):
                found.append(f"{name}, line {line}: floor {floor(name)} imports {other}, floor {floor(other)}")
            if name.startswith("engine/") and not other.startswith("engine/") and floor(other) >= 0:
                found.append(f"{name}, line {line}: the engine knows nothing about GANs, but imports {other}")
    return found


def stale(floors, names):
    """Rows for modules that do not exist, and for folders in which every module has a row of its own."""
    shared = {name.split("/")[0] + "/" for name in names if name not in floors and not name.endswith("__init__")}
    return [row for row in floors if row not in (shared if row.endswith("/") else names)]


def test_imports_only_go_down():
    assert violations() == []


def test_every_row_of_the_table_is_a_room_of_the_house():
    assert stale(FLOORS, modules()) == []


@pytest.mark.parametrize("row", ["engine/convolution", "family/", "estimate", "train", "losses/", "losses"])
def test_a_planted_stale_row_is_found(row):
    """A module that is gone, a folder that is gone, a folder whose modules all have rows, and a file that became a folder."""
    assert stale(FLOORS | {row: 3}, modules()) == [row]


def test_the_engine_stands_alone():
    """Its __init__ too imports nothing from the rooms above."""
    assert not [dotted for _, dotted in imported(PACKAGE / "engine" / "__init__.py")
                if (module(dotted) or "engine/").split("/")[0] != "engine"]


@pytest.mark.parametrize("name, line, message", [
    ("gradients", "from .training import d_step", "gradients, line 1: floor 4 imports training, floor 8"),
    ("gradients", "from . import training", "gradients, line 1: floor 4 imports training, floor 8"),
    ("gradients", "import tinygan.training", "gradients, line 1: floor 4 imports training, floor 8"),
    ("gradients", "from tinygan import training", "gradients, line 1: floor 4 imports training, floor 8"),
    ("gradients", "def f():\n    from tinygan.training import d_step", "gradients, line 2: floor 4 imports training, floor 8"),
    ("losses/base", "from ..engine.layers import Dense", "losses/base, line 1: floor 1 imports engine/layers, floor 1"),
    ("gradients", "from . import Dense", "gradients, line 1: floor 4 imports __init__, floor inf"),
    ("gradients", "from .train import d_step", "gradients, line 1: floor 4 imports __init__, floor inf"),  # train is gone
    ("engine/layers", "from ..training import d_step", "engine/layers, line 1: floor 1 imports training, floor 8"),
    ("engine/network", "from ..losses.base import Loss",
     "engine/network, line 1: the engine knows nothing about GANs, but imports losses/base"),
    ("gradients", "from . import plots", "gradients, line 1: floor 4 imports plots/__init__, floor 8"),
    ("gradients", "from .plots import TRUE", "gradients, line 1: floor 4 imports plots/__init__, floor 8"),
    ("plots/__init__", "from ..cli.learning import learn", "plots/__init__, line 1: floor 8 imports cli/learning, floor 12"),
    ("training", "import numpy", "surprise has no floor: add it to the table in floors.py"),
])
def test_a_planted_upward_import_is_caught(tmp_path, name, line, message):
    package = tmp_path / "tinygan"
    for other in ("__init__", "engine/__init__", "engine/layers", "plots/__init__", "losses/base", "gradients", "training",
                  "cli/learning", *["surprise"] * ("surprise" in message)):
        path = package.joinpath(other).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    package.joinpath(name).with_suffix(".py").write_text(line)
    assert message in violations(package)


def test_a_sound_house_has_no_violations(tmp_path):
    package = tmp_path / "tinygan"
    (package / "engine").mkdir(parents=True)
    for name, text in {"__init__": "from .training import f", "engine/__init__": "", "engine/layers": "import numpy",
                       "checkpoint": "", "engine/store": "from .. import checkpoint\nfrom .layers import Dense",
                       "training": "from .engine import layers\nfrom .engine.layers import Dense\nimport os.path"}.items():
        package.joinpath(name).with_suffix(".py").write_text(text)
    assert violations(package) == []


@pytest.mark.parametrize("library", ONLY)
def test_who_imports(library):
    found = {name for name, path in modules().items() for _, dotted in imported(path) if dotted.split(".")[0] == library}
    assert found and not {name for name in found if not {name, name.split("/")[0] + "/"} & ONLY[library]}


# ---------------------------------------------------------------- how long a file and a function may be

FILE, BODY, POSITIONAL = 280, 40, 8  # lines of a file, lines of a function without its docstring, arguments by position


def too_long(name, text):
    """What of the file `name` is beyond the limits. An exercise is its own text, solution and grader: it has none."""
    if name.startswith("exercises/"):
        return []
    lines = len(text.splitlines())
    found = [f"{name} has {lines} lines, at most {FILE}"] if lines > FILE else []
    for function in (node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
        body = function.body[ast.get_docstring(function, clean=False) is not None:]
        size = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        if size > BODY:
            found.append(f"{name}: {function.name} has {size} lines, at most {BODY}")
        named = [*function.args.posonlyargs, *function.args.args]
        taken = len(named) - (bool(named) and named[0].arg in ("self", "cls"))
        if taken > POSITIONAL:
            found.append(f"{name}: {function.name} takes {taken} arguments by position, at most {POSITIONAL}")
    return found


def test_files_functions_and_signatures_are_short():
    assert [problem for name, path in modules().items() for problem in too_long(name, path.read_text())] == []


BODY_OF_40 = "".join(f"    x{i} = {i}\n" for i in range(40))
DOCSTRING = '    """One line.\n\n' + "    and more\n" * 50 + '    """\n'


@pytest.mark.parametrize("text, problem", [
    ("x = 1\n" * 281, "training has 281 lines, at most 280"),
    ("def f():\n" + BODY_OF_40 + "    return 1\n", "training: f has 41 lines, at most 40"),
    ("class A:\n    def f(self):\n" + BODY_OF_40.replace("    ", "        ") + "        return 1\n",
     "training: f has 41 lines, at most 40"),
    ("def f():\n" + DOCSTRING + BODY_OF_40 + "    return 1\n", "training: f has 41 lines, at most 40"),
    ("def f():\n    return [\n" + "        1,\n" * 39 + "    ]\n", "training: f has 41 lines, at most 40"),
    ("async def f(a, b, c, d, /, e, f, g, h, i): pass", "training: f takes 9 arguments by position, at most 8"),
    ("class A:\n    def __init__(self, a, b, c, d, e, f, g, h, i): pass",
     "training: __init__ takes 9 arguments by position, at most 8"),
])
def test_a_planted_long_file_function_or_signature_is_caught(text, problem):
    assert too_long("training", text) == [problem] and too_long("exercises/ex05", text) == []


@pytest.mark.parametrize("text", [
    "x = 1\n" * 280, "def f():\n" + BODY_OF_40, "def f():\n" + DOCSTRING + BODY_OF_40, "def f():\n" + DOCSTRING,
    "def f(a, b, c, d, e, f, g, h, *, i, j, k): pass", "class A:\n    def f(self, a, b, c, d, e, f, g, h): pass"])
def test_what_is_just_within_the_limits_is_fine(text):
    assert too_long("training", text) == []


# ---------------------------------------------------------------- what an import loads


def python(code, **environment):
    """What a fresh Python prints when it runs `code` beside the package."""
    return subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, env=os.environ | environment, capture_output=True,
                          text=True, check=True).stdout


IMPORT = "import sys, numpy.random; before = set(sys.modules); import tinygan; {}; print(*set(sys.modules) - before)"
# Modules, without the private ones. The standard library's are counted without submodules: 17 to 27, by the versions of Python
# and NumPy. tests/benchmarks/imports.py measures the time.
MOST = {"tinygan": 70, "the standard library": 27}
# Rooms that wait until somebody asks for them: those that training does not need.
LATER = {"cli", "dirac", "estimator", "exercises", "game", "lessons", "plots", "recipe", "settings", "stacked", "study"}


def surplus(loaded):
    """What a program that only says `import tinygan` must not load, from the names of the modules that it did."""
    names = [name.split(".") for name in loaded if not name.startswith("_")]
    strangers = {name[0] for name in names} - {"tinygan", "numpy"} - set(sys.stdlib_module_names)
    rooms = {name[1] for name in names if name[0] == "tinygan" and len(name) > 1} & LATER
    modules = {"tinygan": {tuple(name) for name in names if name[0] == "tinygan"},
               "the standard library": {name[0] for name in names} - {"tinygan", "numpy"}}
    return sorted(strangers | rooms) + [f"{len(found)} modules of {whose}" for whose, found in modules.items()
                                        if len(found) > MOST[whose]]


def test_import_tinygan_loads_numpy_and_the_standard_library_only():
    loaded = python(IMPORT.format("0")).split()
    assert "tinygan" in loaded and "tinygan.training" in loaded and surplus(loaded) == []


@pytest.mark.parametrize("more, found", [("import tinygan.study", "study"), ("import tinygan.recipe", "recipe"),
                                         ("import scipy.special", "scipy"),
                                         ("import tinygan.lessons, asyncio, xml.dom.minidom, unittest.mock", " modules")])
def test_an_import_that_loads_too_much_is_noticed(more, found):
    assert any(found in name for name in surplus(python(IMPORT.format(more)).split()))


@pytest.mark.parametrize("word", ["np.random.seed", "RandomState", "TODO", "FIXME", "breakpoint("])
def test_words_that_do_not_appear(word):
    assert not [path.name for path in PACKAGE.rglob("*.py") if word in path.read_text()]


def test_every_public_name_is_there():
    assert all(hasattr(tinygan, name) for name in tinygan.__all__) and sorted(set(tinygan.__all__)) == sorted(tinygan.__all__)
