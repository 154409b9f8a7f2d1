"""What a gradient check found, and the words for it: `Check`, and how one is made from slopes and their errors."""

import math
from typing import Any, NamedTuple

import numpy as np

from .arguments import Array
from .diagnosis import RELATIVE_LIMIT, diagnose
from .functions import EPS, Reach, Watched, reach

NORM_LIMIT = 1e-8  # on |a - n| / max(|a|, |n|)
VISIBLE = 5e-6  # a limit above this is too wide to tell right from wrong
VISIBLE_FLOAT32 = 1e-3  # the same for functions that are known to 7 digits only
SMALL = 0.1  # an entry of which the error may be this share of it is too small to be seen
TIMES_ERROR = 3.0  # a difference may be off by this many times its estimated error


class Check(NamedTuple):
    """The outcome of `check`: whether the gradient agrees, by how much, and where not.

    ok          True when norm_error <= limit, no entry is wrong, and the differences could see enough to say so
    norm_error  |analytic - numeric| / max(|analytic|, |numeric|), over the entries that are not on a kink
    wrong       a mask shaped like x: entries that disagree
    kinks       a mask shaped like x: entries where f has a corner and the answer lies between its slopes to the left and right,
                which is all that differences can say there
    analytic    the gradient under test
    numeric     the differences, or whatever else it was compared with
    why         the reasons: a list of lines, empty when ok
    limit       1e-8, or more where differences of this f cannot see that much
    notes       what there is to know when it agrees: lines, mostly none
    """

    ok: bool
    norm_error: float
    wrong: Array
    kinks: Array
    analytic: Any
    numeric: Array
    why: list[str]
    limit: float = NORM_LIMIT
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        verdict = f"norm error {self.norm_error:.1e} (limit {self.limit:.0e}), {self.wrong.sum()} of {self.wrong.size} entries wrong"
        if self.kinks.any():
            verdict += f", {self.kinks.sum()} on a kink, between its slopes"
        if self.ok:
            verdict = f"agrees: {verdict}"
        elif self.wrong.any() or self.norm_error > self.limit:
            verdict = f"DISAGREES: {verdict}"
        else:
            verdict = "CANNOT BE JUDGED" + f": {verdict}" * math.isfinite(self.norm_error)
        return "\n  ".join([*self.why, *self.notes, verdict])


class Slopes(NamedTuple):
    """What differences say about each entry."""

    numeric: Array
    error: Array
    kinks: Array  # on a corner, and the answer lies between its slopes
    outside: list[str]  # a line for each answer that lies outside the slopes of its corner
    unsure: list[str]  # a line for each entry where f has no slope that could be found
    noise: float  # how far each value of f is off; 0 where nobody had to know


def unjudged(analytic: Any, shape: tuple[int, ...], why: str) -> Check:
    """A Check that passes no judgement, and says why."""
    nothing = np.zeros(shape, bool)
    return Check(False, math.nan, nothing, nothing, analytic, np.full(shape, math.nan), [why])


def verdict(got: Array, slopes: Slopes, f: Watched, x: Array, value: float, name: str, clues: dict[str, Any]) -> Check:
    """The Check for an answer, from what the differences said."""
    numeric, kinks = slopes.numeric, slopes.kinks
    judged = ~kinks & np.isfinite(numeric)
    error = np.where(judged, slopes.error, 0)
    size = np.maximum(np.abs(got), np.abs(numeric))
    with np.errstate(invalid="ignore"):
        wrong = ~kinks & ~(np.abs(got - numeric) <= RELATIVE_LIMIT * size + TIMES_ERROR * error) & ~(np.isfinite(got) & ~judged)
    length = max(float(np.linalg.norm(got[judged])), float(np.linalg.norm(numeric[judged])))
    gap, blur = float(np.linalg.norm((got - numeric)[judged])), TIMES_ERROR * float(np.linalg.norm(error))
    finite = bool(np.isfinite(got).all())
    norm_error = math.inf if not finite else gap / length if length else 0.0
    limit = max(NORM_LIMIT, blur / length if length else math.inf if blur else 0.0)
    rough = f.float32 or slopes.noise > 1e4 * EPS * max(abs(value), 1e-300)
    visible, around = VISIBLE_FLOAT32 if rough else VISIBLE, None
    if limit > visible or not numeric[judged].any():
        around = reach(f, x, value, max(slopes.noise, EPS * abs(value)))
    still = around is not None and (not around.changes or blur <= NORM_LIMIT * around.slope)
    disagrees = bool(wrong.any()) or norm_error > limit
    found = Check(False, norm_error, wrong, kinks, got, numeric, [], limit)
    if finite and around is not None and not around.changes and got.any() and not numeric.any():
        return found._replace(wrong=np.zeros_like(wrong), norm_error=math.nan, why=[_not_used(name)])
    if disagrees:
        why = diagnose(got, numeric, name=name, wrong=wrong, kinks=~judged, accuracy=min(limit, 1e-3), **clues)
        why += slopes.outside[:3] + slopes.unsure[:1]
        return found._replace(why=why + [_flat()] * (around is not None and not numeric.any()))
    if slopes.unsure:
        return found._replace(why=slopes.unsure[:3])
    if kinks.all():
        return found._replace(why=[f"{name}: every entry sits on a kink and lies between the slopes on its two sides, which proves "
                                   "little. Check at another point"])
    if limit > visible and not still:
        return found._replace(why=[_too_small(name, length, value, slopes.noise, blur, rough, visible)])
    return found._replace(ok=True, notes=tuple(_notes(error, size, judged, rough, limit, around, numeric)))


def _notes(error: Array, size: Array, judged: Array, rough: bool, limit: float, around: Reach | None, numeric: Array) -> list[str]:
    """What there is to know although the answer agrees."""
    notes = []
    hidden = int((judged & (TIMES_ERROR * error > SMALL * size) & (size > 0)).sum())
    if around is not None and not around.changes:
        notes.append("f does not change when x is moved, beyond its own rounding")
    elif around is not None and not numeric.any():
        notes.append(_flat())
    elif hidden:
        notes.append(f"{hidden} of {size.size} entries are too small to be seen beside the others")
    if rough and limit > NORM_LIMIT:
        notes.append("f is known to 7 digits only (float32 inside?), so only larger errors are seen: build it with dtype=np.float64")
    elif limit > NORM_LIMIT and not notes:
        notes.append(f"differences of this f see no more than {limit:.0e} of the gradient")
    return notes


def _not_used(name: str) -> str:
    return (f"{name} cannot be judged: f does not change when x is moved. Does f use its argument? "
            "For a network, f begins with net.theta = theta")


def _flat() -> str:
    return "f is flat around x and changes further away only (floor, round, sign, argmax, a dead unit?): its derivative is 0 here"


def _too_small(name: str, length: float, value: float, noise: float, blur: float, rough: bool, visible: float) -> str:
    """Why differences cannot see the gradient, and by how much to scale f."""
    factor = 10.0 ** math.ceil(math.log10(max(blur / visible / length, 10))) if length else math.inf
    seen = f"{name} is too small to be seen: its norm is {length:.1e}, and differences of f = {value:.6g} see {blur:.0e} at best"
    if rough:
        return seen + ". f is known to 7 digits only (float32 inside?): build it with dtype=np.float64"
    if abs(value) < 1e-280:
        return seen + f": scale f by {factor:.0e}"
    if not math.isfinite(factor):
        return seen + ": check at a point where the gradient is not 0"
    return seen + f": scale f by {factor:.0e} after leaving out what does not depend on x"
