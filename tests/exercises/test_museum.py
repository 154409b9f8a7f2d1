"""The museum's exhibits fail as their stories say, can be repaired, and name each repair that misses."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from waiting import PATIENCE

from tinygan.exercises import FOLDER, copy_to, exercises_of, museum
from tinygan.exercises.grading import Wrong, grade
from tinygan.exercises.plugin import _File

ROOT = FOLDER.parents[1]
EXHIBITS = exercises_of("museum")
PAGE = (ROOT / "docs" / "museum.rst").read_text("utf-8")
exhibits = pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda e: f"{e.number}-{e.name}")

# What a student may write: (old, new) in the file of each exhibit.
REPAIRS = {
    "01": [("np.linspace(0, 2 * np.pi, modes)", "np.linspace(0, 2 * np.pi, modes, endpoint=False)")],
    "02": [("np.tanh(s)", "np.tanh(s / 2)")],
    "03": [("ds = sigmoid(s) - y", "ds = (sigmoid(s) - y) / s.shape[0]")],
    "04": [("s - y", "s - y[:, None]")],
    "05": [("fake = f.mean() - r", "fake = f - r.mean()"), ("dr = d_real - d_fake", "dr = d_real - d_fake.sum() / n"),
           ("np.full_like(f, (d_fake - d_real).sum() / n)", "d_fake - d_real.sum() / n")],
    "06": [("splice(values, 2 * i, 2 * i + 2)", "values[2 * i:2 * i + 2]")],
    "07": [("value - expected <", "abs(value - expected) <")],
    "08": [("    return gamma * dy / np.sqrt(var + EPS)", "    std = np.sqrt(var + EPS)\n"
            "    x_hat, dx_hat = (x - x.mean(axis=0)) / std, gamma * dy\n"
            "    return (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0)) / std")],
    "09": [("for g in grads", "for t, g in enumerate(grads, start=1)"), ("m / (1 - beta1)", "m / (1 - beta1**t)"),
           ("v / (1 - beta2)", "v / (1 - beta2**t)")],
    "10": [("size=x_real.shape", "size=(x_real.shape[0], 1, 1, 1)")],
    "11": [("axis=1", "axis=(1, 2, 3)")],
    "12": [("keepdims=True))", "keepdims=True) + 1e-12)")],
    "13": [("    return dW, da", "    dW += x.T @ ((v @ W) * a.T * (-2 * u * slope))\n    return dW, da")],
    "14": [("    G.reset()  # gradients start from zero\n", "")],
    "15": [("r, f = D.forward(x_real), D.forward(x_fake)\n", "r = D.forward(x_real)\n"),
           ("    dW_fake, da_fake", "    f = D.forward(x_fake)\n    dW_fake, da_fake")],
    "16": [("self.dW = x.T", "self.dW += x.T")],
    "17": [("self.W, self.lr = W, lr", "self.W, self.dW = W, 0"),
           ("self.W = self.W - self.lr * self.x.T @ dy", "self.dW += self.x.T @ dy"),
           ("return hidden.W, out.W", "return W - lr * hidden.dW, a - lr * out.dW")],
    "18": [("    adversarial = np.mean(softplus(-D(x)))\n    dx = 2 * (x - target) / x.size\n",
            "    s, tape_D = D.forward(x)\n    adversarial = np.mean(softplus(-s))\n"
            "    ds = -weight / (1 + np.exp(s)) / s.shape[0]\n"
            "    dx = 2 * (x - target) / x.size + D.backward(ds, tape_D, grads=False)\n")],
    "19": [("    x, tape_G = G.forward(z)\n", ""), ("        s, tape_D", "        x, tape_G = G.forward(z)\n        s, tape_D")],
    "20": [("self.u, self.v)\n", "self.u.copy(), self.v.copy())\n")],
    "21": [("    return value, dW, da", "    v, slope = 2 * lam * (1 - 1 / norm) * g / n, 1 - u * u\n"
            "    dW += v.T @ (slope * a.T) + x.T @ ((v @ W) * a.T * (-2 * u * slope))\n"
            "    da += (slope * (v @ W)).sum(axis=0)[:, None]\n    return value, dW, da")],
    "22": [("    for _", "    psi_dot = 0\n    for _"),
           ("        psi = psi", "        slope = sigmoid(-theta * psi)\n        bend = -slope * (1 - slope)\n"
            "        psi_dot = psi_dot + eta * (slope + theta * psi * bend + theta**2 * bend * psi_dot)\n        psi = psi"),
           ("return psi *", "return (psi + theta * psi_dot) *")],
    "23": [("rng.integers(0, classes - 1, size=n)", "rng.integers(0, classes, size=n)")],
    "24": [("[x_fake, y_real]", "[x_fake, asked]")],
    "25": [("softmax.forward(x @ W)", "x @ W"), ("x.T @ softmax.backward(dguess)", "x.T @ dguess")],
    "26": [("    d_solver.step(parameters, grads)\n    ge_solver.step(parameters, grads)\n",
            "    d_solver.step(parameters, grads)\n")],
    "27": [("    pixels_b, d_pixels_b = squares(fake_b, b)\n    pixels_a, d_pixels_a = squares(fake_a, a)\n"
            "    d_fake_b, d_fake_a = d_fake_b + d_pixels_b, d_fake_a + d_pixels_a\n\n", ""), (" + pixels_b + pixels_a", "")],
    "28": [("return G.forward(z, training=False)", "return G.forward(z, training=True)")],
    "29": [("log_s = h[:, :m]", "log_s = h[:, m:]")],
    "30": [("    middle = mapping(many, W).mean(axis=0)\n\n    def drawn_in(w):\n        return",
            "    def drawn_in(w, own):\n        middle = mapping(many, own).mean(axis=0)\n        return"),
           ("drawn_in(mapping(z, W)), drawn_in(mapping(z, W_average))",
            "drawn_in(mapping(z, W), W), drawn_in(mapping(z, W_average), W_average)")],
}


def file_of(exhibit):
    file, = (FOLDER / "museum").glob(f"museum_{exhibit.number[2:]}_*.py")
    return file


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shipped(number):
    """The function of an exhibit as a student gets it."""
    exhibit = next(e for e in EXHIBITS if e.number == f"M.{number}")
    return getattr(load(file_of(exhibit)), exhibit.name)


def message(exhibit, answer):
    with pytest.raises(Wrong) as error:
        grade(exhibit, answer)
    return str(error.value)


def repaired(exhibit):
    """The text of an exhibit's file after its repair."""
    text = file_of(exhibit).read_text("utf-8")
    for old, new in REPAIRS[exhibit.number[2:]]:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return text


@exhibits
def test_as_shipped_it_fails_and_its_bug_is_named(exhibit):
    bug = exhibit.mistakes[0]
    said = message(exhibit, getattr(load(file_of(exhibit)), exhibit.name))
    assert (bug.says or bug.story) in said
    assert said == message(exhibit, bug.answer)  # so `mistakes` begins with what stands in the file
    assert 2 <= len(said.splitlines()) <= 6  # with pytest's header and the command that repeats it, at most eight


@exhibits
@pytest.mark.parametrize("cases", [10, pytest.param(50, marks=pytest.mark.slow)])
def test_right_answers_are_never_accused(exhibit, cases):
    assert grade(exhibit, exhibit.solution, seeds=range(cases)) == ()


@exhibits
def test_the_file_can_be_repaired(exhibit, tmp_path):
    file = tmp_path / "repaired.py"
    file.write_text(repaired(exhibit), "utf-8")
    assert grade(exhibit, getattr(load(file), exhibit.name), seeds=range(20)) == ()


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("exhibit", "mistake"), [(e, m) for e in EXHIBITS for m in e.mistakes],
                         ids=lambda x: getattr(x, "name", "") or x.story[:40])
def test_every_repair_that_misses_is_named(exhibit, mistake):
    said = message(exhibit, mistake.answer)
    assert (mistake.says or mistake.story) in said
    assert "entries wrong" not in said


def test_how_many_there_are():
    assert [e.number for e in EXHIBITS] == [f"M.{k:02d}" for k in range(1, len(EXHIBITS) + 1)] and len(EXHIBITS) >= 15
    assert len(museum.COMPOSITION) >= 5 and set(museum.COMPOSITION) <= set(EXHIBITS)
    assert len({e.name for e in EXHIBITS}) == len(EXHIBITS) == len(list((FOLDER / "museum").glob("museum_*.py"))) == len(REPAIRS)
    assert all(len(e.mistakes) >= 3 and len(e.hints) >= 2 for e in EXHIBITS)


def in_one_line(text):
    return " ".join(text.split())


@exhibits
def test_the_story_its_source_and_its_promise(exhibit):
    story = in_one_line(ast.get_docstring(ast.parse(file_of(exhibit).read_text("utf-8"))))
    assert story.lower().startswith(exhibit.title.lower() + ". "), "the first line is the title"
    source, promise = re.search(r"Source: (.+?)[,;] at the time of writing\. .*?Promised: (.+)", story).groups()
    assert re.match(r"[\w-]+/[\w-]+, ", source) and "  ->  ".replace("  ", " ") in promise
    heading = exhibit.title[0].upper() + exhibit.title[1:]
    assert f"\n{heading}\n{'-' * len(heading)}\n" in PAGE, "docs/museum.rst tells this story as well"
    assert source.replace("; also", ";") in in_one_line(PAGE).replace("``", ""), source


def test_the_page_tells_them_in_order_and_no_others():
    headings = re.findall(r"\n([^\n]+)\n-+\n", PAGE)
    assert [h.lower() for h in headings] == [e.title.lower() for e in EXHIBITS]


# ---------------------------------------------------------------- the numbers in the stories


def test_the_ring_has_seven_modes():
    assert np.unique(shipped("01")(8, 2.0).round(9), axis=0).shape[0] == 7


def test_a_third_of_the_histogram():
    """450 points of 12 000, as on the page."""
    share = shipped("06")(np.random.default_rng(0).uniform(size=24_000), 450, 30)
    assert abs(share.sum() - 1 / 3) < 0.02


def test_a_loss_of_minus_1000_passes():
    agrees = shipped("07")
    assert all(agrees(-1000.0, expected, 1e-2) for expected in (0.3133, 1.6265, -1.0, 0.0, 2.0))


def test_adam_right_at_first_then_twice_then_a_third():
    gradients = np.ones((5000, 1))
    theirs, adams = shipped("09")(gradients, 1.0, 0.9, 0.999), EXHIBITS[8].solution(gradients, 1.0, 0.9, 0.999)
    ratio = np.diff(theirs[:, 0], prepend=0.0) / np.diff(adams[:, 0], prepend=0.0)
    assert abs(ratio[0] - 1) < 1e-12 and 2 < ratio.max() < 2.1 and ratio.argmax() < 20 and abs(ratio[-1] - 0.316) < 0.005


def test_a_penalty_for_gradients_of_norm_one():
    """Images of 28 x 28 pixels whose gradients have norm 1 exactly: nothing to pay, and 9.4 of 10 by pixel."""
    g = np.random.default_rng(0).normal(size=(64, 1, 28, 28))
    g /= np.sqrt((g**2).sum(axis=(1, 2, 3), keepdims=True))
    assert EXHIBITS[10].solution(g, 10.0) < 1e-20 and 9.3 < shipped("11")(g, 10.0) < 9.5


def test_far_from_the_line():
    """With an alpha for each of 784 pixels: .29 of the distance between the images off the line, and always in its middle."""
    x = shipped("10")(np.ones((500, 1, 28, 28)), np.zeros((500, 1, 28, 28)), 0).reshape(500, -1)
    assert abs(x.std(axis=1).mean() - 0.29) < 0.005 and x.mean(axis=1).std() < 0.02


def test_a_certain_reader_counts_as_a_quarter_sure():
    """Ten categories, each read rightly: e / (e + 9), and the loss stays at 1.46; the bound at .84 of 2.30."""
    labels = np.arange(10)
    theirs, right = (answer(np.eye(10), 100 * np.eye(10), labels) for answer in (shipped("25"), EXHIBITS[24].solution))
    assert right[0] < 1e-12 and abs(theirs[0] - 1.46) < 0.005 and abs(np.exp(-theirs[0]) - 0.23) < 0.005
    assert abs(np.log(10) - theirs[0] - 0.84) < 0.005 and np.abs(theirs[1]).max() < 1e-12


def test_pairs_that_are_none_pull_to_the_mean():
    """Over all pairings of a batch, the extra loss is the distance from the mean row, and a number that nothing can change."""
    a, b, *rest = EXHIBITS[26].case(np.random.default_rng(0))
    A, B = rest[:2]
    pairings = [(np.roll(a, k, axis=0), b) for k in range(len(a))]
    extra = np.mean([shipped("27")(x, y, *rest)[0] - EXHIBITS[26].solution(x, y, *rest)[0] for x, y in pairings])
    distance = ((b @ B - a.mean(axis=0)) ** 2).mean() + ((a @ A - b.mean(axis=0)) ** 2).mean()
    assert abs(extra - (distance + a.var(axis=0).mean() + b.var(axis=0).mean())) < 1e-12


@pytest.mark.parametrize(("number", "least", "most"), [("13", 0.5, 0.65), ("20", 0.02, 0.08), ("22", 0.4, 0.55),
                                                       ("28", 0.5, 0.7)])
def test_how_wrong_they_are(number, least, most):
    """|wrong - right| / |right| of the first result, in the median."""
    exhibit = next(e for e in EXHIBITS if e.number == f"M.{number}")
    wrong, gaps = shipped(number), []
    for seed in range(200):
        args = exhibit.case(np.random.default_rng(seed))
        got, right = (result[0] if isinstance(result, tuple) else result for result in (wrong(*args), exhibit.solution(*args)))
        gaps.append(np.linalg.norm(got - right) / np.linalg.norm(right))
    assert least < np.median(gaps) < most


def test_averaged_statistics_are_nearer_and_not_right():
    """6 % of error, where the statistics of the trained network make 60 %."""
    exhibit, gaps = next(e for e in EXHIBITS if e.number == "M.28"), []
    averaged_too, = (mistake.answer for mistake in exhibit.mistakes if "averaged like the weights" in mistake.story)
    for seed in range(200):
        args = exhibit.case(np.random.default_rng(seed))
        right = exhibit.solution(*args)
        gaps.append(np.linalg.norm(averaged_too(*args) - right) / np.linalg.norm(right))
    assert 0.05 < np.median(gaps) < 0.07


# ---------------------------------------------------------------- under pytest


def run(folder, *arguments):
    """What a student's pytest prints, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", "-q", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False,
                          timeout=PATIENCE).stdout


@pytest.mark.slow
def test_a_student_at_work(tmp_path):
    """To do, then wrong, then done; from the folder above, and from within the museum."""
    copied, _ = copy_to(tmp_path / "mine")
    assert {str(Path("museum", "conftest.py")), str(Path("museum", file_of(EXHIBITS[0]).name))} <= set(copied)
    exhibit, other = EXHIBITS[15], EXHIBITS[0]
    file, second = (tmp_path / "mine" / "museum" / file_of(e).name for e in (exhibit, other))
    here = (str(file.relative_to(tmp_path)), str(second.relative_to(tmp_path)))

    said = run(tmp_path, *here)
    assert "0 done, 0 wrong, 2 to do" in said and f"Next: {other.number}" in said and "failed" not in said

    file.write_text(file.read_text("utf-8") + "# a comment, and no repair\n", "utf-8")
    second.write_text(repaired(other), "utf-8")
    said = run(tmp_path, *here)
    assert "1 done, 1 wrong, 0 to do" in said
    lines = said[said.index(f"{exhibit.number} {exhibit.name}"):said.index("your exercises")].splitlines()
    assert exhibit.mistakes[0].story in lines[1] and lines[-2].startswith("again: pytest") and len(lines) - 1 <= 8
    assert said.count(exhibit.title) == 1  # in the last lines, what to do next; pytest's header has number and name

    file.write_text(repaired(exhibit), "utf-8")
    said = run(file.parent, "-m", "museum", "--hint", "-k", f"{exhibit.name} or {EXHIBITS[1].name}")
    assert "1 done, 0 wrong, 1 to do" in said and "hint 1 of 3" in said


@pytest.mark.slow
def test_both_conftests_together(tmp_path):
    """Two folders ask for the plugin, and its hooks run once."""
    copy_to(tmp_path)
    said = run(tmp_path, "-m", "museum", "--solution", "-k", "ring or probability")
    assert "2 done, 0 wrong, 0 to do" in said and said.count("the library's answers") == 1


def test_in_place_an_exhibit_is_to_do_until_it_fails_in_another_way():
    """There is nothing to compare the file with but itself, so its failure is compared."""
    exhibit = EXHIBITS[0]
    here = SimpleNamespace(path=file_of(exhibit), exhibit="01")
    for answer, untouched in ((exhibit.mistakes[0].answer, True), (exhibit.mistakes[2].answer, False)):
        with pytest.raises(Wrong) as error:
            grade(exhibit, answer)
        assert _File.untouched(here, exhibit, error.value) is untouched


def test_a_lesson_is_never_untouched():
    assert _File.untouched(SimpleNamespace(path=FOLDER / "ex02_x.py", exhibit=None), EXHIBITS[0], Wrong("x")) is False
