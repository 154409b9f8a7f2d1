"""What the benchmarks wrote, on a page: their numbers stand in their files and nowhere else.

    .. benchmarks:: demo      these, in this order: what is measured, the command, pictures, the table; or that there are none yet
    .. benchmarks::           all that no page has named; a benchmark that is run for the first time appears here

A benchmark NAME is docs/results/NAME.json with a "command" in its "about", beside NAME.txt and pictures NAME*.png, if any.
What it measures is said by the docstring of the program in the command.
"""

import ast
import json
import re
from pathlib import Path

import docstrings
from sphinx.util.docutils import SphinxDirective

DOCS = Path(__file__).parents[1]
RESULTS = DOCS / "results"


def named():
    """The benchmarks that some page shows by name."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.rst"))
    return {name for line in re.findall(r"^\.\. benchmarks::(.*)$", text, re.MULTILINE) for name in line.split()}


def about_of(name):
    """How a benchmark was run; {} when it was not. Raises ValueError when its file does not say."""
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    if not (isinstance(found, dict) and found.get("about", {}).get("command")):
        raise ValueError(f"{path} does not say how it was made: it needs {{'about': {{'command': ...}}}} beside its numbers")
    return found["about"]


def command_of(name):
    return about_of(name).get("command", "")


def program(command):
    """The docstring of the program that a command runs, without the lines on how to run it; "" when it has none."""
    path = next((DOCS.parent / word for word in command.split() if word.endswith(".py")), None)
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) if path and path.is_file() else ""
    return "\n\n".join(part for part in (text or "").split("\n\n") if not part.lstrip().startswith("python "))


def pictures(name):
    """The pictures of a benchmark: NAME*.png, but not those of another one whose name begins with NAME."""
    others = [path.stem for path in RESULTS.glob(f"{name}?*.json")]
    return [path for path in sorted(RESULTS.glob(f"{name}*.png")) if not path.stem.startswith(tuple(others))]


def section(name, told=()):
    """One benchmark as reStructuredText; what its program says of itself is left out when it is among the texts `told`."""
    title = name.replace("_", " ").capitalize()
    lines = [title, "-" * len(title), ""]
    if not about_of(name):
        return [*lines, "This has not been measured yet.", ""]
    about, command = about_of(name), command_of(name)
    if program(command) not in told:
        lines += docstrings.restructured(program(command).splitlines(), lambda target: None)
    lines += [*docstrings.literal(command, "bash"), ""]
    others = [f"{key}: {value}" for key, value in about.items() if key != "command" and isinstance(value, str | int | float)]
    if others:
        lines += [f"Measured with {docstrings.inline('; '.join(others), lambda target: None)}.", ""]
    for picture in pictures(name):
        lines += [f".. image:: /results/{picture.name}", f"   :alt: {title}: {picture.stem.replace('_', ' ')}", ""]
    table = RESULTS / f"{name}.txt"
    if table.is_file():
        lines += [*docstrings.literal(table.read_text(encoding="utf-8"), "text"), ""]
    return [*lines, f"Every number: :download:`{name}.json </results/{name}.json>`.", ""]


class Benchmarks(SphinxDirective):
    """The directive."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        names = self.arguments[0].split() if self.arguments else sorted({path.stem for path in RESULTS.glob("*.json")} - named())
        lines, told = [], []
        for name in names:
            lines += section(name, told)
            told.append(program(command_of(name)))
        self.env.note_reread()  # benchmarks write beside the page, where Sphinx does not look
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def setup(app):
    app.add_directive("benchmarks", Benchmarks)
    return {"parallel_read_safe": True}
