"""Network, a store of parameters, with copies, replicas and files. `engine.network` has the chain of layers, the usual kind.

    net.theta   (P,) or (R, P)    every parameter of the network, layer after layer
    net.grad    same shape        dL/dtheta, where backward adds
    net.theta_dot                 the velocity of theta (see `layers.tangent`), or None: held fixed

Each layer's W, b, dW, db are *views* into these arrays, so writing to theta moves the network. An optimiser is a few lines on
two flat arrays, an average of two networks is one line, and a gradient check is a loop over theta. `net.theta = array` copies
into place; the views stay.

With `replicas=R` the network is R networks of one shape, trained side by side: every array gets an axis R in front.
Replica r starts, and stays, bit for bit equal to the single network whose seed is `SeedSequence(seed).spawn(R)[r]`.
"""

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from .. import checkpoint
from .arguments import Array, Seeds, count, each_seed, floats, seed_sequence, shown
from .base import Layer, Parameter
from .initial import Rule, drawn, he
from .machine import fits
from .parts import batch_axis, check_layers, made, named, with_layers

Net = TypeVar("Net", bound="Network")
DTYPES = "float32 (to train), float64 (to check gradients) or complex128 (the complex step)"


class Network:
    """The store, with all parameters of some layers in `theta`, with `grad`, replicas, copies and files. It is no function yet.

    A subclass adds forward, backward, tangent and tangent_backward, each as in `layers`, and `settings`, the arguments that make
    it again. Its attributes may hold its layers, alone or in lists; a copy's attributes hold the copy's layers.

    Parameters
    ----------
    layers : Layer objects, which this network takes over (a layer belongs to one network)
    d_in, d_out : features in and out
    seed : where the initial weights come from; a list holds one for each replica
    replicas : () for one network, or a number R
    dtype : float32 to train, float64 to check gradients, complex128 for the complex step
    init : a rule (rng, d, k) -> W of shape (d, k), such as `he`, `xavier` or `orthogonal(gain)`; biases start at 0. A rule with
        an argument `fans` is told a layer's fans, see `base.Layer`
    """

    theta = Parameter("theta")
    grad = Parameter("grad")
    rows = 1  # how many rows of x make one row of y: more than one where D packs

    def __init__(self, layers: Sequence[Layer], d_in: int, d_out: int, *, seed: Seeds = 0, replicas: int | tuple[()] = (),
                 dtype: DTypeLike = np.float32, init: Rule = he) -> None:
        self.layers, self.d_in, self.d_out = tuple(layers), d_in, d_out
        self.replicas: tuple[int, ...] = () if isinstance(replicas, tuple) and not replicas else (count("replicas", replicas),)
        self.dtype = _checked(dtype)
        check_layers(self.layers)
        size = sum(math.prod(layer.shapes[name]) for layer, name in self._parameters())
        fits("the parameters of the network, with their gradients,", 2, *self.replicas, size, itemsize=self.dtype.itemsize)
        self.theta = np.zeros((*self.replicas, size), self.dtype)
        self.grad = np.zeros_like(self.theta)
        self._theta_dot: Array | None = None
        self._bind()
        self._initialise(seed, init)
        for layer in self.layers:
            layer.owned = True
            for name, value in layer.buffers.items():
                setattr(layer, name, np.tile(value, (*self.replicas, *[1] * value.ndim)).astype(self.dtype))

    def _parameters(self) -> list[tuple[Layer, str]]:
        return [(layer, name) for layer in self.layers for name in layer.parameters]

    def views(self, flat: Array) -> Iterator[tuple[Layer, str, Array]]:
        """An array shaped like theta, cut into one view per parameter: yields (layer, name, view) in order."""
        start = 0
        for layer, name in self._parameters():
            stop = start + math.prod(layer.shapes[name])
            yield layer, name, flat[..., start:stop].reshape(*self.replicas, *layer.shapes[name])
            start = stop

    def _bind(self) -> None:
        for (layer, name, value), (_, _, gradient) in zip(self.views(self.theta), self.views(self.grad), strict=True):
            layer.bind(name, value, gradient)

    def _initialise(self, seed: Seeds, init: Rule) -> None:
        seeds = each_seed(seed, *self.replicas) if self.replicas else [seed_sequence(seed)]
        for r, child in enumerate(seeds):
            rng = np.random.default_rng(child)
            for layer, name, view in self.views(self.theta):
                value = drawn(init, rng, layer.shapes[name], layer.fans) if name == "W" else layer.start.get(name, 0)
                (view[r] if self.replicas else view)[...] = value

    @property
    def theta_dot(self) -> Array | None:
        """The velocity of theta, shaped like it. By default None: theta is held fixed, and a tangent depends on x_dot alone."""
        return self._theta_dot

    @theta_dot.setter
    def theta_dot(self, value: Any) -> None:
        if value is not None:
            value = floats("theta_dot", value, self.dtype)
            if value.shape != self.theta.shape:
                raise ValueError(f"theta_dot must have theta's shape {self.theta.shape}; got {value.shape}")
        self._theta_dot = value
        for layer, name, view in self.views(self.theta if value is None else value):
            setattr(layer, name + "_dot", None if value is None else view)

    def zero_grad(self) -> None:
        """Set `grad` to 0, as backward adds."""
        self.grad[...] = 0

    def __call__(self, x: Any) -> Array:
        """y alone, when no backward follows."""
        return self.forward(x)[0]

    def forward(self, x: Any) -> tuple[Array, Any]:
        """y and the tape; a subclass has this method and the three below, as `layers` tells."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: use Sequential, or write the four methods of a layer")

    def backward(self, dy: Array, tape: Any, grads: bool = True) -> Array:
        """dx; adds dL/dtheta to `grad`, or with grads=False leaves it alone."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        """y_dot and its tape."""
        raise NotImplementedError(f"{type(self).__name__} has no tangent")

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        """dx and dx_dot; adds R{dL/dtheta} to `grad`."""
        raise NotImplementedError(f"{type(self).__name__} has no tangent_backward")

    # ---------------------------------------------------------------- copies and files

    def buffers(self) -> dict[str, Array]:
        """What layers remember without training it, such as SpectralNorm's u: name -> the array itself."""
        return {f"layer {i}, {name}": getattr(layer, name) for i, layer in enumerate(self.layers) for name in layer.buffers}

    def state(self) -> dict[str, Array]:
        """Copies of all numbers that make this network what it is, name -> array, namely theta and the buffers."""
        return {name: array.copy() for name, array in {"theta": self.theta, **self.buffers()}.items()}

    def load_state(self, state: dict[str, Array]) -> None:
        """Take the numbers of another network of this kind, as `state` gave them.

        Raises ValueError, before anything is changed, where a name is missing or unknown, or a shape is another one.
        """
        own = {"theta": self.theta, **self.buffers()}
        if not isinstance(state, Mapping):
            raise TypeError(f"a state is a dict of arrays, such as net.state() gives; got {shown(state)}")
        if own.keys() != state.keys():
            raise ValueError(f"this network's state has the arrays {', '.join(own)}; got {', '.join(state)}")
        state = {name: floats(name, array, self.dtype) for name, array in state.items()}
        for name, array in own.items():
            if state[name].shape != array.shape:
                raise ValueError(f"{name} has shape {state[name].shape}, expected {array.shape}: another network's state")
            if not array.flags.writeable:
                raise ValueError(f"{name} of this network is read-only, and load_state writes into it: use a copy, net.copy()")
        for name, array in own.items():
            array[...] = state[name]

    def copy(self: Net, dtype: DTypeLike | None = None) -> Net:
        """An independent network with the same layers, parameters and buffers; in another `dtype`, if given."""
        return self._twin(lambda array: array, self.replicas, self.dtype if dtype is None else _checked(dtype))

    def replica(self: Net, r: int) -> Net:
        """Replica r as an independent network without the replica axis. Raises ValueError when there is no such replica."""
        r = r if type(r) is int else count("r", r, 0)
        if not self.replicas or not 0 <= r < self.replicas[0]:
            known = f"replicas 0 to {self.replicas[0] - 1}" if self.replicas else "no replicas"
            raise ValueError(f"there is no replica {r}: this network has {known}")
        return self._twin(lambda array: array[r], (), self.dtype)

    def _twin(self: Net, part: Callable[[Array], Array], replicas: tuple[int, ...], dtype: np.dtype[Any]) -> Net:
        """A network of its own: with `part` of theta and of every buffer, in `dtype`."""
        twins = {id(layer): copy.copy(layer) for layer in self.layers}
        twin = object.__new__(type(self))
        own = {name: value for name, value in vars(self).items() if name not in ("theta", "grad")}
        vars(twin).update({name: with_layers(value, twins) for name, value in own.items()})
        twin.replicas, twin.dtype, twin._theta_dot = replicas, dtype, None
        twin.theta = part(self.theta).astype(dtype)
        twin.grad = np.zeros_like(twin.theta)
        twin._bind()
        for layer in twin.layers:
            layer.owned = True
            for name in layer.buffers:
                setattr(layer, name, part(getattr(layer, name)).astype(dtype))
        return twin

    def __copy__(self: Net) -> Net:
        return self.copy()

    def __deepcopy__(self: Net, memo: Any) -> Net:
        return self.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        # pickle copies the views apart; joblib's workers need them together again
        vars(self).update(state)
        self._bind()
        self.theta_dot = None

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a network again, without seed, replicas, dtype and init, as numbers, texts, lists."""
        raise TypeError(f"{type(self).__name__} cannot be saved yet: give it a method settings() that returns the arguments of "
                        "its __init__, name -> value")

    @classmethod
    def from_settings(cls: type[Net], **settings: Any) -> Net:
        """A network from what `settings` gave, with replicas and dtype."""
        return cls(**settings)

    def save(self, path: str | Path) -> None:
        """Write the network to the file `path`, with what it is made of, and its `state`. `Network.load(path)` reads it again.

        Nothing is pickled. The file is whole or not there at all. Raises OSError when it cannot be written.
        """
        about = {"network": type(self).__name__, "settings": self.settings(), "replicas": self.replicas, "dtype": str(self.dtype)}
        checkpoint.save(path, self.state(), about, kind="tinygan network")

    @classmethod
    def load(cls, path: str | Path) -> "Network":
        """The network in the file `path`. Its class, and those of its layers, must have been imported.

        Raises OSError, or ValueError for a file that holds no network, a damaged one, or one of an unknown class.
        """
        state, about = checkpoint.load(path, kind="tinygan network")
        try:
            kind, replicas = named(Network, about["network"]), about["replicas"]
            net = kind.from_settings(**made(about["settings"]), replicas=replicas[0] if replicas else (), dtype=about["dtype"])
            net.load_state(state)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} holds no network that can be made here: {error}") from error
        if not isinstance(net, cls):
            raise ValueError(f"{path} holds a {kind.__name__}, not a {cls.__name__}: load it with Network.load")
        return net

    def __repr__(self) -> str:
        lines, front = [], "".join(f"{r}, " for r in self.replicas)
        features, rows, wide = self.d_in, 1, max(20, *(len(repr(layer)) for layer in self.layers))
        for layer in self.layers:
            features, rows = getattr(layer, "k", features), rows * layer.rows
            size = sum(math.prod(layer.shapes[name]) for name in layer.parameters)
            held = " + ".join(f"{name} {layer.shapes[name]}" for name in layer.parameters)
            line = f"  {layer!r:<{wide}} -> ({front}{batch_axis(rows)}, {features})"
            lines.append(f"{line:<{wide + 24}}{size:>9,}   {held}" if size else line)
        total = f"{self.theta.shape[-1]:,} parameters"
        each = f" in each of {self.replicas[0]} replicas" if self.replicas else ""
        ends = f"({front}N, {self.d_in}) -> ({front}{batch_axis(self.rows)}, {self.d_out})"
        return "\n".join([f"{type(self).__name__}: {ends}, {total}{each}, {self.dtype}", *lines])


def _checked(dtype: DTypeLike) -> np.dtype[Any]:
    """The dtype, if a network can have it. Raises TypeError."""
    try:
        found: Any = "None" if dtype is None else np.dtype(dtype)  # to NumPy None is float64
    except Exception:  # NumPy asks the object itself, which may have a fault of its own
        found = shown(dtype)
    if found not in (np.float32, np.float64, np.complex128):
        raise TypeError(f"dtype must be {DTYPES}; got {found}")
    return np.dtype(dtype)
