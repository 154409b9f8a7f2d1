"""
A layer and its gradient
========================

How does a network know which way to move each of its weights, and how do we know that it is right?

* **Time** 30 minutes.
* **Before** the chain rule and matrix products.
* **Terms** backward pass, tape, central difference.

You will write a layer, derive its gradient by hand, and check it with three lines that know nothing about the
derivation. All networks of this package are made of such layers, and all of them are checked in this way. The check has a
step h. It must be neither too large nor too small, and this lesson measures why.
"""

import matplotlib.pyplot as plt
import numpy as np

from tinygan import plots
from tinygan.engine import gradcheck, layers
from tinygan.engine.network import Sequential

N, FEATURES_IN, FEATURES_OUT = 7, 3, 5  # all different: a wrong transpose does not even fit; with 4, 4, 4 it does
SEEDS = 20  # networks over which the error of the difference is measured; one alone gives a ragged curve
H = 6e-6  # the step of the differences; 1e-3 or 1e-9 loses three digits or more, as the picture will show
STEPS = np.logspace(-12, 0, 49)  # in the picture; with 13 instead of 49 they miss the best h, and the claim about it fails
plt.rcParams.update(plots.STYLE)

# %%
# One number in, one number out
# -----------------------------
# A layer with one weight computes :math:`y = xw + b`. The loss L is a number computed from y, here :math:`L = \tanh y`. We want
# the derivative of L by each of x, w and b. The *forward* pass computes y and then L. The *backward* pass computes the derivative
# by y first, and then the other three by the chain rule.
#
# .. math:: \frac{dL}{dy} = 1 - \tanh^2 y, \qquad
#           \frac{dL}{dx} = \frac{dL}{dy}\, w, \qquad \frac{dL}{dw} = \frac{dL}{dy}\, x, \qquad \frac{dL}{db} = \frac{dL}{dy}.
#
# We write ``dy`` for dL/dy, and so on. The letter d before a name always means the derivative of the loss by it.
x, w, b = 1.5, -0.4, 0.3
y = x * w + b
dy = 1 - np.tanh(y) ** 2
dx, dw, db = dy * w, dy * x, dy

# %%
# Is it right? Change one number by a small step h, up and down, and see how much the loss changes.
# This *central difference* uses nothing but the forward computation.


def loss(x, w, b):
    return np.tanh(x * w + b)


assert abs(dx - (loss(x + H, w, b) - loss(x - H, w, b)) / (2 * H)) < 1e-9
assert abs(dw - (loss(x, w + H, b) - loss(x, w - H, b)) / (2 * H)) < 1e-9
assert abs(db - (loss(x, w, b + H) - loss(x, w, b - H)) / (2 * H)) < 1e-9

# %%
# Many numbers
# ------------
# Now N samples with d features each, and k features out. The arrays are x (N, d), W (d, k), b (1, k), y (N, k). In the sums the
# letters n, d and k number the samples and the features,
#
# .. math:: y_{nk} = \sum_d x_{nd} W_{dk} + b_k.
#
# Each :math:`W_{dk}` acts on the whole column k of y, once for each sample, each time multiplied by :math:`x_{nd}`. So the
# scalar rule is right for each sample, and the contributions add up.
#
# .. math:: \frac{dL}{dW_{dk}} = \sum_n x_{nd} \frac{dL}{dy_{nk}}, \qquad
#           \frac{dL}{db_k} = \sum_n \frac{dL}{dy_{nk}}, \qquad
#           \frac{dL}{dx_{nd}} = \sum_k \frac{dL}{dy_{nk}} W_{dk}.
#
# As matrix products these are :math:`dW = x^T dy` and :math:`dx = dy\, W^T`, and :math:`db` sums dy over the batch. If you forget
# which factor is transposed, look at the shapes. dW must be (d, k) like W, and dx must be (N, d) like x.


def dense_forward(x, W, b):
    return x @ W + b, x  # y, and the tape


def dense_backward(dy, tape, W):
    x = tape
    return dy @ W.T, x.T @ dy, dy.sum(axis=-2, keepdims=True)  # dx, dW, db


# %%
# The *tape* (cache) is what the backward pass needs from its forward pass. For this layer it is x, and nothing else. An
# activation is a layer without weights, here :math:`y = \tanh x` in every entry. Its derivative is :math:`1 - y^2`, so its tape
# is y.


def tanh_forward(x):
    y = np.tanh(x)
    return y, y


def tanh_backward(dy, tape):
    y = tape
    return (1 - y * y) * dy


# %%
# A network is one layer after the other, and its backward pass runs through the layers in reverse order. The loss weights every
# entry of the output by a random number C. (The plain sum would be a poor test. Every entry of dL/dy would be 1, and a mistake
# that mixes up the entries of dy would not show.)


def forward_and_backward(x, W, b, C):
    """The loss sum(C * tanh(x W + b)), and its derivatives by x, W and b."""
    a, tape_dense = dense_forward(x, W, b)
    y, tape_tanh = tanh_forward(a)
    da = tanh_backward(C, tape_tanh)  # dL/dy is C
    return np.sum(C * y), *dense_backward(da, tape_dense, W)


def random_arrays(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = (N, FEATURES_IN), (FEATURES_IN, FEATURES_OUT), (1, FEATURES_OUT), (N, FEATURES_OUT)
    x, W, b, C = (rng.standard_normal(shape) for shape in shapes)
    return [array.astype(dtype) for array in (x, W / FEATURES_IN**0.5, b, C)]


# %%
# Three lines that check everything
# ---------------------------------
# This is the same central difference, now for every entry of
# an array. It calls f twice for each entry, so it is far too slow for training. But it is hard to get wrong, and a check needs
# nothing else.


def differences(f, x, h):
    nudges = h * np.eye(x.size, dtype=x.dtype).reshape(-1, *x.shape)  # one entry moved by h in each
    return np.reshape([(f(x + nudge) - f(x - nudge)) / (2 * h) for nudge in nudges], x.shape)


def distance(a, b):
    """The length of a - b in units of the length of b."""
    return np.linalg.norm(a - b) / np.linalg.norm(b)


# %%
# We compare the three gradients with their central differences, in 20 networks.
#
# **Predict.** A computer keeps 16 digits. In how many digits will the two agree?
#
# .. answer::
#    In at least 8 digits in each of the networks, and in about 10 here. The difference itself is not exact, so 16 are impossible.


def disagreement(seed):
    """The largest distance between dx, dW, db and their central differences."""
    x, W, b, C = random_arrays(seed)
    _, dx, dW, db = forward_and_backward(x, W, b, C)
    return max(distance(dx, differences(lambda x: forward_and_backward(x, W, b, C)[0], x, H)),
               distance(dW, differences(lambda W: forward_and_backward(x, W, b, C)[0], W, H)),
               distance(db, differences(lambda b: forward_and_backward(x, W, b, C)[0], b, H)))


worst = max(disagreement(seed) for seed in range(SEEDS))
assert worst < 1e-8, worst
print(f"{SEEDS} networks: the largest relative difference is {worst:.0e}")

# %%
# A planted mistake
# -----------------
# A check that has never failed proves little. So we plant a mistake that is easy to make, :math:`1 + y^2` for :math:`1 - y^2`.
#
# **Predict.** Where y is small the two formulas are nearly equal. Will the check catch the mistake in all 20 networks?
#
# .. answer::
#    Yes. The relative difference is above 0.1 in each of them, so already the first digit is wrong. A right formula differed in
#    the ninth digit or later.


def tanh_backward_wrong(dy, tape):
    y = tape
    return (1 + y * y) * dy


def disagreement_of_the_mistake(seed):
    x, W, b, C = random_arrays(seed)
    a, tape = dense_forward(x, W, b)
    _, dW_wrong, _ = dense_backward(tanh_backward_wrong(C, tanh_forward(a)[1]), tape, W)
    return distance(dW_wrong, differences(lambda W: forward_and_backward(x, W, b, C)[0], W, H))


mildest = min(disagreement_of_the_mistake(seed) for seed in range(SEEDS))
assert mildest > 0.1, mildest
print(f"{SEEDS} networks with the mistake: the smallest relative difference is {mildest:.2f}")

# %%
# Why the tape is handed over
# ---------------------------
# A discriminator scores a real batch and a fake batch, and then runs two
# backward passes, one for each batch. Suppose that a layer kept its tape in an attribute of its own.
#
# **Predict.** Two forward passes, then two backward passes. Which x would the backward pass of the real batch use?
#
# .. answer::
#    The fake batch's x, because the second forward pass has overwritten the first tape. Nothing crashes, and dW is wrong by more
#    than its own length. Such code has been published (shinseung428/gan_numpy, as it stood when this was written). Here the
#    caller gets both tapes and hands each to its own backward pass.
x_real, W, b, C_real = random_arrays(0)
x_fake, _, _, C_fake = random_arrays(1)
_, tape_real = dense_forward(x_real, W, b)
_, tape_fake = dense_forward(x_fake, W, b)
both = dense_backward(C_real, tape_real, W)[1] + dense_backward(C_fake, tape_fake, W)[1]
slot = dense_backward(C_real, tape_fake, W)[1] + dense_backward(C_fake, tape_fake, W)[1]
numeric = differences(lambda W: np.sum(C_real * (x_real @ W + b)) + np.sum(C_fake * (x_fake @ W + b)), W, H)
assert distance(both, numeric) < 1e-8 and distance(slot, numeric) > 1
print(f"with both tapes the gradient is right; with one slot it is wrong by {distance(slot, numeric):.0%}")

# %%
# Neither large nor small
# -----------------------
# Why h = 6e-6? By Taylor's theorem the central difference is wrong by about
# :math:`h^2 |f'''| / 6`. This part asks for a small h. But a computer keeps only 16 digits of f. Two nearly equal values are
# subtracted, and an error of about :math:`\varepsilon |f|` remains. It is divided by h, so this part asks for a large h.
# (:math:`\varepsilon` is 2.2e-16 in float64.) If f and f''' have the same size, the sum of both parts is smallest near
# :math:`h = \sqrt[3]{\varepsilon}`.
assert abs(np.cbrt(np.finfo(np.float64).eps) - 6e-6) < 1e-7 and abs(np.finfo(np.float64).eps - 2.2e-16) < 1e-17


def errors(seed, dtype):
    """How wrong the differences for dW are, for each of the STEPS, when everything is computed in dtype."""
    x, W, b, C = random_arrays(seed, dtype)
    exact = forward_and_backward(*(array.astype(np.float64) for array in (x, W, b, C)))[2]
    return [distance(differences(lambda W: np.sum(C * np.tanh(x @ W + b)), W, h), exact) for h in STEPS.tolist()]


error = {dtype: np.array([errors(seed, dtype) for seed in range(SEEDS)]) for dtype in (np.float64, np.float32)}
typical = {dtype: np.median(error[dtype], axis=0) for dtype in error}  # over the seeds

# %%
# **Predict.** Far above the best step we make h ten times larger. Far below it we make h ten times smaller. By which factor does
# the error grow each time?
#
# .. answer::
#    Above it by a hundred, and below it by ten. Near the best step both parts of the error count, and the factors are smaller.
#    The best step is near 6e-6 for each of the networks.
best = STEPS[error[np.float64].argmin(axis=-1)]
assert np.all((best > 2e-6) & (best < 2e-5)), best
assert 4e-6 < STEPS[typical[np.float64].argmin()] < 9e-6


def slope(low, high):
    """The exponent in error ~ h^exponent, between two steps."""
    part = (STEPS > low) & (STEPS < high)
    return np.polyfit(np.log(STEPS[part]), np.log(typical[np.float64][part]), 1)[0]


assert abs(slope(1e-4, 1e-2) - 2) < 0.1 and abs(slope(1e-11, 1e-7) + 1) < 0.1
print(f"best step {STEPS[typical[np.float64].argmin()]:.1e}, error there {typical[np.float64].min():.0e}")

# %%
# In float32, with 7 digits, the best step is a thousand times larger, and the smallest error several hundred thousand times
# larger. With a step below 1e-9 the entry does not change at all, the difference is 0, and the error is 100 %. Networks are
# trained in float32 because it is fast, and checked in float64.
assert np.all(typical[np.float32][STEPS < 1e-9] == 1)
assert typical[np.float32].min() > 1e5 * typical[np.float64].min()
assert 500 < STEPS[typical[np.float32].argmin()] / STEPS[typical[np.float64].argmin()] < 2000

# %%
# The layer of this package
# -------------------------
# ``tinygan.engine.layers`` has the same two functions as methods of ``Dense`` and ``Tanh``. Two things are different.
# ``Dense.backward`` *adds* to ``dW`` and ``db``, since a layer may be used twice in one step. So every step begins with
# ``zero_grad``. And it transposes with ``swapaxes(-1, -2)``, which also works for a stack of matrices.
# A ``Sequential`` keeps all parameters in one flat array, ``theta``, and their gradients in another, ``grad``. Each layer's W
# and b are parts of ``theta``. An assignment such as ``layer.W = ...`` copies numbers into ``theta``.
x, W, b, C = random_arrays(0)
net = Sequential(layers.Dense(FEATURES_IN, FEATURES_OUT), layers.Tanh(), dtype=np.float64)
net.layers[0].W, net.layers[0].b = W, b
y, tape = net.forward(x)
net.backward(C, tape)
_, dx, dW, db = forward_and_backward(x, W, b, C)
by_hand = np.concatenate([dW.ravel(), db.ravel()])
assert np.allclose(net.grad, by_hand, rtol=1e-12)
net.backward(C, tape)
assert np.allclose(net.grad, 2 * by_hand, rtol=1e-12)  # the second backward was added
net.zero_grad()
net.backward(C, tape)
print(net)

# %%
# The package has a more complete version of our three lines. ``gradcheck.check`` scales the step with the entry and sets limits.
# It recognises corners such as the corner of ReLU, and it says what is wrong. Our gradient passes, and the mistake is found. The
# tests of this package use it everywhere.


def loss_of_theta(theta):
    net.theta = theta
    return np.sum(C * net(x))


right = gradcheck.check(loss_of_theta, net.grad.copy(), net.theta.copy())
_, dW_wrong, db_wrong = dense_backward(tanh_backward_wrong(C, y), x, W)
wrong = gradcheck.check(loss_of_theta, np.concatenate([dW_wrong.ravel(), db_wrong.ravel()]), net.theta.copy())
assert right.ok and not wrong.ok
print(f"1 - y^2\n  {right}\n1 + y^2\n  {wrong}")

# %%
# The picture
# -----------
# Each thin line is one network. The thick lines are the medians over all of them.
fig, ax = plt.subplots(figsize=(7, 4.4))
for dtype, color in ((np.float32, "0.6"), (np.float64, "black")):
    ax.loglog(STEPS, error[dtype].T, color=color, linewidth=0.5, alpha=0.3)
    ax.loglog(STEPS, typical[dtype], color=color, linewidth=2, label=np.dtype(dtype).name)
ax.loglog(STEPS[24:], 0.2 * STEPS[24:] ** 2, ":", color="black")
ax.loglog(STEPS[:28], 6e-17 / STEPS[:28], ":", color="black")
ax.text(2e-3, 2e-7, "grows like $h^2$:\nthe formula's error", va="top")
ax.text(1e-10, 5e-9, "grows like $1/h$:\nrounding", va="top", ha="center")
ax.axvline(H, color="black", linewidth=0.8, linestyle="--", zorder=0)
ax.text(H, 2, " h = 6e-6", va="top")
ax.set(xlabel="step h", ylabel="relative error of the central difference", ylim=(1e-11, 4), title="The best step")
ax.legend(loc="lower left")

# %%
# What you saw
# ------------
# * The backward pass is the chain rule from the loss to the input. Each layer receives dy, returns dx, and computes dW and db.
# * The matrix form is the scalar form with sums, and the shapes say which factor is transposed.
# * A gradient is checked by calling forward only, in float64, with a step near 6e-6. The right formula agreed in 8 digits and
#   more. With one wrong sign already the first digit was wrong.
# * The caller keeps the tapes. Then two forward passes before two backward passes give the right sum.
#
# Section 2.1 of Baydin et al. (2018), *Automatic Differentiation in Machine Learning: a Survey*, says more about the two errors
# of the picture. (They then let a program write the backward pass. Here we write it ourselves, to see what it does.)
#
# Questions:
#
# 1. *On paper.* A layer scales each feature by a weight of its own, :math:`y_{nd} = x_{nd}\, g_d`. What are dx and dg? What is
#    the tape?
#
#    .. answer::
#       For one number :math:`dx = dy\, g` and :math:`dg = dy\, x`. Each :math:`g_d` is used once for each sample, so its
#       derivatives add up, :math:`dg_d = \sum_n x_{nd}\, dy_{nd}`. There is no sum in dx, for :math:`x_{nd}` is used once. The
#       tape is x. (g is a weight, and the layer has it anyway.) The last cell checks it.
#
# 2. *Run it.* Write ``dy.T @ x`` for dW, with the sizes 7, 3, 5 and then with 4, 4, 4. What happens?
#
#    .. answer::
#       With 7, 3, 5 NumPy stops, because the shapes (5, 3) and (3, 5) do not fit. With 4, 4, 4 everything runs, and the relative
#       difference lies between 0.64 and 1.66 over the 20 networks. Sizes that are all different find such a mistake for free.
#
# 3. *Explain.* Networks are trained in float32. Why is their gradient checked in float64?
#
#    .. answer::
#       The formula does not depend on the number type. The check does. In float32 its smallest error is near 3e-5, so a mistake
#       that changes the sixth digit would not be seen. In float64 the error is near 4e-11.
#
# To try:
#
# 1. Use the one-sided difference :math:`(f(x + h) - f(x)) / h`. Where is its best step, and how good is it?
#
#    .. answer::
#       Its best step is 1.8e-8, near :math:`\sqrt{\varepsilon}`, and the error there is 2e-8. Its own error grows like h and not
#       like :math:`h^2`. So the central difference is 500 times better for one more call of f.
#
# 2. Leave tanh away, so that y is linear in W. What does that do to the right half of the picture?
#
#    .. answer::
#       Its error no longer grows there. For a linear f the formula is exact, and only rounding is left. The best step is the
#       largest one, h = 1, with an error of 3e-16.
#
# 3. Divide db by N, as if a mean had been taken, and look at what ``gradcheck.check`` prints.
#
#    .. answer::
#       It says that 5 of 20 entries are wrong, and shows three of them. All lie among the entries 15 to 19, which are b. The
#       ratio is 0.142857 each time. This is 1/7, and N is 7. An equal ratio in all wrong entries shows a wrong factor.
x, _, _, C = random_arrays(0)
g = np.random.default_rng(2).standard_normal((1, FEATURES_IN))
C = C[:, :FEATURES_IN]  # the loss is sum(C * x * g)
assert distance((x * C).sum(axis=-2, keepdims=True), differences(lambda g: np.sum(C * x * g), g, H)) < 1e-8
assert distance(C * g, differences(lambda x: np.sum(C * x * g), x, H)) < 1e-8
plots.show("lesson_02")
