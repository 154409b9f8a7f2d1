"""Which scores of the family's studies are drawn on their pages, and what a picture of them says in words.

    SHOWN[name]     (column of the study's file, what it is, how the axis counts) of each panel
    TRUTH[name]     the control whose score is a line: what real data, or the method to compare with, have
    rows(name)      {row: runs} that have one of these columns
    seen(name)      the picture in words
"""

import statistics

import studies

SHOWN = {
    "family_bigan": (("class kept", "class kept in what comes back", "linear"), ("coverage", "coverage of G", "linear")),
    "family_conditional": (("agreement", "read as the class asked for", "linear"), ("coverage", "coverage", "linear")),
    "family_dcgan": (("coverage", "coverage", "linear"), ("frechet", "Frechet distance", "log")),
    "family_discogan": (("return A", "of A, back in their own mode", "linear"), ("modes of B", "modes of B", "linear")),
    "family_infogan": (("nmi", "NMI of code and class", "linear"), ("read_nmi", "NMI of what Q reads", "linear")),
    "family_memory": (("nearer", "nearer to a training image", "linear"), ("copies", "copies", "linear")),
    "family_pictures": (("coverage", "coverage", "linear"), ("ms a step", "milliseconds a step", "linear")),
    "family_stackgan": (("all three", "all three words right", "linear"), ("coverage", "coverage", "linear")),
    "family_stylegan": (("w - z", "class read from w, minus from z", "linear"), ("coarse/fine", "coarse over fine", "linear")),
    "family_superres": (("MSE", "mean square error", "linear"), ("frechet", "Frechet distance", "log")),
}
TRUTH = {"family_bigan": "PCA with as many components", "family_conditional": "real digits", "family_dcgan": "real digits",
         "family_infogan": "", "family_memory": "planted: new images", "family_discogan": "", "family_pictures": "real patches",
         "family_stackgan": "real images", "family_stylegan": "", "family_superres": "real images"}


def rows(name):
    """{row: its runs}, of those rows that have one of the columns that are drawn."""
    columns = [column for column, _, _ in SHOWN[name]]
    return {row: runs for row, runs in studies.rows_of(name)[0].items() if any(column in runs[0] for column in columns)}


def seen(name):
    """What can be seen, for who cannot see it: the medians of each row."""
    panels = []
    for column, what, _ in SHOWN[name]:
        medians = {row: statistics.median(run[column] for run in runs) for row, runs in rows(name).items() if column in runs[0]}
        panels.append(f"{what}: " + ", ".join(f"{row} {studies.written(value, column)}" for row, value in medians.items()))
    title = name.removeprefix("family_").capitalize()
    return f"{title}. A dot for each run, a line for each row of the table, two scores. Medians of {'. Of '.join(panels)}"
