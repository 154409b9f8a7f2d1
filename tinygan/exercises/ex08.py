"""Exercises of lesson 08: why training circles."""

import math

import numpy as np

from .. import dirac
from ..engine.numerics import log_sigmoid, sigmoid
from .grading import Exercise, Mistake, differences


def _points(rng):
    return rng.normal(0, 1.5, (2, int(rng.integers(3, 8))))


def _velocities(field, theta, psi):
    """A field of `dirac` as the student writes it, with two arrays in, two arrays out."""
    velocity = field(np.stack([theta, psi], axis=-1))
    return velocity[..., 0], velocity[..., 1]


def _downhill(theta, psi, g_loss, d_loss):
    """Minus the slope of each player's own loss; every point has numbers of its own, so losses may be summed."""
    return {"theta_dot": differences(lambda theta: -float(g_loss(theta, psi).sum()), theta),
            "psi_dot": differences(lambda psi: -float(d_loss(theta, psi).sum()), psi)}


def _v(theta, psi):
    return log_sigmoid(psi * theta) + log_sigmoid(0.0)


def _slope(t):
    """f'(t)."""
    return sigmoid(-t)


# ---------------------------------------------------------------- 08.1


def _minimax(theta, psi):
    return _velocities(dirac.minimax, theta, psi)


def _minimax_at(theta, psi):
    """The same at one point."""
    slope = _slope(psi * theta)
    return -psi * slope, theta * slope


def _linear(theta, psi):
    return -psi / 2, theta / 2


def _curvature(theta, psi):
    """The derivative of sigmoid, where that of its logarithm was meant."""
    return sigmoid(psi * theta) * sigmoid(-psi * theta)


MINIMAX = Exercise(
    "08.1", "minimax_field", "the field of the minimax game", _points,
    lambda theta, psi: _downhill(theta, psi, _v, lambda theta, psi: -_v(theta, psi)),
    solution=_minimax,
    mistakes=(
        Mistake("G climbs: it wants V small, so it goes against the slope",
                lambda theta, psi: (psi * _slope(psi * theta), theta * _slope(psi * theta)), "sign"),
        Mistake("D descends: it wants V large, so it goes along the slope",
                lambda theta, psi: (-psi * _slope(psi * theta), -theta * _slope(psi * theta)), "sign"),
        Mistake("f' is missing: that is the Wasserstein game, in which f(t) = t", lambda theta, psi: (-psi, theta.copy())),
        Mistake("the inner derivative is missing: the chain rule makes psi f'(psi theta) of f(psi theta)",
                lambda theta, psi: (-_slope(psi * theta), _slope(psi * theta))),
        Mistake("each player took its own number for the inner derivative: that of psi theta by theta is psi",
                lambda theta, psi: (-theta * _slope(psi * theta), psi * _slope(psi * theta))),
        Mistake("sigmoid(psi theta) where f'(t) = sigmoid(-t) was meant",
                lambda theta, psi: (-psi * sigmoid(psi * theta), theta * sigmoid(psi * theta))),
        Mistake("that is the derivative of sigmoid, not of its logarithm",
                lambda theta, psi: (-psi * _curvature(theta, psi), theta * _curvature(theta, psi))),
        Mistake("psi_dot was returned before theta_dot", lambda theta, psi: _minimax(theta, psi)[::-1]),
        Mistake("f' was taken at 0, where it is 1/2: that is the linear field near the equilibrium", _linear),
        Mistake("f(0) is a constant, and its derivative 0: 1/2 was added to psi_dot",
                lambda theta, psi: (_minimax(theta, psi)[0], _minimax(theta, psi)[1] + 0.5)),
        Mistake("sigmoid was taken of psi and of theta alone: f'(psi theta) has the product",
                lambda theta, psi: (-psi * sigmoid(-psi), theta * sigmoid(-theta))),
        Mistake("the own step was added: velocities were asked for", lambda theta, psi: (
            theta + _minimax(theta, psi)[0], psi + _minimax(theta, psi)[1])),
        Mistake("f itself, log sigmoid, stands where its derivative f' was meant",
                lambda theta, psi: (-psi * log_sigmoid(psi * theta), theta * log_sigmoid(psi * theta))),
    ),
    hints=("Differentiate f(psi theta) with respect to theta, while psi is just a number: the chain rule.",
           "dV/dtheta = psi f'(psi theta) and dV/dpsi = theta f'(psi theta). G wants V small, D wants it large.",
           "With slope = sigmoid(-psi * theta), the velocities are -psi * slope and +theta * slope."),
)


# ---------------------------------------------------------------- 08.2


def _non_saturating(theta, psi):
    return _velocities(dirac.non_saturating, theta, psi)


NON_SATURATING = Exercise(
    "08.2", "non_saturating_field", "the field of the non-saturating game", _points,
    lambda theta, psi: _downhill(theta, psi, lambda theta, psi: -log_sigmoid(-psi * theta), lambda theta, psi: -_v(theta, psi)),
    solution=_non_saturating,
    mistakes=(
        Mistake("G still plays the minimax game: its loss is -f(-psi theta) now", _minimax),
        Mistake("D's loss was changed too: only G's is another one",
                lambda theta, psi: (-psi * _slope(-psi * theta), theta * _slope(-psi * theta))),
        Mistake("a minus sign was lost: there is one before f, one inside it, and one from going downhill",
                lambda theta, psi: (psi * _slope(-psi * theta), theta * _slope(psi * theta)), "sign"),
        Mistake("f' is missing: that is the Wasserstein game, in which f(t) = t", lambda theta, psi: (-psi, theta.copy())),
        Mistake("the inner derivative is missing: that of -psi theta by theta is -psi",
                lambda theta, psi: (-_slope(-psi * theta), theta * _slope(psi * theta))),
        Mistake("-f(psi theta) was taken for G's loss: that is D's own, and G would help D",
                lambda theta, psi: (psi * _slope(psi * theta), theta * _slope(psi * theta))),
        Mistake("that is the derivative of sigmoid, not of its logarithm",
                lambda theta, psi: (-psi * _curvature(theta, psi), theta * _slope(psi * theta))),
        Mistake("f' was taken at 0, where it is 1/2: that is the linear field near the equilibrium", _linear),
        Mistake("the inner derivatives are exchanged: that of -psi theta by theta is -psi, and that of psi theta by psi is theta",
                lambda theta, psi: (-theta * sigmoid(psi * theta), psi * sigmoid(-psi * theta))),
    ),
    hints=("D's velocity is the one of 08.1. Only G's loss is new.",
           "G loses L = -f(-psi theta). By the chain rule dL/dtheta = -f'(-psi theta) (-psi) = psi f'(-psi theta).",
           "f'(t) = sigmoid(-t), so f'(-psi theta) = sigmoid(psi theta), and theta_dot = -psi * sigmoid(psi * theta)."),
)


# ---------------------------------------------------------------- 08.3


def _r1_case(rng):
    return *_points(rng), round(float(rng.uniform(0.3, 0.9)), 2)


def _steepness(psi):
    """(dD/dx)^2 of D(x) = psi x, by a difference in x."""
    return ((psi * 0.7 - psi * 0.2) / 0.5) ** 2


def _with(theta_more, psi_more):
    """The minimax field with something added to each velocity."""
    def field(theta, psi, gamma):
        theta_dot, psi_dot = _minimax(theta, psi)
        return theta_dot + theta_more(theta, psi, gamma), psi_dot + psi_more(theta, psi, gamma)

    return field


def _nothing(theta, psi, gamma):
    return 0


R1 = Exercise(
    "08.3", "r1_field", "the field with R1", _r1_case,
    lambda theta, psi, gamma: _downhill(theta, psi, _v, lambda theta, psi: -_v(theta, psi) + gamma / 2 * _steepness(psi)),
    solution=lambda theta, psi, gamma: _velocities(dirac.with_r1(dirac.minimax, gamma), theta, psi),
    mistakes=(
        Mistake("the penalty is missing: that is the plain minimax field", _with(_nothing, _nothing)),
        Mistake("gamma was forgotten", _with(_nothing, lambda theta, psi, gamma: -psi)),
        Mistake("the penalty pushes D to be steeper: its sign is the wrong way round",
                _with(_nothing, lambda theta, psi, gamma: gamma * psi)),
        Mistake("the penalty is twice too strong: the 2 of the square and the 1/2 before it cancel",
                _with(_nothing, lambda theta, psi, gamma: -2 * gamma * psi)),
        Mistake("the penalty is half as strong as it should be: the 2 of the square was lost",
                _with(_nothing, lambda theta, psi, gamma: -gamma / 2 * psi)),
        Mistake("the penalty was added to G's velocity: only D pays it",
                _with(lambda theta, psi, gamma: -gamma * theta, _nothing)),
        Mistake("both players pay the penalty: G does not, and theta has none",
                _with(lambda theta, psi, gamma: -gamma * theta, lambda theta, psi, gamma: -gamma * psi)),
        Mistake("D(x)^2 at x = theta was penalised; R1 is about the slope, dD/dx",
                _with(_nothing, lambda theta, psi, gamma: -gamma * psi * theta**2)),
        Mistake("the slope of D's loss was penalised, with f' squared in it; R1 is about the slope of D itself",
                _with(_nothing, lambda theta, psi, gamma: -gamma * psi * _slope(psi * theta) ** 2)),
        Mistake("gamma was squared", _with(_nothing, lambda theta, psi, gamma: -(gamma**2) * psi)),
        Mistake("psi is missing: gamma alone, a constant, was subtracted", _with(_nothing, lambda theta, psi, gamma: -gamma)),
        Mistake("sign(psi) stands where psi was meant: that is the derivative of |psi|, not of a square",
                _with(_nothing, lambda theta, psi, gamma: -gamma * np.sign(psi))),
        Mistake("R1 was added to the non-saturating game of 08.2; here it is the minimax game",
                lambda theta, psi, gamma: (_non_saturating(theta, psi)[0], _non_saturating(theta, psi)[1] - gamma * psi)),
        Mistake("the penalty pulls to psi = 1, not 0: R1 is gamma/2 times the square of dD/dx itself",
                _with(_nothing, lambda theta, psi, gamma: -gamma * (psi - 1))),
        Mistake("gamma is an argument; 0.1 was written in its place", _with(_nothing, lambda theta, psi, gamma: -0.1 * psi)),
        Mistake("the penalty pulls to the slope 1, not 0: R1 is gamma/2 times the square of dD/dx itself",
                _with(_nothing, lambda theta, psi, gamma: -gamma * (psi - np.sign(psi)))),
        Mistake("|psi| stands where psi was meant", _with(_nothing, lambda theta, psi, gamma: -gamma * np.abs(psi))),
        Mistake("the penalty multiplies D's velocity; it is added to it", lambda theta, psi, gamma: (
            _minimax(theta, psi)[0], _minimax(theta, psi)[1] * (1 - gamma * psi))),
        Mistake("G pays the penalty, and D does not", _with(lambda theta, psi, gamma: -gamma * psi, _nothing)),
        Mistake("both players pay gamma psi: only D's loss has the penalty",
                _with(*[lambda theta, psi, gamma: -gamma * psi] * 2)),
        Mistake("R1 was added to the Wasserstein game, f' is missing; here it is the minimax game",
                lambda theta, psi, gamma: (-psi, theta - gamma * psi)),
        Mistake("R1 was added to the linear field, with f'(0) = 1/2; here f' is sigmoid(-psi theta)",
                lambda theta, psi, gamma: (-psi / 2, theta / 2 - gamma * psi)),
        Mistake("psi was averaged over the points: each point has its own",
                _with(_nothing, lambda theta, psi, gamma: -gamma * psi.mean() + 0 * psi)),
        Mistake("gamma psi was divided by the number of points",
                _with(_nothing, lambda theta, psi, gamma: -gamma * psi / psi.size)),
        Mistake("two things: the sign of the penalty is wrong, and the 2 of the square was lost",
                _with(_nothing, lambda theta, psi, gamma: gamma / 2 * psi)),
        Mistake("theta was multiplied in: dD/dx is psi, wherever x is", _with(
            _nothing, lambda theta, psi, gamma: -gamma * psi * theta)),
        Mistake("the penalty itself was added, not its derivative with respect to psi",
                _with(_nothing, lambda theta, psi, gamma: -gamma / 2 * psi**2)),
        Mistake("the square is still there: the derivative of psi^2 is 2 psi",
                _with(_nothing, lambda theta, psi, gamma: -gamma * psi**2)),
        Mistake("the penalty pulls at theta: dD/dx is psi, wherever x is",
                _with(_nothing, lambda theta, psi, gamma: -gamma * theta)),
    ),
    hints=("D(x) = psi x is a straight line. What is dD/dx?",
           "The penalty is gamma/2 psi^2, and it is added to D's loss. D goes downhill on it.",
           "theta_dot is that of 08.1, and psi_dot is that of 08.1 minus gamma * psi."),
)


# ---------------------------------------------------------------- 08.4 and 08.5


def _line_field(rng):
    """A field whose velocities are a matrix, field.A (2, 2), times (theta, psi). With it, a step is a matrix too."""
    A = np.array([[0, -1], [1, 0]]) * rng.uniform(0.5, 1.5, (2, 2)) + rng.uniform(-0.5, 0.5, (2, 2))

    def field(theta, psi):
        return A[0, 0] * theta + A[0, 1] * psi, A[1, 0] * theta + A[1, 1] * psi

    field.A = A
    return field


def _step_case(rng):
    return _line_field(rng), *_points(rng), round(float(rng.uniform(0.1, 0.4)), 2)


def _step_truth(field, theta, psi, h):
    theta_next, psi_next = (np.eye(2) + h * field.A) @ np.stack([theta, psi])
    return {"theta_next": theta_next, "psi_next": psi_next}


def _step(order):
    """One step, by the students' kind of field. "both": simultaneous; "DG": D first, then G; "DGD": and D once more."""
    def step(field, theta, psi, h):
        if order == "both":
            theta_dot, psi_dot = field(theta, psi)
            return theta + h * theta_dot, psi + h * psi_dot
        for player in order:
            theta_dot, psi_dot = field(theta, psi)
            theta, psi = (theta, psi + h * psi_dot) if player == "D" else (theta + h * theta_dot, psi)
        return theta, psi

    return step


def _from_ahead(share):
    """A step with the velocities from a share of the step ahead."""
    def step(field, theta, psi, h):
        theta_dot, psi_dot = field(*_step("both")(field, theta, psi, share * h))
        return theta + h * theta_dot, psi + h * psi_dot

    return step


def _against(field, theta, psi, h):
    theta_dot, psi_dot = field(theta, psi)
    return theta - h * theta_dot, psi - h * psi_dot


SIMULTANEOUS = Exercise(
    "08.4", "simultaneous_step", "one simultaneous step", _step_case, _step_truth,
    solution=lambda field, theta, psi, h: tuple(np.moveaxis(dirac.simultaneous(
        lambda point: np.stack(field(point[..., 0], point[..., 1]), axis=-1), np.stack([theta, psi], axis=-1), h), -1, 0)),
    mistakes=(
        Mistake("D had moved before G looked: that is an alternating step", _step("DG")),
        Mistake("G had moved before D looked: that is an alternating step in which G begins", _step("GD")),
        Mistake("the step was taken backwards: the velocity already points where the player wants to go, so add it", _against),
        Mistake("h is missing: the step has length 1", lambda field, theta, psi, h: _step("both")(field, theta, psi, 1)),
        Mistake("the velocities were returned, not the new places", lambda field, theta, psi, h: field(theta, psi)),
        Mistake("how far the players move was returned, not where they arrive",
                lambda field, theta, psi, h: tuple(h * velocity for velocity in field(theta, psi))),
        Mistake("each player took the other one's velocity",
                lambda field, theta, psi, h: (theta + h * field(theta, psi)[1], psi + h * field(theta, psi)[0])),
        Mistake("the velocities are those of half way, as in the midpoint rule or Heun's: ask the field before anybody moves",
                _from_ahead(0.5)),
        Mistake("the field was asked where the step would lead: that is an extragradient step", _from_ahead(1)),
        Mistake("the arguments of the field are exchanged: it is field(theta, psi)",
                lambda field, theta, psi, h: (theta + h * field(psi, theta)[0], psi + h * field(psi, theta)[1])),
        Mistake("that is twice a step, 2 h", lambda field, theta, psi, h: _step("both")(field, theta, psi, 2 * h)),
        Mistake("two steps were taken; it is one",
                lambda field, theta, psi, h: _step("both")(field, *_step("both")(field, theta, psi, h), h)),
        Mistake("h was squared", lambda field, theta, psi, h: _step("both")(field, theta, psi, h * h)),
        Mistake("divided by h, not multiplied", lambda field, theta, psi, h: _step("both")(field, theta, psi, 1 / h)),
        Mistake("h is an argument; 0.1 was written in its place",
                lambda field, theta, psi, h: _step("both")(field, theta, psi, 0.1)),
        Mistake("h is missing, and the step was taken backwards",
                lambda field, theta, psi, h: _step("both")(field, theta, psi, -1)),
        Mistake("only D moved", lambda field, theta, psi, h: (theta.copy(), psi + h * field(theta, psi)[1])),
        Mistake("only G moved", lambda field, theta, psi, h: (theta + h * field(theta, psi)[0], psi.copy())),
        Mistake("G moved backwards: add its velocity", lambda field, theta, psi, h: (
            theta - h * field(theta, psi)[0], psi + h * field(theta, psi)[1])),
        Mistake("D moved backwards: add its velocity", lambda field, theta, psi, h: (
            theta + h * field(theta, psi)[0], psi - h * field(theta, psi)[1])),
        Mistake("that is half a step, h / 2", lambda field, theta, psi, h: _step("both")(field, theta, psi, h / 2)),
        Mistake("the minimax field of 08.1 was taken, whatever field is given",
                lambda field, theta, psi, h: _step("both")(_minimax, theta, psi, h)),
    ),
    hints=("Ask the field once, before anybody moves.",
           "theta_dot, psi_dot = field(theta, psi); then each player's new number is the old one plus h times its velocity."),
)


def _play_case(rng):
    theta, psi = rng.normal(0, 1.5, 2).tolist()
    return _line_field(rng), theta, psi, round(float(rng.uniform(0.1, 0.4)), 2), int(rng.integers(4, 10))


def _play_truth(field, theta, psi, h, steps):
    """D's half step and G's half step are a matrix each; k steps are the k-th power of their product."""
    d_moves, g_moves = np.eye(2), np.eye(2)
    d_moves[1] += h * field.A[1]
    g_moves[0] += h * field.A[0]
    return {"path": np.stack([np.linalg.matrix_power(g_moves @ d_moves, k) @ [theta, psi] for k in range(steps + 1)])}


def _play(step):
    def play(field, theta, psi, h, steps):
        path = [(theta, psi)]
        for _ in range(steps):
            path.append(step(field, *path[-1], h))
        return np.array(path)

    return play


def _half_back(field, theta, psi, h, d, g):
    """A step in turns, with a sign for each player."""
    psi = psi + d * h * field(theta, psi)[1]
    return theta + g * h * field(theta, psi)[0], psi


def _same_row(field, theta, psi, h, steps):
    """One list for the point, changed in place and appended again and again."""
    return np.tile(_play(_step("DG"))(field, theta, psi, h, steps)[-1], (steps + 1, 1))


def _kept_between(field, theta, psi, h, steps):
    path = [(theta, psi)]
    for _ in range(steps):
        psi = psi + h * field(theta, psi)[1]
        path.append((theta, psi))
        theta = theta + h * field(theta, psi)[0]
    return np.array(path)


def _old_velocity(field, theta, psi, h):
    """Asks the field twice, but the second time with the psi from before."""
    psi_next = psi + h * field(theta, psi)[1]
    return theta + h * field(theta, psi)[0], psi_next


PLAY = Exercise(
    "08.5", "play_in_turns", "a game played in turns", _play_case, _play_truth,
    solution=lambda field, theta, psi, h, steps: dirac.trajectory(
        lambda point: np.array(field(point[0], point[1])), dirac.alternating, (theta, psi), steps, h),
    mistakes=(
        Mistake("both moved together: G must answer the D that has just moved", _play(_step("both"))),
        Mistake("G was asked with D's old psi, which makes both move together", _play(_old_velocity), "both moved together"),
        Mistake("G began: D moves first", _play(_step("GD"))),
        Mistake("D moved twice in each step, before G and after it", _play(_step("DGD"))),
        Mistake("the steps were taken backwards: velocities are added",
                lambda field, theta, psi, h, steps: _play(_step("DG"))(field, theta, psi, -h, steps)),
        Mistake("h is missing: steps have length 1",
                lambda field, theta, psi, h, steps: _play(_step("DG"))(field, theta, psi, 1, steps)),
        Mistake("every row is the last point: one and the same object was kept each time, and then changed", _same_row),
        Mistake("the start is missing: it is row 0", lambda *args: _play(_step("DG"))(*args)[1:], "has shape"),
        Mistake("psi stands before theta in each row", lambda *args: _play(_step("DG"))(*args)[:, ::-1]),
        Mistake("each row was kept between the two moves, before G's: psi is new there, and theta still the old one",
                _kept_between),
        Mistake("that is half a step each time, h / 2",
                lambda field, theta, psi, h, steps: _play(_step("DG"))(field, theta, psi, h / 2, steps)),
        Mistake("G never moved", _play(_step("D"))),
        Mistake("D never moved", _play(_step("G"))),
        Mistake("D moved backwards: add its velocity",
                _play(lambda field, theta, psi, h: _half_back(field, theta, psi, h, -1, 1))),
        Mistake("G moved backwards: add its velocity",
                _play(lambda field, theta, psi, h: _half_back(field, theta, psi, h, 1, -1))),
        Mistake("each step began at the start again: the next one begins where this one ended",
                lambda field, theta, psi, h, steps: np.array(
                    [(theta, psi), *[_step("DG")(field, theta, psi, h)] * steps])),
        Mistake("the minimax field of 08.1 was taken, whatever field is given",
                lambda field, theta, psi, h, steps: _play(_step("DG"))(_minimax_at, theta, psi, h, steps)),
        Mistake("each player took the other one's velocity", lambda field, *start: _play(_step("DG"))(
            lambda theta, psi: field(theta, psi)[::-1], *start)),
        Mistake("row 0 is 0: it is the start", lambda field, theta, psi, h, steps: np.vstack(
            [[0, 0], _play(_step("DG"))(field, theta, psi, h, steps)[1:]])),
        Mistake("two things: both moved together, and psi stands before theta",
                lambda *args: _play(_step("both"))(*args)[:, ::-1]),
        Mistake("D moves twice in each step, before G", _play(_step("DDG"))),
        Mistake("G moves twice in each step, after D", _play(_step("DGG"))),
    ),
    hints=("In each step: ask the field, move psi alone; ask the field again, at the new point, and move theta alone.",
           "psi = psi + h * field(theta, psi)[1], and after it theta = theta + h * field(theta, psi)[0].",
           "Keep a list that begins with (theta, psi), append the new pair after each step, and return np.array(...) of it."),
)


# ---------------------------------------------------------------- 08.6


def _growth_case(rng):
    """The players circle; or gamma is too large for that; or the steps are so long that the other eigenvalue decides."""
    kind, slope, h = rng.integers(3), rng.uniform(0.6, 1.4), rng.uniform(0.1, 0.4)
    gamma = 2 * slope * (rng.uniform(0.1, 0.8) if kind == 0 else rng.uniform(1.2, 1.8))
    return float(slope), float(gamma), float(rng.uniform(4, 6) / slope if kind == 2 else h)


def _J(slope, gamma):
    return np.array([[0, -slope], [slope, -gamma]])


def _growth_truth(slope, gamma, h):
    """growth: the size of M^n to the power 1/n, n = 2^60. critical_gamma: by halving the interval in which circling ends."""
    power, log_growth = np.eye(2) + h * _J(slope, gamma), 0.0
    for k in range(60):
        size = np.linalg.norm(power)
        log_growth += np.log(size) / 2**k
        power = (power / size) @ (power / size)
    circles, rests = 0.0, 10 * slope
    for _ in range(60):
        middle = (circles + rests) / 2
        if np.linalg.eigvals(_J(slope, middle)).imag.any():
            circles = middle
        else:
            rests = middle
    return {"growth": np.exp(log_growth), "critical_gamma": rests}


def _growth(mu):
    """The answer with another idea of growth, mu(lambdas, h), of which the right one is max |1 + h lambda|."""
    return lambda slope, gamma, h: (float(mu(dirac.r1_eigenvalues(gamma, slope), h)), 2 * slope)


def _critical(critical):
    return lambda slope, gamma, h: (_growth_solution(slope, gamma, h)[0], float(critical(slope)))


def _growth_solution(slope, gamma, h):
    return float(np.abs(1 + h * dirac.r1_eigenvalues(gamma, slope)).max()), 2 * slope


def _real_root(slope, gamma, h):
    root = np.sqrt(gamma**2 / 4 - slope**2)
    return max(abs(1 + h * (-gamma / 2 + root)), abs(1 + h * (-gamma / 2 - root))), 2 * slope


def _in_turns(slope, gamma, h):
    M = np.array([[1, -h * slope], [0, 1]]) @ np.array([[1, 0], [h * slope, 1 - h * gamma]])
    return float(np.abs(np.linalg.eigvals(M)).max()), 2 * slope


GROWTH = Exercise(
    "08.6", "growth_and_critical_gamma", "how fast the circle grows, and how much R1 ends it", _growth_case, _growth_truth,
    solution=_growth_solution,
    mistakes=(
        Mistake("one lambda was taken, -gamma/2 + root; the largest |1 + h lambda| may belong to the other",
                _growth(lambda lambdas, h: abs(1 + h * lambdas[lambdas.real.argmax()]))),
        Mistake("h is missing: 1 + lambda belongs to steps of length 1", _growth(lambda lambdas, h: np.abs(1 + lambdas).max())),
        Mistake("the 1/4 is missing: the root is that of gamma^2/4 - a^2", lambda slope, gamma, h: (
            float(np.abs(1 + h * (-gamma / 2 + np.array([1, -1]) * np.sqrt(gamma**2 - slope**2 + 0j))).max()), 2 * slope)),
        Mistake("the 1/2 is missing: lambda is -gamma/2 +- root", lambda slope, gamma, h: (
            float(np.abs(1 + h * (-gamma + np.array([1, -1]) * np.sqrt(gamma**2 / 4 - slope**2 + 0j))).max()), 2 * slope)),
        Mistake("that is the determinant of 1 + h J, the product of both eigenvalues",
                _growth(lambda lambdas, h: abs(np.prod(1 + h * lambdas)))),
        Mistake("that is the logarithm of the factor", _growth(lambda lambdas, h: np.log(np.abs(1 + h * lambdas).max()))),
        Mistake("1 was subtracted: the factor itself was asked for",
                _growth(lambda lambdas, h: np.abs(1 + h * lambdas).max() - 1)),
        Mistake("|lambda| was taken: a step adds h J (theta, psi)' to the point, so its eigenvalues are 1 + h lambda",
                _growth(lambda lambdas, h: np.abs(lambdas).max())),
        Mistake("1 + h |lambda|: the absolute value comes last, that of 1 + h lambda",
                _growth(lambda lambdas, h: (1 + h * np.abs(lambdas)).max())),
        Mistake("only the real part of lambda was used: the imaginary one pushes outwards, by Pythagoras",
                _growth(lambda lambdas, h: (1 + h * lambdas.real).max())),
        Mistake("e^(h Re lambda) is the factor of infinitely small steps; here they have length h",
                _growth(lambda lambdas, h: np.exp(h * lambdas.real.max()))),
        Mistake("that is the square of the factor: a square root is missing",
                _growth(lambda lambdas, h: np.abs(1 + h * lambdas).max() ** 2)),
        Mistake("the smaller of the two was taken: in the long run the larger one is left",
                _growth(lambda lambdas, h: np.abs(1 + h * lambdas).min())),
        Mistake("gamma was forgotten: that is sqrt(1 + h^2 a^2)", lambda slope, gamma, h: _growth_solution(slope, 0, h)),
        Mistake("the slope a was forgotten: that is the factor in the Wasserstein game",
                lambda slope, gamma, h: (_growth_solution(1, gamma, h)[0], 2 * slope)),
        Mistake("a negative number has no real square root: it must be made complex first, by + 0j", _real_root,
                "a root of a negative number"),
        Mistake("that is the factor of alternating steps", _in_turns),
        Mistake("as if lambda were always complex: sqrt(1 - h gamma + h^2 a^2) is right only where the root is imaginary",
                lambda slope, gamma, h: (math.sqrt(abs(1 - h * gamma + h * h * slope**2)), 2 * slope)),
        Mistake("the slope is an argument; 1/2, that of the minimax game, was taken in its place",
                lambda slope, gamma, h: _growth_solution(0.5, gamma, h)),
        Mistake("1 - h lambda: a sign is wrong, that of h lambda or that of gamma/2 in lambda",
                _growth(lambda lambdas, h: np.abs(1 - h * lambdas).max())),
        Mistake("one lambda was taken, -gamma/2 - root, with the largest size; the largest |1 + h lambda| may be the other's",
                _growth(lambda lambdas, h: abs(1 + h * lambdas[np.abs(lambdas).argmax()]))),
        Mistake("that is the largest singular value, the norm of 1 + h J: how much one step can stretch, not the growth in the "
                "long run",
                lambda slope, gamma, h: (float(np.linalg.norm(np.eye(2) + h * _J(slope, gamma), 2)), 2 * slope)),
        Mistake("critical_gamma is twice the slope: gamma^2/4 = a^2", _critical(lambda slope: slope), "factor 2"),
        Mistake("that is gamma^2 where the root is 0, not gamma", _critical(lambda slope: 4 * slope**2)),
        Mistake("critical_gamma = 1 belongs to the slope 1/2 of the minimax game; here the slope is another",
                _critical(lambda slope: 1)),
    ),
    hints=("If J v = lambda v, then (1 + h J) v = (1 + h lambda) v: the eigenvalues of the step are 1 + h lambda.",
           "lambda may be complex: root = np.sqrt(gamma**2 / 4 - slope**2 + 0j). np.abs gives a complex number's absolute value.",
           "The lambdas are real from where gamma^2 / 4 - slope^2 is no longer negative.",
           "growth is the larger of abs(1 + h * (-gamma / 2 + root)) and abs(1 + h * (-gamma / 2 - root)); in the Wasserstein "
           "game without R1 that is sqrt(1 + h^2)."),
    cases=12,  # of three kinds
)


EXERCISES = (MINIMAX, NON_SATURATING, R1, SIMULTANEOUS, PLAY, GROWTH)
