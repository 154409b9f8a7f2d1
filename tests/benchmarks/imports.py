"""What does `import tinygan` cost beside NumPy's own import?

    python tests/benchmarks/imports.py [--runs 10]

Each run is a fresh Python that imports NumPy and then tinygan, and takes the processor time of both. The least of all runs
counts: a busy machine only adds. Prints both times and their ratio, and writes nothing. tests/test_house.py counts the modules
instead, which does not depend on the machine.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """\
import time
start = time.process_time()
import numpy
between = time.process_time()
import tinygan
print(between - start, time.process_time() - between)
"""


def once():
    """Seconds of processor time in a fresh Python: NumPy's import, and tinygan's after it."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run([sys.executable, "-c", CODE], env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True,
                          check=True)
    return tuple(map(float, done.stdout.split()))


def least(runs):
    """The least of each time over `runs` runs, after one that compiles and is not counted."""
    once()
    return tuple(map(min, zip(*(once() for _ in range(runs)), strict=True)))


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=10, help="how many fresh processes")
    numpy, tinygan = least(options.parse_args().runs)
    print(f"import numpy {1000 * numpy:.0f} ms, then import tinygan {1000 * tinygan:.0f} ms: a ratio of {tinygan / numpy:.2f}")


if __name__ == "__main__":
    main()
