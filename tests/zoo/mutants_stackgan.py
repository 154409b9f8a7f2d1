"""Mistakes to plant into StackGAN, some of them from public code; test_stackgan.py says which check must see each."""

import numpy as np

from tinygan.engine import heads
from tinygan.zoo import augmentation, stackgan

D_GRADIENTS, G_GRADIENTS, CONDITION, BACKWARD = (stackgan.d_gradients, stackgan.g_gradients, augmentation.condition,
                                                 augmentation.condition_backward)


def log_var_from_the_slice_of_mu(patch):
    """Both halves are read from the same columns (mrrajatgarg/StackGAN-Keras, issue 2)."""
    def wrong(C, phi, eps):
        h, tape = C.forward(phi)
        mu = h[..., :eps.shape[-1]]
        return mu + np.exp(mu / 2) * eps, (mu, mu, eps, tape)

    patch.setattr(stackgan, "condition", wrong)


def kl_as_a_mean_over_dimensions(patch):
    """The KL term is a mean over the numbers of c, where the paper has the sum (hanzhanggit/StackGAN-Pytorch)."""
    kl = heads.gaussian_kl
    patch.setattr(augmentation, "gaussian_kl", lambda mean, log_var: heads.GaussianKL(*(
        part / mean.shape[-1] for part in kl(mean, log_var))))


def noise_forgotten_backward(patch):
    """log_var gets the gradient of the KL term alone: the noise that it is multiplied by is left out."""
    def wrong(C, dc, tape, kl):
        mu, log_var, eps, inner = tape
        return BACKWARD(C, dc, (mu, log_var, 0 * eps, inner), kl)

    patch.setattr(stackgan, "condition_backward", wrong)


def half_forgotten(patch):
    """d sigma / d log_var is sigma / 2; the half is missing."""
    def wrong(C, dc, tape, kl):
        mu, log_var, eps, inner = tape
        return BACKWARD(C, dc, (mu, log_var, 2 * eps, inner), kl)

    patch.setattr(stackgan, "condition_backward", wrong)


def kl_without_its_gradient(patch):
    """The KL term is reported and not learned from."""
    def wrong(C, dc, tape, kl):
        return BACKWARD(C, dc, tape, 0)

    patch.setattr(stackgan, "condition_backward", wrong)


def condition_from_the_other_columns(patch):
    """C gets the gradient of what stands beside c in G's input."""
    backward = stackgan.condition_backward

    def wrong(C, dc, tape, kl):
        return backward(C, np.roll(dc, 1, axis=-1), tape, kl)

    patch.setattr(stackgan, "condition_backward", wrong)


def wrong_words_as_real(patch):
    """The pair with wrong words counts as a real one."""
    def wrong(D, x, y, phi, others, loss, penalties=()):
        real = np.concatenate([stackgan.joined(x, phi), stackgan.joined(x, others)], axis=-2)
        fake = stackgan.joined(y, phi)
        return stackgan.gradients.d_gradients_and_scores(D, real, np.concatenate([fake, fake], axis=-2), loss, penalties)

    patch.setattr(stackgan, "d_gradients", wrong)


def no_wrong_words(patch):
    """D sees no pair with wrong words."""
    patch.setattr(stackgan, "d_gradients", lambda D, x, y, phi, wrong, *rest: D_GRADIENTS(D, x, y, phi, phi, *rest))


def whole_weight_for_each_fake(patch):
    """Generated pairs and pairs with wrong words count once each, instead of one half each."""
    def wrong(*arguments):
        d = D_GRADIENTS(*arguments)
        arguments[0].grad *= 2
        return d

    patch.setattr(stackgan, "d_gradients", wrong)


def penalty_on_the_words_too(patch):
    """R1 takes the slope along the words as well."""
    patch.setattr(stackgan, "only", lambda first, width: np.ones(width))


def stage_one_learns_in_stage_two(patch):
    """The gradient of the large image goes on into G1 (stage one must be fixed)."""
    call = stackgan.Step.__call__

    def wrong(self, players, batch):
        report = call(self, players, batch)
        if self.stage == 1:
            players["G1"].network.grad[...] = 1
            players["G1"].step()
        return report

    patch.setattr(stackgan.Step, "__call__", wrong)


def small_image_left_out(patch):
    """Stage two does not see the small image (asked in hanzhanggit/StackGAN-Pytorch, issue 26)."""
    def wrong(self, nets, phi, noise):
        s = 0 * self.small(nets, phi, noise)
        return self.blocks.up(s) + nets["G2"](stackgan.joined(CONDITION(nets["C2"], phi, self.split(noise)[2])[0], s))

    patch.setattr(stackgan.Step, "large", wrong)
