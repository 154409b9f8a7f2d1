"""Stacked digits: does the generator find all 100 or 1000 modes, and each of them as often as the others?

    python tests/benchmarks/stacked.py [--channels 2 3] [--seeds 5] [--loss relativistic] [--steps ...] [--jobs 1] [--out DIR]
    python tests/benchmarks/stacked.py --picture                trains the first seed again, to draw it

Multilayer perceptrons, no convolutions and no labels, trained on half of scikit-learn's 8 x 8 digits, two or three of them laid
on top of each other as channels. Scores are of 26 samples for each mode, from the last parameters: of their running average,
which was decided beforehand, and beside it of the parameters themselves. No seed is chosen or dropped; a run that diverges is
a row as well.
Above them stand samplers with known scores: real images that nobody was trained on, the training images themselves (a perfect
memoriser), and three kinds of failure. See `tinygan.stacked` for the definitions.

The row of each run is written as the run finishes, and a second call makes only those that are missing.
Seconds are of the processor. Those in stacked_2.json are of the clock.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from joblib import Parallel, delayed

from tinygan import losses, metrics, plots, stacked
from tinygan.engine.arguments import spawn
from tinygan.engine.network import mlp
from tinygan.engine.optim import Adam, cosine_decay
from tinygan.files import atomic_write
from tinygan.guard import Diverged
from tinygan.penalties import R1, R2
from tinygan.training import train

RESULTS = Path(__file__).parents[2] / "docs" / "results"
LOSSES = {"relativistic": losses.Relativistic, "non-saturating": losses.NonSaturating}
STEPS = {2: 6000, 3: 20_000}  # for c channels
KL_BAR = {2: .08, 3: .032}
LATENT, WIDTH, DEPTH = 64, 256, 2  # d_z; hidden units and layers of both players, ReLU
BATCH, LR, BETA2, GAMMA, EMA = 128, 2e-3, .99, 1.0, .999
COLUMNS, ROWS = {2: 6, 3: 4}, 6  # of the picture, for c channels


def recipe(channels, loss, steps):
    """Everything that a run depends on but its seed, in words."""
    d, hidden = 64 * channels, f"{DEPTH} x {WIDTH} ReLU"
    return (f"{loss} + R1({GAMMA:g}) + R2({GAMMA:g}); G {LATENT} -> {hidden} -> {d}, D {d} -> {hidden} -> 1; "
            f"Adam({LR:g}, beta1 0, beta2 {BETA2:g}), cosine; batch {BATCH}, {steps} steps; average {EMA:g}")


def run_seed(channels, loss, steps, seed, progress=False):
    """One run: its row, and the stacks that are drawn of it, (rows * columns, 64 channels)."""
    for_g, for_d, for_training, for_scores = spawn(seed, 4)
    hidden = [WIDTH] * DEPTH
    G, D = mlp(LATENT, *hidden, 64 * channels, seed=for_g), mlp(64 * channels, *hidden, 1, seed=for_d)
    optimisers = {name: Adam(LR, beta1=0, beta2=BETA2) for name in ("opt_d", "opt_g")}
    start = time.process_time()  # the processor's time: other programs do not count
    try:
        history = train(G, D, stacked.Stacks(channels), LOSSES[loss](), steps=steps, batch=BATCH, schedule=cosine_decay,
                        ema=EMA, penalties=(R1(GAMMA), R2(GAMMA)), seed=for_training, progress=progress, **optimisers)
    except Diverged as error:
        history = error.history
    seconds = time.process_time() - start
    n = stacked.PER_MODE * 10**channels
    z, judge = np.random.default_rng(for_scores).standard_normal((n, LATENT), np.float32), stacked.Judge()
    averaged, raw = history.G_ema(z), G(z)
    return {"seed": seed, "seconds": seconds, "diverged": int(history.diverged), "d_loss": float(history.d_loss[-20:].mean()),
            "averaged": judge.report(averaged, progress)._asdict(),
            "raw": judge.report(raw, progress)._asdict()}, averaged[:COLUMNS[channels] * ROWS]


def text(result, channels):
    """The controls and the runs as a table, the counts below it."""
    rows = {name: stacked.StackReport(**scores) for name, scores in result["controls"].items()}
    for row in result["rows"]:
        rows |= {f"seed {row['seed']}": stacked.StackReport(**row["averaged"]),
                 f"seed {row['seed']}, not averaged": stacked.StackReport(**row["raw"])}
    modes, bar, kinds = 10**channels, KL_BAR[channels], ("averaged", "raw")
    lines = [result["about"]["recipe"], result["about"]["judge"], "", metrics.table(rows), ""]
    for kind, name in zip(kinds, ("averaged", "not averaged"), strict=True):
        scores = [row[kind] for row in result["rows"]]
        kl = [score["kl"] for score in scores]
        lines.append(f"{name}: {modes} modes on {sum(score['modes'] == modes for score in scores)} of {len(kl)} seeds, "
                     f"KL at most {bar} on {sum(value <= bar for value in kl)}; "
                     f"KL median {np.median(kl):.4f}, largest {max(kl):.4f}")
    minutes = [row["seconds"] / 60 for row in result["rows"]]
    lines.append(f"diverged: {sum(row['diverged'] > 0 for row in result['rows'])}; "
                 f"minutes of training: median {np.median(minutes):.1f}, at most {max(minutes):.1f}")
    return "\n".join(lines) + "\n"


def mosaic(x, channels):
    """Stacks (rows * columns, 64 channels) as one picture, with room above each: of three channels the colours, then the digits.

    Returns the picture and the width of a stack in it, in pixels.
    """
    columns = COLUMNS[channels]
    ink = (np.clip(x, -1, 1).reshape(ROWS, columns, channels, 8, 8) + 1) / 2
    parts = [1 - ink[:, :, c, ..., None].repeat(3, axis=-1) for c in range(channels)]  # each (rows, columns, 8, 8, 3)
    if channels == 3:
        parts = [ink.transpose(0, 1, 3, 4, 2), np.ones((ROWS, columns, 8, 1, 3)), *parts]
    stack = np.concatenate(parts, axis=3)
    wide = stack.shape[3]
    room = np.ones((ROWS, columns, 12, wide + 4, 3))
    room[:, :, 4:, :wide] = stack
    return room.swapaxes(1, 2).reshape(ROWS * 12, columns * (wide + 4), 3), wide


def picture(x, channels, path):
    """Real stacks beside generated ones, each with the number that the judge reads."""
    columns, judge = COLUMNS[channels], stacked.Judge()
    real = stacked.Stacks(channels, "held_out").sample(columns * ROWS, np.random.default_rng(0))
    with plots.style():
        figure, axes = plt.subplots(1, 2, figsize=(10, 3.3) if channels == 2 else (12, 3.2))
        for ax, stacks, title, colour in zip(axes, (real, x), ("real", "generated"), (plots.TRUE, plots.FAKE), strict=True):
            pixels, wide = mosaic(stacks, channels)
            ax.imshow(pixels, interpolation="nearest")
            ax.set_axis_off()
            ax.set_title(f"{title}, and what the judge reads", color=colour)
            for i, digits in enumerate(judge.look(stacks)[0]):
                row, column = divmod(i, columns)
                ax.text(column * (wide + 4) + wide / 2 - .5, row * 12 + 3, "".join(map(str, digits)), fontsize=7, ha="center",
                        va="bottom", color="0.3")
        plots.save(figure, path)


def measure(channels, options):
    """All runs that are still missing, for one number of channels; writes the files after each."""
    steps = options.steps or STEPS[channels]
    name = f"stacked_{channels}" + ("" if options.loss == "relativistic" else "_" + options.loss.replace("-", "_"))
    path, described = options.out / f"{name}.json", recipe(channels, options.loss, steps)
    if options.picture:
        return picture(run_seed(channels, options.loss, steps, options.first)[1], channels, path.with_suffix(".png"))
    if path.exists():
        result = json.loads(path.read_text())
        if result["about"]["recipe"] != described:
            raise SystemExit(f"{path} holds runs of another recipe: {result['about']['recipe']}. Move it away, or choose --out")
    else:
        judge = stacked.Judge()
        controls = stacked.controls(channels, stacked.PER_MODE * 10**channels, np.random.default_rng(0))
        about = {"command": f"python tests/benchmarks/stacked.py --channels {channels} --loss {options.loss}",
                 "recipe": described, "judge": repr(judge), "python": platform.python_version(), "numpy": np.__version__,
                 "machine": f"{platform.machine()}, {os.cpu_count()} cores"}
        result = {"about": about, "controls": {key: judge.report(x)._asdict() for key, x in controls.items()}, "rows": []}
    missing = [seed for seed in range(options.first, options.first + options.seeds)
               if seed not in {row["seed"] for row in result["rows"]}]
    progress = None if options.jobs == 1 else False
    runs = (delayed(run_seed)(channels, options.loss, steps, seed, progress) for seed in missing)
    for row, x in Parallel(n_jobs=options.jobs, return_as="generator_unordered")(runs):
        result["rows"] = sorted([*result["rows"], row], key=lambda row: row["seed"])
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(result, indent=1) + "\n")
        path.with_suffix(".txt").write_text(text(result, channels))
        if row["seed"] == options.first:
            picture(x, channels, path.with_suffix(".png"))
        print(f"{name}, seed {row['seed']}: {stacked.StackReport(**row['averaged'])}, {row['seconds'] / 60:.1f} min", flush=True)
    print(text(result, channels))


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--channels", type=int, nargs="+", default=[2, 3], choices=[2, 3])
    options.add_argument("--seeds", type=int, default=5, help="how many")
    options.add_argument("--first", type=int, default=0, help="the first seed; the picture is of its run")
    options.add_argument("--loss", default="relativistic", choices=LOSSES)
    options.add_argument("--steps", type=int, help="of the generator; without it 6000 for 2 channels, 20000 for 3")
    options.add_argument("--jobs", type=int, default=1, help="runs at a time")
    options.add_argument("--picture", action="store_true", help="only draw the first seed's stacks: its run is made again")
    options.add_argument("--out", type=Path, default=RESULTS, help="where the files go; made if it does not exist")
    options = options.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for channels in options.channels:
        measure(channels, options)


if __name__ == "__main__":
    main()
