"""The Dirac-GAN: fields are what the two players want, and orbits do what the eigenvalues say."""

import math

import numpy as np
import pytest

from tinygan import dirac, losses
from tinygan.engine import gradcheck
from tinygan.engine.jacobian import eigenvalues, jacobian

POINTS = np.random.default_rng(0).normal(0, 1.5, (7, 2))
STEPS = {"simultaneous": dirac.simultaneous, "alternating": dirac.alternating}


def log_sigmoid(t):
    return -np.log1p(np.exp(-t))


# What each player loses at (theta, psi): G, then D. The penalties differentiate D(x) = psi x by a difference in x.
def penalty(psi):
    return ((psi * 0.3 - psi * -0.2) / 0.5) ** 2


GAMES = {
    "minimax": (dirac.minimax, lambda t, p: log_sigmoid(p * t), lambda t, p: -log_sigmoid(p * t)),
    "non-saturating": (dirac.non_saturating, lambda t, p: -log_sigmoid(-p * t), lambda t, p: -log_sigmoid(p * t)),
    "wasserstein": (dirac.wasserstein, lambda t, p: p * t, lambda t, p: -p * t),
    "minimax with R1": (dirac.with_r1(dirac.minimax, 0.7), lambda t, p: log_sigmoid(p * t),
                        lambda t, p: -log_sigmoid(p * t) + 0.35 * penalty(p)),
}


def check_field(field, g_loss, d_loss):
    """Each player's velocity is its own loss downhill."""
    for theta, psi in POINTS:
        point = np.array([theta, psi])
        g = gradcheck.central(lambda t: float(g_loss(t[0], psi)), np.array([theta]))  # noqa: B023  called at once
        d = gradcheck.central(lambda p: float(d_loss(theta, p[0])), np.array([psi]))  # noqa: B023
        np.testing.assert_allclose(field(point), -np.concatenate([g, d]), rtol=1e-8, atol=1e-10)


def check_consensus(gamma=0.7):
    """Both players descend gamma |velocity|^2 / 2 on top of their own losses."""
    field = dirac.with_consensus(gamma)
    for point in POINTS:
        pull = gradcheck.central(lambda p: float((dirac.minimax(p) ** 2).sum() / 2), point)
        np.testing.assert_allclose(field(point), dirac.minimax(point) - gamma * pull, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("game", GAMES)
def test_a_field_is_each_players_loss_downhill(game):
    check_field(*GAMES[game])


def test_consensus_is_the_game_plus_its_speed_downhill():
    check_consensus()


def pair(theta_dot, psi_dot):
    return lambda point: np.array([theta_dot(*point), psi_dot(*point)])


def slope(t):
    return 1 / (1 + np.exp(t))


WRONG = {
    "G climbs": ("minimax", pair(lambda t, p: p * slope(p * t), lambda t, p: t * slope(p * t))),
    "D descends": ("minimax", pair(lambda t, p: -p * slope(p * t), lambda t, p: -t * slope(p * t))),
    "the slope is forgotten": ("minimax", pair(lambda t, p: -p, lambda t, p: t)),
    "f'(-psi theta) for D too": ("non-saturating", pair(lambda t, p: -p * slope(-p * t), lambda t, p: t * slope(-p * t))),
    "minimax for non-saturating": ("non-saturating", dirac.minimax),
    "R1's square without its 2": ("minimax with R1", dirac.with_r1(dirac.minimax, 0.35)),
    "R1 without its 1/2": ("minimax with R1", dirac.with_r1(dirac.minimax, 1.4)),
    "R1 forgotten": ("minimax with R1", dirac.minimax),
    "R1 rewards": ("minimax with R1", lambda point: dirac.minimax(point) + 0.7 * point * dirac.PSI),
    "R1 for the wrong player": ("minimax with R1", lambda point: dirac.minimax(point) - 0.7 * point * dirac.THETA),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_field_is_caught(mistake):
    game, field = WRONG[mistake]
    with pytest.raises(AssertionError):
        check_field(field, *GAMES[game][1:])


@pytest.mark.parametrize(("field", "loss"), [(dirac.minimax, losses.Minimax()), (dirac.non_saturating, losses.NonSaturating()),
                                             (dirac.wasserstein, losses.Wasserstein())])
def test_the_fields_are_those_of_the_librarys_losses(field, loss):
    """With the score s(x) = -psi x, so that a higher score means "more real" as everywhere else."""
    for theta, psi in POINTS:
        s_real, s_fake = np.zeros((1, 1)), np.array([[-psi * theta]])
        theta_dot = -loss.g(s_fake).ds_fake * -psi
        psi_dot = -loss.d(s_real, s_fake).ds_fake * -theta  # the real point is 0: its score does not depend on psi
        np.testing.assert_allclose(field(np.array([theta, psi])), np.ravel([theta_dot, psi_dot]), rtol=1e-12)


@pytest.mark.parametrize("field", [GAMES[game][0] for game in GAMES] + [dirac.with_consensus(0.7)], ids=[*GAMES, "consensus"])
def test_a_field_on_a_grid_is_the_field_at_each_point(field):
    grid = POINTS[:6].reshape(2, 3, 2)
    np.testing.assert_array_equal(field(grid), [[field(point) for point in row] for row in grid])
    np.testing.assert_array_equal(field(np.zeros(2)), 0)
    assert np.isfinite(field(np.array([1e3, -1e3]))).all()


# ---------------------------------------------------------------- eigenvalues


@pytest.mark.parametrize(("field", "slope"), [(dirac.minimax, 0.5), (dirac.non_saturating, 0.5), (dirac.wasserstein, 1.0)])
@pytest.mark.parametrize("gamma", [0, 0.3, 0.9, 1.1, 3])
def test_eigenvalues_in_closed_form(field, slope, gamma):
    np.testing.assert_allclose(eigenvalues(dirac.with_r1(field, gamma)), dirac.r1_eigenvalues(gamma, slope), atol=1e-8)


@pytest.mark.parametrize("slope", [0.5, 1.0])
def test_the_critical_gamma(slope):
    """Below 2 a complex pair, at 2 a one eigenvalue twice, above it two real ones: the slower one is slowest to vanish at 2a."""
    critical = 2 * slope
    np.testing.assert_array_equal(dirac.r1_eigenvalues(critical, slope), [-slope, -slope])
    assert dirac.r1_eigenvalues(critical - 1e-6, slope).imag.all() and not dirac.r1_eigenvalues(critical + 1e-6, slope).imag.any()
    gammas = np.linspace(0.01, 5, 500)
    slower = [dirac.r1_eigenvalues(gamma, slope).real.max() for gamma in gammas]
    assert gammas[np.argmin(slower)] == pytest.approx(critical, abs=0.01)


def test_consensus_turns_the_spiral_inwards():
    """J - gamma J'J = J - gamma/4."""
    np.testing.assert_allclose(eigenvalues(dirac.with_consensus(0.7)), [-0.175 + 0.5j, -0.175 - 0.5j], atol=1e-8)


def test_the_jacobian_of_any_field():
    """Of functions of five numbers, against the derivative by hand; and its eigenvalues against a matrix of known ones."""
    rng = np.random.default_rng(1)
    A, x = rng.normal(size=(5, 5)), rng.normal(0, 3, 5)
    np.testing.assert_allclose(jacobian(lambda x: np.tanh(A @ x), x), (1 - np.tanh(A @ x) ** 2)[:, None] * A, atol=1e-9)
    known = np.array([1 + 2j, 0.5 + 1j, -3, 0.5 - 1j, 1 - 2j])  # in the order of `eigenvalues`
    blocks = np.zeros((5, 5))
    blocks[:2, :2], blocks[2:4, 2:4], blocks[4, 4] = [[1, -2], [2, 1]], [[0.5, -1], [1, 0.5]], -3
    found = eigenvalues(lambda x: np.linalg.solve(A, blocks @ A @ x), x)
    np.testing.assert_allclose(found, known, atol=1e-7)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(jacobian(lambda x: A @ x, x), A.swapaxes(0, 1), atol=1e-7)


def of_step(step, field, h=0.2):
    return eigenvalues(lambda point: step(field, point, h))


@pytest.mark.parametrize("gamma", [0, 0.3, 2])
@pytest.mark.parametrize("h", [0.05, 0.2, 0.5])
def test_eigenvalues_of_a_step(gamma, h):
    """Simultaneous: 1 + h lambda. Alternating: product 1 - h gamma, sum 2 - h gamma - (h a)^2 (a = 1/2)."""
    field = dirac.with_r1(dirac.minimax, gamma)
    np.testing.assert_allclose(of_step(dirac.simultaneous, field, h), 1 + h * dirac.r1_eigenvalues(gamma), atol=1e-8)
    found = of_step(dirac.alternating, field, h)
    assert found.prod() == pytest.approx(1 - h * gamma, abs=1e-8)
    assert found.sum() == pytest.approx(2 - h * gamma - h * h / 4, abs=1e-8)


# ---------------------------------------------------------------- orbits


def radii(*args, **more):
    return np.linalg.norm(dirac.trajectory(*args, **more), axis=-1)


def growth(step, field):
    """The factor per step of the radius, near the equilibrium and over many turns."""
    radius = radii(field, step, start=(1e-3, 0), steps=630)  # ten turns of 2 pi / (h a)
    return (radius[-1] / radius[0]) ** (1 / 630)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("gamma", [0, 0.02, 0.05, 0.3])
@pytest.mark.parametrize("game", ["minimax", "non-saturating", "wasserstein"])
def test_the_radius_grows_stays_or_shrinks_as_the_eigenvalues_say(step, gamma, game):
    field = dirac.with_r1(GAMES[game][0], gamma)
    predicted = np.abs(of_step(STEPS[step], field)).max()
    assert growth(STEPS[step], field) == pytest.approx(predicted, abs=5e-4)
    verdict = np.sign(np.round(predicted - 1, 6))
    if step == "alternating":
        assert verdict == (-1 if gamma else 0)
    else:
        assert verdict == np.sign(np.round(0.2 * (1.0 if game == "wasserstein" else 0.25) - gamma, 6))  # gamma > h a^2 wins


def test_simultaneous_orbits_grow_by_pythagoras():
    """A step at right angles to the radius: |next|^2 = |point|^2 (1 + h^2 f'^2), exactly, wherever one stands."""
    for field, slopes in ((dirac.minimax, lambda p: 1 / (1 + np.exp(p[:, 0] * p[:, 1]))), (dirac.wasserstein, lambda p: 1.0)):
        points = dirac.trajectory(field, dirac.simultaneous)
        radius = np.linalg.norm(points, axis=-1)
        assert (np.diff(radius) > 0).all()
        np.testing.assert_allclose(radius[1:] / radius[:-1], np.sqrt(1 + (0.2 * slopes(points[:-1])) ** 2), rtol=1e-12)
    assert radii(dirac.wasserstein, dirac.simultaneous)[-1] == pytest.approx(math.sqrt(2) * 1.04**250, rel=1e-12)


def test_alternating_orbits_stay_within_bounds():
    """For wasserstein theta^2 + psi^2 + h theta psi is kept exactly: the orbit is an ellipse."""
    theta, psi = dirac.trajectory(dirac.wasserstein, dirac.alternating, steps=5000).swapaxes(0, 1)
    np.testing.assert_allclose(theta**2 + psi**2 + 0.2 * theta * psi, 2.2, rtol=1e-10)
    radius = radii(dirac.minimax, dirac.alternating, steps=5000)
    assert 1.38 < radius.min() and radius.max() < 1.52


def test_alternating_means_that_d_goes_first():
    point = np.array([1.0, 2.0])
    np.testing.assert_allclose(dirac.simultaneous(dirac.wasserstein, point, 0.1), [0.8, 2.1])
    np.testing.assert_allclose(dirac.alternating(dirac.wasserstein, point, 0.1), [0.79, 2.1])


@pytest.mark.parametrize("step", STEPS)
def test_r1_spirals_in(step):
    radius = radii(dirac.with_r1(dirac.minimax, 0.3), STEPS[step])
    assert radius[-1] < 1e-5 * radius[0]
    assert radii(lambda p: dirac.minimax(p) + 0.3 * p * dirac.PSI, STEPS[step])[-1] > 10  # R1 with the wrong sign


@pytest.mark.slow
def test_non_saturating_orbits_settle_on_a_circle_or_creep_inwards():
    """Simultaneous steps push out by h^2/8, the field pulls in by h r^2/16: they balance at r^2 = 2h."""
    for h in (0.05, 0.1, 0.2):
        radius = radii(dirac.non_saturating, dirac.simultaneous, steps=20_000, h=h)
        assert radius[-1000:].mean() == pytest.approx(math.sqrt(2 * h), rel=0.02) and np.ptp(radius[-1000:]) < 0.05
    radius = radii(dirac.non_saturating, dirac.alternating, steps=20_000)
    assert radius[-1] == pytest.approx(math.sqrt(8 / (0.2 * 20_000)), rel=0.05)  # dr/dt = -r^3/16, so r^2 = 8/t


@pytest.mark.parametrize("step", STEPS)
def test_clipping_bounds_psi_and_nothing_comes_to_rest(step):
    points = dirac.trajectory(dirac.wasserstein, STEPS[step], steps=2000, clip=0.3)
    assert np.abs(points[1:, 1]).max() == 0.3
    radius = np.linalg.norm(points[-500:], axis=-1)
    assert radius.min() > 0.2


def test_a_trajectory_of_many_starts_is_that_of_each():
    starts = POINTS[:6].reshape(2, 3, 2)
    together = dirac.trajectory(dirac.minimax, dirac.alternating, starts, steps=20, clip=1.0)
    alone = dirac.trajectory(dirac.minimax, dirac.alternating, starts[1, 2], steps=20, clip=1.0)
    assert together.shape == (21, 2, 3, 2)
    np.testing.assert_array_equal(together[:, 1, 2], alone)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: dirac.with_r1(dirac.minimax, -1), "gamma must be"), (lambda: dirac.with_consensus("x"), "gamma must be"),
    (lambda: dirac.trajectory(dirac.minimax, dirac.simultaneous, h=0), "h must be"),
    (lambda: dirac.trajectory(dirac.minimax, dirac.simultaneous, steps=0), "steps must be"),
    (lambda: dirac.trajectory(dirac.minimax, dirac.simultaneous, clip=0), "clip must be"),
    (lambda: dirac.trajectory(dirac.minimax, dirac.simultaneous, start=1.0), "start must be"),
    (lambda: dirac.trajectory(dirac.minimax, dirac.simultaneous, start=(1, 2, 3)), "start must be")])
def test_what_cannot_be_played(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_eigenvalues_of_a_matrix():
    """In place of a field its Jacobian may be given; anything else that is an array is refused."""
    J = np.array([[0.0, -2.0], [2.0, -1.0]])
    np.testing.assert_array_equal(eigenvalues(J), eigenvalues(J.copy()))
    np.testing.assert_allclose(eigenvalues(J), dirac.r1_eigenvalues(1.0, slope=2.0), atol=1e-14)
    np.testing.assert_allclose(eigenvalues(J), eigenvalues(lambda point: J @ point), atol=1e-9)
    for bad in (np.zeros(4), np.zeros((2, 3)), np.full((2, 2), math.nan)):
        with pytest.raises(ValueError, match=r"a Jacobian must be a finite array \(P, P\)"):
            eigenvalues(bad)
