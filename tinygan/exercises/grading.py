"""How an answer is graded: called on a few random cases, compared with the truth, and told which mistake it is.

An exercise is a function that the student writes. For each case

    args   = exercise.case(rng)                  arguments of odd, unequal sizes
    truth  = exercise.truth(*args)               {name: array}, by finite differences or an identity, never by the answer itself
    result = exercise.observe(answer, *args)     {name: array}, what the answer gives, under the same names

and both are compared by `gradcheck.compare`, whose message is what the student reads. The mistakes that people make
with this exercise stand beside it as functions: a wrong result that equals one of theirs is named by its story.
"""

import contextlib
import inspect
import io
import math
import signal
import threading
import traceback
import types
from _thread import interrupt_main
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..engine import gradcheck

CASES = 5
PACKAGE = Path(__file__).parents[1]


class Mistake(NamedTuple):
    """A wrong answer that people give: what they did, in words, and the function that does it.

    `says` are words that the message must contain, where the general diagnosis names the cause before the story can.
    """

    story: str
    answer: Callable
    says: str = ""


class Exercise(NamedTuple):
    """An exercise and everything that grading it needs."""

    number: str  # "02.2": lesson and place in it
    name: str  # the function in the student's file
    title: str
    case: Callable  # rng -> arguments
    truth: Callable  # *args -> {name: array, Differences or Digits}
    solution: Callable  # the library's answer
    mistakes: tuple  # of Mistake
    hints: tuple  # of sentences, from a nudge to nearly all of it
    observe: Callable = None  # (answer, *args) -> {name: array}; by default what the answer returns, under truth's names
    constants: Callable = None  # *args -> {name: number}: constants that are easily forgotten, such as gamma
    batch: Callable = None  # *args -> N
    seconds: float = 5.0  # for all cases together; beyond that the answer loops for ever
    cases: int = CASES


class Differences(NamedTuple):
    """A gradient by central differences, which knows where it cannot be trusted."""

    gradient: np.ndarray
    value: float
    unsure: Callable


class Digits(NamedTuple):
    """An array of which the smallest entries must be right to as many digits as the largest (down to 1e-100)."""

    array: np.ndarray


class Wrong(Exception):
    """An answer is wrong; `lines` say how, the most helpful first."""

    def __init__(self, *lines):
        super().__init__("\n".join(lines))
        self.lines = lines


class ToDo(Exception):
    """An exercise has not been touched."""


def differences(f, x):
    """df/dx at x by central differences: what `truth` returns for a gradient."""
    return Differences(gradcheck.central(f, x), float(f(x.copy())), lambda index: gradcheck.on_kink(f, x, index))


def grade(exercise, answer, seeds=None):
    """Returns when the answer is right in every case; raises `Wrong` or `ToDo`. The same answer always gets the same message."""
    if not callable(answer):
        raise Wrong(f"{exercise.name} is a {type(answer).__name__}; it must be a function")
    printed = io.StringIO()
    seeds = range(exercise.cases) if seeds is None else seeds
    try:
        with contextlib.redirect_stdout(printed):
            for seed in seeds:
                _grade_case(exercise, answer, seed, exercise.seconds)
    except Wrong as wrong:
        said = printed.getvalue().strip()
        raise Wrong(*wrong.lines, *[f"it printed: {said[:60]!r}"] * bool(said)) from None
    if printed.getvalue():
        raise Wrong(f"the result is right, but {exercise.name} prints {printed.getvalue().strip()[:40]!r}",
                    "an answer only returns: remove the print")


def _grade_case(exercise, answer, seed, seconds):
    args = exercise.case(np.random.default_rng(seed))
    before = _arrays(args)
    truth = exercise.truth(*_copies(args))
    result = _call(exercise, answer, args, seconds, tuple(truth))
    for name, array in _arrays(args).items():
        if not np.array_equal(array, before[name], equal_nan=True):
            raise Wrong(f"{exercise.name} changes its argument {_parameter(exercise, name)}",
                        "an answer leaves its arguments as they are: avoid += and x[...] = on them, or work on a copy")
    where = f"case {seed}: " + ", ".join(_describe(exercise, args))
    _compare(exercise, answer, args, truth, result, where)


def _compare(exercise, answer, args, truth, result, where):
    right = []
    for name, wanted in truth.items():
        wanted, looks = _plain(wanted)
        for look in looks:
            with np.errstate(all="ignore"):
                outcome = gradcheck.compare(
                    result[name], wanted, name=name, **look, batch=exercise.batch and exercise.batch(*args),
                    constants=exercise.constants and exercise.constants(*args),
                    suspects=_suspects(exercise, args, tuple(truth), name))
            if not outcome.ok:
                break
        if not outcome.ok:
            fine = " and ".join(right)  # one name may stand for two: "more and fewer"
            also = [f"({fine} {'are' if ' and ' in fine else 'is'} right)"] * bool(right)
            why = [_hard_coded(exercise, answer)] if _hard_coded(exercise, answer) else outcome.why
            size = f"relative error {outcome.norm_error:.1e} (limit {gradcheck.NORM_LIMIT:.0e}); "
            raise Wrong(*why, *also, size * math.isfinite(outcome.norm_error) + where)
        right.append(name)


def _plain(truth):
    """A truth as a plain array, and in which ways `gradcheck.compare` must look at it, one after the other."""
    if isinstance(truth, Differences):
        return truth.gradient, [{"unsure": truth.unsure, "value": truth.value}]
    if isinstance(truth, Digits):  # first whether it is right at all, so that lost digits do not hide a wrong factor
        return truth.array, [{"unit": np.maximum(np.abs(truth.array), smallest)} for smallest in (1, 1e-100)]
    return np.asarray(truth, np.float64), [{}]


def _suspects(exercise, args, names, name):
    """{story: function that gives what the mistake would give}."""

    def outcome(mistake):
        try:
            with np.errstate(all="ignore"):
                return _observe(exercise, mistake.answer, _copies(args), names)[name]
        except (ValueError, TypeError, IndexError, KeyError, ArithmeticError, Wrong):  # it cannot be made with these shapes
            return None

    return {mistake.story: lambda mistake=mistake: outcome(mistake) for mistake in exercise.mistakes}


def _hard_coded(exercise, answer):
    """The sentence for an answer that gives the same whatever it is given; None for any other."""
    seen = []
    for seed in (0, 1):
        args = exercise.case(np.random.default_rng(seed))
        truth = exercise.truth(*_copies(args))
        seen.append((_call(exercise, answer, args, exercise.seconds, tuple(truth)), truth))
    (one, truth), (other, other_truth) = seen
    if any(_bytes(truth[name]) == _bytes(other_truth[name]) for name in truth):
        return None
    if all(_is_finite(one[name]) and _bytes(one[name]) == _bytes(other[name]) and np.any(one[name]) for name in truth):
        return f"{exercise.name} returns the same whatever it is given: the numbers of an example, written into the code?"
    return None


def _is_finite(value):
    """Whether it is made of finite numbers: NaN looks the same whatever it came from."""
    return np.asarray(value).dtype.kind in "biufc" and bool(np.isfinite(value).all())


def _bytes(value):
    value = np.asarray(value.gradient if isinstance(value, Differences) else value)
    return value.shape, value.tobytes()


def _call(exercise, answer, args, seconds, names):
    """What the answer gives, {name: anything}; what goes wrong on the way becomes `Wrong` or `ToDo`."""
    try:
        with _time_limit(seconds), np.errstate(all="ignore"):
            return _observe(exercise, answer, args, names)
    except NotImplementedError as error:
        if str(error).startswith("Exercise"):
            raise ToDo from None
        raise Wrong(*_error(error)) from None
    except TimeoutError:
        raise Wrong(f"{exercise.name} is still running after {seconds:g} seconds: does its loop come to an end?") from None
    except Wrong:
        raise
    except Exception as error:  # whatever the student's code raises is the student's to see
        raise Wrong(*_error(error)) from None


def _observe(exercise, answer, args, names):
    if exercise.observe is not None:
        return exercise.observe(answer, *args)
    result = answer(*args)
    if len(names) == 1:
        return {names[0]: result}
    if not isinstance(result, tuple) or len(result) != len(names):
        got = f"{len(result)} things" if isinstance(result, tuple) else f"one {type(result).__name__}"
        raise Wrong(f"{exercise.name} must return {', '.join(names)}; it returns {'nothing' if result is None else got}")
    return dict(zip(names, result, strict=True))


def _error(error):
    """An exception in the student's code, as two lines without a traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    # Of the lines on the way, the last one that is the student's: not this package's, not a library's.
    own = [f for f in frames if not Path(f.filename).is_relative_to(PACKAGE) and "site-packages" not in Path(f.filename).parts]
    place = f"{Path(own[-1].filename).name}, line {own[-1].lineno}: {own[-1].line}" if own else ""
    return f"it stops with {type(error).__name__}: {error}", place


@contextlib.contextmanager
def _time_limit(seconds):
    """Raises TimeoutError when the body runs longer; Python code in the main thread only, which is where pytest runs."""
    late = threading.Event()

    def stop():
        late.set()
        interrupt_main()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    # A process that was started in the background may ignore Ctrl-C, and then interrupt_main does nothing.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)


def _arrays(args):
    """{position: copy} of the arrays among the arguments."""
    return {i: arg.copy() for i, arg in enumerate(args) if isinstance(arg, np.ndarray)}


def _copies(args):
    """The arguments, fresh: they may be changed."""
    return [arg if isinstance(arg, types.FunctionType | type | str) or not hasattr(arg, "copy") else arg.copy() for arg in args]


def _describe(exercise, args):
    """The arrays among the arguments by their shapes, and the numbers by their values."""
    for i, arg in enumerate(args):
        if isinstance(arg, np.ndarray):
            yield f"{_parameter(exercise, i)} {arg.shape}"
        elif isinstance(arg, int | float):
            yield f"{_parameter(exercise, i)} = {arg:.4g}"


def _parameter(exercise, position):
    return list(inspect.signature(exercise.solution).parameters)[position]
