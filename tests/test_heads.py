"""The heads: values against naive formulas and SciPy, derivatives against differences, scores of every size, and replicas."""

import math

import numpy as np
import pytest
from oracles import SEEDS, same_bits
from scipy import special, stats

from tinygan import gradcheck
from tinygan.data import one_hot
from tinygan.engine import heads

RNG = np.random.default_rng
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
SIZES = [(7, 3), (1, 4), (5, 2), (6, 1)]  # N, and K classes or m numbers
EACH_SIZE = pytest.mark.parametrize("sizes", SIZES, ids=str)


def classified(n, k, seed=0, front=(), soft=False):
    """Scores q, and labels: one-hot rows, or rows of probabilities."""
    rng = RNG([seed, n, k])
    labels = rng.dirichlet(np.ones(k), size=(*front, n)) if soft else rng.multinomial(1, np.ones(k) / k, size=(*front, n)) * 1.0
    return rng.normal(0, 2, (*front, n, k)), labels


def measured(n, m, seed=0, front=()):
    """Means, targets and log_std."""
    rng = RNG([seed, n, m])
    return [rng.normal(0, size, (*front, n, m)) for size in (1, 1.5, .6)]


# ---------------------------------------------------------------- softmax and cross-entropy


@EACH_SIZE
def test_softmax_is_that_of_scipy_and_sums_to_one(sizes):
    for seed in SEEDS:
        q, _ = classified(*sizes, seed)
        for scores in (q, q + 1e3, 1e3 * q, -1e30 * q):
            np.testing.assert_allclose(heads.softmax(scores), special.softmax(scores, axis=-1), rtol=1e-13)
            np.testing.assert_allclose(heads.softmax(scores).sum(axis=-1), 1, rtol=1e-14)


def check_cross_entropy_value(sizes=(7, 3), soft=False):
    """-1/N sum_n log p_n(y_n), one sample at a time, p by its definition; and by SciPy's log_softmax."""
    for seed in SEEDS:
        q, labels = classified(*sizes, seed, soft=soft)
        naive = 0.0
        for scores, y in zip(q, labels, strict=True):
            total = sum(math.exp(s) for s in scores)
            naive -= sum(weight * math.log(math.exp(s) / total) for weight, s in zip(y, scores, strict=True)) / len(q)
        value = heads.softmax_cross_entropy(q, labels).value
        assert value.shape == ()
        np.testing.assert_allclose(value, naive, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(value, -(labels * special.log_softmax(q, axis=-1)).sum() / len(q), rtol=1e-12, atol=1e-15)


def check_cross_entropy_derivative(sizes=(7, 3), soft=False):
    for seed in SEEDS:
        q, labels = classified(*sizes, seed, soft=soft)
        dq = heads.softmax_cross_entropy(q, labels).dq
        found = gradcheck.check(lambda q, labels=labels: float(heads.softmax_cross_entropy(q, labels).value), dq, q, batch=len(q))
        assert found.ok, str(found)
        np.testing.assert_allclose(dq.sum(axis=-1), 0, atol=1e-15)  # a number added to all scores of a row changes nothing


@pytest.mark.parametrize("sizes", [(n, k) for n, k in SIZES if k > 1], ids=str)
@pytest.mark.parametrize("soft", [False, True], ids=["one-hot", "probabilities"])
def test_cross_entropy(sizes, soft):
    check_cross_entropy_value(sizes, soft)
    check_cross_entropy_derivative(sizes, soft)


def test_one_class_costs_nothing():
    value, dq = heads.softmax_cross_entropy(classified(6, 1)[0], np.ones((6, 1)))
    assert value == 0 and not dq.any()


def test_where_nothing_is_known_it_costs_the_logarithm_of_k():
    """And the least that it can be is the entropy of the labels, at q = log y."""
    for seed in SEEDS:
        q, labels = classified(6, 4, seed, soft=True)
        assert heads.softmax_cross_entropy(np.full_like(q, 7), labels).value == pytest.approx(math.log(4), rel=1e-14)
        least = heads.softmax_cross_entropy(np.log(labels), labels)
        assert least.value == pytest.approx(stats.entropy(labels, axis=-1).mean(), rel=1e-12)
        np.testing.assert_allclose(least.dq, 0, atol=1e-15)
        assert heads.softmax_cross_entropy(q, labels).value > least.value


def check_confident_scores(dtype=np.float64):
    """A wrong class that leads by s costs s, and pulls with the whole 1/N: no logarithm of a p that was rounded to 0."""
    labels = one_hot([0, 1], 3, dtype)
    for s in (20, 40, 100, 1e4, 1e30):
        q = np.array([[0, s, 0], [0, s, 0]], dtype)  # the first row is wrong, the second one right
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            value, dq = heads.softmax_cross_entropy(q, labels)
        assert value.dtype == dq.dtype == dtype
        np.testing.assert_allclose(value, s / 2, rtol=1e-6)
        np.testing.assert_allclose(dq, [[-.5, .5, 0], [0, 0, 0]], atol=1e-8)


@DTYPES
def test_scores_of_every_size(dtype):
    check_confident_scores(dtype)


def test_a_small_gradient_keeps_its_digits():
    """Where the right class leads by s, the other scores' derivative is e^-s/N: not 0 before e^-s is."""
    for s in (1, 10, 30, 300, 700):
        dq = heads.softmax_cross_entropy(np.array([[s, 0.0]]), np.array([[1.0, 0.0]])).dq
        assert dq[0, 1] == pytest.approx(math.exp(-s) / (1 + math.exp(-s)), rel=1e-12)


# ---------------------------------------------------------------- the Gaussian


def check_gaussian_value(sizes=(7, 3)):
    """The sum over columns and the mean over rows of -log of SciPy's density."""
    for seed in SEEDS:
        mean, target, log_std = measured(*sizes, seed)
        expected = -stats.norm(mean, np.exp(log_std)).logpdf(target).sum() / len(mean)
        value = heads.gaussian_nll(mean, target, log_std).value
        assert value.shape == ()
        np.testing.assert_allclose(value, expected, rtol=1e-12)


def check_gaussian_derivatives(sizes=(7, 3)):
    for seed in SEEDS:
        mean, target, log_std = measured(*sizes, seed)
        nll = heads.gaussian_nll(mean, target, log_std)
        for name, gradient, start, f in (
                ("dmean", nll.dmean, mean, lambda mean, t=target, s=log_std: float(heads.gaussian_nll(mean, t, s).value)),
                ("dlog_std", nll.dlog_std, log_std, lambda s, m=mean, t=target: float(heads.gaussian_nll(m, t, s).value))):
            found = gradcheck.check(f, gradient, start, name=name, batch=len(mean))
            assert found.ok, str(found)


@EACH_SIZE
def test_the_gaussian(sizes):
    check_gaussian_value(sizes)
    check_gaussian_derivatives(sizes)


def test_a_standard_deviation_of_one_is_half_a_squared_error():
    mean, target, log_std = measured(6, 2)
    value, dmean, _ = heads.gaussian_nll(mean, target, 0 * log_std)
    assert value == pytest.approx(((target - mean)**2).sum(axis=-1).mean() / 2 + math.log(2 * math.pi), rel=1e-13)
    np.testing.assert_allclose(dmean, (mean - target) / 6, rtol=1e-13)


def test_it_is_least_at_the_mean_and_the_deviation_of_the_targets():
    """One mean and one deviation for all rows: their derivatives add up to 0 there, and everything else costs more."""
    for seed in SEEDS:
        target = RNG(seed).normal(3, 2, (50, 1))
        mean, log_std = np.full_like(target, target.mean()), np.full_like(target, np.log(target.std()))
        least = heads.gaussian_nll(mean, target, log_std)
        assert abs(least.dmean.sum()) < 1e-13 and abs(least.dlog_std.sum()) < 1e-13
        for off in (-.3, .3):
            assert heads.gaussian_nll(mean + off, target, log_std).value > least.value
            assert heads.gaussian_nll(mean, target, log_std + off).value > least.value


# ---------------------------------------------------------------- both


@pytest.mark.parametrize("head, arrays", [(heads.softmax_cross_entropy, classified(5, 3, front=(4,))),
                                          (heads.gaussian_nll, measured(5, 3, front=(4,))),
                                          (heads.gaussian_kl, measured(5, 3, front=(4,))[::2])],
                         ids=["classes", "numbers", "divergence"])
def test_replicas_and_float32(head, arrays):
    many = head(*arrays)
    assert many.value.shape == (4,)
    for r in range(4):
        assert all(same_bits(part, whole[r]) for part, whole in zip(head(*(array[r] for array in arrays)), many, strict=True))
    for part, exact in zip(head(*(array.astype(np.float32) for array in arrays)), many, strict=True):
        assert part.dtype == np.float32
        np.testing.assert_allclose(part, exact, rtol=1e-4, atol=1e-6)


# ---------------------------------------------------------------- planted mistakes


def check_divergence(sizes=(7, 3)):
    """KL of each pair of normal distributions by an integral over the line; derivatives by differences."""
    for seed in SEEDS:
        mean, _, log_var = measured(*sizes, seed)
        kl, line = heads.gaussian_kl(mean, log_var), np.linspace(-40, 40, 80_001)
        expected = 0.0
        for m, v in zip(mean.ravel(), log_var.ravel(), strict=True):
            log_p, log_q = stats.norm.logpdf(line, m, np.exp(v / 2)), stats.norm.logpdf(line)
            expected += np.trapezoid(np.exp(log_p) * (log_p - log_q), line) / len(mean)
        np.testing.assert_allclose(kl.value, expected, rtol=1e-9)
        for name, grad, start, f in (
                ("dmean", kl.dmean, mean, lambda mean, v=log_var: float(heads.gaussian_kl(mean, v).value)),
                ("dlog_var", kl.dlog_var, log_var, lambda v, m=mean: float(heads.gaussian_kl(m, v).value))):
            found = gradcheck.check(f, grad, start, name=name, batch=len(start))
            assert found.ok, str(found)


@EACH_SIZE
def test_the_divergence_from_the_standard_normal(sizes):
    check_divergence(sizes)
    nothing = heads.gaussian_kl(np.zeros(sizes), np.zeros(sizes))
    assert nothing.value == 0 and not nothing.dmean.any() and not nothing.dlog_var.any()


CROSS_ENTROPY, GAUSSIAN, SOFTMAX, DIVERGENCE = heads.softmax_cross_entropy, heads.gaussian_nll, heads.softmax, heads.gaussian_kl


def softmax_twice(patch):
    """A softmax at the end of the network, and another one in the loss (eriklindernoren/PyTorch-GAN, infogan.py)."""
    patch.setattr(heads, "softmax_cross_entropy", lambda q, labels: CROSS_ENTROPY(SOFTMAX(q), labels))


def softmax_twice_and_differentiated(patch):
    """The same with its right derivative: a gradient check alone is content."""
    def wrong(q, labels):
        p = SOFTMAX(q)
        value, dp = CROSS_ENTROPY(p, labels)
        return heads.CrossEntropy(value, p * (dp - (p * dp).sum(axis=-1, keepdims=True)))

    patch.setattr(heads, "softmax_cross_entropy", wrong)


def mean_forgotten(patch):
    """The value is a mean, the derivative that of the sum."""
    def wrong(q, labels):
        value, dq = CROSS_ENTROPY(q, labels)
        return heads.CrossEntropy(value, dq * q.shape[-2])

    patch.setattr(heads, "softmax_cross_entropy", wrong)


def mean_over_classes_too(patch):
    """Value and derivative are means over all N K entries."""
    patch.setattr(heads, "softmax_cross_entropy",
                  lambda q, labels: heads.CrossEntropy(*(part / q.shape[-1] for part in CROSS_ENTROPY(q, labels))))


def clipped_logarithm(patch):
    """log(p + 1e-8): a wrong class that leads by 40 costs 18, and hardly pulls."""
    def wrong(q, labels):
        p, n = SOFTMAX(q), q.shape[-2]
        dp = -labels / (p + 1e-8) / n
        return heads.CrossEntropy(-(labels * np.log(p + 1e-8)).sum(axis=(-2, -1)) / n,
                                  p * (dp - (p * dp).sum(axis=-1, keepdims=True)))

    patch.setattr(heads, "softmax_cross_entropy", wrong)


def likelihood_not_negative(patch):
    """The sign of the squared error (tdeboissiere/DeepLearningImplementations #47): the likelihood is made small."""
    def wrong(mean, target, log_std):
        value, dmean, dlog_std = GAUSSIAN(mean, target, log_std)
        e2 = ((target - mean) * np.exp(-log_std))**2
        return heads.GaussianNLL(value - e2.sum(axis=(-2, -1)) / len(e2), -dmean, dlog_std + 2 * e2 / len(e2))

    patch.setattr(heads, "gaussian_nll", wrong)


def deviation_not_divided(patch):
    """dmean lacks the 1/std outside."""
    def wrong(mean, target, log_std):
        nll = GAUSSIAN(mean, target, log_std)
        return nll._replace(dmean=nll.dmean * np.exp(log_std))

    patch.setattr(heads, "gaussian_nll", wrong)


def deviation_without_its_own_cost(patch):
    """dlog_std = -e^2/N: without the 1 of log_std itself, a larger deviation is always better."""
    def wrong(mean, target, log_std):
        nll = GAUSSIAN(mean, target, log_std)
        return nll._replace(dlog_std=nll.dlog_std - 1 / mean.shape[-2])

    patch.setattr(heads, "gaussian_nll", wrong)


def standard_deviation_for_variance(patch):
    """log_var is taken for the logarithm of the standard deviation."""
    patch.setattr(heads, "gaussian_kl", lambda mean, log_var: DIVERGENCE(mean, 2 * log_var))


def variance_without_its_own_cost(patch):
    """dlog_var = exp(log_var) / (2 N): without the - 1 the best variance is 0."""
    def wrong(mean, log_var):
        kl = DIVERGENCE(mean, log_var)
        return kl._replace(dlog_var=kl.dlog_var + 1 / (2 * mean.shape[-2]))

    patch.setattr(heads, "gaussian_kl", wrong)


@pytest.mark.parametrize(("mutant", "check"), [
    (standard_deviation_for_variance, check_divergence), (variance_without_its_own_cost, check_divergence),
    (softmax_twice, check_cross_entropy_derivative), (softmax_twice, check_cross_entropy_value),
    (softmax_twice_and_differentiated, check_cross_entropy_value), (mean_forgotten, check_cross_entropy_derivative),
    (mean_over_classes_too, check_cross_entropy_value), (clipped_logarithm, check_confident_scores),
    (likelihood_not_negative, check_gaussian_value), (deviation_not_divided, check_gaussian_derivatives),
    (deviation_without_its_own_cost, check_gaussian_derivatives)], ids=lambda f: f.__name__)
def test_the_mistake_is_caught(monkeypatch, mutant, check):
    check()
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check()


@pytest.mark.parametrize(("mutant", "check"), [
    (softmax_twice_and_differentiated, check_cross_entropy_derivative), (mean_over_classes_too, check_cross_entropy_derivative),
    (likelihood_not_negative, check_gaussian_derivatives)], ids=lambda f: f.__name__)
def test_why_the_value_is_checked_against_the_formula(monkeypatch, mutant, check):
    """Value and derivative agree, and both are wrong: the gradient check passes."""
    mutant(monkeypatch)
    check()
