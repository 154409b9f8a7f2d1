"""What people really pass: each bad call gets one sentence that says what is wrong, or the answer that it would get otherwise.

CALLS holds calls that are right, JUNK what may stand in the place of any argument. BAD is the table: a call, the argument, what
stands in its place, and the sentence. What is not listed there is tried by hypothesis, and all of it by the slow test.
"""

import copy
import decimal
import fractions
import re
import traceback
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import tinygan
from tinygan import checkpoint, data, dirac, files, game, losses, metrics, penalties, sampling, stacked, training, updates, zoo
from tinygan.cli.options import parser
from tinygan.engine import beside, features, gradcheck, heads, initial, inputs, layers, norm, numerics, optim
from tinygan.engine.conv import Conv2D, ConvTranspose2D, Upsample
from tinygan.engine.network import Network, Sequential, mlp
from tinygan.gradients import d_gradients, g_gradients, through_d
from tinygan.recipe import Recipe
from tinygan.streams import Streams
from tinygan.training import d_step, g_step, train
from tinygan.unroll import unrolled_g_gradients

ROOT = str(Path(tinygan.__file__).parent)


# ---- calls that are right


def rng(seed=0):
    return np.random.default_rng(seed)


X, Z, SCORES = rng().standard_normal((12, 2)), rng(1).standard_normal((12, 3)), rng(2).standard_normal((6, 1))
RING, LINE, MOONS = data.ring(), data.gaussians_1d(), data.moons()
SAMPLES, MORE, ON_LINE = RING.sample(40, rng()), RING.sample(40, rng(1)), LINE.sample(40, rng())
LOSS, PAIRED = losses.NonSaturating(), losses.Relativistic()


def G():
    return mlp(3, 8, 2, seed=1)


def D(dtype=np.float32):
    return mlp(2, 8, 1, seed=2, dtype=dtype)


def square(x):
    return (x * x).sum()


def network(layer, **settings):
    return Sequential(layers.Dense(2, 2), layer, **settings)


def perceptron(d, h, k, **settings):
    return mlp(d, h, k, **settings)


def backward(dy):
    net = D()
    return net.backward(dy, net.forward(X)[1])


def set_theta(value):
    D().theta = value


def set_weights(value):
    D().layers[0].W = value


def trained(G, D, data, loss, **settings):
    with np.errstate(all="ignore"):
        return train(G, D, data, loss, **settings)


NETWORK = {"seed": 0, "dtype": np.float32, "init": initial.he, "replicas": ()}
PLAYERS = {"G": G(), "D": D()}
SETTINGS = {"steps": 2, "batch": 8, "d_steps": 1, "opt_g": optim.Adam(), "opt_d": optim.SGD(0.1), "penalties": (), "ema": 0.9,
            "update": "alternating", "schedule": optim.constant, "instance_noise": 0.1, "clip": 1.0, "unroll": (1, 0.1),
            "seed": 0, "callback": lambda state: None, "progress": False, "replay": True, "checkpoint": None, "every": 10}
CALLS = {
    "Dense": (layers.Dense, {"d": 2, "k": 3}), "LeakyReLU": (layers.LeakyReLU, {"slope": 0.2}),
    "LayerNorm": (norm.LayerNorm, {"d": 4, "eps": 1e-5}), "BatchNorm": (norm.BatchNorm, {"d": 4, "eps": 1e-5, "channels": 2}),
    "SpectralNorm": (norm.SpectralNorm, {"dense": layers.Dense(2, 3), "steps": 1, "seed": 0}),
    "Pack": (features.Pack, {"m": 2, "d": 2}), "MinibatchStd": (features.MinibatchStd, {"d": 2, "eps": 1e-8}),
    "MinibatchDiscrimination": (features.MinibatchDiscrimination, {"d": 2, "kernels": 2, "dims": 2}),
    "FourierFeatures": (features.FourierFeatures, {"d": 2, "k": 4, "scale": 1.0, "seed": 0}),
    "FourierBeside": (beside.FourierBeside, {"d": 2, "features": 4, "scale": 1.0, "size": 1.0, "seed": 0}),
    "Conv2D": (Conv2D, {"size": 6, "channels": 1, "filters": 2, "kernel": 3, "stride": 1, "pad": 1}),
    "ConvTranspose2D": (ConvTranspose2D, {"size": 6, "channels": 1, "filters": 2, "kernel": 4, "stride": 2, "pad": 1}),
    "Upsample": (Upsample, {"size": 4, "channels": 1, "factor": 2}),
    "Sequential": (network, {"layer": layers.Dense(2, 1), **NETWORK}),
    "mlp": (perceptron, {"d": 2, "h": 4, "k": 1, "activation": layers.ReLU, **NETWORK}),
    "he": (initial.he, {"rng": rng(), "d": 2, "k": 3}), "xavier": (initial.xavier, {"rng": rng(), "d": 2, "k": 3}),
    "orthogonal": (initial.orthogonal, {"gain": 1.0}), "normal": (initial.normal, {"std": 0.1}),
    "D(x)": (lambda x: D()(x), {"x": X}), "forward": (lambda x: D().forward(x), {"x": X}),
    "backward": (backward, {"dy": np.ones((12, 1), np.float32)}),
    "theta = ": (set_theta, {"value": D().theta}), "W = ": (set_weights, {"value": np.ones((2, 8))}),
    "load_state": (lambda state: D().load_state(state), {"state": D().state()}),
    "copy": (lambda dtype: D().copy(dtype=dtype), {"dtype": np.float64}),
    "replica": (lambda r: mlp(2, 3, 1, replicas=2).replica(r), {"r": 0}),
    "net.save": (lambda path: D().save(path), {"path": "net.npz"}), "Network.load": (Network.load, {"path": "net.npz"}),
    "SGD": (optim.SGD, {"lr": 0.1, "momentum": 0.5}), "Adam": (optim.Adam, {"lr": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 1e-8}),
    "Optimistic": (optim.Optimistic, {"opt": optim.Adam()}), "Clipped": (optim.Clipped, {"opt": optim.Adam(), "bound": 1.0}),
    "SGD.step": (lambda theta, grad: optim.SGD(0.1).step(theta, grad), {"theta": np.ones(3), "grad": np.ones(3)}),
    "Adam.step": (lambda theta, grad: optim.Adam().step(theta, grad), {"theta": np.ones(3), "grad": np.ones(3)}),
    "linear_decay": (optim.linear_decay, {"fraction": 0.5}), "cosine_decay": (optim.cosine_decay, {"fraction": 0.5}),
    "warm_cosine": (optim.warm_cosine, {"fraction": 0.5}),
    "Hinge": (losses.Hinge, {"margin": 1.0}), "Minimax": (losses.Minimax, {"real_label": 0.9}),
    "NonSaturating": (losses.NonSaturating, {"real_label": 0.9}),
    "bce_with_logits": (losses.bce_with_logits, {"s": SCORES, "target": 0.9}),
    "d_gradients": (d_gradients, {"D": D(), "x_real": X, "x_fake": X + 1, "loss": LOSS, "penalties": (penalties.WGANGP(0.1),),
                                  "rng": rng()}),
    "g_gradients": (g_gradients, {**PLAYERS, "z": Z, "loss": PAIRED, "x_real": X}),
    "g_gradients with noise": (lambda noise: g_gradients(G(), D(), Z, LOSS, None, noise), {"noise": X}),
    "through_d": (through_d, {"D": D(), "x_fake": X, "loss": PAIRED, "s_real": D()(X)}),
    "unrolled_g_gradients": (unrolled_g_gradients, {**PLAYERS, "z": Z, "loss": LOSS, "x_real": X, "noise": X, "steps": 2,
                                                    "lr": 0.1, "zero_sum": False}),
    "d_step": (d_step, {"D": D(), "opt": optim.Adam(), "x_real": X, "x_fake": X, "loss": LOSS,
                        "penalties": (penalties.R1(0.1),)}),
    "g_step": (g_step, {**PLAYERS, "opt": optim.Adam(), "z": Z, "loss": PAIRED, "x_real": X}),
    "R1": (penalties.R1, {"gamma": 0.1, "columns": [1.0, 0.0]}), "WGANGP": (penalties.WGANGP, {"lam": 0.1}),
    "Falling": (penalties.Falling, {"start": 1.0, "stop": 0.1}), "alphas": (penalties.alphas, {"rng": rng(), "n": 3}),
    "train": (trained, {**PLAYERS, "data": RING, "loss": LOSS, **SETTINGS}), "Streams": (Streams, {"seed": 0, "replicas": ()}),
    "ring": (data.ring, {"modes": 8, "radius": 2.0, "std": 0.02}), "grid": (data.grid, {"side": 5, "spacing": 2.0, "std": 0.05}),
    "moons": (data.moons, {"noise": 0.05}), "circles": (data.circles, {"noise": 0.05, "factor": 0.5}),
    "spokes": (data.spokes, {"number": 5, "noise": 0.03}), "square": (data.square, {"spacing": 2.0, "std": 0.05}),
    "gaussians_1d": (data.gaussians_1d, {"means": (-2.0, 2.0), "stds": 0.5, "weights": (0.5, 0.5)}),
    "Mixture": (data.Mixture, {"means": [[0.0, 1.0], [2.0, 3.0]], "stds": 0.1, "weights": [0.5, 0.5], "name": "two"}),
    "Mixture of ellipses": (data.Mixture, {"means": [[0.0, 1.0], [2.0, 3.0]], "covariances": [[0.2, 0.1], [0.1, 0.2]]}),
    "lattice": (data.lattice, {"sides": (4, 4, 2), "spacing": 2.0, "std": 0.05}),
    "hypercube": (data.hypercube, {"dim": 3, "modes": 5, "spacing": 2.0, "std": 0.05}),
    "tilted_ring": (data.tilted_ring, {"modes": 8, "radius": 2.0, "stds": (0.02, 0.08)}),
    "Curve": (data.Curve, {"path": X, "noise": 0.1, "name": "curve", "labels": None}),
    "Points": (data.Points, {"x": X, "name": "p", "columns": ("a", "b"), "labels": np.arange(12) % 2, "image": (1, 2)}),
    "by_name": (data.by_name, {"name": "ring"}), "from_array": (data.from_array, {"X": X, "name": "mine"}),
    "from_file": (data.from_file, {"path": "table.csv"}), "digits": (data.digits, {"classes": [1, 2]}),
    "one_hot": (data.one_hot, {"labels": [0, 1], "classes": 2, "dtype": np.float32}),
    "whole_labels": (data.whole_labels, {"labels": [0, 1], "classes": 2, "n": 2}),
    "class_count": (data.class_count, {"name": "mine", "labels": [0, 1]}),
    "images": (data.images, {"folder": "pictures", "size": 4, "colour": False}),
    "patches": (data.patches, {"size": 4, "colour": False, "held_out": False}), "brightness": (data.brightness, {"x": X}),
    "ring.sample": (RING.sample, {"n": 3, "rng": rng()}), "ring.log_prob": (RING.log_prob, {"x": X}),
    "moons.sample": (MOONS.sample, {"n": 3, "rng": rng()}), "moons.restore": (MOONS.restore, {"x": X}),
    "moons.apply": (MOONS.apply, {"x": X}),
    "mode_report": (metrics.mode_report, {"x": SAMPLES, "mixture": RING}),
    "modes_found": (metrics.modes_found, {"x": SAMPLES, "mixture": RING}),
    "cloud_report": (metrics.cloud_report, {"x": SAMPLES, "mixture": RING, "rng": rng()}),
    "coverage_and_density": (metrics.coverage_and_density, {"x": SAMPLES, "real": MORE, "k": 5}),
    "mmd2": (metrics.mmd2, {"x": SAMPLES, "real": MORE, "bandwidths": (1.0,)}),
    "c2st": (metrics.c2st, {"x": SAMPLES, "real": MORE, "rng": rng()}),
    "js_1d": (metrics.js_1d, {"x": ON_LINE, "mixture": LINE, "cells": 20}),
    "js_2d": (metrics.js_2d, {"x": SAMPLES, "mixture": RING, "cells": 20}),
    "wasserstein_1d": (metrics.wasserstein_1d, {"x": ON_LINE, "y": ON_LINE + 1}),
    "report_1d": (metrics.report_1d, {"x": ON_LINE, "mixture": LINE, "rng": rng()}),
    "frechet": (metrics.frechet, {"x": SAMPLES, "real": MORE}),
    "memory_report": (metrics.memory_report, {"samples": SAMPLES, "training": MORE, "held_out": MORE + 0.1,
                                              "D": lambda x: x[:, :1]}),
    "jensen_shannon": (metrics.jensen_shannon, {"q": np.array([0.5, 0.5]), "p": np.array([0.2, 0.8])}),
    "table": (metrics.table, {"rows": {"generated": metrics.mode_report(SAMPLES, RING)}, "mixture": RING}),
    "truth_report": (metrics.truth_report, {"mixture": RING, "n": 20, "rng": rng()}),
    "full_report": (metrics.full_report, {"x": SAMPLES, "mixture": RING, "rng": rng()}),
    "truth_full_report": (metrics.truth_full_report, {"mixture": RING, "n": 20, "rng": rng()}),
    "accuracy_floor": (metrics.accuracy_floor, {"n": 20}),
    "truth_cloud_report": (metrics.truth_cloud_report, {"mixture": RING, "n": 20, "rng": rng()}),
    "Game": (game.Game, {**PLAYERS, "z": Z, "x_real": X, "loss": LOSS, "penalties": ()}),
    "eigenvalues": (game.eigenvalues, {"field": dirac.minimax, "point": (0.0, 0.0)}),
    "trajectory": (dirac.trajectory, {"field": dirac.minimax, "step": dirac.simultaneous, "start": (1.0, 1.0), "steps": 3,
                                      "h": 0.2, "clip": 1.0}),
    "with_r1": (dirac.with_r1, {"field": dirac.minimax, "gamma": 0.1}), "with_consensus": (dirac.with_consensus, {"gamma": 0.1}),
    "minimax": (dirac.minimax, {"point": np.ones(2)}), "r1_eigenvalues": (dirac.r1_eigenvalues, {"gamma": 0.1, "slope": 0.5}),
    "check": (gradcheck.check, {"f": square, "df": lambda x: 2 * x, "x": X}),
    "compare": (gradcheck.compare, {"got": X, "expected": X}), "central": (gradcheck.central, {"f": square, "x": X}),
    "complex_step": (gradcheck.complex_step, {"f": square, "x": X}),
    "directional": (gradcheck.directional, {"f": square, "x": X, "v": X}),
    "softmax": (heads.softmax, {"q": X}), "gaussian_kl": (heads.gaussian_kl, {"mean": X, "log_var": X}),
    "softmax_cross_entropy": (heads.softmax_cross_entropy, {"q": X, "labels": data.one_hot([0, 1] * 6, 2)}),
    "gaussian_nll": (heads.gaussian_nll, {"mean": X, "target": X, "log_std": X}),
    "sigmoid": (numerics.sigmoid, {"s": X}), "softplus": (numerics.softplus, {"s": X}),
    "files.read": (files.read, {"path": "table.csv"}),
    "files.write": (files.write, {"x": X, "path": "new.csv", "columns": ("a", "b")}),
    "checkpoint.save": (checkpoint.save, {"path": "run.npz", "arrays": {"a": X}, "about": {}}),
    "checkpoint.load": (checkpoint.load, {"path": "run.npz"}),
    "Stacks": (stacked.Stacks, {"channels": 2, "half": "training"}),
}
for loss in (LOSS, PAIRED, losses.Hinge(), losses.Wasserstein(), losses.LeastSquares(), losses.RelativisticAverage()):
    CALLS[f"{loss}.d"] = (loss.d, {"s_real": SCORES, "s_fake": SCORES + 1})
    CALLS[f"{loss}.g"] = (loss.g, {"s_fake": SCORES} | ({"s_real": SCORES} if loss.needs_real else {}))
    CALLS[f"{loss}.d_tangent"] = (loss.d_tangent, {name: SCORES for name in ("s_real", "s_fake", "s_real_dot", "s_fake_dot")})
    CALLS[f"{loss}.verdict"] = (loss.verdict, {"s": SCORES})
for name, recipe in {"Recipe": Recipe(), **{name: system.recipe_for() for name, system in zoo.FAMILY.items()}}.items():
    CALLS[name] = (recipe.replace, {setting: getattr(recipe, setting) for setting in recipe.values()})


# ---- what may stand in the place of an argument


class Frame:
    """A table of another library: its numbers are objects."""

    def __array__(self, dtype=None, copy=None):
        return np.full((12, 2), 0.5, object)

    def __repr__(self):
        return "Frame()"


class Nothing:
    def __repr__(self):
        return "Nothing()"


class Tensor:
    """An array of another library, which does not want to become one of NumPy."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead")


class Faulty:
    """A class with a fault of its own."""

    def __repr__(self):
        raise RuntimeError("no text")


def read_only():
    x = X.copy()
    x.flags.writeable = False
    return x


def matrix():
    with pytest.warns(PendingDeprecationWarning):
        return np.asmatrix(X.copy())


HOLE = np.where(np.arange(24).reshape(12, 2) == 11, np.nan, X)
JUNK = {
    "None": lambda: None, "text": lambda: "fast", "empty text": lambda: "", "bytes": lambda: b"x", "True": lambda: True,
    "-1": lambda: -1, "0": lambda: 0, "2.5": lambda: 2.5, "nan": lambda: float("nan"), "inf": lambda: float("inf"),
    "1e300": lambda: 1e300, "-1e300": lambda: -1e300, "1e-320": lambda: 1e-320, "10^25": lambda: 10**25, "1j": lambda: 1j,
    "object": Nothing, "class": lambda: dict, "list of texts": lambda: ["a", "b"], "empty list": list, "dict": dict,
    "set": lambda: {1, 2}, "ragged list": lambda: [[1.0, 2.0], [3.0]], "date": lambda: np.datetime64("2026-01-01"),
    "generator": lambda: (i for i in range(3)), "path": lambda: Path("no/such"), "decimal": lambda: decimal.Decimal("0.5"),
    "fraction": lambda: fractions.Fraction(1, 2), "np.float64": lambda: np.float64(0.3), "frame": Frame,
    "objects": lambda: np.array([[1.0, "a"]] * 12, object), "texts": lambda: np.array([["a", "b"]] * 12),
    "complex": lambda: X + 1j, "masked": lambda: np.ma.masked_invalid(HOLE), "NaN array": lambda: HOLE.copy(),
    "infinite": lambda: np.full((12, 2), np.inf), "flat": lambda: np.ones(12), "3-D": lambda: np.ones((2, 12, 2)),
    "no rows": lambda: np.ones((0, 2)), "wide": lambda: np.ones((12, 7)), "0-d": lambda: np.array(3.0),
    "int8": lambda: np.full((12, 2), 100, np.int8), "uint64": lambda: np.ones((12, 2), np.uint64),
    "float16": lambda: X.astype(np.float16), "bools": lambda: X > 0, "read-only": read_only, "matrix": matrix,
    "overlapping": lambda: np.lib.stride_tricks.as_strided(np.arange(13.0), (12, 2), (8, 8)),
    "10^400": lambda: 10**400, "span of time": lambda: np.timedelta64(3, "s"), "spans of time": lambda: X.astype("m8[s]"),
    "tensor": Tensor, "faulty": Faulty, "zero byte": lambda: "a\0b", "long range": lambda: range(10**12), "folder": lambda: ".",
    "structured": lambda: np.zeros(3, [("a", float)]), "records": lambda: np.zeros(3, [("a", float)]).view(np.recarray),
}

# call, argument, what stands in its place, and the sentence, or its beginning
BAD = [
    ("Dense", "d", "complex", "Dense: d (features in) must be a whole number, at least 1; got an array (12, 2) of complex128"),
    ("Dense", "k", "0-d", "Dense: k (features out) must be a whole number, at least 1; got array(3.)"),
    ("LeakyReLU", "slope", "class", "LeakyReLU: slope must be a number; got <class 'dict'>"),
    ("LayerNorm", "d", "no rows", "LayerNorm: d (features) must be a whole number, at least 2; got an array (0, 2) of float64"),
    ("LayerNorm", "eps", "overlapping", "LayerNorm: eps must be a number; got an array (12, 2) of float64"),
    ("BatchNorm", "d", "1e-320", "BatchNorm: d (features) must be a whole number, at least 1; got 1e-320"),
    ("BatchNorm", "eps", "NaN array", "BatchNorm: eps must be a number; got an array (12, 2) of float64"),
    ("BatchNorm", "channels", "structured", "BatchNorm: channels must be a whole number, at least 1; got an array (3,) of "),
    ("SpectralNorm", "dense", "1j", "SpectralNorm takes a Dense layer, as in SpectralNorm(Dense(2, 64)); got 1j"),
    ("SpectralNorm", "steps", "wide", "SpectralNorm: steps must be a whole number, at least 1; got an array (12, 7) of float64"),
    ("SpectralNorm", "seed", "records",
     "seed must be a whole number, 0 or larger, or a numpy SeedSequence; got a recarray (3,) of"),
    ("Pack", "m", "generator", "Pack: m (rows side by side) must be a whole number, at least 1; got"),
    ("Pack", "d", "set", "Pack: d (features) must be a whole number, at least 1; got {1, 2}"),
    ("MinibatchStd", "d", "dict", "MinibatchStd: d (features) must be a whole number, at least 1; got {}"),
    ("MinibatchStd", "eps", "path", "MinibatchStd: eps must be a number"),
    ("MinibatchDiscrimination", "d", "list of texts",
     "MinibatchDiscrimination: d (features) must be a whole number, at least 1; got ['a', 'b']"),
    ("MinibatchDiscrimination", "kernels", "empty text",
     "MinibatchDiscrimination: kernels must be a whole number, at least 1; got ''"),
    ("MinibatchDiscrimination", "dims", "nan", "MinibatchDiscrimination: dims must be a whole number, at least 1; got nan"),
    ("FourierFeatures", "d", "decimal",
     "FourierFeatures: d (features in) must be a whole number, at least 1; got Decimal('0.5')"),
    ("FourierFeatures", "k", "matrix",
     "FourierFeatures: k (features out) must be a whole number, at least 2; got a matrix (12, 2) of float64"),
    ("FourierFeatures", "scale", "ragged list", "FourierFeatures: scale must be a number; got [[1.0, 2.0], [3.0]]"),
    ("FourierFeatures", "seed", "-1", "seed must be 0 or larger; got -1"),
    ("FourierBeside", "d", "fraction",
     "FourierBeside: d (features in) must be a whole number, at least 1; got Fraction(1, 2)"),
    ("FourierBeside", "features", "True", "FourierBeside: features must be a whole number, at least 2; got True"),
    ("FourierBeside", "scale", "matrix", "FourierBeside: scale must be a number; got a matrix (12, 2) of float64"),
    ("FourierBeside", "size", "inf", "FourierBeside: size must be a finite number above 0; got inf"),
    ("FourierBeside", "seed", "-1", "seed must be 0 or larger; got -1"),
    ("Conv2D", "size", "3-D", "Conv2D: size must be a whole number, at least 1; got an array (2, 12, 2) of float64"),
    ("Conv2D", "channels", "0", "Conv2D: channels must be at least 1; got 0"),
    ("Conv2D", "filters", "texts", "Conv2D: filters must be a whole number, at least 1; got an array (12, 2) of <U1"),
    ("Conv2D", "kernel", "True", "Conv2D: kernel must be a whole number, at least 1; got True"),
    ("Conv2D", "stride", "fraction", "Conv2D: stride must be a whole number, at least 1; got Fraction(1, 2)"),
    ("Conv2D", "pad", "empty list", "Conv2D: pad must be a whole number, at least 0; got []"),
    ("Upsample", "size", "objects", "Upsample: size must be a whole number, at least 1; got an array (12, 2) of object"),
    ("Upsample", "channels", "inf", "Upsample: channels must be a whole number, at least 1; got inf"),
    ("Upsample", "factor", "masked", "Upsample: factor must be a whole number, at least 1; got a MaskedArray (12, 2) of float64"),
    ("Sequential", "layer", "None",
     "a network takes layers, such as Dense(2, 1) or ReLU(); got None. A layer of your own is a subclass of"),
    ("Sequential", "seed", "date",
     "seed must be a whole number, 0 or larger, or a numpy SeedSequence; got np.datetime64('2026-01-01')"),
    ("Sequential", "dtype", "object",
     "dtype must be float32 (to train), float64 (to check gradients) or complex128 (the complex step); got Nothing()"),
    ("Sequential", "init", "read-only",
     "init must be a rule (rng, d, k) -> W such as he, without brackets, or orthogonal(1.0); got an array (12, 2) of float64"),
    ("Sequential", "replicas", "bytes", "replicas must be a whole number, at least 1; got b'x'"),
    ("mlp", "d", "-1e300", "Dense: d (features in) must be a whole number, at least 1; got -1e+300"),
    ("mlp", "h", "flat", "Dense: k (features out) must be a whole number, at least 1; got an array (12,) of float64"),
    ("mlp", "k", "2.5", "Dense: k (features out) must be a whole number, at least 1; got 2.5"),
    ("mlp", "activation", "frame",
     "activation must be a class such as ReLU, without brackets, or a function that makes a layer, such as lambda:"),
    ("mlp", "seed", "1e300", "seed must be a whole number, 0 or larger, or a numpy SeedSequence; got 1e+300"),
    ("mlp", "dtype", "10^25",
     "dtype must be float32 (to train), float64 (to check gradients) or complex128 (the complex step); got"),
    ("mlp", "init", "np.float64",
     "init must be a rule (rng, d, k) -> W such as he, without brackets, or orthogonal(1.0); got np.float64(0.3)"),
    ("mlp", "replicas", "bools", "replicas must be a whole number, at least 1; got an array (12, 2) of bool"),
    ("he", "rng", "path", "rng must be a numpy Generator, such as np.random.default_rng(0)"),
    ("he", "d", "records", "d must be a whole number, at least 1; got a recarray (3,) of"),
    ("he", "k", "-1e300", "k must be a whole number, at least 1; got -1e+300"),
    ("orthogonal", "gain", "frame", "orthogonal: gain must be a number; got Frame()"),
    ("normal", "std", "read-only", "normal: std must be a number; got an array (12, 2) of float64"),
    ("D(x)", "x", "empty list", "Dense(2 -> 8) expects (N, 2), got (0,)"),
    ("forward", "x", "bytes", "x must hold real numbers; got an array of |S1"),
    ("backward", "dy", "True", "Dense(8 -> 1).backward expects dy shaped like its output, (12, 1); got ()"),
    ("theta = ", "value", "dict",
     "theta of Sequential has shape (33,); got (). An assignment copies numbers into place: give it an array of the same"),
    ("W = ", "value", "None",
     "W of Dense has shape (2, 8); got (). An assignment copies numbers into place: give it an array of the same shape"),
    ("load_state", "state", "nan", "a state is a dict of arrays, such as net.state() gives; got nan"),
    ("copy", "dtype", "1e-320",
     "dtype must be float32 (to train), float64 (to check gradients) or complex128 (the complex step); got 1e-320"),
    ("replica", "r", "empty text", "r must be a whole number, at least 0; got ''"),
    ("net.save", "path", "0-d", "path must be a path, a text or a pathlib.Path; got array(3.)"),
    ("Network.load", "path", "3-D", "path must be a path, a text or a pathlib.Path; got an array (2, 12, 2) of float64"),
    ("SGD", "lr", "set", "SGD: lr must be a number; got {1, 2}"),
    ("SGD", "momentum", "no rows", "SGD: momentum must be a number; got an array (0, 2) of float64"),
    ("Adam", "lr", "flat", "Adam: lr must be a number; got an array (12,) of float64"),
    ("Adam", "beta1", "generator", "Adam: beta1 must be a number; got"),
    ("Adam", "beta2", "-1", "Adam: beta2 must be a finite number above 0 and below 1, or 0; got -1.0"),
    ("Adam", "eps", "decimal", "Adam: eps must be a number; got Decimal('0.5')"),
    ("Optimistic", "opt", "wide", "opt must be an object such as Adam(lr=1e-3); got an array (12, 7) of float64"),
    ("Clipped", "opt", "object", "opt must be an object such as Adam(lr=1e-3); got Nothing()"),
    ("Clipped", "bound", "NaN array", "clip must be a number; got an array (12, 2) of float64"),
    ("SGD.step", "theta", "structured", "theta must be an array of floating-point numbers, which a step changes in place; got "),
    ("SGD.step", "grad", "ragged list", "grad must be an array of numbers; got [[1.0, 2.0], [3.0]]"),
    ("Adam.step", "theta", "int8", "theta must be an array of floating-point numbers, which a step changes in place; got int8"),
    ("Adam.step", "grad", "date", "grad must be an array of numbers; got np.datetime64('2026-01-01')"),
    ("linear_decay", "fraction", "10^25", "fraction must be a finite number above 0 and below 1, or 0, or 1; got 1e+25"),
    ("cosine_decay", "fraction", "infinite", "fraction must be a number; got an array (12, 2) of float64"),
    ("warm_cosine", "fraction", "masked", "fraction must be a number; got a MaskedArray (12, 2) of float64"),
    ("Hinge", "margin", "1j", "Hinge: margin must be a number; got 1j"),
    ("Minimax", "real_label", "uint64", "Minimax: real_label must be a number; got an array (12, 2) of uint64"),
    ("NonSaturating", "real_label", "inf",
     "NonSaturating: real_label must be a finite number above 0 and below 1, or 1; got inf"),
    ("bce_with_logits", "s", "list of texts", "scores must be an array (..., N, 1), such as D gives; got list"),
    ("bce_with_logits", "target", "matrix", "target must be a number or shaped like the scores, (6, 1); got (12, 2)"),
    ("d_gradients", "D", "texts", "D must be a network, such as mlp(2, 64, 1); got an array (12, 2) of <U1"),
    ("d_gradients", "x_real", "class", "x_real must hold real numbers; got an array of object"),
    ("d_gradients", "x_fake", "np.float64", "Dense(2 -> 8) expects (N, 2), got ()"),
    ("d_gradients", "loss", "complex",
     "loss must be an object such as losses.NonSaturating(), with d and g; got an array (12, 2) of complex128. A loss of"),
    ("d_gradients", "penalties", "objects", "penalties must be a tuple such as (R1(.1), R2(.1)); got an array (12, 2) of object"),
    ("d_gradients", "rng", "1e300", "rng must be a numpy Generator, such as np.random.default_rng(0); got 1e+300"),
    ("g_gradients", "G", "fraction", "G must be a network, such as mlp(2, 64, 2); got Fraction(1, 2)"),
    ("g_gradients", "D", "0", "D must be a network, such as mlp(2, 64, 1); got 0"),
    ("g_gradients", "z", "2.5", "Dense(3 -> 8) expects (N, 3), got ()"),
    ("g_gradients", "loss", "empty list",
     "loss must be an object such as losses.NonSaturating(), with d and g; got []. A loss of your own is a subclass of"),
    ("g_gradients", "x_real", "objects", "x_real must hold real numbers; got an array of object"),
    ("g_gradients with noise", "noise", "masked",
     "noise is a masked array, and its masked entries have no value: fill them, or leave their rows out"),
    ("through_d", "D", "ragged list", "D must be a network, such as mlp(2, 64, 1); got [[1.0, 2.0], [3.0]]"),
    ("through_d", "x_fake", "wide", "Dense(2 -> 8) expects (N, 2), got (12, 7)"),
    ("through_d", "loss", "infinite",
     "loss must be an object such as losses.NonSaturating(), with d and g; got an array (12, 2) of float64"),
    ("through_d", "s_real", "0-d", "scores must have shape (..., N, 1), one score a sample; got ()"),
    ("unrolled_g_gradients", "G", "path", "G must be a network, such as mlp(2, 64, 2)"),
    ("unrolled_g_gradients", "D", "uint64", "D must be a network, such as mlp(2, 64, 1); got an array (12, 2) of uint64"),
    ("unrolled_g_gradients", "z", "read-only", "Dense(3 -> 8) expects (N, 3), got (12, 2)"),
    ("unrolled_g_gradients", "loss", "dict",
     "loss must be an object with second derivatives (d_tangent), such as NonSaturating(); got {}"),
    ("unrolled_g_gradients", "x_real", "10^25", "x_real must hold real numbers; got an array of object"),
    ("unrolled_g_gradients", "noise", "1e-320", "noise must be shaped like the generated points, (12, 2); got ()"),
    ("unrolled_g_gradients", "steps", "date", "steps must be a whole number, at least 0; got np.datetime64('2026-01-01')"),
    ("unrolled_g_gradients", "lr", "1j", "lr must be a number; got 1j"),
    ("unrolled_g_gradients", "zero_sum", "fraction", "zero_sum must be True or False; got Fraction(1, 2)"),
    ("d_step", "D", "overlapping", "D must be a network, such as mlp(2, 64, 1); got an array (12, 2) of float64"),
    ("d_step", "opt", "NaN array", "opt must be an optimiser such as Adam(lr=1e-3); got an array (12, 2) of float64"),
    ("d_step", "x_real", "class", "x_real must hold real numbers; got an array of object"),
    ("d_step", "x_fake", "complex", "x_fake must hold real numbers; got an array of complex128"),
    ("d_step", "loss", "inf", "loss must be an object such as losses.NonSaturating(), with d and g; got inf"),
    ("d_step", "penalties", "int8", "penalties must be a tuple such as (R1(.1), R2(.1)); got an array (12, 2) of int8"),
    ("g_step", "G", "3-D", "G must be a network, such as mlp(2, 64, 2); got an array (2, 12, 2) of float64"),
    ("g_step", "D", "True", "D must be a network, such as mlp(2, 64, 1); got True"),
    ("g_step", "opt", "structured", "opt must be an optimiser such as Adam(lr=1e-3); got an array (3,) of "),
    ("g_step", "z", "-1", "Dense(3 -> 8) expects (N, 3), got ()"),
    ("g_step", "loss", "no rows",
     "loss must be an object such as losses.NonSaturating(), with d and g; got an array (0, 2) of float64"),
    ("g_step", "x_real", "-1e300", "x_real holds numbers too large for float32, beyond 3.4e+38"),
    ("R1", "gamma", "flat", "R1: gamma must be a number; got an array (12,) of float64"),
    ("R1", "columns", "text", "R1: columns must hold real numbers; got an array of <U4"),
    ("WGANGP", "lam", "texts", "WGANGP: lam must be a number; got an array (12, 2) of <U1"),
    ("Falling", "start", "set", "Falling: start must be a number; got {1, 2}"),
    ("Falling", "stop", "bytes", "Falling: stop must be a number; got b'x'"),
    ("alphas", "rng", "np.float64", "rng must be a numpy Generator, such as np.random.default_rng(0); got np.float64(0.3)"),
    ("alphas", "n", "matrix", "n must be a whole number, at least 1; got a matrix (12, 2) of float64"),
    ("train", "G", "records", "G must be a network, such as mlp(2, 64, 2); got a recarray (3,) of"),
    ("train", "D", "0", "D must be a network, such as mlp(2, 64, 1); got 0"),
    ("train", "data", "list of texts", "data is a list: pass an array, np.array(data), with a row for each sample"),
    ("train", "loss", "None", "loss must be an object such as losses.NonSaturating(), with d and g; got None"),
    ("train", "steps", "frame", "steps must be a whole number, at least 1; got Frame()"),
    ("train", "batch", "float16", "batch must be a whole number, at least 1; got an array (12, 2) of float16"),
    ("train", "d_steps", "bools", "d_steps must be a whole number, at least 1; got an array (12, 2) of bool"),
    ("train", "opt_g", "object",
     "opt_g must be an optimiser such as Adam(lr=1e-3); got Nothing(). A rule of your own is a subclass of"),
    ("train", "opt_d", "2.5", "opt_d must be an optimiser such as Adam(lr=1e-3); got 2.5"),
    ("train", "penalties", "1e300", "penalties must be a tuple such as (R1(.1), R2(.1)); got 1e+300"),
    ("train", "ema", "nan", "ema must be a finite number above 0 and below 1; got nan"),
    ("train", "update", "empty text", "unknown update ''. Known: alternating, simultaneous, optimistic, extragradient"),
    ("train", "schedule", "generator",
     "schedule must be a function of the fraction of the run, such as tinygan.cosine_decay; got"),
    ("train", "instance_noise", "decimal", "instance_noise must be a number; got Decimal('0.5')"),
    ("train", "clip", "class", "clip must be a number; got <class 'dict'>"),
    ("train", "unroll", "uint64", "unroll must be None or (steps, lr), such as (5, 0.1); got an array (12, 2) of uint64"),
    ("train", "seed", "fraction", "seed must be a whole number, 0 or larger, or a numpy SeedSequence; got Fraction(1, 2)"),
    ("train", "callback", "empty text", "callback must be a function, called as callback(state) after each step; got ''"),
    ("train", "progress", "10^25", "progress must be True or False; got 10000000000000000000000000"),
    ("train", "replay", "empty list", "replay must be True or False; got []"),
    ("train", "checkpoint", "frame", "checkpoint must be a path, a text or a pathlib.Path; got Frame()"),
    ("train", "every", "0-d", "every must be a whole number, at least 1; got array(3.)"),
    ("Streams", "seed", "read-only",
     "seed must be a whole number, 0 or larger, or a numpy SeedSequence; got an array (12, 2) of float64"),
    ("Streams", "replicas", "1e-320", "replicas must be () or (R,), such as those of a network; got 1e-320"),
    ("ring", "modes", "list of texts", "modes must be a whole number, at least 1; got ['a', 'b']"),
    ("ring", "radius", "flat", "radius must be a number; got an array (12,) of float64"),
    ("ring", "std", "None", "stds must be numbers; got None. Modes that are not round have covariances in their place"),
    ("grid", "side", "1j", "side must be a whole number, at least 1; got 1j"),
    ("grid", "spacing", "records", "spacing must be a number; got a recarray (3,) of"),
    ("grid", "std", "wide", "stds must have shape () or (25,); got (12, 7)"),
    ("moons", "noise", "no rows", "noise must be a number; got an array (0, 2) of float64"),
    ("circles", "noise", "masked", "noise must be a number; got a MaskedArray (12, 2) of float64"),
    ("circles", "factor", "dict", "factor must be a number; got {}"),
    ("spokes", "number", "object", "number must be a whole number, at least 1; got Nothing()"),
    ("spokes", "noise", "nan", "noise must be a finite number above 0, or 0; got nan"),
    ("square", "spacing", "NaN array", "spacing must be a number; got an array (12, 2) of float64"),
    ("square", "std", "path", "stds must be numbers; got an array of object"),
    ("gaussians_1d", "means", "structured", "means must hold real numbers; got an array of "),
    ("gaussians_1d", "stds", "decimal", "stds must be numbers; got an array of object"),
    ("gaussians_1d", "weights", "objects", "weights must be numbers; got an array of object"),
    ("Mixture", "means", "bytes", "means must hold real numbers; got an array of |S1"),
    ("Mixture", "stds", "0", "stds must be finite and above 0; got 0"),
    ("Mixture", "weights", "ragged list", "weights must be an array; got rows of different lengths"),
    ("Mixture", "name", "-1e300", "name must be a text; got -1e+300"),
    ("Curve", "path", "inf",
     "path must be a 2-D array (rows are samples); got shape (). For one-dimensional data pass x[:, None]"),
    ("Curve", "noise", "text", "noise must be a number; got 'fast'"),
    ("Curve", "labels", "1e300", "curve: labels must be one for each of the 12 rows; got shape ()"),
    ("Points", "x", "generator", "p must hold real numbers; got an array of object"),
    ("Points", "name", "int8", "name must be a text; got an array (12, 2) of int8"),
    ("Points", "columns", "bools", "p: columns must be 2 names, such as ('width', 'height'); got an array (12, 2) of bool"),
    ("Points", "labels", "complex", "p: labels must hold real numbers; got an array of complex128"),
    ("Points", "image", "2.5", "p: image must be (height, width), the pixels; got 2.5"),
    ("by_name", "name", "overlapping",
     "data set must be one of ring, grid, big_grid, gaussians_1d, square, moons, circles, swiss_roll, spokes, digits,"),
    ("from_array", "X", "set", "mine must hold real numbers; got an array of object"),
    ("from_array", "name", "texts", "name must be a text; got an array (12, 2) of <U1"),
    ("from_file", "path", "matrix", "path must be a path, a text or a pathlib.Path; got a matrix (12, 2) of float64"),
    ("digits", "classes", "3-D", "classes must be some of the digits 0 to 9, such as (0, 1); got an array (2, 12, 2) of float64"),
    ("one_hot", "labels", "True", "labels must be whole numbers, 0 to 1; got True of bool"),
    ("one_hot", "classes", "date", "classes must be a whole number, at least 1; got np.datetime64('2026-01-01')"),
    ("one_hot", "dtype", "-1", "dtype must be one of NumPy's, such as np.float32; got -1"),
    ("whole_labels", "labels", "infinite", "labels must be whole numbers, 0 to 1; got an array (12, 2) of float64"),
    ("whole_labels", "classes", "float16", "classes must be a whole number, at least 1; got an array (12, 2) of float16"),
    ("whole_labels", "n", "np.float64", "n must be a whole number, at least 0; got np.float64(0.3)"),
    ("class_count", "labels", "NaN array",
     "mine has labels of float64; they must be whole numbers from 0 up. np.unique(labels, return_inverse=True)[1] numbers"),
    ("images", "folder", "None", "folder must be a path, a text or a pathlib.Path; got None"),
    ("images", "size", "inf", "size must be a whole number, at least 2; got inf"),
    ("images", "colour", "object", "colour must be True or False; got Nothing()"),
    ("patches", "size", "records", "size must be a whole number, at least 2; got a recarray (3,) of"),
    ("patches", "colour", "0-d", "colour must be True or False; got array(3.)"),
    ("patches", "held_out", "class", "held_out must be True or False; got <class 'dict'>"),
    ("brightness", "x", "path", "x must hold real numbers; got an array of object"),
    ("ring.sample", "n", "no rows", "n must be a whole number, at least 1; got an array (0, 2) of float64"),
    ("ring.sample", "rng", "int8",
     "rng must be a numpy Generator, such as np.random.default_rng(0); got an array (12, 2) of int8"),
    ("ring.log_prob", "x", "3-D",
     "x must be a 2-D array (rows are samples); got shape (2, 12, 2). Make a row of each sample: x.reshape(len(x), -1)"),
    ("moons.sample", "n", "objects", "n must be a whole number, at least 1; got an array (12, 2) of object"),
    ("moons.sample", "rng", "masked",
     "rng must be a numpy Generator, such as np.random.default_rng(0); got a MaskedArray (12, 2) of float64"),
    ("moons.restore", "x", "1e300", "restore expects (..., 2), got ()"),
    ("moons.apply", "x", "decimal", "x must hold real numbers; got an array of object"),
    ("mode_report", "x", "empty list",
     "x must be a 2-D array (rows are samples); got shape (0,). For one-dimensional data pass x[:, None]"),
    ("mode_report", "mixture", "True",
     "mixture must be a data.Mixture, such as data.ring(); got True. Samples without one are compared with true samples:"),
    ("modes_found", "x", "1j", "x must hold real numbers; got an array of complex128"),
    ("modes_found", "mixture", "np.float64",
     "mixture must be a data.Mixture, such as data.ring(); got np.float64(0.3). Samples without one are compared with true"),
    ("cloud_report", "x", "-1",
     "x must be a 2-D array (rows are samples); got shape (). For one-dimensional data pass x[:, None]"),
    ("cloud_report", "mixture", "text", "mixture must be a data.Mixture, such as data.ring(); got 'fast'"),
    ("cloud_report", "rng", "empty text", "rng must be a numpy Generator, such as np.random.default_rng(0); got ''"),
    ("coverage_and_density", "x", "date", "x must hold real numbers; got an array of datetime64[D]"),
    ("coverage_and_density", "real", "ragged list", "real must be an array; got rows of different lengths"),
    ("coverage_and_density", "k", "-1e300", "k must be a whole number, at least 1; got -1e+300"),
    ("mmd2", "x", "complex", "x must hold real numbers; got an array of complex128"),
    ("mmd2", "real", "bytes", "real must hold real numbers; got an array of |S1"),
    ("mmd2", "bandwidths", "read-only",
     "a bandwidth must be a finite number above 1e-150 and below 1e+150; got -0.1321048632913019"),
    ("c2st", "x", "list of texts", "x must hold real numbers; got an array of <U1"),
    ("c2st", "real", "structured", "real must hold real numbers; got an array of "),
    ("c2st", "rng", "flat", "rng must be a numpy Generator, such as np.random.default_rng(0); got an array (12,) of float64"),
    ("js_1d", "x", "texts", "x must hold real numbers; got an array of <U1"),
    ("js_1d", "mixture", "set",
     "mixture must be a data.Mixture, such as data.ring(); got {1, 2}. Samples without one are compared with true samples:"),
    ("js_1d", "cells", "fraction", "cells must be a whole number, at least 1; got Fraction(1, 2)"),
    ("js_2d", "x", "dict", "x must hold real numbers; got an array of object"),
    ("js_2d", "mixture", "1e-320", "mixture must be a data.Mixture, such as data.ring(); got 1e-320"),
    ("js_2d", "cells", "0", "cells must be at least 1; got 0"),
    ("wasserstein_1d", "x", "overlapping", "x must have shape (N,) or (N, 1) with N at least 1; got (12, 2)"),
    ("wasserstein_1d", "y", "float16", "y must have shape (N,) or (N, 1) with N at least 1; got (12, 2)"),
    ("report_1d", "x", "uint64", "x must have shape (N,) or (N, 1) with N at least 1; got (12, 2)"),
    ("report_1d", "mixture", "nan", "mixture must be a data.Mixture, such as data.ring(); got nan"),
    ("report_1d", "rng", "frame", "rng must be a numpy Generator, such as np.random.default_rng(0); got Frame()"),
    ("frechet", "x", "10^25", "x must hold real numbers; got an array of object"),
    ("frechet", "real", "generator", "real must hold real numbers; got an array of object"),
    ("memory_report", "samples", "infinite", "samples must be finite; row 0, column 0 is inf (24 such entries in all)"),
    ("memory_report", "training", "2.5",
     "training must be a 2-D array (rows are samples); got shape (). For one-dimensional data pass x[:, None]"),
    ("memory_report", "held_out", "wide", "held_out must have 2 columns; got 7"),
    ("memory_report", "D", "matrix", "D must be a function, such as a discriminator; got a matrix (12, 2) of float64"),
    ("jensen_shannon", "q", "bools",
     "q and p must be probabilities of the same cells, two arrays (C,); got shapes (12, 2) and (2,)"),
    ("jensen_shannon", "p", "-1e300", "q and p must be probabilities of the same cells, two arrays (C,); got shapes (2,) and ()"),
    ("table", "rows", "float16",
     "rows must be a dict, name -> report, such as {'generated': mode_report(x, mixture)}; got an array (12, 2) of float16"),
    ("table", "mixture", "empty text", "mixture must be a data.Mixture, such as data.ring(); got ''"),
    ("truth_report", "mixture", "np.float64", "mixture must be a data.Mixture, such as data.ring(); got np.float64(0.3)"),
    ("truth_report", "n", "infinite", "n must be a whole number, at least 1; got an array (12, 2) of float64"),
    ("truth_report", "rng", "inf", "rng must be a numpy Generator, such as np.random.default_rng(0); got inf"),
    ("truth_cloud_report", "mixture", "objects",
     "mixture must be a data.Mixture, such as data.ring(); got an array (12, 2) of object"),
    ("truth_cloud_report", "n", "records", "n must be a whole number, at least 1; got a recarray (3,) of"),
    ("truth_cloud_report", "rng", "read-only",
     "rng must be a numpy Generator, such as np.random.default_rng(0); got an array (12, 2) of float64"),
    ("Game", "G", "matrix", "G must be a network, such as mlp(2, 64, 2); got a matrix (12, 2) of float64"),
    ("Game", "D", "10^25", "D must be a network, such as mlp(2, 64, 1); got 10000000000000000000000000"),
    ("Game", "z", "dict", "z must hold real numbers; got an array of object"),
    ("Game", "x_real", "no rows", "x_real must have at least 1 row; got 0"),
    ("Game", "loss", "True", "loss must be an object such as losses.NonSaturating(), with d and g; got True"),
    ("Game", "penalties", "0", "penalties must be a tuple such as (R1(.1), R2(.1)); got 0"),
    ("eigenvalues", "field", "decimal", "field must be a function, such as dirac.minimax; got Decimal('0.5')"),
    ("eigenvalues", "point", "date", "point must hold real numbers; got an array of datetime64[D]"),
    ("trajectory", "field", "structured", "field must be a function, such as dirac.minimax; got an array (3,) of "),
    ("trajectory", "step", "1j", "step must be a function, such as dirac.alternating; got 1j"),
    ("trajectory", "start", "ragged list", "start must be an array; got rows of different lengths"),
    ("trajectory", "steps", "0-d", "steps must be a whole number, at least 1; got array(3.)"),
    ("trajectory", "h", "set", "h must be a number; got {1, 2}"),
    ("trajectory", "clip", "bytes", "clip must be a number; got b'x'"),
    ("with_r1", "field", "wide", "field must be a function, such as dirac.minimax; got an array (12, 7) of float64"),
    ("with_r1", "gamma", "overlapping", "gamma must be a number; got an array (12, 2) of float64"),
    ("with_consensus", "gamma", "uint64", "gamma must be a number; got an array (12, 2) of uint64"),
    ("minimax", "point", "flat", "point must be (theta, psi), an array (..., 2); got shape (12,)"),
    ("r1_eigenvalues", "gamma", "complex", "gamma must be a number; got an array (12, 2) of complex128"),
    ("r1_eigenvalues", "slope", "bools", "slope must be a number; got an array (12, 2) of bool"),
    ("check", "f", "list of texts", "f must be a function, such as lambda x: (x * x).sum(); got ['a', 'b']"),
    ("check", "x", "class", "gradient checks need float64; got object. Build the network with dtype=np.float64"),
    ("compare", "expected", "object", "expected must hold real numbers; got an array of object"),
    ("central", "f", "1e300", "f must be a function, such as lambda x: (x * x).sum(); got 1e+300"),
    ("central", "x", "fraction", "gradient checks need float64; got object. Build the network with dtype=np.float64"),
    ("complex_step", "f", "texts", "f must be a function, such as lambda x: (x * x).sum(); got an array (12, 2) of <U1"),
    ("complex_step", "x", "masked",
     "x is a masked array, and its masked entries have no value: fill them, or leave their rows out"),
    ("directional", "f", "2.5", "f must be a function, such as lambda x: (x * x).sum(); got 2.5"),
    ("directional", "x", "generator", "gradient checks need float64; got object. Build the network with dtype=np.float64"),
    ("directional", "v", "1e-320",
     "x and v must be finite, of one shape, with at least one entry; got an array (12, 2) of float64 and array(1.e-320)"),
    ("softmax", "q", "empty list", "q must be an array of floating-point numbers, (..., N, m); got []"),
    ("gaussian_kl", "mean", "frame", "mean must be an array of floating-point numbers, (..., N, m); got Frame()"),
    ("gaussian_kl", "log_var", "3-D", "these arrays must have one shape: mean (12, 2), log_var (2, 12, 2)"),
    ("softmax_cross_entropy", "q", "text", "q must be an array of floating-point numbers, (..., N, m); got 'fast'"),
    ("softmax_cross_entropy", "labels", "path", "labels must be an array of floating-point numbers, (..., N, m)"),
    ("gaussian_nll", "mean", "int8",
     "mean must be an array of floating-point numbers, (..., N, m); got an array (12, 2) of int8"),
    ("gaussian_nll", "target", "None", "target must be an array of floating-point numbers, (..., N, m); got None"),
    ("gaussian_nll", "log_std", "-1", "log_std must be an array of floating-point numbers, (..., N, m); got -1"),
    ("sigmoid", "s", "decimal", "s must hold real numbers; got an array of object"),
    ("softplus", "s", "class", "s must hold real numbers; got an array of object"),
    ("files.read", "path", "nan", "path must be a path, a text or a pathlib.Path; got nan"),
    ("files.write", "x", "NaN array", "x must be finite; row 5, column 1 is nan (1 such entries in all)"),
    ("files.write", "path", "objects", "path must be a path, a text or a pathlib.Path; got an array (12, 2) of object"),
    ("files.write", "columns", "flat", "columns must be 2 names, one for each column; got an array (12,) of float64"),
    ("checkpoint.save", "path", "frame", "path must be a path, a text or a pathlib.Path; got Frame()"),
    ("checkpoint.save", "arrays", "3-D", "arrays must be a dict, name -> array; got an array (2, 12, 2) of float64"),
    ("checkpoint.save", "about", "int8",
     "the words of a 'tinygan run' must be what JSON can hold: Object of type ndarray is not JSON serializable"),
    ("checkpoint.load", "path", "texts", "path must be a path, a text or a pathlib.Path; got an array (12, 2) of <U1"),
    ("Stacks", "channels", "1e-320", "channels must be a whole number, at least 1; got 1e-320"),
    ("Stacks", "half", "ragged list", "half must be one of training, held_out; got [[1.0, 2.0], [3.0]]"),
    ("NonSaturating().d", "s_real", "uint64", "scores must be floating-point numbers, such as D gives; got uint64"),
    ("NonSaturating().d", "s_fake", "nan", "scores must be an array (..., N, 1), such as D gives; got float"),
    ("NonSaturating().g", "s_fake", "matrix", "scores must have shape (..., N, 1), one score a sample; got (12, 2)"),
    ("NonSaturating().d_tangent", "s_real", "np.float64", "scores must be an array (..., N, 1), such as D gives; got float64"),
    ("NonSaturating().d_tangent", "s_fake", "-1", "scores must be an array (..., N, 1), such as D gives; got int"),
    ("NonSaturating().d_tangent", "s_real_dot", "generator",
     "scores must be an array (..., N, 1), such as D gives; got generator"),
    ("NonSaturating().d_tangent", "s_fake_dot", "inf", "scores must be an array (..., N, 1), such as D gives; got float"),
    ("NonSaturating().verdict", "s", "bools", "scores must be floating-point numbers, such as D gives; got bool"),
    ("Relativistic().d", "s_real", "bytes", "scores must be an array (..., N, 1), such as D gives; got bytes"),
    ("Relativistic().d", "s_fake", "float16", "scores must have shape (..., N, 1), one score a sample; got (12, 2)"),
    ("Relativistic().g", "s_fake", "True", "scores must be an array (..., N, 1), such as D gives; got bool"),
    ("Relativistic().g", "s_real", "dict", "scores must be an array (..., N, 1), such as D gives; got dict"),
    ("Relativistic().d_tangent", "s_real", "path", "scores must be an array (..., N, 1), such as D gives"),
    ("Relativistic().d_tangent", "s_fake", "-1e300", "scores must be an array (..., N, 1), such as D gives; got float"),
    ("Relativistic().d_tangent", "s_real_dot", "NaN array",
     "scores must have shape (..., N, 1), one score a sample; got (12, 2)"),
    ("Relativistic().d_tangent", "s_fake_dot", "object", "scores must be an array (..., N, 1), such as D gives; got Nothing"),
    ("Relativistic().verdict", "s", "10^25", "scores must be an array (..., N, 1), such as D gives; got int"),
    ("Hinge().d", "s_real", "overlapping", "scores must have shape (..., N, 1), one score a sample; got (12, 2)"),
    ("Hinge().d", "s_fake", "masked", "scores must be an array (..., N, 1), such as D gives; got MaskedArray"),
    ("Hinge().g", "s_fake", "1j", "scores must be an array (..., N, 1), such as D gives; got complex"),
    ("Hinge().d_tangent", "s_real", "list of texts", "scores must be an array (..., N, 1), such as D gives; got list"),
    ("Hinge().d_tangent", "s_fake", "1e300", "scores must be an array (..., N, 1), such as D gives; got float"),
    ("Hinge().d_tangent", "s_real_dot", "read-only", "scores must have shape (..., N, 1), one score a sample; got (12, 2)"),
    ("Hinge().d_tangent", "s_fake_dot", "fraction", "scores must be an array (..., N, 1), such as D gives; got Fraction"),
    ("Hinge().verdict", "s", "structured", "scores must be floating-point numbers, such as D gives; got "),
    ("Recipe", "data", "fraction", "data must be the name of a data set, such as 'ring', or a path as text; got Fraction(1, 2)"),
    ("Recipe", "instance_noise", "dict", "instance_noise must be a number; got {}"),
    ("infogan", "hidden", "overlapping", "hidden must be one number or more, such as 64 64; got an array (12, 2) of float64"),
    ("infogan", "activation", "structured", "activation must be a name, such as 'relu'; got an array (3,) of "),
    ("infogan", "beta2", "bytes", "beta2 must be a number; got b'x'"),
    ("bigan", "steps", "None", "steps must be a whole number, at least 1; got None"),
    ("bigan", "ema", "masked", "ema must be a number; got a MaskedArray (12, 2) of float64"),
    ("bigan", "hidden_d", "True", "hidden_d must be one number or more, such as 1024; got True"),
    ("discogan", "data", "-1e300", "data must be the name of a data set, such as 'ring', or a path as text; got -1e+300"),
    ("discogan", "steps", "complex", "steps must be a whole number, at least 1; got an array (12, 2) of complex128"),
    ("discogan", "batch", "objects", "batch must be a whole number, at least 1; got an array (12, 2) of object"),
    ("discogan", "seed", "NaN array", "seed must be a whole number, at least 0; got an array (12, 2) of float64"),
    ("dcgan", "r2", "3-D", "r2 must be a number; got an array (2, 12, 2) of float64"),
    ("stackgan", "kl", "generator", "kl must be a number; got"),
    ("superres", "beta1", "matrix", "beta1 must be a number; got a matrix (12, 2) of float64"),
    ("superres", "factor", "empty list", "factor must be a whole number, at least 2; got []"),
    ("tinygan train", "--lr", "text", "argument --lr: lr must be a number; got 'fast'"),
    ("tinygan train", "--lr", "nan", "argument --lr: lr must be a finite number above 0; got nan"),
    ("tinygan train", "--beta1", "2.5", "argument --beta1: beta1 must be a finite number above 0 and below 1, or 0; got 2.5"),
    ("tinygan train", "--steps", "2.5", "argument --steps: steps must be a whole number, at least 1; got '2.5'"),
    ("tinygan train", "--steps", "-1", "argument --steps: steps must be at least 1; got -1"),
    ("tinygan train", "--batch", "empty text", "argument --batch: batch must be a whole number, at least 1; got ''"),
    # arrays of others, spans of time, endless numbers
    ("Dense", "d", "span of time", "Dense: d (features in) must be a whole number, at least 1; got np.timedelta64(3,'s')"),
    ("Adam", "lr", "span of time", "Adam: lr must be a number; got np.timedelta64(3,'s')"),
    ("mlp", "seed", "span of time", "seed must be a whole number, 0 or larger, or a numpy SeedSequence; got np.timedelta64(3,"),
    ("mlp", "h", "10^400", "Dense: k (features out) must be at most 1e+30; got 1000"),
    ("SGD", "lr", "10^400", "SGD: lr must be a finite number above 0; got inf"),
    ("Conv2D", "filters", "10^400", "Conv2D: filters must be at most 1e+30; got 1000"),
    ("Adam", "beta1", "faulty", "Adam: beta1 must be a number; got a Faulty"),
    ("D(x)", "x", "tensor", "x must be an array; got a Tensor that cannot become one: \"Can't call numpy()"),
    ("from_array", "X", "tensor", "mine must be an array; got a Tensor that cannot become one: "),
    ("D(x)", "x", "long range", "x is too large for this machine's memory; got range(0, 1000000000000)"),
    ("from_array", "X", "spans of time", "mine must hold real numbers; got an array of timedelta64[s]"),
    ("Recipe", "hidden", "long range", "hidden must be one number or more, such as 64 64; got 1,000,000,000,000 of them"),
    ("mlp", "dtype", "zero byte", "dtype must be float32 (to train), float64 (to check gradients) or complex128"),
    ("net.save", "path", "zero byte", "path must be a path without zero bytes; got 'a\\x00b'"),
    ("checkpoint.load", "path", "zero byte", "path must be a path without zero bytes"),
    ("from_file", "path", "zero byte", "path must be a path without zero bytes"),
    ("net.save", "path", "folder", "is a folder, not a file to write to: '.'"),
    ("files.write", "path", "folder", "is a folder, not a file to write to: '.'"),
    ("Curve", "name", "span of time", "name must be a text; got np.timedelta64(3,'s')"),
    ("jensen_shannon", "q", "flat", "q and p must be probabilities of the same cells, two arrays (C,); got shapes (12,)"),
    ("tinygan train", "--hidden", "0", "argument --hidden: hidden must be at least 1; got 0"),
    ("tinygan train", "--hidden", "10^25", "not enough memory: "),
    ("tinygan train", "--replicas", "10^25", "not enough memory: "),
    ("tinygan train", "--pack", "True", "argument --pack: pack must be a whole number, at least 1; got 'True'"),
    ("tinygan train", "--ema", "1e300", "argument --ema: ema must be a finite number above 0 and below 1; got 1e+300"),
    ("tinygan train", "--seed", "inf", "argument --seed: seed must be a whole number, at least 0; got 'inf'"),
    ("tinygan train", "--data", "text", "argument --data: unknown data set 'fast'. Known: ring, grid"),
    ("tinygan train", "--data", "path", "no/such"),
    ("tinygan train", "--loss", "text", "argument --loss: unknown loss 'fast'. Known: non-saturating"),
    ("tinygan train", "--model", "text", "argument --model: unknown model 'fast'. Known: "),
    ("tinygan train", "--resume", "path", "there is no folder no/such, so no run to go on with"),
    ("tinygan train", "--every", "0", "argument --every: N must be at least 1; got 0"),
    ("tinygan train --model infogan", "--categories", "2.5", "argument --categories: categories must be a whole number"),
    ("tinygan train --model dcgan", "--r1", "text", "argument --r1: r1 must be a number; got 'fast'"),
    ("tinygan study", "--seeds", "text", "argument --seeds: N must be a whole number, at least 1; got 'fast'"),
    ("tinygan study", "--remedies", "text", "argument --remedies: unknown remedy 'fast'. Known: plain"),
    ("tinygan study", "--lr", "1j", "argument --lr: RATE must be a number; got '1j'"),
    ("tinygan study", "--setup", "empty text", "argument --setup: unknown setup ''. Known: quick"),
    ("tinygan sample run --out x.csv", "-n", "text", "argument -n: N must be a whole number, at least 1; got 'fast'"),
    ("tinygan sample run --out x.csv", "--seed", "-1", "argument --seed: SEED must be at least 0; got -1"),
    ("tinygan sample run", "--out", "text", "--out must end in .csv, .npy or .png, which says how to write it; got fast"),
    ("tinygan plot run", "--out", "empty text", "--out must end in .png, .pdf or .svg"),
    ("tinygan grade here", "--jobs", "nan", "argument --jobs: N must be a whole number, at least 1; got 'nan'"),
    ("tinygan grade here", "--seconds", "-1", "argument --seconds: SECONDS must be a finite number above 0; got -1.0"),
]


# ---- what must happen


def ran(name, /, **instead):
    """The call with other arguments than its own."""
    function, right = CALLS[name]
    return function(**copy.deepcopy({argument: value for argument, value in right.items() if argument not in instead}), **instead)


def said(error):
    """The sentence of an error that tinygan has raised on purpose: not one of NumPy's, nor from the middle of a formula."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    from_system = isinstance(error, OSError)  # "No such file or directory: 'no/such'" says all
    on_purpose = last.filename.startswith(ROOT) and last.line.startswith("raise ")
    assert from_system or on_purpose, f"{last.filename}: {last.line}: {error!r}"
    assert isinstance(error, (TypeError, ValueError, MemoryError, OSError, tinygan.Diverged)), repr(error)
    assert "\n" not in str(error) and 10 < len(str(error)) < 500, str(error)
    return str(error)


def works_or_says(name, argument, junk):
    """Another value in the place of the argument is used, or there is a sentence. Infinite numbers may meet in a formula."""
    with np.errstate(all="ignore"):
        try:
            ran(name, **{argument: JUNK[junk]()})
        except Exception as error:
            said(error)


# What is called by what it stands for, so that its own error is the user's; and what takes as long as it was asked to.
OWN = {("class", argument) for argument in ("field", "step", "schedule", "callback", "instance_noise", "f")}
OWN |= {(junk, "steps") for junk in ("10^25", "10^400")}
CASES = [(name, argument, junk) for name, (_, right) in CALLS.items() for argument in right for junk in JUNK
         if (junk, argument) not in OWN]


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """Where the calls find their files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("bad_calls"))
        files.write(X, "table.csv")
        D().save("net.npz")
        checkpoint.save("run.npz", {"a": X}, {})
        Path("pictures").mkdir()
        for name in ("a", "b"):
            Image.fromarray(rng().integers(0, 256, (8, 8), np.uint8)).save(f"pictures/{name}.png")
        yield


@pytest.mark.parametrize("name", CALLS)
def test_what_is_right_is_no_error(name):
    """Else the table would prove nothing."""
    ran(name)


@pytest.mark.parametrize("call, argument, junk, sentence", BAD, ids=[f"{call}, {name} {junk}" for call, name, junk, _ in BAD])
def test_a_bad_call_gets_its_sentence(call, argument, junk, sentence, cli):
    if call.startswith("tinygan "):
        code, out, err = cli(*call.split()[1:], argument, JUNK[junk]())
        assert code in (1, 2) and out == "" and sentence in err and "Traceback" not in err and not list(Path().iterdir())
        return
    with pytest.raises((TypeError, ValueError, MemoryError, OSError)) as caught:
        ran(call, **{argument: JUNK[junk]()})
    assert sentence in said(caught.value)


def built(name, data, **settings):
    return zoo.FAMILY[name](**settings).build(data)


SMALL = {"dcgan": {"hidden": (2, 2)}, "stylegan": {"hidden": (2, 2)}}
ABSURD = {  # what takes a size -> a call of it
    "FourierFeatures, d": lambda n: features.FourierFeatures(n, 4),
    "FourierFeatures, k": lambda n: features.FourierFeatures(2, n),
    "FourierBeside, d": lambda n: beside.FourierBeside(n, 4), "FourierBeside, features": lambda n: beside.FourierBeside(2, n),
    "Dense": lambda n: layers.Dense(n, 2), "LayerNorm": norm.LayerNorm, "BatchNorm": norm.BatchNorm, "Constant": inputs.Constant,
    "MinibatchDiscrimination": lambda n: features.MinibatchDiscrimination(2, n, 2), "Noise": lambda n: inputs.Noise(2, n),
    "Conv2D, size": lambda n: Conv2D(n, 1, 2, 3), "Conv2D, channels": lambda n: Conv2D(6, n, 2, 3),
    "Conv2D, pad": lambda n: Conv2D(6, 1, 2, 3, pad=n),
    "ConvTranspose2D, stride": lambda n: ConvTranspose2D(6, 1, 2, 4, stride=n),
    "ConvTranspose2D, size": lambda n: ConvTranspose2D(n, 1, 2, 4), "Upsample, size": lambda n: Upsample(n, 1),
    "Upsample, factor": lambda n: Upsample(4, 1, n),
    "mlp": lambda n: mlp(2, n, 1), "mlp, replicas": lambda n: mlp(2, 2, 1, replicas=n), "he": lambda n: initial.he(rng(), n, 2),
    "xavier": lambda n: initial.xavier(rng(), n, 2), "orthogonal": lambda n: initial.orthogonal()(rng(), n, 2),
    "normal": lambda n: initial.normal()(rng(), 2, n), "Streams": lambda n: Streams(0, (n,)), "ring": data.ring,
    "grid": data.grid, "spokes": data.spokes, "lattice": lambda n: data.lattice((2, n)), "hypercube": data.hypercube,
    "tilted_ring": data.tilted_ring,
    "ring.sample": lambda n: RING.sample(n, rng()), "moons.sample": lambda n: MOONS.sample(n, rng()),
    "points.sample": lambda n: data.from_array(X).sample(n, rng()), "one_hot": lambda n: data.one_hot([0], n),
    "whole_labels": lambda n: data.whole_labels(1, 2, n), "js_1d": lambda n: metrics.js_1d(ON_LINE, LINE, n),
    "js_2d": lambda n: metrics.js_2d(SAMPLES, RING, n), "truth_report": lambda n: metrics.truth_report(RING, n, rng()),
    "truth_cloud_report": lambda n: metrics.truth_cloud_report(RING, n, rng()), "alphas": lambda n: penalties.alphas(rng(), n),
    "trajectory": lambda n: dirac.trajectory(dirac.minimax, dirac.simultaneous, (1.0, 1.0), n),
    "train, batch": lambda n: trained(G(), D(), RING, LOSS, batch=n, steps=1, progress=False), "Stacks": stacked.Stacks,
    "train, d_steps": lambda n: trained(G(), D(), RING, LOSS, d_steps=n, steps=1, progress=False),
    "sampled": lambda n: sampling.sampled(G(), n, rng()), "between": lambda n: sampling.between([1.0, 0.0], [0.0, 1.0], n),
    **{f"{name}.sample": lambda n, name=name: built(name, data.digits(), **SMALL.get(name, {})).sample(n)
       for name in ("conditional", "infogan", "dcgan", "stackgan", "stylegan", "superres")},
    "discogan.sample": lambda n: built("discogan", data.ring()).sample(n),
    "bigan.sample": lambda n: built("bigan", RING).sample(n),
}


@pytest.mark.parametrize("name", ABSURD)
@pytest.mark.parametrize("n", [10**13, 10**200])
def test_an_absurd_size_is_refused_before_anything_is_allocated(name, n):
    with pytest.raises((MemoryError, ValueError)) as caught:
        ABSURD[name](n)
    assert re.search(r"would take [0-9.,e+]+ GB, and this machine has|must be at most", str(caught.value))
    assert traceback.extract_tb(caught.value.__traceback__)[-1].line.startswith("raise ")


@pytest.mark.parametrize("call, sentence", [
    (lambda: Conv2D((10**13, 3), 1, 2, 3, pad=7),
     "Conv2D: an image of 10000000000000 x 3 pixels with pad 7 would take 1,360,000.0"),
    (lambda: ConvTranspose2D((10**13, 3), 1, 2, 4, 4),
     "ConvTranspose2D: an image of 40000000000000 x 12 pixels would take 3,840,000.0"),
    (lambda: features.FourierFeatures(10**13, 4), "the frequencies of FourierFeatures(10000000000000 -> 4) would take 320,000.0"),
    (lambda: metrics.js_2d(SAMPLES, data.ring(3), 10**6), "1000000 x 1000000 cells for 3 modes would take 8,000.0"),
    (lambda: metrics.js_1d(ON_LINE, LINE, 10**12), "1000000000000 cells for 2 modes would take 16,000.0"),
    (lambda: data.one_hot([0], 10**9), "1 labels of 1000000000 classes would take 8,000,000,000.0"),
    (lambda: layers.Dense(10**6, 10**8),
     "the 100000100000000 parameters of Dense(1000000 -> 100000000), with their gradients, would take 1,600,001.6"),
    (lambda: initial.he(rng(), 10**9, 10**4), "W of shape (1000000000, 10000) would take 80,000.0"),
    (lambda: Streams(0, (10**12,)), "the streams of 1000000000000 replicas would take 8,000,000.0"),
    (lambda: sampling.sampled(mlp(3, 2, 5), 10**12, rng()), "1000000000000 samples would take 20,000.0"),
    (lambda: sampling.between([1.0, 0.0, 2.0], [0.0, 1.0, 2.0], 10**12), "1000000000000 points on the way would take 24,000.0"),
    (lambda: dirac.trajectory(dirac.minimax, dirac.simultaneous, np.ones((4, 2)), 10**12),
     "1000000000000 steps from 4 points would take 64,000.0"),
    (lambda: data.grid(10**7), "a grid of 10000000 x 10000000 modes would take 1,600,000.0"),
    (lambda: RING.sample(10**13, rng()), "10000000000000 samples of ring would take 160,000.0")])
def test_the_size_that_is_said_is_the_size(call, sentence):
    with pytest.raises(MemoryError) as caught:
        call()
    assert str(caught.value).startswith(f"{sentence} GB, and this machine has ")


def strided(array, shape, strides):
    return np.lib.stride_tricks.as_strided(array, shape, strides)


def stepped(theta, grad, opt=None):
    (opt or optim.Adam()).step(theta, grad)


def locked(use):
    net = D()
    net.theta.flags.writeable = False
    use(net)


def used(opt):
    opt.step(np.ones(4), np.ones(4))
    return opt


NUMBERS, ADAM, ONE = np.arange(6.0), optim.Adam(), D()
APART = "theta and grad share memory, and a step changes theta in place: pass grad.copy()"
WITHIN = "entries of theta share memory with each other, and a step changes each by itself: pass theta.copy()"
SHARED = [  # what is written into arrays that lie where other arrays lie, or that cannot be written
    (lambda: stepped(NUMBERS, NUMBERS), APART), (lambda: stepped(NUMBERS[1:], NUMBERS[:-1]), APART),
    (lambda: stepped(NUMBERS.reshape(2, 3), NUMBERS[::-1].reshape(2, 3), optim.SGD(0.1)), APART),
    (lambda: stepped(strided(NUMBERS, (4, 2), (8, 8)), np.ones((4, 2))), WITHIN),
    (lambda: stepped(strided(NUMBERS, (4,), (0,)), np.ones(4)), WITHIN),
    (lambda: stepped(np.broadcast_to(NUMBERS, (2, 6)), np.ones((2, 6))), "theta is read-only"),
    (lambda: stepped(np.ones(3), np.ones(3), used(optim.Adam())), "this optimiser has moved a theta of shape (4,) and remembers "
     "it; got one of shape (3,). Each network needs an optimiser of its own"),
    (lambda: stepped(np.ones(3), np.ones(3), used(optim.Clipped(optim.SGD(0.1), 1.0))), "Each network needs an optimiser"),
    (lambda: locked(lambda net: setattr(net, "theta", np.zeros_like(net.theta))), "theta of Sequential was made read-only"),
    (lambda: locked(lambda net: d_step(net, optim.Adam(), X, X, LOSS)), "theta is read-only"),
    (lambda: trained(G(), D(), RING, LOSS, steps=2, opt_g=ADAM, opt_d=ADAM), "opt_g and opt_d are the same object"),
    (lambda: trained(G(), D(), RING, LOSS, steps=2, opt_g=optim.Optimistic(ADAM), opt_d=ADAM), "opt_g and opt_d are the same"),
    (lambda: training.Training({"G": updates.Player(ONE, optim.Adam()), "D": updates.Player(ONE, optim.Adam())}, None, None,
                               steps=1, streams=Streams()), "the players G and D have one network; each needs a network of its"),
    (lambda: training.Training({"G": updates.Player(G(), ADAM), "D": updates.Player(ONE, optim.Clipped(ADAM, 1.0))}, None, None,
                               steps=1, streams=Streams()), "the players G and D have one optimiser"),
]


@pytest.mark.parametrize("call, sentence", SHARED, ids=range(len(SHARED)))
def test_arrays_that_cannot_be_written_by_themselves_are_refused(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in said(caught.value)


def test_arrays_that_lie_side_by_side_or_in_any_order_are_not():
    for theta in (np.ones((4, 6))[::2, ::-1].swapaxes(0, 1), np.ones((3, 1, 2))[:, :, ::-1], np.ones((2, 0)), np.ones(8)[::2]):
        stepped(theta, np.ones(theta.shape))
        assert (theta < 1).all()
    rows = np.ones((4, 2))
    stepped(rows[:, 0], rows[:, 1])
    assert (rows[:, 0] < 1).all() and (rows[:, 1] == 1).all()


def test_the_table_is_long_enough():
    assert len(BAD) == len({row[:3] for row in BAD}) >= 150


def test_the_documentation_has_the_counts_of_today():
    said = " ".join((Path(__file__).parents[1] / "docs" / "reliability.rst").read_text().split())
    assert f"each of {len(JUNK)} kinds of things" in said and f"{len(BAD)} bad calls in the table, more than 20000 others" in said
    assert "more than 150 options" in said and len(CASES) > 20_000 and len(set(options())) > 150


@given(st.sampled_from(CASES))
def test_what_is_not_listed_works_or_says_what_is_wrong(case):
    works_or_says(*case)


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
def test_everything_works_or_says_what_is_wrong(name):
    for case in CASES:
        if case[0] == name:
            works_or_says(*case)


def test_an_error_from_inside_would_be_noticed():
    """The control."""
    for wrong in (lambda: np.ones(2) @ np.ones(3), lambda: D().layers[0].forward(None), lambda: RING.sample()):
        with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
            wrong()
        with pytest.raises(AssertionError):
            said(caught.value)


# ---- the command line


# A path, a sentence, or the lessons of a folder that must be there first: the text alone may be right.
FREE = {"--out", "--resume", "--junit", "--text", "--cluster", "--lessons", "--columns"}


def options():
    """(command, option) of all that take a value."""
    for model in ("gan", *zoo.FAMILY):
        words = ["train", "--model", model]
        yield from [(" ".join(words), option) for option in taking_values(words)]
    for command in ("demo", "sample run --out x.csv", "plot run --out x.png", "study", "grade here"):
        yield from [(command, option) for option in taking_values(command.split())]


def taking_values(words):
    commands = next(action for action in parser(words)._actions if action.choices and words[0] in action.choices)
    return [action.option_strings[0] for action in commands.choices[words[0]]._actions
            if action.option_strings and action.nargs != 0 and not FREE & set(action.option_strings)]


@pytest.mark.sampled(16)
@pytest.mark.parametrize("command, option", sorted(set(options())))
@pytest.mark.parametrize("text", ["fast", "", "-x", "1e999", "1,5"])
def test_text_in_every_option(cli, command, option, text):
    code, out, err = cli(*command.split(), option, text)
    assert code == 2 and out == "" and "Traceback" not in err and option in err and not list(Path().iterdir()), err
