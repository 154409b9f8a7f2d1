"""What all pictures share, namely colours, a window, dots, ticks and a legend; and the checks before anything is drawn."""

import warnings
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..data import Mixture, Points
from ..engine.numerics import sigmoid

TRUE, FAKE, JUDGE = "#0072B2", "#D55E00", "#009E73"
LEGEND = 3  # inches, the width of the longest legend in one column
HALF = "#CC79A7"  # reddish purple: modes at half share, beside those visited
STYLE = {"font.size": 9, "axes.titlesize": 9, "axes.titlelocation": "left", "axes.spines.top": False, "legend.fontsize": 8,
         "axes.spines.right": False, "legend.frameon": False, "figure.constrained_layout.use": True,
         "figure.constrained_layout.w_pad": .1, "figure.constrained_layout.h_pad": .08}


@contextmanager
def any_letters():
    """Here letters that the font does not have are drawn as boxes, without a warning for each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        yield


def style():
    """The look of these pictures as a context, for figures of your own, as in `with style(): fig, ax = plt.subplots()`."""
    return plt.rc_context(STYLE)


def check_single(name, thing, **attributes):
    """Raises ValueError unless a network or data set is a single one with these attributes."""
    if getattr(thing, "replicas", ()):
        raise ValueError(f"{name} holds {thing.replicas[0]} replicas, but a picture shows one network: "
                         "train one without replicas")
    for key, value in attributes.items():
        got = getattr(thing, key, type(thing).__name__)
        if got != value:
            raise ValueError(f"this picture needs {name} with {key} = {value}; got {got}. `summary` chooses pictures that fit")


def is_digits(data):
    """Whether the data are scikit-learn's digits, which are drawn as pictures."""
    return data.dim == 64 and getattr(data, "name", "") == "digits" and data.image is not None  # a table may be called digits


def shown(data, x):
    """x in the units of the data before they were standardised, where data know them."""
    return data.restore(x) if hasattr(data, "restore") else x


def axes_for(ax, size, D=None, **attributes):
    """`ax`, or the Axes of a new figure; but first the checks of D, so that nothing is made in vain."""
    if D is not None:
        check_single("D", D, d_out=1, **attributes)
    if ax is not None and not isinstance(ax, Axes):
        raise ValueError(f"ax must be one matplotlib Axes, such as plt.subplots()[1]; got {type(ax).__name__}")
    return plt.subplots(figsize=size)[1] if ax is None else ax


def judged(D, x, loss):
    """What D says of x (N, d). Returns the values (N,), their name, and the value between real and fake."""
    s = D(x)[..., 0]
    if loss is None or loss.is_probability:
        return sigmoid(s), "$D$: probability of real", .5
    middle = loss.best(1., 1.)  # of other scores only the differences mean something
    return s, "$D$: score", float(np.median(s) if middle is None else middle)


def true_samples(data, n=1000):
    """`n` true samples, the same ones every time; all of them when there are fewer."""
    return data.sample(min(n, data.x.shape[-2]) if isinstance(data, Points) else n, np.random.default_rng(0))


def window_of(data, x=None):
    """(low, high), (d,) each, equal sides: the truth, most of x unless that is twice as far away, and a margin."""
    if isinstance(data, Mixture):
        reach = 3 * data.axis_stds
        low, high = (data.means - reach).min(axis=0), (data.means + reach).max(axis=0)
    else:
        low, high = np.quantile(data if isinstance(data, np.ndarray) else true_samples(data), (.005, .995), axis=0)
    size = (high - low).max() or 1.
    if x is not None:
        most = np.quantile(x, (.01, .99), axis=0)
        low, high = np.clip(most[0], low - size / 2, low), np.clip(most[1], high, high + size / 2)
    middle, half = (low + high) / 2, .58 * max((high - low).max(), size)
    return middle - half, middle + half


def ellipses(mixture):
    """Each mode of a 2-D Mixture as an ellipse: its standard deviations along two axes, and the angle of the first: (K,) each."""
    along, across = mixture.principal_stds.swapaxes(-1, -2)
    if mixture.shapes is None:
        return along, across, 0 * along
    first = mixture.shapes.axes[..., 0]
    return along, across, np.degrees(np.arctan2(first[:, 1], first[:, 0]))


def grid_points(low, high, n=160):
    """n x n points of the window as (n^2, 2), and the coordinates along both sides."""
    sides = np.linspace(low, high, n).swapaxes(0, 1)
    return np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2), sides


def histogram(x, edges):
    """A histogram of x (N, 1) as a density of all N, of which some may lie outside; and the edges."""
    return np.histogram(x, edges)[0] / (x.shape[0] * np.diff(edges)), edges


def draw_dots(ax, x, **look):
    """Points x (N, 2) as generated ones, unless `look` says otherwise; returns the collection."""
    size = np.clip(1.2 * ax.bbox.width / ax.figure.dpi, 1, 5)  # smaller dots in smaller pictures
    look = {"s": size, "color": FAKE, "alpha": .7, "linewidths": 0, "label": "generated", "rasterized": True} | look
    return ax.scatter(*x.swapaxes(0, 1), **look)


def plane(ax, window, data=None):
    """Make ax a window on the plane, both axes on one scale; returns ax. Of `data` it has the names and units."""
    (left, bottom), (right, top) = window
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    if hasattr(data, "restore"):
        in_units(ax.xaxis, data, 0)
        in_units(ax.yaxis, data, 1)
    return ax


def called(data):
    """What to call the columns."""
    return list(getattr(data, "columns", None) or [f"$x_{{{j + 1}}}$" if data.dim > 1 else "$x$" for j in range(data.dim)])


def in_units(axis, data, column):
    """Write the name and the original units of a column at an axis, on which the data are standardised."""
    scale, shift = (float(np.broadcast_to(part, data.dim)[column]) for part in (data.scale, data.shift))
    axis.set_label_text(called(data)[column])
    rescale(axis, scale, shift)


def rescale(axis, scale, shift=0.):
    """Write the numbers at an axis as v scale + shift in the place of v."""
    if (scale, shift) == (1, 0):
        return
    low, high = (scale * value + shift for value in axis.get_view_interval())
    ticks = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    step = ticks[1] - ticks[0]
    ticks = np.round(ticks[(low <= ticks) & (ticks <= high)] / step, 6) * step + 0.
    axis.set_ticks((ticks - shift) / scale, [f"{tick:.6g}".replace("-", "\N{MINUS SIGN}") for tick in ticks])


def outside(ax, x):
    """How many of x (N, d) lie outside the window, for a label or title; nothing if none does."""
    low, high = np.array([ax.get_xlim(), ax.get_ylim()])[:x.shape[-1]].swapaxes(0, 1)
    n = np.count_nonzero(((x < low) | (x > high)).any(axis=-1)) if x.shape[-1] < 3 else 0
    return f", {n} of {x.shape[0]} outside" if n else ""


def finish(ax, x=None, handles=()):
    """Small ticks and a legend below, which says how many of x are not to be seen."""
    ax.tick_params(labelsize=8)
    if handles:
        labels = [h.get_label() + (outside(ax, x) if h.get_label() == "generated" else "") for h in handles]
        columns = 2 if ax.bbox.width > 3.2 * ax.figure.dpi else 1
        ax.legend(handles, labels, loc="upper center", bbox_to_anchor=(.5, -.14), ncols=columns)
    return ax
