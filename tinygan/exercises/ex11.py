"""Exercises of lesson 11: the Wasserstein critic."""

import math

import numpy as np

from ..engine.numerics import sigmoid
from ..gradients import d_gradients
from ..losses import NonSaturating, Wasserstein
from ..metrics import wasserstein_1d
from ..penalties import WGANGP
from .grading import Exercise, Mistake, Wrong, differences
from .players import at, players, used

LN2 = math.log(2)

# ---------------------------------------------------------------- 11.1


def _segments(rng):
    """In about half of the cases they overlap."""
    length = round(float(rng.uniform(0.5, 2.5)), 2)
    return round(float(rng.choice([-1, 1]) * length * rng.uniform(0.2, 1.8)), 2), length


def _piecewise(theta, length):
    """The JSD piece by piece between the four ends; W1 by moving a thousand points, each to its place in the order."""
    ends, jsd = np.sort([0, length, theta, theta + length]), 0.0
    for left, right in zip(ends[:-1], ends[1:], strict=True):
        middle = (left + right) / 2
        p, q = ((0 < middle - start < length) / length for start in (0, theta))
        jsd += (right - left) * sum(one * math.log(2 * one / (p + q)) for one in (p, q) if one) / 2
    places = np.linspace(0, length, 1000)
    return {"jsd": jsd, "w1": np.abs(np.sort(places) - np.sort(places[::-1] + theta)).mean()}


def _share(theta, length):
    """How much of either segment lies outside the other."""
    return min(abs(theta) / length, 1)


def _segment_answer(jsd=lambda theta, length: LN2 * _share(theta, length), w1=lambda theta, length: abs(theta)):
    return lambda theta, length: (float(jsd(theta, length)), float(w1(theta, length)))


SEGMENTS = Exercise(
    "11.1", "two_segments", "two segments", _segments, _piecewise,
    solution=_segment_answer(),
    mistakes=(
        Mistake("the JSD cannot grow beyond ln 2: once the segments part it is flat",
                _segment_answer(lambda theta, length: LN2 * abs(theta) / length)),
        Mistake("the share of a segment is theta / length; this is right only for length 1",
                _segment_answer(lambda theta, length: LN2 * min(abs(theta), 1))),
        Mistake("theta may be negative: the share that does not overlap is |theta| / length",
                _segment_answer(lambda theta, length: LN2 * min(theta / length, 1))),
        Mistake("that is the JSD in bits; in nats it is ln 2 where nothing overlaps", _segment_answer(_share)),
        Mistake("p and q were taken to part as soon as theta is not 0: the JSD is ln 2 only from |theta| = length on",
                _segment_answer(lambda theta, length: LN2)),
        Mistake("that is the share that does overlap",
                _segment_answer(lambda theta, length: LN2 * (1 - _share(theta, length)))),
        Mistake("both KL divergences were added; the JSD is their mean", _segment_answer(
            lambda theta, length: 2 * LN2 * _share(theta, length)), "factor 2"),
        Mistake("a distance is never negative, whichever way the segment was moved",
                _segment_answer(w1=lambda theta, length: theta)),
        Mistake("that is the gap between the segments; the points have to go all the way",
                _segment_answer(w1=lambda theta, length: max(abs(theta) - length, 0.0)), "w1 is zero"),
        Mistake("what overlaps may stay, and the rest moves across it; but points that stay count in the mean as well",
                _segment_answer(w1=lambda theta, length: max(abs(theta), length))),
        Mistake("w1 was multiplied by the length: the mass of the segment is 1",
                _segment_answer(w1=lambda theta, length: abs(theta) * length)),
        Mistake("w1 was divided by the length: it is a distance, in the unit of theta",
                _segment_answer(w1=lambda theta, length: abs(theta) / length)),
        Mistake("w1 was capped at the length: it grows on when the segments have parted",
                _segment_answer(w1=lambda theta, length: min(abs(theta), length))),
        Mistake("the length was added to w1 where nothing overlaps: every point goes |theta|, and no further",
                _segment_answer(w1=lambda theta, length: abs(theta) if abs(theta) < length else length + abs(theta))),
        Mistake("the way was squared: that is W2^2, not W1", _segment_answer(w1=lambda theta, length: theta**2)),
    ),
    hints=("Draw both segments. Where only one of them is, log(p / m) is ln 2; where both are, p = q = m.",
           "The share of p outside the overlap is |theta| / length, at most 1.",
           "jsd = ln 2 * min(|theta| / length, 1). Every point has the same way to go: w1 = |theta|."),
    cases=8,
)


# ---------------------------------------------------------------- 11.2


def _scores(rng):
    """In about half of the cases the critic takes the fake points for the real ones, and all signs are the other way round."""
    n, m = (int(size) for size in rng.permutation(np.arange(3, 10))[:2])
    sign = rng.choice([-1, 1])
    return rng.normal(0.7 * sign, 1.5, (n, 1)), rng.normal(-0.4 * sign, 1.5, (m, 1))


def _d_value(r, f):
    return float(sum(f.ravel().tolist()) / f.size - sum(r.ravel().tolist()) / r.size)


def _loss_truth(r, f):
    return {"d_loss": _d_value(r, f),
            "dr": differences(lambda r: _d_value(r, f), r), "df": differences(lambda f: _d_value(r, f), f),
            "g_loss": -float(f.mean()), "g_df": differences(lambda f: -float(f.mean()), f)}


def _losses(r, f):
    """The library's loss wants equally many of both; its two halves do not."""
    loss, none = Wasserstein(), np.zeros
    real, fake, g = loss.d(r, none(r.shape)), loss.d(none(f.shape), f), loss.g(f)
    return real.value + fake.value, real.ds_real, fake.ds_fake, g.value, g.ds_fake


def _changed(**parts):
    """The answer with some of its five parts computed otherwise, each as part(r, f)."""
    names = ("d_loss", "dr", "df", "g_loss", "g_df")

    def answer(r, f):
        right = dict(zip(names, _losses(r, f), strict=True))
        return tuple(parts[name](r, f) if name in parts else right[name] for name in names)

    return answer


def _flat(value):
    """Every entry the same, over the size of the array that it belongs to: (real, fake) -> dr or df."""
    return lambda own: np.full_like(own, value / own.size)


LOSSES = Exercise(
    "11.2", "wasserstein_losses", "the Wasserstein losses", _scores, _loss_truth,
    solution=_losses,
    mistakes=(
        Mistake("the critic was made to raise the fake points: a higher score means more real",
                _changed(d_loss=lambda r, f: r.mean() - f.mean(), dr=lambda r, f: _flat(1)(r), df=lambda r, f: _flat(-1)(f)),
                "sign"),
        Mistake("there is no sigmoid and no logarithm in this loss", _changed(
            d_loss=lambda r, f: np.log1p(np.exp(-r)).mean() + np.log1p(np.exp(f)).mean())),
        Mistake("a sigmoid was applied to the scores first: the critic's scores are no probabilities, and are taken as they are",
                _changed(d_loss=lambda r, f: sigmoid(f).mean() - sigmoid(r).mean())),
        Mistake("r and f were subtracted point by point before the mean, or weighed by one size: N and M differ",
                _changed(d_loss=lambda r, f: (f.sum() - r.sum()) / r.size)),
        Mistake("the loss is a difference of means, not of sums", _changed(d_loss=lambda r, f: f.sum() - r.sum())),
        Mistake("dr was divided by M, the number of fake points",
                _changed(dr=lambda r, f: np.full_like(r, -1 / f.size)), "dr is"),
        Mistake("df was divided by N, the number of real points",
                _changed(df=lambda r, f: np.full_like(f, 1 / r.size)), "df is"),
        Mistake("dr and df were divided by all N + M points: each mean has a number of its own", _changed(
            dr=lambda r, f: np.full_like(r, -1 / (r.size + f.size)), df=lambda r, f: np.full_like(f, 1 / (r.size + f.size))),
                "dr is"),
        Mistake("the scores stand in the derivatives: that of a mean is 1/N, whatever the scores are", _changed(
            dr=lambda r, f: -r / r.size, df=lambda r, f: f / f.size)),
        Mistake("the derivatives of a mean are 1/N each, not 1", _changed(
            dr=lambda r, f: -np.ones_like(r), df=lambda r, f: np.ones_like(f)), "the mean over the batch is missing"),
        Mistake("dr has the sign of df: real scores are to rise, and the loss falls when they do",
                _changed(dr=lambda r, f: _flat(1)(r)), "sign"),
        Mistake("the generator was given the critic's loss on its points: it learns to be recognised",
                _changed(g_loss=lambda r, f: f.mean(), g_df=lambda r, f: _flat(1)(f)), "sign"),
        Mistake("g_loss is the generator's, but g_df is still the critic's derivative",
                _changed(g_df=lambda r, f: _flat(1)(f)), "g_df is"),
    ),
    hints=("All five are written without looking at a single score twice: means, and constants.",
           "The derivative of a mean of M numbers with respect to each of them is 1/M.",
           "dr is -1/N in every entry, df is 1/M, and g_df is -1/M."),
    batch=lambda r, f: r.shape[0],
)


# ---------------------------------------------------------------- 11.3 and 11.4


def _two_sets(rng):
    """On the whole x is to the left of y, or to the right; the best critic turns round at least once."""
    n, m = (int(size) for size in rng.permutation(np.arange(3, 9))[:2])
    while True:
        x, y = rng.normal(0, 1.5, n), rng.normal(rng.choice([-1, 1]), 1, m)
        _, P, Q = _staircases(x, y)
        if (P > Q).any() and (P < Q).any():
            return x, y


def _area(x, y):
    """The two staircases, walked along step by step."""
    points, area = sorted([*x.tolist(), *y.tolist()]), 0.0
    for left, right in zip(points[:-1], points[1:], strict=True):
        P, Q = (sum(value <= left for value in one.tolist()) / one.size for one in (x, y))
        area += abs(P - Q) * (right - left)
    return {"w1": area}


def _unequal(x, y):
    """Every point of x stands M times, every point of y N times. Then they are equally many, and the shares are the same."""
    return wasserstein_1d(np.repeat(x, y.size), np.repeat(y, x.size))


def _staircases(x, y):
    """The sorted points of both, and P and Q between them."""
    points = np.sort(np.concatenate([x, y]))
    return points, *(np.searchsorted(np.sort(one), points[:-1], side="right") / one.size for one in (x, y))


def _between(height, width=np.diff):
    """A sum over the pieces: height(P, Q) times width."""
    def answer(x, y):
        points, P, Q = _staircases(x, y)
        return (height(P, Q) * width(points)).sum()

    return answer


def _shortest(x, y):
    n = min(x.size, y.size)
    return np.abs(np.sort(x)[:n] - np.sort(y)[:n]).mean()


def _counts(x, y):
    points, P, Q = _staircases(x, y)
    return (np.abs(P * x.size - Q * y.size) * np.diff(points)).sum()


def _below(x, y):
    points = _staircases(x, y)[0]
    P, Q = (np.searchsorted(np.sort(one), points[:-1]) / one.size for one in (x, y))
    return (np.abs(P - Q) * np.diff(points)).sum()


def _shares(one, points):
    return np.searchsorted(np.sort(one), points, side="right") / one.size


def _over(points, x, y):
    """The area from the first of these points to the last, as if nothing changed between them."""
    return (np.abs(_shares(x, points) - _shares(y, points))[:-1] * np.diff(points)).sum()


def _unsorted(x, y):
    points = np.concatenate([x, y])
    steps = np.diff([0, *points[:-1]])
    return np.abs(steps * (_shares(x, points) - _shares(y, points))[:-1]).sum()


def _on_grid(x, y, points):
    gap = np.abs(_shares(x, points) - _shares(y, points))
    return float(((gap[:-1] + gap[1:]) / 2 * np.diff(points)).sum())


def _on_points(x, y):
    points = np.sort(np.concatenate([x, y]))
    return _on_grid(x, y, points)


def _matched(x, y):
    """How far apart the points are that belong together, each of them repeated."""
    return np.sort(np.repeat(x, y.size)) - np.sort(np.repeat(y, x.size))


def _quantiles(x, y):
    ranks = np.linspace(0, 1, max(x.size, y.size))
    return np.abs(np.quantile(x, ranks) - np.quantile(y, ranks)).mean()


W1 = Exercise(
    "11.3", "w1", "the area between two staircases", _two_sets, _area,
    solution=_unequal,
    mistakes=(
        Mistake("the larger set was cut short: all of its points have mass", _shortest),
        Mistake("that is how far apart the means are: areas with P above Q and with P below it have cancelled",
                lambda x, y: abs(x.mean() - y.mean())),
        Mistake("the heights were added without their widths", _between(lambda P, Q: np.abs(P - Q), lambda points: 1)),
        Mistake("the mean of the heights was taken; each counts as much as its piece is wide",
                lambda x, y: np.abs(np.subtract(*_staircases(x, y)[1:])).mean()),
        Mistake("a point at t itself was not counted: np.searchsorted(..., 'right') counts what is at most t", _below),
        Mistake("P and Q were counted in points, not in shares: divide by N and by M", _counts),
        Mistake("the heights were squared: that is another distance, Cramer's", _between(lambda P, Q: (P - Q) ** 2)),
        Mistake("that is the largest gap between the staircases, the statistic of Kolmogorov and Smirnov",
                lambda x, y: np.abs(np.subtract(*_staircases(x, y)[1:])).max()),
        Mistake("the quantiles were interpolated: a staircase has no slopes", _quantiles),
        Mistake("areas kept their sign: where Q is above P they cancel; take absolute values", _between(lambda P, Q: P - Q)),
        Mistake("areas kept their sign: where P is above Q they cancel; take absolute values", _between(lambda P, Q: Q - P)),
        Mistake("both staircases rise by 1/N: each point of y has the mass 1/M",
                lambda x, y: _between(lambda P, Q: np.abs(P - Q * y.size / x.size))(x, y)),
        Mistake("both staircases rise by 1/M: each point of x has the mass 1/N",
                lambda x, y: _between(lambda P, Q: np.abs(P * x.size / y.size - Q))(x, y)),
        Mistake("only the points of x divide the line into pieces; the points of y are steps too",
                lambda x, y: _over(np.sort(x), x, y)),
        Mistake("only the points of y divide the line into pieces; the points of x are steps too",
                lambda x, y: _over(np.sort(y), x, y)),
        Mistake("the area was divided by the whole width", lambda x, y: (
            _between(lambda P, Q: np.abs(P - Q))(x, y) / np.ptp(np.concatenate([x, y])))),
        Mistake("the points were not sorted before the widths were taken: each piece lies between neighbours", _unsorted),
        *(Mistake(f"that is a sum over a grid, every {2 * limit / (n - 1):g}: near, and not exact; the steps are at the points "
                  "themselves",
                  lambda x, y, n=n, limit=limit: _on_grid(x, y, np.linspace(-limit, limit, n)))
          for n in (1001, 10001, 100001) for limit in (5, 9, 10)),
        Mistake("that is W2, the root of the mean square: W1 is the mean of the distances themselves",
                lambda x, y: np.sqrt((_matched(x, y) ** 2).mean())),
        Mistake("that is W2^2, the mean square: W1 is the mean of the distances themselves",
                lambda x, y: (_matched(x, y) ** 2).mean()),
        Mistake("the repeated points were added up; take their mean: each of the N M pairs has the mass 1 / (N M)",
                lambda x, y: np.abs(_matched(x, y)).sum()),
        Mistake("the repeated points were not sorted: the first of x goes to the first of y in order",
                lambda x, y: np.abs(np.tile(x, y.size) - np.tile(y, x.size)).mean()),
        Mistake("the repeated points were not sorted: the first of x goes to the first of y, both in order",
                lambda x, y: np.abs(np.repeat(x, y.size) - np.repeat(y, x.size)).mean()),
        Mistake("each x was compared with its nearest y alone, and some y got no mass",
                lambda x, y: np.abs(x[:, None] - y).min(axis=1).mean()),
        Mistake("the staircases were joined by slopes, the trapezium rule: they are flat between two points", lambda x, y: (
            _on_points(x, y))),
        Mistake("every point was compared with every other: the mean over all pairs is not the best way to move them",
                lambda x, y: np.abs(x[:, None] - y).mean()),
    ),
    hints=("Sort all N + M points together. Between two neighbours neither staircase has a step.",
           "P there is the number of x that are at most the left neighbour, over N: np.searchsorted(np.sort(x), t, 'right') / N.",
           "Sum |P - Q| times np.diff(points). Or repeat every x M times and every y N times, and use the answer of 07.5."),
)


def _critic_truth(x, y):
    return {"mean f(x) - mean f(y)": _area(x, y)["w1"], "the steepness beyond 1": 0.0}


def _critic_observed(answer, x, y):
    result = answer(x, y)
    if not isinstance(result, tuple) or len(result) != 2:
        raise Wrong(f"best_critic must return f_x, f_y; it returns {'nothing' if result is None else type(result).__name__}")
    if x.size != y.size and [np.shape(scores) for scores in result] == [y.shape, x.shape]:
        raise Wrong("f_x and f_y are exchanged: return the scores of x first")
    for name, scores, points in zip(("f_x", "f_y"), result, (x, y), strict=True):
        if not isinstance(scores, np.ndarray):
            raise Wrong(f"{name} must be an array of shape {points.shape}, one score for each point; it is a "
                        f"{type(scores).__name__}", "np.array makes an array of a list")
        if scores.shape != points.shape:
            raise Wrong(f"{name} must be an array of shape {points.shape}, one score for each point; it is {scores.shape}",
                        "the scores of both sets stand in it: give those of each set by themselves, in the order of its points"
                        if scores.size == x.size + y.size else "")
    points, scores = np.concatenate([x, y]), np.concatenate(result)
    order = points.argsort()
    steep = np.abs(np.diff(scores[order]) / np.diff(points[order])).max()
    too_steep = float(steep) - 1 if steep > 1 + 1e-9 else 0.0
    return dict(zip(_critic_truth(x, y), (float(result[0].mean() - result[1].mean()), too_steep), strict=True))


def _scored(slopes, widths=np.diff, back=True):
    """Scores from slopes(P, Q) between the sorted points; back: in the order in which the points came."""
    def answer(x, y):
        points, P, Q = _staircases(x, y)
        f = np.concatenate([[0.0], np.cumsum(slopes(P, Q) * widths(points))])
        if back:
            return np.interp(x, points, f), np.interp(y, points, f)
        return f[:x.size], f[x.size:]

    return answer


BEST = _scored(lambda P, Q: np.sign(Q - P))

BEST_CRITIC = Exercise(
    "11.4", "best_critic", "the best critic", _two_sets, _critic_truth,
    solution=BEST,
    mistakes=(
        Mistake("the slope is sign(Q - P): this critic is the worst one, that calls the fake points real",
                _scored(lambda P, Q: np.sign(P - Q)), "sign"),
        Mistake("Q - P itself was taken for the slope: the best critic is as steep as it may be, in every piece",
                _scored(lambda P, Q: Q - P)),
        Mistake("the critic rises everywhere: it must turn round where Q - P changes its sign", _scored(lambda P, Q: P * 0 + 1)),
        Mistake("the critic falls everywhere: it must turn round where Q - P changes its sign", _scored(lambda P, Q: P * 0 - 1)),
        Mistake("the widths are missing: a slope of 1 over a wide piece is a large step",
                _scored(lambda P, Q: np.sign(Q - P), lambda points: 1)),
        Mistake("the scores were left in the order of the sorted points", _scored(lambda P, Q: np.sign(Q - P), back=False)),
        Mistake("the slopes were returned as scores: they have to be summed up on the way to the right",
                lambda x, y: tuple(np.interp(one, _staircases(x, y)[0][:-1], np.sign(np.subtract(*_staircases(x, y)[:0:-1])))
                                   for one in (x, y))),
        Mistake("the scores of each set are in the order of its sorted points; give them in the order in which the points came",
                lambda x, y: tuple(scores[one.argsort()] for scores, one in zip(BEST(x, y), (x, y), strict=True))),
        Mistake("a constant was taken from f_x and another from f_y; it must be the same for both",
                lambda x, y: tuple(scores - scores.mean() for scores in BEST(x, y))),
        Mistake("the slopes to the right of the points were returned as scores: they have to be summed up, by cumsum",
                lambda x, y: tuple(np.sign(_shares(y, one) - _shares(x, one)) for one in (x, y))),
        Mistake("each piece has the slope of its right neighbour: shifted by one",
                _scored(lambda P, Q: np.sign(np.roll(Q - P, -1)))),
        Mistake("each piece has the slope of its left neighbour: shifted by one",
                _scored(lambda P, Q: np.sign(np.roll(Q - P, 1)))),
        Mistake("minus the distance from the mean of x has slopes of 1, but not with the sign of Q - P",
                lambda x, y: (-np.abs(x - x.mean()), -np.abs(y - x.mean()))),
        Mistake("the critic has one slope everywhere, the sign of the difference of the means; it must turn round where Q - P "
                "does",
                lambda x, y: (np.sign(x.mean() - y.mean()) * x, np.sign(x.mean() - y.mean()) * y)),
        Mistake("1 for real and 0 for fake is a discriminator's wish; between near points that is far too steep",
                lambda x, y: (np.ones_like(x), np.zeros_like(y))),
    ),
    hints=("Begin as in 11.3: the sorted points of both sets, and P and Q between neighbours.",
           "Give the leftmost point the score 0 and walk to the right: each piece adds slope times width. np.cumsum sums up.",
           "np.interp(x, points, scores) looks the scores up again, in the order in which the x came."),
    observe=_critic_observed,
)


# ---------------------------------------------------------------- 11.5


def _step_case(rng):
    """About half of the parameters meet the limit."""
    _, D = players(rng)
    for layer in D.layers[::2]:
        layer.b += rng.normal(size=layer.b.shape)
    n = int(rng.integers(5, 10))
    c = round(float(np.median(np.abs(D.theta))), 3)
    return D, rng.normal(0.5, 1, (n, 3)), rng.normal(-0.5, 1, (n, 3)), round(float(rng.uniform(0.3, 0.9)), 2), c


def _critic_loss(D, x_real, x_fake):
    return float(D(x_fake).mean() - D(x_real).mean())


def _step_truth(D, x_real, x_fake, lr, c):
    """The gradient by differences, and each parameter put back by itself."""
    gradient = differences(lambda theta: _critic_loss(at(D, theta), x_real, x_fake), D.theta).gradient
    return {"D.theta": np.array([max(-c, min(c, value)) for value in (D.theta - lr * gradient).tolist()])}


def _step_observed(answer, D, x_real, x_fake, lr, c):
    nets = used(D=D)
    answer(nets["D"], x_real, x_fake, lr, c)
    if np.array_equal(nets["D"].theta, D.theta):
        raise Wrong("D.theta has not changed", "write into it: D.theta -= ..., and np.clip(D.theta, -c, c, out=D.theta)")
    return {"D.theta": nets["D"].theta}


class _Weighed(Wasserstein):
    """The critic's loss with other weights of its two halves."""

    def __init__(self, real, fake):
        super().__init__()
        self.real, self.fake = real, fake

    def d(self, s_real, s_fake):
        value, ds_real, ds_fake = super().d(s_real, s_fake)
        return value, self.real * ds_real, self.fake * ds_fake


def _stepped(limit=lambda theta, c: np.clip(theta, -c, c), before=None, gradient=None, sign=-1, clear=True, scores=1, loss=None):
    """The step with one thing done differently."""
    def answer(D, x_real, x_fake, lr, c):
        kept = 0 if clear else D.grad.copy()
        d_gradients(D, x_real, x_fake, loss or Wasserstein())
        D.grad += kept
        if before is not None:
            D.theta[...] = before(D.theta, c)
        grad = D.grad if gradient is None else gradient(D.grad, c)
        D.theta += sign * lr * scores * grad
        D.theta[...] = limit(D.theta, c)

    return answer


def _only_weights(D, x_real, x_fake, lr, c):
    _stepped(limit=lambda theta, c: theta)(D, x_real, x_fake, lr, c)
    for layer in D.layers[::2]:
        np.clip(layer.W, -c, c, out=layer.W)


def _clipped_first(D, x_real, x_fake, lr, c, again=False):
    np.clip(D.theta, -c, c, out=D.theta)
    _stepped(*[] if again else [_untouched])(D, x_real, x_fake, lr, c)


def _untouched(theta, c):
    return theta


def _one_by_one(D, x_real, x_fake, lr, c):
    for weights in ((1, 0), (0, 1)):
        _stepped(loss=_Weighed(*weights))(D, x_real, x_fake, lr, c)


CLIPPED = Exercise(
    "11.5", "clipped_step", "a step of a clipped critic", _step_case, _step_truth,
    solution=_stepped(),
    mistakes=(
        Mistake("D.theta was not clipped: np.clip returns a new array, and leaves the old one alone", _stepped(limit=_untouched)),
        Mistake("the gradient was clipped, not the parameters",
                _stepped(limit=_untouched, gradient=lambda grad, c: np.clip(grad, -c, c))),
        Mistake("the parameters were clipped before the step, and left [-c, c] with it",
                _stepped(limit=_untouched, before=lambda theta, c: np.clip(theta, -c, c))),
        Mistake("the parameters were clipped before the gradient was computed, and left [-c, c] with the step", _clipped_first),
        Mistake("the parameters were clipped before the step as well: first the whole step, then the clip",
                _stepped(before=lambda theta, c: np.clip(theta, -c, c))),
        Mistake("the parameters were clipped before the gradient was computed as well: the gradient belongs to D as it comes",
                lambda D, x_real, x_fake, lr, c: _clipped_first(D, x_real, x_fake, lr, c, again=True)),
        Mistake("only the upper limit was kept: parameters below -c are out as well",
                _stepped(limit=lambda theta, c: np.minimum(theta, c))),
        Mistake("only the weights were clipped: biases are parameters too", _only_weights),
        Mistake("theta was scaled to the length c as a whole: each parameter has its own limits",
                _stepped(limit=lambda theta, c: theta * min(1, c / np.linalg.norm(theta)))),
        Mistake("all parameters were scaled until the largest is c; clip each of them by itself",
                _stepped(limit=lambda theta, c: theta * min(1, c / np.abs(theta).max()))),
        Mistake("the fake batch's half of the gradient is missing", _stepped(loss=_Weighed(1, 0))),
        Mistake("the real batch's half of the gradient is missing", _stepped(loss=_Weighed(0, 1))),
        Mistake("both batches' scores are pushed up: those of the fake points have the wrong sign, 1/N",
                _stepped(loss=_Weighed(1, -1))),
        Mistake("both batches' scores are pushed down: those of the real points have the wrong sign, -1/N",
                _stepped(loss=_Weighed(-1, 1))),
        Mistake("lr is missing: the step has the length 1 times the gradient",
                lambda D, x_real, x_fake, lr, c: _stepped()(D, x_real, x_fake, 1.0, c)),
        Mistake("that is the gradient of the non-saturating loss, with sigmoids; the critic's scores are taken as they are",
                _stepped(loss=NonSaturating())),
        Mistake("half of the gradient: each of the two means has its own 1/N, not 1/(2 N)", _stepped(loss=_Weighed(0.5, 0.5))),
        Mistake("those are two steps, one for each batch: the second gradient belongs to a D that has moved already",
                _one_by_one),
        Mistake("c is an argument; 0.01, as in the paper, was written in its place",
                _stepped(limit=lambda theta, c: np.clip(theta, -0.01, 0.01))),
        Mistake("parameters beyond the limit were set to 0, not to the limit",
                _stepped(limit=lambda theta, c: np.where(np.abs(theta) > c, 0, theta))),
        Mistake("the limits are [0, c]: negative parameters are lost", _stepped(limit=lambda theta, c: np.clip(theta, 0, c))),
        Mistake("the critic went uphill, towards calling the fake points real", _stepped(sign=1)),
        Mistake("D.grad was not cleared: the gradient of the step before is still in it", _stepped(clear=False)),
        Mistake("the mean's 1/N was left out of the scores' derivatives",
                lambda D, x_real, x_fake, lr, c: _stepped(scores=x_real.shape[0])(D, x_real, x_fake, lr, c)),
    ),
    hints=("Scores and tapes of both batches first. Then D.zero_grad(), and two backwards: with -1/N at the real scores, "
           "1/N at the fake ones.",
           "The step: D.theta -= lr * D.grad.",
           "Then np.clip(D.theta, -c, c, out=D.theta), or D.theta = np.clip(D.theta, -c, c)."),
    observe=_step_observed,
)


# ---------------------------------------------------------------- 11.6


def _penalty_case(rng):
    _, D = players(rng)
    n = int(rng.integers(5, 10))
    return (D, rng.normal(1, 1, (n, 3)), rng.normal(-1, 1, (n, 3)), rng.uniform(size=(n, 1)), round(float(rng.uniform(3, 12)), 1))


def _penalty_truth(D, x_real, x_fake, alpha, lam):
    """Each sample by itself, its gradient by differences of its score."""
    total = 0.0
    for one_real, one_fake, one_alpha in zip(x_real, x_fake, alpha, strict=True):
        point = one_fake + one_alpha * (one_real - one_fake)
        gradient = differences(lambda x: float(D(x[None])[0, 0]), point).gradient
        total += (math.sqrt(sum(entry**2 for entry in gradient.tolist())) - 1) ** 2
    return {"value": lam * total / alpha.size, "D.grad": used(D=D)["D"].grad, "D.theta": D.theta}


def _penalty_observed(answer, D, *args):
    nets = used(D=D)
    value = answer(nets["D"], *args)
    return {"value": value, "D.grad": nets["D"].grad, "D.theta": nets["D"].theta}


def _mixed(x_real, x_fake, alpha):
    return alpha * x_real + (1 - alpha) * x_fake


def _norms(g):
    return np.sqrt((g**2).sum(axis=-1) + 1e-12)


def _mean_square(a):
    return (a**2).mean()


def _charged(points=_mixed, cost=lambda g: _mean_square(_norms(g) - 1), begin=np.ones_like, grads=False):
    """The penalty with one thing done differently."""
    def answer(D, x_real, x_fake, alpha, lam):
        s, tape = D.forward(points(x_real, x_fake, alpha))
        return lam * cost(D.backward(begin(s), tape, grads=grads))

    return answer


PENALTY = Exercise(
    "11.6", "gradient_penalty", "the value of the gradient penalty", _penalty_case, _penalty_truth,
    solution=lambda D, x_real, x_fake, alpha, lam: WGANGP(lam)(D.copy(), x_real, x_fake, alpha),
    mistakes=(
        Mistake("the slopes were taken at the real points", _charged(lambda x_real, x_fake, alpha: x_real)),
        Mistake("the slopes were taken at the fake points", _charged(lambda x_real, x_fake, alpha: x_fake)),
        Mistake("alpha belongs to the real point, 1 - alpha to the fake one",
                _charged(lambda x_real, x_fake, alpha: _mixed(x_fake, x_real, alpha))),
        Mistake("all samples use one alpha", _charged(lambda x_real, x_fake, alpha: _mixed(x_real, x_fake, alpha[:1]))),
        Mistake("the weights do not add up to 1: the point has left the line",
                _charged(lambda x_real, x_fake, alpha: alpha * x_real + x_fake)),
        Mistake("|g|^2 stands where |g| belongs", _charged(cost=lambda g: _mean_square(_norms(g) ** 2 - 1))),
        Mistake("one-sided: only slopes above 1 cost something; here those below 1 are charged too",
                _charged(cost=lambda g: _mean_square(np.maximum(_norms(g) - 1, 0)))),
        Mistake("(|g| + 1)^2: a sign is wrong, slopes of 1 are free", _charged(cost=lambda g: _mean_square(_norms(g) + 1))),
        Mistake("that is the distance of the points, not the length of a gradient: D is nowhere in it",
                lambda D, x_real, x_fake, alpha, lam: lam * _mean_square(_norms(x_real - x_fake) - 1)),
        Mistake("the backward pass began with a loss's derivative, a sigmoid of the score; begin with ones",
                _charged(begin=sigmoid)),
        Mistake("that is (|g|)^2, the penalty of R1 and R2 (up to a factor); here slopes of 1 are free",
                _charged(cost=lambda g: _mean_square(_norms(g)))),
        Mistake("the norm was taken over the whole batch: each sample has its own slope",
                _charged(cost=lambda g: (np.sqrt((g**2).sum()) - 1) ** 2)),
        Mistake("the norm was taken along the batch, one for each coordinate; each sample, a row of g, has one",
                _charged(cost=lambda g: _mean_square(np.sqrt((g**2).sum(axis=0)) - 1))),
        Mistake("the mean was taken before the square: steep and gentle slopes cancel",
                _charged(cost=lambda g: (_norms(g) - 1).mean() ** 2)),
        Mistake("the mean over all samples was taken of g before its length: slopes of different directions cancel",
                _charged(cost=lambda g: (np.sqrt((g.mean(axis=0) ** 2).sum()) - 1) ** 2)),
        Mistake("the mean over the coordinates was taken under the root: a length is the root of a sum",
                _charged(cost=lambda g: _mean_square(np.sqrt((g**2).mean(axis=-1)) - 1))),
        Mistake("each coordinate was asked for a slope of 1; it is the length of all of them together",
                _charged(cost=lambda g: _mean_square(np.abs(g) - 1))),
        Mistake("the square is missing: |g| - 1 may be negative, and then the penalty is a reward",
                _charged(cost=lambda g: (_norms(g) - 1).mean())),
        Mistake("the backward pass began with 1/N: then g is 1/N times each sample's gradient; begin with ones",
                _charged(begin=lambda s: np.full_like(s, 1 / s.size))),
        Mistake("the backward pass began with the scores: begin with ones, the derivative of each score by itself",
                _charged(begin=lambda s: s)),
        Mistake("that is the sum over the samples",
                _charged(cost=lambda g: ((_norms(g) - 1) ** 2).sum()), "the mean over the batch"),
        Mistake("lam was left out", lambda *args: _charged()(*args) / args[-1], "lam was left out"),
        Mistake("lam is an argument; 10, as in the paper, was written in its place",
                lambda *args: _charged()(*args) / args[-1] * 10),
        Mistake("the size of |g| - 1 was charged, not its square", _charged(cost=lambda g: np.abs(_norms(g) - 1).mean())),
        Mistake("that is the score, not its gradient", lambda D, x_real, x_fake, alpha, lam: lam * _mean_square(
            np.abs(D(_mixed(x_real, x_fake, alpha))) - 1)),
        Mistake("the slopes were taken at the real and at the fake points; they are taken between them",
                lambda D, x_real, x_fake, alpha, lam: _charged(lambda *_: np.concatenate([x_real, x_fake]))(
                    D, x_real, x_fake, alpha, lam)),
        Mistake("D.grad was changed on the way; D.backward(..., grads=False) leaves it alone", _charged(grads=True)),
    ),
    hints=("x = alpha * x_real + (1 - alpha) * x_fake: alpha is (N, 1), so each row of x is one point of its line.",
           "s, tape = D.forward(x), and D.backward(np.ones_like(s), tape, grads=False) is g, one row for each sample.",
           "norm = np.sqrt((g**2).sum(axis=-1)), and lam * ((norm - 1) ** 2).mean()."),
    observe=_penalty_observed,
    constants=lambda D, x_real, x_fake, alpha, lam: {"lam": lam}, batch=lambda D, x_real, *_: x_real.shape[0],
)


EXERCISES = (SEGMENTS, LOSSES, W1, BEST_CRITIC, CLIPPED, PENALTY)
