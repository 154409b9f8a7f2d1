"""A picture for each study of the family: two scores, with a dot for each run and a short line at the median.

    draw(name)     the figure of docs/results/NAME.json, see `family_scores`
"""

import statistics
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tinygan.plots import FAKE, TRUE

sys.path.append(str(Path(__file__).resolve().parent / "_ext"))

import studies  # noqa: E402  the path comes first
from family_scores import SHOWN, TRUTH, rows  # noqa: E402


def draw(name):
    """Two panels. All runs of a row stand beside each other, a little apart, so that equal ones can be counted."""
    found, control = rows(name), studies.rows_of(name)[1].get(TRUTH[name], {})
    figure = Figure((7.6, 1.1 + .27 * len(found)), layout="constrained")
    for ax, (column, what, scale) in zip(figure.subplots(1, 2, sharey=True), SHOWN[name], strict=True):
        for place, runs in enumerate(found.values()):
            values = [run[column] for run in runs if column in run]
            if values:
                ax.plot(values, place + np.linspace(-.24, .24, len(values)), "o", color=FAKE, markersize=3, fillstyle="none")
                ax.plot(statistics.median(values), place, "|", color="black", markersize=11)
        if column in control:
            ax.axvline(control[column], color=TRUE, linestyle="--", linewidth=1, label=TRUTH[name])
            ax.legend(loc="best", fontsize=7)
        ax.set(xscale=scale, xlabel=what, ylim=(len(found) - .5, -.5))
        ax.set_yticks(range(len(found)), list(found))
        ax.grid(axis="y", color="0.9", linewidth=.6)
    return figure
