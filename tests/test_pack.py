"""Pack: D judges several points at a time. Whole gradients, penalties, and the game written by hand with a reshape."""

import numpy as np
import pytest
import test_layers
from oracles import LOSSES, NAIVE_D, SEEDS, Normal, loss_name, same_bits
from test_penalties import batches, check_exact

from tinygan import Adam, d_gradients, g_gradients, gradcheck, losses, mlp, through_d, train
from tinygan.engine.features import MinibatchStd, Pack
from tinygan.engine.layers import Dense, LeakyReLU, Softplus, Tanh
from tinygan.engine.network import Sequential
from tinygan.penalties import R1, R2, WGANGP

PENALTIES = {"R1": R1(0.7), "R2": R2(0.3), "WGANGP": WGANGP(2.0), "R1, columns": R1(0.7, columns=(0.5, 0, 2))}


def critic(m, d=3, seed=0, activation=Tanh, packed=True, **options):
    """D of m points at a time. packed=False: the same network without its first layer, which takes the points side by side."""
    D = Sequential(*[Pack(m, d)] * packed, Dense(m * d, 5), activation(), Dense(5, 4), activation(), Dense(4, 1), seed=seed,
                   **options)
    D.theta += (np.random.default_rng(seed).normal(size=D.theta.shape) / 5).astype(D.dtype)
    return D


# ---- the layer


def test_rows_side_by_side():
    x = np.arange(24.0).reshape(6, 4)
    for m, expected in ((1, x), (2, x.reshape(3, 8)), (3, x.reshape(2, 12)), (6, x.reshape(1, 24))):
        layer = Pack(m, 4)
        y, tape = layer.forward(x)
        assert same_bits(y, expected) and same_bits(layer.backward(y, tape), x)
        assert (layer.d, layer.k, layer.rows, layer.parameters) == (4, 4 * m, m, ())
    x = np.arange(48.0).reshape(2, 6, 4)  # replicas stay apart
    assert same_bits(Pack(3, 4).forward(x)[0], np.stack([Pack(3, 4).forward(one)[0] for one in x]))


def test_a_network_knows_how_many_rows_make_a_score():
    D = Sequential(Pack(2, 3), Dense(6, 4), Tanh(), Dense(4, 1))
    assert (D.rows, D.d_in, D.d_out) == (2, 3, 1) and D(np.ones((8, 3))).shape == (4, 1)
    assert repr(D).splitlines()[0] == "Sequential: (N, 3) -> (N/2, 1), 33 parameters, float32"
    assert [line.split()[-1] for line in repr(D).splitlines()[1:2]] == ["6)"] and "(N/2, 4)" in repr(D)
    twice = Sequential(Pack(2, 3), Dense(6, 4), Pack(3, 4), Dense(12, 1))
    assert twice.rows == 6 and twice(np.ones((12, 3))).shape == (2, 1) and "(N/6, 1)" in repr(twice)
    assert mlp(3, 4, 1).rows == 1 and Dense(3, 1).rows == 1
    assert D.copy().rows == 2 and Sequential(Pack(2, 3), Dense(6, 1), replicas=2).replica(1).rows == 2


@pytest.mark.parametrize("n", [1, 3, 7])
def test_a_batch_that_m_does_not_divide(n):
    D = Sequential(Pack(2, 3), Dense(6, 1))
    for call in (lambda: D(np.ones((n, 3))), lambda: Pack(2, 3).forward(np.ones((4, n, 3)))):
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value) == f"Pack(2 x 3 -> 6) cannot pack a batch of {n}: choose a batch size that 2 divides"
    with pytest.raises(ValueError, match="cannot pack a batch of"):
        d_gradients(D, np.ones((n, 3)), np.ones((n, 3)), losses.NonSaturating())


def test_a_batch_that_m_does_not_divide_in_train():
    with pytest.raises(ValueError, match="D packs 2 points, which does not divide a batch of 7: choose a batch size that 2 di"):
        train(mlp(2, 4, 2), Sequential(Pack(2, 2), Dense(4, 1)), np.zeros((20, 2)), losses.NonSaturating(), steps=1, batch=7)


def test_a_gradient_for_another_batch_is_refused():
    """A dy of half the packs would make a dx of half the points, without a word."""
    test_layers.check_wrong_cotangent(lambda d, k, dtype: Pack(3, d))


# ---- whole gradients through a packed D


def check_player(net, value):
    """The gradient that value() leaves in net.grad against differences of value()."""
    def f(theta):
        net.theta = theta
        return float(value())

    theta = net.theta.copy()
    net.grad[...] = 1  # what an earlier step has left there
    f(theta)
    result = gradcheck.check(f, net.grad.copy(), theta)
    net.theta = theta
    assert result.ok, str(result)


@pytest.mark.parametrize("m", [2, 3])
@pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
def test_both_players_gradients(loss, m):
    """And D's value is the paper's formula on scores of one pack at a time."""
    for seed in SEEDS:
        D, (x_real, x_fake) = critic(m, seed=seed, dtype=np.float64), batches(4 * m, 3, seed)
        check_player(D, lambda D=D, x_real=x_real, x_fake=x_fake: d_gradients(D, x_real, x_fake, loss()))
        alone = critic(m, seed=seed, packed=False, dtype=np.float64)
        r, f = (np.array([alone(np.concatenate(x[i:i + m])[None]).item() for i in range(0, 4 * m, m)]) for x in (x_real, x_fake))
        assert float(d_gradients(D, x_real, x_fake, loss())) == pytest.approx(NAIVE_D[loss.__name__](r, f), rel=1e-12)
        G, z = mlp(2, 4, 3, activation=Tanh, seed=seed, dtype=np.float64), batches(4 * m, 2, seed)[0]
        check_player(G, lambda G=G, D=D, z=z, x_real=x_real: g_gradients(G, D, z, loss(), x_real))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("m", [2, 3])
@pytest.mark.parametrize("activation", [Tanh, Softplus, LeakyReLU])
@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_through_it_is_exact(name, activation, m):
    """A sample is a pack: the norm is over all coordinates of its m points, the mean over the packs."""
    judged = [check_exact(PENALTIES[name], critic(m, seed=seed, activation=activation, dtype=np.float64), batches(4 * m, 3, seed),
                          seed, name) for seed in range(3)]
    assert sum(judged) >= 2


@pytest.mark.parametrize("loss", [losses.NonSaturating(), losses.RelativisticAverage()], ids=repr)
@pytest.mark.parametrize("names", ["R1", "R2", "WGANGP", "R1 R2 WGANGP"])
def test_ds_whole_gradient_with_penalties(loss, names):
    for seed, m in enumerate((2, 3)):
        D, (x_real, x_fake) = critic(m, seed=seed, dtype=np.float64), batches(4 * m, 3, seed)
        penalties = tuple(PENALTIES[name] for name in names.split())
        check_player(D, lambda D=D, x_real=x_real, x_fake=x_fake, penalties=penalties: d_gradients(
            D, x_real, x_fake, loss, penalties, np.random.default_rng(0)))


@pytest.mark.parametrize("name", PENALTIES)
def test_a_packed_d_has_the_bits_of_a_d_that_takes_points_side_by_side(name):
    """Value, gradient and dx; the packs are made by hand. (Columns are tiled: a weight for each column of a point.)"""
    for dtype in (np.float32, np.float64):
        D, hand, penalty = critic(2, dtype=dtype), critic(2, packed=False, dtype=dtype), PENALTIES[name]
        by_hand = R1(0.7, columns=(0.5, 0, 2) * 2) if "columns" in name else penalty
        x_real, x_fake = (x.astype(dtype) for x in batches(8, 3, 0))
        values = (d_gradients(D, x_real, x_fake, losses.Relativistic(), (penalty,), np.random.default_rng(0)),
                  d_gradients(hand, x_real.reshape(4, 6), x_fake.reshape(4, 6), losses.Relativistic(), (by_hand,),
                              np.random.default_rng(0)))
        assert same_bits(*values) and same_bits(D.grad, hand.grad) and D.grad.any()
        one, other = through_d(D, x_fake, losses.NonSaturating()), through_d(hand, x_fake.reshape(4, 6), losses.NonSaturating())
        assert same_bits(one.dx, other.dx.reshape(8, 3)) and same_bits(one.s_fake, other.s_fake)


# ---- a run


def by_hand(loss, penalties, m, steps=30, batch=12, seed=5):
    """Algorithm 1 with x.reshape(N/m, 2 m) wherever D looks: forwards, backwards, and nothing of the package's loop."""
    G, D = mlp(2, 6, 2, seed=1), Sequential(Dense(2 * m, 6), LeakyReLU(), Dense(6, 1), seed=2)
    opt_g, opt_d, values = Adam(), Adam(), []
    data_rng, latent_rng, _, penalty_rng, *_ = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(6))

    def side_by_side(x):
        return x.reshape(batch // m, 2 * m)

    for _ in range(steps):
        x = side_by_side(Normal().sample(batch, data_rng).astype(np.float32))
        z_d, z_g = (latent_rng.standard_normal((batch, 2), np.float32) for _ in range(2))
        alpha = None
        if any(penalty.at == "between" for penalty in penalties):
            alpha = penalty_rng.random((batch // m, 1)).astype(np.float32)
        x_fake = side_by_side(G.forward(z_d)[0])
        (s_real, tape_real), (s_fake, tape_fake) = D.forward(x), D.forward(x_fake)
        d_value, ds_real, ds_fake = loss.d(s_real, s_fake)
        D.grad[...] = 0
        left = {"real": (x, tape_real, ds_real), "fake": (x_fake, tape_fake, ds_fake)}
        for penalty in penalties:
            if penalty.at == "between":
                d_value = d_value + penalty(D, x, x_fake, alpha)
            else:
                d_value = d_value + penalty(D, *left.pop(penalty.at))
        for _, tape, ds in left.values():
            D.backward(ds, tape)
        opt_d.step(D.theta, D.grad)

        x_fake, tape_G = G.forward(z_g)
        s_fake, tape_D = D.forward(side_by_side(x_fake))
        g_value, ds_fake = loss.g(s_fake, D.forward(x)[0])
        G.grad[...] = 0
        G.backward(D.backward(ds_fake, tape_D, grads=False).reshape(batch, 2), tape_G)
        opt_g.step(G.theta, G.grad)
        values.append((d_value, g_value))
    return G, D, np.array(values, float)


@pytest.mark.parametrize("m", [2, 3])
@pytest.mark.parametrize("penalties", [(), (R1(0.1),), (R1(0.1), R2(0.2)), (WGANGP(0.1), R2(0.1))], ids=str)
@pytest.mark.parametrize("loss", [losses.NonSaturating(), losses.Relativistic(), losses.RelativisticAverage()], ids=repr)
def test_thirty_steps_have_the_bits_of_the_game_written_by_hand(loss, penalties, m):
    G, D = mlp(2, 6, 2, seed=1), Sequential(Pack(m, 2), Dense(2 * m, 6), LeakyReLU(), Dense(6, 1), seed=2)
    history = train(G, D, Normal(), loss, steps=30, batch=12, penalties=penalties, seed=5)
    hand_G, hand_D, values = by_hand(loss, penalties, m)
    assert same_bits(G.theta, hand_G.theta) and same_bits(D.theta, hand_D.theta), "the parameters differ"
    assert same_bits(history.d_loss, values[:, 0]) and same_bits(history.g_loss, values[:, 1]), "the losses differ"
    loose = mlp(2, 6, 2, seed=1)  # the control: without packing it is another game
    train(loose, Sequential(Dense(2, 6), LeakyReLU(), Dense(6, 1), seed=2), Normal(), loss, steps=30, batch=12, seed=5)
    assert not np.allclose(loose.theta, G.theta)


@pytest.mark.parametrize("settings", [{}, {"update": "extragradient"}, {"unroll": (2, 0.1)},
                                      {"instance_noise": 0.1, "d_steps": 2}], ids=str)
def test_replicas_have_the_bits_of_single_runs(settings):
    def run(seed, seed_g, seed_d, **options):
        G = mlp(2, 6, 2, seed=seed_g, **options)
        D = Sequential(Pack(2, 2), Dense(4, 6), LeakyReLU(), MinibatchStd(6), Dense(7, 1), seed=seed_d, **options)
        train(G, D, Normal(), losses.Relativistic(), steps=5, batch=12, penalties=(R1(0.1), WGANGP(0.1)), seed=seed, **settings)
        return G, D

    G, D = run(5, 1, 2, replicas=3)
    for r in range(3):
        g, d = run(*(np.random.SeedSequence(seed).spawn(3)[r] for seed in (5, 1, 2)))
        assert same_bits(G.theta[r], g.theta) and same_bits(D.theta[r], d.theta)


def test_a_d_of_the_wrong_size_is_told_about_pack():
    with pytest.raises(ValueError, match=r"D takes 4 features, but the data have 2: .* begin it with Pack\(2, 2\)"):
        train(mlp(2, 4, 2), mlp(4, 4, 1), Normal(), losses.NonSaturating(), steps=1)
