"""The Dirac-GAN, a game of two numbers in which everything that makes GAN training circle can be computed. It is from
Mescheder, Geiger & Nowozin 2018, Which Training Methods for GANs do actually Converge?, sections 2 and 3.

    the real data      always 0
    the generator      always theta
    the discriminator  D(x) = psi x, how strongly x is *suspected* to be fake; the score of the other modules is s = -psi x

A point (theta, psi) is a float64 array (..., 2), either one point, or a whole grid. A field gives the velocity of both
players there, (theta', psi'), shaped like the point. Each goes downhill on its own loss. With f(t) = log sigmoid(t),

    minimax         G loses V, D loses -V      V = f(psi theta) + f(0)
    non_saturating  G loses -f(-psi theta), D as above
    wasserstein     G loses V, D loses -V      V = psi theta

The only equilibrium is (0, 0). There the Jacobian of each of them is [[0, -a], [a, 0]], with the slope a = f'(0): 1/2, or
1 for wasserstein. Its eigenvalues are +-ia: the players circle.

    field(point)            -> velocity       (..., 2) -> (..., 2)
    step(field, point, h)   -> next point     simultaneous or alternating
"""

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .engine.arguments import Array, count, floats, function, number
from .engine.jacobian import Field
from .engine.machine import fits
from .engine.numerics import sigmoid

Step = Callable[[Field, Array, float, float], Array]
SLOPE = 0.5  # f'(0) of minimax and non_saturating
THETA, PSI = np.array([1.0, 0.0]), np.array([0.0, 1.0])  # point * PSI: only D's number is left


def pairs(name: str, point: Any) -> Array:
    """Points (theta, psi) as an array (..., 2). Raises TypeError or ValueError."""
    point = floats(name, point, np.dtype(np.float64))
    if point.shape[-1:] != (2,):
        raise ValueError(f"{name} must be (theta, psi), an array (..., 2); got shape {point.shape}")
    return point


def minimax(point: Array) -> Array:
    """(-psi f'(psi theta), theta f'(psi theta)), f'(t) = sigmoid(-t) (Goodfellow et al. 2014, equation 1)."""
    point = pairs("point", point)
    theta, psi = point[..., 0], point[..., 1]
    slope = sigmoid(-psi * theta)
    return np.stack([-psi * slope, theta * slope], axis=-1)


def non_saturating(point: Array) -> Array:
    """(-psi f'(-psi theta), theta f'(psi theta)) (Goodfellow et al. 2014, section 3, last paragraph)."""
    point = pairs("point", point)
    theta, psi = point[..., 0], point[..., 1]
    return np.stack([-psi * sigmoid(psi * theta), theta * sigmoid(-psi * theta)], axis=-1)


def wasserstein(point: Array) -> Array:
    """(-psi, theta); psi is kept small by the step's `clip` (Arjovsky et al. 2017) or by R1."""
    point = pairs("point", point)
    theta, psi = point[..., 0], point[..., 1]
    return np.stack([-psi, theta], axis=-1)


def with_r1(field: Field, gamma: float) -> Field:
    """The field with the penalty gamma/2 (dD/dx)^2 = gamma/2 psi^2 on D: psi' gains -gamma psi. Usual gamma: .1 to 2.

    D is linear, so R2, its twin on the fake point, is the same (Mescheder et al. 2018, section 4.1).
    """
    gamma, field = number("gamma", gamma, above=0, including=(0,)), function("field", field, "dirac.minimax")
    return lambda point: field(point) - gamma * point * PSI


def with_consensus(gamma: float) -> Field:
    """Minimax where both players also shrink R = |velocity|^2 / 2 = (theta^2 + psi^2) f'(psi theta)^2 / 2: each gains
    -gamma times its derivative of R (consensus optimisation, Mescheder et al. 2017, The Numerics of GANs).

    With f'' = -f'(t) f'(-t), dR/dtheta = f'^2 (theta - psi (theta^2 + psi^2) f'(-psi theta)), and dR/dpsi the same with theta
    and psi swapped. Their published code has half of the second term (LMescheder/GAN_stability, notebooks/diracgan/gans.py).
    """
    gamma = number("gamma", gamma, above=0, including=(0,))

    def field(point: Array) -> Array:
        t = point[..., :1] * point[..., 1:]  # psi theta, (..., 1)
        radius2 = (point * point).sum(axis=-1, keepdims=True)
        return minimax(point) - gamma * sigmoid(-t) ** 2 * (point - point[..., ::-1] * radius2 * sigmoid(t))

    return field


# ---------------------------------------------------------------- steps


def simultaneous(field: Field, point: Array, h: float = 0.2, clip: float = math.inf) -> Array:
    """Both players step from where both stand: point + h field(point); then |psi| <= clip."""
    point, h, clip = _of_a_step(field, point, h, clip)
    return _clipped(point + h * field(point), clip)


def alternating(field: Field, point: Array, h: float = 0.2, clip: float = math.inf) -> Array:
    """D steps first, then G against the new D, as in `train`. (The paper lets G begin, which shifts the orbit by half a step.)"""
    point, h, clip = _of_a_step(field, point, h, clip)
    point = _clipped(point + h * field(point) * PSI, clip)
    return point + h * field(point) * THETA


def trajectory(field: Field, step: Step, start: Any = (1.0, 1.0), steps: int = 500, h: float = 0.2,
               clip: float = math.inf) -> Array:
    """The points visited, (steps + 1, ..., 2), from `start` on.

    Parameters
    ----------
    field : the game, such as `minimax` or `with_r1(minimax, .5)`
    step : `simultaneous` or `alternating`
    start : (..., 2), one point (theta, psi) or many
    steps : how many
    h : the learning rate of both players, usually .01 to .5
    clip : the largest |psi| after each step

    Raises
    ------
    ValueError : a start that is not made of pairs
    """
    function("step", step, "dirac.alternating")
    point, h, clip = _of_a_step(field, start, h, clip, "start")
    fits(f"{count('steps', steps)} steps from {point.size // 2} points", steps, point.size)
    points = np.empty((steps + 1, *point.shape))
    points[0] = point
    for k in range(steps):
        points[k + 1] = step(field, points[k], h, clip)
    return points


def _of_a_step(field: Any, point: Any, h: Any, clip: Any, name: str = "point") -> tuple[Array, float, float]:
    """The point, h and clip, if a step can be taken from them. Raises TypeError or ValueError."""
    function("field", field, "dirac.minimax")
    return pairs(name, point), number("h", h, above=0), number("clip", clip, above=0, including=(math.inf,))


def _clipped(point: Array, clip: float) -> Array:
    return point if clip == math.inf else np.concatenate([point[..., :1], np.clip(point[..., 1:], -clip, clip)], axis=-1)


# ---------------------------------------------------------------- what happens near the equilibrium


def r1_eigenvalues(gamma: float, slope: float = SLOPE) -> Array:
    """(-gamma/2 + sqrt(gamma^2/4 - slope^2), the same with a minus): those of `with_r1` at (0, 0), as complex numbers.

    From the critical gamma = 2 slope on they are real and nothing circles; above it the slower of the two approaches 0 again.
    """
    gamma, slope = (number(name, value, -1e150, 1e150) for name, value in (("gamma", gamma), ("slope", slope)))
    root = cmath.sqrt(gamma**2 / 4 - slope**2)
    return np.array([-gamma / 2 + root, -gamma / 2 - root])
