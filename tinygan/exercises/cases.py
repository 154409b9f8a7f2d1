"""One case of an exercise: its arguments, the truth about them, and what an answer gave, output by output."""

import functools
import inspect
import types

import numpy as np

from ..engine import gradcheck
from .calling import Stopped

DIGITS = {"float32": (7, 1e-4), "float16": (3, 1e-1)}  # how many are kept, and what is a small error then
NEAR = 1e-6  # two arrays are the same within this share of their size
LEAST = 3  # cases, to say something of a single number; also the entries, to say something of an array
UNKNOWN = (ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError, Stopped)


class _Wrong(Exception):
    """An entry is wrong, and on no kink."""


class Question:
    """What is asked in one case: nothing of any answer, so that many answers can be graded with it.

    Attributes
    ----------
    exercise, seed : where it comes from
    args, truth : the arguments, and {name: what ought to come out}
    looks : {name: the truth as an array, and in which ways it must be compared}; see the function `looks`
    """

    def __init__(self, exercise, seed):
        self.exercise, self.seed, self.args = exercise, seed, exercise.case(np.random.default_rng(seed))
        self.truth = exercise.truth(*copies(self.args))
        self.looks = {name: looks(wanted) for name, wanted in self.truth.items()}
        self._made = {}

    def given(self):
        """The arguments as an answer gets them: it may change them, and keep them."""
        return self.exercise.case(np.random.default_rng(self.seed))

    def of(self, mistake):
        """{name: what a mistake gives}; None where it cannot be made in this case."""
        if mistake not in self._made:
            try:
                with np.errstate(all="ignore"):
                    self._made[mistake] = observe(self.exercise, mistake.answer, copies(self.args), tuple(self.truth))
            except UNKNOWN:
                self._made[mistake] = None
        return self._made[mistake]


question = functools.lru_cache(maxsize=1000)(Question)  # there are fewer; the truth about some takes a second


class Case:
    """An answer in one case.

    Attributes
    ----------
    exercise, seed, args, truth : what was asked; see `Question`
    of : a mistake -> {name: what it gives}
    result : {name: what came out}
    right, wrong : the names of the outputs
    """

    def __init__(self, asked, result):
        self.exercise, self.seed, self.args, self.truth = asked.exercise, asked.seed, asked.args, asked.truth
        self.of, self._looks, self.result = asked.of, asked.looks, result
        self.right = [name for name in self.truth if self.agrees(name, result[name])]
        self.wrong = [name for name in self.truth if name not in self.right]

    def __str__(self):
        return f"case {self.seed}: " + ", ".join(_described(self.exercise, self.args))

    def expected(self, name):
        """The truth about an output, as an array."""
        return self._looks[name][0]

    def outcome(self, name, value, **clues):
        """The `gradcheck.Check` of a value that is given for an output."""
        exercise, (wanted, ways) = self.exercise, self._looks[name]
        clues |= {"batch": exercise.batch and exercise.batch(*self.args),
                  "constants": exercise.constants and exercise.constants(*self.args)}
        for way in ways:
            with np.errstate(all="ignore"):
                outcome = gradcheck.compare(as_float64(value), wanted, name=name, **way, **clues)
            if not outcome.ok:
                break
        return outcome

    def agrees(self, name, value):
        """Whether a value is right for an output. Quicker than `outcome`. It stops at the first entry that nothing excuses."""
        wanted, ways = self._looks[name]
        unsure = ways[0].get("unsure")
        if unsure is None:
            return self.outcome(name, value).ok
        got = as_float64(value)

        def excused(index):
            interval = unsure(index)
            if not interval or isinstance(interval, tuple) and not interval[0] <= got[index] <= interval[1]:
                raise _Wrong
            return interval

        try:
            with np.errstate(all="ignore"):
                return gradcheck.compare(got, wanted, name=name, **ways[0] | {"unsure": excused}).ok
        except _Wrong:
            return False


def observe(exercise, answer, args, names):
    """{name: what an answer gives}. Raises ValueError when it does not give so many things."""
    if exercise.observe is not None:
        return exercise.observe(answer, *args)
    result = answer(*args)
    return {names[0]: result} if len(names) == 1 else dict(zip(names, result, strict=True))


@functools.lru_cache(maxsize=200)
def results(exercise):
    """How many things an answer returns, and how many axes each has; -1 if their shapes differ: as the library's answer does."""
    seen = []

    def spied(*args):
        seen.append(exercise.solution(*args))
        return seen[-1]

    args = exercise.case(np.random.default_rng(0))
    with np.errstate(all="ignore"):
        observe(exercise, spied, args, tuple(exercise.truth(*copies(args))))
    parts = seen[0] if isinstance(seen[0], tuple) else (seen[0],)
    shapes = [np.shape(part) for part in parts]
    return len(parts), len(shapes[0]) if len(set(shapes)) == 1 else -1


def looks(truth):
    """A truth as an array, and in which ways `gradcheck.compare` must look at it, one after the other."""
    return truth.looks() if hasattr(truth, "looks") else (np.asarray(truth, np.float64), [{}])


def as_float64(value):
    """Numbers of any kind as float64, such as whole ones, float32, truth values, fractions. Anything else as it is."""
    if isinstance(value, np.ndarray | np.generic):
        return value.astype(np.float64) if value.dtype.kind in "biuf" else value
    try:
        return np.float64(float(value)) if hasattr(value, "as_integer_ratio") else value
    except (OverflowError, ValueError, TypeError):
        return value


def near(one, other):
    """Whether two arrays are the same, but for rounding."""
    if one.shape != other.shape or not np.isfinite(other).all():
        return False
    with np.errstate(all="ignore"):
        gap, size = np.linalg.norm(one - other), max(np.linalg.norm(one), np.linalg.norm(other))
        return bool(gap <= NEAR * size and np.isfinite(size)) or np.array_equal(one, other)


def arrays(args):
    """{position: copy} of the arrays among the arguments."""
    return {i: arg.copy() for i, arg in enumerate(args) if isinstance(arg, np.ndarray)}


def copies(args):
    """The arguments, fresh. They may be changed."""
    return [arg if isinstance(arg, types.FunctionType | type | str) or not hasattr(arg, "copy") else arg.copy() for arg in args]


def parameters(exercise, count):
    """The names of so many arguments, as the library's answer has them; none where that says nothing."""
    own = inspect.signature(exercise.solution).parameters.values()
    names = [one.name for one in own if one.kind is one.POSITIONAL_OR_KEYWORD]
    return names[:count] if len(names) >= count else []


def named(exercise, args):
    """(name, argument) of each."""
    names = parameters(exercise, len(args)) or [f"argument {i}" for i in range(1, len(args) + 1)]
    return list(zip(names, args, strict=True))


def _described(exercise, args):
    """The arrays among the arguments by their shapes, and the numbers by their values."""
    for name, arg in named(exercise, args):
        if isinstance(arg, np.ndarray):
            yield f"{name} {arg.shape}"
        elif isinstance(arg, int | float):
            yield f"{name} = {arg:.4g}"
