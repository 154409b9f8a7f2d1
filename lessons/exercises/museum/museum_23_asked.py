"""The class that nobody asks for.

A conditional GAN draws the labels that it gives to its generator with randint(0, NUM_CLASSES - 1). It looks careful: classes are
counted from 0, so the last one is NUM_CLASSES - 1. But the upper end of randint is left out already. The generator is never
asked for a nine. So D never sees a generated nine either, and learns that a nine is always real. An earlier version had
randint(1, 2), which is always 1.

Source: freeeerf/conditional_gan, conditional_gan/engine/tranier.py (train_one_epoch), at the time of writing.

Promised: the labels that G is asked for, each class 0 to classes - 1 equally likely, and each drawn for itself. The same seed
gives the same labels.
    n an int, classes an int, seed an int  ->  labels (n,), whole numbers
"""

import numpy as np


def asked_labels(n, classes, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, classes - 1, size=n)
