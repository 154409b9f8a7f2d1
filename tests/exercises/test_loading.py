"""A file of answers is loaded: however it was saved, and whatever stands in it."""

import sys
import threading
import time

import pytest
from waiting import PATIENCE

from tinygan.exercises import FOLDER, loading
from tinygan.exercises.grading import Wrong

GOOD = "def f():\n    return 3\n"


@pytest.fixture
def folder(tmp_path):
    """An empty folder, and nothing left of its files afterwards."""
    before, path = dict(sys.modules), sys.path[:]
    yield tmp_path
    assert sys.path == path
    for name in set(sys.modules) - set(before):
        if name.startswith(("ex0", "museum_", "answers_", "helper")):
            del sys.modules[name]


def written(folder, text, name="ex02_mine.py", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def refused(folder, text, **more):
    with pytest.raises(Wrong) as error:
        loading.load(written(folder, text, **more))
    return error.value.lines


# ---------------------------------------------------------------- how it was saved


@pytest.mark.parametrize(("text", "encoding"), [
    (GOOD, "utf-8"), (GOOD, "utf-8-sig"), (GOOD.replace("\n", "\r\n"), "utf-8"), (GOOD.replace("\n", "\r\n"), "utf-8-sig"),
    (GOOD.replace("\n", "\r"), "utf-8"), (GOOD.replace("    ", "\t"), "utf-8"), (GOOD + "# \u00e9\u0142\u4e2d\n", "utf-8"),
    ("# -*- coding: latin-1 -*-\n# \u00e9\n" + GOOD, "latin-1"), ("\f" + GOOD, "utf-8"), (GOOD.rstrip("\n"), "utf-8"),
    ("# coding: utf-8\n" + GOOD, "utf-8-sig")])
def test_how_lines_end_and_letters_are_written_does_not_matter(folder, text, encoding):
    assert loading.load(written(folder, text, encoding=encoding)).f() == 3


def test_a_letter_that_is_not_utf8_is_shown_with_its_line_and_the_cure(folder):
    said = refused(folder, GOOD + "# Ren\u00e9\n", encoding="latin-1")
    assert said == ("ex02_mine.py, line 3: a letter here is not in UTF-8", "    # Ren\u00e9",
                    "save the file in the encoding UTF-8: editors offer it under Save As, or at the lower edge of the window")


@pytest.mark.parametrize(("encoding", "said"), [
    ("utf-16", "this is not in UTF-8, perhaps in UTF-16"), ("utf-16-le", "this is not in UTF-8, perhaps in UTF-16")])
def test_utf16_is_recognised(folder, encoding, said):
    found = refused(folder, GOOD, encoding=encoding)
    assert said in found[0] and found[1].startswith("save the file in the encoding UTF-8")


@pytest.mark.parametrize(("text", "said"), [
    ("x = 1\ndef f()\n    return 3\n", ("ex02_mine.py, line 2: Python cannot read this: expected ':'", "    def f()")),
    ("def f():\nreturn 3\n", ("ex02_mine.py, line 2: Python cannot read this: expected an indented block", "    return 3")),
    ("def f():\n    if 1:\n\treturn 3\n", ("ex02_mine.py, line 3: Python cannot read this: inconsistent use of tabs",
                                        "    return 3", "indent with spaces only")),
    ("# coding: klingon\n", ("ex02_mine.py: Python cannot read this: unknown encoding", "save the file")),
    ("def f(:\n", ("ex02_mine.py, line 1: Python cannot read this", "    def f(:")),
    ("f = (1,\n", ("ex02_mine.py, line 1: Python cannot read this: '(' was never closed", "    f = (1,")),
    ("return 3\n", ("ex02_mine.py, line 1: Python cannot read this: 'return' outside function", "    return 3"))])
def test_what_python_cannot_read_is_shown_with_its_line(folder, text, said):
    found = refused(folder, text)
    assert len(found) == len(said) and all(line.startswith(part) for line, part in zip(found, said, strict=True)), found


def test_a_file_that_is_gone_or_a_folder(folder):
    with pytest.raises(Wrong, match="the top level of ex02_mine.py stops with FileNotFoundError"):
        loading.load(folder / "ex02_mine.py")
    (folder / "ex03_mine.py").mkdir()
    with pytest.raises(Wrong, match="the top level of ex03_mine.py stops with (IsADirectory|Permission)Error"):
        loading.load(folder / "ex03_mine.py")


# ---------------------------------------------------------------- what stands at its top level


@pytest.mark.parametrize(("text", "said"), [
    ("x = 1\nexit()\n", "the top level of ex02_mine.py ends the program, with exit(), quit() or sys.exit()"),
    ("import sys\nsys.exit('bye')\n", "the top level of ex02_mine.py ends the program"),
    ("import os\nos._exit(3)\n", "the top level of ex02_mine.py ends the program"),
    ("from os import _exit\n_exit(3)\n", "the top level of ex02_mine.py ends the program"),
    ("x = 1\nraise KeyboardInterrupt\n", "the top level of ex02_mine.py stops with KeyboardInterrupt"),
    ("x = 1\nnumpi.zeros(3)\n", "the top level of ex02_mine.py stops with NameError: name 'numpi' is not defined"),
    ("x = 1\nimport numpi\n", "the top level of ex02_mine.py stops with ModuleNotFoundError: No module named 'numpi'"),
    ("x = 1\nx = input('how many? ')\n", "the top level of ex02_mine.py waits for the keyboard, with input()"),
    ("x = 1\nopen('nothing.csv').read()\n", "the top level of ex02_mine.py stops with FileNotFoundError"),
    ("x = 1\nb'\\xe9'.decode()\n", "the top level of ex02_mine.py stops with UnicodeDecodeError")])
def test_what_keeps_it_from_loading_is_named_with_its_line(folder, text, said):
    first, place = refused(folder, text)
    assert first.startswith(said) and place == f"ex02_mine.py, line 2: {text.splitlines()[1]}"


@pytest.mark.parametrize("text", ["x = 1\nwhile True: pass\n", f"import time\ntime.sleep({2 * PATIENCE})\n",
                                  "import itertools\nfor i in itertools.count(): x = i\n"])
def test_a_loop_without_end_is_ended(folder, text, monkeypatch):
    monkeypatch.setattr(loading, "SECONDS", 0.2)
    start = time.monotonic()
    first, place = refused(folder, text)
    assert first == "the top level of ex02_mine.py is still running after 0.2 seconds: does its loop come to an end?"
    assert place == f"ex02_mine.py, line 2: {text.splitlines()[1]}" and time.monotonic() - start < PATIENCE


def test_what_it_prints_is_nobodys_business(folder, capsys):
    loading.load(written(folder, "print('x' * 100_000)\nimport sys\nprint('y', file=sys.stderr)\n" + GOOD))
    assert capsys.readouterr() == ("", "")


def test_warnings_do_not_keep_it_from_loading(folder):
    """Nor do those that Python has about the text."""
    assert loading.load(written(folder, "import warnings\nwarnings.warn('old')\ny = '\\d'\nz = y is 'x'\n" + GOOD)).f() == 3


@pytest.mark.parametrize("head", ["", "from __future__ import annotations\n"])
def test_a_dataclass_finds_its_module(folder, head):
    text = head + ("from dataclasses import dataclass\nfrom typing import NamedTuple\nimport pickle\n\n@dataclass\nclass Pair:\n"
                   "    a: int\n    b: int = 2\n\nclass Named(NamedTuple):\n    c: int\n\n"
                   "def f():\n    return pickle.loads(pickle.dumps(Pair(1))).a + Named(2).c\n")
    assert loading.load(written(folder, text)).f() == 3


def test_answers_stay_out_of_each_others_way(folder):
    """Two students whose files have the same names, and modules of the same names."""
    answers = []
    for name, number in (("anna", 1), ("ben", 2)):
        (folder / name).mkdir()
        written(folder / name, f"def g():\n    return {number}\n", name="helpers.py")
        written(folder / name, "from helpers import g\ndef f():\n    import helpers\n    return g(), helpers.g()\n")
        answers.append((folder / name, loading.load(folder / name / "ex02_mine.py")))
    for number, (place, module) in enumerate(answers, start=1):
        with loading.inside(place):
            assert module.f() == (number, number)
    assert answers[0][1].__name__ != answers[1][1].__name__


@pytest.mark.parametrize("line", ["from ex02_first import f", "from .ex02_first import f", "import ex02_first\nf = ex02_first.f",
                                  "from . import ex02_first\nf = ex02_first.f"])
def test_one_file_may_use_the_answers_of_another(folder, line):
    written(folder, GOOD, name="ex02_first.py")
    assert loading.load(written(folder, f"{line}\ndef g():\n    return f()\n", name="ex03_second.py")).g() == 3


def test_what_keeps_the_other_file_from_loading_is_shown_as_its_own(folder):
    written(folder, "def f()\n", name="ex02_first.py")
    found = refused(folder, "from .ex02_first import f\n", name="ex03_second.py")
    assert found == ("ex02_first.py, line 1: Python cannot read this: expected ':'", "    def f()")
    written(folder, b"name = 'Ren\xe9'\n", name="ex02_first.py")
    assert refused(folder, "from .ex02_first import f\n", name="ex03_second.py")[0].startswith("ex02_first.py, line 1: a letter")


def test_a_file_is_executed_anew_each_time(folder):
    """Also where its size and time do not tell that it has changed."""
    path = written(folder, GOOD)
    assert loading.load(path).f() == 3
    path.write_text(GOOD.replace("3", "4"))
    assert loading.load(path).f() == 4 and not (folder / "__pycache__").exists()


def test_in_another_thread(folder):
    found = []
    thread = threading.Thread(target=lambda: found.append(loading.load(written(folder, GOOD)).f()))
    thread.start()
    thread.join(PATIENCE)
    assert found == [3]


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("ex*.py")) + sorted(FOLDER.rglob("museum_*.py"))[:2], ids=lambda f: f.stem)
def test_the_files_that_are_given_out_load(file, folder):
    assert loading.load(file).__doc__
