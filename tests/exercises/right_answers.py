"""Every exercise of the lessons solved by hand, as a student would: one formula after the other, nothing from the library.

`test_mutator.py` makes small mistakes in these answers. Each of them must be graded wrong.
"""

import math

import numpy as np
from scipy.spatial.distance import cdist

from tinygan.engine.numerics import sigmoid, softplus

ANSWERS = {}


def answers(number):
    """Keep the function that follows as the answer of an exercise ("02.1")."""
    def keep(function):
        ANSWERS[number] = function
        return function

    return keep


# ---------------------------------------------------------------- 01


@answers("01.1")
def three_probabilities(p_xy):
    p_x = p_xy.sum(axis=1, keepdims=True)
    return p_x, p_xy.sum(axis=0, keepdims=True), p_xy / p_x


@answers("01.2")
def classify(log_p_x_given_y, p_y):
    log_joint = log_p_x_given_y + np.log(p_y)
    largest = log_joint.max(axis=1, keepdims=True)
    log_p_x = largest + np.log(np.exp(log_joint - largest).sum(axis=1, keepdims=True))
    return log_p_x, np.exp(log_joint - log_p_x)


@answers("01.3")
def line_loss(z, y, w, b):
    p = 1 / (1 + np.exp(-(z @ w + b)))
    value = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return value, z.T @ (p - y) / y.size, np.mean(p - y)


@answers("01.4")
def fit_gaussian(x, shrink):
    mean = x.mean(axis=0)
    covariance = (x - mean).T @ (x - mean) / (x.shape[0] - 1)
    return mean, (1 - shrink) * covariance + shrink * np.diag(covariance).mean() * np.eye(x.shape[1])


@answers("01.5")
def near_and_covering(drawn, real):
    distance = np.sqrt(((drawn[:, None] - real) ** 2).sum(axis=-1))
    return distance.min(axis=1).mean(), distance.min(axis=0).mean()


# ---------------------------------------------------------------- 02


@answers("02.1")
def dense_forward(x, W, b):
    return x @ W + b


@answers("02.2")
def dense_backward(dy, x, W):
    return dy @ W.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


@answers("02.3")
def tanh_backward(dy, x):
    return dy * (1 - np.tanh(x) ** 2)


@answers("02.4")
def leaky_relu_backward(dy, x, slope):
    return dy * np.where(x > 0, 1.0, slope)


@answers("02.5")
def numerical_gradient(f, x):
    h, gradient = 6e-6, np.zeros(x.size)
    for i in range(x.size):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        gradient[i] = (f(above) - f(below)) / (2 * h)
    return gradient


# ---------------------------------------------------------------- 03


@answers("03.1")
def sigmoid_of_scores(s):
    e = np.exp(-np.abs(s))
    return np.where(s >= 0, 1 / (1 + e), e / (1 + e))


@answers("03.2")
def softplus_of_scores(s):
    return np.maximum(s, 0) + np.log1p(np.exp(-np.abs(s)))


@answers("03.3")
def bce(s, y):
    s = s[:, 0]
    return (np.maximum(s, 0) - s * y + np.log1p(np.exp(-np.abs(s)))).mean()


@answers("03.4")
def bce_gradient(s, y):
    y = y[:, None]
    return ((1 - y) * sigmoid(s) - y * sigmoid(-s)) / s.shape[0]


@answers("03.5")
def best_score_for(y):
    return np.log(y / (1 - y)), -y * np.log(y) - (1 - y) * np.log(1 - y)


# ---------------------------------------------------------------- 04


@answers("04.1")
def optimal_discriminator(p, q):
    return p / (p + q)


@answers("04.2")
def optimal_score(log_p, log_q):
    return log_p - log_q


def kl(p, m):
    on = p > 0
    return np.sum(p[on] * np.log(p[on] / m[on]))


@answers("04.3")
def jsd(p, q):
    m = (p + q) / 2
    return kl(p, m) / 2 + kl(q, m) / 2


@answers("04.4")
def optimal_loss(p, q):
    return 2 * np.log(2) - kl(p, (p + q) / 2) - kl(q, (p + q) / 2)


@answers("04.5")
def discriminator_loss(s_real, s_fake):
    value = softplus(-s_real).mean() + softplus(s_fake).mean()
    return value, -sigmoid(-s_real) / s_real.shape[0], sigmoid(s_fake) / s_fake.shape[0]


@answers("04.6")
def smoothed_discriminator(p, q, a):
    return a * p / (p + q)


# ---------------------------------------------------------------- 05


def fill_d(D, x_real, x_fake):
    """The gradient of D's loss in D.grad; returns the scores."""
    r, tape_real = D.forward(x_real)
    f, tape_fake = D.forward(x_fake)
    D.zero_grad()
    D.backward(-sigmoid(-r) / r.shape[0], tape_real)
    D.backward(sigmoid(f) / f.shape[0], tape_fake)
    return r, f


@answers("05.1")
def discriminator_gradient(D, x_real, x_fake):
    r, f = fill_d(D, x_real, x_fake)
    return softplus(-r).mean() + softplus(f).mean()


def fill_g(G, D, z):
    """The gradient of G's loss in G.grad; returns the scores."""
    x_fake, tape_G = G.forward(z)
    f, tape_D = D.forward(x_fake)
    dx_fake = D.backward(-sigmoid(-f) / f.shape[0], tape_D, grads=False)
    G.zero_grad()
    G.backward(dx_fake, tape_G)
    return f


@answers("05.2")
def generator_gradient(G, D, z):
    return softplus(-fill_g(G, D, z)).mean()


@answers("05.3")
def adam_step(theta, grad, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@answers("05.4")
def gan_step(G, D, x_real, z_d, z_g, lr):
    fill_d(D, x_real, G(z_d))
    D.theta -= lr * D.grad
    fill_g(G, D, z_g)
    G.theta -= lr * G.grad


@answers("05.5")
def train_ring(G, D, opt_g, opt_d, data, steps, batch, rng):
    for _ in range(steps):
        fill_d(D, data.sample(batch, rng), G(rng.standard_normal((batch, 2))))
        opt_d.step(D.theta, D.grad)
        fill_g(G, D, rng.standard_normal((batch, 2)))
        opt_g.step(G.theta, G.grad)


# ---------------------------------------------------------------- 06


@answers("06.1")
def minimax_g(f):
    return -softplus(f).mean(), -sigmoid(f) / f.shape[0]


@answers("06.2")
def non_saturating_g(f):
    return softplus(-f).mean(), -sigmoid(-f) / f.shape[0]


@answers("06.3")
def gradient_ratio(f):
    return np.exp(-f)


@answers("06.4")
def hinge_d(r, f):
    n = r.shape[0]
    return np.maximum(1 - r, 0).mean() + np.maximum(1 + f, 0).mean(), -1.0 * (r < 1) / n, 1.0 * (f > -1) / n


@answers("06.5")
def hinge_g(f):
    return -f.mean(), np.full_like(f, -1 / f.shape[0])


@answers("06.6")
def gradient_lengths(G, D, z):
    x_fake, tape_G = G.forward(z)
    f, tape_D = D.forward(x_fake)
    lengths = []
    for ds in (-sigmoid(f), -sigmoid(-f)):
        G.zero_grad()
        G.backward(D.backward(ds / f.shape[0], tape_D, grads=False), tape_G)
        lengths.append(np.sqrt((G.grad**2).sum()))
    return lengths[0], lengths[1]


# ---------------------------------------------------------------- 07


@answers("07.1")
def losses_at_rest(a):
    d = a / 2
    return -a * math.log(d) - (2 - a) * math.log(1 - d), -math.log(d), d


@answers("07.2")
def verdicts(r, f):
    return sigmoid(r).mean(), sigmoid(f).mean(), (np.sum(r > 0) + np.sum(f < 0)) / (r.size + f.size)


@answers("07.3")
def second_opinion(r, f):
    return np.log(2) - (softplus(-r).mean() + softplus(f).mean()) / 2


@answers("07.4")
def running_average(thetas, keep):
    average = thetas[0].copy()
    for theta in thetas[1:]:
        average = keep * average + (1 - keep) * theta
    return average


@answers("07.5")
def w1(x, y):
    return np.abs(np.sort(x) - np.sort(y)).mean()


@answers("07.6")
def name_run(d_loss, g_loss, modes, n_modes):
    if not (np.all(np.abs(d_loss) <= 1e6) and np.all(np.abs(g_loss) <= 1e6)):
        return "diverged"
    late = modes[-modes.size // 4:]
    if np.median(late) < 0.9 * n_modes:
        return "collapsed"
    return "healthy"


# ---------------------------------------------------------------- 08


@answers("08.1")
def minimax_field(theta, psi):
    slope = sigmoid(-psi * theta)
    return -psi * slope, theta * slope


@answers("08.2")
def non_saturating_field(theta, psi):
    return -psi * sigmoid(psi * theta), theta * sigmoid(-psi * theta)


@answers("08.3")
def r1_field(theta, psi, gamma):
    slope = sigmoid(-psi * theta)
    return -psi * slope, theta * slope - gamma * psi


@answers("08.4")
def simultaneous_step(field, theta, psi, h):
    theta_dot, psi_dot = field(theta, psi)
    return theta + h * theta_dot, psi + h * psi_dot


@answers("08.5")
def play_in_turns(field, theta, psi, h, steps):
    path = [(theta, psi)]
    for _ in range(steps):
        psi = psi + h * field(theta, psi)[1]
        theta = theta + h * field(theta, psi)[0]
        path.append((theta, psi))
    return np.array(path)


@answers("08.6")
def growth_and_critical_gamma(slope, gamma, h):
    root = np.sqrt(gamma**2 / 4 - slope**2 + 0j)
    return max(abs(1 + h * (-gamma / 2 + root)), abs(1 + h * (-gamma / 2 - root))), 2 * slope


# ---------------------------------------------------------------- 09


@answers("09.1")
def modes_visited(x, means):
    distance = np.sqrt(((x[:, None] - means) ** 2).sum(axis=-1))
    counts = np.bincount(distance.argmin(axis=1), minlength=means.shape[0])
    return counts, (2 * means.shape[0] * counts >= x.shape[0]).sum()


@answers("09.2")
def wilson_interval(k, n):
    s, z = k / n, 1.959964
    reach = z * math.sqrt(s * (1 - s) / n + z**2 / (4 * n**2))
    return (s + z**2 / (2 * n) - reach) / (1 + z**2 / n), (s + z**2 / (2 * n) + reach) / (1 + z**2 / n)


@answers("09.3")
def g_loss(s):
    return softplus(-s).mean(axis=(-2, -1)), -sigmoid(-s) / s.shape[-2]


@answers("09.4")
def pack(x, m):
    r, n, d = x.shape
    return x.reshape(r, n // m, m * d)


# ---------------------------------------------------------------- 10


@answers("10.1")
def good_counts(x, means, stds):
    x = x[np.all(np.isfinite(x), axis=1)]
    distance = np.sqrt(((x[:, None] - means) ** 2).sum(axis=-1))
    nearest = distance.argmin(axis=1)
    good = distance.min(axis=1) <= 3 * stds[nearest]
    return np.bincount(nearest[good], minlength=stds.size)


@answers("10.2")
def mode_scores(n, total, weights):
    return (n >= 1).sum(), (n / total >= weights / 2).sum(), n.sum() / total


@answers("10.3")
def reverse_kl(n, weights):
    if n.sum() == 0:
        return -np.log(weights.min())
    q = n[n > 0] / n.sum()
    return np.sum(q * np.log(q / weights[n > 0]))


@answers("10.4")
def js(counts, total, p):
    q = np.append(counts / total, 1 - counts.sum() / total)
    p = np.append(p, 1 - p.sum())
    m = (p + q) / 2
    return kl(q, m) / 2 + kl(p, m) / 2


@answers("10.5")
def coverage(x, real, k):
    radius = np.sort(cdist(real, real), axis=1)[:, k]
    return (cdist(real, x) < radius[:, None]).any(axis=1).mean()


@answers("10.6")
def mmd2(x, y, b):
    def kernel(u, v):
        return np.exp(-(cdist(u, v) ** 2) / (2 * b**2))

    def within(u):
        K, n = kernel(u, u), u.shape[0]
        return (K.sum() - np.trace(K)) / (n * (n - 1))

    return within(x) + within(y) - 2 * kernel(x, y).mean()


# ---------------------------------------------------------------- 11


@answers("11.1")
def two_segments(theta, length):
    return math.log(2) * min(abs(theta) / length, 1), abs(theta)


@answers("11.2")
def wasserstein_losses(r, f):
    n, m = r.shape[0], f.shape[0]
    return f.mean() - r.mean(), np.full_like(r, -1 / n), np.full_like(f, 1 / m), -f.mean(), np.full_like(f, -1 / m)


def staircase(x, points):
    """The share of x that is at most each of the points."""
    return np.searchsorted(np.sort(x), points, "right") / x.size


@answers("11.3")
def w1_unequal(x, y):
    points = np.sort(np.concatenate([x, y]))
    heights = np.abs(staircase(x, points) - staircase(y, points))
    return (heights[:-1] * np.diff(points)).sum()


@answers("11.4")
def best_critic(x, y):
    points = np.sort(np.concatenate([x, y]))
    slopes = np.sign(staircase(y, points) - staircase(x, points))[:-1]
    scores = np.concatenate([[0.0], np.cumsum(slopes * np.diff(points))])
    return np.interp(x, points, scores), np.interp(y, points, scores)


@answers("11.5")
def clipped_step(D, x_real, x_fake, lr, c):
    r, tape_real = D.forward(x_real)
    f, tape_fake = D.forward(x_fake)
    D.zero_grad()
    D.backward(np.full_like(r, -1 / r.shape[0]), tape_real)
    D.backward(np.full_like(f, 1 / f.shape[0]), tape_fake)
    D.theta -= lr * D.grad
    D.theta = np.clip(D.theta, -c, c)


@answers("11.6")
def gradient_penalty(D, x_real, x_fake, alpha, lam):
    s, tape = D.forward(alpha * x_real + (1 - alpha) * x_fake)
    g = D.backward(np.ones_like(s), tape, grads=False)
    norm = np.sqrt((g**2).sum(axis=1))
    return lam * ((norm - 1) ** 2).mean()


# ---------------------------------------------------------------- 12


@answers("12.1")
def dense_tangent(x_dot, W_dot, b_dot, x, W, b):
    return x_dot @ W + x @ W_dot + b_dot


@answers("12.2")
def tanh_tangent(x_dot, x):
    y = np.tanh(x)
    y_dot = (1 - y**2) * x_dot
    return y_dot, -2 * y * y_dot


@answers("12.3")
def dense_tangent_backward(dy, dy_dot, x, x_dot, W):
    return dy @ W.T, dy_dot @ W.T, x_dot.T @ dy + x.T @ dy_dot, dy_dot.sum(axis=0, keepdims=True)


@answers("12.4")
def sigmoid_tangent_backward(dy, dy_dot, x, x_dot):
    y = sigmoid(x)
    slope = y * (1 - y)
    return slope * dy, slope * dy_dot + slope * (1 - 2 * y) * x_dot * dy


@answers("12.5")
def r1_gradient(D, x, gamma):
    s, tape = D.forward(x)
    g = D.backward(np.ones_like(s), tape, grads=False)
    tape_dot = D.tangent(gamma * g / x.shape[0], tape)[1]
    D.tangent_backward(np.ones_like(s), np.zeros_like(s), tape, tape_dot)
    return gamma / 2 * (g**2).sum() / x.shape[0]


@answers("12.6")
def one_sided(g, lam):
    r = np.sqrt((g**2).sum(axis=1, keepdims=True) + 1e-24)
    over = np.maximum(r - 1, 0)
    return lam * (over**2).mean(), 2 * lam / g.shape[0] * over * g / r


# ---------------------------------------------------------------- 13


@answers("13.1")
def closeness(M, do):
    gap = M[:, None] - M
    a = np.exp(-np.abs(gap).sum(axis=-1))
    pushes = (do[:, None] + do) * a
    return a.sum(axis=1), -(pushes[..., None] * np.sign(gap)).sum(axis=1)


@answers("13.2")
def packed_gradient(D, x_fake, m):
    s, tape = D.forward(x_fake.reshape(-1, m * x_fake.shape[1]))
    return D.backward(-sigmoid(-s) / s.shape[0], tape, grads=False).reshape(x_fake.shape)


@answers("13.3")
def noisy_score(x, a, b, s, r, t):
    p2, q2 = s**2 + t**2, r**2 + t**2
    score = (x - b) ** 2 / (2 * q2) - (x - a) ** 2 / (2 * p2) + math.log(q2 / p2) / 2
    return score, (x - b) / q2 - (x - a) / p2


@answers("13.4")
def sign_test(plain, cured):
    more, fewer = int((cured > plain).sum()), int((cured < plain).sum())
    n = more + fewer
    tail = sum(math.comb(n, i) for i in range(min(more, fewer) + 1)) / 2**n
    return more, fewer, min(1.0, 2 * tail)


# ---------------------------------------------------------------- 14


@answers("14.1")
def loss_rates(r, f, r_dot, f_dot):
    n = r.shape[0]
    return sigmoid(-r) * sigmoid(r) * r_dot / n, sigmoid(f) * sigmoid(-f) * f_dot / n


@answers("14.2")
def thetas_ahead(D, x_real, x_fake, lr, steps):
    ahead = D.copy()
    thetas = [ahead.theta.copy()]
    for _ in range(steps):
        fill_d(ahead, x_real, x_fake)
        ahead.theta -= lr * ahead.grad
        thetas.append(ahead.theta.copy())
    return np.stack(thetas)


@answers("14.3")
def second_derivatives(D, x_real, x_fake, velocity):
    D = D.copy()
    r, tape_real = D.forward(x_real)
    f, tape_fake = D.forward(x_fake)
    D.theta_dot = velocity
    r_dot, dot_real = D.tangent(np.zeros_like(x_real), tape_real)
    f_dot, dot_fake = D.tangent(np.zeros_like(x_fake), tape_fake)
    dr_dot, df_dot = loss_rates(r, f, r_dot, f_dot)
    n = r.shape[0]
    D.zero_grad()
    D.tangent_backward(-sigmoid(-r) / n, dr_dot, tape_real, dot_real)
    m = D.tangent_backward(sigmoid(f) / n, df_dot, tape_fake, dot_fake)[1]
    return D.grad.copy(), m


@answers("14.4")
def unrolled_gradient(G, D, z, x_real, lr, steps):
    x_fake, tape_G = G.forward(z)
    thetas = thetas_ahead(D, x_real, x_fake, lr, steps)
    ahead = D.copy()
    ahead.theta = thetas[-1]
    f, tape_D = ahead.forward(x_fake)
    ahead.zero_grad()
    dx = ahead.backward(-sigmoid(-f) / f.shape[0], tape_D)
    velocity = ahead.grad.copy()
    for theta in thetas[-2::-1]:
        ahead.theta = theta
        h, m = second_derivatives(ahead, x_real, x_fake, velocity)
        dx = dx - lr * m
        velocity = velocity - lr * h
    G.zero_grad()
    G.backward(dx, tape_G)
    return softplus(-f).mean()


# ---------------------------------------------------------------- 15


@answers("15.1")
def schedules(lr, start, stop, steps):
    fraction = np.arange(steps) / steps
    return lr * (1 + np.cos(np.pi * fraction)) / 2, start * (stop / start) ** fraction


@answers("15.2")
def in_other_units(g, gamma, scale):
    return g / scale, gamma * scale**2


@answers("15.3")
def relativistic_g_gradient(G, D, z, x_real):
    x_fake, tape_G = G.forward(z)
    f, tape_D = D.forward(x_fake)
    lag = D(x_real) - f
    dx = D.backward(-sigmoid(lag) / f.shape[0], tape_D, grads=False)
    G.zero_grad()
    G.backward(dx, tape_G)
    return softplus(lag).mean()


@answers("15.4")
def recipe_d_gradient(D, x_real, x_fake, gamma):
    r, tape_real = D.forward(x_real)
    f, tape_fake = D.forward(x_fake)
    n, ones, lag = r.shape[0], np.ones_like(r), f - r
    value = softplus(lag).mean()
    D.zero_grad()
    for ds, tape in ((-sigmoid(lag) / n, tape_real), (sigmoid(lag) / n, tape_fake)):
        g = D.backward(ones, tape, grads=False)
        tape_dot = D.tangent(gamma * g / n, tape)[1]
        D.tangent_backward(ones, ds, tape, tape_dot)
        value = value + gamma / 2 * (g**2).sum() / n
    return value


@answers("15.5")
def memory(keep, steps):
    return keep**steps, math.log(0.5) / math.log(keep), keep / (1 - keep)


# ---------------------------------------------------------------- 16


@answers("16.1")
def labels_beside(x, labels, classes):
    return np.hstack([x, np.eye(classes)[labels]])


@answers("16.2")
def conditional_d_gradient(D, x_real, x_fake, y):
    r, tape_real = D.forward(np.hstack([x_real, y]))
    f, tape_fake = D.forward(np.hstack([x_fake, y]))
    D.zero_grad()
    D.backward(-sigmoid(-r) / r.shape[0], tape_real)
    D.backward(sigmoid(f) / f.shape[0], tape_fake)
    return softplus(-r).mean() + softplus(f).mean()


@answers("16.3")
def conditional_g_gradient(G, D, z, y):
    x_fake, tape_g = G.forward(np.hstack([z, y]))
    f, tape_d = D.forward(np.hstack([x_fake, y]))
    dpair = D.backward(-sigmoid(-f) / f.shape[0], tape_d, grads=False)
    G.zero_grad()
    G.backward(dpair[:, :x_fake.shape[1]], tape_g)
    return softplus(-f).mean()


@answers("16.4")
def r1_on_x(D, x, y, gamma):
    s, tape = D.forward(np.hstack([x, y]))
    ones = np.ones_like(s)
    g = D.backward(ones, tape, grads=False) * (np.arange(x.shape[1] + y.shape[1]) < x.shape[1])
    tape_dot = D.tangent(gamma * g / x.shape[0], tape)[1]
    D.tangent_backward(ones, np.zeros_like(s), tape, tape_dot)
    return gamma / 2 * (g**2).sum() / x.shape[0]


@answers("16.5")
def projection(h, y, V, w, ds):
    v = y @ V + w
    dv = ds * h
    return (h * v).sum(axis=1, keepdims=True), ds * v, y.T @ dv, dv.sum(axis=0, keepdims=True)


@answers("16.6")
def cross_entropy(q, labels):
    n = q.shape[0]
    below = q - q.max(axis=1, keepdims=True)
    log_p = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    y = np.eye(q.shape[1])[labels]
    return -(y * log_p).sum() / n, (np.exp(log_p) - y) / n


# ---------------------------------------------------------------- 17


@answers("17.1")
def information(q, labels):
    log_p = q - np.log(np.exp(q).sum(axis=1, keepdims=True))
    return math.log(q.shape[1]) + np.diag(log_p[:, labels]).mean()


@answers("17.2")
def unread(q, y, u):
    n, k = y.shape
    e = np.exp(q[:, :k])
    p = e / e.sum(axis=1, keepdims=True)
    wrong = q[:, k:] - u
    return (-(y * np.log(p)).sum() + (wrong**2).sum() / 2) / n, np.hstack([p - y, wrong]) / n


@answers("17.3")
def info_d_gradient(D, x_real, x_fake, y, u, info):
    real, tape_real = D.forward(x_real)
    fake, tape_fake = D.forward(x_fake)
    r, f = real[:, :1], fake[:, :1]
    E, dq = unread(fake[:, 1:], y, u)
    D.zero_grad()
    D.backward(np.hstack([-sigmoid(-r) / r.shape[0], np.zeros_like(dq)]), tape_real)
    D.backward(np.hstack([sigmoid(f) / f.shape[0], info * dq]), tape_fake)
    return softplus(-r).mean() + softplus(f).mean() + info * E


@answers("17.4")
def info_g_gradient(G, D, z, y, u, info):
    x_fake, tape_g = G.forward(np.hstack([z, y, u]))
    fake, tape_d = D.forward(x_fake)
    f = fake[:, :1]
    E, dq = unread(fake[:, 1:], y, u)
    dx = D.backward(np.hstack([-sigmoid(-f) / f.shape[0], info * dq]), tape_d, grads=False)
    G.zero_grad()
    G.backward(dx, tape_g)
    return softplus(-f).mean() + info * E


@answers("17.5")
def r1_on_score(D, x, gamma):
    fake, tape = D.forward(x)
    one = np.zeros_like(fake)
    one[:, 0] = 1
    g = D.backward(one, tape, grads=False)
    tape_dot = D.tangent(gamma * g / x.shape[0], tape)[1]
    D.tangent_backward(one, np.zeros_like(fake), tape, tape_dot)
    return gamma / 2 * (g**2).sum() / x.shape[0]


# ---------------------------------------------------------------- 18


@answers("18.1")
def exchanged_rates(r, f):
    n = r.shape[0]
    return sigmoid(r) / n, -sigmoid(-f) / n


@answers("18.2")
def made_parts(D, x, code, x_fake, z, dr, df):
    real, tape_real = D.forward(np.hstack([x, code]))
    fake, tape_fake = D.forward(np.hstack([x_fake, z]))
    d = x.shape[1]
    return D.backward(dr, tape_real, grads=False)[:, d:], D.backward(df, tape_fake, grads=False)[:, :d]


@answers("18.3")
def ge_gradients(G, E, D, x, z):
    code, tape_e = E.forward(x)
    x_fake, tape_g = G.forward(z)
    r, tape_real = D.forward(np.hstack([x, code]))
    f, tape_fake = D.forward(np.hstack([x_fake, z]))
    n, d = x.shape
    dcode = D.backward(sigmoid(r) / n, tape_real, grads=False)[:, d:]
    dx_fake = D.backward(-sigmoid(-f) / n, tape_fake, grads=False)[:, :d]
    G.zero_grad()
    G.backward(dx_fake, tape_g)
    E.zero_grad()
    E.backward(dcode, tape_e)
    return softplus(r).mean() + softplus(-f).mean()


@answers("18.4")
def regressor_gradient(E, G, z):
    code, tape = E.forward(G(z))
    wrong = code - z
    E.zero_grad()
    E.backward(2 * wrong / z.shape[0], tape)
    return (wrong**2).sum() / z.shape[0]


@answers("18.5")
def mismatch_ratio(x, back):
    squares = cdist(x, back) ** 2
    n, own = len(x), np.trace(squares)
    return np.sqrt((own / n) / ((squares.sum() - own) / (n * (n - 1))))


# ---------------------------------------------------------------- 19


@answers("19.1")
def cycle_gradients(G_AB, G_BA, a):
    ab, tape_there = G_AB.forward(a)
    aba, tape_back = G_BA.forward(ab)
    error = aba - a
    G_AB.zero_grad()
    G_BA.zero_grad()
    G_AB.backward(G_BA.backward(2 * error / a.size, tape_back), tape_there)
    return (error**2).mean()


@answers("19.2")
def one_way(G_AB, G_BA, D_B, a, weight):
    ab, tape_there = G_AB.forward(a)
    aba, tape_back = G_BA.forward(ab)
    s, tape_d = D_B.forward(ab)
    error = aba - a
    G_AB.zero_grad()
    G_BA.zero_grad()
    judged = D_B.backward(-sigmoid(-s) / s.shape[0], tape_d, grads=False)
    home = G_BA.backward(weight * 2 * error / a.size, tape_back)
    G_AB.backward(judged + home, tape_there)
    return softplus(-s).mean() + weight * (error**2).mean()


@answers("19.3")
def d_losses(D_A, D_B, G_AB, G_BA, a, b):
    value = 0.0
    for D, real, fake in ((D_A, a, G_BA(b)), (D_B, b, G_AB(a))):
        r, tape_real = D.forward(real)
        f, tape_fake = D.forward(fake)
        D.zero_grad()
        D.backward(-sigmoid(-r) / r.shape[0], tape_real)
        D.backward(sigmoid(f) / f.shape[0], tape_fake)
        value += softplus(-r).mean() + softplus(f).mean()
    return value


@answers("19.4")
def return_share(x, back, means):
    return (cdist(x, means).argmin(axis=1) == cdist(back, means).argmin(axis=1)).mean()


# ---------------------------------------------------------------- 20


@answers("20.1")
def windows_in(size, kernel, stride, pad):
    room = size + 2 * pad - kernel
    return room // stride + 1, room % stride


@answers("20.2")
def conv_forward(x, W, b, stride):
    k, C, K = W.shape
    h = (x.shape[1] - k) // stride + 1
    y = np.zeros((x.shape[0], h, K)) + b
    for a in range(h):
        for i in range(k):
            y[:, a] += x[:, stride * a + i] @ W[i]
    return y


@answers("20.3")
def conv_backward(dy, x, W, stride):
    dx, dW = np.zeros(x.shape), np.zeros(W.shape)
    for a in range(dy.shape[1]):
        for i in range(W.shape[0]):
            dx[:, stride * a + i] += dy[:, a] @ W[i].T
            dW[i] += x[:, stride * a + i].T @ dy[:, a]
    return dx, dW, dy.sum(axis=(0, 1))


@answers("20.4")
def conv_transposed(y, W, b, stride):
    x = np.zeros((y.shape[0], stride * (y.shape[1] - 1) + W.shape[0], W.shape[1])) + b
    for a in range(y.shape[1]):
        for i in range(W.shape[0]):
            x[:, stride * a + i] += y[:, a] @ W[i].T
    return x


@answers("20.5")
def channel_norm(x, gain, shift, dy):
    over = (0, 1)
    r = np.sqrt(x.var(axis=over) + 1e-5)
    xh = (x - x.mean(axis=over)) / r
    dxh = gain * dy
    dx = (dxh - dxh.mean(axis=over) - xh * (xh * dxh).mean(axis=over)) / r
    return gain * xh + shift, dx


# ---------------------------------------------------------------- 21


@answers("21.1")
def draw_condition(mu, log_var, eps):
    return mu + np.sqrt(np.exp(log_var)) * eps


@answers("21.2")
def condition_gradient(dc, log_var, eps):
    return dc.copy(), .5 * dc * (np.sqrt(np.exp(log_var)) * eps)


@answers("21.3")
def kl_term(mu, log_var):
    n, var = len(mu), np.exp(log_var)
    return .5 * np.mean(np.sum(var + mu * mu - 1 - log_var, axis=1)), mu / n, (var - 1) / (n + n)


@answers("21.4")
def matching_loss(s_real, s_fake, s_wrong):
    n, s = len(s_real), np.concatenate([-s_real, s_fake, s_wrong])
    weight = np.repeat([1, .5, .5], n)[:, None] / n
    ds = np.split(weight / (1 + np.exp(-s)), 3)
    return (weight * np.logaddexp(0, s)).sum(), -ds[0], ds[1], ds[2]


@answers("21.5")
def wrong_words(phi):
    wrong, shift = phi.copy(), 1
    while (same := (wrong == phi).all(axis=1)).any():
        wrong[same] = np.roll(phi, -shift, axis=0)[same]
        shift += 1
    return wrong


# ---------------------------------------------------------------- 22


@answers("22.1")
def adain(x, s, t, eps=1e-5):
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    return np.einsum("nc,npc->npc", 1 + s, (x - mean) / np.sqrt(var + eps)) + t[:, None]


@answers("22.2")
def adain_gradient(dy, x, s, eps=1e-5):
    r = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    xh = (x - x.mean(axis=1, keepdims=True)) / r
    ds, dt = np.einsum("npc,npc->nc", dy, xh), np.einsum("npc->nc", dy)
    P, scale = x.shape[1], 1 + s
    return scale[:, None] / (P * r) * (P * dy - dt[:, None] - xh * ds[:, None]), ds, dt


@answers("22.3")
def modulated_weights(W, s, eps=1e-8):
    v = 1 + s
    norm = np.sqrt(np.einsum("nc,wck,wck->nk", v * v, W, W) + eps)
    return np.einsum("nc,wck,nk->nwck", v, W, 1 / norm)


@answers("22.4")
def truncated(w, many, psi):
    return psi * w + (1 - psi) * many.mean(axis=0)


@answers("22.5")
def path_penalty(g, a):
    N, L, _ = g.shape
    r = np.sqrt(np.einsum("nlm,nlm->n", g, g) / L)
    return np.mean((r - a)**2), (2 / (N * L) * (1 - a / r))[:, None, None] * g


# ---------------------------------------------------------------- 23


@answers("23.1")
def pool_and_up(x, k):
    low = np.add.reduceat(x, np.arange(0, x.shape[1], k), axis=1) / k
    return low, np.kron(low, np.ones((1, k)))


@answers("23.2")
def fitting_answer(low, r):
    y, k = r.copy(), r.shape[1] // low.shape[1]
    for i in range(low.shape[1]):
        y[:, k * i:k * i + k] += (low[:, i] - r[:, k * i:k * i + k].mean(axis=1))[:, None]
    return y


@answers("23.3")
def fitting_gradient(dy, k):
    blocks = np.kron(np.eye(dy.shape[1] // k), np.ones((k, 1)))
    return dy @ blocks, dy @ (np.eye(dy.shape[1]) - blocks @ blocks.T / k)


@answers("23.4")
def spread_and_error(answers, x):
    mean = answers.mean(0)
    spread = ((answers - mean)**2).mean(0)**.5
    return spread.mean(0), ((mean - x)**2).mean(0)**.5


@answers("23.5")
def share_nearer(samples, training, others):
    own, other = cdist(samples, training).min(axis=1), cdist(samples, others).min(axis=1)
    return float((np.sign(other - own) + 1).mean() / 2)
