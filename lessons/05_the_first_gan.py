"""
The first GAN
=============

Can a generator learn a distribution from nothing but the scores of a discriminator?

* **Time** 40 minutes.
* **Before** lessons 02, 03 and 04.
* **Terms** generator, discriminator, latent space, non-saturating loss, tape.

A GAN is a short algorithm, *Algorithm 1* of Goodfellow et al. (2014). Here you write all of it, which is two gradients and a
loop. The data lie on the line and have two modes, so one picture shows everything that the players do.
"""

import os
import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation

from tinygan import d_step, data, g_step, plots, train
from tinygan.engine import gradcheck
from tinygan.engine.network import mlp
from tinygan.engine.numerics import sigmoid, softplus
from tinygan.engine.optim import Adam, linear_decay
from tinygan.losses import NonSaturating
from tinygan.metrics import report_1d, truth_report_1d
from tinygan.plots import FAKE, JUDGE, STYLE, TRUE

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer seeds and steps, and a result that is less exact
P = data.gaussians_1d(means=(-1.5, 1.5), stds=0.5)  # the real distribution; at -3 and 3 some games fail
STEPS = 400 if FAST else 1200  # of each player; with 50 no game is won yet
BATCH = 128  # samples in a step; with 16 the players follow the noise, and most games end above 5 floors
LR = 3e-3  # learning rate of both, falling to 0; kept constant, the players never come to rest, and not every game is won
SEEDS = range(2 if FAST else 5)  # independent games; every claim must hold for each
FEW = 8  # a learned W1 below FEW times the floor counts as success; with 2 some games fail the test
FRAMES = 4 if FAST else 24  # of the animation; more are smoother, and slower to draw
plt.rcParams.update(STYLE)

# %%
# The players
# -----------
# The generator G turns a random number z, drawn from a Gaussian, into a point x. It has to make two modes from one. The
# discriminator D turns a point into a score, above 0 for "real". Both are small networks with two hidden layers, and each has an
# optimiser of its own.


def players(seed, width=32, dtype=np.float32):
    G = mlp(1, width, width, 1, seed=2 * seed, dtype=dtype)
    D = mlp(1, width, width, 1, seed=2 * seed + 1, dtype=dtype)
    return G, D


def optimisers():
    return Adam(LR, beta1=0, beta2=0.9), Adam(LR, beta1=0, beta2=0.9)


print("G is a", players(seed=0)[0])

# %%
# The discriminator's gradient
# ----------------------------
# D minimises binary cross-entropy, real against fake. With the scores r of real points and f of fake ones, it is
#
# .. math:: L_D = \frac1N \sum \log(1 + e^{-r}) + \frac1N \sum \log(1 + e^{f}), \qquad
#           \frac{dL_D}{dr} = -\frac{\sigma(-r)}{N}, \qquad \frac{dL_D}{df} = \frac{\sigma(f)}{N}.
#
# D scores both batches before its first backward pass, so there are two tapes. ``D.backward`` adds to ``D.grad``, and so the
# gradients of both halves of the loss are summed. For D the fake points are just numbers. Nothing goes back into G here.


def discriminator_gradient(G, D, x_real, z):
    """D's loss; its gradient goes to D.grad."""
    x_fake = G(z)
    r, tape_real = D.forward(x_real)  # (N, 1)
    f, tape_fake = D.forward(x_fake)
    D.zero_grad()
    D.backward(-sigmoid(-r) / BATCH, tape_real)
    D.backward(sigmoid(f) / BATCH, tape_fake)
    return softplus(-r).mean() + softplus(f).mean()


# %%
# The generator's gradient
# ------------------------
# D should score the points of G as real. So G minimises the cross-entropy of the fake scores with the label "real". This is the
# *non-saturating* loss, and lesson 06 compares it with another one,
#
# .. math:: L_G = \frac1N \sum \log(1 + e^{-f}), \qquad \frac{dL_G}{df} = -\frac{\sigma(-f)}{N}.
#
# The backward pass runs through D first. ``D.backward`` returns the derivative of the loss by each fake *point*. It says whether
# the point should move left or right, and G learns nothing else about the data. With ``grads=False`` D's own gradient stays as it
# is.


def generator_gradient(G, D, z):
    """G's loss; its gradient goes to G.grad."""
    x_fake, tape_G = G.forward(z)
    f, tape_D = D.forward(x_fake)
    dx_fake = D.backward(-sigmoid(-f) / BATCH, tape_D, grads=False)
    G.zero_grad()
    G.backward(dx_fake, tape_G)
    return softplus(-f).mean()


# %%
# Both gradients must pass the check of lesson 02. It changes every parameter a little and looks at the loss. The whole chain is
# checked, from the loss through D and G. (The networks are narrow and in float64, so the check is quick.) And the gradient of G
# must not change the gradient of D.


def loss_of(net, loss):
    """The loss as a function of the parameters of `net`, which stay as they are."""
    def value(theta):
        kept = net.theta.copy()
        net.theta = theta
        result = loss()
        net.theta = kept
        return result

    return value


# %%
# If the corner of a ReLU lies between x - h and x + h, the central difference is not a valid test. The check skips such entries
# and counts them.
G, D = players(seed=0, width=6, dtype=np.float64)
rng = np.random.default_rng(0)
x_real, z = P.sample(BATCH, rng), rng.standard_normal((BATCH, 1))
discriminator_gradient(G, D, x_real, z)
grad_D = D.grad.copy()
generator_gradient(G, D, z)
grad_G = G.grad.copy()
assert np.array_equal(D.grad, grad_D)
checked_D = gradcheck.check(loss_of(D, lambda: discriminator_gradient(G, D, x_real, z)), grad_D, D.theta.copy())
checked_G = gradcheck.check(loss_of(G, lambda: generator_gradient(G, D, z)), grad_G, G.theta.copy())
assert checked_D.ok and checked_G.ok, (checked_D, checked_G)
print(f"D's gradient {checked_D}\nG's gradient {checked_G}")

# %%
# Algorithm 1
# -----------
# Now the game. In each step D learns a little from a new batch, then G learns a little from D. There are
# two orders. In *alternating* steps D moves first, and G gets its gradient from the new D, as in the paper. In *simultaneous*
# steps both compute their gradients first, and then both move. In the code one line has another place.


def play(seed, order="alternating", generator_gradient=generator_gradient, watch=lambda *state: None):
    (G, D), (opt_G, opt_D), rng = players(seed), optimisers(), np.random.default_rng(seed)
    for step in range(STEPS):
        watch(step, G, D)
        for opt in (opt_G, opt_D):
            opt.prepare(linear_decay(step / STEPS))  # this factor times LR
        discriminator_gradient(G, D, P.sample(BATCH, rng), rng.standard_normal((BATCH, 1)))
        if order == "alternating":
            opt_D.step(D.theta, D.grad)
        generator_gradient(G, D, rng.standard_normal((BATCH, 1)))
        if order == "simultaneous":
            opt_D.step(D.theta, D.grad)
        opt_G.step(G.theta, G.grad)
    watch(STEPS, G, D)
    return G, D


# %%
# How good is it?
# ---------------
# We measure two things. W1 is the smallest average distance by which the generated points must be moved to become true ones. Two
# sets of true points also have a small W1, since two samples are never equal. This value is the *floor*. And D should be unable
# to decide. By lesson 04 the best D says p/(p + q), which is 1/2 where q = p. So we measure how far D is from 1/2, on average
# over true points.


def measure(G, D):
    """W1 of 2000 generated points, and the mean of abs(D - 1/2) over 2000 true ones."""
    rng = np.random.default_rng(99)
    x = G(rng.standard_normal((2000, 1)))
    return report_1d(x, P, rng).w1, np.abs(sigmoid(D(P.sample(2000, rng))) - 0.5).mean()


floor = np.mean([truth_report_1d(P, 2000, np.random.default_rng(seed)).w1 for seed in range(20)])
print(f"the floor: two sets of 2000 true points have a W1 of {floor:.3f} on average")


def success(G, D):
    w1, doubt = measure(G, D)
    return w1 < FEW * floor and doubt < 0.05


# %%
# Success, and two ways to fail
# -----------------------------
# **Predict.** Both networks start with random weights. In how many of
# the ten games will W1 fall below 8 floors, with D within 0.05 of 1/2? Does the order matter?
#
# .. answer::
#    In all ten games, five in each order. The median of W1 is below 5 floors. Here the order hardly matters. Lesson 08 shows a
#    game in which it decides.
games = {(order, seed): play(seed, order) for order in ("alternating", "simultaneous") for seed in SEEDS}
for (order, seed), (G, D) in games.items():
    w1, doubt = measure(G, D)
    print(f"{order:>12}, seed {seed}: W1 {w1:.3f} = {w1 / floor:.1f} floors, D is {doubt:.3f} away from 1/2")
assert sum(not success(G, D) for G, D in games.values()) <= FAST  # in the short form of the tests one game may be late
assert np.median([measure(G, D)[0] for G, D in games.values()]) < (FEW if FAST else 5) * floor

# %%
# Perhaps everything passes this test? As a control we measure networks that are not trained. A second control has a well-known
# mistake, a generator that is cut off from its loss, so that ``G.grad`` is always zero. (One such case is wangle53/CSA-CDGAN,
# issue 5, where the generator's loss was detached from the generator.)
#
# **Predict.** Will the program with the mistake crash? And what will D say in the end?
#
# .. answer::
#    Nothing crashes, D learns, and the program runs to its end. Neither control passes. D soon distinguishes real from fake, and
#    is on average more than 0.1 away from 1/2.


def cut_off(G, D, z):
    G.zero_grad()
    return softplus(-D(G(z))).mean()


for seed in SEEDS:
    assert not success(*players(seed))
    G, D = play(seed, generator_gradient=cut_off)
    assert not success(G, D) and measure(G, D)[1] > 0.1
    assert np.array_equal(G.theta, players(seed)[0].theta)  # it has not moved at all
w1, doubt = measure(G, D)
print(f"cut off from its loss, seed {seed}: W1 is {w1 / floor:.0f} floors, D is {doubt:.2f} away from 1/2")

# %%
# The library says the same
# -------------------------
# You have written what ``tinygan.train`` does. ``d_step`` and ``g_step`` are our two gradients, each followed by the optimiser's
# step, for any loss.
#
# **Predict.** Both programs start from the same numbers and see the same batches. After 20 steps, in how many digits do they
# agree?
#
# .. answer::
#    In all of them. The parameters are equal bit for bit.
ours, theirs = players(seed=0), players(seed=0)
opts = [Adam(LR) for _ in range(4)]
for _ in range(20):
    x_real, z_d, z_g = P.sample(BATCH, rng), rng.standard_normal((BATCH, 1)), rng.standard_normal((BATCH, 1))
    discriminator_gradient(*ours, x_real, z_d)
    opts[0].step(ours[1].theta, ours[1].grad)
    generator_gradient(*ours, z_g)
    opts[1].step(ours[0].theta, ours[0].grad)
    d_step(theirs[1], opts[2], x_real, theirs[0](z_d), NonSaturating())
    g_step(*theirs, opts[3], z_g, NonSaturating())
for our, their in zip(ours, theirs, strict=True):
    assert np.array_equal(our.theta, their.theta)

# %%
# ``train`` is the loop. It adds a history, a progress bar, and a stop when something overflows.
G, D = players(seed=0)
opt_G, opt_D = optimisers()
history = train(G, D, P, NonSaturating(), steps=STEPS, batch=BATCH, opt_g=opt_G, opt_d=opt_D, schedule=linear_decay,
                progress=False)
assert success(G, D)
print(history)

# %%
# The film
# --------
# We play the first game once more and keep copies of both players, most of them from the first steps, where most happens.
film, moments = [], np.unique((np.linspace(0, 1, FRAMES) ** 2 * STEPS).astype(int))
play(0, watch=lambda step, G, D: film.append((step, G.copy(), D.copy())) if step in moments else None)
assert [step for step, _, _ in film] == moments.tolist() and measure(*film[0][1:])[0] > FEW * floor
z = np.random.default_rng(1).standard_normal((2000, 1))  # the same z in every frame
x, edges = np.linspace(-4, 4, 401)[:, None], np.linspace(-4, 4, 81)


def bars(G):
    """The histogram of G(z), as a density of all 2000 points."""
    return np.histogram(G(z), edges)[0] / (z.size * np.diff(edges))


# %%
# The true density is blue, the points of G are orange, and the green line is D's probability of "real".
fig_film, stage = plt.subplots(figsize=(6, 3.8))
stage.fill_between(x[:, 0], np.exp(P.log_prob(x)), color=TRUE, alpha=0.3, linewidth=0, label="true density")
generated = stage.stairs(bars(film[0][1]), edges, fill=True, color=FAKE, alpha=0.5, label="generated")
opinion = stage.twinx()
line, = opinion.plot(x[:, 0], 0 * x[:, 0], color=JUDGE, linewidth=2, label="$D$: probability of real")
opinion.axhline(0.5, color=JUDGE, linestyle=":", linewidth=1)
opinion.spines["right"].set(visible=True, color=JUDGE)
opinion.set(ylim=(0, 1), yticks=(0, 0.5, 1), yticklabels=("0", "1/2", "1"))
opinion.tick_params(colors=JUDGE)
stage.set(xlabel="$x$", ylabel="density", xlim=(-4, 4), ylim=(0, 1))
fig_film.legend(loc="outside lower center", ncols=3)

# %%
# Each frame moves the bars and the line, and says which step it shows.


def draw(frame):
    step, G, D = film[frame]
    generated.set_data(bars(G))
    line.set_ydata(sigmoid(D(x)[:, 0]))
    stage.set_title(f"step {step}")
    return generated, line


animation = FuncAnimation(fig_film, draw, frames=len(film), interval=250)
fig_film.canvas.draw()

# %%
# The picture
# -----------
# These are the beginning, the middle and the end. The dashed line is :math:`D^* = p/(p + q)` of lesson
# 04, the best answer to the generator at that step. (It is estimated from points, so it is not smooth.) D follows it. As q comes
# nearer to p, both become flat at 1/2.
fig, axes = plt.subplots(1, 3, figsize=(11, 3.6))
for ax, (step, G, D) in zip(axes, (film[0], film[len(film) // 3], film[-1]), strict=True):
    plots.density_1d(G(z), P, D, NonSaturating(), ax)
    ax.set(title=f"step {step}", xlim=(-3.4, 3.4), ylim=(0, 1), ylabel="density" if ax is axes[0] else "")
    ax.get_legend().remove()
for opinion in fig.axes[3:]:
    opinion.set_ylabel(opinion.get_ylabel() if opinion is fig.axes[-1] else "")
    for line_of_D in opinion.lines:
        line_of_D.set_clip_on(True)
handles = [handle for ax in fig.axes[2:4] for handle in ax.get_legend_handles_labels()[0]]
fig.legend(handles=handles, loc="outside lower center", ncols=4)

# %%
# What you saw
# ------------
# * A GAN is two gradients and a loop. D has the gradient of a classifier. The chain of G is one network longer and runs through
#   D.
# * G started from random weights and found both modes, in every game and in both orders. W1 fell below 8 floors, and D ended
#   within 0.05 of 1/2. Untrained networks, and a G that was cut off from its loss, failed.
# * G never saw a real point. It only had the slope of D at its own points.
# * No line of the loop makes the game come to rest. We let the learning rate fall to 0. The first item to try removes this.
#
# Algorithm 1 is in section 4 of Goodfellow et al. (2014), *Generative Adversarial Nets*. There G descends another loss, and the
# advice to use this one is at the end of section 3. Our optimiser is Adam (Kingma & Ba 2015).
#
# ``tinygan play --story first-gan`` shows it while it runs, and you can change it by hand.
#
# Questions:
#
# 1. *On paper.* A batch has two fake points with the scores -3 and 3. What is :math:`dL_G/df` for each, and which of them moves G
#    more?
#
#    .. answer::
#       The derivative is :math:`-\sigma(-f)/N` with N = 2. For -3 it is -0.476, and for 3 it is -0.024. The point that D finds
#       bad has about twenty times the influence.
#
# 2. *Run it.* Set ``STEPS`` to 50. How many floors is W1 now, and how far is D from 1/2? (Assertions stop you. Take them out.)
#
#    .. answer::
#       W1 is 10 to 21 floors, and no game has succeeded. But in six of the ten games D is already within 0.03 of 1/2. So D near
#       1/2 alone does not show that G is good.
#
# 3. *Explain.* G never sees a real point. How can its points reach the modes?
#
#    .. answer::
#       D sees both kinds, so its score is high where there are more real points than fakes. The derivative of the score by a fake
#       point leads towards such places. Where no fakes are missing, D becomes flat, and G stops.
#
# To try:
#
# 1. Replace ``linear_decay(step / STEPS)`` by 1. How many floors is W1 now, and does it matter at which step you stop?
#
#    .. answer::
#       W1 is 1.0 to 5.0 floors, where it was 0.8 to 4.9. D is up to 0.048 away from 1/2, where it was at most 0.010. So the game
#       still moves, and it does matter where you stop. With a larger learning rate it matters more.
#
# 2. Let D take five steps for each step of G. Is that better or worse? And five steps of G for each step of D?
#
#    .. answer::
#       Take the alternating games, which have 0.8 to 3.9 floors. With five steps of D these become 0.6 to 1.8, and every game is
#       better. With five steps of G they become 3.8 to 7.1. A better D gave a better gradient here.
#
# 3. In ``generator_gradient``, use the opposite label, ``sigmoid(f)`` for ``-sigmoid(-f)``. Where do the points go?
#
#    .. answer::
#       To where D is most sure that they are fake. For three of the five seeds all points go to 0, in the gap between the modes.
#       For the other two they go far to the left, to -59 and -70 on average.
#
# 4. Measure with 20 000 points instead of 2000. The floor becomes smaller. Does W1 become smaller too?
#
#    .. answer::
#       The floor falls from 0.047 to 0.019. W1 hardly changes, so in floors it grows, to values from 2.3 to 12.3. A sample of
#       2000 points cannot distinguish a good generator from a perfect one. A sample of 20 000 points can.
assert np.allclose(-sigmoid(-np.array([-3.0, 3.0])) / 2, [-0.476, -0.024], atol=0.0005)
if plt.get_backend().lower() != "agg":
    plt.show()
elif sys.stdout.isatty():  # no window, but somebody is reading
    fig.savefig("lesson_05.png")
    animation.save("lesson_05.gif", writer="pillow")
    print("No window can be opened here, so the picture is in lesson_05.png and the film in lesson_05.gif")
