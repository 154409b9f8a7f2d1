"""Folded answers, on the site and in the notebooks, from one form in the lessons. The directive itself is in `answers`.

    .. answer::
       What comes out, and why.

On a page it is an HTML ``details`` element, which needs no script. Its summary is the word "Answer". In a notebook it is
the same element around Markdown. The key terms in the header of a lesson become links to the glossary.

A notebook shows the value of a cell's last line, so a call there gets a semicolon; and a film gets a cell that shows it.
"""

import ast
import json
import re
import textwrap
from pathlib import Path

GLOSSARY = Path(__file__).parents[1] / "glossary.rst"
FILM = "from IPython.display import HTML\n\nHTML(animation.to_jshtml())"
OPEN, CLOSE = '<details class="answer"><summary>Answer</summary>', "</details>"
FOLD = re.compile(r"^(?P<indent> *)\.\. answer::\n(?P<body>(?:(?P=indent)   .*\n?|\s*\n)+)", re.MULTILINE)
INNER_FORMULA = re.compile(r"^(?P<indent> +)\.\. math::(?P<body>.*(?:\n(?P=indent)   .*)*)", re.MULTILINE)
TERMS = re.compile(r"^\* \*\*Terms\*\* (?P<terms>.*?)\.$", re.MULTILINE | re.DOTALL)


def folded(text):
    """The Markdown of a notebook's cell with its answers as ``details`` elements."""
    def element(fold):
        body = textwrap.dedent(fold["body"]).strip("\n")
        return textwrap.indent(f"{OPEN}\n\n{body}\n\n{CLOSE}\n\n", fold["indent"], lambda line: line.strip() != "")

    def formula(found):
        return f"{found['indent']}$${' '.join(found['body'].split())}$$"

    return FOLD.sub(element, INNER_FORMULA.sub(formula, text))


def silenced(source):
    """A cell of Python that ends without a line such as <matplotlib.legend.Legend at 0x7f...>: a last call has a semicolon."""
    try:
        last = ast.parse(source).body[-1:]
    except SyntaxError:  # a line for the notebook itself, such as %matplotlib inline
        return source
    if not (last and isinstance(last[0], ast.Expr) and isinstance(last[0].value, ast.Call)):
        return source
    lines = source.split("\n")
    row, column = last[0].end_lineno - 1, last[0].end_col_offset
    line = lines[row].encode()  # columns are counted in bytes
    if line[column:].lstrip()[:1] == b";":
        return source
    lines[row] = (line[:column] + b";" + line[column:]).decode()
    return "\n".join(lines)


def for_a_notebook(cell):
    """The cells that take the place of a cell as sphinx-gallery writes it."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [{**cell, "source": [folded(source)]}]
    shown = [{**cell, "source": [FILM]}] if "= FuncAnimation(" in source else []
    return [{**cell, "source": [silenced(source)]}, *shown]


def fold_notebooks(app):
    """Sphinx's event: sphinx-gallery has written the notebooks, and knows nothing of answers."""
    for path in Path(app.srcdir, "lessons").glob("[0-9][0-9]_*.ipynb"):
        content = json.loads(path.read_text("utf-8"))
        if FILM not in ("".join(cell["source"]) for cell in content["cells"]):  # else it has been here before
            content["cells"] = [new for cell in content["cells"] for new in for_a_notebook(cell)]
        path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def glossary(text):
    """{a term or another word for it: the full entry of the glossary}"""
    entries = re.findall(r"^   (?! |:)(\S.*)$", text, re.MULTILINE)
    return {word.strip(): entry for entry in entries for word in re.split(r"[(),]", entry) if word.strip()}


def terms_of(text):
    """The key terms in the header of a lesson, in order."""
    found = TERMS.search(text)
    return re.split(r",\s+", found["terms"]) if found else []


def with_links(text, entries):
    """The text of a lesson with each of its key terms as a link to the glossary. Raises KeyError for a term without an entry."""
    links = ", ".join(f":term:`{term} <{entries[term]}>`" for term in terms_of(text))
    return TERMS.sub(lambda found: f"* **Terms** {links}.", text, count=1)


def change(app, name, source):
    """Sphinx's event: the text of a page before it is read."""
    if re.match(r"lessons/\d\d_", name):
        source[0] = with_links(source[0], glossary(GLOSSARY.read_text("utf-8")))
