"""What a run prints and keeps of its scores, and the command score."""

import os
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from oracles import same_bits

from tinygan import data, files, sampling
from tinygan.cli import learning, run_files, scoring
from tinygan.metrics import rows_report
from tinygan.recipe import Recipe

SMALL = ("--hidden", "8", "--steps", "5", "--quiet")


@pytest.fixture
def undrawn(monkeypatch):
    """Without pictures, which take longer than everything else."""
    monkeypatch.setattr(learning, "draw", lambda run, path: path)
    monkeypatch.setattr("tinygan.plots.gif", lambda film, data, path: path)


def people(n, seed=0, name="people.csv", columns=("height", "age", "constant")):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(170, 8, n), rng.integers(18, 40, n), np.full(n, 3.0)])[:, :len(columns)]
    files.write(x, name, list(columns))
    return x


def trained(*words, cli):
    assert cli("train", *SMALL, *words, "--out", "run")[0] == 0
    return run_files.load("run")


def rows_of(out):
    """The names of the rows of the table of rows."""
    return [re.split(r"  +", line)[0] for line in out[out.index("coverage"):].splitlines()[1:5] if "%" in line[:40]]


def test_a_table_is_scored_with_its_names_and_its_ties(cli, undrawn):
    people(200)
    code, out, err = cli("train", "--data", "people.csv", *SMALL, "--out", "run")
    assert (code, err) == (0, "") and rows_of(out) == ["true samples", "true, untied", "generated"]
    assert "100 samples beside as many of the rows that were learned from" in out and "Most values of age repeat." in out
    table = out[out.index("W1 of each column"):].splitlines()
    assert [line.split()[0] for line in table[1:4]] == ["height", "age", "constant"] and len(table[1].split()) == 4
    kept = run_files.load("run").scores["rows"]
    assert set(kept) == {"true samples", "true, untied", "generated"} and len(kept["generated"]["w1"]) == 3
    assert f"{kept['generated']['coverage']:.1%}" in out and kept["generated"]["w1"][2] == 0  # what is constant comes back so


def test_score_says_it_again_and_held_out_rows_are_others(cli, undrawn):
    people(200)
    train = cli("train", "--data", "people.csv", *SMALL, "--out", "run")[1]
    os.remove("people.csv")
    code, again, err = cli("score", "run")
    assert (code, err) == (0, "") and again.strip() in train
    people(60, seed=1, name="new.csv")
    code, other, _ = cli("score", "run", "--data", "new.csv")
    assert code == 0 and "60 samples beside as many held-out rows" in other
    assert re.search(r"the mean probability of real: true samples 0\.\d+, held-out rows 0\.\d+, generated 0\.\d+\.\n", other)
    assert re.search(r"\.\n(G copies|There is no sign of copying|The samples are nearer to).*\.\n$", other)


def test_a_generator_that_copies_its_table_is_found_beside_held_out_rows(cli, undrawn):
    """In the table of rows its score is that of true rows; the sentence below tells."""
    x, new = people(300), people(300, seed=1, name="new.csv")
    run = trained("--data", "people.csv", cli=cli)

    class Copier:
        d_in, d_out, dtype, replicas = 2, 3, np.dtype(float), ()

        def __call__(self, z):
            return run.data.x[np.abs((z[:, 0] * 1e4).astype(int)) % len(x)]

    copier = run._replace(G=Copier())
    assert scoring.scored(copier).numbers["rows"]["generated"]["coverage"] > .9
    assert "G copies training rows" in scoring.verdicts(copier, new)


def test_held_out_rows_are_taken_to_the_units_of_the_run(cli, undrawn):
    """The floor of rows from the same distribution is a floor; of others it is not."""
    people(2000)
    run = trained("--data", "people.csv", cli=cli)
    same, moved = (scoring.scored(run, people(500, seed=1, name="x.csv") + [by, 0, 0]).numbers["rows"]["true samples"]
                   for by in (0, 30))
    assert same["coverage"] > .9 and abs(same["z"]) < 3.5 and moved["coverage"] < .3 and moved["z"] > 5


@pytest.mark.slow
def test_the_rows_are_the_report_of_what_the_generator_makes(cli, undrawn):
    run = trained("--data", "moons", cli=cli)
    kept = run.scores["rows"]
    rng = np.random.default_rng(scoring.spawn(run.seeds[3], 1)[0])
    true, real = np.split(run.data.sample(4000, rng), 2)
    made = sampling.sampled(run.G, 2000, rng)
    reports = {"true samples": rows_report(true, real, rng), "generated": rows_report(made, real, rng)}
    assert {name: tuple(report) for name, report in reports.items()} == \
        {name: tuple(tuple(v) if isinstance(v, list) else v for v in scores.values()) for name, scores in kept.items()}


@pytest.mark.slow
def test_replicas_have_a_row_each(cli, undrawn):
    run = trained("--data", "moons", "--replicas", 2, "--ema", .9, cli=cli)
    assert list(run.scores["rows"]) == ["true samples", "replica 0, averaged", "replica 0", "replica 1, averaged", "replica 1"]
    people(40, columns=("a", "b"), name="new.csv")
    assert "What D says" not in cli("score", "run", "--data", "new.csv")[1]


def test_a_replica_that_is_lost_is_scored_too(cli, undrawn):
    run = trained("--data", "moons", "--replicas", 2, cli=cli)
    run.G.theta[1] = np.nan
    lost = scoring.scored(run).numbers["rows"]["replica 1"]
    assert lost["coverage"] == 0 and lost["w1"] == [np.inf, np.inf] and lost["c2st"] > .9
    assert "replica 1" in scoring.scored(run).text


def test_held_out_rows_may_have_more_columns_and_decimal_commas(cli, undrawn):
    """They are read by the names of those that were learned; without a line of names all of them are."""
    Path("sold.csv").write_text("id;day;height;age\n" + "".join(f"n{j};2024-01-{j:02};{j / 2};{j % 9}\n" for j in range(1, 31)))
    read = ("--decimal", ",")
    Path("sold.csv").write_text(Path("sold.csv").read_text().replace(".", ","))
    code, out, err = cli("train", "--data", "sold.csv", "--columns", "age", "height", *read, *SMALL, "--out", "run")
    assert (code, err) == (0, "") and "rows 30, columns 2" in out
    assert list(run_files.load("run").data.columns) == ["height", "age"]
    code, out, err = cli("score", "run", "--data", "sold.csv", *read)
    assert (code, err) == (0, "") and "30 samples beside as many held-out rows" in out
    assert cli("score", "run", "--data", "sold.csv")[0] == 1  # its commas
    Path("bare.csv").write_text("".join(f"{j / 2:.3f} {j % 9}\n" for j in range(1, 31)))
    assert cli("score", "run", "--data", "bare.csv")[0] == 0
    Path("other.csv").write_text("height,years\n" + "1.5,2\n2.5,3\n")
    code, _, err = cli("score", "run", "--data", "other.csv")
    assert code == 2 and "other.csv has other columns than the data of the run: height, years; expected height, age" in err


@pytest.mark.slow
def test_images_have_no_table_of_pixels(cli, undrawn):
    _, out, _ = cli("train", "--data", "digits", *SMALL)
    assert rows_of(out) == ["true samples", "generated"] and "W1 of each column" not in out and "repeat" not in out


def test_many_columns_are_cut_short(cli, undrawn):
    x = np.random.default_rng(0).integers(0, 9, (60, 14)).astype(float)
    files.write(x, "wide.csv", [f"c{j}" for j in range(14)])
    _, out, _ = cli("train", "--data", "wide.csv", *SMALL)
    assert "Most values of c0, c1, c2, c3, c4 and 9 more columns repeat" in out
    table = out[out.index("W1 of each column, the 10 largest of 14"):]
    assert len(re.findall(r"^c\d+ ", table, re.M)) == 10 and max(map(len, out.splitlines())) <= 130


def test_too_few_rows_are_no_crash(cli, undrawn):
    files.write(np.arange(8.0).reshape(4, 2), "four.csv")
    code, out, err = cli("train", "--data", "four.csv", *SMALL, "--out", "run")
    assert (code, err) == (0, "") and "Too few rows to compare: 12 are needed, or 6 held-out ones." in out
    assert run_files.load("run").scores == {"rows": {}} and cli("score", "run")[0] == 0


def test_a_run_of_the_family_has_numbers_too(cli, undrawn, monkeypatch):
    monkeypatch.setattr("tinygan.cli.family._pictures", lambda run, folder: [])
    code, out, _ = cli("train", "--model", "bigan", "--data", "moons", "--steps", 2, "--hidden", 8, "--quiet", "--out", "run")
    assert code == 0 and rows_of(out) == ["true samples", "generated"]
    assert cli("score", "run")[1].strip() in out
    code, _, err = cli("score", "run", "--data", "x.csv")
    assert code == 2 and "--data is for runs of gan; a run of bigan is scored without it" in err


@pytest.mark.parametrize("columns, said", [(("height", "age"), "height, age; expected height, age, constant"),
                                           (("height", "years", "constant"), "height, years, constant; expected height, age")])
def test_other_columns_are_refused(cli, undrawn, columns, said):
    people(200)
    trained("--data", "people.csv", cli=cli)
    people(20, name="new.csv", columns=columns)
    code, _, err = cli("score", "run", "--data", "new.csv")
    assert code == 2 and f"new.csv has other columns than the data of the run: {said}" in err


def test_other_misuse(cli):
    Path("empty").mkdir()
    assert cli("score", "empty")[0] == cli("score", "nowhere")[0] == 2
    assert cli("score")[0] == 2


# ---- D in the units of the data, and the way between two samples


def learned(**settings):
    """A Run on points far from 0, as a person would load it."""
    run = run_files._build(Recipe(steps=5, hidden=(8,), data="mine.csv", **settings), data.Points(X, "mine"))
    return run._replace(history=learning._training(run).run(progress=False))


X = np.random.default_rng(0).normal([170, 65], [8, 11], (300, 2))


def test_d_is_asked_in_the_units_of_the_data():
    run = learned()
    inside = (X - X.mean(axis=0)) / X.std(axis=0)
    assert np.allclose(run.score(X), 1 / (1 + np.exp(-run.D(inside)[:, 0])), rtol=1e-5) and run.score(X).shape == (300,)
    scores = learned(loss="hinge")
    assert np.allclose(scores.score(X), scores.D(inside)[:, 0], rtol=1e-4, atol=1e-6)


def test_d_that_packs_gives_a_verdict_for_each_pack():
    run = learned(pack=2)
    assert run.score(X).shape == (150,)
    with pytest.raises(ValueError, match="D judges 2 rows together, which does not divide 3 rows"):
        run.score(X[:3])


def test_between_goes_from_one_sample_to_the_other():
    run = learned(ema=.9)
    z0, z1 = np.random.default_rng(0).standard_normal((2, 2))
    ends = run.data.restore(run.history.G_ema(np.stack([z0, z1])))
    way = run.between(z0, z1, 5)
    assert way.shape == (5, 2) and np.allclose(way[[0, -1]], ends, rtol=1e-5)


@pytest.mark.parametrize("x, message", [(np.ones((3, 3)), "x must have 2 columns; got 3"), (np.ones(2), "x must be a 2-D array"),
                                        (np.full((2, 2), np.nan), "x must be finite")])
def test_what_d_cannot_be_asked(x, message):
    with pytest.raises(ValueError, match=message):
        learned().score(x)


def test_sampling_for_a_file_takes_memory_for_the_answer_alone():
    run, n = learned(), 20 * sampling.ROWS
    few = learning.standardised(run, 10, 0)
    tracemalloc.start()
    many = learning.standardised(run, n, 0)
    assert tracemalloc.get_traced_memory()[1] < many.nbytes + 3e6
    tracemalloc.stop()
    assert same_bits(many[:10], few) or np.allclose(many[:10], few, rtol=1e-5)


# ---- what stands above the picture


def test_the_caption_tells_data_settings_seed_and_scores(cli, undrawn):
    run = trained("--r1", ".5", "--seed", 3, cli=cli)
    modes, rows = (run.scores[table]["generated"] for table in ("modes", "rows"))
    assert scoring.caption(run) == (
        "Data: ring, 8 modes.  Settings: hidden 8, steps 5, r1 0.5.  Batch 256, seed 3.  Scores: modes visited "
        f"{modes['modes_visited']} of 8, at half share {modes['modes_half']}, coverage {rows['coverage']:.1%}, density "
        f"{rows['density']:.2f}, C2ST {rows['c2st']:.1%}.")
    assert "Scores" not in scoring.caption(run._replace(scores=None))


@pytest.mark.slow
def test_columns_of_a_plot_are_chosen_by_name(cli):
    people(60)
    assert cli("train", "--data", "people.csv", *SMALL, "--out", "run")[0] == 0
    assert cli("plot", "run", "--columns", "age", "height", "--out", "two.png")[:2] == (0, "two.png\n")
    code, _, err = cli("plot", "run", "--columns", "agge", "--out", "three.png")
    assert code == 2 and "unknown column 'agge'. Did you mean 'age'?" in err and not Path("three.png").exists()
