"""The phase portrait of the Dirac-GAN, without a page."""

import json
import math

import numpy as np
import pytest

from tinygan import dirac
from tinygan.playground.portrait import GAMES, LARGEST_R1, LARGEST_RATE, ORDERS, SIDE, STEPS, portrait


def radii(seen):
    return np.linalg.norm(np.reshape(seen["path"], (-1, 2)), axis=-1)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("game", GAMES)
def test_arrows_and_path_are_those_of_the_module(game, order):
    seen = portrait(game, order, rate=.1, r1=.5, clip=.8, start=(.3, -2))
    arrows, path = np.reshape(seen["arrows"], (SIDE**2, 4)), np.reshape(seen["path"], (STEPS + 1, 2))
    field = dirac.with_r1(GAMES[game], .5)
    assert np.allclose(arrows[:, 2:], [field(point) for point in arrows[:, :2]])
    point = np.array([.3, -2.0])
    for row in path:
        assert np.allclose(row, point)
        point = ORDERS[order](field, point, .1, .8)
    assert json.loads(json.dumps(seen, allow_nan=False)) == seen


@pytest.mark.parametrize("rate", [.05, .2, .5])
def test_what_it_says_of_the_middle_is_what_the_paths_do(rate):
    slope, near = dirac.SLOPE, (.01, 0)
    away = portrait("minimax", "simultaneous", rate, start=near)
    assert np.isclose(away["factor"], math.sqrt(1 + (rate * slope) ** 2)) and "go away" in away["says"]
    assert radii(away)[-1] > radii(away)[0]
    circle = portrait("minimax", "alternating", rate, start=near)
    assert np.isclose(circle["factor"], 1) and "circle" in circle["says"] and np.ptp(radii(circle)) < .2 * radii(circle)[0]
    rest = portrait("minimax", "simultaneous", rate, r1=.5, start=near)
    assert "come to rest" in rest["says"] and radii(rest)[-1] < radii(rest)[0]


def test_a_path_that_leaves_stays_a_list_of_numbers():
    for game in GAMES:
        for order in ORDERS:
            seen = portrait(game, order, rate=LARGEST_RATE, r1=LARGEST_R1, start=(10, -10))
            assert json.loads(json.dumps(seen, allow_nan=False)).keys() == seen.keys()


@pytest.mark.parametrize("bad", [{"game": "hinge"}, {"order": "both"}, {"rate": 0}, {"rate": 9}, {"rate": math.nan},
                                 {"rate": "1"}, {"r1": -1}, {"r1": 99}, {"clip": 0}, {"start": (1,)}, {"start": (1, 99)},
                                 {"start": "middle"}, {"start": (1, None)}, {"start": {}}, {"game": ["minimax"]}])
def test_bad_settings_are_refused(bad):
    with pytest.raises((ValueError, TypeError)):
        portrait(**bad)
