"""Composition in the family: two networks, and the mean of one of them."""

import numpy as np

from ..grading import Exercise, Mistake
from .common import sizes


def _case(rng):
    n, d, m = sizes(rng, 3)
    z, W, other = rng.normal(size=(n, d)), rng.normal(.3, 1, (d, m)), rng.normal(-.3, 1, (d, m))
    return z, W, other, rng.normal(.5, 1, (n + 4, d)), float(rng.uniform(.2, .8))


def _truth(z, W, W_average, many, psi):
    """Number by number."""
    def styles(W):
        of_many = [[np.tanh(sum(row * W[:, j])) for j in range(W.shape[1])] for row in many]
        middle = [sum(row[j] for row in of_many) / len(many) for j in range(W.shape[1])]
        return np.array([[psi * np.tanh(sum(row * W[:, j])) + (1 - psi) * middle[j] for j in range(W.shape[1])] for row in z])

    return {"of_trained": styles(W), "of_average": styles(W_average)}


def _mean(z, many, W):
    return np.tanh(many @ W).mean(axis=0)


def _answer(middles=lambda W, W_average: (W, W_average), middle=_mean, weight=lambda psi: psi):
    """The answer with the mean of other networks, or another idea of the middle, or of psi."""
    def answer(z, W, W_average, many, psi):
        found = []
        for own, measured in zip((W, W_average), middles(W, W_average), strict=True):
            mean = middle(z, many, measured)
            found.append(mean + weight(psi) * (np.tanh(z @ own) - mean))
        return tuple(found)

    return answer


MIDDLE = Exercise(
    "M.30", "truncated", "the middle of another network", _case, _truth, solution=_answer(),
    mistakes=(
        Mistake("the styles of the average are drawn towards the mean style of the trained network",
                _answer(lambda W, W_average: (W, W))),
        Mistake("the styles of the trained network are drawn towards the mean style of the average",
                _answer(lambda W, W_average: (W_average, W_average))),
        Mistake("the mean style is measured with the mean of both networks' parameters",
                _answer(lambda W, W_average: ((W + W_average) / 2,) * 2)),
        Mistake("the mean is over the few z that are sampled; it must be over the many",
                _answer(middle=lambda z, many, W: np.tanh(z @ W).mean(axis=0))),
        Mistake("that is the style of the mean z; the mean of the styles is another number",
                _answer(middle=lambda z, many, W: np.tanh(many.mean(axis=0) @ W))),
        Mistake("the styles are drawn towards 0, not towards their mean",
                _answer(middle=lambda z, many, W: np.zeros(W.shape[1]))),
        Mistake("psi and 1 - psi are exchanged: psi = 1 leaves the styles as they are", _answer(weight=lambda psi: 1 - psi)),
        Mistake("nothing is truncated any more", _answer(weight=lambda psi: 1)),
    ),
    hints=("With which weights is middle measured? Which styles are drawn towards it?",
           "With psi = 0 each network has one style, its own mean. Is that so for both?",
           "Measure mapping(many, ...).mean(axis=0) for each of the two networks."),
    batch=lambda z, *rest: z.shape[0],
)

EXHIBITS = (MIDDLE,)
