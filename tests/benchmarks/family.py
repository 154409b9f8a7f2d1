"""The systems of the family over many seeds, each beside its controls: the tables of docs/results/family_*.

    python tests/benchmarks/family.py NAME [--seeds 8] [--rows ROW ...]

One process, one thread. Seeds 0 up, none dropped. Where an average is kept, it is that generator which is scored, after the last
step. What is finished already stands in FOLDER/NAME.jsonl and is not made again (--work FOLDER).
"""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402  the number of threads must be set before

from tinygan.metrics.tables import aligned  # noqa: E402

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / "docs" / "results"
PLANS = sorted(path.stem for path in (HERE / "family_plans").glob("[!_]*.py") if path.stem != "common")


def measured(plan, seeds, rows, kept):
    """{row: [scores of each seed]}; `kept` is the file in which finished runs stand."""
    done = {}
    if kept.exists():
        for line in kept.read_text().splitlines():
            run = json.loads(line)
            done[run["row"], run["seed"]] = run["scores"]
    for row in rows:
        for seed in range(seeds):
            if (row, seed) in done:
                continue
            start = time.process_time()
            scores = {name: float(value) for name, value in plan.rows[row](seed).items()}
            print(f"{row}, seed {seed}, {time.process_time() - start:.1f} s: "
                  + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()), flush=True)
            done[row, seed] = scores
            with kept.open("a") as file:
                file.write(json.dumps({"row": row, "seed": seed, "scores": scores}) + "\n")
    return {row: [done[row, seed] for seed in range(seeds)] for row in rows}


def table(runs, fixed):
    """A line for each row: of each column the median, and the smallest and largest over the seeds."""
    everything = (*fixed.values(), *(scores for several in runs.values() for scores in several))
    columns = list(dict.fromkeys(name for scores in everything for name in scores))
    lines = [["", "seeds", *columns]]
    for row, scores in fixed.items():
        lines.append([row, "-", *(f"{scores[name]:.3f}" if name in scores else "" for name in columns)])
    for row, several in runs.items():
        cells = []
        for name in columns:
            values = [scores[name] for scores in several if name in scores]
            cells.append(f"{np.median(values):.3f} ({min(values):.3f} to {max(values):.3f})" if values else "")
        lines.append([row, str(len(several)), *cells])
    return aligned(lines)


def verdicts(plan, runs):
    """A line for each bar: on how many seeds it holds."""
    lines = []
    for (row, column), (side, bar) in plan.bars.items():
        if row in runs:
            values = [scores[column] for scores in runs[row]]
            held = sum(value >= bar if side == "at least" else value <= bar for value in values)
            lines.append(f"{row}, {column} {side} {bar:g}: {held} of {len(values)} seeds")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=PLANS)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--rows", nargs="+", help="only these rows; nothing is written to --out then")
    parser.add_argument("--work", type=Path, default=Path("tinygan-family"), help="folder for finished runs, to go on from")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table goes, an existing folder")
    options = parser.parse_args()
    sys.path.insert(0, str(HERE))
    plan = importlib.import_module(f"family_plans.{options.name}").PLAN
    for folder in (options.work, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    runs = measured(plan, options.seeds, options.rows or list(plan.rows), options.work / f"{options.name}.jsonl")
    fixed = {} if options.rows else plan.fixed()
    note = "Median over the seeds, and the smallest to the largest. cpu_seconds: one run, processor time on one core."
    text = f"{table(runs, fixed)}\n\n{verdicts(plan, runs)}\n\n{plan.about}\n{note}\n"
    print(text)
    if options.rows:
        return
    seeds = f" --seeds {options.seeds}" if options.seeds != 8 else ""
    about = {"command": f"python tests/benchmarks/family.py {options.name}{seeds}",
             "machine": f"{platform.machine()}, {os.cpu_count()} cores", "numpy": np.__version__}
    results = {"about": about, "runs": runs, "fixed": fixed}
    (options.out / f"family_{options.name}.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.out / f"family_{options.name}.txt").write_text(text)


if __name__ == "__main__":
    main()
