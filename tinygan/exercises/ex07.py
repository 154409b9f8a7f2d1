"""Exercises of lesson 07: reading the losses."""

import itertools
import math

import numpy as np

from ..engine.numerics import sigmoid, softplus
from ..metrics import wasserstein_1d
from .grading import Exercise, Mistake, Wrong

LN2 = math.log(2)

# ---------------------------------------------------------------- 07.1


def _cost(d, a):
    """D's loss when it says d to everything."""
    return -a * math.log(d) - (1 - a) * math.log(1 - d) - math.log(1 - d)


def _rest(a):
    """D's best answer by halving the interval in which the slope of its loss changes sign. Nothing is solved on paper."""
    low, high = 0.0, 1.0
    for _ in range(60):
        d = (low + high) / 2
        low, high = (d, high) if -a / d + (1 - a) / (1 - d) + 1 / (1 - d) < 0 else (low, d)
    return {"d_loss": _cost(d, a), "g_loss": -math.log(d), "d": d}


GRIDS = tuple(np.linspace(low, 1 - low, n) for low, n in ((0.01, 99), (0.01, 100), (0.001, 999), (0.001, 1000), (1e-4, 9999)))


def _at_rest(d=lambda a: a / 2, d_loss=_cost, g_loss=lambda d, a: -math.log(d)):
    """The three numbers, with another idea of D's best answer or of a loss."""
    return lambda a: (d_loss(d(a), a), g_loss(d(a), a), d(a))


AT_REST = Exercise(
    "07.1", "losses_at_rest", "the numbers of a game that is won", lambda rng: (float(rng.uniform(0.6, 0.95)),), _rest,
    solution=_at_rest(),
    mistakes=(
        Mistake("the label a was left out: 2 ln 2, ln 2 and 1/2 belong to a = 1",
                lambda a: (2 * LN2, LN2, 0.5), "whatever it is given"),
        Mistake("D says a only where all points are real; here every second one is fake", _at_rest(lambda a: a)),
        Mistake("the odds are the wrong way round: a / (2 - a) to 1 for real, so d = a / 2", _at_rest(lambda a: 1 - a / 2)),
        Mistake("the loss is a mean over real plus a mean over fake points; this is half of the sum",
                _at_rest(d_loss=lambda d, a: _cost(d, a) / 2), "factor 2"),
        Mistake("the best d is right, but a real point costs -a log d - (1 - a) log(1 - d), not -log d",
                _at_rest(d_loss=lambda d, a: _cost(d, 1))),
        Mistake("the second half of a real point's cost, -(1 - a) log(1 - d), is missing",
                _at_rest(d_loss=lambda d, a: -a * math.log(d) - math.log(1 - d))),
        Mistake("the label a is for D's real points only; G's loss is -log d",
                _at_rest(g_loss=lambda d, a: -a * math.log(d) - (1 - a) * math.log(1 - d))),
        Mistake("that is G's minimax loss, log(1 - d); the non-saturating one is -log d",
                _at_rest(g_loss=lambda d, a: math.log(1 - d))),
        Mistake("d = a / (1 + a) forgets the real points' other half: the weights are a for real and 2 - a for fake, so d = a / "
                "2",
                _at_rest(lambda a: a / (1 + a))),
        Mistake("that is -log(1 - d), what a fake point costs D; G's loss is -log d",
                _at_rest(g_loss=lambda d, a: -math.log(1 - d))),
        Mistake("d is the probability; that is its score, the log odds", lambda a: (*_at_rest()(a)[:2], math.log(a / (2 - a)))),
        *(Mistake(f"d is the best of {grid.size} values from {grid[0]:g} to {grid[-1]:g}: only near, so solve for d",
                  _at_rest(lambda a, grid=grid: min(grid.tolist(), key=lambda d: _cost(d, a)))) for grid in GRIDS),
        Mistake("a real point's cost belongs to D; G's loss is -log d, and not a times that",
                _at_rest(g_loss=lambda d, a: -a * math.log(d))),
        Mistake("G's loss is ln 2 for a = 1 only; here it is -log d", _at_rest(g_loss=lambda d, a: LN2)),
        Mistake("D's loss is 2 ln 2 for a = 1 only; here it depends on a", _at_rest(d_loss=lambda d, a: 2 * LN2)),
        Mistake("logarithms to the base 2", _at_rest(d_loss=lambda d, a: _cost(d, a) / LN2, g_loss=lambda d, a: -math.log2(d))),
    ),
    hints=("If D cannot tell real from fake, it says the same number d to all points, and its loss is a function of d alone.",
           "The loss is -a log d - (1 - a) log(1 - d) for real points, and -log(1 - d) for fake ones. Set the derivative to 0.",
           "a / d = (2 - a) / (1 - d), so d = a / 2. For a = 1 that is 1/2."),
)


# ---------------------------------------------------------------- 07.2


def _two_batches(rng):
    """One score of each batch is 0. There D is undecided, and right about neither."""
    n, m = (int(size) for size in rng.permutation(range(11, 30))[:2])
    r, f = rng.normal(0.8, 1.2, (n, 1)), rng.normal(-0.3, 1.2, (m, 1))
    r[rng.integers(n)], f[rng.integers(m)] = 0, 0
    return r, f


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
        Mistake("those are sums, not means",
                _verdict_mistake(lambda s: sigmoid(s).sum()), "the mean over the batch is missing"),
        Mistake("1/2 was taken as the threshold of the scores; a probability of 1/2 is the score 0",
                _verdict_mistake(accuracy=lambda r, f: np.concatenate([r > 0.5, f < 0.5]).mean())),
        Mistake("a fake point that D calls real was counted as right",
                _verdict_mistake(accuracy=lambda r, f: np.concatenate([r > 0, f > 0]).mean())),
        Mistake("the accuracies of both batches were averaged; they are of different size, and every point counts the same",
                _verdict_mistake(accuracy=lambda r, f: ((r > 0).mean() + (f < 0).mean()) / 2)),
        Mistake("the accuracies of both batches were averaged, and a tie was counted as right",
                _verdict_mistake(accuracy=lambda r, f: ((r >= 0).mean() + (f < 0).mean()) / 2)),
        Mistake("the accuracies of both batches were added: it is one share, of all N + M points",
                _verdict_mistake(accuracy=lambda r, f: (r > 0).mean() + (f < 0).mean())),
        Mistake("real and fake points were compared in pairs; each point has a verdict of its own, above or below 1/2",
                _verdict_mistake(accuracy=lambda r, f: (r > f.T).mean())),
        Mistake("that is the median of the probabilities, not their mean", _verdict_mistake(lambda s: np.median(sigmoid(s)))),
        Mistake("each probability was rounded to 0 or 1 first", _verdict_mistake(lambda s: np.round(sigmoid(s)).mean())),
        Mistake("softplus of a score is no probability; sigmoid of it is", _verdict_mistake(lambda s: softplus(s).mean())),
        Mistake("only the real points were counted", _verdict_mistake(accuracy=lambda r, f: (r > 0).mean())),
        Mistake("only the fake points were counted", _verdict_mistake(accuracy=lambda r, f: (f < 0).mean())),
        Mistake("d_fake is the probability of fake, 1 - D; D's probability of real was asked for, of both kinds of points",
                lambda r, f: (sigmoid(r).mean(), sigmoid(-f).mean(), _accuracy(r, f))),
        Mistake("a probability of exactly 1/2 was counted as right: above and below 1/2 was asked, and a tie is neither",
                _verdict_mistake(accuracy=lambda r, f: np.concatenate([r >= 0, f <= 0]).mean())),
        Mistake("a point at exactly 1/2 was counted as right, of one kind: above and below 1/2 was asked, and a tie is neither",
                _verdict_mistake(accuracy=lambda r, f: np.concatenate([r >= 0, f < 0]).mean())),
        Mistake("that is in percent, 100 times the share", _verdict_mistake(accuracy=lambda r, f: 100 * _accuracy(r, f))),
        Mistake("that is the share about which D is wrong", _verdict_mistake(accuracy=lambda r, f: 1 - _accuracy(r, f))),
        Mistake("that is the number of points, not their share: divide by N + M", _verdict_mistake(
            accuracy=lambda r, f: float((r > 0).sum() + (f < 0).sum()))),
        *(Mistake(f"divided by {what}; there are N + M points", _verdict_mistake(
            accuracy=lambda r, f, size=size: ((r > 0).sum() + (f < 0).sum()) / size(r.size, f.size)))
          for what, size in (("2 N", lambda n, m: 2 * n), ("2 M", lambda n, m: 2 * m), ("N alone", lambda n, m: n),
                             ("M alone", lambda n, m: m))),
    ),
    hints=("sigmoid(r) has one probability for each real point. Their mean is d_real; the same for f.",
           "D is right about a real point where its probability is above 1/2, that is, where the score is above 0.",
           "accuracy = (np.sum(r > 0) + np.sum(f < 0)) / (r.size + f.size)"),
    batch=lambda r, f: r.size,
)


# ---------------------------------------------------------------- 07.3


def _good_and_poor(rng):
    """In about half of the cases D takes the fake points for the real ones, and the bound is negative."""
    r, f = _two_batches(rng)
    return (r, f) if rng.random() < 0.5 else (-r, -f)


def _opinion(r, f):
    """The same, gathered the other way: how much more than a coin does each point's verdict say?"""
    real, fake = ([math.log(2 / (1 + math.exp(-s))) for s in scores.ravel().tolist()] for scores in (r, -f))
    return {"bound": sum(real) / r.size / 2 + sum(fake) / f.size / 2}


def _loss(r, f):
    return softplus(-r).mean() + softplus(f).mean()


OPINION = Exercise(
    "07.3", "second_opinion", "a lower bound on the divergence", _good_and_poor, _opinion,
    solution=lambda r, f: LN2 - _loss(r, f) / 2,
    mistakes=(
        Mistake("the half is missing: the best loss is 2 ln 2 - 2 JSD", lambda r, f: 2 * LN2 - _loss(r, f), "factor 2"),
        Mistake("only ln 2 was divided: the loss wants halving as well", lambda r, f: LN2 - _loss(r, f)),
        Mistake("it is upside down: the better D tells them apart, the smaller its loss and the larger the divergence",
                lambda r, f: _loss(r, f) / 2 - LN2, "sign"),
        Mistake("the brackets are missing: both means together are subtracted",
                lambda r, f: LN2 - softplus(-r).mean() / 2 + softplus(f).mean() / 2),
        Mistake("2 ln 2 stayed whole while the loss was halved", lambda r, f: 2 * LN2 - _loss(r, f) / 2),
        Mistake("the mean was taken over all points together; the loss is a mean over real plus a mean over fake ones",
                lambda r, f: LN2 - np.concatenate([softplus(-r), softplus(f)]).mean()),
        Mistake("the labels are swapped: a real point with a high score is one that D got right",
                lambda r, f: LN2 - _loss(-r, -f) / 2),
        Mistake("that is D's loss", lambda r, f: _loss(r, f)),
        Mistake("ln 2 is missing: that is minus half of the loss", lambda r, f: -_loss(r, f) / 2),
        Mistake("the loss was added to ln 2: a sign is wrong, a larger loss makes the bound smaller",
                lambda r, f: LN2 + _loss(r, f) / 2),
        Mistake("mean of r - mean of f is the critic's distance, Wasserstein's; here softplus was to be taken of each score",
                lambda r, f: r.mean() - f.mean()),
        Mistake("the mean was taken before the loss: that is the loss of the mean scores",
                lambda r, f: LN2 - (softplus(-r.mean()) + softplus(f.mean())) / 2),
        Mistake("a negative bound was raised to 0: it says nothing, but it is the bound",
                lambda r, f: np.maximum(LN2 - _loss(r, f) / 2, 0)),
        *(Mistake(f"softplus({real}) and softplus({fake}) were taken: D's loss has softplus(-r) and softplus(f)",
                  lambda r, f, a=a, b=b: LN2 - (softplus(a * r).mean() + softplus(b * f).mean()) / 2)
          for real, fake, a, b in (("-r", "-f", -1, -1), ("r", "f", 1, 1))),
        Mistake("the loss is not doubled: 2 ln 2 - 2 JSD is the loss, so JSD is ln 2 minus half of it",
                lambda r, f: 2 * LN2 - 2 * _loss(r, f)),
        Mistake("only the real points' half of the loss was taken, in full", lambda r, f: LN2 - softplus(-r).mean()),
        Mistake("only the fake points' half of the loss was taken, in full", lambda r, f: LN2 - softplus(f).mean()),
        Mistake("the sigmoid stands where softplus was meant", lambda r, f: LN2 - (sigmoid(-r).mean() + sigmoid(f).mean()) / 2),
        Mistake("sums stand where the two means belong", lambda r, f: LN2 - (softplus(-r).sum() + softplus(f).sum()) / 2),
        Mistake("that is G's loss; the bound comes from D's", lambda r, f: softplus(-f).mean()),
    ),
    hints=("Solve loss = 2 ln 2 - 2 JSD for the JSD. A D that is not the best has a larger loss, so what comes out is smaller.",
           "The loss is that of lesson 05: mean of softplus(-r) plus mean of softplus(f). N and M may differ.",
           "np.log(2) - (softplus(-r).mean() + softplus(f).mean()) / 2"),
    constants=lambda r, f: {"ln 2 (a logarithm to base 2?)": LN2},
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


def _whole_rows(thetas, keep):
    average = thetas[0].copy()
    for theta in thetas[1:]:
        average = keep * average + theta
    return average


def _powers(thetas, keep):
    average = thetas[0].copy()
    for i, theta in enumerate(thetas[1:], start=1):
        average = keep**i * average + (1 - keep**i) * theta
    return average


def _forgetful(thetas, keep):
    for before, theta in itertools.pairwise(thetas):
        average = keep * before + (1 - keep) * theta
    return average


AVERAGE = Exercise(
    "07.4", "running_average", "the running average of a generator", _path, _weighted,
    solution=_averaged,
    mistakes=(
        Mistake("keep and 1 - keep are swapped: this average runs after the newest row",
                lambda thetas, keep: _averaged(thetas, 1 - keep)),
        Mistake("the average began at 0, not at the first row: it is pulled towards 0", _from_zero),
        Mistake("that began at 0 and was corrected as in Adam; this average begins at the first row",
                lambda thetas, keep: _from_zero(thetas, keep) / (1 - keep ** thetas.shape[0])),
        Mistake("that is the plain mean of all rows, in which old rows count as much as new ones",
                lambda thetas, keep: thetas.mean(axis=0)),
        Mistake("the rows came in the wrong order, the newest first", lambda thetas, keep: _averaged(thetas[::-1], keep)),
        Mistake("the last row was left out", lambda thetas, keep: _averaged(thetas[:-1], keep)),
        Mistake("that is the last row itself, and no average", lambda thetas, keep: thetas[-1].copy()),
        Mistake("the new row was added whole: 1 - keep is missing before it", _whole_rows),
        *(Mistake(f"keep is an argument; {fixed} was written in its place",
                  lambda thetas, keep, fixed=fixed: _averaged(thetas, fixed))
          for fixed in (0.9, 0.99, 0.995, 0.999)),
        Mistake("only the first two rows were mixed: is the return inside the loop?",
                lambda thetas, keep: keep * thetas[0] + (1 - keep) * thetas[1]),
        Mistake("the second row was left out: after thetas[0] comes thetas[1]",
                lambda thetas, keep: _averaged(thetas, keep, rows=slice(2, None))),
        Mistake("keep was raised to the number of the row: it is the same in each step", _powers),
        Mistake("two things: the average began at 0, and keep and 1 - keep are swapped",
                lambda thetas, keep: _from_zero(thetas, 1 - keep)),
        Mistake("each row was mixed with the row before it, not with the average so far", _forgetful),
        Mistake("the old average was added whole: keep is missing before it",
                lambda thetas, keep: thetas[0] + (1 - keep) * thetas[1:].sum(axis=0)),
        Mistake("average = thetas[0] is a view of the first row, and += then writes into it",
                _in_place, "changes its argument thetas"),
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


def _greedy(x, y):
    left, way = y.tolist(), 0.0
    for a in x.tolist():
        nearest = min(left, key=lambda b: abs(a - b))
        left.remove(nearest)
        way += abs(a - nearest)
    return way / x.size


def _sorted_gap(x, y):
    return np.abs(np.sort(x) - np.sort(y))


W1 = Exercise(
    "07.5", "w1", "the distance between two sets of numbers", _line_case, _cheapest,
    solution=wasserstein_1d,
    mistakes=(
        Mistake("the points were moved in the order in which they came; sorting both first makes the way shorter",
                lambda x, y: np.abs(x - y).mean()),
        Mistake("only x was sorted: sort both", lambda x, y: np.abs(np.sort(x) - y).mean()),
        Mistake("only y was sorted: sort both", lambda x, y: np.abs(x - np.sort(y)).mean()),
        Mistake("the positions were compared: np.argsort gives places, np.sort the sorted numbers",
                lambda x, y: np.abs(np.argsort(x) - np.argsort(y)).mean()),
        Mistake("that is the length of the difference, the root of the sum of squares",
                lambda x, y: np.linalg.norm(_sorted_gap(x, y))),
        Mistake("that is the length of the difference, divided by N: distances are added, not their squares",
                lambda x, y: np.linalg.norm(_sorted_gap(x, y)) / x.size),
        Mistake("each point of y went to its nearest neighbour in x; no two may go to the same",
                lambda x, y: np.abs(x[:, None] - y).min(axis=0).mean()),
        Mistake("one was sorted upwards and one downwards: the longest way of all",
                lambda x, y: np.abs(np.sort(x) - np.sort(y)[::-1]).mean()),
        Mistake("that is how far apart the means are; two sets with one mean may be far from each other",
                lambda x, y: np.abs(x.mean() - y.mean())),
        Mistake("differences with their signs cancel: distances are absolute", lambda x, y: (np.sort(x) - np.sort(y)).mean()),
        Mistake("the distances were squared", lambda x, y: (_sorted_gap(x, y) ** 2).mean()),
        Mistake("the root of the mean square is W2", lambda x, y: np.sqrt((_sorted_gap(x, y) ** 2).mean())),
        Mistake("each point went to its nearest neighbour; then several may end in one place, and others stay empty",
                lambda x, y: np.abs(x[:, None] - y).min(axis=1).mean()),
        Mistake("that is a sum, not a mean", lambda x, y: _sorted_gap(x, y).sum(), "the mean over the batch is missing"),
        Mistake("that is the largest way, not the mean of all", lambda x, y: _sorted_gap(x, y).max()),
        Mistake("that is the median of the ways, not their mean", lambda x, y: np.median(_sorted_gap(x, y))),
        Mistake("every point was compared with every other: that is the mean over all pairs",
                lambda x, y: np.abs(x[:, None] - y).mean()),
        Mistake("greedy: each point in turn took the nearest that was left, and the last ones have a long way; sort both",
                _greedy),
    ),
    hints=("Draw four points on a line, and four others. Which of them would you move where, if every step is paid for?",
           "Ways that cross can be uncrossed and become no longer. So the smallest goes to the smallest, the next to the next.",
           "np.abs(np.sort(x) - np.sort(y)).mean()"),
    batch=lambda x, y: x.size,
)


# ---------------------------------------------------------------- 07.6

LIMIT, ENOUGH = 1e6, 0.9


def _runs(rng):
    """Runs of all kinds, each (d_loss, g_loss, modes, n_modes, its name): it has the name as which it was made."""
    few = int(rng.integers(2, 7))

    def run(name, quarters, n_modes=8, d=1.2, g=1.0, noise=0.1, d_end=(), g_end=(), looks=4, d_then=1.0):
        """d_end, g_end: the last losses; d_then: one of D's losses half way; looks: how many in each quarter."""
        d_loss, g_loss = (mean + noise * rng.normal(size=50) for mean in (d, g))
        d_loss[25] = d_then
        for loss, end in ((d_loss, d_end), (g_loss, g_end)):
            loss[50 - np.size(end):] = end
        return d_loss, g_loss, np.concatenate([np.broadcast_to(quarter, looks) for quarter in quarters]), n_modes, name

    runs = [
        run("healthy", (4, 7, 8, 8)),
        run("healthy", (4, 8, 8, (8, 8, 8, 1))),  # one unlucky look
        run("healthy", (3, 6, 8, 8), d=2 * LN2, noise=0.5),  # D at 1/2, and restless
        run("healthy", (9, 15, 22, 23), n_modes=25),
        run("healthy", (5, 8, 9, 9), n_modes=10),  # nine tenths exactly
        run("healthy", (9, 15, 24, (24, 24, 24, 22)), n_modes=25),  # one look just below nine tenths
        run("healthy", (4, 7, 8, 8), d_end=(30, 2e5), g_end=(-3e4, -2e5)),  # large, but not too large
        run("healthy", (4, 7, 8, 8), d_end=1e6, g_end=-1e6),  # a million exactly is not more than a million
        run("healthy", (4, 7, 8, 8), d_end=7e5, g_end=8e5),  # each of them is below a million
        run("healthy", (4, few, few, 8)),  # it was bad for long
        run("healthy", (4, 7, 9, 9), n_modes=10, looks=6),
        run("collapsed", (4, 8, 10, (10, 10, 10, 11, 11, 11)), n_modes=12, looks=6),  # 10.5 of 10.8
        run("collapsed", (4, 7, 8, (8, 8, 9, 8)), n_modes=10),  # more than eight tenths
        run("collapsed", (few, few, few, few), d=2 * LN2, g=LN2, noise=0.01),  # the losses look as if it was won
        run("collapsed", (8, 8, 8, few)),  # it was good once
        run("collapsed", (few, few, few, (few, few, few, 8))),  # one lucky look
        run("collapsed", (9, 15, 22, 22), n_modes=25),
        run("collapsed", (8, 8, 8, (few, few, few, 8, 8, 8)), looks=6),
        run("diverged", (4, 7, 8, 8), d_end=(7.0, 1e4, np.nan)),
        run("diverged", (4, 7, 8, 8), g_end=(30.0, np.inf)),
        run("diverged", (4, 7, 8, 8), g_end=(1e3, 4e5, 8e7)),
        run("diverged", (4, 7, 8, 8), g_end=(-2e4, -5e6)),
        run("diverged", (4, 7, 8, 8), d_end=(-2e4, -5e6)),
        *(run("diverged", (4, 7, 8, 8), **{end: 1e6 + 0.5}) for end in ("d_end", "g_end")),  # barely
        run("diverged", (4, 4, 2, 1), d_end=np.nan),
        run("diverged", (4, 7, 8, 8), d_end=4e6, g_end=-4e6),  # their sum is small
        run("diverged", (4, 7, 8, 8), d_then=rng.choice([np.nan, -np.inf, 3e6])),  # half way, and back again
    ]
    return ([runs[i] for i in rng.permutation(len(runs))],)


def _named(lost=lambda d, g: not np.all(np.abs([d, g]) <= LIMIT), found=lambda late, modes: np.median(late), enough=ENOUGH):
    """The rule of the exercise, with another idea of lost, of how many modes were found, or of how many are enough."""
    def answer(d_loss, g_loss, modes, n_modes):
        if lost(d_loss, g_loss):
            return "diverged"
        return "collapsed" if found(modes[-modes.size // 4:], modes) < enough * n_modes else "healthy"

    return answer


def _rounded(d_loss, g_loss, modes, n_modes):
    if _named()(d_loss, g_loss, modes, n_modes) == "diverged":
        return "diverged"
    return "collapsed" if np.median(modes[-modes.size // 4:]) < int(ENOUGH * n_modes) else "healthy"


def _nearest(d_loss, g_loss, modes, n_modes):
    if _named()(d_loss, g_loss, modes, n_modes) == "diverged":
        return "diverged"
    return "collapsed" if np.median(modes[-modes.size // 4:]) < round(ENOUGH * n_modes) else "healthy"


def _at_most(d_loss, g_loss, modes, n_modes):
    if _named()(d_loss, g_loss, modes, n_modes) == "diverged":
        return "diverged"
    return "collapsed" if np.median(modes[-modes.size // 4:]) <= ENOUGH * n_modes else "healthy"


def _tempting(d_loss, g_loss, modes, n_modes):
    if not np.all(np.abs([d_loss, g_loss]) <= LIMIT):
        return "diverged"
    return "healthy" if abs(d_loss[-12:].mean() - 2 * LN2) + abs(g_loss[-12:].mean() - LN2) < 0.1 else "collapsed"


def _modes_first(d_loss, g_loss, modes, n_modes):
    name = _named(lambda d, g: False)(d_loss, g_loss, modes, n_modes)
    return name if name == "collapsed" else _named()(d_loss, g_loss, modes, n_modes)


def _names_observed(answer, runs):
    """The names, compared here: words say more about a run than numbers."""
    names = []
    for *run, _ in runs:
        copies = [part.copy() if isinstance(part, np.ndarray) else part for part in run]
        names.append(answer(*copies))
        if not isinstance(names[-1], str) or names[-1] not in KINDS:
            raise Wrong(f"name_run returns {names[-1]!r}", f"it must be one of {', '.join(KINDS)}")
        if not all(np.array_equal(part, copy, equal_nan=True) for part, copy in zip(run, copies, strict=True)):
            raise Wrong("name_run changes its arguments", "an answer leaves its arguments as they are; sort or clip a copy")
    wrong = [(name, run) for name, run in zip(names, runs, strict=True) if name != run[-1]]
    if wrong:
        yours, (d_loss, g_loss, modes, n_modes, name) = wrong[0]
        stories = [mistake.story for mistake in NAME_RUN.mistakes if [mistake.answer(*run) for *run, _ in runs] == names]
        why = [f"that is what comes out by this mistake: {stories[0]}"] if stories else []
        late = " ".join(map(str, modes[-modes.size // 4:]))
        raise Wrong(*why, f"{len(wrong)} of {len(runs)} runs get a wrong name; one of them is {name}, and yours says {yours}:",
                    f"modes in its last quarter {late} (of {n_modes}), its last losses {d_loss[-1]:.3g} and {g_loss[-1]:.3g}")
    return {"names": 1.0}


KINDS = ("healthy", "collapsed", "diverged")

NAME_RUN = Exercise(
    "07.6", "name_run", "a run and its name", _runs, lambda runs: {"names": 1.0},
    solution=_named(),
    mistakes=(
        Mistake("losses near 2 ln 2 and ln 2 say that D cannot tell, not that all modes are there", _tempting),
        Mistake("NaN > 1e6 is False, so NaN slips through: ask whether all are <= 1e6, and turn that round",
                _named(lambda d, g: np.any(np.abs([d, g]) > LIMIT))),
        Mistake("a loss that is finite but beyond a million counts as diverged too",
                _named(lambda d, g: not np.isfinite([d, g]).all())),
        Mistake("large means large in size: a loss may run away to minus infinity",
                _named(lambda d, g: not np.all(np.array([d, g]) <= LIMIT))),
        Mistake("a loss of -5e6 was not noticed, though infinity was: large means large in size",
                _named(lambda d, g: not np.isfinite([d, g]).all() or np.max([d, g]) > LIMIT)),
        Mistake("only D's loss was looked at: G's may run away as well", _named(lambda d, g: not np.all(np.abs(d) <= LIMIT))),
        Mistake("only the last look was asked: one look may be lucky or unlucky", _named(found=lambda late, modes: modes[-1])),
        Mistake("all looks were asked; what counts is the last quarter", _named(found=lambda late, modes: np.median(modes))),
        Mistake("the best look was asked: modes that were found once may be lost again",
                _named(found=lambda late, modes: modes.max())),
        Mistake("a mean follows one bad look; the median does not", _named(found=lambda late, modes: late.mean())),
        Mistake("every mode was asked for, where nine tenths are enough", _named(enough=1)),
        Mistake("half of the modes was asked for, where it takes 0.9 of them", _named(enough=0.5)),
        *(Mistake(f"{enough} of the modes were asked for, where it takes 0.9 of them",
                  _named(enough=enough)) for enough in (0.8, 0.95)),
        Mistake("0.9 n_modes was rounded down to an integer", _rounded),
        Mistake("0.9 n_modes was rounded to an integer", _nearest),
        Mistake("the last half of the looks was asked; it is the last quarter", _named(
            found=lambda late, modes: np.median(modes[-modes.size // 2:]))),
        Mistake("all looks but the first quarter were asked; it is the last quarter", _named(
            found=lambda late, modes: np.median(modes[modes.size // 4:]))),
        Mistake("the two losses were added first: each of them alone may be at most 1e6 in size",
                _named(lambda d, g: not np.all(np.abs(d + g) <= LIMIT))),
        Mistake("only G's loss was looked at: D's may run away as well", _named(lambda d, g: not np.all(np.abs(g) <= LIMIT))),
        Mistake("both losses had to run away: one of them is enough",
                _named(lambda d, g: not np.all(np.abs(d) <= LIMIT) and not np.all(np.abs(g) <= LIMIT))),
        Mistake("exactly 0.9 n_modes was counted as collapsed: below was asked, not at most", _at_most),
        Mistake("the worst look of the last quarter was asked: any of them may be unlucky, the median counts",
                _named(found=lambda late, modes: late.min())),
        Mistake("the best look of the last quarter was asked: any of them may be lucky, the median counts",
                _named(found=lambda late, modes: late.max())),
        Mistake("the first quarter of the looks was asked; it is the last quarter", _named(
            found=lambda late, modes: np.median(modes[:modes.size // 4]))),
        Mistake("the last four looks were asked; a quarter may be more than 4",
                _named(found=lambda late, modes: np.median(modes[-4:]))),
        Mistake("infinity was not looked for, only NaN", _named(lambda d, g: np.isnan([d, g]).any())),
        Mistake("only the last entry of each loss was looked at: a loss may run away half way, in the middle",
                _named(lambda d, g: not (abs(d[-1]) <= LIMIT and abs(g[-1]) <= LIMIT))),
        Mistake("a loss far below the limit of 1e6 was called diverged", _named(lambda d, g: not np.all(np.abs([d, g]) <= 1e3))),
        Mistake("a loss of exactly 1e6 was called diverged: larger was asked",
                _named(lambda d, g: not np.all(np.abs([d, g]) < LIMIT))),
        Mistake("a run that diverged has lost its modes too: ask whether it diverged first", _modes_first),
    ),
    hints=("Ask in the order of the docstring: first whether it diverged, then whether it collapsed.",
           "np.all(np.abs(losses) <= 1e6) is False for NaN and for infinity too.",
           "modes[-modes.size // 4:] is the last quarter. np.median of it, against 0.9 * n_modes."),
    observe=_names_observed,
    cases=3,
)


EXERCISES = (AT_REST, VERDICTS, OPINION, AVERAGE, W1, NAME_RUN)
