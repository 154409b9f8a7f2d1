"""Stop commands from outside at random moments, go on with them, and compare with those that were left alone.

    python tests/benchmarks/kills.py --count 200 --write      prints the table and writes docs/results/kills.txt

The works are trainings of the first GAN and of a system of the family, the demo, a study in two processes, and the grading of a
class in two processes. Each is stopped by SIGKILL, SIGTERM or SIGINT at a time that is uniform between its start and its end.
SIGINT goes to all processes, as that of a terminal does; the others go to the one that was started. Then must hold:

    the exit code is the documented one; SIGKILL has none
    no process is left ten seconds later, and after SIGTERM and SIGINT nothing in the folder for temporary files
    every file that is there is whole
    the command that goes on ends well, and leaves what the work that was left alone has left, to the last bit
"""

import argparse
import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from tinygan import checkpoint, files, saving
from tinygan.exercises import copy_to

ROOT = Path(__file__).parents[2]
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
CODES = {"SIGKILL": -9, "SIGTERM": 143, "SIGINT": 130}
SMALL = "--hidden 8 --batch 32 --steps 1200 --every 50 --quiet"
WORKS = {  # name -> words, and how often it is chosen
    "train": (f"train --out run {SMALL}", 6),
    "train a system": (f"train --model conditional --data ring --out run {SMALL}", 3),
    "demo": ("demo --out run", 2),
    "study": ("study --remedies plain averaging --seeds 8 --replicas 4 --jobs 2 --steps 500 --every 100 --quiet --out run", 5),
    "grade": ("grade class --jobs 2 --lessons 02 03 --quiet --out run/marks.csv --force", 4),
}
ENDED, LATE = 30.0, 10.0  # seconds within which a stopped command has ended, and then all its processes


class Place:
    """A folder to work in, with one for temporary files beside it; processes are known by its name in their environment."""

    def __init__(self, folder, work):
        self.folder, self.words, self.temporary = Path(folder), WORKS[work][0], Path(folder) / "temporary"
        self.run = self.folder / "run"
        self.temporary.mkdir(parents=True)
        if work == "grade":
            self.run.mkdir()
            for name in ("anna", "ben", "carla"):
                copy_to(self.folder / "class" / name)

    def start(self, words):
        """The command, begun in a process group of its own, in which Ctrl-C is not switched off."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        env = os.environ | {"PYTHONPATH": path, "TMPDIR": str(self.temporary), "MPLBACKEND": "agg"}
        return subprocess.Popen([sys.executable, "-m", "tinygan", *words.split()], cwd=self.folder, env=env, text=True,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))

    def left(self):
        """The numbers of the processes that still run."""
        mark, found = f"TMPDIR={self.temporary}\0".encode(), []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (path / "environ").read_bytes() and " Z " not in (path / "stat").read_text():
                    found.append(int(path.name))
            except OSError:  # it has ended
                pass
        return found

    def go_on(self):
        """The words of the command that goes on."""
        if not self.words.startswith(("train", "demo")):
            return self.words
        if (self.run / "checkpoint.npz").exists():
            return "train --resume run" + " --quiet"
        return self.words + " --force" * self.run.exists()


def contents(run):
    """What a work has left: file -> its contents, without times."""
    found = {}
    for path in sorted(run.rglob("*")):
        name = path.relative_to(run).as_posix()
        if path.is_dir():
            found[name] = None
        elif path.suffix == ".npz":
            arrays, about = checkpoint.load(path, checkpoint.RUN if name == "run.npz" else saving.KIND)
            found[name] = about, {key: (array.shape, array.dtype, array.tobytes()) for key, array in arrays.items()}
        elif name == "study.csv":
            rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
            found[name] = sorted(sorted((key, value) for key, value in row.items() if key != "seconds") for row in rows)
        elif path.suffix == ".npy":
            found[name] = files.read(path)[0].tobytes()
        elif path.suffix in (".png", ".gif"):
            with Image.open(path) as image:
                image.load()
            found[name] = path.read_bytes() if "intervals" not in name else None
        else:
            found[name] = path.read_bytes() if name != "table.txt" else None  # it has seconds
    return found


def alone(folder, work):
    """What the work leaves when it is left alone, and how many seconds it takes."""
    place, start = Place(folder, work), time.monotonic()
    process = place.start(place.words)
    _, err = process.communicate(timeout=600)
    if process.returncode:
        raise RuntimeError(f"{work} alone: exit code {process.returncode}: {err}")
    return contents(place.run), time.monotonic() - start


def stop(place, name, seconds):
    """Start the work, and stop it after these seconds; the exit code and stderr."""
    process = place.start(place.words)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        if name == "SIGINT":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(SIGNALS[name])
    try:
        _, err = process.communicate(timeout=ENDED)
    except subprocess.TimeoutExpired:
        for pid in place.left():
            os.kill(pid, signal.SIGKILL)
        return None, "it does not end"
    return process.returncode, err


def last(err):
    """The last line of what was complained."""
    return next((line.strip() for line in reversed(err.splitlines()) if line.strip()), "")


def half(run):
    """The files of the folder that are not whole."""
    found = []
    for path in [*run.rglob("*")] if run.exists() else []:
        if path.is_file() and not path.name.startswith("."):
            try:
                if path.name == "study.csv":  # a line that was cut off is taken away at the next start
                    continue
                contents_of_one(path)
            except (ValueError, OSError) as error:
                found.append(f"{path.name} is not whole: {error}")
    return found


def contents_of_one(path):
    """Read a file; raises where it is not whole."""
    if path.suffix == ".npz":
        checkpoint.load(path, checkpoint.RUN if path.name == "run.npz" else saving.KIND)
    elif path.suffix == ".npy":
        files.read(path)
    elif path.suffix in (".png", ".gif"):
        with Image.open(path) as image:
            image.load()
    elif path.suffix == ".csv" and not path.read_bytes().endswith(b"\n"):
        raise ValueError("its last line is cut off")


def kill_once(folder, work, name, seconds, expected):
    """One work, stopped and gone on with: what became of it, and the faults that were found."""
    place, faults = Place(folder, work), []
    code, err = stop(place, name, seconds)
    # The signal has ended Python itself, which knows no better before and after the command; while it imports its own modules
    # for the start, a Ctrl-C is exit code 1.
    by_itself = code in (-2, -15) or code == 1 and str(ROOT / "tinygan") not in err and "KeyboardInterrupt" in err
    early = by_itself and not (place.run / "checkpoint.npz").exists()
    ended = code == 0 or by_itself and not early and contents(place.run) == expected
    if not (ended or early):
        if code != CODES[name]:
            faults.append(f"exit code {code}: {last(err)}")
        if "Traceback" in err or "Warning" in err:
            faults.append(f"a traceback or a warning: {' | '.join(line.strip() for line in err.splitlines() if line.strip())}")
    end = time.monotonic() + LATE
    while place.left() and time.monotonic() < end:
        time.sleep(0.1)
    for pid in place.left():
        faults.append(f"process {pid} is left: {Path(f'/proc/{pid}/cmdline').read_bytes()[-200:]}")
        os.kill(pid, signal.SIGKILL)
    if name != "SIGKILL" and not early and os.listdir(place.temporary):
        faults.append(f"left among the temporary files: {os.listdir(place.temporary)}")
    faults += half(place.run)
    state = "had ended" if ended else "not begun" if early or not place.run.exists() else "stopped"
    if state == "stopped" and work in ("train", "train a system", "demo") and (place.run / "checkpoint.npz").exists():
        state = f"at step {int(saving.read(place.run / 'checkpoint.npz').state['training.done'])}"
    faults += going_on(place, expected)
    return state, faults


def going_on(place, expected):
    """Go on with what was stopped; the faults that were found."""
    process = place.start(place.go_on())
    try:
        _, err = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.kill()
        return ["the command that goes on does not end"]
    if process.returncode:
        return [f"going on: exit code {process.returncode}: {last(err)}"]
    found = contents(place.run)
    return [f"other bits in {name}" for name in sorted(expected.keys() | found.keys())
            if name not in found or name not in expected or expected[name] != found[name]]


def kills(count, seed, folder, at_once=1, report=lambda *_: None):
    """`count` works, stopped; {(work, signal): Counter of what became of it} and the list of faults."""
    rng, table, faults = np.random.default_rng(seed), {}, []
    names = [name for name, (_, times) in WORKS.items() for _ in range(times)]
    order = [(names[i * 7 % len(names)], [*SIGNALS][i % len(SIGNALS)]) for i in range(count)]
    expected = {work: alone(folder / f"alone {work}", work) for work in dict.fromkeys(work for work, _ in order)}
    times = [float(rng.uniform(0, expected[work][1])) for work, _ in order]

    def once(i):
        work, name = order[i]
        state, found = kill_once(folder / str(i), work, name, times[i], expected[work][0])
        report(i, work, name, times[i], state, found)
        return state, found

    with ThreadPoolExecutor(at_once) as pool:
        for i, (state, found) in enumerate(pool.map(once, range(count))):
            kind = "went on at a step" if state.startswith("at step") else state
            table.setdefault(order[i], Counter()).update([kind, *["fault"] * bool(found)])
            faults += [f"{', '.join(order[i])} after {times[i]:.2f} s: {fault}" for fault in found]
    return table, faults


def text(table, faults, count, seed):
    """The table as text."""
    kinds = ("not begun", "stopped", "went on at a step", "had ended", "fault")
    lines = [f"{count} commands stopped at random moments (seed {seed}), gone on with, and compared with those left alone", "",
             f"{'work':16}{'signal':10}{'count':>7}" + "".join(f"{kind:>19}" for kind in kinds)]
    for (work, name), counts in sorted(table.items()):
        total = sum(counts[kind] for kind in kinds[:-1])
        lines.append(f"{work:16}{name:10}{total:7}" + "".join(f"{counts[kind]:19}" for kind in kinds))
    whole = sum((counts for counts in table.values()), Counter())
    lines.append(f"{'all':26}{sum(whole[kind] for kind in kinds[:-1]):7}" + "".join(f"{whole[kind]:19}" for kind in kinds))
    lines += ["", "equal to the last bit, no process left, no half file, exit code as documented: "
              f"{count - whole['fault']} of {count}"]
    return "\n".join([*lines, *faults]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write docs/results/kills.txt")
    options = parser.parse_args()

    def report(i, work, name, after, state, found):
        print(f"{i:4} {work:16}{name:9}{after:6.2f} s  {state:14} {'; '.join(found)}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        table, faults = kills(options.count, options.seed, Path(folder), options.at_once, report)
    result = text(table, faults, options.count, options.seed)
    print(result, end="")
    if options.write:
        (ROOT / "docs/results/kills.txt").write_text(result)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
