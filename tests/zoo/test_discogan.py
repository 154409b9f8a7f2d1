"""The DiscoGAN: the whole steps of all four networks, training, and what may be asked of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from oracles import LOSSES, loss_name, same_bits
from zoo_checks import RNG, check_float32, check_replicas, check_training, check_whole_step, settled

from tinygan import data, losses, mlp
from tinygan.engine.layers import Softplus, Tanh
from tinygan.engine.optim import SGD
from tinygan.penalties import R1, R2
from tinygan.updates import Player
from tinygan.zoo import DiscoGAN, discogan
from tinygan.zoo.discogan import Nets, Rules

N, A, B = 5, 3, 2
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "zoo_discogan.json").read_text())
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
RING, SQUARE = data.ring().standardized(), data.square().standardized()


def networks(replicas=None, dtype=np.float64):
    many = {"dtype": dtype, "replicas": () if replicas is None else replicas}
    return {"D_A": mlp(A, 6, 1, activation=Softplus, seed=1, **many), "D_B": mlp(B, 7, 1, activation=Softplus, seed=2, **many),
            "G_AB": mlp(A, 6, B, activation=Tanh, seed=3, **many), "G_BA": mlp(B, 5, A, activation=Tanh, seed=4, **many)}


def arrays(front=(), seed=0):
    rng = RNG(seed)
    return {"a": rng.normal(size=(*front, N, A)), "b": rng.normal(size=(*front, N, B))}


def d_play(loss, penalties=(), part=None):
    def play(nets, given):
        both = discogan.d_gradients(Nets(**nets), given["a"], given["b"], Rules(loss, 1.0, penalties))
        return both if part is None else both[part]

    return play


def g_play(loss, cycle=.8):
    return lambda nets, given: discogan.g_gradients(Nets(**nets), given["a"], given["b"], Rules(loss, cycle))


def check_d(loss=losses.NonSaturating, penalties=()):
    """Each D's grad is the derivative of its own loss, and of the other one's not at all."""
    nets = settled(networks())
    for part, name in enumerate(("D_A", "D_B")):
        others = {other: net for other, net in nets.items() if other != name}
        d_play(loss(), penalties)(nets, arrays())
        kept = {other: net.grad.copy() for other, net in others.items()}

        def play(one, given, others=others, part=part):
            return d_play(loss(), penalties, part)({**others, **one}, given)

        check_whole_step({name: nets[name]}, arrays(), play, {name: "value"})
        assert all(same_bits(net.grad, kept[other]) for other, net in others.items())


def check_g(loss=losses.NonSaturating, cycle=.8):
    check_whole_step(settled(networks()), arrays(), g_play(loss(), cycle), {"G_AB": "value", "G_BA": "value"})


def check_by_hand():
    """L_G written out: both games, and both ways there and back. A gradient check cannot see a term that is missing."""
    nets, given, loss = settled(networks()), arrays(), losses.NonSaturating()
    a, b = given["a"], given["b"]
    ab, ba = nets["G_AB"](a), nets["G_BA"](b)
    cycles = np.square(nets["G_BA"](ab) - a).mean() + np.square(nets["G_AB"](ba) - b).mean()
    games = loss.g(nets["D_B"](ab)).value + loss.g(nets["D_A"](ba)).value
    got = g_play(loss, .8)(nets, given)
    np.testing.assert_allclose(got, (games + .8 * cycles, cycles), rtol=1e-12)
    d_a, d_b = d_play(loss)(nets, given)
    np.testing.assert_allclose(d_a.value, loss.d(nets["D_A"](a), nets["D_A"](ba)).value, rtol=1e-12)
    np.testing.assert_allclose(d_b.value, loss.d(nets["D_B"](b), nets["D_B"](ab)).value, rtol=1e-12)


@EACH_LOSS
def test_whole_steps(loss):
    check_d(loss)
    check_g(loss)


def test_the_losses_by_hand():
    check_by_hand()


def test_penalties():
    check_d(penalties=(R1(.7), R2(.4)))


def test_without_cycles_each_generator_learns_from_its_own_game():
    check_g(cycle=0.0)
    nets, given = settled(networks()), arrays()
    g_play(losses.NonSaturating(), 0.0)(nets, given)
    one = nets["G_AB"].grad.copy()
    nets["G_BA"].theta += 1.0
    g_play(losses.NonSaturating(), 0.0)(nets, given)
    assert same_bits(one, nets["G_AB"].grad)


def test_replicas_and_float32():
    for play in (d_play(losses.Relativistic(), (R1(.7), R2(.4))), g_play(losses.Relativistic())):
        check_replicas(networks, arrays((3,)), play)
        check_float32(settled(networks()), arrays(), play)


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["loss"])
def test_values_gradients_and_steps_are_those_of_pytorch(case):
    nets = {name: mlp(*sizes, activation=Tanh, dtype=np.float64) for name, sizes in GOLDEN["sizes"].items()}
    for name, net in nets.items():
        net.theta[...] = case[f"theta_{name}"]
    a, b, loss = np.array(case["a"]), np.array(case["b"]), getattr(losses, case["loss"])()
    rules = Rules(loss, GOLDEN["cycle"], (R1(GOLDEN["gammas"]["r1"]), R2(GOLDEN["gammas"]["r2"])))
    near([d.value for d in discogan.d_gradients(Nets(**nets), a, b, rules)], [case["d_a_value"], case["d_b_value"]])
    near(discogan.g_gradients(Nets(**nets), a, b, rules), (case["g_value"], case["cycle"]))
    for name, net in nets.items():
        near(net.grad, case[f"gradient_{name}"])
    players = {name: Player(net, SGD(GOLDEN["rate"])) for name, net in nets.items()}
    for _ in range(GOLDEN["steps"]):
        discogan.step(rules, players, discogan.Batch(a, b, a, b))
    for name, net in nets.items():
        near(net.theta, case[f"stepped_{name}"])


def test_every_loss_is_there():
    assert {case["loss"] for case in GOLDEN["cases"]} == {loss.__name__ for loss in LOSSES}


@pytest.mark.parametrize("changes", [{}, {"cycle": 0}, {"loss": "non-saturating", "r1": None, "r2": None}], ids=str)
def test_training(changes):
    history = check_training(DiscoGAN("ring", hidden=(8,), batch=16, **changes), RING)
    assert list(history.columns) == ["d_a_loss", "d_b_loss", "g_loss", "cycle"]


def test_there_are_no_pairs():
    from tinygan.streams import Streams

    batch = discogan.draw(RING, SQUARE, 64, Streams(0))
    modes = [np.square(x[:, None] - mixture.means).sum(axis=-1).argmin(axis=-1)
             for x, mixture in ((batch.a_g, RING), (batch.b_g, SQUARE))]
    assert (modes[0] == modes[1]).mean() < .5 and not same_bits(batch.a_d, batch.a_g)


@pytest.fixture(scope="module")
def model():
    return DiscoGAN("ring", hidden=(8,)).build(RING)


def test_translations(model):
    a = RING.sample(7, RNG(0))
    ab = model.translate(a)
    assert ab.shape == (7, 2) and model.translate(ab, back=True).shape == (7, 2)
    assert same_bits(ab, model.network("G_AB")(a))
    assert model.sample(5, seed=2).shape == (5, 2) and same_bits(model.sample(5, seed=2), model.sample(5, seed=2))


def test_domains_of_other_sizes():
    wide = DiscoGAN("ring", target=data.gaussians_1d().standardized(), hidden=(4,)).build(RING)
    assert wide.translate(np.zeros((3, 2))).shape == (3, 1) and wide.translate(np.zeros((3, 1)), back=True).shape == (3, 2)
    assert DiscoGAN("ring", target="moons").recipe.target == "moons"


BAD = {
    "columns": (lambda m: m.translate(np.zeros((3, 5))), "x, from domain A, must have 2 columns; got 5"),
    "one row": (lambda m: m.translate(np.zeros(2), back=True), r"x, from domain B, must be a 2-D array"),
    "NaN": (lambda m: m.translate(np.full((3, 2), np.nan)), "finite"),
    "another network": (lambda m: m.network("G"), "unknown network 'G'"),
    "unknown target": (lambda m: DiscoGAN("ring", target="sqare"), "square"),
    "target of no kind": (lambda m: DiscoGAN("ring", target=3), "data must be an array"),
    "too early": (lambda m: DiscoGAN("ring").sample(3), "no networks yet: call train"),
    "cycle": (lambda m: DiscoGAN("ring", cycle=-1), "cycle must be a finite number above 0, or 0; got -1"),
}


@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD)
def test_misuse(model, call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(model)


# ---------------------------------------------------------------- planted mistakes


def mutated(patch, old, new):
    """discogan's way there and back with one line changed."""
    import inspect
    import textwrap

    source = textwrap.dedent(inspect.getsource(discogan._one_way))
    assert source.count(old) == 1, old
    names = dict(vars(discogan))
    exec(source.replace(old, new), names)
    patch.setattr(discogan, "_one_way", names["_one_way"])


def only_the_first_generator(patch):
    """The way back collects no gradient from the cycle (a step between the two cycles does the same)."""
    mutated(patch, "error, tape_back)", "error, tape_back, False)")


def cycle_not_passed_on(patch):
    """The way there learns nothing of the cycle."""
    mutated(patch, "dab = dab + back.backward(", "0 * dab + back.backward(")


def cycle_without_2(patch):
    mutated(patch, "rules.cycle * 2 /", "rules.cycle /")


def cycle_of_the_sum(patch):
    """The gradient is that of a sum over coordinates, the value a mean."""
    mutated(patch, "2 / (n * d)", "2 / n")


def unpaired_cycle(patch):
    """The way back is compared with the other domain's batch (an L1 between fake_A and real_A of an unpaired batch)."""
    mutated(patch, "aba - a,", "aba - np.roll(a, 1, axis=-2),")


def cycle_in_one_direction(patch):
    mutated(patch, "error, n, d = aba - a,", "error, n, d = (0 if D.d_in == 3 else 1) * (aba - a),")


@pytest.mark.parametrize(("mutant", "check"), [
    (only_the_first_generator, check_g), (cycle_not_passed_on, check_g), (cycle_without_2, check_g), (cycle_of_the_sum, check_g),
    (unpaired_cycle, check_by_hand), (cycle_in_one_direction, check_by_hand)], ids=lambda f: f.__name__)
def test_the_mistake_is_caught(monkeypatch, mutant, check):
    check()
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check()
