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

from types import SimpleNamespace

import numpy as np

from .data import Mixture, from_array
from .engine.arguments import choice, count, number, spawn
from .engine.numerics import sigmoid
from .engine.optim import Adam, constant
from .history import Diverged, Guard, History
from .metrics import mode_report

__all__ = ["d_gradients", "g_gradients", "d_step", "g_step", "packed", "train", "History", "Diverged"]


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
    D.backward(ds_real, tape_real)
    D.backward(ds_fake, tape_fake)
    for penalty in penalties:
        value = value + penalty(D, x_real, x_fake, tape_real, tape_fake, rng)
    return value


def g_gradients(G, D, z, loss, x_real=None, pack=1):
    """The generator's loss, with its gradient over G.theta in G.grad. D is fixed here, but the gradient passes through it.

    z: (..., N, d_z); x_real, (..., N, d), is needed only by losses that compare with real scores (`loss.needs_real`).
    """
    x_fake, tape_G = G.forward(z)
    s_fake, tape_D = D.forward(packed(x_fake, pack))
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


def g_step(G, D, opt, z, loss, x_real=None, pack=1):
    """One step of the generator; returns its loss before the step."""
    value = g_gradients(G, D, z, loss, x_real, pack)
    opt.step(G.theta, G.grad)
    return value


def packed(x, pack):
    """`pack` samples side by side as one: (..., N, d) -> (..., N/pack, pack*d). Raises ValueError unless pack divides N."""
    if pack == 1:
        return x
    *replicas, n, d = x.shape
    if n % pack:
        raise ValueError(f"a batch of {n} cannot be packed by {pack}: choose a batch size that {pack} divides")
    return x.reshape(*replicas, n // pack, pack * d)


def alternating(G, D, opt_g, opt_d, x_real, z_d, z_g, loss, penalties=(), rng=None, pack=1):
    """D steps, then G steps against the D that has just moved. Returns both losses."""
    d_loss = d_step(D, opt_d, x_real, G(z_d), loss, penalties, rng, pack)
    return d_loss, g_step(G, D, opt_g, z_g, loss, x_real, pack)


def simultaneous(G, D, opt_g, opt_d, x_real, z_d, z_g, loss, penalties=(), rng=None, pack=1):
    """Both look at the other as it stands, then both step. Returns both losses."""
    d_loss = d_gradients(D, x_real, G(z_d), loss, penalties, rng, pack)
    g_loss = g_gradients(G, D, z_g, loss, x_real, pack)
    opt_d.step(D.theta, D.grad)
    opt_g.step(G.theta, G.grad)
    return d_loss, g_loss


UPDATES = {"alternating": alternating, "simultaneous": simultaneous}


def train(G, D, data, loss, *, steps, batch=256, d_steps=1, opt_d=None, opt_g=None, penalties=(), update="alternating",
          ema=None, schedule=None, pack=1, seed=0, callback=None, progress=None):
    """Train both players in place for `steps` steps of the generator and return the `History`.

    G, D       networks: G turns z ~ N(0, I) into points, D turns points into one score; D.d_in is pack * data.dim
    data       an object with sample(n, rng) and dim (see `tinygan.data`), or an array (N, d)
    loss       see `tinygan.losses`
    batch      real points, and fake ones, in each step; 64 to 512
    d_steps    steps of D for each step of G; 1, or 5 for a Wasserstein critic
    opt_d, opt_g   an optimiser for each; Adam(lr=1e-3, beta1=.5) by default
    penalties  on D's gradient, such as (R1(.1), R2(.1)); see `tinygan.penalties`
    update     "alternating": G looks at D after D's step; "simultaneous": before it
    ema        None, or how much a running average of G's parameters keeps each step, .99 to .9999; see `History.G_ema`
    schedule   fraction of the run -> factor on both learning rates (`optim.linear`, `optim.cosine`)
    pack       points that D judges together (PacGAN, Lin et al. 2018), 1 to 4
    seed       an int or a SeedSequence, for data, latent noise and evaluation; the networks have seeds of their own
    callback   called as callback(state) after each step: state.step (from 1), .G, .D, .G_ema, .history; true stops the run
    progress   True or False; None shows a bar where a person is watching the terminal

    Raises `Diverged` in the step in which a loss, gradient or parameter stops being finite, or a loss exceeds a million; the
    history so far and the parameters from before that step are kept. A replica that diverges is noted in
    `history.diverged` and the others go on: `Diverged` is raised when none is left.
    """
    data = from_array(data) if isinstance(data, np.ndarray) else data
    steps, batch, d_steps, pack = count("steps", steps), count("batch", batch), count("d_steps", d_steps), count("pack", pack)
    _check_players(G, D, data, loss, batch, pack)
    update = UPDATES[choice("update", update, UPDATES)]
    opt_d, opt_g = opt_d or Adam(), opt_g or Adam()
    if opt_d is opt_g:
        raise ValueError("opt_d and opt_g are the same object; each player needs an optimiser of its own")
    keep = None if ema is None else number("ema", ema, above=0, below=1)
    G_ema = None if ema is None else G.copy()
    streams = Streams(G, data, batch, seed)
    history = History(steps, G.replicas, G_ema, count_modes=isinstance(data, Mixture))
    state = SimpleNamespace(step=0, G=G, D=D, G_ema=G_ema, history=history)
    guard = Guard(G, D, history)

    # The guard looks at every step, so NumPy need not warn. And on small matrices threads mostly wait for each other.
    with _bar(steps, progress) as bar, np.errstate(over="ignore", invalid="ignore"), _one_thread():
        watch = _Watch(G, D, G_ema, loss, pack, streams, history, bar)
        for step in range(1, steps + 1):
            for scheduled in (opt_d, opt_g):
                scheduled.factor = (schedule or constant)((step - 1) / steps)
            for penalty in penalties:
                penalty.fraction = (step - 1) / steps

            for _ in range(d_steps - 1):
                d_step(D, opt_d, streams.real(), G(streams.latent()), loss, penalties, streams.penalty, pack)
            x_real, z_d, z_g = streams.real(), streams.latent(), streams.latent()
            d_loss, g_loss = update(G, D, opt_g, opt_d, x_real, z_d, z_g, loss, penalties, streams.penalty, pack)
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


class Streams:
    """The random numbers of a run: for each replica a stream for data, for latent noise, for evaluation and for penalties.

    They are spawned once, so that looking at a run never changes it.
    """

    def __init__(self, G, data, batch, seed):
        self.single, self.data, self.batch, self.d_z, self.dtype = not G.replicas, data, batch, G.d_in, G.dtype
        seeds = spawn(seed, *G.replicas) if G.replicas else [seed]
        self.rngs, penalty = [], []
        for one in seeds:
            *three, last = (np.random.default_rng(child) for child in spawn(one, 4))
            self.rngs.append(three)
            penalty.append(last)
        self.penalty = penalty[0] if self.single else penalty
        self.z_look = self._stack(lambda _data, _latent, look: look.standard_normal((1000, self.d_z), self.dtype))

    def real(self):
        """A batch of the data, (..., N, d)."""
        return self._stack(lambda data, _latent, _look: self.data.sample(self.batch, data))

    def latent(self):
        """z ~ N(0, I), (..., N, d_z)."""
        return self._stack(lambda _data, latent, _look: latent.standard_normal((self.batch, self.d_z), self.dtype))

    def count_modes(self, G):
        """How many modes have a high-quality sample among 1000 of G's, always from the same z."""
        x = G(self.z_look)
        return mode_report(x, self.data).modes if self.single else [mode_report(one, self.data).modes for one in x]

    def _stack(self, draw):
        return draw(*self.rngs[0]) if self.single else np.stack([draw(*rngs) for rngs in self.rngs])


def _bar(steps, progress):
    from tqdm import tqdm

    shape = "{percentage:3.0f}%|{bar:12}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
    return tqdm(total=steps, disable=None if progress is None else not progress, bar_format=shape, mininterval=0.2)


def _one_thread():
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    return threadpool_limits(1)


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
