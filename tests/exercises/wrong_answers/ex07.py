"""Lesson 07: reading the losses."""

import numpy as np

from . import corpus
from .ex03 import sigmoid, softplus

WRONG, RIGHT, SOLUTIONS, wrong, right, solution = corpus()


# ---------------------------------------------------------------- 07.1 losses_at_rest

@solution("07.1", lambda r: [(1.,), (.9,), (.7,)])
def losses_at_rest(a):
    return at(a, a / 2)


def at(a, d):
    return -a * np.log(d) - (1 - a) * np.log(1 - d) - np.log(1 - d), -np.log(d), d


wrong("07.1", "other", "d = 1/2 for every a", "the same whatever", "1/2", "every a", "0.5")(lambda a: at(a, .5))
wrong("07.1", "other", "the numbers of a = 1 for every a", "the same whatever", "a = 1", "ln 2", "every a")(lambda a: at(1., .5))
wrong("07.1", "other", "d = a / (1 + a): (1 - a) is forgotten", "1 + a", "1 - a", "a / (")(lambda a: at(a, a / (1 + a)))
wrong("07.1", "order", "d comes first", "order", "exchanged", "swapped")(lambda a: losses_at_rest(a)[::-1])
wrong("07.1", "sign", "G's loss is -log(1 - d)", "1 - d", "fake")(
    lambda a: (losses_at_rest(a)[0], -np.log(1 - a / 2), a / 2))
wrong("07.1", "term", "D's loss without (1 - a) log(1 - d)", "1 - a")(
    lambda a: (-a * np.log(a / 2) - np.log(1 - a / 2), -np.log(a / 2), a / 2))
wrong("07.1", "factor", "in bits", "bits", "log2", "base", "natural")(
    lambda a: (losses_at_rest(a)[0] / np.log(2), losses_at_rest(a)[1] / np.log(2), a / 2))
wrong("07.1", "other", "d = 1 - a / 2", "odds are the wrong way", "1 - a", "fake", "1 - d")(lambda a: at(a, 1 - a / 2))
wrong("07.1", "other", "G's loss of the minimax game: log(1 - d)", "minimax", "log(1")(
    lambda a: (losses_at_rest(a)[0], np.log(1 - a / 2), a / 2))
wrong("07.1", "factor", "D's loss is halved: the mean of its two parts", "half", "twice", "factor", "2")(
    lambda a: (losses_at_rest(a)[0] / 2, -np.log(a / 2), a / 2))
wrong("07.1", "sign", "both losses without their minus", "sign")(lambda a: (-losses_at_rest(a)[0], np.log(a / 2), a / 2))
wrong("07.1", "other", "the score for the probability", "score", "probability", "log odds")(
    lambda a: (*losses_at_rest(a)[:2], np.log(a / (2 - a))))
wrong("07.1", "other", "integer division: a // 2", "zero", "integer", "//", "inf", "nan")(lambda a: at(a, a // 2))


# ---------------------------------------------------------------- 07.2 verdicts

def two_batches(rng):
    return rng.normal(size=(5, 1)) + .7, rng.normal(size=(8, 1)) - .3


@solution("07.2", lambda r: [two_batches(r), (np.array([[0.], [1], [-1]]), np.array([[0.], [0], [-2], [3]]))])
def verdicts(r, f):
    return sigmoid(r).mean(), sigmoid(f).mean(), ((r > 0).sum() + (f < 0).sum()) / (len(r) + len(f))


def accuracy_of(of):
    return lambda r, f: (*verdicts(r, f)[:2], of(r, f))


wrong("07.2", "factor", "the accuracy is the mean of the two shares", "accuracies of both", "share", "mean of the two", "n + m",
      "each")(
    accuracy_of(lambda r, f: ((r > 0).mean() + (f < 0).mean()) / 2))
wrong("07.2", "term", "mean scores, not probabilities", "sigmoid", "score")(lambda r, f: (r.mean(), f.mean(), verdicts(r, f)[2]))
wrong("07.2", "order", "the sigmoid of the mean score", "mean score", "of the mean", "before")(
    lambda r, f: (sigmoid(r.mean()), sigmoid(f.mean()), verdicts(r, f)[2]))
wrong("07.2", "order", "d_fake is the probability of fake", "fake", "1 - ")(
    lambda r, f: (sigmoid(r).mean(), sigmoid(-f).mean(), verdicts(r, f)[2]))
wrong("07.2", "edge", "a score of 0 counts as right", "1/2", "tie", "exactly")(  # wrong only where a score is exactly 0
    accuracy_of(lambda r, f: ((r >= 0).sum() + (f <= 0).sum()) / (len(r) + len(f))))
wrong("07.2", "edge", "the scores are compared with 1/2", "score", "1/2", "0.5")(
    accuracy_of(lambda r, f: ((r > .5).sum() + (f < .5).sum()) / (len(r) + len(f))))
wrong("07.2", "term", "the accuracy on the real points alone", "real", "fake")(accuracy_of(lambda r, f: (r > 0).mean()))
wrong("07.2", "factor", "the accuracy in percent", "percent", "100", "factor")(accuracy_of(lambda r, f: 100 * verdicts(r, f)[2]))
wrong("07.2", "order", "d_fake before d_real", "order", "exchanged", "swapped")(
    lambda r, f: (sigmoid(f).mean(), sigmoid(r).mean(), verdicts(r, f)[2]))
wrong("07.2", "other", "integer division in the accuracy", "integer", "//", "zero")(
    accuracy_of(lambda r, f: ((r > 0).sum() + (f < 0).sum()) // (len(r) + len(f))))
wrong("07.2", "sign", "the share of all points that D calls real", "fake", "real")(
    accuracy_of(lambda r, f: ((r > 0).sum() + (f > 0).sum()) / (len(r) + len(f))))
wrong("07.2", "sign", "the share about which D is wrong", "wrong", "error")(
    accuracy_of(lambda r, f: 1 - verdicts(r, f)[2]))
wrong("07.2", "other", "how many points, not the share", "share", "count", "number", "n + m", "divided")(
    accuracy_of(lambda r, f: float((r > 0).sum() + (f < 0).sum())))
wrong("07.2", "factor", "the accuracy is divided by 2 N", "n + m", "m")(
    accuracy_of(lambda r, f: ((r > 0).sum() + (f < 0).sum()) / (2 * len(r))))
right("07.2", "booleans averaged by a generator expression")(
    lambda r, f: (float(np.mean([1 / (1 + np.exp(-s)) for s in r])), float(np.mean([1 / (1 + np.exp(-s)) for s in f])),
                  sum([*(s > 0 for s in r.flat), *(s < 0 for s in f.flat)]) / (r.size + f.size)))


# ---------------------------------------------------------------- 07.3 second_opinion

@solution("07.3", lambda r: [two_batches(r), two_batches(r)[::-1]])
def second_opinion(r, f):
    return np.log(2) - (softplus(-r).mean() + softplus(f).mean()) / 2


def d_loss(r, f):
    return softplus(-r).mean() + softplus(f).mean()


wrong("07.3", "factor", "ln 2 - L: the loss is not halved", "halving", "half", "factor")(lambda r, f: np.log(2) - d_loss(r, f))
wrong("07.3", "factor", "2 ln 2 - L: twice the bound", "half", "twice", "factor", "2")(lambda r, f: 2 * np.log(2) - d_loss(r, f))
wrong("07.3", "sign", "L/2 - ln 2", "sign")(lambda r, f: -second_opinion(r, f))
wrong("07.3", "edge", "clipped at 0", "clip", "0")(lambda r, f: max(second_opinion(r, f), 0))  # only for a poor D
wrong("07.3", "factor", "in bits", "bits", "log2", "base", "natural")(lambda r, f: second_opinion(r, f) / np.log(2))
wrong("07.3", "factor", "one mean over all N + M scores", "n + m", "all", "one mean", "joint")(
    lambda r, f: np.log(2) - np.concatenate([softplus(-r), softplus(f)]).mean())
wrong("07.3", "term", "ln 2 is forgotten", "ln 2", "log 2")(lambda r, f: -d_loss(r, f) / 2)
wrong("07.3", "sign", "softplus(r) and softplus(-f): the labels are exchanged", "exchanged", "labels", "swapped", "sign")(
    lambda r, f: np.log(2) - (softplus(r).mean() + softplus(-f).mean()) / 2)
wrong("07.3", "sign", "ln 2 + L/2", "sign", "+")(lambda r, f: np.log(2) + d_loss(r, f) / 2)
wrong("07.3", "term", "the mean of r - the mean of f: another distance", "softplus", "mean of r", "wasserstein")(
    lambda r, f: r.mean() - f.mean())
wrong("07.3", "other", "ln 4 for ln 2", "ln 2", "log 2", "ln 4", "2")(lambda r, f: np.log(4) - d_loss(r, f) / 2)
wrong("07.3", "order", "the loss at the mean scores", "mean score", "of the mean", "before")(
    lambda r, f: np.log(2) - (softplus(-r.mean()) + softplus(f.mean())) / 2)
wrong("07.3", "shape", "a bound for each pair of points, (N,), for as many as there are", "shape")(
    lambda r, f: np.log(2) - (softplus(-r[:3, 0]) + softplus(f[:3, 0])) / 2)


# ---------------------------------------------------------------- 07.4 running_average

@solution("07.4", lambda r: [(r.normal(size=(6, 3)), .8), (r.normal(size=(1, 3)), .8)])
def running_average(thetas, keep):
    average = thetas[0].copy()
    for theta in thetas[1:]:
        average = keep * average + (1 - keep) * theta
    return average


def average_from(start, thetas, keep):
    for theta in thetas:
        start = keep * start + (1 - keep) * theta
    return start


wrong("07.4", "edge", "the average begins at 0", "began at 0", "zero", "begins", "start")(
    lambda thetas, keep: average_from(0 * thetas[0], thetas, keep))
wrong("07.4", "order", "keep and 1 - keep are exchanged", "1 - keep", "exchanged", "swapped")(
    lambda thetas, keep: running_average(thetas, 1 - keep))
wrong("07.4", "other", "begun at 0 and corrected as Adam does", "adam", "correct", "begins", "first row", "start")(
    lambda thetas, keep: average_from(0 * thetas[0], thetas, keep) / (1 - keep ** len(thetas)))
wrong("07.4", "other", "the mean of all rows", "mean", "equal")(lambda thetas, keep: thetas.mean(axis=0))
wrong("07.4", "other", "the last row itself", "last")(lambda thetas, keep: thetas[-1].copy())
wrong("07.4", "edge", "the last row is left out", "last", "left out")(
    lambda thetas, keep: running_average(thetas[:-1], keep) if len(thetas) > 1 else thetas[0].copy())
wrong("07.4", "order", "from the last row to the first", "order", "reverse", "backward", "last")(
    lambda thetas, keep: running_average(thetas[::-1], keep))
wrong("07.4", "shape", "the average after every row", "shape")(
    lambda thetas, keep: np.array([running_average(thetas[:t + 1], keep) for t in range(len(thetas))]))
wrong("07.4", "term", "keep * average + theta: 1 - keep is forgotten", "1 - keep")(
    lambda thetas, keep: sum((keep**k * theta for k, theta in enumerate(thetas[:0:-1])), keep ** (len(thetas) - 1) * thetas[0]))
wrong("07.4", "small", "computed in float32", "float32")(
    lambda thetas, keep: running_average(thetas.astype(np.float32), np.float32(keep)).astype(np.float64))
wrong("07.4", "axis", "averaged along each row", "axis", "shape")(lambda thetas, keep: running_average(thetas.T, keep))
wrong("07.4", "other", "the previous theta for the average: no memory", "average", "memory", "previous")(
    lambda thetas, keep: keep * thetas[-2] + (1 - keep) * thetas[-1] if len(thetas) > 1 else thetas[0].copy())


@wrong("07.4", "manners", "average is thetas[0] itself, and changes it in place", "changes its argument")
def _(thetas, keep):
    average = thetas[0]
    for theta in thetas[1:]:
        average *= keep
        average += (1 - keep) * theta
    return average


@right("07.4", "recursion from the last row on")
def _(thetas, keep):
    def after(t):
        return thetas[0] + 0 if t == 0 else keep * after(t - 1) + (1 - keep) * thetas[t]
    return after(len(thetas) - 1)


right("07.4", "the first row counts twice, which changes nothing")(lambda thetas, keep: average_from(thetas[0], thetas, keep))


# ---------------------------------------------------------------- 07.5 w1

@solution("07.5", lambda r: [(r.normal(size=7), 3 * r.normal(size=7) + 1), (np.array([0., 3.1]), np.array([2., -9.]))])
def w1(x, y):
    return np.abs(np.sort(x) - np.sort(y)).mean()


wrong("07.5", "term", "the pairs as they come, not sorted", "sort", "pairs")(lambda x, y: np.abs(x - y).mean())
wrong("07.5", "other", "the distance of the means", "mean", "abs")(lambda x, y: abs(x.mean() - y.mean()))
wrong("07.5", "factor", "a sum, not a mean", "sum", "mean", "1/n")(lambda x, y: np.abs(np.sort(x) - np.sort(y)).sum())
wrong("07.5", "other", "W2: the root of the mean of squares", "w2", "square", "root")(
    lambda x, y: np.sqrt(((np.sort(x) - np.sort(y)) ** 2).mean()))
wrong("07.5", "other", "squares, without a root", "square")(lambda x, y: ((np.sort(x) - np.sort(y)) ** 2).mean())
wrong("07.5", "term", "only x is sorted", "sort", "y")(lambda x, y: np.abs(np.sort(x) - y).mean())
wrong("07.5", "other", "each point goes to its nearest: two may go to the same", "nearest", "same")(
    lambda x, y: np.abs(x[:, None] - y).min(axis=1).mean())
wrong("07.5", "other", "the largest way", "largest", "max")(lambda x, y: np.abs(np.sort(x) - np.sort(y)).max())
wrong("07.5", "order", "y is sorted downwards", "sort", "revers", "downward", "descend")(
    lambda x, y: np.abs(np.sort(x) - np.sort(y)[::-1]).mean())
wrong("07.5", "other", "the median of the ways", "median")(lambda x, y: np.median(np.abs(np.sort(x) - np.sort(y))))
wrong("07.5", "other", "the mean over all N x N pairs", "all pairs", "pairs", "every pair")(
    lambda x, y: np.abs(x[:, None] - y).mean())
wrong("07.5", "sign", "the absolute value is forgotten", "abs", "sign")(lambda x, y: (np.sort(x) - np.sort(y)).mean())


@wrong("07.5", "manners", "x and y are sorted in place", "changes its argument", "x.sort")
def _(x, y):
    x.sort()
    y.sort()
    return np.abs(x - y).mean()


@wrong("07.5", "other", "greedy: each point in turn takes the nearest that is left", "nearest", "greedy", "sort", "pairs")
def _(x, y):
    left, way = list(y), 0
    for a in x:
        b = min(left, key=lambda c: abs(a - c))
        left.remove(b)
        way += abs(a - b) / len(x)
    return way


# ---------------------------------------------------------------- 07.6 name_run

def runs(rng):
    """One run for each part of the promise, ties and edges included. The number of modes is 10, but 25 in the last two."""
    calm, even = 1 + .1 * rng.random(12), np.full(8, 10)

    def losses(value, where=4):
        return np.where(np.arange(12) == where, value, calm)

    late = np.array([10, 10, 10, 10, 10, 10, 2, 2])
    found = [(calm, calm, even, 10), (calm, calm, late, 10), (calm, calm, late[::-1].copy(), 10),
             (calm, calm, np.array([10] * 6 + [9, 9]), 10), (calm, calm, np.array([10] * 6 + [8, 9]), 10),
             (calm, calm, np.array([2] * 6 + [9, 10]), 10), (calm, calm, np.array([9] * 9 + [2, 9, 10]), 10),
             (calm, calm, np.full(8, 22), 25), (calm, calm, np.full(8, 23), 25),
             (calm, calm, np.array([0] * 4 + [9] * 3 + [2]), 10)]
    for value in (np.nan, np.inf, -np.inf, 2e6, -2e6, 1e6, 999.):
        found += [(losses(value), calm, even, 10), (calm, losses(value), even, 10), (losses(value, 11), calm, late, 10)]
    return found


@solution("07.6", runs)
def name_run(d_loss, g_loss, modes, n_modes):
    return named_by()(d_loss, g_loss, modes, n_modes)


def named_by(bad=lambda x: not np.isfinite(x).all() or (np.abs(x) > 1e6).any(),
             few=lambda modes, n: np.median(modes[-(len(modes) // 4):]) < .9 * n, both=True):
    """An answer to 07.6 with other parts."""
    def answer(d_loss, g_loss, modes, n_modes):
        if bad(d_loss) or both and bad(g_loss):
            return "diverged"
        return "collapsed" if few(modes, n_modes) else "healthy"
    return answer


wrong("07.6", "edge", "no absolute value: -2e6 is not noticed", "abs", "size", "negative", "-")(
    named_by(lambda x: not np.isfinite(x).all() or (x > 1e6).any()))
wrong("07.6", "edge", "NaN is looked for, infinity is not", "inf")(named_by(lambda x: np.isnan(x).any()))
wrong("07.6", "edge", "NaN passes: it is not larger than 1e6", "nan")(named_by(lambda x: (np.abs(x) > 1e6).any()))
wrong("07.6", "edge", "the last entry of the losses alone", "last", "entry", "middle")(
    named_by(lambda x: not np.abs(x[-1]) <= 1e6))
wrong("07.6", "term", "G's loss is not looked at", "g_loss", "g's", "either", "generator")(named_by(both=False))
wrong("07.6", "axis", "the first quarter of the looks", "last quarter", "first", "quarter")(
    named_by(few=lambda modes, n: np.median(modes[:len(modes) // 4]) < .9 * n))
wrong("07.6", "other", "the mean for the median", "mean", "median")(
    named_by(few=lambda modes, n: modes[-(len(modes) // 4):].mean() < .9 * n))
wrong("07.6", "edge", "at most 0.9 n_modes: exactly so many count as collapsed", "exactly", "below", "<=", "0.9")(
    named_by(few=lambda modes, n: np.median(modes[-(len(modes) // 4):]) <= .9 * n))
wrong("07.6", "other", "the median over all looks", "all", "quarter")(named_by(few=lambda modes, n: np.median(modes) < .9 * n))
wrong("07.6", "other", "the last look alone", "last look", "last", "median")(named_by(few=lambda modes, n: modes[-1] < .9 * n))
wrong("07.6", "other", "any look of the last quarter", "any", "min")(
    named_by(few=lambda modes, n: modes[-(len(modes) // 4):].min() < .9 * n))
wrong("07.6", "edge", "0.9 n_modes is rounded down", "round", "int", "0.9")(  # wrong only between int(.9 n) and .9 n
    named_by(few=lambda modes, n: np.median(modes[-(len(modes) // 4):]) < int(.9 * n)))
wrong("07.6", "other", "the last four looks, not the last quarter", "quarter", "four", "4")(
    named_by(few=lambda modes, n: np.median(modes[-4:]) < .9 * n))
wrong("07.6", "other", "a loss above 100 counts as diverged", "1e6", "limit", "size")(
    named_by(lambda x: not np.isfinite(x).all() or (np.abs(x) > 100).any()))
wrong("07.6", "edge", "exactly 1e6 counts as diverged", "exactly", "1e6", "larger")(  # wrong only for 1e6 itself
    named_by(lambda x: not np.isfinite(x).all() or (np.abs(x) >= 1e6).any()))
wrong("07.6", "term", "half of the modes, not 0.9 of them", "0.9", "half")(
    named_by(few=lambda modes, n: np.median(modes[-(len(modes) // 4):]) < .5 * n))


@wrong("07.6", "order", "collapsed is looked for first", "first", "order", "diverged")
def _(d_loss, g_loss, modes, n_modes):
    calm = np.zeros(1)
    return "collapsed" if name_run(calm, calm, modes, n_modes) == "collapsed" else name_run(d_loss, g_loss, modes, n_modes)


wrong("07.6", "manners", "capital letters", "must be one of", "word", "capital", "case", "'healthy'", '"healthy"')(
    lambda *run: name_run(*run).capitalize())
