"""
Mode collapse
=============

Some generators make one thing very well and never the others. How often does this happen?

* **Time** 40 minutes.
* **Before** lessons 05 and 08, and the binomial distribution.
* **Terms** collapse, mode, replica, visited, high quality, R1, Nash equilibrium.

The data are eight narrow Gaussians on a ring. A generator may find all of them, or five, or one, and with another seed it finds
others. So one run cannot answer whether this GAN collapses. The question asks for a frequency. This lesson trains sixteen
seeds side by side, counts, and gives an interval.
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
STEPS = 500 if FAST else 600  # of each run; with 200 no run has collapsed yet
BATCH = 32  # samples in a step; with 256 it takes longer to collapse
RATE = 1e-2  # Adam's learning rate for both, a large one; with 1e-3 the same takes thousands of steps
LATENT = 16  # dimensions of the noise; with 2 the generators draw stars instead of points
GAMMA = 0.1  # weight of R1, which the other runs have; with 1e-5 they collapse as well
LOOK = 25  # steps between two looks at what is visited; with 250 the best moment is missed
HALF = RING.n_modes // 2  # a run that visits at most so many modes is called collapsed; at 8, every run would be

# %%
# Sixteen runs in one
# -------------------
# A network with ``replicas`` is a stack of networks. ``theta`` gets one more axis in front, and one matrix product computes all
# of them. A list of seeds gives each replica its own seed. Nothing is shared between the replicas. Replica 3 is *bit for bit* the
# run that one gets with this seed alone.


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
# We compare five steps of all replicas with five steps of one of them alone.
together, _ = learn(SEEDS, steps=5)
alone, _ = learn(SEEDS[3], steps=5)
assert together.theta.shape == (len(SEEDS), alone.theta.size)
assert np.array_equal(together.theta[3], alone.theta)
assert not np.array_equal(together.theta[2], alone.theta)

# %%
# What to count
# -------------
# ``modes_visited`` assigns each sample to the nearest mode, sharp or blurred. It counts the modes that get at least half of their
# share. Samples of *high quality* are the samples within three standard deviations of a mode (lesson 10).
#
# **Predict.** One wide Gaussian covers the whole ring, and no mode can be recognised in it. How many of the eight modes does it
# visit?
#
# .. answer::
#    All eight. Visiting all modes does not mean learning them. A sampler that leaves one mode out visits seven, even if its
#    samples are perfect. So we count both, the modes visited and the share of high quality.
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
# The first kind is the plain game. In the second kind D has the penalty R1 for a steep slope at the data. (Lesson 08 showed what
# it does to the circles.) Networks, data, steps and seeds are the same. Every 25 steps a callback looks which modes each
# generator visits, and how many of its samples are of high quality. It always uses the same noise.
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
# These are the numbers of modes visited at the end, for each seed.
G_plain, D_plain, plain, quality = watched()
G_r1, D_r1, penalised, _ = watched(penalties=[R1(GAMMA)])
visited = {"plain": plain[-1].sum(axis=-1), "with R1": penalised[-1].sum(axis=-1)}
for name, found in visited.items():
    print(f"{name:>12}: modes visited", *found)

# %%
# A frequency, with its interval
# ------------------------------
# We call a run collapsed if it visits at most half of the modes. This happened in k of n runs. What is the share p over *all*
# seeds? Wilson's interval contains every p that is compatible with k of n, by :math:`|k/n - p| \le 1.96 \sqrt{p(1-p)/n}`.
#
# **Predict.** If all 16 plain runs collapse, and none of the 16 runs with R1, how far apart are the two intervals?
#
# .. answer::
#    The first one begins at 81 %, and the second one ends at 19 %. So the difference is not chance.
n, counts = len(SEEDS), {name: int((found <= HALF).sum()) for name, found in visited.items()}
share = {name: wilson(k, n) for name, k in counts.items()}
for name, (value, low, high) in share.items():
    print(f"{name:>12}: {counts[name]} of {n} runs collapsed, {value:.0%} (95 %: {low:.0%} to {high:.0%})")
assert counts["plain"] > n / 3
assert share["plain"].low > share["with R1"].high

# %%
# How much does a run tell?
# -------------------------
# Suppose that you have trained one GAN, and it collapsed.
#
# **Predict.** What is the smallest share of collapsing seeds that is still compatible with this one run?
#
# .. answer::
#    2.5 %, by the exact interval (Clopper and Pearson). With this share, one run collapses once in forty times. Wilson's interval
#    says 21 %, but it uses the normal distribution, which is wrong for one run. For sixteen of sixteen both nearly agree, 81 %
#    and 79 %. To show that something works in 95 % of all runs, one needs more than 70 seeds without a failure.
for n in (1, 4, 16, 64):
    print(f"{n:>3} of {n:<3} runs: at least {wilson(n, n).low:.0%}")
assert round(wilson(1, 1).low, 2) == 0.21 and round(wilson(16, 16).low, 2) == 0.81 and round(wilson(0, 16).high, 2) == 0.19
assert wilson(70, 70).low < 0.95 < wilson(75, 75).low
exact = [0.025 ** (1 / n) for n in (1, 16)]  # the share with which n of n collapse once in forty times
assert exact[0] == 0.025 and round(exact[1], 2) == 0.79

# %%
# Many papers use another formula, k/n and 1.96 standard errors to each side. If k is 0 or n, this interval has the width 0. We
# simulate ten thousand studies of 16 seeds, of a GAN that collapses in 5 % of its runs. The intervals should contain 5 % in 95 %
# of the studies.
k = np.random.default_rng(2).binomial(16, 0.05, 10_000)
bounds = np.array([wilson(int(i), 16)[1:] for i in range(17)])  # (17, 2)
reach = 1.96 * np.sqrt(k / 16 * (1 - k / 16) / 16)
right = {"Wilson": (bounds[k, 0] <= 0.05) & (0.05 <= bounds[k, 1]), "simple": abs(k / 16 - 0.05) <= reach}
for name, inside in right.items():
    print(f"{name:>8}: {inside.mean():.1%} of the intervals contain the true 5 %")
assert right["Wilson"].mean() > 0.9
assert right["simple"].mean() < 0.6

# %%
# Covered, and left
# -----------------
# **Predict.** Have the collapsed generators ever been at the other modes?
#
# .. answer::
#    Yes. In an early look the plain runs visited more than 7.5 modes on average, with one wide cloud. Fewer than 5 % of its
#    samples were sharp. Then the cloud became narrower and left one mode after the other, and its samples became *sharper*. So
#    samples that look better with every step do not show that all is well.
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
# Keep D as it is. Which points make G's loss smallest? The best is *one* point, the point with the highest score, again and
# again. It has a smaller loss than the true distribution, against every D of both kinds. If the game ends elsewhere, then only
# because D changes before G is there. And D looks at one point at a time. It never sees that all points are the same.
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
# Who moves first?
# ----------------
# The smallest such game has two modes, A and B, and half of the real points are at each. G sends a share a of its points to A. D
# *suspects* A with the probability d and B otherwise, and calls the suspected place fake. Its gain over guessing is
# :math:`V = (2d - 1)(a - \frac12)`.
#
# * If D moves first and G answers, the value is :math:`\max_d \min_a V`. Against a D that is sure, the best answer of G is one
#   mode.
# * If G moves first and D answers, the value is :math:`\min_a \max_d V`. Now only a = 1/2 is safe. This is the *Stackelberg* game
#   that unrolling comes near to, the more steps G looks ahead (lesson 14). In games with many local optima one speaks of a *local
#   minimax point* (Jin et al. 2020).
# * In a *Nash equilibrium* neither player gains by moving alone. Here it is a = d = 1/2. But against d = 1/2 every a is equally
#   good for G, one single mode too. And real GANs may have no Nash equilibrium (Farnia & Ozdaglar 2020).
#
# **Predict.** The usual loop trains D first, and then G against this D. Which of the two orders does G see?
#
# .. answer::
#    In each step G sees a fixed D, as if D had moved first. Its gradient leads to the mode that this D does not suspect. Nothing
#    in the step says that D will answer.
a, d = np.linspace(0, 1, 101), np.linspace(0, 1, 101)[:, None]
V = (2 * d - 1) * (a - 0.5)  # [d, a]
sure_of_A, sure_of_B = V[-1], V[0]
assert a[sure_of_A.argmin()] == 0 and a[sure_of_B.argmin()] == 1 and sure_of_A.min() == sure_of_B.min() == -0.5
assert a[V.max(axis=0).argmin()] == 0.5 and V.max(axis=0).min() == 0
assert np.all(V[50] == 0) and np.all(V[:, 50] == 0)  # at a = d = 1/2 neither gains by moving alone
print(f"against a sure D the best share at A is {a[sure_of_A.argmin()]:.0f} or {a[sure_of_B.argmin()]:.0f}; if D answers, 1/2")

# %%
# The picture
# -----------
# This is what each plain generator makes, all from the same noise. Above each is the number of modes that it visits.
fig = plots.replicas(G_plain, RING)
for ax, found in zip(fig.axes, visited["plain"], strict=True):
    ax.set_title(f"{found} of 8", loc="left")

# %%
# What you saw
# ------------
# * Collapse is a frequency. It is counted over seeds and given with an interval. A picture of one run shows what can happen, and
#   not how often.
# * Replicas make this cheap. All seeds are in one array, and each is bit for bit its own run.
# * The number of modes visited separates collapse from blur. Blurred samples visited all modes, and perfect ones did not.
# * In an early look one blurred cloud covered all modes. Then it left most of them, and its samples became sharper.
# * Against a D that does not move, a single point is G's best answer.
#
# Goodfellow et al. (2014) named it (the "Helvetica scenario", section 6); Metz et al. (2017) show it on this ring; Lin et al.
# (2018), *PacGAN*, count over trials as here. ``python -m tinygan study`` does so for every remedy there is.
#
# An assertion may stop you in what follows. Take it out, and say why it failed.
#
# ``tinygan play --story collapse`` shows it while it runs, and you can change it by hand.
#
# Questions:
#
# 1. *On paper.* How many runs without a single failure are needed, so that the exact interval for the share of successes begins
#    above 95 %?
#
#    .. answer::
#       The interval begins at the share p with which n of n succeed once in forty times, :math:`p^n = 0.025`. So
#       :math:`p = 0.025^{1/n}` must be above 0.95, and :math:`n > \log 0.025 / \log 0.95 = 71.9`. It takes 72 runs.
#
# 2. *Run it.* Set ``BATCH`` to 256. How many plain runs collapse now?
#
#    .. answer::
#       5 of 16, where it was 16 of 16. They visit 2 to 8 modes. A larger batch delays the collapse, and 600 steps are then too
#       few for most of them. So a frequency belongs to a setting, and not to a loss.
#
# 3. *Explain.* A D that looks at one point at a time cannot see that all fakes are the same. How can it still work against
#    collapse?
#
#    .. answer::
#       D sees many fakes over many steps, so its score falls where they all are. G then moves to another place, and D follows. So
#       G does not stay at one mode, and it does not need to cover all of them at the same time either.
#
# To try:
#
# 1. Let D look at four points at a time, by
#    ``Sequential(Pack(4, 2), Dense(8, 32), ReLU(), Dense(32, 32), ReLU(), Dense(32, 1), seed=of_d, replicas=replicas)``, all from
#    ``tinygan``. How many collapse? (Leave out the cell on what G is asked for, because it shows single points to D.)
#
#    .. answer::
#       1 of 16, where it was 16 of 16. The generators visit 3 to 8 modes. But only 0.4 % of their samples are of high quality, so
#       at this step they are wide clouds. Packing delays the collapse here, and 600 steps do not show more.
#
# 2. Halve ``RATE`` and double ``STEPS``. Is it the same, but slower?
#
#    .. answer::
#       No. Again all 16 plain runs collapse, and none with R1. But they visit 1 to 4 modes, and 36 % of the samples are of high
#       quality at the end, where it was 12 %. With smaller steps the clouds become sharper.
#
# 3. Give D a learning rate ten times smaller than G's. What do the generators do now, and is it the same kind of failure?
#
#    .. answer::
#       14 of 16 plain runs collapse, and 11 of 16 with R1. Now only 0.2 % of the samples are of high quality at the end, where it
#       was 12 %. This is another failure, as in lesson 07. D is too slow, and G moves away before D has answered. R1 does not
#       help.
assert abs(np.log(0.025) / np.log(0.95) - 71.9) < 0.05 and 0.95**72 < 0.025 < 0.95**71
plots.show("lesson_09")
