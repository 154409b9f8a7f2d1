"""Damaged files, one of each kind: cut off anywhere, or with any bit flipped, they end in one sentence, never in other numbers.

`test_checkpoint` has the forged ones. The slow tests try every cut and thousands of flips; the quick ones a few of each.
"""

import bz2
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from test_checkpoint import npy
from test_training_state import make, same_state

from tinygan import Network, checkpoint, data, files, mlp, saving
from tinygan.engine.layers import Dense
from tinygan.engine.norm import SpectralNorm

FLIPS = 5000


def a_run(path):
    checkpoint.save(path, {"G": np.linspace(0, 1, 50, dtype=np.float32), "steps": np.arange(4)}, {"data": "mine.csv", "lr": 0.1})


def a_network(path):
    mlp(2, 8, 1, activation=lambda: SpectralNorm(Dense(8, 8)), seed=3).save(path)


def a_training(path):
    training = make()
    training.advance(3)
    saving.save(training, path, {"settings": {"seed": "7"}})


def network_numbers(path):
    net = Network.load(path)
    return net.state(), repr(net)


def training_numbers(path):
    saved = saving.read(path)
    return saved.state | saved.more, saved.about


def table_numbers(path):
    return {"x": files.read(path)[0]}, None


KINDS = {"run": (a_run, checkpoint.load), "network": (a_network, network_numbers), "training": (a_training, training_numbers)}
each_kind = pytest.mark.parametrize("kind", KINDS)


def outcome(read, path, held):
    """What a damaged file comes to: "refused" in one sentence that names it, or "harmless": the numbers that were saved."""
    try:
        arrays, about = read(path)
    except ValueError as error:
        said = str(error)
        assert said.startswith(str(path)) and "\n" not in said and len(said) < 400, said
        return "refused"
    assert same_state(arrays, held[0]) and about == held[1], "other numbers than those that were saved"
    return "harmless"


def check_cuts(kind, tmp_path, every):
    write, read = KINDS[kind]
    path = tmp_path / "kept.npz"
    write(path)
    whole, held = path.read_bytes(), read(path)
    for size in range(0, len(whole), every):
        path.write_bytes(whole[:size])
        assert outcome(read, path, held) == "refused", size


def check_flips(kind, tmp_path, flips):
    write, read = KINDS[kind]
    path = tmp_path / "kept.npz"
    write(path)
    whole, held = path.read_bytes(), read(path)
    rng, seen = np.random.default_rng(0), []
    for bit in rng.integers(0, 8 * len(whole), flips).tolist():
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        seen.append(outcome(read, path, held))
    assert seen.count("refused") > flips / 2


@each_kind
def test_a_few_cuts(kind, tmp_path):
    check_cuts(kind, tmp_path, 211)


@each_kind
def test_a_few_flips(kind, tmp_path):
    check_flips(kind, tmp_path, 40)


@pytest.mark.slow
@each_kind
def test_every_cut(kind, tmp_path):
    check_cuts(kind, tmp_path, 1)


def test_the_documentation_has_the_count_of_today():
    said = " ".join((Path(__file__).parents[1] / "docs" / "reliability.rst").read_text().split())
    assert f"every cut is refused; {len(KINDS) * FLIPS} flips" in said


@pytest.mark.slow
@each_kind
def test_thousands_of_flips(kind, tmp_path):
    check_flips(kind, tmp_path, FLIPS)


def test_numbers_that_changed_would_be_noticed(tmp_path):
    """The control: a reader without a seal."""
    path = tmp_path / "kept.npz"
    a_run(path)

    def unsealed(path):
        arrays, about = checkpoint.load(path)
        return arrays | {"G": arrays["G"] + np.float32(1e-6)}, about

    with pytest.raises(AssertionError, match="other numbers"):
        outcome(unsealed, path, checkpoint.load(path))


@pytest.mark.parametrize("bits", [pytest.param(60, id="some"), pytest.param(None, marks=pytest.mark.slow, id="all")])
def test_the_header_of_a_users_array(tmp_path, bits):
    """An .npy file has no seal, so a number in it may change. A header that changed never gives another number of entries."""
    path, x = tmp_path / "cloud.npy", np.arange(40.).reshape(20, 2)
    files.write(x, path)
    whole = path.read_bytes()
    header = 8 * (len(whole) - x.nbytes)
    for bit in range(header) if bits is None else np.random.default_rng(0).integers(0, header, bits).tolist():
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            read = files.read(path)[0]
        except ValueError as error:
            assert str(path) in str(error) and "\n" not in str(error)
        else:
            assert read.shape in ((20, 2), (2, 20)) and read.dtype.itemsize == 8
    for size in range(0, len(whole), 1 if bits is None else 23):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="cloud.npy"):
            files.read(path)


# ---- what a file may take


def bomb(path, method, claimed, packed):
    """A sound run in which the array G is packed by `method`, and says that it holds `claimed` bytes."""
    a_run(path)
    with zipfile.ZipFile(path) as old:
        content = {name: old.read(name) for name in old.namelist() if name != "G.npy"}
    with zipfile.ZipFile(path, "w") as new:
        for name, value in content.items():
            new.writestr(name, value)
        new.writestr("G.npy", packed)
    raw = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):  # the method, and the size before packing
        place = raw.rindex(mark)
        raw[place + at:place + at + 2] = method.to_bytes(2, "little")
        raw[place + at + 14:place + at + 18] = claimed.to_bytes(4, "little")
    path.write_bytes(raw)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["deflated", "bzip2", "lzma"])
def test_what_is_compressed_is_not_unpacked(tmp_path, method):
    """A kilobyte of bzip2 may become gigabytes, whatever size it claims."""
    path = tmp_path / "kept.npz"
    bomb(path, method, 9, bz2.compress(bytes(1 << 24)))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="kept.npz is not a tinygan run, or it is damaged: G.npy in it is compressed"):
            checkpoint.load(path)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_numpys_own_compressed_archive_is_refused_by_the_same_sentence(tmp_path):
    np.savez_compressed(tmp_path / "kept.npz", G=np.random.default_rng(0).random(9))
    with pytest.raises(ValueError, match="G.npy in it is compressed"):
        checkpoint.load(tmp_path / "kept.npz")


def test_words_that_could_not_be_read_again_are_not_saved(tmp_path):
    path = tmp_path / "kept.npz"
    a_run(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="such as the names of its columns, take .* bytes, and a file holds 1048576: use fewer"):
        checkpoint.save(path, {}, {"columns": [f"a long name of the column {i}" for i in range(60_000)]})
    assert path.read_bytes() == before
    checkpoint.save(path, {}, {"columns": ["x" * 1_000_000]})
    assert len(checkpoint.load(path)[1]["columns"][0]) == 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("--model", "bigan", "--data")], ids=["first GAN", "family"])
def test_a_table_with_too_many_names_is_refused_before_it_is_trained_on(cli, words):
    names = [f"a long name of the column {i}" for i in range(40_000)]
    Path("wide.csv").write_text("\n".join([",".join(names), *[",".join([str(row)] * len(names)) for row in range(2)]]))
    code, _, err = cli("train", *(words or ("--data",)), "wide.csv", "--hidden", 2, "--steps", 2, "--quiet")
    assert code == 2 and "use fewer or shorter names" in err and not list(Path().glob("tinygan-*"))


@pytest.mark.parametrize("content", [b"cos\nsystem\n(S'true'\ntR.", npy(np.array([{}], object), allow_pickle=True)],
                         ids=["pickle", "npy"])
def test_nothing_is_unpickled(tmp_path, content):
    def never(*_):
        raise AssertionError("pickle was called")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("load", "loads", "Unpickler"):
            patch.setattr(f"pickle.{name}", never)
        readers = {"a.npz": checkpoint.load, "b.npz": Network.load, "c.npz": saving.read, "d.npy": data.from_file}
        for name, read in readers.items():
            (tmp_path / name).write_bytes(content)
            with pytest.raises(ValueError, match=name):
                read(tmp_path / name)


@pytest.mark.parametrize("kind, read", [("tinygan run", checkpoint.load), ("tinygan network", Network.load),
                                        ("tinygan training", saving.read)])
def test_a_file_of_the_version_before_is_refused_by_name(tmp_path, monkeypatch, kind, read):
    path = tmp_path / "kept.npz"
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "VERSION", 1)
        checkpoint.save(path, {"theta": np.zeros(3)}, {}, kind)
    with pytest.raises(ValueError) as caught:
        read(path)
    assert str(caught.value) == (f"{path} cannot be read: it is '{kind}', version 1; expected '{kind}', version 2. This tinygan "
                                 "reads version 2, so it must be made again")


def test_the_command_line_says_it_in_one_line(cli):
    Path("run").mkdir()
    a_run("run/run.npz")
    whole = Path("run/run.npz").read_bytes()
    for content in (whole[:-9], whole[:300] + b"x" + whole[301:], b"", b"PK"):
        Path("run/run.npz").write_bytes(content)
        for words in (("sample", "run", "--out", "x.csv"), ("plot", "run", "--out", "x.png")):
            code, out, err = cli(*words)
            assert code == 1 and err.startswith("tinygan: run/run.npz is not a tinygan run, or it is damaged: ")
            assert err.count("\n") == 1 and "Traceback" not in err and not Path(words[-1]).exists()
