"""How near generated samples come to true ones, in nine files. Read them in this order.

    modes     which modes are there, how sharp, how evenly filled: `mode_report` and what it counts
    line      one dimension: W1 and the Jensen-Shannon divergence
    clouds    whole distributions: coverage and density, MMD, JS in the plane, a classifier's test
    bivariate the exact probability of the cells by which JS is counted in the plane
    yardstick modes, width and two classifiers in one report: `full_report`, which a study shows
    rows      any rows against true ones, without a known density: `rows_report`
    memory    is the training set copied?
    images    images of several classes: the class that was asked for, coverage, the Frechet distance; and known failures
    tables    reports side by side

What true samples score is not perfect either, so each kind of report has theirs to stand beside it, `truth_report`,
`truth_report_1d`, `truth_cloud_report`, `truth_full_report`, `ImageJudge.real`, and in a MemoryReport the numbers of new rows.
Everything public can be imported from here.
"""

from .clouds import (
    C2ST,
    CloudReport,
    CoverageDensity,
    c2st,
    cloud_report,
    coverage_and_density,
    js_2d,
    mmd2,
    scales,
    truth_cloud_report,
)
from .images import ImageJudge, ImageReport, digit_judge, frechet
from .line import LineReport, jensen_shannon, js_1d, report_1d, truth_report_1d, wasserstein_1d
from .memory import MemoryReport, memory_report
from .modes import ModeCounts, ModeReport, mode_counts, mode_report, modes_found, truth_report
from .rows import RowsReport, rows_report, tied_columns, untied
from .tables import table
from .yardstick import FullReport, accuracy_floor, full_report, truth_full_report

__all__ = [
    "C2ST", "CloudReport", "CoverageDensity", "FullReport", "ImageJudge", "ImageReport", "LineReport", "MemoryReport",
    "ModeCounts", "ModeReport", "RowsReport", "accuracy_floor", "c2st", "cloud_report", "coverage_and_density",
    "digit_judge", "frechet", "full_report", "jensen_shannon", "js_1d", "js_2d", "memory_report", "mmd2", "mode_counts",
    "mode_report", "modes_found", "report_1d", "rows_report", "scales", "table", "tied_columns", "truth_cloud_report",
    "truth_full_report", "truth_report", "truth_report_1d", "untied", "wasserstein_1d",
]
