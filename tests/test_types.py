"""Types: each public function says what it takes and what it gives, and mypy agrees, with us and with a user's program."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinygan

PACKAGE = Path(tinygan.__file__).parent
ROOT = PACKAGE.parent
UNCHECKED = ("cli", "exercises", "plots", "study", "__main__")  # rooms whose types are not checked, as pyproject.toml says


def rooms():
    """The files whose types are checked."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).with_suffix("").parts[0] not in UNCHECKED]


def functions(body, owner=""):
    """(name, node, whether it is a method) of the public functions and methods in the body of a module or class."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from functions(node.body, f"{owner}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not node.name.startswith("_") or node.name.startswith("__"):
                yield owner + node.name, node, bool(owner)


def is_static(node):
    return any(isinstance(decorator, ast.Name) and decorator.id == "staticmethod" for decorator in node.decorator_list)


def unannotated(source):
    """What the public functions of a file leave out, such as "Dense.forward: x" or "Dense.forward: return"."""
    found = []
    for name, node, is_method in functions(ast.parse(source).body):
        places = [*node.args.posonlyargs, *node.args.args]
        if is_method and not is_static(node):
            places = places[1:]  # self or cls
        places += [*node.args.kwonlyargs, *filter(None, [node.args.vararg, node.args.kwarg])]
        found += [f"{name}: {place.arg}" for place in places if place.annotation is None]
        found += [f"{name}: return"] if node.returns is None else []
    return found


@pytest.mark.parametrize("path", rooms(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_public_function_is_annotated(path):
    assert unannotated(path.read_text(encoding="utf-8")) == []


SOUND = '''
def f(x: int, *rest: int, key: str = "", **more: int) -> int:
    def inner(y):
        return y
    return x

def _private(x):
    return x

class Layer:
    def __init__(self, d: int) -> None: ...
    def forward(self, x: int) -> int: ...
    @classmethod
    def made(cls, d: int) -> "Layer": ...
    @staticmethod
    def name(d: int) -> str: ...

class _Hidden:
    def f(self, x): ...
'''


@pytest.mark.parametrize("old, new, missing", [
    ("f(x: int", "f(x", ["f: x"]), ("*rest: int", "*rest", ["f: rest"]), ("key: str = ", "key=", ["f: key"]),
    ("**more: int", "**more", ["f: more"]), (") -> int:\n    def", "):\n    def", ["f: return"]),
    ("forward(self, x: int) -> int", "forward(self, x)", ["Layer.forward: x", "Layer.forward: return"]),
    ("__init__(self, d: int) -> None", "__init__(self, d)", ["Layer.__init__: d", "Layer.__init__: return"]),
    ("made(cls, d: int)", "made(cls, d)", ["Layer.made: d"]), ("name(d: int)", "name(d)", ["Layer.name: d"]),
])
def test_a_missing_annotation_is_noticed(old, new, missing):
    assert unannotated(SOUND) == [] and SOUND.count(old) == 1
    assert unannotated(SOUND.replace(old, new)) == missing


def test_the_rooms_that_are_left_out_are_those_of_the_configuration():
    section = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.mypy]")[2]
    listed = re.search(r"^module = \[(.*)\]\nignore_errors = true$", section, re.MULTILINE)[1]
    assert sorted(re.findall(r'"tinygan\.(\w+)', listed)) == sorted(UNCHECKED)
    assert "strict = true" in section and (PACKAGE / "py.typed").exists()
    assert {"training", "gradients", "penalties"} <= {path.stem for path in rooms()} and len(rooms()) > 40


def test_an_ignored_error_is_named():
    """`# type: ignore` says which error it is for, and there are few."""
    comments = [line for path in rooms() for line in path.read_text(encoding="utf-8").splitlines() if "type: ignore" in line]
    assert all(re.search(r"# type: ignore\[[a-z-]+(, [a-z-]+)*\]", line) for line in comments) and len(comments) <= 5


# ---------------------------------------------------------------- mypy, in a process of its own


def mypy(*arguments, folder=ROOT):
    """(exit code, what it prints)."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed: python -m pip install 'tinygan[dev]'")
    ran = subprocess.run([sys.executable, "-m", "mypy", *map(str, arguments)], cwd=folder, capture_output=True, text=True,
                         env=os.environ | {"MYPYPATH": str(ROOT)})
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.slow
def test_mypy_finds_nothing(tmp_path):
    code, said = mypy("--cache-dir", tmp_path)
    assert code == 0 and "Success" in said, said


PROGRAM = '''
import numpy as np
from tinygan import SGD, Adam, data, losses, mlp, train
from tinygan.penalties import R1

G, D = mlp(2, 32, 2), mlp(2, 32, 1, seed=1, dtype=np.float64)
history = train(G, D, data.ring().standardized(), losses.NonSaturating(), steps=20, opt_g=Adam(lr=1e-3), penalties=[R1(.1)])
print(history.d_loss[-1], history["g_loss"].mean(), history.G_ema)
D.theta = [0.0] * D.theta.size
x = G(np.zeros((5, 2)))
print(x.shape, data.by_name("grid").sample(5, np.random.default_rng(0)).mean())
SGD(lr=.1, momentum=.9).step(G.theta, G.grad)
'''


@pytest.mark.slow
@pytest.mark.parametrize("old, new, error", [
    ("", "", None), ("steps=20", 'steps="20"', "arg-type"), ("NonSaturating()", "NonSaturating", "arg-type"),
    ("Adam(lr=1e-3)", "Adam(1e-3, beta=.5)", "call-arg"), ("momentum=.9", 'momentum="high"', "arg-type"),
    ('.by_name("grid")', ".by_name(5)", "arg-type"), ("seed=1", "seed=[1.5]", "list-item"),
    ("G.grad", "G.gradient", "attr-defined"),
])
def test_mypy_knows_the_types_of_a_users_program(tmp_path, old, new, error):
    assert not old or PROGRAM.count(old) == 1
    (tmp_path / "program.py").write_text(PROGRAM.replace(old, new) if old else PROGRAM)
    code, said = mypy("--strict", "--config-file=", "--follow-imports=silent", "program.py", folder=tmp_path)
    assert code == (error is not None) and (error is None or f"[{error}]" in said), said
