"""Two labels for one image.

A notebook draws the labels for its generator at random, and shows D each generated image with the label that it was made
for. A reader finds D's second line odd: "I think this should be real_labels instead of random_labels". In another repository
the same is filed as a bug: D should get the true labels, as the others are "not useful at all". In both the code was right. Here
the readers have got what they asked for.

Source: mafda/generative_adversarial_networks_101, issue 2; crcrpar/pytorch.sngan_projection, issue 23; at the time of writing.

Promised: the gradients of D's loss in a conditional GAN. D has the score tanh([x, y] W) a for an image x with its label y beside
it. Row n of y_real is the label of x_real[n]. Row n of asked is the label that G was given when it made x_fake[n].
    L = E softplus(-r) + E softplus(f),  r the scores of the real pairs,  f those of the generated ones
    x_real (N, d), y_real (N, K), x_fake (N, d), asked (N, K), W (d + K, k), a (k, 1)  ->  dW (d + K, k), da (k, 1)
"""

import numpy as np

from tinygan.engine.numerics import sigmoid


def pair_gradients(pairs, label, W, a):
    """The gradients of binary cross-entropy for a batch of pairs: label 1 is real, 0 is fake."""
    h = np.tanh(pairs @ W)
    ds = (sigmoid(h @ a) - label) / pairs.shape[0]
    return pairs.T @ (ds @ a.T * (1 - h * h)), h.T @ ds


def label_gradients(x_real, y_real, x_fake, asked, W, a):
    real = np.hstack([x_real, y_real])
    fake = np.hstack([x_fake, y_real])
    dW_real, da_real = pair_gradients(real, 1.0, W, a)
    dW_fake, da_fake = pair_gradients(fake, 0.0, W, a)
    return dW_real + dW_fake, da_real + da_fake
