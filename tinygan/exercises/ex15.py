"""Exercises of lesson 15: twenty-five of twenty-five."""

import math

import numpy as np

from ..engine.numerics import sigmoid, softplus
from ..engine.optim import cosine_decay
from ..gradients import d_gradients, g_gradients
from ..losses import Relativistic
from ..penalties import R1, R2, Falling
from .grading import Exercise, Mistake, differences
from .players import at, gradient_of, players, used

LOSS = Relativistic()

# ---------------------------------------------------------------- 15.1


def _run_case(rng):
    start = round(float(rng.uniform(0.05, 0.4)), 3)
    lr = round(float(rng.uniform(2e-3, 9e-3)), 4)
    return lr, start, round(start / float(rng.uniform(10, 40)), 4), int(rng.integers(5, 10))


def _schedules(lr, start, stop, steps):
    """The rate from the half angle's cosine; gamma by one factor, multiplied again and again."""
    factor, gammas = math.exp((math.log(stop) - math.log(start)) / steps), [start]
    for _ in range(steps - 1):
        gammas.append(gammas[-1] * factor)
    return {"rates": np.array([lr * math.cos(math.pi * step / steps / 2) ** 2 for step in range(steps)]),
            "gammas": np.array(gammas)}


def _falling(rate=lambda f: (1 + np.cos(np.pi * f)) / 2, gamma=lambda f, start, stop: start * (stop / start) ** f,
             fraction=lambda steps: np.arange(steps) / steps):
    """Both schedules, with another idea of one of them or of the fraction."""
    def answer(lr, start, stop, steps):
        f = fraction(steps)
        return lr * rate(f), gamma(f, start, stop)

    return answer


def _rate_to_stop(lr, start, stop, steps):
    rates, gammas = _falling()(lr - stop, start, stop, steps)
    return stop + rates, gammas


SCHEDULES = Exercise(
    "15.1", "schedules", "a rate and a penalty that fall", _run_case, _schedules,
    solution=_falling(lambda f: np.array([cosine_decay(one) for one in f]), lambda f, start, stop: Falling(start, stop)(f)),
    mistakes=(
        Mistake("the cosine was not lifted: from 1 to -1, so that the second half of the run climbs",
                _falling(lambda f: np.cos(np.pi * f))),
        Mistake("that is a quarter of a cosine; it must fall to 0 along half of one, slowly at both ends",
                _falling(lambda f: np.cos(np.pi * f / 2))),
        Mistake("1 + cos begins at 2: the half is missing", _falling(lambda f: 1 + np.cos(np.pi * f)), "factor 2"),
        Mistake("the rate rises: 1 - cos begins at 0", _falling(lambda f: (1 - np.cos(np.pi * f)) / 2)),
        Mistake("that is a straight line; half a cosine is slow at both ends", _falling(lambda f: 1 - f)),
        Mistake("the fraction is k / T, how much has passed before the step; here the last step's is 1, and its rate 0",
                _falling(fraction=lambda steps: np.arange(steps) / (steps - 1))),
        Mistake("steps were counted from 1: before the first step nothing has passed",
                _falling(fraction=lambda steps: np.arange(1, steps + 1) / steps)),
        Mistake("k // T is an integer division, and 0 in every step: the fraction is k / T",
                _falling(fraction=lambda steps: np.zeros(steps))),
        Mistake("gamma fell in a straight line; equal factors take it down quickly at first, then slowly",
                _falling(gamma=lambda f, start, stop: start + (stop - start) * f)),
        Mistake("that is a whole cosine, 2 pi: it comes back up; half a cosine was asked for", _falling(
            lambda f: (1 + np.cos(2 * np.pi * f)) / 2)),
        Mistake("180 stands where pi was meant: np.cos takes radians, not degrees",
                _falling(lambda f: (1 + np.cos(180 * f)) / 2)),
        Mistake("the rate ends at stop; it falls to 0, and stop is gamma's", _rate_to_stop),
        Mistake("gamma reaches stop in the last step, as np.geomspace does: its fraction must be k / T, not k / (T - 1)",
                lambda lr, start, stop, steps: (_falling()(lr, start, stop, steps)[0], np.geomspace(start, stop, steps))),
        Mistake("gamma fell along half a cosine, as the rate does; it falls by equal factors", _falling(
            gamma=lambda f, start, stop: stop + (start - stop) * (1 + np.cos(np.pi * f)) / 2)),
        Mistake("gamma was divided by e^(1/T) in each step: the factor must lead from start to stop", _falling(
            gamma=lambda f, start, stop: start * np.exp(-f))),
        Mistake("lr was left out: the rate begins at lr, not at 1",
                lambda lr, start, stop, steps: _falling()(1.0, start, stop, steps), "lr was left out"),
        Mistake("gamma fell by the whole factor in each step: it is stop / start over the run, after T steps", _falling(
            gamma=lambda f, start, stop: start * (stop / start) ** (f * f.size))),
        Mistake("start / stop is larger than 1, so this gamma rises: stop / start", _falling(
            gamma=lambda f, start, stop: start * (start / stop) ** f)),
        Mistake("the half was given to the cosine alone, 1 + cos / 2: it belongs to the sum, (1 + cos) / 2",
                _falling(lambda f: 1 + np.cos(np.pi * f) / 2)),
        Mistake("start and stop were swapped: this gamma rises", _falling(
            gamma=lambda f, start, stop: stop * (start / stop) ** f)),
        Mistake("stop ** fraction falls from 1 to stop: where it begins was left out",
                _falling(gamma=lambda f, start, stop: start * stop ** f)),
    ),
    hints=("The fraction of the run before step k is k / T, for k from 0 to T - 1: np.arange(steps) / steps.",
           "(1 + cos(pi fraction)) / 2 begins at 1 and comes down to 0.",
           "Equal factors: after the fraction f, gamma is start * (stop / start) ** f."),
    constants=lambda lr, start, stop, steps: {"lr": lr},
)

# ---------------------------------------------------------------- 15.2


def _units_case(rng):
    n, d = (int(size) for size in rng.permutation(range(3, 8))[:2])
    return rng.normal(size=(n, d)), round(float(rng.uniform(0.05, 0.5)), 3), round(float(rng.uniform(2.2, 4)), 2)


def _units(g, gamma, scale):
    """The slopes of scores <g_n, x_n / scale> by differences, and the gamma for which both penalties are equal."""
    g_x = differences(lambda x: float((g * (x / scale)).sum()), np.ones_like(g))
    return {"g_x": g_x, "gamma_x": gamma * float((g**2).sum() / (g_x.gradient**2).sum())}


def _other_units(g_x=lambda g, scale: g / scale, gamma_x=lambda gamma, scale: gamma * scale**2):
    return lambda g, gamma, scale: (g_x(g, scale), gamma_x(gamma, scale))


UNITS = Exercise(
    "15.2", "in_other_units", "gamma is a squared length", _units_case, _units,
    solution=_other_units(),
    mistakes=(
        Mistake("the slope was multiplied by scale; when x grows by 1, u grows by 1/scale only: divide",
                _other_units(lambda g, scale: g * scale)),
        Mistake("the slope was left as it is: it is a score per length, and the length has changed",
                _other_units(lambda g, scale: g.copy())),
        Mistake("the slope was divided by the square", _other_units(lambda g, scale: g / scale**2)),
        Mistake("gamma was left as it is: lessons are learned again for every new unit", _other_units(
            gamma_x=lambda gamma, scale: gamma)),
        Mistake("gamma goes with the square of the slope, and so of a length", _other_units(
            gamma_x=lambda gamma, scale: gamma * scale)),
        Mistake("gamma goes with the square of a length, scale^2, whatever d is: each of the d coordinates is in |g|^2 already",
                lambda g, gamma, scale: (g / scale, gamma * scale ** (2 * g.shape[1]))),
        Mistake("that is the value of the penalty; the new gamma was asked for",
                lambda g, gamma, scale: (g / scale, gamma / 2 * (g**2).sum(axis=1).mean())),
        Mistake("gamma goes with the square of the scale, scale^2, not with its root", _other_units(
            gamma_x=lambda gamma, scale: gamma * np.sqrt(scale))),
        Mistake("each slope was brought to the length 1: divide by scale alone", _other_units(
            lambda g, scale: g / np.sqrt((g**2).sum(axis=1, keepdims=True)))),
        Mistake("gamma was made smaller: the slopes have become smaller already", _other_units(
            gamma_x=lambda gamma, scale: gamma / scale**2)),
    ),
    hints=("D(x / scale) = s. When x grows by 1, u = x / scale grows by 1 / scale only.",
           "So each slope is divided by scale, and its square by scale^2. What must gamma do, if gamma |g|^2 is to stay?",
           "g_x = g / scale, gamma_x = gamma * scale**2."),
)

# ---------------------------------------------------------------- 15.3


def _g_case(rng):
    G, D = players(rng)
    n = int(rng.integers(5, 10))
    return G, D, rng.normal(size=(n, 2)), rng.normal(0.5, 1, (n, 3))


def _g_value(G, D, z, x_real):
    """Pair by pair."""
    pairs = zip(D(x_real)[:, 0].tolist(), D(G(z))[:, 0].tolist(), strict=True)
    return sum(math.log1p(math.exp(r - f)) for r, f in pairs) / z.shape[0]


def _g(value=lambda r, f: softplus(r - f).mean(), ds=lambda r, f: -sigmoid(r - f), mean=True, clear=True, grads=False):
    """G's gradient with one thing done differently."""
    def answer(G, D, z, x_real):
        x_fake, tape_G = G.forward(z)
        f, tape_D = D.forward(x_fake)
        r = D(x_real)
        dx = D.backward(ds(r, f) / (f.shape[0] if mean else 1), tape_D, grads=grads)
        if clear:
            G.zero_grad()
        G.backward(dx, tape_G)
        return value(r, f)

    return answer


def _crowd(r, f):
    return softplus(r[:, 0] - f).mean()


def _both_points(G, D, z, x_real):
    x_fake, tape_G = G.forward(z)
    (r, tape_real), (f, tape_fake) = D.forward(x_real), D.forward(x_fake)
    ds = sigmoid(r - f) / f.shape[0]
    G.zero_grad()
    G.backward(D.backward(-ds, tape_fake, grads=False) + D.backward(ds, tape_real, grads=False), tape_G)
    return softplus(r - f).mean()


def _real_tape(G, D, z, x_real):
    x_fake, tape_G = G.forward(z)
    r, tape = D.forward(x_real)
    f = D(x_fake)
    G.zero_grad()
    G.backward(D.backward(-sigmoid(r - f) / f.shape[0], tape, grads=False), tape_G)
    return softplus(r - f).mean()


G_STEP = Exercise(
    "15.3", "relativistic_g_gradient", "the generator's gradient, pair by pair", _g_case,
    lambda G, D, z, x_real: {"value": _g_value(G, D, z, x_real),
                             "G.grad": differences(lambda theta: _g_value(at(G, theta), D, z, x_real), G.theta),
                             "D.grad": used(D=D)["D"].grad},
    solution=lambda G, D, z, x_real: g_gradients(G, D, z, LOSS, x_real),
    mistakes=(
        Mistake("the real scores were left out: that is the non-saturating loss",
                _g(lambda r, f: softplus(-f).mean(), lambda r, f: -sigmoid(-f))),
        Mistake("each fake was compared with the mean real score; here it has one real point as its partner",
                _g(lambda r, f: softplus(r.mean() - f).mean(), lambda r, f: -sigmoid(r.mean() - f))),
        Mistake("every fake met every real point, (N,) against (N, 1); here they meet in pairs",
                _g(_crowd, lambda r, f: -sigmoid(r[:, 0] - f).mean(axis=1, keepdims=True))),
        Mistake("that is D's loss: G wants its points to score higher than the real ones",
                _g(lambda r, f: softplus(f - r).mean(), lambda r, f: sigmoid(f - r))),
        Mistake("sorted scores were paired; the n-th fake point belongs to the n-th real one",
                _g(lambda r, f: softplus(np.sort(r, axis=0) - np.sort(f, axis=0)).mean())),
        Mistake("the real points are in reverse: the n-th fake point belongs to the n-th real one, in a pair",
                lambda G, D, z, x_real: _g()(G, D, z, x_real[::-1])),
        Mistake("p (1 - p) stands where p was meant: the sigmoid is the derivative of softplus already",
                _g(ds=lambda r, f: -sigmoid(r - f) * sigmoid(f - r))),
        Mistake("the gradient at the real points went into G as well: x_real does not move with G", _both_points),
        Mistake("the tape of the real points was used on the way back: the gradient at the fake ones is asked", _real_tape),
        Mistake("the value is right, but softplus' = sigmoid of the same thing, r - f",
                _g(ds=lambda r, f: -sigmoid(f - r))),
        Mistake("f stands in r - f with a minus: G goes uphill", _g(ds=lambda r, f: sigmoid(r - f)), "sign"),
        Mistake("the mean's 1/N was left out", _g(mean=False), "batch size"),
        Mistake("G.grad was not cleared: the gradient of the step before is still in it", _g(clear=False)),
        Mistake("D's own gradient was changed on the way through; D.backward(..., grads=False) leaves it alone", _g(grads=True)),
    ),
    hints=("As in 05.2, but with r = D(x_real) beside f. G does not move x_real, so r is a fixed number for each pair.",
           "softplus(r - f) has the derivative -sigmoid(r - f) with respect to f, and the mean divides by N.",
           "dx = D.backward(-sigmoid(r - f) / N, tape_D, grads=False); G.zero_grad(); G.backward(dx, tape_G)"),
    observe=lambda answer, G, D, z, x_real: gradient_of(answer, used(G=G, D=D), z, x_real),
    batch=lambda G, D, z, x_real: z.shape[0],
)

# ---------------------------------------------------------------- 15.4


def _d_case(rng):
    _, D = players(rng)
    n = int(rng.integers(5, 10))
    return D, rng.normal(0.5, 1, (n, 3)), rng.normal(-0.5, 1, (n, 3)), round(float(rng.uniform(3, 12)), 1)


def _steepness(D, x):
    """Mean |g|^2 for D = Dense, Tanh, Dense: the gradient of a score is sum_k a_k (1 - tanh^2) W[:, k]."""
    first, _, last = D.layers
    g = np.einsum("nk,k,dk->nd", 1 - np.tanh(x @ first.W + first.b) ** 2, last.W[:, 0], first.W)
    return (g**2).sum() / x.shape[0]


def _d_value(D, x_real, x_fake, gamma):
    pairs = np.log1p(np.exp(D(x_fake) - D(x_real))).mean()
    return float(pairs + gamma / 2 * (_steepness(D, x_real) + _steepness(D, x_fake)))


def _both(gamma):
    return R1(gamma), R2(gamma)


def _d(ds=lambda lag, n: sigmoid(lag) / n, sides=(-1, 1), at_real=1, at_fake=1, v=lambda g, gamma, n: gamma * g / n, twice=False,
       clear=True, value=lambda lag, steep, gamma: softplus(lag).mean() + gamma / 2 * steep, tapes=(0, 1), again=False,
       first=False, norms=lambda g: (g * g).sum() / g.shape[0], begin=None, start=None, each=None):
    """D's whole gradient with one thing done differently."""
    def answer(D, x_real, x_fake, gamma):
        (r, tape_real), (f, tape_fake) = D.forward(x_real), D.forward(x_fake)
        if clear:
            D.zero_grad()
        n, steep, ones, kept = r.shape[0], 0.0, np.ones_like(r), (tape_real, tape_fake)
        for side, weight, which in zip(sides, (at_real, at_fake), tapes, strict=True):
            if again:
                D.zero_grad()
            df, tape = side * ds(f - r, n) if each is None else each(r, f, n)[which], kept[which]
            g = D.backward(ones if begin is None else df, tape, grads=first)
            steep += weight * norms(g)
            D.tangent_backward(ones if start is None else df, df, tape, D.tangent(v(weight * g, gamma, n), tape)[1])
            if twice:
                D.backward(df, tape)
        return value(f - r, steep, gamma) if each is None else softplus(-r).mean() + softplus(f).mean() + gamma / 2 * steep

    return answer


D_STEP = Exercise(
    "15.4", "recipe_d_gradient", "the discriminator's whole gradient, in one pass a batch", _d_case,
    lambda D, x_real, x_fake, gamma: {"value": _d_value(D, x_real, x_fake, gamma), "D.grad": differences(
        lambda theta: _d_value(at(D, theta), x_real, x_fake, gamma), D.theta)},
    solution=lambda D, x_real, x_fake, gamma: d_gradients(D, x_real, x_fake, LOSS, _both(gamma)),
    mistakes=(
        Mistake("R2 is missing: D must be gentle at fake points too", _d(at_fake=0)),
        Mistake("R1 is missing: D must be gentle at real points too", _d(at_real=0)),
        Mistake("D.grad has the penalties alone: the loss's own ds was not taken along", _d(sides=(0, 0))),
        Mistake("the loss was counted twice: it rode along in tangent_backward, and got a backward pass of its own too",
                _d(twice=True)),
        Mistake("both signs of the loss are wrong: this D wants the fake points to score higher", _d(sides=(1, -1))),
        Mistake("r and f were treated alike; f - r has one with a plus, one with a minus", _d(sides=(1, 1))),
        Mistake("ds is missing its 1/N", _d(ds=lambda lag, n: sigmoid(lag))),
        Mistake("softplus' = sigmoid of the same thing, f - r; sigmoid(r - f) was taken",
                _d(ds=lambda lag, n: sigmoid(-lag) / n)),
        Mistake("v is missing its gamma: the penalties push as if gamma were 1", _d(v=lambda g, gamma, n: g / n)),
        Mistake("the square gives its 2 back: v = gamma g / N, without the 1/2", _d(v=lambda g, gamma, n: gamma / 2 * g / n)),
        Mistake("gamma/2 is missing its 1/2 in the value",
                _d(value=lambda lag, steep, gamma: softplus(lag).mean() + gamma * steep)),
        Mistake("the value is that of the loss alone; D pays the penalties too",
                _d(value=lambda lag, steep, gamma: softplus(lag).mean())),
        Mistake("r - f is G's loss, and its derivatives: D wants the real points to score higher, f - r", _d(
            ds=lambda lag, n: sigmoid(-lag) / n, sides=(1, -1),
            value=lambda lag, steep, gamma: softplus(-lag).mean() + gamma / 2 * steep)),
        Mistake("the penalties' gradient is missing: v is what brings it in", _d(v=lambda g, gamma, n: 0 * g)),
        Mistake("the penalties' gradient has the wrong sign", _d(v=lambda g, gamma, n: -gamma * g / n)),
        Mistake("the backward pass for g began with the loss's ds; begin with ones, the derivative of each score by itself",
                _d(begin="ds")),
        Mistake("tangent_backward began with the loss's ds for dy; begin with ones, and ds comes second", _d(start="ds")),
        Mistake("the pairs are missing: that is the non-saturating D's loss, softplus(-r) and softplus(f)", _d(
            each=lambda r, f, n: (-sigmoid(-r) / n, sigmoid(f) / n))),
        Mistake("the two penalties were averaged, in the value and in v: they are added", _d(at_real=0.5, at_fake=0.5)),
        Mistake("gamma is missing in the value", _d(value=lambda lag, steep, gamma: softplus(lag).mean() + steep / 2)),
        Mistake("the value is that of the penalties alone; the loss belongs to it",
                _d(value=lambda lag, steep, gamma: gamma / 2 * steep)),
        Mistake("the penalties have the wrong sign in the value",
                _d(value=lambda lag, steep, gamma: softplus(lag).mean() - gamma / 2 * steep)),
        Mistake("the loss is a mean over the pairs, not a sum", _d(
            ds=lambda lag, n: sigmoid(lag), value=lambda lag, steep, gamma: softplus(lag).sum() + gamma / 2 * steep)),
        Mistake("the sigmoid is the derivative of softplus already, and it was differentiated once more: p (1 - p)",
                _d(ds=lambda lag, n: sigmoid(lag) * sigmoid(-lag) / n)),
        Mistake("half of the loss's derivatives: each score of a pair gets all of it",
                _d(ds=lambda lag, n: sigmoid(lag) / n / 2)),
        Mistake("v is missing its 1/N: the penalties push N times too hard", _d(v=lambda g, gamma, n: gamma * g)),
        Mistake("the penalties are missing their 1/N, in the value and in v", _d(
            v=lambda g, gamma, n: gamma * g, norms=lambda g: (g * g).sum())),
        Mistake("the penalties are missing their 1/N in the value: the mean of |g|^2 is over the samples",
                _d(norms=lambda g: (g * g).sum())),
        Mistake("the mean of |g|^2 in the value was taken over all entries of g; it is over the samples",
                _d(norms=lambda g: (g * g).mean())),
        Mistake("|g| stands where |g|^2 belongs in the value", _d(norms=lambda g: np.sqrt((g * g).sum(axis=-1)).mean())),
        Mistake("D.zero_grad stands inside the loop over the two batches: what the real batch left there is gone",
                _d(again=True)),
        Mistake("the backward pass for g has added its own gradient to D.grad; grads=False leaves that alone", _d(first=True)),
        Mistake("the fake batch's tape was used for both batches", _d(tapes=(1, 1))),
        Mistake("the real batch's tape was used for both batches", _d(tapes=(0, 0))),
        Mistake("D.grad was not cleared: the gradient of the step before is still in it", _d(clear=False)),
    ),
    hints=("Two forwards, two tapes, D.zero_grad() once. Then the same three lines for each batch, with its own tape and ds.",
           "g = D.backward(ones, tape, grads=False); the penalty moves the points with v = gamma g / N; "
           "_, tape_dot = D.tangent(v, tape).",
           "D.tangent_backward(ones, ds, tape, tape_dot) adds the gradient of the penalty and that of the loss in one pass.",
           "With lag = f - r: ds = -sigmoid(lag) / N for the real batch, +sigmoid(lag) / N for the fake one."),
    observe=lambda answer, D, *args: gradient_of(answer, used(D=D), *args),
    constants=lambda D, x_real, x_fake, gamma: {"gamma": gamma}, batch=lambda D, x_real, x_fake, gamma: x_real.shape[0],
)

# ---------------------------------------------------------------- 15.5


def _memory_case(rng):
    return round(1 - float(np.exp(rng.uniform(np.log(0.02), np.log(0.2)))), 3), int(rng.integers(5, 20))


def _memory(keep, steps):
    """The weights of an average that has run for long, one by one; the half-life by halving an interval."""
    weights = [(1 - keep) * keep**age for age in range(5000)]
    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if keep**middle > 0.5 else (low, middle)
    return {"left": 1 - sum(weights[:steps]), "half": low, "age": sum(age * weight for age, weight in enumerate(weights))}


def _memories(left=lambda keep, steps: keep**steps, half=lambda keep: math.log(0.5) / math.log(keep),
              age=lambda keep: keep / (1 - keep)):
    return lambda keep, steps: (left(keep, steps), half(keep), age(keep))


MEMORY = Exercise(
    "15.5", "memory", "how far back an average looks", _memory_case, _memory,
    solution=_memories(),
    mistakes=(
        Mistake("that is the share that the new steps have taken; asked is what is left of the start",
                _memories(lambda keep, steps: 1 - keep**steps)),
        Mistake("what is left was multiplied by 1 - keep: only what comes in is", _memories(
            lambda keep, steps: (1 - keep) * keep**steps)),
        Mistake("1 - keep is not taken away each time from the whole, but from what is left", _memories(
            lambda keep, steps: 1 - steps * (1 - keep))),
        Mistake("keep was multiplied by the steps; each step multiplies what is left by keep: a power, keep^steps",
                _memories(lambda keep, steps: keep * steps)),
        Mistake("that is (1 - keep)^steps: what is left of the start was multiplied by keep each time",
                _memories(lambda keep, steps: (1 - keep) ** steps)),
        Mistake("left is one step short, keep^(steps - 1)", _memories(lambda keep, steps: keep ** (steps - 1))),
        Mistake("left is one step too far, keep^(steps + 1)", _memories(lambda keep, steps: keep ** (steps + 1))),
        Mistake("the two logarithms have different bases: take both to the same base, in half",
                _memories(half=lambda keep: math.log10(0.5) / math.log(keep))),
        Mistake("half has its sign wrong: both logarithms are negative",
                _memories(half=lambda keep: math.log(2) / math.log(keep)), "sign"),
        Mistake("the mean age is not keep: a weight of 1 - keep is missing, keep / (1 - keep)", _memories(age=lambda keep: keep)),
        Mistake("the weight 1 - keep of each age is missing: that is the sum of k keep^k, not yet the mean age",
                _memories(age=lambda keep: keep / (1 - keep) ** 2)),
        Mistake("the ages were summed over `steps` steps only; the run has been long", lambda keep, steps: (
            *_memories()(keep, steps)[:2], sum((1 - keep) * keep**k * k for k in range(steps)))),
        Mistake("1 / (1 - keep) steps leave a share of 1/e, not a half", _memories(half=lambda keep: 1 / (1 - keep))),
        Mistake("a half of those 1 / (1 - keep) steps leave a share of 1/sqrt(e), 61 %", _memories(
            half=lambda keep: 0.5 / (1 - keep))),
        Mistake("log(keep) / log(1/2) is upside down", _memories(half=lambda keep: math.log(keep) / math.log(0.5))),
        Mistake("ln 2 / (1 - keep) is near, for keep near 1; exact is ln(1/2) / ln(keep)", _memories(
            half=lambda keep: math.log(2) / (1 - keep))),
        Mistake("keep and 1 - keep are exchanged in the mean age: keep / (1 - keep)",
                _memories(age=lambda keep: (1 - keep) / keep)),
        Mistake("half of the memory 1 / (1 - keep) is not the mean age", _memories(age=lambda keep: 0.5 / (1 - keep))),
        *(Mistake("half is not a whole number: it was rounded", _memories(
            half=lambda keep, to=to: float(to(math.log(0.5) / math.log(keep))))) for to in (math.ceil, math.floor, round)),
        Mistake("ages were counted from 1: the newest row has the age 0", _memories(age=lambda keep: 1 / (1 - keep))),
        Mistake("the mean age is not the half-life: old rows are few, but very old", _memories(
            age=lambda keep: math.log(0.5) / math.log(keep))),
    ),
    hints=("Each step multiplies what is there by keep. After `steps` of them keep is a factor `steps` times.",
           "half solves keep^half = 1/2. Take logarithms.",
           "The row of age k has the weight (1 - keep) keep^k, and the sum of k q^k over all k is q / (1 - q)^2."),
)

EXERCISES = (SCHEDULES, UNITS, G_STEP, D_STEP, MEMORY)
