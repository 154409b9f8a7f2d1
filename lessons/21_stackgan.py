r"""
From words to an image
======================

The words are "a thin slanted seven". How do words come into a generator, and why does it help to draw the image twice?

* **Time** 30 minutes.
* **Before** lessons 16 and 20.
* **Terms** condition, matching-aware, Frechet distance, generator, discriminator.

StackGAN (Zhang et al. 2017) goes from a sentence to a small image, and from the small image and the same sentence to a large one.
It has three ideas. The condition has noise, the discriminator checks whether image and words fit together, and there are two
stages. We describe handwritten digits by 40 different sentences, and take the ideas away one by one.
"""

import os

import matplotlib.pyplot as plt
import numpy as np

from tinygan import data, gradcheck, losses, mlp, plots
from tinygan.engine.heads import gaussian_kl
from tinygan.engine.layers import Dense, Tanh
from tinygan.engine.network import Sequential
from tinygan.gradients import d_gradients_and_scores
from tinygan.metrics import digit_judge
from tinygan.plots import FAKE, JUDGE, TRUE, sheets
from tinygan.zoo import StackGAN, stackgan

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: one seed, fewer steps
SEEDS = range(1 if FAST else 2)  # of each run; every claim must hold for each of them
STEPS = 1600 if FAST else 3000  # of both stages together; with 400 no word is heard yet
KL = 0.3  # weight of the KL term in the check of the gradient; with 0 its derivative would not be checked
BUDGETS = (0.002, 0.1)  # weights of the KL term in training; with the second one there is no room for the words
SAMPLES = 1000  # images for each score; with 40 a single one would count too much
plt.rcParams.update(plots.STYLE)

# %%
# What can be said of a digit
# ---------------------------
# A sentence says which digit it is, upright or slanted, thin or thick. We measure the slant and the ink of each
# image. It is *slanted* if it leans more than half of the images of its digit do, and *thick* if it has more ink than half of
# them. So there are 40 sentences, all about equally frequent. For a network they are a row :math:`\phi` of 14 numbers, three of
# them 1.
seen = data.halves().training
model = StackGAN("digits").build(seen)
words = model.words
phi = words.of(seen.x, seen.labels)
for row in (0, 1, 2):
    print(words.sentence(phi[row]), phi[row].astype(int))
assert np.array_equal(words.read("a thin slanted seven", 1, np.random.default_rng(0)), words.rows([7], np.array([[1], [0]])))
share = phi.mean(axis=0)
assert [round(np.log(n), 2) for n in (10, 2, 40)] == [2.3, 0.69, 3.69]
assert np.all(np.abs(share[10:] - 0.5) < 0.03), "half of the images are slanted, and half are thick"

# %%
# A condition with noise in it
# ----------------------------
# G is not given :math:`\phi` itself. A small network C makes a mean and a variance of it, and G is given a draw:
#
# .. math:: c = \mu(\phi) + e^{l(\phi)/2}\,\varepsilon, \qquad \varepsilon \sim N(0, I).
#
# So for one sentence there are many c near each other, and G must make an image from each of them. A term
# :math:`k\,\mathrm{KL}(N(\mu, e^l)\,\|\,N(0, I))` in the loss keeps the variance from becoming 0.
#
# **Predict.** The noise is drawn before. What is the derivative of the loss with respect to :math:`\mu` and l, when it is dc with
# respect to c?
#
# .. answer::
#    It is dc for :math:`\mu`, and :math:`\tfrac12\, dc\, e^{l/2}\varepsilon` for l. For fixed noise c is an ordinary function of
#    the parameters of C.


def g_by_hand(G, C, D, phi, eps, z, x, loss):
    """The loss of G and C; fills G.grad and C.grad."""
    h, tape_c = C.forward(phi)
    mu, log_var = h[:, :2], h[:, 2:]
    c = mu + np.exp(log_var / 2) * eps
    y, tape_g = G.forward(np.concatenate([c, z], axis=1))
    s_fake, tape_d = D.forward(np.concatenate([y, phi], axis=1))
    value, ds = loss.g(s_fake, D(np.concatenate([x, phi], axis=1)))
    dy = D.backward(ds, tape_d, grads=False)[:, :x.shape[1]]
    kl, dmu, dlog_var = gaussian_kl(mu, log_var)
    G.zero_grad()
    dc = G.backward(dy, tape_g)[:, :2]
    C.zero_grad()
    C.backward(np.concatenate([dc + KL * dmu, dc * eps * np.exp(log_var / 2) / 2 + KL * dlog_var], axis=1), tape_c)
    return value + KL * kl


# %%
# Differences agree for both networks, and so does ``tinygan.zoo.stackgan``.
rng = np.random.default_rng(1)
nets = {"G": mlp(5, 6, 4, activation=Tanh, dtype=np.float64, seed=1), "C": Sequential(Dense(3, 4), dtype=np.float64, seed=2),
        "D": mlp(7, 6, 1, activation=Tanh, dtype=np.float64, seed=3)}
told, eps, z, x = (rng.normal(size=(5, width)) for width in (3, 2, 3, 4))
loss = losses.NonSaturating()
for name in ("G", "C"):
    def value(theta, name=name):
        nets[name].theta = theta
        return float(g_by_hand(*nets.values(), told, eps, z, x, loss))

    start = nets[name].theta.copy()
    value(start)
    found = gradcheck.check(value, nets[name].grad.copy(), start)
    assert found.ok, str(found)
print(found)

# %%
# The library computes the same. It also serves the second stage, with the small image in the place of z.
ours = [nets[name].grad.copy() for name in "GC"]
stackgan.g_gradients(*nets.values(), told, eps, z, np.zeros_like(x), loss=loss, kl=KL, x=x)
assert all(np.allclose(mine, nets[name].grad, rtol=1e-10, atol=1e-13) for mine, name in zip(ours, "GC", strict=True))

# %%
# Wrong words
# -----------
# D sees an image beside words. Among the real pairs the words are always true.
#
# **Predict.** What will D learn about the words, if it only sees real pairs and generated ones?
#
# .. answer::
#    Little. A D that looks at the image alone does rather well, and G learns to make good images of any digit.
#
# So D gets a third kind of pair, a *real* image with words that are not its own, and must call it fake. The generated pairs and
# these count one half each:
#
# .. math:: L_D = \tfrac12 L(r, f) + \tfrac12 L(r, w).
#
# The words must really be wrong. Those of the next row of the batch are the right ones once in forty times.
x, y, other = rng.normal(size=(3, 5, 4))
told, wrong = rng.normal(size=(2, 5, 3))
D = nets["D"]
r, f, w = (D(np.concatenate(pair, axis=1)) for pair in ((x, told), (y, told), (x, wrong)))
assert np.isclose(stackgan.d_gradients(D, x, y, told, wrong, loss).value, (loss.d(r, f)[0] + loss.d(r, w)[0]) / 2)

# %%
# Two stages
# ----------
# Stage one makes images of 4 x 4 pixels. Then it is fixed, and stage two makes 8 x 8 pixels. Its image is the small
# one, made large, plus what G2 adds. D2 sees the words again. ``StackGAN`` trains one after the other, each with half of the
# steps. There are two controls. In one D sees no wrong words, and in the other the KL term has too large a weight.


def without_wrong_words(D, x, y, phi, wrong, loss, penalties):
    """D's loss on true pairs against generated ones alone."""
    return d_gradients_and_scores(D, np.concatenate([x, phi], axis=1), np.concatenate([y, phi], axis=1), loss, penalties)


class NoWrongWords(StackGAN):
    def game(self, points, batch):
        game = super().game(points, batch)
        game.step.judge = without_wrong_words
        return game


def trained(kind, seed, kl=BUDGETS[0]):
    model = kind("digits", steps=STEPS, kl=kl)
    return model, model.train(seen, seed=seed, progress=False)


runs = {"StackGAN": [trained(StackGAN, seed) for seed in SEEDS],
        "no wrong words": [trained(NoWrongWords, seed) for seed in SEEDS],
        "large KL term": [trained(StackGAN, seed, BUDGETS[1]) for seed in SEEDS]}

# %%
# Does the image show the words?
# ------------------------------
# We ask for each sentence equally often. A support vector machine reads the digit. Slant and ink
# are measured, and compared with the medians of the digit that was asked for. By chance, all three are right once in forty times.
# The Frechet distance of lesson 20 says how good the images are.
asked = words.in_turn(SAMPLES)
labels, styles = words.told(asked)
judge = digit_judge()


def scores(x):
    digit, style = judge.read(x) == labels, words.styles(x, labels) == styles
    return {"digit": digit.mean(), "slant": style[0].mean(), "thickness": style[1].mean(),
            "all three": (digit & style.all(axis=0)).mean(), "Frechet": judge.report(x).frechet}


def scored(name, make):
    found = [scores(make(model)) for model, _ in runs[name]]
    return {key: np.array([each[key] for each in found]) for key in found[0]}


table = {name: scored(name, lambda model: model.sample(SAMPLES, seed=1)) for name in runs}
table["stage one, made large"] = scored("StackGAN", lambda model: model.blocks.up(model.sketches(SAMPLES, seed=1)))
for name, row in table.items():
    print(f"{name:>21}:", ", ".join(f"{key} {' '.join(f'{value:.2f}' for value in values)}" for key, values in row.items()))

# %%
# Nearly every image is the digit that was asked for, and more than three of five show all three words. Without wrong words for D
# there are fewer of each. Stage one has the words already, but 4 x 4 pixels are no image of a digit. Stage two is far nearer to
# real images.
whole = table["StackGAN"]
assert np.all(whole["digit"] > (0.75 if FAST else 0.97)) and np.all(whole["all three"] > (0.35 if FAST else 0.6))
assert np.all(table["no wrong words"]["all three"] < whole["all three"] - 0.05)
assert np.all(table["stage one, made large"]["Frechet"] > whole["Frechet"] + 20)

# %%
# A budget for words
# ------------------
# How much information about the sentence can c have? It has at most as many nats as the KL term in the mean
# (``docs/derivations/stackgan.rst``). To tell 40 sentences apart takes :math:`\ln 40 = 3.69` nats.
#
# **Predict.** What happens to the words when the weight of the KL term is large?
#
# .. answer::
#    The KL term becomes small, below a quarter of ln 40 at full length. Then c is mostly noise, and words that are not in c
#    cannot be in the image. With a small weight stage one spends more than ln 40.


def spent(history):
    """The KL term of stage one at its end, in nats."""
    return history["kl"][history.step <= STEPS // 2][-50:].mean()


budget = {name: np.array([spent(history) for _, history in runs[name]]) for name in ("StackGAN", "large KL term")}
print(f"ln 40 = {np.log(40):.2f} nats; spent:", *[f"{name} {nats.round(2)}" for name, nats in budget.items()])
assert np.all(budget["StackGAN"] > np.log(40)) and np.all(budget["large KL term"] < np.log(40) / 4)
assert np.all(table["large KL term"]["all three"] < whole["all three"] - 0.2)

# %%
# What does not hold
# ------------------
# *Stage two does not improve the words.* It makes better images, but slant and thickness are as good in stage one or a little
# better. *The noise in c is not needed for the words.* With :math:`c = \mu` the words are shown as well. What is lost is
# variety, a coverage of .38 to .50 instead of .69 to .74 (``python tests/benchmarks/family.py stackgan``).
rough = table["stage one, made large"]
assert FAST or np.all(rough["slant"] + rough["thickness"] > whole["slant"] + whole["thickness"] - 0.05)

# %%
# The picture
# -----------
# Each line has one sentence, both stages, and four draws of noise. Beside it is the effect of each idea.
figure = plt.figure(figsize=(10.4, 4.2))
left, right = figure.subfigures(1, 2, width_ratios=(1.7, 1))
texts = [f"a {thick} {lean} {digit}" for digit in ("seven", "two") for lean in ("upright", "slanted")
         for thick in ("thin", "thick")]
model = runs["StackGAN"][0][0]
each = {"text": [text for text in texts for _ in range(4)], "seed": 3}
both = np.stack([model.blocks.up(model.sketches(32, **each)), model.sample(32, **each)]).reshape(2, 8, 4, 64)
sheets.sheet(both.swapaxes(0, 1).reshape(64, 64), (8, 8), 8, texts, across="four of stage one, and what became of them",
             figure=left)

# %%
# A bar is the mean over the seeds, and a dot is one of them.
ax = right.subplots()
names, colors = [*runs, "stage one, made large"], (JUDGE, FAKE, "0.6", TRUE)
for k, (name, color) in enumerate(zip(names, colors, strict=True)):
    ax.barh(k, table[name]["all three"].mean(), color=color, alpha=0.6)
    ax.plot(table[name]["all three"], np.full(len(SEEDS), k), ".", color="black", markersize=4)
ax.axvline(1 / 40, color="black", linestyle="--", linewidth=0.8)
ax.annotate("by chance", (1 / 40, -0.75), xytext=(4, 0), textcoords="offset points", fontsize=8)
ax.set_yticks(range(len(names)), [name.replace(", ", ",\n") for name in names])
ax.set(xlabel="share with all three words right", xlim=(0, 1), ylim=(len(names) - 0.4, -1))

# %%
# What you saw
# ------------
# * A condition is a draw from a Gaussian that a network makes of the words. The gradient goes through the draw, and a KL term
#   keeps the Gaussian wide. In the control, with too large a weight, the budget is below ln 40 nats, and the words are lost.
# * D learns that image and words belong together from real images with wrong words. In the control without them fewer words are
#   right.
# * Stage two makes a digit out of sixteen pixels, at a far smaller Frechet distance. It does not improve the words.
#
# Zhang et al. (2017), *StackGAN: Text to Photo-realistic Image Synthesis with Stacked Generative Adversarial Networks*, has
# conditioning augmentation in section 3.2 and the two stages in sections 3.3 and 3.4. Reed et al. (2016), *Generative Adversarial
# Text to Image Synthesis*, had the wrong words first.
#
# Questions:
#
# 1. *On paper.* How many nats does it take to name the digit alone, and how many for slant and thickness?
#
#    .. answer::
#       ln 10 = 2.30 for the digit, and ln 2 = 0.69 for each of the other two. The sum is ln 40 = 3.69.
#
# 2. *Run it.* Take ``BUDGETS = (0.002, 0.01)``. How many nats are spent, and how many words are shown?
#
#    .. answer::
#       With 1600 steps and seed 0 it is 2.1 nats with the weight .01, and 4.4 with .002. All three words are right in 35 % of the
#       images in place of 48 %. So 2.1 nats are fewer than the 2.3 that the digit needs.
#
# 3. *Explain.* Why must the third kind of pair have a *real* image, and not a generated one?
#
#    .. answer::
#       In a pair of a generated image and wrong words D may find the image wrong, and need not read the words. In a real image
#       only the words are wrong. So nothing else gives the pair away.
#
# To try:
#
# 1. Ask for "a thin seven" with ``model.sample(400, text=...)``. What fraction of the images is slanted?
#
#    .. answer::
#       52 % of 400 images after 1600 steps. What a sentence does not say is drawn by chance, half and half as in the data. Of the
#       images 28 % are thick, though thin ones were asked for.
#
# 2. Take the wrong words from the next row of the batch, also where they are right by chance. Does it matter with 40 sentences?
#
#    .. answer::
#       No. With 1600 steps and seed 0 all three words are right in 50.3 % of the images, and in 47.9 % before. One wrong label in
#       forty changes little. With two sentences it would be one in two.
plots.show("lesson_21")
