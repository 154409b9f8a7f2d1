"""Exercises of lesson 07: reading the losses."""

import itertools
import math

import numpy as np

from ..engine.numerics import sigmoid, softplus
from ..losses import NonSaturating
from ..metrics import wasserstein_1d
from .grading import Exercise, Mistake, Wrong

LN2 = math.log(2)

# ---------------------------------------------------------------- 07.1


def _cost(d, a):
    """D's loss when it says d to everything."""
    return -a * math.log(d) - (1 - a) * math.log(1 - d) - math.log(1 - d)


def _rest(a):
    """D's best answer by halving the interval in which the slope of its loss changes sign: nothing is solved on paper."""
    low, high = 0.0, 1.0
    for _ in range(60):
        d = (low + high) / 2
        low, high = (d, high) if -a / d + (1 - a) / (1 - d) + 1 / (1 - d) < 0 else (low, d)
    return {"d": d, "d_loss": _cost(d, a), "g_loss": -math.log(d)}


def _at_rest(a):
    return a / 2, _cost(a / 2, a), -math.log(a / 2)


AT_REST = Exercise(
    "07.1", "losses_at_rest", "the numbers of a game that is won", lambda rng: (round(float(rng.uniform(0.6, 0.95)), 2),), _rest,
    solution=_at_rest,
    mistakes=(
        Mistake("the label a was left out: 1/2, 2 ln 2 and ln 2 belong to a = 1", lambda a: (0.5, 2 * LN2, LN2)),
        Mistake("D says a only where all points are real; here every second one is fake", lambda a: (a, _cost(a, a), -math.log(a))),
        Mistake("fake points say 0, and that counts too: 1 / (1 + a) are the odds the wrong way round",
                lambda a: (1 / (1 + a), _cost(1 / (1 + a), a), -math.log(1 / (1 + a)))),
        Mistake("the loss is a mean over real plus a mean over fake points; this is half of the sum",
                lambda a: (a / 2, _cost(a / 2, a) / 2, -math.log(a / 2)), "factor 2"),
        Mistake("the best d is right, but real points cost -a log d - (1 - a) log(1 - d), not -log d",
                lambda a: (a / 2, _cost(a / 2, 1), -math.log(a / 2))),
        Mistake("the second half of the real points' cost, -(1 - a) log(1 - d), is missing",
                lambda a: (a / 2, -a * math.log(a / 2) - math.log(1 - a / 2), -math.log(a / 2))),
        Mistake("the label a is for D's real points only; G's loss is -log d",
                lambda a: (a / 2, _cost(a / 2, a), -a * math.log(a / 2) - (1 - a) * math.log(1 - a / 2))),
        Mistake("that is G's minimax loss, log(1 - d); the non-saturating one is -log d",
                lambda a: (a / 2, _cost(a / 2, a), math.log(1 - a / 2))),
        Mistake("logarithms to the base 2", lambda a: (a / 2, _cost(a / 2, a) / LN2, -math.log2(a / 2)), "1.4427 times"),
    ),
    hints=("If D cannot tell real from fake, it says the same number d to all points, and its loss is a function of d alone.",
           "The loss is -a log d - (1 - a) log(1 - d) for real points, and -log(1 - d) for fake ones. Set the derivative to 0.",
           "a / d = (2 - a) / (1 - d), so d = a / 2. For a = 1 that is 1/2."),
)


# ---------------------------------------------------------------- 07.2


def _two_batches(rng):
    n, m = (int(size) for size in rng.permutation(range(11, 30))[:2])
    return rng.normal(0.8, 1.2, (n, 1)), rng.normal(-0.3, 1.2, (m, 1))


def _verdicts(r, f):
    """One point at a time."""
    r, f = r.ravel().tolist(), f.ravel().tolist()
    real, fake = ([1 / (1 + math.exp(-s)) for s in scores] for scores in (r, f))
    right = sum(p > 0.5 for p in real) + sum(p < 0.5 for p in fake)
    return {"d_real": sum(real) / len(r), "d_fake": sum(fake) / len(f), "accuracy": right / (len(r) + len(f))}


def _accuracy(r, f):
    return np.concatenate([r > 0, f < 0]).mean()


def _verdict_mistake(p=lambda s: sigmoid(s).mean(), accuracy=_accuracy):
    return lambda r, f: (p(r), p(f), accuracy(r, f))


VERDICTS = Exercise(
    "07.2", "verdicts", "what D says, in three numbers", _two_batches, _verdicts,
    solution=_verdict_mistake(),
    mistakes=(
        Mistake("the sigmoid of the mean score is not the mean of the sigmoids: first each score's probability, then the mean",
                _verdict_mistake(lambda s: sigmoid(s.mean()))),
        Mistake("those are mean scores; a probability is sigmoid of a score", _verdict_mistake(lambda s: s.mean())),
        Mistake("0.5 * (tanh(s) + 1) is sigmoid(2 s)", _verdict_mistake(lambda s: (0.5 * (np.tanh(s) + 1)).mean())),
        Mistake("sigmoid(-s) is the probability of fake", _verdict_mistake(lambda s: sigmoid(-s).mean())),
        Mistake("those are sums, not means", _verdict_mistake(lambda s: sigmoid(s).sum()), "a mean was not taken"),
        Mistake("1/2 was taken as the threshold of the scores; a probability of 1/2 is the score 0",
                _verdict_mistake(accuracy=lambda r, f: np.concatenate([r > 0.5, f < 0.5]).mean())),
        Mistake("a fake point that D calls real was counted as right",
                _verdict_mistake(accuracy=lambda r, f: np.concatenate([r > 0, f > 0]).mean())),
        Mistake("the accuracies of both batches were averaged; they are of different size, and every point counts the same",
                _verdict_mistake(accuracy=lambda r, f: ((r > 0).mean() + (f < 0).mean()) / 2)),
        Mistake("only the real points were counted", _verdict_mistake(accuracy=lambda r, f: (r > 0).mean())),
    ),
    hints=("sigmoid(r) has one probability for each real point. Their mean is d_real; the same for f.",
           "D is right about a real point where its probability is above 1/2, that is, where the score is above 0.",
           "accuracy = (np.sum(r > 0) + np.sum(f < 0)) / (r.size + f.size)"),
    constants=lambda r, f: {"1/N": 1 / r.size, "1/M": 1 / f.size},
)


# ---------------------------------------------------------------- 07.3


def _opinion(r, f):
    """The same, gathered the other way: how much more than a coin does each point's verdict say?"""
    gain = [math.log(2 / (1 + math.exp(-s))) for s in r.ravel().tolist()], [math.log(2 / (1 + math.exp(s))) for s in f.ravel().tolist()]
    return {"bound": sum(gain[0]) / r.size / 2 + sum(gain[1]) / f.size / 2}


def _loss(r, f):
    return softplus(-r).mean() + softplus(f).mean()


OPINION = Exercise(
    "07.3", "second_opinion", "a lower bound on the divergence", _two_batches, _opinion,
    solution=lambda r, f: LN2 - _loss(r, f) / 2,
    mistakes=(
        Mistake("the half is missing: the best loss is 2 ln 2 - 2 JSD", lambda r, f: 2 * LN2 - _loss(r, f), "factor 2"),
        Mistake("only ln 2 was divided: the loss wants halving as well", lambda r, f: LN2 - _loss(r, f)),
        Mistake("it is upside down: the better D tells them apart, the smaller its loss and the larger the divergence",
                lambda r, f: _loss(r, f) / 2 - LN2, "sign"),
        Mistake("2 ln 2 stayed whole while the loss was halved", lambda r, f: 2 * LN2 - _loss(r, f) / 2),
        Mistake("the mean was taken over all points together; the loss is a mean over real plus a mean over fake ones",
                lambda r, f: LN2 - np.concatenate([softplus(-r), softplus(f)]).mean()),
        Mistake("the labels are swapped: a real point with a high score is one that D got right", lambda r, f: LN2 - _loss(-r, -f) / 2),
        Mistake("that is D's loss", lambda r, f: _loss(r, f)),
        Mistake("that is G's loss; the bound comes from D's", lambda r, f: softplus(-f).mean()),
    ),
    hints=("Solve loss = 2 ln 2 - 2 JSD for the JSD. A D that is not the best has a larger loss, so what comes out is too small, if anything.",
           "The loss is that of lesson 05: mean of softplus(-r) plus mean of softplus(f). N and M may differ.",
           "np.log(2) - (softplus(-r).mean() + softplus(f).mean()) / 2"),
)


# ---------------------------------------------------------------- 07.4


def _path(rng):
    steps, n = int(rng.integers(4, 9)), int(rng.integers(3, 8))
    return rng.normal(size=(steps, n)).cumsum(axis=0), round(float(rng.uniform(0.6, 0.9)), 2)


def _weighted(thetas, keep):
    """The same as one sum: how much is left of each row at the end?"""
    age = np.arange(thetas.shape[0])[::-1]
    weights = (1 - keep) * keep**age
    weights[0] = keep ** age[0]
    return {"average": (weights[:, None] * thetas).sum(axis=0)}


def _averaged(thetas, keep, start=None, rows=slice(1, None)):
    average = thetas[0].copy() if start is None else start
    for theta in thetas[rows]:
        average = keep * average + (1 - keep) * theta
    return average


def _from_zero(thetas, keep):
    return _averaged(thetas, keep, np.zeros(thetas.shape[1]), slice(None))


def _in_place(thetas, keep):
    average = thetas[0]
    for theta in thetas[1:]:
        average += (1 - keep) * (theta - average)
    return average


def _forgetful(thetas, keep):
    for before, theta in itertools.pairwise(thetas):
        average = keep * before + (1 - keep) * theta
    return average


AVERAGE = Exercise(
    "07.4", "running_average", "the running average of a generator", _path, _weighted,
    solution=_averaged,
    mistakes=(
        Mistake("keep and 1 - keep are swapped: this average runs after the newest row", lambda thetas, keep: _averaged(thetas, 1 - keep)),
        Mistake("the average began at 0, not at the first row: it is pulled towards 0", _from_zero),
        Mistake("that began at 0 and was corrected as in Adam; this average begins at the first row",
                lambda thetas, keep: _from_zero(thetas, keep) / (1 - keep ** thetas.shape[0])),
        Mistake("that is the plain mean of all rows, in which old rows count as much as new ones", lambda thetas, keep: thetas.mean(axis=0)),
        Mistake("the rows came in the wrong order, the newest first", lambda thetas, keep: _averaged(thetas[::-1], keep)),
        Mistake("the last row was left out", lambda thetas, keep: _averaged(thetas[:-1], keep)),
        Mistake("each row was mixed with the row before it, not with the average so far", _forgetful),
        Mistake("the old average was added whole: keep is missing before it",
                lambda thetas, keep: thetas[0] + (1 - keep) * thetas[1:].sum(axis=0)),
        Mistake("average = thetas[0] is a view of the first row, and += then writes into it", _in_place, "changes its argument thetas"),
    ),
    hints=("Begin with a copy of the first row, then go through the others in order.",
           "A keep of 0.9 means: nine tenths of the average as it was, one tenth of the new row.",
           "average = thetas[0].copy(), then for each theta in thetas[1:]: average = keep * average + (1 - keep) * theta"),
)


# ---------------------------------------------------------------- 07.5


def _line_case(rng):
    n = int(rng.integers(4, 7))
    return rng.normal(size=n), rng.normal(1, 2, n)


def _cheapest(x, y):
    """Every way of moving the points of x to those of y is tried, and the cheapest kept."""
    return {"w1": min(sum(abs(a - b) for a, b in zip(x, order, strict=True)) for order in itertools.permutations(y)) / x.size}


def _sorted_gap(x, y):
    return np.abs(np.sort(x) - np.sort(y))


W1 = Exercise(
    "07.5", "w1", "the distance between two sets of numbers", _line_case, _cheapest,
    solution=wasserstein_1d,
    mistakes=(
        Mistake("the points were moved in the order in which they came; sorting both first makes the way shorter",
                lambda x, y: np.abs(x - y).mean()),
        Mistake("only one of the two was sorted", lambda x, y: np.abs(np.sort(x) - y).mean()),
        Mistake("one was sorted upwards and one downwards: the longest way of all",
                lambda x, y: np.abs(np.sort(x) - np.sort(y)[::-1]).mean()),
        Mistake("that is how far apart the means are: points between others would cost nothing", lambda x, y: np.abs(x.mean() - y.mean())),
        Mistake("differences with their signs cancel: distances are absolute", lambda x, y: (np.sort(x) - np.sort(y)).mean()),
        Mistake("the distances were squared", lambda x, y: (_sorted_gap(x, y) ** 2).mean()),
        Mistake("the root of the mean square is W2", lambda x, y: np.sqrt((_sorted_gap(x, y) ** 2).mean())),
        Mistake("each point went to its nearest neighbour; then several may end in one place, and others stay empty",
                lambda x, y: np.abs(x[:, None] - y).min(axis=1).mean()),
        Mistake("that is a sum, not a mean", lambda x, y: _sorted_gap(x, y).sum(), "the mean over the batch was not taken"),
    ),
    hints=("Draw four points on a line, and four others. Which of them would you move where, if every step is paid for?",
           "Ways that cross can be uncrossed and become no longer. So the smallest goes to the smallest, the next to the next.",
           "np.abs(np.sort(x) - np.sort(y)).mean()"),
    batch=lambda x, y: x.size,
)


# ---------------------------------------------------------------- 07.6

NAMES = ("healthy", "collapsed", "diverged")
LOOKS = 16


def _runs(rng):
    """Runs of all kinds, each (d_loss, g_loss, modes, n_modes, name): the name is how it was made."""
    def losses(d=1.2, g=1.0, noise=0.1, **last):
        steps = int(rng.integers(40, 60))
        both = {"d": d + noise * rng.normal(size=steps), "g": g + noise * rng.normal(size=steps)}
        for name, values in last.items():
            both[name][-len(values):] = values
        return both["d"], both["g"]

    def looks(*quarters):
        return np.concatenate([np.broadcast_to(quarter, LOOKS // 4) for quarter in quarters]).astype(int)

    calm = {"d": 2 * LN2, "g": LN2, "noise": 0.01}
    wild = {"d": 2 * LN2, "g": 1.0, "noise": 0.5}
    few = int(rng.integers(2, 7))
    runs = [
        (*losses(), looks(4, 7, 8, 8), 8, "healthy"),
        (*losses(), looks(3, 5, 8, [8, 7, 8, 8]), 8, "healthy"),  # one look a little worse
        (*losses(d=1.1, g=1.6), looks(1, 2, 6, [8, 8, 8, 5]), 8, "healthy"),  # the last look is bad luck
        (*losses(**wild), looks(4, 8, 8, 8), 8, "healthy"),
        (*losses(d=0.9, g=2.0), looks(9, 15, 22, 23), 25, "healthy"),  # 23 of 25 are more than nine tenths
        (*losses(g=[2e3, 9e5]), looks(4, 7, 8, 8), 8, "healthy") if False else
        (*losses(d_=None) if False else losses(), looks(5, 8, 8, 8), 8, "healthy"),
    ]
    return runs, calm, few, looks
