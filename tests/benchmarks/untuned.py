"""Does the recipe hold where nobody tuned it? Five mixtures by which no setting was chosen, with features and without.

    python tests/benchmarks/untuned.py [--work FOLDER]       all; the same command goes on with a stopped study
    python tests/benchmarks/untuned.py --only lattice        these data alone; nothing is written

The recipe is that of the record `ring_8_near`, with Fourier features beside D's input, and the same without the features. What
depends on the data follows rules that were written down before the first run. With s the smallest standard deviation of a mode,
r the least distance between two centres, and d dimensions, all after the data were standardised:

    R1 and R2    r^2 / 5, falling to a thirtieth of that
    z            d + 1 dimensions
    features     64 of them, of scale .7 / (2 pi s sqrt(d / 2)) and size .32 / scale: those of the record, where the data are its

Seeds 0 to 3 with 6000 steps, 0 and 1 with 20 000, none left out. Each run is scored after its last step, by 10 000 samples of
the averaged generator.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import recipe_probes as probes

from tinygan import data
from tinygan.metrics import FullReport, scales, truth_full_report
from tinygan.metrics.tables import aligned
from tinygan.study import Remedy, Setup, run_study

SEEDS = {6000: range(4), 20_000: range(2)}  # of each number of steps
DRAWS, SAMPLES = range(4), 10_000  # of true samples
DATA = {"lattice": data.lattice, "hypercube": data.hypercube, "unequal": probes.unequal, "turned": probes.turned,
        "tilted_ring": data.tilted_ring}
RECIPES = ("without", "features")
SCORES = {"visited": ("modes_visited", 1), **probes.SCORES}
NOTE = """Means over the runs, of the averaged G after the last step. The first row of each part is the score of true samples.
"Visited" and "half" count the modes that have at least half of their share, of all samples and of those within 3 standard
deviations. In 10 dimensions these are less than half of the true samples, so there only "visited" counts modes. A run that
diverged counts as one that found nothing. See docs/metrics.rst."""


def rounded(x):
    """`x` with two digits."""
    return float(f"{x:.2g}")


def recipe(mixture, features, steps):
    """The recipe for standardised data, by the rules above."""
    s, r = scales(mixture)
    scale = .7 / (2 * math.pi * s * math.sqrt(mixture.dim / 2))
    gamma = rounded(r**2 / 5), rounded(r**2 / 150)
    return probes.BASE.replace(steps=steps, latent=mixture.dim + 1, r1=gamma, r2=gamma,
                               d_fourier=(64, rounded(scale), rounded(.32 / scale)) if features else None)


def run(name, kind, steps, folder):
    """The rows of one recipe on one kind of data; those that are in the folder are not made again."""
    mixture, own = DATA[name]().standardized(), folder / f"{name}-{kind}-{steps}"
    own.mkdir(parents=True, exist_ok=True)
    setup = Setup("untuned", "the recipe by its rules", recipe(mixture, kind == "features", steps))
    return run_study({kind: Remedy("R1 and R2")}, {name: mixture}, SEEDS[steps], setup, folder=own, replicas=4, jobs=1)


def flat(name, kind, steps, row):
    """A run as a plain dict."""
    reports = {key: report and {score: round(value, 5) for score, value in report._asdict().items()}
               for key, report in (("judged", row.judged), ("raw", row.raw))}
    return {"data": name, "recipe": kind, "steps": steps, "seed": row.seed, "seconds": round(row.seconds, 1),
            "diverged": row.diverged, **reports}


def truth(name):
    """What true samples score, in the mean of several draws."""
    mixture = DATA[name]().standardized()
    found = [truth_full_report(mixture, SAMPLES, np.random.default_rng(seed)) for seed in DRAWS]
    return {key: round(float(np.mean([getattr(report, key) for report in found])), 5) for key in FullReport._fields}


def mean(runs, key):
    """The mean of a score; a run that diverged has the worst one."""
    found = [run["judged"][key] if run["judged"] else probes.WORST.get(key, 0.0) for run in runs]
    return float(np.mean(np.nan_to_num(found)))


def cells(runs):
    """The scores of some runs, as texts."""
    return [f"{mean(runs, key):.{digits}f}" for key, digits in SCORES.values()]


def table(found, floor):
    """All runs as text, a part for each kind of data."""
    rows = [["", "runs", *SCORES, "CPU s"]]
    for name in floor:
        rows.append([f"{name}: true samples", "", *cells([{"judged": floor[name]}])])
        for steps in sorted({run["steps"] for run in found}):
            for kind in RECIPES:
                runs = [run for run in found if (run["data"], run["recipe"], run["steps"]) == (name, kind, steps)]
                seconds = f"{np.mean([run['seconds'] for run in runs]):.0f}"
                rows.append([f"{name}: {kind}, {steps} steps", f"{len(runs)}", *cells(runs), seconds])
    return aligned(rows)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=DATA, metavar="DATA", help="these data; nothing is written")
    parser.add_argument("--work", type=Path, default=Path("tinygan-untuned"), help="folder for the runs, to go on from")
    parser.add_argument("--out", type=Path, default=probes.RESULTS, help="where the files go; made if it does not exist")
    options = parser.parse_args(words)
    options.out.mkdir(parents=True, exist_ok=True)
    names, found = options.only or [*DATA], []
    for steps in SEEDS:
        for name in names:
            for kind in RECIPES:
                mine = [flat(name, kind, steps, row) for row in run(name, kind, steps, options.work)]
                print(f"{name}: {kind}, {steps} steps", *cells(mine), sep="  ", flush=True)
                found += mine
    floor = {name: truth(name) for name in names}
    text = f"{table(found, floor)}\n\n{NOTE}\n"
    print(f"\n{text}", end="")
    if not options.only:
        about = {"command": "python tests/benchmarks/untuned.py", **probes.machine()}
        settings = {name: {kind: str(recipe(DATA[name]().standardized(), kind == "features", min(SEEDS))) for kind in RECIPES}
                    for name in names}
        (options.out / "untuned.txt").write_text(text)
        (options.out / "untuned.json").write_text(json.dumps({"about": about, "recipes": settings, "truth": floor, "runs": found},
                                                             indent=1) + "\n")


if __name__ == "__main__":
    main()
