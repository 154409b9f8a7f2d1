"""The board: for each folder and each lesson in it, what is done, wrong and to do.

    02 a layer and its gradient          #x..#    2 done, 1 wrong, 2 to do

The signs stand in the order of the exercises: # done, x wrong, . to do, ? in a file that cannot be read, _ left out this time.
"""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from . import LESSONS, MUSEUM, exercises_of

# The rows of the board: marker -> title.
ROWS = {**{f"ex{lesson}": f"{lesson} {title}" for lesson, title in LESSONS.items()}, "museum": MUSEUM}
SIGNS = {"done": "#", "wrong": "x", "to do": ".", "not read": "?"}
LEFT_OUT = "_"
ANSWERS = re.compile(r"(?:(ex\d\d)|museum_(\d\d))_\w+\.py")


class Row(NamedTuple):
    """The answers that stand together, such as those of one file, or the museum."""

    folder: str
    marker: str
    file: str = ""

    @property
    def exercises(self):
        """What belongs there, in order."""
        return exercises_of(self.marker.removeprefix("ex"))


class Unsolved(NamedTuple):
    """An exercise that is not done."""

    path: Path
    exercise: object
    state: str


def marker_of(file):
    """(marker, number of the exhibit or None) for the name of a file of answers; None for another file."""
    name = ANSWERS.fullmatch(file)
    return (name[1] or "museum", name[2]) if name and (name[2] or name[1] in ROWS) else None


def row_of(path):
    """The row of a file of answers. The museum belongs to the folder above it."""
    marker, exhibit = marker_of(path.name)
    if exhibit:
        return Row(str(path.parent.parent if path.parent.name == "museum" else path.parent), marker)
    return Row(str(path.parent), marker, path.name)


class Board:
    """What is known of each exercise.

    Attributes
    ----------
    states : {Row: {number: state}}
    paths : {(Row, number): file of the answer}
    remarks : (folder, number, sentence) of what is right, and could be written better
    """

    def __init__(self):
        self.states, self.paths, self.remarks = {}, {}, []

    def note(self, path, number, state, remarks=()):
        """Write down what has been seen."""
        path = Path(path)
        row = row_of(path)
        self.states.setdefault(row, {})[number] = state
        self.paths[row, number] = path
        self.remarks += [(row.folder, number, remark) for remark in remarks]

    def memory(self):
        """All of it as lists and texts, to be kept for the next time."""
        return [[str(self.paths[row, number]), number, state] for row, states in self.states.items()
                for number, state in states.items()]

    def recall(self, memory):
        """Fill in what was left out this time, in the folders that were looked at, from what an earlier board kept."""
        folders = self.folders()
        for path, number, state in memory:
            row = row_of(Path(path))
            if row.folder in folders and Path(path).exists() and number not in self.states.get(row, {}):
                self.note(path, number, state)

    def folders(self):
        """The folders in alphabetical order."""
        return sorted({row.folder for row in self.states})

    def rows(self, folder):
        """The rows of a folder, in the order of the lessons."""
        own = [row for row in self.states if row.folder == folder]
        return sorted(own, key=lambda row: (list(ROWS).index(row.marker), row.file))

    def lines(self):
        """The board as text."""
        for folder in self.folders():
            rows = self.rows(folder)
            twice = {marker for marker, times in Counter(row.marker for row in rows).items() if times > 1}
            if len(self.folders()) > 1:
                counted = Counter(state for row in rows for state in self.states[row].values())
                yield f"{shortened(folder)}: {counted['done']} of {counted.total()} done"
            for row in rows:
                yield self._line(row) + f", in {row.file}" * (row.marker in twice)

    def _line(self, row):
        states = self.states[row]
        count = Counter(states.values())
        signs = "".join(SIGNS.get(states.get(exercise.number), LEFT_OUT) for exercise in row.exercises)
        unread = f", {count['not read']} not read" * bool(count["not read"])
        return f"{ROWS[row.marker]:<36} {signs:<8} {count['done']} done, {count['wrong']} wrong, {count['to do']} to do{unread}"

    def unsolved(self, folder):
        """The first exercise of a folder that is not done, as an `Unsolved`; None when all are done."""
        for row in self.rows(folder):
            for exercise in row.exercises:
                state = self.states[row].get(exercise.number, "done")
                if state != "done":
                    return Unsolved(self.paths[row, exercise.number], exercise, state)
        return None

    def solved(self):
        """All exercises that are done, in order."""
        return [exercise for folder in self.folders() for row in self.rows(folder) for exercise in row.exercises
                if self.states[row].get(exercise.number) == "done"]


def shortened(path):
    """A path as one would type it here."""
    try:
        return Path(path).relative_to(Path.cwd())
    except ValueError:
        return path
