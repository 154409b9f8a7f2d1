"""Scores of rows against rows: by hand, on what is known, and on faults that each of them must see."""

import math

import numpy as np
import pytest

from tinygan.metrics import c2st, coverage_and_density, mmd2, rows_report, table, tied_columns, untied
from tinygan.metrics.rows import bandwidth


def rng(seed=0):
    return np.random.default_rng(seed)


MIX = rng(9).standard_normal((4, 4))


def rows(seed, n=400):
    """Four correlated columns in very different units."""
    return rng(seed).standard_normal((n, 4)) @ MIX * [1, 1e3, 1e-6, 1] + [0, 5e4, 0, -3]


def test_it_is_the_four_scores_in_units_of_the_truth():
    x, real = rows(0), rows(1)
    unit = real.std(axis=0)
    report = rows_report(x, real, rng())
    assert report[:2] == coverage_and_density(x / unit, real / unit)
    assert report.mmd2 == mmd2(x / unit, real / unit, bandwidth(real / unit))
    assert (report.c2st, report.z) == c2st(x / unit, real / unit, rng())
    w1 = np.abs(np.sort(x, axis=0) - np.sort(real, axis=0)).mean(axis=0) / unit
    assert np.allclose(report.w1, w1)
    pairs = [(i, j) for i in range(4) for j in range(i)]
    naive = [abs(np.corrcoef(x[:, i], x[:, j])[0, 1] - np.corrcoef(real[:, i], real[:, j])[0, 1]) for i, j in pairs]
    assert np.isclose(report.correlation, np.mean(naive))


def test_units_do_not_matter():
    x, real, unit = rows(0), rows(1), np.array([1e-9, 7., 3e5, .1])
    one, other = rows_report(x, real, rng()), rows_report(x * unit + 4, real * unit + 4, rng())
    assert np.allclose(one[:5], other[:5], atol=1e-6) and np.allclose(one.w1, other.w1) and np.isclose(one[6], other[6])


@pytest.mark.parametrize("seed", range(3))
def test_true_rows_score_what_is_said(seed):
    report = rows_report(rows(10 + seed, 2000), rows(20 + seed, 2000), rng())
    assert abs(report.coverage - .969) < .015 and abs(report.density - 1) < .06 and abs(report.z) < 3.5
    assert abs(report.mmd2) < 2e-3 and max(report.w1) < .1 and report.correlation < .05


def blurred(x, by):
    return x + by * x.std(axis=0) * rng(5).standard_normal(x.shape)


def half(x):
    return x[rng(5).permutation(np.repeat(np.argsort(x[:, 0])[:len(x) // 2], 2))]


def by_lot(x):
    return np.column_stack([rng(i).permutation(column) for i, column in enumerate(x.T)])


FAULTS = {"half of it is missing": (half, "coverage", .8, -1), "strays": (lambda x: blurred(x, 3), "density", .6, -1),
          "moved": (lambda x: x + .5 * x.std(axis=0), "mmd2", .01, 1), "blurred": (lambda x: blurred(x, .7), "c2st", .6, 1),
          "columns by lot": (by_lot, "correlation", .15, 1)}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen(fault):
    spoil, score, bound, side = FAULTS[fault]
    good, bad = (getattr(rows_report(f(rows(0, 2000)), rows(1, 2000), rng()), score) for f in (lambda x: x, spoil))
    assert side * (bad - bound) > 0 > side * (good - bound)


def test_a_wrong_column_is_the_one_with_the_largest_w1():
    x = rows(0)
    x[:, 2] *= 2
    assert np.argmax(rows_report(x, rows(1), rng()).w1) == 2


def test_constant_columns_and_one_column_and_bad_rows():
    x, real = rows(0), rows(1)
    x[:, 1] = real[:, 1] = 3.0
    report = rows_report(x, real, rng())
    assert report.w1[1] == 0 and math.isfinite(report.correlation)
    single = rows_report(x[:, :1], real[:, :1], rng())
    assert math.isnan(single.correlation) and single.columns()["correlations"] == "-"
    x[3] = np.nan
    report = rows_report(x, real, rng())
    assert report.w1 == (math.inf,) * 4 and math.isfinite(report.correlation) and report.coverage > .8


@pytest.mark.parametrize("far", [1e300, -1e160, np.inf])
def test_a_sample_far_away_is_no_overflow(far):
    x = rows(0)
    x[5, 0] = far
    report = rows_report(x, rows(1), rng())
    assert report.w1[0] > 1e9 and report.correlation < .2 and report.coverage > .8


def test_copies_of_one_row_have_a_bandwidth():
    real = np.ones((20, 2))
    assert bandwidth(real) == 1 and rows_report(real, real, rng()).w1 == (0, 0)
    mostly = np.concatenate([np.zeros((30, 1)), np.ones((5, 1))])
    assert 0 < bandwidth(mostly) < 1


def test_untied_values_are_new_and_near():
    real = np.column_stack([rng().integers(0, 5, 200), rng().standard_normal(200), np.full(200, 2.0)])
    moved = untied(real, rng())
    assert np.unique(moved[:, 0]).size == 200 and np.array_equal(moved[:, 0].round(), real[:, 0])
    order = np.argsort(real[:, 1])
    assert (np.diff(moved[order, 1]) > 0).all() and (moved[:, 2] == 2).all() and (real[:, 0] % 1 == 0).all()
    assert tied_columns(real) == [0]


def test_what_ties_do_is_seen_beside_the_true_rows():
    """Balls around whole numbers have radius 0: other whole numbers lie in them, numbers between them do not."""
    one, other = (rng(seed).poisson(3, (1000, 2)).astype(float) for seed in (0, 1))
    between = untied(one, rng(2))
    true, best = rows_report(one, other, rng()), rows_report(between, other, rng())
    assert true.coverage > .95 and true.density > 1.5 and best.coverage < .15 and best.density < .3


def test_the_table_has_a_dash_and_a_line_each():
    report = rows_report(rows(0), rows(1), rng())
    head, *lines = table({"true rows": report, "generated": report}).splitlines()
    assert head.split() == ["coverage", "density", "MMD2", "C2ST", "z", "mean", "W1", "largest", "W1", "correlations"]
    assert len(lines) == 2 and "%" in lines[0]


@pytest.mark.parametrize("x, real, error, message", [
    (rows(0, 5), rows(1, 5), ValueError, "real must have at least 6 rows; got 5"),
    (rows(0, 50), rows(1, 60), ValueError, "rows_report compares equally many rows of the same columns; got (50, 4) and (60, 4)"),
    (rows(0, 50), np.full((50, 4), np.inf), ValueError, "real must be finite"),
    (rows(0, 50), np.full((50, 4), "a"), TypeError, "real must hold real numbers")])
def test_what_cannot_be_compared(x, real, error, message):
    with pytest.raises(error) as caught:
        rows_report(x, real, rng())
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [0., .1, .7, 1e8 / 3])
def test_constant_columns_have_no_correlation(value):
    """The mean of equal numbers is rounded: what is left of a constant column is no variation."""
    real = np.random.default_rng(0).standard_normal((1000, 3))
    collapsed = np.tile([value, .3, .7], (1000, 1))
    correlation = np.corrcoef(real.T)[np.triu_indices(3, 1)]
    report = rows_report(collapsed, real, np.random.default_rng(1))
    assert report.correlation == pytest.approx(np.abs(correlation).mean(), rel=1e-6)
