"""What makes the modes too narrow? One setting at a time, and a few together, on the ring and on the grid.

    python tests/benchmarks/recipe_probes.py [--work FOLDER]           all; the same command goes on with a stopped study
    python tests/benchmarks/recipe_probes.py --only ring.base          these alone; nothing is written
    python tests/benchmarks/recipe_probes.py --table fine_probes       the setup `fine`, on a hundred modes
    python tests/benchmarks/recipe_probes.py --record ring_8_near      a table of the recipe that was found, on seeds from 0 on

Each probe is BASE, or the setup `fine` with 20 000 steps, with what its line in TABLES changes, and one or two seeds from 100
on: the recipe is chosen by these. A record has the seeds 0 to 19. Of the ring three were run with earlier choices as well:
0 to 2 with `ring.beside_20k`, and 0 with `ring.beside_20k_gamma_.03`; of the grid none. Batches of 512 were chosen with seed 100,
in two runs on the ring and two on the grid that are in no table. Of the probes in TABLES no finished run is left out. With
`beside` in its name a probe has Fourier features beside D's input, the setting `d_fourier`. Every run is scored after its last
step, by 10 000 samples of the averaged generator.
"""

import argparse
import functools
import json
import math
import os
import platform
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinygan import data, plots
from tinygan.cli.studying import NOTE as STUDY_NOTE
from tinygan.metrics.tables import aligned
from tinygan.recipe import Recipe
from tinygan.study import SETUPS, Remedy, Setup, run_study, summary, summary_table

RESULTS = Path(__file__).parents[2] / "docs" / "results"
FIRST = 100  # the first seed
BASE = Recipe(hidden=(64,) * 4, batch=128, steps=6000, schedule="cosine_decay", lr=3e-3, beta1=0.0, beta2=0.99, ema=0.995,
             loss="relativistic")


def unequal():
    """The ring with shares of 1 to 8 in 36."""
    return data.Mixture(data.ring().means, .02, np.arange(1, 9) / 36, name="unequal")


def turned():
    """The grid turned by 30 degrees."""
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    return data.Mixture(data.grid().means @ np.array([[c, s], [-s, c]]), .05, name="turned")


DATA = {"ring": data.ring, "grid": data.grid, "lattice": data.lattice, "unequal": unequal, "turned": turned,
        "big_grid": functools.partial(data.by_name, "big_grid")}
# R1 and R2, unless a probe has others: about a fifth of the squared distance of neighbours, falling to a thirtieth of that. For
# the hundred modes it is four times as much.
GAMMA = {"ring": (0.3, 0.01), "grid": (0.1, 0.003), "lattice": (0.22, 0.007), "unequal": (0.3, 0.01),
         "turned": (0.1, 0.003), "big_grid": (0.1, 0.003)}


class Probed(NamedTuple):
    """One probe: the data, and what is changed."""

    data: str
    changes: dict
    seeds: int = 2
    base: Recipe = BASE

    @property
    def recipe(self):
        """The whole recipe."""
        gamma = GAMMA[self.data]
        return self.base.replace(**{"r1": gamma, "r2": gamma} | self.changes)

    @property
    def told(self):
        """What is changed, as text; R1 and R2 with one weight are called gamma."""
        changes = dict(self.changes)
        if changes.get("r1") == changes.get("r2") is not None:
            changes = {"gamma": changes.pop("r1")} | changes
            del changes["r2"]
        values = ((name, getattr(value, "__name__", None) or " ".join(map(str, value if isinstance(value, tuple) else [value])))
                  for name, value in changes.items())
        return ", ".join(f"{name} {value}" for name, value in values) or "nothing"


def gamma(start, stop):
    """R1 and R2 with this weight, falling."""
    return {"r1": (start, stop), "r2": (start, stop)}


def late(fraction):
    """A schedule: 1 for 60 % of the run, then half a cosine down to 0."""
    return 1.0 if fraction < .6 else float(1 + np.cos(np.pi * (fraction - .6) / .4)) / 2


NEAR, FINER = {"d_fourier": (64, 3.0, .1)}, {"d_fourier": (64, 8.0, .04)}
LARGE = {"hidden": (96,) * 4, "batch": 256, "steps": 20_000}
PROBES = {
    "ring.base": Probed("ring", {}),
    "ring.gamma_1e-3": Probed("ring", gamma(.3, 1e-3)),
    "ring.gamma_1e-4": Probed("ring", gamma(.3, 1e-4)),
    "ring.gamma_1e-6": Probed("ring", gamma(.3, 1e-6)),
    "ring.late_gamma_1e-5": Probed("ring", {"schedule": late, **gamma(.3, 1e-5)}),
    "ring.beside": Probed("ring", NEAR),
    "ring.beside_gamma_.1": Probed("ring", {**NEAR, **gamma(.3, .1)}),
    "ring.beside_gamma_.03": Probed("ring", {**NEAR, **gamma(.3, .03)}),
    "ring.beside_gamma_1e-4": Probed("ring", {**NEAR, **gamma(.3, 1e-4)}),
    "ring.beside_gamma_1e-6": Probed("ring", {**NEAR, **gamma(.3, 1e-6)}),
    "ring.beside_latent_4": Probed("ring", {**NEAR, **gamma(.3, .03), "latent": 4}, 1),
    "ring.beside_8": Probed("ring", {**FINER, **gamma(.3, .03)}, 1),
    "ring.beside_8_larger": Probed("ring", {"d_fourier": (64, 8.0, .1), **gamma(.3, .03)}, 1),
    "ring.beside_8_latent_4": Probed("ring", {**FINER, **gamma(.3, .03), "latent": 4}, 1),
    "ring.beside_20k": Probed("ring", {**NEAR, "steps": 20_000}, 1),
    "ring.beside_20k_gamma_.1": Probed("ring", {**NEAR, "steps": 20_000, **gamma(.3, .1)}, 1),
    "ring.beside_20k_gamma_.03": Probed("ring", {**NEAR, "steps": 20_000, **gamma(.3, .03)}, 1),
    "ring.beside_8_latent_3_20k": Probed("ring", {**FINER, **gamma(.3, .03), "latent": 3, "steps": 20_000}, 1),
    "ring.beside_8_latent_4_20k": Probed("ring", {**FINER, **gamma(.3, .03), "latent": 4, "steps": 20_000}, 1),
    "grid.base": Probed("grid", {}, 1),
    "grid.beside": Probed("grid", NEAR),
    "grid.beside_20k": Probed("grid", {**NEAR, "steps": 20_000}, 1),
    "grid.beside_8_latent_3_20k": Probed("grid", {**FINER, **gamma(.1, .01), "latent": 3, "steps": 20_000}, 1),
    "grid.beside_20k_gamma_.01": Probed("grid", {**NEAR, **gamma(.1, .01), "steps": 20_000}, 1),
    "grid.large_20k": Probed("grid", LARGE, 1),
    "grid.large_beside_20k": Probed("grid", {**NEAR, **LARGE}, 1),
    "grid.large_beside_20k_gamma_.01": Probed("grid", {**NEAR, **gamma(.1, .01), **LARGE}, 1),
    "grid.large_beside_8_20k": Probed("grid", {**FINER, **LARGE}, 1),
    "grid.large_beside_8_latent_3_20k": Probed("grid", {**FINER, **gamma(.1, .01), "latent": 3, **LARGE}, 1),
    "grid.large_beside_5_latent_3_20k": Probed("grid", {"d_fourier": (64, 5.0, .06), **gamma(.1, .01), "latent": 3, **LARGE}, 1),
    "grid.large_beside_5_20k": Probed("grid", {"d_fourier": (64, 5.0, .06), **LARGE}, 1),
    "grid.large_beside_5_larger_20k": Probed("grid", {"d_fourier": (64, 5.0, .1), **LARGE}, 1),
    "grid.large_beside_6_20k": Probed("grid", {"d_fourier": (64, 6.0, .06), **LARGE}, 1),
    "grid.large_beside_5_more_20k": Probed("grid", {"d_fourier": (128, 5.0, .06), **LARGE}, 1),
    "grid.large_beside_4_20k": Probed("grid", {"d_fourier": (64, 4.0, .06), **LARGE}, 1),
    "lattice.base": Probed("lattice", {"latent": 3}, 1),
    "lattice.beside": Probed("lattice", {"latent": 3, **NEAR}, 1),
    "unequal.base": Probed("unequal", {}, 1),
    "unequal.beside": Probed("unequal", NEAR, 1),
    "turned.base": Probed("turned", {}, 1),
    "turned.beside": Probed("turned", NEAR, 1),
}
FINE = functools.partial(Probed, "big_grid", seeds=1, base=SETUPS["fine"].recipe.replace(loss="relativistic", steps=20_000))
FINE_PROBES = {
    "fine": FINE({}),
    "fine.no_features": FINE({"fourier": None}),
    "fine.d_scale_1": FINE({"fourier": (64, .5, 1.0)}),
    "fine.d_scale_.5": FINE({"fourier": (64, .5, .5)}),
    "fine.d_scale_.2": FINE({"fourier": (64, .5, .2)}),
    "fine.layers_4": FINE({"hidden": (96,) * 4}),
    "fine.layers_6": FINE({"hidden": (96,) * 6}),
    "fine.wider_d_scale_1": FINE({"hidden": (128,) * 3, "fourier": (64, .5, 1.0)}),
}
RING = {**FINER, **gamma(.3, .03), "latent": 3, "steps": 20_000}
GRID = {"d_fourier": (64, 5.0, .06), **LARGE}
RECORDS = {"ring_8_near": Probed("ring", RING, 20), "grid_25_near": Probed("grid", GRID, 20),
           "grid_25_near_minute": Probed("grid", {**GRID, "steps": 11_500}, 20),
           "ring_8_large_batch": Probed("ring", {**RING, "batch": 512}, 20),
           "grid_25_large_batch": Probed("grid", {**GRID, **gamma(.1, .01), "latent": 3, "batch": 512}, 20)}
TABLES = {"recipe_probes": PROBES, "fine_probes": FINE_PROBES}
WHO = "relativistic_r1_r2_near"  # the row of a record's table


SHOWN = ("ring.base", "ring.beside", "ring.beside_20k_gamma_.03", "ring.beside_8_latent_3_20k")  # in the picture


def known():
    """Every probe and record by its name."""
    return {name: probe for probes in (*TABLES.values(), RECORDS) for name, probe in probes.items()}


def record(name, folder, jobs, seeds=None):
    """The rows of a record; those that are in the folder are not made again."""
    probe = RECORDS[name]
    (folder / name).mkdir(parents=True, exist_ok=True)
    return run_study({WHO: Remedy("R1, R2 and Fourier features beside D's input")},
                     {probe.data: DATA[probe.data]().standardized()}, range(probe.seeds) if seeds is None else seeds,
                     Setup("record", "BASE, with changes", probe.recipe), folder=folder / name, jobs=jobs,
                     on_row=lambda row: print("seed", row.seed, f"{row.seconds:.0f} s", row.judged, flush=True))


def write_record(name, rows, out):
    """The table of a record, and its runs."""
    probe = RECORDS[name]
    mixtures = {probe.data: DATA[probe.data]().standardized()}
    text = f"{summary_table(summary(rows, mixtures), mixtures)}\n\n{ranges(rows)}\n\n{STUDY_NOTE}\n"
    print(f"\n{text}", end="")
    about = {"command": f"python tests/benchmarks/recipe_probes.py --record {name}", "recipe": probe.told, **machine()}
    runs = [{"remedy": row.remedy, **{key: value for key, value in flat(name, row).items() if key not in ("probe", "changed")}}
            for row in rows]
    (out / f"{name}.txt").write_text(text)
    (out / f"{name}.json").write_text(json.dumps({"about": about, "runs": runs}, indent=1) + "\n")


def ranges(rows):
    """The least, the largest and the median of each judged score."""
    parts = []
    for key, digits in SCORES.values():
        found = np.nan_to_num([getattr(row.judged, key) if row.judged else WORST.get(key, 0.0) for row in rows])
        parts.append(f"{key} {found.min():.{digits}f} to {found.max():.{digits}f} ({np.median(found):.{digits}f})")
    return f"{WHO}, {len(rows)} runs, from least to largest (median): " + "; ".join(parts)


def machine():
    return {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "numpy": np.__version__}


def run(name, folder):
    """The rows of one probe; those that are in the folder are not made again."""
    probe = known()[name]
    (folder / name).mkdir(parents=True, exist_ok=True)
    return run_study({name: Remedy("a probe")}, {probe.data: DATA[probe.data]().standardized()},
                     range(FIRST, FIRST + probe.seeds), Setup("probe", "BASE, with changes", probe.recipe),
                     folder=folder / name, jobs=1)


SCORES = {"half": ("modes_half", 1), "quality": ("high_quality", 3), "rev. KL": ("reverse_kl", 3), "TV": ("tv", 3),
          "spread": ("std_ratio", 2), "1-NN": ("one_nn", 3), "classifier": ("classifier", 3)}
WORST = {"reverse_kl": 4.0, "tv": 1.0, "one_nn": 1.0, "classifier": 1.0}  # of a run that diverged; else 0
HEADS = ["", "runs", *SCORES, "raw: quality", "spread", "CPU s", "changed"]
NOTE = """Means over the runs, of the averaged G after the last step; "raw" is G itself. Spread is the width of the modes, 1 in
truth; 1-NN and classifier are .5 for true samples. A run that diverged counts as one that found nothing. See docs/metrics.rst."""


def mean(rows, key, report):
    """The mean of a score; a run that diverged has the worst one."""
    found = [getattr(report(row), key) if report(row) else WORST.get(key, 0.0) for row in rows]
    return float(np.mean(np.nan_to_num(found)))


def line(name, rows):
    """A row of the table."""
    values = [f"{mean(rows, key, lambda row: row.judged):.{digits}f}" for key, digits in SCORES.values()]
    raw = [f"{mean(rows, key, lambda row: row.raw):.{digits}f}" for key, digits in (("high_quality", 3), ("std_ratio", 2))]
    return [name, f"{len(rows)}", *values, *raw, f"{np.mean([row.seconds for row in rows]):.0f}", known()[name].told]


def table(found):
    """All probes as text."""
    rows = [HEADS, *(line(name, rows) for name, rows in found.items())]
    wide = max(len(row[-1]) for row in rows)
    return "\n".join(text.rstrip() for text in aligned([[*row[:-1], row[-1].ljust(wide)] for row in rows]).splitlines())


def as_json(found, which):
    """Everything that the table is made from."""
    words = "" if which == "recipe_probes" else f" --table {which}"
    about = {"command": f"python tests/benchmarks/recipe_probes.py{words}", **machine()}
    return {"about": about, "runs": [flat(name, row) for name, rows in found.items() for row in rows]}


def flat(name, row):
    """A run as a plain dict."""
    reports = {key: report and {score: round(value, 5) for score, value in report._asdict().items()}
               for key, report in (("judged", row.judged), ("raw", row.raw))}
    return {"probe": name, "changed": known()[name].told, "seed": row.seed, "seconds": round(row.seconds, 1),
            "diverged": row.diverged, **reports}


@plots.style()
def picture(found):
    """One mode of a few probes, that with the most points among the 500 kept ones, in units of its standard deviation."""
    import matplotlib.pyplot as plt

    shown = [name for name in SHOWN if name in found and found[name][0].x is not None]
    figure, axes = plt.subplots(1, len(shown) + 1, figsize=(2.4 * len(shown) + 2.4, 3), sharex=True, sharey=True)
    true = np.random.default_rng(0).standard_normal((70, 2))
    for ax, name in zip(axes, ["true samples", *shown], strict=True):
        u = true if name == "true samples" else largest(found[name][0], name)
        ax.plot(*u[:, :2].T, ".", color=plots.TRUE if u is true else plots.FAKE, markersize=3)
        ax.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", title=name, xlabel="standard deviations")
    return figure


def largest(row, name):
    """The points of a run that are nearest to its largest mode, in units of its standard deviation from its centre."""
    mixture = DATA[known()[name].data]().standardized()
    mode = np.linalg.norm(row.x[:, None] - mixture.means, axis=-1).argmin(axis=-1)
    k = np.bincount(mode).argmax()
    return (row.x[mode == k] - mixture.means[k]) / mixture.stds[k]


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", choices=TABLES, default="recipe_probes", help="which probes; by default those of BASE")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these probes of the table; nothing is written")
    parser.add_argument("--work", type=Path, default=Path("tinygan-probes"), help="folder for the runs, to go on from")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the files go; made if it does not exist")
    parser.add_argument("--record", choices=RECORDS, help="a table of the recipe that was found")
    parser.add_argument("--jobs", type=int, default=1, help="processes of a record")
    options = parser.parse_args(words)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.record:
        write_record(options.record, record(options.record, options.work, options.jobs), options.out)
        return
    unknown = set(options.only or ()).difference(TABLES[options.table])
    if unknown:
        parser.error(f"--only: {options.table} has no {', '.join(sorted(unknown))}; known: {', '.join(TABLES[options.table])}")
    found = {}
    for name in options.only or TABLES[options.table]:
        found[name] = run(name, options.work)
        print(*line(name, found[name]), sep="  ", flush=True)
    text = f"{table(found)}\n\n{NOTE}\n"
    print(f"\n{text}", end="")
    if not options.only:
        file = options.out / options.table
        file.with_suffix(".txt").write_text(text)
        file.with_suffix(".json").write_text(json.dumps(as_json(found, options.table), indent=1) + "\n")
        if options.table == "recipe_probes":
            plots.save(picture(found), file.with_suffix(".png"))


if __name__ == "__main__":
    main()
