"""The gradient of each player, without a step (`training` has the steps), so it can be compared with finite differences.

    d_gradients(D, x_real, x_fake, loss)        -> value        fills D.grad, and only D.grad
    through_d(D, x_fake, loss, s_real)          -> value, dx    G's loss, and its gradient at each generated point
    g_gradients(G, D, z, loss)                  -> value        fills G.grad through D, and only G.grad

Where D packs m points (`features.Pack`), it gives one score for m rows. Nothing else changes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .engine.arguments import Array, floats, real, shown
from .engine.store import Network
from .losses.base import Loss, loss_object


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


def d_gradients(D: Network, x_real: Array, x_fake: Array, loss: Loss, penalties: Sequence[Any] = (), rng: Any = None) -> Array:
    """The discriminator's loss, with its gradient over D.theta in D.grad. The generated points are fixed numbers here.

    Parameters
    ----------
    D : the discriminator; D.grad is overwritten
    x_real, x_fake : (..., N, d), real and generated points
    loss : see `tinygan.losses`
    penalties : see `tinygan.penalties`; each adds its value and its gradient
    rng : a Generator, for a penalty that draws points between real and fake ones (`WGANGP`)

    Returns
    -------
    The loss with its penalties, shape (...).
    """
    _check(loss, D=D)
    return d_gradients_and_scores(D, x_real, x_fake, loss, all_penalties(penalties), rng).value


def d_gradients_and_scores(D: Network, x_real: Array, x_fake: Array, loss: Loss, penalties: Sequence[Any] = (),
                           rng: Any = None) -> DGradients:
    """`d_gradients`, which also returns the scores of both batches. They were computed for the loss."""
    x_real, x_fake = floats("x_real", x_real, D.dtype), floats("x_fake", x_fake, D.dtype)
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


def all_penalties(penalties: Any) -> tuple[Any, ...]:
    """The penalties, if they are some. Raises TypeError."""
    if isinstance(penalties, type):
        raise TypeError(f"penalties must be a tuple of objects: write penalties=({penalties.__name__}(...),), with the comma")
    if hasattr(penalties, "at"):
        raise TypeError(f"penalties must be a tuple: write penalties=({penalties!r},), with the comma")
    if not isinstance(penalties, (list, tuple)):
        raise TypeError(f"penalties must be a tuple such as (R1(.1), R2(.1)); got {shown(penalties)}")
    for penalty in penalties:
        if isinstance(penalty, type):
            raise TypeError(f"a penalty must be an object: write {penalty.__name__}(...) with its weight")
        if not hasattr(penalty, "at") or not callable(penalty):
            raise TypeError(f"a penalty must be an object such as R1(.1), called with (D, x, tape, ds); got {shown(penalty)}")
    return tuple(penalties)


def are_players(**networks: Any) -> None:
    """Raises TypeError unless all these are networks, or stand for one."""
    for name, net in networks.items():
        if isinstance(net, type) or not hasattr(net, "forward"):
            raise TypeError(f"{name} must be a network, such as mlp(2, 64, {'2' if name == 'G' else '1'}); got {shown(net)}")


def _check(loss: Any, **networks: Any) -> None:
    """Raises TypeError unless these are players, and a loss."""
    are_players(**networks)
    if isinstance(loss, type) or not (hasattr(loss, "d") and hasattr(loss, "g")):
        loss_object(loss)  # which says what is wrong


def through_d(D: Network, x_fake: Array, loss: Loss, s_real: Array | None = None, *, grads: bool = False) -> ThroughD:
    """G's loss and its gradient at the generated points x_fake (..., N, d). D and D.grad stay as they are.

    Parameters
    ----------
    D : the discriminator
    x_fake : (..., N, d), generated points
    loss : see `tinygan.losses`
    s_real : (..., N, 1), the real points' scores, held fixed; for a loss that compares with them (`loss.needs_real`)
    grads : whether the gradient of G's loss over D.theta is added to D.grad, as unrolling needs it

    Returns
    -------
    value, dx, s_fake : G's loss (...), its derivative by x_fake, and the scores of x_fake
    """
    _check(loss, D=D)
    s_fake, tape = D.forward(x_fake)
    value, ds_fake = loss.g(s_fake, s_real)
    return ThroughD(value, D.backward(ds_fake, tape, grads), s_fake)


def g_gradients(G: Network, D: Network, z: Array, loss: Loss, x_real: Array | None = None, noise: Array | None = None) -> Array:
    """The generator's loss, with its gradient over G.theta in G.grad. D is fixed, but the gradient passes through it.

    Parameters
    ----------
    G, D : the players; G.grad is overwritten
    z : (..., N, d_z), latent noise
    loss : see `tinygan.losses`
    x_real : (..., N, d), for losses that compare with real scores (`loss.needs_real`)
    noise : None, or instance noise (..., N, d), added to G's points before D sees them

    Returns
    -------
    The loss, shape (...).

    Raises
    ------
    ValueError : the loss needs x_real, and there is none
    """
    _check(loss, G=G, D=D)
    if loss.needs_real and x_real is None:
        raise ValueError(f"{loss!r} compares with real points: pass x_real, as many as z")
    x_fake, tape = G.forward(z)
    s_real = D(floats("x_real", x_real, D.dtype)) if loss.needs_real else None
    value, dx, _ = through_d(D, noisy(x_fake, noise), loss, s_real)
    G.zero_grad()
    G.backward(dx, tape)
    return value


def noisy(x_fake: Array, noise: Any) -> Array:
    """The generated points with instance noise, if there is any. Raises ValueError for noise of another shape."""
    if noise is None:
        return x_fake
    noise = real("noise", noise, "fiubc")
    if noise.shape != x_fake.shape:
        raise ValueError(f"noise must be shaped like the generated points, {x_fake.shape}; got {noise.shape}")
    return x_fake + noise
