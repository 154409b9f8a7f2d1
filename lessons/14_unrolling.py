r"""
Unrolling
=========

A generator learns from the discriminator of this moment. What would it do if it could see how the discriminator will answer?

* **Time** 35 minutes.
* **Before** lessons 08 and 12.
* **Terms** unrolling, R-operator, tangent, Dirac-GAN, visited.

In an *unrolled* GAN, G looks K steps of D ahead. But it is not enough to look, because G's own parameters change those steps. The
derivative has to go back through D's learning.
"""

import os

import matplotlib.pyplot as plt
import numpy as np

from tinygan import d_gradients, d_step, data, dirac, g_gradients, losses, plots
from tinygan.engine import gradcheck
from tinygan.engine.jacobian import eigenvalues, jacobian
from tinygan.engine.layers import Tanh
from tinygan.engine.network import mlp
from tinygan.engine.optim import Adam
from tinygan.metrics import mode_report
from tinygan.plots import FAKE, JUDGE, TRUE
from tinygan.unroll import unrolled_g_gradients

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer games and steps
K = 3  # steps of D that G looks ahead; with 0 all three kinds of generator below are the same
ETA = 0.5  # learning rate of those steps; at 0.001 D changes too little, and looking ahead changes nothing
REACH = 0.15  # K steps of 0.05, for two numbers; from 1 on the unrolled way no longer turns, from 2 on neither way does
LOSS = losses.NonSaturating()  # with Wasserstein() the chain is shorter, for the loss itself has no curvature
GAMES = 6 if FAST else 10  # small games whose gradients are compared; every claim must hold for each of them
DEPTHS = (1, 3, 10) if FAST else (1, 2, 3, 5, 7, 10)  # numbers of steps ahead in the picture of errors
SEEDS = 16  # GANs of each kind on the ring, trained side by side; every count is out of so many
STEPS = 200 if FAST else 500  # of both players on the ring; with 50 no G has come far
plt.rcParams.update(plots.STYLE)

# %%
# Two numbers
# -----------
# Take the Dirac-GAN of lesson 08 in its simplest form. G is the number :math:`\theta`, D is the number :math:`\psi`, and
# :math:`V = \psi\theta` is what D wins and G loses. D climbs, by :math:`\partial V/\partial\psi = \theta`. After K steps of
# length :math:`\eta` it is at :math:`\psi_K = \psi + K\eta\theta`, and there G loses :math:`V_K = \psi_K\theta`.
#
# **Predict.** Is :math:`\psi_K` the derivative of :math:`V_K` with respect to :math:`\theta`?
#
# .. answer::
#    No, since :math:`\psi_K` depends on :math:`\theta` too. There are two terms:
#
#    .. math:: \frac{dV_K}{d\theta} = \underbrace{\psi + K\eta\theta}_{\text{where D will be}} +
#              \underbrace{K\eta\,\theta}_{\text{how G changes it}}.


def loss_ahead(theta, psi):
    for _ in range(K):
        psi = psi + ETA * theta
    return psi * theta


for theta, psi in np.random.default_rng(0).normal(size=(10, 2)):
    slope = gradcheck.central(lambda t: loss_ahead(t[0], psi), np.array([theta]))[0]  # noqa: B023  called here
    assert np.isclose(slope, psi + 2 * K * ETA * theta, rtol=1e-7, atol=1e-8)
    assert not np.isclose(slope, psi + K * ETA * theta, rtol=1e-2)  # what one gets by looking alone

# %%
# If G only looks ahead and uses :math:`\psi_K` as its slope, it misses half of the new part. Both variants add a damping
# :math:`-\gamma\theta` to G, as R1 adds one to D. The circle becomes a spiral. Eigenvalues say how fast, by the same formula as
# for R1. With both terms the damping is twice as large.


def braked(gamma):
    """The field (theta', psi') of the game with a brake on G."""
    return lambda point: dirac.wasserstein(point) - gamma * point * dirac.THETA


brakes = {"as D is": 0, "only looking ahead": REACH, "unrolled": 2 * REACH}
ways = {name: dirac.trajectory(braked(gamma), dirac.alternating, steps=400, h=0.1) for name, gamma in brakes.items()}
for gamma in brakes.values():
    assert np.allclose(eigenvalues(braked(gamma)), dirac.r1_eigenvalues(gamma, slope=1), atol=1e-8)
circle, half, whole = (np.linalg.norm(way[-1]) for way in ways.values())
assert circle > 1 and half < 0.2
assert whole < 0.1 * half, "a brake as strong as this slows G, and the stronger one slows it more"

# %%
# Many numbers
# ------------
# Now D is a network. It takes K steps of gradient descent on its own loss, with the points x = G(z):
#
# .. math:: \theta_{k+1} = \theta_k - \eta\,\nabla_\theta L_D(\theta_k, x), \qquad k = 0, \dots, K-1,
#
# and G's loss is taken at the last one, :math:`L_G(\theta_K, x)`. Copies of D take the steps. D itself must not change.


def look_ahead(D, x_real, x_fake, steps=K, eta=ETA, loss=LOSS):
    """D before each of its steps, and after the last: a list of steps + 1 networks."""
    line = [D.copy()]
    for _ in range(steps):
        d_gradients(line[-1], x_real, x_fake, loss)
        line.append(line[-1].copy())
        line[-1].theta -= eta * line[-2].grad
    return line


# %%
# **Predict.** In how many places do the points x enter G's loss?
#
# .. answer::
#    In K + 1 places, at the end and in every step in which D learned from them.
#
# The chain rule collects these parts from the end. Let :math:`\lambda = \partial L_G/\partial\theta_K` say how G's loss changes
# with D's last parameters. A step is :math:`\theta_k` minus a gradient, so its derivatives are second derivatives of D's loss:
#
# .. math:: \frac{dL_G}{dx} \mathrel{-}= \eta\,\frac{\partial^2 L_D}{\partial x\,\partial\theta}\lambda, \qquad
#           \lambda \mathrel{-}= \eta\,\frac{\partial^2 L_D}{\partial\theta^2}\lambda.
#
# No such matrix is ever written down. Both products are *rates of change of a gradient while* :math:`\theta` *moves with
# velocity* :math:`\lambda`. The methods ``tangent`` and ``tangent_backward`` compute them, by the R-operator of lesson 12. One
# pass gives both.


def reaction(D, x_real, x_fake, velocity):
    """How fast dL_D/dtheta (P,) and dL_D/dx_fake (N, d) change while D's parameters move with `velocity` (P,)."""
    (s_real, tape_real), (s_fake, tape_fake) = D.forward(x_real), D.forward(x_fake)
    D.theta_dot = velocity
    s_real_dot, dot_real = D.tangent(np.zeros_like(x_real), tape_real)  # the points stand still
    s_fake_dot, dot_fake = D.tangent(np.zeros_like(x_fake), tape_fake)
    _, ds_real, ds_fake = LOSS.d(s_real, s_fake)
    ds_real_dot, ds_fake_dot = LOSS.d_tangent(s_real, s_fake, s_real_dot, s_fake_dot)
    D.zero_grad()
    D.tangent_backward(ds_real, ds_real_dot, tape_real, dot_real)
    _, dx_dot = D.tangent_backward(ds_fake, ds_fake_dot, tape_fake, dot_fake)
    return D.grad, dx_dot


# %%
# The derivative of the loss changes as well, because the scores move. This is ``d_tangent``. For ``sigmoid(s)`` it is
# ``sigmoid(s) sigmoid(-s) s_dot``. The rest is a loop backwards through D's steps.


def unrolled_gradient(G, D, z, x_real):
    """G.grad, through K steps of D."""
    x_fake, tape_G = G.forward(z)
    *steps, last = look_ahead(D, x_real, x_fake)
    s_fake, tape = last.forward(x_fake)
    last.zero_grad()
    dx = last.backward(LOSS.g(s_fake).ds_fake, tape)
    lambda_ = last.grad
    for before in reversed(steps):
        h_lambda, m_lambda = reaction(before, x_real, x_fake, lambda_)
        lambda_, dx = lambda_ - ETA * h_lambda, dx - ETA * m_lambda
    G.zero_grad()
    G.backward(dx, tape_G)
    return G.grad.copy()


# %%
# Is it right?
# ------------
# The check is the same as in lesson 02. Move each parameter of G a little, do *everything* again (new points, K new steps of D,
# G's loss at the end), and take the difference. Only the whole map counts.


def small_game(seed):
    """G, D, z and real points, in float64."""
    rng = np.random.default_rng(seed)
    G, D = (mlp(*sizes, activation=Tanh, dtype=np.float64) for sizes in ((2, 4, 2), (2, 5, 1)))
    for net in (G, D):
        net.theta += rng.normal(0, 0.5, net.theta.shape)
    return G, D, rng.normal(size=(8, 2)), rng.normal(size=(8, 2))


def whole_map(theta, G, D, z, x_real):
    G = G.copy()
    G.theta = theta
    return float(LOSS.g(look_ahead(D, x_real, G(z))[-1](G(z))).value)


# %%
# Our gradient agrees in every game. What the library computes is the same, and D has kept every bit.
for seed in range(GAMES):
    G, D, z, x_real = small_game(seed)
    before = D.theta.copy()
    ours = unrolled_gradient(G, D, z, x_real)
    result = gradcheck.check(lambda theta: whole_map(theta, G, D, z, x_real), ours, G.theta)  # noqa: B023
    assert result.ok, str(result)
    value = unrolled_g_gradients(G, D, z, LOSS, x_real, steps=K, lr=ETA)
    assert np.allclose(G.grad, ours, rtol=1e-9, atol=1e-12) and np.isclose(value, whole_map(G.theta, G, D, z, x_real))
    assert np.array_equal(D.theta, before)
print(f"the last of {GAMES} games: {result}")

# %%
# The shortcut
# ------------
# Many programs that are called unrolled do something else. D takes K steps, G's ordinary gradient is computed, and D is put back.
# No gradient goes through the steps. The program runs, and the losses look alike. But the same check refuses it, in every game.


def shortcut_gradient(G, D, z, x_real):
    """G.grad at the D of K steps later: the look without the chain."""
    g_gradients(G, look_ahead(D, x_real, G(z))[-1], z, LOSS)
    return G.grad.copy()


for seed in range(GAMES):
    G, D, z, x_real = small_game(seed)
    theirs = shortcut_gradient(G, D, z, x_real)
    result = gradcheck.check(lambda theta: whole_map(theta, G, D, z, x_real), theirs, G.theta)  # noqa: B023
    assert not result.ok and result.norm_error > 0.01
print(f"the shortcut: {result}")

# %%
# **Predict.** Is the shortcut then the gradient of some other loss?
#
# .. answer::
#    No. The derivative of a gradient is a symmetric matrix, the Hessian. The derivative of the shortcut is not symmetric. So
#    there is no loss that it descends.


def asymmetry(gradient, G, D, z, x_real):
    """|J - J^T| / |J| of a field of G's parameters."""
    def field(theta):
        G.theta = theta
        return gradient(G, D, z, x_real)

    J = jacobian(field, G.theta.copy())
    return np.linalg.norm(J - J.swapaxes(0, 1)) / np.linalg.norm(J)


for seed in range(GAMES):
    assert asymmetry(unrolled_gradient, *small_game(seed)) < 1e-6
    assert asymmetry(shortcut_gradient, *small_game(seed)) > 0.01

# %%
# How wrong is it? This depends on how far D moves. When D moves very little, the shortcut is nearly right, but then the look
# ahead changes nothing. When D takes large steps, a large part of the gradient is wrong.


def error(loss, game, steps, eta, zero_sum=False):
    """|shortcut - truth| / |truth|."""
    G, D, z, x_real = game
    unrolled_g_gradients(G, D, z, loss, x_real, steps=steps, lr=eta, zero_sum=zero_sum)
    truth, last = G.grad.copy(), look_ahead(D, x_real, G(z), steps, eta, loss)[-1]
    unrolled_g_gradients(G, last, z, loss, x_real, steps=0, zero_sum=zero_sum)
    return np.linalg.norm(G.grad - truth) / np.linalg.norm(truth)


games = [small_game(seed) for seed in range(GAMES)]
errors = {eta: np.median([[error(LOSS, game, steps, eta) for game in games] for steps in DEPTHS], axis=-1)  # (depths,) each
          for eta in (0.01, 0.1, 0.5)}
assert errors[0.01][0] < errors[0.1][0] < errors[0.5][0] and errors[0.01][0] < 0.1
assert errors[0.5][-1] > 0.2
print({eta: row.round(2).tolist() for eta, row in errors.items()})

# %%
# While :math:`K\eta` is small the error grows with each step that G looks ahead. It does not grow for ever. Later D has become
# steeper, and then the ordinary gradient, which the shortcut has, grows too. With the longest steps the error is large from the
# first step on, and grows little after it.
assert np.all(np.diff(errors[0.01]) > 0) and errors[0.01][-1] > 4 * errors[0.01][0]
assert errors[0.5][-1] / errors[0.5][0] < 0.5 * errors[0.01][-1] / errors[0.01][0]

# %%
# When is the shortcut right?
# ---------------------------
# Let G lose exactly what D wins, as in the paper (``zero_sum=True``), and let D reach its best
# answer. There no small change of D changes the loss of D, so none changes the loss of G. Thus :math:`\lambda = 0`, and the
# chain adds nothing. (This is the *envelope theorem*.) A D that is a straight line with least squares arrives quickly in most
# games, and the error falls by a factor with each step. When G has a loss of its own, the error stays, however far G looks.
far = (1, 20, 80)
square = losses.LeastSquares()
lines = [(G, mlp(2, 1, seed=seed, dtype=np.float64), z, x_real) for seed, (G, _, z, x_real) in enumerate(games)]
arriving = {zero_sum: np.median([[error(square, game, steps, 0.12, zero_sum) for game in lines] for steps in far], axis=-1)
            for zero_sum in (True, False)}
assert arriving[True][-1] < 0.1 * arriving[True][0]
assert arriving[True][-1] < 0.2 * arriving[False][-1]

# %%
# The ring
# --------
# On eight modes, with a D that learns ten times more slowly than its G, a GAN collapses. We compare three kinds of G
# with the same networks, data and seeds. One takes D as it is, one only looks ahead, and one is unrolled. All seeds are trained
# side by side.
ring = data.ring().standardized()
kinds = {
    "as D is": lambda G, D, z, x_real: g_gradients(G, D, z, LOSS),
    "only looking ahead": lambda G, D, z, x_real: g_gradients(G, look_ahead(D, x_real, G(z))[-1], z, LOSS),
    "unrolled": lambda G, D, z, x_real: unrolled_g_gradients(G, D, z, LOSS, x_real, steps=K, lr=ETA),
}

# %%
# ``play`` is the loop of lesson 05. D's own step is an ordinary one for all three.


def play(fill_g_grad):
    """G after STEPS steps, one for each seed."""
    G, D = (mlp(*sizes, activation=Tanh, seed=i, replicas=SEEDS) for i, sizes in enumerate(((2, 16, 16, 2), (2, 16, 16, 1))))
    opt_g, opt_d, rng = Adam(3e-3), Adam(3e-4), np.random.default_rng(0)
    for _ in range(STEPS):
        x_real = ring.sample(SEEDS * 32, rng).reshape(SEEDS, 32, 2)
        z_d, z_g = rng.standard_normal((2, SEEDS, 32, 2))
        d_step(D, opt_d, x_real, G(z_d), LOSS)
        fill_g_grad(G, D, z_g, x_real)
        opt_g.step(G.theta, G.grad)
    return G(np.random.default_rng(1).standard_normal((SEEDS, 2500, 2)))


# %%
# We count as in lesson 09. A mode is visited when it is the nearest one for half of its fair share of the samples.
clouds = {kind: play(fill_g_grad) for kind, fill_g_grad in kinds.items()}
reports = {kind: [mode_report(x, ring) for x in points] for kind, points in clouds.items()}
visited = {kind: np.array([report.modes_visited for report in each]) for kind, each in reports.items()}
sharpest = max(report.high_quality for each in reports.values() for report in each)
for kind, modes in visited.items():
    print(f"{kind:>18}: modes visited, of 8:", *modes, f" in the mean {modes.mean():.1f}")
print(f"high quality: at most {sharpest:.0%}")

# %%
# Unrolled generators visited at least one mode more than those that take D as it is, in the mean, and more on at least half of
# the seeds. But so did the shortcut, and it did no worse. On 64 seeds it visited 7.2 modes in the mean, the unrolled ones 6.5,
# and those that take D as it is 3.3. In this game a D that is K steps ahead helps, and both variants have it. *A count of modes
# cannot tell a right gradient from a wrong one.* The finite differences above could.
more = {ahead: visited[ahead] - visited["as D is"] for ahead in ("unrolled", "only looking ahead")}
for gained in more.values():
    assert gained.mean() > 1 and np.mean(gained > 0) >= 0.5
assert more["only looking ahead"].mean() > 0.5 * more["unrolled"].mean()
assert sharpest < 0.5

# %%
# The picture
# -----------
# Above are the two numbers. A line goes from the open circle to the full one, and the blue cross is the equilibrium.


def portrait(ax, name):
    side = np.linspace(-1.6, 1.6, 11)
    grid = np.stack(np.meshgrid(side, side), axis=-1)  # (11, 11, 2)
    arrows = braked(brakes[name])(grid)
    ax.quiver(grid[..., 0], grid[..., 1], arrows[..., 0], arrows[..., 1], color="0.75", angles="xy", width=0.004)
    way = ways[name]
    ax.plot(way[:, 0], way[:, 1], color="black", linewidth=0.9)
    ax.plot(*way[0], "o", color="black", markersize=5, fillstyle="none")
    ax.plot(*way[-1], "o", color="black", markersize=5)
    ax.plot(0, 0, "+", color=TRUE, markersize=12, markeredgewidth=2)
    ax.set(xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), aspect="equal", title=name, xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    ax.set_xlabel(r"$\theta$, where the fakes are", color=FAKE)
    ax.set_ylabel(r"$\psi$, the slope of D", color=JUDGE)


# %%
# Below is the error of the shortcut, for networks by the number of steps and their length, and for a D that arrives.


def draw_errors(ax):
    for (eta, row), shade in zip(errors.items(), ("0.7", "0.45", "0"), strict=True):
        ax.plot(DEPTHS, row, "o-", color=shade, markersize=4, label=f"$\\eta$ = {eta:g}")
    ax.set(xlabel="K, steps ahead", ylabel="|shortcut - truth| / |truth|", title="Error of the shortcut", ylim=(0, 0.9))
    ax.legend(loc="upper left", ncols=2)


def draw_arriving(ax):
    for zero_sum, look, name in ((False, "s--", "G has a loss of its own"), (True, "o-", "G loses what D wins")):
        ax.semilogy(far, arriving[zero_sum], look, color="black", markersize=4, label=name)
    ax.set(xlabel="K, steps ahead", title="The same, when D soon arrives")
    ax.legend(loc="lower left")


# %%
# The last panel has the modes. Each line is one seed, from the ordinary G to the unrolled one.
fig, axes = plt.subplot_mosaic([[*brakes], ["errors", "arriving", "modes"]], figsize=(10, 6.4), height_ratios=(3, 2))
for name in brakes:
    portrait(axes[name], name)
draw_errors(axes["errors"])
draw_arriving(axes["arriving"])
table = np.stack([visited[kind] for kind in kinds], axis=-1)  # (SEEDS, 3)
shifted = table.swapaxes(0, 1) + np.linspace(-0.12, 0.12, SEEDS)  # or equal counts would hide each other
axes["modes"].plot(range(3), shifted, "o-", color=FAKE, markersize=4, linewidth=0.7)
axes["modes"].axhline(8, color=TRUE, linewidth=1)
axes["modes"].set(xticks=range(3), xticklabels=["as D is", "only looking", "unrolled"], ylim=(0, 8.6), xlim=(-0.2, 2.2),
                  ylabel="modes visited (lines pulled apart)", title=f"The ring, {SEEDS} seeds")

# %%
# What you saw
# ------------
# * G's loss after K steps of D depends on G in two ways, by where its points are, and by what D learned from them. The second
#   part is a chain of second derivatives back through D's steps. It passed the check with finite differences of the whole map.
# * To look ahead without the chain is to take half of D's reaction for two numbers. For networks a large part of the gradient is
#   wrong once D moves. It is the gradient of no loss. It is right only where D has arrived and the game is zero-sum.
# * Both variants damp the circle of the Dirac-GAN, the true one faster. On the ring both visited more modes than a plain G, the
#   wrong one no fewer than the true one. None was sharp after so few steps, and an unrolled step costs as much as several
#   ordinary ones.
#
# Metz et al. (2017), *Unrolled Generative Adversarial Networks*. The R-operator is by Pearlmutter (1994). ``tinygan/unroll.py``
# has the chain for every loss. ``tinygan/game.py`` uses the same pass for the Jacobian of a game of two networks.
#
# ``tinygan play --story unroll`` shows it while it runs, and you can change it by hand.
#
# Questions:
#
# 1. *On paper.* In ``unrolled_gradient`` leave out ``ETA * h_lambda``. For K = 1 the check does not notice. Why?
#
#    .. answer::
#       For K = 1 the loop runs once. It uses :math:`\lambda` for ``m_lambda`` and only then changes it, and after the loop it is
#       not used again. With K = 3 the relative error is .21 to 1.59 over ten games.
#
# 2. *Run it.* Give the plain G a quicker D, ``Adam(3e-4 * (K + 1))``. What is left of the advantage of the unrolled one?
#
#    .. answer::
#       It visits 5.1 of 8 modes in the mean of 16 seeds, in place of 2.9. The unrolled G visits 6.6, and the shortcut 7.1. So
#       more than half of the advantage comes from a quicker D.
#
# 3. *Explain.* Two programs find seven modes each, and one of them has a wrong gradient. How do you find out which one?
#
#    .. answer::
#       Compare each gradient with finite differences of the whole map, on small networks in float64. Counts of modes cannot tell.
#
# To try:
#
# 1. Take ``zero_sum=True`` in the ring. G now loses what D wins, on the real points too. More modes or fewer?
#
#    .. answer::
#       Fewer, 2.9 in the mean of 16 seeds, as many as without any look ahead. Where D is sure, this G has nearly no gradient, as
#       in lesson 06.
#
# 2. Take REACH = 3, as if G looked 60 steps of this size ahead in place of 3. An assertion will stop you. Which one, and why?
#
#    .. answer::
#       The one that says that the stronger damping ends nearer to the middle. The radius is 6e-7 with the damping 3, and .001
#       with 6. A damping above 2 no longer turns. Then one eigenvalue is near 0, and the larger the damping is, the slower is
#       the approach.
plots.show("lesson_14")
