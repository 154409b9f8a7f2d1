"""Data sets against what they say they are: their statistics, their density, their units, and what they refuse."""

import copy
import gzip
import json
import math
import re
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tinygan import data, files
from tinygan.data.base import fingerprint

SEEDS = range(5)
STEADY = settings(derandomize=True, deadline=None, max_examples=25)


def rng(seed=0):
    return np.random.default_rng(seed)


def uneven():
    """Two dimensions, unequal weights and widths, overlapping modes."""
    return data.Mixture([[0.0, 0.0], [1.0, 2.0], [-3.0, 1.0]], [0.5, 1.0, 0.25], (0.2, 0.5, 0.3))


# ---- the mixture's geometry


def equally_spaced(means, modes, radius):
    """Whether `means` are `modes` distinct points, equally spaced on the circle of that radius."""
    angle = np.sort(np.arctan2(means[:, 1], means[:, 0]) % (2 * math.pi))
    gaps = np.diff(angle, append=angle[0] + 2 * math.pi)
    on_circle = np.allclose(np.hypot(means[:, 0], means[:, 1]), radius)
    return means.shape == (modes, 2) and on_circle and np.allclose(gaps, 2 * math.pi / modes)


@pytest.mark.parametrize("modes", range(1, 13))
def test_ring_has_as_many_equally_spaced_means_as_asked(modes):
    circle = data.ring(modes, radius=1.5)
    assert equally_spaced(circle.means, modes, 1.5)
    assert circle.n_modes == modes and circle.dim == 2


@pytest.mark.parametrize("modes", range(2, 13))
def test_a_ring_made_with_linspace_is_caught(modes):
    angle = np.linspace(0, 2 * math.pi, modes)  # both ends: the first and the last mode coincide
    mutant = 1.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    assert not equally_spaced(mutant, modes, 1.5)


def test_grid_is_the_reference_lattice():
    lattice = {(float(x), float(y)) for x, y in data.grid().means}
    assert lattice == {(x, y) for x in (-4.0, -2, 0, 2, 4) for y in (-4.0, -2, 0, 2, 4)}
    assert np.all(data.grid().stds == 0.05) and data.grid(side=1).means.tolist() == [[0, 0]]


def test_gaussians_1d_are_columns():
    line = data.gaussians_1d((-1, 0, 4), stds=(0.1, 0.2, 0.3), weights=(0.5, 0.25, 0.25))
    assert line.means.shape == (3, 1) and line.dim == 1 and line.sample(4, rng()).shape == (4, 1)


# ---- the mixture's samples


def kolmogorov_p(x, mixture, axis):
    """p value of the samples' marginal along an axis against the mixture's exact distribution function."""
    def cdf(t):
        z = (t[:, None] - mixture.means[:, axis]) / mixture.stds
        return stats.norm.cdf(z) @ mixture.weights

    return stats.kstest(x[:, axis], cdf).pvalue


@pytest.mark.parametrize("make", [data.ring, data.grid, uneven, data.gaussians_1d], ids=lambda make: make.__name__)
def test_marginals_follow_the_mixture(make):
    mixture = make()
    p = [kolmogorov_p(mixture.sample(4000, rng(seed)), mixture, axis) for seed in SEEDS for axis in range(mixture.dim)]
    assert min(p) > 0.001


@pytest.mark.parametrize("axis", [0, 1])
def test_a_variance_passed_as_a_std_is_caught(axis):
    mixture, n = uneven(), 4000
    wrong = data.Mixture(mixture.means, mixture.stds**2, mixture.weights)
    assert max(kolmogorov_p(wrong.sample(n, rng(seed)), mixture, axis) for seed in SEEDS) < 0.001


def test_modes_are_drawn_by_weight_and_a_wrong_weight_is_caught():
    sharp = data.Mixture([[0.0], [1.0], [2.0]], 1e-6, (0.2, 0.5, 0.3))
    for seed in SEEDS:
        counts = np.bincount(np.rint(sharp.sample(5000, rng(seed))[:, 0]).astype(int), minlength=3)
        assert stats.chisquare(counts, 5000 * sharp.weights).pvalue > 0.001
        assert stats.chisquare(counts, np.full(3, 5000 / 3)).pvalue < 0.001


def test_noise_is_independent_between_axes_and_samples():
    x = data.Mixture(np.zeros((1, 3)), 2.0).sample(20_000, rng())
    assert np.abs(np.cov(x, rowvar=False) - 4 * np.eye(3)).max() < 4 * 4 * math.sqrt(2 / 20_000)
    assert abs(np.corrcoef(x[:-1, 0], x[1:, 0])[0, 1]) < 4 / math.sqrt(20_000)


@pytest.mark.parametrize("name", data.NAMES)
def test_every_data_set_repeats_itself_and_only_with_the_same_rng(name):
    source = data.by_name(name)
    first, again, other = (source.sample(50, rng(seed)) for seed in (3, 3, 4))
    assert first.shape == (50, source.dim) and first.dtype == np.float64 and np.isfinite(first).all()
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert source.sample(1, rng()).shape == (1, source.dim)
    assert source.name in repr(source)


def test_what_is_shared_cannot_be_changed():
    means = np.zeros((2, 2))
    mixture, cloud = data.Mixture(means, 1.0), data.from_array(means)
    means[:] = 7
    assert np.all(mixture.means == 0) and np.all(cloud.x == 0)
    for array in (mixture.means, mixture.stds, mixture.weights, cloud.x):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    x = cloud.sample(2, rng())
    x += 1  # samples belong to whoever drew them
    assert np.all(cloud.x == 0)


# ---- the mixture's density


def naive_log_prob(x, mixture):
    """The definition, one sample and one mode at a time; underflows far from every mode."""
    answer = []
    for row in x:
        density = 0.0
        for c, s, w in zip(mixture.means, mixture.stds, mixture.weights, strict=True):
            density += w * math.prod(math.exp(-(((a - b) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi))
                                     for a, b in zip(row, c, strict=True))
        answer.append(math.log(density))
    return np.array(answer)


@pytest.mark.parametrize("make", [data.ring, uneven, data.gaussians_1d, lambda: data.Mixture(np.eye(5), 0.3)])
def test_log_prob_is_the_definition(make):
    x = make().sample(40, rng())
    assert np.allclose(make().log_prob(x), naive_log_prob(x, make()), rtol=1e-12, atol=1e-12)


def test_log_prob_integrates_to_one():
    line = np.linspace(-9, 9, 601)
    x = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    total = np.exp(uneven().log_prob(x)).sum() * (line[1] - line[0]) ** 2
    assert abs(total - 1) < 1e-6
    line = np.linspace(-8, 8, 2001)
    assert abs(np.exp(data.gaussians_1d().log_prob(line[:, None])).sum() * (line[1] - line[0]) - 1) < 1e-9


def test_log_prob_is_right_far_away_and_next_to_a_narrow_mode():
    one = data.Mixture([[3.0, 4.0]], 0.02)
    peak = -math.log(2 * math.pi * 0.02**2)
    far = one.log_prob([[3.0, 4.0], [3e8, 4.0], [1e200, 0.0]])
    assert math.isclose(far[0], peak, rel_tol=1e-15)
    assert math.isclose(far[1], peak - ((3e8 - 3.0) / 0.02) ** 2 / 2, rel_tol=1e-12) and far[2] == -math.inf
    # Far from the origin the expanded square |x|^2 - 2 x.c + |c|^2 has no digits left; the difference has.
    moved = data.Mixture([[2.0**20, 2.0**20]], 2.0**-6).log_prob([[2.0**20 + 2.0**-6, 2.0**20]])
    assert math.isclose(moved[0], -math.log(2 * math.pi * 2.0**-12) - 0.5, rel_tol=1e-14)


def test_log_prob_takes_float32_and_refuses_the_wrong_dimension():
    assert data.ring().log_prob(np.zeros((3, 2), np.float32)).shape == (3,)
    with pytest.raises(ValueError, match="must have 2 columns; got 3"):
        data.ring().log_prob(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="row 1, column 0 is nan"):
        data.ring().log_prob([[0.0, 0.0], [math.nan, 0.0]])


# ---- units


@pytest.mark.parametrize("name", [name for name in data.NAMES if name not in ("digits", "patches")])
def test_one_factor_standardizes_mixtures_and_curves(name):
    source = data.by_name(name)
    standard = source.standardized()
    x = standard.sample(20_000, rng())
    assert np.abs(x.mean(axis=0)).max() < 5 / math.sqrt(20_000) * 1.5
    assert abs(math.sqrt((x**2).mean()) - 1) < 0.02
    assert np.shape(standard.scale) == ()
    assert np.allclose(standard.restore(x), source.sample(20_000, rng()), rtol=0, atol=1e-12)
    assert np.array_equal(source.restore(x), x)


def test_standardized_ring_by_hand():
    standard = data.ring(4, radius=2.0, std=0.1).standardized()
    assert math.isclose(standard.scale, math.sqrt(4 / 2 + 0.01))
    assert np.allclose(standard.stds, 0.1 / standard.scale) and np.allclose(standard.shift, 0)
    assert np.allclose(standard.means * standard.scale, data.ring(4).means)


def test_the_factor_is_the_root_mean_square_over_axes():
    flat = data.Mixture([[-4.0, 1.0], [2.0, 1.0]], 1.0, (1 / 3, 2 / 3))  # variance 8 + 1 along one axis, 0 + 1 along the other
    assert math.isclose(flat.standardized().scale, math.sqrt((9 + 1) / 2)) and np.allclose(flat.standardized().shift, [0, 1])
    path = data.Curve([[0.0, 0.0], [4.0, 0.0]], 1.0)
    assert math.isclose(path.standardized().scale, math.sqrt((5 + 1) / 2)) and path.standardized().shift.tolist() == [2, 0]


def test_standardized_mixture_keeps_weights_and_density():
    source = uneven()
    standard, x = source.standardized(), source.sample(30, rng())
    moved = (x - standard.shift) / standard.scale
    assert np.allclose(standard.weights, source.weights)
    assert np.allclose(standard.log_prob(moved) - 2 * math.log(standard.scale), source.log_prob(x))
    assert np.allclose(standard.weights @ standard.means, 0)


@pytest.mark.parametrize("source", [uneven(), data.from_array([[1.0, 5.0], [2.0, 9.0], [4.0, 2.0]])], ids=["mixture", "points"])
def test_standardizing_twice_still_restores(source):
    twice = source.standardized().standardized()
    assert np.allclose(twice.scale, source.standardized().scale)
    assert np.allclose(twice.restore(twice.sample(3, rng())), source.sample(3, rng()))


SOURCES = {name: make for name, make in data.NAMES.items()} | {
    "uneven": uneven, "points": lambda: data.from_array(rng(1).normal((5, -2, 3), (10, 0.1, 0), size=(200, 3))),
    "curve": lambda: data.Curve([[0.0, 0.0, 1.0], [4.0, 0.0, 2.0]], 1.0)}


@pytest.mark.parametrize("times", [0, 1, 2, 3])
@pytest.mark.parametrize("name", SOURCES)
def test_apply_is_the_inverse_of_restore(name, times):
    """However often the data were standardised: points go from the original units into those of the data set, and back."""
    source = standard = SOURCES[name]()
    for _ in range(times):
        standard = standard.standardized()
    x = source.sample(50, rng())
    inside = standard.apply(x)
    assert np.allclose(inside, standard.sample(50, rng()), rtol=0, atol=1e-9)
    assert np.allclose(standard.restore(inside), x, rtol=1e-12, atol=1e-12)
    anything = rng(2).normal(size=(3, 7, source.dim)).astype(np.float32)
    for there, back in ((standard.apply, standard.restore), (standard.restore, standard.apply)):
        assert there(anything).shape == anything.shape and there(anything).dtype == np.float64
        assert np.allclose(back(there(anything)), anything, rtol=1e-9, atol=1e-9)
    if times == 0:
        assert np.array_equal(inside, x)


def test_apply_by_hand():
    standard = data.from_array([[1.0, 10.0], [3.0, 10.0]]).standardized()  # means 2 and 10; a constant column has scale 1
    assert standard.apply([[1, 10], [4, 11.5]]).tolist() == [[-1, 0], [2, 1.5]]
    assert data.ring(4, radius=2.0, std=0.1).standardized().apply([2, 0]) == pytest.approx([2 / math.sqrt(2.01), 0])


def test_points_standardize_column_by_column():
    x = rng().normal((5, -2, 0.1), (10, 0.1, 0), size=(200, 3))
    assert np.ptp(x[:, 2]) == 0
    standard = data.from_array(x).standardized()
    assert np.allclose(standard.x.mean(axis=0), 0) and np.allclose(standard.x.std(axis=0), [1, 1, 0])
    assert np.all(standard.x[:, 2] == 0) and standard.scale[2] == 1
    assert np.allclose(standard.restore(standard.x), x, rtol=1e-13)
    assert np.array_equal(data.from_array(x).restore(x), x)


def test_a_constant_column_comes_back_constant():
    cloud = data.from_array(np.stack([rng().standard_normal(50), np.full(50, 1e-6)], axis=-1))
    made = rng(1).standard_normal((7, 2))
    for standard in (cloud.standardized(), cloud.standardized().standardized()):
        assert np.all(standard.in_units(made)[:, 1] == 1e-6)
        assert np.array_equal(standard.in_units(made)[:, 0], standard.restore(made)[:, 0])
    with pytest.raises(ValueError, match="expects"):
        cloud.in_units(np.zeros((3, 3)))


def test_like_data_rounds_and_clips_to_what_was_seen():
    cloud = data.from_array([[1, .25, math.pi, 5.1], [9, .5, 1 / 3, 4.9], [2, .75, 0, 5.0]]).standardized().standardized()
    made = cloud.in_units(cloud.apply([[3.4, .333, 1.23456789, 5.04], [-7.6, .9, 99, 4.96], [9.2, -4, -1, 5.3]]), like_data=True)
    made[0, 2] = round(made[0, 2], 12)  # there and back again
    assert made.tolist() == [[3, .33, 1.23456789, 5.0], [1, .75, math.pi, 5.0], [9, .25, 0, 5.1]]
    with pytest.raises(ValueError, match="ring is drawn from a formula"):
        data.ring().in_units(np.zeros((3, 2)), like_data=True)
    assert data.ring().in_units(np.ones((3, 2))).tolist() == np.ones((3, 2)).tolist()


@STEADY
@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=2, max_size=20))
def test_points_round_trip(rows):
    try:
        standard = data.from_array(rows).standardized()
    except ValueError as error:  # a spread of 1e-170 has no float64 variance
        assert "Change its unit" in str(error)
        return
    assert np.allclose(standard.restore(standard.x), rows, rtol=1e-12, atol=1e-9)


def test_restore_and_standardized_refuse_what_they_cannot_do():
    with pytest.raises(ValueError, match=r"expects \(\.\.\., 2\), got \(5, 1\)"):
        data.ring().standardized().restore(np.zeros((5, 1)))
    with pytest.raises(ValueError, match=r"apply expects \(\.\.\., 2\), got \(2, 3\)"):
        data.ring().standardized().apply(np.zeros((2, 3)))
    assert data.ring().restore(np.zeros((3, 5, 2), np.float32)).shape == (3, 5, 2)
    for bad in ([[1e308], [-1e308]], [[0.0], [1e-200]]):
        with pytest.raises(ValueError, match="spread of column 0 .* Change its unit"):
            data.from_array(bad).standardized()


# ---- points, curves, digits


def test_points_are_drawn_without_replacement_and_evenly():
    cloud = data.from_array(np.arange(20.0)[:, None])
    assert sorted(cloud.sample(20, rng())[:, 0]) == list(range(20))
    draw, hits = rng(), np.zeros(20)
    for _ in range(1000):
        rows = cloud.sample(5, draw)[:, 0].astype(int)
        assert np.unique(rows).size == 5
        hits[rows] += 1
    assert stats.chisquare(hits).pvalue > 0.001
    with pytest.raises(ValueError, match="points has 20 rows.* 21 distinct ones: ask for at most 20"):
        cloud.sample(21, rng())


def test_curves_lie_where_they_should():
    x = data.circles(noise=0, factor=0.3).sample(2000, rng())
    radius = np.hypot(*x.swapaxes(-1, -2))
    inner = radius < 0.6
    assert np.allclose(radius, np.where(inner, 0.3, 1)) and 0.45 < inner.mean() < 0.55
    roll = data.swiss_roll(noise=0).sample(2000, rng())
    t = np.hypot(*roll.swapaxes(-1, -2))  # the spiral is t (cos t, sin t)
    assert roll.shape == (2000, 2) and np.allclose(roll, t[:, None] * np.stack([np.cos(t), np.sin(t)], axis=-1))
    assert 1.5 * math.pi <= t.min() and t.max() <= 4.5 * math.pi
    moon = data.moons(noise=0).sample(2000, rng())
    upper = np.abs(np.hypot(moon[:, 0], moon[:, 1]) - 1) < 1e-9
    lower = np.abs(np.hypot(moon[:, 0] - 1, moon[:, 1] - 0.5) - 1) < 1e-9
    assert np.all(upper | lower) and 0.45 < upper.mean() < 0.55


def test_curve_samples_are_independent_whatever_the_batch():
    """scikit-learn spaces n points evenly and always takes both ends: batches of 1 or 2 would see nothing else."""
    moons, draw = data.moons(noise=0), rng()
    single = np.concatenate([moons.sample(1, draw) for _ in range(1000)])
    batch = moons.sample(1000, draw)
    assert stats.ks_2samp(single[:, 0], batch[:, 0]).pvalue > 0.001
    noisy = data.moons(noise=0.1)
    assert abs((noisy.sample(4000, rng(1)) - data.moons(noise=0).sample(4000, rng(1))).std() - 0.1) < 0.005


def test_digits():
    every, some = data.digits(), data.digits(classes=(0, 1))
    assert every.x.shape == (1797, 64) and every.x.min() == -1 and every.x.max() == 1
    assert every.labels.shape == (1797,) and set(some.labels.tolist()) == {0, 1}
    assert np.array_equal(some.x, every.x[every.labels < 2])
    assert np.array_equal(every.standardized().labels, every.labels)
    for wrong in ((), (0, 10), ("0",)):
        with pytest.raises(ValueError, match="classes must be some of the digits 0 to 9"):
            data.digits(wrong)


# ---- labels


def test_the_square_is_the_edge_of_a_grid():
    edge = data.square(spacing=2.0)
    assert {tuple(mean) for mean in edge.means} == {(x, y) for x in (-2.0, 0, 2) for y in (-2.0, 0, 2)} - {(0, 0)}
    assert edge.n_modes == edge.classes == 8 and np.all(edge.stds == 0.05) and edge.name == "square"
    assert np.abs(data.square(3.0, std=.1).means).max() == 3 and data.square(3.0, std=.1).stds[0] == .1


def test_spokes_lie_where_they_should():
    """Each sample of class k is at the angle 2 pi k / number, its radius even between 1 and 2; across the spoke it is noise."""
    for number in (2, 5, 7):
        x, labels = data.spokes(number, noise=0).sample_labelled(2000, rng())
        radius, angle = np.hypot(*x.swapaxes(-1, -2)), np.arctan2(x[:, 1], x[:, 0]) % (2 * math.pi)
        assert np.allclose(angle % (2 * math.pi), 2 * math.pi * labels / number, atol=1e-9)
        assert stats.kstest(radius, stats.uniform(1, 1).cdf).pvalue > 0.001
        assert stats.chisquare(np.bincount(labels, minlength=number)).pvalue > 0.001 and data.spokes(number).classes == number
    x, labels = data.spokes(noise=.03).sample_labelled(4000, rng())
    turned = 2 * math.pi * labels / 5
    across = x[:, 1] * np.cos(turned) - x[:, 0] * np.sin(turned)
    assert abs(across.std() - .03) < .002 and abs(across.mean()) < .002


LABELLED = {"ring": data.ring, "uneven": uneven, "square": data.square, "spokes": data.spokes, "digits": data.digits,
            "line": data.gaussians_1d, "points": lambda: data.Points(np.arange(30.0)[:, None], labels=np.arange(30) % 3)}


@pytest.mark.parametrize("name", LABELLED)
def test_labelled_samples_are_those_of_sample(name):
    for source in (LABELLED[name](), LABELLED[name]().standardized()):
        x, labels = source.sample_labelled(20, rng(3))
        assert np.array_equal(x, source.sample(20, rng(3)))
        assert labels.shape == (20,) and labels.dtype.kind == "i" and labels.min() >= 0 and labels.max() < source.classes
        x += 1
        labels += 1  # both belong to whoever drew them
        again = source.sample_labelled(20, rng(3))
        assert np.array_equal(again[0] + 1, x) and np.array_equal(again[1] + 1, labels)


def of_the_right_class(source, x, labels):
    """Whether each sample is one of its class: near the mode of this number, or the row of the points with this label."""
    if isinstance(source, data.Mixture):
        return np.abs(x - source.means[labels]).max() < 6 * source.stds.max()
    rows = [np.flatnonzero((source.x == row).all(axis=-1)) for row in x]
    return all((source.labels[row] == label).any() for row, label in zip(rows, labels, strict=True))


@pytest.mark.parametrize("name", ["ring", "uneven", "square", "digits", "points"])
def test_the_label_belongs_to_its_sample(name):
    source = LABELLED[name]()
    x, labels = source.sample_labelled(30, rng())
    assert np.unique(labels).size > 1 and of_the_right_class(source, x, labels)
    assert not of_the_right_class(data.ring(), data.ring().sample(8, rng()), np.roll(data.ring().sample_labelled(8, rng())[1], 1))


def test_classes_of_a_mixture_follow_its_weights():
    counts = np.bincount(uneven().sample_labelled(5000, rng())[1], minlength=3)
    assert stats.chisquare(counts, 5000 * uneven().weights).pvalue > 0.001


def test_data_without_classes_say_so():
    for source in (data.moons(), data.swiss_roll(), data.from_array(np.eye(3))):
        assert source.classes is None
        with pytest.raises(ValueError, match="has no labels: it cannot say which class a sample belongs to"):
            source.sample_labelled(2, rng())


def test_labels_are_kept_and_cannot_be_changed():
    labels = np.array([0, 1, 1])
    cloud, curve = data.Points(np.eye(3), labels=labels), data.Curve(np.eye(3), 0.1, labels=labels)
    labels[:] = 7
    for source in (cloud, curve, cloud.standardized(), curve.standardized()):
        assert source.labels.tolist() == [0, 1, 1] and source.classes == 2
        with pytest.raises(ValueError, match="read-only"):
            source.labels[0] = 1


def test_one_hot_rows():
    rows = data.one_hot([2, 0, 2], 4)
    assert rows.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]] and rows.dtype == np.float32
    assert data.one_hot(np.int8(1), 2, np.float64).tolist() == [[0, 1]]
    assert data.one_hot(np.zeros(0, int), 3, bool).shape == (0, 3)
    labels = rng().integers(5, size=100)
    assert np.array_equal(data.one_hot(labels, 5).argmax(axis=-1), labels) and np.all(data.one_hot(labels, 5).sum(axis=-1) == 1)


def test_whole_labels_are_an_array():
    assert data.whole_labels(3, 10, 4).tolist() == [3] * 4 and data.whole_labels(3, 10).tolist() == [3]
    kept = data.whole_labels(np.array([1, 0], np.uint8), 2, 2)
    assert kept.tolist() == [1, 0] and kept.dtype == np.int64
    assert data.class_count("mine", [2, 0, 1, 1]) == 3 and data.class_count("mine", np.zeros(4, int)) == 1


LABEL_FAULTS = {
    "a class too many": (ValueError, r"^labels must be classes, 0 to 2; got 3$", lambda: data.one_hot([0, 3], 3)),
    "below 0": (ValueError, r"^labels must be classes, 0 to 2; got -1$", lambda: data.one_hot(-1, 3)),
    "one-hot already": (ValueError, r"labels must be one number, or n of them; got an array of shape \(3, 3\)$",
                        lambda: data.one_hot(np.eye(3, dtype=int), 3)),
    "too many": (ValueError, r"^digit must be one number, or 2 of them; got an array of shape \(3,\)$",
                 lambda: data.whole_labels([0, 1, 2], 3, 2, "digit")),
    "floats": (TypeError, r"^labels must be whole numbers, 0 to 2; got an array \(2,\) of float64$",
               lambda: data.one_hot([0.0, 1.0], 3)),
    "true and false": (TypeError, "must be whole numbers, 0 to 1; got True of bool", lambda: data.one_hot(True, 2)),
    "a word": (TypeError, "must be whole numbers, 0 to 9; got 'seven' of <U5", lambda: data.whole_labels("seven", 10)),
    "nothing": (TypeError, "must be whole numbers, 0 to 9; got None of object", lambda: data.whole_labels(None, 10)),
    "no classes": (ValueError, "classes must be at least 1", lambda: data.one_hot([], 0)),
    "half a class": (TypeError, "classes must be a whole number", lambda: data.one_hot([0], 2.5)),
    "from 1 up": (ValueError, r"^mine has labels from 1 to 3, but class 0 never occurs: its classes must be 0 to K - 1 without a "
                  r"gap\. np\.unique\(labels, return_inverse=True\)\[1\] numbers them so$",
                  lambda: data.class_count("mine", [1, 2, 3])),
    "a gap": (ValueError, "^mine has labels from 0 to 3, but class 1 never occurs", lambda: data.class_count("mine", [0, 2, 3])),
    "a negative one": (ValueError, "^mine has labels from -1 to 0, but there is a label -1",
                       lambda: data.class_count("mine", [0, -1])),
    "no labels": (ValueError, "^mine has no labels: each sample needs one", lambda: data.class_count("mine", [])),
    "names": (TypeError, r"^mine has labels of <U1; they must be whole numbers from 0 up\. np\.unique",
              lambda: data.class_count("mine", ["a", "b"])),
    "too few labels": (ValueError, r"^mine: labels must be one for each of the 3 rows; got shape \(2,\)$",
                       lambda: data.Points(np.eye(3), "mine", labels=[0, 1])),
    "labels of a curve": (ValueError, r"^mine: labels must be one for each of the 3 rows; got shape \(\)$",
                          lambda: data.Curve(np.eye(3), 0.1, "mine", labels=0)),
    "an image": (ValueError, "^mine: rows of 6 numbers are no images of 4 x 4 pixels$", lambda: data.Points(
        np.eye(6), "mine", image=(4, 4))),
    "no spokes": (ValueError, "number must be at least 1", lambda: data.spokes(0)),
    "spokes and a half": (TypeError, "number must be a whole number", lambda: data.spokes(2.5)),
    "noise of spokes": (ValueError, "noise must be", lambda: data.spokes(noise=-1)),
    "a square": (ValueError, "spacing must be", lambda: data.square(0)),
    "its std": (ValueError, "stds must be finite and above 0", lambda: data.square(std=0)),
    "how many": (ValueError, "n must be at least 1", lambda: data.ring().sample_labelled(0, rng())),
    "too many rows": (ValueError, "has 2 rows, so it cannot give 3 distinct ones", lambda: data.Points(
        np.eye(2), labels=[0, 1]).sample_labelled(3, rng())),
    "no generator": (TypeError, "rng must be a numpy Generator", lambda: data.spokes().sample_labelled(3, 0)),
}


@pytest.mark.parametrize("error, match, call", LABEL_FAULTS.values(), ids=LABEL_FAULTS)
def test_labels_that_are_refused(error, match, call):
    with pytest.raises(error, match=match):
        call()


# ---- what constructors refuse


@pytest.mark.parametrize(("error", "match", "call"), [
    (ValueError, "means must be a 2-D array", lambda: data.Mixture([1.0, 2.0], 1.0)),
    (ValueError, "means must have at least 1 row", lambda: data.Mixture(np.zeros((0, 2)), 1.0)),
    (ValueError, "means must have at least 1 column", lambda: data.Mixture(np.zeros((2, 0)), 1.0)),
    (ValueError, "means must be finite", lambda: data.Mixture([[math.nan]], 1.0)),
    (ValueError, r"stds must have shape \(\) or \(2,\); got \(3,\)", lambda: data.Mixture(np.eye(2), [1.0, 1, 1])),
    (ValueError, "stds must be finite and above 0; got 0.0", lambda: data.Mixture(np.eye(2), 0.0)),
    (ValueError, "stds must be finite and above 0; got inf", lambda: data.Mixture(np.eye(2), [1.0, math.inf])),
    (TypeError, "stds must be numbers", lambda: data.Mixture(np.eye(2), "wide")),
    (ValueError, r"weights must have shape \(2,\); got \(\)", lambda: data.Mixture(np.eye(2), 1.0, 1.0)),
    (ValueError, "weights must be finite and above 0; got 0.0", lambda: data.Mixture(np.eye(2), 1.0, (0.0, 1.0))),
    (ValueError, "weights must sum to 1; got a sum of 2. Divide", lambda: data.Mixture(np.eye(2), 1.0, (1, 1))),
    (ValueError, "weights must sum to 1", lambda: data.Mixture(np.eye(2), 1.0, (0.5, 0.50001))),
    (ValueError, "modes must be at least 1", lambda: data.ring(0)),
    (TypeError, "modes must be a whole number", lambda: data.ring(8.0)),
    (ValueError, "radius must be", lambda: data.ring(radius=-1)),
    (ValueError, "side must be at least 1", lambda: data.grid(0)),
    (ValueError, "spacing must be", lambda: data.grid(spacing=0)),
    (ValueError, "noise must be", lambda: data.moons(noise=-0.1)),
    (ValueError, "factor must be", lambda: data.circles(factor=1)),
    (TypeError, r"rng must be a numpy Generator, such as np\.random\.default_rng", lambda: data.ring().sample(3, 0)),
    (TypeError, "n must be a whole number", lambda: data.ring().sample(2.5, rng())),
    (ValueError, "n must be at least 1", lambda: data.moons().sample(0, rng())),
    (ValueError, "unknown data set 'swis_roll'. Did you mean 'swiss_roll'", lambda: data.by_name("swis_roll")),
])
def test_constructors_and_draws_refuse(error, match, call):
    with pytest.raises(error, match=match):
        call()


def test_weights_within_rounding_are_normalised():
    mixture = data.Mixture(np.eye(2), 1.0, (0.5, 0.5 + 5e-7))
    assert math.isclose(mixture.weights.sum(), 1, rel_tol=1e-15)


def test_reprs_say_what_there_is():
    assert repr(data.ring()) == "Mixture ring: modes 8, dimensions 2, std 0.02, equal weights"
    assert repr(uneven()) == "Mixture mixture: modes 3, dimensions 2, std 0.25 to 1, weights 0.2 to 0.5"
    assert repr(data.moons()) == "Curve moons: dimensions 2, noise 0.05"
    assert repr(data.from_array(np.eye(3), "mine")) == "Points mine: rows 3, columns 3"


def moved(mixture, **changes):
    """A mixture with other numbers, whose repr may be the same."""
    held = {"means": mixture.means, "stds": mixture.stds, "weights": mixture.weights}
    return data.Mixture(**held | changes, name=mixture.name)


class Own:
    """Data of a user's own, which count their calls and keep what they drew."""

    dim = 2

    def __init__(self, centers):
        self.centers, self.calls = np.array(centers), 0

    def sample(self, n, rng):
        self.calls += 1
        self._drawn = self.centers[rng.integers(2, size=n)]
        return self._drawn

    def __repr__(self):
        return "Own"


TABLE = np.random.default_rng(0).normal(size=(40, 3)) * [1, 1e-3, 1e5]
ONE_CELL = TABLE + np.where(np.arange(120).reshape(40, 3) == 61, 1e-7, 0)  # of the small column, in its fifth digit
TILTED = [[[1, .5], [.5, 1]]]


@pytest.mark.parametrize("one, other", [
    (data.ring(), moved(data.ring(), means=data.ring().means * [1, 1.001])),
    (uneven(), moved(uneven(), weights=(0.2, 0.3, 0.5))), (uneven(), moved(uneven(), stds=[0.25, 1.0, 0.5])),
    (data.Mixture([[0, 0]], covariances=TILTED), data.Mixture([[0, 0]], covariances=[[[1, -.5], [-.5, 1]]])),
    (data.Curve(TABLE, .1), data.Curve(TABLE[::-1], .1)),
    (data.Curve(np.eye(2), .1).standardized(), data.Curve(np.eye(2), .10001).standardized()),
    (data.from_array(TABLE), data.from_array(ONE_CELL)),
    (data.Points(TABLE, labels=np.arange(40) % 2), data.Points(TABLE, labels=np.arange(40) // 20)),
    (data.pictures.Patches([np.zeros((9, 9, 1))], 8), data.pictures.Patches([np.ones((9, 9, 1))], 8)),
    (Own([[0, 0], [1, 1]]), Own([[0, 0], [1, 2]])),
])
def test_the_fingerprint_tells_data_apart_whose_reprs_are_the_same(one, other):
    assert repr(one) == repr(other) and fingerprint(one) != fingerprint(other)
    assert fingerprint(one).startswith(f"{one!r}, numbers ")


@pytest.mark.parametrize("one", [data.ring(), data.ring().standardized(), uneven(), data.swiss_roll(), data.from_array(TABLE),
                                 data.Mixture([[0, 0]], covariances=TILTED), data.digits(), Own([[0, 0], [1, np.nan]])])
def test_the_fingerprint_is_that_of_a_copy_and_stays_when_the_data_are_used(one):
    before = fingerprint(copy.deepcopy(one))
    one.sample(9, rng())
    if isinstance(one, data.Points):
        assert one.bounds and one.decimals  # what is computed once and then kept
    assert fingerprint(one) == before


@pytest.mark.parametrize("change", [1e-16, -1e-16])
def test_the_last_digit_of_another_machine_does_not_change_the_fingerprint(change):
    means = data.ring().means
    other = means * (1 + 2 * change) + change  # also where a centre is almost 0
    assert (other != means).any() and fingerprint(moved(data.ring(), means=other)) == fingerprint(moved(data.ring()))
    pixels = np.arange(-256, 257).reshape(-1, 3) / 256  # halves, quarters ... of the largest
    near = pixels * (1 + 4 * change)
    assert (near != pixels).any() and fingerprint(data.from_array(near)) == fingerprint(data.from_array(pixels))


@pytest.mark.parametrize(("error", "match", "x"), [
    (ValueError, "row 2, column 1 is nan", [[0, 1], [2, 3], [4, math.nan]]),
    (ValueError, "row 0, column 0 is -inf", [[-math.inf, 1], [2, 3]]),
    (TypeError, "real numbers; got an array of <U1", [["a", "b"], ["c", "d"]]),
    (TypeError, "real numbers; got an array of object", np.array([[None], [1]])),
    (TypeError, "real numbers; got an array of complex", [[1j], [2]]),
    (ValueError, r"2-D array .* got shape \(3,\).*x\[:, None\]", [1.0, 2.0, 3.0]),
    (ValueError, r"got shape \(2, 2, 2\). Make a row of each sample: x.reshape\(len\(x\), -1\)", np.zeros((2, 2, 2))),
    (ValueError, "at least 2 rows; got 0", np.zeros((0, 3))),
    (ValueError, "at least 2 rows; got 1", np.zeros((1, 3))),
    (ValueError, "at least 1 column", np.zeros((4, 0))),
])
def test_from_array_refuses(error, match, x):
    with pytest.raises(error, match=match):
        data.from_array(x)


# ---- text files


def write(folder, content, name="cloud.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(("content", "columns"), [
    ("1,2\n3,4.5\n", None),
    ("1;2\n3;4.5", None),
    ("1\t2\n3\t4.5\n", None),
    ("  1   2 \n3 \t4.5\n", None),
    ("1 2\t\n3 4.5\n", None),
    ("1, 2\r\n3, 4.5\r\n", None),
    ("1,2\r3,4.5\r", None),
    ("\n1,2\n\n  \n3,4.5\n\n", None),
    ("\ufeff1,2\n3,4.5\n", None),
    ('"1","2"\n"3","4.5"\n', None),
    ("1e0,+2\n3,.45e1\n", None),
    ("x,y\n1,2\n3,4.5\n", ("x", "y")),
    ("\ufeffx , y\n1,2\n3,4.5\n", ("x", "y")),
    ("\n# x y\n1 2\n3 4.5\n"[1:], ("x", "y")),
    ('"width; cm",y\n1,2\n3,4.5\n', ("width; cm", "y")),
    ("width, cm\theight\n1\t2\n3\t4.5\n", ("width, cm", "height")),
    (",y\n1,2\n3,4.5\n", ("x1", "y")),
    ("# made by a sensor\n# cm, kg\nx,y\n1,2\n3,4.5\n", ("x", "y")),
    ("# cm, kg\n1,2\n# a pause\n3,4.5\n", ("cm", "kg")),
    ("sep=;\n1;2\n3;4.5\n", None),
    ('"sep=;"\r\nx;y\r\n1;2\r\n3;4.5\r\n', ("x", "y")),
    ('"x", "y"\n1,2\n3,4.5\n', ("x", "y")),
    ('"x"; "#N"\n1;2\n3;4.5\n', ("x", "#N")),
    ('"#N";"x"\n1;2\n3;4.5\n', ("#N", "x")),
    ('"2019","2020"\n1,2\n3,4.5\n', ("2019", "2020")),
    ('"an, other",y\n"1",2\n3,4.5\n', ("an, other", "y")),
    ("x,y\n1,2\n3,4.5\n".encode("utf-16"), ("x", "y")),
    (b"\xfe\xff" + "h\u00f6he,y\n1,2\n3,4.5\n".encode("utf-16-be"), ("h\u00f6he", "y")),
    ("h\u00f6he,y\n1,2\n3,4.5\n", ("h\u00f6he", "y")),
])
def test_tables_that_people_write(tmp_path, content, columns):
    cloud = data.from_file(write(tmp_path, content), index="keep")
    assert cloud.x.tolist() == [[1, 2], [3, 4.5]] and cloud.columns == columns and cloud.name == "cloud"


def test_one_column_other_suffixes_and_text_paths(tmp_path):
    assert data.from_file(write(tmp_path, "x\n1\n2\n", "a.TXT")).x.tolist() == [[1], [2]]
    assert data.from_file(str(write(tmp_path, "1\t2\n3\t4\n", "b.tsv"))).standardized().columns is None
    np.savetxt(tmp_path / "c.txt", np.eye(3), header="a b c")
    assert data.from_file(tmp_path / "c.txt").columns == ("a", "b", "c")


@pytest.mark.parametrize(("content", "match"), [
    ("1,2\n3,abc\n", "line 2, column 2: 'abc' is not a finite number"),
    ("x,y\n\n1,2\nfour,5\n", "line 4, column x: 'four' is not a finite number"),
    ("1,abc\n3,4\n", "line 1, column 2: 'abc'"),  # not a header: one of its cells is a number
    ("1,2\n3,\n", "line 2, column 2: ''"),
    ("1,2\n3,nan\n", "line 2, column 2: 'nan'"),
    ("nan,nan\n3,4\n5,6\n", "line 1, column 1: 'nan'"),
    ("1,2\n-inf,4\n", "line 2, column 1: '-inf'"),
    ("1,2\n1e999,4\n", "line 2, column 1: '1e999'"),
    ("1,2\n1_000,4\n", "line 2, column 1: '1_000'"),
    ("1,5;2,5\n3;4\n5;6\n", "line 1, column 1: '1,5'"),  # decimal commas are not names
    ("1,2\n3\n", "line 2: got 1 cells, expected 2 as in line 1"),
    ("\nx,y\n1,2,3\n", "line 3: got 3 cells, expected 2 as in line 2"),
    ("1,2\n3,z,z\n", "line 2: got 3 cells"),
    ("1,2\n,\n3,4\n", "line 2, column 1: ''"),
    ("1,2\n" + "z,z\n" * 4, "line 5, column 1.*|and 3 more"),
    ('1,2\n"3,4\n5,6\n', "line 2: unexpected end of data. Check the quotation marks"),
    ('1,2\n"3"4,5\n', "line 2: .* Check the quotation marks"),
    ("1,2\n" + "7" * 200_000 + ",4\n", "line 2: field larger"),
    ("", "is empty; expected one sample a line"),
    ("\n \n", "is empty"),
    ("\ufeff", "is empty"),
    ("x,y\n", "at least 2 rows; got 0"),
    ("x,y\n1,2\n", "at least 2 rows; got 1"),
    ("1,2", "at least 2 rows; got 1"),
    ("just\nwords\n", "line 2, column just: 'words'"),
    (b"1,2\n3,\xe9\n", "line 2: not UTF-8 text"),
    ("x,y\n1,2\n".encode("utf-16-le"), "line 1: not UTF-8 text .a zero byte.. Save it as CSV in UTF-8"),
    ("x,y\n1,2\n".encode("utf-16")[:-1], "begins as UTF-16 text does, but is damaged .truncated data.. Save it again"),
    ("x,y\n1,2\n".encode("utf-16"), "at least 2 rows; got 1"),
    ("NA,NA\n1,2\n3,4\n", "line 1, column 1: 'NA'"),
    ("170,05\n168,5\n", "line 1: '170,05' looks like one number with a decimal comma. Such a table is read with --decimal ,"),
    ("x;y\n1,5;2,5\n3,5;4,5\n", "column x: '1,5'(.|\n)*Numbers with a decimal comma are read with --decimal ,"),
    ("x,kind\n1,a b\n3,c\n", r"kind holds text, 'a b' and 'c' in 2 rows\n  A column of text is learned as categories"),
    ("x,day\n1,2024-01-03\n3,2024-01-04\n", r"column day holds dates, '2024-01-03' and '2024-01-04' in 2 rows\n(.|\n)*Dates"),
    ("x,day\n1,3.1.2024 10:15\n3,4.1.2024 9:00\n", "column day holds dates"),
    ("x,at\n1,10:15\n3,9:05:30\n", "column at holds dates"),
    ("x,y\n1,1-2\n3,3/4\n", "line 2, column y: '1-2' is not a finite number"),
    ("x,k\n" + "".join(f"{j}.5,t{j}\n" for j in range(6)), "holds text, 6 different texts in 6 rows, such as 't0', 't1', 't2'"),
    (b"1,2\n\x00\x01\x02", "line 2: not UTF-8 text"),
])
def test_tables_that_are_refused(tmp_path, content, match):
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match=match) as caught:
        data.from_file(path)
    assert str(path) in str(caught.value)


def test_the_first_five_faults_are_listed_and_the_rest_counted(tmp_path):
    with pytest.raises(ValueError) as caught:
        data.from_file(write(tmp_path, "1,2\n" + "z,3\n" * 8))
    assert [int(line) for line in re.findall(r"line (\d+), column 1", str(caught.value))] == [2, 3, 4, 5, 6]
    assert str(caught.value).endswith("and 3 more")


def test_paths_that_are_refused(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="there is no file .*none.csv"):
        data.from_file(tmp_path / "none.csv")
    with pytest.raises(ValueError, match="has 0 pictures that end in .png"):
        data.from_file(tmp_path)
    with pytest.raises(ValueError, match="must end in .csv, .tsv, .txt, .npy, .npz or .parquet.*got '.xlsx'"):
        data.from_file(write(tmp_path, "1,2\n", "cloud.xlsx"))
    path = write(tmp_path, "1,2\n3,4\n")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    with pytest.raises(ValueError, match="cloud.csv cannot be read: Permission denied. Check its permissions"):
        data.from_file(path)


@STEADY
@given(st.integers(1, 4).flatmap(lambda d: st.lists(st.tuples(*[st.floats(-1e300, 1e300)] * d), min_size=2, max_size=8)),
       st.sampled_from(",;\t "), st.booleans())
def test_what_is_written_is_read_back_exactly(tmp_path_factory, rows, mark, header):
    lines = [mark.join(f"c{j}" for j in range(len(rows[0])))] * header + [mark.join(map(repr, row)) for row in rows]
    cloud = data.from_file(write(tmp_path_factory.mktemp("table"), "\n".join(lines)))
    assert np.array_equal(cloud.x, rows)


@pytest.mark.parametrize(("content", "columns", "note"), [
    (",x,y\n0,3.25,7.5\n1,1.5,2.25\n2,2.75,4.5\n", ("x", "y"), "column 1, which has no name, numbers the rows and is left out"),
    (",x1,x2\n0,3.25,7.5\n1,1.5,2.25\n2,2.75,4.5\n", ("x1", "x2"), "column 1, which has no name, numbers the rows"),
    ('"","x","y"\n"1",3.25,7.5\n"2",1.5,2.25\n"3",2.75,4.5\n', ("x", "y"), "column 1, which has no name, numbers the rows"),
    (",x,y\n7,3.25,7.5\n-2,1.5,2.25\n5,2.75,4.5\n", ("x", "y"), "column 1, which has no name, numbers the rows"),
    (",x,y\nada,3.25,7.5\nbo,1.5,2.25\ncy,2.75,4.5\n", ("x", "y"), "column 1, which has no name, names the rows"),
    (",0,1\n0,3.25,7.5\n1,1.5,2.25\n2,2.75,4.5\n", ("0", "1"), "column 1, which has no name, numbers the rows"),
    ("#,x,y\n1,3.25,7.5\n2,1.5,2.25\n3,2.75,4.5\n", ("x", "y"), "column 1, which has no name, numbers the rows"),
    ("id,x,y\n1,3.25,7.5\n2,1.5,2.25\n3,2.75,4.5\n", ("x", "y"), "column id counts the rows and is left out. --index keep"),
    ("1,3.25,7.5\n2,1.5,2.25\n3,2.75,4.5\n", None, "column 1 counts the rows and is left out"),
    ("0,1\n3.25,7.5\n1.5,2.25\n2.75,4.5\n", ("0", "1"), r"line 1 \(0, 1\) is taken for the names of the columns"),
    ("2019,2020\n3.25,7.5\n1.5,2.25\n2.75,4.5\n", ("2019", "2020"), r"line 1 \(2019, 2020\) is taken for the names"),
])
def test_what_is_not_learned_is_named_and_can_be_kept(tmp_path, content, columns, note):
    path = write(tmp_path, content)
    cloud = data.from_file(path)
    assert cloud.x.tolist() == [[3.25, 7.5], [1.5, 2.25], [2.75, 4.5]] and cloud.columns == columns
    assert re.search(note, str(cloud)) and re.search(note, str(cloud.standardized()))
    assert repr(cloud) == "Points cloud: rows 3, columns 2"
    if "taken for" not in note and "ada" not in content:
        kept = data.from_file(path, index="keep")
        assert kept.x[:, 1:].tolist() == cloud.x.tolist() and not kept.notes and (columns is None or kept.columns[1:] == columns)
        assert columns is None or len(set(kept.columns)) == 3


@pytest.mark.parametrize("content", [
    "x,y\n1,3.25\n2,1.5\n4,2.75\n", "x\n1\n2\n3\n", "1\n2\n3\n", ",y\n1.5,2\n2.5,3\n", ",y\n1,2\n1,3\n",
    "1.0,5\n2.0,7\n3.0,4\n",
    "1,5\n2,7\n", "0,1\n3,7\n5,2.5\n", "0,2\n.5,1.5\n1.5,2.5\n", "5,5\n.5,1.5\n1.5,2.5\n", "7,2\n2,3\n",
])
def test_columns_that_could_be_data_are_kept(tmp_path, content):
    cloud = data.from_file(write(tmp_path, content))
    assert cloud.x.shape[0] == len([line for line in content.split() if line[-1] in "0123456789"])
    assert cloud.dim == content.split()[-1].count(",") + 1 and not any("left out" in note for note in cloud.notes)


def test_decimal_commas(tmp_path):
    for content in ("x;y\n1,5;2\n-3,25;1e3\n", "x\ty\n1,5\t2\n-3,25\t1e3\n", "x y\n1,5 2\n-3,25 1e3\n",
                    '"x";"y"\n"1,5";2\n-3,25;1e3\n'):
        cloud = data.from_file(write(tmp_path, content), decimal=",")
        assert cloud.x.tolist() == [[1.5, 2], [-3.25, 1000]] and cloud.columns == ("x", "y")
    assert data.from_file(write(tmp_path, "170,05\n168,5\n"), decimal=",").x.tolist() == [[170.05], [168.5]]
    assert "If it is one number with a decimal comma" in data.from_file(write(tmp_path, "170,5\n168,5\n160,25\n")).notes[0]
    with pytest.raises(ValueError, match="line 2, column x: '1.5' is not a finite number"):
        data.from_file(write(tmp_path, "x;y\n1.5;2\n1,5;3\n"), decimal=",")
    with pytest.raises(ValueError, match="unknown decimal ';'"):
        data.from_file(tmp_path / "cloud.csv", decimal=";")
    with pytest.raises(ValueError, match="unknown index 'kep'. Did you mean 'keep'"):
        data.from_file(tmp_path / "cloud.csv", index="kep")


def test_packed_tables(tmp_path, monkeypatch):
    packed = gzip.compress(b"x,y\n1,2\n3,4.5\n")
    cloud = data.from_file(write(tmp_path, packed, "my.table.csv.gz"))
    assert cloud.x.tolist() == [[1, 2], [3, 4.5]] and cloud.columns == ("x", "y") and cloud.name == "my.table"
    for damaged in (packed[:-9], b"x,y\n1,2\n", packed[:20] + b"zzz" + packed[23:], b""):
        with pytest.raises(ValueError, match="cloud.csv.gz"):
            data.from_file(write(tmp_path, damaged, "cloud.csv.gz"))
    monkeypatch.setattr(files, "UNPACKED", 5)
    with pytest.raises(ValueError, match="unpacks to more than 0 GB"):
        data.from_file(tmp_path / "my.table.csv.gz")
    with pytest.raises(ValueError, match="only tables of text may be packed"):
        data.from_file(write(tmp_path, b"", "cloud.npy.gz"))


CUSTOMERS = "customer,date,age,paid\nC1,2024-01-03,34,20.5\nC2,2024-02-01,51,70\n"


@pytest.mark.parametrize(("text", "columns", "x", "names"), [
    (CUSTOMERS, ["paid", "age"], [[34, 20.5], [51, 70]], ("age", "paid")),  # in the order of the table
    ("a,b,c\n1,2,3\n4,5,7\n", ["c", "a"], [[1, 3], [4, 7]], ("a", "c")),
    ("1,2,3\n4,5,7\n", ["x2"], [[2], [5]], ("x2",)),
    ("n,x\n1,5\n2,7\n3,8\n", ["n", "x"], [[1, 5], [2, 7], [3, 8]], ("n", "x")),  # one that counts, if it is asked for
    (",x\n1,5\n2,7\n3,8\n", ["x"], [[5], [7], [8]], ("x",)),
    ("a,b\n1,?\n2,\n", ["a"], [[1], [2]], ("a",)),  # the cells of the others may be anything
], ids=["text", "numbers", "no names", "counting", "nameless", "bad cells"])
def test_only_the_columns_that_are_asked_for(tmp_path, text, columns, x, names):
    cloud = data.from_file(write(tmp_path, text), columns=columns)
    assert (cloud.x.tolist(), cloud.columns, cloud.notes) == (x, names, ())


def test_columns_of_arrays_and_columns_that_there_are_not(tmp_path):
    np.save(tmp_path / "cloud.npy", np.arange(6.).reshape(2, 3))
    assert data.from_file(tmp_path / "cloud.npy", columns=["x3"]).x.tolist() == [[2], [5]]
    for text in (CUSTOMERS, "age,paid\n1,2\n3,4\n"):
        with pytest.raises(ValueError, match="unknown column in cloud.csv: 'agee'. Did you mean 'age'"):
            data.from_file(write(tmp_path, text), columns=["paid", "agee"])
    with pytest.raises(ValueError, match="unknown column of categories in cloud.csv: 'date'. Known: age, paid"):
        data.from_file(write(tmp_path, CUSTOMERS), columns=["age", "paid"], categorical=["date"])
    with pytest.raises(TypeError, match=r"columns must be a list of the names of columns, such as \['species'\]; got 'age'"):
        data.from_file(write(tmp_path, CUSTOMERS), columns="age")
    with pytest.raises(ValueError, match="is a folder of pictures, and has no columns: leave out columns"):
        data.from_file(tmp_path, columns=["age"])


def test_numpys_reader_and_ours_read_the_same_numbers(tmp_path, monkeypatch):
    x = rng().standard_normal((50, 3)) * 10.0 ** rng().integers(-300, 300, (50, 3))
    path = write(tmp_path, "\n".join(",".join(map(repr, row)) for row in x.tolist()))
    quick = data.from_file(path).x
    monkeypatch.setattr(np, "loadtxt", lambda *words, **more: (_ for _ in ()).throw(ValueError))
    assert quick.tobytes() == data.from_file(path).x.tobytes() == x.tobytes()


def peak_of_reading(path):
    """The most bytes that are in use while a table is read, and the data."""
    data.from_file(path)  # what is imported once does not count
    tracemalloc.start()
    try:
        cloud = data.from_file(path)
        return tracemalloc.get_traced_memory()[1], cloud
    finally:
        tracemalloc.stop()


def test_reading_takes_at_most_four_times_the_file(tmp_path):
    path = tmp_path / "cloud.csv"
    np.savetxt(path, rng().standard_normal((20_000, 3)), delimiter=",", fmt="%.6f", header="a,b,c", comments="")
    peak, cloud = peak_of_reading(path)
    assert cloud.x.shape == (20_000, 3) and peak < 4 * path.stat().st_size


@pytest.mark.parametrize("text", ["1.5,2\n\n3,4.5\n", "1.5,2\n3,4.5", "1.5,2\r3,4.5\r", "\r\n1.5,2\r\n\r\n3,4.5",
                                  "#a\n\n1.5,2\n3,4.5\n\n"])
def test_no_row_is_lost_however_the_lines_end(tmp_path, text):
    path = tmp_path / "lines.csv"
    path.write_bytes(text.encode())
    assert data.from_file(path).x.tolist() == [[1.5, 2], [3, 4.5]]


def test_many_small_cells_take_their_numbers_and_twice_the_file(tmp_path):
    """A digit and its comma are two bytes, the number in memory is eight."""
    path = tmp_path / "digits.csv"
    np.savetxt(path, rng().integers(0, 10, (8000, 50)), delimiter=",", fmt="%d")
    peak, cloud = peak_of_reading(path)
    assert cloud.x.nbytes == 4 * path.stat().st_size and peak < cloud.x.nbytes + 2 * path.stat().st_size


def test_an_array_that_is_the_users_is_copied():
    """Also a read-only view; only what nobody can write to is taken as it is."""
    x = rng().standard_normal((5, 2))
    view = x[:]
    view.flags.writeable = False
    for mine in (x, view):
        points = data.Points(mine)
        x[0, 0] += 1
        assert points.x[0, 0] != x[0, 0] and not points.x.flags.writeable
    assert data.Points(points.x).x is points.x


class Arrow:
    """As much of pyarrow as is asked of it: a file has the columns that are given."""

    class ArrowException(Exception):
        pass

    def __init__(self, columns):
        self.parquet, self.columns, self.column_names = self, columns, list(columns)

    def read_table(self, path):
        if path.stat().st_size == 0:
            raise self.ArrowException("size is 0 bytes")
        return self


def arrow(monkeypatch, columns):
    made = Arrow(columns)
    made.column = lambda name: type("Cells", (), {"to_pylist": lambda self: columns[name]})()
    monkeypatch.setitem(sys.modules, "pyarrow", made)


def test_parquet_where_pyarrow_is_installed_and_where_it_is_not(tmp_path, monkeypatch):
    path = write(tmp_path, "PAR1", "cloud.parquet")
    arrow(monkeypatch, {"x": [.1, 2.5, -3.0], "y": [True, False, True], "__index_level_0__": [7, 3, 5]})
    cloud = data.from_file(path)
    assert cloud.x.tolist() == [[.1, 1], [2.5, 0], [-3, 1]] and cloud.columns == ("x", "y")
    assert "column 1, which has no name, numbers the rows" in cloud.notes[0]
    assert data.from_file(path, index="keep").columns == ("x1", "x", "y")
    arrow(monkeypatch, {"x": [.1, None, 3.0], "kind": ["a", "b", "a"]})
    with pytest.raises(ValueError, match=r"column kind holds text, 'a' and 'b' in 3 rows\n  row 2, column x: '' is not a finite"):
        data.from_file(path)
    with pytest.raises(ValueError, match="is not a sound .parquet file: size is 0 bytes"):
        data.from_file(write(tmp_path, b"", "empty.parquet"))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match="is read by pyarrow, which is not installed: pip install .tinygan.parquet... Or save"):
        data.from_file(path)


class Frame:
    """As much of a DataFrame as is asked of it."""

    def __init__(self, x, columns):
        self.x, self.columns = x, columns

    def to_numpy(self):
        return self.x


def test_named_columns_of_arrays_and_frames(tmp_path):
    x = np.array([(1, 2.5), (3, 4.5)], [("height", "i4"), ("weight", "f4")])
    np.save(tmp_path / "cloud.npy", x)
    np.savez(tmp_path / "cloud.npz", x)
    for cloud in (data.from_array(x), data.from_file(tmp_path / "cloud.npy"), data.from_file(tmp_path / "cloud.npz"),
                  data.from_array(Frame(np.array([[1, 2.5], [3, 4.5]]), ["height", "weight"]))):
        assert cloud.x.tolist() == [[1, 2.5], [3, 4.5]] and cloud.columns == ("height", "weight")
    assert data.from_array(Frame(np.eye(2), [0, 1])).columns == ("0", "1")
    assert data.from_array(Frame(np.array([[1, 2.5], [3, 4.5]], object), ["a", "b"])).x.tolist() == [[1, 2.5], [3, 4.5]]
    with pytest.raises(ValueError, match=r"column kind holds text, 'a' and 'b' in 2 rows\n  row 2, column x: '' is not a finite"):
        data.from_array(Frame(np.array([["a", 1], ["b", None]], object), ["kind", "x"]))


def test_archives_hold_one_array(tmp_path):
    np.savez(tmp_path / "two.npz", a=np.eye(2), b=np.eye(2))
    with pytest.raises(ValueError, match="must hold one array; it holds 2: a, b. Save the one that is to be learned"):
        data.from_file(tmp_path / "two.npz")
    np.savez_compressed(tmp_path / "one.npz", np.arange(6.).reshape(3, 2))
    assert data.from_file(tmp_path / "one.npz").x.tolist() == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(ValueError, match="is not a sound .npz file"):
        data.from_file(write(tmp_path, b"PK\x03\x04", "bad.npz"))


# ---- .npy files


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "i4", "u1", "?"])
def test_npy_round_trip(tmp_path, dtype):
    x = np.asfortranarray(np.arange(6).reshape(3, 2).astype(dtype))
    np.save(tmp_path / "cloud.npy", x)
    assert np.array_equal(data.from_file(tmp_path / "cloud.npy").x, x.astype(float))


@pytest.mark.parametrize(("x", "match"), [
    (np.array([[{}], [1]], dtype=object), "must hold real numbers; got object"),
    (np.array([["a"], ["b"]]), "must hold real numbers"),
    (np.ones((2, 2), complex), "must hold real numbers; got complex128"),
    (np.zeros(3, [("a", "U3")]), "must hold real numbers; got fields"),
    (np.zeros(3, [("a", float, (2,))]), "must hold real numbers; got fields"),
    (np.zeros((3, 1), [("a", float)]), "must hold real numbers; got fields .* Each field must be one number"),
    (np.zeros((10, 8, 8)), r"got shape \(10, 8, 8\). Make a row of each sample: x.reshape\(len\(x\), -1\)"),
    (np.zeros(3), r"2-D array .* got shape \(3,\)"),
    (np.array(1.0), r"got shape \(\)"),
    (np.zeros((1, 2)), "at least 2 rows; got 1"),
    (np.zeros((0, 2)), "at least 2 rows; got 0"),
    (np.array([[1, 2], [3, math.nan]]), "row 1, column 1 is nan"),
])
def test_npy_contents_that_are_refused(tmp_path, x, match):
    np.save(tmp_path / "cloud.npy", x, allow_pickle=True)
    with pytest.raises(ValueError, match=match):
        data.from_file(tmp_path / "cloud.npy")


def npy(shape, body, descr="'<f8'"):
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body


@pytest.mark.parametrize(("content", "match"), [
    (npy("(2, 1)", bytes(16))[:-1], "is damaged: its header promises"),
    (npy("(2, 1)", bytes(17)), "is damaged"),
    (npy("(1000000, 1000000)", bytes(16)), r"is damaged: its header promises shape \(1000000, 1000000\)"),
    (npy("(10**5, 2)", bytes(16)), "not a sound .npy file"),
    (npy("(-1, -2)", bytes(16)), "is damaged"),
    (npy("(2, 1", bytes(16)), "not a sound .npy file. Write it with np.save"),
    (npy("(2, 1)", bytes(16), "__import__('os').getcwd()"), "not a sound .npy file"),
    (b"", "not a sound .npy file"),
    (b"1,2\n3,4\n", "not a sound .npy file"),
    (b"\x93NUMPY\x09\x00" + bytes(50), "not a sound .npy file"),
    (b"PK\x03\x04" + bytes(50), "not a sound .npy file"),
])
def test_npy_files_that_are_damaged(tmp_path, content, match):
    with pytest.raises(ValueError, match=match):
        data.from_file(write(tmp_path, content, "cloud.npy"))


def test_the_handmade_npy_is_sound_when_nothing_is_wrong(tmp_path):
    body = np.array([[1.0], [2.0]]).tobytes()
    assert data.from_file(write(tmp_path, npy("(2, 1)", body), "cloud.npy")).x.tolist() == [[1], [2]]


@settings(STEADY, max_examples=100)
@given(st.integers(0, 143), st.integers(0, 255))
def test_no_single_wrong_byte_does_more_than_raise_value_error(tmp_path_factory, place, byte):
    content = bytearray(npy("(2, 1)", bytes(16)))
    content[place] = byte
    try:
        data.from_file(write(tmp_path_factory.mktemp("npy"), bytes(content), "cloud.npy"))
    except ValueError as error:
        assert "cloud.npy" in str(error)


# ---- what importing costs


def test_importing_data_and_metrics_loads_numpy_only():
    code = "import sys, json, tinygan.data, tinygan.metrics; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert "numpy" in loaded and not {"scipy", "sklearn", "matplotlib", "joblib"} & set(loaded)


@pytest.mark.parametrize("text, said, not_said", [
    ('a,b\n"1,000",2\n"1,250",3\n', 'If the comma in 1,000 parts thousands, take it out. If it is a decimal comma, give --',
     "Numbers with a decimal comma"),
    ("a;b\n1.000,5;0,5\n2.000,5;1,5\n", "Marks between thousands, as in 1.000,5, must be taken out\n  Numbers with a decimal",
     "If the comma"),
    ("a;b\n171,01;63,5\n172,02;64,5\n", "Numbers with a decimal comma are read with --decimal ,", "thousands"),
    ("a;b\n1 000.5;2\n1 001.5;3\n", "Marks between thousands, as in 1 000.5, must be taken out", "decimal comma"),
    ("a;b\n1'000.5;2\n1'001.5;3\n", "Marks between thousands, as in 1'000.5", "decimal comma"),
    ("a,b\n171.5 cm,2\n172.5 cm,3\n", "Numbers with a unit, as in 171.5 cm, are read without it", "thousands"),
    ("a,b\n17%,2\n12.5%,3\n", "Numbers with a unit, as in 17%, are read without it", "thousands"),
    ("a,b\n$17,2\n$12.50,3\n", "Numbers with a unit, as in $17, are read without it", "thousands"),
    ("My data 2020\n\na,b\n1,2\n3,4\n", "The first line decides how many cells each line has. If it is a title, begin it with #",
     "thousands"),
    ("a,b\n1,2\n3\n", "line 3: got 1 cells, expected 2 as in line 1", "title"),
    ("a,b\n0x1f,2\n0x20,3\n", "column a holds text", "unit"), ("a,b\n1/2,2\n3/4,3\n", "'1/2' is not a finite number", "unit"),
])
def test_cells_that_are_no_numbers_get_the_hint_that_fits(tmp_path, text, said, not_said):
    with pytest.raises(ValueError) as caught:
        data.from_file(write(tmp_path, text.encode(), "table.csv"))
    assert said in str(caught.value) and not_said not in str(caught.value)


@pytest.mark.parametrize("coding", ["utf-32", "utf-16"])
def test_wide_letters_are_known_by_their_mark(tmp_path, coding):
    raw = "gr\u00f6\u00dfe,b\n1,2\n3,4.5\n".encode(coding)
    assert data.from_file(write(tmp_path, raw, "wide.csv")).columns == ("gr\u00f6\u00dfe", "b")
    with pytest.raises(ValueError, match=f"begins as {coding.upper()} text does, but is damaged"):
        data.from_file(write(tmp_path, raw[:-1], "wide.csv"))


def test_complex_numbers_are_not_cut_by_the_advice(tmp_path):
    np.save(tmp_path / "c.npy", np.ones((3, 2)) * 1j)
    with pytest.raises(ValueError, match="got complex128. Save x.real, or x.real and x.imag as columns"):
        data.from_file(tmp_path / "c.npy")
