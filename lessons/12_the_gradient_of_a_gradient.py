r"""
The gradient of a gradient
==========================

A penalty charges the discriminator for the slope of its own scores. What is the gradient of such a penalty?

* **Time** 35 minutes.
* **Before** lessons 02 and 11, and the product rule.
* **Terms** gradient penalty, R1, tangent, tape, R-operator, backward pass.

The slope is a gradient already, and to learn from the penalty we need its gradient. Frameworks record the backward pass and go
backward through it. They call this *double backpropagation*. Here we do it with a pencil. Two ideas suffice. Derivatives may be
taken in either order, and the product rule is true for every line of a backward pass.
"""

import os

import matplotlib.pyplot as plt
import numpy as np

from tinygan import d_step, data, plots
from tinygan.engine import gradcheck
from tinygan.engine.layers import Dense, ReLU, Sigmoid, Softplus, Tanh
from tinygan.engine.network import Sequential, mlp
from tinygan.engine.optim import Adam
from tinygan.losses import NonSaturating
from tinygan.penalties import R1, WGANGP, add_penalty
from tinygan.plots import JUDGE, TRUE

FAST = os.environ.get("TINYGAN_FAST") == "1"  # the tests set it: fewer networks and steps
N, FEATURES, HIDDEN = 7, 3, 5  # all different, so that a wrong transpose does not even fit
SEEDS = 5 if FAST else 20  # networks; every claim must hold for each of them
GAMMA = 0.7  # weight of R1 in the checks; with 1 or 2 a forgotten gamma or 1/2 would not show
H = 1e-5  # by how much of v the inputs are moved; the picture shows what becomes of larger and smaller ones
DEEP = 2 if FAST else 5  # networks with two hidden layers, of which every number is checked
STEPS_H = np.logspace(-7, 0.5, 16 if FAST else 46)  # steps of the differences in the picture; fewer may miss the best one
STEPS = 150 if FAST else 600  # of D's training at the end; with 20 there is nothing to be steep about yet
STRONG = 0.3  # R1's weight there; 0.001 changes little, 100 leaves D nothing to say
plt.rcParams.update(plots.STYLE)

# %%
# What is charged
# ---------------
# Let D be a small network with one hidden layer, :math:`s = \tanh(x W + b)\, a`. The gradient g of its scores with respect to
# its inputs comes from an ordinary backward pass that begins with ones. Each score depends on its own sample only, so the
# gradient of :math:`\sum_n s_n` has the n-th sample's own gradient in row n. The penalty R1 (Mescheder et al. 2018) is
#
# .. math:: P = \frac\gamma2 \, \frac1N \sum_n |g_n|^2.


def random_critic(seed):
    rng = np.random.default_rng(seed)
    W, b, a = rng.standard_normal((FEATURES, HIDDEN)) / 2, rng.standard_normal((1, HIDDEN)) / 3, rng.standard_normal((HIDDEN, 1))
    return rng.standard_normal((N, FEATURES)), (W, b, a)


def input_gradient(x, W, b, a):
    y = np.tanh(x @ W + b)
    dy = np.ones((x.shape[0], 1)) @ a.T
    dh = (1 - y * y) * dy
    return dh @ W.T  # (N, FEATURES)


def penalty(x, W, b, a):
    return GAMMA / 2 * (input_gradient(x, W, b, a) ** 2).sum() / N


# %%
# First by differences
# --------------------
# One method needs no thought. Move each parameter a little, up and down, and see how the penalty moves. This calls the penalty
# twice for each parameter.
#
# **Predict.** A discriminator has 20 000 parameters. How many backward passes does one gradient cost?
#
# .. answer::
#    It costs 40 000 of them. That is too slow for training. For checking it is all that we shall ever need.


def by_differences(x, parameters):
    """dP/dW, dP/db, dP/da, by central differences of the penalty."""
    def moved(i):
        return lambda value: penalty(x, *parameters[:i], value, *parameters[i + 1:])

    return [gradcheck.central(moved(i), value) for i, value in enumerate(parameters)]


def distance(ours, theirs):
    """The length of ours - theirs in units of theirs."""
    ours, theirs = (np.concatenate([part.ravel() for part in parts]) for parts in (ours, theirs))
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


# %%
# The other order
# ---------------
# P depends on a parameter only through g, so :math:`dP = \langle v, dg \rangle` with
# :math:`v = \partial P / \partial g = \gamma g / N`. We want the derivative of :math:`\langle v, g \rangle` with respect to
# the parameters, while v is a constant. This inner product is itself a derivative. It says how fast :math:`S = \sum_n s_n`
# changes when x moves with the *velocity* v. And two derivatives may be taken in either order:
#
# .. math:: \frac{\partial P}{\partial\theta}
#           = \frac{\partial}{\partial\theta} \, \frac{d}{dt} S(x + t v)
#           = \frac{d}{dt} \, \frac{\partial S}{\partial\theta}(x + t v) \qquad\text{at } t = 0.
#
# On the right is an ordinary parameter gradient, the gradient of S, and how it changes when x moves.
#
# **Predict.** How many backward passes does the gradient of P cost now, by a difference along v?
#
# .. answer::
#    Three are enough, however many parameters there are. One gives g, and so v. The others are made on either side of x.


def parameter_gradient(x, W, b, a):
    """dS/dW, dS/db, dS/da: an ordinary backward pass that begins with ones."""
    y = np.tanh(x @ W + b)
    ds = np.ones((x.shape[0], 1))
    dh = (1 - y * y) * (ds @ a.T)
    return x.T @ dh, dh.sum(axis=0, keepdims=True), y.T @ ds


def by_moving_x(x, parameters):
    v = GAMMA * input_gradient(x, *parameters) / N
    ahead, behind = (parameter_gradient(x + t * v, *parameters) for t in (H, -H))
    return [(one - other) / (2 * H) for one, other in zip(ahead, behind, strict=True)]


critics = [random_critic(seed) for seed in range(SEEDS)]
worst = max(distance(by_moving_x(x, parameters), by_differences(x, parameters)) for x, parameters in critics)
assert worst < 1e-8, worst
print(f"three backward passes against {2 * (FEATURES * HIDDEN + 2 * HIDDEN)} penalties: at most {worst:.0e} apart")

# %%
# The product rule on every line
# ------------------------------
# What remains is a derivative in one direction, d/dt. For that no difference is needed. Write a dot for it, so that
# :math:`\dot x = v`, and differentiate the program line by line. This is Pearlmutter's *R-operator* (1994). Sums stay as they
# are, and each product :math:`ab` becomes :math:`\dot a b + a \dot b`. The parameters do not move, so their dots are zero.
#
# The field has two more names here. A backward pass computes a *vector-Jacobian product* (VJP), of dy with the Jacobian of a
# layer. A dotted forward pass computes a *Jacobian-vector product* (JVP), of the Jacobian with :math:`\dot x`. The dots of a
# backward pass are *forward over reverse* mode, and give a Hessian-vector product.
#
# Take a sheet of paper and cover the right half below. Differentiate the seven lines on the left, the forward pass (the
# *tangent*) first and then the backward pass. In the last two lines both factors of a product can move. (Here dy stands still.
# In a deeper network it moves.)
#
# .. math::
#    \begin{aligned}
#    h &= xW + b        &\qquad \dot h &= \dot x W \\
#    y &= \tanh h       & \dot y &= (1 - y^2)\, \dot h \\
#    s &= y a           & \dot s &= \dot y a \\[6pt]
#    dy &= ds\, a^T     & \dot{dy} &= 0 \\
#    da &= y^T ds       & \dot{da} &= \dot y^T ds \\
#    dh &= (1 - y^2)\, dy  & \dot{dh} &= (1 - y^2)\, \dot{dy} - 2 y \dot y \, dy \\
#    dW &= x^T dh       & \dot{dW} &= \dot x^T dh + x^T \dot{dh}
#    \end{aligned}
#
# The last column's :math:`\dot{da}` and :math:`\dot{dW}` are the answer, together with :math:`\dot{db}`, the sum of
# :math:`\dot{dh}`.


def by_the_r_operator(x, parameters, bend=-2):
    W, b, a = parameters
    y, ds, x_dot = np.tanh(x @ W + b), np.ones((N, 1)), GAMMA * input_gradient(x, W, b, a) / N
    y_dot = (1 - y * y) * (x_dot @ W)
    dy = ds @ a.T  # neither ds nor a moves: dy_dot is 0
    dh, dh_dot = (1 - y * y) * dy, bend * y * y_dot * dy
    return x_dot.T @ dh + x.T @ dh_dot, dh_dot.sum(axis=0, keepdims=True), y_dot.T @ ds


worst = max(distance(by_the_r_operator(x, parameters), by_differences(x, parameters)) for x, parameters in critics)
assert worst < 1e-8, worst
print(f"{SEEDS} critics of tanh: the R-operator and differences are at most {worst:.0e} apart")

# %%
# The line that is forgotten
# --------------------------
# In :math:`dh = (1 - y^2)\, dy` the factor :math:`1 - y^2` moves too, and gives :math:`-2 y \dot y\, dy`. This is the second
# derivative f'' of tanh. A well-known library in NumPy uses it for the bias and forgets it for the weights (ddbourgin/numpy-ml,
# when this was written). All its tests passed.
#
# **Predict.** On which activation did they test?
#
# .. answer::
#    On ReLU, whose f'' is zero. On tanh the mistake shows, for every critic.
errors = [distance(by_the_r_operator(x, parameters, bend=0), by_differences(x, parameters)) for x, parameters in critics]
assert min(errors) > 0.05, min(errors)
print(f"without f'' the gradient is wrong by {min(errors):.0%} to {max(errors):.0%}")

# %%
# The four methods of a layer
# ---------------------------
# Every layer of this package has four methods, ``forward``, ``backward``, and their dots ``tangent`` and ``tangent_backward``. A
# network calls them layer by layer, so the depth does not matter. The penalty is then five lines, ``add_penalty`` in
# ``tinygan/penalties.py``. They compute g, v, the tangent along v, and the backward pass with its dots.


def r1_gradient(D, x):
    """The penalty; adds its gradient to D.grad."""
    s, tape = D.forward(x)
    ones = np.ones_like(s)
    g = D.backward(ones, tape, grads=False)
    _, tape_dot = D.tangent(GAMMA * g / N, tape)
    D.tangent_backward(ones, np.zeros_like(ones), tape, tape_dot)
    return GAMMA / 2 * (g * g).sum() / N


# %%
# There is a cheap check of both passes. The tangent and the backward pass must agree, since both give the derivative of S along
# v. So :math:`\sum_n \dot s_n = \langle v, g \rangle` for any v. (A backward pass is the *adjoint* of the tangent.)
for seed in range(SEEDS):
    D = mlp(FEATURES, HIDDEN, HIDDEN + 1, 1, activation=Tanh, seed=seed, dtype=np.float64)
    x, v = np.random.default_rng(seed).standard_normal((2, N, FEATURES))
    s, tape = D.forward(x)
    g = D.backward(np.ones_like(s), tape, grads=False)
    assert np.isclose(D.tangent(v, tape)[0].sum(), (v * g).sum(), rtol=1e-12)

# %%
# Now there are two hidden layers, and four activations. Every gradient agrees with central differences of the penalty. Then we
# plant the mistake, a tanh whose ``curvature`` f'' is missing. The forward and backward passes of such a network are right. It
# trains on any loss, and only the gradient of its penalty is wrong.


class Forgetful(Tanh):
    def curvature(self, tape):
        return None


def checked(activation, seed, compute):
    """The gradient that compute(D, x) adds, against differences of the value that it returns."""
    D = mlp(FEATURES, HIDDEN, HIDDEN + 1, 1, activation=activation, seed=seed, dtype=np.float64)
    x, start = np.random.default_rng(seed).standard_normal((N, FEATURES)), D.theta.copy()

    def value(theta):
        D.theta = theta
        return float(compute(D, x))

    value(start)
    return gradcheck.check(value, D.grad.copy(), start)


# %%
# ReLU passes without a ``curvature``, because its f'' is zero. (It has no derivative at its corner. The check finds such entries,
# skips them and counts them.)
for activation in (Tanh, Softplus, Sigmoid, ReLU):
    checks = [checked(activation, seed, r1_gradient) for seed in range(DEEP)]
    assert all(check.ok and check.norm_error < 1e-8 for check in checks)
    print(f"{activation.__name__:>9}: at most {max(check.norm_error for check in checks):.0e} apart")
checks = [checked(Forgetful, seed, r1_gradient) for seed in range(DEEP)]
assert not any(check.ok for check in checks) and min(check.norm_error for check in checks) > 0.05
print("Forgetful:", checks[0])

# %%
# Any penalty
# -----------
# Nothing but v depends on the penalty. For that of lesson 11, with :math:`r_n = |g_n|`,
#
# .. math:: P = \frac\lambda N \sum_n (r_n - 1)^2, \qquad
#           v_n = \frac{\partial P}{\partial g_n} = \frac{2\lambda}{N} \, (r_n - 1) \, \frac{g_n}{r_n}.
#
# So a penalty of your own is a function of g that returns P and v. Here is the fourth power, beside the library's penalty.


def fourth_power(D, x):
    _, tape = D.forward(x)
    return add_penalty(D, x, tape, lambda g: ((g**4).sum() / N, 4 * g**3 / N))


def wgan_gp(D, x):
    return WGANGP(2.0)(D, x, x + 1, np.random.default_rng(0))  # the same points between, every time


for compute in (fourth_power, wgan_gp):
    assert all(checked(Tanh, seed, compute).ok for seed in range(DEEP))
    assert not any(checked(Forgetful, seed, compute).ok for seed in range(DEEP))

# %%
# Why not the difference?
# -----------------------
# To move x to either side costs no more, and in float64 it is exact to nine digits. But networks are trained in float32, which
# has seven digits. There even the best h leaves only about four, and the best h is not known in advance. The R-operator has no
# h. In float32 it is as exact as any other gradient.


def by_difference(D, x, v, h):
    """How dS/dtheta changes as x moves with velocity v, by moving it h v to either side."""
    sides = []
    for moved in (x + h * v, x - h * v):
        s, tape = D.forward(moved)
        D.zero_grad()
        D.backward(np.ones_like(s), tape)
        sides.append(D.grad / D.dtype.type(2 * h))
    return sides[0] - sides[1]


def by_tangents(D, x, v):
    """The same by the R-operator."""
    s, tape = D.forward(x)
    D.zero_grad()
    D.tangent_backward(np.ones_like(s), np.zeros_like(s), tape, D.tangent(v, tape)[1])
    return D.grad.copy()


# %%
# The truth is the R-operator in float64, on the same numbers. The differences in float64 come near it.
error, exactness = {np.float32: [], np.float64: []}, []
for seed in range(SEEDS):
    D, exact = (mlp(FEATURES, HIDDEN, HIDDEN, 1, activation=Tanh, seed=seed, dtype=dtype) for dtype in error)
    exact.theta = D.theta
    x, v = np.random.default_rng(seed).standard_normal((2, N, FEATURES), np.float32)
    v /= np.linalg.norm(v)
    truth = by_tangents(exact, x, v.astype(np.float64))
    exactness.append(distance([by_tangents(D, x, v)], [truth]))
    for (dtype, errors), net in zip(error.items(), (D, exact), strict=True):
        x, v, steps = x.astype(dtype), v.astype(dtype), STEPS_H.astype(dtype)
        errors.append([distance([by_difference(net, x, v, h)], [truth]) for h in steps])

# %%
# In float32 the R-operator is more than 30 times as exact as the best difference, for every network.
best, exactness = {dtype: np.min(errors, axis=1) for dtype, errors in error.items()}, np.array(exactness)
assert np.all(best[np.float64] < 1e-9)
assert np.all(exactness < 1e-6) and np.all(best[np.float32] > 30 * exactness) and np.all(best[np.float32] > 1e-5)
print(f"float32: differences are wrong by {best[np.float32].min():.0e} or more, the R-operator by {exactness.max():.0e} or less")

# %%
# What it is good for
# -------------------
# The real points are a ring of eight clusters. The fake points are in its middle and stay there. A discriminator that can tell
# them apart raises its scores for ever, because its loss falls with every increase of its slope. R1 charges the slope at the
# real points.
# We train both kinds, four of each side by side, and measure the slopes :math:`|g|` at real points, halfway and at the end.
ring = data.ring(std=0.1).standardized()
G = Sequential(Dense(2, 2))
G.theta = [0.3, 0, 0, 0.3, 0, 0]  # W and b: this generator is a round cloud


def steepness(D, x):
    """The mean length of the gradients of the scores at x, one number for each replica."""
    s, tape = D.forward(x)
    return np.linalg.norm(D.backward(np.ones_like(s), tape, grads=False), axis=-1).mean(axis=-1)


# %%
# One loop for both.
def learn(penalties):
    """Four discriminators, and their steepness at STEPS/2 and at STEPS, (2, 4)."""
    D, opt, rng, measured = mlp(2, 32, 32, 1, seed=1, replicas=4), Adam(5e-3), np.random.default_rng(0), []
    for step in range(1, STEPS + 1):
        x_real = ring.sample(4 * 128, rng).reshape(4, 128, 2)
        d_step(D, opt, x_real, G(rng.standard_normal((4 * 128, 2))).reshape(4, 128, 2), NonSaturating(), penalties)
        if step in (STEPS // 2, STEPS):
            measured.append(steepness(D, x_real))
    return D, np.array(measured)


# %%
# Without the penalty every discriminator is steeper at the end than halfway. With it, all are at least five times less steep,
# and their slopes change little after the first half.
free, slopes_free = learn(())
charged, slopes_charged = learn((R1(STRONG),))
print("slopes at real points, halfway and at the end: without R1", *slopes_free.round(1), " with it", *slopes_charged.round(1))
assert np.all(slopes_free[1] > 1.05 * slopes_free[0])
assert np.all(slopes_free[1] > 5 * slopes_charged[1])
assert np.all(np.abs(slopes_charged[1] / slopes_charged[0] - 1) < 0.4)

# %%
# The picture
# -----------
# On the left is the error of moving x by h v, a line for each network, and of the R-operator in float32. Then comes D on the
# plane, with the real clusters in blue. On the black line D is 1/2. The arrows show where G's loss moves fake points. The legend
# says by which factor they are shortened.
fig, axes = plt.subplots(1, 3, figsize=(12, 3.9), width_ratios=(1, 1.1, 1.1))
for dtype, look in ((np.float64, {"color": "black"}), (np.float32, {"color": "#E69F00", "linestyle": "--"})):
    axes[0].loglog(STEPS_H, np.transpose(error[dtype]), linewidth=0.7, **look)
    axes[0].plot([], [], **look, label=f"difference, {np.dtype(dtype).name}")
axes[0].axhline(np.median(exactness), color=JUDGE, linewidth=2, label="R-operator, float32")
axes[0].set(xlabel="step $h$", ylabel="relative error", title="Moving x, or differentiating", ylim=(1e-11, 30))
axes[0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.16))
z = np.random.default_rng(1).standard_normal((14, 2))
for ax, D, name in ((axes[1], free, "without R1"), (axes[2], charged, f"with R1, $\\gamma$ = {STRONG:g}")):
    plots.heat_map(D.replica(0), ring, ax, NonSaturating())
    plots.gradient_arrows(G, D.replica(0), NonSaturating(), z, ax)
    ax.plot(*ring.means.swapaxes(0, 1), "o", color=TRUE, markeredgecolor="white", markersize=7)
    ax.set_title(name)

# %%
# What you saw
# ------------
# * The gradient of a penalty on :math:`g = \partial s / \partial x` is an ordinary parameter gradient, differentiated as x
#   moves with velocity :math:`v = \partial P / \partial g`. This is so because two derivatives may be taken in either order.
# * The method ``tangent`` (a JVP) is the forward pass with the product rule on every line. So is ``tangent_backward`` for the
#   backward pass (a VJP). Together they agreed with differences of the penalty to eight digits and more.
# * Without f'' it is wrong for tanh by about a tenth and more, and right for ReLU. A test on ReLU alone cannot see it.
# * With R1 the discriminator came to rest at a small slope. Without R1 its slope grew to the end.
#
# Pearlmutter (1994), *Fast Exact Multiplication by the Hessian*. Mescheder, Geiger & Nowozin (2018), *Which Training Methods
# for GANs do actually Converge?*, section 4.1, has R1. Lesson 08 shows what it does to the game of two numbers.
#
# ``tinygan play --story r1`` shows it while it runs, and you can change it by hand.
#
# Questions:
#
# 1. *On paper.* Let D be :math:`s = a\,\tanh(wx)` with numbers a, w, x, and :math:`P = \frac12 g^2` with g = ds/dx. Derive
#    dP/dw in three steps. First write down g, then v and the dots of both passes, and at last :math:`\dot{dw}`. What is it for
#    x = 0?
#
#    .. answer::
#       With y = tanh(wx), :math:`g = aw(1 - y^2)`. So v = g, and the tangent is :math:`\dot h = gw` and
#       :math:`\dot y = (1 - y^2)gw`. The backward pass of S has :math:`dh = a(1 - y^2)` and :math:`dw = x\,dh`. Their dots are
#       :math:`\dot{dh} = -2ay\dot y` and :math:`\dot{dw} = g\,dh + x\,\dot{dh}`. For x = 0 this is
#       :math:`g\,a = a^2 w`, which is the derivative of :math:`\frac12 a^2w^2`.
#
# 2. *Run it.* Set ``D.theta_dot`` to a random u, and call ``D.tangent`` with zeros for the velocity of x. Then
#    ``tangent_backward`` adds the Hessian of S times u to ``D.grad``. Is :math:`\langle w, Hu \rangle = \langle u, Hw \rangle`?
#
#    .. answer::
#       Yes. The last cell does it, and the two numbers differ by less than 1e-12. A Hessian is symmetric, so this is one more
#       check that needs no difference.
#
# 3. *Explain.* Why can a test on ReLU networks never find a forgotten f''?
#
#    .. answer::
#       The forgotten term is f'' times something, and f'' of ReLU is zero wherever it exists. So the wrong gradient is
#       equal to the right one.
#
# To try:
#
# 1. Charge the slope of :math:`\sigma(s)` in place of the slope of s. With what does the backward pass begin now, and what is
#    its dot?
#
#    .. answer::
#       It begins with :math:`\sigma'(s) = \sigma(s)\,\sigma(-s)` in place of ones. Its dot is
#       :math:`\sigma''(s)\,\dot s = \sigma'(s)\,(1 - 2\sigma(s))\,\dot s` in place of zeros.
#
# 2. Take 0.01, 0.1, 1 and 10 for ``STRONG``. When does D change too little over the plane to be of use?
#
#    .. answer::
#       At 0.01 D answers .94 at the real clusters and .01 in the middle. At 0.1 it is .77 and .12, at 1 it is .56 and .40, and at
#       10 it is .52 and .47. Then D says nearly the same everywhere, and its slope of .07 tells G little.
D = mlp(FEATURES, HIDDEN, HIDDEN + 1, 1, activation=Tanh, seed=0, dtype=np.float64)
x, (u, w) = random_critic(0)[0], np.random.default_rng(0).standard_normal((2, D.theta.size))


def hessian_times(u):
    """The Hessian of S over D's parameters, times u."""
    s, tape = D.forward(x)
    D.theta_dot = u
    dot = D.tangent(np.zeros_like(x), tape)[1]
    D.zero_grad()
    D.tangent_backward(np.ones_like(s), np.zeros_like(s), tape, dot)
    return D.grad.copy()


assert abs(w @ hessian_times(u) - u @ hessian_times(w)) < 1e-12  # the answer to "Run it"
plots.show("lesson_12")
