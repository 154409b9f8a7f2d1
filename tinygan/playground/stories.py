"""Stories are settings to watch, each with a question to ask oneself before and one sentence after.

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
    visited    so many modes visited, as the page shows them, are enough for the sentence as well
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
    visited: str = ""

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
        "G makes points near a few modes only, and this is mode collapse.", 3000, PLAIN, lesson=9, button=True),
    "five-steps": Story(
        "A cure that does not work", "Do more steps of D help?",
        "Modes are still missing, for five steps of D in each round do not cure a collapse.", 2000, {"d_steps": 5},
        after="collapse", button=True),
    "cure": Story(
        "Cure it", "What changes when a steep D costs something?",
        "G has found all eight modes, and at this rate it loses one again now and then.", 400,
        {"loss": "wasserstein", "gp": 0.1, "d_steps": 5}, lesson=13, after="collapse", button=True, visited="8 of 8"),
    "sharpen": Story(
        "Sharpen", "What do smaller steps, larger batches and an average of G change?",
        "The clouds are tighter, those of the average most of all, but they are not yet as sharp as the true modes.", 3000,
        {"lr": 3e-3, "lr_d": 3e-3, "batch": 128, "ema": 0.99}, after="cure", button=True),
    "first-gan": Story(
        "The first GAN", "Can G turn one bell into two?",
        "G's histogram has both bells, and where the points are D says nearly 1/2.", 2000,
        PLAIN | {"data": "gaussians_1d", "latent": 1, "batch": 256, "lr": 1e-3}, lesson=5),
    "minimax": Story(
        "Saturating or not", "Do G's points reach the modes when D is strong and G has the minimax loss?",
        "Hardly any point has reached a mode, for the minimax loss is flat where D is sure.", 1000,
        PLAIN | {"loss": "minimax", "d_steps": 5, "lr": 1e-3, "lr_d": 5e-3, "latent": 2, "batch": 128}, lesson=6),
    "losses": Story(
        "Reading the losses", "Is the training done when D says 1/2 and both losses rest?",
        "It is not, for modes are missing, and D learns too slowly to notice.", 1500,
        PLAIN | {"lr": 1e-3, "lr_d": 1e-4, "hidden": (48, 48), "latent": 2, "batch": 96}, lesson=7),
    "circles": Story(
        "Why training circles", "Do two players that step at the same time come to the middle?",
        "They circle, and each turn is wider than the one before.", 0, {}, lesson=8,
        portrait={"game": "minimax", "order": "simultaneous", "rate": 0.2, "r1": 0, "clip": None}),
    "blurred": Story(
        "Measuring collapse", "Is a G that visits all eight modes a good one?",
        "All eight modes are visited, but hardly any point is near enough to one.", 1500,
        PLAIN | {"pack": 4, "lr": 1e-3, "batch": 128}, lesson=10),
    "free-critic": Story(
        "Wasserstein", "What becomes of a Wasserstein critic whose slope costs nothing?",
        "Its scores have grown into the thousands, and G has learned little from them.", 300,
        PLAIN | {"loss": "wasserstein", "d_steps": 5}, lesson=11),
    "r1": Story(
        "The gradient of a gradient", "How steep does D become when R1 makes slopes cost something?",
        "D stays flat, with a slope below 1 at true points, where it would be above 4 without R1.", 1000,
        PLAIN | {"r1": 0.3}, lesson=12),
    "unroll": Story(
        "Unrolling", "Does G find more modes when it looks five steps of D ahead?",
        "G usually visits six modes or more, against two or three without unrolling, but none is sharp.", 500,
        PLAIN | {"unroll": (5, 0.5), "activation": "tanh", "hidden": (16, 16), "latent": 2, "lr": 3e-3, "lr_d": 3e-4}, lesson=14),
    "grid": Story(
        "Twenty-five of twenty-five", "How many of twenty-five modes will G find?",
        "The average of G visits nearly all of them, and it is sharper than G itself.", 4000,
        PLAIN | {"data": "grid", "hidden": (64,) * 4, "latent": 2, "loss": "relativistic", "r1": 0.03, "r2": 0.03, "lr": 2e-3,
                 "batch": 64, "ema": 0.99}, lesson=15),
}


def begin(session: Session, name: str) -> None:
    """Begin a story, either a new game by its settings, or the game at hand with some of them changed.

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
