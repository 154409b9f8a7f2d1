"""Peers seen from outside: start them, give them windows of steps in turn, compare what they compute, weigh whole runs."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from .common import PEERS, flat, start

HERE = Path(__file__).parent
ONE = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")}
ENVIRONMENT = os.environ | ONE | {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1", "JAX_PLATFORMS": "cpu",
    "PYTHONPATH": os.pathsep.join([str(HERE.parents[2]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]),
}
TOLERANCE, TOLERANCE_MOVED = 1e-4, 1e-2
TRAIN_WINDOW = 80  # counts of modes are 80 steps apart in a run of 4000, so every window holds as many of them
INSIDE = ("tinygan", "tinygan, plain")  # timed inside one run of train


def missing():
    """Which libraries of the peers are not installed."""
    return sorted({library for _, _, library in PEERS.values() if importlib.util.find_spec(library) is None})


def present():
    """The peers that can run here."""
    return [name for name, (_, _, library) in PEERS.items() if library not in missing()]


def command(name, case, *mode):
    return [sys.executable, str(HERE / "worker.py"), name, json.dumps(case), *map(str, mode)]


class Running:
    """A peer in a process of its own that waits for windows of steps; leaving the `with` block ends it."""

    def __init__(self, name, case):
        self.name, self.rows = name, []
        self.process = subprocess.Popen(command(name, case, "serve"), env=ENVIRONMENT, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.communicate()

    def ask(self, n):
        """Send a number of steps, and return the answer."""
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has stopped; its message stands above")
        return json.loads(line)

    def steps(self, n):
        """(wall seconds, CPU seconds, page faults) of one step, the mean over a window of n."""
        return [value / n for value in self.ask(n)]


def window(name, case, seconds, rounds, step):
    """How many steps a window has: about `seconds` of them, in whole scans or whole spans between two counts of modes."""
    unit = TRAIN_WINDOW if name in INSIDE else case.chunk
    most = (4000 - 2 - TRAIN_WINDOW) // rounds if name in INSIDE else 10**6
    return unit * max(1, min(round(seconds / step / unit), most // unit))


def race(case, names, rounds, seconds):
    """All peers in turn, `rounds` times, each time another one first: {name: {wall, cpu, faults: lists; threads}}.

    `names` are peers, or (label, peer, case) where one race holds several cases.
    """
    entrants = [(name, name, case) if isinstance(name, str) else name for name in names]
    with contextlib.ExitStack() as stack:
        running = {label: stack.enter_context(Running(name, its)) for label, name, its in entrants}
        lengths = {}
        for label, name, its in entrants:
            unit = TRAIN_WINDOW if name in INSIDE else its.chunk
            warm = running[label].steps(unit)[0]
            warm = warm if name in INSIDE else running[label].steps(unit)[0]  # the first one may have compiled
            lengths[label] = window(name, its, seconds, rounds, warm)
        for r in range(rounds):
            order = entrants[r % len(entrants):] + entrants[:r % len(entrants)]
            for label, _, _ in order:
                running[label].rows.append(running[label].steps(lengths[label]))
        found = {}
        for label, one in running.items():
            wall, cpu, faults = zip(*one.rows, strict=True)
            found[label] = {"wall": wall, "cpu": cpu, "faults": faults, "window": lengths[label], "threads": counts(one)}
    return found


def counts(running):
    """What a peer counts of cores and threads at its end; raises where it could have computed on more than one.

    The system's own count is told, not judged: JAX keeps threads that take turns, here on one core.
    """
    found = running.ask(0)
    more = {what: n for what, n in found.items() if what != "operating system" and n not in (1, None)}
    if more:
        raise RuntimeError(f"{running.name} had more than one thread or core: {more}")
    return found


def difference(a, b):
    """|a - b| / |b|, Euclidean norms."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def agreement(case, names):
    """How far each peer is from tinygan: {name: {d_value, d_grad, g_value, g_grad, moved}}; raises where that is much.

    `moved` compares how far three whole steps have moved the parameters: Adam's first steps are nearly signs of the gradient, and
    an entry within rounding of 0, or a unit at its kink, may go either way. So it is the median over the entries, and must be at
    most 1e-2. That sees another lr, beta1 or order of the steps; a beta2 of .99 it does not, which makes no step quicker. And the
    measure must be able to see: with one real point of the batch moved by a tenth, `spoiled`, D's gradient must differ by more.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for name in names:
            path = Path(folder) / "answers.npz"
            subprocess.run(command(name, case, "check", path), env=ENVIRONMENT, check=True)
            with np.load(path) as answers:
                found[name] = dict(answers)
    ours, G, D = found.pop("tinygan"), *map(flat, start(case))
    table = {"spoiled": difference(ours["spoiled"], ours["d_grad"])}
    if table["spoiled"] <= TOLERANCE:
        raise ValueError(f"one changed point of the batch is not seen on {case}: {table['spoiled']:.1e}")
    for name, theirs in found.items():
        table[name] = {key: difference(theirs[key], ours[key]) for key in ("d_value", "d_grad", "g_value", "g_grad")}
        table[name]["moved"] = max(float(np.median(np.abs(theirs[key] - ours[key])) / np.sqrt(np.mean((ours[key] - began) ** 2)))
                                   for key, began in (("moved_G", G), ("moved_D", D)))
        wrong = [f"{key} {value:.1e}" for key, value in table[name].items()
                 if not value <= (TOLERANCE_MOVED if key == "moved" else TOLERANCE)]
        if wrong:
            raise ValueError(f"{name} does not compute the same as tinygan on {case}: relative differences {', '.join(wrong)}")
    return table


def whole_runs(case, names, steps, repeats):
    """Fresh processes, in turn: {name: {wall, steps, cpu: seconds; peak: bytes}}, lists; wall is from start to end."""
    found = {name: {"wall": [], "steps": [], "cpu": [], "peak": []} for name in names}
    for _ in range(repeats):
        for name, row in found.items():
            began = time.perf_counter()
            answer = json.loads(subprocess.check_output(command(name, case, "whole", steps), env=ENVIRONMENT))
            row["wall"].append(time.perf_counter() - began)
            for key in ("steps", "cpu", "peak"):
                row[key].append(answer[key])
    return found
