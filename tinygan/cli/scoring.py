"""What a run scores, beside true samples: lines for a person, and numbers for its file.

    scored(run, held_out) -> Scores     tables of the modes, where they are known, and of rows against rows, for all data
    verdicts(run, held_out)             what D says of old, new and generated rows, and whether G copies
    caption(run)                        data, settings, seed and scores in a line, for a picture
    compared(data, true, real, made)    the table of rows against rows, of anybody's samples
"""

import textwrap
from typing import Any, NamedTuple

import numpy as np

from ..data import Mixture, Points
from ..engine.arguments import Array, spawn
from ..metrics import accuracy_floor, full_report, memory_report, report_1d, rows_report, table, tied_columns, untied
from ..metrics.rows import LEAST
from ..metrics.tables import aligned
from ..recipe import DEFAULTS
from ..sampling import sampled
from ..settings import written

SCORED, COMPARED = 10_000, 2000  # samples whose modes are counted, and rows that are compared with true ones
TRUTH, UNTIED = "true samples", "true, untied"
SHOWN, LISTED = 10, 5  # columns in the table of columns, and in a sentence
MEANING = ("Coverage: the share of true samples that have a generated one beside them; density: how much of what is generated "
           "lies among\ntrue ones; MMD2 and W1: distances, W1 in standard deviations of a column; C2ST: how often a classifier "
           "tells both apart,\n50 % by lot; correlations: the mean difference. The nearer to the row of the true samples, the "
           "better.")


class Scores(NamedTuple):
    """Lines to read; and {table: {row: {score: number}}}, as JSON keeps them."""

    text: str
    numbers: dict[str, Any]


def scored(run: Any, held_out: Any = None) -> Scores:
    """The Scores of a run with its history. `held_out`: rows (N, d) that it has not learned from, in its own units, or None."""
    parts, numbers = [], {}
    generators = _generators(run)
    with np.errstate(over="ignore", invalid="ignore"):  # a replica may have diverged
        if isinstance(run.data, Mixture):
            text, numbers["modes"] = _modes(run, generators)
            parts.append(text)
        text, numbers["rows"] = _rows(run, generators, held_out)
    lost = [f"replica {r} diverged at step {step}" for r, step in enumerate(np.atleast_1d(run.history.diverged)) if step]
    return Scores("\n".join([*parts, text, *lost]), numbers)


def _generators(run: Any) -> dict[str, Any]:
    """What to call it -> generator: of each replica, and the averages, where there are any."""
    found = {}
    for r in range(*(run.G.replicas or (1,))):
        single, name = run.replica(r), f"replica {r}" if run.G.replicas else "generated"
        if single.history.G_ema is not None:
            found[f"{name}, averaged"] = single.history.G_ema
        found[name] = single.G
    return found


def _modes(run: Any, generators: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The table of a mixture, which knows its density, and its numbers."""
    rng = np.random.default_rng(run.seeds[3])
    z = rng.standard_normal((SCORED, run.G.d_in))
    rows = {TRUTH: run.data.sample(SCORED, rng)} | {name: G(z) for name, G in generators.items()}
    if run.data.dim > 1:
        reports = {name: full_report(x, run.data, rng) for name, x in rows.items()}
        floor = "{:.1%} to {:.1%}".format(*accuracy_floor(SCORED))
        advice = ("A sample within 3 standard deviations of a mode is of high quality.\nThe std ratio is the width of the modes, "
                  "1 in the truth. 1-NN and classifier are how often two classifiers tell samples\nfrom as many true ones, "
                  f"{floor} for 95 % of true samples.")
    else:
        reports = {name: report_1d(x, run.data, rng) for name, x in rows.items()}
        advice = "Both are distances; W1 is in standard deviations of the data."
    nearer = f"The nearer to the row of the true samples, the better. {advice}"
    return "\n".join(["", table(reports, run.data), nearer]), _plain(reports)


def _rows(run: Any, generators: dict[str, Any], held_out: Any) -> tuple[str, dict[str, Any]]:
    """The table of rows against rows, and its numbers; for too few rows a sentence."""
    rng = np.random.default_rng(spawn(run.seeds[3], 1)[0])
    true, real = two_lots(run.data, rng, held_out)
    made = {name: run.data.settled(sampled(G, len(real), rng)) for name, G in generators.items()} if len(real) else {}
    return compared(run.data, true, real, made, rng, "as many held-out rows" if held_out is not None else "")


def compared(data: Any, true: Array, real: Array, made: dict[str, Array], rng: np.random.Generator,
             beside: str = "") -> tuple[str, dict[str, Any]]:
    """The table of what was made, name -> (n, d), and of `true` samples, both against `real` ones; and its numbers."""
    if real.shape[0] < LEAST:
        return f"\nToo few rows to compare: {2 * LEAST} are needed, or {LEAST} held-out ones.", {}
    numbers = data.dim - sum(data.groups)  # one-hot columns repeat, but those of samples do as well
    rows, tied = {TRUTH: true}, [] if data.image else tied_columns(data.restore(real)[:, :numbers])
    if tied:
        rows[UNTIED] = np.concatenate([untied(true[:, :numbers], rng), true[:, numbers:]], axis=-1)
    reports = {name: rows_report(x, real, rng) for name, x in (rows | made).items()}
    lines = ["", f"{real.shape[0]} samples beside {beside or _called(data)}:", table(reports), MEANING]
    if tied:
        lines.append(textwrap.fill(f"Most values of {_listed(data, tied)} repeat. A generator makes numbers between them, and so "
                                   "has the row of untied samples: true ones, but each value is moved by lot, by less than half "
                                   "of the way to the next one. It shows how much of a difference is due to that.", 120))
    return "\n".join(lines + _columns(data, reports)), _plain(reports)


def two_lots(data: Any, rng: np.random.Generator, held_out: Any = None) -> tuple[Array, Array]:
    """True samples, and as many others to compare with, both new where the data are endless, else the rows in two halves."""
    if held_out is not None:
        n = min(COMPARED, held_out.shape[0], data.x.shape[-2] if isinstance(data, Points) else COMPARED)
        return data.sample(n, rng), data.apply(rng.permutation(held_out)[:n])
    n = min(COMPARED, data.x.shape[-2] // 2) if isinstance(data, Points) else COMPARED
    both = data.sample(2 * n, rng) if n else np.empty((0, data.dim))
    return both[:n], both[n:]


def _called(data: Any) -> str:
    """What samples are compared with, where nothing else is given."""
    if isinstance(data, Points):
        return "as many of the rows that were learned from (for others:  score RUN --data FILE)"
    return "as many true ones"


def names(data: Any) -> list[str]:
    """What to call the columns."""
    return list(data.columns or [f"column {j + 1}" for j in range(data.dim)])


def _listed(data: Any, some: list[int]) -> str:
    return ", ".join(names(data)[j] for j in some[:LISTED]) + f" and {len(some) - LISTED} more columns" * (len(some) > LISTED)


def _columns(data: Any, reports: dict[str, Any]) -> list[str]:
    """W1 of each column of somebody's own points, those with the largest where there are many."""
    if not isinstance(data, Points) or data.dim < 2 or data.image:
        return []
    *_, last = reports.values()
    shown = sorted(np.argsort(last.w1)[::-1][:SHOWN].tolist())
    few = f", the {SHOWN} largest of {data.dim}" * (data.dim > SHOWN)
    rows = [[names(data)[j], *(f"{report.w1[j]:.4f}" for report in reports.values())] for j in shown]
    return ["", aligned([[f"W1 of each column{few}", *reports], *rows])]


def verdicts(run: Any, held_out: Array) -> str:
    """What D says on average of rows that it has learned from, of held-out rows in their own units, and of generated ones.

    And whether G copies rows of a table, see `metrics.memory_report`. Empty for replicas, and where D judges more rows together
    than there are.
    """
    rng = np.random.default_rng(spawn(run.seeds[3], 2)[1])
    true, new = two_lots(run.data, rng, held_out)
    n = true.shape[0] // run.D.rows * run.D.rows
    if run.G.replicas or n == 0:
        return ""
    lots = {"true samples": true, "held-out rows": new, "generated": sampled(run.generator(), n, rng)}
    said = ", ".join(f"{name} {run.score(run.data.restore(x[:n])).mean():.3f}" for name, x in lots.items())
    probability = run.recipe.loss_object().is_probability
    lines = [f"What D says, the mean {'probability of real' if probability else 'score'}: {said}."]
    if isinstance(run.data, Points):
        made = run.data.settled(sampled(run.generator(), COMPARED, rng))
        lines.append(memory_report(made, run.data.x, run.data.apply(held_out)).verdict)
    return "\n".join(lines)


def caption(run: Any) -> str:
    """Data, settings other than the defaults, seed and scores of a run, in a line."""
    settings = {name: value for name, value in run.recipe.values().items()
                if value != getattr(DEFAULTS, name) and name not in ("data", "seed", "batch", "replicas")}
    said = ", ".join(f"{name} {written(value)}" for name, value in settings.items()) or "by default"
    size = f"{run.data.n_modes} modes" if isinstance(run.data, Mixture) else f"{run.data.dim} columns"
    rows = f", {len(run.data.x)} rows" if isinstance(run.data, Points) else ""
    return (f"Data: {run.data.name}, {size}{rows}.  Settings: {said}.  Batch {run.recipe.batch}, seed {run.recipe.seed}."
            f"{_in_short(run)}")


def _in_short(run: Any) -> str:
    """The scores of the generator that is drawn, for a caption."""
    name = "generated" if run.history.G_ema is None else "generated, averaged"
    parts, scores = [], {table: rows.get(name) for table, rows in (run.scores or {}).items()}
    if scores.get("modes") and "modes_half" in scores["modes"]:
        found = scores["modes"]
        parts.append(f"modes visited {found['modes_visited']} of {run.data.n_modes}, at half share {found['modes_half']}")
    if scores.get("rows"):
        found = scores["rows"]
        parts.append(f"coverage {found['coverage']:.1%}, density {found['density']:.2f}, C2ST {found['c2st']:.1%}")
    return f"  Scores: {', '.join(parts)}." if parts else ""


def _plain(reports: dict[str, Any]) -> dict[str, Any]:
    """Reports as dicts of plain numbers."""
    return {name: {score: np.asarray(value).tolist() for score, value in report._asdict().items()}
            for name, report in reports.items()}
