"""Wrong answers to the exercises, as students write them, and right answers in unusual forms: what graders must tell apart.

    ex01 ... ex15, museum    WRONG, RIGHT and SOLUTIONS of each lesson, and of the museum

Nothing here was copied from the graders. The solutions were written from the docstrings that students get, and
`test_wrong_answers` shows with them that every wrong answer differs from the right one on plausible inputs.
"""

import importlib
from collections.abc import Callable
from typing import NamedTuple

LESSONS = [*(f"ex{lesson:02d}" for lesson in range(1, 16)), "museum"]
KINDS = ("sign", "factor", "shape", "axis", "order", "edge", "small", "term", "manners", "other")


class Wrong(NamedTuple):
    """A wrong answer.

    number   of the exercise, such as "02.1"
    cause    what the student did, in words
    answer   the function
    kind     one of KINDS. "small": the error is small, about 1e-12 to 1e-6. "edge": wrong for some inputs only. "manners": the
             numbers returned may be right, but something else is not as promised, such as an argument that was changed
    words    a message that contains one of these, in small letters, names the cause
    slow     the answer trains a network
    """

    number: str
    cause: str
    answer: Callable
    kind: str
    words: tuple = ()
    slow: bool = False


class Right(NamedTuple):
    """A right answer in an unusual form."""

    number: str
    form: str
    answer: Callable
    slow: bool = False


class Solution(NamedTuple):
    """A right answer, and on what to try others.

    inputs     rng -> a list of tuples of arguments, plausible ones and edge cases
    watch      what of a network must be as the answer leaves it
    entrywise  whether every entry must be right to its own digits, not to those of the largest
    """

    number: str
    answer: Callable
    inputs: Callable
    watch: tuple = ("theta", "grad")
    entrywise: bool = False


def corpus():
    """Three collections for a lesson, WRONG and RIGHT, two lists, and SOLUTIONS, a dict; and the decorators that fill them."""
    WRONG, RIGHT, SOLUTIONS = [], [], {}

    def wrong(number, kind, cause, *words, slow=False):
        return lambda answer: WRONG.append(Wrong(number, cause, answer, kind, words, slow)) or answer

    def right(number, form, slow=False):
        return lambda answer: RIGHT.append(Right(number, form, answer, slow)) or answer

    def solution(number, inputs, **more):
        return lambda answer: SOLUTIONS.update({number: Solution(number, answer, inputs, **more)}) or answer

    return WRONG, RIGHT, SOLUTIONS, wrong, right, solution


def every(collection):
    """All of "WRONG", "RIGHT" or the values of "SOLUTIONS", lesson by lesson."""
    for lesson in LESSONS:
        found = getattr(importlib.import_module(f".{lesson}", __name__), collection)
        yield from found.values() if isinstance(found, dict) else found
