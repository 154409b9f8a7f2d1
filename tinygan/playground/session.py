"""One game under somebody's hands, with networks, data, settings, and the moves so far. No web here, and no clock.

    session.do("both", 10), .do("D"), .do("G")    rounds, or steps of one player
    session.change(loss="hinge", r1=.3)           most settings change immediately; those in ANEW begin a new game
    session.draw(points)                          data that a person has drawn
    session.view()                                what there is to see; looking changes nothing
    session.script()                              a Python program that plays the same game, to the last bit
"""

from typing import Any

import numpy as np

from .. import data as data_module
from ..data import Curve
from ..data.arrays import matrix
from ..engine.arguments import Array, choice, count
from ..guard import Diverged
from ..recipe import Recipe, seeds_of
from . import moves
from .program import written
from .seeing import score, seen

DATA = ("ring", "grid", "square", "moons", "circles", "swiss_roll", "spokes", "gaussians_1d")
ANEW = ("data", "seed", "hidden", "latent", "activation", "d_fourier", "pack", "d_layers")
NOW = ("loss", "r1", "r2", "gp", "d_steps", "lr", "lr_d", "batch", "update", "unroll", "instance_noise", "ema")
# Steps are planned only for the history: it keeps 1000 rows, so a long game takes no more memory than a short one.
START = Recipe(hidden=(32, 32), latent=16, batch=32, lr=1e-2, steps=1_000_000, schedule="constant")
DRAWN = "drawn"
BLUR = 0.04  # standard deviation of the noise around drawn points
MOST_DRAWN = 5000
SHOWN, ROWS = 1000, 400
FIRST_ROWS = 5  # rounds from one row of the curves to the next, in a new game
WIDEST, DEEPEST, LARGEST_BATCH, MOST_D_STEPS, MOST_AHEAD = 256, 6, 2048, 20, 20
LARGEST = {"latent": 128, "pack": 4, "batch": LARGEST_BATCH, "d_steps": MOST_D_STEPS}


class Session:
    """A game. `settings` are those of `Recipe` in ANEW and NOW, where they differ from START. Raises ValueError for others."""

    NAMES, BLUR = ANEW + NOW, BLUR

    def __init__(self, **settings: Any) -> None:
        self.recipe = START
        self.points: Array | None = None
        self.version = 0  # of the data and networks: it grows when the game begins anew
        self.recipe = self._checked(settings)
        self.begin()

    def _checked(self, settings: dict[str, Any]) -> Recipe:
        """The recipe with these settings, each of a size that a page can show while it trains."""
        for name in settings:
            choice("setting", name, ANEW + NOW)
        if "data" in settings:
            choice("data", settings["data"], DATA)
        recipe = self.recipe.replace(**settings)
        for name, largest in LARGEST.items():
            if getattr(recipe, name) is not None and getattr(recipe, name) > largest:
                raise ValueError(f"{name} may be at most {largest} here; got {getattr(recipe, name)}. Choose a smaller number")
        if len(recipe.hidden) > DEEPEST or max(recipe.hidden) > WIDEST:
            raise ValueError(f"at most {DEEPEST} hidden layers of at most {WIDEST} here; got {recipe.hidden}. "
                             "Choose smaller networks")
        if recipe.d_fourier and recipe.d_fourier[0] > WIDEST:
            raise ValueError(f"d_fourier may have at most {WIDEST} features here; got {recipe.d_fourier[0]}. Choose fewer")
        if recipe.unroll and recipe.unroll[0] > MOST_AHEAD:
            raise ValueError(f"unroll may look at most {MOST_AHEAD} steps ahead here; got {recipe.unroll[0]}. Choose fewer")
        if recipe.batch_for(None) % recipe.pack:
            raise ValueError(f"batch must be a multiple of pack; got {recipe.batch} and {recipe.pack}. Choose another batch")
        return recipe

    def begin(self) -> None:
        """Begin anew, with networks, optimisers and random numbers as the seed has them."""
        self.data = self._data()
        self.seeds = seeds_of(self.recipe.seed)
        self.G, self.D = self.recipe.networks(self.data.dim, self.seeds)
        self.training = self.recipe.training(self.G, self.D, self.data, self.seeds[2])
        self._G, self._D, self._average = self.G.copy(), self.D.copy(), self.G.copy()
        rng = np.random.default_rng(self.seeds[3])
        self.z = rng.standard_normal((SHOWN, self.recipe.latent))
        self.truth = self.data.sample(SHOWN, rng)
        self.true_score = score(self.data, self.truth, self.data.sample(SHOWN, rng))
        self.begun, self.log = self.recipe, list[tuple[str, Any]]()
        self.rounds, self.message, self.diverged, self.every = 0, "", False, FIRST_ROWS
        self.mark = 0  # the round in which the loss was changed last: losses of two kinds share no scale
        self.rows, self.past = list[tuple[float, ...]](), list[tuple[float, ...]]()  # past: those of earlier losses
        self.version += 1

    def copies(self) -> tuple[Any, Any, Any]:
        """G, D and the average of G or None, to look with. A layer may remember what it has seen."""
        average = self.training.G_ema
        for net, copy in ((self.G, self._G), (self.D, self._D), (average, self._average)):
            if net is not None:
                copy.load_state(net.state())
        return self._G, self._D, None if average is None else self._average

    def settings(self) -> dict[str, Any]:
        """The settings that a page shows, by name."""
        values = {name: value for name, value in self.recipe.values().items() if name in self.NAMES}
        return values | ({"data": DRAWN} if self.points is not None else {})

    def _data(self) -> Any:
        drawn = self.points is not None
        return (Curve(self.points, BLUR, DRAWN) if drawn else data_module.by_name(self.recipe.data)).standardized()

    def do(self, who: str = "both", n: int = 1) -> None:
        """n rounds of "both" players, or n steps of "D" or of "G" alone. After a run has diverged nothing happens."""
        choice("player", who, ("both", "D", "G"))
        left = count("n", n)
        while left and not self.diverged:
            if who == "both":
                some = min(left, self.every - self.rounds % self.every)
                before = self.training.done
                report = moves.advance(self.training, some)
                self.rounds += self.training.done - before
            else:
                some, report = 1, moves.single(self.training, self.recipe, who)
            left -= some
            self._note(who, some)
            if isinstance(report, Diverged):
                self.diverged, self.message = True, f"{str(report).partition('. ')[0]}. Choose a smaller rate and begin anew."
            elif who == "both" and self.rounds % self.every == 0:
                self._add_row(report)

    def _note(self, who: str, n: int) -> None:
        """Write moves down for the script."""
        if self.log and self.log[-1][0] == who:
            n += self.log.pop()[1]
        self.log.append((who, n))

    def _add_row(self, report: Any) -> None:
        """A row of both losses and D's verdicts; where there are many rows, each second one is dropped."""
        self.rows.append((self.rounds, *(float(report[name]) for name in ("d_loss", "g_loss", "d_real", "d_fake"))))
        if len(self.rows) > ROWS:
            self.rows, self.every = self.rows[1::2], 2 * self.every

    def change(self, **settings: Any) -> None:
        """Other settings: those in NOW from the next round on, those in ANEW with a new game. Raises ValueError for bad ones."""
        new = self._checked(settings)
        points = None if "data" in settings else self.points
        anew = points is not self.points or any(getattr(new, name) != getattr(self.recipe, name) for name in ANEW)
        self.points = points
        if anew:
            self.recipe = new
            return self.begin()
        changes = {name: getattr(new, name) for name in NOW if getattr(new, name) != getattr(self.recipe, name)}
        if changes:
            self.training = moves.changed(self.training, new, self.data)  # raises before anything has changed
            self.recipe = new
            self.log.append(("change", changes))
            if "loss" in changes:
                self.past = (self.past + self.rows)[-ROWS:]
                self.rows, self.every, self.mark = [], FIRST_ROWS, self.rounds

    def draw(self, points: Any) -> None:
        """Begin anew with a person's own data: points (N, 2) between -10 and 10, each equally likely, a little blurred."""
        x = matrix("points", points, rows=2) if np.size(points) else np.zeros((0, 2))
        if not x.size or x.shape[-1] != 2 or x.shape[-2] > MOST_DRAWN or abs(x).max() > 10 or np.ptp(x, axis=-2).max() < .01:
            raise ValueError(f"draw 2 to {MOST_DRAWN} points of the plane, between -10 and 10, that are not all the same; "
                             f"got an array of shape {x.shape}")
        self.points = np.round(x, 3)
        self.begin()

    def script(self) -> str:
        """The game so far as a Python program. It prints the sums of both players' parameters, and G's score."""
        return written(self)

    def view(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """What there is to see: facts for JSON, and arrays. Nothing of the game changes."""
        return seen(self)
