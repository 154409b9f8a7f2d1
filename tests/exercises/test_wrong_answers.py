"""Answers that students might give: every wrong one is told apart, and every right one passes, however unusual its form.

Run this file with -s, and it prints how many of the wrong answers the graders name, and how many they only locate.
"""

import contextlib
import functools
import io
import re
import warnings
from collections import Counter

import numpy as np
import pytest
from wrong_answers import KINDS, every
from wrong_answers import LESSONS as CORPUS

from tinygan.exercises import LESSONS, exercises_of
from tinygan.exercises.grading import ToDo, Wrong, grade

EXERCISES = {exercise.number: exercise for lesson in (*LESSONS, "museum") for exercise in exercises_of(lesson)}
COVERED = [lesson.removeprefix("ex") for lesson in CORPUS if lesson != "museum"]
SOLUTIONS = {solution.number: solution for solution in every("SOLUTIONS")}
WRONG, RIGHT = list(every("WRONG")), list(every("RIGHT"))


def cases(answers):
    """Answers as parameters of a test: with the number and the cause as a name, and marked slow where they train."""
    return [pytest.param(answer, id=f"{answer.number} {answer[1]}", marks=[pytest.mark.slow] * answer.slow) for answer in answers]


@functools.cache
def message(number, answer):
    """What the grader says of an answer; None: it is right."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            grade(EXERCISES[number], answer)
    except Wrong as wrong:
        return str(wrong)
    return None


# ---------------------------------------------------------------- the graders


@pytest.mark.sampled(16)
@pytest.mark.parametrize("wrong", cases(WRONG))
def test_a_wrong_answer_is_told(wrong):
    assert message(wrong.number, wrong.answer), f"{wrong.number}: the grader passes an answer in which {wrong.cause}"


@pytest.mark.parametrize("right", cases(RIGHT))
def test_a_right_answer_in_an_unusual_form_passes(right):
    assert message(right.number, right.answer) is None


@pytest.mark.sampled(4)
@pytest.mark.parametrize("number", [pytest.param(n, marks=[pytest.mark.slow] * (n == "05.5")) for n in SOLUTIONS])
def test_a_solution_from_the_docstring_passes(number):
    assert message(number, SOLUTIONS[number].answer) is None


def test_an_empty_answer_is_to_do():
    def empty(x, W, b):
        raise NotImplementedError("Exercise 02.1: the forward pass of a dense layer")

    with pytest.raises(ToDo):
        grade(EXERCISES["02.1"], empty)


# ---------------------------------------------------------------- the corpus


def outcome(solution, answer, k):
    """All that an answer does with the k-th input: what it returns, what it leaves of its arguments, and how many warnings."""
    arguments = solution.inputs(np.random.default_rng(len(solution.number) + k))[k]
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        try:
            result = answer(*arguments)
        except Exception as error:
            return [type(error).__name__]
    left = [result] if not isinstance(result, (tuple, list)) else list(result)
    for argument in arguments:
        if hasattr(argument, "theta"):
            velocity = argument.theta_dot
            left += [getattr(argument, name).copy() for name in solution.watch] + [np.zeros(0) if velocity is None else velocity]
        elif isinstance(argument, np.ndarray):
            left.append(argument)
    return [*left, float(len(caught) > 0)]


def differ(a, b, limit, entrywise):
    """Whether two outcomes differ by more than `limit`, relative to the largest entry; or each entry relative to itself."""
    if len(a) != len(b):
        return True
    for x, y in zip(a, b, strict=True):
        if x is None or y is None or isinstance(x, str) or isinstance(y, str):
            if type(x) is not type(y) or x != y:
                return True
            continue
        x, y = (np.asarray(each) * 1. for each in (x, y))  # booleans become numbers
        if x.shape != y.shape or (np.isnan(x) != np.isnan(y)).any() or (np.isinf(x) != np.isinf(y)).any():
            return True
        ok = np.isfinite(y)
        scale = np.abs(y[ok]) if entrywise else np.abs(y[ok]).max(initial=0)
        if (np.abs(x[ok] - y[ok]) > limit * scale + 1e-80).any():
            return True
    return False


def really_wrong(wrong):
    """Whether a wrong answer differs from the solution on at least one of the plausible inputs."""
    solution = SOLUTIONS[wrong.number]
    limit = 1e-12 if wrong.kind == "small" else 0 if wrong.kind == "manners" else 1e-6
    n = len(solution.inputs(np.random.default_rng(0)))
    return any(differ(outcome(solution, wrong.answer, k), outcome(solution, solution.answer, k), limit, solution.entrywise)
               for k in range(n))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("wrong", cases(WRONG))
def test_a_wrong_answer_is_really_wrong(wrong):
    assert wrong.kind in KINDS and really_wrong(wrong)


def test_the_corpus_is_large_and_covers_every_exercise():
    count = Counter(wrong.number for wrong in WRONG)
    assert len(WRONG) >= 220 and len(RIGHT) >= 25
    assert {number for number in EXERCISES if number[:2] in COVERED} <= set(SOLUTIONS) <= set(EXERCISES)
    assert min(count[number] for number in SOLUTIONS) >= 2
    assert len({(wrong.number, wrong.cause) for wrong in WRONG}) == len(WRONG)


# ---------------------------------------------------------------- how much the messages say

# Lines of a message that say where and how much, or in which case, but not why.
NO_CAUSE = re.compile("|".join([
    r"\(.*(is|are) right.*", r"case \d.*", r"relative error.*", r"it printed:.*", r"\S+\.py, line .*", r"\s*\[.*\]: yours.*",
    r".*: \d+ of \d+ entries wrong.*", r".*every entry is within its limit.*", r".* is \S+; it must be \S+",
    r"\d+ of \d+ runs get a wrong name.*", r"modes in its last.*"]))
# What a message may say of a mistake that it does not know: a sign, a factor, a shape, an order, a size.
GENERAL = ("times the truth", "the truth clipped", "the truth rounded", "the truth transposed", "of its size only", "is zero",
           "not finite", "has shape", "whole numbers", "exchanged", "is what", "must return", "stops with",
           "changes its argument", "has changed", "has not changed", "returns", "is none", "numpy warns", "must be one of")
NAMED = "by this mistake: "


def causes(told):
    """The lines of a message that say why, in small letters; without the name of the output at the beginning of a line."""
    lines = [line.lower() for line in told.split("\n") if not NO_CAUSE.fullmatch(line)]
    return [re.sub(r"^.*? (is|are|has|holds) what comes out by this mistake: ", NAMED, line) for line in lines]


def names(wrong, told):
    """How a message names a mistake.

    "exactly"     it has one of the words that the corpus expects
    "in general"  it says what kind of mistake it is, such as a sign, a factor or a shape
    "otherwise"   it names a mistake, but not in the words that the corpus expects: perhaps another mistake
    "located"     it says where and how much only
    """
    found = causes(told)
    if any(re.search(rf"(?<![a-z0-9]){re.escape(word.lower())}", line) for word in wrong.words for line in found):
        return "exactly"
    if any(NAMED in line for line in found):
        return "otherwise"
    return "in general" if any(mark in line for line in found for mark in GENERAL) else "otherwise" if found else "located"


def named(slow=False):
    """How many wrong answers are named "exactly", "in general" or "otherwise", or only "located"; "passed": not told at all."""
    count = Counter()
    for wrong in WRONG:
        if wrong.slow <= slow:
            told = message(wrong.number, wrong.answer)
            count["passed" if told is None else names(wrong, told)] += 1
    return count


@pytest.mark.slow
def test_how_many_are_named():
    count = named()
    share = (count["exactly"] + count["in general"]) / count.total()
    print(f"\n{count.total()} wrong answers: {share:.1%} named exactly or in general: {dict(count)}")
    assert share >= 0.85, "the stories were written with this corpus in sight: it is a floor, and no estimate for new answers"
