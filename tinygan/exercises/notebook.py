"""An answer graded where it was written, in a cell of a notebook. The words are printed, and nothing is raised."""

import difflib
import re

from .grading import ToDo, Wrong
from .grading import grade as judge


class Verdict:
    """Whether an answer is right. A cell that ends with it shows nothing, since all has been printed already."""

    def __init__(self, right):
        self.right = right

    def __bool__(self):
        return self.right

    def __repr__(self):
        return "right" if self.right else "not right"

    def _ipython_display_(self):
        pass


def verdict(answer, number, hints, exercises):
    """Grade an answer, print what it is to be told, and return a Verdict. See `tinygan.exercises.grade`."""
    hints = hints if isinstance(hints, int) and hints > 0 else 0
    try:
        exercise = _exercise(answer, number, exercises)
    except LookupError as error:
        print(error.args[0])
        return Verdict(False)
    state, lines = _graded(exercise, answer)
    print(f"{exercise.number} {exercise.title}: {state}", *lines, sep="\n")
    for k, hint in enumerate(exercise.hints[:hints], start=1):
        print(f"hint {k} of {len(exercise.hints)}: {hint}")
    if state != "right" and hints < len(exercise.hints):
        which = "" if number is None else f', "{exercise.number}"'
        print(f"{'One more' if hints else 'A'} hint: grade({_name(answer)}{which}, hints={hints + 1})")
    return Verdict(state == "right")


def _graded(exercise, answer):
    """("right", "wrong" or "to do", the lines about it)"""
    try:
        return "right", judge(exercise, answer)
    except ToDo:
        return "to do", ()
    except Wrong as wrong:
        return "wrong", wrong.lines
    except Exception as error:  # such as a result that cannot even be compared
        return "wrong", (f"what it gives cannot be judged: {type(error).__name__}: {error}",)


def _exercise(answer, number, exercises):
    """The exercise that is meant. Raises LookupError with a sentence where there is none, or more than one."""
    if not callable(answer):
        raise LookupError(f"grade takes the function itself, as in grade(dense_forward); got {type(answer).__name__}")
    if number is not None:
        return _by_number(number, exercises)
    name = _name(answer)
    found = [exercise for exercise in exercises if exercise.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        which = " and ".join(f"{exercise.number} ({exercise.title})" for exercise in found)
        raise LookupError(f'{name} is asked for in {which}. Say which one: grade({name}, "{found[0].number}")')
    near = difflib.get_close_matches(name, [exercise.name for exercise in exercises], n=3)
    meant = ", ".join(f"{other.name} ({other.number})" for close in near for other in exercises if other.name == close)
    raise LookupError(f"no exercise asks for a function {name}.{f' Did you mean {meant}?' * bool(meant)} "
                      f'Or say which exercise it solves: grade({name}, "02.1")')


def _by_number(number, exercises):
    """The exercise "02.1", which may be written 2.1 as well; "M.01" may be written M1."""
    parts = re.fullmatch(r"(?P<row>m|\d+)\.?(?P<place>\d+)", str(number).strip().lower())
    wanted = ""
    if parts:
        wanted = f"M.{int(parts['place']):02}" if parts["row"] == "m" else f"{int(parts['row']):02}.{int(parts['place'])}"
    for exercise in exercises:
        if exercise.number == wanted:
            return exercise
    first, last = exercises[0].number, exercises[-1].number
    of_row = [exercise.number for exercise in exercises if exercise.number.startswith(wanted[:3] or "?")]
    there = f"{of_row[0]} to {of_row[-1]}" if of_row else f"{first} to {last}"
    raise LookupError(f"there is no exercise {number!r}; there are {there}")


def _name(answer):
    """What a function is called; "f" if it has no name."""
    name = getattr(answer, "__name__", None)
    return name if isinstance(name, str) and name.isidentifier() else "f"
