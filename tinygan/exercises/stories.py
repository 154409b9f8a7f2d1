"""What explains a wrong answer. All outputs are looked at together, and more than one case is.

    exchanged(case, others)     outputs that stand in each other's place
    hard_coded(cases)           the same numbers whatever the arguments are
    reasons(case, others)       why the first wrong output is wrong: what the comparison says, and the story of a mistake

`others` are cases of the same answer, to confirm with, as two numbers may be equal once by chance. A story is told only if it
explains the answer ten times better than the truth does (see `engine.diagnosis`). The mistake must also leave right what is
right in the answer.
"""

import itertools
import math
import re

import numpy as np

from ..engine.diagnosis import RELATIVE_LIMIT, misfit
from .cases import DIGITS, LEAST, as_float64, near
from .pairs import two_mistakes
from .relations import relation

FACTOR = re.compile(r"(.* is )(\S+) times the truth( in every entry)?: (.*)")  # what the comparison says of a factor
OTHER_FACTORS = "here, but not in all cases"
UNEXPLAINED = "entries wrong", "; it must be", "it must have", "constant factor is wrong", OTHER_FACTORS  # no cause in the line


def exchanged(case, others):
    """The sentence for outputs that stand in each other's place, or for one that is another's truth; "" when there are none."""
    holds = {name: [other for other in case.truth if other != name and _all_have([case, *others], name, other)]
             for name in case.wrong} if others else {}
    found = {name: places for name, places in holds.items() if places}
    first = case.wrong[0]
    if first not in found:
        return ""
    for places in itertools.permutations(found):
        if all(place in found[name] for name, place in zip(found, places, strict=True)):
            return _in_another_order(case, dict(zip(found, places, strict=True)))
    return f"{first} is what {found[first][0]} must be"


def _in_another_order(case, places):
    order = "" if case.exercise.observe else f": return {', '.join(case.truth)}, in this order"
    if len(places) == 2:
        return f"{' and '.join(places)} are exchanged{order}"
    return "in another order: " + ", ".join(f"{name} is what {place} must be" for name, place in places.items()) + order


def _all_have(cases, name, other):
    """Whether the one output is right in the place of the other in all cases, and that place is not the same in all of them."""
    same = _all_the_same([case.expected(other) for case in cases])
    return not same and all(case.agrees(other, case.result[name]) for case in cases)


def hard_coded(cases):
    """The sentence for an answer that gives the same in all cases, where all of them differ; "" for any other.

    Whole numbers and names do not count. They agree by chance. Nor do outputs that ought to agree.
    """
    telling = [name for name in cases[0].truth if _all_differ([case.expected(name) for case in cases])]
    same = telling and all(_all_the_same([case.result[name] for case in cases]) for name in telling)
    fits = any(np.shape(_array(case.result[name])) == case.expected(name).shape for case in cases for name in telling)
    if len(cases) < LEAST or not same or not fits or not any(_has_fractions(cases[0].result[name]) for name in telling):
        return ""
    kept = next((case for case in sorted(cases, key=lambda case: case.seed) if not case.wrong), None)
    name = cases[0].exercise.name
    return f"{name} returns the same whatever it is given: " + (
        f"that which is right in case {kept.seed}. Is it kept from an earlier call, in a global, a cache or a default argument?"
        if kept else "are these the numbers of an example?")


def _all_differ(truths):
    return len({_bytes(truth) for truth in truths}) == len(truths)


def _all_the_same(values):
    return len({_bytes(value) for value in values}) == 1


def same(one, other):
    """Whether two results of the same kind are equal, but for rounding; what is no number is not compared."""
    one, other = _array(one), _array(other)
    return one.dtype.kind not in "fc" or _same(one, other)


def _bytes(value):
    value = _array(value)
    return value.shape, value.tobytes()


def _array(value):
    """Numbers as an array of float64; anything else as an array of no kind."""
    value = as_float64(value)
    return np.asarray(value) if isinstance(value, np.ndarray | np.generic) else np.array(None)


def _has_fractions(value):
    """Whether it is made of finite numbers, and not of whole ones only."""
    value = _array(value)
    return value.dtype.kind in "fc" and bool(np.isfinite(value).all() and np.any(value != np.rint(value)))


# ---------------------------------------------------------------- the first wrong output


def reasons(case, others):
    """Why the first wrong output is wrong, and how far away it is: (lines, line)."""
    name = case.wrong[0]
    value, stories = case.result[name], told(case, name, others)
    outcome = case.outcome(name, value, suspects=stories)
    why = _of_its_kind(case, name, value, outcome, others, stories) or _without_chance(list(outcome.why), name, others)
    if stories and (_partly_finite(value) or misfit(as_float64(value), case.expected(name), name, None)):
        why.append(f"{name} is what comes out by this mistake: {next(iter(stories))}")
    elif not stories:
        why = _of_this_output(case, name, others, why)
    if name.endswith(".grad") and "zero everywhere" in why[0] and not stories:
        why.append("nothing was added to it, or it was cleared again")
    if not case.expected(name).ndim and not stories and _rounded(case, others, name):
        why.append(f"{name} is the truth rounded down, in all {len(others) + 1} cases: is there a // or an int()?")
    if swapped := exchanged(case, others):
        named = [line for line in why if any(line.endswith(story) for story in stories)]
        factor = [line for line in why if "times the truth" in line]
        why = [*factor, *named, f"or {swapped}"] if factor else [swapped, *named]
    return why, _distance(outcome)


def _partly_finite(value):
    """Whether some entries are finite, and others are not. Which of them are says much."""
    value = _array(value)
    return value.dtype.kind == "f" and value.ndim > 0 and 1 < np.isfinite(value).sum() < value.size


def _without_chance(why, name, others):
    """The lines of a comparison. A factor is the cause only if it is one in the other cases too, in the same words.

    In one case the mean of half of the samples may be twice the mean of all of them, and an abs may change a sign.
    """
    factor = FACTOR.fullmatch(why[0])
    if not factor or all(_has_factor(case, name, factor[4]) for case in others):
        return why
    kept = [line for line in why[1:] if "this mistake" in line]
    return [f"{factor[1]}{factor[2]} times the truth{factor[3] or ''} {OTHER_FACTORS}", *kept]


def _has_factor(case, name, cause):
    """Whether an output is wrong in a case by a factor with the same cause, or cannot tell, since the truth is 0."""
    if not case.expected(name).any():
        return True
    factor = FACTOR.fullmatch((case.outcome(name, case.result[name]).why or [""])[0])
    return factor is not None and _words(factor[4]) == _words(cause)


def _words(cause):
    return re.sub(r"\d+", "", cause)


def _of_this_output(case, name, others, why):
    """The lines about an output that no mistake explains together with the others: one that explains it alone, or a relation."""
    if "of its size only" in why[0]:
        return [why[0], "a finite difference, or a search that ends too early, comes as near as that", *why[1:]]
    if why[0].endswith((": transposed", "keepdims=True")):
        return [*why, *_in_the_right_shape(case, name)]
    if not any(mark in why[0] for mark in UNEXPLAINED):
        return why
    if alone := told(case, name, others, alone=True):
        return [f"{name} alone is what comes out by this mistake: {next(iter(alone))}", *why]
    found = relation([case, *others], name)
    if (not found or "constant factor" in found) and (both := two_mistakes([case, *others], name)):
        return [both, *why]
    if found and ("constant factor" in why[0] or OTHER_FACTORS in why[0]):
        return [found]
    if "has shape" in why[0]:
        return [*why, found] if found else [*why, *_in_the_right_shape(case, name)]
    return [found, *why] if found else why


def _in_the_right_shape(case, name):
    """The line about a factor that is left when a result has got the right shape; nothing for any other result."""
    value, shape = _array(case.result[name]), case.expected(name).shape
    if value.size != case.expected(name).size:
        return []
    why = case.outcome(name, value.T if value.T.shape == shape and value.ndim == 2 else value.reshape(shape)).why
    return [f"in the right shape, {why[0]}"] if why and "times the truth" in why[0] else []


def told(case, name, others, alone=False):
    """{story: what it gives for an output}, of the mistakes that give the same as the answer and contradict nothing.

    `alone`: of those that would spoil another output, which is right in the answer or wrong in another way.
    """
    found = {}
    for mistake in case.exercise.mistakes:
        made = case.of(mistake)
        if made and _same(made.get(name), case.result[name]) and _contradicts(case, made, name) == alone and all(
                _explains(one, mistake, name) for one in others):
            found[mistake.story] = made[name]
    return found


def _contradicts(case, made, name):
    """Whether a mistake spoils an output that is right in the answer, or spoils another wrong one in another way."""
    return not all(case.agrees(other, made.get(other)) or other in case.wrong and _same(made.get(other), case.result[other])
                   for other in case.truth if other != name)


def _explains(case, mistake, name):
    """Whether a mistake gives what the answer gives in this case as well; True where it cannot be made."""
    made = case.of(mistake)
    return made is None or _same(made.get(name), case.result[name]) or (
        name in case.right and case.agrees(name, made.get(name)))


def _same(one, other):
    """Whether two results are the same, but for rounding."""
    one, other = _array(one), _array(other)
    if one.shape != other.shape or one.dtype.kind not in "fc" or other.dtype.kind not in "fc":
        return False
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return np.array_equal(one, other, equal_nan=True)
    return near(one, other)


def _of_its_kind(case, name, value, outcome, others, stories):
    """The lines for numbers of a kind that cannot hold the truth; nothing when the kind does not matter, or is no cause."""
    kind = _kind(value)
    digits, small = DIGITS.get(kind, (0, 0))
    if digits and outcome.norm_error < small:
        return [f"{name} is {kind}, which keeps {digits} digits: compute in float64, like the arguments"]
    truth = case.expected(name)
    whole = kind.rstrip("0123456789_") in ("int", "uint", "bool") and np.any(truth != np.rint(truth))
    whole = whole and all(_kind(other.result[name]) == kind for other in others)  # max(x, 0) is an int now and then
    if whole and "times the truth" in outcome.why[0]:
        return [*outcome.why, f"{name} holds whole numbers ({kind}): is there a //, which rounds down?"]
    if whole and not stories and np.shape(value) == truth.shape and any(
            mark in outcome.why[0] for mark in ("entries wrong", "it must be", "is zero everywhere")):
        return [f"{name} holds whole numbers ({kind}), and the truth does not: is there a //, an int(), a rounding or a "
                "comparison?", *outcome.why]
    return []


def _kind(value):
    return str(getattr(value, "dtype", type(value).__name__))


def _rounded(case, others, name):
    """Whether a number is the truth rounded down in all cases, and not the same in all of them."""
    found = {(float(got), float(np.floor(one.expected(name)))) for one in (case, *others)
             if (got := _array(one.result[name])).shape == () and got.dtype.kind == "f"}
    return len(found) > 1 and all(got == down for got, down in found)


def _distance(outcome):
    """How far away: all entries together, or the worst of them when these are near enough; "" when it cannot be said."""
    if not math.isfinite(outcome.norm_error):
        return ""
    if outcome.norm_error > outcome.limit:
        return f"relative error {outcome.norm_error:.1e} (limit {outcome.limit:.0e})"
    got, wanted = np.asarray(outcome.analytic)[outcome.wrong], np.asarray(outcome.numeric)[outcome.wrong]
    off = np.abs(got - wanted) / np.maximum(np.abs(got), np.abs(wanted))
    return f"the worst entry is off by {off.max():.1e} of its size (limit {RELATIVE_LIMIT:.0e})" if off.size else ""
