"""How fast is a training step, beside the frameworks on the same core and beside its own matrix products?

    python tests/benchmarks/speed.py                  the race: steps, replicas, whole processes (needs the `bench` extra)
    python tests/benchmarks/speed.py --quick          few rounds, small sizes: does everything run?
    python tests/benchmarks/speed.py --scaling        time and memory against width, batch, replicas, modes, run length
    python tests/benchmarks/speed.py --profile        where tinygan's own step goes

Every peer is a process of its own with one thread on one core; they run in turn, so that a busy moment meets all of them. First
they must agree on both players' gradients. A step is one of D and one of G, data and noise drawn inside it, float32, ReLU, Adam;
tinygan's is timed inside `train`, with its history and guard, once with replay and once without, and as the bare loop. The ratios
are of medians over the rounds; the spread is the least and the greatest ratio within a round. Wall time decides; on a busy
machine look at CPU time, or ask for --clock cpu. Peers that are not installed are named and left out. Writes
docs/results/speed.json, speed.txt and speed.png, with --scaling speed_scaling.json and .txt, with --profile speed_profile.json
and .txt.
"""

import argparse
import json
import os
import platform
import sys
import time
from importlib import metadata
from pathlib import Path

RESULTS = Path(__file__).parents[2] / "docs" / "results"
sys.path.insert(0, str(RESULTS.parents[1]))  # the package beside this file, installed or not

from speed_peers import processes, report  # noqa: E402
from speed_peers.common import Case  # noqa: E402

SIZES = {"32x2": (32, 128, 2), "64x2": (64, 128, 2), "128x2": (128, 256, 2), "128x3": (128, 256, 3), "256x3": (256, 512, 3)}
CHECKED = ("tinygan", "PyTorch", "PyTorch, foreach Adam", "JAX, a call a step", "autograd")  # the others share their code


class Page(list):
    """Lines that are printed as they come and kept for a file."""

    def say(self, text):
        self.append(text)
        print(text, flush=True)


def about():
    """The command, and where this was measured: a flat dict of strings and numbers."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as info:
            model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), model)
    found = {"command": " ".join(["python", "tests/benchmarks/speed.py", *sys.argv[1:]]), "python": platform.python_version()}
    for name in ("numpy", "torch", "jax", "autograd"):
        if name not in processes.missing():
            found[name] = metadata.version(name)
    found |= {"machine": f"{model}, {os.cpu_count()} cores, {platform.system()}", "threads": 1}
    if hasattr(os, "getloadavg"):
        found["load at the start"] = round(os.getloadavg()[0], 2)
    return found


def rounded(thing):
    """The same with every float to four digits, for a file that can be read."""
    if isinstance(thing, dict):
        return {key: rounded(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [rounded(value) for value in thing]
    return float(f"{thing:.4g}") if isinstance(thing, float) else thing


def races(options, page):
    """The steps of all cases: [(case, found)]."""
    done = []
    for workload in options.workloads:
        for size in options.sizes:
            case = Case(workload, *SIZES[size])
            agreed = processes.agreement(case, [name for name in CHECKED if name in processes.present()])
            worst = max((max(row[key] for key in ("d_grad", "g_grad")) for name, row in agreed.items() if name != "spoiled"),
                        default=0)
            page.say(f"{case.workload}, {case.size}: gradients agree to {worst:.0e} (must {processes.TOLERANCE:.0e}; "
                     f"with one point of the batch moved {agreed['spoiled']:.0e})")
            found = processes.race(case, processes.present(), options.rounds, options.seconds)
            if not done:
                page.say(report.threads_text(found))
            page.say(report.race_text(case, found, options.clock))
            done.append((case, found | {"agreement": agreed}))
    return done


def replicas(options, page):
    """16 replicas in one go, against one run of the same, and against JAX's vmap."""
    done = []
    for width in (32,) if options.quick else (32, 64):
        single = Case("W1", width, 128, 2)
        case = single._replace(replicas=16)
        entrants = [("tinygan, replicas", "tinygan", case), ("tinygan, single", "tinygan", single),
                    ("plain, replicas", "tinygan, plain", case), ("plain, single", "tinygan, plain", single)]
        if "JAX, scan" in processes.present():
            entrants += [("JAX, replicas", "JAX, scan", case), ("JAX, single", "JAX, scan", single)]
        found = processes.race(case, entrants, options.rounds, options.seconds)
        page.say(report.replicas_text(case, found, options.clock))
        done.append((case, found))
    return done


def whole(options, page):
    """A run of 2000 steps from the start of the process to its end."""
    case, steps = Case("W1", 64, 128, 2), 500 if options.quick else 2000
    names = [name for name in processes.present() if name != "floor"]
    found = processes.whole_runs(case, names, steps, min(options.rounds, 5))
    page.say(report.whole_text(case, found, steps))
    return {"steps": steps, "case": case._asdict(), "found": found}


def profiles(options, page):
    """Where tinygan's step goes, for every case; the profiler's table goes to the terminal alone."""
    from speed_peers import common, profiling

    common.one_core()
    cases = [Case(workload, *SIZES[size]) for workload in options.workloads for size in options.sizes]
    found = [{"case": case._asdict(), "microseconds": profiling.measure(case, page.say)} for case in cases]
    if options.functions:
        for case in cases:
            profiling.functions(case)
    return found


def as_json(results):
    return [{"case": case._asdict(), "found": found} for case, found in results]


def parser():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="three short rounds, the two small sizes")
    options.add_argument("--workloads", nargs="+", choices=("W1", "W2"), default=["W1", "W2"])
    options.add_argument("--sizes", nargs="+", choices=SIZES, help="all by default")
    options.add_argument("--rounds", type=int, help="turns of each peer; 9 by default, at most 45")
    options.add_argument("--seconds", type=float, default=.25, help="length of a turn, about; default .25")
    options.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="which time decides")
    options.add_argument("--parts", nargs="+", choices=("steps", "replicas", "whole"), default=["steps", "replicas", "whole"])
    options.add_argument("--out", type=Path, default=RESULTS / "speed.json", help="the picture goes beside it")
    options.add_argument("--scaling", action="store_true", help="time and memory against size, instead of the race")
    options.add_argument("--long", type=int, default=10_000, help="steps of the long run of --scaling, in thousands of steps")
    options.add_argument("--profile", action="store_true", help="where tinygan's step goes, instead of the race")
    options.add_argument("--functions", action="store_true", help="with --profile: print cProfile's table as well")
    return options


def main():
    options = parser().parse_args()
    options.sizes = options.sizes or list(SIZES)[:2 if options.quick else None]
    options.rounds = options.rounds or (3 if options.quick else 9)
    if not 1 <= options.rounds <= 45:
        raise SystemExit(f"--rounds must be 1 to 45: they all fit into one run of train; got {options.rounds}")
    if options.long % 1000 or options.long < 2000:
        raise SystemExit(f"--long must be a multiple of 1000, at least 2000; got {options.long}")
    began, results, page = time.perf_counter(), {"about": about() | {"clock": options.clock}}, Page()
    name, done = options.out.with_suffix(""), []
    if options.profile:
        results["cases"] = profiles(options, page)
        name = name.with_name(f"{name.name}_profile")
    elif options.scaling:
        from speed_peers import scaling

        name = name.with_name(f"{name.name}_scaling")
        results["scaling"] = scaling.measure(page.say, options.long, options.quick)
    else:
        if processes.missing():
            page.say(f"not installed, so left out: {', '.join(processes.missing())} (pip install -e '.[bench]' brings them)")
        if "steps" in options.parts:
            done = races(options, page)
            results["steps"] = as_json(done)
        if "replicas" in options.parts:
            results["replicas"] = as_json(replicas(options, page))
        if "whole" in options.parts:
            results["whole"] = whole(options, page)
    results["about"]["minutes"] = round((time.perf_counter() - began) / 60, 1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    name.with_suffix(".json").write_text(json.dumps(rounded(results), indent=1) + "\n")
    name.with_suffix(".txt").write_text("\n".join(page) + "\n")
    if done:
        report.picture(done, options.clock, name.with_suffix(".png"))
    print(f"{name.with_suffix('.json')}, after {results['about']['minutes']} minutes")


if __name__ == "__main__":
    main()
