"""A class is marked: whose folders, which files, what answers may do, what a teacher reads; and one answer in a notebook."""

import contextlib
import csv
import importlib
import inspect
import io
import math
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import wrong_answers
from joblib.externals.loky import get_reusable_executor
from waiting import PATIENCE, until

from tinygan import exercises
from tinygan.__main__ import main
from tinygan.cli import marking as table
from tinygan.cli.options import parser
from tinygan.exercises import FOLDER, LESSONS, exercises_of, notebook, submission, suspicion, wire
from tinygan.exercises.grading import ToDo, Wrong, grade
from tinygan.exercises.isolation import Answers, Failed
from tinygan.exercises.marking import STATES, Mark, Marks, mark, mark_class, rows_of

resource = pytest.importorskip("resource", reason="Windows sets no limits to processes")
ROOT = FOLDER.parents[1]
FILE, OTHER = "ex02_a_layer_and_its_gradient.py", "ex05_the_first_gan.py"
RING = "museum/museum_01_ring.py"
FORWARD = "def dense_forward(x, W, b):\n    return x @ W + b\n"
SHIPPED = {name: (FOLDER / name).read_text("utf-8") for name in (FILE, OTHER, RING)}


def hand_in(folder, code="", name=FILE):
    """A student's file: as it was shipped, with answers at its end."""
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SHIPPED[name] + "\n\n" + code, "utf-8")
    return Path(folder)


def states(marks):
    return [mark.state for mark in marks.marks.values()]


def marked(folder, code):
    """The Marks for lesson 02 of a student whose file ends with `code`."""
    return mark("anna", hand_in(folder / "anna", code), ["02"], PATIENCE)


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """A function: the words of a command -> exit code, what it printed, what it complained. Run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(*words):
        return main([str(word) for word in words]), *capsys.readouterr()

    return run


# ---------------------------------------------------------------- what goes between the processes


class Stranger:
    pass


SENT = [None, True, 1, -1.5, 10**30, "x", 2j, (1, [2, (3,)]), {"a": np.ones((2, 0))}, np.float64(2), np.int32(3), np.bool_(True),
        np.arange(6).reshape(2, 3).T, np.array(3.0), np.array(["ab"]), np.float16(1), (), [], {}]


@pytest.mark.parametrize("value", SENT, ids=repr)
def test_numbers_arrays_and_lists_arrive_as_they_were(value):
    arrived = wire.unpacked(wire.packed(value))
    assert type(arrived) is type(value) and repr(arrived) == repr(value)


def test_of_anything_else_the_name_of_its_type_arrives():
    for value, name in ((Stranger(), "Stranger"), ({1}, "set"), (print, "builtin_function_or_method")):
        assert type(wire.unpacked(wire.packed(value))).__name__ == name
    objects = wire.unpacked(wire.packed(np.array([[None, 1, Stranger()]])))
    assert objects.dtype == object and objects.shape == (1, 3) and objects[0, 1] == 1
    nan = wire.unpacked(wire.packed([float("nan"), np.nan]))
    assert np.isnan(nan).all()


@pytest.mark.parametrize("data", [
    ["array", "O", [1], ""], ["array", "<f8", [-1], ""], ["array", "<f8", [1], ""], ["array", "<f8", "x", "!!"], [], {},
    ["unknown", 1], ["tuple"], ["tuple", 3], ["objects", [2], [1]], [[1]], ["complex", "a", "b"],
    ["array", "|V8", [1], "AAAAAAAAAAA="]], ids=repr)
def test_what_no_packing_makes_is_refused(data):
    with pytest.raises(ValueError):
        wire.unpacked(data)


# ---------------------------------------------------------------- whose folders


@pytest.mark.parametrize(("made", "given", "names"), [
    (["anna", "ben"], ["anna", "ben"], ["anna", "ben"]),
    (["class/anna", "class/ben"], ["class"], ["anna", "ben"]),
    (["hw1-submissions/hw1-anna", "hw1-submissions/hw1-b-c"], ["hw1-submissions"], ["anna", "b-c"]),
    (["hw1-submissions/hw1-anna"], ["hw1-submissions"], ["anna"]),
    (["hw1-submissions/hw1-anna"], ["hw1-submissions/hw1-anna"], ["anna"]),
    (["submitted/anna/hw1", "submitted/ben/hw1"], ["submitted"], ["anna", "ben"]),
    (["submitted/anna/hw1", "submitted/ben/hw1"], ["submitted/anna/hw1", "submitted/ben/hw1"], ["anna", "ben"]),
    (["submitted/anna/hw1"], ["submitted/anna/hw1"], ["anna"]),
    (["anna/repository/my-exercises"], ["anna"], ["anna"]),
    (["a/x/hw1", "b/x/hw1", "b/y/hw1"], ["a/x/hw1", "b/x/hw1", "b/y/hw1"], ["a/x", "b/x", "y"]),
    (["anna"], ["anna", "./anna"], ["anna"]),
])
def test_whose_folders_these_are(made, given, names, tmp_path):
    for place in made:
        hand_in(tmp_path / place)
    assert [name for name, _ in submission.students([tmp_path / place for place in given])] == names


def test_in_a_class_those_without_answers_count_and_hidden_folders_do_not(tmp_path):
    hand_in(tmp_path / "anna")
    hand_in(tmp_path / "ben")
    for name in ("carla", ".git", "__pycache__"):
        (tmp_path / name).mkdir()
    assert [name for name, _ in submission.students([tmp_path])] == ["anna", "ben", "carla"]
    hand_in(tmp_path)  # with answers of its own it is the folder of a student
    assert [name for name, _ in submission.students([tmp_path])] == [tmp_path.name]


# ---------------------------------------------------------------- which files


def test_answers_are_found_wherever_they_are_and_nothing_else_is_taken(tmp_path):
    hand_in(tmp_path / "deep" / "mine", "import helper, numpy\n")
    hand_in(tmp_path / "deep" / "mine", name=RING)
    for name in ("helper", "another", "unused", "conftest", "sitecustomize", "numpy"):
        (tmp_path / "deep" / "mine" / f"{name}.py").write_text("import another" if name == "helper" else "")
    (tmp_path / "deep" / "mine" / "pytest.ini").write_text("")
    found = submission.handed_in(tmp_path)
    assert found.answers == {"02": Path("deep/mine", FILE), "M.01": Path("deep/mine", RING)}
    assert [path.name for path in found.helpers] == ["another.py", "helper.py"]
    assert found.notes == ("deep/mine/numpy.py has the name of another module, so it was not taken",)


def test_of_two_files_with_the_same_exercises_the_one_that_was_worked_on_is_taken(tmp_path):
    hand_in(tmp_path / "a" / "b", FORWARD)
    (tmp_path / FILE).write_text(SHIPPED[FILE], newline="\r\n")
    found = submission.handed_in(tmp_path)
    assert found.answers["02"].as_posix() == f"a/b/{FILE}" and found.notes == ()
    hand_in(tmp_path / "b", FORWARD)
    found = submission.handed_in(tmp_path)
    assert found.answers["02"].as_posix() == f"b/{FILE}"
    assert found.notes == (f"a/b/{FILE} was not graded, for b/{FILE} has the same exercises",)


def test_links_and_large_files_are_not_taken(tmp_path):
    hand_in(tmp_path / "ben", FORWARD)
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / FILE).symlink_to(tmp_path / "ben" / FILE)
    (tmp_path / "anna" / "more").symlink_to(tmp_path / "ben")
    (tmp_path / "anna" / OTHER).write_text("#" * (submission.BYTES + 1))
    found = submission.handed_in(tmp_path / "anna")
    assert found.answers == {} and found.notes[:2] == (f"{FILE} is a link, so it was not taken",
                                                       f"{OTHER} is larger than 1 MB, so it was not taken")


@pytest.mark.parametrize(("names", "note"), [
    ([], "the folder is empty"), (["notes.txt"], "no answer files"),
    (["work.ipynb", "all.zip"], "no answer files; there is all.zip, work.ipynb"),
    ([FILE, "ex03_scores (1).py"], "ex03_scores (1).py was not graded, for its name is not that of an exercise file"),
    ([FILE, "ex99_unknown.py"], "ex99_unknown.py was not graded, for its name is not that of an exercise file"),
    ([FILE, "work.ipynb", "extra.py"], None)])
def test_what_else_is_in_the_folder_is_said(names, note, tmp_path):
    for name in names:
        (tmp_path / name).write_text("x = 1\n")
    assert submission.handed_in(tmp_path).notes == ((note,) if note else ())


def test_lessons_that_nobody_has_handed_in_have_no_columns(tmp_path):
    students = [("anna", hand_in(tmp_path / "anna")), ("ben", hand_in(tmp_path / "ben", name=RING))]
    assert rows_of(students) == ["02", "museum"] and rows_of([("carla", tmp_path / "carla")]) == [*LESSONS, "museum"]


# ---------------------------------------------------------------- what the text says


@pytest.mark.parametrize(("code", "uses"), [
    ("import numpy as np, math\nfrom tinygan.engine.numerics import sigmoid\nfrom tinygan.exercises import grade\n", ""),
    ("import re\nre.compile('x')\ndata = {}\nmodules = 3\n", ""),
    ("import gc, sys\n", "gc (line 1), sys (line 1)"),
    ("from tinygan.exercises import exercises_of\n", "tinygan.exercises.exercises_of (line 1)"),
    ("from tinygan.engine.layers import Dense\n", "tinygan.engine.layers.Dense (line 1)"),
    ("def f(x):\n    return eval('x') + f.__globals__['x']\n", "eval (line 2), __globals__ (line 2)"),
    ("import torch\n", "torch (line 1)"),
    ("this is no Python", "")])
def test_what_an_answer_uses_that_no_exercise_asks_for(code, uses, tmp_path):
    (tmp_path / FILE).write_text(code)
    assert suspicion.remarks(tmp_path / FILE) == ([f"{FILE} uses {uses}"] if uses else [])


def test_the_shipped_files_are_not_suspicious_and_not_alike():
    for path in FOLDER.rglob("*_*.py"):
        assert submission.untouched(path) and suspicion.remarks(path) == [] and suspicion.likeness(path) == ""


STEPS = '''def adam_step(theta, grad, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def gan_step(G, D, x_real, z_d, z_g, lr):
    discriminator_gradient(D, x_real, G(z_d))
    D.theta -= lr * D.grad
    generator_gradient(G, D, z_g)
    G.theta -= lr * G.grad


def discriminator_gradient(D, x_real, x_fake):
    r, tape_real = D.forward(x_real)
    f, tape_fake = D.forward(x_fake)
    D.zero_grad()
    D.backward(-sigmoid(-r) / r.shape[0], tape_real)
    D.backward(sigmoid(f) / f.shape[0], tape_fake)
    return softplus(-r).mean() + softplus(f).mean()


def generator_gradient(G, D, z):
    x_fake, tape_G = G.forward(z)
    f, tape_D = D.forward(x_fake)
    G.zero_grad()
    G.backward(D.backward(-sigmoid(-f) / f.shape[0], tape_D, grads=False), tape_G)
    return softplus(-f).mean()
'''


@pytest.mark.parametrize(("old", "new", "same"), [
    ("m_hat", "corrected", True), ("    m = beta1", "    # my own idea\n    m = beta1", True),
    ("def gan_step(G, D, x_real, z_d, z_g, lr):", 'def gan_step(gen, dis, x, z1, z2, rate):\n    """Mine."""', None),
    ("np.sqrt(v_hat) + eps", "np.sqrt(v_hat + eps)", False), ("beta1**t", "beta1 ** (t + 0)", False)])
def test_a_copy_is_seen_through_names_and_comments(old, new, same, tmp_path):
    hand_in(tmp_path / "anna", STEPS, OTHER)
    changed = STEPS.replace(old, new)
    if same is None:
        for before, after in (("(D, x_real, G(z_d))\n    D", "(dis, x, gen(z1))\n    dis"), ("lr * D.grad", "rate * dis.grad"),
                              ("(G, D, z_g)\n    G", "(gen, dis, z2)\n    gen"), ("lr * G.grad", "rate * gen.grad")):
            assert before in changed
            changed = changed.replace(before, after)
    hand_in(tmp_path / "ben", changed, OTHER)
    one, other = (suspicion.likeness(tmp_path / name / OTHER) for name in ("anna", "ben"))
    assert changed != STEPS and one and (one == other) == (same is not False)


def test_short_answers_say_nothing_about_copying(tmp_path):
    assert suspicion.likeness(hand_in(tmp_path, FORWARD) / FILE) == ""


# ---------------------------------------------------------------- marks


ANSWERS = FORWARD + '''
def dense_backward(dy, x, W):
    return [dy @ W.T, x.T @ dy / len(x), dy.sum(axis=0, keepdims=True)]

def leaky_relu_backward(dy, x, slope):
    return dy @ x

def numerical_gradient(f, x):
    print("here", end="")
    x += 1
    return x
'''


def test_marks_and_messages_are_those_of_the_grader(tmp_path):
    marks = marked(tmp_path, ANSWERS)
    assert states(marks) == ["done", "wrong", "to do", "wrong", "wrong"] and marks.notes == () and marks.count() == 1
    namespace = {"np": np}
    exec(compile(ANSWERS, str(tmp_path / "anna" / FILE), "exec"), namespace)
    for exercise in exercises_of("02"):
        if marks.marks[exercise.number].state == "wrong":
            with pytest.raises(Wrong) as wrong:
                grade(exercise, namespace[exercise.name])
            said = [line for line in marks.marks[exercise.number].lines if not line.startswith(FILE)]
            assert said == [line for line in wrong.value.lines if not line.startswith(FILE)]
    place, = (line for line in marks.marks["02.4"].lines if line.startswith(FILE))
    assert place.endswith(": return dy @ x")
    assert sorted(path.name for path in (tmp_path / "anna").rglob("*")) == [FILE], "nothing in the folder is changed"


def test_the_museum_is_to_do_until_it_is_changed(tmp_path):
    (tmp_path / RING).parent.mkdir()
    (tmp_path / RING).write_text(SHIPPED[RING], newline="\r\n")
    marks = mark("anna", tmp_path, ["museum"])
    assert marks.marks["M.01"].state == "to do" and marks.marks["M.02"].state == "no file"
    repaired = SHIPPED[RING].replace("2 * np.pi, modes)", "2 * np.pi, modes, endpoint=False)")
    (tmp_path / RING).write_text(repaired)
    assert mark("anna", tmp_path, ["museum"]).marks["M.01"].state == "done"


def test_answers_may_use_a_module_beside_them_and_each_other(tmp_path):
    (tmp_path / "helpers.py").write_text("def product(x, W, b):\n    return x @ W + b\n")
    hand_in(tmp_path, "from helpers import product\ndef dense_forward(x, W, b):\n    return product(x, W, b)\n")
    hand_in(tmp_path, "from ex02_a_layer_and_its_gradient import dense_forward\n", OTHER)
    marks = mark("anna", tmp_path, ["02", "05"])
    assert marks.marks["02.1"] .state == "done" and marks.marks["05.1"].state == "to do" and marks.notes == ()


ORDINARY = '''
import collections, dataclasses, enum, logging, random, typing, warnings
import numpy.testing, scipy.stats
from tinygan.exercises import grade

Pair = collections.namedtuple("Pair", "a b")

@dataclasses.dataclass
class Thing:
    x: int

class Kind(enum.Enum):
    ONE = 1

warnings.warn("mine")
logging.warning("mine")
np.seterr(all="raise")
random.seed(0)
grade(dense_forward)
'''


@pytest.mark.slow
def test_ordinary_code_is_not_suspicious(tmp_path):
    marks = marked(tmp_path, FORWARD + ORDINARY)
    assert states(marks) == ["done"] + ["to do"] * 4 and marks.notes == ()


SOLVE = "for e in EXERCISES:\n    globals()[e.name] = e.solution\n"
# What a student may try, the state of 02.1 then, and words of the note about it.
CHEATS = {
    "replaces what grades": ("from tinygan.exercises import plugin\nplugin.grade = print\n", "error",
                             "looks for tinygan.exercises.plugin"),
    "replaces what compares": ("from tinygan.engine import gradcheck\ngradcheck.compare = print\n", "to do",
                               "replaces tinygan.engine.gradcheck.compare"),
    "replaces code": ("from tinygan.engine import gradcheck\ndef f(*a, **k): pass\ngradcheck.compare.__code__ = f.__code__\n",
                      "to do", "replaces tinygan.engine.gradcheck.compare"),
    "replaces a layer": ("import tinygan\ntinygan.Dense.forward = print\n", "to do",
                         "replaces tinygan.engine.layers.Dense.forward"),
    "replaces NumPy": ("np.allclose = np.array_equal = lambda *a, **k: True\n", "to do", "replaces numpy.allclose"),
    "imports the solutions": ("from tinygan.exercises.ex02 import EXERCISES\n" + SOLVE, "error",
                              "looks for tinygan.exercises.ex02"),
    "hides the import": ("import importlib\nmodule = importlib.import_module('tinygan.exer' 'cises')\n"
                         "EXERCISES = module.exercises_of('02')\n" + SOLVE, "error", "looks for tinygan.exercises.exercises_of"),
    "by the package": ("import tinygan\nEXERCISES = tinygan.exercises.ex02.EXERCISES\n" + SOLVE, "error",
                       "looks for tinygan.exercises.ex02"),
    "by sys.modules": ("import sys\nEXERCISES = sys.modules['tinygan.exercises.ex02'].EXERCISES\n" + SOLVE, "error", "KeyError"),
    "the library's own": ("from tinygan.engine.numerics import sigmoid as dense_forward\n", "wrong",
                          "dense_forward is tinygan.engine.numerics.sigmoid"),
    "looks at frames": ("import sys\ndef dense_forward(x, W, b):\n    f = sys._getframe()\n    while f:\n"
                        "        for v in list(f.f_locals.values()):\n            if getattr(v, 'solution', None):\n"
                        "                return v.solution(x, W, b)\n        f = f.f_back\n", "wrong", "uses sys._getframe"),
    "looks through memory": ("import gc\ndef dense_forward(x, W, b):\n    for o in gc.get_objects():\n"
                             "        if type(o).__name__ == 'Exercise' and o.number == '02.1' and o.solution:\n"
                             "            return o.solution(x, W, b)\n", "wrong", "uses gc.get_objects"),
    "reads the solutions": ("import tinygan\nopen(tinygan.__path__[0] + '/exercises/ex02.py').read()\n", "to do", "opens "),
    "ends while loading": ("import os\nos._exit(0)\n", "error", "ends the program"),
    "ends when called": ("import os\ndef dense_forward(x, W, b):\n    os._exit(0)\n", "wrong", "_exit"),
    "is killed": ("import os\ndef dense_forward(x, W, b):\n    os.kill(os.getpid(), 9)\n", "error",
                  "ended the process .*SIGKILL"),
    "closes all files": ("import os\nos.closerange(0, 99)\n", "error", "ended the process"),
    "writes replies": ("import os\ndef dense_forward(x, W, b):\n    for k in range(3, 30):\n        try:\n"
                       "            os.write(k, b'{}\\n')\n        except OSError:\n            pass\n    return x @ W + b\n",
                       "error", "wrote to the channel"),
    "writes a file": ("open('../marks.csv', 'w').write('anna')\n", "to do", "writes to .*marks.csv"),
    "starts a program": ("import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])\n", "to do",
                         "uses subprocess.Popen"),
    "lies when compared": ("class Liar(np.ndarray):\n    def __sub__(self, other):\n        return np.zeros(self.shape)\n"
                           "def dense_forward(x, W, b):\n    return np.ones((x.shape[0], W.shape[1])).view(Liar)\n", "wrong", ""),
    "executes where it is read": ("class Bomb:\n    def __reduce__(self):\n        return print, ('x',)\n"
                                  "def dense_forward(x, W, b):\n    return Bomb()\n", "wrong", ""),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("cheat", CHEATS)
def test_no_cheat_is_rewarded_and_each_is_named(cheat, tmp_path):
    code, state, named = CHEATS[cheat]
    marks = marked(tmp_path, code)
    assert marks.marks["02.1"].state == state != "done" and marks.count() == 0
    assert re.search(named, "\n".join(marks.notes)), marks.notes


def test_a_cheat_does_not_spread(tmp_path):
    """To the next student, and to the process that grades."""
    before = np.allclose
    hand_in(tmp_path / "anna", CHEATS["replaces NumPy"][0] + "def dense_forward(x, W, b):\n    return x\n")
    hand_in(tmp_path / "ben", FORWARD)
    for name in ("conftest.py", "sitecustomize.py", "usercustomize.py"):
        (tmp_path / "anna" / name).write_text("import tinygan.exercises.plugin as p\np.grade = print\nraise SystemExit(0)\n")
    (tmp_path / "anna" / "pytest.ini").write_text("[pytest]\naddopts = --solution\n")
    one, other = mark_class(submission.students([tmp_path]), ["02"], jobs=1)
    assert states(one) == ["wrong"] + ["to do"] * 4 and states(other) == ["done"] + ["to do"] * 4
    assert np.allclose is before and other.notes == ()


UNSTOPPABLE = "def dense_forward(x, W, b):\n    return sum(range(10**14))\n"


@pytest.mark.slow
@pytest.mark.parametrize(("code", "words"), [
    ("while True:\n    pass\n", "still running after 10 seconds"), (UNSTOPPABLE, "after 5 seconds, and cannot be stopped"),
    ("def dense_forward(x, W, b):\n    while True:\n        try:\n            while True: pass\n"
     "        except BaseException: pass\n", "still running after 5 seconds")])
def test_what_does_not_end_is_ended(code, words, tmp_path):
    marks = marked(tmp_path, code)
    assert marks.marks["02.1"].state == "slow" and re.search(words, marks.marks["02.1"].lines[0])


def over_after_the_first_answer(monkeypatch):
    """An answer gets half a second, and behind the first one the time for all answers together is over."""
    exchange = Answers._exchange

    def exchanged(self, seconds, **question):
        if "number" not in question:
            return exchange(self, seconds, **question)
        try:
            return exchange(self, 0.5, **question)
        finally:
            self.deadline = -math.inf

    monkeypatch.setattr(Answers, "_exchange", exchanged)


@pytest.mark.slow
@pytest.mark.parametrize("process", ["goes on", "must be started anew"])
def test_the_time_for_all_answers_can_be_over(process, tmp_path, monkeypatch):
    over_after_the_first_answer(monkeypatch)
    monkeypatch.setattr("tinygan.exercises.isolation.GRACE", PATIENCE if process == "goes on" else 0.2)
    code = "def dense_forward(x, W, b):\n    while True: pass\n" if process == "goes on" else UNSTOPPABLE
    marks = marked(tmp_path, code)
    first, *others = marks.marks.values()
    assert states(marks) == ["slow"] * 5 and "still running after 0.5 seconds" in first.lines[0]
    assert ("cannot be stopped" in first.lines[0]) == (process != "goes on")
    assert {mark.lines for mark in others} == {("not judged: the time for all answers together was over",)}


def test_too_much_memory_is_refused(tmp_path):
    code = "def dense_forward(x, W, b):\n    return np.ones(1 << 28)\n"
    marks = mark("anna", hand_in(tmp_path, code), ["02"], memory=1 << 30)
    assert marks.marks["02.1"].state == "wrong" and "MemoryError" in marks.marks["02.1"].lines[0]


def test_passwords_in_the_environment_stay_there(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "secret")
    code = "import os\ndef dense_forward(x, W, b):\n    raise ValueError(sorted(os.environ))\n"
    assert "TOKEN" not in str(marked(tmp_path, code).marks["02.1"]) and "PATH" in str(marked(tmp_path, code).marks["02.1"])


@pytest.mark.slow
def test_who_closes_the_channel_holds_nobody_up(tmp_path, monkeypatch):
    monkeypatch.setattr("tinygan.exercises.isolation.GRACE", 0.5)
    marks = marked(tmp_path, "import os, time\nos.closerange(3, 99)\nwhile True: time.sleep(1)\n")
    assert states(marks) == ["error"] * 5 and "it closed the channel of the replies" in marks.marks["02.1"].lines[0]


@pytest.mark.slow
def test_who_keeps_the_channel_holds_nobody_up(tmp_path, monkeypatch):
    """A process that has got away has the channel: it is still there when the marks are."""
    for name in ("GRACE", "SECONDS"):
        monkeypatch.setattr(f"tinygan.exercises.isolation.{name}", 0.5)
    end = tmp_path / "end"
    code = (f"import os, time\nif os.fork():\n    os.kill(os.getpid(), 9)\nos.setsid()\n"
            f"while not os.path.exists({str(end)!r}): time.sleep(0.1)\nopen({str(end)!r}, 'w').write('has ended')\nos._exit(0)\n")
    marks = marked(tmp_path, code)
    assert set(states(marks)) <= {"error", "slow"}
    end.touch()
    until(lambda: end.read_text() == "has ended")


def gone(process):
    """Whether a process has ended, as Linux shows it; one that nobody has asked for stays as a zombie, Z."""
    try:
        return "Z" in Path(f"/proc/{process}/stat").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it looks at processes as Linux shows them")
def test_nothing_is_left_running(tmp_path):
    code = f"import os, time\nif os.fork() == 0:\n    open('pid', 'w').write(str(os.getpid()))\n    time.sleep({2 * PATIENCE})\n"
    folder = tmp_path / "place"
    folder.mkdir()
    (folder / FILE).write_text(code)
    with Answers(folder, [Path(FILE)], ["02"], time.monotonic() + PATIENCE, 1 << 32) as answers:
        answers.load(Path(FILE))
        child = int(until(lambda: (folder / "pid").exists() and (folder / "pid").read_text()))
        assert not gone(child)
    until(lambda: gone(child))


def test_who_ends_too_many_processes_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("tinygan.exercises.isolation.FAULTS", 1)
    names = [exercise.name for exercise in exercises_of("02")]
    code = "import os\n" + "".join(f"def {name}(*args):\n    os.kill(os.getpid(), 9)\n" for name in names)
    marks = marked(tmp_path, code)
    assert states(marks) == ["error"] * 5
    assert marks.marks["02.5"].lines == ("not judged: these answers have ended their process 1 times",)


def test_a_process_that_cannot_be_started_is_no_fault_of_the_student(tmp_path, monkeypatch):
    monkeypatch.setattr("tinygan.exercises.isolation.BEGIN", "raise ImportError('no such thing')")
    with pytest.raises(OSError, match="cannot be started: ImportError: no such thing"):
        marked(tmp_path, FORWARD)


def test_a_failed_reply_has_a_state_and_lines():
    failed = Failed("slow", "a", "b")
    assert (failed.state, failed.lines, str(failed)) == ("slow", ("a", "b"), "a\nb")


# ---------------------------------------------------------------- what the teacher reads


@pytest.mark.sampled(2)
def test_a_class_at_the_command_line(cli, tmp_path):
    hand_in(tmp_path / "class" / "anna", ANSWERS)
    hand_in(tmp_path / "class" / "ben", "import os\nos._exit(0)\n")
    (tmp_path / "class" / "carla").mkdir()
    code, out, err = cli("grade", "class", "--junit", "marks.xml")
    assert (code, err) == (0, "") and re.match(r"3 students, 5 exercises, 2 at a time: about \d+ s, at most 4 min\n", out)
    lines = [line.split() for line in out.splitlines()]
    for line in ("(of) 5 5", "anna 1 3 0 1", "ben 0 0 5 0", "carla 0 0 0 -"):
        assert line.split() in lines, line
    assert "carla: the folder is empty" in out and f"ben: {FILE} uses os (line " in out
    assert "ben: 02.1 to 02.5: the top level of" in out and out.endswith("Written:\n  marks.csv\n  marks.xml\n")
    with open("marks.csv", newline="", encoding="utf-8-sig") as file:
        header, anna, ben, carla = csv.reader(file)
    assert header == ["student", "02.1", "02.2", "02.3", "02.4", "02.5", "done", "of", "same text as", "note"]
    assert anna == ["anna", "done", "wrong", "to do", "wrong", "wrong", "1", "5", "", ""]
    assert ben[:7] == ["ben", *["error"] * 5, "0"] and " | 02.1 to 02.5: " in ben[-1]
    assert carla == ["carla", *["no file"] * 5, "0", "5", "", "the folder is empty"]
    suites = ElementTree.parse("marks.xml").getroot()
    assert [(s.get("name"), s.get("tests"), s.get("failures"), s.get("errors"), s.get("skipped")) for s in suites] == [
        ("anna", "5", "3", "0", "1"), ("ben", "5", "0", "5", "0"), ("carla", "5", "0", "0", "5")]
    case = suites[0][1]
    assert case.get("name") == "02.2 dense_backward" and case.get("classname") == "anna.02" and float(case.get("time")) > 0
    assert case[0].tag == "failure" and case[0].get("message").startswith("dW is 0.2 times")
    assert "(dx and db are right)" in case[0].text
    assert "os (line" in suites[1].find("system-out").text


def test_the_page_for_teachers_shows_what_is_printed(cli, tmp_path):
    hand_in(tmp_path / "class" / "anna", ANSWERS)
    (hand_in(tmp_path / "class" / "ben") / FILE).write_text(f"{SHIPPED[FILE].rstrip()}\n\n\nimport os\nos._exit(0)\n")
    (tmp_path / "class" / "carla").mkdir()
    page = (ROOT / "docs" / "teaching.rst").read_text("utf-8")
    shown = inspect.cleandoc("\n" + re.search(r"\.\. code-block:: text\n    :class: wrapped\n\n((?: .*\n|\n)+)", page)[1])
    code, out, _ = cli("grade", "class")
    printed = out.split("\n", 1)[1].rpartition("Graded in")[0].strip()
    assert code == 0 and shown.strip() == printed, f"the page must show:\n{printed}"


def test_the_commands_on_the_page_are_understood():
    page = (ROOT / "docs" / "teaching.rst").read_text("utf-8")
    commands = re.findall(r"tinygan (grade .*?)(?: +#.*|``.*)?$", page, re.M)
    for command in commands:
        assert parser().parse_args(shlex.split(command)).command == "grade", command
    assert len(commands) > 8 and page.count("EXERCISES") == 1 and all(f"``{state}``\n" in page for state in STATES)


@pytest.mark.slow
def test_the_page_for_students_shows_what_is_printed(tmp_path):
    page = (ROOT / "docs" / "exercises.rst").read_text("utf-8")
    written = re.search(r"somebody wrote ``(.*)`` for exercise 02.2", page)[1]
    exercises.copy_to(tmp_path / "my-exercises")
    path = tmp_path / "my-exercises" / FILE
    path.write_text(re.sub(r'raise NotImplementedError\("Exercise 02.2:.*', written, SHIPPED[FILE]))
    shown = inspect.cleandoc("\n" + re.search(r"\.\. code-block:: text\n    :class: wrapped\n\n((?: .*\n)+)", page)[1])
    done = subprocess.run([sys.executable, "-m", "pytest", "my-exercises", "-m", "ex02"], cwd=tmp_path, capture_output=True,
                          text=True, env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "PY_COLORS": "0"})
    assert shown.strip() in done.stdout, f"the page must show:\n{done.stdout}"


def test_for_one_student_the_messages_are_on_the_screen(cli, tmp_path):
    hand_in(tmp_path / "anna", ANSWERS)
    code, out, _ = cli("grade", "anna", "--lessons", "museum", "02", "--out", "anna.csv")
    assert code == 0 and f"1 student, {5 + len(exercises_of('museum'))} exercises, 1 at a time" in out
    assert "\n\n02.2 wrong\n  dW is 0.2 times the truth" in out
    assert re.search(r"^student +done +wrong +no mark +02 +museum$", out, re.M) and (tmp_path / "anna.csv").exists()


def test_patterns_are_understood_where_the_shell_leaves_them(cli, tmp_path):
    for name in ("anna", "ben"):
        hand_in(tmp_path / "class" / name, FORWARD)
    (tmp_path / "class" / "list.txt").write_text("")
    code, out, _ = cli("grade", "class/*", "--quiet")
    assert code == 0 and out.startswith(f"{Path('class/list.txt')} is a file, not the folder of a student: left out\n2 students")


@pytest.mark.parametrize(("words", "message"), [
    (["nobody"], "there is no folder nobody. Give the folder of each student, or one folder with a folder for each"),
    (["anna", "nobody"], "there is no folder nobody"), (["file.txt"], "file.txt is a file. Give the folder of a student"),
    (["anna", "--lessons", "2"], "--lessons: unknown lesson '2'"), (["anna", "--lessons", "99"], "Known: 01, 02, 03"),
    (["anna", "--out", "marks.xlsx"], "--out must end in .csv, which says how to write it; got marks.xlsx"),
    (["anna", "--out", "there.csv"], "there.csv exists already. Choose another --out, or write over it with --force"),
    (["anna", "--junit", "there.xml"], "there.xml exists already. Choose another --junit, or write over it with --force"),
    (["anna", "--junit", "marks.csv"], "--junit must end in .xml"), (["anna", "--out", "no/marks.csv"], "there is no folder no"),
    (["anna", "--jobs", "0"], "--jobs"), (["anna", "--seconds", "0"], "--seconds"), (["anna", "--memory", "1"], "--memory"),
    ([], "FOLDER")])
def test_what_cannot_be_graded_is_said_in_a_sentence(words, message, cli, tmp_path):
    hand_in(tmp_path / "anna")
    for name in ("file.txt", "there.csv", "there.xml"):
        (tmp_path / name).write_text("mine")
    code, out, err = cli("grade", *words)
    assert (code, out) == (2, "") and message in err and "Traceback" not in err
    assert (tmp_path / "there.csv").read_text() == "mine" and not (tmp_path / "marks.csv").exists()


def test_a_table_that_is_there_is_written_over_with_force(cli, tmp_path):
    hand_in(tmp_path / "anna", FORWARD)
    (tmp_path / "marks.csv").write_text("old")
    assert cli("grade", "anna", "--force")[0] == 0 and "anna,done" in (tmp_path / "marks.csv").read_text("utf-8-sig")


def invented(*names, notes=(), lines=("wrong by 2",), likeness=()):
    """Marks as `mark` gives them, without a process."""
    given = {e.number: Mark("wrong", lines, 0.5) for e in exercises_of("02")}
    return [Marks(name, given, notes, dict(likeness), 1.0) for name in names]


def test_no_name_and_no_note_is_a_formula():
    names = ["=1+1", "+1", "-anna", "@sum", "\tanna", "Müller, Anna", 'a "b"', "anna\nben", "an\x1b[31mna"]
    rows = list(table.sheet(invented(*names, notes=("=cmd()",)), ["02"]))[1:]
    assert [row[0] for row in rows] == ["'=1+1", "'+1", "'-anna", "'@sum", "?anna", "Müller, Anna", 'a "b"', "anna?ben",
                                        "an?[31mna"]
    assert {row[-1] for row in rows} == {"'=cmd()"}


def test_what_a_student_writes_moves_no_cursor_and_breaks_no_file(capsys):
    graded = invented("an\x1bna\ud800", notes=("a\x00b\x1b",), lines=("\x07 <&> \x1b[2J",))
    ElementTree.fromstring(table.junit(graded, ["02"]))
    shown = table.table(graded, ["02"]) + "".join(table._remarks(graded)) + str(list(table.sheet(graded, ["02"])))
    assert not {"\x1b", "\x00", "\x07", "\ud800"} & set(shown)


def test_who_has_the_same_text_is_said_to_both():
    anna, ben = invented("anna", "ben", likeness={"05": "x", "06": "", "07": "y"})
    carla, = invented("carla", likeness={"05": "z", "07": "y"})
    assert table._copies([anna, ben, carla]) == {"anna": "ben (05, 07); carla (07)", "ben": "anna (05, 07); carla (07)",
                                                 "carla": "anna (07); ben (07)"}
    assert table._copies([anna]) == {"anna": ""}


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "1 s"), (99, "99 s"), (100, "2 min"), (3600, "60 min")])
def test_times_are_said_as_people_say_them(seconds, said):
    assert table._time(seconds) == said


def test_ctrl_c_leaves_no_file_and_no_process(tmp_path):
    hand_in(tmp_path / "anna", "def dense_forward(*args):\n    open('started', 'w').close()\n    while True: pass\n\n"
            "dense_backward = tanh_backward = leaky_relu_backward = numerical_gradient = dense_forward\n")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen([sys.executable, "-m", "tinygan", "grade", "anna"], cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path, "TMPDIR": str(tmp_path)})
    with process:
        until(lambda: process.poll() is not None or list(tmp_path.glob("tinygan-*/*/started")))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and err == b"tinygan: stopped by Ctrl-C; 0 of 1 student were graded; no file was written\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["anna"]


# ---------------------------------------------------------------- in a notebook


def dense_forward(x, W, b):
    return x @ W + b


def dense_backward(dy, x, W):
    return dy @ W.T, x.T @ dy / len(x), dy.sum(axis=0, keepdims=True)


def tanh_backward(dy, x):
    raise NotImplementedError("Exercise 02.3: the backward pass of tanh")


def generator_gradient(G, D, z):
    return None


def dense_forwrd(x, W, b):
    print("here")
    return x @ W + b


def test_a_right_answer_in_a_cell(capsys):
    verdict = exercises.grade(dense_forward)
    assert capsys.readouterr() == ("02.1 the forward pass of a dense layer: right\n", "")
    assert verdict and repr(verdict) == "right" and verdict._ipython_display_() is None and capsys.readouterr().out == ""


def test_a_wrong_answer_in_a_cell_is_told_the_same_words(capsys):
    assert not exercises.grade(dense_backward)
    out = capsys.readouterr().out
    with pytest.raises(Wrong) as wrong:
        grade(exercises_of("02")[1], dense_backward)
    assert out == "\n".join(["02.2 the backward pass of a dense layer: wrong", *wrong.value.lines,
                             "A hint: grade(dense_backward, hints=1)\n"])


@pytest.mark.parametrize(("arguments", "shown", "more"), [
    ((dense_backward, None, 1), 1, "One more hint: grade(dense_backward, hints=2)"), ((dense_backward, "02.2", 3), 3, None),
    ((dense_backward, "02.2", 99), 3, None), ((dense_backward, "2.2"), 0, 'A hint: grade(dense_backward, "02.2", hints=1)'),
    ((dense_backward, "02.2", "two"), 0, 'A hint: grade(dense_backward, "02.2", hints=1)'), ((dense_forward, None, 1), 1, None),
    ((tanh_backward,), 0, "A hint: grade(tanh_backward, hints=1)")])
def test_hints_in_a_cell(arguments, shown, more, capsys):
    exercises.grade(*arguments)
    out = capsys.readouterr().out
    assert len(re.findall(r"^hint \d of 3: ", out, re.M)) == shown and out.count("hints=") == bool(more) and (more or "") in out


@pytest.mark.parametrize(("arguments", "said"), [
    ((dense_forwrd,), r"no exercise asks for a function dense_forwrd. Did you mean dense_forward \(02.1\)"),
    ((lambda x: x,), r'no exercise asks for a function f. Or say which exercise it solves: grade\(f, "02.1"\)'),
    ((dense_forwrd, "02.1"), r"^02.1 the forward pass of a dense layer: right\n.* prints 'here.*': an answer only returns"),
    ((dense_forwrd, 2.1), "^02.1 .*: right"), ((tanh_backward,), "^02.3 the backward pass of tanh: to do\n"),
    ((generator_gradient,), r'asked for in 05.2 \(.*\) and M.18 \(.*\). Say which one: grade\(generator_gradient, "05.2"\)'),
    ((generator_gradient, "M18"), "^M.18 "),
    ((generator_gradient, "05.9"), "there is no exercise '05.9'; there are 05.1 to 05.5"),
    ((dense_forward, "x"), "there is no exercise 'x'; there are 01.1 to M."), ((dense_forward, []), r"there is no exercise \[\]"),
    ((3,), r"grade takes the function itself, as in grade\(dense_forward\); got int"), ((None, "02.1"), "got NoneType"),
    ((np.add, "02.1"), "02.1 .*: wrong\n"), ((exit, "02.1"), "02.1 .*: wrong\n"), ((Stranger, "02.1"), "02.1 .*: wrong\n")])
def test_nothing_is_raised_in_a_cell(arguments, said, capsys):
    exercises.grade(*arguments)
    assert re.search(said, capsys.readouterr().out)


def test_a_result_that_cannot_be_judged_raises_nothing_either(capsys, monkeypatch):
    def stumbles(*_):
        raise FloatingPointError("strange")

    monkeypatch.setattr(notebook, "judge", stumbles)
    assert not exercises.grade(dense_forward) and "cannot be judged: FloatingPointError: strange" in capsys.readouterr().out


def test_a_cell_in_a_thread_and_a_loop_in_it(monkeypatch):
    def looping(x, W, b):
        while True:
            pass

    quick = exercises_of("02")[0]._replace(seconds=0.2)
    said, verdicts = io.StringIO(), []

    def cell():
        with contextlib.redirect_stdout(said):
            verdicts.append(exercises.grade(dense_forward))
            monkeypatch.setattr(exercises, "exercises_of", lambda lesson: (quick,) if lesson == "02" else ())
            verdicts.append(exercises.grade(looping, "02.1"))

    thread = threading.Thread(target=cell)
    thread.start()
    thread.join(PATIENCE)
    assert list(map(bool, verdicts)) == [True, False] and "dense_forward is still running after 0.2 seconds" in said.getvalue()


def test_a_file_may_ask_for_its_own_verdict_and_is_marked_as_before(tmp_path):
    marks = marked(tmp_path, FORWARD + "from tinygan.exercises import grade\nassert grade(dense_forward)\n")
    assert states(marks) == ["done"] + ["to do"] * 4 and marks.notes == ()


# ---------------------------------------------------------------- how long it takes


def whole_board(folder):
    """A student's folder in which each exercise is answered by hand (`right_answers`)."""
    import right_answers

    exercises.copy_to(folder)
    for lesson in LESSONS:
        path, = Path(folder).glob(f"ex{lesson}_*.py")
        names = "".join(f"{e.name} = ANSWERS[{e.number!r}]\n" for e in exercises_of(lesson) if e.number in right_answers.ANSWERS)
        path.write_text(f"{path.read_text('utf-8')}\nimport sys\nsys.path.append({str(Path(__file__).parent)!r})\n"
                        f"from right_answers import ANSWERS\n{names}", "utf-8")
    return Path(folder), len(right_answers.ANSWERS)


def seconds_of_computing(work):
    """What `work()` returns, and its computing time, that of its processes included."""
    def spent():
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    before = spent()
    return work(), spent() - before


@pytest.mark.slow
@pytest.mark.parametrize("lesson", wrong_answers.LESSONS)
def test_in_another_process_every_answer_is_told_the_same_words(lesson, tmp_path):
    """Those of `wrong_answers`, right ones and wrong ones: the k-th of each exercise is what the k-th student hands in."""
    asked = {e.number: e for e in exercises_of(lesson.removeprefix("ex"))}
    corpus = importlib.import_module(f"wrong_answers.{lesson}")
    for kind in ("WRONG", "RIGHT"):
        given = {}
        for i, answer in enumerate(getattr(corpus, kind)):
            given.setdefault(answer.number, []).append(i)
        for k in range(max(map(len, given.values()))):
            now = {number: where[k] for number, where in given.items() if k < len(where)}
            for number in now:
                (tmp_path / file_of(number).name).write_text("")
            for number, i in now.items():
                with (tmp_path / file_of(number).name).open("a") as file:
                    file.write(f"import sys; sys.path.append({str(Path(__file__).parent)!r})\n"
                               f"from wrong_answers.{lesson} import {kind}; {asked[number].name} = {kind}[{i}].answer\n")
            marks = mark("anna", tmp_path, [lesson.removeprefix("ex")], 600.0).marks
            for number, i in now.items():
                assert (marks[number].state, marks[number].lines) == here(asked[number], getattr(corpus, kind)[i].answer)


def file_of(number):
    """The file that a student gets for an exercise."""
    pattern = f"museum/museum_{number[2:]}_*.py" if number.startswith("M") else f"ex{number[:2]}_*.py"
    path, = FOLDER.glob(pattern)
    return path


def here(exercise, answer):
    """(state, lines) of an answer that is graded in this process."""
    try:
        return "done", tuple(grade(exercise, answer))
    except ToDo:
        return "to do", ()
    except Wrong as wrong:
        return "slow" if "still running" in wrong.lines[0] else "wrong", wrong.lines


@pytest.mark.slow
def test_a_whole_board_takes_less_than_20_seconds(tmp_path):
    folder, count = whole_board(tmp_path / "anna")
    marks, seconds = seconds_of_computing(lambda: mark("anna", folder, [*LESSONS, "museum"], PATIENCE))
    assert marks.count() == count >= 70 and seconds < 20


@pytest.mark.slow
def test_one_exercise_takes_less_than_3_seconds():
    """The answer and what judges it, which are two processes where a class is marked, here in one."""
    import right_answers

    asked = {e.number: e for row in (*LESSONS, "museum") for e in exercises_of(row)}
    taken = {number: seconds_of_computing(lambda number=number, answer=answer: grade(asked[number], answer))[1]
             for number, answer in right_answers.ANSWERS.items()}
    assert {number: seconds for number, seconds in taken.items() if seconds > 3} == {}


@pytest.mark.slow
def test_a_class_of_30_takes_less_than_5_minutes(cli, tmp_path):
    """On two cores, so less than 10 minutes of computing, that of all processes together."""
    def graded():
        code = cli("grade", "class", "--seconds", PATIENCE)[0]
        get_reusable_executor(reuse=True).shutdown()  # what processes have computed counts when they have ended
        return code

    _, count = whole_board(tmp_path / "class" / "student00")
    for k in range(1, 30):
        whole_board(tmp_path / "class" / f"student{k:02}")
    code, seconds = seconds_of_computing(graded)
    assert code == 0 and 10 < seconds < 600
    with open("marks.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30 and {row["done"] for row in rows} == {str(count)}
