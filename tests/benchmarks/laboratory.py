"""Remedies against mode collapse, over many seeds: the studies behind the tables.

    python tests/benchmarks/laboratory.py NAME [--jobs 2] [--work FOLDER]
    python tests/benchmarks/laboratory.py grid_25 --kept                    TV and spread of the runs that are in docs/results

The tables in docs/results that have no column "classifier %" were measured before there was one: the command makes them anew.
Every run is scored after its last step, with 10 000 samples; where an average is kept, it is that generator, as declared
beforehand, and the raw one stands beside it. No seed is chosen or dropped; the settings of `recipe` and its gammas were
searched for with the seeds 100 and 101, those of `fine` with 100, those of `quick` with the seeds that are shown. What the
numbers mean is said under the table. Gamma, the weight of R1 and R2, is a squared length, and so is chosen for each data set:
it begins at about a fifth of the squared distance between neighbouring modes.
"""

import argparse
import json
import os
import platform
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinygan import data, plots
from tinygan.cli.studying import NOTE
from tinygan.metrics.tables import aligned
from tinygan.study import BARS, REMEDIES, SETUPS, run_study, summary, summary_table, truth_rows
from tinygan.study.remedies import with_gamma

RESULTS = Path(__file__).parents[2] / "docs" / "results"


class Plan(NamedTuple):
    """A study, by the same names as on the command line."""

    data: str
    remedies: tuple
    setup: str
    seeds: int
    gamma: tuple | None = None
    lr: float | None = None
    steps: int | None = None
    batch: int | None = None
    replicas: int = 1

    def command(self):
        """The same at the command line of the package."""
        words = ["python -m tinygan study --data", self.data, "--setup", self.setup, "--remedies", *self.remedies,
                 "--seeds", self.seeds, "--replicas", self.replicas]
        words += ["--gamma", *self.gamma] if self.gamma else []
        words += ["--lr", self.lr] if self.lr else []
        words += ["--steps", self.steps] if self.steps else []
        words += ["--batch", self.batch] if self.batch else []
        return " ".join(map(str, words))


LOSS_AND_PENALTY = ("plain", "r1", "r1_r2", "relativistic", "relativistic_r1", "relativistic_r1_r2")
PLANS = {
    "grid_25": Plan("grid", ("relativistic_r1_r2",), "recipe", 20, batch=256),
    "grid_25_in_a_minute": Plan("grid", ("relativistic_r1_r2",), "recipe", 20),
    "grid_100": Plan("big_grid", ("relativistic_r1_r2",), "fine", 10),
    "ring_8": Plan("ring", ("relativistic_r1_r2",), "recipe", 20, gamma=(0.3, 0.01), lr=3e-3),
    "ring_8_too_fast": Plan("ring", ("relativistic_r1_r2",), "recipe", 20, gamma=(0.3, 0.01)),
    "collapse_and_cure": Plan("ring", ("plain", "packing_4", "wgan_gp", "r1_r2"), "quick", 20, gamma=(0.3,), steps=4000,
                              replicas=20),
    "loss_and_penalty": Plan("ring", LOSS_AND_PENALTY, "quick", 10, gamma=(0.3,), steps=4000, replicas=10),
    "all_remedies": Plan("ring", tuple(REMEDIES), "quick", 20, gamma=(0.3,), steps=4000, replicas=20),
}


def measure(plan, folder, jobs):
    """The rows of a study and its tables; runs that are in the folder are not made again."""
    changed = {"steps": plan.steps, "batch": plan.batch, "lr": plan.lr, "lr_d": plan.lr}
    setup = SETUPS[plan.setup].replace(**{name: value for name, value in changed.items() if value is not None})
    mixtures = {plan.data: data.by_name(plan.data).standardized()}
    remedies = {name: with_gamma(REMEDIES[name], plan.gamma) for name in plan.remedies}
    folder.mkdir(parents=True, exist_ok=True)
    rows = run_study(remedies, mixtures, range(plan.seeds), setup, folder=folder, replicas=plan.replicas, jobs=jobs,
                     on_row=lambda row: print(row.remedy, "seed", row.seed, f"{row.seconds:.0f} s", row.judged, flush=True))
    return rows, mixtures[plan.data]


def flat(row):
    """A row as a plain dict: the judged scores, and the raw ones."""
    reports = {"judged": row.judged, "raw": row.raw}
    return {"remedy": row.remedy, "seed": row.seed, "seconds": round(row.seconds, 1), "diverged": row.diverged,
            **{key: report and {name: round(value, 5) for name, value in report._asdict().items()}
               for key, report in reports.items()}}


def worst_and_best(rows):
    """A line for each remedy: the range of the judged scores over the seeds; a spread that is NaN counts as 0."""
    lines = []
    for name in dict.fromkeys(row.remedy for row in rows):
        reports = [row.judged for row in rows if row.remedy == name and row.judged]
        keys = ("modes_half", "high_quality", "reverse_kl", "tv", "std_ratio", "one_nn", "classifier")
        ranges = {key: np.sort(np.nan_to_num([getattr(report, key) for report in reports])) for key in keys}
        lines.append(f"{name}, {len(reports)} runs, from worst to best (median): " + "; ".join(
            f"{key} {values[0]:.4g} to {values[-1]:.4g} ({np.median(values):.4g})" for key, values in ranges.items()))
    return "\n".join(lines)


def kept(name):
    """A table of the runs in docs/results: spread and TV of the judged generators, a spread that is NaN counts as 0."""
    low, high = BARS.spread
    table = [["", "runs", "spread, least", "median", "largest", f"{low} to {high}", "TV, least", "median", "largest"]]
    runs = json.loads((RESULTS / f"{name}.json").read_text())["runs"]
    for remedy in dict.fromkeys(run["remedy"] for run in runs):
        here = [run["judged"] for run in runs if run["remedy"] == remedy]
        scores = [report or {"std_ratio": 0, "tv": 1} for report in here]  # nothing to show for a run that diverged
        spread, tv = (np.nan_to_num([score[key] for score in scores]) for key in ("std_ratio", "tv"))
        inside = int(((low <= spread) & (spread <= high)).sum())
        parts = [[f"{f(x):.{digits}f}" for f in (np.min, np.median, np.max)] for x, digits in ((spread, 2), (tv, 3))]
        table.append([remedy, f"{len(here)}", *parts[0], f"{inside} of {len(here)}", *parts[1]])
    return f"{name}\n{aligned(table)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=PLANS)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--work", type=Path, default=Path("tinygan-laboratory"), help="folder for the runs, to go on from")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the files go; made if it does not exist")
    parser.add_argument("--quick", action="store_true", help="two seeds of 20 steps: does everything run?")
    parser.add_argument("--kept", action="store_true", help="print TV and spread of the runs in docs/results, and run nothing")
    options = parser.parse_args()
    if options.kept:
        print(kept(options.name))
        return
    plan = PLANS[options.name]
    if options.quick and options.out == RESULTS:
        parser.error("--quick measures nothing: give it another folder with --out")
    if options.quick:
        plan = plan._replace(seeds=2, steps=20, replicas=2)
    options.out.mkdir(parents=True, exist_ok=True)
    rows, mixture = measure(plan, options.work / options.name, options.jobs)
    mixtures = {plan.data: mixture}
    summaries = summary(rows, mixtures)
    text = f"{summary_table(summaries, mixtures)}\n\n{worst_and_best(rows)}\n\n{NOTE}\n"
    print(text)
    about = {"command": f"python tests/benchmarks/laboratory.py {options.name}", "the same by": plan.command(),
             "machine": f"{platform.machine()}, {os.cpu_count()} cores", "numpy": np.__version__}
    results = {"about": about, "runs": [flat(row) for row in rows]}
    (options.out / f"{options.name}.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.out / f"{options.name}.txt").write_text(text)
    truth = truth_rows(mixtures, sorted({row.seed for row in rows})[:plots.comparison.COLUMNS])
    plots.save(plots.remedies(truth + rows, mixture), options.out / f"{options.name}-samples.png")
    if len(plan.remedies) > 1:
        by_name = {name: found for (_, name), found in summaries.items()}
        plots.save(plots.intervals(by_name, mixture.n_modes), options.out / f"{options.name}-intervals.png")


if __name__ == "__main__":
    main()
