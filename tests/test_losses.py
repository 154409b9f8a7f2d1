"""Each loss: its value is its paper's formula, its derivative is the derivative of that value, and both survive any score."""

import decimal
import math
from decimal import Decimal

import numpy as np
import pytest
import test_numerics
from oracles import LOSSES, NAIVE_D, NAIVE_G, SEEDS, loss_name, same_bits
from test_numerics import exact_sigmoid, exact_softplus

from tinygan import data, losses, mlp, train
from tinygan.engine import gradcheck
from tinygan.engine.layers import Tanh
from tinygan.penalties import R1

EACH_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=loss_name)


def scores(seed=0, n=7, dtype=np.float64, replicas=()):
    r, f = np.random.default_rng(seed).normal(0.3, 1.5, size=(2, *replicas, n, 1)).astype(dtype)
    return r, f


def test_every_loss_has_a_naive_oracle():
    names = {loss.__name__ for loss in LOSSES}
    assert names >= {"Minimax", "NonSaturating", "LeastSquares", "Hinge", "Wasserstein"}
    assert names <= set(NAIVE_D) and names <= set(NAIVE_G)


def check_value(loss, seed=0):
    """Both values against the formula of the docstring, written out on one-dimensional arrays."""
    for n in (1, 7):
        r, f = scores(seed, n)
        name = loss.__name__
        assert float(loss().d(r, f).value) == pytest.approx(NAIVE_D[name](r[:, 0], f[:, 0]), rel=1e-12)
        assert float(loss().g(f, r).value) == pytest.approx(NAIVE_G[name](r[:, 0], f[:, 0]), rel=1e-12)


@EACH_LOSS
def test_the_value_is_the_formula(loss):
    for seed in SEEDS:
        check_value(loss, seed)


def check_derivatives(loss, seed=0, make=None):
    """ds_real and ds_fake of D, ds_fake of G, each against central differences of the value reported with it."""
    loss = (make or loss)()
    r, f = scores(seed)
    d = loss.d(r, f)
    for what, result in {
        "D, ds_real": gradcheck.check(lambda s: loss.d(s, f).value, d.ds_real, r),
        "D, ds_fake": gradcheck.check(lambda s: loss.d(r, s).value, d.ds_fake, f),
        "G, ds_fake": gradcheck.check(lambda s: loss.g(s, r).value, loss.g(f, r).ds_fake, f),
    }.items():
        assert result.ok and not result.kinks.any(), f"{loss}, {what}: {result}"


@EACH_LOSS
def test_the_derivative_is_the_derivative_of_the_value(loss):
    for seed in SEEDS:
        check_derivatives(loss, seed)


@pytest.mark.parametrize("make", [lambda: losses.Minimax(real_label=0.9), lambda: losses.NonSaturating(real_label=0.7),
                                  lambda: losses.Hinge(margin=0.5)], ids=["Minimax(.9)", "NonSaturating(.7)", "Hinge(.5)"])
def test_the_derivative_with_other_constants(make):
    for seed in SEEDS:
        check_derivatives(None, seed, make)


LN2 = math.log(2)
AT_ZERO = {"Minimax": (2 * LN2, -LN2), "NonSaturating": (2 * LN2, LN2), "LeastSquares": (0.5, 0.5), "Hinge": (2, 0),
           "Wasserstein": (0, 0), "Relativistic": (LN2, LN2), "RelativisticAverage": (LN2, LN2)}


@EACH_LOSS
def test_the_value_where_D_cannot_tell(loss):
    """All scores 0: D is undecided, which is where a finished game stands."""
    s = np.zeros((7, 1))
    d, g = AT_ZERO[loss.__name__]
    assert float(loss().d(s, s).value) == pytest.approx(d, abs=1e-15)
    assert float(loss().g(s, s).value) == pytest.approx(g, abs=1e-15)


def check_extreme_scores(loss, dtype):
    """Finite values and derivatives, without a warning, at scores of +-1e30. A square of 1e30 is no float32: 1e15 there."""
    largest = 1e15 if loss is losses.LeastSquares and dtype == np.float32 else 1e30
    s = np.array([largest, -largest, 1e4, -1e4, 100, -100, 40, -40, 0], dtype)[:, None]
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        for r, f in ((s, s), (s, -s), (-s, s), (np.roll(s, 1), s)):
            for array in (*loss().d(r, f), *loss().g(f, r)):
                assert np.isfinite(array).all() and array.dtype == dtype


@EACH_LOSS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scores(loss, dtype):
    check_extreme_scores(loss, dtype)


def check_higher_is_more_real(loss):
    """D wants real scores up and fake scores down, G wants its own up: so much is common to all losses."""
    r, f = np.array([[-0.5], [0.2], [0.9]]), np.array([[0.4], [-0.9], [0.1]])
    d, g = loss().d(r, f), loss().g(f, r)
    assert (d.ds_real < 0).all() and (d.ds_fake[f > 0] > 0).all() and (g.ds_fake < 0).all()
    assert loss().d(r + 0.05, f).value < d.value, "a higher score for real samples must please D"
    assert loss().g(f + 0.05, r).value < g.value, "a higher score for its samples must please G"


@EACH_LOSS
def test_a_higher_score_means_more_real(loss):
    check_higher_is_more_real(loss)


@EACH_LOSS
def test_float32_stays_float32(loss):
    r, f = scores(dtype=np.float32)
    assert {array.dtype for array in (*loss().d(r, f), *loss().g(f, r))} == {np.dtype(np.float32)}


def check_replicas(loss, n=7):
    """Values have shape (R,): the mean is over samples, never over replicas."""
    for dtype in (np.float32, np.float64):
        r, f = scores(3, n, dtype, replicas=(3,))
        d, g = loss().d(r, f), loss().g(f, r)
        assert d.value.shape == g.value.shape == (3,) and d.ds_real.shape == d.ds_fake.shape == g.ds_fake.shape == (3, n, 1)
        for i in range(3):
            for a, b in zip((*d, *g), (*loss().d(r[i], f[i]), *loss().g(f[i], r[i])), strict=True):
                assert same_bits(a[i], b)


@pytest.mark.parametrize("n", [1, 7, 128, 300])
@EACH_LOSS
def test_a_replica_has_the_bits_of_a_single_batch(loss, n):
    check_replicas(loss, n)


@EACH_LOSS
def test_the_scores_are_only_read(loss):
    r, f = scores()
    before = r.copy(), f.copy()
    loss().d(r, f)
    loss().g(f, r)
    assert same_bits(r, before[0]) and same_bits(f, before[1])


@pytest.mark.parametrize("shapes", [((8, 1), (8,)), ((8,), (8, 1)), ((8,), (8,)), ((8, 1), (7, 1)), ((8, 1), (1, 1)),
                                    ((8, 2), (8, 2)), ((3, 8, 1), (8, 1)), ((), ())], ids=str)
@EACH_LOSS
def test_scores_of_other_shapes_raise_and_never_broadcast(loss, shapes):
    r, f = map(np.zeros, shapes)
    with pytest.raises(ValueError, match="scores"):
        loss().d(r, f)


@EACH_LOSS
def test_the_generators_scores_must_be_a_column(loss):
    for shape in ((8,), (8, 2), ()):
        with pytest.raises(ValueError, match=r"one score a sample; got"):
            loss().g(np.zeros(shape), np.zeros(shape))


def check_target_shape():
    """(N,) labels against (N, 1) scores would silently become (N, N)."""
    for shape in ((7,), (1, 7), (7, 7), (1, 1), (3, 7, 1)):
        try:
            got = losses.bce_with_logits(np.zeros((7, 1)), np.ones(shape))
        except ValueError as error:
            assert str(error).startswith("target must be a number or shaped like the scores, (7, 1); got")
        else:
            raise AssertionError(f"a target of shape {shape} was accepted and gave ds of shape {got.ds.shape}")


def test_a_target_of_another_shape_raises():
    check_target_shape()


def test_binary_cross_entropy_is_its_textbook_formula_and_derivative():
    for seed in SEEDS:
        s, _ = scores(seed)
        soft = np.random.default_rng(seed).uniform(size=(7, 1))
        for target in (0.0, 1.0, 0.3, soft):
            p = 1 / (1 + np.exp(-s))
            value, ds = losses.bce_with_logits(s, target)
            assert float(value) == pytest.approx(np.mean(-target * np.log(p) - (1 - target) * np.log(1 - p)), rel=1e-12)
            result = gradcheck.check(lambda s, target=target: losses.bce_with_logits(s, target).value, ds, s)
            assert result.ok, str(result)


def check_confident_scores(dtype):
    """s = -40 for a real sample: costs 40 and pulls with 1/N. For a fake one: costs and pulls e^-40, which is not 0."""
    s = np.full((5, 1), -40, dtype)
    value, ds = losses.bce_with_logits(s, 1.0)
    assert value == 40 and (ds == dtype(-1) / 5).all()
    value, ds = losses.bce_with_logits(s, 0.0)
    assert float(value) == pytest.approx(math.exp(-40), rel=1e-6)
    np.testing.assert_allclose(ds, math.exp(-40) / 5, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_confident_score_costs_what_it_should(dtype):
    check_confident_scores(dtype)


def test_the_gradient_that_does_not_vanish():
    """Goodfellow et al. (2014), section 3: where D is sure (f = -20), the minimax G stands still, the other one moves."""
    f = np.full((5, 1), -20.0)
    assert np.abs(losses.Minimax().g(f).ds_fake).max() < 1e-9
    np.testing.assert_allclose(losses.NonSaturating().g(f).ds_fake, -1 / 5, rtol=1e-8)


@pytest.mark.parametrize("loss", [losses.Minimax, losses.NonSaturating])
def test_label_smoothing_is_one_sided(loss):
    """D's best score for real samples becomes log(.9/.1); nothing changes for fake ones and for G."""
    r, f = scores()
    plain, smooth = loss(), loss(real_label=0.9)
    best = np.full((7, 1), math.log(0.9 / 0.1))
    np.testing.assert_allclose(smooth.d(best, f).ds_real, 0, atol=1e-16)
    assert (smooth.d(best + 0.1, f).ds_real > 0).all() and (plain.d(best + 0.1, f).ds_real < 0).all()
    assert same_bits(smooth.d(r, f).ds_fake, plain.d(r, f).ds_fake) and same_bits(smooth.g(f).value, plain.g(f).value)
    extra = 0.1 * r.mean()  # -.9 log p - .1 log(1 - p) = -log p + .1 r
    assert float(smooth.d(r, f).value) == pytest.approx(float(plain.d(r, f).value) + extra, rel=1e-12)


def test_the_hinge_generator_is_not_clipped():
    """At scores below 0 the derivative of G is still -1/N: -relu(f) would have stopped there."""
    f = np.array([[-3.0], [2.0]])
    value, ds = losses.Hinge().g(f)
    assert value == 0.5 and ds.tolist() == [[-0.5], [-0.5]]


@pytest.mark.parametrize("make, message", [
    (lambda: losses.Minimax(real_label=0), "Minimax: real_label"),
    (lambda: losses.NonSaturating(1.1), "NonSaturating: real_label"),
    (lambda: losses.Minimax(True), "Minimax: real_label"), (lambda: losses.Minimax("x"), "Minimax: real_label"),
    (lambda: losses.Hinge(0), "Hinge: margin"), (lambda: losses.Hinge(math.nan), "Hinge: margin")])
def test_constants_that_make_no_loss(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


# --- labels and dtypes ------------------------------------------------------------------------------------------------


def ulps_off(got, exact, dtype):
    """How far a number is from a Decimal, in units in the last place."""
    return abs(Decimal(float(got)) - exact) / Decimal(float(np.spacing(np.abs(dtype(float(exact))))))


@pytest.mark.parametrize("label", [0.9, 0.5, 0.999, 1.0, 0.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_label_in_60_digits(dtype, label):
    """Within 8 units in the last place, whatever the score: y softplus(-s) + (1 - y) softplus(s); its derivative, sigmoid(s) - y.

    The derivative passes through 0, so it is compared with the size of its two parts.
    """
    eps, smallest = (Decimal(float(limit)) for limit in (np.finfo(dtype).eps, np.finfo(dtype).smallest_subnormal))
    off, y, rest = [], Decimal(float(dtype(label))), Decimal(float(dtype(1 - label)))  # as this dtype holds the two weights
    with decimal.localcontext() as context, np.errstate(over="raise", divide="raise", invalid="raise"):
        context.prec, context.traps[decimal.Underflow] = 60, False
        for s in test_numerics.scores(dtype):
            exact = Decimal(float(s))
            value, ds = losses.bce_with_logits(s.reshape(1, 1), label)
            assert value.dtype == ds.dtype == dtype
            cost = y * exact_softplus(-exact) + rest * exact_softplus(exact)
            down, up = y * exact_sigmoid(-exact), rest * exact_sigmoid(exact)
            assert ulps_off(value, cost, dtype) <= 8, s
            assert abs(Decimal(float(ds[0, 0])) - (up - down)) <= 8 * max(eps * (up + down), smallest), s
            naive = np.logaddexp(dtype(0), s) - dtype(label) * s
            off.append(ulps_off(naive, cost, dtype))
    assert label in (0.5, 0) or max(off) > 8  # the control: softplus(s) - y s subtracts two large numbers


WHOLE = np.arange(-3, 4)[:, None]


@EACH_LOSS
def test_whole_numbers_are_no_scores(loss):
    """A float loss of them would be right, and an integer array for its derivative silently wrong."""
    for call in (lambda: loss().d(WHOLE, WHOLE), lambda: loss().d(1.0 * WHOLE, WHOLE), lambda: loss().g(WHOLE, WHOLE),
                 lambda: loss().d(WHOLE > 0, WHOLE > 0)):
        with pytest.raises(TypeError, match="scores must be floating-point numbers, such as D gives; got (int64|bool)"):
            call()


@pytest.mark.parametrize("target", [0.0, 1.0, 0.9])
def test_whole_numbers_have_no_cross_entropy(target):
    with pytest.raises(TypeError, match="scores must be floating-point numbers, such as D gives; got int64"):
        losses.bce_with_logits(WHOLE, target)


@pytest.mark.parametrize("target", [-0.1, 1.1, np.nan, np.full((7, 1), 2.0)])
def test_a_target_outside_0_and_1_is_refused(target):
    with pytest.raises(ValueError, match=r"target must lie in \[0, 1\]; got"):
        losses.bce_with_logits(np.zeros((7, 1)), target)


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss.needs_real], ids=loss_name)
def test_a_loss_that_compares_asks_for_real_scores(loss):
    with pytest.raises(ValueError, match="compares with real scores: pass s_real too"):
        loss().g(np.zeros((7, 1)))


# --- what D thinks, and where the game comes to rest ------------------------------------------------------------------

OTHERS = [lambda: losses.Minimax(real_label=0.9), lambda: losses.NonSaturating(0.7), lambda: losses.Hinge(margin=0.5)]
EVERY = pytest.mark.parametrize("make", [*LOSSES, *OTHERS], ids=lambda make: repr(make()))


@EVERY
def test_the_verdict_is_a_mean_probability_or_a_mean_score(make):
    """And so says `is_probability`: the losses made of cross-entropy read a score as a probability."""
    loss = make()
    assert loss.is_probability == isinstance(loss, losses.Minimax)
    for seed in SEEDS:
        s, _ = scores(seed)
        naive = np.mean(1 / (1 + np.exp(-s))) if loss.is_probability else np.mean(s)
        assert float(loss.verdict(s)) == pytest.approx(naive, rel=1e-13)
    for dtype in (np.float32, np.float64):
        s, _ = scores(3, 7, dtype, replicas=(3,))
        assert loss.verdict(s).shape == (3,) and loss.verdict(s).dtype == dtype
        assert all(same_bits(loss.verdict(s)[i], loss.verdict(s[i])) for i in range(3))
    with np.errstate(all="raise"):
        extreme = loss.verdict(np.array([[-1e30], [1e30], [-1e4], [1e4]]))
    assert extreme == (0.5 if loss.is_probability else 0)


GRID = np.arange(-8, 8.0005, 0.001)
DENSITIES = [(1, 1), (2, 1), (1, 3), (0.2, 0.7), (5, 1), (1e-3, 1), (0.3, 0.3)]


def expected_d_loss(loss, p, q):
    """p (D's loss of a real point) + q (that of a generated one), at each score of GRID, up to a constant."""
    s, nothing = each_alone(GRID), np.zeros((GRID.size, 1, 1))
    return p * loss.d(s, nothing).value + q * loss.d(nothing, s).value


def each_alone(s):
    """Each number as the only score of a replica of its own."""
    return s[:, None, None]


@EVERY
def test_the_best_verdict_is_that_of_the_score_that_minimises_the_expected_loss(make):
    """On a grid of scores. None where there is no best score: the loss has no minimum, or compares scores with each other."""
    loss = make()
    for p, q in DENSITIES:
        best, J = loss.best(p, q), expected_d_loss(loss, p, q)
        if best is None:
            assert loss.needs_real or J.argmin() in (0, GRID.size - 1), "the score can be had, but `best` does not give it"
            continue
        verdicts = loss.verdict(each_alone(GRID))
        nearest = J[np.abs(verdicts - best).argmin()]
        assert nearest <= J.min() + 1e-6 * (p + q), f"another score is better than that of {best}"
        if not (isinstance(loss, losses.Hinge) and p == q):  # there every score between the margins is a best one
            assert verdicts[J.argmin()] == pytest.approx(best, abs=2e-3)


def test_which_losses_have_a_best_verdict():
    assert {loss.__name__ for loss in LOSSES if loss().best(2.0, 1.0) is not None} == {
        "Minimax", "NonSaturating", "LeastSquares", "Hinge"}
    assert losses.NonSaturating().best(1, 3) == losses.LeastSquares().best(1, 3) == 0.25
    assert losses.Minimax(real_label=0.9).best(1, 0) == 0.9
    assert losses.Hinge(margin=2).best(np.array([1.0, 2, 3]), 2).tolist() == [-2, 0, 2]


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss().best(1, 1) is not None], ids=loss_name)
def test_the_best_verdict_of_whole_arrays_of_densities(loss):
    p, q = (np.array(column) for column in zip(*DENSITIES, strict=True))
    assert loss().best(p, q).tolist() == [float(loss().best(*one)) for one in DENSITIES]


AT_REST = {"Minimax": (2 * LN2, -LN2), "NonSaturating": (2 * LN2, LN2), "LeastSquares": (0.25, 0.125), "Hinge": (2, 0),
           "Wasserstein": (0, 0), "Relativistic": (LN2, LN2), "RelativisticAverage": (LN2, LN2)}


@EACH_LOSS
def test_the_values_at_rest(loss):
    assert loss().at_rest == pytest.approx(AT_REST[loss.__name__], abs=1e-15)
    assert all(type(value) is float for value in loss().at_rest)


def test_the_values_at_rest_with_other_constants():
    """With a label of .9 the best D says .45 where it cannot tell: -.9 ln .45 - .1 ln .55 - ln .55."""
    smoothed = -0.9 * math.log(0.45) - 1.1 * math.log(0.55)
    assert losses.Minimax(real_label=0.9).at_rest == pytest.approx((smoothed, math.log(0.55)), rel=1e-14)
    assert losses.NonSaturating(0.9).at_rest == pytest.approx((smoothed, -math.log(0.45)), rel=1e-14)
    assert losses.Hinge(margin=0.5).at_rest == (1, 0)


@EVERY
def test_at_rest_is_the_least_that_D_can_reach_where_both_densities_are_equal(make):
    """One score for all points: D cannot tell. On a grid no score costs D less."""
    loss = make()
    values = loss.d(each_alone(GRID), each_alone(GRID)).value
    assert loss.at_rest[0] == pytest.approx(values.min(), abs=1e-6)


# --- a loss of one's own ----------------------------------------------------------------------------------------------


class Exponential(losses.Loss):
    """D minimises E exp(-r) + E exp(f), G minimises E exp(-f)."""

    def d(self, s_real, s_fake):
        n = s_real.shape[-2]
        real, fake = np.exp(-s_real), np.exp(s_fake)
        return losses.DLoss(real.mean(axis=(-2, -1)) + fake.mean(axis=(-2, -1)), -real / n, fake / n)

    def g(self, s_fake, s_real=None):
        value = np.exp(-s_fake)
        return losses.GLoss(value.mean(axis=(-2, -1)), -value / s_fake.shape[-2])


class Sloped(Exponential):
    """With second derivatives, and D's best score ln(p/q) / 2."""

    def d_tangent(self, s_real, s_fake, s_real_dot, s_fake_dot):
        n = s_real.shape[-2]
        return losses.DTangent(np.exp(-s_real) * s_real_dot / n, np.exp(s_fake) * s_fake_dot / n)

    def g_tangent(self, s_fake, s_real, s_fake_dot, s_real_dot=None):
        return np.exp(-s_fake) * s_fake_dot / s_fake.shape[-2]

    def best(self, p, q):
        return np.log(p / q) / 2


def test_a_loss_of_ones_own_is_two_methods():
    """What `Loss` says for it: no real scores for G, raw scores as verdicts, no best D known, and the values at rest."""
    for seed in SEEDS:
        check_derivatives(Exponential, seed)
    loss = Exponential()
    assert repr(loss) == "Exponential()" and not loss.needs_real and not loss.is_probability
    assert loss.best(1, 2) is None and loss.at_rest == (2, 1) and loss.verdict(np.array([[1.0], [2.0]])) == 1.5
    assert Sloped().at_rest == (2, 1) and Sloped().best(4, 1) == pytest.approx(LN2)
    check_tangents(Sloped)


@pytest.mark.parametrize("replicas", [(), 2])
@pytest.mark.parametrize("update", ["alternating", "extragradient"])
def test_a_loss_of_ones_own_trains(update, replicas):
    G, D = mlp(2, 4, 2, replicas=replicas), mlp(2, 4, 1, seed=1, replicas=replicas)
    before = G.theta.copy(), D.theta.copy()
    history = train(G, D, data.ring().standardized(), Exponential(), steps=3, batch=8, penalties=(R1(0.1),), update=update)
    assert np.isfinite(history.d_loss).all() and history.d_real.shape == (3, *G.replicas)
    assert (G.theta != before[0]).any() and (D.theta != before[1]).any()


def test_a_loss_of_ones_own_unrolls_where_it_has_second_derivatives():
    def players():
        return mlp(2, 4, 2, activation=Tanh), mlp(2, 4, 1, seed=1, activation=Tanh)

    settings = dict(steps=2, batch=8, unroll=(2, 0.1))
    assert np.isfinite(train(*players(), data.ring().standardized(), Sloped(), **settings).g_loss).all()
    with pytest.raises(TypeError, match=r"loss must be an object with second derivatives \(d_tangent\).*Exponential"):
        train(*players(), data.ring().standardized(), Exponential(), **settings)


# --- second derivatives -----------------------------------------------------------------------------------------------


def check_tangents(loss, seed=0, make=None, n=7):
    """The rates of D's ds and of G's ds along random velocities of the scores: by the complex step, and by differences of ds."""
    loss = (make or loss)()
    r, f = scores(seed, n)
    r_dot, f_dot = scores(seed + 100, n)
    rates = [*loss.d_tangent(r, f, r_dot, f_dot), loss.g_tangent(f, r, f_dot, r_dot)]

    def along(t):
        d, g = loss.d(r + t * r_dot, f + t * f_dot), loss.g(f + t * f_dot, r + t * r_dot)
        return np.stack([d.ds_real, d.ds_fake, g.ds_fake])

    h = gradcheck.STEP
    steps, differences = np.imag(along(1e-30j)) / 1e-30, (along(h) - along(-h)) / (2 * h)
    for what, rate, step, difference in zip(("ds_real", "ds_fake", "G's ds_fake"), rates, steps, differences, strict=True):
        assert np.abs(rate - step).max() <= 1e-15, f"{loss}, {what}: the complex step gives another rate"
        assert np.abs(rate - difference).max() <= 1e-10, f"{loss}, {what}: differences give another rate"


@EACH_LOSS
def test_the_rate_of_the_derivative(loss):
    for seed in SEEDS:
        check_tangents(loss, seed, n=(7, 1, 300)[seed % 3])


@pytest.mark.parametrize("make", [lambda: losses.Minimax(real_label=0.9), lambda: losses.NonSaturating(real_label=0.7),
                                  lambda: losses.Hinge(margin=0.5)], ids=["Minimax(.9)", "NonSaturating(.7)", "Hinge(.5)"])
def test_the_rate_of_the_derivative_with_other_constants(make):
    for seed in SEEDS:
        check_tangents(None, seed, make)


@EACH_LOSS
def test_second_derivatives_are_symmetric(loss):
    """<u, H v> = <v, H u> for both scores together, of D's loss."""
    r, f = scores()
    for seed in SEEDS:
        u, v = scores(seed), scores(seed + 50)
        one, other = (np.vdot(a, loss().d_tangent(r, f, *b)) for a, b in ((u, v), (v, u)))
        assert one == pytest.approx(other, rel=1e-12, abs=1e-15)
        assert (one == 0) == (loss in (losses.Hinge, losses.Wasserstein))


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss.needs_real], ids=loss_name)
def test_the_generators_loss_by_the_real_scores(loss):
    for seed in SEEDS:
        check_g_real(loss, seed)


def check_g_real(loss, seed=0):
    r, f = scores(seed)
    result = gradcheck.check(lambda s: loss().g(f, s).value, loss().g_real(f, r), r)
    assert result.ok, str(result)


@EACH_LOSS
def test_a_rate_keeps_dtype_and_replicas_and_refuses_other_shapes(loss):
    r, f = scores(3, 7, np.float32, replicas=(3,))
    together = [*loss().d_tangent(r, f, f, r), loss().g_tangent(f, r, r, f)]
    for i in range(3):
        alone = [*loss().d_tangent(r[i], f[i], f[i], r[i]), loss().g_tangent(f[i], r[i], r[i], f[i])]
        assert all(same_bits(a[i], b) for a, b in zip(together, alone, strict=True)) and together[0].dtype == np.float32
    for bad in (np.zeros((7,)), np.zeros((6, 1)), np.zeros((3, 7, 1))):
        with pytest.raises(ValueError, match="scores"):
            loss().d_tangent(r[0], f[0], r[0], bad)
        with pytest.raises(ValueError, match="scores"):
            loss().g_tangent(f[0], r[0], bad, r[0])


@pytest.mark.parametrize("loss", LOSSES, ids=loss_name)
def test_an_empty_batch_has_no_mean(loss):
    none = np.ones((0, 1))
    for ask in (lambda: loss().d(none, none), lambda: loss().g(none, none)):
        with pytest.raises(ValueError, match="empty batch: a loss is a mean over at least one sample"):
            ask()
