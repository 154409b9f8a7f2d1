"""What training asks of the machine: one thread, and memory that is kept."""

import ctypes
import functools
import sys
from contextlib import AbstractContextManager
from typing import Any


def one_thread() -> AbstractContextManager[Any]:
    """A context in which matrix products take one thread: matrices this small would mostly make threads wait for each other."""
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    return threadpool_limits(1)


@functools.cache
def keep_memory() -> None:
    """Ask glibc to keep freed memory for the next arrays, for the rest of the process. Elsewhere than on Linux it does nothing.

    A step makes hundreds of arrays and frees them again. By default the C library hands larger ones back to the system each time
    and pays for every page anew: some 1 800 page faults a step with two nets of 3 x 128 on batches of 256, a third of the time.
    With this there are none, and layers may go on returning new arrays, as their formulas do.
    """
    if sys.platform.startswith("linux"):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            trim_threshold, mmap_threshold = -1, -3  # the names' numbers in malloc.h
            mallopt(trim_threshold, 256 << 20)
            mallopt(mmap_threshold, 32 << 20)
