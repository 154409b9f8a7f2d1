"""How a training went, as the numbers of its history against the step."""

import math

import matplotlib.pyplot as plt
import numpy as np

from .canvas import FAKE, HALF, JUDGE, TRUE, finish, style

LONG = 100  # rows from which a curve is smoothed
DASHED = (0, (4, 4))  # the line below shows through: two counts are often equal


@style()
def histories(history, axes=None, loss=None, n_modes=None):
    """Both losses, D's mean verdict on real and fake points, and the modes visited and at half share, if they were counted.

    Returns the 2 or 3 Axes as an array; `axes`, if given, are as many. With replicas each is a thin line and their median a
    thick one. Where D's verdict is a probability, dotted lines show the values at which D cannot tell real from fake;
    another one the number of true modes, `n_modes`, if given.
    """
    panels = 3 if history.modes_step.size else 2
    axes = np.ravel(plt.subplots(1, panels, figsize=(3.3 * panels, 2.6))[1] if axes is None else axes)
    if axes.size != panels:
        raise ValueError(f"this history fills {panels} axes; got {axes.size}. Make them with plt.subplots(1, {panels})")
    probability = loss is not None and loss.is_probability
    verdict = "mean verdict of $D$" if loss is None else "mean probability of real" if probability else "mean score"
    column = history.__getitem__ if history.columns else lambda name: np.empty((0, *history.replicas))  # before the first step
    draw_curves(axes[0], "loss", history.step, {"$D$": column("d_loss"), "$G$": column("g_loss")}, [JUDGE, FAKE], ["--", "-"])
    draw_curves(axes[1], verdict, history.step, {"real": column("d_real"), "fake": column("d_fake")}, [TRUE, FAKE])
    if probability:
        for ax, value in ((axes[0], loss.at_rest[0]), (axes[0], loss.at_rest[1]), (axes[1], loss.best(1., 1.))):
            level(ax, value, _named(value))
    axes[1].set_ylim((0, 1) if probability else None)
    if panels == 3:
        counts = {"visited": history.modes_visited, "half share": history.modes_half}
        draw_curves(axes[2], "modes", history.modes_step, counts, [FAKE, HALF], ["-", DASHED])
        axes[2].yaxis.get_major_locator().set_params(integer=True)
        if n_modes:
            level(axes[2], n_modes, "true", TRUE)
        axes[2].set_ylim(bottom=-.03 * axes[2].get_ylim()[1])  # a count of 0 stays off the edge
    return axes


def draw_curves(ax, ylabel, step, lines, colors, styles=("-", "-")):
    """Curves, name -> values, against the step; of replicas thin ones, and the median of those that have not diverged.

    A long curve is pale, and its running median lies over it; counts of modes are drawn as they are.
    """
    for (name, y), color, linestyle in zip(lines.items(), colors, styles, strict=True):
        if y.ndim > 1:
            ax.plot(step, y, color=color, linestyle=linestyle, linewidth=.4, alpha=.3)
        elif y.size >= LONG and ylabel != "modes":
            ax.plot(step, y, color=color, linewidth=.4, alpha=.35)
        middle = np.ma.median(np.ma.masked_invalid(y), axis=-1) if y.ndim > 1 else _smooth(y) if ylabel != "modes" else y
        ax.plot(step, middle, color=color, linestyle=linestyle, linewidth=1 if y.ndim == 1 else 1.8, label=name)
    ax.set(xlabel="step", ylabel=ylabel)
    finish(ax).legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(lines), borderaxespad=0)


def _smooth(y):
    """The running median of a long curve (n,), over about a thirtieth of it; of a short one the curve itself."""
    if y.size < LONG:
        return y
    from scipy.ndimage import median_filter

    return median_filter(y, y.size // 60 * 2 + 1, mode="nearest")


def level(ax, y, name, color="black"):
    """A dotted line at the height y, with its name on the right."""
    ax.axhline(y, color=color, linestyle=":", linewidth=1)
    ax.annotate(name, (1, y), (3, 0), ("axes fraction", "data"), "offset points", va="center", fontsize=8)


def _named(value):
    """A value as people write it, such as 2 ln 2, 1/2."""
    names = {2 * math.log(2): "2 ln 2", math.log(2): "ln 2", -math.log(2): "-ln 2", .5: "1/2"}
    return next((name for number, name in names.items() if math.isclose(value, number)), f"{value:.3g}")
