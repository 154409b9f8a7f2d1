"""sigmoid, softplus and log_sigmoid against decimal arithmetic; and what is said of a number that is none."""

import decimal
import math
from decimal import Decimal

import numpy as np
import pytest

from tinygan.engine import arguments, numerics

DTYPES = [np.float32, np.float64]
LARGEST_ERROR = 4  # units in the last place


def exact_sigmoid(s):
    """1 / (1 + e^-s) with 60 digits, s a Decimal."""
    e = (-abs(s)).exp()
    return 1 / (1 + e) if s >= 0 else e / (1 + e)


def exact_softplus(s):
    """log(1 + e^s) with 40 digits or more, s a Decimal; for small e = e^-|s| by its series, as 1 + e would lose digits."""
    e = (-abs(s)).exp()
    return max(s, Decimal(0)) + ((1 + e).ln() if e > Decimal("1e-15") else e - e**2 / 2 + e**3 / 3)


EXACT = {"sigmoid": exact_sigmoid, "softplus": exact_softplus, "log_sigmoid": lambda s: -exact_softplus(-s)}


def scores(dtype):
    """Scores of every size: ordinary ones, both signs to 1e30, both zeros, and where exp overflows or becomes subnormal."""
    rng = np.random.default_rng(0)
    random = [rng.normal(0, size, 60) for size in (1e-30, 1e-3, 1, 10, 100)]
    edges = [0.0, 16.7, 17, 36.5, 37, 88.5, 89, 103, 104, 700, 709.5, 710, 745, 746, 1e4, 1e30]
    return np.concatenate([*random, edges, np.negative(edges)]).astype(dtype)


def check_ulps(name, dtype):
    s = scores(dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        got = getattr(numerics, name)(s)
    assert got.dtype == dtype, f"{name} turned {np.dtype(dtype)} into {got.dtype}"
    assert np.isfinite(got).all()
    with decimal.localcontext() as context:
        context.prec, context.traps[decimal.Underflow] = 60, False
        for one, mine in zip(s, got, strict=True):
            exact = EXACT[name](Decimal(float(one)))
            ulp = Decimal(float(np.spacing(np.abs(dtype(float(exact))))))
            error = abs(Decimal(float(mine)) - exact) / ulp
            assert error <= LARGEST_ERROR, f"{name}({one!r}) = {mine!r}, off by {float(error):.3g} ulp"


@pytest.mark.parametrize("dtype", DTYPES, ids=["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_within_four_ulps_without_a_warning_for_scores_up_to_1e30(name, dtype):
    check_ulps(name, dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=["float32", "float64"])
def test_the_textbook_formulas_would_not_pass(dtype):
    """The negative control: what `check_ulps` asks for is what 1 / (1 + exp(-s)) and log(1 + exp(s)) do not give."""
    with pytest.raises(FloatingPointError), np.errstate(over="raise"):
        1 / (1 + np.exp(-scores(dtype)))
    s = dtype(-40)
    assert np.log(1 + np.exp(s)) == 0 < numerics.softplus(s)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("name", EXACT)
def test_dtype_and_shape_are_kept(name, dtype):
    got = getattr(numerics, name)(np.ones((2, 3, 1), dtype))
    assert got.dtype == dtype and got.shape == (2, 3, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_softplus_and_sigmoid_are_the_two_bit_for_bit(dtype):
    s = np.array([-1e30, -90, -1.5, -0.0, 0, 1e-9, 2, 90, 1e30], dtype)
    together = numerics.softplus_and_sigmoid(s)
    assert [one.tobytes() for one in together] == [numerics.softplus(s).tobytes(), numerics.sigmoid(s).tobytes()]


def test_the_digits_that_minus_sigmoid_of_minus_s_keeps():
    """d/ds softplus(-s) at a confident score: sigmoid(s) - 1 is 0, the gradient of the non-saturating loss is not."""
    for dtype, s in ((np.float32, 20), (np.float64, 40)):
        assert numerics.sigmoid(dtype(s)) - 1 == 0
        assert numerics.sigmoid(dtype(-s)) == pytest.approx(np.exp(-float(s)), rel=1e-6)


NAIVE_COMPLEX = {"sigmoid": lambda s: 1 / (1 + np.exp(-s)), "softplus": lambda s: np.log(1 + np.exp(s)),
                 "log_sigmoid": lambda s: -np.log(1 + np.exp(-s))}


@pytest.mark.parametrize("name", EXACT)
def test_complex_scores_are_followed_analytically(name):
    """In a strip around the real axis they equal the textbook formulas, which are analytic there."""
    rng = np.random.default_rng(1)
    s = rng.uniform(-8, 8, 300) + 1j * rng.uniform(-1, 1, 300)
    np.testing.assert_allclose(getattr(numerics, name)(s), NAIVE_COMPLEX[name](s), rtol=1e-11)


DERIVATIVES = {"sigmoid": lambda s: 1 / (2 * np.cosh(s / 2)) ** 2, "softplus": lambda s: 1 / (1 + np.exp(-s)),
               "log_sigmoid": lambda s: 1 / (1 + np.exp(s))}


@pytest.mark.parametrize("s", [-30.0, -1.5, -0.0, 0.0, 1e-9, 2.0, 30.0])
@pytest.mark.parametrize("name", EXACT)
def test_a_complex_step_gives_the_derivative(name, s):
    """Also at 0, where the two branches meet: the derivatives there are 1/4, 1/2 and 1/2."""
    z = np.array([s + 1e-30j])
    assert np.imag(getattr(numerics, name)(z))[0] / 1e-30 == pytest.approx(DERIVATIVES[name](s), rel=1e-12)


@pytest.mark.parametrize("limits, says", [
    ({}, "a finite number; got"), ({"above": 0}, "a finite number above 0; got"), ({"below": 1}, "a finite number below 1; got"),
    ({"above": 0, "below": 1}, "a finite number above 0 and below 1; got"),
    ({"above": 0, "including": (0,)}, "a finite number above 0, or 0; got"),
    ({"above": -1, "below": 1, "including": (-1, 1)}, "a finite number above -1 and below 1, or -1, or 1; got"),
])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_is_not_finite_gets_a_sound_sentence(value, limits, says):
    """With limits and without."""
    with pytest.raises(ValueError) as caught:
        arguments.number("the width", value, **limits)
    assert str(caught.value) == f"the width must be {says} {value!r}"


@pytest.mark.parametrize("value", ["3", None, True, 1j, [1.0]])
def test_what_is_no_number_gets_a_sound_sentence(value):
    with pytest.raises(TypeError) as caught:
        arguments.number("the width", value)
    assert str(caught.value) == f"the width must be a number; got {value!r}"


def test_numbers_that_are_taken():
    assert [arguments.number("x", value) for value in (-3, 0.5, np.float32(2), np.int64(7), 1e300)] == [-3, 0.5, 2, 7, 1e300]
    assert arguments.number("x", 0, above=0, including=(0,)) == 0 and type(arguments.number("x", np.int64(3))) is float
