"""The game of two networks as a field: its Jacobian against differences, the Dirac-GAN inside it, and what R1 does to it."""

import numpy as np
import pytest
from oracles import LOSSES, loss_name, same_bits

from tinygan import dirac, gradcheck, losses, mlp
from tinygan.engine.jacobian import eigenvalues, jacobian
from tinygan.engine.layers import Dense, Layer, Softplus, Tanh
from tinygan.engine.network import Sequential
from tinygan.engine.norm import LayerNorm, SpectralNorm
from tinygan.game import Game
from tinygan.gradients import d_gradients, g_gradients
from tinygan.penalties import R1, R2, WGANGP

EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)


def players(seed=0, activation=Tanh, dtype=np.float64, widths=(3, 4), **more):
    rng = np.random.default_rng(seed)
    G, D = (mlp(2, width, last, activation=activation, dtype=dtype, **more) for width, last in zip(widths, (2, 1), strict=True))
    for net in (G, D):
        net.theta += rng.normal(0, 0.5, net.theta.shape).astype(dtype)
    return G, D, rng.normal(size=(7, 2)), rng.normal(size=(7, 2))


def check_field(loss, seed=0, penalties=()):
    """The velocity is minus each player's own gradient, bit for bit, wherever the game was asked before."""
    G, D, z, x_real = players(seed)
    game = Game(G, D, z, x_real, loss(), penalties)
    game(game.point + 1)
    d_gradients(D, x_real, G(z), loss(), penalties)
    g_gradients(G, D, z, loss(), x_real)
    assert same_bits(game(game.point), -np.concatenate([G.grad, D.grad]))


@EACH_LOSS
def test_the_field_is_each_players_own_gradient(loss):
    check_field(loss)
    check_field(loss, 1, (R1(0.3), R2(0.1)))


def check_jacobian(loss, activation=Tanh, seed=0, penalties=()):
    """All four blocks against central differences of the field; the diagonal ones are symmetric."""
    game = Game(*players(seed, activation, widths=(2, 2)), loss(), penalties)
    J, n = game.jacobian(), game.n_g
    result = gradcheck.compare(J, jacobian(game, game.point), name="the Jacobian")
    assert result.ok, str(result)
    for block in (J[:n, :n], J[n:, n:]):
        np.testing.assert_allclose(block, block.swapaxes(0, 1), atol=1e-9 if penalties else 1e-14)


@EACH_LOSS
def test_the_jacobian_agrees_with_differences_of_the_field(loss):
    check_jacobian(loss)


def test_the_jacobian_with_another_activation_and_with_penalties():
    check_jacobian(losses.RelativisticAverage, Softplus, 1)
    check_jacobian(losses.NonSaturating, Tanh, 0, (R1(0.7), R2(0.3)))


@pytest.mark.slow
@pytest.mark.parametrize("penalties", [(), (R1(0.7),)], ids=["", "R1"])
@pytest.mark.parametrize("activation", [Tanh, Softplus])
@EACH_LOSS
def test_the_jacobian_of_every_game(loss, activation, penalties):
    for seed in range(3):
        check_jacobian(loss, activation, seed, penalties)


@pytest.mark.parametrize("loss, turning", [(losses.Minimax, True), (losses.Wasserstein, True), (losses.NonSaturating, False),
                                           (losses.LeastSquares, False)])
def test_where_one_wins_what_the_other_loses_the_mixed_blocks_are_opposite(loss, turning):
    for seed in range(2):
        game = Game(*players(seed), loss())
        J, n = game.jacobian(), game.n_g
        upper, lower = J[:n, n:], J[n:, :n]
        assert (np.abs(upper + lower.swapaxes(0, 1)).max() < 1e-14) == turning and np.abs(upper).max() > 1e-2


def test_eigenvalues_of_a_field_and_of_its_jacobian_are_the_same():
    game = Game(*players(), losses.NonSaturating())
    np.testing.assert_allclose(eigenvalues(game.jacobian()), eigenvalues(game, game.point), atol=1e-8)


# ---------------------------------------------------------------- the Dirac-GAN, as two networks


class Shift(Layer):
    """y = x + b: with z = 0, a generator that makes one point. Its parameter is theta."""

    d = k = 1
    parameters, shapes = ("b",), {"b": (1, 1)}

    def __init__(self):
        self.allocate()

    def forward(self, x):
        return x + self.b, x

    def backward(self, dy, tape, grads=True):
        if grads:
            self.db += dy.sum(axis=-2, keepdims=True)
        return dy

    def tangent(self, x_dot, tape):
        return x_dot if self.b_dot is None else x_dot + self.b_dot, x_dot

    def tangent_backward(self, dy, dy_dot, tape, tape_dot):
        self.db += dy_dot.sum(axis=-2, keepdims=True)
        return dy, dy_dot


class Slope(Dense):
    """y = x W: the discriminator with one parameter. The score is s(x) = -psi x, so W is -psi."""

    parameters = ("W",)

    def __init__(self):
        super().__init__(1, 1)
        self.b, self.db, self.b_dot = np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1))


def dirac_gan(loss, penalties=()):
    G, D = Sequential(Shift(), dtype=np.float64), Sequential(Slope(), dtype=np.float64)
    G.theta[...] = D.theta[...] = 0
    return Game(G, D, np.zeros((1, 1)), np.zeros((1, 1)), loss, penalties)


SAME = [(losses.Minimax(), dirac.minimax, 0.5), (losses.NonSaturating(), dirac.non_saturating, 0.5),
        (losses.Wasserstein(), dirac.wasserstein, 1.0)]
TURNED = np.array([1.0, -1.0])  # psi = -W


@pytest.mark.parametrize("gamma", [0, 0.3, 1.5])
@pytest.mark.parametrize("loss, field, slope", SAME, ids=["minimax", "non-saturating", "wasserstein"])
def test_the_dirac_gan_is_a_game_of_two_networks(loss, field, slope, gamma):
    """The same field, the same Jacobian and, at the equilibrium, the eigenvalues in closed form."""
    game, field = dirac_gan(loss, (R1(gamma),) if gamma else ()), dirac.with_r1(field, gamma)
    for point in np.random.default_rng(0).normal(0, 1.5, (7, 2)):
        np.testing.assert_allclose(game(point * TURNED) * TURNED, field(point), rtol=1e-12, atol=1e-14)
        J = game.jacobian(point * TURNED) * np.outer(TURNED, TURNED)
        np.testing.assert_allclose(J, jacobian(field, point), atol=1e-8)
    np.testing.assert_allclose(eigenvalues(game.jacobian()), dirac.r1_eigenvalues(gamma, slope), atol=1e-9)


# ---------------------------------------------------------------- R1 at an equilibrium of two networks


def at_rest(seed, loss, gamma):
    """G makes the data themselves and D says the same of every point: nobody moves."""
    G, D, z, _ = players(seed)
    D.layers[-1].W[...] = D.layers[-1].b[...] = 0
    return Game(G, D, z, G(z), loss, (R1(gamma),) if gamma else ())


def turning(J):
    """The real parts of the eigenvalues with an imaginary part, in order: of the players that circle."""
    found = eigenvalues(J)
    return np.sort(found[found.imag > 1e-3].real)


@pytest.mark.parametrize("loss", [losses.NonSaturating(), losses.Wasserstein()], ids=loss_name)
def test_r1_moves_the_real_parts_to_the_left(loss):
    """A Wasserstein critic has none without it: the players circle for ever, as in the Dirac-GAN."""
    for seed in range(3):
        without, some, more = (at_rest(seed, loss, gamma).jacobian() for gamma in (0, 0.1, 0.3))
        real = turning(without)
        assert real.size >= 2 and (turning(some) < real - 1e-6).all() and (turning(more) < turning(some) - 1e-6).all()
        if isinstance(loss, losses.Wasserstein):
            np.testing.assert_allclose(real, 0, atol=1e-12)
        assert (turning(2 * without - some) > real + 1e-6).all()  # with its sign turned R1 would push them apart


def test_nobody_moves_where_G_makes_the_data_and_D_cannot_tell():
    for seed in range(3):
        game = at_rest(seed, losses.NonSaturating(), 0.3)
        np.testing.assert_allclose(game(game.point), 0, atol=1e-15)
        assert np.abs(game(game.point + 0.1)).max() > 1e-3


# ---------------------------------------------------------------- networks of every kind


def test_float32_networks_are_taken_over_into_float64():
    G, D, z, x_real = players(dtype=np.float32)
    game = Game(G, D, z, x_real, losses.Hinge())
    assert game.point.dtype == np.float64 and (game.point == np.concatenate([G.theta, D.theta])).all()
    before = G.theta.copy(), D.theta.copy(), G.grad.copy(), D.grad.copy()
    game.jacobian(game.point + 1)
    assert all(map(same_bits, (G.theta, D.theta, G.grad, D.grad), before))


def test_a_field_has_no_memory():
    """SpectralNorm stores its u in a training step; a field must be a function of the point alone."""
    G, _, z, x_real = players()
    D = Sequential(SpectralNorm(Dense(2, 4)), Tanh(), LayerNorm(4), Dense(4, 1), dtype=np.float64)
    game = Game(G, D, z, x_real, losses.NonSaturating())
    first = game(game.point)
    game(game.point + 1)
    assert same_bits(game(game.point), first) and same_bits(D.layers[0].u, D.copy().layers[0].u)


@pytest.mark.parametrize("make, message", [
    (lambda: Game(*players(replicas=3), losses.Hinge()), r"G has 3 replicas: take G.replica\(0\)"),
    (lambda: Game(*players(), losses.Hinge())(np.zeros(5)), r"a point of this game is an array \(34,\)"),
    (lambda: Game(*players(), losses.Hinge(), (R1(0.1), WGANGP())), "WGANGP is taken at random points"),
    (lambda: eigenvalues(np.zeros((2, 3))), r"a Jacobian must be a finite array \(P, P\); got shape \(2, 3\)"),
    (lambda: eigenvalues(np.full((2, 2), np.nan)), "with 4 entries that are not finite")])
def test_what_is_no_game(make, message):
    with pytest.raises(ValueError, match=message):
        make()
