r"""
A class for both players
========================

A GAN draws whatever it has learned to draw. How does one get a seven?

* **Time** 35 minutes.
* **Before** lessons 05, 10 and 12.
* **Terms** condition, coverage, density, R1, generator, discriminator.

The data often say what each sample is. A conditional GAN (Mirza & Osindero 2014) gives this label to both players. G makes a
sample *of this class*, and D decides whether it is a good sample *of this class*. The change is a few columns. But the label has
to be in the right places, and no gradient check can see whether it is.
"""

import os
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from tinygan import data, gradcheck, gradients, losses, mlp, plots
from tinygan.engine.layers import Dense, Tanh
from tinygan.engine.numerics import sigmoid, softplus
from tinygan.metrics import digit_judge, mode_report, table
from tinygan.penalties import R1
from tinygan.plots import FAKE, TRUE, sheets
from tinygan.zoo import Conditional, conditional
from tinygan.zoo.joining import only
from tinygan.zoo.projection import Projection

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: one seed, and fewer steps
RING = data.ring().standardized()  # eight modes, and the class of a point is its mode; with 20 modes RING_STEPS must grow
DIGITS = data.halves().training  # 896 images of 8 x 8 pixels; the other half is the judge's alone
SEEDS = range(1) if FAST else range(2)  # of each kind of GAN; with one seed a claim may be luck
RING_STEPS = 600 if FAST else 2000  # of each player on the ring; the modes are narrow enough at 4000
STEPS = 1000 if FAST else 4000  # of each player on the digits; at 2500 the coverage is 78 %
ASKED = np.arange(1000) % 10  # the digits that we ask for: 0 to 9 in turn; fewer than 901 images make the scores worse
plt.rcParams.update(plots.STYLE)

# %%
# A label as a row of numbers
# ---------------------------
# The label of a sample is its class, 0 to K - 1. A network cannot use the number itself, because class 6 is not twice class 3. So
# the label becomes a *one-hot* row, K zeros with a 1 in the place of the class. It is put beside x for D, and beside z for G.
rng = np.random.default_rng(0)
labels = rng.integers(4, size=7)
x, y = rng.normal(size=(7, 3)), data.one_hot(labels, 4, np.float64)
print("labels", *labels, "as rows:", y.astype(int).tolist())

# %%
# **Predict.** What does a one-hot row y change in the first layer :math:`[x, y]\,W + b`?
#
# .. answer::
#    It selects one row of W and adds it. So each class has a bias of its own in the first layer, and shares everything else with
#    the other classes.
layer = Dense(3 + 4, 5)
W, b = rng.normal(size=(7, 5)), rng.normal(size=(1, 5))
together = np.hstack([x, y]) @ W + b
apart = x @ W[:3] + (b + W[3:][labels])
assert np.allclose(together, apart, atol=1e-13) and layer.d == W.shape[0]

# %%
# The game
# --------
# With a label for both players the game of lesson 05 becomes
#
# .. math:: \min_G \max_D\; E \log D(x \mid y) + E \log\bigl(1 - D(G(z \mid y) \mid y)\bigr).
#
# Real pairs are [x, y] and generated pairs are [G(z, y), y]. D finds two kinds of pair wrong, a bad image, and a good image
# beside the wrong label. Nothing else has to be added. G never sees a seven. It only learns from D whether its images pass
# beside the label that they were made for.
#
# For D this is a GAN of pairs, and its gradient is that of lesson 05.


def d_gradient(D, x_real, x_fake, y):
    """D's loss, with its gradient in D.grad."""
    (r, tape_real), (f, tape_fake) = D.forward(np.hstack([x_real, y])), D.forward(np.hstack([x_fake, y]))
    D.zero_grad()
    D.backward(-sigmoid(-r) / len(r), tape_real)
    D.backward(sigmoid(f) / len(f), tape_fake)
    return softplus(-r).mean() + softplus(f).mean()


# %%
# In G's step the backward pass through D ends at the pair [x, y], with a derivative for all of its columns.
#
# **Predict.** Which of the columns go on to G?
#
# .. answer::
#    The columns of x, because G has made x. The label was given, so its columns are dropped.


def g_gradient(G, D, z, y):
    """G's loss, with its gradient in G.grad."""
    x_fake, tape_g = G.forward(np.hstack([z, y]))
    f, tape_d = D.forward(np.hstack([x_fake, y]))
    dpair = D.backward(-sigmoid(-f) / len(f), tape_d, grads=False)
    G.zero_grad()
    G.backward(dpair[:, :G.d_out], tape_g)
    return softplus(-f).mean()


# %%
# Both are the gradients of the values that they return, and they are those of ``tinygan.zoo.conditional``.
G = mlp(2 + 4, 8, 3, activation=Tanh, seed=1, dtype=np.float64)
D = mlp(3 + 4, 8, 1, activation=Tanh, seed=2, dtype=np.float64)
z, x_fake, loss = rng.normal(size=(7, 2)), rng.normal(size=(7, 3)), losses.NonSaturating()


def at(net, theta, value):
    """value() with other parameters in the network."""
    before, net.theta = net.theta.copy(), theta
    found = float(value())
    net.theta = before
    return found


# %%
# Each is compared with differences of its own value, then with the library's gradient.
ours = {"D": (D, lambda: d_gradient(D, x, x_fake, y)), "G": (G, lambda: g_gradient(G, D, z, y))}
theirs = {"D": lambda: conditional.d_gradients(D, x, x_fake, y, loss).value,
          "G": lambda: conditional.g_gradients(G, D, z, y, loss)}
for name, (net, value) in ours.items():
    value()
    mine = net.grad.copy()
    result = gradcheck.check(lambda theta: at(net, theta, value), mine, net.theta.copy())  # noqa: B023
    assert result.ok, str(result)
    assert np.isclose(theirs[name](), value(), rtol=1e-12) and np.allclose(net.grad, mine, atol=1e-13)
    print(f"{name}: {result}")

# %%
# R1, for x only
# --------------
# R1 of lesson 12 penalises the slope of D's score. A point can move. A label cannot, because no class lies between a three
# and a four. So the penalty has the weight 1 for the columns of x, and 0 for the columns of y.
pairs, columns = np.hstack([x, y]), only(3, 7)
s, tape = D.forward(pairs)
slopes = D.backward(np.ones_like(s), tape, grads=False)
gentle = R1(2.0, columns)(D, pairs, tape)
print("weights of the columns:", columns)
assert np.isclose(gentle, (slopes[:, :3]**2).sum(axis=1).mean()) and gentle < R1(2.0)(D, pairs, tape)

# %%
# First the ring
# --------------
# There are eight Gaussians on a circle, and the class of a point is the number of its Gaussian. We ask for each of them, and
# find the mode that is nearest to each sample.
for seed in SEEDS:
    on_the_ring = Conditional("ring")
    on_the_ring.train(RING, steps=RING_STEPS, seed=seed, progress=False)
    asked = np.arange(4000) % 8
    points = on_the_ring.sample(4000, labels=asked, seed=seed)
    nearest = ((points[:, None] - RING.means)**2).sum(axis=-1).argmin(axis=-1)
    print(f"seed {seed}: {np.mean(nearest == asked):.1%} at the mode that was asked for; {mode_report(points, RING)}")
    assert np.mean(nearest == asked) > (0.95 if FAST else 0.999)

# %%
# How to score it
# ---------------
# For digits we need a reader. A support vector machine learns the digits from the *other* half of the images, which G never
# sees. It reads each generated image. The *agreement* is the fraction that is read as the digit that was asked for. We first try
# this score on samplers that we know.
#
# **Predict.** A sampler returns the average image of the class that was asked for, always the same. How large is its agreement?
#
# .. answer::
#    It is 100 %, more than that of real images.
judge = digit_judge()
rows = {"real": judge.real} | {name: judge.report(*made) for name, made in judge.controls(901, np.random.default_rng(0)).items()}
print(table(rows))
means, gaussians = rows["class means"], rows["Gaussian per class"]
assert means.agreement > 0.999 and gaussians.agreement > rows["real"].agreement - 0.03

# %%
# The average image of each class agrees perfectly, and one Gaussian per class agrees almost as often as real images. Neither is
# a good generator. The first has one image for each digit, and the second makes grey noise around it. *By the agreement alone a
# blur is the best generator.* So two more scores are needed. Coverage is the fraction of real images that have a generated one
# near them. Density says how deep the generated images lie among the real ones (lesson 10). The last column, *within*, is the
# variance of the images of a class, divided by that of real images.
assert means.coverage < 0.4 and gaussians.coverage < 0.78 and gaussians.density < 0.65

# %%
# Digits on demand
# ----------------
# Both players have two hidden layers of 128. G gets 16 numbers of noise and ten for the label. The generated images get the
# labels of the real images beside them. We ask for a hundred of each digit.
models = {}


def trained(name, kind, seeds=SEEDS, **settings):
    """A GAN of this kind for each seed: what the judge says of it is kept in `rows`, and the last one in `models`."""
    for seed in seeds:
        models[name] = kind("digits", steps=STEPS, **settings)
        history = models[name].train(DIGITS, seed=seed, progress=False)
        rows[f"{name}, seed {seed}"] = judge.report(models[name].sample(ASKED.size, labels=ASKED, seed=seed), ASKED)
        late = [history[column][-STEPS // 8:].mean() for column in ("d_loss", "g_loss")]
        print(f"{name}, seed {seed}: D's loss {late[0]:.2f}, G's {late[1]:.2f}")
    return [rows[f"{name}, seed {seed}"] for seed in seeds]


for report in trained("conditional", Conditional):
    print(report)
    assert report.agreement > (0.85 if FAST else 0.97)
    assert FAST or (report.coverage > 0.8 > gaussians.coverage and report.density > 0.75 > gaussians.density)

# %%
# The projection
# --------------
# D need not take the label beside x. Miyato & Koyama (2018) start from the best score, take it apart by
# :math:`p(x, y) = p(y \mid x)\,p(x)`, and arrive at
#
# .. math:: s(x, y) = \langle V_y, \varphi(x)\rangle + \psi(\varphi(x)).
#
# Here :math:`\varphi(x)` are the features that D finds in x, and the label picks a direction for them. With a linear
# :math:`\psi` the score is one inner product :math:`s = \langle h, v\rangle` of :math:`h = \varphi(x)` and :math:`v = yV + w`.
# Each factor is the slope of the other one: :math:`dh = ds\,v` and :math:`dv = ds\,h`.
P = Projection([Dense(3, 8), Tanh()], classes=4, seed=3, dtype=np.float64)
s, tape = P.forward(pairs)
h = np.tanh(x @ P.phi[0].W + P.phi[0].b)
v, ds = y @ P.label.W + P.label.b, rng.normal(size=s.shape)
P.zero_grad()
P.backward(ds, tape)
assert np.allclose(s[:, 0], (h * v).sum(axis=1))
assert np.allclose(P.label.dW, y.T @ (ds * h)) and np.allclose(P.phi[0].dW, x.T @ (ds * v * (1 - h**2)))

# %%
# Row c of dV is the sum of ds h over the samples of class c. On the digits the projection does as well as the label beside x.
for report in trained("projection", Conditional, seeds=range(1), projection=True):
    print(report)
    assert report.agreement > (0.85 if FAST else 0.97) and (FAST or report.coverage > 0.8)

# %%
# Which label goes where
# ----------------------
# Readers of public code often ask whether G's labels may be drawn separately from the labels of the real images. They may. But a
# generated image must go to D *with the label that G was given*. Here is a round in which one can choose the labels that D sees
# beside a real image, and beside a generated one. G is always given ``batch.labels``.


def round_with(beside_real, beside_fake, rules, players, batch):
    """D's step, then G's, with other labels for D."""
    D, G = players["D"].network, players["G"].network
    real, fake = beside_real(batch.labels), beside_fake(batch.labels)
    x_fake = G(np.concatenate([batch.z_d, batch.labels], axis=-1))
    d = gradients.d_gradients_and_scores(D, np.concatenate([batch.x_real, real], axis=-1),
                                         np.concatenate([x_fake, fake], axis=-1), rules.loss, rules.penalties)
    players["D"].step()
    x_fake, tape = G.forward(np.concatenate([batch.z_g, batch.labels], axis=-1))
    g_loss, dpair, _ = gradients.through_d(D, np.concatenate([x_fake, fake], axis=-1), rules.loss)
    G.zero_grad()
    G.backward(dpair[..., :G.d_out], tape)
    players["G"].step()
    return rules.report(d, g_loss)


# %%
# A system's ``game`` says what is done in a step. Ours has another step, and everything else stays as it is.


def with_labels(beside_real, beside_fake):
    class Changed(Conditional):
        def game(self, points, batch):
            game = super().game(points, batch)
            return game._replace(step=partial(round_with, beside_real, beside_fake, *game.step.args))

    return Changed


def own(y):
    return y


def hidden(y):
    return 0 * y


def another(y):
    return np.roll(y, 1, axis=-2)


# %%
# *D is not told the label.* It sees zeros. Then its game is p(x) against the mixture of all that G makes. G can win it with any
# division of the images among its labels. A division that agrees with the classes is as good as any other, and no gradient leads
# to it. The agreement is what guessing gives, one in ten, while the pictures are nearly as good as before. The losses are about
# equal to those of the GAN that works.
for report in trained("D is not told", with_labels(hidden, hidden)):
    print(report)
    assert report.agreement < 0.2
    assert FAST or (report.coverage > 0.65 and report.frechet < 3)

# %%
# *D is told another label.* A generated image is beside the label of another row. Now D can separate the two kinds of pair by the
# label. A real image fits its label and a generated one fits only by chance. No image fits ten labels. G learns an image that D
# accepts a little with each of them, and this is no digit.
for report in trained("another label", with_labels(own, another)):
    print(report)
    assert report.agreement < 0.2 and report.coverage < 0.3 and report.frechet > 20

# %%
# All scores together. In the last two kinds every gradient is right, to ten digits. It is the gradient of another game.
print(table(rows))

# %%
# The picture
# -----------
# The picture has a line for each digit that was asked for. In one column all images are made from the same noise. So z is left
# with what the label does not say, such as slant, thickness and width. The program prints which part of the variance is between
# the lines, in the mean over the columns. Without its own label in D, a G learns to leave the label unused.
noise = np.random.default_rng(1).standard_normal((10, 16)).astype(np.float32)
inputs = np.hstack([np.tile(noise, (10, 1)), data.one_hot(np.repeat(np.arange(10), 10), 10)])
figure = plt.figure(figsize=(10.5, 3.75))
shown = {"conditional": "D is told G's label", "D is not told": "D is told no label", "another label": "D is told another label"}
for part, (name, title) in zip(figure.subfigures(1, 3), shown.items(), strict=True):
    made = models[name].network("G")(inputs)
    between = made.reshape(10, 10, -1).var(axis=0).mean() / made.var(axis=0).mean()
    print(f"{title}: {between:.0%} of the variance is between the digits that were asked for")
    assert between > 0.4 if name == "conditional" else between < 0.2
    sheets.sheet(made, DIGITS.image, 10, range(10), across="ten noises", down="digit that was asked for", figure=part)
    part.suptitle(title)

# %%
# The second picture has the scores. In the upper right corner are real images, the conditional GANs, and copies of the training
# images. Neither axis can show that a sampler copies. For this there is *nearer* in the table, and lesson 23.
fig, ax = plt.subplots(figsize=(6.4, 4.4))
looks = {"real": (TRUE, "*", "real images"), "conditional": (FAKE, "o", "conditional GAN"),
         "projection": (FAKE, "s", "with projection"),
         "D is not told": (".45", "v", "D is not told"), "another label": (".45", "^", "D is told another label"),
         "Gaussian per class": ("black", "x", "Gaussian per class"), "class means": ("black", "+", "class means"),
         "copies": ("black", "1", "copies"), "noise": ("black", "2", "noise")}
for start, (color, marker, label) in looks.items():
    scores = np.array([(report.agreement, report.coverage) for name, report in rows.items() if name.startswith(start)])
    ax.plot(*scores.swapaxes(0, 1), marker, color=color, markersize=8, fillstyle="none", label=label)
ax.axvline(0.1, color="0.6", linestyle=":", linewidth=1)
ax.annotate("guessing", (0.1, 0.5), (4, 0), textcoords="offset points", color="0.4", fontsize=8)
ax.set(xlabel="agreement: read as the digit that was asked for", ylabel="coverage of real images")
ax.set(xlim=(-.02, 1.05), ylim=(-.03, 1.03))
ax.legend(loc="center", bbox_to_anchor=(.5, .45))

# %%
# What you saw
# ------------
# * A label is a one-hot row beside x and beside z. In the first layer each class then has a bias of its own.
# * In G's step the columns of x go back to G, and those of the label are dropped. R1 counts the columns of x.
# * A judge reads 97 % and more of the images as the digit that was asked for. Class means reach 100 %, so coverage and density
#   are needed too. They are above 80 % and .75 here, against 72 % and .56 for one Gaussian per class.
# * If D does not see the label, the pictures and the losses stay, and the agreement falls to chance. If D sees another label, G
#   collapses. Both pass every gradient check, and in both G learns to leave its label unused.
# * ``python tests/benchmarks/family.py conditional`` makes the same table with eight seeds.
#
# Mirza & Osindero (2014), *Conditional Generative Adversarial Nets*. Miyato & Koyama (2018), *cGANs with Projection
# Discriminator*.
#
# Questions:
#
# 1. *On paper.* Derive the form of the projection. Write the best score :math:`\log p(x, y) - \log q(x, y)` with
#    :math:`p(x, y) = p(y \mid x)\,p(x)`, and let :math:`\log p(y \mid x)` be linear in features, up to a term without y. What
#    belongs to :math:`V_y`?
#
#    .. answer::
#       The score is :math:`\log p(y \mid x) - \log q(y \mid x) + \log p(x) - \log q(x)`. With
#       :math:`\log p(y \mid x) = \langle a_y, \varphi\rangle - \log Z(\varphi)` and the same with b for q, the terms with y are
#       :math:`\langle a_y - b_y, \varphi\rangle`. So :math:`V_y = a_y - b_y`, and all else is :math:`\psi`.
#
# 2. *Run it.* Take ``with_labels(another, own)``, so that the real images have the wrong labels. What does G learn?
#
#    .. answer::
#       On seed 0 the agreement is 9.9 %, which is chance, and the coverage 76 %. Beside each label D sees real images of all
#       classes. So G learns to make any digit for any label.
#
# 3. *Explain.* In both controls all gradients are right. Why does no gradient check find the fault?
#
#    .. answer::
#       A check compares the gradient with the value that the program computes. In the controls both belong to another game. Only
#       a test of the labels, such as the agreement, shows that it is not the game that you meant.
#
# To try:
#
# 1. Take ``Conditional("digits", hidden=(32, 32))``. Which of agreement and coverage suffers more?
#
#    .. answer::
#       The coverage does. On seed 0 it falls from 85 % to 27 %, and the agreement from 99 % to 90 %. A few images of each class
#       are enough to be read. To cover the class, G needs its variety.
#
# 2. Ask for a digit between two classes, with one half at 3 and one half at 8 in the one-hot row. What comes out?
#
#    .. answer::
#       On seed 0, of 1000 images 559 are read as a 3, 417 as an 8, 17 as a 9 and 7 as another digit. G is continuous, so the
#       half row gives images between the two, and z decides on which side they are.
plots.show("lesson_16")
