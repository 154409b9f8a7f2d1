"""The gradient of each player. Updates are elsewhere (`training`), so that the whole step of each can be differenced.

    d_gradients(D, x_real, x_fake, loss)        -> value        fills D.grad, and only D.grad
    through_d(D, x_fake, loss, s_real)          -> value, dx    G's loss, and where it wants each generated point to go
    g_gradients(G, D, z, loss)                  -> value        fills G.grad through D, and only G.grad

Where D packs m points (`features.Pack`), it gives one score for m rows. Nothing else changes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .engine.arguments import Array
from .engine.store import Network


class DGradients(NamedTuple):
    """D's loss (...), and the scores (..., N, 1) that it was computed from; the gradient is in D.grad."""

    value: Array
    s_real: Array
    s_fake: Array


class ThroughD(NamedTuple):
    """G's loss (...), its derivative dx (..., N, d) by the generated points, and their scores (..., N, 1)."""

    value: Array
    dx: Array
    s_fake: Array


def d_gradients(D: Network, x_real: Array, x_fake: Array, loss: Any, penalties: Sequence[Any] = (), rng: Any = None) -> Array:
    """The discriminator's loss, with its gradient over D.theta in D.grad. The generated points are fixed numbers here.

    x_real, x_fake: (..., N, d). penalties: see `tinygan.penalties`; each adds its value and its gradient. rng: for a penalty that
    draws points between real and fake ones (`WGANGP`).
    """
    return d_gradients_and_scores(D, x_real, x_fake, loss, penalties, rng).value


def d_gradients_and_scores(D: Network, x_real: Array, x_fake: Array, loss: Any, penalties: Sequence[Any] = (),
                           rng: Any = None) -> DGradients:
    """`d_gradients`, with the scores of both batches: they tell what D thinks, at no further cost."""
    x_real, x_fake = np.asanyarray(x_real, D.dtype), np.asanyarray(x_fake, D.dtype)
    s_real, tape_real = D.forward(x_real)
    s_fake, tape_fake = D.forward(x_fake)
    value, ds_real, ds_fake = loss.d(s_real, s_fake)
    D.zero_grad()
    batches = {"real": (x_real, tape_real), "fake": (x_fake, tape_fake)}
    ds = {"real": ds_real, "fake": ds_fake}
    for penalty in penalties:  # the first penalty at a batch adds the loss's own gradient in the same pass
        if penalty.at in batches:
            value = value + penalty(D, *batches[penalty.at], ds.pop(penalty.at, None))
        else:
            value = value + penalty(D, x_real, x_fake, rng)
    for batch, left in ds.items():
        D.backward(left, batches[batch][1])
    return DGradients(value, s_real, s_fake)


def through_d(D: Network, x_fake: Array, loss: Any, s_real: Array | None = None, *, grads: bool = False) -> ThroughD:
    """G's loss and its gradient at the generated points x_fake (..., N, d). D and D.grad stay as they are.

    s_real: the real points' scores, for a loss that compares with them (`loss.needs_real`); they are held fixed.
    grads=True adds the gradient of G's loss over D.theta to D.grad, which unrolling asks for.
    """
    s_fake, tape = D.forward(x_fake)
    value, ds_fake = loss.g(s_fake, s_real)
    return ThroughD(value, D.backward(ds_fake, tape, grads), s_fake)


def g_gradients(G: Network, D: Network, z: Array, loss: Any, x_real: Array | None = None, noise: Any = None) -> Array:
    """The generator's loss, with its gradient over G.theta in G.grad. D is fixed, but the gradient passes through it.

    z: (..., N, d_z); x_real, (..., N, d), is needed by losses that compare with real scores (`loss.needs_real`).
    noise: None, or instance noise (..., N, d), added to G's points before D sees them. Raises ValueError without x_real where the
    loss needs it.
    """
    if loss.needs_real and x_real is None:
        raise ValueError(f"{loss!r} compares with real points: pass x_real, as many as z")
    x_fake, tape = G.forward(z)
    s_real = D(x_real) if loss.needs_real else None
    value, dx, _ = through_d(D, x_fake if noise is None else x_fake + noise, loss, s_real)
    G.zero_grad()
    G.backward(dx, tape)
    return value
