"""Where CI is set, a test that was skipped makes the run fail, unless it is listed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = 'import pytest\n\n\ndef test_one():\n    pytest.skip("no fork here")\n'
MISSING = 'import pytest\n\npytest.importorskip("no_such_module", reason="no_such_module is missing")\n'


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
