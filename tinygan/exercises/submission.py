"""What students have handed in: whose folders these are, and which files in a folder are answers.

    students(folders)      who handed in what: GitHub Classroom's and nbgrader's layouts are known
    handed_in(folder)      the answer files of one student, and the modules that they import
"""

import ast
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

from . import FOLDER
from .board import marker_of

NEARLY = re.compile(r"(?:ex|museum)[ _-]?\d.*\.(?:py|ipynb|txt|docx?|pdf)|.*\.(?:ipynb|zip|tar|gz|7z|rar)", re.IGNORECASE)
SKIPPED = {"__pycache__", "venv", "env", "node_modules", "site-packages", "build", "dist"}  # and what begins with a dot
CLASSROOM = "-submissions"  # what GitHub Classroom's command adds to the name of the assignment
NBGRADER = {"submitted", "autograded", "feedback"}  # nbgrader's folders: one for each student, and in it one for each assignment
BYTES = 1 << 20  # of an answer file
# Modules that a student's file must not stand in for.
TAKEN = {"tinygan", "numpy", "scipy", "sklearn", "joblib", "matplotlib", "PIL", "threadpoolctl", "tqdm", "pytest", "conftest",
         "sitecustomize", "usercustomize", *sys.stdlib_module_names}


class HandedIn(NamedTuple):
    """What is taken from a student's folder. Paths are relative to it."""

    answers: dict  # "02" or "M.03" -> path
    helpers: tuple  # of paths: modules that the answers import
    notes: tuple  # of sentences


# ---------------------------------------------------------------- whose folders


def students(folders):
    """[(name, folder)] in the order given.

    One folder that has no answers at its top, but several folders with answers in it, is a class. So is a folder that
    GitHub Classroom or nbgrader has made for a class.
    """
    folders = [Path(os.path.abspath(folder)) for folder in folders]
    if len(folders) == 1:
        folders = _class(folders[0]) or folders
    folders = list(dict.fromkeys(folders))
    return list(zip(_names(folders), folders, strict=True))


def _class(folder):
    """The folders of the students in a class's folder; [] if it is the folder of one student."""
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not _skipped(path.name))
    if folder.name in NBGRADER or folder.name.endswith(CLASSROOM):
        return inside
    if any(_row(path.name) for place in (folder, folder / "museum") if place.is_dir() for path in place.iterdir()):
        return []
    return inside if sum(bool(_found(path)) for path in inside) > 1 else []


def _names(folders):
    """A name for each folder: its own, or that of the folder above where all have the same name, as hw1 in anna/hw1."""
    if len(folders) == 1:
        folder, = folders
        return [folder.parent.name if folder.parent.parent.name in NBGRADER else _own(folder)]
    above = list(folders)
    while len({folder.name for folder in above}) == 1 and len({folder.parent for folder in above}) > 1:
        above = [folder.parent for folder in above]
    names = [_own(folder) for folder in above]
    names = [f"{folder.parent.name}/{name}" if names.count(name) > 1 else name for folder, name in zip(above, names, strict=True)]
    return [str(folder) if names.count(name) > 1 else name for folder, name in zip(folders, names, strict=True)]


def _own(folder):
    """The folder's name, without the name of the assignment that GitHub Classroom puts before the student's."""
    assignment, dash, rest = folder.parent.name.rpartition(CLASSROOM)
    return folder.name.removeprefix(f"{assignment}-") if dash and not rest else folder.name


# ---------------------------------------------------------------- which files


def handed_in(folder):
    """The files that are taken from a student's folder; what was left out, and why, is in the notes.

    Of several files with the same exercises, those as they were shipped count for nothing, and the one nearest to the top is
    taken. Links are never followed.
    """
    answers, notes = {}, []
    for row, paths in sorted(_found(folder).items()):
        good = []
        for path in paths:
            fault = _fault(path)
            if fault:
                notes.append(f"{path.relative_to(folder)} {fault}, so it was not taken")
            else:
                good.append(path)
        touched = [path for path in good if not untouched(path)] or good[:1]
        if touched:
            answers[row] = touched[0].relative_to(folder)
        notes += [f"{path.relative_to(folder)} was not graded, for {touched[0].relative_to(folder)} has the same exercises"
                  for path in touched[1:]]
    notes += _strangers(folder, answers)
    helpers = _helpers(folder, list(answers.values()), notes)
    return HandedIn(answers, tuple(sorted(helpers)), tuple(dict.fromkeys(notes)))


def shipped(path):
    """The file as it comes with the package; None for a file that does not."""
    place = FOLDER / ("museum" if path.name.startswith("museum") else "") / path.name
    return place if place.is_file() else None


def untouched(path):
    """Whether a file of answers is as it was shipped; how its lines end does not count."""
    original = shipped(path)
    return original is not None and path.read_bytes().splitlines() == original.read_bytes().splitlines()


def parsed(path):
    """The file as a syntax tree; None where Python cannot read it."""
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def imported(tree):
    """(line, name) of all that is imported from elsewhere: "numpy.linalg", "tinygan.data"; twice where it may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _found(folder):
    """row -> the files that are answers by their name, those nearest to the top first."""
    found = {}
    for path in _files(folder):
        row = _row(path.name)
        if row:
            found.setdefault(row, []).append(path)
    return found


def _files(folder):
    """All files, those nearest to the top first; links to folders are not followed."""
    paths = []
    for place, inside, names in os.walk(folder):
        inside[:] = [name for name in inside if not _skipped(name)]
        paths += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(paths, key=lambda path: (len(path.parts), path))


def _skipped(name):
    return name.startswith(".") or name in SKIPPED


def _row(name):
    """The lesson "02" or the exhibit "M.03" whose exercises are in a file of this name; None for other files."""
    marker, exhibit = marker_of(name) or ("", None)
    return f"M.{exhibit}" if exhibit else marker.removeprefix("ex") or None


def _fault(path):
    """Why a file cannot be taken; None if it can."""
    if path.is_symlink():
        return "is a link"
    try:
        if path.stat().st_size > BYTES:
            return f"is larger than {BYTES >> 20} MB"
        path.read_bytes()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None


def _strangers(folder, answers):
    """Sentences about what looks like answers and is not."""
    nearly = [str(path.relative_to(folder)) for path in _files(folder)
              if NEARLY.fullmatch(path.name) and not _row(path.name)]
    if nearly and not answers:
        yield f"no answer files; there is {', '.join(nearly[:3])}{' and more' * (len(nearly) > 3)}"
    elif not answers:
        readable = os.access(folder, os.R_OK | os.X_OK)
        yield "no answer files" if any(_files(folder)) else "the folder is empty" if readable else "the folder cannot be read"
    for name in nearly if answers else ():
        if name.endswith(".py"):
            yield f"{name} was not graded, for its name is not that of an exercise file"


def _helpers(folder, answers, notes):
    """The modules beside the answers that these import, and those that these import in turn."""
    helpers, left = set(), list(answers)
    places = list(dict.fromkeys([*(path.parent for path in answers), Path()]))
    while left:
        tree = parsed(folder / left.pop())
        for name in sorted({name.split(".")[0] for _, name in imported(tree or ast.Module([], []))}):
            path = next((place / f"{name}.py" for place in places if (folder / place / f"{name}.py").exists()), None)
            if path is None or path in helpers or path in answers:
                continue
            fault = "has the name of another module" if name in TAKEN else _fault(folder / path)
            if fault:
                notes += [f"{path} {fault}, so it was not taken"]
            else:
                helpers.add(path)
                left.append(path)
    return helpers
