"""The norm of every pixel.

The authors of WGAN-GP flatten their images before D sees them, and take the norm of the gradient along axis 1. Others kept
their images as images and copied the axis. One user saw penalties of ten thousand while the gradients were reasonable; three
well-known repositories had it at the same time. It trains all the same: D is asked for a slope of 1 at each pixel instead of
altogether.

Source: eriklindernoren/PyTorch-GAN, issue 20; caogang/wgan-gp, issues 25 and 27; Zeleni9/pytorch-wgan, issue 40; at the time
of writing.

Promised: the gradient penalty value = lam * mean over the samples of (||g_n|| - 1)^2, where g_n is the gradient of sample n's
score with respect to its whole image.
    g (N, C, H, W), lam a number  ->  value
"""

import numpy as np


def gradient_penalty(g, lam):
    norm = np.sqrt((g**2).sum(axis=1))
    return lam * np.mean((norm - 1) ** 2)
