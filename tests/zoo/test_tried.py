"""The settings that were tried: docs/results was measured with them, so none of them may change unnoticed.

`python tests/zoo/test_tried.py` writes the file anew.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from test_resume import system_run

from tinygan.settings import written
from tinygan.zoo import FAMILY

FILE = Path(__file__).parents[1] / "golden" / "tried_settings.json"
TRIED = {f"{model}, {data}": recipe for model, system in FAMILY.items() for data, recipe in system.recipes.items()}


@pytest.mark.parametrize("name", json.loads(FILE.read_text()))
def test_the_settings_are_those_that_were_tried(name):
    kept = json.loads(FILE.read_text())[name]
    assert {setting: written(getattr(TRIED[name], setting)) for setting in kept} == kept


@pytest.mark.parametrize("model", FAMILY)
def test_no_two_networks_begin_with_the_same_numbers(model):
    """Two weights that were drawn from one seed are multiples of each other."""
    first = []
    for net in system_run(model).system.networks.values():
        first += [layer.W.ravel()[:8] for layer in net.layers if "W" in layer.parameters and layer.W.size >= 8]
    for i, W in enumerate(first):
        assert all(abs(np.corrcoef(W, other)[0, 1]) < 0.999 for other in first[:i])


if __name__ == "__main__":
    values = {name: {setting: written(value) for setting, value in recipe.values().items()} for name, recipe in TRIED.items()}
    FILE.write_text(json.dumps(values, indent=1) + "\n")
