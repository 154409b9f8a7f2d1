"""The lessons as sphinx-gallery makes them, and what this site wants to be different.

* The index shows the lessons in their parts. GALLERY_HEADER.rst says which, in lines such as ".. lessons:: 01 04"; a part that
  has no lesson yet is left out.
* A lesson has its number in its title, wherever that is shown; and each of its pictures says what it is.
* A picture stands below the last cell that draws on it, not below the first.
* On the index a lesson has one panel of its last picture.
* A lesson never believes that a person sits at a terminal: it would save its pictures there instead of showing them here.
* The player of an animation has plain signs on its buttons, where matplotlib's are icons of a font from another host.
"""

import ast
import itertools
import re
from pathlib import Path

import numpy as np

DOCS = Path(__file__).parents[1]
PANELS = 12  # a figure of more is shown whole

THUMBNAIL = re.compile(
    r"\n\.\. raw:: html\n\n    <div class=\"sphx-glr-thumbcontainer\" tooltip=\"(?P<question>[^\"]*)\".*?"
    r":doc:`/lessons/(?P<file>(?P<number>\d\d)_\w+)`.*?"
    r"<div class=\"sphx-glr-thumbnail-title\">(?P<title>.*?)</div>\n    </div>\n", re.DOTALL)
PART = re.compile(r"^\.\. lessons:: (\d\d) (\d\d)$", re.MULTILINE)
SECTION = re.compile(r"^[^\n]+\n-+\n\n(?:(?!^-+$).)*?^\.\. lessons:: (\d\d) (\d\d)$\n*", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r"^(?P<title>\S.*)\n===+$", re.MULTILINE)
PICTURE = re.compile(r"(?P<before>\.\. image-sg:: \S+\n +:alt: )(?P<titles>.*)")
LAST = re.compile(r"\.\. image-sg:: (?P<path>\S+)\n +:alt: (?P<alt>.*)")
HEADER_END = re.compile(r"^\* \*\*Terms\*\* [^*]*?\.\n\n", re.MULTILINE)
FIRST_PROGRAM = re.compile(r"^\.\. code-block:: Python\n(?:.*\n)*?(?=\.\. GENERATED FROM|\.\. image-sg::)", re.MULTILINE)
GENERATED = re.compile(r"^\.\. GENERATED FROM PYTHON SOURCE LINES .*$", re.MULTILINE)
OPEN, CLOSE = '.. raw:: html\n\n    <div class="sphx-glr-thumbnails">\n\n', "\n.. raw:: html\n\n    </div>\n\n"
FONT = re.compile(r'<link rel="stylesheet"\s+href="https?://[^"]*font-awesome[^"]*">')
FASTER = re.compile(r'<button title="(?:De|In)crease speed".*?</button>', re.DOTALL)  # a minus, a plus: nobody knows of what
SIGNS = {  # the small mark asks for a letter, where a telephone would draw a picture
    "fa-fast-backward": "|\u25c0\ufe0e", "fa-step-backward": "\u2039",
    "fa-play fa-flip-horizontal": "\u25c0\ufe0e",
    "fa-pause": "||", "fa-play": "\u25b6\ufe0e", "fa-step-forward": "\u203a", "fa-fast-forward": "\u25b6\ufe0e|",
}


def begin(gallery_conf, file):
    """Before and after each lesson, in the process that runs it."""
    from sphinx_gallery import gen_rst

    gen_rst._LoggingTee.isatty = lambda self: False


def pictures(block, block_vars, gallery_conf):
    """The scraper: sphinx-gallery's own, but it waits while a later cell has yet to draw on an open figure."""
    import matplotlib.pyplot as plt
    from sphinx_gallery.py_source_parser import split_code_and_text_blocks
    from sphinx_gallery.scrapers import matplotlib_scraper

    blocks = split_code_and_text_blocks(block_vars["src_file"])[1]
    cells = [text for kind, text, line in blocks if kind == "code" and line > block[2]]
    figures = [plt.figure(number) for number in plt.get_fignums()]
    if drawn_on_later(figures, block_vars["example_globals"], cells):
        return ""
    if figures:
        save_panel(figures[-1], Path(block_vars["image_path_iterator"].image_path).parent / "thumb", block_vars["src_file"])
    return matplotlib_scraper(block, block_vars, gallery_conf)


def panel(figure):
    """The first of the largest Axes of a figure with its labels, a box in inches; None for a sheet of many, or none."""
    axes = [ax for ax in figure.axes if ax.get_visible() and ax.get_label() != "<colorbar>"]
    if not 0 < len(axes) <= PANELS:
        return None
    figure.canvas.draw()  # a layout that is computed takes its place
    largest = max(axes, key=lambda ax: round(ax.bbox.width * ax.bbox.height, -3))
    return largest.get_tightbbox().transformed(figure.dpi_scale_trans.inverted()).padded(0.05)


def save_panel(figure, folder, lesson):
    """One panel of a lesson's picture, for the index, where the whole would be too small. The last picture of a lesson stays."""
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{Path(lesson).stem}_panel.png", bbox_inches=panel(figure), dpi=80)


def drawn_on_later(figures, names, cells):
    """Whether a cell uses a name that now stands for one of the figures or for a part of one.

    The last cell only shows and saves. A name that a cell gives to something else is not followed any further.
    """
    ours = {name for name, thing in names.items() if belongs(thing, figures)}
    for cell in cells[:-1]:
        used = [node for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Name)]
        ours -= {node.id for node in used if isinstance(node.ctx, ast.Store)}
        if ours & {node.id for node in used}:
            return True
    return False


def belongs(thing, figures):
    """Whether a thing is one of the figures, a part of one, or a collection that holds such parts."""
    if isinstance(thing, list | tuple):
        return any(belongs(part, figures) for part in thing)
    if isinstance(thing, np.ndarray) and thing.dtype.hasobject:  # the Axes of plt.subplots
        return belongs(list(thing.flat), figures)
    return any(thing is figure or getattr(thing, "figure", None) is figure for figure in figures)


def card(thumbnail):
    """A lesson on the index: its picture, its number and title, and the question that it asks."""
    title = f"{thumbnail['number']} {thumbnail['title']}"
    text = thumbnail[0].replace(":alt:", f":alt: {title}")
    one = f"lessons/images/thumb/{thumbnail['file']}_panel.png"
    if (DOCS / one).is_file():
        text = re.sub(r"image:: \S+", f"image:: /{one}", text)
    question = f'<div class="question">{thumbnail["question"]}</div>'
    return text.replace(f">{thumbnail['title']}</div>\n", f">{title}</div>\n      {question}\n")


def in_parts(text):
    """The gallery's index with each part's lessons where the header asks for them. Raises ValueError if one is left over."""
    thumbnails = {match["number"]: match for match in THUMBNAIL.finditer(text)}
    header = text[:min((match.start() for match in thumbnails.values()), default=len(text))]
    header = header[:header.rindex(".. raw:: html")] if thumbnails else header

    def part(match):
        own = [thumbnails.pop(number) for number in sorted(thumbnails) if match[1] <= number <= match[2]]
        entries = "".join(f"   {one['file']}\n" for one in own)
        return f"{OPEN}{''.join(map(card, own))}{CLOSE}.. toctree::\n   :hidden:\n\n{entries}\n"

    def there(match):
        return match[0] if any(match[1] <= number <= match[2] for number in thumbnails) else ""

    header = SECTION.sub(there, header)
    page = PART.sub(part, header)
    if thumbnails:
        raise ValueError(f"no part in lessons/GALLERY_HEADER.rst holds the lessons {sorted(thumbnails)}: add or widen one")
    return page


def said_before(page, place):
    """The last paragraph of prose before the program whose picture stands at `place` of a page, without its marks."""
    prose = [part for part in GENERATED.split(page[:place])[1:] if part.strip() and ".. code-block::" not in part]
    last = re.split(r"\n\s*\n", prose[-1].strip())[-1] if prose else ""
    last = re.sub(r"\A.*\n[-=]{4,}\n", "", last)  # a heading
    if last.startswith(".."):
        return ""
    return " ".join(re.sub(r":\w+:`([^`]*)`|``([^`]*)``|[*`]", r"\1\2", last).split())


def picture_first(text):
    """A lesson's page with its last picture under the header as well: what a reader will have seen at the end."""
    pictures = [*LAST.finditer(text)]
    if not pictures:
        return text
    first = f".. image:: {pictures[-1]['path']}\n   :alt: {pictures[-1]['alt']}\n\n"
    return HEADER_END.sub(lambda end: f"{end[0]}{first}", text, count=1)


def constants_folded(text):
    """A lesson's page with its first program, imports and constants, folded."""
    opened = '.. raw:: html\n\n    <details class="numbers"><summary>Imports and constants</summary>\n\n'
    closed = ".. raw:: html\n\n    </details>\n\n"
    return FIRST_PROGRAM.sub(lambda found: f"{opened}{found[0]}{closed}", text, count=1)


def with_number(number, text):
    """A lesson's page with its number in its title. Each picture gets its titles and what the lesson says of it as its text."""
    title = TITLE.search(text)["title"]
    figures = itertools.count(1)

    def described(match):
        titles = [] if match["titles"].startswith(f"{number} ") else dict.fromkeys(match["titles"].split(", "))  # or the file's
        said = said_before(text, match.start())
        return f"{match['before']}Lesson {number}, figure {next(figures)}: {'; '.join(titles) or title}{'. ' * bool(said)}{said}"

    text = constants_folded(picture_first(PICTURE.sub(described, text)))
    return TITLE.sub(f"{number} {title}\n{'=' * (len(title) + 3)}", text, count=1)


def with_signs(text):
    """The player of an animation without its font, with plain signs on its buttons, and with a text for who cannot see it."""
    title = text.partition("\n===")[0].rpartition("\n")[2].strip()
    text = FASTER.sub("", FONT.sub("", text)).replace('<img id="_anim_img', f'<img alt="Animation: {title}" id="_anim_img')
    text = text.replace('<div class="animation">', f'<p>A film: press {SIGNS["fa-play"]} to play it.</p> <div class="animation">')
    for icon, sign in SIGNS.items():
        text = text.replace(f'<i class="fa {icon}"></i>', sign)
    return text


def change(app, name, source):
    """Sphinx's event: the text of a page before it is read."""
    if name == "lessons/index":
        source[0] = in_parts(source[0])
    elif name.startswith("lessons/"):
        source[0] = with_signs(with_number(name.removeprefix("lessons/")[:2], source[0]))


def setup(app):
    app.connect("source-read", change)
    return {"parallel_read_safe": True}
