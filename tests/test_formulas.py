"""The formulas that stand on a page of docs/derivations and in no function: each is tried here, with numbers."""

import math

import numpy as np
import pytest
from oracles import SEEDS
from test_game import Shift, Slope

from tinygan import SGD, Adam, dirac, gradcheck, losses, mlp
from tinygan.data import one_hot
from tinygan.engine.features import Pack
from tinygan.engine.heads import softmax, softmax_cross_entropy
from tinygan.engine.layers import Dense, ReLU, Tanh
from tinygan.engine.network import Sequential, he, xavier
from tinygan.engine.norm import LayerNorm, SpectralNorm
from tinygan.engine.optim import Clipped, Optimistic
from tinygan.gradients import g_gradients
from tinygan.metrics import wasserstein_1d
from tinygan.penalties import R1
from tinygan.unroll import unrolled_g_gradients
from tinygan.zoo.projection import Projection

# ---------------------------------------------------------------- layers


@pytest.mark.parametrize("rule, factor", [(he, 1), (xavier, 1 / 2)])
def test_he_keeps_the_size_of_a_signal(rule, factor):
    """Dense and ReLU multiply the mean square by d v / 2: by 1 with he, by a half with xavier where d = k (the control)."""
    for seed in SEEDS:
        x = np.random.default_rng(seed).normal(size=(50, 100))
        y = Sequential(*[layer for _ in range(5) for layer in (Dense(100, 100), ReLU())], seed=seed, init=rule)(x)
        assert 0.5 < (y**2).mean() / (x**2).mean() / factor**5 < 2


# ---------------------------------------------------------------- what D would learn

P, Q = np.array([1, 2, 3]), np.array([3, 1, 2])  # six real and six fake samples, spread over three points
M = (P + Q) / 2


def rate(loss, s, pairs=False):
    """D's loss and its derivative by the score of each point, when points 0, 1, 2 have the scores s."""
    real, fake = np.repeat(range(3), P), np.repeat(range(3), Q)
    if pairs:  # every real sample with every fake one
        real, fake = np.repeat(real, 6), np.tile(fake, 6)
    value, ds_real, ds_fake = loss.d(s[real, None], s[fake, None])
    return float(value), np.array([ds_real[real == i].sum() + ds_fake[fake == i].sum() for i in range(3)])


BEST = {
    "Minimax": (losses.Minimax(), np.log(P) - np.log(Q)),
    "NonSaturating": (losses.NonSaturating(), np.log(P) - np.log(Q)),
    "LeastSquares": (losses.LeastSquares(), P / (P + Q)),
    "Relativistic": (losses.Relativistic(), np.log(P) - np.log(Q) + 0.7),
    "Hinge": (losses.Hinge(0.5), 0.5 * np.sign(P - Q)),
}


@pytest.mark.parametrize("name", BEST)
def test_the_best_scores(name):
    """There the derivative is 0, and every step away costs something; with one score moved it is not 0 (control)."""
    loss, best = BEST[name]
    pairs = name == "Relativistic"
    value, slope = rate(loss, best, pairs)
    if name != "Hinge":  # whose best scores lie on its corners
        np.testing.assert_allclose(slope, 0, atol=1e-15)
        assert np.abs(rate(loss, best + [0.1, 0, 0], pairs)[1]).max() > 1e-3
    for seed in SEEDS:
        away = np.random.default_rng(seed).normal(size=(20, 3))
        away -= away.mean(axis=1, keepdims=True) * pairs  # a common constant costs nothing when only differences count
        assert all(rate(loss, best + step, pairs)[0] > value + 1e-6 for step in away)


def test_what_a_loss_says_of_the_best_D():
    """loss.best is the probability or the score of these best scores; with a label below 1 the derivative is 0 there as well."""
    for name, (loss, s) in BEST.items():
        said = loss.best(P, Q)
        if name == "Relativistic":
            assert said is None and losses.Wasserstein().best(P, Q) is None
        else:
            np.testing.assert_allclose(said, 1 / (1 + np.exp(-s)) if loss.is_probability else s, rtol=1e-14)
    smoothed = losses.NonSaturating(real_label=0.9)
    s = np.log(smoothed.best(P, Q) / (1 - smoothed.best(P, Q)))
    np.testing.assert_allclose(rate(smoothed, s)[1], 0, atol=1e-15)
    assert np.abs(rate(smoothed, np.log(P) - np.log(Q))[1]).max() > 1e-2  # control: those of the label 1
    assert losses.LeastSquares().at_rest == (1 / 4, 1 / 8) and losses.Hinge(0.5).at_rest == (1, 0)
    d, g = losses.Minimax().at_rest
    assert (d, g) == pytest.approx((2 * math.log(2), -math.log(2)), rel=1e-15)
    middle = np.full((1, 1), math.log(0.45 / 0.55))  # the probability y / 2
    assert smoothed.at_rest == pytest.approx((smoothed.d(middle, middle).value, smoothed.g(middle).value), rel=1e-15)


def test_the_verdict_is_a_mean():
    """Of probabilities or of scores, one for each replica; a score beyond every limit of exp is no trouble."""
    s = np.random.default_rng(0).normal(0, 3, (4, 7, 1))
    for loss in (losses.Minimax(), losses.Wasserstein()):
        wanted = (1 / (1 + np.exp(-s)) if loss.is_probability else s).mean(axis=(1, 2))
        np.testing.assert_allclose(loss.verdict(s), wanted, rtol=1e-13)
        assert loss.verdict(s).shape == (4,) and loss.verdict(s[0]) == pytest.approx(wanted[0])
    assert losses.Minimax().verdict(np.array([[-1e30], [1e30]])) == 0.5


def test_the_loss_of_the_best_D():
    """2 log 2 - 2 JSD, the JSD as a mean of two KL divergences; and where p = q: least squares has 1/4 and 1/8."""
    def kl(a, b):
        return float((a / 6 * np.log(a / b)).sum())

    value, _ = rate(losses.Minimax(), np.log(P) - np.log(Q))
    assert value == pytest.approx(2 * math.log(2) - kl(P, M) - kl(Q, M), abs=1e-15) and value < 1.3
    half = np.full((6, 1), 0.5)
    d = losses.LeastSquares().d(half, half)
    assert d.value == 1 / 4 and losses.LeastSquares().g(half).value == 1 / 8 and (d.ds_real + d.ds_fake == 0).all()


def test_a_critic_of_slope_1_stays_below_W1():
    """On a line, E r - E f of critics with slopes of at most 1; the one that follows the sign of F_q - F_p reaches W1."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=30), rng.normal(0.5, 2, size=30)
        knots = np.sort(np.concatenate([x, y]))
        ahead = [np.sign((y <= knot).sum() - (x <= knot).sum()) for knot in knots[:-1]]
        distance = wasserstein_1d(x, y)

        def won(slopes, x=x, y=y, knots=knots):
            s = np.concatenate([[0], np.cumsum(slopes * np.diff(knots))])
            r, f = np.interp(x, knots, s)[:, None], np.interp(y, knots, s)[:, None]
            return -float(losses.Wasserstein().d(r, f).value)

        assert all(won(rng.uniform(-1, 1, 59)) < distance for _ in range(20))
        assert won(np.array(ahead)) == pytest.approx(distance, rel=1e-12) and won(2.0 * np.array(ahead)) > 1.9 * distance


# ---------------------------------------------------------------- steps


def test_momentum_adds_up():
    """With the gradient 1 the steps grow to lr / (1 - momentum): ten times lr for .9."""
    opt, theta = SGD(1.0, momentum=0.9), np.zeros(1)
    positions = [theta[0]]
    for _ in range(300):
        opt.step(theta, np.ones(1))
        positions.append(theta[0])
    steps = -np.diff(positions)
    assert steps[0] == 1 and steps[1] == pytest.approx(1.9) and steps[-1] == pytest.approx(10)


def test_adam_takes_no_notice_of_the_gradients_length():
    """A thousand times longer or not, the steps are the same; those of gradient descent are not (control)."""
    grads = np.random.default_rng(0).normal(size=(50, 5))
    ends = {}
    for make in (Adam, lambda: SGD(1e-3)):
        for length in (1, 1000):
            opt, theta = make(), np.zeros(5)
            for grad in grads:
                opt.step(theta, length * grad)
            ends[make, length] = theta
        (one, other), ends = ends.values(), {}
        assert np.allclose(one, other, rtol=1e-5) == (make is Adam)
    assert 1 / math.sqrt(1 - 0.999) == pytest.approx(32, rel=0.02)  # by how much the first root would be too small


def test_the_age_of_a_running_average():
    """Weights (1 - k) k^i, mean age k / (1 - k)."""
    keep, average, ages = 0.9, 0.0, np.arange(400)
    for theta in ages[::-1]:  # theta is its own age
        average += (1 - keep) * (theta - average)
    assert average == pytest.approx(((1 - keep) * keep**ages * ages).sum(), rel=1e-12) and average == pytest.approx(9, rel=1e-9)
    assert 0.999 / (1 - 0.999) == pytest.approx(1000, rel=0.01)


@pytest.mark.parametrize("epsilon", [0.05, 0.2, 0.45, 0.57, 0.58, 0.9])
def test_looking_ahead_turns_the_spiral_inwards(epsilon):
    """The factor of the radius per step in a game that only turns: formulas, roots of the polynomials, and real steps."""
    turn = np.array([[0, -1], [1, 0]]) * epsilon  # h J
    extra = np.abs(np.linalg.eigvals(np.eye(2) + turn + turn @ turn)).max()
    assert extra**2 == pytest.approx(1 - epsilon**2 + epsilon**4) and extra < 1
    roots = np.abs(np.roots([1, -(1 + 2j * epsilon), 1j * epsilon]))
    assert (roots.max() < 1) == (epsilon < 1 / math.sqrt(3))
    if epsilon <= 1 / 2:
        assert roots.max() ** 2 == pytest.approx((1 + math.sqrt(1 - 4 * epsilon**2)) / 2)
        assert roots.max() ** 2 == pytest.approx(1 - epsilon**2, abs=2 * epsilon**4)

    def radius(opt, steps=400):
        theta, radii = np.array([1e-3, 0.0]), []
        for _ in range(steps):
            opt.step(theta, -dirac.wasserstein(theta))
            radii.append(np.linalg.norm(theta))
        return (radii[-1] / radii[-201]) ** (1 / 200)

    assert radius(Optimistic(SGD(epsilon))) == pytest.approx(roots.max(), abs=5e-3)
    assert radius(SGD(epsilon)) == pytest.approx(math.sqrt(1 + epsilon**2))


def test_clipping_bounds_the_slope():
    """|W|_2 <= c sqrt(d k); the whole D is at most as steep as the product."""
    for seed in SEEDS:
        D, x = mlp(3, 7, 5, 1, seed=seed, dtype=np.float64), np.random.default_rng(seed).normal(size=(40, 3))
        Clipped(SGD(1.0), 0.1).step(D.theta, np.random.default_rng(seed).normal(size=D.theta.shape))
        assert np.abs(D.theta).max() == 0.1
        for layer in D.layers[::2]:
            assert np.linalg.norm(layer.W, 2) <= 0.1 * math.sqrt(layer.d * layer.k)
        s, steepest = D(x), 0.1**3 * math.sqrt(3 * 7 * 7 * 5 * 5 * 1)
        distance = np.linalg.norm(x[1:] - x[:-1], axis=1, keepdims=True)
        assert (np.abs(s[1:] - s[:-1]) <= steepest * distance).all() and np.ptp(s) > 0


def test_noise_on_the_points_leaves_the_gradient_exact():
    rng = np.random.default_rng(0)
    G, D = mlp(2, 4, 3, activation=Tanh, dtype=np.float64), mlp(3, 5, 1, activation=Tanh, seed=1, dtype=np.float64)
    z, noise, theta = rng.normal(size=(7, 2)), rng.normal(size=(7, 3)), G.theta.copy()

    def f(moved):
        G.theta[...] = moved
        return float(g_gradients(G, D, z, losses.NonSaturating(), noise=noise))

    with_noise, gradient = f(theta), G.grad.copy()
    result = gradcheck.check(f, gradient, theta)
    assert result.ok, str(result)
    assert with_noise != float(g_gradients(G, D, z, losses.NonSaturating()))


@pytest.mark.parametrize("m, d", [(1, 3), (2, 3), (3, 2)])
def test_packing_moves_each_number_to_one_place(m, d):
    """y_{p, a d + i} = x_{p m + a, i}, back again in dx, and the same map for velocities."""
    layer, rng = Pack(m, d), np.random.default_rng(0)
    x, x_dot = rng.normal(size=(2, 5 * m, d))
    (y, tape), dy, dy_dot = layer.forward(x), *rng.normal(size=(2, 5, m * d))
    places = {(p * m + a, i): (p, a * d + i) for p in range(5) for a in range(m) for i in range(d)}
    assert len(set(places.values())) == x.size == y.size
    (y_dot, tape_dot), dx = layer.tangent(x_dot, tape), layer.backward(dy, tape)
    both = layer.tangent_backward(dy, dy_dot, tape, tape_dot)
    for one, other in places.items():
        assert y[other] == x[one] and y_dot[other] == x_dot[one] and dx[one] == both[0][one] == dy[other]
        assert both[1][one] == dy_dot[other]
    assert np.vdot(dy, y_dot) == pytest.approx(np.vdot(dx, x_dot), rel=1e-12) and layer.rows == m


# ---------------------------------------------------------------- gradients of gradients


def test_the_loss_rides_along():
    """tangent_backward(dy, dy_dot) adds what tangent_backward(dy, 0) and backward(dy_dot) add, in every layer."""
    for middle in (Tanh(), LayerNorm(5), SpectralNorm(Dense(5, 5))):
        D = Sequential(Dense(3, 5), middle, Tanh(), Dense(5, 1), dtype=np.float64)
        rng = np.random.default_rng(0)
        D.theta += rng.normal(size=D.theta.shape) / 3
        x, v = rng.normal(size=(2, 7, 3))
        dy, ds = rng.normal(size=(2, 7, 1))
        _, tape = D.forward(x)
        _, tape_dot = D.tangent(v, tape)

        def added(call, *arguments, D=D):
            D.zero_grad()
            call(*arguments)
            return D.grad.copy()

        together = added(D.tangent_backward, dy, ds, tape, tape_dot)
        penalty, loss = added(D.tangent_backward, dy, 0 * ds, tape, tape_dot), added(D.backward, ds, tape)
        np.testing.assert_allclose(together, penalty + loss, rtol=1e-12, atol=1e-14)
        assert np.abs(penalty).max() > 0.1 and np.abs(loss).max() > 0.1


def test_a_v_that_moves_along_gives_twice_the_gradient_of_R1():
    """<v, g> with v held at gamma g / N has the penalty's gradient; with v computed anew it is 2 P, with twice the gradient."""
    D = mlp(3, 5, 1, activation=Tanh, dtype=np.float64)
    x, theta = np.random.default_rng(0).normal(size=(7, 3)), D.theta.copy()

    def slopes(moved):
        D.theta[...] = moved
        return D.backward(np.ones((7, 1)), D.forward(x)[1], grads=False)

    v = 0.3 / 7 * slopes(theta)
    held = gradcheck.central(lambda moved: float(np.vdot(v, slopes(moved))), theta)
    moving = gradcheck.central(lambda moved: float(np.vdot(0.3 / 7 * slopes(moved), slopes(moved))), theta)
    D.theta[...] = theta
    D.zero_grad()
    value = R1(0.3)(D, x, D.forward(x)[1])
    assert np.vdot(v, slopes(theta)) == pytest.approx(2 * value)
    np.testing.assert_allclose(D.grad, held, atol=1e-9)
    np.testing.assert_allclose(2 * held, moving, atol=1e-9)
    assert np.abs(held).max() > 1e-2


def test_the_smallest_penalty_by_hand():
    """One number in, one sample: dP/dc, dP/dw and dP/db as written on the page. With ReLU the biases get nothing."""
    x, gamma = 0.8, 0.7
    for activation in (Tanh, ReLU):
        D = mlp(1, 4, 1, activation=activation, dtype=np.float64)
        D.theta += np.random.default_rng(0).normal(size=D.theta.shape)
        w, b, c = D.layers[0].W[0], D.layers[0].b[0], D.layers[2].W[:, 0]
        h = w * x + b
        y = np.tanh(h)
        f1, f2 = (1 - y**2, -2 * y * (1 - y**2)) if activation is Tanh else ((h > 0).astype(float), 0 * h)
        g = (c * w * f1).sum()
        point = np.array([[x]])
        assert R1(gamma)(D, point, D.forward(point)[1]) == pytest.approx(gamma / 2 * g**2)
        by_hand = gamma * g * np.concatenate([c * f1 + c * w * f2 * x, c * w * f2, w * f1, [0]])  # w, b, c, and the last b
        np.testing.assert_allclose(D.grad, by_hand, rtol=1e-12, atol=1e-15)
        assert np.abs(D.grad[:4]).max() > 0.01 and D.grad[4:8].any() == (activation is Tanh)


# ---------------------------------------------------------------- spectral normalisation


def test_how_fast_the_power_iteration_is():
    """Each round multiplies the second singular vector's share, beside the first one's, by (sigma_2 / sigma_1)^2."""
    for seed in SEEDS:
        layer = SpectralNorm(Dense(5, 3), seed=seed)
        layer.W[...] = np.random.default_rng(seed).normal(size=(5, 3))
        left, sigma, _ = np.linalg.svd(layer.W)
        shares = []
        for _ in range(6):
            layer.u, v = layer.directions()
            shares.append((layer.u @ left[:, 1] / (layer.u @ left[:, 0])).item())
            assert (layer.u @ layer.W @ v.swapaxes(0, 1)).item() <= sigma[0] * (1 + 1e-12)
        np.testing.assert_allclose(np.divide(shares[1:], shares[:-1]), (sigma[1] / sigma[0]) ** 2, rtol=1e-6)


def test_what_holding_u_and_v_leaves_out():
    """Along a line the held norm is straight. The true one has the same first derivative there, and a curvature above 0."""
    for seed in SEEDS:
        W, V = np.random.default_rng(seed).normal(size=(2, 5, 3))
        left, _, right = np.linalg.svd(W)
        held = (left[:, :1].swapaxes(0, 1) @ V @ right[:1].swapaxes(0, 1)).item()
        before, here, after = (np.linalg.norm(W + t * V, 2) for t in (-1e-4, 0, 1e-4))
        assert (after - before) / 2e-4 == pytest.approx(held, abs=1e-6)
        assert (after - 2 * here + before) / 1e-8 > 1e-2


# ---------------------------------------------------------------- unrolling


class Quadratic:
    """L_D = c s_real^2 / 2 - s_fake, L_G = s_fake. With s(x) = theta x and the real point 1, L_D = c theta^2 / 2 - theta x."""

    needs_real = False

    def __init__(self, c):
        self.c = c

    def d(self, s_real, s_fake):
        return losses.DLoss((self.c * s_real**2 / 2 - s_fake).mean(axis=(-2, -1)), self.c * s_real, -np.ones_like(s_fake))

    def g(self, s_fake, s_real=None):
        return losses.GLoss(s_fake.mean(axis=(-2, -1)), np.ones_like(s_fake))

    def d_tangent(self, s_real, s_fake, s_real_dot, s_fake_dot):
        return losses.DTangent(self.c * s_real_dot, np.zeros_like(s_fake))


@pytest.mark.parametrize("c, lr", [(0.7, 0.5), (2.0, 0.3), (1.5, 1.2)])
def test_unrolling_tends_to_the_best_answer(c, lr):
    """The gradient of `unrolled_g_gradients` is theta_K + x d theta_K / dx, in closed form; the second part tends to x/c."""
    G, D = Sequential(Shift(), dtype=np.float64), Sequential(Slope(), dtype=np.float64)
    x, one = 0.8, np.ones((1, 1))
    for steps in (0, 1, 3, 60):
        G.theta[...], D.theta[...] = x, 0.4
        theta = 0.4
        for _ in range(steps):
            theta -= lr * (c * theta - x)
        value = unrolled_g_gradients(G, D, 0 * one, Quadratic(c), one, steps=steps, lr=lr)
        assert value == pytest.approx(theta * x, rel=1e-12)
        missing = (1 - (1 - lr * c) ** steps) / c
        assert G.grad[0] == pytest.approx(theta + x * missing, rel=1e-12)
    assert missing == pytest.approx(1 / c, rel=1e-4) and theta == pytest.approx(x / c, rel=1e-4)


# ---------------------------------------------------------------- heads and classes


def test_a_softmax_of_a_softmax():
    """Of ten classes none gets more than e / (e + 9) = .23, and the loss stays above 1.46; with one softmax it falls to 0."""
    best, loss = math.e / (math.e + 9), math.log((math.e + 9) / math.e)
    assert best == pytest.approx(.23, abs=.003) and loss == pytest.approx(1.46, abs=.003)
    labels = one_hot(range(10), 10, np.float64)
    for lead in (1, 10, 1000):
        twice = softmax(softmax(lead * labels))
        assert twice.max() < best + 1e-15 and softmax_cross_entropy(softmax(lead * labels), labels).value > loss - 1e-15
    assert twice.max() == pytest.approx(best, rel=1e-14) and softmax_cross_entropy(1000 * labels, labels).value == 0
    assert 18.4 == pytest.approx(-math.log(1e-8), abs=.03)


def test_a_label_beside_x_is_a_bias_of_each_class():
    """[x, y] W + b is x W_x and the bias b + W_y[c]; the gradient of that row is the sum over its class alone."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        layer = Sequential(Dense(3 + 4, 5), seed=seed, dtype=np.float64)
        x, labels, dy = rng.normal(size=(9, 3)), rng.integers(3, size=9), rng.normal(size=(9, 5))
        y, tape = layer.forward(np.hstack([x, one_hot(labels, 4)]))
        W, b = layer.layers[0].W, layer.layers[0].b
        np.testing.assert_allclose(y, x @ W[:3] + b + W[3 + labels], rtol=1e-12, atol=1e-14)
        layer.backward(dy, tape)
        for c in range(4):
            np.testing.assert_allclose(layer.layers[0].dW[3 + c], dy[labels == c].sum(axis=0), atol=1e-13)


JOINT = np.array([[.30, .05], [.10, .10], [.05, .40]])  # p(x, y): three points, two classes


def between(p, q):
    """The Jensen-Shannon divergence of two tables: what G minimises where D is the best one."""
    m = (p + q) / 2
    return float(sum((a[a > 0] * np.log(a[a > 0] / m[a > 0])).sum() for a in (p, q)) / 2)


def test_what_a_label_in_the_wrong_place_leaves_of_the_game():
    """With its own label G wins by p(x|y) alone; with another one it cannot win; without one any division wins."""
    shares = JOINT.sum(axis=0)  # p(y)
    games = {"its own": lambda q: between(JOINT, q * shares),
             "another": lambda q: between(JOINT, np.outer(q @ shares, shares)),
             "none": lambda q: between(JOINT.sum(axis=1), q @ shares)}
    right = JOINT / shares  # q(x|c), a column for each class
    unused = np.outer(JOINT.sum(axis=1), np.ones(2))  # the same for both classes, and of the right mixture
    assert games["its own"](right) == pytest.approx(0, abs=1e-15) and games["its own"](unused) > .05
    assert games["none"](right) == pytest.approx(0, abs=1e-15) == games["none"](unused)
    line = np.linspace(0, 1, 41)
    every = [np.array([a, b, 1 - a - b]) for a in line for b in line if a + b <= 1 + 1e-12]
    assert min(games["another"](np.outer(np.abs(q), np.ones(2))) for q in every) > .05
    for seed in SEEDS:
        q = np.random.default_rng(seed).dirichlet(np.ones(3), size=2).T
        mixed = np.outer(q @ shares, np.ones(2))  # what G does with its label does not matter
        assert all(games[name](q) == pytest.approx(games[name](mixed), abs=1e-14) for name in ("another", "none"))
        assert games["its own"](q) > games["its own"](right) + 1e-3


def test_the_best_score_is_a_projection():
    """Where both p(y|x) are a softmax of linear functions of features, s* - <V_y, phi(x)> is the same for every y."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        phi = rng.normal(size=(6, 3))
        V_p, V_q = rng.normal(size=(2, 4, 3))
        p, q = (rng.dirichlet(np.ones(6))[:, None] * softmax(phi @ V.T) for V in (V_p, V_q))
        D = Projection([Dense(3, 3)], 4, dtype=np.float64)
        D.phi[0].W, D.label.W = np.eye(3), V_p - V_q
        scores = np.hstack([D(np.hstack([phi, one_hot([c] * 6, 4)])) for c in range(4)])  # (6, 4)
        np.testing.assert_allclose(np.ptp(np.log(p) - np.log(q) - scores, axis=1), 0, atol=1e-12)
        other = p.sum(axis=1, keepdims=True) * softmax((phi @ V_p.T)**2)  # control: not linear
        assert np.ptp(np.log(other) - np.log(q) - scores, axis=1).max() > .1


# ---------------------------------------------------------------- differences


def test_two_steps_remove_a_power():
    """(16 D(h/4) - D(h)) / 15 = f' - b h^4 / 16, where b h^4 = f^(5) h^4 / 120 is the second term of D(h) - f'."""
    x, h = 0.7, 0.1

    def difference(step):
        return (math.sin(x + step) - math.sin(x - step)) / (2 * step)

    left = (16 * difference(h / 4) - difference(h)) / 15 - math.cos(x)
    assert left == pytest.approx(-math.cos(x) / 120 * h**4 / 16, rel=1e-2)
    assert abs(difference(h / 4) - math.cos(x)) > 1000 * abs(left)
