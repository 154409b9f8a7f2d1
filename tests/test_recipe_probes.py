"""`tests/benchmarks/recipe_probes.py`: every probe can be made, it goes on where it was, and its table is whole."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from tinygan.engine.features import FourierFeatures
from tinygan.metrics import FullReport, truth_full_report
from tinygan.study import BARS, REMEDIES, SETUPS
from tinygan.study.remedies import with_gamma

WHERE = importlib.util.spec_from_file_location("recipe_probes", Path(__file__).parent / "benchmarks" / "recipe_probes.py")
probes = importlib.util.module_from_spec(WHERE)
WHERE.loader.exec_module(probes)


def test_every_probe_can_be_made_and_says_what_it_changes():
    for name, probe in probes.known().items():
        mixture = probes.DATA[probe.data]()
        G, D = probe.recipe.networks(mixture.dim, (0, 1))
        assert name.startswith(("fine",) if probe.data == "big_grid" else (f"{probe.data}.", f"{probe.data}_"))
        assert G.d_in == probe.recipe.latent and D.d_in == mixture.dim
    told = [(probe.data, probe.told) for table in probes.TABLES.values() for probe in table.values()]
    assert len(set(told)) == len(told) and {("ring", "nothing"), ("big_grid", "nothing")} < set(told)
    near = probes.PROBES["ring.beside"].recipe.networks(2, (0, 1))[1]
    assert repr(near.layers[0]) == "FourierBeside(2 -> 66)"


def test_the_records_are_the_setup_wide_modes():
    """As the page says: for the ring at the command line, for the grid with four other settings."""
    page = (probes.RESULTS.parent / "narrow_modes.rst").read_text()
    remedy, setup = REMEDIES["relativistic_r1_r2"], SETUPS["wide_modes"]
    assert "study --setup wide_modes --data ring --remedies relativistic_r1_r2 --gamma .3 .03 --seeds 20" in page
    assert with_gamma(remedy, (.3, .03)).applied(setup.recipe) == probes.RECORDS["ring_8_near"].recipe
    changes = "hidden=(96,) * 4, latent=2, d_fourier=(64, 5, .06), batch=256"
    assert f'SETUPS["wide_modes"].replace({changes})' in page
    other = setup.replace(hidden=(96,) * 4, latent=2, d_fourier=(64, 5, .06), batch=256)
    assert remedy.applied(other.recipe) == probes.RECORDS["grid_25_near"].recipe
    assert "For the ring in larger batches, add ``--batch 512`` to the second." in page
    assert probes.RECORDS["ring_8_near"].recipe.replace(batch=512) == probes.RECORDS["ring_8_large_batch"].recipe
    assert "For the grid in larger batches, ``latent`` is 3, ``batch`` is 512, and gamma falls from .1 to .01." in page
    larger = {"latent": 3, "batch": 512, "r1": (.1, .01), "r2": (.1, .01)}
    assert remedy.applied(other.recipe).replace(**larger) == probes.RECORDS["grid_25_large_batch"].recipe


def test_what_the_page_says_of_the_scale_and_the_size():
    page = " ".join((probes.RESULTS.parent / "narrow_modes.rst").read_text().split())
    assert "between one and four standard deviations of a mode" in page and "size is smaller where the scale is larger" in page
    for probe in (*(probes.PROBES[name] for name in ("ring.beside", "grid.beside")), *probes.RECORDS.values()):
        _, scale, size = probe.recipe.d_fourier
        assert 1 < 1 / (2 * np.pi * scale) / probes.DATA[probe.data]().standardized().stds[0] < 4
        assert .2 < size * scale < .4


def test_the_mixtures_are_what_they_are_called():
    sizes = {"ring": (8, 2), "grid": (25, 2), "lattice": (32, 3), "unequal": (8, 2), "turned": (25, 2), "big_grid": (100, 2)}
    for name, make in probes.DATA.items():
        mixture = make().standardized()
        apart = np.linalg.norm(mixture.means[:, None] - mixture.means, axis=-1) + 9 * np.eye(mixture.n_modes)
        widths, fifths = {"big_grid": (14, 4)}.get(name, (20, 1))
        assert (mixture.n_modes, mixture.dim) == sizes[name] and apart.min() > widths * mixture.stds.max()
        assert .8 < probes.GAMMA[name][0] / (fifths * apart.min() ** 2 / 5) < 1.4, name
    assert probes.unequal().weights[-1] == pytest.approx(8 / 36)
    assert np.sort(np.linalg.norm(probes.turned().means, axis=-1)) == pytest.approx(
        np.sort(np.linalg.norm(probes.data.grid().means, axis=-1)))


@pytest.mark.slow
def test_a_probe_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    few = {name: probes.PROBES[name]._replace(changes={"steps": 5, "hidden": (8,), "batch": 8})
           for name in ("ring.base", "ring.beside")}
    monkeypatch.setitem(probes.TABLES, "recipe_probes", few)
    out = tmp_path / "a new" / "folder"
    probes.main(["--work", str(tmp_path / "work"), "--only", "ring.base", "--out", str(out)])
    assert not [*out.iterdir()]
    for _ in range(2):
        probes.main(["--work", str(tmp_path / "work"), "--out", str(out)])
        texts = {path.name: path.read_text() for path in out.iterdir() if path.suffix != ".png"}
        assert set(texts) == {"recipe_probes.txt", "recipe_probes.json"}
        assert texts["recipe_probes.txt"] in capsys.readouterr().out
    assert len(json.loads(texts["recipe_probes.json"])["runs"]) == 4 and (out / "recipe_probes.png").is_file()


@pytest.mark.slow
def test_a_record_goes_on_where_it_was_and_keeps_both_generators(tmp_path, monkeypatch, capsys):
    few = {"steps": 5, "hidden": (8,), "batch": 8, "d_fourier": (4, 3.0, .1)}
    monkeypatch.setattr(probes, "RECORDS", {"ring_8_near": probes.Probed("ring", few, 2)})
    texts = []
    for _ in range(2):
        probes.main(["--record", "ring_8_near", "--work", str(tmp_path / "work"), "--out", str(tmp_path)])
        texts.append((tmp_path / "ring_8_near.txt").read_text())
    assert texts[0] == texts[1] and texts[0] in capsys.readouterr().out and "2 runs, from least to largest" in texts[0]
    found = json.loads((tmp_path / "ring_8_near.json").read_text())
    assert [run["seed"] for run in found["runs"]] == [0, 1] and found["about"]["command"].endswith("--record ring_8_near")
    assert all(run["remedy"] == probes.WHO and run["judged"] != run["raw"] for run in found["runs"])


def test_the_probes_of_fine_are_its_setup_and_unknown_ones_are_named(capsys):
    setup = REMEDIES["relativistic_r1_r2"].applied(SETUPS["fine"].recipe)
    assert probes.FINE_PROBES["fine"].recipe == setup.replace(steps=20_000)
    with pytest.raises(SystemExit):
        probes.main(["--table", "fine_probes", "--only", "ring.base"])
    assert "--only: fine_probes has no ring.base; known: fine, fine.no_features, fine.d_scale_1," in capsys.readouterr().err


@pytest.mark.parametrize("table", probes.TABLES)
def test_the_kept_table_is_that_of_the_kept_runs(table):
    path = probes.RESULTS / f"{table}.json"
    runs, text = json.loads(path.read_text())["runs"], path.with_suffix(".txt").read_text()
    assert {run["probe"] for run in runs} == set(probes.TABLES[table])
    for name, probe in probes.TABLES[table].items():
        mine = [run for run in runs if run["probe"] == name]
        assert [run["seed"] for run in mine] == [*range(probes.FIRST, probes.FIRST + probe.seeds)]
        quality = np.mean([run["judged"]["high_quality"] if run["judged"] else 0 for run in mine])
        words = next(row for row in text.splitlines() if row.split()[:1] == [name]).split()
        assert words[3] == f"{quality:.3f}" and probe.told in text


def test_what_the_page_says_of_the_probes_of_fine():
    page = " ".join((probes.RESULTS.parent / "narrow_modes.rst").read_text().split())
    runs = json.loads((probes.RESULTS / "fine_probes.json").read_text())["runs"]
    judged = {run["probe"].removeprefix("fine").removeprefix("."): run["judged"] for run in runs}
    quality, spread = ({name: f"{one[key]:.{digits}f}".removeprefix("0") for name, one in judged.items()}
                       for key, digits in (("high_quality", 3), ("std_ratio", 2)))
    for sentence in (
            f"There are {judged['no_features']['modes_half']} of 100 at half share then, in place of {judged['']['modes_half']}, "
            f"and quality is {quality['no_features']} in place of {quality['']}.",
            f"At .2 it is {quality['d_scale_.2']}, at .5 {quality['d_scale_.5']} and at 1 {quality['d_scale_1']}.",
            f"Four layers have {quality['layers_4']}, five {quality['']} and six {quality['layers_6']}.",
            f"They have {quality['wider_d_scale_1']} after as many steps, and wider modes, with spread "
            f"{spread['wider_d_scale_1']} in place of {spread['']}."):
        assert sentence in page
    assert max(judged, key=lambda name: judged[name]["high_quality"]) == ""
    turns = FourierFeatures(2, *SETUPS["fine"].recipe.fourier[::2]).turns
    assert np.mean(2 * np.pi / np.hypot(*turns) > 2) > .5, "most wavelengths are longer than two standard deviations of the data"


def test_what_the_page_says_of_the_probes():
    page = " ".join((probes.RESULTS.parent / "narrow_modes.rst").read_text().split())
    runs = json.loads((probes.RESULTS / "recipe_probes.json").read_text())["runs"]

    def mean(name, key):
        return float(np.mean([run["judged"][key] for run in runs if run["probe"] == name]))

    base, beside = (mean(name, "std_ratio") for name in ("ring.base", "ring.beside"))
    assert f"the spread goes from {base:.2f} to {beside:.2f} in as many steps, and quality".replace("0.", ".") in page
    assert mean("ring.beside", "high_quality") > mean("ring.base", "high_quality") + .01
    assert all(base < mean(f"ring.gamma_{end}", "std_ratio") < beside for end in ("1e-3", "1e-4", "1e-6"))
    long = "ring.beside_8_latent_3_20k"
    assert "With 20 000 steps both come within the bars" in page
    assert mean(long, "high_quality") > .95 and mean(long, "std_ratio") > .9
    assert mean(long, "one_nn") < mean("ring.beside_20k_gamma_.03", "one_nn") - .1
    grid = {name: (mean(f"grid.{name}", "modes_half"), mean(f"grid.{name}", "high_quality"), mean(f"grid.{name}", "std_ratio"))
            for name in ("base", "beside")}
    assert "the features bring spread, and cost quality and two modes" in page
    (half, quality, spread), (half_base, quality_base, spread_base) = grid["beside"], grid["base"]
    assert half == half_base - 2 and quality < quality_base and spread > spread_base
    long = ["grid.beside_20k", "grid.beside_8_latent_3_20k", "grid.large_beside_5_20k", "grid.large_20k"]
    both = [f"quality {mean(name, 'high_quality'):.3f} and spread {mean(name, 'std_ratio'):.2f}".replace("0.", ".")
            for name in long]
    assert "find all 25 modes, with {}; the finer ones with {}.".format(*both[:2]) in page
    assert "of 256 features in between reach {}, where the same networks without features have {}".format(*both[2:]) in page
    assert {mean(name, "modes_half") for name in long} == {25}


@pytest.mark.parametrize("name, old", [("ring_8_near", "ring_8"), ("grid_25_near", "grid_25"),
                                       ("grid_25_near_minute", "grid_25_in_a_minute"), ("ring_8_large_batch", "ring_8_near"),
                                       ("grid_25_large_batch", "grid_25_near")])
def test_what_the_page_says_of_a_record(name, old):
    mixture = probes.DATA[probes.RECORDS[name].data]().standardized()
    page = " ".join((probes.RESULTS.parent / "narrow_modes.rst").read_text().split())
    runs = json.loads((probes.RESULTS / f"{name}.json").read_text())["runs"]
    assert [run["seed"] for run in runs] == [*range(20)] and {run["remedy"] for run in runs} == {probes.WHO}
    reports = [FullReport(**run["judged"]) for run in runs]

    def told(key, digits=3):
        values = [getattr(report, key) for report in reports]
        return "{} to {}".format(*(f"{value:.{digits}f}".removeprefix("0") for value in (min(values), max(values))))

    half = sum(report.modes_half == mixture.n_modes for report in reports)
    bars = sum(BARS.met_by(report, mixture) for report in reports)
    median = f"{np.median([report.high_quality for report in reports]):.3f}".removeprefix("0")
    assert f"at least half of its share on {half} of 20 runs. High quality is {told('high_quality')} (median {median})" in page
    assert f"the spread is {told('std_ratio', 2)} where" in page and f"{bars} of 20 runs meet all bars together" in page
    assert f"right on {told('classifier')} of the samples, the nearest neighbour on {told('one_nn')}" in page
    before = [run["judged"] for run in json.loads((probes.RESULTS / f"{old}.json").read_text())["runs"]]
    for key, digits in (("high_quality", 3), ("std_ratio", 2)):
        values = [f"{bound([run[key] for run in before]):.{digits}f}".removeprefix("0") for bound in (min, max)]
        assert "has {} to {}".format(*values) in page


def test_every_run_of_the_record_in_a_minute_took_less_than_that():
    page = " ".join((probes.RESULTS.parent / "narrow_modes.rst").read_text().split())
    found = json.loads((probes.RESULTS / "grid_25_near_minute.json").read_text())
    seconds = [run["seconds"] for run in found["runs"]]
    assert max(seconds) < 60 and f"A run took {min(seconds):.0f} to {max(seconds):.0f} s" in page
    assert found["about"]["recipe"] == probes.RECORDS["grid_25_near_minute"].told
    assert "with 11 500 steps in place of 20 000" in page


def test_what_the_page_says_of_the_ring_in_larger_batches():
    page = " ".join((probes.RESULTS.parent / "narrow_modes.rst").read_text().split())
    mixture = probes.data.ring().standardized()
    runs = json.loads((probes.RESULTS / "ring_8_large_batch.json").read_text())["runs"]
    reports = [FullReport(**run["judged"]) for run in runs]
    failed = [report for report in reports if not BARS.met_by(report, mixture)]
    assert "In the other seven it is only the nearest neighbour that finds too much" in page and len(failed) == 7
    assert all(BARS.met_by(report._replace(one_nn=.5), mixture) for report in failed)
    true = [truth_full_report(mixture, 10_000, np.random.default_rng(seed)).high_quality for seed in range(3)]
    assert "quality is nearly that of true samples" in page
    assert abs(np.median([one.high_quality for one in reports]) - min(true)) < .005
    assert "Of 128 points only 16 belong to one of the ring's modes" in page and 128 / mixture.n_modes == 16
    assert "one of the two classifiers hardly tells them apart" in page and max(one.classifier for one in reports) < .55
    assert "With 512 the ring's modes have nearly their true width" in page and min(one.std_ratio for one in reports) > .95
    assert "A run takes about three minutes" in page and 150 < np.median([run["seconds"] for run in runs]) < 210


def test_what_the_page_says_of_the_grid_in_larger_batches():
    page = " ".join((probes.RESULTS.parent / "narrow_modes.rst").read_text().split())
    mixture = probes.data.grid().standardized()
    runs = json.loads((probes.RESULTS / "grid_25_large_batch.json").read_text())["runs"]
    reports = {run["seed"]: FullReport(**run["judged"]) for run in runs}
    failed = {seed: report for seed, report in reports.items() if not BARS.met_by(report, mixture)}
    others = {seed: report._replace(one_nn=.5) for seed, report in failed.items()}
    missed = {seed: report for seed, report in others.items() if not BARS.met_by(report, mixture)}
    assert len(failed) == 10 and [*missed] == [3, 11]
    assert "In eight of the other ten it is only the nearest neighbour that finds too much" in page
    assert .898 < missed[3].std_ratio < .9 and BARS.met_by(missed[3]._replace(std_ratio=.9), mixture)
    assert .6 < missed[11].classifier < .602 and BARS.met_by(missed[11]._replace(classifier=.6), mixture)
    assert "miss another bar as well, by less than .002: the spread of seed 3, and the classifier on seed 11" in page
    assert "A run takes about five minutes" in page and 240 < np.median([run["seconds"] for run in runs]) < 360
    recipe, old = probes.RECORDS["grid_25_large_batch"].recipe, probes.RECORDS["grid_25_near"].recipe
    changed = "batches of 512 in place of 256, noise in 3 dimensions in place of 2, and a gamma that falls to .01 only"
    assert changed in page and (recipe.batch, old.batch, recipe.latent, old.latent) == (512, 256, 3, 2)
    assert recipe.r1 == recipe.r2 == (old.r1[0], .01) and old.r1[1] < .01
