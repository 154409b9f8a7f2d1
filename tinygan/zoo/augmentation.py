"""Conditioning augmentation (Zhang et al. 2017, section 3.2): many conditions c for the same words, and what they may say."""

from typing import Any

import numpy as np

from ..engine.arguments import Array
from ..engine.heads import gaussian_kl
from ..engine.store import Network
from .joining import joined


def condition(C: Network, phi: Array, eps: Array) -> tuple[Array, Any]:
    """c = mu + exp(log_var / 2) eps (..., N, k) with [mu, log_var] = C(phi), and a tape."""
    h, tape = C.forward(phi)
    mu, log_var = h[..., :eps.shape[-1]], h[..., eps.shape[-1]:]
    return mu + np.exp(log_var / 2) * eps, (mu, log_var, eps, tape)


def condition_backward(C: Network, dc: Array, tape: Any, kl: float) -> Array:
    """The KL term; C.grad is the derivative of what dc comes from, and of kl times the KL term."""
    mu, log_var, eps, inner = tape
    value, dmu, dlog_var = gaussian_kl(mu, log_var)
    C.zero_grad()
    C.backward(joined(dc + kl * dmu, dc * eps * np.exp(log_var / 2) / 2 + kl * dlog_var), inner)
    return value
