"""The films of the stories of `tinygan play`, made when the site is built: what the page shows, without a browser.

    python docs/films.py [STORY ...]     makes those of these stories, or of all, in docs/_build/films

A film NAME.gif has the plane (or the line), D's verdict as colours, true and generated points, and both losses below. NAME.json
says what can be seen at its end, for those who cannot see it. A film that was made by the same program is not made again.
With TINYGAN_FAST=1 a film is short.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from tinygan import plots
from tinygan.engine.machine import one_thread
from tinygan.files import atomic_write
from tinygan.playground import Session
from tinygan.playground.portrait import STEPS, portrait
from tinygan.playground.seeing import score
from tinygan.playground.stories import STORIES, begin
from tinygan.plots.canvas import window_of
from tinygan.plots.curves import draw_curves

FOLDER = Path(__file__).parent / "_build" / "films"
SEED, DPI, PALE, COLOURS, STILL, LAST = 0, 80, .4, 48, 250, 3000  # milliseconds: of a picture, and of the last one
FAST = os.environ.get("TINYGAN_FAST") == "1"
PICTURES, SHARE = (3, .02) if FAST else (15, 1.)  # pictures of a film; the share of the rounds that are played


def rounds_of(name):
    """How many rounds of a story are played here; 0 for two numbers."""
    return max(PICTURES, int(SHARE * STORIES[name].rounds)) if STORIES[name].rounds else 0


def played(name):
    """(session, the moments of the film): rounds, G's points and a copy of D, at equal distances from begin to end."""
    session = Session(seed=SEED)
    for each in chain(name)[:-1]:
        begin(session, each)
        session.do("both", rounds_of(each))
    begin(session, name)
    moments, first = [], session.rounds
    for round_ in np.linspace(first, first + rounds_of(name), PICTURES).astype(int):
        if round_ > session.rounds:
            session.do("both", int(round_ - session.rounds))
        G, D, average = session.copies()
        x = (average or G)(session.z.astype(G.dtype))
        moments.append(SimpleNamespace(rounds=session.rounds, x=x, D=D.copy(), score=score(session.data, session.truth, x)))
    return session, moments


def chain(name):
    """The stories that come before, and the story itself."""
    return [*(chain(STORIES[name].after) if STORIES[name].after else []), name]


class Judge:
    """D as a picture asks it, one point at a time; one that judges several points together sees each of them so many times."""

    def __init__(self, D, pack):
        self.D, self.pack, self.d_in, self.d_out, self.replicas = D, pack, D.d_in, D.d_out, ()

    def __call__(self, x):
        return self.D(x.repeat(self.pack, axis=-2).astype(self.D.dtype))


def picture(session, moment, rows):
    """One picture of a game: points and D's verdict above, both losses so far below."""
    figure, data, loss = Figure((4.8, 5.9), dpi=DPI, layout="none"), session.data, session.recipe.loss_object()
    ax, D = figure.add_axes((.12, .4, .7, .55)), Judge(moment.D, session.recipe.pack)
    if data.dim == 1:
        plots.density_1d(moment.x, data, D, loss, ax)
    else:
        plots.heat_map(D, data, ax, loss)
        heat = ax.images[0]
        heat.set_alpha(PALE)  # true and generated points have nearly its colours
        heat.colorbar.update_normal(heat)
        plots.samples_2d(moment.x, data, ax, window_of(data)).collections[-1].set(sizes=[6], alpha=.9)
    what = "average of $G$, " * bool(session.training.G_ema)
    ax.set_title(f"{what}round {moment.rounds:,}, " + ", ".join(f"{key} {value}" for key, value in [*moment.score.items()][:1]))
    below = figure.add_axes((.15, .075, .69, .12))
    so_far = rows[rows[:, 0] <= moment.rounds]
    draw_curves(below, "loss", so_far[:, 0], {"$D$": so_far[:, 1], "$G$": so_far[:, 2]}, [plots.JUDGE, plots.FAKE], ["--", "-"])
    low, high = np.quantile(rows[:, 1:3], (.005, .995)) if len(rows) else (0, 1)
    below.set(xlim=(rows[0, 0] if len(rows) else 0, session.rounds), ylim=(low, high + .1 * (high - low) + 1e-6), xlabel="round")
    return figure


def of_a_game(name):
    """The pictures of a story, and what is seen in the end."""
    session, moments = played(name)
    rows = np.reshape(session.rows, (-1, 5))
    scores = ", ".join(f"{key} {value}" for key, value in moments[-1].score.items())
    whose = "points of the average of G" if session.training.G_ema else "generated points"
    where = ("The densities of true and generated points and D's verdict" if session.data.dim == 1 else
             f"True modes, {whose}, and D's verdict as colours")
    said = f"{where}, above both losses, from round {moments[0].rounds:,} to round {session.rounds:,}. In the end: {scores}"
    return (picture(session, moment, rows) for moment in moments), said


def of_two_numbers(name):
    """The pictures of the Dirac-GAN: both players' velocities, and their path so far."""
    found = portrait(**STORIES[name].portrait)
    arrows, path = np.reshape(found["arrows"], (-1, 4)), np.reshape(found["path"], (-1, 2))
    path = path[:int(max(PICTURES, .25 * SHARE * STEPS)) + 1]
    far = 1.1 * abs(path).max()

    def drawn(n):
        figure = Figure((4.5, 4.5), dpi=DPI, layout="none")
        ax = figure.add_axes((.14, .12, .8, .8), xlim=(-far, far), ylim=(-far, far), aspect="equal",
                             xlabel="$G$'s number", ylabel="$D$'s number")
        ax.quiver(*arrows.T, color="0.6", angles="xy", width=.004)
        ax.plot(*path[:n + 1].T, color="black", linewidth=1)
        ax.plot(*path[n], "o", color=plots.FAKE)
        ax.plot(0, 0, "+", color=plots.TRUE, markersize=12, markeredgewidth=2)
        ax.set_title(f"round {n}, distance from the middle {np.hypot(*path[n]):.2f}")
        return figure

    rounds = np.linspace(0, len(path) - 1, PICTURES).astype(int)
    said = (f"Arrows where both numbers go, and their path from round 0 to round {len(path) - 1}. In the end the distance from "
            f"the middle is {np.hypot(*path[-1]):.2f}, where it was {np.hypot(*path[0]):.2f}")
    return (drawn(n) for n in rounds), said


def of_few_colours(figure):
    """A figure as an image of COLOURS colours."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    whole = Image.fromarray(np.array(canvas.buffer_rgba())).convert("RGB")
    return whole.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def key(name):
    """What a film depends on, as a short text: this program, the story and the stories before it."""
    parts = [Path(__file__).read_bytes(), repr([STORIES[each] for each in chain(name)]).encode(), bytes(FAST)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def make(name, folder=FOLDER):
    """Make the film of a story, unless it is there; returns the path of its picture and what it shows."""
    film, told = Path(folder) / f"{name}.gif", Path(folder) / f"{name}.json"
    if film.is_file() and told.is_file() and (known := json.loads(told.read_text("utf-8")))["key"] == key(name):
        return film, known["shows"]
    film.parent.mkdir(parents=True, exist_ok=True)
    with one_thread(), plots.style():
        figures, said = (of_two_numbers if STORIES[name].portrait else of_a_game)(name)
        images = [of_few_colours(figure) for figure in figures]
    with atomic_write(film) as temporary:
        images[0].save(temporary, save_all=True, append_images=images[1:], duration=[STILL] * (len(images) - 1) + [LAST], loop=0)
    with atomic_write(told) as temporary:
        Path(temporary).write_text(json.dumps({"key": key(name), "shows": said}), "utf-8")
    return film, said


if __name__ == "__main__":
    for story in sys.argv[1:] or STORIES:
        path, said = make(story)
        print(f"{path}  {path.stat().st_size / 1e3:.0f} kB\n    {said}", flush=True)
