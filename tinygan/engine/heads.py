"""Heads, losses of a network's last outputs that say what something was. Value and derivative come from one function.

    softmax_cross_entropy(q, labels)       which of K classes         -> value, dq
    gaussian_nll(mean, target, log_std)    which numbers              -> value, dmean, dlog_std
    gaussian_kl(mean, log_var)             how far from N(0, I)       -> value, dmean, dlog_var

All average over the N rows of a batch (axis -2), so a value has shape (...): () or, with replicas, (R,).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from .arguments import Array, shown

LOG_2PI = math.log(2 * math.pi)


class CrossEntropy(NamedTuple):
    """The value (...), and dq (..., N, K), its derivative by the scores q."""

    value: Array
    dq: Array


class GaussianNLL(NamedTuple):
    """The value (...), and its derivatives by the means and by log_std, each (..., N, m)."""

    value: Array
    dmean: Array
    dlog_std: Array


class GaussianKL(NamedTuple):
    """The value (...), and its derivatives by the means and by log_var, each (..., N, m)."""

    value: Array
    dmean: Array
    dlog_var: Array


def softmax(q: Array) -> Array:
    """exp(q_k) / sum_j exp(q_j) in every row of q (..., N, K). The largest score is taken away first, so nothing overflows."""
    _check(q=q)
    e = np.exp(q - q.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(q: Array, labels: Array) -> CrossEntropy:
    """The cross-entropy of softmax(q) against one-hot labels, in nats.

        L = -1/N sum_n sum_k y_nk log softmax(q_n)_k          dL/dq = (softmax(q) - y) / N

    Parameters
    ----------
    q : (..., N, K), a score for each class
    labels : (..., N, K), one-hot rows y (`data.one_hot`); rows of probabilities, which sum to 1, may stand there too

    Returns
    -------
    value, dq
    """
    _check(q=q, labels=labels)
    n = q.shape[-2]
    below = q - q.max(axis=-1, keepdims=True)
    log_p = below - np.log(np.exp(below).sum(axis=-1, keepdims=True))  # never the logarithm of a p that was rounded to 0
    return CrossEntropy(-(labels * log_p).sum(axis=(-2, -1)) / n, (np.exp(log_p) - labels) / n)


def gaussian_nll(mean: Array, target: Array, log_std: Array) -> GaussianNLL:
    """The negative log-likelihood of `target` under independent Gaussians N(mean, exp(log_std)^2), in nats.

        L = 1/N sum_n sum_j [ e_nj^2 / 2 + log_std_nj + log(2 pi) / 2 ],    e = (target - mean) / exp(log_std)
        dL/dmean = -e exp(-log_std) / N,    dL/dlog_std = (1 - e^2) / N

    Parameters
    ----------
    mean, target, log_std : (..., N, m); log_std may be all zeros, for a standard deviation of 1

    Returns
    -------
    value, dmean, dlog_std
    """
    _check(mean=mean, target=target, log_std=log_std)
    n, m = mean.shape[-2:]
    e = (target - mean) * np.exp(-log_std)
    value = (e * e / 2 + log_std).sum(axis=(-2, -1)) / n + m * LOG_2PI / 2
    return GaussianNLL(value, -e * np.exp(-log_std) / n, (1 - e * e) / n)


def gaussian_kl(mean: Array, log_var: Array) -> GaussianKL:
    """The Kullback-Leibler divergence of independent Gaussians N(mean, exp(log_var)) from N(0, 1), in nats.

        L = 1/N sum_n sum_j [ exp(log_var_nj) + mean_nj^2 - 1 - log_var_nj ] / 2
        dL/dmean = mean / N,    dL/dlog_var = (exp(log_var) - 1) / (2 N)

    Parameters
    ----------
    mean, log_var : (..., N, m)

    Returns
    -------
    value, dmean, dlog_var

    References
    ----------
    Kingma & Welling 2014, appendix B.
    """
    _check(mean=mean, log_var=log_var)
    n, var = mean.shape[-2], np.exp(log_var)
    value = (var + mean * mean - 1 - log_var).sum(axis=(-2, -1)) / (2 * n)
    return GaussianKL(value, mean / n, (var - 1) / (2 * n))


def _check(**arrays: Any) -> None:
    """Raises TypeError or ValueError unless all are arrays of numbers (..., N, m) of one shape, with at least one row."""
    for name, x in arrays.items():
        if not isinstance(x, np.ndarray) or isinstance(x, (np.ma.MaskedArray, np.matrix)) or x.dtype.kind not in "fc":
            raise TypeError(f"{name} must be an array of floating-point numbers, (..., N, m); got {shown(x)}")
        if x.ndim < 2 or not x.shape[-2] or not (x.shape[-1] or name != "q"):  # without a class there is no softmax
            raise ValueError(f"{name} must have shape (..., N, m), with at least one row; got {x.shape}")
    if len({x.shape for x in arrays.values()}) > 1:
        told = ", ".join(f"{name} {x.shape}" for name, x in arrays.items())
        raise ValueError(f"these arrays must have one shape: {told}")
