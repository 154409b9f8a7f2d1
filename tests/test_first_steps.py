"""The first 100 steps of every remedy, against what they came to before: no change of the code changes a bit unnoticed.

tests/golden/make_first_steps.py has written the file, and says what is in it.
"""

import functools
import importlib.util
import json
from pathlib import Path

import mutants
import numpy as np
import pytest

from tinygan import recipe
from tinygan.study import REMEDIES, SETUPS
from tinygan.training import two_players

GOLDEN = Path(__file__).parent / "golden"
SPEC = importlib.util.spec_from_file_location("make_first_steps", GOLDEN / "make_first_steps.py")
make_first_steps = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(make_first_steps)
KNOWN = json.loads((GOLDEN / "first_steps.json").read_text())
SAME_ARITHMETIC = make_first_steps.fingerprint() == KNOWN["fingerprint"]
ELSEWHERE = {}  # (setup, remedy) -> digest, on a machine with another arithmetic


def check_first_steps(setup, remedy):
    """The losses to 1e-3, and every bit of the parameters, where the arithmetic is that of the file.

    Elsewhere only the first loss is compared. Adam makes a whole step of a gradient near 0, so rounding soon shows in the others.
    The bits are those of the first time that they were asked for there: a change while the tests run is noticed.
    """
    found, known = make_first_steps.first_steps(setup, remedy), KNOWN["runs"][f"{setup} {remedy}"]
    for name in ("d_loss", "g_loss"):
        n = len(known[name]) if SAME_ARITHMETIC else 1
        np.testing.assert_allclose(found[name][:n], known[name][:n], rtol=1e-3, atol=1e-3, err_msg=name)
    expected = known["sha256"] if SAME_ARITHMETIC else ELSEWHERE.setdefault((setup, remedy), found["sha256"])
    assert found["sha256"] == expected, "the losses agree, but not every bit of the parameters: see make_first_steps.py"


@pytest.mark.parametrize("setup, remedy", [
    pytest.param(setup, remedy, marks=() if setup == "quick" else pytest.mark.slow) for setup in SETUPS for remedy in REMEDIES])
def test_the_first_steps_are_what_they_were(setup, remedy):
    check_first_steps(setup, remedy)


@pytest.mark.parametrize("remedy", ["plain", "relativistic_r1_r2", "wgan_gp", "optimistic", "unrolled", "spectral_norm"])
def test_steps_that_are_not_replayed_are_the_same(remedy, monkeypatch):
    monkeypatch.setattr(recipe, "two_players", functools.partial(two_players, replay=False))
    check_first_steps("quick", remedy)


def test_every_run_is_in_the_file():
    assert KNOWN["runs"].keys() == {f"{setup} {remedy}" for setup in SETUPS for remedy in REMEDIES}
    assert all(len(run["sha256"]) == 64 and len(run["d_loss"]) == len(run["g_loss"]) == 10 for run in KNOWN["runs"].values())


def test_remedies_differ_in_what_they_do():
    """One digest for all would be no digest. Two remedies are the plain setup by another name, here."""
    digests = {name: run["sha256"] for name, run in KNOWN["runs"].items() if name.startswith("quick ")}
    assert len(set(digests.values())) == len(digests) - 1 and digests["quick plain"] == digests["quick nonsaturating"]


def test_losses_that_are_a_little_off_are_noticed_on_any_machine(monkeypatch):
    run = KNOWN["runs"]["quick plain"]
    monkeypatch.setitem(KNOWN["runs"], "quick plain", run | {"g_loss": [value + 0.003 for value in run["g_loss"]]})
    with pytest.raises(AssertionError, match="g_loss"):
        check_first_steps("quick", "plain")


def test_another_arithmetic_is_judged_by_its_losses_alone(monkeypatch):
    """As on another machine: a digest of its own, which a change of the code does not match."""
    run = KNOWN["runs"]["quick plain"]
    monkeypatch.setattr("test_first_steps.SAME_ARITHMETIC", False)
    monkeypatch.setattr("test_first_steps.ELSEWHERE", {})
    monkeypatch.setitem(KNOWN["runs"], "quick plain", run | {"sha256": "0" * 64})
    check_first_steps("quick", "plain")
    check_first_steps("quick", "plain")
    mutants.adam_in_another_order(monkeypatch)
    with pytest.raises(AssertionError, match="not every bit"):
        check_first_steps("quick", "plain")
