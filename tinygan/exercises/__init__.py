"""The exercises: what each one asks, how its answer is judged, and the mistakes that it knows by name.

    grading     an exercise and the judge
    plugin      the exercises under pytest, with the board
    ex02 ...    the exercises of each lesson
    museum      real bugs to find and repair

The files that students fill in stand in lessons/exercises; `copy_to` makes a student's own copy.
"""

import importlib
import shutil
from pathlib import Path

LESSONS = {
    "02": "a layer and its gradient",
    "03": "scores and probabilities",
    "04": "what the discriminator learns",
    "05": "the first GAN",
    "06": "saturating or not",
    "07": "reading the losses",
    "08": "why training circles",
    "09": "mode collapse",
    "10": "measuring collapse",
    "11": "the Wasserstein critic",
    "12": "the gradient of a gradient",
    "13": "curing collapse",
    "14": "unrolling",
    "15": "twenty-five of twenty-five",
}

MUSEUM = "the museum of real bugs"

FOLDER = Path(__file__).parents[2] / "lessons" / "exercises"


def exercises_of(lesson):
    """The exercises of a lesson ("02"), or of the "museum", in order."""
    return importlib.import_module(f".ex{lesson}" if lesson in LESSONS else f".{lesson}", __name__).EXERCISES


def copy_to(folder):
    """Copy the exercises into `folder`, leaving alone what is there already. Returns (copied, kept), two lists of names.

    Raises FileNotFoundError where the package was installed without the repository.
    """
    if not FOLDER.is_dir():
        raise FileNotFoundError(f"there are no exercises in {FOLDER}: they come with the repository. "
                                "Clone it, then pip install -e .")
    folder, copied, kept = Path(folder), [], []
    for file in sorted(FOLDER.rglob("*.py")):
        target = folder / file.relative_to(FOLDER)
        if target.exists():
            kept.append(str(file.relative_to(FOLDER)))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        copied.append(str(file.relative_to(FOLDER)))
    return copied, kept
