"""The page on your own data: its code runs, and what it says is so."""

import csv
import re
import runpy
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from oracles import same_bits

from tinygan import data, files, mlp, sampling
from tinygan.cli import learning, run_files
from tinygan.engine import machine
from tinygan.engine.features import FourierFeatures
from tinygan.engine.layers import Dense, Tanh
from tinygan.engine.network import Sequential
from tinygan.recipe import Recipe
from tinygan.sampling import weights

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "own_data.rst").read_text(encoding="utf-8")
BLOCKS = [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in
          re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", PAGE)]
FLOWERS, MIXED, ESTIMATOR, ASKED, WRITTEN, NUMPY, TORCH = BLOCKS
X = np.random.default_rng(0).normal([170, 65], [8, 11], (200, 2))


def run_of(block, names=None):
    names = {} if names is None else names
    exec(compile(block, "own_data.rst", "exec"), names)
    return names


@pytest.fixture
def people(tmp_path, monkeypatch):
    """The folder of a run on a table, as the page has it."""
    monkeypatch.chdir(tmp_path)
    files.write(X, "people.csv", ["height", "weight"])
    run = run_files.build(Recipe(data="people.csv", hidden=(16, 16), steps=20))
    run = run._replace(history=learning._training(run).run(progress=False))
    Path("people").mkdir()
    run_files.save(run, Path("people"))
    return run_files.load("people")


@pytest.mark.slow
def test_the_estimator_of_the_page(capsys):
    assert run_of(ESTIMATOR)["gan"].history_.step[-1] == 600 and capsys.readouterr().out == "(1000, 2) True\n"


def test_a_run_is_asked(people, capsys):
    run_of(ASKED)
    assert capsys.readouterr().out == "(2,)\n(5, 2)\n"


def test_numpy_reads_the_generator_in_ten_lines(people):
    run_of(WRITTEN)
    assert len([line for line in NUMPY.splitlines() if line and "import" not in line]) <= 10
    z = np.random.default_rng(1).standard_normal((50, 2)).astype(np.float32)
    expected = people.data.restore(people.G(z))
    assert np.allclose(run_of(NUMPY)["generate"](z), expected, rtol=1e-5)
    wrong = run_of(NUMPY.replace("np.maximum(z, 0)", "np.tanh(z)"))["generate"](z)
    assert not np.allclose(wrong, expected, rtol=1e-3)


@pytest.fixture
def sold(tmp_path, monkeypatch):
    """The run of the people, with two columns of categories among its numbers."""
    monkeypatch.chdir(tmp_path)
    table = np.array([*zip(X[:, 0], np.arange(200) % 3, X[:, 1], np.arange(200) % 2, strict=True)],
                     [("height", float), ("kind", int), ("weight", float), ("sold", int)])
    np.save("people.npy", table)
    run = run_files.build(Recipe(data="people.npy", hidden=(16, 16), steps=20), {"categorical": ("kind", "sold")})
    run = run._replace(history=learning._training(run).run(progress=False))
    Path("people").mkdir()
    run_files.save(run, Path("people"))
    return run_files.load("people")


def test_numpy_reads_a_generator_with_categories(sold):
    """In the same ten lines, which do the softmax as well; without it the numbers are others."""
    run_of(WRITTEN)
    z = np.random.default_rng(1).standard_normal((50, 2)).astype(np.float32)
    expected = sold.data.restore(sold.G(z))
    made = run_of(NUMPY)["generate"](z)
    assert expected.shape == (50, 7) and np.allclose(made, expected, rtol=1e-5, atol=1e-6)
    wrong = run_of(NUMPY.replace('weights["softmax"]', 'weights["softmax"][1:]'))["generate"](z)
    assert np.allclose(wrong[:, 5:], expected[:, 5:], rtol=1e-5, atol=1e-6) and not np.allclose(wrong, expected, rtol=1e-3)


@pytest.mark.parametrize("run", ["people", "sold"])
def test_pytorch_reads_the_generator(run, request):
    people = request.getfixturevalue(run)
    torch = pytest.importorskip("torch", reason="torch is in the extra bench")
    run_of(WRITTEN)
    names, z = run_of(TORCH), np.random.default_rng(1).standard_normal((50, 2)).astype(np.float32)
    made = names["generate_torch"](torch.from_numpy(z))
    assert np.allclose(made.detach().numpy(), people.data.restore(people.G(z)), rtol=1e-5, atol=1e-6)
    made.sum().backward()  # it can be trained further
    assert names["G"][0].weight.grad.abs().sum() > 0


def test_the_commands_of_the_page_are_commands(people, cli):
    files.write(X, "people.csv", ["height", "weight"])
    files.write(X[:40], "held-out.csv", ["height", "weight"])
    lines = re.findall(r"^   tinygan (sample people.*|score people.*)$", PAGE, flags=re.MULTILINE)
    assert len(lines) == 2 and [cli(*line.split())[0] for line in lines] == [0, 0]


@pytest.mark.parametrize("more", [(), ("--like-data",)])
def test_a_file_of_many_samples_is_that_of_all_at_once(people, cli, more):
    """It is written a batch at a time: three of them here."""
    n = 2 * sampling.ROWS + 5
    expected = people.data.in_units(learning.standardised(people, n, 3), like_data=bool(more))
    for ending in ("csv", "npy"):
        said = cli("sample", "people", "-n", n, "--seed", 3, "--out", f"many.{ending}", *more)
        assert said == (0, f"{n} points in many.{ending}\n", "") and same_bits(files.read(f"many.{ending}")[0], expected)


@pytest.mark.parametrize("ending, least", [("csv", "4,000,000.0"), ("npy", "16,000,000.0")])
def test_more_samples_than_the_disk_can_hold_are_refused(people, cli, ending, least):
    code, _, err = cli("sample", "people", "-n", 10**15, "--out", f"x.{ending}")
    assert code == 2 and f"1,000,000,000,000,000 samples take at least {least} GB, and the disk has " in err
    assert not [*Path().glob(f"*x.{ending}")]


@pytest.mark.parametrize("size, words", [(70, "0.1 kB"), (7e4, "70.0 kB"), (1e8, "0.1 GB"), (25.3e9, "25.3 GB"),
                                         (1e13, "10,000.0 GB"), (1e25, "1e+16 GB"), (10**400, "1e+291 GB")])
def test_a_size_in_words(size, words):
    assert machine.in_words(size) == words


def test_texts_of_many_samples(sold, cli):
    n = sampling.ROWS + 5
    assert cli("sample", "people", "-n", n, "--out", "many.csv")[0] == 0
    rows = sold.data.rows(learning.sample(sold, n, 0))
    with open("many.csv", newline="", encoding="utf-8") as file:
        assert [*csv.reader(file)][1:] == [[str(cell) for cell in row] for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x.csv", "x.npy"])
def test_many_samples_take_no_more_memory_than_few(people, name, cli, monkeypatch):
    """Ten times as many take less than 1 MB more; in one batch they take more than 10 MB more."""

    def most(n):
        """The most bytes that are in use while so many are sampled for a file."""
        tracemalloc.start()
        try:
            assert cli("sample", "people", "-n", n, "--force", "--out", name)[0] == 0
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def grown():
        return most(10 * few) - most(few)

    few = sampling.ROWS
    most(10)  # what is imported once does not count
    batches = grown()
    monkeypatch.setattr(sampling, "ROWS", 10**6)
    assert batches < 1e6 < 10e6 < grown(), batches


def test_the_three_tables_of_the_page_are_those_of_the_script(tmp_path):
    """Their first rows, and the options of their commands. The columns that are left out have their message."""
    names = runpy.run_path(str(ROOT / "tests" / "benchmarks" / "peoples_tables.py"))
    commands = re.findall(r"^   tinygan train --data (german|customers|penguins)\.csv (.*) --out \1$", PAGE, flags=re.MULTILINE)
    assert len(commands) == 3
    for name, options in commands:
        file, tried = names["TABLES"][names[name]]
        names["written"](tmp_path, names[name], file)
        first = (tmp_path / file).read_text(encoding="utf-8-sig").splitlines()[:3]
        assert options in tried and "".join(f"   {line}\n" for line in first) in PAGE
    with pytest.raises(ValueError, match="column customer holds text, 500 different texts(.|\n)*column date holds dates, 281 "):
        data.from_file(tmp_path / "customers.csv")


def test_the_flowers_of_the_page(cli, monkeypatch, capsys):
    """Its commands are commands, with less training and without a picture."""
    monkeypatch.setattr(learning, "draw", lambda run, path: path)
    run_of(FLOWERS)
    assert [len(Path(name).read_text(encoding="utf-8").splitlines()) for name in ("flowers.csv", "other-flowers.csv")] == [76, 76]
    trained, *others = re.findall(r"^   tinygan (.* flowers\b.*)$", PAGE, flags=re.MULTILINE)
    assert cli(*trained.split(), "--steps", 3, "--quiet")[0] == 0
    assert len(others) == 2 and [cli(*line.split())[0] for line in others] == [0, 0]
    head, *rows = Path("new-flowers.csv").read_text(encoding="utf-8").splitlines()
    assert head.startswith("\"sepal length (cm)\"") and len(rows) == 1000
    run_of(MIXED.replace("steps=300", "steps=3"))
    assert re.fullmatch(r"1000 \[(\d\.\d, ){4}'(setosa|versicolor|virginica)'\]\n", capsys.readouterr().out)


def test_the_average_is_what_is_written():
    run = run_files._build(Recipe(data="x.csv", hidden=(4,), ema=.5, steps=3), data.Points(X))
    run = run._replace(history=learning._training(run).run(progress=False))
    assert np.array_equal(run.weights()["W0"], run.history.G_ema.layers[0].W) and run.weights()["b0"].shape == (4,)
    assert np.allclose(run.weights()["shift"], X.mean(axis=0)) and np.allclose(run.weights()["scale"], X.std(axis=0))


def test_one_number_for_all_columns_is_written_for_each():
    units = data.ring().standardized()
    assert weights(mlp(2, 4, 2), units)["scale"].shape == (2,)


@pytest.mark.parametrize("G", [Sequential(FourierFeatures(2, 8, 1.), Dense(8, 4), Tanh(), Dense(4, 2)), mlp(2, 4, 2, replicas=2)])
def test_other_layers_are_not_written(G):
    with pytest.raises(ValueError, match="weights are written of one network of Dense layers with an activation between; got"):
        weights(G, data.ring())
