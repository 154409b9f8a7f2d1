"""Lesson 05: the first GAN."""

import numpy as np

from tinygan import SGD, Adam, LeakyReLU, Tanh, data, mlp

from . import corpus
from .ex03 import sigmoid, softplus

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


def net(rng, *sizes, activation=Tanh, grad=True):
    """A network in float64 with biases that are not 0, in whose grad an older gradient has been left."""
    made = mlp(*sizes, activation=activation, seed=int(rng.integers(1000)), dtype=np.float64)
    made.theta += .2 * rng.normal(size=made.theta.shape)
    if grad:
        made.grad[...] = rng.normal(size=made.grad.shape)
    return made


def players(rng):
    return net(rng, 3, 4, 2), net(rng, 2, 5, 1)


# ---------------------------------------------------------------- 05.1 discriminator_gradient

@solution("05.1", lambda r: [(players(r)[1], r.normal(size=(6, 2)), r.normal(size=(6, 2)))])
def discriminator_gradient(D, x_real, x_fake):
    r, tape_real = D.forward(x_real)
    f, tape_fake = D.forward(x_fake)
    D.zero_grad()
    D.backward(-sigmoid(-r) / len(r), tape_real)
    D.backward(sigmoid(f) / len(f), tape_fake)
    return softplus(-r).mean() + softplus(f).mean()


def d_variant(real=lambda r: -sigmoid(-r) / len(r), fake=lambda f: sigmoid(f) / len(f), value=None, clear=True):
    """An answer to 05.1 with other derivatives of the scores; None: that batch does not go back."""
    def answer(D, x_real, x_fake):
        r, tape_real = D.forward(x_real)
        f, tape_fake = D.forward(x_fake)
        if clear:
            D.zero_grad()
        if real:
            D.backward(real(r), tape_real)
        if fake:
            D.backward(fake(f), tape_fake)
        return value(r, f) if value else softplus(-r).mean() + softplus(f).mean()
    return answer


wrong("05.1", "manners", "zero_grad is forgotten", "zero_grad", "cleared", "earlier", "older", "old gradient")(
    d_variant(clear=False))
wrong("05.1", "term", "the fake batch does not go back", "fake")(d_variant(fake=None))
wrong("05.1", "term", "the real batch does not go back", "real")(d_variant(real=None))
wrong("05.1", "factor", "1/N is forgotten in both", "1/n", "mean", "divided by")(
    d_variant(lambda r: -sigmoid(-r), lambda f: sigmoid(f)))
wrong("05.1", "sign", "the sign of the real part", "sign", "real")(d_variant(lambda r: sigmoid(-r) / len(r)))
wrong("05.1", "sign", "sigmoid(-f) for sigmoid(f)", "sigmoid(-f", "sigmoid(f", "argument", "fake")(
    d_variant(fake=lambda f: sigmoid(-f) / len(f)))
wrong("05.1", "order", "the labels are exchanged", "exchanged", "swapped", "labels")(
    d_variant(lambda r: sigmoid(r) / len(r), lambda f: -sigmoid(-f) / len(f), lambda r,
              f: softplus(r).mean() + softplus(-f).mean()))
wrong("05.1", "factor", "the mean of both losses: halved", "half", "twice", "factor", "2")(
    d_variant(lambda r: -sigmoid(-r) / len(r) / 2, lambda f: sigmoid(f) / len(f) / 2,
              lambda r, f: (softplus(-r).mean() + softplus(f).mean()) / 2))
wrong("05.1", "factor", "the value is a sum, the gradient that of the mean", "sum", "mean", "1/n")(
    d_variant(value=lambda r, f: softplus(-r).sum() + softplus(f).sum()))
wrong("05.1", "sign", "the gradient of -L: D would climb", "sign")(
    d_variant(lambda r: sigmoid(-r) / len(r), lambda f: -sigmoid(f) / len(f)))
wrong("05.1", "manners", "L is not returned", "return", "none")(d_variant(value=lambda r, f: None))
wrong("05.1", "term", "the slope p (1 - p) for p: the sigmoid is differentiated once too often", "p (1 - p)", "slope", "twice")(
    d_variant(lambda r: -sigmoid(-r) * sigmoid(r) / len(r), lambda f: sigmoid(f) * sigmoid(-f) / len(f)))


@wrong("05.1", "manners", "zero_grad between the two batches", "zero_grad", "cleared", "between", "real")
def _(D, x_real, x_fake):
    r, tape_real = D.forward(x_real)
    D.zero_grad()
    D.backward(-sigmoid(-r) / len(r), tape_real)
    f, tape_fake = D.forward(x_fake)
    D.zero_grad()
    D.backward(sigmoid(f) / len(f), tape_fake)
    return softplus(-r).mean() + softplus(f).mean()


@wrong("05.1", "other", "both batches go back with the tape of the fake one", "tape")
def _(D, x_real, x_fake):
    r, tape = D.forward(x_real)
    f, tape = D.forward(x_fake)
    D.zero_grad()
    D.backward(-sigmoid(-r) / len(r), tape)
    D.backward(sigmoid(f) / len(f), tape)
    return softplus(-r).mean() + softplus(f).mean()


@wrong("05.1", "manners", "D takes a step as well", "theta", "moved", "step")
def _(D, x_real, x_fake):
    value = discriminator_gradient(D, x_real, x_fake)
    D.theta -= .1 * D.grad
    return value


@wrong("05.1", "factor", "one batch of 2 N points, and a mean over all of them", "factor 2", "half", "both", "all")
def _(D, x_real, x_fake):
    s, tape = D.forward(np.concatenate([x_real, x_fake]))
    y = np.repeat([[1.], [0.]], len(x_real), axis=0)
    D.zero_grad()
    D.backward((sigmoid(s) - y) / len(s), tape)
    return np.mean(y * softplus(-s) + (1 - y) * softplus(s))


@right("05.1", "one batch of 2 N points, the derivatives put together")
def _(D, x_real, x_fake):
    n = len(x_real)
    s, tape = D.forward(np.concatenate([x_real, x_fake]))
    D.zero_grad()
    D.backward(np.concatenate([-sigmoid(-s[:n]), sigmoid(s[n:])]) / n, tape)
    return (softplus(-s[:n]).sum() + softplus(s[n:]).sum()) / n


# ---------------------------------------------------------------- 05.2 generator_gradient

@solution("05.2", lambda r: [(*players(r), r.normal(size=(6, 3)))])
def generator_gradient(G, D, z):
    x, tape_G = G.forward(z)
    f, tape_D = D.forward(x)
    dx = D.backward(-sigmoid(-f) / len(f), tape_D, grads=False)
    G.zero_grad()
    G.backward(dx, tape_G)
    return softplus(-f).mean()


def g_variant(df=lambda f: -sigmoid(-f) / len(f), value=lambda f: softplus(-f).mean(), clear=True, grads=False):
    """An answer to 05.2 with other parts."""
    def answer(G, D, z):
        x, tape_G = G.forward(z)
        f, tape_D = D.forward(x)
        dx = D.backward(df(f), tape_D, grads=grads)
        if clear:
            G.zero_grad()
        G.backward(dx, tape_G)
        return value(f)
    return answer


wrong("05.2", "other", "the minimax loss: log(1 - sigmoid(f))", "minimax", "saturating")(
    g_variant(lambda f: -sigmoid(f) / len(f), lambda f: -softplus(f).mean()))
wrong("05.2", "manners", "D.grad gets something: grads=False is forgotten", "d.grad", "grads=false")(g_variant(grads=True))
wrong("05.2", "manners", "G.zero_grad is forgotten", "zero_grad", "cleared", "earlier", "older")(g_variant(clear=False))
wrong("05.2", "sign", "the gradient has the wrong sign", "sign")(g_variant(lambda f: sigmoid(-f) / len(f)))
wrong("05.2", "factor", "1/N is forgotten in the gradient", "1/n", "mean", "divided by")(g_variant(lambda f: -sigmoid(-f)))
wrong("05.2", "factor", "1/N is taken twice", "1/n", "twice", "mean")(g_variant(lambda f: -sigmoid(-f) / len(f) ** 2))
wrong("05.2", "sign", "softplus(f): D's own loss, so that G would help D", "sign", "softplus(f", "d's")(
    g_variant(lambda f: sigmoid(f) / len(f), lambda f: softplus(f).mean()))
wrong("05.2", "other", "value of the one loss, gradient of the other", "minimax", "saturating", "sigmoid(f", "argument")(
    g_variant(lambda f: -sigmoid(f) / len(f)))
wrong("05.2", "term", "the derivative by the score is 1/N: no loss at all", "sigmoid", "derivative of the loss", "ds")(
    g_variant(lambda f: -np.ones_like(f) / len(f)))
wrong("05.2", "shape", "one value for each sample", "shape")(g_variant(value=lambda f: softplus(-f)))


@wrong("05.2", "manners", "D.grad is set to zero in the end", "d.grad")
def _(G, D, z):
    value = g_variant(grads=True)(G, D, z)
    D.zero_grad()
    return value


@wrong("05.2", "term", "the way leads past D: df goes into G", "through d", "d.backward", "past d", "dx", "chain")
def _(G, D, z):
    x, tape = G.forward(z)
    f = D(x)
    G.zero_grad()
    G.backward(np.repeat(-sigmoid(-f) / len(f), x.shape[1], axis=1), tape)
    return softplus(-f).mean()


@wrong("05.2", "term", "the fake points are detached: D gets the gradient", "zero", "detach", "g.grad", "g.backward")
def _(G, D, z):
    f, tape = D.forward(G(z))
    G.zero_grad()
    D.backward(-sigmoid(-f) / len(f), tape, grads=False)
    return softplus(-f).mean()


@wrong("05.2", "manners", "G takes a step as well", "theta", "moved", "step")
def _(G, D, z):
    value = generator_gradient(G, D, z)
    G.theta -= .1 * G.grad
    return value


# ---------------------------------------------------------------- 05.3 adam_step

def moments(rng, t=3):
    theta, grad, m = rng.normal(size=(3, 5))
    return theta, grad, .1 * m, .1 * rng.random(5), t, .01, .9, .99, .1


@solution("05.3", lambda r: [moments(r), moments(r, 1)])
def adam_step(theta, grad, m, v, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def adam_variant(step, means=lambda g, m, v, b1, b2: (b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2)):
    """An answer to 05.3; step(m, v, t, beta1, beta2, eps) is what lr multiplies."""
    def answer(theta, grad, m, v, t, lr, beta1, beta2, eps):
        m, v = means(grad, m, v, beta1, beta2)
        return theta - lr * step(m, v, t, beta1, beta2, eps), m, v
    return answer


def usual(m, v, t, b1, b2, eps):
    return m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)


wrong("05.3", "term", "no correction of the start at 0", "correct", "m_hat", "bias", "hat")(
    adam_variant(lambda m, v, t, b1, b2, eps: m / (np.sqrt(v) + eps)))
wrong("05.3", "other", "eps inside the root", "eps", "root")(
    adam_variant(lambda m, v, t, b1, b2, eps: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t) + eps)))
wrong("05.3", "other", "t - 1 for t", "t - 1", "t-1", "t + 1", "step")(  # at t = 1 it would divide by 0; there it is left out
    adam_variant(lambda m, v, t, b1, b2, eps: usual(m, v, max(t - 1, 1), b1, b2, eps)))
wrong("05.3", "other", "t + 1 for t", "t + 1", "t - 1", "step")(
    adam_variant(lambda m, v, t, b1, b2, eps: usual(m, v, t + 1, b1, b2, eps)))
wrong("05.3", "term", "the gradient is not squared in v", "square")(
    adam_variant(usual, lambda g, m, v, b1, b2: (b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.abs(g))))
wrong("05.3", "order", "beta1 and beta2 are exchanged", "beta", "exchanged", "swapped")(
    lambda theta, grad, m, v, t, lr, beta1, beta2, eps: adam_step(theta, grad, m, v, t, lr, beta2, beta1, eps))
wrong("05.3", "term", "no root: divided by v_hat", "root", "sqrt")(
    adam_variant(lambda m, v, t, b1, b2, eps: m / (1 - b1**t) / (v / (1 - b2**t) + eps)))
wrong("05.3", "sign", "theta climbs", "sign", "climb", "uphill")(adam_variant(lambda *a: -usual(*a)))
wrong("05.3", "other", "1 - beta1 t for 1 - beta1^t", "beta", "power", "^t", "correct")(
    adam_variant(lambda m, v, t, b1, b2, eps: m / (1 - b1 * t) / (np.sqrt(np.abs(v / (1 - b2 * t))) + eps)))
wrong("05.3", "other", "the running means weigh the new gradient with beta", "beta", "1 - beta", "exchanged", "swapped")(
    adam_variant(usual, lambda g, m, v, b1, b2: ((1 - b1) * m + b1 * g, (1 - b2) * v + b2 * g**2)))
wrong("05.3", "order", "m and v first, theta last", "is what v must be", "order", "exchanged", "swapped")(
    lambda *a: (adam_step(*a)[1], adam_step(*a)[2], adam_step(*a)[0]))
wrong("05.3", "other", "eps is added before v is corrected, and the root taken with it", "eps")(
    adam_variant(lambda m, v, t, b1, b2, eps: m / (1 - b1**t) * np.sqrt(1 - b2**t) / (np.sqrt(v) + eps)))
wrong("05.3", "term", "v is not corrected, m is", "v_hat", "correct", "v ")(
    adam_variant(lambda m, v, t, b1, b2, eps: m / (1 - b1**t) / (np.sqrt(v) + eps)))
wrong("05.3", "other", "the old m and v move theta", "old", "before", "new m", "stale")(
    lambda theta, grad, m, v, t, lr, beta1, beta2, eps:
    (theta - lr * usual(m, v, t, beta1, beta2, eps), *adam_step(theta, grad, m, v, t, lr, beta1, beta2, eps)[1:]))


@wrong("05.3", "other", "m_hat and v_hat are returned for m and v", "m_hat", "corrected", "hat")
def _(theta, grad, m, v, t, lr, beta1, beta2, eps):
    theta, m, v = adam_step(theta, grad, m, v, t, lr, beta1, beta2, eps)
    return theta, m / (1 - beta1**t), v / (1 - beta2**t)


@wrong("05.3", "manners", "m, v and theta are changed in place", "changes its argument", "new array")
def _(theta, grad, m, v, t, lr, beta1, beta2, eps):
    m *= beta1
    m += (1 - beta1) * grad
    v *= beta2
    v += (1 - beta2) * grad**2
    theta -= lr * usual(m, v, t, beta1, beta2, eps)
    return theta, m, v


# ---------------------------------------------------------------- 05.4 gan_step

@solution("05.4", lambda r: [(*players(r), r.normal(size=(6, 2)), *r.normal(size=(2, 6, 3)), .3)], watch=("theta",))
def gan_step(G, D, x_real, z_d, z_g, lr):
    discriminator_gradient(D, x_real, G(z_d))
    D.theta -= lr * D.grad
    generator_gradient(G, D, z_g)
    G.theta -= lr * G.grad


@wrong("05.4", "order", "G moves first", "first", "order")
def _(G, D, x_real, z_d, z_g, lr):
    generator_gradient(G, D, z_g)
    G.theta -= lr * G.grad
    discriminator_gradient(D, x_real, G(z_d))
    D.theta -= lr * D.grad


@wrong("05.4", "other", "simultaneous: G looks at the D that has not moved", "simultaneous", "old d", "just moved", "before")
def _(G, D, x_real, z_d, z_g, lr):
    discriminator_gradient(D, x_real, G(z_d))
    generator_gradient(G, D, z_g)
    D.theta -= lr * D.grad
    G.theta -= lr * G.grad


@wrong("05.4", "other", "z_d is used for both players", "z_d", "z_g")
def _(G, D, x_real, z_d, z_g, lr):
    gan_step(G, D, x_real, z_d, z_d, lr)


@wrong("05.4", "other", "z_g is used for both players", "z_d", "z_g")
def _(G, D, x_real, z_d, z_g, lr):
    gan_step(G, D, x_real, z_g, z_g, lr)


@wrong("05.4", "sign", "D climbs", "sign", "climb", "uphill", "minimise")
def _(G, D, x_real, z_d, z_g, lr):
    discriminator_gradient(D, x_real, G(z_d))
    D.theta += lr * D.grad
    generator_gradient(G, D, z_g)
    G.theta -= lr * G.grad


@wrong("05.4", "sign", "G climbs", "sign", "climb", "uphill", "minimise")
def _(G, D, x_real, z_d, z_g, lr):
    discriminator_gradient(D, x_real, G(z_d))
    D.theta -= lr * D.grad
    generator_gradient(G, D, z_g)
    G.theta += lr * G.grad


@wrong("05.4", "other", "G minimises the minimax loss", "minimax", "saturating")
def _(G, D, x_real, z_d, z_g, lr):
    discriminator_gradient(D, x_real, G(z_d))
    D.theta -= lr * D.grad
    g_variant(lambda f: -sigmoid(f) / len(f))(G, D, z_g)
    G.theta -= lr * G.grad


@wrong("05.4", "manners", "theta = theta - ... names a new array, and nothing moves", "in place", "nothing", "not moved",
       "did not move",
       "unchanged", "moves", "new array")
def _(G, D, x_real, z_d, z_g, lr):
    theta_d, theta_g = D.theta, G.theta
    discriminator_gradient(D, x_real, G(z_d))
    theta_d = theta_d - lr * D.grad
    generator_gradient(G, D, z_g)
    theta_g = theta_g - lr * G.grad
    return theta_g, theta_d


@wrong("05.4", "manners", "gradients of earlier steps are still in grad", "zero_grad", "cleared", "earlier", "older")
def _(G, D, x_real, z_d, z_g, lr):
    d_variant(clear=False)(D, x_real, G(z_d))
    D.theta -= lr * D.grad
    g_variant(clear=False)(G, D, z_g)
    G.theta -= lr * G.grad


@wrong("05.4", "term", "only D moves", "did not move", "g.theta", "generator")
def _(G, D, x_real, z_d, z_g, lr):
    discriminator_gradient(D, x_real, G(z_d))
    D.theta -= lr * D.grad


@wrong("05.4", "other", "D's step of G's pass: D.grad is filled on the way to G, and D moves again", "second time", "d moves",
       "d.grad", "d.theta", "twice")
def _(G, D, x_real, z_d, z_g, lr):
    discriminator_gradient(D, x_real, G(z_d))
    D.theta -= lr * D.grad
    D.zero_grad()
    g_variant(grads=True)(G, D, z_g)
    D.theta -= lr * D.grad
    G.theta -= lr * G.grad


@wrong("05.4", "order", "real and fake points are exchanged in D's loss", "exchanged", "swapped", "real")
def _(G, D, x_real, z_d, z_g, lr):
    discriminator_gradient(D, G(z_d), x_real)
    D.theta -= lr * D.grad
    generator_gradient(G, D, z_g)
    G.theta -= lr * G.grad


@wrong("05.4", "factor", "the step is divided by the batch size once more", "1/n", "factor", "lr", "batch", "mean")
def _(G, D, x_real, z_d, z_g, lr):
    gan_step(G, D, x_real, z_d, z_g, lr / len(x_real))


# ---------------------------------------------------------------- 05.5 train_ring

def ring(rng):
    G, D = (net(rng, *sizes, activation=lambda: LeakyReLU(.1), grad=False) for sizes in ((2, 16, 2), (2, 16, 1)))
    return G, D, Adam(lr=.002, beta1=.5), Adam(lr=.003, beta1=.5), data.by_name("ring"), 5, 8, np.random.default_rng(1)


def train_with(draw_real=lambda data, batch, rng, k: data.sample(batch, rng),
               draw_z=lambda batch, rng, k: rng.standard_normal((batch, 2)),
               d_gradient=discriminator_gradient, g_gradient=generator_gradient):
    """An answer to 05.5 with other parts."""
    def answer(G, D, opt_g, opt_d, data, steps, batch, rng):
        for k in range(steps):
            d_gradient(D, draw_real(data, batch, rng, k), G(draw_z(batch, rng, k)))
            opt_d.step(D.theta, D.grad)
            g_gradient(G, D, draw_z(batch, rng, k))
            opt_g.step(G.theta, G.grad)
    return answer


train_ring = solution("05.5", lambda r: [ring(r)], watch=("theta",))(train_with())


wrong("05.5", "other", "z is uniform, not normal", "uniform", "normal", slow=True)(
    train_with(draw_z=lambda batch, rng, k: rng.random((batch, 2))))
wrong("05.5", "other", "one z for all steps", "fresh", "same", slow=True)(
    train_with(draw_z=lambda batch, rng, k: np.random.default_rng(7).standard_normal((batch, 2))))
wrong("05.5", "other", "one batch of real points for all steps", "real", "fresh", "same", "data", slow=True)(
    train_with(lambda data, batch, rng, k: data.sample(batch, np.random.default_rng(7))))
wrong("05.5", "sign", "G's loss has the wrong sign", "sign", "g", slow=True)(
    train_with(g_gradient=g_variant(lambda f: sigmoid(-f) / len(f))))
wrong("05.5", "order", "the labels are exchanged in D's loss", "exchanged", "labels", "swapped", "d's", slow=True)(
    train_with(d_gradient=lambda D, x_real, x_fake: discriminator_gradient(D, x_fake, x_real)))
wrong("05.5", "manners", "gradients pile up: zero_grad is forgotten", "zero_grad", "cleared", "earlier", "pile", slow=True)(
    train_with(d_gradient=d_variant(clear=False), g_gradient=g_variant(clear=False)))
wrong("05.5", "term", "G never moves", "g", slow=True)(train_with(g_gradient=lambda G, D, z: G.zero_grad()))
wrong("05.5", "other", "G minimises the minimax loss", "minimax", "saturating", slow=True)(
    train_with(g_gradient=g_variant(lambda f: -sigmoid(f) / len(f))))


@wrong("05.5", "order", "the optimisers are exchanged", "opt", "exchanged", "swapped", slow=True)
def _(G, D, opt_g, opt_d, data, steps, batch, rng):
    train_ring(G, D, opt_d, opt_g, data, steps, batch, rng)


@wrong("05.5", "other", "a new Adam in every step: its memory is lost", "opt", slow=True)
def _(G, D, opt_g, opt_d, data, steps, batch, rng):
    for _ in range(steps):
        discriminator_gradient(D, data.sample(batch, rng), G(rng.standard_normal((batch, 2))))
        Adam(lr=.001).step(D.theta, D.grad)
        generator_gradient(G, D, rng.standard_normal((batch, 2)))
        Adam(lr=.001).step(G.theta, G.grad)


@wrong("05.5", "other", "the return is indented too far: one step only", "step", slow=True)
def _(G, D, opt_g, opt_d, data, steps, batch, rng):
    train_ring(G, D, opt_g, opt_d, data, 1, batch, rng)


@wrong("05.5", "other", "plain gradient descent: the optimisers are ignored", "opt", slow=True)
def _(G, D, opt_g, opt_d, data, steps, batch, rng):
    train_ring(G, D, SGD(lr=.01), SGD(lr=.01), data, steps, batch, rng)


@wrong("05.5", "other", "the batch is ignored: one point a step", "batch", slow=True)
def _(G, D, opt_g, opt_d, data, steps, batch, rng):
    train_ring(G, D, opt_g, opt_d, data, steps, 1, rng)


@right("05.5", "a while loop and keyword calls, z drawn before the real points", slow=True)
def _(G, D, opt_g, opt_d, data, steps, batch, rng):
    left = steps
    while left:
        left -= 1
        fake = G(rng.standard_normal(size=(batch, 2)))
        discriminator_gradient(D=D, x_real=data.sample(n=batch, rng=rng), x_fake=fake)
        opt_d.step(D.theta, D.grad)
        generator_gradient(G=G, D=D, z=rng.standard_normal(size=(batch, 2)))
        opt_g.step(G.theta, G.grad)
