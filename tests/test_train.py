"""The composition: each player's whole gradient, each player's step, the loop, its random streams, and how it fails."""

from importlib import import_module

import numpy as np
import pytest
import threadpoolctl
from oracles import LOSSES, NAIVE_D, NAIVE_G, SEEDS, SHAPES, loss_name, same_bits

from tinygan import losses
from tinygan.data import ring
from tinygan.engine import gradcheck
from tinygan.engine.layers import LeakyReLU, ReLU, Tanh
from tinygan.engine.network import mlp
from tinygan.engine.optim import SGD, Adam, cosine, linear
from tinygan.history import History
from tinygan.metrics import mode_report

train = import_module("tinygan.train")  # the module: the package gives its name to the function

EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
EACH_UPDATE = pytest.mark.parametrize("update", ["alternating", "simultaneous"])


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
        self.D = mlp(pack * d, 6, 1, activation=activation, dtype=np.float64)
        self.G.theta[...], self.D.theta[...] = rng.normal(0, 0.7, self.G.theta.shape), rng.normal(0, 0.7, self.D.theta.shape)
        self.x_real, self.x_fake = rng.normal(size=(2, pack * n, d))
        self.z, self.pack = rng.normal(size=(pack * n, d_z)), pack

    def naive_scores(self, x):
        """D(x) one packed sample at a time, from theta alone: (N,)."""
        first, activation, last = self.D.layers
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
    check_player(game.D, lambda: train.d_gradients(game.D, game.x_real, game.x_fake, loss(), pack=pack))
    naive = NAIVE_D[loss.__name__](game.naive_scores(game.x_real), game.naive_scores(game.x_fake))
    assert float(train.d_gradients(game.D, game.x_real, game.x_fake, loss(), pack=pack)) == pytest.approx(naive, rel=1e-12)


def check_g_gradients(loss, seed=0, shape=SHAPES[0], activation=Tanh, pack=1):
    """The whole of G.grad, through D, and the value against the paper's formula; D and D.grad keep every bit."""
    game = Game(seed, shape, activation, pack)
    game.D.grad[...] = np.random.default_rng(9).normal(size=game.D.grad.shape)
    before = game.D.grad.copy(), game.D.theta.copy()
    value = train.g_gradients(game.G, game.D, game.z, loss(), game.x_real, pack=pack)
    assert same_bits(game.D.grad, before[0]) and same_bits(game.D.theta, before[1]), "G's gradient left a mark on D"
    assert game.G.grad.any(), "no gradient reached G"
    check_player(game.G, lambda: train.g_gradients(game.G, game.D, game.z, loss(), game.x_real, pack=pack))
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
        result = check_player(game.D, lambda game=game: train.d_gradients(game.D, game.x_real, game.x_fake, losses.Hinge()))
        assert result.kinks.sum() <= 1


# --- the two steps ----------------------------------------------------------------------------------------------------


def check_steps(loss):
    """D's step moves every parameter of D and no bit of G; G's step the other way round. The value is from before the step."""
    game, smooth = Game(0), Game(0)
    G, D = game.G, game.D
    before = G.theta.copy(), G.grad.copy(), D.theta.copy()
    value = train.d_step(D, Adam(), game.x_real, G(game.z), loss())
    assert same_bits(G.theta, before[0]) and same_bits(G.grad, before[1]), "D's step left a mark on G"
    moved = D.theta != before[2]
    assert (moved == (D.grad != 0)).all()
    assert moved[:-1].all(), "a parameter of D stood still"  # a Wasserstein critic's last bias has no gradient
    assert same_bits(value, train.d_gradients(smooth.D, game.x_real, smooth.G(game.z), loss()))

    before = G.theta.copy(), D.theta.copy(), D.grad.copy()
    smooth.D.theta[...] = D.theta
    value = train.g_step(G, D, Adam(), game.z, loss(), game.x_real)
    assert same_bits(D.theta, before[1]) and same_bits(D.grad, before[2]), "G's step left a mark on D"
    assert (G.theta != before[0]).all(), "a parameter of G stood still"
    assert same_bits(value, train.g_gradients(smooth.G, smooth.D, game.z, loss(), game.x_real))


@EACH_LOSS
def test_a_step_moves_all_of_its_own_player_and_nothing_of_the_other(loss):
    check_steps(loss)


def test_packing_lays_points_side_by_side():
    x = np.arange(12).reshape(6, 2)
    assert train.packed(x, 1) is x
    assert train.packed(x, 3).tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    stacked = np.stack([x, x + 100])
    assert same_bits(train.packed(stacked, 3), np.stack([train.packed(x, 3), train.packed(x + 100, 3)]))
    with pytest.raises(ValueError, match="a batch of 6 cannot be packed by 4"):
        train.packed(x, 4)


# --- the loop ---------------------------------------------------------------------------------------------------------


def players(seed=1, replicas=(), dtype=np.float32, activation=ReLU, pack=1):
    """G and D, seeded by two different children of one seed."""
    for_G, for_D = np.random.SeedSequence(seed).spawn(2) if isinstance(seed, int) else seed
    return (mlp(3, 8, 2, activation=activation, seed=for_G, replicas=replicas, dtype=dtype),
            mlp(2 * pack, 8, 1, activation=activation, seed=for_D, replicas=replicas, dtype=dtype))


def run(seed=5, G=None, D=None, data=None, loss=None, steps=12, batch=16, **settings):
    """train() on small players; returns (history, G, D)."""
    if G is None:
        G, D = players(pack=settings.get("pack", 1))
    history = train.train(G, D, Normal() if data is None else data, loss or losses.NonSaturating(), steps=steps, batch=batch,
                          seed=seed, progress=False, **settings)
    return history, G, D


def naive_run(update, steps=12, batch=16, seed=5, d_steps=1, ema=None, factor=lambda t: 1, loss=None, pack=1):
    """The same run written out: every forward and backward by hand, no train, no d_step, no g_step."""
    G, D = players(pack=pack)
    loss, data = loss or losses.NonSaturating(), Normal()
    data_rng, latent_rng = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)[:2]]
    opt_d, opt_g, average, values = Adam(), Adam(), G.theta.copy(), []

    def sample():
        return data.sample(batch, data_rng)

    def latent():
        return latent_rng.standard_normal((batch, 3), np.float32)

    def side_by_side(x):
        return x.reshape(batch // pack, -1)

    def d_gradient(x_real, z):
        s_real, tape_real = D.forward(side_by_side(x_real))
        s_fake, tape_fake = D.forward(side_by_side(G.forward(z)[0]))
        value, ds_real, ds_fake = loss.d(s_real, s_fake)
        D.grad[...] = 0
        D.backward(ds_real, tape_real)
        D.backward(ds_fake, tape_fake)
        return value

    def g_gradient(z, x_real):
        x, tape_G = G.forward(z)
        s, tape_D = D.forward(side_by_side(x))
        value, ds = loss.g(s, D.forward(side_by_side(x_real))[0])
        G.grad[...] = 0
        G.backward(D.backward(ds, tape_D, grads=False).reshape(x.shape), tape_G)
        return value

    for step in range(steps):
        opt_d.factor = opt_g.factor = factor(step / steps)
        for _ in range(d_steps - 1):
            x, z = sample(), latent()
            d_gradient(x, z)
            opt_d.step(D.theta, D.grad)
        x, z_d, z_g = sample(), latent(), latent()
        d_value = d_gradient(x, z_d)
        if update == "alternating":
            opt_d.step(D.theta, D.grad)
            g_value = g_gradient(z_g, x)
        else:
            g_value = g_gradient(z_g, x)
            opt_d.step(D.theta, D.grad)
        opt_g.step(G.theta, G.grad)
        values.append((d_value, g_value))
        if ema is not None:
            average += (1 - ema) * (G.theta - average)
    return G, D, np.array(values, float), average


def check_loop(update, **settings):
    """train() ends with every bit of the hand-written loop: parameters, losses, average."""
    G, D, values, average = naive_run(update, **settings)
    schedule = settings.pop("factor", None)
    history, mine_G, mine_D = run(update=update, schedule=schedule, **settings)
    assert same_bits(mine_G.theta, G.theta) and same_bits(mine_D.theta, D.theta), "the parameters differ"
    assert same_bits(history.d_loss, values[:, 0]) and same_bits(history.g_loss, values[:, 1]), "the losses differ"
    if settings.get("ema"):
        assert same_bits(history.G_ema.theta, average), "the average differs"
        assert not same_bits(average, G.theta)


@EACH_UPDATE
@EACH_LOSS
def test_the_loop_is_the_hand_written_one_bit_for_bit(loss, update):
    check_loop(update, loss=loss())


@EACH_UPDATE
def test_the_loop_with_everything_around_it(update):
    check_loop(update, d_steps=3, ema=0.9, factor=cosine, pack=2)


def test_the_two_updates_differ():
    assert not same_bits(run(update="alternating")[1].theta, run(update="simultaneous")[1].theta)


@EACH_UPDATE
def test_one_update_by_itself(update):
    """`alternating` and `simultaneous` are public: G looks at D after, or before, D's step."""
    game, twin, loss = Game(0), Game(0), losses.NonSaturating()
    train.UPDATES[update](game.G, game.D, SGD(0.1), SGD(0.1), game.x_real, game.z, game.z, loss)
    theta_D = twin.D.theta.copy()
    train.d_gradients(twin.D, game.x_real, twin.G(game.z), loss)
    moved = theta_D - 0.1 * twin.D.grad
    twin.D.theta[...] = moved if update == "alternating" else theta_D
    train.g_gradients(twin.G, twin.D, game.z, loss)
    assert same_bits(game.D.theta, moved) and same_bits(game.G.theta, twin.G.theta - 0.1 * twin.G.grad)


def test_running_twice_gives_the_same_bits_and_another_seed_other_ones():
    (one, G, D), (two, H, E), (_, other, _) = run(ema=0.9), run(ema=0.9), run(seed=6, ema=0.9)
    assert same_bits(G.theta, H.theta) and same_bits(D.theta, E.theta) and same_bits(one.G_ema.theta, two.G_ema.theta)
    assert same_bits(one._table, two._table)
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
    settings = dict(data=data, loss=loss(), ema=0.9, update=update, d_steps=2, schedule=linear, steps=6)
    history, G, D = run(21, *players((22, 23), replicas=3), **settings)
    for r in range(3):
        child, for_G, for_D = (np.random.SeedSequence(s).spawn(3)[r] for s in (21, 22, 23))
        single, G1, D1 = run(child, *players((for_G, for_D)), **settings)
        assert same_bits(G.theta[r], G1.theta) and same_bits(D.theta[r], D1.theta)
        assert same_bits(history.G_ema.theta[r], single.G_ema.theta)
        for column in (*History.columns, "modes"):
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
        seen.append(mode_report(state.G(z), data).modes + mode_report(state.G_ema(z), data).modes)
        state.D(state.G(z))
        np.random.random()  # noqa: NPY002 - a user's plot may well use the global generator

    class Unnamed:
        dim, sample = 2, staticmethod(data.sample)

    blind, G, D = run(data=Unnamed(), ema=0.9)
    H, E = players()
    looking = train.train(H, E, data, losses.NonSaturating(), steps=12, batch=16, seed=5, ema=0.9, callback=look,
                          progress=progress)
    assert len(seen) == 12 and looking.modes.size == 12 and blind.modes.size == 0
    assert same_bits(G.theta, H.theta) and same_bits(D.theta, E.theta) and same_bits(blind.G_ema.theta, looking.G_ema.theta)
    assert same_bits(blind._table, looking._table)


def test_looking_changes_nothing(capsys):
    check_looking_changes_nothing()
    assert "loss D" in capsys.readouterr().err


def test_no_bar_where_nobody_watches(capsys):
    G, D = players()
    train.train(G, D, Normal(), losses.NonSaturating(), steps=2, batch=4)
    assert capsys.readouterr() == ("", "")


class Recorder(SGD):
    """SGD that remembers its factor at every step."""

    def __init__(self):
        super().__init__(0.01)
        self.factors = []

    def step(self, theta, grad):
        self.factors.append(self.factor)
        super().step(theta, grad)


@EACH_UPDATE
def test_the_schedule_multiplies_both_rates_and_D_steps_as_often_as_asked(update):
    opt_d, opt_g = Recorder(), Recorder()
    run(steps=4, d_steps=3, opt_d=opt_d, opt_g=opt_g, schedule=linear, update=update)
    assert opt_g.factors == [1, 0.75, 0.5, 0.25]
    assert opt_d.factors == [1] * 3 + [0.75] * 3 + [0.5] * 3 + [0.25] * 3


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
    whole = train.d_gradients(D.copy(), x, G(np.random.default_rng(np.random.SeedSequence(5).spawn(3)[1])
                                             .standard_normal((16, 3))), losses.NonSaturating())
    history, _, _ = run(G=G, D=D, data=x, steps=1)
    assert float(history.d_loss[0]) == pytest.approx(float(whole), rel=1e-12)


# --- the history ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 7, 999, 1000, 1001, 1999, 2500, 123_457])
def test_a_history_of_any_length_is_evenly_spaced_and_ends_with_the_last_step(steps):
    history = History(steps, count_modes=True)
    for step in range(1, steps + 1):
        if history.wants(step):
            history.record(step, d_loss=step, g_loss=2, d_real=3, d_fake=4)
        if history.wants_modes(step):
            history.record_modes(step, step % 9)
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
    assert (history.modes == history.modes_step % 9).all()


def test_the_history_copies():
    history, value = History(2, replicas=(3,)), np.zeros(3)
    history.record(1, d_loss=value, g_loss=value, d_real=value, d_fake=value)
    value += 1
    assert not history.d_loss.any() and history.d_loss.shape == (1, 3)


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
    assert twin.arrays().keys() == history.arrays().keys() and "modes" in twin.arrays()
    assert all(same_bits(array, history.arrays()[name]) for name, array in twin.arrays().items())
    assert repr(twin) == repr(history) and twin.G_ema is history.G_ema


# --- divergence -------------------------------------------------------------------------------------------------------


class Planted(losses.NonSaturating):
    """A loss that goes wrong in its `call`-th evaluation by `player`: its value or its derivative becomes `bad`."""

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
    with pytest.raises(train.Diverged) as caught:
        run(G=G, D=D, loss=Planted(player, 4, what, bad), update=update)
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
    assert run(loss=Planted("D", 4, "value", 9e5))[0].diverged == 0


@pytest.mark.parametrize("opt", [lambda: SGD(1e30), lambda: Adam(1e30)], ids=["SGD", "Adam"])
def test_an_absurd_learning_rate_stops_at_once(opt):
    """Step 1 throws D to 1e30 and the scores out of float32: no later step is made, and both players are as they began."""
    G, D = players()
    G0, D0 = G.theta.copy(), D.theta.copy()
    with pytest.raises(train.Diverged, match=r"step 1: .* (of|in) [DG]") as caught:
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
        for column in History.columns:
            assert same_bits(getattr(history, column)[:, r], getattr(single, column))


class Once(losses.NonSaturating):
    """D's value is infinite once, in replica `r` at the call `call`; its derivatives stay what they are."""

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
    run(G=G, D=D, loss=Once((3, 0)), callback=lambda state: kept.append(state.G.theta.copy()))
    assert same_bits(kept[2][0], kept[1][0]), "not restored in the step in which it was lost"
    assert all(same_bits(later[0], kept[1][0]) for later in kept[2:]), "moved on after it was lost"
    assert (kept[-1][1] != kept[1][1]).any()


def test_the_run_stops_when_the_last_replica_is_lost():
    G, D = players(replicas=2)
    with pytest.raises(train.Diverged, match="step 7") as caught:
        run(G=G, D=D, loss=Once((3, 1), (7, 0)))
    assert caught.value.history.diverged.tolist() == [7, 3] and caught.value.history.step[-1] == 7


# --- what people pass in ----------------------------------------------------------------------------------------------

SHARED = Adam()
NAN_ROW = np.ones((64, 2))
NAN_ROW[5, 1] = np.nan
BAD = [
    (dict(batch=0), ValueError, "batch must be at least 1; got 0"),
    (dict(batch=-1), ValueError, "batch must be at least 1; got -1"),
    (dict(batch=2.5), TypeError, "batch must be a whole number, at least 1; got 2.5"),
    (dict(batch=True), TypeError, "batch must be a whole number, at least 1; got True"),
    (dict(batch="16"), TypeError, "batch must be a whole number, at least 1; got '16'"),
    (dict(steps=0), ValueError, "steps must be at least 1; got 0"),
    (dict(steps=1e3), TypeError, "steps must be a whole number"),
    (dict(d_steps=0), ValueError, "d_steps must be at least 1; got 0"),
    (dict(pack=0), ValueError, "pack must be at least 1; got 0"),
    (dict(seed="abc"), TypeError, "seed must be a whole number, 0 or larger, or a numpy SeedSequence; got 'abc'"),
    (dict(seed=-1), ValueError, "seed must be 0 or larger; got -1"),
    (dict(seed=True), TypeError, "seed must be a whole number"),
    (dict(seed=None), TypeError, "seed must be a whole number"),
    (dict(ema=1), ValueError, "ema must be a finite number above 0 and below 1; got 1.0"),
    (dict(ema=float("nan")), ValueError, "ema must be a finite number"),
    (dict(ema="yes"), TypeError, "ema must be a number; got 'yes'"),
    (dict(update="alternate"), ValueError,
     "unknown update 'alternate'. Did you mean 'alternating'? Known: alternating, simultaneous"),
    (dict(update="both"), ValueError, "unknown update 'both'. Known: alternating, simultaneous"),
    (dict(opt_d=SHARED, opt_g=SHARED), ValueError,
     "opt_d and opt_g are the same object; each player needs an optimiser of its own"),
    (dict(pack=3, batch=16), ValueError, "a batch of 16 cannot be packed by 3"),
    (dict(pack=2, D=mlp(2, 8, 1)), ValueError, "D takes 2 features, but 2 x 2 come"),
    (dict(D=mlp(3, 8, 1)), ValueError, "D takes 3 features, but 1 x 2 come (pack x dimension of the data): begin D with 2"),
    (dict(D=mlp(2, 8, 2)), ValueError, "D must give one score for each sample; this one gives 2: end D with 1"),
    (dict(G=mlp(3, 8, 5)), ValueError, "G makes points with 5 coordinates, but the data have 2: end G with 2"),
    (dict(G=mlp(3, 8, 2, replicas=3)), ValueError, "G and D must have the same replicas; got (3,) and ()"),
    (dict(data=np.ones((10, 2)), batch=16), ValueError, "10 rows"),
    (dict(data=NAN_ROW), ValueError, "must be finite; row 5, column 1 is nan"),
    (dict(data=np.ones(64)), ValueError, "must be a 2-D array"),
    (dict(data=np.ones((64, 3))), ValueError, "G makes points with 2 coordinates, but the data have 3"),
    (dict(data=np.array([["a", "b"]] * 64)), TypeError, "must hold real numbers"),
]


@pytest.mark.parametrize("settings, error, message", BAD, ids=[message for *_, message in BAD])
def test_a_bad_argument_is_named_before_anything_moves(settings, error, message):
    G, D = players()
    settings = dict(G=G, D=D, batch=16) | settings
    before = settings["G"].theta.copy(), settings["D"].theta.copy()
    with pytest.raises(error) as caught:
        run(**settings)
    assert message in str(caught.value)
    assert same_bits(settings["G"].theta, before[0]) and same_bits(settings["D"].theta, before[1])


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
