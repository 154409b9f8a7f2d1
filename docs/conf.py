"""The site: the pages of this folder, the lessons as a gallery, the docstrings as a reference.

    python -m sphinx -W -n -j 2 -d docs/_build/doctrees docs docs/_build/html       everything; runs every lesson: minutes
    python -m sphinx -W -n -D plot_gallery=0 -d docs/_build/doctrees docs docs/_build/text      the pages, no lesson is run

Behind -d are Sphinx's notes for the next time: larger than most of the site, and of no use to a reader.
The site lives from the file system: no page asks for anything outside its folder (tests/site sees to that).
"""

import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS), str(DOCS / "_ext"), str(DOCS.parent)]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [*sys.path[:3], os.environ.get("PYTHONPATH")]))  # where lessons run
os.environ.setdefault("OMP_NUM_THREADS", "1")  # lessons run side by side, and small matrices gain nothing from threads

import pictures  # noqa: E402  the paths above come first

project = "tinygan"
author = "the authors of tinygan"
version = release = metadata.version("tinygan")
copyright = f"{author}, MIT licence"
language = "en"
smartquotes = False  # f' is a derivative

extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.viewcode", "sphinx_gallery.gen_gallery", "sections",
              "docstrings", "reference", "gallery", "studies", "results", "recipes", "pages", "practice", "reading", "answers",
              "story_films", "sidebar"]
exclude_patterns = ["_build", "lessons/GALLERY_HEADER.rst"]
nitpicky = True

html_theme = "furo"
html_title = "tinygan"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["excerpts.js", "site.js"]  # `reading` writes the first
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sphinx = False
html_show_search_summary = False  # summaries are fetched, and from the file system a browser may not fetch
html_theme_options = {"navigation_with_keys": True, "light_css_variables": {"code-font-size": "72%"}}  # see site.css
pygments_style, pygments_dark_style = "reading.Light", "reading.Dark"

# MathJax is a part of the site (see the note beside it). The version that Sphinx would link to lives on another host, and so do
# the fonts of its successor; this one draws its letters itself. It may load nothing more: what it does not know becomes an
# error that the test of the site finds.
mathjax_path = "mathjax-3.2.2/tex-svg.js"
mathjax3_config = {"tex": {"packages": {"[-]": ["autoload", "require", "noundefined"]}}, "options": {"enableMenu": False}}

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True, "undoc-members": True, "special-members": "__call__"}
add_module_names = False

FAST = os.environ.get("TINYGAN_FAST") == "1"
FIRST_CELL = """\
# Installs tinygan from your clone of the project if it is missing. In another folder than docs/lessons, write the clone's path.
CLONE = "../.."

import importlib.util
import sys
from pathlib import Path

if importlib.util.find_spec("tinygan") is None:
    clone = Path(CLONE).resolve()
    assert (clone / "setup.cfg").is_file(), f"{clone} is no clone of tinygan. Write the path of yours into CLONE"
    %pip install -q -e "{clone}"
    sys.path.insert(0, str(clone))  # a kernel that runs already looks into new installations only after a restart
%matplotlib inline"""
sphinx_gallery_conf = {
    "examples_dirs": ["../lessons"],
    "gallery_dirs": ["lessons"],
    "filename_pattern": r"/\d\d_\w+\.py$",  # by default only files named plot_... are run
    "ignore_pattern": r"(exercises|__init__)",
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": ("matplotlib", "gallery.begin"),
    "image_scrapers": ("gallery.pictures",),
    "capture_repr": (),
    "matplotlib_animations": (True, "jshtml"),
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,  # its table of times is sorted by a script of another host
    "remove_config_comments": True,
    "first_notebook_cell": FIRST_CELL,
    "reference_url": {"tinygan": None},
    "doc_module": ("tinygan",),
    "parallel": 2,
    "thumbnail_size": (480, 320),
}


def keep_lessons_of_one_kind():
    """The gallery runs a lesson only when its text has changed; but lessons run with TINYGAN_FAST look different."""
    folder, kind = DOCS / "lessons", DOCS / "_build" / "lessons-are"
    if folder.exists() and (not kind.exists() or kind.read_text() != f"FAST={FAST}"):
        shutil.rmtree(folder)
    kind.parent.mkdir(exist_ok=True)
    kind.write_text(f"FAST={FAST}")


keep_lessons_of_one_kind()
pictures.draw_all(DOCS / "_build" / "pictures")
