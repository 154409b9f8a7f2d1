"""A study at the command line, from the options to rows, a table and pictures.

    listed()                     the setups and remedies there are, as text
    carry_out(options, folder)   the runs, and in the folder, which must exist:
        study.csv, samples       see `tinygan.study.results`
        table.txt                the table that is printed
        ring-samples.png         what the generators make, for each data set
        ring-intervals.png       counts and means with their intervals
"""

import sys
from contextlib import ExitStack, contextmanager

from .. import data
from ..files import atomic_write
from ..metrics import accuracy_floor
from ..metrics.tables import aligned
from ..study import BARS, REMEDIES, SETUPS, TABLE, OtherSettings, run_study, summary, summary_table, truth_rows
from ..study.groups import SCORED
from ..study.remedies import with_gamma
from .learning import Stopped
from .run_files import Misuse

FLOOR = "{:.1%} to {:.1%}".format(*accuracy_floor(SCORED))
NOTE = f"""\
In brackets: 95 % intervals, Wilson's for the counts of runs (in %), Student's t for the means. "All visited" are runs that
give every mode at least half of its share of samples, sharp or blurred; "at half share", of samples within 3 standard
deviations. A run that diverged counts as one that found nothing. Scored is the generator after the last step, averaged
where an average is kept.

"Spread" is the modes' width, 1 in the truth; below 1 they are too narrow, however high the quality. "1-NN" and "classifier" are
how often two classifiers tell samples from as many true ones: 50 % where they cannot, {FLOOR} for 95 % of true samples.
"All bars" are runs that meet all of these bars together:
  {BARS}."""


def listed():
    """The setups and remedies there are, with what each is."""
    lists = {"setups (--setup)": SETUPS, "remedies (--remedies), on the same networks, data, budget and seeds": REMEDIES}
    return "\n\n".join(f"{title}:\n{aligned([(f'  {name}', entry.about) for name, entry in entries.items()], left=2)}"
                       for title, entries in lists.items())


def begun(folder):
    """Whether there is a study in the folder already."""
    return (folder / TABLE).is_file()


def carry_out(options, folder):
    """Make the runs that the options name, as far as they are not in the folder, print the table and draw the pictures.

    Raises Misuse for options that do not go together; on Ctrl-C, KeyboardInterrupt that says how many runs there are.
    """
    changed = {"steps": options.steps, "batch": options.batch, "lr": options.lr, "lr_d": options.lr}
    setup = SETUPS[options.setup].replace(**{name: value for name, value in changed.items() if value is not None})
    mixtures = {name: data.by_name(name).standardized() for name in options.data}
    names = REMEDIES if "all" in options.remedies else options.remedies
    remedies = {name: with_gamma(REMEDIES[name], options.gamma) for name in names}
    total = len(remedies) * len(mixtures) * options.seeds
    print(f"{_of(len(remedies), 'remedy', 'remedies')} x {_of(len(mixtures), 'data set')} x {_of(options.seeds, 'seed')}: "
          f"{_of(total, 'run')} of {setup.recipe.steps:,} steps, setup {setup.name}, in {folder}", flush=True)
    with _bar(total, options.quiet) as bar, _carried(options.cluster):
        try:
            rows = run_study(remedies, mixtures, range(options.seeds), setup, folder=folder, replicas=options.replicas,
                             jobs=None if options.cluster else options.jobs, on_row=bar.show, every=options.every)
        except OtherSettings as error:
            raise Misuse(f"{error}, or another --out") from None
        except KeyboardInterrupt as stop:
            raise Stopped(getattr(stop, "name", "Ctrl-C"), f"{bar.rows} of {_of(total, 'run')} are in {folder}. The same command "
                          f"with --out {folder} makes the others") from None
    summaries = summary(rows, mixtures)
    text = f"{summary_table(summaries, mixtures)}\n\n{NOTE}"
    with atomic_write(folder / "table.txt") as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\nWritten:", *_drawn(rows, summaries, mixtures, folder), sep="\n", flush=True)


def _drawn(rows, summaries, mixtures, folder):
    """The pictures, written; a line for each file of the study."""
    from .. import plots

    yield from (f"  {folder / name}" for name in (TABLE, "table.txt"))
    for where, mixture in mixtures.items():
        here = [row for row in rows if row.data == where]
        here = truth_rows({where: mixture}, sorted({row.seed for row in here})[:plots.comparison.COLUMNS]) + here
        summaries_here = {name: found for (place, name), found in summaries.items() if place == where}
        figures = {"samples": plots.remedies(here, mixture), "intervals": plots.intervals(summaries_here, mixture.n_modes)}
        for picture, figure in figures.items():
            yield f"  {plots.save(figure, folder / f'{where}-{picture}.png')}"


def _of(n, thing, things=None):
    return f"{n:,} {thing if n == 1 else things or thing + 's'}"


class _Rows:
    """A progress bar whose `show` is called with every row that is finished; `rows` counts them."""

    def __init__(self, bar):
        self.bar, self.rows = bar, 0

    def show(self, row):
        self.rows += 1
        if row.diverged is None:
            state = f"{row.remedy}, {row.data}, seed {row.seed}: modes {row.judged.modes_visited}"
            self.bar.set_postfix_str(state, refresh=False)
        self.bar.update()


@contextmanager
def _bar(total, quiet):
    """The progress bar of a study of `total` runs."""
    from tqdm import tqdm

    shape = "{percentage:3.0f}%|{bar:12}| {n_fmt}/{total_fmt} runs [{elapsed}<{remaining}{postfix}]"
    with tqdm(total=total, disable=True if quiet else None, bar_format=shape, file=sys.stderr) as bar:
        yield _Rows(bar)


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
