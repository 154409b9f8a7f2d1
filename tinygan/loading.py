"""Ctrl-C and SIGTERM while the command line still loads its modules. They end it with one line and the documented exit code.

    importing this module   takes the two signals, where the process was begun as `python -m tinygan` or `tinygan`
    done()                  gives Ctrl-C back; SIGTERM stays with the command line, which takes it by itself

NumPy and the others take a part of a second, and a Ctrl-C in between would show the traceback of an import.
"""

import os
import signal
import sys
from itertools import pairwise
from types import FrameType
from typing import Any

CODES = {signal.SIGINT: ("Ctrl-C", 130), signal.SIGTERM: ("SIGTERM", 143)}
BEFORE: list[Any] = []  # what Ctrl-C did before


def is_command() -> bool:
    """Whether this process was begun to run the command line, and nothing else."""
    by_name = os.path.basename(sys.argv[0]) in ("tinygan", "tinygan.exe", "tinygan-script.py")
    return by_name or ("-m", "tinygan") in pairwise(sys.orig_argv[1:])


def stop(number: int, frame: FrameType | None) -> None:
    """Say it and end. Nothing has been written yet, and half-loaded modules could not clean up."""
    name, code = CODES[signal.Signals(number)]
    os.write(2, f"tinygan: stopped by {name}\n".encode())
    os._exit(code)


def done() -> None:
    """Everything is loaded."""
    while BEFORE:
        signal.signal(signal.SIGINT, BEFORE.pop())


if is_command():
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else a parent has it ignored
        BEFORE.append(signal.signal(signal.SIGINT, stop))
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, stop)
