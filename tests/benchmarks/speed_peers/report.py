"""The numbers as text and as a picture: ratios with their spread, beside the bars that they have to clear."""

import statistics
from typing import NamedTuple

OURS = "tinygan"


class Bar(NamedTuple):
    """What is asked of one number: at least `must`, or at most where `at_most`; `record` is hoped for, or None."""

    what: str
    must: float
    record: float | None = None
    at_most: bool = False

    def verdict(self, value):
        def reached(bar):
            return value <= bar if self.at_most else value >= bar

        if self.record is not None and reached(self.record):
            return "record"
        return "met" if reached(self.must) else "MISSED"


def step_bars(case):
    """[(peer, Bar)] on the step's time at this case: the peer's over tinygan's, or the other way round where `at_most`."""
    size, found = (case.width, case.hidden), []
    torch = {"W1": {(32, 2): (4.3, 5.5), (64, 2): (2.8, 3.5), (128, 2): (1.6, 1.9), (128, 3): (1.5, 1.8)},
             "W2": {(64, 2): (2.3, 3), (128, 3): (1.35, 1.6)}}
    if size in torch[case.workload]:
        found.append(("PyTorch", Bar("PyTorch eager takes", *torch[case.workload][size])))
    if case.workload == "W1":
        call = {(32, 2): (1.35, 1.8), (64, 2): (1.15, 1.4), (128, 2): (1.1, 1.2)}
        scan = {(32, 2): (1.6, 1.3), (64, 2): (1.7, 1.35), (128, 2): (1.25, 1.1)}
        floor = {(32, 2): (3.7, 3), (64, 2): (2.4, 2), (128, 2): (1.55, 1.4), (256, 3): (1.3, 1.2)}
        plain = {(32, 2): (1.5, 2), (128, 2): (1.12, 1.25)}
        if size in call:
            found.append(("JAX, a call a step", Bar("JAX, a call a step, takes", *call[size])))
        if size in scan:
            found.append(("JAX, scan", Bar("of JAX's scan it takes", *scan[size], at_most=True)))
        if size in floor:
            found.append(("floor", Bar("of the floor it takes", *floor[size], at_most=True)))
        if size in plain:
            found.append(("tinygan, plain", Bar("without replay it takes", *plain[size])))
    return found


def ratio(above, below, clock):
    """(ratio of medians, smallest and largest ratio within a round) of two contestants' times."""
    each = [a / b for a, b in zip(above[clock], below[clock], strict=True)]
    return statistics.median(above[clock]) / statistics.median(below[clock]), min(each), max(each)


def micro(row, clock):
    return f"{1e6 * statistics.median(row[clock]):,.0f}"


def line(bar, value, low, high, unit="x"):
    """One bar and what was measured."""
    sign = "<=" if bar.at_most else ">="
    record = "" if bar.record is None else f", record {bar.record:g}"
    spread = "" if low is None else f" ({low:.2f} to {high:.2f})"
    return f"    {bar.what:<42}{value:>7.2f}{unit}{spread:<18} {bar.verdict(value):<7} must {sign} {bar.must:g}{record}"


def race_text(case, found, clock):
    """All peers of one case: microseconds a step, times tinygan's, faults; then the bars."""
    lines = [f"{case.workload}, {case.size}", f"    {'':<24}{'us a step':>10}{'CPU us':>10}{'of tinygan':>11}{'spread':>15}"
             f"{'CPU ratio':>11}{'faults':>8}"]
    for name, row in found.items():
        value, low, high = ratio(row, found[OURS], "wall")
        lines.append(f"    {name:<24}{micro(row, 'wall'):>10}{micro(row, 'cpu'):>10}{value:>10.2f}x{low:>7.2f} to{high:>5.2f}"
                     f"{ratio(row, found[OURS], 'cpu')[0]:>10.2f}x{statistics.median(row['faults']):>8.1f}")
    for peer, bar in step_bars(case):
        if peer in found:
            above, below = (found[OURS], found[peer]) if bar.at_most else (found[peer], found[OURS])
            lines.append(line(bar, *ratio(above, below, clock)))
    faults = statistics.median(found[OURS]["faults"])
    lines.append(line(Bar("page faults a step", 0, at_most=True), faults, None, None, unit=" "))
    return "\n".join(lines)


def threads_text(found):
    """What each peer counted of its cores and threads."""
    lines = ["cores and threads, as each process counts its own:"]
    return "\n".join(lines + [f"    {name:<24}" + ", ".join(f"{what} {n}" for what, n in row["threads"].items())
                              for name, row in found.items()])


def replicas_text(case, found, clock):
    """A replica's step beside a single run's, and beside JAX's vmap and scan."""
    lines = [f"{case.replicas} replicas, {case.workload}, {case.size}: microseconds for one step of one replica"]
    each = {name: {key: [value / (case.replicas if "replicas" in name else 1) for value in row[key]] for key in ("wall", "cpu")}
            for name, row in found.items()}
    lines += [f"    {name:<36}{micro(row, 'wall'):>8}{micro(row, 'cpu'):>10} CPU" for name, row in each.items()]
    lines.append(line(Bar("of a single run's step it takes", 1, at_most=True),
                      *ratio(each["tinygan, replicas"], each["tinygan, single"], clock)))
    bars = case.width == 32
    if "plain, replicas" in each:
        lines.append(line(Bar("without replay it takes", 1.2 if bars else 1, 1.4 if bars else None),
                          *ratio(each["plain, replicas"], each["tinygan, replicas"], clock)))
    if "JAX, replicas" in each:
        lines.append(line(Bar("of JAX vmap + scan it takes", 1.9 if bars else 3, 1.5 if bars else None, at_most=True),
                          *ratio(each["tinygan, replicas"], each["JAX, replicas"], clock)))
    return "\n".join(lines)


def whole_text(case, found, steps):
    """Processes from start to end: seconds and memory; the quickest peer is the one to beat in both."""
    lines = [f"a process of {steps:,} steps, {case.workload}, {case.size}: seconds from start to end, peak memory"]
    middle = {name: (statistics.median(row["wall"]), statistics.median(row["peak"])) for name, row in found.items()}
    lines += [f"    {name:<24}{wall:>8.2f} s{peak / 2**20:>8.0f} MiB" for name, (wall, peak) in middle.items()]
    others = {name: pair for name, pair in middle.items() if not name.startswith(OURS)}
    if others:
        quickest = min(others, key=lambda name: others[name][0])
        lines.append(line(Bar(f"quickest peer ({quickest}), time", 4, 5), others[quickest][0] / middle[OURS][0], None, None))
        lines.append(line(Bar("of its memory it takes", .2, at_most=True), middle[OURS][1] / others[quickest][1], None, None))
    return "\n".join(lines)


LOOK = {"PyTorch": ("#E69F00", "o"), "PyTorch, foreach Adam": ("#A6761D", "o"), "JAX, a call a step": ("#CC79A7", "s"),
        "JAX, scan": ("#56B4E9", "D"), "autograd": ("#999999", "^"), "floor": ("black", "v")}


def picture(races, clock, path):
    """Ratio of each peer's step to tinygan's by size, one panel for each workload, logarithmic; bars from least to most."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from tinygan import plots

    titles = {"W1": "W1: non-saturating, ring", "W2": "W2: relativistic, R1 + R2, grid"}
    with plots.style():
        panels = sorted({case.workload for case, _ in races})
        fig, axes = plt.subplots(1, len(panels), figsize=(4.6 * len(panels), 4.4), sharey=True, squeeze=False)
        for ax, workload in zip(axes[0], panels, strict=True):
            mine = [(case, found) for case, found in races if case.workload == workload]
            for shift, name in enumerate(LOOK):
                points = [(i, *ratio(found[name], found[OURS], clock)) for i, (_, found) in enumerate(mine) if name in found]
                if points:
                    x, y, low, high = zip(*points, strict=True)
                    x = [i + .07 * (shift - 2.5) for i in x]  # side by side, so that no spread hides another
                    colour, marker = LOOK[name]
                    ax.vlines(x, low, high, colors=colour, lw=1)
                    ax.plot(x, y, marker=marker, color=colour, ls="--" if name == "floor" else "-", lw=1, ms=5,
                            label="matrix products alone" if name == "floor" else name)
            ax.axhline(1, color="black", lw=.8, label="tinygan")
            ax.set(yscale="log", title=titles[workload], xlim=(-.5, len(mine) - .5))
            ax.set_xticks(range(len(mine)), [f"{case.width} x {case.hidden}\n{case.batch}" for case, _ in mine], fontsize=8)
            ax.set_xlabel("width x hidden layers, and batch below")
            ticks = [t for t in (.1, .2, .5, 1, 2, 5, 10, 20, 50) if ax.get_ylim()[0] <= t <= ax.get_ylim()[1]]
            ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
            ax.minorticks_off()
        axes[0, 0].set_ylabel("time of a step, times tinygan's")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside lower center", ncols=4)
        plots.save(fig, path)
