"""The scripts that come with the package, where the lessons and the exercises are, and how a reader gets copies of them.

    folder()               -> the folder of the lessons, in an installed package or in a clone of the repository
    scripts()              -> the lessons, in the order to read them
    copy_to(folder)        copies the lessons
    copy(files, ...)       copies any files and keeps those that are there

The sources are in lessons/ at the top of the repository. setup.cfg puts them into the wheel as tinygan/lessons_files.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from . import files

INSTALLED = "lessons_files"  # the name inside the installed package; setup.cfg has the same
AGAIN = "The installation of tinygan is not complete. Install it again with  python -m pip install --force-reinstall tinygan"


def folder(package: Path = Path(__file__).parent) -> Path:
    """The folder of the lessons, inside the installed package, otherwise beside the package, at the top of the repository."""
    inside = package / INSTALLED
    return inside if inside.is_dir() else package.parent / "lessons"


def scripts() -> list[Path]:
    """The lessons in the order to read them. Raises FileNotFoundError where there are none."""
    found = sorted(folder().glob("[0-9][0-9]_*.py"))
    if not found:
        raise FileNotFoundError(f"there are no lessons in {folder()}. {AGAIN}")
    return found


def copy_to(destination: str | Path) -> tuple[list[str], list[str]]:
    """Copy the lessons into the folder `destination`. Returns (copied, kept) and raises as `copy` does."""
    return copy(scripts(), folder(), destination)


def copy(sources: Iterable[Path], base: Path, destination: str | Path) -> tuple[list[str], list[str]]:
    """Copy files that are below the folder `base` to the same places below `destination`, which is made if it is not there.

    What is there already stays as it is. Returns (copied, kept), two lists of paths relative to `destination`. A file appears
    whole or not at all, so a copy that was interrupted can be repeated. Raises OSError whose `filename` is the destination.
    """
    copied, kept = [], []
    for source in sources:
        name = source.relative_to(base)
        target = Path(destination) / name
        if os.path.lexists(target):
            kept.append(name.as_posix())
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_bytes()
        with files.atomic_write(target) as temporary:
            temporary.write_bytes(text)
        copied.append(name.as_posix())
    return copied, kept
