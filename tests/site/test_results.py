"""The pages of results: how a benchmark becomes a section or a page. Its sentences are true of it, and no number is typed."""

import importlib.util
import json
import re
import statistics
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
sys.path[:0] = [str(DOCS / "_ext")]

import studies  # noqa: E402  the path comes first


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


@pytest.mark.parametrize("name", sorted(path.stem for path in (DOCS / "results").glob("family_*.json")))
def test_a_study_of_the_family_has_a_picture_of_its_runs(results, name):
    """Each median that the words of a picture give is one of the file, and a score that is gone would fail here."""
    assert f".. study:: {name}\n" in (DOCS / "results" / f"{name}.rst").read_text(encoding="utf-8")
    text = "\n".join(results.study(name))
    assert f".. image:: /_build/pictures/{name}.png\n   :alt: " in text
    rows = studies.rows_of(name)[0]
    for column, what, _ in results.family_scores.SHOWN[name]:
        medians = {row: statistics.median(run[column] for run in runs) for row, runs in rows.items() if column in runs[0]}
        assert len(medians) > 1 and f"{what}: " in text
        assert all(f"{row} {studies.written(value, column)}" in text for row, value in medians.items())


def test_how_a_benchmark_was_run_is_said_in_blocks_and_a_list(results):
    about = {"command": "python a.py", "the same by": "tinygan study", "judge": "Judge: reads 98% of |all|", "numpy": "2.4"}
    assert "\n".join(results.how(about)) == (
        ".. code-block:: bash\n\n    python a.py\n\nThe same from the command line:\n\n.. rst-class:: wrapped\n\n"
        ".. code-block:: bash\n\n    tinygan study\n\n:Judge: reads 98% of \\|all\\|\n:NumPy: 2.4\n")
    line = "one, 2 runs, from worst to best (median): modes 0 to 8 (7.5); tv 0.1 to 1e-05 (0)\nIn brackets: 2 to 3"
    assert results.wrapped(line) == (
        "one, 2 runs, from worst to best (median):\n    modes 0 to 8 (7.5);\n    tv 0.1 to 1e-05 (0)\nIn brackets: 2 to 3")


def test_a_study_has_a_page_with_all_that_it_left(results):
    text = "\n".join(results.study("collapse_and_cure"))
    assert re.findall(r"^(.+)\n-+$", text, re.MULTILINE) == ["The table", "The picture", "How it was made"]
    assert "<details" not in text and "The setup ``quick``: the plain GAN covers" in text and "collapse_and_cure.json" in text
    family = "\n".join(results.study("family_memory"))
    rows, controls = studies.rows_of("family_memory")
    assert family.count("\n   * - ") == family.count("list-table") + len(rows) + len(controls)
    assert "* 30 images, nearer at least 0.9: 8 of 8" in family
    median, least = "     - | 0.995\n       | 0.988 to 1.000", "   * - planted: copies\n     -\n     - 1.000"
    assert median in family and least in family and "beside the n images and n others" in family
    text = "\n".join(results.study("dcgan_step", "python tests/benchmarks/dcgan_step.py"))
    assert "python tests/benchmarks/dcgan_step.py" in text and ":download:`dcgan_step.txt" in text and "The picture" not in text


def test_rows_with_the_same_columns_stand_together(results):
    row = dict.fromkeys("abcdefg", 0)
    rows = {"true": [{"a": 1}], "one": [row, row], "few": [{"a": 1, "b": 2}], "half": [dict.fromkeys("abcd", 0)],
            "other": [{"z": 1}], "less": [dict.fromkeys("abchijk", 0)]}
    assert [(columns, list(several)) for columns, several in results.alike(rows)] == [
        (list("abcdefg"), ["true", "one", "few", "half"]), (list("abchijk"), ["less"]), (["z"], ["other"])]


def test_the_overview_has_a_line_and_a_page_for_each(results):
    text = "\n".join(results.overview(["demo", "ring_8"]))
    assert "   * - :doc:`The demo </results/demo>`\n     - All eight modes" in text and text.endswith("   /results/ring_8\n")
    assert ":found:" not in text and "true width." in text


# ---------------------------------------------------------------- every study has a page, and the pages' numbers are read


STUDIES = studies.pages()
TYPED = {  # numbers that stand in a page as they are, and why
    "loss_and_penalty": {"2024": "a year", "1000": "of the paper", "693": "of the paper"},
    "grid_25": {".9": "a bound of the metric", "1.1": "a bound of the metric"},
    "family_conditional": {"50": "what is right"}, "family_memory": {"50": "what is right"},
    "family_infogan": {"1.61": "the logarithm of five"},
}


def shown_by_name():
    """The studies that the site shows: each with the page that has it."""
    pages = [*DOCS.glob("*.rst"), *(DOCS / "results").glob("*.rst")]
    texts = {page.relative_to(DOCS).as_posix(): page.read_text(encoding="utf-8") for page in pages}
    return [(name, page) for page, text in texts.items()
            for line in re.findall(r"^\.\. (?:benchmarks|study):: (.*)$", text, re.MULTILINE) for name in line.split()]


def test_every_study_is_shown_once_and_is_in_the_overview():
    shown = shown_by_name()
    names = [name for name, _ in shown]
    assert len(names) == len(set(names)) and {path.stem for path in studies.RESULTS.glob("*.json")} <= set(names)
    assert {(name, f"results/{name}.rst") for name in STUDIES} <= set(shown) and len(STUDIES) > 20
    overview = (DOCS / "results.rst").read_text(encoding="utf-8")
    listed = [name for line in re.findall(r"^\.\. verdicts:: (.*(?:\n   .+)*)", overview, re.MULTILINE) for name in line.split()]
    assert sorted(listed) == STUDIES


def typed(text, name):
    """The numbers of a page's own sentences that are not read from its file and are no part of a name."""
    rows = [*(f for part in studies.rows_of(name) for f in part)] if (studies.RESULTS / f"{name}.json").is_file() else []
    prose = re.sub(r":\w+:`[^`]*`|``[^`]*``|^\.\. .*(\n   .*)*", "", text, flags=re.MULTILINE)
    prose = re.sub(r"\b(R1|R2|[Ll]esson \d\d|\d+ x \d+|grid of 25)\b", "", prose)
    for known in sorted(rows, key=len, reverse=True):
        prose = prose.replace(known, "")
    kinds = {number for row in rows for number in re.findall(r"\.?\d[\d.]*\b", row)}
    return set(re.findall(r"\.?\d[\d.]*\b", prose)) - kinds


@pytest.mark.parametrize("name", STUDIES)
def test_no_number_of_a_page_is_typed(name):
    text = (DOCS / "results" / f"{name}.rst").read_text(encoding="utf-8")
    assert typed(text, name) == set(TYPED.get(name, ()))
    assert typed(text + "\nIt has 97.3 %.\n", name) - typed(text, name) == {"97.3"}
    title, verdict = studies.verdict(name)
    assert ":found:" not in studies.filled(text, name) and text.index("What it does not show") > text.index(".. study::")
    assert 0 < len(title) < 40 and len(re.findall(r"[.]( |$)", verdict)) <= 2


@pytest.mark.parametrize("asked, answer", [
    ("runs | a >= 2 | one", "2 of 3"), ("runs | a < 2 | one", "1 of 3"), ("runs | a >= 0 | two", "1 of 2"),
    ("least | a | one", "1"), ("most | a | one", "3"), ("median | a | one", "2.50"),
    ("spread | high_quality | one", "50.0 % to 98.9 %"), ("true | a | real", "-.25"), ("median | b | one", ".9996"),
    ("median | b | two", ".001"), ("spread | c | one", ".121 to .123"),
    ("spread | b | one", ".9996 to .9996"), (r"text | (\d+) ms", "12")])
def test_a_number_is_read_from_its_file(tmp_path, monkeypatch, asked, answer):
    monkeypatch.setattr(studies, "RESULTS", tmp_path)
    one = [{"a": a, "high_quality": share, "b": .9996, "c": .12 + a / 1000} for a, share in ((1, .5), (2.5, .989), (3, .6))]
    runs = [*({"remedy": "one", "judged": judged} for judged in one),
            {"remedy": "two", "judged": {"a": 1, "b": .001}}, {"remedy": "two", "judged": None}]
    runs = [{**run, "seconds": 3} for run in runs]
    (tmp_path / "n.json").write_text(json.dumps({"runs": runs, "fixed": {"real": {"a": -.25}}}))
    (tmp_path / "n.txt").write_text("a step takes 12 ms")
    assert studies.filled(f"It is :found:`{asked}`.", "n") == f"It is {answer}."
    with pytest.raises(ValueError, match="has no row ''"):
        studies.number("least | a", "n")


# What a page says in words, and whether the judged scores, {remedy: one for each run}, say so too.
PENALISED = {"wgan_gp", "r1", "r1_r2", "relativistic_r1", "relativistic_r1_r2"}
SOME = {"packing_2", "packing_4", "minibatch_discrimination", "minibatch_std", "spectral_norm", "wgan_clip", "unrolled"}


def page_of(name):
    return " ".join((DOCS / "results" / f"{name}.rst").read_text(encoding="utf-8").split())


def all_visited(runs, modes=8):
    """How many runs visit all modes, for each remedy."""
    return {name: sum(run["modes_visited"] == modes for run in some) for name, some in runs.items()}


def every(modes):
    return lambda runs: all(run["modes_half"] == modes for some in runs.values() for run in some)


SAID = {
    "demo": ("All eight modes are found on every seed; on some seeds a mode has less than half of its share.",
             lambda runs: all(run["modes"] == 8 for run in runs["runs"]) and not every(8)(runs)),
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
    "stacked_2": ("All hundred modes are found on every seed, and none is learned by heart.",
                  lambda runs: all(run["modes"] == 100 and run["memorised"] < 0.01 for run in runs["runs"])),
    "stacked_3": ("All thousand modes are found in each", lambda runs: all(run["modes"] == 1000 for run in runs["runs"])),
}


def median(runs, row, key):
    return statistics.median(run[key] for run in runs[row])


def holds_for(runs, row, holds):
    """Whether something holds for the scores of every run of a row."""
    return all(holds(run) for run in runs[row])


FAMILY = [  # a study, words of its page, and whether its runs and its controls say so too
    ("family_infogan", "agrees with the class less",
     lambda runs, _: median(runs, "digits", "read_nmi") < median(runs, "digits, k-means", "read_nmi")),
    ("family_bigan", "another image of the same class is farther away than what comes back",
     lambda runs, _: median(runs, "another image of the class", "MSE") > median(runs, "BiGAN", "MSE")),
    ("family_discogan", "With the cycle, nearly every sample comes back to the mode where it began, on every seed.",
     lambda runs, _: all(run["return A"] > .98 and run["return B"] > .98 for row, some in runs.items() if "no cycle" not in row
                         for run in some)),
    ("family_discogan", "Without the cycle fewer than six in ten do.",
     lambda runs, _: all(run["return A"] < .6 and run["return B"] < .6 for row, some in runs.items() if "no cycle" in row
                         for run in some)),
    ("family_discogan", "all ten are reached with the cycle and five without it, in the median",
     lambda runs, _: [median(runs, row, "modes of B") for row in ("five to ten", "five to ten, no cycle")] == [10, 5]),
    ("family_dcgan", "Convolutions cover more of the digits than dense layers at equal steps",
     lambda runs, _: min(run["coverage"] for run in runs["R1"]) > max(run["coverage"] for run in runs["dense, R1"])),
    ("family_dcgan", "At equal time the lead is gone.", lambda runs, _: abs(
        median(runs, "paper's rules", "coverage") - median(runs, "dense, R1, 18000 steps", "coverage")) < .02),
    ("family_dcgan", "some runs find nothing", lambda runs, _: any(run["coverage"] == 0 for run in runs["rules, no BatchNorm"])),
    ("family_stackgan", "more words are right and less of the data is covered",
     lambda runs, _: median(runs, "c = mu", "all three") > median(runs, "StackGAN", "all three")
     and median(runs, "c = mu", "coverage") < median(runs, "StackGAN", "coverage")),
    ("family_stylegan", "A linear reader finds the class more often in w than in z, on every seed.",
     lambda runs, _: all(holds_for(runs, row, lambda run: run["from w"] > run["class from z"]) for row in runs)),
    ("family_stylegan", "Coarse styles change an image more than fine ones, on every seed.",
     lambda runs, _: all(holds_for(runs, row, lambda run: run["coarse/fine"] > 1) for row in runs)),
    ("family_stylegan", "In an untrained network it is the other way round",
     lambda runs, _: holds_for(runs, "StyleGAN", lambda run: run["untrained coarse/fine"] < 1)),
    ("family_superres", "From 4 x 4 the mean square does as well as the GAN, or better.",
     lambda runs, _: all(sign * median(runs, "mean square net, 4 x 4", key) > sign * median(runs, "answers to 4 x 4", key)
                         for key, sign in {"MSE": -1, "class kept": 1, "frechet": -1, "coverage": 1}.items())),
    ("family_memory", "The fewer images a GAN learns from, the nearer its samples are to them, on every seed.",
     lambda runs, _: holds_for(runs, "all four", lambda run: run["the fewer images, the nearer"] == 1)),
    ("family_memory", "From ten images most samples are copies.",
     lambda runs, _: holds_for(runs, "10 images", lambda run: run["copies"] > .5)),
    ("family_memory", "Planted copies are noticed, and new images are not called copies.", lambda _, controls: (
        controls["planted: copies"]["copies"] == 1 and controls["planted: new images"]["copies"] < .039)),
    ("family_pictures", "more than one Gaussian", lambda runs, controls: all(
        holds_for(runs, row, lambda run: run["coverage"] > controls["one Gaussian"]["coverage"]) for row in runs)),
    ("family_pictures", "its training takes about twice as long",
     lambda runs, _: 1.7 < median(runs, "StyleGAN", "cpu_seconds") / (median(runs, "DCGAN", "cpu_seconds") + 1e-9) < 2.4),
]


@pytest.mark.parametrize("name, words, holds", FAMILY)
def test_a_page_of_the_family_says_what_came_out(name, words, holds):
    """And of planted scores, all 0, all 1, or the rows in reverse, it is not true, of one of them at least."""
    runs, controls = studies.rows_of(name)
    assert words in page_of(name) and holds(runs, controls)
    fixed = {row: dict.fromkeys(scores, .5) for row, scores in controls.items()}
    planted = [{row: [dict.fromkeys(run, value) for run in some] for row, some in runs.items()} for value in (0, 1)]
    reverse = dict(zip(runs, reversed(runs.values()), strict=True))
    if all(run.keys() == columns.keys() for columns in [next(iter(runs.values()))[0]] for some in runs.values() for run in some):
        planted.append(reverse)
    assert not all(holds(plant, fixed) for plant in planted)


@pytest.mark.parametrize("name", SAID)
def test_a_page_says_what_came_out(name):
    sentence, holds = SAID[name]
    page, (runs, _) = page_of(name), studies.rows_of(name)
    assert sentence in page and page.index(sentence) < page.index(f".. study:: {name}")
    lost = {remedy: [dict.fromkeys(run, 0) for run in some] for remedy, some in runs.items()}
    assert holds(runs) and not holds(lost)


@pytest.mark.parametrize("name", ["demo", "grid_25", "grid_25_in_a_minute", "grid_100", "ring_8"])
def test_a_page_says_how_narrow_the_modes_are(name):
    (runs,) = studies.rows_of(name)[0].values()
    spread = [run["std_ratio"] for run in runs]
    asked = ":found:`spread | std_ratio` of their true width"
    assert asked in page_of(name) and max(spread) < .9
    least, most = (f"{bound:.2f}".lstrip("0") for bound in (min(spread), max(spread)))
    assert studies.filled(asked, name) == f"{least} to {most} of their true width"


def test_the_readme_says_how_narrow_the_modes_are():
    runs = [run for name in ("grid_25", "grid_25_in_a_minute") for some in studies.rows_of(name)[0].values() for run in some]
    spread = [run["std_ratio"] for run in runs]
    bounds = [f"{bound:.2f}".lstrip("0") for bound in (min(spread), max(spread))]
    readme = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    assert "In the first two rows the modes are too narrow, from {} to {} of the true width".format(*bounds) in readme
    wider = [run["judged"]["std_ratio"] for run in json.loads((studies.RESULTS / "grid_25_large_batch.json").read_text())["runs"]]
    bounds = [f"{bound:.2f}".lstrip("0") for bound in (min(wider), max(wider))]
    assert "In the third row they have {} to {} of the true width".format(*bounds) in readme
    assert (len(spread), len(wider)) == (40, 20)


def test_the_kept_runs_of_a_study_as_a_table():
    where = importlib.util.spec_from_file_location("laboratory", DOCS.parent / "tests" / "benchmarks" / "laboratory.py")
    laboratory = importlib.util.module_from_spec(where)
    where.loader.exec_module(laboratory)
    lines = laboratory.kept("collapse_and_cure").splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["plain", "packing_4", "wgan_gp", "r1_r2"] and "spread, least" in lines[1]
    rows, _ = studies.rows_of("collapse_and_cure")
    inside = {name: sum(.9 <= run["std_ratio"] <= 1.1 for run in some) for name, some in rows.items()}
    assert all(f"  {inside[line.split()[0]]} of 20  " in line for line in lines[2:])
