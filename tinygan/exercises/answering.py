"""The process in which the answers of one student run. It holds no truth, and it gives no marks.

`marking` starts it and asks, one line of JSON after the other:

    {"file"}                          load a file of answers       ->  {}
    {"file", "number", "state", ...}  call the answer of 02.2      ->  {"value", "changed"}: what it gives, and to its arguments
    {}                                the last question            ->  {}

"state" is that of the random Generator that the arguments are made from. Instead, a reply may have "wrong", the lines that say
why, or "to do". Each has the "id" of its question, "notes", what a teacher would want to know, and what was "printed".

Marks are given in the process that asks, which alone knows the truth. So an answer that changes the grader, ends the process or
writes to its channel gains nothing here.

What a student's code cannot see by itself: `tinygan.exercises`, from which only a `grade` that looks at nothing can be imported.
What it does to see or change more is noted. Python cannot prevent it. Only a container can.
"""

import contextlib
import json
import os
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np

from . import exercises_of
from .calling import Mannered, Stopped, quiet
from .cases import arrays
from .grading import Exercise, ToDo, Wrong, called
from .isolation import STUCK
from .loading import load
from .wire import packed

leave = os._exit  # before anybody replaces it

PACKAGE = Path(__file__).parents[1]
WRITTEN = 1 << 26  # bytes of a file that answers write
WATCHED = ("numpy", "tinygan", "math", "builtins", "json")  # modules in which nothing may be replaced
# Python tells of these. "near": only when a line of the student's asks for it itself, since libraries do it too.
EVENTS = {"sys._getframe": "near", "gc.get_objects": "near", "gc.get_referrers": "near", "gc.get_referents": "near",
          "sys.settrace": "near", "sys.setprofile": "near", "object.__getattr__": "near", "object.__setattr__": "near",
          "open": "far", "os.system": "far", "os.exec": "far", "os.fork": "far", "os.posix_spawn": "far", "os.kill": "far",
          "subprocess.Popen": "far", "socket.connect": "far", "socket.getaddrinfo": "far", "ctypes.dlopen": "far"}


class Notes:
    """What the student's code did that no answer needs, as sentences, each of them once."""

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
        place, mode = os.path.abspath(os.fsdecode(args[0])) if isinstance(args[0], str | bytes) else "", args[1] or ""
        program = place.endswith(".py") and not place.startswith((self.folder, sys.prefix, sys.base_prefix, str(PACKAGE)))
        if program or place.startswith((str(PACKAGE / "exercises"), "/proc")):
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
    _hide(notes, modules)
    before = _pieces(modules)
    _end_with_the_parent()
    _limit(setup["memory"], setup["limit"])
    sys.addaudithook(notes.hook)
    _send(replies, id=setup["id"])
    for line in questions:
        question = json.loads(line)
        reply = student.reply(question) if "file" in question else {}
        if "number" not in question:
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
        leave(1)

    threading.Thread(target=watch, daemon=True).start()


def _limit(memory, seconds):
    """Memory in bytes, seconds of computing, and the size of files, where the system can be told."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {"RLIMIT_AS": (memory, memory), "RLIMIT_CPU": (seconds, seconds + 5), "RLIMIT_FSIZE": (WRITTEN, WRITTEN),
              "RLIMIT_CORE": (0, 0)}
    for name, most in limits.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):  # a lower limit is there already
            resource.setrlimit(getattr(resource, name), most)


# ---------------------------------------------------------------- what cannot be seen, and what has changed


class Hidden(types.ModuleType):
    """In the place of tinygan.exercises: a module with a `grade` that looks at nothing. A file may end with `grade(answer)`."""

    __path__ = []

    def __init__(self, notes):
        super().__init__("tinygan.exercises", "Hidden while answers are graded.")
        self._notes = notes

    def grade(self, *_, **__):
        """True, so that `assert grade(answer)` lets the file be loaded."""
        return True

    def __getattr__(self, name):
        if not name.startswith("__"):
            self._notes.add(f"it looks for tinygan.exercises.{name}")
        raise AttributeError(f"tinygan.exercises.{name} is hidden while answers are graded")


class Seeker:
    """The first of Python's finders. It sees which modules are looked for, and finds none."""

    def __init__(self, notes):
        self._notes = notes

    def find_spec(self, name, *_):
        """None, always."""
        if name.startswith("tinygan.exercises."):
            self._notes.add(f"it looks for {name}")


def _hide(notes, modules):
    """Take the exercises out of sight, and their solutions out of the exercises."""
    for name, module in modules.items():
        if name.startswith("tinygan.exercises"):
            del sys.modules[name]
            for part, value in list(vars(module).items()):
                if isinstance(value, Exercise):
                    setattr(module, part, stripped(value))
                elif isinstance(value, tuple) and value and isinstance(value[0], Exercise):
                    setattr(module, part, tuple(map(stripped, value)))
    sys.modules["tinygan.exercises"] = sys.modules["tinygan"].exercises = Hidden(notes)
    sys.meta_path.insert(0, Seeker(notes))


def stripped(exercise):
    """An exercise without what an answer must not see."""
    return exercise._replace(truth=None, solution=None)


def _pieces(modules):
    """(place, name) -> what it is, for everything that an answer must leave as it is, the insides of classes included."""
    found = {}
    for name, module in modules.items():
        for part, value in list(vars(module).items()):
            found[name, part] = value, None
            if isinstance(value, types.FunctionType) and value.__module__ == name:
                found[name, part] = value, value.__code__
            elif isinstance(value, type) and value.__module__ == name and name.startswith("tinygan"):
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
        self.exercises = {exercise.number: stripped(exercise) for row in setup["rows"] for exercise in exercises_of(row)}
        sys.path[:0] = [str(self.folder / place) for place in setup["places"]]

    def reply(self, question):
        """What is said about one question."""
        start = time.monotonic()
        with quiet() as printed:
            try:
                reply = self._value(question) if "number" in question else self._loaded(question)
            except ToDo:
                reply = {"to do": True}
            except Stopped as stopped:
                reply = {"wrong": list(stopped.lines), "late": time.monotonic() - start >= question["seconds"]}
        return reply | {"printed": printed.text()}

    def _loaded(self, question):
        """{}, when the file of a question is there."""
        self.files[question["file"]] = load(self.folder / question["file"], _stuck)
        return {}

    def _value(self, question):
        """What the answer gives in one case, and which of its arguments it changed."""
        exercise = self.exercises[question["number"]]
        answer = self._function(exercise, question["file"])
        rng = np.random.default_rng()
        rng.bit_generator.state = question["state"]
        args = exercise.case(rng)
        before = arrays(args)
        names = question["names"]
        mannered = Mannered(answer, exercise.name, question["parameters"], lambda: question["wanted"],
                            "" if exercise.observe else ", ".join(names))
        value = called(exercise._replace(seconds=question["seconds"]), mannered, args, names, _stuck)
        changed = {i: packed(args[i]) for i, array in before.items() if not np.array_equal(args[i], array, equal_nan=True)}
        return {"value": packed(value), "changed": changed}

    def _function(self, exercise, file):
        """The student's function; a function of the package is none."""
        answer = getattr(self.files[file], exercise.name, None)
        if not callable(answer):
            there = "has no function" if answer is None else "has something else in the place of the function"
            raise Wrong(f"{Path(file).name} {there} {exercise.name}")
        home = getattr(answer, "__module__", None) or type(answer).__module__
        if home.split(".")[0] == "tinygan":
            owner = f"{home}.{getattr(answer, '__qualname__', type(answer).__qualname__)}"
            self.notes.add(f"{exercise.name} is {owner}, a function of the package")
            raise Wrong(f"{exercise.name} is {owner}, a function of the package: write it yourself")
        return answer


def _stuck():
    """An answer that catches every interruption can only be ended with the process."""
    leave(STUCK)
