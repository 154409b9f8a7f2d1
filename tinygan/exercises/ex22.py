"""Exercises of lesson 22: styles, and a penalty on the generator's own gradient."""

import numpy as np

from .grading import Exercise, Mistake, differences

EPS = 1e-5

# ---------------------------------------------------------------- 22.1


def _image(rng):
    """An image with its own mean and deviation in every channel, and other numbers of images, pixels and channels."""
    n, p, c = (int(size) for size in rng.permutation([2, 3, 4, 5])[:3])
    return rng.normal(size=(n, p + 1, c)) * rng.uniform(.5, 2, (n, 1, c)) + rng.normal(size=(n, 1, c))


def _adain_case(rng):
    x = _image(rng)
    return x, *rng.normal(0, .8, (2, x.shape[0], x.shape[2]))


def _adain_value(x, s, t):
    """Channel by channel of each image."""
    y = np.empty_like(x)
    for n, c in np.ndindex(s.shape):
        pixels = x[n, :, c]
        mean = sum(pixels) / len(pixels)
        r = np.sqrt(sum((one - mean)**2 for one in pixels) / len(pixels) + EPS)
        y[n, :, c] = [(1 + s[n, c]) * (one - mean) / r + t[n, c] for one in pixels]
    return y


def _adain_truth(x, s, t):
    return {"y": _adain_value(x, s, t)}


def _adain(axis=1, gain=lambda s: 1 + s, shift=lambda t: t, deviation=np.sqrt, first=False, centre=True, ddof=0):
    """The answer with one thing done differently."""
    def answer(x, s, t):
        centred = x - x.mean(axis=axis, keepdims=True) if centre else x
        n = x.shape[1]
        r = deviation((centred**2).mean(axis=axis, keepdims=True) * n / (n - ddof) + EPS)
        s, t = gain(s)[:, None], shift(t)[:, None]
        return s * (centred / r + t) if first else s * centred / r + t

    return answer


ADAIN = Exercise(
    "22.1", "adain", "a style for each channel", _adain_case, _adain_truth, solution=_adain(),
    mistakes=(
        Mistake("the mean is over the batch as well: that is BatchNorm, and images are no longer independent", _adain((0, 1))),
        Mistake("the mean is over channels as well: each channel has a mean of its own", _adain((1, 2))),
        Mistake("the mean is over channels instead of pixels", _adain(2)),
        Mistake("the mean is over the batch instead of pixels", _adain(0)),
        Mistake("the scale is 1 + s, so that a style of 0 leaves the normalised image as it is", _adain(gain=lambda s: s)),
        Mistake("the centred image was divided by the variance; r is its root", _adain(deviation=lambda v: v)),
        Mistake("the image was not divided by r", _adain(deviation=np.ones_like)),
        Mistake("the mean was not taken away", _adain(centre=False)),
        Mistake("the shift is missing", _adain(shift=np.zeros_like)),
        Mistake("the shift comes after the scale: it is not multiplied by 1 + s", _adain(first=True)),
        Mistake("scale and shift are exchanged", lambda x, s, t: _adain()(x, t, s)),
        Mistake("the shift was taken away; it is added", _adain(shift=np.negative)),
        Mistake("the mean was not taken away from x, though r is that of the centred image", lambda x, s, t: _adain()(x, s, t) + (
            1 + s[:, None]) * x.mean(axis=1, keepdims=True) / np.sqrt(x.var(axis=1, keepdims=True) + EPS)),
        Mistake("the sum of squares was divided by the number of pixels - 1", _adain(deviation=lambda v: np.sqrt(v), ddof=1)),
        Mistake("eps was added to the root; it belongs under it", _adain(deviation=lambda v: np.sqrt(v - EPS) + EPS)),
        Mistake("eps is missing under the root", _adain(deviation=lambda v: np.sqrt(v - EPS))),
    ),
    hints=("x.mean(axis=1, keepdims=True) is the mean over the pixels, (N, 1, C).",
           "s[:, None] has the shape (N, 1, C), and goes with every pixel.",
           "(1 + s[:, None]) * (x - mean) / r + t[:, None]"),
    batch=lambda x, *rest: x.shape[0],
)


# ---------------------------------------------------------------- 22.2


def _gradient_case(rng):
    x, s, _ = _adain_case(rng)
    return rng.normal(size=x.shape), x, s


def _gradient_truth(dy, x, s):
    t = np.zeros_like(s)

    def total(x, s, t):
        return float((dy * _adain_value(x, s, t)).sum())

    return {"dx": differences(lambda x: total(x, s, t), x), "ds": differences(lambda s: total(x, s, t), s),
            "dt": differences(lambda t: total(x, s, t), t)}


def _gradient(mean=1, spread=1, gain=lambda s: 1 + s, over_r=True, style=np.sum, ds=lambda dy, xh: dy * xh, axis=1,
              x_times=lambda x: 1):
    """The answer with one thing done differently; `mean` and `spread` are 0 where a part is left out."""
    def answer(dy, x, s):
        centred = x - x.mean(axis=1, keepdims=True)
        r = np.sqrt((centred**2).mean(axis=1, keepdims=True) + EPS)
        xh = centred / r
        a, b = (x_times(x) * part.mean(axis=axis, keepdims=True) for part in (dy, dy * xh))
        dx = gain(s)[:, None] * (dy - mean * a - spread * xh * b) / (r if over_r else 1)
        return dx, style(ds(dy, xh), axis=1), style(dy, axis=1)

    return answer


def _other_ds(ds, *args):
    dx, _, dt = _gradient()(*args)
    return dx, ds, dt


ADAIN_GRADIENT = Exercise(
    "22.2", "adain_gradient", "the gradient of a style", _gradient_case, _gradient_truth, solution=_gradient(),
    mistakes=(
        Mistake("the mean moves with x: dx lacks - a, the mean of dy over the pixels", _gradient(mean=0)),
        Mistake("r moves with x: dx lacks - xh b, where b is the mean of dy xh", _gradient(spread=0)),
        Mistake("mean and r were held fixed: dx is only (1 + s) dy / r", _gradient(0, 0)),
        Mistake("dx lacks the scale 1 + s", _gradient(gain=np.ones_like)),
        Mistake("the scale is 1 + s, in dx as well", _gradient(gain=lambda s: s)),
        Mistake("dx was not divided by r", _gradient(over_r=False)),
        Mistake("ds and dt are sums over the pixels; here they are means", _gradient(style=np.mean)),
        Mistake("ds is the sum of dy times the normalised image; the normalised image is missing",
                _gradient(ds=lambda dy, xh: dy)),
        Mistake("ds is the sum of dy times x itself; x is normalised there",
                lambda dy, x, s: _other_ds((dy * x).sum(axis=1), dy, x, s)),
        Mistake("ds has the image without its mean, and not divided by r",
                lambda dy, x, s: _other_ds((dy * (x - x.mean(axis=1, keepdims=True))).sum(axis=1), dy, x, s)),
        Mistake("ds has the factor 1 + s: y has s once, so its slope by s is the normalised image",
                lambda dy, x, s: _other_ds((1 + s) * _gradient()(dy, x, s)[1], dy, x, s)),
        Mistake("ds and dt were summed over the images too; each image has its own style", lambda dy, x, s: tuple(
            part if part.ndim == 3 else part.sum(axis=0) + 0 * part for part in _gradient()(dy, x, s))),
        Mistake("a and b are sums over the pixels; they are means", _gradient(x_times=lambda x: x.shape[1])),
        Mistake("a and b are means over the batch as well; they are over the pixels of one image", _gradient(axis=(0, 1))),
    ),
    hints=("Write xh for the normalised image. dt is the sum of dy over the pixels, ds that of dy xh.",
           "Two parts of dy do not come through: its mean a, and what lies along xh, which is xh b with b = mean of dy xh.",
           "dx = (1 + s) / r * (dy - a - xh * b)"),
    batch=lambda dy, *rest: dy.shape[0],
)


# ---------------------------------------------------------------- 22.3


def _weights_case(rng):
    """The first filter is so small that eps is felt."""
    windows, c, k, n = (int(size) for size in rng.permutation([2, 3, 4, 5]))
    return rng.normal(size=(windows, c, k)) * np.where(np.arange(k), 1, 1e-4), rng.normal(0, .8, (n, c))


def _weights_truth(W, s):
    made = np.empty((len(s), *W.shape))
    for n, k in np.ndindex(len(s), W.shape[2]):
        scaled = [[W[i, c, k] * (1 + s[n, c]) for c in range(W.shape[1])] for i in range(W.shape[0])]
        norm = np.sqrt(sum(one * one for row in scaled for one in row) + 1e-8)
        made[n, :, :, k] = np.array(scaled) / norm
    return {"weights": made}


def _weights(axes=(1, 2), gain=lambda s: 1 + s, root=np.sqrt, of_scaled=True, divide=True):
    """The answer with one thing done differently."""
    def answer(W, s):
        scaled = W * gain(s)[:, None, :, None]
        squares = ((scaled if of_scaled else W[None])**2).sum(axis=axes, keepdims=True) + 1e-8
        return scaled / root(squares) if divide else scaled

    return answer


WEIGHTS = Exercise(
    "22.3", "modulated_weights", "weights of each image's own", _weights_case, _weights_truth, solution=_weights(),
    mistakes=(
        Mistake("the norm is that of what each channel sends out; each filter has a norm, over what it takes in",
                _weights((1, 3))),
        Mistake("the norm is over the window alone; it goes over the channels as well", _weights(1)),
        Mistake("the norm is over the channels alone; it goes over the window as well", _weights(2)),
        Mistake("one norm for all filters together; each filter has its own", _weights((1, 2, 3))),
        Mistake("the norm is that of W; it must be that of the scaled weights, else a large style makes a large image",
                _weights(of_scaled=False)),
        Mistake("the weights were not divided by their norm", _weights(divide=False)),
        Mistake("the weights were divided by the sum of squares; the norm is its root", _weights(root=lambda v: v)),
        Mistake("the scale is 1 + s, so that a style of 0 leaves W as it is", _weights(gain=lambda s: s)),
        Mistake("the style is missing", _weights(gain=np.ones_like)),
        Mistake("eps was added to the norm; it belongs under the root", _weights(root=lambda v: np.sqrt(v - 1e-8) + 1e-8)),
        Mistake("eps is missing under the root", _weights(root=lambda v: np.sqrt(v - 1e-8))),
        Mistake("all images got the mean style", lambda W, s: _weights()(W, np.broadcast_to(s.mean(axis=0), s.shape))),
        Mistake("the weights were multiplied by their norm, not divided", _weights(root=lambda v: 1 / np.sqrt(v))),
    ),
    hints=("s[:, None, :, None] has the shape (N, 1, C, 1), and goes with every pixel of the window and every filter.",
           "The sum of squares goes over the window and the channels, axes 1 and 2 of (N, k * k, C, K).",
           "scaled / np.sqrt((scaled**2).sum(axis=(1, 2), keepdims=True) + eps)"),
)


# ---------------------------------------------------------------- 22.4


def _truncation_case(rng):
    n, m = (int(size) for size in rng.permutation([2, 3, 4])[:2])
    return rng.normal(size=(n, m)), rng.normal(1, 1, (n + 4, m)), float(rng.uniform(.1, .4) + .5 * rng.integers(2))


def _truncation_truth(w, many, psi):
    middle = np.array([sum(column) / len(column) for column in many.T])
    return {"styles": np.array([[psi * one + (1 - psi) * mean for one, mean in zip(row, middle, strict=True)] for row in w])}


def _truncated(middle=lambda w, many: many.mean(axis=0), weight=lambda psi: psi, back=1):
    """The answer with one thing done differently."""
    def answer(w, many, psi):
        mean = middle(w, many)
        return back * mean + weight(psi) * (w - mean)

    return answer


TRUNCATION = Exercise(
    "22.4", "truncated", "truncation", _truncation_case, _truncation_truth, solution=_truncated(),
    mistakes=(
        Mistake("psi and 1 - psi are exchanged: psi = 1 leaves the styles as they are", _truncated(weight=lambda psi: 1 - psi)),
        Mistake("the styles are drawn towards 0, not towards their mean", _truncated(middle=lambda w, many: 0 * many[0])),
        Mistake("the mean is that of w; it must be over the many styles", _truncated(middle=lambda w, many: w.mean(axis=0))),
        Mistake("the mean is over the numbers of all styles together; each number has its own",
                _truncated(middle=lambda w, many: many.mean())),
        Mistake("the mean was taken away and not added again", _truncated(back=0)),
        Mistake("the mean is missing where it is taken away: psi w + mean", lambda w, many, psi: psi * w + many.mean(axis=0)),
        Mistake("the styles were cut off at psi; they are drawn towards the mean, none is cut off",
                lambda w, many, psi: np.clip(w, -psi, psi)),
        Mistake("the median of the many styles was taken; it is their mean", _truncated(lambda w, many: np.median(many, axis=0))),
        Mistake("w and the many styles have one mean here; it is that of the many",
                _truncated(lambda w, many: np.vstack([w, many]).mean(axis=0))),
        Mistake("psi times the mean was taken away from w", lambda w, many, psi: w - psi * many.mean(axis=0)),
        Mistake("the many styles were added up; it is their mean", _truncated(lambda w, many: many.sum(axis=0))),
    ),
    hints=("The mean style is many.mean(axis=0), m numbers.", "Begin at the mean, and go the share psi of the way to w.",
           "mean + psi * (w - mean)"),
    batch=lambda w, *rest: w.shape[0],
)


# ---------------------------------------------------------------- 22.5


def _paths_case(rng):
    n, layers, m = (int(size) for size in rng.permutation([2, 3, 4, 5])[:3])
    return rng.normal(size=(n, layers, m)), float(rng.uniform(.5, 2))


def _paths_value(g, a):
    return float(np.mean([(np.sqrt((row**2).sum() / len(row)) - a)**2 for row in g]))


def _paths_truth(g, a):
    return {"value": np.asarray(_paths_value(g, a)), "v": differences(lambda g: _paths_value(g, a), g)}


def _paths(layers=lambda g: g.shape[1], two=2, over_r=True, centre=True, mean=lambda g: g.shape[0], within=None, sign=1):
    """The answer with one thing done differently; `within` is how often L divides the derivative."""
    def answer(g, a):
        L, n, own = layers(g), mean(g), a if centre else 0
        r = np.sqrt((g**2).sum(axis=(1, 2), keepdims=True) / L)
        v = sign * two * (r - own) * g / ((r if over_r else 1) * (L if within is None else within(g)) * n)
        return ((r - own)**2).sum() / n, v

    return answer


def _other_value(value):
    """An answer with the right v, and another value; `value` gets the lengths and a."""
    return lambda g, a: (value(np.sqrt((g**2).sum(axis=(1, 2)) / g.shape[1]), a), _paths()(g, a)[1])


PATHS = Exercise(
    "22.5", "path_penalty", "path lengths", _paths_case, _paths_truth, solution=_paths(),
    mistakes=(
        Mistake("r was not divided by L: the sum of squares over the layers is to be their mean", _paths(lambda g: 1)),
        Mistake("r is divided by L and by m; it is a mean over the layers and a sum over the numbers",
                _paths(lambda g: g.shape[1] * g.shape[2])),
        Mistake("the square of (r - a) brings a 2", _paths(two=1)),
        Mistake("v lacks 1 / r: the derivative of r by g is g / (L r)", _paths(over_r=False)),
        Mistake("v lacks 1 / L: the derivative of r by g is g / (L r)", _paths(within=lambda g: 1)),
        Mistake("a was left out: that asks for short paths, not for equal ones", _paths(centre=False)),
        Mistake("value and v are sums over the images; they are means", _paths(mean=lambda g: 1)),
        Mistake("the sign of v is wrong: where r is above a, a longer g raises the value", _paths(sign=-1)),
        Mistake("a is a fixed number; here the batch's own mean length was taken",
                lambda g, a: _paths()(g, np.sqrt((g**2).sum(axis=(1, 2)) / g.shape[1]).mean())),
        Mistake("L stands outside of the root: it divides the sum of squares, under it", _paths(lambda g: g.shape[1]**2)),
        Mistake("the mean length was compared with a; each image is compared, and the squares are averaged",
                _other_value(lambda r, a: (r.mean() - a)**2)),
        Mistake("the differences r - a were not squared in the value", _other_value(lambda r, a: np.abs(r - a).mean())),
        Mistake("the lengths were squared before a was taken away", _other_value(lambda r, a: ((r**2 - a)**2).mean())),
        Mistake("each layer got a length of its own, and these were averaged; one root is taken of all layers together",
                lambda g, a: (((np.sqrt((g**2).sum(axis=2)).mean(axis=1) - a)**2).mean(), _paths()(g, a)[1])),
        Mistake("v is the derivative of r alone: 2 (r - a) / N is missing", lambda g, a: (
            _paths()(g, a)[0], g / np.sqrt((g**2).sum(axis=(1, 2), keepdims=True) * g.shape[1]))),
        Mistake("a was squared", lambda g, a: _paths()(g, a**2)),
    ),
    hints=("r = np.sqrt((g**2).sum(axis=(1, 2), keepdims=True) / L), (N, 1, 1).",
           "The derivative of r by g is g / (L r), and that of (r - a)^2 by r is 2 (r - a).",
           "v = 2 * (r - a) * g / (r * L * N)"),
    batch=lambda g, *rest: g.shape[0],
)

EXERCISES = (ADAIN, ADAIN_GRADIENT, WEIGHTS, TRUNCATION, PATHS)
