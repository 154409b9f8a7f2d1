"""The layers of engine/norm and engine/features: derivatives, the buffer u, replicas, penalties, and what the layers are for."""

import copy
import pickle

import numpy as np
import pytest
import test_layers
from oracles import SEEDS, same_bits
from test_penalties import PENALTIES, batches, check_exact

from tinygan import Adam, d_gradients, d_step, data, g_gradients, g_step, gradcheck, losses, mlp, train
from tinygan.engine.beside import FourierBeside
from tinygan.engine.features import FourierFeatures, MinibatchDiscrimination, MinibatchStd, Pack
from tinygan.engine.layers import Dense, Tanh
from tinygan.engine.network import Sequential
from tinygan.engine.norm import BatchNorm, LayerNorm, SpectralNorm
from tinygan.penalties import R1, WGANGP

SHAPES = [(7, 3, 5), (3, 5, 2), (5, 7, 3)]  # batch, features in, features out


def held(layer):
    """The same SpectralNorm with u and v as the first forward finds them: the function whose derivative is written down."""
    found = []

    def directions():
        if not found:
            found.extend(SpectralNorm.directions(layer))
        return found

    layer.directions = directions
    return layer


# name -> (d, k) -> layer
LAYERS = {"LayerNorm": lambda d, k: LayerNorm(d),
          "SpectralNorm": lambda d, k: held(SpectralNorm(Dense(d, k))),
          "MinibatchStd": lambda d, k: MinibatchStd(d),
          "MinibatchDiscrimination": lambda d, k: MinibatchDiscrimination(d, kernels=3, dims=2),
          "FourierFeatures": lambda d, k: FourierFeatures(d, 2 * k, scale=0.05),
          "FourierBeside": lambda d, k: FourierBeside(d, 2 * k, scale=0.05, size=0.7),
          "Pack": lambda d, k: Pack(2, d)}


def alone(make):
    return lambda d, k, dtype: make(d, k)


def inside(make):
    """The layer in a network of tanh units."""
    def network(d, k, dtype):
        layer = make(5, 3)
        return Sequential(Dense(d, 5), Tanh(), layer, Tanh(), Dense(layer.k, k), dtype=dtype)

    return network


MAKERS = {name: alone(make) for name, make in LAYERS.items()} | {f"{name}, inside": inside(make) for name, make in LAYERS.items()}
BATCH_NORM = {"BatchNorm": alone(lambda d, k: BatchNorm(d)), "BatchNorm, inside": inside(lambda d, k: BatchNorm(d))}
SPECTRAL = alone(lambda d, k: SpectralNorm(Dense(d, k)))  # u and v move as they please


def critic(name, d, seed=0, dtype=np.float64, replicas=(), **options):
    layer = LAYERS[name](5, 3)
    D = Sequential(Dense(d, 5), Tanh(), layer, Tanh(), Dense(layer.k, 1), seed=seed, dtype=dtype, replicas=replicas, **options)
    D.theta[...] += (np.random.default_rng(seed).normal(size=D.theta.shape) / 5).astype(dtype)
    return D


def everything(d, first=(), **options):
    """One critic with all the layers in a row, after those in `first`; u and v move."""
    return Sequential(*first, FourierFeatures(d, 6, scale=0.2), SpectralNorm(Dense(6, 5)), Tanh(), LayerNorm(5),
                      MinibatchDiscrimination(5, kernels=2, dims=2), SpectralNorm(Dense(7, 4)), Tanh(), MinibatchStd(4),
                      Dense(5, 1), **options)


# ---------------------------------------------------------------- the four methods


def check_backward(name, seed=0, shape=SHAPES[0]):
    test_layers.check_backward((MAKERS | BATCH_NORM)[name], seed, shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", [*MAKERS, *BATCH_NORM])
def test_backward_agrees_with_central_differences(name, shape):
    for seed in SEEDS:
        check_backward(name, seed, shape)


@pytest.mark.parametrize("name", MAKERS)
def test_backward_is_the_transpose_of_tangent(name):
    for seed in SEEDS:
        for shape in SHAPES:
            test_layers.check_adjoint(MAKERS[name], seed, shape)


def check_tangents(name, seed=0, shape=SHAPES[0], moving=True):
    test_layers.check_tangents(MAKERS[name], seed, shape, moving)


@pytest.mark.parametrize("moving", [True, False], ids=["theta moves", "theta held fixed"])
@pytest.mark.parametrize("name", MAKERS)
def test_tangent_and_tangent_backward_are_the_derivatives_of_forward_and_backward(name, moving):
    for seed in SEEDS:
        for shape in SHAPES:
            check_tangents(name, seed, shape, moving)


@pytest.mark.parametrize("name", LAYERS)
def test_the_hessian_is_symmetric(name):
    test_layers.check_hessian(MAKERS[f"{name}, inside"])


@pytest.mark.parametrize("make", [*MAKERS.values(), *BATCH_NORM.values()], ids=[*MAKERS, *BATCH_NORM])
def test_the_tape_belongs_to_the_caller(make):
    test_layers.check_two_forwards(make)
    test_layers.check_without_grads(make)
    if getattr(make(3, 5, np.float64), "parameters", ("theta",)):  # a layer without any has nothing to add up
        test_layers.check_accumulates(make)


@pytest.mark.parametrize("name", LAYERS)
def test_a_wrong_cotangent_is_named(name):
    test_layers.check_wrong_cotangent(MAKERS[name])


@pytest.mark.parametrize("layer, names", [(BatchNorm(3), "BatchNorm(3)"), (LayerNorm(3), "LayerNorm(3)"),
                                          (SpectralNorm(Dense(3, 2)), "SpectralNorm(Dense(3 -> 2))"),
                                          (MinibatchDiscrimination(3), "MinibatchDiscrimination(3 -> 8)"),
                                          (MinibatchStd(3), "MinibatchStd(3 -> 4)"),
                                          (FourierFeatures(3, 8), "FourierFeatures(3 -> 8)"),
                                          (FourierBeside(3, 8), "FourierBeside(3 -> 11)"),
                                          (Pack(2, 3), "Pack(2 x 3 -> 6)")])
def test_a_wrong_input_is_named(layer, names):
    parameters = bool(layer.parameters)
    for shape in ((7, 4), (3,), *[(2, 7, 3)] * parameters):  # without parameters nobody knows how many replicas there are
        with pytest.raises(ValueError) as error:
            layer.forward(np.zeros(shape))
        assert str(error.value) == f"{names} expects {'(N, 3)' if parameters else '(..., N, 3)'}, got {shape}"
    if parameters:
        net = Sequential(layer, replicas=4)
        with pytest.raises(ValueError) as error:
            net(np.zeros((7, 3)))
        assert str(error.value) == f"{names} expects (4, N, 3), got (7, 3)"
    else:
        assert layer.forward(np.ones((2, 8, 3)))[0].shape == (2, 8 // layer.rows, layer.k)


@pytest.mark.parametrize("make, error, message", [
    (lambda: LayerNorm(1), ValueError, "LayerNorm: d .* at least 2"), (lambda: BatchNorm(0), ValueError, "BatchNorm: d"),
    (lambda: BatchNorm(2, eps=0), ValueError, "BatchNorm: eps"), (lambda: LayerNorm(2, eps=-1), ValueError, "LayerNorm: eps"),
    (lambda: SpectralNorm(Tanh()), TypeError, "takes a Dense layer"), (lambda: SpectralNorm(3), TypeError, "takes a Dense layer"),
    (lambda: SpectralNorm(Dense(2, 2), steps=0), ValueError, "SpectralNorm: steps"),
    (lambda: MinibatchStd(2.0), TypeError, "MinibatchStd: d"), (lambda: MinibatchStd(2, eps=0), ValueError, "MinibatchStd: eps"),
    (lambda: MinibatchDiscrimination(2, kernels=0), ValueError, "MinibatchDiscrimination: kernels"),
    (lambda: MinibatchDiscrimination(2, dims=0), ValueError, "MinibatchDiscrimination: dims"),
    (lambda: FourierFeatures(2, 5), ValueError, "must be even, .* got 5"),
    (lambda: FourierFeatures(2, 4, scale=0), ValueError, "FourierFeatures: scale"),
    (lambda: FourierFeatures(2, 4, seed=-1), ValueError, "seed must be 0 or larger"),
    (lambda: FourierBeside(2, 5), ValueError, "FourierBeside: features must be even, .* got 5"),
    (lambda: FourierBeside(2, 0), ValueError, "FourierBeside: features"),
    (lambda: FourierBeside(2, 4, scale=0), ValueError, "FourierBeside: scale"),
    (lambda: FourierBeside(2, 4, size=-1), ValueError, "FourierBeside: size"),
    (lambda: Pack(0, 2), ValueError, "Pack: m .* at least 1"), (lambda: Pack(2.0, 2), TypeError, "Pack: m"),
    (lambda: Pack(2, 0), ValueError, "Pack: d"), (lambda: Pack(2, True), TypeError, "Pack: d"),
    (lambda: Sequential(Pack(2, 3), Dense(3, 1)), ValueError, r"Pack\(2 x 3 -> 6\), gives 6 features, .* takes 3"),
    (lambda: Sequential(MinibatchStd(3), Dense(3, 1)), ValueError, r"MinibatchStd\(3 -> 4\), gives 4 features, .* takes 3"),
])
def test_what_is_no_layer_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_repr_of_a_network():
    first, *rows = repr(everything(2, replicas=2)).splitlines()
    assert first == "Sequential: (2, N, 2) -> (2, N, 1), 103 parameters in each of 2 replicas, float32"
    assert [row.split() for row in rows[1:5]] == [
        "SpectralNorm(Dense(6 -> 5)) -> (2, N, 5) 35 W (6, 5) + b (1, 5)".split(), "Tanh() -> (2, N, 5)".split(),
        "LayerNorm(5) -> (2, N, 5) 10 gain (1, 5) + shift (1, 5)".split(),
        "MinibatchDiscrimination(5 -> 7) -> (2, N, 7) 20 W (5, 4)".split()]
    assert len({row.index("->", row.index(") ")) for row in rows}) == 1  # the arrows stand under each other


def test_initial_values():
    net = Sequential(LayerNorm(3), BatchNorm(3), SpectralNorm(Dense(3, 40)), MinibatchDiscrimination(40), replicas=2)
    layer, batch, spectral, minibatch = net.layers
    assert (layer.gain == 1).all() and (batch.gain == 1).all() and not layer.shift.any() and not spectral.b.any()
    for W, d in ((spectral.W, 3), (minibatch.W, 40)):  # by the init rule: variance 2/d
        assert (W[0] != W[1]).all() and W.var() == pytest.approx(2 / d, rel=0.3)
    assert (LayerNorm(3).gain == 1).all()


# ---------------------------------------------------------------- batch normalisation


def test_batch_norm_refuses_second_derivatives():
    layer = BatchNorm(4)
    for method in (lambda: layer.tangent(None, None), lambda: layer.tangent_backward(None, None, None, None)):
        with pytest.raises(ValueError, match=r"BatchNorm\(4\) has no tangent: .* independent .* use LayerNorm\(4\)"):
            method()
    D = Sequential(Dense(2, 4), BatchNorm(4), Tanh(), Dense(4, 1))
    for penalty in (R1(0.1), WGANGP()):
        with pytest.raises(ValueError, match="use LayerNorm"):
            d_gradients(D, np.ones((4, 2)), np.zeros((4, 2)), losses.NonSaturating(), (penalty,), np.random.default_rng(0))


@pytest.mark.parametrize("layer, n", [(BatchNorm(3), 2), (BatchNorm(6, channels=3), 1)], ids=repr)
def test_two_samples_are_enough_for_batch_norm(layer, n):
    """With channels the pixels of one image count as samples."""
    y, _ = layer.forward(np.arange(float(n * layer.d)).reshape(n, layer.d))
    np.testing.assert_allclose(y.reshape(2, 3), [[-1] * 3, [1] * 3], rtol=1e-4)


def test_batch_norm_needs_two_samples():
    with pytest.raises(ValueError, match=r"BatchNorm\(3\) needs at least 2 samples"):
        BatchNorm(3).forward(np.ones((1, 3)))


def check_batch_norm_by_its_sum():
    """The check that is not enough: L = sum(y). The mean of xh is 0 whatever x is, so the true gradient is 0."""
    rng = np.random.default_rng(0)
    layer, x = BatchNorm(3), rng.normal(size=(7, 3))
    layer.gain[...], layer.shift[...] = rng.normal(size=(2, 1, 3)) + 2
    _, tape = layer.forward(x)
    result = gradcheck.check(lambda x: layer.forward(x)[0].sum(), layer.backward(np.ones((7, 3)), tape), x)
    assert result.ok, str(result)
    assert np.abs(result.numeric).max() < 1e-8 and np.abs(result.analytic).max() < 1e-14


def test_the_gradient_of_the_sum_of_a_batch_norm_is_0():
    check_batch_norm_by_its_sum()


def test_a_generator_with_batch_norm():
    """G's whole gradient through D, by differences."""
    for seed in range(3):
        G = Sequential(Dense(2, 5), BatchNorm(5), Tanh(), Dense(5, 3), seed=seed, dtype=np.float64)
        D, z = mlp(3, 4, 1, activation=Tanh, seed=seed, dtype=np.float64), np.random.default_rng(seed).normal(size=(7, 2))

        def f(theta, G=G, D=D, z=z):
            G.theta[...] = theta
            return float(g_gradients(G, D, z, losses.NonSaturating()))

        theta = G.theta + np.random.default_rng(seed).normal(size=G.theta.shape) / 5
        f(theta)
        result = gradcheck.check(f, G.grad.copy(), theta)
        assert result.ok, str(result)


# ---------------------------------------------------------------- spectral normalisation


def settled(seed, d=5, k=3):
    """A SpectralNorm after 300 forwards and backwards: u has come to rest."""
    layer = SpectralNorm(Dense(d, k))
    layer.W[...] = np.random.default_rng(seed).normal(size=(d, k))
    for _ in range(300):
        _, tape = layer.forward(np.ones((2, d)))
        layer.backward(np.zeros((2, k)), tape)
    return layer


def test_sigma_becomes_the_largest_singular_value():
    for seed in SEEDS:
        layer = settled(seed)
        _, (_, hat, u, v, sigma) = layer.forward(np.ones((2, 5)))
        left, singular, right = np.linalg.svd(layer.W)
        assert sigma.item() == pytest.approx(singular[0], rel=1e-12)
        assert np.linalg.norm(hat, 2) == pytest.approx(1, rel=1e-12)
        assert abs(u[0] @ left[:, 0]) == pytest.approx(1, abs=1e-12) and abs(v[0] @ right[0]) == pytest.approx(1, abs=1e-12)
        x = np.random.default_rng(seed).normal(size=(50, 5))
        y = layer.forward(x)[0]
        assert (np.linalg.norm(y[1:] - y[:-1], axis=1) <= np.linalg.norm(x[1:] - x[:-1], axis=1)).all()


def test_at_rest_the_gradient_is_that_of_the_true_spectral_norm():
    """Holding u and v loses nothing there: central differences of x W / |W|_2, with the norm from NumPy's SVD."""
    for seed in SEEDS:
        layer = settled(seed)
        x, dy = np.random.default_rng(seed).normal(size=(7, 5)), np.random.default_rng(seed).normal(size=(7, 3))
        _, tape = layer.forward(x)
        layer.dW[...] = 0
        layer.backward(dy, tape)
        result = gradcheck.check(lambda W, x=x, dy=dy: np.vdot(dy, x @ W / np.linalg.norm(W, 2)), layer.dW.copy(), layer.W.copy())
        assert result.ok, str(result)


def check_forward_leaves_u():
    """Only a training step stores u, backward with grads=True or a penalty; two forwards before it leave their tapes alone."""
    case = test_layers.Case(SPECTRAL, 0, SHAPES[0])
    layer, u = case.f, case.f.u.copy()
    _, tape = layer.forward(case.x)
    layer.forward(case.x - 1)
    layer.backward(case.dy, tape, grads=False)
    layer.W_dot, layer.b_dot = np.ones_like(layer.W), np.ones_like(layer.b)  # a Hessian's product: D is only looked at
    _, tape_dot = layer.tangent(case.x_dot, tape)
    layer.tangent_backward(case.dy, case.dy_dot, tape, tape_dot)
    assert same_bits(layer.u, u), "u changed without a training step"
    layer.W_dot = layer.b_dot = None  # W held fixed: a penalty
    layer.tangent_backward(case.dy, case.dy_dot, tape, layer.tangent(case.x_dot, tape)[1])
    assert same_bits(layer.u, tape[2]) and not same_bits(layer.u, u), "a penalty's step did not store u"
    layer.u = u.copy()
    layer.backward(case.dy, tape)
    assert same_bits(layer.u, tape[2]) and not same_bits(layer.u, u)


def check_spectral_tape():
    """The gradient for the first batch is the same whether or not another was scored before the backward."""
    found = []
    for score_another in (False, True):
        case = test_layers.Case(SPECTRAL, 0, SHAPES[0])
        _, tape = case.f.forward(case.x)
        if score_another:
            case.f.forward(case.x - 1)
        found.append([case.f.backward(case.dy, tape), case.f.dW, case.f.db])
    assert all(same_bits(a, b) for a, b in zip(*found, strict=True)), "a forward changed another forward's tape"


def test_only_a_training_step_stores_u():
    check_forward_leaves_u()


def test_two_forwards_before_one_backward_with_u_on_the_move():
    check_spectral_tape()


def u_of(net):
    return [layer.u for layer in net.layers if hasattr(layer, "u")]


def check_g_step_leaves_d():
    """A step of G, and looking at D, leave D's theta, gradient and u as they are; D's own step moves u."""
    rng = np.random.default_rng(0)
    G, D = mlp(2, 5, 2), everything(2, seed=1)
    x_real, z = rng.normal(size=(2, 8, 2))

    def state():
        return [D.theta.copy(), D.grad.copy(), *(u.copy() for u in u_of(D))]

    d_step(D, Adam(), x_real, G(z), losses.Relativistic(), (R1(0.1), WGANGP(0.1)), rng)
    before = state()
    g_step(G, D, Adam(), z, losses.Relativistic(), x_real)
    D(x_real)
    assert all(same_bits(a, b) for a, b in zip(before, state(), strict=True))
    d_step(D, Adam(), x_real, G(z), losses.NonSaturating())
    assert not any(same_bits(a, b) for a, b in zip(before, state(), strict=True))


def test_a_step_of_g_changes_nothing_in_d():
    check_g_step_leaves_d()


def test_looking_at_d_does_not_change_training():
    def run(callback):
        G, D = mlp(2, 5, 2), everything(2, seed=1)
        train(G, D, data.ring(), losses.NonSaturating(), steps=4, batch=8, callback=callback)
        return [G.theta, D.theta, *u_of(D)]

    def look(state):
        state.D(np.ones((5, 2)))

    assert all(same_bits(a, b) for a, b in zip(run(None), run(look), strict=True))


# ---------------------------------------------------------------- replicas, copies, dtypes


def trained(net, x, steps=3):
    """Everything that `steps` rounds of the four methods leave behind, theta's own drift included."""
    seen = []
    for _ in range(steps):
        y, tape = net.forward(x)
        dx = net.backward(y, tape)
        y_dot, tape_dot = net.tangent(x[..., ::-1, :], tape)
        seen += [y, dx, y_dot, *net.tangent_backward(y, y_dot, tape, tape_dot), net.grad.copy(), *u_of(net)]
        net.theta -= 0.01 * net.grad
        net.zero_grad()
    return [*seen, net.theta]


def check_replicas(make=everything, batch=7, dtype=np.float32):
    net = make(3, seed=11, replicas=3, dtype=dtype)
    singles = [make(3, seed=child, dtype=dtype) for child in np.random.SeedSequence(11).spawn(3)]
    x = np.random.default_rng(0).normal(size=(3, batch * net.rows, 3)).astype(dtype)
    together = trained(net, x)
    for r, single in enumerate(singles):
        for a, b in zip(together, trained(single, x[r]), strict=True):
            assert same_bits(a[r], b), f"replica {r} differs from its single network"
            assert b.dtype == dtype


@pytest.mark.parametrize("batch", [2, 7, 128])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_replica_is_bit_for_bit_the_single_network_and_keeps_its_dtype(batch, dtype):
    check_replicas(everything, batch, dtype)
    for name in LAYERS:
        check_replicas(lambda d, name=name, **options: Sequential(LAYERS[name](d, 4), **options), batch, dtype)


def test_whole_runs_with_replicas():
    """train with batch norm in G, everything in D, packing and penalties: replicas have the bits of single runs."""
    def players(seed_g, seed_d, **options):
        return (Sequential(Dense(2, 5), BatchNorm(5), Tanh(), Dense(5, 2), seed=seed_g, **options),
                everything(4, [Pack(2, 2)], seed=seed_d, **options))

    def run(G, D, seed):
        train(G, D, data.ring(), losses.Relativistic(), steps=4, batch=8, seed=seed, penalties=(R1(0.1), WGANGP(0.1)))
        return [G.theta, D.theta, *u_of(D)]

    together = run(*players(1, 2, replicas=2), 4)
    for r in range(2):
        one, two, three = (np.random.SeedSequence(seed).spawn(2)[r] for seed in (1, 2, 4))
        for a, b in zip(together, run(*players(one, two), three), strict=True):
            assert same_bits(a[r], b) and b.dtype == np.float32


@pytest.mark.parametrize("duplicate", [Sequential.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))],
                         ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize("replicas", [(), 3])
def test_a_copy_has_its_own_u(duplicate, replicas):
    net = everything(3, replicas=replicas)
    x = np.random.default_rng(0).normal(size=(*net.replicas, 7, 3))
    trained(net, x)
    twin, before = duplicate(net), [u.copy() for u in u_of(net)]
    assert all(same_bits(a, b) and not np.shares_memory(a, b) for a, b in zip(u_of(twin), before, strict=True))
    assert same_bits(twin(x), net(x))
    for u in u_of(twin):
        u[...] = 7
    assert all(same_bits(a, b) for a, b in zip(u_of(net), before, strict=True))


def test_one_replica_taken_out_has_its_own_part_of_u():
    net = everything(3, replicas=3)
    x = np.random.default_rng(0).normal(size=(3, 7, 3))
    trained(net, x)
    for r in range(3):
        one = net.replica(r)
        assert all(same_bits(a, b[r]) for a, b in zip(u_of(one), u_of(net), strict=True)) and same_bits(one(x[r]), net(x)[r])
        trained(one, x[r].astype(np.float32))
    assert not any(same_bits(a, b[2]) for a, b in zip(u_of(one), u_of(net), strict=True))
    assert all(not np.allclose(u[0], u[1]) for u in u_of(net))


def test_batch_norm_replicas():
    check_batch = lambda d, **options: Sequential(Dense(d, 5), BatchNorm(5), Tanh(), Dense(5, 2), **options)  # noqa: E731
    for dtype in (np.float32, np.float64):
        net = check_batch(3, seed=11, replicas=3, dtype=dtype)
        x = np.random.default_rng(0).normal(size=(3, 7, 3)).astype(dtype)
        y, tape = net.forward(x)
        dx = net.backward(y, tape)
        for r, child in enumerate(np.random.SeedSequence(11).spawn(3)):
            single = check_batch(3, seed=child, dtype=dtype)
            y1, tape = single.forward(x[r])
            for a, b in ((y, y1), (dx, single.backward(y1, tape)), (net.grad, single.grad)):
                assert same_bits(a[r], b) and b.dtype == dtype


# ---------------------------------------------------------------- penalties


def check_penalty(penalty, name, seed=0, size=(7, 3)):
    """As in test_penalties. With a minibatch layer the penalty is on the gradient of the summed scores: so is the oracle's."""
    D, (n, d) = critic(name, size[1], seed), size
    return check_exact(PENALTIES[penalty], D, batches(n * D.rows, d, seed), seed, f"{penalty}, {name}")


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("name", LAYERS)
def test_penalty_is_exact(penalty, name):
    judged = [check_penalty(penalty, name, seed, [(7, 3), (5, 2), (4, 5)][seed % 3]) for seed in SEEDS]
    assert sum(judged) >= 3


@pytest.mark.slow
def test_the_whole_step_with_penalties_and_every_layer():
    """Loss and three penalties over theta, u at rest: there the free-moving u has the same derivative as the held one."""
    for seed in range(2):
        D, (x_real, x_fake) = everything(3, seed=seed, dtype=np.float64), batches(7, 3, seed)
        D.theta[...] += np.random.default_rng(seed).normal(size=D.theta.shape) / 5
        for layer in D.layers:
            if hasattr(layer, "u"):
                layer.steps = 15
        for _ in range(20):
            d_gradients(D, x_real, x_fake, losses.NonSaturating())

        def f(theta, D=D, x_real=x_real, x_fake=x_fake, seed=seed):
            D.theta[...] = theta
            return float(d_gradients(D, x_real, x_fake, losses.Relativistic(), tuple(PENALTIES.values()),
                                     np.random.default_rng(seed)))

        theta = D.theta.copy()
        f(theta)
        result = gradcheck.check(f, D.grad.copy(), theta)
        assert result.ok, str(result)


# ---------------------------------------------------------------- what the layers are for


def test_layer_norm_gives_each_sample_mean_0_and_variance_1():
    x = np.random.default_rng(0).normal(3, 5, size=(40, 17))
    y = LayerNorm(17).forward(x)[0]
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(y.var(axis=1), x.var(axis=1) / (x.var(axis=1) + 1e-5), rtol=1e-13)
    assert y.mean(axis=0).std() > 0.05  # the control: over the batch they are not


def test_layer_norm_keeps_samples_apart_and_the_minibatch_layers_do_not():
    x = np.random.default_rng(0).normal(size=(7, 4))
    other = x.copy()
    other[1:] += 1 + np.arange(4) * np.arange(6)[:, None]
    for layer, apart in ((LayerNorm(4), True), (FourierFeatures(4, 6), True), (FourierBeside(4, 6), True), (BatchNorm(4), False),
                         (MinibatchStd(4), False)):
        assert same_bits(layer.forward(x)[0][0], layer.forward(other)[0][0]) == apart


def test_batch_norm_gives_each_feature_mean_0_and_variance_1():
    x = np.random.default_rng(0).normal(3, 5, size=(40, 17))
    layer = BatchNorm(17)
    layer.gain[...], layer.shift[...] = 2, -1
    y = layer.forward(x)[0]
    np.testing.assert_allclose(y.mean(axis=0), -1, atol=1e-13)
    np.testing.assert_allclose(y.std(axis=0), 2, rtol=1e-5)
    assert y.mean(axis=1).std() > 0.1


def test_minibatch_std_is_the_mean_deviation_and_shows_a_collapse():
    x = np.random.default_rng(0).normal(size=(40, 17)) * np.arange(1, 18)
    y = MinibatchStd(17).forward(x)[0]
    assert same_bits(y[:, :17].copy(), x) and np.ptp(y[:, 17]) == 0
    assert y[0, 17] == pytest.approx(np.mean(np.std(x, axis=0)), rel=1e-8)
    assert MinibatchStd(17).forward(np.ones((40, 17)))[0][0, 17] == pytest.approx(1e-4)


def test_minibatch_discrimination_is_the_sum_of_the_paper():
    """Three loops; j = i included: 1 for a sample alone, N where all samples are equal."""
    rng = np.random.default_rng(0)
    layer, x = MinibatchDiscrimination(4, kernels=3, dims=2), rng.normal(size=(6, 4))
    layer.W[...] = rng.normal(size=layer.W.shape)
    T = layer.W.reshape(4, 2, 3)  # features, dims, kernels
    M = np.einsum("nd,dcb->nbc", x, T)
    expected = [[sum(np.exp(-np.abs(M[i, b] - M[j, b]).sum()) for j in range(6)) for b in range(3)] for i in range(6)]
    y = layer.forward(x)[0]
    assert same_bits(y[:, :4].copy(), x)
    np.testing.assert_allclose(y[:, 4:], expected, rtol=1e-13)
    assert (layer.forward(np.ones((6, 4)))[0][:, 4:] == 6).all()
    np.testing.assert_allclose(layer.forward(1e3 * x)[0][:, 4:], 1)


def test_fourier_features_make_a_gaussian_kernel():
    """2/k <y(x), y(x')> estimates exp(-2 pi^2 scale^2 |x - x'|^2) (Rahimi & Recht 2007); another scale does not (control)."""
    x = np.random.default_rng(0).normal(size=(12, 3)) / 2
    distance2 = ((x[:, None] - x[None]) ** 2).sum(axis=-1)
    for seed in SEEDS:
        y = FourierFeatures(3, 20_000, scale=0.3, seed=seed).forward(x)[0]
        np.testing.assert_allclose((y * y).sum(axis=1), 10_000)
        kernel = y @ y.swapaxes(0, 1) / 10_000  # each entry a mean of 10 000 cosines: standard error at most .0071
        assert np.abs(kernel - np.exp(-2 * np.pi**2 * 0.3**2 * distance2)).max() < 0.035
        assert np.abs(kernel - np.exp(-2 * np.pi**2 * 0.36**2 * distance2)).max() > 0.035


def test_fourier_features_are_fixed():
    one, other, again = FourierFeatures(2, 8), FourierFeatures(2, 8, seed=1), FourierFeatures(2, 8)
    assert same_bits(one.turns, again.turns) and (one.turns != other.turns).all()
    B = 3 * np.random.default_rng(np.random.SeedSequence(4)).standard_normal((2, 4))
    assert same_bits(FourierFeatures(2, 8, scale=3, seed=4).turns, 2 * np.pi * B)
    net = Sequential(one, Dense(8, 1), replicas=2)
    before = one.turns.copy()
    assert same_bits(before, np.stack([again.turns.astype(np.float32)] * 2))  # the same for every replica
    trained(net, np.ones((2, 5, 2), np.float32))
    assert same_bits(one.turns, before)


def test_fourier_features_beside_x_leave_x_as_it_is():
    x = np.random.default_rng(0).normal(size=(6, 3))
    layer, alone = FourierBeside(3, 8, scale=2.0, size=0.1, seed=4), FourierFeatures(3, 8, scale=2.0, seed=4)
    y = layer.forward(x)[0]
    assert same_bits(y[:, :3].copy(), x) and same_bits(y[:, 3:].copy(), 0.1 * alone.forward(x)[0])
    np.testing.assert_allclose((y[:, 3:] ** 2).sum(axis=1), 0.1**2 * 8 / 2)
    net, before = Sequential(layer, Dense(11, 1), replicas=2), alone.turns.astype(np.float32)
    assert same_bits(layer.turns, np.stack([before] * 2))  # the same for every replica
    trained(net, np.ones((2, 5, 3), np.float32))
    assert same_bits(layer.turns, np.stack([before] * 2))


def test_a_network_uses_the_frequencies_that_it_holds():
    """The buffer is what is saved, averaged and copied: other numbers in it must change the answers."""
    net, x = Sequential(FourierBeside(2, 6), Dense(8, 1), dtype=np.float64), np.ones((4, 2))
    twin, before = net.copy(), net(x)
    net.layers[0].turns[...] = 0
    assert same_bits(net.layers[0].forward(x)[0][:, 2:].copy(), np.repeat([[1.0, 0.0]], 3, axis=1).repeat(4, axis=0))
    assert (net(x) != before).all() and same_bits(twin(x), before)
