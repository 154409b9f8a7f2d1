"""A loss that is only printed.

A network that finds changes in satellite images is trained as a GAN: its generator minimises a content loss plus an
adversarial one, and the log shows their sum. A reader saw that the second part cannot update anything. The author answered
that D must not be updated there. Both are talking about the same line. The generator has been trained by the content loss
alone.

Source: wangle53/CSA-CDGAN, issue 5 and train.py, at the time of writing.

Promised: returns L and fills G.grad with dL/dtheta_G; D.grad stays as it was. The first mean is over all entries, E over the
batch. G and D are networks of this package: see tinygan/engine/network.py.
    L = mean (x - target)^2 + weight * E softplus(-D(x)),   x = G(z)
    G, D networks, z (N, d_z), target (N, d), weight a number  ->  L, and G.grad (P,)
"""

import numpy as np

from tinygan.engine.numerics import softplus


def generator_gradient(G, D, z, target, weight):
    x, tape = G.forward(z)
    content = np.mean((x - target) ** 2)
    adversarial = np.mean(softplus(-D(x)))
    dx = 2 * (x - target) / x.size
    G.zero_grad()
    G.backward(dx, tape)
    return content + weight * adversarial
