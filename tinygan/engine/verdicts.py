"""What a gradient check found, and the words for it: `Check`, and how one is made from slopes and their errors."""

import math
from typing import Any, NamedTuple

import numpy as np

from .arguments import Array
from .diagnosis import RELATIVE_LIMIT, diagnose
from .differences import NORM_LIMIT, TIMES_ERROR, Slopes, length
from .functions import FLOAT32, Reach, Watched, reach
from .ladders import EPS

VISIBLE = 5e-6  # a limit above this is too wide to tell right from wrong
VISIBLE_FLOAT32 = 1e-3  # the same for functions that are known to 7 digits only
SMALL = 0.1  # an entry of which the error may be this share of it is too small to be seen
FLAT = "f is flat around x and changes further away only (floor, round, sign, argmax, a dead unit?): its derivative is 0 here"


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
        wrong = f"{self.wrong.sum()} of {self.wrong.size} entries wrong"
        verdict = f"norm error {self.norm_error:.1e} (limit {self.limit:.0e}), {wrong}"
        if self.kinks.any():
            verdict += f", {self.kinks.sum()} on a kink, between its slopes"
        if self.ok:
            verdict = f"agrees: {verdict}"
        elif self.wrong.any() or self.norm_error > self.limit:
            verdict = f"DISAGREES: {verdict}"
        else:
            verdict = "CANNOT BE JUDGED" + f": {verdict}" * math.isfinite(self.norm_error)
        return "\n  ".join([*self.why, *self.notes, verdict])


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
        wrong = judged & ~(np.abs(got - numeric) <= RELATIVE_LIMIT * size + TIMES_ERROR * error) | ~np.isfinite(got)
    finite, found = bool(np.isfinite(got).all()), Check(False, math.inf, wrong, kinks, got, numeric, [])
    sizes = Sizes(got[judged], numeric[judged], error[judged], x if x.shape == got.shape else np.zeros(()), value, slopes, f)
    if sizes.limit > sizes.visible or not numeric[judged].any():
        sizes.look_around(f, x)
    found = found._replace(norm_error=sizes.norm_error if finite else math.inf, limit=sizes.limit)
    if sizes.ignored and finite and got.any():
        return found._replace(wrong=np.zeros_like(wrong), norm_error=math.nan, why=[_not_used(name)])
    if wrong.any() or found.norm_error > found.limit:
        why = diagnose(got, numeric, name=name, wrong=wrong, kinks=~judged, accuracy=min(found.limit, 1e-3), **clues)
        return found._replace(why=why + slopes.outside[:3] + slopes.unsure[:1] + [FLAT] * sizes.flat)
    if slopes.unsure:
        return found._replace(why=slopes.unsure[:3])
    if kinks.all():
        return found._replace(why=[f"{name}: every entry sits on a kink and lies between the slopes on its two sides, which "
                                   "proves little. Check at another point"])
    if sizes.limit > sizes.visible:
        return found._replace(why=[f"{name} is too small to be seen: {sizes.too_small()}"])
    hidden = int((judged & (TIMES_ERROR * error > SMALL * size) & (size > 0)).sum())
    return found._replace(ok=True, notes=tuple(sizes.notes(hidden, got.size)))


class Sizes:
    """How large the gradient is, how large its error, and how much of it differences can see."""

    def __init__(self, got: Array, numeric: Array, error: Array, x: Array, value: float, slopes: Slopes, f: Watched) -> None:
        self.length = max(length(got), length(numeric))
        self.gap, self.blur = length(got - numeric), TIMES_ERROR * length(error)
        self.value, self.noise, self.zero, self.still = value, slopes.noise, not numeric.any(), slopes.flat
        size = max(abs(value), self.length * max(float(np.abs(x).max(initial=0)), 1e-6), 1e-300)
        self.known = FLOAT32 if f.float32 else slopes.noise / size  # to how much of its size f is known
        self.visible = VISIBLE_FLOAT32 if self.known > 1e4 * EPS else VISIBLE
        self.scale, self.around = self.length, Reach(True, 0.0)

    def look_around(self, f: Watched, x: Array) -> None:
        """Where nearly nothing is seen. Is f at rest here, and moves elsewhere, or does it never move?"""
        self.around = reach(f, x, self.value, max(self.noise, EPS * abs(self.value)))
        if not self.around.changes:
            self.scale = max(self.length, abs(self.value), self.blur / NORM_LIMIT)
        elif self.blur <= NORM_LIMIT * self.around.slope:
            self.scale = max(self.length, self.around.slope)

    @property
    def norm_error(self) -> float:
        return self.gap / self.scale if self.gap else 0.0

    @property
    def limit(self) -> float:
        return max(NORM_LIMIT, (self.blur / self.scale if self.scale else math.inf) if self.blur else 0.0)

    @property
    def ignored(self) -> bool:
        return self.zero and not self.around.changes

    @property
    def flat(self) -> bool:
        return self.zero and self.still and self.around.slope > 0

    def notes(self, hidden: int, entries: int) -> list[str]:
        """What there is to know although the answer agrees."""
        if not self.around.changes:
            return ["f does not change when x is moved, beyond its own rounding"]
        if self.flat:
            return [FLAT]
        if self.limit > 2 * NORM_LIMIT:
            known = f"f is known to {self.known:.0e} of its size only, so " if self.known > 1e4 * EPS else ""
            return [f"{known}differences see no more than {self.limit:.0e} of the gradient{self.float32()}"]
        if hidden == entries or self.zero:
            return ["f is at rest here: its gradient is 0 as far as can be seen, so another point tells more"]
        return [f"{hidden} of {entries} entries are too small to be seen beside the others"] * bool(hidden)

    def float32(self) -> str:
        return " (float32 inside? Build it with dtype=np.float64)" if 1e-9 < self.known < 1e-5 else ""

    def too_small(self) -> str:
        """Why differences cannot see the gradient, and by how much to scale f."""
        seen = f"its norm is {self.length:.1e}, and differences of f = {self.value:.6g} see {self.blur:.0e} at best"
        if self.known > 1e4 * EPS:
            return f"{seen}, for f is known to {self.known:.0e} of its size only{self.float32()}"
        if self.noise > 4 * EPS * abs(self.value) > 0:
            return f"{seen}, for f changes within the last digits of x or is rough: choose an x nearer to 0, or scale x"
        if not self.length:
            return f"{seen}: check at a point where the gradient is not 0"
        factor = 10.0 ** math.ceil(math.log10(max(self.blur / self.visible / self.length, 10)))
        beside = "" if abs(self.value) < 1e-280 else " after leaving out what does not depend on x"
        return f"{seen}: scale f by {factor:.0e}{beside}"


def _not_used(name: str) -> str:
    return (f"{name} cannot be judged: f does not change when x is moved. Does f use its argument? "
            "For a network, f begins with net.theta = theta")
