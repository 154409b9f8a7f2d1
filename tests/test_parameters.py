"""Who owns a parameter: writing in place, a layer in one network, states, copies, and networks on disk."""

import copy
import json
import pickle

import numpy as np
import pytest
from oracles import same_bits

import tinygan
from tinygan import checkpoint
from tinygan.engine.base import at_most
from tinygan.engine.beside import FourierBeside
from tinygan.engine.conv import Conv2D, ConvTranspose2D, Upsample
from tinygan.engine.features import FourierFeatures, MinibatchDiscrimination, MinibatchStd, Pack
from tinygan.engine.layers import Dense, Layer, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from tinygan.engine.network import Network, Sequential, mlp, orthogonal
from tinygan.engine.norm import BatchNorm, LayerNorm, SpectralNorm

REPLICAS = pytest.mark.parametrize("replicas", [(), 3])


def points(net, n=8, seed=0):
    """A batch for the network, (..., n, d_in)."""
    return np.random.default_rng(seed).normal(size=(*net.replicas, n, net.d_in)).astype(net.dtype)


def trained(net, steps=3):
    """The network after a few steps of gradient descent on its own output: parameters and buffers have moved."""
    for step in range(steps):
        y, tape = net.forward(points(net, seed=step))
        net.zero_grad()
        net.backward(y / y.shape[-2], tape)
        net.theta -= 0.02 * net.grad
    return net


def every_bit(net):
    """What a network is: its parameters and buffers, and what forward and backward answer twice in a row."""
    found = [net.theta.copy(), *(array.copy() for array in net.buffers().values())]
    for seed in (5, 6):
        net.zero_grad()
        y, tape = net.forward(points(net, seed=seed))
        found += [y, net.backward(y, tape), net.grad.copy()]
    return [*found, *(array.copy() for array in net.buffers().values())]


def same(ones, others):
    return len(ones) == len(others) and all(map(same_bits, ones, others))


def arrays_of(net):
    """Every array that the network or one of its layers holds."""
    return [value for holder in (net, *net.layers) for value in vars(holder).values() if isinstance(value, np.ndarray)]


def apart(net, other):
    return not any(np.shares_memory(a, b) for a in arrays_of(net) for b in arrays_of(other) if a.size)


def whole(net):
    """Whether all layers' parameters and gradients are views into theta and grad, in order."""
    return all(same_bits(getattr(layer, name), view) and np.shares_memory(getattr(layer, name), net.theta)
               and np.shares_memory(getattr(layer, "d" + name), net.grad) for layer, name, view in net.views(net.theta))


# ---- writing in place


@REPLICAS
def test_an_assignment_to_theta_copies_into_place(replicas):
    net = mlp(2, 5, 1, replicas=replicas)
    theta, W, before = net.theta, net.layers[0].W, net(points(net))
    net.theta = net.theta + 1
    assert net.theta is theta and net.layers[0].W is W and whole(net)
    assert not same_bits(net(points(net)), before)
    mine = np.arange(net.theta.size, dtype=float).reshape(net.theta.shape)  # another dtype is taken over into theta's
    net.theta = mine
    assert net.theta is theta and net.theta.dtype == np.float32 and (theta == mine).all() and not np.shares_memory(theta, mine)
    assert whole(net) and (W.ravel()[:10] == np.arange(10)).all()
    net.theta -= 1
    assert net.theta is theta and (theta == mine - 1).all() and whole(net)
    net.theta = net.theta
    net.theta = (mine - 7).tolist()
    assert net.theta is theta and (theta == mine - 7).all()
    grad = net.grad
    net.grad = mine
    assert net.grad is grad and (net.layers[0].dW.ravel()[:10] == np.arange(10)).all()


@REPLICAS
def test_an_assignment_to_a_layers_parameter_copies_into_place(replicas):
    net = mlp(2, 5, 1, replicas=replicas)
    first, before = net.layers[0], net(points(net))
    held = first.W
    first.W = 2 * first.W
    first.b = np.ones_like(first.b)
    assert first.W is held and whole(net) and not same_bits(net(points(net)), before)
    wanted = first.W - 0.25
    first.W -= 0.25
    assert first.W is held and same_bits(first.W, wanted) and whole(net)
    first.W[...] = 0
    first.b *= 3
    assert not first.W.any() and (first.b == 3).all() and (net.theta[..., 10:15] == 3).all() and whole(net)


@REPLICAS
def test_an_assignment_to_a_layers_gradient_copies_into_place(replicas):
    """Else the optimiser would read the old array."""
    net = mlp(2, 5, 1, replicas=replicas)
    first, gradient = net.layers[0], np.arange(10.0).reshape(2, 5)
    held, held_too = first.dW, first.db
    first.dW = np.broadcast_to(gradient, held.shape)
    first.db = first.db + 3
    assert first.dW is held and first.db is held_too and (net.grad[..., :10] == gradient.ravel()).all() and whole(net)
    assert (net.grad[..., 10:15] == 3).all()
    first.dW += 1
    assert first.dW is held and (net.grad[..., :10] == gradient.ravel() + 1).all()
    for value in (gradient.T, gradient[0], 0.0):
        with pytest.raises(ValueError, match=r"dW of Dense has shape .*; got .* An assignment copies numbers into place"):
            first.dW = value


def test_an_assignment_to_a_layer_that_no_network_has():
    layer = Dense(2, 3)
    held = layer.W
    layer.W = [[1, 2, 3], [4, 5, 6]]
    assert layer.W is held and held.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert layer.forward(np.ones((1, 2)))[0].tolist() == [[5, 7, 9]]
    for layer in (LayerNorm(3), SpectralNorm(Dense(3, 2)), MinibatchDiscrimination(3)):
        for name in layer.parameters:
            held = getattr(layer, name)
            setattr(layer, name, held + 1)
            assert getattr(layer, name) is held and (held != 0).any()


@pytest.mark.parametrize("value", [np.zeros(20), np.zeros((1, 21)), np.zeros((3, 21)), 0.0, None, []], ids=repr)
def test_a_theta_of_another_shape_is_refused(value):
    """Above all a single number, or the theta of replicas: NumPy would broadcast it."""
    net = mlp(2, 5, 1)
    before = net.theta.copy()
    for name in ("theta", "grad"):
        with pytest.raises(ValueError) as caught:
            setattr(net, name, value)
        assert str(caught.value) == (f"{name} of Sequential has shape (21,); got {np.shape(value)}. "
                                     "An assignment copies numbers into place: give it an array of the same shape")
    assert same_bits(net.theta, before) and whole(net)


@REPLICAS
def test_a_weight_of_another_shape_is_refused(replicas):
    net = mlp(2, 5, 1, replicas=replicas)
    before = net.theta.copy()
    front = net.replicas
    for value in (np.zeros((*front, 5, 2)), np.zeros((7, *front, 2, 5)), np.zeros(5), 1.0):
        with pytest.raises(ValueError) as caught:
            net.layers[0].W = value
        assert str(caught.value).startswith(f"W of Dense has shape {(*front, 2, 5)}; got {np.shape(value)}. ")
    assert same_bits(net.theta, before) and whole(net)


def test_a_complex_theta_is_no_real_one():
    net = mlp(2, 5, 1)
    with pytest.raises(TypeError, match="complex64.*float32"):
        net.theta = net.theta * 1j
    twin = net.copy(np.complex128)
    twin.theta = net.theta
    assert (twin.theta == net.theta).all()


# ---- a layer belongs to one network


def two_owners():
    """name -> (a network, a function that tries to give its layers to another one)."""
    G, D, other = mlp(2, 4, 2), mlp(2, 4, 1, seed=1), mlp(2, 4, 4, 1, seed=2)
    hidden = [Dense(4, 4), ReLU()]
    first = Sequential(Dense(2, 4), *hidden, Dense(4, 2))
    return {"all but the last layer": (other, lambda: Sequential(*other.layers[:-1], Dense(4, 1), seed=9)),
            "G and D in one": (G, lambda: Sequential(*G.layers, *D.layers, seed=9)),
            "D's layers in the same place": (D, lambda: Sequential(*G.layers, *D.layers, seed=9)),
            "one list of hidden layers": (first, lambda: Sequential(Dense(2, 4), *hidden, Dense(4, 1), seed=9)),
            "with replicas": (first, lambda: Sequential(Dense(2, 4), *hidden, replicas=3)),
            "an activation alone": (first, lambda: Sequential(Dense(2, 4), hidden[1], Dense(4, 1)))}


@pytest.mark.parametrize("case", two_owners())
def test_a_layer_given_to_a_second_network_is_refused_and_stays_what_it_is(case):
    net, take = two_owners()[case]
    before = every_bit(net)
    with pytest.raises(ValueError, match=r"belongs to a network already, and a layer belongs to one network.*copy.copy\(layer\)"):
        take()
    assert same(every_bit(net), before) and whole(net)


def test_what_was_to_stand_beside_it_is_still_free():
    net, fresh = mlp(2, 4, 1), Dense(1, 1)
    with pytest.raises(ValueError, match="belongs to a network already"):
        Sequential(*net.layers, fresh)
    assert whole(Sequential(fresh)) and fresh.owned


@REPLICAS
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_copy_of_an_owned_layer_is_free(duplicate, replicas):
    net = trained(Sequential(SpectralNorm(Dense(2, 4)), Tanh(), LayerNorm(4), FourierFeatures(4, 6), MinibatchDiscrimination(6),
                             Dense(11, 1), replicas=replicas))
    before, copies = every_bit(net.copy()), [duplicate(layer) for layer in net.layers]
    for layer, twin in zip(net.layers, copies, strict=True):
        assert type(twin) is type(layer) and repr(twin) == repr(layer) and not twin.owned and layer.owned
        for name, value in vars(layer).items():
            if isinstance(value, np.ndarray):
                assert same_bits(vars(twin)[name], value) and not np.shares_memory(vars(twin)[name], value)
    other = trained(Sequential(*copies, seed=4, replicas=replicas))
    assert whole(other) and apart(net, other) and same(every_bit(net.copy()), before)
    single = trained(Sequential(*map(duplicate, net.layers), seed=4))  # also in a network without those replicas
    assert whole(single) and apart(net, single) and single.theta.shape == net.theta.shape[-1:]


def test_copies_of_a_free_layer_have_buffers_of_their_own():
    layer = SpectralNorm(Dense(3, 2))
    twin = copy.copy(layer)
    start = layer.u.copy()
    layer.W = np.arange(6.0).reshape(3, 2)
    for _ in range(3):
        layer.backward(np.ones((4, 2)), layer.forward(np.ones((4, 3)))[1])
    assert not same_bits(layer.u, start) and same_bits(twin.u, start)
    assert same_bits(Sequential(twin, dtype=np.float64).layers[0].u, start)


def test_a_list_of_layers_may_be_copied_deeply():
    """One object twice in the list is one object twice in the copy."""
    net, shared = mlp(2, 4, 1), Dense(2, 2)
    one, two, *_ = copy.deepcopy([shared, shared, net.layers[0]])
    assert one is two and one is not shared
    assert whole(Sequential(*copy.deepcopy(net.layers)))


@pytest.mark.parametrize("make, error, message", [
    (lambda: Sequential([Dense(2, 1), ReLU()]), TypeError, r"one by one, not in a list: write Sequential\(\*layers\)"),
    (lambda: Sequential((Dense(2, 1),)), TypeError, r"one by one, not in a list"),
    (lambda: Sequential(Dense(2, 1), [ReLU()]), TypeError, r"one by one, not in a list"),
    (lambda: Sequential(ReLU), TypeError, r"layers, not classes: write ReLU\(\.\.\.\) with its brackets"),
    (lambda: Sequential(Dense(2, 1), Tanh), TypeError, r"layers, not classes: write Tanh\(\.\.\.\)"),
    (lambda: Sequential(Dense), TypeError, r"layers, not classes: write Dense\(\.\.\.\)"),
    (lambda: Sequential("ReLU"), TypeError, r"takes layers, such as Dense\(2, 1\) or ReLU\(\); got 'ReLU'"),
    (lambda: Sequential(Dense(2, 1), np.tanh), TypeError, "takes layers, such as .*; got <ufunc 'tanh'>.*subclass of .*Layer"),
    (lambda: Sequential(mlp(2, 1)), TypeError, "takes layers, such as"),
    (lambda: Sequential(None), TypeError, "takes layers, such as .*; got None"),
    (lambda: mlp(2, 3, 1, activation="relu"), TypeError, "activation must be a class such as ReLU.*; got 'relu'"),
    (lambda: mlp(2, 3, 1, activation=ReLU()), TypeError, r"a class such as ReLU, without brackets, or .*; got ReLU\(\)"),
    (lambda: mlp(2, 3, 1, activation=None), TypeError, "activation must be a class such as ReLU.*; got None"),
    (lambda: mlp(2, 3, 1, activation=lambda: ReLU), TypeError, r"write ReLU\(\.\.\.\) with its brackets"),
    (lambda: mlp(2, 3, 1, activation=lambda: "relu"), TypeError, "takes layers, such as .*; got 'relu'"),
    *[(lambda dtype=dtype: mlp(2, 1, dtype=dtype), TypeError, rf"dtype must be float32 .* complex128 .*; got {dtype}")
      for dtype in ("float16", "int64", "complex64", "bool")],
    *[(lambda dtype=dtype: mlp(2, 1).copy(dtype), TypeError, rf"dtype must be float32 .*; got {dtype}")
      for dtype in ("float16", "int64")],
])
def test_what_makes_no_network_says_what_to_write(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_an_activation_that_makes_one_object_twice():
    one = Tanh()
    with pytest.raises(ValueError, match="the same layer object twice"):
        mlp(2, 3, 3, 1, activation=lambda: one)


# ---- states


def critic(**options):
    """A network with two kinds of buffers."""
    return Sequential(FourierFeatures(2, 6, scale=0.3, seed=options.pop("features", 0)), SpectralNorm(Dense(6, 5)), Tanh(),
                      SpectralNorm(Dense(5, 1)), **options)


@REPLICAS
def test_theta_alone_is_not_enough_and_the_state_is(replicas):
    net = trained(critic(replicas=replicas))
    twin = critic(seed=7, features=7, replicas=replicas)
    twin.theta = net.theta
    assert not same_bits(twin(points(net)), net(points(net)))
    twin.load_state(net.state())
    assert same(every_bit(twin), every_bit(net)) and whole(twin) and apart(net, twin)


def test_the_names_and_arrays_of_a_state():
    net = trained(critic())
    state = net.state()
    assert list(state) == ["theta", "layer 0, turns", "layer 1, u", "layer 3, u"]
    assert same_bits(state["theta"], net.theta) and same_bits(state["layer 3, u"], net.layers[3].u)
    assert net.buffers()["layer 1, u"] is net.layers[1].u  # the array itself, where a state holds a copy
    before = every_bit(net)
    for array in state.values():
        array[...] = 7
    net.load_state(critic().state())
    net.load_state(trained(critic()).state())
    assert same(every_bit(net), before)
    assert list(mlp(2, 3, 1).state()) == ["theta"]


def changed(**arrays):
    state = critic(seed=5).state()
    return {name: array for name, array in (state | arrays).items() if array is not None}


@pytest.mark.parametrize("state, message", [
    ({}, "has the arrays theta, layer 0, turns, layer 1, u, layer 3, u; got"),
    (changed(theta=None), "has the arrays theta, .*; got layer 0"),
    (changed(**{"layer 3, u": None}), "has the arrays .*; got theta, layer 0, turns, layer 1, u"),
    (changed(u=np.ones((1, 6))), "has the arrays .*, u"),
    (changed(theta=np.full(41, 1e300)), "theta holds numbers too large for float32"),
    (changed(theta=np.zeros(40)), r"theta has shape \(40,\), expected \(41,\): another network's state"),
    (changed(theta=np.zeros((2, 41))), r"theta has shape \(2, 41\), expected \(41,\)"),
    (changed(**{"layer 3, u": np.ones((1, 6))}), r"layer 3, u has shape \(1, 6\), expected \(1, 5\)"),
    (changed(**{"layer 3, u": np.ones(5)}), r"layer 3, u has shape \(5,\)"),
    (mlp(2, 5, 1).state(), "has the arrays"),
    (critic(replicas=2).state(), r"theta has shape \(2, 41\)"),
])
def test_another_networks_state_is_refused_before_anything_is_changed(state, message):
    net = trained(critic())
    before = net.state()
    with pytest.raises(ValueError, match=message):
        net.load_state(state)
    after = net.state()
    assert after.keys() == before.keys() and all(same_bits(array, before[name]) for name, array in after.items()) and whole(net)


def test_a_network_that_may_not_be_changed_says_so_and_one_of_complex_numbers_is_not_taken():
    net, frozen = critic(), critic()
    for array in (frozen.theta, *frozen.buffers().values()):
        array.flags.writeable = False
    net.load_state(frozen.state() | {"theta": frozen.theta})  # what it loads from may be read-only
    with pytest.raises(ValueError, match="theta of this network is read-only, and load_state writes into it: use a copy"):
        frozen.load_state(net.state())
    frozen.copy().load_state(net.state())
    with pytest.raises(TypeError, match="theta must hold real numbers; got an array of complex128"):
        net.load_state(net.copy(dtype=np.complex128).state())


# ---- copies


@REPLICAS
@pytest.mark.parametrize("dtype", [np.float64, np.complex128, np.float32])
def test_a_copy_in_another_dtype_is_equal_and_independent(replicas, dtype):
    net = trained(critic(replicas=replicas))
    twin = net.copy(dtype=dtype)
    assert twin.dtype == twin.theta.dtype == twin.grad.dtype == dtype and net.dtype == np.float32
    assert (twin.theta == net.theta).all() and whole(twin) and apart(net, twin) and not twin.grad.any()
    for name, array in twin.buffers().items():
        assert array.dtype == dtype and (array == net.buffers()[name]).all()
    np.testing.assert_allclose(twin(points(net)).real, net(points(net)), rtol=1e-4, atol=1e-5)
    before = net.state()
    trained(twin)
    assert all(same_bits(array, before[name]) for name, array in net.state().items())
    assert not np.allclose(twin.theta, net.theta) and not np.allclose(twin.layers[1].u, net.layers[1].u)


@REPLICAS
@pytest.mark.parametrize("duplicate", [Network.copy, copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))],
                         ids=["copy()", "copy.copy", "deepcopy", "pickle"])
def test_every_kind_of_copy_is_equal_whole_and_independent(duplicate, replicas):
    net = trained(critic(replicas=replicas))
    net.theta_dot = np.ones_like(net.theta)
    twin, before = duplicate(net), net.state()
    assert type(twin) is Sequential and whole(twin) and apart(net, twin) and twin.theta_dot is None
    assert all(layer.owned for layer in twin.layers)
    net.theta_dot = None
    assert same(every_bit(twin), every_bit(net.copy()))
    trained(twin)
    assert all(same_bits(array, before[name]) for name, array in net.state().items())
    with pytest.raises(ValueError, match="belongs to a network already"):
        Sequential(*twin.layers)


# ---- files

EVERY_LAYER = {
    "Dense": lambda: [Dense(3, 1)],
    "LeakyReLU": lambda: [Dense(3, 4), LeakyReLU(0.1), Dense(4, 1)],
    "LayerNorm": lambda: [LayerNorm(3, eps=1e-3), Dense(3, 1)],
    "BatchNorm": lambda: [Dense(3, 4), BatchNorm(4, eps=1e-2), Dense(4, 1)],
    "SpectralNorm": lambda: [SpectralNorm(Dense(3, 4), steps=2, seed=7), SpectralNorm(Dense(4, 1))],
    "MinibatchStd": lambda: [MinibatchStd(3, eps=1e-3), Dense(4, 1)],
    "MinibatchDiscrimination": lambda: [MinibatchDiscrimination(3, kernels=2, dims=4), Dense(5, 1)],
    "FourierFeatures": lambda: [FourierFeatures(3, 6, scale=0.3, seed=5), Dense(6, 1)],
    "FourierBeside": lambda: [FourierBeside(3, 6, scale=0.3, size=0.2, seed=5), Dense(9, 1)],
    "Pack": lambda: [Pack(2, 3), Dense(6, 1)],
    "Conv2D": lambda: [Conv2D((1, 3), 1, 2, kernel=3, stride=2, pad=1), Conv2D((1, 2), 2, 1, 1), Dense(2, 1)],
    "ConvTranspose2D": lambda: [Dense(3, 4), ConvTranspose2D((1, 2), 2, 1, kernel=4, stride=2, pad=1), Dense(8, 1)],
    "Upsample": lambda: [Upsample((1, 3), 1), BatchNorm(12, channels=2), Upsample((2, 3), 2, factor=3), Dense(108, 1)],
} | {f.__name__: lambda f=f: [Dense(3, 4), f(), Dense(4, 1)] for f in (ReLU, Tanh, Sigmoid, Softplus)}
EVERY_LAYER["all in a row"] = lambda: [Pack(2, 3), FourierFeatures(6, 6, scale=0.2, seed=3), SpectralNorm(Dense(6, 5)), Tanh(),
                                       LayerNorm(5), MinibatchDiscrimination(5, kernels=2, dims=2), LeakyReLU(0.05), Dense(7, 4),
                                       MinibatchStd(4), Dense(5, 1)]


def test_every_layer_of_the_package_is_among_them():
    layers = {name for name, value in vars(tinygan).items() if isinstance(value, type) and issubclass(value, Layer)}
    assert layers == set(EVERY_LAYER) - {"all in a row"} and len(layers) == 17


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@REPLICAS
@pytest.mark.parametrize("name", EVERY_LAYER)
def test_a_saved_network_comes_back_bit_for_bit(tmp_path, name, replicas, dtype):
    net = trained(Sequential(*EVERY_LAYER[name](), replicas=replicas, dtype=dtype, seed=3, init=orthogonal()))
    before = net.state()
    net.save(tmp_path / "net.npz")
    assert all(same_bits(array, before[key]) for key, array in net.state().items())
    for load in (Network.load, Sequential.load):
        twin = load(tmp_path / "net.npz")
        assert type(twin) is Sequential and repr(twin) == repr(net) and twin.rows == net.rows and twin.dtype == dtype
        assert [vars(a).keys() for a in twin.layers] == [vars(a).keys() for a in net.layers] and whole(twin)
        assert [a.settings() for a in twin.layers] == [a.settings() for a in net.layers]
        assert same(every_bit(twin), every_bit(net.copy()))
    trained(twin)  # it can be trained, and saved once more over the old file
    twin.save(str(tmp_path / "net.npz"))
    assert same(every_bit(Network.load(str(tmp_path / "net.npz"))), every_bit(twin.copy()))


def test_a_replica_can_be_saved(tmp_path):
    net = trained(critic(replicas=3))
    net.replica(1).save(tmp_path / "net.npz")
    assert same_bits(Network.load(tmp_path / "net.npz")(points(net)[1]), net(points(net))[1])


class Stretch(Layer):
    """y = gain x + offset, a layer of one's own: a parameter, a setting, a buffer that counts the backwards."""

    parameters = ("gain",)
    start = {"gain": 2.0}

    def __init__(self, d, offset=0.5):
        self.d = self.k = d
        self.offset = offset
        self.shapes = {"gain": (1, d)}
        self.seen = np.zeros(1)
        self.buffers = {"seen": self.seen}
        self.allocate()

    def forward(self, x):
        return self.gain * x + self.offset, x

    def backward(self, dy, tape, grads=True):
        if grads:
            self.dgain += (dy * tape).sum(axis=-2, keepdims=True)
            self.seen += 1
        return self.gain * dy


@REPLICAS
def test_a_layer_of_ones_own_is_copied_and_saved_too(tmp_path, replicas):
    net = trained(Sequential(Dense(2, 3), Stretch(3, 0.25), Dense(3, 1), replicas=replicas))
    assert (net.layers[1].gain != 2).all() and whole(net)
    held = net.layers[1].gain
    net.layers[1].gain = held + 1
    assert net.layers[1].gain is held and whole(net)
    net.save(tmp_path / "net.npz")
    twin = Network.load(tmp_path / "net.npz")
    assert twin.layers[1].offset == 0.25 and (twin.layers[1].seen == 3).all() and twin.layers[1].seen.shape == (*net.replicas, 1)
    assert same(every_bit(twin), every_bit(net.copy())) and list(net.state()) == ["theta", "layer 1, seen"]


class Lonely(Network):
    """A network that cannot say how it is made."""

    def __init__(self):
        super().__init__([Dense(2, 1)], 2, 1)


def test_a_network_without_settings_cannot_be_saved(tmp_path):
    with pytest.raises(TypeError, match=r"Lonely cannot be saved yet: give it a method settings\(\) that returns the arguments"):
        Lonely().save(tmp_path / "net.npz")
    assert not any(tmp_path.iterdir())


def test_a_network_without_a_function_says_so():
    net = Lonely()
    for call, what in ((lambda: net(np.ones((1, 2))), "forward: use Sequential, or write the four methods of a layer"),
                       (lambda: net.backward(None, None), "backward"), (lambda: net.tangent(None, None), "tangent"),
                       (lambda: net.tangent_backward(None, None, None, None), "tangent_backward")):
        with pytest.raises(NotImplementedError, match=f"Lonely has no {what}"):
            call()


def test_a_complex_network_is_not_saved(tmp_path):
    with pytest.raises(TypeError, match="a tinygan network is saved as real numbers; theta is an array of complex128"):
        mlp(2, 1, dtype=np.complex128).save(tmp_path / "net.npz")
    assert not any(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="net.npz"):
        mlp(2, 1).save(tmp_path / "no" / "net.npz")
    with pytest.raises(FileNotFoundError, match="net.npz"):
        Network.load(tmp_path / "net.npz")


# ---- files that hold no network


def refused(path, match):
    with pytest.raises(ValueError, match=match) as caught:
        Network.load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.fixture
def path(tmp_path):
    trained(critic()).save(tmp_path / "net.npz")
    return tmp_path / "net.npz"


def test_a_run_is_no_network_and_a_network_no_run(path):
    with pytest.raises(ValueError, match="is not a tinygan run.*it is 'tinygan network', version 2; expected 'tinygan run'"):
        checkpoint.load(path)
    arrays, about = checkpoint.load(path, kind="tinygan network")
    checkpoint.save(path, arrays, about)
    refused(path, "is not a tinygan network.*it is 'tinygan run', version 2; expected 'tinygan network', version 2")


def test_a_file_cut_short_anywhere(path):
    content = path.read_bytes()
    for size in range(0, len(content), 97):
        path.write_bytes(content[:size])
        refused(path, "is not a tinygan network, or it is damaged")


@pytest.mark.parametrize("content", [b"", b"1,2\n", b"PK\x03\x04", bytes(300)])
def test_a_file_of_another_kind(path, content):
    path.write_bytes(content)
    refused(path, "is not a tinygan network, or it is damaged")


LAYERS = critic().settings()["layers"]


@pytest.mark.parametrize("changes, match", [
    ({"network": "Warp"}, "holds no network that can be made here: there is no network class 'Warp': import the module"),
    ({"network": None}, "there is no network class None"),
    ({"network": "Network"}, "holds no network that can be made here"),
    ({"settings": {"layers": [{"layer": "Warp", "d": 2, "k": 1}]}},
     "holds no network that can be made here: there is no layer class 'Warp': import the module that defines it first"),
    ({"settings": {"layers": [{"layer": "Sequential", "d": 2}]}}, "there is no layer class 'Sequential'"),
    ({"settings": {"layers": [{"layer": ["Dense"], "d": 2}]}}, "there is no layer class"),
    ({"settings": {"layers": [{"layer": "Dense", "d": 2, "width": 1}]}}, "holds no network .*'width'"),
    ({"settings": {"layers": [{"layer": "Dense", "d": 2, "k": -1}]}}, "holds no network .*at least 1"),
    ({"settings": {"layers": [{"layer": "Dense", "d": 2, "k": 1}]}}, "this network's state has the arrays theta; got"),
    ({"settings": {"layers": LAYERS[:2] + [{"layer": "Dense", "d": 5, "k": 1}]}}, "this network's state has the arrays"),
    ({"settings": {"layers": [*LAYERS, {"layer": "Dense", "d": 1, "k": 1}]}}, r"theta has shape \(41,\), expected \(43,\)"),
    ({"settings": {"layers": []}}, "at least one layer"), ({"settings": {"layers": 3}}, "holds no network"),
    ({"settings": {"layers": [3]}}, "holds no network"), ({"settings": {"layers": ["Dense"]}}, "holds no network"),
    ({"settings": {"layers": [None, *LAYERS]}}, "holds no network"),
    ({"settings": {}}, "holds no network"), ({"settings": 3}, "holds no network"), ({"settings": None}, "holds no network"),
    ({"settings": {"layers": LAYERS, "depth": 3}}, "holds no network .*depth"),
    ({"replicas": [2]}, r"theta has shape \(41,\), expected \(2, 41\)"), ({"replicas": [0]}, "replicas must be at least 1"),
    *[({"replicas": replicas}, "holds no network") for replicas in (3, [[3]], {"0": 3})],
    ({"dtype": "float16"}, "dtype must be float32"), ({"dtype": "no"}, "holds no network"), ({"dtype": 3}, "holds no network"),
])
def test_words_that_describe_no_network(path, changes, match):
    arrays, about = checkpoint.load(path, kind="tinygan network")
    checkpoint.save(path, arrays, about | changes, kind="tinygan network")
    refused(path, match)


@pytest.mark.parametrize("about", [None, 3, [], {}, "Sequential", {"network": "Sequential"}], ids=json.dumps)
def test_words_that_are_missing(path, about):
    arrays, _ = checkpoint.load(path, kind="tinygan network")
    checkpoint.save(path, arrays, about, kind="tinygan network")
    refused(path, "holds no network")


def test_arrays_that_are_missing(path):
    arrays, about = checkpoint.load(path, kind="tinygan network")
    arrays.pop("layer 1, u")
    checkpoint.save(path, arrays, about, kind="tinygan network")
    refused(path, "holds no network .*this network's state has the arrays .*; got theta, layer 0, turns, layer 3, u")


def test_a_network_of_another_class_is_named(path, tmp_path):
    class Chain(Sequential):
        """A Sequential by another name."""

    with pytest.raises(ValueError, match="net.npz holds a Sequential, not a Chain: load it with Network.load"):
        Chain.load(path)
    Chain(Dense(2, 1)).save(tmp_path / "chain.npz")
    assert type(Network.load(tmp_path / "chain.npz")) is type(Sequential.load(tmp_path / "chain.npz")) is Chain


def test_a_limit_of_parameters_ends_with_its_block():
    with at_most(5), pytest.raises(ValueError, match="Dense\\(3 -> 3\\) has 12 parameters, more than the 5"):
        Dense(3, 3)
    assert Dense(3, 3).W.size == 9
