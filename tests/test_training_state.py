"""A Training in pieces, written down and gone on with; and that nothing of a run stays behind in what was passed to it."""

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from oracles import same_bits

from tinygan import losses
from tinygan.data import ring
from tinygan.engine.features import MinibatchStd
from tinygan.engine.layers import Dense, ReLU
from tinygan.engine.network import Sequential, mlp
from tinygan.engine.norm import SpectralNorm
from tinygan.engine.optim import SGD, Adam, Clipped, cosine_decay, linear_decay
from tinygan.guard import Diverged
from tinygan.history import History
from tinygan.penalties import R1, R2, WGANGP, Falling
from tinygan.streams import Streams, TwoPlayerDraw
from tinygan.training import Training, train, two_players
from tinygan.updates import Player, Rules

STEPS = 12
RING = ring(modes=3, std=0.3).standardized()
SETTINGS = dict(steps=STEPS, batch=16, d_steps=1, opt_g=None, opt_d=None, penalties=(), update="alternating", ema=None,
                schedule=None, instance_noise=None, clip=None, unroll=None, seed=5)


def normal_d(replicas=()):
    return Sequential(SpectralNorm(Dense(2, 8)), ReLU(), MinibatchStd(8), Dense(9, 1), seed=2, replicas=replicas)


def make(loss=None, D=None, replicas=(), data=RING, dtype=np.float32, **settings):
    """A small Training, always the same for the same arguments. With replay=False its steps run plainly."""
    G = mlp(3, 8, 2, seed=1, replicas=replicas, dtype=dtype)
    D = D(replicas) if D else mlp(2, 8, 1, seed=2, replicas=replicas, dtype=dtype)
    return two_players(G, D, data, loss or losses.NonSaturating(), **SETTINGS | settings)


CASES = {
    "alternating": {},
    "simultaneous": {"update": "simultaneous"},
    "optimistic": {"update": "optimistic"},
    "extragradient": {"update": "extragradient"},
    "unroll": {"unroll": (2, 0.1)},
    "ema": {"ema": 0.9},
    "schedule": {"schedule": cosine_decay},
    "momentum": {"opt_g": SGD(0.01, momentum=0.9), "opt_d": SGD(0.01, momentum=0.5)},
    "falling penalties": {"penalties": (R1(Falling(0.1, 0.001)), R2(0.1))},
    "falling noise": {"instance_noise": lambda f: 0.5 * (1 - f)},
    "WGANGP": {"loss": losses.Wasserstein(), "penalties": (WGANGP(Falling(1, 0.1)),)},
    "clip": {"loss": losses.Wasserstein(), "clip": 0.05},
    "spectral norm": {"D": normal_d, "loss": losses.Hinge()},
    "replicas": {"replicas": 3},
    "d_steps": {"d_steps": 3},
    "everything": {"D": normal_d, "replicas": 2, "d_steps": 3, "update": "optimistic", "ema": 0.9, "schedule": linear_decay,
                   "clip": 0.5, "penalties": (R1(Falling(0.1, 0.001)), WGANGP(0.1)), "instance_noise": lambda f: 0.2 * (1 - f),
                   "loss": losses.Relativistic(), "unroll": (1, 0.1), "opt_d": Adam(0.01, 0, 0.9), "opt_g": SGD(0.02, 0.5)},
}
EACH_CASE = pytest.mark.parametrize("case", CASES)


def same_state(one, other):
    """Whether two Trainings, or two states, agree in every bit of everything: players, average, streams, history."""
    one, other = (training if isinstance(training, dict) else training.state() for training in (one, other))
    return one.keys() == other.keys() and all(same_bits(array, other[name]) for name, array in one.items())


# --- in pieces --------------------------------------------------------------------------------------------------------


@EACH_CASE
def test_steps_in_pieces_are_the_run(case):
    whole, pieces = make(**CASES[case], replay=False), make(**CASES[case])
    history = whole.run(progress=False)
    reports = [pieces.advance(n) for n in (1, 4, 2, 5)]
    assert same_state(whole, pieces) and pieces.done == STEPS and repr(whole).split(";")[:2] == repr(pieces).split(";")[:2]
    for name in history.columns:
        assert same_bits(np.float64(reports[-1][name]), history[name][-1]), "advance returns the last step's report"
    assert pieces.run(progress=False) is pieces.history and pieces.done == STEPS, "a run that has ended does not go on"


def test_a_run_may_begin_in_pieces_and_stop_in_between():
    whole, pieces = make(), make()
    whole.run(progress=False)
    pieces.advance()
    pieces.run(lambda state: state.step == 5, progress=False)
    assert pieces.done == 5 and pieces.history.step.tolist() == [1, 2, 3, 4, 5]
    pieces.run(progress=False)
    assert same_state(whole, pieces)


def test_one_may_go_beyond_the_planned_end():
    """The schedules stay at their end; steps beyond it are recorded as the others are."""
    training = make(schedule=linear_decay)
    training.advance(STEPS)
    before = training.state()
    training.advance(3)
    assert training.done == STEPS + 3 and training.history.step[-1] == STEPS + 3
    assert same_bits(training.state()["G.network.theta"], before["G.network.theta"])  # a rate of 0


@pytest.mark.parametrize("n, error", [(0, ValueError), (1.5, TypeError)])
def test_advance_takes_a_number_of_steps(n, error):
    with pytest.raises(error, match="n must be"):
        make().advance(n)


# --- written down and gone on with ------------------------------------------------------------------------------------


@EACH_CASE
def test_a_fresh_training_goes_on_from_a_state_as_if_nothing_had_stopped(case):
    check_goes_on(case)


def check_goes_on(case):
    """To the last bit of everything: five steps, a state, and the rest by another Training."""
    whole, first, fresh = (make(**CASES[case]) for _ in range(3))
    whole.run(progress=False)
    first.advance(5)
    fresh.load_state(first.state())
    assert same_state(first, fresh) and fresh.done == 5
    fresh.run(progress=False)
    assert same_state(whole, fresh) and same_bits(fresh.history.d_loss, whole.history.d_loss)
    assert fresh.history.step.size == fresh.history.modes_step.size == STEPS


def go_on(folder):
    """Another process: each case's state from the folder, to the end of its run, and back into the folder."""
    for case, settings in CASES.items():
        training = make(**settings)
        with np.load(Path(folder) / f"{case}.npz", allow_pickle=False) as file:
            training.load_state(dict(file))
        training.run(progress=False)
        np.savez(Path(folder) / f"{case} ended.npz", **training.state())


def test_another_process_goes_on_from_a_file(tmp_path):
    for case, settings in CASES.items():
        training = make(**settings)
        training.advance(5)
        np.savez(tmp_path / f"{case}.npz", **training.state())
    code = f"import test_training_state; test_training_state.go_on({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=True)
    for case, settings in CASES.items():
        whole = make(**settings)
        whole.run(progress=False)
        with np.load(tmp_path / f"{case} ended.npz", allow_pickle=False) as file:
            assert same_state(dict(file), whole.state()), case


def test_a_state_is_a_copy():
    """What the run does afterwards does not change it, and what is done to it does not change a run that took it over."""
    training, other = make(**CASES["everything"]), make(**CASES["everything"])
    training.advance(5)
    state = training.state()
    kept = copy.deepcopy(state)
    training.advance(3)
    assert same_state(state, kept)
    other.load_state(state)
    for array in state.values():
        if array.flags.writeable:
            array[...] = 0
    assert same_state(other, kept)
    other.advance(3)
    assert same_state(other, training)


def test_a_state_from_before_the_first_look_leads_to_all_looks():
    """A long run counts modes now and then. A state without a look yet does not say that there will be none."""
    whole, first, fresh = (make(steps=2500, batch=4) for _ in range(3))
    whole.advance(120)
    first.advance(20)
    assert first.history.modes_step.size == 0 and first.history.step.tolist() == [3, 6, 9, 12, 15, 18]
    fresh.load_state(first.state())
    fresh.advance(100)
    assert same_state(whole, fresh) and fresh.history.modes_step.tolist() == [50, 100]


class Once(losses.NonSaturating):
    """The loss of D is infinite once, in replica 0, at D's third evaluation; the derivatives stay what they are."""

    def __init__(self, call=3):
        super().__init__()
        self.call, self.calls = call, 0

    def d(self, s_real, s_fake):
        loss = super().d(s_real, s_fake)
        self.calls += 1
        if self.calls == self.call:
            loss.value[0] = np.inf
        return loss


def test_a_replica_that_was_lost_stays_lost():
    check_lost_stays_lost()


def check_lost_stays_lost():
    """Its numbers may be finite again: the history says since when it is held still."""
    whole, first, fresh = make(Once(), replicas=2, replay=False), make(Once(), replicas=2, replay=False), make(replicas=2)
    whole.run(progress=False)
    first.advance(5)
    fresh.load_state(first.state())
    fresh.run(progress=False)
    assert same_state(whole, fresh) and fresh.history.diverged.tolist() == [3, 0]
    assert same_bits(fresh.state()["G.network.theta"][0], first.state()["G.network.theta"][0])


def test_a_divergence_after_a_state_puts_back_what_was_loaded():
    first, fresh = make(), make(Once(1), replay=False)
    first.advance(5)
    fresh.load_state(first.state())
    fresh.step.args[0].loss.d = lambda s_real, s_fake: losses.NonSaturating().d(s_real * np.nan, s_fake)
    with pytest.raises(Diverged, match="step 6") as caught:
        fresh.advance()
    assert same_bits(fresh.state()["D.network.theta"], first.state()["D.network.theta"])
    assert caught.value.history is fresh.history and fresh.history.diverged == 6 and fresh.history.step[-1] == 6


def without(name):
    return lambda state: {key: array for key, array in state.items() if key != name}


def but(**changes):
    return lambda state: state | {name.replace("__", "."): np.asarray(array) for name, array in changes.items()}


OTHERS = {
    "no state at all": (lambda state: {}, "missing: D.network, D.optimiser, G.network, G.optimiser, G_ema, history"),
    "no steps done": (without("training.done"), "missing: training; unknown: none"),
    "no streams": (without("streams.streams"), "missing: streams; unknown: none"),
    "no theta": (without("G.network.theta"), "missing: G.network; unknown: none"),
    "no average": (without("G_ema.theta"), "missing: G_ema; unknown: none"),
    "another player": (but(E__network__theta=0), "missing: none; unknown: E.network"),
    "not a part": (but(theta=0), "missing: none; unknown: theta"),
    "another size": (but(G__network__theta=np.zeros(3)), r"theta has shape \(3,\), expected \(50,\): another network's state"),
    "no count of steps": (without("D.optimiser.t"), "remembers t, m, v; got m, v"),
    "another optimiser": (but(D__optimiser__velocity=np.zeros(33)), "remembers t, m, v; got t, m, v, velocity"),
    "memories of another size": (but(D__optimiser__m=np.zeros(3)), r"D.optimiser has memories of another shape than \(33,\)"),
    "no history": (without("history.diverged"), "a history has the arrays .* missing here: diverged"),
    "half a history": (but(history__d_loss=np.zeros(2)), "each column of a history has a row for each of its 5 steps; got"),
    "streams of replicas": (lambda state: state | {"streams.streams": make(replicas=2).state()["streams.streams"]},
                            "streams for 2 replicas; this run has 1"),
    "too far": (but(training__done=STEPS + 1), "it stands at step 13, and this Training has 12 steps"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_state_of_something_else_changes_nothing(other):
    change, message = OTHERS[other]
    source, training = make(ema=0.9), make(ema=0.9)
    source.advance(5)
    training.advance(2)
    before = training.state()
    with pytest.raises(ValueError, match=f"the state does not fit this Training.*{message}"):
        training.load_state(change(source.state()))
    assert same_state(training, before)
    training.run(progress=False)
    source.run(progress=False)
    assert same_state(training, source), "it goes on as if nobody had tried"


@pytest.mark.parametrize("settings, message", [
    ({}, "unknown: G_ema"), ({"ema": 0.9, "replicas": 2}, "theta has shape"),
    ({"ema": 0.9, "D": normal_d}, "this network's state"),
    ({"ema": 0.9, "opt_d": SGD(0.1)}, "remembers t, velocity; got t, m, v"), ({"ema": 0.9, "steps": 4}, "stands at step 5")])
def test_a_training_of_another_kind_does_not_take_it(settings, message):
    source, training = make(ema=0.9), make(**settings)
    source.advance(5)
    with pytest.raises(ValueError, match=message):
        training.load_state(source.state())
    assert training.done == 0 and same_state(training, make(**settings))


def test_a_history_without_looks_can_be_told_to_go_on_looking():
    history = History(100, count_modes=True)
    assert History.from_arrays(100, history.arrays()).look_every is None
    assert History.from_arrays(100, history.arrays(), count_modes=True).look_every == 2


# --- nothing stays behind ---------------------------------------------------------------------------------------------


class Stops(Exception):
    pass


class Ends:
    """Data that are far beyond float32, or raise, when they are asked for the fourth time."""

    dim = 2

    def __init__(self, how):
        self.how, self.left = how, 4

    def sample(self, n, rng):
        self.left -= 1
        if self.left == 0 and self.how == "raises":
            raise Stops
        return RING.sample(n, rng) * (1e60 if self.left == 0 and self.how == "diverges" else 1)


ENDINGS = {"to the end": None, "stopped": None, "diverges": Diverged, "raises": Stops}


def passed():
    """What one passes to a run and may use again."""
    return {"opt_g": Adam(0.01), "opt_d": Clipped(SGD(0.01, momentum=0.9), 0.5),
            "penalties": (R1(Falling(0.1, 0.001)), R2(Falling(0.2, 0.002)), WGANGP(Falling(1, 0.1)))}


def contents(thing):
    """All that an object holds, in depth, as text."""
    if isinstance(thing, np.ndarray):
        return f"{thing.dtype}{thing.shape}{thing.tolist()}"
    if isinstance(thing, (tuple, list)):
        return str([contents(part) for part in thing])
    if isinstance(thing, dict):
        return str({name: contents(part) for name, part in thing.items()})
    if hasattr(thing, "__dict__") and not callable(thing):
        return f"{type(thing).__name__}{contents(vars(thing))}"
    return f"{type(thing).__name__}{contents(vars(thing))}" if type(thing).__module__.startswith("tinygan") else repr(thing)


def hand_written_step(opt, penalties):
    """One step of D by hand, with a penalty for each kind of points; all that comes of it."""
    rng = np.random.default_rng(0)
    D, x_real, x_fake = mlp(2, 8, 1, seed=7), *rng.normal(size=(2, 6, 2)).astype(np.float32)
    values = [penalty(D, x, D.forward(x)[1]) for penalty, x in zip(penalties[:2], (x_real, x_fake), strict=True)]
    values.append(penalties[2](D, x_real, x_fake, rng))
    opt.step(D.theta, D.grad)
    return np.array([*values, *D.theta])


@pytest.mark.parametrize("replay", [True, False])
@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_of_a_run_stays_behind_in_what_was_passed(ending, replay):
    check_nothing_left(ending, replay)


def check_nothing_left(ending, replay=True):
    """Optimisers and penalties hold what they held, and a step by hand has the rate and the weights of fraction 0."""
    mine, untouched = passed(), passed()
    for opt in (mine["opt_d"], untouched["opt_d"]):
        hand_written_step(opt, untouched["penalties"])  # an optimiser with a memory
    hand_written_step(untouched["opt_d"].__class__(SGD(0.01), 0.5), mine["penalties"])  # penalties that were used
    before = contents(mine)
    assert "velocity" in before and "start" in before
    G, D = mlp(3, 8, 2, seed=1), mlp(2, 8, 1, seed=2)
    settings = dict(steps=STEPS, batch=16, schedule=linear_decay, progress=False, replay=replay, **mine,
                    callback=(lambda state: state.step == 7) if ending == "stopped" else None)
    if ENDINGS[ending]:
        with pytest.raises(ENDINGS[ending]):
            train(G, D, Ends(ending), losses.NonSaturating(), **settings)
    else:
        train(G, D, Ends(ending), losses.NonSaturating(), **settings)
    assert contents(mine) == before
    assert same_bits(hand_written_step(mine["opt_d"], mine["penalties"]),
                     hand_written_step(untouched["opt_d"], untouched["penalties"]))


@pytest.mark.parametrize("replay", [True, False])
@pytest.mark.parametrize("ending", ENDINGS)
def test_between_steps_a_trainings_own_parts_have_no_schedule(ending, replay):
    check_released(ending, replay)


def check_released(ending, replay=True):
    """The optimisers and penalties of a Training that one has made oneself remember, but rates and weights are those of 0."""
    opt, penalty = SGD(2**-6), R1(Falling(0.1, 0.001))
    G, D = mlp(3, 8, 2, seed=1), mlp(2, 8, 1, seed=2)
    draw, step = TwoPlayerDraw(Ends(ending), 16, 1, 3, np.float32), Rules(losses.NonSaturating(), (penalty,)).step()
    training = Training({"D": Player(D, opt), "G": Player(G, SGD(0.01))}, draw, step, steps=STEPS, streams=Streams(5),
                        schedule=linear_decay, scheduled=(draw, penalty), replay=replay)
    try:
        training.run((lambda state: state.step == 7) if ending == "stopped" else None, progress=False)
    except (Diverged, Stops):
        assert ENDINGS[ending]
    assert training.done == {"to the end": 12, "stopped": 7, "diverges": 4, "raises": 3}[ending]
    assert int(opt.t) == {"to the end": 12, "stopped": 7, "diverges": 4, "raises": 3}[ending]
    assert penalty.now(np.float32) == np.float32(0.1) and draw.fraction == 0
    theta, opt.velocity[...] = np.zeros(33, np.float32), 0  # after a divergence it remembers that
    opt.step(theta, np.ones(33, np.float32))
    assert (theta == -np.float32(2**-6)).all()


def test_two_trainings_with_the_same_penalties_do_not_disturb_each_other():
    check_two_at_once()


def check_two_at_once():
    """Step by step in turn, at different fractions of their runs and in two dtypes: each ends as it would alone.

    The second begins when the first one's steps are replayed already: a replay holds on to the arrays that it has seen.
    """
    penalties, another = passed()["penalties"], dict(steps=6, seed=6, dtype=np.float64)
    one, other = make(penalties=penalties), make(penalties=penalties, **another)
    for step in range(12):
        one.advance()
        if step >= 6:
            other.advance()
    alone, other_alone = make(penalties=passed()["penalties"]), make(penalties=passed()["penalties"], **another)
    alone.run(progress=False)
    other_alone.run(progress=False)
    assert same_state(one, alone) and same_state(other, other_alone)


class Watched:
    """The ring, and the first point of each batch that was drawn."""

    dim = 2

    def __init__(self):
        self.drawn = []

    def sample(self, n, rng):
        x = RING.sample(n, rng)
        self.drawn.append(tuple(x[0]))
        return x


def test_a_second_call_draws_the_same_points_and_a_checkpoint_or_another_seed_other_ones(tmp_path):
    """So two calls of train are not one longer one; a checkpoint makes them that."""
    def drawn(**more):
        watched, G, D = Watched(), mlp(3, 8, 2, seed=1), mlp(2, 8, 1, seed=2)
        train(G, D, watched, losses.NonSaturating(), batch=16, progress=False, **more)
        return watched.drawn

    first, longer = drawn(steps=3), drawn(steps=6)
    assert drawn(steps=3) == first == longer[:len(first)] and len(set(longer)) == len(longer)
    assert not set(drawn(steps=3, seed=1)) & set(first)
    keeping = {"checkpoint": tmp_path / "run.npz"}
    assert drawn(steps=3, **keeping) == first
    assert set(drawn(steps=6, **keeping)) == set(longer) - set(first)


def test_training_twice_with_the_same_optimisers_gives_the_same_bits():
    mine, found = passed(), []
    for _ in range(2):
        G, D = mlp(3, 8, 2, seed=1), mlp(2, 8, 1, seed=2)
        train(G, D, RING, losses.NonSaturating(), steps=STEPS, batch=16, progress=False, **mine)
        found.append(np.concatenate([G.theta, D.theta]))
    assert same_bits(*found)


def test_the_contents_of_an_object_show_what_a_run_would_leave():
    """The comparison above notices a memory, a rate that stays scaled and a weight that stays where a schedule put it."""
    before = contents(passed())
    assert contents(passed()) == before
    for change in (lambda mine: mine["opt_g"].prepare(0.5), lambda mine: mine["penalties"][0].prepare(0.5),
                   lambda mine: mine["opt_d"].step(np.zeros(3), np.ones(3))):
        mine = passed()
        change(mine)
        assert contents(mine) != before
