"""How well `tinygan train --data X.csv` does without any other option, on the tables that scikit-learn ships.

    python tests/benchmarks/own_tables.py [SEEDS]      by default 3; about eight minutes of processor time

Half of the rows of each table are learned, and the other half judges. C2ST is how often a nearest-neighbour classifier tells
generated rows from the held-out ones; its floor is what it says of the rows that were learned. Both are means over 10 draws, in
standard deviations of the columns. "plain" are the same settings without R1 and R2, and "z of 2" the settings for data that
tinygan makes itself. The bar: within 0.1 of the floor in the mean over the seeds, on at least 8 of the tables.
"""

import sys

import numpy as np
from sklearn import datasets
from threadpoolctl import threadpool_limits

from tinygan import data, metrics
from tinygan.metrics.tables import aligned
from tinygan.recipe import Recipe, seeds_of

BAR, DRAWS, ROWS = .1, 10, 1000


def tables():
    """name -> rows: the tables that scikit-learn ships, and 1000 rows of each cloud that it makes."""
    names = ("iris", "wine", "breast_cancer", "diabetes", "linnerud", "digits")
    shipped = {name: getattr(datasets, f"load_{name}")().data for name in names}
    return shipped | {
        "moons": datasets.make_moons(ROWS, noise=.05, random_state=0)[0],
        "circles": datasets.make_circles(ROWS, noise=.05, factor=.5, random_state=0)[0],
        "blobs": datasets.make_blobs(ROWS, random_state=0)[0],
        "s_curve": datasets.make_s_curve(ROWS, noise=.05, random_state=0)[0],
        "swiss_roll": datasets.make_swiss_roll(ROWS, noise=.25, random_state=0)[0]}


def judged(x, seed, settings):
    """The C2ST of a generator that learned half of x, and its floor."""
    rng = np.random.default_rng([seed, 17])
    order, half = rng.permutation(len(x)), len(x) // 2
    learned, held_out = data.from_array(x[order[:half]]), x[order[half:2 * half]]
    recipe = settings(Recipe(seed=seed), learned)
    points, seeds = learned.standardized(), seeds_of(seed)
    G, D = recipe.networks(points.dim, seeds)
    recipe.training(G, D, points, seeds[2]).run(progress=False)
    real = points.apply(held_out)
    made = (points.settled(G(rng.standard_normal((half, G.d_in)))) for _ in range(DRAWS))
    scores = [metrics.c2st(x, real, rng).accuracy for x in made]
    floors = [metrics.c2st(points.x, real, rng).accuracy for _ in range(DRAWS)]
    return np.mean(scores), np.mean(floors)


SETTINGS = {"as it is": lambda recipe, points: recipe.for_table(points),
            "plain": lambda recipe, points: recipe.for_table(points, ("r1", "r2")),
            "z of 2": lambda recipe, points: recipe}


def main(seeds=3):
    rows = [("table", "rows", "columns", "floor", *SETTINGS, "above the floor", "of the seeds")]
    within = dict.fromkeys(SETTINGS, 0)
    for name, x in tables().items():
        scores = {way: np.array([judged(x, seed, settings) for seed in range(seeds)])
                  for way, settings in SETTINGS.items()}
        above = {way: score[:, 0] - score[:, 1] for way, score in scores.items()}
        for way in SETTINGS:
            within[way] += above[way].mean() < BAR
        rows.append((name, *map(str, x.shape), f"{scores['as it is'][:, 1].mean():.3f}",
                     *(f"{scores[way][:, 0].mean():.3f}" for way in SETTINGS), f"{above['as it is'].mean():+.3f}",
                     " ".join(f"{each:+.3f}" for each in above["as it is"])))
        print(name, file=sys.stderr)
    print(f"C2ST of rows that a GAN made and its floor, means over {seeds} seeds; the last two columns are of \"as it is\"\n")
    print(aligned(rows))
    print("\nwithin .1 of the floor:", ", ".join(f"{way} {count} of {len(rows) - 1}" for way, count in within.items()))


if __name__ == "__main__":
    with threadpool_limits(1):
        main(*map(int, sys.argv[1:]))
