"""The exercises: what each one asks, how its answer is graded, and the mistakes that it knows by name.

    grading     an exercise, and how an answer is graded
    plugin      the exercises under pytest, with the board
    ex01 ...    the exercises of each lesson
    museum      real bugs to find and repair

The files that students fill in are in lessons/exercises of the repository, and come with the package; `copy_to` makes a
student's own copy.
"""

import importlib

from .. import lessons

LESSONS = {
    "01": "generative or discriminative",
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
    "16": "a class for both players",
    "17": "codes that mean something",
    "18": "an encoder in the game",
    "19": "there and back",
    "20": "convolutions, and their rules",
    "21": "from words to an image",
    "22": "styles for every layer",
    "23": "what is made up",
}

MUSEUM = "the museum of real bugs"

FOLDER = lessons.folder() / "exercises"


def exercises_of(lesson):
    """The exercises of a lesson ("02"), or of the "museum", in order."""
    return importlib.import_module(f".ex{lesson}" if lesson in LESSONS else f".{lesson}", __name__).EXERCISES


def copy_to(folder):
    """Copy the exercises into `folder`, leaving alone what is there already. Returns (copied, kept), two lists of names.

    Raises FileNotFoundError where the package has no exercises, otherwise as `lessons.copy` does.
    """
    sources = sorted(FOLDER.rglob("*.py"))
    if not sources:
        raise FileNotFoundError(f"there are no exercises in {FOLDER}. {lessons.AGAIN}")
    return lessons.copy(sources, FOLDER, folder)


def grade(answer, number=None, hints=0):
    """Grade a function where it was written, as in a cell of a notebook. Print whether it is right, and if not, why.

    Nothing is raised, whatever the function does. Only Ctrl-C, or a notebook's stop, ends it as usual.

    Parameters
    ----------
    answer : the function itself
    number : the exercise, such as "05.3"; needed only if the function has another name than the exercise asks for
    hints : how many hints to print as well

    Returns
    -------
    verdict : true if the answer is right, as in `assert grade(dense_forward)`; a cell shows nothing of it
    """
    from .notebook import verdict

    return verdict(answer, number, hints, [exercise for lesson in (*LESSONS, "museum") for exercise in exercises_of(lesson)])
