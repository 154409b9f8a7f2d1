"""Sequential: one flat theta, views into it, replicas, and how weights begin."""

import copy
import pickle

import numpy as np
import pytest
from oracles import same_bits

import tinygan
from tinygan import losses
from tinygan.engine import initial
from tinygan.engine.features import MinibatchDiscrimination
from tinygan.engine.layers import Dense, LeakyReLU, ReLU, Softplus, Tanh
from tinygan.engine.network import Sequential, he, mlp, orthogonal, xavier
from tinygan.engine.norm import SpectralNorm
from tinygan.engine.optim import SGD, Adam

RULES = {"he": he, "xavier": xavier, "orthogonal": orthogonal(1.4)}
SEEDS = range(5)


def test_layers_hold_views_into_theta_and_grad():
    for replicas in ((), 3):
        net = mlp(2, 5, 3, replicas=replicas)
        for layer in (net.layers[0], net.layers[2]):
            for name in ("W", "b"):
                assert np.shares_memory(getattr(layer, name), net.theta)
                assert np.shares_memory(getattr(layer, "d" + name), net.grad)
        net.theta[...] = 7
        assert (net.layers[2].W == 7).all() and (net.layers[0].b == 7).all()
        net.layers[0].dW[...] = 3
        assert net.grad.sum() == 3 * net.layers[0].dW.size


def test_theta_holds_w_then_b_layer_after_layer():
    net = mlp(2, 5, 3)
    assert net.theta.shape == net.grad.shape == (2 * 5 + 5 + 5 * 3 + 3,)
    net.theta[...] = np.arange(33)
    first, _, second = net.layers
    assert first.W.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]] and first.b.tolist() == [[10, 11, 12, 13, 14]]
    assert second.W[0].tolist() == [15, 16, 17] and second.b.tolist() == [[30, 31, 32]]
    assert [(layer, name, view.shape) for layer, name, view in net.views(net.theta)] == [
        (first, "W", (2, 5)), (first, "b", (1, 5)), (second, "W", (5, 3)), (second, "b", (1, 3))]


def test_mlp_has_the_layers_it_names():
    net = mlp(2, 8, 4, 1, activation=lambda: LeakyReLU(0.1))
    assert [repr(layer) for layer in net.layers] == [
        "Dense(2 -> 8)", "LeakyReLU(0.1)", "Dense(8 -> 4)", "LeakyReLU(0.1)", "Dense(4 -> 1)"]
    assert (net.d_in, net.d_out, net.dtype) == (2, 1, np.float32)
    assert len(mlp(2, 1).layers) == 1


def check_replicas(sizes=(3, 5, 1), batch=7, rule=he, dtype=np.float64):
    """Weights, forward, backward, tangent and tangent_backward of each replica have the bits of the single network's."""
    net = mlp(*sizes, activation=Tanh, seed=11, replicas=3, dtype=dtype, init=rule)
    singles = [mlp(*sizes, activation=Tanh, seed=child, dtype=dtype, init=rule) for child in np.random.SeedSequence(11).spawn(3)]
    x = np.random.default_rng(0).normal(size=(3, batch, sizes[0])).astype(dtype)
    y, tape = net.forward(x)
    y_dot, tape_dot = net.tangent(x[..., ::-1, :], tape)
    dx = net.backward(y, tape)
    rates = net.tangent_backward(y, y_dot, tape, tape_dot)
    for r, single in enumerate(singles):
        y1, tape1 = single.forward(x[r])
        y1_dot, tape1_dot = single.tangent(x[r][..., ::-1, :], tape1)
        dx1 = single.backward(y1, tape1)
        rates1 = single.tangent_backward(y1, y1_dot, tape1, tape1_dot)
        for a, b in zip((y, y_dot, dx, *rates, net.theta, net.grad),
                        (y1, y1_dot, dx1, *rates1, single.theta, single.grad), strict=True):
            assert same_bits(a[r], b), f"replica {r} differs from its single network"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("batch", [1, 7, 128])
@pytest.mark.parametrize("sizes", [(3, 5, 1), (2, 64, 64, 2), (1, 17, 1)], ids=str)
def test_a_replica_is_bit_for_bit_the_single_network_with_its_seed(sizes, batch, rule):
    for dtype in (np.float32, np.float64):
        check_replicas(sizes, batch, rule, dtype)


def test_replicas_do_not_see_each_other():
    """NaN in one replica stays there."""
    net = mlp(2, 5, 1, replicas=3)
    clean = net.copy()
    net.theta[1] = np.nan
    x = np.ones((3, 7, 2), np.float32)
    y, tape = net.forward(x)
    net.backward(y, tape)
    y, tape = clean.forward(x)
    clean.backward(y, tape)
    assert np.isnan(net.grad[1]).all() and same_bits(net.grad[[0, 2]], clean.grad[[0, 2]])


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    sequence = np.random.SeedSequence(5)
    assert same_bits(mlp(3, 4, 1, seed=5).theta, mlp(3, 4, 1, seed=sequence).theta)
    assert same_bits(mlp(3, 4, 1, seed=sequence, replicas=2).theta, mlp(3, 4, 1, seed=5, replicas=2).theta)
    assert (mlp(3, 4, 1, seed=5).layers[0].W != mlp(3, 4, 1, seed=6).layers[0].W).all()
    replicas = mlp(3, 4, 1, seed=5, replicas=2).layers[0].W
    assert (replicas[0] != replicas[1]).all()


def spread_of_w(rule, d, k, seed):
    """Mean and variance of W, and how many standard errors each is from (0, wanted variance) under a normal law."""
    W = mlp(d, k, init=rule, seed=seed, dtype=np.float64).layers[0].W
    return lambda variance: (abs(W.mean()) / np.sqrt(variance / W.size), abs(W.var() / variance - 1) / np.sqrt(2 / W.size))


@pytest.mark.parametrize("rule, variance", [(he, 2 / 60), (xavier, 2 / (60 + 90))], ids=["he", "xavier"])
def test_the_variance_of_initial_weights(rule, variance):
    """Within 4 standard errors on 5 of 5 seeds; a variance 20 % off (control) is outside on 5 of 5."""
    for seed in SEEDS:
        spread = spread_of_w(rule, 60, 90, seed)
        assert max(spread(variance)) < 4
        assert max(spread(1.2 * variance)) > 4


@pytest.mark.parametrize("d, k", [(9, 4), (4, 9), (6, 6)])
def test_orthogonal_weights_are_orthogonal(d, k):
    for seed in SEEDS:
        W = mlp(d, k, init=orthogonal(1.4), seed=seed, dtype=np.float64).layers[0].W
        square = W.swapaxes(-1, -2) @ W if d >= k else W @ W.swapaxes(-1, -2)
        np.testing.assert_allclose(square, 1.4**2 * np.eye(min(d, k)), atol=1e-14)
    normal = mlp(d, k, init=he, dtype=np.float64).layers[0].W
    square = normal.swapaxes(-1, -2) @ normal if d >= k else normal @ normal.swapaxes(-1, -2)
    assert np.abs(square / square[0, 0] - np.eye(min(d, k))).max() > 0.1  # the control: normal weights are not


def test_orthogonal_weights_have_no_preferred_sign():
    """The first entry of a uniformly random orthogonal matrix is positive half the time; raw QR makes it nearly never so."""
    positive = sum(orthogonal()(np.random.default_rng(seed), 3, 3)[0, 0] > 0 for seed in range(200))
    raw = sum(np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0][0, 0] > 0 for seed in range(200))
    assert 70 < positive < 130 and not 70 < raw < 130  # 100 expected; 30 is more than 4 standard deviations


@pytest.mark.parametrize("gain", [0, -1, float("nan"), "x", True])
def test_gains_that_are_no_gains(gain):
    with pytest.raises((TypeError, ValueError), match="orthogonal: gain"):
        orthogonal(gain)


def test_each_replica_draws_its_weights_by_the_rule_from_its_own_seed():
    """W layer after layer from one Generator a replica, also those of minibatch discrimination and of spectral norm."""
    def layers():
        return MinibatchDiscrimination(3, kernels=2, dims=2), SpectralNorm(Dense(5, 4)), Dense(4, 1)

    for rule in RULES.values():
        net = Sequential(*layers(), replicas=2, seed=4, init=rule, dtype=np.float64)
        for r, child in enumerate(np.random.SeedSequence(4).spawn(2)):
            rng = np.random.default_rng(child)
            for layer in net.layers:
                assert same_bits(layer.W[r].copy(), rule(rng, *layer.shapes["W"]))


def test_a_list_of_seeds_is_one_for_each_replica():
    net = mlp(2, 4, 1, seed=[7, np.random.SeedSequence(3), 7], replicas=3)
    for r, seed in enumerate((7, 3, 7)):
        assert same_bits(net.theta[r], mlp(2, 4, 1, seed=seed).theta)
    with pytest.raises(ValueError, match="3 replicas take one seed, or a list of 3 seeds; got a list of 2"):
        mlp(2, 4, 1, seed=[7, 3], replicas=3)


def test_a_rule_of_ones_own():
    net = mlp(2, 4, 1, init=lambda rng, d, k: np.full((d, k), 10 * d + k), replicas=2)
    assert (net.layers[0].W == 24).all() and (net.layers[2].W == 41).all() and not net.layers[0].b.any()


def test_the_rules_have_one_home():
    assert (initial.he, initial.xavier, initial.orthogonal) == (he, xavier, orthogonal) == (
        tinygan.he, tinygan.xavier, tinygan.orthogonal)


def test_biases_begin_at_zero():
    net = mlp(3, 7, 2, replicas=2)
    assert not net.layers[0].b.any() and not net.layers[2].b.any() and net.layers[0].W.all()


@pytest.mark.parametrize("loss", [losses.NonSaturating(0.9), losses.LeastSquares(), losses.Hinge(), losses.Wasserstein()],
                         ids=repr)
@pytest.mark.parametrize("optimiser", [Adam(), SGD(0.1, momentum=0.9)], ids=["Adam", "SGD"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_dtype_from_input_to_update(dtype, optimiser, loss):
    """Nothing promotes on the way: forward, backward, tangents, loss, gradient, moments, parameters."""
    for activation in (ReLU, LeakyReLU, Tanh, Softplus):
        net = mlp(2, 5, 1, activation=activation, dtype=dtype)
        opt = copy.deepcopy(optimiser)
        s, tape = net.forward(np.ones((7, 2)))  # a float64 batch is taken over into the network's dtype
        value, ds_real, ds_fake = loss.d(s, s)
        s_dot, tape_dot = net.tangent(np.ones((7, 2), dtype), tape)
        dx = net.backward(ds_real, tape)
        rates = net.tangent_backward(ds_fake, s_dot, tape, tape_dot)
        opt.step(net.theta, net.grad)
        moments = [getattr(opt, name) for name in opt.memories]
        assert moments
        for array in (s, value, ds_real, ds_fake, s_dot, dx, *rates, net.theta, net.grad, *moments, *loss.g(s)):
            assert array.dtype == dtype


def test_a_complex_network_stays_complex():
    net = mlp(2, 5, 1, activation=Softplus, dtype=np.complex128)
    y, tape = net.forward(np.ones((7, 2)))
    assert y.dtype == net.backward(y, tape).dtype == net.grad.dtype == np.complex128


@pytest.mark.parametrize("make, error, message", [
    (lambda: Sequential(Dense(2, 64), ReLU(), Dense(32, 1)), ValueError,
     r"layer 0, Dense\(2 -> 64\), gives 64 features, but layer 2, Dense\(32 -> 1\), takes 32"),
    (lambda: Sequential(), ValueError, "at least one layer"),
    (lambda: Sequential(ReLU()), ValueError, "at least one layer with a size, for example Dense"),
    (lambda: mlp(2), ValueError, "at least two sizes"),
    (lambda: mlp(2, 0, 1), ValueError, "at least 1"),
    (lambda: mlp(2, 1, replicas=0), ValueError, "replicas must be at least 1"),
    (lambda: mlp(2, 1, replicas=2.0), TypeError, "replicas must be a whole number"),
    (lambda: mlp(2, 1, dtype=int), TypeError, "dtype must be float32 .* got int64"),
    (lambda: mlp(2, 1, seed=-1), ValueError, "seed must be 0 or larger"),
    (lambda: mlp(2, 1, seed="abc"), TypeError, "seed must be a whole number"),
    (lambda: mlp(2, 1, seed=True), TypeError, "seed must be a whole number"),
])
def test_what_is_not_a_network_is_refused_at_construction(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_the_same_layer_object_twice_is_refused():
    dense = Dense(3, 3)
    with pytest.raises(ValueError, match="the same layer object twice"):
        Sequential(dense, ReLU(), dense)


@pytest.mark.parametrize("duplicate", [lambda net: net.copy(), copy.deepcopy], ids=["copy", "deepcopy"])
@pytest.mark.parametrize("replicas", [(), 3])
def test_a_copy_is_equal_and_independent(duplicate, replicas):
    net = mlp(2, 5, 1, replicas=replicas, seed=3)
    net.theta_dot = np.ones_like(net.theta)
    twin = duplicate(net)
    x = np.random.default_rng(0).normal(size=(*net.replicas, 7, 2))
    before, theta = net(x), net.theta.copy()
    assert same_bits(twin(x), before)
    assert twin.theta_dot is None and net.layers[0].W_dot is not None
    twin.theta += 1
    y, tape = twin.forward(x)
    twin.backward(y, tape)
    assert np.shares_memory(twin.layers[0].W, twin.theta) and np.shares_memory(twin.layers[2].db, twin.grad)
    assert same_bits(net(x), before) and same_bits(net.theta, theta) and not net.grad.any() and twin.grad.any()


def test_one_replica_taken_out_is_the_single_network_and_independent():
    net = mlp(2, 5, 1, replicas=3, seed=3)
    net.theta_dot = np.ones_like(net.theta)
    x = np.random.default_rng(0).normal(size=(7, 2))
    for r, child in enumerate(np.random.SeedSequence(3).spawn(3)):
        one, single = net.replica(r), mlp(2, 5, 1, seed=child)
        assert same_bits(one(x), single(x)) and one.replicas == () and one.theta_dot is None and repr(one) == repr(single)
        one.theta += 1
        assert np.shares_memory(one.layers[0].W, one.theta) and same_bits(net.theta[r], single.theta)
    for wrong in (3, -1):
        with pytest.raises(ValueError, match=f"there is no replica {wrong}: this network has replicas 0 to 2"):
            net.replica(wrong)
    with pytest.raises(ValueError, match="there is no replica 0: this network has no replicas"):
        mlp(2, 1).replica(0)


def test_repr_shows_layers_shapes_and_counts():
    text = repr(mlp(2, 64, 1, activation=Tanh))
    first, *rows = text.splitlines()
    assert first == "Sequential: (N, 2) -> (N, 1), 257 parameters, float32"
    assert [row.split() for row in rows] == [
        "Dense(2 -> 64) -> (N, 64) 192 W (2, 64) + b (1, 64)".split(),
        "Tanh() -> (N, 64)".split(),
        "Dense(64 -> 1) -> (N, 1) 65 W (64, 1) + b (1, 1)".split()]
    text = repr(mlp(2, 64, 1, replicas=3))
    assert "257 parameters in each of 3 replicas" in text and "-> (3, N, 64)" in text


def test_theta_dot_must_have_the_shape_of_theta():
    net = mlp(2, 5, 1)
    with pytest.raises(ValueError, match=r"theta_dot must have theta's shape \(21,\); got \(20,\)"):
        net.theta_dot = np.zeros(20)
    assert net.theta_dot is None
    net.theta_dot = velocity = np.arange(21, dtype=np.float32)
    assert net.layers[0].W_dot.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]] and net.theta_dot is velocity
    net.theta_dot = np.arange(21.0)  # taken over into the network's dtype
    assert net.theta_dot.dtype == net.layers[0].W_dot.dtype == np.float32 and (net.theta_dot == velocity).all()
    net.theta_dot = None
    assert net.layers[0].W_dot is None and net.layers[2].b_dot is None


def test_zero_grad_clears_in_place():
    net = mlp(2, 5, 1)
    grad = net.grad
    net.grad += 1
    net.zero_grad()
    assert net.grad is grad and not grad.any()


def test_a_pickled_network_is_whole():
    """joblib's workers receive pickles: their layers must still be views into theta."""
    net = mlp(2, 5, 1, seed=3)
    twin = pickle.loads(pickle.dumps(net))
    x = np.ones((4, 2))
    assert same_bits(twin(x), net(x))
    twin.theta[...] = 0
    assert not twin(x).any() and net(x).any()
