"""The exercises as a student meets them: copied, run by pytest, answered wrongly and rightly."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import PATIENCE

from tinygan.__main__ import main
from tinygan.exercises import FOLDER, LESSONS

STUBS = {path.name[2:4]: path.name for path in FOLDER.glob("ex*.py")}


@pytest.fixture
def folder(tmp_path):
    """A student's own copy."""
    assert main(["exercises", str(tmp_path / "mine")]) == 0
    return tmp_path / "mine"


def run(folder, *options, place=".", **more):
    """What pytest says about a folder of answers, with the exit code."""
    env = os.environ | {"PYTHONPATH": str(FOLDER.parents[1]), "COLUMNS": "120", "PY_COLORS": "0", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", place, *options]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", **more)
    return done.returncode, done.stdout


def answer(folder, number, code):
    """Write an answer in place of the line that raises."""
    path = folder / STUBS[number[:2]]
    text = path.read_text()
    line, = re.findall(rf".*NotImplementedError\(\"Exercise {number}:.*\n", text)
    path.write_text(text.replace(line, f"    {code}\n"))


def board(out):
    """The rows of the board, and what stands below it."""
    return re.search(r"=+ (?:your exercises|the library's answers) =+\n(.*?)(?:=====|$)", out, re.S)[1].strip("\n").splitlines()


def failures(out):
    """name -> the lines about an exercise that is wrong."""
    blocks = re.findall(r"^_{5,} \S+ (\w+) _+\n(.*?)(?=^[_=]{5})", out, re.M | re.S)
    assert len(dict(blocks)) == len(blocks)
    return {name: block.splitlines() for name, block in blocks}


@pytest.mark.slow
def test_all_that_is_untouched_is_to_do(folder):
    code, out = run(folder, "-q")
    assert code == 0 and "failed" not in out and re.search(r"\d+ to do in", out)
    for lesson, title in LESSONS.items():
        assert re.search(rf"^{lesson} {re.escape(title)} .* 0 done, 0 wrong, [3-6] to do$", out, re.M), lesson
    assert "Next: 01.1 " in out and "Traceback" not in out


def test_mistakes_come_back_with_their_cause(folder):
    answer(folder, "02.1", "return x @ W + b")
    answer(folder, "02.2", "return dy @ W.T, x.T @ dy / len(x), dy.sum(axis=0, keepdims=True)")
    answer(folder, "02.3", "return dy * (1 - np.tanh(x))")
    answer(folder, "02.4", "return dy @ x")
    code, out = run(folder, "-m", "ex02")
    assert code == 1 and "Traceback" not in out and "1 passed" in out and "3 failed" in out and "1 to do" in out
    assert "it was divided once too often by the batch size 5. Is there a mean where a sum belongs" in out
    assert "(dx and db are right)" in out
    assert "1 - tanh where 1 - tanh^2 was meant" in out
    assert re.search(r"ex02_a_layer_and_its_gradient.py, line \d+: return dy @ x", out) and "ValueError" in out
    assert "02 a layer and its gradient" in out and "1 done, 3 wrong, 1 to do" in out and "Next: 02.2" in out
    blocks = re.findall(r"^_+ 02\.\d .*?(?=^[_=]{5})", out, re.M | re.S)
    assert len(blocks) == 3 and all(len(block.splitlines()) <= 8 for block in blocks)
    assert run(folder, "-m", "ex02")[1].split("FAILURES")[1].split("in ")[0] == out.split("FAILURES")[1].split("in ")[0]


@pytest.mark.slow
def test_one_at_a_time_and_one_more_hint_each_time(folder):
    next(folder.glob("ex01_*")).unlink()  # the first file is then that of lesson 02
    answer(folder, "02.1", "return x @ W + b")
    _, out = run(folder, "--sw", "--hint")
    assert "1 passed, 1 to do" in out and "hint 1 of 3" in out and "hint 2" not in out
    assert "hint 2 of 3" in run(folder, "--hint", "-m", "ex02")[1]


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_file_that_python_cannot_read(folder):
    path = folder / STUBS["02"]
    path.write_text(path.read_text().replace("def dense_forward(x, W, b):", "def dense_forward(x, W, b)"))
    code, out = run(folder, "-k", "dense_forward")
    assert code == 1 and re.search(r"line \d+: Python cannot read this: expected ':'", out) and "Traceback" not in out


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    Path(tmp_path / "file").write_text("")
    assert main(["exercises", str(tmp_path / "file" / "mine")]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err


# ---------------------------------------------------------------- accidents


RIGHT = {"02.1": "return x @ W + b", "02.2": "return dy @ W.T, x.T @ dy, dy.sum(axis=0, keepdims=True)",
         "02.3": "return dy * (1 - np.tanh(x) ** 2)", "02.4": "return dy * np.where(x > 0, 1.0, slope)"}


def rewrite(folder, lesson, change):
    path = folder / STUBS[lesson]
    path.write_bytes(change(path.read_bytes()))


@pytest.fixture
def accidents(folder):
    """Everything at once: one accident in each place."""
    answer(folder, "02.1", "print('debugging'); " + RIGHT["02.1"])
    answer(folder, "02.2", "exit()")
    answer(folder, "02.3", "import os; os._exit(3)")
    answer(folder, "02.4", "raise KeyboardInterrupt")
    answer(folder, "02.5", "return input()")
    rewrite(folder, "03", lambda data: data + "# R\u00e9n\u00e9\n".encode("latin-1"))
    rewrite(folder, "04", lambda data: data.replace(b"def optimal_score(", b"def optimal_score("[:-1]))
    rewrite(folder, "05", lambda data: data + b"\nexit()\n")
    answer(folder, "06.3", "return ratio(f)")
    rewrite(folder, "06", lambda data: (
        b"\xef\xbb\xbf" + data.replace(b"import numpy", b"from __future__ import annotations\nfrom dataclasses import dataclass\n"
                                      b"from .ex07_reading_the_losses import ratio\n\n@dataclass\nclass Pair:\n    a: int\n\n"
                                      b"import numpy", 1)).replace(b"\n", b"\r\n"))
    rewrite(folder, "07", lambda data: data + b"\ndef ratio(f):\n    return np.exp(-f)\n")
    return folder


BOARD = ["02 a layer and its gradient          #xxxx    1 done, 4 wrong, 0 to do",
         "03 scores and probabilities          x????    0 done, 1 wrong, 0 to do, 4 not read",
         "04 what the discriminator learns     x?????   0 done, 1 wrong, 0 to do, 5 not read",
         "05 the first GAN                     x????    0 done, 1 wrong, 0 to do, 4 not read",
         "06 saturating or not                 ..#...   1 done, 0 wrong, 5 to do",
         "Note: 02.1 dense_forward is right, and prints 'debugging': an answer only returns, so remove the print",
         "Next: 02.2 the backward pass of a dense layer: dense_backward in ex02_a_layer_and_its_gradient.py"]
MARKERS = "ex02 or ex03 or ex04 or ex05 or ex06"


@pytest.mark.slow
def test_accidents_stay_where_they_are(accidents):
    code, out = run(accidents, "-m", MARKERS)
    assert code == 1 and "Traceback" not in out and board(out)[:-1] == BOARD
    said = failures(out)
    assert list(said) == ["dense_backward", "tanh_backward", "leaky_relu_backward", "numerical_gradient", "sigmoid",
                          "optimal_discriminator", "discriminator_gradient"], "the file that cannot be read is told once"
    assert said["dense_backward"][0].startswith("dense_backward ends the program") and "exit()" in said["dense_backward"][1]
    assert said["tanh_backward"][0].startswith("tanh_backward ends the program")
    assert said["leaky_relu_backward"][0] == "it stops with KeyboardInterrupt"
    assert said["numerical_gradient"][0].startswith("numerical_gradient waits for the keyboard")
    assert re.fullmatch(r"ex03_\w+.py, line \d+: a letter here is not in UTF-8", said["sigmoid"][0])
    assert said["sigmoid"][1] == "    # R\u00e9n\u00e9" and "save the file in the encoding UTF-8" in said["sigmoid"][2]
    assert "Python cannot read this" in said["optimal_discriminator"][0]
    assert said["discriminator_gradient"][0].startswith("the top level of ex05_the_first_gan.py ends the program")
    assert all(2 <= len(lines) <= 8 for lines in said.values())


@pytest.mark.slow
@pytest.mark.parametrize("options", [pytest.param(("-n", "2"), id="two processes"),
                                     pytest.param(("-p", "no:xdist"), id="no xdist", marks=pytest.mark.slow)])
def test_the_board_is_the_same_with_and_without_other_processes(accidents, options):
    if not importlib.util.find_spec("xdist") and "-n" in options:
        pytest.skip("pytest-xdist is missing")
    code, out = run(accidents, "-m", MARKERS, *options)
    assert code == 1 and board(out)[:-1] == BOARD and len(failures(out)) == 7


@pytest.mark.slow
def test_ctrl_c_ends_the_run_and_is_no_success(folder):
    answer(folder, "02.1", RIGHT["02.1"])
    answer(folder, "02.2", "import signal; signal.raise_signal(signal.SIGINT)")
    code, out = run(folder, "-m", "ex02")
    assert code == 2 and "KeyboardInterrupt" in out and "All of these are solved" not in out
    assert board(out)[:2] == ["02 a layer and its gradient          #____    1 done, 0 wrong, 0 to do",
                              "These are solved; the others were not looked at."]


@pytest.mark.slow
def test_loops_without_end_are_ended_wherever_they_are(folder):
    answer(folder, "02.1", "print('x' * 10_000_000); return x @ W + b")
    answer(folder, "02.2", "while True: pass")
    answer(folder, "02.3", "import time; time.sleep(1000)")
    answer(folder, "02.4", "import threading as t; a = t.Thread(target=lambda: [0 for _ in iter(int, 1)]); a.start(); a.join()")
    rewrite(folder, "03", lambda data: data + b"\nwhile True:\n    pass\n")
    code, out = run(folder, "-m", "ex02 or ex03", timeout=PATIENCE)
    said = failures(out)
    assert code == 1 and board(out)[0].endswith("#xxx.    1 done, 3 wrong, 1 to do")
    assert [lines[0].split(" is still")[0] for lines in said.values()] == [
        "dense_backward", "tanh_backward", "leaky_relu_backward", "the top level of ex03_scores_and_probabilities.py"]
    assert "prints 'xxxx" in out and len(out) < 10_000


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["here", "two processes"])
def test_what_cannot_be_stopped_ends_with_the_board(folder, options):
    if not importlib.util.find_spec("xdist") and options:
        pytest.skip("pytest-xdist is missing")
    answer(folder, "02.1", RIGHT["02.1"])
    answer(folder, "02.2", "import hashlib; hashlib.pbkdf2_hmac('md5', b'', b'', 2**31 - 1)")  # one call that nothing interrupts
    code, out = run(folder, "-m", "ex02", *options, timeout=PATIENCE)
    if options:  # the process of this exercise is lost, and another takes its place
        assert code == 1 and "crashed while running" in out and "1 done" in out and "All of these are solved" not in out
    else:
        assert code == 1 and "02.2 dense_backward cannot be stopped, so everything ends here" in out
        assert board(out)[0] == "02 a layer and its gradient          #x___    1 done, 1 wrong, 0 to do"


# ---------------------------------------------------------------- folders, memory, showing


@pytest.mark.slow
def test_two_students_in_one_run(folder, tmp_path):
    """Their files have the same names, and so have the modules that they share."""
    assert main(["exercises", str(tmp_path / "yours")]) == 0
    for place, right in (("mine", "x @ W + b"), ("yours", "x @ W - b")):
        answer(tmp_path / place, "02.1", "return helpers.forward(x, W, b)")
        rewrite(tmp_path / place, "02", lambda data: data.replace(b"import numpy", b"import helpers\nimport numpy", 1))
        (tmp_path / place / "helpers.py").write_text(f"def forward(x, W, b):\n    return {right}\n")
    code, out = run(tmp_path, "yours", "-m", "ex02", place="mine")
    assert code == 1 and board(out)[:6] == [
        "mine: 1 of 5 done", "02 a layer and its gradient          #....    1 done, 0 wrong, 4 to do",
        "yours: 0 of 5 done", "02 a layer and its gradient          x....    0 done, 1 wrong, 4 to do",
        f"Next: 02.2 the backward pass of a dense layer: dense_backward in {Path('mine', STUBS['02'])}",
        f"Next: 02.1 the forward pass of a dense layer: dense_forward in {Path('yours', STUBS['02'])}"]


@pytest.mark.slow
def test_folders_below_the_one_that_is_named(folder, tmp_path):
    """Their conftest.py is read after the options, which are off then."""
    answer(folder, "02.1", RIGHT["02.1"])
    code, out = run(tmp_path, "-k", "dense")
    assert code == 0 and board(out)[0].startswith("02 a layer and its gradient          #.___    1 done, 0 wrong, 1 to do")


@pytest.mark.slow
def test_one_at_a_time_remembers_what_was_done(folder):
    next(folder.glob("ex01_*")).unlink()
    for number in ("02.1", "02.2", "02.4"):
        answer(folder, number, RIGHT[number])
    answer(folder, "02.3", "return dy")
    _, out = run(folder, "--sw")
    assert board(out)[0] == "02 a layer and its gradient          ##x__    2 done, 1 wrong, 0 to do"
    _, out = run(folder, "--sw")
    assert "2 deselected" in out
    assert board(out)[0] == "02 a layer and its gradient          ##x__    2 done, 1 wrong, 0 to do"
    rewrite(folder, "02", lambda data: data.replace(b"return dy\n", RIGHT["02.3"].encode() + b"\n"))
    _, out = run(folder, "--sw")
    assert board(out)[:2] == ["02 a layer and its gradient          ####.    4 done, 0 wrong, 1 to do",
                              f"Next: 02.5 a gradient by central differences: numerical_gradient in {STUBS['02']}"]
    _, out = run(folder, "-k", "dense")
    assert board(out)[0] == "02 a layer and its gradient          ##___    2 done, 0 wrong, 0 to do"
    _, out = run(folder, "-k", "dense_forward", "-p", "no:cacheprovider", "--hint")
    assert board(out)[1] == "All of these are solved."


@pytest.mark.slow
def test_the_librarys_answer_is_shown_only_on_wish(folder):
    answer(folder, "02.1", RIGHT["02.1"])
    _, out = run(folder, "-m", "ex02")
    assert "The library's answer" not in out and "_backward_solution" not in out
    _, out = run(folder, "-m", "ex02", "--show")
    shown = "\n".join(board(out))
    assert "The library's answer to 02.2 dense_backward:" in shown and shown.count("The library's answer") == 1
    assert re.search(r"^_backward_solution, .*ex02.py, line \d+:\n    def _backward_solution\(dy, x, W\):", shown, re.M)
    assert re.search(r"^Dense.backward, .*layers.py, line \d+:\n    def backward", shown, re.M)
    _, out = run(folder, "-k", "dense_forward", "--show")
    assert "The library's answer to 02.1" in out, "with all of them solved, to compare"


@pytest.mark.slow
def test_solution_says_what_it_graded(folder):
    answer(folder, "02.1", "exit()")
    code, out = run(folder, "-m", "ex02", "--solution")
    assert code == 0 and board(out)[0] == "02 a layer and its gradient          #####    5 done, 0 wrong, 0 to do"
    assert re.match(r"Graded were the library's own answers, from .*exercises; yours were not looked at.", board(out)[1])
    _, out = run(folder, "-m", "ex02", "--sw")
    assert board(out)[0].endswith("x____    0 done, 1 wrong, 0 to do"), "and it does not remember them as yours"


@pytest.mark.slow
def test_two_files_for_one_lesson(folder):
    answer(folder, "02.1", RIGHT["02.1"])
    (folder / "ex02_old.py").write_text("def dense_forward(x, W, b):\n    return x @ W\n")
    _, out = run(folder, "-k", "dense_forward")
    assert board(out)[0].endswith("#____    1 done, 0 wrong, 0 to do, in ex02_a_layer_and_its_gradient.py")
    assert board(out)[1].endswith("x____    0 done, 1 wrong, 0 to do, in ex02_old.py")


@pytest.mark.slow
def test_marks_for_a_spreadsheet(folder, tmp_path):
    """What pytest writes for other programs."""
    answer(folder, "02.1", RIGHT["02.1"])
    answer(folder, "02.2", "return 0")
    run(folder, "-m", "ex02", f"--junitxml={tmp_path / 'marks.xml'}")
    text = (tmp_path / "marks.xml").read_text("utf-8")
    assert 'tests="5"' in text and 'failures="1"' in text and 'skipped="3"' in text and "must return dx, dW, db" in text
    kept = json.loads(next(folder.rglob("tinygan/board")).read_text("utf-8"))
    assert sorted(note[1:] for note in kept) == [["02.1", "done"], ["02.2", "wrong"], *(
        [f"02.{k}", "to do"] for k in (3, 4, 5))]
