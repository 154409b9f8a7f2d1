r"""
An encoder in the game
======================

A generator goes from noise z to a picture x. Which z belongs to a given x? Can the game itself teach the way back?

BiGAN (Donahue et al. 2017; Dumoulin et al. 2017, who call it ALI) adds a third player, an encoder E from x to z. Nobody ever
compares x with G(E(x)). D looks at pairs, and that is all. We train it on handwritten digits, look at digits that no player has
seen, and put simpler ways back beside it.
"""

import os
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from tinygan import data, losses, mlp, plots
from tinygan.engine import gradcheck
from tinygan.engine.layers import Tanh
from tinygan.metrics import digit_judge
from tinygan.plots import FAKE, JUDGE, TRUE, sheets
from tinygan.zoo import BiGAN, bigan
from tinygan.zoo.joining import joined

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer seeds and steps
LOSS = losses.Relativistic()  # with NonSaturating() it works as well
SEEDS = range(2 if FAST else 3)  # of each run; every claim must hold for each of them
STEPS = 1200 if FAST else 3000  # of the game; with 200 G has no digits yet that E could find
SMALL = dict(hidden=(64, 64), hidden_d=(192, 192), lr_d=8e-3, steps=STEPS)  # hidden_d=(64, 64): what comes back is another digit
plt.rcParams.update(plots.STYLE)

# %%
# Pairs
# -----
# There are two ways to get a pair of a picture and a code. Take a real picture and let E say its code, :math:`(x, E(x))`. Or take
# noise and let G make its picture, :math:`(G(z), z)`. D is an ordinary discriminator whose points are such pairs:
#
# .. math:: \min_{G, E}\max_D\; E\log D(x, E(x)) + E\log(1 - D(G(z), z)).
#
# If D cannot tell the two kinds apart, then they have one distribution. In the second kind the picture is always G of the code. So
# it is in the first kind too: :math:`G(E(x)) = x`. In the first kind the code is always E of the picture, and so :math:`E(G(z)) =
# z`. That is the whole idea. It is a statement about the end of a perfect game, and we shall see how near one comes.

# %%
# One loss for two players
# ------------------------
# Let r be the scores of the real pairs, f those of the generated ones. D minimises its loss :math:`L(r, f)`, and G and E minimise
# the same loss with the pairs exchanged, :math:`L(f, r)`. With cross-entropy G wants f to rise, as ever, and E wants r to
# *fall*: it holds the pair that is real already. One backward pass through D gives the derivative by a whole pair. G needs its
# columns of x, E needs its columns of z.


def turned(z, shift):
    """The rows of z, turned by `shift` rows; by 0 they stay."""
    return np.concatenate([z[shift:], z[:shift]])


def ge_by_hand(G, E, D, x, z, shift=0):
    """The loss of G and E; fills G.grad and E.grad. With a shift each picture stands beside the code of another row."""
    (code, tape_e), (x_fake, tape_g) = E.forward(x), G.forward(z)
    r, tape_real = D.forward(joined(x, turned(code, shift)))
    f, tape_fake = D.forward(joined(x_fake, turned(z, shift)))
    value, df, dr = LOSS.d(f, r)  # exchanged: f stands where D's own loss has r
    dx = D.backward(df, tape_fake, grads=False)[:, :G.d_out]
    dcode = D.backward(dr, tape_real, grads=False)[:, G.d_out:]
    G.zero_grad()
    E.zero_grad()
    G.backward(dx, tape_g)
    E.backward(turned(dcode, -shift), tape_e)
    return value


# %%
# Is it right? Move each parameter of G and of E a little, and compare: with small networks in float64 this takes a moment. The
# shift is right, too: it is another game, with a gradient of its own. And ``tinygan.zoo.bigan`` has the same gradient.
rng = np.random.default_rng(0)
small = [mlp(*sizes, activation=Tanh, dtype=np.float64, seed=i) for i, sizes in enumerate(((2, 5, 3), (3, 5, 2), (5, 6, 1)))]
x, z = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))


def checked(net, shift):
    """What finite differences say of net.grad."""
    def value(theta):
        net.theta = theta
        return float(ge_by_hand(*small, x, z, shift))

    start = net.theta.copy()
    value(start)
    return gradcheck.check(value, net.grad.copy(), start)


for shift in (0, 1):
    assert all(checked(net, shift).ok for net in small[:2])
ge_by_hand(*small, x, z)
ours = [net.grad.copy() for net in small[:2]]
bigan.ge_gradients(*small, x, z, LOSS)
assert all(np.allclose(mine, net.grad, rtol=1e-12, atol=1e-14) for mine, net in zip(ours, small, strict=False))

# %%
# A step
# ------
# D moves first, then G and E against the D that has just moved. D's own gradient is that of lesson 05, on pairs. The class
# ``BiGAN`` brings all the rest: networks, R1 and R2, averages of G and of E. We only give it our step. In ``Torn`` each picture
# stands beside the code of the next row. D then sees the same pictures and the same codes, but nothing of which belong
# together. That is our control: an encoder outside the game.


def step_by_hand(shift, penalties, players, batch):
    D, G, E = (players[name].network for name in "DGE")
    real, fake = (batch.x_d, turned(E(batch.x_d), shift)), (G(batch.z_d), turned(batch.z_d, shift))
    d = bigan.d_gradients(D, *real, *fake, LOSS, penalties)
    players["D"].step()
    g_loss = ge_by_hand(G, E, D, batch.x_ge, batch.z_ge, shift)
    players["G"].step()
    players["E"].step()
    return {"d_loss": d.value, "g_loss": g_loss}


class ByHand(BiGAN):
    shift = 0

    def game(self, points, batch):
        game = super().game(points, batch)
        return game._replace(step=partial(step_by_hand, self.shift, game.scheduled))


class Torn(ByHand):
    shift = 1


# %%
# Learn from one half of the digits, look at the other
# ----------------------------------------------------
# ``data.halves()`` has 896 digits for the players, and 901 that nobody sees. A code has 8 numbers, a picture 64 pixels.
seen, unseen = data.halves()
pictures, classes = unseen.x, unseen.labels


def trained(kind, seed):
    model = kind("digits", **SMALL)
    model.train(seen, seed=seed, progress=False)
    return model


models = {"BiGAN": [trained(ByHand, seed) for seed in SEEDS], "torn pairs": [trained(Torn, seed) for seed in SEEDS]}
back = {name: [model.reconstruct(pictures) for model in each] for name, each in models.items()}

# %%
# Other ways back
# ---------------
# A number says nothing alone. The *latent regressor* needs no game. G is finished, and E learns to tell z from G(z), by plain
# least squares: draw any z, and there is a target. *PCA* keeps 8 numbers of each picture, those of the 8 directions in which the
# seen digits vary most. Then two ways that do not look: the *mean image*, always the same, and *another image* of the same class.


def regressed(model, seed):
    E = model.networks["E"].copy()
    E.theta = mlp(64, 64, 64, 8, seed=seed + 100).theta  # begins anew
    bigan.latent_regressor(model.network("G"), E, steps=STEPS, seed=seed)
    return E


regressors = [regressed(model, seed) for seed, model in enumerate(models["BiGAN"])]
back["latent regressor"] = [model.network("G")(E(pictures)) for model, E in zip(models["BiGAN"], regressors, strict=True)]
mean = seen.x.mean(axis=0)
directions = np.linalg.svd(seen.x - mean, full_matrices=False)[2][:8]
back["PCA"] = [(pictures - mean) @ directions.T @ directions + mean]
back["mean image"] = [np.broadcast_to(mean, pictures.shape)]
order = np.argsort(classes, kind="stable")
another = np.empty_like(pictures)
another[order] = pictures[np.roll(order, 1)]  # the one before it in the order of classes, nearly always of the same class
back["another image"] = [another]

# %%
# How near, and which digit
# -------------------------
# We look at the mean square of the difference of two pixels, at its root beside that of a *mismatch*, x against the
# picture that came back from another x', and at the class that a support vector machine reads.


def error(images):
    return np.mean((images - pictures) ** 2)


def ratio(images):
    """The root of the error, as a share of that of all mismatches."""
    n, own = len(pictures), ((images - pictures) ** 2).sum()
    every = n * (images**2).sum() + n * (pictures**2).sum() - 2 * images.sum(axis=0) @ pictures.sum(axis=0)
    return np.sqrt(own / n / ((every - own) / (n * (n - 1))))


judge = digit_judge()
scores = {name: np.array([(error(x), ratio(x), np.mean(judge.read(x) == classes)) for x in each]) for name, each in back.items()}
for name, each in scores.items():
    print(f"{name:>17}: error", *each[:, 0].round(3), " of a mismatch's", *each[:, 1].round(2), " class kept", *each[:, 2].round(2))
