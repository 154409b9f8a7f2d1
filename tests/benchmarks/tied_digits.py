"""Why the digits are the one table of own_tables.py that misses its bar: what ties do to C2ST, and what wider networks do.

    python tests/benchmarks/tied_digits.py [SEED ...]      by default 0 1 2; about half a minute of processor time for each

As in own_tables.py half of the rows are learned, and the other half judges. Each number is a C2ST less its floor, the mean of 10
draws. "learned rows, moved" are the learned rows themselves, with less than half a unit added to each pixel, which a generator's
real numbers have as well. "rounded" is what `tinygan sample --like-data` writes.
"""

import sys

import numpy as np
from own_tables import DRAWS, tables
from threadpoolctl import threadpool_limits

from tinygan import data, metrics
from tinygan.metrics.tables import aligned
from tinygan.recipe import Recipe, seeds_of

WIDTHS = {"64 64 64": (64, 64, 64), "128 128 128": (128, 128, 128)}


def judged(seed):
    """What is judged -> its C2ST less the floor."""
    x, rng = tables()["digits"], np.random.default_rng([seed, 17])
    order, half = rng.permutation(len(x)), len(x) // 2
    learned = data.from_array(x[order[:half]])
    points, seeds = learned.standardized(), seeds_of(seed)
    real = points.apply(x[order[half:2 * half]])

    def score(make):
        return np.mean([metrics.c2st(make(), real, rng).accuracy for _ in range(DRAWS)])

    floor = score(lambda: points.x)
    moved = np.where(points.constant, 0, .5)
    found = {"learned rows, moved": score(lambda: points.apply(learned.x + moved * rng.uniform(-1, 1, learned.x.shape))) - floor}
    for name, hidden in WIDTHS.items():
        recipe = Recipe(seed=seed, hidden=hidden).for_table(learned, ("hidden",))
        G, D = recipe.networks(points.dim, seeds)
        recipe.training(G, D, points, seeds[2]).run(progress=False)
        made = [G(rng.standard_normal((half, G.d_in))) for _ in range(DRAWS)]
        draws, rounded = iter(made), (points.apply(points.in_units(each, like_data=True)) for each in made)
        found[f"hidden {name}"] = score(lambda draws=draws: points.settled(next(draws))) - floor
        found[f"hidden {name}, rounded"] = score(lambda draws=rounded: next(draws)) - floor
    return found


def main(*seeds):
    found = {seed: judged(seed) for seed in seeds or (0, 1, 2)}
    rows = [("", *(f"seed {seed}" for seed in found))]
    rows += [(name, *(f"{scores[name]:+.3f}" for scores in found.values())) for name in next(iter(found.values()))]
    print(aligned(rows))


if __name__ == "__main__":
    with threadpool_limits(1):
        main(*map(int, sys.argv[1:]))
