"""What a study says: counts of runs with their intervals, means with theirs, beside the same of true samples.

    wilson(successes, n)      a share of n runs and its 95 % interval
    mean_interval(x)          a mean and its 95 % interval
    summary(rows, data)       both, for every remedy on every data set
    summary_table(summaries)  as text

A run that diverged is a failure like any other: it counts as one that found no modes, never as one that is left out.
"""

import math
from typing import NamedTuple

import numpy as np

from ..engine.arguments import count, number
from ..metrics import mode_report
from ..metrics.tables import aligned
from .groups import TRUTH, truth_rows

LEVEL = 0.95


class Interval(NamedTuple):
    """A number estimated from a few runs, and the bounds that hold the true one in 95 % of all studies; NaN: no bounds."""

    value: float
    low: float
    high: float


class Summary(NamedTuple):
    """The runs of one remedy on one data set.

    visited, half                      the share of runs that visit all modes, or give each at least half of its share: Wilson
    modes_visited, modes_half          means over the runs, with t intervals; so are the next two
    high_quality, reverse_kl           of the judged generators (`mode_report`)
    n, diverged                        how many runs, and how many of them diverged
    seconds                            of the processor for one run, the mean
    """

    n: int
    diverged: int
    visited: Interval
    half: Interval
    modes_visited: Interval
    modes_half: Interval
    high_quality: Interval
    reverse_kl: Interval
    seconds: float


def wilson(successes, n, level=LEVEL):
    """The share of successes and its score interval (Wilson 1927): all p that are less than z standard errors from the share.

    |share - p| <= z sqrt(p (1 - p) / n); z = 1.96 for level .95. Unlike share -+ z standard errors it has a width at 0 of n too
    and never leaves [0, 1]. Raises TypeError or ValueError unless 0 <= successes <= n, n >= 1.
    """
    from scipy.stats import binomtest

    n, successes = count("n", n), count("successes", successes, 0)
    if successes > n:
        raise ValueError(f"successes must be at most n = {n}; got {successes}")
    level = number("level", level, above=0, below=1)
    found = binomtest(successes, n).proportion_ci(level, method="wilson")
    return Interval(successes / n, float(found.low), float(found.high))


def mean_interval(x, level=LEVEL, lowest=-math.inf, highest=math.inf):
    """The mean of x (n,) and its t interval, mean -+ t s / sqrt(n) (Student 1908). One number alone has no bounds: NaN.

    The interval ends at `lowest` and `highest` where no mean can lie beyond.
    """
    from scipy.special import stdtrit

    x = np.asarray(x, np.float64)
    level = number("level", level, above=0, below=1)
    if x.size < 2:
        return Interval(float(x.mean()), math.nan, math.nan)
    reach = float(stdtrit(x.size - 1, (1 + level) / 2) * x.std(ddof=1) / math.sqrt(x.size))
    return Interval(float(x.mean()), max(lowest, float(x.mean()) - reach), min(highest, float(x.mean()) + reach))


def summary(rows, data):
    """{(data, remedy): Summary} of the Rows of a study, in their order; the first of each data set is that of the true samples.

    The judged generator is the averaged one where the run kept an average; then its raw one follows as "remedy, raw".
    """
    found = {}
    for where, mixture in data.items():
        here = [row for row in rows if row.data == where]
        seeds = sorted({row.seed for row in here})
        for name in dict.fromkeys(row.remedy for row in here):
            if (where, TRUTH) not in found:
                found[where, TRUTH] = summarise(truth_rows({where: mixture}, seeds), mixture)
            runs = [row for row in here if row.remedy == name]
            found[where, name] = summarise(runs, mixture)
            if any(row.ema for row in runs):
                found[where, f"{name}, raw"] = summarise([row._replace(ema=None) for row in runs], mixture)
    return found


def summarise(runs, mixture):
    """The Summary of these Rows, all of one remedy on `mixture`."""
    nowhere = mode_report(np.full((1, mixture.dim), np.nan), mixture)  # what a diverged run has to show
    reports, n = [row.judged or nowhere for row in runs], len(runs)
    most = {"modes_visited": mixture.n_modes, "modes_half": mixture.n_modes, "high_quality": 1, "reverse_kl": nowhere.reverse_kl}
    means = {name: mean_interval([getattr(report, name) for report in reports], lowest=0, highest=high)
             for name, high in most.items()}
    return Summary(
        n=n,
        diverged=sum(row.diverged is not None for row in runs),
        visited=wilson(sum(report.modes_visited == mixture.n_modes for report in reports), n),
        half=wilson(sum(report.modes_half == mixture.n_modes for report in reports), n),
        seconds=float(np.mean([row.seconds for row in runs])),
        **means,
    )


def summary_table(summaries, data):
    """Summaries as text, one table for each data set, the true samples on top."""
    return "\n\n".join(_table({name: found for (place, name), found in summaries.items() if place == where}, where, mixture)
                       for where, mixture in data.items())


def _table(summaries, where, mixture):
    rows = [["", "all visited [%]", "all at half share [%]", "visited", "high quality %", "reverse KL", "CPU s"]]
    for name, found in summaries.items():
        rows.append([name, _counted(found.visited, found.n), _counted(found.half, found.n), _mean(found.modes_visited, 1),
                     _mean(Interval(*(100 * part for part in found.high_quality)), 1), _mean(found.reverse_kl, 3),
                     "-" if name == TRUTH else f"{found.seconds:.1f}"])
        if found.diverged:
            rows[-1].append(f"{found.diverged} diverged")
    n = "modes" if mixture.n_modes > 1 else "mode"
    return f"{where}: {mixture.n_modes} {n}\n{aligned(rows)}"


def _counted(interval, n):
    return f"{round(interval.value * n)} of {n} [{100 * interval.low:.0f}, {100 * interval.high:.0f}]"


def _mean(interval, digits):
    if math.isnan(interval.low):
        return f"{interval.value:.{digits}f}"
    return f"{interval.value:.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"
