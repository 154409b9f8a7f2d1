"""The histogram that ate its data.

A beautiful page lets you watch a GAN train in the browser, and draws how far the generated points are from the true ones, as
KL and JS divergence between two histograms. The histogram of the true points sums to about a third instead of 1: of 450
points, some 300 are nowhere. The curves fall while the GAN learns, so they look as one expects.

Source: poloclub/ganlab, demo/ganlab_evaluators.ts (createGridsForTrue), at the time of writing. `splice` below does what
JavaScript's does.

Promised: the share of the first n points in each of cells x cells squares of the unit square, share[row, column] with the row
from y and the column from x. The list is x_0, y_0, x_1, y_1, ..., and more points than the first n.
    points (2 M,), n and cells ints, n <= M  ->  share (cells, cells), which sums to 1
"""

import numpy as np


def splice(values, start, count):
    """Cut `count` entries out of a list, beginning at `start`, and return them (fewer, if it ends before)."""
    taken = values[start:start + count]
    del values[start:start + count]
    return taken


def true_histogram(points, n, cells):
    values = points.tolist()
    share = np.zeros((cells, cells))
    for i in range(n):
        point = splice(values, 2 * i, 2 * i + 2)
        if point:
            x, y = point[:2]
            share[int(y * cells), int(x * cells)] += 1 / n
    return share
