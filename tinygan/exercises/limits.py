"""How a student's code is kept from running for ever, and from ending the program.

    with Watch(seconds): ...        raises `TooLate` in the block when it takes longer
    with exits_raise(): ...         os._exit raises SystemExit in the block, as sys.exit does
    with last_resort(seconds): ...  ends the program when a call in the block lets nothing else run
"""

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
import threading
from _thread import interrupt_main

AGAIN = 0.1  # seconds until something that has caught the interruption is interrupted again
PATIENCE = 100  # interruptions that may be caught

leave = os._exit  # before anything replaces it


class TooLate(BaseException):
    """Raised inside of what runs too long; `except Exception` does not catch it."""


class Watch:
    """A time limit for the block that it is used in. `TooLate` is raised in it, again and again until the block is left.

    In the main thread this comes as a signal, like Ctrl-C, which also ends a sleep. In another thread Python raises it.
    """

    def __init__(self, seconds, stuck=None):
        self.seconds, self.stuck = seconds, stuck
        self.thread, self.lock, self.left = threading.current_thread(), threading.RLock(), threading.Event()
        self.late = self.pressed = self.over = self.debugged = False
        self.main, self.before = self.thread is threading.main_thread(), None

    def __enter__(self):
        if self.main:  # a process that was started in the background may ignore Ctrl-C, so this one does not
            self.before = signal.signal(signal.SIGINT, self._signalled) or signal.default_int_handler
        with contextlib.suppress(RuntimeError):  # where no thread can be started there is no limit
            threading.Thread(target=self._wait, name="tinygan time limit", daemon=True).start()
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """From here on nothing is interrupted."""
        self.over = True
        with self.lock:  # the last interruption has been sent, or none will be
            self.left.set()
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
            self.before = None
        elif self.late and not self.main:
            take_interruption()

    def _wait(self):
        pause, times = self.seconds, 0
        while not self.left.wait(pause):
            with self.lock:
                if not self.over:
                    self.late = True
                    self._interrupt()
            pause, times = AGAIN, times + (not self.debugged)
            if times == PATIENCE and self.stuck is not None:
                self.stuck()

    def _interrupt(self):
        if not self.main:
            raise_in(self.thread, TooLate)
        elif hasattr(signal, "pthread_kill"):
            signal.pthread_kill(self.thread.ident, signal.SIGINT)
        else:  # Windows
            interrupt_main()

    def _signalled(self, *_):
        self.debugged = debugging()
        if not self.late:
            self.pressed = True
            raise KeyboardInterrupt
        if not self.over and not self.debugged:
            raise TooLate


def debugging():
    """Whether somebody steps through the code with pdb or in an editor, which takes its time."""
    tracer = getattr(sys.gettrace(), "__self__", None)
    return "pydevd" in sys.modules or "bdb" in sys.modules and isinstance(tracer, sys.modules["bdb"].Bdb)


def raise_in(thread, error):
    """Have Python raise an exception in a thread, at its next step."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(error))


def take_interruption():
    """Nothing is on its way to this thread afterwards.

    `TooLate` is sent once more, takes the place of one that still waits, and is caught. Cancelled instead, it would leave Python
    3.11 with a mark that something waits, and a thread that is traced, by coverage or a debugger, would not get past that mark.
    """
    with contextlib.suppress(TooLate):
        raise_in(threading.current_thread(), TooLate)
        while True:
            pass


@contextlib.contextmanager
def exits_raise():
    """os._exit too ends no more than what is called here."""
    process = os.getpid()

    def raised(status=0):
        if os.getpid() != process:  # a child process ends like this
            leave(status)
        raise SystemExit(status)

    os._exit = raised
    try:
        yield
    finally:
        os._exit = leave


@contextlib.contextmanager
def last_resort(seconds, file):
    """End the program after so many seconds, with the lines that run written to a file (or its number).

    For a single call that no other thread can run beside, such as sum(range(10**12)): there `Watch` waits as well.
    """
    if not debugging():
        faulthandler.dump_traceback_later(seconds, exit=True, file=file)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
