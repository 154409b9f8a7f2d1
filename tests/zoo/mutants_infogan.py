"""Mistakes to plant into InfoGAN, most of them from public code or its issues; test_infogan.py says which check must see each."""

import numpy as np

from tinygan.engine.heads import softmax
from tinygan.zoo import codes, infogan
from tinygan.zoo.score import Score

Q_LOSS, D_GRADIENTS, G_GRADIENTS, STEP = infogan.q_loss, infogan.d_gradients, infogan.g_gradients, infogan.step


def q_never_trained(patch):
    """D's step reports what Q does not know, and keeps its gradient back."""
    def wrong(D, x_real, x_fake, c, u, loss, info, penalties=()):
        value = D_GRADIENTS(D, x_real, x_fake, c, u, loss, info, penalties)
        D_GRADIENTS(D, x_real, x_fake, c, u, loss, 0.0, penalties)
        return value

    patch.setattr(infogan, "d_gradients", wrong)


def no_term_in_D(patch):
    """D's loss has no such term at all: its value and its gradient agree (as openai/InfoGAN #29 would have it)."""
    patch.setattr(infogan, "d_gradients", lambda D, x_real, x_fake, c, u, loss, info, penalties=():
                  D_GRADIENTS(D, x_real, x_fake, c, u, loss, 0.0, penalties))


def information_minimised(patch):
    """The sign of L_I is turned in G's loss: value and gradient agree, and G hides its codes."""
    patch.setattr(infogan, "g_gradients", lambda G, D, z, c, u, loss, info, x_real=None:
                  G_GRADIENTS(G, D, z, c, u, loss, -info, x_real))


def labels_of_another_batch(patch):
    """D's step asks Q for the codes of the batch that G will make next."""
    patch.setattr(infogan, "step", lambda rules, info, players, batch: STEP(
        rules, info, players, batch._replace(d=_Forgetful(*batch.d, batch.g))))


class _Forgetful:
    """The latent of one batch, with the codes of another."""

    def __init__(self, z, codes, factors, other):
        self.made_from, self.codes, self.factors = (z, codes, factors), other.codes, other.factors

    def rows(self):
        return np.concatenate(self.made_from, axis=-1)


def codes_of_other_rows(patch):
    """Within the batch, each point is asked for its neighbour's code."""
    patch.setattr(infogan, "q_loss", lambda q, c, u: Q_LOSS(q, np.roll(c, 1, axis=-2), u))


def softmax_twice(patch):
    """A softmax in the network and another in the loss (eriklindernoren/PyTorch-GAN #84); the derivative is right."""
    def wrong(q, c, u):
        K = c.shape[-1]
        p = softmax(q[..., :K])
        value, dq, which = Q_LOSS(infogan.joined(p, q[..., K:]), c, u)
        dp = dq[..., :K]
        back = p * (dp - (dp * p).sum(axis=-1, keepdims=True))
        return infogan.QLoss(value, infogan.joined(back, dq[..., K:]), which)

    patch.setattr(infogan, "q_loss", wrong)


def gaussian_with_the_wrong_sign(patch):
    """The means are pushed away from the factors (tdeboissiere/DeepLearningImplementations #47)."""
    def wrong(q, c, u):
        value, dq, which = Q_LOSS(q, c, u)
        K = c.shape[-1]
        return infogan.QLoss(value, infogan.joined(dq[..., :K], -dq[..., K:]), which)

    patch.setattr(infogan, "q_loss", wrong)


def means_squashed(patch):
    """Means out of a softmax cannot reach factors below 0 (hwalsuklee/tensorflow-generative-model-collections #21)."""
    def wrong(q, c, u):
        K = c.shape[-1]
        p = softmax(q[..., K:])
        value, dq, which = Q_LOSS(infogan.joined(q[..., :K], p), c, u)
        dp = dq[..., K:]
        return infogan.QLoss(value, infogan.joined(dq[..., :K], p * (dp - (dp * p).sum(axis=-1, keepdims=True))), which)

    patch.setattr(infogan, "q_loss", wrong)


def summed_over_the_batch(patch):
    """The gradient of a sum beside the value of a mean."""
    patch.setattr(infogan, "q_loss", lambda q, c, u: Q_LOSS(q, c, u)._replace(dq=Q_LOSS(q, c, u).dq * q.shape[-2]))


def entropy_of_a_one_hot(patch):
    """H(c) from the one-hot row that was drawn, which is always 0 (wiseodd/generative-models #4, #61)."""
    def wrong(G, D, z, c, u, *rest):
        value, information = G_GRADIENTS(G, D, z, c, u, *rest)
        return infogan.GGradients(value, information - np.log(c.shape[-1]))

    patch.setattr(infogan, "g_gradients", wrong)


def penalty_on_the_codes(patch):
    """R1 and R2 start backward from ones in all columns: they flatten Q as well."""
    def wrong(self, ds):
        return np.broadcast_to(ds, (*ds.shape[:-1], self.D.d_out)).copy()

    patch.setattr(Score, "_row", wrong)


def penalty_of_the_last_column(patch):
    """The score is taken for the last column."""
    patch.setattr(Score, "_row", lambda self, ds: np.concatenate([np.zeros((*ds.shape[:-1], self.D.d_out - 1)), ds], axis=-1))


def real_points_have_codes(patch):
    """Q is asked for the same codes at real points too, which were made from none."""
    def wrong(D, x_real, x_fake, c, u, loss, info, penalties=()):
        found = D_GRADIENTS(D, x_real, x_fake, c, u, loss, info, penalties)
        before = D.grad.copy()
        y, tape = D.forward(x_real)
        q = Q_LOSS(y[..., 1:], c, u)
        D.zero_grad()
        D.backward(infogan.joined(np.zeros_like(y[..., :1]), info * q.dq), tape)
        D.grad += before
        return found._replace(value=found.value + info * q.value)

    patch.setattr(infogan, "d_gradients", wrong)


def no_gradient_through_Q(patch):
    """G sees the score alone: what Q cannot read is reported, and G never hears of it."""
    def wrong(G, D, z, c, u, loss, info, x_real=None):
        found = G_GRADIENTS(G, D, z, c, u, loss, info, x_real)
        G_GRADIENTS(G, D, z, c, u, loss, 0.0, x_real)
        return found

    patch.setattr(infogan, "g_gradients", wrong)


def G_moves_D(patch):
    """G's gradient function fills D's grad as well."""
    def wrong(G, D, *rest):
        backward = type(D).backward
        with patch.context() as inside:
            inside.setattr(type(D), "backward", lambda self, dy, tape, grads=True: backward(self, dy, tape))
            return G_GRADIENTS(G, D, *rest)

    patch.setattr(infogan, "g_gradients", wrong)


def stale_D(patch):
    """G learns from D as it was before its own step."""
    def wrong(rules, info, players, batch):
        old = players["D"].network.copy()
        with patch.context() as inside:
            inside.setattr(infogan, "g_gradients", lambda G, D, *rest: G_GRADIENTS(G, old, *rest))
            return STEP(rules, info, players, batch)

    patch.setattr(infogan, "step", wrong)


def q_moved_by_the_optimiser_of_G(patch):
    """Q's columns belong to the optimiser of G, and the layers shared with D never learn to read (Natsu6767/InfoGAN-PyTorch
    #2, pianomania/infoGAN-pytorch #1).
    """
    def wrong(rules, info, players, batch):
        D = players["D"].network
        with patch.context() as inside:
            inside.setattr(infogan, "d_gradients", lambda *a: D_GRADIENTS(*a[:6], 0.0, a[7]))
            report = STEP(rules, info, players, batch)
        y, tape = D.forward(players["G"].network(batch.g.rows()))
        q = Q_LOSS(y[..., 1:], batch.g.codes, batch.g.factors)
        D.zero_grad()
        D.backward(infogan.joined(np.zeros_like(y[..., :1]), info * q.dq), tape)
        for name in "Wb":
            last = getattr(D.layers[-1], name)
            last -= players["G"].optimiser.lr * getattr(D.layers[-1], "d" + name)
        return report

    patch.setattr(infogan, "step", wrong)


def factors_from_another_law(patch):
    """The factors are N(-1, 1) where U(-1, 1) was meant (eriklindernoren/PyTorch-GAN #25)."""
    patch.setattr(codes, "drawn_factors", lambda rng, n, m: rng.normal(-1, 1, (n, m)).astype(np.float32))


def one_batch_of_codes(patch):
    """Both steps of a round use the same codes."""
    draw = infogan.draw

    def wrong(*given):
        batch = draw(*given)
        return batch._replace(g=batch.g._replace(codes=batch.d.codes, factors=batch.d.factors))

    patch.setattr(infogan, "draw", wrong)
