"""Pictures of a run, always in the same colours (Okabe & Ito's, which colour-blind people can tell apart):

    TRUE    blue            the true distribution, and nothing else
    FAKE    vermillion      what the generator has learned
    JUDGE   bluish green    the discriminator; the best possible one, D* = p / (p + q), is black and dashed

Every function draws on `ax`, or on a new pyplot figure when that is None, and returns the Axes (`summary`: the Figure).
None shows, saves or closes a figure or changes matplotlib's settings. Samples x are (N, d), latent points z (N, d_z), without
replicas; `data` comes from `tinygan.data`. A wrong shape raises ValueError. The window holds the truth; some generated points
may lie outside, and the legend says how many. Where `loss` is asked for, it is the one D was trained with: it tells
whether D's verdict is a probability (also when None) or a score. Legends stand below the drawing: figures of your own
need layout="constrained", or `style()`, to make room for them.
"""

import math
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection, EllipseCollection, LineCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from PIL import Image

from .data import Mixture, Points, from_array
from .engine.arguments import count, points
from .engine.numerics import sigmoid
from .losses import Hinge, LeastSquares, Minimax

TRUE, FAKE, JUDGE = "#0072B2", "#D55E00", "#009E73"
STYLE = {"font.size": 9, "axes.titlesize": 9, "axes.titlelocation": "left", "axes.spines.top": False, "legend.fontsize": 8,
         "axes.spines.right": False, "legend.frameon": False, "figure.constrained_layout.use": True,
         "figure.constrained_layout.w_pad": .1}


def style():
    """The look of these pictures as a context, for figures of your own: `with style(): fig, ax = plt.subplots()`."""
    return plt.rc_context(STYLE)


@style()
def density_1d(x, data, D=None, loss=None, ax=None):
    """The true density p (filled line) and the histogram of x (N, 1). Data without a density lend a kernel estimate.

    With a discriminator, a second axis on the right (the figure's last Axes) shows its verdict and, where that is what the
    loss aims at, the best one where there are points: D* = p / (p + q) = sigmoid(log p - log q), q a kernel estimate from x.
    Returns the left Axes.
    """
    _check("data", data, dim=1)
    x, real, ax = points("x", x, 1), _true(data), _axes(ax, (6, 3.6), D, d_in=1)
    width = max(1e-6, data.stds.min() if isinstance(data, Mixture) else real.std() / 3)  # of one mode

    def smooth(x):  # a kernel estimate is a mixture around the samples; the kernel is as wide as Silverman's for one mode
        return Mixture(x, 1.06 * width * x.shape[0] ** -.2)

    p, q = data if isinstance(data, Mixture) else smooth(real), smooth(x)
    (low,), (high,) = _window(data, x)
    near = p.means + p.stds[:, None] * np.linspace(-6, 6, 61)  # a narrow mode may lie between two points of a grid
    t = np.union1d(np.linspace(low, high, 801), np.clip(near if p is data else [], low, high))[:, None]
    density, bars = np.exp(p.log_prob(t)), _bars(x, np.linspace(low, high, 1 + int(np.clip(3 * (high - low) / width, 60, 300))))
    ax.fill_between(t[:, 0], density, color=TRUE, alpha=.15, linewidth=0)
    handles = [*ax.plot(t, density, color=TRUE, label="true density $p$"),
               ax.stairs(*bars, color=FAKE, alpha=.5, fill=True, label="generated")]
    tallest = np.clip(bars[0].max(), density.max(), 2.5 * density.max())
    ax.set(xlim=(low, high), ylim=(0, 1.08 * tallest), xlabel="$x$", ylabel="density")
    if D is not None:
        log_p, log_q = p.log_prob(t), q.log_prob(t)
        best = np.where(np.exp(log_p) + np.exp(log_q) < .01 * density.max(), np.nan, sigmoid(log_p - log_q))
        handles += _judge_1d(ax.twinx(), t, D, loss, best)  # NaN, as the ratio of two tails is noise
    return _finish(ax, x, handles)


def _judge_1d(ax, t, D, loss, best):
    """D's verdict at t (T, 1), and the best one where the loss aims at it; returns the lines."""
    verdict, name, _ = _verdict(D, t, loss)
    lines = ax.plot(t, verdict, color=JUDGE, label=name, clip_on=False)
    if loss is None or isinstance(loss, (Minimax, LeastSquares)):
        best = getattr(loss, "real_label", 1) * best
        lines += ax.plot(t, best, "k--", linewidth=1, label="$D^* = p/(p+q)$", clip_on=False)
    if loss is None or loss.is_probability:
        ax.set(ylim=(0, 1), yticks=(0, .5, 1), yticklabels=("0", "1/2", "1"))
    ax.spines["right"].set(visible=True, color=JUDGE)
    ax.set_ylabel(name, color=JUDGE)
    ax.tick_params(colors=JUDGE, labelsize=8)
    return lines


@style()
def samples_2d(x, data, ax=None):
    """Samples x (N, 2) over the truth: modes far apart are circles at 1 and 3 standard deviations, with a pale ring where they
    are too small to be found; overlapping ones are contours around the same shares of the mass; other data are true points.
    Returns the Axes.
    """
    _check("data", data, dim=2)
    x, ax = points("x", x, 2), _axes(ax, (4.2, 4.6))
    return _finish(_plane(ax, _window(data, x)), x, [_truth(ax, data, _window(data, x)), _dots(ax, x)])


def _truth(ax, data, window):
    """The true distribution on the plane; returns the handle for a legend."""
    if not isinstance(data, Mixture):
        return _dots(ax, _true(data), color=TRUE, alpha=.5, label="true samples")
    gaps = np.linalg.norm(data.means[:, None] - data.means, axis=-1) + np.diag(np.full(data.n_modes, np.inf))
    if gaps.min() > 6 * data.stds.max():
        width = float(window[1][0] - window[0][0])
        tiny = 6 * data.stds < .03 * width
        for means, size, look in ((data.means, 2 * data.stds, {"linewidths": .8, "zorder": 3}),
                                  (data.means, 6 * data.stds, {"linewidths": .8, "zorder": 3}),
                                  (data.means[tiny], np.full(tiny.sum(), .08 * width), {"linewidths": 2, "alpha": .3})):
            ax.add_collection(EllipseCollection(size, size, 0 * size, units="xy", offsets=means, offset_transform=ax.transData,
                                                facecolors="none", edgecolors=TRUE, **look))
        return ax.plot([], [], "o", color=TRUE, fillstyle="none", label="true modes, 1 and 3 std")[0]
    grid, sides = _grid(*window)
    levels = np.quantile(data.log_prob(_true(data, 10_000)), (.0111, .6065))  # what 1 and 3 std leave outside
    height = data.log_prob(grid).reshape(sides[0].size, -1)
    ax.contour(*sides, height, levels, colors=TRUE, linewidths=1, linestyles="-", zorder=3)
    return ax.plot([], [], color=TRUE, label="true: 39 % and 99 % inside")[0]


@style()
def heat_map(D, data, ax=None, loss=None):
    """D's verdict on the plane: blue is real, red is fake, the black line lies between. Returns the Axes, with a colour bar.

    `data` gives the window, or is the window itself: (left, right, bottom, top).
    """
    if hasattr(data, "sample"):
        _check("data", data, dim=2)
    elif np.shape(data) != (4,) or not (data[0] < data[1] and data[2] < data[3]):
        raise ValueError(f"heat_map needs a data set or a window (left, right, bottom, top); got {data!r}")
    ax = _axes(ax, (4.8, 4.2), D, d_in=2)
    low, high = _window(data) if hasattr(data, "sample") else np.reshape(data, (2, 2)).swapaxes(0, 1)
    grid, sides = _grid(low, high)
    verdict, name, middle = _verdict(D, grid, loss)
    reach = .5 if loss is None or loss.is_probability else max(float(np.abs(verdict - middle).max()), 1e-9)
    verdict = verdict.reshape(sides[0].size, -1)
    image = ax.imshow(verdict, cmap="RdBu", vmin=middle - reach, vmax=middle + reach, origin="lower", alpha=.8,
                      extent=(low[0], high[0], low[1], high[1]), interpolation="bilinear")
    if verdict.min() < middle < verdict.max():
        ax.contour(*sides, verdict, [middle], colors="black", linewidths=.8, linestyles="-")
    ax.figure.colorbar(image, ax=ax, fraction=.046, pad=.02).set_label(name)
    return _finish(_plane(ax, (low, high)))


@style()
def gradient_arrows(G, D, loss, z, ax=None, x_real=None):
    """Where the generator's loss wants each fake point x = G(z) to go: -dL/dx, times N to be per point. Returns the Axes.

    z is (N, d_z). All arrows are stretched by one factor, which the legend states. On an Axes with a drawing the window stays.
    `x_real`, as many as z, is needed only by losses that compare with real samples (`loss.needs_real`).
    """
    if loss.needs_real and x_real is None:
        raise ValueError(f"{loss!r} compares with real samples: give gradient_arrows as many of them as z, in x_real=")
    _check("G", G, d_out=2)
    x, ax = G(points("z", z, G.d_in)), _axes(ax, (4.2, 4.6), D, d_in=2)
    s, tape = D.forward(x)
    pull = -x.shape[0] * D.backward(loss.g(s, D(x_real) if loss.needs_real else None).ds_fake, tape, grads=False)
    if not ax.has_data():
        _plane(ax, _window(x))
    long = float(np.quantile(np.linalg.norm(pull, axis=-1), .9))
    factor = .12 * float(np.ptp(ax.get_xlim())) / long if long > 0 else 1.
    ax.quiver(*x.swapaxes(0, 1), *pull.swapaxes(0, 1), angles="xy", scale_units="xy", scale=1 / factor, width=.004, zorder=4)
    arrow, = ax.plot([], [], "k", marker=r"$\rightarrow$", markersize=12, linestyle="none",
                     label=rf"$-\partial L_G/\partial x$, $\times$ {factor:.2g}")
    return _finish(ax, x, [_dots(ax, x, s=16, edgecolors="white", linewidths=.5, alpha=1, zorder=5), arrow])


@style()
def latent_image(G, ax=None, side=21, data=None):
    """What G makes of the square [-2.5, 2.5]^2 of its first two latent coordinates (others are 0), over the truth of `data`.

    `side` lines each way; those of constant z_1 carry its colour, the others are grey. With d_z = 1 it is the curve that G
    makes of [-2.5, 2.5], or with points on the line too, the graph of x = G(z). Returns the Axes.
    """
    side, t = count("side", side, 2), np.linspace(-2.5, 2.5, 401)
    _check("G", G, d_out=1 if G.d_in == G.d_out == 1 else 2)
    ax, z1 = _axes(ax, (4.8, 4.2)), np.linspace(-2.5, 2.5, side)
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
    window = _window(lines.reshape(-1, 2) if data is None else data)
    handles = [] if data is None else [_truth(ax, data, window)]
    _plane(ax, window)
    if G.d_out == 2:
        ax.figure.colorbar(colored, ax=ax, fraction=.046, pad=.02).set_label("$z_1$" if G.d_in > 1 else "$z$")
    else:
        colored.set(array=None, color=FAKE)
        ax.set(aspect="auto", xlim=(-2.5, 2.5), xlabel="$z$", ylabel="$x = G(z)$")
    return _finish(ax, handles=handles)


@style()
def histories(history, axes=None, loss=None, modes=None):
    """Both losses, D's mean verdict on real and fake points, and the modes found, if they were counted.

    Returns the 2 or 3 Axes as an array; `axes`, if given, are as many. With replicas each is a thin line and their median a
    thick one. When `loss` is made of binary cross-entropy, dotted lines show where D = 1/2 everywhere would lead;
    another one the number of true `modes`, if given.
    """
    panels = 3 if history.modes_step.size else 2
    axes = np.ravel(plt.subplots(1, panels, figsize=(3.3 * panels, 2.6))[1] if axes is None else axes)
    if axes.size != panels:
        raise ValueError(f"this history fills {panels} axes; got {axes.size}. Make them with plt.subplots(1, {panels})")
    known, two = isinstance(loss, Minimax), math.log(2)
    g_end = {"-ln 2": -two} if type(loss) is Minimax else {"ln 2": two}
    half = ({"2 ln 2": 2 * two} | g_end, {"1/2": .5}) if known else ({}, {})
    verdict = "mean verdict of $D$" if loss is None else "mean probability of real" if known else "mean score"
    table = [("loss", history.step, {"$D$": (history.d_loss, JUDGE), "$G$": (history.g_loss, FAKE)}, half[0]),
             (verdict, history.step, {"real": (history.d_real, TRUE), "fake": (history.d_fake, FAKE)}, half[1]),
             ("modes", history.modes_step, {"found": (history.modes, FAKE)}, {"true": modes} if modes else {})]
    for ax, (ylabel, step, curves, marks) in zip(axes, table, strict=False):
        for name, (y, color) in curves.items():
            ax.plot(step, y, color=color, linewidth=.4, alpha=.3) if y.ndim > 1 else None
            middle = np.ma.median(np.ma.masked_invalid(y), axis=-1) if y.ndim > 1 else y  # of those that have not diverged
            ax.plot(step, middle, color=color, linewidth=1 if y.ndim == 1 else 1.8, label=name)
        for name, y in marks.items():
            ax.axhline(y, color=TRUE if name == "true" else "black", linestyle=":", linewidth=1)
            ax.annotate(name, (1, y), (3, 0), ("axes fraction", "data"), "offset points", va="center", fontsize=8)
        ax.set(xlabel="step", ylabel=ylabel)
        _finish(ax).legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0)
    axes[1].set_ylim((0, 1) if known else None)
    axes[-1].set_ylim(bottom=0 if panels == 3 else None)
    return axes


@style()
def images(x, ax=None, columns=10):
    """Rows of pixels x (N, side^2), -1 (white) to 1 (black), such as digits, as a mosaic of square pictures. Returns the Axes."""
    mosaic, ax = _mosaic(points("x", x), count("columns", columns)), _axes(ax, (4.2, 4.2))
    ax.imshow(mosaic, cmap=plt.get_cmap("gray_r").with_extremes(bad="0.8"), vmin=-1, vmax=1)
    ax.set_axis_off()
    return ax


def _mosaic(x, columns):
    n, d = x.shape
    side, rows = math.isqrt(d), -(-n // columns)
    if side**2 != d:
        raise ValueError(f"images draws square pictures, such as 8 x 8 = 64 numbers a row; got {d} numbers a row")
    tiles = np.full((rows * columns, side + 1, side + 1), np.nan)  # a row and a column of NaN between pictures
    tiles[:n, :side, :side] = x.reshape(n, side, side)
    return tiles.reshape(rows, columns, side + 1, side + 1).swapaxes(1, 2).reshape(rows * (side + 1), -1)[:-1, :-1]


class Snapshots:
    """A callback for `train` that keeps what G makes of the same z (N, d_z) every so many steps, and at the last one.

    `steps` and `x` are lists of the steps and of the points G(z) (N, d), from G_ema when there is one. Give G itself to begin
    with step 0. Training is not changed by being watched.
    """

    def __init__(self, z, every, G=None):
        self.z, self.every, self.steps, self.x = points("z", z), count("every", every), [], []
        if G is not None:
            self._keep(0, G)

    def __call__(self, state):
        if state.step % self.every == 0 or state.step == state.history.steps:
            self._keep(state.step, state.G if state.G_ema is None else state.G_ema)

    def _keep(self, step, G):
        _check("G", G, d_in=self.z.shape[-1])
        self.steps.append(step)
        self.x.append(np.array(G(self.z)))


def gif(snapshots, data, path, fps=10):
    """Write the snapshots (1-D, 2-D or square pictures) as an animated GIF, 400 x 400, `fps` a second; returns its Path."""
    path = Path(path)
    if path.suffix != ".gif" or not path.parent.is_dir():
        raise ValueError(f"gif writes a file that ends in .gif, in a directory that exists; got {str(path)!r}")
    if not snapshots.x:
        raise ValueError("there are no snapshots yet: pass the Snapshots to train as its callback= first")
    with style():
        figure = Figure((4, 4), dpi=100)  # unknown to pyplot, so there is nothing to close
        canvas, ax = FigureCanvasAgg(figure), figure.add_subplot(title="step")
        update = _movable(ax, data, snapshots.x[-1])
        moving = [a for a in ax.get_children() if isinstance(a, (Collection, Line2D, StepPatch, AxesImage, Text))]
        for artist in moving:
            artist.set_animated(True)
        canvas.draw()  # axes and legend, drawn once: they take most of the time
        still, frames = canvas.copy_from_bbox(figure.bbox), []
        for step, x in zip(snapshots.steps, snapshots.x, strict=True):
            update(x)
            ax.set_title(f"step {step:,}{_outside(ax, x)}")
            canvas.restore_region(still)
            for artist in sorted(moving, key=lambda artist: artist.zorder):
                ax.draw_artist(artist)
            frames.append(Image.fromarray(np.array(canvas.buffer_rgba())).convert("RGB"))
    durations = [1000 / fps] * (len(frames) - 1) + [2000]  # milliseconds; time to look at the last one
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return path


def _movable(ax, data, x):
    """Draw x against the truth; returns update(x), which moves the samples and leaves the rest."""
    if data.dim == 1:
        bars, = (p for p in density_1d(x, data, ax=ax).patches if isinstance(p, StepPatch))
        ax.get_legend().get_texts()[1].set_text("generated")
        return lambda x: bars.set_data(*_bars(x, bars.get_data().edges))
    if data.dim == 2:
        dots = samples_2d(x, data, ax).collections[-1]
        ax.get_legend().get_texts()[1].set_text("generated")
        return dots.set_offsets
    picture, = images(_shown(data, x[:36]), ax, 6).images
    return lambda x: picture.set_data(_mosaic(_shown(data, x[:36]), 6))


@style()
def summary(G, D, data, loss, history, snapshots=None, seed=0):
    """The page a run leaves behind, a Figure: what was learned beside the truth, what D says, the histories, some snapshots.

    Draws G_ema when the history has one. `seed` chooses the latent points. Data of 3 and more dimensions are seen along
    their first two principal components, without snapshots; digits as pictures.
    """
    data = from_array(data) if isinstance(data, np.ndarray) else data
    G = G if history.G_ema is None else history.G_ema
    _check("G", G, d_out=data.dim)
    _check("D", D, d_out=1)
    z = np.random.default_rng(seed).standard_normal((1000, G.d_in))
    panels = _panels(G, D if D.d_in == data.dim else None, data, loss, z)
    kept = 0 if snapshots is None or not (data.dim < 3 or _digits(data)) else len(snapshots.x)
    film = np.unique(np.linspace(0, kept - 1, min(8, kept)).astype(int))
    heights = [3.9, 2.3] + [1.5] * (kept > 0)
    figure = plt.figure(figsize=(11, sum(heights)))
    parts = figure.subfigures(len(heights), 1, height_ratios=heights)
    for (title, draw), ax in zip(panels.items(), np.ravel(parts[0].subplots(1, len(panels))), strict=True):
        draw(ax)
        ax.set_title(title)
    counted = history.modes_step.size > 0
    histories(history, parts[1].subplots(1, 2 + counted), loss, data.n_modes if counted else None)
    for i, ax in zip(film, np.ravel(parts[2].subplots(1, film.size)) if kept else (), strict=True):
        _movable(ax, data, snapshots.x[-1])(snapshots.x[i])  # so all of them have one window
        ax.set(title=f"step {snapshots.steps[i]:,}", xlabel="", ylabel="", xticks=(), yticks=())
        if ax.get_legend():
            ax.get_legend().remove()
    return figure


def _panels(G, D, data, loss, z):
    """The pictures that fit the data, title -> function of an Axes. D is None when it judges several points at once."""
    x, real = G(z), _true(data)
    if data.dim == 1:
        graph = {"what G makes of z": lambda ax: latent_image(G, ax)}
        return {"density": lambda ax: density_1d(x, data, D, loss, ax)} | (graph if G.d_in == 1 else {})
    if data.dim == 2:
        verdict = {"what D says, and where it pulls G": lambda ax: gradient_arrows(
            G, D, loss, z[:60], heat_map(D, data, ax, loss), real[:60])}
        return {"samples": lambda ax: samples_2d(x, data, ax), **({} if D is None else verdict),
                "what G makes of a grid of z": lambda ax: latent_image(G, ax, data=data)}
    if _digits(data):
        return {"true": lambda ax: images(_shown(data, real[:100]), ax),
                "generated": lambda ax: images(_shown(data, x[:100]), ax)}
    center = real.mean(axis=-2)
    axes = np.linalg.svd(real - center, full_matrices=False)[2][:2].swapaxes(0, 1)  # (d, 2): the principal directions
    flat = from_array((real - center) @ axes)
    return {"principal components of the true samples": lambda ax: samples_2d((x - center) @ axes, flat, ax).set(
        xlabel="first", ylabel="second")}


def _digits(data):
    return data.dim == 64 and getattr(data, "name", "") == "digits"


def _shown(data, x):
    return data.restore(x) if hasattr(data, "restore") else x


def _check(name, thing, **wanted):
    """Raises ValueError unless a network or data set is a single one with these attributes."""
    if getattr(thing, "replicas", ()):
        raise ValueError(f"{name} holds {thing.replicas[0]} replicas, but a picture shows one network: "
                         "train one without replicas")
    for key, value in wanted.items():
        got = getattr(thing, key, type(thing).__name__)
        if got != value:
            raise ValueError(f"this picture needs {name} with {key} = {value}; got {got}. `summary` chooses pictures that fit")


def _axes(ax, size, D=None, **wanted):
    """`ax`, or the Axes of a new figure; but first the checks of D, so that nothing is made in vain."""
    if D is not None:
        _check("D", D, d_out=1, **wanted)
    if ax is not None and not isinstance(ax, Axes):
        raise ValueError(f"ax must be one matplotlib Axes, such as plt.subplots()[1]; got {type(ax).__name__}")
    return plt.subplots(figsize=size)[1] if ax is None else ax


def _verdict(D, x, loss):
    """What D says of x (N, d): the values (N,), their name, and the value between real and fake."""
    s = D(x)[..., 0]
    if loss is None or loss.is_probability:
        return sigmoid(s), "$D$: probability of real", .5
    known = {LeastSquares: .5, Hinge: 0.}  # of other scores only the differences mean something
    return s, "$D$: score", known.get(type(loss), float(np.median(s)))


def _true(data, n=1000):
    """`n` true samples, the same ones every time; all of them when there are fewer."""
    return data.sample(min(n, data.x.shape[-2]) if isinstance(data, Points) else n, np.random.default_rng(0))


def _window(data, x=None):
    """(low, high), (d,) each, equal sides: the truth, most of x unless that is twice as far away, and a margin."""
    if isinstance(data, Mixture):
        reach = 3 * data.stds[:, None]
        low, high = (data.means - reach).min(axis=0), (data.means + reach).max(axis=0)
    else:
        low, high = np.quantile(data if isinstance(data, np.ndarray) else _true(data), (.005, .995), axis=0)
    size = (high - low).max() or 1.
    if x is not None:
        most = np.quantile(x, (.01, .99), axis=0)
        low, high = np.clip(most[0], low - size / 2, low), np.clip(most[1], high, high + size / 2)
    middle, half = (low + high) / 2, .58 * max((high - low).max(), size)
    return middle - half, middle + half


def _grid(low, high, n=160):
    """n x n points of the window as (n^2, 2), and the coordinates along both sides."""
    sides = np.linspace(low, high, n).swapaxes(0, 1)
    return np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2), sides


def _bars(x, edges):
    """A histogram of x (N, 1) as a density of all N, of which some may lie outside; and the edges."""
    return np.histogram(x, edges)[0] / (x.shape[0] * np.diff(edges)), edges


def _dots(ax, x, **look):
    size = np.clip(1.2 * ax.bbox.width / ax.figure.dpi, 1, 5)  # smaller dots in smaller pictures
    look = {"s": size, "color": FAKE, "alpha": .7, "linewidths": 0, "label": "generated"} | look
    return ax.scatter(*x.swapaxes(0, 1), **look)


def _plane(ax, window):
    (left, bottom), (right, top) = window
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    return ax


def _outside(ax, x):
    """How many of x (N, d) lie outside the window, for a label or title; nothing if none does."""
    low, high = np.array([ax.get_xlim(), ax.get_ylim()])[:x.shape[-1]].swapaxes(0, 1)
    outside = np.count_nonzero(((x < low) | (x > high)).any(axis=-1)) if x.shape[-1] < 3 else 0
    return f", {outside} of {x.shape[0]} outside" if outside else ""


def _finish(ax, x=None, handles=()):
    """Small ticks and a legend below, which says how many of x are not to be seen."""
    ax.tick_params(labelsize=8)
    if handles:
        labels = [h.get_label() + (_outside(ax, x) if h.get_label() == "generated" else "") for h in handles]
        columns = 2 if ax.bbox.width > 3.2 * ax.figure.dpi else 1
        ax.legend(handles, labels, loc="upper center", bbox_to_anchor=(.5, -.14), ncols=columns)
    return ax
