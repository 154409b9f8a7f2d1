"""Helping the opponent.

A collection of short GANs trains an encoder Q and a generator P in one game against a discriminator. The loop is clear: the loss
of D, backward, step; the loss of P and Q, backward, step; and after each half all gradients are cleared. A reader asks about one
line of the first half: "Is it required to update the generator during discriminator learning? should not it be fixed?" The author
points to the algorithm in a paper, where each half moves its own players only. The line is still there.

Source: wiseodd/generative-models, issue 59 and GAN/ali_bigan/ali_bigan_pytorch.py, at the time of writing.

Promised: one round of the game. First D takes a step down its loss, and no one else moves. Then G and E take a step down theirs,
against the D that has just moved. G(z) = z A and E(x) = x B are linear, D has the score tanh([x, z] W) a for a pair [x, z].
    D's loss           E softplus(-r) + E softplus(f),      r the scores of [x, E(x)],  f those of [G(z), z]
    the loss of G, E   E softplus(r) + E softplus(-f)
    x (N, d), z (N, d_z), W (d + d_z, k), a (k, 1), A (d_z, d), B (d, d_z), lr a number  ->  W, a, A, B after the round
"""

import numpy as np

from tinygan.engine.numerics import sigmoid


def gradients(x, z, W, a, A, B, real, fake):
    """Binary cross-entropy of both kinds of pair, with the labels real and fake: its derivatives, {name: array}."""
    pairs = np.hstack([x, x @ B]), np.hstack([z @ A, z])
    found = dict(W=0, a=0)
    for pair, label, made in zip(pairs, (real, fake), "BA", strict=True):
        h = np.tanh(pair @ W)
        ds = (sigmoid(h @ a) - label) / len(pair)
        du = ds @ a.T * (1 - h * h)
        found["W"] += pair.T @ du
        found["a"] += h.T @ ds
        dpair = du @ W.T
        found[made] = z.T @ dpair[:, :x.shape[1]] if made == "A" else x.T @ dpair[:, x.shape[1]:]
    return found


class Solver:
    """Gradient descent for the parameters that it is given the names of."""

    def __init__(self, names, lr):
        self.names, self.lr = names, lr

    def step(self, parameters, grads):
        for name in self.names:
            parameters[name] = parameters[name] - self.lr * grads[name]


def bigan_round(x, z, W, a, A, B, lr):
    parameters = dict(W=W, a=a, A=A, B=B)
    d_solver, ge_solver = Solver("Wa", lr), Solver("AB", lr)

    grads = gradients(x, z, **parameters, real=1.0, fake=0.0)
    d_solver.step(parameters, grads)
    ge_solver.step(parameters, grads)

    grads = gradients(x, z, **parameters, real=0.0, fake=1.0)
    ge_solver.step(parameters, grads)
    return tuple(parameters.values())
