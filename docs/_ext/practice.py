"""The exercises on the site, from the package itself, so that no page can name a file that is not there.

    .. exercises::      a table: lesson, its exercises, the file to write in

and a line at the end of each lesson that has exercises. The museum's exhibits get their numbers, and the names of their files.
"""

import itertools
import re

import museum_lines
import museum_pictures
import pages
from sphinx.util.docutils import SphinxDirective

from tinygan.exercises import FOLDER, LESSONS, exercises_of

EXHIBIT = re.compile(r"^(?P<title>\S[^\n]*)\n--+$(?P<story>(?:(?!^--+$).)*?)^:What one sees:", re.MULTILINE | re.DOTALL)
ROOM = re.compile(r"^(\S.*)\n~~+$", re.MULTILINE)
NUMBERS = "no one two three four five six seven eight nine ten".split()
END = re.compile(r"^(?=To try:|\.\. rst-class:: sphx-glr-timing)", re.MULTILINE)


def file_of(lesson):
    """The file of a lesson's exercises, as in a student's own folder."""
    file, = FOLDER.glob(f"ex{lesson}_*.py")
    return f"my-exercises/{file.name}"


def note(lesson):
    """What a lesson's page says about its exercises; "" when it has none."""
    if lesson not in LESSONS:
        return ""
    count = len(exercises_of(lesson))
    many = f"{NUMBERS[count]} exercise{'s' * (count != 1)}"
    return (f"**Now you:** write this yourself. ``{file_of(lesson)}`` holds {many}; :doc:`/exercises` says how to begin. "
            f"Then run\n\n.. code-block:: bash\n\n    python -m pytest my-exercises -m ex{lesson}\n\n")


def with_note(lesson, text):
    """The text of a lesson's page with its note: before what there is to try, or at the end."""
    return END.sub(lambda place: note(lesson), text, count=1)


def picture(number):
    """The picture of an exhibit, wrong and right, as reStructuredText; "" when it has none."""
    if number not in museum_pictures.PICTURES:
        return ""
    return f".. image:: _build/pictures/museum_{number}.png\n   :class: small\n   :alt: {museum_pictures.SEEN[number]}\n\n"


def contents(text):
    """The museum's table: its rooms, and the exhibits in each, with their numbers, as links."""
    lines = [".. list-table::", "   :class: cards", "   :header-rows: 1", "   :widths: 30 70", "",
             "   * - room", "     - exhibits"]
    rooms = ROOM.split(text)[1:]
    for room, exhibits in zip(rooms[::2], rooms[1::2], strict=True):
        titles = re.findall(r"^(\d\d \S.*)\n--+$", exhibits, re.MULTILINE)
        if titles:
            lines += [f"   * - {room}", *(f"     {'-' * (place == 0):1} | `{title}`_" for place, title in enumerate(titles))]
    return "\n".join([*lines, "", ""])


def with_files(text):
    """The museum's page with a table. Each exhibit has its number before its title, its picture, and its file."""
    numbers = itertools.count(1)

    def numbered(match):
        number = f"{next(numbers):02}"
        file, = (FOLDER / "museum").glob(f"museum_{number}_*.py")
        title = f"{number} {match['title']}"
        story = match["story"] + picture(number) + museum_lines.shown(number)
        return f"{title}\n{'-' * len(title)}{story}:File: ``my-exercises/museum/{file.name}``\n:What one sees:"

    text = EXHIBIT.sub(numbered, text)
    first = ROOM.search(text).start()
    return f"{text[:first]}{contents(text)}{text[first:]}"


def table():
    """The lines of the table of all exercises."""
    lines = [".. list-table::", "   :class: cards", "   :header-rows: 1", "   :widths: 24 40 36", "",
             "   * - Lesson", "     - Exercises", "     - File"]
    for lesson in LESSONS:
        titles = "; ".join(exercise.title for exercise in exercises_of(lesson))
        lines += [f"   * - :doc:`/{pages.LESSONS[lesson]}`", f"     - {titles}", f"     - ``{file_of(lesson).split('/')[1]}``"]
    return lines


class Exercises(SphinxDirective):
    """The directive."""

    def run(self):
        return self.parse_text_to_nodes("\n".join(table()))


def change(app, name, source):
    """Sphinx's event: the text of a page before it is read."""
    if found := re.match(r"lessons/(\d\d)_", name):
        source[0] = with_note(found[1], source[0])
    elif name == "museum":
        source[0] = with_files(source[0])


def setup(app):
    app.add_directive("exercises", Exercises)
    app.connect("source-read", change)
    return {"parallel_read_safe": True}
