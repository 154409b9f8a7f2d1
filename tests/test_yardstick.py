"""The full report: its two classifiers by definition, their floor, and samplers that must and must not pass."""

import math

import numpy as np
import pytest

from tinygan import data, metrics
from tinygan.metrics import yardstick

RING, GRID, CUBE = data.ring(), data.grid(), data.Mixture([[0.0, 0, 0], [5, 0, 0], [0, 5, 5]], [0.1, 0.2, 0.3], [0.5, 0.3, 0.2])


def rng(seed=0):
    return np.random.default_rng(seed)


def scaled(mixture, factor):
    return data.Mixture(mixture.means, mixture.stds * factor, mixture.weights)


def halves(x, mixture, seed):
    """What the classifiers learn from and are asked about, drawn in the same order as by the report."""
    draws = rng(seed)
    x, real = draws.permutation(x), mixture.sample(len(x), draws)
    h = len(x) // 2
    return x[h:], real[h:], x[:h], real[:h]


@pytest.mark.parametrize("mixture", [RING, CUBE, data.gaussians_1d()], ids=["ring", "3-D", "1-D"])
def test_the_nearest_neighbour_is_its_definition(mixture):
    x = scaled(mixture, .5).sample(201, rng())  # odd: one sample more learns
    learned, true, *asked = halves(x, mixture, 3)
    train, right = np.concatenate([learned, true]), 0
    for is_true, rows in enumerate(asked):
        for row in rows:
            right += (np.linalg.norm(train - row, axis=-1).argmin() >= len(learned)) == is_true
    assert metrics.full_report(x, mixture, rng(3)).one_nn == right / 200


@pytest.mark.parametrize("mixture", [RING, CUBE, data.gaussians_1d()], ids=["ring", "3-D", "1-D"])
def test_the_classifier_is_its_definition(mixture):
    x = scaled(mixture, 1.7).sample(400, rng())
    learned, true, *asked = halves(x, mixture, 3)

    def seen(row):
        k = np.linalg.norm(mixture.means - row, axis=-1).argmin()
        u = (row - mixture.means[k]) / mixture.stds[k]
        r = min(np.linalg.norm(u), 3)
        return k, [1, *(r * u / np.linalg.norm(u)), r, r * r, np.linalg.norm(u) > 3]

    rows = [(*seen(row), label) for label, part in ((-1, learned), (1, true)) for row in part]
    fits = {}
    for k in range(mixture.n_modes):
        a, y = (np.array([one[i] for one in rows if one[0] == k], float) for i in (1, 2))
        # Ridge regression as ordinary least squares, with a row of sqrt(ridge) for each coefficient.
        ridge = np.eye(mixture.dim + 4)
        fits[k] = np.linalg.lstsq(np.vstack([a, ridge]), np.append(y, ridge[0] * 0), rcond=None)[0]
    right = sum((np.dot(fits[k], sees) > 0) == is_true for is_true, part in enumerate(asked) for k, sees in map(seen, part))
    assert metrics.full_report(x, mixture, rng(3)).classifier == right / 400


def test_the_first_scores_are_those_of_the_mode_report():
    x = scaled(GRID, 2).sample(500, rng())
    assert metrics.full_report(x, GRID, rng(1))[:7] == metrics.mode_report(x, GRID)
    assert metrics.FullReport._fields[:7] == metrics.ModeReport._fields


@pytest.mark.parametrize("mixture", [RING, GRID, CUBE], ids=["ring", "grid", "3-D"])
def test_true_samples_lie_on_the_floor(mixture):
    """Of 100 draws at least 95 are expected within the bounds; fewer than 88 come once in 600 times."""
    low, high = metrics.accuracy_floor(300)
    reports = [metrics.truth_full_report(mixture, 300, rng(seed)) for seed in range(100)]
    for score in ("one_nn", "classifier"):
        found = np.array([getattr(report, score) for report in reports])
        assert ((low <= found) & (found <= high)).sum() >= 88, score
        assert abs(found.mean() - .5) < 4 * .5 / math.sqrt(300 * 100), score


def test_the_floor_is_its_formula():
    assert metrics.accuracy_floor(10_000) == pytest.approx((.4902, .5098), abs=1e-4)
    assert metrics.accuracy_floor(10_001) == metrics.accuracy_floor(10_000)
    assert metrics.accuracy_floor(400)[1] == pytest.approx(.549, abs=1e-4)


def without_a_mode(mixture):
    return data.Mixture(mixture.means[1:], mixture.stds[1:])


WRONG = {"narrow": lambda mixture: scaled(mixture, .58), "wide": lambda mixture: scaled(mixture, 1.5),
         "moved": lambda mixture: data.Mixture(mixture.means + mixture.stds[:, None], mixture.stds),
         "points": lambda mixture: scaled(mixture, 1e-6)}


@pytest.mark.parametrize("mixture", [RING, GRID], ids=["ring", "grid"])
@pytest.mark.parametrize("fault", WRONG)
def test_a_sampler_that_is_wrong_is_told_from_the_truth(mixture, fault):
    report = metrics.full_report(WRONG[fault](mixture).sample(10_000, rng()), mixture, rng(1))
    assert report.modes_half == mixture.n_modes, "the count of modes does not see it"
    assert report.one_nn > .54 and report.classifier > .58, f"{report}"


def test_a_missing_mode_of_the_ring_is_told_from_the_truth():
    report = metrics.full_report(without_a_mode(RING).sample(10_000, rng()), RING, rng(1))
    high = metrics.accuracy_floor(10_000)[1]
    assert report.modes_half == 7 and report.one_nn > high + .01 and report.classifier > high + .01


@pytest.mark.parametrize(("factor", "side"), [(.58, -1), (1, 0), (1.5, 1)])
def test_the_spread_says_in_which_direction(factor, side):
    report = metrics.full_report(scaled(GRID, factor).sample(10_000, rng()), GRID, rng(1))
    assert np.sign(round((report.std_ratio - 1) / .05)) == side


@pytest.mark.parametrize("factor", [.58, .8])
def test_the_classifier_comes_near_the_best_one(factor):
    """For round modes in the plane the best classifier asks whether r^2 < 2 ln(1/f^2) / (1/f^2 - 1), f the factor."""
    c = 1 / factor**2
    rim = 2 * math.log(c) / (c - 1)
    best = .5 + (math.exp(-rim / 2) - math.exp(-rim * c / 2)) / 2
    report = metrics.full_report(scaled(RING, factor).sample(20_000, rng()), RING, rng(1))
    assert best - .02 < report.classifier < best + .015


def test_bad_samples_are_always_recognised():
    x = RING.sample(400, rng())
    x[:, 0] = [math.nan, math.inf, -math.inf, 1e200] * 100
    report = metrics.full_report(x, RING, rng(1))
    assert (report.high_quality, report.one_nn, report.classifier) == (0, 1, 1)
    x = np.where(np.arange(4000)[:, None] % 2, RING.sample(4000, rng()), math.nan)
    report = metrics.full_report(x, RING, rng(1))
    assert report.one_nn > .55 and report.classifier > .6, "half of them are bad: more than the floor"


def test_samples_far_away_are_scored_without_a_warning():
    x = RING.sample(400, rng()) * 1e140
    assert metrics.full_report(x, RING, rng(1)).classifier > .99


def test_a_mode_that_no_training_sample_knows():
    far = data.Mixture([[0.0, 0], [50, 50]], .1, [.9999, .0001])
    report = metrics.full_report(far.sample(40, rng()), far, rng(1))
    assert 0 <= report.classifier <= 1


def test_it_is_a_function_of_the_seed_and_takes_float32():
    x = scaled(RING, .8).sample(300, rng())
    assert metrics.full_report(x, RING, rng(2)) == metrics.full_report(x, RING, rng(2))
    single = x.astype(np.float32)
    assert metrics.full_report(single, RING, rng(2)) == metrics.full_report(single.astype(np.float64), RING, rng(2))


def test_the_inputs_are_left_alone():
    x = RING.sample(50, rng())
    before = x.copy()
    metrics.full_report(x, RING, rng(2))
    assert np.array_equal(x, before)


def test_as_text_and_in_a_table():
    report = metrics.FullReport(8, 8, 8, .98, .001, .02, .99, .51, .52)
    assert str(report) == ("modes 8 (half their share: 8, visited: 8), high quality 98.00%, reverse KL 0.0010, TV 0.0200, "
                           "std ratio 0.990, 1-NN 51.00%, classifier 52.00%")
    assert metrics.table({"one": report}, RING).splitlines() == [
        "     modes of 8  half share  visited  high quality  reverse KL      TV  std ratio    1-NN  classifier",
        "one           8           8        8        98.00%      0.0010  0.0200      0.990  51.00%      52.00%"]


@pytest.mark.parametrize(("x", "message"), [
    (np.zeros((1, 2)), "x needs at least 2 samples, of which the classifiers learn one half; got 1. Draw more"),
    (np.zeros((5, 3)), "x"),
])
def test_what_cannot_be_scored(x, message):
    with pytest.raises(ValueError, match=message):
        metrics.full_report(x, RING, rng())


def test_the_floor_of_fewer_than_two_samples():
    with pytest.raises(ValueError, match="n must be at least 2; got 1"):
        metrics.accuracy_floor(1)


@pytest.mark.parametrize("planted", ["labels swapped", "asked what it learned"])
def test_a_wrong_classifier_would_not_pass(planted, monkeypatch):
    """The controls of this file fail where they should: for two faults that are put into the nearest neighbour."""
    original = yardstick._nearest_says_true
    faults = {"labels swapped": lambda train, is_true, test: ~original(train, is_true, test),
              "asked what it learned": lambda train, is_true, test: np.arange(len(test)) >= len(test) // 2}
    monkeypatch.setattr(yardstick, "_nearest_says_true", faults[planted])
    narrow, true = (metrics.full_report(scaled(RING, f).sample(2000, rng()), RING, rng(1)).one_nn for f in (.5, 1))
    low, high = metrics.accuracy_floor(2000)
    assert not (narrow > high and low <= true <= high)
