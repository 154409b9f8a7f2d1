"""Metrics for clouds of points in the plane or in space, samples against samples, and against a known density.

    coverage_and_density    balls around true samples: the share that holds a generated one, and in how many each of these lies
    mmd2                    the distance between the means of two clouds in a kernel's feature space
    js_2d                   the Jensen-Shannon divergence between a 2-D histogram and the exact probability of each cell
    c2st                    can a classifier tell them apart, on samples that it has not seen?
    cloud_report            all of them at once, and truth_cloud_report, the same for true samples

Notation: `x` (N, d) are the samples to be judged, `real` (R, d) true ones. A sample of x that is NaN, infinite or beyond 1e150 is
*bad*. It counts among the N, and as a wrong one; each metric says how. SciPy is imported where it is used.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..data.sets import Mixture, a_mixture
from ..engine.arguments import Array, count, floats, generator, measurable, number, points
from ..engine.machine import fits
from .bivariate import correlated_cells, round_cells
from .line import jensen_shannon

NEIGHBOURS = 5  # of coverage and density, as in the paper
FAR = 1e150  # beyond it the square of a distance may overflow
CHUNK = 1 << 15  # numbers in a block of distances: 256 KB, which fits into the processor's cache


class CoverageDensity(NamedTuple):
    """The two scores of `coverage_and_density`."""

    coverage: float
    density: float


class C2ST(NamedTuple):
    """The outcome of `c2st`, the share of right verdicts, and how many standard deviations it lies above that of a coin."""

    accuracy: float
    z: float


class CloudReport(NamedTuple):
    """The scores of `cloud_report`; the formulas are in the functions named there."""

    coverage: float
    density: float
    mmd2_sigma: float
    mmd2_spacing: float
    js: float
    c2st: float
    z: float

    def __str__(self) -> str:
        return ", ".join(f"{heading} {text}" for heading, text in self.columns().items())

    def columns(self, mixture: Mixture | None = None) -> dict[str, str]:
        """{heading: text}, a row of `table`."""
        return {"coverage": f"{self.coverage:.2%}", "density": f"{self.density:.3f}", "MMD2 sigma": f"{self.mmd2_sigma:.1e}",
                "MMD2 spacing": f"{self.mmd2_spacing:.1e}", "JS": f"{self.js:.4f}", "C2ST": f"{self.c2st:.2%}",
                "z": f"{self.z:.1f}"}


def cloud_report(x: Any, mixture: Mixture, rng: np.random.Generator) -> CloudReport:
    """Score N samples against N true ones. 10 000 take about two seconds.

    Parameters
    ----------
    x : (N, d), samples, N > 5
    mixture, rng : the N true samples are drawn from the mixture by rng

    Returns
    -------
    coverage, density : `coverage_and_density` with k = 5: 0.969 and 1 for true samples
    mmd2_sigma : `mmd2` at the width of a mode, larger where modes are blurred; 0 on average for true samples
    mmd2_spacing : `mmd2` at the distance between modes, larger where modes are lost or uneven; 0 on average for true samples
    js : `js_2d`, nats; NaN unless d = 2. True samples score more than 0, and more the fewer they are
    c2st, z : `c2st`: 1/2 and 0 on average for true samples
    """
    x = _samples(x, a_mixture(mixture).dim, rows=NEIGHBOURS + 1)
    real = mixture.sample(x.shape[0], rng)
    sigma, spacing = mmd2(x, real, scales(mixture)).tolist()
    js = js_2d(x, mixture) if mixture.dim == 2 else math.nan
    return CloudReport(*coverage_and_density(x, real), sigma, spacing, js, *c2st(x, real, rng))


def truth_cloud_report(mixture: Mixture, n: int, rng: np.random.Generator) -> CloudReport:
    """`cloud_report` of true samples, which is what a perfect generator scores.

    Parameters
    ----------
    mixture, n, rng : n > 5 samples are drawn from the mixture by rng, and n more to compare them with
    """
    return cloud_report(a_mixture(mixture).sample(n, rng), mixture, rng)


def coverage_and_density(x: Any, real: Any, k: int = NEIGHBOURS) -> CoverageDensity:
    """Balls around the true samples. B_i reaches from real_i to its k-th nearest neighbour among the other true samples.

    coverage = the share of the R balls that hold at least one sample of x
    density  = sum over the N samples of x of how many balls hold each, / (k N)

    Coverage falls when modes are lost, density when samples stray; density rises above 1 when they crowd where the truth
    is dense. For true samples density is 1 on average, and coverage 1 - (R-1)...(R-k) / ((2R-1)...(2R-k)) when N = R, about
    1 - 2^-k. Bad samples lie in no ball. The balls are open; one of radius 0 (k copies of a point) holds further copies.

    Parameters
    ----------
    x, real : (N, d) and (R, d), the samples to be judged, and true ones, R > k
    k : usually 5

    References
    ----------
    Naeem et al. 2020, Reliable Fidelity and Diversity Metrics for Generative Models.
    """
    from scipy.spatial import cKDTree

    k, x = count("k", k), _samples(x)
    real = _real(real, x, rows=k + 1)
    radius = _radius(real, k) * (1 - 1e-12)  # so that the rim is outside, whichever way it was rounded
    held = cKDTree(x[_good(x)]).query_ball_point(real, radius, return_length=True)  # (R,)
    return CoverageDensity(float((held > 0).mean()), float(held.sum() / (k * x.shape[0])))


def _radius(real: Array, k: int) -> Array:
    """The distance of each point (R, d) to its k-th nearest neighbour among the others: (R,)."""
    from scipy.spatial import cKDTree

    return cKDTree(real).query(real, [k + 1])[0][:, 0]  # the nearest of all is the point itself


def mmd2(x: Any, real: Any, bandwidths: Any) -> Any:
    """The unbiased estimate of the squared maximum mean discrepancy, one number for each bandwidth b, in their shape:

        mean of k(x_i, x_j) over i != j  +  mean of k(r_i, r_j) over i != j  -  2 mean of k(x_i, r_j)

    with k(u, v) = exp(-|u - v|^2 / (2 b^2)). For true samples its mean is 0, so it is often negative; it never exceeds 2. Bad
    samples count as one point, infinitely far from all others.

    Parameters
    ----------
    x, real : (N, d) and (R, d), the samples to be judged, and true ones, at least two of each
    bandwidths : one number b or an array of them, in the units of the data (see `scales`)

    References
    ----------
    Gretton et al. 2012, A Kernel Two-Sample Test, equation 3.
    """
    x = _samples(x, rows=2)
    real, bandwidths = _real(real, x, rows=2), floats("bandwidths", bandwidths, np.dtype(np.float64))
    b = [number("a bandwidth", width, above=1 / FAR, below=FAR) for width in bandwidths.ravel().tolist()]
    (n, m), x = (x.shape[0], real.shape[0]), x[_good(x)]
    bad = n - x.shape[0]
    within = (_pair_sum(x, b) + bad * (bad - 1)) / (n * (n - 1))
    truth, between = _pair_sum(real, b) / (m * (m - 1)), _kernel_sum(x, real, b) / (n * m)
    return (within + truth - 2 * between).reshape(bandwidths.shape)[()]


def _pair_sum(x: Array, bandwidths: list[float]) -> Array:
    """The sum of k(x_i, x_j) over i != j, for each bandwidth: (B,). What lies between two halves is summed once and doubled."""
    half = x.shape[0] // 2
    if half < 64:
        return _kernel_sum(x, x, bandwidths) - x.shape[0]  # without the diagonal, where k(x_i, x_i) = 1
    return _pair_sum(x[:half], bandwidths) + _pair_sum(x[half:], bandwidths) + 2 * _kernel_sum(x[:half], x[half:], bandwidths)


def _kernel_sum(x: Array, y: Array, bandwidths: list[float]) -> Array:
    """The sum of k(x_i, y_j) over all pairs, for each bandwidth: (B,). A few rows of distances at a time."""
    from scipy.spatial.distance import cdist

    rows, sums = max(1, CHUNK // max(1, y.shape[0])), np.zeros(len(bandwidths))
    for start in range(0, x.shape[0], rows):
        squared = cdist(x[start:start + rows], y, "sqeuclidean")
        for i, b in enumerate(bandwidths):
            exponent = squared * (-0.5 / b**2)
            np.maximum(exponent, -50, out=exponent)  # e^-50 = 2e-22; far smaller results would make exp slow
            sums[i] += np.exp(exponent, out=exponent).sum()
    return sums


def scales(mixture: Mixture) -> tuple[float, float]:
    """The two lengths of a mixture, as bandwidths: the smallest standard deviation, and the least distance between centres.

    Centres less than a standard deviation apart count as one; when there is only one, both lengths are the standard deviation.
    """
    from scipy.spatial.distance import pdist

    sigma, distances = float(a_mixture(mixture).principal_stds.min()), pdist(mixture.means)
    apart = distances[distances > sigma]
    return sigma, float(apart.min()) if apart.size else sigma


def js_2d(x: Any, mixture: Mixture, cells: int = 100) -> float:
    """Jensen-Shannon divergence, in nats, between the histogram of samples and a 2-D mixture, from 0 to ln 2.

    JS = KL(q, m) / 2 + KL(p, m) / 2 with m = (p + q) / 2. Equal cells reach from the lowest mean - 5 sigma to the highest
    mean + 5 sigma along each axis, and one more cell holds everything outside, bad samples included. p is exact, q is counted.

    Parameters
    ----------
    x, mixture : samples (N, 2), and a mixture in two dimensions
    cells : how many along each axis
    """
    (edges, p), x = _cells(mixture, count("cells", cells)), _samples(x, 2)
    across, up = x[_good(x)].swapaxes(0, 1)
    inside = np.histogram2d(across, up, bins=[*edges])[0].ravel()
    return jensen_shannon(np.append(inside, x.shape[0] - inside.sum()) / x.shape[0], p)


def _cells(mixture: Mixture, cells: int) -> tuple[Array, Array]:
    """The edges along both axes (2, cells + 1) and the exact probabilities (cells^2 + 1,) of a 2-D mixture, the outside last."""
    if a_mixture(mixture).dim != 2:
        raise ValueError(f"js_2d needs a 2-D mixture; got {mixture.dim} dimensions. For 1 there is js_1d")
    fits(f"{cells} x {cells} cells for {mixture.n_modes} modes", cells, max(cells, mixture.n_modes))
    reach = 5 * mixture.axis_stds
    edges = np.linspace((mixture.means - reach).min(axis=0), (mixture.means + reach).max(axis=0), cells + 1, axis=-1)
    return edges, (round_cells if mixture.shapes is None else correlated_cells)(mixture, edges)


def c2st(x: Any, real: Any, rng: np.random.Generator) -> C2ST:
    """The classifier two-sample test. How often does a k-nearest-neighbour classifier tell x from real?

    It learns from one half of each and is asked about the T samples of the other halves; k is the largest odd number up to the
    root of the number of training samples. For true samples whatever it learned is right about half of them, so

        z = (accuracy - 1/2) / (1 / (2 sqrt(T)))

    has mean 0 and a standard deviation of at most 1, and z > 3 says that they differ. A bad sample is always recognised.

    Parameters
    ----------
    x, real : (N, d) each, N at least 2, the samples to be judged, and true ones
    rng : draws the halves

    References
    ----------
    Lopez-Paz & Oquab 2017, Revisiting Classifier Two-Sample Tests.
    """
    x, rng = _samples(x, rows=2), generator("rng", rng)
    real = _real(real, x, rows=2)
    if x.shape != real.shape:
        raise ValueError(f"c2st compares equally many samples; got {x.shape[0]} and {real.shape[0]}. Draw as many of both")
    half, x, real = x.shape[0] // 2, rng.permutation(x), rng.permutation(real)
    verdicts = _says_real(x[half:], real[half:], np.concatenate([x[:half], real[:half]]))
    accuracy = float((verdicts == np.repeat([False, True], half)).mean())
    return C2ST(accuracy, (2 * accuracy - 1) * math.sqrt(2 * half))


def _says_real(x: Array, real: Array, asked: Array) -> Array:
    """The majority of the nearest training samples says: real. One verdict for each row of `asked`; bad ones are never real."""
    from scipy.spatial import cKDTree

    k = (math.isqrt(2 * real.shape[0]) - 1) | 1  # odd: no vote is a tie
    train = np.concatenate([x[_good(x)], real])
    is_real = np.arange(train.shape[0]) >= train.shape[0] - real.shape[0]
    verdicts, good = np.zeros(asked.shape[0], bool), _good(asked)
    verdicts[good] = is_real[cKDTree(train).query(asked[good], np.arange(1, k + 1))[1]].mean(axis=-1) > 0.5
    return verdicts


def deviations(x: Array) -> Array:
    """What the rows of x (N, d) lie off the mean of their column; exactly 0 in a constant column, whose mean is rounded."""
    return np.where((x == x[0]).all(axis=0), 0.0, x - x.mean(axis=0))


def _samples(x: Any, dim: int | None = None, rows: int = 1) -> Array:
    """x (N, d) as float64, bad ones included. Raises TypeError or ValueError for anything but rows of numbers."""
    x = floats("x", x, np.dtype(np.float64))
    points("x", np.nan_to_num(x, posinf=0, neginf=0), dim, rows)
    return x


def _real(real: Any, x: Array, rows: int) -> Array:
    """`real` as float64 (R, d), as wide as x; here nothing may be bad."""
    return measurable("real", np.asarray(points("real", real, x.shape[-1], rows), dtype=np.float64))


def _good(x: Array) -> Array:
    """Which rows are neither NaN nor too far away for a distance: (N,)."""
    return np.all(np.abs(x) < FAR, axis=-1)  # False for NaN
