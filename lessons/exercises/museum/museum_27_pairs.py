"""Pairs that are none.

The first draft of a DiscoGAN, in a collection of GANs, draws its batches from two domains, each in an order of its own: there
are no pairs, that is the point of the paper. Its generators have three losses. D judges what they make, the way there and back
must lead home, and what was made is compared, pixel by pixel, with the real images of the same batch. In the version that runs,
the comparison has stayed, and the data have changed. "I don't quite understand why the dataset for discogan consists of paired
images", writes a reader; and another agrees that it should be unpaired.

Source: eriklindernoren/PyTorch-GAN, issue 90 and implementations/discogan/discogan.py, at the time of writing.

Promised: the loss of both generators of a DiscoGAN, and its gradients. G_AB(a) = a A and G_BA(b) = b B are linear, and the scores
of D_A and D_B are x u and x v. Row n of a and row n of b have nothing to do with each other.
    value = mean softplus(-D_B(a A)) + mean softplus(-D_A(b B)) + weight * (mean (a A B - a)^2 + mean (b B A - b)^2)
    a, b (N, d), A, B (d, d), u, v (d, 1), weight a number  ->  value, one number; dA (d, d), dB (d, d)
"""

from tinygan.engine.numerics import sigmoid, softplus


def judged(x, u):
    """The loss of a generator whose samples are x, and its derivative by x."""
    s = x @ u
    return softplus(-s).mean(), -sigmoid(-s) / len(s) @ u.T


def squares(x, target):
    """The mean square of x - target, and its derivative by x."""
    return ((x - target)**2).mean(), 2 * (x - target) / x.size


def generators_loss(a, b, A, B, u, v, weight):
    fake_b, fake_a = a @ A, b @ B
    game_b, d_fake_b = judged(fake_b, v)
    game_a, d_fake_a = judged(fake_a, u)

    pixels_b, d_pixels_b = squares(fake_b, b)
    pixels_a, d_pixels_a = squares(fake_a, a)
    d_fake_b, d_fake_a = d_fake_b + d_pixels_b, d_fake_a + d_pixels_a

    cycle_a, d_home_a = squares(fake_b @ B, a)
    cycle_b, d_home_b = squares(fake_a @ A, b)
    d_fake_b, d_fake_a = d_fake_b + weight * d_home_a @ B.T, d_fake_a + weight * d_home_b @ A.T

    dA = a.T @ d_fake_b + weight * fake_a.T @ d_home_b
    dB = b.T @ d_fake_a + weight * fake_b.T @ d_home_a
    return game_b + game_a + pixels_b + pixels_a + weight * (cycle_a + cycle_b), dA, dB
