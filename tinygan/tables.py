"""Columns of a user's own table: what each of them holds, and which of them are learned.

    Reading(decimal, first, categorical, ...)   how a table is to be read
    Column(name)                                a column that is filled cell by cell
    of_columns(where, columns, reading)         -> Table: numbers, names, notes, categories; or one message with all faults
    of_cells(where, names, columns, reading)    the same from columns of values, as arrays and DataFrames have them

A text table, a file in the Parquet format, a DataFrame and a structured array all become columns first, so all of them are
treated alike.
"""

import array
import itertools
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .engine.arguments import choice

LISTED = 5  # faults that a message lists; the others are counted
REMEMBERED = 10_000  # different cells of a column that are kept, to say what it holds
DATE = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}([T ]\d.*)?|\d{1,2}:\d\d(:\d\d.*)?")  # or a time of day
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}([,.'\u2019\s]\d{3})+([.,]\d+)?")
UNIT = re.compile(r"[+-]?\d+([.,]\d+)?\s*([^\W\d_]{1,9}|[%\u00b0]\w?)|[$\u20ac\u00a3\u00a5]\s*\d[\d.,]*")
READ_COMMAS = '--decimal , (in Python decimal=",")'


class NoColumn(ValueError):
    """A name that no column has."""


class Reading(NamedTuple):
    """How a table is to be read.

    decimal       what stands before the fraction of a number, "." or ","
    first         "drop" leaves out a first column that only numbers or names the rows; "keep" does not
    categorical   the names of the columns that hold categories, not amounts; without names they are called x1, x2 ...
    columns       the names of the columns that are read; () for all
    """

    decimal: str = "."
    first: str = "drop"
    categorical: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


class Table(NamedTuple):
    """What was read.

    x            (N, d), numbers; of a category its number
    columns      d names, or None
    notes        a sentence for each thing that may not be as the user thinks
    categories   column -> the texts of its categories, in the order of their numbers
    """

    x: NDArray[Any]
    columns: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    categories: dict[int, tuple[str, ...]] = {}


class Column:
    """A column that is filled cell by cell; `name` is None where it has none. One that is not `wanted` stays empty."""

    def __init__(self, name: str | None, decimal: str = ".", categorical: bool = False, wanted: bool = True) -> None:
        self.name, self.decimal, self.categorical, self.wanted = name, decimal, categorical, wanted
        self.values = array.array("d")
        self.seen: dict[str, int] = {}  # cell -> its number, in the order of appearance
        self.bad: list[tuple[int, str]] = []  # the first cells that are no finite numbers, with their lines
        self.n_bad, self.whole = 0, True

    def add(self, line: int, cell: str) -> None:
        """The next cell, which stands in this line of the file."""
        if not self.wanted:
            return
        if self.categorical and cell:
            self.values.append(self.seen.setdefault(cell, len(self.seen)))
            return
        value = number(cell, self.decimal)
        if len(self.seen) < REMEMBERED:
            self.seen.setdefault(cell, len(self.seen))
        self.whole = self.whole and (cell.isdigit() or cell[:1] == "-" and cell[1:].isdigit())
        if value is None or not math.isfinite(value):
            self.n_bad += 1
            if len(self.bad) < LISTED:
                self.bad.append((line, cell))
        self.values.append(math.nan if value is None else value)

    def is_text(self) -> bool:
        """Whether no cell of at least two is a number, and one of them has a letter, or all are dates."""
        return self.n_bad == len(self.values) > 1 and (any(map(str.isalpha, "".join(self.seen))) or self.is_dates())

    def is_dates(self) -> bool:
        """Whether all cells are dates or times."""
        return all(map(DATE.fullmatch, self.seen))

    def names_rows(self) -> bool:
        """Whether the cells are whole numbers or texts that are all different, as an index is."""
        rows = len(self.values)
        different = len(self.seen) in (rows, REMEMBERED) and (self.n_bad > 0 or len(set(self.values)) == rows)
        return rows > 1 and different and (self.is_text() or (self.whole and not self.n_bad))

    def counts_rows(self) -> bool:
        """Whether the cells are 0, 1, 2 ... or 1, 2, 3 ..., at least three of them, written as whole numbers."""
        return self.whole and not self.n_bad and counts(np.array(self.values))

    def contents(self) -> str:
        """What a column of text holds, for a message."""
        *first, last = [repr(cell[:20]) for cell in list(self.seen)[:4]]
        rows = f"{len(self.values)} rows"
        if len(self.seen) > 4:
            many = f"more than {REMEMBERED:,}" if len(self.seen) == REMEMBERED else f"{len(self.seen):,}"
            return f"{many} different texts in {rows}, such as {', '.join(first)}"
        return f"{', '.join(first)}{' and ' * bool(first)}{last} in {rows}"


def number(cell: str, decimal: str = ".") -> float | None:
    """The number written in `cell`, or None. Python's 1_000 is not a number that a table would hold."""
    if decimal == ",":
        if "." in cell:
            return None
        cell = cell.replace(",", ".")
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def counts(values: NDArray[Any]) -> bool:
    """Whether the values are 0, 1, 2 ... or 1, 2, 3 ..., at least three of them."""
    return values.size > 2 and values[0] in (0, 1) and bool((values == np.arange(values.size) + values[0]).all())


def left_out(name: str | None, what: str) -> str:
    """The sentence about a first column that is left out; `name` is empty where only the others have names, else None."""
    shown = "1, which has no name," if name == "" else name or "1"
    return (f"column {shown} {what} and is left out. "
            "--index keep learns it too (in Python index=\"keep\")")


def of_columns(where: str, columns: Sequence[Column], reading: Reading, lengths: Sequence[str] = (), unit: str = "line") -> Table:
    """The Table of these columns. Raises ValueError with all faults; `lengths` are those of lines that are too long or short."""
    columns, notes = [column for column in columns if column.wanted], []
    first = columns[0]
    if reading.first == "drop" and not reading.columns and len(columns) > 1 and not lengths and not first.categorical:
        if first.name == "" and first.names_rows():
            notes.append(left_out("", "names the rows" if first.is_text() else "numbers the rows"))
        elif first.counts_rows():
            notes.append(left_out(first.name, "counts the rows"))
        columns = columns[1:] if notes else columns
    _refuse(where, columns, lengths, unit)
    x, categories = np.empty((len(first.values), len(columns))), {}
    for j, column in enumerate(columns):
        x[:, j] = column.values
        if column.categorical:
            categories[j] = tuple(sorted(column.seen, key=_order))
            place = {cell: k for k, cell in enumerate(categories[j])}
            x[:, j] = np.array([place[cell] for cell in column.seen], np.float64)[x[:, j].astype(np.int64)]
        column.values = array.array("d")  # they are in x now, and would only take memory
    return Table(x, full_names([column.name for column in columns]), tuple(notes), categories)


def of_cells(where: str, names: Sequence[str] | None, cells: Sequence[Iterable[Any]], reading: Reading) -> Table:
    """The Table of columns of values. A missing value is None or NaN. Among categories 3.0 is called 3."""
    columns = named_columns(where, names, len(cells), reading)
    for column, values in zip(columns, cells, strict=True):
        for row, cell in enumerate(values, start=1):
            column.add(row, text_of(cell, column.categorical))
    return of_columns(where, columns, reading, unit="row")


def text_of(cell: Any, categorical: bool) -> str:
    """A value as the cell of a table."""
    if cell is None or type(cell).__name__ == "NAType" or (categorical and cell != cell):  # pandas compares its NA with nothing
        return ""
    whole = isinstance(cell, bool) or (categorical and isinstance(cell, float) and cell.is_integer())
    return str(int(cell) if whole else cell)


def named_columns(where: str, names: Sequence[str] | None, width: int, reading: Reading) -> list[Column]:
    """Empty columns. Raises `NoColumn` where `reading` has a name that no column has."""
    if not reading.categorical and not reading.columns:
        return [Column(names[j] if names else None, reading.decimal) for j in range(width)]
    known, wanted = chosen(where, names, width, reading)
    return [Column(names[j] if names else known[j], reading.decimal, known[j] in reading.categorical, wanted[j])
            for j in range(width)]


def chosen(where: str, names: Sequence[str] | None, width: int, reading: Reading) -> tuple[Sequence[str], list[bool]]:
    """The names of all columns, and whether each is wanted. Raises `NoColumn` where `reading` has a name that no column has."""
    known: Sequence[str] = (names and full_names(names)) or [f"x{j}" for j in range(1, width + 1)]
    wanted = [not reading.columns or name in reading.columns for name in known]
    some = [*itertools.compress(known, wanted)]
    try:
        for name in reading.columns:
            choice(f"column in {where}:", name, known)
        for name in reading.categorical:
            choice(f"column of categories in {where}:", name, some)
    except ValueError as error:
        raise NoColumn(error) from None
    return known, wanted


def full_names(names: Sequence[str | None]) -> tuple[str, ...] | None:
    """The names, with one for each column that has none; None where no column has any."""
    found = [name or "" for name in names]
    for j, name in enumerate(found, start=1):
        if not name:
            new = f"x{j}"
            while new in found:
                new += "_"
            found[j - 1] = new
    return tuple(found) if any(names) else None


def _refuse(where: str, columns: Sequence[Column], lengths: Sequence[str], unit: str) -> None:
    """Raises ValueError where a cell is no number: a column of text is named once, other cells one by one."""
    texts = [column for column in columns if column.is_text() and not column.categorical]
    lines = [f"column {_name(column, columns)} holds {'dates' if column.is_dates() else 'text'}, {column.contents()}"
             for column in texts]
    others = [(line, j, cell) for j, column in enumerate(columns) if column not in texts for line, cell in column.bad]
    cells = [f"{unit} {line}, column {_name(columns[j], columns)}: "
             + ("its category is missing" if columns[j].categorical else f"{cell[:40]!r} is not a finite number")
             for line, j, cell in sorted(others)]
    count = len(lengths) + sum(column.n_bad for column in columns if column not in texts)
    faults = [*lengths, *cells][:LISTED]
    if not lines and not faults:
        return
    message = [f"{where} cannot be used. Correct or remove these:", *lines, *faults]
    message += [f"and {count - len(faults)} more"] * (count > len(faults))
    if lines:
        message.append("A column of text is learned as categories by --categorical NAME (in Python categorical=[NAME]). Else "
                       "leave it out: name the columns to learn, --columns NAME ... (in Python columns=[...])")
    if any(column.is_dates() for column in texts):
        message.append("Dates are learned as numbers. Write, for instance, the days since the first of them")
    raise ValueError("\n  ".join([*message, *_hints([cell for *_, cell in others], texts)] + [
        "The first line decides how many cells each line has. If it is a title, begin it with #"]
        * (len(lengths) > 1 and max(len(column.values) for column in columns) < 2)))


def _hints(cells: Sequence[str], texts: Sequence[Column]) -> list[str]:
    """What may be meant by cells that are no numbers, and by columns of text."""
    hints, grouped = [], [cell for cell in cells if THOUSANDS.fullmatch(cell)]
    commas = [cell for cell in cells if DECIMAL_COMMA.fullmatch(cell)]
    if commas and len(grouped) == len(cells) and all(cell in grouped for cell in commas):
        hints.append(f"If the comma in {commas[0]} parts thousands, take it out. If it is a decimal comma, give {READ_COMMAS}")
    else:
        hints += [f"Marks between thousands, as in {cell}, must be taken out" for cell in grouped[:1]]
        hints += [f"Numbers with a decimal comma are read with {READ_COMMAS}"] * bool(commas)
    united = [cell for cell in (*cells, *(next(iter(column.seen)) for column in texts)) if UNIT.fullmatch(cell)]
    hints += [f"Numbers with a unit, as in {cell}, are read without it: write the unit into the name" for cell in united[:1]]
    return hints


def _name(column: Column, columns: Sequence[Column]) -> str | int:
    """The column's name, or its number from 1."""
    return column.name or columns.index(column) + 1


def _order(cell: str) -> tuple[bool, float, str]:
    """Categories that are numbers stand in the order of the numbers, and before texts."""
    value = number(cell)
    return (value is None, 0.0 if value is None or math.isnan(value) else value, cell)
