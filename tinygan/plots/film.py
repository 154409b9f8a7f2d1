"""How the samples move while G learns: snapshots, and a film of them."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from PIL import Image

from ..engine.arguments import count, points
from ..files import atomic_write
from .canvas import any_letters, check_single, histogram, outside, shown, style
from .pictures import density_1d, images, samples_2d, tiled


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
        check_single("G", G, d_in=self.z.shape[-1])
        self.steps.append(step)
        self.x.append(np.array(G(self.z)))


def gif(snapshots, data, path, fps=10):
    """Write the snapshots (1-D, 2-D or square pictures) as an animated GIF, 400 x 400, `fps` a second; returns its Path."""
    path = Path(path)
    if path.suffix != ".gif" or not path.parent.is_dir():
        raise ValueError(f"gif writes a file that ends in .gif, in a directory that exists; got {str(path)!r}")
    if not snapshots.x:
        raise ValueError("there are no snapshots yet: pass the Snapshots to train as its callback= first")
    with style(), any_letters():
        figure = Figure((4, 4), dpi=100)  # unknown to pyplot, so there is nothing to close
        canvas, ax = FigureCanvasAgg(figure), figure.add_subplot(title="step")
        update = movable(ax, data, snapshots.x[-1])
        moving = [a for a in ax.get_children() if isinstance(a, (Collection, Line2D, StepPatch, AxesImage, Text))]
        for artist in moving:
            artist.set_animated(True)
        canvas.draw()  # axes and legend, drawn once: they take most of the time
        still, frames = canvas.copy_from_bbox(figure.bbox), []
        for step, x in zip(snapshots.steps, snapshots.x, strict=True):
            update(x)
            ax.set_title(f"step {step:,}{outside(ax, x)}")
            canvas.restore_region(still)
            for artist in sorted(moving, key=lambda artist: artist.zorder):
                ax.draw_artist(artist)
            frames.append(Image.fromarray(np.array(canvas.buffer_rgba())).convert("RGB"))
    durations = [1000 / fps] * (len(frames) - 1) + [2000]  # milliseconds; time to look at the last one
    with atomic_write(path) as temporary:
        frames[0].save(temporary, save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return path


def movable(ax, data, x):
    """Draw x against the truth; returns update(x), which moves the samples and leaves the rest."""
    if data.dim == 1:
        bars, = (p for p in density_1d(x, data, ax=ax).patches if isinstance(p, StepPatch))
        ax.get_legend().get_texts()[1].set_text("generated")
        return lambda x: bars.set_data(*histogram(x, bars.get_data().edges))
    if data.dim == 2:
        dots = samples_2d(x, data, ax).collections[-1]
        ax.get_legend().get_texts()[1].set_text("generated")
        return dots.set_offsets
    picture, = images(shown(data, x[:36]), ax, 6).images
    return lambda x: picture.set_data(tiled(shown(data, x[:36]), 6))
