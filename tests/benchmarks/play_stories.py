"""What the stories of `tinygan play` say, counted over seeds:  python tests/benchmarks/play_stories.py [SEEDS [STORY ...]]

SEEDS says how many seeds there are from 0 on, 20 by default, or gives the first one and the end, such as 20:40. Each line counts
on how many seeds the sentence of a story is right. The line below it, the control, counts the same for other settings or fewer
rounds, where it must be right on few seeds or on none.
"""

import sys

import numpy as np

from tinygan import dirac
from tinygan.engine.numerics import sigmoid
from tinygan.metrics import mode_report, wasserstein_1d
from tinygan.playground import Session
from tinygan.playground.portrait import GAMES, ORDERS, STEPS
from tinygan.playground.stories import STORIES, begin

LOOKS, POINTS = 25, 10_000  # rounds between two looks; points that are scored


def points(session, net=None):
    z = np.random.default_rng(session.seeds[3]).standard_normal((POINTS, session.recipe.latent))
    return (net or session.G)(z.astype(session.G.dtype))


def report(session, net=None):
    return mode_report(points(session, net), session.data)


def truth(session):
    return session.data.sample(POINTS, np.random.default_rng(1))


def doubt(session):
    """The mean distance of D's verdict on true points from 1/2."""
    return np.abs(sigmoid(session.D(truth(session).astype(session.D.dtype)).astype(float)) - .5).mean()


def slope(session):
    """The mean length of D's gradient at true points."""
    s, tape = session.D.forward(truth(session).astype(session.D.dtype))
    return np.linalg.norm(session.D.backward(np.ones_like(s), tape, grads=False), axis=-1).mean()


def scores(session):
    """The largest mean score in each quarter of the curves."""
    return [np.abs(part[:, 3:]).max() for part in np.array_split(np.array(session.rows), 4)]


def at_rest(session):
    """Whether the last quarter of the curves is near 2 ln 2, ln 2 and 1/2."""
    rows = np.array(session.rows)
    return np.all(np.abs(rows[-len(rows) // 4:, 1:].mean(axis=0) - [2 * np.log(2), np.log(2), .5, .5]) < .1)


# story -> (what is right, session, looks -> whether it is, what the control changes). `looks`: reports of G on the way.
CLAIMS = {
    "collapse": ("at most 3 modes visited", lambda s, looks: looks[-1].modes_visited <= 3, {"r1": .1}),
    "five-steps": ("modes missing", lambda s, looks: looks[-1].modes_visited < 8, STORIES["cure"].settings),
    "cure": ("all 8 visited at some look", lambda s, looks: max(r.modes_visited for r in looks) == 8, {"d_steps": 5}),
    "sharpen": ("8 visited, high quality > 25 %",
                lambda s, looks: looks[-1].modes_visited == 8 and looks[-1].high_quality > .25, {}),
    "first-gan": ("2 modes at half their share, W1 < .25, D within .05 of 1/2", lambda s, looks: looks[-1].modes_half == 2
                  and wasserstein_1d(points(s)[:, 0], truth(s)[:, 0]) < .25 and doubt(s) < .05, {"lr_d": 1e-5}),
    "minimax": ("high quality < 5 %", lambda s, looks: looks[-1].high_quality < .05, {"loss": "non-saturating"}),
    "losses": ("at rest, modes missing", lambda s, looks: at_rest(s) and looks[-1].modes_visited < 8, {"lr_d": 1e-3}),
    "blurred": ("8 visited, high quality < 2 %", lambda s, looks: looks[-1].modes_visited == 8 and looks[-1].high_quality < .02,
                {"pack": 1, "lr": 1e-2, "batch": 32}),
    "free-critic": ("scores beyond 1000, at most 6 modes visited", lambda s, looks: scores(s)[-1] > 1000
                    and looks[-1].modes_visited <= 6, {"gp": .1}),
    "r1": ("slope < 1", lambda s, looks: slope(s) < 1, {"r1": None}),
    "unroll": ("at least 6 modes visited", lambda s, looks: looks[-1].modes_visited >= 6, {"unroll": None}),
    "grid": ("the average visits 24 of 25 and is sharper", lambda s, looks: report(s, s.training.G_ema).modes_visited >= 24
             and report(s, s.training.G_ema).high_quality > looks[-1].high_quality, {"r1": None, "r2": None}),
}


def chain(name):
    """The stories that come before, and the story itself."""
    return [*(chain(STORIES[name].after) if STORIES[name].after else []), name]


def played(seed, name, control=None):
    """The session at the end of a story, and the looks on the way; with a control its settings in place of the story's."""
    session, looks = Session(seed=seed), []
    for each in chain(name):
        if each == name and control is not None and STORIES[name].after:
            session.change(**control)
        else:
            begin(session, each)
        if each == name and control is not None and not STORIES[name].after:
            session.change(**control)
        looks = [report(session)]
        for _ in range(STORIES[each].rounds // LOOKS if each == name else 1):
            session.do("both", LOOKS if each == name else STORIES[each].rounds)
            looks += [report(session)] if each == name else []
    return session, looks


def told(name, seeds):
    """The lines of one story."""
    words, right, change = CLAIMS[name]
    for label, control in ((name, None), (f"  control {change or 'without it'}", change)):
        ends = [played(seed, name, control) for seed in seeds]
        last = [looks[-1] for _, looks in ends]
        yield (f"{label:64} {words}: {sum(bool(right(*end)) for end in ends)} of {len(seeds)}   at the end visited "
               f"{sorted(r.modes_visited for r in last)}, medians: high quality {np.median([r.high_quality for r in last]):.1%}, "
               f"slope {np.median([slope(s) for s, _ in ends]):.2f}" + averaged(ends))


def averaged(ends):
    """On how many seeds the average of G is sharper than G itself, and how sharp; nothing without averages."""
    pairs = [(report(s, s.training.G_ema).high_quality, looks[-1].high_quality) for s, looks in ends if s.training.G_ema]
    if not pairs:
        return ""
    return (f"; the average is sharper on {sum(average > own for average, own in pairs)}, "
            f"high quality {np.median([average for average, _ in pairs]):.1%}")


def circles(seeds):
    """How many random starts of the Dirac-GAN end farther from the middle, without R1 and with it."""
    asked = STORIES["circles"].portrait
    starts = np.stack([np.random.default_rng(seed).normal(size=2) for seed in seeds])
    for r1 in (asked["r1"], .3):
        path = dirac.trajectory(dirac.with_r1(GAMES[asked["game"]], r1), ORDERS[asked["order"]], starts, STEPS, asked["rate"])
        radius = np.linalg.norm(path, axis=-1)
        yield f"{'circles' if not r1 else '  control R1 .3':64} farther at the end: {sum(radius[-1] > radius[0])} of {len(seeds)}"


def main(seeds="20", *names):
    first, _, end = seeds.rpartition(":")
    seeds = range(int(first or 0), int(end))
    for name in names or STORIES:
        for line in circles(seeds) if name == "circles" else told(name, seeds):
            print(line, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
