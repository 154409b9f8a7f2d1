"""Rounds of a training, plainly or as a replay. Which of the two, and is the replay right?

The first round runs plainly. Optimisers and penalties make their memories. The second is recorded. The third runs both ways,
and the replay is kept only if both end in the same numbers. So whatever the recording did not see is noticed.
"""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from .engine.arguments import flag
from .engine.recording import leaves
from .engine.replay import NotRecordable, Replay, State, record


class Rounds:
    """A function of a batch, called round after round. `changes` is what it changes in place, as `replay.record` takes it."""

    def __init__(self, play: Callable[[Any], Any], changes: list[Any], replay: bool) -> None:
        self.play, self.changes, self.wanted = play, changes, flag("replay", replay)
        self.forget()

    def forget(self) -> None:
        """Begin again with a plain round, as what the recording saw is not there any more."""
        self.replay: Replay | None = None
        self.checked, self.played, self.why_not = False, 0, ""

    def __call__(self, batch: Any) -> Any:
        if self.checked and self.replay is not None:
            return self.replay(batch)
        self.played += 1
        if not self.wanted or self.why_not or self.played == 1:
            return self.play(batch)
        return self._recorded(batch) if self.replay is None else self._both_ways(batch, self.replay)

    def _recorded(self, batch: Any) -> Any:
        try:
            self.replay = record(self.play, batch, self.changes)
        except NotRecordable as error:
            self._give_up(str(error))
            return self.play(batch)
        return self.replay.result

    def _both_ways(self, batch: Any, replay: Replay) -> Any:
        """The round by replay, then from the same start plainly. The plain result stands."""
        start = State(self.changes)
        replayed, by_replay = replay(batch), State(self.changes)
        start.put_back()
        played = self.play(batch)
        self.checked = by_replay.agrees() and _same(replayed, played)
        if not self.checked:
            self.replay = None
            self._give_up("a replay of it ended in other numbers: it changes or reads something that the recording did not see")
        return played

    def _give_up(self, why: str) -> None:
        self.why_not = why
        logging.getLogger("tinygan").warning("this training's step runs plainly, not as a replay: %s", why)

    def __repr__(self) -> str:
        if self.why_not:
            return f"plain, as {self.why_not}"
        return "replay" if self.wanted else "plain"


def _same(a: Any, b: Any) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(leaves(a), leaves(b), strict=True) if x is not None)
