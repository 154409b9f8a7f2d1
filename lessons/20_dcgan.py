r"""
Convolutions, and rules under which they learn
==============================================

An image is more than a row of numbers. How can G and D know which pixels are neighbours, and what is the gradient then?

* **Time** 40 minutes.
* **Before** lessons 02 and 16.
* **Terms** adjoint, BatchNorm, coverage, Frechet distance, generator, discriminator.

A dense layer treats the 64 pixels of a digit like 64 unrelated numbers. A convolution looks at small windows, with the same
weights everywhere. It has one new idea, the map from an image to its windows and back. All the rest is a dense layer. DCGAN
(Radford et al. 2016) is a GAN of such layers, and a short list of rules under which they learn.
"""

import copy
import math
import os
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

from tinygan import data, gradcheck, plots
from tinygan.engine.conv import Conv2D, ConvTranspose2D
from tinygan.engine.initial import he, normal
from tinygan.engine.network import Sequential
from tinygan.engine.norm import BatchNorm
from tinygan.engine.windows import fold, unfold
from tinygan.metrics import digit_judge, table
from tinygan.plots import FAKE, JUDGE, TRUE, sheets
from tinygan.zoo import DCGAN

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer steps
SEEDS = range(2)  # of each experiment; every claim must hold on each of them
STEPS = 400 if FAST else 2000  # of both players; with 4000 the digits are better still
LONGER = 4.5  # times as many steps for the dense networks take about as long; with 1 they lose on every count
plt.rcParams.update(plots.STYLE)

# %%
# An image and its windows
# ------------------------
# An image has H by W pixels, with C numbers (channels) in each. A *window* is a square of k by k pixels. The next one begins s
# pixels further on; s is the *stride*. We write each window as a row, k k C numbers long.


def windows(x, k, s):
    """Every window of the images x (N, H, W, C) as a row: (N, h, w, k k C)."""
    n, H, W, C = x.shape
    h, w = (H - k) // s + 1, (W - k) // s + 1
    u = np.empty((n, h, w, k * k * C))
    for a, b in product(range(h), range(w)):
        u[:, a, b] = x[:, s * a:s * a + k, s * b:s * b + k].reshape(n, -1)
    return u


# %%
# An image of 6 x 6 pixels has four windows of 4 x 4 with the stride 2. They overlap, so most pixels are in more than one.
rng = np.random.default_rng(0)
x = rng.normal(size=(5, 6, 6, 3))
u = windows(x, 4, 2)
print(f"images {x.shape}, windows {u.shape}: {x[0].size} numbers of an image became {u[0].size}")
assert np.array_equal(u, unfold(x, 4, 2)), "the library does the same without loops"

# %%
# The way back
# ------------
# Let L depend on the windows, with derivatives du.
#
# **Predict.** What is its derivative with respect to a pixel that is in several windows?
#
# .. answer::
#    L depends on the pixel through each of these windows, so the derivatives *add up*. Each number of a window goes back to the
#    pixel that it came from, and is added there.


def back(du, k, s):
    """The derivative by the images (N, H, W, C), from that by the windows, du (N, h, w, k k C)."""
    n, h, w, numbers = du.shape
    C = numbers // k**2
    dx = np.zeros((n, s * (h - 1) + k, s * (w - 1) + k, C))
    for a, b in product(range(h), range(w)):
        dx[:, s * a:s * a + k, s * b:s * b + k] += du[:, a, b].reshape(n, k, k, C)
    return dx


# %%
# It is the *adjoint* of ``windows``. That means, for all x and all u,
#
# .. math:: \langle \text{windows}(x),\, u\rangle = \langle x,\, \text{back}(u)\rangle.
#
# On the left each number of u is multiplied by the pixel of its window. On the right the same products are summed pixel by
# pixel. To forget the sum is an easy mistake. If a later window *replaces* what an earlier one has left, the identity is false.
u = rng.normal(size=u.shape)
left, right = (windows(x, 4, 2) * u).sum(), (x * back(u, 4, 2)).sum()
replaced = np.zeros_like(x)
for a, b in product(range(2), range(2)):
    replaced[:, 2 * a:2 * a + 4, 2 * b:2 * b + 4] = u[:, a, b].reshape(5, 4, 4, 3)
print(f"<windows(x), u> = {left:.6f}, <x, back(u)> = {right:.6f}, with = in place of += it is {(x * replaced).sum():.6f}")
assert math.isclose(left, right, rel_tol=1e-12) and abs((x * replaced).sum() - left) > 0.1
assert np.allclose(back(u, 4, 2), fold(u, 4, 2))
row = np.array([[2.0, 3.0, 0], [0, 2, 3]])  # the first question at the end, with a = 2 and b = 3
assert (row.T @ row)[1, 1] == 2**2 + 3**2 and not np.allclose(row.T @ row, np.eye(3))

# %%
# One matrix product
# ------------------
# A convolution makes K weighted sums of each window. With the windows as rows this is a dense layer, y = u W + b. Lesson 02 has
# its gradient. It is :math:`dW = u^\top dy`, db is the sum of the rows of dy, and :math:`du = dy\,W^\top`. The only new step is
# the last one, from the windows back to the image. (In mathematics a sum with these signs is called a cross-correlation. There a
# convolution turns the kernel round first. Since the weights are learned, this makes no difference.)


def conv(x, W, b, k, s):
    return windows(x, k, s) @ W + b


def conv_backward(dy, x, W, k, s):
    """dx, dW, db. All windows of all images use the same W, so dW and db sum over all of them."""
    rows, dy_rows = windows(x, k, s).reshape(-1, W.shape[0]), dy.reshape(-1, W.shape[1])
    return back(dy @ W.T, k, s), rows.T @ dy_rows, dy_rows.sum(axis=0)


# %%
# We move each number of x, of W and of b a little, and compare.
W, b, dy = rng.normal(size=(4 * 4 * 3, 2)), rng.normal(size=2), rng.normal(size=(5, 2, 2, 2))
gradient = dict(zip("xWb", conv_backward(dy, x, W, 4, 2), strict=True))
values = {"x": lambda x: (dy * conv(x, W, b, 4, 2)).sum(), "W": lambda W: (dy * conv(x, W, b, 4, 2)).sum(),
          "b": lambda b: (dy * conv(x, W, b, 4, 2)).sum()}
for (name, value), at in zip(values.items(), (x, W, b), strict=True):
    result = gradcheck.check(value, gradient[name], at)
    print(f"d{name}: {result}")
    assert result.ok

# %%
# The library's layer gets an image as a flat row, pixel after pixel, so that it fits into every network of these lessons. It can
# also add zeros around the image first, the *padding* p. Its output has :math:`(H + 2p - k)/s + 1` pixels on a side.
layer = Conv2D(6, channels=3, filters=2, kernel=4, stride=2)
layer.W, layer.b = W, b[None]
y, tape = layer.forward(x.reshape(5, -1))
dx = layer.backward(dy.reshape(5, -1), tape)
print(layer)
assert np.allclose(y, conv(x, W, b, 4, 2).reshape(5, -1)) and np.allclose(dx, gradient["x"].reshape(5, -1))
assert np.allclose(layer.dW, gradient["W"]) and np.allclose(layer.db, gradient["b"])

# %%
# There are two gains. One is few weights. The other is that a stroke has the same effect in each place. When the image moves by
# two pixels, the output moves by one. A dense layer has to learn each place separately.
moved = conv(np.roll(x, 2, axis=1), W, b, 4, 2)
assert np.allclose(moved[:, 1:], conv(x, W, b, 4, 2)[:, :-1])
digit = Conv2D(8, channels=1, filters=16, kernel=4, stride=2, pad=1)
weights = digit.W.size + digit.b.size
print(f"{digit}: {weights} weights; a dense layer from {digit.d} to {digit.k} numbers has {digit.d * digit.k + digit.k}")
assert weights == 272 and digit.d * digit.k + digit.k > 60 * weights

# %%
# The transposed convolution
# --------------------------
# D goes from large images to small ones, and G has to go from small to large. The map from dy to dx above does this, so we take
# it as a layer, y = back(x W) + b. It is called a *transposed convolution*. It is no inverse. It is the adjoint,
#
# .. math:: \langle \text{Conv}(x),\, y\rangle = \langle x,\, \text{ConvT}(y)\rangle,
#
# and its forward is the backward of the convolution. This is so for any size, kernel, stride and padding, if the weights of one
# are the transpose of the weights of the other.


def adjoint_error(size, k, s, p, weights_of=lambda W: W.T):
    """How far the two sides are from each other, relative to their size; and ConvT.forward from Conv.backward."""
    down = Conv2D(size, 3, 2, k, s, p)
    up = ConvTranspose2D(down.output, 2, 3, k, s, p)
    down.W = rng.normal(size=down.W.shape)
    up.W = weights_of(down.W)
    x, y = rng.normal(size=(5, down.d)), rng.normal(size=(5, down.k))
    (small, tape), (large, _) = down.forward(x), up.forward(y)
    error = abs((small * y).sum() - (x * large).sum()) / np.linalg.norm(small) / np.linalg.norm(y)
    return error, np.abs(large - down.backward(y, tape)).max()


# %%
# We try five geometries. As a control, the windows of the second layer are turned by 180 degrees. The word "transposed" is often
# taken for that.
def turned(W):
    return W.reshape(-1, 3, W.shape[1])[::-1].reshape(W.shape).T


for geometry in ((8, 4, 2, 1), (7, 3, 2, 0), (6, 3, 1, 1), (5, 5, 1, 0), ((5, 11), 4, 3, 1)):
    right, wrong = adjoint_error(*geometry), adjoint_error(*geometry, turned)
    print(f"size, kernel, stride, pad {geometry}: {right[0]:.0e} and {right[1]:.0e}; turned {wrong[0]:.0e} and {wrong[1]:.0e}")
    assert max(right) < 1e-13 and min(wrong) > 1e-4

# %%
# Some sizes have no way back. With seven pixels, kernel 4 and stride 2 the last pixel is in no window, and the transpose leads to
# six pixels. The layer refuses it.
try:
    Conv2D(7, 1, 1, 4, 2)
    refused = False
except ValueError as error:
    refused = "left over" in str(error)
    print(error)
assert refused

# %%
# Checkerboards
# -------------
# Where windows overlap, more numbers are added up. ``fold`` of ones counts how many windows cover each pixel.
#
# **Predict.** Are all pixels covered equally often for kernel 4 and stride 2? And for kernel 3 and stride 2?
#
# .. answer::
#    If the stride divides the kernel, all pixels have the same count, apart from the edge. So it is 4 for kernel 4. With kernel
#    3 some have one, some two and some four. Then G's images begin with a pattern like a checkerboard (Odena et al. 2016), and G
#    must learn weights against it.
covers = {k: fold(np.ones((1, 4, 4, k * k)), k, 2)[0, ..., 0] for k in (4, 3)}
inside = {k: np.unique(count[2:-2, 2:-2]).astype(int) for k, count in covers.items()}
print("windows that cover a pixel inside:", inside)
assert inside[4].tolist() == [4] and inside[3].tolist() == [1, 2, 4]
figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.9))
for ax, (k, count) in zip(axes, covers.items(), strict=True):
    ax.imshow(count, cmap="cividis", vmin=1, vmax=4)
    for (row, column), value in np.ndenumerate(count):
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", color="white" if value < 3 else "black")
    ax.set(title=f"windows over each pixel: kernel {k}, stride 2", xticks=[], yticks=[])

# %%
# The rules
# ---------
# Earlier attempts at large GANs of convolutions had mostly failed. The paper has a list of rules that worked.
#
# * There are strides in place of pooling. Here kernel 4 with stride 2 halves an image in D, and doubles it in G. The paper has
#   kernel 5, which stride 2 does not divide.
# * BatchNorm is in both, but not behind G's last layer and not behind D's first.
# * There are no hidden dense layers.
# * G has ReLU with tanh at its end, and D has leaky ReLU.
# * Weights are drawn from :math:`N(0, .02^2)`, and Adam has :math:`\beta_1 = .5`.
training, held_out = data.halves()
model = DCGAN("digits").build(training, seed=0)
for name, net in model.networks.items():
    print(f"{name} is a {net}\n")

# %%
# BatchNorm makes each *channel* have mean 0 and variance 1, over all images of the batch and all pixels. A channel is one feature
# that is looked for everywhere, so it has one mean and one variance.
z = rng.standard_normal((64, 16), np.float32)
G = model.networks["G"]
before = Sequential(*map(copy.copy, G.layers[:4]))  # Dense, BatchNorm, ReLU, and the first transposed convolution
before.theta = G.theta[:before.theta.size]
h = before(z).reshape(64, 4, 4, 16)
by_hand = (h - h.mean(axis=(0, 1, 2))) / np.sqrt(h.var(axis=(0, 1, 2)) + 1e-5)
assert np.allclose(G.layers[4].forward(h.reshape(64, -1))[0], by_hand.reshape(64, -1), atol=1e-5)

# %%
# The rules depend on each other. Weights of .02 are small, and each layer makes the signal smaller. BatchNorm scales it up again.
# Without BatchNorm all images are nearly the same grey at the start. Then larger weights are needed, such as those of He.


class Bare(DCGAN):
    """A DCGAN without BatchNorm."""

    init = staticmethod(he)

    def make(self, points, seeds):
        nets = super().make(points, seeds)
        rows = {name: [copy.copy(layer) for layer in net.layers if not isinstance(layer, BatchNorm)]
                for name, net in nets.items()}
        return {name: Sequential(*rows[name], seed=seed, init=self.init) for name, seed in (("D", seeds[1]), ("G", seeds[0]))}


class BareAndSmall(Bare):
    init = staticmethod(normal(0.02))


# %%
# How much do images, and scores, differ from each other before the first step?
for seed in SEEDS:
    nets = [kind("digits").build(training, seed=seed).networks for kind in (DCGAN, Bare, BareAndSmall)]
    images = [net["G"](z).std(axis=0).mean() for net in nets]
    scores = [net["D"](training.x[:64]).std() for net in nets]
    for name, (rules, bare, small) in (("images", images), ("scores", scores)):
        print(f"seed {seed}, {name} differ by {rules:.4f} by the rules; bare: He's {bare:.4f}, small {small:.4f}")
        assert small < 0.2 * rules and small < 0.01 * bare

# %%
# The price of BatchNorm
# ----------------------
# With BatchNorm an image depends on all z of its batch, through the means and the variances. And a score depends on the batch
# that it is computed in. Thus D must get real and generated images in *two* batches. In a mixed one, each real score would
# depend on the generated images.
D, real = model.networks["D"], training.x[:64].astype(np.float32)
others = np.concatenate([z[:1], rng.standard_normal((63, 16), np.float32)])
alone, beside = D(real), D(np.concatenate([real, G(z)]))[:64]
print(f"same z, other neighbours: pixels differ by up to {np.abs(G(z)[0] - G(others)[0]).max():.3f}")
print(f"same images, a mixed batch: scores differ by up to {np.abs(alone - beside).max():.3f}")
assert np.abs(G(z)[0] - G(others)[0]).max() > 1e-3 and np.abs(alone - beside).max() > 1e-3
bare = Bare("digits").build(training, seed=0).networks["G"]
assert np.allclose(bare(z)[0], bare(others)[0], atol=1e-6), "without BatchNorm it does not matter"

# %%
# Training
# --------
# The DCGAN is compared with three others. One has no BatchNorm and He's weights. One has dense networks with two hidden layers
# of 64 and settings that suit them (R1 in place of BatchNorm, as in lesson 16). The third is the dense one again, with as many
# steps as take about the time of the DCGAN.
#
# **Predict.** Which of them covers more of the digits, at equal steps and in equal time?
#
# .. answer::
#    At equal steps the DCGAN covers more than twice as much as the dense networks, on every seed. In equal time the dense
#    networks cover about as much.


class Dense(DCGAN):
    """Dense networks with nearly as many parameters."""

    def make(self, points, seeds):
        sizes = self.recipe.replace(hidden=(64, 64))
        return {"D": Sequential(*sizes.row(points.dim, 1), seed=seeds[1]),
                "G": Sequential(*sizes.row(sizes.latent, points.dim), seed=seeds[0])}


# %%
# All of them learn from the same half of the digits.
def trained(kind, recipe, seed, steps=STEPS):
    model = kind(recipe, steps=steps)
    model.train(training, seed=seed, progress=False)
    return model


runs = {"DCGAN": [trained(DCGAN, "digits", seed) for seed in SEEDS],
        "no BatchNorm": [trained(Bare, "digits", seed) for seed in SEEDS],
        "dense": [trained(Dense, "digits-r1", seed) for seed in SEEDS],
        "dense, equal time": [trained(Dense, "digits-r1", seed, int(LONGER * STEPS)) for seed in SEEDS]}
size = {name: sum(net.theta.size for net in each[0].networks.values()) for name, each in runs.items()}
print("parameters:", size)
assert abs(size["dense"] - size["DCGAN"]) < 0.1 * size["DCGAN"]

# %%
# A judge that learned from *other* real digits scores 901 images of each. Coverage says how many of the real images have a
# generated one near them. The Frechet distance compares means and covariances of features. The first row has real digits that the
# judge has not seen. The second row needs no GAN, since it draws from one Gaussian for each class.
judge = digit_judge()
reports = {name: [judge.report(model.sample(901, seed=seed)) for seed, model in enumerate(each)] for name, each in runs.items()}
gaussian = judge.report(judge.controls(901, np.random.default_rng(0))["Gaussian per class"][0])
print(table({"real": judge.real, "Gaussian per class": gaussian}
            | {f"{name}, {seed}": report for name, each in reports.items() for seed, report in enumerate(each)}))
coverage, frechet = ({name: np.array([getattr(report, score) for report in each]) for name, each in reports.items()}
                     for score in ("coverage", "frechet"))

# %%
# After the same number of steps the DCGAN is far ahead of the dense networks on every seed. Without BatchNorm it covers less,
# and its Frechet distance is more than one and a half times as large.
for name in ("no BatchNorm", "dense"):
    assert (coverage["DCGAN"] > coverage[name] + 0.05).all() and (1.5 * frechet["DCGAN"] < frechet[name]).all()
assert (coverage["DCGAN"] > 2 * coverage["dense"]).all() and (coverage["no BatchNorm"] > coverage["dense"] + 0.1).all()

# %%
# What does not hold
# ------------------
# *"Convolutions are better."* They are better at equal steps, that is, for equally many images. But a dense step takes about
# a quarter of the time. In equal time the dense networks cover about as much of these digits. For an image of 8 x 8 pixels,
# whose strokes stand where they always stand, a dense layer is no bad choice. One of 64 x 64 would need four thousand weights
# for each unit.
gap = coverage["DCGAN"] - coverage["dense, equal time"]
print("coverage, DCGAN minus dense in equal time:", gap.round(3))
assert (coverage["dense, equal time"] > coverage["dense"] + 0.05).all() and (np.abs(gap) < (0.35 if FAST else 0.12)).all()

# %%
# *"BatchNorm is what makes it work."* Small weights do not work without it. With He's weights the same networks learn as well,
# though less. *"The digits are right."* The DCGAN is far from real digits, and the Gaussian of each class, which was told the
# classes, is about as good at so few steps.
#
# On eight seeds, with 4000 steps, the coverage was .77 to .80 by the rules. Without BatchNorm and with He's weights it was .62 to
# .70. Without it and with small weights it was 0 to .50 (``python tests/benchmarks/family.py dcgan``).
assert (coverage["DCGAN"] < judge.real.coverage - 0.1).all() and (frechet["DCGAN"] > 1.5 * judge.real.frechet).all()

# %%
# The picture
# -----------
# Real digits, and what the networks of seed 0 make, without any choice.
figure = plt.figure(figsize=(10.4, 3.7))
above, right = figure.subfigures(1, 2, width_ratios=(2.1, 1))
parts = {"real": held_out.x[:40]} | {name: runs[name][0].sample(40, seed=1) for name in ("DCGAN", "no BatchNorm", "dense")}
sheets.beside(parts, (8, 8), 5, above)

# %%
# To the right are both scores of every seed. The best place is the upper left.
ax = right.subplots()
marks = {"DCGAN": (FAKE, "o"), "no BatchNorm": ("0.5", "v"), "dense": (JUDGE, "s"), "dense, equal time": (JUDGE, "D")}
for name, (color, marker) in marks.items():
    face = "none" if name == "dense" else color
    ax.scatter(frechet[name], coverage[name], edgecolor=color, facecolor=face, marker=marker, label=name, zorder=3)
ax.scatter(gaussian.frechet, gaussian.coverage, color="k", marker="x", label="Gaussian per class")
ax.scatter(judge.real.frechet, judge.real.coverage, color=TRUE, marker="*", s=90, label="real, unseen")
ax.set(xscale="log", xlabel="Frechet distance", ylabel="coverage", ylim=(0, 1.05))
ax.set_xticks([0.5, 1, 2, 5, 10], ["0.5", "1", "2", "5", "10"])
ax.minorticks_off()
ax.legend(loc="lower left")

# %%
# What you saw
# ------------
# * With its windows as rows, a convolution is one matrix product. Its gradient is a dense layer's, and each window's derivative
#   is added to the pixels that the window came from.
# * A transposed convolution is the adjoint of a convolution, and so its backward pass. It does not turn the image, and it does
#   not undo the convolution.
# * When the stride does not divide the kernel, some pixels are covered more often than others. This is the checkerboard.
# * The paper's rules depend on each other. Small weights need BatchNorm, and BatchNorm makes every image and score depend on its
#   batch.
# * At equal steps the DCGAN beats dense networks of its size on every seed. At equal time, on 8 x 8 pixels, it does not.
#
# Radford, Metz & Chintala (2016), *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks*.
#
# Questions:
#
# 1. *On paper.* An image has 3 pixels in a row, the kernel is 2 and the stride 1, W = (a, b). Write the convolution as a matrix,
#    and then the transposed convolution. What does the second one make of the first one's output?
#
#    .. answer::
#       The matrix has the rows (a, b, 0) and (0, a, b). Its transpose has the rows (a, 0), (b, a) and (0, b). The product of
#       both is no identity. Its middle entry is :math:`a^2 + b^2`, because this pixel is in two windows.
#
# 2. *Run it.* Put ``BareAndSmall`` into ``runs``. Does it learn? Look at D's gradient at the first step.
#
#    .. answer::
#       After 1000 steps of seed 0 its coverage is .002, and .57 by the rules. At the first step the mean gradient of the weights
#       of D's first layer is .001 in place of .1. Each layer multiplies it by small weights.
#
# 3. *Explain.* Why must real and generated images go through a D with BatchNorm in two batches?
#
#    .. answer::
#       In one batch the score of a real image depends on the generated images, through mean and variance. Then D scores batches
#       and not images. And in G's step its batch has generated images only, so the same image would get another score.
#
# To try:
#
# 1. Take BatchNorm in G only, or in D only, with He's weights in the other player. Which of the two needs it more?
#
#    .. answer::
#       After 1000 steps of seed 0 the coverage is .34 with BatchNorm in G only, and .44 in D only. It is .57 in both and .36 in
#       neither. The Frechet distances are 19.6, 2.5, 2.4 and 5.5. So D needs it more.
#
# 2. Take half of the steps for all, 1000. Who is ahead in equal time?
#
#    .. answer::
#       On seed 0 the DCGAN covers .57 in 1.9 seconds. Dense networks cover .08 after 1000 steps in .5 seconds, and .54 after
#       4500 steps in 1.7 seconds. The seconds are of one machine, but their ratio says that neither is far ahead.
plots.show("lesson_20")
