"""
The first GAN
=============

Two networks, one loop: can a generator learn a distribution from nothing but a discriminator's opinion?

A GAN is a short algorithm, the *Algorithm 1* of Goodfellow et al. (2014). Here you write all of it: two gradients and a
loop. The data lie on the line and have two modes, so that everything the players do can be seen in one picture.
"""

import os
import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation

from tinygan import data, plots
from tinygan.engine import gradcheck
from tinygan.engine.network import mlp
from tinygan.engine.numerics import sigmoid, softplus
from tinygan.engine.optim import Adam, linear
from tinygan.losses import NonSaturating
from tinygan.metrics import report_1d, truth_report_1d
from tinygan.plots import FAKE, JUDGE, STYLE, TRUE
from tinygan.train import d_step, g_step, train

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer seeds and steps, and a result that is less exact
P = data.gaussians_1d(means=(-1.5, 1.5), stds=0.5)  # the real distribution; modes further apart are harder to balance
STEPS = 600 if FAST else 1200  # of each player; with 50 the generator has not yet found both modes
BATCH = 128  # samples in a step; with 16 both players follow the noise
LR = 3e-3  # learning rate of both, falling to 0; kept constant, the generator never comes to rest
SEEDS = range(2 if FAST else 4)  # independent games; every claim must hold for each
FEW = 8  # a learned W1 below FEW times the floor counts as success; with 2 some games fail
FRAMES = 4 if FAST else 24  # of the animation; more are smoother, and slower to draw
plt.rcParams.update(STYLE)

# %%
# The players
# -----------
# The generator G turns a random number z, drawn from a bell curve, into a point x. It has to bend one bell into two. The
# discriminator D turns a point into a score, above 0 for "real". Both are small networks with two hidden layers.


def players(seed, width=32, dtype=np.float32):
    G = mlp(1, width, width, 1, seed=2 * seed, dtype=dtype)
    D = mlp(1, width, width, 1, seed=2 * seed + 1, dtype=dtype)
    return G, D


print("G is a", players(seed=0)[0])

# %%
# The discriminator's gradient
# ----------------------------
# D minimises binary cross-entropy, real against fake. With the scores r of real points and f of fake ones, it is
#
# .. math:: L_D = \frac1N \sum \log(1 + e^{-r}) + \frac1N \sum \log(1 + e^{f}), \qquad
#           \frac{dL_D}{dr} = -\frac{\sigma(-r)}{N}, \qquad \frac{dL_D}{df} = \frac{\sigma(f)}{N}.
#
# D scores both batches before it goes backward through either, so there are two tapes. ``D.backward`` adds to ``D.grad``;
# that is how the two halves of the loss come together. To D the fake points are just numbers: nothing goes back into G.


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
# G wants its points to be taken for real. It minimises the cross-entropy of the fake scores with the label "real" (this is the
# *non-saturating* loss; lesson 06 is about the other one):
#
# .. math:: L_G = \frac1N \sum \log(1 + e^{-f}), \qquad \frac{dL_G}{df} = -\frac{\sigma(-f)}{N}.
#
# The way back leads through D first. ``D.backward`` returns how the loss answers to each fake *point*: this arrow, "more
# to the left, please", is everything that G ever hears about the data. With ``grads=False`` D keeps its own gradient as it is.


def generator_gradient(G, D, z):
    """G's loss; its gradient goes to G.grad."""
    x_fake, tape_G = G.forward(z)
    f, tape_D = D.forward(x_fake)
    dx_fake = D.backward(-sigmoid(-f) / BATCH, tape_D, grads=False)
    G.zero_grad()
    G.backward(dx_fake, tape_G)
    return softplus(-f).mean()


# %%
# Both gradients must pass the check of lesson 02: move every parameter a little and see how the loss answers. The whole
# chain is checked: network, loss and network. (With narrow networks in float64, where the check is quick.) And G's
# gradient must leave D's alone.


def loss_of(net, loss):
    """The loss as a function of the parameters of `net`, which stay as they are."""
    def value(theta):
        kept = net.theta.copy()
        net.theta[...] = theta
        result = loss()
        net.theta[...] = kept
        return result

    return value


# %%
# Where a ReLU bends within the step no difference can judge; the check would skip such entries and count them.
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
print("D", checked_D, "G", checked_G, sep="\n")

# %%
# Algorithm 1
# -----------
# Now the game. In each step D learns a little from a fresh batch, then G learns a little from D. There are two ways to take
# turns. *Alternating*: D steps, and G looks at the D that has just moved; this is how the paper has it. *Simultaneous*:
# both look at each other as they stand, and only then both step. In code, one line moves.


def play(seed, order="alternating", generator_gradient=generator_gradient, watch=None):
    (G, D), opt_G, opt_D = players(seed), Adam(LR, beta1=0, beta2=0.9), Adam(LR, beta1=0, beta2=0.9)
    rng = np.random.default_rng(seed)
    for step in range(STEPS):
        if watch:
            watch(step, G, D)
        opt_G.factor = opt_D.factor = linear(step / STEPS)
        discriminator_gradient(G, D, P.sample(BATCH, rng), rng.standard_normal((BATCH, 1)))
        if order == "alternating":
            opt_D.step(D.theta, D.grad)
        generator_gradient(G, D, rng.standard_normal((BATCH, 1)))
        if order == "simultaneous":
            opt_D.step(D.theta, D.grad)
        opt_G.step(G.theta, G.grad)
    return G, D


# %%
# How good is it?
# ---------------
# Two measurements. W1 is the average distance by which the generated points would have to be moved to become true ones. True
# points score a small W1 too, for no two samples are alike: that is the *floor*. And D should be at a loss: by lesson 04 the
# best D says p/(p + q), which is 1/2 where q = p. So we ask how far D is from 1/2, on average over true points.


def measure(G, D):
    """W1 of 2000 generated points, and the mean of abs(D - 1/2) over 2000 true ones."""
    rng = np.random.default_rng(99)
    x = G(rng.standard_normal((2000, 1)))
    return report_1d(x, P, rng).w1, np.abs(sigmoid(D(P.sample(2000, rng))) - 0.5).mean()


def success(G, D):
    w1, doubt = measure(G, D)
    return w1 < FEW * FLOOR and doubt < 0.05


floor = np.mean([truth_report_1d(P, 2000, np.random.default_rng(seed)).w1 for seed in range(20)])
print(f"the floor: two sets of 2000 true points have a W1 of {floor:.3f} on average")
