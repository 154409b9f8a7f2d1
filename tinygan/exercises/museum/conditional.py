"""Composition in the family: a label that both players are told, or should be."""

import numpy as np

from ...engine.numerics import sigmoid
from ..grading import Exercise, Mistake, Wrong
from .common import both, critic, sizes

# ---------------------------------------------------------------- M.23

PRESENT, EVEN = "which classes are asked for", "whether all of these are equally frequent"
SAMPLES = 4000  # labels that the judge draws: every class comes often enough to be counted
SPREAD = 5  # standard deviations of a count that are still called chance


def _counted(answer, n, classes, seed):
    """Which classes come at all (1 or 0), and whether those that come are equally frequent."""
    labels = answer(n, classes, seed)
    if not isinstance(labels, np.ndarray) or labels.shape != (n,) or labels.dtype.kind not in "iu":
        found = f"{labels.dtype} of shape {labels.shape}" if isinstance(labels, np.ndarray) else type(labels).__name__
        raise Wrong(f"asked_labels must return {n} whole numbers, shape ({n},); it returns {found}")
    outside = labels[(labels < 0) | (labels >= classes)]
    if outside.size:
        raise Wrong(f"the classes are 0 to {classes - 1}, and it asks for class {outside[0]}")
    if np.array_equal(labels, answer(n, classes, seed + 1)):
        raise Wrong("another seed gives the same labels: nothing is drawn", "np.random.default_rng(seed) draws from this seed")
    counts = np.bincount(labels, minlength=classes)
    share = 1 / np.count_nonzero(counts)
    even = np.abs(counts[counts > 0] - n * share).max() <= SPREAD * np.sqrt(n * share * (1 - share))
    if even and counts.all():
        _check_drawn(answer, n, classes, seed)
    return {PRESENT: (counts > 0) * 1.0, EVEN: np.float64(even)}


def _check_drawn(answer, n, classes, seed):
    """Raises where the labels do not depend on the seed alone, or on each other."""
    labels, share = answer(n, classes, seed), 1 / classes
    if not np.array_equal(labels, answer(n, classes, seed)):
        raise Wrong("the same seed gives other labels when it is called again", "draw from np.random.default_rng(seed)")
    same = np.mean(labels[1:] == labels[:-1])
    if abs(same - share) > SPREAD * np.sqrt(share * (1 - share) / n):
        raise Wrong(f"{same:.0%} of all labels are the same as the one before; if each were drawn for itself, it would be "
                    f"{share:.0%}",
                    "are they sorted, or repeated?")


def _drawn(draw):
    """An answer that draws its labels as draw(rng, n, classes)."""
    return lambda n, classes, seed: draw(np.random.default_rng(seed), n, classes)


ASKED = Exercise(
    "M.23", "asked_labels", "the class that nobody asks for",
    lambda rng: (SAMPLES + int(rng.integers(100)), int(rng.integers(3, 8)), int(rng.integers(1 << 30))),
    lambda n, classes, seed: {PRESENT: np.ones(classes), EVEN: np.float64(1)},
    solution=lambda n, classes, seed: np.random.default_rng(seed).integers(0, classes, size=n), observe=_counted,
    mistakes=(
        Mistake("the last class is never asked for: the upper end of rng.integers is left out already",
                _drawn(lambda rng, n, classes: rng.integers(0, classes - 1, size=n))),
        Mistake("the first class is never asked for: classes are counted from 0",
                _drawn(lambda rng, n, classes: rng.integers(1, classes, size=n))),
        Mistake("there is a label for a class that does not exist",
                _drawn(lambda rng, n, classes: rng.integers(0, classes + 1, size=n)), "and it asks for class"),
        Mistake("every image is asked for with the same label, the 1", _drawn(lambda rng, n, classes: np.full(n, 1)),
                "another seed gives the same labels"),
        Mistake("the labels are sorted", _drawn(lambda rng, n, classes: np.sort(rng.integers(0, classes, size=n))),
                "are they sorted, or repeated?"),
        Mistake("every label stands twice", _drawn(lambda rng, n, classes: np.repeat(rng.integers(0, classes, size=n), 2)[:n]),
                "are they sorted, or repeated?"),
        Mistake("every image is asked for with the same label, a drawn one", _drawn(
            lambda rng, n, classes: np.full(n, rng.integers(classes)))),
        Mistake("the classes are not equally frequent",
                _drawn(lambda rng, n, classes: np.rint(rng.uniform(0, classes - 1, size=n)).astype(int))),
    ),
    hints=("Draw a thousand labels for 10 classes, and count how often each of them comes: np.bincount(labels, minlength=10).",
           "rng.integers(low, high) draws from low up to, but not including, high. So does torch.randint.",
           "rng.integers(0, classes, size=n)"),
)


# ---------------------------------------------------------------- M.24


def _labels_case(rng):
    n, d, k = sizes(rng, 3)
    K = int(rng.integers(3, 6))
    y_real = np.eye(K)[rng.integers(K, size=n)]
    asked = np.stack([np.roll(y, int(rng.integers(1, K))) for y in y_real])  # none of them is that of the real image beside it
    x_real, x_fake = rng.normal(0.5, 1, (n, d)), rng.normal(-0.5, 1, (n, d))
    return x_real, y_real, x_fake, asked, rng.normal(size=(d + K, k)), rng.normal(size=(k, 1))


def _labels_truth(x_real, y_real, x_fake, asked, W, a):
    """By differences of D's loss."""
    def loss(W, a):
        r, f = critic(np.hstack([x_real, y_real]), W, a), critic(np.hstack([x_fake, asked]), W, a)
        return float(np.log1p(np.exp(-r)).mean() + np.log1p(np.exp(f)).mean())

    return both(loss, W, a)


def _labelled(real="y_real", fake="asked", join=lambda x, y: np.hstack([x, y])):
    """D's gradients, with other labels beside the images; "none" are zeros."""
    def answer(x_real, y_real, x_fake, asked, W, a):
        labels = {"y_real": y_real, "asked": asked, "none": 0 * y_real, "rolled": np.roll(asked, 1, axis=0)}
        dW, da = np.zeros_like(W), np.zeros_like(a)
        for x, y, label in ((x_real, labels[real], 1.0), (x_fake, labels[fake], 0.0)):
            pair = join(x, y)
            h = np.tanh(pair @ W)
            ds = (sigmoid(h @ a) - label) / len(x)
            dW, da = dW + pair.T @ (ds @ a.T * (1 - h * h)), da + h.T @ ds
        return dW, da

    return answer


TWO_LABELS = Exercise(
    "M.24", "label_gradients", "two labels for one image", _labels_case, _labels_truth, solution=_labelled(),
    mistakes=(
        Mistake("the generated images are judged with the labels of the real ones, and G was given others",
                _labelled(fake="y_real")),
        Mistake("the real images are judged with the labels that G was given", _labelled(real="asked")),
        Mistake("both kinds of image have the labels of the other kind", _labelled(real="asked", fake="y_real")),
        Mistake("D is not told the labels of the generated images", _labelled(fake="none")),
        Mistake("D is told no labels", _labelled(real="none", fake="none")),
        Mistake("the generated images are judged with the labels of the next row", _labelled(fake="rolled")),
        Mistake("y stands in front of x", _labelled(join=lambda x, y: np.hstack([y, x]))),
    ),
    hints=("Which image goes with which label? Write it beside the two lines in which the pairs are made.",
           "G has made x_fake[n] because it was asked for asked[n]. If D sees another label there, what is G's label good for?",
           "np.hstack([x_fake, asked])"),
    batch=lambda x_real, *rest: x_real.shape[0],
)

EXHIBITS = (ASKED, TWO_LABELS)
