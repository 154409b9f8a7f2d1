"""Exercises of lesson 21: words that become a condition, and a discriminator that checks them."""

import numpy as np

from ..engine.numerics import sigmoid, softplus
from .grading import Exercise, Mistake, differences

# ---------------------------------------------------------------- 21.1


def _draw_case(rng):
    shape = tuple(int(size) for size in rng.permutation([3, 4, 5])[:2])
    return rng.normal(size=shape), rng.normal(0, .8, shape), rng.normal(size=shape)


def _draw_truth(mu, log_var, eps):
    """The number with the log-likelihood of eps under N(0, 1): (c - mu)^2 = exp(log_var) eps^2, on the side of eps."""
    return {"c": mu + np.sign(eps) * np.sqrt(np.exp(log_var) * eps**2)}


def _draw(sigma=lambda log_var: np.exp(log_var / 2), mean=lambda mu: mu):
    """The answer with one thing done differently."""
    return lambda mu, log_var, eps: mean(mu) + sigma(log_var) * eps


DRAW = Exercise(
    "21.1", "draw_condition", "a condition with noise in it", _draw_case, _draw_truth, solution=_draw(),
    mistakes=(
        Mistake("eps was multiplied by the variance; it is the standard deviation, its root", _draw(np.exp)),
        Mistake("eps was multiplied by log_var itself; sigma is exp(log_var / 2)", _draw(lambda log_var: log_var)),
        Mistake("eps was multiplied by log_var / 2; the exponential is missing", _draw(lambda log_var: log_var / 2)),
        Mistake("the root of log_var was taken, without the exponential", _draw(lambda log_var: np.sqrt(np.abs(log_var)))),
        Mistake("sigma is exp(log_var / 2), not its inverse", _draw(lambda log_var: np.exp(-log_var / 2))),
        Mistake("mu is missing", _draw(mean=np.zeros_like)),
        Mistake("the noise is missing: c is mu", _draw(np.zeros_like)),
        Mistake("sigma is missing: eps has the standard deviation 1", _draw(np.ones_like)),
        Mistake("exp(log_var / 2) was added to eps; it multiplies it", lambda mu, log_var, eps: mu + np.exp(log_var / 2) + eps),
        Mistake("eps is missing: sigma itself was added to mu", lambda mu, log_var, eps: mu + np.exp(log_var / 2)),
        Mistake("the noise was taken away; it is added", lambda mu, log_var, eps: mu - np.exp(log_var / 2) * eps),
        Mistake("mu was multiplied by sigma too: the product is sigma eps",
                lambda mu, log_var, eps: (mu + eps) * np.exp(log_var / 2)),
        Mistake("log_var was divided by 2 with //, which rounds down", _draw(lambda log_var: np.exp(log_var // 2))),
    ),
    hints=("The variance is exp(log_var). Which power of it is the standard deviation?",
           "sqrt(exp(log_var)) = exp(log_var / 2)", "mu + np.exp(log_var / 2) * eps"),
    batch=lambda mu, *rest: mu.shape[0],
)


# ---------------------------------------------------------------- 21.2


def _gradient_truth(dc, log_var, eps):
    """By differences of the sum of dc c."""
    def total(mu, log_var):
        return float((dc * _draw_truth(mu, log_var, eps)["c"]).sum())

    mu = np.zeros_like(log_var)
    return {"dmu": differences(lambda mu: total(mu, log_var), mu),
            "dlog_var": differences(lambda log_var: total(mu, log_var), log_var)}


def _gradient(dmu=lambda dc, log_var, eps: dc, dlog_var=lambda dc, log_var, eps: dc * eps * np.exp(log_var / 2) / 2):
    """The answer with one thing done differently."""
    return lambda dc, log_var, eps: (dmu(dc, log_var, eps), dlog_var(dc, log_var, eps))


CONDITION_GRADIENT = Exercise(
    "21.2", "condition_gradient", "the gradient goes through the draw", _draw_case, _gradient_truth, solution=_gradient(),
    mistakes=(
        Mistake("the half is missing in dlog_var: the derivative of exp(log_var / 2) has a factor 1/2",
                _gradient(dlog_var=lambda dc, log_var, eps: dc * eps * np.exp(log_var / 2))),
        Mistake("eps is missing in dlog_var: the noise multiplies sigma",
                _gradient(dlog_var=lambda dc, log_var, eps: dc * np.exp(log_var / 2) / 2)),
        Mistake("dlog_var has the variance in the place of the standard deviation",
                _gradient(dlog_var=lambda dc, log_var, eps: dc * eps * np.exp(log_var) / 2)),
        Mistake("dlog_var is the derivative by sigma; from sigma to log_var one factor, sigma / 2, is missing",
                _gradient(dlog_var=lambda dc, log_var, eps: dc * eps)),
        Mistake("sigma is missing in dlog_var", _gradient(dlog_var=lambda dc, log_var, eps: dc * eps / 2)),
        Mistake("dc is missing in dlog_var: that is the slope of c, not of L",
                _gradient(dlog_var=lambda dc, log_var, eps: eps * np.exp(log_var / 2) / 2)),
        Mistake("dlog_var has sigma in the denominator",
                _gradient(dlog_var=lambda dc, log_var, eps: dc * eps * np.exp(-log_var / 2) / 2)),
        Mistake("dmu is dc; 1 is the slope of c by mu, and dc is missing",
                _gradient(dmu=lambda dc, log_var, eps: np.ones_like(dc))),
        Mistake("nothing goes through the draw: dlog_var is 0", _gradient(dlog_var=lambda dc, log_var, eps: 0 * dc)),
        Mistake("dmu is dc, without sigma: mu stands alone in c",
                _gradient(dmu=lambda dc, log_var, eps: dc * np.exp(log_var / 2))),
        Mistake("dmu is dc; the noise does not multiply mu", _gradient(dmu=lambda dc, log_var, eps: dc * eps)),
    ),
    hints=("mu enters c with the factor 1.",
           "The derivative of exp(log_var / 2) by log_var is exp(log_var / 2) / 2.",
           "dmu = dc, dlog_var = dc * eps * np.exp(log_var / 2) / 2"),
    batch=lambda dc, *rest: dc.shape[0],
)


# ---------------------------------------------------------------- 21.3


def _kl_case(rng):
    return _draw_case(rng)[:2]


def _kl_value(mu, log_var):
    """Number by number."""
    return float(sum(np.exp(v) + u * u - 1 - v for u, v in zip(mu.ravel(), log_var.ravel(), strict=True)) / 2 / len(mu))


def _kl_truth(mu, log_var):
    return {"value": np.asarray(_kl_value(mu, log_var)), "dmu": differences(lambda mu: _kl_value(mu, log_var), mu),
            "dlog_var": differences(lambda log_var: _kl_value(mu, log_var), log_var)}


def _kl(value=lambda mu, v: (np.exp(v) + mu**2 - 1 - v) / 2, dmu=lambda mu: mu, dlog_var=lambda v: (np.exp(v) - 1) / 2,
        count=lambda mu: mu.shape[0], grads=None):
    """The answer with one thing done differently."""
    def answer(mu, log_var):
        n, of_grads = count(mu), (grads or count)(mu)
        return value(mu, log_var).sum() / n, dmu(mu) / of_grads, dlog_var(log_var) / of_grads

    return answer


KL_TERM = Exercise(
    "21.3", "kl_term", "the KL term and its gradient", _kl_case, _kl_truth, solution=_kl(),
    mistakes=(
        Mistake("the mean was taken over the m numbers as well; over these it is a sum", _kl(count=lambda mu: mu.size)),
        Mistake("value and gradients are sums over the batch; they are means", _kl(count=lambda mu: 1)),
        Mistake("the gradients lack the 1/N of the mean", _kl(grads=lambda mu: 1)),
        Mistake("the half is missing everywhere", _kl(lambda mu, v: np.exp(v) + mu**2 - 1 - v, lambda mu: 2 * mu,
                                                      lambda v: np.exp(v) - 1)),
        Mistake("log_var was taken for the logarithm of the standard deviation",
                _kl(lambda mu, v: (np.exp(2 * v) + mu**2 - 1 - 2 * v) / 2, dlog_var=lambda v: np.exp(2 * v) - 1)),
        Mistake("dlog_var lacks the - 1 of log_var itself, so that the best variance would be 0",
                _kl(dlog_var=lambda v: np.exp(v) / 2)),
        Mistake("dmu is mu / N: the square brings a 2, and the 1/2 takes it away", _kl(dmu=lambda mu: mu / 2)),
        Mistake("dmu is mu / N: the 1/2 was forgotten", _kl(dmu=lambda mu: 2 * mu)),
        Mistake("dlog_var lacks the 1/2", _kl(dlog_var=lambda v: np.exp(v) - 1)),
        Mistake("that is the divergence with the sign turned: a divergence is never negative",
                _kl(lambda mu, v: -(np.exp(v) + mu**2 - 1 - v) / 2, lambda mu: -mu, lambda v: -(np.exp(v) - 1) / 2)),
        Mistake("the constant 1 is missing in the value; without it the value is not 0 at mu = 0, log_var = 0",
                _kl(lambda mu, v: (np.exp(v) + mu**2 - v) / 2)),
        Mistake("log_var was added in the value; it is taken away", _kl(lambda mu, v: (np.exp(v) + mu**2 - 1 + v) / 2)),
        Mistake("exp(log_var / 2) stands in the value, the standard deviation; it is the variance, exp(log_var)",
                _kl(lambda mu, v: (np.exp(v / 2) + mu**2 - 1 - v) / 2)),
        Mistake("exp(2 log_var) stands in the value, the square of the variance; it is exp(log_var)",
                _kl(lambda mu, v: (np.exp(2 * v) + mu**2 - 1 - v) / 2)),
        Mistake("mu was not squared in the value", _kl(lambda mu, v: (np.exp(v) + mu - 1 - v) / 2)),
        Mistake("that is the divergence the other way round, of N(0, 1) from N(mu, exp(log_var))",
                _kl(lambda mu, v: ((1 + mu**2) * np.exp(-v) - 1 + v) / 2)),
    ),
    hints=("All terms of the value: exp(log_var), mu^2, -1 and -log_var, together divided by 2 N.",
           "dmu = mu / N. The derivative of exp(log_var) - log_var is exp(log_var) - 1.",
           "value = (np.exp(log_var) + mu**2 - 1 - log_var).sum() / (2 * N), dlog_var = (np.exp(log_var) - 1) / (2 * N)"),
    batch=lambda mu, *rest: mu.shape[0],
)


# ---------------------------------------------------------------- 21.4


def _matching_case(rng):
    n = int(rng.integers(3, 7))
    return tuple(rng.normal(0, 1.5, (n, 1)) for _ in range(3))


def _matching_value(s_real, s_fake, s_wrong):
    """The logarithms as they are."""
    right, fake, wrong = (1 / (1 + np.exp(-s)) for s in (s_real, s_fake, s_wrong))
    return float(-np.log(right).mean() - np.log(1 - fake).mean() / 2 - np.log(1 - wrong).mean() / 2)


def _matching_truth(s_real, s_fake, s_wrong):
    scores = {"ds_real": s_real, "ds_fake": s_fake, "ds_wrong": s_wrong}

    def of(name):
        return differences(lambda s: _matching_value(*(s if other == name else scores[other] for other in scores)), scores[name])

    return {"value": np.asarray(_matching_value(*scores.values())), **{name: of(name) for name in scores}}


def _matching(half=(.5, .5), wrong_is_real=False, divide=len, gradients=None):
    """The answer with one thing done differently; `gradients` multiply those of the three kinds."""
    def answer(s_real, s_fake, s_wrong):
        n, (a, b), (r, f, w) = divide(s_real), half, gradients or (1, 1, 1)
        of_wrong, d_wrong = (softplus(-s_wrong), -sigmoid(-s_wrong)) if wrong_is_real else (softplus(s_wrong), sigmoid(s_wrong))
        value = (softplus(-s_real) + a * softplus(s_fake) + b * of_wrong).sum() / n
        return value, -r * sigmoid(-s_real) / n, f * a * sigmoid(s_fake) / n, w * b * d_wrong / n

    return answer


MATCHING = Exercise(
    "21.4", "matching_loss", "a discriminator that checks the words", _matching_case, _matching_truth, solution=_matching(),
    mistakes=(
        Mistake("generated pairs and pairs with wrong words count one half each; here they count once each", _matching((1, 1))),
        Mistake("a real image with wrong words is a wrong pair; here it counts as a real one", _matching(wrong_is_real=True)),
        Mistake("the pairs with wrong words were left out", _matching((.5, 0))),
        Mistake("ds_real has sigmoid(s_real) where sigmoid(-s_real) belongs", lambda s_real, *rest: (
            lambda value, ds_real, *others: (value, -sigmoid(s_real) / len(s_real), *others))(*_matching()(s_real, *rest))),
        Mistake("a half was taken of the real pairs too; they count whole", lambda s_real, *rest: (
            lambda value, ds_real, *others: (value - softplus(-s_real).mean() / 2, ds_real / 2, *others))(
                *_matching()(s_real, *rest))),
        Mistake("s_real has the wrong sign in the value: it is softplus(-s_real)", lambda s_real, *rest: (
            lambda value, *others: (value + s_real.mean(), *others))(*_matching()(s_real, *rest))),
        Mistake("s_real and s_fake are exchanged", lambda s_real, s_fake, s_wrong: _matching()(s_fake, s_real, s_wrong)),
        Mistake("the pairs with wrong words were left out, and the generated ones count once", _matching((1, 0))),
        Mistake("the generated pairs were left out", _matching((0, .5))),
        Mistake("that is a sum over the batch; it is a mean", _matching(divide=lambda s: 1)),
        Mistake("all was divided by 3 N, the number of all pairs; each kind has a mean of its own",
                _matching(divide=lambda s: 3 * len(s))),
        Mistake("the halves are in the value, and not in the gradients", _matching(gradients=(1, 2, 2))),
        Mistake("the sign of ds_real is wrong: a larger score of a real pair lowers the loss", _matching(gradients=(-1, 1, 1))),
        Mistake("ds_fake and ds_wrong have the wrong sign: a larger score of such a pair raises the loss",
                _matching(gradients=(1, -1, -1))),
        Mistake("that is the loss of a D that shall be wrong: the signs of all scores are turned",
                lambda s_real, s_fake, s_wrong: tuple(
                    part * sign for part, sign in zip(_matching()(-s_real, -s_fake, -s_wrong), (1, -1, -1, -1), strict=True))),
    ),
    hints=("softplus(-s) has the derivative -sigmoid(-s), and softplus(s) has sigmoid(s).",
           "Each of the three means has a 1/N of its own, and two of them a 1/2.",
           "ds_fake = sigmoid(s_fake) / (2 * N), ds_wrong = sigmoid(s_wrong) / (2 * N), ds_real = -sigmoid(-s_real) / N"),
    batch=lambda s_real, *rest: s_real.shape[0],
)


# ---------------------------------------------------------------- 21.5


def _words_case(rng):
    """Rows in which the next one often says the same, also across the end."""
    while True:
        n, k = int(rng.integers(7, 11)), int(rng.integers(3, 5))
        phi = np.eye(k)[rng.integers(k, size=n)]
        if (phi[0] == phi[-1]).all() and len(np.unique(phi, axis=0)) > 2 and (phi[1:] == phi[:-1]).all(axis=1).any():
            return (phi,)


def _words_truth(phi):
    """Row by row, as far as it takes."""
    wrong = np.empty_like(phi)
    for n in range(len(phi)):
        step = 1
        while np.array_equal(phi[(n + step) % len(phi)], phi[n]):
            step += 1
        wrong[n] = phi[(n + step) % len(phi)]
    return {"wrong": wrong}


def _searched(way=1, same=lambda other, own: np.array_equal(other, own), most=None):
    """The answer with another way through the rows, or another idea of what says the same."""
    def answer(phi):
        n = len(phi)
        steps = [next((step for step in range(1, (most or n) + 1) if not same(phi[(row + way * step) % n], phi[row])), 0)
                 for row in range(n)]
        return phi[[(row + way * step) % n for row, step in enumerate(steps)]]

    return answer


def _not_round(phi):
    return np.array([next((other for other in phi[row:] if not np.array_equal(other, own)), own) for row, own in enumerate(phi)])


WRONG_WORDS = Exercise(
    "21.5", "wrong_words", "words that are really wrong", _words_case, _words_truth, solution=_searched(),
    mistakes=(
        Mistake("the next row was always taken: where it says the same, the words are right",
                lambda phi: np.roll(phi, -1, axis=0)),
        Mistake("the row before was taken; it is the next one that says something else", _searched(-1)),
        Mistake("the row before was always taken: where it says the same, the words are right",
                lambda phi: np.roll(phi, 1, axis=0)),
        Mistake("at most two rows were tried: where three in a row say the same, the words are still right", _searched(most=2)),
        Mistake("the rows stayed as they are: all the words are right", lambda phi: phi.copy()),
        Mistake("1 - phi says nothing that can be said of an image: the wrong words must be those of another row",
                lambda phi: 1 - phi),
        Mistake("the search began at the top for every row; it begins with the next row",
                lambda phi: phi[[next(i for i, other in enumerate(phi) if not np.array_equal(other, own)) for own in phi]]),
        Mistake("the search ended at the last row; after it comes the first one, and then those after it", _not_round),
    ),
    hints=("np.roll(phi, -1, axis=0) has the next row in each place. Where is it equal to phi in all of its numbers?",
           "Begin with the next row of all, and move those rows that are still equal one further, until none is.",
           "step = 1 for each row; while phi[(n + step) % N] equals phi[n], one more"),
    cases=12,
)

EXERCISES = (DRAW, CONDITION_GRADIENT, KL_TERM, MATCHING, WRONG_WORDS)
