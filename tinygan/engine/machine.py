"""What training asks of the machine: one thread, memory that is kept, and processes that end together."""

import _thread
import ctypes
import functools
import math
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

GRACE = 3.0  # seconds that a process has to clean up
CLEANED = "ignore:resource_tracker:UserWarning"  # what a killed process has left is removed: nothing is left to do about it


@functools.cache
def memory() -> float:
    """Bytes of memory that this machine has; infinity where it does not tell."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # Windows, and others without these names
        return math.inf


def fits(what: str, *sizes: float, itemsize: float = 8) -> None:
    """Raises MemoryError, before anything is allocated, for an array of these sizes that this machine cannot hold.

    The system may promise more memory than there is, and end the process when it is used.
    """
    needed = math.prod(sizes) * itemsize
    if needed > memory():
        raise MemoryError(f"{what} would take {in_words(needed)}, and this machine has {in_words(memory())}")


def in_words(size: float) -> str:
    """So many bytes as a person reads them, from 0.1 kB on."""
    size = min(size, 1e300)
    unit, name = next(((unit, name) for unit, name in ((1e9, "GB"), (1e6, "MB")) if size >= unit / 10), (1e3, "kB"))
    return f"{size / unit:,.1f} {name}" if size < 1e24 else f"{size / unit:.0e} {name}"


def runs(pid: int) -> bool:
    """Whether a process with this number may be running."""
    if os.name != "posix":  # there the same call would end it
        return True
    try:
        with suppress(PermissionError, OverflowError):
            os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def one_thread() -> AbstractContextManager[Any]:
    """A context in which matrix products take one thread. Matrices this small would mostly make threads wait for each other."""
    return _pools(len(sys.modules)).limit(limits=1)


@functools.lru_cache(maxsize=1)
def _pools(modules: int) -> Any:
    """The libraries that have threads. To look for them takes some milliseconds, so it is done again only after an import."""
    from threadpoolctl import ThreadpoolController  # comes with scikit-learn

    return ThreadpoolController()


@functools.cache
def keep_memory() -> None:
    """Ask glibc to keep freed memory for the next arrays, for the rest of the process. Elsewhere than on Linux it does nothing.

    A step makes hundreds of arrays and frees them again. By default the C library hands larger ones back to the system each
    time and pays for every page anew. With two nets of 3 x 128 on batches of 256 these are some 1 800 page faults a step, a
    third of the time. With this there are none, and layers may go on returning new arrays, as their formulas do.
    """
    if sys.platform.startswith("linux"):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            trim_threshold, mmap_threshold = -1, -3  # the names' numbers in malloc.h
            mallopt(trim_threshold, 256 << 20)
            mallopt(mmap_threshold, 32 << 20)


def processes(jobs: int | None, work: Any) -> Iterator[Any]:
    """The results of joblib's `work` as they are ready, from its active backend, which may be a cluster.

    Processes of this machine end with this one, or once the results are closed. They never get Ctrl-C, which a terminal sends to
    all of them.
    """
    results = _begun(jobs, work)
    try:
        for result in results:  # noqa: UP028  "yield from" would close them too early, and joblib warns that some were not used
            yield result
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _begun(jobs: int | None, work: Any) -> Any:
    from joblib import Parallel
    from joblib.parallel import get_active_backend

    if jobs == 1 or type(get_active_backend()[0]).__name__ != "LokyBackend":
        return Parallel(jobs, return_as="generator_unordered")(work)
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as of_loky

    sys.warnoptions.append(CLEANED)  # the trackers' own processes are begun with it
    try:
        for tracker in (resource_tracker, of_loky):  # where one of them begins later, it lets Ctrl-C through again
            tracker.ensure_running()
    finally:
        sys.warnoptions.remove(CLEANED)
    parallel = Parallel(jobs, return_as="generator_unordered", initializer=end_with_the_parent, initargs=(os.getpid(),))
    with _without_ctrl_c():
        return parallel(work)


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Processes that are begun here never get Ctrl-C; in this one it waits until the end."""
    mask = getattr(signal, "pthread_sigmask", None)  # Windows has none
    if mask is None:
        yield
        return
    before = mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)


@functools.cache
def end_with_the_parent(parent: int) -> None:
    """End this process soon after the process `parent`, which has begun it: by SystemExit in the first thread, or without it."""

    def leave(*_: Any) -> None:
        raise SystemExit(1)

    def nobody_reads(*_: Any) -> None:  # a result cannot be handed over: no traceback about it, where the parent has ended
        time.sleep(0.1)  # a process that ends closes its pipes a moment earlier
        if os.getppid() != parent:
            os._exit(1)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        _thread.interrupt_main(signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    if os.getppid() != parent:  # it has ended already
        os._exit(1)
    signal.signal(signal.SIGTERM, leave)
    if hasattr(signal, "SIGPIPE"):  # Windows has none
        signal.signal(signal.SIGPIPE, nobody_reads)
    threading.Thread(target=watch, daemon=True).start()
