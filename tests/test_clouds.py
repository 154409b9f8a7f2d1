"""Metrics of clouds against slow loops, against true samples, and against samplers that are wrong in a known way."""

import functools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tinygan import data, metrics
from tinygan.metrics import clouds

SEEDS = range(5)
RING = data.ring()
LN2 = math.log(2)


def rng(seed=0):
    return np.random.default_rng(seed)


def three():
    return data.Mixture([[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]], [0.25, 0.5, 1.0], (0.2, 0.5, 0.3))


def spoiled(n, d, seed=0):
    """(x, real): normal points, of which some of x are bad."""
    x, real = rng(seed).normal(size=(n, d)), rng(seed + 1).normal(0.3, 1.2, size=(n // 2, d))
    x[0], x[1, 0], x[2], x[3] = math.nan, math.inf, -math.inf, 1e200
    return x, real


def far(row):
    return not all(abs(value) < 1e150 for value in row)


# ---- coverage and density


def naive_coverage_and_density(x, real, k):
    held = []
    for i, center in enumerate(real):
        radius = sorted(math.dist(center, other) for j, other in enumerate(real) if j != i)[k - 1]
        held.append(sum(math.dist(center, row) < radius for row in x if not far(row)))
    return sum(count > 0 for count in held) / real.shape[0], sum(held) / (k * x.shape[0])


def check_coverage_and_density(k):
    for n, d in ((31, 2), (24, 3), (40, 1)):
        x, real = spoiled(n, d)
        assert np.allclose(metrics.coverage_and_density(x, real, k), naive_coverage_and_density(x, real, k), rtol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_coverage_and_density_are_their_definitions(k):
    check_coverage_and_density(k)


def test_coverage_and_density_by_hand():
    """Balls of radius 1, 1, 2 and 4 around 0, 1, 3 and 7, each open: they reach from -1 to 1, 0 to 2, 1 to 5, 3 to 11."""
    real = np.array([[0.0], [1], [3], [7]])
    assert metrics.coverage_and_density([[0.5]], real, k=1) == (2 / 4, 2)
    assert metrics.coverage_and_density([[1.0], [4.0]], real, k=1) == (3 / 4, 3 / 2)  # 1 is on the rim of two balls
    assert metrics.coverage_and_density([[20.0], [4.0]], real, k=1) == (2 / 4, 1)
    assert metrics.coverage_and_density([[20.0]], real, k=1) == (0, 0)
    assert metrics.coverage_and_density([[20.0]], real, k=3) == (0, 0)  # the ball around 7 has radius 7


@pytest.mark.parametrize("k", [1, 5])
def test_who_copies_the_true_samples_covers_them_and_is_as_dense(k):
    real = RING.sample(50, rng())
    assert metrics.coverage_and_density(real, real, k) == (1, 1)  # each ball holds its own centre and k - 1 others


def test_balls_of_radius_zero_hold_copies_of_their_centre():
    real = np.repeat([[0.0, 0.0], [1.0, 1.0]], 4, axis=0)
    assert metrics.coverage_and_density([[0.0, 0.0], [0.5, 0.5]], real, k=3) == (1 / 2, 4 / 6)


def expected_coverage(n, k):
    """Of n true samples by n others (Naeem et al. 2020, appendix): 1 - (n-1)...(n-k) / ((2n-1)...(2n-k))."""
    return 1 - math.prod((n - i) / (2 * n - i) for i in range(1, k + 1))


@pytest.mark.parametrize(("n", "k"), [(12, 3), (40, 5)])
def test_the_floor_of_coverage_and_density(n, k):
    draw = rng()
    scores = np.array([metrics.coverage_and_density(*RING.sample(2 * n, draw).reshape(2, n, 2), k) for _ in range(200)])
    error = 4 * scores.std(axis=0) / math.sqrt(200)
    assert np.all(np.abs(scores.mean(axis=0) - [expected_coverage(n, k), 1]) < error)
    assert 1 - 2**-k - expected_coverage(10_000, k) < 2e-4


# ---- MMD


def naive_mmd2(x, real, b):
    def kernel(u, v):
        if far(u) or far(v):
            return float(far(u) and far(v))
        return math.exp(-math.dist(u, v) ** 2 / (2 * b**2))

    def mean(pairs):
        pairs = list(pairs)
        return sum(kernel(u, v) for u, v in pairs) / len(pairs)

    within, truth = ([(z[i], z[j]) for i in range(len(z)) for j in range(len(z)) if i != j] for z in (x.tolist(), real.tolist()))
    return mean(within) + mean(truth) - 2 * mean((u, v) for u in x.tolist() for v in real.tolist())


def check_mmd2():
    for n, d in ((31, 2), (24, 3), (6, 1)):
        x, real = spoiled(n, d)
        for b in (0.1, 1.0):
            assert math.isclose(metrics.mmd2(x, real, b), naive_mmd2(x, real, b), rel_tol=1e-9)


def test_mmd2_is_its_definition():
    check_mmd2()


def test_mmd2_by_hand():
    e = math.exp(-1 / 2)
    assert math.isclose(metrics.mmd2([[0.0], [1]], [[1.0], [0]], 1.0), e + e - (1 + e))
    assert metrics.mmd2([[0.0], [0.0]], [[99.0], [99.0]], 1.0) == 2  # the largest there is
    assert metrics.mmd2([[5.0], [5.0]], [[5.0], [5.0]], 1.0) == 0


def test_mmd2_in_blocks_is_the_same(monkeypatch):
    x, real = three().sample(700, rng()), three().sample(500, rng(1))
    many = metrics.mmd2(x, real, (0.25, 4.0))
    assert many.shape == (2,) and math.isclose(metrics.mmd2(x, real, 4.0), many[1])
    monkeypatch.setattr(clouds, "CHUNK", 1000)
    assert np.allclose(metrics.mmd2(x, real, (0.25, 4.0)), many, rtol=1e-10)
    kernel = np.exp(-((x[:, None] - x) ** 2).sum(axis=-1) / 2)
    assert math.isclose(clouds._pair_sum(x, [1.0])[0], kernel.sum() - 700, rel_tol=1e-12)


def exact_mmd2(q, p, b):
    """Between two mixtures: the mean of the kernel over two Gaussians is a Gaussian again."""
    def mean(one, other):
        variance = one.stds[:, None] ** 2 + other.stds**2 + b**2
        squared = ((one.means[:, None] - other.means) ** 2).sum(axis=-1)
        return one.weights @ (b**2 / variance * np.exp(-squared / (2 * variance))) @ other.weights

    return mean(q, q) + mean(p, p) - 2 * mean(q, p)


def check_mmd2_is_unbiased():
    """For true samples its mean over many small sets is 0, for others that of the densities; a diagonal would add 1/8 or more."""
    other, b, draw = data.Mixture(three().means[1:] + 0.2, 0.4, (0.5, 0.5)), (0.25, 4.0), rng()
    for q in (three(), other):
        scores = np.array([metrics.mmd2(q.sample(8, draw), three().sample(8, draw), b) for _ in range(300)])
        exact = [exact_mmd2(q, three(), one) for one in b]
        assert np.all(np.abs(scores.mean(axis=0) - exact) < 4 * scores.std(axis=0) / math.sqrt(300))


def test_mmd2_is_unbiased():
    check_mmd2_is_unbiased()


def test_the_two_scales_see_two_failures():
    """Blur at the width of a mode, lost modes at the distance between them: exactly, without samples."""
    sigma, spacing = metrics.scales(RING)
    assert sigma == 0.02 and math.isclose(spacing, 4 * math.sin(math.pi / 8))
    blurred, lost = data.ring(std=0.06), data.Mixture(RING.means[:5], 0.02)
    assert exact_mmd2(blurred, RING, sigma) > 1000 * exact_mmd2(blurred, RING, spacing)
    assert exact_mmd2(lost, RING, spacing) > 3 * exact_mmd2(lost, RING, sigma)


def test_scales_of_one_mode_and_of_twins():
    assert metrics.scales(data.Mixture([[1.0, 2.0]], 0.3)) == (0.3, 0.3)
    assert metrics.scales(data.Mixture([[0.0], [1e-16], [5.0]], 0.1)) == (0.1, 5)  # the ring by linspace has such twins
    assert metrics.scales(data.Mixture([[0.0], [1e-16]], 0.1)) == (0.1, 0.1)
    assert metrics.scales(three()) == (0.25, 4)


# ---- JS in the plane


def naive_js(x, mixture, cells):
    def cdf(axis, k, t):
        return 0.5 * (1 + math.erf((t - mixture.means[k, axis]) / mixture.stds[k] / math.sqrt(2)))

    low = [min(mixture.means[:, a] - 5 * mixture.stds) for a in (0, 1)]
    width = [(max(mixture.means[:, a] + 5 * mixture.stds) - low[a]) / cells for a in (0, 1)]
    p, q = [], []
    for i in range(cells):
        for j in range(cells):
            (a, b), (c, d) = ([low[m] + n * width[m], low[m] + (n + 1) * width[m]] for m, n in ((0, i), (1, j)))
            modes = enumerate(mixture.weights)
            p.append(sum(w * (cdf(0, k, b) - cdf(0, k, a)) * (cdf(1, k, d) - cdf(1, k, c)) for k, w in modes))
            q.append(sum(a <= u < b and c <= v < d for u, v in x) / len(x))
    p, q = [*p, 1 - sum(p)], [*q, 1 - sum(q)]
    return sum(a / 2 * math.log(2 * a / (a + b)) for a, b in [*zip(p, q, strict=True), *zip(q, p, strict=True)] if a > 0)


def check_js():
    """Against the definition, with samples of which some lie outside; and never more than ln 2."""
    x = np.concatenate([three().sample(40, rng()), rng(1).uniform(-20, 20, (10, 2)), [[math.nan, 0], [0, math.inf], [1e200, 0]]])
    assert math.isclose(metrics.js_2d(x, three(), cells=9), naive_js(x, three(), 9), rel_tol=1e-9)
    for nowhere in ([[1e9, 0.0]], [[math.nan, math.nan]], [[0.0, -math.inf]]):
        assert LN2 - 1e-5 < metrics.js_2d(nowhere, three()) <= LN2


def check_cells():
    """They are probabilities, sum to 1, and are the density times the area where cells are small."""
    for mixture in (RING, three(), data.Mixture([[1.0, 2.0]], 0.1)):
        edges, p = clouds._cells(mixture, 100)
        assert edges.shape == (2, 101) and p.shape == (10_001,) and np.all(p >= 0) and p[-1] < 1e-5
        assert math.isclose(p.sum(), 1, rel_tol=1e-13)
    edges, p = clouds._cells(three(), 400)
    middle = (edges[:, 1:] + edges[:, :-1]) / 2
    grid = np.stack(np.meshgrid(*middle, indexing="ij"), axis=-1).reshape(-1, 2)
    density = np.exp(three().log_prob(grid)) * np.prod(edges[:, 1] - edges[:, 0])
    assert np.abs(density - p[:-1]).sum() < 1e-3


def test_js_is_its_definition_and_bounded():
    check_js()


def test_cells_are_the_probabilities_of_the_mixture():
    check_cells()


def test_js_falls_to_nothing_as_true_samples_grow():
    scores = [metrics.js_2d(three().sample(n, rng()), three(), cells=10) for n in (100, 10_000, 200_000)]
    assert scores[0] > 30 * scores[1] > 300 * scores[2] > 0
    assert metrics.jensen_shannon(np.array([0.5, 0.5, 0]), np.array([0, 0, 1.0])) == LN2
    assert metrics.jensen_shannon(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0


# ---- the classifier


def test_verdicts_are_those_of_the_nearest_neighbours():
    x, real = spoiled(18, 2)[0], rng(3).normal(1, 1, (20, 2))
    asked = np.concatenate([rng(4).normal(size=(30, 2)), [[math.nan, 0.0], [1e300, 1e300]]])
    train = [(row, False) for row in x if not far(row)] + [(row, True) for row in real]
    wanted = []
    for row in asked:
        votes = [is_real for _, is_real in sorted(train, key=lambda pair: math.dist(pair[0], row))[:5]]  # sqrt(40) = 6.3
        wanted.append(not far(row) and sum(votes) > 2)
    assert 0 < sum(wanted) < 30
    assert clouds._says_real(x, real, asked).tolist() == wanted


def check_c2st_null(n=40):
    """z is about N(0, 1) for true samples, and no wider."""
    draw = rng()
    z = np.array([metrics.c2st(*RING.sample(2 * n, draw).reshape(2, n, 2), draw).z for _ in range(300)])
    assert abs(z.mean()) < 4 / math.sqrt(300) and 0.7 < z.std() < 1.1
    assert 0 < (z > 1.645).mean() < 0.1


def test_the_classifier_is_a_coin_for_true_samples():
    check_c2st_null()


def test_the_classifier_by_hand():
    """Two clouds far apart are always told apart: T = 10 verdicts, all right, are sqrt(10) standard deviations."""
    x, real = rng(0).normal(size=(11, 2)), rng(1).normal(50, 1, size=(11, 2))
    assert metrics.c2st(x, real, rng()) == (1, math.sqrt(10))
    assert metrics.c2st(np.full((11, 2), math.nan), real, rng()) == (1, math.sqrt(10))
    assert metrics.c2st([[0.0], [0.0]], [[5.0], [5.0]], rng()) == (1, math.sqrt(2))


def test_bad_samples_are_recognised_and_the_others_are_not():
    """Half of x is bad, half true: the best that a classifier can do is to be right about all but the good half of x."""
    x, real = RING.sample(2000, rng(0)), RING.sample(2000, rng(1))
    x[1000:] = math.nan
    assert abs(metrics.c2st(x, real, rng()).accuracy - 0.75) < 0.02


# ---- reports


@pytest.mark.parametrize("make", [data.ring, data.grid, three], ids=["ring", "grid", "three"])
def test_true_samples_lie_on_the_floor(make):
    floors = np.array([metrics.truth_cloud_report(make(), 500, rng(seed)) for seed in SEEDS])
    coverage, density, fine, coarse, js, accuracy, z = floors.swapaxes(0, 1)
    assert np.all(np.abs(coverage - expected_coverage(500, 5)) < 0.05) and np.all(np.abs(density - 1) < 0.15)
    assert np.all(np.abs(fine) < 0.005) and np.all(np.abs(coarse) < 0.012) and np.all(js > 0) and np.ptp(js) < 0.03
    assert np.all(np.abs(z) < 4) and np.allclose(accuracy, 0.5 + z / (2 * math.sqrt(500)))


def samplers():
    """How samplers of the ring fail, and which scores must show it, one letter each: Coverage, Density, fine MMD (sigma),
    wide MMD (spacing), Js, Test. A "?" is left to chance: in how many balls does one point lie?
    """
    noise = data.Mixture([[0.0, 0.0]], 2.0)
    return {
        "collapsed": (data.Mixture(RING.means[:3], 0.02).sample, "C-FWJT"),
        "lopsided": (data.Mixture(RING.means, 0.02, np.arange(1, 9) / 36).sample, "C-FWJT"),
        "blurred": (data.ring(std=0.06).sample, "CDF-JT"),
        "sharp": (data.ring(std=0.01).sample, "C-F-JT"),
        "shifted": (data.Mixture(RING.means + 0.03, 0.02).sample, "CDF-JT"),
        "seven": (data.ring(7).sample, "CDF-JT"),
        "half noise": (lambda n, rng: np.concatenate([RING.sample(n // 2, rng), noise.sample(n - n // 2, rng)]), "CDFWJT"),
        "one point": (lambda n, rng: np.repeat(RING.means[:1], n, axis=0), "C?FWJT"),
        "eight points": (lambda n, rng: RING.means[rng.integers(8, size=n)], "C?F-JT"),
        "half NaN": (lambda n, rng: np.concatenate([RING.sample(n // 2, rng), np.full((n - n // 2, 2), math.nan)]), "CDFWJT"),
        "infinite": (lambda n, rng: np.full((n, 2), -math.inf), "CDFWJT"),
    }


UP = np.array([-1, -1, 1, 1, 1, 1])  # turns each score so that larger is worse


@functools.cache
def limit():
    """What no truth exceeds: the worst of five, and once more as much as these five differ."""
    floors = np.array([UP * metrics.truth_cloud_report(RING, 600, rng(100 + seed))[:6] for seed in SEEDS])
    return floors.max(axis=0) + np.ptp(floors, axis=0)


@pytest.mark.parametrize("name", samplers())
def test_samplers_that_are_wrong_score_worse_than_the_truth(name):
    """Each in the scores that can show it, and in no other: no score sees everything but the test and JS."""
    sample, shows = samplers()[name]
    for seed in (0, 1):
        worse = UP * metrics.cloud_report(sample(600, rng(seed)), RING, rng(seed + 50))[:6] > limit()
        seen = [letter if one else "-" for letter, one in zip("CDFWJT", worse, strict=True)]
        assert all(letter in (one, "?") for letter, one in zip(shows, seen, strict=True)), seen


def test_other_true_samples_stay_within_the_limit():
    for seed in SEEDS:
        assert np.all(UP * metrics.truth_cloud_report(RING, 600, rng(200 + seed))[:6] <= limit())


def test_infinitely_wrong_is_worse_than_any_collapse():
    """A sampler that gave nothing but NaN must not beat one that gave a single mode."""
    collapsed = metrics.cloud_report(np.repeat(RING.means[:1], 200, axis=0), RING, rng())
    lost = metrics.cloud_report(np.full((200, 2), math.nan), RING, rng())
    assert lost.coverage == lost.density == 0 and lost.c2st == 1
    assert all(a > b for a, b in zip(lost[2:], collapsed[2:], strict=True))


def test_unequal_weights_are_the_shares_to_meet():
    equal = data.Mixture(three().means, three().stds).sample(1500, rng())
    wrong, truth = (metrics.cloud_report(x, three(), rng(9)) for x in (equal, three().sample(1500, rng())))
    assert wrong.mmd2_spacing > 0.01 > 10 * abs(truth.mmd2_spacing) and wrong.js > truth.js + 0.01 and wrong.z > 3 > truth.z


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_one_mode_in_every_dimension(dim):
    one = data.Mixture(np.ones((1, dim)), 0.3)
    report = metrics.truth_cloud_report(one, 400, rng())
    assert report.mmd2_sigma == report.mmd2_spacing and abs(report.mmd2_sigma) < 0.02
    assert math.isnan(report.js) == (dim != 2) and report.coverage > 0.9 and abs(report.z) < 4


@given(st.integers(0, 2**32), st.floats(1e-3, 1e3), st.floats(-100, 100))
def test_neither_order_nor_units_matter(seed, scale, shift):
    draw, mixture = rng(seed), three()
    x, real = mixture.sample(30, draw) + 0.1, mixture.sample(25, draw)
    moved = data.Mixture(mixture.means * scale + shift, mixture.stds * scale, mixture.weights)
    far, truth = draw.permutation(x) * scale + shift, draw.permutation(real) * scale + shift
    assert metrics.coverage_and_density(far, truth, 3) == metrics.coverage_and_density(x, real, 3)
    assert np.allclose(metrics.scales(moved), np.multiply(metrics.scales(mixture), scale))
    assert np.allclose(metrics.mmd2(far, truth, metrics.scales(moved)), metrics.mmd2(x, real, metrics.scales(mixture)), atol=1e-9)
    assert abs(metrics.js_2d(far, moved, 10) - metrics.js_2d(x, mixture, 10)) < 1e-9
    assert metrics.js_2d(x[:, ::-1], data.Mixture(mixture.means[:, ::-1], mixture.stds, mixture.weights), 10) == pytest.approx(
        metrics.js_2d(x, mixture, 10))


def test_nothing_that_is_given_changes_and_the_same_rng_gives_the_same_report():
    x = RING.sample(50, rng())
    kept = x.copy()
    assert metrics.cloud_report(x, RING, rng(1)) == metrics.cloud_report(x, RING, rng(1)) and np.array_equal(x, kept)
    assert metrics.cloud_report(x.tolist(), RING, rng(1)) == metrics.cloud_report(x, RING, rng(1))
    assert np.allclose(metrics.cloud_report(x.astype(np.float32), RING, rng(1)), metrics.cloud_report(x, RING, rng(1)), atol=1e-5)
    assert metrics.cloud_report([[2, 0]] * 6, RING, rng(1)) == metrics.cloud_report([[2.0, 0.0]] * 6, RING, rng(1))


@pytest.mark.parametrize(("error", "match", "call"), [
    (ValueError, "x must have at least 6 rows; got 1", lambda: metrics.cloud_report(np.zeros((1, 2)), RING, rng())),
    (ValueError, "x must have 2 columns; got 3", lambda: metrics.cloud_report(np.zeros((9, 3)), RING, rng())),
    (TypeError, "x must hold real numbers", lambda: metrics.cloud_report([["a", "b"]] * 6, RING, rng())),
    (ValueError, "real must have at least 6 rows; got 5",
     lambda: metrics.coverage_and_density(np.zeros((9, 2)), np.zeros((5, 2)))),
    (ValueError, "real must be finite; row 0, column 1 is nan",
     lambda: metrics.coverage_and_density(np.zeros((9, 2)), [[0, math.nan]] * 6)),
    (ValueError, "real must have 2 columns; got 3", lambda: metrics.mmd2(np.zeros((9, 2)), np.zeros((9, 3)), 1.0)),
    (ValueError, "k must be at least 1; got 0", lambda: metrics.coverage_and_density(np.zeros((9, 2)), np.zeros((9, 2)), 0)),
    (ValueError, "x must have at least 2 rows; got 1", lambda: metrics.mmd2([[0.0]], [[0.0], [1.0]], 1.0)),
    (ValueError, "a bandwidth must be a finite number above 1e-150 and below 1e\\+150; got 0.0",
     lambda: metrics.mmd2([[0.0], [1.0]], [[0.0], [1.0]], (1.0, 0.0))),
    (ValueError, "js_2d needs a 2-D mixture; got 1 dimensions", lambda: metrics.js_2d([[0.0]], data.gaussians_1d())),
    (ValueError, "cells must be at least 1", lambda: metrics.js_2d([[0.0, 0.0]], RING, cells=0)),
    (ValueError, "c2st compares equally many samples; got 3 and 2", lambda: metrics.c2st(np.eye(3), np.ones((2, 3)), rng())),
    (ValueError, "x must be a 2-D array", lambda: metrics.c2st(np.zeros(4), np.zeros(4), rng())),
])
def test_bad_input_is_refused(error, match, call):
    with pytest.raises(error, match=match):
        call()


def test_the_table_of_clouds():
    rows = {"true samples": metrics.truth_cloud_report(RING, 500, rng()),
            "nowhere": metrics.cloud_report(np.full((500, 2), math.nan), RING, rng())}
    lines = metrics.table(rows, RING).split("\n")
    assert len({len(line) for line in lines}) == 1 and "coverage" in lines[0] and "MMD2 spacing" in lines[0]
    assert lines[2].split()[:3] == ["nowhere", "0.00%", "0.000"] and lines[2].split()[5:] == ["0.6931", "100.00%", "22.4"]
    assert str(rows["nowhere"]).startswith("coverage 0.00%, density 0.000, MMD2 sigma ")
    with pytest.raises(ValueError, match="reports of one kind; got CloudReport and ModeReport"):
        metrics.table(rows | {"other": metrics.truth_report(RING, 9, rng())}, RING)
    with pytest.raises(ValueError, match="reports of one kind; got none"):
        metrics.table({}, RING)


def test_no_large_arrays():
    """All pairs of 3000 samples would be 72 MB; all distances to 100 centres, with their coordinates, 5 MB."""
    big = data.by_name("big_grid")
    x = big.sample(3000, rng())
    metrics.cloud_report(x[:6], big, rng())  # imports
    tracemalloc.start()
    metrics.mode_report(x, big)
    modes = tracemalloc.get_traced_memory()[1]
    metrics.cloud_report(x, big, rng())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert modes < 2e6 and peak < 6e6, (modes, peak)


@pytest.mark.slow
@pytest.mark.parametrize("make", [data.ring, data.grid], ids=["ring", "grid"])
def test_the_floors_at_full_size(make):
    """10 000 samples, as results are reported: what is written beside each score in the documentation."""
    floors = np.array([metrics.truth_cloud_report(make(), 10_000, rng(seed)) for seed in range(3)])
    coverage, density, fine, coarse, js, _, z = floors.swapaxes(0, 1)
    assert np.all(np.abs(coverage - 0.969) < 0.01) and np.all(np.abs(density - 1) < 0.03)
    assert np.all(np.abs(fine) < 2e-4) and np.all(np.abs(coarse) < 5e-4) and np.all(js < 0.01) and np.all(np.abs(z) < 4)


@pytest.mark.slow
def test_z_is_standard_normal_in_the_long_run():
    check_c2st_null(n=300)
    draw = rng()
    z = [metrics.c2st(*RING.sample(400, draw).reshape(2, 200, 2), draw).z for _ in range(2000)]
    assert abs(np.mean(z)) < 4 / math.sqrt(2000) and stats.norm.sf(1.645) / 3 < np.mean(np.array(z) > 1.645) < 0.07
