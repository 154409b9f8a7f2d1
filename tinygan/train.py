"""Training: Algorithm 1 of Goodfellow et al. (2014), one gradient and one step for each player.

    d_gradients(D, x_real, x_fake, loss) -> value      fills D.grad, and only D.grad
    g_gradients(G, D, z, loss)           -> value      fills G.grad through D, and only G.grad
    d_step, g_step                                     the gradients, then the optimiser

Written out, the whole algorithm is

    for step in range(steps):
        d_step(D, opt_d, data.sample(batch, rng), G(latent()), loss)
        g_step(G, D, opt_g, latent(), loss)

and `train` is this loop with what one wants around it: random streams, replicas, averaging, schedules,
a history, a progress bar, and a stop in the very step in which a run diverges. On a first reading, stop where `train` begins.
"""

import functools
from types import SimpleNamespace

import numpy as np

from .data import Mixture, from_array
from .engine.arguments import choice, count, number
from .engine.features import packed
from .engine.machine import keep_memory, one_thread
from .engine.numerics import sigmoid
from .engine.optim import Adam, Clipped, Optimistic, constant
from .history import Diverged, Guard, History
from .streams import Streams
from .unroll import unrolled_g_gradients

__all__ = ["d_gradients", "g_gradients", "d_step", "g_step", "train", "History", "Diverged"]


def d_gradients(D, x_real, x_fake, loss, penalties=(), rng=None, pack=1):
    """The discriminator's loss, with its gradient over D.theta in D.grad. The fake points are fixed numbers here.

    x_real, x_fake: (..., N, d); with `pack` m, D judges m points at a time, laid side by side (Lin et al. 2018).
    penalties: see `tinygan.penalties`; each adds its value and its gradient, with random numbers from `rng` if it wants any.
    """
    x_real, x_fake = np.asarray(packed(x_real, pack), D.dtype), np.asarray(packed(x_fake, pack), D.dtype)
    s_real, tape_real = D.forward(x_real)
    s_fake, tape_fake = D.forward(x_fake)
    value, ds_real, ds_fake = loss.d(s_real, s_fake)
    D.zero_grad()
    ds = {"real": ds_real, "fake": ds_fake}
    for penalty in penalties:  # the first penalty at a batch takes the loss's own gradient along
        value = value + penalty(D, x_real, x_fake, tape_real, tape_fake, rng, ds.pop(penalty.at, None))
    for batch, tape in (("real", tape_real), ("fake", tape_fake)):
        if batch in ds:
            D.backward(ds[batch], tape)
    return value


def g_gradients(G, D, z, loss, x_real=None, pack=1, noise=0.0):
    """The generator's loss, with its gradient over G.theta in G.grad. D is fixed here, but the gradient passes through it.

    z: (..., N, d_z); x_real, (..., N, d), is needed only by losses that compare with real scores (`loss.needs_real`).
    noise: instance noise, added to G's points before D sees them, shaped like them.
    """
    x_fake, tape_G = G.forward(z)
    s_fake, tape_D = D.forward(packed(x_fake + noise, pack))
    s_real = D(packed(x_real, pack)) if loss.needs_real else None
    value, ds_fake = loss.g(s_fake, s_real)
    dx_fake = D.backward(ds_fake, tape_D, grads=False)
    G.zero_grad()
    G.backward(dx_fake.reshape(x_fake.shape), tape_G)
    return value


def d_step(D, opt, x_real, x_fake, loss, penalties=(), rng=None, pack=1):
    """One step of the discriminator; returns its loss before the step."""
    value = d_gradients(D, x_real, x_fake, loss, penalties, rng, pack)
    opt.step(D.theta, D.grad)
    return value


def g_step(G, D, opt, z, loss, x_real=None, pack=1, noise=0.0, gradients=g_gradients):
    """One step of the generator; returns its loss before the step. `gradients` may be an `unrolled_g_gradients`.

    >>> import numpy as np
    >>> from tinygan import Adam, d_step, data, g_step, losses, mlp
    >>> G, D, opt_g, opt_d, loss = mlp(2, 32, 2), mlp(2, 32, 1, seed=1), Adam(), Adam(), losses.NonSaturating()
    >>> rng = np.random.default_rng(0)
    >>> for step in range(20):
    ...     d_loss = d_step(D, opt_d, data.ring().sample(64, rng), G(rng.standard_normal((64, 2))), loss)
    ...     g_loss = g_step(G, D, opt_g, rng.standard_normal((64, 2)), loss)
    >>> bool(np.isfinite(d_loss) and np.isfinite(g_loss))
    True
    """
    value = gradients(G, D, z, loss, x_real, pack=pack, noise=noise)
    opt.step(G.theta, G.grad)
    return value


def alternating(G, D, opt_g, opt_d, x_real, z_d, z_g, loss, penalties=(), rng=None, pack=1, noise=(0.0, 0.0),
                gradients=g_gradients):
    """D steps, then G steps against the D that has just moved. Returns both losses."""
    d_loss = d_step(D, opt_d, x_real, G(z_d) + noise[0], loss, penalties, rng, pack)
    return d_loss, g_step(G, D, opt_g, z_g, loss, x_real, pack, noise[1], gradients)


def both_gradients(G, D, x_real, z_d, z_g, loss, penalties=(), rng=None, pack=1, noise=(0.0, 0.0), gradients=g_gradients):
    """D.grad and G.grad with both players as they stand. Returns both losses."""
    d_loss = d_gradients(D, x_real, G(z_d) + noise[0], loss, penalties, rng, pack)
    return d_loss, gradients(G, D, z_g, loss, x_real, pack=pack, noise=noise[1])


def simultaneous(G, D, opt_g, opt_d, *batch_and_rules):
    """Both look at the other as it stands, then both step. The batch and the rules are those of `both_gradients`."""
    losses = both_gradients(G, D, *batch_and_rules)
    opt_d.step(D.theta, D.grad)
    opt_g.step(G.theta, G.grad)
    return losses


def extragradient(G, D, opt_g, opt_d, *batch_and_rules):
    """Both step, look at the game from there, go back, and take the step that is right there (Korpelevich 1976).

    Both looks use the same batch. An optimiser with a memory remembers both gradients, as ExtraAdam does (Gidel et al. 2019,
    algorithm 4). Returns both losses from before the step.
    """
    start_G, start_D = G.theta.copy(), D.theta.copy()
    losses = simultaneous(G, D, opt_g, opt_d, *batch_and_rules)
    both_gradients(G, D, *batch_and_rules)
    G.theta[...], D.theta[...] = start_G, start_D
    opt_d.step(D.theta, D.grad)
    opt_g.step(G.theta, G.grad)
    return losses


# "optimistic" is simultaneous too, with optimisers that guess ahead: `optim.Optimistic`.
UPDATES = {"alternating": alternating, "simultaneous": simultaneous, "optimistic": simultaneous, "extragradient": extragradient}


def train(G, D, data, loss, *, steps, batch=256, d_steps=1, opt_d=None, opt_g=None, penalties=(), update="alternating",
          ema=None, schedule=None, pack=1, instance_noise=None, clip=None, unroll=None, seed=0, callback=None, progress=None):
    """Train both players in place for `steps` steps of the generator and return the `History`.

    G, D       networks: G turns z ~ N(0, I) into points, D turns points into one score; D.d_in is pack * data.dim
    data       an object with sample(n, rng) and dim (see `tinygan.data`), or an array (N, d)
    loss       see `tinygan.losses`
    batch      real points, and fake ones, in each step; 64 to 512
    d_steps    steps of D for each step of G; 1, or 5 for a Wasserstein critic
    opt_d, opt_g   an optimiser for each; Adam(lr=1e-3, beta1=.5) by default
    penalties  on D's gradient, such as (R1(.1), R2(.1)); see `tinygan.penalties`
    update     "alternating": G looks at D after D's step; "simultaneous": before it; "optimistic": simultaneous, each step with
               what it changed since the last one added again (Daskalakis et al. 2018); "extragradient": see there
    ema        None, or how much a running average of G's parameters keeps each step, .99 to .9999; see `History.G_ema`
    schedule   fraction of the run -> factor on both learning rates (`optim.linear`, `optim.cosine`)
    pack       points that D judges together (PacGAN, Lin et al. 2018), 1 to 4
    instance_noise   None, or the standard deviation of noise on every point that D sees, real or fake (Sonderby et al. 2017):
               a number or a function of the fraction of the run, such as lambda f: .1 * (1 - f)
    clip       None, or the largest absolute value of D's parameters after each of its steps (Arjovsky et al. 2017), .01 to .1
    unroll     None, or (K, lr): G looks K plain gradient steps of D ahead (Metz et al. 2017), such as (5, .1); D's penalties are
               not part of what it sees (see `tinygan.unroll`)
    seed       an int or a SeedSequence, for data, latent noise and evaluation, or a list with one for each replica; the
               networks have seeds of their own
    callback   called as callback(state) after each step: state.step (from 1), .G, .D, .G_ema, .history; true stops the run
    progress   True or False; None shows a bar where a person is watching the terminal

    Raises `Diverged` in the step in which a loss, gradient or parameter stops being finite, or a loss exceeds a million; the
    history so far and the parameters from before that step are kept. A replica that diverges is noted in
    `history.diverged` and the others go on: `Diverged` is raised when none is left.

    >>> from tinygan import data, losses, mlp
    >>> from tinygan.train import train
    >>> G, D = mlp(2, 32, 2), mlp(2, 32, 1, seed=1)
    >>> history = train(G, D, data.ring().standardized(), losses.NonSaturating(), steps=20, progress=False)
    >>> history.step.shape, history.d_loss.shape
    ((20,), (20,))
    """
    data = from_array(data) if isinstance(data, np.ndarray) else data
    steps, batch, d_steps, pack = count("steps", steps), count("batch", batch), count("d_steps", d_steps), count("pack", pack)
    _check_players(G, D, data, loss, batch, pack)
    choice("update", update, UPDATES)
    opt_d, opt_g = _optimisers(opt_d, opt_g, update, clip)
    step_both, gradients = UPDATES[update], _gradients_of_g(unroll)
    keep = None if ema is None else number("ema", ema, above=0, below=1)
    G_ema = None if ema is None else G.copy()
    streams = Streams(G, data, batch, seed, instance_noise)
    history = History(steps, G.replicas, G_ema, count_modes=isinstance(data, Mixture))
    state = SimpleNamespace(step=0, G=G, D=D, G_ema=G_ema, history=history)
    guard = Guard(G, D, history)

    # The guard looks at every step, so NumPy need not warn.
    keep_memory()
    with _bar(steps, progress) as bar, np.errstate(over="ignore", invalid="ignore"), one_thread():
        watch = _Watch(G, D, G_ema, loss, pack, streams, history, bar)
        for step in range(1, steps + 1):
            fraction = (step - 1) / steps
            opt_d.factor = opt_g.factor = (schedule or constant)(fraction)
            for scheduled in (streams, *penalties):
                scheduled.fraction = fraction

            for _ in range(d_steps - 1):
                x_fake = G(streams.latent()) + streams.noise()
                d_step(D, opt_d, streams.real(), x_fake, loss, penalties, streams.penalty, pack)
            x_real, z_d, z_g, noise = streams.real(), streams.latent(), streams.latent(), (streams.noise(), streams.noise())
            d_loss, g_loss = step_both(G, D, opt_g, opt_d, x_real, z_d, z_g,
                                       loss, penalties, streams.penalty, pack, noise, gradients)
            diverged = guard.check(step, D=d_loss, G=g_loss)
            if G_ema is not None:
                G_ema.theta += (1 - keep) * (G.theta - G_ema.theta)

            state.step = step
            watch(step, d_loss, g_loss, x_real, z_g, last=diverged)
            if diverged:
                raise diverged
            if callback is not None and callback(state):
                watch(step, d_loss, g_loss, x_real, z_g, last=True)
                break
    opt_d.factor = opt_g.factor = 1.0
    return history


class _Watch:
    """What is kept and shown of a run while it goes on: rows of the history, counts of modes, the progress bar."""

    def __init__(self, G, D, G_ema, loss, pack, streams, history, bar):
        self.G, self.D, self.best, self.loss, self.pack = G, D, G_ema or G, loss, pack
        self.streams, self.history, self.bar = streams, history, bar

    def __call__(self, step, d_loss, g_loss, x_real, z, last):
        history = self.history
        if history.wants(step) or last:
            d_real, d_fake = self._verdict(x_real), self._verdict(self.G(z))
            history.record(step, d_loss=d_loss, g_loss=g_loss, d_real=d_real, d_fake=d_fake)
            if not self.bar.disable:
                self.bar.set_postfix_str(history.describe(), refresh=False)
        if history.wants_modes(step):
            history.record_modes(step, self.streams.count_modes(self.best))
        self.bar.update(step - self.bar.n)

    def _verdict(self, x):
        """D's mean opinion of a batch: a probability where the loss is made of probabilities, otherwise the score."""
        s = self.D(packed(x, self.pack))
        return (sigmoid(s) if self.loss.is_probability else s).mean(axis=(-2, -1))


def _bar(steps, progress):
    from tqdm import tqdm

    shape = "{percentage:3.0f}%|{bar:12}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
    return tqdm(total=steps, disable=None if progress is None else not progress, bar_format=shape, mininterval=0.2)


def _optimisers(opt_d, opt_g, update, clip):
    """An optimiser for each player, with what `update` and `clip` ask of them."""
    opt_d, opt_g = opt_d or Adam(), opt_g or Adam()
    if opt_d is opt_g:
        raise ValueError("opt_d and opt_g are the same object; each player needs an optimiser of its own")
    if update == "optimistic":
        opt_d, opt_g = Optimistic(opt_d), Optimistic(opt_g)
    return opt_d if clip is None else Clipped(opt_d, clip), opt_g


def _gradients_of_g(unroll):
    """`g_gradients`, or with `unroll` (K, lr) its look through K steps of D."""
    if unroll is None:
        return g_gradients
    if not (isinstance(unroll, tuple) and len(unroll) == 2):
        raise TypeError(f"unroll must be None or (steps, lr), such as (5, 0.1); got {unroll!r}")
    steps, lr = count("unroll: steps", unroll[0], 0), number("unroll: lr", unroll[1], above=0)
    return functools.partial(unrolled_g_gradients, steps=steps, lr=lr)


def _check_players(G, D, data, loss, batch, pack):
    if not hasattr(data, "sample"):
        raise TypeError(f"data must be an array (N, d) or one of tinygan.data, with sample(n, rng); got {type(data).__name__}")
    if isinstance(loss, type) or not hasattr(loss, "d"):
        raise TypeError(f"loss must be an object such as NonSaturating(), with its brackets; got {loss!r}")
    if batch % pack:
        raise ValueError(f"a batch of {batch} cannot be packed by {pack}: choose a batch size that {pack} divides")
    if G.d_out != data.dim:
        raise ValueError(f"G makes points with {G.d_out} coordinates, but the data have {data.dim}: end G with {data.dim}")
    if D.d_in != pack * data.dim:
        raise ValueError(f"D takes {D.d_in} features, but {pack} x {data.dim} come (pack x dimension of the data): "
                         f"begin D with {pack * data.dim}")
    if D.d_out != 1:
        raise ValueError(f"D must give one score for each sample; this one gives {D.d_out}: end D with 1")
    if G.replicas != D.replicas:
        raise ValueError(f"G and D must have the same replicas; got {G.replicas} and {D.replicas}")
