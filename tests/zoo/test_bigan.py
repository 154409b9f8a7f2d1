"""BiGAN: the whole steps of its three players, the exchanged loss, the latent regressor, training, and what may be asked."""

import json
from pathlib import Path

import mutants_bigan as mutants
import numpy as np
import pytest
from oracles import LOSSES, NAIVE_D, loss_name, same_bits
from zoo_checks import RNG, check_float32, check_replicas, check_training, check_whole_step, settled

from tinygan import data, gradcheck, losses, mlp
from tinygan.engine.layers import Softplus, Tanh
from tinygan.engine.optim import SGD
from tinygan.penalties import R1, R2
from tinygan.streams import Streams
from tinygan.updates import Player, Rules
from tinygan.zoo import BiGAN, bigan
from tinygan.zoo.joining import only

N, D_X, D_Z = 5, 4, 3
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "zoo_bigan.json").read_text())
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)


def networks(replicas=None, dtype=np.float64):
    many = {"dtype": dtype, "replicas": () if replicas is None else replicas}
    return {"D": mlp(D_X + D_Z, 7, 1, activation=Softplus, seed=2, **many),
            "G": mlp(D_Z, 6, D_X, activation=Tanh, seed=1, **many), "E": mlp(D_X, 5, D_Z, activation=Tanh, seed=3, **many)}


def arrays(front=(), seed=0):
    rng = RNG(seed)
    sizes = {"x": D_X, "code": D_Z, "x_fake": D_X, "z": D_Z}
    return {name: rng.normal(size=(*front, N, width)) for name, width in sizes.items()}


def both(z_penalty=.25):
    """R1 and R2 on pairs, with another weight for the columns of z."""
    columns = only(D_X, D_X + D_Z, z_penalty)
    return R1(.7, columns), R2(.3, columns)


def d_play(loss, penalties=()):
    return lambda nets, a: bigan.d_gradients(nets["D"], a["x"], a["code"], a["x_fake"], a["z"], loss, penalties)


def ge_play(loss):
    return lambda nets, a: bigan.ge_gradients(nets["G"], nets["E"], nets["D"], a["x"], a["z"], loss)


def regressor_play(nets, a):
    return bigan.regressor_gradients(nets["E"], a["x_fake"], a["z"])


# ---------------------------------------------------------------- the gradients


def check_d(loss=losses.Relativistic, penalties=()):
    check_whole_step(settled(networks()), arrays(), d_play(loss(), penalties), {"D": "value"})


def check_ge(loss=losses.Relativistic):
    check_whole_step(settled(networks()), arrays(), ge_play(loss()), {"G": None, "E": None})


def check_regressor():
    check_whole_step(settled(networks()), arrays(), regressor_play, {"E": None})


@EACH_LOSS
def test_whole_steps(loss):
    check_d(loss)
    check_d(loss, both())
    check_ge(loss)


def test_the_whole_step_of_the_latent_regressor():
    check_regressor()


def score(D, x, z):
    """D's score of one pair, its two parts laid side by side by hand."""
    return float(D(np.array([[*x, *z]]))[0, 0])


def check_values(loss=losses.Relativistic):
    """Both values by the paper's formula, from scores that are taken pair by pair: D's, and the exchanged one."""
    nets, a = settled(networks()), arrays()
    D, G, E = nets.values()
    real = np.array([score(D, x, E(x[None])[0]) for x in a["x"]])
    fake = np.array([score(D, G(z[None])[0], z) for z in a["z"]])
    naive = NAIVE_D[loss.__name__]
    d = bigan.d_gradients(D, a["x"], E(a["x"]), G(a["z"]), a["z"], loss())
    np.testing.assert_allclose(d.value, naive(real, fake), rtol=1e-12)
    np.testing.assert_allclose(bigan.ge_gradients(G, E, D, a["x"], a["z"], loss()), naive(fake, real), rtol=1e-12)
    np.testing.assert_allclose(d.s_real[:, 0], real, rtol=1e-12)
    np.testing.assert_allclose(d.s_fake[:, 0], fake, rtol=1e-12)


@EACH_LOSS
def test_values(loss):
    check_values(loss)


def check_directions(loss=losses.NonSaturating):
    """A small step lowers D's scores of real pairs where E takes it, and raises those of generated pairs where G takes it."""
    nets, a = settled(networks()), arrays()
    D, G, E = nets.values()

    def scores():
        return [D(np.concatenate(pair, axis=-1)).mean() for pair in ((a["x"], E(a["x"])), (G(a["z"]), a["z"]))]

    before = scores()
    bigan.ge_gradients(G, E, D, a["x"], a["z"], loss())
    for net in (G, E):
        SGD(1e-3).step(net.theta, net.grad)
    after = scores()
    assert after[0] < before[0], "E makes its pairs look real"
    assert after[1] > before[1], "G makes its pairs look generated"


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss is not losses.LeastSquares], ids=loss_name)
def test_E_and_G_pull_in_opposite_directions(loss):
    """Least squares apart: there a score of more than 1 is pulled back to 1."""
    check_directions(loss)


def check_penalty_columns(z_penalty=.25):
    """gamma/2 E (|ds/dx|^2 + z_penalty |ds/dz|^2) at the real pairs, and the same at the generated ones, by differences."""
    nets, a = settled(networks()), arrays()
    D, model = nets["D"], BiGAN(r1=.7, r2=.3, latent=D_Z, z_penalty=z_penalty, ema=None)
    penalties = model.game(data.Points(a["x"]), N).scheduled
    value = d_play(losses.Wasserstein(), penalties)(nets, a).value - d_play(losses.Wasserstein())(nets, a).value
    expected = 0
    for gamma, x, z in ((.7, a["x"], a["code"]), (.3, a["x_fake"], a["z"])):
        slopes = np.array([gradcheck.central(lambda pair: float(D(pair[None])[0, 0]), np.concatenate(pair))
                           for pair in zip(x, z, strict=True)])
        expected += gamma / 2 * ((slopes[:, :D_X]**2).sum() + z_penalty * (slopes[:, D_X:]**2).sum()) / N
    np.testing.assert_allclose(value, expected, rtol=1e-7)


@pytest.mark.parametrize("z_penalty", [0, .01, .25, 1])
def test_the_penalties_weigh_z_by_itself(z_penalty):
    check_penalty_columns(z_penalty)


@pytest.mark.parametrize("play", [d_play(losses.Relativistic(), both()), ge_play(losses.Relativistic()), regressor_play])
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
    D, G, E = (nets[name] for name in "DGE")
    x, z, loss = np.array(case["x"]), np.array(case["z"]), getattr(losses, case["loss"])()
    columns = only(G.d_out, D.d_in, GOLDEN["z_penalty"])
    penalties = R1(GOLDEN["gammas"]["r1"], columns), R2(GOLDEN["gammas"]["r2"], columns)
    near(bigan.d_gradients(D, x, E(x), G(z), z, loss, penalties).value, case["d_value"])
    near(D.grad, case["d_gradient"])
    near(bigan.regressor_gradients(E, G(z), z), case["regressor_value"])
    near(E.grad, case["regressor_gradient"])
    near(bigan.ge_gradients(G, E, D, x, z, loss), case["ge_value"])
    near(G.grad, case["g_gradient"])
    near(E.grad, case["e_gradient"])
    players = {name: Player(net, SGD(GOLDEN["rate"])) for name, net in nets.items()}
    for _ in range(GOLDEN["steps"]):
        bigan.step(Rules(loss, penalties), players, bigan.Batch(x, z, x, z))
    for name, net in nets.items():
        near(net.theta, case[f"stepped_{name}"])


def test_every_loss_is_there():
    assert {case["loss"] for case in GOLDEN["cases"]} == {loss.__name__ for loss in LOSSES}


# ---------------------------------------------------------------- the step


def check_step(loss=losses.Relativistic):
    """D moves on its own batch, by D's gradient alone; then G and E move on theirs, against the D that has just moved."""
    nets, by_hand, rng = settled(networks()), settled(networks()), RNG(8)
    batch = bigan.Batch(*(rng.normal(size=(N, width)) for width in (D_X, D_Z, D_X, D_Z)))
    rules = Rules(loss(), both())
    report = bigan.step(rules, {name: Player(net, SGD(.1)) for name, net in nets.items()}, batch)
    D, G, E = by_hand.values()
    d = bigan.d_gradients(D, batch.x_d, E(batch.x_d), G(batch.z_d), batch.z_d, rules.loss, rules.penalties)
    D.theta -= .1 * D.grad
    value = bigan.ge_gradients(G, E, D, batch.x_ge, batch.z_ge, rules.loss)
    for net in (G, E):
        net.theta -= .1 * net.grad
    for name, net in nets.items():
        np.testing.assert_allclose(net.theta, by_hand[name].theta, rtol=0, atol=1e-12, err_msg=f"{name} moved elsewhere")
    np.testing.assert_allclose([report["d_loss"], report["g_loss"]], [d.value, value], rtol=1e-12)
    np.testing.assert_allclose([report["d_real"], report["d_fake"]], [d.s_real.mean(), d.s_fake.mean()], rtol=1e-12)


def test_a_step():
    check_step()


def test_both_steps_have_points_and_noise_of_their_own():
    batch = bigan.draw(data.ring(), 6, D_Z, Streams(0, (2,)))
    assert [part.shape for part in batch] == [(2, 6, 2), (2, 6, D_Z)] * 2 and {part.dtype for part in batch} == {np.dtype("f4")}
    assert not same_bits(batch.x_d, batch.x_ge) and not same_bits(batch.z_d, batch.z_ge)


# ---------------------------------------------------------------- the system


@pytest.mark.parametrize("changes", [{}, {"hidden_d": None, "loss": "hinge", "r2": None, "z_penalty": 1.0}], ids=str)
def test_training(changes):
    small = {"hidden": (8,), "hidden_d": (12, 6), "batch": 16, "latent": 2} | changes
    history = check_training(BiGAN("ring", **small), data.ring().standardized())
    assert history.columns == ("d_loss", "g_loss", "d_real", "d_fake") and history.modes_step.size


@pytest.fixture(scope="module")
def model():
    model = BiGAN("digits", hidden=(8,), hidden_d=(9, 9))
    model.train(data.halves().training, steps=5, progress=False)
    return model


def test_the_networks(model):
    sizes = {name: [layer.W.shape for layer in net.layers if hasattr(layer, "W")] for name, net in model.networks.items()}
    assert sizes == {"D": [(72, 9), (9, 9), (9, 1)], "G": [(8, 8), (8, 64)], "E": [(64, 8), (8, 8)]}
    assert model.averages.keys() == {"G", "E"}
    same = BiGAN("digits", hidden=(8,), hidden_d=None).build(data.halves().training)
    assert same.networks["D"].layers[0].W.shape == (72, 8)


def test_codes_and_reconstructions(model):
    x = data.halves().held_out.x[:7]
    code, raw = model.encode(x), model.encode(x, raw=True)
    assert code.shape == (7, 8) and code.dtype == np.float32 and not same_bits(code, raw)
    assert same_bits(code, model.network("E")(x)) and same_bits(raw, model.networks["E"](x))
    assert same_bits(model.reconstruct(x), model.network("G")(code))
    assert same_bits(model.reconstruct(x, raw=True), model.networks["G"](raw))
    assert same_bits(model.sample(4, seed=1), model.sample(4, seed=1)) and model.sample(4).shape == (4, 64)


def check_regressor_learns():
    """Its error on new noise falls below that of the constant answer 0, which is d_z; G keeps every bit."""
    G, E = (net for name, net in networks(dtype=np.float32).items() if name in "GE")
    before = G.theta.copy()
    history = bigan.latent_regressor(G, E, steps=400, lr=.02, seed=3)
    z = RNG(9).normal(size=(500, D_Z))
    assert same_bits(G.theta, before), "G has moved"
    assert ((E(G(z)) - z)**2).sum(axis=-1).mean() < D_Z / 3
    assert history.columns == ("e_loss",) and history.e_loss.shape == (400,)
    twin = networks(dtype=np.float32)["E"]
    bigan.latent_regressor(G, twin, steps=400, lr=.02, seed=3)
    assert same_bits(twin.theta, E.theta)


def test_the_latent_regressor_learns_and_leaves_G_alone():
    check_regressor_learns()


@pytest.mark.parametrize(("call", "message"), {
    "unknown setting": (lambda model: BiGAN(hidden_e=(8,)), "unknown setting 'hidden_e'"),
    "weight of z": (lambda model: BiGAN(z_penalty=-1), "z_penalty must be a finite number above 0, or 0; got -1"),
    "sizes of D": (lambda model: BiGAN(hidden_d=(8, 0)), "hidden_d"),
    "too early": (lambda model: BiGAN().encode(np.zeros((1, 64))), "no networks yet: call train"),
    "width": (lambda model: model.encode(np.zeros((3, 8))), "x must have 64 columns; got 8"),
    "one image": (lambda model: model.reconstruct(np.zeros(64)), r"x must be a 2-D array .* got shape \(64,\)"),
    "not finite": (lambda model: model.reconstruct(np.full((1, 64), np.nan)), "x must be finite; row 0, column 0 is nan"),
    "text": (lambda model: model.encode([["a"] * 64]), "x must hold real numbers"),
    "batch": (lambda model: BiGAN(batch=99).train(np.eye(9)), "batch is 99, but the data have 9 rows"),
    "regressor's way": (lambda model: bigan.latent_regressor(model.networks["G"], model.networks["G"]),
                        "E must go back where G came from, from 64 columns to 8; got 8 to 64"),
    "regressor's steps": (lambda model: bigan.latent_regressor(*(model.networks[name] for name in "GE"), steps=0),
                          "steps must be at least 1; got 0"),
    "regressor's batch": (lambda model: bigan.latent_regressor(*(model.networks[name] for name in "GE"), batch=2.5),
                          "batch must be a whole number"),
    "unequal batches": (lambda model: bigan.ge_gradients(*(model.networks[name] for name in "GED"), np.zeros((3, 64)),
                                                         np.zeros((4, 8)), losses.Relativistic()), "must have one shape"),
}.values(), ids=lambda value: value if isinstance(value, str) else "")
def test_misuse(model, call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(model)


# ---------------------------------------------------------------- planted mistakes


@pytest.mark.parametrize(("mutant", "check"), [
    (mutants.encoder_on_the_side_of_G, check_ge), (mutants.encoder_on_the_side_of_G, check_directions),
    (mutants.one_label_for_both, check_values), (mutants.one_label_for_both, check_directions),
    (mutants.encoder_never_trained, check_ge), (mutants.tape_of_the_other_pair, check_ge),
    (mutants.columns_of_the_other_part, check_ge), (mutants.d_moves_with_G_and_E, check_ge),
    (mutants.pairs_torn, check_values), (mutants.codes_of_the_other_batch, check_step),
    (mutants.G_and_E_help_D_first, check_step), (mutants.stale_D, check_step), (mutants.z_weighed_like_x, check_penalty_columns),
    (mutants.regressor_without_its_factor, check_regressor), (mutants.regressor_moves_G, check_regressor_learns)],
    ids=lambda f: getattr(f, "__name__", ""))
def test_the_mistake_is_caught(monkeypatch, mutant, check):
    check()
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check()
