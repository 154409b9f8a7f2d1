r"""
Why training circles
====================

Two players each follow the gradient of their own loss. Why do they move in circles, and what brings them to rest?

* **Time** 50 minutes.
* **Before** lesson 05, partial derivatives, complex numbers, and eigenvalues of 2 x 2 matrices.
* **Terms** Dirac-GAN, minimax, R1, gradient penalty, extragradient, optimism, consensus, two time scales.

The smallest GAN has two numbers, one for each player. It can be solved on paper, and it shows what makes large GANs hard to
train. It passes the right answer again and again, and does not stop there.
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
# All real points are 0. All generated points are :math:`\theta`, the generator's one parameter. The discriminator is a straight
# line through 0 with the slope :math:`\psi`. Its value :math:`D(x) = \psi x` says how strongly it *suspects* the point x of being
# fake. (So the score of the other lessons is :math:`-\psi x`.) With :math:`f(t) = \log \sigma(t)`, D makes
#
# .. math:: V(\theta, \psi) = f(\psi\theta) + f(0)
#
# large, and G makes it small. This is the minimax game for data that are a single point (Mescheder et al. 2018, who call it the
# *Dirac-GAN*). G is best at :math:`\theta = 0`, and then D should be flat, :math:`\psi = 0`. Each follows its own derivative,
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
assert np.array_equal(velocity(np.zeros(2)), [0, 0])  # the equilibrium: neither player moves

# %%
# At right angles
# ---------------
# There is no single function to descend, because one player's gain is the other's loss.
#
# **Predict.** Which angle is between the arrow at a point and the direction from there to the equilibrium (0, 0)?
#
# .. answer::
#    A right angle, at each point, for :math:`\theta\theta' + \psi\psi' = (-\theta\psi + \psi\theta)\,\sigma(-\psi\theta) = 0`.
#    The arrow leads neither towards (0, 0) nor away from it. With infinitely small steps the players would stay on a circle for
#    ever.
assert np.allclose((points * velocity(points)).sum(axis=-1), 0, atol=1e-14)
assert np.all(np.linalg.norm(velocity(points), axis=-1) > 0)  # and nowhere else do they stand still

# %%
# Simultaneous
# ------------
# Real steps are not infinitely small. In *simultaneous* steps both players compute their gradients, and then both move. A step
# along the tangent leaves the circle to the outside. By the theorem of Pythagoras, with :math:`f' = \sigma(-\psi\theta)`,
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
# The radius grows in every single step, by exactly this factor. After ``STEPS`` steps the players are more than twice as far from
# the answer as at the start.
outwards = play(simultaneous, velocity)
radius = np.linalg.norm(outwards, axis=-1)
slope = sigmoid(-outwards[:-1, 0] * outwards[:-1, 1])
assert np.all(np.diff(radius) > 0)
assert np.allclose(radius[1:] / radius[:-1], np.sqrt(1 + H**2 * slope**2), rtol=1e-12)
assert radius[-1] > 2 * radius[0]
print(f"simultaneous: the radius goes from {radius[0]:.2f} to {radius[-1]:.2f}")

# %%
# **Predict.** Take a quarter of the learning rate and four times as many steps. Does the radius still grow?
#
# .. answer::
#    Yes. Each step now moves outwards sixteen times less, and there are four times as many. Where the growth is small, it is
#    about four times smaller in total. A smaller learning rate delays the growth, and does not change its direction.
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
# In *alternating* steps D moves first, and G gets its gradient from the new D, as in Algorithm 1. In lesson 05 the order hardly
# mattered.
#
# **Predict.** Where are the players after ten times as many steps?
#
# .. answer::
#    At about the same distance as at the start, between 0.95 and 1.1 times the first radius. They neither arrive nor run away.


def alternating(field, point):
    point = point + H * field(point) * [0, 1]  # D's number, psi
    return point + H * field(point) * [1, 0]  # G's number, theta


around = play(alternating, velocity, steps=10 * STEPS)
radius = np.linalg.norm(around, axis=-1)
assert radius.min() > 0.95 * radius[0] and radius.max() < 1.1 * radius[0]
print(f"alternating: after {10 * STEPS} steps the radius is still between {radius.min():.2f} and {radius.max():.2f}")

# %%
# So they are not at the answer. But G has been there again and again. Whenever :math:`\theta` passes 0, all generated points are
# right. But at this step :math:`\psi` is nearly as large as it ever is. D still has a large slope against G's earlier position,
# and the slope moves G further.
crossings = np.flatnonzero(np.sign(around[1:, 0]) != np.sign(around[:-1, 0]))
assert crossings.size > 100
assert np.all(np.abs(around[crossings, 1]) > 0.9 * np.abs(around[:, 1]).max())
print(f"on the way theta passed 0, the right answer, {crossings.size} times")

# %%
# What the eigenvalues say
# ------------------------
# Near the equilibrium each step is nearly a matrix product, :math:`p_{\text{next}} \approx M p`. The *Jacobian* J of the field
# contains its four derivatives there, and a simultaneous step has :math:`M = 1 + hJ`. In turns, D's half step comes first,
#
# .. math:: J = \begin{pmatrix} 0 & -\tfrac12 \\ \tfrac12 & 0 \end{pmatrix}, \qquad
#           M_{\text{turns}} = \begin{pmatrix} 1 & -\tfrac h2 \\ 0 & 1 \end{pmatrix}
#                              \begin{pmatrix} 1 & 0 \\ \tfrac h2 & 1 \end{pmatrix}.
#
# The eigenvalues of J are :math:`\pm i/2`. Their real part is 0, and this alone decides nothing. The non-saturating game has the
# same eigenvalues, and its flow comes nearer, very slowly. Here we know from above that the velocity is at a right angle to the
# radius everywhere, so the flow keeps its distance. Steps are different. Over many steps the radius is multiplied by
# :math:`|\mu|` in each, where :math:`\mu` are the eigenvalues of M. For simultaneous steps
# :math:`|1 \pm ih/2| = \sqrt{1 + h^2/4} > 1`. In turns the determinant is 1, and it equals :math:`|\mu|^2` for a complex pair.
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
# We play near the equilibrium and measure. With simultaneous steps the orbit grows, and in turns it stays, as the eigenvalues
# say.
assert np.isclose(predicted(simultaneous, velocity), np.sqrt(1 + H**2 / 4), atol=1e-9)
assert np.isclose(predicted(alternating, velocity), 1, atol=1e-9)
for step in (simultaneous, alternating):
    assert abs(measured(step, velocity) - predicted(step, velocity)) < 3e-4
    print(f"{step.__name__:>12}: by its eigenvalues {predicted(step, velocity):.5f}, measured {measured(step, velocity):.5f}")

# %%
# A penalty that ends it
# ----------------------
# Nothing makes D flat again. While G is wrong, the slope of D grows. It shrinks only when G is wrong on the other side. *R1*
# (Mescheder et al. 2018, section 4.1) adds a penalty for a steep D at the real points, :math:`\tfrac\gamma2 (dD/dx)^2
# = \tfrac\gamma2 \psi^2`. G's velocity stays, and D's velocity gets one more term, a damping,
#
# .. math:: \psi' = \theta\,\sigma(-\psi\theta) - \gamma\psi, \qquad
#           \lambda = -\frac\gamma2 \pm \sqrt{\frac{\gamma^2}{4} - \frac14}.
#
# The real part is negative now, so the radius shrinks. The equilibrium is still (0, 0), for there the penalty and its derivative
# are 0.


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
# **Predict.** Is more R1 always faster?
#
# .. answer::
#    No. Under :math:`\gamma = 1` the root is imaginary, and the players move on a spiral inwards. From 1 on it is real, and they
#    no longer circle. But beyond 1 the slower eigenvalue comes near 0 again. D is damped so much that it hardly learns, and G has
#    little to follow. And simultaneous steps need :math:`\gamma > h/4`, or the radius still grows.
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
# Other steps
# -----------
# R1 changes the game. One can also change the steps. *Extragradient* (Korpelevich 1976) makes a trial step, computes the velocity
# there, and uses it for the real step from the old point. This needs two gradients for each step. *Optimism* (Daskalakis et al.
# 2018) needs one. It keeps the last velocity and steps along :math:`2 v_{\text{now}} - v_{\text{before}}`, as if the change
# continued.
#
# **Predict.** For an extragradient step :math:`M = 1 + hJ + h^2 J^2`, with the eigenvalues :math:`1 - h^2/4 \pm ih/2`. Inwards or
# outwards?
#
# .. answer::
#    Inwards, for :math:`|\mu|^2 = (1 - h^2/4)^2 + h^2/4`, which is :math:`1 - h^2/4 + h^4/16`, is below 1. For h = 0.2 the factor
#    is 0.995. Optimism has nearly the same factor. Both are slower than R1, and both work without a penalty.


def extragradient(field, point):
    return point + H * field(point + H * field(point))


def optimistic(start, steps=STEPS):
    """The points of simultaneous steps along 2 field(now) - field(before)."""
    points, before = [start], velocity(start)
    for _ in range(steps):
        now = velocity(points[-1])
        points.append(points[-1] + H * (2 * now - before))
        before = now
    return np.array(points)


# %%
# We measure the factor near the equilibrium, and the distance from ``START`` after the same 500 steps.
assert np.isclose(predicted(extragradient, velocity) ** 2, (1 - H**2 / 4) ** 2 + H**2 / 4, rtol=1e-9)
radius = np.linalg.norm(optimistic(NEAR), axis=-1)
factor = {"extragradient": measured(extragradient, velocity), "optimism": (radius[-1] / radius[0]) ** (1 / STEPS)}
ends = {"extragradient": play(extragradient, velocity)[-1], "optimism": optimistic(START)[-1]}
for name, end in ends.items():
    print(f"{name}: {factor[name]:.4f} per step; from (1, 1) to the radius {np.linalg.norm(end):.2f}")
    assert abs(factor[name] - 0.995) < 5e-4 and np.linalg.norm(end) < 0.15

# %%
# *Consensus optimisation* (Mescheder et al. 2017) adds a common aim. Both players also reduce :math:`\tfrac\gamma2
# |{\rm velocity}|^2`. Near the equilibrium this adds :math:`-\gamma J^T J`, so the eigenvalues are
# :math:`-\tfrac\gamma4 \pm \tfrac i2`. *Two time scales* (Heusel et al. 2017) give D a learning rate k times larger.
#
# **Predict.** A D that learns five times faster follows G better. Does this alone bring the players to rest?
#
# .. answer::
#    No. The eigenvalues are :math:`\pm\tfrac i2 \sqrt k`. The real part stays 0, and the players only circle faster. Together
#    with R1 it helps, for the damping of D becomes five times larger. The real part goes from -0.15 to -0.75.
def faster(field, k):
    return lambda point: field(point) * [1, k]


assert np.allclose(eigenvalues(dirac.with_consensus(GAMMA)), [-GAMMA / 4 + 0.5j, -GAMMA / 4 - 0.5j], atol=1e-7)
assert np.linalg.norm(play(simultaneous, dirac.with_consensus(GAMMA))[-1]) < 0.02
for k in (1, 5):
    plain, damped = (eigenvalues(faster(field, k)) for field in (velocity, with_r1(GAMMA)))
    assert np.allclose(plain, [0.5j * np.sqrt(k), -0.5j * np.sqrt(k)], atol=1e-8)
    assert np.allclose(damped.real, -k * GAMMA / 2, atol=1e-8)
    print(f"D's rate times {k}: eigenvalues {plain.round(2)}, with R1 {damped.round(2)}")

# %%
# Other games
# -----------
# ``tinygan.dirac`` has what we wrote, and other games. In the *Wasserstein* game f(t) = t. Near the equilibrium the players
# circle twice as fast, and the factor :math:`\sqrt{1 + h^2}` is right everywhere. Its authors (Arjovsky et al. 2017) clip
# :math:`\psi`. This bounds the orbit and does not end it. R1 ends it.
assert np.array_equal(dirac.trajectory(dirac.minimax, dirac.alternating, START, STEPS, H), around[:STEPS + 1])
radius = np.linalg.norm(dirac.trajectory(dirac.wasserstein, dirac.simultaneous, START, STEPS, H), axis=-1)
assert np.allclose(radius[1:] / radius[:-1], np.sqrt(1 + H**2), rtol=1e-12) and radius[-1] > 10_000
for step in (dirac.simultaneous, dirac.alternating):
    end = np.linalg.norm(dirac.trajectory(dirac.wasserstein, step, START, STEPS, H, clip=0.3)[-100:], axis=-1)
    assert 0.2 < end.min() and end.max() < 0.4
    end = dirac.trajectory(dirac.with_r1(dirac.wasserstein, GAMMA), step, START, STEPS, H)[-1]
    assert np.linalg.norm(end) < 0.01

# %%
# The *gradient penalty* of lesson 11 does not end it either. Its target is the slope 1, :math:`\tfrac\lambda2 (|\psi| - 1)^2`.
# But where G is right, D should be flat. At (0, 0) this penalty is not 0, and its derivative jumps. So the players keep circling,
# for small steps too (Mescheder et al. 2018, section 3). The target of R1 is the slope 0, which is the slope at the equilibrium.
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
# In the *non-saturating* game :math:`\theta' = -\psi\,\sigma(\psi\theta)`. Now the arrow has a part inwards, which becomes
# smaller and smaller near the equilibrium. In turns the players come in very slowly. With simultaneous steps they end on a circle
# where the part inwards and the growth by steps cancel. Its radius is nearly :math:`\sqrt{2h}`.
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
    """The field's arrows, and the path of the players from START."""
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
# The lower row has three parts. On the left are both numbers against the step, with D a quarter of a turn behind. In the middle
# is the radius near the equilibrium. On the right is the factor against gamma. Black is played, and dashed is predicted by
# eigenvalues.


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
# The players begin at the open circle and end at the full one. The blue cross is the equilibrium.
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
# * A game has no common function to descend. In the minimax game the arrow is at a right angle to the radius, so the players
#   circle.
# * Each simultaneous step increases the radius, with every learning rate. In turns the radius stays. Neither arrives. A generator
#   that is right at some step does not stay there, because the slope of D moves it further.
# * Eigenvalues predict it. :math:`|1 \pm ih/2|` is above 1, in turns the determinant is 1, and with R1 the real part is
#   :math:`-\gamma/2`. Measured factors agreed.
# * R1 brings the players to rest, fastest around :math:`\gamma = 1`. Too little is not enough, and too much is slow.
# * Extragradient, optimism and consensus bring them to rest without R1. Two time scales alone do not.
#
# A large GAN has many parameters and a large Jacobian. Near an equilibrium its eigenvalues decide too (Mescheder et al. 2017,
# *The Numerics of GANs*). This game is from Mescheder, Geiger & Nowozin (2018), *Which Training Methods for GANs do actually
# Converge?* The code of R1 for networks is in ``tinygan/penalties.py``. Training with ``update="extragradient"`` and the
# optimiser ``Optimistic`` are there too.
#
# ``tinygan play --story circles`` shows it while it runs, and you can change it by hand.
#
# Questions:
#
# 1. *On paper.* Derive the eigenvalues with R1, and the condition :math:`\gamma > h/4` for simultaneous steps.
#
#    .. answer::
#       First, the Jacobian with R1 is :math:`J = \begin{pmatrix} 0 & -\frac12 \\ \frac12 & -\gamma \end{pmatrix}`. Its
#       characteristic equation is :math:`\lambda (\lambda + \gamma) + \frac14 = 0`.
#
#       Second, the roots are :math:`\lambda = -\frac\gamma2 \pm \sqrt{\frac{\gamma^2}{4} - \frac14}`. For :math:`\gamma < 1` they
#       are complex, and the square of their size is the product of the roots, :math:`|\lambda|^2 = \frac14`.
#
#       Third, a simultaneous step has :math:`\mu = 1 + h\lambda`. So
#       :math:`|\mu|^2 = 1 + 2h\,\mathrm{Re}\,\lambda + h^2 |\lambda|^2`, which is :math:`1 - h\gamma + \frac{h^2}{4}`.
#
#       Fourth, this is below 1 exactly if :math:`h\gamma > \frac{h^2}{4}`, which is :math:`\gamma > \frac h4`.
#
# 2. *Run it.* Set ``H`` to 0.05. By how much does the radius grow with simultaneous steps now? (Assertions stop you. Take them
#    out.)
#
#    .. answer::
#       By 13 % in 500 steps, from 1.41 to 1.60. In 5000 alternating steps :math:`\theta` passes the
#       right answer only 35 times. Smaller steps follow the circle more exactly, and more slowly.
#
# 3. *Explain.* G passes the right answer more than a hundred times. Why not simply stop there?
#
#    .. answer::
#       In this game one can see :math:`\theta`. In a real GAN nobody knows when G is right, and the losses do not say it (lesson
#       07). And D is nearly as steep as it ever is at such a step, so it is far from the equilibrium. The pair is not a solution.
#
# To try:
#
# 1. Give D two half steps for each step of G in ``alternating``. What is the determinant now, and does it come to rest?
#
#    .. answer::
#       The determinant is still 1. Two half steps from one G are one whole step near the equilibrium. After 5000 steps the radius
#       is still between 1.39 and 1.49.
#
# 2. Let G move first. Does anything change in the picture, or in the eigenvalues?
#
#    .. answer::
#       The eigenvalues are the same, :math:`0.995 \pm 0.0999 i`. The orbit is shifted by half a step, and the radius now lies
#       between 1.34 and 1.43.
#
# 3. *Momentum* is usually harmless in minimisation. Add 0.5 times the last change to each step of each player. And then -0.5
#    times?
#
#    .. answer::
#       Start at the radius 1.41 and take 500 steps. With 0.5 the radius becomes 5.9 with simultaneous steps and 3.9 in turns.
#       With -0.5 it is 1.9 with simultaneous steps, and 0.70 in turns. In turns it falls to 0.0009 after 5000 steps. So negative
#       momentum brings the players to rest in turns only.
#
# 4. ``dirac.with_consensus`` also shortens the arrows. What happens with ``gamma`` = 2, near the equilibrium and from ``START``?
#
#    .. answer::
#       Near the equilibrium it comes in fast, with a factor of 0.906 per step. But from (1, 1) the radius after 500 steps is 5.9,
#       and not 0. Far outside there are other places where arrows are short. Eigenvalues at the equilibrium do not show this.
far = dirac.trajectory(dirac.with_consensus(2.0), dirac.simultaneous, START, STEPS, H)[-1]
assert np.allclose([-GAMMA / 2, -5 * GAMMA / 2], [-0.15, -0.75])  # D's damping, at its own rate and at five times this rate
assert np.linalg.norm(far) > 5 and abs(predicted(simultaneous, dirac.with_consensus(2.0)) - 0.906) < 0.0005
plots.show("lesson_08")
