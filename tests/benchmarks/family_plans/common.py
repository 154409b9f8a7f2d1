"""What the plans share."""

from collections.abc import Callable
from typing import NamedTuple


class Plan(NamedTuple):
    """A table: for each row (a way to train, or a control) and each seed one run, whose scores stand under `columns`.

    about    what is compared, in a sentence or two: the text under the table
    rows     {name of the row: run(seed) -> {column: number}}; a run with a training adds "cpu_seconds"
    bars     {(row, column): ("at least" or "at most", number)}, each of which must hold on every seed
    fixed    {name of the row: scores that depend on no seed}: real data, and controls whose scores are known
    """

    about: str
    rows: dict[str, Callable[[int], dict[str, float]]]
    bars: dict[tuple[str, str], tuple[str, float]] = {}
    fixed: Callable[[], dict[str, dict[str, float]]] = dict
