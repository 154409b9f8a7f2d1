"""The ring with seven modes.

Eight Gaussians on a ring are the usual first test for mode collapse: how many of the eight does the generator find? In a
notebook that demonstrates unrolled GANs the ring is made by the lines below. Points drawn from it look right at a glance,
nothing complains, and results are counted "of 8". Yet no generator, however good, could have found more than seven.

Source: poolio/unrolled_gan, Unrolled GAN demo.ipynb (sample_mog), at the time of writing.

Promised: the means of a ring, m_k = radius (cos(2 pi k / modes), sin(2 pi k / modes)) for k = 0 ... modes - 1.
    modes an int, radius a number  ->  means (modes, 2)
"""

import numpy as np


def ring_means(modes, radius):
    angle = np.linspace(0, 2 * np.pi, modes)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
