"""The layers of a network as a whole: are they free, what stands for them in a copy, and what are they as plain values (JSON)?"""

from typing import Any

from .arguments import shown
from .base import Layer


def batch_axis(rows: int) -> str:
    """The batch axis as a network prints it."""
    return "N" if rows == 1 else f"N/{rows}"


def check_layers(layers: tuple[Any, ...]) -> None:
    """Raises TypeError or ValueError unless these are layers that no network has taken yet, each of them once."""
    for layer in layers:
        if isinstance(layer, type) and issubclass(layer, Layer):
            raise TypeError(f"a network takes layers, not classes: write {layer.__name__}(...) with its brackets")
        if isinstance(layer, (list, tuple)):
            raise TypeError("a network takes layers one by one, not in a list: write Sequential(*layers)")
        if not isinstance(layer, Layer):
            raise TypeError(f"a network takes layers, such as Dense(2, 1) or ReLU(); got {shown(layer)}. A layer of your own is "
                            "a subclass of tinygan.engine.layers.Layer")
        if layer.owned:
            raise ValueError(f"{layer} belongs to a network already, and a layer belongs to one network. "
                             "Make another layer, or copy this one with copy.copy(layer)")
    if len(set(map(id, layers))) < len(layers):
        raise ValueError("a network got the same layer object twice; make one object for each place")


def with_layers(value: Any, twins: dict[int, Layer]) -> Any:
    """An attribute for a copy: the copy's layers stand where the layers stood, alone or in lists, tuples and dicts."""
    if isinstance(value, Layer):
        return twins.get(id(value), value)
    if type(value) in (list, tuple):
        return type(value)(with_layers(part, twins) for part in value)
    if type(value) is dict:
        return {key: with_layers(part, twins) for key, part in value.items()}
    return value


def described(layer: Layer) -> dict[str, Any]:
    """A layer as plain values: its class and the arguments that make it."""
    return {"layer": type(layer).__name__, **layer.settings()}


def made(value: Any) -> Any:
    """The plain values of `settings`, with layers where they were described."""
    if isinstance(value, list):
        return [made(part) for part in value]
    if isinstance(value, dict):
        parts = {key: made(part) for key, part in value.items()}
        return named(Layer, parts.pop("layer"))(**parts) if "layer" in parts else parts
    return value


def named(base: type, name: str) -> Any:
    """The subclass of `base` with this name. A class with `stands_for` only watches another one for a grader."""
    known = [base]
    for kind in known:
        known += kind.__subclasses__()
    for kind in reversed(known):
        if kind.__name__ == name and "stands_for" not in vars(kind):
            return kind
    raise ValueError(f"there is no {base.__name__.lower()} class {name!r}: import the module that defines it first")
