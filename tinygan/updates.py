"""Steps: of one player, and of both in a round of the two-player game.

    d_step(D, opt, x_real, x_fake, loss)     D's gradient, then its optimiser
    g_step(G, D, opt, z, loss)               G's gradient through D, then its optimiser
    step(players, batch)                     a round: -> {"d_loss", "g_loss", "d_real", "d_fake"}

`alternating`, `simultaneous` and `extragradient` are such steps once their `Rules` are bound: `Rules.step("alternating")`.
"d_real" and "d_fake" are D's mean verdicts, from the scores that its loss was computed from. A step is a fixed list of array
operations: everything random, and everything that changes from step to step, comes in from outside.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from .engine.arguments import Array, choice, shown
from .engine.optim import Optimiser
from .engine.store import Network
from .gradients import DGradients, all_penalties, d_gradients, d_gradients_and_scores, g_gradients
from .losses import Loss

Report = dict[str, Array]


class Player(NamedTuple):
    """A network, and the optimiser that moves it.

    Parameters
    ----------
    network : G, D or another network
    optimiser : its own, such as Adam(); it moves network.theta along network.grad
    """

    network: Network
    optimiser: Optimiser

    def step(self) -> None:
        """Move the network by its gradient."""
        self.optimiser.step(self.network.theta, self.network.grad)


def an_optimiser(name: str, opt: Any) -> Any:
    """The optimiser, if it is one. Raises TypeError."""
    if isinstance(opt, type):
        raise TypeError(f"{name} must be an object: write {name}={opt.__name__}(lr=...) with its brackets")
    if not callable(getattr(opt, "step", None)):
        raise TypeError(f"{name} must be an optimiser such as Adam(lr=1e-3); got {shown(opt)}. A rule of your own is a subclass "
                        "of tinygan.engine.optim.Optimiser")
    return opt


def d_step(D: Network, opt: Optimiser, x_real: Array, x_fake: Array, loss: Loss, penalties: Iterable[Any] = (),
           rng: Any = None) -> Array:
    """One step of the discriminator: `d_gradients`, then its optimiser.

    Parameters
    ----------
    D, opt : the discriminator and its optimiser
    x_real, x_fake, loss, penalties, rng : as in `d_gradients`

    Returns
    -------
    D's loss before the step, shape (...).
    """
    opt, penalties = an_optimiser("opt", opt), tuple(penalties) if isinstance(penalties, Iterator) else penalties
    value = d_gradients(D, x_real, x_fake, loss, all_penalties(penalties), rng)
    opt.step(D.theta, D.grad)
    return value


def g_step(G: Network, D: Network, opt: Optimiser, z: Array, loss: Loss, x_real: Array | None = None) -> Array:
    """One step of the generator: `g_gradients`, then its optimiser.

    Parameters
    ----------
    G, D, opt : the players, and G's optimiser
    z, loss, x_real : as in `g_gradients`

    Returns
    -------
    G's loss before the step, shape (...).

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import Adam, d_step, data, g_step, losses, mlp
    >>> G, D, opt_g, opt_d, loss = mlp(2, 32, 2), mlp(2, 32, 1, seed=1), Adam(), Adam(), losses.NonSaturating()
    >>> rng = np.random.default_rng(0)
    >>> for step in range(20):
    ...     d_loss = d_step(D, opt_d, data.ring().sample(64, rng), G(rng.standard_normal((64, 2))), loss)
    ...     g_loss = g_step(G, D, opt_g, rng.standard_normal((64, 2)), loss)
    >>> bool(np.isfinite(d_loss) and np.isfinite(g_loss))
    True
    """
    opt = an_optimiser("opt", opt)
    value = g_gradients(G, D, z, loss, x_real)
    opt.step(G.theta, G.grad)
    return value


class Batch(NamedTuple):
    """Everything random that a round needs. K is the number of D's steps, N the points of a batch.

    x_real           (K, ..., N, d)      real points, instance noise included
    z_d, z_g         (K, ..., N, d_z), (..., N, d_z)   noise for D's fake points, and for G's own step
    noise_d, noise_g (K, ..., N, d), (..., N, d)       instance noise on those fake points, or None
    alpha            (K, ..., M, 1)      for penalties between real and fake points, or None
    """

    x_real: Array
    z_d: Array
    z_g: Array
    noise_d: Array | None = None
    noise_g: Array | None = None
    alpha: Array | None = None


class Rules(NamedTuple):
    """What both players minimise: the loss, D's penalties, and how G's gradient is taken (`g_gradients`, or an unrolled one)."""

    loss: Loss
    penalties: Sequence[Any] = ()
    gradients: Callable[..., Array] = g_gradients

    def step(self, update: str = "alternating") -> Callable[[dict[str, Player], Batch], Report]:
        """A step of the kind `update`, one of UPDATES."""
        return partial(UPDATES[choice("update", update, UPDATES)], self)

    def d_gradients(self, players: dict[str, Player], batch: Batch, k: int) -> DGradients:
        """D's gradient on its k-th batch, with both players as they stand."""
        D, G = players["D"].network, players["G"].network
        x_fake = G(batch.z_d[k])
        if batch.noise_d is not None:
            x_fake = x_fake + batch.noise_d[k]
        alpha = None if batch.alpha is None else batch.alpha[k]
        return d_gradients_and_scores(D, batch.x_real[k], x_fake, self.loss, self.penalties, alpha)

    def g_gradients(self, players: dict[str, Player], batch: Batch) -> Array:
        """G's gradient, with both players as they stand."""
        return self.gradients(players["G"].network, players["D"].network, batch.z_g, self.loss, batch.x_real[-1], batch.noise_g)

    def report(self, d: DGradients, g_loss: Array) -> Report:
        """Both losses, and D's verdicts."""
        return {"d_loss": d.value, "g_loss": g_loss, "d_real": self.loss.verdict(d.s_real), "d_fake": self.loss.verdict(d.s_fake)}


def alternating(rules: Rules, players: dict[str, Player], batch: Batch) -> Report:
    """D steps, K times, then G steps against the D that has just moved (Goodfellow et al. 2014, algorithm 1)."""
    for k in range(batch.x_real.shape[0]):
        d = rules.d_gradients(players, batch, k)
        players["D"].step()
    g_loss = rules.g_gradients(players, batch)
    players["G"].step()
    return rules.report(d, g_loss)


def simultaneous(rules: Rules, players: dict[str, Player], batch: Batch) -> Report:
    """D steps K - 1 times; then both gradients are taken, with both players as they stand, and both step."""
    d, g_loss = _both_gradients(rules, players, batch)
    players["D"].step()
    players["G"].step()
    return rules.report(d, g_loss)


def extragradient(rules: Rules, players: dict[str, Player], batch: Batch) -> Report:
    """Both step and take their gradients there; then they go back and step with these gradients (Korpelevich 1976).

    All gradients use the same batch. An optimiser with a memory remembers both gradients, as ExtraAdam does (Gidel et al. 2019,
    algorithm 4). The report is from before the step.
    """
    d, g_loss = _both_gradients(rules, players, batch)
    start = {name: player.network.theta.copy() for name, player in players.items()}
    players["D"].step()
    players["G"].step()
    rules.d_gradients(players, batch, -1)
    rules.g_gradients(players, batch)
    for name, player in players.items():
        player.network.theta[...] = start[name]
        player.step()
    return rules.report(d, g_loss)


def _both_gradients(rules: Rules, players: dict[str, Player], batch: Batch) -> tuple[DGradients, Array]:
    """D's early steps; then both gradients, with both players as they stand."""
    for k in range(batch.x_real.shape[0] - 1):
        rules.d_gradients(players, batch, k)
        players["D"].step()
    return rules.d_gradients(players, batch, -1), rules.g_gradients(players, batch)


# "optimistic" is simultaneous too, with other optimisers: `optim.Optimistic`.
UPDATES = {"alternating": alternating, "simultaneous": simultaneous, "optimistic": simultaneous, "extragradient": extragradient}
