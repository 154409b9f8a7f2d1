"""Two small players that several exercises are about, and what an answer may and may not do to them."""

import numpy as np

from ..engine.layers import Tanh
from ..engine.network import mlp
from .grading import Mistake, Wrong


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


def penalty_observed(answer, D, *args):
    """What a penalty's answer returns, and what it adds to the gradient that the loss has left in D.grad."""
    nets = used(D=D)
    left = nets["D"].grad.copy()
    value = gradient_of(answer, nets, *args)["value"]
    return {"P": value, "what was added to D.grad": nets["D"].grad - left}


def penalty_slips(r1):
    """The mistakes that people make with any R1; r1 makes the answer with one thing done differently."""
    return (
        Mistake("the square gives its 2 back: v = gamma g / N, without the 1/2",
                r1(v=lambda g, gamma, n: gamma / 2 * g / n), "factor 2"),
        Mistake("gamma/2 is missing its 1/2 in P", r1(half=1.0), "factor 2"),
        Mistake("v is missing its gamma", r1(v=lambda g, gamma, n: g / n), "gamma"),
        Mistake("v is missing its 1/N", r1(v=lambda g, gamma, n: gamma * g), "batch size"),
        Mistake("P is a sum over the batch; it is a mean", r1(mean=False), "batch size"),
        Mistake("the first backward pass added its own gradient to D.grad; it is only there for g, so grads=False",
                r1(first=True)),
        Mistake("D.grad was cleared: the loss had left its gradient there, and the penalty's is added to it", r1(clear=True)),
    )
