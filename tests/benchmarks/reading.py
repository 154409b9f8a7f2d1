"""How long reading a table takes, and how much memory reading and sampling take.

    python tests/benchmarks/reading.py [ROWS]

`tinygan sample` writes ROWS / 10 and ROWS rows, each in a process of its own; ROWS is a million unless it is given. This comes
first, for the system counts the memory of this process to theirs. Then three tables are read: one of three columns with six
decimals; one of fifty columns with one digit in each cell, ROWS / 10 rows; and the first one with a column of text in front, a
category. Time is beside that of NumPy's own reader where it can read the table, memory beside the file. The numbers alone take
8 bytes each, which is four times the file where each cell has one digit.
"""

import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from tinygan import data, files
from tinygan.cli import learning, run_files
from tinygan.recipe import Recipe

# Memory is that above what the imports and a few samples take.
SAMPLE = """
import resource, sys
from tinygan.__main__ import main
def sample(n, out):
    assert main(["sample", "run", "-n", n, "--force", "--out", out]) == 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
few = sample("10", sys.argv[2])
print(sample(sys.argv[1], sys.argv[2]) - few)
"""


def seconds(read):
    begin = time.process_time()
    read()
    return time.process_time() - begin


def write_tables(folder, rows):
    """path -> (what it holds, the names of its columns of categories)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, 3))
    np.savetxt(folder / "cloud.csv", x, delimiter=",", fmt="%.6f")
    np.savetxt(folder / "digits.csv", rng.integers(0, 10, (rows // 10, 50)), delimiter=",", fmt="%d")
    with open(folder / "kinds.csv", "w", encoding="utf-8") as file:
        file.writelines(f"{'red green blue'.split()[k]},{a:.6f},{b:.6f},{c:.6f}\n"
                        for k, (a, b, c) in zip(rng.integers(0, 3, rows), x, strict=True))
    return {folder / "cloud.csv": (f"{rows:,} rows of 3 columns", ()),
            folder / "digits.csv": (f"{rows // 10:,} rows of 50 columns of one digit", ()),
            folder / "kinds.csv": (f"{rows:,} rows of a category and 3 columns", ("x1",))}


def read(path, what, categorical):
    """A line about reading the table."""
    ours = seconds(lambda: data.from_file(path, categorical=categorical))
    theirs = "" if categorical else f", np.loadtxt {seconds(lambda: np.loadtxt(path, delimiter=',')):.2f} s"
    tracemalloc.start()
    data.from_file(path, categorical=categorical)
    peak, size = tracemalloc.get_traced_memory()[1], path.stat().st_size
    tracemalloc.stop()
    return f"{what}: {ours:.2f} s of CPU{theirs}; memory at most {peak / size:.2f} times the file"


def sample(folder, n, out):
    """A line about the memory that writing n samples takes."""
    said = subprocess.run([sys.executable, "-c", SAMPLE, str(n), out], cwd=folder, capture_output=True, text=True, check=True)
    return f"{n:,} samples into a table ({out}): {int(said.stdout.split()[-1]) / 1024:.0f} MB more than 10 samples"


def main(rows=1_000_000):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files.write(np.random.default_rng(0).standard_normal((500, 3)), folder / "few.csv")
        run = run_files.build(Recipe(data=str(folder / "few.csv"), steps=2))
        (folder / "run").mkdir()
        run_files.save(run._replace(history=learning._training(run).run(progress=False)), folder / "run")
        for out in ("x.csv", "x.npy"):
            for n in (rows // 10, rows):
                print(sample(folder, n, out))
        for path, (what, categorical) in write_tables(folder, rows).items():
            print(read(path, what, categorical))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
