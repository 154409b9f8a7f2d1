"""Writing: what is written is read back exactly, and a file appears whole or not at all. Reading is tested in test_data."""

import math
import os
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygan import files

numbers = st.floats(allow_nan=False, allow_infinity=False)
names = st.text("abcxyzäπ ,;\"'()/", min_size=1, max_size=8).map(lambda name: " ".join(f"a{name}".split()))


@given(st.integers(1, 4).flatmap(lambda d: st.lists(st.tuples(*[numbers] * d), min_size=1, max_size=6)),
       st.sampled_from([".csv", ".npy", ".CSV"]))
def test_what_is_written_is_read_back_exactly(tmp_path_factory, rows, suffix):
    path, x = tmp_path_factory.mktemp("files") / f"cloud{suffix}", np.array(rows)
    files.write(x, path)
    read, columns = files.read(path)
    assert read.tobytes() == x.tobytes() and read.shape == x.shape
    assert columns == (None if suffix == ".npy" else tuple(f"x{j + 1}" for j in range(x.shape[1])))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_array_in_batches_is_what_numpy_saves(tmp_path, dtype):
    x = np.arange(24).reshape(8, 3).astype(dtype)
    np.save(tmp_path / "whole.npy", x)
    for parts in ([x], [x[:5], x[5:]], iter(np.asfortranarray(x).reshape(4, 2, 3))):
        files.write_npy(parts, 8, tmp_path / "parts.npy")
        assert (tmp_path / "parts.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


@given(st.lists(names, min_size=1, max_size=4))
def test_the_names_of_columns_come_back_whatever_is_in_them(tmp_path_factory, columns):
    path = tmp_path_factory.mktemp("files") / "cloud.csv"
    files.write(np.arange(2. * len(columns)).reshape(2, -1), path, columns)
    read, header = files.read(path)
    assert header == tuple(columns) and read.tolist() == np.arange(2. * len(columns)).reshape(2, -1).tolist()


def test_a_header_without_some_names_survives_the_way_through(tmp_path):
    """Tables that pandas has written begin with a comma."""
    (tmp_path / "in.csv").write_text(",height\n0,1.5\n1,2.5\n")
    x, columns = files.read(tmp_path / "in.csv")
    files.write(x, tmp_path / "out.csv", columns)
    assert (tmp_path / "out.csv").read_text() == "x1,height\n0.0,1.5\n1.0,2.5\n"
    assert files.read(tmp_path / "out.csv")[1] == ("x1", "height")


@pytest.mark.parametrize("columns", [("0", "1"), ("2019", "2021"), ("2020", "2019"), ("1st", "x")])
def test_names_that_are_numbers_come_back(tmp_path, columns):
    files.write(np.array([[1., 2.], [3., 4.5]]), tmp_path / "a.csv", columns)
    assert files.read(tmp_path / "a.csv")[1] == columns


def test_a_tab_in_a_name(tmp_path):
    files.write(np.eye(2), tmp_path / "a.csv", ["width\tcm", "b"])
    assert files.read(tmp_path / "a.csv")[1] == ("width\tcm", "b")


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("old", [None, "old"])
def test_a_file_appears_whole_or_not_at_all(tmp_path, failure, old):
    path = tmp_path / "cloud.csv"
    if old:
        path.write_text(old)
    with pytest.raises(type(failure)) as caught, files.atomic_write(path) as temporary:
        temporary.write_text("half a fi")
        raise failure
    assert os.listdir(tmp_path) == [path.name] * bool(old) and (not old or path.read_text() == old)
    assert getattr(caught.value, "filename", str(path)) == str(path)  # not the name of the temporary file


def test_a_whole_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "cloud.csv"
    path.write_text("old")
    with files.atomic_write(path) as temporary:
        assert temporary.suffix == ".csv" and temporary.parent == tmp_path
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["cloud.csv"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_file_may_be_read_by_those_who_may_read_other_files(tmp_path):
    before = os.umask(0o022)
    try:
        files.write(np.eye(2), tmp_path / "cloud.csv")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "cloud.csv").stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["x" * 251 + ".csv", "\u00e9" * 120 + ".csv", "a b.csv", "[1]*?.csv"])
def test_any_name_that_the_system_knows(tmp_path, name):
    """Also one that leaves no room for more letters."""
    killed = tmp_path / f".{2**22 + 1}-{name[-files.TAIL:]}"  # what a process that is no more has left
    killed.write_text("half")
    files.write(np.eye(2), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name] and len(files.read(tmp_path / name)[0]) == 2


@pytest.mark.parametrize("name, error, said", [
    ("x" * 300 + ".csv", OSError, "File name too long"), ("folder", IsADirectoryError, "is a folder, not a file to write to"),
    ("file/x.csv", NotADirectoryError, "Not a directory"), ("nowhere/x.csv", FileNotFoundError, "No such file")])
def test_a_path_that_cannot_be_written_is_named(tmp_path, name, error, said):
    """By the name that the user gave."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("whole")
    with pytest.raises(error, match=said) as caught:
        files.write(np.eye(2), tmp_path / name)
    assert caught.value.filename == str(tmp_path / name)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_a_link_stays_a_link_and_what_is_no_file_is_left_alone(tmp_path):
    """A user with all rights can put a file in the place of a device."""
    (tmp_path / "elsewhere").mkdir()
    link, pipe = tmp_path / "link.csv", tmp_path / "pipe.csv"
    link.symlink_to(tmp_path / "elsewhere" / "new.csv")
    os.mkfifo(pipe)
    (tmp_path / "to_pipe.csv").symlink_to(pipe)
    for _ in range(2):
        files.write(np.eye(2), link)
    assert link.is_symlink() and len(files.read(tmp_path / "elsewhere" / "new.csv")[0]) == 2
    for path in (pipe, tmp_path / "to_pipe.csv"):
        with pytest.raises(OSError, match="is a device or a pipe, not a file to write to") as caught:
            files.write(np.eye(2), path)
        assert caught.value.filename == str(path) and pipe.is_fifo()
    assert len(list(tmp_path.iterdir())) == 4 and len(list((tmp_path / "elsewhere").iterdir())) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        files.write(np.eye(2), tmp_path / "no" / "cloud.csv")
    assert caught.value.filename == str(tmp_path / "no" / "cloud.csv")


def test_extreme_numbers_in_a_table(tmp_path):
    x = np.array([[5e-324, -0.0], [1.7976931348623157e308, math.pi]])
    files.write(x, tmp_path / "cloud.csv")
    assert files.read(tmp_path / "cloud.csv")[0].tobytes() == x.tobytes()
