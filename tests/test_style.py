"""The layers of engine/style and engine/inputs: derivatives, definitions number by number, replicas, planted mistakes."""

import copy
import itertools

import numpy as np
import pytest
import test_layers
from oracles import SEEDS, same_bits
from test_conv import alone, inside, wide

from tinygan.engine import inputs, style
from tinygan.engine.conv import Conv2D
from tinygan.engine.inputs import Constant, Noise, PixelNorm
from tinygan.engine.network import Sequential
from tinygan.engine.style import AdaIN, ModulatedConv

# name -> () -> layer: images that are not square, more channels or fewer, with and without demodulation
LAYERS = {
    "AdaIN": lambda: AdaIN((2, 3), 2),
    "ModulatedConv": lambda: ModulatedConv((3, 4), 2, 3, kernel=3, pad=1),
    "ModulatedConv, smaller": lambda: ModulatedConv((3, 2), 3, 1, kernel=2),
    "ModulatedConv, colours": lambda: ModulatedConv((3, 2), 3, 2, kernel=1, demodulate=False),
    "PixelNorm": lambda: PixelNorm(5),
    "Noise": lambda: Noise((2, 3), 2),
    "Constant": lambda: Constant(6),
}
OF_X = [name for name in LAYERS if name != "Constant"]  # a Constant has no x to move


MAKERS = {name: (alone(make), (3, make().d, 1)) for name, make in LAYERS.items()}
MAKERS |= {f"{name}, inside": (inside(LAYERS[name]), (7, 3, 5)) for name in OF_X}
SHORT = pytest.mark.sampled(2)


# ---------------------------------------------------------------- the four methods


def check_backward(name, seed=0):
    make, size = MAKERS[name]
    test_layers.check_backward(make, seed, size)


@SHORT
@pytest.mark.parametrize("name", [name for name in MAKERS if name != "Constant"])
def test_backward_agrees_with_central_differences(name):
    for seed in SEEDS:
        check_backward(name, seed)


@pytest.mark.parametrize("name", MAKERS)
def test_backward_is_the_transpose_of_tangent(name):
    make, size = MAKERS[name]
    for seed in SEEDS:
        test_layers.check_adjoint(make, seed, size)


def check_tangents(name, seed=0, moving=True):
    make, size = MAKERS[name]
    test_layers.check_tangents(make, seed, size, moving)


@pytest.mark.parametrize("moving", [True, False], ids=["theta moves", "theta held fixed"])
@pytest.mark.parametrize("name", [name for name in MAKERS if name != "Constant"])
def test_tangent_and_tangent_backward_are_the_derivatives_of_forward_and_backward(name, moving):
    for seed in SEEDS:
        check_tangents(name, seed, moving)


@pytest.mark.parametrize("name", OF_X)
def test_the_hessian_is_symmetric(name):
    test_layers.check_hessian(inside(LAYERS[name]))


@pytest.mark.parametrize("name", OF_X)
def test_the_tape_belongs_to_the_caller(name):
    make = wide(LAYERS[name])
    test_layers.check_two_forwards(make)
    test_layers.check_without_grads(make)
    test_layers.check_accumulates(make)


def check_constant():
    """y = 1 W: a dense layer whose one feature is always 1."""
    layer, rng = Constant(4), np.random.default_rng(0)
    W, W_dot = rng.normal(size=(2, 1, 4))
    layer.W, layer.W_dot = W, W_dot
    y, tape = layer.forward(np.zeros((3, 0)))
    assert same_bits(np.array(y), np.repeat(W, 3, axis=0)) and (layer.d, layer.k) == (0, 4)
    dy, dy_dot = rng.normal(size=(2, 3, 4))
    assert layer.backward(dy, tape).shape == (3, 0)
    np.testing.assert_allclose(layer.dW, dy.sum(axis=0, keepdims=True), rtol=1e-14)
    y_dot, tape_dot = layer.tangent(np.zeros((3, 0)), tape)
    assert same_bits(y_dot, np.repeat(W_dot, 3, axis=0))
    layer.dW[...] = 0
    assert [part.shape for part in layer.tangent_backward(dy, dy_dot, tape, tape_dot)] == [(3, 0)] * 2
    np.testing.assert_allclose(layer.dW, dy_dot.sum(axis=0, keepdims=True), rtol=1e-14)
    layer.W_dot = None
    assert (layer.tangent(np.zeros((3, 0)), tape)[0] == 0).all()
    layer.backward(dy, tape, grads=False)
    np.testing.assert_allclose(layer.dW, dy_dot.sum(axis=0, keepdims=True), rtol=1e-14)


def test_the_constant():
    check_constant()


@pytest.mark.parametrize("name", LAYERS)
def test_a_wrong_cotangent_is_named(name):
    layer, rng = LAYERS[name](), np.random.default_rng(0)
    y, tape = layer.forward(rng.normal(size=(3, layer.d)))
    tape_dot = layer.tangent(rng.normal(size=(3, layer.d)), tape)[1]
    for wrong in (y[:1], y[:, :1], y[0], y.swapaxes(0, 1), y[None]):
        for call in (lambda w=wrong: layer.backward(w, tape), lambda w=wrong: layer.backward(w, tape, grads=False),
                     lambda w=wrong: layer.tangent_backward(w, y, tape, tape_dot),
                     lambda w=wrong: layer.tangent_backward(y, w, tape, tape_dot)):
            with pytest.raises(ValueError) as error:
                call()
            assert str(error.value) == f"{layer}.backward expects dy shaped like its output, {y.shape}; got {wrong.shape}"


@pytest.mark.parametrize("layer, names", [
    (AdaIN(2, 3), "AdaIN(2x2x3)"), (Noise((1, 2), 3), "Noise(1x2x3)"),
    (PixelNorm(9), "PixelNorm(9)"), (Constant(3), "Constant(3)"),
    (ModulatedConv(2, 3, 5, 1), "ModulatedConv(2x2x3 -> 2x2x5, kernel 1, stride 1, pad 0)"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_wrong_input_is_named(layer, names):
    for x in ((7, layer.d + 1), (layer.d,)):
        with pytest.raises(ValueError) as error:
            layer.forward(np.zeros(x))
        assert str(error.value).startswith(f"{names} expects (")


@pytest.mark.parametrize("make, error, message", [
    (lambda: AdaIN(0, 1), ValueError, "AdaIN: size"), (lambda: AdaIN(2, 0), ValueError, "AdaIN: channels"),
    (lambda: AdaIN(2, 1, 0), ValueError, "AdaIN: eps"), (lambda: ModulatedConv(2, 1, 1, 1, eps=-1), ValueError, "Conv: eps"),
    (lambda: ModulatedConv(2, 1, 1, 4), ValueError, "ModulatedConv: height 2 with pad 0 and kernel 4"),
    (lambda: PixelNorm(0), ValueError, "PixelNorm: d"), (lambda: PixelNorm(2, 0), ValueError, "PixelNorm: eps"),
    (lambda: Constant(0), ValueError, "Constant: k"), (lambda: Noise(2.5, 1), TypeError, "Noise: size"),
    (lambda: Noise(2, 0), ValueError, "Noise: channels")])
def test_what_is_no_layer_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


# ---------------------------------------------------------------- what the layers are


def check_adain():
    """Mean and standard deviation over the pixels of each sample and channel are t and 1 + s: number by number."""
    layer, rng = AdaIN((3, 4), 2), np.random.default_rng(0)
    x, s, t = rng.normal(2, 3, (5, 24)), rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    y = layer.forward(np.concatenate([x, s, t], axis=1))[0].reshape(5, 12, 2)
    for n, c in itertools.product(range(5), range(2)):
        pixels = [x[n, 2 * p + c] for p in range(12)]
        mean = sum(pixels) / 12
        std = (sum((one - mean)**2 for one in pixels) / 12 + 1e-5)**.5
        expected = [(1 + s[n, c]) * (one - mean) / std + t[n, c] for one in pixels]
        np.testing.assert_allclose(y[n, :, c], expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(y.mean(axis=1), t, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=1), np.abs(1 + s), rtol=1e-5)


def test_adain_gives_each_channel_the_mean_and_the_deviation_of_its_style():
    check_adain()


def modulated(kernel=3, pad=1, demodulate=True, filters=4):
    layer, rng = ModulatedConv((3, 4), 2, filters, kernel, pad, demodulate), np.random.default_rng(1)
    layer.W, layer.b = rng.normal(size=layer.W.shape), rng.normal(size=layer.b.shape)
    return layer, rng.normal(size=(5, 24)), rng.normal(size=(5, 2))


def check_modulation(demodulate=True):
    """The paper's formula: each sample has its own weights s_c W_ijck, divided by their norm, then an ordinary convolution."""
    layer, x, s = modulated(demodulate=demodulate)
    y = layer.forward(np.concatenate([x, s], axis=1))[0]
    for n in range(5):
        W = layer.W.reshape(3, 3, 2, 4) * (1 + s[n])[:, None]
        for k in range(4):
            norm = np.sqrt(sum(W[i, j, c, k]**2 for i, j, c in np.ndindex(3, 3, 2)) + 1e-8)
            W[..., k] /= norm if demodulate else 1
        conv = Conv2D((3, 4), 2, 4, 3, 1, 1)
        conv.W, conv.b = W.reshape(-1, 4), layer.b
        np.testing.assert_allclose(y[n], conv.forward(x[n:n + 1])[0][0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("demodulate", [True, False])
def test_modulation_is_a_convolution_with_weights_of_each_samples_own(demodulate):
    check_modulation(demodulate)


def test_demodulation_takes_the_size_of_a_style_away():
    """A style twice as large, 1 + s doubled, makes the same image; without demodulation it makes one twice as large."""
    for demodulate, factor in ((True, 1), (False, 2)):
        layer, x, s = modulated(demodulate=demodulate)
        one, two = (layer.forward(np.concatenate([x, style], axis=1))[0] - np.tile(layer.b, 12) for style in (s, 2 * (1 + s) - 1))
        np.testing.assert_allclose(two, factor * one, rtol=1e-6)


def check_noise():
    """One number for each pixel, one strength for each channel."""
    layer, rng = Noise((2, 3), 4), np.random.default_rng(2)
    assert (layer.B == 0).all() and layer.B.shape == (1, 4)
    layer.B = rng.normal(size=(1, 4))
    x, n = rng.normal(size=(5, 24)), rng.normal(size=(5, 6))
    y = layer.forward(np.concatenate([x, n], axis=1))[0].reshape(5, 6, 4)
    for i, p, c in np.ndindex(5, 6, 4):
        assert y[i, p, c] == pytest.approx(x[i, 4 * p + c] + layer.B[0, c] * n[i, p], abs=1e-14)


def test_noise_has_a_strength_for_each_channel():
    check_noise()


def test_pixel_norm_keeps_the_direction_alone():
    x = np.random.default_rng(3).normal(size=(5, 7))
    layer = PixelNorm(7)
    y = layer.forward(x)[0]
    np.testing.assert_allclose((y**2).mean(axis=1), 1, rtol=1e-7)
    np.testing.assert_allclose(layer.forward(3 * x)[0], y, rtol=1e-7)
    np.testing.assert_allclose(y / np.linalg.norm(y, axis=1)[:, None], x / np.linalg.norm(x, axis=1)[:, None], rtol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_replicas_and_float32(name):
    """Replica r is bit for bit the single layer, in all four methods; float32 stays float32."""
    rng, many = np.random.default_rng(4), LAYERS[name]()
    for parameter, shape in many.shapes.items():
        many.bind(parameter, rng.normal(size=(3, *shape)).astype("f4"), np.zeros((3, *shape), "f4"))
    x, x_dot = rng.normal(size=(2, 3, 2, many.d)).astype("f4")
    dy, dy_dot = rng.normal(size=(2, 3, 2, many.k)).astype("f4")

    def through(layer, x, x_dot, dy, dy_dot):
        y, tape = layer.forward(x)
        dx = layer.backward(dy, tape)
        y_dot, tape_dot = layer.tangent(x_dot, tape)
        return y, dx, y_dot, *layer.tangent_backward(dy, dy_dot, tape, tape_dot), *(getattr(layer, "d" + p) for p in layer.shapes)

    together = through(many, x, x_dot, dy, dy_dot)
    for r in range(3):
        one = LAYERS[name]()
        for parameter, shape in one.shapes.items():
            one.bind(parameter, getattr(many, parameter)[r], np.zeros(shape, "f4"))
        for all_of_them, single in zip(together, through(one, x[r], x_dot[r], dy[r], dy_dot[r]), strict=True):
            assert all_of_them.dtype == np.float32 and same_bits(np.array(all_of_them[r]), np.array(single))


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_can_be_copied_and_made_again(name):
    layer = LAYERS[name]()
    twin, again = copy.copy(layer), type(layer)(**layer.settings())
    assert repr(layer) == repr(twin) == repr(again) and (again.d, again.k, again.shapes) == (layer.d, layer.k, layer.shapes)


def test_what_a_constant_starts_from():
    """As a dense layer of one feature that is always 1, by the rule of the network: for He, variance 2."""
    layer = Sequential(Constant(20_000), seed=1).layers[0]
    assert abs(layer.W.var() - 2) < .1 and abs(layer.W.mean()) < .05


# ---------------------------------------------------------------- planted mistakes


def statistics_over_channels(patch):
    """Mean and variance over pixels and channels together: layer normalisation."""
    patch.setattr(style, "_mean", lambda image: image.mean(axis=(-2, -1), keepdims=True))


def statistics_over_the_batch(patch):
    """Mean and variance over the batch as well: batch normalisation."""
    patch.setattr(style, "_mean", lambda image: image.mean(axis=(-3, -2), keepdims=True) + 0 * image[..., :1, :])


def mean_held_fixed(patch):
    """AdaIN's backward leaves out the term of the mean."""
    backward = AdaIN.backward

    def wrong(self, dy, tape, grads=True):
        _, r, gain = tape
        d = backward(self, dy, tape, grads)
        d[..., :self.k] += (gain / r * style._mean(self.image(dy)) + 0 * self.image(dy)).reshape(dy.shape)
        return d

    patch.setattr(AdaIN, "backward", wrong)


def deviation_held_fixed(patch):
    """AdaIN's backward leaves out the term of the standard deviation."""
    backward = AdaIN.backward

    def wrong(self, dy, tape, grads=True):
        xh, r, gain = tape
        d = backward(self, dy, tape, grads)
        d[..., :self.k] += (gain / r * xh * style._mean(self.image(dy) * xh)).reshape(dy.shape)
        return d

    patch.setattr(AdaIN, "backward", wrong)


def style_gradient_as_a_mean(patch):
    """ds and dt are means over the pixels, where the style speaks to all of them."""
    backward = AdaIN.backward

    def wrong(self, dy, tape, grads=True):
        d = backward(self, dy, tape, grads)
        d[..., self.k:] /= tape[0].shape[-2]
        return d

    patch.setattr(AdaIN, "backward", wrong)


def rate_of_the_deviation_forgotten(patch):
    """AdaIN's tangent_backward forgets that r moves."""
    tangent = AdaIN.tangent

    def wrong(self, x_dot, tape):
        y_dot, (xh_dot, r_dot, s_dot) = tangent(self, x_dot, tape)
        return y_dot, (xh_dot, 0 * r_dot, s_dot)

    patch.setattr(AdaIN, "tangent", wrong)


def norm_held_fixed(patch):
    """The filters' norms are taken for constants in backward."""
    patch.setattr(ModulatedConv, "_over_windows", lambda self, a, b: 0 * (a * b).reshape(
        *a.shape[:-2], -1, self.k // self.filters, a.shape[-1]).sum(axis=-2))


def demodulated_over_outputs(patch):
    """The norm of what each channel sends out, instead of what each filter takes in (the axis exchanged)."""
    def wrong(self, a, b):
        squares = (a * b).reshape(*a.shape[:-2], self.kernel**2, self.channels, self.filters).sum(axis=-3)
        return squares.sum(axis=-1, keepdims=True) + 0 * squares

    patch.setattr(ModulatedConv, "_squares", wrong)


def demodulated_without_the_style(patch):
    """The norm is that of W alone: a large style makes a large image."""
    forward = ModulatedConv.forward

    def wrong(self, x):
        y, tape = forward(self, x)
        q = 1 / np.sqrt(np.ones_like(tape[1]) @ self._squares(self.W, self.W) + self.eps)
        return (self._filtered(tape[3], q) + self.b).reshape(y.shape), (*tape[:4], q)

    patch.setattr(ModulatedConv, "forward", wrong)


def weights_norm_forgotten(patch):
    """dW lacks the part that comes through the norm."""
    patch.setattr(ModulatedConv, "_spread_over", lambda self, m: 0 * np.concatenate([m] * self.kernel**2, axis=-2))


def weights_norm_forgotten_in_the_second_pass(patch):
    """R{dW} lacks the part that comes through the norm."""
    through_norm = ModulatedConv._through_norm

    def wrong(self, *parts):
        before = self.dW.copy()
        both = through_norm(self, *parts)
        self.dW[...] = before
        return both

    patch.setattr(ModulatedConv, "_through_norm", wrong)


def rate_of_the_norm_forgotten(patch):
    """tangent_backward takes q for constant: R{q} is left out."""
    tangent = ModulatedConv.tangent

    def wrong(self, x_dot, tape):
        y_dot, (*rest, q_dot) = tangent(self, x_dot, tape)
        return y_dot, (*rest, None if q_dot is None else 0 * q_dot)

    patch.setattr(ModulatedConv, "tangent", wrong)


def one_strength_for_all_channels(patch):
    """The noise has one strength for all channels (mmgeneration 488, rosinality/style-based-gan-pytorch 38)."""
    patch.setattr(Noise, "_added", lambda self, n, B: (self._rows(n, 1) * (0 * B + B.mean(axis=-1, keepdims=True))).reshape(
        *n.shape[:-1], self.k))


def noise_for_each_channel(patch):
    """The strength's gradient is not summed over pixels with their noise."""
    patch.setattr(Noise, "_strength", lambda self, dy, n: self._rows(dy, self.channels).sum(axis=-2, keepdims=True))


def length_held_fixed(patch):
    """PixelNorm's backward divides by r and forgets that r moves."""
    patch.setattr(inputs.PixelNorm, "backward", lambda self, dy, tape, grads=True: dy / tape[1])


@pytest.mark.parametrize(("mutant", "check", "name"), [
    (statistics_over_channels, check_adain, None), (statistics_over_the_batch, check_adain, None),
    (mean_held_fixed, check_backward, "AdaIN"), (deviation_held_fixed, check_backward, "AdaIN"),
    (style_gradient_as_a_mean, check_backward, "AdaIN"), (rate_of_the_deviation_forgotten, check_tangents, "AdaIN"),
    (norm_held_fixed, check_backward, "ModulatedConv"), (demodulated_over_outputs, check_modulation, None),
    (demodulated_without_the_style, check_modulation, None), (weights_norm_forgotten, check_backward, "ModulatedConv"),
    (weights_norm_forgotten_in_the_second_pass, check_tangents, "ModulatedConv"),
    (rate_of_the_norm_forgotten, check_tangents, "ModulatedConv"),
    (one_strength_for_all_channels, check_noise, None), (noise_for_each_channel, check_backward, "Noise"),
    (length_held_fixed, check_backward, "PixelNorm")], ids=lambda value: getattr(value, "__name__", value or ""))
def test_the_mistake_is_caught(monkeypatch, mutant, check, name):
    arguments = () if name is None else (name,)
    check(*arguments)
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check(*arguments)
