"""What the scores for images say of real digits and of failures that are known, over several seeds.

    python tests/benchmarks/image_controls.py [--seeds 5] [--samples 901]

Prints four tables: the mean of each score over the seeds, its lowest and its highest value, and whether the training set was
copied (the first seed). Real images are the same for every seed. Writes nothing. The means are a table of docs/metrics.rst.
"""

import argparse

import numpy as np

from tinygan import metrics


def measured(seeds, n):
    """name -> the scores over the seeds, (seeds, 7)."""
    judge = metrics.digit_judge()
    found = {"real images": [judge.real] * seeds}
    for seed in range(seeds):
        for name, (x, labels) in judge.controls(n, np.random.default_rng(seed)).items():
            found.setdefault(name, []).append(judge.report(x, labels))
    return {name: np.array(reports) for name, reports in found.items()}


def table(scores, over_seeds):
    """One of the three tables: `over_seeds` is np.mean, np.min or np.max."""
    return metrics.table({name: metrics.ImageReport(*over_seeds(rows, axis=0).tolist()) for name, rows in scores.items()})


def memory(n):
    """What `memory_report` says of the same samplers."""
    judge = metrics.digit_judge()
    return metrics.table({name: metrics.memory_report(x, judge.training.x, judge.held_out.x)
                          for name, (x, _) in judge.controls(n, np.random.default_rng(0)).items()})


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=5, help="how many")
    options.add_argument("--samples", type=int, default=901, help="images of each sampler")
    options = options.parse_args()
    scores = measured(options.seeds, options.samples)
    for title, over_seeds in (("mean", np.mean), ("lowest", np.min), ("highest", np.max)):
        print(f"{title} of {options.seeds} seeds, {options.samples} images each\n{table(scores, over_seeds)}\n")
    print(f"is the training set copied?\n{memory(options.samples)}")


if __name__ == "__main__":
    main()
