"""Exercises of lesson 19: from one domain to another and back, without pairs."""

import numpy as np

from ..engine.layers import Tanh
from ..engine.network import mlp
from ..engine.numerics import sigmoid, softplus
from .grading import Exercise, Mistake, differences
from .players import at, d_loss, gradient_of, used

D_A, D_B = 3, 2
SHAPES = {"G_AB": (D_A, D_B), "G_BA": (D_B, D_A), "D_A": (D_A, 1), "D_B": (D_B, 1)}
A_STALE = "G_AB.grad was not cleared: the gradient of the step before is still in it"
B_STALE = "G_BA.grad was not cleared: the gradient of the step before is still in it"


def _networks(rng, *names):
    """Small networks, smooth, with no bias at 0."""
    nets = []
    for name in names:
        d_in, d_out = SHAPES[name]
        nets.append(mlp(d_in, int(rng.integers(4, 7)), d_out, activation=Tanh, seed=int(rng.integers(1 << 30)), dtype=np.float64))
        nets[-1].theta += 0.2 * rng.normal(size=nets[-1].theta.shape)
    return nets


def _batch(rng, d, n=None):
    return rng.normal(size=(n or int(rng.integers(4, 8)), d))


# ---------------------------------------------------------------- 19.1


def _cycle_value(G_AB, G_BA, a):
    return float(((G_BA(G_AB(a)) - a) ** 2).mean())


def _cycle_truth(G_AB, G_BA, a):
    return {"value": np.asarray(_cycle_value(G_AB, G_BA, a)),
            "G_AB.grad": differences(lambda theta: _cycle_value(at(G_AB, theta), G_BA, a), G_AB.theta),
            "G_BA.grad": differences(lambda theta: _cycle_value(G_AB, at(G_BA, theta), a), G_BA.theta)}


def _cycle(factor=2.0, per=np.size, moved=("G_AB", "G_BA"), clear=("G_AB", "G_BA"), target=lambda a: a, sign=1, value=None,
           slope=lambda error: error):
    """The answer with one thing done differently."""
    def answer(G_AB, G_BA, a):
        ab, tape_there = G_AB.forward(a)
        aba, tape_back = G_BA.forward(ab)
        error = aba - target(a)
        for name, net in (("G_AB", G_AB), ("G_BA", G_BA)):
            if name in clear:
                net.zero_grad()
        dab = G_BA.backward(sign * factor / per(error) * slope(error), tape_back, grads="G_BA" in moved)
        if "G_AB" in moved:
            G_AB.backward(dab, tape_there)
        return (error**2).mean() if value is None else value(error)

    return answer


CYCLE = Exercise(
    "19.1", "cycle_gradients", "the way there and back", lambda rng: (*_networks(rng, "G_AB", "G_BA"), _batch(rng, D_A)),
    _cycle_truth, solution=_cycle(),
    mistakes=(
        Mistake("G_BA learns nothing of the way back: its gradient was not filled", _cycle(moved=("G_AB",)), "zero everywhere"),
        Mistake("G_AB learns nothing of the way back: what G_BA.backward returns was not passed on", _cycle(moved=("G_BA",)),
                "zero everywhere"),
        Mistake("the 2 of the square is missing in the gradients", _cycle(factor=1.0), "factor 2"),
        Mistake("a mean over the batch alone: the gradients are those of a sum over the columns", _cycle(per=len)),
        Mistake("a sum over all entries: the loss is a mean", _cycle(per=lambda error: 1)),
        Mistake("each row was compared with another row of a", _cycle(target=lambda a: np.roll(a, 1, axis=0))),
        Mistake(A_STALE, _cycle(clear=("G_BA",))),
        Mistake(B_STALE, _cycle(clear=("G_AB",))),
        Mistake("the generators climb: the error is G_BA(G_AB(a)) - a, not the other way round", _cycle(sign=-1), "sign"),
        Mistake("that is the mean of |error|, as CycleGAN has it; here the errors are squared",
                _cycle(factor=1.0, slope=np.sign, value=lambda error: np.abs(error).mean())),
    ),
    hints=("Two forwards, G_AB first, then G_BA on its output, and each gives a tape.",
           "The derivative of the mean of squares by G_BA(G_AB(a)) is 2 / (N * d_a) times the error.",
           "dab = G_BA.backward(that, tape_back) fills G_BA.grad and returns what G_AB.backward needs."),
    observe=lambda answer, G_AB, G_BA, a: gradient_of(answer, used(G_AB=G_AB, G_BA=G_BA), a),
    batch=lambda G_AB, G_BA, a: a.shape[0],
)


# ---------------------------------------------------------------- 19.2


def _one_way_value(G_AB, G_BA, D_B, a, weight):
    return float(np.log1p(np.exp(-D_B(G_AB(a)))).mean()) + weight * _cycle_value(G_AB, G_BA, a)


def _one_way_truth(G_AB, G_BA, D_B, a, weight):
    return {"value": np.asarray(_one_way_value(G_AB, G_BA, D_B, a, weight)), "D_B.grad": used(D_B=D_B)["D_B"].grad,
            "G_AB.grad": differences(lambda theta: _one_way_value(at(G_AB, theta), G_BA, D_B, a, weight), G_AB.theta),
            "G_BA.grad": differences(lambda theta: _one_way_value(G_AB, at(G_BA, theta), D_B, a, weight), G_BA.theta)}


def _one_way(game=1.0, slope=lambda s: -sigmoid(-s), n=None, passed=1.0, collects=True, freeze=True, judged="ab", weighed=True,
             clear=("G_AB", "G_BA"), value=None):
    """The answer with one thing done differently."""
    def answer(G_AB, G_BA, D_B, a, weight):
        w = weight if weighed else 1.0
        ab, tape_there = G_AB.forward(a)
        aba, tape_back = G_BA.forward(ab)
        s, tape_d = D_B.forward(ab if judged == "ab" else G_AB(aba))
        dab = game * D_B.backward(slope(s) / (n or s.shape[0]), tape_d, grads=not freeze)
        for name, net in (("G_AB", G_AB), ("G_BA", G_BA)):
            if name in clear:
                net.zero_grad()
        dab = dab + passed * G_BA.backward(w * 2 / a.size * (aba - a), tape_back, grads=collects)
        G_AB.backward(dab, tape_there)
        return softplus(-s).mean() + w * ((aba - a) ** 2).mean() if value is None else value(s, aba - a, w)

    return answer


ONE_WAY = Exercise(
    "19.2", "one_way", "one direction, two generators",
    lambda rng: (*_networks(rng, "G_AB", "G_BA", "D_B"), _batch(rng, D_A), float(rng.uniform(0.3, 0.8))),
    _one_way_truth, solution=_one_way(),
    mistakes=(
        Mistake("D_B's judgement does not reach G_AB: it learns from the way back alone", _one_way(game=0.0)),
        Mistake("the way back does not reach G_AB: it learns from D_B's judgement alone", _one_way(passed=0.0)),
        Mistake("G_BA learns nothing of the way back: its gradient was not filled", _one_way(collects=False), "zero everywhere"),
        Mistake("the weight of the way back was left out", _one_way(weighed=False)),
        Mistake("D_B's own gradient was filled on the way", _one_way(freeze=False)),
        Mistake("the judgement has the wrong sign: G_AB makes samples that look generated",
                _one_way(game=-1.0)),
        Mistake("that is the slope of log(1 - D_B), which vanishes where D_B is sure", _one_way(slope=lambda s: -sigmoid(s))),
        Mistake("the mean's 1/N is missing in the judgement", _one_way(n=1)),
        Mistake(A_STALE, _one_way(clear=("G_BA",))),
        Mistake(B_STALE, _one_way(clear=("G_AB",))),
        Mistake("the value is D_B's judgement alone", _one_way(value=lambda s, error, w: softplus(-s).mean())),
    ),
    hints=("G_AB(a) goes two ways, into D_B and into G_BA. So two derivatives come back to it, and they are added.",
           "From D_B comes D_B.backward(-sigmoid(-s) / N, tape_d, grads=False).",
           "From G_BA comes G_BA.backward(weight * 2 / (N * d_a) * error, tape_back), which fills G_BA.grad too.",
           "Then G_AB.backward(the sum of both, tape_there)."),
    observe=lambda answer, G_AB, G_BA, D_B, *args: gradient_of(answer, used(G_AB=G_AB, G_BA=G_BA, D_B=D_B), *args),
    batch=lambda G_AB, G_BA, D_B, a, weight: a.shape[0],
)


# ---------------------------------------------------------------- 19.3


def _d_case(rng):
    a = _batch(rng, D_A)
    return *_networks(rng, "D_A", "D_B", "G_AB", "G_BA"), a, _batch(rng, D_B, len(a))


def _d_truth(D_A, D_B, G_AB, G_BA, a, b):
    fresh = used(G_AB=G_AB, G_BA=G_BA)
    return {"value": np.asarray(d_loss(D_A, a, G_BA(b)) + d_loss(D_B, b, G_AB(a))),
            "D_A.grad": differences(lambda theta: d_loss(at(D_A, theta), a, G_BA(b)), D_A.theta),
            "D_B.grad": differences(lambda theta: d_loss(at(D_B, theta), b, G_AB(a)), D_B.theta),
            **{f"{name}.grad": net.grad for name, net in fresh.items()}}


def _d(signs=(-1, 1), n=None, clear=("D_A", "D_B"), moved=("D_A", "D_B"), halves="rf", through=False, factor=1.0, value=None,
       fakes=lambda G_AB, G_BA, a, b: (G_BA(b), G_AB(a))):
    """The answer with one thing done differently."""
    def answer(D_A, D_B, G_AB, G_BA, a, b):
        values = []
        fake_a, fake_b = fakes(G_AB, G_BA, a, b)
        for name, D, x, fake in (("D_A", D_A, a, fake_a), ("D_B", D_B, b, fake_b)):
            if name in clear:
                D.zero_grad()
            (r, tape_real), (f, tape_fake) = D.forward(x), D.forward(fake)
            own = name in moved
            if "r" in halves:
                D.backward(factor * signs[0] * sigmoid(-r) / (n or len(r)), tape_real, grads=own)
            dfake = D.backward(factor * signs[1] * sigmoid(f) / (n or len(f)), tape_fake, grads=own and "f" in halves)
            if through:
                G, given = (G_BA, b) if name == "D_A" else (G_AB, a)
                G.backward(dfake, G.forward(given)[1])
            values.append(softplus(-r).mean() + softplus(f).mean())
        return sum(values) if value is None else value(values)

    return answer


DISCRIMINATORS = Exercise(
    "19.3", "d_losses", "two discriminators", _d_case, _d_truth, solution=_d(),
    mistakes=(
        Mistake("D_A is never trained: no gradient reaches it", _d(moved=("D_B",)), "zero everywhere"),
        Mistake("D_B is never trained: no gradient reaches it", _d(moved=("D_A",)), "zero everywhere"),
        Mistake("D_A was shown what came back, G_BA(G_AB(a)), not G_BA(b)",
                _d(fakes=lambda G_AB, G_BA, a, b: (G_BA(G_AB(a)), G_AB(a)))),
        Mistake("D_B was shown what came back, G_AB(G_BA(b)), not G_AB(a)",
                _d(fakes=lambda G_AB, G_BA, a, b: (G_BA(b), G_AB(G_BA(b))))),
        Mistake("the gradients went on into the generators: they stay as they are", _d(through=True)),
        Mistake("both discriminators climb", _d(signs=(1, -1)), "sign"),
        Mistake("the sign of the real half is wrong: all scores fall", _d(signs=(1, 1))),
        Mistake("the sign of the generated half is wrong: all scores rise", _d(signs=(-1, -1))),
        Mistake("only the real halves are in the gradients", _d(halves="r")),
        Mistake("only the generated halves are in the gradients", _d(halves="f")),
        Mistake("the mean's 1/N was left out", _d(n=1), "batch size"),
        Mistake("the sum was halved: each loss counts whole", _d(factor=0.5, value=lambda values: sum(values) / 2), "factor 2"),
        Mistake("D_A.grad was not cleared: the gradient of the step before is still in it", _d(clear=("D_B",))),
        Mistake("D_B.grad was not cleared: the gradient of the step before is still in it", _d(clear=("D_A",))),
        Mistake("the value is that of D_A alone", _d(value=lambda values: values[0])),
    ),
    hints=("Two times exercise 05.4: D_A on a and G_BA(b), then D_B on b and G_AB(a).",
           "What the generators make is a fixed number here: G_AB(a), without a tape, is enough.",
           "D.zero_grad(); D.backward(-sigmoid(-r) / N, tape_real); D.backward(sigmoid(f) / N, tape_fake)."),
    observe=lambda answer, D_A, D_B, G_AB, G_BA, *args: gradient_of(
        answer, used(D_A=D_A, D_B=D_B, G_AB=G_AB, G_BA=G_BA), *args),
    batch=lambda *args: args[-1].shape[0],
)


# ---------------------------------------------------------------- 19.4


def _share_case(rng):
    k, d, n = int(rng.integers(3, 7)), int(rng.integers(2, 5)), int(rng.integers(12, 30))
    means = 2 * rng.normal(size=(k, d))
    x = means[rng.integers(k, size=n)] + 0.5 * rng.normal(size=(n, d))
    return x, np.where(rng.random((n, 1)) < 0.5, x, rng.permutation(x)) + 0.5 * rng.normal(size=(n, d)), means


def _modes(x, means):
    return ((x[:, None] - means) ** 2).sum(axis=-1).argmin(axis=1)


def _share_truth(x, back, means):
    """Row by row."""
    def mode(row):
        return min(range(len(means)), key=lambda k: float(np.linalg.norm(row - means[k])))

    return {"share": np.asarray(sum(mode(one) == mode(other) for one, other in zip(x, back, strict=True)) / len(x))}


def _of_modes(x, back, means):
    begins, ends = _modes(x, means), _modes(back, means)
    return np.mean([(ends[begins == k] == k).mean() for k in np.unique(begins)])


def _counts(x, back, means):
    """The share that is left if only the number of samples in each mode is compared."""
    k = len(means)
    return np.minimum(*(np.bincount(_modes(part, means), minlength=k) for part in (x, back))).sum() / len(x)


SHARE = Exercise(
    "19.4", "return_share", "home again", _share_case, _share_truth,
    solution=lambda x, back, means: (_modes(x, means) == _modes(back, means)).mean(),
    mistakes=(
        Mistake("only the numbers of samples in each mode were compared, not the modes of each sample", _counts),
        Mistake("this is the share of samples that do not come back",
                lambda x, back, means: (_modes(x, means) != _modes(back, means)).mean()),
        Mistake("that is a count: the share is divided by N",
                lambda x, back, means: (_modes(x, means) == _modes(back, means)).sum().astype(np.float64)),
        Mistake("that is the furthest mean, not the nearest",
                lambda x, back, means: (_modes_by(x, means, np.argmax) == _modes_by(back, means, np.argmax)).mean()),
        Mistake("a sample counts as back when its nearest row of x is its own: ask for the mode",
                lambda x, back, means: (_modes(back, x) == np.arange(len(x))).mean()),
        Mistake("each row was compared with the next one", lambda x, back, means:
                (_modes(x, means) == np.roll(_modes(back, means), 1)).mean()),
        Mistake("the distance is the sum of absolute differences here; it is the Euclidean one", lambda x, back, means: np.mean(
            np.abs(x[:, None] - means).sum(axis=-1).argmin(axis=1) == np.abs(back[:, None] - means).sum(axis=-1).argmin(axis=1))),
        Mistake("the shares of the modes were averaged; each row counts the same", _of_modes),
        Mistake("the largest inner product is not the nearest mean", lambda x, back, means: np.mean(
            (x @ means.T).argmax(axis=1) == (back @ means.T).argmax(axis=1))),
        Mistake("only the first coordinate was looked at",
                lambda x, back, means: (_modes(x[:, :1], means[:, :1]) == _modes(back[:, :1], means[:, :1])).mean()),
    ),
    hints=("((x[:, None] - means)**2).sum(axis=-1) is an (N, K) table of squared distances.",
           ".argmin(axis=1) is the number of the nearest mean of each row.",
           "The mean of (modes of x == modes of back) is the share."),
    batch=lambda x, back, means: x.shape[0],
)


def _modes_by(x, means, choose):
    return choose(((x[:, None] - means) ** 2).sum(axis=-1), axis=1)


EXERCISES = (CYCLE, ONE_WAY, DISCRIMINATORS, SHARE)
