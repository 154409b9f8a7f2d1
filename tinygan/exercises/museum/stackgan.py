"""Composition in the family: one row that holds two things."""

import numpy as np

from ..grading import Exercise, Mistake, differences
from .common import sizes


def _case(rng):
    n, k, m = sizes(rng, 3)
    return rng.normal(size=(n, k)), rng.normal(size=(k, 2 * m)) / k**0.5, rng.normal(size=(n, m)), rng.normal(size=(n, m))


def _condition(phi, W, eps):
    """Number by number: c, and the divergence."""
    h, (n, m) = phi @ W, eps.shape
    c, kl = np.zeros((n, m)), 0.0
    for i, j in np.ndindex(n, m):
        mean, log_s = h[i, j], h[i, m + j]
        c[i, j] = mean + np.exp(log_s) * eps[i, j]
        kl += (np.exp(2 * log_s) + mean**2 - 1 - 2 * log_s) / 2 / n
    return c, kl


def _truth(phi, W, eps, dc):
    c, kl = _condition(phi, W, eps)

    def total(W):
        c, kl = _condition(phi, W, eps)
        return float((dc * c).sum() + kl)

    return {"c": c, "kl": np.asarray(kl), "dW": differences(total, W)}


def _halves(h, m):
    return h[:, :m], h[:, m:]


def _answer(cut=_halves, back=lambda dmean, dlog_s: (dmean, dlog_s), drawn=1, cost=1):
    """The answer with another way to cut the row, or to lay its gradient together; or with a part of the gradient left out."""
    def answer(phi, W, eps, dc):
        n, (mean, log_s) = len(eps), cut(phi @ W, eps.shape[1])
        s = np.exp(log_s)
        dmean, dlog_s = dc + mean / n, drawn * dc * s * eps + cost * (s * s - 1) / n
        value = (s * s + mean**2 - 1 - 2 * log_s).sum() / (2 * n)
        return mean + s * eps, value, phi.T @ np.concatenate(back(dmean, dlog_s), axis=1)

    return answer


SLICES = Exercise(
    "M.29", "conditioned", "one slice for two things", _case, _truth, solution=_answer(),
    mistakes=(
        Mistake("mean and log s are read from the same columns, and the second half of the row from nowhere",
                _answer(lambda h, m: (h[:, :m], h[:, :m]))),
        Mistake("now both are read from the second half", _answer(lambda h, m: (h[:, m:], h[:, m:]))),
        Mistake("the two halves are exchanged: the means come first", _answer(lambda h, m: (h[:, m:], h[:, :m]))),
        Mistake("the halves are exchanged, in the gradient as well: the means come first",
                _answer(lambda h, m: (h[:, m:], h[:, :m]), lambda dmean, dlog_s: (dlog_s, dmean))),
        Mistake("means and logarithms lie one beside the other in turns; here they are two halves",
                _answer(lambda h, m: (h[:, ::2], h[:, 1::2]))),
        Mistake("both are read from the first half, and its gradient is now the sum of both; but the second half is still unused",
                _answer(lambda h, m: (h[:, :m], h[:, :m]), lambda dmean, dlog_s: (dmean + dlog_s, 0 * dlog_s))),
        Mistake("the gradient through the draw was taken out of dW", _answer(drawn=0)),
        Mistake("the gradient of the divergence by log s was taken out of dW", _answer(cost=0)),
    ),
    hints=("h has 2 m columns. Which of them are read?",
           "Change one number in the second half of W, and look at what c does.",
           "log_s = h[:, m:]"),
    batch=lambda phi, *rest: phi.shape[0],
)

EXHIBITS = (SLICES,)
