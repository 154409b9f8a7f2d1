"""The settings of a run on the site, from the class Recipe itself: a setting that is added there appears here.

    .. recipe::      a table for each group of settings: name, default, what it is
"""

import dataclasses
import inspect

import docstrings
from sphinx.util.docutils import SphinxDirective

from tinygan.recipe import Recipe, about
from tinygan.settings import written


def groups():
    """{group: the fields of Recipe in it}, in the order of the class."""
    found = {}
    for field in dataclasses.fields(Recipe):
        found.setdefault(field.metadata["group"], []).append(field)
    return found


def row(field):
    """A setting as a row of a list-table. Where None is the default, the sentence says what happens then, or it is not used."""
    default = f"``{written(field.default)}``" if field.default is not None else ""
    sentence = docstrings.inline(about(field.name), lambda target: None)
    return [f"   * - ``{field.name}``", f"     - {default}".rstrip(), f"     - {sentence}"]


def tables():
    """The lines of all tables."""
    lines = []
    for group, fields in groups().items():
        lines += [f".. list-table:: {group[0].upper()}{group[1:]}", "   :header-rows: 1", "   :widths: 18 18 64", "",
                  "   * - setting", "     - default", "     - what it is"]
        for field in fields:
            lines += row(field)
        lines.append("")
    return lines


class Settings(SphinxDirective):
    """The directive."""

    def run(self):
        self.env.note_dependency(inspect.getfile(Recipe))
        return self.parse_text_to_nodes("\n".join(tables()))


def setup(app):
    app.add_directive("recipe", Settings)
    return {"parallel_read_safe": True}
