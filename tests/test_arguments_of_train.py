"""What people pass to `train`, and to what it is made of: every mistake is an error before anything moves, in one clear sentence.

The sentence says what is wrong, what was got, what is wanted and what to write instead.
"""

import re

import numpy as np
import pytest
from oracles import same_bits
from sklearn.mixture import GaussianMixture

from tinygan import data, losses
from tinygan.engine.features import Pack
from tinygan.engine.layers import Dense, ReLU
from tinygan.engine.network import Sequential, mlp
from tinygan.engine.optim import SGD, Adam
from tinygan.gradients import g_gradients
from tinygan.penalties import R1, WGANGP
from tinygan.train_arguments import data_set
from tinygan.training import g_step, train
from tinygan.unroll import unrolled_g_gradients


class Series:
    """Stands for pandas' or polars' own, which has no columns."""

    def to_numpy(self):
        return np.ones((64, 2))


class DataFrame(Series):
    """The same with columns."""

    columns = ("height", "weight")

    def __init__(self, x):
        self.x = x

    def to_numpy(self):
        return self.x


class Bare:
    """No sample, no dim."""

    def __repr__(self):
        return "Bare()"


def packing(m):
    return Sequential(Pack(m, 2), Dense(2 * m, 8), ReLU(), Dense(8, 1), seed=2)


def fitted():
    return GaussianMixture(2).fit(np.random.default_rng(0).normal(size=(50, 2)))


SHARED = Adam()
NAN_ROW = np.ones((64, 2))
NAN_ROW[5, 1] = np.nan
BAD = [
    # counts and numbers
    (dict(batch=0), ValueError, "batch must be at least 1; got 0"),
    (dict(batch=-1), ValueError, "batch must be at least 1; got -1"),
    (dict(batch=2.5), TypeError, "batch must be a whole number, at least 1; got 2.5"),
    (dict(batch=True), TypeError, "batch must be a whole number, at least 1; got True"),
    (dict(batch="16"), TypeError, "batch must be a whole number, at least 1; got '16'"),
    (dict(steps=0), ValueError, "steps must be at least 1; got 0"),
    (dict(steps=2.5), TypeError, "steps must be a whole number, at least 1; got 2.5"),
    (dict(steps=1e3), TypeError, "steps must be a whole number"),
    (dict(d_steps=0), ValueError, "d_steps must be at least 1; got 0"),
    (dict(d_steps=1.0), TypeError, "d_steps must be a whole number, at least 1; got 1.0"),
    (dict(ema=1), ValueError, "ema must be a finite number above 0 and below 1; got 1.0"),
    (dict(ema=1.5), ValueError, "ema must be a finite number above 0 and below 1; got 1.5"),
    (dict(ema=float("nan")), ValueError, "ema must be a finite number"),
    (dict(ema="yes"), TypeError, "ema must be a number; got 'yes'"),
    (dict(clip=-1), ValueError, "clip must be a finite number above 0; got -1.0"),
    (dict(clip=0), ValueError, "clip must be a finite number above 0; got 0.0"),
    (dict(clip="x"), TypeError, "clip must be a number; got 'x'"),
    (dict(instance_noise=-1), ValueError, "instance_noise must be a finite number above 0; got -1.0"),
    (dict(instance_noise="x"), TypeError, "instance_noise must be a number; got 'x'"),
    (dict(unroll=5), TypeError, "unroll must be None or (steps, lr), such as (5, 0.1); got 5"),
    (dict(unroll=(5,)), TypeError, "unroll must be None or (steps, lr), such as (5, 0.1); got (5,)"),
    (dict(unroll=(-1, 0.1)), ValueError, "unroll: steps must be at least 0; got -1"),
    (dict(unroll=(5, 0)), ValueError, "unroll: lr must be a finite number above 0; got 0.0"),
    (dict(seed="abc"), TypeError, "seed must be a whole number, 0 or larger, or a numpy SeedSequence; got 'abc'"),
    (dict(seed=-1), ValueError, "seed must be 0 or larger; got -1"),
    (dict(seed=True), TypeError, "seed must be a whole number"),
    (dict(seed=None), TypeError, "seed must be a whole number"),
    (dict(seed=[1, 2]), TypeError, "seed must be a whole number, 0 or larger, or a numpy SeedSequence; got [1, 2]"),
    # names and functions
    (dict(update="alternate"), ValueError,
     "unknown update 'alternate'. Did you mean 'alternating'? Known: alternating, simultaneous, optimistic, extragradient"),
    (dict(update="both"), ValueError, "unknown update 'both'. Known: alternating, simultaneous"),
    (dict(schedule="cosine"), TypeError,
     "schedule must be a function of the fraction of the run, such as tinygan.cosine_decay; got 'cosine'"),
    (dict(schedule=0.5), TypeError, "schedule must be a function of the fraction of the run"),
    (dict(callback=5), TypeError, "callback must be a function, called as callback(state) after each step; got 5"),
    (dict(callback="plot"), TypeError, "callback must be a function, called as callback(state) after each step; got 'plot'"),
    # the loss
    (dict(loss=losses.NonSaturating), TypeError, "loss must be an object: write NonSaturating() with its brackets"),
    (dict(loss="hinge"), TypeError, "loss must be an object such as losses.NonSaturating(), with d and g; got 'hinge'"),
    (dict(loss=None), TypeError, "loss must be an object such as losses.NonSaturating(), with d and g; got None"),
    # penalties
    (dict(penalties=R1(0.1)), TypeError, "penalties must be a tuple: write penalties=(R1(0.1),), with the comma"),
    (dict(penalties=R1), TypeError, "penalties must be a tuple of objects: write penalties=(R1(...),), with the comma"),
    (dict(penalties=(R1,)), TypeError, "a penalty must be an object: write R1(...) with its weight"),
    (dict(penalties=5), TypeError, "penalties must be a tuple such as (R1(.1), R2(.1)); got 5"),
    (dict(penalties=None), TypeError, "penalties must be a tuple such as (R1(.1), R2(.1)); got None"),
    (dict(penalties=(R1(gamma) for gamma in (0.1, 0.2))), TypeError, "penalties must be a tuple such as (R1(.1), R2(.1)); got <"),
    (dict(penalties=(0.1,)), TypeError, "a penalty must be an object such as R1(.1), called with (D, x, tape, ds); got 0.1"),
    (dict(penalties=("r1",)), TypeError, "a penalty must be an object such as R1(.1), called with (D, x, tape, ds); got 'r1'"),
    # optimisers
    (dict(opt_d=Adam), TypeError, "opt_d must be an object: write opt_d=Adam(lr=...) with its brackets"),
    (dict(opt_g=SGD), TypeError, "opt_g must be an object: write opt_g=SGD(lr=...) with its brackets"),
    (dict(opt_d="adam"), TypeError, "opt_d must be an optimiser such as Adam(lr=1e-3); got 'adam'"),
    (dict(opt_g=1e-3), TypeError, "opt_g must be an optimiser such as Adam(lr=1e-3); got 0.001"),
    (dict(opt_d=SHARED, opt_g=SHARED), ValueError,
     "opt_g and opt_d are the same object; each player needs an optimiser of its own"),
    # data
    (dict(data=Series()), TypeError, "data is a Series: pass its numbers, data.to_numpy()"),
    (dict(data=DataFrame(NAN_ROW)), ValueError, "row 5"),
    (dict(data=np.ones(64, [("x", float), ("name", "U3")])), ValueError, "must hold real numbers; got fields"),
    (dict(data=fitted()), TypeError, "with sample(n, rng) and dim; got GaussianMixture(n_components=2). "
     "Draw an array from it first, such as data.sample(5000)[0]"),
    (dict(data=[[1.0, 2.0]] * 64), TypeError, "data is a list: pass an array, np.array(data), with a row for each sample"),
    (dict(data=((1.0, 2.0),) * 64), TypeError, "data is a tuple: pass an array, np.array(data), with a row for each sample"),
    (dict(data=data.Points), TypeError, "data must be an object, not what makes one: write Points(...) with its brackets"),
    (dict(data=data.ring), TypeError, "data must be an object, not what makes one: write ring(...) with its brackets"),
    (dict(data=data.NAMES["big_grid"]), TypeError, "data must be an object, not what makes one: write partial(...)"),
    (dict(data="ring"), TypeError, "must be an array (N, d) or one of tinygan.data, with sample(n, rng) and dim; got 'ring'"),
    (dict(data=Bare()), TypeError, "must be an array (N, d) or one of tinygan.data, with sample(n, rng) and dim; got Bare()"),
    (dict(data=np.ma.masked_invalid(NAN_ROW)), TypeError, "data is a masked array, and its masked entries have no value"),
    (dict(data=np.ones((10, 2)), batch=16), ValueError, "batch is 16, but the data have 10 rows: choose batch=10 or less"),
    (dict(data=NAN_ROW), ValueError, "must be finite; row 5, column 1 is nan"),
    (dict(data=np.ones(64)), ValueError, "must be a 2-D array (rows are samples); got shape (64,)"),
    (dict(data=np.ones((64, 3))), ValueError, "G makes points with 2 coordinates, but the data have 3: end G with 3"),
    (dict(data=np.array([["a", "b"]] * 64)), TypeError, "must hold real numbers; got an array of <U1"),
    # the two networks
    (dict(G=mlp), TypeError, "G must be a network, such as mlp(2, 64, 2); got <function mlp"),
    (dict(D=None), TypeError, "D must be a network, such as mlp(2, 64, 1); got None"),
    (dict(D=packing(3)), ValueError, "D packs 3 points, which does not divide a batch of 16: choose a batch size that 3 divides"),
    (dict(D=mlp(4, 8, 1)), ValueError, "D takes 4 features, but the data have 2: begin D with 2. "
     "To let D judge 2 points at a time, begin it with Pack(2, 2)"),
    (dict(D=mlp(3, 8, 1)), ValueError, "D takes 3 features, but the data have 2: begin D with 2"),
    (dict(D=mlp(2, 8, 2)), ValueError, "D must give one score for each sample; this one gives 2: end D with 1"),
    (dict(G=mlp(3, 8, 5)), ValueError, "G makes points with 5 coordinates, but the data have 2: end G with 2"),
    (dict(G=mlp(3, 8, 2, replicas=3)), ValueError, "G and D must have the same replicas; got (3,) and ()"),
    (dict(G=Sequential(Pack(2, 3), Dense(6, 2))), ValueError, "Pack belongs at the beginning of D, take it out of G"),
    (dict(D=mlp(2, 8, 1, dtype=np.complex128)), TypeError, "D computes in complex128, which is for gradient checks"),
]


class Normal:
    """The smallest data set there is."""

    dim = 2

    def sample(self, n, rng):
        return rng.normal(1, 0.5, (n, 2))


def call(**settings):
    """train() with everything as it should be but for `settings`; (G, D)."""
    given = {"G": mlp(3, 8, 2, seed=1), "D": mlp(2, 8, 1, seed=2), "data": Normal(), "loss": losses.NonSaturating(),
             "batch": 16, "steps": 3, "progress": False} | settings
    G, D = given["G"], given["D"]
    train(given.pop("G"), given.pop("D"), given.pop("data"), given.pop("loss"), **given)
    return G, D


@pytest.mark.parametrize("settings, error, message", BAD, ids=[message for *_, message in BAD])
def test_a_bad_argument_is_named_before_anything_moves(settings, error, message):
    nets = {"G": mlp(3, 8, 2, seed=1), "D": mlp(2, 8, 1, seed=2)} | settings
    before = {name: net.theta.copy() for name, net in nets.items() if hasattr(net, "theta")}
    with pytest.raises(error) as caught:
        call(**nets)
    said = str(caught.value)
    assert message in said and "\n" not in said
    assert all(same_bits(nets[name].theta, theta) for name, theta in before.items())


def test_tables_are_taken_with_the_names_of_their_columns():
    """A DataFrame and a structured array train to the bits of the array of their numbers, and keep their names."""
    x = np.random.default_rng(0).normal(size=(64, 2))
    records = np.array([*map(tuple, x)], [("height", float), ("weight", float)])
    G, D = call(data=x)
    for table in (DataFrame(x), records):
        assert all(same_bits(net.theta, like.theta) for net, like in zip(call(data=table), (G, D), strict=True))
        assert data_set(table).columns == ("height", "weight")
    with pytest.raises(ValueError, match="column height holds text, 'a' and 'b' in 64 rows"):
        call(data=DataFrame(np.array([["a", 1.0], ["b", 2.0]] * 32, object)))


@pytest.mark.parametrize("answer, steps", [(None, 3), (False, 3), (np.False_, 3), (True, 1), (np.True_, 1)])
def test_a_callback_answers_with_a_truth_value_or_nothing(answer, steps):
    history = train(mlp(3, 8, 2), mlp(2, 8, 1), Normal(), losses.NonSaturating(), steps=3, batch=16, progress=False,
                    callback=lambda state: answer)
    assert history.step[-1] == steps


@pytest.mark.parametrize("answer", [0, 1, 0.69, np.float32(0.69), np.array([True]), [], [1], "stop", {}])
def test_any_other_answer_of_a_callback_is_an_error(answer):
    with pytest.raises(TypeError, match="Let it return a comparison, such as state.step == 1000, or nothing"):
        call(callback=lambda state: answer)


def test_the_table_is_long_enough():
    assert len(BAD) >= 30


def test_what_is_as_it_should_be_is_no_error():
    G, D = call()
    assert not same_bits(G.theta, mlp(3, 8, 2, seed=1).theta) and not same_bits(D.theta, mlp(2, 8, 1, seed=2).theta)


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("kind", [np.asmatrix, lambda x: x.astype(np.float32), lambda x: (x * 10).astype(int), np.asfortranarray],
                         ids=["matrix", "float32", "int", "fortran"])
def test_arrays_of_other_kinds_are_the_array_of_their_numbers(kind):
    """A numpy matrix too: its * would be another product, so it does not get any further than the door."""
    x = np.random.default_rng(0).normal(size=(32, 2)).astype(np.float32).astype(np.float64)
    given = kind(x)
    assert same_bits(call(data=given)[0].theta, call(data=np.array(given, np.float64, order="C", subok=False))[0].theta)


# --- what train is made of --------------------------------------------------------------------------------------------


MADE = [
    (lambda: mlp(2, 8, 1, activation="relu"), TypeError,
     "activation must be a class such as ReLU, without brackets, or a function that makes a layer, such as "
     "lambda: LeakyReLU(.1); got 'relu'"),
    (lambda: mlp(2, 8, 1, activation=ReLU()), TypeError, "activation must be a class such as ReLU, without brackets"),
    (lambda: Sequential([Dense(2, 8), ReLU(), Dense(8, 1)]), TypeError,
     "takes layers one by one, not in a list: write Sequential(*layers)"),
    (lambda: Sequential(Dense(2, 8), ReLU, Dense(8, 1)), TypeError, "write ReLU(...) with its brackets"),
    (lambda: R1("strong"), TypeError, "R1: gamma must be a number; got 'strong'"),
    (lambda: R1(-0.1), ValueError, "R1: gamma must be a finite number above 0; got -0.1"),
    (lambda: WGANGP(0), ValueError, "WGANGP: lam must be a finite number above 0; got 0.0"),
    (lambda: Adam("fast"), TypeError, "Adam: lr must be a number; got 'fast'"),
    (lambda: SGD(-1), ValueError, "SGD: lr must be a finite number above 0; got -1.0"),
    (lambda: losses.Hinge(0), ValueError, "Hinge: margin must be a finite number above 0; got 0.0"),
]


@pytest.mark.parametrize("make, error, message", MADE, ids=[message for *_, message in MADE])
def test_what_a_run_is_made_of_cannot_be_made_wrong(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()


class Unasked:
    """A discriminator that must not be asked."""

    def forward(self, x):
        raise AssertionError("D was called before the arguments were looked at")

    __call__ = forward


@pytest.mark.parametrize("loss", [losses.Relativistic(), losses.RelativisticAverage()], ids=repr)
@pytest.mark.parametrize("function", [g_gradients, lambda G, D, z, loss: g_step(G, D, Adam(), z, loss)], ids=["alone", "step"])
def test_a_relativistic_loss_wants_the_real_points(loss, function):
    """It is said before G or D is asked anything."""
    G, z = mlp(3, 8, 2, seed=1), np.zeros((4, 3))
    before = G.theta.copy()
    with pytest.raises(ValueError, match=re.escape(f"{loss!r} compares with real points: pass x_real, as many as z")):
        function(G, Unasked(), z, loss)
    assert same_bits(G.theta, before) and not G.grad.any()


def test_unrolling_wants_the_real_points_by_position():
    with pytest.raises(TypeError, match="x_real"):
        unrolled_g_gradients(mlp(3, 8, 2), mlp(2, 8, 1), np.zeros((4, 3)), losses.NonSaturating())
