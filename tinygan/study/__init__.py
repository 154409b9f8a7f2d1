"""One experiment over many seeds and remedies, in four files. Read them in this order.

    remedies   setups and remedies: what all runs share, and what each remedy changes
    groups     a group of seeds trained side by side, and what is kept of each run
    results    the table on the disk, to which runs are added as they finish
    summaries  counts and means, with their intervals

and `run_study`, which puts them together. For a look at three remedies:

    from tinygan.study import REMEDIES, SETUPS, run_study, summary, summary_table

    ring = {"ring": data.ring().standardized()}
    some = {name: REMEDIES[name] for name in ("plain", "packing_2", "relativistic_r1_r2")}
    rows = run_study(some, ring, range(8), SETUPS["collapse"], replicas=4, jobs=2)
    print(summary_table(summary(rows, ring), ring))

The work is shared out by joblib, which fixes no place for it. The very same study goes to a cluster of many machines, with equal
results, where joblib is told so:

    from distributed import Client                      # pip install "tinygan[cluster]"

    with Client("tcp://scheduler:8786"), joblib.parallel_config(backend="dask"):
        rows = run_study(some, ring, range(1000), SETUPS["collapse"], folder="thousand")
"""

import os
import shutil
from contextlib import closing, nullcontext
from pathlib import Path

from ..engine.arguments import count
from ..engine.machine import processes
from ..files import lock
from ..saving import EVERY
from .groups import TRUTH, Row, check_study, groups_of, train_group, truth_rows
from .remedies import REMEDIES, SETUPS, Remedy, Setup
from .results import TABLE, UNFINISHED, OtherSettings, Results
from .summaries import BARS, Bars, Interval, Summary, mean_interval, summary, summary_table, wilson

__all__ = ["BARS", "REMEDIES", "SETUPS", "TABLE", "TRUTH", "Bars", "Interval", "OtherSettings", "Remedy", "Row", "Setup",
           "Summary", "mean_interval", "run_study", "summary", "summary_table", "truth_rows", "wilson"]


def run_study(remedies, data, seeds, setup, *, folder=None, replicas=1, jobs=None, on_row=None, every=EVERY):
    """Train every remedy on every data set with every seed, and return a `Row` for each, in that order.

    remedies   a dict from names to Remedy, such as a part of REMEDIES
    data       a dict from names to Mixture, standardised where networks are to like them
    seeds      ints; one run for each
    setup      a Setup, such as SETUPS["collapse"]
    folder     where the results are kept, an existing folder; runs that are there already are not made again. None means nowhere
    replicas   seeds that are trained side by side in one process, 1 to about 16, with less overhead each
    jobs       processes at a time; None leaves it to joblib, which uses one unless `joblib.parallel_config` says otherwise
    on_row     called as on_row(row) in this process as each run is finished, and first of all for those that were there
    every      after how many steps unfinished runs are written down, in the folder; the next study there goes on with them

    The results do not depend on `replicas`, on `jobs`, or on where the work is done, to the last bit on machines of one kind. A
    run that diverges is a row as well. Raises TypeError or ValueError, before anything is trained, for settings that cannot be.
    Raises `InUse` for a folder that another study is writing into, and `OtherSettings` for one that holds runs of another kind
    (see `tinygan.study.results`).
    """
    seeds = [count("seed", seed, 0) for seed in seeds]
    replicas, every = count("replicas", replicas), count("every", every)
    check_study(remedies, data, seeds, setup)
    with nullcontext() if folder is None else lock(folder):
        results = None if folder is None else Results(folder, remedies, data, setup)
        keys = [(name, where, seed) for where in data for name in remedies for seed in seeds]
        rows = {key: results.rows[key] for key in keys if results and key in results.rows}
        report = on_row or (lambda row: None)
        for row in rows.values():
            report(row)
        groups = groups_of(remedies, data, seeds, setup, replicas, rows)
        unfinished = None if folder is None else Path(os.path.abspath(folder)) / UNFINISHED
        # One writer: the rows come back here, and only this process has the table open.
        with closing(_trained(groups, jobs, unfinished, every)) as finished:
            for group_rows in finished:
                for row in group_rows:
                    if results:
                        results.append(row)
                    rows[row.key] = row
                    report(row)
        if unfinished:
            shutil.rmtree(unfinished, ignore_errors=True)
    return [rows[key] for key in keys]


def _trained(groups, jobs, folder, every):
    """Yield the rows of each group as they become ready."""
    from joblib import delayed

    work = (delayed(_apart)(group, os.getpid(), folder, every) for group in groups)
    with closing(processes(jobs, work)) as finished:
        yield from finished


def _apart(group, caller, folder, every):
    """`train_group`; unfinished runs are kept where this process has the same disk as the calling one."""
    path = folder / f"{group.data_name}-{group.name}-{group.seeds[0]}.npz" if folder else None
    try:
        rows = train_group(group, path if caller in (os.getpid(), os.getppid()) else None, every)
    except SystemExit:
        os._exit(1)  # nobody is there any more to hear of it
    return rows
