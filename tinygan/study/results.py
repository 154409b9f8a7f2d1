"""The results of a study on the disk, as a table with a line for each run, and the samples of each.

    study.csv                      one flat line a run: its settings, seconds, the step of divergence or nothing, all scores
    samples/ring-plain-0.npy       the first 500 points of the judged generator
    unfinished/ring-plain-0.npz    runs that have not come to their end, see `tinygan.saving`; gone when all have

A line is added as soon as its run is finished, and is on the disk before the next one is waited for. So a study that was stopped
goes on where it was; a last line that was cut off while it was written is taken away and its run made again.
"""

import csv
import io
import os
from pathlib import Path

from .. import files
from ..data.base import fingerprint
from ..metrics import FullReport
from ..recipe import Recipe
from ..settings import written
from .groups import Row
from .remedies import BASE, REMEDIES, SETTINGS, Remedy, Setup

TABLE, SAMPLES, UNFINISHED = "study.csv", "samples", "unfinished"
DAMAGED = "The table is damaged: remove that line, and its run will be made again"
KEY = ("remedy", "data", "seed")
SCORES = (*FullReport._fields, *(f"ema_{name}" for name in FullReport._fields))
# What no remedy of the table REMEDIES changes is alike in all runs of one setup, whatever their remedy.
SHARED = ("setup", *(name for name in SETTINGS if all(getattr(remedy.applied(BASE), name) == getattr(BASE, name)
                                                      for remedy in REMEDIES.values())))
COLUMNS = (*KEY, "setup", *SETTINGS, "distribution", "seconds", "diverged", *SCORES)


class OtherSettings(ValueError):
    """A table holds runs with other settings than those of the study that is to be added."""


def texts(setup: Setup, remedy: Remedy) -> dict[str, str]:
    """Everything that holds in a run, as a table shows it: the setup's name, and every setting of the Recipe."""
    recipe: Recipe = remedy.applied(setup.recipe)
    return {"setup": setup.name, **{name: written(getattr(recipe, name)) for name in SETTINGS}}


class Results:
    """The rows of a study in a folder, which must exist; `rows` holds those that are there, a dict by (remedy, data, seed).

    Raises ValueError for a table that is damaged, and `OtherSettings` where two kinds of runs would come into one table. The
    message names the line and what is different, and nothing is changed.
    """

    def __init__(self, folder, remedies, data, setup):
        self.folder, self.path, self.rows, self.repaired = Path(folder), Path(folder) / TABLE, {}, False
        self.settings = {name: texts(setup, remedy) for name, remedy in remedies.items()}
        self.data = {where: fingerprint(mixture) for where, mixture in data.items()}
        self._read()
        (self.folder / SAMPLES).mkdir(exist_ok=True)

    def append(self, row):
        """Write one more row, first its samples, then its line."""
        if row.x is not None:
            files.write(row.x, self._samples(row))
        cells = dict(zip(KEY, row.key, strict=True)) | self.settings[row.remedy]
        cells |= {"distribution": self.data[row.data], "seconds": row.seconds, "diverged": row.diverged}
        for prefix, report in (("", row.raw), ("ema_", row.ema)):
            cells |= {prefix + name: value for name, value in report._asdict().items()} if report else {}
        try:
            with self.path.open("ab") as file:
                file.write(_line(cells.get(column) for column in COLUMNS))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            error.filename = str(self.path)
            raise
        self.rows[row.key] = row

    def _samples(self, row):
        return self.folder / SAMPLES / f"{row.data}-{row.remedy}-{row.seed}.npy"

    def _read(self):
        held, head = self.path.read_bytes() if self.path.exists() else b"", _line(COLUMNS)
        if not held.startswith(head):
            if held.startswith(_line(KEY)[:-1]) and not head.startswith(held):
                raise ValueError(f"{self.path} is a study that another version of tinygan made: it has other columns than this "
                                 "version writes. Choose another folder, and make the runs again")
            if not head.startswith(held):
                raise ValueError(f"{self.path} is not the table of a study: its first line is not the one that a study writes. "
                                 "Choose another folder")
            self.path.write_bytes(head)  # nothing is there yet, or the first line was cut off
            return
        whole = held[:held.rfind(b"\n") + 1]
        for number, cells in enumerate(csv.reader(io.StringIO(whole.decode("utf-8", "replace"))), start=1):
            if number > 1:
                row = self._row(f"{self.path}, line {number}", cells)
                self.rows[row.key] = row
        if whole != held:
            with self.path.open("rb+") as file:
                file.truncate(len(whole))
            self.repaired = True

    def _row(self, place, cells):
        if len(cells) != len(COLUMNS):
            raise ValueError(f"{place}: {len(cells)} cells, expected {len(COLUMNS)}. {DAMAGED}")
        cells = dict(zip(COLUMNS, cells, strict=True))
        self._compare(place, cells)
        try:
            raw, ema = (_report(cells, prefix) for prefix in ("", "ema_"))
            diverged = int(cells["diverged"]) if cells["diverged"] else None
            row = Row(cells["remedy"], cells["data"], int(cells["seed"]), float(cells["seconds"]), diverged, raw, ema)
        except ValueError as error:
            raise ValueError(f"{place}: {error}. {DAMAGED}") from None
        if row.key in self.rows:
            raise ValueError(f"{place}: the run {', '.join(map(str, row.key))} is there twice. Remove one of the two lines")
        path = self._samples(row)
        return row._replace(x=files.read(path)[0]) if path.exists() else row

    def _compare(self, place, cells):
        """Raises `OtherSettings` when a run was made with other settings than those of this study."""
        expected = {name: next(iter(self.settings.values()))[name] for name in SHARED} | self.settings.get(cells["remedy"], {})
        if cells["data"] in self.data:
            expected["distribution"] = self.data[cells["data"]]
        for name, text in expected.items():
            if cells[name] != text:
                here, there = text or "not set", cells[name] or "not set"
                raise OtherSettings(f"{place}: {name} is {there} there, but {here} in this study. One table holds runs of one "
                                    "kind: choose another folder, or the same settings")


def _line(cells):
    """Cells as one line of bytes; floats with all their digits."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow("" if cell is None else cell for cell in cells)
    return text.getvalue().encode()


def _report(cells, prefix):
    """The FullReport whose cells begin with `prefix`, or None where they are empty."""
    texts = {name: cells[prefix + name] for name in FullReport._fields}
    if not any(texts.values()):
        return None
    counts = {name for name, kind in FullReport.__annotations__.items() if kind is int}
    return FullReport(**{name: int(text) if name in counts else float(text) for name, text in texts.items()})
