"""Exercises of lesson 14: unrolling."""

import copy

import numpy as np

from ..engine import gradcheck
from ..engine.layers import Tanh
from ..engine.network import Sequential, mlp
from ..engine.numerics import sigmoid
from ..gradients import d_gradients, g_gradients
from ..losses import Minimax, NonSaturating, Wasserstein
from ..unroll import unrolled_g_gradients
from .grading import Exercise, Mistake, Wrong
from .players import at, d_loss, g_loss, used

LOSS = NonSaturating()


def _players(rng):
    """G (1 -> 2) and D (2 -> 1), smooth and very small. The whole map is differenced parameter by parameter."""
    G, D = (mlp(*sizes, activation=Tanh, seed=int(rng.integers(1 << 30)), dtype=np.float64) for sizes in ((1, 3, 2), (2, 3, 1)))
    for net in (G, D):
        net.theta += 0.3 * rng.normal(size=net.theta.shape)
    return G, D


def _d_case(rng):
    n = int(rng.integers(4, 8))
    return _players(rng)[1], rng.normal(0.5, 1, (n, 2)), rng.normal(-0.5, 1, (n, 2))


# ---------------------------------------------------------------- 14.1


def _rates_case(rng):
    return tuple(rng.normal(0, 1.5, (4, int(rng.integers(3, 9)), 1)))


def _rates_truth(r, f, r_dot, f_dot):
    """By the complex step, from the derivatives as the textbook has them."""
    r, f = r + 1e-30j * r_dot, f + 1e-30j * f_dot
    n = r.shape[0]
    return {"dr_dot": np.imag(-1 / (1 + np.exp(r)) / n) / 1e-30, "df_dot": np.imag(1 / (1 + np.exp(-f)) / n) / 1e-30}


def _rates(rate=lambda s, s_dot: sigmoid(s) * sigmoid(-s) * s_dot, real=1, n=None):
    """The answer with another rate of sigmoid, another sign for the real half or another N."""
    def answer(r, f, r_dot, f_dot):
        return real * rate(r, r_dot) / (n or r.shape[0]), rate(f, f_dot) / (n or r.shape[0])

    return answer


RATES = Exercise(
    "14.1", "loss_rates", "how fast the loss's derivatives change", _rates_case, _rates_truth,
    solution=lambda r, f, r_dot, f_dot: tuple(LOSS.d_tangent(r, f, r_dot, f_dot)),
    mistakes=(
        Mistake("the second factor of sigmoid' = sigmoid(s) (1 - sigmoid(s)) is missing",
                _rates(lambda s, s_dot: sigmoid(s) * s_dot)),
        Mistake("the velocities are missing: that is the derivative, not the rate at which it changes",
                _rates(lambda s, s_dot: sigmoid(s) * sigmoid(-s))),
        Mistake("the derivatives were differentiated once too rarely: they were only multiplied by the velocities",
                lambda r, f, r_dot, f_dot: (-sigmoid(-r) / r.shape[0] * r_dot, sigmoid(f) / r.shape[0] * f_dot)),
        Mistake("of the real half: two signs meet there, one before sigmoid and one inside, and cancel", _rates(real=-1), "sign"),
        Mistake("sigmoid(s) is missing: the rate of sigmoid(-s) has both factors, sigmoid(s) sigmoid(-s)",
                _rates(lambda s, s_dot: sigmoid(-s) * s_dot)),
        Mistake("the mean's 1/N was left out", _rates(n=1), "batch size"),
        Mistake("the derivative was added to the rate at which it changes", lambda r, f, r_dot, f_dot: (
            -sigmoid(-r) / r.shape[0] + _rates()(r, f, r_dot, f_dot)[0],
            sigmoid(f) / f.shape[0] + _rates()(r, f, r_dot, f_dot)[1])),
        Mistake("the velocities were put in place of the scores: sigmoid' is taken at the score, and multiplied by the velocity",
                lambda r, f, r_dot, f_dot: (-sigmoid(-r_dot) / r.shape[0], sigmoid(f_dot) / f.shape[0])),
        Mistake("each score got the other one's velocity",
                lambda r, f, r_dot, f_dot: _rates()(r, f, f_dot, r_dot)),
        Mistake("p^2 stands where p (1 - p) was meant: the second factor is 1 - p",
                _rates(lambda s, s_dot: sigmoid(s) ** 2 * s_dot)),
        Mistake("those are the derivatives themselves, not the rates at which they change",
                lambda r, f, r_dot, f_dot: (-sigmoid(-r) / r.shape[0], sigmoid(f) / f.shape[0])),
        Mistake("1 - 2 p is one derivative too many: that is the slope of the slope", _rates(
            lambda s, s_dot: sigmoid(s) * sigmoid(-s) * (1 - 2 * sigmoid(s)) * s_dot)),
        Mistake("the fake scores were taken for both rates: dr_dot belongs to the real scores",
                lambda r, f, r_dot, f_dot: _rates()(f, f, r_dot, f_dot)),
        Mistake("the real scores were taken for both rates: df_dot belongs to the fake scores",
                lambda r, f, r_dot, f_dot: _rates()(r, r, r_dot, f_dot)),
        Mistake("that is how tanh bends, 1 - s^2 of the score itself", _rates(lambda s, s_dot: (1 - s**2) * s_dot)),
        Mistake("df_dot was returned before dr_dot", lambda *args: _rates()(*args)[::-1]),
    ),
    hints=("The rate of g(s) while s moves with s_dot is g'(s) s_dot. Here g is sigmoid, up to signs and 1/N.",
           "sigmoid'(s) = sigmoid(s) (1 - sigmoid(s)), and 1 - sigmoid(s) = sigmoid(-s).",
           "For the real half: d/dr of -sigmoid(-r) is +sigmoid(-r) sigmoid(r)."),
    batch=lambda r, f, r_dot, f_dot: r.shape[0],
)


# ---------------------------------------------------------------- 14.2


def _ahead_case(rng):
    return *_d_case(rng), round(float(rng.uniform(0.3, 0.9)), 2), int(rng.integers(2, 5))


def _ahead_truth(D, x_real, x_fake, lr, steps):
    """Each gradient by differences."""
    thetas = [D.theta]
    for _ in range(steps):
        thetas.append(thetas[-1] - lr * gradcheck.central(lambda theta: d_loss(at(D, theta), x_real, x_fake), thetas[-1]))
    return {"thetas": np.stack(thetas)}


class _Halves(NonSaturating):
    """D's loss with other weights of its two halves' derivatives; with `sums`, without their 1/N."""

    def __init__(self, real=1, fake=1, sums=False):
        super().__init__()
        self.real, self.fake, self.sums = real, fake, sums

    def d(self, s_real, s_fake):
        value, ds_real, ds_fake = super().d(s_real, s_fake)
        n = s_real.shape[0] if self.sums else 1
        return value, n * self.real * ds_real, n * self.fake * ds_fake


def _ahead(length=lambda lr, k: lr, clear=True, stale=False, start=True, moving=True, loss=LOSS):
    """D's steps with one thing done differently."""
    def answer(D, x_real, x_fake, lr, steps):
        D, thetas = D.copy(), [D.theta.copy()]
        first = D.copy()
        d_gradients(first, x_real, x_fake, loss)
        total = np.zeros_like(D.theta)
        for k in range(steps):
            d_gradients(D, x_real, x_fake, loss)
            total = D.grad if clear else total + D.grad
            step = length(lr, k) * (first.grad if stale else total)
            thetas.append(D.theta - step)
            D.theta -= moving * step
        return np.stack(thetas if start else thetas[1:])

    return answer


def _same_row(D, x_real, x_fake, lr, steps):
    D, thetas = D.copy(), []
    for step in range(steps + 1):
        thetas.append(D.theta)
        d_gradients(D, x_real, x_fake, LOSS)
        D.theta -= lr * D.grad * (step < steps)
    return np.stack(thetas)


def _stale_tapes(D, x_real, x_fake, lr, steps):
    D, thetas = D.copy(), [D.theta.copy()]
    (r, tape_real), (f, tape_fake) = D.forward(x_real), D.forward(x_fake)
    for _ in range(steps):
        D.zero_grad()
        D.backward(-sigmoid(-r) / r.shape[0], tape_real)
        D.backward(sigmoid(f) / f.shape[0], tape_fake)
        D.theta -= lr * D.grad
        thetas.append(D.theta.copy())
    return np.stack(thetas)


def _ahead_in_D(D, x_real, x_fake, lr, steps):
    thetas = [D.theta.copy()]
    for _ in range(steps):
        d_gradients(D, x_real, x_fake, LOSS)
        D.theta -= lr * D.grad
        thetas.append(D.theta.copy())
    return np.stack(thetas)


MOVED = "D itself has moved: it only looks ahead"


def _on_a_copy(answer, nets, *args):
    """What the answer returns; raises when D (the last of the networks) is not what it was."""
    before = {name: net.theta.copy() for name, net in nets.items()}
    result = answer(*nets.values(), *args)
    for name, net in nets.items():
        if not np.array_equal(net.theta, before[name]):
            raise Wrong(MOVED if name == "D" else "G.theta has changed: a gradient tells where to go, and does not go there yet",
                        "let copies take the steps, D.copy(), or put everything back")
    return result


def _ahead_observed(answer, D, *args):
    nets = used(D=D)
    left = nets["D"].grad.copy()
    thetas = _on_a_copy(answer, nets, *args)
    if not np.array_equal(nets["D"].grad, left):
        raise Wrong("D.grad has changed: D itself must not, so let a copy of it take the steps, D.copy()")
    return {"thetas": thetas}


AHEAD = Exercise(
    "14.2", "thetas_ahead", "D's steps ahead", _ahead_case, _ahead_truth,
    solution=_ahead(),
    mistakes=(
        Mistake(MOVED, _ahead_in_D),
        Mistake("D climbs: it goes downhill on its loss", _ahead(lambda lr, k: -lr)),
        Mistake("lr is missing: the steps have length 1 times the gradient", _ahead(lambda lr, k: 1)),
        Mistake("lr grows with k: every step has the same lr", _ahead(lambda lr, k: lr * (k + 1))),
        Mistake("real and fake points are exchanged",
                lambda D, x_real, x_fake, lr, steps: _ahead()(D, x_fake, x_real, lr, steps)),
        Mistake("the real points' half of the gradient is missing", _ahead(loss=_Halves(real=0))),
        Mistake("the fake points' half of the gradient is missing", _ahead(loss=_Halves(fake=0))),
        Mistake("both batches' scores are pushed up: those of the fake points have the wrong sign, +sigmoid(f) / N",
                _ahead(loss=_Halves(fake=-1))),
        Mistake("both batches' scores are pushed down: those of the real points have the wrong sign, -sigmoid(-r) / N",
                _ahead(loss=_Halves(real=-1))),
        Mistake("that is the critic's gradient, -1/N and 1/N; this loss has sigmoids", _ahead(loss=Wasserstein())),
        Mistake("the scores were computed once, before the first step: each step needs a forward pass of its own", _stale_tapes),
        Mistake("the mean's 1/N is missing in the gradient", _ahead(loss=_Halves(sums=True))),
        Mistake("those are the changes since the start; the parameters themselves were asked for",
                lambda *args: _ahead()(*args) - args[0].theta),
        Mistake("the rows are in reverse order, the last one first", lambda *args: _ahead()(*args)[::-1]),
        Mistake("every step used the gradient of the first one: D learns where it stands", _ahead(stale=True)),
        Mistake("every row is one step from the start: the D that takes the next step must have taken the one before",
                _ahead(moving=False)),
        Mistake("the gradients of earlier steps were not cleared", _ahead(clear=False)),
        Mistake("every row is the last theta: one and the same array was kept each time, and then changed", _same_row),
        Mistake("the start is missing: row 0 is D.theta as it came", _ahead(start=False), "has shape"),
        Mistake("nothing moves: theta was changed in a copy that the layers do not look into",
                lambda D, x_real, x_fake, lr, steps: np.stack([D.theta] * (steps + 1))),
    ),
    hints=("Work on D.copy(), so that D stays as it is, and keep theta.copy() after each step.",
           "In each step: d_gradients(ahead, x_real, x_fake, LOSS), then ahead.theta -= lr * ahead.grad.",
           "The list begins with D.theta.copy(); np.stack(list) makes it an array (steps + 1, P)."),
    observe=_ahead_observed,
    constants=lambda D, x_real, x_fake, lr, steps: {"lr": lr},
)


# ---------------------------------------------------------------- 14.3


def _second_case(rng):
    D, x_real, x_fake = _d_case(rng)
    return D, x_real, x_fake, rng.normal(size=D.theta.shape)


def _second_truth(D, x_real, x_fake, velocity):
    """By the complex step: the first derivatives of a network whose parameters have an imaginary part."""
    C = Sequential(*map(copy.copy, D.layers), dtype=np.complex128)
    C.theta[...] = D.theta + 1e-30j * velocity
    d_gradients(C, x_real, x_fake, LOSS)
    f, tape = C.forward(x_fake)
    m = C.backward(1 / (1 + np.exp(-f)) / f.shape[0], tape, grads=False)
    return {"h": C.grad.imag / 1e-30, "m": m.imag / 1e-30}


def _second(rates=LOSS.d_tangent, halves=(1, 1), moving=True, clear=True, dx=False, crossed=False, real=False, left=False):
    """The two products with one thing done differently."""
    def answer(D, x_real, x_fake, velocity):
        D = D.copy()
        (r, tape_real), (f, tape_fake) = D.forward(x_real), D.forward(x_fake)
        D.theta_dot = velocity
        r_dot, dot_real = D.tangent(np.zeros_like(x_real), tape_real)
        f_dot, dot_fake = D.tangent(np.zeros_like(x_fake), tape_fake)
        if not moving:
            D.theta_dot = None
        _, dr, df = LOSS.d(r, f)
        dr_dot, df_dot = rates(r, f, r_dot, f_dot)
        if not clear:
            d_gradients(D, x_real, x_fake, LOSS)
        if left:
            D.grad[...] = used(D=D)["D"].grad
        half = (dr, dr_dot, tape_fake, dot_fake) if crossed else (dr, dr_dot, tape_real, dot_real)
        m_real = D.tangent_backward(*[halves[0] * part for part in half[:2]], *half[2:])[1]
        m = D.tangent_backward(halves[1] * df, halves[1] * df_dot, tape_fake, dot_fake)[0 if dx else 1]
        return D.grad.copy(), m_real if real else m

    return answer


def _at_rest(r, f, r_dot, f_dot):
    return np.zeros_like(r), np.zeros_like(f)


def _points_move(D, x_real, x_fake, velocity):
    """The R-operator of a penalty, where the points move and not theta."""
    D = D.copy()
    (r, tape_real), (f, tape_fake) = D.forward(x_real), D.forward(x_fake)
    _, dr, df = LOSS.d(r, f)
    for s, ds, x, tape in ((r, dr, x_real, tape_real), (f, df, x_fake, tape_fake)):
        s_dot, tape_dot = D.tangent(np.ones_like(x), tape)
        _, m = D.tangent_backward(ds, sigmoid(s) * sigmoid(-s) * s_dot / s.shape[0], tape, tape_dot)
    return D.grad.copy(), m


def _gradient(D, x_real, x_fake):
    D = D.copy()
    d_gradients(D, x_real, x_fake, LOSS)
    return D.grad.copy()


def _differenced(h):
    def answer(D, x_real, x_fake, velocity):
        there = _gradient(at(D, D.theta + h * velocity), x_real, x_fake)
        return (there - _gradient(D, x_real, x_fake)) / h, _second()(D, x_real, x_fake, velocity)[1]

    return answer


SECOND = Exercise(
    "14.3", "second_derivatives", "second derivatives without a matrix", _second_case, _second_truth,
    solution=_second(),
    mistakes=(
        Mistake("the loss's own derivatives change too, because the scores move: 14.1 gives dy_dot", _second(_at_rest)),
        Mistake("the derivatives dr and df were passed where their rates belong", _second(lambda r, f, *_: LOSS.d(r, f)[1:])),
        Mistake("theta_dot was gone before tangent_backward: it needs the velocity too", _second(moving=False)),
        Mistake("the real points' half is missing", _second(halves=(0, 1))),
        Mistake("the fake points' half is missing", _second(halves=(1, 0)), ""),
        Mistake("D.grad was not cleared: a gradient is still in it", _second(clear=False)),
        Mistake("D.grad was not cleared: the gradient of an earlier step is still in it, in h", _second(left=True)),
        Mistake("m is the rate at the real points; that at the fake points was asked for", _second(real=True)),
        Mistake("the rate of dr has the wrong sign: dr_dot is +sigmoid(r) sigmoid(-r) r_dot / N",
                _second(lambda *args: (-LOSS.d_tangent(*args)[0], LOSS.d_tangent(*args)[1]))),
        Mistake("the rate of df has the wrong sign: df_dot is +sigmoid(f) sigmoid(-f) f_dot / N",
                _second(lambda *args: (LOSS.d_tangent(*args)[0], -LOSS.d_tangent(*args)[1]))),
        Mistake("the mean's 1/N is missing in the rates dr_dot and df_dot",
                _second(lambda r, *args: tuple(r.shape[0] * rate for rate in LOSS.d_tangent(r, *args)))),
        Mistake("the velocities of the scores, r_dot and f_dot, were passed where the rates of dr and df belong: 14.1 gives them",
                _second(lambda r, f, r_dot, f_dot: (r_dot, f_dot))),
        Mistake("the gradient was taken for the velocity: D moves with the velocity that is given",
                lambda D, x_real, x_fake, velocity: _second()(D, x_real, x_fake, _gradient(D, x_real, x_fake))),
        Mistake("real and fake points are exchanged", lambda D, x_real, x_fake, velocity: _second()(
            D, x_fake, x_real, velocity)),
        Mistake("D was moved by the velocity first: the rates are those at the theta that D has",
                lambda D, x_real, x_fake, velocity: _second()(at(D, D.theta + velocity), x_real, x_fake, velocity)),
        Mistake("h is the gradient itself, not the rate at which it changes", lambda D, x_real, x_fake, velocity: (
            _gradient(D, x_real, x_fake), _second()(D, x_real, x_fake, velocity)[1])),
        *(Mistake(f"h is a one-sided difference of gradients, with the step {h:g}: tangent_backward is exact",
                  _differenced(h)) for h in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)),
        Mistake("dx was returned for m: tangent_backward returns dx, and then dx_dot", _second(dx=True)),
        Mistake("the fake batch's tapes were used for the real batch too", _second(crossed=True)),
        Mistake("theta was fixed and the points moved: that is what a gradient penalty needs", _points_move),
    ),
    hints=("Two forwards. Then D.theta_dot = velocity, and a tangent for each batch, with x_dot = 0: the points do not move.",
           "LOSS.d(r, f) gives dr and df, loss_rates of 14.1 their rates.",
           "D.zero_grad(), then D.tangent_backward(dr, dr_dot, tape_real, dot_real) and the same for the fake batch.",
           "h is a copy of D.grad; m is what the second tangent_backward returns second."),
    observe=lambda answer, D, *args: dict(zip(("h", "m"), _pair(_on_a_copy(answer, used(D=D), *args)), strict=True)),
    batch=lambda D, x_real, x_fake, velocity: x_real.shape[0],
)


def _pair(result):
    if not isinstance(result, tuple) or len(result) != 2:
        got = "nothing" if result is None else f"one {type(result).__name__}"
        raise Wrong(f"second_derivatives must return two arrays; it returns {got}", "return h, m")
    return result


# ---------------------------------------------------------------- 14.4


def _unrolled_case(rng):
    G, D = _players(rng)
    n = int(rng.integers(4, 7))
    z, x_real = rng.normal(size=(n, 1)), rng.normal(0.5, 1, (n, 2))
    return G, D, z, x_real, round(float(rng.uniform(0.4, 0.8)), 2), int(rng.integers(2, 4))


def _whole_map(theta, G, D, z, x_real, lr, steps):
    """New points, D's steps and G's loss at the end, for G's parameters `theta`."""
    G, D = at(G, theta), D.copy()
    x_fake = G(z)
    for _ in range(steps):
        d_gradients(D, x_real, x_fake, LOSS)
        D.theta -= lr * D.grad
    return g_loss(G, D, z)


def _unrolled_truth(G, D, *args):
    return {"value": np.asarray(_whole_map(G.theta, G, D, *args)), "D.grad": used(D=D)["D"].grad,
            "G.grad": gradcheck.central(lambda theta: _whole_map(theta, G, D, *args), G.theta)}


def _unrolled(back=lambda lambda_, dx, h, m, lr: (lambda_ - lr * h, dx - lr * m), where=lambda line, k: line[k], clear=True,
              more=0, last=-1, of_start=False, order=reversed, loss=LOSS, late=False):
    """G's gradient with one thing done differently: a step back, the D of each step or of the loss, how many steps there are."""
    def answer(G, D, z, x_real, lr, steps):
        x_fake, tape_G = G.forward(z)
        line = [at(D, theta) for theta in _ahead()(D, x_real, x_fake, lr, steps + more)]
        final = line[last].copy()
        f, tape = final.forward(x_fake)
        value, df = loss.g(f)
        dx, lambda_ = final.backward(df, tape), final.grad
        for k in order(range(steps + more)):
            h, m = _second()(where(line, k), x_real, x_fake, lambda_)
            if late:
                m = _second()(where(line, k), x_real, x_fake, lambda_ - lr * h)[1]
            lambda_, dx = back(lambda_, dx, h, m, lr)
        if clear:
            G.zero_grad()
        G.backward(dx, tape_G)
        return g_loss(G, D, z) if of_start else value

    return answer


def _shortcut(G, D, z, x_real, lr, steps):
    return g_gradients(G, at(D, _ahead()(D, x_real, G(z), lr, steps)[-1]), z, LOSS)


def _D_left_ahead(G, D, z, x_real, lr, steps):
    value = unrolled_g_gradients(G, D, z, LOSS, x_real, steps=steps, lr=lr)
    D.theta[...] = _ahead()(D, x_real, G(z), lr, steps)[-1]
    return value


def _marks_D(G, D, z, x_real, lr, steps):
    value = unrolled_g_gradients(G, D, z, LOSS, x_real, steps=steps, lr=lr)
    d_gradients(D, x_real, G(z), LOSS)
    return value


def _unrolled_observed(answer, G, D, *args):
    nets = used(G=G, D=D)
    value = _on_a_copy(answer, nets, *args)
    if nets["D"].theta_dot is not None:
        raise Wrong("D.theta_dot has changed: nothing of D may, so give the velocity to a copy of D")
    return {"value": value, "D.grad": nets["D"].grad, "G.grad": nets["G"].grad}


UNROLLED = Exercise(
    "14.4", "unrolled_gradient", "the gradient through D's steps", _unrolled_case, _unrolled_truth,
    solution=lambda G, D, z, x_real, lr, steps: unrolled_g_gradients(G, D, z, LOSS, x_real, steps=steps, lr=lr),
    mistakes=(
        Mistake("the shortcut: G looks at the D of some steps later, but no gradient flows back through the steps", _shortcut),
        Mistake("G looked at the D of now: there is nothing of the steps in it", lambda G, D, z, *_: g_gradients(G, D, z, LOSS)),
        Mistake("D was left where the steps ahead had led it", _D_left_ahead, MOVED),
        Mistake("D's own gradient was changed on the way: let copies of D do the work", _marks_D),
        Mistake("lr is missing in the chain: each step was theta - lr times the gradient",
                _unrolled(lambda lambda_, dx, h, m, lr: (lambda_ - h, dx - m))),
        Mistake("the chain has the wrong sign: each step was theta minus lr times the gradient",
                _unrolled(lambda lambda_, dx, h, m, lr: (lambda_ + lr * h, dx + lr * m))),
        Mistake("lambda was not carried back: each step needs its own lambda - lr h",
                _unrolled(lambda lambda_, dx, h, m, lr: (lambda_, dx - lr * m))),
        Mistake("the chain stopped after the last step: lambda goes on to the ones before",
                _unrolled(lambda lambda_, dx, h, m, lr: (0 * lambda_, dx - lr * m))),
        Mistake("lambda became -lr h: its old value stays, theta itself passes through each step",
                _unrolled(lambda lambda_, dx, h, m, lr: (-lr * h, dx - lr * m))),
        Mistake("all second derivatives were taken at the last D: each step has the D that it started from",
                _unrolled(where=lambda line, k: line[-1])),
        Mistake("each step got the D that it led to, not the one that it started from",
                _unrolled(where=lambda line, k: line[k + 1])),
        Mistake("dx + lr m: a sign is wrong, each step was theta minus lr times the gradient",
                _unrolled(lambda lambda_, dx, h, m, lr: (lambda_ - lr * h, dx + lr * m))),
        Mistake("lambda + lr h: a sign is wrong, each step was theta minus lr times the gradient",
                _unrolled(lambda lambda_, dx, h, m, lr: (lambda_ + lr * h, dx - lr * m))),
        Mistake("lr is missing before m", _unrolled(lambda lambda_, dx, h, m, lr: (lambda_ - lr * h, dx - m))),
        Mistake("lr is missing before h", _unrolled(lambda lambda_, dx, h, m, lr: (lambda_ - h, dx - lr * m))),
        Mistake("in the wrong order, from the first step to the last: the way back begins at the last one",
                _unrolled(order=iter)),
        Mistake("the loss and its gradient are those of the D of the start; G is judged by the last D", _unrolled(last=0)),
        Mistake("the value is that of the D of the start; G is judged by the last D", _unrolled(of_start=True)),
        Mistake("that is the minimax loss at the last D; G's loss here is the non-saturating one", _unrolled(loss=Minimax())),
        Mistake("the way back ends one step too early: the first of D's steps is one as well",
                _unrolled(order=lambda steps: reversed(steps[1:]))),
        Mistake("the way back begins one step too late: the last of D's steps is one as well",
                _unrolled(order=lambda steps: reversed(steps[:-1]))),
        Mistake("one step too few was taken ahead", _unrolled(more=-1)),
        Mistake("one step too many was taken ahead", _unrolled(more=1)),
        Mistake("m was computed with the new lambda: h and m of a step belong to the lambda from before it",
                _unrolled(late=True)),
        Mistake("G.grad was not cleared: the gradient of the step before is still in it", _unrolled(clear=False)),
    ),
    hints=("thetas_ahead of 14.2 gives D's parameters before each step; a copy of D with theta[...] = such a row is that D.",
           "At the last D: dx = last.backward(df, tape) with LOSS.g(f), and lambda = last.grad (cleared before).",
           "For row k from steps - 1 down to 0: h, m = second_derivatives(that D, x_real, x_fake, lambda), then the two lines of "
           "the docstring.", "In the end G.zero_grad(); G.backward(dx, tape_G); return the value."),
    observe=_unrolled_observed,
    constants=lambda G, D, z, x_real, lr, steps: {"lr": lr},
    batch=lambda G, D, z, x_real, lr, steps: z.shape[0],
)


EXERCISES = (RATES, AHEAD, SECOND, UNROLLED)
