"""Whole figures, the page that a run leaves behind, one panel for each replica, and where a figure goes in the end."""

import sys
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PathCollection

from ..data import Mixture, from_array
from ..files import atomic_write
from .canvas import (
    LEGEND,
    TRUE,
    any_letters,
    called,
    check_single,
    in_units,
    is_digits,
    outside,
    shown,
    style,
    true_samples,
    window_of,
)
from .curves import histories
from .film import movable
from .pairs import chosen, pairs
from .pictures import (
    density_1d,
    gradient_arrows,
    heat_map,
    images,
    latent_image,
    mode_shares,
    modes_together,
    samples_2d,
)

MOST, MOMENTS, NUMBERED = 16, 8, 12  # on one page: replicas, snapshots, and modes that have a number


@style()
def summary(G, D, data, loss, history, snapshots=None, seed=0, *, caption="", columns=None):
    """The page a run leaves behind, a Figure: what was learned beside the truth, what D says, the histories, some snapshots.

    Draws G_ema when the history has one. `seed` chooses the latent points, and `caption` stands above. Data of 3 and more
    dimensions are a matrix of pairs of `columns` (see `pairs`), without snapshots; digits are pictures.
    """
    data = from_array(data) if isinstance(data, np.ndarray) else data
    G = G if history.G_ema is None else history.G_ema
    check_single("G", G, d_out=data.dim)
    check_single("D", D, d_out=1)
    z = np.random.default_rng(seed).standard_normal((1000, G.d_in))
    many = data.dim > 2 and not is_digits(data)
    panels = {} if many else _panels(G, D if D.rows == 1 else None, data, loss, z)
    kept = 0 if snapshots is None or many else len(snapshots.x)
    width = max(11, 3.5 * len(panels))
    lines = textwrap.wrap(caption, int(16 * width))
    heights = {"caption": .15 + .18 * len(lines)} if lines else {}
    # the first holds a square above three lines of legend
    heights |= {"top": .8 + 1.5 * len(chosen(columns, called(data))) if many else 4.1, "curves": 2.5}
    heights |= {"film": 1.5} if kept else {}
    figure = plt.figure(figsize=(width, sum(heights.values())))
    parts = dict(zip(heights, np.ravel(figure.subfigures(len(heights), 1, height_ratios=[*heights.values()])), strict=True))
    if lines:
        parts["caption"].text(.012, .4, "\n".join(lines), fontsize=8, va="center")
    if many:
        pairs(G(z), data, columns, parts["top"])
    for (title, draw), ax in zip(panels.items(), np.ravel(parts["top"].subplots(1, len(panels))) if panels else (), strict=True):
        draw(ax)
        ax.set_title(title)
    counted = history.modes_step.size > 0
    histories(history, parts["curves"].subplots(1, 2 + counted), loss, data.n_modes if counted else None)
    if kept:
        _film(parts["film"], data, snapshots)
    return figure


def _film(figure, data, snapshots):
    """Some of the snapshots, more of them at the beginning, where more happens."""
    kept = len(snapshots.x)
    n = min(MOMENTS, kept)
    some = np.maximum((np.linspace(0, 1, n) ** 2 * (kept - 1)).round().astype(int), np.arange(n))
    for i, ax in zip(some, np.ravel(figure.subplots(1, some.size)), strict=True):
        movable(ax, data, snapshots.x[-1])(snapshots.x[i])  # so all of them have one window
        ax.set(title=f"step {snapshots.steps[i]:,}", xlabel="", ylabel="", xticks=(), yticks=())
        if ax.get_legend():
            ax.get_legend().remove()


def _panels(G, D, data, loss, z):
    """The pictures that fit the data, title -> function of an Axes. D is None when it judges several points at once."""
    x, real = G(z), true_samples(data)
    if data.dim == 1:
        def graph(ax):
            in_units(latent_image(G, ax).yaxis, data, 0)
            ax.set_ylabel("$x = G(z)$")

        return {"density": lambda ax: density_1d(x, data, D, loss, ax)} | (
            {"what G makes of z": graph} if G.d_in == 1 else {})
    if is_digits(data):
        return {"true": lambda ax: images(shown(data, real[:100]), ax),
                "generated": lambda ax: images(shown(data, x[:100]), ax)}
    middle, window, mixture = {}, window_of(data), isinstance(data, Mixture)
    if D is not None:
        middle["what D says, and where it pulls G"] = lambda ax: gradient_arrows(
            G, D, loss, z[:60], heat_map(D, data, ax, loss), real[:60])
    elif mixture:
        middle["how its samples are shared out"] = lambda ax: mode_shares(x, data, ax).set_box_aspect(1)
    numbered = mixture and D is None and data.n_modes <= NUMBERED

    def samples(ax):
        samples_2d(x, data, ax, window)
        for k, mean in enumerate(data.means if numbered else ()):
            ax.annotate(f"{k}", mean, (9, 7), textcoords="offset points", fontsize=8, color=TRUE, ha="center", va="center")

    enlarged = {"all modes on top of each other": lambda ax: modes_together(x, data, ax)} if mixture else {}
    return {"samples": samples, **middle, "what G makes of a grid of z": lambda ax: latent_image(G, ax, data=data), **enlarged}


def flattened(data):
    """The true samples along their first two principal components, as data, and the function that takes points there."""
    real = true_samples(data)
    center = real.mean(axis=-2)
    directions = np.linalg.svd(real - center, full_matrices=False)[2][:2].swapaxes(0, 1)  # (d, 2)

    def project(x):
        return (x - center) @ directions

    return from_array(project(real)), project


@style()
def replicas(G, data, seed=0):
    """What each replica of G makes of the same latent points, as a Figure with a small panel for each, all with one window.

    Above a panel stands its number. "replica 3" is `G.replica(3)`. Of more than 16, the first 16 are drawn, and a note says so.
    1-D data are seen as densities, others as in `summary`. Raises ValueError for a network without replicas.
    """
    if not getattr(G, "replicas", ()):
        raise ValueError("replicas draws a panel for each replica of a network, but this G is a single one: make it with "
                         "mlp(..., replicas=8), or look at it with summary")
    data = from_array(data) if isinstance(data, np.ndarray) else data
    check_single("G", G.replica(0), d_out=data.dim)
    n, z = min(G.replicas[0], MOST), np.random.default_rng(seed).standard_normal((1000, G.d_in))
    made = [_finite(G.replica(r), z) for r in range(n)]
    if data.dim > 2 and not is_digits(data):
        data, project = flattened(data)
        made = [project(x) for x in made]
    rows = -(-n // 4)
    columns = -(-n // rows)
    width, height = (2.5, 1.6) if data.dim == 1 else (2, 2.1)
    figure = plt.figure(figsize=(max(LEGEND, width * columns), height * rows + .3))
    everything = np.concatenate(made)
    for r, x in enumerate(made):
        ax = figure.add_subplot(rows, columns, r + 1)
        movable(ax, data, everything)(x)  # so all of them have one window
        ax.set(title=f"replica {r}", xlabel="", ylabel="", yticks=(), **{} if data.dim == 1 else {"xticks": ()})
        ax.set_title(outside(ax, x).removeprefix(", "), loc="right", fontsize=7, color="0.4")
    _one_legend(figure, columns)
    if data.dim == 1:
        _one_height(figure.axes)
    if G.replicas[0] > n:
        figure.suptitle(f"The first {n} of {G.replicas[0]} replicas", fontsize=9)
    return figure


def _one_legend(figure, columns):
    """A legend below all panels in the place of one below each; pictures have none."""
    handles, names = figure.axes[0].get_legend_handles_labels()
    for legend in filter(None, (ax.get_legend() for ax in figure.axes)):
        legend.remove()
    if handles:
        legend = figure.legend(handles, names, loc="outside lower center", ncols=min(2, columns))
        for dots in legend.findobj(PathCollection):
            dots.set_sizes([12])  # in the small panels they are too small to tell their colour


def _one_height(axes):
    """Densities side by side. The tallest bar of all fits, unless it is much taller than the truth."""
    truth = axes[0].lines[0].get_ydata().max()
    tallest = max(patch.get_data().values.max() for ax in axes for patch in ax.patches)
    for ax in axes:
        ax.set_ylim(0, 1.08 * np.clip(tallest, truth, 2.5 * truth))


def _finite(G, z):
    """G(z), where a replica that diverged may have left no number. Those points are put far outside."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.clip(np.nan_to_num(G(z).astype(float), nan=1e30), -1e30, 1e30)


def save(figure, path, dpi=160):
    """Write the figure to `path` (.png, .pdf or .svg), close it, and return the Path.

    Nothing half-written is left. A picture that was there before stays until the new one is complete. Raises ValueError for
    another ending, or a directory that does not exist.
    """
    path = Path(path)
    if path.suffix.lower() not in (".png", ".pdf", ".svg") or not path.parent.is_dir():
        raise ValueError(f"save writes a file that ends in .png, .pdf or .svg, in a directory that exists; got {str(path)!r}")
    with atomic_write(path) as temporary, any_letters():
        figure.savefig(temporary, dpi=dpi)
    plt.close(figure)
    return path


def show(name):
    """The end of a script. Show all figures; where no window can be opened, save them as name.png in the current folder.

    Several are name_1.png, name_2.png and so on, and a sentence says where they are. When nobody reads along (the output
    goes to a file or another program) nothing is saved or said.
    """
    if plt.get_backend().lower() != "agg":
        plt.show()
    elif sys.stdout.isatty() and plt.get_fignums():
        figures = [plt.figure(number) for number in plt.get_fignums()]
        names = [f"{name}.png"] if len(figures) == 1 else [f"{name}_{i}.png" for i in range(1, len(figures) + 1)]
        for figure, file in zip(figures, names, strict=True):
            save(figure, file)
        pictures = "picture is" if len(names) == 1 else "pictures are"
        print(f"No window can be opened here, so the {pictures} in {', '.join(names)}")
