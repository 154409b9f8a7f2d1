"""The command line, as a person meets it: what it prints, what it leaves behind, and what it says to everything it cannot do."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from oracles import same_bits
from waiting import PATIENCE

from tinygan import __main__ as commands
from tinygan import checkpoint, files, history, metrics, plots
from tinygan.__main__ import COMMANDS
from tinygan.cli import learning, run_files
from tinygan.recipe import DEMO, Recipe
from tinygan.training import Training

ROOT = Path(__file__).parent.parent
SMALL = ("--hidden", "8", "--steps", "5", "--quiet")


@pytest.fixture
def undrawn(monkeypatch):
    """Without pictures, which take longer than everything else."""
    monkeypatch.setattr(learning, "draw", lambda run, path: path)
    monkeypatch.setattr(plots, "gif", lambda film, data, path: path)


def left():
    """Everything in the current folder."""
    return sorted(path.as_posix() for path in Path().rglob("*"))


def points(rows=40):
    """A table with a header, far from mean 0 and size 1."""
    x = np.random.default_rng(0).standard_normal((rows, 2)) * [3, 20] + [1000, -5000]
    files.write(x, "mine.csv", ["width (cm)", "height"])
    return x


# ---- what a person sees


def test_the_demo_prints_the_truth_first_and_names_what_it_has_written(cli, monkeypatch):
    monkeypatch.setattr(commands, "DEMO", DEMO.replace(steps=8))
    code, out, err = cli()
    assert (code, err) == (0, "")
    table = out[out.index("modes of 8"):].splitlines()
    assert table[1].startswith("true samples") and table[2].startswith("generated") and "98.8" in table[1]
    written = out[out.index("Written:"):].split()[1:]
    assert written == ["tinygan-demo/run.npz", "tinygan-demo/summary.png", "tinygan-demo/training.gif"]
    assert all(Path(path).stat().st_size > 1000 for path in written)
    assert left() == sorted(["tinygan-demo", "tinygan-demo/checkpoint.npz", *written])


def test_the_demo_again_is_the_same_run_in_a_folder_of_its_own(cli, monkeypatch, undrawn):
    monkeypatch.setattr(commands, "DEMO", DEMO.replace(steps=3))
    assert [cli()[0], cli("demo")[0], cli("demo", "--seed", 1)[0]] == [0, 0, 0]
    first, second, other = (checkpoint.load(f"tinygan-demo{k}/run.npz")[0]["G.theta"] for k in ("", "-2", "-3"))
    assert np.array_equal(first, second) and not np.array_equal(first, other)


def test_a_users_own_points_come_back_in_their_units_under_their_header(cli, undrawn):
    points()
    code, out, _ = cli("train", "--data", "mine.csv", *SMALL, "--out", "a/b")
    assert code == 0 and "rows 40, columns 2" in out
    os.remove("mine.csv")  # the run is complete without it
    assert cli("sample", "a/b", "-n", 7, "--out", "new.csv")[:2] == (0, "7 points in new.csv\n")
    assert cli("sample", "a/b", "-n", 7, "--out", "new.npy")[0] == 0
    x, columns = files.read("new.csv")
    assert columns == ("width (cm)", "height") and np.array_equal(x, np.load("new.npy"))
    assert x.shape == (7, 2) and (abs(x - [1000, -5000]) < [300, 2000]).all()


def test_a_table_is_read_as_the_options_say_and_what_is_left_out_is_named(cli, undrawn):
    Path("mine.csv").write_text("".join(f"{j};{j % 7},5;{j % 3},25\n" for j in range(40)))
    code, out, _ = cli("train", "--data", "mine.csv", "--decimal", ",", *SMALL, "--out", "two")
    assert code == 0 and "columns 2\ncolumn 1 counts the rows and is left out. --index keep learns it too" in out
    code, out, _ = cli("train", "--data", "mine.csv", "--decimal", ",", "--index", "keep", *SMALL, "--out", "three")
    assert code == 0 and "columns 3\n" in out and "left out" not in out
    code, out, _ = cli("train", "--model", "bigan", "--data", "mine.csv", "--decimal", ",", "--steps", 2, "--quiet", "--out", "b")
    assert code == 0 and "columns 2\ncolumn 1 counts the rows" in out
    assert cli("train", "--data", "mine.csv")[0] == 1 and cli("train", "--data", "mine.csv", "--index", "no")[0] == 2


def test_settings_that_are_not_given_fit_a_users_own_table(cli, undrawn):
    files.write(np.random.default_rng(0).standard_normal((40, 5)), "five.csv")
    tried = {(): (5, .1, .1, 40), ("--latent", 2): (2, .1, .1, 40), ("--r2", .3): (5, None, .3, 40),
             ("--clip", .1): (5, None, None, 40), ("--batch", 16): (5, .1, .1, 16)}
    for number, (more, fitted) in enumerate(tried.items()):
        code, out, _ = cli("train", "--data", "five.csv", *SMALL, *more, "--out", number)
        recipe = run_files.load(str(number)).recipe
        assert code == 0 and (recipe.latent, recipe.r1, recipe.r2, recipe.batch) == fitted
        assert f"z has {recipe.latent} dimensions, a batch has {recipe.batch} rows" in out
        assert ("R1 has the weight 0.1, R2 has the weight 0.1" in out) == (recipe.r1 == .1)
    assert cli("train", *SMALL, "--out", "ring")[0] == 0
    assert run_files.load("ring").recipe == Recipe(hidden=(8,), steps=5, batch=256)
    assert cli("train", "--resume", "0", "--steps", 7, "--quiet")[0] == 0 and run_files.load("0").recipe.latent == 5


def test_samples_like_the_data(cli, undrawn):
    x = np.random.default_rng(0).integers(0, 9, (40, 3)) * [1, .5, 0] + [0, 0, 7]
    files.write(x, "mine.csv")
    cli("train", "--data", "mine.csv", *SMALL, "--out", "run")
    assert cli("sample", "run", "--out", "raw.npy")[0] == cli("sample", "run", "--like-data", "--out", "like.npy")[0] == 0
    raw, like = np.load("raw.npy"), np.load("like.npy")
    assert np.all(raw[:, 2] == 7) and not np.array_equal(raw, raw.round(1))
    clipped = np.clip(raw, x.min(axis=0), x.max(axis=0))
    assert np.array_equal(like, np.stack([clipped[:, 0].round(), clipped[:, 1].round(1), clipped[:, 2]], axis=-1))
    code, _, err = cli("sample", "run", "--like-data", "--out", "like.png")
    assert code == 2 and "--like-data is for a table" in err
    cli("train", *SMALL, "--out", "ring")
    code, _, err = cli("sample", "ring", "--like-data", "--out", "ring.csv")
    assert code == 2 and "ring is drawn from a formula" in err and not Path("ring.csv").exists()


@pytest.mark.slow
def test_five_columns_are_covered_without_any_option(cli, undrawn):
    """With a z of two dimensions the samples lie on a sheet: that is the control."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2000, 5)) @ rng.standard_normal((5, 5))
    files.write(x, "five.csv")
    found = []
    for number, more in enumerate([(), ("--latent", 2)]):
        assert cli("train", "--data", "five.csv", "--quiet", *more, "--out", number)[0] == 0
        assert cli("sample", number, "-n", 2000, "--out", f"{number}.npy")[0] == 0
        made = np.load(f"{number}.npy")
        found.append((metrics.coverage_and_density(made / x.std(axis=0), x / x.std(axis=0)).coverage,
                      metrics.c2st(made / x.std(axis=0), x / x.std(axis=0), rng).accuracy))
    (coverage, c2st), (sheet_coverage, sheet_c2st) = found
    assert coverage > .9 and c2st < .6 and sheet_coverage < .7 and sheet_c2st > .65, found


def test_samples_follow_the_seed(cli, undrawn):
    cli("train", *SMALL, "--out", "run")
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert cli("sample", "run", "--seed", seed, "--out", f"{name}.npy")[0] == 0
    a, b, c = (np.load(f"{name}.npy") for name in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c) and a.shape == (1000, 2)


def test_penalties_are_trained_with(cli, undrawn):
    """Each changes D, and each other, and is kept in the settings."""
    ends = []
    for more in ((), ("--r1", .5), ("--r2", .5), ("--gp", .5, "--loss", "wasserstein"), ("--r1", .5, "--loss", "relativistic")):
        out = f"run{len(ends)}"
        assert cli("train", *SMALL, *more, "--out", out)[0] == 0
        ends.append(run_files.load(out).D.theta.tobytes())
    assert len(set(ends)) == 5 and run_files.load("run1").recipe.r1 == .5
    code, _, err = cli("train", "--r1", 0)
    assert code == 2 and "argument --r1: r1 must be a finite number above 0" in err


def test_replicas(cli):
    code, out, _ = cli("train", *SMALL, "--replicas", 3, "--out", "run")
    assert code == 0 and all(f"\nreplica {r} " in out for r in range(3))
    assert left() == ["run", "run/checkpoint.npz", "run/run.npz", "run/summary.png"]
    assert cli("sample", "run", "--replica", 2, "--out", "2.npy")[0] == 0
    assert cli("sample", "run", "--out", "0.npy")[0] == 0
    assert not np.array_equal(np.load("0.npy"), np.load("2.npy"))
    code, _, err = cli("plot", "run", "--replica", 3, "--out", "3.png")
    assert code == 2 and "there is no replica 3: this network has replicas 0 to 2" in err and "3.png" not in left()


def test_a_replica_that_diverged_is_named():
    run = run_files.build(Recipe(replicas=2, hidden=(4,)))
    lost = history.History(3, (2,))
    lost.diverged[1] = 7
    assert learning.scores(run._replace(history=lost)).endswith("\nreplica 1 diverged at step 7")


@pytest.mark.parametrize(("data", "words"), [("gaussians_1d", "W1"), ("moons", "Curve"), ("digits", "columns 64")])
def test_every_kind_of_data(cli, undrawn, data, words):
    code, out, err = cli("train", "--data", data, *SMALL, "--ema", .9)
    assert code == 0 and words in out and err == ""
    rows = out[out.index("coverage"):].splitlines()[1:4]
    assert [row.split("  ")[0] for row in rows] == ["true samples", "generated, averaged", "generated"] and "C2ST" in out
    assert (out.count("\ntrue samples ") > 1) == (data == "gaussians_1d")
    kept = run_files.load(f"tinygan-{data}").scores
    assert set(kept) == {"rows"} | ({"modes"} if data == "gaussians_1d" else set()) and kept["rows"]["generated"]["c2st"] > .4


def test_what_does_not_fit_a_small_file_is_chosen_to_fit_it(cli, undrawn):
    points(7)
    assert cli("train", "--data", "mine.csv", "--pack", 2, *SMALL)[0] == 0
    assert checkpoint.load("tinygan-mine/run.npz")[1]["recipe"]["batch"] == 6


def test_the_command_line_draws_with_agg_whatever_else_is_asked_for(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.setattr(sys, "argv", ["tinygan", "--version"])
    assert commands.main() == 0 and os.environ["MPLBACKEND"] == "Agg"


def test_in_somebody_elses_process_the_backend_is_left_alone(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "svg")
    assert commands.main(["--version"]) == 0 and os.environ["MPLBACKEND"] == "svg"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "TkAgg", "no such backend"])
def test_a_backend_that_is_not_there_is_not_asked_for(tmp_path, backend):
    """As in a cell of a notebook, which sets MPLBACKEND for the programs that it starts."""
    (tmp_path / "four.csv").write_text("1\n2\n3\n4\n")
    words = [sys.executable, "-m", "tinygan", "train", "--data", "four.csv", *SMALL, "--out", "run"]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(words, cwd=tmp_path, env=os.environ | {"MPLBACKEND": backend, "PYTHONPATH": path}, capture_output=True,
                         text=True)
    assert (run.returncode, run.stderr) == (0, "") and (tmp_path / "run" / "summary.png").stat().st_size > 1000


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(cli, command):
    code, out, err = cli(*command.split(), "--help")
    assert code == 0 and err == "" and "usage: " in out
    assert command or all(re.search(rf"^    {name}\s", out, re.M) for name in COMMANDS) and "exit codes: 0 done" in out


def test_lessons_are_listed_in_order(cli):
    code, out, _ = cli("lessons")
    names = [Path(line).name for line in out.splitlines() if line.endswith(".py")]
    assert code == 0 and out.endswith("tinygan lessons FOLDER\n")
    assert names == sorted(names) and names[0].startswith("01_") and names[0] in os.listdir(ROOT / "lessons")


# ---- what it refuses


@pytest.mark.parametrize(("words", "code", "message"), [
    ("train --data no.csv", 2, "there is no file no.csv (looked for in "),
    ("train --data old", 1, "old has 0 pictures that end in .png, .jpg, .jpeg; at least 2 are needed"),
    ("train --data nan.csv", 1, "nan.csv cannot be used. Correct or remove these:\n  line 3, column b: 'nan' is not a finite"),
    ("train --data word.csv", 1, "line 2, column a: 'x' is not a finite number"),
    ("train --data ragged.csv", 1, "line 3: got 1 cells, expected 2 as in line 1"),
    ("train --data one.csv", 1, "one.csv must have at least 2 rows; got 1"),
    ("train --data empty.csv", 1, "empty.csv is empty; expected one sample a line"),
    ("train --data binary.csv", 1, "binary.csv, line 1: not UTF-8 text"),
    ("train --data flat.npy", 1, "must hold a 2-D array (rows are samples); got shape (5,). Save a single column as x[:, None]"),
    ("train --data inf.npy", 1, "must be finite; row 1, column 0 is inf"),
    ("train --data words.npy", 1, "must hold real numbers; got <U1"),
    ("train --data pickled.npy", 1, "must hold real numbers; got object"),
    ("train --data old.xlsx", 1, "must end in .csv, .tsv, .txt, .npy, .npz or .parquet, which says how to read it; got '.xlsx'"),
    ("train --data rign", 2, "argument --data: unknown data set 'rign'. Did you mean 'ring'? Known: ring, grid"),
    ("train --data qqq", 2, "tilted_ring, or a .csv, .tsv, .txt, .npy, .npz or .parquet file"),
    ("train --loss hige", 2, "argument --loss: unknown loss 'hige'. Did you mean 'hinge'? Known: non-saturating, minimax"),
    ("train --activation relo", 2, "Did you mean 'relu'?"),
    ("train --schedule cosin", 2, "Did you mean 'cosine_decay'?"),
    ("train --schedule cosine", 2, "argument --schedule: unknown schedule 'cosine'. Did you mean 'cosine_decay'? Known: "),
    ("train --schedule linear", 2, "Did you mean 'linear_decay'?"),
    ("train --update both", 2, "unknown update 'both'. Known: alternating, simultaneous"),
    ("train --batch 0", 2, "argument --batch: batch must be at least 1; got 0\nTry: "),
    ("train --batch -1", 2, "batch must be at least 1; got -1"),
    ("train --batch 2.5", 2, "batch must be a whole number, at least 1; got '2.5'"),
    ("train --data good.csv --batch 5", 2, "batch is 5, but the data have 4 rows: choose batch=4 or less"),
    ("train --data good.csv --pack 5", 2, "batch is 5, but the data have 4 rows"),
    ("train --loss hinge --real-label .9", 2,
     "real_label is for the losses non-saturating and minimax, given by their names; got 0.9 for the loss hinge"),
    ("train --r1 .1 .2 .3", 2, "argument --r1: r1 must be one number, or two: where it begins and where it ends; got 3"),
    ("train --fourier 64 1", 2,
     "argument --fourier: fourier must be 3 numbers (features, scale in G and scale in D), such as 64 .5 1; got 2"),
    ("train --fourier 2.5 1 1", 2, "argument --fourier: fourier features must be a whole number, at least 2; got '2.5'"),
    ("train --fourier 7 1 1", 2, "argument --fourier: fourier features must be an even number; got 7"),
    ("train --d-fourier 64 3", 2,
     "argument --d-fourier: d_fourier must be 3 numbers (features, scale and size), such as 64 3 .1; got 2"),
    ("train --fourier 64 .5 1 --d-fourier 64 3 .1", 2,
     "fourier puts features in place of D's input, and d_fourier puts them beside it: leave out one of them; "
     "got fourier 64 0.5 1.0 and d_fourier 64 3.0 0.1"),
    ("train --unroll 5", 2, "argument --unroll: unroll must be 2 numbers (steps and size), such as 5 .1; got 1"),
    ("train --unroll 5 .1 .2", 2, "argument --unroll: unroll must be 2 numbers (steps and size), such as 5 .1; got 3"),
    ("train --unroll 2.5 .1", 2, "argument --unroll: unroll steps must be a whole number, at least 1; got '2.5'"),
    ("train --batch 10 --pack 3", 2, "D packs 3 points, which does not divide a batch of 10: choose a batch size that 3 divides"),
    ("train --lr 0", 2, "argument --lr: lr must be a finite number above 0; got 0.0"),
    ("train --lr -1", 2, "got -1.0"),
    ("train --lr nan", 2, "got nan"),
    ("train --lr inf", 2, "got inf"),
    ("train --lr fast", 2, "lr must be a number; got 'fast'"),
    ("train --lr-d 0", 2, "argument --lr-d: lr_d must be a finite number above 0"),
    ("train --ema 1", 2, "argument --ema: ema must be a finite number above 0 and below 1; got 1.0"),
    ("train --steps 0", 2, "argument --steps: steps must be at least 1; got 0"),
    ("train --hidden 8 0", 2, "argument --hidden: hidden must be at least 1; got 0"),
    ("train --replicas 0", 2, "argument --replicas: replicas must be at least 1"),
    ("train --seed abc", 2, "argument --seed: seed must be a whole number, at least 0; got 'abc'"),
    ("train --seed -1", 2, "seed must be at least 0; got -1"),
    ("train --hidden 10000000 10000000", 1, "not enough memory: the 100000010000000 parameters of Dense(10000000 -> 10000000), "
     "with their gradients, would take 1,600,000.2 GB, and this machine has "),
    ("train --setps 5", 2, "unrecognized arguments: --setps 5"),
    ("--seed=5", 2, "unrecognized arguments: --seed=5"),
    ("--", 2, "unrecognized arguments: --"),
    ("tarin", 2, "invalid choice: 'tarin' (choose from"),
    ("train --out old", 2, "old exists already. Choose another --out, or write over it with --force"),
    ("train --out good.csv", 2, "good.csv is a file. Choose another --out"),
    ("train --out good.csv --force", 2, "good.csv is a file"),
    ("train --out good.csv/run", 2, "the folder good.csv/run cannot be made: Not a directory. Choose another --out"),
    ("demo --out old", 2, "old exists already"),
    ("demo --seed -1", 2, "SEED must be at least 0; got -1"),
    ("sample old --out x.csv", 2, f"there is no run in old: no file {Path('old/run.npz')}. Make one with the command train"),
    ("sample nowhere --out x.csv", 2, "there is no run in nowhere"),
    ("score old/run.npz", 2, f"RUN is the folder of a run; got the file {Path('old/run.npz')}. Give old"),
    ("sample old", 2, "the following arguments are required: --out"),
    ("sample old --out x.txt", 2, "--out must end in .csv, .npy or .png, which says how to write it; got x.txt"),
    ("sample old --out good.csv", 2, "good.csv exists already"),
    ("sample old --out no/x.csv", 2, "there is no folder no to write x.csv to. Make it, or choose another --out"),
    ("sample old --out folder.csv --force", 2, "folder.csv is a folder. Choose another --out"),
    ("sample old -n 0 --out x.csv", 2, "argument -n: N must be at least 1; got 0"),
    ("sample damaged --out x.csv", 1, f"{Path('damaged/run.npz')} is not a tinygan run, or it is damaged: "),
    ("plot damaged --out x.png", 1, "is not a tinygan run, or it is damaged: "),
    ("plot old --out x.jpg", 2, "--out must end in .png, .pdf or .svg"),
])
def test_one_clear_message_and_nothing_half_done(cli, words, code, message):
    for name, text in {"good": "a,b\n1,2\n3,4\n5,6\n7,9\n", "nan": "a,b\n1,2\n3,nan\n", "word": "a,b\nx,2\n3,4\n",
                       "ragged": "a,b\n1,2\n3\n", "one": "a,b\n1,2\n", "empty": "", "binary": "\0\1\2"}.items():
        Path(f"{name}.csv").write_text(text)
    for name, x in {"flat": np.zeros(5), "inf": np.array([[0.], [np.inf]]), "words": np.array([["a"], ["b"]]),
                    "pickled": np.array([[{}], [1]], object)}.items():
        np.save(f"{name}.npy", x, allow_pickle=True)
    Path("old.xlsx").write_text("")
    for folder in ("old", "folder.csv", "damaged"):
        Path(folder).mkdir()
    Path("damaged/run.npz").write_bytes(b"PK\x03\x04 not for long")
    before = left()
    got, out, err = cli(*words.split())
    assert got == code and message in err and out == "" and "Traceback" not in err and left() == before


def test_a_folder_that_cannot_be_made_leaves_no_parents_behind(cli, monkeypatch):
    def refuse(self, *_, **__):
        os.mkdir("a")  # as far as it came
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    code, _, err = cli("train", *SMALL, "--out", "a/b")
    assert code == 2 and "the folder a/b cannot be made: Permission denied. Choose another --out" in err and left() == []


def test_a_disk_that_is_full_is_named_and_leaves_nothing(cli, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    code, _, err = cli("train", *SMALL, "--out", "a/b")
    assert code == 1 and err == f"tinygan: {Path('a/b/checkpoint.npz')}: No space left on device\n" and left() == []


def test_force_writes_over_a_run_and_takes_its_old_pictures_away(cli, undrawn):
    Path("run").mkdir()
    for name in ("run.npz", "summary.png", "training.gif", "notes.txt"):
        Path("run", name).write_text("old")
    assert cli("train", *SMALL, "--out", "run", "--force")[0] == 0
    assert left() == ["run", "run/checkpoint.npz", "run/notes.txt", "run/run.npz"] and run_files.load("run").history.step[-1] == 5
    assert cli("sample", "run", "--out", "x.csv")[0] == cli("sample", "run", "--out", "x.csv", "--force", "-n", 3)[0] == 0
    assert files.read("x.csv")[0].shape == (3, 2)


def test_a_run_that_diverges_says_where_and_is_kept(cli):
    code, out, err = cli("train", "--hidden", "64", "64", "--lr", 10, "--steps", 500, "--quiet", "--out", "run")
    assert code == 1 and "training diverged at step " in err
    assert err.endswith("ry a learning rate ten times smaller. The run so far is in run\n")
    assert left() == ["run", "run/checkpoint.npz", "run/run.npz"] and "Written" not in out
    kept = run_files.load("run").history
    assert kept.diverged > 0 and kept.step[-1] == kept.diverged < 10  # within a few steps
    assert cli("sample", "run", "--out", "x.csv")[0] == 0
    assert cli("plot", "run", "--out", "x.svg")[:2] == (0, "x.svg\n") and Path("x.svg").stat().st_size > 1000


# ---- Ctrl-C and readers who leave


STOPPED = "tinygan: stopped by Ctrl-C; the run so far is in run. To go on:  python -m tinygan train --resume run\n"


def press_ctrl_c(monkeypatch, *steps):
    """Ctrl-C during each of these steps, twice where a step is there twice."""
    run = Training.run

    def pressed(self, callback, progress):
        def after_step(state):
            for _ in range(steps.count(state.step)):
                signal.raise_signal(signal.SIGINT)
            return callback(state)
        return run(self, after_step, progress)

    monkeypatch.setattr(Training, "run", pressed)


@pytest.mark.parametrize("steps", [(1,), (3,), (3, 3, 3)])
def test_ctrl_c_keeps_the_run_so_far(cli, monkeypatch, undrawn, steps):
    press_ctrl_c(monkeypatch, *steps)
    code, out, err = cli("train", *SMALL, "--out", "run")
    assert code == 130 and err == STOPPED and "Ctrl-C again skips" in out
    kept = run_files.load("run")
    assert kept.history.step.tolist() == list(range(1, steps[0] + 1))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_ctrl_c_keeps_in_the_first_step_can_be_drawn(cli, monkeypatch):
    press_ctrl_c(monkeypatch, 1)
    assert cli("train", "--data", "gaussians_1d", *SMALL, "--steps", 5000, "--out", "run")[0] == 130
    assert {"run/run.npz", "run/summary.png", "run/training.gif"} <= set(left())
    assert run_files.load("run").history.step.tolist() == [1]


def test_ctrl_c_while_drawing_skips_the_drawing_and_keeps_the_run(cli, monkeypatch):
    monkeypatch.setattr(plots, "summary", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    code, _, err = cli("train", *SMALL, "--out", "run")
    assert code == 130 and "the run so far is in run" in err and left() == ["run", "run/checkpoint.npz", "run/run.npz"]
    assert run_files.load("run").history.step[-1] == 5


def test_ctrl_c_before_the_training_leaves_nothing(cli, monkeypatch):
    monkeypatch.setattr(learning, "learn", lambda *_: signal.raise_signal(signal.SIGINT))
    assert cli("train", *SMALL, "--out", "a/run") == (130, "", "tinygan: stopped by Ctrl-C\n") and left() == []


def start(*words, **more):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen([sys.executable, "-m", "tinygan", *words], env=os.environ | {"PYTHONPATH": path}, **pipes, **more)


def test_a_real_ctrl_c_and_another(tmp_path):
    with start("train", "--steps", "1000000", "--hidden", "8", "--out", "run", cwd=tmp_path) as process:
        assert b"ring" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        while b"Ctrl-C again skips" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and b"Traceback" not in err and err.decode() == STOPPED
    assert (tmp_path / "run/run.npz").is_file()


@pytest.mark.parametrize("words", ["--help", "lessons"])
def test_a_reader_who_leaves_is_no_failure(words, tmp_path):
    with start(words, cwd=tmp_path) as process:
        process.stdout.close()  # as `head` does when it has enough
        err = process.stderr.read()
    assert (process.returncode, err) == (0, b"")


def test_a_reader_who_leaves_does_not_stop_a_run(cli, monkeypatch, undrawn):
    def closed(*_, **__):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(learning, "print", closed, raising=False)
    assert cli("train", *SMALL, "--out", "run") == (0, "", "") and run_files.load("run").history.step[-1] == 5


@pytest.mark.slow
@pytest.mark.parametrize("number, module, said, code", [
    (signal.SIGINT, "tinygan.losses", "Ctrl-C", 130), (signal.SIGINT, "tinygan.cli.playing", "Ctrl-C", 130),
    (signal.SIGTERM, "tinygan.metrics", "SIGTERM", 143)])
def test_ctrl_c_while_modules_are_loaded_ends_in_one_line(tmp_path, number, module, said, code):
    (tmp_path / "sitecustomize.py").write_text(f"""import os, sys
class Presses:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {int(number)})
sys.meta_path.insert(0, Presses())
""")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-m", "tinygan", "train"], cwd=tmp_path, env=env, capture_output=True, text=True,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"tinygan: stopped by {said}\n")
    assert [path.name for path in tmp_path.iterdir() if path.name != "__pycache__"] == ["sitecustomize.py"]
    as_a_library = subprocess.run([sys.executable, "-c", "import tinygan"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert module != "tinygan.losses" or "KeyboardInterrupt" in as_a_library.stderr  # there it is not ours to catch


@pytest.mark.slow
@pytest.mark.parametrize("coding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_lacks_letters(cli, undrawn, tmp_path, coding):
    files.write(np.random.default_rng(0).standard_normal((30, 2)), "mine.csv", ["gr\u00f6\u00dfe", "\u4f53\u91cd"])
    assert cli("train", "--data", "mine.csv", *SMALL, "--out", "run")[0] == 0
    env = os.environ | {"PYTHONIOENCODING": coding, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-m", "tinygan", "score", "run"], env=env, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"") and b"\\u4f53\\u91cd" in done.stdout


@pytest.mark.slow
def test_names_that_are_no_text_and_letters_that_the_font_lacks(cli):
    """A file's name may be any bytes. The pictures have boxes there, and no warning."""
    points = np.random.default_rng(0).standard_normal((30, 2))
    files.write(points, os.fsdecode(b"caf\xe9.csv"), ["\u4f53", "\U0001f600 b"])
    code, out, err = cli("train", "--data", os.fsdecode(b"caf\xe9.csv"), *SMALL)
    assert (code, err) == (0, "") and "tinygan-caf\ufffd/summary.png" in out
    assert cli("plot", "tinygan-caf\ufffd", "--out", "x.svg")[0] == 0
    assert run_files.load("tinygan-caf\ufffd").data.name == "caf\ufffd"


@pytest.mark.parametrize("width", [1, 11, 30, 52, 60])
@pytest.mark.parametrize("command", ["", "train", "study", "grade"])
def test_help_on_a_narrow_terminal(cli, monkeypatch, command, width):
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = cli(*command.split(), "--help")
    assert code == 0 and err == "" and "usage: " in out
    code, out, err = cli(*command.split(), "--no-such-option")
    assert code == 2 and out == "" and "Try: " in err


def test_the_same_words_from_a_shell(tmp_path):
    with start("train", "--lr", "0", cwd=tmp_path) as process:
        out, err = process.communicate()
    assert process.returncode == 2 and out == b"" and err.startswith(b"python -m tinygan train: argument --lr: ")
    assert "tinygan = tinygan.__main__:main" in (ROOT / "setup.cfg").read_text()


INSTALLED = shutil.which("tinygan", path=Path(sys.executable).parent)


@pytest.mark.skipif(not INSTALLED, reason="the package is not installed beside this Python")
def test_the_command_that_pip_installs(tmp_path):
    done = subprocess.run([INSTALLED, "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("usage: tinygan ")


# ---- a run and its file


KINDS_OF_RUNS = [
    {}, {"ema": .9}, {"replicas": 2, "ema": .9}, {"data": "mine.csv", "pack": 2}, {"d_layers": "spectral-norm"},
    {"fourier": (6, .5, 1.)}, {"fourier": (6, .5, 1.), "pack": 2, "replicas": 2},
    {"d_fourier": (6, 3., .1), "ema": .9}, {"d_fourier": (6, 3., .1), "pack": 2, "replicas": 2, "d_layers": "spectral-norm"},
    {"d_layers": "layer-norm", "activation": "tanh"},
    {"d_layers": "minibatch-discrimination"}, {"d_layers": "minibatch-std", "latent": 3},
    {"d_layers": "spectral-norm", "fourier": (6, .5, 1.), "pack": 2, "replicas": 2, "ema": .9, "data": "mine.csv",
     "loss": "wasserstein", "gp": (.1, .2), "r1": .1, "instance_noise": (.1, 0), "unroll": (2, .1), "hidden": (8, 8)},
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("more", KINDS_OF_RUNS, ids=str)
def test_a_run_that_is_loaded_is_the_run_that_was_saved(cli, undrawn, more, capsys):
    points()
    run = run_files.build(Recipe(hidden=(8,), steps=5, batch=8).replace(**more))
    Path("run").mkdir()
    learning.learn(run, Path("run"), learning.Plan(quiet=True))
    loaded = run_files.load("run")
    assert loaded.recipe == run.recipe
    for net, same in ((loaded.G, run.G), (loaded.D, run.D)):
        assert repr(net) == repr(same)
        state = same.state()
        assert net.state().keys() == state.keys() and all(same_bits(array, state[name]) for name, array in net.state().items())
    z = np.random.default_rng(0).standard_normal((*run.G.replicas, 6, run.G.d_in))
    x = np.random.default_rng(1).standard_normal((*run.G.replicas, 6, 2))
    assert same_bits(loaded.G(z), run.G(z)) and same_bits(loaded.D(x), run.D(x))
    one, z = loaded.replica(0), z[0] if run.G.replicas else z
    assert one.generator(raw=True) is one.G and np.isfinite(one.history.d_loss).all() and one.history.d_loss.shape == (5,)
    assert np.array_equal(one.generator()(z), one.history.G_ema(z) if "ema" in more else one.G(z))
    assert (loaded.history.G_ema is not None) == ("ema" in more)
    assert np.array_equal(one.data.restore(one.G(z)), run.data.restore((run.G.replica(0) if "replicas" in more else run.G)(z)))
    assert loaded.history.step.tolist() == [1, 2, 3, 4, 5] and (loaded.film is None) == ("replicas" in more)
    assert learning.scores(loaded) in capsys.readouterr().out


def trained(run, folder):
    """The run with what it has learned, and the Diverged that ended it or None."""
    return learning._train(run, folder, learning.Plan(quiet=True), learning._work(), [])


@pytest.mark.parametrize("more", [more for more in KINDS_OF_RUNS if "ema" in more], ids=str)
def test_the_averaged_generator_that_is_loaded_answers_as_the_one_that_was_saved(cli, more):
    points()
    run, diverged = trained(run_files.build(Recipe(hidden=(8,), steps=5, batch=8).replace(**more)), Path())
    run_files.save(run, Path())
    loaded, z = run_files.load("."), np.random.default_rng(0).standard_normal((*run.G.replicas, 6, run.G.d_in))
    assert diverged is None and same_bits(loaded.history.G_ema(z), run.history.G_ema(z))
    assert not np.array_equal(loaded.history.G_ema(z), run.G(z))
    for name, values in run.history.arrays().items():
        assert same_bits(loaded.history.arrays()[name], values), name


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The arrays and settings of a run on a user's own points."""
    folder = tmp_path_factory.mktemp("finished")
    files.write(np.arange(8.).reshape(4, 2) ** 2, folder / "mine.csv")
    run = run_files.build(Recipe(data=str(folder / "mine.csv"), hidden=(8,), steps=2))
    run, _ = trained(run, folder)
    run_files.save(run, folder)
    return checkpoint.load(folder / "run.npz")


def with_recipe(about, **changes):
    return about | {"recipe": about["recipe"] | changes}


@pytest.mark.parametrize(("settings", "message"), [
    ({"hidden": [9]}, r"its arrays do not match its settings: G.theta has shape \(42,\), expected \(47,\)"),
    ({"hidden": [10**9, 10**9]}, "G.theta has shape"),
    ({"hidden": "8"}, "do not match"),
    ({"hidden": None}, "do not match"),
    ({"hidden": []}, "do not match its settings: hidden must be one number or more"),
    ({"latent": 3}, "G.theta has shape"),
    ({"pack": 2}, "theta has shape"),
    ({"pack": 10**9}, "D has 33 numbers, expected at least 16000000000"),
    ({"pack": 10**9, "fourier": [2, 1, 1], "hidden": [11]}, "do not match"),
    ({"fourier": [10**9, 1, 1]}, "G.theta has shape"),
    ({"fourier": [2, 1]}, "fourier must be 3 numbers"),
    ({"d_fourier": [2, 3, .1]}, "this network's state has the arrays theta, layer 0, turns"),
    ({"d_fourier": [10**9, 3, .1]}, "D has 33 numbers, expected at least 8000000016"),
    ({"d_fourier": [2, 3, .1], "fourier": [2, 1, 1], "hidden": [11], "latent": 1}, "do not match"),
    ({"d_layers": "spectral-norm"}, "this network's state has the arrays"),
    ({"d_layers": "minibatch-std"}, "theta has shape"),
    ({"replicas": 10**9}, r"G.theta has shape \(42,\), expected \(1000000000, 42\)"),
    ({"replicas": "2"}, "do not match"),
    ({"data": "ring"}, None),
    ({"data": "digits"}, "G.theta has shape"),
    ({"data": 7}, "do not match"),
    ({"loss": "laughter"}, "unknown loss 'laughter'"),
    ({"loss": ["hinge"]}, "do not match"),
    ({"seed": "abc"}, "seed must be a whole number"),
    ({"steps": "many"}, "do not match"),
    ({"momentum": .9}, "unknown setting 'momentum'"),
])
def test_settings_that_do_not_match_the_arrays(tmp_path, finished, settings, message):
    arrays, about = finished
    checkpoint.save(tmp_path / "run.npz", arrays, with_recipe(about, **settings))
    if message is None:  # they do match, this one time
        assert run_files.load(tmp_path).data.name == "ring"
        return
    with pytest.raises(ValueError, match=message) as caught:
        run_files.load(tmp_path)
    assert "run.npz is not a whole run" in str(caught.value)


ARRAYS = ["G.theta", "D.theta", "points", "history.step", "history.d_loss", "history.modes_step", "history.modes_visited",
          "history.modes_half", "history.diverged", "film_steps"]


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_are_missing_or_have_another_shape(tmp_path, finished, name):
    arrays, about = finished
    checkpoint.save(tmp_path / "run.npz", {key: value for key, value in arrays.items() if key != name}, about)
    with pytest.raises(ValueError, match=f"run.npz is not a whole run: '{name}' is missing"):
        run_files.load(tmp_path)
    checkpoint.save(tmp_path / "run.npz", arrays | {name: np.zeros((3, 1, 4))}, about)
    with pytest.raises(ValueError, match="run.npz is not a whole run"):
        run_files.load(tmp_path)


@pytest.mark.parametrize("about", [None, [], "x", {}, {"data": "ring"}, {"recipe": None}, {"recipe": {"data": "ring"}}])
def test_settings_that_are_none(tmp_path, finished, about):
    checkpoint.save(tmp_path / "run.npz", finished[0], about)
    with pytest.raises(ValueError, match="run.npz is not a whole run"):
        run_files.load(tmp_path)


@pytest.mark.parametrize("words", ["sample run --out x.csv", "plot run --out x.png"])
def test_a_run_of_format_version_1_is_refused_by_name(cli, finished, monkeypatch, words):
    Path("run").mkdir()
    with monkeypatch.context() as older:
        older.setattr(checkpoint, "VERSION", 1)
        checkpoint.save("run/run.npz", *finished)
    before = left()
    code, out, err = cli(*words.split())
    assert (code, out) == (1, "") and left() == before
    assert f"{Path('run/run.npz')} cannot be read: it is 'tinygan run', version 1; expected 'tinygan run', version 2" in err
    assert err.endswith("This tinygan reads version 2, so it must be made again\n") and "damaged" not in err
