"""`tests/benchmarks/papers.py`: its layer has the right derivatives, long figures go on where they were, and the page is true."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from tinygan import data, losses
from tinygan.engine import gradcheck
from tinygan.engine.layers import Dense, Tanh
from tinygan.engine.network import Sequential
from tinygan.metrics import FullReport
from tinygan.penalties import R1
from tinygan.study import Row
from tinygan.unroll import unrolled_g_gradients

WHERE = importlib.util.spec_from_file_location("papers", Path(__file__).parent / "benchmarks" / "papers.py")
papers = importlib.util.module_from_spec(WHERE)
WHERE.loader.exec_module(papers)


def small(**wrong):
    """D behind the layer; `wrong`: methods to put in place of a right one."""
    layer = papers.Quarter(2)
    vars(layer).update({name: method.__get__(layer) for name, method in wrong.items()})
    return Sequential(layer, Dense(2, 5), Tanh(), Dense(5, 1), seed=1, dtype=np.float64)


def slope_is_right(D):
    x = np.random.default_rng(0).normal(size=(4, 2))
    s, tape = D.forward(x)
    return gradcheck.check(lambda x: D(x).sum(), D.backward(np.ones_like(s), tape), x).ok


def penalty_is_right(D):
    x, start = np.random.default_rng(1).normal(size=(4, 2)), D.theta.copy()

    def value(theta):
        D.theta[...] = theta
        D.zero_grad()
        return float(R1(.7)(D, x, D.forward(x)[1]))

    value(start)
    return gradcheck.check(value, D.grad.copy(), start).ok


def test_the_layer_that_scales_has_the_right_derivatives():
    assert slope_is_right(small()) and penalty_is_right(small())
    assert not slope_is_right(small(backward=lambda self, dy, tape, grads=True: dy))
    assert not penalty_is_right(small(tangent=lambda self, x_dot, tape: (x_dot, None)))


def test_the_unrolled_game_is_that_of_the_paper():
    """G maximises D's whole loss, with the part of the real points; with no steps ahead that is the plain minimax game."""
    rng = np.random.default_rng(0)
    gradients = {}
    for unroll in (0, 3):
        training = papers.metz_training(unroll, 0, 5, 8)
        G, D = (training.players[name].network for name in "GD")
        z, x = rng.standard_normal((8, 256)), data.ring().sample(8, rng)
        rules = training.step.args[0]
        rules.gradients(G, D, z, rules.loss, x, None)
        gradients[unroll] = G.grad.copy()
        unrolled_g_gradients(G, D, z, losses.Minimax(), x, steps=unroll, lr=.1, zero_sum=True)
        assert np.array_equal(gradients[unroll], G.grad)
        unrolled_g_gradients(G, D, z, losses.Minimax(), x, steps=unroll, lr=.1)
        assert np.allclose(gradients[unroll], G.grad, rtol=1e-4, atol=1e-8) is (unroll == 0)
    assert [repr(layer) for layer in D.layers[1:]] == ["Dense(2 -> 128)", "ReLU()", "Dense(128 -> 1)"]


def test_the_packed_game_has_batch_normalisation_in_G_alone():
    G, D = papers.Normed(hidden=(8, 8), pack=3).networks(2, (0, 1))
    assert [type(layer).__name__ for layer in G.layers] == ["Dense", "BatchNorm", "ReLU"] * 2 + ["Dense"]
    assert [type(layer).__name__ for layer in D.layers] == ["Pack", "Dense", "ReLU", "Dense", "ReLU", "Dense"]
    assert [remedy.changes for remedy in papers.PACKINGS.values()] == [{"pack": m, "batch": 100 * m} for m in (1, 2, 3, 4)]


@pytest.mark.slow
def test_packing_on_digits_differs_in_D_alone_and_keeps_its_runs(tmp_path, monkeypatch):
    found = {m: papers.packed_digits(m, 1e-3, 0, 3, 100, tmp_path) for m in (1, 2)}
    assert found[1] != found[2] and {run["packing"] for run in found.values()} == {1, 2}
    monkeypatch.setattr(papers, "train", None)  # nothing is trained again
    assert papers.packed_digits(2, 1e-3, 0, 3, 100, tmp_path) == found[2]
    with pytest.raises(TypeError):
        papers.packed_digits(2, 1e-3, 1, 3, 100, tmp_path)


def test_the_mode_with_most_samples():
    ring = data.ring()
    x = np.repeat(ring.means[[0, 3, 3, 5]], [1, 1, 1, 1], axis=0)[None]
    assert papers.crowded(x, ring) == ([3], [50]) and papers.crowded(ring.means[None, :1], ring) == ([0], [100])


def test_scores_are_means_with_their_standard_errors():
    reports = [FullReport(8, 8, 8, .9, .1, .0, 1., .5, .5), FullReport(6, 4, 7, .7, .3, .0, 1., .5, .5)]
    rows = [Row("packing_1", "ring", seed, 1.0, raw=report) for seed, report in enumerate(reports)]
    assert papers.scored(rows, data.ring()) == ["7.0 ± 1.0", "80.0 ± 10.0", "0.20 ± 0.10"]
    rows[1] = Row("packing_1", "ring", 1, 1.0, diverged=3)
    assert papers.scored(rows, data.ring())[0] == "4.0 ± 4.0", "a run that diverged found nothing"


@pytest.mark.slow
def test_an_unrolled_run_goes_on_where_it_was(tmp_path, monkeypatch):
    """Stopped after its first piece, it comes to the same points, and does not train that piece again."""
    whole, at, _ = papers.metz_run(2, 0, 9, 8, 3, tmp_path)
    assert at == [0, 3, 6, 9] and whole.shape == (4, 10_000, 2) and not np.array_equal(whole[1], whole[3])
    (stopped := tmp_path / "stopped").mkdir()
    advance, left = papers.Training.advance, [1]

    def some(training, n):
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return advance(training, n)

    monkeypatch.setattr(papers.Training, "advance", some)
    with pytest.raises(KeyboardInterrupt):
        papers.metz_run(2, 0, 9, 8, 3, stopped)
    left += [1, 1]
    assert np.array_equal(papers.metz_run(2, 0, 9, 8, 3, stopped)[0], whole) and left == []
    assert np.array_equal(papers.metz_run(2, 0, 9, 8, 3, stopped)[0], whole)


@pytest.mark.slow
@pytest.mark.parametrize("name", papers.FIGURES)
def test_every_figure_is_drawn(name, tmp_path, capsys):
    """A few steps of each; the long ones take finished runs from their folder, so their second table is the first to a digit."""
    texts, out = [], tmp_path / "a new" / "folder"
    for _ in range(2 if name in papers.LONG else 1):
        papers.main([name, "--quick", "--out", str(out), "--work", str(tmp_path / "work")])
        texts.append((out / f"papers_{name}.txt").read_text())
    assert len(set(texts)) == 1 and texts[0] in capsys.readouterr().out
    assert (out / f"papers_{name}.png").is_file() is (name not in ("pacgan", "pacgan_digits"))
    about = json.loads((out / f"papers_{name}.json").read_text())["about"]
    assert about["command"] == f"python tests/benchmarks/papers.py {name}"
    papers.plt.close("all")


def test_a_quick_run_does_not_replace_a_measurement(capsys):
    with pytest.raises(SystemExit):
        papers.main(["metz", "--quick"])
    assert "measures nothing" in capsys.readouterr().err


# ---- the page


def page():
    return " ".join((papers.RESULTS.parent / "papers_figures.rst").read_text(encoding="utf-8").split())


def test_what_the_page_says_of_unrolling():
    runs, text = json.loads((papers.RESULTS / "papers_metz.json").read_text(encoding="utf-8"))["runs"], page()
    plain, unrolled = runs["0, seed 0"], runs["10, seed 0"]
    trained = [{name: row[1:] for name, row in run.items() if name != "end"} for run in (plain, unrolled)]
    shares = trained[0]["share"]
    assert f"sits on one or two of the eight modes, with {min(shares)} to {max(shares)} % of its samples nearest to one" in text
    assert set(trained[0]["visited"]) == {1, 2} and f"on {len(set(trained[0]['most']))} different modes in five looks" in text
    assert "With 10 unrolled steps it visits all eight at every look" in text and set(trained[1]["visited"]) == {8}
    quality = trained[1]["high quality"]
    assert f"the share of good samples rises from {100 * quality[0]:.1f} % to {100 * quality[-1]:.1f} %" in text
    assert max(trained[0]["high quality"]) < .005 and "almost no sample is good" in text
    assert len(quality) == 5 and list(runs) == ["0, seed 0", "10, seed 0"] and "one seed" in text


def test_what_the_page_says_of_packing():
    path = papers.RESULTS / "papers_pacgan.json"
    runs, text = json.loads(path.read_text(encoding="utf-8"))["runs"], page()

    def both(where, key, digits, scale=1):
        """Of D that judges one point, and four."""
        found = {m: [run["judged"][key] for run in runs if (run["data"], run["remedy"]) == (where, f"packing_{m}")]
                 for m in (1, 2, 3, 4)}
        assert {len(values) for values in found.values()} == {5}
        return " to ".join(f"{scale * np.mean(found[m]):.{digits}f}".removeprefix("0") for m in (1, 4))

    def paper(where, column):
        return " to ".join(papers.OF_THE_PAPER[where, m][column].removeprefix("0") for m in (1, 4))

    for sentence in (
            f"modes rise from {both('ring', 'modes', 1)} of 8 on the ring, where the paper has {paper('ring', 0)}, and from "
            f"{both('grid', 'modes', 1)} of 25 on the grid, where it has {paper('grid', 0)}",
            f"The reverse KL falls from {both('ring', 'reverse_kl', 2)} on the ring, where the paper has {paper('ring', 2)}, and "
            f"from {both('grid', 'reverse_kl', 2)} on the grid, where it has {paper('grid', 2)}",
            f"High quality falls from {both('ring', 'high_quality', 0, 100)} % on the ring and from "
            f"{both('grid', 'high_quality', 0, 100)} % on the grid, where the paper stays above 93 %"):
        assert sentence in text, sentence
    assert min(float(row[1]) for row in papers.OF_THE_PAPER.values()) > 93
    two, four = (np.mean([run["judged"]["modes"] for run in runs if (run["data"], run["remedy"]) == ("grid", f"packing_{m}")])
                 for m in (2, 4))
    assert "on the grid 2 points are better here than 4" in text and two > four + 1


def test_what_the_page_says_of_packed_digits():
    runs, text = json.loads((papers.RESULTS / "papers_pacgan_digits.json").read_text(encoding="utf-8"))["runs"], page()
    found = {(lr, m): [run for run in runs if (run["lr"], run["packing"]) == (lr, m)]
             for lr, packings in papers.RATES.items() for m in packings}
    assert {tuple(run["seed"] for run in mine) for mine in found.values()} == {(0, 1, 2, 3, 4)} and len(runs) == 30

    def mean(lr, m, key, digits=0):
        return f"{np.mean([run[key] for run in found[lr, m]]):.{digits}f}".removeprefix("0")

    paper = papers.DIGITS_OF_THE_PAPER
    for sentence in (
            f"With the rate .001 and a D that judges one picture, G makes {mean(1e-3, 1, 'modes')} of 1000 modes. With a D that "
            f"judges two it makes {mean(1e-3, 2, 'modes')}, where the paper has {float(paper[1][0]):.0f} and "
            f"{float(paper[2][0]):.0f}",
            f"The KL falls from {mean(1e-3, 1, 'kl', 2)} to {mean(1e-3, 2, 'kl', 2)}",
            f"with packing the KL stays above its {paper[2][1].removeprefix('0')}",
            f"the modes are {mean(2e-4, 1, 'modes')} and {mean(2e-4, 2, 'modes')}, and the KL is {mean(2e-4, 1, 'kl', 2)} and "
            f"{mean(2e-4, 2, 'kl', 2)}"):
        assert sentence in text, sentence
    assert min(run["kl"] for mine in found.values() for run in mine) > float(paper[2][1])
    assert "more than two bring nothing more" in text
    two, three, four = (np.mean([(run["modes"], -run["kl"]) for run in found[1e-3, m]], axis=0) for m in (2, 3, 4))
    assert (three < two).all() and (four < two).all()
    assert min(run["modes"] for run in found[2e-4, 1]) > 950, "hardly a mode is missing"
