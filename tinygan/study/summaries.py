"""What a study says: counts of runs with their intervals, means with theirs, beside the same of true samples.

    wilson(successes, n)      a share of n runs and its 95 % interval
    mean_interval(x)          a mean and its 95 % interval
    summary(rows, data)       both, for every remedy on every data set
    summary_table(summaries)  as text

A run that diverged is a failure like any other: it counts as one that found no modes, and that every classifier recognises,
never as one that is left out. No score is a record alone: a run *meets the bars* when it meets all of `Bars` together.
"""

import math
from typing import NamedTuple

import numpy as np

from ..data import Mixture
from ..engine.arguments import count, number
from ..metrics import FullReport, mode_report
from ..metrics.tables import aligned
from .groups import TRUTH, truth_rows

LEVEL = 0.95


class Bars(NamedTuple):
    """What a run must reach in all scores together to count as a success; the scores are those of `full_report`.

    high_quality                            at least
    spread                                  the least and the largest std_ratio: modes neither too narrow nor too wide
    reverse_kl, tv, one_nn, classifier      at most

    Every mode must have at least half of its share as well.
    """

    high_quality: float = 0.95
    spread: tuple[float, float] = (0.9, 1.1)
    reverse_kl: float = 0.02
    tv: float = 0.1
    one_nn: float = 0.6
    classifier: float = 0.6

    def met_by(self, report: FullReport, mixture: Mixture) -> bool:
        """Whether a report on samples of `mixture` meets all of them."""
        at_most = all(getattr(report, name) <= getattr(self, name) for name in ("reverse_kl", "tv", "one_nn", "classifier"))
        return (report.modes_half == mixture.n_modes and report.high_quality >= self.high_quality
                and self.spread[0] <= report.std_ratio <= self.spread[1] and at_most)

    def __str__(self) -> str:
        return (f"every mode at half its share, high quality at least {self.high_quality:.0%}, spread {self.spread[0]} to "
                f"{self.spread[1]}, reverse KL at most {self.reverse_kl}, TV at most {self.tv}, 1-NN at most {self.one_nn:.0%}, "
                f"classifier at most {self.classifier:.0%}")


BARS = Bars()


class Interval(NamedTuple):
    """A number estimated from a few runs, and the bounds that hold the true one in 95 % of all studies; NaN: no bounds."""

    value: float
    low: float
    high: float


class Summary(NamedTuple):
    """The runs of one remedy on one data set.

    visited, half                      the share of runs that visit all modes, or give each at least half of its share: Wilson
    modes_visited, modes_half          means over the runs, with t intervals; so are the next six
    high_quality, reverse_kl, tv       of the judged generators (`mode_report`)
    spread                             their std_ratio; 0 where no mode holds two samples of high quality
    one_nn, classifier                 accuracies against true samples (`full_report`)
    bars                               the share of runs that meet all bars together (`Bars`): Wilson
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
    tv: Interval
    spread: Interval
    one_nn: Interval
    classifier: Interval
    bars: Interval
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
    n, k = len(runs), mixture.n_modes
    nowhere = FullReport(*mode_report(np.full((1, mixture.dim), np.nan), mixture), 1.0, 1.0)  # what a diverged run has to show
    reports = [row.judged or nowhere for row in runs]
    most = {"modes_visited": k, "modes_half": k, "high_quality": 1, "reverse_kl": nowhere.reverse_kl, "tv": 1, "one_nn": 1,
            "classifier": 1}
    means = {name: mean_interval([getattr(report, name) for report in reports], lowest=0, highest=high)
             for name, high in most.items()}
    return Summary(
        n=n,
        diverged=sum(row.diverged is not None for row in runs),
        visited=wilson(sum(report.modes_visited == k for report in reports), n),
        half=wilson(sum(report.modes_half == k for report in reports), n),
        spread=mean_interval([0 if math.isnan(report.std_ratio) else report.std_ratio for report in reports], lowest=0),
        bars=wilson(sum(BARS.met_by(report, mixture) for report in reports), n),
        seconds=float(np.mean([row.seconds for row in runs])),
        **means,
    )


def summary_table(summaries, data):
    """Summaries as text, one table for each data set, the true samples on top."""
    return "\n\n".join(_table({name: found for (place, name), found in summaries.items() if place == where}, where, mixture)
                       for where, mixture in data.items())


def _table(summaries, where, mixture):
    """Two blocks: what was found of the modes, and how near the samples come to true ones."""
    modes = [["", "all visited [%]", "all at half share [%]", "visited", "high quality %", "reverse KL", "CPU s"]]
    near = [["", "TV", "spread", "1-NN %", "classifier %", "all bars [%]"]]
    for name, found in summaries.items():
        modes.append([name, _counted(found.visited, found.n), _counted(found.half, found.n), _mean(found.modes_visited, 1),
                      _percent(found.high_quality), _mean(found.reverse_kl, 3), "-" if name == TRUTH else f"{found.seconds:.1f}"])
        if found.diverged:
            modes[-1].append(f"{found.diverged} diverged")
        near.append([name, _mean(found.tv, 3), _mean(found.spread, 2), _percent(found.one_nn), _percent(found.classifier),
                     _counted(found.bars, found.n)])
    n = "modes" if mixture.n_modes > 1 else "mode"
    return f"{where}: {mixture.n_modes} {n}\n{aligned(modes)}\n{where}: against true samples\n{aligned(near)}"


def _percent(interval):
    return _mean(Interval(*(100 * part for part in interval)), 1)


def _counted(interval, n):
    return f"{round(interval.value * n)} of {n} [{100 * interval.low:.0f}, {100 * interval.high:.0f}]"


def _mean(interval, digits):
    if math.isnan(interval.low):
        return f"{interval.value:.{digits}f}"
    return f"{interval.value:.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"
