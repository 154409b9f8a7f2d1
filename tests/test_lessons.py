"""Each lesson runs without a warning, keeps its form, and its assertions can fail."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from waiting import PATIENCE

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py"))
TERMS = (ROOT / "docs" / "glossary.rst").read_text(encoding="utf-8")
LONGEST_CELL = 15  # lines of code
LONGEST_RUN = 60  # seconds of computing, which the system counts; a lesson should take less than 30
QUICK = ("01", "05", "09")  # these run by default; all of them take minutes
in_turn = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def run(path, folder):
    """Run a lesson as the tests want it: short, without a window, with every warning an error."""
    environment = {**os.environ, "TINYGAN_FAST": "1", "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    limited = ["sh", "-c", 'ulimit -t "$0"; exec "$@"', str(LONGEST_RUN)]  # the system ends what computes for longer
    return subprocess.run([*limited, sys.executable, "-W", "error", str(path)], cwd=folder, env=environment, timeout=PATIENCE,
                          capture_output=True, text=True, check=False)


def form_problems(text):
    """What a lesson with this text lacks, as a list of sentences; empty when its form is right."""
    tree, problems = ast.parse(text), []
    title = (ast.get_docstring(tree) or "").splitlines()
    if len(title) < 4 or set(title[1]) != {"="} or len(title[1]) != len(title[0]) or "?" not in "".join(title):
        problems.append("begins with a docstring: a title, underlined with as many =, and the question")
    cells = re.split(r"^# %%.*\n", text, flags=re.MULTILINE)
    for number, cell in enumerate(cells[1:], start=1):
        lines = code_lines(cell)
        if len(lines) > LONGEST_CELL:
            problems.append(f"cell {number} has {len(lines)} lines of code, at most {LONGEST_CELL}: {lines[0]}")
        if not cell.startswith("# "):
            problems.append(f"cell {number} does not begin with a sentence: {cell[:40]!r}")
        problems += [f"cell {number}: {problem}" for problem in formula_problems(cell)]
        problems += [f"cell {number}: text behind the line under a heading: {line}"
                     for line in re.findall(r"(?m)^# -{4,} .+$", cell)]
    if not cells[-1].startswith("# What you saw\n# ------------\n"):
        problems.append('the last cell is not "What you saw"')
    if sum(isinstance(node, ast.Assert) for node in ast.walk(tree)) < 3:
        problems.append("has fewer than 3 assertions")
    return problems + constant_problems(tree, text.splitlines(), cells[0])


def formula_problems(cell):
    """Formulas that were lost from the prose of a cell, or will be printed as they are typed."""
    prose = "\n".join(line[2:] if line.startswith("#") else "<code>" for line in cell.rstrip().splitlines() if line) + "\n\n"
    prose = re.sub(r"(?m)^( *)[.][.] math::.*\n(?:(?:\1 +.*)?\n)*", r"\1.. a formula\n\n", prose)
    # Behind a colon and an empty line there comes a formula, a list or something indented; or code, without the empty line.
    lost = re.findall(r"(.{1,40}:)\n\n+(?![.][.] |[*] |\d+[.] |  )", prose)
    raw = re.findall(r"\\[a-zA-Z]+", re.sub(r":math:`[^`]*`|``[^`]*``", "", prose))
    return ([f"nothing comes behind the colon: {end}" for end in lost]
            + [f"TeX outside of a formula: {' '.join(raw)}"] * bool(raw))


def constant_problems(tree, lines, first_cell):
    """Constants (NAMES of at least two capitals) stand in the first cell, each with a comment: what happens if it changes."""
    problems = []
    constants = [node for node in tree.body if isinstance(node, ast.Assign) and names_constants(node)]
    if not constants:
        problems.append("has no constants on top")
    for node in constants:
        if node.lineno > first_cell.count("\n"):
            problems.append(f"line {node.lineno}: the constant does not stand on top: {lines[node.lineno - 1]}")
        if "  # " not in lines[node.end_lineno - 1]:
            problems.append(f"line {node.lineno}: no comment says what the constant does: {lines[node.lineno - 1]}")
    return problems


def names_constants(node):
    names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return bool(names) and all(re.fullmatch("[A-Z][A-Z0-9_]+", name) for name in names)


def code_lines(cell):
    """The lines of a cell that are neither blank nor comment."""
    return [line for line in cell.splitlines() if line.strip() and not line.strip().startswith("#")]


def with_negated(text, which):
    """The lesson with assertion number `which` (in the order of the lines) turned into its opposite."""
    tree = ast.parse(text)
    claims = sorted((node for node in ast.walk(tree) if isinstance(node, ast.Assert)), key=lambda node: node.lineno)
    claims[which].test = ast.UnaryOp(ast.Not(), claims[which].test)
    return ast.unparse(ast.fix_missing_locations(tree))


def test_there_are_lessons():
    assert LESSONS, "no lessons/NN_*.py were found"
    assert [path.stem[:2] for path in LESSONS] == sorted({path.stem[:2] for path in LESSONS}), "two lessons share a number"


def alone(lesson):
    """Run a lesson in an empty folder: its outcome, and what it left behind."""
    with tempfile.TemporaryDirectory() as folder:
        return run(lesson, folder), os.listdir(folder)


def begin(lessons):
    """Run the lessons one after the other beside everything else: {lesson: the future of what `alone` returns}."""
    beside = ThreadPoolExecutor(1)
    return {lesson: beside.submit(alone, lesson) for lesson in lessons}


@pytest.mark.parametrize("lesson", [pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem[:2] not in QUICK))
                                    for path in LESSONS])
def test_lesson_runs(lesson, request):
    begun = getattr(request.config, "lessons", {})  # in conftest.py
    done, left = begun[lesson].result() if begun else alone(lesson)
    assert done.returncode == 0, f"{lesson.name} failed:\n{done.stdout}{done.stderr}"
    assert not left, "a lesson must leave nothing behind"


@in_turn
def test_lesson_has_the_form(lesson):
    problems = form_problems(lesson.read_text(encoding="utf-8"))
    assert not problems, f"{lesson.name}:\n  " + "\n  ".join(problems)


@pytest.mark.parametrize("which", (0, -1), ids=("first", "last"))
def test_a_lesson_with_a_false_claim_fails(which, tmp_path):
    quick = next(path for path in LESSONS if path.name.startswith("02_"))
    copy = tmp_path / quick.name
    copy.write_text(with_negated(quick.read_text(encoding="utf-8"), which), encoding="utf-8")
    done = run(copy, tmp_path)
    assert done.returncode != 0 and "AssertionError" in done.stderr


class Counted(ast.NodeTransformer):
    """Behind each assertion a note that it was reached, and was true: its opposite would have stopped the lesson there."""

    def __init__(self):
        self.lines = []

    def visit_Assert(self, node):
        self.lines.append(node.lineno)
        return [node, ast.parse(f"import builtins; builtins.reached = {{*getattr(builtins, 'reached', ()), {node.lineno}}}").body]


def counted(text):
    """The lesson, made to print at its end the lines of the assertions that were reached; and the lines of all."""
    counter = Counted()
    tree = counter.visit(ast.parse(text))
    for node in ast.walk(tree):  # a note is two statements: flatten them into the block that they stand in
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                setattr(node, field, [one for item in block for one in (item if isinstance(item, list) else [item])])
    tree.body += ast.parse("import builtins; print('reached', *sorted(builtins.reached))").body
    return ast.unparse(ast.fix_missing_locations(tree)), counter.lines


@pytest.mark.slow
@in_turn
def test_every_claim_of_a_lesson_can_fail(lesson, tmp_path):
    """Each assertion is reached when the lesson runs, and is true there: its opposite would stop it."""
    text, lines = counted(lesson.read_text(encoding="utf-8"))
    copy = tmp_path / lesson.name
    copy.write_text(text, encoding="utf-8")
    done = run(copy, tmp_path)
    assert done.returncode == 0, done.stderr
    reached = set(map(int, done.stdout.splitlines()[-1].split()[1:]))
    assert reached == set(lines), f"{lesson.name}: the assertions in lines {sorted(set(lines) - reached)} were never reached"


def test_an_assertion_that_is_not_reached_is_noticed(tmp_path):
    text, lines = counted(GOOD.replace("assert STEPS > 2\n", "if STEPS > 5:\n    assert STEPS > 2\n"))
    (tmp_path / "good.py").write_text(text, encoding="utf-8")
    reached = set(map(int, run(tmp_path / "good.py", tmp_path).stdout.splitlines()[-1].split()[1:]))
    assert len(lines) == 3 and reached == set(lines[:2])


def test_a_lesson_that_computes_too_long_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "LONGEST_RUN", 1)
    (tmp_path / "endless.py").write_text("while True: pass\n")
    assert run(tmp_path / "endless.py", tmp_path).returncode < 0


def test_a_lesson_that_warns_fails(tmp_path):
    (tmp_path / "warns.py").write_text("import numpy as np\nnp.log(np.zeros(1))\n", encoding="utf-8")
    assert "RuntimeWarning" in run(tmp_path / "warns.py", tmp_path).stderr


# ---------------------------------------------------------------- it asks before it answers


ANSWER = r"\n\n *\.\. answer::\n +\S"


def prose():
    """The program that counts long sentences and colons."""
    spec = importlib.util.spec_from_file_location("prose", ROOT / "tests" / "benchmarks" / "prose.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def header_problems(text):
    """What is wrong with the three lines behind the question, in which a lesson says what it takes and what it is about."""
    header = re.search(r"\?\n\n\* \*\*Time\*\* \d+ minutes\.\n\* \*\*Before\*\* [^*]*\.\n\* \*\*Terms\*\* ([^*]*?)\.\n\n", text)
    if not header:
        return ["behind the question come three items, Time, Before and Terms, each with a full stop"]
    known = {word.strip() for entry in re.findall(r"(?m)^   (?! |:)(\S.*)$", TERMS) for word in re.split("[(),]", entry)}
    return [f"the glossary has no entry for {term!r}" for term in re.split(r",\s+", header[1]) if term not in known]


def items(text, title):
    """The items of the numbered list behind a title, with their answers."""
    part = re.search(rf"(?m)^{title}:\n\n((?:(?:\d\.|  ) .*\n|\n)+)", text)
    return re.split(r"(?m)^\d\. ", part[1])[1:] if part else []


def question_problems(text):
    """What a lesson lacks of its header, its predictions, its three questions, and the answers to them."""
    said = re.sub(r"(?m)^# ?", "", text)
    predictions = [said[found.start():] for found in re.finditer(r"(?m)^\*\*Predict\.\*\* ", said)]
    problems = header_problems(text)
    if len(predictions) < 3:
        problems.append(f"has {len(predictions)} questions to predict, at least 3")
    asked = re.compile(rf"(?:.+\n)*.*\?{ANSWER}")
    problems += [f"no question, or no answer: {one[:60]!r}" for one in predictions if not asked.match(one)]
    questions, trials = items(said, "Questions"), items(said, "To try")
    if [one.partition("*")[2].partition("*")[0] for one in questions] != ["On paper.", "Run it.", "Explain."]:
        problems.append('asks three questions behind "Questions:", *On paper.*, *Run it.* and *Explain.*')
    if not trials:
        problems.append('has nothing behind "To try:"')
    return problems + [f"no answer: {one[:60]!r}" for one in (*questions, *trials) if not re.search(ANSWER, one)]


@in_turn
def test_lesson_asks_before_it_answers(lesson):
    problems = question_problems(lesson.read_text(encoding="utf-8"))
    assert not problems, f"{lesson.name}:\n  " + "\n  ".join(problems)


@in_turn
def test_lesson_is_read_without_stopping(lesson):
    _, long, colons, words, twice = prose().counted([*prose().of_lesson(lesson)])
    assert not long and not twice, [*long, *twice]
    assert colons < 0.012 * words, f"{colons} colons in {words} words"


ASKS = '''"""
A title
=======

A question?

* **Time** 5 minutes.
* **Before** nothing.
* **Terms** score, tape.

An introduction.
"""
# %%
# **Predict.** One?
#
# .. answer::
#    Yes.
#
# **Predict.** Two?
#
# .. answer::
#    No.
#
# **Predict.** Three?
#
# .. answer::
#    No.

# %%
# Questions:
#
# 1. *On paper.* A?
#
#    .. answer::
#       A.
#
# 2. *Run it.* B?
#
#    .. answer::
#       B.
#
# 3. *Explain.* C?
#
#    .. answer::
#       C.
#
# To try:
#
# 1. D.
#
#    .. answer::
#       D.
'''


def test_a_lesson_that_asks_is_accepted():
    assert question_problems(ASKS) == []


@pytest.mark.parametrize(("old", "new", "message"), [
    ("5 minutes", "minutes", "three items"),
    ("tape.", "tapestry.", "no entry for 'tapestry'"),
    ("Predict.** Three", "Ask.** Three", "2 questions to predict"),
    ("Two?", "Two.", "no question, or no answer: '\\*\\*Predict.\\*\\* Two"),
    ("#\n# .. answer::\n#    Yes.\n", "", "no question, or no answer: '\\*\\*Predict.\\*\\* One"),
    ("*Explain.* C", "C", "asks three questions"),
    ("#       B.", "#", "no answer: '\\*Run it."),
    ("#\n#    .. answer::\n#       D.\n", "", "no answer: 'D."),
    ("To try:", "To do:", 'nothing behind "To try:"')])
def test_a_lesson_that_does_not_ask_is_refused(old, new, message):
    problems = question_problems(ASKS.replace(old, new))
    assert len(problems) == 1 and re.search(message, problems[0]), problems


GOOD = '''"""
A title
=======

A question?
"""

STEPS = 3  # fewer: the claim fails

# %%
# A sentence.
assert STEPS
assert STEPS > 1
assert STEPS > 2

# %%
# What you saw
# ------------
# Three.
'''

SPOILED = {
    "underlined": GOOD.replace("=======", "====="),
    "the question": GOOD.replace("A question?", "A statement."),
    "16 lines of code": GOOD.replace("assert STEPS\n", "assert STEPS\n" + "x = 1\n" * 13),
    "begin with a sentence": GOOD.replace("# A sentence.\n", ""),
    "What you saw": GOOD.replace("What you saw", "What I saw"),
    "fewer than 3": GOOD.replace("assert STEPS > 2\n", ""),
    "no constants": GOOD.replace("STEPS", "steps"),
    "not stand on top": GOOD.replace("assert STEPS\n", "assert STEPS\nBATCH = 2  # large\n"),
    "no comment": GOOD.replace("  # fewer: the claim fails", ""),
    "text behind the line under a heading: # ---- Three": GOOD.replace("# A sentence.\n", "# Four\n# ---- Three\n"),
    "nothing comes behind the colon: It says:": GOOD.replace("# A sentence.\n", "# It says:\n#\n#\n# A sentence.\n"),
    "nothing comes behind the colon: Three:": GOOD.replace("# Three.", "# Three:"),
    r"TeX outside of a formula: \frac": GOOD.replace("# A sentence.\n", "# A sentence.\n#\n#           \\frac{a}{b}\n"),
}


FORMULAS = r"""# A sentence with :math:`\frac{a}
# {b}`, and then:
#
# .. math:: a = \frac{b}{c}, \qquad
#           b = \frac{c}{d}.
#
# So it is. To try:
#
# 1. This, in code:
"""


def test_form_accepts_a_good_lesson():
    assert form_problems(GOOD) == []
    assert form_problems(GOOD.replace("# A sentence.\n", FORMULAS)) == []


@pytest.mark.parametrize("message", SPOILED)
def test_form_refuses(message):
    problems = form_problems(SPOILED[message])
    assert len(problems) == 1 and message in problems[0], problems
