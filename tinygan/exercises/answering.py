"""The process in which the answers of one student run. It holds no truth, and it gives no marks.

`marking` starts it and asks, one line of JSON after the other:

    {"id", "number": "02.2", "file": path, "state": of a random Generator}    ->  {"id", "value"}, what the answer gives, or
                                                                                  {"id", "wrong": lines} or {"id", "to do"}
    {"id", "number": None}                                                    ->  {"id"}; the last question

Each reply also has "notes", what a teacher would want to know, and "printed". Marks are given in the process that asks, which
alone knows the truth. So an answer that changes the grader, ends the process or writes to its channel gains nothing here.

What a student's code cannot see by itself: `tinygan.exercises`, from which only a `grade` that does nothing can be imported.
What it does to see or change more is noted. Python cannot prevent it: only a container can.
"""

import contextlib
import io
import json
import os
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np

from . import exercises_of, grading
from .loading import load
from .wire import packed

PACKAGE = Path(__file__).parents[1]
WRITTEN = 1 << 26  # bytes of a file that answers write
WATCHED = ("numpy", "tinygan", "math", "builtins", "json")  # modules in which nothing may be replaced
# Python tells of these. "near": only when a line of the student's asks for it itself, since libraries do it too.
EVENTS = {"sys._getframe": "near", "gc.get_objects": "near", "gc.get_referrers": "near", "gc.get_referents": "near",
          "sys.settrace": "near", "sys.setprofile": "near", "object.__getattr__": "near", "object.__setattr__": "near",
          "open": "far", "os.system": "far", "os.exec": "far", "os.fork": "far", "os.posix_spawn": "far", "os.kill": "far",
          "subprocess.Popen": "far", "socket.connect": "far", "socket.getaddrinfo": "far", "ctypes.dlopen": "far"}


class Notes:
    """What the student's code did that no answer needs: sentences, each of them once."""

    def __init__(self, folder):
        self.said, self.folder, self.busy = {}, str(folder), False

    def add(self, sentence):
        self.said.setdefault(sentence)

    def hook(self, event, args):
        """For `sys.addaudithook`."""
        how = EVENTS.get(event)
        if how is None or self.busy:
            return
        self.busy = True
        try:
            who = self._student(sys._getframe(1), how)
            if who and event == "open":
                self._opened(args, who)
            elif who:
                what = args[-1] if event.startswith("object.") and isinstance(args[-1], str) else event
                self.add(f"{who} uses {what}")
        finally:
            self.busy = False

    def _student(self, frame, how):
        """The student's line that is running, as "file.py, line 3"; None if what runs is the package's, or a library's."""
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(self.folder):
                return f"{Path(name).name}, line {frame.f_lineno}"
            if name.startswith(str(PACKAGE)) or how == "near" and not name.endswith("inspect.py") and not name.startswith("<"):
                return None
            frame = frame.f_back
        return None

    def _opened(self, args, who):
        path, mode = str(args[0]), args[1] or ""
        place = os.path.abspath(path)
        if place.startswith((str(PACKAGE / "exercises"), "/proc")):
            self.add(f"{who} opens {place}")
        elif set(mode) & set("wax+") and not place.startswith((self.folder, os.devnull)):
            self.add(f"{who} writes to {place}")


def main():
    """Answer the questions that arrive at stdin."""
    questions, replies = _channel()
    setup = json.loads(questions.readline())
    notes = Notes(setup["folder"])
    student = Student(setup, notes)
    modules = {name: module for name, module in sys.modules.items() if name.split(".")[0] in WATCHED}
    before = _pieces(modules)
    _hide(notes)
    _end_with_the_parent()
    _limit(setup["memory"], setup["seconds"])
    sys.addaudithook(notes.hook)
    _send(replies)
    for line in questions:
        question = json.loads(line)
        reply = {} if question["number"] is None else student.reply(question)
        if question["number"] is None or "loads" in reply:
            for name in _changed(before, modules):
                notes.add(f"it replaces {name}")
        _send(replies, id=question["id"], notes=list(notes.said), **reply)


def _channel():
    """What this process is asked and where it replies, out of the way of `input` and `print`."""
    questions, replies = (os.fdopen(os.dup(number), mode, encoding="utf-8") for number, mode in ((0, "r"), (1, "w")))
    for number in (0, 1):
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, number)
        os.close(nowhere)
    return questions, replies


def _send(replies, **reply):
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


def _end_with_the_parent():
    """An answer that loops for ever must not outlive the process that asks."""
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _limit(memory, seconds):
    """Memory in bytes, seconds of computing, and the size of files, where the system can be told."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {"RLIMIT_AS": memory, "RLIMIT_CPU": seconds, "RLIMIT_FSIZE": WRITTEN, "RLIMIT_CORE": 0}
    for name, most in limits.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):  # a lower limit is there already
            resource.setrlimit(getattr(resource, name), (most, most))


# ---------------------------------------------------------------- what cannot be seen, and what has changed


def _hide(notes):
    """In the place of tinygan.exercises, a module with a `grade` that does nothing: a file may end with `grade(answer)`."""
    for name in [name for name in sys.modules if name.startswith("tinygan.exercises")]:
        del sys.modules[name]
    instead = types.ModuleType("tinygan.exercises", "Hidden while answers are graded.")
    instead.__path__ = []
    instead.grade = lambda *_, **__: None

    def missing(name):
        if not name.startswith("__"):
            notes.add(f"it looks for tinygan.exercises.{name}")
        raise AttributeError(f"tinygan.exercises.{name} is hidden while answers are graded")

    instead.__getattr__ = missing
    sys.modules["tinygan.exercises"] = sys.modules["tinygan"].exercises = instead


def _pieces(modules):
    """(module, name) -> what it is, for everything that an answer must leave as it is, the insides of classes included."""
    found = {}
    for name, module in modules.items():
        for part, value in list(vars(module).items()):
            found[name, part] = value, getattr(value, "__code__", None)
            if isinstance(value, type) and value.__module__.startswith("tinygan"):
                found |= {(f"{name}.{part}", inner): (inside, getattr(inside, "__code__", None))
                          for inner, inside in list(vars(value).items())}
    return found


def _changed(before, modules):
    """The names of what has been replaced or changed since."""
    now = _pieces(modules)
    for key, (value, code) in before.items():
        new, new_code = now.get(key, (None, None))
        if (new is not value or new_code is not code) and not key[1].startswith("__"):
            yield ".".join(key)


# ---------------------------------------------------------------- questions and replies


class Student:
    """The answers, each file of them loaded when it is first asked for."""

    def __init__(self, setup, notes):
        self.folder, self.notes, self.files = Path(setup["folder"]), notes, {}
        self.exercises = {exercise.number: exercise._replace(truth=None, solution=None, mistakes=(), hints=())
                          for row in setup["rows"] for exercise in exercises_of(row)}
        sys.path[:0] = [str(self.folder / place) for place in setup["places"]]

    def reply(self, question):
        """What is said about one question; "loads" when a file had to be loaded for it."""
        printed, start, exercise = io.StringIO(), time.monotonic(), self.exercises[question["number"]]
        with contextlib.redirect_stdout(printed):
            reply = self._loaded(self.folder / question["file"])
            if "wrong" not in reply:
                try:
                    reply |= self._value(exercise, question)
                except grading.ToDo:
                    reply["to do"] = True
                except grading.Wrong as wrong:
                    reply |= {"wrong": list(wrong.lines), "late": time.monotonic() - start >= exercise.seconds}
        return reply | {"printed": printed.getvalue()[:1000]}

    def _loaded(self, path):
        """{} if the file is there; {"wrong": why not}."""
        reply = {}
        if path not in self.files:
            reply["loads"] = True
            try:
                self.files[path] = load(path)
            except grading.Wrong as wrong:
                self.files[path] = wrong
        if isinstance(self.files[path], grading.Wrong):
            reply |= {"wrong": list(self.files[path].lines), "error": True}
        return reply

    def _value(self, exercise, question):
        """What the answer gives in one case, and which of its arguments it changed."""
        answer = self._function(exercise, self.folder / question["file"])
        rng = np.random.default_rng()
        rng.bit_generator.state = question["state"]
        args = exercise.case(rng)
        before = grading._arrays(args)
        observe = exercise.observe or (lambda answer, *args: answer(*args))
        value = grading._call(exercise._replace(observe=observe), answer, args, exercise.seconds, ())
        changed = {i: packed(args[i]) for i, array in before.items() if not np.array_equal(args[i], array, equal_nan=True)}
        return {"value": packed(value), "changed": changed}

    def _function(self, exercise, path):
        """The student's function; a function of the package is none."""
        answer = getattr(self.files[path], exercise.name, None)
        if answer is None:
            raise grading.Wrong(f"{path.name} has no function {exercise.name}")
        if not callable(answer):
            raise grading.Wrong(f"{exercise.name} is a {type(answer).__name__}; it must be a function")
        home = getattr(answer, "__module__", None) or type(answer).__module__
        if home.split(".")[0] == "tinygan":
            name = getattr(answer, "__qualname__", type(answer).__qualname__)
            self.notes.add(f"{exercise.name} is the package's own function {home}.{name}")
            raise grading.Wrong(f"{exercise.name} is the package's own function {home}.{name}: write it yourself")
        return answer
