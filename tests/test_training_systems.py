"""A system of three players in `Training`: D and G as ever, and an encoder E that learns which z made a point."""

from typing import NamedTuple

import numpy as np
import pytest
from oracles import same_bits

from tinygan import losses
from tinygan.data import ring
from tinygan.engine.arguments import Array
from tinygan.engine.layers import Dense, Tanh
from tinygan.engine.network import Sequential, mlp
from tinygan.engine.norm import SpectralNorm
from tinygan.engine.optim import SGD, Adam, linear_decay
from tinygan.gradients import d_gradients, g_gradients
from tinygan.guard import Diverged
from tinygan.streams import Streams
from tinygan.training import Training
from tinygan.updates import Player

STEPS, N = 12, 16
RING = ring(modes=3, std=0.3).standardized()


class ThreeBatch(NamedTuple):
    """What a round of the three needs."""

    x: Array
    z: Array


def draw(streams):
    x = streams.draw("data", lambda rng: RING.sample(N, rng)).astype(np.float32)
    return ThreeBatch(x, streams.normal("latent", (N, 3), np.float32))


def e_gradients(E, x, z):
    """E's loss, half the squared distance of E(x) from z, with its gradient in E.grad."""
    guess, tape = E.forward(x)
    wrong = guess - z
    E.zero_grad()
    E.backward(wrong / x.shape[-2], tape)
    return (wrong * wrong).sum(axis=(-2, -1)) / (2 * x.shape[-2])


def three_steps(players, batch):
    """D steps, then G, then E on what G makes now."""
    D, G, E = (players[name].network for name in "DGE")
    loss = losses.NonSaturating()
    report = {"d_loss": d_gradients(D, batch.x, G(batch.z), loss)}
    players["D"].step()
    report["g_loss"] = g_gradients(G, D, batch.z, loss)
    players["G"].step()
    report["e_loss"] = e_gradients(E, G(batch.z), batch.z)
    players["E"].step()
    return report


def networks(replicas=()):
    return {"D": mlp(2, 8, 1, seed=2, replicas=replicas), "G": mlp(3, 8, 2, seed=1, replicas=replicas),
            "E": Sequential(SpectralNorm(Dense(2, 8)), Tanh(), Dense(8, 3), seed=3, replicas=replicas)}


def optimisers():
    return {"D": Adam(0.01), "G": Adam(0.01), "E": SGD(0.02, momentum=0.5)}


def make(nets=None, opts=None, replicas=(), **settings):
    nets, opts = nets or networks(replicas), opts or optimisers()
    players = {name: Player(nets[name], opts[name]) for name in "DGE"}
    return Training(players, draw, three_steps, **{"steps": STEPS, "streams": Streams(5, nets["G"].replicas)} | settings)


def by_hand(ema=None, schedule=None):
    """The same run written out: networks, average, and a row for each step."""
    nets, opts, streams = networks(), optimisers(), Streams(5)
    average, rows = nets["G"].theta.copy(), []
    for step in range(STEPS):
        for opt in opts.values():
            opt.prepare(schedule(step / STEPS) if schedule else 1)
        batch, row = draw(streams), []
        for name, gradients in (("D", lambda b: d_gradients(nets["D"], b.x, nets["G"](b.z), losses.NonSaturating())),
                                ("G", lambda b: g_gradients(nets["G"], nets["D"], b.z, losses.NonSaturating())),
                                ("E", lambda b: e_gradients(nets["E"], nets["G"](b.z), b.z))):
            row.append(float(gradients(batch)))
            opts[name].step(nets[name].theta, nets[name].grad)
        rows.append(row)
        average += (1 - (ema or 0)) * (nets["G"].theta - average)
    return nets, average, np.array(rows)


@pytest.mark.parametrize("replay", [True, False])
def test_three_players_are_trained_as_by_hand(replay):
    """Every bit: parameters, the average of G, three columns of losses; the schedule is on all three rates."""
    nets, average, rows = by_hand(0.9, linear_decay)
    mine = networks()
    history = make(mine, ema=0.9, schedule=linear_decay, replay=replay).run(progress=False)
    assert all(same_bits(mine[name].state()["theta"], nets[name].theta) for name in "DGE")
    assert same_bits(history.G_ema.theta, average) and not same_bits(average, mine["G"].theta)
    assert history.columns == ("d_loss", "g_loss", "e_loss")
    assert same_bits(np.stack([history[name] for name in history.columns], axis=1), rows)
    assert rows[-1, 2] < rows[0, 2], "E learns"
    unscheduled = by_hand(0.9)[0]
    assert not any(same_bits(unscheduled[name].theta, nets[name].theta) for name in "DGE")


def test_a_third_player_is_written_down_and_goes_on():
    whole, first, fresh = (make(ema=0.9, schedule=linear_decay) for _ in range(3))
    whole.run(progress=False)
    first.advance(5)
    state = first.state()
    assert {"E.network.theta", "E.network.layer 0, u", "E.optimiser.velocity", "history.e_loss"} <= state.keys()
    fresh.load_state(state)
    fresh.run(progress=False)
    assert all(same_bits(array, fresh.state()[name]) for name, array in whole.state().items())
    with pytest.raises(ValueError, match="missing: E.network, E.optimiser; unknown: none"):
        fresh.load_state({name: array for name, array in state.items() if not name.startswith("E.")})


def test_a_callback_sees_all_three():
    seen = []
    make(ema=0.9).run(lambda state: seen.append((state.step, state.E.d_out, state.history.e_loss.size)), progress=False)
    assert seen[0] == (1, 3, 1) and seen[-1] == (12, 3, 12)


@pytest.mark.parametrize("replay", [True, False])
@pytest.mark.parametrize("how, message", [
    ("loss", r"the loss of E is \d.*e\+08 in size"),
    ("gradient", r"entries of the gradient W are not finite in layer 0 of E, Spectral"),
    ("nan", "the loss of E is nan")])
def test_a_divergence_of_the_third_is_named_and_all_are_put_back(how, message, replay):
    check_third_is_guarded(how, message, replay)


def check_third_is_guarded(how="loss", message="the loss of E", replay=True):
    """In step 4, by what E is asked for; D and G are back where they stood after step 3, buffers and average included."""
    twisted = {"loss": 1e4, "gradient": np.float32(3e38), "nan": np.nan}[how]
    calls = []

    def twisting(streams):
        batch = draw(streams)
        calls.append(batch)
        return batch._replace(z=batch.z * np.float32(1 if len(calls) < 4 else twisted))

    def only_E(players, batch):  # D and G see z within reason
        z = batch.z
        tame = np.clip(np.where(np.isfinite(z), z, 0), -3, 3)
        report = three_steps(players, batch._replace(z=tame))
        report["e_loss"] = e_gradients(players["E"].network, players["G"].network(tame), z)
        players["E"].step()
        return report

    def training(nets):
        players = {name: Player(nets[name], optimisers()[name]) for name in "DGE"}
        return Training(players, twisting, only_E, steps=STEPS, streams=Streams(5), ema=0.9, replay=replay)

    mine, before = networks(), networks()
    lost = training(mine)
    with pytest.raises(Diverged, match=f"diverged at step 4: .*{message}") as caught:
        lost.run(progress=False)
    calls.clear()
    kept = training(before)
    kept.advance(3)
    for name in "DGE":
        assert all(same_bits(array, before[name].state()[key]) for key, array in mine[name].state().items())
    assert same_bits(lost.G_ema.theta, kept.G_ema.theta)
    assert caught.value.history.e_loss.size == 4 and caught.value.history.diverged == 4


def test_three_players_with_replicas():
    history = make(replicas=2, ema=0.9).run(progress=False)
    assert history.e_loss.shape == (12, 2) and history.replica(1).e_loss.shape == (12,)
    nets = {name: net.replica(1) for name, net in networks(2).items()}
    single = make(nets, streams=Streams(np.random.SeedSequence(5).spawn(2)[1])).run(progress=False)
    assert same_bits(history.replica(1).e_loss, single.e_loss)
