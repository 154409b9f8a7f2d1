"""Every number in the prose of a lesson stands in code beside it, or in an assertion, or on a short list with a reason.

A numeral is explained if its value, rounded as it is written there, is a number

    in the code of its own section, of the cell before or of the cell after,
    in any assertion of the lesson, or in the settings on top of it, or
    in a file of docs/results that its section names, itself or by the command that writes it, or
    in the function of tests/benchmarks/answers.py that runs this question or trial (q1 ... q3, t1 ..., or the text), or
    in prose that is explained, and repeated in the last cell.

What a question gives (all before its answer), years, numbers of sections and the like, formulas, 0, 1 and 2 need none. The others
stand in tests/golden/numbers_in_prose.txt with a reason. A new one that is not there fails, and so does one there that is gone.
"""

import ast
import functools
import operator
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from waiting import PATIENCE

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py"))
LIST = Path(__file__).parent / "golden" / "numbers_in_prose.txt"
ANSWERS = Path(__file__).parent / "benchmarks" / "answers.py"
in_turn = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)

ITEM = re.compile(r"[qt]\d")
STRUCTURAL = {0.0, 1.0, 2.0}
NAMED = (r"(?:lessons?|sections?|equations?|theorems?|propositions?|lemma|algorithm|issue|tables?|figures?|appendix|exercises?|"
         r"chapter|example)")
NOT_NUMBERS = re.compile("|".join((
    r":math:`[^`]*`", r"``[^`]*``", r"`[^`]*`_?_?",  # formulas, code, links
    rf"(?i:\b{NAMED})\s+\d[\d.]*(?:(?:,| and| to| or)\s+\d[\d.]*)*",  # section 4.1; lessons 02, 03 and 04
    r"\b(?:19|20)\d\d\b",  # years
    r"(?:\b2 )?\b(?:ln|log|root of) \d+", r"\b2 (?:JSD|KL)\b", r"\b\d+ x \d+(?: x \d+)*\b", r"\b1/2\b",  # formulas in words
    r"\*\*Time\*\* \d+ minutes", r"(?m:^) *\d\.(?= )")))  # the header, the numbers of a list
NUMERAL = re.compile(r"(?<![\w./^=])(-?\d{1,3}(?: \d{3})+|-?(?:\d+(?:\.\d+)?|\.\d+)(?:e-?\d+)?)(?![\w/^]|\.\d)( %)?")
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


class Numeral(NamedTuple):
    """A numeral in prose: where, as it is written there, and its cell. `place` is a heading, or the item: q1, t2."""

    place: str
    written: str
    cell: int


# ---------------------------------------------------------------- the prose


def cells_of(text):
    """[(prose, code)] of a lesson; the first prose is its docstring."""
    parts = re.split(r"(?m)^# %%.*\n", text)
    doc = ast.get_docstring(ast.parse(text)) or ""
    return [(doc, parts[0]), *((prose_of(part), part) for part in parts[1:])]


def prose_of(cell):
    """The comments of a cell that stand alone at its left edge, without `# `, and without formulas that stand alone."""
    prose = "\n".join(line[2:] for line in cell.splitlines() if line.startswith("#"))
    return re.sub(r"(?m)^( *)[.][.] math::.*\n(?:(?:\1 +.*)?(?:\n|\Z))*", "\n", prose)


def sections_of(prose, place):
    """[(place, text)]: a new place begins at a heading, and at each item behind "Questions:" and "To try:"."""
    found, lines = [(place, [])], prose.splitlines()
    kind = ""
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch(r"-{4,}", below) and line:
            found.append((line, []))
        elif line in ("Questions:", "To try:"):
            kind = {"Questions:": "q", "To try:": "t"}[line]
        elif kind and (item := re.match(r"(\d)\. ", line)):
            found.append((kind + item[1], []))
        found[-1][1].append(line)
    return [(place, "\n".join(lines)) for place, lines in found]


def places_of(cells):
    """The places that each cell has a part in, [(place, ...)]."""
    place, found = "top", []
    for prose, _ in cells:
        found.append([one for one, _ in sections_of(prose, place)])
        place = found[-1][-1]
    return found


def numerals_of(text):
    """The numerals in the prose of a lesson that need an explanation."""
    sections, found = [("top", "")], []
    for number, (prose, _) in enumerate(cells_of(text)):
        sections = sections_of(prose, sections[-1][0])
        for place, part in sections:
            if ITEM.fullmatch(place):
                part = part.partition(".. answer::")[2]
            for numeral in NUMERAL.finditer(NOT_NUMBERS.sub(" ", part)):
                if abs(value_of(numeral[0])[0]) not in STRUCTURAL:
                    found.append(Numeral(place, numeral[0], number))
    return found


def value_of(written):
    """A numeral's value and the half of its last place: "2.50 %" gives (2.5, 0.005), and "20 000" gives (20000, 0)."""
    bare = written.removesuffix(" %").replace(" ", "")
    mantissa, _, exponent = bare.partition("e")
    decimals = len(mantissa.partition(".")[2])
    half = 0.5 * 10.0 ** (int(exponent or 0) - decimals) if decimals or exponent else 0.0
    return float(bare), half


# ---------------------------------------------------------------- the code


def numbers_in(trees, settings):
    """The sizes of all numbers in code, and of all sums and products of numbers and settings."""
    found = set()
    for tree in trees:
        for node in ast.walk(tree):
            found |= {abs(value) for value in values(node, settings) if value is not None}
    return found


def values(node, settings):
    """What a piece of code can be, as far as it is arithmetic: both sides of `a if FAST else b`."""
    match node:
        case ast.Constant(value=bool()):
            return []
        case ast.Constant(value=int() | float()):
            return [float(node.value)]
        case ast.Name() if node.id in settings:
            return settings[node.id]
        case ast.IfExp():
            return values(node.body, settings) + values(node.orelse, settings)
        case ast.BinOp() if type(node.op) in OPERATIONS:
            pairs = [(a, b) for a in values(node.left, settings) for b in values(node.right, settings)]
            return [OPERATIONS[type(node.op)](a, b) for a, b in pairs if b or not isinstance(node.op, ast.Div)]
        case ast.Call(func=ast.Name(id="range")) if len(node.args) == 1:
            return values(node.args[0], settings)
        case ast.UnaryOp(op=ast.USub()):
            return [-value for value in values(node.operand, settings)]
    return []


def settings_of(tree):
    """{NAME: what it may be}, of the settings that are numbers."""
    settings = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            settings[node.targets[0].id] = values(node.value, settings)
    return settings


@functools.cache
def run_by_answers():
    """{"01.q2": the numbers in the function of answers.py that runs this item}"""
    tree = ast.parse(ANSWERS.read_text("utf-8"))
    return {call.args[0].value: numbers_in([node], {}) | numbers_written(node)
            for node in tree.body if isinstance(node, ast.FunctionDef)
            for call in node.decorator_list if isinstance(call, ast.Call) and call.func.id == "answers"}


def numbers_written(tree):
    """The numbers that stand in code as text, as in said(found, "2.66", "98.9 %")."""
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {abs(value_of(text)[0]) / (100 if text.endswith("%") else 1) for text in texts if NUMERAL.fullmatch(text)}


@functools.cache
def measured(prose):
    """The numbers in the files of results that a piece of prose names."""
    names = re.findall(r"docs/results/(\w+)\.txt", prose)
    names += [f"family_{name}" for name in re.findall(r"benchmarks/family\.py\s+(\w+)", prose)]
    texts = [(ROOT / "docs" / "results" / f"{name}.txt").read_text("utf-8") for name in names]
    return {abs(float(number)) for text in texts for number in re.findall(r"\d*\.?\d+(?:e-?\d+)?", text)}


def explains(number, written):
    """Whether a number of the code is the one in prose, as it is rounded there; 99 % may be 0.99 in the code."""
    value, half = value_of(written)
    shares = (1, 0.01) if written.endswith("%") else (1,)
    return any(abs(number / share - abs(value)) <= (half if share == 1 else max(half, 0.5)) * (1 + 1e-9) + 1e-9 * abs(value)
               for share in shares)


def item_of(lesson, place):
    """The name of an item in answers.py and in the list: "01.q2", and "01.text" for all that is no item."""
    return f"{lesson}.{place if ITEM.fullmatch(place) else 'text'}"


def unexplained(text, lesson="00", elsewhere=None):
    """{(place, numeral)} of those that no code explains."""
    cells, tree = cells_of(text), ast.parse(text)
    settings = settings_of(tree)
    always = numbers_in([node for node in ast.walk(tree) if isinstance(node, ast.Assert)], settings)
    always |= numbers_in([ast.parse(cells[0][1])], settings)
    beside = [numbers_in([ast.parse(code)], settings) for _, code in cells]
    found, explained, numerals = set(), set(), numerals_of(text)
    places = places_of(cells)
    for place, written, cell in numerals:
        same = [numbers | measured(prose) for numbers, places_there, (prose, _) in zip(beside, places, cells, strict=True)
                if place in places_there]
        known = always.union(*same, *beside[max(cell - 1, 0):cell + 2], (elsewhere or {}).get(item_of(lesson, place), ()))
        if any(explains(number, written) for number in known):
            explained.add(written)
        elif cell < len(cells) - 1 or written not in explained:  # the last cell repeats what was said before
            found.add((item_of(lesson, place)[3:], written))
    return found


# ---------------------------------------------------------------- the list


def listed(text):
    """{lesson: {(place, numeral): reason}} from lines such as `07 | t1 | 3.7, 5 % | the reason`."""
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            lesson, place, numerals, reason = (part.strip() for part in line.split(" | "))
            for written in numerals.split(", "):
                found.setdefault(lesson, {})[place, written] = reason
    return found


@in_turn
def test_every_number_in_prose_is_explained(lesson):
    number = lesson.stem[:2]
    found = unexplained(lesson.read_text("utf-8"), number, run_by_answers())
    known = listed(LIST.read_text("utf-8")).get(number, {})
    assert not found - set(known), f"{lesson.name}: assert these, or list them with a reason: {sorted(found - set(known))}"
    assert not set(known) - found, f"{lesson.name}: these are explained or gone, take them out: {sorted(set(known) - found)}"


# ---------------------------------------------------------------- the check itself

LESSON = '''"""
A title
=======

Of 360 images 180 are shown (Goodfellow et al. 2014, section 4.2), as in lessons 02 and 03.
"""

STEPS = 500 if FAST else 1000  # some

# %%
# Measured
# --------
# After 5000 steps 98.9 % are right, and :math:`x = 77`. The loss is 34.5, on 20 000 points.
found = run(10 * STEPS, n=20_000)
assert abs(found - 34.54) < 0.005 and found.share > 0.989

# %%
# Elsewhere
# ---------
# Nothing is here.

# %%
# What you saw
# ------------
# Again 98.9 % and 34.5, but 12.25 is new.
#
# To try:
#
# 1. Set ``STEPS`` to 33. How many?
#
#    .. answer::
#       It is 4.4, and the others have 0.37 to 0.39.
assert 1
'''
NEW = {("text", "180"), ("text", "360"), ("text", "12.25"), ("t1", "4.4"), ("t1", "0.37"), ("t1", "0.39")}


def test_numbers_without_code_are_found():
    assert unexplained(LESSON) == NEW


@pytest.mark.parametrize(("old", "new", "gone"), [
    ("FAST else 1000  # some", "FAST else 1000  # some\nALL = 360  # images", {("text", "360")}),
    ("34.54) < 0.005", "34.54) < 0.005 and STEPS < 180", {("text", "180")}),
    ("assert 1", "assert abs(twelve - 12.251) < 0.001", {("text", "12.25")}),
    ("assert 1", "assert abs(twelve - 12.24) < 0.001", set()),  # that is 12.24, as it is rounded there
    ("assert 1", "low, high = 0.37, -0.39", {("t1", "0.37"), ("t1", "0.39")})])
def test_code_beside_it_explains_a_number(old, new, gone):
    assert unexplained(LESSON.replace(old, new)) == NEW - gone


def test_a_number_is_asserted_no_more():
    assert unexplained(LESSON.replace("34.54", "35.54")) == NEW | {("text", "34.5")}
    assert unexplained(LESSON.replace("10 * STEPS", "STEPS")) == NEW | {("text", "5000")}


def test_an_answer_that_is_run_explains_its_numbers():
    assert unexplained(LESSON, "01", {"01.t1": {4.4, 0.3721}, "01.t2": {0.39}}) == NEW - {("t1", "4.4"), ("t1", "0.37")}


def test_what_answers_says_is_read():
    tree = ast.parse('said(found, "98.9 %", "-16", ".19", "20 000", "not 3", "q2")')
    assert sorted(numbers_written(tree)) == pytest.approx([0.19, 0.989, 16.0, 20000.0])


def test_the_list_is_read():
    assert listed("# a comment\n\n07 | t1 | 3.7, 5 % | because\n") == {"07": {("t1", "3.7"): "because", ("t1", "5 %"): "because"}}


def test_answers_name_items_that_exist():
    exist = {f"{lesson.stem[:2]}.{place}" for lesson in LESSONS for places in places_of(cells_of(lesson.read_text("utf-8")))
             for place in (*places, "text")}
    assert run_by_answers() and set(run_by_answers()) <= exist


def test_answers_change_what_is_in_the_lessons():
    """As far as it is written as plain text: what is replaced, and the heading up to which a lesson runs."""
    texts, looked_for = {lesson.stem[:2]: lesson.read_text("utf-8") for lesson in LESSONS}, []
    for call in ast.walk(ast.parse(ANSWERS.read_text("utf-8"))):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("lesson", "unchanged") and call.args:
            number = getattr(call.args[0], "value", None)
            replaced = [one.elts[0] for one in call.args if isinstance(one, ast.Tuple)]
            headings = [one.value for one in call.keywords if one.arg == "until"] + call.args[1:] * (call.func.id == "unchanged")
            looked_for += [(number, one.value) for one in replaced if isinstance(one, ast.Constant)]
            looked_for += [(number, f"# %%\n# {one.value}\n") for one in headings
                           if isinstance(one, ast.Constant) and one.value != "Stop"]
    known = [(number, text) for number, text in looked_for if number]
    assert len(known) > 40
    assert [(number, text) for number, text in known if text not in texts[number]] == []


@pytest.mark.slow
def test_answers_that_are_quick_to_run_are_right():
    quick = ("01.q2", "02.q2", "03.q2", "03.t3", "08.t3")
    done = subprocess.run([sys.executable, str(ANSWERS), *quick], capture_output=True, text=True, check=False, timeout=PATIENCE,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0 and done.stdout.count(": right (") == len(quick), done.stdout + done.stderr
