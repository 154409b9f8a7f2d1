"""What all losses share: the records that they return, binary cross-entropy, the defaults of a loss, and means over the batch."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..engine import arguments
from ..engine.arguments import Array, shown
from ..engine.numerics import sigmoid, softplus_and_sigmoid


class BCE(NamedTuple):
    """Binary cross-entropy: its value, shape (...), and its derivative ds, shaped like s."""

    value: Array
    ds: Array


class DLoss(NamedTuple):
    """The discriminator's loss: value (...), and its derivative with respect to both scores, each (..., N, 1)."""

    value: Array
    ds_real: Array
    ds_fake: Array


class GLoss(NamedTuple):
    """The generator's loss: value (...), and its derivative with respect to the fake samples' scores, (..., N, 1)."""

    value: Array
    ds_fake: Array


class DTangent(NamedTuple):
    """How fast the discriminator's ds_real and ds_fake change when the scores move, each (..., N, 1)."""

    ds_real_dot: Array
    ds_fake_dot: Array


def bce_with_logits(s: Array, target: float | Array) -> BCE:
    """Binary cross-entropy of the probability sigmoid(s) with a target in [0, 1], computed from the score s (..., N, 1).

        E[-y log sigmoid(s) - (1 - y) log(1 - sigmoid(s))] = E[y softplus(-s) + (1 - y) softplus(s)]
        d/ds = (sigmoid(s) - y) / N

    The right-hand side needs no logarithm of a probability. With y = 1 a score of -40 costs 40 and its gradient is -1/N, where
    the clipped textbook formula has the gradient 0. Nothing cancels, as no two large numbers are subtracted.

    Parameters
    ----------
    s : (..., N, 1), scores
    target : y, 0 to 1, a number, or an array shaped like s

    Returns
    -------
    The value (...), and its derivative ds, shaped like s.

    Raises
    ------
    ValueError : a target of another shape than s ((N,) against (N, 1) would silently become (N, N)), or not in [0, 1]

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.losses import bce_with_logits
    >>> value, ds = bce_with_logits(np.array([[-40.0], [0.0]]), 1.0)
    >>> print(value.round(3), ds.ravel())  # (40 + ln 2) / 2
    20.347 [-0.5  -0.25]
    """
    n = check_scores(s)

    def side(sign: int) -> tuple[Array, Array]:  # softplus(-s) or softplus(s), and its derivative by s, divided by N
        cost, wrong = softplus_and_sigmoid(sign * s)
        return cost, sign / n * wrong

    if isinstance(target, (int, float)) and target in (0, 1):  # the other side has no weight: half of the work
        cost, ds = side(1 - 2 * int(target))
        return BCE(mean(cost), ds)
    y: Any = arguments.real("target", target)
    if y.shape not in ((), s.shape):
        raise ValueError(f"target must be a number or shaped like the scores, {s.shape}; got {y.shape}")
    y = y.astype(s.dtype) if y.ndim else float(y)
    if not (np.min(y) >= 0 and np.max(y) <= 1):
        raise ValueError(f"target must lie in [0, 1]; got {np.min(y)} to {np.max(y)}")
    (real, ds_real), (fake, ds_fake) = side(-1), side(1)
    return BCE(mean(y * real + (1 - y) * fake), y * ds_real + (1 - y) * ds_fake)


class Loss:
    """What a loss says beyond its value and derivative, by default.

    A loss of your own is a subclass with the methods d and g; for `unroll` and `game` also d_tangent, g_tangent and, where it
    needs real scores, g_real. `tinygan.losses` says what they take and return.
    """

    d: Callable[[Array, Array], DLoss]
    g: Callable[..., GLoss]
    d_tangent: Callable[[Array, Array, Array, Array], DTangent]
    g_tangent: Callable[..., Array]
    g_real: Callable[[Array, Array], Array]
    needs_real = False  # whether G's loss compares with real scores
    is_probability = False

    def verdict(self, s: Array) -> Array:
        """The mean over a batch of scores s (..., N, 1): of sigmoid(s) where `is_probability`, else of s itself; shape (...)."""
        check_scores(s)
        if self.is_probability:
            return (1 + mean(np.tanh(s / 2))) / 2  # sigmoid(s) = (1 + tanh(s/2)) / 2
        return mean(s)

    def best(self, p: Any, q: Any) -> Any:
        """The verdict of the D with the least loss, where real points have density p, generated ones q; None: there is none."""
        return None

    @property
    def at_rest(self) -> tuple[float, float]:
        """(D's value, G's value) where real and generated points have one distribution and D has its least loss."""
        middle = self.best(1.0, 1.0)
        middle = 0.0 if middle is None else math.log(middle / (1 - middle)) if self.is_probability else middle
        s = np.full((1, 1), middle)
        return float(self.d(s, s).value), float(self.g(s, s).value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def loss_object(loss: Any) -> Any:
    """The loss, if it is one. Raises TypeError for a class, a name or a function."""
    if isinstance(loss, type):
        raise TypeError(f"loss must be an object: write {loss.__name__}() with its brackets")
    if not all(hasattr(loss, name) for name in ("d", "g", "verdict")):
        raise TypeError(f"loss must be an object such as losses.NonSaturating(), with d and g; got {shown(loss)}. "
                        "A loss of your own is a subclass of tinygan.losses.Loss")
    return loss


def sigmoid_dot(s: Array, s_dot: Array) -> Array:
    """How fast sigmoid(s) changes: sigmoid' = sigmoid(s) (1 - sigmoid(s)), and the second factor is sigmoid(-s)."""
    return sigmoid(s) * sigmoid(-s) * s_dot


def batch_mean(s: Array) -> Array:
    """The mean over the batch, kept: (..., N, 1) -> (..., 1, 1)."""
    return s.mean(axis=-2, keepdims=True)


def mean(x: Array) -> Array:
    """The mean over the batch: (..., N, 1) -> (...). Three times as fast as x.mean."""
    return x.sum(axis=(-2, -1)) / x.shape[-2]


def check_scores(*scores: Any) -> int:
    """N, the size of the batch; raises unless all scores have one shape (..., N, 1)."""
    shapes = set()
    for s in scores:
        if type(s) is not np.ndarray:
            _check_kind(s)
        shapes.add(s.shape)
        if s.dtype.kind not in "fc":
            raise TypeError(f"scores must be floating-point numbers, such as D gives; got {s.dtype}")
        if s.ndim < 2 or s.shape[-1] != 1:
            raise ValueError(f"scores must have shape (..., N, 1), one score a sample; got {s.shape}")
    if len(shapes) > 1:
        raise ValueError(f"scores of real and fake samples must have one shape; got {' and '.join(str(s.shape) for s in scores)}")
    n = scores[0].shape[-2]
    if not n:
        raise ValueError("scores of an empty batch: a loss is a mean over at least one sample")
    return n


def _check_kind(s: Any) -> None:
    """Raises unless s may be scores, though it is no plain array. One that a recording follows is another kind."""
    if s is None:
        raise ValueError("this loss compares with real scores: pass s_real too (in g_gradients, x_real)")
    if not isinstance(s, np.ndarray) or isinstance(s, np.ma.MaskedArray):
        raise TypeError(f"scores must be an array (..., N, 1), such as D gives; got {type(s).__name__}")
