"""Small pictures of the museum: on the left what an exhibit's own lines compute, on the right the same with the lines repaired.

    PICTURES[number]      draws one side, with the names of the exhibit's file, run as it is or repaired; a note for the title
    SEEN[number]          the same in words, for who cannot see it
    draw(number)          the figure

Pictures for which something has to be trained first are in `museum_runs`.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tinygan.exercises import exercises_of
from tinygan.plots import FAKE, TRUE

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "docs"), str(ROOT / "docs" / "_ext")]

import museum_lines  # noqa: E402  the path comes first
import museum_runs  # noqa: E402

RNG = np.random.default_rng
BATCHES = (1, 2, 4, 8, 16)


def ring(ax, names):
    points = names["ring_means"](8, 1.0)
    ax.plot(*points.T, "o", color=TRUE)
    ax.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    return f"{len(np.unique(points.round(6), axis=0))} places"


def probability(ax, names):
    s = np.linspace(-4, 4, 100)
    ax.plot(s, 1 / (1 + np.exp(-s)), color=TRUE, linestyle="--", label="sigma(s)")
    ax.plot(s, names["probability"](s), color=FAKE, label="the code")
    ax.set(xlabel="score s", ylabel="probability")
    ax.legend()


def mean_and_sum(ax, names):
    lengths = [np.linalg.norm(names["cross_entropy"](np.ones((n, 1)), np.zeros((n, 1)))[1].sum()) for n in BATCHES]
    ax.plot(BATCHES, lengths, "o-", color=FAKE)
    ax.set(xlabel="batch", ylabel="slope of the loss\nif all scores rise", ylim=(0, 13))


def relativistic(ax, names):
    r, f = RNG(0).normal(1, 1, (8, 1)), np.linspace(-3, 3, 8)[:, None]
    ax.plot(f[:, 0], names["relativistic_average"](r, f)[2][:, 0], "o", color=FAKE)
    ax.set(xlabel="score of a fake", ylabel="its gradient", ylim=(0, .07))


def histogram(ax, names):
    share = names["true_histogram"](RNG(0).uniform(size=24_000), 450, 6)
    ax.imshow(share, vmin=0, vmax=.05, cmap="Blues")
    ax.set(xticks=[], yticks=[])
    return f"sum {share.sum():.2f}"


def batchnorm(ax, names):
    x, dy = RNG(0).normal(size=(9, 1)), np.ones((9, 1))
    ax.plot(range(9), names["batchnorm_backward"](dy, x, 1.0)[:, 0], "o", color=FAKE)
    ax.set(xlabel="sample", ylabel="gradient of the sum,\nwhich cannot change", ylim=(-.3, 2.5))


def adam(ax, names):
    path = names["adam_path"](np.ones((30, 1)), .1, .9, .999)[:, 0]
    ax.plot(range(1, 31), -np.diff(path, prepend=0.0), color=FAKE)
    ax.set(xlabel="step", ylabel="length of the step,\ngradient always 1", ylim=(0, .35))


def alpha(ax, names):
    real, fake = np.zeros((200, 1, 1, 2)) + [0.0, 0.0], np.zeros((200, 1, 1, 2)) + [1.0, 1.0]
    points = names["interpolates"](real, fake, 0)[:, 0, 0]
    ax.plot(*points.T, ".", color=FAKE, markersize=4)
    ax.plot([0, 1], [0, 1], "o", color=TRUE)
    ax.set(xlabel="pixel 1", ylabel="pixel 2", aspect="equal")


def norm(ax, names):
    sides = np.array([1, 2, 4, 8])
    values = [names["gradient_penalty"](np.full((3, 1, side, side), 1 / side), 1.0) for side in sides]
    ax.plot(sides, values, "o-", color=FAKE)
    ax.set(xlabel="pixels of a side; the whole\ngradient has norm 1", ylabel="penalty", ylim=(-.1, 1))


def square_root(ax, names):
    sizes = np.array([0, 1e-6, 1e-3, .1, .5, 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        found = [names["penalty_derivative"](np.array([[size, 0.0]]), 1.0)[0, 0] for size in sizes]
    ax.plot(range(len(sizes)), found, "o-", color=FAKE)
    if np.isnan(found[0]):
        ax.text(0, 1, "nan", color=FAKE, ha="center")
    ax.set(xticks=range(len(sizes)), xticklabels=["0", "1e-6", ".001", ".1", ".5", "1"], xlabel="length of the gradient",
           ylabel="derivative of the penalty", xlim=(-.6, 5.4), ylim=(-2.3, 2.3))


def asked(ax, names):
    ax.bar(range(10), np.bincount(names["asked_labels"](5000, 10, 0), minlength=10), color=FAKE)
    ax.set(xlabel="class", ylabel="asked for, of 5000", xticks=range(0, 10))


PICTURES = {"01": ring, "02": probability, "03": mean_and_sum, "05": relativistic, "06": histogram, "08": batchnorm, "09": adam,
            "10": alpha, "11": norm, "12": square_root, "23": asked}
PICTURES = dict(sorted((PICTURES | museum_runs.RUNS).items()))
SEEN = {
    "01": "Left seven points on a ring with one place taken twice; right eight points",
    "02": "Left the code's curve rises more steeply than the sigmoid; right both are one curve",
    "03": "Left a slope that grows with the batch; right the same slope for each batch",
    "05": "Left the same gradient for each fake; right a larger gradient for fakes with a higher score",
    "06": "Left a pale histogram whose sum is about a third; right a darker one whose sum is 1",
    "08": "Left the same gradient, not 0, for each sample; right 0 for each",
    "09": "Left a first step of the right length, and then longer ones; right all are equally long",
    "10": "Left points that fill the square between two images; right points on the line between them",
    "11": "Left a penalty that grows with the number of pixels; right 0 for each",
    "12": "Left no number where the gradient is 0; right a number everywhere",
    "23": "Left nine bars and none for the last class; right ten bars",
}
SEEN = dict(sorted((SEEN | museum_runs.SEEN).items()))


def file_of(number):
    path, = (ROOT / "lessons" / "exercises" / "museum").glob(f"museum_{number}_*.py")
    return path


def run(text):
    """The names that a file with this text defines."""
    names = {}
    exec(compile(text, "exhibit", "exec"), names)
    return names


def right_names(number, text):
    """The names of an exhibit's file when it is repaired: by the right lines, or by the solution where a line does not tell."""
    if number in museum_lines.LINES:
        return run(museum_lines.repaired(number, text))
    exercise, = (one for one in exercises_of("museum") if one.number == f"M.{number}")
    return run(text) | {exercise.name: exercise.solution}


def draw(number):
    """The picture of an exhibit: its own lines on the left, the repaired ones on the right, with equal axes."""
    figure = Figure((6.4, 2.5), layout="constrained")
    text = file_of(number).read_text(encoding="utf-8")
    sides = zip(figure.subplots(1, 2), (run(text), right_names(number, text)), ("wrong", "right"), strict=True)
    for ax, names, title in sides:
        note = PICTURES[number](ax, names)
        ax.set_title(f"{title}: {note}" if note else title)
    return figure
