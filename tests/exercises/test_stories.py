"""Which story is told of a wrong answer: it looks at all outputs, at several cases, and at how much it explains."""

import functools
import re

import numpy as np
import pytest

from tinygan import engine
from tinygan.engine import diagnosis
from tinygan.exercises import LESSONS, exercises_of
from tinygan.exercises.cases import question
from tinygan.exercises.grading import Exercise, Mistake, Wrong, differences, grade

ALL = {exercise.number: exercise for lesson in (*LESSONS, "museum") for exercise in exercises_of(lesson)}


def message(exercise, answer, **more):
    with pytest.raises(Wrong) as error:
        grade(exercise, answer, **more)
    return str(error.value)


def told(exercise, answer):
    """Whether the message names a mistake."""
    return "comes out by this mistake" in message(exercise, answer)


def asked(truth, case=lambda rng: (rng.normal(size=4), rng.normal(size=4)), mistakes=(), **more):
    """An exercise of two arrays x and y; truth(x, y) -> {name: array}."""
    def solution(x, y):
        found = tuple(truth(x, y).values())
        return found if len(found) > 1 else found[0]

    return Exercise("00.0", "f", "an exercise", case, truth, solution, mistakes, (), **more)


SIGNED = asked(lambda x, y: {"a": x[0]})


def test_a_factor_of_one_number_is_confirmed_in_other_cases():
    """-1 times the truth here, and right there: that is an abs, and no wrong sign. A mean that is missing is so everywhere."""
    said = message(SIGNED, lambda x, y: np.abs(x[0]))
    assert "times the truth" not in said and "a has the right size in all cases, and the wrong sign in some" in said
    assert "a is 2 times the truth: a factor 2 too many" in message(SIGNED, lambda x, y: 2 * x[0])
    assert "was not divided by the batch size" in message(ALL["07.5"], lambda x, y: np.abs(np.sort(x) - np.sort(y)).sum())


def test_two_mistakes_are_perhaps_made_together():
    slips = (Mistake("x was cubed", lambda x, y: (x**3).mean()), Mistake("y was taken", lambda x, y: (y**2).mean()))
    square = asked(lambda x, y: {"a": (x**2).mean()}, lambda rng: rng.normal(size=(2, int(rng.integers(3, 9)))), slips,
                   batch=lambda x, y: x.size)
    for answer, also in ((lambda x, y: (x**3).sum(), "the mean over the batch is missing"),
                         (lambda x, y: -(x**3).mean(), "a sign is the wrong way round"),
                         (lambda x, y: 2 * (x**3).mean(), "there is a factor 2 too many")):
        assert f"what two mistakes give together, perhaps yours: x was cubed; and {also}" in message(square, answer)
    assert "two mistakes" not in message(square, lambda x, y: 3 * (x**3).mean())
    assert "two mistakes" not in message(square, lambda x, y: -(x**2).mean())  # a sign alone explains it


def test_a_mistake_in_outputs_that_are_exchanged_is_told():
    said = message(ALL["01.5"], lambda drawn, real: tuple(
        ((one[:, None] - other) ** 2).sum(axis=-1).min(axis=1).mean() for one, other in ((real, drawn), (drawn, real))))
    assert "those are squared distances: the root is missing; and near and covering are exchanged" in said


@pytest.mark.parametrize("change", [lambda dx, dW, db: (dx, dW.T / 5, db), lambda dx, dW, db: (dx, dW, db[0] / 5),
                                    lambda dx, dW, db: (dx.ravel() / 5, dW, db)])
def test_a_factor_is_told_next_to_a_wrong_shape(change):
    said = message(ALL["02.2"], lambda dy, x, W: change(*ALL["02.2"].solution(dy, x, W)), seeds=[0])
    assert "it must have" in said and "in the right shape, d" in said and "divided once too often by the batch size 5" in said


def test_whole_numbers_are_told_with_a_factor_and_not_before_a_story():
    said = message(ALL["06.5"], lambda f: (-f.mean(), np.full(f.shape, -1) // len(f)))
    assert "1/N is missing" in said and "df holds whole numbers (int64): is there a //, which rounds down?" in said
    said = message(ALL["07.3"], lambda r, f: max(0, ALL["07.3"].solution(r, f)))
    assert said.splitlines()[0] == "bound is zero: it must be -0.295066" and "a negative bound was raised to 0" in said
    assert "whole numbers" not in said


def test_a_result_that_is_finite_in_part_is_told_by_its_story():
    def naive(log_p, p):
        joint = np.exp(log_p) * p
        return np.log(joint.sum(axis=1, keepdims=True)), joint / joint.sum(axis=1, keepdims=True)

    said = message(ALL["01.2"], naive)
    assert "log_p_x is not finite" in said and "subtract the largest logarithm of the row first" in said


THREE = asked(lambda x, y: {"a": x + y, "b": x * y, "c": x - y})
PARTS = THREE.solution


# ---------------------------------------------------------------- a factor


HALVES = asked(lambda x: {"a": (x**2).mean()}, lambda rng: (rng.normal(size=int(rng.integers(4, 9))),),
               batch=len)._replace(solution=lambda x: (x**2).mean())


@pytest.mark.parametrize(("factor", "said"), [
    (lambda x: 2.0, "a is 2 times the truth: a factor 2 too many"), (lambda x: -1.0, "a is -1 times the truth: a sign"),
    (lambda x: len(x), "it was not divided by the batch size"), (lambda x: -1 / len(x), "once too often")])
def test_a_factor_that_is_there_in_all_cases_is_a_cause(factor, said):
    assert said in message(HALVES, lambda x: factor(x) * (x**2).mean())


@pytest.mark.parametrize("factor", [2.0, 0.5, -1.0])
def test_a_factor_that_is_there_by_chance_is_no_cause(factor):
    """In the first case the factor is 2, in the others it is another number."""
    first = HALVES.case(np.random.default_rng(0))[0]
    said = message(HALVES, lambda x: (x**2).mean() * (factor if np.array_equal(x, first) else 1 + x[0] ** 2))
    assert said.startswith(f"a is {factor:g} times the truth here, but not in all cases\nrelative error")


def test_a_factor_by_chance_stands_beside_a_story():
    first = HALVES.case(np.random.default_rng(0))[0]

    def slip(x):
        return (x**2).mean() * (2 if np.array_equal(x, first) else 1 + x[0] ** 2)

    said = message(HALVES._replace(mistakes=(Mistake("weighed by the first", slip),)), slip)
    assert said.startswith("a is 2 times the truth here, but not in all cases\n"
                           "a is what comes out by this mistake: weighed by the first\nrelative error")


def test_a_factor_of_nothing_does_not_count():
    """The truth is 0 in every other case, and so is what is twice as large."""
    exercise = asked(lambda x, y: {"a": np.maximum(x[0], 0.0)})
    seeds = [seed for seed in range(5) if exercise.case(np.random.default_rng(seed))[0][0] > 0]
    assert 0 < len(seeds) < 5 and "a factor 2 too many" in message(exercise, lambda x, y: 2 * np.maximum(x[0], 0.0))


def test_whole_numbers_now_and_then_are_no_cause():
    """max(x, 0) is the int 0 where x is negative, and no // is in it."""
    exercise = asked(lambda x, y: {"a": abs(float(x[0]))})
    negative = [seed for seed in range(5) if exercise.case(np.random.default_rng(seed))[0][0] < 0]
    said = message(exercise, lambda x, y: max(float(x[0]), 0), seeds=negative)
    assert 0 < len(negative) < 5 and said.startswith("a is zero: it must be")
    assert "holds whole numbers (int)" in message(exercise, lambda x, y: round(x[0]), seeds=negative)


# ---------------------------------------------------------------- outputs that are exchanged


@pytest.mark.parametrize(("answer", "said"), [
    (lambda a, b, c: (b, a, c), "a and b are exchanged: return a, b, c, in this order\n(c is right)"),
    (lambda a, b, c: (a, c, b), "b and c are exchanged: return a, b, c, in this order\n(a is right)"),
    (lambda a, b, c: (b, c, a), "in another order: a is what b must be, b is what c must be, c is what a must be: return a, b"),
    (lambda a, b, c: (b, b, c), "a is what b must be\n(b and c are right)"),
    (lambda a, b, c: (b, a, c + 1), "a and b are exchanged: return a, b, c, in this order"),
])
def test_outputs_that_are_exchanged_are_named(answer, said):
    assert said in message(THREE, lambda x, y: answer(*PARTS(x, y)))


EXCHANGED = [exercise for exercise in ALL.values() if exercise.observe is None and len(
    exercise.truth(*exercise.case(np.random.default_rng(0)))) > 1]


def test_there_are_many_exercises_with_several_outputs():
    assert len(EXCHANGED) > 15


@pytest.mark.parametrize("exercise", EXCHANGED, ids=lambda e: f"{e.number}-{e.name}")
def test_the_first_two_outputs_exchanged_are_named_in_every_exercise(exercise):
    """One look for all of them, with or without a story."""
    def answer(*args):
        first, second, *rest = exercise.solution(*args)
        return second, first, *rest

    said = message(exercise, answer)
    names = list(exercise.truth(*exercise.case(np.random.default_rng(0))))
    assert f"{names[0]} and {names[1]} are exchanged" in said or "this mistake" in said, said


def test_the_last_two_outputs_exchanged_are_named_when_the_sign_explains_it_as_well():
    """b = -a: both causes are possible, and both are named."""
    said = message(asked(lambda x, y: {"a": x + y, "b": -x - y}), lambda x, y: (-x - y, x + y))
    assert "a is -1 times the truth" in said and "or a and b are exchanged" in said


def test_equal_numbers_in_one_case_are_no_exchange():
    """Counts agree by chance: here b happens to be a's truth in the first case only."""
    def tenths(x):
        return float(np.round(10 * abs(x[0])))

    exercise = asked(lambda x, y: {"a": tenths(x), "b": tenths(y)})
    first = exercise.case(np.random.default_rng(0))[0][0]
    assert "is what" not in message(exercise, lambda x, y: (tenths(y) + (x[0] != first), tenths(y)))
    assert "a is what b must be" in message(exercise, lambda x, y: (tenths(y), tenths(y)))


# ---------------------------------------------------------------- all outputs together


def leaves_b(x, y):
    return x - y, x * y, x - y


def spoils_b(x, y):
    return x - y, x / y, x - y


def test_a_story_that_contradicts_what_is_right_is_not_told():
    """Both mistakes give this a; only one of them leaves b as it is."""
    exercise = THREE._replace(mistakes=(Mistake("y was subtracted and divided by", spoils_b),
                                        Mistake("y was subtracted", leaves_b)))
    said = message(exercise, lambda x, y: (x - y, x * y, x - y))
    assert "this mistake: y was subtracted\n" in said and "divided" not in said and "(b and c are right)" in said
    assert not told(THREE._replace(mistakes=exercise.mistakes[:1]), lambda x, y: (x - y, x * y, x - y))


def test_a_story_is_told_next_to_a_second_mistake():
    """b is wrong in a way that the story does not touch, so it may still be what happened to a."""
    exercise = THREE._replace(mistakes=(Mistake("y was subtracted", leaves_b),))
    assert told(exercise, lambda x, y: (x - y, 1 + x * y, x - y))


def test_a_story_that_spoils_another_output_in_another_way_is_not_told():
    exercise = THREE._replace(mistakes=(Mistake("y was subtracted and divided by", spoils_b),))
    assert told(exercise, spoils_b) and not told(exercise, lambda x, y: (x - y, 1 + x * y, x - y))


def test_a_story_that_fits_in_one_case_only_is_not_told():
    """The largest entry of x is its first one in some cases."""
    exercise = asked(lambda x, y: {"a": x.sum()}, mistakes=(Mistake("the first entry was taken", lambda x, y: x[0]),))
    first = [seed for seed in range(5) if exercise.case(np.random.default_rng(seed))[0].argmax() == 0]
    assert 0 < len(first) < 5 and not told(exercise, lambda x, y: x.max())
    assert "this mistake" not in message(exercise, lambda x, y: x.max(), seeds=first)


def said_to_be_right(message):
    """The outputs that a message calls right."""
    found = re.search(r"^\((.*) (?:is|are) right\)$", message, re.M)
    return set(re.split(r", | and ", found[1])) if found else set()


@pytest.mark.slow
def test_no_story_contradicts_what_is_said_to_be_right():
    """Of all planted mistakes: the story that is told leaves right what the same message calls right."""
    seen, graded = 0, functools.cache(message)  # most mistakes are told as themselves
    for exercise, mistake in ((e, m) for e in ALL.values() if e.cases > 1 for m in e.mistakes):
        said = graded(exercise, mistake.answer)
        right = said_to_be_right(said)
        story = next((other for other in exercise.mistakes if said.startswith(f"{said.split(' ')[0]} is what comes out by this "
                                                                              f"mistake: {other.story}")), None)
        if right and story:
            seen += 1
            again = graded(exercise, story.answer)
            assert right <= said_to_be_right(again), (exercise.number, story.story)
    assert seen > 20


# ---------------------------------------------------------------- ten times better


EPS = asked(lambda x, y: {"a": np.log(x**2 + 0.1)}, mistakes=(
    Mistake("b was changed, a was not", lambda x, y: np.log(x**2 + 0.1)),
    Mistake("eps = 1e-7", lambda x, y: np.log(x**2 + 0.1 + 1e-7))))


@pytest.mark.parametrize(("answer", "said"), [
    (lambda x, y: np.log(x**2 + 0.1 + 1e-8), "a is wrong by"), (lambda x, y: np.log(x**2 + 0.1 + 3e-8), "a is wrong by"),
    (lambda x, y: np.log(x**2 + 0.1 + 1e-7), "this mistake: eps = 1e-7"),
    (lambda x, y: np.log((x**2 + 0.1).astype(np.float32)).astype(np.float64), "a is wrong by"),
    (lambda x, y: np.log(x**2 + 0.1).round(7), "a is wrong by")])
def test_a_small_error_has_a_sentence_of_its_own(answer, said):
    found = message(EPS, answer)
    assert said in found and "b was changed" not in found
    if "wrong by" in said:
        assert "of its size only: float32 inside, an eps in a log or a root, or a rounded constant?" in found


def test_the_digits_show_the_difference():
    said = message(asked(lambda x, y: {"a": np.log(2.0)}), lambda x, y: np.log(2.0 + 3e-8))
    yours, right = map(float, re.search(r"a is (0.\d+); it must be (0.\d+)", said).groups())
    assert yours != right and abs(yours - right - 1.5e-8) < 1e-9


def test_the_limit_that_is_printed_is_the_one_that_was_used():
    said = message(THREE, lambda x, y: (x + y + 1e-4, x * y, x - y))
    assert "(limit 1e-08)" in said
    sizes = np.array([1e3, 1e-3])
    said = message(asked(lambda x, y: {"a": sizes * x[0]}), lambda x, y: sizes * [1, 1 + 1e-5] * x[0])
    assert "the worst entry is off by 1.0e-05 of its size (limit 1e-06); case 0" in said


def test_the_relative_error_of_a_small_output_is_relative():
    assert "relative error 5.0e-01" in message(asked(lambda x, y: {"a": 1e-6 * x}), lambda x, y: 2e-6 * x)


# ---------------------------------------------------------------- hard-coded, or not


def constant(value):
    return lambda x, y: value


def test_the_numbers_of_an_example_are_named():
    example = THREE.solution(*THREE.case(np.random.default_rng(3)))
    assert message(THREE, constant(example)).startswith("f returns the same whatever it is given")


def test_a_story_says_more_of_a_constant_than_the_suspicion_of_an_example():
    said = message(ALL["04.4"], lambda p, q: 2 * np.log(2))
    assert "whatever it is given\n" in said and "of a D that always answers 1/2" in said and "example" not in said


COUNTED = asked(lambda x, y: {"n": float(np.sum(x > 0)) + 0.5})


@pytest.mark.parametrize(("exercise", "answer"), [
    (asked(lambda x, y: {"n": float(np.round(100 * x[0]))}), constant(28)),
    (asked(lambda x, y: {"n": float(np.round(100 * x[0]))}), constant(28.0)),
    (asked(lambda x, y: {"n": np.round(100 * x)}), constant(np.array([1, 2, 3, 4]))),
    (asked(lambda x, y: {"n": x > 0}), constant(np.array([True, False, True, True]))),
    (COUNTED, constant(2.5)),
    (asked(lambda x, y: {"n": x}), constant(np.zeros(4))), (asked(lambda x, y: {"n": x}), constant(np.full(4, np.nan))),
    (asked(lambda x, y: {"n": x}), constant(np.full(3, 0.3))),
    (asked(lambda x, y: {"n": 0.25, "m": x}), lambda x, y: (0.5, x)),
])
def test_what_may_agree_by_chance_is_not_called_hard_coded(exercise, answer):
    """Whole numbers, choices, outputs that agree in some cases, nothing, and what has another shape."""
    assert "whatever it is given" not in message(exercise, answer)


def test_names_are_not_called_hard_coded():
    said = message(ALL["07.6"], lambda *args: "healthy")
    assert "whatever it is given" not in said and "runs get a wrong name" in said


def test_counts_are_not_called_hard_coded_in_the_exercises():
    for number in ("10.1", "09.1", "10.2", "13.4"):
        exercise = ALL[number]
        result = exercise.solution(*exercise.case(np.random.default_rng(0)))
        whole = tuple(np.rint(part) for part in result) if isinstance(result, tuple) else np.rint(result)
        try:
            grade(exercise, lambda *args, whole=whole: whole)
        except Wrong as wrong:
            assert "whatever it is given" not in str(wrong), number


# ---------------------------------------------------------------- zero, rounded, clipped


def test_a_story_says_more_than_a_limit_at_which_a_result_ends():
    said = message(ALL["06.4"], lambda r, f: (ALL["06.4"].solution(r, f)[0], -np.ones_like(r) / len(r), np.ones_like(f) / len(f)))
    assert "here every point still pushes" in said and "clipped" not in said


POSITIVE = asked(lambda x, y: {"a": x**2 + 0.01}, lambda rng: (rng.uniform(0, 0.9, 6), rng.normal(size=6)))


@pytest.mark.parametrize(("truth", "answer", "said"), [
    (lambda x, y: x**2 / 20, lambda x, y: x**2 / 20 // 1, "a is zero everywhere: the truth goes from"),
    (lambda x, y: x**2 / 20, lambda x, y: x**2 / 20 // 1, "Is it rounded down, by // or int()?"),
    (lambda x, y: -(x**2), lambda x, y: np.maximum(-(x**2), 0), "Is it clipped at 0, by np.maximum or np.clip?"),
    (lambda x, y: 9 * x, lambda x, y: 9 * x // 1, "a is the truth rounded down to whole numbers"),
    (lambda x, y: 9 * x, lambda x, y: (9 * x).astype(int), "a is the truth rounded down to whole numbers"),
    (lambda x, y: x, lambda x, y: np.clip(x, -0.5, 0.5), "a is the truth clipped at"),
    (lambda x, y: np.ones(5), lambda x, y: np.zeros(5), "a is zero everywhere: the truth is 1"),
    (lambda x, y: 9 * x[0], lambda x, y: 9 * x[0] // 1, "a is the truth rounded down, in all 5 cases: is there a //"),
])
def test_what_is_seen_is_said(truth, answer, said):
    exercise = asked(lambda x, y: {"a": truth(x, y)}, lambda rng: (rng.normal(size=30), rng.normal(size=30)))
    assert said in message(exercise, answer)


@pytest.mark.parametrize("answer", [lambda x, y: x**2 // 1, lambda x, y: np.minimum(x, 0), lambda x, y: 0.0 * x,
                                    lambda x, y: np.argmin([x, y], axis=1).sum() * np.zeros_like(x)])
def test_nobody_is_said_to_have_lost_a_return(answer):
    said = message(POSITIVE, answer)
    assert "zero everywhere" in said and "lost" not in said and "return" not in said


def test_a_gradient_that_nothing_was_added_to():
    said = message(ALL["05.1"], lambda D, x_real, x_fake: D.zero_grad() or ALL["05.1"].solution(D.copy(), x_real, x_fake))
    assert "D.grad is zero everywhere: the truth goes from" in said
    assert "nothing was added to it, or it was cleared again" in said and "(value is right)" in said


@pytest.mark.parametrize(("got", "expected"), [
    ([1.0, 2.0, 3.0], [1.0001, 2.0001, 3.0001]), ([0.0, 0.0, 1.0], [0.5, 1.5, 0.7]), ([2.0, 2.0, 2.0], [2.4, 2.5, 2.6]),
    ([2.0, 3.0], [2.4, 3.5])])
def test_rounding_is_not_said_without_evidence(got, expected):
    assert "rounded" not in diagnosis.diagnose(np.array(got), np.array(expected), name="a")[0]


@pytest.mark.parametrize(("got", "expected"), [
    ([1.0, 1.0, 0.2], [1.5, 0.7, 0.2]), ([1.0, 0.5, 0.2], [1.5, 0.5, 0.2]), ([1.0, 1.0, 1.0], [1.5, 1.6, 1.7])])
def test_clipping_is_not_said_without_evidence(got, expected):
    """One entry, entries on both sides of the limit, and no entry that is right."""
    assert "clipped" not in diagnosis.diagnose(np.array(got), np.array(expected), name="a")[0]


# ---------------------------------------------------------------- one output alone, and what changes from call to call


def test_a_mistake_that_would_spoil_a_right_output_explains_one_output_alone():
    mistake = Mistake("all was doubled after the sum", lambda x, y: (2 * x + y, x * y + 1))
    exercise = asked(lambda x, y: {"a": x + y, "b": x * y}, mistakes=(mistake,))
    assert "a alone is what comes out by this mistake: all was doubled after the sum" in message(
        exercise, lambda x, y: (2 * x + y, x * y))
    assert "alone" not in message(exercise, mistake.answer)


class Counting:
    """An answer that is right in its first call, and then counts its calls."""

    def __init__(self):
        self.calls = -1

    def __call__(self, x, y):
        self.calls += 1
        return x + y + self.calls


@pytest.mark.parametrize("answer", [Counting(), lambda x, y: x + np.random.default_rng().normal(size=4)])
def test_an_answer_that_changes_from_call_to_call_is_told_so(answer):
    said = message(asked(lambda x, y: {"a": x + y}), answer)
    assert said.startswith("f gives something else when it is called again with the same arguments")
    assert len(said.splitlines()) == 2


def test_a_result_that_was_kept_is_no_example():
    kept = {}
    said = message(asked(lambda x, y: {"a": x + y}), lambda x, y: kept.setdefault("a", x + y))
    assert "the same whatever it is given: that which is right in case 0. Is it kept from an earlier call" in said


def test_whole_numbers_where_the_truth_is_small_are_told_so():
    exercise = asked(lambda x, y: {"a": x}, case=lambda rng: (rng.uniform(0, 1, 4), rng.normal(size=4)))
    assert "a holds whole numbers (int64), and the truth does not" in message(exercise, lambda x, y: x.astype(np.int64))


def by_differences(f, x, h=6e-6):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(x.size)])


def test_a_finite_difference_is_right_and_remarked():
    def f(x):
        return float((np.sin(x) * np.arange(1, 5)).sum())

    exercise = asked(lambda x, y: {"da": differences(f, x)})._replace(solution=lambda x, y: np.cos(x) * np.arange(1, 5))
    remark, = grade(exercise, lambda x, y: by_differences(f, x))
    assert remark.startswith("da is right, but for ") and "is it a finite difference?" in remark
    assert grade(exercise, exercise.solution) == ()


def test_what_an_answer_replaces_is_put_back_and_told():
    def replacing(x, y):
        np.tanh, diagnosis.misfit = np.sin, None
        return x + y

    before, exercise = (np.tanh, diagnosis.misfit), asked(lambda x, y: {"a": x + y})
    said = message(exercise, replacing)
    assert said.startswith("f replaces ") and ("numpy.tanh" in said or "misfit" in said) and "it was put back" in said
    assert (np.tanh, diagnosis.misfit) == before and grade(exercise, exercise.solution) == ()

    def leaving(x, y):
        np.tanh = np.sin
        raise SystemExit

    assert "ends the program" in message(exercise, leaving) and np.tanh is before[0]


def test_a_part_of_the_engine_that_an_answer_replaces_is_put_back():
    def replacing(x, y):
        engine.diagnosis = np
        return x + y

    exercise = asked(lambda x, y: {"a": x + y})
    assert message(exercise, replacing).startswith("f replaces tinygan.engine.diagnosis, which other answers")
    assert engine.diagnosis is diagnosis and grade(exercise, exercise.solution) == ()


def test_there_is_room_for_the_questions_of_all_exercises():
    assert sum(exercise.cases for exercise in ALL.values()) <= question.cache_info().maxsize


def test_the_truth_is_found_once_and_each_answer_has_its_own_arguments():
    """Many answers are graded with one question. Each gets arguments of its own, so none sees what another did to them."""
    found = []

    def truth(x, y):
        found.append((x, y))
        return {"a": x + y}

    def spoils(x, y):
        x[:], y[:] = 0, 1
        return x + 2 * y

    exercise = asked(truth, mistakes=(Mistake("y was subtracted", lambda x, y: x - y), Mistake("x was changed", spoils)))
    exercise = exercise._replace(solution=lambda x, y: x + y)
    first = [message(exercise, lambda x, y: x - y), message(exercise, spoils)]
    assert "this mistake: y was subtracted" in first[0] and "changes its argument x" in first[1]
    assert [message(exercise, lambda x, y: x - y), message(exercise, spoils)] == first
    assert grade(exercise, exercise.solution) == () and len(found) == exercise.cases + 1  # results() asks for one of its own


def test_parameters_with_a_default_may_stand_behind_a_star():
    exercise = asked(lambda x, y: {"a": x - y})
    assert grade(exercise, lambda *, x=None, y=None: x - y) == ()
    assert grade(exercise, lambda x, *, y=0.0: x - y) == ()
