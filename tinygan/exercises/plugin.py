"""The exercises under pytest: how answers are found, what a wrong one prints, and the board at the end.

A folder with exercises has a conftest.py of one line, `from tinygan.exercises.plugin import pytest_addhooks`. Then

    pytest FOLDER                  grades every answer in its files exNN_*.py and museum_NN_*.py
    pytest FOLDER -m ex02          those of lesson 02;  -k dense_backward  one of them;  --sw  up to the first that is not right
    pytest FOLDER -m museum        the museum; an exhibit that nobody has touched is to do
    pytest FOLDER --hint           one more hint for the first exercise that is not solved
    pytest FOLDER --solution       grades the library's own answers instead
"""

import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from . import FOLDER, LESSONS, MUSEUM, exercises_of
from .grading import ToDo, Wrong, grade

# The rows of the board: marker -> title.
ROWS = {**{f"ex{lesson}": f"{lesson} {title}" for lesson, title in LESSONS.items()}, "museum": MUSEUM}


def pytest_addhooks(pluginmanager):
    """Bring in everything else, once, however many folders have a conftest.py that asks for it."""
    if not pluginmanager.has_plugin(__name__):
        pluginmanager.register(sys.modules[__name__], __name__)


def pytest_addoption(parser):
    """--hint and --solution."""
    group = parser.getgroup("tinygan exercises")
    group.addoption("--hint", action="store_true", help="show one more hint for the first exercise that is not solved")
    group.addoption("--solution", action="store_true", help="grade the library's own answers instead of yours")


def pytest_configure(config):
    """A marker for each row of the board, and the board."""
    for marker, title in ROWS.items():
        config.addinivalue_line("markers", f"{marker}: exercises, {title}")
    config.tinygan_board = {}


def pytest_collect_file(file_path, parent):
    """Files of answers, known by their names."""
    name = re.fullmatch(r"(?:(ex\d\d)|museum_(\d\d))_\w+\.py", file_path.name)
    if name and (name[2] or name[1] in ROWS):
        return _File.from_parent(parent, path=file_path, marker=name[1] or "museum", exhibit=name[2])
    return None


class _File(pytest.File):
    """A student's file with the answers of one lesson, or with one exhibit of the museum."""

    def __init__(self, *, marker, exhibit, **more):
        super().__init__(**more)
        self.marker, self.exhibit = marker, exhibit

    def collect(self):
        for exercise in exercises_of(self.marker.removeprefix("ex")):
            if self.exhibit is None or exercise.number == f"M.{self.exhibit}":
                item = _Item.from_parent(self, name=exercise.name, exercise=exercise)
                item.add_marker(self.marker)
                yield item

    def untouched(self, exercise, wrong):
        """Whether an exhibit is still as it was shipped; in place, whether it still fails in the same way."""
        shipped = FOLDER / "museum" / self.path.name
        if self.exhibit is None:
            return False
        if shipped.is_file() and not shipped.samefile(self.path):
            return self.path.read_text("utf-8") == shipped.read_text("utf-8")
        try:
            grade(exercise, exercise.mistakes[0].answer)
        except Wrong as same:
            return wrong.lines == same.lines

    def answers(self):
        """The student's module; what keeps it from loading is the student's to see, in one line."""
        if not hasattr(self, "_module"):
            spec = importlib.util.spec_from_file_location(self.path.stem, self.path)
            module = importlib.util.module_from_spec(spec)
            try:
                spec.loader.exec_module(module)
            except SyntaxError as error:
                raise Wrong(f"{self.path.name}, line {error.lineno}: Python cannot read this: {error.msg}",
                            f"    {(error.text or '').strip()}") from None
            except Exception as error:
                raise Wrong(f"{self.path.name} stops while it is loaded, with {type(error).__name__}: {error}") from None
            self._module = module
        return self._module


class _Item(pytest.Item):
    """One exercise, graded."""

    def __init__(self, *, exercise, **more):
        super().__init__(**more)
        self.exercise = exercise
        self.extra_keyword_matches.add(exercise.number)  # so that -k 02.1 finds it

    def runtest(self):
        try:
            grade(self.exercise, self._answer())
        except ToDo:
            self._to_do()
        except Wrong as wrong:
            if self.parent.untouched(self.exercise, wrong):
                self._to_do()
            self._note("wrong")
            raise
        self._note("done")

    def _to_do(self):
        self._note("to do")
        if self.config.getoption("stepwise", False):
            self.session.shouldstop = f"next: {self.exercise.number} {self.exercise.name}"
        pytest.skip("to do")

    def _note(self, state):
        self.config.tinygan_board[self.exercise.number] = (state, self)

    def _answer(self):
        if self.config.getoption("--solution"):
            return self.exercise.solution
        answers = self.parent.answers()
        if not hasattr(answers, self.exercise.name):
            raise Wrong(f"{self.path.name} has no function {self.exercise.name}", "a fresh copy of the file has it: "
                        "copy the exercises into another folder with  python -m tinygan exercises FOLDER")
        return getattr(answers, self.exercise.name)

    def repr_failure(self, excinfo, style=None):
        if not isinstance(excinfo.value, Wrong):
            return super().repr_failure(excinfo)
        again = f"again: pytest {_short(self.path)}::{self.exercise.name}"
        return "\n".join([*excinfo.value.lines, again])  # pytest's header has the number and the name

    def reportinfo(self):
        return self.path, None, f"{self.exercise.number} {self.exercise.name}"


def pytest_report_teststatus(report):
    """An exercise that nobody has touched is neither passed nor failed nor skipped."""
    if report.skipped and isinstance(report.longrepr, tuple) and report.longrepr[2] == "Skipped: to do":
        return "to do", "-", "TO DO"
    return None


def pytest_terminal_summary(terminalreporter, config):
    """The board: per lesson what is done, wrong and to do; then what to try next."""
    board = config.tinygan_board
    if not board:
        return
    write = terminalreporter.write_line
    terminalreporter.section("your exercises" if not config.getoption("--solution") else "the library's answers")
    for marker, title in ROWS.items():
        count = Counter(state for state, item in board.values() if item.parent.marker == marker)
        if count:
            bar = "#" * count["done"] + "x" * count["wrong"] + "." * count["to do"]
            write(f"{title:<36} {bar:<8} {count['done']} done, {count['wrong']} wrong, {count['to do']} to do")
    unsolved = [(number, item) for number, (state, item) in sorted(board.items()) if state != "done"]
    if not unsolved:
        write("All of these are solved.")
        return
    number, item = unsolved[0]
    write(f"Next: {number} {item.exercise.title}: {item.exercise.name} in {_short(item.path)}")
    if item.parent.exhibit and board[number][0] == "to do":
        write("Read its story, look for the bug, change something: then the check says what it sees.")
    if config.getoption("--hint"):
        cache = getattr(config, "cache", None)  # without it (-p no:cacheprovider) there is only ever the first hint
        shown = cache.get("tinygan/hints", {}) if cache else {}
        shown[number] = min(shown.get(number, 0) + 1, len(item.exercise.hints))
        if cache:
            cache.set("tinygan/hints", shown)
        for k, hint in enumerate(item.exercise.hints[:shown[number]], start=1):
            write(f"  hint {k} of {len(item.exercise.hints)}: {hint}")
    else:
        write("A hint: add --hint. One at a time: add --sw.")


def _short(path):
    try:
        return Path(path).relative_to(Path.cwd())
    except ValueError:
        return path
