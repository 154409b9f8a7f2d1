"""Docstrings as pages: they are written to be read in a terminal, as plain prose, and this turns them into reStructuredText.

    an indented block                  stays as it is: a formula, a contract, a table; lines of Python in its colours
    a block that begins with >>>       an example, as it is, in colours
    rows of a name, spaces, a text     a list of definitions
    `name`                             a link, where it names something public; otherwise just set as code
    *word*, **word**, lists            what they are in reStructuredText
    everything else                    text: |x| is no substitution and x_ no link

Nothing is left out or reworded.
"""

import ast
import importlib
import inspect
import re
import textwrap

NAMES = set()  # full names of everything public, filled in by reference.py
ROW = re.compile(r"(\S+(?: \S+)*?) {2,}(\S.*)")
ITEM = re.compile(r"(\* |- |\d+\. )(.*)", re.DOTALL)
INLINE = re.compile(r"""
      (?P<kept>   :[\w:]+:`[^`]+` | ``[^`]+`` )
    | `(?P<code>  [^`\s](?:[^`]*[^`\s])? )`
    | (?<![\w*])(?P<strong> \*\*[^*\s](?:[^*]*[^*\s])?\*\* )(?![\w*])
    | (?<![\w*])(?P<emphasis> \*[^*\s](?:[^*]*[^*\s])?\* )(?![\w*])
    | (?P<special> [\\*|`] | _(?!\w) )
""", re.VERBOSE)


def public(modules):
    """The full names of all public modules, classes, functions and methods that are defined in `modules`."""
    names = set(modules)
    for module in map(importlib.import_module, modules):
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", "") != module.__name__:
                continue
            if inspect.isclass(thing) or inspect.isfunction(thing):
                names.add(f"{module.__name__}.{name}")
            if inspect.isclass(thing):
                names |= {f"{module.__name__}.{name}.{key}" for key, part in vars(thing).items()
                          if not key.startswith("_") and (inspect.isfunction(part) or isinstance(part, property))}
    return names


def resolve(target, here, names):
    """The full name that `target` stands for in the docstring of `here`: the nearest one, or the only one; None: no such."""
    parts = here.split(".")
    for size in range(len(parts), -1, -1):
        near = ".".join([*parts[:size], target])
        if near in names:
            return near
    far = [name for name in names if name.endswith(f".{target}")]
    return far[0] if len(far) == 1 else None


def inline(text, link):
    """A piece of prose; `link(target)` gives the full name behind a `target`, or None."""
    def piece(match):
        if code := match["code"]:
            full = link(code.removesuffix("()"))
            after = "\\ " if text[match.end():match.end() + 1].isalnum() else ""
            return (f":py:obj:`{code} <{full}>`" if full else f"``{code}``") + after
        return f"\\{match['special']}" if match["special"] else match[0]

    return INLINE.sub(piece, text)


def blocks(lines):
    """The docstring cut at blank lines; indented blocks that follow one another stay together, with the blank lines."""
    found, fresh = [], True
    for line in lines:
        if not line.strip():
            fresh = True
            continue
        together = found and line.startswith(" ") and found[-1][0].startswith(" ")
        if fresh and not together:
            found.append([])
        elif fresh:
            found[-1].append("")
        found[-1].append(line)
        fresh = False
    return found


def definitions(block):
    """[name, text] of each row when all of the block is such rows, with their continuations; otherwise None."""
    rows = []
    for line in block:
        if line.startswith(" ") and rows:
            rows[-1][1] += f" {line.strip()}"
        elif row := ROW.fullmatch(line):
            rows.append(list(row.groups()))
        else:
            return None
    return rows


def items(block):
    """The items of a list, each with its continuation lines, when the block is a list; otherwise None."""
    if not ITEM.fullmatch(block[0]):
        return None
    found = []
    for line in block:
        if ITEM.fullmatch(line):
            found.append(line)
        elif line.startswith(" "):
            found[-1] += f" {line.strip()}"
        else:
            return None
    return found


def literal(text, language=None):
    """A block that stays as it is, in colours where it is Python; a single name or number is Python only by chance."""
    text = textwrap.dedent(text)
    if language is None:
        try:
            language = "python" if any(isinstance(part, ast.stmt) and not isinstance(part, ast.Expr)
                                       for part in ast.walk(ast.parse(text))) else "text"
        except SyntaxError:
            language = "text"
    return [f".. code-block:: {language}", "", *textwrap.indent(text, "    ").splitlines()]


def restructured(lines, link):
    """The lines of a plain docstring as lines of reStructuredText."""
    made = []
    for block in blocks(lines):
        if block[0].startswith(" "):
            made += literal("\n".join(block))
        elif block[0].startswith(">>> "):
            made += literal("\n".join(block), "pycon")
        elif rows := definitions(block):
            for name, text in rows:
                made += [f"``{name}``", f"    {inline(text, link)}", ""]
        elif entries := items(block):
            for marker, text in (ITEM.fullmatch(entry).groups() for entry in entries):
                made.append(marker + inline(text, link))
        else:
            made += inline("\n".join(line.strip() for line in block), link).splitlines()
        made.append("")
    return made


def process(app, what, name, thing, options, lines):
    """autodoc's event: replaces the lines of one docstring."""
    try:
        parameters = set(inspect.signature(thing).parameters)
    except (TypeError, ValueError):  # a module, a property: it takes no arguments
        parameters = set()
    new = restructured(lines, lambda target: None if target in parameters else resolve(target, name, NAMES))
    if what == "class":
        for base in thing.__bases__:
            full = f"{base.__module__}.{base.__qualname__}"
            if full in NAMES:
                new += [f"A kind of :py:class:`~{full}`.", ""]
    lines[:] = new


def skip(app, what, name, thing, skip, options):
    """autodoc's event: what has no docstring is shown when it can be called, and otherwise spoken of in its class's docstring."""
    plain = not (inspect.isroutine(thing) or inspect.isclass(thing) or isinstance(thing, property))
    return True if plain or (name == "__call__" and not getattr(thing, "__doc__", None)) else None


def setup(app):
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True}
