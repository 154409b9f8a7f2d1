"""What every page gets after it was read: links, and frames around its pictures.

    lesson 09, lessons 09 and 13      each number becomes a link to that lesson
    the names under "In the code"     become links to the reference
    a picture                         stands in a frame, which scrolls where a screen is too narrow for it
"""

import re
from pathlib import Path

import docstrings
from docutils import nodes
from sphinx import addnodes

ROOT = Path(__file__).parents[2]
LESSONS = {path.name[:2]: f"lessons/{path.stem}" for path in (ROOT / "lessons").glob("[0-9][0-9]_*.py")}  # number -> page
SPOKEN_OF = re.compile(r"\b[Ll]essons?\s\d\d(?:(?:,|,?\s(?:and|or|to))\s\d\d)*\b")
ONE = re.compile(r"(?:[Ll]essons?\s)?(\d\d)")
NOT_PROSE = (nodes.literal, nodes.FixedTextElement, nodes.reference, nodes.title, nodes.raw, nodes.math, addnodes.pending_xref)


def inside(node, kinds):
    """Whether a node stands in a node of one of the kinds."""
    while node := node.parent:
        if isinstance(node, kinds):
            return True
    return False


def link(child, here, **where):
    """A link that Sphinx follows later on; without a page or a name behind it, that is a warning."""
    return addnodes.pending_xref("", child, refdoc=here, refexplicit=True, refwarn=True, **where)


def pieces(text, here):
    """The parts of a text, with a link for each lesson that it speaks of; None when it speaks of none."""
    found, end = [], 0
    for spoken in SPOKEN_OF.finditer(text):
        for one in ONE.finditer(text, *spoken.span()):
            page = LESSONS.get(one[1])
            if page and page != here:
                found += [nodes.Text(text[end:one.start()]),
                          link(nodes.inline("", one[0]), here, refdomain="std", reftype="doc", reftarget=f"/{page}")]
                end = one.end()
    return [*found, nodes.Text(text[end:])] if found else None


def link_lessons(doctree, here):
    for text in list(doctree.findall(nodes.Text)):
        if not inside(text, NOT_PROSE) and (parts := pieces(text.astext(), here)):
            text.parent.replace(text, parts)


def link_code(doctree, here):
    for field in doctree.findall(nodes.field):
        if field[0].astext() == "In the code":
            for name in list(field[1].findall(nodes.literal)):
                if name.astext() in docstrings.NAMES:
                    name.parent.replace(name, link(name, here, refdomain="py", reftype="obj", reftarget=name.astext()))


def frame_pictures(doctree):
    for picture in list(doctree.findall(lambda node: node.tagname in ("image", "imgsgnode"))):
        if not inside(picture, (nodes.TextElement, nodes.table)) and "thumb" not in picture.get("uri", ""):
            frame = nodes.container(classes=["picture"])
            picture.parent.replace(picture, frame)
            frame += picture


def change(app, doctree):
    """Sphinx's event: a page has been read."""
    here = app.env.docname
    link_lessons(doctree, here)
    link_code(doctree, here)
    frame_pictures(doctree)


def setup(app):
    app.connect("doctree-read", change)
    return {"parallel_read_safe": True}
