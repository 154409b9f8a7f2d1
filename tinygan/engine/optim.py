"""Optimisers say what to do with a gradient. They see two flat arrays, theta and grad, and no network.

    step(theta, grad)       changes theta in place, downhill
    prepare(factor)         sets what changes from step to step: the learning rate, times `factor` from a schedule
    release()               the end of a run: factor 1 again
    state(), load_state()   what it remembers, name -> array

`step` alone is enough, since it prepares itself, with factor 1. A training loop calls `prepare` before the steps of each round.
What changes with time then lives in 0-d arrays, and `step` is a fixed list of array operations. Schedules are functions of the
fraction of the run that has passed, 0 at the first step, towards 1 at the last.
"""

import math

import numpy as np

from .arguments import Array, check_step, instance, number
from .optimiser import Optimiser

__all__ = ["Adam", "Around", "Clipped", "Optimiser", "Optimistic", "SGD", "constant", "cosine_decay", "linear_decay",
           "warm_cosine"]

OUTER = "outer_"  # before the name of what an outer optimiser remembers, where the inner one has that name


class SGD(Optimiser):
    """Gradient descent with momentum: v <- momentum v + grad; theta <- theta - lr v.

    Parameters
    ----------
    lr : the learning rate, usually 1e-3 to 1e-1
    momentum : 0 to .99

    References
    ----------
    Polyak 1964.
    """

    memories = ("velocity",)
    velocity: Array

    def __init__(self, lr: float, momentum: float = 0) -> None:
        super().__init__()
        self.lr = number("SGD: lr", lr, above=0)
        self.momentum = number("SGD: momentum", momentum, above=0, below=1, including=(0,))

    def remembers(self) -> bool:
        return self.momentum > 0

    def step(self, theta: Array, grad: Array) -> None:
        check_step(theta, grad)
        rate, = self.next(theta)
        self.velocity *= self.momentum
        self.velocity += grad
        theta -= rate * self.velocity

    def __repr__(self) -> str:
        return f"SGD(lr={self.lr:g}, momentum={self.momentum:g})"


class Adam(Optimiser):
    """Steps of about lr in each parameter, whatever the gradient's size.

        m <- beta1 m + (1 - beta1) grad          running mean of the gradient
        v <- beta2 v + (1 - beta2) grad^2        running mean of its square
        theta <- theta - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    The two divisions by 1 - beta^t undo the start at zero. t counts steps, from 1.

    Parameters
    ----------
    lr : the learning rate, usually 1e-4 to 3e-3
    beta1 : 0 to .9, for GANs usually .5
    beta2 : .9 to .999
    eps : keeps the divisor away from 0

    References
    ----------
    Kingma & Ba 2015, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import Adam
    >>> theta = np.array([1.0, 1.0])
    >>> Adam(lr=.1).step(theta, np.array([.001, -40.0]))
    >>> print(theta.round(4))
    [0.9 1.1]
    """

    memories = ("m", "v")
    m: Array
    v: Array

    def __init__(self, lr: float = 1e-3, beta1: float = 0.5, beta2: float = 0.999, eps: float = 1e-8) -> None:
        super().__init__()
        self.lr = number("Adam: lr", lr, above=0)
        self.beta1 = number("Adam: beta1", beta1, above=0, below=1, including=(0,))
        self.beta2 = number("Adam: beta2", beta2, above=0, below=1, including=(0,))
        self.eps = number("Adam: eps", eps, above=0)

    def numbers(self, t: int, factor: float) -> tuple[float, ...]:
        """lr / (1 - beta1^t), and 1 / sqrt(1 - beta2^t)."""
        return self.lr * factor / (1 - self.beta1**t), 1 / math.sqrt(1 - self.beta2**t)

    def step(self, theta: Array, grad: Array) -> None:
        check_step(theta, grad)
        rate, scale = self.next(theta)
        self.m *= self.beta1
        self.m += (1 - self.beta1) * grad
        self.v *= self.beta2
        self.v += (1 - self.beta2) * (grad * grad)
        theta -= rate * self.m / (scale * np.sqrt(self.v) + self.eps)

    def __repr__(self) -> str:
        return f"Adam(lr={self.lr:g}, beta1={self.beta1:g}, beta2={self.beta2:g})"


class Around(Optimiser):
    """An optimiser around another one, which does the step and keeps what changes with time."""

    def __init__(self, opt: Optimiser) -> None:
        self.opt = instance("opt", opt, Optimiser, "Adam(lr=1e-3)")

    def prepare(self, factor: float = 1.0) -> None:
        self.opt.prepare(factor)

    def release(self) -> None:
        self.opt.release()

    def state(self) -> dict[str, Array]:
        return self.opt.state()

    def load_state(self, state: dict[str, Array]) -> None:
        self.opt.load_state(state)


class Optimistic(Around):
    """Another optimiser's steps, each with its change since the step before added again (Daskalakis et al. 2018, section 3):

        theta <- theta + 2 step_t - step_{t-1}        which is theta - lr (2 grad_t - grad_{t-1}) for plain gradient descent

    In a game the next gradient will be about grad_t + (grad_t - grad_{t-1}). Steps along this guess damp the circling. With Adam
    inside it is their Optimistic Adam (algorithm 1). The first step is an ordinary one.
    """

    def __init__(self, opt: Optimiser) -> None:
        super().__init__(opt)
        self.last: Array | None = None

    def remembers(self) -> bool:
        return True

    def step(self, theta: Array, grad: Array) -> None:
        self.check_owner(theta)
        start = theta.copy()
        self.opt.step(theta, grad)
        step = theta - start
        if self.last is None:
            self.last = step.copy()
        else:
            theta += step - self.last
            self.last[...] = step

    def state(self) -> dict[str, Array]:
        """What the inner optimiser remembers, and the step before as "last", or where that name is taken, "outer_last"."""
        inner = super().state()
        name = OUTER * len(_lasts(inner)) + "last"
        return inner | ({} if self.last is None else {name: self.last.copy()})

    def load_state(self, state: dict[str, Array]) -> None:
        own = max(_lasts(state), key=len, default="")
        super().load_state({name: array for name, array in state.items() if name != own})
        self.last, self._moved = np.array(state[own]) if own else None, None

    def __repr__(self) -> str:
        return f"Optimistic({self.opt!r})"


def _lasts(state: dict[str, Array]) -> list[str]:
    """The names of steps before in a state, more than one where an Optimistic stands in another one."""
    return [name for name in state if name.removeprefix(OUTER * name.count(OUTER)) == "last"]


class Clipped(Around):
    """Another optimiser's steps, after each of which every parameter is put back into [-bound, bound].

    On a critic it bounds the slope, roughly (Arjovsky et al. 2017, algorithm 1, where bound is .01).
    """

    def __init__(self, opt: Optimiser, bound: float) -> None:
        super().__init__(opt)
        self.bound = number("clip", bound, above=0)

    def step(self, theta: Array, grad: Array) -> None:
        self.opt.step(theta, grad)
        np.clip(theta, -self.bound, self.bound, out=theta)

    def __repr__(self) -> str:
        return f"Clipped({self.opt!r}, {self.bound:g})"


def constant(fraction: float) -> float:
    """The learning rate stays what it is."""
    return 1.0


def linear_decay(fraction: float) -> float:
    """The learning rate falls to 0 in a straight line."""
    return 1 - number("fraction", fraction, 0, 1, (0, 1))


def cosine_decay(fraction: float) -> float:
    """The learning rate falls to 0 along half a cosine, slowly at both ends (Loshchilov & Hutter 2017, equation 5).

    >>> from tinygan import cosine_decay
    >>> [round(cosine_decay(fraction), 2) for fraction in (0, .25, .5, .75, 1)]
    [1.0, 0.85, 0.5, 0.15, 0.0]
    """
    return (1 + math.cos(math.pi * number("fraction", fraction, 0, 1, (0, 1)))) / 2


def warm_cosine(fraction: float) -> float:
    """`cosine_decay` after a rise from 0 over the first 2 % of the run (warm-up: Goyal et al. 2017, section 2.2).

    For networks whose first gradients are steep, such as behind Fourier features: there Adam's first steps, all of size lr, can
    throw a generator's points far beyond the data.
    """
    return min(1.0, number("fraction", fraction, 0, 1, (0, 1)) / 0.02) * cosine_decay(fraction)
