"""Write first_steps.json: what the first 100 steps of every remedy of a study come to, in every setup.

Run by hand, after a change that is meant to change the numbers:

    python tests/golden/make_first_steps.py

Each run is two seeds side by side on the standardised ring. The file keeps a digest of all parameters after step 100. It also
keeps the first seed's losses in the first 10 steps, to six digits. The digest says that a change of the code has changed no bit.
It holds for machines whose arithmetic is that of the file: `fingerprint` tells which these are.

The digests were first made by the code before gradients, updates and training became modules of their own. No bit has changed
since, with three exceptions.

label_smoothing in all setups: the binary cross-entropy with a label y between 0 and 1 was two formulas, softplus(s) - y s and its
derivative. It is one now, E[y softplus(-s) + (1 - y) softplus(s)], in which no large numbers are subtracted. Rounding differs, by
2e-7 in the first losses.

"recipe unrolled": the first of the two seeds diverges in step 26. From there on its average is held where it stood, as its
parameters are. Before, the average still moved towards them. The parameters, and all of the second seed, have the same bits.

All of "fine": the setup has other networks and other features.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from tinygan import data
from tinygan.guard import Diverged
from tinygan.recipe import seeds_of
from tinygan.study import REMEDIES, SETUPS

PATH = Path(__file__).with_name("first_steps.json")
STEPS, LOSSES, SEEDS = 100, 10, (0, 1)


def digest(*arrays):
    """SHA-256 of the arrays' bits."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def fingerprint():
    """What this machine's arithmetic makes of a few arrays: another processor, BLAS or NumPy may round otherwise."""
    rng = np.random.default_rng(0)
    x, W, e = (rng.standard_normal(shape, np.float32) for shape in ((2, 128, 64), (2, 64, 33), (2, 128, 33)))
    near = np.exp(-np.abs(x))
    return digest(x, x @ W, x.swapaxes(-1, -2) @ e, e @ W.swapaxes(-1, -2), np.ones((1, 128), np.float32) @ x, np.tanh(x), near,
                  np.log1p(near), np.sqrt(near), x / near, np.cos(x), np.sin(x), x.sum(axis=(-2, -1)), x.mean(axis=-1))


def first_steps(setup, remedy):
    """The digest of a run's parameters, and the first losses of its first seed."""
    recipe = REMEDIES[remedy].applied(SETUPS[setup].recipe.replace(steps=STEPS))
    for_G, for_D, for_training, _ = zip(*map(seeds_of, SEEDS), strict=True)
    G, D = recipe.networks(2, (list(for_G), list(for_D)), len(SEEDS))
    training = recipe.training(G, D, data.ring().standardized(), list(for_training))
    try:
        history = training.run(progress=False)
    except Diverged as error:
        history = error.history
    average = [history.G_ema.theta] if history.G_ema else []
    losses = {name: [float(f"{value:.6g}") for value in history[name][:LOSSES, 0]] for name in ("d_loss", "g_loss")}
    return {"sha256": digest(G.theta, D.theta, *average), **losses}


def main():
    runs = {f"{setup} {remedy}": first_steps(setup, remedy) for setup in SETUPS for remedy in REMEDIES}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(run)}" for name, run in runs.items())
    PATH.write_text(f'{{"fingerprint": "{fingerprint()}", "runs": {{\n{lines}\n}}}}\n')
    print(f"{PATH}: {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
