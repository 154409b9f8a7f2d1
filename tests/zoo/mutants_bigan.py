"""Mistakes to plant into BiGAN, most of them from public code or its issues; test_bigan.py says which check must notice each."""

import numpy as np

from tinygan.zoo import bigan

D_GRADIENTS, GE_GRADIENTS, STEP, JOINED = bigan.d_gradients, bigan.ge_gradients, bigan.step, bigan.joined


def encoder_on_the_side_of_G(patch):
    """E's gradient has G's sign, as if its pairs should look real too (asked in Efficient-GAN-Anomaly-Detection #8, #9)."""
    def wrong(G, E, D, *rest):
        value = GE_GRADIENTS(G, E, D, *rest)
        E.grad *= -1
        return value

    patch.setattr(bigan, "ge_gradients", wrong)


def one_label_for_both(patch):
    """G and E minimise D's own loss: value and gradients agree, and both players help D."""
    class NotExchanged:
        def __init__(self, loss):
            self.loss = loss

        def d(self, s_fake, s_real):
            value, ds_real, ds_fake = self.loss.d(s_real, s_fake)
            return type(self.loss.d(s_real, s_fake))(value, ds_fake, ds_real)

    patch.setattr(bigan, "ge_gradients", lambda G, E, D, x, z, loss: GE_GRADIENTS(G, E, D, x, z, NotExchanged(loss)))


def encoder_never_trained(patch):
    """No gradient reaches E (eriklindernoren/Keras-GAN #58)."""
    def wrong(G, E, D, *rest):
        value = GE_GRADIENTS(G, E, D, *rest)
        E.grad[...] = 0
        return value

    patch.setattr(bigan, "ge_gradients", wrong)


def tape_of_the_other_pair(patch):
    """D goes backward with the tape of the generated pairs both times."""
    def wrong(G, E, D, x, z, loss):
        backward, tapes = type(D).backward, []

        def same_tape(self, dy, tape, grads=True):
            tapes.append(tape)
            return backward(self, dy, tapes[0] if self is D else tape, grads)

        with patch.context() as inside:
            inside.setattr(type(D), "backward", same_tape)
            return GE_GRADIENTS(G, E, D, x, z, loss)

    patch.setattr(bigan, "ge_gradients", wrong)


def columns_of_the_other_part(patch):
    """[z, x] in one place and [x, z] in another: the columns of the gradient are cut as if z came first."""
    def wrong(G, E, D, x, z, loss):
        backward = type(D).backward

        def turned(self, dy, tape, grads=True):
            dx = backward(self, dy, tape, grads)
            return np.roll(dx, -z.shape[-1], axis=-1) if self is D else dx

        with patch.context() as inside:
            inside.setattr(type(D), "backward", turned)
            return GE_GRADIENTS(G, E, D, x, z, loss)

    patch.setattr(bigan, "ge_gradients", wrong)


def d_moves_with_G_and_E(patch):
    """The step of G and E fills D's gradient as well."""
    def wrong(G, E, D, *rest):
        backward = type(D).backward
        with patch.context() as inside:
            inside.setattr(type(D), "backward", lambda self, dy, tape, grads=True: backward(self, dy, tape))
            return GE_GRADIENTS(G, E, D, *rest)

    patch.setattr(bigan, "ge_gradients", wrong)


def pairs_torn(patch):
    """Each x stands beside the code of another row."""
    patch.setattr(bigan, "joined", lambda x, z: JOINED(x, np.roll(z, 1, axis=-2)))


def codes_of_the_other_batch(patch):
    """D's step sees real points of one batch beside the codes of the other."""
    def wrong(rules, players, batch):
        E = players["E"].network

        def other_codes(D, x, code, *rest):
            return D_GRADIENTS(D, x, E(batch.x_ge), *rest)

        with patch.context() as inside:
            inside.setattr(bigan, "d_gradients", other_codes)
            return STEP(rules, players, batch)

    patch.setattr(bigan, "step", wrong)


def G_and_E_help_D_first(patch):
    """In D's step the optimiser of G and E steps too, along the gradient of D's loss (wiseodd/generative-models #59)."""
    def wrong(rules, players, batch):
        D, G, E = (players[name].network for name in "DGE")
        exchanged = type("Exchanged", (), {"d": staticmethod(lambda s_fake, s_real: own(rules.loss, s_real, s_fake))})

        def own(loss, s_real, s_fake):
            value, ds_real, ds_fake = loss.d(s_real, s_fake)
            return type(loss.d(s_real, s_fake))(value, ds_fake, ds_real)

        GE_GRADIENTS(G, E, D, batch.x_d, batch.z_d, exchanged)
        moved = {name: players[name].network.grad.copy() for name in "GE"}
        before = {name: players[name].network.theta.copy() for name in "GE"}
        report = STEP(rules, players, batch)
        for name in "GE":
            players[name].network.theta[...] = before[name]
            players[name].network.grad[...] = moved[name]
            players[name].step()
        bigan.ge_gradients(G, E, D, batch.x_ge, batch.z_ge, rules.loss)
        for name in "GE":
            players[name].step()
        return report

    patch.setattr(bigan, "step", wrong)


def stale_D(patch):
    """G and E learn from D as it was before its own step."""
    def wrong(rules, players, batch):
        D, G, E = (players[name].network for name in "DGE")
        old = D.copy()
        d = D_GRADIENTS(D, batch.x_d, E(batch.x_d), G(batch.z_d), batch.z_d, rules.loss, rules.penalties)
        players["D"].step()
        g_loss = GE_GRADIENTS(G, E, old, batch.x_ge, batch.z_ge, rules.loss)
        players["G"].step()
        players["E"].step()
        return rules.report(d, g_loss)

    patch.setattr(bigan, "step", wrong)


def z_weighed_like_x(patch):
    """The penalties do not know which columns are z's."""
    patch.setattr(bigan, "only", lambda first, width, weight=0.0: np.ones(width))


def regressor_without_its_factor(patch):
    """The square's 2 is missing in the gradient."""
    right = bigan.regressor_gradients

    def wrong(E, x_fake, z):
        value = right(E, x_fake, z)
        E.grad /= 2
        return value

    patch.setattr(bigan, "regressor_gradients", wrong)


def regressor_moves_G(patch):
    """G, which is finished, is trained along: then both can agree on codes that mean nothing."""
    right = bigan.latent_regressor

    def wrong(G, E, **settings):
        history = right(G, E, **settings)
        G.theta -= 1e-3 * E.theta[0]
        return history

    patch.setattr(bigan, "latent_regressor", wrong)
