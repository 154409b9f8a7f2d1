"""Commands that are stopped from outside and gone on with: `tests/benchmarks/kills.py` in small, and its own test."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from waiting import PATIENCE

from tinygan import files, saving
from tinygan.cli import run_files
from tinygan.recipe import Recipe

WHERE = importlib.util.spec_from_file_location("kills", Path(__file__).parent / "benchmarks" / "kills.py")
kills = importlib.util.module_from_spec(WHERE)
WHERE.loader.exec_module(kills)


@pytest.mark.slow
def test_twelve_kills(tmp_path, monkeypatch):
    """Training, a system, a study in two processes, the demo, grading; SIGKILL, SIGTERM and SIGINT."""
    for name in ("ENDED", "LATE"):
        monkeypatch.setattr(kills, name, PATIENCE)
    table, faults = kills.kills(12, 3, tmp_path)
    assert faults == [] and {work for work, _ in table} == {*kills.WORKS} and {name for _, name in table} == {*kills.SIGNALS}
    assert sum(sum(counts.values()) for counts in table.values()) == 12


def unfinished(folder):
    run = run_files.build(Recipe(hidden=(8,), batch=16, steps=9))
    training = run.recipe.training(run.G, run.D, run.data, run.seeds[2])
    training.advance(3)
    folder.mkdir()
    saving.save(training, folder / "checkpoint.npz", run_files.words(run))
    files.write(np.zeros((2, 2)), folder / "x.npy")
    return training


def test_the_comparison_sees_one_bit(tmp_path):
    training = unfinished(tmp_path / "one")
    unfinished(tmp_path / "other")
    assert kills.contents(tmp_path / "one") == kills.contents(tmp_path / "other") and kills.half(tmp_path / "one") == []
    theta = training.players["G"].network.theta
    theta[0] = np.nextafter(theta[0], np.float32(9))
    saving.save(training, tmp_path / "other/checkpoint.npz", saving.read(tmp_path / "one/checkpoint.npz").about)
    assert kills.contents(tmp_path / "one") != kills.contents(tmp_path / "other")


@pytest.mark.parametrize("name", ["checkpoint.npz", "x.npy"])
def test_half_a_file_is_found(tmp_path, name):
    unfinished(tmp_path / "run")
    path = tmp_path / "run" / name
    path.write_bytes(path.read_bytes()[:-5])
    assert [fault for fault in kills.half(tmp_path / "run") if fault.startswith(f"{name} is not whole")]


@pytest.mark.slow
def test_a_process_that_is_left_is_found(tmp_path):
    place = kills.Place(tmp_path / "place", "train")
    process = place.start("--version")
    assert place.left() == [process.pid]
    process.communicate()
    assert place.left() == []


WORKER = """
import os, signal, sys, time
from tinygan.engine import machine
reading, writing = os.pipe()
ready, say_ready = os.pipe()
nothing, parents = os.pipe()  # it ends when the parent closes it, or is no more
parent = os.getpid()
if os.fork():
    for number in (writing, say_ready, nothing):
        os.close(number)
    os.read(ready, 1)
    if sys.argv[1] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(reading)
    os.close(parents)
    os.wait()
else:
    for number in (reading, ready, parents):
        os.close(number)
    machine.end_with_the_parent(parent)
    os.write(say_ready, b"x")
    os.read(nothing, 1)
    while sys.argv[1] == "killed" and os.getppid() == parent:
        time.sleep(0.01)
    try:
        os.write(writing, b"a result")
        print("written")
    except OSError:
        print("an error")
        raise
"""


@pytest.mark.slow
@pytest.mark.parametrize("how, code, out, err", [("killed", -9, "", ""), ("closed", 0, "an error\n", "BrokenPipe")])
def test_a_result_that_nobody_reads_is_an_error_only_where_the_parent_lives(how, code, out, err):
    done = subprocess.run([sys.executable, "-c", WORKER, how], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (code, out) and err in done.stderr and (err or not done.stderr)
