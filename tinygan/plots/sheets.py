"""Sheets: many images in rows and columns that mean something, and points of the plane in the colours of their classes.

    sheet           images in rows and columns, with labels on both sides
    lines           one above the other: originals and reconstructions, or a translation there and back
    beside          sheets side by side, such as generated images and real ones
    classes_2d      samples over the truth, each in the colour of its class
    shades_2d       samples over the truth, each in the colour of a number
    moves_2d        where each point is carried: a line from the start to the end
    run_page        any picture above the curves of a run

Each returns a new Figure, or draws on `figure` where one is given. The others draw on `ax` and return it. Images are rows of
pixels x (N, height * width), from -1 (white) to 1 (black); in colour three times as many, red, green and blue of each pixel.
"""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patheffects import withStroke

from ..engine.arguments import count, points
from .canvas import FAKE, HALF, JUDGE, TRUE, axes_for, check_single, draw_dots, finish, plane, style, window_of
from .curves import DASHED, draw_curves, level
from .pictures import truth

FRAME = "0.3"
TILE, WIDEST = .42, 12  # inches: of an image, and of a sheet
MOST = 2500  # images on a sheet
ACROSS = 4  # panels of curves side by side
# Okabe & Ito's colours, without the blue of the truth and the yellow that white paper swallows; and two more.
CLASSES = ("#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#8A3B71", "#7F7F7F")


@style()
def sheet(x, image, columns=None, rows=(), heads=(), across="", down="", figure=None):
    """Images x (N, height * width) side by side, line after line, as a Figure.

    Parameters
    ----------
    x : rows of pixels
    image : (height, width)
    columns : images in a line; by default about as many as there are lines
    rows, heads : a label for each line, and one for each column
    across, down : what the columns are, and what the lines are
    figure : a Figure or SubFigure to draw on
    """
    x, columns = _checked(x, image), columns or math.ceil(math.sqrt(len(x)))
    n = -(-x.shape[0] // count("columns", columns))
    size = _size(n, columns, image)
    if figure is None:
        figure = plt.figure(figsize=(max(2, size[0] + .3 + .5 * bool(rows) + .25 * bool(down)),
                                     size[1] + .3 + .2 * bool(heads) + .25 * bool(across)))
    _tiles(figure.subplots(), x, image, columns, rows, heads, across, down)
    return figure


@style()
def lines(parts, image, columns=10, title="", figure=None):
    """What belongs together stands one above the other, in a Figure.

    Parameters
    ----------
    parts : {name: images (N, height * width)}, equally many; each is a line, and where they need more, there are more blocks
    image, figure : as in `sheet`
    columns : images in a line
    title : what it is all about
    """
    names, images = list(parts), [_checked(x, image) for x in parts.values()]
    n = len(images[0])
    if any(len(x) != n for x in images):
        raise ValueError(f"lines shows equally many images of each kind; got {' and '.join(str(len(x)) for x in images)}")
    blocks, columns = -(-n // columns), min(columns, n)
    width, height = _size(len(names), columns, image)
    if figure is None:
        figure = plt.figure(figsize=(width + 1.5, blocks * (height + .12) + .3 + .25 * bool(title)))
    for b, ax in enumerate(np.ravel(figure.subplots(blocks, 1))):
        some = [x[b * columns:(b + 1) * columns] for x in images]
        empty = np.full((columns - len(some[0]), images[0].shape[-1]), np.nan)
        _tiles(ax, np.concatenate([part for x in some for part in (x, empty)]), image, columns, names,
               across=title * (not b))
    return figure


@style()
def beside(parts, image, columns=10, figure=None):
    """Sheets side by side, {title: images (N, height * width)}, as a Figure. `image`, `columns` and `figure` as in `sheet`."""
    images = {title: _checked(x, image) for title, x in parts.items()}
    n = max(-(-len(x) // columns) for x in images.values())
    width, height = _size(n, columns, image)
    if figure is None:
        figure = plt.figure(figsize=(len(parts) * (width + .3), height + .5))
    for ax, (title, x) in zip(np.ravel(figure.subplots(1, len(parts))), images.items(), strict=True):
        _tiles(ax, x, image, columns)
        ax.set_title(title)
    return figure


def _checked(x, image):
    """The images as float64. Raises ValueError for rows of another length, or more than fit on a sheet."""
    x = points("images", x).astype(np.float64)
    if x.shape[-1] not in (math.prod(image), 3 * math.prod(image)):
        raise ValueError(f"images of {' x '.join(map(str, image))} pixels have {math.prod(image)} numbers a row, or in colour "
                         f"{3 * math.prod(image)}; got {x.shape[-1]}")
    if x.shape[0] > MOST:
        raise ValueError(f"a sheet has room for {MOST} images; got {x.shape[0]}: ask for fewer")
    return x


def _size(rows, columns, image):
    """Inches, width and height, of so many images."""
    tile = min(TILE, WIDEST / columns)
    return columns * tile * image[1] / max(image), rows * tile * image[0] / max(image)


def _tiles(ax, x, image, columns, rows=(), heads=(), across="", down=""):
    """Images in lines on one Axes, a thin dark grey frame around each; a row of NaN is an empty place."""
    height, width = image
    n, channels = -(-len(x) // columns), x.shape[-1] // math.prod(image)
    tiles = np.full((n * columns, height, width, channels), np.nan)
    tiles[:len(x)] = x.reshape(-1, height, width, channels)
    mosaic = np.full((n, columns, height + 1, width + 1, channels), np.nan)  # a row and a column between images
    mosaic[..., :height, :width, :] = tiles.reshape(n, columns, height, width, channels)
    mosaic = mosaic.swapaxes(1, 2).reshape(n * (height + 1), -1, channels)[:-1, :-1]
    if channels == 3:
        ax.imshow(np.nan_to_num((1 - mosaic) / 2, nan=1).clip(0, 1), interpolation="nearest")
    else:
        cmap = plt.get_cmap("gray_r").with_extremes(bad="white")
        ax.imshow(mosaic[..., 0], cmap=cmap, vmin=-1, vmax=1, interpolation="nearest")
    there = np.flatnonzero(~np.isnan(tiles).all(axis=(1, 2, 3)))
    corners = np.stack([there % columns * (width + 1), there // columns * (height + 1)], axis=-1)[:, None] - .5
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height), (0, 0)])
    ax.add_collection(LineCollection(corners + frame, colors=FRAME, linewidths=.6, clip_on=False))
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelsize=8, pad=2)
    ax.set_xticks((width + 1) * np.arange(len(heads)) + width / 2 - .5, heads)
    ax.set_yticks((height + 1) * np.arange(len(rows)) + height / 2 - .5, rows)
    ax.set(xlabel=across, ylabel=down)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")


@style()
def classes_2d(x, labels, data, label="generated, by class", ax=None):
    """Samples x (N, 2) over the truth, each in the colour of its class (N,), whose number stands beside it. Returns the Axes.

    `label` is for the legend.
    """
    check_single("data", data, dim=2)
    x, labels, ax = points("x", x, 2), np.asarray(labels), axes_for(ax, (4.2, 4.6))
    handle, (low, high) = _ground(ax, data, x)
    found = np.unique(labels)
    colors = CLASSES if found.size <= len(CLASSES) else [*plt.get_cmap("viridis")(np.linspace(0, .95, found.size))]
    draw_dots(ax, x, color=[colors[k] for k in np.searchsorted(found, labels)], zorder=4)
    for k, here in enumerate(found):
        place = _beside(x[labels == here], (low + high) / 2, .05 * (high - low)[0])
        ax.annotate(str(here), place, color=colors[k], ha="center", va="center", fontsize=9, fontweight="bold", zorder=6,
                    path_effects=[withStroke(linewidth=2, foreground="white")])
    dots, = ax.plot([], [], "o", color=CLASSES[0], markersize=4, label=label)
    return finish(ax, x, [handle, dots])


def _ground(ax, data, x):
    """The truth in a window with some room at the edge. Returns its handle for a legend, and the window (low, high)."""
    low, high = window_of(data, x)
    edge = .07 * (high - low)
    window = low - edge, high + edge
    return truth(plane(ax, window, data), data, window), window


def _beside(x, middle, gap):
    """A place near the points x (N, 2), on the side that looks away from `middle`. There it hides none of them."""
    center = np.median(x, axis=0)
    away = center - middle
    outwards = away / max(np.linalg.norm(away), 1e-9)
    return center + outwards * (np.quantile((x - center) @ outwards, .98) + gap)


@style()
def shades_2d(x, values, data, name, ax=None):
    """Samples x (N, 2) over the truth, each in the colour of its number (N,), which is called `name`. Returns the Axes."""
    check_single("data", data, dim=2)
    x, ax = points("x", x, 2), axes_for(ax, (4.8, 4.6))
    handle, _ = _ground(ax, data, x)
    shades = draw_dots(ax, x, color=None, c=values, cmap="viridis", alpha=.9, label="generated", zorder=4)
    ax.figure.colorbar(shades, ax=ax, fraction=.046, pad=.02).set_label(name)
    return finish(ax, x, [handle])


@style()
def moves_2d(start, end, data, ax=None, names=("real", "reconstructed")):
    """Grey lines from the points start (N, 2) to end (N, 2), with blue dots where they begin, vermillion where they end."""
    check_single("data", data, dim=2)
    start, end, ax = points("start", start, 2), points("end", end, 2), axes_for(ax, (4.2, 4.6))
    plane(ax, window_of(data, end))
    ax.add_collection(LineCollection(np.stack([start, end], axis=1), colors="0.7", linewidths=.6))
    handles = [draw_dots(ax, start, color=TRUE, label=names[0]), draw_dots(ax, end, label=names[1])]
    return finish(ax, end, handles)


@style()
def side_by_side(draws, figure=None, size=None):
    """Pictures side by side, each draw(figure=...), as a Figure of `size` inches, or drawn on `figure`."""
    if figure is None:
        figure = plt.figure(figsize=size or (.5 + 4.6 * len(draws), 4.9))
    for draw, part in zip(draws, np.ravel(figure.subfigures(1, len(draws))), strict=True):
        draw(figure=part)
    return figure


@style()
def run_page(draw, history, loss=None, levels=None, height=4.4, width=11):
    """The page of a run: what draw(figure=...) draws, and below it the curves of its history, whatever its columns are.

    Parameters
    ----------
    draw : a picture
    history : the History
    loss : as in `histories`
    levels : {column: (value, name)}, for dotted lines; "visited" is the column of the modes that are visited
    height, width : of the picture, in inches
    """
    panels = _panels(history, loss)
    rows = max(1, -(-len(panels) // ACROSS))
    figure = plt.figure(figsize=(width, height + 2.5 * rows))
    above, below = figure.subfigures(2, 1, height_ratios=(height, 2.5 * rows))
    draw(figure=above)
    axes = np.ravel(below.subplots(rows, -(-len(panels) // rows)) if panels else [])  # before the first step there are none
    for ax in axes[len(panels):]:
        ax.set_axis_off()
    for (name, lines), ax in zip(panels.items(), axes[:len(panels)], strict=True):
        counted = name == "modes"
        looks = [_look(column) for column in lines]
        draw_curves(ax, name, history.modes_step if counted else history.step, {_called(k): y for k, y in lines.items()},
               [color for color, _ in looks], [linestyle for _, linestyle in looks])
        if counted:
            ax.yaxis.get_major_locator().set_params(integer=True)
        if len(lines) == 1:
            ax.get_legend().remove()  # the axis says it
        for column in lines.keys() & (levels or {}).keys():
            level(ax, *levels[column])
    return figure


def _panels(history, loss):
    """{what is drawn in one panel: {column: values}}."""
    losses = [name for name in history.columns if name.endswith("_loss")]
    others = [name for name in history.columns if name not in (*losses, "d_real", "d_fake")]
    panels = {"loss": {name: history[name] for name in losses}}
    if "d_real" in history.columns:
        verdict = "mean probability of real" if loss is not None and loss.is_probability else "mean score"
        panels[verdict] = {name: history[name] for name in ("d_real", "d_fake")}
    panels |= {name.replace("_", " "): {name: history[name]} for name in others}
    if history.modes_step.size:
        panels["modes"] = {"visited": history.modes_visited, "half share": history.modes_half}
    return {name: lines for name, lines in panels.items() if lines}


def _look(column):
    """Colour and style of a column's curve."""
    color = {"d_real": TRUE, "d_fake": FAKE, "half share": HALF, "visited": FAKE}.get(column)
    player = {"d": JUDGE, "g": FAKE}.get(column[0]) if column.endswith("_loss") else None
    return color or player or HALF, DASHED if column in ("half share", "d_b_loss") else "-"


def _called(column):
    """A column's name for a legend: d_loss is D's, d_real is the verdict on real points."""
    if column.endswith("_loss"):
        first, *rest = column.removesuffix("_loss").upper().split("_")
        return f"${first}{'_{' + rest[0] + '}' if rest else ''}$"
    return column.removeprefix("d_").replace("_", " ")
