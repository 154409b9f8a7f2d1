"""The README's claims: its code runs, its numbers are those of the benchmark's files, its example of a message is real."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tinygan.exercises import exercises_of
from tinygan.exercises.grading import Wrong, grade

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO = json.loads((ROOT / "docs" / "results" / "demo.json").read_text())


def flat(text):
    return " ".join(text.split())


@pytest.mark.parametrize("steps", [20, pytest.param(4000, marks=pytest.mark.slow)])
def test_the_code_runs(capsys, steps):
    code, = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    names = {}
    exec(compile(code.replace("steps=4000", f"steps={steps}"), "README.md", "exec"), names)
    assert capsys.readouterr().out.startswith("modes ") and names["history"].step[-1] == steps
    if steps == 4000:
        score = names["metrics"].mode_report(names["G"](np.random.default_rng(0).standard_normal((10_000, 2))), names["ring"])
        assert score.modes in (7, 8) and 0.7 < score.high_quality < 0.9


def test_the_demo_finds_all_modes_as_often_as_it_says():
    pattern = r"finds all eight modes on (\d+) of (\d+) seeds, and gives each at least half of its share on (\d+)"
    claim = re.search(pattern, flat(README))
    found, seeds, half = claim.groups()
    rows = DEMO["rows"]
    assert sum(row["modes_half"] == 8 for row in rows) == int(half)
    assert round(10 * np.median([row["high_quality"] for row in rows])) == 9, "nine samples in ten"
    assert [row["seed"] for row in rows] == list(range(int(seeds)))
    assert sum(row["modes"] == 8 for row in rows) == int(found) >= 18
    assert max(row["seconds"] for row in rows) < 30, "less than half a minute"


def test_the_message_is_what_a_student_reads():
    quoted = re.search(r"\*(dW is .*?)\*", flat(README))[1]
    exercise = next(e for e in exercises_of("02") if e.name == "dense_backward")

    def mean_taken_twice(dy, x, W):
        return dy @ W.T, x.T @ dy / dy.shape[0], dy.sum(axis=0, keepdims=True)

    with pytest.raises(Wrong) as error:
        grade(exercise, mean_taken_twice)
    assert quoted.rstrip(".") in str(error.value)


def runs_of(study, remedy):
    """What a study in docs/results found for one remedy, run by run."""
    runs = json.loads((ROOT / "docs" / "results" / f"{study}.json").read_text())["runs"]
    return [run["judged"] for run in runs if run["remedy"] == remedy]


def test_collapse_and_cure():
    claim = re.search(r"Of (\d+) runs, the plain GAN ends on one to three of the eight modes in (\d+); with R1 and R2 it visits "
                      r"all eight in (\d+)", flat(README))
    runs, ill, cured = map(int, claim.groups())
    plain, better = ([run["modes_visited"] for run in runs_of("collapse_and_cure", name)] for name in ("plain", "r1_r2"))
    assert len(plain) == len(better) == runs
    assert sum(1 <= visited <= 3 for visited in plain) == ill and sum(visited == 8 for visited in better) == cured


def test_twenty_five_of_twenty_five():
    rows = re.findall(r"median of (\d+) seeds \| 20 000 \| (\d+) \| ([\d.]+) % \| ([\d.]+) \|", README)
    assert len(rows) == 3 and "In each of the 60 runs all 25 modes" in flat(README)
    studies = {"grid_25_in_a_minute": "relativistic_r1_r2", "grid_25": "relativistic_r1_r2",
               "grid_25_large_batch": "relativistic_r1_r2_near"}
    for (study, remedy), (seeds, modes, quality, kl) in zip(studies.items(), rows, strict=True):
        runs = runs_of(study, remedy)
        assert len(runs) == int(seeds) and all(run["modes"] == run["modes_half"] == 25 == int(modes) for run in runs)
        assert round(100 * np.median([run["high_quality"] for run in runs]), 1) == float(quality)
        assert round(float(np.median([run["reverse_kl"] for run in runs])), 3) == float(kl)


def test_a_hundred_of_a_hundred():
    pattern = r"all 100 modes .*? after 50 000 updates on (\d+) of (\d+) seeds, with a median of ([\d.]+) %"
    claim = re.search(pattern, flat(README))
    runs = runs_of("grid_100", "relativistic_r1_r2")
    assert len(runs) == int(claim[2]) and sum(run["modes_half"] == 100 for run in runs) == int(claim[1])
    assert round(100 * np.median([run["high_quality"] for run in runs]), 1) == float(claim[3])
    width = [f"{bound(run['std_ratio'] for run in runs):.2f}"[1:] for bound in (min, max)]
    assert "The modes have {} to {} of their true width".format(*width) in flat(README)


def test_both_commands_and_the_picture_are_there():
    for name in ("demo", "tests"):
        assert re.search(rf"<!-- command: {name} -->\n```\n.*python.*\n```", README)
    docs = re.search(r"<!-- command: docs -->\n```\n.* -d (\S+) docs (\S+)\n```", README)
    assert not docs[1].startswith(docs[2]), "what Sphinx keeps for itself is no part of the site"
    assert (ROOT / "docs" / "demo.png").stat().st_size > 10_000
    assert np.all([Path(ROOT / link).exists() for link in re.findall(r"`(lessons/[\w.]+|tinygan/[\w./]+|docs/[\w./]+)`", README)])
