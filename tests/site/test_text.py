"""What the site is made from, without building it: the examples run, docstrings turn into pages, the gallery is put in order."""

import doctest
import hashlib
import importlib
import inspect
import itertools
import json
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import tinygan

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path[:0] = [str(DOCS), str(DOCS / "_ext")]

import docstrings  # noqa: E402  the path comes first
import folding  # noqa: E402
import gallery  # noqa: E402
import pictures  # noqa: E402
import reference  # noqa: E402
import sections  # noqa: E402
import sidebar  # noqa: E402

WITH_EXAMPLES = [path for path in [*(ROOT / "tinygan").rglob("*.py"), *DOCS.glob("*.rst"), *DOCS.glob("derivations/*.rst"),
                                   ROOT / "README.md"] if re.search(r"^\s*>>> ", path.read_text(encoding="utf-8"), re.MULTILINE)]


def failures(path):
    """(failed, tried) examples of a page; how wide a column is does not matter."""
    if path.suffix != ".py":
        return doctest.testfile(str(path), False, encoding="utf-8", optionflags=doctest.NORMALIZE_WHITESPACE)[:2]
    return failures_in(importlib.import_module(reference.dotted(path.relative_to(ROOT / "tinygan").with_suffix("").as_posix())))


def failures_in(module):
    """(failed, tried) examples of a module's docstrings. Each imports what it uses: a reader can paste it as it stands."""
    return doctest.testmod(module, globs={}, optionflags=doctest.NORMALIZE_WHITESPACE)[:2]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.name)
def test_the_examples_say_what_they_print(path):
    failed, tried = failures(path)
    assert tried and not failed


def test_there_are_examples_and_a_wrong_one_fails(tmp_path, capsys):
    assert DOCS / "start.rst" in WITH_EXAMPLES
    text = (DOCS / "start.rst").read_text(encoding="utf-8")
    (tmp_path / "wrong.rst").write_text(text.replace("257 parameters", "256 parameters"), encoding="utf-8")
    assert failures(tmp_path / "wrong.rst")[0] == 1 and "257 parameters" in capsys.readouterr().out


def test_the_modules_that_most_people_call_have_examples():
    modules = {reference.dotted(path.relative_to(ROOT / "tinygan").with_suffix("").as_posix())
               for path in WITH_EXAMPLES if path.suffix == ".py"}
    wanted = "checkpoint data data.sets game losses.base losses.separate metrics.modes penalties training".split()
    wanted += [f"engine.{name}" for name in "features gradcheck jacobian layers network numerics optim".split()]
    assert modules >= {f"tinygan.{name}" for name in wanted}
    examples = [len(test.examples) for name in modules for test in doctest.DocTestFinder().find(importlib.import_module(name))]
    assert sum(map(bool, examples)) >= 20


@pytest.mark.parametrize("old, new", [
    ("[1.0, 0.85, 0.5", "[1.0, 0.84, 0.5"), (">>> from tinygan import cosine_decay\n", ""), ("round(cosine", "round(sine")])
def test_a_wrong_docstring_fails(old, new, capsys):
    """An answer that is not so, an import that is missing, a name that does not exist."""
    text = inspect.getdoc(tinygan.cosine_decay)
    assert text.count(old) == 1 and failures_in(types.ModuleType("right", text)) == (0, 2)
    assert failures_in(types.ModuleType("wrong", text.replace(old, new)))[0] == 1
    assert "Failed example" in capsys.readouterr().out


PLAIN = '''\
A norm |g| of x_, 2 * x and a*b, *said so*, **loudly**; see `near`,
`far()` and `x`. C:\\\\temp

    y = f(x)        |x| stays

    z               as it is

name, other   what it is, |g|,
              and more of it
loss          see `near`

1. first
   goes on
2. second

>>> 2 * x_    # `x`
  4'''

PAGE = '''\
A norm \\|g\\| of x\\_, 2 \\* x and a\\*b, *said so*, **loudly**; see :py:obj:`near <p.near>`,
:py:obj:`far() <p.q.far>` and ``x``. C:\\\\temp

.. code-block:: text

    y = f(x)        |x| stays

    z               as it is

``name, other``
    what it is, \\|g\\|, and more of it

``loss``
    see :py:obj:`near <p.near>`


1. first goes on
2. second

.. code-block:: pycon

    >>> 2 * x_    # `x`
      4
'''


def test_a_plain_docstring_becomes_a_page():
    names = {"p.near", "p.q.far"}
    plain = PLAIN.replace("\\\\", "\\").splitlines()
    made = docstrings.restructured(plain, lambda target: docstrings.resolve(target, "p.here", names))
    assert "\n".join(made) == PAGE


SECTIONS = """\
What it does.

Parameters
----------
x, y : (N, d), points
    with |g|
loss : see `near`

Raises
------
ValueError, TypeError
    x : y is not so,
    or more

Examples
--------
>>> f : 1

More prose
----------
a : b"""

PAGE_OF_SECTIONS = """\
What it does.

**Parameters**

``x, y``
    (N, d), points with \\|g\\|

``loss``
    see :py:obj:`near <p.near>`


**Raises**

``ValueError, TypeError``
    x : y is not so, or more


**Examples**

.. code-block:: pycon

    >>> f : 1

More prose
----------
a : b
"""


def test_the_sections_of_a_docstring_become_lists_of_definitions():
    made = docstrings.restructured(sections.plain(SECTIONS.splitlines()), lambda target: f"p.{target}")
    assert "\n".join(made) == PAGE_OF_SECTIONS


def test_an_annotated_signature_is_no_trouble():
    """Links and parameters are found as in a plain one, and the hints themselves are not shown."""
    def annotated(near: "np.ndarray | None" = None, *, rest: int = 0) -> "np.ndarray":
        return near

    lines = ["See `near`, `rest` and `layers`."]
    docstrings.process(None, "function", "p.annotated", annotated, None, lines)
    assert lines == ["See ``near``, ``rest`` and ``layers``.", ""]
    assert 'autodoc_typehints = "none"' in (DOCS / "conf.py").read_text(encoding="utf-8")


def test_python_in_a_docstring_is_told_from_formulas():
    assert docstrings.literal("for x in y:\n    print(x)")[0].endswith("python")
    assert docstrings.literal("forward(x) -> y, tape")[0].endswith("text") and docstrings.literal("f(x)")[0].endswith("text")


@pytest.mark.parametrize("target, here, found", [
    ("backward", "a.Dense.forward", "a.Dense.backward"), ("Dense", "a.Dense.forward", "a.Dense"), ("a.Dense", "b", "a.Dense"),
    ("other", "a.Dense", "b.other"), ("Dense.backward", "b", "a.Dense.backward"), ("backward", "b", None), ("nothing", "a", None),
])
def test_a_name_is_resolved_to_the_nearest_or_the_only_one(target, here, found):
    names = {"a.Dense", "a.Dense.forward", "a.Dense.backward", "a.ReLU.backward", "b.other"}
    assert docstrings.resolve(target, here, names) == found


def test_nothing_of_a_docstring_is_lost():
    """Every word of the package's longest docstrings stands on the page, in the same order."""
    for name in (f"tinygan.{name}" for name in "engine.layers engine.store training recipe losses losses.separate".split()):
        module = importlib.import_module(name)
        for thing in (module, *(part for part in vars(module).values() if getattr(part, "__module__", "") == name)):
            text = inspect.getdoc(thing) or ""
            page = "\n".join(docstrings.restructured(sections.plain(text.splitlines()), lambda target: None))
            page = re.sub(r"^\.\. code-block:: \w+$", "", page, flags=re.MULTILINE)
            assert re.findall(r"\w+", page) == re.findall(r"\w+", text), name


def test_the_modules_of_a_package_stand_together():
    names = reference.modules()
    packages = [package for package, _ in itertools.groupby(name.rpartition("/")[0] for name in names) if package]
    assert len(packages) == len(set(packages)) >= 4
    firsts = [next(name for name in names if name.startswith(f"{package}/")) for package in packages]
    assert [name for name in names if name.endswith("__init__")] == [name for name in firsts if name.endswith("__init__")]


def test_every_public_module_has_a_page_and_no_answer_has_one():
    shown = {reference.dotted(name) for name in reference.modules()}
    assert {"tinygan.engine.layers", "tinygan.training", "tinygan.plots.film", "tinygan.exercises.grading"} <= shown
    assert not [name for name in shown if re.search(r"exercises\.(ex\d|museum)", name)]
    index = reference.index_of(reference.modules())
    assert all(f":py:mod:`{name}`\n" in index and f"   {name}\n" in index for name in shown)
    listed = [part.split() for part in re.findall(r"toctree::\n   :hidden:\n\n((?:   \S+\n)+)", index)]
    assert listed and all(part == sorted(part) for part in listed), "the list at the side is in the order of the alphabet"
    assert "Dense" in index and all(name in index for name in tinygan.__all__)
    assert not re.findall(r"^    .*:$", index, flags=re.MULTILINE), "what is announced stands on another page"


THUMBNAIL = '''
.. raw:: html

    <div class="sphx-glr-thumbcontainer" tooltip="Why?">

.. only:: html

  .. image:: /lessons/images/thumb/sphx_glr_{0}_thumb.png
    :alt:

  :doc:`/lessons/{0}`

.. raw:: html

      <div class="sphx-glr-thumbnail-title">The {0}</div>
    </div>

'''
HEADER = "Lessons\n=======\n\n.. lessons:: 01 02\n\nMore\n----\n\n.. lessons:: 03 04\n\nLast\n----\n\n.. lessons:: 05 09\n\n"


def generated(*files):
    return (HEADER + '.. raw:: html\n\n    <div class="sphx-glr-thumbnails">\n\n' + "".join(map(THUMBNAIL.format, files))
            + "\n.. toctree::\n   :hidden:\n\n" + "".join(f"   /lessons/{file}\n" for file in files))


def test_the_gallery_is_shown_in_its_parts():
    first, more = gallery.in_parts(generated("01_one", "02_two", "04_four")).split("More")
    assert [len(re.findall("thumbcontainer", part)) for part in (first, more)] == [2, 1]
    assert "   01_one\n   02_two\n" in first and "   04_four\n" in more and "04" not in first
    assert ":alt: 04 The 04_four" in more and ">04 The 04_four</div>" in more
    assert '<div class="question">Why?</div>' in more, "the question that it asks"
    assert "Last" not in more, "a part without lessons is not shown"


def test_the_index_shows_one_panel_of_a_picture(tmp_path, monkeypatch):
    figure = Figure((6, 3))
    small, large, same = (figure.add_axes(box) for box in ((0.1, 0.1, 0.1, 0.1), (0.3, 0.1, 0.3, 0.8), (0.65, 0.1, 0.3, 0.8)))
    box = gallery.panel(figure)
    assert 1.2 < box.x0 < 1.8 and 3.6 < box.x1 < 3.9 and 2.6 < box.height <= 3.1, "the first of the large ones, with its labels"
    same.set_label("<colorbar>")
    large.set_visible(False)
    assert gallery.panel(figure).width < 1.2 and gallery.panel(Figure()) is None
    sheet = Figure()
    sheet.subplots(4, 4)
    assert gallery.panel(sheet) is None
    monkeypatch.setattr(gallery, "DOCS", tmp_path)
    gallery.save_panel(figure, tmp_path / "lessons" / "images" / "thumb", "lessons/01_one.py")
    page = gallery.in_parts(generated("01_one", "02_two"))
    assert "image:: /lessons/images/thumb/01_one_panel.png\n    :alt: 01 The" in page and "sphx_glr_02_two_thumb" in page


def test_a_lesson_has_its_number_and_its_pictures_say_what_they_are():
    page = ("Two\n===\n\ntext\n\n.. image-sg:: /a.png\n   :alt: 5 of 8, 5 of 8, seed 1\n\nNext\n----\n\n"
            "  * .. image-sg:: /b.png\n         :alt: 02 two\n")
    made = gallery.with_number("02", page)
    assert made.startswith("02 Two\n======\n\ntext") and "Next\n----" in made
    assert re.findall(r":alt: (.*)", made) == ["Lesson 02, figure 1: 5 of 8; seed 1", "Lesson 02, figure 2: Two"]


def test_a_picture_has_what_the_lesson_says_of_it_as_its_text():
    lines = ".. GENERATED FROM PYTHON SOURCE LINES 1-2\n\n"
    page = (f"Two\n===\n\n{lines}Earlier.\n\nPicture\n-------\nOn the *left* is ``x``, on the\nright :math:`y`.\n\n{lines}"
            ".. code-block:: Python\n\n    draw()\n\n.. image-sg:: /a.png\n   :alt: one, two\n")
    made = gallery.with_number("02", page)
    assert re.findall(r":alt: (.*)", made) == ["Lesson 02, figure 1: one; two. On the left is x, on the right y."]


def test_the_last_picture_stands_under_the_header():
    page = ("Two\n===\n\nWhy?\n\n* **Time** 5 minutes.\n* **Before** lesson 01.\n* **Terms** a, b,\n  c.\n\nText.\n\n"
            ".. image-sg:: /a.png\n   :alt: one\n\n.. image-sg:: /b.png\n   :alt: two\n")
    made = gallery.picture_first(page)
    assert "c.\n\n.. image:: /b.png\n   :alt: two\n\nText." in made and made.count("/b.png") == 2
    assert gallery.picture_first(page.partition("\n.. image")[0]) == page.partition("\n.. image")[0]


def test_imports_and_constants_are_folded_and_nothing_else():
    lines = ".. GENERATED FROM PYTHON SOURCE LINES 1-2\n\n"
    program = ".. code-block:: Python\n\n    import os\n\n    N = 3\n\n"
    page = f"Two\n===\n\nText.\n\n{lines}{program}{lines}More.\n\n{lines}{program}{lines}"
    made = gallery.constants_folded(page)
    assert made.count("<details") == made.count("</details>") == 1 and made.count("import os") == 2
    assert made.index("<details") < made.index("import os") < made.index("</details>") < made.index("More.")


def test_a_lesson_without_a_part_is_noticed():
    with pytest.raises(ValueError, match="12"):
        gallery.in_parts(generated("01_one", "12_twelve"))


def test_every_lesson_has_a_part():
    parts = gallery.PART.findall((ROOT / "lessons" / "GALLERY_HEADER.rst").read_text(encoding="utf-8"))
    numbers = [path.name[:2] for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py"))]
    assert numbers and all(sum(low <= number <= high for low, high in parts) == 1 for number in numbers)


def test_the_player_asks_for_no_font_and_has_a_text():
    from matplotlib import _animation_data as player

    page = "A film\n======\n\n" + player.JS_INCLUDE + player.DISPLAY_TEMPLATE
    assert "http" in page and "<i class" in page
    page = gallery.with_signs(page)
    assert "http" not in page and "<i class" not in page and 'alt="Animation: A film"' in page
    assert page.count("<button") == 7 and "speed" not in re.findall(r"title=.*", page) and "press \u25b6" in page


@pytest.mark.parametrize("cells, waits", [
    (["ax.set(title='')", "1"], True), (["axes[0].grid()", "1"], True), (["for a in axes: a.grid()", "1"], True),
    (["print(x)", "line.set_ydata(x)", "1"], True), (["pair[0].set_ydata(x)", "1"], True),
    (["fig.savefig('a')"], False), (["print(x)", "fig.savefig('a')"], False), ([], False),
    (["fig, ax = f()\nax.grid()", "1"], False), (["fig, ax = f()", "ax.grid()", "1"], False),
])
def test_a_picture_waits_for_the_last_cell_that_draws_on_it(cells, waits):
    fig, other = Figure(), Figure()
    axes, line = np.array([fig.add_axes((0, 0, 1, 1)), None]), Line2D([0], [0])
    fig.add_artist(line)
    names = {"fig": fig, "axes": axes, "ax": axes[0], "line": line, "pair": [line], "x": 3, "other": other}
    assert gallery.drawn_on_later([fig], names, cells) is waits
    assert not gallery.drawn_on_later([fig], names, ["other.clear()", "1"])


def test_every_colour_of_code_can_be_read():
    reading = pytest.importorskip("reading", reason="Sphinx is missing: pip install -e '.[docs]'")
    assert round(reading.contrast("000000", "ffffff"), 1) == 21 and round(reading.contrast("60a0b0", "f0f0f0"), 1) == 2.6
    for style, base in ((reading.Light, reading.FriendlyStyle), (reading.Dark, reading.MonokaiStyle)):
        background = style.background_color.lstrip("#")
        pairs = [(look["color"], look["bgcolor"] or background) for _, look in style if look["color"]]
        assert len(pairs) > 20 and all(reading.contrast(*pair) >= reading.CONTRAST for pair in pairs)
        assert {token for token, look in style if look["color"]} >= {token for token, look in base if look["color"]}


def test_mathjax_is_the_file_that_its_note_describes():
    folder = DOCS / "_static" / "mathjax-3.2.2"
    note = (folder / "README.txt").read_text(encoding="utf-8")
    assert hashlib.sha256((folder / "tex-svg.js").read_bytes()).hexdigest() in note and "Apache" in note
    assert "Apache License" in (folder / "LICENSE").read_text(encoding="utf-8")


def test_the_house_is_drawn_with_every_floor():
    shown = {name for names in pictures.floors().values() for name in names}
    assert {"engine/layers", "losses/base", "training", "plots/canvas", "exercises/ ..."} <= shown
    assert list(pictures.floors()) == sorted(pictures.floors()) and pictures.floors()[1] != pictures.floors()[0]


@pytest.mark.slow
def test_the_pictures_are_drawn(tmp_path):
    drawn = pictures.draw_all(tmp_path / "new")
    names = [path.name for path in drawn]
    assert names[:4] == ["steps.png", "r_operator.png", "replay.png", "house.png"]
    assert names[4:] == [f"museum_{number}.png" for number in pictures.museum_pictures.PICTURES] + [
        f"{name}.png" for name in pictures.family_pictures.SHOWN]
    assert all(path.stat().st_size > (20_000 if place < 4 else 4000) for place, path in enumerate(drawn))


# ---------------------------------------------------------------- answers are folded


LESSON = """**Predict.** Which?

.. answer::
   The second, by :math:`e^f`.

   .. math:: a = b
             + c.

And:

1. A question?

   .. answer::
      Two words.

2. Another?
"""


def test_an_answer_in_a_notebook_is_a_details_element():
    made = folding.folded(LESSON)
    assert "answer::" not in made and made.count(folding.OPEN) == made.count(folding.CLOSE) == 2
    assert f"{folding.OPEN}\n\nThe second, by :math:`e^f`.\n\n$$a = b + c.$$\n\n{folding.CLOSE}\n\nAnd:" in made
    assert f"   {folding.OPEN}\n\n   Two words.\n\n   {folding.CLOSE}\n\n2. Another?" in made
    assert folding.folded(made) == made


def test_notebooks_are_folded_and_keep_their_code(tmp_path):
    (tmp_path / "lessons").mkdir()
    path = tmp_path / "lessons" / "01_one.ipynb"
    cells = [{"cell_type": "markdown", "source": [LESSON]}, {"cell_type": "code", "source": ["x = '.. answer::\\n   y'"]}]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    folding.fold_notebooks(types.SimpleNamespace(srcdir=tmp_path))
    made = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert "".join(made[0]["source"]) == folding.folded(LESSON) and made[1] == cells[1]


@pytest.mark.parametrize("cell, shown", [
    ("ax.legend()", "ax.legend();"), ("x = 1\nax.set(a=1,\n       b=2)  # both", "x = 1\nax.set(a=1,\n       b=2);  # both"),
    ("ax.set_title('é')", "ax.set_title('é');"), ("ax.legend();", "ax.legend();"), ("x = f()", "x = f()"), ("x", "x"),
    ("if x:\n    f()", "if x:\n    f()"), ("%matplotlib inline", "%matplotlib inline"), ("# nothing", "# nothing")])
def test_a_cell_of_a_notebook_ends_without_the_name_of_an_object(cell, shown):
    assert folding.silenced(cell) == shown


def test_a_film_is_shown_in_its_notebook(tmp_path):
    sources = "f()", "animation = FuncAnimation(fig, draw)\nfig.draw()", "g()"
    cells = [{"cell_type": "code", "source": [source]} for source in sources]
    (tmp_path / "lessons").mkdir()
    path = tmp_path / "lessons" / "05_a.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    for _ in range(2):  # sphinx-gallery writes a notebook only when its lesson has changed
        folding.fold_notebooks(types.SimpleNamespace(srcdir=tmp_path))
        made = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
        assert made == ["f();", "animation = FuncAnimation(fig, draw)\nfig.draw();", folding.FILM, "g();"]
    lessons = [path for path in (ROOT / "lessons").glob("[0-9][0-9]_*.py") if "FuncAnimation" in path.read_text(encoding="utf-8")]
    assert lessons and all("\nanimation = FuncAnimation(" in path.read_text(encoding="utf-8") for path in lessons)


def test_the_key_terms_of_a_lesson_are_links():
    entries = folding.glossary("Glossary\n\n   :sorted:\n\n   score (logit)\n      A number.\n\n   tape\n      Kept.\n")
    assert entries == {"score": "score (logit)", "logit": "score (logit)", "tape": "tape"}
    made = folding.with_links("* **Time** 5 minutes.\n* **Terms** logit,\n  tape.\n\nMore.\n", entries)
    assert made == "* **Time** 5 minutes.\n* **Terms** :term:`logit <score (logit)>`, :term:`tape <tape>`.\n\nMore.\n"
    assert folding.with_links("A lesson.\n", entries) == "A lesson.\n"
    with pytest.raises(KeyError):
        folding.with_links("* **Terms** dog.\n", entries)


# ---------------------------------------------------------------- the list of pages is computed once


SIDE = '''<p class="caption" role="heading"><span class="caption-text">Learn</span></p>
<ul>
<li class="toctree-l1"><a class="reference internal" href="start.html">Start</a></li>
<li class="toctree-l1"><a class="reference internal" href="lessons/index.html">Lessons</a><ul>
<li class="toctree-l2"><a class="reference internal" href="lessons/01_one.html">One</a></li>
</ul>
</li>
</ul>
'''


def test_the_list_of_pages_is_that_of_each_page():
    """As Sphinx writes it: the entry of the page and all above it are current, and links begin where the page is."""
    made = sidebar.seen_from(SIDE, "lessons/01_one").splitlines()
    assert made[1] == '<ul class="current">'
    assert made[2] == '<li class="toctree-l1"><a class="reference internal" href="../start.html">Start</a></li>'
    assert made[3] == ('<li class="current toctree-l1"><a class="reference internal" href="../lessons/index.html">Lessons</a>'
                       '<ul class="current">')
    assert made[4] == '<li class="current toctree-l2"><a class="current reference internal" href="#">One</a></li>'
    top = sidebar.seen_from(SIDE, "start")
    assert top.count("current") == 3 and 'href="lessons/01_one.html"' in top and 'href="start.html"' not in top
    assert sidebar.seen_from(SIDE, "search") == SIDE


def test_only_what_the_theme_asks_for_is_lent():
    asked = []
    app = types.SimpleNamespace(config=types.SimpleNamespace(root_doc="index"), builder=types.SimpleNamespace(
        name="html", _get_local_toctree=lambda page, **how: asked.append((page, how)) or SIDE))
    contexts = [{"toctree": lambda **how: "Sphinx's own"} for _ in range(3)]
    for context in contexts:
        sidebar.lend(app, "start", "page.html", context, None)
    assert [context["toctree"](**sidebar.ASKED) for context in contexts] == [sidebar.seen_from(SIDE, "start")] * 3
    assert asked == [("index", sidebar.ASKED)] and contexts[0]["toctree"](collapse=True) == "Sphinx's own"
    sidebar.lend(app, "start", "page.html", empty := {}, None)
    assert empty == {}
