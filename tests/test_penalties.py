"""Gradient penalties: the gradient of a gradient, against differences of the penalty's own value."""

import numpy as np
import pytest
from oracles import same_bits

from tinygan import Adam, data, gradcheck, mlp
from tinygan.engine.layers import LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from tinygan.losses import NonSaturating, Relativistic
from tinygan.penalties import R1, R2, WGANGP, Falling
from tinygan.train import d_gradients, train

SIZES = ((7, 3, 5), (5, 2, 4), (4, 5, 3))
PENALTIES = {"R1": R1(0.7), "R2": R2(0.3), "WGANGP": WGANGP(2.0)}
SMOOTH, PIECEWISE = (Tanh, Softplus, Sigmoid), (ReLU, LeakyReLU)


def critic(d, width, activation, seed):
    D = mlp(d, width, width + 1, 1, activation=activation, seed=seed, dtype=np.float64)
    D.theta[...] += np.random.default_rng(seed).normal(size=D.theta.shape) / 5  # biases too
    return D


def batches(n, d, seed):
    rng = np.random.default_rng([seed, 1])
    return rng.normal(size=(n, d)), rng.normal(size=(n, d)) + 1


def value_by_differences(penalty, D, x_real, x_fake, seed):
    """The penalty with its input gradient taken by central differences of the scores: three lines, no R-operator.

    None where a corner of D lies within a step of a point: there a difference proves nothing.
    """
    if isinstance(penalty, WGANGP):
        alpha = np.random.default_rng(seed).random((x_real.shape[0], 1))
        x_real = x_fake = alpha * x_real + (1 - alpha) * x_fake
    x = x_fake if isinstance(penalty, R2) else x_real
    f = lambda x: D(x).sum()  # noqa: E731
    if any(gradcheck.on_kink(f, x, index) for index in np.ndindex(x.shape)):
        return None
    g = gradcheck.central(f, x)
    if isinstance(penalty, WGANGP):
        return penalty.weight * ((np.sqrt((g**2).sum(axis=1) + 1e-12) - 1) ** 2).mean()
    return penalty.weight / 2 * (g**2).sum(axis=1).mean()


def call(penalty, D, x_real, x_fake, seed):
    D.zero_grad()
    tapes = D.forward(x_real)[1], D.forward(x_fake)[1]
    return float(penalty(D, x_real, x_fake, *tapes, np.random.default_rng(seed)))


def check_penalty(name, activation, seed, size):
    """Its value against differences of the scores; its gradient against differences of its value."""
    n, d, width = size
    penalty, D, (x_real, x_fake) = PENALTIES[name], critic(d, width, activation, seed), batches(n, d, seed)
    value = call(penalty, D, x_real, x_fake, seed)
    gradient, theta = D.grad.copy(), D.theta.copy()
    expected = value_by_differences(penalty, D, x_real, x_fake, seed)
    assert expected is None or value == pytest.approx(expected, rel=1e-7)

    def f(moved):
        D.theta[...] = moved
        return call(penalty, D, x_real, x_fake, seed)

    result = gradcheck.check(f, gradient, theta, name=f"{name} over theta")
    assert result.ok, str(result)
    return expected is not None


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("activation", SMOOTH + PIECEWISE)
def test_penalty_is_exact(name, activation):
    judged = [check_penalty(name, activation, seed, SIZES[seed % 3]) for seed in range(5)]
    assert sum(judged) >= 3


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("name", ["R1", "R2", "WGANGP"])
def test_penalty_by_the_complex_step(name, activation):
    """Along a random direction, to 1e-12: P written with complex numbers, its input gradient from a complex network."""
    for seed in range(3):
        n, d, width = SIZES[seed]
        D, (x_real, x_fake) = critic(d, width, activation, seed), batches(n, d, seed)
        call(PENALTIES[name], D, x_real, x_fake, seed)
        v = np.random.default_rng(seed).normal(size=D.theta.shape)
        C = mlp(d, width, width + 1, 1, activation=activation, dtype=np.complex128)
        C.theta[...] = D.theta + 1e-30j * v
        alpha = np.random.default_rng(seed).random((n, 1))
        x = {"R1": x_real, "R2": x_fake, "WGANGP": alpha * x_real + (1 - alpha) * x_fake}[name]
        g = C.backward(np.ones((n, 1), complex), C.forward(x)[1], grads=False)
        squares = (g * g).sum(axis=1)
        penalty = PENALTIES[name]
        P = (penalty.weight * ((np.sqrt(squares + 1e-12) - 1) ** 2).mean() if name == "WGANGP"
             else penalty.weight / 2 * squares.mean())
        assert D.grad @ v == pytest.approx(P.imag / 1e-30, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("loss", [NonSaturating(), Relativistic()])
@pytest.mark.parametrize("names", ["R1", "R2", "WGANGP", "R1 R1", "R1 R2 WGANGP"])
def test_the_whole_step_with_penalties(loss, names):
    check_whole_step(loss, names)


def check_whole_step(loss, names):
    """D's loss with penalties, over D.theta: the value that is reported is the value that is differentiated."""
    for seed in range(2):
        D, (x_real, x_fake) = critic(3, 5, Tanh, seed), batches(7, 3, seed)

        def f(theta, D=D, x_real=x_real, x_fake=x_fake, seed=seed):
            D.theta[...] = theta
            return float(d_gradients(D, x_real, x_fake, loss, [PENALTIES[name] for name in names.split()],
                                     np.random.default_rng(seed)))

        theta = D.theta.copy()
        f(theta)
        result = gradcheck.check(f, D.grad.copy(), theta)
        assert result.ok, str(result)


def test_replicas_are_single_runs_bit_for_bit():
    children = np.random.SeedSequence(4).spawn(3)
    penalties, opts = (R1(0.1), R2(0.1), WGANGP(0.1)), lambda: {"opt_d": Adam(), "opt_g": Adam()}
    G, D = mlp(2, 5, 2, seed=1, replicas=3), mlp(2, 5, 1, seed=2, replicas=3)
    history = train(G, D, data.ring(), Relativistic(), steps=5, batch=8, penalties=penalties, seed=4, **opts())
    for r, child in enumerate(children):
        g = mlp(2, 5, 2, seed=np.random.SeedSequence(1).spawn(3)[r])
        d = mlp(2, 5, 1, seed=np.random.SeedSequence(2).spawn(3)[r])
        single = train(g, d, data.ring(), Relativistic(), steps=5, batch=8, penalties=penalties, seed=child, **opts())
        assert same_bits(g.theta, G.theta[r]) and same_bits(d.theta, D.theta[r])
        assert same_bits(single.d_loss, history.d_loss[:, r])
    assert D.grad.dtype == np.float32


def test_one_alpha_for_each_sample():
    check_one_alpha_for_each_sample()


def check_one_alpha_for_each_sample():
    """Interpolates lie on the lines between real and fake points; one alpha per coordinate would leave them."""
    seen = []
    D = critic(3, 4, Tanh, 0)
    forward = D.forward
    D.forward = lambda x: seen.append(x) or forward(x)
    x_real, x_fake = np.zeros((6, 3)), np.ones((6, 3))
    tapes = forward(x_real)[1], forward(x_fake)[1]
    WGANGP(1.0)(D, x_real, x_fake, *tapes, np.random.default_rng(0))
    assert np.ptp(seen[0], axis=1).max() == 0 and np.ptp(seen[0][:, 0]) > 0.1


def test_a_critic_without_slope_has_a_finite_penalty():
    """sqrt(0) has no derivative: a constant critic must not give NaN."""
    D = mlp(2, 4, 1, dtype=np.float64)
    D.theta[...] = 0
    value = call(WGANGP(10.0), D, *batches(5, 2, 0), 0)
    assert value == pytest.approx(10, rel=1e-5) and np.isfinite(D.grad).all()


def test_a_schedule_for_gamma():
    fall = Falling(0.1, 0.001)
    assert fall(0) == pytest.approx(0.1) and fall(1) == pytest.approx(0.001) and fall(0.5) == pytest.approx(0.01)
    penalty, seen = R1(fall), []
    train(mlp(2, 4, 2), mlp(2, 4, 1, seed=1), data.ring(), NonSaturating(), steps=4, batch=8, penalties=(penalty,),
          callback=lambda state: seen.append(penalty.fraction))
    assert seen == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("bad", [0, -1, float("nan"), "x", True])
def test_bad_constants(bad):
    for make in (R1, R2, WGANGP):
        with pytest.raises((TypeError, ValueError), match="gamma|lam"):
            make(bad)


def test_the_penalty_between_points_needs_random_numbers():
    D = critic(2, 4, Tanh, 0)
    with pytest.raises(ValueError, match="pass rng="):
        d_gradients(D, *batches(4, 2, 0), NonSaturating(), (WGANGP(),))


def test_a_schedule_for_lam():
    """lam may be a function of the fraction as well, and the penalty is that of its value then."""
    D, (x_real, x_fake) = critic(2, 4, Tanh, 0), batches(5, 2, 0)
    rising = WGANGP(Falling(10, 0.1))
    rising.fraction = 0.5
    assert call(rising, D, x_real, x_fake, 3) == pytest.approx(call(WGANGP(1.0), D, x_real, x_fake, 3), rel=1e-12)
