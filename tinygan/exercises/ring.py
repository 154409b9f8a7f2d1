"""Grading a whole training: by each step of the loop, and by the modes that G reaches in the end."""

import contextlib
import copy
import io

import numpy as np

from .. import data
from ..engine.network import mlp
from ..engine.numerics import sigmoid
from ..engine.optim import Adam
from ..gradients import d_gradients, g_gradients
from ..losses import LeastSquares, Minimax, NonSaturating
from ..metrics import mode_report
from ..training import d_step, g_step
from .grading import Exercise, Mistake, Wrong
from .loop import MINIMAX, TOGETHER, Record
from .players import at

LOSS = NonSaturating()
RING = data.ring(std=0.3).standardized()  # wide modes: an honest loop found all eight on each of 100 seeds
STEPS, BATCH = 800, 64


class _Counted:
    """The ring as a student gets it; counts the points that were drawn."""

    dim, drawn = RING.dim, 0

    def sample(self, n, rng):
        self.drawn += n
        return RING.sample(n, rng)


def _ring_case(rng):
    g_seed, d_seed, seed = (int(seed) for seed in rng.integers(1 << 30, size=3))
    G, D = mlp(2, 32, 32, 2, seed=g_seed), mlp(2, 32, 32, 1, seed=d_seed)
    opt_g, opt_d = (Adam(5e-3, beta1=0.5, beta2=0.99) for _ in range(2))
    return G, D, opt_g, opt_d, _Counted(), STEPS, BATCH, np.random.default_rng(seed)


def _ring_observed(answer, *args):
    """Let the answer train, then look at what it did, and at what has become of both players."""
    G, D, opt_g, opt_d, ring, steps, batch, rng = copy.deepcopy(args)
    record = Record(G, D, opt_g, opt_d)
    nets = {"G": G, "D": D}
    before = {name: net.theta.copy() for name, net in nets.items()}
    with contextlib.redirect_stdout(io.StringIO()):  # a training may print how it goes
        answer(G, D, opt_g, opt_d, ring, steps, batch, rng)
    for (name, net), opt in zip(nets.items(), (opt_g, opt_d), strict=True):
        _has_moved(name, net.theta, before[name], int(opt.t))
    if ring.drawn <= batch:
        raise Wrong(f"only {ring.drawn} real points were drawn in the whole training",
                    "every step sees a fresh batch: call data.sample inside the loop")
    record.check(steps, batch)
    return {"modes": _modes(record.plain["G"], G.theta)}


def _has_moved(name, theta, before, t):
    opt = f"opt_{name.lower()}"
    bad = theta.size - np.count_nonzero(np.isfinite(theta))
    if bad:
        raise Wrong(f"{bad} of {theta.size} numbers in {name}.theta are not finite: the training diverged",
                    "look at the derivatives of the losses: is a division by N missing, or does a log meet a 0?")
    if np.array_equal(theta, before):
        raise Wrong(f"{name} never moved: " + (f"{opt}.step was never called" if not t else
                                               f"{opt} took {t} steps, with {name}.grad zero every time"),
                    f"each step: {name}'s gradient, then {opt}.step({name}.theta, {name}.grad)")


def _modes(G, theta):
    """8.0 when all modes are there; otherwise raises. An honest loop found them on each of 100 seeds."""
    modes = mode_report(at(G, theta)(np.random.default_rng(0).standard_normal((2000, 2))), RING).modes
    if modes < RING.n_modes:
        raise Wrong(f"after {STEPS} steps G reaches {modes} of {RING.n_modes} modes, "
                    "though the steps that were looked at are right",
                    "does the loop do something else in some of its steps, or with the players after it?")
    return float(modes)


# ---------------------------------------------------------------- loops with one thing done differently


class _Other(NonSaturating):
    """The loss with other derivatives. D's are d(r) and d(f), each with a sign and a weight; G's is g(f)."""

    def __init__(self, real=1, fake=1, swap=False, g=None):
        super().__init__()
        self.real, self.fake, self.swap, self.other_g = real, fake, swap, g

    def d(self, s_real, s_fake):
        if self.swap:
            value, ds_fake, ds_real = super().d(s_fake, s_real)
        else:
            value, ds_real, ds_fake = super().d(s_real, s_fake)
        return value, self.real * ds_real, self.fake * ds_fake

    def g(self, s_fake, s_real=None):
        value, ds_fake = super().g(s_fake)
        return value, ds_fake if self.other_g is None else self.other_g(s_fake) / s_fake.shape[0]


class _ByHand:
    """Gradient descent in the place of the optimiser that was given."""

    def step(self, theta, grad):
        theta -= np.float32(0.05) * grad


class _Idle:
    """An optimiser that nobody calls."""

    def step(self, theta, grad):
        pass


def _train(loss=LOSS, order="dg", opts=lambda opt_d, opt_g: (opt_d, opt_g), gradient=g_gradients, fresh=True, kept="",
           latent=lambda rng, shape, first: rng.standard_normal(shape), after=None, rows=1):
    """The loop with one thing done differently.

    Parameters
    ----------
    loss : another loss
    order : who moves in a step; "together": first both gradients, then both moves
    opts : which optimisers move D and G
    gradient : another gradient for G
    fresh : whether x_real is drawn in every step
    kept : whose gradient is not cleared, "d" or "g"
    latent : z from rng, its shape and the first z of all
    after : called with both players after each step
    rows : so many times as many points
    """
    def answer(G, D, opt_g, opt_d, ring, steps, batch, rng):
        nets, opt = {"d": D, "g": G}, dict(zip("dg", opts(opt_d, opt_g), strict=True))
        first, left = rng.standard_normal((rows * batch, 2)), {"d": 0, "g": 0}

        def compute(player):
            z = latent(rng, first.shape, first)
            if player == "d":
                d_gradients(D, x_real, G(z), loss)
            else:
                gradient(G, D, z, loss)
            nets[player].grad += left[player] * (kept == player)
            left[player] = nets[player].grad.copy()

        for step in range(steps):
            if fresh or not step:
                x_real = ring.sample(rows * batch, rng)
            for player in "dg" * (order == "together"):
                compute(player)
            for player in "dg" if order == "together" else order:
                if order != "together":
                    compute(player)
                opt[player].step(nets[player].theta, nets[player].grad)
            if after:
                after(G, D)

    return answer


def _solution(G, D, opt_g, opt_d, data, steps, batch, rng):
    for _ in range(steps):
        d_step(D, opt_d, data.sample(batch, rng), G(rng.standard_normal((batch, 2))), LOSS)
        g_step(G, D, opt_g, rng.standard_normal((batch, 2)), LOSS)


def _one_step(G, D, opt_g, opt_d, ring, steps, batch, rng):
    for _ in range(steps):
        x_real, z = ring.sample(batch, rng), rng.standard_normal((batch, 2))
    d_step(D, opt_d, x_real, G(z), LOSS)
    g_step(G, D, opt_g, z, LOSS)


def _one_after_the_other(G, D, opt_g, opt_d, ring, steps, batch, rng):
    for _ in range(steps):
        d_step(D, opt_d, ring.sample(batch, rng), G(rng.standard_normal((batch, 2))), LOSS)
    for _ in range(steps):
        g_step(G, D, opt_g, rng.standard_normal((batch, 2)), LOSS)


def _old_fakes(G, D, opt_g, opt_d, ring, steps, batch, rng):
    x_fake = G(rng.standard_normal((batch, 2)))
    for _ in range(steps):
        d_step(D, opt_d, ring.sample(batch, rng), x_fake, LOSS)
        g_step(G, D, opt_g, rng.standard_normal((batch, 2)), LOSS)


def _noise_for_fakes(G, D, opt_g, opt_d, ring, steps, batch, rng):
    for _ in range(steps):
        d_step(D, opt_d, ring.sample(batch, rng), rng.standard_normal((batch, 2)), LOSS)
        g_step(G, D, opt_g, rng.standard_normal((batch, 2)), LOSS)


def _no_gradient(G, D, z, loss):
    G.zero_grad()


def _overflow(G, D, opt_g, opt_d, ring, steps, batch, rng):
    d_step(D, opt_d, ring.sample(batch, rng), G(rng.standard_normal((batch, 2))), LOSS)
    g_step(G, D, opt_g, rng.standard_normal((batch, 2)), LOSS)
    G.theta *= np.inf


def _clip(G, D):
    np.clip(D.theta, -0.5, 0.5, out=D.theta)


def _uniform(rng, shape, first):
    return rng.uniform(-1, 1, shape)


def _wide_uniform(rng, shape, first):
    return rng.uniform(-np.sqrt(3), np.sqrt(3), shape)


class _Changing:
    """A z for D that is drawn once, and another for G in each step."""

    def __init__(self, fixed):
        self.calls, self.fixed = 0, fixed

    def __call__(self, rng, shape, first):
        self.calls += 1
        return first if self.calls % 2 == self.fixed else rng.standard_normal(shape)


RING_LOOP = Exercise(
    "05.5", "train_ring", "Algorithm 1, eight modes of eight", _ring_case, lambda *args: {"modes": 8.0},
    solution=_solution,
    mistakes=(
        Mistake("G was never trained", _train(opts=lambda opt_d, opt_g: (opt_d, _Idle())),
                "G never moved: opt_g.step was never called"),
        Mistake("G is cut off from its loss", _train(gradient=_no_gradient), "with G.grad zero every time"),
        Mistake("D was never trained", _train(opts=lambda opt_d, opt_g: (_Idle(), opt_g)), "D never moved"),
        Mistake("the labels in D's loss are swapped", _train(_Other(swap=True)), "the labels in D's loss are swapped"),
        Mistake("D goes uphill", _train(_Other(real=-1, fake=-1)), "D goes uphill"),
        Mistake("D learns nothing from the real points", _train(_Other(real=0)),
                "the real points' half of D's gradient is missing"),
        Mistake("D learns nothing from the fake points", _train(_Other(fake=0)),
                "the fake points' half of D's gradient is missing"),
        Mistake("D's loss is a sum, not a mean", _train(_Other(real=BATCH, fake=BATCH)), "1/N is missing in D's gradient"),
        Mistake("D has another loss", _train(LeastSquares()), "D.grad is not the gradient of D's loss in 05.1"),
        Mistake("G goes uphill", _train(_Other(g=lambda f: sigmoid(-f))), "G goes uphill"),
        Mistake("G minimises what D minimises on fake points", _train(_Other(g=sigmoid)), "it learns to be recognised"),
        Mistake("G has the minimax loss", _train(Minimax()), MINIMAX),
        Mistake("G's loss is a sum, not a mean", _train(_Other(g=lambda f: -f.size * sigmoid(-f))),
                "1/N is missing in G's gradient"),
        Mistake("G has another loss", _train(_Other(g=lambda f: f - 1)), "G.grad is not the gradient of G's loss in 05.2"),
        Mistake("G's gradients pile up from step to step", _train(kept="g"), "G.grad was not cleared"),
        Mistake("D's gradients pile up from step to step", _train(kept="d"), "D.grad was not cleared"),
        Mistake("both gradients were computed before anybody moved", _train(order="together"), TOGETHER),
        Mistake("G moves before D", _train(order="gd"), "G went first in every step"),
        Mistake("D is trained to its end, and then G", _one_after_the_other, "in the order D D D D D D"),
        Mistake("D moves twice in each step", _train(order="ddg"), "D took 1600 steps; it has 800 to take"),
        Mistake("only the batches are drawn in the loop; the players move once, after it", _one_step, "inside the loop"),
        Mistake("the optimisers are exchanged", _train(opts=lambda opt_d, opt_g: (opt_g, opt_d)), "opt_g has moved D"),
        Mistake("the players are moved by hand", _train(opts=lambda opt_d, opt_g: (_ByHand(), _ByHand())),
                "D has moved, and opt_d.step was never called"),
        Mistake("something else writes into D.theta", _train(after=_clip), "D.theta has changed between two steps of opt_d"),
        Mistake("one real batch for the whole training", _train(fresh=False), "only 64 real points"),
        Mistake("one z for ever", _train(latent=lambda rng, shape, first: first), "z is the same in D's steps 1 and 2"),
        Mistake("one z for D's steps, for ever", _train(latent=_Changing(1)), "z is the same in D's steps 1 and 2"),
        Mistake("one z for G's steps, for ever", _train(latent=_Changing(0)), "z is the same in G's steps 1 and 2"),
        Mistake("one fake batch for all of D's steps", _old_fakes,
                "the fake points of D's step 2 were not made by the G of that step"),
        Mistake("z itself stands for G(z) in D's step", _noise_for_fakes, "no points of G were scored: its fake points are G(z)"),
        Mistake("z is uniform", _train(latent=_uniform), "the standard deviation of all z is 0.58"),
        Mistake("z is uniform, as wide as a normal one", _train(latent=_wide_uniform), "the mean of z^4 of all z is 1.80"),
        Mistake("the batches are larger than `batch`", _train(rows=2), "x_real has 128 rows in D's step 1; `batch` is 64"),
        Mistake("the parameters overflowed", _overflow, "not finite"),
    ),
    hints=("It is gan_step in a loop, with two optimisers for the two subtractions. Fresh points and fresh z in every step.",
           "D's turn: data.sample(batch, rng) gives x_real; G(rng.standard_normal((batch, 2))) gives x_fake. "
           "discriminator_gradient, then opt_d.step(D.theta, D.grad).",
           "G's turn: generator_gradient(G, D, rng.standard_normal((batch, 2))), then opt_g.step(G.theta, G.grad)."),
    observe=_ring_observed,
    seconds=30.0,
    cases=1,
)
