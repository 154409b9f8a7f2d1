"""Links between pages, and the page of exercises: they name what is there, and show what a student reads."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absent import absent

from tinygan.exercises import LESSONS, copy_to, exercises_of
from tinygan.exercises.grading import Wrong, grade
from tinygan.playground.stories import STORIES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS)]

import docstrings  # noqa: E402  the path comes first


@pytest.fixture
def pages():
    return pytest.importorskip("pages", reason="Sphinx is missing: pip install -e '.[docs]'")


@pytest.mark.parametrize("text, links", [
    ("as lesson 09 shows", {"lesson 09": "09"}), ("In lessons 09, 11 and\n13.", {"lessons 09": "09", "11": "11", "13": "13"}),
    ("Lessons 02 to 15 have", {"Lessons 02": "02", "15": "15"}), ("of lesson 99, or lesson 090", {}), ("exercise 12.6", {}),
    ("lesson 05 is this one", {}), ("lesson\n12.", {"lesson\n12": "12"})])
def test_a_lesson_that_is_spoken_of_becomes_a_link(pages, text, links):
    parts = pages.pieces(text, pages.LESSONS["05"])
    found = {part.astext(): part["reftarget"] for part in parts or [] if part.tagname == "pending_xref"}
    assert found == {words: f"/{pages.LESSONS[number]}" for words, number in links.items()}
    assert parts is None or "".join(part.astext() for part in parts) == text


def test_links_and_frames_stand_where_they_should(pages, monkeypatch):
    from docutils.core import publish_doctree

    monkeypatch.setattr(docstrings, "NAMES", {"a.b"})
    text = ("Lesson 09\n=========\n\nSee lesson 09, ``lesson 09``.\n\n::\n\n    lesson 09\n\n.. image:: a.png\n\n"
            "Next\n----\n\n:In the code: ``a.b``, ``a.c``\n:Checked by: ``a.b``\n")
    page = publish_doctree(text, settings_overrides={"doctitle_xform": False})
    pages.link_lessons(page, "index")
    pages.link_code(page, "index")
    pages.frame_pictures(page)
    targets = [node["reftarget"] for node in page.findall() if node.tagname == "pending_xref"]
    assert targets == [f"/{pages.LESSONS['09']}", "a.b"]
    frame, = (node for node in page.findall() if node.tagname == "container")
    assert frame["classes"] == ["picture"] and frame[0]["uri"] == "a.png"


# ---------------------------------------------------------------- a machine without a browser


@pytest.mark.parametrize("value, outcome", [(None, pytest.skip.Exception), ("", pytest.skip.Exception),
                                            ("true", pytest.fail.Exception)])
def test_what_is_absent_is_skipped_by_a_person_and_fails_on_ci(monkeypatch, value, outcome):
    monkeypatch.delenv("CI", raising=False)
    if value is not None:
        monkeypatch.setenv("CI", value)
    with pytest.raises(outcome) as caught:
        absent("there is no Chromium")
    assert caught.type is outcome and str(caught.value).startswith("there is no Chromium")


# ---------------------------------------------------------------- the exercises


@pytest.fixture
def practice():
    return pytest.importorskip("practice", reason="Sphinx is missing: pip install -e '.[docs]'")


def test_a_lesson_leads_to_its_exercises(practice):
    page = "text\n\nTo try:\n\n1. this\n\n.. rst-class:: sphx-glr-timing\n"
    made = practice.with_note("05", page)
    assert "``my-exercises/ex05_the_first_gan.py`` holds five exercises" in made and "pytest my-exercises -m ex05\n" in made
    assert made.index("text") < made.index("my-exercises") < made.index("To try:") and made.count("-m ex05") == 1
    assert "-m ex05" in practice.with_note("05", page.replace("To try", "Try")), "where there is nothing to try, at the end"
    assert "``my-exercises/ex01_generative_or_discriminative.py`` holds five" in practice.with_note("01", page)
    assert practice.with_note("00", page) == page, "a page that is no lesson's has none"
    text = "\n".join(practice.table())
    assert all(one.title in text for lesson in LESSONS for one in exercises_of(lesson)) and text.count(".py``") == len(LESSONS)


def test_an_exhibit_has_its_number_and_names_its_file(practice):
    page = practice.with_files((DOCS / "museum.rst").read_text(encoding="utf-8"))
    headings = re.findall(r"^(\d\d) (\S.*)\n(-+)$", page, flags=re.MULTILINE)
    files = re.findall(r"^:File: ``my-exercises/museum/museum_(\d\d)_\w+.py``\n:What one sees:", page, flags=re.MULTILINE)
    exhibits = exercises_of("museum")
    assert [number for number, *_ in headings] == files == [one.number.removeprefix("M.") for one in exhibits]
    assert all(len(number + title) + 1 == len(line) for number, title, line in headings)
    for (_, title, _), number in zip(headings, files, strict=True):
        file, = (ROOT / "lessons" / "exercises" / "museum").glob(f"museum_{number}_*.py")
        assert file.read_text(encoding="utf-8").startswith(f'"""{title}.')


def test_the_museum_begins_with_a_table_and_shows_pictures(practice):
    text = (DOCS / "museum.rst").read_text(encoding="utf-8")
    page = practice.with_files(text)
    table, first, rest = page.partition("Data and losses\n~~~~")
    assert first and re.findall(r"`(\d\d .*)`_", table) == re.findall(r"^(\d\d \S.*)\n-+$", rest, re.MULTILINE)
    assert table.count("   * - ") == 9
    shown = re.findall(r"_build/pictures/museum_(\d\d).png\n   :class: small\n   :alt: (Left .*; right .*)\n", page)
    assert [number for number, _ in shown] == list(practice.museum_pictures.PICTURES) == list(practice.museum_pictures.SEEN)


def test_the_two_sides_of_a_museum_picture_differ(practice):
    """The right side is drawn by the repaired lines, which a test grades."""
    assert [ax.get_title() for ax in practice.museum_pictures.draw("01").axes] == ["wrong: 7 places", "right: 8 places"]
    wrong, right = practice.museum_pictures.draw("23").axes
    assert wrong.patches[9].get_height() == 0 < right.patches[9].get_height()


def drawn_in(ax):
    """All numbers that a panel shows."""
    heights = [patch.get_height() for patch in ax.patches if hasattr(patch, "get_height")]
    images = [image.get_array().ravel() for image in ax.images]
    return np.concatenate([*(np.ravel(line.get_xydata()) for line in ax.lines), heights, *images]).astype(float)


@pytest.mark.slow
def test_what_is_wrong_is_seen_in_each_picture_of_the_museum(practice):
    for number in practice.museum_pictures.PICTURES:
        wrong, right = practice.museum_pictures.draw(number).axes
        assert wrong.get_xlabel() and wrong.get_xlabel() == right.get_xlabel() or number == "06", number
        assert not np.array_equal(drawn_in(wrong), drawn_in(right)), number
        lines = [line for ax in (wrong, right) for line in ax.lines]
        assert all(np.ptp(line.get_ydata()) == 0 or np.nanmax(np.abs(line.get_ydata())) < 1e4 for line in lines), number


@pytest.mark.slow
def test_a_picture_of_a_run_shows_what_its_words_say(practice):
    """The claims of the museum's alternative texts, on the numbers that are drawn."""
    def lines(number, *which):
        return [[ax.lines[place].get_xydata()[:, 1] for place in which] for ax in practice.museum_pictures.draw(number).axes]

    (wrong,), (right,) = lines("04", 1)
    assert np.ptp(wrong) < 1e-6 < np.ptp(right)
    (before, after), (start, end) = lines("14", 0, 1)
    assert np.array_equal(before, after) and np.abs(end - start).max() > 0.5
    (real, _), (risen, _) = lines("16", 0, 1)
    assert real[-1] < real[0] and risen[-1] > risen[0]
    unpaid, paid = lines("21", 0, 1, 2)
    assert np.array_equal(unpaid[0], unpaid[2]) and abs(paid[2][-1] - 1) < 0.2
    (wrong,), (right,) = lines("24", 0)
    assert wrong[-50:].mean() < 1.2 and abs(right[-50:].mean() - 2 * np.log(2)) < 0.02
    (wrong,), (right,) = lines("25", 0)
    assert 1.46 < wrong[-1] < 1.5 and right[-1] < 0.05


# ---------------------------------------------------------------- the notebooks


def test_the_first_cell_of_a_notebook_finds_the_clone_or_asks_for_it(tmp_path, monkeypatch):
    """The cell without its magics, as where tinygan is missing: what it installs can be imported without a new kernel."""
    text = re.search(r'FIRST_CELL = """\\\n(.*?)"""', (DOCS / "conf.py").read_text(encoding="utf-8"), re.DOTALL)[1]
    assert '%pip install -q -e "{clone}"' in text and text.endswith("%matplotlib inline")
    plain = re.sub(r"^( *)%.*", r"\1pass", text, flags=re.MULTILINE)
    missing = plain.replace('importlib.util.find_spec("tinygan")', "None")
    assert missing != plain
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match="is no clone of tinygan. Write the path of yours into CLONE"):
        exec(missing, {})
    monkeypatch.chdir(DOCS / "derivations")  # as deep as docs/lessons, which only the build makes
    exec(missing, {})
    assert sys.path[0] == str(ROOT) and (Path(sys.path[0]) / "tinygan" / "__init__.py").is_file()


# ---------------------------------------------------------------- the stories


def test_a_film_stands_below_the_command_of_a_story():
    films = pytest.importorskip("story_films", reason="Sphinx is missing: pip install -e '.[docs]'")
    told = {}
    for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py")):
        text = films.with_films(re.sub(r"^# ?", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
        pairs = re.findall(r"^``tinygan play --story (\S+)``.*\n\n\.\. film:: (\S+)\n\n", text, re.MULTILINE)
        told |= {name: path.name[:2] for name, film in pairs if name == film}
    assert told == {name: f"{story.lesson:02}" for name, story in STORIES.items() if story.lesson}
    text = "\n".join(films.lines("cure", "/a.gif", "What is seen."))
    assert ":alt: A film of the story cure. What is seen." in text and STORIES["cure"].question in text


@pytest.fixture
def lines():
    return pytest.importorskip("museum_lines", reason="Sphinx is missing: pip install -e '.[docs]'")


def graded(exercise, text):
    """Grade an exhibit whose file has this text."""
    names = {}
    exec(compile(text, exercise.name, "exec"), names)
    return grade(exercise, names[exercise.name], seeds=range(3))


@pytest.mark.parametrize("exercise", exercises_of("museum"), ids=lambda one: one.number)
def test_the_right_lines_of_an_exhibit_are_right(lines, exercise):
    number = exercise.number.removeprefix("M.")
    file, = (ROOT / "lessons" / "exercises" / "museum").glob(f"museum_{number}_*.py")
    text = file.read_text(encoding="utf-8")
    assert (number in lines.LINES) == (number not in ("17", "21", "22", "27", "28")), "those are not told by a line or two"
    if number in lines.LINES:
        graded(exercise, lines.repaired(number, text))
        with pytest.raises(Wrong):
            graded(exercise, text)
        assert all(one.split("\n")[0].strip() in lines.shown(number) for pair in lines.LINES[number] for one in pair)
    else:
        assert lines.shown(number) == ""


def test_a_wrong_line_that_is_not_there_is_noticed(lines):
    with pytest.raises(ValueError, match="exhibit 01: .* stands 0 times"):
        lines.repaired("01", "angle = 1")


def shown():
    """What the page of exercises shows of a wrong answer, and the answer."""
    page = (DOCS / "exercises.rst").read_text(encoding="utf-8")
    answer = re.search(r"somebody wrote ``return (.*?)``", page)[1]
    return inspect.cleandoc("\n" + re.search(r":class: wrapped\n\n((?:    .*\n)+)", page)[1]), answer


def test_the_message_on_the_page_is_what_the_judge_says():
    message, answer = shown()
    exercise, = (one for one in exercises_of("02") if one.name == "dense_backward")
    with pytest.raises(Wrong) as error:
        grade(exercise, eval(f"lambda dy, x, W: ({answer})"))
    assert "\n".join(error.value.lines) in message
    with pytest.raises(Wrong) as error:
        grade(exercise, eval(f"lambda dy, x, W: ({answer.replace('x.T', '-x.T')})"))
    assert "\n".join(error.value.lines) not in message


@pytest.mark.slow
def test_the_whole_message_is_what_a_student_reads(tmp_path):
    message, answer = shown()
    copy_to(tmp_path / "my-exercises")
    file = tmp_path / "my-exercises" / "ex02_a_layer_and_its_gradient.py"
    stub = 'raise NotImplementedError("Exercise 02.2: the backward pass of a dense layer")'
    text = file.read_text(encoding="utf-8")
    assert text.count(stub) == 1
    file.write_text(text.replace(stub, f"return {answer}"), encoding="utf-8")
    run = subprocess.run([sys.executable, "-m", "pytest", "my-exercises", "-m", "ex02", "-p", "no:cacheprovider"], cwd=tmp_path,
                         capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"})
    assert run.returncode == 1 and message in run.stdout, run.stdout


def test_start_gives_the_commands_of_the_readme():
    readme, start = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/start.rst"))
    command = re.search(r"<!-- command: demo -->\n```\n(.*)\n```", readme)[1]
    block = re.search(r"code-block:: bash\n\n((?:    .*\n)+)", start)[1]
    assert inspect.cleandoc("\n" + block).split("\n") == ["cd tinygan", *command.split(" && ")]


def test_the_form_of_the_command_that_works_in_any_environment_is_used():
    for path in (ROOT / "README.md", *DOCS.glob("*.rst"), *DOCS.glob("derivations/*.rst")):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"(?<!-m )(?<!again: )\bpytest (?:my-exercises|FOLDER|\"tests).*", text), path.name
