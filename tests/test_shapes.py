"""Modes with covariance matrices: against definitions and SciPy, and against round modes that are mapped by one matrix."""

import itertools
import math
import pickle

import numpy as np
import pytest
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from scipy import stats

from tinygan import data, metrics, plots
from tinygan.metrics import bivariate, clouds
from tinygan.recipe import Recipe
from tinygan.study import Remedy, Setup, run_study

MAP = np.array([[1.5, .4], [.4, .6]])  # symmetric, so that it is the root of MAP @ MAP
TURN = np.array([[.6, -.8], [.8, .6]])


def rng(seed=0):
    return np.random.default_rng(seed)


def three():
    """Three modes of other shapes, sizes and weights."""
    return data.Mixture([[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]], weights=(.2, .5, .3),
                        covariances=[[[.1, .06], [.06, .2]], [[.3, -.2], [-.2, .15]], [[.5, 0], [0, .02]]])


def space():
    """Two modes in three dimensions."""
    a = rng(5).standard_normal((2, 3, 3))
    return data.Mixture([[0.0, 0, 0], [9, 9, 9]], covariances=a @ a.swapaxes(1, 2) + .1 * np.eye(3), weights=(.25, .75))


def mapped(mixture, matrix):
    """A mixture of round modes after x -> matrix x."""
    return data.Mixture(mixture.means @ matrix.T, weights=mixture.weights,
                        covariances=mixture.stds[:, None, None]**2 * (matrix @ matrix.T))


MIXTURES = {"three": three, "space": space, "line": lambda: data.Mixture([[0.], [3]], covariances=[[[.25]], [[1.]]]),
            "tilted": data.tilted_ring}


@pytest.mark.parametrize("make", MIXTURES.values(), ids=MIXTURES)
def test_the_density_is_that_of_scipy(make):
    mixture = make()
    x = np.concatenate([mixture.sample(50, rng()), 5 * rng(1).standard_normal((50, mixture.dim))])
    exact = sum(w * stats.multivariate_normal(c, S).pdf(x)
                for w, c, S in zip(mixture.weights, mixture.means, mixture.covariances, strict=True))
    seen = exact > 1e-280
    assert seen.sum() > 50 and np.allclose(mixture.log_prob(x)[seen], np.log(exact[seen]), rtol=1e-9, atol=1e-9)


def test_the_density_is_right_far_away_and_where_a_distance_overflows():
    one = data.Mixture([[3.0, 4.0]], covariances=[[.04, .01], [.01, .02]])
    far, offset = np.array([[3e8, 4.0]]), np.array([3e8 - 3, 0])
    wanted = -offset @ np.linalg.solve(one.covariances[0], offset) / 2
    assert math.isclose(one.log_prob(far)[0], wanted, rel_tol=1e-10)
    assert one.log_prob([[1e200, -1e200], [1e308, 1e308]]).tolist() == [-math.inf, -math.inf]


def check_samples(make):
    """Means, covariances and lengths of the samples of each mode; the modes are those that round ones draw."""
    mixture, n = make(), 40_000
    x, mode = mixture.sample_labelled(n, rng())
    assert np.array_equal(mode, data.Mixture(mixture.means, 1.0, mixture.weights).sample_labelled(n, rng())[1])
    for k in range(mixture.n_modes):
        mine, S, size = x[mode == k], mixture.covariances[k], mixture.axis_stds[k]
        bound = 5 / math.sqrt(len(mine))
        assert np.all(np.abs(mine.mean(axis=0) - mixture.means[k]) < bound * size)
        assert np.all(np.abs(np.cov(mine, rowvar=False) - S) < bound * math.sqrt(2) * size * size[:, None])
        u = mixture.whitened(mine, np.full(len(mine), k))
        assert stats.kstest(np.square(u).sum(axis=-1), stats.chi2(mixture.dim).cdf).pvalue > .001


@pytest.mark.parametrize("make", MIXTURES.values(), ids=MIXTURES)
def test_samples_have_the_covariances(make):
    check_samples(make)


def test_one_matrix_for_all_modes_is_that_matrix_for_each():
    both = [data.Mixture(three().means, covariances=S) for S in (MAP, np.stack([MAP] * 3))]
    x = [mixture.sample(20, rng()) for mixture in both]
    assert np.array_equal(*x) and repr(both[0]) == repr(both[1])


@pytest.mark.parametrize("make", [data.ring, data.grid, lambda: data.gaussians_1d(stds=(.5, .25))], ids=["ring", "grid", "1-D"])
def test_covariances_of_round_modes_give_the_round_mixture(make):
    round_modes = make()
    same = data.Mixture(round_modes.means, covariances=round_modes.covariances, name=round_modes.name)
    x = round_modes.sample(300, rng()) + .01 * rng(1).standard_normal((300, round_modes.dim))
    assert np.allclose(same.sample(300, rng()), round_modes.sample(300, rng()), rtol=1e-12, atol=1e-13)
    assert np.allclose(same.log_prob(x), round_modes.log_prob(x), rtol=1e-9)
    assert same.stds == pytest.approx(round_modes.stds, rel=1e-14) and np.array_equal(same.axis_stds, same.principal_stds)
    if np.ptp(round_modes.stds):
        assert same.dim == 1 and metrics.js_1d(x, same) == pytest.approx(metrics.js_1d(x, round_modes), rel=1e-12)
    else:
        assert metrics.mode_report(x, same) == pytest.approx(metrics.mode_report(x, round_modes), rel=1e-10)
        assert metrics.full_report(x, same, rng(2)) == pytest.approx(metrics.full_report(x, round_modes, rng(2)), rel=1e-10)
    assert repr(same).replace(" along principal axes", "") == repr(round_modes)


# ---- metrics


def naive_report(x, mixture):
    """The definitions of `mode_report`, one sample at a time, with the Mahalanobis distance."""
    total, shares, k, d = x.shape[0], mixture.weights, mixture.n_modes, mixture.dim
    n, m, inside = [0] * k, [0] * k, [[] for _ in range(k)]
    for row in x[(np.abs(x) < 1e150).all(axis=-1)]:
        apart = [row - c for c in mixture.means]
        distances = [math.sqrt(u @ np.linalg.solve(S, u)) for u, S in zip(apart, mixture.covariances, strict=True)]
        a = distances.index(min(distances))
        m[a] += 1
        if distances[a] <= 3:
            n[a] += 1
            inside[a].append(row)
    good, (share, longer) = sum(n), (stats.chi2(dof).cdf(9) for dof in (d, d + 2))
    squares = 0.0
    for rows, S in zip(inside, mixture.covariances, strict=True):
        if rows:
            centred = np.array(rows) - np.mean(rows, axis=0)
            squares += np.trace(np.linalg.solve(S, centred.T @ centred))
    q, p = [c / total for c in n] + [1 - good / total], [share * w for w in shares] + [1 - share]
    return metrics.ModeReport(
        modes=sum(c >= 1 for c in n), modes_half=sum(c / total >= .5 * w for c, w in zip(n, shares, strict=True)),
        modes_visited=sum(c / total >= .5 * w for c, w in zip(m, shares, strict=True)), high_quality=good / total,
        reverse_kl=sum(c / good * math.log(c / good / w) for c, w in zip(n, shares, strict=True) if c),
        tv=sum(abs(a - b) for a, b in zip(q, p, strict=True)) / 2,
        std_ratio=math.sqrt(squares / (d * sum(max(c - 1, 0) for c in n)) * share / longer))


def check_report(make=three):
    """Samples that are a little wrong, of which some are no numbers."""
    mixture = make()
    x = mixture.sample(400, rng()) + .3 * rng(1).standard_normal((400, mixture.dim))
    x[:3], x[3:5], x[5] = math.nan, math.inf, 1e300
    assert metrics.mode_report(x, mixture) == pytest.approx(naive_report(x, mixture), rel=1e-9)


def check_mapped():
    """Scores of modes do not change when samples and modes are mapped together."""
    grid = data.grid()
    x = grid.sample(3000, rng()) + .06 * rng(1).standard_normal((3000, 2))
    wanted = metrics.mode_report(x, grid)
    for matrix in (MAP, TURN, TURN @ MAP, np.array([[0, 3.], [-.2, 0]])):
        assert metrics.mode_report(x @ matrix.T, mapped(grid, matrix)) == pytest.approx(wanted, rel=1e-9)
        assert metrics.modes_found(x @ matrix.T, mapped(grid, matrix)) == (wanted.modes_visited, wanted.modes_half)


@pytest.mark.parametrize("make", [three, space, data.tilted_ring], ids=["three", "space", "tilted"])
def test_the_report_is_its_definition(make):
    check_report(make)


def test_scores_do_not_change_when_modes_and_samples_are_mapped():
    check_mapped()


def test_the_classifier_sees_no_map_and_the_nearest_neighbour_sees_no_turn():
    ring = data.ring(std=.05)
    x = ring.sample(2000, rng()) + .03 * rng(1).standard_normal((2000, 2))
    wanted = metrics.full_report(x, ring, rng(2))
    assert metrics.full_report(x @ MAP.T, mapped(ring, MAP), rng(2)).classifier == pytest.approx(wanted.classifier, abs=1e-12)
    both = mapped(ring, MAP), mapped(data.Mixture(ring.means, .05), TURN @ MAP)
    found = [metrics.full_report(x @ matrix.T, mixture, rng(2)).one_nn
             for matrix, mixture in zip((MAP, TURN @ MAP), both, strict=True)]
    assert abs(found[0] - found[1]) < 4 * .5 * math.sqrt(2 / 2000)  # other true samples, of a turned distribution


@pytest.mark.parametrize("mixture", [three(), space(), data.tilted_ring()], ids=["three", "space", "tilted"])
def test_true_samples_score_as_they_should(mixture):
    n, share = 20_000, stats.chi2(mixture.dim).cdf(9)
    report, (low, high) = metrics.truth_full_report(mixture, n, rng()), metrics.accuracy_floor(n)
    assert report.modes_half == mixture.n_modes
    assert abs(report.high_quality - share) < 4 * math.sqrt(share * (1 - share) / n) and abs(report.std_ratio - 1) < .02
    assert low - .01 < report.one_nn < high + .01 and low - .01 < report.classifier < high + .01


def test_in_10_dimensions_true_samples_visit_all_modes_and_leave_many_without_half_of_their_share():
    report = metrics.truth_report(data.hypercube(), 10_000, rng())
    assert report.modes_visited == 128 and report.modes_half < 100 and report.high_quality == pytest.approx(.468, abs=.02)
    assert [stats.chi2(d).cdf(9) > .5 for d in (9, 10)] == [True, False]


def test_a_sampler_of_round_modes_is_told_from_turned_ones():
    tilted = data.tilted_ring()
    round_modes = data.Mixture(tilted.means, tilted.stds)
    report = metrics.full_report(round_modes.sample(4000, rng()), tilted, rng(1))
    assert report.high_quality < .9 and report.classifier > .6 and report.std_ratio > 1.1


def test_scales_are_the_smallest_std_and_distance():
    assert metrics.scales(data.tilted_ring()) == pytest.approx((.02, 4 * math.sin(math.pi / 8)))


# ---- cells in the plane


def test_phi2_is_that_of_scipy_also_where_a_number_is_0():
    for r, h, k in itertools.product((-.999, -.5, 0, .3, .97), (-3, -1e-8, 0, 1.2, 5), (-2, 0, 1e-9, .7, 4)):
        wanted = stats.multivariate_normal([0, 0], [[1, r], [r, 1]]).cdf([h, k])
        assert bivariate.phi2(np.array(float(h)), np.array(float(k)), r) == pytest.approx(wanted, abs=1e-9)


def test_cells_of_round_modes_are_those_without_covariances():
    ring = data.ring(std=.3)
    edges, p = clouds._cells(ring, 40)
    same = data.Mixture(ring.means, covariances=ring.covariances)
    other_edges, q = clouds._cells(same, 40)
    assert np.allclose(edges, other_edges, rtol=1e-13) and np.abs(p - q).max() < 1e-14
    assert metrics.js_2d(ring.sample(100, rng()), same) == pytest.approx(metrics.js_2d(ring.sample(100, rng()), ring), rel=1e-9)


def check_cells():
    """They are probabilities, sum to 1, and are those of SciPy, taken from the four corners of each cell."""
    for mixture in (three(), data.tilted_ring()):
        p = clouds._cells(mixture, 50)[1]
        assert p.shape == (2501,) and np.all(p >= 0) and p[-1] < 1e-5 and math.isclose(p.sum(), 1, rel_tol=1e-12)
    edges, p = clouds._cells(three(), 7)
    corners = np.stack(np.meshgrid(*edges, indexing="ij"), axis=-1)
    below = sum(w * stats.multivariate_normal(c, S).cdf(corners)
                for w, c, S in zip(three().weights, three().means, three().covariances, strict=True))
    assert np.abs(np.diff(np.diff(below, axis=0), axis=1).ravel() - p[:-1]).max() < 1e-8


def test_cells_are_the_probabilities():
    check_cells()


def test_js_falls_to_nothing_as_true_samples_grow():
    scores = [metrics.js_2d(three().sample(n, rng()), three(), cells=10) for n in (100, 100_000)]
    assert scores[0] > 100 * scores[1] > 0


# ---- units, copies, and what is refused


@pytest.mark.parametrize("make", MIXTURES.values(), ids=MIXTURES)
def test_a_standardised_mixture_has_variance_1_and_the_same_density(make):
    mixture = make()
    moved = mixture.standardized()
    x = mixture.sample(60_000, rng())
    assert np.square(moved.apply(x)).mean() == pytest.approx(1, abs=.02) and abs(moved.apply(x).mean()) < .02
    within = moved.weights @ moved.covariances.diagonal(axis1=1, axis2=2)
    assert (within + moved.weights @ moved.means**2).mean() == pytest.approx(1, rel=1e-12)
    x = x[:50]
    assert np.allclose(moved.log_prob(moved.apply(x)) - moved.dim * math.log(moved.scale), mixture.log_prob(x), atol=1e-9)
    assert np.allclose(moved.restore(moved.sample(50, rng())), mixture.sample(50, rng()), atol=1e-12)


def test_a_copy_is_the_same_and_nothing_can_be_changed():
    mixture = three()
    copy = pickle.loads(pickle.dumps(mixture))
    assert np.array_equal(copy.sample(9, rng()), mixture.sample(9, rng())) and repr(copy) == repr(mixture)
    for array in (mixture.covariances, mixture.principal_stds):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    given = np.stack([MAP] * 3)
    mine = data.Mixture(three().means, covariances=given)
    given[:] = 0
    assert np.array_equal(mine.covariances[2], MAP)


def test_the_repr_says_how_wide_the_modes_are():
    assert repr(data.tilted_ring()) == ("Mixture tilted_ring: modes 8, dimensions 2, std 0.02 to 0.08 along principal axes, "
                                        "equal weights")
    assert three().stds == pytest.approx([math.sqrt(.15), math.sqrt(.225), math.sqrt(.26)])


@pytest.mark.parametrize("error, match, words", [
    (TypeError, "stds must be numbers; got None. Modes that are not round have covariances in their place", {}),
    (ValueError, "got both", {"stds": .1, "covariances": np.eye(2)}),
    (ValueError, r"covariances must have shape \(2, 2\) or \(3, 2, 2\); got \(2,\)", {"covariances": [1., 1]}),
    (ValueError, r"got \(2, 2, 2\)", {"covariances": [MAP, MAP]}),
    (ValueError, "covariances must be finite; got nan", {"covariances": [[1, math.nan], [math.nan, 1]]}),
    (TypeError, "covariances must hold real numbers; got an array of <U1", {"covariances": [["a", "b"], ["c", "d"]]}),
    (ValueError, "covariances must be symmetric; that of mode 1 has 0.5 in row 0, column 1, and 0.2 in row 1, column 0",
     {"covariances": [MAP, [[1, .5], [.2, 1]], MAP]}),
    (ValueError, "must be positive definite; that of mode 2 has eigenvalues from -1 to 3, and the smallest must be above",
     {"covariances": [MAP, MAP, [[1, 2], [2, 1]]]}),
    (ValueError, "must be positive definite; that of mode 0 has eigenvalues from 0 to 2", {"covariances": [[1, 1], [1, 1]]}),
    (ValueError, "must be positive definite", {"covariances": np.zeros((2, 2))}),
])
def test_what_is_refused(error, match, words):
    with pytest.raises(error, match=match):
        data.Mixture(three().means, **words)


def test_a_matrix_that_is_symmetric_but_for_rounding_is_taken():
    turned = TURN @ np.diag([1e-4, 3.0]) @ TURN.T
    turned[0, 1] *= 1 + 1e-14
    found = data.Mixture([[0.0, 0]], covariances=turned)
    assert np.array_equal(found.covariances[0], found.covariances[0].T) and found.principal_stds == pytest.approx(
        np.array([[.01, math.sqrt(3)]]), rel=1e-9)


# ---- data with a name


def test_the_lattice():
    points = set(itertools.product((-3., -1, 1, 3), (-3., -1, 1, 3), (-1., 1)))
    assert {tuple(map(float, mean)) for mean in data.lattice().means} == points and data.lattice().dim == 3
    assert data.lattice((5, 5), std=.05).sample(3, rng()).tolist() == data.grid().sample(3, rng()).tolist()
    assert data.lattice([3], 1.0).means.ravel().tolist() == [-1, 0, 1]


def test_modes_of_a_cube_are_distinct_corners():
    cube = data.hypercube()
    assert cube.means.shape == (128, 10) and set(cube.means.ravel().tolist()) == {-1., 1}
    assert len({tuple(mean) for mean in cube.means.tolist()}) == 128 and np.abs(cube.means.mean(axis=0)).max() < .3
    whole = data.hypercube(3, 8, spacing=3.0)
    assert {tuple(mean) for mean in whole.means.tolist()} == set(itertools.product((-1.5, 1.5), repeat=3))
    assert np.array_equal(data.hypercube().means, cube.means) and data.hypercube(1, 1, std=.2).stds[0] == .2


def test_the_modes_of_the_tilted_ring_are_turned_each_another_way():
    ring = data.tilted_ring(5, 3.0, (.1, .4))
    assert np.array_equal(ring.means, data.ring(5, 3.0).means) and np.allclose(ring.principal_stds, [.1, .4])
    for k in range(5):
        long = np.array([math.cos(math.pi * k / 5), math.sin(math.pi * k / 5)])
        assert ring.covariances[k] @ long == pytest.approx(.16 * long, abs=1e-12)


@pytest.mark.parametrize("error, match, call", [
    (TypeError, r"sides must be whole numbers, such as \(4, 4, 2\), modes along each axis; got 3", lambda: data.lattice(3)),
    (TypeError, "sides must be a whole number", lambda: data.lattice((2, 2.5))),
    (ValueError, "sides must be at least 1", lambda: data.lattice((2, 0))),
    (ValueError, "sides must be at most 20; got 21", lambda: data.lattice((1,) * 21)),
    (ValueError, "a cube in 3 dimensions has 8 corners; got 9 modes. Take fewer", lambda: data.hypercube(3, 9)),
    (ValueError, "dim must be at most 20; got 21", lambda: data.hypercube(21)),
    (ValueError, "spacing must be", lambda: data.hypercube(spacing=0)),
    (ValueError, r"stds must have shape \(2,\); got \(\)", lambda: data.tilted_ring(stds=.1)),
    (ValueError, "stds must be finite and above 0; got 0", lambda: data.tilted_ring(stds=(0, 1))),
])
def test_named_data_that_are_refused(error, match, call):
    with pytest.raises(error, match=match):
        call()


# ---- pictures


def test_ellipses_are_drawn_at_1_and_3_standard_deviations():
    mixture = data.tilted_ring(3, stds=(.1, .3))
    ax = plots.samples_2d(mixture.sample(50, rng()), mixture, Figure().subplots())
    one, far, pale = (c for c in ax.collections if isinstance(c, EllipseCollection))
    for drawn, distance in ((one, 1), (far, 3)):
        widths, heights, angles = drawn.get_widths(), drawn.get_heights(), np.radians(drawn.get_angles())
        for k, t in itertools.product(range(3), (0, 1, 2, 4)):
            u = np.array([widths[k] / 2 * math.cos(t), heights[k] / 2 * math.sin(t)])
            c, s = math.cos(angles[k]), math.sin(angles[k])
            x = mixture.means[k] + np.array([[c, -s], [s, c]]) @ u
            assert np.linalg.norm(mixture.whitened(x[None], np.array([k]))) == pytest.approx(distance, rel=1e-6)
        assert np.array_equal(drawn.get_offsets(), mixture.means)
    assert len(pale.get_offsets()) == 0


def test_modes_on_top_of_each_other_are_round():
    mixture = data.tilted_ring()
    x = mixture.means[[3]] + 2 * .08 * np.array([[math.cos(3 * math.pi / 8), math.sin(3 * math.pi / 8)]])
    ax = plots.modes_together(x, mixture, Figure().subplots())
    assert "S^{-1/2}" in ax.get_xlabel()
    dots = ax.collections[-1].get_offsets()
    assert np.linalg.norm(dots, axis=-1) == pytest.approx(2)


@pytest.mark.slow
def test_a_study_of_such_modes_goes_on_where_it_was(tmp_path):
    recipe = Recipe(hidden=(8,), batch=16, steps=20)
    mixtures = {"tilted_ring": data.tilted_ring().standardized(), "hypercube": data.hypercube().standardized()}
    setup = Setup("few", "few steps", recipe)
    rows = [run_study({"plain": Remedy("as it is")}, mixtures, range(2), setup, folder=tmp_path, jobs=1) for _ in range(2)]
    assert len(rows[0]) == 4 and str([row.judged for row in rows[0]]) == str([row.judged for row in rows[1]])
    assert "along principal axes" in (tmp_path / "study.csv").read_text() + "".join(
        path.read_text() for path in tmp_path.glob("*.json"))
