"""Exercises of lesson 17: codes that mean something."""

import math

import numpy as np

from ..data import one_hot
from ..engine.heads import softmax
from ..engine.layers import Tanh
from ..engine.network import mlp
from ..engine.numerics import sigmoid, softplus
from .grading import Exercise, Mistake, differences
from .players import at, gradient_of, penalty_observed, penalty_slips, used

D_X, D_Z, K, M = 3, 2, 4, 2


def _rows(labels, classes=K):
    return one_hot(labels, classes, np.float64)


def _players(rng):
    """G (2 + 4 + 2 -> 3) and D (3 -> 1 + 4 + 2), smooth, with no bias at 0."""
    sizes = (D_Z + K + M, int(rng.integers(4, 7)), D_X), (D_X, int(rng.integers(4, 7)), 1 + K + M)
    nets = [mlp(*shape, activation=Tanh, seed=int(rng.integers(1 << 30)), dtype=np.float64) for shape in sizes]
    for net in nets:
        net.theta += 0.2 * rng.normal(size=net.theta.shape)
    return nets


def _codes(rng, n):
    """One-hot rows of which no two neighbours are alike, and factors. A row that was moved is seen."""
    return _rows((int(rng.integers(K)) + np.cumsum(rng.integers(1, K, size=n))) % K), rng.uniform(-1, 1, (n, M))


def _rolled(rows):
    return np.roll(rows, 1, axis=0)


# ---------------------------------------------------------------- 17.1


def _information_case(rng):
    """The last category does not occur, and the first ones not equally often. Some readers are worse than a guess."""
    n, k = int(rng.integers(6, 10)), int(rng.integers(4, 8))
    labels = rng.integers(k - 1, size=n)
    labels[:3] = labels[0]
    return rng.normal(0, 1, (n, k)) + rng.choice([2, -2]) * _rows(labels, k), labels


def _information_truth(q, labels):
    """Row by row."""
    logs = [math.log(math.exp(row[label]) / sum(map(math.exp, row))) for row, label in zip(q, labels, strict=True)]
    return {"L_I": np.asarray(math.log(q.shape[1]) + sum(logs) / len(logs))}


def _information(prior=lambda q, labels: math.log(q.shape[1]), log_p=lambda p: np.log(p), mean=np.mean, sign=1):
    """The answer with one thing done differently."""
    def answer(q, labels):
        p = softmax(q)
        return sign * (prior(q, labels) + mean(log_p(p)[np.arange(len(q)), labels]))

    return answer


def _counted(q, labels):
    share = np.bincount(labels)[np.unique(labels)] / len(labels)
    return -(share * np.log(share)).sum()


INFORMATION = Exercise(
    "17.1", "information", "what the reader has learned", _information_case, _information_truth, solution=_information(),
    mistakes=(
        Mistake("H(c) was left at 0, the entropy of the one-hot row that was drawn; before it is drawn it is ln K",
                _information(prior=lambda q, labels: 0.0)),
        Mistake("H(c) counts only the categories that occur here: all K were possible",
                _information(prior=lambda q, labels: math.log(len(np.unique(labels))))),
        Mistake("H(c) was taken from how often each category occurs here: all K were equally likely", _information(_counted)),
        Mistake("the difference was taken the other way round: what was learned is H(c) minus what is still unknown",
                _information(sign=-1), "sign"),
        Mistake("the cross-entropy was added to H(c)", _information(log_p=lambda p: -np.log(p))),
        Mistake("that is in bits, with the logarithm to base 2",
                lambda q, labels: _information()(q, labels) / math.log(2)),
        Mistake("softmax was taken twice", _information(log_p=lambda p: np.log(softmax(p)))),
        Mistake("the logarithms were added up; their mean is asked for", _information(mean=np.sum)),
        Mistake("the logarithm of the mean probability was taken; it is the mean of the logarithms",
                _information(log_p=lambda p: p, mean=lambda p: np.log(np.mean(p)))),
        Mistake("L_I was cut off at 0: a reader that is worse than a guess has a bound below 0",
                lambda q, labels: max(0.0, _information()(q, labels)), "L_I is zero"),
        Mistake("H(c) is ln K, with the number of categories; here it is ln N",
                _information(prior=lambda q, labels: math.log(len(q)))),
        Mistake("softmax was taken over the samples: it belongs to each row",
                lambda q, labels: math.log(q.shape[1]) + np.log(softmax(q.T).T)[np.arange(len(q)), labels].mean()),
        Mistake("the likeliest category was asked for, not the one that the label says",
                lambda q, labels: _information()(q, q.argmax(axis=1))),
        Mistake("the entropy of softmax(q) was taken away from H(c): the labels are not in it",
                lambda q, labels: math.log(q.shape[1]) + (softmax(q) * np.log(softmax(q))).sum(axis=1).mean()),
    ),
    hints=("A reader that guesses, q = 0, must get exactly 0. One that is right and certain gets ln K.",
           "H(c) = ln K, a constant: q.shape[1] is K.",
           "math.log(K) + np.log(softmax(q))[np.arange(N), labels].mean()"),
    batch=lambda q, labels: q.shape[0],
)


# ---------------------------------------------------------------- 17.2


def _unread_case(rng):
    n, k, m = (int(size) for size in rng.permutation(np.arange(2, 8))[:3])
    return rng.normal(0, 1.5, (n, k + m)), _rows(rng.integers(k, size=n), k), rng.uniform(-1, 1, (n, m))


def _unread_value(q, y, u):
    """Row by row, as the textbook has it."""
    k, total = y.shape[1], 0.0
    for row, one, factors in zip(q, y, u, strict=True):
        total -= math.log(math.exp(row[one.argmax()]) / sum(math.exp(score) for score in row[:k]))
        total += sum((guess - factor)**2 for guess, factor in zip(row[k:], factors, strict=True)) / 2
    return total / len(q)


def _unread(p=softmax, guess=lambda q, k: q[:, k:], half=.5, rate=1.0, rates=(1, 1), per=None, of_factors=np.sum, m=1, k=1):
    """Value and derivative with one thing done differently."""
    def answer(q, y, u):
        width = y.shape[1]
        found, wrong, n = p(q[:, :width]), guess(q, width) - u, len(q)
        logs = -(y * np.log(found)).sum() / n / (width if k == 0 else 1)
        value = logs + half * (of_factors(wrong**2, axis=1)).sum() / n
        own = n if per is None else per
        scale = u.shape[1] if m == 0 else 1
        return value, np.hstack([rates[0] * (found - y), rates[1] * rate * wrong / scale]) / own

    return answer


def _factors_first(q, y, u):
    m = u.shape[1]
    value, dq = _unread()(np.hstack([q[:, m:], q[:, :m]]), y, u)
    k = y.shape[1]
    return value, np.hstack([dq[:, k:], dq[:, :k]])


def _one_softmax_for_all(q, y, u):
    k = y.shape[1]
    p = softmax(q)
    wrong = p[:, k:] - u
    value = -np.log((p[:, :k] * y).sum(axis=1)).mean() + (wrong**2).sum() / 2 / len(q)
    dp = np.hstack([-y / p[:, :k], wrong]) / len(q)
    return value, p * (dp - (dp * p).sum(axis=1, keepdims=True))


def _log_with_a_plus(q, y, u):
    value, dq = _unread()(q, y, u)
    return value + 2 * (y * np.log(softmax(q[:, :y.shape[1]]))).sum() / len(q), dq


UNREAD = Exercise(
    "17.2", "unread", "what the reader does not know", _unread_case,
    lambda q, y, u: {"E": np.asarray(_unread_value(q, y, u)), "dq": differences(lambda q: _unread_value(q, y, u), q)},
    solution=_unread(),
    mistakes=(
        Mistake("the guesses are pushed away from the factors: it is guess minus factor", _unread(rates=(1, -1))),
        Mistake("the scores of the categories are pushed the wrong way: it is probability minus truth", _unread(rates=(-1, 1))),
        Mistake("dq has the wrong sign in every column", _unread(rates=(-1, -1)), "sign"),
        Mistake("one softmax was taken over all K + m columns: the guesses are numbers, and factors go down to -1",
                _one_softmax_for_all),
        Mistake("the guesses went through sigmoid and cannot reach a factor below 0",
                _unread(guess=lambda q, k: sigmoid(q[:, k:]))),
        Mistake("the square of the distance is halved, so its 2 is gone; dq has it twice", _unread(rate=2.0)),
        Mistake("the squared distance is not halved in E", _unread(half=1.0)),
        Mistake("a whole square, and its derivative: E has half of it", _unread(half=1.0, rate=2.0),
                "the squared distance is not halved in E"),
        Mistake("the squares were averaged over the m factors; they are added", _unread(of_factors=np.mean, m=0)),
        Mistake("the factors have no part in dq", _unread(rates=(1, 0))),
        Mistake("the factors have no part in E, nor in dq", _unread(half=0.0, rates=(1, 0))),
        Mistake("the categories have no part in E, nor in dq",
                lambda q, y, u: _unread(p=lambda scores: np.ones_like(scores), rates=(0, 1))(q, y, u)),
        Mistake("the sign of the logarithm is wrong in E: it is -log p", _log_with_a_plus),
        Mistake("the mean's 1/N is missing in dq", _unread(per=1), "batch size"),
        Mistake("the factors' columns were taken to stand in front of those of the categories", _factors_first),
        Mistake("softmax was taken over the samples: it belongs to each row", _unread(p=lambda q: softmax(q.T).T)),
    ),
    hints=("K is y.shape[1]: q[:, :K] are scores, and q[:, K:] are guesses of u.",
           "The categories' part is 16.6 once more, with the derivative (p - y) / N.",
           "Half a square has the derivative (guess - u), and the mean over the rows gives 1/N.",
           "dq = np.hstack([p - y, guess - u]) / N"),
    batch=lambda q, y, u: q.shape[0],
)


# ---------------------------------------------------------------- 17.3


def _d_case(rng):
    n = int(rng.integers(5, 9))
    return (_players(rng)[1], rng.normal(0.4, 1, (n, D_X)), rng.normal(-0.4, 1, (n, D_X)), *_codes(rng, n),
            round(float(rng.uniform(0.3, 0.7)), 2))


def _d_value(D, x_real, x_fake, y, u, info):
    real, fake = D(x_real), D(x_fake)
    game = float(np.log1p(np.exp(-real[:, 0])).mean() + np.log1p(np.exp(fake[:, 0])).mean())
    return game + info * _unread_value(fake[:, 1:], y, u)


def _row(ds, q):
    return np.hstack([ds, np.zeros_like(q)])


def _d(asked=lambda rows: rows, weight=lambda info: info, in_value=True, in_grad=True, real_too=False, score=0, wide=False,
       tapes=(0, 1), mean=True, clear=True, sides=(-1, 1)):
    """The gradient of D and Q with one thing done differently."""
    def answer(D, x_real, x_fake, y, u, info):
        (real, tape_real), (fake, tape_fake) = D.forward(x_real), D.forward(x_fake)
        r, f, kept, n = real[:, score:][:, :1], fake[:, score:][:, :1], (tape_real, tape_fake), len(x_real)
        if clear:
            D.zero_grad()
        value = softplus(-r).mean() + softplus(f).mean()
        rows = []
        for s, out, side, has_codes in ((-r, real, sides[0], real_too), (f, fake, sides[1], True)):
            ds = side * sigmoid(s) / (n if mean else 1)
            row = np.broadcast_to(ds, out.shape).copy() if wide else np.roll(_row(ds, out[:, 1:]), score, axis=1)
            if has_codes:
                E, dq = _unread()(out[:, 1:], asked(y), asked(u))
                value = value + in_value * weight(info) * E
                row[:, 1:] += in_grad * weight(info) * dq * (1 if mean else n)
            rows.append(row)
        D.backward(rows[0], kept[tapes[0]])
        D.backward(rows[1], kept[tapes[1]])
        return value

    return answer


D_STEP = Exercise(
    "17.3", "info_d_gradient", "the discriminator that reads", _d_case,
    lambda D, *rest: {"value": np.asarray(_d_value(D, *rest)),
                      "D.grad": differences(lambda theta: _d_value(at(D, theta), *rest), D.theta)},
    solution=_d(),
    mistakes=(
        Mistake("E is missing: Q is a part of D, and learns nowhere else", _d(in_value=False, in_grad=False)),
        Mistake("E stands in the loss, and its gradient is missing: Q's columns stay as they are", _d(in_grad=False)),
        Mistake("E is missing in the loss that was returned; its gradient is there", _d(in_value=False)),
        Mistake("E was taken away: this Q learns to read badly", _d(weight=lambda info: -info)),
        Mistake("E has lost its weight info", _d(weight=lambda info: 1.0)),
        Mistake("Q was asked about the real points too, which were made from no codes", _d(real_too=True)),
        Mistake("each point was asked for the codes of another row", _d(asked=_rolled)),
        Mistake("the codes stand in the reverse order", _d(asked=lambda rows: rows[::-1])),
        Mistake("the last column was taken for the score; it is the first", _d(score=K + M)),
        Mistake("the derivative of the score went back from all columns; those of Q have no part in the score", _d(wide=True)),
        Mistake("both signs of the game are wrong: this D wants the generated points to score higher", _d(sides=(1, -1))),
        Mistake("the sign of the real points' derivative is wrong: this D wants all scores to fall", _d(sides=(1, 1))),
        Mistake("the sign of the generated points' derivative is wrong: this D wants all scores to rise", _d(sides=(-1, -1))),
        Mistake("real points went backward with the tape of the generated ones", _d(tapes=(1, 1))),
        Mistake("the mean's 1/N was left out", _d(mean=False), "batch size"),
        Mistake("D.grad was not cleared: the gradient of the step before is still in it", _d(clear=False)),
    ),
    hints=("Two forwards, two tapes, D.zero_grad(), two backward passes, as in 05.1. Each begins with rows as wide as D.d_out.",
           "For real points the row is (dr, 0, ..., 0): np.hstack([dr, np.zeros((N, D.d_out - 1))]).",
           "For generated points it is np.hstack([df, info * dq]), with dq from 17.2 for the columns from 1 on."),
    observe=lambda answer, D, *args: gradient_of(answer, used(D=D), *args),
    constants=lambda D, x_real, x_fake, y, u, info: {"info": info}, batch=lambda D, x_real, *rest: x_real.shape[0],
)


# ---------------------------------------------------------------- 17.4


def _g_case(rng):
    n = int(rng.integers(5, 9))
    return *_players(rng), rng.normal(size=(n, D_Z)), *_codes(rng, n), round(float(rng.uniform(0.3, 0.7)), 2)


def _g_value(G, D, z, y, u, info):
    out = D(G(np.hstack([z, y, u])))
    return float(np.log1p(np.exp(-out[:, 0])).mean()) + info * _unread_value(out[:, 1:], y, u)


def _g(given=lambda rows: rows, asked=lambda rows: rows, weight=lambda info: info, in_value=True, in_grad=True, game=1.0,
       ds=lambda f: -sigmoid(-f), value=lambda f: softplus(-f).mean(), mean=True, clear=True, freeze=True):
    """G's gradient with one thing done differently."""
    def answer(G, D, z, y, u, info):
        x_fake, tape_g = G.forward(np.hstack([z, given(y), given(u)]))
        out, tape_d = D.forward(x_fake)
        f, n = out[:, :1], len(z)
        E, dq = _unread()(out[:, 1:], asked(y), asked(u))
        row = np.hstack([game * ds(f) / n, in_grad * weight(info) * dq]) * (1 if mean else n)
        dx = D.backward(row, tape_d, grads=not freeze)
        if clear:
            G.zero_grad()
        G.backward(dx, tape_g)
        return value(f) + in_value * weight(info) * E

    return answer


G_STEP = Exercise(
    "17.4", "info_g_gradient", "the generator that wants to be read", _g_case,
    lambda G, D, *rest: {"value": np.asarray(_g_value(G, D, *rest)), "D.grad": used(D=D)["D"].grad,
                         "G.grad": differences(lambda theta: _g_value(at(G, theta), D, *rest), G.theta)},
    solution=_g(),
    mistakes=(
        Mistake("E is missing: this G is an ordinary one, and may ignore its codes", _g(in_value=False, in_grad=False)),
        Mistake("E stands in the loss, and nothing of it goes back to G", _g(in_grad=False)),
        Mistake("E was taken away: G hides its codes", _g(weight=lambda info: -info)),
        Mistake("E has lost its weight info", _g(weight=lambda info: 1.0)),
        Mistake("the score's own derivative is missing: G only wants to be read", _g(game=0.0)),
        Mistake("each point was asked for the codes of another row", _g(asked=_rolled)),
        Mistake("G was given the codes in another order than Q is asked for", _g(given=_rolled)),
        Mistake("neither is in order: G is given, and Q is asked for, the codes of other rows than those of z",
                _g(given=_rolled, asked=_rolled)),
        Mistake("G minimises D's loss, and learns to be recognised", _g(ds=sigmoid, value=lambda f: softplus(f).mean())),
        Mistake("the sign of the score's derivative: G makes its points score lower", _g(ds=lambda f: sigmoid(-f))),
        Mistake("the mean's 1/N was left out", _g(mean=False), "batch size"),
        Mistake("G.grad was not cleared: the gradient of the step before is still in it", _g(clear=False)),
        Mistake("D's own gradient was changed on the way through; D.backward(..., grads=False) leaves it alone",
                _g(freeze=False)),
    ),
    hints=("It is 05.2 with np.hstack([z, y, u]) for z, and a D that has more than one column.",
           "The score's derivative is -sigmoid(-f) / N, and 17.2 gives dq for the other columns.",
           "dx = D.backward(np.hstack([df, info * dq]), tape_d, grads=False); G.zero_grad(); G.backward(dx, tape_g)"),
    observe=lambda answer, G, D, *args: gradient_of(answer, used(G=G, D=D), *args),
    constants=lambda G, D, z, y, u, info: {"info": info}, batch=lambda G, D, z, *rest: z.shape[0],
)


# ---------------------------------------------------------------- 17.5


def _r1_case(rng):
    return _players(rng)[1], rng.normal(size=(int(rng.integers(5, 9)), D_X)), round(float(rng.uniform(3, 12)), 1)


def _r1_value(D, x, gamma):
    """For D = Dense, Tanh, Dense. The gradient of the first column by x is sum_k a_k (1 - tanh^2) W[:, k]."""
    first, _, last = D.layers
    slope = 1 - np.tanh(x @ first.W + first.b) ** 2
    g = np.einsum("nk,k,dk->nd", slope, last.W[:, 0], first.W)
    return float(gamma / 2 * (g**2).sum() / len(x))


def _column(k):
    """(0, ..., 1, ..., 0) in every row, with the 1 in column k; None: a 1 in every column."""
    return lambda out: np.ones_like(out) if k is None else np.eye(out.shape[1])[np.full(len(out), k)]


SCORE = _column(0)


def _r1(start=SCORE, again=None, v=lambda g, gamma, n: gamma * g / n, half=0.5, mean=True, clear=False, first=False):
    """R1 with one thing done differently: begun from other columns, in both passes or in the second one alone."""
    def answer(D, x, gamma):
        out, tape = D.forward(x)
        if clear:
            D.zero_grad()
        g = D.backward(start(out), tape, grads=first)
        _, tape_dot = D.tangent(v(g, gamma, len(x)), tape)
        D.tangent_backward((again or start)(out), np.zeros_like(out), tape, tape_dot)
        return half * gamma * (g**2).sum() / (len(x) if mean else 1)

    return answer


PENALTY = Exercise(
    "17.5", "r1_on_score", "a gentle slope for the score alone", _r1_case,
    lambda D, x, gamma: {"P": np.asarray(_r1_value(D, x, gamma)),
                         "what was added to D.grad": differences(lambda theta: _r1_value(at(D, theta), x, gamma), D.theta)},
    solution=_r1(),
    mistakes=(
        Mistake("backward began with ones in all columns: the slopes of Q are punished too", _r1(_column(None))),
        Mistake("P is that of the score, but tangent_backward began with ones in all columns", _r1(again=_column(None))),
        Mistake("P counts all columns, and its gradient is that of the score", _r1(_column(None), SCORE)),
        Mistake("the last column was taken for the score; it is the first", _r1(_column(-1))),
        Mistake("the second column was taken for the score; counting starts at 0", _r1(_column(1))),
        *penalty_slips(_r1),
    ),
    hints=("It is 12.5 for a D with several columns. Where that has np.ones_like(s), there is another row here.",
           "one = np.zeros_like(out); one[:, 0] = 1. Begin both backward and tangent_backward with it.",
           "v = gamma * g / N; _, tape_dot = D.tangent(v, tape); D.tangent_backward(one, np.zeros_like(out), tape, tape_dot)"),
    observe=penalty_observed,
    constants=lambda D, x, gamma: {"gamma": gamma}, batch=lambda D, x, gamma: x.shape[0],
)

EXERCISES = (INFORMATION, UNREAD, D_STEP, G_STEP, PENALTY)
