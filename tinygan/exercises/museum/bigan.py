"""Composition in the family: an encoder, a generator and a discriminator, and who moves in which half of a round."""

import numpy as np

from ...engine import gradcheck
from ...engine.numerics import sigmoid
from ..grading import Exercise, Mistake
from .common import critic, sizes


def _round_case(rng):
    n, d, d_z, k = sizes(rng, 4)
    shapes = (n, d), (n, d_z), (d + d_z, k), (k, 1), (d_z, d), (d, d_z)
    x, z, *parameters = (rng.normal(size=shape) for shape in shapes)
    return x, z, *(array / array.shape[0]**0.5 for array in parameters), float(rng.uniform(0.3, 0.8))


def _loss(x, z, W, a, A, B, sign):
    """D's loss with sign -1, that of G and E with sign 1."""
    r, f = critic(np.hstack([x, x @ B]), W, a), critic(np.hstack([z @ A, z]), W, a)
    return float(np.log1p(np.exp(sign * r)).mean() + np.log1p(np.exp(-sign * f)).mean())


def _round_truth(x, z, W, a, A, B, lr):
    """Each gradient by differences."""
    after = {"W": W - lr * gradcheck.central(lambda W: _loss(x, z, W, a, A, B, -1), W),
             "a": a - lr * gradcheck.central(lambda a: _loss(x, z, W, a, A, B, -1), a)}
    return after | {"A": A - lr * gradcheck.central(lambda A: _loss(x, z, *after.values(), A, B, 1), A),
                    "B": B - lr * gradcheck.central(lambda B: _loss(x, z, *after.values(), A, B, 1), B)}


def _gradients(x, z, W, a, A, B, real, fake):
    """dW, da, dA, dB of the binary cross-entropy with the labels real and fake."""
    found = []
    for pair, label in ((np.hstack([x, x @ B]), real), (np.hstack([z @ A, z]), fake)):
        h = np.tanh(pair @ W)
        ds = (sigmoid(h @ a) - label) / len(pair)
        du = ds @ a.T * (1 - h * h)
        found.append((pair.T @ du, h.T @ ds, du @ W.T))
    (dW, da, dreal), (dW_fake, da_fake, dfake) = found
    return dW + dW_fake, da + da_fake, z.T @ dfake[:, :x.shape[1]], x.T @ dreal[:, x.shape[1]:]


def _round(helps="", stale=False, left=0.0, again=False, labels=(0.0, 1.0)):
    """A round in which the players named in `helps` move in D's half too, or with another thing done differently."""
    def answer(x, z, W, a, A, B, lr):
        before = W, a
        dW, da, dA, dB = _gradients(x, z, W, a, A, B, 1.0, 0.0)
        W, a = W - lr * dW, a - lr * da
        A, B = A - lr * dA * ("G" in helps), B - lr * dB * ("E" in helps)
        against = before if stale else (W, a)
        dW, da, dA_own, dB_own = _gradients(x, z, *against, A, B, *labels)
        A, B = A - lr * (dA_own + left * dA), B - lr * (dB_own + left * dB)
        return W - again * lr * dW, a - again * lr * da, A, B

    return answer


HELPING = Exercise(
    "M.26", "bigan_round", "helping the opponent", _round_case, _round_truth, solution=_round(),
    mistakes=(
        Mistake("in D's half G and E moved too, down D's loss: they helped it to tell their pairs apart", _round(helps="GE")),
        Mistake("in D's half G still moved, down D's loss", _round(helps="G")),
        Mistake("in D's half E still moved, down D's loss", _round(helps="E")),
        Mistake("in the second half the gradient of D's loss was still there, and was added", _round(left=1.0)),
        Mistake("G and E answered the D from before its step", _round(stale=True)),
        Mistake("D moved in the second half as well, down the loss of the others", _round(again=True)),
        Mistake("in the second half E's pairs have the label of G's", _round(labels=(1.0, 1.0))),
    ),
    hints=("Which parameters ought to have changed after the first half? Print which have.",
           "A backward pass gives the derivative by everything that took part. Who moves is decided by the step.",
           "ge_solver.step belongs to the second half only: take it out of the first."),
    batch=lambda x, z, *rest: x.shape[0],
)

EXHIBITS = (HELPING,)
