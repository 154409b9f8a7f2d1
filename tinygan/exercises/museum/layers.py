"""The museum's third room: a layer and an optimiser."""

import numpy as np

from ..grading import Exercise, Mistake, differences
from .common import sizes

# ---------------------------------------------------------------- M.08


def _batchnorm_case(rng):
    n, d = sizes(rng, 2)
    return rng.normal(size=(n + 2, d)), rng.normal(size=(n + 2, d)) * 2, rng.normal(size=(1, d))


def _normalised(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def _batchnorm(dy, x, gamma, *, mean=True, var=True, ddof=0):
    """dx, with or without what comes through the mean and through the variance."""
    std = np.sqrt(x.var(axis=0, keepdims=True, ddof=ddof) + 1e-5)
    x_hat, dx_hat = (x - x.mean(axis=0)) / std, gamma * dy
    return (dx_hat - mean * dx_hat.mean(axis=0) - var * x_hat * (dx_hat * x_hat).mean(axis=0)) / std


BATCHNORM = Exercise(
    "M.08", "batchnorm_backward", "the statistics that stood still", _batchnorm_case,
    lambda dy, x, gamma: {"dx": differences(lambda x: float((dy * gamma * _normalised(x)).sum()), x)},
    solution=lambda dy, x, gamma: _batchnorm(dy, x, gamma),
    mistakes=(
        Mistake("mean and var were treated as constants, but every x moves both",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, mean=False, var=False)),
        Mistake("the mean is accounted for; the variance moves as well",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, var=False)),
        Mistake("the variance is accounted for; the mean moves as well",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, mean=False)),
        Mistake("gamma is lost. While every gamma is 1, as at the start, nobody can see it (denizyuret/Knet.jl, issue 288)",
                lambda dy, x, gamma: _batchnorm(dy, x, 1.0)),
        Mistake("var was divided by N - 1 on the way back, and by N on the way there",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, ddof=1)),
    ),
    hints=("Add 1 to a whole column of x: y does not change at all. So each column of dx must sum to 0. Does it?",
           "With x^ = (x - mean) / std and dx^ = gamma dy: x acts on y directly, through the mean, and through the variance.",
           "dx = (dx^ - mean(dx^) - x^ mean(dx^ x^)) / std, with means over the batch."),
    batch=lambda dy, x, gamma: x.shape[0],
)


# ---------------------------------------------------------------- M.09


def _adam_case(rng):
    beta1, beta2 = float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.9, 0.999))
    return rng.normal(size=(int(rng.integers(8, 13)), sizes(rng, 1)[0])), 0.1, beta1, beta2


def _adam_truth(grads, lr, beta1, beta2):
    """No running means: step t weighs the gradients so far by powers of beta, and divides by the sum of the weights."""
    moves = []
    for t in range(1, grads.shape[0] + 1):
        age = np.arange(t)[::-1, None]
        m, v = ((beta**age * grads[:t] ** power).sum(axis=0) / (beta**age).sum() for beta, power in ((beta1, 1), (beta2, 2)))
        moves.append(-lr * m / (np.sqrt(v) + 1e-8))
    return {"path": np.cumsum(moves, axis=0)}


def _adam(grads, lr, beta1, beta2, correct=lambda mean, beta, t: mean / (1 - beta**t), first=1, kept=False):
    m, v, theta = np.zeros((3, grads.shape[1]))
    path = []
    for t, g in enumerate(grads, start=first):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = correct(m, beta1, t), correct(v, beta2, t)
        theta = theta - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
        m, v = (m_hat, v_hat) if kept else (m, v)
        path.append(theta)
    return np.stack(path)


ADAM = Exercise(
    "M.09", "adam_path", "right at the first step", _adam_case, _adam_truth,
    solution=lambda grads, lr, beta1, beta2: _adam(grads, lr, beta1, beta2),
    mistakes=(
        Mistake("the first step is right, and no other: the bias fades with time, and its correction does not",
                lambda *args: _adam(*args, correct=lambda mean, beta, t: mean / (1 - beta))),
        Mistake("there is no correction now: m and v are too small at first",
                lambda *args: _adam(*args, correct=lambda mean, beta, t: mean)),
        Mistake("multiplied by 1 - beta^t, not divided",
                lambda *args: _adam(*args, correct=lambda mean, beta, t: mean * (1 - beta**t))),
        Mistake("the corrected means were kept, and corrected again in the next step (frgfm/holocron, issue 1)",
                lambda *args: _adam(*args, kept=True)),
        Mistake("t counts from 1: at t = 0 there is nothing to divide by", lambda *args: _adam(*args, first=0), "not finite"),
        Mistake("t is one ahead: the first step is step 1", lambda *args: _adam(*args, first=2)),
    ),
    hints=("Give it the same gradient 20 times. Adam would take 20 equal steps. Print these.",
           "After t equal gradients g, m is (1 - beta1^t) g. By what must it be divided to give g?",
           "m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t), where t counts the steps from 1: enumerate(grads, start=1)."),
)


EXHIBITS = (BATCHNORM, ADAM)
