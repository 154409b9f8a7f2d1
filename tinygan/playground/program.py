"""A game as a Python program that plays it again, to the last bit."""

from typing import Any


def written(session: Any) -> str:
    """The program of a `Session`. It prints the sums of both players' parameters, and G's score."""
    b, lines = session.begun, []
    for what, value in session.log:
        if what == "both":
            lines.append(f"advance(training, {value})")
        elif what == "change":
            settings = ", ".join(f"{name}={setting!r}" for name, setting in value.items())
            lines += [f"recipe = recipe.replace({settings})", "training = changed(training, recipe, real)"]
        else:
            lines += [f"for _ in range({value}):", f"    single(training, recipe, {what!r})"]
    drawn = session.points is not None
    values = {name: value for name, value in b.values().items() if name in session.NAMES + ("steps", "schedule")}
    recipe = ", ".join(f"{name}={value!r}" for name, value in values.items())
    source = "recipe.data_set()"
    if drawn:
        source = f"data.Curve({session.points.tolist()}, {session.BLUR})"
    return f'''"""A game of tinygan as it was played by hand. It ends in the same numbers, to the last bit."""

import numpy as np

from tinygan import data, metrics
from tinygan.playground.moves import advance, changed, single
from tinygan.recipe import Recipe, seeds_of

recipe = Recipe({recipe})
real = {source}.standardized()
seeds = seeds_of(recipe.seed)
G, D = recipe.networks(real.dim, seeds)
training = recipe.training(G, D, real, seeds[2])

# The moves, in their order: rounds of both players, steps of one of them, and changes of the settings.
{chr(10).join(lines) or "# none yet"}

rng = np.random.default_rng(seeds[3])
x = G(rng.standard_normal((1000, recipe.latent)).astype(G.dtype))
if isinstance(real, data.Mixture):
    print(metrics.mode_report(x, real))
else:
    print(metrics.coverage_and_density(x, real.sample(1000, rng)))
print("G", float(abs(G.theta).sum()), "D", float(abs(D.theta).sum()))
'''
