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


def _batchnorm(dy, x, gamma, *, mean=1, var=1, ddof=0, axis=0, average=np.mean, hat=None, scale=None, eps=1e-5, root=0.5):
    """dx, with other weights of what comes through the mean and through the variance, or with one thing done differently."""
    std = (x.var(axis=0, keepdims=True, ddof=ddof) + eps) ** root
    x_hat, dx_hat = (x - x.mean(axis=0)) / std, gamma * dy
    in_var = x_hat if hat is None else hat(x, std)
    through_var = in_var * average(dx_hat * in_var, axis=axis, keepdims=True)
    dx = dx_hat - mean * average(dx_hat, axis=axis, keepdims=True) - var * through_var
    return dx / (std if scale is None else scale(std))


BATCHNORM = Exercise(
    "M.08", "batchnorm_backward", "the statistics that stood still", _batchnorm_case,
    lambda dy, x, gamma: {"dx": differences(lambda x: float((dy * gamma * _normalised(x)).sum()), x)},
    solution=lambda dy, x, gamma: _batchnorm(dy, x, gamma),
    mistakes=(
        Mistake("mean and var were treated as constants, but every x moves both",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, mean=0, var=0)),
        Mistake("the mean is accounted for; the variance moves as well",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, var=0)),
        Mistake("the variance is accounted for; the mean moves as well",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, mean=0)),
        Mistake("gamma is lost. While every gamma is 1, as at the start, nobody can see it (denizyuret/Knet.jl, issue 288)",
                lambda dy, x, gamma: _batchnorm(dy, x, 1.0)),
        Mistake("var was divided by N - 1 on the way back, and by N on the way there",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, ddof=1)),
        Mistake("the means were taken along the columns, over the features; the batch is axis 0",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, axis=1)),
        Mistake("the means were taken over all entries; each column has its own",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, axis=None)),
        Mistake("sums stand where means belong: mean and var divide by N",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, average=np.sum)),
        Mistake("what comes through the mean was added, and it is to be subtracted",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, mean=-1)),
        Mistake("what comes through the variance was added, and it is to be subtracted",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, var=-1)),
        Mistake("both of what comes through mean and variance were added, and they are to be subtracted",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, mean=-1, var=-1)),
        Mistake("x stands where x^ belongs in what comes through the variance",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, hat=lambda x, std: x)),
        Mistake("x - mean stands where x^ belongs in what comes through the variance: divide by std",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, hat=lambda x, std: x - x.mean(axis=0))),
        Mistake("half of what comes through the variance: the root's 1/2 and the square's 2 cancel",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, var=0.5)),
        Mistake("twice what comes through the variance: the root's 1/2 and the square's 2 cancel",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, var=2)),
        Mistake("divided by the variance, not by its root",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, scale=lambda std: std**2)),
        Mistake("divided by the variance everywhere, x^ included; its root was meant",
                lambda dy, x, gamma: _batchnorm(dy, x, gamma, root=1)),
        *(Mistake(f"{eps:g} stands under the root where 1e-5 was meant",
                  lambda dy, x, gamma, eps=eps: _batchnorm(dy, x, gamma, eps=eps))
          for eps in (1e-3, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 0)),
        Mistake("gamma is missing in what comes through the variance: dx^ = gamma dy", lambda dy, x, gamma: (
            _batchnorm(dy, x, gamma, var=0) + _batchnorm(dy, x, 1.0) - _batchnorm(dy, x, 1.0, var=0))),
        Mistake("gamma is lost, and the mean moves as well", lambda dy, x, gamma: _batchnorm(dy, x, 1.0, mean=0)),
        Mistake("the division by std is missing", lambda dy, x, gamma: _batchnorm(dy, x, gamma, scale=lambda std: 1)),
    ),
    hints=("Add 1 to a whole column of x: y does not change at all. So each column of dx must sum to 0. Does it?",
           "With x^ = (x - mean) / std and dx^ = gamma dy: x acts on y directly, through the mean, and through the variance.",
           "dx = (dx^ - mean(dx^) - x^ mean(dx^ x^)) / std, with means over the batch."),
    batch=lambda dy, x, gamma: x.shape[0],
)


# ---------------------------------------------------------------- M.09


def _adam_case(rng):
    beta1, beta2 = float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.9, 0.999))
    return rng.normal(size=(int(rng.integers(8, 13)), sizes(rng, 1)[0])), round(float(rng.uniform(0.05, 0.2)), 2), beta1, beta2


def _adam_truth(grads, lr, beta1, beta2):
    """No running means, as step t weighs the gradients so far by powers of beta, and divides by the sum of the weights."""
    moves = []
    for t in range(1, grads.shape[0] + 1):
        age = np.arange(t)[::-1, None]
        m, v = ((beta**age * grads[:t] ** power).sum(axis=0) / (beta**age).sum() for beta, power in ((beta1, 1), (beta2, 2)))
        moves.append(-lr * m / (np.sqrt(v) + 1e-8))
    return {"path": np.cumsum(moves, axis=0)}


def _adam(grads, lr, beta1, beta2, correct=lambda mean, beta, t: mean / (1 - beta**t), first=1, kept=False, correct_v=None,
          root=lambda v: np.sqrt(v) + 1e-8):
    m, v, theta = np.zeros((3, grads.shape[1]))
    path = []
    for t, g in enumerate(grads, start=first):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = correct(m, beta1, t), (correct_v or correct)(v, beta2, t)
        theta = theta - lr * m_hat / root(v_hat)
        m, v = (m_hat, v_hat) if kept else (m, v)
        path.append(theta)
    return np.stack(path)


def _with_beta1(grads, lr, beta1, beta2):
    return _adam(grads, lr, beta1, beta2, correct_v=lambda mean, beta, t: mean / (1 - beta1**t))


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
        Mistake("m is corrected with the power, and v as before: v^ needs 1 - beta2^t too",
                lambda *args: _adam(*args, correct_v=lambda mean, beta, t: mean / (1 - beta))),
        Mistake("v is corrected with the power, and m as before: m^ needs 1 - beta1^t too", lambda *args: _adam(
            *args, correct=lambda mean, beta, t: mean / (1 - beta), correct_v=lambda mean, beta, t: mean / (1 - beta**t))),
        Mistake("(1 - beta)^t stands where 1 - beta^t was meant: the power belongs to beta alone", lambda *args: _adam(
            *args, correct=lambda mean, beta, t: mean / (1 - beta) ** t)),
        Mistake("only the first step is corrected: the bias fades with time, and is still there", lambda *args: _adam(
            *args, correct=lambda mean, beta, t: mean / (1 - beta) if t == 1 else mean)),
        Mistake("both were corrected with beta1: v^ needs 1 - beta2^t", _with_beta1),
        Mistake("every row is the last theta: theta -= changes the array that the path has already", lambda *args: (
            np.tile(_adam(*args)[-1], (args[0].shape[0], 1)))),
        Mistake("1 - beta t stands where the power was meant, 1 - beta^t", lambda *args: _adam(
            *args, correct=lambda mean, beta, t: mean / (1 - beta * t),
            correct_v=lambda mean, beta, t: mean / abs(1 - beta * t))),
        *(Mistake(f"eps, {eps:g}, stands under the root; it is 1e-8, behind the root", lambda *args, eps=eps: _adam(
            *args, root=lambda v: np.sqrt(v + eps))) for eps in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)),
        Mistake("t counts from 1: at t = 0 there is nothing to divide by", lambda *args: _adam(*args, first=0), "not finite"),
        Mistake("t is one ahead: the first step is step 1", lambda *args: _adam(*args, first=2)),
    ),
    hints=("Give it the same gradient 20 times. Adam would take 20 equal steps. Print these.",
           "After t equal gradients g, m is (1 - beta1^t) g. By what must it be divided to give g?",
           "m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t), where t counts the steps from 1: enumerate(grads, start=1)."),
)


EXHIBITS = (BATCHNORM, ADAM)
