"""A run on disk: named arrays and a few words about them, in one file that is whole or not there at all.

    save(path, arrays, about)      an uncompressed .npz: the arrays and a manifest in JSON
    load(path) -> arrays, about    the same, checked before anything is read into memory

Nothing is pickled, so a file from a stranger can do no harm. The manifest names the format, its version, and each array's
shape, dtype and SHA-256. Writing goes to a temporary file in the same folder, which then takes the place of the old one.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from .files import read_npy

FORMAT, VERSION = "tinygan run", 1
MANIFEST_LIMIT = 1 << 20  # bytes


def save(path, arrays, about):
    """Write `arrays`, a dict of numeric arrays, and `about`, a dict that JSON can hold, to the file `path`.

    Raises OSError when the folder cannot be written; a file that was there before is then still whole.
    """
    path = Path(path)
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    seals = {name: {"shape": a.shape, "dtype": str(a.dtype), "sha256": _sha256(a)} for name, a in arrays.items()}
    manifest = json.dumps({"format": FORMAT, "version": VERSION, "about": about, "arrays": seals}).encode()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, manifest=np.frombuffer(manifest, np.uint8), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load(path):
    """The arrays and the `about` that `save` wrote. Raises FileNotFoundError, or ValueError for any other or damaged file."""
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as file:
            return _load(file, path)
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, json.JSONDecodeError, EOFError) as error:
        raise ValueError(f"{path} is not a run that tinygan saved, or it is damaged: {error}") from error


def _load(file, path):
    manifest = json.loads(_member(file, "manifest", path, MANIFEST_LIMIT).tobytes().decode())
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{path} is not a run that tinygan saved")
    if manifest["version"] != VERSION:
        raise ValueError(f"{path} has version {manifest['version']} of the format; this tinygan reads version {VERSION}")
    arrays = {}
    for name, seal in manifest["arrays"].items():
        array = _member(file, name, path)
        if [*array.shape] != seal["shape"] or str(array.dtype) != seal["dtype"] or _sha256(array) != seal["sha256"]:
            raise ValueError(f"{path} is damaged: the array {name} is not what its manifest says")
        arrays[name] = array
    return arrays, manifest["about"]


def _member(file, name, path, limit=None):
    """One array of the archive. Stored sizes are compared with the file's own before a byte is read."""
    info = file.getinfo(name + ".npy")
    limit = path.stat().st_size if limit is None else limit
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > limit:
        raise ValueError(f"{path} is damaged: {name} claims {info.file_size} bytes")
    with file.open(info) as member:
        return read_npy(member, info.file_size, f"{path}, {name}")


def _sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
