"""Numbers from a user's own file. A fault is named by line and column; nothing in a file is executed.

    read(path)             -> x (N, d), column names or None       a text table or a saved array
    read_npy(file, size)   -> an array                             what np.save wrote, from any open binary file
    write(x, path)                                                a table or an array, the same way round
    atomic_write(path)                                            a file that appears whole or not at all
    lock(folder)                                                  one writer at a time
"""

import csv
import glob
import io
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .engine.arguments import file_path, points, shown

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

Table = tuple[NDArray[Any], tuple[str, ...] | None]  # numbers (N, d), and the names of the columns


def read(path: str | Path) -> Table:
    """The numbers (N, d) in a .csv, .tsv, .txt or .npy file, and the names of the columns or None.

    See `data.from_file` for what a table may look like. Raises FileNotFoundError, or ValueError that names each fault.
    """
    path = file_path("path", path)
    kind = path.suffix.lower()
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (looked for in {Path.cwd()})")
    if not path.is_file():
        raise ValueError(f"{path} is not a file. Give the path of a .csv, .tsv, .txt or .npy file")
    if kind not in (".csv", ".tsv", ".txt", ".npy"):
        raise ValueError(f"{path} must end in .csv, .tsv, .txt or .npy, which says how to read it; got {kind!r}")
    try:
        return (_read_npy(path), None) if kind == ".npy" else _read_table(path)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}. Check its permissions") from error


def _read_table(path: Path) -> Table:
    """The numbers (N, d) and the column names (or None) of a text table."""
    rows = list(_rows(path, _text(path)))
    if not rows:
        raise ValueError(f"{path} is empty; expected one sample a line, such as 0.5,1.25")
    top, first = rows[0]
    columns: tuple[str, ...] | None = None
    table, faults = [], []
    if _is_header(first):
        columns, rows = tuple(name or f"x{j}" for j, name in enumerate(first, start=1)), rows[1:]
    names = columns or range(1, len(first) + 1)
    for line, cells in rows:
        if len(cells) != len(first):
            faults.append(f"line {line}: got {len(cells)} cells, expected {len(first)} as in line {top}")
            continue
        values = [_number(cell) for cell in cells]
        table.append(values)
        faults += [f"line {line}, column {name}: {cell[:40]!r} is not a finite number"
                   for name, cell, value in zip(names, cells, values, strict=True) if value is None or not math.isfinite(value)]
    if faults:
        more = [f"and {len(faults) - 5} more"] * (len(faults) > 5)
        raise ValueError("\n  ".join([f"{path} cannot be used. Correct or remove these:", *faults[:5], *more]))
    return np.array(table).reshape(-1, len(first)), columns


def _text(path: Path) -> str:
    """The text of a file, without the mark that some editors put first, or the # of `np.savetxt`."""
    raw = path.read_bytes()
    bad, why = raw.find(b"\0"), "a zero byte"
    if bad < 0:
        try:
            return raw.decode().removeprefix("\ufeff").removeprefix("#")
        except UnicodeDecodeError as error:
            bad, why = error.start, error.reason
    line = len((raw[:bad] + b".").splitlines())
    raise ValueError(f"{path}, line {line}: not UTF-8 text ({why}). Save it as CSV in UTF-8")


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line that is not blank."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    unquoted = re.sub('"[^"]*"', "", first)
    mark = next((mark for mark in "\t;," if mark in unquoted), " ")
    lines: Iterable[str] = io.StringIO(text, newline="")
    if mark == " ":
        lines = (" ".join(line.split()) for line in lines)
    reader = csv.reader(lines, delimiter=mark, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(f"{path}, line {number}: {error}. Check the quotation marks") from error
        if cells not in ([], [""]):
            yield number, cells


def _is_header(cells: list[str]) -> bool:
    """Whether a row is names: it has words and nothing else. A row with one bad number must not pass for names."""
    words = [cell for cell in cells if cell]
    return words != [] and all(_number(word) is None and any(map(str.isalpha, word)) for word in words)


def _number(cell: str) -> float | None:
    """The number written in `cell`, or None. Python's 1_000 is not a number that a table would hold."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _read_npy(path: Path) -> NDArray[Any]:
    with path.open("rb") as file:
        x = read_npy(file, path.stat().st_size, path)
    if x.ndim != 2:
        raise ValueError(f"{path} must hold a 2-D array (rows are samples); got shape {x.shape}. "
                         "Save a single column as x[:, None]")
    return x


def read_npy(file: IO[bytes], size: int, name: str | Path) -> NDArray[Any]:
    """The array in `file` (binary, open, `size` bytes), read only when its header is sound; `name` is for the message.

    A small file may claim to hold terabytes, or contain a program: so the claimed size must be the size of the file, and the
    entries must be numbers. Raises ValueError.
    """
    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    start = file.tell()
    try:
        shape, fortran, dtype = headers[np.lib.format.read_magic(file)](file)
    except Exception as error:  # a damaged header fails in many ways, all of them the file's fault
        raise ValueError(f"{name} is not a sound .npy file. Write it with np.save(path, x)") from error
    held = size - (file.tell() - start)
    if dtype.kind not in "fiub":
        raise ValueError(f"{name} must hold real numbers; got {dtype}. Save x.astype(float)")
    if min(shape, default=1) < 0 or math.prod(shape) * dtype.itemsize != held:
        raise ValueError(f"{name} is damaged: its header promises shape {shape} of {dtype}, but {held} bytes follow")
    return np.frombuffer(file.read(held), dtype).reshape(shape, order="F" if fortran else "C")


def write(x: NDArray[Any], path: str | Path, columns: Sequence[str] | None = None) -> None:
    """Write `x` (N, d) as a table (.csv, with the names of the columns or x1 ... xd on top) or by `np.save` (.npy)."""
    x, path = points("x", x), file_path("path", path)
    if columns is not None and not (isinstance(columns, (list, tuple)) and len(columns) == x.shape[1]
                                    and all(isinstance(name, str) for name in columns)):
        raise ValueError(f"columns must be {x.shape[1]} names, one for each column; got {shown(columns)}")
    columns = columns or [f"x{j}" for j in range(1, x.shape[1] + 1)]
    with atomic_write(path) as temporary:
        if temporary.suffix.lower() == ".npy":
            held = io.BytesIO()  # straight to a file, np.save hands it to the C library, which tells nobody of a full disk
            np.save(held, x)
            temporary.write_bytes(held.getbuffer())
            return
        # `read` looks for a delimiter in the first line: a name with one in it must stand in quotes.
        quoted = any(mark in name for name in columns for mark in "\t; ")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC if quoted else csv.QUOTE_MINIMAL, lineterminator="\n")
            writer.writerows([columns, *x.tolist()])


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """A path to write to, in the same folder, with the same ending. It becomes `path` if the block ends well, else it is deleted.

    There is never half a file at `path`. A file that was there before stays until the new one is on the disk. What a process that
    was killed has left of such a file is deleted.
    """
    path = Path(path)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # the name that a person knows
        raise
    _clean(path)


def _clean(path: Path) -> None:
    """Delete what processes that are no more have left of `path`."""
    for left in path.parent.glob(f".*-{glob.escape(path.name)}"):
        pid = left.name[1:].removesuffix(f"-{path.name}")
        if pid.isdigit() and not _runs(int(pid)):
            left.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    """Whether a process with this number may be running."""
    if os.name != "posix":  # there the same call would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


class InUse(ValueError):
    """Another process is writing into a folder."""


@contextmanager
def lock(folder: str | Path) -> Iterator[None]:
    """Hold a folder, which must exist, as its only writer. Raises `InUse` where another process holds it.

    The system lets go of it when the process ends, however that is. Nothing is held where the system knows no such locks.
    """
    if fcntl is None:
        yield
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"another tinygan is writing into {folder}. Wait for its end, or choose another --out") from None
        except OSError:  # some network drives have no locks
            pass
        yield
    finally:
        os.close(held)
