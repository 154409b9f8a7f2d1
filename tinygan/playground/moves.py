"""Moves of a game that is played by hand. A saved game is a program of these calls.

    advance(training, n)                  n rounds of both players
    single(training, recipe, "D")         one step of D alone, or of G alone
    changed(training, recipe, data)       the same players, which go on by other settings

`advance` and `single` return what the last step reports, or the `Diverged` that has ended the game.
"""

from typing import Any

import numpy as np

from ..engine.machine import one_thread
from ..guard import Diverged
from ..recipe import Recipe, seeds_of
from ..train_arguments import unrolling
from ..training import Training
from ..updates import Report, Rules


def advance(training: Training, n: int = 1) -> Report | Diverged:
    """Take n rounds, or as many as there are before the run diverges."""
    try:
        return training.advance(n)
    except Diverged as diverged:
        return diverged


def single(training: Training, recipe: Recipe, who: str) -> Report | Diverged:
    """One step of "D" or of "G" alone, on a batch of the training's own random numbers.

    Parameters
    ----------
    training : of `recipe.training`, or of `changed`
    recipe : its settings
    who : the player that steps
    """
    players, batch = training.players, training.draw(training.streams)
    rules = Rules(recipe.loss_object(), recipe.penalties(), unrolling(recipe.unroll))
    training.guard.keep()
    with np.errstate(over="ignore", invalid="ignore"), one_thread():
        value = rules.d_gradients(players, batch, 0).value if who == "D" else rules.g_gradients(players, batch)
        players[who].step()
    report = {f"{who.lower()}_loss": value}
    return training.guard.check(training.done, report) or report


def changed(training: Training, recipe: Recipe, data: Any) -> Training:
    """A Training by other settings with the same players. Networks, optimisers' memories, averages and random numbers go on.

    An optimiser of another kind, which the update "optimistic" needs, begins without a memory.

    Parameters
    ----------
    training : the one so far, which must not be stepped any more
    recipe : the new settings; those of the networks and of the data are as before
    data : the data set
    """
    G, D = training.players["G"].network, training.players["D"].network
    new: Training = recipe.training(G, D, data, seeds_of(recipe.seed)[2])  # type: ignore[arg-type]
    new.streams.load_state(training.streams.state())
    for name, player in new.players.items():
        before = training.players[name].optimiser
        if type(before) is type(player.optimiser):
            player.optimiser.load_state(before.state())
    for name, average in new.averages.items():
        if name in training.averages:
            average.load_state(training.averages[name].state())
    return new
