"""Exercises of lesson 16: a class for both players."""

import numpy as np

from ..data import one_hot
from ..engine import gradcheck
from ..engine.heads import softmax, softmax_cross_entropy
from ..engine.layers import Tanh
from ..engine.network import mlp
from ..engine.numerics import sigmoid, softplus
from ..losses import NonSaturating
from ..penalties import R1
from ..zoo import conditional
from ..zoo.joining import only
from .grading import Exercise, Mistake, differences
from .players import at, gradient_of, penalty_observed, penalty_slips, used

D_X, D_Z, K = 3, 2, 4


def _rows(labels, classes=K):
    return one_hot(labels, classes, np.float64)


def _players(rng):
    """G (2 + 4 -> 3) and D (3 + 4 -> 1), smooth, with no bias at 0."""
    sizes = (D_Z + K, int(rng.integers(4, 7)), D_X), (D_X + K, int(rng.integers(4, 7)), 1)
    nets = [mlp(*shape, activation=Tanh, seed=int(rng.integers(1 << 30)), dtype=np.float64) for shape in sizes]
    for net in nets:
        net.theta += 0.2 * rng.normal(size=net.theta.shape)
    return nets


def _labels(rng, n):
    """One-hot rows of n labels, neighbours of different classes. A row that was moved is seen."""
    return _rows((int(rng.integers(K)) + np.cumsum(rng.integers(1, K, size=n))) % K)


# ---------------------------------------------------------------- 16.1


def _beside_case(rng):
    n, d, classes = (int(size) for size in rng.permutation(np.arange(3, 9))[:3])
    return rng.normal(size=(n, d)), rng.integers(classes - 1, size=n), classes  # the last class does not occur


def _beside_truth(x, labels, classes):
    """Entry by entry."""
    rows = [[*row, *(float(k == label) for k in range(classes))] for row, label in zip(x, labels, strict=True)]
    return {"rows": np.array(rows)}


BESIDE = Exercise(
    "16.1", "labels_beside", "a label as a row of numbers", _beside_case, _beside_truth,
    solution=lambda x, labels, classes: np.hstack([x, _rows(labels, classes)]),
    mistakes=(
        Mistake("the label stands there as one number: class 4 is not twice class 2",
                lambda x, labels, classes: np.hstack([x, labels[:, None]]), "has shape"),
        Mistake("y stands in front of x", lambda x, labels, classes: np.hstack([_rows(labels, classes), x])),
        Mistake("classes are counted from 0: the 1 of class k stands k places to the right of the first one",
                lambda x, labels, classes: np.hstack([x, np.roll(_rows(labels, classes), -1, axis=1)])),
        Mistake("only the classes up to the largest label got a column; the others may come in the next batch",
                lambda x, labels, classes: np.hstack([x, _rows(labels, labels.max() + 1)]), "has shape"),
        Mistake("the label was written into its place, where a 1 belongs",
                lambda x, labels, classes: np.hstack([x, labels[:, None] * _rows(labels, classes)])),
        Mistake("the other classes have -1; they have 0",
                lambda x, labels, classes: np.hstack([x, 2 * _rows(labels, classes) - 1])),
        Mistake("zeros and ones are exchanged", lambda x, labels, classes: np.hstack([x, 1 - _rows(labels, classes)])),
        Mistake("every row got the label of its neighbour",
                lambda x, labels, classes: np.hstack([x, np.roll(_rows(labels, classes), 1, axis=0)])),
    ),
    hints=("np.eye(classes) has one row for each class, and it is the right one.",
           "An array of whole numbers picks rows: np.eye(classes)[labels].",
           "np.hstack([x, np.eye(classes)[labels]])"),
)


# ---------------------------------------------------------------- 16.2


def _d_case(rng):
    n = int(rng.integers(5, 9))
    return _players(rng)[1], rng.normal(0.4, 1, (n, D_X)), rng.normal(-0.4, 1, (n, D_X)), _labels(rng, n)


def _d_value(D, x_real, x_fake, y):
    """Pair by pair, as the textbook has it; the scores are small enough."""
    scores = [[float(D(np.array([[*x, *label]]))[0, 0]) for x, label in zip(batch, y, strict=True)] for batch in (x_real, x_fake)]
    return float(np.log1p(np.exp(-np.array(scores[0]))).mean() + np.log1p(np.exp(scores[1])).mean())


def _d(real=lambda y: y, fake=lambda y: y, sides=(-1, 1), tapes=(0, 1), mean=True, clear=True,
       join=lambda x, y: np.hstack([x, y])):
    """D's gradient with one thing done differently."""
    def answer(D, x_real, x_fake, y):
        (r, tape_real), (f, tape_fake) = D.forward(join(x_real, real(y))), D.forward(join(x_fake, fake(y)))
        if clear:
            D.zero_grad()
        kept, n = (tape_real, tape_fake), r.shape[0] if mean else 1
        D.backward(sides[0] * sigmoid(-r) / n, kept[tapes[0]])
        D.backward(sides[1] * sigmoid(f) / n, kept[tapes[1]])
        return softplus(-r).mean() + softplus(f).mean()

    return answer


D_STEP = Exercise(
    "16.2", "conditional_d_gradient", "the discriminator of pairs", _d_case,
    lambda D, x_real, x_fake, y: {"value": np.asarray(_d_value(D, x_real, x_fake, y)),
                                  "D.grad": differences(lambda theta: _d_value(at(D, theta), x_real, x_fake, y), D.theta)},
    solution=lambda D, x_real, x_fake, y: conditional.d_gradients(D, x_real, x_fake, y, NonSaturating()).value,
    mistakes=(
        Mistake("the generated points stand beside the labels of other rows: G was given these labels, row by row",
                _d(fake=lambda y: np.roll(y, 1, axis=0))),
        Mistake("the generated points stand beside the labels of other rows, in the reverse order", _d(fake=lambda y: y[::-1])),
        Mistake("the real points stand beside the labels of other rows", _d(real=lambda y: np.roll(y, 1, axis=0))),
        Mistake("D is not told the label of the generated points: y is 0 there", _d(fake=np.zeros_like)),
        Mistake("D is not told the label of the real points: y is 0 there", _d(real=np.zeros_like)),
        Mistake("D is told no label at all: y is 0 everywhere", _d(real=np.zeros_like, fake=np.zeros_like)),
        Mistake("y stands in front of x", _d(join=lambda x, y: np.hstack([y, x]))),
        Mistake("both signs are wrong: this D wants the generated points to score higher", _d(sides=(1, -1)), "sign"),
        Mistake("real and generated points were treated alike: f has a plus", _d(sides=(-1, -1))),
        Mistake("the sign of the real points' derivative is wrong: this D wants all scores to fall", _d(sides=(1, 1))),
        Mistake("only the real points are in D.grad", _d(sides=(-1, 0))),
        Mistake("only the generated points are in D.grad: was it cleared between the two backward passes?", _d(sides=(0, 1))),
        Mistake("x_real and x_fake are exchanged", lambda D, x_real, x_fake, y: _d()(D, x_fake, x_real, y)),
        Mistake("real points went backward with the tape of the generated ones", _d(tapes=(1, 1))),
        Mistake("the mean's 1/N was left out", _d(mean=False), "batch size"),
        Mistake("D.grad was not cleared: the gradient of the step before is still in it", _d(clear=False)),
    ),
    hints=("It is 05.1 with np.hstack([x_real, y]) for x_real, and np.hstack([x_fake, y]) for x_fake.",
           "Two forwards, two tapes, D.zero_grad(), two backward passes.",
           "The scores' derivatives are -sigmoid(-r) / N and sigmoid(f) / N."),
    observe=lambda answer, D, *args: gradient_of(answer, used(D=D), *args),
    batch=lambda D, x_real, x_fake, y: x_real.shape[0],
)


# ---------------------------------------------------------------- 16.3


def _g_case(rng):
    n = int(rng.integers(5, 9))
    return *_players(rng), rng.normal(size=(n, D_Z)), _labels(rng, n)


def _g_value(G, D, z, y):
    """Row by row."""
    made = [(G(np.array([[*noise, *label]]))[0], label) for noise, label in zip(z, y, strict=True)]
    scores = np.array([float(D(np.array([[*x, *label]]))[0, 0]) for x, label in made])
    return float(np.log1p(np.exp(-scores)).mean())


def _g(asked=lambda y: y, shown=lambda y: y, columns=slice(None, D_X), ds=lambda f: -sigmoid(-f), mean=True, clear=True,
       freeze=True, value=lambda f: softplus(-f).mean()):
    """G's gradient with one thing done differently."""
    def answer(G, D, z, y):
        x_fake, tape_g = G.forward(np.hstack([z, asked(y)]))
        f, tape_d = D.forward(np.hstack([x_fake, shown(y)]))
        dpair = D.backward(ds(f) / (f.shape[0] if mean else 1), tape_d, grads=not freeze)
        if clear:
            G.zero_grad()
        G.backward(dpair[:, columns], tape_g)
        return value(f)

    return answer


G_STEP = Exercise(
    "16.3", "conditional_g_gradient", "the generator is asked for a class", _g_case,
    lambda G, D, z, y: {"value": np.asarray(_g_value(G, D, z, y)), "D.grad": used(D=D)["D"].grad,
                        "G.grad": differences(lambda theta: _g_value(at(G, theta), D, z, y), G.theta)},
    solution=lambda G, D, z, y: conditional.g_gradients(G, D, z, y, NonSaturating()),
    mistakes=(
        Mistake("the last columns went back to G; those of x are the first ones", _g(columns=slice(-D_X, None))),
        Mistake("the columns of x went back in the reverse order", _g(columns=[2, 1, 0])),
        Mistake("D is told other labels than those that G was given", _g(shown=lambda y: np.roll(y, 1, axis=0))),
        Mistake("D is told the labels in the reverse order", _g(shown=lambda y: y[::-1])),
        Mistake("D is not told the label: y is 0 there", _g(shown=np.zeros_like)),
        Mistake("G is not told the label: y is 0 there", _g(asked=np.zeros_like)),
        Mistake("neither is told the label", _g(asked=np.zeros_like, shown=np.zeros_like)),
        Mistake("G minimises D's loss, and learns to be recognised", _g(ds=sigmoid, value=lambda f: softplus(f).mean())),
        Mistake("that is the minimax loss, log(1 - sigmoid(f)): it saturates", _g(ds=lambda f: -sigmoid(f),
                                                                               value=lambda f: -softplus(f).mean())),
        Mistake("the sign of the derivative: G makes its points score lower", _g(ds=lambda f: sigmoid(-f)), "sign"),
        Mistake("the mean's 1/N was left out", _g(mean=False), "batch size"),
        Mistake("G.grad was not cleared: the gradient of the step before is still in it", _g(clear=False)),
        Mistake("D's own gradient was changed on the way through; D.backward(..., grads=False) leaves it alone",
                _g(freeze=False)),
    ),
    hints=("It is 05.2 with y beside z for G, and the same y beside x_fake for D.",
           "D.backward(...) is the derivative by the whole pair, (N, 3 + 4). G has made the first three columns.",
           "dpair = D.backward(-sigmoid(-f) / N, tape_d, grads=False); G.backward(dpair[:, :G.d_out], tape_g)"),
    observe=lambda answer, G, D, *args: gradient_of(answer, used(G=G, D=D), *args),
    batch=lambda G, D, z, y: z.shape[0],
)


# ---------------------------------------------------------------- 16.4


def _r1_case(rng):
    n = int(rng.integers(5, 9))
    return _players(rng)[1], rng.normal(size=(n, D_X)), _labels(rng, n), round(float(rng.uniform(3, 12)), 1)


def _r1_value(D, x, y, gamma):
    """For D = Dense, Tanh, Dense. The gradient of a score by x is sum_k a_k (1 - tanh^2) W[:, k], W's rows of x."""
    first, _, last = D.layers
    slope = 1 - np.tanh(np.hstack([x, y]) @ first.W + first.b) ** 2
    g = np.einsum("nk,k,dk->nd", slope, last.W[:, 0], first.W[:D_X])
    return float(gamma / 2 * (g**2).sum() / x.shape[0])


def _r1_truth(D, x, y, gamma):
    penalty = differences(lambda theta: _r1_value(at(D, theta), x, y, gamma), D.theta)
    return {"P": np.asarray(_r1_value(D, x, y, gamma)), "what was added to D.grad": penalty}


def _r1(counted=slice(None, D_X), moved=slice(None, D_X), v=lambda g, gamma, n: gamma * g / n, half=0.5, mean=True, clear=False,
        first=False):
    """R1 on x with one thing done differently. Other columns count, or are moved."""
    def answer(D, x, y, gamma):
        s, tape = D.forward(np.hstack([x, y]))
        if clear:
            D.zero_grad()
        g = D.backward(np.ones_like(s), tape, grads=first)
        x_dot = np.zeros_like(g)
        x_dot[:, moved] = v(g, gamma, x.shape[0])[:, moved]
        D.tangent_backward(np.ones_like(s), np.zeros_like(s), tape, D.tangent(x_dot, tape)[1])
        return half * gamma * (g[:, counted]**2).sum() / (x.shape[0] if mean else 1)

    return answer


EVERY, LABEL = slice(None), slice(D_X, None)
PENALTY = Exercise(
    "16.4", "r1_on_x", "a gentle slope for x alone", _r1_case, _r1_truth,
    solution=lambda D, x, y, gamma: R1(gamma, only(D_X, D_X + K))(D, np.hstack([x, y]), D.forward(np.hstack([x, y]))[1]),
    mistakes=(
        Mistake("the slopes by the label count too: a label cannot be moved a little", _r1(EVERY, EVERY)),
        Mistake("the columns of the label were moved too: P is right, and its gradient is that of another P", _r1(moved=EVERY)),
        Mistake("P counts all columns, and its gradient only those of x", _r1(counted=EVERY)),
        Mistake("the columns of the label were taken, and those of x left out", _r1(LABEL, LABEL)),
        *penalty_slips(_r1),
    ),
    hints=("It is 12.5 for the pairs np.hstack([x, y]), but with g = 0 in the columns of y.",
           "g = D.backward(np.ones_like(s), tape, grads=False); g[:, x.shape[1]:] = 0. All the rest is as before.",
           "v = gamma * g / N; _, tape_dot = D.tangent(v, tape); "
           "D.tangent_backward(np.ones_like(s), np.zeros_like(s), tape, tape_dot)"),
    observe=penalty_observed,
    constants=lambda D, x, y, gamma: {"gamma": gamma}, batch=lambda D, x, y, gamma: x.shape[0],
)


# ---------------------------------------------------------------- 16.5


def _projection_case(rng):
    n, k, width = (int(size) for size in rng.permutation(np.arange(3, 8))[:3])
    labels = (int(rng.integers(k)) + np.cumsum(rng.integers(1, k, size=n))) % k
    return (rng.normal(size=(n, width)), _rows(labels, k), rng.normal(size=(k, width)), rng.normal(size=(1, width)),
            rng.normal(size=(n, 1)))


def _projection_truth(h, y, V, w, ds):
    """Sample by sample, with the row of V that belongs to its class."""
    def scores(h, V, w):
        return np.array([[float(row @ (V[int(label.argmax())] + w[0]))] for row, label in zip(h, y, strict=True)])

    def total(*parts):
        return float((ds * scores(*parts)).sum())

    return {"s": scores(h, V, w), "dh": differences(lambda h: total(h, V, w), h), "dV": differences(lambda V: total(h, V, w), V),
            "dw": differences(lambda w: total(h, V, w), w)}


def _projection(s=lambda h, v: (h * v).sum(axis=1, keepdims=True), dh=lambda h, v, y, ds: ds * v, dv=lambda h, v, y, ds: ds * h,
                v=lambda y, V, w: y @ V + w, dV=lambda dv, y: y.T @ dv, dw=lambda dv: dv.sum(axis=0, keepdims=True)):
    """Score and backward pass with one thing done differently."""
    def answer(h, y, V, w, ds):
        own = v(y, V, w)
        back = dv(h, own, y, ds)
        return s(h, own), dh(h, own, y, ds), dV(back, y), dw(back)

    return answer


def _last_of_each(dv, y):
    dV = np.zeros((y.shape[1], dv.shape[1]))
    dV[y.argmax(axis=1)] = dv
    return dV


PROJECTION = Exercise(
    "16.5", "projection", "a label as a direction", _projection_case, _projection_truth, solution=_projection(),
    mistakes=(
        Mistake("w was left out of s and dh: it is there for every class", _projection(v=lambda y, V, w: y @ V)),
        Mistake("dh lacks ds: it is the slope of s, not that of L", _projection(dh=lambda h, v, y, ds: v.copy())),
        Mistake("dV and dw lack ds", _projection(dv=lambda h, v, y, ds: h.copy())),
        Mistake("the factors were exchanged in dh: each is the slope of the other one",
                _projection(dh=lambda h, v, y, ds: ds * h)),
        Mistake("the factors were exchanged in dV and dw: each is the slope of the other one",
                _projection(dv=lambda h, v, y, ds: ds * v)),
        Mistake("every class got the rows of all samples in dV: only those of its own class belong there",
                _projection(dV=lambda dv, y: np.ones_like(y).T @ dv)),
        Mistake("dV has one sample of each class alone: an index y.argmax(axis=1) keeps the last one, and y.T @ adds them",
                _projection(dV=_last_of_each)),
        Mistake("dV is a mean over the samples of each class; it is their sum",
                _projection(dV=lambda dv, y: y.T @ dv / np.maximum(y.sum(axis=0), 1)[:, None])),
        Mistake("dV came out transposed", _projection(dV=lambda dv, y: dv.T @ y), "transposed"),
        Mistake("dw was not summed over the batch", _projection(dw=lambda dv: dv.copy()), "sum over the batch"),
        Mistake("dw is a mean over the batch; ds has its 1/N already", _projection(dw=lambda dv: dv.mean(axis=0, keepdims=True)),
                "batch size"),
        Mistake("s is a mean over the features; an inner product is a sum",
                _projection(s=lambda h, v: (h * v).mean(axis=1, keepdims=True))),
        Mistake("s holds every sample against every label, (N, N)", _projection(s=lambda h, v: h @ v.T), "has shape"),
        Mistake("s has lost its last axis", _projection(s=lambda h, v: (h * v).sum(axis=1)), "has shape"),
    ),
    hints=("v = y @ V + w has one row for each sample, and s is the inner product of the rows of h and v.",
           "s = sum of h v: the derivative by h is v, and that by v is h. ds goes in front of both.",
           "dh = ds * v, dv = ds * h, dV = y.T @ dv, dw = dv.sum(axis=0, keepdims=True)."),
    batch=lambda h, *rest: h.shape[0],
)


# ---------------------------------------------------------------- 16.6


def _entropy_case(rng):
    """Ordinary scores; and one row each in which the right class and a wrong one are far ahead, or all are large."""
    n, k = int(rng.integers(5, 9)), int(rng.integers(3, 8))
    q, labels = rng.normal(0, 2, (n, k)), rng.integers(k, size=n)
    q[0, labels[0]] += 50
    q[1, (labels[1] + 1) % k] += 800
    q[2] += 900
    return q, labels


def _entropy_value(q, labels):
    """Row by row: log sum exp q - q of the class. The largest score is a fixed number, so complex steps pass through."""
    total = 0
    for row, label in zip(q, labels, strict=True):
        top = row.real.max()
        total = total + np.log(np.exp(row - top).sum()) + top - row[label]
    return total / len(q)


def _entropy_truth(q, labels):
    return {"value": np.asarray(_entropy_value(q, labels)), "dq": gradcheck.complex_step(lambda q: _entropy_value(q, labels), q)}


def _log_softmax(q, axis=1):
    below = q - q.max(axis=axis, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=axis, keepdims=True))


def _entropy(log_p=_log_softmax, value=lambda log_p, y: -(log_p * y).sum() / len(y), dq=lambda p, y: (p - y) / len(y)):
    """Value and derivative with one thing done differently."""
    def answer(q, labels):
        y, found = _rows(labels, q.shape[1]), log_p(q)
        return value(found, y), dq(np.exp(found), y)

    return answer


def _overflowing(q):
    e = np.exp(q)
    return np.log(e / e.sum(axis=1, keepdims=True))


CROSS_ENTROPY = Exercise(
    "16.6", "cross_entropy", "which class was it?", _entropy_case, _entropy_truth,
    solution=lambda q, labels: tuple(softmax_cross_entropy(q, _rows(labels, q.shape[1]))),
    mistakes=(
        Mistake("softmax was taken twice: the scores went in as probabilities", _entropy(lambda q: _log_softmax(softmax(q)))),
        Mistake("the logarithm of a clipped probability: a class that lies behind by 800 costs 800, not 18",
                _entropy(lambda q: np.log(softmax(q) + 1e-8))),
        Mistake("the probability was clipped before its logarithm: a class that lies behind by 800 costs 800, not 16",
                _entropy(lambda q: np.log(np.clip(softmax(q), 1e-7, 1)))),
        Mistake("exp overflows where all scores are large: take the largest one of the row away first",
                _entropy(_overflowing), "not finite"),
        Mistake("the mean's 1/N is missing in the derivative", _entropy(dq=lambda p, y: p - y), "batch size"),
        Mistake("the value is a mean over all N K entries; it is one over the N samples",
                _entropy(value=lambda log_p, y: -(log_p * y).mean())),
        Mistake("the value's minus is lost", _entropy(value=lambda log_p, y: (log_p * y).sum() / len(y)), "sign"),
        Mistake("the derivative's sign: it is probability minus truth", _entropy(dq=lambda p, y: (y - p) / len(y)), "sign"),
        Mistake("that is the softmax alone: the truth was not taken away", _entropy(dq=lambda p, y: p / len(y))),
        Mistake("only the right class got a derivative; the other scores stand in the sum too",
                _entropy(dq=lambda p, y: y * (p - 1) / len(y))),
        Mistake("-y/p is the derivative by the probabilities; by the scores it is p - y",
                _entropy(dq=lambda p, y: -y / np.maximum(p, 1e-12) / len(y))),
        Mistake("softmax was taken over the samples: it belongs to each row", _entropy(lambda q: _log_softmax(q, axis=0))),
        Mistake("the value is minus the probability of the class, without the logarithm",
                _entropy(value=lambda log_p, y: -(np.exp(log_p) * y).sum() / len(y))),
        Mistake("the logarithm of the mean probability was taken; it is the mean of the logarithms",
                _entropy(value=lambda log_p, y: -np.log((np.exp(log_p) * y).sum() / len(y)))),
        Mistake("that is the entropy of softmax(q): the labels are not in it",
                _entropy(value=lambda log_p, y: -(np.exp(log_p) * log_p).sum() / len(y))),
        Mistake("the index is a list of labels alone, q[:, labels], so every row was asked for the labels of all",
                _entropy(value=lambda log_p, y: -log_p[:, y.argmax(axis=1)].mean())),
    ),
    hints=("log p = q - log(sum of exp q) in each row. Take the largest score of the row away from all of them first.",
           "value = -mean of log p at the right class: log_p[np.arange(N), labels].",
           "The derivative of log(sum of exp q) is p, and that of q itself at the right class is 1.",
           "dq = (p - y) / N, with the one-hot rows y."),
    batch=lambda q, labels: q.shape[0],
)

EXERCISES = (BESIDE, D_STEP, G_STEP, PENALTY, PROJECTION, CROSS_ENTROPY)
