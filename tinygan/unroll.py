"""Unrolled generator gradients (Metz et al. 2017): G looks K steps of D ahead, and its gradient passes through these steps.

D learns for K plain gradient steps, and only then is G's loss taken:

    theta_0 = D.theta        theta_{k+1} = theta_k - lr dL_D/dtheta(theta_k, x)        value = L_G(theta_K, x)        x = G(z)

The points x stand in G's loss and, because D learned from them, in every theta_k. So the derivative by x has K + 1 parts. With
lambda = dL_G/dtheta_K and dx = dL_G/dx to begin with, each step of D, from the last one back, adds its own:

    lambda <- lambda - lr H lambda        H = d2 L_D/dtheta dtheta at theta_k
    dx     <- dx     - lr M lambda        M = d2 L_D/dx dtheta

Neither H nor M is ever built: one pass of the R-operator with theta_dot = lambda gives H lambda in `grad` and M lambda as dx_dot
(Pearlmutter 1994). Scalar case: theta_1 = theta - lr f'(theta), so dtheta_1/dtheta = 1 - lr f''.

To look ahead without this chain, with dx = dL_G/dx alone, is another algorithm: it follows the gradient of no loss (lesson 14).

The K steps are plain gradient descent, as in the paper's equations. (Adam's two running means would be part of the chain, and it
has no derivative where a gradient is 0.) These steps and G's loss use one batch, as in the authors' notebook, so that value is a
function of G.theta. D's penalties are not unrolled: that would need third derivatives.
"""

from typing import Any, NamedTuple

import numpy as np

from .engine.arguments import Array, count, flag, floats, number, shown
from .engine.store import Network
from .gradients import are_players, noisy, through_d
from .losses import Loss


class _Step(NamedTuple):
    """One of D's steps: D as it stood, its scores of both batches, their tapes, and the loss's derivative by the scores."""

    D: Network
    s: tuple[Array, Array]  # (s_real, s_fake)
    tapes: tuple[Any, Any]
    ds: tuple[Array, Array]


def unrolled_g_gradients(G: Network, D: Network, z: Array, loss: Loss, x_real: Array, noise: Array | None = None, *,
                         steps: int = 5, lr: float = 0.1, zero_sum: bool = False) -> Array:
    """G's loss after `steps` gradient steps of D, with its gradient over G.theta in G.grad. D is left as it was, to the last bit.

    In the derivatives SpectralNorm's u and v are held fixed, as always.

    Parameters
    ----------
    G, D : the players; G.grad is overwritten
    z, x_real : (..., N, d_z) and (..., N, d), latent noise and real points
    loss : see `tinygan.losses`
    noise : None, or instance noise (..., N, d), as in `g_gradients`
    steps : K, usually 1 to 10; with 0 this is `g_gradients`
    lr : of D's steps, usually .01 to 1
    zero_sum : False: G minimises `loss.g`; True: -`loss.d`, as in the paper. Its part for the real points counts as well, since
        the theta_K that scores them depends on G

    Returns
    -------
    The loss, shape (...).

    Raises
    ------
    ValueError : D has no second derivatives (BatchNorm)
    TypeError : a loss without `d_tangent`
    """
    steps, lr = count("steps", steps, 0), number("lr", lr, above=0)
    are_players(G=G, D=D)
    zero_sum = flag("zero_sum", zero_sum)
    if not hasattr(loss, "d_tangent") or isinstance(loss, type):
        raise TypeError(f"loss must be an object with second derivatives (d_tangent), such as NonSaturating(); got {shown(loss)}")
    x_fake, tape_G = G.forward(z)
    real, fake = floats("x_real", x_real, D.dtype), noisy(x_fake, noise)
    ahead, walked = _look_ahead(D, real, fake, loss, steps, lr)
    value, dx, lambda_ = _final(ahead, real, fake, loss, zero_sum, parameters=steps > 0)
    for step in reversed(walked):
        lambda_, dx = _one_step_back(step, lambda_, dx, loss, lr)
    G.zero_grad()
    G.backward(dx, tape_G)
    return value


def _look_ahead(D: Network, real: Array, fake: Array, loss: Loss, steps: int, lr: float) -> tuple[Network, list[_Step]]:
    """D as it will be, and what the way back needs of each step.

    Every step is taken by a copy of D. D itself never changes, so nothing has to be put back where an error ends the steps.
    """
    walked, D = [], D.copy()
    for _ in range(steps):
        (s_real, tape_real), (s_fake, tape_fake) = D.forward(real), D.forward(fake)
        _, ds_real, ds_fake = loss.d(s_real, s_fake)
        D.backward(ds_real, tape_real)  # a copy's grad begins at 0
        D.backward(ds_fake, tape_fake)
        walked.append(_Step(D, (s_real, s_fake), (tape_real, tape_fake), (ds_real, ds_fake)))
        D = D.copy()
        D.theta -= lr * walked[-1].D.grad
    return D, walked


def _final(D: Network, real: Array, fake: Array, loss: Loss, zero_sum: bool, parameters: bool) -> tuple[Array, Array, Array]:
    """G's loss against this D, whose grad is 0: its value, dL/dx of the fake points, and dL/dtheta (where `parameters`)."""
    if not (zero_sum or loss.needs_real):
        value, dx, _ = through_d(D, fake, loss, grads=parameters)
        return value, dx, D.grad
    s_real, tape_real = D.forward(real)
    if zero_sum:
        s_fake, tape_fake = D.forward(fake)
        value, ds_real, ds_fake = (-part for part in loss.d(s_real, s_fake))
        dx = D.backward(ds_fake, tape_fake, grads=parameters)
    else:
        value, dx, s_fake = through_d(D, fake, loss, s_real, grads=parameters)
        ds_real = loss.g_real(s_fake, s_real)
    if parameters:
        D.backward(ds_real, tape_real)
    return value, dx, D.grad


def _one_step_back(step: _Step, lambda_: Array, dx: Array, loss: Loss, lr: float) -> tuple[Array, Array]:
    """lambda and dx one step earlier; H lambda and M lambda are the rates of dL_D/dtheta and dL_D/dx as theta moves by lambda."""
    D = step.D
    D.theta_dot = lambda_
    x_dot = np.zeros_like(dx)  # the points are held
    (s_real_dot, real_dot), (s_fake_dot, fake_dot) = (D.tangent(x_dot, tape) for tape in step.tapes)
    ds_real_dot, ds_fake_dot = loss.d_tangent(*step.s, s_real_dot, s_fake_dot)
    D.zero_grad()
    D.tangent_backward(step.ds[0], ds_real_dot, step.tapes[0], real_dot)
    _, dx_dot = D.tangent_backward(step.ds[1], ds_fake_dot, step.tapes[1], fake_dot)
    return lambda_ - lr * D.grad, dx - lr * dx_dot
