"""Marks for a class. Every student's answers run in a process of their own, and are judged in this one.

    rows_of(students)                 the lessons of which somebody has handed in something
    mark(student, folder, rows)       the marks of one student
    mark_class(students, rows, jobs)  those of many, as they become ready

`submission` says which files are taken, `isolation` runs them, and `grading.grade` judges what they give.
"""

import os
import secrets
import shutil
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ..engine.machine import processes
from . import LESSONS, exercises_of, suspicion
from .grading import ToDo, Wrong, grade
from .isolation import Answers, Failed, Far
from .submission import handed_in, untouched

STATES = ("done", "wrong", "to do", "slow", "error", "no file")
SECONDS, MEMORY = 120.0, 4 << 30  # for the answers of one student


class Mark(NamedTuple):
    """What became of one exercise: one of STATES, what the student should read, and how long it took."""

    state: str
    lines: tuple = ()
    seconds: float = 0.0


class Marks(NamedTuple):
    """The marks of a student."""

    student: str
    marks: dict  # number of an exercise -> Mark
    notes: tuple  # of sentences that the teacher should read
    likeness: dict  # row -> text that equals that of a copy, see `suspicion.likeness`
    seconds: float

    def count(self, state="done"):
        """How many exercises have the state."""
        return sum(mark.state == state for mark in self.marks.values())


def rows_of(students):
    """The lessons, and the museum, of which somebody has handed in something; all of them where nobody has."""
    seen = {"museum" if row.startswith("M") else row for _, folder in students for row in handed_in(folder).answers}
    return [row for row in (*LESSONS, "museum") if row in seen or not seen]


def mark_class(students, rows, jobs=2, seconds=SECONDS, memory=MEMORY):
    """Yield the Marks of each (name, folder), as they become ready; so many at a time."""
    from joblib import delayed

    within = Path(os.path.realpath(tempfile.gettempdir())) / f"tinygan-{secrets.token_hex(8)}"
    work = (delayed(_apart)(name, folder, rows, seconds, memory, within) for name, folder in students)
    try:
        with closing(processes(min(jobs, len(students)), work)) as finished:
            yield from finished
    finally:
        shutil.rmtree(within, ignore_errors=True)  # where a process had no time for it


def _apart(*arguments):
    """`mark`; a process that ends with the calling one takes what it has made with it."""
    try:
        return mark(*arguments)
    except SystemExit:
        with suppress(OSError):  # the last process can
            arguments[-1].rmdir()
        os._exit(1)  # nobody is there any more to hear of it


def mark(student, folder, rows, seconds=SECONDS, memory=MEMORY, within=None):
    """The Marks of one student.

    Parameters
    ----------
    student : the name
    folder : the student's; nothing in it is changed
    rows : lessons ("02") and "museum": which exercises are judged
    seconds : for all answers together
    memory : in bytes, for the process of the answers
    within : None, or a folder for what is only needed meanwhile, which is made if it does not exist
    """
    start, taken = time.monotonic(), handed_in(folder)
    notes = [*taken.notes, *(remark for path in taken.answers.values() for remark in suspicion.remarks(folder / path))]
    exercises = {exercise: _row(exercise) for row in rows for exercise in exercises_of(row)}
    with _place(within) as place:
        for path in {*taken.answers.values(), *taken.helpers}:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, place / path)
        with Answers(place, taken.answers.values(), rows, start + seconds, memory) as answers:
            marks = {exercise.number: _mark(exercise, taken.answers.get(row), answers) for exercise, row in exercises.items()}
        notes += answers.notes
        notes += _why(marks)
    likeness = {row: suspicion.likeness(folder / path) for row, path in taken.answers.items()}
    return Marks(student, marks, tuple(dict.fromkeys(notes)), likeness, time.monotonic() - start)


@contextmanager
def _place(within):
    """A folder that is there for a while."""
    if within:
        within.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tinygan-", dir=within, ignore_cleanup_errors=True) as place:
        yield Path(os.path.realpath(place))


def _row(exercise):
    """The row of `handed_in` that an exercise is in."""
    return exercise.number if exercise.number.startswith("M") else exercise.number[:2]


def _why(marks):
    """Why exercises have no mark, a sentence for each reason."""
    reasons = {}
    for number, mark in marks.items():
        if mark.state == "error":
            reasons.setdefault(mark.lines[0], []).append(number)
    return [f"{' to '.join(dict.fromkeys((numbers[0], numbers[-1])))}: {reason}" for reason, numbers in reasons.items()]


def _mark(exercise, path, answers):
    """The Mark for one exercise."""
    if path is None:
        return Mark("no file")
    if exercise.number.startswith("M") and untouched(answers.place / path):
        return Mark("to do")
    start, far = time.monotonic(), Far(exercise, path, answers)
    try:
        answers.load(path)
    except Failed as failed:
        return Mark(failed.state, failed.lines, time.monotonic() - start)
    try:
        state, lines = "done", grade(far.exercise(), far)
    except ToDo:
        state, lines = "to do", ()
    except Wrong as wrong:
        state, lines = far.failed or "wrong", wrong.lines
    except Exception as error:  # numbers that no exercise asks for, and that the comparison stumbles over
        state, lines = "error", (f"what {exercise.name} gives cannot be judged: {type(error).__name__}: {error}",)
    return Mark(state, tuple(lines), time.monotonic() - start)
