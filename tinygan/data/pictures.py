"""Photographs as data: a folder of somebody's own, faces that scikit-learn can fetch, and patches of two pictures that it ships.

A row is a picture, pixel by pixel, channels last. Each number is between -1, white or full colour, and 1, black or no colour, as
in the digits, so that ink is 1. `brightness` gives the usual numbers back. Pillow and scikit-learn are imported where they are
used.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.arguments import Array, count, file_path, flag, floats
from ..engine.machine import fits
from .base import DataSet
from .sets import Points

KINDS = (".png", ".jpg", ".jpeg")
SHOWN = 5  # names in a message
OLIVETTI, FACE = 400, 64  # faces, and pixels on each side
SHRUNK = 4  # the two photographs are made so many times smaller first, as patches of 16 pixels would show hardly anything
HELD_OUT = .25  # of each photograph, on the right side, for patches that no training has seen


def brightness(x: Any) -> Array:
    """Rows of -1 to 1 as brightness, from 0, dark, to 1, bright."""
    return (1 - floats("x", x, np.dtype(np.float64))) / 2


def images(folder: str | Path, size: int = 16, colour: bool = False) -> Points:
    """The pictures of a folder, .png and .jpg, as rows of size * size numbers, or of three times as many with `colour`.

    A picture is turned as its camera held it. Its middle square is cut out and made smaller or larger. What is transparent
    becomes white; of an animation the first frame counts. Where the folder has subfolders with pictures instead, each of these is
    a class, in the order of their names.

    Parameters
    ----------
    folder : where the files are
    size : pixels on each side
    colour : red, green and blue, or brightness alone

    Raises
    ------
    FileNotFoundError : no such folder
    ValueError : fewer than two pictures, or files that are broken, which are named
    """
    folder, size, colour = file_path("folder", folder), count("size", size, 2), flag("colour", colour)
    fits(f"a picture of {size} x {size} pixels", size, size, 3)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    files, labels = _pictures_in(folder), None
    if not files:
        places = [(place, _pictures_in(place)) for place in sorted(path for path in folder.iterdir() if path.is_dir())]
        groups = [found for _, found in places if found]
        files = [file for found in groups for file in found]
        labels = [k for k, found in enumerate(groups) for _ in found] if len(groups) > 1 else None
    if len(files) < 2:
        raise ValueError(f"{folder} has {len(files)} pictures that end in {', '.join(KINDS)}; at least 2 are needed")
    rows, broken = [], []
    for file in files:
        try:
            rows.append(_read(file, size, colour))
        except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for a damaged file
            broken.append(f"{file.relative_to(folder)} ({error})")
    if broken:
        more = f", and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
        raise ValueError(f"{folder}: pictures that cannot be read: {'; '.join(broken[:SHOWN])}{more}. Repair or remove them")
    return Points(np.stack(rows), folder.name or str(folder), labels=labels, image=(size, size))


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in KINDS and path.is_file())


def _read(file: Path, size: int, colour: bool) -> Array:
    """One picture as a row."""
    from PIL import Image, ImageOps

    try:
        opened = Image.open(file)
    except Image.DecompressionBombError as error:  # so many pixels that they would fill the memory
        raise ValueError(error) from None
    with opened:
        opened.load()
        picture: Any = ImageOps.exif_transpose(opened)
        if picture.mode.startswith("I"):  # 16 bits
            picture = Image.fromarray((np.asarray(picture, np.float64) / 257).clip(0, 255).astype(np.uint8))
        if "A" in picture.mode or "transparency" in picture.info:
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        picture = ImageOps.fit(picture.convert("RGB" if colour else "L"), (size, size), Image.Resampling.LANCZOS)
        return 1 - 2 * np.asarray(picture, np.float64).ravel() / 255


def faces(size: int = 16, folder: str | Path | None = None) -> Points:
    """The Olivetti faces, 400 photographs of 40 persons, as rows of size * size numbers; labels are the persons.

    scikit-learn downloads them once, 4 MB, from figshare. They were taken between 1992 and 1994 at AT&T Laboratories Cambridge,
    which ask to be named where the pictures are used.

    Parameters
    ----------
    size : pixels on each side: 64, or a number that divides it
    folder : where scikit-learn keeps or finds the file; None: its own folder

    Raises
    ------
    ValueError : a size that does not divide 64
    OSError : the faces are not there, and cannot be downloaded
    """
    size = count("size", size, 2)
    if FACE % size:
        raise ValueError(f"size must divide {FACE}, the pixels on each side of a face, such as 16 or 32; got {size}")
    from sklearn.datasets import fetch_olivetti_faces, get_data_home

    try:
        found = fetch_olivetti_faces(data_home=folder)
    except OSError as error:  # no network is one of these
        raise OSError(f"the Olivetti faces are not in {get_data_home(folder)}, and cannot be downloaded ({error}). With a "
                      "network scikit-learn's fetch_olivetti_faces() fetches them once; data.images(folder) takes your own "
                      "pictures") from None
    step = FACE // size
    shrunk = found.images.astype(np.float64).reshape(-1, size, step, size, step).mean(axis=(2, 4))
    return Points(1 - 2 * shrunk.reshape(-1, size * size), "faces", labels=found.target, image=(size, size))


class Patches(DataSet):
    """Square pieces of photographs, at places that are drawn at random; they overlap.

    Parameters
    ----------
    photographs : arrays (height, width, channels) of numbers from -1 to 1, all with equally many channels
    size : pixels on each side of a patch
    name : for tables and plots

    Raises
    ------
    ValueError : a photograph that is smaller than a patch
    """

    def __init__(self, photographs: Sequence[Array], size: int, name: str = "patches") -> None:
        size = count("size", size, 2)
        small = [photo.shape[:2] for photo in photographs if min(photo.shape[:2]) < size]
        if small:
            raise ValueError(f"size is {size}, but a photograph has only {small[0][0]} x {small[0][1]} pixels")
        self.photographs, self.name, self.size, self.image = tuple(photographs), name, size, (size, size)
        self.dim = size * size * photographs[0].shape[2]

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """`n` patches (n, dim), each of a photograph and at a place drawn at random."""
        n, size = self.check_draw(n, rng), self.size
        found = np.empty((n, size, size, self.photographs[0].shape[2]))
        which, places = rng.integers(len(self.photographs), size=n), rng.random((n, 2))
        for k, photo in enumerate(self.photographs):
            room = np.array(photo.shape[:2]) - size + 1
            for i in np.flatnonzero(which == k):
                top, left = (places[i] * room).astype(int)
                found[i] = photo[top:top + size, left:left + size]
        return found.reshape(n, self.dim)

    def standardized(self) -> "Patches":
        """The patches as they are: pictures keep their own units."""
        return self

    def __repr__(self) -> str:
        return f"Patches {self.name}: {self.size} x {self.size} pixels of {len(self.photographs)} photographs"


def patches(size: int = 16, colour: bool = False, held_out: bool = False) -> Patches:
    """Patches of the two photographs that scikit-learn ships, a temple in China and a flower, made four times smaller.

    Parameters
    ----------
    size : pixels on each side, at most 106, and 40 for the held-out quarter; of 16 pixels there are 19 110
    colour : red, green and blue, or brightness alone
    held_out : from the right quarter of the photographs, which has no pixel in common with the other three quarters

    Raises
    ------
    ValueError : a size that is too large
    """
    colour, held_out, found = flag("colour", colour), flag("held_out", held_out), []
    for photo in _shipped():
        photo = photo if colour else photo.mean(axis=-1, keepdims=True)
        border = round(photo.shape[1] * (1 - HELD_OUT))
        found.append(photo[:, border:] if held_out else photo[:, :border])
    return Patches(found, size)


@functools.cache
def _shipped() -> tuple[Array, ...]:
    """Both photographs from -1 to 1, made smaller by means over blocks of pixels."""
    from sklearn.datasets import load_sample_images

    found = []
    for photo in load_sample_images().images:
        height, width = (length // SHRUNK for length in photo.shape[:2])
        blocks = photo[:height * SHRUNK, :width * SHRUNK].reshape(height, SHRUNK, width, SHRUNK, 3)
        found.append(1 - 2 * blocks.mean(axis=(1, 3)) / 255)
    return tuple(found)
