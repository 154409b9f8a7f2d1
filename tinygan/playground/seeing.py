"""What there is to see of a game, such as points, D's scores over the plane or the line, G's gradient, curves and scores.

    seen(session)            facts for JSON and arrays; nothing of the game changes
    score(data, truth, x)    how near x comes to the data
"""

import functools
from typing import Any

import numpy as np

from ..data import Mixture
from ..engine.arguments import Array
from ..engine.numerics import sigmoid
from ..gradients import through_d
from ..metrics import coverage_and_density, mode_report, wasserstein_1d

SIDE, ARROWS, LINES, BINS, SCORED = 40, 200, 15, 24, 500
PLACES, BARS, THREADS = 121, 60, 41  # on a line: places of the curves, bars of the histogram, points of the latent grid
WIDTH = 0.06  # standard deviation of the bell that smooths densities, where the best D is computed from points
FAR = 1e6  # points beyond it, and those that are no numbers, are shown and scored as if they were there


def score(data: Any, truth: Array, x: Array) -> dict[str, str]:
    """The scores of points x (N, 2), name -> words: modes where the data have them, otherwise coverage and density."""
    x = np.clip(np.nan_to_num(x, nan=FAR), -FAR, FAR)
    if isinstance(data, Mixture):
        r = mode_report(x, data)
        scores = {"modes visited": f"{r.modes_visited} of {data.n_modes}", "modes at half their share": f"{r.modes_half}",
                  "high quality": f"{r.high_quality:.1%}", "reverse KL": f"{r.reverse_kl:.3f}"}
        return scores | ({"W1": f"{wasserstein_1d(x[:, 0], truth[:, 0]):.3f}"} if data.dim == 1 else {})
    c = coverage_and_density(x[:SCORED], truth[:SCORED])
    return {"coverage": f"{c.coverage:.1%}", "density": f"{c.density:.2f}"}


def seen(session: Any) -> tuple[dict[str, Any], dict[str, Array]]:
    """Facts and arrays; see the page's `view.js` for what it draws of each."""
    G, D, average = session.copies()
    loss, m = session.recipe.loss_object(), session.recipe.pack
    reach = 1.18 * float(abs(session.truth).max())
    with np.errstate(all="ignore"):
        x = G(session.z.astype(G.dtype))
        averaged = np.zeros((0, G.d_out)) if average is None else average(session.z.astype(G.dtype))
        own, verdicts = _line(D, loss, session.data, x, m, reach) if G.d_out == 1 else _heat(D, loss, reach, m)
        n = ARROWS // m * m
        real = D(session.truth[:n].astype(D.dtype))
        _, dx, s_fake = through_d(D, x[:n], loss, real)
        bars, edges = _bars(loss, real, s_fake)
    facts = {"rounds": session.rounds, "settings": session.settings(), "reach": reach, "dim": G.d_out,
             "version": session.version, "mark": session.mark, "message": session.message, "diverged": session.diverged,
             "true_score": session.true_score, "score": score(session.data, session.truth, x),
             "average_score": score(session.data, session.truth, averaged) if len(averaged) else None,
             "probability": bool(loss.is_probability), "verdicts": verdicts, "edges": edges,
             "modes": getattr(session.data, "means", np.zeros((0, 2))).tolist(),
             "std": float(getattr(session.data, "stds", [0.0])[0])}
    arrays = {**own, "fake": x, "average": averaged, "pull": -n * dx, "sheet": _sheet(G), "bars": bars,
              "rows": np.reshape(session.rows, (-1, 5))}
    return facts, {name: a if a.dtype == np.uint8 else _plain(a) for name, a in arrays.items()}


def _plain(a: Array) -> Array:
    """float32 numbers that can be sent, all of them finite."""
    return np.clip(np.nan_to_num(a, nan=FAR), -FAR, FAR).astype(np.float32)


def _verdicts(D: Any, loss: Any, places: Array, m: int) -> Array:
    """D's verdict at each of the places (N, d). Where D judges m points together, it sees each place m times."""
    s = D(places.repeat(m, axis=-2).astype(D.dtype))[..., 0].astype(float)
    return sigmoid(s) if loss.is_probability else s


def _heat(D: Any, loss: Any, reach: float, m: int) -> tuple[dict[str, Array], list[float]]:
    """D's verdict on a grid as bytes, 255 for real, and the verdicts that 0 and 255 stand for."""
    v = _verdicts(D, loss, _grid(reach, SIDE), m)
    middle, span = .5, .5
    if not loss.is_probability:
        middle = float(np.median(v))
        span = max(float(abs(v - middle).max()), 1e-9)
    heat = np.clip(np.nan_to_num(127.5 + 127.5 * (v - middle) / span), 0, 255).astype(np.uint8)
    return {"heat": heat}, _finite(middle - span, middle + span)


@functools.lru_cache(maxsize=8)
def _grid(reach: float, side: int) -> Array:
    """side x side points of the plane, from -reach to reach; (side^2, 2)."""
    line = np.linspace(-reach, reach, side)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def _line(D: Any, loss: Any, data: Mixture, x: Array, m: int, reach: float) -> tuple[dict[str, Array], list[float]]:
    """Curves over a line, and the least and the largest verdict.

    density (PLACES)    of true points;   histogram (BARS) of generated points x (N, 1), as a density
    verdict (PLACES)    D's;   best (PLACES) the best D's, where the loss has one, for densities that a bell has smoothed
    """
    places = np.linspace(-reach, reach, PLACES)[:, None]
    points = np.clip(np.nan_to_num(x.astype(float), nan=FAR), -FAR, FAR)
    edges = np.linspace(-reach, reach, BARS + 1)
    arrays = {"density": np.exp(data.log_prob(places)), "verdict": _verdicts(D, loss, places, m),
              "histogram": np.histogram(points, edges)[0] / len(points) / (edges[1] - edges[0])}
    p = np.exp(Mixture(data.means, np.hypot(data.stds, WIDTH), data.weights).log_prob(places))
    best = loss.best(p, np.exp(Mixture(points, WIDTH).log_prob(places)))
    shown = [arrays["verdict"]]
    if best is not None:
        arrays["best"] = np.nan_to_num(best, nan=loss.best(1.0, 1.0))  # far from all points both densities are 0
        shown.append(arrays["best"])
    return arrays, [0.0, 1.0] if loss.is_probability else _finite(min(map(np.min, shown)), max(map(np.max, shown)))


def _finite(*numbers: Any) -> list[float]:
    """Numbers for JSON, which has none that are not finite."""
    return [float(np.clip(np.nan_to_num(number), -FAR, FAR)) for number in numbers]


def _sheet(G: Any) -> Array:
    """G of a grid over the first two dimensions of z, from -2 to 2, the others 0; for points on a line, over the first one."""
    grid = np.linspace(-2, 2, THREADS)[:, None] if G.d_out == 1 else _grid(2, LINES)
    z = np.zeros((len(grid), G.d_in), G.dtype)
    k = min(grid.shape[-1], G.d_in)
    z[:, :k] = grid[:, :k]
    sheet: Array = G(z)
    return sheet


def _bars(loss: Any, real: Array, fake: Array) -> tuple[Array, list[float]]:
    """Histograms (2, BINS) of D's verdicts on true and on generated points, and their two ends."""
    v = [np.nan_to_num(np.asarray(sigmoid(s) if loss.is_probability else s, float), nan=0, posinf=FAR, neginf=-FAR)
         for s in (real, fake)]
    low, high = (0.0, 1.0) if loss.is_probability else (min(map(np.min, v)) - 1e-6, max(map(np.max, v)) + 1e-6)
    edges = np.linspace(low, high, BINS + 1)
    return np.stack([np.histogram(a, edges)[0] for a in v]), [float(low), float(high)]
