r"""
Twenty-five of twenty-five
==========================

On a grid of twenty-five narrow Gaussians a plain GAN loses half. What does it take to find all of them, sharp and evenly?

* **Time** 45 minutes.
* **Before** lessons 10 and 13.
* **Terms** R1, relativistic loss, average, coverage, reverse KL, Frechet distance.

This lesson puts together the parts of the others, a loss, two penalties, networks and rates. The recipe is short. Leave one part
out, and see what is missing. The last cells are about evaluation in papers, and about few data.
"""

import os
import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation

from tinygan import data, plots, train
from tinygan.engine.network import mlp
from tinygan.engine.optim import Adam, cosine_decay
from tinygan.losses import Relativistic
from tinygan.metrics import mode_report, table, truth_report
from tinygan.penalties import R1, R2, Falling
from tinygan.plots import FAKE, JUDGE, TRUE
from tinygan.study import REMEDIES, SETUPS, run_study, summary, summary_table

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: smaller networks, fewer steps, and a grid that is still blurred
GRID = data.grid().standardized()  # 5 x 5 modes, std 1/40 of the distance between them; with a wider std it becomes easy
WIDTH = 32 if FAST else 64  # of four hidden layers in both players; with 16 the modes stay blurred
STEPS = 1000 if FAST else 6000  # of the run in the film; at 20 000 quality is about 96 %
SHORT = 700 if FAST else 2000  # of each short run, in which parts are left out; fewer, and all of them are blurred alike
SEEDS = range(8)  # of the short runs; with one seed there is a winner whatever one compares
FRAMES = 8 if FAST else 40  # of the film; more are smoother, and slower to draw
JOBS = 1 if FAST else 2  # processes for the short runs
AUGMENT = 0.3  # std of the noise on what D sees of few data; with 0 D learns the points by heart
plt.rcParams.update(plots.STYLE)

# %%
# The score to beat
# -----------------
# True samples have 98.9 % within three standard deviations of a mode, not 100 % (lesson 10). A mode counts when it has *half of
# its fair share*, 2 % of all samples, within its three standard deviations. One point by chance is not enough.
truth = truth_report(GRID, 10_000, np.random.default_rng(0))
print(table({"true samples": truth}, GRID))
assert truth.modes_half == 25 and abs(truth.high_quality - 0.9889) < 0.005

# %%
# Gamma is a squared length
# -------------------------
# R1 and R2 add :math:`\frac{\gamma}{2} |\nabla_x s|^2` to D's loss.
#
# **Predict.** Stretch the plane by a factor of 3. How must gamma change to have the same effect?
#
# .. answer::
#    A loss has no unit and a slope is one over a length, so :math:`\gamma` is a *squared length*. It must grow by 9. There is no
#    good gamma as such, only one for the distances in your data.
scale, gamma = 3.0, 0.1
D = mlp(2, 32, 32, 1, seed=0, dtype=np.float64)
stretched = D.copy()
stretched.layers[0].W /= scale  # the same scores for points that are three times as far apart
x = GRID.sample(100, np.random.default_rng(0)).astype(np.float64)
pays = [R1(g)(net, x * by, net.forward(x * by)[1])
        for net, by, g in ((D, 1, gamma), (stretched, scale, gamma), (stretched, scale, gamma * scale**2))]
assert np.isclose(pays[2], pays[0], rtol=1e-12) and np.isclose(pays[1], pays[0] / scale**2, rtol=1e-12)

# %%
# The length is the distance between two neighbouring modes. Here it is 0.71, squared 0.5. The recipe begins with gamma = 0.1, a
# *fifth* of it. Then D can still give a missing mode a score that is a few units higher, and its slope reaches from one mode to
# the other. With a much smaller gamma, D is flat around each mode and steep between them, so its gradient does not lead across.
# With a much larger gamma, D cannot represent anything as small as a mode. For the width of a mode, a fortieth of the distance,
# 0.1 is too large. So gamma falls to 0.003, by equal factors.
distance = np.linalg.norm(GRID.means[:, None] - GRID.means, axis=-1)  # (25, 25)
nearest = distance[distance > 0].min()
falling = Falling(0.1, 0.003)
assert abs(falling(0) / nearest**2 - 1 / 5) < 0.01 and np.isclose(falling(0.5) ** 2, falling(0) * falling(1))
print(f"distance {nearest:.3f}, squared {nearest**2:.3f}; gamma {falling(0):.3g} at first, {falling(1):.3g} at last")

# %%
# The recipe
# ----------
# The recipe is relativistic pairing with R1 and R2 (lesson 13), and four hidden layers of 64 in both players. Adam has no
# momentum. The rate of 5e-3 falls to 0 along half a cosine, and G has a running average. D takes one step for each step of G.
noise = np.random.default_rng(1).standard_normal((2500, 2))
moments = np.unique((np.linspace(0, 1, FRAMES) ** 2 * STEPS).astype(int))  # most of them early, where most happens
film = []


def watch(state):
    if state.step in moments:
        film.append((state.step, state.G(noise)))


def recipe(seed):
    """G's running average, and the history."""
    G, D = mlp(2, *[WIDTH] * 4, 2, seed=2 * seed), mlp(2, *[WIDTH] * 4, 1, seed=2 * seed + 1)
    film[:] = [(0, G(noise))]
    return train(G, D, GRID, Relativistic(), steps=STEPS, batch=128, seed=seed, penalties=(R1(falling), R2(falling)),
                 opt_g=Adam(5e-3, beta1=0, beta2=0.99), opt_d=Adam(5e-3, beta1=0, beta2=0.99), schedule=cosine_decay,
                 ema=0.99 if FAST else 0.999, callback=watch, progress=False), G


# %%
# One run is scored on 10 000 new samples. (Of 24 such runs each visited all 25 modes. In 20 of them each mode had half of its
# share, in the others all but one or two.)
history, G = recipe(seed=0)
z = np.random.default_rng(2).standard_normal((10_000, 2))
G_ema = history.G_ema
reports = {"true samples": truth, "the average of G": mode_report(G_ema(z), GRID), "G itself": mode_report(G(z), GRID)}
print(table(reports, GRID))
found = reports["the average of G"]
assert found.modes_visited >= (17 if FAST else 24)
assert FAST or found.modes_half >= 20
assert found.high_quality > (0.02 if FAST else 0.7)

# %%
# There is one fault. Quality is high, and yet the std ratio is low. The modes are about two thirds as wide as true ones, with
# thin bridges of points between them. The same score found the sampler "sharp" in lesson 10.
assert truth.std_ratio > 0.95
assert FAST or found.std_ratio < 0.9

# %%
# **Predict.** Can longer training remove the bridges?
#
# .. answer::
#    No. All z form one connected region, and G is continuous, so its samples form one connected region too (Tanielian et al.
#    2020). On a line from one z to another, G must cross the gap between two modes. Training can only make G cross it quickly,
#    so that few z lie there.
start, end = z[:200], z[200:400]
way = np.linspace(0, 1, 1001)[:, None, None]
path = G_ema((start + way * (end - start)).reshape(-1, 2)).reshape(1001, 200, 2)
to_means = np.linalg.norm(path[:, :, None] - GRID.means, axis=-1)  # (1001, 200, 25)
between_two = to_means[0].argmin(axis=-1) != to_means[-1].argmin(axis=-1)
farthest = to_means.min(axis=-1).max(axis=0)[between_two]
assert np.mean(farthest > 3 * GRID.stds[0]) > 0.95
print(f"on {np.mean(farthest > 3 * GRID.stds[0]):.0%} of {between_two.sum()} ways from one mode to another G leaves all modes")

# %%
# By the same score an untrained G, and a single point, have at most one mode.
for nothing in (film[0][1], np.zeros((2500, 2))):
    assert mode_report(nothing, GRID).modes_half <= 1

# %%
# What each part adds
# -------------------
# Now one part is left out at a time, in short runs of smaller networks (four layers of 32). They are too short to be good, and
# long enough to differ. ``tinygan.study`` trains eight seeds of each.
#
# **Predict.** Which part finds the modes, and which part makes them sharp?
#
# .. answer::
#    The penalties find them. The falling rate and the depth make them sharp.
setup = SETUPS["recipe"].replace(hidden=(32,) * 4, batch=64, steps=SHORT, ema=0.99)
whole = REMEDIES["relativistic_r1_r2"]
variants = {
    "recipe": (setup, whole),
    "no_penalties": (setup, whole.replace(r1=None, r2=None)),
    "constant_rate": (setup.replace(schedule="constant"), whole),
    "wide_and_shallow": (setup.replace(hidden=(56, 56)), whole),  # nearly as many parameters
}
if FAST:
    variants = {name: variants[name] for name in ("recipe", "no_penalties", "constant_rate")}

# %%
# In the table a name is G's running average, and below it "raw" G itself.
grid = {"grid": GRID}
runs = {name: run_study({name: remedy}, grid, SEEDS, one, replicas=4, jobs=JOBS) for name, (one, remedy) in variants.items()}
print(summary_table(summary([row for rows in runs.values() for row in rows], grid), grid))

# %%
# With *the penalties* more modes are visited, on every seed. Without them D is steep, and a lost mode is not found again. *The
# rate must fall*, because at a constant rate G itself visits fewer modes in the mean. *Deep and narrow* makes them sharp. With
# nearly as many parameters in two layers, quality is about half. G must divide one bell into 25 points, and each ReLU layer
# folds the plane once more. (Gamma falls as well in the recipe. Runs as short as ours do not show the effect. On 24 seeds a
# constant gamma of 0.1 had 16 % in place of 18 % of high quality, and visited 24.8 modes in place of 24.1.)
visited = {name: np.array([row.judged.modes_visited for row in rows]) for name, rows in runs.items()}  # (seeds,) each
itself = {name: np.array([row.raw.modes_visited for row in rows]) for name, rows in runs.items()}
quality = {name: np.array([row.raw.high_quality for row in rows]) for name, rows in runs.items()}
for name, modes in visited.items():
    print(f"{name:>16}: modes visited", *modes, f" G itself {itself[name].mean():.1f}, high quality {quality[name].mean():.0%}")
assert visited["recipe"].mean() > visited["no_penalties"].mean()
assert FAST or visited["recipe"].min() > visited["no_penalties"].max()
assert itself["recipe"].mean() > itself["constant_rate"].mean()
assert FAST or quality["wide_and_shallow"].mean() < quality["recipe"].mean()

# %%
# Why must the rate fall? R1 and R2 make the game converge near its equilibrium (lesson 08), but only to within a step, and
# Adam's steps do not shrink by themselves. *Averaging* is another way. At a constant rate the average visits more modes than G
# itself, in the mean. Where the rate falls to 0, G stops, and its average is almost the same as G.
assert FAST or visited["constant_rate"].mean() > itself["constant_rate"].mean()
assert abs(reports["the average of G"].high_quality - reports["G itself"].high_quality) < 0.1

# %%
# Evaluation as practised
# -----------------------
# The density of images is not known, so papers report scores of features. None of them is enough.
#
# * The *inception score* needs labels, and does not look at the data. One good image of each class has the best score.
# * The *Frechet distance* (FID) compares means and covariances (:math:`|m - m'|^2` and a term of the covariances). It is too
#   large for few samples, so only equal numbers of samples can be compared.
# * The *kernel distance* (KID) is a squared MMD, whose estimate has no such bias (lesson 10).
# * *Precision* and *recall*, or density and coverage, separate quality from variety (lesson 10). One outlier among the true
#   points has a very large ball, and can spoil precision. Coverage hardly changes.
# * *Bins* (NDB) count the samples in cells of the data, as we count modes.
# * The *birthday test* counts near copies among s samples. With :math:`s = \sqrt n` samples of n points there is a pair in about
#   38 % of cases.
# * A *memorisation test* compares with held-out data (lesson 23). A copy of the training images is nearly perfect by all
#   others but the birthday test.
#
# Two samples of the *same* bell in 16 dimensions show the bias of the Frechet distance. Its true value is 0.


def frechet(x, y):
    """The Frechet distance of the Gaussians with the means and covariances of x and y."""
    (m, A), (n, B) = ((each.mean(axis=0), np.cov(each.T)) for each in (x, y))
    return ((m - n) ** 2).sum() + np.trace(A) + np.trace(B) - 2 * np.sqrt(np.abs(np.linalg.eigvals(A @ B))).sum()


rng = np.random.default_rng(0)
biased = {size: np.mean([frechet(*rng.standard_normal((2, size, 16))) for _ in range(10)]) for size in (100, 1000, 10_000)}
print("Frechet distance of a bell to itself, by the number of samples:", {size: round(d, 3) for size, d in biased.items()})
assert biased[100] > 5 * biased[1000] > 25 * biased[10_000] > 0
pairs = [np.unique(rng.integers(400, size=20)).size < 20 for _ in range(1000)]
assert 0.3 < np.mean(pairs) < 0.5  # twenty samples of 400 points have a pair in 38 % of all cases

# %%
# Few data
# --------
# All runs above draw new true points in every step. Real data are finite. Here D learns from a fixed set of points of the grid,
# 50 or 5000, and we compare its scores of these points with its scores of new true points. The difference is the *gap*.
#
# **Predict.** For which set is the gap larger, and can noise on what D sees make it smaller?
#
# .. answer::
#    For 50 points, because D can learn them by heart. Noise on real *and* fake points is an augmentation. It makes the gap
#    smaller, and G still learns, since both sides are changed in the same way (Karras et al. 2020).


def gap(points, noise, seed):
    """Mean score of D at its own true points, minus that at new ones, after 600 steps."""
    own = GRID.sample(points, np.random.default_rng(seed))
    G, D = mlp(2, 32, 32, 2, seed=2 * seed), mlp(2, 64, 64, 1, seed=2 * seed + 1)
    train(G, D, data.from_array(own), Relativistic(), steps=600, batch=50, seed=seed, opt_g=Adam(2e-3), opt_d=Adam(2e-3),
          instance_noise=noise, progress=False)
    return float(D(own).mean() - D(GRID.sample(5000, np.random.default_rng(99))).mean())


gaps = {name: np.array([gap(*how, seed) for seed in range(4)])
        for name, how in {"5000 points": (5000, None), "50 points": (50, None), "50 points with noise": (50, AUGMENT)}.items()}
print(*[f"{name}: gap {each.mean():.2f} ({each.min():.2f} to {each.max():.2f})" for name, each in gaps.items()], sep="\n")
assert gaps["50 points"].min() > np.abs(gaps["5000 points"]).max()
assert gaps["50 points with noise"].mean() < 0.5 * gaps["50 points"].mean()

# %%
# The film
# --------
# The film has the same 2500 points z, from the first step to the last. The true modes are blue.
fig_film, stage = plt.subplots(figsize=(4, 4.8))
plots.samples_2d(film[-1][1], GRID, stage)
dots = stage.collections[-1]


def draw(frame):
    step, x = film[frame]
    dots.set_offsets(x)
    stage.set_title(f"step {step:,}: {mode_report(x, GRID).modes_half} of 25 modes at half their share")
    return dots,


animation = FuncAnimation(fig_film, draw, frames=len(film), interval=200)
fig_film.canvas.draw()

# %%
# The picture
# -----------
# The picture has five moments of the film, each with a fifth of its points. Below them are the rate and gamma, as fractions of
# their first values, the modes, and the quality.
steps = np.array([step for step, _ in film])
scores = [mode_report(x, GRID) for _, x in film]


def five_moments(axes):
    for ax, frame in zip(axes, np.linspace(0, len(film) - 1, 5).round().astype(int), strict=True):
        x = film[frame][1][::5]
        plots.samples_2d(film[-1][1], GRID, ax).collections[-1].set(offsets=x, sizes=[2])  # all in one window
        ax.set(title=f"step {steps[frame]:,}{plots.canvas.outside(ax, x)}", xlabel="", ylabel="", xticks=(), yticks=())


# %%
# The sixth panel enlarges the mode in the middle, as it is in the end. Of true samples 39 % lie in the inner circle.
def enlarged(ax):
    plots.samples_2d(G_ema(z), GRID, ax).collections[-1].set_sizes([4])
    (x_1, x_2), wide = GRID.means[12], 6 * GRID.stds[12]
    ax.set(xlim=(x_1 - wide, x_1 + wide), ylim=(x_2 - wide, x_2 + wide), title="one mode, enlarged", xlabel="", ylabel="",
           xticks=(), yticks=())


# %%
# The first panel below has the rate and gamma, and the next ones the modes and the quality.
def falls(ax):
    fraction = np.linspace(0, 1, 200)
    ax.plot(fraction * STEPS, [cosine_decay(f) for f in fraction], color="black", label="learning rate")
    ax.plot(fraction * STEPS, falling(fraction) / falling(0), color=JUDGE, label=r"$\gamma$")
    ax.set(ylabel="share of the first value", xlabel="step")
    ax.legend()


# %%
# In these two the blue line is what true samples reach.
def rises(modes, quality):
    modes.plot(steps, [score.modes_visited for score in scores], color=FAKE, alpha=0.4, label="visited")
    modes.plot(steps, [score.modes_half for score in scores], color=FAKE, label="at half their share")
    modes.axhline(truth.modes_half, color=TRUE)
    modes.set(ylabel="modes", ylim=(0, 26), xlabel="step")
    modes.legend(loc="lower right")
    quality.plot(steps, [score.high_quality for score in scores], color=FAKE)
    quality.axhline(truth.high_quality, color=TRUE)
    quality.set(ylabel="high quality", ylim=(0, 1.03), xlabel="step")


# %%
# All together, under one legend.
panels = [[0, 1, 2], [3, 4, "one"], ["falls", "modes", "quality"]]
fig, axes = plt.subplot_mosaic(panels, figsize=(9, 8.8), height_ratios=(3, 3, 2))
five_moments([axes[i] for i in range(5)])
enlarged(axes["one"])
falls(axes["falls"])
rises(axes["modes"], axes["quality"])
fig.legend(*axes["one"].get_legend_handles_labels(), loc="outside upper center", ncols=2)
for name in (0, 1, 2, 3, 4, "one"):
    axes[name].get_legend().remove()

# %%
# What you saw
# ------------
# * The recipe found all 25 modes, nearly always each with at least half of its share. True samples have 98.9 % within three
#   standard deviations. A run of 20 000 steps has 95.7 % in the median of 20 seeds (``docs/results/grid_25_in_a_minute.txt``).
#   But its modes are narrower than true ones. Fourier features beside D's input make them wider (``--setup wide_modes``).
# * Modes come from the penalties. Without them the short runs lost part of the grid. Sharpness comes from depth, and from a rate
#   that falls.
# * Gamma is a squared length. Begin with a fifth of the squared distance between modes. Data in other units need another gamma.
# * Averaging is for a G that does not rest. Here the rate falls to 0, and averaging changes little.
# * The Frechet distance of few samples is too large. A D with few data learns them by heart, and noise on its input helps.
#
# Huang et al. (2024), *The GAN is dead; long live the GAN!*, have relativistic pairing with R1 and R2. Srivastava et al. (2017),
# *VEEGAN*, and Lin et al. (2018), *PacGAN*, use the grid as a test. The command ``python -m tinygan study --setup recipe --data
# grid`` makes the whole recipe of 20 000 steps on as many seeds as you like.
#
# ``tinygan play --story grid`` shows it while it runs, and you can change it by hand.
#
# Questions:
#
# 1. *On paper.* ``data.grid(side=3)`` is standardised too. How large is the distance of its modes, and what should gamma be?
#
#    .. answer::
#       The places -1, 0 and 1 have the standard deviation :math:`\sqrt{2/3}`. So the standardised distance is
#       :math:`\sqrt{3/2} = 1.22`, its square is 1.5, and a fifth of it is 0.3.
#
# 2. *Run it.* Set ``STEPS`` to 3000. Take a gamma that does not fall, ``Falling(1, 1)``, and then ``Falling(0.003, 0.003)``.
#    Which one visits 25 modes? (Assertions stop you. Take them out.)
#
#    .. answer::
#       With 3000 steps and seed 0, gamma 1 visits 25 modes and 0.003 visits 22. The recipe visits 25. Of the points 10 %, 14 %
#       and 14 % are sharp after so few steps.
#
# 3. *Explain.* Two papers report a Frechet distance, one from 5000 samples and one from 50 000. Which model is better?
#
#    .. answer::
#       One cannot say. The distance is larger for fewer samples, also between two samples of one distribution. Compare both with
#       equal numbers, and with the distance of as many true samples.
#
# To try:
#
# 1. Train on ``data.grid(side=3)`` for 3000 steps, with gamma from 0.1 to 0.003, and from 0.3 to 0.009. Which one is sharper?
#    (Assertions stop you. Take them out.)
#
#    .. answer::
#       With 3000 steps and seed 0 both visit 9 of 9 modes. From 0.3 to 0.009 there are 53 % sharp points, and 38 % from 0.1 to
#       0.003.
#
# 2. Give z 25 dimensions, ``mlp(25, ...)`` and 25 columns in ``noise`` and ``z``. Is more better?
#
#    .. answer::
#       Not here. With 3000 steps and seed 0 it visits 25 modes, but 3 % of the points are sharp in place of 14 %. Every point z
#       of a bell in 25 dimensions has about the same length, and G must map a larger space onto the same plane.
if plt.get_backend().lower() == "agg" and sys.stdout.isatty():  # no window, but somebody is reading
    animation.save("lesson_15.gif", writer="pillow")
plots.show("lesson_15")
