"""The gradient check is itself checked: on gradients that are known, and on gradients that are known to be wrong."""

import math
import re

import numpy as np
import pytest

import tinygan
from tinygan.engine import diagnosis, gradcheck
from tinygan.engine.gradcheck import central, check, complex_step, directional

X = np.random.default_rng(0).normal(size=(3, 5))
A = np.random.default_rng(1).normal(size=(3, 5))
KNOWN = {  # name: f, its gradient
    "linear": (lambda x: (A * x).sum(), lambda x: A),
    "squares": (lambda x: (A * x * x).sum() / 2, lambda x: A * x),
    "sines": (lambda x: np.sin(A * x).sum(), lambda x: A * np.cos(A * x)),
    "mixed": (lambda x: np.exp(0.1 * (A * x).sum()), lambda x: 0.1 * A * np.exp(0.1 * (A * x).sum())),
}


@pytest.mark.parametrize("f, gradient", KNOWN.values(), ids=KNOWN)
def test_three_ways_to_a_known_gradient(f, gradient):
    for x in (X, 100 * X):
        size = max(1, abs(f(x)), np.abs(gradient(x)).max())
        np.testing.assert_allclose(central(f, x), gradient(x), atol=1e-8 * size)
        np.testing.assert_allclose(complex_step(f, x), gradient(x), atol=1e-14 * size)
        assert directional(f, x, A) == pytest.approx((gradient(x) * A).sum(), abs=1e-6 * size)
    assert check(f, gradient, X).ok and check(f, gradient(X), X).ok


def test_the_direction_may_have_any_length():
    f, gradient = KNOWN["sines"]
    for length in (1e-6, 1, 1e6):
        assert directional(f, X, length * A) == pytest.approx(length * (gradient(X) * A).sum(), rel=1e-8)


def test_x_is_left_alone():
    before = X.copy()
    check(KNOWN["sines"][0], KNOWN["sines"][1], X)
    complex_step(KNOWN["sines"][0], X)
    assert (before == X).all()


def one_entry_off(gradient):
    gradient = gradient.copy()
    gradient[np.unravel_index(np.abs(gradient).argmax(), gradient.shape)] *= 1 + 1e-5
    return gradient


WRONG = {
    "sign": lambda g: -g,
    "twice": lambda g: 2 * g,
    "half": lambda g: g / 2,
    "too large": lambda g: g + 1e-4,
    "too small": lambda g: g - 1e-4,
    "zero": np.zeros_like,
    "one entry off by 1e-5": one_entry_off,
    "rows swapped": lambda g: g[[1, 0, 2]],
    "NaN": lambda g: np.full_like(g, np.nan),
    "one NaN": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 7, np.nan, g),
    "infinite": lambda g: np.full_like(g, np.inf),
    "one infinite": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 7, -np.inf, g),
}


def check_wrong_gradient_is_caught(name):
    for f, gradient in KNOWN.values():
        result = gradcheck.check(f, WRONG[name](gradient(X)), X)
        assert not result.ok and result.wrong.any(), f"{name}: {result}"
        assert result.why and "DISAGREES" in str(result)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_gradient_is_caught(name):
    check_wrong_gradient_is_caught(name)


def test_an_entry_too_small_for_the_norm_is_caught_by_itself():
    """The true entry is 0; 5e-9 there vanishes in the norm error, but it is still wrong."""
    f, gradient = KNOWN["squares"]
    x = X.copy()
    x[0, 0] = 0
    wrong = gradient(x)
    wrong[0, 0] = 5e-9
    result = check(f, wrong, x)
    assert result.norm_error < gradcheck.NORM_LIMIT and not result.ok and result.wrong.sum() == 1
    assert check(f, gradient(x), x).ok


def test_a_transposed_gradient_of_a_square_matrix_is_caught():
    a, x = A[:, :3], X[:, :3]
    assert check(lambda x: (a * x * x).sum(), 2 * a * x, x).ok
    assert not check(lambda x: (a * x * x).sum(), (2 * a * x).swapaxes(0, 1), x).ok


def test_the_report_counts_the_entries_that_are_wrong():
    f, gradient = KNOWN["squares"]
    wrong = gradient(X)
    wrong[1, :] += 0.1
    result = check(f, wrong, X)
    assert result.wrong.sum() == 5 and result.wrong[1].all() and not result.kinks.any()
    assert "5 of 15 entries wrong" in str(result)
    assert result.norm_error == pytest.approx(np.linalg.norm([0.1] * 5) / max(np.linalg.norm(wrong), np.linalg.norm(gradient(X))),
                                              rel=1e-6)


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


@pytest.mark.parametrize("offset", [0.0, 1e-6, -1e-6, 3e-6, -5e-6, 5.9e-6], ids=lambda d: f"kink {d:+.0e} away")
def test_a_kink_within_h_is_skipped_and_counted(offset):
    """At and next to a corner the difference is a mixture of two slopes, whatever the gradient: no verdict there."""
    x = np.array([0.5, offset, -0.5])
    result = check(lambda x: leaky(x).sum(), np.where(x > 0, 1, 0.2), x)
    assert result.ok and result.kinks.tolist() == [False, True, False]
    assert "1 on a kink skipped" in str(result)


def test_a_kink_further_away_than_h_is_none():
    x = np.array([0.5, 2 * gradcheck.STEP, -2 * gradcheck.STEP])
    result = check(lambda x: leaky(x).sum(), np.where(x > 0, 1, 0.2), x)
    assert result.ok and not result.kinks.any()


def test_a_kink_elsewhere_excuses_nothing():
    x = np.array([0.5, 0.0, -0.5])
    assert not check(lambda x: leaky(x).sum(), np.array([1, 1, 0.2001]), x).ok


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_no_number_is_not_excused_by_a_kink(bad):
    """The gradient of a norm at 0 is the classic: sqrt(0) gives NaN exactly where the function has its corner."""
    x = np.array([0.5, 0.0, -0.5])
    result = gradcheck.check(lambda x: leaky(x).sum(), np.array([1, bad, 0.2]), x)
    assert not result.ok and result.wrong.tolist() == [False, True, False]


def test_nothing_but_kinks_is_not_a_pass():
    result = check(lambda x: np.abs(x).sum(), np.ones(3), np.zeros(3))
    assert result.kinks.all() and not result.ok


def test_a_smooth_but_curved_function_has_no_kinks():
    """Where the gradient is wrong on a strongly curved function, it must not be excused as a kink."""
    x = np.array([0.3, 1.1])
    result = check(lambda x: np.sin(10 * x).sum(), 10 * np.cos(10 * x) * 1.01, x)
    assert result.wrong.all() and not result.kinks.any()


def test_a_function_that_is_not_a_number_does_not_pass():
    assert not check(lambda x: math.nan, np.zeros(3), np.ones(3)).ok


def test_what_cannot_be_checked_raises():
    f, gradient = KNOWN["squares"]
    for call in (central, complex_step, lambda f, x: check(f, gradient, x), lambda f, x: directional(f, x, A)):
        with pytest.raises(TypeError, match="gradient checks need float64; got float32"):
            call(f, X.astype(np.float32))
    with pytest.raises(TypeError, match="float64"):
        directional(f, X, A.astype(np.float32))


def test_the_step_is_near_the_bottom_of_the_error_curve(monkeypatch):
    """Steps 30 times larger or smaller are each worse, and none of a wide range is 5 times better, on three functions."""
    def error(step):
        monkeypatch.setattr(gradcheck, "STEP", step)
        total = 0.0
        for f, gradient in (KNOWN["sines"], KNOWN["mixed"], (lambda x: np.tanh(x).sum(), lambda x: 1 - np.tanh(x) ** 2)):
            total += np.linalg.norm(central(f, X) - gradient(X))
        return total

    chosen = gradcheck.STEP
    here = error(chosen)
    assert error(30 * chosen) > 5 * here and error(chosen / 30) > 5 * here
    assert min(error(chosen * 10.0**power) for power in np.arange(-3, 3.1, 0.5)) > here / 5


def test_a_unit_lets_the_smallest_entry_count():
    """sigmoid(s) - 1 at s = 40 is 0 in float64, and the truth -4e-18: the same to nine decimals, not in its digits."""
    truth, lost = np.array([0.3, -4e-18]), np.array([0.3, 0.0])
    assert gradcheck.compare(lost, truth).ok
    assert not gradcheck.compare(lost, truth, unit=np.abs(truth)).ok
    assert gradcheck.compare(truth * (1 + 1e-12), truth, unit=np.abs(truth)).ok


@pytest.mark.parametrize(("got", "says"), [(np.nan, "not finite: nan"), (2.5, "is 2.5; it must be 1"), (0.0, "is zero:")])
def test_one_number_gets_a_diagnosis_too(got, says):
    assert says in str(gradcheck.compare(np.float64(got), np.array(1.0)))


# ---- where the words come from: engine/diagnosis


def test_the_diagnosis_is_a_module_of_its_own_and_gradcheck_passes_it_on():
    assert gradcheck.diagnose is diagnosis.diagnose and gradcheck.RELATIVE_LIMIT is diagnosis.RELATIVE_LIMIT == 1e-6
    assert tinygan.gradcheck is gradcheck


@pytest.mark.parametrize("call", [lambda got, wanted: diagnosis.diagnose(got, wanted, name="dx"),
                                  lambda got, wanted: gradcheck.compare(got, wanted, name="dx").why,
                                  lambda got, wanted: check(lambda x: (wanted * x).sum(), got, X, name="dx").why],
                         ids=["diagnose", "compare", "check"])
@pytest.mark.parametrize("wrong, says", [
    (lambda g: g.swapaxes(0, 1), r"dx .*\(5, 3\).*it must have \(3, 5\): transposed"),
    (lambda g: g[:2], r"dx .*\(2, 5\).*it must have \(3, 5\)"),
    (lambda g: None, "dx is None: does the function end in `return`"),
    (lambda g: g.tolist(), r"dx is a list; it must be a NumPy array of shape \(3, 5\)"),
    (lambda g: -g, "dx is -1 times the truth in every entry: a sign is the wrong way round"),
    (lambda g: 0 * g, "dx is zero"),
    (lambda g: g + 0.1 * (np.arange(5) == 2), "dx: 3 of 15 entries wrong, all in column 2; the worst:"),
])
def test_every_way_in_gives_the_same_diagnosis(call, wrong, says):
    """By its kind, by a factor, by its place."""
    why = call(wrong(A), A)
    assert re.search(says, why[0]), why
    if "the worst" in says:
        assert len(why) == 4


def test_suspects_and_constants_reach_the_diagnosis():
    truth, mistake = 2 * A * X, 2 * A + X
    for why in (diagnosis.diagnose(mistake, truth, suspects={"a sum for a product": lambda: 2 * A + X}),
                check(lambda x: (A * x * x).sum(), mistake, X, suspects={"a sum for a product": lambda: 2 * A + X}).why):
        assert why == [why[0]] and why[0].endswith("is what comes out by this mistake: a sum for a product")
    assert "that is gamma: it was applied once too often" in check(
        lambda x: (A * x * x).sum(), 2.5 * truth, X, constants={"gamma": 2.5}).why[0]
