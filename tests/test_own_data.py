"""The page on your own data: its code runs, and what it says is so."""

import re
from pathlib import Path

import numpy as np
import pytest

from tinygan import data, files, mlp
from tinygan.cli import learning, run_files
from tinygan.engine.features import FourierFeatures
from tinygan.engine.layers import Dense, Tanh
from tinygan.engine.network import Sequential
from tinygan.recipe import Recipe
from tinygan.sampling import weights

PAGE = (Path(__file__).parents[1] / "docs" / "own_data.rst").read_text(encoding="utf-8")
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


def test_pytorch_reads_the_generator(people):
    torch = pytest.importorskip("torch", reason="torch is in the extra bench")
    run_of(WRITTEN)
    names, z = run_of(TORCH), np.random.default_rng(1).standard_normal((50, 2)).astype(np.float32)
    made = names["generate_torch"](torch.from_numpy(z))
    assert np.allclose(made.detach().numpy(), people.data.restore(people.G(z)), rtol=1e-5)
    made.sum().backward()  # it can be trained further
    assert names["G"][0].weight.grad.abs().sum() > 0


def test_the_commands_of_the_page_are_commands(people, cli):
    files.write(X, "people.csv", ["height", "weight"])
    files.write(X[:40], "held-out.csv", ["height", "weight"])
    lines = re.findall(r"^   tinygan (sample people.*|score people.*)$", PAGE, flags=re.MULTILINE)
    assert len(lines) == 2 and [cli(*line.split())[0] for line in lines] == [0, 0]


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
