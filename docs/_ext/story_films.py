"""The stories of `tinygan play` on the site: below the command of each the film that `films` makes of it.

    .. film:: NAME      the film of a story, its question and its answer

A lesson that names the command of its story has the film below that paragraph. Where no lesson is run, no film is made, and the
pages have the commands alone.
"""

import re

import films
from sphinx.util.docutils import SphinxDirective

from tinygan.playground.stories import STORIES

COMMAND = re.compile(r"^``tinygan play --story (?P<name>[a-z0-9-]+)``[^\n]*\n(?:\S[^\n]*\n)*\n", re.MULTILINE)


def with_films(text):
    """The text of a lesson's page with a film below each paragraph that begins with the command of a story."""
    return COMMAND.sub(lambda found: f"{found[0]}.. film:: {found['name']}\n\n", text)


def lines(name, film, shows):
    """The film of a story as lines of reStructuredText."""
    story = STORIES[name]
    return [f".. image:: {film}", f"   :alt: A film of the story {name}. {shows}", "",
            f"*{story.question}* {story.answer} The film shows the seed {films.SEED}.", ""]


class Film(SphinxDirective):
    """The directive."""

    required_arguments = 1

    def run(self):
        if not self.config.sphinx_gallery_conf["plot_gallery"]:
            return []
        name = self.arguments[0]
        path, shows = films.make(name)
        self.env.note_dependency(films.__file__)
        return self.parse_text_to_nodes("\n".join(lines(name, f"/{path.relative_to(self.env.srcdir).as_posix()}", shows)))


def change(app, name, source):
    """Sphinx's event: the text of a page before it is read."""
    if re.match(r"lessons/\d\d_", name):
        source[0] = with_films(source[0])


def setup(app):
    app.add_directive("film", Film)
    app.connect("source-read", change)
    return {"parallel_read_safe": True}
