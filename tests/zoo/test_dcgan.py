"""The DCGAN: whole steps through convolutions and BatchNorm, the paper's rules, training, and what may be asked of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from oracles import LOSSES, loss_name, passes, same_bits
from zoo_checks import RNG, check_float32, check_replicas, check_training, check_whole_step, settled

from tinygan import d_step, data, g_step, gradcheck, losses
from tinygan.engine import conv, norm
from tinygan.engine.layers import LeakyReLU, Softplus, Tanh
from tinygan.engine.network import Sequential
from tinygan.engine.optim import SGD
from tinygan.gradients import d_gradients_and_scores, g_gradients
from tinygan.penalties import R1, R2
from tinygan.zoo import DCGAN, dcgan

N, LATENT, IMAGE = 3, 4, (4, 8)
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "zoo_dcgan.json").read_text())
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
DIGITS = data.halves().training


def smooth(row):
    """The same layers with a smooth activation in the place of leaky ReLU, for differences."""
    return [Softplus() if isinstance(layer, LeakyReLU) else layer for layer in row]


def networks(replicas=None, dtype=np.float64, batch_norm=True, exact=smooth):
    many = {"dtype": dtype, "replicas": () if replicas is None else replicas}
    return {"G": Sequential(*dcgan.generator(LATENT, IMAGE, 2, (3, 2), Tanh), seed=1, **many),
            "D": Sequential(*exact(dcgan.discriminator(IMAGE, 2, (3, 2), batch_norm)), seed=2, **many)}


def arrays(front=()):
    rng = RNG(0)
    return {"x_real": rng.normal(size=(*front, N, 64)), "x_fake": rng.normal(size=(*front, N, 64)),
            "z": rng.normal(size=(*front, N, LATENT))}


def d_play(loss, penalties=()):
    return lambda nets, a: d_gradients_and_scores(nets["D"], a["x_real"], a["x_fake"], loss, penalties)


def g_play(loss):
    return lambda nets, a: g_gradients(nets["G"], nets["D"], a["z"], loss, a["x_real"])


def check_d(loss=losses.NonSaturating, penalties=(), batch_norm=True):
    check_whole_step(settled(networks(batch_norm=batch_norm)), arrays(), d_play(loss(), penalties), {"D": "value"})


def check_g(loss=losses.NonSaturating):
    check_whole_step(settled(networks()), arrays(), g_play(loss()), {"G": None})


@pytest.mark.sampled(3)
@EACH_LOSS
def test_whole_steps(loss):
    check_d(loss)
    check_g(loss)


def penalised():
    """R1 and R2 through the convolutions."""
    check_d(penalties=(R1(.7), R2(.4)), batch_norm=False)


def test_penalties_through_convolutions():
    penalised()


def test_r1_against_double_differences():
    """The penalty is made from a difference of scores, and its gradient from a difference of that: no formula of ours inside."""
    D = settled({"D": networks(batch_norm=False)["D"]})["D"]
    x, start, gamma = arrays()["x_real"][:2], D.theta.copy(), .7
    D.zero_grad()
    value = R1(gamma)(D, x, D.forward(x)[1])
    direction = RNG(1).normal(size=start.shape)

    def penalty(theta):
        D.theta[...] = theta
        return gamma / 2 * np.square(gradcheck.central(lambda x: float(D(x).sum()), x)).sum() / x.shape[-2]

    np.testing.assert_allclose(penalty(start), value, rtol=1e-7)
    rate = (penalty(start + 1e-4 * direction) - penalty(start - 1e-4 * direction)) / 2e-4
    np.testing.assert_allclose(direction @ D.grad, rate, rtol=1e-5)


def test_replicas_and_float32():
    def make(replicas):
        return networks(replicas)

    for play in (d_play(losses.Relativistic()), g_play(losses.Relativistic())):
        check_replicas(make, arrays((3,)), play)
        check_float32(settled(networks()), arrays(), play, limit=1e-3)


def test_values():
    """E log D(x) + E log(1 - D(G(z))) is what D makes large; G makes E log D(G(z)) large, the non-saturating way."""
    nets, a = settled(networks()), arrays()
    real, fake, made = (1 / (1 + np.exp(-nets["D"](x))) for x in (a["x_real"], a["x_fake"], nets["G"](a["z"])))
    d, g = (play(losses.NonSaturating())(nets, a) for play in (d_play, g_play))
    np.testing.assert_allclose(d.value, -(np.log(real).mean() + np.log(1 - fake).mean()), rtol=1e-12)
    np.testing.assert_allclose(g, -np.log(made).mean(), rtol=1e-12)


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['loss']}{'' if case['batch_norm'] else '-R1-R2'}")
def test_values_gradients_and_steps_are_those_of_pytorch(case):
    """Both players through both kinds of convolution; with BatchNorm in both, or with R1 and R2 and BatchNorm in G alone."""
    image, channels, hidden = GOLDEN["image"], GOLDEN["channels"], GOLDEN["hidden"]
    G = Sequential(*dcgan.generator(GOLDEN["latent"], image, channels, hidden, Tanh), dtype=np.float64)
    D = Sequential(*dcgan.discriminator(image, channels, hidden, case["batch_norm"]), dtype=np.float64)
    G.theta, D.theta = case["theta_G"], case["theta_D"]
    x_real, z, loss = np.array(case["x_real"]), np.array(case["z"]), getattr(losses, case["loss"])()
    penalties = () if case["batch_norm"] else (R1(GOLDEN["gammas"]["r1"]), R2(GOLDEN["gammas"]["r2"]))
    near(G(z), case["x_fake"])
    near(d_gradients_and_scores(D, x_real, G(z), loss, penalties).value, case["d_value"])
    near(D.grad, case["d_gradient"])
    near(g_gradients(G, D, z, loss, x_real), case["g_value"])
    near(G.grad, case["g_gradient"])
    assert np.abs(case["g_gradient"]).max() > 1e-3

    opt_d, opt_g = SGD(GOLDEN["rate"]), SGD(GOLDEN["rate"])
    for _ in range(GOLDEN["steps"]):
        d_step(D, opt_d, x_real, G(z), loss, penalties)
        g_step(G, D, opt_g, z, loss, x_real)
    near(D.theta, case["stepped_D"])
    near(G.theta, case["stepped_G"])


@pytest.mark.parametrize("recipe", ["digits", "digits-r1"])
def test_training(recipe):
    check_training(DCGAN(recipe, hidden=(4, 2), batch=8), DIGITS)


# ---------------------------------------------------------------- the paper's rules


def kinds(net):
    return [type(layer).__name__ for layer in net.layers]


def test_the_rules_of_the_paper():
    model = DCGAN("digits").build(DIGITS)
    G, D = model.networks["G"], model.networks["D"]
    assert kinds(G) == ["Dense", "BatchNorm", "ReLU", "ConvTranspose2D", "BatchNorm", "ReLU", "ConvTranspose2D", "Tanh"]
    assert kinds(D) == ["Conv2D", "LeakyReLU", "Conv2D", "BatchNorm", "LeakyReLU", "Dense"]
    weights = np.concatenate([layer.W.ravel() for net in (G, D) for layer in net.layers if hasattr(layer, "W")])
    assert abs(weights.std() - .02) < .0005 and abs(weights.mean()) < .0005
    assert {layer.channels for layer in G.layers if isinstance(layer, norm.BatchNorm)} == {32, 16}


def test_only_the_first_convolution_of_d_has_no_batch_norm():
    """Even where a hidden image has as many channels as the picture."""
    row = dcgan.discriminator((8, 8), 2, (2, 2, 2), batch_norm=True)
    assert kinds(Sequential(*row)) == ["Conv2D", "LeakyReLU", *["Conv2D", "BatchNorm", "LeakyReLU"] * 2, "Dense"]


def test_with_a_penalty_d_has_no_batch_norm():
    model = DCGAN("digits-r1").build(DIGITS)
    assert "BatchNorm" not in kinds(model.networks["D"]) and "BatchNorm" in kinds(model.networks["G"])
    assert .1 < model.networks["D"].layers[0].W.std() < .5  # He's size: sqrt(2 / 16)


def test_real_and_generated_images_never_share_a_batch():
    """D's BatchNorm sees real images alone, or generated ones alone: a real score does not depend on the generated batch."""
    nets, a = settled(networks()), arrays()
    one = d_play(losses.Hinge())(nets, a)
    two = d_play(losses.Hinge())(nets, a | {"x_fake": a["x_fake"] + 5})
    assert same_bits(one.s_real, two.s_real) and not same_bits(one.s_fake, two.s_fake)


# ---------------------------------------------------------------- samples, and other images


def test_samples_come_in_batches():
    model = DCGAN("digits", hidden=(4, 2), batch=8).build(DIGITS)
    assert same_bits(model.sample(3, seed=4), model.sample(20, seed=4)[:3])
    assert np.abs(model.sample(20)).max() <= 1 and model.sample(20).shape == (20, 64)


def test_colour_and_rectangles():
    colour = data.Points(RNG(0).uniform(-1, 1, (20, 4 * 8 * 3)), "colour", image=(4, 8))
    model = DCGAN("digits", hidden=(4, 2), batch=8)
    model.train(colour, steps=2, progress=False)
    assert model.sample(2).shape == (2, 96)


@pytest.mark.parametrize(("given", "changes", "message"), {
    "points": (data.ring(), {}, "ring are no images: a DCGAN learns from data with image="),
    "an array": (np.zeros((9, 64)) + np.arange(9)[:, None], {}, "points are no images"),
    "too many halvings": (DIGITS, {"hidden": (8, 4, 2, 2)}, "images of 8 x 8 pixels cannot be halved 4 times: 16 must divide"),
    "another size": (data.Points(np.eye(18), "odd", image=(3, 6)), {}, "images of 3 x 6 pixels cannot be halved 2 times"),
}.values(), ids=str)
def test_data_that_do_not_fit(given, changes, message):
    with pytest.raises(ValueError, match=message):
        DCGAN("digits", **changes).build(given)


def test_rows_that_are_no_images():
    with pytest.raises(ValueError, match="rows of 10 numbers are no images of 3 x 4 pixels"):
        data.Points(np.eye(10), image=(3, 4))


# ---------------------------------------------------------------- planted mistakes


def kernel_not_transposed(patch):
    """dx of a transposed convolution by fold instead of unfold of the wrong rows: the channels' order is exchanged."""
    spread = conv.Conv2D._spread
    patch.setattr(conv.Conv2D, "_spread", lambda self, rows, M: spread(self, rows[..., ::-1], M))


def statistics_held_fixed(patch):
    """BatchNorm's backward takes mean and variance for constants."""
    right = norm.BatchNorm.backward

    def wrong(self, dy, tape, grads=True):
        right(self, dy, tape, grads)
        return np.tile(self.gain, self.d // self.channels) * dy

    patch.setattr(norm.BatchNorm, "backward", wrong)


def second_derivative_dropped(patch):
    """The penalty through the convolutions loses the activation's curvature."""
    from tinygan.engine import layers

    patch.setattr(layers.Softplus, "tangent_backward",
                  lambda self, dy, dy_dot, tape, tape_dot: (self.backward(dy, tape), self.backward(dy_dot, tape)))


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("mutant", "check"), [
    (kernel_not_transposed, check_d), (statistics_held_fixed, check_d), (statistics_held_fixed, check_g),
    (second_derivative_dropped, penalised)], ids=lambda f: f.__name__)
def test_the_mistake_is_caught(monkeypatch, mutant, check):
    passes(check)
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check()
