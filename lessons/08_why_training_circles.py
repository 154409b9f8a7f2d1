r"""
Why training circles
====================

Two players, each going straight downhill on its own loss: why do they run in circles, and what brings them to rest?

The smallest GAN of all has two numbers, one for each player. It can be solved with a pencil and drawn on paper, and it
does what makes large GANs hard to train: it passes the right answer again and again, and does not stop there.
"""

import matplotlib.pyplot as plt
import numpy as np

from tinygan import dirac, plots
from tinygan.engine import gradcheck
from tinygan.engine.jacobian import eigenvalues, jacobian
from tinygan.engine.numerics import log_sigmoid, sigmoid
from tinygan.plots import FAKE, JUDGE, TRUE

H = 0.2  # learning rate of both players; smaller ones circle more slowly, and above 4 not even taking turns keeps the circle
STEPS = 500  # some rounds; with 50 there is not even one, and nothing can be said about growing
START = np.array([1.0, 1.0])  # where both begin, (theta, psi); further out the circles take longer and look less round
NEAR = np.array([0.01, 0.0])  # a start at which eigenvalues speak; at (1, 1) they are only a rough guide
GAMMA = 0.3  # weight of R1; below H/4 = 0.05 it is too weak for simultaneous steps, and above 1 it slows the players down
plt.rcParams.update(plots.STYLE)

# %%
# A game of two numbers
# ---------------------
# All real points are 0. All generated points are :math:`\theta`, the generator's one parameter. The discriminator is
# a straight line through 0 with the slope :math:`\psi`: it *suspects* the point x of being fake by :math:`D(x) = \psi x`. (So
# its score, in the sense of the other lessons, is :math:`-\psi x`.) With :math:`f(t) = \log \sigma(t)`, D makes
#
# .. math:: V(\theta, \psi) = f(\psi\theta) + f(0)
#
# large, and G makes it small: the minimax game, for data that are a single point (Mescheder et al. 2018, who call it the
# *Dirac-GAN*). G does best at :math:`\theta = 0`, and then D should say nothing, :math:`\psi = 0`. Each follows its own slope:
#
# .. math:: \theta' = -\frac{\partial V}{\partial\theta} = -\psi\,\sigma(-\psi\theta), \qquad
#           \psi' = +\frac{\partial V}{\partial\psi} = \theta\,\sigma(-\psi\theta).


def velocity(point):
    """(theta', psi') at points (..., 2)."""
    theta, psi = point[..., 0], point[..., 1]
    slope = sigmoid(-psi * theta)  # f'(psi theta)
    return np.stack([-psi * slope, theta * slope], axis=-1)


# %%
# This is an arrow at each point of a plane, a *vector field*. Finite differences of V agree with it, with the first sign turned.
points = np.random.default_rng(0).normal(0, 1.5, (20, 2))
for point in points:
    slopes = gradcheck.central(lambda p: log_sigmoid(p[0] * p[1]) + log_sigmoid(0.0), point)
    assert np.allclose(velocity(point), slopes * [-1, 1], rtol=1e-7, atol=1e-9)
assert np.array_equal(velocity(np.zeros(2)), [0, 0])  # the equilibrium: nobody wants to move

# %%
# At right angles
# ---------------
# No hill is here to roll down, for what one player wins the other loses. At each point the arrow stands at a *right angle* to the
# direction of the equilibrium: :math:`\theta\theta' + \psi\psi' = (-\theta\psi + \psi\theta)\,\sigma(-\psi\theta) = 0`. It leads
# neither towards (0, 0) nor away from it. Players who followed it in infinitely small steps would go round on a circle for ever.
assert np.allclose((points * velocity(points)).sum(axis=-1), 0, atol=1e-14)
assert np.all(np.linalg.norm(velocity(points), axis=-1) > 0)  # and nowhere else do they stand still

# %%
# Simultaneous
# ------------
# Real steps are not infinitely small. In *simultaneous* steps both players look, and then both move. A
# step along the tangent leaves the circle, to the outside. Pythagoras tells how far: with :math:`f' = \sigma(-\psi\theta)`,
#
# .. math:: r_{\text{next}}^2 = r^2 + h^2 |{\rm velocity}|^2 = r^2 (1 + h^2 f'^2).


def simultaneous(field, point):
    return point + H * field(point)


def play(step, field, start=START, steps=STEPS):
    """The points visited, (steps + 1, 2)."""
    points = [start]
    for _ in range(steps):
        points.append(step(field, points[-1]))
    return np.array(points)


# %%
# The radius grows in every single step, by just this factor. After ``STEPS`` steps the players are more than twice as far
# from the answer as at the start.
outwards = play(simultaneous, velocity)
radius = np.linalg.norm(outwards, axis=-1)
slope = sigmoid(-outwards[:-1, 0] * outwards[:-1, 1])
assert np.all(np.diff(radius) > 0)
assert np.allclose(radius[1:] / radius[:-1], np.sqrt(1 + H**2 * slope**2), rtol=1e-12)
assert radius[-1] > 2 * radius[0]
print(f"simultaneous: the radius goes from {radius[0]:.2f} to {radius[-1]:.2f}")

# %%
# A smaller learning rate does not change the direction. To go equally far one needs four times as many steps of a quarter of
# the size; each pushes out sixteen times less, so all together, once the growth is small, about four times less. Less, but out.
growth = []
for h in (H, H / 4, H / 16):
    end = dirac.trajectory(velocity, dirac.simultaneous, START, steps=round(STEPS * H / h), h=h)[-1]
    growth.append(np.linalg.norm(end) / radius[0] - 1)
    print(f"learning rate {h:6g}, {STEPS * H / h:4.0f} steps: the radius grows by {growth[-1]:.1%}")
assert growth[0] > growth[1] > growth[2] > 0
assert 3 < growth[1] / growth[2] < 5

# %%
# In turns
# --------
# In *alternating* steps D moves first, and G answers the D that has just moved, as in Algorithm 1. Again one line moves, as in
# lesson 05; here it makes all the difference. Ten times as many steps, and the players are still about where they began.


def alternating(field, point):
    point = point + H * field(point) * [0, 1]  # D's number, psi
    return point + H * field(point) * [1, 0]  # G's number, theta


around = play(alternating, velocity, steps=10 * STEPS)
radius = np.linalg.norm(around, axis=-1)
assert radius.min() > 0.95 * radius[0] and radius.max() < 1.1 * radius[0]
print(f"alternating: after {10 * STEPS} steps the radius is still between {radius.min():.2f} and {radius.max():.2f}")

# %%
# Still about where they began: that is, not at the answer. And yet G has been there, again and again. Whenever
# :math:`\theta` passes 0, all generated points are as good as real. But at that moment :math:`\psi` is about as large as it ever
# is: D still has a large slope against G's earlier position, and this slope pushes G on.
crossings = np.flatnonzero(np.sign(around[1:, 0]) != np.sign(around[:-1, 0]))
assert crossings.size > 100
assert np.all(np.abs(around[crossings, 1]) > 0.9 * np.abs(around[:, 1]).max())
print(f"on the way theta passed 0, the right answer, {crossings.size} times")

# %%
# What the eigenvalues say
# ------------------------
# Near the equilibrium each step is nearly a matrix product, :math:`p_{\text{next}} \approx M p`. The *Jacobian* J of the field
# has its four derivatives there; a simultaneous step has :math:`M = 1 + hJ`. In turns, D's half step comes first:
#
# .. math:: J = \begin{pmatrix} 0 & -\tfrac12 \\ \tfrac12 & 0 \end{pmatrix}, \qquad
#           M_{\text{turns}} = \begin{pmatrix} 1 & -\tfrac h2 \\ 0 & 1 \end{pmatrix}
#                              \begin{pmatrix} 1 & 0 \\ \tfrac h2 & 1 \end{pmatrix}.
#
# The eigenvalues of J are :math:`\pm i/2`. Their real part is 0, which alone decides nothing: the non-saturating game has the
# same eigenvalues, and its flow creeps inwards, very slowly. Here we know from above that the velocity is at a right angle to the
# radius everywhere, so the flow keeps its distance. Steps are another matter. Over many of them the radius is multiplied by
# :math:`|\mu|` in each, where :math:`\mu` are the eigenvalues of M. Simultaneous: :math:`|1 \pm ih/2| = \sqrt{1 + h^2/4} > 1`.
# In turns: the determinant is 1, which is :math:`|\mu|^2` of a complex pair.
origin = np.zeros(2)
assert np.allclose(jacobian(velocity, origin), [[0, -0.5], [0.5, 0]], atol=1e-9)
assert np.allclose(eigenvalues(velocity), [0.5j, -0.5j], atol=1e-9)


def predicted(step, field):
    """The factor of the radius in one step, by the larger eigenvalue of the step's Jacobian at the equilibrium."""
    return np.abs(eigenvalues(lambda point: step(field, point))).max()


def measured(step, field):
    """The same from playing: the mean factor over STEPS steps from NEAR."""
    radius = np.linalg.norm(play(step, field, NEAR), axis=-1)
    return (radius[-1] / radius[0]) ** (1 / STEPS)


# %%
# We play near the equilibrium and measure. The orbit grows, and stays, as the eigenvalues say.
assert np.isclose(predicted(simultaneous, velocity), np.sqrt(1 + H**2 / 4), atol=1e-9)
assert np.isclose(predicted(alternating, velocity), 1, atol=1e-9)
for step in (simultaneous, alternating):
    assert abs(measured(step, velocity) - predicted(step, velocity)) < 3e-4
    print(f"{step.__name__:>12}: by its eigenvalues {predicted(step, velocity):.5f}, measured {measured(step, velocity):.5f}")

# %%
# A penalty that ends it
# ----------------------
# D has no reason to be quiet: while G is wrong its slope grows, and it shrinks only when G is wrong on the other side. *R1*
# (Mescheder et al. 2018, section 4.1) charges D for being steep where the real points are, :math:`\tfrac\gamma2 (dD/dx)^2
# = \tfrac\gamma2 \psi^2`. G's velocity stays, and D's gains one term, like friction:
#
# .. math:: \psi' = \theta\,\sigma(-\psi\theta) - \gamma\psi, \qquad
#           \lambda = -\frac\gamma2 \pm \sqrt{\frac{\gamma^2}{4} - \frac14}.
#
# The real part is negative now: it shrinks. And the equilibrium is still at (0, 0), for there the penalty is 0 and flat.


def with_r1(gamma):
    return lambda point: velocity(point) - gamma * point * [0, 1]


assert np.allclose(eigenvalues(with_r1(GAMMA)), dirac.r1_eigenvalues(GAMMA), atol=1e-8)
assert np.all(dirac.r1_eigenvalues(GAMMA).real < 0)
for step in (simultaneous, alternating):
    field = with_r1(GAMMA)
    end = np.linalg.norm(play(step, field)[-1])
    assert end < 1e-4 * np.linalg.norm(START) and predicted(step, field) < 1
    assert abs(measured(step, field) - predicted(step, field)) < 2e-3
    print(f"{step.__name__:>12} with R1: {predicted(step, field):.4f} per step; at the end the radius is {end:.0e}")

# %%
# How much of it?
# ---------------
# Under :math:`\gamma = 1` the root is imaginary: the players still circle, on a spiral inwards. From 1 on it is real, and they
# come straight in. But beyond 1 the slower eigenvalue climbs back towards 0: D is slowed so much that it hardly learns,
# and G has little to follow. At the other end, simultaneous steps need :math:`\gamma > h/4`, or Pythagoras wins.
gammas = np.linspace(0, 4, 161)
factors = {step: np.array([predicted(step, with_r1(gamma)) for gamma in gammas]) for step in (simultaneous, alternating)}
for factor in factors.values():
    assert abs(gammas[factor.argmin()] - 1) < 0.11
    assert factor[-1] > factor[12] > factor.min()  # gamma = 4 is slower than 0.3
assert predicted(simultaneous, with_r1(H / 4 - 0.01)) > 1 > predicted(simultaneous, with_r1(H / 4 + 0.01))
assert dirac.r1_eigenvalues(0.99).imag.all() and not dirac.r1_eigenvalues(1.01).imag.any()
tried = (0, 0.1, 0.3, 0.6, 1.5, 2.5, 4)
for gamma in tried:
    assert abs(measured(simultaneous, with_r1(gamma)) - predicted(simultaneous, with_r1(gamma))) < 5e-3

# %%
# Other games
# -----------
# ``tinygan.dirac`` has what we wrote, and other games. In the *Wasserstein* game f(t) = t: near the middle everything goes
# round twice as fast, and the factor :math:`\sqrt{1 + h^2}` holds everywhere. Clipping :math:`\psi`, as this game's
# inventors did, bounds
# the orbit; it does not end. R1 ends it.
assert np.array_equal(dirac.trajectory(dirac.minimax, dirac.alternating, START, STEPS, H), around[:STEPS + 1])
radius = np.linalg.norm(dirac.trajectory(dirac.wasserstein, dirac.simultaneous, START, STEPS, H), axis=-1)
assert np.allclose(radius[1:] / radius[:-1], np.sqrt(1 + H**2), rtol=1e-12) and radius[-1] > 10_000
for step in (dirac.simultaneous, dirac.alternating):
    end = np.linalg.norm(dirac.trajectory(dirac.wasserstein, step, START, STEPS, H, clip=0.3)[-100:], axis=-1)
    assert 0.2 < end.min() and end.max() < 0.4
    end = dirac.trajectory(dirac.with_r1(dirac.wasserstein, GAMMA), step, START, STEPS, H)[-1]
    assert np.linalg.norm(end) < 0.01

# %%
# The *gradient penalty* of lesson 11 does not end it either. It asks for the slope 1, :math:`\tfrac\lambda2 (|\psi| - 1)^2`.
# But where G is right, D should be flat: at (0, 0) this penalty is not 0, and its derivative jumps. So the players keep
# circling, however small the steps are (Mescheder et al. 2018, section 4). R1 asks for the slope 0, which is the slope at the
# equilibrium.
def with_gradient_penalty(point):
    psi = point[..., 1]
    return dirac.wasserstein(point) - np.stack([0 * psi, (np.abs(psi) - 1) * np.sign(psi)], axis=-1)


for step in (dirac.simultaneous, dirac.alternating):
    for h in (H, H / 4):
        late = np.linalg.norm(dirac.trajectory(with_gradient_penalty, step, START, 20 * STEPS, h)[-1000:], axis=-1)
        assert 1.1 < late.min() and late.max() < 1.9
        print(f"gradient penalty, {step.__name__}, h = {h}: the radius stays between {late.min():.2f} and {late.max():.2f}")
    assert np.linalg.norm(dirac.trajectory(dirac.with_r1(dirac.wasserstein, GAMMA), step, START, 20 * STEPS, H)[-1]) < 1e-9

# %%
# In the *non-saturating* game :math:`\theta' = -\psi\,\sigma(\psi\theta)`. Now the arrow leans inwards, but less and less
# near the equilibrium. In turns, the players creep in; with simultaneous steps they end on a circle on which leaning in and
# stepping out cancel. Its radius is nearly :math:`\sqrt{2h}`.
lean = (points * dirac.non_saturating(points)).sum(axis=-1)
t = points[:, 0] * points[:, 1]
assert np.all(lean < 0) and np.allclose(lean, -t * np.tanh(t / 2))
ends = {step: np.linalg.norm(dirac.trajectory(dirac.non_saturating, step, START, 10 * STEPS, H)[-1])
        for step in (dirac.simultaneous, dirac.alternating)}
assert abs(ends[dirac.simultaneous] - np.sqrt(2 * H)) < 0.02
assert 0.01 < ends[dirac.alternating] < 0.15  # R1 was at 1e-6 after a tenth of the steps
print("non-saturating, after", 10 * STEPS, "steps:", *(f"{step.__name__} {end:.2f}" for step, end in ends.items()))

# %%
# The picture
# -----------


def portrait(ax, step, field, title):
    """The field's arrows, and the way of the players from START."""
    side = np.linspace(-3, 3, 13)
    grid = np.stack(np.meshgrid(side, side), axis=-1)  # (13, 13, 2)
    arrows = field(grid)
    ax.quiver(grid[..., 0], grid[..., 1], arrows[..., 0], arrows[..., 1], color="0.7", angles="xy", width=0.004)
    way = play(step, field)
    ax.plot(way[:, 0], way[:, 1], color="black", linewidth=0.9)
    ax.plot(*START, "o", color="black", markersize=5, fillstyle="none")
    ax.plot(*way[-1], "o", color="black", markersize=5)
    ax.plot(0, 0, "+", color=TRUE, markersize=12, markeredgewidth=2)
    ax.set(xlim=(-3.3, 3.3), ylim=(-3.3, 3.3), aspect="equal", title=title, xticks=(-2, 0, 2), yticks=(-2, 0, 2))
    ax.set_xlabel(r"$\theta$, where the fakes are", color=FAKE)
    ax.set_ylabel(r"$\psi$, the slope of D", color=JUDGE)


# %%
# Below: the chase itself, step by step, D always a quarter of a turn behind; the radius near the equilibrium; and the factor
# against gamma. Black lines are played, dashed ones predicted by eigenvalues.


def draw_radii(ax):
    steps = np.arange(STEPS + 1)
    for step, gamma, name in ((simultaneous, 0, "simultaneous"), (alternating, 0, "in turns"), (simultaneous, GAMMA, "R1")):
        field = with_r1(gamma)
        radius = np.linalg.norm(play(step, field, NEAR), axis=-1)
        ax.semilogy(steps, radius, color="black", linewidth=1)
        ax.semilogy(steps, radius[0] * predicted(step, field) ** steps, "--", color="#E69F00", linewidth=2)
        ax.annotate(name, (STEPS, radius[-1]), (4, 0), textcoords="offset points", va="center")
    ax.set(xlabel="step", ylabel="radius", title="How far from the answer?", xlim=(0, STEPS))


def draw_factors(ax):
    ax.axhline(1, color="0.7", linewidth=0.8)
    ax.plot(gammas, factors[simultaneous], "--", color="#E69F00", linewidth=2, label="eigenvalues")
    ax.plot(tried, [measured(simultaneous, with_r1(gamma)) for gamma in tried], "o", color="black", markersize=4, label="played")
    ax.set(xlabel=r"$\gamma$ of R1", ylabel="factor per step", title="How much R1? (simultaneous)")
    ax.legend(loc="lower right")


# %%
# The players begin at the open circle and end at the full one; the blue cross is the equilibrium.
fig, axes = plt.subplot_mosaic([["once", "turns", "r1"], ["chase", "radii", "factors"]], figsize=(10, 6.4), height_ratios=(3, 2))
portrait(axes["once"], simultaneous, velocity, "simultaneous: outwards")
portrait(axes["turns"], alternating, velocity, "in turns: around and around")
portrait(axes["r1"], simultaneous, with_r1(GAMMA), f"with R1, $\\gamma$ = {GAMMA}: inwards")
axes["chase"].plot(around[:200, 0], color=FAKE, label=r"$\theta$, G")
axes["chase"].plot(around[:200, 1], color=JUDGE, label=r"$\psi$, D")
axes["chase"].axhline(0, color=TRUE, linewidth=1)
axes["chase"].set(xlabel="step", title="The chase, in turns", xlim=(0, 200), ylim=(-2, 2.6))
axes["chase"].legend(loc="upper right", ncols=2)
draw_radii(axes["radii"])
draw_factors(axes["factors"])

# %%
# What you saw
# ------------
# * A game has no hill. In the minimax game the arrow stands at a right angle to the way home, so the players go round.
# * Each simultaneous step adds a little to the radius, whatever the learning rate. In turns it stays. Neither arrives, and a
#   generator that is right at some step is not done: D pushes it on.
# * Eigenvalues say it beforehand: :math:`|1 \pm ih/2| > 1`, determinant 1, and with R1 a real part of :math:`-\gamma/2`.
#   Measured factors agreed.
# * R1 brings the players to rest, fastest around :math:`\gamma = 1`. Too little does not suffice, and too much is slow.
#
# Large GANs have as many numbers as parameters, and a Jacobian of their own; near an equilibrium it decides in the same way
# (Mescheder et al. 2017, *The Numerics of GANs*). The game of two numbers is in Mescheder, Geiger & Nowozin (2018), *Which
# Training Methods for GANs do actually Converge?*; R1 for networks is in ``tinygan/penalties.py``.
#
# To try:
#
# 1. Give D two half steps for each step of G in ``alternating``. What is the determinant now, and does it come to rest?
# 2. Let G go first. Does anything change in the picture, or in the eigenvalues?
# 3. *Momentum* is usually harmless downhill. Add it here: next = point + h velocity + 0.5 (point - the one before). And -0.5?
# 4. ``dirac.with_consensus`` lets both players walk towards where the arrows are short. What are its eigenvalues?
#
# ``tinygan play --story circles`` shows it while it runs, and you can change it by hand.
plots.show("lesson_08")
