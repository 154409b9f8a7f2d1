"""Modes, quality and balance, which say how near generated samples come to a mixture whose centres and widths are known.

True samples do not score perfectly either. 3 standard deviations hold 98.89 % of a 2-D Gaussian, not 100 %. So every score
stands beside `truth_report`, the score of as many true samples.

Notation: K modes with centres c_k, per-axis standard deviations sigma_k and weights w_k; N samples in d dimensions,
each assigned to its nearest centre a_i (Euclidean). A sample is *high quality* within 3 sigma of that centre. Where modes have
covariance matrices S_k, both distances are the Mahalanobis distance, the length of S_k^(-1/2) (x - c_k), and sigma is 1.
n_k counts the high-quality samples of mode k, m_k all of its samples, and M = sum_k n_k. A sample that is NaN, infinite or
too far away for a float64 distance belongs to no mode, but it is one of the N.

The true shares below suppose that modes do not overlap. At 8 of the larger standard deviations apart they are right to 1e-6.
SciPy is imported where it is used.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..data.sets import Mixture, a_mixture
from ..engine.arguments import Array, points, real

RADIUS = 3.0  # of high quality, in standard deviations
DISTANCES = 1 << 15  # that are computed in one go


class ModeCounts(NamedTuple):
    """Samples per mode, integer arrays of shape (K,)."""

    high_quality: Array  # n_k
    nearest: Array  # m_k


class ModeReport(NamedTuple):
    """The scores of `mode_report`; the formulas are there."""

    modes: int
    modes_half: int
    modes_visited: int
    high_quality: float
    reverse_kl: float
    tv: float
    std_ratio: float

    def __str__(self) -> str:
        return (f"modes {self.modes} (half their share: {self.modes_half}, visited: {self.modes_visited}), "
                f"high quality {self.high_quality:.2%}, reverse KL {self.reverse_kl:.4f}, TV {self.tv:.4f}, "
                f"std ratio {self.std_ratio:.3f}")

    def columns(self, mixture: Mixture) -> dict[str, str]:
        """{heading: text}, a row of `table`."""
        return {f"modes of {a_mixture(mixture).n_modes}": f"{self.modes}", "half share": f"{self.modes_half}",
                "visited": f"{self.modes_visited}", "high quality": f"{self.high_quality:.2%}",
                "reverse KL": f"{self.reverse_kl:.4f}", "TV": f"{self.tv:.4f}", "std ratio": f"{self.std_ratio:.3f}"}


def mode_counts(x: Any, mixture: Mixture) -> ModeCounts:
    """How many samples each mode has, for bar charts. Of true samples m_k is near w_k N, and n_k a little less.

    Parameters
    ----------
    x : (N, d), samples, N >= 1
    mixture : of K modes in d dimensions

    Raises
    ------
    TypeError, ValueError : x is not such numbers
    """
    return _counts(*_assign(x, mixture), mixture)


def mode_report(x: Any, mixture: Mixture) -> ModeReport:
    """Score samples against a mixture: how many modes are there, how sharp, how evenly filled.

    Parameters
    ----------
    x : (N, d), samples, N >= 1
    mixture : of K modes in d dimensions

    Returns
    -------
    modes : #{k: n_k >= 1}, the count that most papers print
    modes_half : #{k: n_k / N >= w_k / 2}, the count to trust
    modes_visited : #{k: m_k / N >= w_k / 2}: whether the generator goes there at all, sharp or blurred
    high_quality : M / N; true samples have P(chi_d <= 3), which is 1 - exp(-4.5) = 0.98889 in 2-D
    reverse_kl : sum over n_k > 0 of (n_k / M) ln(n_k / (M w_k)), nats; when M = 0 its largest possible value,
        max_k ln(1 / w_k), which is ln K for equal weights. True samples score about (K - 1) / (2 M)
    tv : half of sum |q - p| over K modes and one bin for the rest, q = (n_1 ... n_K, N - M) / N, p the true shares
    std_ratio : standard deviation per axis of the high-quality samples around their own mode's mean, in units of sigma_k
        (with covariances that of S_k^(-1/2) x), pooled over modes, divided by its true value (0.9744 in 2-D: less than 1, as the
        tails beyond 3 sigma are cut off). Below 1: modes too narrow. NaN when no mode holds two high-quality samples

    Raises
    ------
    TypeError, ValueError : x is not such numbers

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan import data, metrics
    >>> x = data.ring().sample(10_000, np.random.default_rng(0))
    >>> print(metrics.mode_report(x[x[:, 0] > 1], data.ring()))  # 3 of 8 modes: the KL is about ln(8/3)
    modes 3 (half their share: 3, visited: 3), high quality 98.82%, reverse KL 0.9812, TV 0.6181, std ratio 1.005
    """
    nearest, good = _assign(x, mixture)
    n, m = _counts(nearest, good, mixture)
    total, found = nearest.shape[-1], int(n.sum())
    half = _half_shares(total, mixture)
    return ModeReport(
        modes=int((n >= 1).sum()),
        modes_half=int((n >= half).sum()),
        modes_visited=int((m >= half).sum()),
        high_quality=found / total,
        reverse_kl=_reverse_kl(n, mixture.weights),
        tv=_total_variation(n, total, mixture),
        std_ratio=_std_ratio(np.asarray(x)[good], nearest[good], n, mixture),
    )


def truth_report(mixture: Mixture, n: int, rng: np.random.Generator) -> ModeReport:
    """`mode_report` of true samples, which is what a perfect generator scores.

    Parameters
    ----------
    mixture : of K modes in d dimensions
    n : how many samples
    rng : draws them
    """
    return mode_report(a_mixture(mixture).sample(n, rng), mixture)


def modes_found(x: Any, mixture: Mixture) -> tuple[int, int]:
    """(modes_visited, modes_half) of `mode_report`, at a small part of its cost, for a look at a generator while it learns.

    Parameters
    ----------
    x : (N, d), samples, N >= 1
    mixture : of K modes in d dimensions
    """
    good, nearest = mode_counts(x, mixture)
    half = _half_shares(np.shape(x)[0], mixture)
    return int((nearest >= half).sum()), int((good >= half).sum())


def _half_shares(total: int, mixture: Mixture) -> Array:
    """Half of each mode's share of `total` samples, (K,). A share of exactly one half counts, whichever way w_k was rounded."""
    half: Array = 0.5 * total * mixture.weights * (1 - 1e-9)
    return half


def _assign(x: Any, mixture: Mixture) -> tuple[Array, Array]:
    """The nearest mode of each sample, K where there is none, and whether the sample is of high quality: (N,), (N,)."""
    x = real("x", x).astype(np.float64)
    # Samples may be NaN or infinite, so only their shape is checked here.
    points("x", np.nan_to_num(x, posinf=0, neginf=0), a_mixture(mixture).dim, rows=1)
    rows = max(1, DISTANCES // mixture.n_modes)
    nearest, distance = (np.concatenate(parts) for parts in zip(*(_nearest(x[i:i + rows], mixture)
                                                                  for i in range(0, x.shape[0], rows)), strict=True))
    sigma = mixture.stds if mixture.shapes is None else np.ones(mixture.n_modes)
    return nearest, distance <= RADIUS * np.append(sigma, 0)[nearest]


def _nearest(x: Array, mixture: Mixture) -> tuple[Array, Array]:
    """The number of the nearest mode, and its distance; K where no distance is finite: (N,), (N,)."""
    squared = _squared(x, mixture.means) if mixture.shapes is None else mixture.shapes.squared(x, mixture.means)
    squared[~np.isfinite(squared)] = np.inf
    nearest = squared.argmin(axis=-1)
    distance = np.sqrt(squared[np.arange(x.shape[0]), nearest])
    return np.where(np.isfinite(distance), nearest, mixture.n_modes), distance


def _squared(x: Array, means: Array) -> Array:
    """The squared distance of each row of `x` (N, d) to each of the means (K, d): (N, K)."""
    with np.errstate(over="ignore", invalid="ignore"):
        squared = np.square(x[:, None, 0] - means[:, 0])  # coordinate by coordinate: quicker than one (N, K, d) array
        for j in range(1, means.shape[-1]):
            squared += np.square(x[:, None, j] - means[:, j])
    return squared


def _counts(nearest: Array, good: Array, mixture: Mixture) -> ModeCounts:
    bins = mixture.n_modes + 1
    return ModeCounts(*(np.bincount(a, minlength=bins)[:-1] for a in (nearest[good], nearest)))


def _share(dim: int) -> float:
    """P(chi_d <= 3), which is the share of a d-dimensional Gaussian within 3 standard deviations of its centre."""
    from scipy.special import gammainc

    return float(gammainc(dim / 2, RADIUS**2 / 2))


def _reverse_kl(n: Array, weights: Array) -> float:
    if n.sum() == 0:
        return float(-np.log(weights.min()))
    q, p = n[n > 0] / n.sum(), weights[n > 0]
    return max(0.0, float(q @ np.log(q / p)))  # rounding may leave -1e-17


def _total_variation(n: Array, total: int, mixture: Mixture) -> float:
    share = _share(mixture.dim)
    inside = np.abs(n / total - share * mixture.weights).sum()
    outside = abs((total - n.sum()) / total - (1 - share))
    return float(inside + outside) / 2


def _std_ratio(x: Array, mode: Array, n: Array, mixture: Mixture) -> float:
    """`x` (M, d) are the high-quality samples and `mode` (M,) their modes; n (K,) counts them."""
    freedom = np.maximum(n - 1, 0).sum() * mixture.dim
    if freedom == 0:
        return math.nan
    x = mixture.whitened(x, mode)  # every mode is now N(0, I), cut off at radius 3
    sums = [np.bincount(mode, column, minlength=n.size) for column in x.swapaxes(-1, -2)]
    center = np.stack(sums, axis=-1) / np.maximum(n, 1)[:, None]  # (K, d)
    variance = ((x - center[mode]) ** 2).sum() / freedom
    # Within radius 3 the mean of |x|^2 is d P(chi_{d+2} <= 3) / P(chi_d <= 3).
    return math.sqrt(variance * _share(mixture.dim) / _share(mixture.dim + 2))
