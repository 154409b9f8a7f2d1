"""The exercises under pytest: how answers are found, what a wrong one prints, and the board at the end.

A folder with exercises has a conftest.py of one line, `from tinygan.exercises.plugin import pytest_addhooks`. Then

    pytest FOLDER                  grades every answer in its files exNN_*.py and museum_NN_*.py
    pytest FOLDER -m ex02          those of lesson 02;  -k dense_backward  one of them;  --sw  up to the first that is not right
    pytest FOLDER -m museum        the museum; an exhibit that nobody has touched is to do
    pytest FOLDER --hint           one more hint for the first exercise that is not solved
    pytest FOLDER --show           the library's answer to it, and where that stands; with all solved, those to all
    pytest FOLDER --solution       grades the library's own answers instead

With pytest-xdist, `-n 2` grades in two processes.
"""

import os
import sys
from pathlib import Path

import pytest

from . import FOLDER, exercises_of, loading
from .board import ROWS, Board, marker_of, shortened
from .grading import ToDo, Wrong, grade
from .limits import last_resort, leave
from .showing import shown

SKIPPED = {"to do": "-", "not read": "?"}  # what is neither right nor wrong, and its letter
OPTIONS = {"--hint": "show one more hint for the first exercise that is not solved",
           "--show": "show the library's answer to the first exercise that is not solved",
           "--solution": "grade the library's own answers instead of yours"}


def pytest_addhooks(pluginmanager):
    """Bring in everything else, once, however many folders have a conftest.py that asks for it."""
    if not pluginmanager.has_plugin(__name__):
        pluginmanager.register(sys.modules[__name__], __name__)


def pytest_addoption(parser):
    """--hint, --show and --solution."""
    group = parser.getgroup("tinygan exercises")
    for name, text in OPTIONS.items():
        group.addoption(name, action="store_true", help=text)


def pytest_configure(config):
    """A marker for each row of the board, and the board."""
    for marker, title in ROWS.items():
        config.addinivalue_line("markers", f"{marker}: exercises, {title}")
    config.pluginmanager.register(_Summary(config), "tinygan board")


def pytest_collect_file(file_path, parent):
    """Files of answers, known by their names."""
    if found := marker_of(file_path.name):
        return _File.from_parent(parent, path=file_path, marker=found[0], exhibit=found[1])
    return None


class _File(pytest.File):
    """A student's file with the answers of one lesson, or with one exhibit of the museum."""

    def __init__(self, *, marker, exhibit, **more):
        super().__init__(**more)
        self.marker, self.exhibit, self.loaded = marker, exhibit, None

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
            return self.path.read_bytes().splitlines() == shipped.read_bytes().splitlines()
        try:
            grade(exercise, exercise.mistakes[0].answer)
        except Wrong as same:
            return wrong.lines == same.lines

    def answers(self, stuck):
        """The student's module. Raises `Wrong` when it cannot be loaded, each time with the same words."""
        if self.loaded is None:
            try:
                self.loaded = loading.load(self.path, stuck)
            except Wrong as wrong:
                self.loaded = wrong
        if isinstance(self.loaded, Wrong):
            raise Wrong(*self.loaded.lines)
        return self.loaded


class _Item(pytest.Item):
    """One exercise, graded."""

    def __init__(self, *, exercise, **more):
        super().__init__(**more)
        self.exercise = exercise
        self.extra_keyword_matches.add(exercise.number)  # so that -k 02.1 finds it
        self.noted = None

    def runtest(self):
        self._note("wrong")
        if _wished(self.config, "--solution"):
            answer = self.exercise.solution
        else:
            answer = self._answer()
        try:
            with loading.inside(self.path.parent), self._last_resort():
                self._note("done", grade(self.exercise, answer, stuck=self._stuck))
        except ToDo:
            self._to_do()
        except Wrong as wrong:
            if self.parent.untouched(self.exercise, wrong):
                self._to_do()
            raise

    def _answer(self):
        """The student's function. Where its file cannot be read, the first of its exercises says why."""
        try:
            answers = self.parent.answers(self._stuck)
        except Wrong:
            if next(item for item in self.session.items if item.parent is self.parent) is not self:
                self._note("not read")
                pytest.skip("not read")
            raise
        if not hasattr(answers, self.exercise.name):
            raise Wrong(f"{self.path.name} has no function {self.exercise.name}", "a fresh copy of the file has it: "
                        "copy the exercises into another folder with  python -m tinygan exercises FOLDER")
        return getattr(answers, self.exercise.name)

    def _to_do(self):
        self._note("to do")
        if self.config.getoption("stepwise", False):
            self.session.shouldstop = f"next: {self.exercise.number} {self.exercise.name}"
        pytest.skip("to do")

    def _note(self, state, remarks=()):
        self.noted = str(self.path), self.exercise.number, state, list(remarks)

    def _last_resort(self):
        """Where not even the board can be shown any more."""
        summary, most = self.config.pluginmanager.get_plugin("tinygan board"), self.exercise.cases * self.exercise.seconds
        return last_resort(2 * most + 30, summary.stderr)

    def _stuck(self):
        """What is left when something cannot be interrupted: the board so far, and the end."""
        self.config.pluginmanager.get_plugin("tinygan board").end(self)
        leave(1)

    def repr_failure(self, excinfo, style=None):
        if not isinstance(excinfo.value, Wrong):
            return super().repr_failure(excinfo)
        again = f"again: pytest {shortened(self.path)}::{self.exercise.name}"
        return "\n".join([*excinfo.value.lines, again])  # pytest's header has the number and the name

    def reportinfo(self):
        return self.path, None, f"{self.exercise.number} {self.exercise.name}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What was noted travels with the report, also from another process."""
    outcome = yield
    if isinstance(item, _Item) and call.when == "call":
        outcome.get_result().tinygan = item.noted


def pytest_report_teststatus(report):
    """An exercise that nobody has touched is neither passed nor failed nor skipped."""
    skipped = report.skipped and isinstance(report.longrepr, tuple | list)
    reason = report.longrepr[2].removeprefix("Skipped: ") if skipped else ""
    return (reason, SKIPPED[reason], reason.upper()) if reason in SKIPPED else None


def _wished(config, option):
    """Whether an option was given; a conftest.py further below is read too late to know any."""
    return config.getoption(option, False)


class _Summary:
    """The board, filled from the reports, and what stands below it."""

    def __init__(self, config):
        self.config, self.board, self.stderr = config, Board(), os.dup(2)  # nothing is captured yet

    def pytest_unconfigure(self):
        """At the end."""
        os.close(self.stderr)

    def pytest_runtest_logreport(self, report):
        """A report, from this process or another."""
        if noted := getattr(report, "tinygan", None):
            self.board.note(*noted)

    def pytest_terminal_summary(self, terminalreporter, exitstatus):
        """The board: per lesson what is done, wrong and to do; then what to try next."""
        if not self.board.states:
            return
        library, cache = _wished(self.config, "--solution"), getattr(self.config, "cache", None)
        terminalreporter.section("the library's answers" if library else "your exercises")
        if cache and not library:
            memory = cache.get("tinygan/board", [])
            if self.config.getoption("stepwise", False):
                self.board.recall(memory)
            kept = {(path, number): state for path, number, state in [*memory, *self.board.memory()]}
            cache.set("tinygan/board", [[*key, state] for key, state in kept.items()])
        for line in self.lines(exitstatus):
            terminalreporter.write_line(str(line))

    def lines(self, exitstatus):
        """Everything below the title."""
        board, library = self.board, _wished(self.config, "--solution")
        yield from board.lines()
        if library:
            yield f"Graded were the library's own answers, from {shortened(Path(__file__).parent)}; yours were not looked at."
        for folder, number, remark in sorted(board.remarks):
            yield f"Note: {number} {remark}" + f" ({shortened(folder)})" * (len(board.folders()) > 1)
        unsolved = [one for folder in board.folders() if (one := board.unsolved(folder))]
        for one in unsolved:
            yield from self._next(one)
        if not unsolved:
            yield "All of these are solved." if exitstatus == 0 else "These are solved; the others were not looked at."
        elif not _wished(self.config, "--hint"):
            yield "A hint: add --hint. One at a time: add --sw."
        if _wished(self.config, "--show"):
            for exercise in dict.fromkeys([one.exercise for one in unsolved] or board.solved()):
                yield from shown(exercise)

    def _next(self, unsolved):
        path, exercise, state = unsolved
        yield f"Next: {exercise.number} {exercise.title}: {exercise.name} in {shortened(path)}"
        if exercise.number.startswith("M") and state == "to do":
            yield "Read its story, look for the bug, change something: then the check says what it sees."
        if _wished(self.config, "--hint"):
            for k, hint in enumerate(self._hints(path, exercise), start=1):
                yield f"  hint {k} of {len(exercise.hints)}: {hint}"

    def _hints(self, path, exercise):
        """One more than the last time."""
        cache = getattr(self.config, "cache", None)  # without it (-p no:cacheprovider) there is only ever the first hint
        key, seen = f"{path}::{exercise.number}", cache.get("tinygan/hints", {}) if cache else {}
        seen[key] = min(seen.get(key, 0) + 1, len(exercise.hints))
        if cache:
            cache.set("tinygan/hints", seen)
        return exercise.hints[:seen[key]]

    def end(self, item):
        """Say that an answer cannot be stopped, and show the board; in a process of pytest-xdist, nothing."""
        terminal, capture = map(self.config.pluginmanager.get_plugin, ("terminalreporter", "capturemanager"))
        if terminal is None:
            return
        if capture:
            capture.suspend_global_capture(in_=True)
        self.board.note(*item.noted)
        terminal.write_line(f"\n{item.exercise.number} {item.exercise.name} cannot be stopped, so everything ends here. Does an "
                            "`except:` in its loop catch all errors, or is there one call that takes for ever?")
        self.pytest_terminal_summary(terminal, 1)
        terminal.flush()
