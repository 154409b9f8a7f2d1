"""What the gradient check does, call by call, on functions that every machine rounds in the same way.

`tests/golden/make_gradcheck.py` has the functions and has written what is compared here. The other tests say what must be right;
this one notices a change in what the search does: how often f is called, and every word and number of the result.
"""

import importlib.util
import json
from pathlib import Path

import pytest

WHERE = importlib.util.spec_from_file_location("make_gradcheck", Path(__file__).parent / "golden" / "make_gradcheck.py")
make_gradcheck = importlib.util.module_from_spec(WHERE)
WHERE.loader.exec_module(make_gradcheck)
GOLDEN, FOUND = json.loads(make_gradcheck.WHERE.read_text()), {}


@pytest.mark.parametrize("name", GOLDEN)
def test_what_is_done_and_said_is_what_it_was(name):
    FOUND.update({} if FOUND else make_gradcheck.found())
    assert FOUND[name] == GOLDEN[name]


def test_nothing_is_missing():
    FOUND.update({} if FOUND else make_gradcheck.found())
    assert FOUND.keys() == GOLDEN.keys()
