"""What all layers share: the class `Layer`, parameters that are written in place, the sum over the batch, and checks of shapes.

The four methods of a layer, and the words used here, are explained in `layers`.
"""

import copy
import functools
import inspect
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from .arguments import ANY, Array, real
from .machine import fits

_left: ContextVar[int | None] = ContextVar("parameters that layers may still have", default=None)


@contextmanager
def at_most(parameters: int) -> Iterator[None]:
    """Here new layers may have so many parameters in all. One more raises ValueError, before any memory is taken for it.

    It is for networks whose settings come from a file. These may claim any size.
    """
    before = _left.set(parameters)
    try:
        yield
    finally:
        _left.reset(before)


class Parameter:
    """An attribute that is written in place: `layer.W = array` copies the numbers into the memory that W already has.

    So a parameter stays a view into its network's theta, and its gradient `layer.dW` one into grad. Reading is the ordinary
    lookup in the instance. Raises ValueError where the new array has another shape.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    if TYPE_CHECKING:  # type checkers ask for it; without it reading is the lookup in the instance
        def __get__(self, holder: Any, kind: Any = None) -> Array: ...

    def __set__(self, holder: Any, value: Any) -> None:
        held = vars(holder).get(self.name)
        if held is None:
            vars(holder)[self.name] = value
        elif value is not held:  # `layer.W -= step` has changed the array already
            name = f"{self.name} of {type(holder).__name__}"
            value = real(name, value, ANY)
            if value.shape != held.shape:
                raise ValueError(f"{name} has shape {held.shape}; got {value.shape}. "
                                 "An assignment copies numbers into place: give it an array of the same shape")
            if not held.flags.writeable:
                raise ValueError(f"{name} was made read-only, and an assignment copies numbers into place: "
                                 "set its flags.writeable to True")
            np.copyto(held, real(name, value, "fiubc"), casting="same_kind")


class Layer:
    """What all layers share. A layer of your own says, where it is not the default,

    d, k         features in and out, for layers that fix them
    parameters   the names of what is trained, in order: ("W", "b"), said by the class
    shapes       name -> shape, without replicas
    start        name -> initial value, where it is not 0; W is drawn by the network's init rule
    buffers      name -> initial array, for what a layer remembers from step to step without training it
    rows         how many rows of x make one row of y: 1, but for `features.Pack`
    fans         (in, out): how many numbers of x one number of y is made of, and the other way round, where W's shape does not
                 say it; for the init rule

    and calls `allocate` at the end of its __init__, if it has parameters. A layer belongs to one network, which takes it over.
    """

    parameters: tuple[str, ...] = ()
    shapes: dict[str, tuple[int, ...]] = {}
    start: dict[str, float] = {}
    buffers: dict[str, Array] = {}
    rows = 1
    fans: tuple[float, float] | None = None
    d: int
    k: int
    owned = False  # whether a network has taken this layer

    def __init_subclass__(cls) -> None:
        for name in [front + name for name in cls.parameters for front in ("", "d")]:
            if not hasattr(cls, name):
                setattr(cls, name, Parameter(name))

    def allocate(self) -> None:
        """Parameters of the layer's own; a network replaces them by views into its theta and grad."""
        left, needed = _left.get(), sum(map(math.prod, self.shapes.values()))
        if left is not None:
            if needed > left:
                raise ValueError(f"{self} has {needed} parameters, more than the {left} that are left for it")
            _left.set(left - needed)
        fits(f"the {needed} parameters of {self}, with their gradients,", 2, needed)
        for name, shape in self.shapes.items():
            self.bind(name, np.full(shape, self.start.get(name, 0.0)), np.zeros(shape))

    def bind(self, name: str, value: Array, gradient: Array) -> None:
        """Use these two arrays as parameter `name` (such as "W") and as its gradient; the velocity is None."""
        vars(self).update({name: value, "d" + name: gradient, name + "_dot": None})

    def tangent(self, x_dot: Array, tape: Any) -> tuple[Array, Any]:
        """y_dot and its tape, as `engine.layers` tells; only second derivatives ask for it."""
        raise NotImplementedError(f"{self} has no tangent, which a gradient penalty and unrolling ask for: write its methods "
                                  "tangent and tangent_backward")

    def tangent_backward(self, dy: Array, dy_dot: Array, tape: Any, tape_dot: Any) -> tuple[Array, Array]:
        """dx and dx_dot, as `engine.layers` tells."""
        raise NotImplementedError(f"{self} has no tangent_backward: write it beside tangent")

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer, name -> number, for a file; by default the attributes with the same names."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def __copy__(self) -> "Layer":
        """A layer with the same numbers in arrays of its own, free for another network."""
        twin = object.__new__(type(self))
        vars(twin).update({name: value.copy() if isinstance(value, np.ndarray) else value for name, value in vars(self).items()})
        twin.owned = False
        return twin

    def __deepcopy__(self, memo: Any) -> "Layer":
        return copy.copy(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def sum_over_batch(dy: Array) -> Array:
    """The sum over axis -2, kept: (..., N, k) -> (..., 1, k). As a matrix product it takes a third of np.sum's time."""
    return _ones(dy.shape[-2], dy.dtype) @ dy  # the row of ones is made once and kept


@functools.lru_cache(16)
def _ones(n: int, dtype: np.dtype[Any]) -> Array:
    return np.ones((1, n), dtype)


@functools.lru_cache(64)
def zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Zeros to compare with. NumPy takes the maximum of two arrays three times as fast as of an array and a number."""
    return np.zeros(shape, dtype)


def check_input(layer: Layer, x: Array, parameter: Array | None = None) -> None:
    """Raises ValueError unless x is (..., N, d), with the same replicas in front as `parameter`; None: with any."""
    replicas = x.shape[:-2] if parameter is None else parameter.shape[:-2]
    if x.ndim < 2 or x.shape != (*replicas, x.shape[-2], layer.d):
        front: tuple[object, ...] = ("...",) if parameter is None else replicas
        raise ValueError(f"{layer} expects {_shape(*front, 'N', layer.d)}, got {_shape(*x.shape)}")


def check_like_output(layer: Layer, shape: tuple[int, ...], *gradients: Array) -> None:
    """Raises ValueError unless all `gradients` have the shape of the layer's output."""
    for dy in gradients:
        if dy.shape != shape:
            raise ValueError(f"{layer}.backward expects dy shaped like its output, {_shape(*shape)}; got {_shape(*dy.shape)}")


def _shape(*axes: object) -> str:
    return f"({', '.join(map(str, axes))}{',' * (len(axes) == 1)})"
