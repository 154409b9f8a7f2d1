"""What the stories of `tinygan play` say, counted over seeds:  python tests/benchmarks/play_stories.py [SEEDS]"""

import sys

import numpy as np

from tinygan.metrics import mode_report
from tinygan.playground import Session
from tinygan.playground.stories import STORIES, begin

AFTER_COLLAPSE = [["five-steps"], ["cure"], ["cure", "sharpen"]]


def score(session):
    z = np.random.default_rng(session.seeds[3]).standard_normal((10_000, session.recipe.latent))
    return mode_report(session.G(z.astype(session.G.dtype)), session.data)


def played(seed, names):
    """The report after the stories `names`, one after the other."""
    session = Session(seed=seed)
    for name in names:
        begin(session, name)
        session.do("both", STORIES[name].rounds)
    return score(session)


def main(seeds=20):
    for names in [["collapse"], *(["collapse", *more] for more in AFTER_COLLAPSE)]:
        reports = [played(seed, names) for seed in range(seeds)]
        visited, quality = [r.modes_visited for r in reports], [r.high_quality for r in reports]
        print(f"{' > '.join(names):32}  {STORIES[names[-1]].rounds} rounds  modes visited {sorted(visited)}  all eight on "
              f"{sum(v == 8 for v in visited)} of {seeds}  high quality, median {np.median(quality):.0%}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
