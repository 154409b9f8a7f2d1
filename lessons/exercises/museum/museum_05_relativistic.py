"""All fakes are the average fake.

The relativistic average loss asks of each real sample whether it looks more real than the average fake, and of each fake
whether it looks more real than the average real. A reader compared the paper's formula with the author's code. "You're right
actually, how did I not notice this before", came the answer, and the analyses were to be done again. A gradient check would
not have helped: value and gradient agree.

Source: AlexiaJM/RelativisticGAN, issue 2, at the time of writing.

Promised: D's loss and its derivatives; r are the scores of real samples, f those of fake ones, E is the mean over the batch.
    value = 1/2 E softplus(mean(f) - r) + 1/2 E softplus(f - mean(r))
    r (N, 1), f (N, 1)  ->  value, dr (N, 1), df (N, 1)
"""

import numpy as np

from tinygan.engine.numerics import sigmoid, softplus


def relativistic_average(r, f):
    n = r.shape[0]
    real = r - f.mean()
    fake = f.mean() - r
    value = (softplus(-real).mean() + softplus(fake).mean()) / 2
    d_real, d_fake = -sigmoid(-real) / (2 * n), sigmoid(fake) / (2 * n)
    dr = d_real - d_fake
    df = np.full_like(f, (d_fake - d_real).sum() / n)
    return value, dr, df
