"""Super-resolution: blocks and their projection, the whole steps of its three players, training, and what may be asked."""

import json
from pathlib import Path

import mutants_superres as mutants
import numpy as np
import pytest
from oracles import LOSSES, NAIVE_D, loss_name, passes, same_bits
from zoo_checks import RNG, check_float32, check_replicas, check_training, check_whole_step, settled

from tinygan import data, gradcheck, losses, mlp
from tinygan.engine.layers import Softplus, Tanh
from tinygan.engine.optim import SGD
from tinygan.penalties import R1, R2
from tinygan.updates import Batch, Player, Rules
from tinygan.zoo import SuperRes, superres
from tinygan.zoo.blocks import Blocks
from tinygan.zoo.joining import only

N, D_Z = 5, 3
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "zoo_superres.json").read_text())
RIGHT = superres.d_gradients, superres.g_gradients, superres.m_gradients  # before any mistake is planted
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
SHAPES = pytest.mark.parametrize(("image", "channels", "factor"),
                                 [((8, 8), 1, 4), ((4, 6), 1, 2), ((6, 3), 3, 3), ((2, 4), 2, 2)])


def small_blocks():
    return Blocks((4, 6), 1, 2)


def networks(replicas=None, dtype=np.float64):
    many, blocks = {"dtype": dtype, "replicas": () if replicas is None else replicas}, small_blocks()
    return {"D": mlp(blocks.d + blocks.d_low, 7, 1, activation=Softplus, seed=2, **many),
            "G": mlp(blocks.d_low + D_Z, 6, blocks.d, activation=Tanh, seed=1, **many),
            "M": mlp(blocks.d_low, 5, blocks.d, activation=Tanh, seed=3, **many)}


def arrays(front=(), seed=0):
    rng, blocks = RNG(seed), small_blocks()
    found = {name: rng.normal(size=(*front, N, width)) for name, width in {"x": blocks.d, "y": blocks.d, "z": D_Z}.items()}
    return found | {"low": blocks.pool(found["x"])}


def both():
    columns = only(small_blocks().d, small_blocks().d + small_blocks().d_low)
    return R1(.7, columns), R2(.3, columns)


def d_play(loss, penalties=()):
    return lambda nets, a: superres.d_gradients(nets["D"], a["x"], a["y"], a["low"], loss, penalties)


def g_play(loss):
    return lambda nets, a: superres.g_gradients(nets["G"], nets["D"], small_blocks(), a["low"], a["z"], loss, a["x"])


def m_play(nets, a):
    return superres.m_gradients(nets["M"], small_blocks(), a["low"], a["x"])


# ---------------------------------------------------------------- blocks


def pooled_by_hand(x, image, channels, factor):
    x = x.reshape(*image, channels)
    return np.array([[[x[i:i + factor, j:j + factor, c].mean() for c in range(channels)] for j in range(0, image[1], factor)]
                     for i in range(0, image[0], factor)]).ravel()


def check_blocks(image=(4, 6), channels=1, factor=2):
    blocks, rng = Blocks(image, channels, factor), RNG(0)
    x, y = rng.normal(size=(2, 3, 4, blocks.d))
    low = rng.normal(size=(3, 4, blocks.d_low))
    for row, small in zip(x.reshape(-1, blocks.d), blocks.pool(x).reshape(-1, blocks.d_low), strict=True):
        np.testing.assert_allclose(small, pooled_by_hand(row, image, channels, factor), atol=1e-14)
    np.testing.assert_allclose(blocks.pool(blocks.up(low)), low, atol=1e-14)
    np.testing.assert_allclose((blocks.pool(x) * low).sum() * factor**2, (x * blocks.up(low)).sum(), rtol=1e-12)
    np.testing.assert_allclose(blocks.detail(blocks.detail(x)), blocks.detail(x), atol=1e-14)
    np.testing.assert_allclose((blocks.detail(x) * y).sum(), (x * blocks.detail(y)).sum(), rtol=1e-12)
    assert np.abs(blocks.pool(blocks.detail(x))).max() < 1e-14 < np.abs(blocks.detail(x)).max()


@SHAPES
def test_blocks_are_means_and_their_projection_is_its_own_transpose(image, channels, factor):
    check_blocks(image, channels, factor)


# ---------------------------------------------------------------- the gradients


def check_d(loss=losses.Relativistic, penalties=()):
    check_whole_step(settled(networks()), arrays(), d_play(loss(), penalties), {"D": "value"})


def check_g(loss=losses.Relativistic):
    check_whole_step(settled(networks()), arrays(), g_play(loss()), {"G": None})


def check_m():
    check_whole_step(settled(networks()), arrays(), m_play, {"M": None})


@EACH_LOSS
def test_whole_steps(loss):
    check_d(loss)
    check_d(loss, both())
    check_g(loss)


def test_the_whole_step_of_M():
    check_m()


def check_values(loss=losses.Relativistic):
    """Every value by its formula, from answers that are made and scored one by one."""
    nets, a, blocks = settled(networks()), arrays(), small_blocks()
    D, G, M = nets.values()

    def score(x, low):
        return float(D(np.array([[*x, *low]]))[0, 0])

    def answered(net, low, *z):
        r = net(np.array([[*low, *(number for part in z for number in part)]]))[0]
        return np.kron(low.reshape(2, 3), np.ones((2, 2))).ravel() + r - np.kron(
            pooled_by_hand(r, (4, 6), 1, 2).reshape(2, 3), np.ones((2, 2))).ravel()

    real = np.array([score(x, low) for x, low in zip(a["x"], a["low"], strict=True)])
    fake = np.array([score(y, low) for y, low in zip(a["y"], a["low"], strict=True)])
    np.testing.assert_allclose(d_play(loss())(nets, a).value, NAIVE_D[loss.__name__](real, fake), rtol=1e-12)
    made = np.array([score(answered(G, low, z), low) for low, z in zip(a["low"], a["z"], strict=True)])
    np.testing.assert_allclose(g_play(loss())(nets, a), loss().g(made[:, None], real[:, None])[0], rtol=1e-12)
    wrong = np.array([answered(M, low) - x for low, x in zip(a["low"], a["x"], strict=True)])
    np.testing.assert_allclose(m_play(nets, a), (wrong**2).mean(), rtol=1e-12)
    assert blocks.d_low == 6


@EACH_LOSS
def test_values(loss):
    check_values(loss)


def check_penalty_columns():
    """gamma/2 E |ds/dx|^2 at the real pairs and at the answers, by differences along x alone."""
    nets, a = settled(networks()), arrays()
    D, model = nets["D"], SuperRes(r1=.7, r2=.3, factor=2, ema=None, batch=N).build(data.Points(a["x"], image=(4, 6)))
    penalties = model.game(model.data, N).scheduled
    value = d_play(losses.Wasserstein(), penalties)(nets, a).value - d_play(losses.Wasserstein())(nets, a).value
    expected = 0
    for gamma, images in ((.7, a["x"]), (.3, a["y"])):
        for x, low in zip(images, a["low"], strict=True):
            slope = gradcheck.central(lambda x, low=low: float(D(np.array([[*x, *low]]))[0, 0]), x)
            expected += gamma / 2 * (slope**2).sum() / N
    np.testing.assert_allclose(value, expected, rtol=1e-7)


def test_the_penalties_leave_the_small_image_out():
    check_penalty_columns()


@pytest.mark.parametrize("play", [d_play(losses.Relativistic(), both()), g_play(losses.Relativistic()), m_play])
def test_replicas_and_float32(play):
    check_replicas(networks, arrays((3,)), play)
    check_float32(settled(networks()), arrays(), play)


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["loss"])
def test_values_gradients_and_steps_are_those_of_pytorch(case):
    nets = {name: mlp(*sizes, activation=Tanh, dtype=np.float64) for name, sizes in GOLDEN["sizes"].items()}
    for name, net in nets.items():
        net.theta[...] = case[f"theta_{name}"]
    D, G, M = (nets[name] for name in "DGM")
    blocks = Blocks(tuple(GOLDEN["image"]), 1, GOLDEN["factor"])
    x, z, loss = np.array(case["x"]), np.array(case["z"]), getattr(losses, case["loss"])()
    low, columns = blocks.pool(x), only(blocks.d, D.d_in)
    rules = Rules(loss, (R1(GOLDEN["gammas"]["r1"], columns), R2(GOLDEN["gammas"]["r2"], columns)))
    y = blocks.up(low) + blocks.detail(G(np.concatenate([low, z], axis=-1)))
    near(superres.d_gradients(D, x, y, low, loss, rules.penalties).value, case["d_value"])
    near(superres.g_gradients(G, D, blocks, low, z, loss, x), case["g_value"])
    near(superres.m_gradients(M, blocks, low, x), case["m_value"])
    for net, key in ((D, "d"), (G, "g"), (M, "m")):
        near(net.grad, case[f"{key}_gradient"])
    players = {name: Player(net, SGD(GOLDEN["rate"])) for name, net in nets.items()}
    for _ in range(GOLDEN["steps"]):
        superres.step(rules, blocks, players, Batch(x[None], z[None], z))
    for name, net in nets.items():
        near(net.theta, case[f"stepped_{name}"])


def test_every_loss_is_there():
    assert {case["loss"] for case in GOLDEN["cases"]} == {loss.__name__ for loss in LOSSES}


# ---------------------------------------------------------------- the step


def check_step():
    """D moves by its own gradient; then G and M move, G against the D that has just moved."""
    nets, by_hand, rng, blocks = settled(networks()), settled(networks()), RNG(8), small_blocks()
    x, z_d, z_g = (rng.normal(size=(N, width)) for width in (blocks.d, D_Z, D_Z))
    rules = Rules(losses.Relativistic(), both())
    players = {name: Player(net, SGD(.1)) for name, net in nets.items()}
    report = superres.step(rules, blocks, players, Batch(x[None], z_d[None], z_g))
    (D, G, M), (d_gradients, g_gradients, m_gradients) = by_hand.values(), RIGHT
    low = blocks.pool(x)
    y = blocks.up(low) + blocks.detail(G(np.concatenate([low, z_d], axis=-1)))
    d = d_gradients(D, x, y, low, rules.loss, rules.penalties)
    D.theta -= .1 * D.grad
    values = g_gradients(G, D, blocks, low, z_g, rules.loss, x), m_gradients(M, blocks, low, x)
    for net in (G, M):
        net.theta -= .1 * net.grad
    for name, net in nets.items():
        np.testing.assert_allclose(net.theta, by_hand[name].theta, rtol=0, atol=1e-12, err_msg=f"{name} moved elsewhere")
    np.testing.assert_allclose([report["d_loss"], report["g_loss"], report["m_loss"]], [d.value, *values], rtol=1e-12)


def test_a_step():
    check_step()


# ---------------------------------------------------------------- the system


@pytest.mark.parametrize("changes", [{}, {"factor": 2, "loss": "hinge", "r2": None, "ema": None}], ids=str)
def test_training(changes):
    history = check_training(SuperRes("digits", **{"hidden": (8,), "batch": 16} | changes), data.halves().training)
    assert history.columns == ("d_loss", "g_loss", "d_real", "d_fake", "m_loss")


@pytest.fixture(scope="module")
def model():
    model = SuperRes("digits", hidden=(8,))
    model.train(data.halves().training, steps=5, progress=False)
    return model


@pytest.fixture(scope="module")
def low(model):
    return model.blocks.pool(data.halves().held_out.x[:7])


def test_the_networks(model):
    sizes = {name: [layer.W.shape for layer in net.layers if hasattr(layer, "W")] for name, net in model.networks.items()}
    assert sizes == {"D": [(68, 8), (8, 1)], "G": [(12, 8), (8, 64)], "M": [(4, 8), (8, 64)]}
    assert model.averages.keys() == {"G", "M"}


def check_consistent(model, low):
    """Every answer has exactly the small image that it was made for, within the last digits of float32."""
    answers = [model.enlarge(low), model.enlarge(low, raw=True), *model.guesses(low, 3), model.mean_answer(low)]
    assert all(np.abs(model.blocks.pool(answer) - low).max() < 1e-6 for answer in answers)
    assert not same_bits(answers[0], answers[1]) and not same_bits(answers[2], answers[3])


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_small_image_of_a_training_image_is_in_range(factor, dtype):
    """The mean of equal pixels may be rounded beyond them, and so may float32."""
    blocks = Blocks((6, 6), 1, factor)
    for least in (.1, .7, .9, 999.9):
        rows = np.array([[least], [max(least, 1)]]) * np.ones(36)
        low = blocks.pool(rows.astype(dtype))
        assert blocks.checked(low, (rows.min(), rows.max())) == pytest.approx(low, rel=1e-6)


@pytest.mark.parametrize("value, right", [(1, True), (-1, True), (1.001, False), (-1.001, False)])
def test_a_small_image_may_be_as_bright_as_the_training_images(model, value, right):
    low = np.full((1, model.blocks.d_low), value)
    if right:
        assert model.blocks.checked(low, (-1, 1)).tolist() == low.tolist()
        return
    with pytest.raises(ValueError, match="learned from have -1 to 1: bring it to their units"):
        model.blocks.checked(low, (-1, 1))


def test_all_answers_are_consistent(model, low):
    check_consistent(model, low)


def test_answers_and_samples(model, low):
    assert model.guesses(low, 3).shape == (3, 7, 64) and model.mean_answer(low).shape == (7, 64)
    assert same_bits(model.enlarge(low, seed=4), model.enlarge(low, seed=4))
    assert not same_bits(model.enlarge(low, seed=4), model.enlarge(low, seed=5))
    assert same_bits(model.sample(7, low=low, seed=4), model.enlarge(low, seed=4))
    one = model.sample(3, low=low[:1], seed=4)
    assert same_bits(one, model.enlarge(low[[0, 0, 0]], seed=4)) and not same_bits(one[0], one[1])
    drawn = model.sample(6, seed=1)
    assert drawn.shape == (6, 64) and same_bits(drawn, model.sample(6, seed=1)) and not same_bits(drawn, model.sample(6, seed=2))
    known = model.blocks.pool(data.halves().training.x)
    assert all(np.abs(known - one).max(axis=-1).min() < 1e-6 for one in model.blocks.pool(drawn)), "small images of the data"


def test_colour_images():
    images = data.Points(RNG(0).uniform(-1, 1, (40, 48)), image=(4, 4))
    model = SuperRes(factor=2, hidden=(8,), batch=8)
    model.train(images, steps=2, progress=False)
    low = model.blocks.pool(images.x[:5])
    assert low.shape == (5, 12) and np.abs(model.blocks.pool(model.enlarge(low)) - low).max() < 1e-6


@pytest.mark.parametrize(("call", "message"), {
    "no images": (lambda model: SuperRes().train(data.ring()), r"ring are no images: super-resolution learns"),
    "factor": (lambda model: SuperRes(factor=3).train(data.halves().training), "factor is 3, but images of 8 x 8 pixels"),
    "small factor": (lambda model: SuperRes(factor=1), "factor must be at least 2; got 1"),
    "too early": (lambda model: SuperRes().enlarge(np.zeros((1, 4))), "no networks yet: call train"),
    "too early for samples": (lambda model: SuperRes().sample(3), "no networks yet: call train"),
    "size": (lambda model: model.enlarge(np.zeros((3, 16))), r"of 2 x 2 pixels, as rows of 4 numbers; got shape \(3, 16\)"),
    "one row": (lambda model: model.guesses(np.zeros(4), 2), r"as rows of 4 numbers; got shape \(4,\)"),
    "number": (lambda model: model.sample(5, low=np.zeros((3, 4))), "low must be one small image or 5, as many as are"),
    "a number": (lambda model: model.sample(5, low=.5), r"of 2 x 2 pixels, as rows of 4 numbers; got shape \(\)"),
    "a flat image": (lambda model: model.sample(5, low=np.zeros(4)), r"as rows of 4 numbers; got shape \(4,\)"),
    "no image": (lambda model: model.sample(5, low=np.zeros((0, 4))), "low must have at least 1 row; got 0"),
    "units": (lambda model: model.enlarge(np.full((1, 4), 16.)), "low has values from 16 to 16, but the pixels .* have -1 to 1"),
    "not finite": (lambda model: model.mean_answer(np.full((1, 4), np.nan)), "low must be finite; row 0, column 0 is nan"),
    "text": (lambda model: model.enlarge([["a"] * 4]), "low must hold real numbers"),
    "none": (lambda model: model.guesses(np.zeros((1, 4)), 0), "n must be at least 1; got 0"),
}.values(), ids=lambda value: value if isinstance(value, str) else "")
def test_misuse(model, call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(model)


# ---------------------------------------------------------------- planted mistakes


@pytest.mark.parametrize(("mutant", "check"), [
    (mutants.projection_forgotten_backward, check_g), (mutants.M_stands_still, check_m),
    (mutants.projection_forgotten, check_blocks), (mutants.projection_forgotten, check_values),
    (mutants.sums_for_means, check_blocks), (mutants.transposed_small_image, check_blocks),
    (mutants.gradient_of_the_other_columns, check_g), (mutants.small_image_of_another_row, check_values),
    (mutants.mean_over_rows_alone, check_m), (mutants.penalty_on_the_small_image_too, check_penalty_columns),
    (mutants.stale_D, check_step), (mutants.M_stands_still, check_step)], ids=lambda f: getattr(f, "__name__", ""))
def test_the_mistake_is_caught(monkeypatch, mutant, check):
    passes(check)
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check()
