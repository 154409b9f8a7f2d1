"""A game that is saved as the folder of a run: what plot and sample make of it."""

import subprocess
import sys

import numpy as np
import pytest

from tinygan.__main__ import main
from tinygan.cli import run_files
from tinygan.engine.arguments import seed_sequence
from tinygan.playground import Session
from tinygan.playground.keeping import PROGRAM, save

HEART = [[np.sin(t) ** 3 * 1.6 + .3, 1.3 * np.cos(t) - .5 * np.cos(2 * t)] for t in np.linspace(0, 6, 40)]
SMALL = {"hidden": (8,), "batch": 8, "seed": 2}


def changed(session):
    session.do("both", 12)
    session.change(loss="hinge", r1=.1, ema=.9)
    session.do("D", 2)
    session.do("both", 12)
    return session


def drawn():
    session = Session(**SMALL)
    session.draw(HEART)
    return changed(session)


GAMES = {"ring": lambda: changed(Session(**SMALL)), "line": lambda: changed(Session(data="gaussians_1d", **SMALL)),
         "moons": lambda: changed(Session(data="moons", pack=2, **SMALL)), "drawn": drawn}


@pytest.mark.parametrize("name", GAMES)
def test_a_saved_run_is_the_game(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = GAMES[name]()
    folder = save(session)
    run = run_files.load(folder)
    assert np.array_equal(run.G.theta, session.G.theta) and np.array_equal(run.D.theta, session.D.theta)
    assert np.array_equal(run.generator().theta, session.training.G_ema.theta)
    assert run.recipe.loss == "hinge" and run.recipe.steps == session.rounds == 24
    assert run.history.step.tolist() == [5, 10, 15, 20]
    assert np.allclose(run.history.d_loss, [row[1] for row in session.past + session.rows])
    assert np.allclose(run.data.scale, session.data.scale, rtol=1e-12) and np.allclose(run.data.shift, session.data.shift)
    assert main(["sample", str(folder), "--out", "x.npy", "-n", "20", "--raw"]) == 0
    z = np.random.default_rng(seed_sequence(0)).standard_normal((20, session.recipe.latent))
    assert np.allclose(np.load("x.npy"), session.data.restore(session.G(z)), rtol=1e-12)
    assert save(session).name == f"{folder.name}-2"


@pytest.mark.slow
@pytest.mark.parametrize("name", GAMES)
def test_a_saved_run_is_drawn_and_its_program_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = save(GAMES[name]())
    assert main(["plot", str(folder), "--out", "x.png"]) == 0 and (tmp_path / "x.png").stat().st_size > 10_000
    last = subprocess.run([sys.executable, folder / PROGRAM], capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    assert last.split()[1] == str(float(abs(run_files.load(folder).G.theta).sum()))


def test_a_game_without_rounds_is_not_saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="no run to save after 0 rounds"):
        save(Session(**SMALL))
    assert not list(tmp_path.iterdir())


def test_a_run_that_diverged_is_saved_as_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = Session(**SMALL)
    session.do("both", 6)
    session.change(lr=1e4, loss="wasserstein", d_steps=2)
    session.do("both", 60)
    assert session.diverged
    assert run_files.load(save(session)).history.diverged == session.rounds


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = GAMES["ring"]()

    def full(run, folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_files, "save", full)
    with pytest.raises(ValueError, match="cannot be written to tinygan-play: No space left"):
        save(session)
    assert not list(tmp_path.iterdir())
