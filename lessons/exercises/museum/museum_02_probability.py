"""Twice as sure.

An example program of the library autograd trains a GAN and prints, every ten steps, how likely D finds the real and the
generated images. Its sigmoid goes through tanh, so that nothing overflows: a good idea. D's objective has a log-sigmoid of
its own, which is right, so training never felt the slip. Only the person who read the two columns of probabilities did.

Source: HIPS/autograd, examples/generative_adversarial_net.py (sigmoid), at the time of writing.

Promised: the probability that belongs to a score, p = 1 / (1 + exp(-s)), in every entry.
    s (N, 1)  ->  p (N, 1)
"""

import numpy as np


def probability(s):
    return 0.5 * (np.tanh(s) + 1.0)
