"""What the benchmarks wrote, on pages: their numbers stand in their files and nowhere else.

    .. benchmarks:: speed     these, in this order: what is measured, the command, pictures, the table; or that there are none yet
       :untitled:             without a heading: the page has one of its own
    .. study:: demo           the same on a page of its own: the table, pictures, how it was made, the setup
       :command: python ...   for a study that left a table and no other file
    .. verdicts:: demo        a table of studies, each with its page and its verdict, and those pages in the list beside the page
    .. setups::               what the setups of the studies are

A benchmark NAME is docs/results/NAME.json with a "command" in its "about", beside NAME.txt and pictures NAME*.png, if any.
What it measures is said by the docstring of the program in the command.
"""

import ast
import json
import re
import statistics
from pathlib import Path

import docstrings
import family_scores
import studies
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from tinygan.study import SETUPS

DOCS = Path(__file__).parents[1]
RESULTS = DOCS / "results"
FEW = 3  # columns; a row with so few goes to the rows with more that have them too
STACKED = {"stacked_2": "Each is two digits side by side; grey pixels surround the generated ones",
           "stacked_3": "Each is three digits on top of each other, in red, green and blue, and hard to read by eye"}


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
    if name in STACKED:
        rows, controls = studies.rows_of(name)
        modes = ", ".join(str(run["modes"]) for run in rows["runs"])
        return (f"{title}. On the left forty real images, on the right forty generated ones. {STACKED[name]}, and above it "
                f"stand the digits that were read. Modes found, seed by seed: {modes} of {controls['real']['modes']}")
    if not picture.stem.endswith(("-samples", "-intervals")):
        return f"{title}. The numbers of the table on this page, as a picture"
    rows = {row: [run.get("modes_visited", 0) for run in runs] for row, runs in studies.rows_of(name)[0].items()}
    most = max(max(counts) for counts in rows.values())
    told = ", ".join(f"{row} {sum(count == most for count in counts)} of {len(counts)}" for row, counts in rows.items())
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


def cell(scores, column):
    """A cell of a table: the median of some runs and, where they differ, the least and the largest, in a line below."""
    values = [run[column] for run in scores if column in run]
    if not values:
        return ""
    text = f"{statistics.median(values):.3f}"
    return f"| {text}\n       | {min(values):.3f} to {max(values):.3f}" if len(scores) > 1 else text


def alike(rows):
    """The rows of a table in groups with mostly the same columns, [(columns, {row: scores})]; rows with few columns go along."""
    groups = []
    for row, scores in sorted(rows.items(), key=lambda item: -len(item[1][0])):
        columns = list(scores[0])
        group = next((several for known, several in groups if set(columns) <= set(known)
                      and (len(columns) <= FEW or 2 * len(columns) > len(known))), None)
        if group is None:
            groups.append((columns, group := {}))
        group[row] = scores
    return [(columns, {row: several[row] for row in rows if row in several}) for columns, several in groups]


def spread_out(name):
    """The tables of a system of the family from its file, and after them what the program says of them."""
    rows, controls = studies.rows_of(name)
    rows = {**{row: [scores] for row, scores in controls.items()}, **rows}
    lines = []
    for columns, several in alike(rows):
        lines += [".. list-table::", "   :header-rows: 1", "   :stub-columns: 1", "   :class: spread", "",
                  "   * - row", "     - runs",
                  *(f"     - {docstrings.inline(column.replace('_', ' '), lambda target: None)}" for column in columns)]
        for row, scores in several.items():
            runs = "" if row in controls else str(len(scores))
            lines += [f"   * - {docstrings.inline(row, lambda target: None)}", f"     - {runs}".rstrip(),
                      *(f"     - {cell(scores, column)}".rstrip() for column in columns)]
        lines.append("")
    rest = (RESULTS / f"{name}.txt").read_text(encoding="utf-8").partition("\n\n")[2]
    bars, _, prose = rest.partition("\n\n")
    return [*lines, *docstrings.restructured(prose.splitlines(), lambda target: None), "",
            "What was asked for, and on how many seeds it came out:", "",
            *(f"* {docstrings.inline(bar, lambda target: None)}" for bar in bars.splitlines()), ""]


def numbers(name):
    """The table of a study: of the family from its scores, else as its program wrote it."""
    table = RESULTS / f"{name}.txt"
    if name.startswith("family_"):
        return spread_out(name)
    return [".. rst-class:: benchmark", "", *docstrings.literal(wrapped(table.read_text(encoding="utf-8")), "text"), ""]


def headed(title, lines):
    return [title, "-" * len(title), "", *lines, ""] if lines else []


def study(name, command=None):
    """What a study left, as sections of its page: the table, the pictures, how it was made."""
    about = {"command": command} if command else about_of(name)
    shown = [line for one in pictures(name) for line in (f".. image:: /results/{one.name}", f"   :alt: {seen(one, name)}", "")]
    if name in family_scores.SHOWN:
        shown += [f".. image:: /_build/pictures/{name}.png", f"   :alt: {family_scores.seen(name)}", "",
                  "Each dot is a run, and each black line the median of its row.", ""]
    made = [*docstrings.restructured(program(about["command"]).splitlines(), lambda target: None), "", *how(about)]
    if asked := re.search(r"--setup (\w+)", about.get("the same by", "")):
        made += [f"The setup ``{asked[1]}``: {docstrings.inline(SETUPS[asked[1]].about, lambda target: None)}", ""]
    kept = f"{name}.json" if (RESULTS / f"{name}.json").is_file() else f"{name}.txt"
    return [*headed("The table", numbers(name)), *headed("The picture", shown),
            *headed("How it was made", [*made, f"Every number: :download:`{kept} </results/{kept}>`."])]


def overview(names):
    """A table of studies with their verdicts, and their pages for the list beside the page."""
    lines = [".. list-table::", "   :header-rows: 1", "   :class: cards", "   :widths: 24 76", "",
             "   * - study", "     - what came out"]
    for name in names:
        title, verdict = studies.verdict(name)
        lines += [f"   * - :doc:`{title} </results/{name}>`", f"     - {verdict}"]
    return [*lines, "", ".. toctree::", "   :hidden:", "", *(f"   /results/{name}" for name in names), ""]


class Benchmarks(SphinxDirective):
    """The directive that shows benchmarks."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"untitled": directives.flag}

    def run(self):
        told = self.env.temp_data.setdefault("benchmarks told", [])  # on this page
        lines = []
        for name in self.arguments[0].split():
            lines += section(name, told, "untitled" not in self.options)
            told.append(program(command_of(name)))
        self.env.note_reread()  # benchmarks write beside the page, where Sphinx does not look
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


class Study(SphinxDirective):
    """The directive that shows a study on its page."""

    required_arguments = 1
    option_spec = {"command": directives.unchanged_required}

    def run(self):
        self.env.note_reread()
        lines = study(self.arguments[0], self.options.get("command"))
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


class Verdicts(SphinxDirective):
    """The directive that lists studies with their verdicts."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        self.env.note_reread()
        return self.parse_text_to_nodes("\n".join(overview(self.arguments[0].split())))


class Setups(SphinxDirective):
    """The directive that says what each setup is."""

    def run(self):
        lines = []
        for setup in SETUPS.values():
            lines += [f"``{setup.name}``", f"    {docstrings.inline(setup.about, lambda target: None)}", ""]
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app):
    app.add_directive("benchmarks", Benchmarks)
    app.add_directive("study", Study)
    app.add_directive("verdicts", Verdicts)
    app.add_directive("setups", Setups)
    return {"parallel_read_safe": True}
