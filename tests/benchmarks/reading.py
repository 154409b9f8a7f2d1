"""How long reading a table takes, beside NumPy's own reader, and how much memory it takes, beside the file.

    python tests/benchmarks/reading.py [ROWS]

ROWS is a million unless it is given; the table has three columns.
"""

import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from tinygan import data


def seconds(read):
    begin = time.process_time()
    read()
    return time.process_time() - begin


def main(rows=1_000_000):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cloud.csv"
        np.savetxt(path, np.random.default_rng(0).standard_normal((rows, 3)), delimiter=",", fmt="%.6f")
        ours, theirs = (seconds(read) for read in (lambda: data.from_file(path), lambda: np.loadtxt(path, delimiter=",")))
        tracemalloc.start()
        data.from_file(path)
        peak, size = tracemalloc.get_traced_memory()[1], path.stat().st_size
    print(f"{rows:,} rows of 3 columns: {ours:.2f} s of CPU, np.loadtxt {theirs:.2f} s; "
          f"memory at most {peak / size:.2f} times the file")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
