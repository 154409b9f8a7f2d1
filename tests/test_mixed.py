"""Tables of numbers and categories: read, learned one-hot behind a softmax, and written as text again."""

import csv
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import SEEDS, same_bits

from tinygan import checkpoint, data, files, losses, plots
from tinygan.cli import learning, run_files
from tinygan.data import Mixed
from tinygan.engine.categories import SoftmaxGroups
from tinygan.penalties import R1, R2
from tinygan.recipe import Recipe
from tinygan.sampling import sampled
from tinygan.tables import Reading
from tinygan.training import train

TABLE = "size,kind,year,price\n1.5,b,2001,3\n2.5,a,1999,4\n0.5,b,1999,6\n3.5,c c,2001,8\n"
COLUMNS = ("size", "price", "kind=a", "kind=b", "kind=c c", "year=1999", "year=2001")
X = [[1.5, 3, 0, 1, 0, 0, 1], [2.5, 4, 1, 0, 0, 1, 0], [.5, 6, 0, 1, 0, 1, 0], [3.5, 8, 0, 0, 1, 0, 1]]
SMALL = ("--hidden", "8", "--steps", "6", "--quiet")


def written(folder, text=TABLE, name="mine.csv"):
    path = Path(folder) / name
    path.write_text(text, encoding="utf-8")
    return path


def of_text(folder, text=TABLE, categorical=("kind", "year"), **options):
    return data.from_file(written(folder, text), categorical=categorical, **options)


@pytest.fixture
def mine(tmp_path):
    return of_text(tmp_path)


# ---------------------------------------------------------------- reading


def test_categories_are_one_hot_behind_the_numbers(mine):
    assert type(mine) is Mixed and (mine.dim, mine.columns, mine.groups) == (7, COLUMNS, (3, 2))
    assert mine.x.tolist() == X
    assert (mine.headings, mine.categorical) == (("size", "kind", "year", "price"), ("kind", "year"))
    assert str(mine) == "Mixed mine: rows 4, columns 4, categories in kind (3), year (2)"


def test_without_the_option_a_column_of_years_is_numbers_and_text_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"column kind holds text(.|\n)*learned as categories by --categorical NAME"):
        of_text(tmp_path, categorical=())
    assert of_text(tmp_path, categorical=["kind"]).groups == (3,)


@pytest.mark.parametrize(("text", "categorical", "columns"), [
    ("k,x\n10,1.5\n2,2.5\nu,3.5\n", ["k"], ("x", "k=2", "k=10", "k=u")),  # numbers in their own order, before texts
    ("k,x\n1,1.5\n2,2.5\n3,3.5\n", ["k"], ("x", "k=1", "k=2", "k=3")),  # a column that counts is kept where it is asked for
    ("a,1.5\nb,2.5\na,2.5\n", ["x1"], ("x2", "x1=a", "x1=b")),  # no names
    ("k\na\nb\na\n", ["k"], ("k=a", "k=b")),  # no numbers
    ("k;x\na;1,5\nb;2,5\n", ["k"], ("x", "k=a", "k=b")),
    ('k,x\n"a, b",1\n"say ""c""",2\n', ["k"], ("x", "k=a, b", 'k=say "c"')),
    (",x,k\n7,1.5,a\n9,2.5,b\n", ["k"], ("x", "k=a", "k=b")),  # a first column without a name is left out
], ids=["order", "counting", "no names", "no numbers", "decimal comma", "quoted", "index"])
def test_kinds_of_tables(tmp_path, text, categorical, columns):
    assert of_text(tmp_path, text, categorical, decimal="," if ";" in text else ".").columns == columns


@pytest.mark.parametrize("number", [-1, 2])
def test_a_number_without_a_category_is_refused(number):
    with pytest.raises(ValueError, match="labels"):
        Mixed([[0, 1.5, 0], [number, 2.5, 1]], "mine", ["kind", "size", "sold"], {0: ("a", "b"), 2: ("0", "1")})


def test_what_is_left_out_is_noted(tmp_path):
    assert "column 1, which has no name, numbers the rows" in str(of_text(tmp_path, ",x,k\n7,1.5,a\n9,2.5,b\n", ["k"]))


def test_structured_arrays_arrays_and_files_of_them(tmp_path, mine):
    records = np.array([(1.5, "b", 2001, 3), (2.5, "a", 1999, 4), (.5, "b", 1999, 6), (3.5, "c c", 2001, 8)],
                       [("size", float), ("kind", "U3"), ("year", int), ("price", float)])
    found = data.from_array(records, categorical=["kind", "year"])
    assert (found.columns, found.x.tolist()) == (COLUMNS, X)
    plain = np.array([[1.5, 7], [2.5, 3], [.5, 7]])
    np.save(tmp_path / "plain.npy", plain)
    for found in (data.from_array(plain, categorical=["x2"]), data.from_file(tmp_path / "plain.npy", categorical=["x2"])):
        assert (found.columns, found.x[:, 1:].tolist()) == (("x1", "x2=3", "x2=7"), [[0, 1], [1, 0], [0, 1]])


class Frame:
    """As much of a DataFrame as is asked of it; pandas is no dependency."""

    def __init__(self, **columns):
        self.columns, self.held = list(columns), list(columns.values())

    def to_numpy(self):
        return np.array([*zip(*self.held, strict=True)], object)


def test_data_frames():
    found = data.from_array(Frame(size=[1.5, 2.5], kind=["b", "a"], sold=[True, False]), "shop", ["kind", "sold"])
    assert (found.name, found.columns) == ("shop", ("size", "kind=a", "kind=b", "sold=0", "sold=1"))
    for missing in (None, float("nan"), type("NAType", (), {})()):
        with pytest.raises(ValueError, match="row 2, column kind: its category is missing"):
            data.from_array(Frame(size=[1.5, 2.5], kind=["b", missing]), "shop", ["kind"])


@pytest.mark.parametrize(("text", "categorical", "says"), [
    (TABLE, ["knd"], r"unknown column of categories in mine.csv: 'knd'. Did you mean 'kind'\? Known: size, kind, year, price"),
    ("k,x\na,1\n,2\nb,3\n", ["k"], "line 3, column k: its category is missing"),
    ("k,x\na,1\na,2\n", ["k"], "column k holds 'a' in each of the 2 rows, so there is no choice to learn. Leave it out"),
    ("k,x\n" + "".join(f"n{j},{j}.5\n" for j in range(101)), ["k"],
     "column k has 101 different values in 101 rows, and a column of categories may have at most 100. Leave it out, or put rare"),
    ("k,x\na,1\nb,u\n", ["k"], "line 3, column x: 'u' is not a finite number"),
    ("k,x\na,1\nb\n", ["k"], "line 3: got 1 cells, expected 2"),
    ("a,1\nb,2\n", ["x3"], "unknown column of categories in mine.csv: 'x3'. Known: x1, x2"),
], ids=["name", "missing", "one", "many", "number", "length", "no names"])
def test_one_clear_message(tmp_path, text, categorical, says):
    with pytest.raises(ValueError, match=says):
        of_text(tmp_path, text, categorical)


@pytest.mark.parametrize("categorical", ["kind", 3, [3], {"kind": 1}])
def test_names_come_in_a_list(tmp_path, categorical):
    with pytest.raises(TypeError, match=r"categorical must be a list of the names of columns, such as \['species'\]; got "):
        of_text(tmp_path, categorical=categorical)


def test_a_hundred_categories_are_not_too_many(tmp_path):
    assert of_text(tmp_path, "k,x\n" + "".join(f"n{j},{j}.5\n" for j in range(100)), ["k"]).groups == (100,)


def test_pictures_have_no_columns(tmp_path):
    with pytest.raises(ValueError, match="is a folder of pictures, and has no columns: leave out categorical"):
        data.from_file(tmp_path, categorical=["k"])


# ---------------------------------------------------------------- units


def test_only_the_numbers_are_standardised(mine):
    inside = mine.standardized()
    numbers = data.Points(mine.x[:, :2]).standardized()
    assert same_bits(inside.x[:, :2], numbers.x) and same_bits(inside.x[:, 2:], mine.x[:, 2:])
    np.testing.assert_allclose(inside.restore(inside.x), mine.x, atol=1e-15)
    np.testing.assert_allclose(inside.apply(mine.x), inside.x, atol=1e-15)
    assert inside.groups == mine.groups and inside.columns == mine.columns
    assert inside.sample(3, np.random.default_rng(0)).shape == (3, 7)


def test_whole_numbers_are_written_without_a_fraction(mine, tmp_path):
    """Where they are to be like the data; a number beyond an int64 stays what it is."""
    rows = mine.rows(mine.x[:2], like_data=True)
    assert rows == [[1.5, "b", "2001", 3], [2.5, "a", "1999", 4]] and [type(cell) for cell in rows[0]] == [float, str, str, int]
    assert type(mine.rows(mine.x)[0][3]) is float
    numbers = data.Points([[1.0, 2e300], [2.0, 4e300]])
    assert numbers.rows(numbers.x, like_data=True) == [[1, 2e300], [2, 4e300]] and numbers.rows(numbers.x) == numbers.x.tolist()


def test_the_most_probable_category_is_the_sample(mine):
    made = np.array([[0, 0, .2, .5, .3, .4, .6], [1, 1, .4, .4, .2, .5, .5]])
    before = made.copy()
    assert mine.settled(made)[:, 2:].tolist() == [[0, 1, 0, 0, 1], [1, 0, 0, 1, 0]] and same_bits(made, before)
    inside = mine.standardized()
    assert inside.rows(inside.in_units(made))[0] == [pytest.approx(2.0), "b", "2001", pytest.approx(5.25)]
    assert inside.rows(inside.in_units(np.array([[.1, 90, 1, 0, 0, 0, 1]]), like_data=True)) == [[2.1, "a", "2001", 8.0]]


cells = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=3)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(-1e6, 1e6), cells, st.integers(0, 3)), min_size=2, max_size=12))
def test_rows_come_back(rows):
    """From an array to one-hot columns and to texts again, whatever the texts are."""
    records = np.array(rows, [("x", float), ("k", "U3"), ("n", int)])
    few = [name for name in ("k", "n") if np.unique(records[name]).size < 2]
    if few:
        with pytest.raises(ValueError, match=f"column {few[0]} holds"):
            data.from_array(records, categorical=["k", "n"])
        return
    found = data.from_array(records, categorical=["k", "n"])
    assert found.rows(found.x) == [[x, k, str(n)] for x, k, n in records.tolist()]


def test_what_is_written_is_read_again(tmp_path):
    text = 'k,x\n"a, b",1\n"say ""c""",2\n" d",3\n#e,4\n10%,5\n'
    found = of_text(tmp_path, text.replace("#e", "e#"), ["k"])
    files.write_rows(found.rows(found.x), tmp_path / "again.csv", found.headings)
    again = data.from_file(tmp_path / "again.csv", categorical=["k"])
    assert again.columns == found.columns and same_bits(again.x, found.x)


def test_rows_of_another_table(tmp_path, mine):
    def other(text):
        return mine.encoded(files.read_table(written(tmp_path, text, "other.csv"), Reading(categorical=mine.categorical)))

    assert other("size,kind,year,price\n9,c c,2001,1\n8,c c,2001,2\n").tolist() == [[9, 1, 0, 0, 1, 0, 1], [8, 2, 0, 0, 1, 0, 1]]
    with pytest.raises(ValueError, match="column kind has 'd', a category that was not learned. Known: a, b, c c"):
        other("size,kind,year,price\n9,d,2001,1\n8,a,2001,2\n")
    with pytest.raises(ValueError, match="the columns are size, kind, year, cost; expected size, kind, year, price"):
        other("size,kind,year,cost\n9,b,2001,1\n8,a,2001,2\n")


# ---------------------------------------------------------------- the command line


def shop(rows=60, seed=0):
    """A table in which the kind decides the size."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["small", "large"], rows)
    sizes, weights = np.where(kinds == "large", 30, 10) + rng.normal(0, 1, rows), rng.normal(0, 1, rows)
    lines = [f"{size:.2f},{kind},{weight:.3f}" for size, kind, weight in zip(sizes, kinds, weights, strict=True)]
    return "\n".join(["size,kind,weight", *lines, ""])


@pytest.fixture
def undrawn(monkeypatch):
    monkeypatch.setattr(learning, "draw", lambda run, path: path)


def test_from_a_table_to_new_rows_with_text(cli, undrawn):
    written(".", shop(), "shop.csv")
    written(".", shop(20, seed=1), "held-out.csv")
    code, out, err = cli("train", "--data", "shop.csv", "--categorical", "kind", *SMALL, "--out", "run")
    assert (code, err) == (0, "") and "Mixed shop: rows 60, columns 3, categories in kind (2)" in out
    assert "kind=large" in out and "Most values" not in out  # one-hot columns are not called tied
    assert cli("sample", "run", "-n", 50, "--out", "new.csv", "--like-data")[0] == 0
    with open("new.csv", newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head == ["size", "kind", "weight"] and len(rows) == 50 and {row[1] for row in rows} <= {"small", "large"}
    assert all(re.fullmatch(r"-?\d+(\.\d{1,3})?", row[j]) for row in rows for j in (0, 2))
    code, out, err = cli("score", "run", "--data", "held-out.csv")
    assert (code, err) == (0, "") and "20 samples beside as many held-out rows" in out and "What D says" in out
    run = run_files.load("run")
    assert type(run.data) is Mixed and isinstance(run.G.layers[-1], SoftmaxGroups)
    np.testing.assert_allclose(run.G(np.zeros((3, run.G.d_in)))[:, 2:].sum(axis=-1), 1, rtol=1e-6)
    assert run.weights()["softmax"].tolist() == [[2, 4]]


@pytest.mark.parametrize("more", [
    pytest.param((), id="plain"), pytest.param(("--d-fourier", "4", "3", ".1"), id="d_fourier", marks=pytest.mark.slow)])
def test_a_run_goes_on_to_the_same_bits(cli, undrawn, monkeypatch, more):
    written(".", shop(), "shop.csv")
    words = ("train", "--data", "shop.csv", "--categorical", "kind", "--hidden", "8", "--quiet", *more)
    assert cli(*words, "--steps", 12, "--out", "whole")[0] == 0

    def stop(keeper):
        if keeper.training.done == 5:
            keeper.save()
            raise MemoryError("stopped here")

    with monkeypatch.context() as patch:
        patch.setattr(learning.Keeper, "__call__", stop)
        assert cli(*words, "--steps", 12, "--out", "parts")[0] == 1
    assert cli("train", "--resume", "parts", "--quiet")[0] == 0
    (whole, said), (parts, also) = (checkpoint.load(Path(name) / "run.npz") for name in ("whole", "parts"))
    assert said == also and whole.keys() == parts.keys() and all(same_bits(whole[name], parts[name]) for name in whole)
    assert cli("sample", "parts", "-n", 3, "--out", "a.csv")[0] == 0


@pytest.mark.slow
def test_a_run_is_drawn(cli):
    written(".", shop(), "shop.csv")
    written(".", "k\na\nb\na\n", "alone.csv")
    for name, column in (("shop", "kind"), ("alone", "k")):
        assert cli("train", "--data", f"{name}.csv", "--categorical", column, *SMALL, "--out", name)[0] == 0
        assert (Path(name) / "summary.png").stat().st_size > 1000
    assert cli("plot", "shop", "--columns", "size", "kind=large", "--out", "two.png")[0] == 0


def test_replicas_and_an_average(cli, monkeypatch):
    written(".", shop(), "shop.csv")
    def closed(figure, path, *more):
        plt.close(figure)
        return path

    monkeypatch.setattr(plots, "save", closed)
    words = ("train", "--data", "shop.csv", "--categorical", "kind", *SMALL, "--ema", ".9")
    assert "generated, averaged" in cli(*words, "--out", "one")[1]
    assert "replica 1, averaged" in cli(*words, "--replicas", 2, "--out", "two")[1]
    assert cli("sample", "two", "--replica", 1, "-n", 2, "--out", "a.csv")[0] == 0


@pytest.mark.parametrize(("words", "code", "says"), [
    ("train --data ring --categorical kind", 2, "ring has no columns to choose from: --categorical is for a table of your own"),
    ("train --data shop.csv --categorical knid", 2, "unknown column of categories in shop.csv: 'knid'. Did you mean 'kind'?"),
    ("train --data shop.csv --categorical kind --model bigan", 2,
     "the model bigan cannot learn columns of categories: leave out --categorical, or take --model gan"),
    ("train --data shop.csv", 1, "column kind holds text"),
    ("train --data ring --columns kind", 2, "ring has no columns to choose from: --columns is for a table of your own"),
    ("train --data shop.csv --columns size weigth", 2, "unknown column in shop.csv: 'weigth'. Did you mean 'weight'?"),
    ("train --resume run --columns size", 2, "--resume goes on with the columns that the run has: leave out --columns"),
    ("train --resume run --categorical kind", 2, "--resume goes on with the columns that the run has: leave out"),
    ("sample run --out a.npy", 2, "the samples have columns of text, which .npy cannot hold: let --out end in .csv"),
    ("score run --data other.csv", 2, "other.csv has other columns than the data of the run: column kind has 'huge', a category"),
    ("score run --data numbers.csv", 2, "unknown column in numbers.csv: 'kind'"),
])
def test_what_the_command_line_refuses(cli, finished, words, code, says):
    written(".", shop(), "shop.csv")
    written(".", shop().replace("large", "huge"), "other.csv")
    written(".", "size,weight\n1,2\n3,4\n", "numbers.csv")
    Path("run").mkdir()
    checkpoint.save("run/run.npz", *finished)
    got, _, err = cli(*words.split())
    assert got == code and says in err and len(err.splitlines()) <= 4


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The arrays and the words of a run."""
    folder = tmp_path_factory.mktemp("finished")
    path = written(folder, shop(), "shop.csv")
    run = run_files.build(Recipe(data=str(path), hidden=(8,), steps=2), {"categorical": ("kind",)})
    run_files.save(run._replace(history=learning._training(run).run(progress=False)), folder)
    return checkpoint.load(folder / "run.npz")


@pytest.mark.parametrize("changes", [
    {"categories": [[1, ["a"]]]}, {"categories": [[1, ["a", "b", "c"]]]}, {"categories": [[7, ["a", "b"]]]}, {"categories": 3},
    {"categories": [[0, ["a", "b"]]]}, {"headings": ["a"]}, {"headings": None}, {"headings": [1, 2, 3]}])
def test_a_file_whose_categories_do_not_fit_is_refused(tmp_path, finished, changes):
    arrays, about = finished
    checkpoint.save(tmp_path / "run.npz", arrays, about)
    assert run_files.load(tmp_path).data.headings == ("size", "kind", "weight")
    checkpoint.save(tmp_path / "run.npz", arrays, about | changes)
    with pytest.raises(ValueError, match="is not a whole run"):
        run_files.load(tmp_path)


# ---------------------------------------------------------------- learning


def learned(seed, text):
    """The rows that a GAN makes of such a table, after a short training."""
    points = data.from_array(np.array([(float(size), kind, float(weight)) for size, kind, weight in
                                       (line.split(",") for line in text.splitlines()[1:])],
                                      [("size", float), ("kind", "U5"), ("weight", float)]), categorical=["kind"])
    inside, recipe = points.standardized(), Recipe(hidden=(32, 32), latent=4)
    G, D = recipe.networks(inside.dim, (seed, seed + 100), groups=inside.groups)
    train(G, D, inside, losses.NonSaturating(), steps=1500, batch=128, penalties=(R1(.1), R2(.1)), seed=seed, progress=False)
    return inside.rows(inside.in_units(sampled(G, 2000, np.random.default_rng(seed))))


def fitting(rows):
    """The share of rows whose size is that of their kind."""
    return np.mean([(size > 20) == (kind == "large") for size, kind, _ in rows])


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_category_goes_with_the_numbers(seed):
    """In at least 95 % of the rows, and both kinds are there. Where the kinds are drawn by lot, it is half of the rows."""
    rows = learned(seed, shop(400))
    assert fitting(rows) > .95 and .3 < np.mean([row[1] == "large" for row in rows]) < .7
    head, *lines = shop(400).splitlines()
    kinds = np.random.default_rng(seed).permutation([line.split(",")[1] for line in lines])
    mixed = [",".join([line.split(",")[0], kind, line.split(",")[2]]) for line, kind in zip(lines, kinds, strict=True)]
    assert .35 < fitting(learned(seed, "\n".join([head, *mixed]))) < .65
