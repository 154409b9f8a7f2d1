"""How easily the prose is read, by kind of text: few long sentences, and few colons. And the glossary is whole."""

import importlib.util
import re
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


ENTRY = re.compile(r"[A-Z][^`]*?\. (Symbol: .+?\. )?(:doc:`[Ll]esson \d\d <lessons/\w+>`( and )?)+\.")


def glossary_problems(text):
    """What the entries of the glossary lack: one sentence, a symbol or none, and lessons in which one of the words occurs."""
    problems = []
    for entry, body in re.findall(r"(?m)^   (?! |:)(\S.*)\n((?:      .*\n)+)", text + "\n"):
        body = " ".join(body.split())
        if not ENTRY.fullmatch(body) or len(prose.sentences([body.split(" Symbol: ")[0].split(" :doc:")[0]])) != 1:
            problems.append(f"{entry}: {body}")
        for number, name in re.findall(r"esson (\d\d) <lessons/(\w+)>", body):
            path = ROOT / "lessons" / f"{name}.py"
            said = re.sub(r"\n(# )?", " ", path.read_text("utf-8").lower()) if path.is_file() and name.startswith(number) else ""
            if not any(word.strip() and word.strip().lower() in said for word in re.split("[(),]", entry)):
                problems.append(f"{entry}: lesson {number} does not use it")
    return problems


def test_every_entry_of_the_glossary_is_whole():
    text = (ROOT / "docs" / "glossary.rst").read_text("utf-8")
    assert glossary_problems(text) == [] and len(re.findall(r"(?m)^   (?! |:)\S", text)) > 60


@pytest.mark.parametrize("body, problem", [
    ("A thing. :doc:`Lesson 14 <lessons/14_unrolling>`.", None),
    ("A thing. Symbol: K. :doc:`Lesson 14 <lessons/14_unrolling>` and :doc:`lesson 09 <lessons/09_mode_collapse>`.", None),
    ("A thing. Another. :doc:`Lesson 14 <lessons/14_unrolling>`.", "unrolling: A thing. Another."),
    ("A thing.", "unrolling: A thing."),
    ("A thing. :doc:`Lesson 20 <lessons/20_dcgan>`.", "unrolling: lesson 20 does not use it"),
    ("A thing. :doc:`Lesson 15 <lessons/14_unrolling>`.", "unrolling: lesson 15 does not use it")])
def test_a_faulty_entry_is_noticed(body, problem):
    found = glossary_problems(f"   unrolling\n      {body}\n")
    assert found == [] if problem is None else len(found) == 1 and found[0].startswith(problem)
