"""Stories: settings to watch, each with a question to ask oneself before and one sentence after.

What the sentences say of how many seeds is measured by tests/benchmarks/play_stories.py.
"""

from typing import Any, NamedTuple

from ..engine.arguments import choice
from .session import ANEW, NOW, START, Session

PORT = 8765  # of the page
PLAIN: dict[str, Any] = {name: getattr(START, name) for name in ANEW + NOW if name != "seed"}


class Story(NamedTuple):
    """One story.

    settings   what it changes;   rounds   when the sentence is said
    after      the story at whose end it begins; "": it begins a new game
    lesson     the lesson that tells it at length, or 0;   button   whether it stands in the first row of the page
    portrait   settings of the Dirac-GAN (see `portrait`), for a story without networks
    """

    title: str
    question: str
    answer: str
    rounds: int
    settings: dict[str, Any]
    lesson: int = 0
    after: str = ""
    button: bool = False
    portrait: dict[str, Any] | None = None

    @property
    def anew(self) -> bool:
        """Whether it begins a new game."""
        return not self.after

    def told(self) -> dict[str, Any]:
        """What a page has to know."""
        return self._asdict() | {"anew": self.anew}


STORIES = {
    "collapse": Story(
        "Show me mode collapse", "How many of the eight modes will G find?",
        "G makes points near a few modes only. This is mode collapse.", 3000, PLAIN, lesson=9, button=True),
    "five-steps": Story(
        "A cure that does not work", "Do more steps of D help?",
        "Five steps of D for each step of G do not cure it. Modes are still missing.", 2000, {"d_steps": 5}, after="collapse",
        button=True),
    "cure": Story(
        "Cure it", "What changes when a steep D costs something?",
        "With the Wasserstein loss and a gradient penalty G has found all eight modes. At this rate it loses one now and then.",
        400, {"loss": "wasserstein", "gp": 0.1, "d_steps": 5}, lesson=13, after="collapse", button=True),
    "sharpen": Story(
        "Sharpen", "What do smaller steps and larger batches change?",
        "The clouds become tighter. They are not yet as sharp as the true modes.", 3000, {"lr": 1e-3, "lr_d": 1e-3, "batch": 128},
        after="cure", button=True),
    "first-gan": Story(
        "The first GAN", "Can G turn one bell into two?",
        "G's histogram has both bells, and D says nearly 1/2 where the points are.", 1500,
        PLAIN | {"data": "gaussians_1d", "latent": 1, "batch": 128, "lr": 3e-3}, lesson=5),
    "minimax": Story(
        "Saturating or not", "D takes five steps, and G has the minimax loss. Will G's points reach the modes?",
        "D is sure of itself. The minimax loss is flat there, and hardly any point has reached a mode.", 1000,
        PLAIN | {"loss": "minimax", "d_steps": 5, "lr": 1e-3, "lr_d": 5e-3, "latent": 2, "batch": 128}, lesson=6),
    "losses": Story(
        "Reading the losses", "D says 1/2, and both losses are at rest. Is the training done?",
        "D cannot tell, for it learns ten times more slowly than G. Modes are missing, and hardly any point is right.", 1500,
        PLAIN | {"lr": 1e-3, "lr_d": 1e-4, "hidden": (48, 48), "latent": 2, "batch": 96}, lesson=7),
    "circles": Story(
        "Why training circles", "Both players step at the same time. Will they come to the middle?",
        "They circle, and each round is a little wider. Try R1, or steps in turn.", 0, {}, lesson=8,
        portrait={"game": "minimax", "order": "simultaneous", "rate": 0.2, "r1": 0, "clip": None}),
    "blurred": Story(
        "Measuring collapse", "All eight modes are visited. Is every point good?",
        "All eight are visited, and hardly any point is near enough to a mode. One score is not enough.", 1000,
        PLAIN | {"pack": 4, "lr": 1e-3, "batch": 128}, lesson=10),
}


def begin(session: Session, name: str) -> None:
    """Begin a story: a new game by its settings, or the game at hand with some of them changed.

    Parameters
    ----------
    session : the game
    name : one of STORIES that has a game

    Raises
    ------
    ValueError : another name
    """
    games = [name for name, story in STORIES.items() if story.portrait is None]
    story = STORIES[choice("story of a game", name, games)]
    session.change(**story.settings)
    if story.anew and session.log:
        session.begin()
