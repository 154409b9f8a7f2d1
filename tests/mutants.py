"""Mistakes to plant: each function takes a pytest MonkeyPatch and puts one real, published kind of mistake into the package.

`test_mutants.py` says which check must notice it.
"""

from types import SimpleNamespace

import numpy as np

from tinygan import data, dirac, game, guard, losses, metrics, penalties, stacked, streams, study, training, unroll, updates
from tinygan import train_arguments as given
from tinygan.data import shapes
from tinygan.engine import beside, conv, gradcheck, layers, network, norm, numerics, optim, optimiser, store, windows
from tinygan.engine.arguments import seed_sequence
from tinygan.engine.numerics import sigmoid
from tinygan.losses import BCE, DLoss, DTangent, GLoss, base, relativistic, separate
from tinygan.metrics import clouds, modes

Sequential, Dense = network.Sequential, layers.Dense


def _everywhere(patch, name, wrong, *modules):
    """Put `wrong` in the place of a function in each of the modules that have it under its name."""
    for module in modules:
        patch.setattr(module, name, wrong)


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

    _everywhere(patch, "sigmoid", wrong, numerics, base, layers)
    _everywhere(patch, "softplus_and_sigmoid", lambda s: (numerics.softplus(s), wrong(s)), base, relativistic)


def gradient_of_the_sum(patch):
    """The value is a mean, the gradient that of the sum."""
    bce = losses.bce_with_logits
    patch.setattr(separate, "bce_with_logits", lambda s, target: BCE(bce(s, target).value, bce(s, target).ds * s.shape[-2]))


def sum_and_its_gradient(patch):
    """Both are sums: consistent with each other, so only the formula shows it."""
    bce = losses.bce_with_logits
    patch.setattr(separate, "bce_with_logits", lambda s, target: BCE(*(part * s.shape[-2] for part in bce(s, target))))


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
    patch.setitem(updates.UPDATES, "alternating", updates.simultaneous)


def stale_fake_batch(patch):
    """G is updated with the fake batch that D has just been trained on."""
    patch.setitem(updates.UPDATES, "alternating", lambda rules, players, batch: updates.alternating(
        rules, players, batch._replace(z_g=batch.z_d[-1])))


def adam_without_bias_correction(patch):
    numbers = optim.Adam.numbers
    patch.setattr(optim.Adam, "numbers", lambda self, t, factor: numbers(self, 10**9, factor))


def adam_in_another_order(patch):
    """The same step on paper: the rate is divided first. Only the rounding is another one."""
    def wrong(self, theta, grad):
        rate, scale = self.next(theta)
        self.m *= self.beta1
        self.m += (1 - self.beta1) * grad
        self.v *= self.beta2
        self.v += (1 - self.beta2) * (grad * grad)
        theta -= (rate / (scale * np.sqrt(self.v) + self.eps)) * self.m

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

    _everywhere(patch, "bce_with_logits", wrong, losses, base, separate)


def clipped_logarithm(patch):
    """The textbook's log of a clipped probability."""
    def wrong(s, target):
        p = np.clip(numerics.sigmoid(s), 1e-7, 1 - 1e-7)
        return BCE(-np.mean(target * np.log(p) + (1 - target) * np.log(1 - p)), (p - target) / s.shape[-2])

    _everywhere(patch, "bce_with_logits", wrong, losses, base, separate)


def db_not_summed(patch):
    """The bias gets the gradient of the first sample only."""
    patch.setattr(layers, "sum_over_batch", lambda dy: dy[..., :1, :])


def gradients_never_cleared(patch):
    patch.setattr(store.Network, "zero_grad", lambda self: None)


def mean_over_replicas(patch):
    _everywhere(patch, "mean", lambda x: x.mean(keepdims=True)[..., 0, 0], base, separate, relativistic)


def replicas_share_a_seed(patch):
    patch.setattr(store, "each_seed", lambda seed, n: [seed_sequence(seed)] * n)


def looking_draws_from_the_training_stream(patch):
    begin = training.Training.__init__

    def wrong(self, *given, streams, look=None, **more):
        def looking(G):
            look.z = streams.normal("latent", look.z.shape[-2:], G.dtype)
            return look(G)

        begin(self, *given, streams=streams, look=look and looking, **more)

    patch.setattr(training.Training, "__init__", wrong)


def guard_asleep(patch):
    patch.setattr(guard.Guard, "check", lambda self, step, losses, total=None: None)


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
    def wrong(D, x, tape, of_gradient, ds=None):
        if ds is not None:
            D.backward(ds, tape)
        ones = np.ones((*x.shape[:-2], x.shape[-2] // D.rows, 1), D.dtype)
        return of_gradient(D.backward(ones, tape, grads=False))[0]

    patch.setattr(penalties, "add_penalty", wrong)


def norm_over_one_axis(patch):
    """The norm of one coordinate of the input gradient, where all of them belong to it."""
    add = penalties.add_penalty

    def wrong(D, x, tape, of_gradient, ds=None):
        mask = np.arange(D.d_in) == 0

        def of_one(g):
            value, v = of_gradient(g * mask)
            return value, v * mask

        return add(D, x, tape, of_one, ds)

    patch.setattr(penalties, "add_penalty", wrong)


def one_alpha_for_each_coordinate(patch):
    _everywhere(patch, "alphas", lambda rng, n: rng.random((n, 3)), penalties, streams)


def penalty_drops_the_loss(patch):
    """The penalty takes the loss's derivative and does nothing with it."""
    add = penalties.add_penalty
    patch.setattr(penalties, "add_penalty", lambda D, x, tape, of_gradient, ds=None: add(D, x, tape, of_gradient))


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


def size_forgotten_on_the_way_back(patch):
    """Features a f(x) whose gradient is that of f(x): the chain rule without a."""
    def wrong(self, dy, tape):
        half = self.d + self.features // 2
        return dy[..., self.d:half], dy[..., half:]

    patch.setattr(beside.FourierBeside, "_waves", wrong)


def kept_input_forgotten(patch):
    """x goes into y twice, as itself and through the features, and its gradient comes back from the features alone."""
    right = beside.FourierBeside.backward
    patch.setattr(beside.FourierBeside, "backward",
                  lambda self, dy, tape, grads=True: right(self, dy, tape, grads) - dy[..., :self.d])


def waves_without_curvature(patch):
    """The derivative of the backward pass with the slopes of cosine and sine held fixed while x moves."""
    right = beside.FourierBeside.tangent_backward

    def wrong(self, dy, dy_dot, tape, tape_dot):
        return right(self, dy, dy_dot, tape, tuple(np.zeros_like(part) for part in tape_dot))

    patch.setattr(beside.FourierBeside, "tangent_backward", wrong)


def stacked_images_first(patch):
    """An image is drawn first, whatever it shows: digits with more images are more frequent."""
    def wrong(self, n, rng):
        images = rng.integers(self._images.shape[0], size=(n, self.channels))
        return self._images[images].reshape(n, self.dim)

    patch.setattr(stacked.Stacks, "sample", wrong)


def stacked_kl_among_found(patch):
    """The KL to a uniform distribution over the modes that were found: 0 for every collapse that is even."""
    def wrong(n):
        q = n[n > 0] / n.sum()
        return float(q @ np.log(q.size * q))

    patch.setattr(stacked, "_kl_to_uniform", wrong)


def stacked_judge_learns_what_it_is_tested_on(patch):
    """One half for everything: the accuracy is that of images seen, the yardstick the distance of an image to itself."""
    training = stacked.halves().training
    patch.setattr(stacked, "halves", lambda: data.Halves(training, training))


def _one_step_back(patch, wrong):
    """Unrolling with wrong(lambda, dx before; lambda, dx after; the step's arguments) in place of what a step back gives."""
    right = unroll._one_step_back

    def step_back(step, lambda_, dx, loss, lr):
        return wrong((lambda_, dx), right(step, lambda_, dx, loss, lr), lambda **other: right(
            *{"step": step, "lambda_": lambda_, "dx": dx, "loss": loss, "lr": lr, **other}.values()))

    patch.setattr(unroll, "_one_step_back", step_back)


def unrolled_that_only_looks_ahead(patch):
    """D's steps are taken, and no gradient flows back through them."""
    _one_step_back(patch, lambda before, after, again: before)


def unrolled_without_lr(patch):
    """The step's own -lr is forgotten in the chain."""
    _one_step_back(patch, lambda before, after, again: again(lr=1.0))


def unrolled_uphill(patch):
    """The chain of steps that D would take uphill."""
    _one_step_back(patch, lambda before, after, again: again(lr=-0.3))


def unrolled_through_the_last_step_only(patch):
    """lambda goes no further back than one step."""
    _one_step_back(patch, lambda before, after, again: (0 * after[0], after[1]))


def unrolled_without_the_hessian(patch):
    """lambda is handed back as it is, as if D's steps did not depend on where they start."""
    _one_step_back(patch, lambda before, after, again: (before[0], after[1]))


def loss_without_curvature(patch):
    """The loss's derivatives are taken for constants while the scores move: its second derivative is forgotten."""
    _everywhere(patch, "sigmoid_dot", lambda s, s_dot: 0 * s, base, separate, relativistic)


def unrolled_in_D_itself(patch):
    """The steps ahead are taken by D, and not by a copy."""
    patch.setattr(Sequential, "copy", lambda self: self)


def unrolled_real_scores_forgotten(patch):
    """G's relativistic loss at the end, as if the steps had not moved the real points' scores."""
    for loss in (losses.Relativistic, losses.RelativisticAverage):
        patch.setattr(loss, "g_real", lambda self, s_fake, s_real: 0 * s_real)


def half_of_sigmoid_dot(patch):
    """sigmoid' = sigmoid, without its second factor."""
    _everywhere(patch, "sigmoid_dot", lambda s, s_dot: sigmoid(s) * s_dot, base, separate, relativistic)


def rate_of_the_sum(patch):
    """The second derivative of a sum, where the loss is a mean."""
    patch.setattr(losses.LeastSquares, "d_tangent", lambda self, r, f, r_dot, f_dot: DTangent(r_dot, f_dot))


def straight_taken_for_a_square(patch):
    patch.setattr(separate._Straight, "g_tangent", lambda self, s, r, s_dot, r_dot=None: s_dot / s.shape[-2])


def pair_with_one_side_at_rest(patch):
    """The pairing loss's rate as if only the fake scores moved."""
    right = losses.Relativistic.d_tangent
    patch.setattr(losses.Relativistic, "d_tangent", lambda self, r, f, r_dot, f_dot: right(self, r, f, 0 * r_dot, f_dot))


def means_at_rest(patch):
    """The relativistic average's rate as if both batch means stood still while the scores move."""
    def wrong(self, r, f, r_dot, f_dot):
        n = r.shape[-2]
        real_dot = relativistic.sigmoid_dot(f.mean() - r, -r_dot)
        fake_dot = relativistic.sigmoid_dot(f - r.mean(), f_dot)
        return DTangent(-(real_dot + fake_dot.mean()) / (2 * n), (fake_dot + real_dot.mean()) / (2 * n))

    patch.setattr(losses.RelativisticAverage, "d_tangent", wrong)


def _game_rate(patch, wrong):
    """The game's rate, wrong(rate, game, direction, point) in place of rate(game, direction, point)."""
    right = game.Game.rate
    patch.setattr(game.Game, "rate", lambda self, direction, point=None: wrong(right, self, direction, point))


def game_of_gradients(patch):
    """The Jacobian of the gradients, not of the field: players that climb."""
    _game_rate(patch, lambda rate, game, direction, point: -rate(game, direction, point))


def game_without_mixed_blocks(patch):
    """Each player by itself: nobody notices that the other one moves."""
    def wrong(rate, game, direction, point):
        of_g = np.arange(direction.size) < game.n_g
        return np.where(of_g, rate(game, direction * of_g, point), rate(game, direction * ~of_g, point))

    _game_rate(patch, wrong)


def game_with_D_deaf(patch):
    """One mixed block is missing: D's gradient does not change as G's points move."""
    def wrong(rate, game, direction, point):
        of_g = np.arange(direction.size) < game.n_g
        return np.where(of_g, rate(game, direction, point), rate(game, direction * ~of_g, point))

    _game_rate(patch, wrong)


def game_penalty_left_out(patch):
    patch.setattr(game.Game, "_penalty_field", lambda self, point: 0 * point)


def mmd_diagonal_kept(patch):
    """Each sample compared with itself as well: the biased estimate."""
    patch.setattr(clouds, "_pair_sum", lambda x, bandwidths: clouds._kernel_sum(x, x, bandwidths))


def coverage_balls_around_the_fakes(patch):
    """The balls stand around the samples to be judged: this is recall, which scattered samples fool."""
    right = metrics.coverage_and_density
    patch.setattr(metrics, "coverage_and_density", lambda x, real, k=5: right(real, x[clouds._good(x)], k))


def coverage_counts_the_point_itself(patch):
    """The nearest neighbour of each true sample is the sample itself: every ball one neighbour too small."""
    radius = clouds._radius
    patch.setattr(clouds, "_radius", lambda real, k: radius(real, k - 1))


def js_on_a_third_of_the_cells(patch):
    """The true grid covers only a part of the window on which the samples are counted."""
    cells = clouds._cells

    def wrong(mixture, n):
        edges, p = cells(mixture, n)
        return edges, np.where(np.arange(p.size) < p.size // 3, p, 0)

    patch.setattr(clouds, "_cells", wrong)


def js_to_the_truth_of_a_third(patch):
    """The same, where the part was divided by its sum."""
    js_on_a_third_of_the_cells(patch)
    cells = clouds._cells

    def wrong(mixture, n):
        edges, p = cells(mixture, n)
        return edges, p / p.sum()

    patch.setattr(clouds, "_cells", wrong)


def classifier_asked_what_it_learned(patch):
    says_real = clouds._says_real

    def wrong(x, real, asked):
        half = asked.shape[0] // 2
        return says_real(asked[:half], asked[half:], asked)

    patch.setattr(clouds, "_says_real", wrong)


def _other_quality(patch, good):
    """High quality as good(offset from the nearest centre (N, d), its std (N, 1)) has it; (N,)."""
    assign = modes._assign

    def wrong(x, mixture):
        nearest = assign(x, mixture)[0]
        at, found = np.minimum(nearest, mixture.n_modes - 1), nearest < mixture.n_modes
        offset = np.where(found[:, None], np.nan_to_num(x, posinf=0, neginf=0), 0) - mixture.means[at]
        return nearest, found & good(offset, mixture.stds[at, None])

    patch.setattr(modes, "_assign", wrong)


def quality_in_a_box(patch):
    """3 std along each axis: 99.46 % of the truth, corners included."""
    _other_quality(patch, lambda offset, std: (np.abs(offset) <= 3 * std).all(axis=-1))


def distances_of_round_modes(patch):
    """Modes with covariances are taken for round ones of the same mean square size."""
    def wrong(self, x, means):
        with np.errstate(over="ignore", invalid="ignore"):
            return np.square(x[:, None] - means).sum(axis=-1) / np.square(self.stds).mean(axis=-1)

    patch.setattr(shapes.Shapes, "squared", wrong)


def covariance_taken_for_its_root(patch):
    patch.setattr(shapes.Shapes, "spread", lambda self, z, mode: np.einsum("nij,nj->ni", self.covariances[mode], z))


def quality_by_the_variance(patch):
    _other_quality(patch, lambda offset, std: np.linalg.norm(offset, axis=-1) <= 3 * std[:, 0] ** 2)


def kl_of_nothing_is_perfect(patch):
    """The sum over modes that were found is empty, and an empty sum is 0."""
    kl = modes._reverse_kl
    patch.setattr(modes, "_reverse_kl", lambda n, weights: kl(n, weights) if n.sum() else 0.0)


def bad_samples_left_out(patch):
    """Rows that are not finite are removed before anything is counted."""
    report = metrics.mode_report

    def wrong(x, mixture):
        keep = np.isfinite(x).all(axis=-1)
        return report(np.asarray(x)[keep] if keep.any() else x, mixture)

    patch.setattr(metrics, "mode_report", wrong)


def optimistic_backwards(patch):
    """Yesterday's step is added where it should be taken away."""
    step = optim.Optimistic.step

    def wrong(self, theta, grad):
        if self.last is not None:
            self.last = -self.last
        step(self, theta, grad)

    patch.setattr(optim.Optimistic, "step", wrong)


def extragradient_without_going_back(patch):
    """The second step is taken from the look-ahead point: two plain steps."""
    def wrong(rules, players, batch):
        updates.simultaneous(rules, players, batch)
        return updates.simultaneous(rules, players, batch)

    patch.setitem(updates.UPDATES, "extragradient", wrong)


def clipped_before_the_step(patch):
    """The weights are clipped, and then the optimiser moves them out again."""
    def wrong(self, theta, grad):
        np.clip(theta, -self.bound, self.bound, out=theta)
        self.opt.step(theta, grad)

    patch.setattr(optim.Clipped, "step", wrong)


def instance_noise_on_fakes_only(patch):
    patch.setattr(streams.TwoPlayerDraw, "_noisy", lambda self, x, streams: x)


def streams_by_place_in_the_group(patch):
    """Every group of a study begins again with the streams of seed 0: they follow the place in the group, not the seed."""
    train_group = study.train_group

    def wrong(group, *rest):
        rows = train_group(group._replace(seeds=tuple(range(len(group.seeds)))), *rest)
        return [row._replace(seed=seed) for row, seed in zip(rows, group.seeds, strict=True)]

    patch.setattr(study, "train_group", wrong)


def verdicts_on_clean_points(patch):
    """D's opinion of the fake points is asked without the instance noise on which it learns, beside that of noisy real ones."""
    right = updates.Rules.d_gradients

    def wrong(self, players, batch, k):
        return right(self, players, batch, k)._replace(s_fake=players["D"].network(players["G"].network(batch.z_d[k])))

    patch.setattr(updates.Rules, "d_gradients", wrong)


def optimiser_saved_without_its_memories(patch):
    """Parameters are saved, and the optimiser begins anew: a jump in the loss after every pause."""
    patch.setattr(optim.Optimiser, "state", lambda self: {"t": self.t.copy()})


def optimiser_saved_without_its_count(patch):
    """Adam's memories come back, and t is 0 again: the bias correction is that of a first step."""
    right = optim.Optimiser.load_state
    patch.setattr(optim.Optimiser, "load_state", lambda self, state: right(self, state | {"t": np.array(0)}))


def guard_looks_at_losses_only(patch):
    """A parameter that stands still because its optimiser remembers an infinite mean is not noticed."""
    patch.setattr(guard, "_remembers_finite", lambda optimiser: np.True_)


def denormal_numbers_stay(patch):
    patch.setattr(optimiser, "flush", lambda arrays: None)


def random_numbers_begin_again(patch):
    """The random streams are not part of what is saved: the first batches come a second time."""
    patch.setattr(streams.Streams, "load_state", lambda self, state: None)


def resumed_guard_forgets_who_was_lost(patch):
    right = guard.Guard.resume

    def wrong(self, history):
        right(self, history)
        self.some_lost = False

    patch.setattr(guard.Guard, "resume", wrong)


def guard_keeps_theta_only(patch):
    """What layers remember beside their parameters is not put back."""
    begin = guard.Guard.__init__

    def wrong(self, players, history, beside=(), optimisers=None):
        begin(self, players, history, beside, optimisers)
        self.own = [net.theta for net in (*players.values(), *beside)]
        self.before = [array.copy() for array in self.own]

    patch.setattr(guard.Guard, "__init__", wrong)


def guard_knows_two_players(patch):
    begin = guard.Guard.__init__
    patch.setattr(guard.Guard, "__init__", lambda self, players, *rest: begin(
        self, {name: net for name, net in players.items() if name in ("D", "G")}, *rest))


def passed_objects_are_used_themselves(patch):
    """A run works with the very optimisers and penalties that were passed to it."""
    patch.setattr(given, "copy", SimpleNamespace(deepcopy=lambda thing: thing))


def schedule_stays_in_the_optimiser(patch):
    """The rate stays where the schedule has led it."""
    patch.setattr(optim.Optimiser, "release", lambda self: None)


def schedule_stays_in_the_penalty(patch):
    """A falling weight only ever falls."""
    right = penalties.Weighted.prepare
    patch.setattr(penalties.Weighted, "prepare", lambda self, fraction: right(self, max(fraction, self._fraction)))


def kernel_not_turned(patch):
    """The way back through a convolution with stride 1 is a convolution with the kernel as it stands."""
    moveaxis = np.moveaxis

    def wrong(turned, *axes):
        return moveaxis(turned[..., ::-1, ::-1, :], *axes)

    patch.setattr(conv, "np", SimpleNamespace(**{**vars(np), "moveaxis": wrong}))


def fold_without_accumulation(patch):
    """Where windows overlap, the last one overwrites the others."""
    def wrong(u, kernel, stride=1, pad=0):
        *front, h, w, numbers = u.shape
        H, W, C = stride * (h - 1) + kernel, stride * (w - 1) + kernel, numbers // kernel**2
        x = np.zeros_like(u, shape=(*front, H, W, C))
        u = u.reshape(*front, h, w, kernel, kernel, C)
        for i, j in np.ndindex(kernel, kernel):
            x[..., i:i + stride * (h - 1) + 1:stride, j:j + stride * (w - 1) + 1:stride, :] = u[..., i, j, :]
        return x[..., pad:H - pad, pad:W - pad, :]

    _everywhere(patch, "fold", wrong, conv, windows)


def stride_ignored_on_the_way_back(patch):
    """The windows of dy W' are laid side by side, one pixel apart, whatever the stride was."""
    fold = windows.fold

    def wrong(u, kernel, stride=1, pad=0):
        x = np.zeros_like(fold(u, kernel, stride, pad))
        near = fold(u, kernel, 1, 0)[..., pad:, pad:, :]
        H, W = min(x.shape[-3], near.shape[-3]), min(x.shape[-2], near.shape[-2])
        x[..., :H, :W, :] = near[..., :H, :W, :]
        return x

    _everywhere(patch, "fold", wrong, conv, windows)


def padding_not_cropped(patch):
    """The image that comes back is cut at its end alone: moved by the padding."""
    fold = windows.fold

    def wrong(u, kernel, stride=1, pad=0):
        x = fold(u, kernel, stride, 0)
        return x[..., :x.shape[-3] - 2 * pad, :x.shape[-2] - 2 * pad, :]

    _everywhere(patch, "fold", wrong, conv, windows)


def bias_summed_over_the_batch_only(patch):
    """db of a convolution from the first pixel of each image."""
    def wrong(backward):
        def first(self, dy, tape, grads=True):
            before = self.db.copy()
            dx = backward(self, dy, tape, grads)
            if grads:
                self.db[...] = before + dy[..., :self.filters].sum(axis=-2, keepdims=True)
            return dx

        return first

    for layer in (conv.Conv2D, conv.ConvTranspose2D):
        patch.setattr(layer, "backward", wrong(layer.backward))


def channels_before_pixels(patch):
    """An image that is channels first is read as channels last: the numbers of a window belong to other pixels."""
    unfold = windows.unfold

    def wrong(x, kernel, stride=1, pad=0):
        *front, H, W, C = x.shape
        return unfold(np.moveaxis(x.reshape(*front, C, H, W), -3, -1), kernel, stride, pad)

    _everywhere(patch, "unfold", wrong, conv, windows)


def pixels_left_over(patch):
    """Windows that do not fit are dropped in silence: the transpose then makes an image of another size."""
    patch.setattr(conv, "grid_of", lambda name, size, kernel, stride, pad: tuple(
        (pixels + 2 * pad - kernel) // stride + 1 for pixels in size))


def batch_norm_of_each_pixel(patch):
    """BatchNorm of images with statistics of each pixel's own: the mean over the batch, not over the image."""
    def mean(self, x):
        pixels = self.d // x.shape[-1]
        x = x.reshape(*x.shape[:-2], x.shape[-2] // pixels, pixels, x.shape[-1])
        means = np.broadcast_to(x.mean(axis=-3, keepdims=True), x.shape)
        return means.reshape(*x.shape[:-3], x.shape[-3] * pixels, x.shape[-1])

    patch.setattr(norm.BatchNorm, "mean", mean)


def fans_of_the_matrix(patch):
    """The init rule takes W's shape for the layer's fans."""
    patch.setattr(store, "drawn", lambda rule, rng, shape, fans: rule(rng, *shape))
