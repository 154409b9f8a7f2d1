"""Marks for a class: every student's answers run in a process of their own, and are judged in this one.

    mark(student, folder, numbers)       the marks of one student
    mark_class(students, numbers, jobs)  those of many, as they become ready

The process of the answers (`answering`) is given the number of an exercise and the state of a random generator. It sends back
numbers, and `grading.grade` judges them here, where no line of a student's runs.
"""

import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from . import LESSONS, exercises_of, suspicion
from .grading import ToDo, Wrong, grade
from .submission import handed_in, untouched
from .wire import unpacked

STATES = ("done", "wrong", "to do", "slow", "error", "no file")
SECONDS, MEMORY = 120.0, 4 << 30  # for the answers of one student
START, LOAD, GRACE = 60.0, 20.0, 5.0  # seconds: to start Python, to load a file, and to be late with a reply
LINE = 1 << 28  # characters of a reply
FAULTS = 3  # processes that may end by themselves before the rest is given up
KEPT = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH")  # what the environment of answers has of this one's; no password is among them
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
BEGIN = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tinygan.exercises.answering import main; main()"


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
    from joblib import Parallel, delayed

    work = (delayed(mark)(name, folder, rows, seconds, memory) for name, folder in students)
    with closing(Parallel(min(jobs, len(students)), return_as="generator_unordered")(work)) as finished:
        yield from finished


def mark(student, folder, rows, seconds=SECONDS, memory=MEMORY):
    """The Marks of one student.

    Parameters
    ----------
    student : the name
    folder : the student's; nothing in it is changed
    rows : lessons ("02") and "museum": which exercises are judged
    seconds : for all answers together
    memory : in bytes, for the process of the answers
    """
    start, taken = time.monotonic(), handed_in(folder)
    notes = [*taken.notes, *(remark for path in taken.answers.values() for remark in suspicion.remarks(folder / path))]
    exercises = {exercise: _row(exercise) for row in rows for exercise in exercises_of(row)}
    with tempfile.TemporaryDirectory(prefix="tinygan-", ignore_cleanup_errors=True) as place:
        place = Path(os.path.realpath(place))
        for path in {*taken.answers.values(), *taken.helpers}:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, place / path)
        with Answers(place, taken.answers, rows, start + seconds, memory) as answers:
            marks = {exercise.number: _mark(exercise, taken.answers.get(row), answers) for exercise, row in exercises.items()}
        notes += answers.notes
    likeness = {row: suspicion.likeness(folder / path) for row, path in taken.answers.items()}
    return Marks(student, marks, tuple(dict.fromkeys(notes)), likeness, time.monotonic() - start)


def _row(exercise):
    """The row of `handed_in` that an exercise is in."""
    return exercise.number if exercise.number.startswith("M") else exercise.number[:2]


def _mark(exercise, path, answers):
    """The Mark for one exercise."""
    if path is None:
        return Mark("no file")
    if exercise.number.startswith("M") and untouched(answers.folder / path):
        return Mark("to do")
    start, answers.failed = time.monotonic(), None
    far = Far(exercise, path, answers)
    try:
        lines = grade(far.exercise(), far)
    except ToDo:
        state, lines = "to do", ()
    except Wrong as wrong:
        state, lines = far.failed or "wrong", wrong.lines
    else:
        state, lines = "done", lines or ()
    return Mark(state, tuple(lines), time.monotonic() - start)


class Far:
    """An answer in another process, as `grade` calls it: it sends the question there, and gives what comes back."""

    def __init__(self, exercise, path, answers):
        self.original, self.path, self.answers, self.failed = exercise, path, answers, None
        self.state = self.names = None

    def exercise(self):
        """The exercise as `grade` must see it: with the time limit in the other process, and with its own observation there."""
        return self.original._replace(case=self._case, truth=self._truth, seconds=FOREVER,
                                      observe=self.original.observe and self._observe)

    def _case(self, rng):
        self.state = rng.bit_generator.state
        return self.original.case(rng)

    def _truth(self, *args):
        truth = self.original.truth(*args)
        self.names = list(truth)
        return truth

    def _observe(self, answer, *args):
        if getattr(answer, "answer", None) is not self:  # a mistake that the exercise knows
            return self.original.observe(answer, *args)
        return self._asked(args)

    def __call__(self, *args):
        outcome = tuple(self._asked(args).values())
        return outcome if len(outcome) > 1 else outcome[0]

    def _asked(self, args):
        """{name: what the answer gives}; raises `Wrong` or `ToDo`. The arguments become what the answer has made of them."""
        try:
            reply = self.answers.ask(self.path, self.original, state=self.state, names=self.names,
                                     parameters=parameters(self.original, len(args)), pattern=results(self.original))
            print(reply.get("printed", ""), end="")
            if "to do" in reply:
                raise ToDo
            if "wrong" in reply:
                self.failed = "slow" if reply["late"] else None
                raise Wrong(*map(str, reply["wrong"]))
            for i, array in reply["changed"].items():
                args[int(i)][...] = unpacked(array)
            return unpacked(reply["value"])
        except Failed as failed:
            self.failed = failed.state
            raise Wrong(*failed.lines) from None


class Failed(Exception):
    """There is no reply; `state` is what that means for the mark, `lines` say why."""

    def __init__(self, state, *lines):
        self.state, self.lines = state, lines
        super().__init__("\n".join(lines))


class Answers:
    """The process in which the answers of one student run. It is started when it is needed, and again after it has ended."""

    def __init__(self, place, files, rows, deadline, memory):
        self.place, self.rows, self.deadline, self.memory = place, rows, deadline, memory
        self.places = list(dict.fromkeys(str(path.parent) for path in files.values()))
        self.process, self.faults, self.said, self.bad, self.loaded = None, 0, {}, {}, set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            try:
                self._exchange(GRACE)
            except Failed as failed:
                self.said.setdefault(failed.lines[0])
        self._end()

    @property
    def notes(self):
        """What a teacher would want to know: sentences."""
        return list(self.said)

    def ask(self, path, exercise, **question):
        """The reply to a question about an answer in the file `path`. Raises `Failed`."""
        self._load(path)
        return self._exchange(exercise.seconds, file=str(path), number=exercise.number, **question)

    def _load(self, path):
        """Load a file of answers; what has failed once is not tried again."""
        if path in self.bad:
            raise Failed(*self.bad[path])
        if self.process is None:
            self._start()
        if path in self.loaded:
            return
        try:
            reply = self._exchange(LOAD, file=str(path))
        except Failed as failed:
            self.bad[path] = failed.state, f"{path.name}, while it is loaded: {failed.lines[0]}"
            raise Failed(*self.bad[path]) from None
        if "wrong" in reply:
            self.bad[path] = "slow" if reply["late"] else "error", *map(str, reply["wrong"])
            raise Failed(*self.bad[path])
        self.loaded.add(path)

    def _start(self):
        if self.faults >= FAULTS:
            raise Failed("error", f"not judged: the process with these answers has ended {FAULTS} times")
        path = [str(PACKAGE.parent), *(place for place in sys.path if place and Path(place) != Path.cwd())]
        own = {"start_new_session": True} if os.name == "posix" else {}
        env = {name: os.environ[name] for name in KEPT if name in os.environ} | THREADS
        command = [sys.executable, "-I", "-B", "-X", "utf8", "-c", BEGIN, json.dumps(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        cwd=self.place, env=env, **own)
        self.replies = queue.Queue(maxsize=1)
        threading.Thread(target=_read, args=(self.process.stdout, self.replies), daemon=True).start()
        left = max(1, self.deadline - time.monotonic())
        self._exchange(START, folder=str(self.place), places=self.places, rows=self.rows, memory=self.memory,
                       limit=int(left + GRACE + 1))

    def _exchange(self, seconds, **question):
        """Ask, and wait for the reply."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Failed("slow", "not judged: the time for all answers together was over")
        question |= {"id": secrets.token_hex(8), "seconds": min(seconds, left)}
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            line = self.replies.get(timeout=question["seconds"] + GRACE)
            reply = json.loads(line)
            assert reply["id"] == question["id"]
        except queue.Empty:
            ...
