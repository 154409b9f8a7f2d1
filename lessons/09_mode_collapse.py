"""
Mode collapse
=============

A generator that makes one thing very well has learned less than one that makes everything badly. How often does this happen?

The data are eight narrow Gaussians on a ring. A generator may find all of them, or five, or one, and with another seed it
finds others. So "does this GAN collapse?" has no answer from one run. It is a question about a frequency, and this lesson
answers it as one: sixteen seeds, trained side by side, counted, with an interval.
"""

import os

import numpy as np

from tinygan import data, plots, train
from tinygan.engine.network import mlp
from tinygan.engine.optim import Adam
from tinygan.losses import NonSaturating
from tinygan.metrics import mode_counts, mode_report
from tinygan.penalties import R1
from tinygan.study import wilson

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer seeds and steps
RING = data.ring().standardized()  # eight modes; with ring(modes=2) there is little to lose
SEEDS = list(range(12 if FAST else 16))  # one run each, side by side; with 3 the intervals below overlap
STEPS = 500 if FAST else 600  # of each run; with 200 nothing is lost yet
BATCH = 32  # samples in a step; with 256 it takes longer to collapse
RATE = 1e-2  # Adam's learning rate for both, a large one; with 1e-3 the same takes thousands of steps
LATENT = 16  # dimensions of the noise; with 2 the generators draw stars instead of points
GAMMA = 0.1  # weight of R1, which the other runs have; with 1e-5 they collapse as well
LOOK = 25  # steps between two looks at what is visited; with 250 the best moment is missed
HALF = RING.n_modes // 2  # a run that visits at most so many modes is called collapsed; at 8, every run would be

# %%
# Sixteen runs in one
# -------------------
# A network with ``replicas`` is a stack of networks: ``theta`` gets an axis in front, and one matrix product serves all. A
# list of seeds gives each replica its own. Nothing is shared but the time: replica 3 is *bit for bit* the run that one
# gets with that seed alone.


def players(seeds):
    """G and D; for a list of seeds, a replica for each."""
    replicas = len(seeds) if isinstance(seeds, list) else ()
    of_d = [1000 + seed for seed in seeds] if replicas else 1000 + seeds
    return mlp(LATENT, 32, 32, 2, seed=seeds, replicas=replicas), mlp(2, 32, 32, 1, seed=of_d, replicas=replicas)


def learn(seeds, steps, penalties=(), callback=None):
    """Both players, trained."""
    G, D = players(seeds)
    train(G, D, RING, NonSaturating(), steps=steps, batch=BATCH, opt_g=Adam(RATE), opt_d=Adam(RATE), penalties=penalties,
          seed=seeds, callback=callback, progress=False)
    return G, D


# %%
# Five steps, all of them together and one of them alone.
together, _ = learn(SEEDS, steps=5)
alone, _ = learn(SEEDS[3], steps=5)
assert together.theta.shape == (len(SEEDS), alone.theta.size)
assert np.array_equal(together.theta[3], alone.theta)
assert not np.array_equal(together.theta[2], alone.theta)

# %%
# What to count
# -------------
# ``modes_visited`` assigns each sample to the nearest mode, sharp or not, and counts the modes that get at least half of
# their fair share. Blur does not matter for it, absence does. True samples visit all eight. A sampler that leaves
# one mode out visits seven, however perfect its samples are. But to visit is not to know: a single wide bell, in which no mode
# can be made out, visits all eight as well. So we also count samples of *high quality*: those within three standard deviations
# of a mode (lesson 10).
rng = np.random.default_rng(0)
true = RING.sample(10_000, rng)
nearest = np.linalg.norm(true[:, None] - RING.means, axis=-1).argmin(axis=-1)
perfect_but_one = true[nearest != 0]
blurred = true + rng.normal(0, 0.1, true.shape)
bell = rng.normal(0, 0.5, true.shape)
kinds = {"true samples": true, "one mode left out": perfect_but_one, "blurred": blurred, "one wide bell": bell}
visits, sharp = {}, {}
for name, x in kinds.items():
    visits[name], sharp[name] = mode_report(x, RING).modes_visited, mode_report(x, RING).high_quality
    print(f"{name:>18}: {visits[name]} modes visited, {sharp[name]:.1%} of high quality")
assert list(visits.values()) == [8, 7, 8, 8]
assert sharp["one mode left out"] > 0.98 and sharp["blurred"] < 0.2 and sharp["one wide bell"] < 0.01

# %%
# Two kinds of runs
# -----------------
# The first kind is the plain game. In the second, D pays for being steep where the data are (R1; lesson 08 showed what it does
# to the circling). Networks, data, steps and seeds are the same. A callback looks every 25 steps, always through the same
# noise, which modes each generator visits, and how many of its samples are of high quality.
noise = np.random.default_rng(1).standard_normal((1000, LATENT))


def watched(penalties=()):
    """G and D; what was visited, True or False (looks, seeds, modes); the share of high quality (looks, seeds)."""
    looks, good = [], []

    def look(state):
        if state.step % LOOK == 0:
            counts = [mode_counts(x, RING) for x in state.G(np.broadcast_to(noise, (len(SEEDS), *noise.shape)))]
            looks.append([one.nearest >= 1000 / RING.n_modes / 2 for one in counts])
            good.append([one.high_quality.sum() / 1000 for one in counts])

    return *learn(SEEDS, STEPS, penalties, look), np.array(looks), np.array(good)


# %%
# Here they are. Of the plain runs hardly two end alike.
G_plain, D_plain, plain, quality = watched()
G_r1, D_r1, penalised, _ = watched(penalties=[R1(GAMMA)])
visited = {"plain": plain[-1].sum(axis=-1), "with R1": penalised[-1].sum(axis=-1)}
for name, found in visited.items():
    print(f"{name:>12}: modes visited", *found)

# %%
# A frequency, with its interval
# ------------------------------
# Let us call a run collapsed when it visits at most half of the modes. k of n runs did. What is the share of *all* seeds
# that would? Wilson's interval contains every share p that is compatible with k of n:
# :math:`|k/n - p| \le 1.96 \sqrt{p(1-p)/n}`. The two intervals lie apart: R1 makes the difference, not luck.
n, counts = len(SEEDS), {name: int((found <= HALF).sum()) for name, found in visited.items()}
share = {name: wilson(k, n) for name, k in counts.items()}
for name, (value, low, high) in share.items():
    print(f"{name:>12}: {counts[name]} of {n} runs collapsed, {value:.0%} (95 %: {low:.0%} to {high:.0%})")
assert counts["plain"] > n / 3
assert share["plain"].low > share["with R1"].high

# %%
# How much does a run tell?
# -------------------------
# One run that collapsed: Wilson's interval says 21 % to 100 %. It rests on the normal distribution, and a single run is too few
# for that. The exact interval (Clopper and Pearson) begins at 2.5 %: with that share, one run collapses once in forty times.
# For sixteen of sixteen the two nearly agree, 81 % and 79 %. To *prove* that something works in 95 % of all runs takes more than
# 70 seeds without a single failure.
for n in (1, 4, 16, 64):
    print(f"{n:>3} of {n:<3} runs: at least {wilson(n, n).low:.0%}")
assert round(wilson(1, 1).low, 2) == 0.21 and round(wilson(16, 16).low, 2) == 0.81
assert wilson(70, 70).low < 0.95 < wilson(75, 75).low
exact = [0.025 ** (1 / n) for n in (1, 16)]  # the share with which n of n collapse once in forty times
assert exact[0] == 0.025 and round(exact[1], 2) == 0.79

# %%
# The formula of many papers, k/n and 1.96 standard errors to each side, has no width at all when k is 0 or n: it is certain
# when it knows least. Ten thousand studies of 16 seeds, of a GAN that collapses in 5 % of its runs, show what that costs.
k = np.random.default_rng(2).binomial(16, 0.05, 10_000)
bounds = np.array([wilson(int(i), 16)[1:] for i in range(17)])  # (17, 2)
reach = 1.96 * np.sqrt(k / 16 * (1 - k / 16) / 16)
right = {"Wilson": (bounds[k, 0] <= 0.05) & (0.05 <= bounds[k, 1]), "simple": abs(k / 16 - 0.05) <= reach}
for name, inside in right.items():
    print(f"{name:>8}: {inside.mean():.1%} of the intervals contain the true 5 %")
assert right["Wilson"].mean() > 0.9
assert right["simple"].mean() < 0.6

# %%
# Covered, and deserted
# ---------------------
# Have the collapsed generators never been at the other modes? They have. Early on nearly every plain run covered all eight with
# one cloud, hardly a sample of it sharp; that is no more than what a wide bell does. As the cloud drew together it left mode
# after mode, and its samples became *sharper*. So samples that look better from day to day are no sign that all is well.
found = plain.sum(axis=-1)  # (looks, seeds)
best = found.argmax(axis=0)  # the first look with most modes, for each seed
then, quality_then = found.max(axis=0), quality[best, np.arange(len(SEEDS))]
print("most modes in one look", *then, " at step", *(LOOK * (best + 1)))
print("           in the end ", *found[-1])
print(f"high quality: {quality_then.mean():.1%} then, {quality[-1].mean():.1%} in the end")
assert then.mean() > 7.5 and quality_then.mean() < 0.05
assert np.mean(found[-1]) < then.mean() - 3
assert quality[-1].mean() > 2 * quality_then.mean()

# %%
# Collapse is what G is asked for
# -------------------------------
# Keep D as it is, and ask which points make G's loss smallest. Not points shared out like the true ones: *one* point, the one
# with the highest score, over and over. It beats the truth against every D, of both kinds. That the game ends elsewhere is
# due to D alone, which answers before G is there. And D looks at one point at a time: it never sees that all are the same.
z = np.random.default_rng(3).standard_normal((2000, LATENT))
for name, G, D in (("plain", G_plain, D_plain), ("with R1", G_r1, D_r1)):
    for r in range(len(SEEDS)):
        one = D.replica(r)
        scores = one(np.concatenate([true, G.replica(r)(z)]))
        best_point = NonSaturating().g(np.full((8, 1), scores.max())).value
        truth = NonSaturating().g(one(true)).value
        assert best_point < truth, (name, r)
print("One point, repeated, has a smaller G loss than the true distribution, for each D of", 2 * len(SEEDS))

# %%
# The picture
# -----------
# What each plain generator makes, all from the same noise; above each, how many of the eight modes it visits.
fig = plots.replicas(G_plain, RING)
for ax, found in zip(fig.axes, visited["plain"], strict=True):
    ax.set_title(f"{found} of 8", loc="left")

# %%
# What you saw
# ------------
# * Collapse is a frequency. It is counted over seeds and stated with an interval; a picture of one run shows what can happen,
#   not how often.
# * Replicas make that cheap: all seeds in one array, each bit for bit its own run.
# * Counting modes visited keeps collapse apart from blur: blurred samples visited all modes, perfect ones did not.
# * Early on one blurred cloud covered all modes. As it drew together it left most of them, and its samples became sharper.
# * Against a D that stands still, a single point is G's best answer.
#
# Goodfellow et al. (2014) named it (the "Helvetica scenario", section 6); Metz et al. (2017) show it on this ring; Lin et al.
# (2018), *PacGAN*, count over trials as here. ``python -m tinygan study`` does so for every remedy there is.
#
# To try (an assertion may stop you: take it out, and say why it failed):
#
# 1. Let D look at four points at a time: ``Sequential(Pack(4, 2), Dense(8, 32), ReLU(), Dense(32, 32), ReLU(), Dense(32, 1),
#    seed=of_d, replicas=replicas)``, all from ``tinygan``. How many collapse? (Leave out the cell on what G is asked for: it
#    shows D single points.)
# 2. Halve ``RATE`` and double ``STEPS``. Is it the same thing, more slowly?
# 3. Give D a learning rate ten times smaller than G's. What do the generators do now, and is it the same kind of failure?
#
# ``tinygan play --story collapse`` shows it while it runs, and you can change it by hand.
plots.show("lesson_09")
