"""Rules for initial weights, a rule (rng, d, k) -> W of shape (d, k), drawn from the Generator rng.

How large W should be depends on two numbers, the fans. Fan in is how many numbers of x one number of y is made of, fan out the
other way round. For Dense they are d and k, the shape of W. A convolution uses W more than once, and says its own `fans`.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .arguments import Array, callable_with, count, generator, number
from .machine import fits

Rule = Callable[[np.random.Generator, int, int], Array]
Fans = tuple[float, float]


def drawn(rule: Rule, rng: np.random.Generator, shape: tuple[int, ...], fans: Fans | None) -> Array:
    """W of `shape` by the rule, which is told the fans if it takes them."""
    callable_with("init", rule, "a rule (rng, d, k) -> W such as he, without brackets, or orthogonal(1.0)", rng, *shape)
    more: dict[str, Any] = {"fans": fans} if fans and "fans" in inspect.signature(rule).parameters else {}
    W = rule(rng, *shape, **more)
    if np.shape(W) != shape:
        raise ValueError(f"init must give W of shape {shape}; the rule {rule!r} gave {np.shape(W)}")
    return W


def he(rng: np.random.Generator, d: int, k: int, fans: Fans | None = None) -> Array:
    """W with variance 2 / fan in, which keeps the size of a signal through ReLU layers.

    Parameters
    ----------
    rng : the Generator that W is drawn from
    d, k : features in and out; W is (d, k)
    fans : fan in and fan out, if they are not d and k

    References
    ----------
    He et al. 2015, section 2.2.
    """
    return _checked(rng, d, k).normal(0, math.sqrt(2 / (fans or (d, k))[0]), (d, k))


def xavier(rng: np.random.Generator, d: int, k: int, fans: Fans | None = None) -> Array:
    """W with variance 2 / (fan in + fan out), made for tanh layers.

    Parameters
    ----------
    rng : the Generator that W is drawn from
    d, k : features in and out; W is (d, k)
    fans : fan in and fan out, if they are not d and k

    References
    ----------
    Glorot & Bengio 2010, equation 12, with normal instead of uniform numbers.
    """
    return _checked(rng, d, k).normal(0, math.sqrt(2 / sum(fans or (d, k))), (d, k))


def normal(std: float = 0.02) -> Rule:
    """A rule that draws W from N(0, std^2), whatever its fans, such as .02 in DCGAN (Radford et al. 2016, section 3)."""
    std = number("normal: std", std, above=0)

    def normal_rule(rng: np.random.Generator, d: int, k: int) -> Array:
        return _checked(rng, d, k).normal(0, std, (d, k))

    return normal_rule


def orthogonal(gain: float = 1.0) -> Rule:
    """A rule that draws W with orthogonal rows or columns, times `gain` (Saxe et al. 2014, section 3)."""
    gain = number("orthogonal: gain", gain, above=0)

    def orthogonal_rule(rng: np.random.Generator, d: int, k: int) -> Array:
        q, r = np.linalg.qr(_checked(rng, d, k).standard_normal((max(d, k), min(d, k))))
        q = q * np.sign(np.diag(r))  # without this, q would not be uniformly distributed
        return gain * (q if d >= k else q.swapaxes(-1, -2))

    return orthogonal_rule


def _checked(rng: Any, d: Any, k: Any) -> np.random.Generator:
    """The Generator, for a W of shape (d, k) that this machine can hold. Raises TypeError, ValueError or MemoryError."""
    fits(f"W of shape ({count('d', d)}, {count('k', k)})", d, k)
    return generator("rng", rng)
