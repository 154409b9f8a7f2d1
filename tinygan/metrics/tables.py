"""Reports side by side. Put the truth's own row first: no metric is read alone."""


def table(rows, mixture):
    """`rows`, a dict from names to reports of one kind (all ModeReports, say), as lines of aligned plain text.

    Raises ValueError when there are no rows, or reports of two kinds.
    """
    kinds = sorted({type(report).__name__ for report in rows.values()})
    if len(kinds) != 1:
        raise ValueError(f"a table needs reports of one kind; got {' and '.join(kinds) or 'none'}. Make one table for each kind")
    texts = {name: report.columns(mixture) for name, report in rows.items()}
    body = [["", *next(iter(texts.values()))], *[[name, *columns.values()] for name, columns in texts.items()]]
    widths = [max(map(len, column)) for column in zip(*body, strict=True)]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in body)
