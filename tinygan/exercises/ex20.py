"""Exercises of lesson 20: convolutions, and rules under which they learn."""

import numpy as np

from .counts import whole
from .grading import Exercise, Mistake, differences

# ---------------------------------------------------------------- 20.1


def _size_case(rng):
    """Numbers for which each of the mistakes gives something else."""
    while True:
        kernel, stride, pad = int(rng.integers(5, 12)), int(rng.integers(3, 6)), int(rng.integers(2, 9))
        case = int(rng.integers(30, 80)), kernel, stride, pad
        windows, left = zip(*[answer(*case) for answer in (_size(), *(mistake.answer for mistake in SIZE.mistakes))], strict=True)
        if left[0] and len(set(windows)) == len(windows) - 2 and not {left[-2], left[-1]} & {*left[:-2]} and left[-2] != left[-1]:
            return case


def _size_truth(size, kernel, stride, pad):
    """Window after window, as far as they fit."""
    row, windows, end = size + 2 * pad, 0, 0
    while windows * stride + kernel <= row:
        end = windows * stride + kernel
        windows += 1
    return {"windows": float(windows), "left_over": float(row - end)}


def _size(pads=2, first=1, up=0, left=lambda room, stride: room % stride, apart=lambda kernel, stride: stride,
          wide=lambda kernel: kernel):
    """The answer with one thing done differently."""
    def answer(size, kernel, stride, pad):
        room, step = size + pads * pad - wide(kernel), apart(kernel, stride)
        return (room + up * (step - 1)) // step + first, left(room, step)

    return answer


SIZE = Exercise(
    "20.1", "windows_in", "how many windows", _size_case, _size_truth, solution=_size(),
    mistakes=(
        Mistake("the last + 1 is missing: where there is room for no step, there is still the first window", _size(first=0)),
        Mistake("the padding was counted once; it stands on both sides", _size(pads=1)),
        Mistake("the padding was left out", _size(pads=0)),
        Mistake("the number of steps was rounded up: a window that does not fit is none", _size(up=1)),
        Mistake("the windows were counted as if they began one pixel apart", _size(apart=lambda kernel, stride: 1)),
        Mistake("the windows were counted as if they stood side by side; they overlap",
                _size(apart=lambda kernel, stride: kernel)),
        Mistake("the whole row was divided by the stride: the first window needs `kernel` pixels", _size(wide=lambda kernel: 0)),
        Mistake("left_over is what the next window lacks, not what is left of the row",
                _size(left=lambda room, stride: -room % stride)),
        Mistake("left_over is all the room behind the first window", _size(left=lambda room, stride: room)),
    ),
    hints=("With the padding the row has size + 2 pad pixels. The first window needs `kernel` of them.",
           "What remains is room for further windows, and each of them moves by `stride`.",
           "room = size + 2 * pad - kernel; room // stride + 1 windows, and room % stride pixels left over."),
    observe=whole("windows", "left_over"),
)


# ---------------------------------------------------------------- 20.2


def _shapes(rng):
    """N, h, k, C, K and the stride, all sizes different; windows overlap."""
    k = int(rng.integers(4, 6))
    stride = int(rng.integers(2, k - 1))
    n, h, c, K = (int(size) for size in rng.permutation([2, 3, 4, 5]))
    return n, max(h, 3), k, c, K, stride


def _conv_case(rng):
    """Mostly with pixels at the end that are in no window."""
    n, h, k, c, K, stride = _shapes(rng)
    L = stride * (h - 1) + k + int(rng.integers(stride))
    return rng.normal(size=(n, L, c)), rng.normal(size=(k, c, K)), rng.normal(size=K), stride


def _conv_value(x, W, b, stride):
    """Window by window, and pixel by pixel of the kernel."""
    (n, L, _), (k, _, K) = x.shape, W.shape
    y = np.zeros((n, (L - k) // stride + 1, K)) + b
    for a, i in np.ndindex(y.shape[1], k):
        y[:, a] += x[:, stride * a + i] @ W[i]
    return y


def _windows(x, k, stride, apart=None):
    """(N, h, k, C)."""
    h = (x.shape[1] - k) // stride + 1
    return np.stack([x[:, (apart or stride) * a:(apart or stride) * a + k] for a in range(h)], axis=1)


def _conv(turn=slice(None), apart=None, kernel=lambda W: W, times_b=lambda k: 1, rows=lambda u: u):
    """The answer with one thing done differently."""
    def answer(x, W, b, stride):
        return np.einsum("nakc,kco->nao", rows(_windows(x, W.shape[0], stride, apart)), kernel(W[turn])) + times_b(W.shape[0]) * b

    return answer


def _exchanged(W):
    """As if W stood with the channels first, with its k C rows in another order."""
    k, c, K = W.shape
    return W.reshape(c, k, K).swapaxes(0, 1)


BACKWARDS = slice(None, None, -1)
FORWARD = Exercise(
    "20.2", "conv_forward", "a convolution", _conv_case, lambda *args: {"y": _conv_value(*args)}, solution=_conv(),
    mistakes=(
        Mistake("the kernel was turned round: here x_{stride a + i} meets W_i, and not W_{k - 1 - i}", _conv(turn=BACKWARDS)),
        Mistake("the windows begin one pixel apart: the stride was forgotten", _conv(apart=1)),
        Mistake("there is a window at every pixel: the stride was forgotten", lambda x, W, b, stride: _conv()(x, W, b, 1),
                "shape"),
        Mistake("channels and pixels were exchanged when W became a matrix: a window has the channels of one pixel side by side",
                _conv(kernel=_exchanged)),
        Mistake("b was added with each pixel of the window, k times", _conv(times_b=lambda k: k)),
        Mistake("b is missing", _conv(times_b=lambda k: 0)),
        Mistake("only the first pixel of each window was taken",
                lambda x, W, b, stride: _conv()(x[:, :-W.shape[0] + 1], W[:1], b, stride)),
        Mistake("the mean over a window was taken; it is a sum",
                lambda x, W, b, stride: (_conv()(x, W, b, stride) - b) / W.shape[0] + b),
    ),
    hints=("Window number a is x[:, stride * a:stride * a + k], (N, k, C).",
           "With the window as a row of k C numbers, and W as a matrix (k C, K), it is a dense layer.",
           "np.stack([x[:, stride * a:stride * a + k].reshape(N, -1) @ W.reshape(-1, K) for a in range(h)], axis=1) + b"),
    batch=lambda x, *rest: x.shape[0],
)


# ---------------------------------------------------------------- 20.3


def _backward_case(rng):
    x, W, b, stride = _conv_case(rng)
    return rng.normal(size=_conv_value(x, W, b, stride).shape), x, W, stride


def _backward_truth(dy, x, W, stride):
    b = np.zeros(W.shape[2])
    return {"dx": differences(lambda x: float((dy * _conv_value(x, W, b, stride)).sum()), x),
            "dW": differences(lambda W: float((dy * _conv_value(x, W, b, stride)).sum()), W),
            "db": differences(lambda b: float((dy * _conv_value(x, W, b, stride)).sum()), b)}


def _added(u, stride, L, replace=False, apart=None):
    """Windows u (N, h, k, C) added to a row of L pixels, or written over each other."""
    x = np.zeros((u.shape[0], L, u.shape[3]))
    for a in range(u.shape[1]):
        place = x[:, (apart or stride) * a:(apart or stride) * a + u.shape[2]]
        place[...] = u[:, a] + (0 if replace else place)
    return x


def _backward(turn=slice(None), turn_dW=slice(None), replace=False, apart=None, apart_dW=None, kernel=lambda W: W,
              of_windows=slice(None), db=lambda dy: dy.sum(axis=(0, 1)), sign=1):
    """The answer with one thing done differently."""
    def answer(dy, x, W, stride):
        k = W.shape[0]
        du = np.einsum("nao,kco->nakc", dy, kernel(W[turn]))
        dW = np.einsum("nakc,nao->kco", _windows(x, k, stride, apart_dW)[:, of_windows], dy[:, of_windows])
        return sign * _added(du, stride, x.shape[1], replace, apart), dW[turn_dW], db(dy)

    return answer


BACKWARD = Exercise(
    "20.3", "conv_backward", "the gradient of a convolution", _backward_case, _backward_truth, solution=_backward(),
    mistakes=(
        Mistake("a later window replaced what an earlier one had left in dx: where windows overlap, their parts add up",
                _backward(replace=True)),
        Mistake("the kernel was turned round on the way to dx: W_i made y_a from x_{stride a + i}, and takes dy_a back there",
                _backward(turn=BACKWARDS)),
        Mistake("the windows of dx begin one pixel apart: the stride was forgotten", _backward(apart=1)),
        Mistake("the windows of x in dW begin one pixel apart: the stride was forgotten", _backward(apart_dW=1)),
        Mistake("dW was turned round: entry i belongs to x_{stride a + i}", _backward(turn_dW=BACKWARDS)),
        Mistake("channels and pixels were exchanged when W became a matrix", _backward(kernel=_exchanged)),
        Mistake("dW has the part of the first window only; all windows use the same W", _backward(of_windows=slice(1))),
        Mistake("dW has the part of the last window only: += adds, = replaces", _backward(of_windows=slice(-1, None))),
        Mistake("dx ends with the last window: it is shaped like x, and 0 in the pixels that are left over",
                lambda dy, x, W, stride: _backward()(dy, x[:, :stride * (dy.shape[1] - 1) + len(W)], W, stride), "dx ends"),
        Mistake("db was averaged over the windows; b is in each of them, so it is a sum",
                _backward(db=lambda dy: dy.mean(axis=1).sum(axis=0))),
        Mistake("db has the part of the first window only", _backward(db=lambda dy: dy[:, 0].sum(axis=0))),
        Mistake("db was not summed over the windows: b (K,) is one row for all of them", _backward(db=lambda dy: dy.sum(axis=0)),
                "shape"),
        Mistake("dx has the wrong sign", _backward(sign=-1), "sign"),
    ),
    hints=("With the windows u as rows, (N h, k C), and dy as rows, (N h, K), it is lesson 02: dW = u^T dy, du = dy W^T.",
           "db is the sum of the rows of dy, over all windows of all samples.",
           "dx: begin with zeros, and add du of each window, as (N, k, C), to dx[:, stride * a:stride * a + k]."),
    batch=lambda dy, *rest: dy.shape[0],
)


# ---------------------------------------------------------------- 20.4


def _transposed_case(rng):
    n, h, k, c, K, stride = _shapes(rng)
    return rng.normal(size=(n, h, K)), rng.normal(size=(k, c, K)), rng.normal(size=c), stride


def _transposed_value(y, W, b, stride):
    """From the identity. Entry by entry, x is what a convolution of a single 1 says."""
    (n, h, _), (k, c, _) = y.shape, W.shape
    x, none = np.empty((n, stride * (h - 1) + k, c)), np.zeros(W.shape[2])
    for m, channel in np.ndindex(*x.shape[1:]):
        one = np.zeros((1, *x.shape[1:]))
        one[0, m, channel] = 1
        x[:, m, channel] = (y * _conv_value(one, W, none, stride)).sum(axis=(1, 2)) + b[channel]
    return x


def _transposed(turn=slice(None), replace=False, kernel=lambda W: W, b_to_windows=False, times_b=1, mean=False):
    """The answer with one thing done differently."""
    def answer(y, W, b, stride):
        u, L = np.einsum("nao,kco->nakc", y, kernel(W[turn])), stride * (y.shape[1] - 1) + W.shape[0]
        x = _added(u + b_to_windows * b, stride, L, replace)
        if mean:
            x = x / _added(np.ones_like(u), stride, L)
        return x + (not b_to_windows) * times_b * b

    return answer


TRANSPOSED = Exercise(
    "20.4", "conv_transposed", "a transposed convolution", _transposed_case, lambda *args: {"x": _transposed_value(*args)},
    solution=_transposed(),
    mistakes=(
        Mistake("a later window replaced what an earlier one had left: where windows overlap, they add up",
                _transposed(replace=True)),
        Mistake("the kernel was turned round; transposed means that K and C change places, and nothing is turned",
                _transposed(turn=BACKWARDS)),
        Mistake("b was added with each window, so a pixel has it as often as windows cover it", _transposed(b_to_windows=True)),
        Mistake("b is missing", _transposed(times_b=0)),
        Mistake("b was taken away; it is added", _transposed(times_b=-1)),
        Mistake("the mean of the windows that cover a pixel was taken; they add up", _transposed(mean=True)),
        Mistake("channels and pixels were exchanged when W became a matrix", _transposed(kernel=_exchanged)),
        Mistake("the windows were laid one pixel apart: the stride was forgotten",
                lambda y, W, b, stride: _transposed()(y, W, b, 1), "shape"),
    ),
    hints=("It is the dx of 20.3, with y in the place of dy.",
           "Number a of y lays a window of k pixels, y_a W_i^T for each i, and begins at pixel stride * a.",
           "x = zeros; x[:, stride * a:stride * a + k] += the window, for each a; and b at the end, once."),
    batch=lambda y, *rest: y.shape[0],
)


# ---------------------------------------------------------------- 20.5

EPS = 1e-5


def _norm_case(rng):
    n, L, c = (int(size) for size in rng.permutation([3, 4, 5]))
    scale, middle = rng.uniform(0.05, 2, (1, 1, c)), rng.normal(size=(1, L, c)) + rng.normal(size=(n, 1, c))
    return scale * rng.normal(size=(n, L, c)) + middle, rng.uniform(0.5, 2, c), rng.normal(size=c), rng.normal(size=(n, L, c))


def _norm_value(x, gain, shift):
    """Channel by channel."""
    y = np.empty_like(x)
    for c in range(x.shape[2]):
        numbers = x[:, :, c]
        mean = numbers.sum() / numbers.size
        var = ((numbers - mean) ** 2).sum() / numbers.size
        y[:, :, c] = gain[c] * (numbers - mean) / (var + EPS) ** 0.5 + shift[c]
    return y


def _norm(axes=(0, 1), r=lambda var: np.sqrt(var + EPS), ddof=0, moving=("mean", "var"), gains=True, of_dx=None,
          times=lambda x: 1):
    """The answer with one thing done differently; of_dx: other axes for the means in dx."""
    def answer(x, gain, shift, dy):
        def mean(v):
            return times(x) * v.mean(axis=axes if of_dx is None else of_dx, keepdims=True)

        root = r(x.var(axis=axes, keepdims=True, ddof=ddof))
        xh = (x - x.mean(axis=axes, keepdims=True)) / root
        dxh = dy * gain if gains else dy
        dx = dxh - ("mean" in moving) * mean(dxh) - ("var" in moving) * xh * mean(dxh * xh)
        return gain * xh + shift, dx / root

    return answer


NORM = Exercise(
    "20.5", "channel_norm", "BatchNorm of channels", _norm_case,
    lambda x, gain, shift, dy: {"y": _norm_value(x, gain, shift),
                                "dx": differences(lambda x: float((dy * _norm_value(x, gain, shift)).sum()), x)},
    solution=_norm(),
    mistakes=(
        Mistake("mean and var were taken for each pixel and channel, over the samples alone; a channel has one mean",
                _norm((0,))),
        Mistake("mean and var were taken for each sample, over its pixels: that is instance normalisation", _norm((1,))),
        Mistake("mean and var were taken for each pixel, over samples and channels: pixels and channels were exchanged",
                _norm((0, 2))),
        Mistake("mean and var were taken over all channels of a sample: that is layer normalisation", _norm((1, 2))),
        Mistake("one mean and one var were taken for everything", _norm((0, 1, 2))),
        Mistake("mean and var were taken for each pixel, over its channels", _norm((2,))),
        Mistake("1e-5 is missing under the root, or another number stands there", _norm(r=np.sqrt)),
        Mistake("shift is missing in y", lambda x, gain, shift, dy: _norm()(x, gain, 0 * shift, dy)),
        Mistake("sums stand in dx where means belong", _norm(moving=("mean", "var"), times=lambda x: x.shape[0] * x.shape[1])),
        Mistake("var was divided by the number of entries - 1", _norm(ddof=1)),
        Mistake("1e-5 was added to the root; it belongs under it", _norm(r=lambda var: np.sqrt(var) + EPS)),
        Mistake("var was not rooted", _norm(r=lambda var: var + EPS)),
        Mistake("in dx mean and var stand still; they move with x", _norm(moving=())),
        Mistake("in dx the mean moves, and var stands still", _norm(moving=("mean",))),
        Mistake("in dx var moves, and the mean stands still", _norm(moving=("var",))),
        Mistake("the means in dx were taken over the samples alone", _norm(of_dx=(0,))),
        Mistake("gain is missing in dx", _norm(gains=False)),
    ),
    hints=("One mean and one var for each channel: axis=(0, 1), and keepdims=True keeps the shapes in order.",
           "dx is that of BatchNorm in museum 08, with means over the same two axes.",
           "With dxh = gain dy: dx = (dxh - mean(dxh) - xh mean(dxh xh)) / sqrt(var + 1e-5)."),
    batch=lambda x, *rest: x.shape[0],
)

EXERCISES = (SIZE, FORWARD, BACKWARD, TRANSPOSED, NORM)
