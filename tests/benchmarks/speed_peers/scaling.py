"""How tinygan's time and memory grow: with width, batch, replicas, modes and the length of the run, all in fresh processes.

All times are CPU times, which other programs lengthen little; only a study over processes is timed by the clock on the wall. The
benchmark itself runs

    python tests/benchmarks/speed_peers/scaling.py LENGTH STEPS    and    ... MODES SAMPLES K    and    ... STUDY SEEDS JOBS
"""

import json
import os
import resource
import subprocess
import sys
import time

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(sys.path[0])  # so that this file finds its package
from speed_peers import common, processes  # noqa: E402


def run_length(steps):
    """One run of width 16: seconds of each thousand steps, and the memory after it."""
    import numpy as np
    from speed_peers.tinygan_peer import Train

    seconds, memory, faults = [], [], []
    began = time.process_time()

    def callback(state):
        nonlocal began
        if state.step % 1000 == 0:
            seconds.append(time.process_time() - began)
            memory.append(resident())
            faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
            began = time.process_time()

    peer = Train(common.Case("W1", 16, 128, 2))
    peer.run(steps, callback)
    tiny = [int(np.count_nonzero((a != 0) & (np.abs(a) < np.finfo(np.float32).tiny)))
            for opt in (peer.opt_G, peer.opt_D) for a in vars(opt).values() if isinstance(a, np.ndarray)]
    return {"seconds": seconds, "memory": memory, "faults": faults, "denormal moments": sum(tiny)}


def resident():
    """The present resident size in bytes, or the peak where there is no /proc."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return common.peak_memory()


def modes(samples, k):
    """mode_report of samples by k modes: seconds, and the most memory that its arrays take at a time, bytes."""
    import tracemalloc

    import numpy as np

    from tinygan import data, metrics

    rng = np.random.default_rng(0)
    mixture = data.Mixture(rng.uniform(-10, 10, (k, 2)), .01)
    metrics.mode_report(mixture.sample(100, rng), mixture)  # what is imported at the first call is not counted
    x = mixture.sample(samples, rng)
    seconds = []
    for _ in range(5):
        began = time.process_time()
        metrics.mode_report(x, mixture)
        seconds.append(time.process_time() - began)
    tracemalloc.start()
    metrics.mode_report(x, mixture)
    return {"seconds": min(seconds), "memory": tracemalloc.get_traced_memory()[1]}


def shared(seeds, jobs):
    """A study of so many runs of 4000 steps over `jobs` processes: wall seconds, those of starting the processes among them."""
    from tinygan import data
    from tinygan.study import REMEDIES, SETUPS, run_study

    began = time.perf_counter()
    run_study({"plain": REMEDIES["plain"]}, {"ring": data.ring().standardized()}, range(seeds), SETUPS["collapse"], jobs=jobs)
    return {"seconds": time.perf_counter() - began}


def fresh(*arguments):
    """This file in a process of its own, its answer."""
    done = subprocess.run([sys.executable, __file__, *map(str, arguments)], env=processes.ENVIRONMENT, check=True,
                          stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def measure(say, long, quick):
    """All of it: {what: rows}; says each line as it comes."""
    steps, middle, found = 100 if quick else 400, common.Case("W1", 64, 128, 2), {}
    sweeps = {"width": (16, 32, 64, 128, 256, 512), "batch": (32, 128, 512, 2048), "replicas": (1, 4, 16, 64)}
    for what, values in sweeps.items():
        say(f"W1, {middle.size}, with another {what}")
        found[what] = []
        for value in values[:3 if quick else None]:
            case = middle._replace(**{what: value})
            row = processes.whole_runs(case, ["tinygan"], steps, 1)["tinygan"]
            found[what].append({what: value, "seconds a step": row["cpu"][0] / steps, "peak": row["peak"][0]})
            micro, mega = 1e6 * row["cpu"][0] / steps, row["peak"][0] / 2**20
            say(f"    {value:>6}{micro:>12,.0f} us a step{mega:>8.0f} MiB")
    found["modes"] = []
    say("mode_report")
    for samples, k in ((10_000, 10), (10_000, 100)) + (() if quick else ((10_000, 1000), (100_000, 100))):
        row = fresh("MODES", samples, k)
        found["modes"].append({"samples": samples, "modes": k, **row})
        say(f"    {samples:>7,} x {k:<5}{1e3 * row['seconds']:>8.1f} ms{row['memory'] / 2**20:>8.0f} MiB")
    seeds = 2 if quick else 8
    found["processes"] = [{"runs": seeds, "jobs": jobs, **fresh("STUDY", seeds, jobs)} for jobs in (1, 2)]
    one, two = (row["seconds"] for row in found["processes"])
    say(f"a study of {seeds} runs, 64x2, batch 128, 4,000 steps each: {one:.1f} s in one process, {two:.1f} s in two "
        f"({one / two:.2f} times as fast)")
    row = found["length"] = fresh("LENGTH", long)
    first, last = row["seconds"][0], row["seconds"][-1]
    say(f"{long:,} steps of width 16: the first thousand {first:.3f} s, the last {last:.3f} s ({last / first:.2f} of it), the "
          f"slowest {max(row['seconds']):.3f} s;\n    memory {row['memory'][0] / 2**20:.1f} MiB after a thousand, "
          f"{row['memory'][-1] / 2**20:.1f} MiB at the end; {row['denormal moments']} of Adam's moments are denormal")
    return found


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    if what != "STUDY":
        common.one_core()
    print(json.dumps({"LENGTH": run_length, "MODES": modes, "STUDY": shared}[what](*map(int, numbers))))
