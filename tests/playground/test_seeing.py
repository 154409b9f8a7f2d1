"""What there is to see of a game, against other ways to compute it."""

import numpy as np
import pytest

from tinygan.engine.numerics import sigmoid
from tinygan.playground import Session
from tinygan.playground.seeing import PLACES, THREADS, WIDTH


def line(**settings):
    session = Session(data="gaussians_1d", hidden=(8,), **settings)
    session.do("both", 3)
    facts, arrays = session.view()
    return session, facts, {name: array.astype(float) for name, array in arrays.items()}


def bell(x, std):
    return np.exp(-.5 * (x / std) ** 2) / (std * np.sqrt(2 * np.pi))


@pytest.mark.parametrize("pack", [1, 2])
def test_points_on_a_line_are_shown_as_curves(pack):
    session, facts, seen = line(pack=pack)
    x = np.linspace(-facts["reach"], facts["reach"], PLACES)
    means, std = session.data.means[:, 0], session.data.stds[0]
    assert np.allclose(seen["density"], bell(x[:, None] - means, std).mean(axis=-1), atol=1e-5)
    step = 2 * facts["reach"] / len(seen["histogram"])
    inside = np.abs(seen["fake"]) <= facts["reach"]
    assert np.isclose(seen["histogram"].sum() * step, inside.mean(), atol=1e-3) and inside.mean() > .5
    D = session.D(np.repeat(x[:, None], pack, axis=0).astype(session.D.dtype))[:, 0]
    assert np.allclose(seen["verdict"], sigmoid(D.astype(float)), atol=1e-5)
    assert seen["sheet"].shape == (THREADS, 1) and facts["dim"] == 1 and facts["verdicts"] == [0, 1]


def test_the_best_d_is_p_over_p_plus_q_of_smoothed_densities():
    session, facts, seen = line()
    x, y = np.linspace(-facts["reach"], facts["reach"], PLACES), np.linspace(-9, 9, 4001)
    smooth = bell(x[:, None] - y, WIDTH)
    p = (smooth * bell(y[:, None] - session.data.means[:, 0], session.data.stds[0]).mean(axis=-1)).sum(axis=-1) * (y[1] - y[0])
    q = bell(x[:, None] - seen["fake"][:, 0], WIDTH).mean(axis=-1)
    sure = p + q > 1e-6
    assert sure.sum() > PLACES / 2 and np.allclose(seen["best"][sure], (p / (p + q))[sure], atol=1e-3)
    assert np.ptp(seen["best"]) > .3  # the control: it is not the same everywhere


@pytest.mark.parametrize("loss, has_best", [("hinge", True), ("least-squares", True), ("relativistic", False)])
def test_a_loss_without_a_best_d_shows_none(loss, has_best):
    _, facts, seen = line(loss=loss)
    low, high = facts["verdicts"]
    assert ("best" in seen) == has_best and low <= seen["verdict"].min() and seen["verdict"].max() <= high


def test_scores_on_a_line_have_w1():
    _, facts, _ = line()
    assert float(facts["score"]["W1"]) > float(facts["true_score"]["W1"]) > 0
    assert "W1" not in Session(hidden=(4,)).view()[0]["score"]
