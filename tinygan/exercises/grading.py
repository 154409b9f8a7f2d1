"""How an answer is graded. It is called on a few random cases, compared with the truth, and told which mistake it is.

An exercise is a function that the student writes. For each case

    args   = exercise.case(rng)                  arguments of odd, unequal sizes
    truth  = exercise.truth(*args)               {name: array}, by finite differences or an identity, never by the answer itself
    result = exercise.observe(answer, *args)     {name: array}, what the answer gives, under the same names

and both are compared by `gradcheck.compare`, whose message is what the student reads. The mistakes that people make
with this exercise stand beside it as functions. A wrong result that equals one of theirs is named by its story.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..engine import gradcheck
from .calling import Mannered, Stopped, put_back, quiet, run, shared
from .calling import place as place_of
from .cases import Case, arrays, copies, observe, parameters, question, results
from .stories import hard_coded, reasons, same

CASES = 5
EXACT = 1e-12  # the limit where nothing but rounding may be wrong
SHOWN = 60  # letters of what is printed
BLUR = 3e-12, 1e-8  # what differences lose of a gradient, relative: more than rounding, and less than is wrong


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
    seconds: float = 5.0  # for one case; beyond that the answer loops for ever
    cases: int = CASES


class Differences(NamedTuple):
    """A gradient by central differences, which knows where it cannot be trusted."""

    gradient: np.ndarray
    value: float
    unsure: Callable

    def looks(self):
        """See `cases.looks`."""
        return self.gradient, [{"unsure": self.unsure, "value": self.value}]


class Exact(NamedTuple):
    """A truth that is known to rounding, and can be computed to rounding as well."""

    array: np.ndarray

    def looks(self):
        """See `cases.looks`."""
        return np.asarray(self.array, np.float64), [{"limit": EXACT}]


class Digits(NamedTuple):
    """As `Exact`, and the smallest entries must be right to as many digits as the largest (down to 1e-100)."""

    array: np.ndarray

    def looks(self):
        """First whether it is right at all, so that lost digits do not hide a wrong factor."""
        units = (np.maximum(np.abs(self.array), smallest) for smallest in (1, 1e-100))
        return self.array, [{"unit": unit, "limit": EXACT} for unit in units]


class Wrong(Stopped):
    """An answer is wrong; `lines` say how, the most helpful first."""


class ToDo(Exception):
    """An exercise has not been touched."""


def differences(f, x):
    """df/dx at x by central differences: what `truth` returns for a gradient."""
    return Differences(gradcheck.central(f, x), float(f(x.copy())), lambda index: gradcheck.on_kink(f, x, index))


def grade(exercise, answer, seeds=None, stuck=None):
    """Grade an answer. The same answer always gets the same message.

    Parameters
    ----------
    exercise : an `Exercise`
    answer : the student's function
    seeds : of the cases; by default 0, 1, ... `exercise.cases` - 1
    stuck : a function without arguments, called in another thread when an answer cannot be stopped (see `calling.run`)

    Returns
    -------
    remarks : sentences about the manners of a right answer; mostly none

    Raises
    ------
    Wrong : it is not right in every case; `lines` say how
    ToDo : nobody has touched it
    KeyboardInterrupt : the user pressed Ctrl-C; never because the answer raised it
    """
    if not callable(answer):
        raise Wrong(f"{exercise.name} is a {type(answer).__name__}; it must be a function")
    seeds = range(exercise.cases) if seeds is None else seeds
    with quiet() as printed:
        try:
            cases = [_grade_case(exercise, answer, seed, stuck) for seed in seeds]
        except Wrong as wrong:
            said = printed.text()
            raise Wrong(*wrong.lines, f"it printed: {_shortened(said)!r}" if said else "") from None
    prints = [f"{exercise.name} is right, and prints {_shortened(said)!r}: an answer only returns, so remove the print"
              for said in [printed.text()] if said]
    return *prints, *_by_differences(cases)


def _by_differences(cases):
    """The remark about a gradient that has lost as many digits as a difference does, in all cases."""
    lost = [_lost(case) for case in cases if any(isinstance(truth, Differences) for truth in case.truth.values())]
    names = [name for name in (lost[0] if lost else ()) if all(BLUR[0] < one[name] < BLUR[1] for one in lost)]
    return [f"{name} is right, but for {lost[0][name]:.0e} of its size: is it a finite difference? A formula has more digits, "
            "and takes one pass" for name in names[:1]]


def _lost(case):
    """{name of a gradient: how far it is from the library's, relative}."""
    with np.errstate(all="ignore"):
        own = observe(case.exercise, case.exercise.solution, copies(case.args), tuple(case.truth))
    return {name: float(np.linalg.norm(np.subtract(case.result[name], own[name])) / max(np.linalg.norm(own[name]), 1e-300))
            for name, truth in case.truth.items() if isinstance(truth, Differences)}


def _shortened(text):
    """The first line, and whether there is anything else in the others."""
    first = text.splitlines()[0][:SHOWN]
    return first if set(text.splitlines()) == {first} else first + "..."


def _grade_case(exercise, answer, seed, stuck):
    """The answer in one case, where it is right. Raises `Wrong` where it is not."""
    asked = question(exercise, seed)
    args = asked.given()
    before = arrays(args)
    result = call(exercise, answer, args, tuple(asked.truth), stuck)
    for i, array in arrays(args).items():
        if not np.array_equal(array, before[i], equal_nan=True):
            names = parameters(exercise, len(args))
            raise Wrong(f"{exercise.name} changes its argument {names[i] if names else i + 1}",
                        "an answer leaves its arguments as they are: avoid += and x[...] = on them, or work on a copy")
    case = Case(asked, result)
    if case.wrong:
        if exercise.cases > 1 and (unsteady := _unsteady(case, answer, stuck)):
            raise Wrong(unsteady, str(case))
        raise Wrong(*_said(case, _other_cases(exercise, answer, seed, stuck)))
    return case


def _unsteady(case, answer, stuck):
    """The sentence for a wrong answer that gives something else when it is called again; "" for any other."""
    try:
        again = call(case.exercise, answer, question(case.exercise, case.seed).given(), tuple(case.truth), stuck)
    except (Wrong, ToDo):
        return ""
    if all(same(case.result[name], again[name]) for name in case.truth):
        return ""
    return (f"{case.exercise.name} gives something else when it is called again with the same arguments: does it draw random "
            "numbers, or keep something from one call to the next?")


def _other_cases(exercise, answer, seed, stuck):
    """The same answer in the other cases of the exercise, as far as it comes to an end there."""
    for other in range(exercise.cases):
        if other != seed:
            asked = question(exercise, other)
            try:
                yield Case(asked, call(exercise, answer, asked.given(), tuple(asked.truth), stuck))
            except (Wrong, ToDo):
                continue


def _said(case, others):
    """The lines about a wrong answer: why, what is right already, how far away it is and on which case."""
    with quiet():  # what they print says nothing of this case
        others = list(others)
    why, distance = reasons(case, others)
    if example := hard_coded([case, *others]):
        named = [line for line in why if "comes out by this mistake" in line]
        why = [example.partition(":")[0], *named] if named else [example]
    right = " and ".join([", ".join(case.right[:-1])] * (len(case.right) > 1) + case.right[-1:])
    are = "are" if " and " in right else "is"  # one name may stand for two: "more and fewer"
    return *why, *[f"({right} {are} right)"] * bool(right), f"{distance}; {case}" if distance else str(case)


def call(exercise, answer, args, names, stuck=None):
    """What an answer gives for these arguments, {name: anything}.

    Raises `Wrong` when it does not come to its end, in whatever way, and `ToDo` when nobody has touched it.
    """
    outputs = "" if exercise.observe else ", ".join(names)
    mannered = Mannered(answer, exercise.name, parameters(exercise, len(args)), lambda: results(exercise), outputs)
    before, replaced = shared(), []
    try:
        result = called(exercise, mannered, args, names, stuck)
    finally:
        replaced += put_back(before)
    if replaced:
        raise Wrong(f"{exercise.name} replaces {replaced[0]}, which other answers and the grader use too: it was put back",
                    "give what is yours a name of its own, and leave the modules as they are")
    return result


def called(exercise, mannered, args, names, stuck=None):
    """What a `Mannered` answer gives; see `call`. Of the exercise, neither the truth nor the solution is needed."""
    try:
        return run(lambda: observe(exercise, mannered, args, names), exercise.seconds, exercise.name, stuck=stuck)
    except Wrong:
        raise
    except Stopped as stopped:
        raise _outcome(exercise, stopped, mannered.inside) from None


def _outcome(exercise, stopped, inside):
    """What it means that an answer has stopped; `inside` means in its own code."""
    error = stopped.__cause__
    unsolved = re.match(r"Exercise (\S+):", str(error)) if isinstance(error, NotImplementedError) else None
    if isinstance(error, ToDo) or unsolved and unsolved[1] == exercise.number:
        return ToDo()
    if unsolved:
        calls = f"{exercise.name} calls the answer of {unsolved[1]}, which is still to do: solve that one first"
        return Wrong(calls, place_of(error))
    if isinstance(error, Exception) and not inside:
        return Wrong(f"what {exercise.name} gives cannot be used: {type(error).__name__}: {error}")
    return Wrong(*stopped.lines)
