"""The composition: each player's whole gradient, each player's step, the loop, its random streams, and how it fails."""

import pickle
import sys

import numpy as np
import pytest
import threadpoolctl
from oracles import LOSSES, NAIVE_D, NAIVE_G, SEEDS, SHAPES, loss_name, same_bits

from tinygan import losses
from tinygan.data import ring
from tinygan.engine import gradcheck, machine
from tinygan.engine.features import Pack
from tinygan.engine.layers import Dense, LeakyReLU, ReLU, Tanh
from tinygan.engine.network import Sequential, mlp
from tinygan.engine.norm import SpectralNorm
from tinygan.engine.optim import SGD, Adam, cosine_decay, linear_decay
from tinygan.gradients import d_gradients, d_gradients_and_scores, g_gradients, through_d
from tinygan.guard import Diverged, Guard
from tinygan.history import History
from tinygan.metrics import mode_report
from tinygan.training import d_step, g_step, train
from tinygan.updates import Batch, Player, Rules

EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
EACH_UPDATE = pytest.mark.parametrize("update", ["alternating", "simultaneous"])
COLUMNS = ("d_loss", "g_loss", "d_real", "d_fake")


def same_history(one, other, but=()):
    """Whether two histories hold the same bits, except for the arrays named in `but`."""
    one, other = ({name: array for name, array in history.arrays().items() if name not in but} for history in (one, other))
    return one.keys() == other.keys() and all(same_bits(array, other[name]) for name, array in one.items())


class Normal:
    """The smallest data set there is: no modes to count."""

    dim = 2

    def sample(self, n, rng):
        return rng.normal(1, 0.5, (n, 2))


# --- the two gradients ------------------------------------------------------------------------------------------------


class Game:
    """Two small float64 networks with random parameters, biases included, and one batch for each of D's inputs."""

    def __init__(self, seed, shape=SHAPES[0], activation=Tanh, pack=1):
        n, d_z, d = shape
        rng = np.random.default_rng(seed)
        self.G = mlp(d_z, 4, d, activation=activation, dtype=np.float64)
        front = [Pack(pack, d)] if pack > 1 else []
        self.D = Sequential(*front, Dense(pack * d, 6), activation(), Dense(6, 1), dtype=np.float64)
        self.G.theta[...], self.D.theta[...] = rng.normal(0, 0.7, self.G.theta.shape), rng.normal(0, 0.7, self.D.theta.shape)
        self.x_real, self.x_fake = rng.normal(size=(2, pack * n, d))
        self.z, self.pack = rng.normal(size=(pack * n, d_z)), pack

    def naive_scores(self, x):
        """D(x) one packed sample at a time, from theta alone: (N,)."""
        first, activation, last = self.D.layers[-3:]
        rows = [np.concatenate(x[i:i + self.pack]) for i in range(0, x.shape[0], self.pack)]
        f = np.tanh if isinstance(activation, Tanh) else lambda h: np.where(h > 0, h, 0.2 * h)
        return np.array([float((f(row @ first.W + first.b) @ last.W + last.b).item()) for row in rows])


def check_player(net, value_and_gradient):
    """The gradient that one player's step would use, against central differences of the value it reports."""
    start = net.theta.copy()

    def f(theta):
        net.theta[...] = theta
        return float(value_and_gradient())

    net.grad[...] = 1  # what an earlier step has left there
    value_and_gradient()
    result = gradcheck.check(f, net.grad.copy(), start)
    net.theta[...] = start
    assert result.ok, str(result)
    return result


def check_d_gradients(loss, seed=0, shape=SHAPES[0], activation=Tanh, pack=1):
    """The whole of D.grad, and the value against the paper's formula on naive scores. G is not even looked at."""
    game = Game(seed, shape, activation, pack)
    check_player(game.D, lambda: d_gradients(game.D, game.x_real, game.x_fake, loss()))
    naive = NAIVE_D[loss.__name__](game.naive_scores(game.x_real), game.naive_scores(game.x_fake))
    assert float(d_gradients(game.D, game.x_real, game.x_fake, loss())) == pytest.approx(naive, rel=1e-12)


def check_g_gradients(loss, seed=0, shape=SHAPES[0], activation=Tanh, pack=1):
    """The whole of G.grad, through D, and the value against the paper's formula; D and D.grad keep every bit."""
    game = Game(seed, shape, activation, pack)
    game.D.grad[...] = np.random.default_rng(9).normal(size=game.D.grad.shape)
    before = game.D.grad.copy(), game.D.theta.copy()
    value = g_gradients(game.G, game.D, game.z, loss(), game.x_real)
    assert same_bits(game.D.grad, before[0]) and same_bits(game.D.theta, before[1]), "G's gradient left a mark on D"
    assert game.G.grad.any(), "no gradient reached G"
    check_player(game.G, lambda: g_gradients(game.G, game.D, game.z, loss(), game.x_real))
    naive = NAIVE_G[loss.__name__](game.naive_scores(game.x_real), game.naive_scores(game.G(game.z)))
    assert float(value) == pytest.approx(naive, rel=1e-12)


@pytest.mark.parametrize("activation", [Tanh, LeakyReLU], ids=["tanh", "leaky"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@EACH_LOSS
def test_the_whole_gradient_of_each_player(loss, shape, activation):
    for seed in SEEDS:
        check_d_gradients(loss, seed, shape, activation)
        check_g_gradients(loss, seed, shape, activation)


@EACH_LOSS
def test_the_whole_gradient_of_each_player_when_D_judges_two_points_at_a_time(loss):
    for seed in SEEDS:
        check_d_gradients(loss, seed, pack=2)
        check_g_gradients(loss, seed, pack=2)


def test_few_entries_are_excused_as_kinks():
    """A check that skipped most of its work would pass too."""
    for seed in SEEDS:
        game = Game(seed, activation=LeakyReLU)
        result = check_player(game.D, lambda game=game: d_gradients(game.D, game.x_real, game.x_fake, losses.Hinge()))
        assert result.kinks.sum() <= 1


@EACH_LOSS
def test_through_D_comes_where_G_wants_each_point_to_go(loss):
    """dx against differences of the value; with grads=True D.grad grows by the loss's gradient over D.theta, else not at all."""
    game = Game(0)
    D, x = game.D, game.x_fake
    s_real = D(game.x_real) if loss.needs_real else None
    found = through_d(D, x, loss(), s_real)
    assert same_bits(found.s_fake, D(x)) and found.dx.shape == x.shape
    result = gradcheck.check(lambda x: float(through_d(D, x, loss(), s_real).value), found.dx, x)
    assert result.ok, str(result)

    D.grad[...] = before = np.random.default_rng(0).normal(size=D.grad.shape)
    assert same_bits(through_d(D, x, loss(), s_real).dx, found.dx) and same_bits(D.grad, before)
    D.zero_grad()
    check_player(D, lambda: of_theta(D, x, loss(), s_real))
    of_theta(D, x, loss(), s_real)
    once = D.grad.copy()
    through_d(D, x, loss(), s_real, grads=True)
    assert same_bits(D.grad, 2 * once)


def of_theta(D, x, loss, s_real):
    """through_d's value, with the gradient over D.theta alone in D.grad."""
    D.zero_grad()
    return through_d(D, x, loss, s_real, grads=True).value


@EACH_LOSS
def test_the_scores_come_with_the_gradient(loss):
    game, twin = Game(0), Game(0)
    value, s_real, s_fake = d_gradients_and_scores(game.D, game.x_real, game.x_fake, loss())
    assert same_bits(s_real, game.D(game.x_real)) and same_bits(s_fake, game.D(game.x_fake))
    assert same_bits(value, d_gradients(twin.D, game.x_real, game.x_fake, loss())) and same_bits(game.D.grad, twin.D.grad)


# --- the two steps ----------------------------------------------------------------------------------------------------


def check_steps(loss):
    """D's step moves every parameter of D and no bit of G; G's step the other way round. The value is from before the step."""
    game, smooth = Game(0), Game(0)
    G, D = game.G, game.D
    before = G.theta.copy(), G.grad.copy(), D.theta.copy()
    value = d_step(D, Adam(), game.x_real, G(game.z), loss())
    assert same_bits(G.theta, before[0]) and same_bits(G.grad, before[1]), "D's step left a mark on G"
    moved = D.theta != before[2]
    assert (moved == (D.grad != 0)).all()
    assert moved[:-1].all(), "a parameter of D stood still"  # a Wasserstein critic's last bias has no gradient
    assert same_bits(value, d_gradients(smooth.D, game.x_real, smooth.G(game.z), loss()))

    before = G.theta.copy(), D.theta.copy(), D.grad.copy()
    smooth.D.theta[...] = D.theta
    value = g_step(G, D, Adam(), game.z, loss(), game.x_real)
    assert same_bits(D.theta, before[1]) and same_bits(D.grad, before[2]), "G's step left a mark on D"
    assert (G.theta != before[0]).all(), "a parameter of G stood still"
    assert same_bits(value, g_gradients(smooth.G, smooth.D, game.z, loss(), game.x_real))


@EACH_LOSS
def test_a_step_moves_all_of_its_own_player_and_nothing_of_the_other(loss):
    check_steps(loss)


def test_packing_lays_points_side_by_side():
    def packed(x, m):
        return Pack(m, 2).forward(x)[0]

    x = np.arange(12).reshape(6, 2)
    assert same_bits(packed(x, 1), x)
    assert packed(x, 3).tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    stacked = np.stack([x, x + 100])
    assert same_bits(packed(stacked, 3), np.stack([packed(x, 3), packed(x + 100, 3)]))
    with pytest.raises(ValueError, match="cannot pack a batch of 6: choose a batch size that 4 divides"):
        packed(x, 4)


# --- the loop ---------------------------------------------------------------------------------------------------------


def players(seed=1, replicas=(), dtype=np.float32, activation=ReLU, pack=1):
    """G and D, seeded by two different children of one seed."""
    for_G, for_D = np.random.SeedSequence(seed).spawn(2) if isinstance(seed, int) else seed
    front = [Pack(pack, 2)] if pack > 1 else []
    return (mlp(3, 8, 2, activation=activation, seed=for_G, replicas=replicas, dtype=dtype),
            Sequential(*front, Dense(2 * pack, 8), activation(), Dense(8, 1), seed=for_D, replicas=replicas, dtype=dtype))


def run(seed=5, G=None, D=None, data=None, loss=None, steps=12, batch=16, pack=1, **settings):
    """train() on small players; returns (history, G, D)."""
    if G is None:
        G, D = players(pack=pack)
    history = train(G, D, Normal() if data is None else data, loss or losses.NonSaturating(), steps=steps, batch=batch,
                          seed=seed, progress=False, **settings)
    return history, G, D


def naive_run(update, steps=12, batch=16, seed=5, d_steps=1, ema=None, factor=lambda t: 1, loss=None, pack=1):
    """The same run written out: every forward and backward by hand, no train, no d_step, no g_step."""
    (G, D), loss, data = players(pack=pack), loss or losses.NonSaturating(), Normal()
    data_rng, latent_rng = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)[:2]]
    opt_d, opt_g, average, values = Adam(), Adam(), G.theta.copy(), []

    def sample():
        return data.sample(batch, data_rng)

    def latent():
        return latent_rng.standard_normal((batch, 3), np.float32)

    def d_gradient(x_real, z):
        s_real, tape_real = D.forward(x_real)
        s_fake, tape_fake = D.forward(G.forward(z)[0])
        value, ds_real, ds_fake = loss.d(s_real, s_fake)
        D.grad[...] = 0
        D.backward(ds_real, tape_real)
        D.backward(ds_fake, tape_fake)
        return value, s_real, s_fake

    def g_gradient(z, x_real):
        x, tape_G = G.forward(z)
        s, tape_D = D.forward(x)
        value, ds = loss.g(s, D.forward(x_real)[0])
        G.grad[...] = 0
        G.backward(D.backward(ds, tape_D, grads=False), tape_G)
        return value

    for step in range(steps):
        for opt in (opt_d, opt_g):
            opt.prepare(factor(step / steps))
        for _ in range(d_steps - 1):
            x, z = sample(), latent()
            d_gradient(x, z)
            opt_d.step(D.theta, D.grad)
        x, z_d, z_g = sample(), latent(), latent()
        d_value, s_real, s_fake = d_gradient(x, z_d)
        if update == "alternating":
            opt_d.step(D.theta, D.grad)
            g_value = g_gradient(z_g, x)
        else:
            g_value = g_gradient(z_g, x)
            opt_d.step(D.theta, D.grad)
        opt_g.step(G.theta, G.grad)
        opinion = [float(np.mean(1 / (1 + np.exp(-s)) if loss.is_probability else s)) for s in (s_real, s_fake)]
        values.append((d_value, g_value, *opinion))
        if ema is not None:
            average += (1 - ema) * (G.theta - average)
    return G, D, np.array(values, float), average


def check_loop(update, **settings):
    """train() ends with every bit of the hand-written loop: parameters, losses, average; the verdicts to rounding."""
    G, D, values, average = naive_run(update, **settings)
    schedule = settings.pop("factor", None)
    history, mine_G, mine_D = run(update=update, schedule=schedule, **settings)
    assert same_bits(mine_G.theta, G.theta) and same_bits(mine_D.theta, D.theta), "the parameters differ"
    assert same_bits(history.d_loss, values[:, 0]) and same_bits(history.g_loss, values[:, 1]), "the losses differ"
    np.testing.assert_allclose(np.stack([history.d_real, history.d_fake], axis=1), values[:, 2:], rtol=1e-5, atol=1e-6)
    if settings.get("ema"):
        assert same_bits(history.G_ema.theta, average), "the average differs"
        assert not same_bits(average, G.theta)


@EACH_UPDATE
@EACH_LOSS
def test_the_loop_is_the_hand_written_one_bit_for_bit(loss, update):
    check_loop(update, loss=loss())


@EACH_UPDATE
def test_the_loop_with_everything_around_it(update):
    check_loop(update, d_steps=3, ema=0.9, factor=cosine_decay, pack=2)


def test_the_two_updates_differ():
    assert not same_bits(run(update="alternating")[1].theta, run(update="simultaneous")[1].theta)


@EACH_UPDATE
def test_one_update_by_itself(update):
    """A step can be taken alone, without a Training: G looks at D after, or before, D's step. It returns what it began with."""
    game, twin, loss = Game(0), Game(0), losses.NonSaturating()
    batch = Batch(game.x_real[None], game.z[None], game.z)
    report = Rules(loss).step(update)({"D": Player(game.D, SGD(0.1)), "G": Player(game.G, SGD(0.1))}, batch)
    theta_D = twin.D.theta.copy()
    value, s_real, s_fake = d_gradients_and_scores(twin.D, game.x_real, twin.G(game.z), loss)
    assert same_bits(report["d_loss"], value) and list(report) == ["d_loss", "g_loss", "d_real", "d_fake"]
    assert same_bits(report["d_real"], loss.verdict(s_real)) and same_bits(report["d_fake"], loss.verdict(s_fake))
    moved = theta_D - 0.1 * twin.D.grad
    twin.D.theta[...] = moved if update == "alternating" else theta_D
    assert same_bits(report["g_loss"], g_gradients(twin.G, twin.D, game.z, loss))
    assert same_bits(game.D.theta, moved) and same_bits(game.G.theta, twin.G.theta - 0.1 * twin.G.grad)


def test_running_twice_gives_the_same_bits_and_another_seed_other_ones():
    (one, G, D), (two, H, E), (_, other, _) = run(ema=0.9), run(ema=0.9), run(seed=6, ema=0.9)
    assert same_bits(G.theta, H.theta) and same_bits(D.theta, E.theta) and same_bits(one.G_ema.theta, two.G_ema.theta)
    assert same_history(one, two)
    assert (G.theta != other.theta).any()


def test_a_seed_sequence_is_as_good_as_its_number_and_is_left_unspawned():
    sequence = np.random.SeedSequence(5)
    assert same_bits(run(seed=sequence)[1].theta, run(seed=5)[1].theta)
    assert sequence.n_children_spawned == 0


@EACH_UPDATE
@EACH_LOSS
def test_each_replica_is_the_single_run_with_its_seeds(loss, update):
    """Three replicas, all seeds from SeedSequence(s).spawn(3): parameters, average and history, bit for bit."""
    data = ring(modes=3, std=0.3).standardized()
    settings = dict(data=data, loss=loss(), ema=0.9, update=update, d_steps=2, schedule=linear_decay, steps=6)
    history, G, D = run(21, *players((22, 23), replicas=3), **settings)
    for r in range(3):
        child, for_G, for_D = (np.random.SeedSequence(s).spawn(3)[r] for s in (21, 22, 23))
        single, G1, D1 = run(child, *players((for_G, for_D)), **settings)
        assert same_bits(G.theta[r], G1.theta) and same_bits(D.theta[r], D1.theta)
        assert same_bits(history.G_ema.theta[r], single.G_ema.theta)
        for column in (*COLUMNS, "modes_visited", "modes_half"):
            assert same_bits(getattr(history, column)[:, r], getattr(single, column)), column
        one = history.replica(r)
        assert same_bits(one.G_ema.theta, single.G_ema.theta) and one.describe() == single.describe()
        assert one.arrays().keys() == single.arrays().keys()
        assert all(same_bits(array, single.arrays()[name]) for name, array in one.arrays().items())


def check_looking_changes_nothing(progress=True):
    """A run with a bar, counted modes and a callback that samples and evaluates ends as the run without."""
    data = ring(modes=4, std=0.3).standardized()
    rng = np.random.default_rng(0)
    seen = []

    def look(state):
        z = rng.standard_normal((50, 3))
        seen.append(mode_report(state.G(z), data).modes_half + mode_report(state.G_ema(z), data).modes_half)
        state.D(state.G(z))
        np.random.random()  # noqa: NPY002 - a user's plot may well use the global generator

    class Unnamed:
        dim, sample = 2, staticmethod(data.sample)

    blind, G, D = run(data=Unnamed(), ema=0.9)
    H, E = players()
    looking = train(H, E, data, losses.NonSaturating(), steps=12, batch=16, seed=5, ema=0.9, callback=look,
                          progress=progress)
    assert len(seen) == 12 and looking.modes_half.size == looking.modes_visited.size == 12 and blind.modes_half.size == 0
    assert same_bits(G.theta, H.theta) and same_bits(D.theta, E.theta) and same_bits(blind.G_ema.theta, looking.G_ema.theta)
    assert same_history(blind, looking, but=("modes_step", "modes_visited", "modes_half"))


def test_looking_changes_nothing(capsys):
    check_looking_changes_nothing()
    assert "d_loss" in capsys.readouterr().err


def test_no_bar_where_nobody_watches(capsys):
    G, D = players()
    train(G, D, Normal(), losses.NonSaturating(), steps=2, batch=4)
    assert capsys.readouterr() == ("", "")


class Recorder(SGD):
    """SGD that appends to `factors` what its rate is multiplied with, step by step. A copy of it appends to the same list."""

    def __init__(self, factors):
        super().__init__(2**-6)
        self.factors = factors

    def __deepcopy__(self, memo):
        return Recorder(self.factors)

    def next(self, theta):
        rate, = super().next(theta)
        self.factors.append(float(rate) / self.lr)
        return rate,


@EACH_UPDATE
def test_the_schedule_multiplies_both_rates_and_D_steps_as_often_as_asked(update):
    d, g = [], []
    run(steps=4, d_steps=3, opt_d=Recorder(d), opt_g=Recorder(g), schedule=linear_decay, update=update, replay=False)
    assert g == [1, 0.75, 0.5, 0.25]
    assert d == [1] * 3 + [0.75] * 3 + [0.5] * 3 + [0.25] * 3


def test_a_callback_sees_the_state_after_each_step_and_stops_the_run():
    seen = []

    def callback(state):
        seen.append((state.step, state.history.step[-1], same_bits(state.G.theta, G.theta)))
        return state.step == 3

    G, D = players()
    history, _, _ = run(G=G, D=D, callback=callback, ema=0.9)
    assert seen == [(1, 1, True), (2, 2, True), (3, 3, True)]
    assert history.step.tolist() == [1, 2, 3] and history.g_loss.shape == (3,) and history.steps == 12
    shorter = naive_run("alternating", steps=3)
    assert same_bits(G.theta, shorter[0].theta) and "3 of 12 steps" in repr(history)


def test_an_average_that_is_not_asked_for_is_none():
    assert run()[0].G_ema is None


def test_array_data_are_sampled_without_repeats():
    """A batch as large as the data is the data in another order: D's gradient sum is that of the whole set."""
    x = np.random.default_rng(0).normal(size=(16, 2))
    G, D = players(dtype=np.float64)
    whole = d_gradients(D.copy(), x, G(np.random.default_rng(np.random.SeedSequence(5).spawn(3)[1])
                                             .standard_normal((16, 3))), losses.NonSaturating())
    history, _, _ = run(G=G, D=D, data=x, steps=1)
    assert float(history.d_loss[0]) == pytest.approx(float(whole), rel=1e-12)


# --- the history ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 7, 999, 1000, 1001, 1999, 2500, 123_457])
def test_a_history_of_any_length_is_evenly_spaced_and_ends_with_the_last_step(steps):
    history = History(steps, count_modes=True)
    for step in range(1, steps + 1):
        if history.wants(step):
            history.record(step, {"d_loss": step, "d_fake": 4})
        if history.wants_modes(step):
            history.record_modes(step, (step % 9, step % 7))
    assert history.step[-1] == history.modes_step[-1] == steps
    assert history.step.size == min(steps, history.step.size) <= 1000 and history.modes_step.size <= 50
    if steps <= 1000:
        assert history.step.tolist() == list(range(1, steps + 1))
    else:
        assert history.step.size > 500
    for column in (history.step, history.modes_step):
        gaps = np.diff(column, prepend=0)
        assert (gaps[:-1] == gaps[0]).all() and 0 < gaps[-1] <= gaps[0]
    assert (history.d_loss == history.step).all() and (history.d_fake == 4).all()
    assert (history.modes_visited == history.modes_step % 9).all() and (history.modes_half == history.modes_step % 7).all()


def test_the_history_copies():
    history, value, modes = History(2, replicas=(3,), count_modes=True), np.zeros(3), np.zeros((2, 3), int)
    history.record(1, {"d_loss": value, "g_loss": value})
    history.record_modes(1, modes)
    value += 1
    modes += 1
    assert not history.d_loss.any() and history.d_loss.shape == (1, 3)
    assert not history.modes_half.any() and history.modes_visited.shape == (1, 3)


def test_the_columns_are_the_names_that_the_step_returns():
    """By attribute or by name; a name that is none says which there are."""
    history, _, _ = run()
    assert history.columns == COLUMNS and same_bits(history.d_loss, history["d_loss"]) and history.d_loss.shape == (12,)
    assert "d_loss" in history.describe() and "d_fake" in repr(history)
    with pytest.raises(AttributeError, match="History has no 'e_loss'; its columns are d_loss, g_loss, d_real, d_fake"):
        history.e_loss  # noqa: B018
    with pytest.raises(KeyError, match="this history has the columns d_loss, g_loss, d_real, d_fake; got 'e_loss'"):
        history["e_loss"]
    with pytest.raises(KeyError, match=r"\(none yet\); got 'd_loss'"):
        History(3)["d_loss"]


def test_the_history_holds_verdicts_as_probabilities_only_where_they_are():
    history, _, _ = run()
    assert ((history.d_real > 0) & (history.d_real < 1)).all()
    G, D = players()
    D.theta[...] = 0
    D.layers[-1].b[...] = 5  # every score is 5, before and after a step that is too small to show
    history, _, _ = run(G=G, D=D, loss=losses.Wasserstein(), steps=1, opt_d=SGD(1e-30), opt_g=SGD(1e-30))
    assert history.d_real == history.d_fake == 5 and history.d_loss == 0 and history.g_loss == -5


def test_a_history_comes_back_from_its_arrays():
    history, _, _ = run(data=ring(modes=3, std=0.3).standardized(), ema=0.9)
    twin = History.from_arrays(history.steps, history.arrays(), history.G_ema)
    assert twin.arrays().keys() == history.arrays().keys() and twin.columns == history.columns == COLUMNS
    assert {"modes_step", "modes_visited", "modes_half"} <= twin.arrays().keys() and twin.modes_half.size == 12
    assert all(same_bits(array, history.arrays()[name]) for name, array in twin.arrays().items())
    assert repr(twin) == repr(history) and twin.G_ema is history.G_ema


def absolute():
    """A discriminator whose score is |x_1|."""
    D = Sequential(Dense(2, 2), ReLU(), Dense(2, 1))
    D.layers[0].W, D.layers[2].W = [[1, -1], [0, 0]], [[1], [1]]
    return D


class Origin(Normal):
    """Every real point is 0."""

    def sample(self, n, rng):
        return np.zeros((n, 2))


@pytest.mark.parametrize("d_steps", [1, 3])
@pytest.mark.parametrize("update", ["alternating", "simultaneous", "optimistic", "extragradient"])
def test_verdicts_are_on_what_D_saw(update, d_steps):
    check_verdicts(update, d_steps)


def check_verdicts(update, d_steps):
    """With noise of standard deviation 5 on points that are all 0, a score of |x_1| is 4.0 on average, on both sides.

    Clean points would be scored 0. And the verdicts are those of the loss: a critic's loss is their difference.
    """
    G, D = players()[0], absolute()
    G.theta = np.zeros_like(G.theta)
    still = dict(opt_g=SGD(1e-30), opt_d=SGD(1e-30))
    history, _, _ = run(G=G, D=D, data=Origin(), loss=losses.Wasserstein(), instance_noise=5.0, steps=5, batch=4000,
                        update=update, d_steps=d_steps, **still)
    np.testing.assert_allclose(history.d_real, 5 * np.sqrt(2 / np.pi), rtol=0.05)
    np.testing.assert_allclose(history.d_fake, 5 * np.sqrt(2 / np.pi), rtol=0.05)
    np.testing.assert_allclose(history.d_fake - history.d_real, history.d_loss, rtol=1e-4, atol=1e-6)


@EACH_UPDATE
@pytest.mark.parametrize("loss", [losses.NonSaturating(), losses.LeastSquares()], ids=loss_name)
def test_verdicts_are_those_of_the_batch_before_Ds_last_step(loss, update):
    """Of three batches the last one's, scored by the D that has taken two steps."""
    game, twin = Game(0), Game(0)
    rng = np.random.default_rng(1)
    batch = Batch(rng.normal(size=(3, 7, 5)), rng.normal(size=(3, 7, 3)), rng.normal(size=(7, 3)), rng.normal(size=(3, 7, 5)),
                  rng.normal(size=(7, 5)))
    report = Rules(loss).step(update)({"D": Player(game.D, SGD(0.1)), "G": Player(game.G, SGD(0.1))}, batch)
    for k in range(2):
        d_step(twin.D, SGD(0.1), batch.x_real[k], twin.G(batch.z_d[k]) + batch.noise_d[k], loss)
    scores = twin.D(batch.x_real[2]), twin.D(twin.G(batch.z_d[2]) + batch.noise_d[2])
    for name, s in zip(("d_real", "d_fake"), scores, strict=True):
        assert same_bits(report[name], loss.verdict(s))
    opinion = 1 / (1 + np.exp(-scores[0])) if loss.is_probability else scores[0]
    assert report["d_real"] == pytest.approx(opinion.mean(), rel=1e-12)


# --- divergence -------------------------------------------------------------------------------------------------------


class Planted(losses.NonSaturating):
    """A loss that goes wrong in its `call`-th evaluation by `player`: its value or its derivative becomes `bad`.

    It counts in Python, which a replay does not see: it is for runs with replay=False.
    """

    def __init__(self, player, call, what, bad):
        super().__init__()
        self.player, self.left, self.what, self.bad = player, call, what, bad

    def spoil(self, player, loss):
        self.left -= player == self.player
        if player != self.player or self.left:
            return loss
        if self.what == "value":
            return loss._replace(value=loss.value * 0 + self.bad)
        return loss._replace(ds_fake=loss.ds_fake * 0 + self.bad)

    def d(self, s_real, s_fake):
        return self.spoil("D", super().d(s_real, s_fake))

    def g(self, s_fake, s_real=None):
        return self.spoil("G", super().g(s_fake, s_real))


def check_divergence(player, what, bad, update="alternating"):
    """Planted in step 4: stops there, names the step, the player and the place, and keeps the parameters after step 3."""
    G, D = players()
    with pytest.raises(Diverged) as caught:
        run(G=G, D=D, loss=Planted(player, 4, what, bad), update=update, replay=False)
    message, history = str(caught.value), caught.value.history
    assert "diverged at step 4" in message and "The parameters from before this step are kept" in message
    if what == "value":
        assert f"the loss of {player} is {abs(bad):.3g}" in message
    else:
        layer = "Dense(2 -> 8)" if player == "D" else "Dense(3 -> 8)"
        assert f"of the gradient W are not finite in layer 0 of {player}, {layer}" in message
    before = naive_run(update, steps=3)
    assert same_bits(G.theta, before[0].theta) and same_bits(D.theta, before[1].theta)
    assert history.step.tolist() == [1, 2, 3, 4] and history.diverged == 4  # the losses of the last step show what happened


@EACH_UPDATE
@pytest.mark.parametrize("what, bad", [("value", np.nan), ("value", np.inf), ("value", -np.inf), ("value", -1.1e6),
                                       ("derivative", np.nan), ("derivative", np.inf)])
@pytest.mark.parametrize("player", ["D", "G"])
def test_what_is_not_finite_or_beyond_a_million_stops_the_run_in_its_step(player, what, bad, update):
    check_divergence(player, what, bad, update)


def test_a_large_loss_is_not_yet_a_lost_run():
    assert run(loss=Planted("D", 4, "value", 9e5), replay=False)[0].diverged == 0


@pytest.mark.parametrize("opt", [lambda: SGD(1e30), lambda: Adam(1e30)], ids=["SGD", "Adam"])
def test_an_absurd_learning_rate_stops_at_once(opt):
    """Step 1 throws D to 1e30 and the scores out of float32: no later step is made, and both players are as they began."""
    G, D = players()
    G0, D0 = G.theta.copy(), D.theta.copy()
    with pytest.raises(Diverged, match=r"step 1: .* (of|in) [DG]") as caught:
        run(G=G, D=D, opt_d=opt(), opt_g=opt(), loss=losses.Wasserstein())
    assert same_bits(G.theta, G0) and same_bits(D.theta, D0) and caught.value.history.diverged == 1


def test_a_run_that_does_not_diverge_says_so():
    assert run()[0].diverged == 0 and run(G=players(replicas=2)[0], D=players(replicas=2)[1])[0].diverged.tolist() == [0, 0]


@EACH_UPDATE
def test_a_replica_that_diverges_is_noted_and_held_while_the_others_go_on(update):
    def make():
        G, D = players((22, 23), replicas=3)
        G.theta[1] = 1e30
        return G, D

    G, D = make()
    history, _, _ = run(21, G, D, update=update)
    assert history.diverged.tolist() == [0, 1, 0]
    assert same_bits(G.theta[1], make()[0].theta[1]) and same_bits(D.theta[1], make()[1].theta[1])
    for r in (0, 2):
        child, for_G, for_D = (np.random.SeedSequence(s).spawn(3)[r] for s in (21, 22, 23))
        single, G1, D1 = run(child, *players((for_G, for_D)), update=update)
        assert same_bits(G.theta[r], G1.theta) and same_bits(D.theta[r], D1.theta)
        for column in COLUMNS:
            assert same_bits(getattr(history, column)[:, r], getattr(single, column))


class Once(losses.NonSaturating):
    """D's value is infinite once, in replica `r` at the call `call`; its derivatives stay what they are. For replay=False."""

    def __init__(self, *planted):
        super().__init__()
        self.planted, self.calls = dict(planted), 0

    def d(self, s_real, s_fake):
        loss = super().d(s_real, s_fake)
        self.calls += 1
        if self.calls in self.planted:
            loss.value[self.planted[self.calls]] = np.inf
        return loss


def test_a_lost_replica_is_held_still_even_if_its_numbers_become_finite_again():
    """`Guard.check`: "a lost replica is noted and held still"; from its step on it does not move."""
    G, D = players(replicas=2)
    kept = []
    run(G=G, D=D, loss=Once((3, 0)), replay=False, callback=lambda state: kept.append(state.G.theta.copy()))
    assert same_bits(kept[2][0], kept[1][0]), "not restored in the step in which it was lost"
    assert all(same_bits(later[0], kept[1][0]) for later in kept[2:]), "moved on after it was lost"
    assert (kept[-1][1] != kept[1][1]).any()


def test_the_run_stops_when_the_last_replica_is_lost():
    G, D = players(replicas=2)
    with pytest.raises(Diverged, match="step 7") as caught:
        run(G=G, D=D, loss=Once((3, 1), (7, 0)), replay=False)
    assert caught.value.history.diverged.tolist() == [7, 3] and caught.value.history.step[-1] == 7


def test_what_layers_remember_is_put_back_as_well():
    check_buffers_are_put_back()


def check_buffers_are_put_back():
    """SpectralNorm's u moves in D's step: after a divergence it is the one that belongs to the parameters."""
    def make():
        return players()[0], Sequential(SpectralNorm(Dense(2, 8)), ReLU(), SpectralNorm(Dense(8, 1)), seed=2)

    (G, D), (H, E) = make(), make()
    with pytest.raises(Diverged, match="step 4"):
        run(G=G, D=D, loss=Planted("D", 4, "derivative", np.nan), replay=False)
    run(G=H, D=E, callback=lambda state: state.step == 3)
    first = make()[1].state()
    assert len(first) == 3 and not any(same_bits(D.state()[name], array) for name, array in first.items()), "nothing moved"
    assert all(same_bits(array, E.state()[name]) for name, array in D.state().items())


def test_a_lost_replicas_buffers_are_held_still():
    G, _ = players(replicas=2)
    D = Sequential(SpectralNorm(Dense(2, 8)), ReLU(), Dense(8, 1), seed=2, replicas=2)
    kept = []
    run(G=G, D=D, loss=Once((3, 0)), replay=False, callback=lambda state: kept.append(state.D.layers[0].u.copy()))
    assert all(same_bits(later[0], kept[1][0]) for later in kept[2:]) and (kept[-1][1] != kept[1][1]).any()


@pytest.mark.parametrize("replay", [True, False])
def test_a_lost_replicas_average_is_held_still(replay):
    """It is the average of a generator that stands still; and that of the others goes on."""
    G, D = players(replicas=2)
    G.theta[0] = 1e30
    kept = []
    history, _, _ = run(G=G, D=D, ema=0.9, replay=replay, callback=lambda state: kept.append(state.G_ema.theta.copy()))
    assert history.diverged.tolist() == [1, 0] and all((average[0] == np.float32(1e30)).all() for average in kept)
    assert (kept[-1][1] != kept[0][1]).all()


def test_a_divergence_can_be_pickled():
    """A process that trains hands it to the one that asked."""
    with pytest.raises(Diverged) as caught:
        run(loss=Planted("G", 4, "value", np.inf), ema=0.9, data=ring(modes=3, std=0.3).standardized(), replay=False)
    twin = pickle.loads(pickle.dumps(caught.value))
    assert type(twin) is Diverged and str(twin) == str(caught.value) and same_history(twin.history, caught.value.history)
    assert same_bits(twin.history.G_ema.theta, caught.value.history.G_ema.theta) and twin.history.diverged == 4


@pytest.mark.parametrize("call, advice", [
    (10, "kept. Standardise the data if they are not (data.standardized()), or try a learning rate ten times smaller"),
    (11, "kept. Try a learning rate ten times smaller")])
def test_who_diverges_within_ten_steps_is_told_to_standardise(call, advice):
    with pytest.raises(Diverged) as caught:
        run(loss=Planted("D", call, "value", np.inf), replay=False)
    assert str(caught.value).endswith(advice)


def test_data_that_are_not_standardised_diverge_at_once():
    """Columns in the millions: the message names the remedy."""
    G, D = players()
    x = np.random.default_rng(0).normal(size=(64, 2)) * 1e9
    with pytest.raises(Diverged, match=r"step 1: .*Standardise the data if they are not \(data.standardized\(\)\)"):
        run(G=G, D=D, data=x, loss=losses.Wasserstein())


def test_a_loss_that_belongs_to_no_player_is_named():
    history = History(3)
    found = Guard({"D": players()[1]}, history).check(1, {"d_loss": np.array(1.0), "code_loss": np.array(2e6)})
    assert isinstance(found, Diverged) and "code_loss is 2e+06 in size (limit 1e+06)" in str(found) and history.diverged == 1


# --- around the loop ------------------------------------------------------------------------------------------------------


def test_training_takes_one_thread_and_gives_the_others_back():
    """On small matrices threads mostly wait for each other; and so the number of threads does not matter for the bits."""
    def threads():
        return {library["num_threads"] for library in threadpoolctl.threadpool_info()}

    seen = []
    with threadpoolctl.threadpool_limits(2):
        before = threads()
        run(callback=lambda state: seen.append(threads()))
        assert threads() == before
    assert all(one <= {1} for one in seen) and seen


def test_the_libraries_with_threads_are_looked_for_again_only_after_an_import(monkeypatch):
    looked, usual = [], threadpoolctl.ThreadpoolController
    monkeypatch.setattr(threadpoolctl, "ThreadpoolController", lambda: looked.append(1) or usual())
    machine._pools.cache_clear()
    for times, name in [(1, "sys"), (1, "sys"), (2, "a_module_that_is_new")]:
        monkeypatch.setitem(sys.modules, name, sys)
        with machine.one_thread():
            assert len(looked) == times
