"""A run on disk: what comes back is what was saved, bit for bit, and no other file gets through."""

import gc
import io
import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tinygan import checkpoint

ARRAYS = {"G": np.linspace(0, 1, 7, dtype=np.float32), "table": np.arange(6.).reshape(2, 3), "diverged": np.array(0)}
ABOUT = {"data": "mine.csv", "hidden": [64, 64], "lr_d": None, "name": "Grüße"}


@pytest.fixture
def path(tmp_path):
    checkpoint.save(tmp_path / "run.npz", ARRAYS, ABOUT)
    return tmp_path / "run.npz"


def same(arrays, others):
    return arrays.keys() == others.keys() and all(
        a.shape == others[name].shape and a.dtype == others[name].dtype and a.tobytes() == others[name].tobytes()
        for name, a in arrays.items())


def repack(path, **members):
    """Write the archive once more with other members (bytes; None leaves one out): what a forger would do."""
    with zipfile.ZipFile(path) as old:
        content = {name: old.read(name) for name in old.namelist()}
    content |= {f"{name}.npy": value for name, value in members.items()}
    with zipfile.ZipFile(path, "w") as new:
        for name, value in content.items():
            if value is not None:
                new.writestr(name, value)


def npy(x, **options):
    file = io.BytesIO()
    np.save(file, x, **options)
    return file.getvalue()


def manifest(path, **changes):
    """The manifest of the file with some changes, as a member."""
    with np.load(path) as file:
        text = json.dumps(json.loads(file["manifest"].tobytes()) | changes)
    return npy(np.frombuffer(text.encode(), np.uint8))


def test_what_is_saved_comes_back_bit_for_bit(path):
    arrays, about = checkpoint.load(path)
    assert same(arrays, ARRAYS) and about == ABOUT
    with np.load(path, allow_pickle=False) as file:  # anybody can read it
        assert same({name: file[name] for name in ARRAYS}, ARRAYS)


@pytest.mark.parametrize("array", [
    np.array(3), np.array(2.5, np.float32), np.zeros(0), np.zeros((0, 4), int), np.asfortranarray(np.arange(6.).reshape(2, 3)),
    np.arange(12.)[::3], np.arange(4, dtype=">f8"), np.array([True, False]), np.arange(3, dtype=np.uint8),
    np.array([np.nan, -0., np.inf, 5e-324]), np.arange(24.).reshape(2, 3, 4)])
def test_every_kind_of_array_comes_back(tmp_path, array):
    checkpoint.save(tmp_path / "run.npz", {"a": array}, None)
    assert same(checkpoint.load(tmp_path / "run.npz")[0], {"a": array})


def test_the_same_run_is_the_same_bytes_but_for_the_clock(path, tmp_path):
    checkpoint.save(tmp_path / "twin.npz", ARRAYS, ABOUT)
    with zipfile.ZipFile(path) as one, zipfile.ZipFile(tmp_path / "twin.npz") as other:
        assert all(one.read(name) == other.read(name) for name in one.namelist())


@pytest.mark.parametrize("array", [np.array([{}], object), np.array(["a"]), np.ones(2, complex), np.zeros(2, [("a", float)])])
def test_only_numbers_are_saved(tmp_path, array):
    with pytest.raises(TypeError, match="a tinygan run is saved as real numbers; a is an array of"):
        checkpoint.save(tmp_path / "run.npz", {"a": array}, None)
    assert os.listdir(tmp_path) == []


def test_a_save_that_fails_leaves_the_old_file_whole(path, monkeypatch):
    def interrupted(file, **_):
        file.write(b"half a fi")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(path, {"a": np.zeros(3)}, None)
    assert os.listdir(path.parent) == ["run.npz"] and same(checkpoint.load(path)[0], ARRAYS)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="run.npz"):
        checkpoint.save(tmp_path / "no" / "run.npz", ARRAYS, ABOUT)
    with pytest.raises(FileNotFoundError, match="run.npz"):
        checkpoint.load(tmp_path / "run.npz")
    assert os.listdir(tmp_path) == []


# ---- other files, and damaged ones


def refused(path, match="is not a tinygan run, or it is damaged", **options):
    with pytest.raises(ValueError, match=match) as caught:
        checkpoint.load(path, **options)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"1,2\n3,4\n", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x93NUMPY\x01\x00",
                                     bytes(500)])
def test_files_of_another_kind(tmp_path, content):
    path = Path(tmp_path, "run.npz")
    path.write_bytes(content)
    refused(path)


def test_a_file_cut_short_anywhere(path):
    whole = path.read_bytes()
    for size in range(0, len(whole), 17):
        path.write_bytes(whole[:size])
        refused(path)


def test_a_bit_flipped_anywhere_is_noticed_or_makes_no_difference(path):
    whole, noticed, places = path.read_bytes(), 0, range(0, path.stat().st_size, 5)
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            arrays, about = checkpoint.load(path)
        except ValueError as error:
            noticed += str(path) in str(error)
        else:
            assert same(arrays, ARRAYS) and about == ABOUT, place
    assert noticed > len(places) / 2


def test_the_seal_notices_what_the_zip_does_not(path):
    repack(path, G=npy(ARRAYS["G"] + np.float32(1e-7)))
    refused(path, "the array G is not what the manifest says")
    repack(path, G=npy(ARRAYS["G"].astype(float)))
    refused(path, "the array G is not what the manifest says")


def test_pickled_objects_are_not_opened(path, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "bomb"),)

    for name in ("G", "manifest"):
        repack(path, **{name: npy(np.array([Bomb()], object), allow_pickle=True)})
        refused(path, "must hold real numbers; got object")
    assert os.listdir(tmp_path) == ["run.npz"]


def header(shape):
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(16)


def test_a_header_that_claims_terabytes_gets_none(path):
    forged = path.with_name("forged.npz")
    forged.write_bytes(path.read_bytes())
    repack(forged, G=header((1_000_000, 1_000_000)))
    tracemalloc.start()
    try:
        refused(forged, "its header promises shape .1000000, 1000000. of float64, but 16 bytes follow")
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_that_add_up_to_more_than_the_file_are_not_read(path, compression):
    with zipfile.ZipFile(path, "a", compression) as file:
        file.writestr("zeros.npy", bytes(10**6))
    if compression == zipfile.ZIP_STORED:  # says a gigabyte in the table of contents
        content = path.read_bytes()
        place = content.rindex(b"PK\x01\x02") + 24
        path.write_bytes(content[:place] + (10**9).to_bytes(4, "little") + content[place + 4:])
    refused(path, "it claims to hold more than its own .* bytes")


@pytest.mark.parametrize(("changes", "match"), [
    ({"version": 1}, "it is 'tinygan run', version 1; expected 'tinygan run', version 2"),
    ({"version": None}, "version None"),
    ({"format": "another"}, "it is 'another', version 2; expected 'tinygan run', version 2"),
    ({"arrays": {}}, None),
    ({"arrays": {"G": {}}}, "the array G is not what the manifest says"),
    ({"arrays": {"H": {}}}, "the array H is missing"),
    ({"arrays": [1]}, "damaged"),
    ({"arrays": None}, "damaged"),
])
def test_manifests_that_are_wrong(path, changes, match):
    repack(path, manifest=manifest(path, **changes))
    if match is None:
        assert checkpoint.load(path) == ({}, ABOUT)
    else:
        refused(path, match)


def test_a_file_of_one_kind_is_not_one_of_another(path):
    refused(path, "is not a tinygan network, or it is damaged: it is 'tinygan run', version 2; expected 'tinygan network'",
            kind="tinygan network")
    checkpoint.save(path, ARRAYS, ABOUT, kind="tinygan network")
    refused(path, "is not a tinygan run, or it is damaged: it is 'tinygan network', version 2; expected 'tinygan run', version 2")
    arrays, about = checkpoint.load(path, kind="tinygan network")
    assert same(arrays, ARRAYS) and about == ABOUT
    with pytest.raises(TypeError, match="a tinygan network is saved as real numbers; a is an array of complex128"):
        checkpoint.save(path, {"a": np.ones(2, complex)}, None, kind="tinygan network")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b"{}", b'"tinygan run"', b"\xff", b"[" * 100_000])
def test_manifests_that_are_none(path, text):
    gc.collect()  # what other tests have left is not to end in the depth of the last text
    repack(path, manifest=npy(np.frombuffer(text, np.uint8)))
    refused(path)


def test_a_manifest_that_is_missing_or_enormous(path):
    repack(path, manifest=npy(np.zeros(2 << 20, np.uint8)))
    refused(path, "its manifest is larger than 1048576 bytes")
    repack(path, manifest=None)
    refused(path, "it holds no manifest")


def test_an_archive_of_numpys_own_is_not_a_run(tmp_path):
    np.savez(tmp_path / "run.npz", G=np.zeros(3))
    refused(tmp_path / "run.npz", "it holds no manifest")
