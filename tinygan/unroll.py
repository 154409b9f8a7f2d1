"""Truly unrolled generator gradients (Metz et al. 2017): G looks K steps of D ahead, and sees that its own move changes them.

D learns for K plain gradient steps, and only then is G's loss taken:

    theta_0 = D.theta        theta_{k+1} = theta_k - lr dL_D/dtheta(theta_k, x)        value = L_G(theta_K, x)        x = G(z)

The points x stand in G's loss and, because D learned from them, in every theta_k. So the derivative by x has K + 1 parts. With
lambda = dL_G/dtheta_K and dx = dL_G/dx to begin with, each step of D, from the last one back, adds its own:

    lambda <- lambda - lr H lambda        H = d2 L_D/dtheta dtheta at theta_k
    dx     <- dx     - lr M lambda        M = d2 L_D/dx dtheta

Neither H nor M is ever built: one pass of the R-operator with theta_dot = lambda gives H lambda in `grad` and M lambda as dx_dot
(Pearlmutter 1994). Scalar case: theta_1 = theta - lr f'(theta), so dtheta_1/dtheta = 1 - lr f''.

To look ahead without this chain, with dx = dL_G/dx alone, is another algorithm: it follows the gradient of no loss (lesson 14).

What this module settles: the K steps are plain gradient descent, as in the paper's equations. (Adam's would pull its two running
means into the chain, and has no derivative where a gradient is 0.) They and G's loss see one batch, as in the
authors' notebook, so that value is one function of G.theta. D's penalties are not unrolled: that would need third derivatives.
"""

from typing import NamedTuple

import numpy as np

from .engine.arguments import count, number
from .engine.features import packed


class _Step(NamedTuple):
    """One of D's steps: D as it stood, its scores of both batches, their tapes, and the loss's derivative by the scores."""

    D: object
    s: tuple  # (s_real, s_fake)
    tapes: tuple
    ds: tuple


def unrolled_g_gradients(G, D, z, loss, x_real, *, steps=5, lr=0.1, zero_sum=False, pack=1, noise=0.0):
    """G's loss after `steps` gradient steps of D, with its gradient over G.theta in G.grad. D is left as it was, to the last bit.

    z: (..., N, d_z); x_real: (..., N, d); with `pack` m, D judges m points at a time. steps: K, usually 1 to 10; with 0 this is
    `g_gradients`. lr: of D's steps, usually .01 to 1. The loss is `loss.g`, or with zero_sum=True what D wins, -`loss.d`. That is
    the paper's own: its part for the real points counts as well, for G moves the theta_K that scores them. noise is that of
    `g_gradients`. In the derivatives SpectralNorm's u and v are held fixed, as always. Raises ValueError where D has no second
    derivatives (BatchNorm), and TypeError for a loss without `d_tangent`.
    """
    steps, lr = count("steps", steps, 0), number("lr", lr, above=0)
    if not hasattr(loss, "d_tangent") or isinstance(loss, type):
        raise TypeError(f"loss must be an object with second derivatives (d_tangent), such as NonSaturating(); got {loss!r}")
    x_fake, tape_G = G.forward(z)
    real, fake = np.asarray(packed(x_real, pack), D.dtype), packed(x_fake + noise, pack)
    ahead, walked = _look_ahead(D, real, fake, loss, steps, lr)
    value, dx, lambda_ = _final(ahead, real, fake, loss, zero_sum, parameters=steps > 0)
    for step in reversed(walked):
        lambda_, dx = _one_step_back(step, lambda_, dx, loss, lr)
    G.zero_grad()
    G.backward(dx.reshape(x_fake.shape), tape_G)
    return value


def unrolled_g_step(G, D, opt, z, loss, x_real, *, steps=5, lr=0.1, zero_sum=False, pack=1, noise=0.0):
    """One step of the generator along `unrolled_g_gradients`; returns its loss before the step."""
    value = unrolled_g_gradients(G, D, z, loss, x_real, steps=steps, lr=lr, zero_sum=zero_sum, pack=pack, noise=noise)
    opt.step(G.theta, G.grad)
    return value


def _look_ahead(D, real, fake, loss, steps, lr):
    """D as it will be, and what the way back needs of each step.

    Every step is taken by a copy of D. D itself is never touched, so nothing need be put back, whatever happens on the way.
    """
    walked, D = [], D.copy()
    for _ in range(steps):
        (s_real, tape_real), (s_fake, tape_fake) = D.forward(real), D.forward(fake)
        _, ds_real, ds_fake = loss.d(s_real, s_fake)
        D.zero_grad()
        D.backward(ds_real, tape_real)
        D.backward(ds_fake, tape_fake)
        walked.append(_Step(D, (s_real, s_fake), (tape_real, tape_fake), (ds_real, ds_fake)))
        D = D.copy()
        D.theta -= lr * walked[-1].D.grad
    return D, walked


def _final(D, real, fake, loss, zero_sum, parameters):
    """G's loss against this D: its value, dL/dx of the fake points, and dL/dtheta of D (where `parameters`)."""
    s_fake, tape_fake = D.forward(fake)
    ds_real = None
    if zero_sum:
        s_real, tape_real = D.forward(real)
        value, ds_real, ds_fake = (-part for part in loss.d(s_real, s_fake))
    elif loss.needs_real:
        s_real, tape_real = D.forward(real)
        (value, ds_fake), ds_real = loss.g(s_fake, s_real), loss.g_real(s_fake, s_real)
    else:
        value, ds_fake = loss.g(s_fake)
    D.zero_grad()
    dx = D.backward(ds_fake, tape_fake, grads=parameters)
    if parameters and ds_real is not None:
        D.backward(ds_real, tape_real)
    return value, dx, D.grad


def _one_step_back(step, lambda_, dx, loss, lr):
    """lambda and dx one step earlier; H lambda and M lambda are the rates of dL_D/dtheta and dL_D/dx as theta moves by lambda."""
    D = step.D
    D.theta_dot = lambda_
    x_dot = [np.zeros((*s.shape[:-1], D.d_in), D.dtype) for s in step.s]  # the points are held
    (s_real_dot, real_dot), (s_fake_dot, fake_dot) = (D.tangent(*pair) for pair in zip(x_dot, step.tapes, strict=True))
    ds_real_dot, ds_fake_dot = loss.d_tangent(*step.s, s_real_dot, s_fake_dot)
    D.zero_grad()
    D.tangent_backward(step.ds[0], ds_real_dot, step.tapes[0], real_dot)
    _, dx_dot = D.tangent_backward(step.ds[1], ds_fake_dot, step.tapes[1], fake_dot)
    return lambda_ - lr * D.grad, dx - lr * dx_dot
