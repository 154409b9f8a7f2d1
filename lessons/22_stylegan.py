r"""
Styles: one vector that acts on every layer
===========================================

A DCGAN is given its noise once, at the bottom, and every later layer sees only what the one before made of it. What changes
when every layer is told what to do?

* **Time** 40 minutes.
* **Before** lesson 20, and lesson 12 for the gradient of a gradient.
* **Terms** generator, style, adaptive instance normalisation, truncation.

In StyleGAN (Karras et al. 2019) a small network makes a vector w of z, and w acts on each layer of the generator as a *style*.
So the coarse layers can have the style of one image and the fine layers that of another. We build the layer that does it, and mix
images. We pull images towards the average, and ask of each claim whether an untrained generator would do the same.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from tinygan import data, gradcheck, losses, plots
from tinygan.engine.conv import Conv2D
from tinygan.engine.inputs import PixelNorm
from tinygan.engine.layers import Dense, Tanh
from tinygan.engine.network import Sequential, forward_through
from tinygan.engine.style import AdaIN, ModulatedConv
from tinygan.metrics import digit_judge
from tinygan.plots import FAKE, sheets
from tinygan.zoo import StyleGAN, stylegan
from tinygan.zoo.style_generator import StyleGenerator

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: one seed, fewer steps
SEEDS = range(1 if FAST else 2)  # of each run; every claim must hold for each of them
STEPS = 1000 if FAST else 2500  # with 400 the images are no digits yet
SAMPLES = 1000  # images for each score; with 40 a single one would count too much
READ, LEARNED = (3000, 2000) if FAST else (6000, 4000)  # codes for the linear reader, and how many it learns from
PSI = 0.7  # truncation; with 1 nothing would be truncated
plt.rcParams.update(plots.STYLE)

# %%
# A style
# -------
# Take one channel of one image, P pixels. *Adaptive instance normalisation* (AdaIN) brings it to mean 0 and variance 1,
# and then to the scale and the shift that the style gives:
#
# .. math:: y = (1 + s)\,\hat x + t, \qquad \hat x = \frac{x - \bar x}{r}, \qquad r = \sqrt{\overline{(x - \bar x)^2} + \epsilon}.
#
# Whatever the layer before has done to the strength of this channel is gone. The style alone sets how strong it is from here
# on. It is BatchNorm's formula, with the mean over the pixels of one sample, and with s and t that are different for each image.
#
# **Predict.** The layer before doubles all of its outputs. What does this change in y?
#
# .. answer::
#    Almost nothing, since mean and deviation double as well. A very small difference comes from :math:`\epsilon`.


def adain(x, s, t, eps=1e-5):
    """x (N, P, C), s and t (N, C) -> y (N, P, C), and what the backward pass needs."""
    centred = x - x.mean(axis=1, keepdims=True)
    r = np.sqrt((centred**2).mean(axis=1, keepdims=True) + eps)
    xh = centred / r
    return (1 + s[:, None]) * xh + t[:, None], (xh, r, s)


def adain_backward(dy, tape):
    """dx, ds and dt. The mean and the deviation move with x, so two parts of dy do not come through."""
    xh, r, s = tape
    a, b = dy.mean(axis=1, keepdims=True), (dy * xh).mean(axis=1, keepdims=True)
    dx = (1 + s[:, None]) / r * (dy - a - xh * b)
    return dx, (dy * xh).sum(axis=1), dy.sum(axis=1)


# %%
# Differences agree, and so does the layer of the library. There a style stands behind the image in the same row.
rng = np.random.default_rng(0)
x, dy = rng.normal(size=(2, 3, 6, 2))
s, t = rng.normal(size=(2, 3, 2))
found = dict(zip("xst", adain_backward(dy, adain(x, s, t)[1]), strict=True))
for name, start in {"x": x, "s": s, "t": t}.items():
    def value(array, name=name):
        return float((adain(**{"x": x, "s": s, "t": t, name: array})[0] * dy).sum())

    check = gradcheck.check(value, found[name], start)
    assert check.ok, str(check)
print(check)
layer = AdaIN((2, 3), channels=2)
y, tape = layer.forward(np.concatenate([x.reshape(3, 12), s, t], axis=1))
assert np.allclose(y, adain(x, s, t)[0].reshape(3, 12))
ours = np.concatenate([found["x"].reshape(3, 12), found["s"], found["t"]], axis=1)
assert np.allclose(layer.backward(dy.reshape(3, 12), tape), ours)

# %%
# The generator
# -------------
# z is first brought to length 1, or rather to mean square 1, and goes through two dense layers. The
# result is w. The image does not begin with z. It begins with a *constant*, the same 4 x 4 pixels for all images, which is
# learned. Then come four layers, two at 4 x 4 and two at 8 x 8 pixels. Each adds noise, applies an activation, and takes a style,
# which a dense layer of its own makes of w.
#
# Where is the randomness? A row of G's input holds all of it: z, a second z', a number u, and noise for every pixel. So G is a
# function, and its gradient can be checked as that of any other network.
model = StyleGAN("digits").build(data.halves().training)
print(model)
print(*(type(layer).__name__ for layer, _, _ in model.network("G").stages))

# %%
# A second kind of style
# ----------------------
# StyleGAN2 (Karras et al. 2020) leaves the image alone and changes the weights. The
# style scales the channels that come in, :math:`W'_{ijck} = (1 + s_c) W_{ijck}`. Then each filter is divided by its norm, so that
# a large style does not make a large image. Every image has weights of its own. ``ModulatedConv`` does not build them, but it
# gives the same.
conv, plain = ModulatedConv((3, 4), 2, 4, kernel=3, pad=1), Conv2D((3, 4), 2, 4, kernel=3, pad=1)
conv.W, x, s = rng.normal(size=conv.W.shape), rng.normal(size=(1, 24)), rng.normal(size=(1, 2))
own = conv.W.reshape(9, 2, 4) * (1 + s[0])[:, None]
plain.W = (own / np.sqrt((own**2).sum(axis=(0, 1)))).reshape(18, 4)
assert np.allclose(conv.forward(np.concatenate([x, s], axis=1))[0], plain.forward(x)[0], atol=1e-6)

# %%
# *Path lengths.* A small step of w should move the image equally far, wherever w is and whichever way it goes. With the Jacobian
# J of the image by w and random images y, the second paper adds :math:`\lambda\,\mathbb E\,(|J^{\mathsf T} y| - a)^2` to G's
# loss, where a is the mean length so far. This is a penalty on a gradient, as R1 is in lesson 12, now for the generator. So its
# gradient needs the gradient of a gradient, which the R-operator gives. Differences of the whole loss agree.
G = StyleGenerator(2, (4, 4), 1, (2, 2), style="modulation", activation=Tanh(), dtype=np.float64, seed=1)
D = Sequential(Conv2D(4, 1, 2, kernel=4), Tanh(), Dense(2, 1), dtype=np.float64, seed=2)
z, y, start = rng.normal(size=(3, G.d_in)), rng.normal(size=(3, 16)), G.theta.copy()
G.path.length[...] = 0.5


def loss_with_paths(theta):
    G.theta = theta
    return float(stylegan.g_gradients(G, D, z, losses.NonSaturating(), y=y, weight=0.7).value)


value = loss_with_paths(start)
check = gradcheck.check(loss_with_paths, G.grad.copy(), start)
G.theta = start
assert check.ok and value > float(stylegan.g_gradients(G, D, z, losses.NonSaturating()).value), "the penalty is there"
print(check)

# %%
# Training
# --------
# The game is that of lesson 20, with R1. In every tenth image the coarse layers have the style of z, and the
# fine ones that of z'. This is *mixing*. It teaches the layers not to rely on what the others were told. (The paper mixes in nine
# of ten. The second question tries more than one in ten.)
seen = data.halves().training
models = []
for seed in SEEDS:
    models.append(StyleGAN("digits", steps=STEPS))
    models[-1].train(seen, seed=seed, progress=False)
untrained = [StyleGAN("digits").build(seen, seed=100 + seed) for seed in SEEDS]
judge = digit_judge()
print("Frechet distance:", *[f"{judge.report(model.sample(SAMPLES)).frechet:.2f}" for model in models])
assert all(judge.report(model.sample(SAMPLES)).frechet < (12 if FAST else 6) for model in models)

# %%
# Coarse and fine
# ---------------
# Take the styles of two images, and exchange those of the first two layers, or those of the last two.
#
# **Predict.** Which exchange moves the image further, in squares of its pixels? And before training?
#
# .. answer::
#    In an untrained generator the fine styles move it further, as they are nearer to the output. Training reverses this, or
#    nearly so. The shape of a digit is decided early.


def coarse_over_fine(model):
    w = model.styles(SAMPLES)
    one, other = w[::2], w[1::2]
    start, coarse, fine = (model.paint(styles) for styles in (one, model.mixed(other, one), model.mixed(one, other)))
    return ((coarse - start)**2).sum() / ((fine - start)**2).sum()


ruled, before = (np.array([coarse_over_fine(model) for model in some]) for some in (models, untrained))
print("coarse over fine, trained", ruled.round(2), "untrained", before.round(2))
assert np.all(before < 0.8) and np.all(ruled > 1.3 * before)

# %%
# Is w a better place than z?
# ---------------------------
# z is a draw from a round cloud. Ten kinds of digits have to fit into it somehow, and the borders between them may be bent. w may
# have any shape. A *linear* reader tells whether that helped. It learns from some thousand codes which digit their image shows,
# and is tested on others. A random mapping is the control, for it too makes something of z.
#
# **Predict.** The mapping only transforms z, and adds no information. How can a digit be easier to find in w?
#
# .. answer::
#    A linear reader finds only what lies on one side of a plane or the other. A mapping can unfold z, so that the digits lie so.
#    It finds about 8 of 10 digits in w and 7 of 10 in z. A random mapping folds z still more, and there it is 3 of 10.


def read(codes, classes):
    codes = (codes - codes.mean(axis=0)) / codes[:LEARNED].std()
    return LogisticRegression(max_iter=400).fit(codes[:LEARNED], classes[:LEARNED]).score(codes[LEARNED:], classes[LEARNED:])


def reading(model, bare):
    """The shares that are read right from z, from w, and from the w of an untrained mapping."""
    G, z = model.network("G"), np.random.default_rng(3).standard_normal((READ, model.recipe.latent), np.float32)
    w = forward_through(G.net, z)[0]
    classes = judge.read(model.paint(w))
    random = forward_through(bare.network("G").net, z)[0]
    return [read(codes, classes) for codes in (PixelNorm(z.shape[1]).forward(z)[0], w, random)]


shares = np.array([reading(*pair) for pair in zip(models, untrained, strict=True)])
for seed, row in zip(SEEDS, shares, strict=True):
    print(f"seed {seed}: from z {row[0]:.2f}, from w {row[1]:.2f}, from an untrained w {row[2]:.2f}")
assert np.all(shares[:, 1] > shares[:, 0] + 0.05) and np.all(shares[:, 1] > shares[:, 2] + 0.2)

# %%
# Truncation
# ----------
# Images far from the average are often bad, as few of their kind were seen. *Truncation* draws every w towards the mean one,
# :math:`\bar w + \psi\,(w - \bar w)`.
#
# **Predict.** What do samples with :math:`\psi` = 0.7 gain, and what do they lose? And with 0?
#
# .. answer::
#    They come to lie where real ones are dense, and about a third of their variance is lost. With 0 all images have the mean
#    style and are nearly the same, for the noise does little.
whole, cut = ([model.sample(SAMPLES, truncation=psi) for model in models] for psi in (1, PSI))
density = np.array([[judge.report(x).density for x in some] for some in (whole, cut)])
variance = np.array([b.var(axis=0).sum() / a.var(axis=0).sum() for a, b in zip(whole, cut, strict=True)])
print(f"psi {PSI}: density {density[0].round(2)} -> {density[1].round(2)}, with {variance.round(2)} of the variance")
assert np.all(density[1] > density[0] + 0.2) and np.all(variance < 0.85)

# %%
# What does not hold
# ------------------
# *Noise matters.* Not at 8 x 8 pixels. With other noise and the same w the images change
# very little, as the strengths B stay near 0. In large images it draws hair and pores.
noise = [((model.paint(model.styles(200), seed=1) - model.paint(model.styles(200), seed=2))**2).sum() / 400 / x.var(axis=0).sum()
         for model, x in zip(models, whole, strict=True)]
print("share of the variance that noise makes:", np.round(noise, 4))
assert np.all(np.array(noise) < 0.02)

# %%
# *Paths are shorter in w than in z.* The first paper says so, and here it is true as well. It is just as true before training. A
# straight line is shorter than the arc that z must take (``python tests/benchmarks/family.py stylegan``, the columns path w/z). A
# claim that an untrained network fulfils says nothing about learning.
#
# The picture
# -----------
# The first column gives the coarse styles, the first line the fine ones. Then the three claims, each beside its control.
figure = plt.figure(figsize=(10.6, 4.6))
left, right = figure.subfigures(1, 2, width_ratios=(1, 1.05))
model, n = models[0], 6
w = model.styles(2 * n, seed=4)
cells = model.paint(model.mixed(np.repeat(w[:n], n, axis=0), np.tile(w[n:], (n, 1)))).reshape(n, n, 64)
rows = np.concatenate([model.paint(w[:n])[:, None], cells], axis=1).reshape(-1, 64)
tiles = np.concatenate([np.full((1, 64), -1), model.paint(w[n:]), rows])
sheets.sheet(tiles, (8, 8), n + 1, across="fine styles of the first line", down="coarse styles of the first column", figure=left)

# %%
# A bar is the mean over the seeds, and a dot is one of them.
bars = {"coarse over fine": (before, ruled), "read right": (shares[:, 0], shares[:, 1]), f"density, psi {PSI}": density}
for k, (ax, (title, pair)) in enumerate(zip(right.subplots(1, 3), bars.items(), strict=True)):
    for at, (values, color) in enumerate(zip(pair, ("0.6", FAKE), strict=True)):
        ax.bar(at, np.mean(values), color=color, alpha=0.6)
        ax.plot(np.full(len(values), at), values, ".", color="black", markersize=4)
    ax.set_xticks([0, 1], (("untrained", "trained"), ("z", "w"), ("psi 1", f"psi {PSI}"))[k], fontsize=8)
    ax.set_title(title, fontsize=9)
    ax.set_ylabel(("squared changes", "share of digits", "density")[k], fontsize=8)

# %%
# What you saw
# ------------
# * AdaIN takes the mean and deviation of each channel away, and gives it those of the style. Two parts of dy do not come through.
# * After training coarse styles move the image more, compared with fine ones, than before. The control is an untrained generator.
# * A linear reader finds the digit more often in w than in z, and far more often than in the w of a random mapping.
# * Truncation raises density and costs variance.
# * Noise does nothing in small images, and shorter paths in w are no proof of anything.
#
# Karras et al. (2019), *A Style-Based Generator Architecture for Generative Adversarial Networks*: section 2 is the generator,
# section 3.1 mixing, appendix B truncation. Karras et al. (2020), *Analyzing and Improving the Image Quality of StyleGAN*:
# section 2 is modulation, section 3 path lengths. Huang & Belongie (2017) had AdaIN first, to give a photograph the style of a
# painting.
#
# Questions:
#
# 1. *On paper.* Derive ds and dt of AdaIN. Then let dy be the same number at every pixel of a channel. What is dx there?
#
#    .. answer::
#       y is linear in s and t, so ds is the sum of dy times the normalised x over the pixels, and dt the sum of dy. A constant dy
#       equals its mean a, and b is 0, as the normalised x has the mean 0. So dx is 0. A change of the whole channel is taken
#       away.
#
# 2. *Run it.* Take ``StyleGAN("digits", steps=STEPS, mixing=0.5)``. What happens to the Frechet distance?
#
#    .. answer::
#       It grows from 2.6 and 2.8 to 5.4 and 8.5. In training, half of the images now have fine styles that were drawn apart from
#       the coarse ones. The images that are scored are not mixed.
#
# 3. *Explain.* Why is "a linear reader finds the digit in w" no proof by itself that the mapping has learned something?
#
#    .. answer::
#       It might be found in any code of which the image is made. So we read z as well, which says what is there without a
#       mapping. And we read a random mapping, which says what a mapping does without learning.
#
# To try:
#
# 1. ``model.mixed(w, other, 1)`` takes only the first style from w. How often is the digit still that of w?
#
#    .. answer::
#       Seldom. It is the digit of w in 20 % of the images, and that of the other in 40 % to 44 %. By chance it would be
#       one in ten. The rest, more than a third, show neither.
#
# 2. ``style="modulation"``. Which claims hold for the second kind of style?
#
#    .. answer::
#       Coarse styles move the image more, as before, 1.09 and 1.25 times as much as fine ones. The Frechet distance is 2.4 and
#       2.7. Truncation raises the density only from .55 to .68 and .75, so its assertion stops you.
plots.show("lesson_22")
