"""The live page, with a GAN that is trained, stopped and changed under somebody's hands. `tinygan play` opens it.

    moves       what can be done with a training: rounds, steps of one player, other settings in the middle of a run
    session     one game: settings, moves so far, what there is to see, and the game as a Python program
    server      the page and its answers, for this machine only
    notebook    `show`, which puts the page into a notebook
"""

from typing import Any

from .session import Session

__all__ = ["Session", "show"]


def __getattr__(name: str) -> Any:
    if name == "show":  # a web server, which the game needs not
        from .notebook import show

        return show
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
