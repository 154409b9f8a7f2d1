"""Optimisers against the textbook, one parameter at a time."""

import math

import numpy as np
import pytest
from oracles import same_bits

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
    half.factor = 0.5
    for g in gradients(3):
        whole.step(theta, g)
        half.step(other, g)
    np.testing.assert_allclose(other, theta / 2, rtol=1e-14)
    half.factor, before = 0, other.copy()
    half.step(other, gradients(1)[0])
    assert same_bits(other, before)


def test_the_ends_and_middles_of_schedules():
    assert [optim.constant(t) for t in (0, 0.5, 1)] == [1, 1, 1]
    assert [optim.linear(t) for t in (0, 0.25, 1)] == [1, 0.75, 0]
    assert [optim.cosine(t) for t in (0, 1)] == [1, 0] and optim.cosine(0.5) == pytest.approx(0.5)
    assert optim.cosine(0.25) == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert [optim.warm_cosine(t) for t in (0, 0.01, 0.02, 1)] == [0, optim.cosine(0.01) / 2, optim.cosine(0.02), 0]
    assert all(type(schedule(0.3)) is float for schedule in (optim.constant, optim.linear, optim.cosine, optim.warm_cosine))


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
