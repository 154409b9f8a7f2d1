"""Composition in the family: two generators, and what each of their losses compares."""

import numpy as np

from ...engine.numerics import sigmoid, softplus
from ..grading import Exercise, Mistake, differences
from .common import sizes


def _case(rng):
    n, d = sizes(rng, 2)
    a, b = rng.normal(size=(2, n, d))
    A, B = rng.normal(size=(2, d, d)) / d**0.5
    u, v = rng.normal(size=(2, d, 1))
    return a, b, A, B, u, v, float(rng.uniform(0.3, 0.8))


def _value(a, b, A, B, u, v, weight):
    """As the paper has it."""
    games = np.log1p(np.exp(-(a @ A @ v))).mean() + np.log1p(np.exp(-(b @ B @ u))).mean()
    return float(games + weight * (((a @ A @ B - a)**2).mean() + ((b @ B @ A - b)**2).mean()))


def _truth(a, b, A, B, u, v, weight):
    return {"value": np.asarray(_value(a, b, A, B, u, v, weight)),
            "dA": differences(lambda A: _value(a, b, A, B, u, v, weight), A),
            "dB": differences(lambda B: _value(a, b, A, B, u, v, weight), B)}


def _answer(pixels=(0, 0), in_value=None, cycle=1, both=True, shuffled=False):
    """The answer with `pixels` times the comparison of a A with b, and of b B with a, or with another thing done differently."""
    def answer(a, b, A, B, u, v, weight):
        weight = weight * cycle
        ab, ba = a @ A, b @ B
        own = (np.roll(b, 1, axis=0), np.roll(a, 1, axis=0)) if shuffled else (b, a)
        far = [(fake - real, times) for fake, real, times in zip((ab, ba), own, pixels, strict=True)]
        home_a, home_b = ab @ B - a, ba @ A - b
        step = 2 * weight / a.size
        dab = -sigmoid(-ab @ v) / len(a) @ v.T + 2 * far[0][1] * far[0][0] / a.size + step * home_a @ B.T
        dba = -sigmoid(-ba @ u) / len(b) @ u.T + 2 * far[1][1] * far[1][0] / b.size + step * home_b @ A.T
        games = softplus(-ab @ v).mean() + softplus(-ba @ u).mean()
        compared = sum(times * (error**2).mean() for (error, _), times in zip(far, in_value or pixels, strict=True))
        value = games + compared + weight * ((home_a**2).mean() + (home_b**2).mean())
        return value, a.T @ dab + both * step * ba.T @ home_b, b.T @ dba + both * step * ab.T @ home_a

    return answer


PAIRS = Exercise(
    "M.27", "generators_loss", "pairs that are none", _case, _truth, solution=_answer(),
    mistakes=(
        Mistake("what was made is compared with the real rows of the same batch, and they do not belong together",
                _answer((1, 1))),
        Mistake("a A is still compared with b, and they do not belong together", _answer((1, 0))),
        Mistake("b B is still compared with a, and they do not belong together", _answer((0, 1))),
        Mistake("the comparison is gone from the value, and still in the gradients", _answer((1, 1), in_value=(0, 0))),
        Mistake("the comparison is gone from the gradients, and still in the value", _answer((0, 0), in_value=(1, 1))),
        Mistake("other rows do not belong together either: what was made is compared with the rows before",
                _answer((1, 1), shuffled=True)),
        Mistake("the way back was taken out, and what remains are two games that know nothing of each other", _answer(cycle=0)),
        Mistake("each way back moves the generator that began, and not the one that leads home", _answer(both=False)),
    ),
    hints=("Look at each comparison of two arrays: does row n of one belong to row n of the other?",
           "The value that is promised has four means. How many are returned?",
           "Take the comparison of fake_b with b, and that of fake_a with a, out of the value and out of the gradients."),
    batch=lambda a, *rest: a.shape[0],
)

EXHIBITS = (PAIRS,)
