"""Exercises of lesson 05: the first GAN."""

import contextlib
import copy
import io
import math

import numpy as np

from .. import data
from ..engine.layers import Tanh
from ..engine.network import mlp
from ..engine.numerics import sigmoid, softplus
from ..engine.optim import SGD, Adam
from ..losses import NonSaturating
from ..metrics import mode_report
from ..train import alternating, d_gradients, d_step, g_gradients, g_step
from .grading import Exercise, Mistake, Wrong, differences

LOSS = NonSaturating()


def players(rng):
    """A small G (2 -> 3) and D (3 -> 1), smooth, so that differences are exact."""
    g_seed, d_seed = (int(seed) for seed in rng.integers(1 << 30, size=2))
    G = mlp(2, int(rng.integers(4, 7)), 3, activation=Tanh, seed=g_seed, dtype=np.float64)
    D = mlp(3, int(rng.integers(4, 7)), 1, activation=Tanh, seed=d_seed, dtype=np.float64)
    return G, D


def d_loss(D, x_real, x_fake):
    """As the textbook has it; the scores are small enough."""
    return float(np.log1p(np.exp(-D(x_real))).mean() + np.log1p(np.exp(D(x_fake))).mean())


def g_loss(G, D, z):
    return float(np.log1p(np.exp(-D(G(z)))).mean())


def at(net, theta):
    """The same network with other parameters."""
    net = net.copy()
    net.theta[...] = theta
    return net


def used(**nets):
    """Networks as an answer meets them, name -> copy: with the gradient of an earlier step still in `grad`."""
    nets = {name: net.copy() for name, net in nets.items()}
    for net in nets.values():
        net.grad[...] = np.linspace(-1, 1, net.grad.size)
    return nets


def still_whole(nets, arrays):
    """Raises when an answer put a new array in place of theta or grad: the layers would not see it."""
    for name, net in nets.items():
        for what, change in (("theta", f"{name}.theta -= ..."), ("grad", f"{name}.zero_grad()")):
            if getattr(net, what) is not arrays[name, what]:
                raise Wrong(f"{name}.{what} = ... puts a new array there, but the layers of {name} look into the old one",
                            f"change the numbers inside it:  {change}")


def arrays_of(nets):
    return {(name, what): getattr(net, what) for name, net in nets.items() for what in ("theta", "grad")}


def _gradient_of(answer, nets, *args):
    """The value and the gradients that an answer leaves behind; the first of the networks is the one it is about."""
    arrays, before = arrays_of(nets), {name: net.theta.copy() for name, net in nets.items()}
    value = answer(*nets.values(), *args)
    still_whole(nets, arrays)
    for name, net in nets.items():
        if not np.array_equal(net.theta, before[name]):
            raise Wrong(f"{name}.theta has changed: a gradient tells where to go, and does not go there yet",
                        "moving the parameters is the optimiser's business, after the gradient")
    return {"value": value, **{f"{name}.grad": net.grad for name, net in nets.items()}}


# ---------------------------------------------------------------- 05.1


def _d_case(rng):
    _, D = players(rng)
    n = int(rng.integers(5, 10))
    return D, rng.normal(0.5, 1, (n, 3)), rng.normal(-0.5, 1, (n, 3))


def _d_mistake(ds_real=lambda r: -sigmoid(-r), ds_fake=lambda f: sigmoid(f), tapes=(0, 1), value=d_loss, n=None, clear=True):
    """D's gradient with one thing done differently."""
    def answer(D, x_real, x_fake):
        (r, tape_real), (f, tape_fake) = D.forward(x_real), D.forward(x_fake)
        tapes_ = tape_real, tape_fake
        if clear:
            D.zero_grad()
        for ds, tape in ((ds_real(r), tapes_[tapes[0]]), (ds_fake(f), tapes_[tapes[1]])):
            D.backward(ds / (n or r.shape[0]), tape)
        return value(D, x_real, x_fake)

    return answer


def _overwritten(D, x_real, x_fake):
    r, tape_real = D.forward(x_real)
    f, tape_fake = D.forward(x_fake)
    D.zero_grad()
    D.backward(-sigmoid(-r) / r.shape[0], tape_real)
    D.zero_grad()
    D.backward(sigmoid(f) / f.shape[0], tape_fake)
    return d_loss(D, x_real, x_fake)


def _swapped(D, x_real, x_fake):
    return d_gradients(D, x_fake, x_real, LOSS)


DISCRIMINATOR = Exercise(
    "05.1", "discriminator_gradient", "the discriminator's gradient", _d_case,
    lambda D, x_real, x_fake: {"value": d_loss(D, x_real, x_fake),
                               "D.grad": differences(lambda theta: d_loss(at(D, theta), x_real, x_fake), D.theta)},
    solution=lambda D, x_real, x_fake: d_gradients(D, x_real, x_fake, LOSS),
    mistakes=(
        Mistake("the labels are swapped: this D learns to call the fake points real", _swapped),
        Mistake("the real batch's tape was used for the fake batch too", _d_mistake(tapes=(0, 0))),
        Mistake("the fake batch's tape was used for the real batch too, as if D had only one memory", _d_mistake(tapes=(1, 1))),
        Mistake("the real points' gradient is lost: D.grad was cleared between the two backwards, or only the fake half was done",
                _overwritten),
        Mistake("the fake points' gradient is missing: D only learned what real points look like",
                _d_mistake(ds_fake=lambda f: 0 * f)),
        Mistake("D.grad was not cleared: it still holds the gradient of the step before", _d_mistake(clear=False)),
        Mistake("of the two, the fake points' derivative has the wrong sign: sigmoid(f) / N, without a minus",
                _d_mistake(ds_fake=lambda f: -sigmoid(f))),
        Mistake("the mean's 1/N was left out", _d_mistake(n=1), "batch size"),
        Mistake("divided by 2N, as if the loss were the mean over all points; it is a sum of two means",
                lambda D, x_real, x_fake: _d_mistake(n=2 * x_real.shape[0])(D, x_real, x_fake), "factor 2"),
    ),
    hints=("Two batches, two forwards, two tapes. Then the derivative of the loss with respect to each score.",
           "softplus' = sigmoid. So dL/dr = -sigmoid(-r) / N for the real scores, dL/df = sigmoid(f) / N for the fake ones.",
           "Clear D.grad once, then call D.backward twice, each time with its own tape: the second call adds to the first.",
           "r, tape_real = D.forward(x_real), the same for f; D.zero_grad(); D.backward(-sigmoid(-r) / N, tape_real); "
           "D.backward(sigmoid(f) / N, tape_fake); return softplus(-r).mean() + softplus(f).mean()"),
    observe=lambda answer, D, *batches: _gradient_of(answer, used(D=D), *batches),
    batch=lambda D, x_real, x_fake: x_real.shape[0],
)


# ---------------------------------------------------------------- 05.2


def _g_case(rng):
    G, D = players(rng)
    return G, D, rng.normal(size=(int(rng.integers(5, 10)), 2))


def _g_mistake(ds=lambda f: -sigmoid(-f), value=lambda f: softplus(-f), mean=True, clear=True, grads=False, cut=False):
    """G's gradient with one thing done differently."""
    def answer(G, D, z):
        x_fake, tape_G = G.forward(z)
        f, tape_D = D.forward(x_fake)
        ds_fake = ds(f) / (f.shape[0] if mean else 1)
        dx_fake = np.repeat(ds_fake, 3, axis=-1) if cut else D.backward(ds_fake, tape_D, grads=grads)
        if clear:
            G.zero_grad()
        G.backward(dx_fake, tape_G)
        return value(f).mean()

    return answer


def _detached(G, D, z):
    G.zero_grad()
    return g_loss(G, D, z)


GENERATOR = Exercise(
    "05.2", "generator_gradient", "the generator's gradient, through the discriminator", _g_case,
    lambda G, D, z: {"value": g_loss(G, D, z), "G.grad": differences(lambda theta: g_loss(at(G, theta), D, z), G.theta),
                     "D.grad": used(D=D)["D"].grad},
    solution=lambda G, D, z: g_gradients(G, D, z, LOSS),
    mistakes=(
        Mistake("the gradient never reaches G: it is cut off from its loss", _detached, "zero everywhere"),
        Mistake("that is the minimax loss, with -sigmoid(f); the non-saturating one has -sigmoid(-f)",
                _g_mistake(lambda f: -sigmoid(f), lambda f: -softplus(f))),
        Mistake("that is D's loss on the fake points: G learns to be recognised",
                _g_mistake(sigmoid, softplus)),
        Mistake("G goes uphill", _g_mistake(lambda f: sigmoid(-f)), "sign"),
        Mistake("D was left out on the way back: dL/df went into G as if it were dL/dx", _g_mistake(cut=True)),
        Mistake("the scores went in where their derivative belongs", _g_mistake(lambda f: -f)),
        Mistake("G.grad was not cleared: it still holds the gradient of the step before", _g_mistake(clear=False)),
        Mistake("the mean's 1/N was left out", _g_mistake(mean=False), "batch size"),
        Mistake("D's own gradient was changed on the way through; D.backward(..., grads=False) leaves it alone",
                _g_mistake(grads=True)),
    ),
    hints=("Forward: z -> G -> x_fake -> D -> f, and keep both tapes. Backward goes the same way in the other direction.",
           "D.backward(dL/df, tape_D, grads=False) returns dL/dx_fake. That is the dy for G.backward.",
           "softplus(-f) has the derivative -sigmoid(-f), and the mean divides by N.",
           "dx_fake = D.backward(-sigmoid(-f) / N, tape_D, grads=False); G.zero_grad(); G.backward(dx_fake, tape_G); "
           "return softplus(-f).mean()"),
    observe=lambda answer, G, D, z: _gradient_of(answer, used(G=G, D=D), z),
    batch=lambda G, D, z: z.shape[0],
)


# ---------------------------------------------------------------- 05.3


def _adam_case(rng):
    n = int(rng.integers(3, 9))
    theta, grad, m = rng.normal(size=(3, n))
    betas = round(float(rng.uniform(0.3, 0.7)), 2), round(float(rng.uniform(0.8, 0.95)), 2)
    return theta, grad, m, rng.lognormal(-1, 1, n), int(rng.integers(2, 9)), round(float(rng.uniform(0.1, 0.9)), 2), *betas, 0.1


def _adam_one_by_one(theta, grad, m, v, t, lr, beta1, beta2, eps):
    """Each parameter by itself, in plain numbers, as the paper has it."""
    columns = []
    for theta_i, grad_i, m_i, v_i in zip(*(array.tolist() for array in (theta, grad, m, v)), strict=True):
        m_i, v_i = m_i + (1 - beta1) * (grad_i - m_i), v_i + (1 - beta2) * (grad_i**2 - v_i)
        m_hat, v_hat = m_i / (1 - beta1**t), v_i / (1 - beta2**t)
        columns.append((theta_i - lr * m_hat / (math.sqrt(v_hat) + eps), m_i, v_i))
    return dict(zip(("theta", "m", "v"), map(np.array, zip(*columns, strict=True)), strict=True))


def _adam(theta, grad, m, v, t, lr, beta1, beta2, eps):
    opt, theta = Adam(lr, beta1, beta2, eps), theta.copy()
    opt.m, opt.v, opt.t = m.copy(), v.copy(), t - 1
    opt.step(theta, grad)
    return theta, opt.m, opt.v


def _adam_mistake(step=lambda m, v, eps: m / (np.sqrt(v) + eps), square=lambda grad, m: grad**2, correct=(True, True), shift=0,
                  keep_corrected=False, stale=False, sign=-1):
    """Adam with one thing done differently."""
    def answer(theta, grad, m, v, t, lr, beta1, beta2, eps):
        old_m, old_v = m, v
        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * square(grad, m)
        used_m, used_v = (old_m, old_v) if stale else (m, v)
        m_hat = used_m / (1 - beta1 ** (t + shift)) if correct[0] else used_m
        v_hat = used_v / (1 - beta2 ** (t + shift)) if correct[1] else used_v
        theta = theta + sign * lr * step(m_hat, v_hat, eps)
        return (theta, m_hat, v_hat) if keep_corrected else (theta, m, v)

    return answer


def _adam_observed(answer, theta, grad, m, v, t, lr, beta1, beta2, eps):
    """theta, m and v. Kept corrections are named here: elsewhere they are just a constant factor."""
    result = answer(theta, grad, m, v, t, lr, beta1, beta2, eps)
    if not isinstance(result, tuple) or len(result) != 3:
        raise Wrong(f"adam_step must return three arrays; it returns {'nothing' if result is None else 'something else'}",
                    "return theta, m, v")
    kept, wanted = result[1], (beta1 * m + (1 - beta1) * grad) / (1 - beta1**t)
    if isinstance(kept, np.ndarray) and kept.shape == wanted.shape and kept.dtype.kind == "f" and np.allclose(kept, wanted, 1e-9):
        raise Wrong(KEPT, "m_hat and v_hat are for this step's theta alone")
    return dict(zip(("theta", "m", "v"), result, strict=True))


def _betas_swapped(theta, grad, m, v, t, lr, beta1, beta2, eps):
    return _adam(theta, grad, m, v, t, lr, beta2, beta1, eps)


KEPT = "the corrected m and v were returned; the next step needs the uncorrected ones"

ADAM = Exercise(
    "05.3", "adam_step", "one step of Adam", _adam_case, _adam_one_by_one,
    solution=_adam,
    mistakes=(
        Mistake("the bias correction is missing: m and v began at 0, and are too small in the first steps",
                _adam_mistake(correct=(False, False))),
        Mistake("only m was corrected for its start at 0, not v", _adam_mistake(correct=(True, False))),
        Mistake("the steps are counted from 0; t is 1 in the first step and needs no shift", _adam_mistake(shift=-1)),
        Mistake("1 was added to t, which is 1 already in the first step", _adam_mistake(shift=1)),
        Mistake("eps stands inside the root; it belongs behind it: sqrt(v) + eps",
                _adam_mistake(lambda m, v, eps: m / np.sqrt(v + eps))),
        Mistake("the root of v is missing", _adam_mistake(lambda m, v, eps: m / (v + eps))),
        Mistake("v averages the square of m, where the gradient's own square was meant",
                _adam_mistake(square=lambda grad, m: m**2)),
        Mistake("one v for all parameters: each entry has its own, so nothing is summed or averaged over entries",
                _adam_mistake(square=lambda grad, m: np.mean(grad**2))),
        Mistake("the step was taken with the old m and v: they take the new gradient in first", _adam_mistake(stale=True)),
        Mistake(KEPT, _adam_mistake(keep_corrected=True)),
        Mistake("beta1 and beta2 are swapped", _betas_swapped),
        Mistake("uphill: theta grew along the gradient", _adam_mistake(sign=1)),
    ),
    hints=("First the two running means, then the two corrections, then theta. Write new arrays: theta = theta - ..., not -=.",
           "v holds the mean of grad * grad, entry by entry. The corrected ones are only used for the step, never kept.",
           "m_hat = m / (1 - beta1**t), v_hat = v / (1 - beta2**t), with the new m and v.",
           "theta - lr * m_hat / (np.sqrt(v_hat) + eps)"),
    observe=_adam_observed,
)


# ---------------------------------------------------------------- 05.4


def _step_case(rng):
    G, D = players(rng)
    n = int(rng.integers(5, 10))
    return G, D, rng.normal(0.5, 1, (n, 3)), *rng.normal(size=(2, n, 2)), round(float(rng.uniform(0.5, 1)), 2)


def _step_truth(G, D, x_real, z_d, z_g, lr):
    """Both steps from differences: D's at the parameters as they come, G's against the D that has moved."""
    x_fake = G(z_d)
    D = at(D, D.theta - lr * differences(lambda theta: d_loss(at(D, theta), x_real, x_fake), D.theta).gradient)
    G = at(G, G.theta - lr * differences(lambda theta: g_loss(at(G, theta), D, z_g), G.theta).gradient)
    return {"D.theta": D.theta, "G.theta": G.theta}


def _step_observed(answer, G, D, *args):
    nets = used(G=G, D=D)
    arrays = arrays_of(nets)
    answer(nets["G"], nets["D"], *args)
    still_whole(nets, arrays)
    return {"D.theta": nets["D"].theta, "G.theta": nets["G"].theta}


def _step_mistake(d=1, g=1, order="dg", same_z=False):
    """A GAN step in which each player moves `d` and `g` times as far, in another order or with another z."""
    def answer(G, D, x_real, z_d, z_g, lr):
        d_gradients(D, x_real, G(z_d), LOSS)
        if order == "dg":
            D.theta -= d * lr * D.grad
        g_gradients(G, D, z_d if same_z else z_g, LOSS)
        G.theta -= g * lr * G.grad
        if order == "gd":
            d_gradients(D, x_real, G(z_d), LOSS)
        if order != "dg":
            D.theta -= d * lr * D.grad

    return answer


def _looked_too_early(G, D, x_real, z_d, z_g, lr):
    x_fake, tape_G = G.forward(z_g)
    f, tape_D = D.forward(x_fake)
    d_step(D, SGD(lr), x_real, G(z_d), LOSS)
    G.zero_grad()
    G.backward(D.backward(-sigmoid(-f) / f.shape[0], tape_D, grads=False), tape_G)
    G.theta -= lr * G.grad


def _d_moves_twice(G, D, x_real, z_d, z_g, lr):
    d_step(D, SGD(lr), x_real, G(z_d), LOSS)
    x_fake, tape_G = G.forward(z_g)
    f, tape_D = D.forward(x_fake)
    D.zero_grad()
    G.zero_grad()
    G.backward(D.backward(-sigmoid(-f) / f.shape[0], tape_D), tape_G)
    G.theta -= lr * G.grad
    D.theta -= lr * D.grad


def _new_arrays(G, D, x_real, z_d, z_g, lr):
    d_gradients(D, x_real, G(z_d), LOSS)
    D.theta = D.theta - lr * D.grad


STEP = Exercise(
    "05.4", "gan_step", "one step of the game", _step_case, _step_truth,
    solution=lambda G, D, x_real, z_d, z_g, lr: alternating(G, D, SGD(lr), SGD(lr), x_real, z_d, z_g, LOSS) and None,
    mistakes=(
        Mistake("simultaneous, not alternating: G looked at D before D had moved", _step_mistake(order="together")),
        Mistake("G went first; D goes first, and G looks at the D that has moved", _step_mistake(order="gd")),
        Mistake("G's points were scored before D's step, and carried back through D after it: score them afresh",
                _looked_too_early),
        Mistake("G was updated with the fake batch of D's step: it has a z of its own, z_g", _step_mistake(same_z=True)),
        Mistake("D moved uphill", _step_mistake(d=-1)),
        Mistake("G moved uphill: its loss is a loss too, and it minimises", _step_mistake(g=-1)),
        Mistake("G did not move", _step_mistake(g=0)),
        Mistake("D moved a second time, along G's gradient: in G's step D only passes the gradient on", _d_moves_twice),
        Mistake("theta was replaced", _new_arrays, "look into the old one"),
    ),
    hints=("You have both gradients already: call discriminator_gradient and generator_gradient from above.",
           "D first: make fake points with G(z_d), get D's gradient, and move D.theta. Only then is it G's turn, with z_g.",
           "D.theta -= lr * D.grad changes the numbers in place, so the layers see it. The same for G.",
           "discriminator_gradient(D, x_real, G(z_d)); D.theta -= lr * D.grad; "
           "generator_gradient(G, D, z_g); G.theta -= lr * G.grad"),
    observe=_step_observed,
    batch=lambda G, D, x_real, z_d, z_g, lr: x_real.shape[0],
)


# ---------------------------------------------------------------- 05.5

RING = data.ring(std=0.3).standardized()  # wide modes: an honest loop finds all eight on every seed that we tried
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
    arrays, before = arrays_of(nets), {name: net.theta.copy() for name, net in nets.items()}
    with contextlib.redirect_stdout(io.StringIO()):  # whoever trains may print how it goes
        answer(G, D, opt_g, opt_d, ring, steps, batch, rng)
    still_whole(nets, arrays)
    for (name, net), opt in zip(nets.items(), (opt_g, opt_d), strict=True):
        _has_moved(name, net.theta, before[name], getattr(opt, "t", 0), steps)
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
                   "And is G.grad cleared before every backward?")
        else:
            why = "both players move, and yet do not meet: check the two gradients with 05.1 and 05.2 first"
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
    alternating(G, D, opt_g, opt_d, x_real, z, z, LOSS)


def _no_gradient(G, D, z, loss):
    G.zero_grad()


def _overflow(G, D, opt_g, opt_d, ring, steps, batch, rng):
    alternating(G, D, opt_g, opt_d, ring.sample(batch, rng), *rng.standard_normal((2, batch, 2)), LOSS)
    G.theta *= np.inf


RING_LOOP = Exercise(
    "05.5", "train_ring", "Algorithm 1: eight modes of eight", _ring_case, lambda *args: {"modes": 8.0},
    solution=_solution,
    mistakes=(
        Mistake("G was never trained", _train(g=_Idle()), "G never moved: opt_g.step was never called"),
        Mistake("G is cut off from its loss", _train(gradient=_no_gradient), "with G.grad zero every time"),
        Mistake("D was never trained", _train(d=_Idle()), "D never moved"),
        Mistake("the labels in D's loss are swapped", _train(_Other(d=-1)), "the labels are swapped"),
        Mistake("G goes uphill", _train(_Other(g=-1)), "with its minus"),
        Mistake("G minimises what D minimises on fake points", _train(_Recognised()), "with its minus"),
        Mistake("G's gradients pile up from step to step", _train(sum_up=True), "G.grad cleared"),
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


EXERCISES = (DISCRIMINATOR, GENERATOR, ADAM, STEP, RING_LOOP)
