"""StyleGAN: the generator's four methods, whole steps with path lengths, mixing, truncation, training, and what may be asked."""

import json
from pathlib import Path

import mutants_stylegan as mutants
import numpy as np
import pytest
from oracles import LOSSES, loss_name, passes, same_bits
from zoo_checks import RNG, check_float32, check_replicas, check_training, check_whole_step, settled

from tinygan import data, gradcheck, gradients, losses
from tinygan.engine.layers import LeakyReLU, Softplus, Tanh
from tinygan.engine.network import Sequential
from tinygan.engine.optim import SGD
from tinygan.penalties import R1, R2
from tinygan.updates import Player, Rules
from tinygan.zoo import StyleGAN, dcgan, stylegan
from tinygan.zoo.style_generator import KINDS, StyleGenerator

N, LATENT, IMAGE, CHANNELS, HIDDEN = 3, 2, (4, 6), 1, (2, 3)
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "zoo_stylegan.json").read_text())
RIGHT = gradients.d_gradients_and_scores, stylegan.g_gradients, stylegan.DECAY  # before any mistake is planted
DIGITS = data.halves().training
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
EACH_STYLE = pytest.mark.parametrize("style", KINDS)


def generator(style="adain", mixing=.5, **options):
    return StyleGenerator(LATENT, IMAGE, CHANNELS, HIDDEN, style=style, mixing=mixing, activation=Tanh(), seed=1, **options)


def networks(replicas=None, dtype=np.float64, style="adain"):
    many = {"dtype": dtype, "replicas": () if replicas is None else replicas}
    row = [Softplus() if isinstance(layer, LeakyReLU) else layer for layer in dcgan.discriminator(IMAGE, CHANNELS, (3,), False)]
    return {"G": generator(style, **many), "D": Sequential(*row, seed=2, **many)}


def started(style="adain"):
    """Networks that are settled, with a mean length that the paths have not."""
    nets = settled(networks(style=style))
    nets["G"].path.length[...] = .6
    return nets


def arrays(front=(), style="adain"):
    rng, d = RNG(0), IMAGE[0] * IMAGE[1] * CHANNELS
    return {"x": rng.normal(size=(*front, N, d)), "fake": rng.normal(size=(*front, N, d)), "y": rng.normal(size=(*front, N, d)),
            "z": rng.normal(size=(*front, N, generator(style).d_in))}


def d_play(loss, penalties=()):
    return lambda nets, a: gradients.d_gradients_and_scores(nets["D"], a["x"], a["fake"], loss, penalties)


def g_play(loss, weight=None):
    return lambda nets, a: stylegan.g_gradients(nets["G"], nets["D"], a["z"], loss, a["x"], *(
        () if weight is None else (a["y"], weight)))


# ---------------------------------------------------------------- the generator


def check_generator(style="adain"):
    """The four methods, each against differences of the one before, in all that comes in and in all parameters."""
    G, rng, eps = settled({"G": networks(style=style)["G"]})["G"], RNG(3), 1e-6
    x, x_dot, dy, dy_dot = (rng.normal(size=(N, width)) for width in (G.d_in, G.d_in, G.d_out, G.d_out))
    x_dot[:, 2 * LATENT] = 0  # u decides which z, and has no slope
    dx = G.backward(dy, G.forward(x)[1])
    found = gradcheck.check(lambda x: float((G(x) * dy).sum()), dx, x, name="dx")
    assert found.ok, str(found)
    v, start = rng.normal(size=G.theta.shape), G.theta.copy()

    def at(t):
        G.theta[...] = start + t * v
        y, tape = G.forward(x + t * x_dot)
        G.zero_grad()
        dx = G.backward(dy + t * dy_dot, tape)
        return y, dx, G.grad.copy()

    y_rate, dx_rate, grad_rate = ((b - a) / (2 * eps) for a, b in zip(at(-eps), at(eps), strict=True))
    G.theta[...] = start
    tape = G.forward(x)[1]
    G.theta_dot = v
    y_dot, tape_dot = G.tangent(x_dot, tape)
    G.zero_grad()
    dx, dx_dot = G.tangent_backward(dy, dy_dot, tape, tape_dot)
    for got, wanted in ((y_dot, y_rate), (dx_dot, dx_rate), (G.grad.copy(), grad_rate), (dx, at(0)[1])):
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-6 * np.abs(wanted).max())


@EACH_STYLE
def test_the_generators_four_methods(style):
    check_generator(style)


def check_mixing():
    """u at its thresholds: layer i has the style of z' from its own threshold on, coarse layers last."""
    for style in KINDS:
        G = settled({"G": generator(style, dtype=np.float64)})["G"]
        x = RNG(1).normal(size=(1, G.d_in))
        w, other = (G.mapping.forward(np.concatenate([z, z, [[-np.inf]]], axis=1))[0].reshape(G.n_styles, LATENT)
                    for z in (x[:, :LATENT], x[:, LATENT:2 * LATENT]))
        assert not np.allclose(w, other) and G.thresholds[0] == np.inf and list(G.thresholds) == sorted(G.thresholds)[::-1]
        for first in range(1, G.n_styles + 1):  # the first layer with the second style; beyond the last, none has it
            x[0, 2 * LATENT] = G.thresholds[first] + 1e-9 if first < G.n_styles else -5
            mixed = G.mapping.forward(x[:, :2 * LATENT + 1])[0].reshape(G.n_styles, LATENT)
            np.testing.assert_array_equal(mixed, np.concatenate([w[:first], other[first:]]))


def test_mixing_takes_the_fine_styles_from_the_second_z():
    check_mixing()


@pytest.mark.parametrize("mixing", [0, .3, 1])
def test_the_share_of_mixed_rows(mixing):
    """And of the mixed rows each layer is equally often the first of the second style."""
    G, n = generator(mixing=mixing, dtype=np.float64), 20_000
    u = RNG(2).standard_normal((n, 1))
    z = np.repeat(RNG(3).standard_normal((1, 2 * LATENT)), n, axis=0)
    w = G.mapping.forward(np.concatenate([z, u], axis=1))[0].reshape(n, G.n_styles, LATENT)
    changed = (w[:, 1:] != w[:, :-1]).any(axis=-1)
    assert changed.sum(axis=1).max(initial=0) <= 1
    assert abs(changed.any(axis=1).mean() - mixing) < .012
    np.testing.assert_allclose(changed.mean(axis=0), mixing / 3, atol=.012)


@EACH_STYLE
def test_a_generator_is_made_again_from_its_settings(style):
    G = generator(style, mixing=.2)
    twin = StyleGenerator(**G.settings() | {"activation": Tanh()}, seed=1)
    x = RNG(0).normal(size=(2, G.d_in))
    assert same_bits(G(x), twin(x)) and G.copy().n_styles == G.n_styles == 4


# ---------------------------------------------------------------- whole steps


def check_d(loss=losses.NonSaturating, penalties=()):
    check_whole_step(settled(networks()), arrays(), d_play(loss(), penalties), {"D": "value"})


def check_g(style="adain", weight=None, loss=losses.NonSaturating):
    check_whole_step(started(style), arrays(style=style), g_play(loss(), weight), {"G": "value"})


@pytest.mark.sampled(3)
@EACH_LOSS
def test_whole_steps(loss):
    check_g(loss=loss)


@pytest.mark.sampled(2)
@EACH_STYLE
@pytest.mark.parametrize("weight", [None, .8])
def test_whole_steps_with_path_lengths(style, weight):
    check_g(style, weight)


def test_the_whole_step_of_D_with_its_penalties():
    check_d(penalties=(R1(.7), R2(.3)))


def check_lengths(style="adain"):
    """|J_w' y| from a Jacobian that is made of differences of images, and the value weight E (r - a)^2."""
    nets, a, weight = started(style), arrays(style=style), .8
    G, x = nets["G"], a["z"]
    value, r = g_play(losses.NonSaturating(), weight)(nets, a)
    plain = g_play(losses.NonSaturating())(nets, a).value
    ws, noise = G.mapping.forward(x[:, :2 * LATENT + 1])[0], x[:, 2 * LATENT + 1:]
    for n in range(N):
        def spoken(w, n=n):
            return float(G.synthesis.forward(np.concatenate([w[None], noise[n:n + 1]], axis=1))[0][0] @ a["y"][n])

        g = gradcheck.central(spoken, ws[n])
        assert r[n, 0] == pytest.approx(np.sqrt((g**2).sum() / G.n_styles), rel=1e-6)
    np.testing.assert_allclose(value - plain, weight * ((r - .6)**2).mean(), rtol=1e-12)


@EACH_STYLE
def test_path_lengths_are_those_of_the_jacobian(style):
    check_lengths(style)


@pytest.mark.parametrize("play", [d_play(losses.Relativistic(), (R1(.7), R2(.3))), g_play(losses.Relativistic()),
                                  g_play(losses.NonSaturating(), .8)], ids=["D", "G", "paths"])
@EACH_STYLE
def test_replicas_and_float32(play, style):
    def make(replicas):
        return networks(replicas, style=style)

    check_replicas(make, arrays((3,), style), play)
    check_float32(started(style), arrays(style=style), play, limit=1e-3)


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['style']}-{case['loss']}")
def test_values_gradients_and_steps_are_those_of_pytorch(case):
    image, channels, hidden = GOLDEN["image"], GOLDEN["channels"], GOLDEN["hidden"]
    G = StyleGenerator(GOLDEN["latent"], image, channels, hidden, style=case["style"], mixing=GOLDEN["mixing"], activation=Tanh(),
                       dtype=np.float64)
    D = Sequential(*dcgan.discriminator(image, channels, hidden, False), dtype=np.float64)
    G.theta, D.theta = case["theta_G"], case["theta_D"]
    G.path.length[...] = case["mean"]
    x, y, z_d, z_g = (np.array(case[name]) for name in ("x", "y", "z_d", "z_g"))
    rules = Rules(getattr(losses, case["loss"])(), (R1(GOLDEN["gammas"]["r1"]), R2(GOLDEN["gammas"]["r2"])))
    near(G(z_g), case["images"])
    near(gradients.d_gradients_and_scores(D, x, G(z_d), rules.loss, rules.penalties).value, case["d_value"])
    near(D.grad, case["d_gradient"])
    found = stylegan.g_gradients(G, D, z_g, rules.loss, x, y, GOLDEN["weight"])
    near(found.value, case["g_value"])
    near(found.lengths, case["lengths"])
    near(G.grad, case["g_gradient"])
    players = {"D": Player(D, SGD(GOLDEN["rate"])), "G": Player(G, SGD(GOLDEN["rate"]))}
    for _ in range(GOLDEN["steps"]):
        stylegan.step(rules, GOLDEN["weight"], players, stylegan.Batch(x, z_d, z_g, y))
    near(D.theta, case["stepped_D"])
    near(G.theta, case["stepped_G"])
    near(G.path.length, case["stepped_mean"])


# ---------------------------------------------------------------- the step and the system


def check_step():
    """D moves, then G against the D that has just moved, then the mean length goes a hundredth of its way."""
    (judge, g_gradients, decay), a, rng = RIGHT, arrays(), RNG(9)
    z_d = rng.normal(size=a["z"].shape)
    nets, by_hand = started(), started()
    rules = Rules(losses.Relativistic(), (R1(.7),))
    report = stylegan.step(rules, .8, {name: Player(nets[name], SGD(.1)) for name in "DG"},
                           stylegan.Batch(a["x"], z_d, a["z"], a["y"]))
    G, D = by_hand["G"], by_hand["D"]
    judge(D, a["x"], G(z_d), rules.loss, rules.penalties)
    D.theta -= .1 * D.grad
    found = g_gradients(G, D, a["z"], rules.loss, a["x"], a["y"], .8)
    G.theta -= .1 * G.grad
    for name, net in nets.items():
        np.testing.assert_allclose(net.theta, by_hand[name].theta, rtol=0, atol=1e-12, err_msg=f"{name} moved elsewhere")
    assert report["g_loss"] == pytest.approx(found.value, rel=1e-12)
    assert report["path"] == pytest.approx(found.lengths.mean(), rel=1e-12)
    assert nets["G"].path.length.item() == pytest.approx(.6 + decay * (found.lengths.mean() - .6), rel=1e-12)


def test_a_step():
    check_step()


SMALL = {"hidden": (4, 3), "hidden_d": (4, 3), "latent": 4, "batch": 8}


@pytest.mark.parametrize("changes", [{}, {"style": "modulation", "path_length": .5, "ema": None}], ids=str)
def test_training(changes):
    history = check_training(StyleGAN("digits", **SMALL | changes), DIGITS)
    assert history.columns == ("d_loss", "g_loss", "d_real", "d_fake", *(["path"] if "path_length" in changes else []))


@pytest.fixture(scope="module")
def model():
    model = StyleGAN("digits", **SMALL)
    model.train(DIGITS, steps=5, progress=False)
    return model


def check_truncation(model):
    """psi draws each w to the mean of many; 0 leaves the mean alone, 1 changes nothing."""
    one, half, none = (model.styles(500, truncation=psi) for psi in (1, .5, 0))
    assert np.ptp(none, axis=0).max() < 1e-6
    np.testing.assert_allclose(half, (one + none) / 2, atol=1e-6)
    np.testing.assert_allclose(none[0], model.styles(20_000, seed=5).mean(axis=0), atol=.1)
    assert np.abs(none[0]).max() > .3, "the mean is 0: the check sees nothing"
    assert same_bits(model.sample(9, truncation=1, seed=4), model.sample(9, seed=4))


def test_truncation(model):
    check_truncation(model)


def test_samples(model):
    x = model.sample(7, seed=4)
    assert x.shape == (7, 64) and same_bits(x, model.sample(7, seed=4)) and not same_bits(x, model.sample(7, seed=5))
    assert not same_bits(x, model.sample(7, seed=4, raw=True))
    assert same_bits(x, model.paint(model.styles(7, seed=4), seed=4))
    w = model.styles(7)
    rows = model.mixed(w, w[::-1])
    assert rows.shape == (7, 4, 4) and same_bits(model.mixed(w, w), np.stack([w] * 4, axis=1))
    assert same_bits(rows[:, :2], np.stack([w] * 2, axis=1)) and same_bits(rows[:, 2:], np.stack([w[::-1]] * 2, axis=1))
    assert model.paint(rows).shape == (7, 64) and same_bits(model.paint(w), model.paint(model.mixed(w, w[::-1], 4)))


def test_what_is_sampled_is_what_g_makes_of_rows_that_are_not_mixed(model):
    G, z = model.network("G"), model.inputs(5, RNG(0))
    first = np.concatenate([z[:, :8], z[:, 8:9]], axis=1)
    w = G.mapping.forward(first)[0].reshape(5, 4, 4)
    assert z.shape == (5, G.d_in) and same_bits(w, np.repeat(w[:, :1], 4, axis=1))


def test_colour_and_rectangles():
    colour = data.Points(RNG(0).uniform(-1, 1, (20, 4 * 8 * 3)), "colour", image=(4, 8))
    for style in KINDS:
        model = StyleGAN("digits", **SMALL, style=style)
        model.train(colour, steps=2, progress=False)
        assert model.sample(2).shape == (2, 96)


@pytest.mark.parametrize(("call", "message"), {
    "points": (lambda model: StyleGAN().train(data.ring()), "ring are no images: a StyleGAN learns from data with image="),
    "halvings": (lambda model: StyleGAN(hidden=(4, 4, 4, 4, 4)).train(DIGITS), "8 x 8 pixels cannot be halved 4 times"),
    "style": (lambda model: StyleGAN(style="adin"), "Did you mean 'adain'"),
    "mixing": (lambda model: StyleGAN(mixing=1.5), "mixing must be a finite number above 0 and below 1, or 0, or 1; got"),
    "path length": (lambda model: StyleGAN(path_length=-1), "path_length must be a finite number above 0; got -1"),
    "psi": (lambda model: model.sample(3, truncation=1.5), "truncation must be a finite number above 0 and below 1, or"),
    "psi below": (lambda model: model.styles(3, truncation=-.1), "truncation must be a finite number .*; got -0.1"),
    "styles": (lambda model: model.paint(np.zeros((3, 5))), r"w must hold 4 numbers for each image, \(n, 4\), or for each of 4"),
    "layers": (lambda model: model.paint(np.zeros((3, 2, 4))), r"4 layers, \(n, 4, 4\); got shape \(3, 2, 4\)"),
    "coarse": (lambda model: model.mixed(np.zeros((3, 4)), np.zeros((3, 4)), 5), "layers must be from 0 to 4; got 5"),
    "early": (lambda model: StyleGAN().sample(3), "no networks yet: call train"),
    "none": (lambda model: model.styles(0), "n must be at least 1; got 0"),
    "rows": (lambda model: model.network("G")(np.zeros((3, 5))), r"takes rows \[z, z', u, noise\] of"),
    "sizes": (lambda model: StyleGenerator(3, (4, 4), 1, ()), "hidden must have at least one number of channels"),
}.values(), ids=lambda value: value if isinstance(value, str) else "")
def test_misuse(model, call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(model)


# ---------------------------------------------------------------- planted mistakes


def check_paths():
    check_g(weight=.8)


def check_truncated():
    check_truncation(StyleGAN("digits", **SMALL).build(DIGITS))


@pytest.mark.parametrize(("mutant", "check"), [
    (mutants.every_style_from_the_first_z, check_mixing), (mutants.coarse_and_fine_exchanged, check_mixing),
    (mutants.gradient_of_the_second_z_lost, check_g), (mutants.one_style_for_all_layers_backward, check_generator),
    (mutants.affine_does_not_learn, check_g),
    (mutants.mean_length_moves_with_the_batch, check_lengths), *(
        pytest.param(mutant, check_paths, marks=pytest.mark.slow)  # some seconds each
        for mutant in (mutants.path_gradient_stops_before_the_mapping, mutants.direction_twice_as_long,
                       mutants.loss_forgotten_beside_the_paths)), (mutants.stale_D, check_step),
    (mutants.mean_length_stands_still, check_step), (mutants.truncation_towards_zero, check_truncated),
], ids=lambda f: getattr(f, "__name__", ""))
def test_the_mistake_is_caught(monkeypatch, mutant, check):
    passes(check)
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check()
