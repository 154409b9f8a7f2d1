"""Lesson 08: why training circles."""

import functools

import numpy as np

from . import corpus
from .ex03 import sigmoid

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


def places(rng):
    return rng.normal(size=5), rng.normal(size=5)


# ---------------------------------------------------------------- 08.1 minimax_field

@solution("08.1", lambda r: [places(r)])
def minimax_field(theta, psi):
    slope = sigmoid(-psi * theta)
    return -psi * slope, theta * slope


wrong("08.1", "sign", "both signs: everyone climbs", "sign")(lambda t, p: (p * sigmoid(-p * t), -t * sigmoid(-p * t)))
wrong("08.1", "sign", "theta_dot = +dV/dtheta", "sign")(lambda t, p: (p * sigmoid(-p * t), t * sigmoid(-p * t)))
wrong("08.1", "sign", "psi_dot = -dV/dpsi", "sign")(lambda t, p: (-p * sigmoid(-p * t), -t * sigmoid(-p * t)))
wrong("08.1", "order", "psi_dot first", "order", "exchanged", "swapped")(lambda t, p: minimax_field(t, p)[::-1])
wrong("08.1", "sign", "sigmoid(psi theta) for sigmoid(-psi theta)", "sigmoid", "f'", "argument")(
    lambda t, p: (-p * sigmoid(p * t), t * sigmoid(p * t)))
wrong("08.1", "term", "the inner derivatives psi and theta are forgotten", "inner", "chain")(
    lambda t, p: (-sigmoid(-p * t), sigmoid(-p * t)))
wrong("08.1", "order", "the inner derivatives are exchanged", "inner", "exchanged", "swapped", "chain")(
    lambda t, p: (-t * sigmoid(-p * t), p * sigmoid(-p * t)))
wrong("08.1", "other", "linear: f'(0) = 1/2 everywhere", "linear", "1/2", "f'(0)")(lambda t, p: (-p / 2, t / 2))
wrong("08.1", "other", "the game without a sigmoid (Wasserstein)", "sigmoid", "wasserstein", "f'")(lambda t, p: (-p, t))
wrong("08.1", "term", "f(0) is differentiated too: 1/2 is added to psi_dot", "f(0)", "1/2", "constant")(
    lambda t, p: (-p * sigmoid(-p * t), t * sigmoid(-p * t) + .5))
wrong("08.1", "other", "log sigmoid itself for its derivative", "log", "f for f'", "derivative", "f'")(
    lambda t, p: (-p * np.log(sigmoid(p * t)), t * np.log(sigmoid(p * t))))
wrong("08.1", "term", "the derivative of the sigmoid, not of its logarithm", "log", "sigmoid'", "derivative of sigmoid",
      "derivative of the sigmoid")(
    lambda t, p: (-p * sigmoid(p * t) * sigmoid(-p * t), t * sigmoid(p * t) * sigmoid(-p * t)))
wrong("08.1", "factor", "V counts twice, once for each player", "factor", "twice", "2")(
    lambda t, p: tuple(2 * v for v in minimax_field(t, p)))


# ---------------------------------------------------------------- 08.2 non_saturating_field

@solution("08.2", lambda r: [places(r)])
def non_saturating_field(theta, psi):
    return -psi * sigmoid(psi * theta), theta * sigmoid(-psi * theta)


wrong("08.2", "other", "the field of the minimax game", "minimax", "08.1")(minimax_field)
wrong("08.2", "sign", "the inner minus is forgotten: G is drawn the wrong way", "sign", "inner", "minus")(
    lambda t, p: (p * sigmoid(p * t), t * sigmoid(-p * t)))
wrong("08.2", "sign", "psi_dot has sigmoid(psi theta) too", "only g's", "d's loss", "psi_dot", "argument", "sigmoid(-")(
    lambda t, p: (-p * sigmoid(p * t), t * sigmoid(p * t)))
wrong("08.2", "order", "psi_dot first", "order", "exchanged", "swapped")(lambda t, p: non_saturating_field(t, p)[::-1])
wrong("08.2", "sign", "psi_dot has the wrong sign", "sign")(lambda t, p: (-p * sigmoid(p * t), -t * sigmoid(-p * t)))
wrong("08.2", "term", "the inner derivatives are forgotten", "inner", "chain")(lambda t, p: (-sigmoid(p * t), sigmoid(-p * t)))
wrong("08.2", "sign", "G loses -f(psi theta)", "-f(psi", "sign", "f(-psi", "inner", "d's")(
    lambda t, p: (p * sigmoid(-p * t), t * sigmoid(-p * t)))
wrong("08.2", "other", "linear: 1/2 everywhere", "linear", "1/2")(lambda t, p: (-p / 2, t / 2))
wrong("08.2", "other", "theta_dot and psi_dot are each other's: psi for theta", "exchanged", "swapped", "inner")(
    lambda t, p: (-t * sigmoid(p * t), p * sigmoid(-p * t)))


# ---------------------------------------------------------------- 08.3 r1_field

@solution("08.3", lambda r: [(*places(r), .7)])
def r1_field(theta, psi, gamma):
    theta_dot, psi_dot = minimax_field(theta, psi)
    return theta_dot, psi_dot - gamma * psi


def with_psi(penalty):
    return lambda t, p, g: (minimax_field(t, p)[0], minimax_field(t, p)[1] + penalty(t, p, g))


wrong("08.3", "factor", "gamma/2 psi: the 2 of the square is forgotten", "half", "factor")(
    with_psi(lambda t, p, g: -g / 2 * p))
wrong("08.3", "sign", "the penalty drives psi away from 0", "sign")(with_psi(lambda t, p, g: g * p))
wrong("08.3", "term", "the penalty itself, not its derivative", "derivative", "square", "psi^2", "itself")(
    with_psi(lambda t, p, g: -g / 2 * p**2))
wrong("08.3", "other", "theta is penalised, not psi", "g's velocity", "theta", "g pays")(
    lambda t, p, g: (minimax_field(t, p)[0] - g * t, minimax_field(t, p)[1]))
wrong("08.3", "other", "both numbers are penalised", "both", "theta", "g ")(
    lambda t, p, g: (minimax_field(t, p)[0] - g * t, minimax_field(t, p)[1] - g * p))
wrong("08.3", "other", "D(x)^2 at x = theta is penalised, not its slope", "d(x)", "theta", "slope", "derivative by x")(
    with_psi(lambda t, p, g: -g * p * t**2))
wrong("08.3", "term", "gamma is ignored", "gamma", "no penalty", "penalty")(with_psi(lambda t, p, g: 0 * p))
wrong("08.3", "other", "the gradient of D's whole loss is penalised", "loss", "f'", "slope", "sigmoid")(
    with_psi(lambda t, p, g: -g * p * sigmoid(-p * t) ** 2))
wrong("08.3", "other", "gamma squared", "gamma", "square")(with_psi(lambda t, p, g: -(g**2) * p))
wrong("08.3", "term", "gamma is subtracted, without psi", "psi", "constant")(with_psi(lambda t, p, g: -g))
wrong("08.3", "other", "the sign of psi for psi", "sign", "|psi|", "abs", "square")(with_psi(lambda t, p, g: -g * np.sign(p)))
wrong("08.3", "factor", "2 gamma psi: the 1/2 is forgotten", "half", "factor", "twice")(with_psi(lambda t, p, g: -2 * g * p))
wrong("08.3", "other", "the non-saturating game with R1", "minimax", "non-saturating", "08.2")(
    lambda t, p, g: (non_saturating_field(t, p)[0], non_saturating_field(t, p)[1] - g * p))


# ---------------------------------------------------------------- 08.4 simultaneous_step

def spiral(theta, psi):
    """A field in which both velocities depend on both numbers."""
    return np.sin(psi) - .3 * theta, theta * psi + .2


@solution("08.4", lambda r: [(spiral, *places(r), .1)])
def simultaneous_step(field, theta, psi, h):
    theta_dot, psi_dot = field(theta, psi)
    return theta + h * theta_dot, psi + h * psi_dot


@wrong("08.4", "order", "in turns: G first, and D looks at the new theta", "turns", "alternat", "new theta", "moved")
def _(field, theta, psi, h):
    theta = theta + h * field(theta, psi)[0]
    return theta, psi + h * field(theta, psi)[1]


@wrong("08.4", "order", "in turns: D first, and G looks at the new psi", "turns", "alternat", "new psi", "moved")
def _(field, theta, psi, h):
    psi = psi + h * field(theta, psi)[1]
    return theta + h * field(theta, psi)[0], psi


@wrong("08.4", "manners", "theta and psi are changed in place", "changes its argument")
def _(field, theta, psi, h):
    theta_dot, psi_dot = field(theta, psi)
    theta += h * theta_dot
    psi += h * psi_dot
    return theta, psi


@wrong("08.4", "other", "the velocities at the middle of the step", "middle", "midpoint", "half", "runge")
def _(field, theta, psi, h):
    middle = simultaneous_step(field, theta, psi, h / 2)
    theta_dot, psi_dot = field(*middle)
    return theta + h * theta_dot, psi + h * psi_dot


@wrong("08.4", "other", "extrapolated: the velocities of where the step would lead", "extra", "would lead", "end", "after",
       "ahead")
def _(field, theta, psi, h):
    theta_dot, psi_dot = field(*simultaneous_step(field, theta, psi, h))
    return theta + h * theta_dot, psi + h * psi_dot


wrong("08.4", "factor", "h is forgotten", "h ")(lambda field, t, p, h: simultaneous_step(field, t, p, 1))
wrong("08.4", "sign", "against the field", "sign", "against", "backward")(
    lambda field, t, p, h: simultaneous_step(field, t, p, -h))
wrong("08.4", "order", "the velocities are exchanged", "other one's velocity", "exchanged", "swapped", "order")(
    lambda field, t, p, h: (t + h * field(t, p)[1], p + h * field(t, p)[0]))
wrong("08.4", "order", "psi first", "order", "exchanged", "swapped")(
    lambda field, t, p, h: simultaneous_step(field, t, p, h)[::-1])
wrong("08.4", "order", "field(psi, theta)", "field(psi", "exchanged", "swapped", "arguments")(
    lambda field, t, p, h: (t + h * field(p, t)[0], p + h * field(p, t)[1]))
wrong("08.4", "term", "the step alone, without where it began", "how far", "began", "start", "step alone", "added", "theta +",
      "stood")(
    lambda field, t, p, h: tuple(h * v for v in field(t, p)))
wrong("08.4", "factor", "half a step", "half", "factor", "h/2", "h / 2")(
    lambda field, t, p, h: simultaneous_step(field, t, p, h / 2))
wrong("08.4", "other", "a fixed minimax field, whatever field is given", "field")(
    lambda field, t, p, h: simultaneous_step(minimax_field, t, p, h))


class Step:
    def __init__(self, sign):
        self.sign = sign

    def __call__(self, field, theta, psi, h):
        return [number + self.sign * h * velocity for number, velocity in zip((theta, psi), field(theta, psi), strict=True)]


right("08.4", "an object that can be called, which returns a list")(Step(sign=1))


# ---------------------------------------------------------------- 08.5 play_in_turns

@solution("08.5", lambda r: [(spiral, .7, -.4, .1, 5), (minimax_field, 1., .5, .3, 3)])
def play_in_turns(field, theta, psi, h, steps):
    path = [(theta, psi)]
    for _ in range(steps):
        psi = psi + h * field(theta, psi)[1]
        theta = theta + h * field(theta, psi)[0]
        path.append((theta, psi))
    return np.array(path)


@wrong("08.5", "order", "G moves first", "g first", "first", "order", "d moves")
def _(field, theta, psi, h, steps):
    path = [(theta, psi)]
    for _ in range(steps):
        theta = theta + h * field(theta, psi)[0]
        psi = psi + h * field(theta, psi)[1]
        path.append((theta, psi))
    return np.array(path)


@wrong("08.5", "other", "simultaneous: G looks at the D that has not moved", "simultaneous", "just moved", "old")
def _(field, theta, psi, h, steps):
    path = [(theta, psi)]
    for _ in range(steps):
        path.append(simultaneous_step(field, *path[-1], h))
    return np.array(path)


@wrong("08.5", "other", "a row between the two moves: psi is new, theta is old", "between", "old theta", "row", "before g")
def _(field, theta, psi, h, steps):
    path = [(theta, psi)]
    for _ in range(steps):
        psi = psi + h * field(theta, psi)[1]
        path.append((theta, psi))
        theta = theta + h * field(theta, psi)[0]
    return np.array(path)


@wrong("08.5", "other", "one array is appended again and again: all rows are the last", "same", "all rows", "copy", "last")
def _(field, theta, psi, h, steps):
    point = np.array([theta, psi])
    path = [point]
    for _ in range(steps):
        point[1] += h * field(*point)[1]
        point[0] += h * field(*point)[0]
        path.append(point)
    return np.array(path)


@wrong("08.5", "other", "D moves twice in each step", "twice", "d moves")
def _(field, theta, psi, h, steps):
    path = [(theta, psi)]
    for _ in range(steps):
        for _ in range(2):
            psi = psi + h * field(theta, psi)[1]
        theta = theta + h * field(theta, psi)[0]
        path.append((theta, psi))
    return np.array(path)


wrong("08.5", "shape", "the start is left out", "start", "row", "shape", "steps + 1")(lambda *a: play_in_turns(*a)[1:])
wrong("08.5", "shape", "the last step is left out: range(steps - 1)", "last", "row", "shape", "steps + 1")(
    lambda *a: play_in_turns(*a)[:-1])
wrong("08.5", "order", "the columns are (psi, theta)", "psi stands before", "column", "exchanged", "swapped", "order")(
    lambda *a: play_in_turns(*a)[:, ::-1])
wrong("08.5", "shape", "the path lies on its side, (2, steps + 1)", "transpose", "shape")(lambda *a: play_in_turns(*a).T)
wrong("08.5", "shape", "the end alone", "shape")(lambda *a: play_in_turns(*a)[-1])
wrong("08.5", "factor", "h is forgotten", "h ")(lambda field, t, p, h, steps: play_in_turns(field, t, p, 1, steps))
wrong("08.5", "sign", "the steps go backward", "sign", "backward", "against")(
    lambda field, t, p, h, steps: play_in_turns(field, t, p, -h, steps))
wrong("08.5", "small", "the path is kept in float32", "float32")(lambda *a: play_in_turns(*a).astype(np.float32).astype(float))


@right("08.5", "recursion: the way from the second row on is the way of a game that begins there")
def _(field, theta, psi, h, steps):
    def way(theta, psi, left):
        if left == 0:
            return [[theta, psi]]
        moved = psi + h * field(theta, psi)[1]
        return [[theta, psi], *way(theta + h * field(theta, moved)[0], moved, left - 1)]
    return np.array(way(theta, psi, steps))


# ---------------------------------------------------------------- 08.6 growth_and_critical_gamma

@solution("08.6", lambda r: [(.5, 0., .1), (.5, .4, .2), (.5, 1.5, .2), (1., 3., .9), (1., .5, .3)])
def growth_and_critical_gamma(slope, gamma, h):
    return np.abs(1 + h * eigenvalues(slope, gamma)).max(), 2 * abs(slope)


def eigenvalues(a, gamma):
    return -gamma / 2 + np.array([1, -1]) * np.sqrt(complex(gamma**2 / 4 - a**2))


def grows(growth, critical=lambda a: 2 * abs(a)):
    return lambda slope, gamma, h: (growth(slope, gamma, h), critical(slope))


def growth_of(a, gamma, h):
    return np.abs(1 + h * eigenvalues(a, gamma)).max()


wrong("08.6", "term", "the growth without a penalty: sqrt(1 + h^2 a^2)", "gamma", "penalty")(
    grows(lambda a, g, h: np.sqrt(1 + h**2 * a**2)))
wrong("08.6", "edge", "as if the eigenvalues were always complex", "real", "complex", "always")(  # wrong only for gamma > 2 a
    grows(lambda a, g, h: np.sqrt(abs(1 - h * g + h**2 * a**2))))
wrong("08.6", "edge", "a real root of a negative number: NaN", "nan", "complex", "negative")(
    grows(lambda a, g, h: np.abs(1 + h * (-g / 2 + np.array([1, -1]) * np.sqrt(g**2 / 4 - a**2))).max()))
wrong("08.6", "factor", "the critical gamma is a", "critical", "2 a", "factor", "twice", "half")(grows(growth_of, abs))
wrong("08.6", "other", "the critical gamma is 4 a^2: no root", "root", "square", "4 a", "critical")(
    grows(growth_of, lambda a: 4 * a**2))
wrong("08.6", "term", "1 + h times the largest real part", "real part", "absolute", "imaginary")(
    grows(lambda a, g, h: 1 + h * eigenvalues(a, g).real.max()))
wrong("08.6", "other", "exp(h times the real part): continuous time", "infinitely small", "e^", "exp", "continuous", "time")(
    grows(lambda a, g, h: np.exp(h * eigenvalues(a, g).real.max())))
wrong("08.6", "term", "the absolute value of lambda, not of 1 + h lambda", "1 + h", "lambda")(
    grows(lambda a, g, h: np.abs(eigenvalues(a, g)).max()))
wrong("08.6", "other", "the eigenvalue with the smallest absolute value", "smaller of the two", "smallest", "largest", "min")(
    grows(lambda a, g, h: np.abs(1 + h * eigenvalues(a, g)).min()))
wrong("08.6", "other", "the square of the growth", "square", "root")(grows(lambda a, g, h: growth_of(a, g, h) ** 2))
wrong("08.6", "other", "slope is always 1/2", "slope", "1/2", "a ")(lambda a, g, h: growth_and_critical_gamma(.5, g, h))
wrong("08.6", "order", "critical gamma first", "order", "exchanged", "swapped")(lambda *a: growth_and_critical_gamma(*a)[::-1])
wrong("08.6", "sign", "1 - h lambda", "sign", "1 - h")(grows(lambda a, g, h: np.abs(1 - h * eigenvalues(a, g)).max()))
wrong("08.6", "other", "the growth in alternating play: at most 1", "alternat", "turns", "simultaneous")(
    grows(lambda a, g, h: np.abs(np.linalg.eigvals([[1 - h**2 * a**2, -h * a + h**2 * a * g], [h * a, 1 - h * g]])).max()))
wrong("08.6", "edge", "the lambda with the largest size decides, not the 1 + h lambda", "1 + h", "largest")(
    # only if both are real
    grows(lambda a, g, h: abs(1 + h * eigenvalues(a, g)[np.abs(eigenvalues(a, g)).argmax()])))
wrong("08.6", "edge", "the norm of the matrix: the growth of one step, not in the long run", "norm", "long run", "singular")(
    grows(lambda a, g, h: np.linalg.norm([[1, -h * a], [h * a, 1 - h * g]], 2)))
wrong("08.6", "shape", "the growth is a complex number", "complex", "abs")(grows(lambda a, g, h: 1 + h * eigenvalues(a, g)[0]))


def powers(slope, gamma, h, *, digits):
    J = np.array([[0, -slope], [slope, -gamma]])
    found = max(abs(each) for each in np.linalg.eigvals(np.eye(2) + h * J))
    return round(float(found), digits), float(np.hypot(slope, np.sqrt(3) * slope))


right("08.6", "functools.partial of a function that rounds to 15 digits, and hypot")(functools.partial(powers, digits=15))
