"""Figures of the papers that the package is made from, drawn anew with its own code.

    python tests/benchmarks/papers.py mescheder arjovsky gulrajani [--out FOLDER]
    python tests/benchmarks/papers.py metz pacgan pacgan_digits [--work FOLDER]    long; goes on with the runs in the folder
    python tests/benchmarks/papers.py metz --quick --out FOLDER                 small: does it run?

Each name is a figure, or a table: a picture papers_NAME.png, a table papers_NAME.txt, and the numbers in papers_NAME.json. The
docstring of each function says which settings are those of the paper or of its authors' code, and which are not. Seeds count
from 0.
"""

import argparse
import dataclasses
import json
import math
import os
import platform
import time
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from tinygan import data, dirac, losses, metrics, mlp, plots, stacked
from tinygan.engine.arguments import spawn
from tinygan.engine.base import Layer
from tinygan.engine.features import Pack
from tinygan.engine.initial import orthogonal
from tinygan.engine.layers import Dense, ReLU
from tinygan.engine.network import Sequential
from tinygan.engine.norm import BatchNorm
from tinygan.engine.numerics import sigmoid
from tinygan.engine.optim import Adam, Clipped
from tinygan.files import atomic_write
from tinygan.metrics.line import jensen_shannon
from tinygan.metrics.tables import aligned
from tinygan.penalties import WGANGP
from tinygan.recipe import Recipe
from tinygan.streams import Streams, TwoPlayerDraw
from tinygan.study import Remedy, Setup, run_study
from tinygan.training import Training, train
from tinygan.unroll import unrolled_g_gradients
from tinygan.updates import Player, Rules, d_step

RESULTS = Path(__file__).parents[2] / "docs" / "results"


# ---------------------------------------------------------------- Mescheder et al. 2018: the Dirac-GAN


def with_gp(weight, target):
    """WGAN-GP on a linear critic: psi' gains -weight (|psi| - target) sign(psi)."""
    return lambda point: dirac.wasserstein(point) - weight * (np.abs(point) - target) * np.sign(point) * dirac.PSI


def with_noise(std, nodes=64):
    """The minimax field where real and fake points have Gaussian noise, with exact means (Gauss-Hermite)."""
    e, w = np.polynomial.hermite_e.hermegauss(nodes)
    e, w = std * e, w / w.sum()

    def field(point):
        theta, psi = point[..., :1], point[..., 1:]
        fake = theta + e
        slope = sigmoid(-psi * fake)
        return np.stack([(-psi * slope) @ w, (fake * slope - e * sigmoid(psi * e)) @ w], axis=-1)

    return field


DIRAC = {"GAN": (dirac.minimax, math.inf), "non-saturating": (dirac.non_saturating, math.inf),
         "WGAN, clip 1": (dirac.wasserstein, 1), "WGAN-GP .7, target 1": (with_gp(.7, 1.), math.inf),
         "consensus 1": (dirac.with_consensus(1.), math.inf), "instance noise .7": (with_noise(.7), math.inf),
         "R1 .3": (dirac.with_r1(dirac.minimax, .3), math.inf),
         "R1 1, critical": (dirac.with_r1(dirac.minimax, 1.), math.inf),
         "non-saturating, R1 .3": (dirac.with_r1(dirac.non_saturating, .3), math.inf)}


def mescheder(quick):
    """Training of the Dirac-GAN: step .2, start (1, 1), 500 steps, and all weights as in the authors' notebook.

    The noise's means are exact here, where theirs are of 1000 draws.
    """
    lines, runs, steps = [["", "both at once", "D, then G"]], {}, 50 if quick else 500
    figure, axes = plt.subplots(2, 9, figsize=(15, 3.9), sharex=True, sharey=True)
    for column, (name, (field, clip)) in zip(axes.T, DIRAC.items(), strict=True):
        ends = []
        for ax, step in zip(column, (dirac.simultaneous, dirac.alternating), strict=True):
            path = dirac.trajectory(field, step, (1., 1.), steps, .2, clip)
            ends.append(float(np.hypot(*path[-1])))
            ax.plot(*path.T, color=plots.JUDGE, linewidth=.6)
            ax.plot(*path[0], "o", color="0.3", markersize=3)
            ax.plot(*path[-1], "o", color=plots.FAKE, markersize=3)
            ax.plot(0, 0, "+", color="black")
            ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal")
        column[0].set_title(name)
        column[1].set_xlabel("$\\theta$")
        lines.append([name, *(f"{end:.4f}" for end in ends)])
        runs[name] = ends
    for ax, words in zip(axes[:, 0], ("both at once\n$\\psi$", "D, then G\n$\\psi$"), strict=True):
        ax.set_ylabel(words)
    return f"The distance from the equilibrium after {steps} steps; it is 1.4142 at the start.\n{aligned(lines)}\n", runs, figure


# ---------------------------------------------------------------- Arjovsky et al. 2017


def of_lines(theta, cells=400):
    """W1 and JS between the lines {0} x [0, 1] and {theta} x [0, 1]: both are distances between their first coordinates."""
    edges = np.linspace(-1.5, 1.5, cells + 1)
    zero, moved = np.zeros(1000), np.full(1000, theta)
    p, q = (np.histogram(x, edges)[0] / x.size for x in (zero, moved))
    return metrics.wasserstein_1d(zero, moved), jensen_shannon(p, q)


def judges(quick):
    """A discriminator, and a critic with clipped weights, each trained alone on N(-2, 1/2) and N(2, 1/2): D(x), f(x) and f."""
    real, fake = data.gaussians_1d([-2.], .5), data.gaussians_1d([2.], .5)
    x, found = np.linspace(-5, 5, 401)[:, None], {}
    for name, loss, opt in (("D", losses.NonSaturating(), Adam(1e-3)), ("critic", losses.Wasserstein(), Clipped(Adam(1e-3), .1))):
        net, rng = mlp(1, 64, 64, 1, seed=0), np.random.default_rng(0)
        for _ in range(100 if quick else 3000):
            d_step(net, opt, real.sample(256, rng), fake.sample(256, rng), loss)
        s, tape = net.forward(x.astype(np.float32))
        slope = net.backward(np.ones_like(s), tape, grads=False)
        found[name] = s[:, 0].astype(float), slope[:, 0].astype(float)
    return x[:, 0], found


def arjovsky(quick):
    """Figure 1: two parallel lines, as in example 1. Figure 2: two Gaussians; the paper does not give them, nor the networks.

    Here they are N(-2, 1/2), real, and N(2, 1/2), fake; both nets 2 x 64 ReLU, Adam 1e-3, 3000 steps of 256, clip .1.
    """
    thetas = np.linspace(-1, 1, 41)
    w, js = np.array([of_lines(theta) for theta in thetas]).T
    x, found = judges(quick)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    left.plot(thetas, w, color=plots.JUDGE, label="$W_1$, the earth mover's distance")
    left.plot(thetas, js, "o", color=plots.FAKE, markersize=3, label="JS divergence, nats")
    left.set(xlabel="$\\theta$, how far the lines are apart", title="Two parallel lines")
    (score, slope), (critic, critic_slope) = found["D"], found["critic"]
    d = sigmoid(score)
    scale = np.abs(critic).max()
    both = [data.gaussians_1d([mean], .5).sample(2000, np.random.default_rng(1))[:, 0] for mean in (-2., 2.)]
    right.hist(both, bins=60, density=True, color=[plots.TRUE, plots.FAKE], alpha=.3, histtype="stepfilled")
    right.plot(x, d, color=plots.FAKE, label="discriminator, D(x)")
    right.plot(x, critic / scale, color=plots.JUDGE, label="critic, scaled to 1")
    right.set(xlabel="x", title="Two Gaussians: blue is real, red is fake")
    for ax in (left, right):
        ax.legend(loc="upper center", bbox_to_anchor=(.5, -.2), ncol=2)
    at = {f"{place:g}": int(np.abs(x - place).argmin()) for place in (1., 2., 3.)}
    # what a minimax G is told at a fake point: d log(1 - D) / dx = -D s'
    lines = [["at the fake point x =", *at],
             ["D(x)", *(f"{d[i]:.1e}" for i in at.values())],
             ["gradient of log(1 - D)", *(f"{abs(d[i] * slope[i]):.1e}" for i in at.values())],
             ["gradient of the critic, over its largest", *(f"{abs(critic_slope[i]) / np.abs(critic_slope).max():.2f}"
                                                            for i in at.values())]]
    text = (f"Parallel lines: W1 falls from {w[0]:.3f} to {w.min():.3f}; JS is {js[0]:.4f} (ln 2 = {math.log(2):.4f}) wherever "
            f"the lines are apart, and {js.min():.4f} where they are one.\n\nTwo Gaussians:\n{aligned(lines)}\n")
    return text, {"theta": thetas.tolist(), "w1": w.tolist(), "js": js.tolist(), "table": lines}, figure


# ---------------------------------------------------------------- Gulrajani et al. 2017


def critic_on(mixture, penalty, steps, seed=0, width=128):
    """A critic trained against the data with noise of standard deviation 1 added."""
    net, rng = mlp(2, width, width, width, 1, seed=seed), np.random.default_rng(seed)
    opt = Adam(1e-3, .5, .9) if penalty else Clipped(Adam(5e-4, 0., .9), .01)
    for _ in range(steps):
        x = mixture.sample(256, rng)
        fake = mixture.sample(256, rng) + rng.standard_normal((256, 2))
        d_step(net, opt, x, fake, losses.Wasserstein(), (WGANGP(.1),) if penalty else (), rng)
    return net


def gulrajani(quick):
    """Level sets of critics. As in the authors' gan_toy.py: the data and their scales, noise of standard deviation 1 as the
    generator, batch 256, three layers, clip .01, lambda .1, Adam (.5, .9). Others: 128 units for 512, rates ten times theirs and
    3000 steps; for RMSProp, Adam without its first memory.
    """
    sets = {"8 Gaussians": data.ring(), "25 Gaussians": data.grid(), "Swiss roll": data.swiss_roll()}
    side = np.linspace(-2, 2, 61)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    figure, axes = plt.subplots(2, 3, figsize=(8.4, 6), sharex=True, sharey=True)
    lines, runs = [["", "", "modes above between", "gradient, median", "largest"]], {}
    for column, (name, kind) in zip(axes.T, sets.items(), strict=True):
        mixture = kind.standardized()
        points = mixture.sample(400, np.random.default_rng(5))
        for ax, penalty in zip(column, (False, True), strict=True):
            D = critic_on(mixture, penalty, 30 if quick else 3000)
            s, tape = D.forward(grid.astype(np.float32))
            slope = np.linalg.norm(D.backward(np.ones_like(s), tape, grads=False), axis=-1)
            ax.contour(side, side, s.reshape(61, 61), 12, cmap="viridis", linewidths=.8)
            ax.plot(*points.T, ".", color=plots.TRUE, markersize=1.5)
            ax.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
            if not penalty:
                ax.set_title(name)
            way, above = "gradient penalty" if penalty else "clipping", peaks(D, mixture) / float(s.std())
            median, largest = float(np.median(slope)), float(slope.max())
            lines.append([name, way, "-" if math.isnan(above) else f"{above:.2f}", f"{median:.1e}", f"{largest:.1e}"])
            runs[f"{name}, {way}"] = {"above": None if math.isnan(above) else above, "median": median, "largest": largest}
    for ax, words in zip(axes[:, 0], ("weight clipping", "gradient penalty"), strict=True):
        ax.set_ylabel(words)
    text = ("\"Modes above between\": how much higher the critic is at the modes than halfway to their nearest neighbours, in\n"
            "standard deviations of its values over the square.\n" + aligned(lines, left=2) + "\n")
    return text, runs, figure


def peaks(D, mixture):
    """The mean of D at the modes, less its mean halfway to their nearest neighbours; NaN where there are no modes."""
    if not isinstance(mixture, data.Mixture):
        return math.nan
    means = mixture.means
    apart = np.linalg.norm(means[:, None] - means, axis=-1) + np.where(np.eye(len(means)), np.inf, 0)
    between = (means + means[apart.argmin(axis=-1)]) / 2
    return float(D(means).mean() - D(between).mean())


# ---------------------------------------------------------------- Metz et al. 2017: unrolling


class Quarter(Layer):
    """y = x / 4, so that the ring's points lie within (-1, 1)."""

    def __init__(self, d):
        self.d = self.k = d

    def forward(self, x):
        return x / 4, None

    def backward(self, dy, tape, grads=True):
        return dy / 4

    def tangent(self, x_dot, tape):
        return x_dot / 4, None

    def tangent_backward(self, dy, dy_dot, tape, tape_dot):
        return dy / 4, dy_dot / 4


def metz_training(unroll, seed, steps, batch):
    """The training of one run, not yet begun."""
    init = orthogonal(.8)
    G = mlp(256, 128, 128, 2, seed=2 * seed, init=init)
    D = Sequential(Quarter(2), Dense(2, 128), ReLU(), Dense(128, 1), seed=2 * seed + 1, init=init)
    rules = Rules(losses.Minimax(), (), partial(unrolled_g_gradients, steps=unroll, lr=.1, zero_sum=True))
    players = {"D": Player(D, Adam(1e-4, .5)), "G": Player(G, Adam(1e-4, .5))}
    draw = TwoPlayerDraw(data.ring(), batch, 1, G.d_in, G.dtype)
    return Training(players, draw, rules.step(), steps=steps, streams=Streams(seed))


def metz_run(unroll, seed, steps, batch, every, work):
    """What G makes of one noise every so many steps (K, 10 000, 2), and seconds; what is in `work` is not made again."""
    path, training = work / f"metz-{unroll}-{seed}-{steps}.npz", metz_training(unroll, seed, steps, batch)
    G = training.players["G"].network
    z = np.random.default_rng(100 + seed).standard_normal((10_000, G.d_in)).astype(np.float32)
    x, seconds = [G(z)], 0.0
    if path.is_file():
        with np.load(path) as found:
            x, seconds = [*found["x"]], float(found["seconds"])
            if len(x) * every <= steps:
                training.load_state({name.removeprefix("state."): found[name] for name in found if name.startswith("state.")})
    while len(x) * every <= steps:
        start = time.thread_time()
        training.advance(every)
        x.append(G(z))
        seconds += time.thread_time() - start
        with atomic_write(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, x=np.stack(x), seconds=seconds, **{f"state.{name}": part for name, part in training.state().items()})
    return np.stack(x), [every * k for k in range(len(x))], seconds


def metz(quick, work):
    """Figure 2, the ring over the steps, without unrolling and with 10 unrolled steps. The settings are those of the paper's
    appendix, as far as we know them: the ring, z of 256, G of 2 x 128 ReLU, D of one hidden layer behind x / 4, orthogonal
    weights times .8, one loss for both, Adam (.5) with rates 1e-4, 25 000 steps. Not known: how many units D has, and the batch.
    Here they are 128, and 512 as in the authors' notebook. Others: unrolled steps of plain gradient descent, of size .1, where
    the paper has Adam's.
    """
    steps, batch, every, seeds = (40, 32, 20, 1) if quick else (25_000, 512, 5000, 1)
    mixture, rows, runs, shown = data.ring(), [["", "seed", "visited on the way", "mode with most samples", "its share, %",
                                                                          "high quality", "CPU s"]], {}, {}
    for seed in range(seeds):
        for unroll in (0, 10):
            x, at, seconds = metz_run(unroll, seed, steps, batch, every, work)
            shown.setdefault(unroll, x)
            found = [metrics.mode_report(one, mixture) for one in x]
            visited, end, (most, shares) = [report.modes_visited for report in found], found[-1], crowded(x, mixture)
            rows.append([f"{unroll} unrolled steps", f"{seed}", *(" ".join(map(str, row)) for row in (visited, most, shares)),
                         f"{end.high_quality:.1%}", f"{seconds:.0f}"])
            runs[f"{unroll}, seed {seed}"] = {"visited": visited, "most": most, "share": shares,
                                              "high quality": [report.high_quality for report in found],
                                              "end": {key: None if math.isnan(score) else score
                                                      for key, score in end._asdict().items()}}
    table = aligned([rows[0], *sorted(rows[1:], key=lambda row: len(row[0]))], left=2)
    text = (f"At the steps {', '.join(f'{step:,}' for step in at)}: the modes visited; that which most samples are nearest to,\n"
            f"counted around the ring; and how many these are. High quality is at the end. The picture shows seed 0.\n{table}\n")
    return text, runs, metz_picture(shown, at, mixture)


def crowded(x, mixture):
    """The mode that most of the samples (K, N, 2) are nearest to, counted from 0 around the ring, and their share in percent."""
    nearest = np.linalg.norm(x[..., None, :] - mixture.means, axis=-1).argmin(axis=-1)
    counts = np.array([np.bincount(one, minlength=mixture.n_modes) for one in nearest])
    return counts.argmax(axis=-1).tolist(), np.round(100 * counts.max(axis=-1) / x.shape[1]).astype(int).tolist()


def metz_picture(shown, at, mixture):
    """A row of pictures for each number of unrolled steps, and the data at its end."""
    figure, axes = plt.subplots(2, len(at) + 1, figsize=(1.5 * (len(at) + 1), 3.3), sharex=True, sharey=True)
    true = mixture.sample(1000, np.random.default_rng(0))
    for line, (unroll, x) in zip(axes, shown.items(), strict=True):
        for ax, step, one in zip(line, at, x, strict=False):
            ax.plot(*one[:1000].T, ".", color=plots.FAKE, markersize=1.5)
            ax.set_title(f"step {step:,}" if unroll == 0 else "")
        line[-1].plot(*true.T, ".", color=plots.TRUE, markersize=1.5)
        line[0].set_ylabel(f"{unroll} unrolled steps")
    axes[0, -1].set_title("the data")
    for ax in axes.flat:
        ax.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), aspect="equal", xticks=[], yticks=[])
    return figure


# ---------------------------------------------------------------- Lin et al. 2018: packing

# Modes, high quality in %, reverse KL: the rows of the paper's table 1 that are compared with.
OF_THE_PAPER = {("ring", 1): ("6.3", "98.2", "0.45"), ("ring", 4): ("7.8", "95.9", "0.07"),
                ("grid", 1): ("17.3", "94.8", "0.70"), ("grid", 4): ("24.8", "93.6", "0.04")}
PACKINGS = {f"packing_{m}": Remedy(f"D judges {m} at a time", pack=m, batch=100 * m) for m in (1, 2, 3, 4)}


@dataclasses.dataclass(frozen=True)
class Normed(Recipe):
    """A Recipe with batch normalisation behind each hidden layer of G."""

    def networks(self, dim, seeds, replicas=None, groups=()):
        _, D = super().networks(dim, seeds, replicas, groups)
        row = [one for layer in self.row(self.latent, dim)
               for one in ([layer, BatchNorm(layer.k)] if isinstance(layer, Dense) else [layer])]
        return Sequential(*row[:-1], seed=seeds[0], replicas=() if replicas is None else replicas), D


def pacgan(quick, work):
    """Table 1, packing on the ring and on the grid. As in the authors' code (fjxmlzn/PacGAN): the ring of radius 1 and standard
    deviation .01, the grid, z of 2, batches of 100 packs, the non-saturating loss, Adam (.8), both players at once, four hidden
    layers with batch normalisation in G. Others: 64 units for 400 in G, and in D four layers of 64 ReLU for three of 200 maxout;
    5000 steps for 400 000, with rates that fall from 1e-3 to 0 where theirs are 1e-4; standardised data; 5 seeds for 10, and
    10 000 samples to score for 2500.
    """
    steps, seeds = (20, 2) if quick else (5000, 5)
    sets = {"ring": data.ring(8, 1., .01).standardized(), "grid": data.grid().standardized()}
    base = Normed(hidden=(64,) * 4, lr=1e-3, beta1=.8, update="simultaneous", steps=steps, schedule="cosine_decay")
    folder = work / f"pacgan-{steps}"
    folder.mkdir(exist_ok=True)
    setup = Setup("pacgan", "packing alone differs", base)
    found = run_study(PACKINGS, sets, range(seeds), setup, folder=folder, replicas=5, jobs=1)
    lines = [["", "modes", "paper", "high quality %", "paper", "reverse KL", "paper", "visited", "CPU s"]]
    for where in sets:
        for name, remedy in PACKINGS.items():
            rows = [row for row in found if (row.data, row.remedy) == (where, name)]
            paper = OF_THE_PAPER.get((where, remedy.changes["pack"]), ("-",) * 3)
            cells = [cell for pair in zip(scored(rows, sets[where]), paper, strict=True) for cell in pair]
            visited = np.mean([row.judged.modes_visited if row.judged else 0 for row in rows])
            lines.append([f"{where}, {name}", *cells, f"{visited:.1f}", f"{np.mean([row.seconds for row in rows]):.0f}"])
    text = (f"Means of {seeds} runs, with their standard errors; a run that diverged counts as one that found nothing.\n"
            f"{aligned(lines)}\n")
    runs = [{"data": row.data, "remedy": row.remedy, "seed": row.seed, "seconds": row.seconds, "diverged": row.diverged,
             "judged": row.judged and row.judged._asdict()} for row in found]
    return text, runs, None


def scored(rows, mixture):
    """Modes, high quality in % and reverse KL, each as mean and standard error."""
    nothing = (0, 0., math.log(mixture.n_modes))
    table = np.array([(one.modes, 100 * one.high_quality, one.reverse_kl) if (one := row.judged) else nothing for row in rows])
    errors = table.std(axis=0, ddof=1) / math.sqrt(len(rows))
    columns = zip(table.mean(axis=0), errors, (1, 1, 2), strict=True)
    return [f"{mean:.{digits}f} ± {error:.{digits}f}" for mean, error, digits in columns]


# Modes and KL: the rows of the paper's table 2 that are compared with. The first was measured by Srivastava et al. 2017.
DIGITS_OF_THE_PAPER = {1: ("99.0", "3.40"), 2: ("1000.0", "0.06")}
RATES = {1e-3: (1, 2, 3, 4), 2e-4: (1, 2)}  # the packings that are tried with each rate
DIGITS_LATENT, DIGITS_WIDTH, PACKS = 100, 256, 64


def packed_digits(m, lr, seed, steps, samples, work):
    """The scores of one run and its seconds; what is in `work` is not made again."""
    path = work / f"pacgan-digits-{m}-{lr:g}-{seed}-{steps}.json"
    if path.is_file():
        return json.loads(path.read_text())
    for_g, for_d, for_training, for_scores = spawn(seed, 4)
    G = mlp(DIGITS_LATENT, DIGITS_WIDTH, DIGITS_WIDTH, 192, seed=for_g)
    D = Sequential(Pack(m, 192), Dense(192 * m, DIGITS_WIDTH), ReLU(), Dense(DIGITS_WIDTH, DIGITS_WIDTH), ReLU(),
                   Dense(DIGITS_WIDTH, 1), seed=for_d)
    start = time.thread_time()
    train(G, D, stacked.Stacks(3), losses.NonSaturating(), steps=steps, batch=PACKS * m, opt_g=Adam(lr, .5), opt_d=Adam(lr, .5),
          seed=for_training)
    seconds = time.thread_time() - start
    z = np.random.default_rng(for_scores).standard_normal((samples, DIGITS_LATENT), np.float32)
    found = stacked.Judge().report(G(z))._asdict() | {"packing": m, "lr": lr, "seed": seed, "seconds": round(seconds, 1)}
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(found))
    return found


def pacgan_digits(quick, work):
    """Table 2, packing on a thousand stacked digits. As in the authors' code: z of 100, batches of 64 packs, the
    non-saturating loss, Adam (.5), 26 000 samples to score. Others: stacks of scikit-learn's 8 x 8 digits for 28 x 28 ones, two
    layers of 256 ReLU in both players for four of convolution with batch normalisation, z Gaussian for uniform, one step of G for
    two, 6000 steps for 100 000, and the rate 1e-3 beside their 2e-4; 5 seeds for 10.
    """
    steps, seeds, samples = (20, 2, 500) if quick else (6000, 5, 1000 * stacked.PER_MODE)
    lines, runs = [["", "modes", "paper", "KL", "paper", "valid %", "CPU s"]], []
    for lr, packings in RATES.items():
        for m in packings:
            mine = [packed_digits(m, lr, seed, steps, samples, work) for seed in range(seeds)]
            table = np.array([(run["modes"], run["kl"], 100 * run["valid"]) for run in mine])
            errors = table.std(axis=0, ddof=1) / math.sqrt(seeds)
            modes, kl, valid = (f"{mean:.{digits}f} ± {error:.{digits}f}"
                                for mean, error, digits in zip(table.mean(axis=0), errors, (0, 2, 0), strict=True))
            paper, seconds = DIGITS_OF_THE_PAPER.get(m, ("-", "-")), np.mean([run["seconds"] for run in mine])
            lines.append([f"rate {lr:g}, packing_{m}", modes, paper[0], kl, paper[1], valid, f"{seconds:.0f}"])
            runs += mine
    return f"Means of {seeds} runs, with their standard errors.\n{aligned(lines)}\n", runs, None


FIGURES = {"mescheder": mescheder, "arjovsky": arjovsky, "gulrajani": gulrajani, "metz": metz, "pacgan": pacgan,
           "pacgan_digits": pacgan_digits}
LONG = ("metz", "pacgan", "pacgan_digits")  # these keep finished runs in a folder


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", choices=FIGURES)
    parser.add_argument("--quick", action="store_true", help="a few steps: does everything run?")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the files go; made if it does not exist")
    parser.add_argument("--work", type=Path, default=Path("tinygan-papers"), help="folder for finished runs, to go on from")
    options = parser.parse_args(words)
    if options.quick and options.out == RESULTS:
        parser.error("--quick measures nothing: give it another folder with --out")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names:
        if name in LONG:
            options.work.mkdir(parents=True, exist_ok=True)
        with plots.style():
            text, runs, figure = FIGURES[name](options.quick, *([options.work] if name in LONG else []))
            if figure is not None:
                plots.save(figure, options.out / f"papers_{name}.png")
        print(text)
        about = {"command": f"python tests/benchmarks/papers.py {name}",
                 "machine": f"{platform.machine()}, {os.cpu_count()} cores", "numpy": np.__version__}
        (options.out / f"papers_{name}.txt").write_text(text)
        (options.out / f"papers_{name}.json").write_text(json.dumps({"about": about, "runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
