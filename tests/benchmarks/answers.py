"""The numbers in the folded answers of the lessons, computed again: the questions to run, and what there is to try.

    python tests/benchmarks/answers.py             all of them, one after the other (many minutes)
    python tests/benchmarks/answers.py 01 04.t2    those of a lesson, or one of them

Each function changes a lesson as the item says, runs it at full size without its assertions, and compares what comes out with
the numbers of the answer, as they are rounded there. `tests/test_numbers_in_prose.py` looks here for the numbers of the answers.
"""

import ast
import contextlib
import functools
import io
import os
import re
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = {}


def answers(item):
    """Keep the function that follows as the check of an item, such as "01.q2" (a question) or "04.t1" (something to try)."""
    def keep(function):
        ANSWERS[item] = function
        return function

    return keep


class Checked(ast.NodeTransformer):
    """Assertions write down the line in which they fail, and the lesson goes on."""

    def visit_Assert(self, node):
        note = ast.parse(f"failed.add({node.lineno})").body
        return ast.copy_location(ast.If(ast.UnaryOp(ast.Not(), node.test), note, []), node)


def lesson(number, *changes, until="The picture"):
    """The names of a lesson after it has run up to a heading; `changes` are pairs, what to replace by what.

    `failed` has the lines of the assertions that are no longer true, and `printed` what was printed.
    """
    path, = (ROOT / "lessons").glob(f"{number}_*.py")
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, f"lesson {number} has no {old!r}"
        text = text.replace(old, new)
    if until:
        text, heading, _ = text.partition(f"# %%\n# {until}\n")
        assert heading, f"lesson {number} has no heading {until!r}"
    code = ast.fix_missing_locations(Checked().visit(ast.parse(text)))
    names, printed = {"__name__": "lesson", "failed": set()}, io.StringIO()
    with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
        exec(compile(code, path.name, "exec"), names)
    return names | {"printed": printed.getvalue()}


@functools.cache
def unchanged(number, until="The picture"):
    """The names of a lesson as it is."""
    return lesson(number, until=until)


def said(measured, *written):
    """Each number is the one in the answer, as it is rounded there: "2.66", "98.9 %", "20 000"."""
    measured = np.atleast_1d(measured).ravel()
    assert len(measured) == len(written), (measured, written)
    for number, text in zip(measured, written, strict=True):
        bare = text.removesuffix(" %").replace(" ", "")
        mantissa, _, exponent = bare.partition("e")
        half = 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
        shown = 100 * number if text.endswith("%") else number
        assert abs(shown - float(bare)) <= half * (1 + 1e-6), f"{shown} is not {text}; all: {measured}"


def ends(numbers):
    """The smallest and the largest."""
    return np.min(numbers), np.max(numbers)


# ---------------------------------------------------------------- 01


@answers("01.q2")
def one_component():
    for kept, written in (("[1, 0]", ("98.9 %", "97.8 %")), ("[0, 1]", ("47.6 %",))):
        right = lesson("01", ("    m, d = components(x_a)\n", f"    m, d = components(x_a)\n    d = d * {kept}\n"),
                       until="A generative model: a cloud for each digit")["right"]
        said([np.mean(right), np.min(right)][:len(written)], *written)


@answers("01.t1")
def all_pixels_alike():
    means = [np.mean(names["table"], axis=0) for names in (
        lesson("01", *also, ("# One number is not enough.", "# %%\n# Stop\n#"), until="Stop")
        for also in ((), (("SHRINK = 0.1", "SHRINK = 1"),)))]
    said([means[0][1], means[1][1], means[1][2]], "2.66", "3.47", "3.24")
    assert len(lesson("01", ("SHRINK = 0.1", "SHRINK = 1"))["failed"]) == 4


@answers("01.t2")
def threes_and_eights():
    def share(components, steps=300):
        changes = (("PAIR = (0, 1)", "PAIR = (3, 8)"), ("STEPS = 300", f"STEPS = {steps}"),
                   ("[2][:2]", f"[2][:{components}]"), ("Dense(2, 1)", f"Dense({components}, 1)"))
        return np.mean(lesson("01", *changes, until="A generative model: a cloud for each digit")["right"])

    said([share(2), share(10), share(40), share(40, 3000)], "95.6 %", "97.9 %", "98.4 %", "99.0 %")
    assert max(share(components) for components in range(2, 65, 6)) < 0.99


# ---------------------------------------------------------------- 02


@answers("02.q2")
def equal_sizes():
    wrong = ("return dy @ W.T, x.T @ dy,", "return dy @ W.T, dy.T @ x,")
    names = lesson("02", wrong, ("FEATURES_OUT = 7, 3, 5", "FEATURES_OUT = 4, 4, 4"), until="A planted mistake")
    said(ends([names["disagreement"](seed) for seed in range(20)]), "0.64", "1.66")


@answers("02.q3")
def smallest_errors():
    typical = unchanged("02")["typical"]
    said([typical[np.float32].min(), typical[np.float64].min()], "3e-5", "4e-11")


@answers("02.t1")
def one_sided():
    names = lesson("02", ("(f(x + nudge) - f(x - nudge)) / (2 * h)", "(f(x + nudge) - f(x)) / h"))
    error = names["typical"][np.float64]
    said([names["STEPS"][error.argmin()], error.min()], "1.8e-8", "2e-8")
    assert 400 < error.min() / unchanged("02")["typical"][np.float64].min() < 600  # said: 500


@answers("02.t2")
def without_tanh():
    names = lesson("02", ("C * np.tanh(x @ W + b)", "C * (x @ W + b)"), ("    y = np.tanh(x)\n", "    y = x.copy()\n"),
                   ("return (1 - y * y) * dy", "return dy"))
    error = names["typical"][np.float64]
    assert names["STEPS"][error.argmin()] == 1
    said(error.min(), "3e-16")


@answers("02.t3")
def mean_of_b():
    names = unchanged("02")
    x, W, b, C = names["random_arrays"](0)
    _, _, dW, db = names["forward_and_backward"](x, W, b, C)
    names["net"].theta = np.concatenate([W.ravel(), b.ravel()])
    check = names["gradcheck"].check(names["loss_of_theta"], np.concatenate([dW.ravel(), db.ravel() / 7]),
                                     np.concatenate([W.ravel(), b.ravel()]))
    assert "5 of 20" in str(check) and list(np.flatnonzero(check.wrong)) == [15, 16, 17, 18, 19], check
    said([1 / 7], "0.142857")
    assert "0.142857" in str(check)


# ---------------------------------------------------------------- 03


@answers("03.q2")
def slower():
    names = lesson("03", ("RATE = 1.0", "RATE = 0.1"))
    said([names["quick"], names["slow"]], "410", "2702")
    s, below = np.array(-40.0), 0
    while s < 0:
        below += s < -35
        s = s - 0.1 * names["clipped_64"](s)
    assert below > 0.8 * 2702


@answers("03.t3")
def as_on_paper():
    names = lesson("03", ("(1 - y) * sigmoid(s) - y * sigmoid(-s)", "sigmoid(s) - y"), until="Who suffers?")
    wrong = set()
    for y in (0, 1):
        for s in np.linspace(-100, 100, 401):
            ours, exact = names["from_score"](s, y)[1], names["truth"](s, y)[1]
            if abs(names["Decimal"](ours.item()) - exact) > 4 * names["Decimal"](np.spacing(np.abs(ours)).item()):
                wrong.add((y, float(s)))
    assert {y for y, _ in wrong} == {1} and min(s for _, s in wrong) == 2, sorted(wrong)[:5]


# ---------------------------------------------------------------- 04


@answers("04.q2")
def small_batches():
    for names, distance, bound in ((unchanged("04"), "0.06", "0.159"),
                                   (lesson("04", ("BATCH = 512", "BATCH = 32")), "0.11", "0.157")):
        said(np.mean([names["distance"](score) for score in names["learned"]]), distance)
        said(np.mean([np.log(2) - names["expected_loss"](score) / 2 for score in names["learned"]]), bound)
    said(names["jsd"](names["log_p"], names["log_q"]), "0.1597")


@answers("04.t1")
def q_equals_p():
    names = lesson("04", ("Q = data.gaussians_1d(means=(0.0,), stds=1.0)", "Q = P"))
    said([names["expected_loss"](score) for score in names["learned"]], "1.3863", "1.3863", "1.3863")
    mass = names["mass"]
    assert max(np.abs(names["sigmoid"](score[mass]) - 0.5).max() for score in names["learned"]) < 0.01


@answers("04.t2")
def far_away():
    names = lesson("04", ("Q = data.gaussians_1d(means=(0.0,)", "Q = data.gaussians_1d(means=(5.0,)"))
    mass, best = names["mass"], names["best_score"]
    said(names["best_loss"], "0.0852")
    said(np.mean([names["expected_loss"](score) for score in names["learned"]]), "0.0853")
    said(ends(best[mass]), "-30", "26")
    said(np.min([score[mass].min() for score in names["learned"]]), "-16")
    said(ends([score[mass].max() for score in names["learned"]]), "37", "94")


@answers("04.t3")
def least_squares():
    names = lesson("04", ("fake.sample(BATCH, rng), Minimax()", "fake.sample(BATCH, rng), LeastSquares()"),
                   ("from tinygan.losses import Minimax", "from tinygan.losses import LeastSquares, Minimax"))
    mass, weight = names["mass"], names["weight"]
    best = names["sigmoid"](names["best_score"])
    off = [np.sqrt(np.average((score - best)[mass] ** 2, weights=weight[mass])) for score in names["learned"]]
    said(ends(off), "0.01", "0.03")


# ---------------------------------------------------------------- 05


def floors(names, games):
    """W1 in floors, and how far D is from 1/2, of games in the order of the lesson."""
    measured = np.array([names["measure"](*game) for game in games])
    return measured[:, 0] / names["floor"], measured[:, 1]


def five(*changes, orders=("alternating", "simultaneous"), **more):
    """The names of lesson 05, and the games of its seeds played again after some changes."""
    names = lesson("05", *changes, until="Success, and two ways to fail")
    return names, [names["play"](seed, order, **more) for order in orders for seed in names["SEEDS"]]


@functools.cache
def the_first_games():
    return five()


@answers("05.q2")
def fifty_steps():
    names, games = five(("STEPS = 400 if FAST else 1200", "STEPS = 50"))
    w1, doubt = floors(names, games)
    said(ends(w1), "10", "21")
    assert not any(names["success"](*game) for game in games)
    assert np.sum(doubt < 0.03) == 6


@answers("05.t1")
def constant_rate():
    before, doubt_before = floors(*the_first_games())
    after, doubt = floors(*five(("opt.prepare(linear_decay(step / STEPS))", "opt.prepare(1)")))
    said([*ends(after), *ends(before)], "1.0", "5.0", "0.8", "4.9")
    said([doubt.max(), doubt_before.max()], "0.048", "0.010")


@answers("05.t2")
def more_steps_of_one():
    d_step = ("        discriminator_gradient(G, D, P.sample(BATCH, rng), rng.standard_normal((BATCH, 1)))\n"
              "        if order == \"alternating\":\n            opt_D.step(D.theta, D.grad)\n")
    g_step = "        generator_gradient(G, D, rng.standard_normal((BATCH, 1)))\n"
    four_more = "        for _ in range(4):\n    " + g_step + "            opt_G.step(G.theta, G.grad)\n"
    before, _ = floors(the_first_games()[0], the_first_games()[1][:5])
    more_d, _ = floors(*five((d_step, "        for _ in range(5):\n" + re.sub("(?m)^", "    ", d_step).rstrip() + "\n"),
                             orders=["alternating"]))
    more_g, _ = floors(*five((g_step, four_more + g_step), orders=["alternating"]))
    said([*ends(before), *ends(more_d), *ends(more_g)], "0.8", "3.9", "0.6", "1.8", "3.8", "7.1")
    assert np.all(more_d < before)


@answers("05.t3")
def opposite_label():
    names, games = five(("-sigmoid(-f) / BATCH, tape_D, grads=False", "sigmoid(f) / BATCH, tape_D, grads=False"),
                        orders=["alternating"])
    means = np.sort([G(np.random.default_rng(1).standard_normal((2000, 1))).mean() for G, _ in games])
    said(means[:2], "-70", "-59")
    assert np.all(np.abs(means[2:]) < 0.5)


@answers("05.t4")
def twenty_thousand_points():
    (names, games), n = the_first_games(), 20_000
    changes = [(text, text.replace("2000", str(n)))
               for text in ("standard_normal((2000, 1))", "P.sample(2000, rng)", "truth_report_1d(P, 2000,")]
    larger = lesson("05", *changes, until="Success, and two ways to fail")
    said([names["floor"], larger["floor"]], "0.047", "0.019")
    said(ends(floors(larger, games)[0]), "2.3", "12.3")


# ---------------------------------------------------------------- 06


SHORT = {"until": "The optimiser may hide it"}


@answers("06.q2")
def near_at_first():
    names = lesson("06", ("FAR = 10.0", "FAR = 2.0"), **SHORT)
    said(ends(names["confident"]), "-3.8", "-1.9")
    said(ends(names["times"]), "1", "40")
    assert names["arrived"](names["descent"][names["Minimax"]]).sum() == 16


@answers("06.t1")
def no_head_start():
    first = "    for _ in range(HEAD_START):\n        d_step(D, opt_D, real(rng), G(latent(rng)), loss)"
    names = lesson("06", (first, first.replace("HEAD_START", "0")), **SHORT)
    means = names["descent"][names["Minimax"]]
    assert names["arrived"](means).sum() == 0
    said([means.min(), np.median(means[-1])], "5.5", "10")


@answers("06.t2")
def hundred_times():
    names = lesson("06", **SHORT)
    means = names["paths"](names["Minimax"](), names["SGD"](100 * names["LR_G"]))
    assert np.all(np.abs(means).max(axis=0) > 1e9)


@answers("06.t3")
def least_squares_arrive():
    names = lesson("06", ("from tinygan.losses import Minimax", "from tinygan.losses import LeastSquares, Minimax"), **SHORT)
    loss, arrived = names["LeastSquares"](), names["arrived"]
    assert arrived(names["paths"](loss, names["SGD"](names["LR_G"]))).sum() == 0
    assert arrived(names["paths"](loss, names["Adam"](0.01))).sum() == 16


# ---------------------------------------------------------------- 07


@answers("07.q2")
def the_same_rate():
    names = lesson("07", ("SLOW = 1e-4", "SLOW = 1e-3"), until="A rising loss of G")
    before = unchanged("07", "A rising loss of G")
    assert list(names["visited"](names["G_collapsed"])) == [8] * 6
    said([*ends(names["late"](names["collapsed"].d_loss)), *ends(before["late"](before["collapsed"].d_loss))],
         "1.09", "1.32", "1.36", "1.39")
    assert not names["looks_finished"](names["collapsed"]).any()


def collapsed_further(steps, rate):
    """Lesson 07, whose collapsed runs go on: (its names, G, z before, samples before, after)."""
    names = lesson("07", ("        return G, train(", "        return (G, D, opt_d, opt_g), train("),
                   ("        return G, error.history", "        return (G, D, opt_d, opt_g), error.history"),
                   ("# What became of them?", "# %%\n# Stop\n#"), until="Stop")
    G, D, opt_d, opt_g = names["G_collapsed"]
    z = np.random.default_rng(0).standard_normal((6, 2500, 2))
    before = G(z).copy()
    names["train"](G, D, names["RING"], names["LOSS"], steps=steps, batch=names["BATCH"], progress=False,
                   opt_d=names["Adam"](rate) if rate else opt_d, opt_g=opt_g)
    modes = [[names["mode_report"](x, names["RING"]) for x in points] for points in (before, G(z))]
    return before, G(z), modes


@answers("07.t1")
def modes_come_back():
    _, _, modes = collapsed_further(500, 1e-3)
    before, after = ([report.modes_visited for report in reports] for reports in modes)
    said(before, "3", "4", "6", "4", "3", "3")
    said(after, "8", "5", "7", "8", "8", "7")


@answers("07.t2")
def where_the_samples_go():
    before, after, modes = collapsed_further(50, None)
    names = unchanged("07", "A rising loss of G")
    ring, share = names["RING"], 2500 / 8 / 2
    nearest = [np.linalg.norm(points[:, :, None] - ring.means, axis=-1).argmin(axis=-1) for points in (before, after)]
    visited = [[np.bincount(of_one, minlength=8) >= share for of_one in of_all] for of_all in nearest]
    others = [not np.any(one & two) for one, two in zip(*visited, strict=True)]
    assert sum(others) == 1
    said(np.linalg.norm(after.mean(axis=1) - before.mean(axis=1), axis=-1)[others], "5.1")
    said(np.linalg.norm(ring.means[0] - ring.means[4]), "2.8")


@answers("07.t3")
def losses_that_vary():
    names = unchanged("07", "One more column")

    def spread(history):
        return history.d_loss[-history.d_loss.shape[0] // 4:].std(axis=0)

    assert spread(names["success"]).max() < 0.01
    said(ends(spread(names["collapsed"])), "0.02", "0.13")


# ---------------------------------------------------------------- 08


@answers("08.q2")
def smaller_steps():
    names = lesson("08", ("H = 0.2", "H = 0.05"))
    radius = np.linalg.norm(names["outwards"], axis=-1)
    said([radius[0], radius[-1], radius[-1] / radius[0] - 1], "1.41", "1.60", "13 %")
    assert len(names["crossings"]) == 35 and len(names["around"]) == 5000 + 1


@answers("08.t1")
def two_half_steps_of_d():
    names = unchanged("08")
    velocity, H = names["velocity"], names["H"]

    def step(field, point):
        for _ in range(2):
            point = point + H / 2 * field(point) * [0, 1]
        return point + H * field(point) * [1, 0]

    jacobian = names["jacobian"](lambda point: step(velocity, point), np.zeros(2))
    assert abs(np.linalg.det(jacobian) - 1) < 1e-6
    radius = np.linalg.norm(names["play"](step, velocity, steps=5000), axis=-1)
    said(ends(radius), "1.39", "1.49")


@answers("08.t2")
def g_first():
    names = unchanged("08")
    velocity, H = names["velocity"], names["H"]

    def step(field, point):
        point = point + H * field(point) * [1, 0]
        return point + H * field(point) * [0, 1]

    found = names["eigenvalues"](lambda point: step(velocity, point))
    said([found[0].real, abs(found[0].imag)], "0.995", "0.0999")
    said(ends(np.linalg.norm(names["play"](step, velocity, steps=5000), axis=-1)), "1.34", "1.43")


def with_momentum(beta, turns, steps=500):
    names = unchanged("08")
    point, change = names["START"].copy(), np.zeros(2)
    for _ in range(steps):
        for part in ([0, 1], [1, 0]) if turns else ([1, 1],):
            moved = (names["H"] * names["velocity"](point) + beta * change) * part
            change = np.where(part, moved, change)
            point = point + moved
    return np.linalg.norm(point)


@answers("08.t3")
def momentum():
    said(np.linalg.norm([1, 1]), "1.41")
    said([with_momentum(beta, turns) for beta in (0.5, -0.5) for turns in (False, True)], "5.9", "3.9", "1.9", "0.70")
    said(with_momentum(-0.5, True, 5000), "0.0009")


@answers("08.t4")
def strong_consensus():
    names = unchanged("08")
    field = names["dirac"].with_consensus(2.0)
    said([names["predicted"](names["simultaneous"], field), np.linalg.norm(names["play"](names["simultaneous"], field)[-1])],
         "0.906", "5.9")


# ---------------------------------------------------------------- 09


def ring_runs(*changes):
    """How many plain runs and how many with R1 collapse, the modes visited, and the plain runs' share of high quality."""
    names = lesson("09", *changes, until="Covered, and left")
    return names["counts"], names["visited"]["plain"], names["quality"][-1].mean()


@answers("09.q2")
def larger_batch():
    counts, found, _ = ring_runs(("BATCH = 32", "BATCH = 256"))
    said([counts["plain"], *ends(found)], "5", "2", "8")


@answers("09.t1")
def packed():
    one_d = "mlp(2, 32, 32, 1, seed=of_d, replicas=replicas)"
    four = "Sequential(Pack(4, 2), Dense(8, 32), ReLU(), Dense(32, 32), ReLU(), Dense(32, 1), seed=of_d, replicas=replicas)"
    imports = ("import data, plots,", "import Dense, Pack, ReLU, Sequential, data, plots,")
    counts, found, quality = ring_runs((one_d, four), imports)
    said([counts["plain"], *ends(found), quality], "1", "3", "8", "0.4 %")


@answers("09.t2")
def half_the_rate():
    counts, found, quality = ring_runs(("RATE = 1e-2", "RATE = 5e-3"), ("500 if FAST else 600", "1200"))
    said([counts["plain"], counts["with R1"], *ends(found), quality, ring_runs()[2]], "16", "0", "1", "4", "36 %", "12 %")


@answers("09.t3")
def slow_d():
    counts, _, quality = ring_runs(("opt_d=Adam(RATE)", "opt_d=Adam(RATE / 10)"))
    said([counts["plain"], counts["with R1"], quality], "14", "11", "0.2 %")


# ---------------------------------------------------------------- 10


@answers("10.q2")
def few_samples():
    names = unchanged("10", "The table")
    small = [names["truth_report"](names["RING"], 250, np.random.default_rng(seed)).high_quality for seed in range(20)]
    said([*ends(small), *ends(names["quality"])], "98.0 %", "100 %", "98.5 %", "99.2 %")


def noticed(names, sample, seeds):
    """{score: on how many seeds it notices a sampler}"""
    marked = [names["marks"](names["scores"](sample(rng), rng)) != 0 for rng in map(np.random.default_rng, range(seeds))]
    return dict(zip(names["better"], np.sum(marked, axis=0), strict=True))


@answers("10.t1")
def a_hundred_points():
    new = (["JS"], ["coverage", "MMD² (std)"], ["reverse KL", "C2ST"], ["|std ratio − 1|", "MMD² (gap)"])
    known = []
    for n, scores in zip((250, 500, 1000, 2500), new, strict=True):
        names = lesson("10", ("N = 1200 if FAST else 2500", f"N = {n}"))
        found = noticed(names, lambda rng, names=names: np.resize(names["RING"].sample(100, rng), (names["N"], 2)), 3)
        known += scores
        assert {score for score, seeds in found.items() if seeds == 3} == set(known), (n, found)
    assert found["modes"] == found["half share"] == found["visited"] == 0


@answers("10.t2")
def the_best_truth():
    names = unchanged("10", "The table")
    draws = map(np.random.default_rng, range(400))
    kl = np.array([names["truth_report"](names["RING"], names["N"], rng).reverse_kl for rng in draws])
    said([kl.mean(), kl.reshape(20, 20).min(axis=1).mean()], "0.0014", "0.0004")
    assert kl.mean() > 3 * kl.reshape(20, 20).min(axis=1).mean()


@answers("10.t3")
def how_few_points():
    for noise, written in ((0.01, ("0.36", "0.92")), (0.002, ("0.36", "0.60"))):
        names = lesson("10", ("NOISE = 0.05", f"NOISE = {noise}"), until="A distance without its floor")
        said([names["low"].mean(), names["high"].mean()], *written)
    assert (names["high"] == 1).any()


@answers("10.t4")
def less_and_less_blurred():
    names = unchanged("10")
    at = {width: noticed(names, lambda rng, width=width: names["data"].ring(std=width).sample(names["N"], rng), 5)
          for width in (0.05, 0.045, 0.028, 0.026, 0.024, 0.023, 0.022, 0.021)}
    for last, lost, score in ((0.05, 0.045, "half share"), (0.028, 0.026, "coverage"), (0.026, 0.024, "density"),
                              (0.026, 0.024, "C2ST"), (0.024, 0.023, "MMD² (std)"), (0.023, 0.022, "JS"),
                              (0.022, 0.021, "quality")):
        assert at[last][score] and not at[lost][score], (score, at)
    assert at[0.022]["quality"] == at[0.022]["|std ratio − 1|"] == 5 and at[0.021]["|std ratio − 1|"] == 4
    assert {score for score, seeds in at[0.021].items() if seeds} == {"|std ratio − 1|"}
    said(names["RING"].stds[0], "0.02")


# ---------------------------------------------------------------- 11


@answers("11.q2")
def wider_critics():
    until = "A loss that means something"
    ratio = [lesson("11", ("WIDTH = 32", f"WIDTH = {width}"), until=until)["ratio"]["clip 0.1"].mean() for width in (32, 64)]
    said([*ratio, ratio[1] / ratio[0]], ".19", ".81", "4.4")


ONE_SIDED = """from tinygan.penalties import WGANGP, add_penalty, alphas


class OneSided(WGANGP):
    def __call__(self, D, x_real, x_fake, rng=None):
        alpha, lam = alphas(rng, x_real.shape[-2]).astype(D.dtype), self.now(D.dtype)
        x = alpha * x_real + (1 - alpha) * x_fake

        def above_one(g):
            r = np.sqrt((g * g).sum(axis=-1, keepdims=True) + 1e-12)
            over = np.maximum(r - 1, 0)
            return lam * (over**2).mean(axis=(-2, -1)), 2 * lam / x.shape[-2] * over / r * g

        return add_penalty(D, x, D.forward(x)[1], above_one)

"""


@answers("11.t1")
def one_sided_penalty():
    names = lesson("11", ("from tinygan.penalties import WGANGP\n", ONE_SIDED), ("[WGANGP(lam)]", "[OneSided(lam)]"),
                   ("# (This trap exists", "# %%\n# Stop\n# (This"), until="Stop")
    right = np.abs(names["at_once"] - names["good"]) < 0.03
    said([right.sum(), right.size, 0.03], "44", "44", ".03")


@answers("11.t2")
def full_weight():
    names = unchanged("11", "The picture")
    estimates, distances = names["play"](penalties=(names["WGANGP"](names["LAM"]),))
    last = np.sort(distances[-1])
    said([last[0], *ends(last[1:])], ".2", "5.6", "7.9")
    assert np.sum(((estimates < 0) & (distances > 1)).any(axis=0)) == 3


# ---------------------------------------------------------------- 12


@answers("12.t2")
def other_strengths():
    text = next((ROOT / "lessons").glob("12_*.py")).read_text("utf-8")
    setting = re.search(r"(?m)^STRONG = \S+", text)[0]
    for strong, clusters, middle in ((0.01, ".94", ".01"), (0.1, ".77", ".12"), (1, ".56", ".40"), (10, ".52", ".47")):
        names = lesson("12", (setting, f"STRONG = {strong}"))
        D, ring = names["charged"], names["ring"]
        probability = [(1 / (1 + np.exp(-D(np.broadcast_to(x, (4, *x.shape)))))).mean() for x in (ring.means, np.zeros((1, 2)))]
        said(probability, clusters, middle)
    said(names["slopes_charged"][1].mean(), ".07")


# ---------------------------------------------------------------- 13


def remedies(seeds, names=None, slow=False, **changed):
    """{name: (how many runs visit all modes, the mean of the modes visited, the share of sharp points)} in lesson 13's game."""
    there = lesson("13", until="The study")
    known = {name: there["REMEDIES"][name] for name in names or ()} | {
        name: there["REMEDIES"][of].replace(**settings) for name, (of, settings) in changed.items()}
    setup = there["setup"]
    if slow:
        setup = there["SETUPS"]["collapse"].replace(hidden=(32, 32), batch=64, steps=there["SLOW"])
    rows = there["run_study"](known, {"ring": there["RING"]}, range(seeds), setup, replicas=8, jobs=1)
    judged = {name: [row.judged for row in rows if row.remedy == name] for name in known}
    return {name: (sum(one.modes_visited == 8 for one in each), np.mean([one.modes_visited for one in each]),
                   np.mean([one.high_quality for one in each])) for name, each in judged.items()}


@answers("13.q2")
def stronger_r1():
    found = remedies(8, ["r1"], strong=("r1", {"r1": (3.0, 0.09)}))
    said([found["strong"][0], found["r1"][0]], "8", "5")
    said([found["r1"][2], found["strong"][2]], "49 %", "32 %")


@answers("13.q3")
def r1_and_packing():
    said([each[0] for each in remedies(8, ["r1", "packing_4"]).values()], "5", "8")


@answers("13.t1")
def five_steps_of_d():
    found = remedies(8, one=("wgan_gp", {"d_steps": 1}), five=("wgan_gp", {"d_steps": 5}))
    said([found["one"][0], found["five"][0], found["five"][2], found["one"][2]], "8", "8", "47 %", "44 %")


@answers("13.t2")
def remedies_of_a_slow_d():
    found = remedies(16, ["packing_2", "spectral_norm", "plain"], slow=True)
    said([all_modes for all_modes, _, _ in found.values()], "0", "0", "0")
    said([mean for _, mean, _ in found.values()], "3.3", "2.9", "2.2")
    said(16, "16")


@answers("13.text")
def forty_eight_seeds():
    said(48, "48")
    said([all_modes for all_modes, _, _ in remedies(48, ["r1", "packing_2", "plain"]).values()], "32", "46", "0")
    said([mean for _, mean, _ in remedies(48, ["relativistic_r1_r2", "plain"], slow=True).values()], "3.1", "2.8")


# ---------------------------------------------------------------- 14


@answers("14.text")
def sixty_four_seeds():
    visited = lesson("14", ("SEEDS = 16", "SEEDS = 64"))["visited"]
    said([visited[kind].mean() for kind in ("only looking ahead", "unrolled", "as D is")], "7.2", "6.5", "3.3")


@answers("14.q1")
def without_h_lambda():
    names = lesson("14", ("lambda_, dx = lambda_ - ETA * h_lambda, dx", "lambda_, dx = lambda_, dx"), until="The shortcut")
    off = []
    for seed in range(names["GAMES"]):
        G, D, z, x_real = names["small_game"](seed)
        ours = names["unrolled_gradient"](G, D, z, x_real)
        whole = lambda theta, game=(G, D, z, x_real): names["whole_map"](theta, *game)  # noqa: E731
        off.append(names["gradcheck"].check(whole, ours, G.theta).norm_error)
    said([len(off), *ends(off)], "10", ".21", "1.59")


@answers("14.q2")
def quicker_d():
    names = unchanged("14")
    visited = {kind: modes.mean() for kind, modes in names["visited"].items()}
    quicker = lesson("14", ("Adam(3e-4)", "Adam(3e-4 * (K + 1))"))["visited"]["as D is"].mean()
    said([quicker, visited["as D is"], visited["unrolled"], visited["only looking ahead"]], "5.1", "2.9", "6.6", "7.1")
    assert quicker - visited["as D is"] > (visited["unrolled"] - visited["as D is"]) / 2


@answers("14.t1")
def zero_sum():
    names = lesson("14", ("LOSS, x_real, steps=K, lr=ETA),\n}", "LOSS, x_real, steps=K, lr=ETA, zero_sum=True),\n}"))
    said([names["visited"]["unrolled"].mean(), names["visited"]["as D is"].mean()], "2.9", "2.9")


@answers("14.t2")
def sixty_steps():
    names = lesson("14", ("REACH = 0.15", "REACH = 3.0"), until="Many numbers")
    said([names["half"], names["whole"]], "6e-7", ".001")
    assert names["brakes"] == {"as D is": 0, "only looking ahead": 3, "unrolled": 6} and names["failed"]


# ---------------------------------------------------------------- 15


@answers("15.q1")
def three_by_three():
    from tinygan import data

    means = data.grid(side=3).standardized().means
    distance = np.linalg.norm(means[0] - means[1])
    said([distance, distance**2, distance**2 / 5], "1.22", "1.5", "0.3")


def grid_recipe(steps, *changes, data="data.grid()"):
    """The modes visited and the share of sharp points, of one run of lesson 15's recipe after some changes."""
    names = lesson("15", ("1000 if FAST else 6000", str(steps)), ("GRID = data.grid()", f"GRID = {data}"), *changes,
                   ("# There is one fault.", "# %%\n# Stop\n#"), until="Stop")
    return names["found"].modes_visited, names["found"].high_quality


@answers("15.q2")
def other_gammas():
    falling = "falling = Falling(0.1, 0.003)"
    runs = [grid_recipe(3000, (falling, f"falling = Falling{gammas}")) for gammas in ((1, 1), (0.003, 0.003), (0.1, 0.003))]
    said([modes for modes, _ in runs], "25", "22", "25")
    said([sharp for _, sharp in runs], "10 %", "14 %", "14 %")


@answers("15.t1")
def nine_modes():
    falling = "falling = Falling(0.1, 0.003)"
    runs = [grid_recipe(3000, (falling, f"falling = Falling({gammas})"), data="data.grid(side=3)")
            for gammas in ("0.3, 0.009", "0.1, 0.003")]
    said([modes for modes, _ in runs], "9", "9")
    said([sharp for _, sharp in runs], "53 %", "38 %")


@answers("15.t2")
def larger_z():
    modes, sharp = grid_recipe(3000, ("mlp(2, *[WIDTH] * 4, 2,", "mlp(25, *[WIDTH] * 4, 2,"),
                               ("standard_normal((2500, 2))", "standard_normal((2500, 25))"),
                               ("standard_normal((10_000, 2))", "standard_normal((10_000, 25))"))
    said([modes, sharp, grid_recipe(3000)[1]], "25", "3 %", "14 %")


# ---------------------------------------------------------------- 16


def conditional(steps=4000, **settings):
    """A conditional GAN of the digits, seed 0, and the digits that it was asked for."""
    from tinygan import data
    from tinygan.zoo import Conditional

    model = Conditional("digits", steps=steps, **settings)
    model.train(data.halves().training, seed=0, progress=False)
    return model, np.arange(1000) % 10


@answers("16.q2")
def wrong_labels_beside_real_images():
    names = lesson("16", ("range(1) if FAST else range(2)", "range(0)"), ("seeds=range(1), proj", "seeds=range(0), proj"),
                   ('for report in trained("D is not', '# %%\n# Stop\nfor report in trained("D is not'), until="Stop")
    report, = names["trained"]("question", names["with_labels"](names["another"], names["own"]), range(1))
    said([report.agreement, report.coverage], "9.9 %", "76 %")


@answers("16.t1")
def small_networks():
    from tinygan.metrics import digit_judge

    reports = [digit_judge().report(model.sample(1000, labels=asked, seed=0), asked)
               for model, asked in (conditional(), conditional(hidden=(32, 32)))]
    said([report.coverage for report in reports], "85 %", "27 %")
    said([report.agreement for report in reports], "99 %", "90 %")


@answers("16.t2")
def between_three_and_eight():
    from tinygan.metrics import digit_judge

    half = np.zeros((1000, 10), np.float32)
    half[:, [3, 8]] = 0.5
    noise = np.random.default_rng(0).standard_normal((1000, 16)).astype(np.float32)
    counts = np.bincount(digit_judge().read(conditional()[0].network("G")(np.hstack([noise, half]))), minlength=10)
    said([*counts[[3, 8, 9]], counts.sum() - counts[[3, 8, 9]].sum()], "559", "417", "17", "7")


# ---------------------------------------------------------------- 17


def spokes(**settings):
    """InfoGAN on the spokes, seed 0, and the late mean of its bound."""
    from tinygan import data
    from tinygan.zoo import InfoGAN

    model, points = InfoGAN("spokes", **settings), data.spokes().standardized()
    return model, model.train(points, steps=4000, seed=0, progress=False).information[-50:].mean(), points


def digits_by_code(**settings):
    """InfoGAN on the digits, seed 0, 2000 steps, and the late mean of its bound."""
    from tinygan import data
    from tinygan.zoo import InfoGAN

    model = InfoGAN("digits", **settings)
    return model, model.train(data.halves().training, steps=2000, seed=0, progress=False).information[-50:].mean()


@answers("17.q1")
def nine_of_ten():
    said([np.log(5), -np.log(0.9), np.log(5) + np.log(0.9)], "1.609", "0.105", "1.504")


@answers("17.q2")
def more_and_fewer_codes():
    (few, at_four, points), (many, at_six, _) = spokes(categories=4), spokes(categories=6)
    said([at_four, np.log(4), at_six, np.log(6)], "1.385", "1.386", "1.789", "1.792")
    four, six = shares_of_spokes(few, 4, points), shares_of_spokes(many, 6, points)
    assert np.sort((four > .6).sum(axis=0)).tolist() == [0, 1, 1, 1, 1], "each code has a spoke of its own"
    assert np.sort((four > .2).sum(axis=0)).tolist() == [1, 1, 1, 1, 2], "and two of them share the fifth"
    alone = six.max(axis=1) > .99
    assert alone.sum() == 5 and (six[alone] > .99).any(axis=0).all() and (six[~alone] > 0).all()


def shares_of_spokes(model, categories, points):
    """How each code's samples are shared out among the five spokes, (categories, 5)."""
    code = np.arange(5000) % categories
    x = points.restore(model.sample(5000, codes=code, seed=0))
    spoke = np.round(np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi / 5)).astype(int) % 5
    return np.array([np.bincount(spoke[code == k], minlength=5) / (code == k).sum() for k in range(categories)])


@answers("17.t1")
def two_factors():
    from scipy.stats import spearmanr

    model, _, points = spokes(factors=2)
    code, u = np.arange(4000) % 5, np.random.default_rng(0).uniform(-1, 1, (4000, 2))
    x = model.sample(4000, codes=code, factors=u, seed=0)
    said([spearmanr(u[:, j], model.read(x).factors[:, j])[0] for j in range(2)], ".991", ".995")
    x = points.restore(x)
    turn = np.arctan2(x[:, 1], x[:, 0])
    across = (turn + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5
    found = [[np.mean([abs(spearmanr(u[code == k, j], what[code == k])[0]) for k in range(5)])
              for what in (np.linalg.norm(x, axis=1), across)] for j in range(2)]
    said(sorted(found, reverse=True), ".89", ".39", ".36", ".87")


@answers("17.t2")
def the_papers_weight():
    from tinygan.metrics import digit_judge

    runs = [digits_by_code(info=1), digits_by_code()]
    said([bound for _, bound in runs], "2.299", "2.288")
    said([digit_judge().report(model.sample(1000, seed=0)).coverage for model, _ in runs], ".08", ".33")


@answers("17.t3")
def a_few_labels():
    from sklearn.cluster import KMeans

    from tinygan import data

    seen, unseen = data.halves()
    model, rng = digits_by_code()[0], np.random.default_rng(0)
    k_means = KMeans(10, n_init=10, random_state=0).fit(seen.x)
    groups = [(model.read(seen.x).codes, model.read(unseen.x).codes), (k_means.labels_, k_means.predict(unseen.x))]
    wrong = {}
    for few in (3, 10):
        draws = [np.concatenate([rng.choice(np.flatnonzero(seen.labels == c), few, replace=False) for c in range(10)])
                 for _ in range(20)]
        wrong[few] = [np.mean([names_by(rows, ours[rows], seen.labels)[theirs] != unseen.labels for rows in draws])
                      for ours, theirs in groups]
    said([*wrong[3], *wrong[10]], "68 %", "28 %", "61 %", "26 %")


def names_by(rows, groups, labels):
    """The commonest class of each of ten groups among some labelled rows; -1, which no image has, for a group without any."""
    counts = np.array([np.bincount(labels[rows[groups == k]], minlength=10) for k in range(10)])
    return np.where(counts.any(axis=1), counts.argmax(axis=1), -1)


# ---------------------------------------------------------------- 18


def shorter(steps):
    """Lesson 18 with fewer steps and one seed."""
    return ("1200 if FAST else 2500", str(steps)), ("range(2 if FAST else 3)", "range(1)")


def one_bigan(steps, *changes):
    """The names of lesson 18 when `trained` is there, and the BiGAN of seed 0."""
    names = lesson("18", *shorter(steps), *changes, ("models = {kind", "# %%\n# Stop\nmodels = {kind"), until="Stop")
    return names, names["trained"](names["ByHand"], 0)


@answers("18.q2")
def narrow_d():
    stop = "near, torn = scores", "# %%\n# Stop\nnear, torn = scores"
    scores = [lesson("18", *shorter(1500), stop, ("WIDTH = 512", f"WIDTH = {width}"), until="Stop")["scores"]
              for width in (32, 512)]
    (narrow, _, kept), (wide, _, kept_before) = (each["BiGAN"][0] for each in scores)
    said([narrow, wide, kept, kept_before], ".87", ".22", "26 %", "73 %")
    said([scores[0]["mean image"][0, 0], scores[0]["latent regressor"][0, 0]], ".30", ".35")


@answers("18.t1")
def between_two_codes():
    names, model = one_bigan(1500)
    images, seen = names["images"], names["seen"].x
    one, other = np.random.default_rng(0).integers(len(images), size=(2, 300))

    def distance(x):
        return np.sqrt(((x[:, None] - seen) ** 2).sum(axis=-1)).min(axis=1).mean()

    code, G = model.encode(images), model.network("G")
    said([distance(G(code[one])), distance(G((code[one] + code[other]) / 2))], "3.2", "3.3")
    said([distance(images[one]), distance((images[one] + images[other]) / 2), 300], "2.2", "2.9", "300")


@answers("18.t2")
def digits_never_seen():
    some = "seen, unseen = data.halves()\n", ("seen, unseen = data.halves()\n"
                                              "seen = data.Points(seen.x[seen.labels < 5], 'digits', image=(8, 8))\n")
    names, model = one_bigan(1500, some)
    images, low = names["images"], names["classes"] < 5
    made = model.reconstruct(images)
    said([np.mean((made[rows] - images[rows]) ** 2) for rows in (low, ~low)], ".19", ".34")
    said(np.mean(names["digit_judge"]().read(made[~low]) < 5), "60 %")


# ---------------------------------------------------------------- 19


def cycles(until, *changes, seeds=1):
    """Lesson 19 with few seeds, up to the line that begins with `until`."""
    return lesson("19", ("range(2 if FAST else 3)", f"range({seeds})"), *changes, (until, f"# %%\n# Stop\n{until}"), until="Stop")


@answers("19.q2")
def weights_of_the_way_back():
    for weight, written in ((".001", ("0 %", "0 %")), (".1", ("75 %", "78 %")), ("1", ("100 %", "100 %"))):
        said(cycles("five, ten = (", ("WEIGHT = 1.0", f"WEIGHT = {weight}"))["home"]["with"][0], *written)


def toy(*changes):
    """The modes that get half of their share in the toy with the way back, seed 0."""
    names = cycles("at_least, at_most", ("steps=STEPS)", "steps=1)"), *changes)
    return names["found"]["with"][0], names["found"]["without"][0]


@answers("19.t1")
def one_cycle():
    steps = 1500
    short = "600) if FAST else (800, 2000, 1000)", f"600) if FAST else (800, {steps}, 1000)"
    from_a, from_b = ("nets.D_B, a, b, weight)", "nets.D_B, a, b, 0)"), ("nets.D_A, b, a, weight)", "nets.D_A, b, a, 0)")
    said([toy(short, without)[0] for without in (from_b, from_a)], "7", "10")
    said(toy(short)[0], "9")


@answers("19.t2")
def narrow_gaussians():
    said(toy(("((5, 0.2), (10, 0.15))", "((5, 0.02), (10, 0.02))")), "6", "5")


@answers("19.t3")
def negatives():
    names = cycles("error, kept, translated", ("steps=STEPS)", "steps=1)"), ("steps=TOY_STEPS)", "steps=1)"),
                   ("turned(seen.x[second])", "-seen.x[second]"), ("read(turned(there, -1))", "read(-there)"), seeds=2)
    said(ends(names["scores"]["with"][:, 1]), "95 %", "95 %")
    said(names["scores"]["with"][:, 2], "7 %", "8 %")


# ---------------------------------------------------------------- 20


def networks():
    """The names of lesson 20 when all kinds of networks are there, with 1000 steps."""
    return lesson("20", ("400 if FAST else 2000", "1000"), ("runs = {", "# %%\n# Stop\nruns = {"), until="Stop")


def scored(names, kind, recipe="digits", steps=1000):
    from tinygan.metrics import digit_judge

    return digit_judge().report(names["trained"](kind, recipe, 0, steps).sample(901, seed=0))


@answers("20.q2")
def small_weights():
    names = networks()
    said([scored(names, names[kind]).coverage for kind in ("BareAndSmall", "DCGAN")], ".002", ".57")
    said(1000, "1000")
    sizes = [first_gradient(names[kind], names["training"]) for kind in ("BareAndSmall", "DCGAN")]
    said(sizes, ".001", ".1")


def first_gradient(kind, points):
    """The mean size of the gradient of the weights of D's first layer, at the first step."""
    from tinygan import losses
    from tinygan.gradients import d_gradients

    nets, rng = kind("digits").build(points, seed=0).networks, np.random.default_rng(0)
    d_gradients(nets["D"], points.x[:64].astype(np.float32), nets["G"](rng.standard_normal((64, 16), np.float32)),
                losses.NonSaturating())
    return np.abs(nets["D"].layers[0].dW).mean()


@answers("20.t1")
def normalised_in_one_player():
    names = networks()

    def only(player):
        class Mixed(names["Bare"]):
            def make(self, points, seeds):
                whole, bare = names["DCGAN"].make(self, points, seeds), super().make(points, seeds)
                return {name: whole[name] if name == player else bare[name] for name in whole}

        return Mixed

    reports = [scored(names, kind) for kind in (only("G"), only("D"), names["DCGAN"], names["Bare"])]
    said([report.coverage for report in reports], ".34", ".44", ".57", ".36")
    said([report.frechet for report in reports], "19.6", "2.5", "2.4", "5.5")


@answers("20.t2")
def half_of_the_steps():
    names = networks()
    found = [scored(names, names["DCGAN"])] + [scored(names, names["Dense"], "digits-r1", steps) for steps in (1000, 4500)]
    said([report.coverage for report in found], ".57", ".08", ".54")


# ---------------------------------------------------------------- 21


SHORT_21 = ("1600 if FAST else 3000", "1600"), ("range(1 if FAST else 2)", "range(1)")


def all_three(model, names):
    """The share of images that show all three of the words that were asked for."""
    return names["scores"](model.sample(names["SAMPLES"], seed=1))["all three"]


def one_stackgan():
    """The names of lesson 21 when `trained` is there; and those that score, without the other runs."""
    return lesson("21", *SHORT_21, ('"no wrong words": [trained(NoWrongWords, seed) for seed in SEEDS],', ""),
                  ('"large KL term": [trained(StackGAN, seed, BUDGETS[1]) for seed in SEEDS]', ""),
                  ("def scored(", "# %%\n# Stop\ndef scored("), until="Stop")


@answers("21.q2")
def nats_spent():
    names = lesson("21", *SHORT_21, ("0.002, 0.1)", "0.002, 0.01)"),
                   ("assert np.all(budget", "# %%\n# Stop\nassert np.all(budget"), until="Stop")
    said([names["budget"]["large KL term"][0], names["budget"]["StackGAN"][0]], "2.1", "4.4")
    said([names["table"]["large KL term"]["all three"][0], names["table"]["StackGAN"]["all three"][0]], "35 %", "48 %")
    said(names["BUDGETS"][1], ".01")


@answers("21.t1")
def a_thin_seven():
    names = one_stackgan()
    x = names["runs"]["StackGAN"][0][0].sample(400, text="a thin seven")
    slanted, thick = names["words"].styles(x, np.full(400, 7))
    said([slanted.mean(), thick.mean(), len(x)], "52 %", "28 %", "400")


@answers("21.t2")
def words_of_the_next_row():
    names = one_stackgan()

    class NextRow(names["StackGAN"]):
        def game(self, points, batch):
            game = super().game(points, batch)

            def draw(streams):
                drawn = game.draw(streams)
                return drawn._replace(wrong=np.roll(drawn.phi, -1, axis=-2))

            return game._replace(draw=draw)

    models = names["trained"](NextRow, 0)[0], names["runs"]["StackGAN"][0][0]
    said([all_three(model, names) for model in models], "50.3 %", "47.9 %")


# ---------------------------------------------------------------- 22


def style_gans(*changes):
    """The names of lesson 22 when its networks are trained, and their Frechet distances, the smaller one first."""
    names = lesson("22", *changes, ("def coarse_over_fine", "# %%\n# Stop\ndef coarse_over_fine"), until="Stop")
    return names, sorted(names["judge"].report(model.sample(names["SAMPLES"])).frechet for model in names["models"])


@answers("22.q2")
def mixed_in_training():
    said(style_gans()[1] + style_gans(('StyleGAN("digits", steps=STEPS)', 'StyleGAN("digits", steps=STEPS, mixing=0.5)'))[1],
         "2.6", "2.8", "5.4", "8.5")


@answers("22.t1")
def the_first_style_alone():
    names, _ = style_gans()
    found = []
    for model in names["models"]:
        w = model.styles(2000, seed=1)
        read = names["judge"].read
        mixed = read(model.paint(model.mixed(w[::2], w[1::2], 1)))
        found.append([np.mean(mixed == read(model.paint(each))) for each in (w[::2], w[1::2])])
    said(ends([other for _, other in found]), "40 %", "44 %")
    said(np.mean([own for own, _ in found]), "20 %")


@answers("22.t2")
def modulated():
    names = lesson("22", ('StyleGAN("digits", steps=STEPS)', 'StyleGAN("digits", steps=STEPS, style="modulation")'),
                   until="What does not hold")
    said(np.sort(names["ruled"]), "1.09", "1.25")
    said(np.sort([names["judge"].report(model.sample(names["SAMPLES"])).frechet for model in names["models"]]), "2.4", "2.7")
    said(names["density"][0], ".55", ".55")
    said(np.sort(names["density"][1]), ".68", ".75")
    assert names["failed"]


# ---------------------------------------------------------------- 23


@answers("23.q2")
def from_four_by_four():
    measured, steps = {}, 2500
    for factor in (2, 4):
        names = lesson("23", ("range(1 if FAST else 3)", "range(1)"), ("FACTOR = 4", f"FACTOR = {factor}"),
                       ("1500 if FAST else 4000  # of", f"{steps}  # of"), until="The other warning: learned by heart")
        measured[factor] = [names["differ"][0], names["spread"].mean(), names["wrong"].mean()]
    said([*measured[2], *measured[4]], "10 %", ".17", ".26", "70 %", ".39", ".41")


@functools.cache
def few_images():
    """{n: what the memory report says of a GAN that learned from n images}, seed 0."""
    names = lesson("23", ("[enlarging(seed) for seed in SEEDS]", "[]"), ("runs = {n:", "# %%\n# Stop\nruns = {n:"), until="Stop")
    return {n: names["learned_from"](n, 0)[0] for n in (10, 30, 100, 300, 896)}


@answers("23.t1")
def copies_and_nearer():
    found = few_images()
    said([found[n].copies for n in (10, 30, 100)], ".85", ".12", ".001")
    said([found[n].nearer for n in (30, 100, 300, 896)], ".94", ".81", ".68", ".57")


@answers("23.t2")
def gaps_of_d():
    said([report.gap for report in few_images().values()], "1.12", ".85", ".29", ".07", ".02")


# ---------------------------------------------------------------- run them


def main(wanted):
    os.environ.pop("TINYGAN_FAST", None)
    import matplotlib  # noqa: PLC0415  only here: the tests read this file without it

    matplotlib.use("Agg")
    bad = 0
    for item, check in ANSWERS.items():
        if not wanted or item in wanted or item[:2] in wanted:
            start = time.process_time()
            try:
                check()
                outcome = "right"
            except AssertionError as error:
                bad, outcome = bad + 1, f"WRONG: {error}"
            print(f"{item} {check.__name__}: {outcome} ({time.process_time() - start:.1f} s)", flush=True)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
