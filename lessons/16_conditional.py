r"""
A class for both players
========================

A GAN draws whatever it has learned to draw. How does one get a seven?

The data often say what each sample is. A conditional GAN (Mirza & Osindero 2014) tells this label to both players: G makes a
sample *of this class*, and D judges whether it is a good sample *of this class*. The change is a few columns. But the label has
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
# The label of a sample is its class, 0 to K - 1. A network cannot use the number itself: class 6 is not twice class 3. So the
# label becomes a *one-hot* row, K zeros with a 1 in the place of the class. It is laid beside x for D, and beside z for G.
rng = np.random.default_rng(0)
labels = rng.integers(4, size=7)
x, y = rng.normal(size=(7, 3)), data.one_hot(labels, 4, np.float64)
print("labels", *labels, "as rows:", y.astype(int).tolist())

# %%
# What does a layer make of it? In :math:`[x, y]\,W + b` a one-hot y picks one row out of W. So each class has a bias of its own
# in the first layer, and shares everything else with the other classes.
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
# Real pairs are [x, y]; generated pairs are [G(z, y), y]. D finds two kinds of pair wrong: a bad image, and a good image beside
# the wrong label. Nothing else has to be added. G is never told what a seven looks like. It only finds that its images fool D
# when they go with the label that they were made for.
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
# In G's step the way back through D ends at the pair [x, y], as the derivative by all of its columns. Which of them go on to G?
# Those of x, for G has made x. The label was given, so its columns are dropped.


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
# A gentle D, for x
# -----------------
# R1 of lesson 12 asks that D's score change gently when its input moves. A point can move. A label cannot: there is no class
# between a 3 and a 4. So the penalty has the weight 1 for the columns of x, and 0 for those of y.
pairs, columns = np.hstack([x, y]), only(3, 7)
s, tape = D.forward(pairs)
slopes = D.backward(np.ones_like(s), tape, grads=False)
gentle = R1(2.0, columns)(D, pairs, tape)
print("weights of the columns:", columns)
assert np.isclose(gentle, (slopes[:, :3]**2).sum(axis=1).mean()) and gentle < R1(2.0)(D, pairs, tape)

# %%
# First the ring
# --------------
# Eight Gaussians on a circle, and the class of a point is the number of its Gaussian. We ask for each of them, and look which
# mode each sample is nearest to.
for seed in SEEDS:
    on_the_ring = Conditional("ring")
    on_the_ring.train(RING, steps=RING_STEPS, seed=seed, progress=False)
    asked = np.arange(4000) % 8
    points = on_the_ring.sample(4000, labels=asked, seed=seed)
    nearest = ((points[:, None] - RING.means)**2).sum(axis=-1).argmin(axis=-1)
    print(f"seed {seed}: {np.mean(nearest == asked):.1%} at the mode that was asked for; {mode_report(points, RING)}")
    assert np.mean(nearest == asked) > (0.95 if FAST else 0.999)

# %%
# Who judges?
# -----------
# For digits we need a reader. A support vector machine learns the digits from the *other* half of the images, which G never
# sees. It reads each generated image, and the *agreement* is the share that is read as the digit that was asked for. Before we
# trust this number, the samplers whose worth is known:
judge = digit_judge()
rows = {"real": judge.real} | {name: judge.report(*made) for name, made in judge.controls(901, np.random.default_rng(0)).items()}
print(table(rows))
means, gaussians = rows["class means"], rows["Gaussian per class"]
assert means.agreement > 0.999 and gaussians.agreement > rows["real"].agreement - 0.03

# %%
# The average image of each class agrees perfectly, and so does one Gaussian per class, nearly. Neither is a good generator. The
# first has one image for each digit, and the second makes grey noise around it. *By the agreement alone a blur is the best
# generator.* So two more numbers must stand beside it. Coverage is the share of real images that have a generated one near them,
# and density says how deep the generated images lie among the real ones (lesson 10).
assert means.coverage < 0.4 and gaussians.coverage < 0.78 and gaussians.density < 0.65

# %%
# Digits on demand
# ----------------
# Two hidden layers of 128 in both players, 16 numbers of noise and ten for the label. The generated images get the labels of
# the real images beside them. We ask for a hundred of each digit.
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
# Readers of public code often ask: may G's labels be drawn apart from those of the real images? They may. But a generated image
# must go to D *with the label that G was given*. Here is a round in which one can choose what D is shown beside a real image,
# and beside a generated one. G is always given ``batch.labels``.


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
# *D is not told the label*: it sees zeros. Then its game is p(x) against the mixture of all that G makes. G can win it with any
# division of the images among its labels. A division that agrees with the classes is as good as any other, so there is nothing
# to find it by. The agreement is what guessing gives, one in ten, while the pictures are nearly as good as before. And the
# losses? They are those of the GAN that works.
for report in trained("D is not told", with_labels(hidden, hidden)):
    print(report)
    assert report.agreement < 0.2
    assert FAST or (report.coverage > 0.65 and report.frechet < 3)

# %%
# *D is told another label*: a generated image stands beside the label of another row. Now D can tell the two kinds of pair
# apart by the label alone, since a real image goes with its label and a generated one only by chance. No image that G could
# make would go with ten labels at once. What it learns is to please D a little with each of them, and that is no digit at all.
for report in trained("another label", with_labels(own, another)):
    print(report)
    assert report.agreement < 0.2 and report.coverage < 0.3 and report.frechet > 20

# %%
# All scores together. In the last two kinds every gradient is right, to ten digits. It is the gradient of another game.
print(table(rows))

# %%
# The picture
# -----------
# A line for each digit that was asked for. In one column all images are made from the same noise, so z is left with what the
# label does not say: how upright, how thick, how wide. How much of the variance lies between the lines, in the mean over the
# columns? Without its own label in D, a G learns to leave the label unused.
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
# And the scores. Both axes count: in the upper right corner are real images, the conditional GANs, and copies of the training
# images. That a sampler copies neither axis can see. It is what *nearer* in the table is for, and lesson 23.
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
#   must stand beside it: above 80 % and .75 here, against 72 % and .56 for one Gaussian per class.
# * D without the label: the pictures and the losses stay, and the agreement falls to chance. D with another label: collapse.
#   Both pass every gradient check, and in both G learns to leave its label unused.
# * ``python tests/benchmarks/family.py conditional`` makes the same table with eight seeds.
#
# Mirza & Osindero (2014), *Conditional Generative Adversarial Nets*; Miyato & Koyama (2018), *cGANs with Projection
# Discriminator*.
#
# To try (where an assertion stops you, take it out, and say why it failed):
#
# 1. Draw G's labels apart from the real ones: a round with ``rng.permutation`` of the labels for both G and D. Is it worse?
# 2. ``with_labels(another, own)``: the real images have the wrong labels. What will G learn?
# 3. ``Conditional("digits", hidden=(32, 32))``: which of agreement and coverage suffers more, and why not the other?
# 4. Ask for a digit that is between two classes, half a 3 and half an 8 in the one-hot row of ``inputs``. What comes out, and
#    why?
plots.show("lesson_16")
