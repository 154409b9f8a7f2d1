"""Where CI is set, a test that was skipped makes the run fail, unless it is listed. All the tests run in several processes, a
few of them in one. Arithmetic has one thread."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl
from hypothesis import HealthCheck, settings

SKIPPED = 'import pytest\n\n\ndef test_one():\n    pytest.skip("no fork here")\n'
MISSING = 'import pytest\n\npytest.importorskip("no_such_module", reason="no_such_module is missing")\n'


@pytest.mark.sampled(3)
@pytest.mark.parametrize("text, ci, listed, code, said", [
    (SKIPPED, "true", False, 1, "fails where CI is set: test_it.py::test_one: Skipped: no fork here"),
    (SKIPPED, "true", True, 0, "1 skipped"), (SKIPPED, "", False, 0, "1 skipped"),
    (MISSING + "\n\ndef test_one():\n    pass\n", "true", False, 1, "test_it.py: Skipped: no_such_module is missing")])
def test_a_skipped_test_fails_on_ci(text, ci, listed, code, said, tmp_path):
    conftest = (Path(__file__).parent / "conftest.py").read_text("utf-8")
    if listed:
        begin = "MAY_SKIP: dict[str, str] = {"
        assert begin in conftest
        conftest = conftest.replace(begin, begin + '"test_it.py::test_one": "no fork", ')
    (tmp_path / "conftest.py").write_text(conftest, "utf-8")
    (tmp_path / "test_it.py").write_text(text, "utf-8")
    (tmp_path / "test_other.py").write_text("def test_other():\n    pass\n", "utf-8")
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."], cwd=tmp_path, capture_output=True,
                         text=True, env=os.environ | {"CI": ci})
    assert run.returncode == code and said in run.stdout


def test_arithmetic_has_one_thread():
    """Of the libraries that were loaded with NumPy, which is imported after conftest.py."""
    assert np.ones(2) @ np.ones(2) == 2
    counts = {library["num_threads"] for library in threadpoolctl.threadpool_info()}
    assert counts == {1}


def test_no_clock_makes_a_property_fail():
    """Neither a slow call nor slow drawing; also where a test has settings of its own."""
    for own in (settings(), settings(max_examples=3)):
        assert own.deadline is None and HealthCheck.too_slow in own.suppress_health_check


PROCESSES = """import pytest

def test_one(request):
    pytest.fail("shared" if hasattr(request.config, "workerinput") else "alone")

def test_two():
    pytest.skip("no fork here")
"""


@pytest.mark.slow
@pytest.mark.parametrize("words, where", [
    ([], "shared" if os.cpu_count() > 1 else "alone"), (["-n", "0"], "alone"), (["-n", "2"], "shared"), (["-s"], "alone"),
    (["tests"], "alone"), (["tests/test_it.py::test_one", "tests/test_it.py::test_two"], "alone")])
def test_all_the_tests_together_are_shared_by_processes(words, where, tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conftest.py").write_text((Path(__file__).parent / "conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "tests" / "test_it.py").write_text(PROCESSES, "utf-8")
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\ntestpaths = tests\n", "utf-8")
    said = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words], cwd=tmp_path, text=True,
                          capture_output=True, env=os.environ | {"CI": "true"}).stdout
    assert f"Failed: {where}" in said and "1 failed, 1 skipped" in said
    assert "fails where CI is set: tests/test_it.py::test_two: Skipped: no fork here" in said
