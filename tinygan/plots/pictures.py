"""One picture each: samples against the truth, what D says, where it pulls G, how the training went."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import EllipseCollection, LineCollection

from ..data import Mixture
from ..engine.arguments import count, points, shown
from ..engine.numerics import sigmoid
from ..gradients import through_d
from ..losses import NonSaturating
from ..metrics import mode_counts
from .canvas import (
    FAKE,
    JUDGE,
    TRUE,
    axes_for,
    check_single,
    draw_dots,
    ellipses,
    finish,
    grid_points,
    histogram,
    in_units,
    judged,
    plane,
    rescale,
    style,
    true_samples,
    window_of,
)


@style()
def density_1d(x, data, D=None, loss=None, ax=None):
    """The true density p (filled line) and the histogram of x (N, 1). Data without a density lend a kernel estimate.

    With a discriminator, a second axis on the right (the figure's last Axes) shows its verdict. Where that is what the loss
    aims at, it also shows the best verdict at the points, D* = p / (p + q) = sigmoid(log p - log q), q a kernel estimate from
    x. Returns the left Axes.
    """
    check_single("data", data, dim=1)
    x, real, ax = points("x", x, 1), true_samples(data), axes_for(ax, (6, 3.6), D, d_in=1)
    width = max(1e-6, data.stds.min() if isinstance(data, Mixture) else real.std() / 3)  # of one mode

    def smooth(x):  # a kernel estimate is a mixture around the samples; the kernel is as wide as Silverman's for one mode
        return Mixture(x, 1.06 * width * x.shape[0] ** -.2)

    p, q = data if isinstance(data, Mixture) else smooth(real), smooth(x)
    (low,), (high,) = window_of(data, x)
    near = p.means + p.stds[:, None] * np.linspace(-6, 6, 61)  # a narrow mode may lie between two points of a grid
    t = np.union1d(np.linspace(low, high, 801), np.clip(near if p is data else [], low, high))[:, None]
    edges = np.linspace(low, high, 1 + int(np.clip(3 * (high - low) / width, 60, 300)))
    density, bars = np.exp(p.log_prob(t)), histogram(x, edges)
    ax.fill_between(t[:, 0], density, color=TRUE, alpha=.15, linewidth=0)
    handles = [*ax.plot(t, density, color=TRUE, label="true density $p$"),
               ax.stairs(*bars, color=FAKE, alpha=.5, fill=True, label="generated")]
    tallest = np.clip(bars[0].max(), density.max(), 2.5 * density.max())
    ax.set(xlim=(low, high), ylim=(0, 1.08 * tallest), xlabel="$x$", ylabel="density")
    in_units(ax.xaxis, data, 0)
    rescale(ax.yaxis, 1 / float(np.max(data.scale)))
    if D is not None:
        log_p, log_q = p.log_prob(t), q.log_prob(t)
        there = np.exp(log_p) + np.exp(log_q) >= .01 * density.max()  # elsewhere the ratio of two tails is noise
        share = sigmoid(log_p - log_q)  # p / (p + q), right where both are tiny
        handles += _judge_1d(ax.twinx(), t, D, loss, np.where(there, share, np.nan))
    return finish(ax, x, handles)


def _judge_1d(ax, t, D, loss, share):
    """D's verdict at t (T, 1), and the best one, where the loss has one; share is p / (p + q). Returns the lines."""
    verdict, name, _ = judged(D, t, loss)
    lines = ax.plot(t, verdict, color=JUDGE, label=name, clip_on=False)
    best = (loss or NonSaturating()).best(share, 1 - share)
    if best is not None:
        label = "$D^* = p/(p+q)$" if _is_share(loss) else "the best $D$"
        lines += ax.plot(t, best, "k--", linewidth=1, label=label, clip_on=False)
    if loss is None or loss.is_probability:
        ax.set(ylim=(0, 1), yticks=(0, .5, 1), yticklabels=("0", "1/2", "1"))
    ax.spines["right"].set(visible=True, color=JUDGE)
    ax.set_ylabel(name, color=JUDGE)
    ax.tick_params(colors=JUDGE, labelsize=8)
    return lines


def _is_share(loss):
    """Whether the best D of this loss answers p / (p + q), with no label below 1."""
    return loss is None or loss.best(1., 3.) == .25


@style()
def samples_2d(x, data, ax=None, window=None):
    """Samples x (N, 2) over the truth. Modes far apart are circles, or ellipses, at 1 and 3 standard deviations, with a pale ring
    where they are too small to be found. Overlapping ones are contours around the same shares of the mass. Other data are true
    points. `window`: ((left, bottom), (right, top)), by default what holds the truth and most of x. Returns the Axes.
    """
    check_single("data", data, dim=2)
    x, ax = points("x", x, 2), axes_for(ax, (4.2, 4.6))
    window = window_of(data, x) if window is None else window
    return finish(plane(ax, window, data), x, [truth(ax, data, window), draw_dots(ax, x)])


def truth(ax, data, window):
    """The true distribution on the plane; returns the handle for a legend."""
    if not isinstance(data, Mixture):
        return draw_dots(ax, true_samples(data), color=TRUE, alpha=.5, label="true samples")
    gaps = np.linalg.norm(data.means[:, None] - data.means, axis=-1) + np.diag(np.full(data.n_modes, np.inf))
    largest = data.principal_stds.max(axis=-1)
    if gaps.min() > 6 * largest.max():
        width = float(window[1][0] - window[0][0])
        tiny = 6 * largest < .03 * width
        along, across, angle = ellipses(data)
        pale, thin = np.full(tiny.sum(), .08 * width), {"linewidths": .8, "zorder": 3}
        for means, shape, look in ((data.means, (2 * along, 2 * across, angle), thin),
                                   (data.means, (6 * along, 6 * across, angle), thin),
                                   (data.means[tiny], (pale, pale, 0 * pale), {"linewidths": 2, "alpha": .3})):
            ax.add_collection(EllipseCollection(*shape, units="xy", offsets=means, offset_transform=ax.transData,
                                                facecolors="none", edgecolors=TRUE, **look))
        label = f"true modes (1 and 3 std{', in a pale ring' * bool(tiny.any())})"
        return ax.plot([], [], "o", color=TRUE, fillstyle="none", label=label)[0]
    grid, sides = grid_points(*window)
    levels = np.quantile(data.log_prob(true_samples(data, 10_000)), (.0111, .6065))  # what 1 and 3 std leave outside
    height = data.log_prob(grid).reshape(sides[0].size, -1)
    ax.contour(*sides, height, levels, colors=TRUE, linewidths=1, linestyles="-", zorder=3)
    return ax.plot([], [], color=TRUE, label="true: 39 % and 99 % inside")[0]


@style()
def heat_map(D, data, ax=None, loss=None):
    """D's verdict on the plane: blue is real, red is fake, the black line lies between. Returns the Axes, with a colour bar.

    `data` gives the window, or is the window itself: (left, right, bottom, top).
    """
    if hasattr(data, "sample"):
        check_single("data", data, dim=2)
    elif np.shape(data) != (4,) or not (data[0] < data[1] and data[2] < data[3]):
        raise ValueError(f"heat_map needs a data set or a window (left, right, bottom, top); got {shown(data)}")
    ax = axes_for(ax, (5.2, 4.2), D, d_in=2)
    low, high = window_of(data) if hasattr(data, "sample") else np.reshape(data, (2, 2)).swapaxes(0, 1)
    grid, sides = grid_points(low, high)
    verdict, name, middle = judged(D, grid, loss)
    reach = .5 if loss is None or loss.is_probability else max(float(np.abs(verdict - middle).max()), 1e-9)
    verdict = verdict.reshape(sides[0].size, -1)
    image = ax.imshow(verdict, cmap="RdBu", vmin=middle - reach, vmax=middle + reach, origin="lower", alpha=.8,
                      extent=(low[0], high[0], low[1], high[1]), interpolation="bilinear")
    if verdict.min() < middle < verdict.max():
        ax.contour(*sides, verdict, [middle], colors="black", linewidths=.8, linestyles="-")
    ax.figure.colorbar(image, ax=ax, fraction=.046, pad=.02).set_label(name)
    return finish(plane(ax, (low, high), data))


@style()
def gradient_arrows(G, D, loss, z, ax=None, x_real=None):
    """Where the generator's loss wants each fake point x = G(z) to go. It is -dL/dx, times N to be per point. Returns the Axes.

    z is (N, d_z). All arrows are stretched by one factor, which the legend states. On an Axes with a drawing the window stays.
    `x_real`, as many as z, is needed only by losses that compare with real samples (`loss.needs_real`).
    """
    if loss.needs_real and x_real is None:
        raise ValueError(f"{loss!r} compares with real samples: give gradient_arrows as many of them as z, in x_real=")
    check_single("G", G, d_out=2)
    x, ax = G(points("z", z, G.d_in)), axes_for(ax, (4.2, 4.6), D, d_in=2)
    pull = -x.shape[0] * through_d(D, x, loss, D(x_real) if loss.needs_real else None).dx
    if not ax.has_data():
        plane(ax, window_of(x))
    long = float(np.quantile(np.linalg.norm(pull, axis=-1), .9))
    factor = .12 * float(np.ptp(ax.get_xlim())) / long if long > 0 else 1.
    ax.quiver(*x.swapaxes(0, 1), *pull.swapaxes(0, 1), angles="xy", scale_units="xy", scale=1 / factor, width=.004, zorder=4)
    arrow, = ax.plot([], [], "k", marker=r"$\rightarrow$", markersize=12, linestyle="none",
                     label=rf"$-\partial L_G/\partial x$, $\times$ {factor:.2g}")
    return finish(ax, x, [draw_dots(ax, x, s=16, edgecolors="white", linewidths=.5, alpha=1, zorder=5), arrow])


@style()
def latent_image(G, ax=None, side=21, data=None):
    """What G makes of the square [-2.5, 2.5]^2 of its first two latent coordinates (others are 0), over the truth of `data`.

    `side` lines each way; those of constant z_1 carry its colour, the others are grey. With d_z = 1 it is the curve that G
    makes of [-2.5, 2.5], or with points on the line too, the graph of x = G(z). Returns the Axes.
    """
    side, t = count("side", side, 2), np.linspace(-2.5, 2.5, 401)
    check_single("G", G, d_out=1 if G.d_in == G.d_out == 1 else 2)
    ax, z1 = axes_for(ax, (5.2, 4.6)), np.linspace(-2.5, 2.5, side)
    if G.d_in == 1:
        curve, z1 = np.concatenate([t[:, None], G(t[:, None])], axis=-1)[:, -2:], t[1:]
        lines, others = np.stack([curve[:-1], curve[1:]], axis=1), []  # (400, 2, 2): a short line for each colour
    else:
        z = np.zeros((2, side, t.size, G.d_in))
        z[0, ..., 0] = z[1, ..., 1] = z1[:, None]
        z[0, ..., 1] = z[1, ..., 0] = t
        lines, others = G(z.reshape(-1, G.d_in)).reshape(2, side, t.size, 2)
    ax.add_collection(LineCollection(others, colors="0.75", linewidths=.5))
    colored = ax.add_collection(LineCollection(lines, array=z1, cmap="viridis", linewidths=1))
    window = window_of(lines.reshape(-1, 2) if data is None else data)
    handles = [] if data is None else [truth(ax, data, window)]
    plane(ax, window, data if G.d_out == 2 else None)
    if G.d_out == 2:
        ax.figure.colorbar(colored, ax=ax, fraction=.046, pad=.02).set_label("$z_1$" if G.d_in > 1 else "$z$")
    else:
        colored.set(array=None, color=FAKE)
        ax.set(aspect="auto", xlim=(-2.5, 2.5), xlabel="$z$", ylabel="$x = G(z)$")
    return finish(ax, handles=handles)


@style()
def modes_together(x, data, ax=None):
    """All modes of a 2-D Mixture on top of each other: how x (N, 2) lie around their nearest centres, in standard deviations.

    Modes with a covariance matrix S are made round by S^(-1/2). True samples would fill the circles. 39 % lie in the inner one,
    99 % in the outer. Returns the Axes.
    """
    check_single("data", data, dim=2, n_modes=getattr(data, "n_modes", "a Mixture"))
    x, ax = points("x", x, 2), axes_for(ax, (4.2, 4.6))
    apart = data.whitened(x, data.nearest(x))
    labels = ([f"$(x_{j} - c_{j})/\\sigma$" for j in (1, 2)] if data.shapes is None
              else [f"$(S^{{-1/2}}(x - c))_{j}$" for j in (1, 2)])
    plane(ax, ((-5, -5), (5, 5))).set(xlabel=labels[0], ylabel=labels[1])
    size = np.array([2., 6.])
    ax.add_collection(EllipseCollection(size, size, 0 * size, units="xy", offsets=np.zeros((2, 2)), offset_transform=ax.transData,
                                        facecolors="none", edgecolors=TRUE, linewidths=1.2, zorder=3))
    circles, = ax.plot([], [], "o", color=TRUE, fillstyle="none", label="1 and 3 standard deviations")
    return finish(ax, apart, [circles, draw_dots(ax, apart)])


@style()
def mode_shares(x, data, ax=None):
    """How many of x (N, d) went to each mode of a Mixture: of high quality (full) and all (pale), beside the true share (line).

    Returns the Axes.
    """
    if not isinstance(data, Mixture):
        raise ValueError(f"mode_shares counts samples by mode, so it needs a Mixture; got {type(data).__name__}")
    (good, nearest), ax, mode = mode_counts(x, data), axes_for(ax, (4.2, 4.2)), np.arange(data.n_modes)
    ax.bar(mode, nearest / np.shape(x)[0], color=FAKE, alpha=.35, label="all generated")
    ax.bar(mode, good / np.shape(x)[0], color=FAKE, label="of high quality")
    ax.hlines(data.weights, mode - .45, mode + .45, color=TRUE, linewidth=2, label="true share")
    ax.set(xlabel="mode", ylabel="share of the samples", xticks=mode if data.n_modes <= 12 else [])
    return finish(ax, handles=ax.get_legend_handles_labels()[0])


@style()
def images(x, ax=None, columns=10):
    """Rows of pixels x (N, side^2), -1 (white) to 1 (black), such as digits, as a mosaic of square pictures. Returns the Axes."""
    mosaic, ax = tiled(points("x", x), count("columns", columns)), axes_for(ax, (4.2, 4.2))
    ax.imshow(mosaic, cmap=plt.get_cmap("gray_r").with_extremes(bad="0.8"), vmin=-1, vmax=1)
    ax.set_axis_off()
    return ax


def tiled(x, columns):
    """Square pictures x (N, side^2) side by side in one array, with NaN between them and in empty places."""
    n, d = x.shape
    side, rows = math.isqrt(d), -(-n // columns)
    if side**2 != d:
        raise ValueError(f"images draws square pictures, such as 8 x 8 = 64 numbers a row; got {d} numbers a row")
    tiles = np.full((rows * columns, side + 1, side + 1), np.nan)  # a row and a column of NaN between pictures
    tiles[:n, :side, :side] = x.reshape(n, side, side)
    return tiles.reshape(rows, columns, side + 1, side + 1).swapaxes(1, 2).reshape(rows * (side + 1), -1)[:-1, :-1]
