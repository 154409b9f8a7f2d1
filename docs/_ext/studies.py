"""Numbers in the sentences of a study's page, read from the study's file when the site is built.

    :found:`runs | modes_visited >= 8 | plain`     in how many runs of a row that holds: "0 of 20"
    :found:`least | high_quality | plain`          the least of the row's runs; and so most, median, and spread, "least to most"
    :found:`true | high_quality | truth`           a number of a row that has no runs: real samples, or another control
    :found:`text | reached on (\\d+)`               what stands in the brackets, in NAME.txt; with file, in NAME.json

The last part, the row, may be left out where there is one row. A page docs/results/NAME.rst reads docs/results/NAME.json.
"""

import json
import operator
import re
import statistics
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
FOUND = re.compile(r":found:`([^`]+)`")
HOLDS = {">=": operator.ge, "<=": operator.le, "==": operator.eq, ">": operator.gt, "<": operator.lt}
SHARES = {  # read as percent
    "high_quality", "high quality", "valid", "memorised", "agreement", "coverage", "nearer", "copies", "class kept", "mode kept",
    "return A", "return B", "all three", "class", "stage one, class", "class from z", "from w", "two answers differ in class"}
TYPES = {"text": "txt", "file": "json"}
PICKED = {"least": min, "most": max, "median": statistics.median}


def rows_of(name):
    """The runs of a study, {row: [scores of each run]}, and its controls, {row: scores}. A run that diverged has no scores."""
    found = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    controls = found.get("fixed") or found.get("controls") or ({"truth": found["truth"]} if "truth" in found else {})
    runs = found.get("runs", found.get("rows"))
    if isinstance(runs, dict):
        return runs, controls
    rows = {}
    for run in runs:
        scores = run.get("judged", run.get("averaged", run))
        rows.setdefault(run.get("remedy", "runs"), []).append({**scores, "seconds": run["seconds"]} if scores else {})
    return rows, controls


def pages():
    """The names of the studies that have a page."""
    return sorted(path.stem for path in RESULTS.glob("*.rst"))


def written(value, key, least=2):
    """A number as prose has it: a share in percent, a count as it is, else some decimals, or more if these made it 0 or 1."""
    if key in SHARES:
        return f"{100 * value:.1f} %"
    if value == int(value):
        return str(int(value))
    decimals = next(many for many in range(least, 9) if float(f"{value:.{many}f}") != int(float(f"{value:.{many}f}")))
    return f"{value:.{decimals}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{decimals}f}"


def only(rows, asked, name):
    """The row that is asked for, or the only one. Raises ValueError when it is not there."""
    row = asked or (next(iter(rows)) if len(rows) == 1 else "")
    if row not in rows:
        raise ValueError(f"docs/results/{name}.json has no row {row!r}, expected one of {', '.join(rows)}")
    return rows[row]


def number(asked, name):
    """What one :found:`...` of the page of a study stands for."""
    what, key, row, *_ = [*" ".join(asked.split()).split(" | "), ""]
    if what in ("text", "file"):
        return re.search(key, (RESULTS / f"{name}.{TYPES[what]}").read_text(encoding="utf-8"))[1]
    runs, controls = rows_of(name)
    if what == "true":
        return written(only(controls, row, name)[key], key)
    scores = only(runs, row, name)
    if what == "runs":
        key, sign, bound = re.fullmatch(r"(.+) (>=|<=|==|>|<) (\S+)", key).groups()
        return f"{sum(key in run and HOLDS[sign](run[key], float(bound)) for run in scores)} of {len(scores)}"
    values = [run[key] for run in scores if key in run]
    if what == "spread":
        bounds = [[written(value, key, many) for value in (min(values), max(values))] for many in (2, 3, 4)]
        return " to ".join(next((pair for pair in bounds if pair[0] != pair[1]), bounds[0]))
    return written(PICKED[what](values), key)


def filled(text, name):
    """The text of a study's page with its numbers."""
    return FOUND.sub(lambda asked: number(asked[1], name), text)


def verdict(name):
    """The title of a study's page and its first paragraph, the verdict, with its numbers."""
    title, first = re.match(r"(.+)\n=+\n\n(.+?)\n\n", (RESULTS / f"{name}.rst").read_text(encoding="utf-8"), re.DOTALL).groups()
    return title, " ".join(filled(first, name).split())


def change(app, name, source):
    """Sphinx's event: the text of a page before it is read."""
    if name.startswith("results/"):
        source[0] = filled(source[0], name.removeprefix("results/"))


def setup(app):
    app.connect("source-read", change)
    return {"parallel_read_safe": True}
