"""Sphinx's side of folded answers: the directive, and when the pages and the notebooks are changed; see `folding`."""

from docutils import nodes
from folding import CLOSE, OPEN, change, fold_notebooks
from sphinx.util.docutils import SphinxDirective


class Answer(SphinxDirective):
    """The directive."""

    has_content = True

    def run(self):
        return [nodes.raw("", OPEN, format="html"), *self.parse_content_to_nodes(), nodes.raw("", CLOSE, format="html")]


def setup(app):
    app.add_directive("answer", Answer)
    app.connect("source-read", change)
    app.connect("builder-inited", fold_notebooks, priority=900)  # behind sphinx-gallery
    return {"parallel_read_safe": True}
