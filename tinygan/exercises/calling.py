"""Calling a student's code. Whatever it does, it comes to an end, and what it did is said in a sentence.

    run(work, seconds, who)     what work() returns. An error, exit() and a loop without end become `Stopped`
    quiet()                     what is printed meanwhile is taken, and nothing can be typed in
    Mannered(answer, ...)       an answer, called by position or by name, with a list of results as the tuple that was meant

It knows nothing of exercises. `grading` calls answers with it, `loading` runs files of answers.
"""

import contextlib
import inspect
import io
import operator
import sys
import sysconfig
import threading
import traceback
import types
import warnings
from pathlib import Path

import numpy as np

from .limits import Watch, exits_raise, raise_in

PACKAGE = Path(__file__).parents[1]
PYTHON = Path(sysconfig.get_paths()["stdlib"])
KEPT = 1000  # characters of what is printed
LONGEST = 500  # characters of a line that the student reads


class Stopped(Exception):
    """What was called has not come to its end. `lines` say why, the most helpful first; `__cause__` is the error, if any."""

    def __init__(self, *lines):
        self.lines = tuple(_shortened(line) for line in lines if line)
        super().__init__("\n".join(self.lines))


def _shortened(line):
    line = line.replace("\n", " ")
    return line if len(line) <= LONGEST else line[:LONGEST] + " ..."


class _Asked(Exception):
    """Somebody waits for the keyboard."""


# ---------------------------------------------------------------- to the end


def run(work, seconds, who, it="it", stuck=None):
    """What `work()` returns, in at most so many seconds.

    Raises `Stopped` for whatever else happens: an error, exit() in any of its forms, a loop without end. A `Stopped` from within
    and the user's own Ctrl-C are passed on. Works in every thread. What catches all exceptions in a loop without end is
    interrupted again and again; after 100 times `stuck()` is called, in another thread.

    Parameters
    ----------
    work : a function without arguments
    seconds : the limit
    who, it : what the sentences call it: "{who} is still running", "{it} stops with ValueError"
    stuck : a function without arguments
    """
    before, watch = set(threading.enumerate()), Watch(seconds, stuck)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), exits_raise(), watch:
            warnings.simplefilter("ignore")
            return work()
    except Stopped:
        raise
    except BaseException as error:
        if watch.late:
            late = f"{who} is still running after {seconds:g} seconds: does its loop come to an end?"
            raise Stopped(late, place(error)) from None
        if watch.pressed:
            raise
        raise Stopped(_sentence(error, who, it), place(error), _advice(error)) from error
    finally:
        watch.close()  # once more, should an interruption have arrived while it closed
        for thread in set(threading.enumerate()) - before:
            if not thread.daemon:  # Python would wait for it before it ends
                raise_in(thread, SystemExit)


# ---------------------------------------------------------------- what others use as well

ENGINE = "tinygan.engine"
SHARED = ("builtins", "math", "numpy", "numpy.linalg", "numpy.random", "tinygan.gradients", "tinygan.losses",
          "tinygan.exercises.cases", "tinygan.exercises.grading", "tinygan.exercises.stories", ENGINE)


def shared():
    """{module: what stands in it}, of the modules that all answers and the grader use: those above and the engine."""
    named = [sys.modules[name] for name in SHARED if name in sys.modules]
    parts = [part for part in vars(sys.modules[ENGINE]).values() if isinstance(part, types.ModuleType)]
    return {module: dict(vars(module)) for module in (*named, *parts)}


def put_back(before):
    """Put back what was replaced in modules since `shared()`. Returns the names, such as "numpy.tanh"."""
    replaced = []
    for module, kept in before.items():
        now = vars(module)
        if not all(map(operator.is_, kept.values(), map(now.get, kept))):
            for name in [name for name, value in kept.items() if now.get(name, now) is not value]:
                now[name] = kept[name]
                replaced.append(f"{module.__name__}.{name}")
    return replaced


# ---------------------------------------------------------------- in words


def place(error):
    """Where it happened: the last line on the way that is the student's, not this package's or a library's; "" if none is."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_students(Path(frame.filename))]
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}: {own[-1].line}" if own else ""


def _is_students(file):
    libraries = file.is_relative_to(PACKAGE) or file.is_relative_to(PYTHON) or "site-packages" in file.parts
    compiled = file.suffix in {".pyx", ".pxd", ".pxi"}  # a library's, without its folder
    return not libraries and not compiled and not file.name.startswith("<frozen")


ADVICE = {  # what NumPy and Python say of some errors, and what to do
    "numpy boolean": "a mask is made of True and False: 1.0 * (x > 0) makes numbers of it",
    "truth value of an array": "`if`, `and`, max() and min() ask about one thing: for arrays there are np.where, & and "
                               "np.maximum",
    "'NoneType'": "something is None: what changes an array in place, such as x.sort(), returns nothing; np.sort(x) returns it",
}


def _advice(error):
    """What to do about an error that many meet; "" for any other."""
    known = [advice for words, advice in ADVICE.items() if isinstance(error, TypeError | ValueError) and words in str(error)]
    return known[0] if known else ""


def _sentence(error, who, it):
    if isinstance(error, SystemExit):
        return f"{who} ends the program, with exit(), quit() or sys.exit(): remove that, an answer only returns"
    if isinstance(error, _Asked):
        return f"{who} waits for the keyboard, with input(): an answer gets all that it needs as arguments"
    if isinstance(error, RecursionError):
        return f"{who} calls itself without end (RecursionError): when does it stop?"
    try:
        words = " ".join(str(error).split())
    except Exception:  # an exception of the student's own, which cannot say what it is
        words = ""
    return f"{it} stops with {type(error).__name__}" + f": {words}" * bool(words)


# ---------------------------------------------------------------- what is printed and typed


class _First(io.RawIOBase):
    """Keeps the beginning of what is written to it."""

    def __init__(self):
        super().__init__()
        self.kept = b""

    def writable(self):
        return True

    def write(self, data):
        self.kept += bytes(data[:max(0, KEPT - len(self.kept))])
        return len(data)


class Printed(io.TextIOWrapper):
    """A file that what is printed goes to; `text()` is the beginning of it."""

    def __init__(self):
        self.first = _First()
        super().__init__(io.BufferedWriter(self.first), "utf-8", errors="replace", write_through=True)

    def text(self):
        """What was printed, without the white space around it; no more than the first letters."""
        if not self.closed:
            self.flush()
        return self.first.kept.decode("utf-8", "replace").strip()


class _Nobody(io.TextIOBase):
    """A keyboard at which nobody sits."""

    def readline(self, *_):
        raise _Asked

    read = readlines = __next__ = readline


@contextlib.contextmanager
def quiet():
    """Yields a `Printed` that takes what is printed in the block. Errors are printed nowhere, and nobody types anything."""
    printed, typed = Printed(), sys.stdin
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(Printed()):
        sys.stdin = _Nobody()
        try:
            yield printed
        finally:
            sys.stdin = typed


# ---------------------------------------------------------------- called as it was written


class Mannered:
    """An answer as a function of positional arguments, however its parameters are declared, with a tuple for a list of results.

    Raises `Stopped` when the arguments do not fit, and for a result that no function should return.

    Parameters
    ----------
    answer : the student's function
    name : what the sentences call it
    parameters : the names of the arguments
    wanted : a function without arguments: how many results are wanted, and the number of axes that all of them have; -1 where
             they are of different shapes
    outputs : what the sentences call the results, "dx, dW, db"; by default their number
    """

    def __init__(self, answer, name, parameters, wanted, outputs=""):
        self.answer, self.name, self.parameters, self.wanted, self.outputs = answer, name, parameters, wanted, outputs
        self.inside = False  # whether the answer is at work; an error at any other time is not in its code
        try:
            self.signature = inspect.signature(answer)
        except (TypeError, ValueError):  # a function that is written in C
            self.signature = None

    def __call__(self, *args):
        args, named = self._bound(args)
        self.inside = True
        result = self.answer(*args, **named)
        self.inside = False
        if inspect.iscoroutine(result):
            result.close()
            raise Stopped(f"{self.name} is declared with `async def`, so a call returns no result: write `def`")
        if inspect.isgenerator(result):
            raise Stopped(f"{self.name} is a generator, since there is a `yield` in it: write `return`")
        return self._as_tuple(result)

    def _bound(self, args):
        """The arguments by position and by name."""
        if self.signature is None or _fits(self.signature, args, {}):
            return args, {}
        own = {name: one for name, one in self.signature.parameters.items() if one.kind is not inspect.Parameter.KEYWORD_ONLY
               or one.default is inspect.Parameter.empty or name in self.parameters}
        if len(own) == len(args):  # some of them by name only: their own names, or else in their order
            by_name = [name for name in own if own[name].kind is inspect.Parameter.KEYWORD_ONLY]
            names = self.parameters if set(by_name) <= set(self.parameters) and len(self.parameters) == len(args) else list(own)
            named = {name: arg for name, arg in zip(names, args, strict=True) if name in by_name}
            others = [arg for name, arg in zip(names, args, strict=True) if name not in by_name]
            if _fits(self.signature, others, named):
                return others, named
        wanted = ", ".join(self.parameters) if len(self.parameters) == len(args) else f"{len(args)} arguments"
        raise Stopped(f"{self.name} takes {self.signature}; it is called with ({wanted})",
                      "the parameters stay as they are in the file that you were given")

    def _as_tuple(self, result):
        """Where several results are wanted, a tuple of so many; a list or a stack of them becomes one."""
        several, axes = self.wanted()
        if several == 1:
            return result
        stacked = isinstance(result, np.ndarray) and result.ndim == axes + 1 > 0 and result.shape[0] == several
        if isinstance(result, list) or stacked:
            result = tuple(result)
        if isinstance(result, tuple) and len(result) == several:
            return result
        got = f"{len(result)} thing{'s' * (len(result) != 1)}" if isinstance(result, tuple) else f"one {type(result).__name__}"
        raise Stopped(f"{self.name} must return {self.outputs or f'{several} things'}; it returns "
                      f"{'nothing' if result is None else got}", "the docstring says what is returned, and in which order")


def _fits(signature, args, named):
    try:
        signature.bind(*args, **named)
    except TypeError:
        return False
    return True
