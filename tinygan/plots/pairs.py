"""Many columns together, each with its distribution, and each pair of them, true and generated."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

from ..engine.arguments import choice, points
from .canvas import FAKE, TRUE, called, draw_dots, finish, shown, style, true_samples

MOST, BINS, LONG = 5, 30, 20  # columns unless others are asked for, bars of a histogram, and letters of a name


@style()
def pairs(x, data, columns=None, figure=None):
    """A matrix of panels for x (N, d), a Figure: below the diagonal true samples, above it generated ones, on it both.

    The panel in row i and column j has column i of the data upwards and column j to the right, in the units of the data. Both
    sides of the diagonal have the same windows. `columns` are names or numbers from 0; by default the first five.
    """
    some = chosen(columns, called(data))
    names = [name if len(name) <= LONG else f"{name[:LONG - 1]}\N{HORIZONTAL ELLIPSIS}" for name in called(data)]
    x, real = shown(data, points("x", x, data.dim))[:, some], shown(data, true_samples(data))[:, some]
    side = 1.6 * len(some)
    figure = plt.figure(figsize=(max(4, side), side + .5)) if figure is None else figure
    axes = np.reshape(figure.subplots(len(some), len(some)), (len(some), len(some)))
    windows = [_window(real[:, k], x[:, k]) for k in range(len(some))]
    for i, line in enumerate(axes):
        for j, ax in enumerate(line):
            if i == j:
                _marginal(ax, real[:, i], x[:, i], windows[i])
            else:
                draw_dots(ax, (real if i > j else x)[:, [j, i]], color=TRUE if i > j else FAKE, alpha=.5)
                ax.set(ylim=windows[i])
                ax.locator_params(nbins=4)
            ax.set(xlim=windows[j])
            ax.locator_params("x", nbins=4)
            finish(ax).tick_params(labelsize=7, labelbottom=i == len(some) - 1, left=j == 0, labelleft=j == 0)
            ax.set(xlabel=names[some[j]] if i == len(some) - 1 else "", ylabel=names[some[i]] if j == 0 else "")
    handles = [Patch(color=TRUE, label="true, below the diagonal"), Patch(color=FAKE, label="generated, above it")]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    if len(some) < data.dim:
        figure.suptitle(f"{len(some)} of {data.dim} columns", fontsize=9)
    return figure


def chosen(columns, names):
    """The numbers of the columns that are asked for by name or number. Raises ValueError for one that there is not."""
    if columns is None:
        return [*range(min(MOST, len(names)))]
    found = [names.index(choice("column", each, names)) if isinstance(each, str) else each for each in columns]
    if not found or not all(0 <= k < len(names) for k in found):
        raise ValueError(f"columns must be names, or numbers from 0 to {len(names) - 1}; got {columns!r}")
    return found


def _window(real, x):
    """The ends of an axis. They hold most of what is true, and of what is generated unless that is far away; never empty."""
    (low, high), most = np.quantile(real, (.002, .998)), np.quantile(x, (.01, .99))
    size = float(high - low) or abs(float(low)) or 1.
    low, high = np.clip(most[0], low - size / 2, low), np.clip(most[1], high, high + size / 2)
    return float(low - .06 * size), float(high + .06 * size)


def _marginal(ax, real, x, window):
    """The distribution of one column: true filled, generated as a line; whole numbers have a bar each."""
    values = np.unique(real)
    if 1 < values.size <= BINS:
        middles = (values[1:] + values[:-1]) / 2
        ends = min(window[0], 2 * values[0] - middles[0]), max(window[1], 2 * values[-1] - middles[-1])
        edges = np.concatenate([ends[:1], middles, ends[1:]])
    else:
        edges = np.linspace(*window, BINS + 1)
    for some, look in ((real, {"color": TRUE, "fill": True, "alpha": .35}), (x, {"color": FAKE, "linewidth": 1.2})):
        ax.stairs(np.histogram(some, edges)[0] / some.size / np.diff(edges), edges, **look)
    ax.set(ylim=(0, None), yticks=[])
