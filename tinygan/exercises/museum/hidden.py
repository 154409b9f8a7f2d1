"""The museum's last room: composition, where the path that the gradient misses cannot be seen in the loss."""

import numpy as np

from ...engine.numerics import sigmoid
from ..grading import Exercise, Mistake, differences
from .common import added, both, critic, critic_backward, critic_case, input_gradient, sizes, through_penalty, weighed

# ---------------------------------------------------------------- M.20


def _spectral_case(rng):
    x_real, x_fake, W, a = critic_case(rng)
    u = rng.normal(size=W.shape[0])
    return x_real, x_fake, W, a, u / np.linalg.norm(u)


def _iterate(W, u):
    v = W.T @ u / np.linalg.norm(W.T @ u)
    return W @ v / np.linalg.norm(W @ v), v


def _spectral_truth(x_real, x_fake, W, a, u):
    first = _iterate(W, u)
    second = _iterate(W, first[0])

    def loss(W):
        passes = (x_real, -1, first), (x_fake, 1, second)
        return float(sum(sign * critic(x, W / (u @ W @ v), a).mean() for x, sign, (u, v) in passes))

    return {"dW": differences(loss, W)}


def _spectral(x_real, x_fake, W, a, u, *, back=((0, 0), (1, 1)), sigma_moves=1, iterate_twice=True, divided=True, signs=(-1, 1)):
    """`back` has for each batch the passes from which backward takes u and v."""
    first = _iterate(W, u)
    passes = first, _iterate(W, first[0]) if iterate_twice else first
    total = 0
    for x, sign, (own_u, own_v), (for_u, for_v) in zip((x_real, x_fake), signs, passes, back, strict=True):
        sigma = own_u @ W @ own_v
        dW_hat = critic_backward(x, np.full((x.shape[0], 1), sign / x.shape[0]), W / sigma, a)[0]
        dW = dW_hat - sigma_moves * np.sum(dW_hat * W / sigma) * np.outer(passes[for_u][0], passes[for_v][1])
        total = total + dW / (sigma if divided else 1)
    return total


POWER = Exercise(
    "M.20", "critic_gradient", "two forwards, one u", _spectral_case, _spectral_truth, solution=_spectral,
    mistakes=(
        Mistake("the real batch goes backward with the u and v of the fake one",
                lambda *args: _spectral(*args, back=((1, 1), (1, 1)))),
        Mistake("u is its own now, but v is still that of the fake batch", lambda *args: _spectral(*args, back=((0, 1), (1, 1)))),
        Mistake("v is its own now, but u is still that of the fake batch", lambda *args: _spectral(*args, back=((1, 0), (1, 1)))),
        Mistake("sigma was taken for a constant; it depends on W", lambda *args: _spectral(*args, sigma_moves=0)),
        Mistake("sigma's part has the wrong sign: it is subtracted", lambda *args: _spectral(*args, sigma_moves=-1)),
        Mistake("the division by sigma is missing: W stands in W / sigma", lambda *args: _spectral(*args, divided=False)),
        Mistake("the second forward pass took no step of power iteration", lambda *args: _spectral(*args, iterate_twice=False)),
    ),
    hints=("Keep tape_real and look at it before and after the second forward pass. Does it change?",
           "The tape has the arrays, not what was in them: `self.u[...] =` writes into the array that the tape has.",
           "Put copies on the tape, self.u.copy() and self.v.copy(); or make new arrays in forward, self.u = ..."),
    batch=lambda x_real, x_fake, W, a, u: x_real.shape[0],
)


# ---------------------------------------------------------------- M.21


def _penalised_case(rng):
    x_real, x_fake, W, a = critic_case(rng)
    return x_real, x_fake, rng.uniform(size=(x_real.shape[0], 1)), W / W.shape[0]**0.5, a, float(rng.uniform(0.5, 6))


def _penalised_loss(x_real, x_fake, alpha, W, a, lam):
    norm = (input_gradient(alpha * x_real + (1 - alpha) * x_fake, W, a) ** 2).sum(axis=1) ** 0.5
    return float(critic(x_fake, W, a).mean() - critic(x_real, W, a).mean() + lam * ((norm - 1) ** 2).mean())


def _penalised(x_real, x_fake, alpha, W, a, lam, *, pays=1.0, bend=-2.0, at=None, direction=True, parts=(1, 1)):
    x = alpha * x_real + (1 - alpha) * x_fake if at is None else at
    g = input_gradient(x, W, a)
    norm = np.sqrt((g**2).sum(axis=1, keepdims=True))
    v = pays * 2 * lam * (norm - 1) * g / (norm if direction else 1) / x.shape[0]
    of_penalty = (weight * part for weight, part in zip(parts, through_penalty(v, x, W, a, bend=bend), strict=True))
    return _penalised_loss(x_real, x_fake, alpha, W, a, lam), *added(weighed(x_real, x_fake, W, a), tuple(of_penalty))


PENALTY = Exercise(
    "M.21", "critic_loss", "a penalty nobody pays", _penalised_case,
    lambda x_real, x_fake, alpha, W, a, lam: {
        "value": _penalised_loss(x_real, x_fake, alpha, W, a, lam),
        **both(lambda W, a: _penalised_loss(x_real, x_fake, alpha, W, a, lam), W, a)},
    solution=_penalised,
    mistakes=(
        Mistake("the penalty is in the value, and nowhere in the gradients", lambda *args: _penalised(*args, pays=0.0)),
        Mistake("the part that comes through tanh'' is missing in the penalty's gradient (exhibit 13)",
                lambda *args: _penalised(*args, bend=0.0)),
        Mistake("the penalty's gradient was taken at the real points",
                lambda x_real, *args: _penalised(x_real, *args, at=x_real)),
        Mistake("a 2 is missing in the penalty's gradient: the derivative of a square",
                lambda *args: _penalised(*args, pays=0.5)),
        Mistake("lam is missing in the penalty's gradient", lambda *args: _penalised(*args, pays=1 / args[-1])),
        Mistake("the penalty's gradient has the wrong sign", lambda *args: _penalised(*args, pays=-1.0)),
        Mistake("g stands where its direction was meant, g / |g|, which has the length 1",
                lambda *args: _penalised(*args, direction=False)),
        Mistake("the penalty's part of da is missing: a stands in the slope too", lambda *args: _penalised(*args, parts=(1, 0))),
        Mistake("the penalty's part of dW is missing: W stands in the slope too", lambda *args: _penalised(*args, parts=(0, 1))),
        Mistake("1/N is missing in the penalty's gradient: the mean is over the samples",
                lambda x_real, *args: _penalised(x_real, *args, pays=x_real.shape[0])),
        Mistake("tanh'' has the wrong sign in the penalty's gradient, the curvature", lambda *args: _penalised(*args, bend=2.0)),
        Mistake("a 2 is missing in tanh'' = -2 tanh tanh', in the penalty's gradient",
                lambda *args: _penalised(*args, bend=-1.0)),
    ),
    hints=("Set lam to a million. The value follows; do the gradients?",
           "First dP/dg: v = 2 lam (1 - 1/norm) g / N. It is exhibit 12, and here no norm is 0.",
           "Then keep v fixed and differentiate <v, g> with respect to W and a: exhibit 13, with this v. Repair that first.",
           "With slope = 1 - u * u: dW += v.T @ (slope * a.T) + x.T @ ((v @ W) * a.T * (-2 * u * slope)), "
           "and da += (slope * (v @ W)).sum(axis=0)[:, None]."),
    batch=lambda x_real, *rest: x_real.shape[0], constants=lambda *args: {"lam": args[-1]}, cases=8,  # of both signs
)


# ---------------------------------------------------------------- M.22


def _unrolled_case(rng):
    n, = sizes(rng, 1)
    return rng.normal(size=n), rng.normal(size=n), float(rng.uniform(0.5, 1.0)), int(rng.integers(3, 6))


def _unrolled_loss(theta, psi, eta, steps):
    for _ in range(steps):
        psi = psi + eta * theta / (1 + np.exp(theta * psi))
    return float(-np.log1p(np.exp(-theta * psi)).sum())


def _unrolled(theta, psi, eta, steps, *, memory=1.0, chain=True, product=True, sign=1.0, ahead=True):
    """psi_dot is d psi / d theta. memory: how much of the last step's it keeps, besides the new part."""
    first, psi_dot = psi, 0
    for _ in range(steps):
        slope = sigmoid(-theta * psi)
        bend = -slope * (1 - slope)
        new = slope + product * theta * psi * bend  # d/d theta of theta f'(theta psi)
        psi_dot = memory * psi_dot * (1 + chain * eta * theta**2 * bend) + eta * new
        psi = psi + eta * theta * slope
    psi = psi if ahead else first
    return (psi + sign * theta * psi_dot) * sigmoid(-theta * psi)


def _carried(theta, psi, eta, steps, *, start=0.0, own=1.0, bend=-1.0, direct=1.0, rate=None, kept=1.0):
    """d psi / d theta carried along, with one thing done differently; `bend` is the sign of f'' in it."""
    psi_dot = start
    for _ in range(steps):
        slope = sigmoid(-theta * psi)
        moved = own * slope + bend * theta * slope * (1 - slope) * (psi + theta * psi_dot)
        psi_dot, psi = kept * psi_dot + (rate or eta) * moved, psi + eta * theta * slope
    return (direct * psi + theta * psi_dot) * sigmoid(-theta * psi)


UNROLLED = Exercise(
    "M.22", "unrolled_gradient", "looking ahead is not unrolling", _unrolled_case,
    lambda theta, psi, eta, steps: {"dtheta": differences(lambda theta: _unrolled_loss(theta, psi, eta, steps), theta)},
    solution=_unrolled,
    mistakes=(
        Mistake("the psi of the future is taken for a constant, but each step on the way to it depends on theta",
                lambda *args: _unrolled(*args, sign=0.0)),
        Mistake("not even looking ahead: that is the gradient at the psi of today",
                lambda *args: _unrolled(*args, sign=0.0, ahead=False)),
        Mistake("only the last of D's steps is differentiated; theta moves all of them",
                lambda *args: _unrolled(*args, memory=0.0)),
        Mistake("each step starts where the last one ended, and that has moved too: the factor d psi_next / d psi is missing",
                lambda *args: _unrolled(*args, chain=False)),
        Mistake("theta stands in theta f'(theta psi) twice, and one of them was differentiated",
                lambda *args: _unrolled(*args, product=False)),
        Mistake("D goes uphill; what theta does to psi has the wrong sign", lambda *args: _unrolled(*args, sign=-1.0)),
        Mistake("only the way through psi_K is there: V depends on theta directly as well",
                lambda *args: _carried(*args, direct=0.0)),
        Mistake("the sigmoid's own slope is missing in psi_dot: f' moves with theta psi",
                lambda *args: _carried(*args, bend=0.0)),
        Mistake("the sigmoid's own slope has the wrong sign in psi_dot: f'' = -f' (1 - f')",
                lambda *args: _carried(*args, bend=1.0)),
        Mistake("theta in front of f' is not differentiated: theta f' is a product", lambda *args: _carried(*args, own=0.0)),
        Mistake("psi_dot begins at 1; the psi of the start does not depend on theta, so it begins at 0",
                lambda *args: _carried(*args, start=1.0)),
        Mistake("eta is missing in psi_dot: each step is eta times the slope", lambda *args: _carried(*args, rate=1.0)),
        Mistake("psi_dot was begun anew in each step: what the steps before have moved stays, and is added to",
                lambda *args: _carried(*args, kept=0.0)),
        Mistake("one step too few is looked ahead", lambda *args: _unrolled(*args[:-1], args[-1] - 1)),
        Mistake("one step too many is looked ahead", lambda *args: _unrolled(*args[:-1], args[-1] + 1)),
    ),
    hints=("V(theta, psi_K) depends on theta twice: directly, and through psi_K. The code has the first.",
           "Carry psi_dot = d psi / d theta along, from 0: one more line in the loop, the derivative of the line that is there.",
           "With f' = sigmoid(-theta psi) and f'' = -f' (1 - f'), eta theta f' has the derivative "
           "eta (f' + theta psi f'' + theta^2 f'' psi_dot). Compute it before psi changes.",
           "At the end: (psi + theta psi_dot) sigmoid(-theta psi)."),
)

EXHIBITS = (POWER, PENALTY, UNROLLED)
