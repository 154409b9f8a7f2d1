"""Replay: a recorded step has the bits of the plain one, whatever the step is made of; and what cannot be recorded says so."""

import logging
import threading
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import LOSSES, loss_name, same_bits

from tinygan import data, losses
from tinygan.engine import replay, shortening
from tinygan.engine.beside import FourierBeside
from tinygan.engine.categories import SoftmaxGroups
from tinygan.engine.conv import Conv2D, ConvTranspose2D, Upsample
from tinygan.engine.features import FourierFeatures, MinibatchDiscrimination, MinibatchStd, Pack
from tinygan.engine.layers import Dense, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from tinygan.engine.network import Sequential, mlp
from tinygan.engine.norm import BatchNorm, LayerNorm, SpectralNorm
from tinygan.engine.optim import SGD, Adam, Optimiser, cosine_decay, linear_decay
from tinygan.engine.replay import NotRecordable, record
from tinygan.penalties import R1, R2, WGANGP, Falling
from tinygan.training import Training, two_players
from tinygan.updates import UPDATES, Player

RING = data.ring(modes=3, std=0.3).standardized()
DEFAULTS = {"steps": 200, "batch": 12, "d_steps": 1, "opt_g": None, "opt_d": None, "penalties": (), "update": "alternating",
            "ema": None, "schedule": None, "instance_noise": None, "clip": None, "unroll": None, "seed": 3}


class Case(NamedTuple):
    """A training to be run both ways: D's layers, what G ends in, the loss, and what else differs from DEFAULTS."""

    d_layers: object = lambda: (Dense(2, 6), ReLU(), Dense(6, 1))
    g_layers: object = lambda: (Dense(3, 6), ReLU(), Dense(6, 2))
    loss: object = losses.NonSaturating()
    more: dict = {}
    replicas: object = ()
    dtype: type = np.float32


def made(case, replay=True):
    """The Training of a case."""
    settings = {"replicas": case.replicas, "dtype": case.dtype}
    G, D = Sequential(*case.g_layers(), seed=1, **settings), Sequential(*case.d_layers(), seed=2, **settings)
    return two_players(G, D, RING, case.loss, **(DEFAULTS | case.more), replay=replay)


def check_case(case, steps):
    """The replay has every bit of the plain run: parameters, memories, buffers, average, streams, history. And it is a replay."""
    replayed, plain = made(case), made(case, replay=False)
    replayed.advance(steps)
    plain.advance(steps)
    assert repr(replayed).endswith("; replay)") and replayed._round.replay is not None, repr(replayed)
    assert repr(plain).endswith("; plain)")
    ours, wanted = replayed.state(), plain.state()
    assert ours.keys() == wanted.keys()
    different = [name for name in wanted if not same_bits(ours[name], wanted[name])]
    assert not different, f"after {steps} steps these differ: {different}"


def around(layer):
    """D with a layer in its middle."""
    return lambda: (Dense(2, 6), layer(), Dense(6, 1))


CASES = {loss_name(loss): Case(loss=loss()) for loss in LOSSES}
CASES |= {update: Case(more={"update": update}) for update in UPDATES}
CASES |= {f"{update}, five steps of D": Case(more={"update": update, "d_steps": 5}) for update in UPDATES}
CASES |= {layer.__name__: Case(around(layer), lambda layer=layer: (Dense(3, 6), layer(), Dense(6, 2)))
          for layer in (LeakyReLU, Sigmoid, Softplus, Tanh)}
CASES |= {
    "label smoothing": Case(loss=losses.NonSaturating(real_label=.9)),
    "LayerNorm": Case(around(lambda: LayerNorm(6))),
    "BatchNorm": Case(g_layers=lambda: (Dense(3, 6), BatchNorm(6), ReLU(), Dense(6, 2))),
    "SpectralNorm": Case(lambda: (SpectralNorm(Dense(2, 6)), ReLU(), SpectralNorm(Dense(6, 1), steps=2))),
    "MinibatchStd": Case(lambda: (Dense(2, 6), MinibatchStd(6), Dense(7, 1))),
    "MinibatchDiscrimination": Case(lambda: (Dense(2, 6), MinibatchDiscrimination(6, 2, 3), Dense(8, 1))),
    "FourierFeatures": Case(lambda: (FourierFeatures(2, 8), Dense(8, 1)), lambda: (FourierFeatures(3, 8), Dense(8, 2))),
    "FourierBeside": Case(lambda: (FourierBeside(2, 8, 3.0, 0.1), Dense(10, 6), ReLU(), Dense(6, 1)), loss=losses.Relativistic(),
                          more={"penalties": (R1(Falling(.3, .01)), R2(.3), WGANGP(.1)), "unroll": (2, .1)}),
    "Pack": Case(lambda: (Pack(3, 2), Dense(6, 6), ReLU(), Dense(6, 1))),
    "Conv2D": Case(lambda: (Dense(2, 32), Conv2D(4, 2, 3, 4, 2, 1), Tanh(), Conv2D(2, 3, 2, 3, 1, 1), ReLU(), Dense(8, 1)),
                   lambda: (Dense(3, 18), ReLU(), Conv2D(3, 2, 2, 2), Upsample(2, 2), Dense(32, 2)),
                   more={"penalties": (R1(.3), WGANGP(.1))}),
    "ConvTranspose2D with BatchNorm": Case(
        lambda: (Dense(2, 8), ConvTranspose2D(2, 2, 1, 3, 1, 1), Tanh(), ConvTranspose2D(2, 1, 2, 4, 2, 1), Dense(32, 1)),
        lambda: (Dense(3, 8), ConvTranspose2D(2, 2, 3, 4, 2, 1), BatchNorm(48, channels=3), ReLU(),
                 ConvTranspose2D(4, 3, 1, 3, 2, 1), Dense(49, 2)),
        more={"penalties": (R2(.3),), "unroll": (2, .1)}, replicas=2),
    "SoftmaxGroups": Case(g_layers=lambda: (Dense(3, 5), SoftmaxGroups(5, (2, 2)), Tanh(), Dense(5, 4), ReLU(), Dense(4, 2)),
                          more={"penalties": (R1(.3), R2(.3)), "unroll": (2, .1)}, replicas=2),
    "linear players": Case(lambda: (Dense(2, 1),), lambda: (Dense(3, 2),)),
    "R1": Case(more={"penalties": (R1(.3),)}),
    "R2, falling": Case(around(Tanh), more={"penalties": (R2(Falling(.3, .01)),)}),
    "R1 and R2 with columns": Case(more={"penalties": (R1(.3, columns=[1, 0]), R2(.1, columns=[.5, 2]))}),
    "WGAN-GP": Case(around(Softplus), loss=losses.Wasserstein(), more={"penalties": (WGANGP(Falling(1, .1)),), "d_steps": 3}),
    "WGAN-GP, extragradient": Case(loss=losses.Wasserstein(), more={"penalties": (WGANGP(.1),), "update": "extragradient"}),
    "R1, SpectralNorm": Case(lambda: (SpectralNorm(Dense(2, 6)), Tanh(), Dense(6, 1)), more={"penalties": (R1(.3),)}),
    "R1, packed": Case(lambda: (Pack(2, 2), Dense(4, 6), ReLU(), Dense(6, 1)), more={"penalties": (R1(.3), WGANGP(1.0))}),
    "SGD with momentum": Case(more={"opt_g": SGD(.05, .9), "opt_d": SGD(.05)}),
    "Adam without memory": Case(more={"opt_g": Adam(1e-2, 0, .9), "opt_d": Adam(1e-2, .9, .99)}),
    "clipped": Case(loss=losses.Wasserstein(), more={"clip": .1, "d_steps": 2}),
    "average": Case(more={"ema": .9}),
    "average, optimistic": Case(more={"ema": .9, "update": "optimistic", "opt_g": SGD(.05, .5)}),
    "cosine": Case(more={"schedule": cosine_decay, "ema": .99}),
    "linear, d_steps": Case(more={"schedule": linear_decay, "d_steps": 2}),
    "instance noise": Case(more={"instance_noise": lambda fraction: .1 * (1 - fraction)}),
    "instance noise, unrolled": Case(more={"instance_noise": .1, "unroll": (2, .1)}),
    "unrolled": Case(around(Tanh), more={"unroll": (3, .1)}),
    "unrolled, pairs": Case(around(Softplus), loss=losses.Relativistic(), more={"unroll": (2, .1)}),
    "unrolled, spectral": Case(lambda: (SpectralNorm(Dense(2, 6)), Tanh(), Dense(6, 1)), more={"unroll": (2, .1)}),
    "float64": Case(around(Tanh), more={"penalties": (R1(.3), R2(.3))}, dtype=np.float64),
    "replicas": Case(replicas=3, more={"penalties": (R1(.3), R2(.3)), "ema": .9}),
    "replicas, WGAN-GP": Case(replicas=2, loss=losses.Wasserstein(), more={"penalties": (WGANGP(.1),), "d_steps": 2}),
    "replicas, everything in D": Case(
        lambda: (Pack(2, 2), FourierFeatures(4, 8), SpectralNorm(Dense(8, 6)), LayerNorm(6), Tanh(), MinibatchStd(6),
                 Dense(7, 1)),
        replicas=2, loss=losses.RelativisticAverage(), more={"penalties": (R1(.3),), "unroll": (2, .1)}),
}
QUICK = ("NonSaturating", "Hinge", "RelativisticAverage", "extragradient", "optimistic, five steps of D", "SpectralNorm", "Pack",
         "Conv2D", "ConvTranspose2D with BatchNorm", "MinibatchDiscrimination", "FourierFeatures", "FourierBeside", "WGAN-GP",
         "R1 and R2 with columns", "cosine", "instance noise, unrolled", "replicas", "replicas, everything in D",
         "float64", "average, optimistic", "SoftmaxGroups")


@pytest.mark.parametrize("name", QUICK)
def test_a_replay_has_the_bits_of_the_plain_run(name):
    check_case(CASES[name], steps=12)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_over_200_steps_of_everything(name):
    check_case(CASES[name], steps=200)


@pytest.mark.slow
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
@pytest.mark.parametrize("penalties", [(), (R1(.1), R2(.1)), (WGANGP(.1),)], ids=["plain", "R1 R2", "GP"])
@pytest.mark.parametrize("optimiser", [SGD(.05, .5), Adam(1e-2)], ids=["SGD", "Adam"])
def test_every_loss_with_every_penalty_update_and_optimiser(loss, penalties, update, optimiser):
    more = {"penalties": penalties, "update": update, "opt_g": optimiser, "opt_d": type(optimiser)(optimiser.lr)}
    check_case(Case(around(LeakyReLU), loss=loss(), more=more), steps=200)


# ---------------------------------------------------------------- planted: what a recording does not see


class Frozen(Optimiser):
    """Gradient descent whose rate is a Python number when the step is recorded: the list would keep it for ever."""

    lr = 0.1

    def step(self, theta, grad):
        rate, = self.next(theta)
        theta -= np.array(rate.view(np.ndarray)) * grad  # a copy that no recording sees


def test_a_frozen_scalar_is_noticed(caplog):
    """The comparison of the tests fails on a raw replay of it; a Training notices by itself, and goes on plainly."""
    frozen = Case(more={"opt_g": Frozen(), "schedule": linear_decay})
    training, twin = made(frozen, replay=False), made(frozen, replay=False)
    for one in (training, twin):
        one.advance(1)
    both = [one.players for one in (training, twin)]

    def rounds(function):
        for step in range(3):
            for player in both[0 if function == "plain" else 1].values():
                player.optimiser.prepare(1 - step / 3)
            yield

    for _ in rounds("plain"):
        training.step(training.players, training.draw(training.streams))
    recorded = None
    for _ in rounds("replayed"):
        batch = twin.draw(twin.streams)
        if recorded is None:
            recorded = record(lambda batch: twin.step(twin.players, batch), batch, [twin.players])
        else:
            recorded(batch)
    assert not same_bits(training.players["G"].network.theta, twin.players["G"].network.theta)

    with caplog.at_level(logging.WARNING, "tinygan"):
        safe, plain = made(frozen), made(frozen, replay=False)
        safe.advance(6)
        plain.advance(6)
    assert same_bits(safe.players["G"].network.theta, plain.players["G"].network.theta)
    assert "plain, as a replay of it ended in other numbers" in repr(safe) and len(caplog.records) == 1


class Peeking(Optimiser):
    """A step that looks at a value."""

    lr = 0.1

    def step(self, theta, grad):
        rate, = self.next(theta)
        if np.abs(grad).max() > 1e9:
            return
        theta -= rate * grad


def test_a_step_that_looks_at_a_value_runs_plainly_and_says_so_once(caplog):
    peeking = Case(more={"opt_g": Peeking()})
    with caplog.at_level(logging.WARNING, "tinygan"):
        training, plain = made(peeking), made(peeking, replay=False)
        training.advance(8)
        plain.advance(8)
    assert same_bits(training.players["G"].network.theta, plain.players["G"].network.theta)
    assert same_bits(training.players["D"].network.theta, plain.players["D"].network.theta)
    assert len(caplog.records) == 1 and "test_replay.py, line " in caplog.text and "looked at a value" in repr(training)


def test_random_numbers_inside_a_step_are_noticed():
    """They are drawn once, and a replay would use them for ever: the third round, run both ways, tells."""
    rng = np.random.default_rng(0)

    def step(players, batch):
        players["G"].network.grad[...] = 0
        players["G"].network.grad[...] += rng.standard_normal(players["G"].network.grad.shape, np.float32)
        players["G"].step()
        return {"g_loss": players["G"].network.theta.sum()}

    game = made(Case())
    training = Training({"G": Player(mlp(2, 3, 2), SGD(.1))}, game.draw, step, steps=10, streams=game.streams)
    training.advance(5)
    assert "ended in other numbers" in repr(training)


# ---------------------------------------------------------------- record by itself


def test_a_replay_of_a_function_of_arrays():
    W, count = np.arange(6.0).reshape(2, 3), np.zeros((), np.int64)

    def f(batch):
        x, (more, nothing) = batch["x"], batch["rest"]
        y = x @ W + more[..., ::-1]
        y *= 2
        nonlocal_count[0] += 1
        return {"sum": y.sum(), "both": (np.concatenate([y, x], axis=-1), nothing)}

    nonlocal_count = [count]
    rng = np.random.default_rng(0)
    batches = [{"x": rng.standard_normal((4, 2)), "rest": (rng.standard_normal((4, 3)), None)} for _ in range(4)]
    step = record(f, batches[0], [nonlocal_count])
    results = [step.result, *map(step, batches[1:])]
    assert int(count) == 4
    for result, batch in zip(results, batches, strict=True):
        wanted = f(batch)
        assert result["sum"] == wanted["sum"] and same_bits(result["both"][0], wanted["both"][0]) and result["both"][1] is None


def test_results_are_copies():
    step = record(lambda x: x + 1, np.zeros(3))
    first = step(np.ones(3))
    step(np.full(3, 5.0))
    assert first.tolist() == [2, 2, 2] and step.result.tolist() == [1, 1, 1]


def test_another_shape_is_refused():
    step = record(lambda x: x + 1, np.zeros(3))
    with pytest.raises(ValueError, match=r"recorded with a batch of shape \(3,\); got \(4,\)"):
        step(np.zeros(4))


def test_it_prints_its_list():
    def twice(x):
        (x + 1) * 3  # nobody reads it
        return x * 2

    text = str(record(twice, np.zeros((2, 3))))
    assert "3 calls noted, 1 left" in text and "dropped: add((2, 3), ()) -> (2, 3)" in text
    assert text.splitlines()[-1].split() == "2 multiply((2, 3), ()) -> (2, 3)".split()


def test_functions_that_numpy_writes_in_python_are_noted_call_by_call():
    def f(x):
        y = np.stack([np.clip(x, -1, 1), np.mean(x, axis=0, keepdims=True) + 0 * x])
        return np.sum(y, axis=-1), np.max(x), np.swapaxes(y, 0, 1), np.where(x > 0, x, 0.1 * x), np.linalg.norm(x, axis=-1)

    rng = np.random.default_rng(0)
    step = record(f, rng.standard_normal((3, 4)))
    x = rng.standard_normal((3, 4))
    assert all(same_bits(found, wanted) for found, wanted in zip(step(x), f(x), strict=True))


OUTSIDE = np.zeros(3)


def _writes_outside(x):
    np.add(x, 1, out=OUTSIDE)


@pytest.mark.parametrize("function, message", [
    (lambda x: x if x.sum() > 0 else -x, "the function looked at a value"),
    (lambda x: x * float(x[0]), "the function looked at a value"),
    (lambda x: x * x[0].item(), "the function looked at a value"),
    (lambda x: x * int(x[0]), "the function looked at a value"),
    (lambda x: f"{x}", "the function looked at a value"),
    (lambda x: x[[0, 2]], "an array was copied in a way that cannot be noted"),
    (lambda x: x[x > 0], "an array was copied in a way that cannot be noted"),
    (lambda x: np.asanyarray(x, np.float32), "an array was copied in a way that cannot be noted"),
    (lambda x: np.allclose(x, 0), "the function looked at a value"),
    (lambda x: sum(x), "the function looked at a value"),
    (lambda x: x.tolist(), "the function looked at a value"),
    (lambda x: np.count_nonzero(x), "np.count_nonzero looks at values"),
    (lambda x: np.searchsorted(x, 0.5), "np.searchsorted looks at values"),
    (lambda x: np.modf(x), "np.modf cannot be noted"),
    (lambda x: np.add.accumulate(x), "np.add.accumulate cannot be noted"),
    (_writes_outside, "it writes into an array that is not among `changes`"),
    (lambda x: record(lambda y: y, x), "recordings do not nest"),
])
def test_what_cannot_be_recorded_is_refused_with_its_line(function, message):
    with pytest.raises(NotRecordable) as caught:
        record(function, np.array([1.0, -2.0, 3.0]))
    assert message in str(caught.value)
    assert "nest" in message or "test_replay.py, line " in str(caught.value)
    assert record(lambda x: x + 1, np.zeros(2)).result.tolist() == [1, 1], "the next recording starts afresh"


def test_a_refusal_puts_back_what_was_changed():
    state = np.arange(3.0)

    def f(x):
        state_[0] += x
        return bool(x.sum())

    state_ = [state]
    with pytest.raises(NotRecordable):
        record(f, np.ones(3), [state_])
    assert state.tolist() == [0, 1, 2] and state_[0] is state


def test_an_array_that_is_made_during_the_recording_and_kept_is_refused():
    kept = {"count": np.zeros(())}

    def f(x):
        kept["count"] += 1
        kept["memory"] = x * 2
        return x

    with pytest.raises(NotRecordable, match="run the function once before"):
        record(f, np.ones(3), [kept])
    assert kept["count"] == 0, "what was changed is put back"


def test_two_threads_may_record_at_the_same_time():
    found = {}

    def work(name):
        training, plain = made(CASES["NonSaturating"]), made(CASES["NonSaturating"], replay=False)
        training.advance(20)
        plain.advance(20)
        thetas = [one.players["G"].network.theta for one in (training, plain)]
        found[name] = "replay)" in repr(training) and same_bits(*thetas)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(4), True)


# ---------------------------------------------------------------- shorter lists, on random programs


OPERATIONS = {
    "add": lambda a, b: a + b, "multiply": lambda a, b: a * b, "matmul": lambda a, b: a @ b.swapaxes(-1, -2) @ b,
    "outer": lambda a, b: a[:, :1] @ b[:1], "tanh": lambda a, b: np.tanh(a), "rows": lambda a, b: a[::-1] - b,
    "sum": lambda a, b: a - b.sum(axis=0, keepdims=True), "mean": lambda a, b: a * b.mean(axis=(-2, -1), keepdims=True),
    "halves": lambda a, b: np.concatenate([a[:, 1:], b[:, :1]], axis=-1), "copy": lambda a, b: a.copy(),
    "like": lambda a, b: np.full_like(a, 2) - np.zeros_like(b), "cast": lambda a, b: a.astype(np.float64) * 0.5,
    "reshape": lambda a, b: a.swapaxes(0, 1).reshape(3, 3) + b, "mask": lambda a, b: (a > 0).astype(a.dtype) * b,
    "maximum": lambda a, b: np.maximum(a, b), "clip": lambda a, b: np.clip(a, -1, 1),
}
CHANGES = {
    "iadd": lambda a, b: a.__iadd__(b), "imul": lambda a, b: a.__imul__(b * 0.1), "set": lambda a, b: a.__setitem__(0, b[1]),
    "zero": lambda a, b: a.__setitem__(..., 0), "part": lambda a, b: a[1:].__iadd__(b[:-1]),
}
NAMES = st.sampled_from([*OPERATIONS, *CHANGES])


@given(program=st.lists(st.tuples(NAMES, st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=25), shorten=st.booleans())
def test_random_programs(program, shorten):
    """A function of two arrays that also changes two arrays which were there before: three rounds, replayed and plain."""
    def run(state, batch):
        values = [*batch, *state]
        with np.errstate(all="ignore"):
            for name, i, j in program:
                a, b = values[i % len(values)], values[j % len(values)]
                if name in OPERATIONS:
                    values.append(OPERATIONS[name](a, b))
                elif i % len(values) >= 2:  # the batch is not changed
                    CHANGES[name](a, b)
        return values[-1] if len(values) > 4 else values[2] + 0

    rng = np.random.default_rng(0)
    batches = rng.standard_normal((3, 2, 3, 3))
    plain, replayed = ([np.ones((3, 3)), np.full((3, 3), 0.5)] for _ in range(2))
    wanted = [run(plain, tuple(batch)) for batch in batches]
    step = record(lambda batch: run(replayed, batch), tuple(batches[0]), [replayed], shorten=shorten)
    with np.errstate(all="ignore"):
        found = [step.result, *(step(tuple(batch)) for batch in batches[1:])]
    for one, other in zip([*found, *replayed], [*wanted, *plain], strict=True):
        np.testing.assert_array_equal(one, other)  # 0 and -0 count as equal


def test_the_first_addition_is_not_made_a_write_where_the_gradient_is_read_before():
    def f(x, reads):
        grad = state[0]
        grad[...] = 0
        read = grad * 2 if reads else None
        grad += x * 3
        grad += x
        return grad.sum() if read is None else grad.sum() + read.sum()

    state = [np.ones(4)]
    fused, kept = (record(lambda x, reads=reads: f(x, reads), np.ones(4), [state]) for reads in (False, True))
    assert len(fused.calls) == len(fused.noted) - 2 and len(kept.calls) == len(kept.noted)
    assert fused(np.full(4, 2.0)) == 32 and kept(np.full(4, 2.0)) == 32


def test_memory_is_shared():
    """A chain of forty arrays needs two."""
    def chain(x):
        for _ in range(40):
            x = np.tanh(x)
        return x

    step = record(chain, np.ones((64, 64)))
    places = {shortening.address(shortening.root(call.out)) for call in step.calls}
    longer = record(chain, np.ones((64, 64)), shorten=False)
    assert len(places) <= 3 < len({id(shortening.root(call.out)) for call in longer.calls})
    assert all(shortening.address(call.out) % shortening.ALIGNED == 0 for call in step.calls)


def test_the_module_explains_itself():
    assert 12 <= len(replay.__doc__.splitlines()) <= 30


def test_arrays_are_exchanged_once_each_even_where_objects_hold_each_other():
    x, y = np.zeros(2), np.ones(2)
    holder = {"x": x, "others": [(y, x)]}
    holder["others"].append(holder)
    assert replay._exchange(holder, lambda array: array + 1, set()) is holder
    assert holder["x"].tolist() == [1, 1] and holder["others"][0][0].tolist() == [2, 2]


def test_what_is_no_array_may_be_added_first():
    """`grad = 0`, then a bool or a list is added, which has no place in memory: the zeros stay."""
    for first in (True, [1.0, 2.0, 3.0]):
        net = SimpleNamespace(grad=np.zeros(3))

        def step(x, first=first, net=net):
            net.grad[...] = 0
            np.add(first, net.grad, out=net.grad)
            net.grad += x
            return net.grad.copy()

        replayed = record(step, np.arange(3.0), changes=[net])
        x = np.array([5.0, 7.0, 9.0])
        assert same_bits(replayed(x), x + np.asarray(first, float))


def test_functions_that_write_where_they_are_told():
    """Not only ufuncs have `out`: with it nothing is made, and without it something is."""
    net = SimpleNamespace(w=np.arange(9.0).reshape(3, 3), kept=np.zeros((2, 3)))

    def step(x):
        made = np.dot(x, net.w)
        np.dot(x, net.w + made.sum(axis=0), out=net.kept)
        return made + net.kept

    x = np.arange(6.0).reshape(2, 3)
    replayed = record(step, x, changes=[net])
    assert [call.fresh for call in replayed.calls if call.name == "dot"] == [True, False]
    for batch in (x + 1, x - 3):
        got, there = replayed(batch).copy(), net.kept.copy()
        assert same_bits(got, step(batch)) and same_bits(there, net.kept)
