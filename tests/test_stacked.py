"""Stacked digits: who sees which image, labels drawn first, and scores of samplers that are good or bad in a known way."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist

from tinygan import data, metrics, stacked
from tinygan.engine.network import mlp
from tinygan.engine.optim import Adam
from tinygan.losses import Relativistic
from tinygan.penalties import R1, R2
from tinygan.training import train

SEEDS = range(5)
KEYS = np.random.default_rng(0).standard_normal(64)  # image @ KEYS is a number that no other image has


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def judge():
    return stacked.Judge()


# ---- the two halves


def check_halves():
    """Each digit in two equal halves; together they are the digits, and no image is in both."""
    halves, whole = stacked.halves(), data.digits()
    assert halves.training.x.shape == (896, 64) and halves.held_out.x.shape == (901, 64)
    assert np.array_equal(np.bincount(halves.training.labels), np.bincount(whole.labels) // 2)
    both = np.concatenate([half.x for half in halves]) @ KEYS
    assert np.unique(both).size == 1797 and np.allclose(np.sort(both), np.sort(whole.x @ KEYS))


def test_halves():
    check_halves()
    again = stacked.halves.__wrapped__()
    for half, same in zip(stacked.halves(), again, strict=True):
        assert np.array_equal(half.x, same.x) and np.array_equal(half.labels, same.labels)
        with pytest.raises(ValueError, match="read-only"):
            half.labels[0] = 3


def read(images, half):
    """The digit of each of the images (N, 64), which are exact copies of some of this half, and which image it is."""
    points = getattr(stacked.halves(), half)
    order = np.argsort(points.x @ KEYS)
    which = order[np.searchsorted((points.x @ KEYS)[order], images @ KEYS - 1e-9)]
    assert np.array_equal(points.x[which], images)
    return points.labels[which], which


# ---- the data set


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("half", ["training", "held_out"])
def test_stacks_are_images_of_their_half(channels, half):
    stacks = stacked.Stacks(channels, half)
    x = stacks.sample(50, rng())
    assert x.shape == (50, stacks.dim) == (50, 64 * channels) and x.dtype == np.float64 and stacks.n_modes == 10**channels
    assert x.min() == -1 and x.max() == 1 and np.array_equal(x, stacks.sample(50, rng()))
    assert not np.array_equal(x, stacks.sample(50, rng(1)))
    read(x.reshape(-1, 64), half)
    labels = rng(1).integers(10, size=(50, channels))
    assert np.array_equal(read(stacks.draw(labels, rng()).reshape(-1, 64), half)[0].reshape(50, channels), labels)


def one_more_image_each():
    """A half in which digit k has k + 1 images; the first pixel says the digit, the second which image."""
    labels = np.repeat(np.arange(10), np.arange(10) + 1)
    x = np.zeros((labels.size, 64))
    x[:, 0], x[:, 1] = labels, np.arange(labels.size) - np.arange(10).cumsum()[labels]
    return data.Halves(*[data.Points(x, "counted", labels=labels)] * 2)


def check_labels_come_first():
    """Digits with few images are as frequent as those with many, each of their images equally likely, channels independent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacked, "halves", one_more_image_each)
        stacks = stacked.Stacks(2)
    for seed in SEEDS:
        x = stacks.sample(20_000, rng(seed)).reshape(-1, 2, 64)
        digit = x[..., 0].astype(int)
        assert stats.chisquare(np.bincount(10 * digit[:, 0] + digit[:, 1], minlength=100)).pvalue > .001
        for k in range(1, 10):
            which = x[..., 1][digit == k].astype(int)
            assert stats.chisquare(np.bincount(which, minlength=k + 1)).pvalue > 1e-4


def test_labels_come_first():
    check_labels_come_first()


def test_real_labels_come_first():
    digits = read(stacked.Stacks(4).sample(5000, rng()).reshape(-1, 64), "training")[0]
    assert stats.chisquare(np.bincount(digits)).pvalue > .001


def moments(stacks):
    """Mean of each pixel, and the mean over pixels of their variance, all digits equally likely: one digit at a time."""
    draws = [stacks.draw(np.full((2000, stacks.channels), digit), rng(digit)).reshape(-1, 64) for digit in range(10)]
    images = [np.unique(draw, axis=0) for draw in draws]  # 2000 draws show each of about 90 images
    mean = np.mean([one.mean(axis=0) for one in images], axis=0)
    return mean, np.mean([((one - mean) ** 2).mean(axis=0) for one in images], axis=0).mean()


@pytest.mark.parametrize("half", ["training", pytest.param("held_out", marks=pytest.mark.slow)])
@pytest.mark.parametrize("channels", [1, *(pytest.param(more, marks=pytest.mark.slow) for more in (2, 3))])
def test_standardized_stacks_have_mean_0_and_deviation_1(channels, half):
    """In every pixel, and over all pixels, exactly over the images; samples agree. What they were made from is as it was."""
    source = stacked.Stacks(channels, half)
    before, standard = source.sample(20, rng()), source.standardized()
    mean, variance = moments(standard)
    assert np.abs(mean).max() < 1e-12 and variance == pytest.approx(1, rel=1e-12)
    assert np.abs(moments(source)[0]).max() > 0.9 and moments(source)[1] < 0.5  # the control: pixels have neither
    x = standard.sample(4000, rng(1))
    assert abs(x.mean()) < 0.01 and x.std() == pytest.approx(1, abs=0.02)
    assert np.array_equal(source.sample(20, rng()), before) and np.array_equal(source.restore(before), before)
    assert (standard.channels, standard.half, standard.n_modes, standard.dim) == (channels, half, source.n_modes, source.dim)
    assert np.shape(standard.scale) == () and standard.shift.shape == (source.dim,)


@pytest.mark.parametrize("channels", [1, 3])
def test_restore_brings_the_pixels_back(channels):
    """Also after standardising twice; `apply` is the way there, and the judge reads restored pictures as it read the others."""
    source = stacked.Stacks(channels, "held_out")
    pixels, once = source.sample(50, rng()), source.standardized()
    for standard in (once, once.standardized()):
        x = standard.sample(50, rng())
        assert np.allclose(standard.restore(x), pixels, rtol=0, atol=1e-12) and np.allclose(standard.apply(pixels), x, atol=1e-12)
        assert np.allclose(x, once.sample(50, rng()), atol=1e-12)
        assert not np.allclose(x, pixels)
    labels = rng(1).integers(10, size=(50, channels))
    assert np.allclose(once.restore(once.draw(labels, rng())), source.draw(labels, rng()), rtol=0, atol=1e-12)


def test_the_judge_reads_restored_pictures(judge):
    standard = stacked.Stacks(2, "held_out").standardized()
    restored = judge.report(standard.restore(standard.sample(300, rng())), progress=False)
    assert restored == judge.report(stacked.Stacks(2, "held_out").sample(300, rng()), progress=False)


@pytest.mark.parametrize("replicas", [(), 2])
def test_train_takes_stacks(replicas):
    stacks = stacked.Stacks(2)
    G, D = mlp(4, 16, 128, seed=0, replicas=replicas), mlp(128, 16, 1, seed=1, replicas=replicas)
    history = train(G, D, stacks, Relativistic(), steps=3, batch=16, opt_d=Adam(), opt_g=Adam(), penalties=(R1(.1), R2(.1)),
                    ema=.9, progress=False)
    assert np.isfinite(history.d_loss).all() and history.step[-1] == 3
    assert history.modes_visited.size == 0  # train counts modes of mixtures only; here the judge does
    with pytest.raises(ValueError, match="G makes points with 128 coordinates, but the data have 192: end G with 192"):
        train(G, D, stacked.Stacks(3), Relativistic(), steps=1)


@pytest.mark.parametrize(("error", "match", "call"), [
    (TypeError, "channels must be a whole number, at least 1; got 2.0", lambda: stacked.Stacks(2.0)),
    (ValueError, "channels must be at least 1; got 0", lambda: stacked.Stacks(0)),
    (ValueError, r"channels must be at most 4; got 7: 26 samples for each of 10\^7 modes are too many",
     lambda: stacked.Stacks(7)),
    (ValueError, "unknown half 'trainig'. Did you mean 'training'[?]", lambda: stacked.Stacks(3, "trainig")),
    (ValueError, "n must be at least 1; got 0", lambda: stacked.Stacks().sample(0, rng())),
    (TypeError, "rng must be a numpy Generator", lambda: stacked.Stacks().sample(3, 0)),
    (TypeError, "n must be a whole number", lambda: stacked.controls(2, 2.5, rng())),
    (ValueError, r"labels must be whole numbers of shape \(n, 2\); got int64 of \(5, 3\)",
     lambda: stacked.Stacks(2).draw(np.zeros((5, 3), np.int64), rng())),
    (ValueError, "labels must be whole numbers .* got float64", lambda: stacked.Stacks(2).draw(np.zeros((5, 2)), rng())),
    (ValueError, "labels must be digits, 0 to 9; got 0 to 10", lambda: stacked.Stacks(2).draw([[0, 10]], rng())),
    (ValueError, "labels must be digits, 0 to 9; got -1 to 3", lambda: stacked.Stacks(2).draw([[-1, 3]], rng())),
])
def test_bad_input(error, match, call):
    with pytest.raises(error, match=match):
        call()


# ---- the judge


def check_judge_has_not_seen_what_it_is_tested_on():
    """Accuracy and yardstick against the plain definitions, with the halves taken apart here."""
    judge, (learn, test) = stacked.Judge(), stacked.halves()
    right = judge.look(learn.x)[0][:, 0] == learn.labels
    assert judge.accuracy == right.mean() and .98 < judge.accuracy < 1
    nearest = cdist(test.x, learn.x).min(axis=-1)
    assert np.allclose((judge.near, judge.far), np.percentile(nearest, (1, 99)), rtol=1e-9)
    assert 1 < judge.near < 2 < judge.far < 5
    assert np.allclose(judge.look(test.x)[1][:, 0], nearest, rtol=1e-9)


def test_judge_has_not_seen_what_it_is_tested_on():
    check_judge_has_not_seen_what_it_is_tested_on()


def test_judge_reads_better_than_chance_because_of_the_labels(judge):
    """The negative control of the accuracy: shuffled labels are read at chance."""
    learn = stacked.halves().training
    assert np.mean(judge.look(learn.x)[0][:, 0] == rng().permutation(learn.labels)) < .2


def naive_report(x, judge):
    """The definitions, one stack at a time."""
    training, c = stacked.halves().training.x, x.shape[-1] // 64
    found, valid, copies, good = {}, 0, 0, 0
    for stack in x.reshape(-1, c, 64):
        distance = [math.inf if not np.isfinite(image).all() else min(math.dist(image, t) for t in training) for image in stack]
        valid += sum(d <= judge.far for d in distance)
        copies += sum(d < judge.near for d in distance)
        if np.isfinite(stack).all():
            number = "".join(str(judge.look(image[None])[0][0, 0]) for image in stack)
            found[number] = found.get(number, 0) + 1
            good += 1
    kl = sum(n / good * math.log(10**c * n / good) for n in found.values())
    return stacked.StackReport(len(found), kl, valid / x.size * 64, copies / x.size * 64)


@pytest.mark.parametrize("channels", [1, 2])
def test_report_is_its_definition(judge, channels):
    real, copies, *_, noise = stacked.controls(channels, 5, rng()).values()
    x = np.concatenate([real, real, copies[:3], noise])
    x[1, 0], x[2, -1], x[3] = math.nan, math.inf, -math.inf
    x[4:7] += .1 * rng().standard_normal((3, x.shape[-1]))
    assert np.allclose(judge.report(x), naive_report(x, judge), rtol=1e-12)


def check_controls(channels, n, judge):
    """Samplers whose scores are known beforehand; the KL's own noise is (K - 1) / (2 n) for K modes in use."""
    reports = {name: judge.report(x) for name, x in stacked.controls(channels, n, rng()).items()}
    expected = {"real": (10**channels, 0, .99, .01), "training images": (10**channels, 0, 1, 1),
                "same digit": (10, (channels - 1) * math.log(10), .99, .01),
                "one digit missing": (9**channels, channels * math.log(10 / 9), .99, .01)}
    for name, (modes, kl, valid, copies) in expected.items():
        r = reports[name]
        noise = math.sqrt(.01 * .99 / (n * channels))
        assert r.modes == modes, name
        assert 0 <= r.kl - kl < 2 * (modes - 1) / (2 * n) + .002, (name, r)
        assert abs(r.valid - valid) < 5 * noise and abs(r.memorised - copies) < 5 * noise, (name, r)
    noise = reports["noise"]
    assert noise.valid == noise.memorised == 0 and noise.kl > 1  # but it falls into many modes: count them beside the quality
    assert noise.modes > 10**channels / 4
    return reports


def test_controls(judge):
    reports = check_controls(2, 1300, judge)
    text = metrics.table(reports)
    assert text.splitlines()[0].split() == ["modes", "KL", "valid", "memorised"] and len(text.splitlines()) == 6
    assert text.splitlines()[2].split() == ["training", "images", "100", f"{reports['training images'].kl:.4f}", "100.00%",
                                            "100.00%"]


@pytest.mark.slow
def test_controls_with_a_thousand_modes(judge):
    """The same digit thrice: KL = ln 100 = 4.605; no nines: 729 modes; true stacks: the floor of .0192."""
    reports = check_controls(3, 26_000, judge)
    assert abs(reports["same digit"].kl - 4.605) < .002 and abs(reports["real"].kl - .0192) < .002


def check_same_digit(channels=3):
    """Collapse on ten of the modes, each equally often: evenly spread over what it found, and yet far from uniform."""
    n = np.zeros(10**channels, int)
    n[::111] = 26
    assert math.isclose(stacked._kl_to_uniform(n), math.log(100), rel_tol=1e-12)
    assert math.isclose(stacked._kl_to_uniform(np.eye(100, dtype=int)[3]), math.log(100), rel_tol=1e-12)
    assert stacked._kl_to_uniform(np.full(100, 7)) == 0


def test_kl_by_hand():
    check_same_digit()
    assert math.isclose(stacked._kl_to_uniform(np.array([3, 1])), .75 * math.log(1.5) + .25 * math.log(.5))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_stacks_that_are_nowhere(judge, bad):
    report = judge.report(np.full((5, 192), bad))
    assert report == (0, math.log(1000), 0, 0)


def test_one_broken_channel_hides_the_number_but_not_the_other_images(judge):
    x = stacked.Stacks(2).sample(10, rng())
    x[:, 70] = math.nan
    assert judge.report(x) == (0, math.log(100), .5, .5)
    digits, distance = judge.look(x)
    assert (digits[:, 1] == -1).all() and (distance[:, 1] == math.inf).all() and (digits[:, 0] >= 0).all()


@pytest.mark.parametrize("far", [1e9, 1e100, 1.7e308])
def test_stacks_that_are_far_away(judge, far):
    report = judge.report(np.full((5, 128), far))
    assert report.modes == 1 and report.valid == report.memorised == 0


def test_numbers_of_any_kind(judge):
    x = stacked.Stacks(2).sample(40, rng())
    assert judge.report(x.astype(np.float32)) == judge.report(x)
    assert judge.report(np.ones((3, 128), np.int8)) == judge.report(np.ones((3, 128)))
    assert judge.report(np.broadcast_to(x[0], (9, 128))).modes == 1


@pytest.mark.parametrize(("error", "match", "x"), [
    (ValueError, r"stacks must have shape \(N, 64 c\), N at least 1 and c, the channels, 1 to 4; got \(7, 100\)",
     np.zeros((7, 100))),
    (ValueError, r"got \(0, 128\)", np.zeros((0, 128))),
    (ValueError, r"got \(7, 0\)", np.zeros((7, 0))),
    (ValueError, r"got \(7, 320\)", np.zeros((7, 320))),
    (ValueError, r"got \(128,\)", np.zeros(128)),
    (ValueError, r"got \(2, 7, 128\)", np.zeros((2, 7, 128))),
    (TypeError, "stacks must hold real numbers; got an array of complex128", np.zeros((7, 64), complex)),
    (TypeError, "stacks must hold real numbers; got an array of object", np.full((7, 64), None)),
])
def test_judge_refuses(judge, error, match, x):
    with pytest.raises(error, match=match):
        judge.report(x)


def test_progress_is_shown_only_when_asked_for(judge, capsys):
    x = np.zeros((3, 128))
    judge.report(x)
    judge.report(x, progress=False)
    assert capsys.readouterr() == ("", "")
    judge.report(x, progress=True)
    assert "judging" in capsys.readouterr().err


def test_what_they_say_of_themselves(judge):
    assert repr(stacked.Stacks(2)) == "Stacks: channels 2, modes 100, dimensions 128, training images"
    assert repr(judge).startswith(f"Judge: reads {judge.accuracy:.2%} of 896 images that it has not seen; valid up to")
    assert str(stacked.StackReport(97, .123456, .5, .25)) == "modes 97, KL 0.1235, valid 50.00%, memorised 25.00%"
