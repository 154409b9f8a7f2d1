"""Two distances on the line: W1 between two sets of numbers, and the Jensen-Shannon divergence to an exact density.

Neither is 0 for true samples. `truth_report_1d` tells what those score. SciPy is imported where it is used.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..data.sets import Mixture, a_mixture
from ..engine import arguments
from ..engine.arguments import Array
from ..engine.machine import fits


class LineReport(NamedTuple):
    """Two distances between samples and a mixture on the line: `w1` in the unit of the data, `js` in nats (0 to ln 2)."""

    w1: float
    js: float

    def columns(self, mixture: Mixture) -> dict[str, str]:
        """{heading: text}, a row of `table`."""
        return {"W1": f"{self.w1:.4f}", "JS": f"{self.js:.4f}"}


def wasserstein_1d(x: Any, y: Any) -> float:
    """W1 = mean |sort(x) - sort(y)| between two equally large sets of numbers, in their unit.

    It is the least average distance by which the points of x must be moved to become those of y. Infinite
    when an entry of either is NaN or infinite.

    Parameters
    ----------
    x, y : (N,) or (N, 1), the same N for both

    Raises
    ------
    ValueError : the sizes differ
    """
    x, y = _line("x", x), _line("y", y)
    if x.shape != y.shape:
        raise ValueError(f"wasserstein_1d compares equally many samples; got {x.size} and {y.size}. Draw as many of both")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return math.inf
    return float(np.abs(np.sort(x) - np.sort(y)).mean())


def js_1d(x: Any, mixture: Mixture, cells: int = 200) -> float:
    """Jensen-Shannon divergence, in nats, between the histogram of samples and a 1-D mixture, from 0 to ln 2.

    JS = KL(q, m) / 2 + KL(p, m) / 2 with m = (p + q) / 2. The line is cut into equal cells from the lowest mean - 5 sigma to the
    highest mean + 5 sigma, and one more cell for everything outside. p is exact, q is counted.

    Parameters
    ----------
    x : (N,) or (N, 1), samples
    mixture : in one dimension
    cells : how many, about 100 to 1000
    """
    x, (edges, p) = _line("x", x), _cells(mixture, arguments.count("cells", cells))
    inside = np.histogram(x[np.isfinite(x)], edges)[0]
    return jensen_shannon(np.append(inside, x.size - inside.sum()) / x.size, p)


def jensen_shannon(q: Array, p: Array) -> float:
    """JS = KL(q, m) / 2 + KL(p, m) / 2 with m = (p + q) / 2, in nats, from 0 to ln 2.

    Parameters
    ----------
    q, p : (C,), the probabilities of the same C cells
    """
    from scipy.special import rel_entr

    q, p = (arguments.real(name, share).astype(np.float64) for name, share in (("q", q), ("p", p)))
    if q.shape != p.shape or q.ndim != 1:
        raise ValueError(f"q and p must be probabilities of the same cells, two arrays (C,); got shapes {q.shape} and {p.shape}")
    for name, share in (("q", q), ("p", p)):
        if not (share >= 0).all() or not math.isclose(share.sum(), 1, rel_tol=1e-3):
            raise ValueError(f"{name} must be probabilities, 0 or larger, which sum to 1; got a smallest of "
                             f"{share.min(initial=1):.4g} and a sum of {share.sum():.4g}. Divide counts by their sum")
    middle = (p + q) / 2
    return float(max(0.0, (rel_entr(q, middle) + rel_entr(p, middle)).sum() / 2))  # rounding may leave -1e-17


def report_1d(x: Any, mixture: Mixture, rng: np.random.Generator) -> LineReport:
    """Samples against a 1-D mixture, W1 to N new true samples, JS to the exact density.

    Parameters
    ----------
    x : (N,) or (N, 1), samples
    mixture : in one dimension
    rng : draws the true samples
    """
    x, js = _line("x", x), js_1d(x, mixture)
    return LineReport(wasserstein_1d(x, mixture.sample(x.size, rng)), js)


def truth_report_1d(mixture: Mixture, n: int, rng: np.random.Generator) -> LineReport:
    """`report_1d` of true samples, which is what a perfect generator scores. Both distances fall as n grows but are never 0.

    Parameters
    ----------
    mixture : in one dimension
    n : how many samples
    rng : draws them, and those that they are compared with
    """
    return report_1d(a_mixture(mixture).sample(n, rng), mixture, rng)


def _line(name: str, x: Any) -> Array:
    """`x`, (N,) or (N, 1), as a float64 array (N,). NaN and infinity are allowed."""
    x = np.asarray(arguments.real(name, x))
    if x.size == 0 or x.shape not in ((x.size,), (x.size, 1)):
        raise ValueError(f"{name} must have shape (N,) or (N, 1) with N at least 1; got {x.shape}")
    return x.reshape(-1).astype(np.float64)


def _cells(mixture: Mixture, cells: int) -> tuple[Array, Array]:
    """The edges (cells + 1,) and the exact probabilities (cells + 1,) of a 1-D mixture, the outside last."""
    from scipy.special import ndtr

    if a_mixture(mixture).dim != 1:
        raise ValueError(f"a 1-D mixture is needed; got {mixture.dim} dimensions. Use mode_report instead")
    means, stds, weights = mixture.means[:, 0], mixture.stds, mixture.weights
    fits(f"{cells} cells for {mixture.n_modes} modes", cells, mixture.n_modes)
    edges = np.linspace((means - 5 * stds).min(), (means + 5 * stds).max(), cells + 1)
    z = (edges[:, None] - means) / stds  # (cells + 1, K)
    below = ndtr(z) @ weights
    return edges, np.append(np.diff(below), below[0] + ndtr(-z[-1]) @ weights)
