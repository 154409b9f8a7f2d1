"""Stacked digits, which have 100 or 1000 modes that a generator must find, in pictures that one can read.

Stacked MNIST (Metz et al. 2017; Srivastava et al. 2017) lays digits on top of each other as the colour channels of one picture.
So every number of c digits is a mode. This is the same with scikit-learn's digits of 8 x 8 pixels. There is nothing to
download. c = 2 gives 100 modes in 128 dimensions, c = 3 gives 1000 in 192.

    halves()    the 1797 images in two halves: one for the generator to learn from, one for the judge
    Stacks      the data set: labels first, each of the 10^c numbers equally likely, then an image of each digit
    Judge       which number is this, how far is it from a real image, and is it a copy of one? `report` scores samples
    controls    good and bad samples whose scores are known beforehand

A mode counts as found when one sample shows it, so N matters. The literature takes N = 26 K samples for K = 10^c modes. That
many true samples find all of them, with a KL of about (K - 1) / (2 N) = .019. Modes and KL do not say how good the images are.
Noise falls into many modes too (`controls` has it), so read them beside the share of valid images. scikit-learn is imported
where it is used.
"""

import copy
import math
from typing import Any, NamedTuple

import numpy as np

from . import data
from .data import halves
from .engine import arguments
from .engine.arguments import Array
from .metrics.images import reader
from .metrics.memory import FAR_AWAY, near_and_far, nearest

DIGITS, PIXELS = 10, 64
PER_MODE = 26  # samples for each mode: N = 26 000 for 1000 modes, as in the literature
BATCH = 4096  # images that the judge looks at in one go


class StackReport(NamedTuple):
    """The scores of `Judge.report`; the formulas are there."""

    modes: int
    kl: float
    valid: float
    memorised: float

    def __str__(self) -> str:
        return ", ".join(f"{heading} {text}" for heading, text in self.columns().items())

    def columns(self) -> dict[str, str]:
        """{heading: text}, a row of `metrics.table`."""
        return {"modes": f"{self.modes}", "KL": f"{self.kl:.4f}", "valid": f"{self.valid:.2%}",
                "memorised": f"{self.memorised:.2%}"}


class Stacks(data.DataSet):
    """Pictures of several digits each, (n, 64 channels), with pixels in [-1, 1], one channel's 64 after the other's.

    Each of the `n_modes` = 10^channels numbers is equally likely, although some digits have more images than others. Labels are
    drawn first.

    Parameters
    ----------
    channels : 1 to 4 digits in each picture
    half : which images, "training" or "held_out"
    """

    def __init__(self, channels: int = 3, half: str = "training") -> None:
        self.channels = _channels(channels)
        self.dim, self.n_modes = PIXELS * self.channels, DIGITS**self.channels
        self.half, self.name = arguments.choice("half", half, data.Halves._fields), f"stacked digits, {self.channels} channels"
        points = getattr(halves(), half)
        self._images = points.x[np.argsort(points.labels, kind="stable")]  # all zeros, then all ones ...
        self._counts = np.bincount(points.labels, minlength=DIGITS)  # (10,)
        self._starts = np.cumsum(self._counts) - self._counts

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """`n` independent pictures, (n, 64 channels)."""
        n = self.check_draw(n, rng)
        return self.draw(rng.integers(DIGITS, size=(n, self.channels)), rng)

    def draw(self, labels: Any, rng: np.random.Generator) -> Array:
        """Pictures of the digits `labels` (n, channels), an image of each drawn at random. Raises ValueError for other labels."""
        labels = np.asarray(labels)
        if labels.dtype.kind not in "iu" or labels.ndim != 2 or labels.shape[-1] != self.channels:
            raise ValueError(f"labels must be whole numbers of shape (n, {self.channels}); got {labels.dtype} of {labels.shape}")
        if labels.size and not 0 <= labels.min() <= labels.max() < DIGITS:
            raise ValueError(f"labels must be digits, 0 to 9; got {labels.min()} to {labels.max()}")
        drawn = (rng.random(labels.shape) * self._counts[labels]).astype(int)  # below the count: random() is below 1
        return self._images.take(self._starts[labels] + drawn, axis=0).reshape(-1, self.dim)

    def standardized(self) -> "Stacks":
        """The pictures with mean 0 in every pixel (all numbers are equally likely), and divided by one number for all pixels."""
        rows = [slice(start, start + n) for start, n in zip(self._starts, self._counts, strict=True)]  # those of each digit
        center, square = (np.mean([power[part].mean(axis=0) for part in rows], axis=0)
                          for power in (self._images, self._images**2))  # (64,) each, all digits alike
        scale = math.sqrt((square - center**2).mean())
        moved = copy.copy(self)
        moved._images = (self._images - center) / scale
        return moved.moved_from(self, np.tile(center, self.channels), scale)

    def __repr__(self) -> str:
        return f"Stacks: channels {self.channels}, modes {self.n_modes}, dimensions {self.dim}, {self.half} images"


class Judge:
    """Reads digits and measures distances to real images, so that generated stacks can be scored.

    It reads with a support vector machine (scikit-learn's SVC, RBF kernel) trained on the held-out half. `accuracy` is the share
    of the training half, which it has not seen, that it reads correctly.
    It compares with the distances (Euclidean, in pixels of [-1, 1]) that new images of the same kind have. These are the
    distances from each of the 901 held-out images to its nearest training image. `near` and `far` are their 1st and 99th
    percentile.
    """

    def __init__(self) -> None:
        training, held_out = halves()
        self._training, self._svm = training.x, reader(held_out)
        self.accuracy = float(self._svm.score(training.x, training.labels))
        self.near, self.far = near_and_far(training.x, held_out.x)

    def look(self, x: Any, progress: bool | None = None) -> tuple[Array, Array]:
        """The digits (N, c) that the pictures `x` (N, 64 c) show, and each image's distance (N, c) to the nearest training image.

        An image with NaN or infinite pixels shows -1, at an infinite distance. c is 1 to 4; raises as `report` does.
        """
        x = np.asarray(x)
        if x.ndim != 2 or not x.shape[0] or x.shape[-1] not in range(PIXELS, 4 * PIXELS + 1, PIXELS):
            raise ValueError(f"stacks must have shape (N, 64 c), N at least 1 and c, the channels, 1 to 4; got {x.shape}")
        if x.dtype.kind not in "fiub":
            raise TypeError(f"stacks must hold real numbers; got an array of {x.dtype}")
        images = x.reshape(-1, PIXELS)
        digits, distance = np.full(images.shape[0], -1), np.full(images.shape[0], np.inf)
        finite = np.flatnonzero(np.isfinite(images).all(axis=-1))
        with _bar(finite.size, progress) as bar:
            for start in range(0, finite.size, BATCH):
                rows = finite[start:start + BATCH]
                batch = np.clip(images[rows].astype(np.float64), -FAR_AWAY, FAR_AWAY)
                digits[rows], distance[rows] = self._svm.predict(batch), nearest(batch, self._training)
                bar.update(rows.size)
        return digits.reshape(x.shape[0], -1), distance.reshape(x.shape[0], -1)

    def report(self, x: Any, progress: bool | None = None) -> StackReport:
        """Score the stacks `x` (N, 64 c), K = 10^c modes. Raises TypeError or ValueError when x is not such numbers, N >= 1.

        modes      #{k: n_k >= 1}, with n_k stacks that are read as the number k, M = sum n_k
        kl         sum over n_k > 0 of (n_k / M) ln(K n_k / M), nats: 0 when all numbers are equally frequent, ln K when one is
                   all there is, or when M = 0. N true samples score about (K - 1) / (2 N)
        valid      the share of the N c single images whose distance to the nearest training image is at most `far`.
                   New real images score .99
        memorised  the share of the N c images whose distance is below `near`. New real images score .01, copies 1.
                   A blurred image may lie as near to a training image, so look at the pictures too

        A stack with a NaN or infinite pixel shows no number, but it is one of the N, and its broken images are not valid.
        `progress`: True or False; None shows a bar where a person is watching the terminal.
        """
        digits, distance = self.look(x, progress)
        modes = DIGITS**digits.shape[-1]
        number = digits @ DIGITS**np.arange(digits.shape[-1])[::-1]  # (N,): the digits 2, 0, 7 are the mode 207
        n = np.bincount(number[(digits >= 0).all(axis=-1)], minlength=modes)
        return StackReport(int((n >= 1).sum()), _kl_to_uniform(n), float((distance <= self.far).mean()),
                           float((distance < self.near).mean()))

    def __repr__(self) -> str:
        return (f"Judge: reads {self.accuracy:.2%} of {self._training.shape[0]} images that it has not seen; "
                f"valid up to a distance of {self.far:.3f}, a copy below {self.near:.3f}")


def controls(channels: int, n: int, rng: np.random.Generator) -> dict[str, Array]:
    """`n` stacks each from five samplers whose scores are known beforehand, as a dict from names to (n, 64 channels).

    real                 held-out images: all modes, KL (K - 1) / (2 n), valid .99, memorised .01
    training images      copies of what was learned from: the same, but valid 1, memorised 1
    same digit           one digit in all channels: 10 modes, KL (channels - 1) ln 10
    one digit missing    no nines: 9^channels modes, KL channels * ln(10 / 9)
    noise                uniform pixels in [-1, 1]: valid 0, whatever modes they fall into
    """
    real, copies = Stacks(channels, "held_out"), Stacks(channels)
    n = real.check_draw(n, rng)
    return {
        "real": real.sample(n, rng),
        "training images": copies.sample(n, rng),
        "same digit": real.draw(np.repeat(rng.integers(DIGITS, size=(n, 1)), channels, axis=-1), rng),
        "one digit missing": real.draw(rng.integers(DIGITS - 1, size=(n, channels)), rng),
        "noise": rng.uniform(-1, 1, (n, real.dim)),
    }


def _channels(value: Any) -> int:
    if arguments.count("channels", value) > 4:
        raise ValueError(f"channels must be at most 4; got {value}: 26 samples for each of 10^{value} modes are too many")
    return int(value)


def _kl_to_uniform(n: Array) -> float:
    """sum q ln(K q), nats, for the counts n (K,); ln K when there are none."""
    if n.sum() == 0:
        return math.log(n.size)
    q = n[n > 0] / n.sum()
    return max(0.0, float(q @ np.log(n.size * q)))  # rounding may leave -1e-17


def _bar(images: int, progress: bool | None) -> Any:
    from tqdm import tqdm

    return tqdm(total=images, disable=None if progress is None else not progress, unit=" images", unit_scale=True, desc="judging",
                leave=False)
