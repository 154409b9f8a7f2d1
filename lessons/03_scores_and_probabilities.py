"""
Scores and probabilities
========================

A discriminator could end in a sigmoid and return a probability. Why does ours return a raw score instead?

On paper it makes no difference. In a computer, a probability near 1 has no digits left to say *how* near, and the usual
repair, to clip the probability before taking its logarithm, breaks the gradient just where it is needed most.
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
# A probability p of "real" is odds of p to 1 - p, and the score is the logarithm of the odds. The way back is the sigmoid:
#
# .. math:: s = \log \frac{p}{1 - p}, \qquad p = \sigma(s) = \frac{1}{1 + e^{-s}}.
#
# A score of 0 is "I cannot tell". Going to a probability and back again loses nothing, as long as the score is moderate.
s = np.linspace(-10, 10, 201)
p = sigmoid(s)
assert sigmoid(np.array(0.0)) == 0.5
assert np.allclose(np.log(p / (1 - p)), s, atol=1e-10)

# %%
# But numbers near 1 are coarse: float64 has 16 digits, and 0.999 999 999 999 999 98 is not one of its numbers. In whole steps,
# the first score whose sigmoid is exactly 1 is 37; in float32 it is 17. From there on, 1 - p is 0, and the score cannot
# be told from 1000. Towards 0 there is no such wall: numbers near 0 are fine. So :math:`1 - \sigma(s)` must be written
# :math:`\sigma(-s)`, which is the same on paper and keeps its digits.
scores = np.arange(60)
for dtype, first in ((np.float32, 17), (np.float64, 37)):
    assert scores[sigmoid(scores.astype(dtype)) == 1][0] == first
assert 0.99999999999999998 == 1 and 1 - sigmoid(np.array(40.0)) == 0
assert np.isclose(sigmoid(np.array(-40.0)), np.exp(-40), rtol=1e-12)

# %%
# The loss on paper
# -----------------
# D looks at a sample and says p. With y = 1 for real and y = 0 for fake, binary cross-entropy charges
#
# .. math:: L = -y \log p - (1 - y) \log (1 - p):
#
# nothing for being sure and right, much for being sure and wrong. Take that literally, and a fake sample with the score 40
# costs :math:`-\log 0`, which is infinite, where it should cost 40.


def textbook(s, y):
    p = sigmoid(s)
    return -y * np.log(p) - (1 - y) * np.log(1 - p)


assert np.isclose(textbook(np.array(-2.0), 1), np.log1p(np.exp(2)))  # moderate scores: all is well
with np.errstate(divide="ignore"):
    assert np.isinf(textbook(np.array(40.0), 0))

# %%
# The usual repair
# ----------------
# So one clips: p is kept between ``CLIP`` and 1 - ``CLIP``. The backward is then written by hand in two pieces, each
# of which looks right: the loss's own derivative, which divides by the clipped p, times the sigmoid layer's, p (1 - p).
# You can read it in much-copied code (eriklindernoren/ML-From-Scratch, ``loss_functions.py`` and
# ``activation_functions.py``, as they stood when this was written).


def clipped(s, y, clip):
    """The loss of each score and its derivative, as chained by hand."""
    p = sigmoid(s)
    q = np.clip(p, clip, 1 - clip)
    value = -y * np.log(q) - (1 - y) * np.log(1 - q)
    dq = -y / q + (1 - y) / (1 - q)
    return value, dq * p * (1 - p)


# %%
# Now let D meet a *real* sample, y = 1, and be quite sure that it is fake: a score of -40. The loss should be
# 40, and its derivative -1: the strongest push there is. The clipped formula charges 34.5, and pushes with 0.004.
value, ds = clipped(np.array(SCORE), 1, CLIP)
assert abs(value - 34.54) < 0.005 and abs(value + np.log(CLIP)) < 1e-12
assert abs(ds + 0.00425) < 0.00001 and abs(ds + np.exp(SCORE) / CLIP) < 1e-12
print(f"score {SCORE:g}, target 1: the clipped loss is {value:.2f}, its derivative {ds:.5f}")

# %%
# It is not even the derivative of the loss that is reported. That loss is flat: clipping has made it the same for all scores
# below :math:`\log` ``CLIP`` = -34.5, so its central difference (lesson 02) is exactly 0. Three answers to one question:
# the truth is -1, the formula says -0.004, and an automatic differentiator, which follows the clip faithfully, says 0.
flat = gradcheck.central(lambda s: clipped(s, 1, CLIP)[0].sum(), np.array([SCORE]))
assert flat == 0
assert np.isclose(np.log(CLIP), -34.54, atol=0.005)

# %%
# The same loss, from the score
# -----------------------------
# Put :math:`p = \sigma(s)` into the loss *before* computing anything. Since :math:`-\log \sigma(s) = \log(1 + e^{-s})`, and
# :math:`-\log(1 - \sigma(s)) = \log(1 + e^{s}) = s + \log(1 + e^{-s})`, it becomes
#
# .. math:: L = \log(1 + e^{-s}) + (1 - y)\, s = \max(s, 0) - s y + \log(1 + e^{-|s|}), \qquad \frac{dL}{ds} = \sigma(s) - y.
#
# The last form of L never exponentiates a positive number, so nothing overflows, and ``log1p`` keeps the digits of a
# small :math:`e^{-|s|}`. There is no fraction in the derivative: the p (1 - p) of the sigmoid has cancelled the
# denominators of the logarithms. Clipping one and not the other is what spoilt the cancellation.


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
# "Exact" should mean something. Python's ``decimal`` computes with as many digits as one likes; with 100 of them the formulas
# from paper can be used as they stand. We compare loss and derivative with them from score -100 to 100, in float64
# and in float32: all lie within four units in the last place (``np.spacing``: the gap between a number and its neighbour).
getcontext().prec = 100


def truth(s, y):
    """Loss and derivative of one float score, to 100 digits (less what 1 + e^-100 needs)."""
    sign = -1 if y == 1 else 1
    e = (sign * Decimal(float(s))).exp()
    return (1 + e).ln(), sign * e / (1 + e)


# %%
# Every half unit of score, for both targets and both number types:
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
# The package's ``bce_with_logits`` gives the same, as the mean over a batch of scores (N, 1); losses and lessons use it
# from here on.
batch = np.linspace(-100, 100, 401)[:, None]
for y in (0, 1):
    value, ds = bce_with_logits(batch, y)
    assert np.isclose(value, from_score(batch, y)[0].mean(), rtol=1e-14)
    assert np.allclose(ds, from_score(batch, y)[1] / 401, rtol=1e-14, atol=0)

# %%
# Who suffers?
# ------------
# The sample that is most wrong should be the one that learns fastest. Let a single score go downhill
# on its own loss, with steps of ``RATE``, and count the steps until it has become positive.


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
# From -40, one step for each unit of score against a long wait at the start. From -60, the clipped one has not moved
# by a thousandth after ten thousand steps, and it never will in any training run.
quick, slow = steps_until_right(SCORE, ours), steps_until_right(SCORE, clipped_64)
assert quick < 45 and slow > 250, (quick, slow)
assert steps_until_right(-60, ours) < 65 and steps_until_right(-60, clipped_64) is None
assert abs(10_000 * RATE * clipped_64(np.array(-60.0))) < 1e-3
print(f"steps from {SCORE:g} to 0: {quick} with the loss from the score, {slow} with the clipped one")

# %%
# In GAN training this happens all the time. The non-saturating generator (Goodfellow et al. 2014, section 3) wants its fakes
# called real, y = 1, and early in training D is sure that they are not. The gradient of the generator is this derivative, times
# the derivative of the score with respect to the point. Where the first factor is 0, the generator learns nothing.
# In float32 with the clip at 1e-7 the push begins to fade near -16, and at -30 not a millionth of it is left.
s32 = np.array([-16.0, -16.2, -30.0], np.float32)
push = clipped(s32, 1, np.float32(1e-7))[1]
assert push.dtype == np.float32
assert abs(push[0] + 1) < 1e-6 and -0.95 < push[1] < -0.9 and abs(push[2]) < 1e-6
assert np.all(np.abs(bce_with_logits(s32[:, None], 1).ds * 3 + 1) < 1e-6)  # times 3: the batch of three is averaged

# %%
# The picture
# -----------
# The loss of a real sample, and the push that its score receives, against the score.
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
# * A score and a probability say the same on paper. In float64 the probability is exactly 1 from a score of 37, in
#   float32 from 17; the score still knows.
# * With p clipped at 1e-15, a real sample at score -40 costs 34.5 instead of 40, the reported loss is flat there, and the
#   derivative chained by hand is -0.004 instead of -1.
# * Computed from the score, value and derivative are right to the last digits for every score we tried.
# * So all discriminators in this package end in a plain ``Dense`` layer, every loss takes scores, and the sigmoid appears
#   only where a person wants to read a probability.
#
# How to compute :math:`\log(1 + e^x)` and its relatives well: Mächler (2012), *Accurately Computing log(1 - exp(-|a|))*.
#
# To try:
#
# 1. A target of 0.9 ("label smoothing"): where is the loss from the score least, and what is its value there?
# 2. Some code adds a small number inside the logarithm, :math:`-\log(p + 10^{-8})`. Draw its loss and derivative.
# 3. Write ``sigmoid(s) - y`` in ``from_score`` as it stands on paper. Which assertion notices, and at which scores?
plots.show("lesson_03")
