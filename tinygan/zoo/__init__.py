"""The family: systems that grew from the first GAN. One paper a file, with its gradients by hand; `System` has what they share.

    conditional   a generator that is told which class to make       (Mirza & Osindero 2014; Miyato & Koyama 2018)
"""

from typing import Any

from .conditional import Conditional
from .system import System

__all__ = ["FAMILY", "Conditional", "System"]

FAMILY: dict[str, type[System[Any]]] = {kind.__name__.lower(): kind for kind in (Conditional,)}
