"""The board by itself: rows, signs in their places, folders beside each other, and what it remembers."""

from pathlib import Path

import pytest

from tinygan.exercises import FOLDER, LESSONS, exercises_of
from tinygan.exercises.board import ROWS, SIGNS, Board, Row, marker_of, row_of
from tinygan.exercises.showing import shown

EX02, EX03 = "ex02_a_layer_and_its_gradient.py", "ex03_scores_and_probabilities.py"


def board(*notes):
    """A board with notes (path, number, state)."""
    made = Board()
    for note in notes:
        made.note(*note)
    return made


@pytest.mark.parametrize(("name", "marker"), [
    ("ex02_mine.py", ("ex02", None)), ("museum_03_labels.py", ("museum", "03")), ("ex99_mine.py", None), ("ex02.py", None),
    ("test_ex02_mine.py", None), ("ex02_mine.txt", None), ("museum_labels.py", None), ("xex02_mine.py", None)])
def test_which_files_are_answers(name, marker):
    assert marker_of(name) == marker


def test_every_file_that_is_given_out_has_a_row():
    files = [path for path in FOLDER.rglob("*.py") if path.name != "conftest.py"]
    assert all(marker_of(path.name) for path in files)
    assert {row_of(path).marker for path in files} == set(ROWS) and {row_of(path).folder for path in files} == {str(FOLDER)}


def test_signs_stand_in_the_order_of_the_exercises():
    path = Path("/mine", EX02)
    made = board((path, "02.4", "to do"), (path, "02.1", "done"), (path, "02.5", "not read"), (path, "02.2", "wrong"))
    assert list(made.lines()) == ["02 a layer and its gradient          #x_.?    1 done, 1 wrong, 1 to do, 1 not read"]
    assert len(set(SIGNS.values())) == len(SIGNS) == 4


def test_two_folders_are_two_boards():
    made = board((f"/class/ben/{EX02}", "02.1", "wrong"), (f"/class/anna/{EX02}", "02.1", "done"),
                 (f"/class/anna/{EX03}", "03.2", "to do"), ("/class/anna/museum/museum_01_ring.py", "M.01", "done"))
    lines = list(made.lines())
    assert lines[0] == "/class/anna: 2 of 3 done" and lines[4] == "/class/ben: 0 of 1 done" and len(lines) == 6
    assert lines[1].split()[6] == "#____" and lines[5].split()[6] == "x____" and lines[3].startswith("the museum of real bugs")
    assert made.unsolved("/class/anna").exercise.number == "03.2" and made.unsolved("/class/ben").exercise.number == "02.1"
    assert made.unsolved("/class/ben").path == Path("/class/ben", EX02)


def test_two_files_for_one_lesson_are_two_rows():
    made = board((f"/mine/{EX02}", "02.1", "done"), ("/mine/ex02_copy.py", "02.1", "wrong"))
    first, second = made.lines()
    assert first.endswith("1 done, 0 wrong, 0 to do, in ex02_a_layer_and_its_gradient.py") and "x____" in second
    assert second.endswith("in ex02_copy.py")


def test_the_rows_stand_in_the_order_of_the_lessons():
    notes = [(f"/mine/ex{lesson}_x.py", f"{lesson}.1", "done") for lesson in reversed(LESSONS)]
    made = board(("/mine/museum/museum_02_x.py", "M.02", "done"), *notes)
    assert [row.marker for row in made.rows("/mine")] == [*(f"ex{lesson}" for lesson in LESSONS), "museum"]
    assert [exercise.number for exercise in made.solved()] == [*(f"{lesson}.1" for lesson in LESSONS), "M.02"]
    assert made.unsolved("/mine") is None


def test_it_remembers_what_was_left_out_this_time(tmp_path):
    path, other = tmp_path / EX02, tmp_path / "gone" / EX02
    path.write_text("")
    before = board((path, "02.1", "done"), (path, "02.2", "wrong"), (other, "02.1", "done"), (tmp_path / EX03, "03.1", "done"))
    now = board((path, "02.2", "done"))
    now.recall(before.memory())
    assert now.states == {Row(str(tmp_path), "ex02", EX02): {"02.1": "done", "02.2": "done"}}, "and no file that is gone"
    assert before.memory() == [list(note) for note in before.memory()], "plain lists, as JSON has them"


@pytest.mark.parametrize("row", [*LESSONS, "museum"])
def test_every_answer_of_the_library_can_be_shown(row):
    for exercise in exercises_of(row):
        first, *blocks = shown(exercise)
        assert first == f"The library's answer to {exercise.number} {exercise.name}:" and blocks
        assert len(set(blocks)) == len(blocks)
        for block in blocks:
            head, *text = block.split("\n")
            file, line = head.rstrip(":").split(", ")[-2:]
            there = Path(file).read_text("utf-8").splitlines()[int(line.removeprefix("line ")) - 1]
            assert text and there.strip() == text[0].strip() and text[0].startswith("    ")


def test_what_is_shown_reaches_the_library():
    text = "\n".join(shown(next(e for e in exercises_of("02") if e.name == "dense_backward")))
    assert "def _backward_solution(dy, x, W):" in text and "Dense.backward, " in text and "self.dW += " in text
