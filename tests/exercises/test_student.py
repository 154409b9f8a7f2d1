"""The exercises as a student meets them: copied, run by pytest, answered wrongly and rightly."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tinygan.__main__ import main
from tinygan.exercises import FOLDER, LESSONS

STUBS = {"02": "ex02_a_layer_and_its_gradient.py"}


@pytest.fixture
def folder(tmp_path):
    """A student's own copy."""
    assert main(["exercises", str(tmp_path / "mine")]) == 0
    return tmp_path / "mine"


def run(folder, *options):
    """What pytest says about a folder of answers, with the exit code."""
    env = os.environ | {"PYTHONPATH": str(FOLDER.parents[1]), "COLUMNS": "120", "PY_COLORS": "0"}
    command = [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", str(folder), *options]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    return done.returncode, done.stdout


def answer(folder, number, code):
    """Write an answer in place of the line that raises."""
    path = folder / STUBS[number[:2]]
    text = path.read_text()
    line, = re.findall(rf".*NotImplementedError\(\"Exercise {number}:.*\n", text)
    path.write_text(text.replace(line, f"    {code}\n"))


def test_all_that_is_untouched_is_to_do(folder):
    code, out = run(folder, "-q")
    assert code == 0 and "failed" not in out and re.search(r"\d+ to do in", out)
    for lesson, title in LESSONS.items():
        assert re.search(rf"^{lesson} {re.escape(title)} .* 0 done, 0 wrong, [3-6] to do$", out, re.M), lesson
    assert "Next: 02.1 " in out and "Traceback" not in out


def test_mistakes_come_back_with_their_cause(folder):
    answer(folder, "02.1", "return x @ W + b")
    answer(folder, "02.2", "return dy @ W.T, x.T @ dy / len(x), dy.sum(axis=0, keepdims=True)")
    answer(folder, "02.3", "return dy * (1 - np.tanh(x))")
    answer(folder, "02.4", "return dy @ x")
    code, out = run(folder, "-m", "ex02")
    assert code == 1 and "Traceback" not in out and "1 passed" in out and "3 failed" in out and "1 to do" in out
    assert "the batch size: it was divided by once too often: a mean where a sum belongs" in out and "(dx is right)" in out
    assert "1 - tanh where 1 - tanh^2 was meant" in out
    assert re.search(r"ex02_a_layer_and_its_gradient.py, line \d+: return dy @ x", out) and "ValueError" in out
    assert "02 a layer and its gradient" in out and "1 done, 3 wrong, 1 to do" in out and "Next: 02.2" in out
    blocks = re.findall(r"^_+ 02\.\d .*?(?=^[_=]{5})", out, re.M | re.S)
    assert len(blocks) == 3 and all(len(block.splitlines()) <= 8 for block in blocks)
    assert run(folder, "-m", "ex02")[1].split("FAILURES")[1].split("in ")[0] == out.split("FAILURES")[1].split("in ")[0]


def test_one_at_a_time_and_one_more_hint_each_time(folder):
    answer(folder, "02.1", "return x @ W + b")
    _, out = run(folder, "--sw", "--hint")
    assert "1 passed, 1 to do" in out and "hint 1 of 3" in out and "hint 2" not in out
    assert "hint 2 of 3" in run(folder, "--hint", "-m", "ex02")[1]


def test_the_library_solves_its_own_exercises(folder):
    code, out = run(folder, "--solution", "-m", "ex02 or ex03 or ex04")
    assert code == 0 and "All of these are solved." in out and "to do" not in out.split("answers")[1].replace("0 to do", "")


def test_copying_again_never_overwrites(folder, capsys):
    answer(folder, "02.1", "return x @ W + b")
    (folder / "conftest.py").unlink()
    before = (folder / STUBS["02"]).read_text()
    assert main(["exercises", str(folder)]) == 0
    assert (folder / STUBS["02"]).read_text() == before and (folder / "conftest.py").exists()
    assert re.search(r"1 files? copied .* there already and are as they were", capsys.readouterr().out)


def test_a_file_that_python_cannot_read(folder):
    path = folder / STUBS["02"]
    path.write_text(path.read_text().replace("def dense_forward(x, W, b):", "def dense_forward(x, W, b)"))
    code, out = run(folder, "-k", "dense_forward")
    assert code == 1 and re.search(r"line \d+: Python cannot read this: expected ':'", out) and "Traceback" not in out


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    Path(tmp_path / "file").write_text("")
    assert main(["exercises", str(tmp_path / "file" / "mine")]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err
