"""The demo over many seeds: does it find all eight modes, and how long does one take from command to files?

    python tests/benchmarks/demo.py [--seeds 20] [--out DIR]

Runs `python -m tinygan demo --seed s` for s = 0, 1, 2 ... one after the other, each a fresh process. The scores are those of
10 000 samples of the last parameters. Nothing is chosen or dropped. Writes docs/results/demo.json and demo.txt.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tinygan import data, metrics
from tinygan.cli import learning, run_files

RESULTS = Path(__file__).parents[2] / "docs" / "results"


def run_demo(seed):
    """One demo in a process of its own: seconds, and the scores of the run that it left."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "demo"
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "tinygan", "demo", "--seed", str(seed), "--out", str(out)],
                       check=True, capture_output=True)
        seconds = time.perf_counter() - start
        run = run_files.load(out)
    report = metrics.mode_report(learning.sample(run, 10_000, seed), data.ring())
    return {"seed": seed, "seconds": seconds, **report._asdict()}


def text(rows, truth):
    """The rows as a table, the counts below it."""
    lines = [f"{'seed':>5}{'seconds':>9}{'modes':>7}{'half':>6}{'visited':>9}{'high quality':>14}{'reverse KL':>12}"]
    lines += [f"{r['seed']:>5}{r['seconds']:>9.1f}{r['modes']:>7}{r['modes_half']:>6}{r['modes_visited']:>9}"
              f"{r['high_quality']:>14.1%}{r['reverse_kl']:>12.4f}" for r in rows]
    lines += [f"truth{'':>9}{truth.modes:>7}{truth.modes_half:>6}{truth.modes_visited:>9}"
              f"{truth.high_quality:>14.1%}{truth.reverse_kl:>12.4f}", ""]
    for name in ("modes", "modes_half", "modes_visited"):
        lines.append(f"{name} = 8 on {sum(r[name] == 8 for r in rows)} of {len(rows)} seeds")
    quality = [r["high_quality"] for r in rows]
    lines.append(f"high quality: median {np.median(quality):.1%}, from {min(quality):.1%} to {max(quality):.1%}")
    seconds = [r["seconds"] for r in rows]
    lines.append(f"seconds from command to files: median {np.median(seconds):.1f}, at most {max(seconds):.1f}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 0")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the files go; made if it does not exist")
    options, rows = parser.parse_args(), []
    options.out.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seeds):
        rows.append(run_demo(seed))
        print(f"seed {seed}: {rows[-1]['modes']} modes, {rows[-1]['seconds']:.1f} s", flush=True)
    truth = metrics.truth_report(data.ring(), 10_000, np.random.default_rng(0))
    about = {"command": "python tests/benchmarks/demo.py", "python": platform.python_version(), "numpy": np.__version__,
             "machine": f"{platform.machine()}, {os.cpu_count()} cores"}
    results = {"about": about, "truth": truth._asdict(), "rows": rows}
    (options.out / "demo.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.out / "demo.txt").write_text(text(rows, truth))
    print(text(rows, truth))


if __name__ == "__main__":
    main()
