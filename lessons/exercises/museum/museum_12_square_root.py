"""NaN in one step.

In a tutorial's WGAN-GP everything can be NaN from one step to the next. Nothing grew before, nothing oscillated: the last
step was a healthy one. It takes a single sample at which D is flat, so that its gradient is exactly zero. With ReLU units
that is a matter of time. More than four years passed between the first report and the repair.

Source: keras-team/keras-io, issues 624 and 910, pull request 2364, examples/generative/wgan_gp.py, at the time of writing.

Promised: the derivative of the penalty P = lam * mean_n (||g_n|| - 1)^2 with respect to g. It is finite for every g; where
g_n = 0 no direction is better than another, and dg_n = 0.
    g (N, d), lam a number  ->  dg (N, d)
"""

import numpy as np


def penalty_derivative(g, lam):
    norm = np.sqrt((g**2).sum(axis=-1, keepdims=True))
    return 2 * lam * (1 - 1 / norm) * g / g.shape[0]
