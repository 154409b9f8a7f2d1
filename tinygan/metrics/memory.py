"""Is the training set copied? Samples are compared with the rows that G was trained on, and with rows that it never saw.

    memory_report    the share of samples nearer to a training row, the share of copies, and whether D knows its training rows
    nearest          the distance from each sample to the nearest of some rows
    near_and_far     the distances that new rows have

Training rows and held-out rows come from the same distribution. If G copies nothing, it does not matter which of them are
called training rows. If D has memorised none of them, it does not matter either. So each score is compared with what it would
be, had the rows been called training rows or held-out rows by lot. This is a permutation test (Pitman 1937), and here the mean
and the standard deviation over all lots are known. Nothing is drawn. SciPy is imported where it is used.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..engine.arguments import Array, floats, function, measurable, points

FAR_AWAY = 1e100  # beyond it squares overflow, and an overflow looks like a distance of 0
SURE = 3.0  # standard deviations
PERCENT = 1  # a copy is nearer to a training row than all but this many percent of new rows


class MemoryReport(NamedTuple):
    """The scores of `memory_report`; the formulas are there."""

    nearer: float
    nearer_new: float
    nearer_z: float
    copies: float
    copies_new: float
    copies_most: float
    gap: float
    gap_z: float

    @property
    def verdict(self) -> str:
        """What the scores say, in a sentence or two."""
        if self.copies > self.copies_most:
            said = (f"G copies training rows: {self.copies:.1%} of its samples are nearer to one than 99 % of new rows are, and "
                    f"of new samples about {self.copies_new:.1%} would be.")
        elif self.nearer_z > SURE:
            said = (f"G copies no rows, but its samples are too near to them: {self.nearer:.1%} are nearer to a training row "
                    f"than to a held-out one, and of new rows {self.nearer_new:.1%} would be.")
        elif self.nearer_z < -SURE:
            said = (f"The samples are nearer to the held-out rows: only {self.nearer:.1%} are nearer to a training row, and of "
                    f"new rows {self.nearer_new:.1%} would be. Were the two sets exchanged?")
        else:
            said = (f"There is no sign of copying: {self.nearer:.1%} of the samples are nearer to a training row, and of new "
                    f"rows {self.nearer_new:.1%} would be.")
        if math.isnan(self.gap):
            return said
        if self.gap_z > SURE:
            return f"{said} D knows its training rows: it scores them {self.gap:.3g} higher than held-out ones."
        if self.gap_z < -SURE:
            return f"{said} D scores held-out rows {-self.gap:.3g} higher than training ones. Were the two sets exchanged?"
        return f"{said} D scores training rows and held-out rows alike."

    def __str__(self) -> str:
        parts = [f"nearer {self.nearer:.1%} (new {self.nearer_new:.1%}, z {self.nearer_z:.1f})",
                 f"copies {self.copies:.1%} (new {self.copies_new:.1%}, at most {self.copies_most:.1%})"]
        parts += [] if math.isnan(self.gap) else [f"gap {self.gap:.3g} (z {self.gap_z:.1f})"]
        return f"{', '.join(parts)}. {self.verdict}"

    def columns(self) -> dict[str, str]:
        """{heading: text}, a row of `table`; a dash for what D was needed for."""
        without = math.isnan(self.gap)
        return {"nearer": f"{self.nearer:.1%}", "nearer, new": f"{self.nearer_new:.1%}", "nearer z": f"{self.nearer_z:.1f}",
                "copies": f"{self.copies:.1%}", "copies, new": f"{self.copies_new:.1%}", "at most": f"{self.copies_most:.1%}",
                "gap": "-" if without else f"{self.gap:.3f}", "gap z": "-" if without else f"{self.gap_z:.1f}"}


def memory_report(samples: Any, training: Any, held_out: Any, D: Callable[[Array], Any] | None = None) -> MemoryReport:
    """Compare N samples with the n rows that G was trained on and with m rows that neither G nor D has seen.

    With as many held-out rows as training rows, new rows score 1/2 in `nearer`.

    Parameters
    ----------
    samples : (N, d)
    training, held_out : (n, d) and (m, d), images or points; no row may be in both
    D : rows (., d) -> one score for each, such as a discriminator; None leaves out the gap

    Returns
    -------
    nearer : the share of samples whose nearest training row is nearer than their nearest held-out row; a tie counts one half
    nearer_new : n / (n + m), which new rows score on average
    nearer_z : how many standard deviations `nearer` lies above that. For a G that copies nothing it has mean 0 and standard
        deviation 1: beyond 3 it is no accident
    copies : the share of samples nearer to a training row than 99 % of the held-out rows are
    copies_new, copies_most : what new rows score on average, and what they exceed once in 1000 times
    gap : mean D(training) - mean D(held_out)
    gap_z : how many standard deviations it lies above 0, for a D that knows no row by heart

    Raises
    ------
    TypeError, ValueError : not such numbers, not as wide as each other, or D does not give one score for each row

    References
    ----------
    Meehan et al. 2020, A Non-Parametric Test to Detect Data-Copying in Generative Models. Karras et al. 2020, Training Generative
    Adversarial Networks with Limited Data, section 3: the gap. Pitman 1937.
    """
    training, held_out = (_rows(name, x) for name, x in (("training", training), ("held_out", held_out)))
    points("held_out", held_out, training.shape[-1])
    measurable("training", training)
    samples, n, m = _rows("samples", samples, training.shape[-1]), training.shape[0], held_out.shape[0]
    votes = nearer_votes(samples, training, held_out)
    copies = float((nearest(samples, training) < near_and_far(training, held_out)[0]).mean())
    gap = gap_z = math.nan
    if D is not None:
        scores = np.concatenate([_scores(D, training), _scores(D, held_out)])
        gap, gap_z = float(scores[:n].mean() - scores[n:].mean()), above_lots(scores, n)
    return MemoryReport(float(votes[:n].sum()) / samples.shape[0], n / (n + m), above_lots(votes, n), copies,
                        *_copies_among_new(samples.shape[0], m), gap, gap_z)


def nearest(x: Any, rows: Array) -> Array:
    """The distance (N,) from each row of `x` (N, d) to the nearest of `rows` (n, d)."""
    return _query(x, rows)[0]


def near_and_far(training: Array, held_out: Array) -> tuple[float, float]:
    """The 1st and the 99th percentile of the distances from held-out rows to their nearest training rows."""
    near, far = np.percentile(nearest(held_out, training), (PERCENT, 100 - PERCENT))
    return float(near), float(far)


def nearer_votes(samples: Array, training: Array, held_out: Array) -> Array:
    """How many of the N samples each of the n + m rows is nearest to, training rows first: (n + m,), of sum N.

    Where a training row and a held-out row are equally near, each of them gets one half. The first n sum to N `nearer`.
    """
    (to_training, i), (to_held_out, j) = _query(samples, training), _query(samples, held_out)
    wins = np.where(to_training == to_held_out, 0.5, to_training < to_held_out)  # (N,)
    votes = [np.bincount(row, weight, rows.shape[0]) for row, weight, rows in ((i, wins, training), (j, 1 - wins, held_out))]
    return np.concatenate(votes)


def nearer_of_real(training: Array, held_out: Array) -> float:
    """`nearer` of the real rows themselves. Each of the n + m is compared with all the others. New rows score this."""
    wins = [np.where(others == own, 0.5, (others < own) == other_is_training)
            for own, others, other_is_training in ((_query(training, training, 2)[0], nearest(training, held_out), False),
                                                   (_query(held_out, held_out, 2)[0], nearest(held_out, training), True))]
    return float(np.concatenate(wins).mean())


def above_lots(values: Array, n: int) -> float:
    """How far the sum of the first n of the M values lies above that of n values drawn by lot, in standard deviations.

    Over all lots the sum has the mean n v and the variance n (M - n) / (M (M - 1)) sum_i (v_i - v)^2, where v is the mean of
    all values. 0 when all values are equal.
    """
    size, deviations = values.shape[0], values - values.mean()
    if np.ptp(values) == 0:
        return 0.0
    deviations /= np.abs(deviations).max()  # so that no square overflows
    return float(deviations[:n].sum()) / math.sqrt(n * (size - n) / (size * (size - 1)) * float(deviations @ deviations))


def _copies_among_new(n: int, m: int) -> tuple[float, float]:
    """Of n new rows, the share below the 1st percentile of m others, with its mean, and the bound that 1 in 1000 exceed.

    The k-th smallest of m has a share of new rows below it that is Beta(k, m + 1 - k), whatever their distribution is. So the
    number of n that lie below it is beta-binomial. The percentile stands at k = 1 + .01 (m - 1).
    """
    from scipy.stats import betabinom

    k = 1 + PERCENT / 100 * (m - 1)
    return k / (m + 1), float(betabinom.isf(1e-3, n, k, m + 1 - k)) / n


def _query(x: Any, rows: Array, k: int = 1) -> tuple[Array, Array]:
    """The distances (N,) to the k-th nearest of `rows`, and which rows these are."""
    from scipy.spatial import cKDTree

    distance, row = cKDTree(rows).query(np.clip(np.asarray(x, np.float64), -FAR_AWAY, FAR_AWAY), [k])
    return distance[:, 0], row[:, 0]


def _rows(name: str, x: Any, dim: int | None = None) -> Array:
    return np.clip(np.asarray(points(name, x, dim), dtype=np.float64), -FAR_AWAY, FAR_AWAY)


def _scores(D: Callable[[Array], Any], x: Array) -> Array:
    scores = floats("the scores of D", function("D", D, "a discriminator")(x), np.dtype(np.float64))
    if scores.size != x.shape[0] or not np.isfinite(scores).all():
        raise ValueError(f"D must give one finite score for each row; got an array of shape {scores.shape} for {x.shape[0]} rows")
    return scores.ravel()
