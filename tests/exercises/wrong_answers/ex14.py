"""Lesson 14: unrolling."""

import numpy as np

from tinygan import d_gradients
from tinygan.losses import NonSaturating

from . import corpus
from .ex03 import sigmoid
from .ex05 import net

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()
LOSS = NonSaturating()


# ---------------------------------------------------------------- 14.1 loss_rates

@solution("14.1", lambda r: [tuple(r.normal(size=(4, 5, 1)))])
def loss_rates(r, f, r_dot, f_dot):
    return p1(r) * r_dot / len(r), p1(f) * f_dot / len(f)


def p1(s):
    """The slope of the sigmoid."""
    return sigmoid(s) * sigmoid(-s)


wrong("14.1", "sign", "dr_dot has the wrong sign", "sign", "inner")(
    lambda r, f, rd, fd: (-p1(r) * rd / len(r), p1(f) * fd / len(f)))
wrong("14.1", "factor", "1/N is forgotten", "1/n", "mean", "divided")(lambda r, f, rd, fd: (p1(r) * rd, p1(f) * fd))
wrong("14.1", "term", "the velocities of the scores are forgotten", "r_dot", "f_dot", "velocit", "chain")(
    lambda r, f, rd, fd: (p1(r) / len(r), p1(f) / len(f)))
wrong("14.1", "term", "p for p (1 - p)", "1 - p", "slope", "p (1", "sigmoid")(
    lambda r, f, rd, fd: (sigmoid(r) * rd / len(r), sigmoid(f) * fd / len(f)))
wrong("14.1", "other", "the derivatives times the velocities", "derivative", "second", "first", "dr ", "slope", "-sigmoid")(
    lambda r, f, rd, fd: (-sigmoid(-r) * rd / len(r), sigmoid(f) * fd / len(f)))
wrong("14.1", "order", "df_dot first", "order", "exchanged", "swapped")(lambda *a: loss_rates(*a)[::-1])
wrong("14.1", "term", "p^2 for p (1 - p)", "square", "1 - p", "p^2", "slope")(
    lambda r, f, rd, fd: (sigmoid(r) ** 2 * rd / len(r), sigmoid(f) ** 2 * fd / len(f)))
wrong("14.1", "order", "the velocities are exchanged", "other one's velocity", "exchanged", "swapped", "r_dot")(
    lambda r, f, rd, fd: loss_rates(r, f, fd, rd))
wrong("14.1", "other", "the derivatives, not their rates", "derivative", "rate")(
    lambda r, f, rd, fd: (-sigmoid(-r) / len(r), sigmoid(f) / len(f)))
wrong("14.1", "term", "1 - 2 p once too often: the slope of the slope", "1 - 2", "slope of", "third", "once too")(
    lambda r, f, rd, fd: (p1(r) * (1 - 2 * sigmoid(r)) * rd / len(r), p1(f) * (1 - 2 * sigmoid(f)) * fd / len(f)))
wrong("14.1", "other", "p (1 - p) at the fake scores for both", "fake", "scores")(
    lambda r, f, rd, fd: (p1(f) * rd / len(r), p1(f) * fd / len(f)))
wrong("14.1", "shape", "sums over the batch", "shape", "sum")(lambda *a: tuple(each.sum() for each in loss_rates(*a)))
wrong("14.1", "term", "the rate of dr is 0: only fake points move", "zero", "dr_dot", "real")(
    lambda r, f, rd, fd: (0 * r, p1(f) * fd / len(f)))
right("14.1", "through the hyperbolic cosine, with keyword arguments passed on")(
    lambda r, f, r_dot, f_dot: tuple(rate / (4 * np.cosh(s / 2) ** 2) / s.size for s,
                                     rate in zip((r, f), (r_dot, f_dot), strict=True)))


# ---------------------------------------------------------------- 14.2 thetas_ahead

def critic_and_points(rng):
    return net(rng, 2, 5, 1), rng.normal(size=(6, 2)), rng.normal(size=(6, 2)) + .5


@solution("14.2", lambda r: [(*critic_and_points(r), .3, 4), (*critic_and_points(r), .3, 1)])
def thetas_ahead(D, x_real, x_fake, lr, steps):
    return ahead()(D, x_real, x_fake, lr, steps)


def ahead(sign=1, fresh=True, gradient=d_gradients, rate=lambda lr, k: lr, keep=lambda theta: theta.copy()):
    """An answer to 14.2 with other parts; it looks ahead with a copy of D."""
    def answer(D, x_real, x_fake, lr, steps):
        E = D.copy()
        thetas = [keep(E.theta)]
        for k in range(steps):
            if fresh or k == 0:
                gradient(E, x_real, x_fake, LOSS)
            E.theta -= sign * rate(lr, k) * E.grad
            thetas.append(keep(E.theta))
        return np.array(thetas)
    return answer


def one_batch(E, x, ds):
    s, tape = E.forward(x)
    E.zero_grad()
    E.backward(ds(s), tape)


def not_divided(E, x_real, x_fake, loss):
    d_gradients(E, x_real, x_fake, loss)
    E.grad *= len(x_real)


@wrong("14.2", "manners", "D itself takes the steps", "d.theta", "changed", "d itself", "moved")
def _(D, x_real, x_fake, lr, steps):
    thetas = [D.theta.copy()]
    for _ in range(steps):
        d_gradients(D, x_real, x_fake, LOSS)
        D.theta -= lr * D.grad
        thetas.append(D.theta.copy())
    return np.array(thetas)


@wrong("14.2", "manners", "D.theta is put back, D.grad is not", "d.grad", "grad")
def _(D, x_real, x_fake, lr, steps):
    thetas = [D.theta.copy()]
    for _ in range(steps):
        d_gradients(D, x_real, x_fake, LOSS)
        D.theta -= lr * D.grad
        thetas.append(D.theta.copy())
    D.theta = thetas[0]
    return np.array(thetas)


wrong("14.2", "other", "the rows are D.theta itself, not copies: all are the last", "copy", "copies", "same", "all rows", "last")(
    ahead(keep=lambda theta: theta))
wrong("14.2", "shape", "row 0 is left out", "row", "shape", "steps + 1", "start")(lambda *a: thetas_ahead(*a)[1:])
wrong("14.2", "shape", "the last row is left out", "row", "shape", "steps + 1", "last")(lambda *a: thetas_ahead(*a)[:-1])
wrong("14.2", "shape", "the last row alone", "shape", "row")(lambda *a: thetas_ahead(*a)[-1])
wrong("14.2", "sign", "uphill", "sign", "uphill", "climb", "plus")(ahead(sign=-1))
wrong("14.2", "other", "the gradient of row 0 in every step", "row 0", "fresh", "same gradient", "gradient at", "new gradient",
      "first")(ahead(fresh=False))
wrong("14.2", "factor", "lr is forgotten", "lr")(ahead(rate=lambda lr, k: 1))
wrong("14.2", "other", "lr grows with k", "lr", "k")(ahead(rate=lambda lr, k: lr * (k + 1)))
wrong("14.2", "order", "real and fake points are exchanged", "exchanged", "swapped", "real")(
    lambda D, x_real, x_fake, lr, steps: thetas_ahead(D, x_fake, x_real, lr, steps))
wrong("14.2", "term", "the fake points alone", "real", "fake")(
    ahead(gradient=lambda E, x_real, x_fake, loss: one_batch(E, x_fake, lambda s: sigmoid(s) / len(s))))
wrong("14.2", "factor", "1/N is forgotten in the gradient", "1/n", "mean", "n ")(ahead(gradient=not_divided))
wrong("14.2", "other", "the changes, not the parameters", "change", "difference", "parameters")(
    lambda *a: thetas_ahead(*a) - thetas_ahead(*a)[0])
wrong("14.2", "order", "from the last row to the first", "order", "revers", "last")(lambda *a: thetas_ahead(*a)[::-1])


@right("14.2", "with D itself, both of whose arrays are put back at the end; recursion")
def _(D, x_real, x_fake, lr, steps):
    theta, grad = D.theta.copy(), D.grad.copy()

    def rows(left):
        here = D.theta.copy()
        if left == 0:
            return [here]
        d_gradients(D, x_real, x_fake, LOSS)
        D.theta = here - lr * D.grad
        return [here, *rows(left - 1)]

    try:
        return np.vstack(rows(steps))
    finally:
        D.theta = theta
        D.grad[...] = grad


# ---------------------------------------------------------------- 14.3 second_derivatives

@solution("14.3", lambda r: [((c := critic_and_points(r))[0], *c[1:], r.normal(size=c[0].theta.shape))])
def second_derivatives(D, x_real, x_fake, velocity):
    return second()(D, x_real, x_fake, velocity)


def second(rates=loss_rates, batches=("real", "fake"), of_points=lambda dx, dx_dot: dx_dot["fake"], clear=True, order=1):
    """An answer to 14.3 with other parts; it works on a copy of D."""
    def answer(D, x_real, x_fake, velocity):
        E = D.copy()
        E.theta_dot = velocity
        x = {"real": x_real, "fake": x_fake}
        s, tape, s_dot, tape_dot, dx, dx_dot = {}, {}, {}, {}, {}, {}
        for name in x:
            s[name], tape[name] = E.forward(x[name])
            s_dot[name], tape_dot[name] = E.tangent(np.zeros_like(x[name]), tape[name])
        ds = dict(zip(x, LOSS.d(s["real"], s["fake"])[1:], strict=True))
        ds_dot = dict(zip(x, rates(s["real"], s["fake"], s_dot["real"], s_dot["fake"]), strict=True))
        if clear:
            E.zero_grad()
        else:
            E.grad[...] = D.grad
        for name in batches:
            dx[name], dx_dot[name] = E.tangent_backward(ds[name], ds_dot[name], tape[name], tape_dot[name])
        return (E.grad.copy(), of_points(dx, dx_dot))[::order]
    return answer


def no_rates(r, f, r_dot, f_dot):
    return 0 * r, 0 * f


wrong("14.3", "term", "dr and df stand still: only D's inside moves", "dr_dot", "df_dot", "14.1", "stand still", "loss_rates",
      "rates")(second(no_rates))
wrong("14.3", "term", "the fake batch alone", "real")(second(batches=("fake",)))
wrong("14.3", "other", "m is the rate at the real points", "real", "fake")(second(of_points=lambda dx, dx_dot: dx_dot["real"]))
wrong("14.3", "other", "m is dx, not its rate", "dx ", "rate", "dx_dot")(second(of_points=lambda dx, dx_dot: dx["fake"]))
wrong("14.3", "manners", "an older gradient is left in h", "zero_grad", "cleared", "older", "earlier", "in d.grad")(
    second(clear=False))
wrong("14.3", "order", "m first", "order", "exchanged", "swapped")(second(order=-1))
wrong("14.3", "sign", "the rate of dr has the wrong sign", "sign", "dr_dot")(
    second(lambda *a: (-loss_rates(*a)[0], loss_rates(*a)[1])))
wrong("14.3", "factor", "1/N is forgotten in the rates", "1/n", "rates", "mean", "n ")(
    second(lambda r, *a: tuple(len(r) * each for each in loss_rates(r, *a))))
wrong("14.3", "other", "the rates are the scores' velocities", "s_dot", "r_dot", "14.1", "rates", "scores")(
    second(lambda r, f, r_dot, f_dot: (r_dot, f_dot)))
wrong("14.3", "sign", "both have the wrong sign", "sign")(lambda *a: tuple(-each for each in second_derivatives(*a)))
wrong("14.3", "term", "m is zero: the points stay", "zero", "m ")(second(of_points=lambda dx, dx_dot: 0 * dx["fake"]))
wrong("14.3", "term", "velocity is the gradient, not what was given", "velocity")(
    lambda D, x_real, x_fake, velocity: second_derivatives(D, x_real, x_fake, plain_gradient(D, x_real, x_fake)))
wrong("14.3", "other", "h is the gradient itself", "gradient", "rate", "h ")(
    lambda D, x_real, x_fake, velocity: (plain_gradient(D, x_real, x_fake), second_derivatives(D, x_real, x_fake, velocity)[1]))
wrong("14.3", "factor", "velocity is brought to length 1", "length", "velocity", "factor", "norm")(
    lambda D, x_real, x_fake, velocity: second_derivatives(D, x_real, x_fake, velocity / np.linalg.norm(velocity)))


def plain_gradient(D, x_real, x_fake):
    E = D.copy()
    d_gradients(E, x_real, x_fake, LOSS)
    return E.grad.copy()


@wrong("14.3", "small", "a one-sided difference of gradients", "difference", "one-sided", "finite", "small")
def _(D, x_real, x_fake, velocity):
    E = D.copy()
    E.theta = D.theta + 1e-6 * velocity
    return ((plain_gradient(E, x_real, x_fake) - plain_gradient(D, x_real, x_fake)) / 1e-6,
            second_derivatives(D, x_real, x_fake, velocity)[1])


@wrong("14.3", "term", "theta_dot is not set: nothing moves", "theta_dot", "zero", "velocity")
def _(D, x_real, x_fake, velocity):
    return second_derivatives(D, x_real, x_fake, 0 * velocity)


# ---------------------------------------------------------------- 14.4 unrolled_gradient

def game(rng):
    return net(rng, 3, 4, 2), net(rng, 2, 5, 1), rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), .4


@solution("14.4", lambda r: [(*game(r), 3), (*game(r), 1)])
def unrolled_gradient(G, D, z, x_real, lr, steps):
    return unrolled()(G, D, z, x_real, lr, steps)


def unrolled(points=lambda dx, lr, m: dx - lr * m, parameters=lambda lam, lr, h: lam - lr * h,
             way=lambda thetas: thetas[-2::-1], last=-1,
             clear=True, loss=LOSS.g, at_start=False, number=lambda steps: steps, late=False):
    """An answer to 14.4 with other parts; it works on a copy of D."""
    def answer(G, D, z, x_real, lr, steps):
        x_fake, tape_G = G.forward(z)
        thetas, E = thetas_ahead(D, x_real, x_fake, lr, number(steps)), D.copy()
        E.theta = thetas[last]
        f, tape = E.forward(x_fake)
        L, df = loss(f)
        E.zero_grad()
        dx = E.backward(df, tape)
        lam = E.grad.copy()
        for theta in way(thetas):
            E.theta = theta
            h, m = second_derivatives(E, x_real, x_fake, lam)
            lam = parameters(lam, lr, h)
            dx = points(dx, lr, second_derivatives(E, x_real, x_fake, lam)[1] if late else m)
        if clear:
            G.zero_grad()
        G.backward(dx, tape_G)
        return LOSS.g(D(x_fake))[0] if at_start else L
    return answer


wrong("14.4", "term", "only the D ahead is new: its steps do not depend on G", "lambda", "through", "steps", "constant", "dx",
      "depend")(
    unrolled(points=lambda dx, lr, m: dx))
wrong("14.4", "term", "lambda stays what it is", "lambda")(unrolled(parameters=lambda lam, lr, h: lam))
wrong("14.4", "order", "from the first step to the last", "last to", "first to", "order", "backward", "from the last")(
    unrolled(way=lambda thetas: thetas[:-1]))
wrong("14.4", "other", "always at the last D", "last d", "started from", "each step")(
    unrolled(way=lambda thetas: [thetas[-1]] * (len(thetas) - 1)))
wrong("14.4", "other", "at the D after each step, not before it", "started from", "after", "before", "shifted")(
    unrolled(way=lambda thetas: thetas[:0:-1]))
wrong("14.4", "sign", "+ lr m", "sign", "lr m")(unrolled(points=lambda dx, lr, m: dx + lr * m))
wrong("14.4", "sign", "+ lr h", "sign", "lr h")(unrolled(parameters=lambda lam, lr, h: lam + lr * h))
wrong("14.4", "factor", "lr is forgotten before m", "lr")(unrolled(points=lambda dx, lr, m: dx - m))
wrong("14.4", "factor", "lr is forgotten before h", "lr")(unrolled(parameters=lambda lam, lr, h: lam - h))
wrong("14.4", "other", "G's loss and gradient at the D of the start", "first d", "start", "last d", "d ahead",
      "that has not moved")(unrolled(last=0))
wrong("14.4", "other", "the value is that of the D of the start", "first d", "start", "last d", "l_g")(
    unrolled(at_start=True))
wrong("14.4", "manners", "G.zero_grad is forgotten", "zero_grad", "cleared", "older", "earlier")(unrolled(clear=False))
wrong("14.4", "sign", "the minimax loss at the last D", "minimax", "saturating")(
    unrolled(loss=lambda f: (-np.logaddexp(0, f).mean(), -sigmoid(f) / len(f))))
wrong("14.4", "other", "one step too few", "step")(unrolled(number=lambda steps: steps - 1))
wrong("14.4", "other", "one step too many", "step")(unrolled(number=lambda steps: steps + 1))
wrong("14.4", "term", "the last of D's steps alone is gone through", "all", "step", "each", "last")(
    unrolled(way=lambda thetas: thetas[-2:-1]))
wrong("14.4", "factor", "1/N is forgotten in G's loss", "1/n", "mean")(
    unrolled(loss=lambda f: (LOSS.g(f)[0], len(f) * LOSS.g(f)[1])))
wrong("14.4", "sign", "the gradient has the wrong sign", "sign")(unrolled(loss=lambda f: (LOSS.g(f)[0], -LOSS.g(f)[1])))
wrong("14.4", "other", "lambda is changed first, and m computed with the new one", "new lambda", "order", "lambda", "before")(
    unrolled(late=True))


@wrong("14.4", "manners", "D is left where its steps end", "d.theta", "changed", "nothing of d", "moved")
def _(G, D, z, x_real, lr, steps):
    value = unrolled_gradient(G, D, z, x_real, lr, steps)
    D.theta = thetas_ahead(D, x_real, G(z), lr, steps)[-1]
    return value


@wrong("14.4", "manners", "D.grad has changed", "d.grad", "changed")
def _(G, D, z, x_real, lr, steps):
    value = unrolled_gradient(G, D, z, x_real, lr, steps)
    D.zero_grad()
    return value


@wrong("14.4", "manners", "D.theta_dot has changed", "theta_dot", "changed")
def _(G, D, z, x_real, lr, steps):
    value = unrolled_gradient(G, D, z, x_real, lr, steps)
    D.theta_dot = np.ones_like(D.theta)
    return value
