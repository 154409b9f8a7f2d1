"""The settings that were tried: docs/results was measured with them, so none of them may change unnoticed.

`python tests/zoo/test_tried.py` writes the file anew.
"""

import json
from pathlib import Path

import pytest

from tinygan.settings import written
from tinygan.zoo import FAMILY

FILE = Path(__file__).parents[1] / "golden" / "tried_settings.json"
TRIED = {f"{model}, {data}": recipe for model, system in FAMILY.items() for data, recipe in system.recipes.items()}


@pytest.mark.parametrize("name", json.loads(FILE.read_text()))
def test_the_settings_are_those_that_were_tried(name):
    kept = json.loads(FILE.read_text())[name]
    assert {setting: written(getattr(TRIED[name], setting)) for setting in kept} == kept


if __name__ == "__main__":
    values = {name: {setting: written(value) for setting, value in recipe.values().items()} for name, recipe in TRIED.items()}
    FILE.write_text(json.dumps(values, indent=1) + "\n")
