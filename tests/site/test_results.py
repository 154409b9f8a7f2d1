"""The page of results: how a benchmark becomes a section, and that the sentences beside the tables are true of them."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
sys.path[:0] = [str(DOCS / "_ext")]


@pytest.fixture
def results():
    return pytest.importorskip("results", reason="Sphinx is missing: pip install -e '.[docs]'")


def test_a_benchmark_becomes_a_section(results):
    text = "\n".join(results.section("demo"))
    table = (DOCS / "results" / "demo.txt").read_text(encoding="utf-8")
    assert all(line.strip() in text for line in table.splitlines()) and "python tests/benchmarks/demo.py" in text
    assert "Demo\n----" in text and "----" not in "\n".join(results.section("demo", titled=False))
    assert "does it find all eight modes" in text and "[--seeds" not in text
    assert "does it find" not in "\n".join(results.section("demo", [results.program("python tests/benchmarks/demo.py")]))
    assert {"demo", "speed"} <= results.named()


def test_a_benchmark_shows_its_own_pictures_only(results, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    for name in ("a.json", "a_b.json"):
        (tmp_path / name).write_text('{"about": {"command": "none.py", "cores": 2}}')
    for name in ("a.png", "a_b.png", "a_c.png"):
        (tmp_path / name).touch()
    text = "\n".join(results.section("a"))
    assert re.findall(r"image:: /results/(.*)", text) == ["a.png", "a_c.png"]
    assert ":alt: A. The numbers" in text and ":Cores: 2" in text
    assert "not been measured" in "\n".join(results.section("later")) and "not been measured" not in text
    (tmp_path / "silent.json").write_text('{"rows": []}')
    with pytest.raises(ValueError, match="does not say how it was made"):
        results.section("silent")


def test_a_picture_says_what_is_seen_and_the_table_is_folded(results):
    text = "\n".join(results.section("collapse_and_cure"))
    said = "Runs that visit all 8 modes: plain 0 of 20, packing_4 5 of 20, wgan_gp 20 of 20, r1_r2 20 of 20"
    assert text.count(said) == len(results.pictures("collapse_and_cure")) == 2
    assert text.index(":alt:") < text.index("<details") < text.index("python tests/benchmarks") < text.index("</details>")


def test_how_a_benchmark_was_run_is_said_in_blocks_and_a_list(results):
    about = {"command": "python a.py", "the same by": "tinygan study", "judge": "Judge: reads 98% of |all|", "numpy": "2.4"}
    assert "\n".join(results.how(about)) == (
        ".. code-block:: bash\n\n    python a.py\n\nThe same from the command line:\n\n.. rst-class:: wrapped\n\n"
        ".. code-block:: bash\n\n    tinygan study\n\n:Judge: reads 98% of \\|all\\|\n:NumPy: 2.4\n")
    line = "one, 2 runs, from worst to best (median): modes 0 to 8 (7.5); tv 0.1 to 1e-05 (0)\nIn brackets: 2 to 3"
    assert results.wrapped(line) == (
        "one, 2 runs, from worst to best (median):\n    modes 0 to 8 (7.5);\n    tv 0.1 to 1e-05 (0)\nIn brackets: 2 to 3")


# What docs/results.rst says in words: a sentence, and whether the judged scores, {remedy: one for each run}, say so too.
PENALISED = {"wgan_gp", "r1", "r1_r2", "relativistic_r1", "relativistic_r1_r2"}
SOME = {"packing_2", "packing_4", "minibatch_discrimination", "minibatch_std", "spectral_norm", "wgan_clip", "unrolled"}


def all_visited(runs, modes=8):
    """How many runs visit all modes, for each remedy."""
    return {name: sum(run["modes_visited"] == modes for run in some) for name, some in runs.items()}


def every(modes):
    return lambda runs: all(run["modes_half"] == modes for some in runs.values() for run in some)


SAID = {
    "demo": ("All eight modes are found on every seed; on some seeds a mode has less than half of its share.",
             lambda runs: all(run["modes"] == 8 for run in runs[None]) and not every(8)(runs)),
    "collapse_and_cure": (
        "one to three of the eight modes, on every seed; with either gradient penalty, all eight are visited on every seed",
        lambda runs: all(1 <= run["modes_visited"] <= 3 for run in runs["plain"]) and all_visited(runs) == {
            "plain": 0, "packing_4": all_visited(runs)["packing_4"], "wgan_gp": 20, "r1_r2": 20}),
    "loss_and_penalty": (
        "With R1, under either loss, nearly all runs visit all eight; with the relativistic loss alone, none does",
        lambda runs: all(count >= 9 if "r1" in name else count == 0 for name, count in all_visited(runs).items())),
    "all_remedies": (
        "the five remedies with a gradient penalty visit all modes on nearly every seed",
        lambda runs: all(count >= 19 if name in PENALISED else 0 < count < 10 if name in SOME else count == 0
                         for name, count in all_visited(runs).items()) and runs.keys() >= PENALISED | SOME),
    "grid_25": ("Every mode has at least half of its share, on every seed.", every(25)),
    "grid_25_in_a_minute": ("Every mode still has at least half of its share, on every seed.", every(25)),
    "ring_8": ("every mode has at least half of its share on every seed", every(8)),
    "ring_8_too_fast": ("Some runs lose modes", lambda runs: 0 < list(all_visited(runs).values())[0] < 20),
    "stacked_2": ("All of them are found on every seed, and none is learned by heart.",
                  lambda runs: all(run["modes"] == 100 and run["memorised"] < 0.01 for run in runs[None])),
    "stacked_3": ("All of them are found on every seed.", lambda runs: all(run["modes"] == 1000 for run in runs[None])),
}


def judged(name):
    """The judged scores of a benchmark's runs, {remedy or None: [...]}; None where it has not been run."""
    path = DOCS / "results" / f"{name}.json"
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    runs = {}
    for row in found.get("runs", found.get("rows")):
        runs.setdefault(row.get("remedy"), []).append(row.get("judged") or row.get("averaged") or row)
    return runs


@pytest.mark.parametrize("name", SAID)
def test_the_results_page_says_what_came_out(name):
    sentence, holds = SAID[name]
    page = " ".join((DOCS / "results.rst").read_text(encoding="utf-8").split())
    assert sentence in page and page.index(sentence) < page.index(f".. benchmarks:: {name} :untitled:")
    runs = judged(name)
    if runs is None:
        pytest.skip(f"{name} has not been run here")
    lost = {remedy: [dict.fromkeys(run, 0) for run in some] for remedy, some in runs.items()}
    assert holds(runs) and not holds(lost)


NARROW = {"grid_25": "The modes are too narrow, from {} to {} of their true width. No run has a spread of .9 to 1.1.",
          "grid_25_in_a_minute": "Here the modes have from {} to {} of their true width.",
          "grid_100": "The modes have from {} to {} of their true width.",
          "ring_8": "Its modes have from {} to {} of their true width."}


@pytest.mark.parametrize("name", NARROW)
def test_the_results_page_says_how_narrow_the_modes_are(name):
    (runs,) = judged(name).values()
    spread = [run["std_ratio"] for run in runs]
    page = " ".join((DOCS / "results.rst").read_text(encoding="utf-8").split())
    sentence = NARROW[name].format(*(f"{bound:.2f}".lstrip("0") for bound in (min(spread), max(spread))))
    assert page.index(sentence) < page.index(f".. benchmarks:: {name} :untitled:") and max(spread) < .9


def test_the_readme_says_how_narrow_the_modes_are():
    runs = [run for name in ("grid_25", "grid_25_in_a_minute") for some in judged(name).values() for run in some]
    spread = [run["std_ratio"] for run in runs]
    bounds = [f"{bound:.2f}".lstrip("0") for bound in (min(spread), max(spread))]
    readme = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    assert "The modes are too narrow, from {} to {} of the true width".format(*bounds) in readme and len(spread) == 40


def test_the_kept_runs_of_a_study_as_a_table():
    where = importlib.util.spec_from_file_location("laboratory", DOCS.parent / "tests" / "benchmarks" / "laboratory.py")
    laboratory = importlib.util.module_from_spec(where)
    where.loader.exec_module(laboratory)
    lines = laboratory.kept("collapse_and_cure").splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["plain", "packing_4", "wgan_gp", "r1_r2"] and "spread, least" in lines[1]
    inside = {name: sum(.9 <= run["std_ratio"] <= 1.1 for run in some) for name, some in judged("collapse_and_cure").items()}
    assert all(f"  {inside[line.split()[0]]} of 20  " in line for line in lines[2:])
