"""How easily the prose is read, by kind of text: few long sentences, and few colons. What is counted is tried by hand."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("prose", ROOT / "tests" / "benchmarks" / "prose.py")
prose = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(prose)

PAGE = """\
Title
=====

One sentence: it has a colon. ``train`` begins another. So does Song et al. (2019), "here." And this is the fourth.

* an item: short
* another

name    what it is,
        on two lines
other   another

.. math:: a: b

.. code-block:: python

   x: int = 1

   y: int = 2

A formula::

    f : x

.. list-table::

   * - a cell: of a table
     - a second one

>>> {1: 2}
"""

SECTIONS = '''
def f(x, y):
    """What it does.

    Parameters
    ----------
    x : first: with a colon
    y : second,
        on two lines

    Returns
    -------
    z : a number

    Examples
    --------
    >>> {1: 2}
    """
'''


def test_what_counts_on_a_page():
    assert [*prose.paragraphs(PAGE)] == [
        'One sentence: it has a colon. X begins another. So does Song et al. (2019), "here." And this is the fourth.',
        "an item: short", "another", "name    what it is, on two lines", "other   another", "A formula::",
        "a cell: of a table", "a second one"]


def test_what_counts_in_a_docstring(tmp_path):
    (tmp_path / "sections.py").write_text(SECTIONS)
    assert [*prose.of_docstrings(tmp_path / "sections.py")] == [
        "What it does.", "first: with a colon", "second, on two lines", "a number"]


def test_sentences_are_told_apart():
    said, long, colons, words, twice = prose.counted([*prose.paragraphs(PAGE)])
    assert said[:4] == ["One sentence: it has a colon.", "X begins another.", 'So does Song et al. (2019), "here."',
                        "And this is the fourth."]
    assert (len(said), long, colons, words, twice) == (11, [], 4, 44, [])
    long_one = "One word " + 29 * "more "
    assert prose.counted([f"{long_one}: and: so."])[1:] == ([f"{long_one}: and: so."], 2, 34, [f"{long_one}: and: so."])


KINDS = ["README", "lessons", "pages", "derivations", pytest.param("docstrings", marks=pytest.mark.slow)]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_read_without_stopping(kind):
    parts = prose.kinds(ROOT, kind)[kind]
    said, long, colons, words, _ = prose.counted(parts)
    assert len(long) < .03 * len(said), long
    assert colons < .012 * words, f"{colons} colons in {words} words"
