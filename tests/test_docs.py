"""The pages of docs: what they name exists, nothing that has a derivative lacks one, and their tables say what the tests do.

Formulas that stand on a page only are tried in test_formulas.py.
"""

import ast
import contextlib
import functools
import inspect
import io
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import test_categories
import test_conv
import test_golden
import test_layers
import test_norm
import test_penalties
import test_style

import tinygan
from tinygan import metrics
from tinygan.engine import gradcheck
from tinygan.exercises import LESSONS, exercises_of
from tinygan.exercises.museum import COMPOSITION
from tinygan.recipe import DEFAULTS, NAMES
from tinygan.settings import written
from tinygan.zoo import FAMILY

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [DOCS / "derivations.rst", *sorted((DOCS / "derivations").glob("*.rst")), DOCS / "metrics.rst"]


def flat(text):
    return " ".join(text.split())


@functools.lru_cache(None)
def text_of(path):
    return path.read_text(encoding="utf-8")


def read(name):
    return text_of(DOCS / name)


# ---------------------------------------------------------------- every name on a page exists


def claims(text):
    """The names in each pair of lines "In the code: ..., Checked by: ...": (code, tests)."""
    for code, tests in re.findall(r"^:In the code:(.*?)^:Checked by:(.*?)(?=^\S|\Z)", text, flags=re.DOTALL | re.MULTILINE):
        yield tuple(re.findall(r"``(.+?)``", part) for part in (code, tests))


@functools.lru_cache(None)
def functions_in(path):
    return {node.name for node in ast.parse(text_of(path)).body if isinstance(node, ast.FunctionDef)}


def faults(text):
    """What is wrong with the names on a page."""
    found = []
    for code, tests in claims(text):
        for name in code:
            try:
                thing = pkgutil.resolve_name(name)
            except (ImportError, AttributeError):
                found.append(f"{name} does not exist")
                continue
            where = getattr(thing, "__module__", None) or thing.fget.__module__
            if not name.startswith(f"{where}."):
                found.append(f"{name} stands in {where}")  # there the reference has it
        for name in tests:
            path, _, function = name.partition("::")
            if not (ROOT / path).is_file() or function not in functions_in(ROOT / path):
                found.append(f"{name} does not exist")
            elif not any(re.search(rf"\b{part}\b", text_of(ROOT / path)) for name in code for part in name.split(".")[-2:]):
                found.append(f"{name} knows nothing of {' or '.join(code)}")
        if not (code and tests):
            found.append(f"{code or tests} stands alone")
    for section in re.split(r"\n(?=[^\n]+\n[-~=]{4,}\n)", text):
        if ".. math::" in section and not list(claims(section)):
            found.append(f"'{section.strip().splitlines()[0]}' has formulas, but names no code and no test")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_name_on_the_page_exists(page):
    text = text_of(page)
    assert faults(text) == [] and (page == PAGES[0] or len(list(claims(text))) >= 2)


SOUND = (":In the code: ``tinygan.engine.layers.Dense.backward``,\n   ``tinygan.engine.layers.Tanh``\n"
         ":Checked by: ``tests/test_layers.py::test_backward_accumulates``\n")


@pytest.mark.parametrize("old, new, fault", [
    ("", "", None), ("Dense.backward", "Dense.backwards", "tinygan.engine.layers.Dense.backwards does not exist"),
    ("layers.Tanh", "layer.Tanh", "tinygan.engine.layer.Tanh does not exist"),
    ("engine.layers.Tanh", "Tanh", "tinygan.Tanh stands in tinygan.engine.layers"),
    ("_accumulates", "_accumulate", "tests/test_layers.py::test_backward_accumulate does not exist"),
    ("tests/test_layers.py", "tests/test_layer.py", "tests/test_layer.py::test_backward_accumulates does not exist"),
    ("test_layers.py::test_backward_accumulates", "test_files.py::test_a_page_is_nothing", "does not exist"),
    ("test_layers.py::test_backward_accumulates", "test_metrics.py::test_four_modes_by_hand", "knows nothing of tinygan"),
    ("``tests/test_layers.py::test_backward_accumulates``", "reading it again", "stands alone"),
    (SOUND, "Sum\n----\n\n.. math:: 1 + 1\n", "'Sum' has formulas, but names no code and no test"),
])
def test_a_wrong_name_is_noticed(old, new, fault):
    found = faults(SOUND.replace(old, new, 1) if old else SOUND)
    assert (found == []) if fault is None else (len(found) == 1 and fault in found[0])


# ---------------------------------------------------------------- nothing is left out

METHODS = ("forward", "backward", "tangent", "tangent_backward", "value", "slope", "curvature",
           "d", "g", "d_tangent", "g_tangent", "g_real", "verdict", "best", "at_rest")
NOT_DERIVED = {  # containers, checks, and what all losses, layers, networks or optimisers share
    "tinygan.losses.base.BCE", "tinygan.losses.base.DLoss", "tinygan.losses.base.GLoss", "tinygan.losses.base.DTangent",
    "tinygan.losses.base.check_scores", "tinygan.engine.base.Layer", "tinygan.engine.base.Parameter",
    "tinygan.engine.base.check_input", "tinygan.engine.base.check_like_output", "tinygan.engine.base.zeros",
    "tinygan.engine.windows.size_pair", "tinygan.engine.windows.as_pixels", "tinygan.engine.windows.as_images",
    "tinygan.engine.optimiser.Optimiser",
    "tinygan.engine.heads.CrossEntropy", "tinygan.engine.heads.GaussianNLL", "tinygan.engine.heads.GaussianKL",
    "tinygan.engine.base.at_most", "tinygan.engine.numerics.flush", "tinygan.dirac.pairs", "tinygan.losses.base.loss_object",
    "tinygan.gradients.all_penalties", "tinygan.gradients.are_players", "tinygan.gradients.noisy", "tinygan.updates.an_optimiser",
    "tinygan.engine.optim.Around", "tinygan.penalties.Weighted", "tinygan.gradients.DGradients", "tinygan.gradients.ThroughD",
    "tinygan.updates.Player", "tinygan.updates.Batch", "tinygan.updates.Rules", "tinygan.training.two_players"}
NO_MATHEMATICS = {"arguments", "diagnosis", "differences", "functions", "gradcheck", "ladders", "machine", "parts", "recording",
                  "replay", "shortening", "slopes", "store", "verdicts"}  # of the engine: checks, files, the machine
GAME = {"losses.base", "losses.separate", "losses.relativistic", "penalties", "gradients", "updates", "training", "dirac",
        "unroll", "game"}


def mathematics():
    """Every public thing of the rooms where derivatives are made, by its dotted name: functions, classes, and their methods."""
    engine = {module.name for module in pkgutil.iter_modules(tinygan.engine.__path__)}
    rooms = {f"tinygan.engine.{name}" for name in engine - NO_MATHEMATICS} | {f"tinygan.{name}" for name in GAME}
    for room in sorted(rooms):
        module = import_module(room)
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != room or f"{room}.{name}" in NOT_DERIVED:
                continue
            methods = [method for method in METHODS if inspect.isclass(thing) and hasattr(thing, method)]
            yield from [f"{room}.{name}.{method}" for method in methods] or [f"{room}.{name}"]


def left_out(pages, things):
    named = [pkgutil.resolve_name(name) for page in pages for code, _ in claims(page) for name in code]
    seen = set(map(id, named))
    return [name for name in things if id(pkgutil.resolve_name(name)) not in seen]


def test_every_layer_loss_penalty_optimiser_and_game_has_its_derivation():
    things = list(mathematics())
    assert len(things) > 100 and {"tinygan.engine.layers.Dense.tangent_backward", "tinygan.penalties.R1", "tinygan.dirac.minimax",
                                  "tinygan.engine.optim.Adam", "tinygan.losses.separate.Hinge.g", "tinygan.engine.initial.he",
                                  "tinygan.losses.base.Loss.at_rest", "tinygan.updates.extragradient",
                                  "tinygan.engine.features.Pack.backward"} <= set(things)
    assert left_out(list(map(text_of, PAGES)), things) == []


def test_a_thing_that_is_left_out_is_noticed():
    pages = list(map(text_of, PAGES))
    for name in ("tinygan.engine.norm.SpectralNorm.tangent_backward", "tinygan.losses.separate.Hinge.g",
                 "tinygan.penalties.WGANGP", "tinygan.training.Training"):
        assert left_out([page.replace(f"``{name}``", "") for page in pages], mathematics()) == [name]
    assert all(map(pkgutil.resolve_name, NOT_DERIVED))


def scores():
    """Every function and kind of report of tinygan.metrics, by its dotted name; and the scores, as their reports call them."""
    things = {name: thing for name, thing in vars(metrics).items() if name in metrics.__all__ and name != "table"}
    fields = {field for thing in things.values() for field in getattr(thing, "_fields", ())}
    return {f"{thing.__module__}.{name}" for name, thing in things.items()}, fields - {"nearest"}  # a count, not a score


def undefined(page):
    """The functions, reports and scores that a page of definitions leaves out."""
    things, fields = scores()
    return left_out([page], sorted(things)) + sorted(field for field in fields if not re.search(rf"\b{field}\b", page))


def test_every_metric_has_its_definition():
    things, fields = scores()
    assert "tinygan.metrics.clouds.mmd2" in things and {"tv", "w1", "js", "z", "mmd2_sigma", "modes_half"} <= fields
    assert undefined(read("metrics.rst")) == []


@pytest.mark.parametrize("name", ["tinygan.metrics.clouds.mmd2", "tinygan.metrics.line.js_1d", "std_ratio", "mmd2_spacing"])
def test_a_metric_that_is_left_out_is_noticed(name):
    assert undefined(re.sub(rf"(``)?\b{re.escape(name)}\b(``)?", "", read("metrics.rst"))) == [name]


# ---------------------------------------------------------------- the symbols


def test_the_symbols_of_the_notation_are_those_of_the_code():
    words = {word for path in (ROOT / "tinygan").rglob("*.py") for word in re.findall(r"\w+", text_of(path))}
    rows = re.findall(r"^   \* - (``.*)$", read("notation.rst"), flags=re.MULTILINE)
    symbols = [symbol for row in rows for symbol in re.findall(r"``(\w+)``", row)]
    assert len(symbols) > 40 and set(symbols) <= words


# ---------------------------------------------------------------- how we check: limits, tables, the example


def test_the_limits_are_those_of_the_code():
    page = flat(read("gradient_checks.rst"))
    assert f"h = {gradcheck.STEP:g} * max(1, |x|)" in page.replace("6e-6", "6e-06")
    for limit in (gradcheck.NORM_LIMIT, gradcheck.ABSOLUTE_LIMIT, gradcheck.RELATIVE_LIMIT):
        assert f"``{limit:.0e}``" in page
    shown = re.search(r"\\epsilon\^\{1/3\} = ([\d.]+)\\cdot10\^\{-6\}", page)[1]
    assert float(shown) == round(np.cbrt(np.finfo(float).eps) * 1e6, 2)


CHECKS = {  # the columns of the table
    "central": "test_backward_agrees_with_central_differences",
    "transpose": "test_backward_is_the_transpose_of_tangent",
    "tangent": "test_tangent_and_tangent_backward_are_the_derivatives_of_forward_and_backward",
    "Hessian": "test_the_hessian_is_symmetric",
    "tape": "test_two_forwards_before_one_backward test_the_tape_belongs_to_the_caller",
    "penalty": "test_penalty_is_exact",
    "PyTorch": "test_activations_and_both_derivatives test_convolutions_are_those_of_pytorch",
}


def cases(function):
    """The words in the names of all cases that a test is run on."""
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    ids = [mark.kwargs["ids"] for mark in marks if np.iterable(mark.kwargs.get("ids"))]
    names = [getattr(one, "__name__", str(one)) for many in [*ids, *(mark.args[1] for mark in marks)] for one in many]
    return set(re.findall(r"\w+", " ".join(names)))


def layers():
    """The names of all layers, room by room."""
    return [name.split(".")[-2] for name in mathematics()
            if re.match(r"tinygan\.engine\.(?!network).*\.backward$", name) and "Activation" not in name]


def table_of_checks():
    """A row for each layer: a star for each check that it is among the cases of."""
    rows, modules = [], (test_categories, test_layers, test_norm, test_conv, test_style, test_penalties, test_golden)
    for layer in layers():
        stars = ["\\*" if any(layer in cases(vars(module).get(check)) for check in checks.split() for module in modules) else ""
                 for checks in CHECKS.values()]
        rows.append(", ".join([layer, *stars]).rstrip(", "))
    return rows


def test_the_table_of_checks_is_what_the_tests_do():
    rows = table_of_checks()
    shown = re.search(r"\.\. csv-table:: Layers\n(?:   :.*\n)+\n((?:   .*\n)+)", read("gradient_checks.rst"))[1]
    assert [line.strip() for line in shown.splitlines()] == rows, "docs/gradient_checks.rst must hold:\n   " + "\n   ".join(rows)
    assert f":header: layer, {', '.join(CHECKS)}" in read("gradient_checks.rst")
    for check in " ".join(CHECKS.values()).split():
        assert f"``{check}``" in read("gradient_checks.rst")
    assert "Dense, \\*, \\*, \\*, \\*, \\*" in rows and "BatchNorm, \\*, , , , \\*" in rows


FAMILY_CHECKS = {  # the columns of the second table: what the names of the tests are made of
    "whole steps": "test_whole_steps$", "values": "test_values|both_players_see_the_same_label|losses_by_hand",
    "penalties": "penalt", "replicas and float32": "test_replicas_and_float32$", "PyTorch": "are_those_of_pytorch$",
    "replay": "test_training$", "mistakes": "test_the_mistake_is_caught$",
}


def table_of_the_family():
    """A row for each system: a star for each check that is among its tests."""
    rows = []
    for system in FAMILY.values():
        tests = functions_in(ROOT / "tests" / "zoo" / f"test_{system.__name__.lower()}.py")
        stars = ["\\*" if any(re.search(check, test) for test in tests) else "" for check in FAMILY_CHECKS.values()]
        rows.append(", ".join([system.__name__, *stars]).rstrip(", "))
    return rows


def test_the_table_of_the_family_is_what_its_tests_do():
    page, rows = read("gradient_checks.rst"), table_of_the_family()
    shown = re.search(r"\.\. csv-table:: The family\n(?:   :.*\n)+\n((?:   .*\n)+)", page)[1]
    assert [line.strip() for line in shown.splitlines()] == rows, "docs/gradient_checks.rst must hold:\n   " + "\n   ".join(rows)
    assert f":header: system, {', '.join(FAMILY_CHECKS)}" in page and all(f"*{check}*" in flat(page) for check in FAMILY_CHECKS)
    assert "Conditional, \\*, \\*, \\*, \\*, \\*, \\*, \\*" in rows


def test_the_tests_and_exhibits_that_the_page_names_are_there():
    page = read("gradient_checks.rst")
    names = re.findall(r"``(tests/\w+\.py)::(\w+)``", page)
    assert len(names) >= 4 and all(function in functions_in(ROOT / path) for path, function in names)
    source = text_of(ROOT / "tests" / "test_mutants.py")
    start, stop = re.search(r":start-at: (.*)\n\s+:end-before: (.*)", page).groups()
    assert source.count(start) == 1 and source.index(start) < source.index(stop)


def test_how_many_exhibits_are_wrong_in_a_part_and_how_many_in_the_whole():
    """The last rooms of the museum hold the bugs of composition; three pages say how many there are of each kind."""
    rooms = re.split(r"^([^\n]+)\n~~~+$", read("museum.rst"), flags=re.MULTILINE)
    counts = {title: len(re.findall(r"^:What one sees:", text, re.MULTILINE))
              for title, text in zip(rooms[1::2], rooms[2::2], strict=True)}
    whole = sum(count for title, count in counts.items() if title.startswith("Composition"))
    parts = sum(counts.values()) - whole
    assert len([title for title in counts if title.startswith("Composition")]) == 4
    for page in (ROOT / "README.md", DOCS / "gradient_checks.rst"):
        said = re.search(r"Of the (\d+) (?:real )?bugs in .*?, (\d+) are a wrong formula.*? In the other (\d+) each part",
                         flat(text_of(page)))
        assert tuple(map(int, said.groups())) == (parts + whole, parts, whole) == (30, 13, len(COMPOSITION))
    assert f"Of the {parts + whole} bugs in :doc:`museum`, {whole} are in the arrows" in flat(read("two_steps.rst"))
    assert f"In the first {parts} one formula, measure or layer is wrong" in flat(read("museum.rst"))
    assert f"with {whole} exhibits" in flat(read("museum.rst"))


def test_the_example_prints_what_the_page_says():
    page = read("gradient_checks.rst")
    code = inspect.cleandoc("\n" + re.search(r"returns one number, your gradient, and the point::\n\n(.*?)\n\n(?=\S)", page,
                                             flags=re.DOTALL)[1])
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "gradient_checks.rst", "exec"), {})
    shown = inspect.cleandoc("\n" + re.search(r"\.\. code-block:: text\n\n((?: .*\n)+)", page)[1])
    assert shown.strip() == inspect.cleandoc("\n" + said.getvalue()).strip(), f"the page must show:\n{said.getvalue()}"


# ---------------------------------------------------------------- how to add one's own, and the settings

LINES = 10  # of an object that one adds, its docstring not counted


def code_blocks(page):
    """The blocks of Python on a page."""
    return [inspect.cleandoc("\n" + block) for block in re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", page)]


def lines_of(block):
    """How many lines each class and function of a block has, without blank lines and docstrings: {name: lines}."""
    found = {}
    for part in ast.parse(block).body:
        if isinstance(part, ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(part, clean=False) or ""
            lines = [line for line in block.splitlines()[part.lineno - 1:part.end_lineno] if line.strip()]
            found[part.name] = len(lines) - (text.count("\n") + 1 if text else 0)
    return found


def printed_by(blocks):
    """What the blocks print, one after the other in one place."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        names = {}
        for i, block in enumerate(blocks):
            exec(compile(block, f"extend.rst, block {i}", "exec"), names)
    return said.getvalue()


def test_what_one_adds_is_ten_lines_passes_its_checks_and_trains(caplog):
    blocks = code_blocks(read("extend.rst"))
    added = {name: lines for block in blocks for name, lines in lines_of(block).items()}
    assert {"SquaredHinge", "Sine", "Gain", "SmoothGain", "AtMostOne", "SignOfMean", "g_first", "Spiral"} <= added.keys()
    assert {name: lines for name, lines in added.items() if lines > LINES} == {}
    *checks, columns = printed_by(blocks).splitlines()
    assert len(checks) == 4 and all(line.startswith("agrees: norm error ") for line in checks), checks
    assert columns == "('d_loss', 'g_loss', 'd_real', 'd_fake')"
    assert not caplog.records, "every step could be recorded and replayed"
    assert sum("train(" in block or "Training(" in block for block in blocks) == 6, "each of them is trained with"


@pytest.mark.parametrize("right, wrong", [
    ("-real / n, fake / n", "-real / n, -fake / n"), ("-short / s_fake", "short / s_fake"), ("-np.sin(tape)", "np.sin(tape)"),
    ("(dy_dot * tape + dy * tape_dot)", "(dy_dot * tape)"), ("2 * weight / n * over", "weight / n * over"),
])
def test_a_mistake_in_what_one_adds_is_seen_by_the_checks_on_the_page(right, wrong):
    page = read("extend.rst")
    assert page.count(right) == 1
    said = printed_by(code_blocks(page.replace(right, wrong)))
    assert said.count("DISAGREES") == 1
    if wrong == "np.sin(tape)":
        shown = inspect.cleandoc("\n" + re.search(r"\.\. code-block:: text\n\n((?: .*\n)+)", page)[1])
        assert shown.strip() in said, f"the page must show:\n{said}"


def test_a_replay_prints_what_its_page_says():
    page = read("replay.rst")
    shown = inspect.cleandoc("\n" + re.search(r"\.\. code-block:: text\n\n((?:   .*\n)+)", page)[1])
    said = printed_by(code_blocks(page))
    assert shown.strip() == said.strip() and "matmul" in said, f"the page must show:\n{said}"


def test_every_block_of_code_has_a_sentence_before_and_after_it():
    parts = re.split(r"\.\. code-block:: \w+\n\n(?:    .*\n|\n)+", read("extend.rst"))
    assert len(parts) > 15 and all(re.search(r"[.:]\s*$", part) and re.match(r"\S", part) for part in parts), parts


def test_the_page_of_settings_is_made_from_the_recipe(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    recipes = pytest.importorskip("recipes", reason="Sphinx is missing: pip install -e '.[docs]'")
    assert ".. recipe::" in read("settings.rst")
    made = "\n".join(recipes.tables())
    rows = dict(re.findall(r"   \* - ``(\w+)``\n     -(?: ``(.*)``)?\n", made))
    defaults = {name: "" if value is None else written(value) for name, value in DEFAULTS.values().items()}
    assert rows == defaults
    for table in made.split(".. list-table::")[1:]:  # in each group the order is that of the class
        names = re.findall(r"   \* - ``(\w+)``", table)
        assert names == sorted(names, key=list(NAMES).index)
    assert "{" not in made and "least-squares" in made and "big_grid" in made, "the names that a setting may take stand there"


def test_the_page_of_design_names_modules_that_are_there():
    part = read("design.rst").split("The modules\n-----------\n")[1].split("Decisions\n---------\n")[0]
    terms = re.findall(r"``([\w/]+)``", "\n".join(re.findall(r"^(``.*)\n    \S", part, flags=re.MULTILINE)))
    there = {path.relative_to(ROOT / "tinygan").with_suffix("").as_posix() for path in (ROOT / "tinygan").rglob("*")}
    assert len(terms) > 20 and not set(terms) - there


# ---------------------------------------------------------------- the paths, and where GANs stand


def columns(text):
    """The columns of the page of paths: {title: its steps}."""
    parts = re.split(r"\.\. rubric:: (.*)\n", text.partition("\nThe course, week by week\n")[0])
    return {title: [flat(step) for step in re.split(r"^ +#\. ", steps, flags=re.MULTILINE)[1:]]
            for title, steps in zip(parts[1::2], parts[2::2], strict=True)}


def path_faults(text):
    """What is wrong on the page of paths: a step without a link, minutes that are not so, exercises that are not there."""
    link = re.compile(r":(?:doc|ref|py:mod):`")
    found = [f"no link: {step}" for steps in columns(text).values() for step in steps if not link.search(step)]
    minutes = [int(re.match(r"(\d+) minutes", step)[1]) for step in columns(text)["I have an hour"]]
    known = {one.number for lesson in LESSONS for one in exercises_of(lesson)}
    time = {path.name[:2]: int(re.search(r"\*\*Time\*\* (\d+) minutes", text_of(path))[1])
            for path in (ROOT / "lessons").glob("[0-9]*.py")}
    found += [f"lesson {number} takes {time[number]} minutes" for step in columns(text)["I have an hour"]
              for said, number in re.findall(r"(\d+) minutes. Read :doc:`lesson (\d\d)", step) if int(said) != time[number]]
    for week in re.findall(r"\n       \d\n     - ([\d, and]+)", text):
        takes = sum(time[number] for number in re.findall(r"\d\d", week))
        found += [f"the lessons {week} take {takes} minutes"] if takes > 90 else []
    return (found + ([] if sum(minutes) == 60 else [f"{sum(minutes)} minutes"])
            + [f"no exercise {number}" for number in re.findall(r"\b(\d\d\.\d)\b", text) if number not in known])


def test_the_paths_have_links_minutes_and_exercises_that_are_there():
    page = read("paths.rst")
    assert len(columns(page)) == 4 and path_faults(page) == []
    weeks = [len(re.findall(rf"`Week {week} <week-{week}>`|\.\. _week-{week}:", page)) for week in range(1, 7)]
    assert weeks == [2] * 6, "each week of the column has its row in the table"


@pytest.mark.parametrize("old, new, fault", [
    ("(:doc:`start`)", "", "no link"), ("10 minutes", "20 minutes", "70 minutes"),
    ("     - 05 and 06;", "     - 05, 06 and 08;", "take 130 minutes"),
    ("10 minutes. Collapse", "10 minutes. Read :doc:`lesson 09` and collapse", "lesson 09 takes 40 minutes"),
    ("12.1 to 12.6", "12.1 to 12.9", "no exercise 12.9")])
def test_a_fault_of_the_paths_is_noticed(old, new, fault):
    found = path_faults(read("paths.rst").replace(old, new))
    assert len(found) == 1 and fault in found[0]


def test_the_page_on_today_says_how_new_it_is():
    page = read("today.rst")
    years = [int(label[-4:]) for label in papers(page)]
    rows = [int(year) for year in re.findall(r"^   \* - (\d{4})$", page, flags=re.MULTILINE)]
    assert f"The newest paper on it is of {max(years)}." in page and rows == sorted(rows) and max(rows) == max(years)


# ---------------------------------------------------------------- the papers

NAME, PLAIN = r"[A-Z][\w-]*[a-z][\w-]*", str.maketrans("øäé", "oae")
CITED = re.compile(rf"\b({NAME})(?:(?:,\s{NAME})*\s&\s({NAME})|\s+et\s+al\.)?,?\s\(?$")
TWO_AUTHORS = {("arjovsky2017", "Bottou"): "arjovsky_bottou2017"}  # where the first author wrote two papers in a year


def papers(text):
    """The papers cited in a text, as the labels of the bibliography: "Mescheder et al. (2018)" -> mescheder2018."""
    text = re.sub(r"\n *# ?", "\n", text)  # a citation may cross the lines of a comment
    for year in re.finditer(r"\b(?:19|20)\d\d\b(?!-)", text):
        authors = CITED.search(text[max(0, year.start() - 80):year.start()])
        if authors:
            label = authors[1].split("-")[0].lower().translate(PLAIN) + year[0]
            yield TWO_AUTHORS.get((label, authors[2]), label) if "," not in authors[0][:-3] else label


@functools.lru_cache(None)
def citing_files():
    """label -> the files of the package that cite the paper."""
    found = {}
    for path in sorted((ROOT / "tinygan").rglob("*.py")):
        for label in papers(text_of(path)):
            found.setdefault(label, set()).add(path.relative_to(ROOT).as_posix())
    return found


def entries():
    """label -> the text of its entry in the bibliography."""
    return dict(re.findall(r"^\.\. _(\w+):\n\n(.*?)(?=^\.\. _|\Z)", read("bibliography.rst"), flags=re.MULTILINE | re.DOTALL))


def test_every_paper_that_is_cited_is_in_the_bibliography():
    known = entries()
    others = [DOCS / f"{name}.rst" for name in ("museum", "gradient_checks", "extend", "design", "two_steps", "today", "results")]
    texts = [ROOT / "README.md", *PAGES, *others, *(ROOT / "tests").glob("*.py"),
             *(ROOT / "tinygan").rglob("*.py"), *(ROOT / "lessons").rglob("*.py")]
    missing = {label: path.name for path in texts for label in papers(text_of(path)) if label not in known}
    assert missing == {}
    links = {label for page in texts[1:-1] for label in re.findall(r"<(\w+\d{4})>`", text_of(page))}
    assert len(links) > 20 and links <= set(known)


def test_the_bibliography_says_where_each_paper_is_used():
    cited, known = citing_files(), entries()
    assert set(cited) <= set(known)
    for label, entry in known.items():
        files = ", ".join(f"``{file}``" for file in sorted(cited.get(label, ())))
        shown = re.search(r"Used in (.*?)\.$", flat(entry))
        assert (shown[1] if shown else "") == files, f"{label} must say: {'Used in ' + files if files else 'no file'}."
        name, authors = re.search(r"\*\*(.*?)\*\*\s+(.*?)\.\s\*", entry, flags=re.DOTALL).groups()
        assert list(papers(name)) == [label] and name.split()[0].replace("Yazici", "Yazıcı") in authors
        assert not re.match(r"\w\. ", authors), f"{label}: an initial opens a list, unless a backslash stands before it"


@pytest.mark.parametrize("text, labels", [
    ("(Mescheder, Geiger & Nowozin 2018, Which", ["mescheder2018"]), ("Lopez-Paz & Oquab (2017)", ["lopez2017"]),
    ("(PacGAN, Lin et al. 2018)", ["lin2018"]), ("Goodfellow et\n al. (2014), section 3", ["goodfellow2014"]),
    ("(Pearlmutter 1994)", ["pearlmutter1994"]), ("Mächler (2012); (Moré & Wild 2011)", ["machler2012", "more2011"]),
    ("Huang et al. 2024):", ["huang2024"]), ("# Arjovsky & Bottou\n# (2017), *Towards", ["arjovsky_bottou2017"]),
    ("# Arjovsky, Chintala & Bottou (2017)", ["arjovsky2017"]), ("# (Metz et\n    # al. 2017)", ["metz2017"]),
    ("SEEDS, 2000, 1", []), ("400 000 updates", []), ("of 10 000 samples", [])])
def test_how_papers_are_cited(text, labels):
    assert list(papers(text)) == labels
