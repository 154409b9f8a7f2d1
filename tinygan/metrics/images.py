"""Scores for images of several classes, generated ones beside real ones that nobody was trained on, and beside known failures.

    digit_judge     the ImageJudge of scikit-learn's digits
    ImageJudge      `report` scores images, `real` is what real images score, `controls` makes images whose scores are known
    frechet         the distance between two clouds, as if both were Gaussian

Of the two halves of the data, G learns from the training half, and the judge learns from the other one. No score says much
alone. Class means are read perfectly, and one Gaussian per class comes near to real images in the Frechet distance. Coverage
tells both from real images, so it stands beside the agreement in every table. SciPy and scikit-learn are imported where they
are used.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from ..data import halves, whole_labels
from ..data.sets import Points
from ..engine.arguments import Array, measurable, points
from ..engine.machine import one_thread
from .clouds import NEIGHBOURS, coverage_and_density, deviations
from .memory import FAR_AWAY, nearer_of_real, nearer_votes

HIDDEN = (64, 32)  # units of the network that makes the features: the last layer's are the features


class ImageReport(NamedTuple):
    """The scores of `ImageJudge.report`; the formulas are there."""

    agreement: float
    worst: float
    coverage: float
    density: float
    frechet: float
    nearer: float
    within: float

    def __str__(self) -> str:
        return ", ".join(f"{heading} {text}" for heading, text in self.columns().items())

    def columns(self) -> dict[str, str]:
        """{heading: text}, a row of `table`; a dash for the agreement where no class was asked for."""
        asked = {"agreement": self.agreement, "worst class": self.worst}
        return {heading: "-" if math.isnan(share) else f"{share:.1%}" for heading, share in asked.items()} | {
            "coverage": f"{self.coverage:.1%}", "density": f"{self.density:.2f}", "Frechet": f"{self.frechet:.2f}",
            "nearer": f"{self.nearer:.1%}", "within": f"{self.within:.2f}"}


class ImageJudge:
    """Scores images against the held-out half of the data.

    It reads them with a support vector machine, and it compares them in the 32 features of a small network, a multilayer
    perceptron of scikit-learn. Both were trained on the held-out half.

    Parameters
    ----------
    training, held_out : Points with `labels` (N,), whole numbers 0 ... classes - 1: what G was trained on, and what it has not
        seen

    Attributes
    ----------
    classes, dim : how many classes, and how many pixels
    accuracy : the share of the training half, which the judge has not seen, that it reads correctly
    real : an ImageReport, what real images score. They are those of the training half, which the judge has not seen; only
        for `nearer` each image of both halves is compared with all the others

    Raises
    ------
    TypeError, ValueError : the labels are not such numbers, the halves are not equally wide, or a class has too few images
    """

    def __init__(self, training: Points, held_out: Points) -> None:
        if training.labels is None or held_out.labels is None:
            raise ValueError("both halves must be Points with labels: Points(x, labels=...)")
        self.training, self.held_out, self.dim, self.classes = training, held_out, held_out.dim, held_out.classes or 0
        points("training", training.x, self.dim)
        own, y = (whole_labels(half.labels, self.classes) for half in (held_out, training))
        self._variances = np.array([_variance(held_out.x[own == c]) for c in range(self.classes)])
        few = np.flatnonzero((self._variances == 0) | (np.bincount(y, minlength=self.classes) == 0))
        if few.size:
            raise ValueError("the judge needs two different held-out images and one training image of each class; "
                             f"class {few[0]} has fewer")
        self._svm, self._layers = reader(held_out), _trained(held_out)
        self.accuracy = float((self.read(training.x) == y).mean())

    @functools.cached_property
    def real(self) -> ImageReport:
        report = self.report(self.training.x, self.training.labels)
        return report._replace(nearer=nearer_of_real(self.training.x, self.held_out.x))

    def read(self, x: Any) -> Array:
        """The class that each image of `x` (N, dim) shows: (N,)."""
        return self._svm.predict(self._images(x))

    def features(self, x: Any) -> Array:
        """The outputs of the network's last hidden layer, (N, 32)."""
        h = self._images(x)
        for W, b in self._layers:
            h = np.maximum(h @ W + b, 0)
        return h

    def report(self, x: Any, labels: Any = None) -> ImageReport:
        """Score N generated images. R is the number of held-out ones, and a class is always what the judge reads.

        Coverage, density and the Frechet distance depend on how many images there are. So they compare min(N, R) of the
        generated images with as many held-out ones, rows at equal distances. Draw N >= R, as `real` is made from about R.

        Parameters
        ----------
        x : (N, dim), pixels in the units of the data, N more than k = 5 and at least as many as there are classes
        labels : (N,), the class that G was asked for in each image, or one number for all; None when it was not asked

        Returns
        -------
        agreement : the share of images that are read as the class that was asked for; NaN without labels
        worst : the same share for the class where it is smallest
        coverage, density : `coverage_and_density` with k = 5, in pixels
        frechet : `frechet` in the features, 0 to infinity
        nearer : the share of images that are nearer to a training image than to a held-out one. Copies score 1, new images
            n / (n + R), which is 1/2 for halves; n is the number of training images
        within : the variance of the generated images of a class / that of the held-out ones, the mean over all classes. Each
            variance is summed over the pixels; it is 0 for a class with fewer than two generated images

        Raises
        ------
        TypeError, ValueError : too few images, not (N, dim), NaN or infinite pixels, or labels that are no such classes

        References
        ----------
        Odena et al. 2017, section 4.1: the agreement. Heusel et al. 2017, equation 6: the Frechet distance.
        """
        x = self._images(x, max(NEIGHBOURS + 1, self.classes))
        shown, agreement, worst = self.read(x), math.nan, math.nan
        if labels is not None:
            asked = whole_labels(labels, self.classes, x.shape[0])
            agreement = float((shown == asked).mean())
            worst = min(float((shown[asked == c] == c).mean()) for c in np.unique(asked))
        some, real = _spread_out(x, self.held_out.x.shape[0]), _spread_out(self.held_out.x, x.shape[0])
        nearer = nearer_votes(x, self.training.x, self.held_out.x)[:self.training.x.shape[0]].sum() / x.shape[0]
        within = [_variance(x[shown == c]) / self._variances[c] for c in range(self.classes)]
        return ImageReport(agreement, worst, *coverage_and_density(some, real),
                           frechet(self.features(some), self.features(real)), float(nearer), float(np.mean(within)))

    def controls(self, n: int, rng: np.random.Generator) -> dict[str, tuple[Array, Array]]:
        """Samplers whose scores are known, as a dict from names to `n` images (n, dim) and the labels (n,) that were asked for.

        noise               uniform between the lowest and the highest pixel; labels by lot
        one Gaussian        with the mean and the covariance of the training images; labels by lot
        Gaussian per class  with the mean and the covariance of the training images of that class
        class means         of the training images: a perfect blur
        copies              of training images: a perfect memoriser
        """
        n, x, y = self.training.check_draw(n, rng), self.training.x, self.training.labels
        each, any_class = np.arange(n) % self.classes, rng.integers(self.classes, size=n)
        drawn = np.resize(rng.permutation(x.shape[0]), n)  # again from the start when there are fewer
        gaussians, means = np.empty((n, self.dim)), np.empty((n, self.dim))
        for c in range(self.classes):
            rows = each == c
            gaussians[rows], means[rows] = _gaussian(x[y == c], int(rows.sum()), rng), x[y == c].mean(axis=0)
        return {"noise": (rng.uniform(x.min(), x.max(), (n, self.dim)), any_class),
                "one Gaussian": (_gaussian(x, n, rng), any_class), "Gaussian per class": (gaussians, each),
                "class means": (means, each), "copies": (x[drawn], y[drawn])}

    def _images(self, x: Any, rows: int = 1) -> Array:
        return np.clip(np.asarray(points("x", x, self.dim, rows), dtype=np.float64), -FAR_AWAY, FAR_AWAY)

    def __repr__(self) -> str:
        return (f"ImageJudge: {self.classes} classes, reads {self.accuracy:.2%} of {self.training.x.shape[0]} images that it has "
                f"not seen; compares with {self.held_out.x.shape[0]} held-out images")


@functools.cache
def digit_judge() -> ImageJudge:
    """The judge of the two halves of scikit-learn's digits, always the same one: 896 training images and 901 held-out ones."""
    return ImageJudge(*halves())


def frechet(x: Any, real: Any) -> float:
    """The squared Frechet distance between two Gaussians with the means m and the covariances C of two clouds:

        |m - m_r|^2 + trace(C) + trace(C_r) - 2 trace((C C_r)^(1/2))

    The trace of the root is the sum of the roots of the eigenvalues of C C_r. With x - m = Q R and real - m_r = Q_r R_r these
    are, up to the sizes of the clouds, the squared singular values of R R_r'. So no root of a matrix is taken, and nothing
    becomes complex when a covariance is singular. It is 0 for equal clouds, and above 0 for two draws from one distribution;
    the smaller the draws, the larger it is.

    Parameters
    ----------
    x, real : (N, d) and (M, d), features of the samples to be judged and of real ones, at least two rows of each

    References
    ----------
    Heusel et al. 2017, equation 6. There the features are those of the Inception network.
    """
    parts = []
    for name, cloud in (("x", x), ("real", real)):
        cloud = measurable(name, np.asarray(points(name, cloud, rows=2), dtype=np.float64))
        R: Array = np.linalg.qr(cloud - cloud.mean(axis=0)).R / math.sqrt(cloud.shape[0] - 1)
        parts.append((cloud.mean(axis=0), R))
    (m, R), (m_r, R_r) = parts
    if m.shape != m_r.shape:
        raise ValueError(f"x and real must be equally wide; got {m.size} and {m_r.size} columns")
    roots = np.linalg.svd(R @ R_r.swapaxes(0, 1), compute_uv=False)
    return max(0.0, float(((m - m_r) ** 2).sum() + (R**2).sum() + (R_r**2).sum() - 2 * roots.sum()))  # rounding leaves -1e-15


def reader(real: Points) -> Any:
    """A support vector machine (scikit-learn's SVC, RBF kernel, C = 10) that has learned the `labels` of the Points `real`."""
    from sklearn.svm import SVC

    return SVC(C=10).fit(real.x, real.labels)


def _trained(real: Points) -> list[tuple[Array, Array]]:
    """The hidden layers (W, b) of a multilayer perceptron that has learned the labels."""
    from sklearn.neural_network import MLPClassifier

    with one_thread():  # several would wait for each other
        network = MLPClassifier(HIDDEN, alpha=1e-3, max_iter=400, random_state=0).fit(real.x, real.labels)
    return list(zip(network.coefs_, network.intercepts_, strict=True))[:-1]


def _spread_out(x: Array, n: int) -> Array:
    """At most n rows of x, at equal distances, so that they show all classes even if x is sorted by class."""
    return x if x.shape[0] <= n else x[np.arange(n) * x.shape[0] // n]


def _variance(x: Array) -> float:
    """The sum over the pixels of their variances; 0 for fewer than two images."""
    return float(((deviations(x)**2).sum(axis=0) / (x.shape[0] - 1)).sum()) if x.shape[0] > 1 else 0.0


def _gaussian(x: Array, n: int, rng: np.random.Generator) -> Array:
    """`n` samples (n, d) of the Gaussian with the mean and the covariance of x: x - mean mixed by numbers from N(0, 1)."""
    mean = x.mean(axis=0)
    return mean + rng.standard_normal((n, x.shape[0])) @ (x - mean) / math.sqrt(max(1, x.shape[0] - 1))
