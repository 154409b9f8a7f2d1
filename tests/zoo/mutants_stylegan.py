"""Mistakes to plant into StyleGAN; test_stylegan.py says which check must notice each."""

import numpy as np

from tinygan.zoo import style_generator, stylegan
from tinygan.zoo.style_generator import Mapping, Synthesis

PATHS, G_GRADIENTS = stylegan.path_lengths, stylegan.g_gradients


def every_style_from_the_first_z(patch):
    """z' is not used: nothing is mixed."""
    forward = Mapping.forward
    patch.setattr(Mapping, "forward", lambda self, x: forward(self, np.concatenate(
        [x[..., :self.d_z], x[..., :self.d_z], x[..., -1:]], axis=-1)))


def coarse_and_fine_exchanged(patch):
    """The coarse layers have the style of z', the fine ones that of z."""
    forward = Mapping.forward
    patch.setattr(Mapping, "forward", lambda self, x: forward(self, np.concatenate(
        [x[..., self.d_z:-1], x[..., :self.d_z], x[..., -1:]], axis=-1)))


def gradient_of_the_second_z_lost(patch):
    """dL/dw of mixed layers goes to z, as if all styles were its own."""
    patch.setattr(Mapping, "_both", lambda self, dws, masks: (
        sum(dws[..., i * self.d_z:(i + 1) * self.d_z] for i in range(len(masks))), 0 * dws[..., :self.d_z]))


def one_style_for_all_layers_backward(patch):
    """The gradients of the styles come back in the opposite order."""
    in_order = style_generator._in_order
    patch.setattr(style_generator, "_in_order", lambda found: in_order(
        dict(zip(sorted(found), [found[start] for start in sorted(found, reverse=True)], strict=True)))
        if len({array.shape for array in found.values()}) == 1 else np.flip(in_order(found), axis=-1))


def affine_does_not_learn(patch):
    """What makes a style of w gets no gradient."""
    backward = Synthesis.backward

    def wrong(self, dy, tape, grads=True):
        kept = [(one, one.dW.copy(), one.db.copy()) for _, _, one in self.stages if one is not None]
        d = backward(self, dy, tape, grads)
        for one, dW, db in kept:
            one.dW[...], one.db[...] = dW, db
        return d

    patch.setattr(Synthesis, "backward", wrong)


def mean_length_moves_with_the_batch(patch):
    """a is the batch's own mean length, and its gradient is left out."""
    def wrong(G, made, y, weight, dfake):
        kept = G.path.length.copy()
        G.path.length[...] = PATHS(G, made, y, 0, 0 * dfake).lengths.mean()
        try:
            return PATHS(G, made, y, weight, dfake)
        finally:
            G.path.length[...] = kept

    patch.setattr(stylegan, "path_lengths", wrong)


def direction_twice_as_long(patch):
    """v = 4 weight / N (r - a) g / (L r): the penalty's gradient comes in twice."""
    tangent = Synthesis.tangent
    patch.setattr(Synthesis, "tangent", lambda self, x_dot, tape: tangent(self, 2 * x_dot, tape))


def path_gradient_stops_before_the_mapping(patch):
    """The regulariser reaches the synthesis alone, though J_w depends on where w is."""
    def wrong(G, made, y, weight, dfake):
        found = PATHS(G, made, y, weight, dfake)
        return found._replace(dw=G.synthesis.backward(dfake, made, grads=False)[..., :G.d_w])

    patch.setattr(stylegan, "path_lengths", wrong)


def loss_forgotten_beside_the_paths(patch):
    """With path lengths the loss's own gradient is lost."""
    patch.setattr(stylegan, "path_lengths", lambda G, made, y, weight, dfake: PATHS(G, made, y, weight, 0 * dfake))


def stale_D(patch):
    """G learns against the D before its step."""
    judge, before = stylegan.gradients.d_gradients_and_scores, []

    def remembered(D, *rest):
        before.append(D.copy())
        return judge(D, *rest)

    patch.setattr(stylegan.gradients, "d_gradients_and_scores", remembered)
    patch.setattr(stylegan, "g_gradients", lambda G, D, *rest: G_GRADIENTS(G, before[-1], *rest))


def mean_length_stands_still(patch):
    """a stays 0."""
    patch.setattr(stylegan, "DECAY", 0)


def truncation_towards_zero(patch):
    """w is shrunk towards 0 instead of towards its mean."""
    through = stylegan.forward_through

    def wrong(net, z):
        w, tape = through(net, z)
        return (0 * w if len(z) == stylegan.MEAN_OF else w), tape

    patch.setattr(stylegan, "forward_through", wrong)
