"""Stop and go on: a run that was stopped ends with the same bits as one that was left alone, whatever it is made of.

Each case runs plainly to its end, and a second time as replays with a stop at a random step: written to a file there, and gone on
with by fresh objects. `test_kills` stops processes from outside.
"""

import copy
import csv
import itertools
import json
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from oracles import same_bits
from test_training_state import CASES, make, same_state

from tinygan import checkpoint, data, files, losses, mlp, saving, study, train
from tinygan.cli import family_files, learning, run_files
from tinygan.data import Mixture, ring
from tinygan.engine.optim import SGD, Adam, Clipped, Optimistic
from tinygan.penalties import R1
from tinygan.recipe import D_LAYERS, Recipe
from tinygan.record import ACTIVATIONS, LOSSES, SCHEDULES
from tinygan.study import REMEDIES, SETUPS
from tinygan.study.remedies import BASE
from tinygan.updates import UPDATES
from tinygan.zoo import FAMILY

STEPS = 12
SHORT = {"hidden": (8,), "batch": 16, "steps": STEPS}
PARTS = {
    **{name: remedy.applied(BASE.replace(**SHORT)) for name, remedy in REMEDIES.items()},
    **{f"loss {name}": Recipe(**SHORT, loss=name, gp=0.1) for name in LOSSES},
    **{f"update {name}": Recipe(**SHORT, update=name, r1=0.1) for name in UPDATES},
    **{f"schedule {name}": Recipe(**SHORT, schedule=name, r2=(0.1, 0.01)) for name in SCHEDULES},
    **{f"layers {name}": Recipe(**SHORT, d_layers=name) for name in D_LAYERS},
    **{f"activation {name}": Recipe(**SHORT, activation=name, ema=0.9) for name in ACTIVATIONS},
    "fourier": Recipe(**SHORT, fourier=(6, 0.5, 1.0)),
    "d_fourier": Recipe(**SHORT, d_fourier=(6, 3.0, 0.1), r1=(0.3, 0.01), r2=(0.3, 0.01), loss="relativistic", ema=0.9),
    "pack": Recipe(**SHORT, pack=2, gp=(0.1, 0.2)),
    "replicas": Recipe(**SHORT, replicas=3, ema=0.9, instance_noise=(0.1, 0)),
    "all together": Recipe(**SHORT, replicas=2, ema=0.9, pack=2, d_layers="spectral-norm", r1=0.1, gp=(0.1, 0.2), d_steps=2,
                           instance_noise=(0.1, 0), clip=0.5, update="optimistic", fourier=(6, 0.5, 1.0)),
}
OPTIMISERS = {"SGD": SGD(0.01), "momentum": SGD(0.01, momentum=0.9), "Adam": Adam(0.01), "Clipped": Clipped(Adam(0.01), 0.1),
              "Optimistic": Optimistic(Adam(0.01)), "both": Clipped(Optimistic(SGD(0.01, momentum=0.5)), 0.1),
              "twice": Optimistic(Optimistic(Adam(0.01)))}


def stop_of(name, most=STEPS):
    """A step in the run, drawn by the name of the case."""
    return int(np.random.default_rng(zlib.crc32(name.encode())).integers(1, most))


def check_resumed(path, fresh, stop, replay=True):
    """fresh() -> a new Training, always the same: to its end at once, and with a stop, a file, and another Training."""
    whole, first, second = fresh(), fresh(), fresh()
    whole._round.wanted, second._round.wanted = not replay, replay
    whole.run(progress=False)
    first.advance(stop)
    saving.save(first, path)
    second.load_state(saving.read(path).state)
    assert second.done == stop and same_state(first, second)
    second.run(progress=False)
    assert second.done == STEPS and same_state(whole, second)


def of_recipe(recipe):
    """A new Training by a recipe."""
    run = run_files.build(recipe)
    return recipe.training(run.G, run.D, run.data, run.seeds[2])


@pytest.mark.sampled(10)
@pytest.mark.parametrize("part", PARTS)
def test_every_part_goes_on_to_the_same_bits(part, tmp_path):
    recipe = PARTS[part]
    check_resumed(tmp_path / "checkpoint.npz", lambda: of_recipe(recipe.replace(batch=16)), stop_of(part))


@pytest.mark.slow
@pytest.mark.parametrize("name", data.NAMES)
def test_every_data_set_goes_on_to_the_same_bits(name, tmp_path):
    check_resumed(tmp_path / "checkpoint.npz", lambda: of_recipe(Recipe(**SHORT, data=name)), stop_of(name))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_goes_on_to_the_same_bits(name, tmp_path):
    opt = OPTIMISERS[name]
    check_resumed(tmp_path / "checkpoint.npz", lambda: make(opt_g=opt, opt_d=copy.deepcopy(opt)), stop_of(name))


@pytest.mark.slow
@pytest.mark.parametrize("stop", range(1, STEPS))
def test_every_step_is_one_to_stop_at(stop, tmp_path):
    """Before, in and after the steps in which a replay is recorded and compared; by replay and plainly."""
    for replay in (True, False):
        check_resumed(tmp_path / "checkpoint.npz", lambda: make(**CASES["everything"]), stop, replay)


@pytest.mark.parametrize("case", ["ema", pytest.param("everything", marks=pytest.mark.slow)])
def test_a_training_that_replays_already_takes_a_state(case):
    """As one that goes back to an earlier step does: what was recorded belongs to arrays that may be gone."""
    whole, training = make(**CASES[case]), make(**CASES[case])
    whole.run(progress=False)
    training.advance(5)
    state = training.state()
    training.advance(6)
    training.load_state(state)
    training.run(progress=False)
    assert same_state(whole, training) and training._round.played == 3, "one plain step, one recorded, one both ways"


def test_a_stop_leaves_no_row_in_the_history(tmp_path):
    """In a long run only evenly spaced steps are recorded; a stop adds its own, which a run that never stopped does not have."""
    whole, first, second = (make(steps=2500, batch=4) for _ in range(3))
    whole.advance(60)
    first.run(lambda state: state.step == 20, progress=False)
    assert first.history.step.tolist() == [3, 6, 9, 12, 15, 18, 20]
    second.load_state(first.state())
    assert second.history.step.tolist() == [3, 6, 9, 12, 15, 18]
    second.advance(40)
    assert same_state(whole, second)


def system_run(model, **more):
    hidden = (4, 2) if model == "dcgan" else (8,)
    recipe = FAMILY[model].recipe_for().replace(hidden=hidden, steps=STEPS, batch=8, **more)
    return family_files.build(model, recipe, {"batch"})


@pytest.mark.sampled(4)
@pytest.mark.parametrize("model", FAMILY)
def test_every_system_goes_on_to_the_same_bits(model, tmp_path):
    def fresh():
        run = system_run(model)
        return run.system.training(run.data)

    check_resumed(tmp_path / "checkpoint.npz", fresh, stop_of(model))


def go_on(folder):
    """In another process: each run of the folder, to its end."""
    for path in sorted(Path(folder).iterdir()):
        run, start = family_files.resume(path)
        training = run.system.training(run.data) if hasattr(run, "system") else of_recipe(run.recipe)
        training.load_state(start)
        training.run(progress=False)
        saving.save(training, path / "ended.npz")


@pytest.mark.slow
def test_another_process_goes_on_by_the_file_alone(tmp_path):
    """Settings and all: nothing but the file is known there."""
    wholes = {}
    for part in ("all together", "unrolled", "extragradient", "replicas"):
        recipe = PARTS[part].replace(batch=16)
        wholes[part] = of_recipe(recipe)
        keep(tmp_path / part, run_files.words(run_files.build(recipe)), of_recipe(recipe), stop_of(part))
    for model in FAMILY:
        run, other = system_run(model), system_run(model)
        wholes[model] = run.system.training(run.data)
        keep(tmp_path / model, family_files.words(other), other.system.training(other.data), stop_of(model))
    code = f"import test_resume; test_resume.go_on({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=True)
    for name, whole in wholes.items():
        whole.run(progress=False)
        assert same_state(whole.state(), saving.read(tmp_path / name / "ended.npz").state), name


def keep(folder, words, training, stop):
    folder.mkdir()
    training.advance(stop)
    saving.save(training, folder / run_files.CHECKPOINT, words)


# ---- train(..., checkpoint=)


TURNED = Mixture(ring().standardized().means[:, ::-1] * [1, -1.1], ring().standardized().stds, name="ring")


def by_train(steps=STEPS, stop=None, callback=None, **more):
    G, D = mlp(2, 8, 2, seed=1), mlp(2, 8, 1, seed=2)
    settings = {"batch": 16, "penalties": (R1(0.1),), "instance_noise": lambda f: 0.1 * (1 - f), "opt_g": Adam(0.01), "ema": 0.9}
    history = train(G, D, more.pop("data", ring().standardized()), losses.NonSaturating(), steps=steps, progress=False,
                    callback=callback or (lambda state: state.step == stop), **settings | more)
    return G, D, history


def same_run(one, other):
    return all(same_bits(a.theta, b.theta) for a, b in zip(one[:2], other[:2], strict=True)) and all(
        same_bits(array, other[2].arrays()[name]) for name, array in one[2].arrays().items())


@pytest.mark.parametrize("every", [1, 5, 100])
def test_train_goes_on_from_its_checkpoint(tmp_path, every):
    path = tmp_path / "kept.npz"
    by_train(stop=7, checkpoint=path, every=every)
    assert saving.read(path).state["training.done"] == 7
    assert same_run(by_train(checkpoint=str(path), every=every), by_train())
    assert same_run(by_train(checkpoint=path), by_train()), "a run at its end is there, and takes no more steps"
    assert by_train(steps=STEPS + 3, checkpoint=path)[2].step[-1] == STEPS + 3
    assert os.listdir(tmp_path) == ["kept.npz"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_ends_a_run_in_between_leaves_the_last_whole_checkpoint(tmp_path, error):
    def raises(state):
        if state.step == 8:
            raise error

    path = tmp_path / "kept.npz"
    with pytest.raises(error):
        by_train(checkpoint=path, every=3, callback=raises)
    assert saving.read(path).state["training.done"] == 6
    assert same_run(by_train(checkpoint=path), by_train())


@pytest.mark.parametrize("more, message", [
    ({"seed": 4}, "seed is 0 there, and 4 here"), ({"penalties": ()}, r"penalties is \(R1\(0.1\),\) there, and \(\) here"),
    ({"penalties": (R1(0.1, columns=[1, 0.5]),)}, r"penalties is \(R1\(0.1\),\) there, and \(R1\(0.1, columns=\[1.0, 0.5\]\),\)"),
    ({"data": TURNED}, "data is Mixture ring: .*, numbers .* there, and Mixture ring: .*, numbers"),
    ({"data": ring().standardized().means.repeat(9, axis=0)}, "data is Mixture ring: .* there, and Points points: rows 72"),
    ({"opt_g": Adam(0.1)}, "opt_g is Adam"), ({"ema": None}, "ema is 0.9 there, and None here"),
    ({"steps": 5}, "it stands at step 7, and this Training has 5 steps"), ({"every": 0}, "every must be at least 1; got 0")])
def test_train_refuses_the_checkpoint_of_another_run(tmp_path, more, message):
    path = tmp_path / "kept.npz"
    by_train(stop=7, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=message):
        by_train(checkpoint=path, **more)
    assert path.read_bytes() == before


def test_a_checkpoint_of_another_kind_or_version_is_refused_by_name(tmp_path, monkeypatch):
    path = tmp_path / "kept.npz"
    checkpoint.save(path, {"theta": np.zeros(3)}, {})
    with pytest.raises(ValueError, match="expected 'tinygan training'"):
        by_train(checkpoint=path)
    monkeypatch.setattr(checkpoint, "VERSION", 1)
    saving.save(make(), path)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="kept.npz cannot be read: it is 'tinygan training', version 1; expected .*, version 2"):
        by_train(checkpoint=path)


# ---- the command line


WORDS = ("--hidden", 8, "--batch", 16, "--steps", STEPS, "--quiet")


@pytest.fixture
def undrawn(monkeypatch):
    """Without pictures and scores, which take longer than everything else."""
    monkeypatch.setattr(learning, "_pictures", lambda run, folder: [])
    monkeypatch.setattr(learning, "scores", lambda run: "")


def stopped_by(monkeypatch, number, step):
    """A signal arrives in this step."""
    keeper = learning.Keeper.__call__

    def pressed(self):
        if self.training.done == step:
            signal.raise_signal(number)
        keeper(self)

    monkeypatch.setattr(learning.Keeper, "__call__", pressed)


def arrays_of(folder):
    """All arrays of a run and of its checkpoint."""
    run, kept = (checkpoint.load(Path(folder, name), kind)[0] for name, kind in
                 ((run_files.RUN, checkpoint.RUN), (run_files.CHECKPOINT, saving.KIND)))
    return {f"run {name}": array for name, array in run.items()} | kept


def same_files(one, other):
    return same_state(arrays_of(one), arrays_of(other))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("number, code, name", [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")])
@pytest.mark.parametrize("more", [("--seed", 7), ("--replicas", 2, "--ema", .9, "--seed", 3)])
def test_a_stopped_command_names_the_one_that_goes_on(cli, monkeypatch, undrawn, number, code, name, more):
    assert cli("train", *WORDS, *more, "--out", "whole")[0] == 0
    with monkeypatch.context() as patch:
        stopped_by(patch, number, 5)
        got, out, err = cli("train", *WORDS, *more, "--out", "run")
    go_on = "train --resume run"
    assert (got, err) == (code, f"tinygan: stopped by {name}; the run so far is in run. To go on:  python -m tinygan {go_on}\n")
    assert run_files.load("run").history.step[-1] == 5 and ("Drawing what there is" in out) == (number == signal.SIGINT)
    got, out, err = cli(*go_on.split(), "--quiet")
    assert (got, err) == (0, "") and "going on at step 5 of 12\n" in out and same_files("whole", "run")
    got, out, _ = cli(*go_on.split(), "--quiet")
    assert got == 0 and "going on at step 12 of 12. That is its planned end; --steps goes beyond it" in out
    assert same_files("whole", "run")
    assert cli(*go_on.split(), "--quiet", "--steps", 15)[0] == 0 and run_files.load("run").history.step[-1] == 15


@pytest.mark.parametrize("words", [pytest.param(("--data", "mine.csv", "--seed", 4), id="own"), pytest.param(
    ("--model", "conditional", "--data", "labelled.csv", "--seed", 4), id="family", marks=pytest.mark.slow)])
def test_a_users_own_points_are_in_the_checkpoint(cli, monkeypatch, undrawn, words):
    """The table may have changed, or be gone."""
    x = np.random.default_rng(0).standard_normal((40, 2))
    files.write(x, "mine.csv")
    files.write(np.column_stack([x, np.arange(40) % 3]), "labelled.csv", ["a", "b", "label"])
    assert cli("train", *words, *WORDS, "--out", "whole")[0] == 0
    with monkeypatch.context() as patch:
        stopped_by(patch, signal.SIGTERM, 5)
        assert cli("train", *words, *WORDS, "--out", "run")[0] == 143
    os.remove("mine.csv")
    os.remove("labelled.csv")
    assert cli("train", "--resume", "run", "--quiet")[0] == 0 and same_files("whole", "run")


@pytest.mark.parametrize("words, code, message", [
    ("run --lr .1", 2, "lr is 0.002 in this run, and --lr asks for 0.1: leave it out, or begin a new run without --resume"),
    ("run --model bigan", 2, "model is gan in this run, and --model asks for bigan"),
    ("run --model infogan --factors 1", 2, "model is gan in this run"),
    ("run --steps 11", 2, "the run is planned for 12 steps, and --steps asks for 11: --resume goes on, so give more"),
    ("run --out other", 2, "--resume writes into the folder of the run that it goes on with: leave out --out and --force"),
    ("run --force", 2, "leave out --out and --force"),
    ("run --every 0", 2, "argument --every: N must be at least 1; got 0"),
    ("nowhere", 2, "there is no folder nowhere, so no run to go on with. Make one with the command train"),
    ("empty", 2, f"there is no run to go on with in empty: no file {Path('empty/checkpoint.npz')}. Make one with"),
    ("damaged", 1, f"{Path('damaged/checkpoint.npz')} is not a tinygan training, or it is damaged"),
    ("halved", 1, "checkpoint.npz is not a tinygan training, or it is damaged"),
    ("older", 1, "checkpoint.npz cannot be read: it is 'tinygan training', version 1; expected 'tinygan training', version 2"),
    ("partial", 1, "the state does not fit this Training. Parts that are missing: D.network"),
    ("wordless", 1, "checkpoint.npz is not a whole run: 'recipe'"),
])
def test_what_cannot_be_gone_on_with(cli, monkeypatch, unfinished, words, code, message):
    def names():
        return sorted(map(str, Path().rglob("*")))

    before = names(), Path("run/checkpoint.npz").read_bytes()
    got, _, err = cli("train", "--resume", *words.split())
    assert got == code and message in err and "Traceback" not in err
    assert (names(), Path("run/checkpoint.npz").read_bytes()) == before


@pytest.fixture
def unfinished(cli, monkeypatch):
    """A run that was killed at step 5, and folders that are no such runs."""
    run = run_files.build(Recipe(hidden=(8,), batch=16, steps=STEPS))
    training, words = of_recipe(run.recipe), run_files.words(run)
    for name in ("run", "empty", "damaged", "halved", "older", "partial", "wordless"):
        Path(name).mkdir()
    training.advance(5)
    path = Path("run/checkpoint.npz")
    saving.save(training, path, words)
    Path("damaged/checkpoint.npz").write_bytes(b"PK\x03\x04 not for long")
    Path("halved/checkpoint.npz").write_bytes(path.read_bytes()[:path.stat().st_size // 2])
    arrays, _ = checkpoint.load(path, saving.KIND)
    checkpoint.save("partial/checkpoint.npz", {name: a for name, a in arrays.items() if "D." not in name}, words, saving.KIND)
    checkpoint.save("wordless/checkpoint.npz", arrays, {}, saving.KIND)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "VERSION", 1)
        saving.save(training, "older/checkpoint.npz", words)


def test_options_that_agree_with_the_run_may_stand_beside_resume(cli, unfinished, undrawn):
    assert cli("train", "--resume", "run", "--hidden", 8, "--batch", 16, "--steps", STEPS, "--out", "run", "--quiet")[0] == 0


def test_a_killed_run_cannot_be_sampled_and_says_what_to_do(cli, unfinished):
    code, _, err = cli("sample", "run", "--out", "x.csv")
    assert code == 2 and "the run in run has not come to its end. Go on with it by  train --resume run" in err


def test_every_says_how_often(cli, monkeypatch, undrawn):
    written, save = [], saving.save
    monkeypatch.setattr(saving, "save", lambda training, *more: (written.append(training.done), save(training, *more)))
    assert cli("train", *WORDS, "--every", 5, "--out", "run")[0] == 0 and written == [0, 5, 10, 12]


def test_a_run_that_diverges_does_so_again(cli, undrawn):
    words = ("--hidden", 64, 64, "--lr", 10, "--steps", 500, "--quiet", "--every", 2, "--out", "run")
    code, _, first = cli("train", *words)
    again = cli("train", "--resume", "run", "--quiet")
    assert code == again[0] == 1 and again[2] == first and "training diverged at step" in first


# ---- one folder, several writers; disks


def test_a_folder_has_one_writer_at_a_time(cli, unfinished, undrawn):
    taken = "another tinygan is writing into run. Wait for its end, or choose another --out"
    before = Path("run/checkpoint.npz").read_bytes()
    with files.lock("run"):
        for words in ("train --out run --force", "train --resume run", "demo --out run --force"):
            code, _, err = cli(*words.split())
            assert code == 2 and err == f"tinygan: {taken}\n"
    assert Path("run/checkpoint.npz").read_bytes() == before
    assert cli("train", "--resume", "run", "--quiet")[0] == 0, "the folder is free again"


def test_a_study_holds_its_folder(cli):
    Path("mine").mkdir()
    with files.lock("mine"), pytest.raises(files.InUse, match="another tinygan is writing into mine"):
        study.run_study({"plain": REMEDIES["plain"]}, {"ring": ring()}, [0], SETUPS["quick"], folder="mine")


@pytest.mark.slow
def test_the_system_lets_go_of_a_folder_when_its_process_is_killed(tmp_path):
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    code = "import sys, time; from tinygan import files\nwith files.lock(sys.argv[1]):\n    print(flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE,
                          env=os.environ | {"PYTHONPATH": path}) as process:
        process.stdout.readline()
        with pytest.raises(files.InUse), files.lock(tmp_path):
            pass
        process.kill()
    with files.lock(tmp_path):
        assert os.listdir(tmp_path) == []


def test_two_runs_that_begin_together_get_folders_of_their_own(cli, monkeypatch, undrawn):
    build = run_files.build

    def slowly(*recipe_and_reading):
        Path("tinygan-ring").mkdir(exist_ok=True)  # the other one was quicker
        return build(*recipe_and_reading)

    monkeypatch.setattr(run_files, "build", slowly)
    assert cli("train", *WORDS)[0] == 0 and os.listdir("tinygan-ring") == [] and Path("tinygan-ring-2/run.npz").is_file()


@pytest.mark.parametrize("error, words", [(28, "No space left on device"), (13, "Permission denied"),
                                          (30, "Read-only file system")])
def test_a_disk_that_fails_in_between_leaves_the_checkpoint_before(cli, monkeypatch, undrawn, error, words):
    written, savez = [], np.savez

    def fails(*arguments, **arrays):
        written.append(True)
        if len(written) == 3:
            raise OSError(error, words)
        savez(*arguments, **arrays)

    assert cli("train", *WORDS, "--out", "whole")[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", fails)
        code, _, err = cli("train", *WORDS, "--every", 4, "--out", "run")
    assert code == 1 and os.listdir("run") == ["checkpoint.npz"]
    assert err == (f"tinygan: {Path('run/checkpoint.npz')}: {words}. The last checkpoint is whole. Remove the cause. "
                   "To go on:  python -m tinygan train --resume run\n")
    assert saving.read("run/checkpoint.npz").state["training.done"] == 4
    assert cli("train", "--resume", "run", "--quiet")[0] == 0 and same_files("whole", "run")


def test_a_folder_that_vanishes_is_named(cli, monkeypatch, undrawn):
    keeper = learning.Keeper.__call__

    def vanishing(self):
        if self.training.done == 5:
            for path in Path("run").iterdir():
                path.unlink()
            Path("run").rmdir()
        keeper(self)

    monkeypatch.setattr(learning.Keeper, "__call__", vanishing)
    code, _, err = cli("train", *WORDS, "--every", 1, "--out", "run")
    assert code == 1 and err == "tinygan: the folder run is no longer there, and the run is lost with it. Begin again\n"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_table_that_does_not_fit_on_the_disk_is_an_error(tmp_path):
    """np.save alone would end well, with half a file."""
    code = ("import resource, numpy; from tinygan import files; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
            "files.write(numpy.zeros((2000, 2)), 'x.npy')")
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
                           env=os.environ | {"PYTHONPATH": path})
    assert ended.returncode == 1 and "OSError: [Errno 27] File too large: 'x.npy'" in ended.stderr and os.listdir(tmp_path) == []


def test_what_a_killed_process_has_left_is_deleted(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f".{ended.pid}-x.csv", f".{os.getpid()}-y.csv", ".notes-x.csv", f".{os.getppid()}-x.csv"):
        (tmp_path / name).write_text("half")
    files.write(np.zeros((2, 2)), tmp_path / "x.csv")
    kept = {f".{os.getpid()}-y.csv", ".notes-x.csv", f".{os.getppid()}-x.csv", "x.csv"}
    assert set(os.listdir(tmp_path)) == kept, "only of this file, and only of processes that are no more"


# ---- a study


def made(folder=None, seeds=(0, 1), **more):
    setup = SETUPS["quick"].replace(hidden=(8,), batch=16, steps=STEPS)
    remedies = {name: REMEDIES[name] for name in ("plain", "averaging")}
    rows = study.run_study(remedies, {"ring": ring().standardized()}, seeds, setup, folder=folder, replicas=2, **more)
    return [json.dumps([row.key, row.raw, row.ema, row.diverged]) + repr(row.x.tobytes()) for row in rows]


def stopped(folder, monkeypatch):
    """A study that is interrupted in step 9 of its first runs, which it has kept after step 8."""
    stopped_by(monkeypatch, signal.SIGINT, 9)  # study.groups uses the same Keeper
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            made(folder, every=4, jobs=1)
    finally:
        signal.signal(signal.SIGINT, before)
    monkeypatch.undo()


def test_a_study_goes_on_in_the_middle_of_a_run(tmp_path, monkeypatch):
    stopped(tmp_path, monkeypatch)
    assert os.listdir(tmp_path / "unfinished") == ["ring-plain-0.npz"]
    assert saving.read(tmp_path / "unfinished/ring-plain-0.npz").state["training.done"] == 8
    steps, one_step = [], study.groups.Training._one_step
    monkeypatch.setattr(study.groups.Training, "_one_step", lambda self: steps.append(self.done) or one_step(self))
    assert made(tmp_path, every=4, jobs=1) == made()
    assert steps[:5] == [8, 9, 10, 11, 0] and not (tmp_path / "unfinished").exists()


def test_a_study_counts_the_time_before_it_was_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(study.groups, "time", SimpleNamespace(thread_time=itertools.count(0, 1000.0).__next__))
    stopped(tmp_path, monkeypatch)
    made(tmp_path, every=4, jobs=1)
    with (tmp_path / "study.csv").open(newline="") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    assert [1000 <= 2 * each < 9000 for each in seconds] == [True, True, False, False]  # two runs share the time of their group


@pytest.mark.parametrize("other", ["seeds", "damaged"])
def test_a_study_does_not_go_on_with_what_is_not_its_own(tmp_path, monkeypatch, other):
    def broken(self):
        saving.Keeper.save(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(learning.Keeper, "__call__", broken)
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, jobs=1, seeds=(0, 1) if other == "damaged" else (0, 7))
    monkeypatch.undo()
    path = tmp_path / "unfinished/ring-plain-0.npz"
    if other == "damaged":
        path.write_bytes(path.read_bytes()[:1000])
    assert made(tmp_path, jobs=1) == made()
