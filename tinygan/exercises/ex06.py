"""Exercises of lesson 06: saturating or not."""

import numpy as np

from ..engine import gradcheck
from ..engine.numerics import sigmoid, softplus
from ..gradients import g_gradients
from ..losses import Hinge, Minimax, NonSaturating
from .grading import Digits, Exercise, Mistake, Wrong, differences
from .players import at, players, used

IN_BITS = {"ln 2 (a logarithm to base 2?)": np.log(2)}
SMALL = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)  # what people add in a logarithm


def _scores(rng):
    """Scores of fake points on both sides of 0, most of them on D's side."""
    return (rng.normal(-1, 2.5, (int(rng.integers(5, 10)), 1)),)


def _with_one(far, sign):
    """Scores as usual, and one so far out that 1 - sigmoid(f) is 0 in the computer, or sigmoid(f) tiny."""
    def case(rng):
        f, = _scores(rng)
        f[rng.integers(f.size)] = sign * rng.uniform(far, far + 20)
        return (f,)

    return case


def _mean_of(each, slope, mean=True):
    """A mistake: the mean of each(f), with slope(f) for its derivative, divided by N or not."""
    return lambda f: (each(f).mean(), slope(f) / (f.shape[0] if mean else 1))


def _truth(loss):
    """Value and gradient of a loss that is written as in the paper."""
    return lambda f: {"value": loss(f), "df": differences(lambda f: float(loss(f)), f)}


def _minimax(f):
    return np.log(1 / (1 + np.exp(f))).mean()  # 1 - sigmoid(f), without a difference in which digits are lost


def _non_saturating(f):
    return -np.log(1 / (1 + np.exp(-f))).mean()


# ---------------------------------------------------------------- 06.1 and 06.2


def _minimax_mistake(slope, mean=True):
    return _mean_of(lambda f: -softplus(f), slope, mean)


def _non_saturating_mistake(slope, mean=True):
    return _mean_of(lambda f: softplus(-f), slope, mean)


MINIMAX = Exercise(
    "06.1", "minimax_g", "the minimax loss of the generator", _with_one(40, 1), _truth(_minimax),
    solution=lambda f: tuple(Minimax().g(f)),
    mistakes=(
        Mistake("that belongs to the non-saturating loss, -log sigmoid(f), which is 06.2",
                _non_saturating_mistake(lambda f: -sigmoid(-f))),
        Mistake("the minus is lost: -log(1 - sigmoid(f)) is what D minimises; G minimises log(1 - sigmoid(f))",
                _mean_of(softplus, sigmoid), "sign"),
        Mistake("the derivative's minus is lost: log(1 - sigmoid(f)) falls as f grows", _minimax_mistake(sigmoid), "sign"),
        Mistake("the value is right, but -sigmoid(-f) is the derivative of 06.2; that of -softplus(f) is -sigmoid(f)",
                _minimax_mistake(lambda f: -sigmoid(-f))),
        Mistake("the chain rule stopped half way: -1 / (1 - sigmoid(f)) lacks the derivative of sigmoid",
                _minimax_mistake(lambda f: -1 / sigmoid(-f))),
        *(Mistake(f"that is the derivative by the probability, -1 / (1 - p), with 1 - p cut off at {eps:g}: the chain rule goes "
                  f"on to f",
                  _minimax_mistake(lambda f, eps=eps: -1 / np.maximum(sigmoid(-f), eps))) for eps in SMALL),
        Mistake("that is the derivative of 1 - sigmoid(f); the logarithm was forgotten",
                _minimax_mistake(lambda f: -sigmoid(f) * sigmoid(-f))),
        Mistake("the scores were taken for probabilities: with p = sigmoid(f) it is log(1 - p), not log(1 - f)",
                _mean_of(lambda f: np.log(np.abs(1 - f)), lambda f: -1 / (1 - f))),
        Mistake("the mean's 1/N is missing in the derivative", _minimax_mistake(lambda f: -sigmoid(f), mean=False), "batch size"),
        Mistake("1 - sigmoid(f) is 0 for large f, and log 0 is not finite; -softplus(f) is the same, without a difference",
                _mean_of(lambda f: np.log(1 - sigmoid(f)), lambda f: -sigmoid(f)), "not finite"),
        *(Mistake(f"1 - p was cut off at {eps:g} before the log: the loss ends at {np.log(eps):.1f}; -softplus(f) needs none",
                  _mean_of(lambda f, eps=eps: np.log(np.maximum(sigmoid(-f), eps)), lambda f: -sigmoid(f))) for eps in SMALL[:3]),
        *(Mistake(f"the scores were clipped at {limit}: the loss of a score of 50 is -50",
                  _mean_of(lambda f, limit=limit: -softplus(np.clip(f, -limit, limit)), lambda f: -sigmoid(f)))
          for limit in (40, 30, 20, 10)),
        *(Mistake(f"{eps:g} was added inside the logarithm, or 1 - p cut off there: the loss ends at {np.log(eps):.1f}; "
                  "-softplus(f) needs no eps",
                  _mean_of(lambda f, eps=eps: np.log(1 - sigmoid(f) + eps), lambda f: -sigmoid(f))) for eps in SMALL),
        Mistake("the mean was taken before the loss: that is the loss of the mean score, not the mean of all losses",
                lambda f: (-softplus(f.mean()), np.full_like(f, -sigmoid(f.mean()) / f.size))),
    ),
    hints=("Each score meets only its own term of the mean, so the derivative has one entry for each score, divided by N.",
           "Two chain rules: log'(u) = 1/u, and sigmoid'(f) = sigmoid(f) (1 - sigmoid(f)). Much cancels.",
           "1 - sigmoid(f) = sigmoid(-f), and log(1 - sigmoid(f)) = -softplus(f).",
           "-softplus(f).mean(), -sigmoid(f) / N"),
    batch=lambda f: f.shape[0], constants=lambda f: IN_BITS,
)

NON_SATURATING = Exercise(
    "06.2", "non_saturating_g", "the non-saturating loss of the generator", _with_one(40, -1), _truth(_non_saturating),
    solution=lambda f: tuple(NonSaturating().g(f)),
    mistakes=(
        Mistake("that belongs to the minimax loss, log(1 - sigmoid(f)), which is 06.1: it still saturates",
                _minimax_mistake(lambda f: -sigmoid(f))),
        Mistake("that is D's loss on fake points: with it, G learns to be recognised", _mean_of(softplus, sigmoid)),
        Mistake("the value's minus is lost: a logarithm of a probability is negative, and G minimises -log sigmoid(f)",
                _mean_of(lambda f: -softplus(-f), lambda f: sigmoid(-f)), "sign"),
        Mistake("the derivative's minus is lost: -log sigmoid(f) falls as f grows",
                _non_saturating_mistake(lambda f: sigmoid(-f)), "sign"),
        Mistake("the value is right, but -sigmoid(f) is the derivative of 06.1; that of softplus(-f) is -sigmoid(-f)",
                _non_saturating_mistake(lambda f: -sigmoid(f))),
        Mistake("the chain rule stopped half way: -1 / sigmoid(f) lacks the derivative of sigmoid",
                _non_saturating_mistake(lambda f: -1 / sigmoid(f))),
        *(Mistake(f"that is the derivative by the probability, -1 / p, with p cut off at {eps:g}: the chain rule goes on to f",
                  _non_saturating_mistake(lambda f, eps=eps: -1 / np.maximum(sigmoid(f), eps))) for eps in SMALL),
        Mistake("that is the derivative of -sigmoid(f); the logarithm was forgotten",
                _non_saturating_mistake(lambda f: -sigmoid(f) * sigmoid(-f))),
        Mistake("the mean's 1/N is missing in the derivative",
                _non_saturating_mistake(lambda f: -sigmoid(-f), mean=False), "batch size"),
        *(Mistake(f"the scores were clipped at {limit}: the loss of a score of -50 is 50",
                  _mean_of(lambda f, limit=limit: softplus(-np.clip(f, -limit, limit)), lambda f: -sigmoid(-f)))
          for limit in (40, 30, 20, 10)),
        *(Mistake(f"p was cut off at {eps:g} before the logarithm: the loss ends at {-np.log(eps):.1f}; softplus(-f) needs none",
                  _mean_of(lambda f, eps=eps: -np.log(np.maximum(sigmoid(f), eps)), lambda f: -sigmoid(-f))) for eps in SMALL),
        Mistake("that is -sigmoid(f) and its derivative; the logarithm is missing",
                _mean_of(lambda f: -sigmoid(f), lambda f: -sigmoid(f) * sigmoid(-f))),
        Mistake("that is the Wasserstein loss, mean of -f; -log sigmoid(f) was asked for",
                _mean_of(lambda f: -f, lambda f: -np.ones_like(f))),
        *(Mistake(f"{eps:g} was added inside the logarithm: the loss ends at {-np.log(eps):.1f}; softplus(-f) needs no eps",
                  _mean_of(lambda f, eps=eps: -np.log(sigmoid(f) + eps), lambda f: -sigmoid(-f))) for eps in SMALL),
        Mistake("the mean was taken before the loss: that is the loss of the mean score, not the mean of all losses",
                lambda f: (softplus(-f.mean()), np.full_like(f, -sigmoid(-f.mean()) / f.size))),
    ),
    hints=("As in 06.1: chain rule, one entry for each score, divided by N.",
           "-1/sigmoid(f) times sigmoid(f) (1 - sigmoid(f)): what is left?",
           "-log sigmoid(f) = softplus(-f), and 1 - sigmoid(f) = sigmoid(-f).",
           "softplus(-f).mean(), -sigmoid(-f) / N"),
    batch=lambda f: f.shape[0], constants=lambda f: IN_BITS,
)


# ---------------------------------------------------------------- 06.3


def _far_scores(rng):
    """Scores of every size, since beyond 20, 1 / sigmoid(f) - 1 has lost the digits that exp(-f) keeps."""
    scores = rng.uniform(-40, -10, 3), rng.uniform(20, 40, 2), rng.uniform(-10, 20, rng.integers(2, 6))
    return (rng.permutation(np.concatenate(scores))[:, None],)


def _ratio(f):
    """The quotient of both derivatives, each by the complex step. They are tiny, and no difference could see them."""
    better = gradcheck.complex_step(lambda f: np.log1p(np.exp(-f)).sum(), f)
    return better / gradcheck.complex_step(lambda f: -np.log1p(np.exp(f)).sum(), f)


RATIO = Exercise(
    "06.3", "gradient_ratio", "how many times stronger the better loss pushes", _far_scores,
    lambda f: {"ratio": Digits(_ratio(f))},
    solution=lambda f: np.exp(-f),
    mistakes=(
        Mistake("the other way round: that is minimax over non-saturating", lambda f: np.exp(f)),
        Mistake("that is the ratio of the losses; the ratio of their derivatives was asked for",
                lambda f: softplus(-f) / softplus(f)),
        Mistake("that is the non-saturating derivative alone, without the division", lambda f: sigmoid(-f)),
        Mistake("1 / sigmoid(f) forgets that the other derivative is sigmoid(-f), not 1", lambda f: 1 / sigmoid(f)),
        Mistake("that is the logarithm of the ratio", lambda f: -f),
        Mistake("brackets are missing: (1 - p) / p, not 1 - p / p", lambda f: 1 - sigmoid(f) / sigmoid(f)),
        Mistake("the difference was taken, and the quotient was asked for", lambda f: sigmoid(-f) - sigmoid(f)),
        Mistake("that is exp(-f) - 1: 1 / p - 1 is exp(-f) already", lambda f: np.expm1(-f)),
        Mistake("both derivatives are negative, so their quotient is positive", lambda f: -np.exp(-f), "sign"),
        Mistake("(1 - p) / p loses its digits where p is near 1: 1 - sigmoid(f) is sigmoid(-f)",
                lambda f: (1 - sigmoid(f)) / sigmoid(f)),
        Mistake("1 / p - 1 loses its digits where p is near 1: it is exp(-f)", lambda f: 1 / sigmoid(f) - 1),
        *(Mistake(f"{eps:g} was added to the denominator: sigmoid(f) is never 0 here",
                  lambda f, eps=eps: sigmoid(-f) / (sigmoid(f) + eps))
          for eps in SMALL[:-2]),
        Mistake("that is the root of the ratio, exp(-f / 2)", lambda f: np.exp(-f / 2)),
        Mistake("that is the square of the ratio, exp(-2 f)", lambda f: np.exp(-2 * f)),
        Mistake("the size of f does not decide: where D is fooled, f > 0, the minimax loss pushes harder",
                lambda f: np.exp(np.abs(f))),
    ),
    hints=("The two derivatives are those of 06.1 and 06.2. The 1/N cancels.",
           "sigmoid(f) = 1 / (1 + exp(-f)) = exp(f) / (1 + exp(f)). Write sigmoid(-f) in the same way, and divide.",
           "At f = 0 it is 1; at f = -10, where D is sure, it is 22026.",
           "np.exp(-f)"),
)


# ---------------------------------------------------------------- 06.4 and 06.5


def _two_batches(rng):
    """Scores on both sides of the margin, and one of each batch on it, where both slopes of the corner are right."""
    n = int(rng.integers(6, 11))
    r, f = rng.normal(0.5, 1.5, (n, 1)), rng.normal(-0.5, 1.5, (n, 1))
    r[rng.integers(n)], f[rng.integers(n)] = 1, -1
    return r, f


def _of_both_signs(rng):
    """Scores whose mean is as often above 0 as below."""
    return (rng.normal(rng.choice([-1, 1]), 2.5, (int(rng.integers(5, 10)), 1)),)


def _hinge(r, f):
    """max(1 - r, 0) and max(1 + f, 0), one score at a time."""
    return sum(max(1 - r, 0) for r in r.ravel().tolist()) / r.size + sum(max(1 + f, 0) for f in f.ravel().tolist()) / f.size


def _hinge_mistake(at=1.0, real=1, fake=1, inside=None, mean=True):
    """D's hinge loss, with the margin elsewhere, one term turned round, or other derivatives inside the margin."""
    def answer(r, f):
        a, b = at - real * r, at + fake * f
        n = r.shape[0] if mean else 1
        dr, df = (-real * (a > 0.0), fake * (b > 0.0)) if inside is None else inside(a, b)
        return np.maximum(a, 0).mean() + np.maximum(b, 0).mean(), dr / n, df / n

    return answer


def _squared(r, f):
    over_r, over_f = np.maximum(1 - r, 0), np.maximum(1 + f, 0)
    return (over_r**2).mean() + (over_f**2).mean(), -2 * over_r / r.size, 2 * over_f / f.size


def _of_means(r, f):
    a, b = 1 - r.mean(), 1 + f.mean()
    return max(a, 0) + max(b, 0), np.full_like(r, -1.0 * (a > 0) / r.size), np.full_like(f, 1.0 * (b > 0) / f.size)


def _smaller(r, f):
    return np.minimum(1 - r, 0).mean() + np.minimum(1 + f, 0).mean(), *_hinge_mistake()(r, f)[1:]


def _swapped_hinge(r, f):
    value, df, dr = Hinge().d(f, r)
    return value, dr, df


HINGE_D = Exercise(
    "06.4", "hinge_d", "the hinge loss of the discriminator", _two_batches,
    lambda r, f: {"value": _hinge(r, f), "dr": differences(lambda r: _hinge(r, f), r),
                  "df": differences(lambda f: _hinge(r, f), f)},
    solution=lambda r, f: tuple(Hinge().d(r, f)),
    mistakes=(
        Mistake("real and fake are swapped", _swapped_hinge),
        Mistake("the fake points' sign is wrong: D wants f below -1, so a fake point costs max(1 + f, 0)",
                _hinge_mistake(fake=-1)),
        Mistake("the margin is missing: max(-r, 0) and max(f, 0) are 0 too early", _hinge_mistake(at=0.0)),
        Mistake("beyond the margin the hinge is flat and its derivative 0: here every point still pushes",
                _hinge_mistake(inside=lambda a, b: (-np.ones_like(a), np.ones_like(b)))),
        Mistake("the mask is the wrong way round: points beyond the margin push, those within it do not",
                _hinge_mistake(inside=lambda a, b: (-1.0 * (a < 0), 1.0 * (b < 0)))),
        Mistake("that is the hinge itself where its slope, 0 or 1, was meant",
                _hinge_mistake(inside=lambda a, b: (-np.maximum(a, 0), np.maximum(b, 0)))),
        Mistake("the derivatives stop at 0, as without a margin: they end where the hinge does, at 1 and -1",
                _hinge_mistake(inside=lambda a, b: (-1.0 * (a > 1), 1.0 * (b > 1)))),
        Mistake("df has the mask of dr: a fake point costs something where f > -1, and f > 1 was asked",
                _hinge_mistake(inside=lambda a, b: (-1.0 * (a > 0), 1.0 * (b > 2)))),
        Mistake("df has the mask of dr: a fake point costs something where f > -1, and f < 1 was asked",
                _hinge_mistake(inside=lambda a, b: (-1.0 * (a > 0), 1.0 * (b < 2)))),
        Mistake("dr has the mask of df: a real point costs something where r < 1, and r > -1 was asked",
                _hinge_mistake(inside=lambda a, b: (-1.0 * (a < 2), 1.0 * (b > 0)))),
        Mistake("the hinge was squared", _squared),
        Mistake("the mean was taken before the maximum: each score has its own hinge", _of_means),
        Mistake("min stands where max was meant, in the value", _smaller),
        Mistake("divided by the number of points inside the margin; the mean is over all N", _hinge_mistake(
            inside=lambda a, b: (-1.0 * (a > 0) * a.size / (a > 0).sum(), 1.0 * (b > 0) * b.size / (b > 0).sum()))),
        Mistake("that is the Wasserstein loss, mean of f - mean of r: the margin is missing",
                lambda r, f: (f.mean() - r.mean(), np.full_like(r, -1 / r.size), np.full_like(f, 1 / f.size))),
        Mistake("softplus stands where max(..., 0) was meant", lambda r, f: (
            softplus(1 - r).mean() + softplus(1 + f).mean(), -sigmoid(1 - r) / r.size, sigmoid(1 + f) / f.size)),
        Mistake("the derivatives' signs are turned round",
                _hinge_mistake(inside=lambda a, b: (1.0 * (a > 0), -1.0 * (b > 0))), "sign"),
        Mistake("the mean's 1/N is missing in the derivatives", _hinge_mistake(mean=False), "batch size"),
    ),
    hints=("max(u, 0) has the slope 1 where u > 0 and 0 elsewhere: a mask, and 1.0 * (u > 0) makes numbers of it.",
           "For a real point u = 1 - r, and the chain rule brings a minus. For a fake one u = 1 + f.",
           "np.maximum(1 - r, 0).mean() + np.maximum(1 + f, 0).mean(), -1.0 * (r < 1) / N, 1.0 * (f > -1) / N"),
    batch=lambda r, f: r.shape[0],
)

HINGE_G = Exercise(
    "06.5", "hinge_g", "the generator's loss beside the hinge", _of_both_signs,
    _truth(lambda f: -f.sum() / f.size),
    solution=lambda f: tuple(Hinge().g(f)),
    mistakes=(
        Mistake("-max(f, 0) is flat where f < 0: G would learn nothing from the points that D rejects, the bad ones",
                _mean_of(lambda f: -np.maximum(f, 0), lambda f: -1.0 * (f > 0))),
        Mistake("max(1 - f, 0) is the hinge of D's real points; G has no margin beyond which its loss is 0",
                _mean_of(lambda f: np.maximum(1 - f, 0), lambda f: -1.0 * (f < 1))),
        Mistake("max(-f, 0) is 0 as soon as f > 0; G's loss falls on",
                _mean_of(lambda f: np.maximum(-f, 0), lambda f: -1.0 * (f < 0))),
        Mistake("the minus is lost: G wants high scores and minimises", _mean_of(lambda f: f, np.ones_like), "sign"),
        Mistake("the derivative of -f is -1, not -f", _mean_of(lambda f: -f, lambda f: -f)),
        Mistake("the mean's 1/N is missing in the derivative",
                _mean_of(lambda f: -f, lambda f: -np.ones_like(f), mean=False), "batch size"),
        Mistake("was nothing written into it? Or is df an array of integers, in which -1/N becomes 0?",
                lambda f: (-f.mean(), np.zeros_like(f)), "df is zero"),
        Mistake("only the first entry was written; each score has the slope -1/N",
                lambda f: (-f.mean(), -1.0 * (np.arange(len(f)) == 0)[:, None] / len(f))),
        Mistake("that is the non-saturating loss of 06.2; beside the hinge it is -mean of f",
                lambda f: (softplus(-f).mean(), -sigmoid(-f) / f.size)),
        Mistake("the derivative is -1/N below 0 only; the straight line has it everywhere",
                _mean_of(lambda f: -f, lambda f: -1.0 * (f < 0))),
        Mistake("one number for all scores", lambda f: (-f.mean(), -1 / f.shape[0]), "one number cannot hold them all"),
    ),
    hints=("There is no hinge in it: the loss is -mean(f), a straight line in every score.",
           "Its slope is the same for every score: -1/N, in an array shaped like f.",
           "-f.mean(), np.full_like(f, -1 / N)"),
    batch=lambda f: f.shape[0],
)


# ---------------------------------------------------------------- 06.6


def _confident(rng):
    """G, a D that is sure of itself, and z."""
    G, D = players(rng)
    z = rng.normal(size=(int(rng.integers(5, 10)), 2))
    D.layers[-1].b[...] -= D(G(z)).mean() + rng.uniform(4, 7)
    return G, D, z


def _lengths(G, D, z):
    def length(loss):
        gradient = differences(lambda theta: float(loss(D(at(G, theta)(z)))), G.theta).gradient
        return np.sqrt(sum(entry**2 for entry in gradient.tolist()))

    return {"minimax": length(_minimax), "non_saturating": length(_non_saturating)}


def _lengths_observed(answer, G, D, z):
    nets = used(G=G, D=D)
    result = answer(nets["G"], nets["D"], z)
    for name, net in (("G", G), ("D", D)):
        if not np.array_equal(nets[name].theta, net.theta):
            raise Wrong(f"{name}.theta has changed: both gradients belong to the same players, and nobody takes a step")
    if not isinstance(result, tuple) or len(result) != 2:
        raise Wrong(f"gradient_lengths must return two numbers; it returns one {type(result).__name__}",
                    "return minimax, non_saturating")
    return dict(zip(("minimax", "non_saturating"), result, strict=True))


BOTH = Minimax(), NonSaturating()


def _norms(measure=lambda df, dx, G, D: np.linalg.norm(G.grad), losses=BOTH, clear=(True, True)):
    """Both lengths, with something else measured, or G.grad not cleared before the first or the second."""
    def answer(G, D, z):
        x_fake, tape_G = G.forward(z)
        f, tape_D = D.forward(x_fake)
        lengths = []
        for loss, cleared in zip(losses, clear, strict=True):
            D.zero_grad()
            if cleared:
                G.zero_grad()
            df = loss.g(f).ds_fake
            dx = D.backward(df, tape_D)
            G.backward(dx, tape_G)
            lengths.append(measure(df, dx, G, D))
        return tuple(lengths)

    return answer


def _of_d_uncleared(G, D, z):
    """The length of D.grad, in which everything piles up: an older gradient, and both losses."""
    f, tape = D.forward(G(z))
    lengths = []
    for loss in BOTH:
        D.backward(loss.g(f).ds_fake, tape)
        lengths.append(np.linalg.norm(D.grad))
    return tuple(lengths)


def _one_at_a_time(G, D, z):
    lengths = []
    for loss in BOTH:
        each = []
        for row in z:
            g_gradients(G, D, row[None], loss)
            each.append(np.linalg.norm(G.grad))
        lengths.append(np.mean(each))
    return tuple(lengths)


LENGTHS = Exercise(
    "06.6", "gradient_lengths", "the whole gradient against a confident D", _confident, _lengths,
    solution=_norms(),
    mistakes=(
        Mistake("that is the derivative with respect to the scores; it was not carried back through D and G",
                _norms(lambda df, dx, G, D: np.linalg.norm(df))),
        Mistake("that is the gradient at the fake points; it was not carried on through G",
                _norms(lambda df, dx, G, D: np.linalg.norm(dx))),
        Mistake("that is the length of D.grad; G's parameters are the ones that want to move",
                _norms(lambda df, dx, G, D: np.linalg.norm(D.grad))),
        Mistake("that is the length of D.grad, which was not even cleared; G's parameters are the ones that want to move",
                _of_d_uncleared),
        Mistake("that is the root of the mean of squares: a length is the root of their sum",
                _norms(lambda df, dx, G, D: np.sqrt((G.grad**2).mean()))),
        Mistake("absolute values were summed: a length is the root of the sum of squares",
                _norms(lambda df, dx, G, D: np.abs(G.grad).sum())),
        Mistake("only the last entry was measured: the length is over all parameters",
                _norms(lambda df, dx, G, D: abs(G.grad[-1]))),
        Mistake("only the first sample of the batch was used", lambda G, D, z: _norms()(G, D, z[:1])),
        Mistake("only the last sample of the batch was used", lambda G, D, z: _norms()(G, D, z[-1:])),
        Mistake("the same loss twice: that is the minimax loss both times", _norms(losses=BOTH[:1] * 2)),
        Mistake("both are of the non-saturating loss: was it taken twice? Or was G.grad kept without a copy, and written over?",
                _norms(losses=BOTH[1:] * 2)),
        Mistake("the absolute values were averaged: a length is the root of the sum of squares",
                _norms(lambda df, dx, G, D: np.abs(G.grad).mean())),
        Mistake("that is the length of G.theta; the gradient is in G.grad", _norms(lambda df, dx, G, D: np.linalg.norm(G.theta))),
        Mistake("G.grad was never cleared: an older gradient is still in it", _norms(clear=(False, False))),
        Mistake("G.grad was not cleared between the two losses, so the second gradient is a sum of both",
                _norms(clear=(True, False))),
        Mistake("the root is missing: that is the squared length", _norms(lambda df, dx, G, D: np.sum(G.grad**2))),
        Mistake("the samples' own gradients were measured, and the lengths averaged; the batch has one gradient, with one length",
                _one_at_a_time),
        Mistake("the two are in the other order: minimax comes first", _norms(losses=BOTH[::-1]), "exchanged"),
        Mistake("that is the largest entry, not the length", _norms(lambda df, dx, G, D: np.abs(G.grad).max())),
    ),
    hints=("The way is that of 05.2: forward through G and D, then backward through D (grads=False) and G.",
           "The two losses differ only in what goes into D.backward: -sigmoid(f) / N or -sigmoid(-f) / N.",
           "Clear G.grad before each of the two backwards, and take np.linalg.norm(G.grad) after it.",
           "For ds in the two: G.zero_grad(); G.backward(D.backward(ds / N, tape_D, grads=False), tape_G); "
           "lengths.append(np.linalg.norm(G.grad)). Both tapes can be used twice."),
    observe=_lengths_observed,
    batch=lambda G, D, z: z.shape[0],
)


EXERCISES = (MINIMAX, NON_SATURATING, RATIO, HINGE_D, HINGE_G, LENGTHS)
