"""Is the training set copied? The scores against their definitions, their noise, memorisers that are planted, and bad input."""

import itertools
import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tinygan import data, metrics
from tinygan.engine.network import mlp
from tinygan.metrics import memory

RING, SEEDS = data.ring(), range(5)


def rng(seed=0):
    return np.random.default_rng(seed)


def normal(n, seed=0, d=64):
    return rng(seed).standard_normal((n, d))


# ---- the definitions


def naive(x, training, held_out):
    """(nearer, copies), row by row."""
    near = sorted(min(math.dist(h, t) for t in training) for h in held_out)
    position = .01 * (len(near) - 1)
    low = int(position)
    bound = near[low] + (position - low) * (near[min(low + 1, len(near) - 1)] - near[low])
    nearer = copies = 0
    for row in x:
        own, other = (min(math.dist(row, other) for other in rows) for rows in (training, held_out))
        nearer += .5 if own == other else own < other
        copies += own < bound
    return nearer / len(x), copies / len(x)


@pytest.mark.parametrize("d", [1, 2, 30])
def test_the_shares_are_their_definitions(d):
    training, held_out = normal(12, 1, d), normal(17, 2, d)
    x = np.concatenate([normal(30, 3, d), training[:4], held_out[:3], training[4:8] + 1e-3])
    found = metrics.memory_report(x, training, held_out)
    assert np.allclose([found.nearer, found.copies], naive(x, training, held_out), rtol=1e-12)
    assert found.nearer_new == 12 / 29 and math.isclose(found.copies_new, 1.16 / 18)
    assert .13 < found.copies and math.isnan(found.gap) and math.isnan(found.gap_z)


def test_shares_by_hand():
    """Training rows 0 and 10, held-out rows 4 and 13: 1 and 11 are nearer to training, 3 and 99 to held-out rows, 2 is a tie."""
    training, held_out = np.array([[0.0], [10.0]]), np.array([[4.0], [13.0]])
    assert memory.nearer_votes(np.array([[1.0], [2], [3], [11], [99]]), training, held_out).tolist() == [1.5, 1, 1.5, 1]
    assert metrics.memory_report([[1], [2], [3], [11], [99]], training, held_out).nearer == .5
    assert memory.nearest([[1], [6]], training).tolist() == [1, 4]
    assert np.allclose(memory.near_and_far(training, held_out), (3.01, 3.99))


def check_lots(above_lots):
    """Against all lots, one by one: their mean, and their standard deviation."""
    for n, values in ((2, [1.0, 5, 2, 0]), (3, [.5, .25, .25, 0, 0, 0, 0]), (1, [3.0, 1, 4, 1, 5])):
        sums = [sum(lot) for lot in itertools.combinations(values, n)]
        assert math.isclose(above_lots(np.array(values), n), (sum(values[:n]) - np.mean(sums)) / np.std(sums), rel_tol=1e-12)


def test_the_mean_and_the_deviation_over_all_lots():
    check_lots(memory.above_lots)
    assert memory.above_lots(np.full(7, .1), 3) == memory.above_lots(np.full(2, 3e99), 1) == 0
    assert memory.above_lots(np.array([1e200, -1e200, 0]), 1) == pytest.approx(math.sqrt(1.5))


@pytest.mark.parametrize("wrong", [
    lambda v, n: (v[:n].sum() - n * v.mean()) / (v.std() * math.sqrt(n)),  # as if a row could be drawn twice
    lambda v, n: (v[:n].sum() - n / 2 * v.mean()) / 1,  # as if there were always as many of both
    lambda v, n: (v[:n].sum() - n * v.mean()) / (v.std(ddof=1) * math.sqrt(n)),
])
def test_a_wrong_deviation_is_noticed(wrong):
    with pytest.raises(AssertionError):
        check_lots(wrong)


# ---- what new rows score


@pytest.mark.slow
def test_new_rows_in_many_dimensions():
    """z has mean 0 and deviation 1 for 200 healthy samplers. The binomial deviation would be several times too small."""
    z, binomial, copies = [], [], []
    for seed in range(200):
        found = metrics.memory_report(*(normal(n, 1000 * n + seed) for n in (500, 100, 101)))
        z.append(found.nearer_z)
        binomial.append((found.nearer - found.nearer_new) / math.sqrt(.25 / 500))
        copies.append(found.copies)
    assert abs(np.mean(z)) < 4 / math.sqrt(200) and .85 < np.std(z) < 1.15
    assert np.std(binomial) > 2 and np.mean(np.abs(binomial) > 1.96) > .3  # so no interval of that kind is shown
    assert abs(np.mean(copies) - found.copies_new) < 4 * np.std(copies) / math.sqrt(200)
    assert np.mean(np.array(copies) > found.copies_most) <= .01 and np.max(copies) > found.copies_most / 3


@pytest.mark.parametrize("n", [10, 100, 1000])
def test_new_points_of_the_plane(n):
    found = [metrics.memory_report(RING.sample(1000, rng(seed)), *(RING.sample(n, rng((n, seed, part))) for part in (0, 1)))
             for seed in SEEDS]
    assert all(abs(one.nearer_z) < 3 and one.copies < one.copies_most for one in found)
    assert all("no sign of copying" in one.verdict for one in found)
    assert abs(np.mean([one.nearer for one in found]) - .5) < .1


def test_the_real_rows_among_themselves():
    """Each row of both sets against all others, without itself: by hand, and n / (n + m) on average."""
    training, held_out = normal(14, 1, 3), normal(11, 2, 3)
    pool = np.concatenate([training, held_out])
    distance = cdist(pool, pool) + np.diag(np.full(25, np.inf))
    nearer = distance[:, :14].min(axis=-1) < distance[:, 14:].min(axis=-1)
    assert math.isclose(memory.nearer_of_real(training, held_out), nearer.mean())
    halves = data.halves()
    assert .46 < memory.nearer_of_real(halves.training.x, halves.held_out.x) < .54


def test_a_row_as_near_to_both_sets_is_half_a_vote():
    training, held_out = np.array([[0.], [1.]]), np.array([[-1.], [2.]])
    assert memory.nearer_of_real(training, held_out) == (.5 + .5 + 1 + 1) / 4


# ---- memorisers


@pytest.mark.parametrize(("training", "held_out"), [
    ([normal(100, 1), normal(100, 2)]), ([RING.sample(50, rng(1)), RING.sample(50, rng(2))]),
    ([half.x for half in data.halves()])], ids=["normal", "ring", "digits"])
def test_a_planted_memoriser_is_found(training, held_out):
    """Copies with a little noise. The noise is the control: as wide as the data are apart, it is no copying any more."""
    near = memory.near_and_far(training, held_out)[0]
    for seed in SEEDS:
        copies = training[rng(seed).integers(training.shape[0], size=500)]
        noise = normal(500, seed, training.shape[1]) * near / math.sqrt(training.shape[1])
        found = metrics.memory_report(copies + .1 * noise, training, held_out)
        assert found.nearer > .9 and found.copies > .9 and found.nearer_z > 5
        assert found.verdict.startswith("G copies training rows: ") and "D " not in found.verdict
    assert metrics.memory_report(copies, training, held_out).nearer == 1
    assert metrics.memory_report(held_out + 1e-9, training, held_out).nearer < .05


@pytest.mark.slow
def test_who_is_too_near_without_copying():
    """A Gaussian for each class knows the mean and the covariance of about 90 training images, and none of the images."""
    judge = metrics.digit_judge()
    for seed in SEEDS:
        x = judge.controls(2000, rng(seed))["Gaussian per class"][0]
        found = metrics.memory_report(x, judge.training.x, judge.held_out.x)
        assert .55 < found.nearer < .65 and found.nearer_z > 3 and found.copies < found.copies_new / 2
        assert found.verdict.startswith("G copies no rows, but its samples are too near to them: ")


def test_sets_that_were_exchanged():
    training, held_out = normal(100, 1), normal(100, 2)
    found = metrics.memory_report(held_out + .1 * normal(100, 3), training, held_out)
    assert found.nearer == 0 and found.nearer_z < -3 and found.verdict.endswith("Were the two sets exchanged?")


# ---- D


def test_a_d_that_knows_its_training_rows():
    training, held_out, x = normal(30, 1), normal(40, 2), normal(200, 3)
    found = metrics.memory_report(x, training, held_out, lambda rows: -memory.nearest(rows, training))
    scores = -memory.nearest(held_out, training)
    assert math.isclose(found.gap, -scores.mean()) and found.gap_z > 5
    assert found.verdict.endswith(f"D knows its training rows: it scores them {found.gap:.3g} higher than held-out ones.")


def test_a_d_that_knows_nothing():
    """Untrained networks, 100 of them: the gap's z has mean 0 and deviation 1. A constant D has neither gap nor z."""
    training, held_out, x = normal(60, 1), normal(80, 2), normal(10, 3)
    found = [metrics.memory_report(x, training, held_out, mlp(64, 16, 1, seed=seed)) for seed in range(100)]
    z = np.array([one.gap_z for one in found])
    assert abs(z.mean()) < .5 and .8 < z.std() < 1.2
    assert found[0].gap == pytest.approx(float(mlp(64, 16, 1)(training).mean() - mlp(64, 16, 1)(held_out).mean()), rel=1e-5)
    constant = metrics.memory_report(x, training, held_out, lambda rows: np.full(rows.shape[0], .1))
    assert constant.gap == pytest.approx(0, abs=1e-15) and constant.gap_z == 0
    assert constant.verdict.endswith("D scores training rows and held-out rows alike.")


# ---- words


def test_what_a_report_says():
    report = metrics.MemoryReport(.998, .5, 21.04, .77, .01, .03, .771, 9.5)
    assert str(report) == ("nearer 99.8% (new 50.0%, z 21.0), copies 77.0% (new 1.0%, at most 3.0%), gap 0.771 (z 9.5). G copies "
                           "training rows: 77.0% of its samples are nearer to one than 99 % of new rows are, and of new samples "
                           "about 1.0% would be. D knows its training rows: it scores them 0.771 higher than held-out ones.")
    without = report._replace(gap=math.nan, gap_z=math.nan)
    assert "gap" not in str(without) and "D " not in str(without)
    lines = metrics.table({"with D": report, "without": without}).splitlines()
    assert lines[1].split() == ["with", "D", "99.8%", "50.0%", "21.0", "77.0%", "1.0%", "3.0%", "0.771", "9.5"]
    assert lines[2].split()[-2:] == ["-", "-"]


def test_rows_of_any_kind():
    training, held_out, x = normal(30, 1, 5), normal(30, 2, 5), normal(40, 3, 5)
    found = metrics.memory_report(x, training, held_out)
    assert np.allclose(metrics.memory_report(*(rows.astype(np.float32) for rows in (x, training, held_out)))[:6], found[:6],
                       atol=1e-5)
    assert metrics.memory_report(x.tolist(), training.tolist(), held_out.tolist())[:6] == found[:6]
    far = metrics.memory_report(np.full((5, 5), 1.7e308), training, held_out)
    assert far.copies == 0 and far.copies_most < 1 and math.isfinite(far.nearer_z)
    assert metrics.memory_report([[1.0]], [[0.0]], [[3.0]])[:3] == (1, .5, 1)


@pytest.mark.parametrize(("error", "match", "change"), [
    (ValueError, r"training must be a 2-D array \(rows are samples\); got shape \(5,\)", {"training": np.zeros(5)}),
    (ValueError, "held_out must have 3 columns; got 2", {"held_out": np.zeros((5, 2))}),
    (ValueError, "samples must have 3 columns; got 4", {"samples": np.zeros((5, 4))}),
    (ValueError, "samples must have at least 1 row; got 0", {"samples": np.zeros((0, 3))}),
    (ValueError, "held_out must have at least 1 row; got 0", {"held_out": np.zeros((0, 3))}),
    (ValueError, "samples must be finite; row 0, column 0 is nan", {"samples": np.full((5, 3), np.nan)}),
    (ValueError, "training must be finite; row 0, column 0 is inf", {"training": np.full((5, 3), np.inf)}),
    (TypeError, "samples must hold real numbers; got an array of complex128", {"samples": np.zeros((5, 3), complex)}),
    (ValueError, r"D must give one finite score for each row; got an array of shape \(5, 2\) for 5 rows",
     {"D": lambda x: x[:, :2]}),
    (ValueError, r"D must give one finite score for each row; got an array of shape \(5, 1\) for 5 rows",
     {"D": lambda x: x[:, :1] * np.nan}),
])
def test_bad_input(error, match, change):
    arguments = {"samples": normal(5, 1, 3), "training": normal(5, 2, 3), "held_out": normal(5, 3, 3)} | change
    with pytest.raises(error, match=match):
        metrics.memory_report(**arguments)


@pytest.mark.parametrize("z, near, known", [
    (2.9, "no sign of copying", "alike"), (3.1, "too near to them", "knows its training rows"),
    (-2.9, "no sign of copying", "alike"),
    (-3.1, "Were the two sets exchanged", "scores held-out rows 0.5 higher than training ones. Were the two sets exchanged?")])
def test_from_three_standard_deviations_on_a_score_is_a_sign(z, near, known):
    verdict = metrics.MemoryReport(.6, .5, z, 0, .01, .03, np.sign(z) / 2, z).verdict
    assert near in verdict and known in verdict
