"""What there is to see of a game: points, D's scores over the plane, G's gradient, curves and scores.

    seen(session)            facts for JSON and arrays; nothing of the game changes
    score(data, truth, x)    how near x comes to the data
"""

from typing import Any

import numpy as np

from ..data import Mixture
from ..engine.arguments import Array
from ..engine.numerics import sigmoid
from ..gradients import through_d
from ..metrics import coverage_and_density, mode_report

SIDE, ARROWS, LINES, BINS, SCORED = 40, 200, 15, 24, 500
FAR = 1e6  # points beyond it, and those that are no numbers, are shown and scored as if they were there


def score(data: Any, truth: Array, x: Array) -> dict[str, str]:
    """The scores of points x (N, 2), name -> words: modes where the data have them, otherwise coverage and density."""
    x = np.clip(np.nan_to_num(x, nan=FAR), -FAR, FAR)
    if isinstance(data, Mixture):
        r = mode_report(x, data)
        return {"modes visited": f"{r.modes_visited} of {data.n_modes}", "modes at half their share": f"{r.modes_half}",
                "high quality": f"{r.high_quality:.1%}", "reverse KL": f"{r.reverse_kl:.3f}"}
    c = coverage_and_density(x[:SCORED], truth[:SCORED])
    return {"coverage": f"{c.coverage:.1%}", "density": f"{c.density:.2f}"}


def seen(session: Any) -> tuple[dict[str, Any], dict[str, Array]]:
    """Facts and arrays; see the page's `view.js` for what it draws of each."""
    G, D = session.copies()
    loss, m = session.recipe.loss_object(), session.recipe.pack
    reach = 1.18 * float(abs(session.truth).max())
    with np.errstate(all="ignore"):
        x = G(session.z.astype(G.dtype))
        heat, middle, span = _heat(D, loss, reach, m)
        n = ARROWS // m * m
        real = D(session.truth[:n].astype(D.dtype))
        _, dx, s_fake = through_d(D, x[:n], loss, real)
        bars, edges = _bars(loss, real, s_fake)
    facts = {"rounds": session.rounds, "settings": session.settings(), "score": score(session.data, session.truth, x),
             "true_score": session.true_score, "reach": reach, "version": session.version, "mark": session.mark,
             "probability": bool(loss.is_probability), "middle": middle, "span": span, "edges": edges,
             "message": session.message, "diverged": session.diverged,
             "modes": getattr(session.data, "means", np.zeros((0, 2))).tolist(),
             "std": float(getattr(session.data, "stds", [0.0])[0])}
    arrays = {"heat": heat, "fake": x, "pull": -n * dx, "sheet": _sheet(G), "bars": bars,
              "rows": np.reshape(session.rows, (-1, 5))}
    return facts, {name: a if a.dtype == np.uint8 else _plain(a) for name, a in arrays.items()}


def _plain(a: Array) -> Array:
    """float32 numbers that can be sent: none that are not finite."""
    return np.clip(np.nan_to_num(a, nan=FAR), -FAR, FAR).astype(np.float32)


def _heat(D: Any, loss: Any, reach: float, m: int) -> tuple[Array, float, float]:
    """D's verdict on a grid as bytes, 255 for real, with the value that is 127 and how far 0 and 255 are from it.

    Where D judges m points together, it sees each point of the grid m times.
    """
    line = np.linspace(-reach, reach, SIDE)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2).repeat(m, axis=-2)
    s = D(grid.astype(D.dtype))[..., 0].astype(float)
    if loss.is_probability:
        v, middle, span = sigmoid(s), .5, .5
    else:
        v, middle = s, float(np.median(s))
        span = max(float(abs(s - middle).max()), 1e-9)
    return np.clip(np.nan_to_num(127.5 + 127.5 * (v - middle) / span), 0, 255).astype(np.uint8), middle, span


def _sheet(G: Any) -> Array:
    """G of a grid over the first two dimensions of z, from -2 to 2, the others 0; (LINES^2, 2)."""
    line = np.linspace(-2, 2, LINES)
    z = np.zeros((LINES * LINES, G.d_in), G.dtype)
    z[:, :2] = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)[:, :G.d_in]
    sheet: Array = G(z)
    return sheet


def _bars(loss: Any, real: Array, fake: Array) -> tuple[Array, list[float]]:
    """Histograms (2, BINS) of D's verdicts on true and on generated points, and their two ends."""
    v = [np.nan_to_num(np.asarray(sigmoid(s) if loss.is_probability else s, float), nan=0, posinf=FAR, neginf=-FAR)
         for s in (real, fake)]
    low, high = (0.0, 1.0) if loss.is_probability else (min(map(np.min, v)) - 1e-6, max(map(np.max, v)) + 1e-6)
    edges = np.linspace(low, high, BINS + 1)
    return np.stack([np.histogram(a, edges)[0] for a in v]), [float(low), float(high)]
