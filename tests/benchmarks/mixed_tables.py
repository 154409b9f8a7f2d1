"""How well `tinygan train --data X.csv --categorical class` does on tables with a class that scikit-learn ships.

    python tests/benchmarks/mixed_tables.py [SEEDS]      by default 3; about a minute of processor time

Half of the rows of each table are learned, and the other half judges. "C2ST" is how often a nearest-neighbour classifier tells
generated rows from the held-out ones, a mean over 10 draws. Its floor is what it says of the rows that were learned. "fits" is
how often the class of a row is the one that its numbers tell to a classifier that knows the held-out rows (the five nearest
ones, in standard deviations of the columns). "shares" is the largest difference between the share of a class among the
generated rows and among those that were learned. "without softmax" are the same settings with a generator whose one-hot columns
are any numbers; the largest one is the class, as with softmax. "by lot" are the learned rows with classes in random order.
"""

import sys

import numpy as np
from sklearn import datasets
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from tinygan import data, metrics
from tinygan.metrics.tables import aligned
from tinygan.recipe import Recipe, seeds_of
from tinygan.sampling import sampled

DRAWS, MADE = 10, 2000
TABLES = ("iris", "wine", "breast_cancer")
WAYS = {"softmax": lambda points: points.groups, "without softmax": lambda points: ()}


def halves(name, seed):
    """The rows of a table with its class as the last column, in two halves: data.Mixed, and the other rows (n, dim)."""
    loaded = getattr(datasets, f"load_{name}")()
    records = np.rec.fromarrays([*loaded.data.swapaxes(0, 1), loaded.target], names=[*loaded.feature_names, "class"])
    whole = data.from_array(np.asarray(records), name, categorical=["class"])
    order, half = np.random.default_rng([seed, 17]).permutation(len(whole.x)), len(whole.x) // 2
    return data.Mixed(whole.table[order[:half]], name, whole.headings, whole.categories), whole.x[order[half:2 * half]]


def judge(points, held_out):
    """A function of standardised rows: the share of rows whose class fits their numbers."""
    numbers = len(points.numbers)
    knows = KNeighborsClassifier(5).fit(held_out[:, :numbers], held_out[:, numbers:].argmax(axis=-1))
    return lambda x: np.mean(knows.predict(x[:, :numbers]) == x[:, numbers:].argmax(axis=-1))


def judged(name, seed):
    """way -> (C2ST, fits, shares), with the learned rows among the ways."""
    learned, held_out = halves(name, seed)
    rng, points, seeds = np.random.default_rng([seed, 19]), learned.standardized(), seeds_of(seed)
    real, half, numbers = points.apply(held_out), len(held_out), len(learned.numbers)
    fits, recipe = judge(points, real), Recipe(seed=seed).for_table(learned)

    def scores(draw):
        test = np.mean([metrics.c2st(draw(half), real, rng).accuracy for _ in range(DRAWS)])
        x = draw(MADE)
        return test, fits(x), np.abs((x - points.x.mean(axis=0)).mean(axis=0)[numbers:]).max()

    lot = np.concatenate([points.x[:, :numbers], rng.permutation(points.x[:, numbers:])], axis=-1)
    found = {"learned rows": scores(lambda n: points.x), "by lot": scores(lambda n: lot)}
    for way, groups in WAYS.items():
        G, D = recipe.networks(points.dim, seeds, groups=groups(points))
        recipe.training(G, D, points, seeds[2]).run(progress=False)
        found[way] = scores(lambda n, G=G: points.settled(sampled(G, n, rng)))
    return found


def main(seeds=3):
    rows = [("table", "", "C2ST", "of the seeds", "fits", "of the seeds", "shares")]
    for name in TABLES:
        runs = [judged(name, seed) for seed in range(seeds)]
        for way in runs[0]:
            tests, fits, shares = np.array([run[way] for run in runs]).swapaxes(0, 1)
            rows.append((name, way, f"{tests.mean():.3f}", " ".join(f"{each:.3f}" for each in tests),
                         f"{fits.mean():.3f}", " ".join(f"{each:.3f}" for each in fits), f"{shares.mean():.3f}"))
        print(name, file=sys.stderr)
    print(f"Rows with a class, of the learned half and of a GAN: means over {seeds} seeds, and each seed\n")
    print(aligned(rows, left=2))


if __name__ == "__main__":
    with threadpool_limits(1):
        main(*map(int, sys.argv[1:]))
