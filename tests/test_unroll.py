"""Unrolling: the gradient of the whole K-step map against differences of its value, and D left as it was."""

import re
from functools import partial

import numpy as np
import pytest
from oracles import LOSSES, loss_name, same_bits
from test_norm import held

from tinygan import SGD, gradcheck, losses, mlp
from tinygan.engine.beside import FourierBeside
from tinygan.engine.features import FourierFeatures, MinibatchDiscrimination, MinibatchStd, Pack
from tinygan.engine.layers import Dense, ReLU, Softplus, Tanh
from tinygan.engine.network import Sequential
from tinygan.engine.norm import BatchNorm, LayerNorm, SpectralNorm
from tinygan.gradients import g_gradients
from tinygan.training import d_step
from tinygan.unroll import unrolled_g_gradients
from tinygan.updates import Batch, Player, Rules

EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
LR = 0.3  # of D's steps; at 0.5 least squares runs away, and a difference over a step of 6e-6 is no longer exact to 1e-8


class Toy:
    """A small float64 game with random parameters, biases included. `layer`, if given, stands in the middle of D."""

    def __init__(self, seed=0, activation=Tanh, layer=None, pack=1, n=6, dtype=np.float64):
        rng = np.random.default_rng(seed)
        self.G = mlp(1, 2, 2, activation=activation, dtype=dtype)
        front, middle = [Pack(pack, 2)] if pack > 1 else [], [layer] if layer else []
        self.D = Sequential(*front, Dense(2 * pack, 4), activation(), *middle, Dense(layer.k if layer else 4, 1), dtype=dtype)
        for net in (self.G, self.D):
            net.theta += rng.normal(0, 0.5, net.theta.shape)
        self.z, self.x_real = rng.normal(size=(pack * n, 1)), rng.normal(size=(pack * n, 2))

    def value(self, theta, loss, **settings):
        """G's loss with the parameters `theta`, and the gradient in G.grad."""
        self.G.theta[...] = theta
        return float(unrolled_g_gradients(self.G, self.D, self.z, loss, self.x_real, lr=LR, **settings))


def check_unrolled(loss, steps=3, activation=Tanh, zero_sum=False, seed=0, layer=None, pack=1):
    """G.grad against differences of the value, parameter by parameter; D's parameters, gradient and buffers keep every bit."""
    toy = Toy(seed, activation, layer, pack)
    toy.D.grad[...] = np.random.default_rng(9).normal(size=toy.D.grad.shape)
    toy.G.grad[...] = 1  # what an earlier step has left there
    before, theta = traces(toy.D), toy.G.theta.copy()
    toy.value(theta, loss(), steps=steps, zero_sum=zero_sum)
    gradient = toy.G.grad.copy()
    assert all(map(same_bits, traces(toy.D), before)), "looking ahead left a mark on D"
    numeric = gradcheck.central(lambda theta: toy.value(theta, loss(), steps=steps, zero_sum=zero_sum), theta)
    result = gradcheck.compare(gradient, numeric, name="G.grad")
    assert result.ok, str(result)


def traces(D):
    """Everything of D that a step could change."""
    velocities = [getattr(layer, name + "_dot") for layer in D.layers for name in layer.parameters]
    assert D.theta_dot is None and not any(velocity is not None for velocity in velocities)
    return [array.copy() for array in (D.theta, D.grad, *D.buffers().values())]


@pytest.mark.parametrize("steps, activation, zero_sum", [(1, Softplus, True), (3, Tanh, False)],
                         ids=["1, softplus, zero-sum", "3, tanh"])
@EACH_LOSS
def test_the_gradient_of_the_whole_map(loss, steps, activation, zero_sum):
    check_unrolled(loss, steps, activation, zero_sum)


def test_the_gradient_of_five_steps():
    check_unrolled(losses.NonSaturating, 5, Softplus)
    check_unrolled(losses.RelativisticAverage, 5, Tanh)


@pytest.mark.parametrize("steps", [1, 3, 5])
@EACH_LOSS
def test_the_gradient_along_a_direction_by_the_complex_step(loss, steps):
    """To 1e-12: the whole map, D's steps included, with complex numbers."""
    for activation in (Tanh, Softplus):
        for zero_sum in (False, True):
            toy, complex_toy = Toy(7, activation), Toy(7, activation, dtype=np.complex128)
            v = np.random.default_rng(1).normal(size=toy.G.theta.shape)
            toy.value(toy.G.theta.copy(), loss(), steps=steps, zero_sum=zero_sum)
            complex_toy.G.theta += 1e-30j * v
            value = unrolled_g_gradients(complex_toy.G, complex_toy.D, toy.z, loss(), toy.x_real, steps=steps, lr=LR,
                                         zero_sum=zero_sum)
            assert toy.G.grad @ v == pytest.approx(value.imag / 1e-30, rel=1e-12, abs=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("zero_sum", [False, True])
@pytest.mark.parametrize("activation", [Tanh, Softplus])
@pytest.mark.parametrize("steps", [1, 3, 5])
@EACH_LOSS
def test_the_gradient_of_the_whole_map_with_every_loss(loss, steps, activation, zero_sum):
    for seed in range(3):
        check_unrolled(loss, steps, activation, zero_sum, seed)


def test_the_gradient_when_D_judges_two_points_at_a_time():
    check_unrolled(losses.NonSaturating, 2, pack=2)
    check_unrolled(losses.Relativistic, 2, zero_sum=True, pack=2)


def test_the_gradient_with_instance_noise():
    """Noise on G's points is a constant: D's steps and G's loss see the same noisy points."""
    toy, noise = Toy(), np.random.default_rng(5).normal(size=(6, 2))
    theta, loss = toy.G.theta.copy(), losses.NonSaturating()
    assert toy.value(theta, loss, steps=2, noise=noise) != toy.value(theta, loss, steps=2)
    toy.value(theta, loss, steps=2, noise=noise)
    gradient = toy.G.grad.copy()
    result = gradcheck.check(lambda theta: toy.value(theta, loss, steps=2, noise=noise), gradient, theta)
    assert result.ok, str(result)


LAYERS = {"LayerNorm": lambda: LayerNorm(4), "SpectralNorm": lambda: held(SpectralNorm(Dense(4, 3))),
          "MinibatchStd": lambda: MinibatchStd(4), "MinibatchDiscrimination": lambda: MinibatchDiscrimination(4, 2, 2),
          "FourierFeatures": lambda: FourierFeatures(4, 6, scale=0.1),
          "FourierBeside": lambda: FourierBeside(4, 6, scale=0.1, size=0.5)}


@pytest.mark.parametrize("layer", LAYERS)
def test_the_gradient_with_other_layers_in_D(layer):
    """SpectralNorm's u and v are held at the first forward's: that is the function whose derivative is written down."""
    check_unrolled(losses.NonSaturating, 2, layer=LAYERS[layer]())


def shortcut(toy, loss, steps):
    """What only looks ahead: D takes its steps, and G's ordinary gradient is taken there."""
    ahead = toy.D.copy()
    for _ in range(steps):
        d_step(ahead, SGD(LR), toy.x_real, toy.G(toy.z), loss)
    return g_gradients(toy.G, ahead, toy.z, loss, toy.x_real)


@pytest.mark.parametrize("steps", [0, 1, 3])
@EACH_LOSS
def test_the_value_is_the_loss_after_k_ordinary_steps_of_D(loss, steps):
    """The value bit for bit. Without steps the gradient too; with them it is another one than the shortcut's."""
    toy = Toy(seed=1)
    value = shortcut(toy, loss(), steps)
    gradient = toy.G.grad.copy()
    unrolled = unrolled_g_gradients(toy.G, toy.D, toy.z, loss(), toy.x_real, steps=steps, lr=LR)
    assert same_bits(value, unrolled)
    if steps == 0:
        assert same_bits(toy.G.grad, gradient)
    else:
        assert np.linalg.norm(toy.G.grad - gradient) > 0.01 * np.linalg.norm(toy.G.grad)


@EACH_LOSS
def test_zero_sum_is_what_D_wins(loss):
    toy = Toy()
    ahead = toy.D.copy()
    for _ in range(2):
        d_step(ahead, SGD(LR), toy.x_real, toy.G(toy.z), loss())
    value = unrolled_g_gradients(toy.G, toy.D, toy.z, loss(), toy.x_real, steps=2, lr=LR, zero_sum=True)
    assert same_bits(value, -loss().d(ahead(toy.x_real), ahead(toy.G(toy.z))).value)


def test_where_D_has_arrived_the_chain_is_nothing():
    """In a zero-sum game lambda = 0 where D's loss is least: there the shortcut is right (Metz et al. 2017, section 2.3).

    D is a straight line with least squares: each of its steps comes closer to the best one by a factor.
    """
    toy, loss = Toy(n=40), losses.LeastSquares()
    toy.D = mlp(2, 1, dtype=np.float64)
    gaps = {False: [], True: []}
    for zero_sum, found in gaps.items():
        for steps in (1, 20, 80):
            unrolled_g_gradients(toy.G, toy.D, toy.z, loss, toy.x_real, steps=steps, lr=0.2, zero_sum=zero_sum)
            exact, ahead = toy.G.grad.copy(), toy.D.copy()
            for _ in range(steps):
                d_step(ahead, SGD(0.2), toy.x_real, toy.G(toy.z), loss)
            unrolled_g_gradients(toy.G, ahead, toy.z, loss, toy.x_real, steps=0, zero_sum=zero_sum)
            found.append(np.linalg.norm(toy.G.grad - exact) / np.linalg.norm(exact))
    assert gaps[True][0] > 0.1 and gaps[True][-1] < 1e-3 and gaps[True] == sorted(gaps[True], reverse=True), gaps
    assert min(gaps[False]) > 0.1  # G's own loss is not D's gain: there the chain always matters


def test_a_step_moves_G_along_the_gradient():
    """The step of a game whose rules say so: G's part of it. D's part is the plain one."""
    toy, same, plain = Toy(), Toy(), Toy()
    step = Rules(losses.NonSaturating(), gradients=partial(unrolled_g_gradients, steps=2, lr=LR)).step("simultaneous")
    players = {"D": Player(toy.D, SGD(0.1)), "G": Player(toy.G, SGD(0.1))}
    report = step(players, Batch(toy.x_real[None], toy.z[None], toy.z))
    value = unrolled_g_gradients(same.G, same.D, same.z, losses.NonSaturating(), same.x_real, steps=2, lr=LR)
    assert same_bits(report["g_loss"], value)
    np.testing.assert_array_equal(toy.G.theta, same.G.theta - 0.1 * same.G.grad)
    assert same_bits(report["d_loss"], d_step(plain.D, SGD(0.1), plain.x_real, plain.G(plain.z), losses.NonSaturating()))
    assert same_bits(toy.D.theta, plain.D.theta)


def players(replicas=(), seeds=(1, 2)):
    G = mlp(2, 8, 2, activation=ReLU, seed=seeds[0], replicas=replicas)
    D = Sequential(Dense(2, 8), Tanh(), SpectralNorm(Dense(8, 5)), Tanh(), MinibatchStd(5), Dense(6, 1), seed=seeds[1],
                   replicas=replicas)
    return G, D


@pytest.mark.parametrize("loss", [losses.NonSaturating, losses.RelativisticAverage], ids=loss_name)
def test_a_replica_has_the_bits_of_a_single_game(loss):
    rng = np.random.default_rng(0)
    z, x_real = rng.normal(size=(2, 3, 16, 2)).astype(np.float32)
    G, D = players(3)
    values = unrolled_g_gradients(G, D, z, loss(), x_real, steps=3, lr=LR)
    assert values.shape == (3,) and values.dtype == G.grad.dtype == np.float32
    for r in range(3):
        one, other = G.replica(r), D.replica(r)
        value = unrolled_g_gradients(one, other, z[r], loss(), x_real[r], steps=3, lr=LR)
        assert same_bits(value, values[r]) and same_bits(one.grad, G.grad[r])


def test_a_buffer_moves_in_the_steps_ahead_and_not_in_D():
    """SpectralNorm's u: the second step finds what the first one stored, as in training; D keeps its own."""
    G, D = players()
    rng = np.random.default_rng(0)
    z, x_real = rng.normal(size=(2, 16, 2)).astype(np.float32)
    before, ahead = traces(D), D.copy()
    for _ in range(3):
        d_step(ahead, SGD(LR), x_real, G(z), losses.Hinge())
    value = unrolled_g_gradients(G, D, z, losses.Hinge(), x_real, steps=3, lr=LR)
    assert all(map(same_bits, traces(D), before)) and not same_bits(ahead.layers[2].u, D.layers[2].u)
    assert same_bits(value, g_gradients(G, ahead, z, losses.Hinge()))


def test_an_exception_on_the_way_leaves_both_players_alone():
    class Stops(losses.NonSaturating):
        def d_tangent(self, *scores):
            raise RuntimeError("stop here")

    toy = Toy(layer=SpectralNorm(Dense(4, 3)))
    toy.G.grad[...] = 3
    before = [*traces(toy.D), toy.G.theta.copy(), toy.G.grad.copy()]
    with pytest.raises(RuntimeError, match="stop here"):
        unrolled_g_gradients(toy.G, toy.D, toy.z, Stops(), toy.x_real)
    assert all(map(same_bits, [*traces(toy.D), toy.G.theta, toy.G.grad], before))


def test_batch_statistics_are_for_G():
    """BatchNorm in D has no second derivatives, and says so; in G it is as good as any layer."""
    toy = Toy(layer=BatchNorm(4))
    before = [*traces(toy.D), toy.G.grad.copy()]
    with pytest.raises(ValueError, match=r"BatchNorm\(4\) has no tangent.*use LayerNorm\(4\).* unrolled"):
        unrolled_g_gradients(toy.G, toy.D, toy.z, losses.NonSaturating(), toy.x_real)
    assert all(map(same_bits, [*traces(toy.D), toy.G.grad], before))
    toy = Toy()
    toy.G = Sequential(Dense(1, 3), BatchNorm(3), Tanh(), Dense(3, 2), dtype=np.float64)
    theta = toy.G.theta.copy()
    toy.value(theta, losses.NonSaturating(), steps=1)
    gradient = toy.G.grad.copy()
    result = gradcheck.check(lambda theta: toy.value(theta, losses.NonSaturating(), steps=1), gradient, theta)
    assert result.ok, str(result)


@pytest.mark.parametrize("change, message", [
    ({"steps": -1}, "steps must be at least 0"), ({"steps": 1.5}, "steps must be a whole number"), ({"lr": 0}, "lr must be"),
    ({"lr": float("nan")}, "lr must be"), ({"lr": "x"}, "lr must be a number"),
    ({"loss": losses.Hinge}, "loss must be an object with second derivatives"),
    ({"loss": object()}, "loss must be an object with second derivatives"),
    ({"x_real": np.zeros((5, 2))}, "scores of real and fake samples must have one shape"),
    ({"x_real": np.zeros((6, 3))}, "Dense(2 -> 4) expects"),
    ({"D": Sequential(Pack(4, 2), Dense(8, 1))}, "Pack(4 x 2 -> 8) cannot pack a batch of 6: choose a batch size")])
def test_what_cannot_be_unrolled(change, message):
    toy = Toy()
    given = {"loss": losses.NonSaturating(), "x_real": toy.x_real, "D": toy.D} | change
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        unrolled_g_gradients(toy.G, z=toy.z, **given)
