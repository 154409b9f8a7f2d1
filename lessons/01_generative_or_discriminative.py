"""
Generative or discriminative?
=============================

What must a model know to tell zeros from ones, and what must it know to draw them?

The data are scikit-learn's handwritten digits, 8 x 8 pixels each. A *discriminative* model learns
:math:`p(y \\mid x)`: given an image x, which label y? A *generative* model learns :math:`p(x)`, or
:math:`p(x, y)`: which images are there, and how often? A GAN is made of one of each, so it is worth meeting both.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import multivariate_normal

from tinygan import data, plots
from tinygan.engine.layers import Dense
from tinygan.engine.network import Sequential
from tinygan.engine.numerics import sigmoid
from tinygan.losses import bce_with_logits
from tinygan.plots import FAKE, JUDGE, TRUE

PAIR = (0, 1)  # the two digits; with (3, 8) the line is right on 93 to 97 %, and the first claim below fails
SPLITS = 10  # ways of halving the data; every claim must hold for each of them
STEPS = 300  # of gradient descent; with 30 the line is still on its way, and one split falls below 99 %
LR = 0.1  # length of a step; with 10 the line overshoots, and one split falls below 99 %
SHRINK = 0.1  # 0: a covariance that cannot be inverted, since some pixels never change; 1: all pixels independent
plt.rcParams.update(plots.STYLE)

# %%
# Two sets of digits
# ------------------
# 360 images of zeros and ones. Half of them are learned from; the other half is held out, to ask
# questions that were not practised. An image is a row of 64 numbers, from -1 (white) to 1 (black).
digits = data.digits(classes=PAIR)


def halves(seed):
    """Images (N, 64) and labels (N,) to learn from, 0 or 1, and the same for the held-out half."""
    y = (digits.labels == PAIR[1]).astype(int)
    learn, held = np.array_split(np.random.default_rng(seed).permutation(y.size), 2)
    return digits.x[learn], y[learn], digits.x[held], y[held]


x, y, x_held, y_held = halves(seed=0)
assert x.shape[-1] == x_held.shape[-1] == 64 and y.size + y_held.size == digits.labels.size
print(f"{digits.x.shape[-2]} images; to learn from: {(y == 0).sum()} of digit {PAIR[0]}, {(y == 1).sum()} of digit {PAIR[1]}")

# %%
# Three probabilities
# -------------------
# Put all images with their labels into one big table, and draw from it.
#
# * :math:`p(x, y)`, the *joint* probability: this image comes, and with this label.
# * :math:`p(x) = \sum_y p(x, y)`: this image comes, whatever its label.
# * :math:`p(y \mid x) = p(x, y) / p(x)`: this image has come; what is its label?
#
# The third one has been divided by :math:`p(x)`. A model of :math:`p(y \mid x)` alone no longer knows which
# images are likely, and cannot draw one. Here are two small worlds, each with two images, A and B. Asked for labels, they
# answer alike; but the images come in quite different shares.
world = np.array([[0.45, 0.05], [0.05, 0.45]])  # p(x, y); rows: images A and B; columns: labels 0 and 1
other = np.array([[0.09, 0.01], [0.09, 0.81]])
p_x, p_x_other = world.sum(axis=-1, keepdims=True), other.sum(axis=-1, keepdims=True)
assert np.allclose(world / p_x, other / p_x_other)  # the same p(y | x) ...
assert np.allclose(p_x, [[0.5], [0.5]]) and np.allclose(p_x_other, [[0.1], [0.9]])  # ... and another p(x)

# %%
# Sixty-four numbers, or two
# --------------------------
# The two *principal components* are the directions along which the images differ most. Two numbers
# say where an image lies along them. (The singular value decomposition orders its directions by spread.)


def components(x):
    """The mean image (64,) and the two directions of largest spread, (64, 2)."""
    mean = x.mean(axis=-2)
    return mean, np.linalg.svd(x - mean, full_matrices=False)[2][:2].swapaxes(-1, -2)


mean, directions = components(x)
z, z_held = (x - mean) @ directions, (x_held - mean) @ directions
assert z.shape[-1] == 2 and z[:, 0].var() > z[:, 1].var()

# %%
# A discriminative model: a line
# ------------------------------
# ``Dense(2, 1)`` gives each image a score :math:`s = z_1 w_1 + z_2 w_2 + b`, and the sigmoid reads it as a probability,
# :math:`p(y = 1 \mid x) = 1 / (1 + e^{-s})`. Logistic regression moves w and b downhill on the cross-entropy. How
# ``Dense`` finds its gradient is lesson 02, why the loss is computed from the score is lesson 03.


def learn_line(z, y):
    """A network of one layer whose score is above 0 where the label is more likely 1."""
    line = Sequential(Dense(2, 1), seed=0, dtype=np.float64)
    for _ in range(STEPS):
        s, tape = line.forward(z)  # (N, 1)
        _, ds = bce_with_logits(s, y[:, None])
        line.zero_grad()
        line.backward(ds, tape)
        line.theta -= LR * line.grad
    return line


def share_right(s, y):
    return np.mean((s > 0) == (y == 1))


# %%
# In the mean it is right on more than 99 % of the held-out digits, and on more than 98 % however the data are halved. And this
# is not because anything would do: with the labels of the learning half shuffled, it is back at guessing.
right = []
for seed in range(SPLITS):
    x_a, y_a, x_b, y_b = halves(seed)
    m, d = components(x_a)
    right.append(share_right(learn_line((x_a - m) @ d, y_a)((x_b - m) @ d)[:, 0], y_b))
assert np.mean(right) > 0.99 and min(right) > 0.98, right

rng = np.random.default_rng(1)
shuffled = [share_right(learn_line(z, rng.permutation(y))(z_held)[:, 0], y_held) for _ in range(SPLITS)]
assert np.mean(shuffled) < 0.75, shuffled
line = learn_line(z, y)
print(f"held out: {share_right(line(z_held)[:, 0], y_held):.1%} right; with shuffled labels {np.mean(shuffled):.1%}")

# %%
# A generative model: a cloud for each digit
# ------------------------------------------
# Two numbers were enough to tell the digits apart. To draw one, all 64 must be right, together. A plain
# generative model is a Gaussian for each digit, with the mean and the covariance of its images,
#
# .. math:: p(x, y) = p(y) \, \mathcal N(x; \mu_y, \Sigma_y).
#
# Drawing is easy: first a label, then an image with this label. For comparison, a second model with
# the same mean and the same spread in every pixel, but each pixel drawn on its own.


def gaussian(x):
    """The distribution of images like x (n, 64): their mean and covariance, mixed with a little of every direction."""
    covariance = np.cov(x, rowvar=False)
    covariance = (1 - SHRINK) * covariance + SHRINK * np.diag(covariance).mean() * np.eye(64)
    return multivariate_normal(x.mean(axis=-2), covariance)


def draw(x, y, rng, n=90):
    """n images of each digit from the Gaussians, and as many of independent pixels: (2n, 64) each."""
    together = [gaussian(x[y == k]).rvs(n, random_state=rng) for k in (0, 1)]
    apart = [rng.normal(x[y == k].mean(axis=-2), x[y == k].std(axis=-2), (n, 64)) for k in (0, 1)]
    return np.concatenate(together), np.concatenate(apart)


# %%
# How good is a drawing? A simple measure: the distance to the nearest held-out digit. The
# Gaussian's drawings are nearer to real ones than the independent pixels are, for every way of halving the
# data; and real digits are nearer to each other still. This model is no master.


def nearest(a, b):
    """The mean over the rows of a of the distance to the nearest row of b."""
    return cdist(a, b).min(axis=-1).mean()


table = []
for seed in range(SPLITS):
    x_a, y_a, x_b, _ = halves(seed)
    together, apart = draw(x_a, y_a, np.random.default_rng(seed))
    table.append((nearest(x_a, x_b), nearest(together, x_b), nearest(apart, x_b)))
    assert table[-1][0] < table[-1][1] < table[-1][2], table[-1]
for name, distance in zip(("real digits", "Gaussian", "independent pixels"), np.mean(table, axis=-2), strict=True):
    print(f"distance to the nearest real digit: {distance:.2f} from {name}")

# %%
# One number never tells all. A lazy model that always draws the *average* zero and the *average* one
# beats the Gaussian by this measure. Turn the question round, and ask how far each real digit is from the nearest
# drawing: now the lazy model is the worse one. It has found the middle of each cloud and nothing else. A GAN that
# does something like it is said to have collapsed; lesson 07 meets one.
table = []
for seed in range(SPLITS):
    x_a, y_a, x_b, _ = halves(seed)
    average, (together, _) = [x_a[y_a == k].mean(axis=-2) for k in (0, 1)], draw(x_a, y_a, np.random.default_rng(seed))
    assert nearest(average, x_b) < nearest(together, x_b)  # near to real digits ...
    assert nearest(x_b, average) > nearest(x_b, together)  # ... but real digits are not near to it
    table.append((nearest(x_b, together), nearest(x_b, average)))
for name, distance in zip(("Gaussian", "average"), np.mean(table, axis=-2), strict=True):
    print(f"distance from a real digit to the nearest drawing: {distance:.2f}, {name}")

# %%
# What each of them knows
# -----------------------
# From :math:`p(x, y)` one gets the rest by adding and dividing: the Gaussians classify too, as well as the line
# does. The way back is closed. Show both models the digits 2 to 9, which neither has seen. The line has
# no way to say "neither": for half of them it is at least 80 % sure that they are a zero or a one. The
# Gaussians' :math:`p(x)` puts nearly all of them below the least likely tenth of the held-out zeros and ones.
strangers = data.digits(classes=set(range(10)) - set(PAIR)).x
clouds = [(np.log(np.mean(y == k)), gaussian(x[y == k])) for k in (0, 1)]  # log p(y) and p(x | y)
log_p_zero, log_p_one = (log_p_y + cloud.logpdf(x_held) for log_p_y, cloud in clouds)  # log p(x, y)
assert share_right(log_p_one - log_p_zero, y_held) > 0.99

sureness = sigmoid(np.abs(line((strangers - mean) @ directions)))  # the larger of p(y = 0 | x) and p(y = 1 | x)
assert np.median(sureness) > 0.8, np.median(sureness)
log_p = np.logaddexp(log_p_zero, log_p_one)  # the sum over y
log_p_strangers = np.logaddexp(*(log_p_y + cloud.logpdf(strangers) for log_p_y, cloud in clouds))
assert np.mean(log_p_strangers < np.quantile(log_p, 0.1)) > 0.95
print(f"log p(x), median: held-out digits {np.median(log_p):.0f}, the eight others {np.median(log_p_strangers):.0f}")

# %%
# The picture
# -----------


def scatter(ax, z, y, color, name):
    """The images z (N, 2) as circles (zeros) and triangles (ones)."""
    for k, marker in ((0, "o"), (1, "^")):
        ax.scatter(z[y == k, 0], z[y == k, 1], s=14, marker=marker, color=color, alpha=0.6, linewidths=0, label=f"{name}, {k}")
    ax.set(xlim=(-6, 6), ylim=(-6.5, 5.5), xlabel="first principal component")


def strip(ax, x, title):
    """Six images side by side, from the beginning and from the end of x: zeros, then ones."""
    six = x[[0, 1, 2, -3, -2, -1]].reshape(6, 8, 8)
    ax.imshow(np.pad(np.hstack(six), 1, constant_values=-1), cmap="gray_r", vmin=-1, vmax=1)
    ax.set_title(title)
    ax.set_axis_off()


# %%
# On the left, all that the line needs. In the middle, the cloud that the generative model has to place, seen from
# the same side. On the right, what cannot be seen from this side: whether the pixels fit together.
drawn, noise = draw(x, y, np.random.default_rng(0))
fig, axes = plt.subplot_mosaic([["line", "cloud", "real"], ["line", "cloud", "drawn"], ["line", "cloud", "noise"]],
                               figsize=(10, 3.6), width_ratios=(1, 1, 1.1))
for name in ("line", "cloud"):
    scatter(axes[name], z_held, y_held, TRUE, "real")
(w1, w2), b = line.layers[0].W[:, 0], line.layers[0].b.item()
axes["line"].plot([-6, 6], [-(b + w1 * -6) / w2, -(b + w1 * 6) / w2], color=JUDGE, label="the line, s = 0")
axes["line"].set(title="p(y | x): which side?", ylabel="second principal component")
scatter(axes["cloud"], (drawn - mean) @ directions, np.repeat((0, 1), 90), FAKE, "drawn")
axes["cloud"].set(title="p(x, y): where does every image lie?")
axes["line"].legend(loc="lower right")
axes["cloud"].legend(loc="lower right")
for name, images, title in (("real", x_held[np.argsort(y_held)], "held out"), ("drawn", drawn, "drawn: Gaussian"),
                            ("noise", noise, "drawn: independent pixels")):
    strip(axes[name], images, title)

# %%
# What you saw
# ------------
# * Telling zeros from ones took two numbers an image and one line, and the line was right on more than 99 % of
#   the digits it had never seen.
# * Drawing them takes all 64 pixels together. Keeping only each pixel's own mean and spread leaves speckle;
#   with the covariances, which say how pixels go together, the drawings come nearer to real digits.
# * :math:`p(x, y)` contains both :math:`p(x)` and :math:`p(y \mid x)`; the line, which knows :math:`p(y \mid x)` only, is
#   sure of itself even about digits of a kind it has never met.
# * Near to the data is not enough: the average digit is nearer. A sampler must also cover the data.
#
# A Gaussian can be written down. For most data nobody can write the density down, and this is where GANs come in: the
# generator only draws, and a discriminative model tells it what is wrong with its drawings.
#
# To try:
#
# 1. Set ``SHRINK`` to 1. Which assertion fails, and what do the drawings look like?
# 2. Set ``PAIR`` to (3, 8). How many components does the line need for 99 %?
# 3. Write down a sampler that is nearer to the held-out digits than the real digits are, *and* covers them. What
#    must it have seen?
#
# Ng & Jordan (2002, *On Discriminative vs. Generative Classifiers*) compare the two ways to classify, and say when each wins.
plots.show("lesson_01")
