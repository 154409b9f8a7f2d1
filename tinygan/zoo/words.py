"""Words: what is said of a digit, as numbers for a network: which digit, upright or slanted, thin or thick.

    words = Words(data)                          slant and thickness are measured, and compared with the digit's own median
    words.of(x, labels) -> phi                   (N, K + 4) of ones and zeros, what can truly be said of each image
    words.read("a thin slanted seven", 3, rng)   the same for a sentence, three times; what it leaves open is drawn by lot
    draw(data, words, batch, noise, streams)     images with their words, and words that are not theirs
"""

import difflib
import re
from typing import Any, NamedTuple

import numpy as np

from ..data import one_hot
from ..engine.arguments import Array
from ..streams import Streams
from .joining import joined

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
STYLES = (("upright", "slanted"), ("thin", "thick"))
FILLING = {"a", "an", "the", "and", "digit", "number", "very", "of", "please"}  # words that say nothing
MEASURED = 2000  # images whose slant and thickness are measured, at most
TINY = 1e-6  # keeps an empty image from dividing 0 by 0


def slant(x: Array, image: tuple[int, int]) -> Array:
    """How much an image leans to the right, (...,): minus the covariance of row and column of its ink by the variance of row."""
    ink = (x.reshape(*x.shape[:-1], *image) + 1).clip(0)
    row, column = np.mgrid[:image[0], :image[1]]
    total = ink.sum(axis=(-2, -1), keepdims=True) + TINY
    row = row - (ink * row).sum(axis=(-2, -1), keepdims=True) / total
    column = column - (ink * column).sum(axis=(-2, -1), keepdims=True) / total
    return -(ink * row * column).sum(axis=(-2, -1)) / ((ink * row * row).sum(axis=(-2, -1)) + TINY)


def thickness(x: Array) -> Array:
    """All the ink of an image, (...,)."""
    return (x + 1).sum(axis=-1)


class Words:
    """What can be said of the images of a data set.

    Parameters
    ----------
    data : labelled images of digits

    Raises
    ------
    ValueError : no images, no labels, more classes than there are digits, or the same words for every image
    """

    def __init__(self, data: Any) -> None:
        name = getattr(data, "name", "the data")
        if getattr(data, "image", None) is None or data.classes is None:
            raise ValueError(f"{name} are no labelled images: a StackGAN learns from images and what is said of them, such as "
                             "data.digits() or Points(x, labels=labels, image=(8, 8))")
        if data.classes > len(NUMBERS) or data.dim != np.prod(data.image):
            raise ValueError(f"{name} has {data.classes} classes and {data.dim} numbers in an image of {data.image[0]} x "
                             f"{data.image[1]}: words are known for grey images of at most {len(NUMBERS)} digits")
        self.image, self.classes, self.width = data.image, data.classes, data.classes + 2 * len(STYLES)
        x, labels = data.sample_labelled(min(len(data.x), MEASURED) if hasattr(data, "x") else MEASURED, np.random.default_rng(0))
        measured = self._measured(x)
        self.medians = np.array([np.median(measured[:, labels == k], axis=1) for k in range(self.classes)])  # (K, 2)
        rows = self.of(x, labels)
        if (rows == rows[0]).all():
            raise ValueError(f"the words of {name} are {self.sentence(rows[0])!r} for every image: a StackGAN learns from wrong "
                             "words too, so add images of another digit, slant or thickness")

    def _measured(self, x: Array) -> Array:
        """(2, ...), slant and thickness."""
        return np.stack([slant(x, self.image), thickness(x)])

    def styles(self, x: Array, labels: Array) -> Array:
        """(2, N) of 0 and 1: slanted, and thick, compared with the medians of each label."""
        return (self._measured(x) > self.medians[labels].T).astype(np.int64)

    def rows(self, labels: Array, styles: Array) -> Array:
        """(N, K + 4), one-hot rows side by side."""
        return np.concatenate([one_hot(labels, self.classes), *(one_hot(style, 2) for style in styles)], axis=-1)

    def of(self, x: Array, labels: Array) -> Array:
        """What can truly be said of images x (N, d) with these labels (N,)."""
        return self.rows(labels, self.styles(x, labels))

    def told(self, phi: Array) -> tuple[Array, Array]:
        """The labels (N,) and styles (2, N) that rows of `phi` stand for."""
        parts = np.split(phi, [self.classes, self.classes + 2], axis=-1)
        labels, *styles = (part.argmax(axis=-1) for part in parts)
        return labels, np.stack(styles)

    def in_turn(self, n: int) -> Array:
        """All that can be said, one after the other, n rows."""
        k = np.arange(n)
        return self.rows(k % self.classes, np.stack([k // self.classes % 2, k // self.classes // 2 % 2]))

    def sentence(self, row: Array) -> str:
        """The words of one row of phi, such as "a thin slanted seven"."""
        (label,), styles = self.told(row[None])
        slanted, thick = styles[:, 0]
        return f"a {STYLES[1][thick]} {STYLES[0][slanted]} {NUMBERS[label]}"

    def read(self, text: str, n: int, rng: np.random.Generator) -> Array:
        """`n` rows of phi that a sentence stands for.

        Parameters
        ----------
        text : one digit, as a word or a figure, and at most one word of each style; styles that are not named are drawn by lot
        n : how many rows
        rng : a numpy Generator

        Raises
        ------
        ValueError : a word that is not known, no digit, or words that contradict each other
        """
        known = {name: (0, k) for k, name in enumerate(NUMBERS[:self.classes])}
        known |= {str(k): (0, k) for k in range(self.classes)}
        known |= {word: (1 + j, k) for j, style in enumerate(STYLES) for k, word in enumerate(style)}
        said: dict[int, int] = {}
        for word in re.findall(r"[^\W_]+", text.lower()):
            if word in FILLING:
                continue
            if word not in known:
                near = difflib.get_close_matches(word, known, n=1)
                hint = f"Did you mean {near[0]!r}? " if near else ""
                raise ValueError(f"the word {word!r} is not known. {hint}Known: {', '.join(known)}")
            j, k = known[word]
            if said.get(j, k) != k:
                raise ValueError(f"the sentence {text!r} says two things that cannot both be true: one of them is {word!r}")
            said[j] = k
        if 0 not in said:
            raise ValueError(f"the sentence {text!r} names no digit: say one of {', '.join(NUMBERS[:self.classes])}")
        styles = np.stack([np.full(n, said[1 + j]) if 1 + j in said else rng.integers(2, size=n) for j in range(len(STYLES))])
        return self.rows(np.full(n, said[0]), styles)

    def asked(self, text: Any, n: int, rng: np.random.Generator) -> Array:
        """`n` rows: of one sentence, of a sentence for each row, or of all that can be said in turn where `text` is None."""
        if text is None:
            return self.in_turn(n)
        if isinstance(text, str):
            return self.read(text, n, rng)
        if len(text) != n:
            raise ValueError(f"text must be one sentence, or one for each of {n} images; got {len(text)}")
        return np.concatenate([self.read(each, 1, rng) for each in text])


class Batch(NamedTuple):
    """x (..., N, d) with its words, and wrong ones (..., N, k); noise_d and noise_g (..., N, m + d_z + m)."""

    x: Array
    phi: Array
    wrong: Array
    noise_d: Array
    noise_g: Array


def draw(data: Any, words: Words, batch: int, noise: int, streams: Streams) -> Batch:
    """Real images, their words, the words of other images that differ from these, and noise.

    Parameters
    ----------
    data, words : labelled images, and what can be said of them
    batch : how many rows
    noise : how many numbers of noise a row has
    streams : the random numbers of the training
    """
    def told(rng: np.random.Generator) -> Array:
        x, labels = data.sample_labelled(batch, rng)
        phi, wrong = words.of(x, labels), words.of(*data.sample_labelled(batch, rng))
        while (same := (phi == wrong).all(axis=-1)).any():
            wrong[same] = words.of(*data.sample_labelled(batch, rng))[same]
        return joined(x, phi, wrong).astype(np.float32)

    x, phi, wrong = np.split(streams.draw("data", told), [data.dim, data.dim + words.width], axis=-1)
    noise_d, noise_g = (streams.normal("latent", (batch, noise), np.float32) for _ in range(2))
    return Batch(x.copy(), phi.copy(), wrong.copy(), noise_d, noise_g)
