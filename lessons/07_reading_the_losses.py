"""
Reading the losses
==================

While a GAN trains it prints two losses. What do they tell, and when should one stop?

In most of machine learning a loss that falls is good news. In a GAN each loss is measured against an opponent who
learns too. Here are three runs, a healthy one, one that collapses and one that diverges, with their histories side by
side. One of the three looks best, and it is the wrong one.
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
# If D cannot tell at all, all its scores are 0, and it says 1/2 to everything. Then D's loss is 2 ln 2 = 1.386, and G's
# non-saturating loss is ln 2 = 0.693. A game that has been won for good would end there: where q = p no D can do
# better (lesson 04). The other direction is the trap. These numbers mean that *this* D cannot tell, now.
nothing = np.zeros((8, 1))
assert math.isclose(LOSS.d(nothing, nothing).value, 2 * math.log(2)) and abs(2 * math.log(2) - 1.386) < 0.0005
assert math.isclose(LOSS.g(nothing).value, math.log(2)) and abs(math.log(2) - 0.693) < 0.0005

# %%
# Three runs
# ----------
# All of them have the same networks, data and loss; only the optimisers differ. ``replicas`` trains all seeds side
# by side, and each column of the ``History`` has one entry a seed. ``train`` stops with ``Diverged`` when a loss is no
# longer a number one can learn from (beyond a million, or not finite), and hands out the history up to then.


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
# What became of them? For once we look at samples, so that we know what the histories ought to say. In the mean the
# healthy generators visit more than seven of the eight modes, the collapsed ones fewer than six. Of the third kind most did not
# survive twenty steps.


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
# "Good is where the losses are near 2 ln 2 and ln 2 and D near 1/2." Let us apply it to the last quarter of each run.


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
# The rule has it the wrong way round. Most collapsed runs pass, and hardly a healthy one. The collapsed run's D learns ten times
# more slowly than its G: G misses whole modes, and D has no time to notice. "D says 1/2" can mean that G is perfect, and it can
# mean that D is poor. The healthy run's D keeps up, and finds something to object to.
assert looks_finished(collapsed).mean() >= 0.5 > looks_finished(healthy).mean()

# %%
# A rising loss of G
# ------------------
# In every healthy run G's loss was least within the first 150 steps. Then the loss *rose*, while G became better, because D
# became better too. In the end more modes are visited, in the mean, than at the next look after that best moment, and G's loss
# is higher than that of the collapsed runs. To keep the generator with the smallest loss, as one would keep a
# classifier, is to throw the training away.
least = healthy.step[healthy.g_loss.argmin(axis=0)]
modes_then = healthy.modes_visited[np.searchsorted(healthy.modes_step, least), np.arange(SEEDS)]
assert np.all(least < 150), least
assert modes_then.mean() < healthy.modes_visited[-1].mean()
assert late(healthy.g_loss).mean() > late(collapsed.g_loss).mean()
print(f"step of the smallest G loss: {least}; modes visited then: {modes_then}, at the end: {healthy.modes_visited[-1]}")

# %%
# A sharper eye
# -------------
# There is a clue in the losses. A D that always answers 1/2 has the loss 2 ln 2. A loss *above* that says that D does worse than
# this: G has changed faster than D could follow. (D may still be right about most points. To be 90 % right, and wrong with great
# confidence about the rest, costs more than 2 ln 2.) In collapsed runs this happens in more than a tenth of the late steps, in
# healthy runs hardly ever. So here is a rule that uses nothing but the losses. It names most runs of all three kinds correctly.


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
# Shall we trust it? It was made for these runs, so let us try it on others: the game of lesson 05, which ended
# well for every seed. There q has come so near to p that D really cannot tell, its loss dances around 2 ln 2, and the rule
# calls *every one* collapsed. This is no accident. A G that is perfect and a D that is lost have the same losses, and no rule
# that reads only losses can tell them apart.
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
# The ``History`` has a column that is no loss: ``modes_visited``, how many modes are nearest to at least half of their share of
# 1000 samples, counted every so often. (The data are a mixture, so ``train`` can count. Another column, ``modes_half``, counts
# only samples that are sharp as well: it is small for a blurred generator too.) With it the rule is short, and right for
# most runs of all four kinds.


def name(history, modes):
    """"healthy", "collapsed" or "diverged" for each seed, from the modes found lately."""
    if not history.modes_step.size:  # it ended before anybody looked
        return np.where(history.diverged > 0, "diverged", "unknown")
    found = np.median(history.modes_visited[-12:], axis=0)
    return np.where(history.diverged > 0, "diverged", np.where(found < ENOUGH * modes, "collapsed", "healthy"))


for truth, history in runs.items():
    assert np.mean(name(history, 8) == truth) >= 0.5, (truth, name(history, 8))
assert np.all(name(success, 2) == "healthy")

# %%
# A second opinion
# ----------------
# For most data nobody can count modes. But a loss can be made to speak, if it is measured against an opponent who does not move:
# keep G as it is and train a *fresh* D. By lesson 04, :math:`\ln 2 - \frac12 L_D` is then a lower bound on the Jensen-Shannon
# divergence between real and fake, which is at most ln 2 = 0.69.


def second_opinion(G, steps=300):
    """The bound that a fresh D finds for each generator, in nats."""
    D, opt, losses = mlp(2, 48, 48, 1, seed=3, replicas=SEEDS), Adam(1e-2, beta1=0.9, beta2=0.99), []
    rng = np.random.default_rng(9)
    for step in range(steps):
        opt.prepare(linear_decay(step / steps))
        x_real = RING.sample(SEEDS * BATCH, rng).reshape(SEEDS, BATCH, 2)
        losses.append(d_step(D, opt, x_real, G(rng.standard_normal((SEEDS, BATCH, 2))), LOSS))
    return math.log(2) - np.mean(losses[-steps // 5:], axis=0) / 2


# %%
# Now the two kinds fall apart. The fresh D finds much more in the collapsed runs than in the healthy ones. It is the same loss
# as before; only this D had time to learn.
opinion = {"healthy": second_opinion(G_healthy), "collapsed": second_opinion(G_collapsed)}
for truth, bound in opinion.items():
    print(f"{truth:>9}: at least", bound.round(2), "of ln 2 = 0.69")
assert opinion["collapsed"].mean() > opinion["healthy"].mean() + 0.1

# %%
# When to stop
# ------------
# So not where a loss is least, and not where D says 1/2. Decide on a number of steps beforehand, or watch something that
# does not depend on the opponent: samples, counted modes, a distance, a second opinion. In the second half of the
# healthy runs the looks found more than seven of the eight modes, in the mean; the losses do not say when that began.
assert healthy.modes_visited[healthy.modes_step.size // 2:].mean() > 7

# %%
# The picture
# -----------
# One row a run. Each thin line is one seed, the thick one their median; dotted is what D = 1/2 would give.
fig, axes = plt.subplots(3, 3, figsize=(10, 7.5))
plots.histories(healthy, axes[0], LOSS, n_modes=8)
plots.histories(collapsed, axes[1], LOSS, n_modes=8)
looks = diverged.modes_step.size > 0
plots.histories(diverged, axes[2, :2 + looks], LOSS)
if not looks:
    axes[2, 2].text(0.5, 0.5, "over before the first\nlook at the modes", ha="center", va="center")
    axes[2, 2].set_axis_off()

# %%
# The diverged losses need a scale of their own, on which 2 ln 2 and ln 2 are one.
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
# * 2 ln 2, ln 2 and 1/2 say "this D cannot tell". They do not say why.
# * The collapsed runs' losses lay nearest to these numbers. The healthy runs' D kept objecting, and their G's loss rose.
# * Divergence is plain to see. Collapse is not: a rule that reads only losses named the three kinds of run, and then called
#   every success of lesson 05's game a collapse.
# * What depends on the opponent cannot tell how good a player is. Counting modes could, and so could a fresh D against a G
#   that no longer moved.
#
# What the losses are where D is best: Goodfellow et al. (2014), section 4. Metz et al. (2017), *Unrolled Generative Adversarial
# Networks*, section 3.1, show a generator that rotates through the modes, never covering them all.
#
# To try:
#
# 1. Give the collapsed run's D the learning rate ``HEALTHY`` for its last 500 steps. Do modes come back?
# 2. Draw ``G_collapsed`` with ``plots.samples_2d`` at the end and 50 steps later. What is D running after?
# 3. Write a rule that reads only losses and is right for the three runs *and* for lesson 05. Then break it.
#
# ``tinygan play --story losses`` shows it while it runs, and you can change it by hand.
if plt.get_backend().lower() != "agg":
    plt.show()
elif sys.stdout.isatty():  # no window, but somebody is reading
    fig.savefig("lesson_07.png")
    print("No window can be opened here, so the picture is in lesson_07.png")
