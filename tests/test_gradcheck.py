"""The gradient check is itself checked: on gradients that are known, and on gradients that are known to be wrong."""

import math
import re

import numpy as np
import pytest

import tinygan
from tinygan import Tanh, d_gradients, losses, mlp
from tinygan.engine import diagnosis, gradcheck, ladders
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


@pytest.mark.parametrize("offset", [1e-6, -1e-6, 3e-6, -5e-6, 5.9e-6], ids=lambda d: f"kink {d:+.0e} away")
def test_a_kink_within_h_is_none_for_smaller_steps(offset):
    """Next to a corner the first difference is a mixture of two slopes. A smaller step sees one: nothing is excused."""
    x = np.array([0.5, offset, -0.5])
    right = np.where(x > 0, 1, 0.2)
    result = check(lambda x: leaky(x).sum(), right, x)
    assert result.ok and not result.kinks.any()
    for other in (1.2 - right[1], 0.6, right[1] + 1e-5):  # the slope on the far side, the mixture, a small error
        result = check(lambda x: leaky(x).sum(), np.where(x == offset, other, right), x)
        assert not result.ok and result.wrong.tolist() == [False, True, False] and not result.kinks.any()


@pytest.mark.parametrize(("answer", "ok"), [(0.2, True), (1.0, True), (0.7, True), (0.19, False), (1.01, False), (77.0, False),
                                            (-1.0, False), (0.0, False)])
def test_on_a_kink_the_answer_lies_between_the_slopes(answer, ok):
    result = check(lambda x: leaky(x).sum(), np.array([1, answer, 0.2]), np.array([0.5, 0.0, -0.5]))
    assert result.ok is ok and result.kinks.tolist() == [False, ok, False] and result.wrong.tolist() == [False, not ok, False]
    assert ("1 on a kink, between its slopes" if ok else "with the slopes 0.2 and 1 to its left and right") in str(result)


@pytest.mark.parametrize("offset", [0.0, 1e-6, -1e-6, 5.9e-6])
def test_where_central_cannot_be_trusted_on_kink_gives_the_interval(offset):
    """At the corner both slopes; next to it the one that smaller steps find; far from it nothing."""
    f, x = lambda x: leaky(x).sum(), np.array([0.5, offset, -0.5])
    low, high = gradcheck.on_kink(f, x, (1,))
    assert low == pytest.approx(0.2 if offset <= 0 else 1, abs=1e-5)
    assert high == pytest.approx(1 if offset >= 0 else 0.2, abs=1e-5)
    assert gradcheck.on_kink(f, x, (0,)) is None and gradcheck.on_kink(f, x, (2,)) is None
    assert gradcheck.on_kink(lambda x: np.sign(x).sum(), np.zeros(1), (0,)) == (-math.inf, math.inf)


def test_compare_asks_where_its_numbers_cannot_be_trusted():
    """True excuses anything, as before; an interval excuses what lies in it."""
    truth = np.array([1.0, 0.6, 0.2])
    for answer, interval, ok in ((0.9, True, True), (0.9, (0.2, 1.0), True), (77, (0.2, 1.0), False), (77, None, False)):
        result = gradcheck.compare(np.array([1, answer, 0.2]), truth, unsure=lambda index, interval=interval: interval)
        assert result.ok is ok and result.kinks.tolist() == [False, ok, False]


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
    assert "gamma was applied once too often" in check(
        lambda x: (A * x * x).sum(), 2.5 * truth, X, constants={"gamma": 2.5}).why[0]


@pytest.mark.parametrize("factor, says", [
    (2, "a factor 2 too many"), (0.5, "a factor 2 is missing"), (7, "it was not divided by the batch size 7"),
    (1 / 7, "it was divided once too often by the batch size 7"), (0.3, "gamma was applied once too often"),
    (1 / 0.3, "gamma was left out"), (-2, "a sign is the wrong way round, and a factor 2 too many"),
    (-1 / 7, "a sign is the wrong way round, and it was divided once too often by the batch size 7"),
    (-1 / 0.3, "a sign is the wrong way round, and gamma was left out"), (1.7, "a constant factor is wrong")])
def test_every_known_factor_has_its_words(factor, says):
    why, = diagnosis.diagnose(factor * A, A, name="dx", batch=7, constants={"gamma": 0.3})
    assert why.startswith(f"dx is {factor:.6g} times the truth in every entry: {says}")


@pytest.mark.parametrize("size", [1e-290, 1e-170, 1e170, 1e290])
def test_numbers_whose_squares_vanish_or_overflow_get_the_same_words(size):
    for answer, says in ((-A, "-1 times the truth in every entry: a sign"), (2 * A, "2 times the truth in every entry"),
                         (A * (1 + 3e-8 * X), r"wrong by \de-08 of its size only")):
        assert re.search(says, diagnosis.diagnose(size * answer, size * A, name="dx")[0]), (size, says)
    assert "mistake: twice" in str(diagnosis.diagnose(size * X, size * A, suspects={"none": size * A, "twice": size * X}))


@pytest.mark.parametrize("shape, wrong, says", [
    ((4, 5), [(0, 2), (3, 2)], ", all in column 2;"), ((4, 5), [(1, 0), (1, 4)], ", all in row 1;"),
    ((4, 5), [(1, 0), (2, 4)], ""), ((4, 5), [(1, 3)], ", all in column 3;"), ((4, 1), [(0, 0), (3, 0)], ""),
    ((1, 4), [(0, 0), (0, 3)], ""), ((4, 1), [(2, 0)], ", all in row 2;"), ((1, 4), [(0, 2)], ", all in column 2;")])
def test_what_wrong_entries_have_in_common(shape, wrong, says):
    truth = np.random.default_rng(2).normal(size=shape)
    got = truth.copy()
    for place in wrong:
        got[place] += 0.1 * (1 + place[0] + place[1])
    assert diagnosis.diagnose(got, truth, name="dx")[0] == (
        f"dx: {len(wrong)} of {truth.size} entries wrong{says or ';'} the worst:")


def test_as_many_entries_as_can_be_are_checked_one_by_one(monkeypatch):
    monkeypatch.setattr(gradcheck, "ENTRIES", X.size)
    f, gradient = KNOWN["squares"]
    assert check(f, gradient, X).wrong.shape == X.shape
    monkeypatch.setattr(gradcheck, "ENTRIES", X.size - 1)
    assert check(f, gradient, X).wrong.shape == (gradcheck.DIRECTIONS,)


# ---- what f may be, and what is kept of it


def net_and_loss():
    rng = np.random.default_rng(0)
    D = mlp(2, 5, 1, activation=Tanh, dtype=np.float64)
    real, fake = rng.standard_normal((7, 2)), rng.standard_normal((7, 2))

    def f(theta):
        D.theta[...] = theta
        return d_gradients(D, real, fake, losses.NonSaturating())

    f(D.theta.copy())
    return D, f


def test_live_arrays_are_copied_before_f_is_called():
    """theta and grad of the network itself, the obvious call: the network is left with the parameters that it had."""
    D, f = net_and_loss()
    start, right = D.theta.copy(), D.grad.copy()
    zeros = np.where(np.arange(right.size) == 0, right, 0)
    assert check(f, D.grad, D.theta).ok and (D.theta == start).all()
    assert check(f, lambda theta: f(theta) and D.grad, D.theta).ok and (D.theta == start).all()
    result = check(f, zeros, D.theta)
    assert not result.ok and result.wrong.sum() == 20 and (D.theta == start).all()
    x = X.copy()
    assert check(lambda x: float(np.square(x, out=x).sum()), 2 * X, x).ok and (x == X).all()  # f writes into what it is given


def test_what_the_function_returns_is_read_at_once():
    """f that returns the same array each time, overwritten by the next call."""
    box = np.zeros((1, 1))

    def f(x):
        box[...] = (x**2).sum()
        return box

    assert check(f, 2 * X, X).ok and central(f, X) == pytest.approx(2 * X, abs=1e-8)


def test_a_function_that_remembers_its_calls_is_told_so():
    state = np.zeros(1)

    def f(x):
        state[0] += 1e-3 if state.size and x[0, 0] != X[0, 0] else 0
        return (x**2).sum() + state[0]

    result = check(f, 2 * X, X)
    assert not result.ok and "at the same x, f gives" in str(result) and "let f keep nothing from call to call" in str(result)


def test_a_function_that_stops_outside_its_domain_is_read_as_nan_there():
    for f in (lambda x: math.log(x[0]), lambda x: 1 + 0 * np.linalg.cholesky(x.reshape(1, 1))[0, 0] + math.log(x[0])):
        assert check(f, lambda x: 1 / x, np.array([1e-7])).ok
    with pytest.raises(ValueError, match="my own"):
        check(lambda x: (_ for _ in ()).throw(ValueError("my own")), X, X)


def test_float32_functions_have_limits_of_their_own():
    D = mlp(3, 8, 1, activation=Tanh)
    x = np.random.default_rng(0).standard_normal((7, 3))
    s, tape = D.forward(x)
    dx = D.backward(np.ones_like(s), tape).astype(float)
    result = check(lambda x: D(x).sum(), dx, x)
    assert result.ok and 1e-8 < result.limit < 1e-3 and "float32 inside? Build it with dtype=np.float64" in str(result)
    for wrong in (-dx, 2 * dx, dx + 1e-2):
        assert "DISAGREES" in str(check(lambda x: D(x).sum(), wrong, x))


def test_a_large_gradient_is_checked_along_random_directions():
    x = np.random.default_rng(0).normal(size=(60, 100))
    f, calls = lambda x: (x**3).sum() / 7, []
    right = 3 * x**2 / 7
    result = check(lambda x: calls.append(1) or f(x), right, x)
    assert result.ok and result.wrong.shape == (gradcheck.DIRECTIONS,) and "20 random directions" in str(result)
    assert len(calls) < 2000
    one = right.copy()
    one[17, 3] *= 1.001
    assert not check(f, one, x).ok
    assert "not divided by the batch size 7" in check(f, 7 * right, x, batch=7).why[0]
    assert "this mistake: squares" in str(check(f, x**2, x, suspects={"squares": lambda: x**2, "lost": None}))


# ---- small errors


def test_a_small_error_is_not_blamed_on_a_mistake_that_changes_nothing():
    """A suspect that leaves this output as it is equals every answer that is nearly right. It explains nothing."""
    truth = A + 3
    small = truth * (1 + 3e-8 * X)
    for suspects in ({"it changes nothing here": truth}, {"nearly nothing": truth * (1 + 1e-9)}):
        for why in (diagnosis.diagnose(small, truth, suspects=suspects), gradcheck.compare(small, truth, suspects=suspects).why):
            assert "mistake" not in str(why)
            assert re.search(r"wrong by \de-08 of its size only: float32 inside, an eps in a log or a root, or a rounded", why[0])
            yours, expected = re.search(r"yours (\S+), expected (\S+), ratio", why[2]).groups()
            assert yours != expected and float(yours) != float(expected)
    assert "this mistake: an eps" in str(diagnosis.diagnose(small, truth, suspects={"an eps": small, "nothing": truth}))


@pytest.mark.parametrize("off", [3e-8, 1e-7, 9e-7])
def test_the_digits_show_a_small_difference(off):
    for got, truth in ((np.float64(0.31326169 * (1 + off)), np.array(0.31326169)), (A * (1 + off), A)):
        lines = str(gradcheck.compare(got, truth))
        assert "of its size only" in lines
        yours, expected = re.search(r"(?:yours|is) ([-+.\de]+)[;,] (?:it must be|expected) ([-+.\de]+)", lines).groups()
        assert float(yours) != float(expected)


def test_one_wrong_entry_is_no_small_error_everywhere():
    g = A.copy()
    g[0, 0], truth = 0, A.copy()
    truth[0, 0] = 1e-7
    assert "of its size only" not in str(diagnosis.diagnose(g, truth))
    assert "ratio 0" in str(diagnosis.diagnose(g, truth))


def test_a_factor_near_1_is_named_when_it_explains_the_answer():
    assert "1.0001 times the truth" in diagnosis.diagnose(1.0001 * A, A)[0]
    assert "times the truth" not in str(diagnosis.diagnose(A * (1 + 1e-7 * X), A))


def test_the_relative_error_of_a_small_output_is_relative():
    assert gradcheck.compare(np.float64(2e-6), np.array(1e-6)).norm_error == pytest.approx(0.5)
    assert gradcheck.compare(1e-5 * A, 1.1e-5 * A).norm_error == pytest.approx(1 - 1 / 1.1)


def test_zeros_that_a_suspect_explains_are_named():
    why = diagnosis.diagnose(0 * A, A, suspects={"a step function": lambda: 0 * A, "another": A + 1})
    assert "is zero everywhere" in why[0] and why[1].endswith("this mistake: a step function")


@pytest.mark.parametrize("result", [
    check(lambda x: (x**2).sum(), 2 * X, X), check(lambda x: (x**2).sum(), -2 * X, X), check(lambda x: x, X, X),
    check(lambda x: 1e8 + 1e-6 * (x**2).sum(), 2e-6 * X, X)], ids=["agrees", "DISAGREES", "CANNOT BE JUDGED", "too small"])
def test_a_result_is_short(result):
    lines = str(result).splitlines()
    assert len(lines) <= 2 and max(map(len, lines)) < 260


@pytest.mark.parametrize("bend", [1e4, 1e5, 1e6, 1e7])
def test_where_f_bends_too_much_for_the_step_the_derivative_lies_in_the_interval(bend):
    low, high = gradcheck.on_kink(lambda x: float(np.sin(bend * x[0]) / bend), np.array([0.3]), (0,))
    assert low < np.cos(0.3 * bend) < high and high - low < 1e-6


@pytest.mark.parametrize("high, hint", [(0.9, True), (1.0, False), (1.1, False)])
def test_only_what_rounds_down_to_0_everywhere_is_asked_whether_it_was(high, hint):
    why = gradcheck.compare(np.zeros(5), np.linspace(0, high, 5)).why[0]
    assert why.startswith("the result is zero everywhere") and ("rounded down" in why) is hint


def test_errors_that_cancel_are_seen_in_a_large_gradient_too(monkeypatch):
    """It is looked at along random signs. Along (1, 1, ...) an error (e, -e, e, -e, ...) would be 0."""
    monkeypatch.setattr(gradcheck, "ENTRIES", 50)
    x = np.random.default_rng(0).standard_normal(60)
    assert check(lambda x: (x * x).sum() / 2, lambda x: x, x).ok
    assert not check(lambda x: (x * x).sum() / 2, lambda x: x + 0.1 * (-1.0) ** np.arange(x.size), x).ok


@pytest.mark.slow
def test_a_corner_along_a_direction_excuses_only_what_lies_between_its_slopes(monkeypatch):
    monkeypatch.setattr(gradcheck, "ENTRIES", 50)
    x = np.zeros(60)
    between, outside = (check(lambda x: np.abs(x).sum(), np.full(x.size, slope), x) for slope in (0.5, 1e4))
    assert between.kinks.all() and not between.wrong.any() and outside.wrong.any() and not outside.ok


@pytest.mark.parametrize("got, expected, hint", [
    ((2, 3), (3, 2), "it must have (3, 2): transposed"), ((7, 3), (1, 3), "it must have (1, 3): sum over the batch"),
    ((3,), (1, 3), "it must have (1, 3): keep the summed axis, with keepdims=True"),
    ((), (4,), "it must have (4,): one number cannot hold them all; something was summed or averaged away"),
    ((1,), (), "it must be one number: take the number out of the array, with .item()"), ((2,), (), "it must be one number"),
    ((7, 7), (7, 1), "it must have (7, 1): a (N, 1) array met a (N,) array and broadcast"),
    ((7, 6), (7, 1), "it must have (7, 1)"),
], ids=str)
def test_what_is_said_of_a_shape(got, expected, hint):
    why, = gradcheck.compare(np.ones(got), np.ones(expected), batch=7).why
    assert why == f"the result has shape {got}; {hint}"


def test_a_ladder_ends_at_the_shortest_step_and_counts_only_steps_near_a_slope():
    line = ladders.Entry(lambda x: 0.0, np.ones(1), 0.0, (0,))
    ladder = ladders.Ladder(line, 0.0, (0.01, 0.0, 0.0))
    while ladder.shrink():
        pass
    assert line.shortest <= ladder.smallest < ladders.RATIO * line.shortest
    assert not ladder.irregular().any()  # f = 0 has no gap anywhere, and none is not more than it was
    ladder.steps, ladder.below = [4.0, 3.0, 2.0, 1.0], [0.0] * 4
    for slopes, skipped in (([9, 5, 1, 1.02], 2), ([1, 9, 1, 1], 2), ([1, 1, 1, 1], 0), ([1, 1, 1, 9], 4)):
        ladder.above = [2 * step * slope for step, slope in zip(ladder.steps, slopes, strict=True)]
        ladder.only_near(1.0, 0.1)
        assert ladder.skipped == skipped


@pytest.mark.parametrize("scale", [1e-6, 1e-9])
def test_f_is_to_be_scaled_by_a_power_of_ten(scale):
    x = np.array([0.3, 0.7])
    why = " ".join(check(lambda x: 1e6 + scale * (x * x).sum(), lambda x: 2 * scale * x, x).why)
    assert re.search(r"scale f by 1e\+\d\d", why), why


@pytest.mark.parametrize("n, where", [(1, ""), (2, " in every entry"), (3, " in every entry")])
def test_a_factor_is_that_of_every_entry_where_there_are_more_than_one(n, where):
    truth = np.arange(1.0, n + 1)
    assert gradcheck.compare(-truth, truth).why[0] == f"the result is -1 times the truth{where}: a sign is the wrong way round"


@pytest.mark.parametrize("value, wrong", [(1.0, True), (-1e4, True), (1e6, False), (-1e6, False)])
def test_an_entry_may_be_off_by_the_rounding_of_a_large_value(value, wrong):
    assert gradcheck.compare(np.array([1e-4, 1.0]), np.array([0.0, 1.0]), value=value).wrong.tolist() == [wrong, False]
