"""Exercises of lesson 08: why training circles.

Replace each `raise NotImplementedError(...)` by your answer, then run pytest on this folder.

The game of two numbers: all real points are 0, all generated points are theta, and D(x) = psi x says how strongly x is
suspected to be fake. f(t) = log sigmoid(t), and its derivative is f'(t) = sigmoid(-t). A *field* gives the velocities of both
players, theta_dot and psi_dot. Each player goes downhill on its own loss, so its velocity is minus the derivative of its
loss with respect to its own number. Everything is float64.
"""

import numpy as np  # noqa: F401  the answers will want it

from tinygan.engine.numerics import sigmoid  # noqa: F401


def minimax_field(theta, psi):
    """The velocities in the minimax game, at N points (theta, psi).

    With V = f(psi theta) + f(0), G loses V and D loses -V. So theta_dot = -dV/dtheta and psi_dot = +dV/dpsi.

    theta (N,), psi (N,)  ->  theta_dot (N,), psi_dot (N,), in this order
    """
    raise NotImplementedError("Exercise 08.1: the field of the minimax game")


def non_saturating_field(theta, psi):
    """The velocities in the non-saturating game, at N points.

    D loses -f(psi theta) - f(0), as in the minimax game. G loses -f(-psi theta): it wants its point to be taken for real.

    theta (N,), psi (N,)  ->  theta_dot (N,), psi_dot (N,), in this order
    """
    raise NotImplementedError("Exercise 08.2: the field of the non-saturating game")


def r1_field(theta, psi, gamma):
    """The velocities in the minimax game when D also pays R1: gamma/2 times the square of dD/dx, where D(x) = psi x.

    theta (N,), psi (N,), gamma a number  ->  theta_dot (N,), psi_dot (N,), in this order
    """
    raise NotImplementedError("Exercise 08.3: the field with R1")


def simultaneous_step(field, theta, psi, h):
    """Where both players stand after one step of length h, when both look first and then both move.

    field(theta, psi) returns the velocities (theta_dot, psi_dot) at N points.

    field, theta (N,), psi (N,), h a number  ->  theta_next (N,), psi_next (N,), in this order
    """
    raise NotImplementedError("Exercise 08.4: one simultaneous step")


def play_in_turns(field, theta, psi, h, steps):
    """The whole way of one game, played in alternating steps: in each, D moves first, then G answers the D that has just moved.

    field(theta, psi) returns the velocities (theta_dot, psi_dot) at one point. Row k of the result is (theta, psi) after k steps;
    row 0 is the start.

    field, theta a number, psi a number, h a number, steps a whole number  ->  path (steps + 1, 2)
    """
    raise NotImplementedError("Exercise 08.5: a game played in turns")


def growth_and_critical_gamma(slope, gamma, h):
    """Two numbers that decide how the game ends.

    Near the equilibrium (0, 0) the field with R1 is nearly J (theta, psi)', where a = f'(0) is the slope (1/2 in the
    minimax game, 1 in the Wasserstein game) and J has the eigenvalues lambda:

        J = [[0, -a], [a, -gamma]]          lambda = -gamma/2 +- sqrt(gamma^2/4 - a^2)

    growth: the factor of the radius per *simultaneous* step of length h, in the long run. Such a step multiplies (theta, psi)
    by 1 + h J; in the long run the eigenvalue of 1 + h J with the largest absolute value decides.

    critical_gamma: the smallest gamma for which the lambdas are real, so that nothing circles any more; it depends on a only.

    slope a number, gamma a number, h a number  ->  growth a number, critical_gamma a number, in this order
    """
    raise NotImplementedError("Exercise 08.6: how fast the circle grows, and how much R1 ends it")
