"""The conditional GAN: both players' whole steps, the projection D, training, and what may be asked of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from oracles import LOSSES, loss_name, passes, same_bits
from zoo_checks import RNG, check_float32, check_replicas, check_training, check_whole_step, settled

from tinygan import data, gradcheck, losses, mlp
from tinygan.data import one_hot
from tinygan.engine.arguments import seed_sequence
from tinygan.engine.layers import Dense, Softplus, Tanh
from tinygan.engine.optim import SGD
from tinygan.penalties import R1, R2
from tinygan.streams import Streams
from tinygan.updates import Player, Rules
from tinygan.zoo import Conditional, conditional, system
from tinygan.zoo.joining import joined, only
from tinygan.zoo.projection import Projection

N, D_X, D_Z, K = 5, 3, 2, 4
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "zoo_conditional.json").read_text())
KINDS = pytest.mark.parametrize("kind", ["beside", "projection"])
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)


def test_many_samples_are_made_in_batches_from_the_same_inputs(monkeypatch):
    model = Conditional(hidden=(8,)).build(data.spokes())
    widest, forward = [], Dense.forward
    monkeypatch.setattr(Dense, "forward", lambda self, x: widest.append(len(x)) or forward(self, x))
    x = model.sample(2 * system.ROWS + 5, seed=3)
    assert max(widest) == system.ROWS and len(widest) == 6
    rows = model.inputs(2 * system.ROWS + 5, RNG(seed_sequence(3)))
    np.testing.assert_allclose(x, model.network("G")(rows), rtol=1e-5, atol=1e-6)


def networks(kind="beside", replicas=None, dtype=np.float64):
    many = {"dtype": dtype, "replicas": () if replicas is None else replicas}
    G = mlp(D_Z + K, 6, D_X, activation=Tanh, seed=1, **many)
    if kind == "projection":
        return {"G": G, "D": Projection([Dense(D_X, 7), Softplus(), Dense(7, 5), Tanh()], K, seed=2, **many)}
    return {"G": G, "D": mlp(D_X + K, 7, 1, activation=Softplus, seed=2, **many)}


def arrays(front=(), seed=0):
    rng = RNG(seed)
    labels = one_hot(rng.integers(K, size=front[0] * N if front else N), K, np.float64).reshape(*front, N, K)
    return {"x_real": rng.normal(size=(*front, N, D_X)), "x_fake": rng.normal(size=(*front, N, D_X)), "labels": labels,
            "z": rng.normal(size=(*front, N, D_Z))}


def d_play(loss, penalties=()):
    return lambda nets, a: conditional.d_gradients(nets["D"], a["x_real"], a["x_fake"], a["labels"], loss, penalties)


def g_play(loss):
    return lambda nets, a: conditional.g_gradients(nets["G"], nets["D"], a["z"], a["labels"], loss, a["x_real"])


def check_d(kind="beside", loss=losses.NonSaturating, penalties=()):
    check_whole_step(settled(networks(kind)), arrays(), d_play(loss(), penalties), {"D": "value"})


def check_g(kind="beside", loss=losses.NonSaturating):
    check_whole_step(settled(networks(kind)), arrays(), g_play(loss()), {"G": None})


def penalised(columns=D_X):
    return [kind(.7, only(columns, D_X + K)) for kind in (R1, R2)]


@KINDS
@EACH_LOSS
def test_whole_steps(kind, loss):
    check_d(kind, loss)
    check_g(kind, loss)


def check_both_see_the_same_label(kind):
    """A gradient check cannot see this: with other labels the gradient is right too, but of another game."""
    nets, a, loss = settled(networks(kind)), arrays(), losses.Relativistic()
    s_real = nets["D"](np.concatenate([a["x_real"], a["labels"]], axis=-1))
    x_fake = nets["G"](np.concatenate([a["z"], a["labels"]], axis=-1))
    s_fake = nets["D"](np.concatenate([x_fake, a["labels"]], axis=-1))
    np.testing.assert_allclose(g_play(loss)(nets, a), loss.g(s_fake, s_real).value, rtol=1e-12)
    d = d_play(loss)(nets, a | {"x_fake": x_fake})
    np.testing.assert_allclose(d.value, loss.d(s_real, s_fake).value, rtol=1e-12)


@KINDS
def test_both_players_see_the_same_label(kind):
    check_both_see_the_same_label(kind)


@KINDS
def test_penalties_on_the_columns_of_x(kind):
    check_d(kind, penalties=penalised())


@KINDS
def test_a_penalty_sees_the_columns_of_x_only(kind):
    """By hand: gamma/2 E |ds/dx|^2, x alone."""
    nets, a = settled(networks(kind)), arrays()
    pair = joined(a["x_real"], a["labels"])
    value = R1(.7, only(D_X, D_X + K))(nets["D"], pair, nets["D"].forward(pair)[1])
    slopes = [gradcheck.central(lambda x, n=n: float(nets["D"](joined(x[None], a["labels"][n:n + 1]))[0, 0]), a["x_real"][n])
              for n in range(N)]
    np.testing.assert_allclose(value, .35 * np.square(slopes).sum(axis=-1).mean(), rtol=1e-7)


@KINDS
def test_replicas_and_float32(kind):
    def make(replicas):
        return networks(kind, replicas)

    for play in (d_play(losses.Relativistic(), penalised()), g_play(losses.Relativistic())):
        check_replicas(make, arrays((3,)), play)
        check_float32(settled(networks(kind)), arrays(), play)


# ---------------------------------------------------------------- the same game as PyTorch sees it


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['D']}-{case['loss']}")
def test_values_gradients_and_steps_are_those_of_pytorch(case):
    sizes, classes, width = GOLDEN["sizes"], GOLDEN["classes"], GOLDEN["width"]
    G = mlp(*sizes["G"], activation=Tanh, dtype=np.float64)
    d = G.d_out
    D = mlp(*sizes["beside"], activation=Tanh, dtype=np.float64)
    if case["D"] == "projection":
        D = Projection([Dense(d, width), Tanh()], classes, dtype=np.float64)
    G.theta[...], D.theta[...] = case["theta_G"], case["theta_D"]
    x, z, loss = np.array(case["x"]), np.array(case["z"]), getattr(losses, case["loss"])()
    labels = one_hot(case["labels"], classes, np.float64)
    penalties = R1(GOLDEN["gammas"]["r1"], only(d, D.d_in)), R2(GOLDEN["gammas"]["r2"], only(d, D.d_in))
    near(conditional.d_gradients(D, x, G(joined(z, labels)), labels, loss, penalties).value, case["d_value"])
    near(D.grad, case["d_gradient"])
    near(conditional.g_gradients(G, D, z, labels, loss, x), case["g_value"])
    near(G.grad, case["g_gradient"])
    players = {"G": Player(G, SGD(GOLDEN["rate"])), "D": Player(D, SGD(GOLDEN["rate"]))}
    for _ in range(GOLDEN["steps"]):
        conditional.step(Rules(loss, penalties), players, conditional.Batch(x, labels, z, z))
    near(G.theta, case["stepped_G"])
    near(D.theta, case["stepped_D"])


def test_every_loss_and_both_kinds_of_D_are_there():
    assert {(case["D"], case["loss"]) for case in GOLDEN["cases"]} == {
        (kind, loss.__name__) for kind in ("beside", "projection") for loss in LOSSES}


# ---------------------------------------------------------------- the step


def check_step(kind="beside", loss=losses.Relativistic):
    """D moves first, from the noise of its own; then G, from other noise, against the D that has just moved."""
    nets, by_hand, a = settled(networks(kind)), settled(networks(kind)), arrays()
    batch = conditional.Batch(a["x_real"], a["labels"], a["z"], RNG(8).normal(size=a["z"].shape))
    rules = Rules(loss(), penalised())
    report = conditional.step(rules, {name: Player(net, SGD(.1)) for name, net in nets.items()}, batch)
    G, D = by_hand["G"], by_hand["D"]
    x_fake = G(np.concatenate([batch.z_d, batch.labels], axis=-1))
    d = conditional.d_gradients(D, batch.x_real, x_fake, batch.labels, rules.loss, rules.penalties)
    D.theta -= .1 * D.grad
    value = conditional.g_gradients(G, D, batch.z_g, batch.labels, rules.loss, batch.x_real)
    G.theta -= .1 * G.grad
    for name, net in nets.items():
        np.testing.assert_allclose(net.theta, by_hand[name].theta, rtol=0, atol=1e-12, err_msg=f"{name} moved elsewhere")
    for name, expected in {"d_loss": d.value, "g_loss": value, "d_real": rules.loss.verdict(d.s_real),
                           "d_fake": rules.loss.verdict(d.s_fake)}.items():
        np.testing.assert_allclose(report[name], expected, rtol=1e-12, err_msg=name)


@KINDS
def test_the_step(kind):
    check_step(kind)


# ---------------------------------------------------------------- the projection D


def check_projection_methods():
    """All four methods against differences, the label's columns included."""
    D = settled({"D": networks("projection")["D"]})["D"]
    rng = RNG(3)
    x, x_dot, ds = rng.normal(size=(N, D_X + K)), rng.normal(size=(N, D_X + K)), rng.normal(size=(N, 1))
    s, tape = D.forward(x)
    assert gradcheck.check(lambda x: np.vdot(ds, D(x)), D.backward(ds, tape, grads=False), x).ok
    h = 1e-6
    np.testing.assert_allclose(D.tangent(x_dot, tape)[0], (D(x + h * x_dot) - D(x - h * x_dot)) / (2 * h), atol=1e-8)
    _, tape_dot = D.tangent(x_dot, tape)
    D.zero_grad()
    dx, dx_dot = D.tangent_backward(ds, np.zeros_like(ds), tape, tape_dot)
    rates, inputs = [], []
    for sign in (1, -1):
        before, (_, moved) = D.grad.copy(), D.forward(x + sign * h * x_dot)
        D.zero_grad()
        inputs.append(D.backward(ds, moved))
        rates.append(D.grad.copy())
        D.grad[...] = before
    np.testing.assert_allclose(D.grad, (rates[0] - rates[1]) / (2 * h), atol=1e-8)
    np.testing.assert_allclose(dx, D.backward(ds, tape, grads=False))
    np.testing.assert_allclose(dx_dot, (inputs[0] - inputs[1]) / (2 * h), atol=1e-8)


def test_projection_methods():
    check_projection_methods()


def test_projection_is_an_inner_product_and_can_be_saved(tmp_path):
    D, x = networks("projection")["D"], RNG(0).normal(size=(N, D_X))
    scores = np.concatenate([D(joined(x, one_hot([k] * N, K, np.float64))) for k in range(K)], axis=-1)  # (N, K)
    middle = scores.mean(axis=-1, keepdims=True)
    assert np.linalg.matrix_rank(scores - middle, tol=1e-9) <= K - 1 and scores.std() > .01
    D.save(tmp_path / "D.npz")
    assert same_bits(Projection.load(tmp_path / "D.npz")(joined(x, np.zeros((N, K)))), D(joined(x, np.zeros((N, K)))))


# ---------------------------------------------------------------- training and sampling


@pytest.mark.parametrize("changes", [{}, {"projection": True}, {"loss": "relativistic", "r2": .1}], ids=str)
def test_training(changes):
    history = check_training(Conditional("ring", hidden=(8,), batch=16, **changes), data.ring().standardized())
    assert history.modes_visited.shape == history.modes_step.shape and history.modes_step.size


def test_the_label_of_a_generated_image_is_that_of_the_real_one():
    digits = data.halves().training
    batch = conditional.draw(digits, 32, 4, Streams(0))
    rows = [np.flatnonzero((np.abs(digits.x - x) < 1e-6).all(axis=-1))[0] for x in batch.x_real]
    assert (digits.labels[rows] == batch.labels.argmax(axis=-1)).all() and (batch.labels.sum(axis=-1) == 1).all()
    assert not same_bits(batch.z_d, batch.z_g)


@pytest.fixture(scope="module")
def model():
    return Conditional("digits", hidden=(8,)).build(data.halves().training)


def test_samples_by_label(model):
    every, sevens = model.sample(20, seed=3), model.sample(20, seed=3, labels=7)
    assert every.shape == (20, 64) and every.dtype == np.float32
    assert same_bits(every[7], sevens[7]) and same_bits(every[17], sevens[17]) and not same_bits(every[6], sevens[6])
    assert same_bits(model.sample(3, labels=[7, 7, 7]), model.sample(3, labels=np.int64(7)))


def test_what_it_says_of_itself(model):
    d, g = 74 * 8 + 8 + 8 + 1, 26 * 8 + 8 + 8 * 64 + 64
    assert repr(model) == f"Conditional (Mirza & Osindero 2014): D {d} parameters; G {g} parameters"
    assert repr(Conditional()) == "Conditional (Mirza & Osindero 2014): no networks yet"
    assert same_bits(model.sample(5, raw=True), model.network("G", raw=True)(model.inputs(5, RNG(seed_sequence(0)))))


def test_a_state_that_does_not_fit_changes_nothing(model):
    before, state = model.state(), Conditional("digits", hidden=(9,)).build(data.halves().training).state()
    for given, message in (
            (state, r"D\.theta has shape \(685,\), expected \(609,\): another system's state"),
            ({name: array for name, array in before.items() if name != "G_ema.theta"},
             "the state does not fit this Conditional: G_ema.theta is on one side only")):
        with pytest.raises(ValueError, match=message):
            model.load_state(given)
    assert all(same_bits(array, before[name]) for name, array in model.state().items())
    changed = {name: array + 1 for name, array in before.items()}
    model.load_state(changed)
    assert all(same_bits(array, changed[name]) for name, array in model.state().items())
    model.load_state(before)


BAD = {
    "another class": ({"labels": 10}, ValueError, "labels must be classes, 0 to 9; got 10"),
    "below 0": ({"labels": [0, 1, -1]}, ValueError, "labels must be classes, 0 to 9; got -1"),
    "floats": ({"labels": [0.0, 1, 2]}, TypeError, "labels must be whole numbers, 0 to 9"),
    "text": ({"labels": "seven"}, TypeError, "labels must be whole numbers, 0 to 9; got 'seven'"),
    "too few": ({"labels": [1, 2]}, ValueError, r"labels must be one number, or 3 of them; got an array of shape \(2,\)"),
    "one-hot": ({"labels": np.eye(10, dtype=int)[:3]}, ValueError, "labels must be one number, or 3 of them"),
}


@pytest.mark.parametrize(("asked", "kind", "message"), BAD.values(), ids=BAD)
def test_bad_labels(model, asked, kind, message):
    with pytest.raises(kind, match=message):
        model.sample(3, **asked)


@pytest.mark.parametrize(("given", "message"), {
    "no labels": (data.Points(np.eye(4)), "has no labels"),
    "a curve": (data.moons(), "moons has no labels"),
    "a gap": (data.Points(np.eye(4), labels=[0, 2, 2, 3]), "class 1 never occurs"),
    "a class that never occurs": (data.digits((3, 5)), "class 0 never occurs"),
}.values(), ids=str)
def test_data_without_classes(given, message):
    with pytest.raises(ValueError, match=message):
        Conditional("ring").build(given)


def test_labels_that_are_no_numbers():
    with pytest.raises(TypeError, match="must be whole numbers from 0 up"):
        Conditional("ring").build(data.Points(np.eye(2), labels=["a", "b"]))


def test_other_data_get_the_settings_of_their_kind():
    assert Conditional.recipe_for("grid") == Conditional.recipes["ring"].replace(data="grid")
    assert Conditional.recipe_for() == Conditional.recipe_for("digits") and Conditional.recipe_for().data == "digits"
    with pytest.raises(ValueError, match="unknown data set 'girds'"):
        Conditional.recipe_for("girds")


@pytest.mark.parametrize(("call", "message"), {
    "unknown setting": (lambda: Conditional(projektion=True), "projection"),
    "a flag": (lambda: Conditional(projection=1), "projection must be True or False; got 1"),
    "no recipe": (lambda: Conditional(3), "recipe must be the name of a data set"),
    "too early": (lambda: Conditional().sample(2), "no networks yet: call train"),
    "no network": (lambda: Conditional("ring").build(data.ring()).network("E"), "unknown network 'E'"),
    "no samples": (lambda: Conditional("ring").build(data.ring()).sample(0), "n must be at least 1"),
    "steps": (lambda: Conditional("ring").train(data.ring(), steps=0), "steps must be at least 1"),
    "no state yet": (lambda: Conditional().load_state({}), "no networks yet: call build"),
    "batch": (lambda: Conditional("ring", batch=99).train(data.Points(np.eye(9), labels=range(9))), "the data have 9 rows"),
}.values(), ids=lambda value: value if isinstance(value, str) else "")
def test_misuse(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


# ---------------------------------------------------------------- planted mistakes


def label_of_another_row(patch):
    """D is given the labels of other generated points than G was."""
    patch.setattr(conditional, "joined", lambda x, y: joined(x, y if x.shape[-1] == D_Z else np.roll(y, 1, axis=-2)))


def label_gradient_kept(patch):
    """The first columns of the gradient are taken to be the label's."""
    through = conditional.gradients.through_d
    patch.setattr(conditional.gradients, "through_d", lambda *a, **k: through(*a, **k)._replace(
        dx=np.roll(through(*a, **k).dx, K, axis=-1)))


def penalty_on_labels(patch):
    """R1 on the label's columns too."""
    patch.setattr("test_conditional.only", lambda first, width: np.ones(width))


def projection_without_label(patch):
    """The label's dense layer gets no gradient."""
    def backward(self, dy, tape, grads=True):
        h, v, seen, label = tape
        return joined(conditional_backward(self.phi, dy * v, seen, grads), self.label.backward(dy * h, label, False))

    from tinygan.zoo.projection import backward_through as conditional_backward
    patch.setattr(Projection, "backward", backward)


def projection_product_rule(patch):
    """The second half of the product rule is missing in tangent_backward."""
    right = Projection.tangent_backward

    def wrong(self, dy, dy_dot, tape, tape_dot):
        h_dot, v_dot, *rest = tape_dot
        return right(self, dy, dy_dot, tape, (np.zeros_like(h_dot), np.zeros_like(v_dot), *rest))

    patch.setattr(Projection, "tangent_backward", wrong)


def d_moves_in_gs_step(patch):
    """G's gradient function fills D's grad as well."""
    through = conditional.gradients.through_d
    patch.setattr(conditional.gradients, "through_d", lambda *a, **k: through(*a, **k, grads=True))


def labels_rolled_in_the_step(patch):
    """G is asked for other labels than those that D is given (kozistr/Awesome-GANs #20)."""
    def wrong(G, D, z, labels, loss, x_real=None):
        asked = np.roll(labels, 1, axis=-2)
        x_fake, tape = G.forward(joined(z, asked))
        s_real = D(joined(x_real, labels)) if loss.needs_real else None
        value, dpair, _ = conditional.gradients.through_d(D, joined(x_fake, labels), loss, s_real)
        G.zero_grad()
        G.backward(dpair[..., :G.d_out], tape)
        return value

    patch.setattr(conditional, "g_gradients", wrong)


def noise_of_the_other_step(patch):
    """G's step makes the images again that D has just seen."""
    step = conditional.step
    patch.setattr(conditional, "step", lambda rules, players, batch: step(rules, players, batch._replace(z_g=batch.z_d)))


def stale_D(patch):
    """G learns from D as it was before its own step."""
    def wrong(rules, players, batch):
        D, G = players["D"].network, players["G"].network
        old = D.copy()
        x_fake = G(joined(batch.z_d, batch.labels))
        d = conditional.d_gradients(D, batch.x_real, x_fake, batch.labels, rules.loss, rules.penalties)
        players["D"].step()
        g_loss = conditional.g_gradients(G, old, batch.z_g, batch.labels, rules.loss, batch.x_real)
        players["G"].step()
        return rules.report(d, g_loss)

    patch.setattr(conditional, "step", wrong)


@pytest.mark.parametrize(("mutant", "check"), [
    (label_of_another_row, lambda: check_both_see_the_same_label("beside")),
    (labels_rolled_in_the_step, lambda: check_both_see_the_same_label("beside")),
    (noise_of_the_other_step, check_step), (stale_D, check_step), (stale_D, lambda: check_step("projection")),
    (label_gradient_kept, check_g), (d_moves_in_gs_step, check_g),
    (projection_without_label, lambda: check_d("projection")), (projection_product_rule, check_projection_methods),
    (projection_product_rule, lambda: check_d("projection", penalties=penalised())),
    (penalty_on_labels, lambda: test_a_penalty_sees_the_columns_of_x_only("beside"))], ids=lambda f: getattr(f, "__name__", ""))
def test_the_mistake_is_caught(monkeypatch, mutant, check):
    passes(check)
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check()
