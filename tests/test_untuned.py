"""`tests/benchmarks/untuned.py`: its rules are those of the record, it goes on where it was, and its table is whole."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tinygan import data

BENCHMARKS = Path(__file__).parent / "benchmarks"


def loaded():
    """The program, whose neighbour it imports."""
    where = importlib.util.spec_from_file_location("untuned", BENCHMARKS / "untuned.py")
    module = importlib.util.module_from_spec(where)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
        where.loader.exec_module(module)
    return module


untuned = loaded()
KEPT = untuned.probes.RESULTS / "untuned.json"


def kept():
    return json.loads(KEPT.read_text())


def test_on_the_ring_the_rules_give_the_record():
    record = untuned.probes.RECORDS["ring_8_near"].recipe
    ours = untuned.recipe(data.ring().standardized(), True, 20_000)
    assert ours.replace(r1=record.r1, r2=record.r2, d_fourier=record.d_fourier) == record
    assert ours.d_fourier == pytest.approx(record.d_fourier, rel=.05) and .7 < ours.r1[0] / record.r1[0] < 1
    plain = untuned.recipe(data.ring().standardized(), False, 20_000)
    assert plain == ours.replace(d_fourier=None)


def test_gamma_falls_to_a_thirtieth_and_z_has_one_dimension_more():
    for name, make in untuned.DATA.items():
        mixture = make().standardized()
        recipe = untuned.recipe(mixture, True, 6000)
        gaps = np.linalg.norm(mixture.means[:, None] - mixture.means, axis=-1) + 9 * np.eye(mixture.n_modes)
        assert recipe.r1 == recipe.r2 == pytest.approx((gaps.min()**2 / 5, gaps.min()**2 / 150), rel=.05), name
        assert recipe.latent == mixture.dim + 1 and recipe.networks(mixture.dim, (0, 1))[1].d_in == mixture.dim


@pytest.mark.slow
def test_it_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    for name, value in {"SEEDS": {4: range(2), 6: range(1)}, "SAMPLES": 300,
                        "DATA": {name: untuned.DATA[name] for name in ("unequal", "tilted_ring")}}.items():
        monkeypatch.setattr(untuned, name, value)
    words = ["--work", str(tmp_path / "work"), "--out", str(tmp_path)]
    untuned.main([*words, "--only", "unequal"])
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
    texts = []
    for _ in range(2):
        untuned.main(words)
        texts.append([(tmp_path / f"untuned.{kind}").read_text() for kind in ("txt", "json")])
    assert texts[0] == texts[1] and texts[0][0] in capsys.readouterr().out
    assert len(json.loads(texts[0][1])["runs"]) == 2 * 2 * (2 + 1)


def test_the_kept_table_is_that_of_the_kept_runs():
    found = kept()
    assert KEPT.with_suffix(".txt").read_text() == f"{untuned.table(found['runs'], found['truth'])}\n\n{untuned.NOTE}\n"
    cases = [(run["data"], run["recipe"], run["steps"], run["seed"]) for run in found["runs"]]
    assert cases == [(name, kind, steps, seed) for steps in untuned.SEEDS for name in untuned.DATA for kind in untuned.RECIPES
                     for seed in untuned.SEEDS[steps]]
    for name, make in untuned.DATA.items():
        mixture = make().standardized()
        assert found["recipes"][name] == {kind: str(untuned.recipe(mixture, kind == "features", min(untuned.SEEDS)))
                                          for kind in untuned.RECIPES}
        assert found["truth"][name]["modes_visited"] == mixture.n_modes


def test_what_the_page_says():
    page = " ".join((untuned.probes.RESULTS.parent / "narrow_modes.rst").read_text().split())
    found = kept()

    def told(value, digits=3):
        return f"{value:.{digits}f}".removeprefix("0")

    def scores(key, steps, names=untuned.DATA):
        """Without the features and with them, a line for each kind of data."""
        return np.array([[untuned.mean([run for run in found["runs"] if (run["data"], run["recipe"], run["steps"]) ==
                                        (name, kind, steps)], key) for kind in untuned.RECIPES] for name in names])

    gains = {(key, steps): np.diff(scores(key, steps))[:, 0] for key in ("high_quality", "std_ratio") for steps in untuned.SEEDS}
    flat = [i for i, name in enumerate(untuned.DATA) if name != "hypercube"]
    quality, spread = (gains[key, 20_000][flat] for key in ("high_quality", "std_ratio"))
    assert f"on all four, by {told(quality.min())} to {told(quality.max())}, and the modes are wider on all four" in page
    assert quality.min() > 0 and spread.min() > .01 and gains["std_ratio", 20_000].argmax() == [*untuned.DATA].index("unequal")
    modes = np.array([make().n_modes for make in untuned.DATA.values()])
    assert (scores("modes_half", 20_000)[flat] == modes[flat, None]).all()
    assert "from spread {} to {}".format(*(told(x, 2) for x in scores("std_ratio", 20_000, ["unequal"])[0])) in page
    quality, spread = (dict(zip(untuned.DATA, gains[key, 6000], strict=True)) for key in ("high_quality", "std_ratio"))
    assert all(quality[name] > .02 and spread[name] > .05 for name in ("unequal", "tilted_ring"))
    assert all(quality[name] < -.02 and spread[name] > .05 for name in ("turned", "lattice"))
    assert all(np.diff(scores("modes_half", 6000, [name])) < 0 for name in ("turned", "lattice"))
    visited, = scores("modes_visited", 20_000, ["hypercube"])
    assert "{:.0f} of 128 corners are visited without features, and {:.0f} with them".format(*visited) in page
    close = told(scores("high_quality", 20_000, ["hypercube"])[0, 1]), told(found["truth"]["hypercube"]["high_quality"])
    assert "with the features {} within 3 standard deviations where true samples have {}".format(*close) in page
    assert {told(x, 2) for x in scores("std_ratio", 20_000, ["hypercube"])[0]} == {".71"} and "have .71 of their width" in page
    assert {told(x, 2) for x in scores("one_nn", 20_000, ["hypercube"])[0]} == {".76"} and "is right on .76 of" in page
