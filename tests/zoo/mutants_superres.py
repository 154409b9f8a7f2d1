"""Mistakes to plant into super-resolution; test_superres.py says which check must notice each."""

import numpy as np

from tinygan.zoo import superres
from tinygan.zoo.blocks import Blocks

DETAIL, POOL, UP = Blocks.detail, Blocks.pool, Blocks.up


def projection_forgotten_backward(patch):
    """G's dL/dr is dL/dy, without P. (M would not notice: where low = pool(x), its dL/dy has no other part.)"""
    g_gradients = superres.g_gradients

    def wrong(*arguments):
        calls = []

        def once(self, r):
            calls.append(r)
            return DETAIL(self, r) if len(calls) == 1 else r

        with patch.context() as inside:
            inside.setattr(Blocks, "detail", once)
            return g_gradients(*arguments)

    patch.setattr(superres, "g_gradients", wrong)


def projection_forgotten(patch):
    """y = up(low) + r."""
    patch.setattr(Blocks, "detail", lambda self, r: r)


def sums_for_means(patch):
    """A pixel of the small image is the sum of its block."""
    patch.setattr(Blocks, "pool", lambda self, x: POOL(self, x) * self.factor**2)


def transposed_small_image(patch):
    """Rows and columns are exchanged on the way back."""
    def wrong(self, low):
        height, width = self.small
        return UP(self, low.reshape(*low.shape[:-1], width, height, -1).swapaxes(-3, -2).reshape(low.shape))

    patch.setattr(Blocks, "up", wrong)


def gradient_of_the_other_columns(patch):
    """The gradient is cut as if the small image came first in D's input."""
    through_d = superres.gradients.through_d

    def wrong(D, pair, *rest):
        value, dpair, s_fake = through_d(D, pair, *rest)
        return value, np.roll(dpair, 1, axis=-1), s_fake

    patch.setattr(superres.gradients, "through_d", wrong)


def small_image_of_another_row(patch):
    """D sees each answer beside the small image of the row before."""
    def wrong(D, x, y, low, loss, penalties=()):
        return superres.gradients.d_gradients_and_scores(D, np.concatenate([x, low], axis=-1),
                                                         np.concatenate([y, np.roll(low, 1, axis=-2)], axis=-1), loss, penalties)

    patch.setattr(superres, "d_gradients", wrong)


def mean_over_rows_alone(patch):
    """M's value is a mean over images and a sum over pixels, its gradient a mean over both."""
    m_gradients = superres.m_gradients
    patch.setattr(superres, "m_gradients", lambda M, blocks, low, x: m_gradients(M, blocks, low, x) * blocks.d)


def penalty_on_the_small_image_too(patch):
    """R1 and R2 take the slope along the given small image as well."""
    patch.setattr(superres, "only", lambda first, width: np.ones(width))


def stale_D(patch):
    """G learns against the D before its step."""
    d_gradients, g_gradients, before = superres.d_gradients, superres.g_gradients, []

    def remembered(D, *rest):
        before.append(D.copy())
        return d_gradients(D, *rest)

    patch.setattr(superres, "d_gradients", remembered)
    patch.setattr(superres, "g_gradients", lambda G, D, *rest: g_gradients(G, before[-1], *rest))


def M_stands_still(patch):
    """No gradient reaches M."""
    m_gradients = superres.m_gradients

    def wrong(M, *rest):
        value = m_gradients(M, *rest)
        M.grad[...] = 0
        return value

    patch.setattr(superres, "m_gradients", wrong)
