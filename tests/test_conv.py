"""Convolutions: derivatives, the adjoint identity over all geometries, PyTorch's numbers, penalties, replicas, first weights."""

import copy
import itertools
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import test_layers
from oracles import SEEDS, same_bits
from test_penalties import PENALTIES, batches, check_exact

from tinygan import data, gradcheck, he, losses, orthogonal, train, xavier
from tinygan.engine.conv import Conv2D, ConvTranspose2D, Upsample
from tinygan.engine.layers import Dense, LeakyReLU, ReLU, Softplus, Tanh
from tinygan.engine.network import Network, Sequential
from tinygan.engine.norm import BatchNorm
from tinygan.engine.windows import fold, unfold
from tinygan.gradients import d_gradients, g_gradients
from tinygan.penalties import R1, R2
from tinygan.training import two_players

GOLDEN = json.loads((Path(__file__).parent / "golden" / "golden.json").read_text())["convolutions"]

# name -> () -> layer: strides 1 to 3, with and without padding, more channels or fewer, and images that are not square
LAYERS = {
    "Conv2D": lambda: Conv2D((4, 2), 2, 3, kernel=4, stride=2, pad=1),
    "Conv2D, stride 1": lambda: Conv2D((3, 4), 2, 3, kernel=3, pad=1),
    "Conv2D, stride 1, one channel": lambda: Conv2D((4, 3), 1, 2, kernel=2),
    "Conv2D, stride 3": lambda: Conv2D((5, 2), 1, 2, kernel=2, stride=3),
    "Conv2D, kernel 1": lambda: Conv2D((3, 2), 3, 2, kernel=1, pad=1),
    "ConvTranspose2D": lambda: ConvTranspose2D((2, 3), 2, 3, kernel=4, stride=2, pad=1),
    "ConvTranspose2D, stride 1": lambda: ConvTranspose2D((3, 2), 3, 2, kernel=3, pad=1),
    "ConvTranspose2D, one filter": lambda: ConvTranspose2D((2, 3), 3, 1, kernel=3, stride=2, pad=1),
    "ConvTranspose2D, stride 3": lambda: ConvTranspose2D((2, 1), 2, 2, kernel=2, stride=3),
    "Upsample": lambda: Upsample((2, 3), 2),
    "Upsample, factor 3": lambda: Upsample((2, 1), 3, factor=3),
}
BATCH_NORM = {"BatchNorm": lambda: BatchNorm(12, channels=3)}


def alone(make):
    return lambda d, k, dtype: make()


def inside(make):
    """The layer in a network, between two smooth activations."""
    def network(d, k, dtype):
        layer = make()
        return Sequential(Dense(d, layer.d), Tanh(), layer, Softplus(), Dense(layer.k, k), dtype=dtype)

    return network


def shape(make):
    """(rows, features in, features out) for a layer by itself."""
    return 3, make().d, 1


MAKERS = {name: (alone(make), shape(make)) for name, make in LAYERS.items()}
MAKERS |= {f"{name}, inside": (inside(make), (7, 3, 5)) for name, make in LAYERS.items()}
NORMED = {"BatchNorm": (alone(BATCH_NORM["BatchNorm"]), (3, 12, 1)),
          "BatchNorm, inside": (inside(BATCH_NORM["BatchNorm"]), (7, 3, 5))}


# ---------------------------------------------------------------- the four methods


def check_backward(name, seed=0):
    make, size = (MAKERS | NORMED)[name]
    test_layers.check_backward(make, seed, size)


@pytest.mark.parametrize("name", [*MAKERS, *NORMED])
def test_backward_agrees_with_central_differences(name):
    for seed in SEEDS:
        check_backward(name, seed)


def check_adjoint(name, seed=0):
    make, size = MAKERS[name]
    test_layers.check_adjoint(make, seed, size)


@pytest.mark.parametrize("name", MAKERS)
def test_backward_is_the_transpose_of_tangent(name):
    for seed in SEEDS:
        check_adjoint(name, seed)


def check_tangents(name, seed=0, moving=True):
    make, size = MAKERS[name]
    test_layers.check_tangents(make, seed, size, moving)


@pytest.mark.parametrize("moving", [True, False], ids=["theta moves", "theta held fixed"])
@pytest.mark.parametrize("name", MAKERS)
def test_tangent_and_tangent_backward_are_the_derivatives_of_forward_and_backward(name, moving):
    for seed in SEEDS:
        check_tangents(name, seed, moving)


@pytest.mark.parametrize("name", LAYERS)
def test_the_hessian_is_symmetric(name):
    test_layers.check_hessian(inside(LAYERS[name]))


def wide(make):
    """The layer behind a Dense that takes three features, as the checks of test_layers want it."""
    def network(d, k, dtype):
        layer = make()
        return Sequential(Dense(d, layer.d), layer, dtype=dtype)

    return network


def check_accumulates(name):
    test_layers.check_accumulates(wide((LAYERS | BATCH_NORM)[name]))


@pytest.mark.parametrize("name", [*LAYERS, *BATCH_NORM])
def test_the_tape_belongs_to_the_caller(name):
    make = wide((LAYERS | BATCH_NORM)[name])
    test_layers.check_two_forwards(make)
    test_layers.check_without_grads(make)
    test_layers.check_accumulates(make)


@pytest.mark.parametrize("name", [*LAYERS, *BATCH_NORM])
def test_a_wrong_cotangent_is_named(name):
    """(N, 1) or a batch that would broadcast, or the rows of pixels: all must raise."""
    layer = (LAYERS | BATCH_NORM)[name]()
    rng = np.random.default_rng(0)
    y, tape = layer.forward(rng.normal(size=(3, layer.d)))
    tape_dot = layer.tangent(rng.normal(size=(3, layer.d)), tape)[1] if name in LAYERS else None
    for wrong in (y[:1], y[:, :1], y[0], y.swapaxes(0, 1), y[None], y.reshape(1, -1)):
        calls = [lambda w=wrong: layer.backward(w, tape), lambda w=wrong: layer.backward(w, tape, grads=False)]
        if name in LAYERS:
            calls += [lambda w=wrong: layer.tangent_backward(w, y, tape, tape_dot),
                      lambda w=wrong: layer.tangent_backward(y, w, tape, tape_dot)]
        for call in calls:
            with pytest.raises(ValueError) as error:
                call()
            assert str(error.value) == f"{layer}.backward expects dy shaped like its output, {y.shape}; got {wrong.shape}"


@pytest.mark.parametrize("layer, names", [
    (Conv2D(2, 3, 5, kernel=1), "Conv2D(2x2x3 -> 2x2x5, kernel 1, stride 1, pad 0)"),
    (ConvTranspose2D((1, 4), 3, 1, kernel=4, stride=2, pad=1), "ConvTranspose2D(1x4x3 -> 2x8x1, kernel 4, stride 2, pad 1)"),
    (Upsample((2, 2), 3), "Upsample(2x2x3 -> 4x4x3)"), (BatchNorm(12, channels=3), "BatchNorm(12)"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_wrong_input_is_named(layer, names):
    parameters = bool(layer.parameters)
    for x in ((7, 4), (12,), (7, 2, 6), *[(2, 7, 12)] * parameters):
        with pytest.raises(ValueError) as error:
            layer.forward(np.zeros(x))
        assert str(error.value) == f"{names} expects {'(N, 12)' if parameters else '(..., N, 12)'}, got {x}"


# ---------------------------------------------------------------- geometry

GEOMETRIES = list(itertools.product(range(1, 6), (1, 2, 3), (0, 1, 2), (3, 6, 7)))  # kernel, stride, pad, size


def fits(kernel, stride, pad, size):
    return size + 2 * pad >= kernel and (size + 2 * pad - kernel) % stride == 0


FITTING = [one for one in GEOMETRIES if fits(*one)]


def random_pair(kernel, stride, pad, size, dtype=np.float64, whole=False):
    """A Conv2D without bias, and the ConvTranspose2D whose W is its transpose; random weights, or small whole numbers."""
    rng = np.random.default_rng([kernel, stride, pad, size])
    conv = Conv2D(size, 2, 3, kernel, stride, pad)
    back = ConvTranspose2D(conv.grid, 3, 2, kernel, stride, pad)
    W = rng.normal(size=conv.W.shape)
    conv.W[...] = (3 * W).round() if whole else W
    back.W[...] = conv.W.swapaxes(0, 1)
    return conv, back, rng


def check_adjoint_identity(kernel, stride, pad, size):
    """<Conv(x), y> = <x, ConvT(y)>, and ConvT is Conv's way back: to the last bit on whole numbers, where sums are exact."""
    conv, back, rng = random_pair(kernel, stride, pad, size)
    assert (back.d, back.k, back.image[:2]) == (conv.k, conv.d, conv.size)
    x, y = rng.normal(size=(4, conv.d)), rng.normal(size=(4, conv.k))
    (forward, tape), (backward, _) = conv.forward(x), back.forward(y)
    size_of_both = np.linalg.norm(forward) * np.linalg.norm(y) + 1
    assert abs(np.vdot(forward, y) - np.vdot(x, backward)) <= 1e-12 * size_of_both
    np.testing.assert_allclose(backward, conv.backward(y, tape), rtol=1e-12, atol=1e-12)

    conv, back, rng = random_pair(kernel, stride, pad, size, whole=True)
    x, y = rng.integers(-4, 5, (4, conv.d)).astype(float), rng.integers(-4, 5, (4, conv.k)).astype(float)
    (forward, tape), (backward, _) = conv.forward(x), back.forward(y)
    assert np.vdot(forward, y) == np.vdot(x, backward) and (backward == conv.backward(y, tape)).all()


@pytest.mark.parametrize("geometry", FITTING, ids=lambda g: "k{} s{} p{} size {}".format(*g))
def test_the_transpose_of_every_geometry(geometry):
    check_adjoint_identity(*geometry)


def naive_conv(x, W, b, kernel, stride, pad):
    """The definition, one number after the other: x (H, W, C), W (k, k, C, K)."""
    H, wide, _ = x.shape
    h, w = (H + 2 * pad - kernel) // stride + 1, (wide + 2 * pad - kernel) // stride + 1
    y = np.zeros((h, w, W.shape[-1])) + b
    for row, column, i, j in itertools.product(range(h), range(w), range(kernel), range(kernel)):
        at = row * stride + i - pad, column * stride + j - pad
        if 0 <= at[0] < H and 0 <= at[1] < wide:
            y[row, column] += x[at] @ W[i, j]
    return y


def naive_transpose(x, W, b, kernel, stride, pad):
    """Each pixel lays its window: x (h, w, C), W (C, k, k, K)."""
    h, w, _ = x.shape
    H, wide = stride * (h - 1) + kernel - 2 * pad, stride * (w - 1) + kernel - 2 * pad
    y = np.zeros((H, wide, W.shape[-1])) + b
    for row, column, i, j in itertools.product(range(h), range(w), range(kernel), range(kernel)):
        at = row * stride + i - pad, column * stride + j - pad
        if 0 <= at[0] < H and 0 <= at[1] < wide:
            y[at] += x[row, column] @ W[:, i, j]
    return y


@pytest.mark.parametrize("geometry", FITTING[::3], ids=lambda g: "k{} s{} p{} size {}".format(*g))
def test_convolutions_are_their_definition(geometry):
    check_definition(*geometry)


def check_definition(kernel, stride, pad, size):
    """Loops over every pixel and every weight, in an image that is not square."""
    rng = np.random.default_rng(kernel)
    conv = Conv2D((size, size + stride), 2, 3, kernel, stride, pad)
    back = ConvTranspose2D(conv.grid, 3, 2, kernel, stride, pad)
    for layer, naive in ((conv, naive_conv), (back, naive_transpose)):
        layer.W[...], layer.b[...] = rng.normal(size=layer.W.shape), rng.normal(size=layer.b.shape)
        x = rng.normal(size=(2, layer.d))
        cut = (kernel, kernel, 2, 3) if layer is conv else (3, kernel, kernel, 2)
        ends = (*layer.size, layer.channels)
        wanted = [naive(one.reshape(ends), layer.W.reshape(cut), layer.b[0], kernel, stride, pad).ravel() for one in x]
        np.testing.assert_allclose(layer.forward(x)[0], wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kernel, stride, pad, size", [one for one in GEOMETRIES if not fits(*one)])
def test_a_geometry_that_leaves_pixels_over_is_refused(kernel, stride, pad, size):
    check_leftover(kernel, stride, pad, size)


def test_an_image_may_be_one_pixel_wide_or_high():
    for size, pixels in (((1, 3), (1, 3)), ((3, 1), (3, 1)), ((1, 1), (1, 1))):
        layer = ConvTranspose2D(size, 1, 1, 3, 1, 1)
        assert layer.output == pixels and layer.forward(np.ones((2, layer.d)))[0].shape == (2, layer.k)
        assert Conv2D(size, 1, 1, 3, 1, 1).output == pixels
    with pytest.raises(ValueError, match="none is left"):
        ConvTranspose2D((2, 1), 1, 1, 2, 1, 1)


def check_leftover(kernel, stride, pad, size):
    room = size + 2 * pad - kernel
    with pytest.raises(ValueError) as error:
        Conv2D(size, 1, 1, kernel, stride, pad)
    wanted = f"be a multiple of stride {stride}, or pixels are left over" if room >= 0 else "not be negative"
    assert str(error.value) == (f"Conv2D: height {size} with pad {pad} and kernel {kernel} has height + 2 pad - kernel = {room}, "
                                f"which must {wanted}. Choose another size, kernel, stride or pad")
    with pytest.raises(ValueError, match=f"unfold: height {size} .* = {room}, which must"):
        unfold(np.zeros((size, size, 1)), kernel, stride, pad)


@pytest.mark.parametrize("make, error, message", [
    (lambda: Conv2D((8, 7), 1, 1, 4, 2, 1), ValueError, "Conv2D: width 7 with pad 1 .* = 5, which must be a multiple of"),
    (lambda: ConvTranspose2D(1, 1, 1, 2, 1, 1), ValueError, "ConvTranspose2D: 1x1 .* 2x2 pixels, and pad 1 takes 2 of"),
    (lambda: fold(np.zeros((1, 3, 9)), 3, 1, 2), ValueError, "fold: 1x3 windows .* cover 3x5 pixels, .* Choose a smaller pad"),
    (lambda: Conv2D(0, 1, 1, 1), ValueError, "Conv2D: size"), (lambda: Conv2D((2, 0), 1, 1, 1), ValueError, "Conv2D: width"),
    (lambda: Conv2D((2.0, 2), 1, 1, 1), TypeError, "Conv2D: height"), (lambda: Conv2D((1, 2, 3), 1, 1, 1), TypeError, "2D: size"),
    (lambda: Conv2D("8", 1, 1, 1), TypeError, "Conv2D: size"), (lambda: Conv2D(2, 0, 1, 1), ValueError, "Conv2D: channels"),
    (lambda: Conv2D(2, 1, True, 1), TypeError, "Conv2D: filters"), (lambda: Conv2D(2, 1, 1, 0), ValueError, "Conv2D: kernel"),
    (lambda: Conv2D(2, 1, 1, 1, 0), ValueError, "Conv2D: stride"), (lambda: Conv2D(2, 1, 1, 1, 1, -1), ValueError, "Conv2D: pad"),
    (lambda: ConvTranspose2D(2, 1, 1, 2.0), TypeError, "ConvTranspose2D: kernel"), (lambda: Upsample(2, 0), ValueError, "chan"),
    (lambda: Upsample(2, 1, 0), ValueError, "Upsample: factor"), (lambda: Upsample(None, 1), TypeError, "Upsample: size"),
    (lambda: BatchNorm(12, channels=0), ValueError, "BatchNorm: channels"),
    (lambda: BatchNorm(12, channels=5), ValueError, "d = 12 numbers has no whole pixels of 5 channels: d must be height"),
    (lambda: BatchNorm(3, channels=3).forward(np.ones((1, 3))), ValueError, r"BatchNorm\(3\) needs at least 2 samples"),
    (lambda: Sequential(Conv2D(8, 1, 2, 4, 2, 1), Dense(16, 1)), ValueError, "gives 32 features, .* takes 16"),
])
def test_what_is_no_layer_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


# ---------------------------------------------------------------- windows


@pytest.mark.parametrize("geometry", FITTING, ids=lambda g: "k{} s{} p{} size {}".format(*g))
def test_fold_is_the_adjoint_of_unfold(geometry):
    """For one and for several channels, which go different ways in fold; and fold(unfold(1)) counts the windows of a pixel."""
    kernel, stride, pad, size = geometry
    rng = np.random.default_rng(0)
    for channels in (1, 2):
        x = rng.normal(size=(2, size, size + stride, channels))
        u = rng.normal(size=unfold(x, *geometry[:3]).shape)
        (one, other) = np.vdot(unfold(x, *geometry[:3]), u), np.vdot(x, fold(u, *geometry[:3]))
        assert abs(one - other) <= 1e-12 * (np.linalg.norm(u) * np.linalg.norm(x))
        assert fold(u, *geometry[:3]).shape == x.shape
    counts = fold(unfold(np.ones_like(x), kernel, stride, pad), kernel, stride, pad)
    inside = np.zeros_like(x)
    for row, column in itertools.product(range(u.shape[1]), range(u.shape[2])):
        top, left = row * stride - pad, column * stride - pad
        inside[:, max(top, 0):max(top + kernel, 0), max(left, 0):max(left + kernel, 0)] += 1
    assert (counts == inside).all()


def test_windows_of_any_leading_axes():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 7, 2))
    u = unfold(x, 3, 2, 1)
    assert u.shape == (2, 3, 3, 4, 18) and fold(u, 3, 2, 1).shape == x.shape
    for r, n in itertools.product(range(2), range(3)):
        assert same_bits(u[r, n], unfold(x[r, n], 3, 2, 1)) and same_bits(fold(u, 3, 2, 1)[r, n], fold(u[r, n], 3, 2, 1))
    turned = x.swapaxes(2, 3)  # not contiguous
    assert same_bits(unfold(turned, 3, 2, 1), unfold(turned.copy(), 3, 2, 1))


@pytest.mark.parametrize("kernel, stride, even", [(4, 2, True), (2, 2, True), (6, 3, True),
                                                  (3, 2, False), (5, 2, False), (5, 3, False)])
def test_the_checkerboard(kernel, stride, even):
    """Where the stride divides the kernel, every pixel inside is covered equally often; where it does not, a pattern remains."""
    counts = fold(np.ones((6, 6, kernel**2)), kernel, stride)[..., 0]
    within = counts[kernel:-kernel, kernel:-kernel]
    assert within.size >= 9 and (np.ptp(within) == 0) == even
    layer = ConvTranspose2D(6, 1, 1, kernel, stride)
    layer.W[...] = 1
    assert (layer.forward(np.ones((1, 36)))[0].reshape(counts.shape) == counts).all()


# ---------------------------------------------------------------- by hand, and as PyTorch has it


def test_a_convolution_worked_by_hand():
    """A row of five pixels, kernel (1, 2, 3) in its middle row, stride 2, pad 1: every number below is worked out on paper.

        x = (1, 2, 3, 4, 5) with a 0 on both sides; the windows (0, 1, 2), (2, 3, 4), (4, 5, 0)
        y = (2 + 6, 2 + 6 + 12, 4 + 10) + .5 = (8.5, 20.5, 14.5)
        dy = (1, -1, 2)    db = 2    dw = 1(0, 1, 2) - (2, 3, 4) + 2(4, 5, 0) = (6, 8, -2)
        dx: window 1 lays (1, 2, 3) on pixels 0 to 2, window 2 (-1, -2, -3) on 2 to 4, window 3 (2, 4, 6) on 4 to 6;
            without the padding (2, 3 - 1, -2, -3 + 2, 4)
    """
    layer = Conv2D((1, 5), 1, 1, kernel=3, stride=2, pad=1)
    layer.W[3:6, 0], layer.b[...] = (1, 2, 3), 0.5
    y, tape = layer.forward(np.array([[1.0, 2, 3, 4, 5]]))
    dx = layer.backward(np.array([[1.0, -1, 2]]), tape)
    assert y.tolist() == [[8.5, 20.5, 14.5]] and dx.tolist() == [[2, 2, -2, -1, 4]]
    assert layer.dW[3:6, 0].tolist() == [6, 8, -2] and layer.db.tolist() == [[2]]
    assert not layer.dW[:3].any() and not layer.dW[6:].any()  # the rows above and below are padding


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['layer']} {case['geometry']}")
def test_convolutions_are_those_of_pytorch(case):
    """Value, all gradients, and the gradient of R1 = |dx|^2 / 2 by W, through Tanh: PyTorch's autograd, twice."""
    check_golden(case)


def check_golden(case):
    kernel, stride, pad = case["geometry"]
    make = {"Conv2D": Conv2D, "ConvTranspose2D": ConvTranspose2D}[case["layer"]]
    layer = make(tuple(case["size"]), case["channels"], case["filters"], kernel, stride, pad)
    net = Sequential(layer, Tanh(), dtype=np.float64)
    layer.W[...], layer.b[...] = np.reshape(case["W"], layer.W.shape), case["b"]
    near = lambda got, wanted: np.testing.assert_allclose(got.ravel(), wanted, rtol=1e-10, atol=1e-10)  # noqa: E731
    y, tape = net.forward(np.array(case["x"]))
    near(y, case["y"])
    dx = net.backward(np.array(case["dy"]), tape)
    near(dx, case["dx"])
    near(layer.dW, case["dW"])
    near(layer.db, case["db"])
    assert np.abs(case["dW"]).max() > 0.1

    net.zero_grad()
    _, tape_dot = net.tangent(dx, tape)  # of |dx|^2 / 2: v = dx, held
    net.tangent_backward(np.array(case["dy"]), np.zeros_like(y), tape, tape_dot)
    near(layer.dW, case["second_dW"])
    near(layer.db, case["second_db"])


@pytest.mark.parametrize("size, channels, factor", [((2, 3), 2, 2), ((3, 1), 1, 3), (2, 3, 1)])
def test_upsampling_repeats_pixels(size, channels, factor):
    """Against NumPy's repeat; the mean of each square of the way there and back is the image again."""
    layer, rng = Upsample(size, channels, factor), np.random.default_rng(0)
    x = rng.normal(size=(5, *layer.size, channels))
    y, tape = layer.forward(x.reshape(5, -1))
    assert same_bits(y, x.repeat(factor, axis=1).repeat(factor, axis=2).reshape(5, -1))
    np.testing.assert_allclose(layer.backward(y, tape), factor**2 * x.reshape(5, -1), rtol=1e-13)


# ---------------------------------------------------------------- penalties and whole steps


def critic(seed=0, stride=2, activation=Tanh, dtype=np.float64, **options):
    """Two convolutions, then a score: an image of 4 x 4 pixels with one channel, or 4 x 4 x 2."""
    first = Conv2D(4, 1, 2, 4, 2, 1) if stride == 2 else Conv2D(4, 1, 2, 3, 1, 1)
    second = Conv2D(first.output, 2, 3, *((2, 2, 0) if stride == 2 else (3, 1, 0)))
    D = Sequential(first, activation(), second, activation(), Dense(second.k, 1), seed=seed, dtype=dtype, **options)
    D.theta[...] += (np.random.default_rng(seed).normal(size=D.theta.shape) / 5).astype(dtype)
    return D


def generator(seed=0, dtype=np.float64, last=Tanh, **options):
    """Dense, then a transposed convolution with BatchNorm, an enlargement, and a convolution to 4 x 4 pixels."""
    return Sequential(Dense(3, 3), ConvTranspose2D(1, 3, 2, 4, 2, 1), BatchNorm(8, channels=2), ReLU(), Upsample(2, 2),
                      Conv2D(4, 2, 1, 3, 1, 1), last(), seed=seed, dtype=dtype, **options)


def check_penalty(penalty, stride, seed=0, activation=Tanh):
    D = critic(seed, stride, activation)
    return check_exact(PENALTIES[penalty], D, batches(5, 16, seed), seed, f"{penalty}, stride {stride}")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("activation", [Tanh, *(pytest.param(other, marks=pytest.mark.slow) for other in (Softplus, LeakyReLU))])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalty_is_exact_through_two_convolutions(penalty, activation, stride):
    """Its value against differences of the scores, its gradient against differences of its value."""
    judged = [check_penalty(penalty, stride, seed, activation) for seed in range(3)]
    assert sum(judged) >= 2


LAYERS_UNDER_PENALTIES = {"Conv2D": lambda: Conv2D(3, 1, 2, 2), "ConvTranspose2D": lambda: ConvTranspose2D(2, 2, 1, 3, 2, 1),
                          "Upsample": lambda: Upsample((1, 2), 2)}


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("layer", LAYERS_UNDER_PENALTIES)
def test_penalty_is_exact(layer, penalty):
    for seed in range(3):
        D = inside(LAYERS_UNDER_PENALTIES[layer])(3, 1, np.float64)
        D.theta[...] += np.random.default_rng(seed).normal(size=D.theta.shape) / 5
        assert check_exact(PENALTIES[penalty], D, batches(5, 3, seed), seed, f"{penalty}, {layer}")


def check_g(seed=0):
    """G's whole gradient, through D, by differences."""
    G, D, z = generator(seed, last=Tanh), critic(seed), np.random.default_rng(seed).normal(size=(5, 3))

    def f(theta):
        G.theta[...] = theta
        return float(g_gradients(G, D, z, losses.NonSaturating()))

    theta = G.theta + np.random.default_rng(seed).normal(size=G.theta.shape) / 5
    f(theta)
    result = gradcheck.check(f, G.grad.copy(), theta, name="G over theta")
    assert result.ok, str(result)


def check_d(seed=0):
    """D's loss with three penalties, over all of D's parameters."""
    D, (x_real, x_fake) = critic(seed, stride=1 + seed % 2), batches(5, 16, seed)

    def f(theta):
        D.theta[...] = theta
        penalties, rng = tuple(PENALTIES.values()), np.random.default_rng(seed)
        return float(d_gradients(D, x_real, x_fake, losses.Relativistic(), penalties, rng))

    theta = D.theta.copy()
    f(theta)
    result = gradcheck.check(f, D.grad.copy(), theta, name="D over theta")
    assert result.ok, str(result)


def test_whole_steps():
    for seed in range(3):
        check_g(seed)
        check_d(seed)


# ---------------------------------------------------------------- replicas, dtypes, copies, files, replay


def trained(net, x, steps=3):
    """Everything that `steps` rounds of the four methods leave behind."""
    seen, smooth = [], not any(isinstance(layer, BatchNorm) for layer in net.layers)
    for _ in range(steps):
        y, tape = net.forward(x)
        seen += [y, net.backward(y, tape)]
        if smooth:
            for velocity in (None, net.theta[..., ::-1].copy()):
                net.theta_dot = velocity
                y_dot, tape_dot = net.tangent(x[..., ::-1, :], tape)
                seen += [y_dot, *net.tangent_backward(y, y_dot, tape, tape_dot)]
        seen.append(net.grad.copy())
        net.theta_dot = None
        net.theta -= 0.01 * net.grad
        net.zero_grad()
    return [*seen, net.theta]


WHOLE = {"critic, stride 1": lambda **options: critic(stride=1, **options), "critic, stride 2": critic, "generator": generator}
WHOLE |= {name: lambda make=make, **options: Sequential(make(), **options) for name, make in (LAYERS | BATCH_NORM).items()}


def check_replicas(name, batch=7, dtype=np.float32):
    make = WHOLE[name]
    net = make(seed=11, replicas=3, dtype=dtype)
    singles = [make(seed=child, dtype=dtype) for child in np.random.SeedSequence(11).spawn(3)]
    for single, theta in zip(singles, net.theta, strict=True):  # critic() moves theta by numbers of its own
        single.theta[...] = theta
    x = np.random.default_rng(0).normal(size=(3, batch, net.d_in)).astype(dtype)
    together = trained(net, x)
    for r, single in enumerate(singles):
        for a, b in zip(together, trained(single, x[r]), strict=True):
            assert same_bits(a[r], b), f"replica {r} differs from its single network"
            assert b.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [2, 7, 64])
@pytest.mark.parametrize("name", WHOLE)
def test_a_replica_is_bit_for_bit_the_single_network_and_keeps_its_dtype(name, batch, dtype):
    check_replicas(name, batch, dtype)


def test_replicas_begin_as_single_networks_do():
    net = generator(seed=4, replicas=3)
    for theta, child in zip(net.theta, np.random.SeedSequence(4).spawn(3), strict=True):
        assert same_bits(theta, generator(seed=child).theta)


IMAGES = data.sets.Points(np.random.default_rng(0).normal(size=(64, 16)))


def test_whole_runs_with_replicas():
    def run(g, d, seed, **options):
        G, D = generator(g, dtype=np.float32, **options), critic(7, dtype=np.float32, **options)
        D.theta[...] = Sequential(*map(copy.copy, D.layers), seed=d, dtype=np.float32, **options).theta
        train(G, D, IMAGES, losses.Relativistic(), steps=4, batch=8, seed=seed, penalties=(R1(0.1), R2(0.1)))
        return [G.theta, D.theta]

    together = run(1, 2, 4, replicas=2)
    for r in range(2):
        seeds = (np.random.SeedSequence(seed).spawn(2)[r] for seed in (1, 2, 4))
        for a, b in zip(together, run(*seeds), strict=True):
            assert same_bits(a[r], b) and b.dtype == np.float32


@pytest.mark.parametrize("penalties", [(), (R1(0.3), R2(0.1))], ids=["plain", "R1 R2"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("replicas", [(), 2])
def test_a_training_of_images_is_replayed_with_the_same_bits(replicas, stride, penalties):
    def run(replay):
        G, D = generator(1, np.float32, replicas=replicas), critic(2, stride, LeakyReLU, np.float32, replicas=replicas)
        settings = {"opt_g": None, "opt_d": None, "d_steps": 1, "update": "alternating", "ema": .9, "schedule": None,
                    "instance_noise": None, "clip": None, "unroll": None}
        training = two_players(G, D, IMAGES, losses.NonSaturating(), steps=40, batch=12, seed=3, penalties=penalties,
                               replay=replay, **settings)
        training.advance(20)
        return training

    replayed, plain = run(True), run(False)
    assert repr(replayed).endswith("replay)") and repr(plain).endswith("plain)")
    ours, wanted = replayed.state(), plain.state()
    assert ours.keys() == wanted.keys() and [name for name in wanted if not same_bits(ours[name], wanted[name])] == []


@pytest.mark.parametrize("duplicate", [Sequential.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))],
                         ids=["copy", "deepcopy", "pickle"])
def test_copies(duplicate):
    for net in (generator(), critic(replicas=2)):
        twin, x = duplicate(net), np.random.default_rng(0).normal(size=(*net.replicas, 7, net.d_in))
        assert same_bits(twin(x), net(x)) and repr(twin) == repr(net) and not np.shares_memory(twin.theta, net.theta)


def test_files(tmp_path):
    for net in (generator(), critic(replicas=2), Sequential(Conv2D((2, 5), 1, 2, 2, 1))):
        net.save(tmp_path / "net.npz")
        twin = Network.load(tmp_path / "net.npz")
        x = np.random.default_rng(0).normal(size=(*net.replicas, 7, net.d_in))
        assert same_bits(twin(x), net(x)) and repr(twin) == repr(net)
        assert [a.settings() for a in twin.layers] == [a.settings() for a in net.layers]


def test_float32_is_near_float64():
    for make in (critic, lambda dtype: critic(stride=1, dtype=dtype), generator):
        coarse, fine = make(dtype=np.float32), make(dtype=np.float64)
        fine.theta = coarse.theta
        x = np.random.default_rng(0).normal(size=(7, coarse.d_in))
        (y, tape), (wanted, fine_tape) = coarse.forward(x), fine.forward(x)
        dx, wanted_dx = coarse.backward(y, tape), fine.backward(wanted, fine_tape)
        for a, b in ((y, wanted), (dx, wanted_dx), (coarse.grad, fine.grad)):
            assert a.dtype == np.float32 and b.dtype == np.float64
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_an_empty_batch():
    for net in (critic(), critic(stride=1), Sequential(ConvTranspose2D(2, 1, 1, 4, 2, 1)), Sequential(Upsample(2, 1))):
        y, tape = net.forward(np.zeros((0, net.d_in)))
        assert y.shape == (0, net.d_out) and net.backward(y, tape).shape == (0, net.d_in) and not net.grad.any()


# ---------------------------------------------------------------- BatchNorm of images


def test_batch_norm_of_images_is_that_of_their_pixels():
    check_batch_norm()


def check_batch_norm():
    """One gain and shift for each channel; a batch of images is a larger batch of pixels, to the last bit."""
    rng = np.random.default_rng(0)
    images, pixels = BatchNorm(24, channels=4), BatchNorm(4)
    for layer in (images, pixels):
        layer.gain[...], layer.shift[...] = np.arange(1, 5) / 2, np.arange(4)
    x, dy = rng.normal(3, 5, size=(2, 7, 24))
    (y, tape), (wanted, pixel_tape) = images.forward(x), pixels.forward(x.reshape(42, 4))
    dx, wanted_dx = images.backward(dy, tape), pixels.backward(dy.reshape(42, 4), pixel_tape)
    assert same_bits(y, wanted.reshape(7, 24)) and same_bits(dx, wanted_dx.reshape(7, 24))
    assert same_bits(images.dgain, pixels.dgain) and same_bits(images.dshift, pixels.dshift)
    channels = y.reshape(42, 4)
    np.testing.assert_allclose(channels.mean(axis=0), np.arange(4), atol=1e-12)
    np.testing.assert_allclose(channels.std(axis=0), np.arange(1, 5) / 2, rtol=1e-5)
    assert y.mean(axis=0).std() > 0.1 and (np.abs(y.mean(axis=0).reshape(6, 4) - np.arange(4)) > 1e-3).all()  # the control
    assert images.forward(x[:1])[0].shape == (1, 24)  # several pixels: one image is enough


# ---------------------------------------------------------------- initial weights


@pytest.mark.parametrize("layer, fans", [
    (Conv2D(8, 3, 16, 4, 2, 1), (48, 64)), (Conv2D(8, 3, 16, 3, 1, 1), (27, 144)), (Conv2D(7, 5, 4, 3, 2), (45, 9)),
    (ConvTranspose2D(4, 16, 3, 4, 2, 1), (64, 48)), (ConvTranspose2D(4, 5, 3, 3, 2), (11.25, 27)),
], ids=repr)
def test_fans(layer, fans):
    """Counted: how many weights meet in a pixel of y, and how many a pixel of x meets, far from the edges and on average."""
    assert layer.fans == fans
    twin = type(layer)(25 if layer.kernel == 3 else 30, layer.channels, layer.filters, layer.kernel, layer.stride)
    twin.W[...] = 1
    y, tape = twin.forward(np.ones((1, twin.d)))
    dx = twin.backward(np.ones_like(y), tape)
    for numbers, (H, W), c, fan in ((y, twin.output, layer.filters, fans[0]), (dx, twin.size, layer.channels, fans[1])):
        within = numbers.reshape(H, W, c)[6:12, 6:12]
        assert within.mean() == fan


def test_initial_weights_follow_the_fans():
    check_initial_weights(he, lambda d, k: 2 / d)
    check_initial_weights(xavier, lambda d, k: 2 / (d + k))


def check_initial_weights(rule=he, variance=lambda d, k: 2 / d):
    for layer in (Conv2D(8, 16, 32, 4, 2, 1), ConvTranspose2D(4, 32, 16, 4, 2, 1), ConvTranspose2D(4, 32, 16, 3, 1, 1)):
        Sequential(layer, init=rule)
        assert layer.W.size > 4000 and layer.W.var() == pytest.approx(variance(*layer.fans), rel=0.1) and not layer.b.any()
    dense = Dense(30, 200)
    Sequential(dense, init=rule)
    assert dense.fans is None and dense.W.var() == pytest.approx(variance(30, 200), rel=0.1)


def test_he_keeps_the_size_of_a_signal_through_convolutions():
    """Far from the edges, with he, all kinds keep the mean square. By W's shape a ConvTranspose2D would not (control)."""
    def growth(seed, init):
        G = Sequential(ConvTranspose2D(12, 64, 64, 4, 2), ReLU(), Conv2D(26, 64, 64, 3), ReLU(), ConvTranspose2D(24, 64, 64, 3),
                       ReLU(), seed=seed, init=init)
        y = G(np.random.default_rng(seed).normal(size=(3, G.d_in))).reshape(3, 26, 26, 64)[:, 6:-6, 6:-6]
        return float((y**2).mean())

    for seed in range(3):
        assert 0.5 < growth(seed, he) < 2
        assert 0.5 < growth(seed, lambda rng, d, k: he(rng, d, k)) / (4 * 9) < 2  # a rule that is not told the fans


def test_rules_without_fans_work_as_before():
    def rule(rng, d, k):
        seen.append((d, k))
        return rng.normal(size=(d, k))

    seen = []
    Sequential(Conv2D(4, 2, 3, 3, 1, 1), ConvTranspose2D(4, 3, 2, 4, 2, 1), init=rule)
    assert seen == [(18, 3), (3, 32)]
    layer = Conv2D(4, 2, 3, 3, 1, 1)
    Sequential(layer, init=orthogonal(), dtype=np.float64)
    np.testing.assert_allclose(layer.W.swapaxes(0, 1) @ layer.W, np.eye(3), atol=1e-12)


def test_repr_of_a_network():
    first, *rows = repr(generator(dtype=np.float32)).splitlines()
    assert first == "Sequential: (N, 3) -> (N, 16), 133 parameters, float32"
    assert rows[1].split() == ("ConvTranspose2D(1x1x3 -> 2x2x2, kernel 4, stride 2, pad 1) -> (N, 8) 98 "
                               "W (3, 32) + b (1, 2)").split()
    assert rows[2].split() == "BatchNorm(8) -> (N, 8) 4 gain (1, 2) + shift (1, 2)".split()
    assert rows[4].split() == "Upsample(2x2x2 -> 4x4x2) -> (N, 32)".split()
