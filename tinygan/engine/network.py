"""Sequential: layers in a row, all their parameters in one flat array.

    net.theta   (P,) or (R, P)    every parameter of the network, layer after layer
    net.grad    same shape        dL/dtheta, where backward adds
    net.theta_dot                 the velocity of theta (see `tangent`), or None: held fixed

Each layer's W, b, dW, db are *views* into these arrays: nothing is copied, and writing to theta moves the network.
So an optimiser is six lines on two flat arrays, averaging two networks is one line, a gradient check is a loop over
theta, and a checkpoint is an array.

With `replicas=R` the network is R networks of one shape, trained side by side: every array gets an axis R in front.
Replica r starts, and stays, bit for bit equal to the single network whose seed is `SeedSequence(seed).spawn(R)[r]`.
"""

import copy
import math
from itertools import pairwise

import numpy as np

from .arguments import count, each_seed, number, seed_sequence
from .layers import Dense, ReLU


def he(rng, d, k):
    """W with variance 2/d, which keeps the size of a signal through ReLU layers (He et al. 2015, section 2.2)."""
    return rng.normal(0, math.sqrt(2 / d), (d, k))


def xavier(rng, d, k):
    """W with variance 2/(d + k), made for tanh layers (Glorot & Bengio 2010, equation 12; the normal form)."""
    return rng.normal(0, math.sqrt(2 / (d + k)), (d, k))


def orthogonal(gain=1.0):
    """A rule that draws W with orthogonal rows or columns, times `gain` (Saxe et al. 2014, section 3)."""
    gain = number("orthogonal: gain", gain, above=0)

    def orthogonal_rule(rng, d, k):
        q, r = np.linalg.qr(rng.standard_normal((max(d, k), min(d, k))))
        q = q * np.sign(np.diag(r))  # without this, q would not be uniformly distributed
        return gain * (q if d >= k else q.swapaxes(-1, -2))

    return orthogonal_rule


class Sequential:
    """The layers' functions one after the other, with the layers' own four methods and a call: `y = net(x)`.

    seed      an int or a SeedSequence: where the initial weights come from; or a list of them, one for each replica
    replicas  () for one network, or a number R
    dtype     float32 to train, float64 to check gradients, complex128 for the complex step
    init      a rule (rng, d, k) -> W of shape (d, k): `he` (default), `xavier`, `orthogonal(gain)`; biases start at 0

    Raises ValueError when neighbours do not fit: `layer 0, Dense(2 -> 64), gives 64 features, but layer 2 ... takes 32`.

    >>> import numpy as np
    >>> from tinygan import Dense, ReLU, Sequential
    >>> D = Sequential(Dense(2, 8), ReLU(), Dense(8, 1))
    >>> s, tape = D.forward(np.ones((5, 2)))
    >>> dx = D.backward(np.ones_like(s), tape)
    >>> s.shape, dx.shape, D.theta.shape, D.grad.shape
    ((5, 1), (5, 2), (33,), (33,))
    """

    def __init__(self, *layers, seed=0, replicas=(), dtype=np.float32, init=he):
        if not layers:
            raise ValueError("Sequential needs at least one layer, for example Dense(2, 1)")
        if len(set(map(id, layers))) < len(layers):
            raise ValueError("Sequential got the same layer object twice; make one object for each place")
        self.layers = layers
        self.replicas = () if replicas == () else (count("replicas", replicas),)
        self.dtype = np.dtype(dtype)
        if self.dtype.kind not in "fc":
            raise TypeError(f"dtype must be a floating-point type such as np.float32; got {self.dtype}")
        self.d_in, self.d_out = _fit(layers)
        size = sum(math.prod(layer.shapes[name]) for layer, name in self._parameters())
        self.theta = np.zeros((*self.replicas, size), self.dtype)
        self.grad = np.zeros_like(self.theta)
        self._theta_dot = None
        self._bind()
        self._initialise(seed, init)
        for layer, name, start in self._buffers():
            setattr(layer, name, np.tile(start, (*self.replicas, *[1] * start.ndim)).astype(self.dtype))

    def _parameters(self):
        return [(layer, name) for layer in self.layers for name in layer.parameters]

    def _buffers(self):
        return [(layer, name, start) for layer in self.layers for name, start in getattr(layer, "buffers", {}).items()]

    def views(self, flat):
        """An array shaped like theta, cut into one view per parameter: yields (layer, name, view) in order."""
        start = 0
        for layer, name in self._parameters():
            stop = start + math.prod(layer.shapes[name])
            yield layer, name, flat[..., start:stop].reshape(*self.replicas, *layer.shapes[name])
            start = stop

    def _bind(self):
        for (layer, name, value), (_, _, gradient) in zip(self.views(self.theta), self.views(self.grad), strict=True):
            layer.bind(name, value, gradient)

    def _initialise(self, seed, init):
        seeds = each_seed(seed, *self.replicas) if self.replicas else [seed_sequence(seed)]
        for r, child in enumerate(seeds):
            rng = np.random.default_rng(child)
            for layer, name, view in self.views(self.theta):
                drawn = init(rng, *layer.shapes["W"]) if name == "W" else layer.start.get(name, 0)
                (view[r] if self.replicas else view)[...] = drawn

    @property
    def theta_dot(self):
        """The velocity of theta, shaped like theta; None while the parameters are held fixed. Assign to set it."""
        return self._theta_dot

    @theta_dot.setter
    def theta_dot(self, velocity):
        if velocity is None:
            for layer, name in self._parameters():
                setattr(layer, name + "_dot", None)
        else:
            if velocity.shape != self.theta.shape:
                raise ValueError(f"theta_dot must be shaped like theta, {self.theta.shape}; got {velocity.shape}")
            for layer, name, view in self.views(velocity):
                setattr(layer, name + "_dot", view)
        self._theta_dot = velocity

    def zero_grad(self):
        """Set grad to 0: backward adds to it."""
        self.grad[...] = 0

    def forward(self, x):
        """y and the tape of every layer; x (..., N, d_in) -> y (..., N, d_out). x is taken over into the network's dtype."""
        x = np.asarray(x, self.dtype)
        tapes = []
        for layer in self.layers:
            x, tape = layer.forward(x)
            tapes.append(tape)
        return x, tapes

    def __call__(self, x):
        """y alone, when no backward follows."""
        return self.forward(x)[0]

    def backward(self, dy, tape, grads=True):
        """dx, the layers' backwards in reverse order; adds dL/dtheta to `grad`, or with grads=False leaves it alone."""
        for layer, layer_tape in zip(reversed(self.layers), reversed(tape), strict=True):
            dy = layer.backward(dy, layer_tape, grads)
        return dy

    def tangent(self, x_dot, tape):
        """y_dot, the velocity of y when x moves with x_dot (and theta with theta_dot), and the tapes of the tangents."""
        tapes_dot = []
        for layer, layer_tape in zip(self.layers, tape, strict=True):
            x_dot, tape_dot = layer.tangent(x_dot, layer_tape)
            tapes_dot.append(tape_dot)
        return x_dot, tapes_dot

    def tangent_backward(self, dy, dy_dot, tape, tape_dot):
        """dx and dx_dot; adds R{dL/dtheta} to `grad`."""
        for layer, layer_tape, layer_dot in zip(reversed(self.layers), reversed(tape), reversed(tape_dot), strict=True):
            dy, dy_dot = layer.tangent_backward(dy, dy_dot, layer_tape, layer_dot)
        return dy, dy_dot

    def copy(self):
        """An independent network with the same layers and parameters."""
        return self._twin(np.copy, self.replicas)

    def replica(self, r):
        """Replica r as an independent network without the replica axis. Raises ValueError when there is no such replica."""
        if not self.replicas or not 0 <= r < self.replicas[0]:
            has = f"replicas 0 to {self.replicas[0] - 1}" if self.replicas else "no replicas"
            raise ValueError(f"there is no replica {r}: this network has {has}")
        return self._twin(lambda array: array[r].copy(), ())

    def _twin(self, part, replicas):
        """A network of its own: `part` copies, from theta and every buffer, what it is to have of them."""
        twin = object.__new__(Sequential)
        vars(twin).update(vars(self))
        twin.layers = tuple(copy.copy(layer) for layer in self.layers)
        twin.theta, twin.replicas, twin._theta_dot = part(self.theta), replicas, None
        twin.grad = np.zeros_like(twin.theta)
        twin._bind()
        for layer, name, _ in twin._buffers():
            setattr(layer, name, part(getattr(layer, name)))
        return twin

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __setstate__(self, state):  # pickle copies the views apart; joblib's workers need them together again
        self.__dict__.update(state)
        self._bind()
        self.theta_dot = None

    def __repr__(self):
        lines, shape = [], "".join(f"{r}, " for r in self.replicas) + "N, "
        features, wide = self.d_in, max(20, *(len(repr(layer)) for layer in self.layers))
        for layer in self.layers:
            features = getattr(layer, "k", features)
            size = sum(math.prod(layer.shapes[name]) for name in layer.parameters)
            held = " + ".join(f"{name} {layer.shapes[name]}" for name in layer.parameters)
            line = f"  {layer!r:<{wide}} -> ({shape}{features})"
            lines.append(f"{line:<{wide + 24}}{size:>9,}   {held}" if size else line)
        total = f"{self.theta.shape[-1]:,} parameters"
        each = f" in each of {self.replicas[0]} replicas" if self.replicas else ""
        return "\n".join([f"Sequential: ({shape}{self.d_in}) -> ({shape}{self.d_out}), {total}{each}, {self.dtype}", *lines])


def _fit(layers):
    """(d_in, d_out) of the row of layers; raises where a layer's output is not the size of the next one's input."""
    sized = [(i, layer) for i, layer in enumerate(layers) if hasattr(layer, "d")]
    if not sized:
        raise ValueError("Sequential needs at least one layer with parameters, for example Dense(2, 1)")
    for (i, one), (j, other) in pairwise(sized):
        if one.k != other.d:
            raise ValueError(f"layer {i}, {one}, gives {one.k} features, but layer {j}, {other}, takes {other.d}: "
                             "make the two numbers equal")
    return sized[0][1].d, sized[-1][1].k


def mlp(*sizes, activation=ReLU, seed=0, replicas=(), dtype=np.float32, init=he):
    """A multilayer perceptron: `mlp(2, 128, 128, 1)` is Dense(2, 128), ReLU, Dense(128, 128), ReLU, Dense(128, 1).

    `activation` is a class, or any function without arguments that makes a layer (`lambda: LeakyReLU(.1)`).
    The last layer is linear: a discriminator gives scores, a generator points. Raises ValueError for fewer than two sizes.

    >>> from tinygan import LeakyReLU, mlp
    >>> print(mlp(2, 64, 1, activation=lambda: LeakyReLU(.1)))
    Sequential: (N, 2) -> (N, 1), 257 parameters, float32
      Dense(2 -> 64)       -> (N, 64)                 192   W (2, 64) + b (1, 64)
      LeakyReLU(0.1)       -> (N, 64)
      Dense(64 -> 1)       -> (N, 1)                   65   W (64, 1) + b (1, 1)
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp needs at least two sizes, in and out, as in mlp(2, 128, 1); got {sizes}")
    layers = []
    for d, k in pairwise(sizes):
        layers += [Dense(d, k), activation()]
    return Sequential(*layers[:-1], seed=seed, replicas=replicas, dtype=dtype, init=init)
