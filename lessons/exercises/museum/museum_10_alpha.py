"""Not on the line between.

WGAN-GP asks for gradients of norm 1 on the straight lines from fake samples to real ones. A popular collection of GANs draws
its points as below, and so did several others. Its points are not on those lines: they fill the box between the two images,
and in high dimensions nearly all are far from the line and from both ends. It trains, and a user reports that it trains
better since he changed this.

Source: hwalsuklee/tensorflow-generative-model-collections, issue 33; also eriklindernoren/PyTorch-GAN, issue 5; at the time
of writing.

Promised: for each sample a point, uniformly distributed on the line from its fake to its real image, each drawn for itself. The
same seed gives the same points.
    x_real (N, C, H, W), x_fake (N, C, H, W), seed an int  ->  x (N, C, H, W)
"""

import numpy as np


def interpolates(x_real, x_fake, seed):
    rng = np.random.default_rng(seed)
    alpha = rng.uniform(size=x_real.shape)
    return alpha * x_real + (1 - alpha) * x_fake
