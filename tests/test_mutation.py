"""`tests/benchmarks/mutation.py`: which mutants it makes, that a mutant is killed and unchanged source is not, and its list."""

import ast
import importlib.util
from pathlib import Path

import pytest

WHERE = importlib.util.spec_from_file_location("mutation", Path(__file__).parent / "benchmarks" / "mutation.py")
mutation = importlib.util.module_from_spec(WHERE)
WHERE.loader.exec_module(mutation)

SOURCE = '''"""Words."""

def f(x: int = 2, y: float = 0.0) -> bool:
    """More words, 3 of them."""
    if not x < 1 and y:
        raise ValueError("x")
    x += 1
    print(-x)
    return True
'''
MUTANTS = ["2 -> 3", "0.0 -> 1.0", "not x < 1 and y -> not x < 1 or y", "not x < 1 -> not not x < 1", "x < 1 -> x <= 1", "1 -> 2",
           "raise ValueError('x') -> pass", "x += 1 -> x -= 1", "x += 1 -> pass", "1 -> 2", "print(-x) -> pass", "-x -> +x",
           "True -> False"]
FILES = [path for pattern in mutation.ROOMS.values() for path in (mutation.ROOT / "tinygan").glob(pattern)]


def made(path, where=None):
    """All mutants of a file, or of the lines `where`, as words."""
    source = path.read_text()
    nodes = [node for node, _ in mutation.mutants(ast.parse(source))]
    lines = [source.splitlines()[node.lineno - 1].strip() for node in nodes]
    return [mutation.mutant(path, i)[1] for i, line in enumerate(lines) if where is None or line in where]


def test_the_mutants_of_a_function(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", lambda self: SOURCE)
        found = made(mutation.ROOT / "tinygan" / "unroll.py")
    assert [what.removeprefix("unroll: ").partition(", in: ")[0] for what in found] == MUTANTS
    assert found[4] == "unroll: x < 1 -> x <= 1, in: if not x < 1 and y:"


@pytest.mark.parametrize("path", FILES, ids=mutation.module)
def test_each_file_has_tests(path):
    assert mutation.tests_of(mutation.module(path))[:-1]


LINES = [line.partition(" || ") for line in mutation.EQUIVALENT.read_text().splitlines()]
NAMED = sorted({what.partition(": ")[0] for what, _, _ in LINES})


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", NAMED)
def test_what_is_written_down_as_equivalent_is_a_mutant_of_today(name):
    path, = (path for path in FILES if mutation.module(path) == name)
    whats = [what for what, _, _ in LINES if what.startswith(f"{name}: ")]
    mutants = made(path, {what.partition(", in: ")[2] for what in whats})
    assert [what for what in whats if what not in mutants] == []


def test_what_is_written_down_as_equivalent_has_a_reason():
    assert [what for what, _, why in LINES if len(why) <= 10] == []


@pytest.mark.slow
def test_a_mutant_is_killed_and_the_source_as_it_is_is_not(monkeypatch):
    monkeypatch.chdir(mutation.ROOT)
    path = mutation.ROOT / "tinygan" / "engine" / "numerics.py"
    source = path.read_text()
    wrong = source.replace("np.log1p(np.exp(-_size(s)))", "np.log1p(np.exp(_size(s)))")
    assert wrong != source
    assert mutation.run(path, ast.parse(wrong), ["tests/test_numerics.py"]) == "killed"
    assert mutation.run(path, ast.parse(source), ["tests/test_numerics.py"]) == "survived"
