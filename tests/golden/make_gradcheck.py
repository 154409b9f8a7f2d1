"""What the gradient check does and says, call by call: gradcheck.json, with which `test_gradcheck_steps.py` compares today's.

    PYTHONPATH=. python tests/golden/make_gradcheck.py      writes it anew; read the difference before it is kept

The functions are made of + - * / and square roots, which every machine rounds in the same way. So how often f is called, at which
steps, and what comes of it are the same everywhere.
"""

import json
import math
from pathlib import Path

import numpy as np

from tinygan.engine import gradcheck

WHERE = Path(__file__).with_name("gradcheck.json")
BIG = 40  # more entries than are checked one by one here


def wave(a):
    """A saw of slopes 1 and -1, with period 1."""
    return abs(a - round(a))


def root(a):
    return math.sqrt(a)  # a ValueError below 0


def step(a):
    return float(math.floor(a))


def total(x):
    return math.fsum(x.ravel().tolist())


FUNCTIONS = {  # name -> f of the numbers in x, x, and the right answer
    "squares": (lambda a, b, c: a * a + 2 * b * b - 3 * c, [0.5, -1.5, 2.0], [1.0, -6.0, -3.0]),
    "small x": (lambda a, b: a * a + b, [1e-8, 1e-9], [2e-8, 1.0]),
    "tiny x": (lambda a: 1e6 * a * a, [1e-12], [2e-6]),
    "large x": (lambda a, b: a * a * 1e-8 + b, [1e8, -1e6], [2.0, 1.0]),
    "cubes": (lambda a, b: a * a * a + a * b * b, [10.0, 0.1], [300.01, 2.0]),
    "narrow": (lambda a: 1 / (1 + 1e6 * a * a), [1e-3], [-500.0]),
    "narrower": (lambda a: 1 / (1 + 1e12 * a * a), [1e-6], [-5e5]),
    "wide": (lambda a: 1 / (1 + 1e-8 * a * a), [3.0], [-6e-8 / (1 + 9e-8) ** 2]),
    "pole": (lambda a: 1 / a, [1e-5], [-1e10]),
    "pole, far": (lambda a: 1 / (a * a), [2.0], [-0.25]),
    "corner": (lambda a, b: abs(a) + b, [0.0, 1.0], [0.5, 1.0]),
    "corner, another": (lambda a, b: max(a, 0.2 * a) + b * b, [0.0, 1.0], [0.2, 2.0]),
    "corner of a parabola": (lambda a: abs(a - 1) + 5 * (a - 1) * (a - 1), [1.0], [-1.0]),
    "corner at 1e-6": (lambda a, b: abs(a) + b, [1e-6, 1.0], [1.0, 1.0]),
    "corner at 1e-9": (lambda a: abs(a) + a, [1e-9], [2.0]),
    "corner at -3e-4": (lambda a: abs(a) + a * a, [-3e-4], [-1.0006]),
    "small corner": (lambda a: 1e-5 * abs(a) + a, [0.0], [1.0]),
    "corners only": (lambda a, b: abs(a - 1) + abs(b - 2), [1.0, 2.0], [1.0, -1.0]),
    "two are equal": (lambda a, b: max(a, b), [1.0, 1.0], [0.5, 0.5]),
    "root": (lambda a: root(a), [0.25], [1.0]),
    "root near its edge": (lambda a: root(a), [1e-9], [0.5 / math.sqrt(1e-9)]),
    "edge of a root": (lambda a: (a - 1) * root(a - 1) + a, [1.0], [1.0]),
    "edge of a steep root": (lambda a: root(a - 1), [1.0], [1e3]),
    "edge on the other side": (lambda a: a * root(-a) + 2 * a, [0.0], [2.0]),
    "infinitely steep": (lambda a: root(abs(a)), [0.0], [0.0]),
    "jump": (lambda a, b: step(a) + b, [1.0, 0.5], [0.0, 1.0]),
    "near a jump": (lambda a, b: step(a) + b, [1.0 + 1e-7, 0.5], [0.0, 1.0]),
    "stairs": (lambda a: step(1000 * a) / 1000, [0.5004], [0.0]),
    "flat": (lambda a, b: step(a) + step(b), [0.5, 2.5], [0.0, 0.0]),
    "dead unit": (lambda a, b: max(a - 10, 0.0) + max(b - 20, 0.0), [0.5, 2.5], [0.0, 0.0]),
    "at rest": (lambda a, b: a * a + b * b, [0.0, 0.0], [0.0, 0.0]),
    "at rest, flatter": (lambda a: a * a * a * a, [0.0], [0.0]),
    "at rest along one diagonal": (lambda a, b: (a - b) * (a - b) * (a - b) * (a - b), [0.5, 0.5], [0.0, 0.0]),
    "at rest along the other": (lambda a, b: (a + b - 1) * (a + b - 1) * (a + b - 1) * (a + b - 1), [0.5, 0.5], [0.0, 0.0]),
    "at rest on a height": (lambda a: 3 + a * a, [0.0], [0.0]),
    "constant": (lambda a: 5.0, [1.0], [0.0]),
    "zero": (lambda a: 0.0, [1.0], [0.0]),
    "not finite": (lambda a: math.inf, [1.0], [0.0]),
    "ripple": (lambda a: a + 1e-9 * wave(1e6 * a), [0.5003], [1.0]),
    "fine ripple": (lambda a: a * a + 1e-10 * wave(1e7 * a), [0.7], [1.4]),
    "rounded": (lambda a, b: round((a * a + b) * 1e9) / 1e9, [0.7, 0.3], [1.4, 1.0]),
    "rounded more": (lambda a: round(a * a * 1e5) / 1e5, [0.7], [1.4]),
    "float32": (lambda a, b: np.float32(a) * np.float32(a) + np.float32(b), [0.7, 0.3], [1.4, 1.0]),
    "offset": (lambda a: 1e8 + a * a, [0.7], [1.4]),
    "large offset": (lambda a: 1e8 + 1e-6 * a * a, [0.7], [1.4e-6]),
    "offset, and steep": (lambda a, b: 1e4 + 100 * a + b * b, [0.7, 3.0], [100.0, 6.0]),
    "small f": (lambda a, b: 1e-12 * (a * a + b), [0.7, 0.3], [1.4e-12, 1e-12]),
    "smallest f": (lambda a: 1e-290 * a * a, [0.7], [1.4e-290]),
    "large f": (lambda a: 1e200 * a * a, [0.7], [1.4e200]),
    "of two sizes": (lambda a, b: a + 1e-12 * b * b, [0.7, 0.3], [1.0, 6e-13]),
    "of three sizes": (lambda a, b, c: a * a + 1e-7 * b + 1e-10 * c, [0.7, 0.3, 2.0], [1.4, 1e-7, 1e-10]),
    "differences of large numbers": (lambda a: (1e6 + a) * (1e6 + a) - 1e12, [0.5], [2000001.0]),
}
ANSWERS = {  # from the right one
    "right": lambda g: g, "off by 1e-5": lambda g: g * (1 + 1e-5), "off by 2e-8": lambda g: g * (1 + 2e-8),
    "twice": lambda g: 2 * g, "minus": lambda g: 0 - g, "more": lambda g: g + 0.01, "a little more": lambda g: g + 1e-7,
    "zero": np.zeros_like, "first off": lambda g: g + 1e-3 * (np.arange(g.size) == 0),
}
LARGE = {  # of BIG entries
    "squares": (lambda x: total(x * x), np.linspace(-1, 1, BIG), lambda x: 2 * x),
    "at rest": (lambda x: total((x - 1) * (x - 1)), np.ones(BIG), np.zeros_like),
    "constant": (lambda x: 1.0, np.linspace(-1, 1, BIG), np.zeros_like),
    "one corner": (lambda x: total(x) + 3 * abs(float(x[0]) - 1), np.ones(BIG), np.ones_like),
    "floor": (lambda x: total(np.floor(x)), np.full(BIG, 0.5), np.zeros_like),
}


def told(f, answer, x):
    """How often f is called, at how many different points, and what is said."""
    points = []

    def watched(x):
        points.append(x.tobytes())
        return f(x)

    usual, gradcheck.ENTRIES = gradcheck.ENTRIES, BIG // 2
    try:
        result = gradcheck.check(watched, answer, x)
    finally:
        gradcheck.ENTRIES = usual
    return {"calls": len(points), "points": len(set(points)), "ok": result.ok, "kinks": int(result.kinks.sum()),
            "wrong": int(result.wrong.sum()), "says": str(result)}


def found():
    """All of it: function -> answer -> what is told."""
    cases = [(name, lambda x, f=f: f(*x.tolist()), np.array(x), np.array(right)) for name, (f, x, right) in FUNCTIONS.items()]
    cases += [(f"{BIG} entries, {name}", f, x, df(x)) for name, (f, x, df) in LARGE.items()]
    made = {}
    for name, f, x, right in cases:
        answers = {answer(right).tobytes(): how for how, answer in reversed(ANSWERS.items())}  # each answer once
        made[name] = {how: told(f, ANSWERS[how](right), x) for how in ANSWERS if how in answers.values()}
    return made


if __name__ == "__main__":
    WHERE.write_text(json.dumps(found(), indent=1) + "\n")
