"""The options of `train` that change the game: optimistic and extra-gradient steps, clipping, instance noise, unrolling."""

import numpy as np
import pytest
from oracles import same_bits
from test_training import Game, Normal, check_player

from tinygan import losses
from tinygan.engine.features import Pack
from tinygan.engine.layers import Dense, ReLU
from tinygan.engine.network import Sequential, mlp
from tinygan.engine.optim import SGD, Adam, Clipped, Optimistic
from tinygan.gradients import g_gradients
from tinygan.penalties import R1, WGANGP
from tinygan.streams import Streams, TwoPlayerDraw
from tinygan.training import train
from tinygan.unroll import unrolled_g_gradients
from tinygan.updates import Batch, Player, Rules


def step(update, G, D, opt_g, opt_d, x_real, z, loss):
    """One round of `update` on one batch, the same noise for both players."""
    players = {"G": Player(G, opt_g), "D": Player(D, opt_d)}
    return Rules(loss).step(update)(players, Batch(x_real[None], z[None], z))


class Zero:
    """A data set of zeros: with the Wasserstein loss and z = 0 the game is psi theta, the plainest there is."""

    dim = 1

    def sample(self, n, rng):
        return np.zeros((n, 1))


def bilinear(update, steps=40, h=0.2, seed=0):
    """(theta, psi) after each step of two one-neuron networks: G gives theta, D gives psi x."""
    G, D = mlp(1, 1, dtype=np.float64), mlp(1, 1, dtype=np.float64)
    G.theta[...], D.theta[...] = (0, 1), (1, 0)
    z, points = np.zeros((3, 1)), [(1.0, 1.0)]
    opts = [Optimistic(SGD(h)) if update == "optimistic" else SGD(h) for _ in range(2)]
    for _ in range(steps):
        step(update, G, D, *opts, np.zeros((3, 1)), z, losses.Wasserstein())
        points.append((G.theta[1], D.theta[0]))
    return np.array(points)


def by_hand(update, steps=40, h=0.2):
    """The same from the rules on paper, with the field v(theta, psi) = (psi, -theta) for both players' descent."""
    v = lambda p: np.array([p[1], -p[0]])  # noqa: E731
    p, last, points = np.ones(2), None, [np.ones(2)]
    for _ in range(steps):
        if update == "alternating":
            p = p + h * v(p) * (0, 1)
            p = p + h * v(p) * (1, 0)
        elif update == "simultaneous":
            p = p + h * v(p)
        elif update == "extragradient":
            p = p + h * v(p + h * v(p))
        else:
            now = v(p)
            p, last = p + h * (2 * now - (now if last is None else last)), now
        points.append(p)
    return np.array(points)


def check_bilinear(update):
    found, expected = bilinear(update), by_hand(update)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    radius = np.hypot(*found.T)
    return radius[-1] / radius[0]


@pytest.mark.parametrize("update, away, near", [
    ("simultaneous", 2.1, 2.3),  # (1 + h^2)^(steps/2) = 2.19
    ("alternating", 0.8, 1.3),
    ("optimistic", 0.2, 0.6),
    ("extragradient", 0.2, 0.6),
])
def test_the_bilinear_game(update, away, near):
    """min max psi theta: simultaneous steps leave, alternating ones circle, the other two come in."""
    assert away < check_bilinear(update) < near


def test_optimistic_adam_is_the_papers():
    """Daskalakis et al. 2018, algorithm 1: two of today's Adam steps, minus yesterday's."""
    rng = np.random.default_rng(0)
    theta, grads = rng.normal(size=5), rng.normal(size=(6, 5))
    mine, opt = theta.copy(), Optimistic(Adam(0.1, 0.5, 0.9))
    m = v = last = np.zeros(5)
    for t, grad in enumerate(grads, start=1):
        opt.step(mine, grad)
        m, v = 0.5 * m + 0.5 * grad, 0.9 * v + 0.1 * grad**2
        move = -0.1 * (m / (1 - 0.5**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8)
        theta = theta + 2 * move - (move if t == 1 else last)
        last = move
        np.testing.assert_allclose(mine, theta, rtol=1e-12)


def test_extragradient_steps_from_where_it_stood():
    """With a nonlinear game and Adam: the second look's gradients, applied at the first look's parameters."""
    game, twin, loss = Game(0), Game(0), losses.NonSaturating()
    opts, others = [Adam(), Adam()], [Adam(), Adam()]
    step("extragradient", game.G, game.D, *opts, game.x_real, game.z, loss)
    start = twin.G.theta.copy(), twin.D.theta.copy()
    step("simultaneous", twin.G, twin.D, *others, twin.x_real, twin.z, loss)
    standing = SGD(1e-300)  # a step that does not move: both gradients, where the players stand
    step("simultaneous", twin.G, twin.D, standing, SGD(1e-300), twin.x_real, twin.z, loss)
    for net, opt, theta, mine in zip((twin.G, twin.D), others, start, (game.G, game.D), strict=True):
        net.theta[...] = theta
        opt.step(net.theta, net.grad)
        assert same_bits(net.theta, mine.theta)


def d_network(pack=1, **more):
    front = [Pack(pack, 2)] if pack > 1 else []
    return Sequential(*front, Dense(2 * pack, 8), ReLU(), Dense(8, 1), **more)


def players(replicas=(), pack=1):
    return mlp(3, 8, 2, seed=1, replicas=replicas), d_network(pack, seed=2, replicas=replicas)


def run(replicas=(), steps=12, seed=5, pack=1, **settings):
    G, D = players(replicas, pack)
    history = train(G, D, Normal(), losses.Relativistic(), steps=steps, batch=16, seed=seed, **settings)
    return history, G, D


def test_clipping_bounds_the_critic_and_only_the_critic():
    check_clipping()


def check_clipping():
    """After every step of D, inner ones included, no parameter is outside; G's may be."""
    seen = []
    _, G, D = run(clip=0.02, d_steps=3, callback=lambda state: seen.append((state.D.theta.min(), state.D.theta.max())))
    low, high = np.array(seen).T
    assert (low == -np.float32(0.02)).all() and (high == np.float32(0.02)).all() and np.abs(G.theta).max() > 0.1


def test_clipping_projects_the_optimisers_own_step():
    theta = np.array([0.5, -0.5, 0.0])
    opt = Clipped(SGD(0.1), 0.45)
    opt.prepare(0.5)
    opt.step(theta, np.array([0.2, -0.2, 1.0]))
    np.testing.assert_allclose(theta, [0.45, -0.45, -0.05], rtol=1e-15)
    assert repr(opt) == "Clipped(SGD(lr=0.1, momentum=0), 0.45)"
    opt.release()
    opt.step(theta, np.array([0, 0, 1.0]))
    np.testing.assert_allclose(theta, [0.45, -0.45, -0.15], rtol=1e-15)


def seen_by_d(**settings):
    """The first real and the first fake batch on which D trains, (2, 16, 2)."""
    seen = []

    class Spied(Sequential):
        def forward(self, x):
            seen.append(np.array(x))
            return super().forward(x)

    G, D = players()[0], Spied(Dense(2, 8), ReLU(), Dense(8, 1), seed=2)
    train(G, D, Normal(), losses.Wasserstein(), steps=1, batch=16, seed=5, **settings)
    return np.array(seen[:2])


def test_instance_noise_is_on_both():
    check_instance_noise()


def check_instance_noise():
    """Real and fake points both get noise of the size asked for, from a stream of its own, different for each."""
    added = seen_by_d(instance_noise=0.5) - seen_by_d()  # the points are the same without it
    assert (added.std(axis=(1, 2)) > 0.3).all() and (added.std(axis=(1, 2)) < 0.7).all()
    assert abs(np.corrcoef(added[0].ravel(), added[1].ravel())[0, 1]) < 0.6


def test_instance_noise_decays_as_asked():
    """A function of the fraction; with 0 everywhere the run is the one without noise, bit for bit."""
    fractions = []
    run(steps=4, instance_noise=lambda f: fractions.append(f) or 0.1)
    assert sorted(set(fractions)) == [0, 0.25, 0.5, 0.75]
    assert same_bits(run(instance_noise=lambda f: 0.0)[1].theta, run()[1].theta)
    assert not same_bits(run(instance_noise=0.1)[1].theta, run()[1].theta)


@pytest.mark.parametrize("pack", [1, 2])
@pytest.mark.parametrize("loss", [losses.NonSaturating(), losses.RelativisticAverage()])
def test_g_gradient_through_instance_noise(loss, pack):
    for seed in range(3):
        game = Game(seed, pack=pack)
        noise = np.random.default_rng(seed).normal(size=game.x_real.shape)
        check_player(game.G, lambda game=game, noise=noise: g_gradients(
            game.G, game.D, game.z, loss, game.x_real, noise))


def test_unrolling_is_one_keyword():
    """train(unroll=(K, lr)) takes G's gradient from `unrolled_g_gradients`, and K = 0 is plain training, bit for bit."""
    assert same_bits(run(unroll=(0, 0.1))[1].theta, run()[1].theta)
    _, G, _ = run(steps=1, update="simultaneous", unroll=(3, 0.5))
    H, D = players()
    batch = TwoPlayerDraw(Normal(), 16, 1, 3, np.float32)(Streams(5))
    unrolled_g_gradients(H, D, batch.z_g, losses.Relativistic(), batch.x_real[0], steps=3, lr=0.5)
    Adam().step(H.theta, H.grad)
    assert same_bits(G.theta, H.theta) and not same_bits(G.theta, run(steps=1, update="simultaneous")[1].theta)


@pytest.mark.parametrize("settings", [
    {"update": "optimistic"}, {"update": "extragradient"}, {"clip": 0.05}, {"instance_noise": 0.2}, {"unroll": (2, 0.1)},
    {"pack": 2}, {"penalties": (WGANGP(0.1),), "d_steps": 2, "pack": 2},
    {"update": "extragradient", "clip": 0.1, "instance_noise": 0.1, "unroll": (1, 0.1), "d_steps": 2, "pack": 2,
     "penalties": (R1(0.1),)},
], ids=str)
def test_replicas_are_single_runs_bit_for_bit(settings):
    _, G, D = run(replicas=3, **settings)
    settings = dict(settings)
    pack = settings.pop("pack", 1)
    for r, child in enumerate(np.random.SeedSequence(5).spawn(3)):
        g = mlp(3, 8, 2, seed=np.random.SeedSequence(1).spawn(3)[r])
        d = d_network(pack, seed=np.random.SeedSequence(2).spawn(3)[r])
        train(g, d, Normal(), losses.Relativistic(), steps=12, batch=16, seed=child, **settings)
        assert same_bits(g.theta, G.theta[r]) and same_bits(d.theta, D.theta[r])


@pytest.mark.parametrize("settings, message", [
    ({"clip": 0}, "clip must be"), ({"clip": "x"}, "clip must be"),
    ({"instance_noise": -1}, "instance_noise must be"), ({"instance_noise": "x"}, "instance_noise must be"),
    ({"unroll": 5}, r"unroll must be None or \(steps, lr\), such as \(5, 0.1\); got 5"),
    ({"unroll": (5,)}, "unroll must be None or"), ({"unroll": (-1, 0.1)}, "unroll: steps"), ({"unroll": (5, 0)}, "unroll: lr"),
    ({"update": "optimist"}, "optimistic"),
])
def test_bad_options(settings, message):
    with pytest.raises((TypeError, ValueError), match=message):
        run(steps=1, **settings)
