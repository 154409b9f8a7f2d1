"""Exercises of lesson 18: an encoder that learns in the game."""

import numpy as np

from ..engine.layers import Tanh
from ..engine.network import mlp
from ..engine.numerics import sigmoid, softplus
from .grading import Exercise, Mistake, Wrong, differences
from .players import at, gradient_of, used

D_X, D_Z = 3, 2


def _players(rng):
    """G (2 -> 3), E (3 -> 2) and D (5 -> 1), smooth, with no bias at 0."""
    sizes = (D_Z, int(rng.integers(4, 7)), D_X), (D_X, int(rng.integers(4, 7)), D_Z), (D_X + D_Z, int(rng.integers(4, 7)), 1)
    nets = [mlp(*shape, activation=Tanh, seed=int(rng.integers(1 << 30)), dtype=np.float64) for shape in sizes]
    for net in nets:
        net.theta += 0.2 * rng.normal(size=net.theta.shape)
    return nets


def _batches(rng):
    n = int(rng.integers(4, 8))
    return rng.normal(size=(n, D_X)), rng.normal(size=(n, D_Z))


# ---------------------------------------------------------------- 18.1


def _scores_case(rng):
    return tuple(rng.normal(0, 1.5, (2, int(rng.integers(3, 9)), 1)))


def _exchanged_value(r, f):
    """As the textbook has it; the scores are small enough."""
    return float(np.log1p(np.exp(r)).mean() + np.log1p(np.exp(-f)).mean())


def _exchanged(real=1, fake=-1, of_real=sigmoid, of_fake=lambda f: sigmoid(-f), n=None):
    """The answer with other signs, other slopes or another N."""
    return lambda r, f: (real * of_real(r) / (n or r.shape[0]), fake * of_fake(f) / (n or r.shape[0]))


EXCHANGED = _exchanged()
SCORES = Exercise(
    "18.1", "exchanged_rates", "the loss with the pairs exchanged", _scores_case,
    lambda r, f: {"dr": differences(lambda r: _exchanged_value(r, f), r), "df": differences(lambda f: _exchanged_value(r, f), f)},
    solution=EXCHANGED,
    mistakes=(
        Mistake("this is D's own loss: G and E would help D", _exchanged(-1, 1, lambda r: sigmoid(-r), sigmoid)),
        Mistake("E holds a real pair, and wants its score to fall: dr has the sign of G's", _exchanged(real=-1), "sign"),
        Mistake("G wants the score of its pair to rise: df is negative", _exchanged(fake=1), "sign"),
        Mistake("that is -L_D, the equation of the paper: where D is sure, sigmoid(-r) and sigmoid(f) are 0",
                _exchanged(1, -1, lambda r: sigmoid(-r), sigmoid)),
        Mistake("E's half is that of -L_D, whose slope is 0 where D is sure", _exchanged(of_real=lambda r: sigmoid(-r))),
        Mistake("G's half is that of -L_D, whose slope is 0 where D is sure", _exchanged(of_fake=sigmoid)),
        Mistake("the mean's 1/N was left out", _exchanged(n=1), "batch size"),
        Mistake("both scores stand in both halves: a mean over 2N pairs",
                lambda r, f: tuple(part / 2 for part in EXCHANGED(r, f)), "factor 2"),
        Mistake("df was returned before dr", lambda r, f: EXCHANGED(r, f)[::-1]),
    ),
    hints=("softplus(s) has the derivative sigmoid(s).",
           "r stands in softplus(r), f in softplus(-f). The minus sign inside comes out by the chain rule.",
           "dr = sigmoid(r) / N and df = -sigmoid(-f) / N."),
    batch=lambda r, f: r.shape[0],
)


# ---------------------------------------------------------------- 18.2


def _pairs_case(rng):
    D, (x, code), (x_fake, z) = _players(rng)[2], _batches(rng), _batches(rng)
    x_fake, z = np.resize(x_fake, x.shape), np.resize(z, code.shape)
    dr, df = rng.normal(size=(2, x.shape[0], 1))
    return D, x, code, x_fake, z, dr, df


def _pairs_truth(D, x, code, x_fake, z, dr, df):
    return {"dcode": differences(lambda code: float((dr * D(np.hstack([x, code]))).sum()), code),
            "dx_fake": differences(lambda x_fake: float((df * D(np.hstack([x_fake, z]))).sum()), x_fake)}


def _pairs(tapes=(0, 1), columns=slice(None), exchange=False, freeze=True, first=D_X):
    """The answer with one thing done differently."""
    def answer(D, x, code, x_fake, z, dr, df):
        both = [D.forward(np.hstack(pair))[1] for pair in ((x, code), (x_fake, z))]
        if exchange:
            dr, df = df, dr
        real, fake = (D.backward(ds, both[tape], grads=not freeze) for ds, tape in zip((dr, df), tapes, strict=True))
        return real[:, first:][:, columns], fake[:, :first]

    return answer


def _parts_exchanged(D, x, code, x_fake, z, dr, df):
    (_, real), (_, fake) = D.forward(np.hstack([x, code])), D.forward(np.hstack([x_fake, z]))
    dpair, dfake = D.backward(dr, real, grads=False), D.backward(df, fake, grads=False)
    return dpair[:, :D_Z], dfake[:, D_Z:]


def _codes_first(D, x, code, x_fake, z, dr, df):
    (_, real), (_, fake) = D.forward(np.hstack([code, x])), D.forward(np.hstack([z, x_fake]))
    return D.backward(dr, real, grads=False)[:, :D_Z], D.backward(df, fake, grads=False)[:, D_Z:]


def _held(answer, D, *args):
    """What the answer returns; raises when D's gradient has changed."""
    own = used(D=D)["D"]
    before = own.grad.copy()
    result = answer(own, *args)
    if not np.array_equal(own.grad, before):
        raise Wrong(D_FILLED, "D.backward(..., grads=False) leaves D.grad alone")
    if not isinstance(result, tuple) or len(result) != 2:
        got = "nothing" if result is None else f"one {type(result).__name__}"
        raise Wrong(f"made_parts must return two arrays; it returns {got}", "return dcode, dx_fake")
    return dict(zip(("dcode", "dx_fake"), result, strict=True))


D_FILLED = "D.grad has changed: G and E learn here, and D stays as it is"
PAIRS = Exercise(
    "18.2", "made_parts", "through D, to what was made", _pairs_case, _pairs_truth, solution=_pairs(), observe=_held,
    mistakes=(
        Mistake("the columns were cut as if z stood first", _parts_exchanged),
        Mistake("real pairs went backward with the tape of the generated ones", _pairs(tapes=(1, 1))),
        Mistake("generated pairs went backward with the tape of the real ones", _pairs(tapes=(0, 0))),
        Mistake("dr and df were exchanged on the way into D", _pairs(exchange=True)),
        Mistake("code and z were exchanged in the pairs: they are [x, code] and [x_fake, z]",
                lambda D, x, code, x_fake, z, *rates: _pairs()(D, x, z, x_fake, code, *rates)),
        Mistake("code and z stand in front of x in the pairs", _codes_first),
        Mistake("D.grad has changed: G and E learn here, and D stays as it is", _pairs(freeze=False)),
        Mistake("the columns of dcode are in the reverse order", _pairs(columns=slice(None, None, -1))),
        Mistake("dx_fake was returned before dcode", lambda *args: _pairs()(*args)[::-1], ""),
    ),
    hints=("Two forwards of D, one for each kind of pair, and each gives a tape of its own.",
           "D.backward(dr, tape, grads=False) is the derivative by the whole pair [x, code]: x was given, code was made.",
           "np.hstack([x, code]) has the columns of x first: dcode is what stands behind them, dx_fake what stands in front."),
    batch=lambda D, x, *rest: x.shape[0],
)


# ---------------------------------------------------------------- 18.3


def _ge_value(G, E, D, x, z):
    return _exchanged_value(D(np.hstack([x, E(x)])), D(np.hstack([G(z), z])))


def _ge_truth(G, E, D, x, z):
    return {"value": np.asarray(_ge_value(G, E, D, x, z)), "D.grad": used(D=D)["D"].grad,
            "G.grad": differences(lambda theta: _ge_value(at(G, theta), E, D, x, z), G.theta),
            "E.grad": differences(lambda theta: _ge_value(G, at(E, theta), D, x, z), E.theta)}


def _ge(rates=EXCHANGED, clear="GE", moved="GE", torn=False, freeze=True, value=None):
    """The answer with one thing done differently."""
    def answer(G, E, D, x, z):
        (code, tape_e), (x_fake, tape_g) = E.forward(x), G.forward(z)
        r, tape_real = D.forward(np.hstack([x, np.roll(code, 1, axis=0) if torn else code]))
        f, tape_fake = D.forward(np.hstack([x_fake, z]))
        dr, df = rates(r, f)
        dcode, dx_fake = D.backward(dr, tape_real, not freeze)[:, D_X:], D.backward(df, tape_fake, not freeze)[:, :D_X]
        for name, net, ds, tape in (("G", G, dx_fake, tape_g), ("E", E, dcode, tape_e)):
            if name in clear:
                net.zero_grad()
            if name in moved:
                net.backward(ds, tape)
        return softplus(r).mean() + softplus(-f).mean() if value is None else value(r, f)

    return answer


GE = Exercise(
    "18.3", "ge_gradients", "one loss, two players", lambda rng: (*_players(rng), *_batches(rng)), _ge_truth,
    solution=_ge(),
    mistakes=(
        Mistake("this is D's own loss: G and E help D", _ge(lambda r, f: (-sigmoid(-r) / r.shape[0], sigmoid(f) / f.shape[0]),
                                                            value=lambda r, f: softplus(-r).mean() + softplus(f).mean())),
        Mistake("E has the sign of G: it makes real pairs look real, and so helps D", _ge(_exchanged(real=-1)), "sign"),
        Mistake("E is never trained: no gradient reaches it", _ge(moved="G"), "zero everywhere"),
        Mistake("G is never trained: no gradient reaches it", _ge(moved="E"), "zero everywhere"),
        Mistake("E.grad was not cleared: the gradient of the step before is still in it", _ge(clear="G")),
        Mistake("G.grad was not cleared: the gradient of the step before is still in it", _ge(clear="E")),
        Mistake("each x stands beside the code of another row", _ge(torn=True)),
        Mistake("D's own gradient was filled on the way", _ge(freeze=False)),
        Mistake("the mean's 1/N is missing in the gradients", _ge(_exchanged(n=1)), "batch size"),
        Mistake("the value is G's half alone", _ge(value=lambda r, f: softplus(-f).mean())),
    ),
    hints=("E.forward(x) and G.forward(z) first: their tapes are needed at the end.",
           "exchanged_rates of 18.1 gives dr and df; made_parts of 18.2 takes them back to the code and to x_fake.",
           "G.zero_grad(); G.backward(dx_fake, tape_g), and the same for E with dcode.",
           "The value is the mean of softplus(r) + the mean of softplus(-f)."),
    observe=lambda answer, G, E, D, *args: gradient_of(answer, used(G=G, E=E, D=D), *args),
    batch=lambda G, E, D, x, z: x.shape[0],
)


# ---------------------------------------------------------------- 18.4


def _regressor_case(rng):
    G, E, _ = _players(rng)
    return E, G, _batches(rng)[1]


def _regressor_value(E, G, z):
    return float(((E(G(z)) - z) ** 2).sum(axis=1).mean())


def _regressor(factor=2.0, per=lambda wrong: wrong.shape[0], clear=True, sign=1, value=None, through_g=False):
    """The answer with one thing done differently."""
    def answer(E, G, z):
        x, tape_g = G.forward(z)
        code, tape = E.forward(x)
        wrong = sign * (code - z)
        if clear:
            E.zero_grad()
        dx = E.backward(factor / per(wrong) * wrong, tape)
        if through_g:
            G.backward(dx, tape_g)
        return (wrong**2).sum() / per(wrong) if value is None else value(wrong)

    return answer


def _of_real_length(E, G, z):
    code, tape = E.forward(G(z))
    wrong = code - z
    length = np.sqrt((wrong**2).sum(axis=1, keepdims=True))
    E.zero_grad()
    E.backward(wrong / length / z.shape[0], tape)
    return float(length.mean())


REGRESSOR = Exercise(
    "18.4", "regressor_gradient", "an encoder without a game", _regressor_case,
    lambda E, G, z: {"value": np.asarray(_regressor_value(E, G, z)), "G.grad": used(G=G)["G"].grad,
                     "E.grad": differences(lambda theta: _regressor_value(at(E, theta), G, z), E.theta)},
    solution=_regressor(),
    mistakes=(
        Mistake("the 2 of the square is missing in the gradient", _regressor(factor=1.0), "factor 2"),
        Mistake("half of the loss: is it a mean over the two columns of z, or is there a 1/2? It is a sum over the columns",
                _regressor(per=lambda wrong: wrong.size)),
        Mistake("a sum over the batch: the loss is a mean", _regressor(per=lambda wrong: 1), "batch size"),
        Mistake("E.grad was not cleared: the gradient of the step before is still in it", _regressor(clear=False)),
        Mistake("E climbs: the difference is E(G(z)) - z, not the other way round",
                _regressor(sign=-1), "sign"),
        Mistake("G is finished: its gradient must not be touched", _regressor(through_g=True)),
        Mistake("the length of the difference was taken, not its square", _of_real_length),
    ),
    hints=("x = G(z) is a fixed number here: there is one forward and one backward pass, E's.",
           "The derivative of a square is twice what was squared.",
           "E.zero_grad(); E.backward(2 / N * (code - z), tape)."),
    observe=lambda answer, E, G, *args: gradient_of(answer, used(E=E, G=G), *args),
    batch=lambda E, G, z: z.shape[0],
)


# ---------------------------------------------------------------- 18.5


def _ratio_case(rng):
    n, d = int(rng.integers(4, 9)), int(rng.integers(2, 6))
    x = rng.normal(size=(n, d))
    return x, x + rng.uniform(0.3, 0.9) * rng.normal(size=(n, d)) + rng.normal(size=d)


def _ratio_truth(x, back):
    """Pair by pair."""
    n = len(x)
    own = sum(float((x[i] - back[i]) @ (x[i] - back[i])) for i in range(n)) / n
    other = sum(float((x[i] - back[j]) @ (x[i] - back[j])) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return {"ratio": np.asarray((own / other) ** 0.5)}


def _squares(x, back):
    return ((x[:, None] - back) ** 2).sum(axis=-1)


def _of_each(x, back):
    squares, n = _squares(x, back), len(x)
    own = np.diag(squares)
    return np.sqrt(own / ((squares.sum(axis=1) - own) / (n - 1))).mean()


def _upper(x, back):
    squares = _squares(x, back)
    return np.sqrt(np.diag(squares).mean() / squares[np.triu_indices(len(x), 1)].mean())


def _ratio(x, back):
    squares, n = _squares(x, back), len(x)
    own = np.trace(squares)
    return np.sqrt(own / n / ((squares.sum() - own) / (n * (n - 1))))


RATIO = Exercise(
    "18.5", "mismatch_ratio", "how near, beside a mismatch", _ratio_case, _ratio_truth, solution=_ratio,
    mistakes=(
        Mistake("no root was taken: that is the ratio of the squares", lambda x, back: _ratio(x, back) ** 2),
        Mistake("the mismatches hold the pairs that belong together",
                lambda x, back: np.sqrt(np.trace(_squares(x, back)) / len(x) / _squares(x, back).mean())),
        Mistake("the mean of the distances, not the root of the mean of their squares", lambda x, back: _mean_lengths(x, back)),
        Mistake("the ratio is upside down", lambda x, back: 1 / _ratio(x, back)),
        Mistake("only one mismatch of each x was taken, the next row",
                lambda x, back: np.sqrt(((x - back) ** 2).sum() / ((x - np.roll(back, 1, axis=0)) ** 2).sum())),
        Mistake("mismatches are pairs of images here, x with another x: then G does not take part",
                lambda x, back: np.sqrt(np.trace(_squares(x, back)) * (len(x) - 1) / _squares(x, x).sum())),
        Mistake("the numerator stands alone: it is divided by the root of the mean over the mismatches",
                lambda x, back: np.sqrt(np.trace(_squares(x, back)) / len(x))),
        Mistake("each x got a ratio of its own, and the ratios were averaged; there is one ratio of two roots", _of_each),
        Mistake("only the mismatches with i < j were counted; i > j are others", _upper),
    ),
    hints=("((x[:, None] - back)**2).sum(axis=-1) is an (N, N) table: row i, column j has |x_i - back_j|^2.",
           "Its diagonal holds the pairs that belong together, and all the rest the mismatches, N (N - 1) of them.",
           "sqrt(mean of the diagonal / mean of the rest)."),
    batch=lambda x, back: x.shape[0],
)


def _mean_lengths(x, back):
    lengths, n = np.sqrt(_squares(x, back)), len(x)
    own = np.trace(lengths)
    return own / n / ((lengths.sum() - own) / (n * (n - 1)))


EXERCISES = (SCORES, PAIRS, GE, REGRESSOR, RATIO)
