"""InfoGAN: does the code become the class, and the factor the quantity that varies? And on which data does it not?"""

import functools
import time

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score as nmi

from tinygan import data, metrics
from tinygan.updates import Rules
from tinygan.zoo import InfoGAN, infogan
from tinygan.zoo.system import Game

from .common import Plan

SAMPLES = 4000
SPOKES, RING, MOONS = (data.by_name(name).standardized() for name in ("spokes", "ring", "moons"))


class Untrained(InfoGAN):
    """The ablation: D's loss lacks the term, so Q stays as it was drawn. G's loss has it."""

    def game(self, given, batch):
        play = super().game(given, batch)
        rules = Rules(self.recipe.loss_object(), play.scheduled)

        def step(players, batch):
            D, G = players["D"].network, players["G"].network
            d = infogan.d_gradients(D, batch.x_real, G(batch.d.rows()), *batch.d[1:], rules.loss, 0.0, rules.penalties)
            players["D"].step()
            g = infogan.g_gradients(G, D, *batch.g, rules.loss, self.recipe.info, batch.x_real)
            players["G"].step()
            return rules.report(d, g.value) | {"information": g.information}

        return Game(play.draw, step, play.scheduled)


def trained(given, seed, recipe, kind=InfoGAN, **changes):
    """(model, scores): the bound is the mean of the last 50 recorded steps; of each factor, how well Q reads it back."""
    model = kind(recipe, **changes)
    start = time.process_time()
    history = model.train(given, seed=seed, progress=False)
    scores = {"cpu_seconds": time.process_time() - start, "information": history.information[-50:].mean()}
    return model, scores


def asked(model, seed, n=SAMPLES):
    """n samples with their codes, in turn, and factors."""
    codes = np.arange(n) % model.recipe.categories
    u = np.random.default_rng((seed, 1)).uniform(-1, 1, (n, model.recipe.factors))
    return codes, u, model.sample(n, codes=codes, factors=u if u.size else None, seed=seed)


def read_back(model, u, x):
    """The smallest |rank correlation| of a factor and what Q reads of it."""
    read = model.read(x).factors
    return {"u_back": min(abs(spearmanr(u[:, j], read[:, j])[0]) for j in range(u.shape[1]))} if u.size else {}


@functools.cache
def lines():
    return cKDTree(data.spokes().path[::10])


def spoke_and_radius(x):
    """The spoke of each sample, its radius, and its distance from the nearest spoke, in the units of `data.spokes`."""
    x = SPOKES.restore(x)
    spoke = np.round(np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi / 5)).astype(int) % 5
    return spoke, np.linalg.norm(x, axis=1), lines().query(x)[0]


def spokes(seed, kind=InfoGAN, **changes):
    model, scores = trained(SPOKES, seed, "spokes", kind, **changes)
    codes, u, x = asked(model, seed)
    spoke, radius, off = spoke_and_radius(x)
    real, true = SPOKES.sample_labelled(SAMPLES, np.random.default_rng((seed, 3)))
    within = [abs(spearmanr(u[codes == k, 0], radius[codes == k])[0]) for k in range(5)]
    return scores | {"nmi": nmi(codes, spoke), "read_nmi": nmi(model.read(real).codes, true), "radius": np.mean(within),
                     "radius_least": min(within), "off": np.median(off)} | read_back(model, u, x)


def ring(seed, **changes):
    model, scores = trained(RING, seed, "ring", **changes)
    codes, _, x = asked(model, seed)
    real, true = RING.sample_labelled(SAMPLES, np.random.default_rng((seed, 3)))
    mode = cKDTree(RING.means).query(x)[1]
    return scores | {"nmi": nmi(codes, mode), "read_nmi": nmi(model.read(real).codes, true)}


@functools.cache
def halves_of_moons():
    path = MOONS.path[::100]
    return cKDTree(path), np.arange(len(path)) < len(path) / 2


def moons(seed):
    tree, upper = halves_of_moons()
    model, scores = trained(MOONS, seed, "moons", categories=2)
    codes, u, x = asked(model, seed)
    real = MOONS.sample(SAMPLES, np.random.default_rng((seed, 3)))
    made, true = (upper[tree.query(points)[1]] for points in (x, real))
    return scores | {"nmi": nmi(codes, made), "read_nmi": nmi(model.read(real).codes, true)} | read_back(model, u, x)


@functools.cache
def drawn_bars(n=2000):
    """Images of 8 x 8 pixels with one bar each, upright or lying, at any place."""
    rng = np.random.default_rng(0)
    profile = np.exp(-(np.arange(8) - rng.uniform(1, 6, (n, 1)))**2 / (2 * .7**2))
    lying = rng.integers(2, size=n).astype(bool)
    image = np.where(lying[:, None, None], profile[:, :, None], profile[:, None, :]) * np.ones((1, 8, 8))
    return data.Points(2 * image.reshape(n, 64) - 1 + .02 * rng.standard_normal((n, 64)), "bars", labels=lying.astype(int))


def bars(seed):
    given = drawn_bars()
    model, scores = trained(given, seed, "digits", hidden=(64, 64), categories=2, factors=1, info=.1)
    codes, u, x = asked(model, seed)
    image = x.reshape(-1, 8, 8)
    lying = image.mean(axis=2).var(axis=1) > image.mean(axis=1).var(axis=1)
    return scores | {"nmi": nmi(codes, lying), "read_nmi": nmi(model.read(given.x).codes, given.labels)} | read_back(model, u, x)


def named(groups_training, groups_held_out):
    """How well groups agree with the digits of the held-out half; each group is called by its commonest digit in training."""
    training, held_out = data.halves()
    count = np.zeros((10, 10))
    np.add.at(count, (groups_training, training.labels), 1)
    return {"read_nmi": nmi(groups_held_out, held_out.labels),
            "error": np.mean(count.argmax(axis=1)[groups_held_out] != held_out.labels)}


def ink(x):
    """How much black there is in each image."""
    return x.sum(axis=1)


def slant(x):
    """How far each image leans: the slope of the regression of the column on the row, weighed by the ink."""
    weight = np.maximum(x.reshape(-1, 8, 8) + 1, 0)
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    row, column = (place - (weight * place).sum(axis=(1, 2), keepdims=True) for place in np.mgrid[:8, :8])
    return (weight * row * column).sum(axis=(1, 2)) / (weight * row**2).sum(axis=(1, 2))


def images(report):
    return {name: getattr(report, name) for name in ("frechet", "coverage", "density")}


def digits(seed, kind=InfoGAN, **changes):
    training, held_out = data.halves()
    model, scores = trained(training, seed, "digits", kind, **changes)
    codes, u, x = asked(model, seed, 901)
    judge = metrics.digit_judge()
    found = named(*(model.read(half.x).codes for half in (training, held_out)))
    meant = {name: max(abs(spearmanr(u[:, j], of(x))[0]) for j in range(2)) for name, of in (("slant", slant), ("ink", ink))}
    return scores | {"nmi": nmi(codes, judge.read(x))} | found | images(judge.report(x)) | read_back(model, u, x) | meant


def k_means(seed):
    training, held_out = data.halves()
    groups = KMeans(10, n_init=10, random_state=seed).fit(training.x)
    return named(groups.labels_, groups.predict(held_out.x))


def fixed():
    return {"digits: real images": images(metrics.digit_judge().real)}


ABOUT = """\
InfoGAN on five spokes, where the code becomes the spoke and u the place along it, and on data where that is not so.
information: the bound L_I of the categories in nats, at most ln K: 1.609 (spokes), 2.079 (ring), .693 (moons, bars), 2.303
(digits). nmi: agreement of the code that was asked for with the class of the sample (spoke, mode, moon, direction of the bar,
digit as an SVM reads it), 0 to 1. read_nmi: the same of the code that Q reads from new real points. radius: the |rank
correlation| of u with the radius within a code, the mean of the five codes; radius_least: the smallest of the five. off: the
median distance of samples from the nearest spoke, whose noise is .03. u_back: the smallest |rank correlation| of a factor with
what Q reads of it. slant, ink: the larger |rank correlation| of the two factors with how far a digit leans, and with its ink.
error: share of held-out digits that Q's codes call wrong, where each code is called by its commonest digit in training.
Q never trained: the term is left out of D's loss. k-means: ten groups of the training images' pixels, without any GAN."""

PLAN = Plan(
    ABOUT,
    rows={
        "spokes": spokes,
        "spokes, z of 8 dimensions": functools.partial(spokes, latent=8),
        "spokes, info 0": functools.partial(spokes, info=0),
        "spokes, info .03": functools.partial(spokes, info=.03),
        "spokes, info .1": functools.partial(spokes, info=.1),
        "spokes, info 1": functools.partial(spokes, info=1),
        "spokes, Q never trained": functools.partial(spokes, kind=Untrained),
        "ring": ring,
        "ring, info .01": functools.partial(ring, info=.01),
        "ring, info 1": functools.partial(ring, info=1),
        "moons": moons,
        "bars": bars,
        "digits": digits,
        "digits, info 0": functools.partial(digits, info=0),
        "digits, info 1": functools.partial(digits, info=1),
        "digits, Q never trained": functools.partial(digits, kind=Untrained),
        "digits, k-means": k_means,
    },
    bars={
        ("spokes", "information"): ("at least", 1.599), ("spokes", "nmi"): ("at least", .9995),
        ("spokes", "radius"): ("at least", .99), ("spokes", "radius_least"): ("at least", .98),
        ("spokes", "read_nmi"): ("at least", .9995),
        ("spokes, z of 8 dimensions", "information"): ("at least", 1.599),
        ("spokes, z of 8 dimensions", "nmi"): ("at least", .9995),
        ("spokes, z of 8 dimensions", "radius"): ("at least", .99),
        **{("spokes, info 0", column): ("at most", .7) for column in ("information", "nmi", "read_nmi", "radius")},
        ("spokes, Q never trained", "information"): ("at most", .7),
        ("ring", "information"): ("at least", 2.05), ("digits", "information"): ("at least", 2.28),
        ("digits", "coverage"): ("at least", .6), ("digits, info 0", "information"): ("at most", .7),
        ("digits, info 1", "coverage"): ("at most", .5), ("digits, Q never trained", "coverage"): ("at most", .5)},
    fixed=fixed)
