"""
What the discriminator learns
=============================

Keep the generator as it is and train the discriminator for long. What does it become, and what does its loss tell?

There is no generator in this lesson. Two fixed distributions on the line play the parts: p for the real samples and
q for the fake ones. Both densities are known, so everything that D learns can be compared with the truth.
"""

import os

import matplotlib.pyplot as plt
import numpy as np

from tinygan import d_step, data, plots
from tinygan.engine.network import mlp
from tinygan.engine.numerics import sigmoid, softplus
from tinygan.engine.optim import Adam, cosine_decay
from tinygan.losses import Minimax
from tinygan.plots import FAKE, JUDGE, TRUE

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it; twice as quick, and D is a little less exact
P = data.gaussians_1d(means=(-1.5, 1.5), stds=(0.5, 0.7), weights=(0.4, 0.6))  # real; the narrower the modes, the more STEPS
Q = data.gaussians_1d(means=(0.0,), stds=1.0)  # fake; with mean 5 D is nearly always right, and its scores are far from s*
STEPS = 500 if FAST else 1000  # of training; with 50 the claim about the learned score fails
BATCH = 512  # samples of each kind in a step; with 32 D stays about twice as far from D*
LR = 2e-2  # of Adam, falling to 0; with 1e-4 these steps leave D little better than one that always answers 1/2
SEEDS = range(3)  # independent trainings; every claim must hold for each
MASS = 0.02  # "mass" is where (p + q)/2 is above this; with 0.0001 D's errors grow by half, with 0.1 too many samples lie outside
plt.rcParams.update(plots.STYLE)

# %%
# The best answer at one place
# ----------------------------
# D minimises :math:`E_p[-\log D(x)] + E_q[-\log(1 - D(x))]`. As an integral this is
#
# .. math:: \int -p(x) \log D(x) - q(x) \log(1 - D(x)) \; dx,
#
# and D may choose its answer at each x by itself. At one place p and q are just two numbers. Setting the derivative
# :math:`-p/D + q/(1 - D)` to zero gives
#
# .. math:: D^*(x) = \frac{p(x)}{p(x) + q(x)}
#
# (Goodfellow et al. 2014, section 4.1, proposition 1). We try all answers at some places, to see that it is so.
answers = np.linspace(0.001, 0.999, 999)
for x in (-2.0, -0.5, 0.0, 1.0, 2.5):
    p, q = np.exp(P.log_prob([[x]]).item()), np.exp(Q.log_prob([[x]]).item())
    price = -p * np.log(answers) - q * np.log(1 - answers)
    assert abs(answers[price.argmin()] - p / (p + q)) < 0.0015
    print(f"at x = {x:4}: p = {p:.3f}, q = {q:.3f}, the best answer is {answers[price.argmin()]:.3f}")

# %%
# The score of the best answer
# ----------------------------
# Our D gives scores, and the score of a probability is the logarithm of its odds (lesson 03). The odds of
# p/(p + q) are p to q, so the best score is a difference of two log densities:
#
# .. math:: s^*(x) = \log p(x) - \log q(x).
#
# D, shown samples only, thus learns how p and q compare, and it never learns p or q alone. On a fine grid, each point
# stands for the probability of a small piece of the line.
x = np.linspace(-12, 12, 2401)[:, None]  # (2401, 1)
dx = x[1, 0] - x[0, 0]
log_p, log_q = P.log_prob(x), Q.log_prob(x)
best_score = log_p - log_q
assert abs(np.sum(np.exp(log_p)) * dx - 1) < 1e-9 and abs(np.sum(np.exp(log_q)) * dx - 1) < 1e-9
assert np.allclose(sigmoid(best_score), np.exp(log_p) / (np.exp(log_p) + np.exp(log_q)))

# %%
# What the loss says
# ------------------
# With the mixture m = (p + q)/2, the best answers are :math:`D^* = p / 2m` and :math:`1 - D^* = q / 2m`. Put them into the loss:
#
# .. math:: \int -p \log \frac{p}{2m} - q \log \frac{q}{2m} \; dx
#           = 2 \log 2 - \mathrm{KL}(p \,\|\, m) - \mathrm{KL}(q \,\|\, m) = 2 \log 2 - 2\, \mathrm{JSD}(p, q).
#
# The Jensen-Shannon divergence JSD is the mean of the two KL divergences. It is 0 where p = q and log 2 where p and q have
# nothing in common. (In the paper V is what D *maximises*: :math:`V(D^*) = 2\,\mathrm{JSD} - 2 \log 2`, its theorem 1.)


def jsd(log_p, log_q):
    """JSD(p, q) in nats, from log densities on the grid; a logarithm of 0 counts for nothing where its weight is 0."""
    log_m = np.logaddexp(log_p, log_q) - np.log(2)
    return (np.exp(log_p) @ (log_p - log_m) + np.exp(log_q) @ (log_q - log_m)) * dx / 2


def expected_loss(score):
    """D's loss for scores (2401,) on the grid, exactly: the expectations are sums, not samples."""
    return (np.exp(log_p) @ softplus(-score) + np.exp(log_q) @ softplus(score)) * dx


# %%
# The loss of the best D and the JSD are computed in two ways, and agree. The two ends of the scale:
best_loss = expected_loss(best_score)
assert abs(best_loss - (2 * np.log(2) - 2 * jsd(log_p, log_q))) < 1e-8
assert abs(jsd(log_p, log_p)) < 1e-12
far_left, far_right = (data.gaussians_1d((mean,), 0.1).log_prob(x) for mean in (-5.0, 5.0))
assert abs(jsd(far_left, far_right) - np.log(2)) < 1e-8
print(f"JSD(p, q) = {jsd(log_p, log_q):.4f}, so the best D's loss is {best_loss:.4f}; 2 log 2 = {2 * np.log(2):.4f}")

# %%
# Training D
# ----------
# D is a small network that starts out knowing nothing. Each step shows it fresh samples of both kinds. ``d_step`` is the
# discriminator's half of Algorithm 1: score both batches, take the loss, go backward through both, move ``theta``.


def learn(real, fake, seed):
    """A discriminator trained on samples of `real` against samples of `fake`, and its loss in every step."""
    rng = np.random.default_rng(seed)
    D, opt, losses = mlp(1, 32, 32, 1, seed=seed), Adam(lr=LR), []
    for step in range(STEPS):
        opt.prepare(cosine_decay(step / STEPS))  # this factor times LR
        losses.append(d_step(D, opt, real.sample(BATCH, rng), fake.sample(BATCH, rng), Minimax()))
    return D, losses


trained = [learn(P, Q, seed) for seed in SEEDS]
learned = [D(x)[:, 0].astype(np.float64) for D, _ in trained]  # scores on the grid

# %%
# Where there is mass
# -------------------
# We measure the distance between the learned score and :math:`\log p - \log q`, each place weighted by how often
# a sample falls there. For comparison: a D that always answers 1/2, with the score 0, and a D whose labels were swapped.
weight = (np.exp(log_p) + np.exp(log_q)) / 2
mass = weight > MASS
assert weight[mass].sum() * dx > 0.98  # nearly everything is in these places


def distance(score):
    """The root mean square of score - s*, where there is mass."""
    return np.sqrt(np.average((score - best_score)[mass] ** 2, weights=weight[mass]))


for score in learned:
    assert distance(score) < 0.2, distance(score)
swapped = learn(Q, P, seed=0)[0](x)[:, 0].astype(np.float64)
assert distance(0 * x[:, 0]) > 1 and distance(swapped) > 2
assert distance(-swapped) < 0.2  # it has learned log q - log p, of course
print("distance from s*:", *(f"{distance(score):.3f}" for score in learned), f"; always 1/2: {distance(0 * x[:, 0]):.2f}")

# %%
# Where there is none
# -------------------
# At x = 5 hardly a sample has ever been. The loss does not care what D says there, and D cannot know. By the densities
# the score is below 0, for the fakes' tail is the longer one. D has seen more and more real samples on its way to the
# right, and goes on in the same direction.
# A discriminator's opinion far from all data is a guess. Yet a generator that strays there has to follow it.
here = np.abs(x[:, 0] - 5).argmin()
assert weight[here] < 1e-4
for score in learned:
    assert best_score[here] < 0 and score[here] > 1
print(f"at x = 5: s* = {best_score[here]:.1f}; learned:", *(f"{score[here]:.1f}" for score in learned))

# %%
# The loss as a measuring instrument
# ----------------------------------
# No D can have a smaller loss than D*. So a trained D's loss gives a lower bound on the JSD,
#
# .. math:: \mathrm{JSD}(p, q) \ge \log 2 - \tfrac12 \, \mathrm{loss}(D),
#
# and the better D, the tighter. For ours the bound falls short by less than 5 %. The D that always answers 1/2
# has the loss 2 log 2, and finds no difference between p and q at all.
for score in learned:
    bound = np.log(2) - expected_loss(score) / 2
    assert 0.95 * jsd(log_p, log_q) < bound <= jsd(log_p, log_q), bound
    print(f"JSD {jsd(log_p, log_q):.4f}, of which D has found {bound:.4f}")
assert np.isclose(expected_loss(0 * x[:, 0]), 2 * np.log(2))

# %%
# The picture
# -----------


def draw_densities(ax):
    for log_density, color, name in ((log_p, TRUE, "$p$, real"), (log_q, FAKE, "$q$, fake")):
        ax.fill_between(x[:, 0], np.exp(log_density), color=color, alpha=0.25, linewidth=0)
        ax.plot(x[:, 0], np.exp(log_density), color=color, label=name)
    ax.set(ylabel="density", ylim=(0, 0.6))
    ax.legend(loc="upper left")


def draw_verdicts(ax):
    for score, label in zip(learned, ("$D$, learned", None, None), strict=True):
        ax.plot(x[:, 0], sigmoid(score), color=JUDGE, linewidth=1.5, alpha=0.7, label=label)
    ax.plot(x[:, 0], sigmoid(best_score), "--", color="black", linewidth=1.5, label="$D^* = p/(p+q)$")
    for side in (x[:, 0] < x[mass, 0].min(), x[:, 0] > x[mass, 0].max()):
        ax.fill_between(x[side, 0], 0, 1, color="0.92", linewidth=0, zorder=0)
    ax.set(xlabel="$x$", ylabel="probability of \"real\"", xlim=(-5, 5), ylim=(0, 1))


# %%
# On the left D over D*; grey is where there is no mass. On the right D's loss in every step, of the first training.
fig, axes = plt.subplot_mosaic([["densities", "loss"], ["verdicts", "loss"]], figsize=(10, 4.6), width_ratios=(1.3, 1))
draw_densities(axes["densities"])
draw_verdicts(axes["verdicts"])
axes["densities"].sharex(axes["verdicts"])
axes["verdicts"].legend(loc="upper center")
axes["loss"].semilogx(range(1, STEPS + 1), trained[0][1], color=JUDGE, linewidth=0.6, label="D's loss, each batch")
axes["loss"].axhline(2 * np.log(2), color="black", linestyle=":", label="2 log 2: D cannot tell")
axes["loss"].axhline(best_loss, color="black", linestyle="--", label="2 log 2 - 2 JSD: the best D")
axes["loss"].set(xlabel="step", ylabel="D's loss", xlim=(1, STEPS), ylim=(0.9, 1.7))
axes["loss"].legend(loc="upper right")

# %%
# What you saw
# ------------
# * For fixed p and q, D learns the score log p - log q, and so the probability p/(p + q). Three trainings agree with it where
#   there is mass, and are wrong where there is none.
# * Swap the labels and you get the opposite: D only ever learns what it is asked.
# * The best D's loss is 2 log 2 - 2 JSD. So the loss of a well-trained D measures how far q is from p:
#   2 log 2 = 1.386 means that D cannot tell them apart, 0 that it always can.
#
# This is what a generator will be trained against in the next lesson. There D has no time to finish, and q
# moves while D learns.
#
# To try:
#
# 1. Make Q equal to P. Which D* follows, and what does the loss do?
# 2. Move Q to the mean 5. How much room does the loss have, and how large do the scores grow?
# 3. Replace ``Minimax()`` by ``LeastSquares()``. At one place, which s makes :math:`\tfrac12 p (s - 1)^2 + \tfrac12 q s^2` least?
plots.show("lesson_04")
