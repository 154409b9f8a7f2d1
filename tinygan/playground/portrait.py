"""The Dirac-GAN as a phase portrait: the velocities of both players on a grid, and the path from any start (see `dirac`).

    portrait(game, order, rate, r1, clip, start)    a dictionary for JSON; it keeps nothing
"""

import math
from typing import Any

import numpy as np

from .. import dirac
from ..engine.arguments import choice, number
from ..engine.jacobian import Field, eigenvalues

GAMES: dict[str, Field] = {"minimax": dirac.minimax, "non-saturating": dirac.non_saturating, "wasserstein": dirac.wasserstein}
ORDERS = {"simultaneous": dirac.simultaneous, "alternating": dirac.alternating}
REACH, SIDE, STEPS = 2.5, 17, 400  # the plane shows -REACH to REACH; arrows along each axis; rounds of a path
LARGEST_RATE, LARGEST_R1, FARTHEST = 1.0, 3.0, 1e6
SAME = 1e-6  # a factor that differs less from 1 keeps the distance


def portrait(game: str = "minimax", order: str = "simultaneous", rate: float = 0.2, r1: float = 0.0, clip: float | None = None,
             start: Any = (1.0, 1.0)) -> dict[str, Any]:
    """Arrows (theta, psi, theta', psi'), the path of STEPS rounds from `start`, and what a round does near the middle.

    Parameters
    ----------
    game : what both players minimise, one of GAMES
    order : who steps when, one of ORDERS
    rate : the learning rate of both
    r1 : the weight of R1; 0 for none
    clip : the largest absolute psi after each step, or None
    start : (theta, psi)

    Returns
    -------
    "arrows" and "path", lists of numbers; "factor", by which a round near the middle multiplies the distance to it; "says", a
    sentence about it; "reach".

    Raises
    ------
    ValueError, TypeError : a setting that cannot be
    """
    field, step = GAMES[choice("game", game, GAMES)], ORDERS[choice("order", order, ORDERS)]
    rate, r1 = number("rate", rate, above=0), number("r1", r1, above=0, including=(0,))
    if rate > LARGEST_RATE or r1 > LARGEST_R1:
        raise ValueError(f"rate may be at most {LARGEST_RATE:g} here, and r1 at most {LARGEST_R1:g}; got {rate:g} and {r1:g}. "
                         "Choose smaller ones")
    clip = math.inf if clip is None else number("clip", clip, above=0)
    first = np.array(start, np.float64)
    if first.shape != (2,) or not (np.abs(first) <= 10).all():
        raise ValueError(f"start must be two numbers between -10 and 10, theta and psi; got {start!r}")
    field = dirac.with_r1(field, r1)
    line = np.linspace(-REACH, REACH, SIDE)
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    with np.errstate(over="ignore", invalid="ignore"):  # a path may leave the plane for good
        path = np.nan_to_num(dirac.trajectory(field, step, first, STEPS, rate, clip), nan=FARTHEST)
    factor = float(np.abs(eigenvalues(lambda point: step(field, point, rate, math.inf))).max())
    return {"arrows": np.hstack([points, field(points)]).ravel().tolist(), "reach": REACH, "factor": factor,
            "path": np.clip(path, -FARTHEST, FARTHEST).ravel().tolist(), "says": _says(factor)}


def _says(factor: float) -> str:
    """What becomes of players that stand near the middle."""
    if abs(factor - 1) < SAME:
        return "Near the middle a round keeps the distance to it. The players circle."
    if factor > 1:
        return f"Near the middle a round multiplies the distance to it by {factor:.3f}. The players go away from it."
    return f"Near the middle a round multiplies the distance to it by {factor:.3f}. The players come to rest there."
