"""The game of `tinygan play`, without a page."""

import gc
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from tinygan.playground import Session
from tinygan.playground.session import DATA, NOW

CHANGES = {"loss": "wasserstein", "r1": .1, "r2": .1, "gp": .1, "d_steps": 2, "lr": 3e-3, "lr_d": 2e-3, "batch": 16,
           "update": "optimistic", "unroll": (2, .3), "instance_noise": .1, "ema": .9}
HEART = [[np.sin(t) ** 3 * 1.6, 1.3 * np.cos(t) - .5 * np.cos(2 * t)] for t in np.linspace(0, 6, 40)]


def same(a, b):
    """Whether two games stand at the same bits."""
    one, other = a.training.state(), b.training.state()
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def replayed(session, tmp_path):
    """The last line of the saved program, run in a process of its own."""
    path = tmp_path / "game.py"
    path.write_text(session.script(), encoding="utf-8")
    return subprocess.run([sys.executable, path], capture_output=True, text=True, check=True).stdout.splitlines()[-1]


def ends(session):
    return f"G {float(abs(session.G.theta).sum())} D {float(abs(session.D.theta).sum())}"


def test_every_setting_that_changes_immediately_is_tried():
    assert set(CHANGES) == set(NOW)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.sampled(3)
def test_looking_changes_nothing(data):
    looked, other = (Session(data=data, seed=3, d_layers="spectral-norm", pack=2) for _ in range(2))
    for who in ("both", "D", "G"):
        looked.view()
        looked.do(who, 2)
        looked.script()
        looked.view()
        other.do(who, 2)
        assert same(looked, other)
    other.do("D")  # the control: a move is seen
    assert not same(looked, other)


@pytest.mark.parametrize("name", [name for name in NOW if name != "ema"])
def test_a_change_keeps_the_game_and_matters_from_the_next_round_on(name):
    a, b = Session(seed=1), Session(seed=1)
    for session in (a, b):
        session.do("both", 3)
    before = a.G.theta.copy()
    a.change(**{name: CHANGES[name]})
    assert a.rounds == 3 and a.version == 1 and np.array_equal(a.G.theta, before)
    for session in (a, b):
        session.do("both", 3)
    assert not np.array_equal(a.training.state()["G.network.theta"], b.training.state()["G.network.theta"])


@pytest.mark.parametrize("who", ["D", "G"])
def test_a_step_of_one_player_moves_it_alone_as_a_round_does(who):
    settings = {"unroll": (2, .3), "instance_noise": .1, "r1": .3, "gp": .1, "loss": "relativistic", "update": "simultaneous"}
    a, b = Session(seed=1, **settings), Session(seed=1, **settings)
    before = {name: getattr(a, name).theta.copy() for name in "GD"}
    a.do(who)
    b.do("both")
    other = "D" if who == "G" else "G"
    assert np.array_equal(getattr(a, who).theta, getattr(b, who).theta)
    assert np.array_equal(getattr(a, other).theta, before[other]) and not np.array_equal(getattr(b, other).theta, before[other])
    assert not np.array_equal(getattr(a, who).theta, before[who])


def test_an_average_begins_when_it_is_chosen_and_changes_nothing_else():
    a, b = Session(seed=1), Session(seed=1)
    assert a.view()[0]["average_score"] is None and a.view()[1]["average"].size == 0
    for session in (a, b):
        session.do("both", 3)
    a.change(ema=.9)
    average = a.G.theta.astype(float)
    for _ in range(3):
        for session in (a, b):
            session.do("both")
        average += .1 * (a.G.theta - average)
    a.change(lr=1e-3)
    a.change(loss="hinge")
    assert np.allclose(a.training.G_ema.theta, average, atol=1e-6) and not np.allclose(average, a.G.theta, atol=1e-4)
    b.change(lr=1e-3, loss="hinge")
    assert np.array_equal(a.G.theta, b.G.theta) and np.array_equal(a.D.theta, b.D.theta)
    facts, arrays = a.view()
    assert np.allclose(arrays["average"], a.training.G_ema(a.z.astype(np.float32)), atol=1e-6) and facts["average_score"]
    a.change(ema=None)
    assert a.training.G_ema is None and a.view()[0]["average_score"] is None


def test_a_change_to_the_same_settings_is_none():
    a, b = Session(), Session()
    for session in (a, b):
        session.do("both", 3)
    a.change(loss="non-saturating", r1=None)
    for session in (a, b):
        session.do("both", 2)
    assert same(a, b) and a.log == b.log


@pytest.mark.slow
@pytest.mark.parametrize("update", ["alternating", "simultaneous", "optimistic", "extragradient"])
def test_the_script_plays_the_same_game(tmp_path, update):
    session = Session(seed=5, update=update, pack=2, d_fourier=(6, 3, .1))
    session.do("both", 12)
    session.do("D", 3)
    for name, value in CHANGES.items():
        session.change(**{name: value})
        session.do("both", 3)
        session.do("G", 2)
    assert replayed(session, tmp_path) == ends(session)


@pytest.mark.slow
def test_the_script_holds_drawn_data(tmp_path):
    session = Session(seed=2)
    session.draw(HEART)
    session.do("both", 20)
    assert replayed(session, tmp_path) == ends(session)
    stood = ends(session)
    session.do("both")
    assert replayed(session, tmp_path) == ends(session) != stood


def test_the_script_plays_the_same_game_here(capsys):
    session = Session(seed=4, loss="hinge")
    session.do("both", 8)
    session.change(loss="relativistic", r1=.1, gp=.1)
    session.do("D", 2)
    session.do("both", 6)
    exec(compile(session.script(), "game.py", "exec"), {"__name__": "game"})
    assert capsys.readouterr().out.splitlines()[-1] == ends(session)
    session.do("G")
    exec(compile(session.script().replace("single(", "(lambda *_: 0)("), "game.py", "exec"), {})  # the control
    assert capsys.readouterr().out.splitlines()[-1] != ends(session)


@pytest.mark.parametrize("bad", [{"loss": "hing"}, {"nothing": 1}, {"lr": float("nan")}, {"lr": -1}, {"hidden": (4096,)},
                                 {"hidden": (8,) * 9}, {"batch": 10**9}, {"latent": 10**6}, {"data": "/etc/passwd"},
                                 {"d_steps": 1000}, {"seed": -1}, {"steps": 5}, {"pack": 3}, {"instance_noise": -1},
                                 {"d_fourier": (1000, 3, .1)}, {"unroll": (1000, .1)}, {"unroll": 3}, {"unroll": (5, -1)},
                                 {"ema": 1}, {"schedule": "constant"}, {"d_layers": "none"}, {"data": None}])
def test_bad_settings_change_nothing(bad):
    session, other = Session(), Session()
    for each in (session, other):
        each.do("both", 2)
    with pytest.raises((ValueError, TypeError)):
        session.change(**bad)
    for each in (session, other):
        each.do("both", 2)
    assert same(session, other) and session.recipe == other.recipe


@pytest.mark.parametrize("points", [[], [[0, 0]], [[0, 0], [0, 0]], [[0, 0], [1, None]], [[0, 0], [1, float("inf")]], "heart",
                                    [[1, 2, 3], [2, 3, 4]], [[0, 0], [1, 99]], np.zeros((6000, 2)).tolist(), {"a": 1}])
def test_bad_drawings_change_nothing(points):
    session = Session()
    with pytest.raises((ValueError, TypeError)):
        session.draw(points)
    assert session.version == 1 and session.points is None


def test_choosing_data_ends_a_drawing():
    session = Session()
    session.draw(HEART)
    assert session.settings()["data"] == "drawn" and session.version == 2
    session.change(seed=1)
    assert session.settings()["data"] == "drawn" and session.version == 3
    session.change(data="ring")
    assert session.settings()["data"] == "ring" and session.version == 4


def test_a_game_that_diverges_says_so_and_stands_still():
    session = Session(lr=1e4, loss="wasserstein", seed=0)
    session.do("both", 60)
    assert session.diverged and "diverged" in session.message
    facts, arrays = session.view()
    assert facts["diverged"] and all(np.isfinite(array).all() for array in arrays.values())
    log = list(session.log)
    session.do("both")
    session.do("D")
    assert session.log == log
    session.begin()
    assert not session.diverged


def test_the_curves_stay_short():
    session = Session(hidden=(4,), batch=4)
    for _ in range(3000):
        session._add_row({"d_loss": 1, "g_loss": 1, "d_real": 1, "d_fake": 1})
    assert len(session.rows) <= 401
    session.change(loss="hinge")
    assert session.rows == [] and session.mark == session.rounds


@pytest.mark.slow
def test_a_long_game_takes_no_more_memory_than_a_short_one():
    session, sizes = Session(hidden=(4,), batch=4), []
    tracemalloc.start()
    try:
        for _ in range(4):
            for _ in range(30):
                session.do("both", 50)
                session.view()
                session.change(loss="hinge" if session.recipe.loss != "hinge" else "wasserstein")
            gc.collect()  # what was left behind by changes may form circles
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[-1] - sizes[1] < 200_000, sizes  # the log of the changes grows


@pytest.mark.slow
def test_ten_thousand_random_actions():
    rng = np.random.default_rng(0)
    session = Session(hidden=(8,), batch=8)
    anew = {"data": list(DATA), "seed": [0, 1, 2], "hidden": [(8,), (8, 8)], "latent": [1, 2, 16], "pack": [1, 2, 4]}
    choices = {name: [value, getattr(session.recipe, name)] for name, value in CHANGES.items()} | anew
    for _ in range(10_000):
        kind = rng.choice(["do", "change", "view", "draw", "script", "begin"], p=[.5, .3, .14, .02, .02, .02])
        if kind == "do":
            session.do(str(rng.choice(["both", "D", "G"])), int(rng.integers(1, 4)))
        elif kind == "change":
            name = str(rng.choice(list(choices)))
            session.change(**{name: choices[name][rng.integers(len(choices[name]))]})
        elif kind == "draw":
            session.draw(rng.normal(size=(20, 2)))
        else:
            getattr(session, kind)()
    assert np.isfinite(session.G.theta).all() and len(session.rows) <= 401
