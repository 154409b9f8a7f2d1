"""StackGAN: words, conditioning augmentation, the whole steps of both stages, training, and what may be asked."""

import json
from pathlib import Path

import mutants_stackgan as mutants
import numpy as np
import pytest
from oracles import LOSSES, NAIVE_D, loss_name, passes, same_bits
from zoo_checks import RNG, check_float32, check_replicas, check_training, check_whole_step, settled

from tinygan import data, gradcheck, losses, mlp
from tinygan.engine.layers import Dense, Softplus, Tanh
from tinygan.engine.network import Sequential
from tinygan.engine.optim import SGD
from tinygan.penalties import R1
from tinygan.streams import Streams
from tinygan.updates import Player, Rules
from tinygan.zoo import StackGAN, augmentation, stackgan
from tinygan.zoo.blocks import Blocks
from tinygan.zoo.joining import only
from tinygan.zoo.words import NUMBERS, Batch, Words, draw, slant, thickness

N, D_X, D_Z, M, K = 5, 8, 3, 2, 4
KL = .3
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "zoo_stackgan.json").read_text())
RIGHT = stackgan.d_gradients, stackgan.g_gradients  # before any mistake is planted
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
DIGITS = data.halves().training


def networks(replicas=None, dtype=np.float64):
    many = {"dtype": dtype, "replicas": () if replicas is None else replicas}
    return {"D": mlp(D_X + K, 7, 1, activation=Softplus, seed=2, **many),
            "G": mlp(M + D_Z, 6, D_X, activation=Tanh, seed=1, **many), "C": Sequential(Dense(K, 2 * M), seed=3, **many)}


def arrays(front=(), seed=0):
    rng = RNG(seed)
    sizes = {"x": D_X, "y": D_X, "phi": K, "wrong": K, "eps": M, "given": D_Z, "base": D_X}
    return {name: rng.normal(size=(*front, N, width)) for name, width in sizes.items()}


def r1():
    return (R1(.7, only(D_X, D_X + K)),)


def d_play(loss, penalties=()):
    return lambda nets, a: stackgan.d_gradients(nets["D"], a["x"], a["y"], a["phi"], a["wrong"], loss, penalties)


def g_play(loss, kl=KL):
    return lambda nets, a: stackgan.g_gradients(nets["G"], nets["C"], nets["D"], a["phi"], a["eps"], a["given"], a["base"],
                                                loss=loss, kl=kl, x=a["x"])


# ---------------------------------------------------------------- the gradients


def check_d(loss=losses.Relativistic, penalties=()):
    check_whole_step(settled(networks()), arrays(), d_play(loss(), penalties), {"D": "value"})


def check_g(loss=losses.NonSaturating):
    check_whole_step(settled(networks()), arrays(), g_play(loss()), {"G": "value", "C": "value"})


@EACH_LOSS
def test_whole_steps(loss):
    check_d(loss)
    check_d(loss, r1())
    check_g(loss)


def check_values(loss=losses.NonSaturating):
    """Every value by its formula, from pairs that are made and scored one by one."""
    nets, a = settled(networks()), arrays()
    D, G, C = nets.values()

    def score(x, phi):
        return float(D(np.array([[*x, *phi]]))[0, 0])

    def scores(xs, phis):
        return np.array([score(x, phi) for x, phi in zip(xs, phis, strict=True)])

    real, fake, wrong = scores(a["x"], a["phi"]), scores(a["y"], a["phi"]), scores(a["x"], a["wrong"])
    naive = NAIVE_D[loss.__name__]
    expected = (naive(real, fake) + naive(real, wrong)) / 2
    if loss is losses.RelativisticAverage:  # its means run over all pairs of a kind
        expected = naive(np.concatenate([real, real]), np.concatenate([fake, wrong]))
    np.testing.assert_allclose(d_play(loss())(nets, a).value, expected, rtol=1e-12)
    made, kl = [], 0
    for phi, eps, given, base in zip(a["phi"], a["eps"], a["given"], a["base"], strict=True):
        h = C(phi[None])[0]
        mu, log_var = h[:M], h[M:]
        made.append(score(base + G(np.array([[*(mu + np.sqrt(np.exp(log_var)) * eps), *given]]))[0], phi))
        kl += sum(np.exp(v) + u * u - 1 - v for u, v in zip(mu, log_var, strict=True)) / 2 / N
    report = g_play(loss())(nets, a)
    np.testing.assert_allclose(report.kl, kl, rtol=1e-12)
    value = loss().g(np.array(made)[:, None], real[:, None])[0]
    np.testing.assert_allclose(report.value, value + KL * kl, rtol=1e-12)


@EACH_LOSS
def test_values(loss):
    check_values(loss)


def check_penalty_columns():
    """gamma/2 E |ds/dx|^2 at the real pairs, by differences along x alone, for the penalties of both stages."""
    model = StackGAN(r1=.7, ema=None, hidden=(6,)).build(DIGITS)
    step, phi = model.game(DIGITS, 4).step, model.words.in_turn(4)
    for stage, name in enumerate(("D1", "D2")):
        D = model.networks[name].copy(np.float64)
        x = RNG(1).normal(size=(4, D.d_in - phi.shape[1]))
        loss, penalties = losses.Wasserstein(), step.rules[stage].penalties
        value = (stackgan.d_gradients(D, x, x, phi, phi, loss, penalties).value
                 - stackgan.d_gradients(D, x, x, phi, phi, loss).value)
        slopes = [gradcheck.central(lambda x, one=one, D=D: float(D(np.array([[*x, *one]]))[0, 0]), row)
                  for row, one in zip(x, phi, strict=True)]
        np.testing.assert_allclose(value, .7 / 2 * np.square(slopes).sum() / 4, rtol=1e-6)


def test_the_penalty_leaves_the_words_out():
    check_penalty_columns()


@pytest.mark.parametrize("play", [d_play(losses.NonSaturating(), r1()), g_play(losses.Relativistic())])
def test_replicas_and_float32(play):
    check_replicas(networks, arrays((3,)), play)
    check_float32(settled(networks()), arrays(), play)


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


def golden_networks(case):
    nets = {name: mlp(*sizes, activation=Tanh, dtype=np.float64) for name, sizes in GOLDEN["sizes"].items()}
    nets |= {name: Sequential(Dense(K, 2 * M), dtype=np.float64) for name in ("C1", "C2")}
    for name, net in nets.items():
        net.theta[...] = case[f"theta_{name}"]
    return nets


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["loss"])
def test_values_gradients_and_steps_are_those_of_pytorch(case):
    """Stage by stage. The relativistic average compares with other means, so there D's own part is not compared."""
    nets, blocks, loss = golden_networks(case), Blocks(tuple(GOLDEN["image"]), 1, 2), getattr(losses, case["loss"])()
    x, phi, wrong, noise = (np.array(case[name]) for name in ("x", "phi", "wrong", "noise"))
    rules = [Rules(loss, (R1(GOLDEN["r1"], only(d, d + K)),)) for d in (blocks.d_low, blocks.d)]
    step = stackgan.Step(rules, GOLDEN["kl"], blocks, GOLDEN["m"])
    eps1, z, eps2 = step.split(noise)
    small, average = step.small(nets, phi, noise), case["loss"] == "RelativisticAverage"
    for stage, (real, made, eps, given, base) in enumerate((
            (blocks.pool(x), small, eps1, z, np.zeros((N, blocks.d_low))),
            (x, step.large(nets, phi, noise), eps2, small, blocks.up(small))), start=1):
        D, G, C = (nets[f"{name}{stage}"] for name in "DGC")
        if not average:
            penalties = rules[stage - 1].penalties
            d = stackgan.d_gradients(D, real, made, phi, wrong, loss, penalties)
            near(d.value, case[f"d{stage}_value"])
            near(D.grad, case[f"d{stage}_gradient"])
        g = stackgan.g_gradients(G, C, D, phi, eps, given, base, loss=loss, kl=GOLDEN["kl"], x=real)
        near(g.value, case[f"g{stage}_value"])
        near(G.grad, case[f"g{stage}_gradient"])
        near(C.grad, case[f"c{stage}_gradient"])
    players = {name: Player(net, SGD(GOLDEN["rate"])) for name, net in nets.items()}
    for step.stage in (0, 1):
        for _ in range(GOLDEN["steps"]):
            step(players, Batch(x, phi, wrong, noise, noise))
    for name, net in nets.items():
        if not average:
            near(net.theta, case[f"stepped_{name}"])


def test_every_loss_is_there():
    assert {case["loss"] for case in GOLDEN["cases"]} == {loss.__name__ for loss in LOSSES}


def test_the_conditions_have_the_mean_and_the_variance_that_C_says():
    C, phi = networks()["C"], RNG(0).normal(size=(1, K)).repeat(40_000, axis=0)
    c, _ = augmentation.condition(C, phi, RNG(1).standard_normal((40_000, M)))
    mu, log_var = np.split(C(phi[:1])[0], 2)
    np.testing.assert_allclose(c.mean(axis=0), mu, atol=5 * np.exp(log_var / 2).max() / 200)
    np.testing.assert_allclose(c.var(axis=0), np.exp(log_var), rtol=.05)


# ---------------------------------------------------------------- the step


def check_step():
    """In each stage D moves by its own gradient, then G and C by theirs; the players of the other stage keep every bit."""
    model = StackGAN(hidden=(6,), r1=.5, ema=None, kl=.1).build(DIGITS)
    batch = draw(DIGITS, model.words, 8, model.recipe.noise, Streams(0))
    d_gradients, g_gradients = RIGHT
    for stage in (0, 1):
        nets = {name: net.copy() for name, net in model.networks.items()}
        hand = {name: net.copy() for name, net in nets.items()}
        step = model.game(DIGITS, 8).step
        step.stage, n = stage, stage + 1
        step({name: Player(net, SGD(.1)) for name, net in nets.items()}, batch)
        D, G, C = (hand[f"{name}{n}"] for name in "DGC")
        low, rules, phi = model.blocks.pool(batch.x), step.rules[stage], batch.phi
        eps1, z, eps2 = batch.noise_d[:, :8], batch.noise_d[:, 8:-8], batch.noise_d[:, -8:]

        def made(noise, stage=stage, hand=hand):
            c = augmentation.condition(hand["C1"], batch.phi, noise[:, :8])[0]
            s = hand["G1"](np.concatenate([c, noise[:, 8:-8]], axis=1))
            if stage == 0:
                return s, s
            c = augmentation.condition(hand["C2"], batch.phi, noise[:, -8:])[0]
            return s, model.blocks.up(s) + hand["G2"](np.concatenate([c, s], axis=1))

        real = batch.x if stage else low
        d_gradients(D, real, made(batch.noise_d)[1], phi, batch.wrong, rules.loss, rules.penalties)
        D.theta -= .1 * D.grad
        eps1, z, eps2 = batch.noise_g[:, :8], batch.noise_g[:, 8:-8], batch.noise_g[:, -8:]
        s = made(batch.noise_g)[0]
        given, base, eps = (s, model.blocks.up(s), eps2) if stage else (z, 0 * low, eps1)
        g_gradients(G, C, D, phi, eps, given, base, loss=rules.loss, kl=.1, x=real)
        for net in (G, C):
            net.theta -= .1 * net.grad
        for name, net in nets.items():
            np.testing.assert_allclose(net.theta, hand[name].theta, rtol=0, atol=1e-6, err_msg=f"{name} in stage {n}")
            assert name[1] == str(n) or same_bits(net.theta, model.networks[name].theta), f"{name} moved in stage {n}"


def test_a_step_of_each_stage():
    check_step()


# ---------------------------------------------------------------- words


WORDS = Words(DIGITS)


def test_slant_and_thickness_of_drawn_lines():
    upright, leaning, thick = (-np.ones((8, 8)) for _ in range(3))
    upright[:, 3] = thick[:, 3:5] = 1
    leaning[np.arange(8), 7 - np.arange(8)] = 1  # from the lower left to the upper right
    images = np.stack([upright, leaning, thick, leaning[:, ::-1], -np.ones((8, 8))]).reshape(5, 64)
    found = slant(images, (8, 8))
    assert found[:3] == pytest.approx([0, 1, 0], abs=1e-6) and found[3] == pytest.approx(-1, abs=1e-6) and found[4] == 0
    assert thickness(images) == pytest.approx([16, 16, 32, 16, 0])


def test_half_of_each_digit_is_slanted_and_half_is_thick():
    styles = WORDS.styles(DIGITS.x, DIGITS.labels)
    for k in range(10):
        assert np.all(np.abs(styles[:, DIGITS.labels == k].mean(axis=1) - .5) < .03)


def test_words_and_rows_are_each_others_inverse():
    rows = WORDS.in_turn(40)
    assert len({row.tobytes() for row in rows}) == 40 and np.all(rows.sum(axis=1) == 3)
    for row in rows:
        assert np.array_equal(WORDS.read(WORDS.sentence(row), 1, RNG(0))[0], row)
        assert np.array_equal(WORDS.rows(*WORDS.told(row[None]))[0], row)


@pytest.mark.parametrize(("text", "label", "styles"), [
    ("a thin slanted seven", 7, (1, 0)), ("Seven, upright and THICK!", 7, (0, 1)), ("the digit 0", 0, (None, None)),
    ("slanted 3", 3, (1, None)), ("a thick, thick nine", 9, (None, 1))])
def test_sentences(text, label, styles):
    rows = WORDS.read(text, 200, RNG(0))
    labels, found = WORDS.told(rows)
    assert rows.shape == (200, 14) and np.all(labels == label)
    for j, style in enumerate(styles):
        assert np.all(found[j] == style) if style is not None else .4 < found[j].mean() < .6


@pytest.mark.parametrize(("text", "message"), [
    ("a thin slated seven", "the word 'slated' is not known. Did you mean 'slanted'?"),
    ("a thin slanted sevn", "the word 'sevn' is not known. Did you mean 'seven'?"),
    ("a purple seven", "the word 'purple' is not known. Known: zero, one, two"),
    ("thin and slanted", "the sentence 'thin and slanted' names no digit: say one of zero, one"), ("", "names no digit"),
    ("a seven or an eight", "the word 'or' is not known"), ("seven eight", "cannot both be true: one of them is 'eight'"),
    ("a thin thick two", "cannot both be true: one of them is 'thick'"), ("12", "the word '12' is not known")])
def test_sentences_that_cannot_be_understood(text, message):
    with pytest.raises(ValueError, match=message):
        WORDS.read(text, 3, RNG(0))


@pytest.mark.parametrize(("points", "message"), [
    (data.ring(), "ring are no labelled images: a StackGAN learns from images and what is said of them"),
    (data.Points(RNG(0).normal(size=(9, 16)), image=(4, 4)), "are no labelled images"),
    (data.Points(RNG(0).normal(size=(22, 16)), image=(4, 4), labels=np.arange(22) // 2), "has 11 classes and 16 num"),
    (data.Points(RNG(0).normal(size=(9, 48)), image=(4, 4), labels=np.arange(9) // 5), "has 2 classes and 48 numbers"),
    (data.Points(np.tile(RNG(0).normal(size=(1, 16)), (9, 1)), image=(4, 4), labels=np.zeros(9, int)),
     "the words of .* are 'a thin upright zero' for every image: a StackGAN learns from wrong words too, so add images")])
def test_data_of_which_nothing_can_be_said(points, message):
    with pytest.raises(ValueError, match=message):
        StackGAN().train(points)


def check_wrong_words():
    """Each row's words are true of its image, and the wrong words always differ from them, and are words of real images."""
    batch = draw(DIGITS, WORDS, 64, 5, Streams(3, (4,)))
    assert [part.shape for part in batch] == [(4, 64, 64), (4, 64, 14), (4, 64, 14), (4, 64, 5), (4, 64, 5)]
    phi, wrong = batch.phi.reshape(-1, 14), batch.wrong.reshape(-1, 14)
    labels, _ = WORDS.told(phi)
    assert np.array_equal(phi, WORDS.of(batch.x.reshape(-1, 64).astype(np.float64), labels))
    assert (phi != wrong).any(axis=1).all() and np.all(wrong.sum(axis=1) == 3)
    assert not same_bits(batch.noise_d, batch.noise_g) and {part.dtype for part in batch} == {np.dtype("f4")}


def test_wrong_words_are_never_right():
    check_wrong_words()


# ---------------------------------------------------------------- the system


@pytest.mark.parametrize("changes", [{}, {"loss": "relativistic", "r2": .5, "ema": None, "kl": 0}], ids=str)
def test_training(changes):
    history = check_training(StackGAN("digits", **{"hidden": (8,), "batch": 16} | changes), DIGITS, steps=8)
    assert history.columns == ("d_loss", "g_loss", "d_real", "d_fake", "kl")


def test_stage_one_is_fixed_in_stage_two_and_stage_two_waits():
    model = StackGAN("digits", hidden=(8,), ema=None)
    training = model.training(DIGITS, steps=8)
    begun = {name: net.theta.copy() for name, net in model.networks.items()}
    training.advance(4)
    half = {name: net.theta.copy() for name, net in model.networks.items()}
    training.advance(4)
    for name, net in model.networks.items():
        first = name.endswith("1")
        assert same_bits(half[name], begun[name]) != first and same_bits(net.theta, half[name]) == first, name


def test_each_stage_has_a_whole_schedule():
    training = StackGAN("digits", hidden=(8,), lr=1.).training(DIGITS, steps=8)
    factors = [training.schedule(k / 8) for k in range(8)]
    assert factors[:4] == factors[4:] and factors[0] == 1 and factors == sorted(factors[:4], reverse=True) * 2
    assert training.schedule(1.) == 0, "steps after the planned end change nothing"


@pytest.mark.parametrize("stop", [2, 4, 6])
def test_a_run_that_is_taken_up_again_in_either_stage_has_the_same_bits(stop):
    def training():
        return StackGAN("digits", hidden=(8,), seed=2).training(DIGITS, steps=8)

    whole, first, second = training(), training(), training()
    whole.run(progress=False)
    first.advance(stop)
    second.load_state(first.state())
    second.run(progress=False)
    assert all(same_bits(array, second.state()[name]) for name, array in whole.state().items())


@pytest.fixture(scope="module")
def model():
    model = StackGAN("digits", hidden=(8,))
    model.train(DIGITS, steps=6, progress=False)
    return model


def test_the_networks(model):
    sizes = {name: [layer.W.shape for layer in net.layers if hasattr(layer, "W")] for name, net in model.networks.items()}
    assert sizes == {"D1": [(30, 8), (8, 1)], "G1": [(16, 8), (8, 16)], "C1": [(14, 16)],
                     "D2": [(78, 8), (8, 1)], "G2": [(24, 8), (8, 64)], "C2": [(14, 16)]}
    assert model.averages.keys() == {"G1", "C1", "G2", "C2"}


def test_samples_and_sketches(model):
    x, s = model.sample(7, text="a thin slanted seven", seed=4), model.sketches(7, text="a thin slanted seven", seed=4)
    assert x.shape == (7, 64) and s.shape == (7, 16) and same_bits(x, model.sample(7, text="a thin slanted seven", seed=4))
    assert not same_bits(x, model.sample(7, text="a thick slanted seven", seed=4))
    assert not same_bits(x, model.sample(7, text="a thin slanted seven", seed=5))
    assert not same_bits(x, model.sample(7, text="a thin slanted seven", seed=4, raw=True))
    assert len({row.tobytes() for row in x}) == 7, "one sentence, and other noise for each image"
    each = ["a thin upright zero", "a thick slanted nine"]
    assert model.sample(2, text=each).shape == (2, 64) and model.sample(45).shape == (45, 64)
    with pytest.raises(ValueError, match="text must be one sentence, or one for each of 3 images; got 2"):
        model.sample(3, text=each)


@pytest.mark.parametrize(("call", "message"), {
    "too early": (lambda model: StackGAN().sample(3), "no networks yet: call train"),
    "unknown word": (lambda model: model.sample(3, text="a fat seven"), "the word 'fat' is not known"),
    "kl": (lambda model: StackGAN(kl=-1), "kl must be a finite number above 0, or 0; got -1"),
    "condition": (lambda model: StackGAN(condition=0), "condition must be at least 1; got 0"),
    "none": (lambda model: model.sample(0), "n must be at least 1; got 0"),
}.values(), ids=lambda value: value if isinstance(value, str) else "")
def test_misuse(model, call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(model)


def test_names_of_digits():
    assert len(NUMBERS) == 10 and WORDS.sentence(WORDS.in_turn(8)[7]) == "a thin upright seven"


# ---------------------------------------------------------------- planted mistakes


@pytest.mark.parametrize(("mutant", "check"), [
    (mutants.log_var_from_the_slice_of_mu, check_g), (mutants.log_var_from_the_slice_of_mu, check_values),
    (mutants.kl_as_a_mean_over_dimensions, check_values), (mutants.noise_forgotten_backward, check_g),
    (mutants.half_forgotten, check_g), (mutants.kl_without_its_gradient, check_g),
    (mutants.condition_from_the_other_columns, check_g), (mutants.wrong_words_as_real, check_values),
    (mutants.no_wrong_words, check_values), (mutants.whole_weight_for_each_fake, check_d),
    (mutants.penalty_on_the_words_too, check_penalty_columns), (mutants.stage_one_learns_in_stage_two, check_step),
    (mutants.small_image_left_out, check_step)], ids=lambda f: getattr(f, "__name__", ""))
def test_the_mistake_is_caught(monkeypatch, mutant, check):
    passes(check)
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check()


def test_the_conditions_begin_half_as_strong_as_other_layers():
    """The standard deviation of W is half of what `he` draws."""
    model = StackGAN("digits")
    C = model.build(data.halves().training).networks
    found = [C[name].layers[0].W / np.sqrt(2 / C[name].d_in) for name in ("C1", "C2")]
    assert abs(np.concatenate([W.ravel() for W in found]).std() - 0.5) < 0.02
