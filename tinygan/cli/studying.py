"""A study at the command line: from the options to rows, a table and pictures.

    listed()                 the setups and remedies there are, as text
    study(options, folder)   the runs, and in the folder, which must exist:
        study.csv, samples   see `tinygan.study.results`
        table.txt            the table that is printed
        ring-samples.png     what the generators make, for each data set
        ring-intervals.png   counts and means with their intervals
"""

import sys
from contextlib import ExitStack, contextmanager

from .. import data
from ..study import REMEDIES, SETUPS, TABLE, OtherSettings, summary, table, truth_rows
from ..study import study as run_study
from ..study.remedies import with_gamma
from .runs import Misuse

NOTE = """\
In brackets: 95 % intervals, Wilson's for the counts of runs (in %), Student's t for the means. "All visited" are runs that
give every mode at least half of its share of samples, sharp or blurred; "at half share", of samples within 3 standard
deviations. A run that diverged counts as one that found nothing. Scored is the generator after the last step, averaged
where an average is kept."""


def listed():
    """The setups and remedies there are, with what each is."""
    lines = []
    for title, known in (("setups (--setup)", SETUPS), ("remedies (--remedies), on the same networks, data, budget and seeds",
                                                        REMEDIES)):
        wide = max(map(len, known))
        lines += [f"{title}:", *(f"  {name:<{wide}}  {one.about}" for name, one in known.items()), ""]
    return "\n".join(lines[:-1])


def begun(folder):
    """Whether there is a study in the folder already."""
    return (folder / TABLE).is_file()


def study(options, folder):
    """Make the runs that the options name, as far as they are not in the folder, print the table and draw the pictures.

    Raises Misuse for options that do not go together; on Ctrl-C, KeyboardInterrupt that says how many runs there are.
    """
    if len(options.gamma or ()) > 2:
        raise Misuse(f"--gamma takes one number, or two: where it begins and where it ends; got {len(options.gamma)}")
    setup = SETUPS[options.setup]
    changed = {"steps": options.steps, "batch": options.batch, "lr": options.lr, "lr_d": options.lr}
    setup = setup.replace(**{name: value for name, value in changed.items() if value is not None})
    mixtures = {name: data.by_name(name).standardized() for name in options.data}
    names = REMEDIES if "all" in options.remedies else options.remedies
    remedies = {name: with_gamma(REMEDIES[name], options.gamma and tuple(options.gamma)) for name in names}
    total = len(remedies) * len(mixtures) * options.seeds
    print(f"{_of(len(remedies), 'remedy', 'remedies')} x {_of(len(mixtures), 'data set')} x {_of(options.seeds, 'seed')}: "
          f"{_of(total, 'run')} of {setup.recipe.steps:,} steps, setup {setup.name}, in {folder}", flush=True)
    with _bar(total, options.quiet) as told, _carried(options.cluster):
        try:
            rows = run_study(remedies, mixtures, range(options.seeds), setup, folder=folder, replicas=options.replicas,
                             jobs=None if options.cluster else options.jobs, on_row=told)
        except OtherSettings as error:
            raise Misuse(f"{error}, or another --out") from None
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"{told.done} of {_of(total, 'run')} are in {folder}. The same command with --out {folder} "
                                    "makes the others") from None
    summaries = summary(rows, mixtures)
    text = f"{table(summaries, mixtures)}\n\n{NOTE}"
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\nWritten:", *_drawn(rows, summaries, mixtures, folder), sep="\n", flush=True)


def _drawn(rows, summaries, mixtures, folder):
    """The pictures, written; a line for each file of the study."""
    from .. import plots

    yield from (f"  {folder / name}" for name in (TABLE, "table.txt"))
    for where, mixture in mixtures.items():
        here = [row for row in rows if row.data == where]
        here = truth_rows({where: mixture}, sorted({row.seed for row in here})[:plots.study.COLUMNS]) + here
        mine = {name: one for (place, name), one in summaries.items() if place == where}
        for what, figure in (("samples", plots.remedies(here, mixture)), ("intervals", plots.intervals(mine, mixture.n_modes))):
            yield f"  {plots.save(figure, folder / f'{where}-{what}.png')}"


def _of(n, thing, things=None):
    return f"{n:,} {thing if n == 1 else things or thing + 's'}"


@contextmanager
def _bar(total, quiet):
    """A function to be told of every row that is finished, which moves a bar; `done` counts them."""
    from tqdm import tqdm

    shape = "{percentage:3.0f}%|{bar:12}| {n_fmt}/{total_fmt} runs [{elapsed}<{remaining}{postfix}]"
    with tqdm(total=total, disable=True if quiet else None, bar_format=shape, file=sys.stderr) as bar:
        def told(row):
            told.done += 1
            if row.diverged is None:
                bar.set_postfix_str(f"{row.remedy}, {row.data}, seed {row.seed}: modes {row.judged.modes_visited}", refresh=False)
            bar.update()

        told.done = 0
        yield told


@contextmanager
def _carried(cluster):
    """Here joblib's work goes to the Dask scheduler at the address `cluster`, unless that is None."""
    with ExitStack() as stack:
        if cluster is not None:
            try:
                from distributed import Client
                from joblib import parallel_config
            except ImportError as error:
                raise Misuse(f"--cluster needs Dask ({error}). Install it with:  pip install 'tinygan[cluster]'") from None
            try:
                stack.enter_context(Client(cluster, timeout=10))
            except (OSError, ValueError) as error:
                raise Misuse(f"no Dask scheduler answers at {cluster}: {error}") from None
            stack.enter_context(parallel_config(backend="dask"))
        yield
