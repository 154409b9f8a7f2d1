"""The sections of a docstring (Parameters, Returns, Raises, References, Examples), as numpydoc writes them, for the site.

    Parameters            a line of its own in bold
    ----------
    x : (N, d), points    a row of a list of definitions; lines that follow, further in, go on with it
    x                     the same, with its text on the lines that follow

`docstrings` makes reStructuredText of the result.
"""

import re

TITLES = ("Parameters", "Attributes", "Returns", "Raises", "References", "Examples")
ROW = re.compile(r"(\S.*?) : (\S.*)")
NAME = re.compile(r"[\w.*]+(?:, [\w.*]+)*")


def is_title(lines, i):
    """Whether a section begins at line i: one of the titles, with a line of as many dashes below it."""
    return lines[i] in TITLES and i + 1 < len(lines) and lines[i + 1] == "-" * len(lines[i])


def plain(lines):
    """The lines of a docstring with its sections as bold titles, and as rows of a name, two spaces and a text."""
    made, section, i = [], None, 0
    while i < len(lines):
        if is_title(lines, i):
            section = lines[i]
            made += ["", f"**{section}**", ""]
            i += 2
            continue
        rows = section not in (None, "References", "Examples")
        if rows and (row := ROW.fullmatch(lines[i])):
            made.append(f"{row[1]}  {row[2]}")
        elif rows and NAME.fullmatch(lines[i]) and lines[i + 1:] and lines[i + 1].startswith(" "):
            made.append(f"{lines[i]}  {lines[i + 1].strip()}")
            i += 1
        else:
            made.append(lines[i])
        i += 1
    return made


def process(app, what, name, thing, options, lines):
    """autodoc's event, before that of `docstrings`."""
    lines[:] = plain(lines)


def setup(app):
    app.connect("autodoc-process-docstring", process, priority=400)
    return {"parallel_read_safe": True}
