"""Remedies against mode collapse, each tuned at the same cost: is the best of them still the best?

    python tests/benchmarks/tuning.py --dry                             the settings that would be tried, and how many runs
    python tests/benchmarks/tuning.py ring [--jobs 2] [--work FOLDER]   the study; the same command goes on with a stopped one
    python tests/benchmarks/tuning.py grid --cluster tcp://scheduler:8786

Every remedy gets the same number of settings, drawn once, at random, from the ranges in SHARED and OWN. The shared part of
setting i is the same for all remedies, and each remedy draws its own strength. Then the runs alone decide:

    1. tune        each setting with 4 seeds
    2. validate    the 3 best with 4 fresh seeds; the one with the best mean score wins
    3. test        the winner with 20 new seeds, at each budget of steps

No seed is in two of the three. The score of a run, 0 to 1, is the mean of two shares: that of the modes with at least half of
their share of samples, and 2 (1 - a), at most 1, with a the larger accuracy of the two classifiers of `metrics.full_report`. It
is 0 for a run that diverged, and about 1 for true samples. A remedy without a strength of its own has fewer settings to choose
from, but as many trials. `plain` and `nonsaturating` are the same here, so their rows must be equal: that is a control.

The file tuning_ring.json keeps the scores of all runs. Lucic et al. 2018, Are GANs Created Equal?, compared losses in this way.
"""

import argparse
import json
import math
import os
import platform
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinygan import data, plots
from tinygan.cli.studying import NOTE
from tinygan.metrics.tables import aligned
from tinygan.recipe import Recipe
from tinygan.settings import written
from tinygan.study import REMEDIES, Remedy, Setup, run_study, summary, summary_table

RESULTS = Path(__file__).parents[2] / "docs" / "results"
SEED = 20  # of all draws
SETTINGS, FINALISTS = 16, 3
TUNE, VALIDATE, TEST = range(1000, 1004), range(1100, 1104), range(2000, 2020)
BUDGETS = {"ring": (4000, 8000), "grid": (10_000, 20_000)}  # steps; the first is that of tuning and validation
BASE = Recipe(hidden=(64, 64), batch=128, schedule="cosine_decay", lr=1e-3)


class Log(NamedTuple):
    """A range from which numbers are drawn evenly on a logarithmic scale, and rounded to three digits."""

    low: float
    high: float

    def draw(self, rng):
        return float(f"{math.exp(rng.uniform(math.log(self.low), math.log(self.high))):.3g}")


class Of(NamedTuple):
    """Values of which one is drawn."""

    values: tuple

    def draw(self, rng):
        return self.values[rng.integers(len(self.values))]


SHARED = {"lr": Log(1e-4, 1e-2), "lr_d": Log(1e-4, 1e-2), "beta1": Of((0.0, 0.5)), "batch": Of((64, 128)),
          "hidden": Of(((32, 32), (64, 64)))}
# A fall of gamma is a factor: 1 keeps it, 30 divides it by 30 over the run.
GAMMA = {"gamma": Log(0.01, 3), "fall": Of((1, 30))}
OWN = {
    "two_time_scales": {"factor": Log(1.4, 4)},
    "wgan_clip": {"clip": Log(0.003, 0.3), "d_steps": Of((1, 3, 5))},
    "wgan_gp": {"gp": Log(0.01, 10), "d_steps": Of((1, 3, 5))},
    "r1": GAMMA, "r1_r2": GAMMA, "relativistic_r1": GAMMA, "relativistic_r1_r2": GAMMA,
    "instance_noise": {"noise": Log(0.02, 0.5)},
    "label_smoothing": {"real_label": Of((0.7, 0.8, 0.9, 0.95))},
    "averaging": {"ema": Of((0.99, 0.995, 0.998, 0.999, 0.9995))},
    "d_steps_5": {"d_steps": Of((2, 3, 5, 8))},
    "unrolled": {"unroll_steps": Of((1, 3, 5, 8)), "unroll_size": Log(1e-3, 0.3)},
}


def drawn(ranges, *seed):
    """One value from each range, name -> value."""
    rng = np.random.default_rng(seed)
    return {name: one.draw(rng) for name, one in ranges.items()}


def settings_of(name, count):
    """The settings that a remedy is tried with, "name.00" -> Remedy. The first of a larger count are those of a smaller one."""
    return {f"{name}.{i:02d}": tuned(REMEDIES[name], drawn(SHARED, SEED, i),
                                     drawn(OWN.get(name, {}), SEED, i, zlib.crc32(name.encode())))
            for i in range(count)}


def tuned(remedy, shared, own):
    """The remedy with these shared settings, and with this strength of its own."""
    own, rates = dict(own), remedy.rates
    if "gamma" in own:
        gamma, fall = own.pop("gamma"), own.pop("fall")
        weight = gamma if fall == 1 else (gamma, float(f"{gamma / fall:.3g}"))
        own |= {key: weight for key in ("r1", "r2") if key in remedy.changes}
    if "unroll_steps" in own:
        own["unroll"] = (own.pop("unroll_steps"), own.pop("unroll_size"))
    if "noise" in own:
        own["instance_noise"] = (own.pop("noise"), 0)
    if "factor" in own:
        factor = own.pop("factor")
        rates = (1 / factor, factor)
    return Remedy(remedy.about, rates=rates, **{**remedy.changes, **shared, **own})


def described(remedy):
    """What a setting sets, as text: the rates after all factors, to four digits, and every other value as it was drawn."""
    applied = remedy.applied(BASE)
    rates = {name: f"{rate:.4g}" for name, rate in zip(("lr", "lr_d"), applied.rates(), strict=True)}
    values = {name: written(getattr(applied, name)) for name in (*SHARED, *remedy.changes)} | rates
    return ", ".join(f"{name} {text}" for name, text in values.items())


def score(row, mixture):
    """The declared score of a run, 0 to 1."""
    if row.diverged is not None:
        return 0.0
    accuracy = max(row.judged.one_nn, row.judged.classifier)
    return (row.judged.modes_half / mixture.n_modes + min(1.0, 2 * (1 - accuracy))) / 2


def scores_of(rows, mixture):
    """The scores of each setting, in the order of its seeds: name -> (seeds,)."""
    found = {}
    for row in rows:
        found.setdefault(row.remedy, []).append(score(row, mixture))
    return {name: np.array(scores) for name, scores in found.items()}


def best(scores, count):
    """The names of the settings with the best mean scores, the best first; of equal ones the first."""
    return sorted(scores, key=lambda name: -scores[name].mean())[:count]


def against_budget(scores):
    """The expected score of the best of m settings, m = 1 ... n, on seeds by which it was not chosen: (n,).

    The best is chosen by one half of the seeds and scored by the other, and the other way round. With i settings below it, a
    setting is the best in C(i, m - 1) of the C(n, m) choices of m settings. A single seed must do both.
    """
    table = np.stack(list(scores.values()))  # (n, seeds)
    n, half = table.shape[0], max(1, table.shape[1] // 2)
    expected = np.zeros(n)
    for chosen, judged in ((table[:, :half], table[:, half:]), (table[:, half:], table[:, :half])):
        if table.shape[1] == 1:
            chosen = judged = table
        values = judged.mean(axis=1)[np.argsort(chosen.mean(axis=1), kind="stable")]
        for m in range(1, n + 1):
            weights = [math.comb(i, m - 1) / math.comb(n, m) for i in range(n)]
            expected[m - 1] += values @ weights / 2
    return expected


class Study:
    """The runs of one data set, in a folder; each stage of each remedy is a study of its own, and goes on where it was."""

    def __init__(self, options, mixture):
        self.options, self.mixture, self.seconds = options, mixture, {}

    def run(self, name, stage, settings, seeds, steps):
        """The rows of one stage of one remedy."""
        folder = self.options.work / self.options.data / name / f"{stage}-{steps}"
        folder.mkdir(parents=True, exist_ok=True)
        setup = Setup("tuning", "for comparisons at equal cost", BASE.replace(steps=steps))
        rows = run_study(settings, {self.options.data: self.mixture}, seeds, setup, folder=folder,
                         replicas=self.options.replicas, jobs=None if self.options.cluster else self.options.jobs)
        self.seconds[name, f"{stage}, {steps}"] = sum(row.seconds for row in rows)
        print(f"{name}, {stage}, {steps} steps: {len(rows)} runs, {self.seconds[name, f'{stage}, {steps}']:.0f} s", flush=True)
        return rows

    def compete(self, name):
        """The three stages of a remedy: what won, the scores of the tuning, and the rows of the test for each budget."""
        options, settings = self.options, settings_of(name, self.options.settings)
        steps = options.budgets[0]
        tuning = scores_of(self.run(name, "tune", settings, TUNE[:options.seeds], steps), self.mixture)
        finalists = {key: settings[key] for key in best(tuning, FINALISTS)}
        validation = scores_of(self.run(name, "validate", finalists, VALIDATE[:options.seeds], steps), self.mixture)
        winner, = best(validation, 1)
        test = {budget: self.run(name, "test", {winner: settings[winner]}, TEST[:options.test], budget)
                for budget in options.budgets}
        return {"winner": winner, "settings": described(settings[winner]), "tuning": tuning,
                "validation": validation[winner].mean(),
                "test": {budget: [row._replace(remedy=name) for row in rows] for budget, rows in test.items()}}


def report(found, study):
    """All tables as text."""
    mixtures, parts = {study.options.data: study.mixture}, []
    for budget in study.options.budgets:
        rows = [row for one in found.values() for row in one["test"][budget]]
        parts.append(f"{budget} steps, the winners on new seeds\n{summary_table(summary(rows, mixtures), mixtures)}")
    parts.append(NOTE)
    curves = {name: against_budget(one["tuning"]) for name, one in found.items()}
    shown = [m for m in (1, 2, 4, 8, 16, 32, 64) if m <= study.options.settings]
    heads = ["", *(f"best of {m}" for m in shown), "validation", *(f"test, {budget}" for budget in study.options.budgets)]
    lines = [[name, *(f"{curves[name][m - 1]:.3f}" for m in shown), f"{one['validation']:.3f}",
              *(f"{np.mean([score(row, study.mixture) for row in rows]):.3f}" for rows in one["test"].values())]
             for name, one in found.items()]
    parts.append("The score, against the number of settings tried, on seeds by which they were not chosen; then of the winner, "
                 f"on the seeds of\nthe validation, by which it was chosen, and on new ones:\n{aligned([heads, *lines])}")
    won = [(f"  {one['winner']}", one["settings"]) for one in found.values()]
    parts.append(f"The settings that won:\n{aligned(won, left=2)}")
    return "\n\n".join([*parts, cost(found, study.seconds)]) + "\n"


def cost(found, seconds):
    """What was spent: the processor's time of each remedy and of all."""
    each = {name: sum(time for (remedy, _), time in seconds.items() if remedy == name) for name in found}
    lines = [[f"  {name}", f"{time / 60:.1f}"] for name, time in each.items()]
    return f"Processor time, minutes:\n{aligned([*lines, ['  all', f'{sum(each.values()) / 60:.1f}']])}"


COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000")  # told apart by colour-blind readers as well


@plots.style()
def picture(found, mixture):
    """On the left the expected score against the number of settings tried, the six best at the end in colour, the others in grey.
    On the right every remedy by its name, a setting drawn at random, and the winner on new seeds at each budget.
    """
    import matplotlib.pyplot as plt

    curves = {name: against_budget(one["tuning"]) for name, one in found.items()}
    best_six = sorted(curves, key=lambda name: -curves[name][-1])[:6]
    looks = {name: {"color": color, "marker": marker} for name, color, marker in zip(best_six, COLOURS, "o^svDP", strict=False)}
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 1.6 + .2 * max(len(found), 14)), width_ratios=(1, 1))
    for name in [*(name for name in found if name not in looks), *reversed(best_six)]:
        m = np.arange(1, len(curves[name]) + 1)
        look = {"linewidth": 1.8, "markersize": 4, "label": name.replace("_", " "), **looks[name]} if name in looks else {
            "linewidth": .8, "color": "0.75"}
        left.plot(m, curves[name], **look)
    ticks = [m for m in (1, 2, 4, 8, 16, 32, 64) if m <= max(map(len, curves.values()))]
    left.set_xscale("log", base=2)
    left.set_xticks(ticks, [str(m) for m in ticks])
    left.set(xlabel="settings tried", ylabel="expected score of the best, on other seeds", ylim=(0, 1),
             title="What more settings bring")
    handles, labels = left.get_legend_handles_labels()
    left.legend(handles[::-1], labels[::-1], loc="upper center", bbox_to_anchor=(.5, -.1), ncol=3)
    dots(right, found, {name: curve[0] for name, curve in curves.items()}, mixture)
    return figure


def dots(ax, found, untuned, mixture):
    """Every remedy in a line, the best at the longest budget on top, with the scores of its winner, and before any tuning."""
    scores = {name: [np.mean([score(row, mixture) for row in rows]) for rows in one["test"].values()]
              for name, one in found.items()}
    order = sorted(scores, key=lambda name: scores[name][-1])
    places, budgets = np.arange(len(order)), list(next(iter(found.values()))["test"])
    ax.plot([untuned[name] for name in order], places, "o", color="0.4", markerfacecolor="none", markersize=5,
            label=f"a setting at random, {budgets[0]} steps")
    for column, (budget, color, marker) in enumerate(zip(budgets, COLOURS * len(budgets), "sD^v" * len(budgets), strict=False)):
        ax.plot([scores[name][column] for name in order], places, marker, color=color, markersize=5,
                label=f"the winner, {budget} steps")
    ax.set_yticks(places, [name.replace("_", " ") for name in order], fontsize=8)
    ax.grid(axis="y", color="0.9", linewidth=.6)
    ax.set_axisbelow(True)
    ax.set(xlim=(-.02, 1.02), ylim=(-.7, len(order) - .3), xlabel="score, the mean over the runs; 1 for true samples",
           title="Before the tuning, and after it on new seeds")
    ax.legend(loc="upper center", bbox_to_anchor=(.5, -.1), ncol=2)


def as_json(found, study):
    """Everything that the tables are made from."""
    command = f"python tests/benchmarks/tuning.py {study.options.data}"
    about = {"command": command, "machine": f"{platform.machine()}, {os.cpu_count()} cores", "numpy": np.__version__,
             "seed of the draws": SEED}
    stages = {f"{name}, {stage}": round(time, 1) for (name, stage), time in study.seconds.items()}
    remedies = {name: {"winner": one["winner"], "settings": one["settings"],
                       "tuning": {key: scores.round(5).tolist() for key, scores in one["tuning"].items()},
                       "test": {budget: [{"seed": row.seed, "diverged": row.diverged,
                                          "score": round(score(row, study.mixture), 5),
                                          "report": row.judged and row.judged._asdict()} for row in rows]
                                for budget, rows in one["test"].items()}} for name, one in found.items()}
    return {"about": about, "seconds": stages, "remedies": remedies}


def dry(options):
    """The settings as text, and how many runs there are."""
    parts = []
    for name in options.remedies:
        settings = settings_of(name, options.settings)
        parts.append(f"{name}: {REMEDIES[name].about}\n"
                     + aligned([(f"  {key}", described(remedy)) for key, remedy in settings.items()], left=2))
    seeds, steps = options.seeds, options.budgets[0]
    tune, validate = options.settings * seeds, min(FINALISTS, options.settings) * seeds
    total = len(options.remedies) * ((tune + validate) * steps + options.test * sum(options.budgets))
    budgets = " and ".join(map(str, options.budgets))
    return "\n\n".join([*parts, f"{len(options.remedies)} remedies, for each {tune} runs to tune and {validate} to validate, of "
                        f"{steps} steps, and {options.test} runs to test, of {budgets} steps.\n"
                        f"In all {total:,} steps of G on each data set."])


def parsed(words=None):
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", choices=("ring", "grid"), default="ring", help="ring by default")
    parser.add_argument("--dry", action="store_true", help="print the settings, and run nothing")
    parser.add_argument("--remedies", nargs="+", choices=REMEDIES, default=list(REMEDIES), metavar="NAME", help="all by default")
    parser.add_argument("--settings", type=int, default=SETTINGS, help="to be tried for each remedy")
    parser.add_argument("--seeds", type=int, default=len(TUNE), choices=range(1, len(TUNE) + 1), help="to tune and to validate")
    parser.add_argument("--test", type=int, default=len(TEST), choices=range(1, len(TEST) + 1), help="new seeds of the winner")
    parser.add_argument("--budgets", type=int, nargs="+", help="steps; the first is that of tuning")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--replicas", type=int, default=20, help="seeds side by side; the results do not depend on it")
    parser.add_argument("--cluster", help="the address of a Dask scheduler")
    parser.add_argument("--work", type=Path, default=Path("tinygan-tuning"), help="folder for the runs, to go on from")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the tables go; made if it does not exist")
    options = parser.parse_args(words)
    options.budgets = tuple(options.budgets or BUDGETS[options.data])
    if min(options.settings, *options.budgets) < 1 or len(set(options.budgets)) < len(options.budgets):
        parser.error("--settings and --budgets are at least 1, and no budget stands there twice")
    declared = (list(options.remedies), options.settings, options.seeds, options.test, options.budgets)
    study = (list(REMEDIES), SETTINGS, len(TUNE), len(TEST), BUDGETS[options.data])
    if not options.dry and options.out == RESULTS and declared != study:
        parser.error("a part of the study is not the study: give it another folder with --out")
    return options


def main(words=None):
    options = parsed(words)
    if options.dry:
        print(dry(options))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    study = Study(options, data.by_name(options.data).standardized())
    with ExitStack() as stack:
        if options.cluster:
            from distributed import Client
            from joblib import parallel_config

            stack.enter_context(Client(options.cluster))
            stack.enter_context(parallel_config(backend="dask"))
        found = {name: study.compete(name) for name in dict.fromkeys(options.remedies)}
    text = report(found, study)
    print(f"\n{text}", end="")
    name = options.out / f"tuning_{options.data}"
    name.with_suffix(".txt").write_text(text)
    name.with_suffix(".json").write_text(json.dumps(as_json(found, study), indent=1) + "\n")
    plots.save(picture(found, study.mixture), name.with_suffix(".png"))


if __name__ == "__main__":
    main()
