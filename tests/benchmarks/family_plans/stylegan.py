"""StyleGAN on digits: is w a better place than z, do coarse styles rule, and what does truncation trade?"""

import time

import numpy as np
from sklearn.linear_model import LogisticRegression

from tinygan import data
from tinygan.engine.arguments import spawn
from tinygan.engine.network import forward_through
from tinygan.metrics import digit_judge
from tinygan.zoo import StyleGAN
from tinygan.zoo.stylegan import path_lengths

from .common import Plan

TRAINING = data.halves().training
SAMPLES, READ, LEARNED = 1000, 6000, 4000  # images that are scored; that a linear reader sees; of these it learns from so many


def read(codes, classes):
    """The share of classes that a linear reader finds in codes that it has not learned from."""
    codes = (codes - codes.mean(axis=0)) / codes[:LEARNED].std()
    reader = LogisticRegression(max_iter=400).fit(codes[:LEARNED], classes[:LEARNED])
    return float(reader.score(codes[LEARNED:], classes[LEARNED:]))


def latents(model, n, seed):
    """The normalised z of styles(n, seed=seed), made again, and their w."""
    z = np.random.default_rng(spawn(seed, 2)[0]).standard_normal((n, model.recipe.latent), np.float32)
    return z / np.sqrt((z**2).mean(axis=1, keepdims=True)), model.styles(n, seed=seed)


def exchanged(model, seed, n=500):
    """Images; the same with the coarse styles of others; with their fine styles; and the others."""
    w = model.styles(2 * n, seed=seed)
    one, other = w[:n], w[n:]
    return [model.paint(styles, seed=seed) for styles in (one, model.mixed(other, one), model.mixed(one, other), other)]


def coarse_over_fine(start, coarse, fine, _):
    """How far an image moves with the coarse styles of another, in squares, over the same with its fine styles."""
    return ((coarse - start)**2).sum() / ((fine - start)**2).sum()


def whose_class(start, _, fine, other):
    """How often a mixed image is read as the image that its coarse styles are of, and as that of its fine styles."""
    a, b, c = map(digit_judge().read, (start, other, fine))
    return {"class of coarse": (c == a)[a != b].mean(), "class of fine": (c == b)[a != b].mean()}


def images(G, w):
    """The images that have the styles w in all layers, without noise."""
    return G.synthesis.forward(np.concatenate([np.tile(w, (1, G.n_styles)), np.zeros((len(w), noise_of(G)))], axis=1))[0]


def noise_of(G):
    """The numbers of noise in a row of G's input."""
    return G.d_in - 2 * G.latent - 1


def chord_over_arc(model, seed, n=500, eps=1e-3):
    """The path length in w over that in z: squared changes of the image for a small step on the way between two."""
    G = model.network("G").copy(np.float64)
    rng = np.random.default_rng(seed)
    z, t = rng.standard_normal((2, n, G.latent)), rng.random((n, 1))
    a, b = z / np.linalg.norm(z, axis=-1, keepdims=True)
    angle = np.arccos((a * b).sum(axis=1, keepdims=True))

    def w_of(z):
        return forward_through(G.net, z)[0]

    def on_arc(t):
        return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)

    wa, wb = w_of(a), w_of(b)
    in_z = ((images(G, w_of(on_arc(t + eps))) - images(G, w_of(on_arc(t))))**2).sum(axis=1).mean()
    in_w = ((images(G, wa + (t + eps) * (wb - wa)) - images(G, wa + t * (wb - wa)))**2).sum(axis=1).mean()
    return in_w / in_z


def unevenness(model, seed, n=500):
    """The standard deviation of the path lengths |J_w' y| over their mean."""
    G = model.network("G").copy(np.float64)
    rng = np.random.default_rng(seed)
    w = np.tile(model.styles(n, seed=seed), (1, G.n_styles)).astype(float)
    _, made = G.synthesis.forward(np.concatenate([w, rng.standard_normal((n, noise_of(G)))], axis=1))
    y = rng.standard_normal((n, 64)) / 8
    r = path_lengths(G, made, y, 1, 0 * y).lengths
    return float(r.std() / r.mean())


def scored(model, seed):
    """All that is claimed of a trained model."""
    judge, x, cut = digit_judge(), model.sample(SAMPLES, seed=seed), model.sample(SAMPLES, seed=seed, truncation=.7)
    report, less = judge.report(x), judge.report(cut)
    z, w = latents(model, READ, seed)
    classes = judge.read(model.paint(w, seed=seed))
    bare = StyleGAN(model.recipe).build(TRAINING, seed=1000 + seed)
    in_z, in_w, untrained = read(z, classes), read(w, classes), read(latents(bare, READ, seed)[1], classes)
    four = exchanged(model, seed)
    noise = model.paint(w[:SAMPLES], seed=seed) - model.paint(w[:SAMPLES], seed=seed + 1)
    return {"frechet": report.frechet, "coverage": report.coverage, "density": report.density, "nearer": report.nearer,
            "class from z": in_z, "from w": in_w, "w - z": in_w - in_z, "w - untrained": in_w - untrained, **whose_class(*four),
            "coarse/fine": coarse_over_fine(*four), "untrained coarse/fine": coarse_over_fine(*exchanged(bare, seed)),
            "density, psi .7": less.density, "coverage, psi .7": less.coverage,
            "variance, psi .7": cut.var(axis=0).sum() / x.var(axis=0).sum(),
            "variance by noise": (noise**2).sum(axis=1).mean() / 2 / x.var(axis=0).sum(),
            "path w/z": chord_over_arc(model, seed), "untrained path w/z": chord_over_arc(bare, seed),
            "unevenness": unevenness(model, seed)}


def trained(**changes):
    def run(seed):
        model, start = StyleGAN("digits", **changes), time.process_time()
        model.train(TRAINING, seed=seed, progress=False)
        seconds = time.process_time() - start
        return {**scored(model, seed), "cpu_seconds": seconds}
    return run


def later(run):
    """The same with seeds 200 to 207, on which nothing was chosen."""
    return lambda seed: run(200 + seed)


STYLE = "StyleGAN"
PLAN = Plan(
    "1000 images, and all images that are compared have the same noise. A linear reader (logistic regression) finds the class "
    "that a judge sees from z, from w, and from the w of an untrained mapping: 4000 images to learn from, 2000 to be read. "
    "coarse/fine: how far the image moves, in squares, with the coarse styles of another image, over the same with its fine "
    "styles. psi .7: truncation. path w/z: the squared path length along chords of w over that along arcs of z. unevenness: the "
    "standard deviation of the lengths |J_w' y| over their mean, which path-length regularisation makes small.",
    {STYLE: trained(), "seeds 200 to 207": later(trained()), "mixing .5": trained(mixing=.5),
     "modulation": trained(style="modulation"), "modulation, path length": trained(style="modulation", path_length=1.)},
    {(STYLE, "w - z"): ("at least", .08), (STYLE, "w - untrained"): ("at least", .25), (STYLE, "coarse/fine"): ("at least", 1.15),
     (STYLE, "untrained coarse/fine"): ("at most", .8), (STYLE, "frechet"): ("at most", 6),
     (STYLE, "variance, psi .7"): ("at most", .9), (STYLE, "cpu_seconds"): ("at most", 20)})
