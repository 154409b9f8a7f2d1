"""A guard against getting slower that no clock can fool: the NumPy calls of a step, and the memory pages it touches.

A step of these small networks costs about as much as its calls: a microsecond or two each. When a budget breaks, either the
change is worth it, then raise the budget and say why; or it is not.
"""

import resource
import sys

import numpy as np
import pytest

from tinygan import data
from tinygan.engine.machine import keep_memory
from tinygan.engine.network import mlp
from tinygan.engine.optim import Adam
from tinygan.engine.replay import record
from tinygan.losses import NonSaturating, Relativistic
from tinygan.penalties import R1, R2
from tinygan.training import train
from tinygan.updates import Batch, Player, Rules

# NumPy calls (ufuncs, matrix products among them) in one step of both players, two hidden layers each, run plainly. Of them
# D's two verdicts take 12 where they are probabilities, 4 where they are scores, and t += 1 of each optimiser 1.
BUDGET = {"W1": 189, "W2": 232}
# The calls that are left in the list of a replay. It counts the filling of arrays as well, and has dropped what nobody reads.
REPLAYED = {"W1": 180, "W2": 221}
WORKLOADS = {"W1": (NonSaturating(), ()), "W2": (Relativistic(), (R1(0.1), R2(0.1)))}
PAGE_FAULTS = 5  # in one step, after warming up: the bar; without `keep_memory` it is hundreds


class Counting(np.ndarray):
    """An array that counts every ufunc it takes part in, and whose results count too."""

    calls = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **settings):
        Counting.calls += 1
        plain = [x.view(np.ndarray) if isinstance(x, Counting) else x for x in inputs]
        if out is not None:
            settings["out"] = tuple(x.view(np.ndarray) if isinstance(x, Counting) else x for x in out)
        result = getattr(ufunc, method)(*plain, **settings)
        return out[0] if out is not None else np.asarray(result).view(Counting)


def counting(net):
    """The network with parameters, gradients and so everything that it computes made of counting arrays."""
    vars(net).update(theta=net.theta.view(Counting), grad=net.grad.view(Counting))
    net._bind()
    return net


def game(workload):
    """Two players and their step, and a batch."""
    loss, penalties = WORKLOADS[workload]
    players = {"D": Player(mlp(2, 16, 16, 1, seed=2), Adam()), "G": Player(mlp(2, 16, 16, 2, seed=1), Adam())}
    x_real, z = np.random.default_rng(0).standard_normal((2, 8, 2), np.float32)
    return players, Rules(loss, penalties).step(), Batch(x_real[None], z[None], z)


def calls(workload, steps=3):
    """Calls in each of a few steps."""
    players, step, batch = game(workload)
    for player in players.values():
        counting(player.network)
        player.optimiser.t = player.optimiser.t.view(Counting)
    batch, found = Batch(*(array if array is None else array.view(Counting) for array in batch)), []
    for _ in range(steps):
        Counting.calls = 0
        step(players, batch)
        found.append(Counting.calls)
    return found[1:]  # the first step also makes the optimiser's memories


@pytest.mark.parametrize("workload", WORKLOADS)
def test_numpy_calls_in_a_step(workload):
    found = calls(workload)
    assert len(set(found)) == 1 and found[0] <= BUDGET[workload], (
        f"a step of {workload} makes {found[0]} NumPy calls; its budget is {BUDGET[workload]}")


def replayed(workload):
    """Calls in the list of a recorded step."""
    players, step, batch = game(workload)
    step(players, batch)  # makes the optimisers' memories
    for player in players.values():
        player.optimiser.prepare()
    return len(record(lambda batch: step(players, batch), batch, [players, WORKLOADS[workload][1]]).calls)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_calls_of_a_replay(workload):
    found = replayed(workload)
    assert found <= REPLAYED[workload], f"a replay of {workload} makes {found} calls; its budget is {REPLAYED[workload]}"


def test_the_count_notices_one_call_more(monkeypatch):
    before, step = (calls("W1")[0], replayed("W1")), Adam.step
    monkeypatch.setattr(Adam, "step", lambda self, theta, grad: step(self, theta, grad * 1.0))
    assert (calls("W1")[0], replayed("W1")) == (before[0] + 2, before[1] + 2)


def faults(replay, width=128, batch=256, steps=20):
    """Page faults in each step of `train`, after warming up."""
    counted = []
    G, D = mlp(2, width, width, width, 2, seed=1), mlp(2, width, width, width, 1, seed=2)
    train(G, D, data.grid().standardized(), Relativistic(), steps=steps, batch=batch, penalties=(R1(0.1), R2(0.1)),
          replay=replay, callback=lambda state: counted.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt))
    return np.median(np.diff(counted)[steps // 2:])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="page faults are counted, and avoided, on Linux")
@pytest.mark.parametrize("replay", [True, False])
def test_page_faults_in_a_step(replay):
    keep_memory()
    assert faults(replay) < PAGE_FAULTS
