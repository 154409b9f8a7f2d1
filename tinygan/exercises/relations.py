"""How a wrong result is related to the truth, where no mistake of the exercise explains it: a fact, and what it hints at.

    relation(cases, name)     "value is the truth plus 1, in all 5 cases"; "" where nothing simple is seen

Everything that is said has been computed: the result was compared with the truth after a sum over an axis, in another order, with
a number added, and so on. A number is judged in several cases, since one number is related to another in many ways.
"""

import itertools
import math

import numpy as np

from .cases import LEAST, NEAR, as_float64, named, near

HUGE = 1e308  # no answer is so large
CONSTANTS = {math.log(2): "ln 2: is a logarithm to base 2?", 1 / math.log(2): "1 / ln 2: is a logarithm to base 2?",
             math.log(10): "ln 10: is a logarithm to base 10?", 1 / math.log(10): "1 / ln 10: is a logarithm to base 10?",
             100.0: "is it a percentage?", math.pi: "pi", 1 / math.pi: "1 / pi"}
ADDED = {math.log(2): "ln 2", 2 * math.log(2): "2 ln 2", 1 - math.log(2): "1 - ln 2: is a logarithm to base 2?"}
CURVES = {
    "the square of the truth: is a root missing?": np.square,
    "the root of the truth: is there a root too many, or a square missing?": np.sqrt,
    "1 divided by the truth: is the fraction upside down?": np.reciprocal,
    "1 minus the truth": lambda truth: 1 - truth,
    "the logarithm of the truth": np.log,
    "the exponential of the truth": np.exp,
}


def relation(cases, name):
    """The sentence about an output of the first of these cases, confirmed in the others; "" where there is none."""
    seen = [(_numbers(case.result[name]), case.expected(name)) for case in cases]
    if seen[0][0] is None or not seen[0][0].size:
        return ""
    with np.errstate(all="ignore"):
        if seen[0][0].shape != seen[0][1].shape:
            return _of_shapes(cases, name, *seen[0])
        seen = [(got, truth) for got, truth in seen if got is not None and got.shape == truth.shape]
        if not seen[0][1].ndim:
            return _of_a_number(cases, name, seen)
        return _of_an_array(cases, name, seen) if seen[0][1].size >= LEAST else ""


def _numbers(value):
    """An array of float64; None for what is none."""
    value = as_float64(value)
    fits = isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f" and np.isfinite(value).all()
    return np.asarray(value) if fits else None


# ---------------------------------------------------------------- another shape


def _of_shapes(cases, name, got, truth):
    """What would make the truth of a result that has another shape."""
    def right(value):
        return value.shape == truth.shape and cases[0].agrees(name, value)

    places = range(got.ndim)
    if got.size == truth.size and right(got.reshape(truth.shape)):
        return f"the numbers of {name} and their order are right: only the shape is not"
    for axes in itertools.permutations(places) if got.ndim <= 4 else ():
        if right(got.transpose(axes)):
            return f"{name} is right with its axes in another order: {name}.transpose{axes}"
    for axes in (axes for many in (1, 2) for axes in itertools.combinations(places, many)):
        which = f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes[0]} and {axes[1]}"
        for what in ("sum", "mean"):
            for keep in (False, True):
                if right(np.asarray(getattr(got, what)(axis=axes, keepdims=keep))):
                    return f"{name} is right after a {what} over {which}" + ", with keepdims=True" * keep
    for axis in range(truth.ndim):
        for what in ("sum", "mean"):
            if any(near(got, getattr(truth, what)(axis=axis, keepdims=keep)) for keep in (False, True)):
                return f"{name} is the {what} of the truth over axis {axis}, which must stay"
    return _of_parts(name, got, truth)


def _of_parts(name, got, truth):
    """The sentence for a result that is the beginning or the end of the truth, or has the truth in it."""
    if got.ndim != truth.ndim or not got.size:
        return ""
    short, long, whose = (got, truth, "the truth") if got.size < truth.size else (truth, got, name)
    if any(a > b for a, b in zip(short.shape, long.shape, strict=True)):
        return ""
    for where, part in (("first", tuple(slice(n) for n in short.shape)), ("last", tuple(slice(-n, None) for n in short.shape))):
        if near(short, long[part]):
            axis = next(i for i, (a, b) in enumerate(zip(short.shape, long.shape, strict=True)) if a < b)
            many = f"the {where} {short.shape[axis]} of {long.shape[axis]} along axis {axis}"
            return f"{name} has only {many}: the others are missing" if whose == "the truth" else f"{many} are the truth"
    return ""


# ---------------------------------------------------------------- a number


def _of_a_number(cases, name, seen):
    if len(seen) < LEAST or len({float(truth) for _, truth in seen}) < LEAST:
        return ""
    got, truth = np.array([float(got) for got, _ in seen]), np.array([float(truth) for _, truth in seen])
    everywhere = f", in all {len(seen)} cases"
    if _constant(got - truth, np.abs(truth).max()):
        return f"{name} is {_plus(got[0] - truth[0])}{everywhere}"
    if np.all(truth != 0) and (line := _of_a_factor(cases, name, got / truth)):
        return line
    for words, curve in CURVES.items():
        if near(got, curve(truth)):
            return f"{name} is {words}"
    if places := _rounded_to(got, truth):
        return f"{name} is the truth rounded to {places}, in all {len(seen)} cases: is there a round(), or a format such as .3f?"
    if near(np.abs(got), np.abs(truth)):
        return f"{name} has the right size in all cases, and the wrong sign in some"
    return f"{name} is a fraction, and the truth is its whole part: // rounds down, / does not" if _whole(got, truth) else ""


def _constant(values, size):
    return bool(np.ptp(values) <= NEAR * size and np.abs(values).min() > NEAR * size)


def _plus(number):
    known = [f" ({words})" for one, words in ADDED.items() if math.isclose(one, abs(number), rel_tol=NEAR)]
    return f"the truth {'plus' if number > 0 else 'minus'} {abs(number):.6g}{''.join(known)}"


def _constant_cause(ratio):
    """": ln 2 ..." for a factor that is known; "" for any other."""
    return next((f": {cause}" for number, cause in CONSTANTS.items() if math.isclose(ratio, number, rel_tol=NEAR)), "")


def _rounded_to(got, truth):
    """"3 decimals" for numbers that are the truth rounded so; "" for any others."""
    if len(set(np.ravel(got).tolist())) < LEAST or np.array_equal(got, truth):
        return ""
    return next((f"{k} decimal{'s' * (k > 1)}" for k in range(1, 7) if np.abs(got - np.round(truth, k)).max() < 1e-12), "")


def _whole(got, truth):
    return np.array_equal(np.floor(got), truth) and not np.array_equal(got, truth)


def _of_a_factor(cases, name, ratios):
    """The sentence for a result that is the truth times a number, in all cases: the same one, or one that sizes explain."""
    size, hint = _size(cases[:len(ratios)], ratios)
    if size:
        hint = hint or "is there a sum for a mean, or a mean for a sum?"
        return f"{name} is {size}, in all {len(ratios)} cases: {hint}"
    if np.ptp(ratios) > NEAR * np.abs(ratios).max() or math.isclose(ratios[0], 1, rel_tol=NEAR):
        return ""
    why = _constant_cause(ratios[0]) or ": a constant factor is wrong"
    return f"{name} is {ratios[0]:.6g} times the truth, in all {len(ratios)} cases{why}"


def _size(cases, ratios):
    """Which size of the arguments the ratios are: ("the truth divided by x.shape[1]", a question about it or "").

    ("", "") if none is, or if it never changes.
    """
    counts = [_counts(case) for case in cases]
    truth, ratios = ("minus the truth", -ratios) if np.all(ratios < 0) else ("the truth", ratios)
    for label in counts[0]:
        sizes = np.array([count.get(label, math.nan) for count in counts])
        if len(set(sizes.tolist())) < 2:
            continue
        for words, made in ((f"times {label}", sizes), (f"divided by {label}", 1 / sizes),
                            (f"times the root of {label}", np.sqrt(sizes)),
                            (f"divided by the root of {label}", 1 / np.sqrt(sizes)),
                            (f"times {label} / ({label} - 1)", sizes / (sizes - 1)),
                            (f"times ({label} - 1) / {label}", (sizes - 1) / sizes),
                            (f"times the root of {label} / ({label} - 1)", np.sqrt(sizes / (sizes - 1)))):
            if np.allclose(ratios, made, rtol=NEAR, atol=0):
                return f"{truth} {words}", ""
    lengths = [label for label in counts[0] if "[" in label and "(" not in label]
    for one, other in itertools.permutations(lengths, 2):
        made = np.array([count.get(one, math.nan) / count.get(other, math.nan) for count in counts])
        if len(set(made.tolist())) > 1 and np.allclose(ratios, made, rtol=NEAR, atol=0):
            return f"{truth} times {one} / {other}", f"was it divided by {other}, and not by {one}?"
    for label in lengths:
        sizes = np.array([count.get(label, math.nan) for count in counts])
        for fixed, words in ((sizes / ratios, "{label} / {fixed}"), (sizes * ratios, "{fixed} / {label}")):
            if len(set(sizes.tolist())) > 1 and math.isclose(fixed[0], fixed[0].round()) and np.ptp(fixed) <= NEAR * fixed[0]:
                fixed = int(fixed[0].round())
                return f"{truth} times {words.format(label=label, fixed=fixed)}", f"does {fixed} stand where {label} belongs?"
    return "", ""


def _counts(case):
    """label -> number: the lengths of the arguments' axes, their products, and whole numbers; the simplest first."""
    arrays = [(name, arg) for name, arg in named(case.exercise, case.args) if isinstance(arg, np.ndarray)]
    found = {f"{name}.shape[{axis}]": n for name, arg in arrays for axis, n in enumerate(arg.shape)}
    found |= {name: arg for name, arg in named(case.exercise, case.args) if type(arg) is int and arg > 0}
    found |= {f"{name}.size": arg.size for name, arg in arrays}
    for name, arg in arrays:
        for i, j in itertools.combinations(range(arg.ndim), 2):
            found[f"({name}.shape[{i}] * {name}.shape[{j}])"] = arg.shape[i] * arg.shape[j]
    return found


# ---------------------------------------------------------------- an array


def _of_an_array(cases, name, seen):
    """The first sentence that is true in this case, and in all others that are wrong as well."""
    (got, truth), others = seen[0], [pair for pair in seen[1:] if not near(*pair)]
    for words, holds in _looks(got, truth):
        if holds(got, truth) and all(holds(*pair) for pair in others):
            return f"{name} {words}"
    if ratio := _ratio(got, truth):
        ratios = [1.0 if near(*pair) else _ratio(*pair) for pair in seen]
        if None in ratios or len(ratios) < len(cases):
            return ""
        size, hint = _size(cases, np.array(ratios))
        if size:
            return f"{name} is {size}, in all {len(ratios)} cases ({ratio:.6g} here){f': {hint}' * bool(hint)}"
        constant = np.ptp(ratios) <= NEAR * abs(ratio) and _constant_cause(ratio)
        return f"{name} is {ratio:.6g} times the truth, in all {len(ratios)} cases{constant}" if constant else ""
    return ""


def _ratio(got, truth):
    """got / truth where that is one number for all entries; None otherwise."""
    square = float(np.vdot(truth, truth))
    ratio = float(np.vdot(truth, got)) / square if square else 0.0
    return ratio if ratio and near(got, ratio * truth) and not math.isclose(ratio, 1, rel_tol=NEAR) else None


def _looks(got, truth):
    """(words, a function of a result and the truth that says whether they are true)."""
    offset = float((got - truth).flat[0])
    yield f"is {_plus(offset)}, in every entry", lambda a, b: _constant(a - b, np.abs(b).max()) and math.isclose(
        float((a - b).flat[0]), offset, rel_tol=NEAR)
    yield "has lost its minus signs: is there an abs?", lambda a, b: (b < 0).any() and near(a, np.abs(b))
    wrong = int((got * truth < 0).sum())
    yield (f"has the right sizes, and the wrong sign in {wrong} of {got.size} entries",
           lambda a, b: near(np.abs(a), np.abs(b)) and not near(a, b))
    for words, curve in CURVES.items():
        yield f"is {words}", lambda a, b, curve=curve: near(a, curve(b))
    zero = (got == 0) & (truth != 0)
    yield (f"is 0 in {zero.sum()} of {got.size} entries where the truth is not, and right in all others",
           lambda a, b: near(np.where(a == 0, b, a), b) and (a != 0).any() and ((a == 0) & (b != 0)).any())
    huge = int((np.abs(got) > HUGE).sum())
    yield (f"is {np.finfo(float).max:.2g}, the largest number there is, in {huge} of {got.size} entries, up to the sign: there "
           "np.nan_to_num or a clip has hidden an infinity",
           lambda a, b: (np.abs(a) > HUGE).any() and near(np.where(np.abs(a) > HUGE, b, a), b))
    yield (f"is the truth rounded to {_rounded_to(got, truth)}: is there a round(), or a format such as .3f?",
           lambda a, b: bool(_rounded_to(a, b)))
    for axis in range(truth.ndim):
        if truth.shape[axis] > 1:
            yield from _along(axis, truth)
    for i, j in itertools.combinations(range(truth.ndim), 2):
        yield f"is right with the axes {i} and {j} exchanged", lambda a, b, i=i, j=j: near(a.swapaxes(i, j), b)
    yield "has the right numbers in another order", lambda a, b: near(np.sort(a, axis=None), np.sort(b, axis=None))
    if truth.ndim == 2 and min(truth.shape) >= LEAST:
        yield ("is wrong by the same amounts in every row: look at what all rows share, such as a bias or a mean",
               lambda a, b: _shared(a - b, 0, np.abs(b).max()))
        yield ("is wrong by one amount in each row: look at what all columns of a row share",
               lambda a, b: _shared(a - b, 1, np.abs(b).max()))


def _shared(off, axis, size):
    """Whether the differences are the same all along an axis, and not 0."""
    return off.shape[axis] > 1 and bool(np.ptp(off, axis=axis).max() <= NEAR * size < np.abs(off).max())


def _along(axis, truth):
    """What can happen along an axis."""
    def shifted(a, b, by):
        first, second = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
        return near(first[by:], second[:-by]) if by > 0 else near(first[:by], second[-by:])

    yield f"is the truth in reverse order along axis {axis}", lambda a, b: near(np.flip(a, axis), b)
    if truth.shape[axis] >= LEAST:
        for by in (1, -1):
            yield (f"is the truth moved by one place along axis {axis}",
                   lambda a, b, by=by: shifted(a, b, by) and not shifted(b, b, by))
    for what in ("sum", "mean", "max"):
        yield (f"has in every place the {what} of the truth over axis {axis}",
               lambda a, b, what=what: near(a, getattr(b, what)(axis=axis, keepdims=True) + 0 * b))
