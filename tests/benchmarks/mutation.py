"""Change one thing in the source at a time, run the quick tests of that file, and see whether one of them fails.

    python tests/benchmarks/mutation.py --count 500 --seed 0 --write     prints the table and writes docs/results/mutation.txt
    python tests/benchmarks/mutation.py --count 500 --keep killed.txt    goes on: what this file names as killed is not run again
    python tests/benchmarks/mutation.py --count 100 --seed 2 --fresh     says in the table that no test was written for it

Ctrl-C ends it with a table of what was tried. The changes: an operator or a comparison becomes another one, a number grows by 1
or a tenth, True becomes False, `and` becomes `or`, `not` and a minus go, a statement is left out (a call, an assignment with +=,
a raise). They are drawn at random, the same ones for the same seed. A mutant that no test kills survives: either a test is
missing, or mutation_equivalent.txt says why it changes nothing that can be seen. Each mutant has a process of its own, in which
the one file is compiled from the changed syntax tree; no file is written.
"""

import argparse
import ast
import importlib.machinery
import os
import resource
import sys
import zlib
from collections import Counter
from pathlib import Path

import pytest

ROOT, SECONDS, BYTES = Path(__file__).parents[2], 50, 8 << 30
EQUIVALENT = Path(__file__).with_name("mutation_equivalent.txt")  # a mutant on each line, and behind || the reason
ROOMS = {"engine": "engine/*.py", "losses": "losses/*.py", "penalties": "penalties.py", "gradients": "gradients.py",
         "unroll": "unroll.py", "metrics": "metrics/*.py", "zoo": "zoo/*.py"}
CHECKER = "gradcheck gradcheck_steps gradcheck_table game dirac"
QUICK = {  # the tests of a file or of its folder, the ones that know most first
    "engine/arguments": "arguments_of_train bad_calls data network", "engine/machine": "long_runs bad_calls study kills",
    "engine/numerics": "numerics losses heads long_runs", "engine/heads": "heads bad_calls", "engine/jacobian": "game dirac",
    **dict.fromkeys(["engine/" + name for name in ("functions", "ladders", "slopes", "verdicts", "diagnosis", "differences",
                                                  "gradcheck")], CHECKER),
    "engine/conv": "conv", "engine/windows": "conv style", "engine/inputs": "style conv",
    "engine/norm": "norm layers parameters network training",
    "engine/features": "norm pack layers gradcheck_table", "engine/beside": "norm parameters layers gradcheck_table",
    "engine/optim": "optim long_runs training_state arguments_of_train",
    "engine/replay": "replay", "engine/recording": "replay", "engine/shortening": "replay",
    "engine": "layers network parameters by_hand types checkpoint conv bad_calls training",
    "penalties": "penalties remedies training",
    "losses": "losses by_hand formulas training recipe", "gradients": "training penalties by_hand bad_calls",
    "unroll": "unroll remedies bad_calls", "metrics/clouds": "clouds", "metrics/images": "images", "metrics/memory": "memory",
    "metrics": "metrics clouds bad_calls", "zoo": "training_systems resume"}
EVERY = "bad_calls defaults"  # for all of them
OTHER = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
         ast.Pow: ast.Mult, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
         ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or,
         ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}


def inside(node):
    """All nodes below, without annotations and documentation."""
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if isinstance(child, ast.AST) and name not in ("annotation", "returns") and not text:
                yield child
                yield from inside(child)


def mutants(tree):
    """(node, change) of all: change() makes the mutant of the tree."""
    for node in inside(tree):
        if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in OTHER:
            yield node, lambda node=node: setattr(node, "op", OTHER[type(node.op)]())
        elif isinstance(node, ast.Compare):
            yield node, lambda node=node: node.ops.__setitem__(0, OTHER[type(node.ops[0])]())
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
            yield node, lambda node=node: setattr(node, "op", ast.UAdd() if isinstance(node.op, ast.USub) else _Twice())
        elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
            yield node, lambda node=node: setattr(node, "value", _another(node.value))
        if isinstance(node, (ast.AugAssign, ast.Raise)) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            yield node, lambda node=node: _leave_out(tree, node)


class _Twice(ast.UAdd):
    """Stands for what is left when `not` goes: the truth of the value itself."""


def _another(value):
    return not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else value * 1.1 or 1.0


def _leave_out(tree, node):
    for parent in [tree, *inside(tree)]:
        for _, value in ast.iter_fields(parent):
            if isinstance(value, list) and node in value:
                value[value.index(node)] = ast.copy_location(ast.Pass(), node)


def mutant(path, i):
    """The i-th mutant of a file: its tree, and in words what it says in the place of what, and where."""
    source = path.read_text()
    tree = ast.parse(source)
    node, change = list(mutants(tree))[i]
    before = ast.unparse(node)
    change()
    if isinstance(getattr(node, "op", None), _Twice):  # not x becomes bool(x)
        node.op, node.operand = ast.Not(), ast.copy_location(ast.UnaryOp(ast.Not(), node.operand), node)
    left_out = isinstance(node, ast.stmt) and node not in inside(tree)
    after = "pass" if left_out else ast.unparse(node)
    what = f"{before.splitlines()[0]} -> {after.splitlines()[0]}, in: {source.splitlines()[node.lineno - 1].strip()}"
    return tree, f"{module(path)}: {what}"


def module(path):
    return path.relative_to(ROOT / "tinygan").with_suffix("").as_posix()


def tests_of(name):
    found = f"{QUICK.get(name, QUICK[name.split('/')[0]])} {EVERY}".split()
    zoo = name.startswith("zoo/")
    own = f"tests/zoo/test_{name[4:]}.py" if zoo else f"tests/test_{name.split('/')[-1]}.py"
    paths = [own, *(f"tests/test_{test}.py" for test in found), *["tests/zoo"] * zoo]
    return [path for path in dict.fromkeys(paths) if (ROOT / path).exists()]


def run(path, tree, tests):
    """In a process of its own: "killed", "too slow" or "survived"."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        for name, module in list(sys.modules.items()):  # what is here already was made without the mutant
            if any((ROOT / room) in Path(getattr(module, "__file__", None) or "/").parents for room in ("tinygan", "tests")):
                del sys.modules[name]
        loader, compiled = importlib.machinery.SourceFileLoader, compile(ast.fix_missing_locations(tree), str(path), "exec")
        usual = loader.get_code
        loader.get_code = lambda self, name: compiled if Path(self.path) == path else usual(self, name)
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        for stream in (1, 2):
            os.dup2(sys.stdout.fileno(), stream)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they take longer than most tests
        done = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)  # the latter where all are slow
        passed = all(pytest.main(["-x", "-q", "-p", "no:cacheprovider", test]) in done for test in tests)
        os._exit(0 if passed else 1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return "too slow" if status < 0 else "killed" if status else "survived"


def main(count, seed, only, keep, write, fresh):
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    import scipy.spatial  # noqa: F401, PLC0415  here once, not in every process
    import sklearn.datasets  # noqa: F401, PLC0415

    kept = keep.read_text().splitlines() if keep and keep.exists() else []
    known = dict.fromkeys(kept, "killed")
    known |= {line.partition(" || ")[0]: "equivalent" for line in EQUIVALENT.read_text().splitlines()}
    files = [(room, path) for room, pattern in ROOMS.items() for path in sorted((ROOT / "tinygan").glob(pattern))]
    all_of = [(room, path, i) for room, path in files for i in range(len(list(mutants(ast.parse(path.read_text())))))]
    all_of.sort(key=lambda one: zlib.crc32(f"{seed} {module(one[1])} {one[2]}".encode()))  # a file that changes moves no other's
    table, survivors = Counter(), []

    def keep_in_mind(what):
        known[what] = "killed"
        if keep:
            with keep.open("a") as file:
                file.write(f"{what}\n")

    try:
        for room, path, i in [one for one in all_of[:count] if only in (None, one[0])]:
            tree, what = mutant(path, i)
            result = known.get(what) or run(path, tree, tests_of(module(path)))
            for test in [test for test in tests_of(module(path)) if f"control: {test}" not in known]:
                unchanged = run(path, ast.parse(path.read_text()), [test])  # a test that always fails would kill everything
                assert unchanged == "survived", f"{test} fails by itself"
                keep_in_mind(f"control: {test}")
            if result == "killed" and what not in known:
                keep_in_mind(what)
            table[room, result] += 1
            survivors += [what] * (result == "survived")
            print(f"{table.total()}: {result}: {what}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("stopped: the table is of those that were tried", file=sys.stderr)
    sample = f"seed {seed}" + ", for which no test was written" * fresh
    text = report(table, survivors, Counter(room for room, *_ in all_of), sample)
    print(text)
    if write:
        (ROOT / "docs" / "results" / "mutation.txt").write_text(text + "\n")


def report(table, survivors, size, sample):
    """The table, and the survivors below it."""
    outcomes = ["killed", "too slow", "equivalent", "survived"]
    rows = [["", "mutants", "tried", *outcomes, "share"]]
    for room in [*ROOMS, "all"]:
        found = [sum(n for (place, result), n in table.items() if result == outcome and room in (place, "all"))
                 for outcome in outcomes]
        tried, seen = sum(found), sum(found) - found[2]
        share = f"{(found[0] + found[1]) / seen:.1%}" if seen else ""
        rows.append([room, size.total() if room == "all" else size[room], tried, *found, share])
    lines = ["".join(str(cell).rjust(12) for cell in row).rstrip() for row in rows]
    head = f"{rows[-1][2]} mutants, drawn at random ({sample}). Share: killed or too slow, of those that are not equivalent"
    return "\n".join([head, "", *lines, "", "survived:" if survivors else "no other survived", *survivors])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=ROOMS)
    parser.add_argument("--keep", type=Path, help="a file of mutants that were killed before, to which new ones are added")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--fresh", action="store_true", help="no test was written for the mutants of this sample")
    main(**vars(parser.parse_args()))
