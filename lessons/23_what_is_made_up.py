r"""
What is made up
===============

A generator draws an image in fine detail. Which part of it was known, and which part did the generator make up?

* **Time** 25 minutes.
* **Before** lessons 12 and 16.
* **Terms** generator, discriminator, Frechet distance, least squares, R1.

Here are two warnings, in numbers. First a GAN enlarges small images. Its answers look sharp, and every one of them fits what was
seen. Two answers to one small image are often two different digits. Then a GAN learns from few images, and answers with copies of
them. Both are measured beside a case without the fault.
"""

import os

import matplotlib.pyplot as plt
import numpy as np

from tinygan import data, gradcheck, losses, mlp, plots
from tinygan.engine.layers import LeakyReLU, Tanh
from tinygan.engine.optim import Adam, cosine_decay
from tinygan.metrics import digit_judge, memory_report
from tinygan.metrics.memory import nearest
from tinygan.penalties import R1
from tinygan.plots import FAKE, JUDGE, TRUE, sheets
from tinygan.training import two_players
from tinygan.zoo import SuperRes, superres
from tinygan.zoo.blocks import Blocks

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer seeds and steps
SEEDS = range(1 if FAST else 3)  # of each run; every claim must hold for each of them
FACTOR = 4  # a small image has 2 x 2 pixels; with 2 it has 4 x 4, which still show the digit, and little is made up
STEPS = 1500 if FAST else 4000  # of the enlarging game; with 300 the answers are no digits yet
ANSWERS = 32  # to each small image; with 2 a mean is no blur and a spread is no measure
FEW, MANY = 10, 896  # images to learn from; with 30 few samples are copies, but nearly all are still too near to the 30
GAME = 1500 if FAST else 4000  # steps with few and with many images; a short run has not yet learned them by heart
plt.rcParams.update(plots.STYLE)

# %%
# To make an image small, and back
# --------------------------------
# A small image has the mean of each block of 4 x 4 pixels. We call this step *pool*. The step *up* copies each mean to all
# pixels of its block. An answer y *fits* the small image if pool(y) is that image. Let r be any image, and subtract from it what
# pool sees:
#
# .. math:: P\,r = r - \text{up}(\text{pool}(r)), \qquad y = \text{up}(\text{low}) + P\,r .
#
# So y fits, whatever r is. All that P r adds is made up. Twice P is once P, and P is its own transpose: P is an *orthogonal
# projection*.
blocks = Blocks((8, 8), 1, FACTOR)
rng = np.random.default_rng(0)
r, other, low = rng.normal(size=(5, 64)), rng.normal(size=(5, 64)), rng.normal(size=(5, blocks.d_low))
assert np.allclose(blocks.pool(blocks.up(low) + blocks.detail(r)), low, atol=1e-12)
assert np.allclose(blocks.detail(blocks.detail(r)), blocks.detail(r), atol=1e-12)
assert np.isclose((blocks.detail(r) * other).sum(), (r * blocks.detail(other)).sum())

# %%
# The game
# --------
# G takes a small image and noise z, and gives r. D sees a large image beside the small one: a real pair, or G's answer beside the
# small image that it was given. Both players then take their usual steps.
#
# **Predict.** G's loss depends on r only through :math:`P r`. What is its derivative with respect to r?
#
# .. answer::
#    It is :math:`P^\top` times the derivative with respect to y. P is its own transpose, so P is applied once more.


def g_by_hand(G, D, low, z, x, loss):
    """G's loss; its gradient is in G.grad."""
    r, tape = G.forward(np.concatenate([low, z], axis=-1))
    y = blocks.up(low) + blocks.detail(r)
    s_fake, tape_d = D.forward(np.concatenate([y, low], axis=-1))
    value, ds = loss.g(s_fake, D(np.concatenate([x, low], axis=-1)))
    dy = D.backward(ds, tape_d, grads=False)[:, :64]  # the rest belongs to the small image, which was given
    G.zero_grad()
    G.backward(blocks.detail(dy), tape)
    return value


# %%
# We compare it with finite differences, on small networks in float64. Without the second P the check fails, because the gradient
# would be that of another function.
G, D = (mlp(*sizes, activation=Tanh, dtype=np.float64, seed=sizes[1])
        for sizes in ((blocks.d_low + 3, 5, 64), (64 + blocks.d_low, 6, 1)))
x, z, loss = rng.normal(size=(5, 64)), rng.normal(size=(5, 3)), losses.Relativistic()
low, start = blocks.pool(x), G.theta.copy()


def value(theta):
    G.theta = theta
    return float(g_by_hand(G, D, low, z, x, loss))


value(start)
found = gradcheck.check(value, G.grad.copy(), start)
assert found.ok, str(found)
ours = G.grad.copy()
superres.g_gradients(G, D, Blocks((8, 8), 1, FACTOR), low, z, loss, x)
assert np.allclose(ours, G.grad, rtol=1e-10, atol=1e-13)
print(found)

# %%
# Enlarge unseen digits
# ---------------------
# ``SuperRes`` has the rest: D's step, penalties, averages. Beside the game it trains a third network, M, on the mean square error
# alone. M takes no noise and gives one answer. 896 digits are for the training, and 901 others are made small and enlarged again.
seen, unseen = data.halves()
images, classes = unseen.x, unseen.labels
small = blocks.pool(images)


def enlarging(seed):
    model = SuperRes("digits", factor=FACTOR, steps=STEPS)
    model.train(seen, seed=seed, progress=False)
    return model


models = [enlarging(seed) for seed in SEEDS]
answers = [model.guesses(small, ANSWERS) for model in models]  # (ANSWERS, 901, 64) for each seed
assert all(np.abs(blocks.pool(y) - small).max() < 1e-6 for y in answers), "every answer fits"

# %%
# There are three images for each small one. They are an answer of G, the mean of 32 answers, and the answer of M. How far is each
# from the true image, and does a support vector machine read the same digit?
#
# **Predict.** Which of the three is nearest to the true image, and which one looks most like a digit?
#
# .. answer::
#    M's answer is nearest. G's answer looks like a digit. Its Frechet distance to real ones is less than half of M's. But its
#    error is more than one and a half times M's error, and its digit is the wrong one more often.
judge = digit_judge()
ways = {"an answer": [y[0] for y in answers], "mean of 32": [y.mean(axis=0) for y in answers],
        "mean square net": [model.mean_answer(small) for model in models]}
error = {name: np.array([np.mean((y - images) ** 2) for y in each]) for name, each in ways.items()}
kept = {name: np.array([np.mean(judge.read(y) == classes) for y in each]) for name, each in ways.items()}
distance = {name: np.array([judge.report(y).frechet for y in each]) for name, each in ways.items()}
differ = np.array([np.mean(judge.read(y[0]) != judge.read(y[1])) for y in answers])
for name in ways:
    print(f"{name:>15}: error {error[name].round(3)}, class kept {kept[name].round(2)}, Frechet {distance[name].round(1)}")
print(f"two answers to one small image are read as different digits: {differ.round(2)}")

# %%
# M's answer is a blur, near the mean of all images that fit. The mean of 32 answers is nearly the same blur. So a sharp answer
# is not a better guess. It is one of many images that fit, drawn at random. Two of them are mostly two different digits. This is
# no fault of these networks. No answer has both the least error and the look of real images (Blau & Michaeli 2018).
assert np.all(distance["an answer"] < distance["mean square net"] / 2)
assert np.all(error["an answer"] > 1.5 * error["mean square net"]) and np.all(kept["an answer"] < kept["mean square net"])
assert np.all(error["mean of 32"] < 0.7 * error["an answer"])
assert np.all(differ > 0.5), "two answers are mostly two different digits"

# %%
# Ask more than once
# ------------------
# One answer does not say how much of it was made up. Many answers do. Where they differ much, the true image is far from their
# mean. We compare, pixel by pixel, the *spread* (the standard deviation of the answers, in the mean over all images) with the
# root of the mean square error of their mean.
spread = np.array([y.std(axis=0).mean(axis=0) for y in answers])
wrong = np.array([np.sqrt(((y.mean(axis=0) - images) ** 2).mean(axis=0)) for y in answers])
r = np.array([np.corrcoef(*pair)[0, 1] for pair in zip(spread, wrong, strict=True)])
assert np.all(r > 0.9)
print(f"spread and error, correlation over the pixels: {r.round(2)}")

# %%
# The other warning: learned by heart
# -----------------------------------
# Now we train an ordinary GAN, without small images, on few digits. D can learn ten images by heart, and then G makes these ten.
# In ``memory_report`` each sample is compared with the training images, and with as many others that were not used for training.
#
# **Predict.** What fraction of the samples of an honest generator is nearer to a training image than to one of the others?
#
# .. answer::
#    One half, since both sets come from one distribution.


def learned_from(n, seed):
    """The report of a GAN that has learned from n digits."""
    own = np.random.default_rng((seed, n))
    learned, others = (half.x[own.permutation(len(half.x))[:n]] for half in (seen, unseen))
    G, D = (mlp(*ends, activation=LeakyReLU, seed=2 * seed + k) for k, ends in enumerate([(16, 64, 64, 64), (64, 64, 64, 1)]))
    game = two_players(G, D, data.Points(learned), losses.NonSaturating(), steps=GAME, batch=min(64, n), penalties=[R1(3)],
                       opt_g=Adam(2e-3, 0, 0.99), opt_d=Adam(2e-3, 0, 0.99), schedule=cosine_decay, ema=0.995, seed=seed,
                       d_steps=1, update="alternating", instance_noise=None, clip=None, unroll=None)
    game.run(progress=False)
    samples = game.G_ema(own.standard_normal((1000, 16), np.float32))
    return memory_report(samples, learned, others, D), samples, learned, others


runs = {n: [learned_from(n, seed) for seed in SEEDS] for n in (FEW, MANY)}
nearer = {n: np.array([report.nearer for report, *_ in each]) for n, each in runs.items()}

# %%
# There are two controls. A *planted memoriser* draws its samples from the training images, with a little noise. The other sampler
# draws them from images that are in neither set.
half, others = seen.x[:448], unseen.x[:448]
copies = half[rng.integers(448, size=1000)] + 0.05 * rng.normal(size=(1000, 64))
planted = memory_report(copies, half, others)
healthy = memory_report(seen.x[448:], half, others)
for name, report in {"planted copies": planted, "new images": healthy, f"{FEW} images": runs[FEW][0][0],
                     f"{MANY} images": runs[MANY][0][0]}.items():
    print(f"{name:>14}: {report}")
assert planted.nearer > 0.95 and planted.copies > planted.copies_most
assert abs(healthy.nearer_z) < 3

# %%
# With ten images most samples are copies of them. With 896 almost none is, and the fraction of the nearer ones is not far above
# one half. D has learned its training images too. It scores the ten that it has seen much higher than others.
copied = {n: np.array([report.copies for report, *_ in each]) for n, each in runs.items()}
gap = {n: np.array([report.gap for report, *_ in each]) for n, each in runs.items()}
assert np.all(nearer[FEW] > 0.9) and np.all(nearer[MANY] < 0.65) and np.all(copied[FEW] > 0.3) and np.all(copied[MANY] < 0.02)
assert np.all(gap[FEW] > 3 * np.abs(gap[MANY]))
for n in runs:
    print(f"{n} images: nearer to a training image {nearer[n].round(2)}, copies {copied[n].round(2)}, D's gap {gap[n].round(2)}")

# %%
# What a user of such a picture may conclude
# ------------------------------------------
# * *From one sharp answer* one learns that such an image fits what was seen, and nothing about the fine detail. Name no person
#   because of such a picture, and find no illness in it (PULSE made faces of other people from small pictures, Menon et al.
#   2020).
# * *From many answers* one learns where the small image decides. There they agree, and elsewhere they differ.
# * *From the mean square net* one learns about as much as can be known in the mean of the squares. It is blurred where the small
#   image does not decide.
# * *From a generated image that looks new* one learns nothing about novelty. Find the nearest training image before you call it
#   new, or private.
#
# It would be wrong to say that the spread is the whole error. In the mean the variance of the answers is .84 of the squared error
# of their mean, and from 4 x 4 pixels .27 of it (``python tests/benchmarks/family.py superres``). There G is too sure.
#
# The picture
# -----------
# Above are unseen digits, what the networks were given, and what they made of it. Below are spread and error of each pixel, one
# colour for each seed, and the distances of the samples of both GANs to their training images.
figure = plt.figure(figsize=(9.2, 7.6))
top, bottom = figure.subfigures(2, 1, height_ratios=(1.35, 1))
shown = [np.flatnonzero(classes == c)[5] for c in range(10)]
rows = {"true": images[shown], "given": blocks.up(small[shown]), "mean square": ways["mean square net"][0][shown]}
rows |= {f"answer {k + 1}": answers[0][k, shown] for k in range(3)}
sheets.lines(rows, (8, 8), title="unseen digits, made small and enlarged again", figure=top)

# %%
# On the left the points lie near a line, so the answers are wrong where they differ. On the right are samples of seed 0. Below
# the line a sample is nearer to an image that G has learned from than to any of as many others. Nearly all samples of ten images
# are there.
left, right = bottom.subplots(1, 2)
for seed, color in zip(SEEDS, (FAKE, JUDGE, TRUE), strict=False):
    left.plot(spread[seed], wrong[seed], ".", color=color, markersize=4, label=f"seed {seed}")
left.set(xlabel="spread of 32 answers", ylabel="root mean square error of their mean", title="A pixel each")
left.legend(loc="upper left")
for n, color in ((FEW, FAKE), (MANY, JUDGE)):
    _, samples, *sets = runs[n][0]
    learned, others = (nearest(samples[:300], rows) for rows in sets)
    right.plot(others, learned, ".", color=color, markersize=4, label=f"learned from {n} images")
right.axline((4, 4), slope=1, color="black", linewidth=0.8)
right.set(xlabel="distance to the nearest other image", ylabel="to the nearest training image", title="How new is a sample?")
right.set(aspect="equal", xlim=(0.8, 7), ylim=(0.8, 7))
right.legend(loc="upper left")

# %%
# What you saw
# ------------
# * G's answers all fit the small image, to the last digit, because P takes away what pool would see. P is its own transpose, and
#   stands in the backward pass too.
# * Sharp answers have more than 1.5 times the error of a blur, and two answers to one small image are mostly two different
#   digits. The control is the net of the mean square error, with the smaller error and the larger Frechet distance.
# * The spread of many answers predicts where they are wrong. One answer predicts nothing.
# * A GAN that has learned from ten images answers with them. Its D scores them higher than others. The controls are planted
#   copies, and a GAN with 896 images.
#
# Bahat & Michaeli (2020), *Explorable Super Resolution*. Blau & Michaeli (2018), *The Perception-Distortion Tradeoff*. Menon et
# al. (2020), *PULSE: Self-Supervised Photo Upsampling via Latent Space Exploration of Generative Models*. Meehan et al. (2020),
# *A Non-Parametric Test to Detect Data-Copying in Generative Models*.
#
# Questions:
#
# 1. *On paper.* Let answers be drawn from the true distribution of the images that fit. What is the mean square error of one
#    answer, in units of the error of the mean of all images that fit?
#
#    .. answer::
#       Twice as large. The truth and the answer are two independent draws around the same mean, and their variances add up.
#
# 2. *Run it.* Take ``FACTOR = 2``, with 4 x 4 pixels given. How often do two answers differ in their digit now? How large is the
#    spread beside the error? (Assertions stop you. Take them out.)
#
#    .. answer::
#       With 2500 steps and seed 0 two answers are read as different digits in 10 % of all cases, in place of 70 %. The mean
#       spread is .17 and the mean error .26, so G is too sure. From 2 x 2 pixels it is .39 and .41.
#
# 3. *Explain.* Why does a memorising generator pass every test that compares it with its training images only?
#
#    .. answer::
#       Its samples *are* training images, so they are near to them and cover them. Only a comparison with other true images shows
#       that it is nearer to the former.
#
# To try:
#
# 1. Train with 30, 100 and 300 images. Are there still copies? Is ``nearer`` still above one half?
#
#    .. answer::
#       With seed 0 the fraction of copies is .85 for 10 images, .12 for 30 and .001 for 100. But ``nearer`` is .94 for 30, .81
#       for 100, .68 for 300 and .57 for 896. So a lack of copies does not mean that the training images had no influence.
#
# 2. Look at the gap of D in the same runs. Which number of images is enough for D?
#
#    .. answer::
#       The gap is 1.12 for 10 images, .85 for 30, .29 for 100, .07 for 300 and .02 for 896. It falls steadily, and no number is
#       enough in itself.
plots.show("lesson_23")
