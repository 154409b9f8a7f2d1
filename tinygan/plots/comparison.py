"""Pictures of a study, what each remedy's generators make, and how often they found everything.

Rows and summaries are those of `tinygan.study`.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PathCollection

from .canvas import FAKE, LEGEND, TRUE, finish, style
from .film import movable

COLUMNS = 6  # runs of each remedy in one picture
TRUTH = "true samples"


@style()
def remedies(rows, data, columns=COLUMNS):
    """What the generators make, a line of small panels for each remedy, as a Figure.

    `rows` are the Rows of one data set; the first `columns` seeds of each remedy are drawn, over the truth of `data`, all in one
    window. Above a panel stands how many modes the run visits of how many there are, or when it diverged.
    """
    names, seeds = list(dict.fromkeys(row.remedy for row in rows)), sorted({row.seed for row in rows})[:columns]
    rows_of = {(row.remedy, row.seed): row for row in rows}
    everything = np.concatenate([row.x for row in rows if row.x is not None] or [data.means])
    side = 1.35
    size = max(LEGEND, 1.5 + side * len(seeds)), .7 + (side + .1) * len(names)
    figure, axes = plt.subplots(len(names), len(seeds), figsize=size, squeeze=False)
    for name, line in zip(names, axes, strict=True):
        for seed, ax in zip(seeds, line, strict=True):
            _panel(ax, rows_of.get((name, seed)), data, everything)
        line[0].set_ylabel(_words(name, 12), rotation=0, ha="right", va="center", fontsize=9)
    for seed, ax in zip(seeds, axes[-1], strict=True):
        ax.set_xlabel(f"seed {seed}", fontsize=8)
    handles, labels = axes[-1, 0].get_legend_handles_labels()
    for ax in axes.flat:
        ax.get_legend().remove()
    legend = figure.legend(handles, labels, loc="outside lower center", ncols=min(2, len(seeds)))
    for dots in legend.findobj(PathCollection):
        dots.set_sizes([12])  # in the small panels they are too small to tell their colour
    return figure


def _words(name, wide=99):
    """A name for people, on two lines when it is long."""
    words = name.replace("_", " ")
    return words if len(words) <= wide else words.replace(" ", "\n", 1)


def _panel(ax, row, data, everything):
    """One run; without samples the truth alone."""
    there = row is not None and row.x is not None
    movable(ax, data, everything)(row.x if there else np.full((1, data.dim), np.nan))
    ax.set(xlabel="", ylabel="", xticks=(), yticks=())
    if row is not None and row.remedy == TRUTH:
        for made in (*ax.collections[-1:], *ax.patches[-1:]):
            made.set_color(TRUE)
    report = row and row.judged
    title = f"{report.modes_visited} of {data.n_modes}" if report else ""
    if row is not None and row.diverged is not None:
        title = f"diverged, step {row.diverged}"
    ax.set_title(title, fontsize=8, pad=2)


@style()
def intervals(summaries, n_modes):
    """Counts and means with their 95 % intervals, a line for each remedy, as a Figure.

    `summaries` is {remedy: Summary} of one data set; "true samples" among them become the blue lines.
    """
    names = [name for name in summaries if name != TRUTH]
    y = np.arange(len(names))[::-1]
    figure, axes = plt.subplots(1, 3, figsize=(9.5, 1.3 + .24 * max(3, len(names))), sharey=True)
    for shift, key, full, label in ((.18, "visited", False, "visit all modes"), (-.18, "half", True, "at half their share")):
        _points(axes[0], y + shift, [getattr(summaries[name], key) for name in names], 100, full, label)
    _points(axes[1], y, [summaries[name].modes_visited for name in names], 1, True, "mean of the runs")
    _points(axes[2], y, [summaries[name].high_quality for name in names], 100, True, "mean of the runs")
    for ax, key, scale, high in zip(axes, ("visited", "modes_visited", "high_quality"), (100, 1, 100), (100, n_modes, 100),
                                    strict=True):
        if TRUTH in summaries:
            ax.axvline(scale * getattr(summaries[TRUTH], key).value, color=TRUE, linewidth=1.5, label=TRUTH)
        ax.set_xlim(-.03 * high, 1.03 * high)
    axes[0].set_yticks(y, list(map(_words, names)))
    axes[0].set_ylim(-.6, len(names) - .4)
    runs = sorted({summaries[name].n for name in names})
    axes[0].set_xlabel(f"% of {' or '.join(map(str, runs))} runs")
    axes[1].set_xlabel(f"modes visited, of {n_modes}")
    axes[2].set_xlabel("high quality, % of samples")
    for ax in axes:
        finish(ax).legend(loc="lower right", bbox_to_anchor=(1, 1), fontsize=8, borderaxespad=0, borderpad=.2)
    return figure


def _points(ax, y, interval_list, scale, full, label):
    """A point for each value, and a line between its bounds where it has any. A bar from 0 would hide that 0 is a result too."""
    value, low, high = scale * np.array(interval_list).swapaxes(0, 1)
    reach = np.nan_to_num([value - low, high - value]).clip(0)
    ax.errorbar(value, y, xerr=reach, fmt="o", color=FAKE, markerfacecolor=FAKE if full else "white", markersize=4.5,
                ecolor="0.45", elinewidth=1, capsize=2, label=label)
