"""How a wrong result is related to the truth: each sentence where it is true, and none where it is not."""

import numpy as np
import pytest

from tinygan.exercises import LESSONS, exercises_of
from tinygan.exercises.grading import Exercise, Wrong, grade

TABLE, ROW = np.arange(12.0).reshape(4, 3) ** 1.5 - 9, np.array([2.0, -3, 5])


def said(got, truth, case=lambda rng: (rng.normal(size=(int(rng.integers(3, 9)), 4)),)):
    """The message about an answer got(x), where truth(x) is right."""
    exercise = Exercise("00.0", "f", "an exercise", case, lambda x: {"y": np.asarray(truth(x))}, lambda x: truth(x), (), ())
    with pytest.raises(Wrong) as error:
        grade(exercise, got)
    return str(error.value)


def right(x):
    return x * np.arange(1.0, 5)


@pytest.mark.parametrize(("change", "words"), [
    (lambda y: y + 0.5, "y is the truth plus 0.5, in every entry"),
    (np.abs, "y has lost its minus signs: is there an abs?"),
    (lambda y: y * np.where(np.arange(4) == 2, -1, 1), "y has the right sizes, and the wrong sign in "),
    (np.square, "y is the square of the truth: is a root missing?"),
    (np.exp, "y is the exponential of the truth"),
    (lambda y: 1 / y, "y is 1 divided by the truth: is the fraction upside down?"),
    (lambda y: y[::-1], "y is the truth in reverse order along axis 0"),
    (lambda y: np.roll(y, 1, axis=1), "y is the truth moved by one place along axis 1"),
    (lambda y: np.sort(y, axis=None).reshape(y.shape), "y has the right numbers in another order"),
    (lambda y: y.mean(axis=0) + 0 * y, "y has in every place the mean of the truth over axis 0"),
    (lambda y: y + ROW[[0, 1, 2, 0]], "y is wrong by the same amounts in every row"),
    (lambda y: y + np.arange(1.0, len(y) + 1)[:, None], "y is wrong by one amount in each row"),
    (lambda y: y * (np.arange(4) > 0), "entries where the truth is not, and right in all others"),
    (lambda y: y / len(y), "y is the truth divided by x.shape[0], in all 5 cases"),
    (lambda y: y * np.sqrt(len(y) / (len(y) - 1)), "y is the truth times the root of x.shape[0] / (x.shape[0] - 1), in all 5 "),
    (lambda y: -y / len(y), "y is minus the truth divided by x.shape[0], in all 5 cases"),
    (lambda y: y * len(y) / 4, "y is the truth times x.shape[0] / x.shape[1], in all 5 cases"),
    (lambda y: y * len(y) / 7, "y is the truth times x.shape[0] / 7, in all 5 cases (1.14286 here): does 7 stand where"),
    (lambda y: y * 7 / len(y), "y is the truth times 7 / x.shape[0], in all 5 cases (0.875 here): does 7 stand where"),
    (lambda y: y / np.log(10), "times the truth, in all 5 cases: 1 / ln 10: is a logarithm to base 10?"),
    (lambda y: y + 2 * np.log(2), "y is the truth plus 1.38629 (2 ln 2), in every entry"),
    (lambda y: np.round(y, 3), "y is the truth rounded to 3 decimals: is there a round(), or a format such as .3f?"),
    (lambda y: np.nan_to_num(np.where(y < 0, -np.inf, y)), "np.nan_to_num or a clip has hidden an infinity"),
    (lambda y: y * (1 + 1e-7), "a finite difference, or a search that ends too early, comes as near as that"),
    (lambda y: y.sum(axis=0), "y is the sum of the truth over axis 0, which must stay"),
    (lambda y: y[:-1], "along axis 0: the others are missing"),
    (lambda y: np.vstack([y, y[:1]]), "along axis 0 are the truth"),
    (np.ravel, "the numbers of y and their order are right: only the shape is not"),
])
def test_an_array(change, words):
    assert words in said(lambda x: change(right(x)), right)


def test_a_case_that_is_right_but_for_rounding_does_not_count():
    """Where all numbers are positive, an abs changes none of them, whatever their last digits are."""
    def case(rng):
        x = rng.normal(size=(5, 4))
        return (x if rng.random() < 0.5 else np.abs(x),)

    positive = [(case(np.random.default_rng(seed))[0] > 0).all() for seed in range(5)]
    assert not positive[0] and True in positive
    assert "y has lost its minus signs" in said(lambda x: np.nextafter(np.abs(right(x)), 1e9), right, case)


def test_a_whole_number_among_the_arguments_explains_a_factor():
    exercise = Exercise("00.0", "f", "an exercise", lambda rng: (rng.normal(size=(4, 2)), int(rng.integers(2, 9))),
                        lambda x, m: {"y": m * x}, lambda x, m: m * x, (), ())
    with pytest.raises(Wrong, match="y is the truth divided by m, in all 5 cases"):
        grade(exercise, lambda x, m: x)


@pytest.mark.parametrize(("got", "truth", "words"), [
    (lambda x: x**2, lambda x: (x**2).sum(axis=0), "y is right after a sum over axis 0"),
    (lambda x: x**2, lambda x: (x**2).mean(axis=1, keepdims=True), "y is right after a mean over axis 1, with keepdims=True"),
    (lambda x: x[:, :, None] * x[:, None], lambda x: (x[:, :, None] * x[:, None]).sum(axis=(0, 1)), "sum over the axes 0 and 1"),
    (lambda x: np.exp(x).T[None], lambda x: np.exp(x)[:, None], "right with its axes in another order: y.transpose(2, 0, 1)"),
    (lambda x: x**2, lambda x: (x**2).mean(), "y is right after a mean over the axes 0 and 1"),
])
def test_another_shape(got, truth, words):
    assert words in said(got, truth)


@pytest.mark.parametrize(("change", "words"), [
    (lambda y, x: y + 1, "y is the truth plus 1, in all 5 cases"),
    (lambda y, x: y - 2.5, "y is the truth minus 2.5, in all 5 cases"),
    (lambda y, x: y * x.size, "y is the truth times x.size, in all 5 cases: is there a sum for a mean"),
    (lambda y, x: y * len(x), "y is the truth times x.shape[0], in all 5 cases"),
    (lambda y, x: 100 * y, "y is 100 times the truth, in all 5 cases: is it a percentage?"),
    (lambda y, x: y / np.log(2), "in all 5 cases: 1 / ln 2: is a logarithm to base 2?"),
    (lambda y, x: y / np.log(10), "in all 5 cases: 1 / ln 10: is a logarithm to base 10?"),
    (lambda y, x: y * len(x) / 4, "truth times x.shape[0] / x.shape[1], in all 5 cases: was it divided by x.shape[1], and"),
    (lambda y, x: round(y, 2), "y is the truth rounded to 2 decimals, in all 5 cases: is there a round()"),
    (lambda y, x: y - np.log(2), "y is the truth minus 0.693147 (ln 2), in all 5 cases"),
    (lambda y, x: 0.7 * y, "y is 0.7 times the truth, in all 5 cases: a constant factor is wrong"),
    (lambda y, x: np.sqrt(y), "y is the root of the truth"),
    (lambda y, x: 1 - y, "y is 1 minus the truth"),
    (lambda y, x: -y if x[0, 0] < 0 else y, "y has the right size in all cases, and the wrong sign in some"),
    (lambda y, x: -np.nextafter(y, 9) if x[0, 0] < 0 else np.nextafter(y, 9), "has the right size in all cases, and"),
])
def test_a_number(change, words):
    def truth(x):
        return (x**2).mean()

    assert words in said(lambda x: change(truth(x), x), truth)


def test_a_fraction_for_a_whole_number():
    assert "y is a fraction, and the truth is its whole part: // rounds down, / does not" in said(
        lambda x: x.size / 3, lambda x: float(x.size // 3))


@pytest.mark.parametrize("got", [
    lambda x: right(x) + np.random.default_rng(0).normal(size=x.shape),
    lambda x: right(np.tanh(x)),
    lambda x: right(x) + (right(x) > 1),
    lambda x: np.zeros((7, 9)) + 1 / 3,
    lambda x: x[:0],
])
def test_nothing_is_said_where_nothing_simple_is_true(got):
    lines = said(got, right).splitlines()
    assert lines[0].startswith(("y: ", "y has shape")) and not any(line.startswith(("y is", "the numbers")) for line in lines)


def test_a_number_that_is_right_by_chance_in_one_case_is_related_to_nothing():
    assert "all 5 cases" not in said(lambda x: (x**2).mean() + x[0, 0], lambda x: (x**2).mean())


def test_one_case_says_nothing_of_a_number():
    exercise = Exercise("00.0", "f", "one case", lambda rng: (np.arange(4.0),), lambda x: {"y": x.sum()}, np.sum, (), (), cases=1)
    with pytest.raises(Wrong, match="y is 7; it must be 6"):
        grade(exercise, lambda x: x.sum() + 1)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("exercise", [exercise for lesson in LESSONS for exercise in exercises_of(lesson)
                                      if exercise.cases > 1 and exercise.observe is None], ids=lambda exercise: exercise.number)
def test_the_truth_plus_one_is_told_in_every_exercise(exercise):
    """Also where the arguments are of another kind. A known mistake, or a kind of thing, may come first."""
    def more(*args):
        found = exercise.solution(*args)
        return tuple(part + 1 for part in found) if isinstance(found, tuple) else found + 1

    with pytest.raises(Wrong) as error:
        grade(exercise, more)
    told = "the truth plus 1", "by this mistake", "times the truth", "entries wrong"
    assert any(words in error.value.lines[0] for words in told)
