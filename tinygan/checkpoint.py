"""A run or a network on disk: named arrays and a few words about them, in one file, which is written completely or not at all.

    save(path, arrays, about)      an uncompressed .npz: the arrays and a manifest in JSON
    load(path) -> arrays, about    the same, checked before anything is read into memory

`kind` says what the file holds; a file of another kind is refused. Nothing is pickled, so a file from a stranger can do no harm.
The manifest names the format, its version, and each array's shape, dtype and SHA-256.
"""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .engine.arguments import file_path, shown
from .files import atomic_write, read_npy

Array: TypeAlias = NDArray[Any]
RUN, VERSION = "tinygan run", 2
MANIFEST_LIMIT = 1 << 20  # bytes
LONGEST = 200  # characters of what is said of a damaged file


class OtherVersion(ValueError):
    """A sound file of the right kind, in the format of another version of tinygan."""


def save(path: str | Path, arrays: dict[str, Any], about: dict[str, Any], kind: str = RUN) -> None:
    """Write `arrays`, a dict of numeric arrays, and `about`, a dict that JSON can hold, to the file `path`.

    Raises TypeError for an array that is not of real numbers, ValueError for words that are longer than `load` would read, and
    OSError when the file cannot be written. What was there before is then still whole.

    >>> import tempfile
    >>> import numpy as np
    >>> from tinygan import checkpoint
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint.save(f"{folder}/run.npz", {"theta": np.arange(3)}, {"seed": 7})
    ...     checkpoint.load(f"{folder}/run.npz")
    ({'theta': array([0, 1, 2])}, {'seed': 7})
    """
    path = file_path("path", path)
    if not isinstance(arrays, dict):
        raise TypeError(f"arrays must be a dict, name -> array; got {shown(arrays)}")
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise TypeError(f"a {kind} is saved as real numbers; {name} is an array of {array.dtype}")
    seals = {name: _seal(array) for name, array in arrays.items()}
    manifest = in_bytes({"format": kind, "version": VERSION, "about": about, "arrays": seals}, kind)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, manifest=np.frombuffer(manifest, np.uint8), **arrays)


def in_bytes(words: dict[str, Any], kind: str = RUN) -> bytes:
    """The words as a file holds them. Raises ValueError for more than `load` would read."""
    try:
        text = json.dumps(words).encode()
    except (TypeError, ValueError) as error:
        raise TypeError(f"the words of a {shown(kind)} must be what JSON can hold: {error}") from None
    if len(text) > MANIFEST_LIMIT:
        raise ValueError(f"the words of a {kind}, such as the names of its columns, take {len(text)} bytes, and a file holds "
                         f"{MANIFEST_LIMIT}: use fewer or shorter names")
    return text


def load(path: str | Path, kind: str = RUN) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays and the `about` that `save` wrote. Raises OSError, or ValueError for any other or damaged file."""
    path = file_path("path", path)
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return _load(archive, path.stat().st_size, kind)
        except OtherVersion as error:
            raise ValueError(f"{path} cannot be read: {error}") from None
        except Exception as error:  # a damaged file fails in many ways, all of them the file's fault
            raise ValueError(f"{path} is not a {kind}, or it is damaged: {_short(error)}") from error


def _load(archive: zipfile.ZipFile, size: int, kind: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """Arrays and `about` of an archive of `size` bytes. What it claims to hold is added up before any of it is read."""
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if sum(info.file_size for info in archive.infolist()) > size:
        raise ValueError(f"it claims to hold more than its own {size} bytes")
    for info in archive.infolist():  # `save` compresses nothing, and what unpacks may become larger than it claims
        if info.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{info.filename} in it is compressed")
    if "manifest" not in members:
        raise ValueError("it holds no manifest")
    if members["manifest"].file_size > MANIFEST_LIMIT:
        raise ValueError(f"its manifest is larger than {MANIFEST_LIMIT} bytes")
    manifest = json.loads(_member(archive, members["manifest"]).tobytes().decode())
    if manifest["format"] != kind or manifest["version"] != VERSION:
        message = f"it is {manifest['format']!r}, version {manifest['version']!r}; expected {kind!r}, version {VERSION}"
        if manifest["format"] == kind and isinstance(manifest["version"], int):
            raise OtherVersion(f"{message}. This tinygan reads version {VERSION}, so it must be made again")
        raise ValueError(message)
    arrays = {}
    for name, seal in manifest["arrays"].items():
        if name not in members:
            raise ValueError(f"the array {name} is missing")
        arrays[name] = _member(archive, members[name])
        if seal != _seal(arrays[name]):
            raise ValueError(f"the array {name} is not what the manifest says")
    return arrays, manifest["about"]


def _short(error: Exception) -> str:
    """What the error says, on one line. It may quote a long piece of the damaged file."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(error))
    return " ".join(text.split())[:LONGEST]


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    with archive.open(info) as file:
        return read_npy(file, info.file_size, info.filename)


def _seal(array: Array) -> dict[str, Any]:
    return {"shape": [*array.shape], "dtype": str(array.dtype), "sha256": hashlib.sha256(array.tobytes()).hexdigest()}
