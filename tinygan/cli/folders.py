"""Folders and files that commands write to.

    claim(path, force, ...)   refuse a path that nothing can be written to
    free(name)                a folder that does not exist
    made(folder)              make a folder, for as long as something comes into it
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .run_files import Misuse


def _make(folder, exist_ok):
    """Make the folder; False where it must be new and is there."""
    try:
        folder.mkdir(parents=True, exist_ok=exist_ok)
    except FileExistsError:
        if exist_ok:
            raise
        return False
    return True


@contextmanager
def made(folder: Path, name: str | None = None) -> Iterator[Path]:
    """Make the folder, with its parents, and yield it; those that are new and in the end empty are removed again.

    With a `name` it must be new. Where another process has just made it, the next one of this name is made.
    """
    fresh = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        try:
            while not _make(folder, exist_ok=not name):
                fresh = [folder := free(name)]
        except OSError as error:
            raise Misuse(f"the folder {folder} cannot be made: {error.strerror}. Choose another --out") from None
        yield folder
    finally:
        for place in fresh:
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()


def claim(path, force, suffixes=(), a_folder=False, option="--out"):
    """Refuse a path that nothing can be written to, or where something is already, unless told to write over it."""
    if suffixes and path.suffix.lower() not in suffixes:
        *most, last = suffixes
        ends = " or ".join([", ".join(most), last] if most else [last])
        raise Misuse(f"{option} must end in {ends}, which says how to write it; "
                     f"got {path}")
    if not a_folder and not path.parent.is_dir():
        raise Misuse(f"there is no folder {path.parent} to write {path.name} to. Make it, or choose another {option}")
    if path.exists() and path.is_dir() != a_folder:
        raise Misuse(f"{path} is a {'file' if a_folder else 'folder'}. Choose another {option}")
    if path.exists() and not force:
        raise Misuse(f"{path} exists already. Choose another {option}, or write over it with --force")


def free(name: str) -> Path:
    """`name`, or `name-2`, `name-3` ..., the first folder that does not exist."""
    k = 1
    while (folder := Path(name if k == 1 else f"{name}-{k}")).exists():
        k += 1
    return folder
