"""Grading a whole training: by the modes that G reaches and, where it fails, by what has become of both players."""

import contextlib
import copy
import io

import numpy as np

from .. import data
from ..engine.network import mlp
from ..engine.numerics import sigmoid, softplus
from ..engine.optim import Adam
from ..gradients import g_gradients
from ..losses import NonSaturating
from ..metrics import mode_report
from ..training import d_step, g_step
from .grading import Exercise, Mistake, Wrong

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
    """Let the answer train, then look at what has become of both players."""
    G, D, opt_g, opt_d, ring, steps, batch, rng = copy.deepcopy(args)
    nets = {"G": G, "D": D}
    before = {name: net.theta.copy() for name, net in nets.items()}
    with contextlib.redirect_stdout(io.StringIO()):  # a training may print how it goes
        answer(G, D, opt_g, opt_d, ring, steps, batch, rng)
    for (name, net), opt in zip(nets.items(), (opt_g, opt_d), strict=True):
        _has_moved(name, net.theta, before[name], int(opt.t), steps)
    if ring.drawn <= batch:
        raise Wrong(f"only {ring.drawn} real points were drawn in the whole training",
                    "every step sees a fresh batch: call data.sample inside the loop")
    return {"modes": _modes(G, D)}


def _has_moved(name, theta, before, t, steps):
    opt = f"opt_{name.lower()}"
    bad = theta.size - np.count_nonzero(np.isfinite(theta))
    if bad:
        raise Wrong(f"{bad} of {theta.size} numbers in {name}.theta are not finite: the training diverged",
                    "look at the derivatives of the losses: is a division by N missing, or does a log meet a 0?")
    if np.array_equal(theta, before):
        raise Wrong(f"{name} never moved: " + (f"{opt}.step was never called" if not t else
                                               f"{opt} took {t} steps, with {name}.grad zero every time"),
                    f"each step: {name}'s gradient, then {opt}.step({name}.theta, {name}.grad)")
    if 0 < t < steps:
        raise Wrong(f"{name} took {t} step{'s' * (t > 1)}; it has {steps} to take: is {opt}.step inside the loop?",
                    "in every step of the loop each player moves once")


def _modes(G, D):
    """8.0 when all modes are there; otherwise raises, and says what was seen."""
    rng = np.random.default_rng(0)
    x = G(rng.standard_normal((2000, 2)))
    modes = mode_report(x, RING).modes
    s_real, s_fake = (float(D(points).mean()) for points in (RING.sample(2000, rng), x))
    if modes < RING.n_modes:
        seen = (f"after {STEPS} steps G reaches {modes} of {RING.n_modes} modes; "
                f"D's mean score is {s_real:+.1f} for real points, {s_fake:+.1f} for fake ones")
        if s_fake > s_real + 1:
            why = "D takes the fake points for the real ones: in D's loss the labels are swapped, or D goes uphill"
        elif s_real > s_fake + 3:
            why = ("G does not go where D would believe it: is G's derivative -sigmoid(-f) / N, with its minus? "
                   "And are D.grad and G.grad cleared before every backward?")
        else:
            why = ("both players move, and yet do not meet: check that opt_d and opt_g take the steps, "
                   "and the gradients with 05.1 and 05.2")
        raise Wrong(seen, why)
    return float(modes)


class _Other(NonSaturating):
    """The loss with the derivatives of D or of G turned round."""

    def __init__(self, d=1, g=1):
        super().__init__()
        self.turn_d, self.turn_g = d, g

    def d(self, s_real, s_fake):
        value, ds_real, ds_fake = super().d(s_real, s_fake)
        return value, self.turn_d * ds_real, self.turn_d * ds_fake

    def g(self, s_fake, s_real=None):
        value, ds_fake = super().g(s_fake)
        return value, self.turn_g * ds_fake


class _Recognised(NonSaturating):
    """G minimises D's own loss on its points."""

    def g(self, s_fake, s_real=None):
        return softplus(s_fake).mean(), sigmoid(s_fake) / s_fake.shape[0]


class _Idle:
    """An optimiser that nobody calls."""

    def step(self, theta, grad):
        pass


def _train(loss=LOSS, g=None, d=None, gradient=g_gradients, fresh=True, sum_up=False):
    """The loop with one thing done differently: another loss, an idle player, another gradient for G, one batch for ever."""
    def answer(G, D, opt_g, opt_d, ring, steps, batch, rng):
        opt_g, opt_d, x_real = g or opt_g, d or opt_d, ring.sample(batch, rng)
        for step in range(steps):
            if fresh and step:
                x_real = ring.sample(batch, rng)
            d_step(D, opt_d, x_real, G(rng.standard_normal((batch, 2))), loss)
            kept = G.grad.copy()
            gradient(G, D, rng.standard_normal((batch, 2)), loss)
            if sum_up:
                G.grad += kept
            opt_g.step(G.theta, G.grad)

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


def _no_gradient(G, D, z, loss):
    G.zero_grad()


def _overflow(G, D, opt_g, opt_d, ring, steps, batch, rng):
    d_step(D, opt_d, ring.sample(batch, rng), G(rng.standard_normal((batch, 2))), LOSS)
    g_step(G, D, opt_g, rng.standard_normal((batch, 2)), LOSS)
    G.theta *= np.inf


RING_LOOP = Exercise(
    "05.5", "train_ring", "Algorithm 1, eight modes of eight", _ring_case, lambda *args: {"modes": 8.0},
    solution=_solution,
    mistakes=(
        Mistake("G was never trained", _train(g=_Idle()), "G never moved: opt_g.step was never called"),
        Mistake("G is cut off from its loss", _train(gradient=_no_gradient), "with G.grad zero every time"),
        Mistake("D was never trained", _train(d=_Idle()), "D never moved"),
        Mistake("the labels in D's loss are swapped", _train(_Other(d=-1)), "the labels are swapped"),
        Mistake("G goes uphill", _train(_Other(g=-1)), "with its minus"),
        Mistake("G minimises what D minimises on fake points", _train(_Recognised()), "with its minus"),
        Mistake("G's gradients pile up from step to step", _train(sum_up=True), "cleared before every backward"),
        Mistake("only the batches are drawn in the loop; the players move once, after it", _one_step, "inside the loop"),
        Mistake("one real batch for the whole training", _train(fresh=False), "only 64 real points"),
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
