"""Answers that run in a process of their own, which holds no truth and gives no marks.

    Answers(place, ...)         the process, for the answers of one student
    Far(exercise, path, ...)    one answer there, as `grading.grade` calls it

The process (`answering`) is given the number of an exercise and the state of a random generator. It sends back numbers. These are
judged here, where no line of a student's runs, and what arrives is only read (`wire`).
"""

import contextlib
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from .cases import parameters, results
from .grading import ToDo, Wrong
from .loading import SECONDS
from .wire import unpacked

PACKAGE = Path(__file__).parents[1]
START, GRACE = 60.0, 5.0  # seconds: to start Python, and to be late with a reply
FOREVER = 1e6  # seconds; the time limit is kept in the other process
FAULTS = 10  # how often the process may end by itself before the rest is given up
LINE, NOTES, LETTERS = 1 << 28, 50, 300  # letters of a reply, notes in it, letters of each
STUCK = 77  # the exit code when an answer cannot be stopped
# What answers get to see of the environment; there may be passwords in the rest.
KEPT = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH")
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
BEGIN = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tinygan.exercises.answering import main; main()"


class Failed(Exception):
    """There is no reply; `state` is what that means for the mark, `lines` say why."""

    def __init__(self, state, *lines):
        self.state, self.lines = state, lines
        super().__init__("\n".join(lines))


class Far:
    """An answer in another process. It sends the question there, and gives what comes back.

    Attributes
    ----------
    failed : "slow" or "error" when that is what became of it
    """

    def __init__(self, exercise, path, answers):
        self.original, self.path, self.answers, self.failed = exercise, path, answers, None
        self.state = self.names = None

    def exercise(self):
        """The exercise as `grade` must have it for this answer."""
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
                                     parameters=parameters(self.original, len(args)), wanted=results(self.original))
        except Failed as failed:
            self.failed = failed.state
            raise Wrong(*failed.lines) from None
        if reply["printed"]:
            print(reply["printed"])
        if "to do" in reply:
            raise ToDo
        if "wrong" in reply:
            self.failed = "slow" if reply["late"] else None
            raise Wrong(*(str(line)[:LETTERS] for line in reply["wrong"][:NOTES]))
        for i, array in reply["changed"].items():
            args[int(i)][...] = unpacked(array)
        return unpacked(reply["value"])


class Answers:
    """The process in which the answers of one student run. It is started when it is needed, and again after it has ended.

    Parameters
    ----------
    place : the folder with the student's files, a copy
    files : the paths of the answers in it
    rows : lessons ("02") and "museum": whose exercises these are
    deadline : the time (`time.monotonic()`) at which all of them must have come to an end
    memory : in bytes
    """

    def __init__(self, place, files, rows, deadline, memory):
        self.place, self.rows, self.deadline, self.memory = place, rows, deadline, memory
        self.places = list(dict.fromkeys(str(path.parent) for path in files))
        self.process, self.faults, self.loaded, self.bad, self._notes = None, 0, set(), {}, {}

    @property
    def notes(self):
        """What a teacher would want to know: sentences."""
        return list(self._notes)

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        if self.process and error is None:
            try:
                self._exchange(GRACE)
            except Failed as failed:
                if failed.state == "error":
                    self._notes.setdefault(f"at the end {failed}")
        self._end()

    def load(self, path):
        """Load a file of answers, unless it is there; what has failed once is not tried again. Raises `Failed`."""
        if path in self.bad:
            raise Failed(*self.bad[path])
        if self.process is None:
            self._start()
        if path in self.loaded:
            return
        try:
            reply = self._exchange(SECONDS, file=str(path))
        except Failed as failed:
            self.bad[path] = failed.state, f"{path.name}, while it is loaded: {failed.lines[0]}"
            raise Failed(*self.bad[path]) from None
        if "wrong" in reply:
            self.bad[path] = "slow" if reply["late"] else "error", *(str(line)[:LETTERS] for line in reply["wrong"][:NOTES])
            raise Failed(*self.bad[path])
        self.loaded.add(path)

    def ask(self, path, exercise, **question):
        """The reply to a question about an answer in the file `path`, which has been loaded. Raises `Failed`."""
        if path not in self.loaded:
            raise Failed("error", "its process has ended")
        return self._exchange(exercise.seconds, file=str(path), number=exercise.number, **question)

    def _start(self):
        """Start the process. Raises OSError where that is not possible."""
        self._left()
        if self.faults >= FAULTS:
            raise Failed("error", f"not judged: these answers have ended their process {FAULTS} times")
        here = os.getcwd()  # a file of that folder must not stand in for a module
        path = [str(PACKAGE.parent), *(place for place in map(os.path.abspath, sys.path) if place != here)]
        env = {name: os.environ[name] for name in KEPT if name in os.environ} | THREADS
        with tempfile.TemporaryFile() as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-X", "utf8", "-c", BEGIN, json.dumps(path)], cwd=self.place, env=env,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=os.name == "posix")
            self.replies = queue.Queue(maxsize=2)
            self.reader = threading.Thread(target=_pass_on, args=(self.process.stdout, self.replies), daemon=True)
            self.reader.start()
            try:
                self._exchange(START, folder=str(self.place), places=self.places, rows=self.rows, memory=self.memory,
                               limit=int(self._left() + 2 * GRACE))
            except Failed as failed:
                self._left()
                errors.seek(0)
                why = errors.read().decode(errors="replace").strip().splitlines()[-1:] or [str(failed)]
                raise OSError(f"the process for the answers cannot be started: {why[0]}") from None

    def _left(self):
        """How many seconds are left. Raises `Failed` when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Failed("slow", "not judged: the time for all answers together was over")
        return left

    def _exchange(self, seconds, **question):
        """Ask, and wait for the reply."""
        question |= {"id": secrets.token_hex(8), "seconds": min(seconds, self._left())}
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            line = self.replies.get(timeout=question["seconds"] + GRACE)
        except queue.Empty:
            self._end()
            raise Failed("slow", f"it is still running after {question['seconds']:.3g} seconds, and cannot be stopped") from None
        except OSError:  # nobody reads
            line = None
        if line is None:
            raise self._ended()
        return self._read(line, question["id"])

    def _read(self, line, key):
        """A line as a reply."""
        try:
            reply = json.loads(line)
            if reply["id"] != key:
                raise ValueError
            self._notes |= dict.fromkeys(str(note)[:LETTERS] for note in reply.get("notes", [])[:NOTES])
        except (ValueError, TypeError, KeyError, RecursionError):
            self._end()
            raise Failed("error", "something else than this program wrote to the channel of the replies") from None
        return reply

    def _ended(self):
        """The `Failed` that says how the process has ended."""
        try:
            code = self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._end()
            return Failed("error", "it closed the channel of the replies")
        self._end()
        if code == STUCK or hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU:
            return Failed("slow", "it is still running when its time is over, and cannot be stopped")
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        return Failed("error", f"it ended the process that it ran in ({how})")

    def _end(self):
        """End the process, and those that it has started."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended already
            if os.name == "posix":
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
        self.process.wait()
        late = time.monotonic() + 1
        while self.reader.is_alive() and time.monotonic() < late:  # longer if a process that has got away has the channel
            with contextlib.suppress(queue.Empty):
                self.replies.get(timeout=0.01)
        with contextlib.suppress(OSError):  # something that was written has not been read
            self.process.stdin.close()
        self.process, self.loaded, self.faults = None, set(), self.faults + 1


def _pass_on(stream, replies):
    """Put each line of a stream into a queue, and None at its end; close it."""
    with stream:
        for line in iter(lambda: stream.readline(LINE), b""):
            replies.put(line)
    replies.put(None)
