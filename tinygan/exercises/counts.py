"""Answers that count, and so may give integers."""

import numpy as np

from .grading import Wrong


def whole(*names):
    """Observe an answer whose numbers may be integers, since it counts."""
    def observe(answer, *args):
        result = answer(*args)
        if len(names) > 1 and (not isinstance(result, tuple) or len(result) != len(names)):
            raise Wrong(f"it must return {', '.join(names)}; it returns {type(result).__name__}",
                        "separate them by commas after return")
        parts = result if len(names) > 1 else (result,)
        return {name: _floats(part) for name, part in zip(names, parts, strict=True)}

    return observe


def _floats(part):
    counts = isinstance(part, np.ndarray | np.generic) and part.dtype.kind in "iu"
    return part.astype(float) if counts else float(part) if isinstance(part, int) else part
