"""Settings shared by all tests: hypothesis draws the same examples every time, no clock can make it fail, and where CI is set no
test may be skipped, but for those that are listed here."""

import gc
import os
import signal
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("tinygan", derandomize=True, deadline=None, max_examples=25, database=None,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tinygan")

# One thread: these matrices are so small that threads mostly wait for each other. It must be said before NumPy is imported.
os.environ.update({f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")})


MOST_PROCESSES = 4  # each takes up to 0.6 GB and the time to collect all the tests

MAY_SKIP: dict[str, str] = {  # {test: why it cannot run on the machine that runs .ci/run}
    "tests/test_estimator.py::test_with_pandas": "pandas is no dependency of ours",
    "tests/test_own_data.py::test_pytorch_reads_the_generator": "torch is in the extra bench",
}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at its options
def pytest_cmdline_main(config):
    """Where pytest runs alone, so without names of files, and pytest-xdist is installed, several processes share the tests.

    A few files or tests run in one process as always: that begins sooner, and shows what they print. `-n 0` does that for all.
    """
    options, processes = config.option, min(os.cpu_count(), MOST_PROCESSES)
    unasked = getattr(options, "numprocesses", 0) is None and config.args_source is config.ArgsSource.TESTPATHS
    alone = options.usepdb or options.collectonly or options.capture == "no" or hasattr(config, "workerinput") or (
        getattr(options, "cov_source", None))  # pytest-cov has asked for the number of processes before this
    if unasked and not alone and processes > 1:
        options.numprocesses, options.dist = processes, "worksteal"


@pytest.hookimpl(tryfirst=True)  # before pytest looks at the mark slow
def pytest_collection_modifyitems(items):
    """Of a test that is marked sampled(n) each n-th case stays quick. The slow tests run all the others."""
    seen = Counter()
    for item in items:
        mark = item.get_closest_marker("sampled")
        if mark:
            if seen[item.function] % mark.args[0]:
                item.add_marker("slow")
            seen[item.function] += 1


def pytest_collection_finish(session):
    """Lessons run in processes of their own: begin them now, on another core, while the other tests run on this one.

    Of several processes that share the tests each collects them all. So there a lesson begins when its test does.
    """
    gc.freeze()  # thousands of collected tests need not be looked through again and again
    gc.set_threshold(50_000, 20, 20)  # the usual 700 looks for cycles so often that it costs a twentieth of the time
    lessons = [item.callspec.params["lesson"] for item in session.items if item.originalname == "test_lesson_runs"]
    shared = hasattr(session.config, "workerinput")  # pytest-xdist
    if lessons and not shared and not session.config.option.collectonly:
        session.config.lessons = sys.modules["test_lessons"].begin(lessons)


def unexpected(reports):
    """The tests that were skipped although they are not listed, each with its reason."""
    unlisted = (report for report in reports if report.nodeid.partition("[")[0] not in MAY_SKIP)
    return [f"{each.nodeid}: {each.longrepr[2] if isinstance(each.longrepr, tuple) else each.longrepr}" for each in unlisted]


def skipped(config):
    return config.pluginmanager.getplugin("terminalreporter").stats.get("skipped", []) if os.environ.get("CI") else []


def pytest_sessionfinish(session, exitstatus):
    if unexpected(skipped(session.config)) and not exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    for line in unexpected(skipped(config)):
        terminalreporter.write_line(f"SKIPPED, which fails where CI is set: {line}")


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """A function: the words of a command -> exit code, what it printed, what it complained. Run in an empty folder."""
    from tinygan.__main__ import main  # here, so that a run without this fixture does not import it

    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have switched Ctrl-C off
    capsys.readouterr()

    def run(*words):
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    yield run
    signal.signal(signal.SIGINT, before)
