"""Exercises of lesson 03: scores and probabilities."""

import decimal

import numpy as np

from ..engine.numerics import sigmoid, softplus
from ..losses import bce_with_logits
from .calling import place
from .grading import Digits, Exercise, Mistake, Wrong

# ---------------------------------------------------------------- scores of every size, and the truth to 150 digits

CLIPS = (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)  # what people clip probabilities at
ADVICE = {
    "overflow": "exponentiate only what is not positive, such as -np.abs(s) (np.where comes too late: it computes both sides)",
    "divide by zero": "a probability has become exactly 0 or 1; the score still knows how near it is, so start from the score",
    "invalid": "inf / inf and inf - inf are not numbers: something has overflowed before",
}


def _scores(rng):
    """A batch of scores in random order: moderate, near 0, beyond the last digit of 1 - p, and huge."""
    sign = rng.choice([-1.0, 1.0], size=3)
    s = np.concatenate([rng.normal(scale=3, size=rng.integers(3, 7)), rng.normal(scale=1e-3, size=1), rng.uniform(20, 21, 1),
                        rng.uniform(-34, -30, 1), rng.uniform(40, 200, 2) * [-1, 1], [-1e4, 1e4],
                        sign * 10 ** rng.uniform(3, 30, 3)])
    return rng.permutation(s)[:, None]


def _exactly(formula, *arrays):
    """`formula`, the one from the blackboard, entry by entry in 150 digits and without limits to the exponent."""
    with decimal.localcontext(decimal.Context(prec=150, traps=[])):
        rows = zip(*(array.ravel().tolist() for array in arrays), strict=True)
        entries = [float(formula(decimal.Decimal(1), *map(decimal.Decimal, row))) for row in rows]
    return np.array(entries).reshape(arrays[0].shape)


def _unwarned(name):
    """An `observe` for answers at which NumPy must have nothing to warn about; `name` is what they return."""

    def observe(answer, s):
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                return {name: answer(s)}
        except FloatingPointError as error:
            advice = next(text for kind, text in ADVICE.items() if kind in str(error))
            scores = f"the scores go from {s.min():.0e} to {s.max():.0e}"
            raise Wrong(f"NumPy warns: {error}; {scores}", place(error), advice) from None

    return observe


# ---------------------------------------------------------------- 03.1

def _softmax(s):
    e = np.exp(s - s.max())
    return e / e.sum()


SIGMOID = Exercise(
    "03.1", "sigmoid", "the sigmoid of every score", lambda rng: (_scores(rng),),
    lambda s: {"p": Digits(_exactly(lambda one, s: one / (one + (-s).exp()), s))},
    solution=sigmoid,
    mistakes=(
        Mistake("exp(-s) overflows for very negative scores", lambda s: 1 / (1 + np.exp(-s)), "overflow encountered in exp"),
        Mistake("np.where computes both formulas for every score",
                lambda s: np.where(s >= 0, 1 / (1 + np.exp(-s)), np.exp(s) / (1 + np.exp(s))), "np.where comes too late"),
        Mistake("that is sigma(2 s): 1/2 (1 + tanh(x)) is sigma at 2 x, so x must be s / 2", lambda s: 0.5 * (np.tanh(s) + 1)),
        Mistake("1/2 (1 + tanh(s / 2)) and 1 - sigma(-s) are right on paper; but where sigma is 1e-17 or smaller they are 1 - 1",
                lambda s: 0.5 * (np.tanh(s / 2) + 1)),
        Mistake("1 / (1 + e) with e = exp(-|s|) was used for all scores; it is right for s >= 0",
                lambda s: 1 / (1 + np.exp(-np.abs(s)))),
        Mistake("e / (1 + e) with e = exp(-|s|) was used for all scores; it is right for s < 0",
                lambda s: np.exp(-np.abs(s)) / (1 + np.exp(-np.abs(s)))),
        Mistake("a softmax over the batch: each score has a probability of its own, whatever the other scores are", _softmax),
        Mistake("that is the derivative, sigma(s) sigma(-s); the sigmoid itself was asked for",
                lambda s: sigmoid(s) * sigmoid(-s)),
        Mistake("tanh goes from -1 to 1: sigma(s) is 1/2 (1 + tanh(s / 2))", lambda s: np.tanh(s)),
        Mistake("p was rounded to 0 or 1: that is a verdict, no probability", lambda s: 1.0 * (s > 0)),
        Mistake("the denominator 1 + e is missing where s < 0: e alone is only near to sigma(s)",
                lambda s: np.where(s >= 0, 1, 1 + np.exp(-np.abs(s))) * sigmoid(s)),
        *(Mistake(f"the scores were clipped at {limit}: every smaller p is lost",
                  lambda s, limit=limit: sigmoid(np.clip(s, -limit, limit))) for limit in (150, 100, 88, 80, 50, 40, 30, 20, 10)),
        Mistake("p was cut off to 0 and 1 where |s| is large: the digits beyond are lost",
                lambda s: np.where(s > 30, 1, np.where(s < -30, 0, sigmoid(s)))),
        *(Mistake(f"{eps:g} was added to the denominator: exp(-|s|) is at most 1, so 1 + exp(-|s|) needs no eps",
                  lambda s, eps=eps: np.where(s >= 0, 1, np.exp(-np.abs(s))) / (1 + np.exp(-np.abs(s)) + eps))
          for eps in CLIPS[:-2]),
        Mistake("that is sigma(-s), the probability of fake: the two formulas are swapped, or the sign of s is wrong",
                lambda s: sigmoid(-s)),
        *(Mistake(f"p was clipped at {clip:g}: nothing needs it here, and every smaller p is lost",
                  lambda s, clip=clip: np.clip(sigmoid(s), clip, 1 - clip)) for clip in CLIPS),
    ),
    hints=("exp(-s) overflows when s is very negative, and exp(s) when s is very positive. Which exponential is safe for both?",
           "With e = np.exp(-np.abs(s)), which is never larger than 1: sigma(s) = 1 / (1 + e) where s >= 0.",
           "Where s < 0, e is exp(s): multiply 1 / (1 + exp(-s)) above and below by it, which gives e / (1 + e).",
           "np.where(s >= 0, 1 / (1 + e), e / (1 + e)): both sides are safe for every s."),
    observe=_unwarned("p"),
)


# ---------------------------------------------------------------- 03.2

SOFTPLUS = Exercise(
    "03.2", "softplus", "the softplus of every score", lambda rng: (_scores(rng),),
    lambda s: {"y": Digits(_exactly(lambda one, s: (one + s.exp()).ln() if s < 1e5 else s, s))},  # Decimal has a limit too
    solution=softplus,
    mistakes=(
        Mistake("log(1 + exp(s)) overflows", lambda s: np.log(1 + np.exp(s)), "overflow encountered in exp"),
        Mistake("-log(1 - sigma(s)) takes the log of 0", lambda s: -np.log(1 - sigmoid(s)), "divide by zero encountered in log"),
        Mistake("-log(sigma(-s)): sigma underflows to 0", lambda s: -np.log(sigmoid(-s)), "divide by zero encountered in log"),
        Mistake("log(1 + e) has lost the digits of a small e: 1 + 1e-17 is 1; np.log1p(e) keeps them",
                lambda s: np.maximum(s, 0) + np.log(1 + np.exp(-np.abs(s)))),
        Mistake("s + softplus(-s) is right on paper; but where s is very negative, it is a difference of two large numbers",
                lambda s: s + softplus(-s)),
        Mistake("0 was put where s is very negative, such as -20: softplus(s) is about exp(s) there, and exp(s) is not 0",
                lambda s: np.where(s < -20, 0, softplus(s))),
        Mistake("that is sigma(s), the derivative of softplus", lambda s: sigmoid(s)),
        Mistake("log1p has a 1 in it already: log1p(e), not log1p(1 + e)",
                lambda s: np.maximum(s, 0) + np.log1p(1 + np.exp(-np.abs(s)))),
        Mistake("the logarithm is missing: max(s, 0) + log1p(e), not max(s, 0) + e",
                lambda s: np.maximum(s, 0) + np.exp(-np.abs(s))),
        *(Mistake(f"{eps:g} was added to e: exp(-|s|) needs no eps", lambda s, eps=eps: np.maximum(s, 0) + np.log1p(
            np.exp(-np.abs(s)) + eps)) for eps in CLIPS),
        Mistake("max(s, 0) was left out: log1p(exp(-|s|)) alone is softplus(-|s|)", lambda s: np.log1p(np.exp(-np.abs(s)))),
        Mistake("max(s, 0) alone is the ReLU; log1p(exp(-|s|)), which rounds its corner, is missing", lambda s: np.maximum(s, 0)),
        Mistake("that is softplus(-s), which is -log sigma(s): the sign of s", lambda s: softplus(-s)),
        Mistake("min(s, 0) stands where max(s, 0) was meant", lambda s: np.minimum(s, 0) + np.log1p(np.exp(-np.abs(s)))),
        Mistake("|s| stands where max(s, 0) was meant", lambda s: np.abs(s) + np.log1p(np.exp(-np.abs(s)))),
        Mistake("the logarithm has the wrong sign: it is max(s, 0) + log1p(exp(-|s|))",
                lambda s: np.maximum(s, 0) - np.log1p(np.exp(-np.abs(s)))),
        Mistake("for large s, from 20 on or so, s itself was taken: softplus(20) - 20 is 2e-9, which is more than the last digit",
                lambda s: np.where(s > 19, s, softplus(np.minimum(s, 19)))),
        *(Mistake(f"the scores were clipped at {limit}: softplus(1e4) is 1e4, not {limit}",
                  lambda s, limit=limit: np.log1p(np.exp(np.clip(s, -limit, limit))))
          for limit in (709, 700, 500, 100, 88, 80, 50, 30, 20)),
        *(Mistake(f"p was clipped at {clip:g} before the logarithm: beyond {-np.log(clip):.1f} the result no longer grows",
                  lambda s, clip=clip: -np.log(1 - np.clip(sigmoid(s), clip, 1 - clip))) for clip in CLIPS),
        *(Mistake(f"{eps:g} was added inside the logarithm: beyond {-np.log(eps):.1f} the result no longer grows",
                  lambda s, eps=eps: -np.log(1 - sigmoid(s) + eps)) for eps in (*CLIPS, 1e-16)),
    ),
    hints=("For s > 0 take exp(s) out of the bracket: log(1 + exp(s)) = log(exp(s) (exp(-s) + 1)) = s + log(1 + exp(-s)).",
           "So with e = np.exp(-np.abs(s)) it is s + log(1 + e) for s > 0, and log(1 + e) otherwise: max(s, 0) + log(1 + e).",
           "np.log1p(e) computes log(1 + e) without forming 1 + e, where a small e would vanish."),
    observe=_unwarned("y"),
)


# ---------------------------------------------------------------- 03.3 and 03.4


def _batch(rng):
    """Scores (N, 1) and labels (N,): of both kinds, some soft; among the hard ones D is sometimes very sure and very wrong."""
    n = int(rng.integers(3, 8))
    s = np.concatenate([rng.normal(scale=3, size=n), rng.uniform(40, 90, 4) * [1, -1, 1, -1], [800, -800]])
    y = np.concatenate([rng.choice([0, 1, 0.9, 0.1], size=n), [1, 0, 0, 1], [0, 1]])
    order = rng.permutation(s.size)
    return s[order, None], y[order]


def _bce_exactly(one, s, y):
    """From the probabilities, as on paper."""
    return -y * (one / (one + (-s).exp())).ln() - (one - y) * (one / (one + s.exp())).ln()


def _from_probability(s, y, clip):
    """The loss of each entry from clipped probabilities, and its derivative with respect to the probability."""
    p, y = np.clip(sigmoid(s), clip, 1 - clip), y[:, None]
    return -y * np.log(p) - (1 - y) * np.log(1 - p), (1 - y) / (1 - p) - y / p


def _with_eps(s, y, eps):
    p = sigmoid(s)
    return (-y * np.log(p + eps) - (1 - y) * np.log(1 - p + eps)).mean()


def _every_pair(s, y, clip):
    p = np.clip(sigmoid(s), clip, 1 - clip)
    return (-y * np.log(p) - (1 - y) * np.log(1 - p)).mean()  # (N,) * (N, 1) is (N, N)


IN_BITS = {"ln 2 (a logarithm to base 2?)": np.log(2)}
PAIRED = "(N, 1) met (N,) and became (N, N), every score with every label; y[:, None] has the shape of s"

BCE = Exercise(
    "03.3", "bce", "binary cross-entropy from scores", _batch,
    lambda s, y: {"value": _exactly(_bce_exactly, s[:, 0], y).mean()},
    solution=lambda s, y: bce_with_logits(s, y[:, None]).value,
    mistakes=(
        Mistake("the sum was taken, not the mean", lambda s, y: bce_with_logits(s, y[:, None]).value * y.size, "batch size"),
        Mistake("1 and 0 are exchanged: were the labels swapped, or is the sign of s wrong? Label 1 costs -log sigma(s)",
                lambda s, y: bce_with_logits(s, 1 - y[:, None]).value),
        Mistake(PAIRED, lambda s, y: (softplus(s) - s * y).mean()),
        Mistake("log of a probability that is exactly 0", lambda s, y: _from_probability(s, y, 0)[0].mean(), "not finite"),
        *(Mistake(f"p was clipped at {clip:g} before the logarithm: D never pays more than {-np.log(clip):.1f}, however wrong",
                  lambda s, y, clip=clip: _from_probability(s, y, clip)[0].mean()) for clip in CLIPS),
        *(Mistake(f"{eps:g} was added inside the logarithms: D never pays more than {-np.log(eps):.1f}, however wrong",
                  lambda s, y, eps=eps: _with_eps(s, y[:, None], eps)) for eps in (*CLIPS, 1e-16)),
        *(Mistake(f"two things: {PAIRED}; and p was clipped at {clip:g}",
                  lambda s, y, clip=clip: _every_pair(s, y, clip)) for clip in CLIPS),
        *(Mistake(f"two things: {PAIRED}; and {eps:g} was added inside the logarithms",
                  lambda s, y, eps=eps: _with_eps(s, y, eps)) for eps in (*CLIPS, 1e-16)),
        *(Mistake(f"the scores, or the logarithms, were cut off at {limit}: D never pays more than {limit}, however wrong",
                  lambda s, y, limit=limit: bce_with_logits(np.clip(s, -limit, limit), y[:, None]).value)
          for limit in (709, 700, 500, 100, 88, 80, 50, 30, 20)),
        Mistake("softplus(s) + s y: the sign before s y is wrong, a sample costs softplus(s) - s y",
                lambda s, y: (softplus(s) + s * y[:, None]).mean()),
        Mistake("max(s, 0) was left out", lambda s, y: (np.log1p(np.exp(-np.abs(s))) - s * y[:, None]).mean()),
        Mistake("that is the squared error of p; -log p and -log(1 - p) are the costs",
                lambda s, y: np.square(sigmoid(s) - y[:, None]).mean()),
        Mistake("only -y log p: the fake samples cost nothing", lambda s, y: (y[:, None] * softplus(-s)).mean()),
        Mistake("only -(1 - y) log(1 - p): the real samples cost nothing", lambda s, y: ((1 - y[:, None]) * softplus(s)).mean()),
        Mistake("a soft label, such as 0.9, was made an integer", lambda s, y: bce_with_logits(s, np.trunc(y[:, None])).value),
        Mistake("a soft label, such as 0.9, was rounded", lambda s, y: bce_with_logits(s, np.round(y[:, None])).value),
        Mistake("half of each kind's own mean: one mean over all samples was asked for, however many are real",
                lambda s, y: (softplus(-s[y >= 0.5]).mean() + softplus(s[y < 0.5]).mean()) / 2),
        Mistake("each kind has a mean of its own, and both were added: one mean over all samples was asked for",
                lambda s, y: softplus(-s[y >= 0.5]).mean() + softplus(s[y < 0.5]).mean()),
        Mistake("log1p(exp(-|s|)) was left out", lambda s, y: (np.maximum(s, 0) - s * y[:, None]).mean()),
        Mistake("the minus before log p was forgotten", lambda s, y: -bce_with_logits(s, y[:, None]).value, "sign"),
    ),
    hints=("-log sigma(s) = softplus(-s), and -log(1 - sigma(s)) = softplus(s): put both in, and no probability is left.",
           "softplus(-s) = softplus(s) - s, so a sample costs softplus(s) - s y, which is max(s, 0) - s y + log(1 + exp(-|s|)).",
           "s is (N, 1) and y is (N,). NumPy would make (N, N) of s * y: give y the shape of s first, y[:, None]."),
    batch=lambda s, y: y.size, constants=lambda s, y: IN_BITS,
)


def _derivative(s, y):
    return sigmoid(s) - y[:, None]


BCE_GRADIENT = Exercise(
    "03.4", "bce_gradient", "the derivative of binary cross-entropy", _batch,
    lambda s, y: {"ds": Digits(_exactly(lambda one, s, y: one / (one + (-s).exp()) - y, s[:, 0], y)[:, None] / y.size)},
    solution=lambda s, y: bce_with_logits(s, y[:, None]).ds,
    mistakes=(
        Mistake("sigma(s) - 1 is exactly 0 from s = 37; -sigma(-s) is the same on paper and keeps its digits",
                lambda s, y: _derivative(s, y) / y.size),
        Mistake("forgot the 1/N of the mean", lambda s, y: bce_with_logits(s, y[:, None]).ds * y.size, "batch size"),
        Mistake("1 and 0 are exchanged: were the labels swapped, or is the sign of s wrong? Label 1 costs -log sigma(s)",
                lambda s, y: bce_with_logits(s, 1 - y[:, None]).ds),
        Mistake("used s instead of sigma(s)", lambda s, y: (s - y[:, None]) / y.size),
        Mistake("(N, 1) - (N,) is (N, N)", lambda s, y: (sigmoid(s) - y) / y.size, "broadcast"),
        Mistake("y - sigma(s): that is the way downhill, not the gradient",
                lambda s, y: -bce_with_logits(s, y[:, None]).ds, "sign"),
        Mistake("the derivative with respect to p, from a p that is exactly 0 or 1",
                lambda s, y: _from_probability(s, y, 0)[1] / y.size, "not finite"),
        *(Mistake(f"that is the derivative with respect to p, clipped at {clip:g}: the chain rule's dp/ds = p (1 - p) is missing",
                  lambda s, y, clip=clip: _from_probability(s, y, clip)[1] / y.size) for clip in CLIPS),
        *(Mistake(f"the loss was derived from p clipped at {clip:g}, then multiplied by p (1 - p): they cancel only on paper",
                  lambda s, y, clip=clip: _from_probability(s, y, clip)[1] * sigmoid(s) * sigmoid(-s) / y.size)
          for clip in CLIPS),
        *(Mistake(f"p was clipped at {clip:g} before y was subtracted: no entry can be nearer to 0 than that",
                  lambda s, y, clip=clip: (np.clip(sigmoid(s), clip, 1 - clip) - y[:, None]) / y.size) for clip in CLIPS),
        Mistake("sigma is computed with tanh: where sigma is 1e-17 or smaller, 1 + tanh is 0",
                lambda s, y: ((1 - y[:, None]) * (0.5 + np.tanh(s / 2) / 2) - y[:, None] * (0.5 - np.tanh(s / 2) / 2)) / y.size),
        Mistake("a sign is wrong: -y sigma(-s) + (1 - y) sigma(s), and +y sigma(-s) was taken",
                lambda s, y: ((1 - y[:, None]) * sigmoid(s) + y[:, None] * sigmoid(-s)) / y.size),
        Mistake("-y sigma(s) stands where -y sigma(-s) was meant",
                lambda s, y: ((1 - y[:, None]) * sigmoid(s) - y[:, None] * sigmoid(s)) / y.size),
        Mistake("a soft label counts as 1: only y = 0 was looked for",
                lambda s, y: np.where(y[:, None] > 0, -sigmoid(-s), sigmoid(s)) / y.size),
        Mistake("a soft label counts as 0: only y = 1 was looked for",
                lambda s, y: np.where(y[:, None] == 1, -sigmoid(-s), sigmoid(s)) / y.size),
        Mistake("a soft label was rounded to 0 or 1: take it as it is",
                lambda s, y: np.where(y[:, None] >= 0.5, -sigmoid(-s), sigmoid(s)) / y.size),
        Mistake("(1 - y) sigma(s) is missing: fake samples get nothing", lambda s, y: -y[:, None] * sigmoid(-s) / y.size),
        Mistake("-y sigma(-s) is missing: real samples get nothing", lambda s, y: (1 - y[:, None]) * sigmoid(s) / y.size),
        Mistake("multiplied by p (1 - p) once too often: that is the squared error's derivative",
                lambda s, y: _derivative(s, y) * sigmoid(s) * sigmoid(-s) / y.size),
    ),
    hints=("Differentiate softplus(s) - s y: the derivative of softplus is the sigmoid. The mean over the batch gives 1/N.",
           "ds = (sigma(s) - y) / N, with y in the shape of s. Right on paper: what does it give for s = 40 and y = 1?",
           "1 - sigma(s) is sigma(-s). For y = 0 the derivative is sigma(s) / N, and for y = 1 it is -sigma(-s) / N.",
           "One formula for all y: ((1 - y) sigma(s) - y sigma(-s)) / N."),
    batch=lambda s, y: y.size,
)


# ---------------------------------------------------------------- 03.5


def _soft(rng):
    """Soft targets between 0.02 and 0.98, of shape (N, 1), not too near to 1/2."""
    y = rng.uniform(0.02, 0.45, size=(int(rng.integers(5, 10)), 1))
    return (np.where(rng.random(y.shape) < 0.5, y, 1 - y),)


def _least(y):
    """The lowest point of the loss, found by halving. Left of it the loss falls, right of it the loss rises."""
    low, high = np.full(y.shape, -10.0), np.full(y.shape, 10.0)
    for _ in range(60):
        s = (low + high) / 2
        falls = 1 / (1 + np.exp(-s)) < y
        low, high = np.where(falls, s, low), np.where(falls, high, s)
    return {"s": s, "value": np.log(1 + np.exp(s)) - s * y}


def _tried(y, s):
    loss = y * softplus(-s) + (1 - y) * softplus(s)
    return s[loss.argmin(axis=1)][:, None], loss.min(axis=1, keepdims=True)


def _log_odds(y):
    return np.log(y / (1 - y))


def _entropy(y):
    return -y * np.log(y) - (1 - y) * np.log(1 - y)


SOFT = Exercise(
    "03.5", "best_score_for", "where the loss of a soft target is least", _soft, _least,
    solution=lambda y: (_log_odds(y), bce_each(_log_odds(y), y)),
    mistakes=(
        Mistake("sigma(s) must be y, not s: y is a probability, and s its log odds", lambda y: (y.copy(), _entropy(y))),
        Mistake("sigma was applied to y; wanted is the score that sigma turns into y", lambda y: (sigmoid(y), _entropy(y))),
        Mistake("log y is the logarithm of the probability; the score is the logarithm of the odds, y to 1 - y",
                lambda y: (np.log(y), _entropy(y))),
        Mistake("the odds without their logarithm", lambda y: (y / (1 - y), _entropy(y))),
        Mistake("brackets or a logarithm are missing: log(y / (1 - y)), not log(y) / (1 - y)",
                lambda y: (np.log(y) / (1 - y), _entropy(y))),
        Mistake("the logarithm of a quotient is no quotient of logarithms", lambda y: (np.log(y) / np.log(1 - y), _entropy(y))),
        Mistake("the loss was taken at the score y; the loss at the best score was asked for",
                lambda y: (_log_odds(y), softplus(y) - y * y)),
        Mistake("the sign of the second term is wrong: -(1 - y) log(1 - y)",
                lambda y: (_log_odds(y), -y * np.log(y) + (1 - y) * np.log(1 - y))),
        Mistake("-log(1 - y) is what the score costs with the hard label 0; a soft target y costs -y log y as well",
                lambda y: (_log_odds(y), -np.log(1 - y))),
        Mistake("softplus(s) + s y: the sign before s y is wrong", lambda y: (
            _log_odds(y), softplus(_log_odds(y)) + _log_odds(y) * y)),
        Mistake("the odds are upside down", lambda y: (-_log_odds(y), _entropy(y)), "sign"),
        Mistake("a logarithm to base 2", lambda y: (_log_odds(y) / np.log(2), _entropy(y)), "ln 2"),
        Mistake("the loss at a soft target's best score is not 0", lambda y: (_log_odds(y), np.zeros_like(y)), "zero everywhere"),
        Mistake("-log y is what the score costs with the hard label 1; a soft target y costs -(1 - y) log(1 - y) as well",
                lambda y: (_log_odds(y), -np.log(y))),
        Mistake("the second term of the loss, -(1 - y) log(1 - y), is missing", lambda y: (_log_odds(y), -y * np.log(y))),
        *(Mistake(f"that is the best of {n} scores between -{limit} and {limit}: only near, so solve for s",
                  lambda y, n=n, limit=limit: _tried(y, np.linspace(-limit, limit, n)))
          for limit in (3, 4, 5, 6, 10) for n in (101, 201, 501, 1001, 2001, 10001)),
        Mistake("the loss was averaged over the targets; each of them has its own",
                lambda y: (_log_odds(y), _entropy(y).mean()), "summed or averaged"),
    ),
    hints=("At the lowest point the derivative sigma(s) - y is 0: which s has sigma(s) = y?",
           "Solve 1 / (1 + exp(-s)) = y for s: exp(-s) = (1 - y) / y.",
           "s = log(y / (1 - y)). There p = y, so the loss is -y log y - (1 - y) log(1 - y): the entropy of the target."),
    constants=lambda y: IN_BITS,
)


def bce_each(s, y):
    """The library's loss of each entry on its own, so every entry is a batch of one."""
    return bce_with_logits(s[:, :, None], y[:, :, None]).value[:, None]


EXERCISES = (SIGMOID, SOFTPLUS, BCE, BCE_GRADIENT, SOFT)
