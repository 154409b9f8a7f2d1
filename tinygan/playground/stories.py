"""Stories: settings to watch, each with a question to ask oneself before and one sentence after.

What the sentences say of how many seeds is measured by tests/benchmarks/play_stories.py.
"""

from typing import Any, NamedTuple

from ..engine.arguments import choice
from .session import ANEW, NOW, START, Session

PORT = 8765  # of the page
COLLAPSE: dict[str, Any] = {name: getattr(START, name) for name in ANEW + NOW if name != "seed"}


class Story(NamedTuple):
    """One story. `anew`: whether it begins a new game; `settings`: what it changes; `rounds`: when the sentence is said."""

    title: str
    question: str
    answer: str
    rounds: int
    anew: bool
    settings: dict[str, Any]


STORIES = {
    "collapse": Story(
        "Show me mode collapse", "How many of the eight modes will G find?",
        "G makes points near a few modes only. This is mode collapse.", 3000, True, COLLAPSE),
    "five-steps": Story(
        "A cure that does not work", "Do more steps of D help?",
        "Five steps of D for each step of G do not cure it: modes are still missing.", 2000, False, {"d_steps": 5}),
    "cure": Story(
        "Cure it", "What changes when a steep D costs something?",
        "With the Wasserstein loss and a gradient penalty, G's points spread to the modes.", 400, False,
        {"loss": "wasserstein", "gp": 0.1, "d_steps": 5}),
    "sharpen": Story(
        "Sharpen", "What do smaller steps and larger batches change?",
        "The clouds become tighter. They are not yet as sharp as the true modes.", 3000, False,
        {"lr": 1e-3, "lr_d": 1e-3, "batch": 128}),
}


def begin(session: Session, name: str) -> None:
    """Begin a story: a new game by its settings, or the game at hand with some of them changed.

    Parameters
    ----------
    session : the game
    name : one of STORIES
    """
    story = STORIES[choice("story", name, STORIES)]
    session.change(**story.settings)
    if story.anew and session.log:
        session.begin()
