"""The list of pages at the side of each page, computed once. Sphinx resolves it anew for every page: half of a build's time.

The list as the first page has it is kept. For another page its links begin with as many ../ as the page is deep, and its own
entry and those above it get the class "current".
"""

import re

ASKED = {"collapse": False, "titles_only": True, "maxdepth": -1, "includehidden": True}  # what the theme asks Sphinx for
LINK = re.compile(r'href="(?!#|\w+:)')
TAG = re.compile(r"<(?P<end>/?)(?:ul|li)\b(?P<rest>[^>]*)>")


def above(fragment, place):
    """The tags <ul ...> and <li ...> that are open at a place, outermost first."""
    tags = []
    for tag in TAG.finditer(fragment, 0, place):
        if tag["end"]:
            tags.pop()
        else:
            tags.append(tag)
    return tags


def marked(fragment, target):
    """The list with the entry of a page, and all above it, marked as current."""
    link = re.search(rf'<a class="(reference internal)" href="{re.escape(target)}">', fragment)
    if not link:
        return fragment
    tags = above(fragment, link.start())
    fragment = f'{fragment[:link.start()]}<a class="current {link[1]}" href="#">{fragment[link.end():]}'
    for tag in reversed(tags):  # the last first, so that the places before it stay
        new = tag[0].replace('class="', 'class="current ', 1) if "class=" in tag["rest"] else f'{tag[0][:-1]} class="current">'
        fragment = fragment[:tag.start()] + new + fragment[tag.end():]
    return fragment


def seen_from(fragment, page):
    """The list of the first page as another page has it, whose name is such as "api/tinygan.data"."""
    return LINK.sub(f'href="{"../" * page.count("/")}', marked(fragment, f"{page}.html"))


def lend(app, pagename, templatename, context, doctree):
    """Sphinx's event, before the theme's: a page asks for its list. The first one is written before others run side by side."""
    resolve = context.get("toctree")
    if resolve is None or app.builder.name != "html":
        return
    if not hasattr(app, "tinygan_sidebar"):
        app.tinygan_sidebar = app.builder._get_local_toctree(app.config.root_doc, **ASKED)

    def kept(**asked):
        return seen_from(app.tinygan_sidebar, pagename) if asked == ASKED else resolve(**asked)

    context["toctree"] = kept


def setup(app):
    app.connect("html-page-context", lend, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
