"""Exercises of lesson 01: generative or discriminative."""

import decimal
import math

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from ..engine.numerics import sigmoid, softplus
from ..losses import bce_with_logits
from .grading import Exact, Exercise, Mistake, differences

LN2 = math.log(2)


# ---------------------------------------------------------------- 01.1


def _table(rng):
    """A table with other numbers of rows and columns, and two zeros in different rows."""
    n, k = (int(size) for size in rng.permutation([3, 4, 5, 6])[:2])
    p_xy = rng.lognormal(0, 1, size=(n, k))
    p_xy[rng.permutation(n)[:2], rng.integers(0, k, 2)] = 0
    return (p_xy / p_xy.sum(),)


def _sums(p_xy):
    """One sum at a time, as the definitions say."""
    rows = p_xy.tolist()
    p_x, p_y = [sum(row) for row in rows], [sum(column) for column in zip(*rows, strict=True)]
    return {"p_x": Exact(np.array(p_x)[:, None]), "p_y": Exact(np.array(p_y)[None]),
            "p_y_given_x": Exact(np.array([[entry / total for entry in row] for row, total in zip(rows, p_x, strict=True)]))}


def _marginals(p_xy):
    return p_xy.sum(axis=1, keepdims=True), p_xy.sum(axis=0, keepdims=True)


def _given(conditional):
    """An answer with the right p(x) and p(y), and another third result; `conditional` gets p(x, y), p(x) and p(y)."""
    return lambda p_xy: (*_marginals(p_xy), conditional(p_xy, *_marginals(p_xy)))


TABLE = Exercise(
    "01.1", "three_probabilities", "three probabilities from one table", _table, _sums,
    solution=_given(lambda p_xy, p_x, p_y: p_xy / p_x),
    mistakes=(
        Mistake("p(x, y) was divided by p(y): that is p(x | y); p(y | x) is p(x, y) / p(x)", _given(lambda p, p_x, p_y: p / p_y)),
        Mistake("that is the table p(x, y) itself; p(y | x) is p(x, y) / p(x)", _given(lambda p, p_x, p_y: p)),
        Mistake("p(x, y) was divided by p(x) and by p(y); p(y | x) is p(x, y) / p(x)",
                _given(lambda p, p_x, p_y: p / p_x / p_y)),
        Mistake("p(x, y) was multiplied by p(x), not divided", _given(lambda p, p_x, p_y: p * p_x)),
        Mistake("p(y) stands in each row, as if the label did not depend on the image",
                _given(lambda p, p_x, p_y: p_y + 0 * p)),
        Mistake("that is p(x) p(y), the table of an image and a label that are independent",
                _given(lambda p, p_x, p_y: p_x * p_y)),
        Mistake("each row was divided by its largest entry, not by its sum",
                _given(lambda p, p_x, p_y: p / p.max(axis=1, keepdims=True))),
        Mistake("a softmax of each row: the entries are probabilities already, so divide them by their sum",
                _given(lambda p, p_x, p_y: np.exp(p) / np.exp(p).sum(axis=1, keepdims=True))),
        Mistake("the likeliest label got 1 and the others 0; p(y | x) is p(x, y) / p(x)",
                _given(lambda p, p_x, p_y: 1.0 * (p == p.max(axis=1, keepdims=True)))),
        Mistake("each label got the same share, whatever the image is", _given(lambda p, p_x, p_y: 0 * p + 1 / p.shape[1])),
        Mistake("p(x, y) was multiplied by p(y) and divided by p(x): p(x, y) has p(y) in it already",
                _given(lambda p, p_x, p_y: p * p_y / p_x)),
        Mistake("a mean stands where a sum belongs: p(x) is the sum of its row",
                lambda p: (p.mean(axis=1, keepdims=True), *_given(lambda p, p_x, p_y: p / p_x)(p)[1:])),
        Mistake("a mean stands where a sum belongs: p(y) is the sum of its column",
                lambda p: (_marginals(p)[0], p.mean(axis=0, keepdims=True), p / _marginals(p)[0])),
        Mistake("the largest entry of the row was taken; p(x) is the sum of its row",
                lambda p: (p.max(axis=1, keepdims=True), _marginals(p)[1], p / _marginals(p)[0])),
        Mistake("the sums lost an axis: keepdims=True keeps it",
                lambda p: (p.sum(axis=1), p.sum(axis=0), p / _marginals(p)[0]), "keepdims"),
        Mistake("the axes are exchanged: axis=1 adds along a row, over the labels",
                lambda p: (*_marginals(p)[::-1], p / _marginals(p)[0]), "exchanged"),
        Mistake("all images were called equally likely; p(x) is the sum of its row",
                lambda p: (np.full((len(p), 1), 1 / len(p)), _marginals(p)[1], p / _marginals(p)[0])),
    ),
    hints=("p(x) does not ask for the label. Add up the row of the image, over all labels.",
           "p(y) does not ask for the image. Add up the column of the label. NumPy's sum(axis=..., keepdims=True) does both.",
           "p(y | x) divides each row by its own sum: p_xy / p_xy.sum(axis=1, keepdims=True)."),
)


# ---------------------------------------------------------------- 01.2


def _log_densities(rng):
    """Log densities as images of many pixels have them: exp of most is 0, and some densities are above 1.

    In each row but one they lie near to each other, so that more than one label is possible.
    """
    n, k = int(rng.integers(5, 9)), int(rng.integers(2, 5))
    level = rng.permutation(np.concatenate([rng.uniform(-950, -800, n - 3), rng.uniform(20, 40, 1), rng.uniform(-5, 5, 2)]))
    p_y = rng.lognormal(0, 1, k)
    log_p_x_given_y = level[:, None] + rng.normal(0, 1.5, (n, k))
    log_p_x_given_y[rng.integers(n), rng.integers(k)] -= 1000  # subtracting the smallest of a row is no help
    return log_p_x_given_y, p_y / p_y.sum()


def _bayes(log_p_x_given_y, p_y):
    """p(y) p(x | y) and its sum in 60 digits, which have room for e^-900."""
    with decimal.localcontext(decimal.Context(prec=60, traps=[])):
        priors = [decimal.Decimal(p) for p in p_y.tolist()]
        rows = [[prior * decimal.Decimal(log_p).exp() for prior, log_p in zip(priors, row, strict=True)]
                for row in log_p_x_given_y.tolist()]
        return {"log_p_x": Exact(np.array([[float(sum(row).ln())] for row in rows])),
                "p_y_given_x": Exact(np.array([[float(joint / sum(row)) for joint in row] for row in rows]))}


def _from_logs(weigh, axis=1):
    """An answer with other logarithms of p(x, y), or normalised along the other axis."""
    def answer(log_p_x_given_y, p_y):
        log_joint = weigh(log_p_x_given_y, p_y)
        log_p_x = logsumexp(log_joint, axis=axis, keepdims=True)
        return log_p_x, np.exp(log_joint - log_p_x)

    return answer


_joint = _from_logs(lambda log_p, p_y: log_p + np.log(p_y))


def _bayes_but(log_p_x=None, posterior=None):
    """The right answer with one result changed; the change gets the log joint and the right result."""
    def answer(log_p_x_given_y, p_y):
        log_joint, right = log_p_x_given_y + np.log(p_y), _joint(log_p_x_given_y, p_y)
        return (log_p_x(log_joint, right[0]) if log_p_x else right[0],
                posterior(log_joint, right[1], p_y) if posterior else right[1])

    return answer


def _underflows(log_p_x_given_y, p_y):
    joint = np.exp(log_p_x_given_y) * p_y
    total = joint.sum(axis=1, keepdims=True)
    return np.log(total), joint / total


CLASSIFY = Exercise(
    "01.2", "classify", "a generative model classifies", _log_densities, _bayes,
    solution=_joint,
    mistakes=(
        Mistake("exp of a logarithm such as -900 is 0: subtract the largest logarithm of the row first", _underflows,
                "log_p_x is not finite"),
        Mistake("p(y) was left out: p(x, y) is p(y) p(x | y)", _from_logs(lambda log_p, p_y: log_p)),
        Mistake("p(y) was added to the logarithms without a logarithm of its own", _from_logs(lambda log_p, p_y: log_p + p_y)),
        Mistake("the logarithm of p(x | y) was multiplied by p(y); a product becomes a sum of two logarithms",
                _from_logs(lambda log_p, p_y: log_p * p_y)),
        Mistake("divided by p(y): the sign of log p(y) is wrong", _from_logs(lambda log_p, p_y: log_p - np.log(p_y))),
        Mistake("p(y) was counted twice", _from_logs(lambda log_p, p_y: log_p + 2 * np.log(p_y))),
        Mistake("the sum runs over the images; p(x) is a sum over the labels",
                _from_logs(lambda log_p, p_y: log_p + np.log(p_y), 0), "log_p_x has shape"),
        Mistake("the largest logarithm was subtracted, and not added to log p(x) again",
                _bayes_but(lambda log_joint, right: right - log_joint.max(axis=1, keepdims=True))),
        Mistake("only the likeliest label was counted; p(x) is a sum over all labels",
                _bayes_but(lambda log_joint, right: log_joint.max(axis=1, keepdims=True))),
        Mistake("the logarithms were added; log p(x) is the logarithm of the sum of the p(x, y)",
                _bayes_but(lambda log_joint, right: log_joint.sum(axis=1, keepdims=True))),
        Mistake("a mean over the labels stands where the sum belongs", _bayes_but(
            lambda log_joint, right: right - np.log(log_joint.shape[1]))),
        Mistake("p(y) is missing in log p(x): the terms of the sum are p(y) p(x | y)", lambda log_p_x_given_y, p_y: (
            logsumexp(log_p_x_given_y, axis=1, keepdims=True), _joint(log_p_x_given_y, p_y)[1])),
        Mistake("that is p(x) itself, and 0 for most images; its logarithm was asked for",
                _bayes_but(lambda log_joint, right: np.exp(right))),
        Mistake("that is -log p(x): its sign is wrong", _bayes_but(lambda log_joint, right: -right), "sign"),
        Mistake("that is log p(y | x); the probability itself was asked for", _bayes_but(
            None, lambda log_joint, right, p_y: log_joint - logsumexp(log_joint, axis=1, keepdims=True))),
        Mistake("the likeliest label got 1 and the others 0; each label has its own probability",
                _bayes_but(None, lambda log_joint, right, p_y: 1.0 * (right == right.max(axis=1, keepdims=True)))),
        Mistake("p(y) is in p(x), and missing in p(y | x)", _bayes_but(
            None, lambda log_joint, right, p_y: right / p_y / (right / p_y).sum(axis=1, keepdims=True))),
        Mistake("p(x, y) was divided by its largest entry in the row, not by the sum p(x)", _bayes_but(
            None, lambda log_joint, right, p_y: right / right.max(axis=1, keepdims=True))),
        Mistake("each column was divided by its sum over the images; each image has probabilities that sum to 1",
                _bayes_but(None, lambda log_joint, right, p_y: right / right.sum(axis=0))),
        Mistake("1 - p(y | x) is the probability of the other labels", _bayes_but(None, lambda log_joint, right, p_y: 1 - right)),
    ),
    hints=("log p(x, y) = log p(y) + log p(x | y): one array (N, K). p(x) adds p(x, y) over the labels.",
           "With m, the largest entry of a row, the sum of e^l is e^m times the sum of e^(l - m). No term of it is above 1.",
           "So log p(x) = m + log sum e^(l - m), and p(y | x) = e^(l - log p(x))."),
    constants=lambda log_p_x_given_y, p_y: {"ln 2 (a logarithm to base 2?)": LN2},
)


# ---------------------------------------------------------------- 01.3


def _line_case(rng):
    """Images on both sides of a line that is not right about all of them; the label 1 is the rarer one."""
    n = int(rng.integers(5, 12))
    y = 1.0 * rng.permutation(np.arange(n) < n // 3)
    return rng.normal(size=(n, 2)) + y[:, None], y, rng.normal(size=2), round(float(rng.normal()), 2)


def _cost(z, y, w, b):
    """The mean of -log p and -log(1 - p), one image at a time."""
    p = [1 / (1 + math.exp(-(u * w[0] + v * w[1] + b))) for u, v in z.tolist()]
    return sum(-math.log(one if label else 1 - one) for one, label in zip(p, y.tolist(), strict=True)) / len(p)


def _line_truth(z, y, w, b):
    db = differences(lambda b: _cost(z, y, w, float(b[0])), np.array([b]))
    return {"value": Exact(_cost(z, y, w, b)), "dw": differences(lambda w: _cost(z, y, w, b), w), "db": db.gradient[0]}


def _line(z, y, w, b):
    loss = bce_with_logits((z @ w + b)[:, None], y[:, None])
    return loss.value, z.T @ loss.ds[:, 0], loss.ds.sum()


def _by_score(slope):
    """An answer with the right value, whose cost changes with the score as slope(p, y) says, before the mean."""
    def answer(z, y, w, b):
        ds = slope(sigmoid(z @ w + b), y) / y.size
        return _line(z, y, w, b)[0], z.T @ ds, ds.sum()

    return answer


def _exchanged_sigmoid(z, y, w, b):
    """With p = 1 / (1 + exp(+s)) throughout."""
    p = sigmoid(-(z @ w + b))
    return _line(z, 1 - y, w, b)[0], z.T @ (p - y) / y.size, (p - y).mean()


def _other_value(value):
    """An answer with the right gradient, and another value; `value` gets the scores and the labels."""
    return lambda z, y, w, b: (value(z @ w + b, y), *_line(z, y, w, b)[1:])


LINE = Exercise(
    "01.3", "line_loss", "the loss of the line and its gradient", _line_case, _line_truth, _line,
    mistakes=(
        Mistake("a sum over the images stands where the mean belongs",
                lambda *args: tuple(args[1].size * x for x in _line(*args)), "batch size"),
        Mistake("the sign is wrong: -log p is the cost, and log p the logarithm of the likelihood",
                lambda *args: tuple(-x for x in _line(*args)), "sign"),
        Mistake("the value is a mean, the gradient is that of a sum: each image counts 1/N",
                lambda z, y, w, b: (_line(z, y, w, b)[0], *(y.size * x for x in _line(z, y, w, b)[1:])), "batch size"),
        Mistake("the derivative by the score is p - y, not y - p", _by_score(lambda p, y: y - p), "sign"),
        Mistake("p - y was multiplied by p (1 - p): that derivative of the sigmoid is in p - y already",
                _by_score(lambda p, y: (p - y) * p * (1 - p))),
        Mistake("that is the gradient of half the squared error, with p (1 - p) twice",
                _by_score(lambda p, y: (p - y) * (p * (1 - p)) ** 2)),
        Mistake("those are the derivatives by p, -y/p + (1 - y)/(1 - p): the chain rule goes on through the sigmoid",
                _by_score(lambda p, y: (p - y) / p / (1 - p))),
        Mistake("only the images with the label 1 have a gradient: the others cost -log(1 - p)",
                _by_score(lambda p, y: y * (p - y))),
        Mistake("only the images with the label 0 have a gradient: the others cost -log p",
                _by_score(lambda p, y: (1 - y) * (p - y))),
        Mistake("y was left out of p - y", _by_score(lambda p, y: p)),
        Mistake("the answers were rounded to 0 and 1 before y was subtracted: the gradient needs p itself",
                _by_score(lambda p, y: np.round(p) - y)),
        Mistake("the score stands in the place of the probability: p - y, not s - y",
                lambda z, y, w, b: (_line(z, y, w, b)[0], z.T @ (z @ w + b - y) / y.size, (z @ w + b - y).mean())),
        Mistake("b was left out of the score", lambda z, y, w, b: _line(z, y, w, 0.0)),
        Mistake("the labels are swapped: -log p is the cost of an image with the label 1",
                lambda z, y, w, b: _line(z, 1 - y, w, b)),
        Mistake("p and 1 - p are exchanged: is the sign of s wrong in exp(-s)?", _exchanged_sigmoid),
        Mistake("p and 1 - p are exchanged in the value: -log p is the cost of an image with the label 1",
                lambda z, y, w, b: (_line(z, 1 - y, w, b)[0], *_line(z, y, w, b)[1:])),
        Mistake("log(1 + exp(-y s)) is the cost where the labels are -1 and 1; here they are 0 and 1",
                _other_value(lambda s, y: softplus(-y * s).mean())),
        Mistake("the sign of b is wrong: exp(-(z w + b)) has both with a minus, so exp(-z w + b) needs brackets",
                lambda z, y, w, b: _line(z, y, w, -b)),
        Mistake("the images with the label 0 cost nothing: their cost is -log(1 - p)",
                _other_value(lambda s, y: (y * softplus(-s)).mean())),
        Mistake("the images with the label 1 cost nothing: their cost is -log p",
                _other_value(lambda s, y: ((1 - y) * softplus(s)).mean())),
        Mistake("that is the mean squared error; here -log p and -log(1 - p) are the costs",
                _other_value(lambda s, y: np.square(sigmoid(s) - y).mean())),
        Mistake("that is the share of wrong answers; here -log p and -log(1 - p) are the costs",
                _other_value(lambda s, y: np.mean((s > 0) != (y == 1)))),
        Mistake("every image was called a 1: for the label 0 the cost is -log(1 - p)",
                _other_value(lambda s, y: softplus(-s).mean())),
        Mistake("each class was averaged alone; the mean is over all images",
                _other_value(lambda s, y: (softplus(-s[y == 1]).mean() + softplus(s[y == 0]).mean()) / 2)),
        Mistake("only the derivative by the score was averaged; dw also has the factor z",
                lambda z, y, w, b: (_line(z, y, w, b)[0], np.full(2, _line(z, y, w, b)[2]), _line(z, y, w, b)[2])),
    ),
    hints=("The derivative of p = 1 / (1 + e^-s) by s is p (1 - p). So what is the derivative of -log p by s? Of -log(1 - p)?",
           "Written with y, both are p - y. By the chain rule, s = z w + b gives the factor z for dw, and the factor 1 for db.",
           "dw = z.T @ (p - y) / N, and db is the mean of p - y."),
    constants=lambda z, y, w, b: {"ln 2 (a logarithm to base 2?)": LN2},
    batch=lambda z, y, w, b: y.size,
)


# ---------------------------------------------------------------- 01.4


def _images(rng):
    """Few images whose columns have different spreads and belong together, far from 0."""
    n, d = int(rng.integers(6, 10)), int(rng.integers(2, 5))
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) * rng.uniform(0.5, 2, d) + rng.normal(0, 2, d)
    return x, round(float(rng.uniform(0.1, 0.4)), 2)


def _pairs(x, shrink):
    """One mean and one pair of columns at a time."""
    columns = x.T.tolist()
    n, d = x.shape
    mean = [math.fsum(column) / n for column in columns]
    c = [[math.fsum((u - mean[i]) * (v - mean[j]) for u, v in zip(columns[i], columns[j], strict=True)) / (n - 1)
          for j in range(d)] for i in range(d)]
    v = sum(c[i][i] for i in range(d)) / d
    return {"mean": Exact(np.array(mean)),
            "covariance": Exact(np.array([[(1 - shrink) * c[i][j] + shrink * v * (i == j) for j in range(d)] for i in range(d)]))}


def _mixed(covariance=lambda x: np.cov(x, rowvar=False), target=None, keep=lambda shrink: 1 - shrink, add=lambda shrink: shrink):
    """The Gaussian of another covariance, or mixed with another matrix, or in other shares."""
    def answer(x, shrink):
        c = covariance(x)
        other = target(c) if target else np.diag(c).mean() * np.eye(len(c))
        return x.mean(axis=0), keep(shrink) * c + add(shrink) * other

    return answer


GAUSSIAN = Exercise(
    "01.4", "fit_gaussian", "fit a Gaussian to images", _images, _pairs,
    solution=_mixed(),
    mistakes=(
        Mistake("divided by N, not by N - 1", _mixed(lambda x: np.cov(x, rowvar=False, ddof=0)), "N - 1"),
        Mistake("not divided by N - 1: that is a sum over the images", _mixed(lambda x: np.cov(x, rowvar=False) * (len(x) - 1)),
                "N - 1"),
        *(Mistake(f"the mean was not subtracted before the products were taken{also}",
                  _mixed(lambda x, n=n: x.T @ x / (len(x) - n)))
          for n, also in ((1, ""), (0, "; nor was 1 subtracted from N"))),
        Mistake("those are correlations: they were divided by the standard deviations",
                _mixed(lambda x: np.corrcoef(x, rowvar=False))),
        Mistake("shrink was not used", _mixed(add=lambda shrink: 0, keep=lambda shrink: 1)),
        Mistake("shrink and 1 - shrink are exchanged", _mixed(keep=lambda shrink: shrink, add=lambda shrink: 1 - shrink)),
        Mistake("the factor 1 - shrink of C is missing", _mixed(keep=lambda shrink: 1)),
        Mistake("the identity was added without v, the mean variance", _mixed(target=lambda c: np.eye(len(c)))),
        Mistake("the sum of the variances (the trace) stands where their mean belongs",
                _mixed(target=lambda c: np.trace(c) * np.eye(len(c)))),
        Mistake("v is the mean of the diagonal of C, not of all its entries", _mixed(target=lambda c: c.mean() * np.eye(len(c)))),
        Mistake("v was added to every entry: the identity matrix is missing", _mixed(target=lambda c: np.diag(c).mean() + 0 * c)),
        Mistake("C was mixed with its own diagonal; v I has the same number in each place of the diagonal",
                _mixed(target=lambda c: np.diag(np.diag(c)))),
        Mistake("v is the mean of the variances; the mean standard deviation was taken",
                _mixed(target=lambda c: np.sqrt(np.diag(c)).mean() * np.eye(len(c)))),
        Mistake("the variances in v were divided by N; they are the diagonal of C, divided by N - 1",
                lambda x, shrink: (x.mean(axis=0), (1 - shrink) * np.cov(x, rowvar=False) + shrink * x.var(axis=0).mean()
                                   * np.eye(x.shape[1]))),
        Mistake("v was computed after C had been multiplied by 1 - shrink",
                lambda x, shrink: _mixed(target=lambda c: (1 - shrink) * np.diag(c).mean() * np.eye(len(c)))(x, shrink)),
        Mistake("the factor 1 - shrink of C and v are missing: shrink alone was added to the diagonal",
                _mixed(target=lambda c: np.eye(len(c)), keep=lambda shrink: 1)),
        *(Mistake(f"v is the mean of the d variances, each from its own column; {what} was taken",
                  lambda x, shrink, v=v: _mixed(target=lambda c: v(x) * np.eye(len(c)))(x, shrink))
          for what, v in (("x.var(), the variance of all entries together,", np.var),
                          ("the variance of all entries together", lambda x: x.var(ddof=1)),
                          ("the largest of them", lambda x: x.var(axis=0, ddof=1).max()),
                          ("their median", lambda x: np.median(x.var(axis=0, ddof=1))),
                          ("their geometric mean", lambda x: np.exp(np.log(x.var(axis=0, ddof=1)).mean())),
                          ("their sum, divided by N,", lambda x: x.var(axis=0, ddof=1).sum() / len(x)))),
        *(Mistake(f"the mean of {which} was subtracted; each column has a mean of its own",
                  _mixed(lambda x, axis=axis: (x - x.mean(axis=axis, keepdims=True)).T @ (
                      x - x.mean(axis=axis, keepdims=True)) / (len(x) - 1)))
          for which, axis in (("each row", 1), ("all entries", None))),
        Mistake("two things: divided by N, not by N - 1; and the identity was added without v",
                _mixed(lambda x: np.cov(x, rowvar=False, ddof=0), target=lambda c: np.eye(len(c)))),
        Mistake("two things: divided by N, not by N - 1; and shrink and 1 - shrink are exchanged",
                _mixed(lambda x: np.cov(x, rowvar=False, ddof=0), keep=lambda shrink: shrink, add=lambda shrink: 1 - shrink)),
        Mistake("only the variances were kept: the covariances are missing", _mixed(lambda x: np.diag(x.var(axis=0, ddof=1)))),
        Mistake("rows and columns are exchanged: np.cov takes rows as variables, unless rowvar=False",
                lambda x, shrink: (x.mean(axis=0), _mixed(np.cov)(x, shrink)[1]), "covariance has shape"),
        Mistake("the median of each column was taken for its mean",
                lambda x, shrink: (np.median(x, axis=0), _mixed()(x, shrink)[1])),
        Mistake("one mean of all entries stands in each place", lambda x, shrink: (0 * x[0] + x.mean(), _mixed()(x, shrink)[1])),
        Mistake("that is the mean of each image, along a row", lambda x, shrink: (x.mean(axis=1), _mixed()(x, shrink)[1]),
                "mean has shape"),
    ),
    hints=("The mean is taken over the images, axis 0. Subtract it from each row. C is then (x - mean)' (x - mean) / (N - 1).",
           "np.cov(x, rowvar=False) gives the same C. np.diag(C) is its diagonal, and np.eye(d) is the identity matrix.",
           "covariance = (1 - shrink) * C + shrink * np.diag(C).mean() * np.eye(d)."),
    constants=lambda x, shrink: {"shrink": shrink, "1 - shrink": 1 - shrink, "N - 1 (a sum for the covariance?)": len(x) - 1,
                                 "N / (N - 1) (was it divided by N, not by N - 1?)": len(x) / (len(x) - 1)},
)


# ---------------------------------------------------------------- 01.5


def _two_sets(rng):
    """More of one kind than of the other, and some close together: the two distances differ."""
    n, m = (int(size) for size in rng.permutation([4, 6, 7, 9])[:2])
    d = int(rng.integers(2, 5))
    return rng.normal(0, 1, (n, d)), rng.normal(0, 2, (m, d)) + rng.normal(0, 0.5, d)


def _nearest(a, b):
    """One pair at a time."""
    return math.fsum(min(math.dist(u, v) for v in b.tolist()) for u in a.tolist()) / len(a)


def _both(reduce=lambda d, axis: d.min(axis=axis).mean(), metric="euclidean"):
    """Both numbers from the table of the distances, reduced along the other set's axis."""
    def answer(drawn, real):
        d = cdist(drawn, real, metric)
        return reduce(d, 1), reduce(d, 0)

    return answer


NEAR = Exercise(
    "01.5", "near_and_covering", "near the data, and covering it", _two_sets,
    lambda drawn, real: {"near": Exact(_nearest(drawn, real)), "covering": Exact(_nearest(real, drawn))},
    solution=_both(),
    mistakes=(
        Mistake("the two numbers are exchanged: near starts from each drawing",
                lambda drawn, real: _both()(real, drawn), "exchanged"),
        Mistake("a sum over the images stands where the mean belongs",
                _both(lambda d, axis: d.min(axis=axis).sum()), "(a sum for a mean?)"),
        Mistake("those are squared distances: the root is missing", _both(metric="sqeuclidean")),
        Mistake("the root was taken of the mean; each distance has its own root, and the mean comes last",
                _both(lambda d, axis: np.sqrt(d.min(axis=axis).mean()), "sqeuclidean")),
        Mistake("the absolute differences were added; the Euclidean distance is the root of the sum of squares",
                _both(metric="cityblock")),
        Mistake("the largest difference of any pixel was taken; the Euclidean distance is the root of the sum of squares",
                _both(metric="chebyshev")),
        Mistake("the squares were averaged over the d pixels, not added",
                lambda drawn, real: tuple(x / math.sqrt(drawn.shape[1]) for x in _both()(drawn, real)), "(a mean for the sum?)"),
        Mistake("the distance to every image was averaged; only the nearest one counts", _both(lambda d, axis: d.mean())),
        Mistake("the distance to the farthest image was taken; the nearest one counts",
                _both(lambda d, axis: d.max(axis=axis).mean())),
        Mistake("the largest of the nearest distances was taken, not their mean", _both(lambda d, axis: d.min(axis=axis).max())),
        Mistake("the smallest of all distances was taken; each image has its own nearest one, and the mean follows",
                _both(lambda d, axis: d.min())),
        Mistake("a median stands where the mean belongs", _both(lambda d, axis: np.median(d.min(axis=axis)))),
        Mistake("the two mean images were compared; each image has its own nearest one",
                lambda drawn, real: (math.dist(drawn.mean(axis=0), real.mean(axis=0)),) * 2),
        Mistake("the images were compared in their order, the first with the first; each has its own nearest one",
                lambda drawn, real: (np.linalg.norm(drawn[:len(real)] - real[:len(drawn)], axis=1).mean(),) * 2),
        Mistake("the squared differences were summed over all images, as np.linalg.norm does without axis=-1: each image has a "
                "distance of its own",
                lambda drawn, real: (np.mean([np.linalg.norm(one - real) for one in drawn]),
                                     np.mean([np.linalg.norm(one - drawn) for one in real]))),
        Mistake("the second nearest was taken", _both(lambda d, axis: np.sort(d, axis=axis).take(1, axis=axis).mean())),
        Mistake("the squares were averaged over the d pixels, and the root is missing",
                _both(lambda d, axis: d.min(axis=axis).mean(), lambda u, v: np.mean((u - v) ** 2))),
        Mistake("both numbers are the mean of the two: near and covering were asked for one by one",
                lambda drawn, real: (np.mean(_both()(drawn, real)),) * 2),
        Mistake("the cosine distance was taken; the Euclidean one is the root of the sum of squares", _both(metric="cosine")),
        Mistake("both numbers are near: covering starts from each real image", lambda drawn, real: (_both()(drawn, real)[0],) * 2,
                "covering"),
    ),
    hints=("All distances make a table with N rows and M columns: differences drawn[:, None] - real, squared, summed, the root.",
           "near needs the smallest number of each row, and covering the smallest of each column.",
           "With the table D: D.min(axis=1).mean() and D.min(axis=0).mean(). scipy.spatial.distance.cdist makes the table too."),
    constants=lambda drawn, real: {"the number of drawings (a sum for a mean?)": len(drawn),
                                   "the number of real images (a sum for a mean?)": len(real),
                                   "the root of d (a mean for the sum?)": math.sqrt(drawn.shape[1])},
)


EXERCISES = (TABLE, CLASSIFY, LINE, GAUSSIAN, NEAR)
