"""Reports side by side. Put the row of the true samples first. No score says much without theirs."""

from collections.abc import Mapping, Sequence
from inspect import signature
from itertools import zip_longest
from typing import Any

from ..data.sets import Mixture
from ..engine.arguments import shown


def table(rows: Mapping[str, Any], mixture: Mixture | None = None) -> str:
    """Reports as lines of aligned plain text.

    Parameters
    ----------
    rows : name -> report, all of one kind, such as ModeReports
    mixture : the one that was scored against; None for reports that have none, such as ImageReports

    Raises
    ------
    TypeError : rows is no dict of reports
    ValueError : no rows, or reports of two kinds
    """
    if not isinstance(rows, Mapping) or not all(hasattr(report, "columns") for report in rows.values()):
        raise TypeError("rows must be a dict, name -> report, such as {'generated': mode_report(x, mixture)}; "
                        f"got {shown(rows)}")
    kinds = sorted({type(report).__name__ for report in rows.values()})
    if len(kinds) != 1:
        raise ValueError(f"a table needs reports of one kind; got {' and '.join(kinds) or 'none'}. Make one table for each kind")
    if mixture is None and "mixture" in signature(next(iter(rows.values())).columns).parameters:
        raise TypeError("a table of these reports needs the mixture that was scored against: pass mixture=")
    against = () if mixture is None else (mixture,)
    texts = {name: report.columns(*against) for name, report in rows.items()}
    return aligned([["", *next(iter(texts.values()))], *[[name, *columns.values()] for name, columns in texts.items()]])


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Rows of texts as lines, column under column. The first `left` columns begin in line, the others end in line.

    A row may have fewer texts than others.

    >>> from tinygan.metrics.tables import aligned
    >>> print(aligned([["", "modes", "KL"], ["true samples", "8", "0.001"], ["generated", "5"]]))
                  modes     KL
    true samples      8  0.001
    generated         5
    """
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    lines = [[text.ljust(width) if i < left else text.rjust(width)
              for i, (text, width) in enumerate(zip(row, widths, strict=False))] for row in rows]
    return "\n".join("  ".join(line).rstrip() for line in lines)
