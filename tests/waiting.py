"""How a test waits for what comes by itself: a process that ends, a thread that is gone, a file that is written.

PATIENCE measures nothing. What is right takes seconds, however busy the machine is; what never comes would hold up all tests.
"""

import time

PATIENCE = 600.0  # seconds until what has not come will never come


def until(condition, pause=lambda: time.sleep(0.01)):
    """What `condition()` gives, once it is true. `pause()` is called in between."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, "what this test waits for has not come"
        pause()
    return found
