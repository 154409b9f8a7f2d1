"""
Saturating or not
=================

The paper that introduced GANs gives the generator two losses, and advises against the first. What is wrong with it?

Both losses ask for the same thing, both are least where D is fooled, and on paper their gradients point the same
way. They differ in *when* the gradient is large. One of them goes quiet where G has most to learn.
"""

import os
import sys

import matplotlib.pyplot as plt
import numpy as np

from tinygan import d_step, data, g_gradients, g_step
from tinygan.engine import gradcheck
from tinygan.engine.network import mlp
from tinygan.engine.numerics import sigmoid
from tinygan.engine.optim import SGD, Adam
from tinygan.losses import Minimax, NonSaturating
from tinygan.plots import STYLE, TRUE

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer seeds and steps
SEEDS = 5 if FAST else 16  # GANs trained side by side; every count below is out of so many
P = data.gaussians_1d(means=(0.0,), stds=1.0)  # the real distribution: one bell around 0
FAR = 10.0  # where G begins; at 2 D is not confident: its mean score stays above -4
HEAD_START = 200  # steps of D alone; after 10 its mean score is still above -4
STEPS = 120 if FAST else 300  # of both; with 20 no generator has arrived yet
LR_G = 0.03  # step of G's gradient descent; ten times larger, and some minimax generators move after all
BATCH = 64  # samples in a step; more make the paths smoother, and slower to compute
FIRST, BETTER = "#E69F00", "#CC79A7"  # colours of the two losses
plt.rcParams.update(STYLE)

# %%
# Two losses for one wish
# -----------------------
# Let f be the score of a fake point, and :math:`\sigma(f)` the probability that D gives to "real". In the paper's game G
# takes D's loss with the sign turned: it minimises :math:`E \log(1 - \sigma(f))`, the *minimax* loss. The paper then advises
# :math:`-E \log \sigma(f)` instead, now called *non-saturating*. For each point the derivatives are
#
# .. math:: \frac{d}{df} \log(1 - \sigma(f)) = -\sigma(f), \qquad \frac{d}{df} \bigl(-\log \sigma(f)\bigr) = -\sigma(-f).
#
# Both are negative everywhere: going downhill raises the score, whichever loss one takes. At f = 0, where D cannot tell, they
# are even equal. We compare the formulas with the library's losses and with central differences.
f = np.linspace(-15, 15, 301)[:, None]  # (N, 1)
derivative = {}
for loss, formula in ((Minimax(), -sigmoid(f)), (NonSaturating(), -sigmoid(-f))):
    measured = f.size * loss.g(f).ds_fake  # times N: the loss is a mean over the N points
    assert np.allclose(measured, formula, rtol=1e-12)
    assert gradcheck.check(lambda f, loss=loss: loss.g(f).value, loss.g(f).ds_fake, f).ok
    assert np.all(measured < 0)
    assert measured[f == 0] == -0.5
    derivative[type(loss)] = measured

# %%
# Where the first one dies
# ------------------------
# D's score for a bad fake is far below 0. There :math:`\sigma(f)` is nearly 0, and :math:`\sigma(-f)` nearly 1. Their ratio
# is :math:`\sigma(f) / \sigma(-f) = e^f`. At the score -7, which D reaches easily (see below), the minimax loss has less than
# a thousandth of the other one's push. It is large only for points which D already takes for real, and which need no push.
# This is called *saturation*: the loss is flat where it is bad.
ratio = derivative[Minimax] / derivative[NonSaturating]
assert np.allclose(ratio, np.exp(f), rtol=1e-12)
assert np.exp(-7) < 0.001
print(f"at the score -7 the derivatives are {-sigmoid(np.array(-7.)):.5f} and {-sigmoid(np.array(7.)):.5f}")

# %%
# A generator far away
# --------------------
# Now with networks. The real points lie around 0, and G begins around ``FAR``. To have more than one case, we train
# ``SEEDS`` GANs side by side: with ``replicas`` all arrays get one more axis in front, and nothing else changes. D is trained
# alone for a while.


def players():
    G = mlp(1, 16, 1, seed=0, replicas=SEEDS, dtype=np.float64)
    D = mlp(1, 16, 16, 1, seed=1, replicas=SEEDS, dtype=np.float64)
    G.layers[-1].W[...] *= 0.2
    G.layers[-1].b[...] = FAR  # G's points begin as a small cloud around FAR
    D.layers[-1].W[...] *= 0.01  # D begins undecided: all its scores are near 0
    return G, D


def real(rng):
    return P.sample(SEEDS * BATCH, rng).reshape(SEEDS, BATCH, 1)


def latent(rng, n=BATCH):
    return rng.standard_normal((SEEDS, n, 1))


# %%
# While D learns, G stays as it is, and we look at the gradient that G *would* get from each loss: its length, over all of
# ``G.theta``. In the beginning D is undecided, and the two are alike.
(G, D), rng, opt_D = players(), np.random.default_rng(0), Adam(3e-3)
z = latent(np.random.default_rng(1))  # the same points each time
lengths = {Minimax: [], NonSaturating: []}
for _ in range(HEAD_START):
    for kind, norms in lengths.items():
        g_gradients(G, D, z, kind())
        norms.append(np.linalg.norm(G.grad, axis=-1))  # (SEEDS,)
    d_step(D, opt_D, real(rng), G(latent(rng)), Minimax())
lengths = {kind: np.array(norms) for kind, norms in lengths.items()}  # (HEAD_START, SEEDS)
assert np.all(np.abs(np.log(lengths[NonSaturating][0] / lengths[Minimax][0])) < np.log(2))

# %%
# Then D becomes confident: its mean score of fake points is below -5 for every seed. The non-saturating gradient has
# grown, to more than 20 times its first length; and it is now more than 100 times as long as the minimax one.
confident = D(G(z)).mean(axis=(-2, -1))
times = lengths[NonSaturating][-1] / lengths[Minimax][-1]
assert np.all(confident < -5), confident
assert np.all(lengths[NonSaturating][-1] > 20 * lengths[NonSaturating][0])
assert np.all(times > 100), times
print(f"after {HEAD_START} steps D gives {confident.min():.1f} to {confident.max():.1f} to fake points,")
print(f"and the non-saturating gradient is {times.min():.0f} to {times.max():.0f} times as long as the minimax one")

# %%
# Is it really the factor :math:`e^f`, and nothing else? Take one fake point at a time. G and D are the same for both losses,
# and so is the whole way back; only the number at its beginning differs. So the two gradients must agree entry by entry, but
# for the factor :math:`\sigma(f) / \sigma(-f) = e^f`. (Over a batch the points' gradients add up, each with its own factor.)
for _ in range(20):
    z_one = latent(rng, n=1)
    f_one = D(G(z_one))[..., 0]  # (SEEDS, 1)
    g_gradients(G, D, z_one, Minimax())
    first = G.grad.copy()
    g_gradients(G, D, z_one, NonSaturating())
    assert np.allclose(first, np.exp(f_one) * G.grad, rtol=1e-9, atol=0)
    assert np.any(first != 0)

# %%
# What it means for training
# --------------------------
# Both losses get the same start: G far away, D with a head start. Then the players take turns, G by plain gradient descent.
# A generator has *arrived* once the mean of its points lies within 1 of the real mean.


def paths(loss, opt_G):
    """The mean of G's points after each step, (STEPS, SEEDS)."""
    (G, D), rng, opt_D = players(), np.random.default_rng(0), Adam(3e-3)
    for _ in range(HEAD_START):
        d_step(D, opt_D, real(rng), G(latent(rng)), loss)
    means = []
    for _ in range(STEPS):
        d_step(D, opt_D, real(rng), G(latent(rng)), loss)
        g_step(G, D, opt_G, latent(rng), loss)
        means.append(G(z).mean(axis=(-2, -1)))
    return np.array(means)


def arrived(means):
    return np.any(np.abs(means) < 1, axis=0)


# %%
# With the non-saturating loss every generator arrives. With the minimax loss none does, and none has come even one unit
# nearer: they sit where they began, and D tells them very clearly, but very quietly, where to go.
descent = {loss: paths(loss(), SGD(LR_G)) for loss in (Minimax, NonSaturating)}
for loss, means in descent.items():
    print(f"gradient descent, {loss()}: {arrived(means).sum()} of {SEEDS} arrived")
assert np.all(arrived(descent[NonSaturating]))
assert not np.any(arrived(descent[Minimax]))
assert np.all(descent[Minimax] > FAR - 1)

# %%
# The optimiser may hide it
# -------------------------
# Adam divides the gradient by its own running size. A factor of :math:`e^f` in front of all of it is divided away, and
# with Adam the minimax generators arrive too. With Adam one may see little difference between the two losses,
# and think that it was never there.
adam = {loss: paths(loss(), Adam(0.01)) for loss in (Minimax, NonSaturating)}
for loss, means in adam.items():
    print(f"Adam, {loss()}: {arrived(means).sum()} of {SEEDS} arrived")
    assert np.all(arrived(means))

# %%
# There is an end to this too. Adam adds a small number, 1e-8, to what it divides by. At a score of -25 the minimax factor is
# 1e-11, and Adam's step is a thousandth of its usual length.
assert 1e-11 < np.exp(-25) < 2e-11
theta = np.zeros(2)
Adam(lr=1).step(theta, np.array([0.1, 1e-11]))
assert np.allclose(-theta, [1, 0.001], rtol=1e-2)

# %%
# What does G minimise?
# ---------------------
# Suppose that D is the best one for the present G, :math:`D^* = p / (p + q)` (lesson 04), and that it is fixed while G takes its
# step. With the minimax loss G then follows the derivative of 2 JSD. With the other loss it follows that of another quantity
# (Arjovsky & Bottou 2017, theorem 2.5):
#
# .. math:: \mathrm{KL}(q \,\|\, p) - 2\,\mathrm{JSD}(p, q).
#
# The divergence from q to p asks that no point of G's lies where p is small. It does not ask that G goes everywhere where p is
# large. And the JSD enters with the wrong sign: of two q with one KL, the one farther from p is preferred. Nothing here asks
# for all the modes. We check it on a grid. q is a bell at m, D is the best one for m = 1, and m moves a little.
x, dx = np.linspace(-12, 12, 4801, retstep=True)


def bell(m, s=1.0):
    return np.exp(-0.5 * ((x - m) / s) ** 2) / (s * np.sqrt(2 * np.pi))


def kl(a, b):
    return (a * np.log(a / b)).sum() * dx


p, q = 0.5 * bell(-2) + 0.5 * bell(2), bell(1)
best = p / (p + q)
moved = [bell(1 + step) for step in (-1e-4, 1e-4)]


def slope(function):
    """The derivative by m, by central differences."""
    return (function(moved[1]) - function(moved[0])) / 2e-4


# %%
# Both derivatives, of the losses with the fixed D and of the divergences, agree. The sum of the two losses is
# :math:`E_q \log((1 - D^*)/D^*) = E_q \log(q/p)`, which is KL(q || p).
def twice_jsd(q):
    return kl(p, (p + q) / 2) + kl(q, (p + q) / 2)


minimax = slope(lambda q: (q * np.log(1 - best)).sum() * dx)
other = slope(lambda q: -(q * np.log(best)).sum() * dx)
assert np.isclose(minimax, slope(twice_jsd), rtol=1e-5)
assert np.isclose(other, slope(lambda q: kl(q, p) - twice_jsd(q)), rtol=1e-5)
assert np.isclose(minimax + other, slope(lambda q: kl(q, p)), rtol=1e-5)
print(f"d/dm of 2 JSD {minimax:.4f}, of KL(q || p) - 2 JSD {other:.4f}, of KL(q || p) {minimax + other:.4f}")

# %%
# The picture
# -----------
# On the left the derivatives; in the middle the gradients over all parameters while D learns; on the right where
# the generators go, by gradient descent. Each thin line is one seed.
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.6))
for loss, color, name in ((Minimax, FIRST, "minimax"), (NonSaturating, BETTER, "non-saturating")):
    left.plot(f, derivative[loss], color=color, linewidth=2, label=name)
    middle.semilogy(lengths[loss], color=color, linewidth=0.5, alpha=0.6)
    middle.semilogy(np.median(lengths[loss], axis=-1), color=color, linewidth=2)
    right.plot(descent[loss], color=color, linewidth=0.8, alpha=0.8)
left.annotate("no push\nfor bad fakes", (-9, -0.01), (-9, -0.35), arrowprops={"arrowstyle": "->"}, ha="center")
left.set(xlabel="score $f$ of a fake point", ylabel="derivative of G's loss", title="The push on one point")
middle.set(xlabel="steps of D alone", ylabel="length of G's gradient", title="The push on G while D grows sure")
right.axhspan(-2, 2, color=TRUE, alpha=0.15, linewidth=0)
right.text(STEPS, -2.2, "the real points", color=TRUE, ha="right", va="top")
right.set(xlabel="steps of both", ylabel="mean of G's points", title="Where G goes")
fig.legend(loc="outside lower center", ncols=2)

# %%
# What you saw
# ------------
# * The derivatives are :math:`-\sigma(f)` and :math:`-\sigma(-f)`. Same sign, same value where D cannot tell; their ratio is
#   :math:`e^f`, for the whole gradient of each point as for its score.
# * Against a confident D the minimax gradient was more than 100 times shorter. By gradient descent no generator came nearer with
#   it, and with the non-saturating loss every one arrived.
# * Adam covered the difference up, on this example.
# * What counts in a loss is its gradient where things go wrong, not where its minimum lies.
# * Against the best D the minimax gradient is that of 2 JSD, and the non-saturating one is that of KL(q || p) - 2 JSD. Neither
#   asks G to visit every mode.
#
# Goodfellow et al. (2014) give the minimax loss in equation 1 and the advice at the end of section 3. Arjovsky & Bottou
# (2017), *Towards Principled Methods for Training Generative Adversarial Networks*, prove the vanishing in section 2.2.1
# and measure it against D's training as we did; their section 2.2.2 shows that the other loss has its own price.
#
# To try:
#
# 1. Set ``HEAD_START`` to 0. How many minimax generators arrive?
# 2. Give ``SGD`` a hundred times the learning rate for the minimax loss. It makes up for the factor at the start; what
#    happens when the points come near?
# 3. ``LeastSquares`` has the derivative :math:`f - 1`. Where is it large, and do its generators arrive?
#
# ``tinygan play --story minimax`` shows it while it runs, and you can change it by hand.
if plt.get_backend().lower() != "agg":
    plt.show()
elif sys.stdout.isatty():  # no window, but somebody is reading
    fig.savefig("lesson_06.png")
    print("No window can be opened here, so the picture is in lesson_06.png")
