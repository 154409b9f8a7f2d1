"""Where tinygan's step goes: the calls of its replay by kind, what lies around them, and the profiler's table of functions."""

import cProfile
import pstats
import time
from collections import Counter

import numpy as np
from threadpoolctl import threadpool_limits

from tinygan.engine.machine import keep_memory
from tinygan.engine.replay import record
from tinygan.training import two_players

from .tinygan_peer import Plain, Train

KINDS = {"product": "matrix products, biases' sums among them", "batch": "passes over a batch (N, k)",
         "column": "passes over scores (N, 1)", "vector": "passes over all parameters (P,)", "number": "single numbers"}
ROUNDS, STEPS = 9, 500


def training_of(peer):
    """The Training that the peer runs, past its first rounds, without counts of modes."""
    class Points:
        dim, sample = peer.data.dim, staticmethod(peer.data.sample)

    training = two_players(peer.G, peer.D, Points(), peer.loss, steps=10**6, batch=peer.case.batch, d_steps=1, opt_d=peer.opt_D,
                           opt_g=peer.opt_G, penalties=peer.penalties, update="alternating", ema=None, schedule=None,
                           instance_noise=None, clip=None, unroll=None, seed=0, replay=peer.replay)
    training.advance(200)
    return training


def clock(functions):
    """CPU microseconds that each function(n) takes for one of n, all of them in turn: medians of ROUNDS rounds."""
    took = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, function in functions.items():
            began = time.process_time()
            function(STEPS)
            took[name].append((time.process_time() - began) / STEPS * 1e6)
    return {name: float(np.median(times)) for name, times in took.items()}


def by_kind(replay, batch):
    """The share of each kind of call in the list, from a clock around each call in its place; the clock's own time taken off."""
    def empty():
        pass

    idle = min(_timed(empty, ()) for _ in range(1000))
    calls, total = list(zip(replay.calls, replay._steps, strict=True)), Counter()
    for _ in range(ROUNDS * 10):
        replay(batch)
        for call, (function, args) in calls:
            total[call.kind] += max(0.0, _timed(function, args) - idle)
    return {kind: total[kind] / sum(total.values()) for kind in KINDS}


def _timed(function, args):
    began = time.perf_counter()
    function(*args)
    return time.perf_counter() - began


@threadpool_limits.wrap(limits=1)
def measure(case, say):
    """Tell `say` where a step's CPU time goes, and return it: a dict of microseconds. The rows of the list add up to the list.

    A step of `train` is the list of calls, the drawing of its batch, and the rest: schedules, guard, history. They are measured
    in turn on one training, and the rest is what is left of the whole. The list is shared out among kinds of calls by a clock
    around each call.
    """
    keep_memory()  # as `train` does
    with np.errstate(over="ignore", invalid="ignore"):
        training, plain = training_of(Train(case)), training_of(Plain(case))
        batch = training.draw(training.streams)
        for player in training.players.values():
            player.optimiser.prepare(1.0)
        replay = record(training._play, batch, [training.players, training.guard.own, training.guard.before])
        took = clock({"the batch is drawn": lambda n: [training.draw(training.streams) for _ in range(n)],
                      "the list of calls": lambda n: [replay(batch) for _ in range(n)],
                      "a step of train": training.advance, "a step of train without replay": plain.advance})
        shares = by_kind(replay, batch)
    whole = took["a step of train"]
    rows = {KINDS[kind]: share * took["the list of calls"] for kind, share in shares.items()} | took
    rows["schedules, guard, history"] = max(0.0, whole - took["the batch is drawn"] - took["the list of calls"])
    say(f"{case.workload}, {case.size}: CPU microseconds of a step; {len(replay.noted)} calls noted, {len(replay.calls)} left")
    for name, took in rows.items():
        say(f"    {name:<42}{took:>9.1f}{took / whole:>8.1%}")
    return rows


def functions(case):
    """Print the profiler's own table; it makes small functions look larger than they are."""
    train = Train(case)
    with cProfile.Profile() as profiler:
        train.run(1000)
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(18)
