"""SoftmaxGroups: derivatives, SciPy's softmax, what it leaves alone, numbers of every size, replicas, planted mistakes."""

import json

import numpy as np
import pytest
import test_layers
from oracles import SEEDS, same_bits
from scipy import special

from tinygan.engine import categories
from tinygan.engine.categories import SoftmaxGroups
from tinygan.engine.layers import Dense, Tanh
from tinygan.engine.network import Sequential
from tinygan.engine.parts import described, made

RNG = np.random.default_rng
# numbers before the groups or none, one group or several, a group of one column
LAYERS = {"SoftmaxGroups": (6, (3, 2)), "no numbers": (5, (2, 3)), "one group": (4, (4,)), "groups of one": (5, (1, 3, 1))}


def alone(name):
    return lambda d, k, dtype: SoftmaxGroups(*LAYERS[name])


def inside(name):
    """The layer in a network, between two smooth ones: its output is bent again, else every group's sum is constant."""
    def network(d, k, dtype):
        width, sizes = LAYERS[name]
        return Sequential(Dense(d, width), SoftmaxGroups(width, sizes), Dense(width, 4), Tanh(), Dense(4, k), dtype=dtype)

    return network


def wide(name):
    """The layer behind a Dense that takes three features, as the checks of test_layers want it."""
    return lambda d, k, dtype: Sequential(Dense(d, LAYERS[name][0]), SoftmaxGroups(*LAYERS[name]), dtype=dtype)


MAKERS = {name: (alone(name), (3, LAYERS[name][0], 1)) for name in LAYERS}
MAKERS |= {f"{name}, inside": (inside(name), (7, 3, 5)) for name in LAYERS}
EACH = pytest.mark.parametrize("name", LAYERS)


# ---------------------------------------------------------------- the four methods


def check_backward(name="SoftmaxGroups", seed=0):
    make, size = MAKERS[name]
    test_layers.check_backward(make, seed, size)


def check_tangents(name="SoftmaxGroups", seed=0, moving=True):
    make, size = MAKERS[name]
    test_layers.check_tangents(make, seed, size, moving)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", MAKERS)
def test_backward_agrees_with_central_differences(name):
    for seed in SEEDS:
        check_backward(name, seed)


@pytest.mark.parametrize("name", MAKERS)
def test_backward_is_the_transpose_of_tangent(name):
    make, size = MAKERS[name]
    for seed in SEEDS:
        test_layers.check_adjoint(make, seed, size)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("moving", [True, False], ids=["theta moves", "theta held fixed"])
@pytest.mark.parametrize("name", MAKERS)
def test_tangent_and_tangent_backward_are_the_derivatives_of_forward_and_backward(name, moving):
    for seed in SEEDS:
        check_tangents(name, seed, moving)


@EACH
def test_the_hessian_is_symmetric(name):
    test_layers.check_hessian(inside(name))


@EACH
def test_the_tape_belongs_to_the_caller(name):
    test_layers.check_two_forwards(wide(name))
    test_layers.check_without_grads(wide(name))
    test_layers.check_accumulates(wide(name))


# ---------------------------------------------------------------- what it does


def check_value(name="SoftmaxGroups"):
    """Each group is SciPy's softmax, and the numbers before the groups are as they were."""
    width, sizes = LAYERS[name]
    for seed in SEEDS:
        x = RNG(seed).normal(0, 3, (7, width))
        y = SoftmaxGroups(width, sizes).forward(x)[0]
        free = width - sum(sizes)
        assert same_bits(y[:, :free], x[:, :free])
        for size, stop in zip(sizes, free + np.cumsum(sizes), strict=True):
            np.testing.assert_allclose(y[:, stop - size:stop], special.softmax(x[:, stop - size:stop], axis=-1), rtol=1e-13)


@EACH
def test_each_group_is_the_softmax_of_scipy(name):
    check_value(name)


def check_large_scores(dtype=np.float64):
    """Scores of any size give one-hot groups without overflow, also where one group's scores dwarf those of another."""
    layer = SoftmaxGroups(6, (3, 2))
    for large in (100, 1e4, 1e30):
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            y, tape = layer.forward(np.array([[2, large, 0, -large, 1, 1]], dtype))
            dx = layer.backward(np.ones_like(y), tape)
        assert y.dtype == dx.dtype == dtype
        np.testing.assert_allclose(y, [[2, 1, 0, 0, .5, .5]], rtol=1e-6, atol=1e-40)
        np.testing.assert_allclose(dx, [[1, 0, 0, 0, 0, 0]], atol=1e-6)  # one more on all probabilities changes no score


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_of_every_size(dtype):
    check_large_scores(dtype)


def test_a_network_with_replicas_is_each_of_them():
    net = Sequential(Dense(3, 6), SoftmaxGroups(6, (3, 2)), replicas=4, dtype=np.float64)
    x = RNG(0).normal(size=(4, 5, 3))
    together = net(x)
    for r in range(4):
        np.testing.assert_allclose(net.replica(r)(x[r]), together[r], rtol=1e-13)


@EACH
def test_it_is_made_again_from_plain_values(name):
    layer = SoftmaxGroups(*LAYERS[name])
    twin = made(json.loads(json.dumps(described(layer))))
    assert type(twin) is SoftmaxGroups and (twin.d, twin.sizes, twin.free) == (layer.d, layer.sizes, layer.free)


@pytest.mark.parametrize(("d", "sizes", "error", "says"), [
    (3, (2, 2), ValueError, "groups of 4 columns in all do not fit into d = 3 columns"),
    (3, (), TypeError, r"sizes must be one whole number or more, such as \(3, 2\); got \(\)"),
    (3, 2, TypeError, "sizes must be one whole number or more.*got 2"),
    (3, (0, 2), ValueError, "SoftmaxGroups: sizes must be"), (2.5, (2,), TypeError, r"SoftmaxGroups: d \(columns\)"),
])
def test_bad_sizes(d, sizes, error, says):
    with pytest.raises(error, match=says):
        SoftmaxGroups(d, sizes)


def test_bad_shapes():
    layer = SoftmaxGroups(4, (3,))
    with pytest.raises(ValueError, match=r"SoftmaxGroups\(4, groups of 3\) expects \(..., N, 4\), got \(2, 5\)"):
        layer.forward(np.zeros((2, 5)))
    _, tape = layer.forward(np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"expects dy shaped like its output, \(2, 4\)"):
        layer.backward(np.zeros((2, 3)), tape)


# ---------------------------------------------------------------- planted mistakes


def one_softmax_for_all(patch):
    """All groups share one softmax: their probabilities sum to 1 together."""
    patch.setattr(categories, "_same_group", lambda sizes, dtype: np.ones((sum(sizes), sum(sizes)), dtype))


def slope_of_the_sigmoid(patch):
    """dq = p (1 - p) dp, as if each probability hung on its own score alone."""
    def wrong(self, p, v):
        return np.concatenate([v[..., :self.free], p * (1 - p) * v[..., self.free:]], axis=-1)

    patch.setattr(SoftmaxGroups, "_through", wrong)


def softmax_of_the_numbers_too(patch):
    """The derivative of the numbers before the groups is forgotten."""
    right = SoftmaxGroups._through

    def wrong(self, p, v):
        return np.concatenate([0 * v[..., :self.free], right(self, p, v)[..., self.free:]], axis=-1)

    patch.setattr(SoftmaxGroups, "_through", wrong)


def probabilities_held_fixed(patch):
    """The second derivative without p_dot, as if the softmax were linear."""
    right = SoftmaxGroups.tangent_backward
    patch.setattr(SoftmaxGroups, "tangent_backward", lambda self, dy, dy_dot, p, p_dot: right(self, dy, dy_dot, p, 0 * p_dot))


def sum_held_fixed(patch):
    """dq_dot lacks the part of s_dot that comes from p_dot."""
    def wrong(self, dy, dy_dot, p, p_dot):
        dp, s = dy[..., self.free:], self._sums(p * dy[..., self.free:])
        dx_dot = self._through(p, dy_dot)
        dx_dot[..., self.free:] += p_dot * (dp - s)
        return self._through(p, dy), dx_dot

    patch.setattr(SoftmaxGroups, "tangent_backward", wrong)


def nothing_taken_away(patch):
    """exp(q) of the scores as they are overflows."""
    def wrong(self, x):
        e = np.exp(x[..., self.free:])
        p = e / self._sums(e)
        return np.concatenate([x[..., :self.free], p], axis=-1), p

    patch.setattr(SoftmaxGroups, "forward", wrong)


@pytest.mark.parametrize(("mutant", "check", "error"), [
    (one_softmax_for_all, check_value, AssertionError), (slope_of_the_sigmoid, check_backward, AssertionError),
    (softmax_of_the_numbers_too, check_backward, AssertionError), (probabilities_held_fixed, check_tangents, AssertionError),
    (sum_held_fixed, check_tangents, AssertionError), (nothing_taken_away, check_large_scores, FloatingPointError)],
    ids=lambda f: f.__name__)
def test_the_mistake_is_caught(monkeypatch, mutant, check, error):
    check()
    mutant(monkeypatch)
    with pytest.raises(error):
        check()
