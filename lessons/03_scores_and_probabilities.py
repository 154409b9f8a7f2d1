"""
Scores and probabilities
========================

A discriminator could end in a sigmoid and return a probability. Why does ours return a raw score instead?

* **Time** 30 minutes.
* **Before** lesson 02, logarithms, and the derivative of a logarithm.
* **Terms** score, logit, discriminator, non-saturating loss.

On paper it makes no difference. In a computer a probability near 1 has no digits left to say *how* near it is. The usual repair
is to clip the probability before taking its logarithm. It makes the gradient wrong exactly where it is needed most.
"""

from decimal import Decimal, getcontext

import matplotlib.pyplot as plt
import numpy as np

from tinygan import plots
from tinygan.engine import gradcheck
from tinygan.engine.numerics import sigmoid
from tinygan.losses import bce_with_logits

SCORE = -40.0  # a real sample that D is sure is fake; at -30 the clipped formula is still right, at -60 it gives 8.8e-12
CLIP = 1e-15  # the usual clip in float64; with 1e-7, the usual one in float32, the trouble begins at -16 instead of -35
RATE = 1.0  # length of a step in the last experiment; with 0.1 it takes ten times as many steps
EXACT, CLIPPED, COARSE = "black", "#CC79A7", "#E69F00"  # colours of the picture
plt.rcParams.update(plots.STYLE)

# %%
# Two ways to say the same thing
# ------------------------------
# A probability p of "real" has the odds p to 1 - p. The score (also called *logit*) is the logarithm of the odds. The sigmoid
# turns a score into a probability again,
#
# .. math:: s = \log \frac{p}{1 - p}, \qquad p = \sigma(s) = \frac{1}{1 + e^{-s}}.
#
# A score of 0 means "I cannot decide". From a score to a probability and back nothing is lost, if the score is moderate.
s = np.linspace(-10, 10, 201)
p = sigmoid(s)
assert sigmoid(np.array(0.0)) == 0.5
assert np.allclose(np.log(p / (1 - p)), s, atol=1e-10)

# %%
# But numbers near 1 have gaps. float64 has 16 digits, and 0.999 999 999 999 999 98 is not one of its numbers.
#
# **Predict.** From which score on is the sigmoid exactly 1 in float64? And in float32, which has 7 digits?
#
# .. answer::
#    From 37 on in float64, and from 17 on in float32, among whole numbers. From there on 1 - p is 0. The scores 37 and 1000 then
#    give the same probability. Near 0 such a limit is much farther away. So one must write :math:`\sigma(-s)` for
#    :math:`1 - \sigma(s)`. It is the same on paper, and it keeps its digits.
scores = np.arange(60)
for dtype, first in ((np.float32, 17), (np.float64, 37)):
    assert scores[sigmoid(scores.astype(dtype)) == 1][0] == first
assert 0.99999999999999998 == 1 and 1 - sigmoid(np.array(40.0)) == 0 and sigmoid(np.array(37.0)) == sigmoid(np.array(1000.0))
assert np.isclose(sigmoid(np.array(-40.0)), np.exp(-40), rtol=1e-12)

# %%
# The loss on paper
# -----------------
# D gives the probability p to a sample. With y = 1 for real and y = 0 for fake, the binary cross-entropy is
#
# .. math:: L = -y \log p - (1 - y) \log (1 - p).
#
# It is near 0 where D is sure and right, and large where D is sure and wrong. Computed as it stands here, a fake sample with the
# score 40 gives :math:`-\log 0`, which is infinite. The right loss is 40.


def textbook(s, y):
    p = sigmoid(s)
    return -y * np.log(p) - (1 - y) * np.log(1 - p)


assert np.isclose(textbook(np.array(-2.0), 1), np.log1p(np.exp(2)))  # moderate scores: all is well
with np.errstate(divide="ignore"):
    assert np.isinf(textbook(np.array(40.0), 0))

# %%
# The usual repair
# ----------------
# So p is clipped to the interval from ``CLIP`` to 1 - ``CLIP``. The derivative is then written by hand as a product of two
# factors, and each of them looks right. The first factor is the derivative of the loss, which divides by the clipped p. The
# second one is the derivative of the sigmoid, p (1 - p). You can read it in code that was copied often
# (eriklindernoren/ML-From-Scratch, ``loss_functions.py`` and ``activation_functions.py``, as they stood when this was written).


def clipped(s, y, clip):
    """The loss of each score and its derivative, as chained by hand."""
    p = sigmoid(s)
    q = np.clip(p, clip, 1 - clip)
    value = -y * np.log(q) - (1 - y) * np.log(1 - q)
    dq = -y / q + (1 - y) / (1 - q)
    return value, dq * p * (1 - p)


# %%
# Now D sees a *real* sample, y = 1, and is almost sure that it is fake. Its score is -40. The loss should be 40 and its
# derivative -1, which is the largest size that it can have.
#
# **Predict.** The clip is 1e-15, and :math:`\sigma(-40)` is 4e-18. What are the loss and the derivative of the clipped formula?
#
# .. answer::
#    The loss is :math:`-\log 10^{-15}`, about 34.5. The derivative is :math:`-p/\mathrm{CLIP}`, about -0.004. So this sample has
#    almost no influence, although D is as wrong about it as it can be.
value, ds = clipped(np.array(SCORE), 1, CLIP)
assert abs(value - 34.54) < 0.005 and abs(value + np.log(CLIP)) < 1e-12
assert abs(ds + 0.00425) < 0.00001 and abs(ds + np.exp(SCORE) / CLIP) < 1e-12 and abs(np.exp(SCORE) - 4e-18) < 3e-19
print(f"score {SCORE:g}, target 1: the clipped loss is {value:.2f}, its derivative {ds:.5f}")

# %%
# It is not even the derivative of the loss that is reported. The reported loss is the same for all scores below :math:`\log`
# ``CLIP``, about -34.5, so its central difference (lesson 02) is exactly 0. One question now has three answers. The right
# derivative is -1. The formula says -0.004. A program for automatic differentiation differentiates the clip too, and says 0.
flat = gradcheck.central(lambda s: clipped(s, 1, CLIP)[0].sum(), np.array([SCORE]))
assert flat == 0
assert np.isclose(np.log(CLIP), -34.54, atol=0.005)

# %%
# The same loss, from the score
# -----------------------------
# Put :math:`p = \sigma(s)` into the loss *before* computing anything. We have :math:`-\log \sigma(s) = \log(1 + e^{-s})`, and
# :math:`-\log(1 - \sigma(s)) = \log(1 + e^{s}) = s + \log(1 + e^{-s})`. The loss becomes
#
# .. math:: L = \log(1 + e^{-s}) + (1 - y)\, s = \max(s, 0) - s y + \log(1 + e^{-|s|}), \qquad \frac{dL}{ds} = \sigma(s) - y.
#
# The last form of L never takes the exponential of a positive number, so nothing overflows. ``log1p`` keeps the digits of a small
# :math:`e^{-|s|}`. There is no fraction in the derivative. The p (1 - p) of the sigmoid has cancelled the denominators of the
# logarithms. The clipped formula changed one of the two and not the other, so they no longer cancelled.


def from_score(s, y):
    value = np.maximum(s, 0) - s * y + np.log1p(np.exp(-np.abs(s)))
    return value, (1 - y) * sigmoid(s) - y * sigmoid(-s)  # sigmoid(s) - y, with 1 - sigmoid(s) written sigmoid(-s)


assert from_score(np.array(SCORE), 1) == (40, -1)
for y in (0, 1):
    assert np.allclose(from_score(s, y)[0], textbook(s, y), rtol=1e-10)  # s is moderate, from -10 to 10
    assert gradcheck.check(lambda s, y=y: from_score(s, y)[0].sum(), from_score(s, y)[1], s).ok

# %%
# Is it exact?
# ------------
# Python's ``decimal`` computes with any number of digits. With 100 digits the formulas from paper can
# be used directly. We compare loss and derivative with them, for scores from -100 to 100, in float64 and in float32. All lie
# within four units in the last place. (``np.spacing`` gives this unit, the gap between a number and the next one.)
getcontext().prec = 100


def truth(s, y):
    """Loss and derivative of one float score, to 100 digits (less what 1 + e^-100 needs)."""
    sign = -1 if y == 1 else 1
    e = (sign * Decimal(float(s))).exp()
    return (1 + e).ln(), sign * e / (1 + e)


# %%
# We take a score every half unit, both targets and both number types.
compared = 0
for dtype in (np.float32, np.float64):
    for y in (0, 1):
        for s in np.linspace(-100, 100, 401, dtype=dtype):
            for ours, exact in zip(from_score(s, y), truth(s, y), strict=True):
                assert ours.dtype == dtype
                assert abs(Decimal(ours.item()) - exact) <= 4 * Decimal(np.spacing(np.abs(ours)).item()), (dtype, s, y)
                compared += 1
print(f"{compared} values and derivatives agree with 100-digit arithmetic to the last digits")

# %%
# The package's ``bce_with_logits`` gives the same, as the mean over a batch of scores (N, 1). All later lessons use it.
batch = np.linspace(-100, 100, 401)[:, None]
for y in (0, 1):
    value, ds = bce_with_logits(batch, y)
    assert np.isclose(value, from_score(batch, y)[0].mean(), rtol=1e-14)
    assert np.allclose(ds, from_score(batch, y)[1] / 401, rtol=1e-14, atol=0)

# %%
# Who suffers?
# ------------
# The most wrong sample should have the largest influence. Let a single score follow gradient descent on its own loss, with the
# learning rate ``RATE``. We count the steps until it is positive.


def steps_until_right(s, derivative, most=10_000):
    s = np.array(float(s))
    for step in range(most):
        if s > 0:
            return step
        s = s - RATE * derivative(s)
    return None


def ours(s):
    return from_score(s, 1)[1]


def clipped_64(s):
    return clipped(s, 1, CLIP)[1]


# %%
# **Predict.** With the right derivative the score goes from -40 to 0 in about 41 steps. How many does the clipped derivative take
# from -40, and from -60?
#
# .. answer::
#    From -40 it takes 273 steps, most of them at the start. From -60 it has not moved by a thousandth after ten thousand steps.
#    In no training run will it arrive.
quick, slow = steps_until_right(SCORE, ours), steps_until_right(SCORE, clipped_64)
assert (quick, slow) == (41, 273), (quick, slow)
assert steps_until_right(-60, ours) < 65 and steps_until_right(-60, clipped_64) is None
assert abs(10_000 * RATE * clipped_64(np.array(-60.0))) < 1e-3
print(f"steps from {SCORE:g} to 0: {quick} with the loss from the score, {slow} with the clipped one")

# %%
# In GAN training this happens all the time. The non-saturating generator (Goodfellow et al. 2014, section 3) wants y = 1 for its
# fakes, and early in training D is sure that they are not real. The gradient of the generator is this derivative times
# the derivative of the score by the point. Where the first factor is 0, the generator learns nothing.
# In float32 with the clip at 1e-7 the derivative begins to shrink near -16, and at -30 less than a millionth of it is left.
s32 = np.array([-16.0, -16.2, -30.0], np.float32)
push = clipped(s32, 1, np.float32(1e-7))[1]
assert push.dtype == np.float32
assert abs(push[0] + 1) < 1e-6 and -0.95 < push[1] < -0.9 and abs(push[2]) < 1e-6
assert np.all(np.abs(bce_with_logits(s32[:, None], 1).ds * 3 + 1) < 1e-6)  # times 3: the batch of three is averaged

# %%
# The picture
# -----------
# These are the loss of a real sample and its derivative, against the score.
s = np.linspace(-60, 10, 1401)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4))
for part, (ax, name) in enumerate(zip(axes, ("loss", "derivative of the loss"), strict=True)):
    ax.plot(s, from_score(s, 1)[part], color=EXACT, linewidth=2, label="from the score")
    ax.plot(s, clipped(s, 1, 1e-7)[part], "-.", color=COARSE, linewidth=2, label="p clipped at 1e-7")
    ax.plot(s, clipped(s, 1, CLIP)[part], "--", color=CLIPPED, linewidth=2, label=f"p clipped at {CLIP:.0e}")
    ax.axvline(SCORE, color="0.7", linewidth=0.8, zorder=0)
    ax.set(xlabel="score of a real sample, s", ylabel=name)
axes[0].legend(loc="upper right")
axes[0].set_title("The price of being wrong ...")
axes[1].set_title("... and the push to do better")

# %%
# What you saw
# ------------
# * On paper a score and a probability contain the same. In float64 the probability is exactly 1 from a score of 37 on, in
#   float32 from 17 on. The score keeps its digits.
# * With p clipped at 1e-15, a real sample with the score -40 has the loss 34.5 instead of 40. The derivative that is chained by
#   hand is -0.004 instead of -1.
# * Computed from the score, loss and derivative were right to the last digits for every score that we tried.
# * So all discriminators in this package end in a plain ``Dense`` layer, and every loss takes scores. The sigmoid appears only
#   where a person wants to read a probability.
#
# How to compute :math:`\log(1 + e^x)` and its relatives well: Mächler (2012), *Accurately Computing log(1 - exp(-|a|))*.
#
# Questions:
#
# 1. *On paper.* Derive :math:`dL/ds = \sigma(s) - y` through the probability, step by step. Where do the denominators cancel, and
#    why does this fail with a clipped p?
#
#    .. answer::
#       First, :math:`\frac{dp}{ds} = \frac{e^{-s}}{(1 + e^{-s})^2}`. The factor :math:`\frac{1}{1 + e^{-s}}` is p, and
#       :math:`\frac{e^{-s}}{1 + e^{-s}}` is 1 - p. So :math:`\frac{dp}{ds} = p (1 - p)`.
#
#       Second, :math:`\frac{dL}{dp} = -\frac{y}{p} + \frac{1 - y}{1 - p} = \frac{p - y}{p (1 - p)}`.
#
#       Third, the product is :math:`\frac{dL}{ds} = \frac{p - y}{p (1 - p)} \cdot p (1 - p) = p - y`, which is
#       :math:`\sigma(s) - y`.
#
#       With q for the clipped p and y = 1, the product is :math:`-\frac{1}{q} \cdot p (1 - p)`. Where q = p it is right. Where q
#       is the clip, p / q is not 1, and the derivative shrinks by this factor.
#
# 2. *Run it.* Set ``RATE`` to 0.1. How many steps do the two scores take from -40? (Two assertions stop you. Take them out.)
#
#    .. answer::
#       410 and 2702 steps, about ten times as many. With the right derivative the number of steps grows with the distance. With
#       the clipped one nearly all of the time is spent below -35.
#
# 3. *Explain.* A colleague clips p at 1e-7 and says that it is safe, since no infinite loss has ever appeared. What do you
#    answer?
#
#    .. answer::
#       The loss is finite, and its gradient is wrong without any message. Below a score of -16 the samples about which D is most
#       wrong lose their influence. Nothing crashes, so nobody sees it. A check of the gradient would have found it.
#
# To try:
#
# 1. Take a target of 0.9 ("label smoothing"). Where is the loss from the score smallest, and what is its value there?
#
#    .. answer::
#       Where :math:`\sigma(s) = 0.9`, so at :math:`s = \ln 9`, which is 2.197. The value there is 0.325, and not 0.
#
# 2. Some code adds a small number inside the logarithm, :math:`-\log(p + 10^{-8})`. Draw its loss and derivative.
#
#    .. answer::
#       The loss stops at 18.42. The derivative is -0.17 at the score -20, and -4e-10 at -40. It is half of the right one near
#       :math:`\ln 10^{-8}`, which is -18.42.
#
# 3. Write ``sigmoid(s) - y`` in ``from_score`` as it stands on paper. Which assertion notices, and at which scores?
#
#    .. answer::
#       The comparison with 100 digits, for y = 1 and scores from 2 upwards. There :math:`\sigma(s) - 1` subtracts two nearly
#       equal numbers. For y = 0 nothing changes. The comparison with ``bce_with_logits`` notices it too.
assert abs(np.log(9) - 2.197) < 0.0005 and abs(from_score(np.log(9), 0.9)[0] - 0.325) < 0.0005
p = sigmoid(np.array([-18.42, -20, -40]))
assert abs(-np.log(1e-8) - 18.42) < 0.005
assert np.allclose(-p * (1 - p) / (p + 1e-8), [-0.5, -0.171, -4.2e-10], rtol=0.02)
plots.show("lesson_03")
