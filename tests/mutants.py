"""Mistakes to plant: each function takes a pytest MonkeyPatch and puts one real, published kind of mistake into the package.

`test_mutants.py` says which check must notice it.
"""

from importlib import import_module

import numpy as np

from tinygan import data, dirac, history, losses, penalties
from tinygan.engine import gradcheck, layers, network, norm, numerics, optim
from tinygan.engine.arguments import seed_sequence
from tinygan.engine.numerics import sigmoid
from tinygan.losses import BCE, DLoss, GLoss

train = import_module("tinygan.train")  # the module: the package gives its name to the function
Sequential, Dense = network.Sequential, layers.Dense


def one_hidden_tape(patch):
    """The network keeps its tape in one slot of its own: the fake batch overwrites the real one's."""
    forward = Sequential.forward

    def forgetful(self, x):
        y, tape = forward(self, x)
        slot = self.__dict__.setdefault("slot", [])
        slot[:] = tape
        return y, slot

    patch.setattr(Sequential, "forward", forgetful)


def sigmoid_of_2x(patch):
    def wrong(s):
        return 0.5 * (np.tanh(s) + 1)

    for module in (numerics, losses, layers):
        patch.setattr(module, "sigmoid", wrong)


def gradient_of_the_sum(patch):
    """The value is a mean, the gradient that of the sum."""
    bce = losses.bce_with_logits
    patch.setattr(losses, "bce_with_logits", lambda s, target: BCE(bce(s, target).value, bce(s, target).ds * s.shape[-2]))


def sum_and_its_gradient(patch):
    """Both are sums: consistent with each other, so only the formula shows it."""
    bce = losses.bce_with_logits
    patch.setattr(losses, "bce_with_logits", lambda s, target: BCE(*(part * s.shape[-2] for part in bce(s, target))))


def gradients_overwritten(patch):
    """= where += was meant."""
    backward = Dense.backward

    def wrong(self, dy, tape, grads=True):
        if grads:
            self.dW[...] = self.db[...] = 0
        return backward(self, dy, tape, grads)

    patch.setattr(Dense, "backward", wrong)


def weights_change_inside_backward(patch):
    backward = Dense.backward

    def wrong(self, dy, tape, grads=True):
        dx = backward(self, dy, tape, grads)
        self.W -= 0.01 * self.dW
        return dx

    patch.setattr(Dense, "backward", wrong)


def curvature_dropped(patch):
    """tangent_backward without f''."""
    def wrong(self, dy, dy_dot, tape, tape_dot):
        return self.slope(tape) * dy, self.slope(tape) * dy_dot

    patch.setattr(layers.Activation, "tangent_backward", wrong)


def moving_weights_forgotten(patch):
    """tangent_backward of Dense without the term dy W_dot'."""
    def wrong(self, dy, dy_dot, tape, tape_dot):
        self.dW += tape_dot.swapaxes(-1, -2) @ dy + tape.swapaxes(-1, -2) @ dy_dot
        self.db += dy_dot.sum(axis=-2, keepdims=True)
        return dy @ self.W.swapaxes(-1, -2), dy_dot @ self.W.swapaxes(-1, -2)

    patch.setattr(Dense, "tangent_backward", wrong)


def hinge_generator_clipped(patch):
    """-E relu(f) and its derivative."""
    patch.setattr(losses.Hinge, "g", lambda self, s, s_real=None: GLoss(-np.maximum(s, 0).mean(axis=(-2, -1)),
                                                                        -(s > 0).astype(s.dtype) / s.shape[-2]))


def labels_swapped(patch):
    d = losses.Minimax.d

    def wrong(self, s_real, s_fake):
        value, ds_fake, ds_real = d(self, s_fake, s_real)
        return DLoss(value, ds_real, ds_fake)

    patch.setattr(losses.Minimax, "d", wrong)


def generator_loss_sign(patch):
    """The generator maximises what it should minimise; value and derivative agree."""
    g = losses.NonSaturating.g
    patch.setattr(losses.NonSaturating, "g", lambda self, s, s_real=None: GLoss(*(-part for part in g(self, s))))


def generator_loss_detached(patch):
    """The input gradient of D is lost on its way to G."""
    backward = Sequential.backward

    def wrong(self, dy, tape, grads=True):
        dx = backward(self, dy, tape, grads)
        return dx if grads else np.zeros_like(dx)

    patch.setattr(Sequential, "backward", wrong)


def generator_caches_cleared(patch):
    """G's tape is emptied before its backward, which then zips over nothing."""
    backward = Sequential.backward
    patch.setattr(Sequential, "backward", lambda self, dy, tape, grads=True: (
        backward(self, dy, tape, grads) if self.d_out == 1 else dy))


def discriminator_not_frozen(patch):
    """The generator's backward fills D's gradients as well."""
    backward = Sequential.backward
    patch.setattr(Sequential, "backward", lambda self, dy, tape, grads=True: backward(self, dy, tape))


def forward_changes_parameters(patch):
    """A forward pass that rescales the weights as it goes."""
    forward = Sequential.forward

    def wrong(self, x):
        self.theta *= 0.999
        return forward(self, x)

    patch.setattr(Sequential, "forward", wrong)


def stale_discriminator(patch):
    """G is updated with what D said before D's own update, although the update is called alternating."""
    patch.setitem(train.UPDATES, "alternating", train.simultaneous)


def stale_fake_batch(patch):
    """G is updated with the fake batch that D has just been trained on."""
    update = train.alternating
    patch.setitem(train.UPDATES, "alternating", lambda G, D, opt_g, opt_d, x, z_d, z_g, *rest: update(
        G, D, opt_g, opt_d, x, z_d, z_d, *rest))


def adam_without_bias_correction(patch):
    step = optim.Adam.step

    def wrong(self, theta, grad):
        self.t = 10**9
        step(self, theta, grad)

    patch.setattr(optim.Adam, "step", wrong)


def optimiser_rebinds_theta(patch):
    """theta = theta - ... makes a new array and leaves the network where it was."""
    step = optim.Adam.step
    patch.setattr(optim.Adam, "step", lambda self, theta, grad: step(self, theta.copy(), grad))


def labels_broadcast(patch):
    """No check of shapes: (N, 1) scores against (N,) labels become (N, N)."""
    def wrong(s, target):
        value = np.mean(np.maximum(s, 0) - s * target + np.log1p(np.exp(-np.abs(s))))
        return BCE(value, (numerics.sigmoid(s) - target) / s.shape[-2])

    patch.setattr(losses, "bce_with_logits", wrong)


def clipped_logarithm(patch):
    """The textbook's log of a clipped probability."""
    def wrong(s, target):
        p = np.clip(numerics.sigmoid(s), 1e-7, 1 - 1e-7)
        return BCE(-np.mean(target * np.log(p) + (1 - target) * np.log(1 - p)), (p - target) / s.shape[-2])

    patch.setattr(losses, "bce_with_logits", wrong)


def db_not_summed(patch):
    """The bias gets the gradient of the first sample only."""
    patch.setattr(layers, "sum_over_batch", lambda dy: dy[..., :1, :])


def gradients_never_cleared(patch):
    patch.setattr(Sequential, "zero_grad", lambda self: None)


def mean_over_replicas(patch):
    patch.setattr(losses, "_mean", lambda x: x.mean(keepdims=True)[..., 0, 0])


def replicas_share_a_seed(patch):
    patch.setattr(network, "spawn", lambda seed, n: [seed_sequence(seed)] * n)


def looking_draws_from_the_training_stream(patch):
    count_modes = train.Streams.count_modes

    def wrong(self, G):
        self.latent()
        return count_modes(self, G)

    patch.setattr(train.Streams, "count_modes", wrong)


def guard_asleep(patch):
    patch.setattr(history.Guard, "check", lambda self, step, **losses: None)


def ring_with_linspace(patch):
    """linspace with both ends: the first and the last mode are one."""
    def wrong(modes=8, radius=2.0, std=0.02):
        angle = np.linspace(0, 2 * np.pi, modes)
        return data.Mixture(radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1), std)

    patch.setattr(data, "ring", wrong)


def one_sided_tolerance(patch):
    """The check accepts whatever is smaller than expected: `loss - 0.3133 < 1e-2`."""
    check = gradcheck.check

    def wrong(f, df, x):
        result = check(f, df, x)
        return result._replace(ok=bool((result.analytic - result.numeric < 1e-6).all()))

    patch.setattr(gradcheck, "check", wrong)


def nan_is_not_outside(patch):
    """The check looks for entries outside the tolerance: NaN is not outside of anything."""
    check = gradcheck.check

    def wrong(f, df, x):
        result = check(f, df, x)
        return result._replace(ok=not (np.abs(result.analytic - result.numeric) > 1e-6).any())

    patch.setattr(gradcheck, "check", wrong)


def consensus_misses_a_factor(patch):
    """d(f'^2)/dt taken as f' f'', where it is 2 f' f''."""
    def wrong(gamma):
        def field(point):
            t, radius2 = point[..., :1] * point[..., 1:], (point * point).sum(axis=-1, keepdims=True)
            return dirac.minimax(point) - gamma * sigmoid(-t) ** 2 * (point - 0.5 * point[..., ::-1] * radius2 * sigmoid(t))

        return field

    patch.setattr(dirac, "with_consensus", wrong)


def penalty_without_its_gradient(patch):
    """The penalty is added to the loss, its gradient never computed."""
    def wrong(D, scores_shape, tape, of_gradient):
        return of_gradient(D.backward(np.ones(scores_shape, D.dtype), tape, grads=False))[0]

    patch.setattr(penalties, "add_penalty", wrong)


def norm_over_one_axis(patch):
    """The norm of one coordinate of the input gradient, where all of them belong to it."""
    add = penalties.add_penalty

    def wrong(D, scores_shape, tape, of_gradient):
        mask = np.arange(D.d_in) == 0

        def of_one(g):
            value, v = of_gradient(g * mask)
            return value, v * mask

        return add(D, scores_shape, tape, of_one)

    patch.setattr(penalties, "add_penalty", wrong)


def one_alpha_for_each_coordinate(patch):
    call = penalties.WGANGP.__call__

    class Wide(np.random.Generator):
        def random(self, shape):
            return super().random((shape[0], 3))

    patch.setattr(penalties.WGANGP, "__call__", lambda self, *args: call(self, *args[:-1], Wide(args[-1].bit_generator)))


def means_held_fixed(patch):
    """The relativistic average loss without the means' own gradient."""
    d = losses.RelativisticAverage.d

    def wrong(self, s_real, s_fake):
        n = s_real.shape[-2]
        p_real, p_fake = sigmoid(s_fake.mean() - s_real), sigmoid(s_fake - s_real.mean())
        return DLoss(d(self, s_real, s_fake).value, -p_real / (2 * n), p_fake / (2 * n))

    patch.setattr(losses.RelativisticAverage, "d", wrong)


def _batch_norm_backward(patch, dx):
    """BatchNorm with a backward whose dx is dx(layer, dy, xh, r); the parameters' gradients stay right."""
    backward = norm.BatchNorm.backward

    def wrong(self, dy, tape, grads=True):
        backward(self, dy, tape, grads)
        return dx(self, dy, *tape)

    patch.setattr(norm.BatchNorm, "backward", wrong)


def batch_norm_statistics_held(patch):
    """Mean and variance taken for constants."""
    _batch_norm_backward(patch, lambda self, dy, xh, r: self.gain * dy / r)


def batch_norm_variance_held(patch):
    """The variance alone taken for a constant."""
    _batch_norm_backward(patch, lambda self, dy, xh, r: self.gain * (dy - self.mean(dy)) / r)


def batch_norm_without_gain(patch):
    _batch_norm_backward(patch, lambda self, dy, xh, r: self.rate(dy, xh) / r)


def spectral_u_overwritten(patch):
    """Every forward writes the new u into the one array that the tapes of all forwards hold."""
    forward = norm.SpectralNorm.forward

    def wrong(self, x):
        y, (x, hat, u, v, sigma) = forward(self, x)
        self.u[...] = u
        return y, (x, hat, self.u, v, sigma)

    patch.setattr(norm.SpectralNorm, "forward", wrong)


def sigma_held(patch):
    """The gradient of W / sigma with sigma taken for a constant."""
    patch.setattr(norm, "_through_sigma", lambda G, hat, u, v, sigma: G / sigma)


def layer_norm_variance_at_rest(patch):
    """The tangent of LayerNorm as if the variance stood still while x moves."""
    def wrong(self, x_dot, tape):
        xh, r = tape
        xh_dot = (x_dot - self.mean(x_dot)) / r
        y_dot = self.gain * xh_dot
        if self.gain_dot is not None:
            y_dot = y_dot + self.gain_dot * xh + self.shift_dot
        return y_dot, (xh_dot, np.zeros_like(r))

    patch.setattr(norm.LayerNorm, "tangent", wrong)
