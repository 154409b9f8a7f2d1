"""Grading at the command line, from folders to a table on the screen, a CSV file and a JUnit file.

    carry_out(options)      grade what the options name, print, write
    table(graded, rows)     a line for each student, as text
    sheet(graded, rows)     the rows of the CSV file
    junit(graded, rows)     the JUnit file, as bytes
"""

import csv
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from glob import glob
from pathlib import Path
from xml.etree import ElementTree

from .. import files
from ..engine.arguments import choice
from ..exercises import LESSONS, exercises_of
from ..exercises.marking import mark_class, rows_of
from ..exercises.submission import students
from ..metrics.tables import aligned
from .learning import Stopped
from .run_files import Misuse

ROWS = [*LESSONS, "museum"]
START, EACH = 1.5, 0.025  # seconds for a student and for each exercise, as measured with answers that are all right
SHOWN = 24  # letters of a name in the table
FORMULA = "=+-@\t\r"  # a spreadsheet calculates a cell that begins with one of these
REST = ["done", "of", "same text as", "note"]  # the last columns of the CSV file


def carry_out(options):
    """Grade the folders that the options name; print a table, and write the files. Raises Misuse for what cannot be graded."""
    class_ = students(_folders(options.folders))
    rows = _rows(options.lessons) or rows_of(class_)
    count = sum(len(exercises_of(row)) for row in rows)
    jobs = min(options.jobs, len(class_))
    print(f"{_of(len(class_), 'student')}, {_of(count, 'exercise')}, {jobs} at a time: about "
          f"{_time((START + EACH * count) * len(class_) / jobs)}, at most "
          f"{_time(options.seconds * -(-len(class_) // jobs))}", flush=True)
    start, graded = time.monotonic(), {}
    with closing(mark_class(class_, rows, jobs, options.seconds, options.memory << 20)) as finished, \
            _bar(len(class_), options.quiet) as bar:
        try:
            for marks in finished:
                graded[marks.student] = marks
                bar.update()
        except KeyboardInterrupt as stop:
            raise Stopped(getattr(stop, "name", "Ctrl-C"),
                          f"{len(graded)} of {_of(len(class_), 'student')} were graded; no file was written") from None
        except BrokenProcessPool:
            raise MemoryError("a process that grades was ended by the system. Give --jobs 1 or a smaller --memory") from None
    graded = [graded[name] for name, _ in class_]
    print("", table(graded, rows), *["", *_remarks(graded)], sep="\n")
    print(f"\nGraded in {_time(time.monotonic() - start)}. Written:")
    for path, write in ((options.out, _write_sheet), (options.junit, _write_junit)):
        if path:
            write(path, graded, rows)
            print(f"  {path}")


def _folders(words):
    """The folders that were named; the command line of Windows leaves patterns such as class/* as they are."""
    found = [Path(path) for word in words for path in (sorted(glob(word)) if glob(word) else [word])]
    for path in found:
        if not path.exists():
            raise Misuse(f"there is no folder {path}. Give the folder of each student, or one folder with a folder for each")
    folders = [path for path in found if path.is_dir()]
    if not folders:
        raise Misuse(f"{found[0]} is a file. Give the folder of a student, with the files exNN_... in it")
    for path in found:
        if path not in folders:
            print(f"{_clean(path)} is a file, not the folder of a student: left out")
    return folders


def _rows(names):
    """The lessons that were named, in their order."""
    try:
        for name in names or ():
            choice("lesson", name, ROWS)
    except ValueError as error:
        raise Misuse(f"--lessons: {error}") from None
    return [row for row in ROWS if row in (names or ())]


def _bar(total, quiet):
    """The progress bar, which says how long it will take."""
    from tqdm import tqdm

    shape = "{percentage:3.0f}%|{bar:12}| {n_fmt}/{total_fmt} students [{elapsed}<{remaining}]"
    return tqdm(total=total, disable=True if quiet else None, bar_format=shape, file=sys.stderr)


def _of(n, thing):
    return f"{n} {thing}{'s' * (n != 1)}"


def _time(seconds):
    """A time as people say it."""
    return f"{max(1, round(seconds))} s" if seconds < 100 else f"{round(seconds / 60)} min"


def _clean(text):
    """A student's text, without the letters that would move the cursor or colour the screen."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))


# ---------------------------------------------------------------- on the screen


def table(graded, rows):
    """A line for each student: how much is done, wrong and without a mark, and what is done of each lesson.

    The first line says how many there are; "-" stands where no file was handed in.
    """
    numbers = {row: [exercise.number for exercise in exercises_of(row)] for row in rows}
    lines = [["student", "done", "wrong", "no mark", *rows],
             ["(of)", str(sum(map(len, numbers.values()))), "", "", *(str(len(inside)) for inside in numbers.values())]]
    for marks in graded:
        counts = [marks.count(), marks.count("wrong"), marks.count("slow") + marks.count("error")]
        lines.append([_clean(marks.student)[:SHOWN], *map(str, counts), *(_done(marks, inside) for inside in numbers.values())])
    return aligned(lines)


def _done(marks, numbers):
    """How many of these are done, as text."""
    states = [marks.marks[number].state for number in numbers]
    return "-" if set(states) == {"no file"} else str(states.count("done"))


def _remarks(graded):
    """What the teacher should read; for a single student, also what became of each exercise that is not done."""
    copies = _copies(graded)
    for marks in graded:
        for note in marks.notes:
            yield f"{_clean(marks.student)}: {_clean(note)}"
        if copies[marks.student]:
            yield f"{_clean(marks.student)}: the same text as {_clean(copies[marks.student])}"
    if len(graded) == 1:
        for number, mark in graded[0].marks.items():
            if mark.lines:
                yield f"\n{number} {mark.state}"
                yield from (f"  {_clean(line)}" for line in mark.lines)


def _copies(graded):
    """student -> "ben (05, 07); carla (05)": who has handed in the same answers, but for names and comments."""
    same = defaultdict(list)
    for marks in graded:
        for row, text in marks.likeness.items():
            if text:
                same[row, text].append(marks.student)
    found = {marks.student: defaultdict(list) for marks in graded}
    for (row, _), names in same.items():
        for name in names:
            for other in names:
                if other != name:
                    found[name][other].append(row)
    return {name: "; ".join(f"{other} ({', '.join(rows)})" for other, rows in others.items()) for name, others in found.items()}


# ---------------------------------------------------------------- files


def sheet(graded, rows):
    """The rows of the CSV file: one for each student, a column for each exercise."""
    numbers, copies = [exercise.number for row in rows for exercise in exercises_of(row)], _copies(graded)
    yield ["student", *numbers, *REST]
    for marks in graded:
        states = [marks.marks[number].state for number in numbers]
        cells = [marks.student, *states, marks.count(), len(numbers), copies[marks.student], " | ".join(marks.notes)]
        yield [_cell(cell) for cell in cells]


def _cell(value):
    """A cell that a spreadsheet takes for text, not for a formula."""
    text = _clean(value) if isinstance(value, str) else str(value)
    return f"'{text}" if text.startswith(tuple(FORMULA)) else text


def _write_sheet(path, graded, rows):
    with files.atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, lineterminator="\n").writerows(sheet(graded, rows))


def junit(graded, rows):
    """The JUnit file, in bytes: a test suite for each student, a test for each exercise."""
    root = ElementTree.Element("testsuites", name="tinygan grade")
    for marks in graded:
        count = Counter(mark.state for mark in marks.marks.values())
        suite = ElementTree.SubElement(
            root, "testsuite", name=_clean(marks.student), tests=str(len(marks.marks)), time=f"{marks.seconds:.3f}",
            failures=str(count["wrong"] + count["slow"]), errors=str(count["error"]),
            skipped=str(count["to do"] + count["no file"]))
        for row in rows:
            for exercise in exercises_of(row):
                _add_case(suite, f"{_clean(marks.student)}.{row}", exercise, marks.marks[exercise.number])
        if marks.notes:
            ElementTree.SubElement(suite, "system-out").text = "\n".join(map(_clean, marks.notes))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _add_case(suite, group, exercise, mark):
    case = ElementTree.SubElement(suite, "testcase", classname=group, name=f"{exercise.number} {exercise.name}",
                                  time=f"{mark.seconds:.3f}")
    kind = {"done": None, "wrong": "failure", "slow": "failure", "error": "error"}.get(mark.state, "skipped")
    lines = [_clean(line) for line in mark.lines]
    if kind:
        part = ElementTree.SubElement(case, kind, message=lines[0] if lines else mark.state)
        part.text = "\n".join(lines)
    elif lines:
        ElementTree.SubElement(case, "system-out").text = "\n".join(lines)


def _write_junit(path, graded, rows):
    with files.atomic_write(path) as temporary:
        temporary.write_bytes(junit(graded, rows))
