"""One page for each module, written before Sphinx reads: a new module has its page without anyone's doing."""

import importlib
import importlib.util
import runpy
import textwrap
from pathlib import Path

import docstrings

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tinygan"
LEFT_OUT = ("cli/", "exercises/", "__main__", "__init__")  # the commands' insides, and what would give answers away
BUT = ("exercises/grading",)  # teachers write exercises with it

ROOMS = {
    "engine": ("The engine", "It imports nothing about GANs: it could train any network."),
    "": ("The game", "Data, losses, penalties, training, and what is made of them."),
    "zoo": ("The family", "Systems that grew from the first GAN, one paper a file."),
    "plots": ("Pictures", "Nothing else imports matplotlib."),
    "exercises": ("The judge", "What an exercise is made of; :doc:`/teaching` shows how to add one."),
}

INDEX = """\
Reference
=========

What the docstrings say, with a link to the source beside each: the source is short, and the best thing to read.
Each part is listed from its lowest level upwards, packages together. :doc:`/design` shows which module may import which. The
list of pages at the side has each part in the order of the alphabet.

``import tinygan`` brings the names that most programs need::

{names}

"""


def floors():
    """The house's floors, from the table that a test enforces."""
    return runpy.run_path(str(ROOT / "tests" / "floors.py"))["FLOORS"]


def modules():
    """The modules with a page, as "engine/layers", from the ground floor upwards; those of a package stand together."""
    height = floors()
    names = [path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py")]
    shown = [name for name in names if name in BUT or not name.startswith(LEFT_OUT)]

    def floor(name):
        return height.get(name, height.get(f"{name.split('/')[0]}/", 0))

    def place(name):
        package = name.rpartition("/")[0]
        together = [floor(other) for other in shown if package and other.startswith(f"{package}/")]
        return min(together, default=floor(name)), package, not name.endswith("__init__"), floor(name), name

    return sorted(shown, key=place)


def room_of(name):
    folder = name.split("/")[0]
    return folder if folder != name and folder in ROOMS else ""


def dotted(name):
    """engine/layers -> tinygan.engine.layers, and engine/__init__ -> tinygan.engine."""
    return f"tinygan.{name.removesuffix('/__init__').replace('/', '.')}"


def underlined(title, line):
    return f"{title}\n{line * len(title)}\n\n"


def write(path, text):
    """Write only what has changed: Sphinx reads again what is newer."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def index_of(names):
    """The page that lists the modules: room by room, each with the first sentence of its docstring."""
    public = ", ".join(importlib.import_module("tinygan").__all__)
    index = INDEX.format(names=textwrap.fill(public, 90, initial_indent="    ", subsequent_indent="    "))
    for room, (title, sentence) in ROOMS.items():
        own = [dotted(name) for name in names if room_of(name) == room]
        if own:
            index += underlined(title, "-") + sentence + "\n\n"
        for name in own:
            summary = " ".join((importlib.import_module(name).__doc__ or "").split("\n\n")[0].split())
            index += f":py:mod:`{name}`\n    {docstrings.inline(summary, lambda target: None)}\n\n"
        if own:
            index += ".. toctree::\n   :hidden:\n\n" + "".join(f"   {name}\n" for name in sorted(own)) + "\n"
    return index


def make_pages(app):
    """Sphinx's event: before anything is read."""
    folder, names = Path(app.srcdir) / "api", modules()
    folder.mkdir(exist_ok=True)
    write(folder / "index.rst", index_of(names))
    for name in map(dotted, names):
        write(folder / f"{name}.rst", underlined(name, "=") + f".. automodule:: {name}\n   :ignore-module-all:\n")
    for stale in set(folder.glob("tinygan.*.rst")) - {folder / f"{dotted(name)}.rst" for name in names}:
        stale.unlink()
    docstrings.NAMES.update(docstrings.public([dotted(name) for name in names]))


def where_it_is_defined(app, env, node, contnode):
    """Sphinx's event: a name that a package only hands on, such as tinygan.metrics.mode_report, links to where it stands."""
    package, _, name = node.get("reftarget", "").rpartition(".")
    if not package.startswith("tinygan") or importlib.util.find_spec(package) is None:
        return None
    thing = getattr(importlib.import_module(package), name, None)
    full = f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"
    if full not in docstrings.NAMES:
        return None
    return env.domains["py"].resolve_xref(env, node["refdoc"], app.builder, "obj", full, node, contnode)


def setup(app):
    app.connect("builder-inited", make_pages)
    app.connect("missing-reference", where_it_is_defined)
    return {"parallel_read_safe": True}
