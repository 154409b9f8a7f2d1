"""Numbers from a user's own file. A fault is named by line and column; nothing in a file is executed.

    read(path)             -> x (N, d), column names or None       a text table or a saved array
    read_table(path, ...)  -> Table                                the same, read as the user means it, with notes
    read_npy(file, size)   -> an array                             what np.save wrote, from any open binary file
    write(x, path)                                                a table or an array, the same way round
    atomic_write(path)                                            a file that appears whole or not at all
    lock(folder)                                                  one writer at a time
"""

import csv
import errno
import glob
import importlib.util
import itertools
import math
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from . import text_tables
from .engine.arguments import file_path, points, shown
from .engine.machine import runs
from .tables import Reading, Table, of_cells

fcntl: Any = importlib.import_module("fcntl") if importlib.util.find_spec("fcntl") else None  # Windows has none

TEXT = (".csv", ".tsv", ".txt")
ENDINGS = ".csv, .tsv, .txt, .npy, .npz or .parquet"
UNPACKED = 1 << 32  # bytes that a packed file may hold
TAIL = 50  # letters of a name that its temporary file has too, which would be too long with all of them


def read(path: str | Path) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    """The numbers (N, d) in a file, and the names of the columns or None: all of them, also one that counts the rows.

    See `data.from_file` for what a table may look like. Raises FileNotFoundError, or ValueError that names each fault.
    """
    return read_table(path, Reading(first="keep"))[:2]


def read_table(path: str | Path, reading: Reading = Reading()) -> Table:  # noqa: B008  it cannot be changed
    """The Table in a .csv, .tsv or .txt file, which may be packed (.csv.gz), or in one of arrays (.npy, .npz, .parquet)."""
    path = file_path("path", path)
    kind = ending(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (looked for in {Path.cwd()})")
    if not path.is_file():
        raise ValueError(f"{path} is not a file. Give the path of a {ENDINGS} file")
    if kind not in (*TEXT, ".npy", ".npz", ".parquet"):
        raise ValueError(f"{path} must end in {ENDINGS}, which says how to read it; got {kind!r}")
    try:
        if kind in TEXT:
            return text_tables.read(path, _unpacked(path), reading)
        if kind == ".parquet":
            return _from_parquet(path, reading)
        table = _array_table(path, kind)
        if not reading.categorical and not reading.columns:
            return table
        return of_cells(path.name, table.columns, table.x.swapaxes(0, 1).tolist(), reading._replace(first="keep"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}. Check its permissions") from error


def ending(path: Path) -> str:
    """The ending that says what a file holds, without a .gz behind it."""
    return Path(path.stem if path.suffix.lower() == ".gz" else path).suffix.lower()


def stem(path: str | Path) -> str:
    """The name of a file without its endings, as a text that can be printed: bytes that are no text become a question mark."""
    path = Path(os.fsencode(path).decode(errors="replace"))
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


def _unpacked(path: Path) -> bytes:
    """What a file holds, unpacked where it ends in .gz; a small file that unpacks to very much is refused."""
    if path.suffix.lower() != ".gz":
        return path.read_bytes()
    import gzip  # few tables are packed
    try:
        with gzip.open(path) as file:
            raw = file.read(UNPACKED + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is not a sound .gz file, or it is damaged: {error}") from error
    if len(raw) > UNPACKED:
        raise ValueError(f"{path} unpacks to more than {UNPACKED >> 30} GB. Unpack it yourself, and give a part of it")
    return raw


def _from_parquet(path: Path, reading: Reading) -> Table:
    """The Table in a .parquet file, which pyarrow reads. pandas puts the index last; here it comes first, without a name."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise ValueError(f"{path} is read by pyarrow, which is not installed: pip install 'tinygan[parquet]'. "
                         "Or save the table as .csv") from None
    try:
        read = parquet.read_table(path)
    except ArrowException as error:
        raise ValueError(f"{path} is not a sound .parquet file: {error}") from error
    held = sorted(read.column_names, key=lambda name: not name.startswith("__index_level_"))
    names = ["" if name.startswith("__index_level_") else name for name in held]
    return of_cells(str(path), names, [read.column(name).to_pylist() for name in held], reading)


def _array_table(path: Path, kind: str) -> Table:
    """The Table in a file of one array. The fields of a structured array are columns."""
    if path.suffix.lower() == ".gz":
        raise ValueError(f"{path} holds a packed array; only tables of text may be packed. Unpack it first")
    x = _from_npz(path) if kind == ".npz" else _from_npy(path)
    if x.dtype.names:
        x, names = records(str(path), x)
        return Table(x, names)
    if x.ndim != 2:
        advice = "Save a single column as x[:, None]" if x.ndim < 2 else "Make a row of each sample: x.reshape(len(x), -1)"
        raise ValueError(f"{path} must hold a 2-D array (rows are samples); got shape {x.shape}. {advice}")
    return Table(x, None)


def records(name: str, x: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The numbers (N, d) of a structured array (N,), and the names of its fields. Raises ValueError for other fields."""
    names = x.dtype.names or ()
    wrong = [field for field in names if x.dtype[field].kind not in "fiub" or x.dtype[field].shape]
    if wrong or x.ndim != 1:
        raise ValueError(f"{name} must hold real numbers; got fields {x.dtype} in an array of shape {x.shape}. "
                         "Each field must be one number, and each row one sample")
    return np.stack([x[field].astype(np.float64) for field in names], axis=-1), names


def _from_npy(path: Path) -> NDArray[Any]:
    with path.open("rb") as file:
        return read_npy(file, path.stat().st_size, path, fields=True)


def _from_npz(path: Path) -> NDArray[Any]:
    """The only array in an archive that `np.savez` wrote."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) == 1:
                if archive.getinfo(names[0]).file_size > UNPACKED:
                    raise ValueError(f"{path} unpacks to more than {UNPACKED >> 30} GB")
                with archive.open(names[0]) as file:
                    return read_npy(file, archive.getinfo(names[0]).file_size, path, fields=True)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise ValueError(f"{path} is not a sound .npz file. Write it with np.savez(path, x)") from error
    held = ", ".join(name.removesuffix(".npy") for name in names[:5])
    raise ValueError(f"{path} must hold one array; it holds {len(names)}{': ' * bool(held)}{held}. "
                     "Save the one that is to be learned with np.save")


def read_npy(file: IO[bytes], size: int, name: str | Path, fields: bool = False) -> NDArray[Any]:
    """The array in `file` (binary, open, `size` bytes), read only when its header is sound; `name` is for the message.

    A small file may claim to hold terabytes, or contain a program. So the claimed size must be the size of the file, and the
    entries must be numbers. Raises ValueError.
    """
    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    start = file.tell()
    try:
        shape, fortran, dtype = headers[np.lib.format.read_magic(file)](file)
    except Exception as error:  # a damaged header fails in many ways, all of them the file's fault
        raise ValueError(f"{name} is not a sound .npy file. Write it with np.save(path, x)") from error
    held = size - (file.tell() - start)
    if dtype.kind not in "fiub" and not (fields and dtype.names and not dtype.hasobject):
        advice = "x.real, or x.real and x.imag as columns" if dtype.kind == "c" else "x.astype(float)"
        raise ValueError(f"{name} must hold real numbers; got {dtype}. Save {advice}")
    if min(shape, default=1) < 0 or math.prod(shape) * dtype.itemsize != held:
        raise ValueError(f"{name} is damaged: its header promises shape {shape} of {dtype}, but {held} bytes follow")
    return np.frombuffer(file.read(held), dtype).reshape(shape, order="F" if fortran else "C")


def write(x: NDArray[Any], path: str | Path, columns: Sequence[str] | None = None) -> None:
    """Write `x` (N, d) as a table (.csv, with the names of the columns or x1 ... xd on top) or by `np.save` (.npy)."""
    x, path = points("x", x), file_path("path", path)
    if columns is not None and not (isinstance(columns, (list, tuple)) and len(columns) == x.shape[1]
                                    and all(isinstance(name, str) for name in columns)):
        raise ValueError(f"columns must be {x.shape[1]} names, one for each column; got {shown(columns)}")
    if path.suffix.lower() != ".npy":
        write_rows(x.tolist(), path, columns or [f"x{j}" for j in range(1, x.shape[1] + 1)])
    else:
        write_npy([x], x.shape[0], path)


def write_npy(batches: Iterable[NDArray[Any]], rows: int, path: Path) -> None:
    """Write an array of so many rows, which come in batches, as `np.save` would write it."""
    batches = iter(batches)
    first = next(batches)
    about = np.lib.format.header_data_from_array_1_0(np.ascontiguousarray(first)) | {"shape": (rows, *first.shape[1:])}
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, about)  # np.save would use the C library, which tells nobody of a full disk
        for x in itertools.chain([first], batches):
            file.write(np.ascontiguousarray(x).data)


def write_rows(rows: Iterable[Sequence[Any]], path: Path, columns: Sequence[str]) -> None:
    """Write rows of numbers and texts as a .csv table with these names on top."""
    with atomic_write(path) as temporary:
        # `read` looks for a delimiter in the first line: a name with one in it must stand in quotes, and so must a number.
        quoted = any(mark in name for name in columns for mark in "\t; ") or any(name[:1].isdigit() for name in columns)
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC if quoted else csv.QUOTE_MINIMAL, lineterminator="\n")
            writer.writerows(itertools.chain([columns], rows))


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """A path to write to, in the same folder, with the same ending. It becomes `path` if the block ends well, else it is deleted.

    There is never half a file at `path`. An older one stays until the new one is there. What killed processes left is deleted.
    """
    name, path = str(path), Path(os.path.realpath(path))  # a link stays a link
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder, not a file to write to", name)
    if path.exists() and not path.is_file():  # a user with all rights would have a file in the place of /dev/null
        raise OSError(errno.EINVAL, "is a device or a pipe, not a file to write to", name)
    temporary = path.with_name(f".{os.getpid()}-{path.name[-TAIL:]}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):  # where no file could be made; what was wrong is told by the first error
            temporary.unlink()
        if isinstance(error, OSError):
            error.filename = name  # which a person knows
        raise
    _clean(path)


def _clean(path: Path) -> None:
    """Delete what processes that are no more have left of `path`."""
    tail = path.name[-TAIL:]
    for left in path.parent.glob(f".*-{glob.escape(tail)}"):
        pid = left.name[1:].removesuffix(f"-{tail}")
        if pid.isdigit() and not runs(int(pid)):
            left.unlink(missing_ok=True)


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
