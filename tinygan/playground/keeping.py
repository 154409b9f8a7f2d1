"""A game as the folder of a run, which the commands plot and sample read.

    kept(session) -> Run     the players as they stand, with the curves so far
    save(session) -> Path    a new folder with run.npz, and game.py, the game as a program
"""

from pathlib import Path
from typing import Any

import numpy as np

from ..cli import run_files
from ..cli.folders import free, made
from ..data import Mixture
from ..history import History
from ..metrics import mode_report

FOLDER, PROGRAM = "tinygan-play", "game.py"
COLUMNS = ("d_loss", "g_loss", "d_real", "d_fake")


def kept(session: Any) -> run_files.Run:
    """The Run of a `Session`. Raises ValueError before there is a row of the curves."""
    rows = session.past + session.rows
    if not rows:
        raise ValueError(f"there is no run to save after {session.rounds} rounds. Train for {session.every} rounds or more")
    drawn = session.points is not None
    recipe = session.recipe.replace(steps=session.rounds, **({"data": "drawn.csv"} if drawn else {}))
    mixture = isinstance(session.data, Mixture)
    history = History(recipe.steps, (), session.training.G_ema, count_modes=mixture)
    for round_, *values in rows:
        history.record(int(round_), dict(zip(COLUMNS, map(np.array, values), strict=True)))
    if mixture:
        report = mode_report(np.nan_to_num(session.G(session.z.astype(session.G.dtype))), session.data)
        history.record_modes(session.rounds, np.array([report.modes_visited, report.modes_half]))
    history.diverged = np.array(session.rounds if session.diverged else 0)
    return run_files.Run(recipe, session.seeds, session.G, session.D, session.data, session.points, history)


def save(session: Any) -> Path:
    """Write the run and the program into a new folder where the page was started. Raises ValueError where that cannot be."""
    run, folder = kept(session), free(FOLDER)
    try:
        with made(folder, FOLDER) as folder:
            run_files.save(run, folder)
            (folder / PROGRAM).write_text(session.script(), encoding="utf-8")
    except OSError as error:
        raise ValueError(f"the run cannot be written to {folder}: {error.strerror}. "
                         "Start the page in a folder of your own") from None
    return folder
