"""How near generated samples come to true ones, in four files. Read them in this order.

    modes     which modes are there, how sharp, how evenly filled: `mode_report` and what it counts
    line      one dimension: W1 and the Jensen-Shannon divergence
    clouds    whole distributions: coverage and density, MMD, JS in the plane, a classifier's test
    tables    reports side by side

Each report has a second function, `truth_report`, `truth_report_1d` or `truth_cloud_report`, that scores true samples: their
scores are not perfect either, so read the two side by side. Everything public can be imported from here.
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
from .line import LineReport, jensen_shannon, js_1d, report_1d, truth_report_1d, wasserstein_1d
from .modes import ModeCounts, ModeReport, mode_counts, mode_report, modes_found, truth_report
from .tables import table

__all__ = [
    "C2ST", "CloudReport", "CoverageDensity", "LineReport", "ModeCounts", "ModeReport", "c2st", "cloud_report",
    "coverage_and_density", "jensen_shannon", "js_1d", "js_2d", "mmd2", "mode_counts", "mode_report", "modes_found", "report_1d",
    "scales", "table", "truth_cloud_report", "truth_report", "truth_report_1d", "wasserstein_1d",
]
