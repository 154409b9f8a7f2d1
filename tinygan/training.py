"""Training: Algorithm 1 of Goodfellow et al. (2014), one gradient and one step for each player.

    d_step(D, opt, x_real, x_fake, loss)     D's gradient, then its optimiser
    g_step(G, D, opt, z, loss)               G's gradient through D, then its optimiser

Written out, the whole algorithm is

    for step in range(steps):
        d_step(D, opt_d, data.sample(batch, rng), G(latent()), loss)
        g_step(G, D, opt_g, latent(), loss)

where latent() draws a batch of noise; `updates.alternating` is one round of it. `Training` is this loop for any system of
players, with random streams, schedules, replicas, averaging, a history, and a stop in the step in which a run diverges. `train`
makes the Training of the two-player game and runs it.

    draw(streams)        -> batch                    everything random that a step needs, as a named tuple of arrays
    step(players, batch) -> {"d_loss": ..., ...}     gradients, then optimisers; what it returns becomes the history's columns
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from . import saving
from . import train_arguments as given
from .data import Mixture
from .engine.arguments import Array, Seeds, count, number
from .engine.machine import keep_memory, one_thread
from .engine.optim import Optimiser
from .engine.store import Network
from .guard import Guard
from .history import History
from .looks import SAMPLES, ModeCount, progress_bar
from .losses.base import Loss, loss_object
from .rounds import Rounds
from .streams import Streams, TwoPlayerDraw
from .updates import Player, Report, Rules, d_step, g_step

__all__ = ["Player", "Training", "d_step", "g_step", "train"]


class Training:
    """A run of any system of players that can be stepped, stopped, written down and gone on with.

    Between steps nothing that a schedule sets stays behind in an optimiser or a penalty. `saving` writes a Training to a file.

    Parameters
    ----------
    players : {"D": Player(network, optimiser), "G": ...}; other systems add their own, such as "E"
    draw, step : what a step needs, and the step, as the module's docstring tells
    steps : how many; schedules depend on the fraction of them that has passed
    streams : its random numbers
    ema : None, or how much running averages of parameters keep each step, .99 to .9999; see `averages` and `History.G_ema`
    schedule : fraction of the run -> factor on all learning rates, such as `optim.cosine_decay`
    scheduled : further objects whose prepare(fraction) is called before each step: penalties, instance noise
    look : None, or look(G) -> modes_visited and modes_half, called now and then with G_ema, or with G if there is none
    averaged : the players whose averages are kept where there is `ema`; G's is `G_ema`
    replay : whether steps are recorded and run again as a list of NumPy calls (`engine.replay`), from the third on: quicker, with
        the same bits. A step that cannot be recorded runs plainly; `repr` and the log "tinygan" say why
    """

    def __init__(self, players: dict[str, Player], draw: Callable[[Streams], Any],
                 step: Callable[[dict[str, Player], Any], Report], *, steps: int, streams: Streams, ema: float | None = None,
                 schedule: Callable[[float], float] | None = None, scheduled: Iterable[Any] = (),
                 look: Callable[[Network], Array] | None = None, averaged: Sequence[str] = ("G",),
                 replay: bool = True) -> None:
        self.players, self.draw, self.step, self.streams = given.all_players(players), draw, step, streams
        self.steps, self.schedule = count("steps", steps), given.schedule_function(schedule)
        self.scheduled, self.look, self.done = tuple(scheduled), look, 0  # done: steps so far
        self.ema = None if ema is None else number("ema", ema, above=0, below=1)
        self.averages = {} if ema is None else {name: players[name].network.copy() for name in averaged}
        networks = {name: player.network for name, player in players.items()}
        optimisers = {name: player.optimiser for name, player in players.items()}
        self.history = History(self.steps, next(iter(networks.values())).replicas, self.G_ema, count_modes=look is not None)
        self.guard = Guard(networks, self.history, [*self.averages.values()], optimisers)
        inside = [each for each in self.scheduled if each is not draw]  # what the step itself reads
        self._round = Rounds(self._play, [self.players, inside, self.averages, self.guard.own, self.guard.before], replay)

    @property
    def G_ema(self) -> Network | None:
        """The average of G, or None."""
        return self.averages.get("G")

    def advance(self, n: int = 1) -> Report:
        """Take n steps; returns what the last one reported. Raises `Diverged` in the step in which the run diverges."""
        report: Report = {}
        with self._around():
            for _ in range(count("n", n)):
                report = self._one_step()
        return report

    def run(self, callback: Callable[[Any], Any] | None = None, progress: bool | None = None) -> History:
        """Go on to the planned end, with a progress bar; returns the history.

        Parameters
        ----------
        callback : called as callback(state) after each step; state.step (from 1), .G, .D, .G_ema, .history; True stops the run
        progress : True or False; None shows a bar where the output is a terminal
        """
        callback = given.callback_function(callback)
        networks = {name: player.network for name, player in self.players.items()}
        state = SimpleNamespace(step=0, **networks, G_ema=self.G_ema, history=self.history)
        with progress_bar(self.steps, progress, self.done) as bar, self._around():
            while self.done < self.steps:
                report = self._one_step()
                state.step = self.done
                stop = given.stops(callback(state))
                if stop:
                    self.history.record(self.done, report)
                if not bar.disable and (stop or self.history.wants(self.done)):
                    bar.set_postfix_str(self.history.describe(), refresh=False)
                bar.update(self.done - bar.n)
                if stop:
                    break
        return self.history

    def _one_step(self) -> Report:
        """One round: what the schedules say, the batch, the step, the guard, the average, the history."""
        fraction = min(1.0, self.done / self.steps)
        for player in self.players.values():
            player.optimiser.prepare(given.factor(self.schedule, fraction))
        for scheduled in self.scheduled:
            scheduled.prepare(fraction)
        report, total = self._round(self.draw(self.streams))  # total: the sum of all parameters, for the guard
        self.done += 1
        losses = {name: value for name, value in report.items() if name.endswith("_loss")}
        diverged = self.guard.check(self.done, losses, total)
        if diverged or self.history.wants(self.done):
            self.history.record(self.done, report)
        if self.look is not None and self.history.wants_modes(self.done):
            self.history.record_modes(self.done, self.look(self.G_ema or self.players["G"].network))
        if diverged:
            raise diverged
        return report

    def _play(self, batch: Any) -> tuple[Report, Array]:
        """The part of a round that is a fixed list of array operations: the step, and the average."""
        self.guard.keep()
        report = self.step(self.players, batch)
        for name, average in self.averages.items():
            average.theta += (1 - (self.ema or 0)) * (self.players[name].network.theta - average.theta)
        return report, self.guard.total()

    @contextmanager
    def _around(self) -> Iterator[None]:
        """What all steps have around them; at the end, optimisers and penalties are as they were given."""
        keep_memory()
        try:
            with np.errstate(over="ignore", invalid="ignore"), one_thread():  # the guard looks at every step
                yield
        finally:
            for player in self.players.values():
                player.optimiser.release()
            for scheduled in self.scheduled:
                scheduled.prepare(0.0)

    def state(self) -> dict[str, Array]:
        """Copies of all that changes in a run, name -> array: players, average, streams, history, steps done."""
        parts: dict[str, dict[str, Array]] = {}
        for name, player in self.players.items():
            parts |= {f"{name}.network": player.network.state(), f"{name}.optimiser": player.optimiser.state()}
        parts |= {f"{name}_ema": average.state() for name, average in self.averages.items()}
        parts |= {"streams": self.streams.state(), "history": self.history.arrays(), "training": {"done": np.array(self.done)}}
        return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    def load_state(self, state: dict[str, Array]) -> None:
        """Go on from where another Training of this kind stood. Raises ValueError, and changes nothing, if it does not fit."""
        before = self.state()
        own, other = ({name.rpartition(".")[0] or name for name in names} for names in (before, state))
        missing, unknown = sorted(own - other), sorted(other - own)
        if missing or unknown:
            raise ValueError(f"the state does not fit this Training. Parts that are missing: {', '.join(missing) or 'none'}; "
                             f"unknown: {', '.join(unknown) or 'none'}")
        try:
            self._take(state)
        except (KeyError, ValueError) as error:
            self._take(before)
            raise ValueError(f"the state does not fit this Training: {error}") from error

    def _take(self, state: dict[str, Array]) -> None:
        """Go on from `state`, which has all the parts that there are."""
        def part(prefix: str) -> dict[str, Array]:
            return {name.removeprefix(prefix + "."): array for name, array in state.items() if name.startswith(prefix + ".")}

        done = int(state["training.done"])
        if done > self.steps:
            raise ValueError(f"it stands at step {done}, and this Training has {self.steps} steps")
        for name, player in self.players.items():
            player.network.load_state(part(f"{name}.network"))
            memories, shape = part(f"{name}.optimiser"), player.network.theta.shape
            if any(memory.ndim and memory.shape != shape for memory in memories.values()):
                raise ValueError(f"{name}.optimiser has memories of another shape than {shape}")
            player.optimiser.load_state(memories)
        for name, average in self.averages.items():
            average.load_state(part(f"{name}_ema"))
        self.streams.load_state(part("streams"))
        self.done = done
        self.history = History.from_arrays(self.steps, part("history"), self.G_ema, self.look is not None, planned=True)
        self.guard.resume(self.history)
        self._round.forget()

    def __repr__(self) -> str:
        players = ", ".join(f"{name}: {player.optimiser!r}" for name, player in self.players.items())
        return f"Training({self.done} of {self.steps} steps; {players}; {self._round})"


def train(G: Network, D: Network, data: Any, loss: Loss, *, steps: int, batch: int = 256, d_steps: int = 1,
          opt_g: Optimiser | None = None, opt_d: Optimiser | None = None, penalties: Sequence[Any] = (),
          update: str = "alternating", ema: float | None = None, schedule: Callable[[float], float] | None = None,
          instance_noise: float | Callable[[float], float] | None = None, clip: float | None = None,
          unroll: tuple[int, float] | None = None, seed: Seeds = 0, callback: Callable[[Any], Any] | None = None,
          progress: bool | None = None, replay: bool = True, checkpoint: str | Path | None = None,
          every: int = saving.EVERY) -> History:
    """Train both players in place for `steps` steps of G and return the `History`; memory as in `engine.machine.keep_memory`.

    Parameters
    ----------
    G, D : networks: G turns z ~ N(0, I) into points, D turns each point into one score, or m of them if D begins with Pack(m, d)
    data : an object with sample(n, rng) and dim (see `tinygan.data`), an array (N, d), a structured array (N,), or a DataFrame
    loss : see `tinygan.losses`
    steps : steps of G
    batch : real points, and fake ones, in each step; 64 to 512
    d_steps : steps of D for each step of G; 1, or 5 for a Wasserstein critic
    opt_g, opt_d : an optimiser for each, which is copied; Adam(lr=1e-3, beta1=.5) by default
    penalties : on D's gradient, such as (R1(.1), R2(.1)); see `tinygan.penalties`
    update : "alternating" takes G's gradient after D's step, and "simultaneous" before it. "optimistic" is simultaneous, and
        adds to each step its change since the last one (Daskalakis et al. 2018). For "extragradient" see `updates`
    ema, schedule, replay : as in `Training`
    instance_noise : None, or the std of noise on every point that D sees (Sonderby et al. 2017). It is a number, or a function
        of the fraction of the run, such as lambda f: .1 * (1 - f)
    clip : None, or the largest absolute value of D's parameters after each of its steps (Arjovsky et al. 2017), .01 to .1
    unroll : None, or (K, lr): G looks K plain gradient steps of D ahead (Metz et al. 2017), such as (5, .1); see `tinygan.unroll`
    seed : for data, noise and evaluation, so each call draws the same; a list has one for each replica. Networks have their own
    callback, progress : as in `Training.run`
    checkpoint, every : None, or a .npz file that keeps the run, written every so many steps. Where it is there, the run goes on
        from it, to the same bits as if it had never stopped; with more `steps`, beyond its old end

    Raises
    ------
    ValueError : a checkpoint of another run
    Diverged : a loss, gradient or parameter is no longer finite, or a loss exceeds a million. The history so far and the
        parameters from before that step are kept. A replica that diverges is noted in `history.diverged`, and the others go on

    Examples
    --------
    >>> from tinygan import data, losses, mlp, train
    >>> G, D = mlp(2, 32, 2), mlp(2, 32, 1, seed=1)
    >>> history = train(G, D, data.ring().standardized(), losses.NonSaturating(), steps=20, progress=False)
    >>> history.step.shape, history.d_loss.shape
    ((20,), (20,))
    """
    settings: dict[str, Any] = {
        "batch": batch, "d_steps": d_steps, "opt_g": opt_g, "opt_d": opt_d, "penalties": penalties, "update": update, "ema": ema,
        "schedule": schedule, "instance_noise": instance_noise, "clip": clip, "unroll": unroll, "seed": seed}
    training, every = two_players(G, D, data, loss, steps=steps, replay=replay, **settings), count("every", every)
    if checkpoint is None:
        return training.run(callback, progress)
    settings |= {"G": G, "D": D, "data": given.data_set(data), "loss": loss}
    return saving.run(training, checkpoint, every, settings, callback, progress)


def two_players(G: Network, D: Network, data: Any, loss: Any, *, steps: int, batch: int, d_steps: int, opt_g: Any, opt_d: Any,
                penalties: Any, update: str, ema: Any, schedule: Any, instance_noise: Any, clip: Any, unroll: Any,
                seed: Any, replay: bool = True) -> Training:
    """The Training that `train` runs, for a game that you step yourself: the same arguments, all of them given."""
    loss, data = loss_object(loss), given.data_set(data)
    batch, d_steps, penalties = count("batch", batch), count("d_steps", d_steps), given.own_penalties(penalties)
    given.check_players(G, D, data, batch)
    opt_g, opt_d = given.optimisers(opt_g, opt_d, update, clip)
    draw = TwoPlayerDraw(data, batch, d_steps, G.d_in, G.dtype, instance_noise=instance_noise, rows=D.rows,
                         between=any(penalty.at == "between" for penalty in penalties))
    step = Rules(loss, penalties, given.unrolling(unroll)).step(update)
    streams = Streams(seed, G.replicas)
    look = ModeCount(data, streams.normal("evaluation", (SAMPLES, G.d_in), G.dtype)) if isinstance(data, Mixture) else None
    return Training({"D": Player(D, opt_d), "G": Player(G, opt_g)}, draw, step, steps=steps, streams=streams, ema=ema,
                    schedule=schedule, scheduled=(draw, *penalties), look=look, replay=replay)
