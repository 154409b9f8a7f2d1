"""Exercises of lesson 06: saturating or not."""

import numpy as np

from ..engine import gradcheck
from ..engine.numerics import sigmoid, softplus
from ..gradients import g_gradients
from ..losses import Hinge, Minimax, NonSaturating
from .grading import Digits, Exercise, Mistake, Wrong, differences
from .players import at, players, used


def _scores(rng):
    """Scores of fake points on both sides of 0, most of them on D's side."""
    return (rng.normal(-1, 2.5, (int(rng.integers(5, 10)), 1)),)


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
    "06.1", "minimax_g", "the minimax loss of the generator", _scores, _truth(_minimax),
    solution=lambda f: tuple(Minimax().g(f)),
    mistakes=(
        Mistake("that belongs to the non-saturating loss, -log sigmoid(f), which is 06.2",
                _non_saturating_mistake(lambda f: -sigmoid(-f))),
        Mistake("the minus is lost: -log(1 - sigmoid(f)) is what D minimises; G minimises log(1 - sigmoid(f))",
                _mean_of(softplus, sigmoid), "sign"),
        Mistake("the derivative's minus is lost: log(1 - sigmoid(f)) falls as f grows", _minimax_mistake(sigmoid), "sign"),
        Mistake("the chain rule stopped half way: -1 / (1 - sigmoid(f)) lacks the derivative of sigmoid",
                _minimax_mistake(lambda f: -1 / sigmoid(-f))),
        Mistake("that is the derivative of 1 - sigmoid(f); the logarithm was forgotten",
                _minimax_mistake(lambda f: -sigmoid(f) * sigmoid(-f))),
        Mistake("the scores were taken for probabilities: with p = sigmoid(f) it is log(1 - p), not log(1 - f)",
                _mean_of(lambda f: np.log(np.abs(1 - f)), lambda f: -1 / (1 - f))),
        Mistake("the mean's 1/N is missing in the derivative", _minimax_mistake(lambda f: -sigmoid(f), mean=False), "batch size"),
    ),
    hints=("Each score meets only its own term of the mean, so the derivative has one entry for each score, divided by N.",
           "Two chain rules: log'(u) = 1/u, and sigmoid'(f) = sigmoid(f) (1 - sigmoid(f)). Much cancels.",
           "1 - sigmoid(f) = sigmoid(-f), and log(1 - sigmoid(f)) = -softplus(f).",
           "-softplus(f).mean(), -sigmoid(f) / N"),
    batch=lambda f: f.shape[0],
)

NON_SATURATING = Exercise(
    "06.2", "non_saturating_g", "the non-saturating loss of the generator", _scores, _truth(_non_saturating),
    solution=lambda f: tuple(NonSaturating().g(f)),
    mistakes=(
        Mistake("that belongs to the minimax loss, log(1 - sigmoid(f)), which is 06.1: it still saturates",
                _minimax_mistake(lambda f: -sigmoid(f))),
        Mistake("that is D's loss on fake points: with it, G learns to be recognised", _mean_of(softplus, sigmoid)),
        Mistake("the value's minus is lost: a logarithm of a probability is negative, and G minimises -log sigmoid(f)",
                _mean_of(lambda f: -softplus(-f), lambda f: sigmoid(-f)), "sign"),
        Mistake("the derivative's minus is lost: -log sigmoid(f) falls as f grows",
                _non_saturating_mistake(lambda f: sigmoid(-f)), "sign"),
        Mistake("the chain rule stopped half way: -1 / sigmoid(f) lacks the derivative of sigmoid",
                _non_saturating_mistake(lambda f: -1 / sigmoid(f))),
        Mistake("that is the derivative of -sigmoid(f); the logarithm was forgotten",
                _non_saturating_mistake(lambda f: -sigmoid(f) * sigmoid(-f))),
        Mistake("the mean's 1/N is missing in the derivative",
                _non_saturating_mistake(lambda f: -sigmoid(-f), mean=False), "batch size"),
    ),
    hints=("As in 06.1: chain rule, one entry for each score, divided by N.",
           "-1/sigmoid(f) times sigmoid(f) (1 - sigmoid(f)): what is left?",
           "-log sigmoid(f) = softplus(-f), and 1 - sigmoid(f) = sigmoid(-f).",
           "softplus(-f).mean(), -sigmoid(-f) / N"),
    batch=lambda f: f.shape[0],
)


# ---------------------------------------------------------------- 06.3


def _far_scores(rng):
    return (rng.permutation(np.concatenate([rng.uniform(-40, -10, 3), rng.uniform(-10, 10, rng.integers(2, 6))]))[:, None],)


def _ratio(f):
    """The quotient of both derivatives, each by the complex step: they are tiny, and no difference could see them."""
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
        Mistake("both derivatives are negative, so their quotient is positive", lambda f: -np.exp(-f), "sign"),
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
    n = int(rng.integers(6, 11))
    return rng.normal(0.5, 1.5, (n, 1)), rng.normal(-0.5, 1.5, (n, 1))


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
    "06.5", "hinge_g", "the generator's loss beside the hinge", _scores,
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
        Mistake("G.grad was never cleared: an older gradient is still in it", _norms(clear=(False, False))),
        Mistake("G.grad was not cleared between the two losses, so the second gradient is a sum of both",
                _norms(clear=(True, False))),
        Mistake("the root is missing: that is the squared length", _norms(lambda df, dx, G, D: np.sum(G.grad**2))),
        Mistake("the samples' own gradients were measured, and the lengths averaged; the batch has one gradient, with one length",
                _one_at_a_time),
        Mistake("the two are in the other order: minimax comes first", _norms(losses=BOTH[::-1])),
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
