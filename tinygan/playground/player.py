"""The thread that plays a game, and the commands that a page can give it."""

import json
import queue
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

from ..engine.machine import one_thread
from .keeping import save
from .session import Session
from .stories import begin

SLICE = 0.015  # seconds of rounds between two pictures, where nobody asks for anything
PATIENCE = 5  # at full speed a new picture comes after so many times the CPU time of the last one: it slows training by 1/5
AT_ONCE = 5  # rounds between two looks at the clock
MOST_STEPS, SLOWEST, FASTEST = 1000, 0.1, 1000.0  # in one command; rounds a second


class Player(threading.Thread):
    """The thread that plays a session and owns its networks. `rate` means rounds a second, or None for as many as it can."""

    def __init__(self, session: Session) -> None:
        super().__init__(daemon=True)
        self.session, self.jobs = session, queue.SimpleQueue[Any]()
        self.playing, self.frame, self.speed, self.ended = False, 1, 0.0, False
        self.rate: float | None = None
        self.waiting: list[threading.Event] = []
        self._due, self._trained, self._shown = 0.0, 0.0, 0.0  # the last two: CPU time of rounds, and of the last pictures

    def ask(self, job: Callable[["Player"], Any]) -> Any:
        """job(self) between two rounds; returns what it returns, and raises what it raises."""
        answer = queue.SimpleQueue[Any]()
        self.jobs.put((job, answer))
        value, error = answer.get()
        if error is not None:
            raise error
        return value

    def run(self) -> None:
        """Play until `end`. While the game goes on, matrix products take one thread; while it stands still, all threads."""
        while not self.ended:
            asked = self.jobs.get()
            with one_thread():
                self._answer(*asked)
                while self.playing and not self.ended:
                    self._go_on()

    def _go_on(self) -> None:
        """Answer a question, or play once it is time to."""
        wait = max(0.0, self._due - time.monotonic())
        try:
            asked = self.jobs.get(timeout=wait) if wait else self.jobs.get_nowait()
        except queue.Empty:
            return self._play()
        self._answer(*asked)

    def _answer(self, job: Callable[["Player"], Any], answer: Any) -> None:
        try:
            answer.put((job(self), None))
        except Exception as error:  # it belongs to the one who asked
            answer.put((None, error))

    def _play(self) -> None:
        now, before, used = time.monotonic(), self.session.rounds, time.thread_time()
        if self.rate:
            self.session.do("both")
            self._due = max(self._due + 1 / self.rate, now)
        else:
            self.session.do("both", AT_ONCE)
            while time.monotonic() < now + SLICE and self.jobs.empty() and not self.session.diverged:
                self.session.do("both", AT_ONCE)
        passed = max(time.monotonic() - now, 1e-3)  # some clocks are coarse
        if not self.rate:
            self.speed += .1 * ((self.session.rounds - before) / passed - self.speed) if self.speed else 1.0
        self.playing = self.playing and not self.session.diverged
        self._trained += time.thread_time() - used
        if self.rate or not self.playing or self._trained >= PATIENCE * self._shown:
            self.changed()

    def changed(self) -> None:
        """There is something new to see, so wake the pages that wait."""
        self.frame += 1
        self._trained = self._shown = 0.0
        waiting, self.waiting = self.waiting, []
        for event in waiting:
            event.set()

    def end(self) -> None:
        """Stop the thread."""
        self.ask(lambda player: setattr(player, "ended", True))
        self.join()

    def packed(self) -> bytes:
        """The frame as a page reads it: uint32 length, JSON, arrays one after the other, little-endian."""
        used = time.thread_time()
        facts, arrays = self.session.view()
        facts |= {"frame": self.frame, "playing": self.playing, "rate": self.rate,
                  "speed": self.speed if self.playing and not self.rate else 0,
                  "parts": [[name, a.dtype.str[1:], a.size] for name, a in arrays.items()]}
        head = json.dumps(facts).encode()
        head += b" " * (-len(head) % 4)
        body = b"".join(a.astype(a.dtype.newbyteorder("<")).tobytes() for a in arrays.values())
        self._shown += time.thread_time() - used
        return struct.pack("<I", len(head)) + head + body


def _play(player: Player, on: bool = True) -> None:
    player.playing, player._due = bool(on) and not player.session.diverged, 0.0


def _rate(player: Player, rate: float | None = None) -> None:
    if rate is not None and not (isinstance(rate, (int, float)) and SLOWEST <= rate <= FASTEST):
        raise ValueError(f"rate must be {SLOWEST} to {FASTEST} rounds a second, or null; got {rate!r}")
    player.rate, player._due = rate, 0.0


def _step(player: Player, who: str = "both", n: int = 1) -> None:
    if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= MOST_STEPS:
        raise ValueError(f"n must be 1 to {MOST_STEPS}; got {n!r}")
    player.session.do(who, n)


def _change(player: Player, **settings: Any) -> None:
    player.session.change(**{name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()})


def _story(player: Player, name: str) -> None:
    begin(player.session, name)
    _play(player)


def _save(player: Player) -> dict[str, str]:
    return {"folder": str(save(player.session))}


COMMANDS: dict[str, Callable[..., Any]] = {
    "play": _play, "rate": _rate, "step": _step, "set": _change, "story": _story, "save": _save,
    "begin": lambda player: player.session.begin(), "draw": lambda player, points: player.session.draw(points)}
