"""
Saturating or not
=================

The paper that introduced GANs gives the generator two losses, and advises against the first. What is wrong with it?

* **Time** 40 minutes.
* **Before** lessons 04 and 05.
* **Terms** minimax, saturating loss, non-saturating loss, score, divergence, replica.

Both losses are smallest when D is fooled, and for one point their gradients have the same direction. But they are large in
different places. One of them is nearly 0 where G has most to learn.
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
# Let f be the score of a fake point, and :math:`\sigma(f)` the probability that D gives to "real". In the paper's game G takes
# D's loss with the opposite sign. It minimises :math:`E \log(1 - \sigma(f))`, the *minimax* loss. The paper then advises
# :math:`-E \log \sigma(f)` instead, now called *non-saturating*. For each point the derivatives are
#
# .. math:: \frac{d}{df} \log(1 - \sigma(f)) = -\sigma(f), \qquad \frac{d}{df} \bigl(-\log \sigma(f)\bigr) = -\sigma(-f).
#
# Both are negative everywhere, so gradient descent raises the score with either loss. At f = 0, where D cannot decide, both are
# -0.5. We compare the formulas with the library's losses and with central differences.
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
# D's score for a bad fake is far below 0.
#
# **Predict.** At the score -7, what are the two derivatives, and what is their ratio?
#
# .. answer::
#    There :math:`\sigma(f)` is nearly 0 and :math:`\sigma(-f)` nearly 1. Their ratio is :math:`\sigma(f) / \sigma(-f) = e^f`,
#    which is below a thousandth. The minimax derivative is large only for points that D already takes for real. This is called
#    *saturation*. The loss is flat where it is bad.
ratio = derivative[Minimax] / derivative[NonSaturating]
assert np.allclose(ratio, np.exp(f), rtol=1e-12)
assert np.exp(-7) < 0.001
print(f"at the score -7 the derivatives are {-sigmoid(np.array(-7.)):.5f} and {-sigmoid(np.array(7.)):.5f}")

# %%
# A generator far away
# --------------------
# Now with networks. The real points lie around 0, and G begins around ``FAR``. To have more than one case, we train ``SEEDS``
# GANs side by side. With ``replicas`` all arrays get one more axis in front, and nothing else changes. D is trained alone first.


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
# While D learns, G stays as it is. We measure the length of the gradient, over all of ``G.theta``, that G *would* get from each
# loss. At the start D is undecided, and the two lengths differ by less than a factor of 2.
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
# Then D becomes confident. Its mean score of fake points is below -5 for every seed.
#
# **Predict.** Which of the two gradients is longer now, and by which factor?
#
# .. answer::
#    The non-saturating one has grown to more than 20 times its first length. It is now more than 100 times as long as the minimax
#    gradient, for every seed.
confident = D(G(z)).mean(axis=(-2, -1))
times = lengths[NonSaturating][-1] / lengths[Minimax][-1]
assert np.all(confident < -5), confident
assert np.all(lengths[NonSaturating][-1] > 20 * lengths[NonSaturating][0])
assert np.all(times > 100), times
print(f"after {HEAD_START} steps D gives {confident.min():.1f} to {confident.max():.1f} to fake points,")
print(f"and the non-saturating gradient is {times.min():.0f} to {times.max():.0f} times as long as the minimax one")

# %%
# Is it only the factor :math:`e^f`? Take one fake point at a time. G and D are the same for both losses, and so is the whole
# backward pass. Only its first number is different. So the two gradients must agree in each entry, up to the factor
# :math:`\sigma(f) / \sigma(-f) = e^f`. (Over a batch the gradients of the points are summed, each with its own factor.)
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
# Both losses get the same start. G is far away, and D is already trained. Then the players take turns, and G uses plain gradient
# descent. A generator has *arrived* when the mean of its points lies within 1 of the real mean.


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
# **Predict.** How many of the generators arrive with each loss?
#
# .. answer::
#    With the non-saturating loss every generator arrives. With the minimax loss none does, and none comes even one unit nearer.
#    The gradient of D has the right direction, but it is multiplied by a number near 0.
descent = {loss: paths(loss(), SGD(LR_G)) for loss in (Minimax, NonSaturating)}
for loss, means in descent.items():
    print(f"gradient descent, {loss()}: {arrived(means).sum()} of {SEEDS} arrived")
assert np.all(arrived(descent[NonSaturating]))
assert not np.any(arrived(descent[Minimax]))
assert np.all(descent[Minimax] > FAR - 1)

# %%
# The optimiser may hide it
# -------------------------
# Adam divides the gradient by an average of its own size.
#
# **Predict.** How many minimax generators arrive with Adam?
#
# .. answer::
#    All of them. A factor of :math:`e^f` in front of the whole gradient is divided away. So with Adam one may see little
#    difference between the two losses.
adam = {loss: paths(loss(), Adam(0.01)) for loss in (Minimax, NonSaturating)}
for loss, means in adam.items():
    print(f"Adam, {loss()}: {arrived(means).sum()} of {SEEDS} arrived")
    assert np.all(arrived(means))

# %%
# This has a limit. Adam adds a small number, 1e-8, to what it divides by. At a score of -25 the minimax factor is about 1e-11.
# With such a gradient Adam's step is a thousandth of its usual length.
assert 1e-11 < np.exp(-25) < 2e-11
theta = np.zeros(2)
Adam(lr=1).step(theta, np.array([0.1, 1e-11]))
assert np.allclose(-theta, [1, 0.001], rtol=1e-2)

# %%
# What does G minimise?
# ---------------------
# Suppose that D is the best one for the present G, :math:`D^* = p / (p + q)` (lesson 04), and that it is fixed while G takes its
# step. With the minimax loss G then follows the derivative of 2 JSD. With the other loss it follows another quantity
# (Arjovsky & Bottou 2017, theorem 2.5):
#
# .. math:: \mathrm{KL}(q \,\|\, p) - 2\,\mathrm{JSD}(p, q).
#
# KL(q || p) is large if points of G lie where p is small. It is not large if G leaves out a place where p is large. And the JSD
# is subtracted. With :math:`m = (p + q)/2` both together are :math:`2\,\mathrm{KL}(m \,\|\, p)`. This is 0 only for q = p, as
# is the JSD. But a missing mode costs little, where KL(p || q) would be infinite.
#
# We check it on a grid. q is a Gaussian at m, D is the best one for m = 1, and m changes a little.
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
# The derivatives of the losses with the fixed D and the derivatives of the divergences agree. The sum of the two losses is
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
# Other losses, other divergences
# -------------------------------
# The same can be asked of every loss. Each has its own best D, and with this D fixed G follows some divergence.
#
# * *Least squares* (Mao et al. 2017, with the labels 0 and 1). The best score is :math:`p/(p+q)`. G follows
#   :math:`\int p\, \phi(q/p)\, dx` with :math:`2 \phi(u) = u - 2 \log(1 + u) - 1/(1 + u)`, another f-divergence.
# * *Hinge* (Lim & Ye 2017). The best score is 1 where p > q and -1 where p < q. G follows :math:`\int |p - q|\, dx`. This score
#   is flat except where p and q cross, so only a D that is not the best one gives G a gradient.
# * *Pairs* (Jolicoeur-Martineau 2019). D compares a real x with a fake y by :math:`\log(1 + e^{s(y) - s(x)})`. Its best score is
#   again :math:`\log p - \log q`, up to a constant.
# * *f-GAN* (Nowozin et al. 2016). For KL(p || q) its bound is :math:`E_p\, T - E_q\, e^{T - 1}`. It is reached at
#   :math:`T = 1 + \log(p/q)`, and every other T gives less.
least_squares = slope(lambda q: 0.5 * (q * (best - 1) ** 2).sum() * dx)
assert np.isclose(least_squares, slope(lambda q: 0.5 * (q - 2 * p * np.log1p(q / p) - p / (1 + q / p)).sum() * dx), rtol=1e-5)
hinge = slope(lambda moving: -(moving * np.sign(p - q)).sum() * dx)
assert np.isclose(hinge, slope(lambda q: np.abs(p - q).sum() * dx), rtol=1e-5)
s, p_x, q_x = np.log(p / q)[::20], p[::20], q[::20]  # pairs on a coarser grid
wins = sigmoid(s - s[:, None])  # [x, y]: how sure D is that y is the real one
of_real, of_fake = p_x * (wins @ q_x), q_x * (wins.T @ p_x)  # both parts of the derivative by s(x)
assert np.allclose(of_real, of_fake, rtol=1e-9) and of_real.max() > 0.1
bound = {shift: (p * (1 + np.log(p / q) + shift) - q * np.exp(np.log(p / q) + shift)).sum() * dx for shift in (0, -0.1, 0.1)}
assert np.isclose(bound[0], kl(p, q)) and max(bound[-0.1], bound[0.1]) < bound[0]
print(f"d/dm of least squares {least_squares:.4f}, of the hinge loss {hinge:.4f}; the f-GAN's bound {bound[0]:.4f} is KL(p || q)")

# %%
# The picture
# -----------
# On the left are the derivatives. In the middle are the gradients over all parameters while D learns. On the right is where the
# generators go by gradient descent. Each thin line is one seed.
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
# * The derivatives are :math:`-\sigma(f)` and :math:`-\sigma(-f)`. They have the same sign, and are equal where D cannot decide.
#   Their ratio is :math:`e^f`, for the score of a point and for its whole gradient.
# * Against a confident D the minimax gradient was more than 100 times shorter. By gradient descent no generator came nearer with
#   it. With the non-saturating loss every one arrived.
# * In this example Adam hid the difference.
# * What counts in a loss is its gradient where G is bad, and not only where its minimum lies.
# * Against the best D the minimax loss follows 2 JSD, and the non-saturating one follows KL(q || p) - 2 JSD. Both are
#   0 only for q = p, but a missing mode costs G little.
#
# Goodfellow et al. (2014) give the minimax loss in equation 1 and the advice at the end of section 3. Arjovsky & Bottou (2017),
# *Towards Principled Methods for Training Generative Adversarial Networks*, prove in section 2.2.1 that the gradient vanishes,
# and measure it during D's training as we did. Their section 2.2.2 shows a disadvantage of the other loss.
#
# ``tinygan play --story minimax`` shows it while it runs, and you can change it by hand.
#
# Questions:
#
# 1. *On paper.* Derive that G with the non-saturating loss and the fixed :math:`D^*` follows
#    :math:`\mathrm{KL}(q \,\|\, p) - 2\, \mathrm{JSD}`, step by step.
#
#    .. answer::
#       First, let q change by :math:`\delta q`, with :math:`\int \delta q = 0`. D* is fixed, so the minimax loss changes by
#       :math:`\int \delta q \log(1 - D^*) = \int \delta q \log \frac{q}{p + q}`.
#
#       Second, :math:`2\,\mathrm{JSD} = \int p \log \frac{2p}{p + q} + q \log \frac{2q}{p + q}`. Its change is
#       :math:`\int \delta q \left[ -\frac{p}{p + q} + \log \frac{2q}{p + q} + 1 - \frac{q}{p + q} \right]`. The fractions and the
#       1 cancel, and the constant log 2 integrates to 0. So the minimax loss follows 2 JSD.
#
#       Third, the sum of both losses is :math:`\int q \log \frac{1 - D^*}{D^*}`, and with a fixed D* it changes by
#       :math:`\int \delta q \log \frac{q}{p}`. The change of KL(q || p) is :math:`\int \delta q (\log \frac{q}{p} + 1)`, which is
#       the same.
#
#       Fourth, subtract. The non-saturating loss follows KL(q || p) - 2 JSD.
#
# 2. *Run it.* Set ``FAR`` to 2. What are D's scores, and how many minimax generators arrive? (Assertions stop you. Take them
#    out.)
#
#    .. answer::
#       The mean scores lie between -3.8 and -1.9, and the ratio of the gradients between 1 and 40. All 16 minimax generators
#       arrive. The loss saturates only against a confident D.
#
# 3. *Explain.* Both losses have their minimum at the same place. Why is this not enough?
#
#    .. answer::
#       Training follows gradients, and starts far from the minimum. There one loss is flat and the other is steep. And the
#       minimum belongs to a fixed D, but D changes with every step.
#
# To try:
#
# 1. Let ``paths`` begin without its head start, by ``range(0)``. How many minimax generators arrive?
#
#    .. answer::
#       None of 16. A few come nearer, the best to 5.5, and most stay near 10. D becomes confident before G has moved far.
#
# 2. Give ``SGD`` a hundred times the learning rate for the minimax loss. This compensates the factor at the start. What happens
#    when the points come near?
#
#    .. answer::
#       Every generator is thrown away, to more than a billion units. Near the real points the factor grows by :math:`e^f` to 1/2,
#       and the step is then a hundred times too long. A learning rate cannot replace a factor that changes.
#
# 3. ``LeastSquares`` has the derivative :math:`f - 1`. Where is it large, and do its generators arrive?
#
#    .. answer::
#       It is -1 for bad fakes, whose score is near 0, so it does not saturate. By gradient descent still none of 16 arrives. The
#       other factor, the slope of D, is about ten times smaller than with the non-saturating loss. With Adam all 16 arrive.
if plt.get_backend().lower() != "agg":
    plt.show()
elif sys.stdout.isatty():  # no window, but somebody is reading
    fig.savefig("lesson_06.png")
    print("No window can be opened here, so the picture is in lesson_06.png")
