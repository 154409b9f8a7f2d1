"""Exercises of lesson 05: the first GAN. The last of them, the training loop, is in `ring`."""

import math

import numpy as np

from ..engine.numerics import sigmoid, softplus
from ..engine.optim import SGD, Adam
from ..gradients import d_gradients, g_gradients
from ..losses import Minimax, NonSaturating
from ..training import d_step, g_step
from .grading import Exercise, Mistake, Wrong, differences
from .players import at, d_loss, g_loss, gradient_of, players, used
from .ring import RING_LOOP

LOSS = NonSaturating()


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
        Mistake("D.grad was not cleared: the gradient of the step before is still in it", _d_mistake(clear=False)),
        Mistake("D.grad is as it was before: D.backward was never called, or only with grads=False",
                lambda D, x_real, x_fake: d_loss(D, x_real, x_fake)),
        Mistake("two things: D.grad was not cleared, and the mean's 1/N was left out", _d_mistake(clear=False, n=1)),
        Mistake("-sigmoid(-f) is the generator's derivative on the fake points; D's is sigmoid(f)",
                _d_mistake(ds_fake=lambda f: -sigmoid(-f))),
        Mistake("the softplus itself went in where its derivative, the sigmoid, belongs",
                _d_mistake(ds_real=lambda r: softplus(-r), ds_fake=softplus)),
        Mistake("the two tapes are exchanged: each backward needs the tape of its own forward", _d_mistake(tapes=(1, 0))),
        Mistake("the value is that of the real points alone: the fake ones cost something too", _d_mistake(
            value=lambda D, x_real, x_fake: softplus(-D(x_real)).mean())),
        Mistake("the value is that of the fake points alone: the real ones cost something too", _d_mistake(
            value=lambda D, x_real, x_fake: softplus(D(x_fake)).mean())),
        Mistake("of the two, the fake points' derivative has the wrong sign: sigmoid(f) / N, without a minus",
                _d_mistake(ds_fake=lambda f: -sigmoid(f))),
        Mistake("of the two, the real points' derivative has the wrong sign: -sigmoid(-r) / N, with a minus",
                _d_mistake(ds_real=lambda r: sigmoid(-r))),
        Mistake("-sigmoid(r) stands where -sigmoid(-r) was meant, for the real points: the chain rule keeps what is inside",
                _d_mistake(ds_real=lambda r: -sigmoid(r))),
        Mistake("sigmoid(-f) stands where sigmoid(f) was meant, for the fake points", _d_mistake(ds_fake=lambda f: sigmoid(-f))),
        Mistake("both sigmoids have the wrong sign inside: -sigmoid(-r) for the real points, sigmoid(f) for the fake ones",
                _d_mistake(ds_real=lambda r: -sigmoid(r), ds_fake=lambda f: sigmoid(-f))),
        Mistake("p (1 - p) stands where p was meant: the sigmoid is the derivative of softplus already, and was derived once "
                "more",
                _d_mistake(ds_real=lambda r: -sigmoid(r) * sigmoid(-r), ds_fake=lambda f: sigmoid(f) * sigmoid(-f))),
        Mistake("that is the Wasserstein loss, with -1/N and 1/N: here each score's derivative has its sigmoid",
                _d_mistake(ds_real=lambda r: -np.ones_like(r), ds_fake=np.ones_like)),
        Mistake("the scores went in where their derivatives belong", _d_mistake(ds_real=lambda r: -r, ds_fake=lambda f: f)),
        Mistake("the mean's 1/N was left out", _d_mistake(n=1), "batch size"),
        Mistake("divided by 2N, as if the loss were the mean over all points; it is a sum of two means",
                lambda D, x_real, x_fake: _d_mistake(n=2 * x_real.shape[0])(D, x_real, x_fake), "factor 2"),
    ),
    hints=("Two batches, two forwards, two tapes. Then the derivative of the loss with respect to each score.",
           "softplus' = sigmoid. So dL/dr = -sigmoid(-r) / N for the real scores, dL/df = sigmoid(f) / N for the fake ones.",
           "Clear D.grad once, then call D.backward twice, each time with its own tape: the second call adds to the first.",
           "r, tape_real = D.forward(x_real), the same for f; D.zero_grad(); D.backward(-sigmoid(-r) / N, tape_real); "
           "D.backward(sigmoid(f) / N, tape_fake); return softplus(-r).mean() + softplus(f).mean()"),
    observe=lambda answer, D, *batches: gradient_of(answer, used(D=D), *batches),
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


def _d_cleared(grads):
    """D.grad is cleared before the way back leads through D."""
    def answer(G, D, z):
        D.zero_grad()
        return _g_mistake(grads=grads)(G, D, z)

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
        Mistake("the gradient never reaches G, or it was cleared again afterwards", _detached, "zero everywhere"),
        Mistake("that is the minimax loss, with -sigmoid(f); the non-saturating one has -sigmoid(-f)",
                _g_mistake(lambda f: -sigmoid(f), lambda f: -softplus(f))),
        Mistake("that is D's loss on the fake points: G learns to be recognised",
                _g_mistake(sigmoid, softplus)),
        Mistake("the value is right, but -sigmoid(f) is the minimax loss's derivative; that of softplus(-f) is -sigmoid(-f)",
                _g_mistake(lambda f: -sigmoid(f))),
        Mistake("the value is right, but sigmoid(f) is the derivative of D's loss: G learns to be recognised",
                _g_mistake(sigmoid)),
        Mistake("G goes uphill", _g_mistake(lambda f: sigmoid(-f)), "sign"),
        Mistake("D was left out on the way back: dL/df went into G as if it were dL/dx", _g_mistake(cut=True)),
        Mistake("the scores went in where their derivative belongs", _g_mistake(lambda f: -f)),
        Mistake("1/N went in for dL/df: the derivative of the loss, -sigmoid(-f), was left out", _g_mistake(np.ones_like)),
        Mistake("-1/N went in for dL/df: the sigmoid of the loss's derivative was left out",
                _g_mistake(lambda f: -np.ones_like(f))),
        Mistake("p (1 - p) stands where p was meant: the sigmoid is the derivative of softplus already",
                _g_mistake(lambda f: -sigmoid(f) * sigmoid(-f))),
        Mistake("G.grad was not cleared: the gradient of the step before is still in it", _g_mistake(clear=False)),
        Mistake("the mean's 1/N was left out", _g_mistake(mean=False), "batch size"),
        Mistake("G.grad is as it was before: G.backward was never called", g_loss),
        Mistake("D.grad was cleared: it must be afterwards what it was before", _d_cleared(grads=False)),
        Mistake("D.grad was cleared, and filled on the way through: it must be afterwards what it was before",
                _d_cleared(grads=True)),
        Mistake("the value is sigmoid(f), D's probability; the loss is softplus(-f)", _g_mistake(value=sigmoid)),
        Mistake("that is the Wasserstein loss, mean of -f; here each score has its softplus",
                _g_mistake(lambda f: -np.ones_like(f), lambda f: -f)),
        Mistake("D's own gradient was changed on the way through; D.backward(..., grads=False) leaves it alone",
                _g_mistake(grads=True)),
    ),
    hints=("Forward: z -> G -> x_fake -> D -> f, and keep both tapes. Backward goes the same way in the other direction.",
           "D.backward(dL/df, tape_D, grads=False) returns dL/dx_fake. That is the dy for G.backward.",
           "softplus(-f) has the derivative -sigmoid(-f), and the mean divides by N.",
           "dx_fake = D.backward(-sigmoid(-f) / N, tape_D, grads=False); G.zero_grad(); G.backward(dx_fake, tape_G); "
           "return softplus(-f).mean()"),
    observe=lambda answer, G, D, z: gradient_of(answer, used(G=G, D=D), z),
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
        columns.append((m_i, v_i, theta_i - lr * m_hat / (math.sqrt(v_hat) + eps)))
    # theta last: where m or v is wrong, that is the cause.
    return dict(zip(("m", "v", "theta"), map(np.array, zip(*columns, strict=True)), strict=True))


def _adam(theta, grad, m, v, t, lr, beta1, beta2, eps):
    opt, theta = Adam(lr, beta1, beta2, eps), theta.copy()
    opt.load_state({"t": t - 1, "m": m, "v": v})
    opt.step(theta, grad)
    return theta, opt.m, opt.v


def _adam_mistake(step=lambda m, v, eps: m / (np.sqrt(v) + eps), square=lambda grad, m: grad**2, correct=(True, True), shift=0,
                  keep_corrected=False, stale=False, sign=-1, power=lambda beta, t: beta**t, new=(1, 1), rate=lambda lr: lr):
    """Adam with one thing done differently."""
    def answer(theta, grad, m, v, t, lr, beta1, beta2, eps):
        old_m, old_v, lr = m, v, rate(lr)
        m = beta1 * m + (1 - beta1) ** new[0] * grad
        v = beta2 * v + (1 - beta2) ** new[1] * square(grad, m)
        used_m, used_v = (old_m, old_v) if stale else (m, v)
        bias = 1 - power(beta1, t + shift), 1 - power(beta2, t + shift)
        m_hat = used_m / bias[0] if correct[0] else used_m
        v_hat = used_v / bias[1] if correct[1] else used_v
        theta = theta + sign * lr * step(m_hat, v_hat, eps)
        return (theta, m_hat, v_hat) if keep_corrected else (theta, m, v)

    return answer


def _adam_observed(answer, theta, grad, m, v, t, lr, beta1, beta2, eps):
    """theta, m and v. Kept corrections are named here. Elsewhere they are just a constant factor."""
    result = answer(theta, grad, m, v, t, lr, beta1, beta2, eps)
    if not isinstance(result, tuple) or len(result) != 3:
        raise Wrong(f"adam_step must return three arrays; it returns one {type(result).__name__}",
                    "return theta, m, v")
    kept, wanted = result[1], (beta1 * m + (1 - beta1) * grad) / (1 - beta1**t)
    if isinstance(kept, np.ndarray) and kept.shape == wanted.shape and kept.dtype.kind == "f" and np.allclose(kept, wanted, 1e-9):
        raise Wrong(KEPT, "m_hat and v_hat are for this step's theta alone")
    return dict(zip(("theta", "m", "v"), result, strict=True))


def _adam_early_eps(theta, grad, m, v, t, lr, beta1, beta2, eps):
    """The form with both corrections in the rate, lr sqrt(1 - beta2^t) / (1 - beta1^t), but with eps as it is."""
    m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
    return theta - lr * math.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + eps), m, v


def _with_minus(theta, grad, m, v, *numbers):
    return _adam_mistake()(theta, -grad, m, v, *numbers)


def _weights_exchanged(theta, grad, m, v, t, lr, beta1, beta2, eps):
    m, v = (1 - beta1) * m + beta1 * grad, (1 - beta2) * v + beta2 * grad**2
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


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
        Mistake("only v was corrected for its start at 0, not m", _adam_mistake(correct=(False, True))),
        Mistake("both were divided by 1 - beta, without the power t: that is the correction of the first step for ever",
                _adam_mistake(power=lambda beta, t: beta)),
        Mistake("beta t stands where beta^t was meant", _adam_mistake(power=lambda beta, t: beta * t), "not finite"),
        Mistake("1 - beta t stands where 1 - beta^t was meant, with the root of an absolute value", _adam_mistake(
            lambda m, v, eps: m / (np.sqrt(np.abs(v)) + eps), power=lambda beta, t: beta * t)),
        Mistake("both were multiplied by 1 - beta^t, not divided",
                _adam_mistake(power=lambda beta, t: 1 - 1 / (1 - beta**t))),
        Mistake("the steps are counted from 0; t is 1 in the first step and needs no shift", _adam_mistake(shift=-1)),
        Mistake("1 was added to t, which is 1 already in the first step", _adam_mistake(shift=1)),
        Mistake("eps stands inside the root; it belongs behind it: sqrt(v) + eps",
                _adam_mistake(lambda m, v, eps: m / np.sqrt(v + eps))),
        Mistake("eps was added to the root of v before v was corrected: it belongs to sqrt(v_hat)", _adam_early_eps),
        Mistake("eps was added to the quotient: it belongs to the divisor, sqrt(v) + eps",
                _adam_mistake(lambda m, v, eps: m / np.sqrt(v) + eps)),
        Mistake("eps is missing, or a much smaller one was taken: eps is an argument",
                _adam_mistake(lambda m, v, eps: m / np.sqrt(v))),
        Mistake("eps was added to theta in the end: put brackets around sqrt(v_hat) + eps", lambda theta, grad, m, v, *numbers: (
            _adam_mistake(lambda m, v, eps: m / np.sqrt(v))(theta, grad, m, v, *numbers)[0] + numbers[-1],
            *_adam(theta, grad, m, v, *numbers)[1:])),
        Mistake("the square of eps stands inside the root: eps belongs behind it",
                _adam_mistake(lambda m, v, eps: m / np.sqrt(v + eps**2))),
        Mistake("v_hat was made of the old v: v takes the new gradient in first", lambda theta, grad, m, v, t, lr, b1, b2, eps: (
            theta - lr * _adam(theta, grad, m, v, t, lr, b1, b2, eps)[1] / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps),
            *_adam(theta, grad, m, v, t, lr, b1, b2, eps)[1:])),
        Mistake("two things: the root of v is missing, and eps", _adam_mistake(lambda m, v, eps: m / v)),
        Mistake("lr is missing: the step has the rate 1", _adam_mistake(rate=lambda lr: 1.0)),
        Mistake("only the step was returned, not theta after it", lambda theta, *others: (
            theta - _adam(theta, *others)[0], *_adam(theta, *others)[1:])),
        Mistake("only the step was returned, not theta after it", lambda theta, *others: (
            _adam(theta, *others)[0] - theta, *_adam(theta, *others)[1:])),
        Mistake("the gradient itself stands above, where its mean m_hat was meant",
                lambda theta, grad, m, v, t, lr, b1, b2, eps: (
            theta - lr * grad / (np.sqrt(_adam(theta, grad, m, v, t, lr, b1, b2, eps)[2] / (1 - b2**t)) + eps),
            *_adam(theta, grad, m, v, t, lr, b1, b2, eps)[1:])),
        Mistake("m takes in the gradient with a minus: m is a mean of it, and the minus belongs to theta", _with_minus),
        Mistake("the step was taken twice", _adam_mistake(rate=lambda lr: 2 * lr)),
        Mistake("m grows by the whole gradient: 1 - beta1 is missing before it", _adam_mistake(new=(0, 1))),
        Mistake("v grows by the whole square: 1 - beta2 is missing before it", _adam_mistake(new=(1, 0))),
        Mistake("1 - beta2 was squared with the gradient", _adam_mistake(new=(1, 2))),
        Mistake("v averages the sum of all squares: each entry has its own v",
                _adam_mistake(square=lambda grad, m: (grad**2).sum())),
        Mistake("beta1 was used for v as well: v has beta2", lambda theta, grad, m, v, t, lr, b1, b2, eps: _adam(
            theta, grad, m, v, t, lr, b1, b1, eps)),
        Mistake("beta2 was used for m as well: m has beta1", lambda theta, grad, m, v, t, lr, b1, b2, eps: _adam(
            theta, grad, m, v, t, lr, b2, b2, eps)),
        Mistake("two things: theta grew along the gradient, and the bias correction is missing",
                _adam_mistake(correct=(False, False), sign=1)),
        Mistake("the root of v is missing", _adam_mistake(lambda m, v, eps: m / (v + eps))),
        Mistake("v averages the square of m, where the gradient's own square was meant",
                _adam_mistake(square=lambda grad, m: m**2)),
        Mistake("v averages the gradient itself, where its square was meant", _adam_mistake(square=lambda grad, m: grad)),
        Mistake("v averages the size of the gradient, where its square was meant",
                _adam_mistake(square=lambda grad, m: np.abs(grad))),
        Mistake("beta and 1 - beta are exchanged: the new gradient gets the small weight, 1 - beta", _weights_exchanged),
        Mistake("one v for all parameters: each entry has its own, so nothing is summed or averaged over entries",
                _adam_mistake(square=lambda grad, m: np.mean(grad**2))),
        Mistake("the step was taken with the old m and v: they take the new gradient in first", _adam_mistake(stale=True)),
        Mistake(KEPT, _adam_mistake(keep_corrected=True)),
        Mistake("beta1 and beta2 are swapped", _betas_swapped),
        Mistake("uphill: theta grew along the gradient", _adam_mistake(sign=1)),
    ),
    hints=("First the two running means, then the two corrections, then theta. Write new arrays: theta = theta - ..., not -=.",
           "v is the mean of grad * grad, entry by entry. The corrected ones are only used for the step, never kept.",
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
    answer(nets["G"], nets["D"], *args)
    return {"D.theta": nets["D"].theta, "G.theta": nets["G"].theta}


def _step_mistake(d=1, g=1, order="dg", noise=lambda z_d, z_g: (z_d, z_g), loss=LOSS, clear=True, swap=False):
    """A GAN step in which each player moves `d` and `g` times as far, in another order, with another z or another loss."""
    def answer(G, D, x_real, z_d, z_g, lr):
        z_d, z_g = noise(z_d, z_g)
        left = {} if clear else {"D": D.grad.copy(), "G": G.grad.copy()}

        def d_gradient():
            batches = (G(z_d), x_real) if swap else (x_real, G(z_d))
            d_gradients(D, *batches, LOSS)
            D.grad += left.get("D", 0)

        d_gradient()
        if order == "dg":
            D.theta -= d * lr * D.grad
        g_gradients(G, D, z_g, loss)
        G.grad += left.get("G", 0)
        G.theta -= g * lr * G.grad
        if order == "gd":
            d_gradient()
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


def _g_uncleared(G, D, x_real, z_d, z_g, lr):
    left = G.grad.copy()
    _step_mistake(g=0)(G, D, x_real, z_d, z_g, lr)
    G.theta -= lr * (G.grad + left)


def _step(G, D, x_real, z_d, z_g, lr):
    d_step(D, SGD(lr), x_real, G(z_d), LOSS)
    g_step(G, D, SGD(lr), z_g, LOSS)


STEP = Exercise(
    "05.4", "gan_step", "one step of the game", _step_case, _step_truth,
    solution=_step,
    mistakes=(
        Mistake("simultaneous, not alternating: G looked at D before D had moved", _step_mistake(order="together")),
        Mistake("G went first; D goes first, and G looks at the D that has moved", _step_mistake(order="gd")),
        Mistake("G's points were scored before D's step, and carried back through D after it: score them afresh",
                _looked_too_early),
        Mistake("G was updated with the fake batch of D's step: it has a z of its own, z_g",
                _step_mistake(noise=lambda z_d, z_g: (z_d, z_d))),
        Mistake("D was updated with the fake batch of G's step: its own z is z_d",
                _step_mistake(noise=lambda z_d, z_g: (z_g, z_g))),
        Mistake("D moved uphill", _step_mistake(d=-1)),
        Mistake("G moved uphill: its loss is a loss too, and it minimises", _step_mistake(g=-1)),
        Mistake("D did not move", _step_mistake(d=0)),
        Mistake("G did not move", _step_mistake(g=0)),
        Mistake("nothing moves: D.theta and G.theta stay as they are; theta = theta - ..., for one, makes a new array",
                lambda *args: None),
        Mistake("G minimises the minimax loss, with -sigmoid(f) / N; that of 05.2 has -sigmoid(-f) / N",
                _step_mistake(loss=Minimax())),
        Mistake("the gradients of an earlier step are still in D.grad and G.grad: clear them before backward",
                _step_mistake(clear=False)),
        Mistake("real and fake points are exchanged in D's loss", _step_mistake(swap=True)),
        Mistake("the steps are N times too short: the mean's 1/N is in the gradients already",
                lambda G, D, x_real, z_d, z_g, lr: _step(
            G, D, x_real, z_d, z_g, lr / x_real.shape[0])),
        Mistake("the steps are N times too long: the mean's 1/N is missing", lambda G, D, x_real, z_d, z_g, lr: _step(
            G, D, x_real, z_d, z_g, lr * x_real.shape[0])),
        Mistake("lr is missing: the steps have the rate 1", lambda *args: _step(*args[:-1], 1.0)),
        *(Mistake(f"lr is an argument; {fixed} was written in its place", lambda *args, fixed=fixed: _step(*args[:-1], fixed))
          for fixed in (0.1, 0.01, 0.001)),
        Mistake("lr is missing in D's step", lambda *args: _step_mistake(d=1 / args[-1])(*args)),
        Mistake("lr is missing in G's step", lambda *args: _step_mistake(g=1 / args[-1])(*args)),
        Mistake("both moved uphill: a loss is minimised, so subtract", _step_mistake(d=-1, g=-1)),
        Mistake("z_d and z_g are exchanged", _step_mistake(noise=lambda z_d, z_g: (z_g, z_d))),
        Mistake("G.grad was not cleared: the gradient of an earlier step is still in it", _g_uncleared),
        Mistake("two whole steps were taken; it is one", lambda *args: (_step(*args), _step(*args), None)[-1]),
        Mistake("two things: both gradients were taken before anybody moved, and G minimises the minimax loss",
                _step_mistake(order="together", loss=Minimax())),
        Mistake("two things: both gradients were taken before anybody moved, and G moved uphill",
                _step_mistake(order="together", g=-1)),
        Mistake("D moved a second time, along G's gradient: in G's step D only passes the gradient on", _d_moves_twice),
    ),
    hints=("You have both gradients already: call discriminator_gradient and generator_gradient from above.",
           "D first: make fake points with G(z_d), get D's gradient, and move D.theta. Only then is it G's turn, with z_g.",
           "D.theta -= lr * D.grad is all of D's step. The same for G.",
           "discriminator_gradient(D, x_real, G(z_d)); D.theta -= lr * D.grad; "
           "generator_gradient(G, D, z_g); G.theta -= lr * G.grad"),
    observe=_step_observed,
    batch=lambda G, D, x_real, z_d, z_g, lr: x_real.shape[0],
)


EXERCISES = (DISCRIMINATOR, GENERATOR, ADAM, STEP, RING_LOOP)
