"""The pictures that explain, drawn when the site is built, in the colours of every other picture.

    python docs/pictures.py [folder]        draws them into the folder, docs/_build/pictures by default

steps.png       a step of D and a step of G: who is fixed, and where the gradient goes
r_operator.png  a layer's four methods: forward and backward, and the R-operator on each
replay.png      the NumPy calls of a step as long as they take, plainly and replayed
house.png       the floors of the package, from the table in tests/floors.py
museum_*.png    what an exhibit of the museum computes, and what it would if it were right (`museum_pictures`, `museum_runs`)
family_*.png    two scores of each study of the family, a dot for each run
"""

import runpy
import sys
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle

from tinygan import Adam, Player, data, losses, mlp
from tinygan.engine.machine import keep_memory, one_thread
from tinygan.engine.replay import record
from tinygan.plots import FAKE, JUDGE, TRUE, save, style
from tinygan.streams import Streams, TwoPlayerDraw
from tinygan.updates import Rules

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "docs"))

import family_pictures  # noqa: E402  the path comes first
import museum_pictures  # noqa: E402

GREY, INK, MOVING = "0.45", "0.15", "#8A3B71"


def canvas(width, height):
    """A figure whose only Axes counts in inches from the lower left corner."""
    figure = Figure((width, height), layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()
    return figure, ax


def box(ax, x, y, text, color=INK, width=1.0, height=.5, fixed=False, fill=True, size=10):
    """A named box around (x, y); one that is fixed has a broken edge and no colour of its own inside."""
    edge = GREY if fixed else color
    ax.add_patch(FancyBboxPatch((x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.08",
                                linestyle="--" if fixed else "-", linewidth=1.3, edgecolor=edge, zorder=2,
                                facecolor="white" if fixed or not fill else (*to_rgb(color), .12)))
    say(ax, x, y, text, size, color=GREY if fixed else color, zorder=3)


def say(ax, x, y, text, size=8., **look):
    """Words, centred at (x, y)."""
    ax.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": size} | look)


def arrow(ax, start, end, color=GREY, width=1.2, dashed=False, **look):
    """An arrow from point to point."""
    ax.annotate("", end, start, zorder=1, arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": width,
                "linestyle": "--" if dashed else "-", "shrinkA": 0, "shrinkB": 0, "mutation_scale": 11} | look)


def row(ax, y, columns, gradient, rise=.09):
    """Boxes in a row, `columns` (x, text, colour, fixed, filled); forward arrows between all, gradients back along `gradient`."""
    for x, text, color, fixed, filled in columns:
        box(ax, x, y, text, color, fixed=fixed, fill=filled)
    for (left, *_), (right, *_) in zip(columns, columns[1:], strict=False):
        arrow(ax, (left + .5, y + rise), (right - .5, y + rise))
        if (left, right) in gradient:
            arrow(ax, (right - .5, y - rise), (left + .5, y - rise), INK, 2.2)


def steps():
    """One step of each player."""
    figure, ax = canvas(9, 6.4)
    z, g, x, d, s, loss = 1.1, 2.6, 4.1, 5.6, 7.1, 8.2
    top, middle, low = 5.35, 4.25, 1.5

    ax.text(.3, 6.05, "A step of D", fontsize=12, weight="bold")
    row(ax, top, [(x, "x_real", TRUE, False, False), (d, "D", JUDGE, False, True), (s, "s_real", TRUE, False, False)], {(d, s)})
    row(ax, middle, [(z, "z", INK, False, False), (g, "G", FAKE, True, False), (x, "x_fake", FAKE, False, False),
                     (d, "D", JUDGE, False, True), (s, "s_fake", FAKE, False, False)], {(d, s)})
    ax.plot([d, d], [middle + .25, top - .25], color=JUDGE, linewidth=1.3, zorder=1)
    ax.text(d + .12, (top + middle) / 2, "one D, one\ntape for each", fontsize=8, color=JUDGE, va="center")
    box(ax, loss, (top + middle) / 2, "loss.d", width=.95)
    for y, side in ((top, 1), (middle, -1)):
        edge = (top + middle) / 2 + side * .25
        arrow(ax, (s + .5, y + .09 * side), (loss + .12, edge), GREY, connectionstyle=f"angle3,angleA=0,angleB={-90 * side}")
        arrow(ax, (loss - .12, edge), (s + .5, y - .09 * side), INK, 2.2, connectionstyle="angle3,angleA=90,angleB=0")
    arrow(ax, (d, middle - .25), (d, middle - .8), INK, 2.2)
    say(ax, d, middle - .88, "D.grad: what both batches say, added", 9, va="top", weight="bold")
    stop(ax, (x + d) / 2, middle, "to D these are only points:\nnothing goes back into G")
    say(ax, g, middle - .36, "fixed", va="top", color=GREY)

    ax.plot([.3, 8.7], [2.85, 2.85], color="0.85", linewidth=1)
    ax.text(.3, 2.4, "A step of G", fontsize=12, weight="bold")
    row(ax, low, [(z, "z", INK, False, False), (g, "G", FAKE, False, True), (x, "x_fake", FAKE, False, False),
                  (d, "D", JUDGE, True, False), (s, "s_fake", FAKE, False, False)], {(g, x), (x, d), (d, s)})
    box(ax, loss + .05, low, "loss.g", width=.85)
    arrow(ax, (s + .5, low + .09), (loss - .375, low + .09))
    arrow(ax, (loss - .375, low - .09), (s + .5, low - .09), INK, 2.2)
    arrow(ax, (g, low - .25), (g, low - .8), INK, 2.2)
    say(ax, g, low - .88, "G.grad", 9, va="top", weight="bold")
    say(ax, d, low - .36, "fixed, but the gradient passes through:\nD.backward(..., grads=False)", va="top", color=GREY)
    arrow(ax, (5.9, 2.47), (6.5, 2.47))
    ax.text(6.58, 2.47, "forward", fontsize=8.5, va="center")
    arrow(ax, (7.95, 2.47), (7.35, 2.47), INK, 2.2)
    ax.text(8.03, 2.47, "gradient", fontsize=8.5, va="center")
    return figure


def stop(ax, x, y, text):
    """The end of a gradient's way: a short wall, and why."""
    ax.plot([x, x], [y - .2, y - .02], color=INK, linewidth=2.5, zorder=3)
    say(ax, x - .9, y - .36, text, va="top", color=INK)


def r_operator():
    """A layer's four methods: forward above backward, and beside each of them what the R-operator makes of it."""
    figure, ax = canvas(9.4, 5.6)
    left, right, top, low, width, height = 2.45, 6.95, 3.95, 1.35, 2.9, 1.5
    methods = {
        (left, top): ("forward(x)", "y = x W + b", "y = f(x)"),
        (left, low): ("backward(dy, tape)", "dx = dy W\u1d40     dW += x\u1d40 dy", "dx = f'(x) dy"),
        (right, top): ("tangent(x_dot, tape)", "y_dot = x_dot W", "y_dot = f'(x) x_dot"),
        (right, low): ("tangent_backward(dy, dy_dot, tape, tape_dot)",
                       "dx_dot = dy_dot W\u1d40\ndW += x_dot\u1d40 dy + x\u1d40 dy_dot",
                       "dx_dot = f'(x) dy_dot + f\"(x) x_dot dy"),
    }
    for (x, y), (name, dense, activation) in methods.items():
        color = INK if x == left else MOVING
        box(ax, x, y, "", color, width, height)
        say(ax, x, y + height / 2 + .15, name, 8.5, family="monospace", color=color, weight="bold")
        say(ax, x, y + .32, dense, family="monospace")
        ax.plot([x - 1.25, x + 1.25], [y - .1, y - .1], color=color, linewidth=.5, zorder=3)
        say(ax, x, y - .42, activation, family="monospace")
    for x, dot, color in ((left, "", INK), (right, "_dot", MOVING)):
        near, far = x - width / 2, x + width / 2
        for start, stop, y, word in ((near - .65, near, top, "x"), (far, far + .65, top, "y"),
                                     (far + .65, far, low, "dy"), (near, near - .65, low, "dx")):
            arrow(ax, (start, y), (stop, y), color, 1.6)
            say(ax, (start + stop) / 2, y + .15, f"{word}{dot}", family="monospace", color=color)
        arrow(ax, (x, top - height / 2), (x, low + height / 2 + .32), GREY, dashed=True)
        say(ax, x + .1, (top + low) / 2 + .14, f"tape{dot}", family="monospace", color=GREY, ha="left")
    say(ax, left, 5.3, "the layer: Dense above the line,\nan activation below it", 9.5)
    say(ax, right, 5.3, "R of each line: a product a b\nbecomes a_dot b + a b_dot", 9.5, color=MOVING)
    arrow(ax, (left + 1.6, 5.3), (right - 1.6, 5.3), MOVING, 2.4)
    say(ax, (left + right) / 2, 5.46, "R", 12, weight="bold", color=MOVING)
    say(ax, (left + right) / 2, .25, "b is left out; W is held fixed: if it moved too, each of its products would gain a term",
        8.5, color=GREY)
    return figure


KINDS = {"matrix products": MOVING, "passes over arrays": "#56B4E9", "sums": "#009E73", "copies": "#E69F00"}


def kind(call):
    """Which of KINDS a recorded call is."""
    if call.name.endswith("matmul"):
        return "matrix products"
    if call.name.endswith("reduce") or call.name in ("sum", "mean"):
        return "sums"
    return "copies" if call.name in ("copyto", "copy", "concatenate", "stack") else "passes over arrays"


def seconds(function, times=200):
    """How long function() takes, the median of many times."""
    measured = []
    for _ in range(times):
        start = perf_counter()
        function()
        measured.append(perf_counter() - start)
    return float(np.median(measured))


def calls_of(replay):
    """[(kind, seconds)] of each call of a replay, in order; what looking at the clock costs is taken away."""
    looking = seconds(lambda: None)
    return [(kind(call), max(0.0, seconds(partial(function, *args)) - looking))
            for call, (function, args) in zip(replay.calls, replay._steps, strict=True)]


def timed_step():
    """A step of both players of two small networks, plainly and as a replay: of each (seconds, [(kind, seconds) of a call])."""
    players = {"G": Player(mlp(2, 32, 32, 2, seed=1), Adam()), "D": Player(mlp(2, 32, 32, 1, seed=2), Adam())}
    draw = TwoPlayerDraw(data.ring().standardized(), batch=128, d_steps=1, d_z=2, dtype=np.float32)
    batch, step = draw(Streams(0)), partial(Rules(losses.NonSaturating()).step(), players)

    def prepared(function):  # as a training does before each round
        for player in players.values():
            player.optimiser.prepare()
        return function(batch)

    keep_memory()
    with one_thread():
        prepared(step)
        every, short = (prepared(lambda batch, shorten=one: record(step, batch, [players], shorten)) for one in (False, True))
        return (seconds(lambda: prepared(step)), calls_of(every)), (seconds(lambda: prepared(short)), calls_of(short))


def replay():
    """A plain step and its replay: a line for each call as long as it takes, and the time between the calls, in equal parts."""
    figure, ax = canvas(9, 2.9)
    (plain, every), (replayed, short) = timed_step()
    left, wide = 1.2, 7.5
    for y, word, whole, calls in ((1.75, "plain", plain, every), (.7, "replay", replayed, short)):
        scale = wide / max(plain, replayed)
        gap = max(0.0, whole - sum(took for _, took in calls)) / len(calls)
        say(ax, left - .15, y + .3, word, 11, ha="right", weight="bold")
        say(ax, left - .15, y + .05, f"{len(calls)} calls", 8, ha="right", color=GREY)
        ax.add_patch(Rectangle((left, y - .15), whole * scale, .65, facecolor="0.85"))
        x = left
        for name, took in calls:
            ax.add_patch(Rectangle((x, y - .15), took * scale, .65, facecolor=KINDS[name], linewidth=0))
            x += (took + gap) * scale
        ax.text(left + whole * scale, y - .3, f"{whole * 1e6:.0f} \u00b5s", fontsize=8, ha="right", va="center", color=GREY)
    x = left
    for name, color in {**KINDS, "Python between the calls": "0.85"}.items():
        ax.add_patch(Rectangle((x, 2.5), .2, .2, facecolor=color))
        ax.text(x + .28, 2.6, name, fontsize=8.5, va="center")
        x += .62 + .075 * len(name)
    return figure


def floors():
    """{floor: the modules on it that there are}, from the table that a test enforces; folders that share a floor as one."""
    house, found = runpy.run_path(str(ROOT / "tests" / "floors.py")), {}
    for path in sorted((ROOT / "tinygan").rglob("*.py")):
        name = path.relative_to(ROOT / "tinygan").with_suffix("").as_posix()
        height = house["floor"](name)
        if name.endswith("__init__") or height is None:  # a roof; or one that its test is going to complain about
            continue
        shown = name if name in house["FLOORS"] else f"{name.split('/')[0]}/ ..."
        if shown not in found.setdefault(height, []):
            found[height].append(shown)
    return dict(sorted(found.items()))


# Not the colours of the truth, the generator and the judge: those mean something.
ROOMS = {"engine": "0.35", "plots": "#56B4E9", "exercises": "#CC79A7", "cli": "#E69F00", "": "#8A3B71"}


def house():
    """Every floor with its modules; a module may import those that stand lower."""
    storeys, wide, high = floors(), 9.0, .62
    lines = {floor: lines_of(names, wide - 1.9) for floor, names in storeys.items()}
    total = sum(.16 + high * len(rows) for rows in lines.values())
    figure, ax = canvas(wide, total + 1.7)
    bottom = .55
    for floor, rows in lines.items():
        height = .16 + high * len(rows)
        ax.add_patch(Rectangle((.75, bottom), wide - 1.5, height, facecolor="0.97" if floor % 2 else "white", edgecolor="0.6"))
        say(ax, .5, bottom + height / 2, f"{floor}".replace("-", "\N{MINUS SIGN}"), 11, color=GREY)
        for i, names in enumerate(reversed(rows)):
            y, x = bottom + .08 + high * (i + .5), wide / 2 - sum(map(length, names)) / 2
            for name in names:
                room = name.split("/")[0]
                box(ax, x + length(name) / 2, y, "", ROOMS.get(room, ROOMS[""]), length(name) - .12, .42)
                say(ax, x + length(name) / 2, y, name, 8.5, zorder=3)
                x += length(name)
        bottom += height
    roof = [(.35, bottom), (wide - .35, bottom), (wide / 2, bottom + .8)]
    ax.add_patch(Polygon(roof, closed=True, facecolor="0.93", edgecolor="0.6"))
    say(ax, wide / 2, bottom + .3, "import tinygan", 10, family="monospace")
    arrow(ax, (wide - .4, bottom - .3), (wide - .4, .9), INK, 2)
    say(ax, wide - .2, (bottom + .6) / 2, "imports go down, never up", 10, rotation=270)
    say(ax, wide / 2, .3, "the engine imports nothing about GANs; only the plots import matplotlib", 9, color=GREY)
    return figure


def length(name):
    """How wide the box of a module is, its margin included."""
    return .42 + .072 * len(name)


def lines_of(names, width):
    """The names in as few lines as fit into the width."""
    lines = [[]]
    for name in names:
        if sum(map(length, [*lines[-1], name])) > width:
            lines.append([])
        lines[-1].append(name)
    return lines


def draw_all(folder):
    """Draw every picture into the folder, which is made when it is not there; returns the paths."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    with style():
        explain = [save(draw(), Path(folder) / f"{draw.__name__}.png", dpi=160) for draw in (steps, r_operator, replay, house)]
        exhibits = [save(museum_pictures.draw(number), Path(folder) / f"museum_{number}.png", dpi=110)
                    for number in museum_pictures.PICTURES]
        families = [save(family_pictures.draw(name), Path(folder) / f"{name}.png", dpi=110) for name in family_pictures.SHOWN]
    return explain + exhibits + families


if __name__ == "__main__":
    print(*draw_all(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs" / "_build" / "pictures"), sep="\n")
