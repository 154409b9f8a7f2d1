"""Metrics against numbers worked out by hand, against true samples, and against samplers that are wrong in a known way."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tinygan import data, metrics

SEEDS = range(5)
STEADY = settings(derandomize=True, deadline=None, max_examples=25)
TRUE_SHARE = 1 - math.exp(-4.5)  # of a 2-D Gaussian within 3 standard deviations


def rng(seed=0):
    return np.random.default_rng(seed)


def peak(function):
    """The most memory that a call holds at one time, in bytes; what is loaded in a first call does not count."""
    function()
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def naive_report(x, mixture):
    """The definitions, one sample at a time, for two dimensions."""
    total, shares, k = x.shape[0], mixture.weights, mixture.n_modes
    n, m, inside = [0] * k, [0] * k, [[] for _ in range(k)]
    for row in x:
        if not all(math.isfinite(value) for value in row):
            continue
        distances = [math.dist(row, c) for c in mixture.means]
        a = distances.index(min(distances))
        m[a] += 1
        if distances[a] <= 3 * mixture.stds[a]:
            n[a] += 1
            inside[a].append(row)
    good = sum(n)
    kl = sum(c / good * math.log(c / good / w) for c, w in zip(n, shares, strict=True) if c) if good else -math.log(min(shares))
    q, p = [c / total for c in n] + [1 - good / total], [TRUE_SHARE * w for w in shares] + [1 - TRUE_SHARE]
    squares = sum((((np.array(rows) - np.mean(rows, axis=0)) / s) ** 2).sum()
                  for rows, s in zip(inside, mixture.stds, strict=True) if rows)
    freedom = 2 * sum(max(c - 1, 0) for c in n)
    return metrics.ModeReport(
        modes=sum(c >= 1 for c in n),
        modes_half=sum(c / total >= 0.5 * w for c, w in zip(n, shares, strict=True)),
        modes_visited=sum(c / total >= 0.5 * w for c, w in zip(m, shares, strict=True)),
        high_quality=good / total,
        reverse_kl=kl,
        tv=sum(abs(a - b) for a, b in zip(q, p, strict=True)) / 2,
        std_ratio=math.sqrt(squares / freedom) / math.sqrt(1 - 4.5 * math.exp(-4.5) / TRUE_SHARE) if freedom else math.nan,
    )


def three():
    return data.Mixture([[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]], [0.25, 0.5, 1.0], (0.2, 0.5, 0.3))


@pytest.mark.parametrize("make", [data.ring, data.grid, three], ids=["ring", "grid", "three"])
@pytest.mark.parametrize("blur", [0.0, 0.1])
def test_mode_report_is_its_definition(make, blur):
    mixture = make()
    x = mixture.sample(500, rng()) + blur * rng(1).standard_normal((500, 2))
    x[:7] = math.nan
    x[7:9] = math.inf
    assert np.allclose(metrics.mode_report(x, mixture), naive_report(x, mixture), rtol=1e-10)


# ---- numbers by hand


def test_four_modes_by_hand():
    """Ten samples, four corners: 4 and 2 good ones at the first two, a blurred one at each other, one NaN, one infinite."""
    square = data.Mixture([[0.0, 0.0], [10, 0], [0, 10], [10, 10]], 1.0)
    x = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [10, 0], [10, 2], [0, 14], [99, 99], [math.nan, 0], [0, -math.inf]])
    report = metrics.mode_report(x, square)
    # Half of a fair share is 10 / 8 = 1.25 samples: a single visit does not count.
    assert (report.modes, report.modes_half, report.modes_visited) == (2, 2, 2)
    assert report.high_quality == 0.6
    assert math.isclose(report.reverse_kl, 2 / 3 * math.log(8 / 3) + 1 / 3 * math.log(4 / 3))
    p = TRUE_SHARE / 4
    assert math.isclose(report.tv, ((0.4 - p) + abs(0.2 - p) + 2 * p + (0.4 - (1 - TRUE_SHARE))) / 2)
    # Squared deviations from each mode's own mean: 4 at the first, 2 at the second; (4 - 1 + 2 - 1) * 2 = 8 degrees of freedom.
    assert math.isclose(report.std_ratio, math.sqrt(6 / 8) / 0.9743961888466185, rel_tol=1e-12)
    counts = metrics.mode_counts(x, square)
    assert counts.high_quality.tolist() == [4, 2, 0, 0] and counts.nearest.tolist() == [4, 2, 1, 1]


def test_the_radius_is_three_standard_deviations_of_the_own_mode():
    mixture = data.Mixture([[0.0, 0.0], [10.0, 0.0]], [0.5, 1.0])
    x = [[1.499, 0.0], [1.501, 0.0], [10.0, 2.999], [10.0, 3.001]]
    assert metrics.mode_counts(x, mixture).high_quality.tolist() == [1, 1]
    corner = [[1.2, 1.2]]  # inside the box of 3 std per axis, outside the circle
    assert metrics.mode_report(corner, mixture).high_quality == 0


def test_exactly_half_a_share_counts():
    for modes in range(1, 60):
        line = data.Mixture(np.arange(modes)[:, None], 0.01)
        x = np.repeat(np.arange(modes), [1] + [2] * (modes - 1))[:, None]
        x = np.append(x, [[0.5]], axis=0)  # 2 K samples, of which the first mode has 1 that is good
        report = metrics.mode_report(x.astype(float), line)
        assert report.modes_half == modes
        fewer = np.append(x, [[0.5]], axis=0)  # now half a share is more than 1
        assert metrics.mode_report(fewer.astype(float), line).modes_half == modes - 1
    pair = data.Mixture([[0.0], [9.0]], 1.0, (0.45, 0.55))
    x = np.repeat([[9.0], [4.5]], [55, 145], axis=0)  # 55 is half of 0.55 * 200, which rounds to a little more in float64
    assert metrics.mode_report(x, pair).modes_half == 1


def test_collapse_on_one_mode():
    one = data.ring().means[:1] + np.zeros((100, 1))
    report = metrics.mode_report(one, data.ring())
    assert (report.modes, report.modes_half, report.modes_visited, report.high_quality) == (1, 1, 1, 1.0)
    assert math.isclose(report.reverse_kl, math.log(8)) and report.std_ratio == 0
    assert math.isclose(report.tv, ((1 - TRUE_SHARE / 8) + 7 * TRUE_SHARE / 8 + (1 - TRUE_SHARE)) / 2)


@pytest.mark.parametrize("x", [
    np.full((20, 2), math.nan), np.full((20, 2), math.inf), np.full((20, 2), -1e200), [[math.nan, 0.0], [0.0, -math.inf]],
], ids=["nan", "inf", "overflow", "mixed"])
def test_samples_that_are_nowhere(x):
    report = metrics.mode_report(x, data.ring())
    assert report[:4] == (0, 0, 0, 0.0)
    assert math.isclose(report.reverse_kl, math.log(8)) and math.isclose(report.tv, TRUE_SHARE) and math.isnan(report.std_ratio)
    assert metrics.mode_counts(x, data.ring()).nearest.sum() == 0


def test_bad_samples_lower_the_quality_but_not_the_balance():
    x = data.ring().sample(1000, rng())
    clean = metrics.mode_report(x, data.ring())
    dirty = metrics.mode_report(np.concatenate([x, np.full((1000, 2), math.nan)]), data.ring())
    assert math.isclose(dirty.high_quality, clean.high_quality / 2)
    assert dirty.reverse_kl == clean.reverse_kl and dirty.std_ratio == clean.std_ratio


def test_no_high_quality_sample_scores_the_largest_kl():
    off = np.full((5, 2), 50.0)
    assert math.isclose(metrics.mode_report(off, data.grid()).reverse_kl, math.log(25))
    assert math.isclose(metrics.mode_report(off, three()).reverse_kl, -math.log(0.2))  # all on the rarest mode
    rarest = metrics.mode_report(np.zeros((5, 2)), three())
    assert math.isclose(rarest.reverse_kl, -math.log(0.2))


def test_one_mode_has_nothing_to_balance():
    report = metrics.truth_report(data.Mixture([[1.0, 2.0]], 0.1), 500, rng())
    assert report[:3] == (1, 1, 1) and report.reverse_kl == 0


def test_std_ratio_needs_two_samples_of_one_mode():
    assert math.isnan(metrics.mode_report(data.ring().means, data.ring()).std_ratio)
    pair = np.concatenate([data.ring().means, data.ring().means[:1] + [[0.02, 0.0]]])
    # One pair one sigma apart: the squared deviations sum to 1/2, over 2 degrees of freedom.
    assert math.isclose(metrics.mode_report(pair, data.ring()).std_ratio, 0.5 / 0.9743961888466185, rel_tol=1e-9)


# ---- true samples


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [data.ring, data.grid], ids=["ring", "grid"])
def test_true_samples_lie_on_the_floor(make, seed):
    mixture, n = make(), 10_000
    k, report = mixture.n_modes, metrics.truth_report(mixture, n, rng(seed))
    assert report[:3] == (k, k, k)
    assert abs(report.high_quality - TRUE_SHARE) < 4 * math.sqrt(TRUE_SHARE * (1 - TRUE_SHARE) / n)
    # 2 M KL follows a chi-square with K - 1 degrees of freedom, whose mean gives the floor (K - 1) / 2M.
    assert 1e-4 < stats.chi2.sf(2 * n * report.high_quality * report.reverse_kl, k - 1) < 1 - 1e-4
    assert report.tv < 0.03
    assert abs(report.std_ratio - 1) < 4 / math.sqrt(4 * n)


def test_the_floors_named_in_the_documentation():
    reports = [metrics.truth_report(data.grid(), 10_000, rng(seed)) for seed in range(20)]
    assert abs(np.mean([r.reverse_kl for r in reports]) - 0.0012) < 0.0002
    assert abs(np.mean([r.tv for r in reports]) - 0.020) < 0.002


def test_the_floor_is_not_met_by_a_slightly_wrong_sampler():
    """A std 10 % too large, or one mode with half of its share: both leave the floor that the truth keeps."""
    wide = metrics.mode_report(data.grid(std=0.055).sample(10_000, rng()), data.grid())
    assert wide.high_quality < TRUE_SHARE - 4 * math.sqrt(TRUE_SHARE * (1 - TRUE_SHARE) / 10_000)
    assert wide.std_ratio > 1 + 4 / math.sqrt(40_000)
    weights = np.append(0.5, np.full(24, 1 + 0.5 / 24)) / 25
    uneven = data.Mixture(data.grid().means, 0.05, weights)
    kl = metrics.mode_report(uneven.sample(10_000, rng()), data.grid()).reverse_kl
    assert stats.chi2.sf(2 * 10_000 * kl, 24) < 1e-6


@pytest.mark.parametrize("dim", [1, 2, 3, 8])
def test_every_dimension_has_its_own_true_share_and_spread(dim):
    corners = 100 * np.eye(dim + 1, dim)
    mixture, n = data.Mixture(corners, np.linspace(0.5, 2, dim + 1)), 20_000
    report, share = metrics.truth_report(mixture, n, rng()), stats.chi2.cdf(9, dim)
    assert abs(report.high_quality - share) < 4 * math.sqrt(share * (1 - share) / n)
    assert abs(report.std_ratio - 1) < 4 / math.sqrt(2 * n * dim) and report.tv < 0.02


def test_narrow_samples_score_a_narrow_spread():
    sharp = data.Mixture(data.grid().means, 0.025).sample(10_000, rng())
    report = metrics.mode_report(sharp, data.grid())
    assert report.high_quality > 0.9999  # better than the truth: a symptom
    assert abs(report.std_ratio - 0.5 / 0.9743961888466185) < 0.01


def test_unequal_weights_are_the_shares_to_meet():
    report = metrics.truth_report(three(), 10_000, rng())
    assert report.modes_half == 3 and report.reverse_kl < 0.001 and report.tv < 0.02
    equal = data.Mixture(three().means, three().stds)
    wrong = metrics.mode_report(equal.sample(10_000, rng()), three())
    exact = sum(math.log(1 / 3 / w) / 3 for w in three().weights)
    assert abs(wrong.reverse_kl - exact) < 0.02 and wrong.tv > 0.15


# ---- how samplers fail


def test_a_blurred_sampler_visits_but_is_not_of_high_quality():
    x = data.ring(std=0.2).sample(5000, rng())
    report = metrics.mode_report(x, data.ring())
    assert report.modes_visited == 8 and report.modes == 8 and report.modes_half == 0 and report.high_quality < 0.1


def test_a_ring_of_seven_modes():
    seven = data.ring(7).sample(5000, rng())
    assert metrics.mode_report(seven, data.ring(7)).modes_half == 7
    missing = data.Mixture(data.ring().means[:7], 0.02).sample(5000, rng())
    report = metrics.mode_report(missing, data.ring())
    assert report[:3] == (7, 7, 7) and abs(report.reverse_kl - math.log(8 / 7)) < 0.005
    assert metrics.mode_report(seven, data.ring()).modes == 1  # only the mode at angle 0 is where it should be


def test_no_metric_sees_that_the_truth_itself_is_wrong():
    """linspace with both ends makes twin modes; samples split between them. Only the ring's geometry shows it: test_data.py."""
    angle = np.linspace(0, 2 * math.pi, 8)
    slip = data.Mixture(2 * np.stack([np.cos(angle), np.sin(angle)], axis=-1), 0.02)
    assert metrics.truth_report(slip, 5000, rng()).modes_half == 8


@STEADY
@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([0.0, 0.02, 0.5]))
def test_order_does_not_matter(seed, n, blur):
    draw = rng(seed)
    x = three().sample(n, draw) + blur * draw.standard_normal((n, 2))
    shuffled = metrics.mode_report(draw.permutation(x), three())
    assert np.allclose(shuffled, metrics.mode_report(x, three()), equal_nan=True, rtol=1e-9)


@STEADY
@given(st.integers(0, 2**32), st.floats(1e-3, 1e3), st.floats(-100, 100), st.sampled_from([0.0, 0.02, 0.5]))
def test_units_do_not_matter(seed, scale, shift, blur):
    draw, mixture = rng(seed), three()
    x = mixture.sample(50, draw) + blur * draw.standard_normal((50, 2))
    moved = data.Mixture(mixture.means * scale + shift, mixture.stds * scale, mixture.weights)
    assert np.allclose(metrics.mode_report(x * scale + shift, moved), metrics.mode_report(x, mixture), rtol=1e-6)
    standard = mixture.standardized()
    inside = (x - standard.shift) / standard.scale
    assert np.allclose(metrics.mode_report(inside, standard), metrics.mode_report(x, mixture), rtol=1e-6)


@pytest.mark.parametrize(("error", "match", "x"), [
    (ValueError, "x must have 2 columns; got 3", np.zeros((5, 3))),
    (ValueError, "x must be a 2-D array", np.zeros(5)),
    (ValueError, "x must have at least 1 row", np.zeros((0, 2))),
    (TypeError, "x must hold real numbers", [["a", "b"]]),
    (TypeError, "x must hold real numbers", np.array([[None, 1]])),
    (TypeError, "x must hold real numbers", np.ones((3, 2), complex)),
])
def test_mode_report_refuses(error, match, x):
    with pytest.raises(error, match=match):
        metrics.mode_report(x, data.ring())
    with pytest.raises(error, match=match):
        metrics.mode_counts(x, data.ring())


def test_float32_lists_and_integers_are_welcome():
    x = data.ring().sample(300, rng())
    assert metrics.mode_report(x.tolist(), data.ring()) == metrics.mode_report(x, data.ring())
    assert metrics.mode_report(x.astype(np.float32), data.ring()).modes == 8
    assert metrics.mode_report([[2, 0], [-2, 0]], data.ring()).modes == 2


def test_the_table_is_aligned_and_shows_every_row():
    ring = data.ring()
    rows = {"true samples": metrics.truth_report(ring, 1000, rng()), "nowhere": metrics.mode_report([[math.nan] * 2], ring)}
    lines = metrics.table(rows, ring).split("\n")
    assert len(lines) == 3 and len({len(line) for line in lines}) == 1
    assert "modes of 8" in lines[0] and lines[1].startswith("true samples") and lines[2].endswith("nan")
    assert lines[2].split() == ["nowhere", "0", "0", "0", "0.00%", "2.0794", "0.9889", "nan"]
    assert "modes 8 (half their share: 8, visited: 8), high quality 100.00%" in str(metrics.mode_report(ring.means, ring))


def test_many_modes_cost_little():
    """Of 10 000 samples and 100 modes: the million distances between them are never in memory at the same time."""
    big = data.by_name("big_grid")
    x, all_distances = big.sample(10_000, rng()), 10_000 * 100 * 8  # bytes
    assert peak(lambda: metrics.mode_report(x, big)) < all_distances / 4
    assert peak(lambda: np.linalg.norm(x[:, None] - big.means, axis=-1)) > all_distances, "memory is not counted"


# ---- the line


def test_w1_by_hand_and_against_scipy():
    assert metrics.wasserstein_1d([0.0, 1.0], [3.0, 2.0]) == 2
    assert metrics.wasserstein_1d([[0.0], [1.0]], [1.0, 0.0]) == 0
    x, y = rng(0).normal(size=200), rng(1).normal(1, 2, size=200)
    assert math.isclose(metrics.wasserstein_1d(x, y), stats.wasserstein_distance(x, y), rel_tol=1e-12)
    assert math.isclose(metrics.wasserstein_1d(x, x + 3), 3)
    for bad in (math.nan, math.inf):
        assert metrics.wasserstein_1d([0.0, bad], [0.0, bad]) == math.inf


@pytest.mark.parametrize(("error", "match", "x", "y"), [
    (ValueError, "equally many samples; got 3 and 2. Draw as many", [1, 2, 3], [1, 2]),
    (ValueError, r"x must have shape \(N,\) or \(N, 1\) .* got \(2, 2\)", np.eye(2), [1, 2]),
    (ValueError, r"y must have shape .* got \(0,\)", [1], []),
    (ValueError, r"y must have shape .* got \(\)", [1], 1.0),
    (TypeError, "y must hold real numbers", [1], ["a"]),
])
def test_w1_refuses(error, match, x, y):
    with pytest.raises(error, match=match):
        metrics.wasserstein_1d(x, y)


def naive_js(x, mixture, cells):
    low, high = min(mixture.means[:, 0] - 5 * mixture.stds), max(mixture.means[:, 0] + 5 * mixture.stds)
    edges = [low + (high - low) * i / cells for i in range(cells + 1)]

    def cdf(t):
        return sum(w * 0.5 * (1 + math.erf((t - c) / s / math.sqrt(2)))
                   for c, s, w in zip(mixture.means[:, 0], mixture.stds, mixture.weights, strict=True))

    p = [cdf(b) - cdf(a) for a, b in zip(edges, edges[1:], strict=False)]
    q = [sum(a <= v < b for v in x) / len(x) for a, b in zip(edges, edges[1:], strict=False)]
    p, q = [*p, 1 - sum(p)], [*q, 1 - sum(q)]
    return sum(a / 2 * math.log(2 * a / (a + b)) for a, b in [*zip(p, q, strict=True), *zip(q, p, strict=True)] if a > 0)


def test_js_is_its_definition_and_bounded():
    mixture = data.gaussians_1d((-1.0, 2.0), (0.3, 0.8), (0.25, 0.75))
    x = rng().normal(0.5, 3, size=500)  # some of it outside the grid
    assert math.isclose(metrics.js_1d(x, mixture, cells=40), naive_js(x, mixture, 40), rel_tol=1e-9)
    for nowhere in ([1e9], [math.nan, math.inf], [-math.inf]):
        assert math.log(2) - 1e-5 < metrics.js_1d(nowhere, mixture) <= math.log(2)
    assert metrics.js_1d(mixture.sample(200_000, rng()), mixture, cells=20) < 1e-4
    with pytest.raises(ValueError, match="a 1-D mixture is needed; got 2 dimensions"):
        metrics.js_1d([0.0], data.ring())
    with pytest.raises(ValueError, match="cells must be at least 1"):
        metrics.js_1d([0.0], mixture, cells=0)


def test_js_cells_are_probabilities():
    for mixture in (data.gaussians_1d(), data.gaussians_1d((0.0, 50.0), (0.1, 4.0), (0.9, 0.1))):
        edges, p = metrics.line._cells(mixture, 200)
        assert edges.shape == p.shape == (201,) and np.all(p >= 0) and math.isclose(p.sum(), 1, rel_tol=1e-14)
        assert p[-1] < 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_truth_floor_on_the_line_and_samplers_above_it(seed):
    line, n = data.gaussians_1d(), 10_000
    floor = metrics.truth_report_1d(line, n, rng(seed))
    assert 0 < floor.w1 < 0.15 and 0 < floor.js < 0.005
    collapsed = metrics.report_1d(np.full((n, 1), -2.0), line, rng(seed))
    assert collapsed.w1 > 2 and 0.3 < collapsed.js <= math.log(2)
    variance = metrics.report_1d(data.gaussians_1d(stds=0.25).sample(n, rng(seed)), line, rng(seed + 100))
    assert variance.js > 10 * floor.js
    diverged = metrics.report_1d(np.full(n, math.nan), line, rng(seed))
    assert diverged.w1 == math.inf and math.isclose(diverged.js, math.log(2), rel_tol=1e-5)
    with pytest.raises(ValueError, match="a 1-D mixture is needed"):
        metrics.report_1d(np.zeros(4), data.ring(), rng())


def test_a_sample_at_three_standard_deviations_is_of_high_quality():
    line = data.gaussians_1d(means=(0.0,), stds=1.0)
    x = np.array([[3.0], [-3.0], [np.nextafter(3.0, 4.0)]])
    assert metrics.mode_report(x, line).high_quality == 2 / 3
