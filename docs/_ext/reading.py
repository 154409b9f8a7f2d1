"""What makes pages easier to read and to find.

    Light, Dark        the colours of code, each with a contrast of at least 4.5 to its background
    a description      of each page, its first sentences, for search engines
    excerpts.js        the same for the site's own search, which may not fetch pages from the file system
"""

import json
import re
from html import escape
from pathlib import Path

from docutils import nodes
from pygments.style import Style
from pygments.styles.friendly import FriendlyStyle
from pygments.styles.monokai import MonokaiStyle

CONTRAST = 4.5  # what WCAG 2.1 asks of text, at least
LENGTH = 160  # letters of a description


def brightness(colour):
    """The relative luminance of a colour such as "40a070", by WCAG 2.1."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """From 1 to 21: how well one colour is read on the other."""
    light, dark = sorted((brightness(one), brightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(colour, background):
    """The colour, made darker or lighter until it can be read on the background."""
    end = 0 if brightness(background) > 0.2 else 255
    for share in range(101):
        mixed = "".join(f"{round((int(colour[i:i + 2], 16) * (100 - share) + end * share) / 100):02x}" for i in (0, 2, 4))
        if contrast(mixed, background) >= CONTRAST:
            break
    return mixed


def styles(base, background):
    """The styles of all tokens of a pygments style, in colours that can be read."""
    return {token: re.sub(r"(?<![:\w])#([0-9a-fA-F]{6})", lambda found: f"#{readable(found[1], background)}", text)
            for token, text in ((token, written(base.style_for_token(token))) for token, _ in base)}


def written(look):
    """What pygments says of a token, as the text that a style is made of."""
    return " ".join([*(word for word in ("bold", "italic", "underline") if look[word]),
                     *([f"#{look['color']}"] if look["color"] else []), "noinherit"])


class Light(Style):
    """Pygments' "friendly", whose comments have a contrast of 2.6."""

    background_color = FriendlyStyle.background_color
    styles = styles(FriendlyStyle, FriendlyStyle.background_color.lstrip("#"))


class Dark(Style):
    """Pygments' "monokai"."""

    background_color = MonokaiStyle.background_color
    styles = styles(MonokaiStyle, MonokaiStyle.background_color.lstrip("#"))


def first_words(doctree):
    """The first paragraph of a page, shortened at the end of a word."""
    paragraphs = [node for node in doctree.findall(nodes.paragraph) if not isinstance(node.parent, nodes.list_item)]
    text = " ".join(paragraphs[0].astext().split()) if paragraphs else ""
    return text if len(text) <= LENGTH else text[:LENGTH].rpartition(" ")[0] + " ..."


def describe(app, pagename, templatename, context, doctree):
    """Sphinx's event: a page is about to be written."""
    if doctree is not None and (text := first_words(doctree)):
        context["metatags"] = context.get("metatags", "") + f'<meta name="description" content="{escape(text)}">\n'


def write_excerpts(app, exception):
    """Sphinx's event: all pages are written."""
    if exception is None and app.builder.format == "html":
        texts = {name: first_words(app.env.get_doctree(name)) for name in sorted(app.env.found_docs)}
        Path(app.outdir, "_static", "excerpts.js").write_text(f"const EXCERPTS = {json.dumps(texts)};\n", encoding="utf-8")


def setup(app):
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_excerpts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
