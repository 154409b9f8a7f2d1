"""Tables of text, as people have them: which mark parts the cells, which line holds the names, where the numbers begin.

    read(path, raw, reading) -> Table      from the bytes of a .csv, .tsv or .txt file

NumPy reads a sound table of numbers. Where it cannot, the table is read cell by cell: that is slower, but it knows the line and
the column of each fault, and the texts of categories.
"""

import codecs
import csv
import io
import itertools
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import tables
from .tables import Reading, Table, number

PEEKED = 100  # rows that are looked at to tell names from numbers
NOT_AVAILABLE = {"na", "n/a", "nan", "null", "none", "missing"}


class Layout(NamedTuple):
    """What the first lines of a table say.

    mark     what parts the cells; " " for white space
    names    the names of the columns, or None
    skip     lines before the first row of numbers
    top      the line of the first row, be it names or numbers
    rows     the first rows below the names, as texts
    width    cells in a row
    notes    what may be meant in another way
    """

    mark: str
    names: tuple[str, ...] | None
    skip: int
    top: int
    rows: list[list[str]]
    width: int
    notes: tuple[str, ...]


def read(path: Path, raw: bytes, reading: Reading) -> Table:
    """The Table in `raw`, the contents of the file `path`. Raises ValueError that names each fault by line and column."""
    raw = _utf8(path, raw)
    layout = _layout(path, raw, reading)
    x = None if reading.categorical else _numbers(raw, layout, reading)
    table = _cell_by_cell(path, raw, layout, reading) if x is None else _without_index(path.name, x, layout, reading)
    return table._replace(notes=(*layout.notes, *table.notes))


def _utf8(path: Path, raw: bytes) -> bytes:
    """The bytes in UTF-8, without the mark that some editors put first. UTF-16 and UTF-32 are known by theirs."""
    wide = "utf-32" if raw.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) else "utf-16"
    if wide == "utf-32" or raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return raw.decode(wide).encode()
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} begins as {wide.upper()} text does, but is damaged ({error.reason}). "
                             "Save it again") from None
    raw = raw.removeprefix(codecs.BOM_UTF8)
    bad = raw.find(b"\0")
    if bad >= 0:
        _not_text(path, raw, bad, "a zero byte")
    return raw


def _not_text(path: Path, raw: bytes, bad: int, why: str) -> None:
    line = len((raw[:bad] + b".").splitlines())
    raise ValueError(f"{path}, line {line}: not UTF-8 text ({why}). Save it as CSV in UTF-8") from None


def _lines(raw: bytes, errors: str = "strict") -> io.TextIOWrapper:
    """The lines of the text, with their ends as they are, which quoted cells may hold too."""
    return io.TextIOWrapper(io.BytesIO(raw), "utf-8", errors, newline="")


def _layout(path: Path, raw: bytes, reading: Reading) -> Layout:
    """What the first lines say. Raises ValueError for a table without a row."""
    lines, above, comment, mark, line = _lines(raw, "replace"), 0, "", "", ""
    for line in lines:
        text = line.strip()
        sep = re.fullmatch(r'"?sep=(.)"?', line.strip("\r\n "))
        if text and not sep and not text.startswith("#"):
            break
        above += 1
        comment = text.lstrip("#") if text.startswith("#") else comment
        mark = sep[1] if sep else mark
    else:
        raise ValueError(f"{path} is empty; expected one sample a line, such as 0.5,1.25")
    mark = mark or _mark(line, reading.decimal)
    numbered = _rows(path, itertools.chain([line], lines), mark, above)
    top, first, end = next(numbered)
    peeked = [cells for _, cells, _ in itertools.islice(numbered, PEEKED)]
    quoted = line.count('"') == 2 * len(first) and '"' not in "".join(itertools.chain(*peeked))
    notes: tuple[str, ...] = ()
    if is_header(first) or _numbers_as_names(first, peeked, quoted):
        if not is_header(first):
            notes = (f"line {top} ({', '.join(first)}) is taken for the names of the columns. If it holds numbers, "
                     "write a line of names above it",)
        return Layout(mark, tuple(first), end, top, peeked, len(first), notes)
    above_names = next(_rows(path, [comment], mark, 0), (0, [], 0))[1]
    names = tuple(above_names) if len(above_names) == len(first) and is_header(above_names) else None
    rows = [first, *peeked]
    return Layout(mark, names, above, top, rows, len(first), _comma_notes(path, rows, mark, top) if names is None else ())


def _mark(line: str, decimal: str) -> str:
    """What parts the cells of the first line: a tab, a semicolon, a comma, else white space."""
    unquoted = re.sub('"[^"]*"', "", line.strip())
    return next((mark for mark in "\t;," if mark in unquoted and mark != decimal), " ")


def _rows(path: Path, lines: Iterable[str], mark: str, above: int = 0) -> Iterator[tuple[int, list[str], int]]:
    """(line, cells, the line where it ends) of each row that is not blank and no comment; `above` lines stand before."""
    if mark == " ":
        lines = (" ".join(line.split()) for line in lines)
    reader = csv.reader(lines, delimiter=mark, strict=True, skipinitialspace=mark != "\t")
    begun = False
    while True:
        line = above + reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(f"{path}, line {line}: {error}. Check the quotation marks") from error
        if cells not in ([], [""]) and not (begun and cells[0].startswith("#")):
            begun = True  # the first row may begin with a name such as "#N"
            yield line, cells, above + reader.line_num


def is_header(cells: list[str]) -> bool:
    """Whether a row is names: it has words and nothing else. A row with one bad number must not pass for names.

    Where the first column has no name, the others may be the numbers 0, 1, 2 ..., as pandas calls them.
    """
    words = [cell for cell in cells if cell]
    if all(word.lower() in NOT_AVAILABLE for word in words):
        return False
    counted = cells[0] == "" and words == [str(j) for j in range(len(cells) - 1)]
    return counted or all(number(word) is None and number(word, ",") is None and any(map(str.isalpha, word)) for word in words)


def _numbers_as_names(first: list[str], below: list[list[str]], quoted: bool) -> bool:
    """Whether a row of numbers is names: it alone stands in quotes, or it counts while all numbers below have a fraction."""
    if len(first) < 2 or not all(map(str.isdigit, first)) or len(set(first)) < len(first) or len(below) < 2:
        return False
    steps = {int(b) - int(a) for a, b in itertools.pairwise(first)}
    fractions = all(number(cell) is not None and not _whole(cell) for cell in itertools.chain(*below))
    return quoted or (steps == {1} and fractions)


def _whole(cell: str) -> bool:
    return cell.lstrip("+-").isdigit()


def _comma_notes(path: Path, rows: list[list[str]], mark: str, top: int) -> tuple[str, ...]:
    """Two columns of whole numbers, parted by commas, may be one column with decimal commas. Raises where they must be."""
    if mark != "," or not all(len(row) == 2 and all(map(_whole, row)) for row in rows):
        return ()
    if any(len(row[1]) > 1 and row[1].startswith("0") for row in rows):
        raise ValueError(f"{path}, line {top}: {','.join(rows[0])!r} looks like one number with a decimal comma. Such a table is "
                         'read with --decimal , (in Python decimal=","), and two columns with a line of names above them')
    return ("each line is read as two whole numbers. If it is one number with a decimal comma, give --decimal , "
            '(in Python decimal=",")',)


def _numbers(raw: bytes, layout: Layout, reading: Reading) -> Any:
    """The numbers (N, d), read by NumPy, or None where it cannot read them all, or the cells are not as it expects them."""
    if not layout.rows or b'"' in raw.split(b"\n", layout.skip)[-1] or (reading.decimal == "," and b"." in raw):
        return None
    lines = _lines(raw.replace(b",", b".") if reading.decimal == "," else raw)
    try:
        for _ in itertools.islice(lines, layout.skip):
            pass
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Input line .* contained no data", UserWarning)
            # How many lines are left, so that NumPy takes memory for them once; since 2.5 it takes twice as much otherwise.
            most = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n") + (not raw.endswith((b"\n", b"\r"))) - layout.skip
            x = np.loadtxt(lines, delimiter=None if layout.mark == " " else layout.mark, comments=None, ndmin=2, max_rows=most)
    except ValueError:  # UnicodeDecodeError is one too
        return None
    return x if x.shape[1] == layout.width and np.isfinite(x).all() else None


def _without_index(where: str, x: Any, layout: Layout, reading: Reading) -> Table:
    """The Table of sound numbers, without a first column that only numbers the rows, or of the columns that are asked for."""
    notes: tuple[str, ...] = ()
    names = layout.names
    if reading.columns:
        known, wanted = tables.chosen(where, names, layout.width, reading)
        return Table(x[:, wanted], tuple(itertools.compress(known, wanted)))
    if reading.first == "drop" and x.shape[1] > 1 and all(_whole(row[0]) for row in layout.rows):
        nameless = names is not None and names[0] == ""
        if nameless and len(x) > 1 and (x[:, 0] == x[:, 0].round()).all() and np.unique(x[:, 0]).size == len(x):
            notes = (tables.left_out("", "numbers the rows"),)
        elif tables.counts(x[:, 0]):
            notes = (tables.left_out(names[0] if names else None, "counts the rows"),)
        if notes:
            x, names = x[:, 1:], names and names[1:]
    return Table(x, tables.full_names(names) if names else None, notes)


def _cell_by_cell(path: Path, raw: bytes, layout: Layout, reading: Reading) -> Table:
    """The Table, or a message with the line and the column of each fault."""
    columns = tables.named_columns(path.name, layout.names, layout.width, reading)
    lines, lengths = _lines(raw), []
    try:
        for _ in itertools.islice(lines, layout.skip):
            pass
        for line, cells, _ in _rows(path, lines, layout.mark, layout.skip):
            if len(cells) != layout.width:
                lengths.append(f"line {line}: got {len(cells)} cells, expected {layout.width} as in line {layout.top}")
                continue
            for column, cell in zip(columns, cells, strict=True):
                column.add(line, cell)
    except UnicodeDecodeError:  # its own place is that in a part of the text
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            _not_text(path, raw, error.start, error.reason)
    return tables.of_columns(str(path), columns, reading, lengths)
