"""Two mistakes at once: a mistake of the exercise and a wrong factor, or such a mistake in outputs that are exchanged.

That both were made is not sure, since the same numbers may come about in another way. So the sentence says "perhaps".

    two_mistakes(cases, name)     the sentence about an output of the first of these cases, confirmed in the others; "" for none
"""

import itertools

import numpy as np

from .cases import LEAST, as_float64, near

ALSO = "{name} is what two mistakes give together, perhaps yours: {story}; and {cause}"


def two_mistakes(cases, name):
    """The sentence for an output that two mistakes explain together; "" where none do."""
    first = cases[0]
    if not first.expected(name).ndim and len(cases) < LEAST:
        return ""
    for mistake in first.exercise.mistakes:
        if _spares(first, mistake, name) and (cause := _factor(cases, mistake, name)):
            return ALSO.format(name=name, story=mistake.story, cause=cause)
    for one, other in itertools.permutations(first.wrong, 2):
        for mistake in first.exercise.mistakes if one == name else ():
            if _exchanged(cases, mistake, one, other):
                return ALSO.format(name=name, story=mistake.story, cause=f"{one} and {other} are exchanged")
    return ""


def _number(value):
    """An array of finite numbers that are not all 0; None for anything else."""
    value = as_float64(value)
    fits = isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f" and np.isfinite(value).all() and np.any(value)
    return np.asarray(value) if fits else None


def _spares(case, mistake, name):
    """Whether a mistake spoils this output, and none that is right in the answer."""
    made = case.of(mistake)
    return bool(made) and not _multiple(case, made.get(name), name) and all(
        case.agrees(other, made.get(other)) for other in case.right)


def _multiple(case, value, name):
    """Whether a result is a multiple of the truth. Then a factor explains the answer without any mistake."""
    value, truth = _number(value), case.expected(name)
    if value is None or value.shape != truth.shape:
        return True
    square = float(np.vdot(truth, truth))
    return truth.ndim > 0 and square > 0 and near(value, float(np.vdot(truth, value)) / square * truth)


def _factors(case):
    """cause -> factor, in a case."""
    exercise = case.exercise
    known = {"a sign is the wrong way round": -1.0, "there is a factor 2 too many": 2.0, "a factor 2 is missing": 0.5}
    batch = exercise.batch and exercise.batch(*case.args)
    if not batch:
        return known
    return known | {"the mean over the batch is missing": float(batch), "the sum was taken, not the mean": float(batch**2),
                    "it was divided by the batch size once too often": 1 / batch}


def _factor(cases, mistake, name):
    """The cause of the factor between the answer and what a mistake gives, the same in all cases; "" for none."""
    causes = None
    for case in cases:
        made, got = _number((case.of(mistake) or {}).get(name)), _number(case.result[name])
        if made is None or got is None or made.shape != got.shape:
            return ""
        here = {cause for cause, factor in _factors(case).items() if near(got, factor * made)}
        causes = here if causes is None else causes & here
    return min(causes, key=lambda cause: list(_factors(cases[0])).index(cause), default="")


def _exchanged(cases, mistake, one, other):
    """Whether two outputs of the answer are what a mistake gives, each in the place of the other."""
    for case in cases:
        made = case.of(mistake) or {}
        pairs = ((case.result[a], made.get(b)) for a, b in ((one, other), (other, one)))
        if not all(got is not None and want is not None and got.shape == want.shape and near(got, want)
                   for got, want in (map(_number, pair) for pair in pairs)):
            return False
    return True
