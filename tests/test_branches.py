"""A Network that is no chain: two branches that meet. All that a Sequential can do, it can do, with four methods and settings."""

import copy
import pickle

import numpy as np
import pytest
import test_layers
from oracles import SEEDS, Normal, same_bits
from test_parameters import apart, every_bit, points, same, whole
from test_penalties import PENALTIES, batches, check_exact

from tinygan import Adam, d_gradients, gradcheck, losses, mlp, train
from tinygan.engine.features import FourierFeatures, Pack
from tinygan.engine.layers import Dense, LeakyReLU, Softplus, Tanh
from tinygan.engine.network import (
    Network,
    Sequential,
    backward_through,
    forward_through,
    tangent_backward_through,
    tangent_through,
)
from tinygan.engine.norm import LayerNorm, SpectralNorm
from tinygan.penalties import R1, R2, WGANGP

SHAPES = [(7, 3, 5), (3, 5, 2), (5, 7, 3)]  # batch, features in, features out


class Branches(Network):
    """y = head(left(x) * right(x)), or with join="sum" head(left(x) + right(x)): x (..., N, d) -> y (..., N, k)."""

    def __init__(self, d, width, k=1, join="product", **options):
        self.width, self.join = width, join
        self.left = [Dense(d, width), Tanh(), Dense(width, width), Tanh()]
        self.right = [FourierFeatures(d, 4, scale=0.1), Dense(4, width), LayerNorm(width), Softplus()]
        self.head = Dense(width, k)
        super().__init__([*self.left, *self.right, self.head], d, k, **options)

    def forward(self, x):
        x = np.asanyarray(x, self.dtype)
        (a, left), (b, right) = forward_through(self.left, x), forward_through(self.right, x)
        y, head = self.head.forward(a * b if self.join == "product" else a + b)
        return y, (a, b, left, right, head)

    def backward(self, dy, tape, grads=True):
        a, b, left, right, head = tape
        dh = self.head.backward(dy, head, grads)
        da, db = (dh * b, dh * a) if self.join == "product" else (dh, dh)
        return backward_through(self.left, da, left, grads) + backward_through(self.right, db, right, grads)

    def tangent(self, x_dot, tape):
        a, b, left, right, head = tape
        (a_dot, left_dot), (b_dot, right_dot) = tangent_through(self.left, x_dot, left), tangent_through(self.right, x_dot, right)
        h_dot = a_dot * b + a * b_dot if self.join == "product" else a_dot + b_dot
        y_dot, head_dot = self.head.tangent(h_dot, head)
        return y_dot, (a_dot, b_dot, left_dot, right_dot, head_dot)

    def tangent_backward(self, dy, dy_dot, tape, tape_dot):
        (a, b, left, right, head), (a_dot, b_dot, left_dot, right_dot, head_dot) = tape, tape_dot
        dh, dh_dot = self.head.tangent_backward(dy, dy_dot, head, head_dot)
        da, da_dot, db, db_dot = dh, dh_dot, dh, dh_dot
        if self.join == "product":
            da, da_dot, db, db_dot = dh * b, dh_dot * b + dh * b_dot, dh * a, dh_dot * a + dh * a_dot
        dx, dx_dot = tangent_backward_through(self.left, da, da_dot, left, left_dot)
        more, more_dot = tangent_backward_through(self.right, db, db_dot, right, right_dot)
        return dx + more, dx_dot + more_dot

    def settings(self):
        return {"d": self.d_in, "width": self.width, "k": self.d_out, "join": self.join}


EACH = pytest.mark.parametrize("join", ["product", "sum"])
REPLICAS = pytest.mark.parametrize("replicas", [(), 3])


def maker(join):
    return lambda d, k, dtype: Branches(d, 4, k, join, dtype=dtype)


def critic(join="product", seed=0, dtype=np.float64, **options):
    """D for points in the plane, with a random theta."""
    D = Branches(2, 4, join=join, seed=seed, dtype=dtype, **options)
    D.theta += np.random.default_rng(seed).normal(size=D.theta.shape) / 5
    return D


# ---- the four methods, by the checks that layers go through


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@EACH
def test_backward_agrees_with_central_differences(join, shape):
    for seed in SEEDS:
        test_layers.check_backward(maker(join), seed, shape)


@EACH
def test_backward_is_the_transpose_of_tangent(join):
    for seed in SEEDS:
        for shape in SHAPES:
            test_layers.check_adjoint(maker(join), seed, shape)


@pytest.mark.parametrize("moving", [True, False], ids=["theta moves", "theta held fixed"])
@EACH
def test_tangent_and_tangent_backward_are_the_derivatives_of_forward_and_backward(join, moving):
    for seed in SEEDS:
        for shape in SHAPES:
            test_layers.check_tangents(maker(join), seed, shape, moving)


@EACH
def test_the_hessian_is_symmetric(join):
    test_layers.check_hessian(maker(join))


@EACH
def test_the_tape_belongs_to_the_caller_and_gradients_add_up(join):
    test_layers.check_two_forwards(maker(join))
    test_layers.check_without_grads(maker(join))
    test_layers.check_accumulates(maker(join))


def test_a_term_that_is_left_out_is_noticed():
    """The control: tangent_backward without one half of the product rule fails the same check."""
    class Wrong(Branches):
        def tangent_backward(self, dy, dy_dot, tape, tape_dot):
            a, b, *tapes = tape_dot
            return super().tangent_backward(dy, dy_dot, tape, (a, 0 * b, *tapes))

    with pytest.raises(AssertionError):
        test_layers.check_tangents(lambda d, k, dtype: Wrong(d, 4, k, dtype=dtype))


# ---- a store like every other


def test_its_arrays_and_words():
    net = Branches(2, 4, replicas=3)
    assert net.theta.shape == net.grad.shape == (3, 12 + 20 + 20 + 8 + 5) and whole(net)
    assert list(net.state()) == ["theta", "layer 4, turns"]
    first, *rows = repr(net).splitlines()
    assert first == "Branches: (3, N, 2) -> (3, N, 1), 65 parameters in each of 3 replicas, float32" and len(rows) == 9
    net.theta = np.zeros_like(net.theta)
    assert not net(points(net)).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@EACH
def test_a_replica_is_bit_for_bit_the_single_network_with_its_seed(join, dtype):
    net = Branches(2, 4, join=join, seed=11, replicas=3, dtype=dtype)
    x = points(net)
    for r, child in enumerate(np.random.SeedSequence(11).spawn(3)):
        single = Branches(2, 4, join=join, seed=child, dtype=dtype)
        taken_out = net.replica(r)
        for method in (four_methods, lambda net, x: [net.theta]):
            together, alone = method(net, x), method(single, x[r])
            for a, b, c in zip(together, alone, method(taken_out, x[r]), strict=True):
                assert same_bits(a[r], b) and same_bits(b, c) and b.dtype == dtype
        assert taken_out.replicas == () and whole(taken_out) and apart(net, taken_out)


def four_methods(net, x):
    y, tape = net.forward(x)
    y_dot, tape_dot = net.tangent(x[..., ::-1, :], tape)
    net.zero_grad()
    dx = net.backward(y, tape)
    return [y, y_dot, dx, *net.tangent_backward(y, y_dot, tape, tape_dot), net.grad.copy()]


@REPLICAS
@pytest.mark.parametrize("duplicate", [Network.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))],
                         ids=["copy", "deepcopy", "pickle"])
@EACH
def test_a_copy_is_equal_and_its_branches_are_its_own(join, duplicate, replicas):
    """The lists and attributes that hold layers hold the copy's."""
    net = critic(join, dtype=np.float32, replicas=replicas)
    twin, before = duplicate(net), every_bit(net)
    assert type(twin) is Branches and twin.join == join and whole(twin) and apart(net, twin)
    for one, layers in ((net, net.layers), (twin, twin.layers)):
        assert all(a is b for a, b in zip([*one.left, *one.right, one.head], layers, strict=True))
    assert same(every_bit(twin), before)
    twin.theta += 1
    assert same(every_bit(net), before) and not same_bits(twin(points(net)), net(points(net)))


@EACH
def test_a_copy_in_another_dtype(join):
    net = critic(join, dtype=np.float32)
    twin = net.copy(np.float64)
    assert twin.dtype == twin(points(net)).dtype == np.float64 and (twin.theta == net.theta).all() and apart(net, twin)
    np.testing.assert_allclose(twin(points(net)), net(points(net)), rtol=1e-4, atol=1e-5)
    result = gradcheck.check(lambda x: twin(x).sum(), twin.backward(np.ones((8, 1)), twin.forward(points(twin))[1]), points(twin))
    assert result.ok, str(result)


@REPLICAS
@EACH
def test_it_is_saved_and_loaded(tmp_path, join, replicas):
    net = critic(join, dtype=np.float32, replicas=replicas)
    net.save(tmp_path / "net.npz")
    for load in (Network.load, Branches.load):
        twin = load(tmp_path / "net.npz")
        assert type(twin) is Branches and twin.settings() == net.settings() and repr(twin) == repr(net)
        assert same(every_bit(twin), every_bit(net)) and whole(twin)
    with pytest.raises(ValueError, match="holds a Branches, not a Sequential: load it with Network.load"):
        Sequential.load(tmp_path / "net.npz")


def test_a_layer_of_a_branch_is_owned():
    net = Branches(2, 4)
    with pytest.raises(ValueError, match="belongs to a network already"):
        Sequential(*net.left)
    assert whole(Sequential(*map(copy.copy, net.left)))


# ---- as a player


@pytest.mark.parametrize("penalty", PENALTIES)
@EACH
def test_a_penalty_on_it_is_exact(join, penalty):
    judged = [check_exact(PENALTIES[penalty], critic(join, seed), batches(6, 2, seed), seed, penalty) for seed in SEEDS]
    assert sum(judged) >= 3


@pytest.mark.parametrize("loss", [losses.NonSaturating(), losses.Relativistic()], ids=repr)
@EACH
def test_ds_whole_gradient_with_r1(join, loss):
    """The loss and R1 (with R2 and WGANGP as well), over every parameter of both branches."""
    for seed, penalties in enumerate(((R1(0.7),), (R1(0.7), R2(0.3), WGANGP(2.0)))):
        D, (x_real, x_fake) = critic(join, seed), batches(6, 2, seed)

        def f(theta, D=D, x_real=x_real, x_fake=x_fake, penalties=penalties):
            D.theta = theta
            return float(d_gradients(D, x_real, x_fake, loss, penalties, np.random.default_rng(0)))

        theta = D.theta.copy()
        f(theta)
        result = gradcheck.check(f, D.grad.copy(), theta)
        assert result.ok and not result.kinks.any(), str(result)
        assert (result.analytic[:-1] != 0).all()  # no parameter is forgotten; only the last bias may have no gradient


def play(G, D, **settings):
    history = train(G, D, Normal(), losses.Relativistic(), steps=5, batch=8,
                    penalties=(R1(0.1), WGANGP(0.1)), **settings)
    assert np.isfinite(history.d_loss).all() and history.step[-1] == 5
    return history


@pytest.mark.parametrize("settings", [{}, *(pytest.param(more, marks=pytest.mark.slow) for more in (
    {"update": "extragradient"}, {"unroll": (2, 0.1)}, {"update": "optimistic", "clip": 0.5}))], ids=str)
@EACH
def test_it_is_trained_as_d_and_replicas_have_the_bits_of_single_runs(join, settings):
    def players(seed_g, seed_d, **options):
        return mlp(2, 5, 2, seed=seed_g, activation=Tanh, **options), Branches(2, 4, join=join, seed=seed_d, **options)

    G, D = players(1, 2, replicas=2)
    before = D.theta.copy()
    history = play(G, D, seed=4, **settings)
    assert (D.theta[:, :-1] != before[:, :-1]).all() and whole(D)
    for r in range(2):
        one, two, three = (np.random.SeedSequence(seed).spawn(2)[r] for seed in (1, 2, 4))
        g, d = players(one, two)
        single = play(g, d, seed=three, **settings)
        assert same_bits(g.theta, G.theta[r]) and same_bits(d.theta, D.theta[r])
        assert same_bits(single.d_loss, history.d_loss[:, r])


@REPLICAS
def test_it_is_averaged_as_g(replicas):
    """The running average of `Training` is a network of the same class; its theta is the average written out."""
    G, D, averages = Branches(2, 4, 2, replicas=replicas), mlp(2, 5, 1, seed=1, replicas=replicas), []
    expected = G.theta.copy()

    def follow(state):
        nonlocal expected
        expected += (1 - 0.9) * (state.G.theta - expected)
        averages.append(same_bits(state.G_ema.theta, expected))

    history = play(G, D, ema=0.9, callback=follow)
    assert averages == [True] * 5 and type(history.G_ema) is Branches and whole(history.G_ema) and apart(G, history.G_ema)
    assert not same_bits(history.G_ema(points(G)), G(points(G)))


def test_it_may_pack():
    """rows, where a network sets it, tells everybody how many points make one score."""
    class PairBranches(Branches):
        """Branches of two points at a time."""

        rows = 2

        def __init__(self, d, width, **options):
            self.pack = Pack(2, d)
            super().__init__(2 * d, width, **options)
            self.d_in = d

        def forward(self, x):
            packed, tape = self.pack.forward(np.asanyarray(x, self.dtype))
            y, rest = super().forward(packed)
            return y, (tape, rest)

        def backward(self, dy, tape, grads=True):
            return self.pack.backward(super().backward(dy, tape[1], grads), tape[0])

        def tangent(self, x_dot, tape):
            packed_dot, tape_dot = self.pack.tangent(x_dot, tape[0])
            y_dot, rest = super().tangent(packed_dot, tape[1])
            return y_dot, (tape_dot, rest)

        def tangent_backward(self, dy, dy_dot, tape, tape_dot):
            return self.pack.tangent_backward(*super().tangent_backward(dy, dy_dot, tape[1], tape_dot[1]), tape[0], tape_dot[0])

    for penalty in PENALTIES:
        D = PairBranches(2, 4, dtype=np.float64)
        assert check_exact(PENALTIES[penalty], D, batches(8, 2, 0), 0, penalty)
    D = PairBranches(2, 4)
    play(mlp(2, 5, 2, seed=1), D, opt_d=Adam(1e-2))
    assert whole(D)


def test_layers_with_buffers_in_a_branch():
    """SpectralNorm's u moves with D's steps, copies take it along, and a run of replicas has the bits of single runs."""
    class Normed(Branches):
        """Branches whose left one is spectrally normalised."""

        def __init__(self, d, width, **options):
            self.width, self.join = width, "sum"
            self.left = [SpectralNorm(Dense(d, width)), LeakyReLU(), SpectralNorm(Dense(width, width))]
            self.right, self.head = [Dense(d, width)], Dense(width, 1)
            Network.__init__(self, [*self.left, *self.right, self.head], d, 1, **options)

    D = Normed(2, 4, seed=2, replicas=2)
    start = D.state()
    play(mlp(2, 5, 2, seed=1, replicas=2), D, seed=4)
    assert list(start) == ["theta", "layer 0, u", "layer 2, u"]
    assert all((array != start[name]).any() for name, array in D.state().items())
    for r in range(2):
        g, d, seed = (np.random.SeedSequence(s).spawn(2)[r] for s in (1, 2, 4))
        single = Normed(2, 4, seed=d)
        play(mlp(2, 5, 2, seed=g), single, seed=seed)
        for name, array in single.state().items():
            assert same_bits(array, D.state()[name][r]) and same_bits(array, D.copy().replica(r).state()[name])
