"""
Generative or discriminative?
=============================

What must a model know to tell zeros from ones, and what must it know to draw them?

* **Time** 25 minutes.
* **Before** matrix products, and what a probability density is.
* **Terms** score, generator, discriminator, collapse, coverage.

The data are scikit-learn's handwritten digits, 8 x 8 pixels each. A *discriminative* model learns :math:`p(y \\mid x)`. It is
given an image x and says how likely each label y is. A *generative* model learns :math:`p(x)` or :math:`p(x, y)`. It says which
images there are, and how often each of them comes. A GAN is made of one model of each kind.
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
STEPS = 300  # of gradient descent; with 30 the line is still on its way, and some splits fall below 99 %
LR = 0.1  # length of a step; with 10 the line overshoots, and half of the splits fall below 99 %
SHRINK = 0.1  # 0: a covariance that cannot be inverted, since some pixels never change; 1: all pixels independent
plt.rcParams.update(plots.STYLE)

# %%
# Two sets of digits
# ------------------
# There are 360 images of zeros and ones. The models learn from one half. The other half is *held out*, to test the models on
# images that they have not seen. An image is a row of 64 numbers, from -1 (white) to 1 (black).
digits = data.digits(classes=PAIR)


def halves(seed):
    """Images (N, 64) and labels (N,) to learn from, 0 or 1, and the same for the held-out half."""
    y = (digits.labels == PAIR[1]).astype(int)
    learn, held = np.array_split(np.random.default_rng(seed).permutation(y.size), 2)
    return digits.x[learn], y[learn], digits.x[held], y[held]


x, y, x_held, y_held = halves(seed=0)
assert x.shape[-1] == x_held.shape[-1] == 64 and y.size + y_held.size == digits.labels.size == 360
print(f"{digits.x.shape[-2]} images; to learn from: {(y == 0).sum()} of digit {PAIR[0]}, {(y == 1).sum()} of digit {PAIR[1]}")

# %%
# Three probabilities
# -------------------
# Put all images with their labels into one big table, and draw a row at random. Three probabilities describe the draw.
#
# * The *joint* probability :math:`p(x, y)` belongs to this image together with this label.
# * The probability :math:`p(x) = \sum_y p(x, y)` belongs to this image with any label.
# * The probability :math:`p(y \mid x) = p(x, y) / p(x)` belongs to this label when the image is given.
#
# The third one has been divided by :math:`p(x)`, and this division loses something. Here are two small worlds, each with two
# images, A and B. In both worlds :math:`p(y \mid x)` is the same.
#
# **Predict.** Must the two images then also come equally often in both worlds?
#
# .. answer::
#    No. In the first world A and B come equally often, and in the second world B comes nine times as often as A. A model of
#    :math:`p(y \mid x)` alone does not contain which images are likely, so it cannot draw one.
world = np.array([[0.45, 0.05], [0.05, 0.45]])  # p(x, y); rows: images A and B; columns: labels 0 and 1
other = np.array([[0.09, 0.01], [0.09, 0.81]])
p_x, p_x_other = world.sum(axis=-1, keepdims=True), other.sum(axis=-1, keepdims=True)
assert np.allclose(world / p_x, other / p_x_other)  # the same p(y | x) ...
assert np.allclose(p_x, [[0.5], [0.5]]) and np.allclose(p_x_other, [[0.1], [0.9]])  # ... and another p(x)

# %%
# Sixty-four numbers, or two
# --------------------------
# The two *principal components* are the directions along which the images differ most. Two numbers say where an image lies
# along them. (The singular value decomposition orders its directions by spread, the largest first.)


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
# ``Dense(2, 1)`` gives each image a score (logit) :math:`s = z_1 w_1 + z_2 w_2 + b`. The sigmoid turns the score into a
# probability, :math:`p(y = 1 \mid x) = 1 / (1 + e^{-s})`. Logistic regression changes w and b by gradient descent on the
# cross-entropy. Lesson 02 shows how ``Dense`` finds its gradient. Lesson 03 shows why the loss is computed from the score.


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
# Each image is now two numbers, and the model is one line. As a control, we train the same model on shuffled labels.
#
# **Predict.** On what share of the held-out digits is the line right, and what happens with shuffled labels?
#
# .. answer::
#    Over ten ways of halving the data it is right on more than 99 % on average, and never on less than 98 %. With shuffled labels
#    it only guesses. So the method itself does not produce the 99 %. The labels do.
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
# Two numbers were enough to tell the digits apart. To draw a digit, all 64 numbers must fit together. A simple generative model
# is a Gaussian for each digit, with the mean and the covariance of its images,
#
# .. math:: p(x, y) = p(y) \, \mathcal N(x; \mu_y, \Sigma_y).
#
# To draw, one first draws a label and then an image with this label. A second model is there for comparison. It has the same
# mean and the same spread in every pixel, but draws each pixel independently of the others.


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
# How good is a drawing? A simple measure is its distance to the nearest held-out digit.
#
# **Predict.** Order three sets of images by this distance. They are real digits, drawings of the Gaussian, and drawings with
# independent pixels. Which is nearest to the held-out digits?
#
# .. answer::
#    For every way of halving the data the real digits are nearest, then the Gaussian, then the independent pixels. So the
#    covariance helps, and the Gaussian is still not as good as real data.


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
# One number is not enough. Take a third model that always draws the *average* zero and the *average* one.
#
# **Predict.** Is the average digit nearer to real digits than the drawings of the Gaussian, or farther? And how far is each real
# digit from the nearest drawing?
#
# .. answer::
#    By the first measure the average digit beats the Gaussian. By the second measure it is worse, for every way of halving the
#    data. It has found the middle of each cloud and nothing else. A GAN that does something similar has *collapsed*. Lesson 07
#    shows one.
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
# What each model contains
# ------------------------
# From :math:`p(x, y)` one gets the other two by adding and dividing. So the Gaussians classify too, and are right on more than
# 99 %. From :math:`p(y \,|\, x)` alone one gets neither of the others. We show both models the digits 2 to 9, which neither of
# them has seen.
#
# **Predict.** What does the line say about a seven? And what does :math:`p(x)` of the Gaussians say?
#
# .. answer::
#    The line cannot say "neither". For at least half of these digits it is more than 80 % sure that they are a zero or a one. The
#    Gaussians can say it. More than 95 % of these digits have a smaller :math:`p(x)` than nine of ten held-out zeros and ones.
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
# On the left is all that the line needs. In the middle is the cloud that the generative model has to place, along the same two
# directions. On the right are whole images. Only there can one see whether the pixels fit together.
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
# * To tell zeros from ones, two numbers for each image and one line were enough. The line was right on more than 99 % of the
#   held-out digits.
# * To draw them, all 64 pixels must fit together. Independent pixels with the right means and spreads look like noise. With the
#   covariances the drawings come nearer to real digits.
# * :math:`p(x, y)` contains both :math:`p(x)` and :math:`p(y \mid x)`. The line models :math:`p(y \mid x)` only, and is sure of
#   itself even about digits of a kind that it has never seen.
# * It is not enough to be near the data. The average digit is nearer than the drawings. A sampler must also cover the data.
#
# The density of a Gaussian can be written down. For most data nobody can write the density down, and for them there are GANs.
# The generator only draws. A discriminative model tells the generator what is wrong with its drawings.
#
# Ng & Jordan (2002, *On Discriminative vs. Generative Classifiers*) compare the two ways to classify, and say when each wins.
# A small p(x) shows a strange image here. Large models can give images of another kind an even larger p(x) than their own
# (Nalisnick et al. 2019).
#
# Questions:
#
# 1. *On paper.* A third world has the same :math:`p(y \mid x)` as the two above, and :math:`p(A) = 0.2`. What are its four joint
#    probabilities?
#
#    .. answer::
#       The label of A is 0 with the probability 0.45/0.5 = 0.9, and the label of B is 0 with 0.1. Multiply by :math:`p(x)`. Image
#       A gives 0.18 and 0.02, and image B gives 0.08 and 0.72. Their sum is 1.
#
# 2. *Run it.* Take the second component away by ``directions * [1, 0]``. How good is the line now? And with the second one alone?
#
#    .. answer::
#       With the first component alone the line is right on 98.9 % on average, and on 97.8 % for the worst halves. With the second
#       one alone it is right on 47.6 %, which is guessing. The second direction shows how differently the ones are written.
#
# 3. *Explain.* Somebody reports that the drawings of a model are nearer to real images than real images are to each other. Is the
#    model better than the data?
#
#    .. answer::
#       No. The average digit does something similar, and a copy of the data does it perfectly. One must also ask how far each
#       real image is from the nearest drawing, and compare with images that the model has not seen.
#
# To try:
#
# 1. Set ``SHRINK`` to 1. Which assertion fails, and what do the drawings look like?
#
#    .. answer::
#       Four assertions fail. The first is the order of the three distances, for each of the ten halves. All pixels now have one
#       common spread and no covariance. The Gaussian's distance rises from 2.66 to 3.47, and the independent pixels, whose
#       spreads are right, stay at 3.24. The drawings look like noise.
#
# 2. Set ``PAIR`` to (3, 8). How many components does the line need for 99 %?
#
#    .. answer::
#       With 300 steps no number of components is enough. Two give 95.6 % on average, ten give 97.9 %, and forty give 98.4 %. With
#       3000 steps and forty components it is 99.0 %.
#
# 3. Write a sampler that is nearer to the held-out digits than the real digits are, *and* covers them. What must it have seen?
#
#    .. answer::
#       It returns the held-out digits themselves. Both distances are then 0. It must have seen the images that it is tested on,
#       so these measures cannot tell a perfect sampler from one that copies.
third = np.array([[0.2], [0.8]]) * world / p_x
assert np.allclose(third, [[0.18, 0.02], [0.08, 0.72]])  # the answer on paper
plots.show("lesson_01")
