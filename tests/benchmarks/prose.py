"""How easily can the prose be read? Long sentences, colons, and turns that readers stumble over, counted by kind of text.

    python tests/benchmarks/prose.py [FOLDER] [--show 10]

FOLDER is a checkout of this project, by default this one. --show prints the longest sentences of each kind.
"""

import argparse
import ast
import re
import textwrap
from pathlib import Path

from tinygan.metrics.tables import aligned

ROOT = Path(__file__).parents[2]
LONG = 30  # words
TURNS = ("at once", "hardly", "judge", "that of", "those of", "least", "whoever", "is content", "holds", "knows", "nobody",
         "hears", "push")
COLON = re.compile(r":(?=\s|$)")
FOLD = re.compile(r"(?m)^(?P<indent> *)\.\. answer::\n(?P<body>(?:(?P=indent)   .*\n?|\s*\n)+)")
FORMULA = re.compile(r":math:`[^`]*`|\$[^$]*\$|``[^`]*``|`[^`]*`(__)?")
CODE = re.compile(r"(?ms)^```.*?^```|"  # fences; directives that hold no prose; what stands indented behind two colons
                  r"^(?P<a> *)\.\. (?:math|code-block|literalinclude|csv-table|raw|toctree|image)::[^\n]*\n"
                  r"(?:(?P=a) +[^\n]*\n|\s*\n)*|"
                  r"^(?P<b> *)(?P<lead>(?!\.\. |:\w)[^ \n][^\n]*::\n)\n(?:(?P=b) +[^\n]*\n|\s*\n)+")
ITEM = re.compile(r"\s*(?:[*-]|#\.|\d+\.) |\s*\S.*? {2,}\S")
SECTION = re.compile(r"(?m)^(?:Parameters|Attributes|Returns|Raises)\n-+\n((?:.+\n?)+)")
ENTRY = re.compile(r"(?m)^(?=\S)(?:[^:\n]*? : )?")
END = re.compile(r"(?:(?<=[.?!])|(?<=[.?!][)\"*]))(?<!\bal\.)(?<!\be\.g\.)(?<!\bi\.e\.)\s+(?=[A-Z*(\"])")


def paragraphs(text):
    """The paragraphs of reStructuredText or Markdown, without code, formulas, directives and headings.

    An item of a list, a cell of a table and a line in which spaces make columns are paragraphs of their own.
    """
    for block in re.split(r"\n\s*\n", CODE.sub(lambda code: f"{code['lead'] or ''}\n\n", text)):
        lines = [line for line in block.splitlines() if line.strip()]
        if len(lines) > 1 and re.fullmatch(r"\s*([=\-~^`#])\1{3,}\s*", lines[1]):
            lines = lines[2:]
        if not lines or re.match(r"\s*(\.\.|>>>|:\w|\||<!--|```|\+-|===|---)", lines[0]) or lines[0].startswith(("    ", "\t")):
            continue
        starts = [i for i, line in enumerate(lines) if i == 0 or ITEM.match(line)]
        for start, end in zip(starts, [*starts[1:], None], strict=True):
            words = " ".join(line.strip().lstrip("*#0123456789.- ") for line in lines[start:end])
            if words:
                yield FORMULA.sub("X", words)


def paragraphs_of(path):
    return paragraphs(path.read_text("utf-8"))


def of_lesson(path):
    """The prose of a lesson: its docstring, and the comments of its cells with their answers."""
    text = path.read_text("utf-8")
    yield from paragraphs(ast.get_docstring(ast.parse(text)) or "")
    comments = re.sub(r"(?m)^(?!# |#$).*$", "", text)
    yield from paragraphs(unfolded(re.sub(r"(?m)^# ?", "", re.sub(r"(?m)^# %%.*$", "", comments))))


def unfolded(text):
    """The text of a lesson with its answers as paragraphs like any other."""
    return FOLD.sub(lambda fold: f"\n{textwrap.dedent(fold['body'])}", text)


def counted(parts):
    """(sentences, long ones, colons, words, sentences with two colons) of paragraphs."""
    said = sentences(parts)
    colons = [len(COLON.findall(sentence)) for sentence in said]
    return (said, [sentence for sentence in said if len(sentence.split()) > LONG], sum(colons),
            sum(len(part.split()) for part in parts), [one for one, many in zip(said, colons, strict=True) if many > 1])


def of_docstrings(path):
    """The docstrings of a module. What a section says of each argument is a paragraph, without the argument's name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node) or ""
            yield from paragraphs(SECTION.sub(lambda section: ENTRY.sub("\n", section[1]), text))


def kinds(root, *wanted):
    """{kind of text: its paragraphs}, of the kinds that are wanted, or of all"""
    docs = root / "docs"
    files = {"README": (paragraphs_of, [root / "README.md"]),
             "lessons": (of_lesson, (root / "lessons").glob("[0-9][0-9]_*.py")),
             "pages": (paragraphs_of, [path for path in docs.glob("*.rst") if path.stem != "bibliography"]),
             "derivations": (paragraphs_of, (docs / "derivations").glob("*.rst")),
             "docstrings": (of_docstrings, (root / "tinygan").rglob("*.py"))}
    return {kind: [part for path in sorted(paths) for part in read(path)]
            for kind, (read, paths) in files.items() if kind in (wanted or files)}


def sentences(parts):
    return [sentence for part in parts for sentence in END.split(part) if sentence.split()]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", nargs="?", type=Path, default=ROOT)
    options.add_argument("--show", type=int, default=0)
    given = options.parse_args()
    rows = [("", "words", "sentences", f"over {LONG} words", "share", "colons a 1000 words", "turns a 1000 words")]
    for kind, parts in kinds(given.folder).items():
        said, long, colons, words, _ = counted(parts)
        turns = sum(len(re.findall(rf"\b{turn}\b", part.lower())) for part in parts for turn in TURNS)
        rows.append((kind, f"{words:,}", f"{len(said):,}", f"{len(long)}", f"{len(long) / len(said):.1%}",
                     f"{1000 * colons / words:.1f}", f"{1000 * turns / words:.1f}"))
        for sentence in sorted(long, key=lambda sentence: -len(sentence.split()))[:given.show]:
            print(f"{kind}, {len(sentence.split())} words: {sentence}\n")
    print(aligned(rows))


if __name__ == "__main__":
    main()
