"""Figures of the papers that the package is made from, drawn anew with its own code.

    python tests/benchmarks/papers.py mescheder arjovsky gulrajani metz [--out FOLDER]
    python tests/benchmarks/papers.py metz --quick --out FOLDER                 small: does it run?

Each name is a figure: a picture papers_NAME.png, a table papers_NAME.txt, and the numbers in papers_NAME.json. The docstring of
each function says which settings are those of the paper or of its authors' code, and which are not. Seeds count from 0.
"""

import argparse
import json
import math
import os
import platform
import time
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from tinygan import data, dirac, losses, metrics, mlp, plots, train
from tinygan.engine.initial import orthogonal
from tinygan.engine.layers import Tanh
from tinygan.engine.numerics import sigmoid
from tinygan.engine.optim import Adam, Clipped
from tinygan.metrics.line import jensen_shannon
from tinygan.metrics.tables import aligned
from tinygan.penalties import WGANGP
from tinygan.updates import d_step

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


# ---------------------------------------------------------------- Metz et al. 2017


def metz_run(unroll, seed, steps, batch, every):
    """What G makes of the same noise every so many steps, and the modes that it visits."""
    mixture, nets = data.ring(8, 1., .01), partial(mlp, activation=Tanh, init=orthogonal(1.4))
    G, D = nets(256, 128, 128, 2, seed=2 * seed), nets(2, 128, 128, 1, seed=2 * seed + 1)
    z = np.random.default_rng(100 + seed).standard_normal((10_000, 256)).astype(np.float32)
    watch = plots.Snapshots(z[:1000], every, G)
    start = time.thread_time()
    train(G, D, mixture, losses.Minimax(), steps=steps, batch=batch, opt_g=Adam(1e-3, .5), opt_d=Adam(1e-4, .5),
          unroll=(unroll, .1) if unroll else None, seed=seed, callback=watch, progress=False)
    visited = [metrics.mode_report(x, mixture).modes_visited for x in watch.x]
    return watch, visited, metrics.mode_report(G(z), mixture), time.thread_time() - start


def metz(quick):
    """The ring over the steps, without unrolling and with 5 unrolled steps. As in the authors' notebook: z of 256, both nets
    2 x 128 tanh with orthogonal weights times 1.4, the minimax loss, Adam (.5), rates 1e-3 for G and 1e-4 for D, radius 1,
    standard deviation .01. Others: batch 128 for 512, 4000 steps for 25 000, eight modes where the notebook's linspace makes
    seven, and unrolled steps of plain gradient descent, of size .1, where it has Adam's. The paper's own networks are others.
    """
    steps, batch, every, seeds = (40, 32, 20, 1) if quick else (4000, 128, 800, 2)
    mixture, rows, runs, shown = data.ring(8, 1., .01), [["", "seed", "visited on the way", "high quality", "s a run"]], {}, {}
    for unroll in (0, 5):
        for seed in range(seeds):
            watch, visited, end, seconds = metz_run(unroll, seed, steps, batch, every)
            shown.setdefault(unroll, watch)
            rows.append([f"{unroll} unrolled steps", f"{seed}", " ".join(map(str, visited)), f"{end.high_quality:.1%}",
                         f"{seconds:.0f}"])
            runs[f"{unroll}, seed {seed}"] = {"visited": visited, "end": end._asdict()}
    count = len(shown[0].x)
    figure, axes = plt.subplots(2, count + 1, figsize=(1.5 * (count + 1), 3.3), sharex=True, sharey=True)
    true = mixture.sample(1000, np.random.default_rng(0))
    for line, (unroll, watch) in zip(axes, shown.items(), strict=True):
        for ax, step, x in zip(line, watch.steps, watch.x, strict=False):
            ax.plot(*x.T, ".", color=plots.FAKE, markersize=1.5)
            ax.set_title(f"step {step:,}" if unroll == 0 else "")
        line[-1].plot(*true.T, ".", color=plots.TRUE, markersize=1.5)
        line[0].set_ylabel(f"{unroll} unrolled steps")
    axes[0, -1].set_title("the data")
    for ax in axes.flat:
        ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=[], yticks=[])
    text = (f"Modes visited at the steps {', '.join(f'{step:,}' for step in shown[0].steps)}, and high quality at the end. "
            f"The picture shows seed 0.\n{aligned(rows, left=2)}\n")
    return text, runs, figure


FIGURES = {"mescheder": mescheder, "arjovsky": arjovsky, "gulrajani": gulrajani, "metz": metz}


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", choices=FIGURES)
    parser.add_argument("--quick", action="store_true", help="a few steps: does everything run?")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the files go, an existing folder")
    options = parser.parse_args(words)
    if options.quick and options.out == RESULTS:
        parser.error("--quick measures nothing: give it another folder with --out")
    for name in options.names:
        with plots.style():
            text, runs, figure = FIGURES[name](options.quick)
            plots.save(figure, options.out / f"papers_{name}.png")
        print(text)
        about = {"command": f"python tests/benchmarks/papers.py {name}",
                 "machine": f"{platform.machine()}, {os.cpu_count()} cores", "numpy": np.__version__}
        (options.out / f"papers_{name}.txt").write_text(text)
        (options.out / f"papers_{name}.json").write_text(json.dumps({"about": about, "runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
