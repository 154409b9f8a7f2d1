"""
Reading the losses
==================

While a GAN trains it prints two losses. What do they tell, and when should one stop?

* **Time** 40 minutes.
* **Before** lessons 04, 05 and 06.
* **Terms** non-saturating loss, mode, collapse, replica, visited.

In most of machine learning a falling loss is good. In a GAN each loss depends on an opponent that learns too. Here are three
runs. One is healthy, one collapses and one diverges, and their histories stand side by side. The run with the best-looking losses
is not the best run.
"""

import math
import os
import sys

import matplotlib.pyplot as plt
import numpy as np

from tinygan import Diverged, d_step, data, plots, train
from tinygan.engine.network import mlp
from tinygan.engine.optim import SGD, Adam, linear_decay
from tinygan.losses import NonSaturating
from tinygan.metrics import mode_report
from tinygan.plots import STYLE

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer seeds and steps
RING = data.ring(std=0.1).standardized()  # eight modes on a circle; narrower ones are hit later, and the runs must be longer
SEEDS = 4 if FAST else 6  # runs of each kind, trained side by side; every count below is out of so many
STEPS = 700 if FAST else 800  # of each run; with 100 not every healthy run has found all modes
BATCH = 96  # samples in a step; with 8 the healthy runs miss modes too
LOSS = NonSaturating()  # with Minimax() D's numbers mean the same, and G's is -ln 2 where this one's is ln 2
HEALTHY = 1e-3  # Adam's learning rate for both players of the healthy run; with 0.1 it fails as well
SLOW = 1e-4  # the collapsed run's D learns at this rate, its G at HEALTHY; with HEALTHY it does not collapse
WILD = 0.3  # step of the diverging run's gradient descent, with momentum 0.9; with 0.001 it does not diverge
ENOUGH = 0.7  # share of the modes that a healthy run must find; with 0.2 most collapsed runs pass
plt.rcParams.update(STYLE)

# %%
# Three numbers to know by heart
# ------------------------------
# If D cannot distinguish anything, all its scores are 0, and its probability is 1/2 everywhere. Then D's loss is 2 ln 2 = 1.386,
# and G's non-saturating loss is ln 2 = 0.693. If q equals p and stays there, the losses have these values, for no D can do better
# (lesson 04). The opposite conclusion is wrong. These numbers mean that *this* D cannot distinguish real from fake at this step.
nothing = np.zeros((8, 1))
assert math.isclose(LOSS.d(nothing, nothing).value, 2 * math.log(2)) and abs(2 * math.log(2) - 1.386) < 0.0005
assert math.isclose(LOSS.g(nothing).value, math.log(2)) and abs(math.log(2) - 0.693) < 0.0005

# %%
# Three runs
# ----------
# All of them have the same networks, data and loss. Only the optimisers are different. With ``replicas`` all seeds are trained
# side by side, and each column of the ``History`` has one entry for each seed. Training stops with ``Diverged`` when a loss is
# not finite or beyond a million, and returns the history up to this step.


def run(opt_d, opt_g):
    """G and the history, of SEEDS runs side by side."""
    G = mlp(2, 48, 48, 2, seed=1, replicas=SEEDS)
    D = mlp(2, 48, 48, 1, seed=2, replicas=SEEDS)
    try:
        return G, train(G, D, RING, LOSS, steps=STEPS, batch=BATCH, opt_d=opt_d, opt_g=opt_g, progress=False)
    except Diverged as error:
        return G, error.history


G_healthy, healthy = run(opt_d=Adam(HEALTHY, beta1=0, beta2=0.9), opt_g=Adam(HEALTHY, beta1=0, beta2=0.9))
G_collapsed, collapsed = run(opt_d=Adam(SLOW), opt_g=Adam(HEALTHY))
_, diverged = run(opt_d=SGD(WILD, momentum=0.9), opt_g=SGD(WILD, momentum=0.9))

# %%
# What became of them? Here we look at samples, so that we know the right answer before we read the losses. On average the healthy
# generators visit more than seven of the eight modes, and the collapsed ones fewer than six. Of the third kind at least half
# diverged within twenty steps.


def visited(G):
    """How many modes each generator visits (at least half as often as it should)."""
    z = np.random.default_rng(0).standard_normal((SEEDS, 2500, 2))
    return np.array([mode_report(x, RING).modes_visited for x in G(z)])


assert visited(G_healthy).mean() > 7 and visited(G_collapsed).mean() < 6
assert np.mean((diverged.diverged > 0) & (diverged.diverged < 20)) >= 0.5, diverged.diverged
print("modes visited, of 8: healthy", visited(G_healthy), " collapsed", visited(G_collapsed))
print("step of divergence:", diverged.diverged)

# %%
# The tempting rule
# -----------------
# "A run is good if the losses are near 2 ln 2 and ln 2, and D is near 1/2," somebody says. We apply this rule to the last quarter
# of each run.
#
# **Predict.** Which runs will pass, the healthy or the collapsed ones?
#
# .. answer::
#    Most of the collapsed runs pass, and fewer than half of the healthy ones. The next cells say why.


def late(column):
    """The mean of a column over the last quarter of the run, one number a seed."""
    return column[-column.shape[0] // 4:].mean(axis=0)


def looks_finished(history):
    losses = abs(late(history.d_loss) - 2 * math.log(2)) + abs(late(history.g_loss) - math.log(2))
    doubt = abs(late(history.d_real) - 0.5) + abs(late(history.d_fake) - 0.5)
    return (losses < 0.1) & (doubt < 0.1)


for truth, history in (("healthy", healthy), ("collapsed", collapsed)):
    print(f"{truth:>9}: D loss", late(history.d_loss).round(2), "G loss", late(history.g_loss).round(2),
          "D(real)", late(history.d_real).round(2), f"looks finished: {looks_finished(history).sum()} of {SEEDS}")

# %%
# The rule is wrong. In the collapsed runs D learns ten times more slowly than G. G misses whole modes, and D has no time to learn
# it. If D says 1/2, then G may be perfect, or D may be bad. In the healthy runs D follows G, and still finds a difference.
assert looks_finished(collapsed).mean() >= 0.5 > looks_finished(healthy).mean()

# %%
# A rising loss of G
# ------------------
# One could keep the generator with the smallest loss, as one keeps the best classifier.
#
# **Predict.** At which of the 800 steps is the loss of a healthy G smallest?
#
# .. answer::
#    Within the first 150 steps, in every healthy run. Then the loss *rises* while G becomes better, because D becomes better too.
#    At the end more modes are visited, on average, than at the first look after that step. The loss of the collapsed G is lower.
#    If one keeps the generator with the smallest loss, most of the training was for nothing.
least = healthy.step[healthy.g_loss.argmin(axis=0)]
modes_then = healthy.modes_visited[np.searchsorted(healthy.modes_step, least), np.arange(SEEDS)]
assert np.all(least < 150), least
assert modes_then.mean() < healthy.modes_visited[-1].mean()
assert late(healthy.g_loss).mean() > late(collapsed.g_loss).mean()
print(f"step of the smallest G loss: {least}; modes visited then: {modes_then}, at the end: {healthy.modes_visited[-1]}")

# %%
# A sharper eye
# -------------
# The losses do contain something. A D that always answers 1/2 has the loss 2 ln 2. With a larger loss, D is worse than this. G
# has changed faster than D could follow. The first question at the end computes an example in which D is right about most points.
# In collapsed runs this happens in more than a tenth of the late steps, and in healthy runs in fewer than 2 %. So here is a rule
# that uses only the losses. It names most runs of all three kinds correctly.


def outrun(history):
    """The share of the late steps in which D does worse than one that always answers 1/2."""
    return late(history.d_loss > 2 * math.log(2))


def name_by_losses(history):
    """"healthy", "collapsed" or "diverged" for each seed."""
    return np.where(history.diverged > 0, "diverged", np.where(outrun(history) > 0.05, "collapsed", "healthy"))


assert outrun(collapsed).mean() > 0.1 > 0.02 > outrun(healthy).mean()
runs = {"healthy": healthy, "collapsed": collapsed, "diverged": diverged}
for truth, history in runs.items():
    names = name_by_losses(history)
    assert np.mean(names == truth) >= 0.5, (truth, names)
    print(f"{truth:>9}: named correctly in {np.sum(names == truth)} of {SEEDS} runs")

# %%
# The rule was made for these runs, so we try it on others. We take the game of lesson 05, which succeeds for every seed.
#
# **Predict.** There q comes so near to p that D cannot distinguish them. What will the rule say?
#
# .. answer::
#    It calls *every one* collapsed. D's loss lies sometimes above 2 ln 2 and sometimes below. A perfect G and a bad D have the
#    same losses, so no rule that reads only losses can always distinguish them.
two_modes = data.gaussians_1d(means=(-1.5, 1.5), stds=0.5)
G_two = mlp(1, 32, 32, 1, seed=3, replicas=SEEDS)
D_two = mlp(1, 32, 32, 1, seed=4, replicas=SEEDS)
success = train(G_two, D_two, two_modes, LOSS, steps=STEPS // 2 + 200, batch=128, opt_d=Adam(3e-3, beta1=0, beta2=0.9),
                opt_g=Adam(3e-3, beta1=0, beta2=0.9), schedule=linear_decay, progress=False)
for x in G_two(np.random.default_rng(0).standard_normal((SEEDS, 2000, 1))):
    share = np.mean(x > 0)
    assert 0.4 < share < 0.6 and mode_report(x, two_modes).high_quality > 0.95
assert np.all(name_by_losses(success) == "collapsed")

# %%
# One more column
# ---------------
# The ``History`` has a column that is not a loss, ``modes_visited``. From time to time ``train`` draws 1000 samples and assigns
# each to the nearest mode. A mode is visited if it gets at least half of its share. (The data are a mixture, so ``train`` can
# count. Another column, ``modes_half``, counts only sharp samples, and is small for a blurred generator too.) With it the rule is
# short, and right for most runs of all four kinds.


def name(history, modes):
    """"healthy", "collapsed" or "diverged" for each seed, from the modes found lately."""
    if not history.modes_step.size:  # it ended before the first look
        return np.where(history.diverged > 0, "diverged", "unknown")
    found = np.median(history.modes_visited[-12:], axis=0)
    return np.where(history.diverged > 0, "diverged", np.where(found < ENOUGH * modes, "collapsed", "healthy"))


for truth, history in runs.items():
    assert np.mean(name(history, 8) == truth) >= 0.5, (truth, name(history, 8))
assert np.all(name(success, 2) == "healthy")

# %%
# A second opinion
# ----------------
# For most data nobody can count modes. But a loss becomes useful if the opponent does not move. Keep G as it is and train a *new*
# D. By lesson 04, :math:`\ln 2 - \frac12 L_D` is then a lower bound on the Jensen-Shannon divergence between real and fake, which
# is at most ln 2 = 0.69.


def second_opinion(G, steps=300):
    """The bound that a new D finds for each generator, in nats."""
    D, opt, losses = mlp(2, 48, 48, 1, seed=3, replicas=SEEDS), Adam(1e-2, beta1=0.9, beta2=0.99), []
    rng = np.random.default_rng(9)
    for step in range(steps):
        opt.prepare(linear_decay(step / steps))
        x_real = RING.sample(SEEDS * BATCH, rng).reshape(SEEDS, BATCH, 2)
        losses.append(d_step(D, opt, x_real, G(rng.standard_normal((SEEDS, BATCH, 2))), LOSS))
    return math.log(2) - np.mean(losses[-steps // 5:], axis=0) / 2


# %%
# Now the two kinds are far apart. The new D finds a larger divergence in the collapsed runs than in the healthy ones, by more
# than 0.1 on average. It is the same loss as before, but this D had time to learn.
opinion = {"healthy": second_opinion(G_healthy), "collapsed": second_opinion(G_collapsed)}
for truth, bound in opinion.items():
    print(f"{truth:>9}: at least", bound.round(2), "of ln 2 = 0.69")
assert opinion["collapsed"].mean() > opinion["healthy"].mean() + 0.1

# %%
# When to stop
# ------------
# So one should not stop where a loss is smallest, and not where D says 1/2. Decide on a number of steps before the training. Or
# watch something that does not depend on the opponent, such as samples, counted modes, a distance, or a second opinion. In the
# second half of the healthy runs more than seven of the eight modes were visited, on average. The losses do not say when that
# began.
assert healthy.modes_visited[healthy.modes_step.size // 2:].mean() > 7

# %%
# The picture
# -----------
# Each row is one run. Each thin line is one seed, and the thick line is their median. The dotted line is the value for D = 1/2.
fig, axes = plt.subplots(3, 3, figsize=(10, 7.5))
plots.histories(healthy, axes[0], LOSS, n_modes=8)
plots.histories(collapsed, axes[1], LOSS, n_modes=8)
looks = diverged.modes_step.size > 0
plots.histories(diverged, axes[2, :2 + looks], LOSS)
if not looks:
    axes[2, 2].text(0.5, 0.5, "over before the first\nlook at the modes", ha="center", va="center")
    axes[2, 2].set_axis_off()

# %%
# The diverged losses need a scale of their own, on which 2 ln 2 and ln 2 cannot be distinguished.
for ax in axes[:2, 0]:
    ax.set_ylim(0, 2.5)
axes[2, 0].set(yscale="log", ylim=(0.1, 1e14), yticks=(1, 1e4, 1e8, 1e12))
for mark in list(axes[2, 0].texts):
    mark.remove()
for ax, truth in zip(axes[:, 0], runs, strict=True):
    ax.set_ylabel(f"{truth}\n\n{ax.get_ylabel()}")

# %%
# What you saw
# ------------
# * 2 ln 2, ln 2 and 1/2 mean that this D cannot distinguish real from fake. They do not say why.
# * The losses of the collapsed runs were nearest to these numbers. In the healthy runs D still found a difference, and G's loss
#   rose.
# * Divergence is easy to see, and collapse is not. A rule that reads only losses named most runs of the three kinds correctly.
#   Then it called every success of lesson 05's game a collapse.
# * A number that depends on the opponent does not say how good a player is. Counted modes did, and so did a new D against a G
#   that no longer moved.
#
# What the losses are where D is best: Goodfellow et al. (2014), section 4. Metz et al. (2017), *Unrolled Generative Adversarial
# Networks*, section 3.1, show a generator that rotates through the modes, never covering them all.
#
# ``tinygan play --story losses`` shows it while it runs, and you can change it by hand.
#
# Questions:
#
# 1. *On paper.* A D is right about 90 % of the real and of the fake points, and wrong about 10 %. All its scores are 15 or -15.
#    What is its loss?
#
#    .. answer::
#       For each kind the loss is :math:`0.9 \log(1 + e^{-15}) + 0.1 \log(1 + e^{15})`. The first term is nearly 0 and the second
#       is 1.5. Both kinds together give 3.0. So this D has more than twice the loss of a D that always answers 1/2, and is right
#       much more often.
#
# 2. *Run it.* Set ``SLOW`` to 1e-3. What becomes of the collapsed runs and of their losses? (Assertions stop you. Take them out.)
#
#    .. answer::
#       All six visit 8 of 8 modes. D's loss is now 1.09 to 1.32, where it was 1.36 to 1.39, and no run "looks finished". The runs
#       are better, and their losses look worse.
#
# 3. *Explain.* In a classifier the smallest validation loss marks the best model. Why is this wrong for the loss of G?
#
#    .. answer::
#       The validation data of a classifier stay the same. The loss of G is measured by a D that changes. A small loss may show a
#       good G or a bad D. Losses of two steps were measured by two different opponents and cannot be compared.
#
# To try:
#
# 1. Continue the collapsed runs for 500 steps, with the learning rate ``HEALTHY`` for D. Do modes come back?
#
#    .. answer::
#       Yes. The six runs visited 3, 4, 6, 4, 3 and 3 modes before, and 8, 5, 7, 8, 8 and 7 after. So the generators had not lost
#       the modes for good. D was too slow.
#
# 2. Draw ``G_collapsed`` with ``plots.samples_2d`` at the end and 50 steps later. What does D follow?
#
#    .. answer::
#       Most samples have moved to other modes. In one of the six runs no mode is visited at both times. The mean of its samples
#       moved by 5.1, and the diameter of the ring is 2.8. D learns where the samples were.
#
# 3. Write a rule that reads only losses and is right for the three runs *and* for lesson 05. Then break it.
#
#    .. answer::
#       Look at how much D's loss varies. Its standard deviation over the last quarter is below 0.01 in the six runs of lesson 05,
#       and 0.02 to 0.13 in the collapsed runs. To break the rule, give D the learning rate 0 and scores of 0. The loss is then
#       exactly 2 ln 2, with any G.
wrong_and_sure = LOSS.d(np.array([[15.0]] * 9 + [[-15.0]]), np.array([[-15.0]] * 9 + [[15.0]])).value
assert abs(wrong_and_sure - 3) < 0.001 and abs(0.1 * math.log(1 + math.exp(15)) - 1.5) < 0.001
if plt.get_backend().lower() != "agg":
    plt.show()
elif sys.stdout.isatty():  # no window, but somebody is reading
    fig.savefig("lesson_07.png")
    print("No window can be opened here, so the picture is in lesson_07.png")
