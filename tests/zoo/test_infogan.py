"""InfoGAN: the whole steps of both players, the score's own penalties, training, sampling and reading, and what may be asked."""

import json
import math
from pathlib import Path

import mutants_infogan as mutants
import numpy as np
import pytest
from oracles import LOSSES, NAIVE_D, NAIVE_G, loss_name, passes, same_bits
from zoo_checks import RNG, check_float32, check_replicas, check_training, check_whole_step, settled

from tinygan import data, gradcheck, gradients, losses, mlp
from tinygan.data import one_hot
from tinygan.engine.layers import Softplus, Tanh
from tinygan.engine.optim import SGD
from tinygan.penalties import R1, R2, WGANGP
from tinygan.streams import Streams
from tinygan.updates import Player, Rules
from tinygan.zoo import InfoGAN, codes, infogan
from tinygan.zoo.codes import Latent
from tinygan.zoo.score import Score

N, D_X, D_Z, INFO = 5, 3, 2, .4
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "zoo_infogan.json").read_text())
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
SIZES = pytest.mark.parametrize("size", [(4, 2), (3, 0), (1, 1)], ids=str)  # categories, factors
BOTH = R1(.7), R2(.3)


def networks(replicas=None, dtype=np.float64, size=(4, 2)):
    many, width = {"dtype": dtype, "replicas": () if replicas is None else replicas}, sum(size)
    return {"D": mlp(D_X, 7, 1 + width, activation=Softplus, seed=2, **many),
            "G": mlp(D_Z + width, 6, D_X, activation=Tanh, seed=1, **many)}


def arrays(front=(), seed=0, size=(4, 2)):
    rng, (K, m) = RNG(seed), size
    rows = math.prod(front) * N
    return {"x_real": rng.normal(size=(*front, N, D_X)), "x_fake": rng.normal(size=(*front, N, D_X)),
            "codes": one_hot(rng.integers(K, size=rows), K, np.float64).reshape(*front, N, K),
            "factors": rng.uniform(-1, 1, (*front, N, m)), "z": rng.normal(size=(*front, N, D_Z))}


def d_play(loss, penalties=(), info=INFO):
    return lambda nets, a: infogan.d_gradients(nets["D"], a["x_real"], a["x_fake"], a["codes"], a["factors"], loss, info,
                                               penalties)


def g_play(loss, info=INFO):
    return lambda nets, a: infogan.g_gradients(nets["G"], nets["D"], a["z"], a["codes"], a["factors"], loss, info, a["x_real"])


# ---------------------------------------------------------------- the gradients


def check_d(loss=losses.NonSaturating, penalties=(), size=(4, 2)):
    check_whole_step(settled(networks(size=size)), arrays(size=size), d_play(loss(), penalties), {"D": "value"})


def check_g(loss=losses.NonSaturating, size=(4, 2)):
    check_whole_step(settled(networks(size=size)), arrays(size=size), g_play(loss()), {"G": "value"})


@EACH_LOSS
def test_whole_steps(loss):
    check_d(loss)
    check_d(loss, BOTH)
    check_g(loss)


@SIZES
def test_whole_steps_with_any_codes(size):
    check_d(losses.Relativistic, BOTH, size)
    check_g(losses.Relativistic, size)


def unread(q, c, u):
    """What Q does not know of the codes, in nats, row by row from its columns: of the categories, and of the factors."""
    K = c.shape[-1]
    which = [-np.log(np.exp(row[:K])[code.argmax()] / np.exp(row[:K]).sum()) for row, code in zip(q, c, strict=True)]
    normal = [[np.exp(-(mean - at)**2 / 2) / np.sqrt(2 * np.pi) for mean, at in zip(row[K:], each, strict=True)]
              for row, each in zip(q, u, strict=True)]
    return np.mean(which), np.mean([-np.log(row).sum() for row in normal])


def check_values(loss=losses.Relativistic, size=(4, 2)):
    """Both values and the bound by the paper's formulas, from outputs that are computed point by point."""
    nets, a = settled(networks(size=size)), arrays(size=size)
    D, G = nets["D"], nets["G"]
    outputs = {name: np.array([D(x[None])[0] for x in a[name]]) for name in ("x_real", "x_fake")}
    real, fake = outputs["x_real"][:, 0], outputs["x_fake"][:, 0]
    d = d_play(loss())(nets, a)
    which, where = unread(outputs["x_fake"][:, 1:], a["codes"], a["factors"])
    np.testing.assert_allclose(d.value, NAIVE_D[loss.__name__](real, fake) + INFO * (which + where), rtol=1e-12)
    np.testing.assert_allclose(np.stack([d.s_real, d.s_fake])[..., 0], [real, fake], rtol=1e-12)
    made = np.array([D(G(np.concatenate(row)[None]))[0] for row in zip(a["z"], a["codes"], a["factors"], strict=True)])
    g = g_play(loss())(nets, a)
    which, where = unread(made[:, 1:], a["codes"], a["factors"])
    np.testing.assert_allclose(g.value, NAIVE_G[loss.__name__](real, made[:, 0]) + INFO * (which + where), rtol=1e-12)
    np.testing.assert_allclose(g.information, math.log(size[0]) - which, rtol=1e-9, atol=1e-12)


@EACH_LOSS
def test_values(loss):
    check_values(loss)


@SIZES
def test_values_with_any_codes(size):
    check_values(size=size)


def check_q_loss():
    """dq against differences, for scores of any size."""
    for scale in (.1, 1, 30):
        a, q = arrays(), scale * RNG(1).normal(size=(N, 6))
        found = gradcheck.check(lambda q, a=a: float(infogan.q_loss(q, a["codes"], a["factors"]).value),
                                infogan.q_loss(q, a["codes"], a["factors"]).dq, q)
        assert found.ok, str(found)


def test_what_Q_does_not_know_and_its_derivative():
    check_q_loss()


def check_bound(seed=0):
    """L_I of any reader is at most the mutual information, of the best one equal to it. All joint probabilities are k/360."""
    rng, K = RNG(seed), 4
    counts = rng.multinomial(84, np.full(6, 1 / 6), size=K) + 1  # (categories, places): 90 rows of each category
    joint = counts / counts.sum()
    mutual = (joint * np.log(joint / joint.sum(axis=0) / joint.sum(axis=1, keepdims=True))).sum()
    labels, places = np.nonzero(np.ones_like(counts))
    labels, places = (np.repeat(each, counts.ravel()) for each in (labels, places))
    codes_, none = one_hot(labels, K, np.float64), np.zeros((labels.size, 0))

    def learned_by(scores):
        return math.log(K) - infogan.q_loss(scores[places], codes_, none).cross_entropy

    np.testing.assert_allclose(learned_by(np.log(joint.T)), mutual, rtol=1e-12)
    others = [learned_by(np.log(joint.T) + .1 * rng.normal(size=(6, K))) for _ in range(200)]
    assert 0 < max(others) < mutual < math.log(K)
    assert abs(learned_by(np.zeros((6, K)))) < 1e-12


def test_no_reader_learns_more_than_the_mutual_information():
    for seed in range(3):
        check_bound(seed)


def check_both_help_Q(loss=losses.Wasserstein):
    """The codes are easier to read after a small step of Q's columns in D's last layer, and after one of G."""
    a = arrays()
    for name, play in (("D", d_play(loss())), ("G", g_play(loss(), info=100.))):
        nets = settled(networks())

        def made(nets=nets):
            return nets["G"](np.concatenate([a["z"], a["codes"], a["factors"]], axis=-1))

        def unknown(nets=nets, made=made):
            return sum(unread(nets["D"](made())[:, 1:], a["codes"], a["factors"]))

        before = unknown()
        play(nets, a | {"x_fake": made()})
        if name == "D":
            nets["D"].layers[-1].W[:, 1:] -= 1e-3 * nets["D"].layers[-1].dW[:, 1:]
        else:
            SGD(1e-5).step(nets["G"].theta, nets["G"].grad)
        assert unknown() < before, name


def test_the_step_of_each_player_makes_the_codes_easier_to_read():
    check_both_help_Q()


def check_real_points_teach_Q_nothing():
    """Q's columns of D's last layer have the same gradient whatever the real points are; the score's column has not."""
    nets, a = settled(networks()), arrays()
    found = []
    for x_real in (a["x_real"], a["x_real"] + 1):
        d_play(losses.Hinge(), BOTH)(nets, a | {"x_real": x_real})
        found.append(nets["D"].layers[-1].dW.copy())
    assert (found[0][:, 1:] == found[1][:, 1:]).all() and found[0][:, 1:].all()
    assert (found[0][:, 0] != found[1][:, 0]).all()


def test_real_points_teach_Q_nothing():
    check_real_points_teach_Q_nothing()


def test_the_loss_of_a_real_batch_must_be_there():
    nets, a = networks(), arrays()
    with pytest.raises(ValueError, match="pass s_real too .in g_gradients, x_real."):
        g_play(losses.Relativistic())(nets, a | {"x_real": None})


def test_replicas_and_float32():
    for play in (d_play(losses.Relativistic(), BOTH), g_play(losses.Relativistic())):
        check_replicas(networks, arrays((3,)), play)
        check_float32(settled(networks()), arrays(), play)


# ---------------------------------------------------------------- the score alone


def alone(D):
    """A network of one output that is D's first column."""
    single = mlp(D_X, 7, 1, activation=Softplus, dtype=D.dtype)
    for mine, its in ((single.layers[0], D.layers[0]), (single.layers[-1], D.layers[-1])):
        mine.W, mine.b = its.W[:, :mine.W.shape[1]], its.b[:, :mine.b.shape[1]]
    return single


def check_score():
    """All four methods are those of the network with one output, and the other columns' parameters get no gradient."""
    D = settled(networks())["D"]
    single, score, rng = alone(D), Score(D), RNG(3)
    x, x_dot, ds, ds_dot = rng.normal(size=(N, D_X)), rng.normal(size=(N, D_X)), rng.normal(size=(N, 1)), rng.normal(size=(N, 1))
    near = {"rtol": 1e-12, "atol": 1e-14}
    answers = []
    for net in (single, score):
        s, tape = net.forward(x)
        net.zero_grad()
        dx = net.backward(ds, tape)
        s_dot, tape_dot = net.tangent(x_dot, tape)
        answers.append([s, dx, s_dot, *net.tangent_backward(ds, ds_dot, tape, tape_dot)])
    for mine, its in zip(*answers, strict=True):
        np.testing.assert_allclose(its, mine, **near)
    first, last = D.layers[0], D.layers[-1]
    np.testing.assert_allclose(first.dW, single.layers[0].dW, **near)
    np.testing.assert_allclose(last.dW[:, :1], single.layers[-1].dW, **near)
    assert not last.dW[:, 1:].any() and not last.db[:, 1:].any()
    before = D.grad.copy()
    score.backward(ds, D.forward(x)[1], grads=False)
    assert same_bits(D.grad, before) and (score.dtype, score.rows) == (D.dtype, 1)


def test_the_score_is_the_first_column():
    check_score()


def check_penalties():
    """gamma/2 E |ds/dx|^2 of the first column alone, by differences: at the real points, and at the generated ones."""
    nets, a = settled(networks()), arrays()
    value = d_play(losses.Wasserstein(), BOTH)(nets, a).value - d_play(losses.Wasserstein())(nets, a).value
    expected = 0
    for gamma, x in ((.7, a["x_real"]), (.3, a["x_fake"])):
        slopes = np.array([gradcheck.central(lambda x: float(nets["D"](x[None])[0, 0]), point) for point in x])
        expected += gamma / 2 * (slopes**2).sum() / N
    np.testing.assert_allclose(value, expected, rtol=1e-7)


def test_the_penalties_see_the_score_alone():
    check_penalties()


@EACH_LOSS
def test_without_information_it_is_the_first_gan(loss):
    """With the weight 0, D's gradient is that of the two-player game with the score."""
    nets, a = settled(networks()), arrays()
    value = d_play(loss(), BOTH, info=0)(nets, a).value
    grad = nets["D"].grad.copy()
    np.testing.assert_allclose(gradients.d_gradients(Score(nets["D"]), a["x_real"], a["x_fake"], loss(), BOTH), value, rtol=1e-13)
    np.testing.assert_allclose(nets["D"].grad, grad, rtol=1e-12, atol=1e-15)


# ---------------------------------------------------------------- as PyTorch sees it


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


def golden_game(case):
    nets = {name: mlp(*GOLDEN["sizes"][name], activation=Tanh, dtype=np.float64) for name in "DG"}
    for name, net in nets.items():
        net.theta = case[f"theta_{name}"]
    d, g = (Latent(*(np.array(case[f"{part}_{who}"]) for part in ("z", "codes", "factors"))) for who in "dg")
    return nets, infogan.Batch(np.array(case["x_real"]), d, g)


def check_golden(case):
    """Values, gradients, the bound, and three rounds of `step` with gradient descent."""
    nets, batch = golden_game(case)
    D, G = nets["D"], nets["G"]
    loss, info = getattr(losses, case["loss"])(), GOLDEN["info"]
    penalties = R1(GOLDEN["gammas"]["r1"]), R2(GOLDEN["gammas"]["r2"])
    near(infogan.d_gradients(D, batch.x_real, G(batch.d.rows()), *batch.d[1:], loss, info, penalties).value, case["d_value"])
    near(D.grad, case["d_gradient"])
    g = infogan.g_gradients(G, D, *batch.g, loss, info, batch.x_real)
    near([g.value, g.information], [case["g_value"], case["information"]])
    near(G.grad, case["g_gradient"])
    players = {name: Player(net, SGD(GOLDEN["rate"])) for name, net in nets.items()}
    for _ in range(GOLDEN["steps"]):
        report = infogan.step(Rules(loss, penalties), info, players, batch)
    near(D.theta, case["stepped_D"])
    near(G.theta, case["stepped_G"])
    assert list(report) == ["d_loss", "g_loss", "d_real", "d_fake", "information"]


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["loss"])
def test_gradients_and_steps_are_those_of_pytorch(case):
    check_golden(case)


def test_pytorch_saw_every_loss():
    assert {case["loss"] for case in GOLDEN["cases"]} == {loss.__name__ for loss in LOSSES}
    assert all(np.abs(case["d_gradient"]).max() > 1e-2 < np.abs(case["g_gradient"]).max() for case in GOLDEN["cases"])


# ---------------------------------------------------------------- training

SMALL = {"hidden": (8,), "batch": 16}


def check_draw():
    """One-hot codes and factors, each category as often as the others, U(-1, 1), and another batch for G's step."""
    recipe = infogan.InfoGANSettings(categories=4, factors=2, latent=3)
    batch = infogan.draw(data.spokes(), 8000, recipe, Streams(0))
    assert batch.x_real.dtype == np.float32 and batch.x_real.shape == (8000, 2)
    for latent in (batch.d, batch.g):
        assert [part.shape for part in latent] == [(8000, 3), (8000, 4), (8000, 2)] and latent.rows().dtype == np.float32
        assert set(np.unique(latent.codes)) == {0, 1} and (latent.codes.sum(axis=-1) == 1).all()
        assert np.abs(latent.codes.mean(axis=0) - .25).max() < .02  # four standard deviations
        assert -1 <= latent.factors.min() < -.99 and .99 < latent.factors.max() <= 1
        assert np.abs(latent.factors.mean(axis=0)).max() < .026 and np.abs((latent.factors**2).mean(axis=0) - 1 / 3).max() < .014
    assert all(not same_bits(one, other) for one, other in zip(batch.d, batch.g, strict=True))


def test_what_is_drawn():
    check_draw()


def test_codes_have_a_stream_of_their_own():
    few, many = (infogan.draw(data.spokes(), 6, infogan.InfoGANSettings(categories=K, factors=m), Streams(0))
                 for K, m in ((2, 0), (9, 3)))
    assert same_bits(few.x_real, many.x_real) and same_bits(few.d.z, many.d.z) and same_bits(few.g.z, many.g.z)


TRAININGS = {
    "spokes": ("spokes", {}), "ring": ("ring", {}), "no information": ("spokes", {"info": 0}),
    "three factors": ("spokes", {"factors": 3, "categories": 2}), "digits": ("digits", {"loss": "hinge", "r1": (3, .3)}),
}


@pytest.mark.parametrize(("name", "changes"), TRAININGS.values(), ids=TRAININGS)
def test_training(name, changes):
    given = data.halves().training if name == "digits" else data.by_name(name).standardized()
    model = InfoGAN(name, **SMALL | changes)
    history = check_training(model, given)
    assert history.columns == ("d_loss", "g_loss", "d_real", "d_fake", "information")
    assert (history.information <= math.log(model.recipe.categories)).all()
    assert history.modes_step.size == (6 if name == "ring" else 0)


def test_the_recipes_are_those_of_the_lesson():
    spokes, digits, ring = (InfoGAN(name).recipe for name in ("spokes", "digits", "ring"))
    assert InfoGAN().recipe == spokes and (spokes.categories, spokes.factors, spokes.info) == (5, 1, .2)
    assert (digits.categories, digits.factors, digits.info, digits.r2) == (10, 2, .05, None)
    assert (ring.categories, ring.factors, ring.info) == (8, 0, .1) and InfoGAN("moons").recipe == spokes.replace(data="moons")


def learned(seed, **changes):
    """The bound at the end of a short run on the spokes."""
    model = InfoGAN("spokes", **changes)
    return model.train(data.spokes().standardized(), steps=1000, seed=seed, progress=False).information[-50:].mean()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_codes_are_learned(seed):
    assert learned(seed) > 1.5 and learned(seed, info=0) < .5


@pytest.mark.slow
def test_information_cannot_be_learned_where_Q_is_not(monkeypatch):
    """The columns of Q stay as they were drawn, and G alone cannot make them read its codes."""
    mutants.q_never_trained(monkeypatch)
    assert learned(0) < 1


# ---------------------------------------------------------------- sampling and reading


@pytest.fixture(scope="module")
def model():
    return InfoGAN("spokes", hidden=(8,), factors=2).build(data.spokes().standardized(), seed=3)


def test_samples_by_code(model):
    every, threes = model.sample(10, seed=3), model.sample(10, seed=3, codes=3)
    assert every.shape == (10, 2) and every.dtype == np.float32
    assert same_bits(every[3], threes[3]) and same_bits(every[8], threes[8]) and not same_bits(every[4], threes[4])
    assert same_bits(model.sample(3, codes=[2, 2, 2]), model.sample(3, codes=np.int64(2)))
    assert same_bits(every, model.sample(10, seed=3, codes=np.arange(10) % 5)) and not same_bits(every, model.sample(10, seed=4))


def test_samples_by_factor(model):
    u = np.array([.5, -1])
    rows = np.tile(u, (4, 1))
    assert same_bits(model.sample(4, factors=u), model.sample(4, factors=rows))
    assert same_bits(model.sample(4, factors=1), model.sample(4, factors=np.ones((4, 2))))
    assert same_bits(model.sample(4, factors=[0, 0]), model.sample(4, factors=0.0))
    assert not same_bits(model.sample(4, factors=u), model.sample(4, factors=u[::-1]))
    assert not same_bits(model.sample(4, factors=u)[1], model.sample(4, factors=u, seed=1)[1]), "z is still drawn"


def test_the_input_of_G(model):
    given = model.inputs(4, RNG(0), codes=[1, 4, 0, 0], factors=[-.25, 1])
    assert same_bits(given[:, :2], RNG(0).standard_normal((4, 2), np.float32)) and given.dtype == np.float32
    assert given[:, 2:7].argmax(axis=-1).tolist() == [1, 4, 0, 0] and (given[:, 2:7].sum(axis=-1) == 1).all()
    assert (given[:, 7:] == [-.25, 1]).all()
    free = model.inputs(4, RNG(0))
    assert same_bits(free[:, :2], given[:, :2]) and (np.abs(free[:, 7:]) <= 1).all() and np.unique(free[:, 7:]).size == 8


def test_what_Q_reads(model):
    """From D's own columns: the largest of the next five, and the last two."""
    x = RNG(0).normal(size=(6, 2))
    y, read = model.network("D")(x), model.read(x)
    assert read.codes.tolist() == [int(np.argmax(row[1:6])) for row in y] and same_bits(read.factors, y[:, 6:])
    named = InfoGAN("spokes", hidden=(4,)).build(data.spokes())
    named.networks["D"].theta[...] = 0
    named.networks["D"].layers[-1].b = [[9, 0, 1, 5, 2, 3, -.5]]  # score, five categories, one factor
    read = named.read([[0, 0], [1, 2]])
    assert read.codes.tolist() == [2, 2] and read.factors.tolist() == [[-.5], [-.5]]


BAD = {
    "another code": ({"codes": 5}, ValueError, "codes must be classes, 0 to 4; got 5"),
    "below 0": ({"codes": [0, 1, -1]}, ValueError, "codes must be classes, 0 to 4; got -1"),
    "floats": ({"codes": [0.0, 1, 2]}, TypeError, "codes must be whole numbers, 0 to 4"),
    "too few": ({"codes": [1, 2]}, ValueError, r"codes must be one number, or 3 of them; got an array of shape \(2,\)"),
    "one-hot": ({"codes": np.eye(5, dtype=int)[:3]}, ValueError, "codes must be one number, or 3 of them"),
    "a large factor": ({"factors": 1.5}, ValueError, "factors must be from -1 to 1, as in training; got 1.5"),
    "a small factor": ({"factors": [0, -1.01]}, ValueError, "factors must be from -1 to 1, as in training; got -1.01"),
    "no number": ({"factors": [0, np.nan]}, ValueError, "factors must be from -1 to 1, as in training; got nan"),
    "text": ({"factors": "slant"}, TypeError, "factors must be numbers from -1 to 1; got an array of <U5"),
    "one for each sample": ({"factors": np.zeros(3)}, ValueError,
                            r"factors must be one number, \(2,\) numbers for all samples, or \(3, 2\); got shape \(3,\)"),
    "too many": ({"factors": np.zeros((3, 3))}, ValueError, r"or \(3, 2\); got shape \(3, 3\)"),
    "a column": ({"factors": np.zeros((3, 1))}, ValueError, r"or \(3, 2\); got shape \(3, 1\)"),
}


@pytest.mark.parametrize(("asked", "kind", "message"), BAD.values(), ids=BAD)
def test_bad_codes_and_factors(model, asked, kind, message):
    with pytest.raises(kind, match=message):
        model.sample(3, **asked)


MISUSES = {
    "no categories": (lambda: InfoGAN(categories=0), "categories must be at least 1; got 0"),
    "factors below 0": (lambda: InfoGAN(factors=-1), "factors must be at least 0; got -1"),
    "half a factor": (lambda: InfoGAN(factors=.5), "factors must be a whole number"),
    "a weight below 0": (lambda: InfoGAN(info=-.1), "info must be a finite number above 0, or 0; got -0.1"),
    "unknown setting": (lambda: InfoGAN(catgories=3), "Did you mean 'categories'"),
    "read too early": (lambda: InfoGAN().read(np.zeros((3, 2))), "this InfoGAN has no networks yet: call train"),
    "sample too early": (lambda: InfoGAN().sample(2), "no networks yet: call train"),
    "a penalty between": (lambda: d_play(losses.Hinge(), (WGANGP(1.0),))(networks(), arrays()),
                          "unknown place of a penalty 'between'"),
    "no factors": (lambda: InfoGAN("ring").build(data.ring()).sample(2, factors=0), "this InfoGAN has no factors: leave them"),
}


@pytest.mark.parametrize(("call", "message"), MISUSES.values(), ids=MISUSES)
def test_misuse(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize(("x", "message"), [
    (np.zeros((3, 5)), "x must have 2 columns; got 5"), (np.zeros(2), "x must be a 2-D array"),
    ([[0, np.nan]], "x must be finite; row 0, column 1 is nan"), ([["a", "b"]], "x must hold real numbers")], ids=str)
def test_what_cannot_be_read(model, x, message):
    with pytest.raises((TypeError, ValueError), match=message):
        model.read(x)


# ---------------------------------------------------------------- planted mistakes


def check_relativistic_steps():
    check_golden(next(case for case in GOLDEN["cases"] if case["loss"] == "Relativistic"))


MUSEUM = [
    (mutants.q_never_trained, check_d), (mutants.q_never_trained, check_both_help_Q), (mutants.no_term_in_D, check_values),
    (mutants.no_term_in_D, check_both_help_Q), (mutants.information_minimised, check_values),
    (mutants.information_minimised, check_both_help_Q), (mutants.labels_of_another_batch, check_relativistic_steps),
    (mutants.codes_of_other_rows, check_values), (mutants.softmax_twice, check_values), (mutants.softmax_twice, check_bound),
    (mutants.gaussian_with_the_wrong_sign, check_q_loss), (mutants.gaussian_with_the_wrong_sign, check_d),
    (mutants.gaussian_with_the_wrong_sign, check_g), (mutants.means_squashed, check_values),
    (mutants.summed_over_the_batch, check_q_loss), (mutants.summed_over_the_batch, check_g),
    (mutants.entropy_of_a_one_hot, check_values), (mutants.penalty_on_the_codes, check_penalties),
    (mutants.penalty_on_the_codes, check_score), (mutants.penalty_of_the_last_column, check_penalties),
    (mutants.real_points_have_codes, check_values), (mutants.real_points_have_codes, check_real_points_teach_Q_nothing),
    (mutants.no_gradient_through_Q, check_g), (mutants.G_moves_D, check_g), (mutants.stale_D, check_relativistic_steps),
    (mutants.q_moved_by_the_optimiser_of_G, check_relativistic_steps), (mutants.factors_from_another_law, check_draw),
    (mutants.one_batch_of_codes, check_draw)]


@pytest.mark.parametrize(("mutant", "check"), MUSEUM, ids=lambda f: f.__name__)
def test_the_mistake_is_caught(monkeypatch, mutant, check):
    passes(check)
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check()


def test_every_mistake_is_planted():
    planted = {value for name, value in vars(mutants).items()
               if getattr(value, "__module__", "") == mutants.__name__ and not name.startswith("_")}
    assert planted == {mutant for mutant, _ in MUSEUM}


def test_a_gradient_check_is_content_where_value_and_gradient_are_wrong_together(monkeypatch):
    """Two softmaxes are differentiated rightly: only the paper's formula shows that one is too many."""
    mutants.softmax_twice(monkeypatch)
    check_d()
    check_g()
    assert codes.drawn_factors(RNG(0), 3, 2).shape == (3, 2)
