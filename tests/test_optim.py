"""Optimisers against the textbook, one parameter at a time."""

import copy
import math
import pickle
import re

import numpy as np
import pytest
from oracles import same_bits

from tinygan import checkpoint
from tinygan.engine import optim


def gradients(steps=100, size=5, seed=0):
    """A row of gradients of very different sizes, some exactly 0."""
    g = np.random.default_rng(seed).normal(size=(steps, size)) * [1, 1e-3, 1e3, 1e-9, 1][:size]
    g[::7, 4] = 0
    return g


def check_sgd():
    """100 steps against v <- momentum v + g; theta <- theta - lr v, in plain Python."""
    opt, theta = optim.SGD(lr=0.03, momentum=0.9), np.ones(5)
    naive, velocity = [1.0] * 5, [0.0] * 5
    for g in gradients():
        opt.step(theta, g)
        for i in range(5):
            velocity[i] = 0.9 * velocity[i] + float(g[i])
            naive[i] = naive[i] - 0.03 * velocity[i]
        np.testing.assert_allclose(theta, naive, rtol=1e-12, atol=1e-12)


def check_adam(beta1=0.5, beta2=0.999):
    """100 steps against Algorithm 1 of Kingma & Ba (2015), in plain Python; each parameter alone."""
    opt, theta = optim.Adam(lr=0.03, beta1=beta1, beta2=beta2, eps=1e-8), np.ones(5)
    naive = [1.0] * 5
    m, v = [0.0] * 5, [0.0] * 5
    for t, g in enumerate(gradients(), start=1):
        opt.step(theta, g)
        for i in range(5):
            m[i] = beta1 * m[i] + (1 - beta1) * float(g[i])
            v[i] = beta2 * v[i] + (1 - beta2) * float(g[i]) ** 2
            m_hat, v_hat = m[i] / (1 - beta1**t), v[i] / (1 - beta2**t)
            naive[i] -= 0.03 * m_hat / (math.sqrt(v_hat) + 1e-8)
        np.testing.assert_allclose(theta, naive, rtol=1e-12, atol=1e-12)


def test_sgd_with_momentum():
    check_sgd()


@pytest.mark.parametrize("beta1, beta2", [(0.5, 0.999), (0, 0.99), (0.9, 0), (0.9, 0.999)])
def test_adam(beta1, beta2):
    check_adam(beta1, beta2)


def test_plain_gradient_descent():
    opt, theta = optim.SGD(lr=0.25), np.array([1.0, 2.0])
    for _ in range(2):
        opt.step(theta, np.array([4.0, -8.0]))
    assert theta.tolist() == [-1, 6]


@pytest.mark.parametrize("beta1, beta2", [(0.5, 0.999), (0.9, 0.9), (0, 0)])
def test_the_first_step_of_adam_is_lr_times_the_sign(beta1, beta2):
    """Exactly -lr g / (|g| + eps), whatever beta1 and beta2."""
    g = np.array([3.0, -2e-5, 1e-8, -1e9, 0])
    theta = np.zeros(5)
    optim.Adam(lr=0.01, beta1=beta1, beta2=beta2, eps=1e-8).step(theta, g)
    np.testing.assert_allclose(theta, -0.01 * g / (np.abs(g) + 1e-8), rtol=1e-12, atol=0)


OPTIMISERS = {"SGD": lambda: optim.SGD(0.1, momentum=0.9), "Adam": lambda: optim.Adam(0.1)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", OPTIMISERS.values(), ids=OPTIMISERS)
def test_replicas_step_bit_for_bit_like_singles(make, dtype):
    stacked, opt = np.ones((3, 5), dtype), make()
    singles, opts = [np.ones(5, dtype) for _ in range(3)], [make() for _ in range(3)]
    for g in np.stack([gradients(20, seed=r) for r in range(3)], axis=1).astype(dtype):
        opt.step(stacked, g)
        for theta, one, own in zip(singles, opts, g, strict=True):
            one.step(theta, own)
    assert all(same_bits(stacked[r], singles[r]) for r in range(3)) and stacked.dtype == dtype


def check_in_place(make):
    """The array that was passed in is the one that moves; the gradient is only read."""
    theta, g = np.ones(5), gradients(1)[0] + 1
    view, before = theta[1:3], g.copy()
    make().step(theta, g)
    assert (theta != 1).all() and (view != 1).all(), "theta did not move"
    assert same_bits(g, before), "the gradient was changed"


@pytest.mark.parametrize("make", OPTIMISERS.values(), ids=OPTIMISERS)
def test_steps_are_in_place(make):
    check_in_place(make)


@pytest.mark.parametrize("make", OPTIMISERS.values(), ids=OPTIMISERS)
def test_the_factor_multiplies_the_learning_rate_and_leaves_the_moments_alone(make):
    whole, half, theta, other = make(), make(), np.zeros(5), np.zeros(5)
    for g in gradients(3):
        whole.step(theta, g)
        half.prepare(0.5)
        half.step(other, g)
    np.testing.assert_allclose(other, theta / 2, rtol=1e-14)
    assert all(same_bits(getattr(whole, name), getattr(half, name)) for name in whole.memories)
    half.prepare(0)
    before = other.copy()
    half.step(other, gradients(1)[0])
    assert same_bits(other, before)


# --- rounds, and going on from a state --------------------------------------------------------------------------------


class Textbook:
    """The formulas of the docstrings, in the order in which they are written, on arrays; t counts every step."""

    def __init__(self, opt):
        self.opt, self.t, self.m, self.v, self.last = opt, 0, 0, 0, {}

    def step(self, theta, g, factor=1.0, opt=None):
        """theta after the step."""
        opt = opt or self.opt
        if isinstance(opt, optim.Clipped):
            return np.clip(self.step(theta, g, factor, opt.opt), -opt.bound, opt.bound)
        if isinstance(opt, optim.Optimistic):
            moved = self.step(theta, g, factor, opt.opt)
            step, last, self.last[opt] = moved - theta, self.last.get(opt), moved - theta
            return moved if last is None else moved + (step - last)
        self.t += 1
        if isinstance(opt, optim.SGD):
            self.v = opt.momentum * self.v + g
            return theta - opt.lr * factor * self.v
        self.m = opt.beta1 * self.m + (1 - opt.beta1) * g
        self.v = opt.beta2 * self.v + (1 - opt.beta2) * (g * g)
        rate, scale = opt.lr * factor / (1 - opt.beta1**self.t), 1 / math.sqrt(1 - opt.beta2**self.t)
        return theta - rate * self.m / (scale * np.sqrt(self.v) + opt.eps)


ALL = OPTIMISERS | {"plain SGD": lambda: optim.SGD(0.1), "Optimistic Adam": lambda: optim.Optimistic(optim.Adam(0.1)),
                    "Optimistic SGD": lambda: optim.Optimistic(optim.SGD(0.1, momentum=0.5)),
                    "Clipped": lambda: optim.Clipped(optim.Adam(0.3), 1.1),
                    "Clipped Optimistic": lambda: optim.Clipped(optim.Optimistic(optim.Adam(0.3)), 1.1),
                    "Optimistic twice": lambda: optim.Optimistic(optim.Optimistic(optim.Adam(0.1)))}
EACH = pytest.mark.parametrize("make", ALL.values(), ids=ALL)
EACH_DTYPE = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@EACH_DTYPE
@EACH
def test_unprepared_steps_are_the_textbooks_bit_for_bit(make, dtype):
    opt, theta = make(), np.ones(5, dtype)
    book, expected = Textbook(opt), np.ones(5, dtype)
    for g in gradients(30).astype(dtype):
        opt.step(theta, g)
        expected = book.step(expected, g)
        assert same_bits(theta, expected)
    assert theta.dtype == dtype


@EACH_DTYPE
@EACH
@pytest.mark.parametrize("rounds", [[1] * 8, [3] * 5, [2, 3, 1, 4, 2]], ids=["1 a round", "3 a round", "any number a round"])
def test_prepared_steps_are_the_textbooks_with_lr_times_the_factor_and_t_counting_every_step(make, dtype, rounds):
    opt, theta = make(), np.ones(5, dtype)
    book, expected, rows = Textbook(opt), np.ones(5, dtype), iter(gradients(30).astype(dtype))
    for i, steps in enumerate(rounds):
        factor = (1.0, 0.7, 0.0, 1e-3, 2.5)[i % 5]
        opt.prepare(factor)
        for _ in range(steps):
            g = next(rows)
            opt.step(theta, g)
            expected = book.step(expected, g, factor)
            assert same_bits(theta, expected)


@EACH_DTYPE
@EACH
def test_a_release_puts_the_factor_back_to_1(make, dtype):
    """Steps after it, as many as one likes, are the textbook's with factor 1, and take no more memory."""
    opt, theta = make(), np.ones(5, dtype)
    book, expected, rows = Textbook(opt), np.ones(5, dtype), iter(gradients(60).astype(dtype))
    innermost = opt
    while hasattr(innermost, "opt"):
        innermost = innermost.opt
    for _ in range(2):
        for steps in (3, 2):
            opt.prepare(0.3)
            for _ in range(steps):
                g = next(rows)
                opt.step(theta, g)
                expected = book.step(expected, g, 0.3)
        opt.release()
        for _ in range(20):
            g = next(rows)
            opt.step(theta, g)
            expected = book.step(expected, g)
            assert same_bits(theta, expected) and len(innermost._ahead) == 3
    opt.release()  # once more does no harm


def test_a_round_without_a_step_does_no_harm():
    opt, theta = optim.Adam(0.1), np.ones(5)
    book, expected = Textbook(opt), np.ones(5)
    for g in gradients(5):
        opt.prepare(7.0)
        opt.prepare(0.5)
        opt.step(theta, g)
        expected = book.step(expected, g, 0.5)
    assert same_bits(theta, expected)


@EACH_DTYPE
@EACH
@pytest.mark.parametrize("before", [0, 1, 7])
def test_going_on_from_a_state_gives_the_bits_of_never_stopping(tmp_path, make, dtype, before):
    """Also from the state before the first step, and after a way through a file."""
    whole, theta, rows = make(), np.ones(5, dtype), gradients(20).astype(dtype)
    for g in rows[:before]:
        whole.step(theta, g)
    state, stopped = whole.state(), theta.copy()
    checkpoint.save(tmp_path / "state.npz", state, None)
    used = make()
    used.step(np.zeros(5, dtype), rows[3])  # what it remembers is replaced
    resumed = [make(), make(), used]
    for opt, one in zip(resumed, (state, checkpoint.load(tmp_path / "state.npz")[0], state), strict=True):
        opt.load_state(one)
    thetas = [stopped.copy() for _ in resumed]
    for factor, g in zip((1.0, 0.5) * 10, rows[before:], strict=False):
        for opt, own in zip((whole, *resumed), (theta, *thetas), strict=True):
            opt.prepare(factor)
            opt.step(own, g)
    assert all(same_bits(own, theta) for own in thetas) and not same_bits(theta, stopped)


@EACH
def test_a_state_is_a_copy(make):
    opt, theta, g = make(), np.ones(5), gradients(2)
    opt.step(theta, g[0])
    state = opt.state()
    kept = {name: array.copy() for name, array in state.items()}
    opt.step(theta, g[1])
    assert all(same_bits(array, kept[name]) for name, array in state.items())
    other, own = make(), np.ones(5)
    other.load_state(state)
    other.step(own, g[1])
    assert all(same_bits(array, kept[name]) for name, array in state.items())
    assert kept["t"] == 1 and kept["t"].shape == () and kept["t"].dtype == np.int64


@EACH
def test_a_state_with_other_names_is_refused(make):
    opt = make()
    opt.step(np.ones(5), gradients(1)[0])
    before = opt.state()
    for wrong in ({}, {"t": np.array(3), "rest": np.ones(5)}, {name: array for name, array in before.items() if name != "t"},
                  before | {"another": np.ones(5)}):
        with pytest.raises(ValueError, match="remembers t, .*; got"):
            opt.load_state(wrong)
        after = opt.state()
        assert after.keys() == before.keys() and all(same_bits(after[name], before[name]) for name in before)


def test_half_a_memory_is_refused():
    """Adam's second mean begun anew beside its first would make far too large steps."""
    with pytest.raises(ValueError, match=r"Adam\(.*\) remembers t, m, v; got t, m"):
        optim.Adam().load_state({"t": np.array(3), "m": np.ones(5)})


def test_a_state_may_be_taken_in_the_middle_of_a_round():
    opt, theta, g = optim.Adam(0.1), np.ones(5), gradients(3)
    book, expected = Textbook(opt), np.ones(5)
    opt.prepare(0.5)
    opt.step(theta, g[0])
    expected = book.step(expected, g[0], 0.5)
    opt.load_state(opt.state())
    for one in g[1:]:
        opt.step(theta, one)
        expected = book.step(expected, one, 0.5)
    assert same_bits(theta, expected)


@EACH
def test_a_copy_of_an_optimiser_remembers_by_itself(make):
    opt, theta, g = make(), np.ones(5), gradients(3)
    opt.step(theta, g[0])
    twin, own = copy.deepcopy(opt), theta.copy()
    twin.step(own.copy(), g[2])
    twin, moved = copy.deepcopy(opt), theta.copy()
    opt.step(theta, g[1])
    twin.step(moved, g[1])
    assert same_bits(theta, moved)


class Signs(optim.Optimiser):
    """A rule of one's own, with a memory and numbers that change with t: a step of lr / t along the sign of a running sum."""

    memories = ("total",)

    def __init__(self, lr):
        super().__init__()
        self.lr = lr

    def numbers(self, t, factor):
        return self.lr * factor / t, 1.0

    def step(self, theta, grad):
        rate, _ = self.next(theta)
        self.total += grad
        theta -= rate * np.sign(self.total)


@pytest.mark.parametrize("make", [optim.Adam, lambda: optim.SGD(.1, .5), lambda: optim.Optimistic(optim.Adam()),
                                  lambda: optim.Clipped(optim.Adam(), 1.), lambda: optim.Optimistic(optim.SGD(.1)),
                                  lambda: optim.Clipped(optim.Optimistic(optim.SGD(.1)), 1.)])
def test_one_optimiser_for_two_networks_of_one_shape_is_refused(make):
    """Each would be moved along the memories of both."""
    opt, one, other = make(), np.ones(3), np.ones(3)
    opt.step(one, one.copy())
    opt.step(one[:], one.copy())  # another view of the same numbers
    with pytest.raises(ValueError, match="moves another network and remembers its steps. Each network needs an optimiser of its"):
        opt.step(other, one.copy())
    assert (other == 1).all()
    both = np.ones((2, 3))
    with pytest.raises(ValueError, match="moves another network"):
        opt.step(both[1], one.copy())
    for to_go_on in (copy.deepcopy(opt), pickle.loads(pickle.dumps(opt))):
        to_go_on.step(other, one.copy())
    opt.load_state(opt.state())
    opt.step(other, one.copy())


def test_an_optimiser_that_remembers_nothing_moves_what_it_is_given():
    opt, one, other = optim.SGD(.1), np.ones(3), np.ones(3)
    for theta in (one, other, one):
        opt.step(theta, np.ones(3))
    assert np.allclose(one, .8) and np.allclose(other, .9)


def test_a_network_that_is_no_more_does_not_hold_its_optimiser():
    opt = optim.Adam()
    for _ in range(3):
        opt.step(np.ones(3), np.ones(3))
    assert opt.t == 3


@pytest.mark.parametrize("state, error, said", [
    (None, TypeError, "a state is a dict of arrays, such as opt.state() gives; got None"),
    ({"t": "x"}, TypeError, "t must hold real numbers; got an array of <U1"),
    ({"t": 2.5}, TypeError, "t, the steps so far, must be a whole number, at least 0; got 2.5"),
    ({"t": [1, 2]}, TypeError, "must be a whole number, at least 0; got [1, 2]"),
    ({"t": -1}, ValueError, "must be at least 0; got -1"),
    ({"t": 1, "m": None, "v": [1.]}, TypeError, "m must hold real numbers"),
    ({"t": 1, "m": [1.], "v": np.ma.masked_array([1.])}, TypeError, "v is a masked array"),
])
def test_a_state_that_is_none_changes_nothing(state, error, said):
    opt, theta = optim.Adam(), np.ones(1)
    opt.step(theta, theta.copy())
    before = opt.state()
    with pytest.raises(error, match=re.escape(said)):
        opt.load_state(state)
    assert all(same_bits(array, before[name]) for name, array in opt.state().items())


def test_a_rule_of_ones_own():
    opt, theta, total, expected = Signs(0.5), np.ones(5), np.zeros(5), np.ones(5)
    for t, g in enumerate(gradients(9), start=1):
        if t % 3 == 1:
            opt.prepare(0.5)
        opt.step(theta, g)
        total += g
        expected -= 0.25 / t * np.sign(total)
        assert same_bits(theta, expected)
    resumed = Signs(0.5)
    resumed.load_state(opt.state())
    assert resumed.t == 9 and same_bits(resumed.total, opt.total)
    with pytest.raises(NotImplementedError, match=r"Nothing has no step\(theta, grad\): write it"):
        type("Nothing", (optim.Optimiser,), {})().step(theta, theta)


def test_the_ends_and_middles_of_schedules():
    assert [optim.constant(t) for t in (0, 0.5, 1)] == [1, 1, 1]
    assert [optim.linear_decay(t) for t in (0, 0.25, 1)] == [1, 0.75, 0]
    assert [optim.cosine_decay(t) for t in (0, 1)] == [1, 0] and optim.cosine_decay(0.5) == pytest.approx(0.5)
    assert optim.cosine_decay(0.25) == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert [optim.warm_cosine(t) for t in (0, 0.01, 0.02, 1)] == [0, optim.cosine_decay(0.01) / 2, optim.cosine_decay(0.02), 0]
    schedules = optim.constant, optim.linear_decay, optim.cosine_decay, optim.warm_cosine
    assert all(type(schedule(0.3)) is float for schedule in schedules)


NOT_A_RATE = [(0, ValueError), (-0.1, ValueError), (math.nan, ValueError), (math.inf, ValueError), (True, TypeError),
              ("x", TypeError), (None, TypeError)]
NOT_A_SHARE = [(1, ValueError), (-0.1, ValueError), (math.nan, ValueError), (False, TypeError), ("x", TypeError)]
BAD = ([("SGD", "lr", value, error) for value, error in NOT_A_RATE]
       + [("SGD", "momentum", value, error) for value, error in NOT_A_SHARE]
       + [("Adam", name, value, error) for name in ("lr", "eps") for value, error in NOT_A_RATE]
       + [("Adam", name, value, error) for name in ("beta1", "beta2") for value, error in NOT_A_SHARE])


@pytest.mark.parametrize("optimiser, name, value, error", BAD)
def test_a_bad_hyper_parameter_is_named_with_its_value(optimiser, name, value, error):
    with pytest.raises(error) as caught:
        getattr(optim, optimiser)(**{"lr": 0.1, name: value})
    assert str(caught.value).startswith(f"{optimiser}: {name} must be a ")
    assert str(caught.value).endswith(f"got {float(value) if error is ValueError else value!r}")


def test_repr_shows_the_settings():
    assert repr(optim.Adam(3e-3, beta1=0)) == "Adam(lr=0.003, beta1=0, beta2=0.999)"
    assert repr(optim.SGD(0.1, momentum=0.5)) == "SGD(lr=0.1, momentum=0.5)"
