"""The architecture as a test: who may import whom, what `import tinygan` loads, and a few things that must not appear."""

import ast
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tinygan

PACKAGE = Path(tinygan.__file__).parent

# A file imports only from lower floors. Whole folders may share a floor: "zoo/".
FLOORS = {
    "files": -1, "version": -1, "engine/arguments": -1, "engine/machine": -1,
    "engine/numerics": 0, "engine/optim": 0, "engine/gradcheck": 0, "data": 0, "metrics/": 0, "lessons": 0,
    "engine/layers": 1, "losses": 1, "dirac": 1, "metrics/clouds": 1,
    "engine/conv": 2, "engine/norm": 2, "engine/features": 2, "engine/network": 2,
    "history": 2, "metrics/__init__": 2, "stacked": 2, "plots/canvas": 2, "exercises/grading": 2,
    "penalties": 3, "streams": 3, "unroll": 3, "checkpoint": 3, "plots/pictures": 3, "exercises/players": 3,
    "exercises/counts": 3,
    "train": 4, "cli/runs": 4, "exercises/museum/common": 4, "study/remedies": 4, "plots/film": 4,
    "game": 5, "study/runs": 5, "estimator": 5, "plots/page": 5, "plots/study": 5, "exercises/ring": 5,
    "study/results": 6, "study/summaries": 6, "zoo/": 6, "plots/__init__": 6, "exercises/": 6,
    "study/__init__": 7, "exercises/__init__": 7, "cli/learning": 7, "cli/options": 7, "playground": 7,
    "cli/studying": 8, "exercises/plugin": 8,
    "__main__": 9,
}
ONLY = {"matplotlib": {"plots/"}, "sklearn": {"data", "metrics/", "estimator", "stacked"}}  # who imports what, even in a function


def floor(name):
    """The floor of a module, given as "engine/layers".

    An __init__ without a floor of its own is a roof: inside the house nobody imports from it.
    """
    if name.endswith("__init__"):
        return FLOORS.get(name, math.inf)
    return FLOORS.get(name, FLOORS.get(name.split("/")[0] + "/"))


def imported(path, package=PACKAGE):
    """(line, dotted name) of everything that a file imports, functions included; relative names made absolute."""
    folder = path.relative_to(package.parent).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
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
    """Every import from the same or a higher floor, every file without a floor, and every import into engine/ from outside."""
    found = []
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).with_suffix("").as_posix()
        if floor(name) == math.inf:
            continue
        if floor(name) is None:
            found.append(f"{name} has no floor: add it to the table in {Path(__file__).name}")
            continue
        for line, dotted in imported(path, package):
            other = module(dotted, package)
            if other is None or floor(other) is None:
                continue
            if floor(other) >= floor(name):
                found.append(f"{name}, line {line}: floor {floor(name)} imports {other}, floor {floor(other)}")
            if name.startswith("engine/") and not other.startswith("engine/"):
                found.append(f"{name}, line {line}: the engine knows nothing about GANs, but imports {other}")
    return found


def test_imports_only_go_down():
    assert violations() == []


def test_the_engine_stands_alone():
    """Its __init__ too imports nothing from the rooms above."""
    assert not [dotted for _, dotted in imported(PACKAGE / "engine" / "__init__.py")
                if (module(dotted) or "engine/").split("/")[0] != "engine"]


@pytest.mark.parametrize("name, line, message", [
    ("losses", "from .train import d_step", "losses, line 1: floor 1 imports train, floor 4"),
    ("losses", "from . import train", "losses, line 1: floor 1 imports train, floor 4"),
    ("losses", "import tinygan.train", "losses, line 1: floor 1 imports train, floor 4"),
    ("losses", "from tinygan import train", "losses, line 1: floor 1 imports train, floor 4"),
    ("losses", "def f():\n    from tinygan.train import d_step", "losses, line 2: floor 1 imports train, floor 4"),
    ("losses", "from .engine.layers import Dense", "losses, line 1: floor 1 imports engine/layers, floor 1"),
    ("losses", "from . import Dense", "losses, line 1: floor 1 imports __init__, floor inf"),
    ("engine/layers", "from ..train import d_step", "engine/layers, line 1: floor 1 imports train, floor 4"),
    ("engine/network", "from ..losses import Hinge",
     "engine/network, line 1: the engine knows nothing about GANs, but imports losses"),
    ("losses", "from . import plots", "losses, line 1: floor 1 imports plots/__init__, floor 6"),
    ("losses", "from .plots import TRUE", "losses, line 1: floor 1 imports plots/__init__, floor 6"),
    ("plots/__init__", "from ..cli.learning import learn", "plots/__init__, line 1: floor 6 imports cli/learning, floor 7"),
    ("train", "import numpy", "surprise has no floor: add it to the table in test_house.py"),
])
def test_a_planted_upward_import_is_caught(tmp_path, name, line, message):
    package = tmp_path / "tinygan"
    for other in ("__init__", "engine/__init__", "engine/layers", "plots/__init__", "losses", "train", "cli/learning",
                  *["surprise"] * ("surprise" in message)):
        path = package.joinpath(other).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    package.joinpath(name).with_suffix(".py").write_text(line)
    assert message in violations(package)


def test_a_sound_house_has_no_violations(tmp_path):
    package = tmp_path / "tinygan"
    (package / "engine").mkdir(parents=True)
    for name, text in {"__init__": "from .train import f", "engine/__init__": "", "engine/layers": "import numpy",
                       "train": "from .engine import layers\nfrom .engine.layers import Dense\nimport os.path"}.items():
        package.joinpath(name).with_suffix(".py").write_text(text)
    assert violations(package) == []


@pytest.mark.parametrize("library", ONLY)
def test_who_imports(library):
    found = {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py")
             for _, dotted in imported(path) if dotted.split(".")[0] == library}
    assert found and not {name for name in found if not {name, name.split("/")[0] + "/"} & ONLY[library]}


def python(code, **environment):
    """What a fresh Python prints when it runs `code` beside the package."""
    return subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, env=os.environ | environment, capture_output=True,
                          text=True, check=True).stdout


IMPORT = "import sys, numpy.random; before = set(sys.modules); import tinygan; {}; print(*set(sys.modules) - before)"
MOST = 80  # modules beside NumPy's own; 30 when this was written. tests/benchmarks/imports.py measures the time
LATER = {"cli", "exercises", "lessons", "plots", "stacked", "study"}  # rooms that wait until somebody asks for them


def surplus(loaded):
    """What a program that only says `import tinygan` must not load, from the names of the modules that it did."""
    names = [name.split(".") for name in loaded]
    strangers = {name[0] for name in names} - {"tinygan", "numpy"} - set(sys.stdlib_module_names)
    rooms = {name[1] for name in names if name[0] == "tinygan" and len(name) > 1} & LATER
    return sorted(strangers | rooms) + [f"{len(names)} modules"] * (len(names) > MOST)


def test_import_tinygan_loads_numpy_and_the_standard_library_only():
    loaded = python(IMPORT.format("0")).split()
    assert "tinygan" in loaded and surplus(loaded) == []


@pytest.mark.parametrize("more, found", [("import tinygan.study", "study"), ("import scipy.special", "scipy"),
                                         ("import tinygan.lessons, asyncio, xml.dom.minidom, unittest.mock", " modules")])
def test_an_import_that_loads_too_much_is_noticed(more, found):
    assert any(found in name for name in surplus(python(IMPORT.format(more)).split()))


@pytest.mark.parametrize("word", ["np.random.seed", "RandomState", "TODO", "FIXME", "breakpoint("])
def test_words_that_do_not_appear(word):
    assert not [path.name for path in PACKAGE.rglob("*.py") if word in path.read_text()]


def test_every_public_name_is_there():
    assert all(hasattr(tinygan, name) for name in tinygan.__all__) and sorted(set(tinygan.__all__)) == sorted(tinygan.__all__)
