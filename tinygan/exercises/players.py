"""Two small players that several exercises are about, and what an answer may and may not do to them."""

import numpy as np

from ..engine.layers import Tanh
from ..engine.network import mlp
from .grading import Wrong


def players(rng):
    """A small G (2 -> 3) and D (3 -> 1), smooth, so that differences are exact."""
    g_seed, d_seed = (int(seed) for seed in rng.integers(1 << 30, size=2))
    G = mlp(2, int(rng.integers(4, 7)), 3, activation=Tanh, seed=g_seed, dtype=np.float64)
    D = mlp(3, int(rng.integers(4, 7)), 1, activation=Tanh, seed=d_seed, dtype=np.float64)
    for net in (G, D):
        net.theta += 0.1 * rng.normal(size=net.theta.shape)  # no bias is 0
    return G, D


def d_loss(D, x_real, x_fake):
    """As the textbook has it; the scores are small enough."""
    return float(np.log1p(np.exp(-D(x_real))).mean() + np.log1p(np.exp(D(x_fake))).mean())


def g_loss(G, D, z):
    """The non-saturating one, as the textbook has it."""
    return float(np.log1p(np.exp(-D(G(z)))).mean())


def at(net, theta):
    """The same network with other parameters."""
    net = net.copy()
    net.theta[...] = theta
    return net


def used(**nets):
    """Networks as an answer meets them, name -> copy: with the gradient of an earlier step still in `grad`."""
    nets = {name: net.copy() for name, net in nets.items()}
    for net in nets.values():
        net.grad[...] = np.linspace(-1, 1, net.grad.size)
    return nets


def gradient_of(answer, nets, *args):
    """The value and the gradients that an answer leaves behind; the first of the networks is the one it is about."""
    before = {name: net.theta.copy() for name, net in nets.items()}
    value = answer(*nets.values(), *args)
    for name, net in nets.items():
        if not np.array_equal(net.theta, before[name]):
            raise Wrong(f"{name}.theta has changed: a gradient tells where to go, and does not go there yet",
                        "moving the parameters is the optimiser's business, after the gradient")
    return {"value": value, **{f"{name}.grad": net.grad for name, net in nets.items()}}
