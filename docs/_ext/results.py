"""What the benchmarks wrote, on a page: their numbers stand in their files and nowhere else.

    .. benchmarks:: demo      these, in this order: what is measured, the command, pictures, the table; or that there are none yet
    .. benchmarks::           all that no page has named; a benchmark that is run for the first time appears here
       :untitled:             without a heading: the page has one of its own
    .. setups::               what the setups of the studies are

A benchmark NAME is docs/results/NAME.json with a "command" in its "about", beside NAME.txt and pictures NAME*.png, if any.
What it measures is said by the docstring of the program in the command.
"""

import ast
import json
import re
from pathlib import Path

import docstrings
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from tinygan.study import SETUPS

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


def how(about):
    """How a benchmark was run, as lines of reStructuredText: the command, the same by the package's own, and all the rest."""
    lines = [*docstrings.literal(about["command"], "bash"), ""]
    if same := about.get("the same by"):
        lines += ["The same from the command line:", "", ".. rst-class:: wrapped", "", *docstrings.literal(same, "bash"), ""]
    for key, value in about.items():
        if key not in ("command", "the same by") and isinstance(value, str | int | float):
            key = {"numpy": "NumPy"}.get(key, key.capitalize())
            lines.append(f":{key}: {docstrings.inline(str(value).removeprefix(f'{key}: '), lambda target: None)}")
    return [*lines, ""]


def wrapped(text):
    """A table as it is, but with the ranges of each remedy, which are no columns, one below the other."""
    return re.sub(r"(?<=\(median\):) | (?<=; )(?=\w+ [\d.e-]+ to )", "\n    ", text)


def seen(picture, name):
    """What can be seen in a picture of a benchmark, for who cannot see it. Of a study it counts the runs that visit all modes."""
    title = name.replace("_", " ").capitalize()
    if not picture.stem.endswith(("-samples", "-intervals")):
        return f"{title}. The numbers of the table below, as a picture"
    runs = {}
    for run in json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["runs"]:
        runs.setdefault(run["remedy"], []).append(run["judged"]["modes_visited"] if run["judged"] else 0)
    most = max(max(counts) for counts in runs.values())
    told = ", ".join(f"{remedy} {sum(count == most for count in counts)} of {len(counts)}" for remedy, counts in runs.items())
    what = ("Small clouds of generated points over the true modes, a row for each remedy and a column for each seed"
            if picture.stem.endswith("-samples") else "A point and its 95 % interval for each remedy, in three scores")
    return f"{title}. {what}. Runs that visit all {most} modes: {told}"


def folded(lines):
    """Lines that a reader opens with a click; where there are no clicks they are open."""
    return [".. raw:: html", "", '    <details class="numbers"><summary>The table, and how it was made</summary>', "", *lines,
            ".. raw:: html", "", "    </details>", ""]


def section(name, told=(), titled=True):
    """One benchmark as reStructuredText; what its program says of itself is left out when it is among the texts `told`."""
    title = name.replace("_", " ").capitalize()
    lines = [title, "-" * len(title), ""] if titled else []
    if not (about := about_of(name)):
        return [*lines, "This has not been measured yet.", ""]
    if program(about["command"]) not in told:
        lines += docstrings.restructured(program(about["command"]).splitlines(), lambda target: None)
    for picture in pictures(name):
        lines += [f".. image:: /results/{picture.name}", f"   :alt: {seen(picture, name)}", ""]
    table, numbers = RESULTS / f"{name}.txt", how(about)
    if table.is_file():
        numbers += [".. rst-class:: benchmark", "", *docstrings.literal(wrapped(table.read_text(encoding="utf-8")), "text"), ""]
    return [*lines, *folded(numbers), f"Every number: :download:`{name}.json </results/{name}.json>`.", ""]


class Benchmarks(SphinxDirective):
    """The directive that shows benchmarks."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = {"untitled": directives.flag}

    def run(self):
        names = self.arguments[0].split() if self.arguments else sorted({path.stem for path in RESULTS.glob("*.json")} - named())
        told = self.env.temp_data.setdefault("benchmarks told", [])  # on this page
        lines = []
        for name in names:
            lines += section(name, told, "untitled" not in self.options)
            told.append(program(command_of(name)))
        self.env.note_reread()  # benchmarks write beside the page, where Sphinx does not look
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


class Setups(SphinxDirective):
    """The directive that says what each setup is."""

    def run(self):
        lines = []
        for setup in SETUPS.values():
            lines += [f"``{setup.name}``", f"    {docstrings.inline(setup.about, lambda target: None)}", ""]
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app):
    app.add_directive("benchmarks", Benchmarks)
    app.add_directive("setups", Setups)
    return {"parallel_read_safe": True}
