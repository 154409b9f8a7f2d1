"""The scores for images: each against its definition, real images and failures whose scores are known, and bad input."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import linalg
from scipy.spatial.distance import cdist

from tinygan import data, metrics, stacked
from tinygan.metrics import images

ROOT = Path(__file__).parents[1]
SEEDS = range(5)
CONTROLS = ["noise", "one Gaussian", "Gaussian per class", "class means", "copies"]


def rng(seed=0):
    return np.random.default_rng(seed)


def bars(n, seed=0):
    """Points of 2 x 2 pixels in three classes, n of each: where the bright pixel is, and a little noise."""
    labels = np.repeat(np.arange(3), n)
    return data.Points(np.eye(4)[labels] + .1 * rng(seed).standard_normal((3 * n, 4)), "bars", labels=labels)


@pytest.fixture(scope="module")
def judge():
    return metrics.digit_judge()


@pytest.fixture(scope="module")
def small():
    return metrics.ImageJudge(bars(20), bars(30, 1))


@pytest.fixture(scope="module")
def reports(judge):
    """seed -> the reports of the controls, 901 images each."""
    return {seed: {name: judge.report(*one) for name, one in judge.controls(901, rng(seed)).items()} for seed in SEEDS}


# ---- the Frechet distance


def by_sqrtm(C, C_r):
    return np.trace(np.real(linalg.sqrtm(C @ C_r)))


def by_eigenvalues(C, C_r):
    return np.sqrt(np.maximum(np.linalg.eigvals(C @ C_r).real, 0)).sum()


def by_covariances(x, real, root=by_sqrtm, power=2, ddof=1):
    """The definition, with SciPy's root of a matrix."""
    C, C_r = np.cov(x.T, ddof=ddof), np.cov(real.T, ddof=ddof)
    difference = np.linalg.norm(x.mean(axis=0) - real.mean(axis=0))
    return difference**power + np.trace(C) + np.trace(C_r) - 2 * root(C, C_r)


def check_frechet(frechet):
    for n, m, d in ((50, 40, 3), (200, 300, 32), (9, 12, 5)):
        x, real = rng(n).standard_normal((n, d)), rng(m).standard_normal((m, d)) * np.arange(1, d + 1) + 1
        assert math.isclose(frechet(x, real), by_covariances(x, real), rel_tol=1e-9)


def test_frechet_is_its_definition():
    check_frechet(metrics.frechet)


@pytest.mark.parametrize("wrong", [
    {"power": 1}, {"ddof": 0}, {"root": lambda C, C_r: np.trace(np.sqrt(np.abs(C * C_r)))},
    {"root": lambda C, C_r: by_sqrtm(C, C_r) / 2}, {"root": lambda C, C_r: np.sqrt(np.trace(C @ C_r))},
    {"root": lambda C, C_r: np.trace(linalg.cholesky(C) @ linalg.cholesky(C_r))},
])
def test_a_wrong_frechet_is_noticed(wrong):
    check_frechet(lambda x, real: by_covariances(x, real, root=by_eigenvalues))
    with pytest.raises(AssertionError):
        check_frechet(lambda x, real: by_covariances(x, real, **wrong))


def test_frechet_by_hand():
    """On the line (m - m_r)^2 + (s - s_r)^2; in two dimensions with the same axes, that of each axis."""
    assert metrics.frechet([[-1], [1]], [[2], [4]]) == pytest.approx(9)
    assert metrics.frechet([[-1], [1]], [[-3], [3]]) == pytest.approx((3 * math.sqrt(2) - math.sqrt(2)) ** 2)
    square = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    unit = 2 / math.sqrt(3)  # the deviation along an axis
    assert metrics.frechet(square, square * [2, 5] + [3, 0]) == pytest.approx(9 + unit**2 * (1 + 16))


def test_frechet_of_clouds_without_volume():
    """Singular covariances, where a root of a matrix is not reliable: ten points, a line, one point, fewer rows than columns."""
    cloud, ten = rng().standard_normal((500, 32)), rng(1).standard_normal((10, 32))
    line = rng(2).standard_normal((300, 1)) * np.eye(32)[0]
    assert metrics.frechet(line, 3 * line + np.eye(32)[1]) == pytest.approx(
        1 + 4 * line[:, 0].mean() ** 2 + 4 * line[:, 0].var(ddof=1))
    assert metrics.frechet(np.ones((5, 32)), np.zeros((7, 32))) == pytest.approx(32)
    apart = ((1 - cloud.mean(axis=0)) ** 2).sum()
    assert metrics.frechet(np.ones((5, 32)), cloud) == pytest.approx(apart + np.cov(cloud.T).trace())
    again = math.sqrt(90 * 9 / 899)  # the same ten points 90 times: the deviation falls, as n - 1 becomes 90 n - 1
    assert metrics.frechet(np.repeat(ten, 90, axis=0), ten) == pytest.approx((1 - again) ** 2 * np.cov(ten.T).trace())
    for x in (cloud, ten, line, np.ones((4, 32))):
        assert metrics.frechet(x, x) < 1e-12 * (1 + (x**2).sum())
        assert metrics.frechet(x, cloud) == pytest.approx(metrics.frechet(cloud, x), rel=1e-12, abs=1e-12)
    turn = np.linalg.qr(rng(3).standard_normal((32, 32))).Q
    assert metrics.frechet(cloud @ turn, ten @ turn) == pytest.approx(metrics.frechet(cloud, ten))


def test_frechet_of_true_samples_falls_as_they_grow():
    scores = [metrics.frechet(*rng(n).standard_normal((2, n, 32))) for n in (50, 200, 800, 3200)]
    assert all(low < high / 3 for high, low in zip(scores, scores[1:], strict=False)) and scores[-1] > 0


@pytest.mark.parametrize(("error", "match", "x", "real"), [
    (ValueError, "x and real must be equally wide; got 3 and 4 columns", np.zeros((5, 3)), np.zeros((5, 4))),
    (ValueError, "x must have at least 2 rows; got 1", np.zeros((1, 3)), np.zeros((5, 3))),
    (ValueError, "real must be finite; row 0, column 0 is nan", np.zeros((5, 3)), np.full((5, 3), np.nan)),
    (TypeError, "x must hold real numbers; got an array of complex128", np.zeros((5, 3), complex), np.zeros((5, 3))),
])
def test_frechet_refuses(error, match, x, real):
    with pytest.raises(error, match=match):
        metrics.frechet(x, real)


# ---- the judge


def test_the_judge_has_not_seen_the_training_half(judge):
    """What it learned from, it reads better. Its accuracy is that of the stacks' judge."""
    training, held_out = data.halves()
    right = judge.read(training.x) == training.labels
    assert judge.accuracy == right.mean() == stacked.Judge().accuracy and .98 < judge.accuracy < 1
    assert (judge.read(held_out.x) == held_out.labels).mean() > judge.accuracy
    assert judge is metrics.digit_judge() and (judge.classes, judge.dim) == (10, 64)
    assert repr(judge) == (f"ImageJudge: 10 classes, reads {judge.accuracy:.2%} of 896 images that it has not seen; "
                           "compares with 901 held-out images")


@pytest.mark.slow
def test_features_are_those_of_the_network(judge):
    """The last layer of scikit-learn's network turns them into its verdicts; it reads unseen images nearly as well."""
    from sklearn.neural_network import MLPClassifier

    training, held_out = data.halves()
    network = MLPClassifier((64, 32), random_state=0, alpha=1e-3, max_iter=400).fit(held_out.x, held_out.labels)
    h = judge.features(training.x)
    assert h.shape == (896, 32) and h.dtype == np.float64 and h.min() == 0
    scores = h @ network.coefs_[-1] + network.intercepts_[-1]
    assert np.array_equal(scores.argmax(axis=-1), network.predict(training.x))
    assert .95 < (scores.argmax(axis=-1) == training.labels).mean() < judge.accuracy


def naive_report(judge, x, labels):
    """The definitions, class by class; as many images as held-out ones."""
    held_out, training = judge.held_out, judge.training
    shown = judge.read(x)
    assert x.shape[0] == held_out.x.shape[0]
    shares = {c: np.mean([s == c for s, y in zip(shown, labels, strict=True) if y == c]) for c in set(labels.tolist())}
    within = []
    for c in range(judge.classes):
        parts = [x[shown == c], held_out.x[held_out.labels == c]]
        generated, real = (sum(((part - part.mean(axis=0)) ** 2).sum(axis=0) / (len(part) - 1)) if len(part) > 1 else 0
                           for part in parts)
        within.append(generated / real)
    nearer = cdist(x, training.x).min(axis=-1) < cdist(x, held_out.x).min(axis=-1)
    return (np.mean(shown == labels), min(shares.values()), *metrics.coverage_and_density(x, held_out.x, 5),
            by_covariances(judge.features(x), judge.features(held_out.x), by_eigenvalues),
            nearer.mean(), np.mean(within))


@pytest.mark.parametrize("name", ["noise", "Gaussian per class"])
def test_report_is_its_definition(judge, name):
    x, labels = judge.controls(901, rng())[name]
    labels = np.where(labels == 7, 3, labels)  # nobody asks for a seven
    assert np.allclose(judge.report(x, labels), naive_report(judge, x, labels), rtol=1e-6)


def test_report_by_hand(small):
    """Sixty images: two of them are read as another class than was asked for, and class 2 was never asked for."""
    x, labels = small.held_out.x[:60].copy(), np.repeat([0, 1], 30)
    x[0], x[40] = [0, 0, 1, 0], [1, 0, 0, 0]
    report = small.report(x, labels)
    assert (report.agreement, report.worst) == (58 / 60, 29 / 30)
    variances = [small.held_out.x[30 * c:30 * c + 30].var(axis=0, ddof=1).sum() for c in (0, 1)]
    read = [np.concatenate([x[1:30], x[40:41]]), np.concatenate([x[30:40], x[41:60]])]
    ratios = [part.var(axis=0, ddof=1).sum() / variance for part, variance in zip(read, variances, strict=True)]
    assert math.isclose(report.within, sum(ratios) / 3)
    assert report.nearer < .1  # they are held-out images
    assert small.report(x).agreement is not report.agreement and small.report(x)[2:] == report[2:]


def test_without_labels_and_with_one(judge):
    x, labels = judge.controls(300, rng())["Gaussian per class"]
    report = judge.report(x)
    assert math.isnan(report.agreement) and math.isnan(report.worst) and report[2:] == judge.report(x, labels)[2:]
    assert judge.report(x[labels == 3], 3).agreement > .9 and judge.report(x[labels == 3], 4).agreement < .1
    assert str(report).startswith("agreement -, worst class -, coverage ")


# ---- real images and failures


def test_real_images(judge):
    """The floor. Of new images half are nearer to a training image, coverage is near 1 - 2^-5, density near 1."""
    real, training = judge.real, judge.training
    assert real[:2] == judge.report(training.x, training.labels)[:2] and .93 < real.worst < real.agreement == judge.accuracy
    assert .95 < real.coverage < .99 and .95 < real.density < 1.1 and .95 < real.within < 1.05
    assert .3 < real.frechet < .7 and .47 < real.nearer < .53
    assert judge.report(training.x).nearer == 1 and judge.real is real


@pytest.mark.slow
def test_every_failure_has_its_score(judge, reports):
    """Five seeds each, none left out. Agreement and the Frechet distance alone praise a blur and a Gaussian per class."""
    for rows in reports.values():
        noise, one, each, means, copies = rows.values()
        assert list(rows) == CONTROLS
        assert noise.coverage == noise.density == 0 and noise.frechet > 200 and .05 < noise.agreement < .16
        assert .05 < one.agreement < .16 and .1 < one.coverage < .17 and one.density < .1 and 2 < one.frechet < 4
        assert .97 < each.agreement and .65 < each.coverage < .8 and .45 < each.density < .65 and .6 < each.frechet < 1.3
        assert .9 < each.within < 1.1 and .53 < each.nearer < .66
        assert means.agreement == means.worst == 1 and .28 < means.coverage < .35 and means.density > 4 and means.within < 1e-20
        assert 8 < means.frechet < 12
        assert copies.nearer == 1 and abs(copies.agreement - judge.real.agreement) < .005
        assert abs(copies.coverage - judge.real.coverage) < .01 and abs(copies.frechet - judge.real.frechet) < .1
        for name in ("noise", "one Gaussian", "Gaussian per class", "class means"):
            assert rows[name].coverage < judge.real.coverage - .15 and rows[name].frechet > judge.real.frechet + .1, name


def check_order_does_not_matter(judge):
    """2000 images sorted by class cover as much as the same images in another order."""
    x, labels = judge.controls(2000, rng())["Gaussian per class"]
    for order in (np.argsort(labels, kind="stable"), np.argsort(-labels, kind="stable")):
        found, mixed = judge.report(x[order], labels[order]), judge.report(x, labels)
        assert abs(found.coverage - mixed.coverage) < .05 and abs(found.frechet - mixed.frechet) < .5
        assert np.allclose(found[:2], mixed[:2]) and np.allclose(found[5:], mixed[5:])


@pytest.mark.slow
def test_the_order_of_the_images_does_not_matter(judge):
    check_order_does_not_matter(judge)


@pytest.mark.slow
def test_a_judge_that_takes_the_first_images_is_noticed(judge, monkeypatch):
    """The first 901 of 2000 sorted images show half of the classes."""
    monkeypatch.setattr(images, "_spread_out", lambda x, n: x[:n])
    with pytest.raises(AssertionError):
        check_order_does_not_matter(judge)


def test_rows_at_equal_distances():
    x = np.arange(10)[:, None]
    assert images._spread_out(x, 4).ravel().tolist() == [0, 2, 5, 7] and images._spread_out(x, 12) is x
    for n in (900, 901, 902, 1000, 1801, 2000):
        assert np.unique(images._spread_out(np.arange(n)[:, None], 901)).size == min(n, 901)


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 450, 901, 3000])
def test_the_floor_of_coverage_holds_for_any_number(judge, n):
    """Real images are compared with as many held-out ones. Of fewer images less can be seen, so a Gaussian covers more."""
    half = judge.training.x[rng().permutation(896)[:n]]
    assert abs(judge.report(half).coverage - (1 - 2**-5)) < .04
    assert judge.report(judge.controls(n, rng())["one Gaussian"][0]).coverage < .85


@pytest.mark.slow
def test_controls_are_what_they_are_called(judge, small):
    controls = judge.controls(1000, rng())
    x, y = judge.training.x, judge.training.labels
    assert list(controls) == CONTROLS and all(a.shape == (1000, 64) and b.shape == (1000,) for a, b in controls.values())
    assert controls["noise"][0].min() < -.99 and controls["noise"][0].max() > .99
    assert np.unique(controls["class means"][0].round(9), axis=0).shape[0] == 10
    assert (cdist(controls["copies"][0], x).min(axis=-1) == 0).all() and np.unique(controls["copies"][0], axis=0).shape[0] == 896
    for name, (mine, labels) in controls.items():
        assert np.array_equal(mine, judge.controls(1000, rng())[name][0]) and not np.array_equal(
            labels, judge.controls(1000, rng(1))[name][1]) or name in ("Gaussian per class", "class means")
        assert np.bincount(labels, minlength=10).min() > 60, name
    many, _ = judge.controls(40_000, rng())["one Gaussian"]
    assert np.abs(many.mean(axis=0) - x.mean(axis=0)).max() < .03 and np.abs(np.cov(many.T) - np.cov(x.T)).max() < .03
    many, labels = judge.controls(40_000, rng())["Gaussian per class"]
    for c in range(10):
        assert np.abs(np.cov(many[labels == c].T) - np.cov(x[y == c].T)).max() < .06
    assert [one.shape for one, _ in small.controls(2, rng()).values()] == [(2, 4)] * 5


def numbers(line):
    """The scores in a line of a table, shares as shares."""
    return [float(word[:-1]) / 100 if word.endswith("%") else float(word) for word in line.split() if word[0].isdigit()]


def check_table(text, scores):
    """The table on the page against scores (seeds, 7) of this machine, whose scikit-learn may round in another way."""
    for name, rows in scores.items():
        [line] = [line for line in text.splitlines() if line.startswith(f"   {name}  ")]
        shown, mean = numbers(line.replace(name, "")), rows.mean(axis=0)
        assert np.allclose(shown[:4] + shown[5:], np.delete(mean, 4), atol=.03, rtol=.02), (name, shown, mean)
        assert math.isclose(shown[4], mean[4], abs_tol=.1, rel_tol=.1), (name, shown[4], mean[4])


@pytest.mark.slow
def test_the_table_of_the_documentation(judge, reports):
    """`python tests/benchmarks/image_controls.py` makes it, from `ImageJudge.report`."""
    where = importlib.util.spec_from_file_location("image_controls", ROOT / "tests" / "benchmarks" / "image_controls.py")
    script = importlib.util.module_from_spec(where)
    where.loader.exec_module(script)
    page = (ROOT / "docs" / "metrics.rst").read_text(encoding="utf-8")
    scores = script.measured(2, 901)
    assert np.allclose(scores["copies"][1], reports[1]["copies"]) and "noise" in script.memory(20)
    assert script.table(scores, np.max).splitlines()[0] in page
    check_table(page, {"real images": np.array([judge.real])} | {name: np.array([reports[seed][name] for seed in SEEDS])
                                                                for name in CONTROLS})
    with pytest.raises(AssertionError, match="Gaussian per class"):
        check_table(page.replace("98.4%        94.4%     73.0%", "98.4%        94.4%     46.0%"), {
            "Gaussian per class": np.array([reports[seed]["Gaussian per class"] for seed in SEEDS])})


# ---- words, and bad input


@pytest.mark.slow
def test_coverage_stands_beside_the_agreement(judge, reports):
    lines = metrics.table({"real": judge.real} | reports[0]).splitlines()
    assert lines[0].split() == "agreement worst class coverage density Frechet nearer within".split() and len(lines) == 7
    assert lines[1].split()[:4] == ["real", *(f"{share:.1%}" for share in judge.real[:3])]
    report = metrics.ImageReport(.9876, .9, .6543, 1.234, .567, .5, .98)
    assert str(report) == ("agreement 98.8%, worst class 90.0%, coverage 65.4%, density 1.23, Frechet 0.57, nearer 50.0%, "
                           "within 0.98")
    with pytest.raises(AttributeError):
        report.coverage = 1


def test_images_of_any_kind(judge):
    x, labels = judge.controls(50, rng())["copies"]
    report = judge.report(x, labels)
    assert judge.report(x.astype(np.float32), labels.astype(np.uint8)) == report  # pixels are multiples of 1/8: exact in float32
    assert judge.report(x.tolist(), labels.tolist()) == report
    assert judge.report(np.ones((10, 64), np.int8), np.ones(10, int)) == judge.report(np.ones((10, 64)), 1)


@pytest.mark.parametrize("far", [1e9, 1e100, 1.7e308])
def test_images_that_are_far_away(judge, far):
    report = judge.report(np.full((20, 64), far) * np.where(np.arange(20) % 2, 1, -1)[:, None], 0)
    assert report.coverage == report.density == 0 and report.frechet > 1e9 and not math.isnan(sum(report))


@pytest.mark.parametrize(("error", "match", "x", "labels"), [
    (ValueError, "x must have 64 columns; got 63", np.zeros((20, 63)), None),
    (ValueError, r"x must be a 2-D array \(rows are samples\); got shape \(20, 8, 8\)", np.zeros((20, 8, 8)), None),
    (ValueError, "x must be finite; row 0, column 0 is nan", np.full((20, 64), np.nan), None),
    (ValueError, "x must be finite; row 0, column 0 is -inf", np.full((20, 64), -np.inf), None),
    (ValueError, "x must have at least 10 rows; got 9", np.zeros((9, 64)), None),
    (TypeError, "x must hold real numbers; got an array of complex128", np.zeros((20, 64), complex), None),
    (ValueError, r"labels must be one number, or 20 of them; got an array of shape \(19,\)", np.zeros((20, 64)),
     np.zeros(19, int)),
    (ValueError, r"labels must be one number, or 20 of them; got an array of shape \(20, 1\)", np.zeros((20, 64)),
     np.zeros((20, 1), int)),
    (ValueError, "labels must be classes, 0 to 9; got 10", np.zeros((20, 64)), np.full(20, 10)),
    (ValueError, "labels must be classes, 0 to 9; got -1", np.zeros((20, 64)), np.full(20, -1)),
    (TypeError, r"labels must be whole numbers, 0 to 9; got an array \(20,\) of float64", np.zeros((20, 64)), np.zeros(20)),
])
def test_report_refuses(judge, error, match, x, labels):
    with pytest.raises(error, match=match):
        judge.report(x, labels)


def test_few_classes_still_need_six_images(small):
    with pytest.raises(ValueError, match="x must have at least 6 rows; got 5"):
        small.report(np.zeros((5, 4)))
    assert small.report(small.training.x[:6]).coverage >= 0


@pytest.mark.parametrize(("error", "match", "training", "held_out"), [
    (ValueError, r"both halves must be Points with labels: Points\(x, labels=...\)", data.Points(np.zeros((9, 4))), bars(3)),
    (ValueError, "both halves must be Points with labels", bars(3), data.Points(np.zeros((9, 4)))),
    (ValueError, "training must have 4 columns; got 5", data.Points(np.zeros((9, 5)), labels=np.arange(9) % 3), bars(3)),
    (ValueError, "labels must be classes, 0 to 2; got 3", data.Points(np.zeros((9, 4)), labels=np.arange(9) % 4), bars(3)),
    (ValueError, "the judge needs two different held-out images and one training image of each class; class 1 has fewer", bars(3),
     data.Points(bars(3).x, labels=[0, 0, 0, 0, 1, 2, 2, 2, 2])),
    (ValueError, "class 0 has fewer", bars(3), data.Points(np.zeros((9, 4)), labels=bars(3).labels)),
    (ValueError, "class 0 has fewer", bars(3), data.Points(np.full((30, 4), .1), labels=np.arange(30) % 3)),
    (ValueError, "class 2 has fewer", data.Points(np.zeros((9, 4)), labels=np.arange(9) % 2), bars(3)),
    (ValueError, "class 1 never occurs", bars(3), data.Points(np.zeros((9, 4)), labels=np.arange(9) % 2 * 2)),
    (TypeError, "labels of float64; they must be whole numbers", bars(3), data.Points(np.zeros((9, 4)), labels=np.zeros(9))),
])
def test_the_judge_refuses(error, match, training, held_out):
    with pytest.raises(error, match=match):
        metrics.ImageJudge(training, held_out)


@pytest.mark.parametrize(("error", "match", "n", "draw"), [
    (ValueError, "n must be at least 1; got 0", 0, rng()), (TypeError, "n must be a whole number", 2.5, rng()),
    (TypeError, "rng must be a numpy Generator", 10, 0)])
def test_controls_refuse(judge, error, match, n, draw):
    with pytest.raises(error, match=match):
        judge.controls(n, draw)
