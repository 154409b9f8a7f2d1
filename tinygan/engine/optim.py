"""Optimisers: what to do with a gradient. They see two flat arrays, theta and grad, and no network.

    step(theta, grad)      changes theta in place, downhill

`factor` multiplies the learning rate; a training loop sets it from a schedule, a function of the
fraction of the run that has passed (0 at the first step, towards 1 at the last).
"""

import math

import numpy as np

from .arguments import number


class SGD:
    """Gradient descent with momentum (Polyak 1964): v <- momentum v + grad; theta <- theta - lr v.

    lr: the learning rate, usually 1e-3 to 1e-1; momentum: 0 to .99.
    """

    def __init__(self, lr, momentum=0):
        self.lr = number("SGD: lr", lr, above=0)
        self.momentum = number("SGD: momentum", momentum, above=0, below=1, including=(0,))
        self.factor = 1.0
        self.velocity = None

    def step(self, theta, grad):
        """One step downhill: changes theta in place."""
        if self.velocity is None:
            self.velocity = np.zeros_like(theta)
        self.velocity *= self.momentum
        self.velocity += grad
        theta -= self.lr * self.factor * self.velocity

    def __repr__(self):
        return f"SGD(lr={self.lr:g}, momentum={self.momentum:g})"


class Adam:
    """Steps of about lr in each parameter, whatever the gradient's size (Kingma & Ba 2015, Algorithm 1).

        m <- beta1 m + (1 - beta1) grad          running mean of the gradient
        v <- beta2 v + (1 - beta2) grad^2        running mean of its square
        theta <- theta - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    The two divisions by 1 - beta^t undo the start at zero. t counts steps, from 1.
    lr: usually 1e-4 to 3e-3; beta1: 0 to .9, .5 is usual for GANs; beta2: .9 to .999.

    >>> import numpy as np
    >>> from tinygan import Adam
    >>> theta = np.array([1.0, 1.0])
    >>> Adam(lr=.1).step(theta, np.array([.001, -40.0]))
    >>> print(theta.round(4))
    [0.9 1.1]
    """

    def __init__(self, lr=1e-3, beta1=0.5, beta2=0.999, eps=1e-8):
        self.lr = number("Adam: lr", lr, above=0)
        self.beta1 = number("Adam: beta1", beta1, above=0, below=1, including=(0,))
        self.beta2 = number("Adam: beta2", beta2, above=0, below=1, including=(0,))
        self.eps = number("Adam: eps", eps, above=0)
        self.factor = 1.0
        self.t = 0
        self.m = self.v = None

    def step(self, theta, grad):
        """One step downhill: changes theta in place."""
        if self.m is None:
            self.m, self.v = np.zeros_like(theta), np.zeros_like(theta)
        self.t += 1
        self.m *= self.beta1
        self.m += (1 - self.beta1) * grad
        self.v *= self.beta2
        self.v += (1 - self.beta2) * (grad * grad)
        scale = 1 / math.sqrt(1 - self.beta2**self.t)
        rate = self.lr * self.factor / (1 - self.beta1**self.t)
        theta -= rate * self.m / (scale * np.sqrt(self.v) + self.eps)

    def __repr__(self):
        return f"Adam(lr={self.lr:g}, beta1={self.beta1:g}, beta2={self.beta2:g})"


class Optimistic:
    """Another optimiser's steps, each with its change since the step before added again (Daskalakis et al. 2018, section 3):

        theta <- theta + 2 step_t - step_{t-1}        which is theta - lr (2 grad_t - grad_{t-1}) for plain gradient descent

    In a game the next gradient will be about grad_t + (grad_t - grad_{t-1}): the guess damps the circling. With Adam it is their
    Optimistic Adam (algorithm 1). The first step is an ordinary one.
    """

    def __init__(self, opt):
        self.opt = opt
        self.last = None

    factor = property(lambda self: self.opt.factor, lambda self, factor: setattr(self.opt, "factor", factor))

    def step(self, theta, grad):
        """One step: changes theta in place."""
        start = theta.copy()
        self.opt.step(theta, grad)
        step = theta - start
        if self.last is not None:
            theta += step - self.last
        self.last = step

    def __repr__(self):
        return f"Optimistic({self.opt!r})"


class Clipped:
    """Another optimiser's steps, after each of which every parameter is put back into [-bound, bound].

    On a critic it bounds the slope, roughly (Arjovsky et al. 2017, algorithm 1, where bound is .01).
    """

    def __init__(self, opt, bound):
        self.opt = opt
        self.bound = number("clip", bound, above=0)

    factor = property(lambda self: self.opt.factor, lambda self, factor: setattr(self.opt, "factor", factor))

    def step(self, theta, grad):
        """One step: changes theta in place."""
        self.opt.step(theta, grad)
        np.clip(theta, -self.bound, self.bound, out=theta)

    def __repr__(self):
        return f"Clipped({self.opt!r}, {self.bound:g})"


def constant(fraction):
    """The learning rate stays what it is."""
    return 1.0


def linear(fraction):
    """The learning rate falls to 0 in a straight line."""
    return 1 - fraction


def cosine(fraction):
    """The learning rate falls to 0 along half a cosine: slowly, quickly, slowly (Loshchilov & Hutter 2017, equation 5).

    >>> from tinygan import cosine
    >>> [round(cosine(fraction), 2) for fraction in (0, .25, .5, .75, 1)]
    [1.0, 0.85, 0.5, 0.15, 0.0]
    """
    return (1 + math.cos(math.pi * fraction)) / 2


def warm_cosine(fraction):
    """The same after a rise from 0 over the first 2 % of the run (warm-up: Goyal et al. 2017, section 2.2).

    For networks whose first gradients are steep, such as behind Fourier features: there Adam's first steps, all of size lr, can
    throw a generator's points far beyond the data.
    """
    return min(1.0, fraction / 0.02) * cosine(fraction)
