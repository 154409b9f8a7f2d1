"""Exercises of lesson 04: what the discriminator learns."""

import decimal
import math

import numpy as np

from ..engine.numerics import sigmoid, softplus
from ..losses import bce_with_logits
from .grading import Digits, Exact, Exercise, Mistake, differences

LN2 = math.log(2)
CLIPS = (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)  # what people clip probabilities at


def _best_answers(real, fake):
    """The D in (0, 1) that makes -real log D - fake log(1 - D) least, found by halving, so nothing is solved on paper here."""
    low, high = np.zeros(real.shape), np.ones(real.shape)
    for _ in range(60):
        d = (low + high) / 2
        falls = real * (1 - d) > fake * d  # the sign of the derivative -real / d + fake / (1 - d)
        low, high = np.where(falls, d, low), np.where(falls, high, d)
    return d


# ---------------------------------------------------------------- 04.1


def _densities(rng):
    """Two densities at N places; a density may be larger than 1."""
    n = int(rng.integers(5, 12))
    return rng.lognormal(-0.5, 1.2, size=(n, 1)), rng.lognormal(-0.5, 1.2, size=(n, 1))


GRIDS = (*(np.linspace(0, 1, n)[1:-1] for n in (101, 1001, 10001)), np.linspace(0.005, 0.995, 100), np.linspace(0.01, 0.99, 99),
         np.linspace(0.001, 0.999, 999), np.linspace(0.001, 0.999, 1000), np.linspace(0.01, 0.99, 100))

OPTIMAL = Exercise(
    "04.1", "optimal_discriminator", "the best discriminator", _densities,
    lambda p, q: {"d": _best_answers(p, q)},
    solution=lambda p, q: sigmoid(np.log(p) - np.log(q)),
    mistakes=(
        Mistake("p and q are swapped: q / (p + q) is the probability of fake", lambda p, q: q / (p + q)),
        Mistake("p / q are the odds of real to fake; the probability is p / (p + q)", lambda p, q: p / q),
        Mistake("divided by the mean of p and q, not by their sum", lambda p, q: p / ((p + q) / 2), "factor 2"),
        Mistake("that is p itself; D learns how p and q compare, never p alone", lambda p, q: p.copy()),
        Mistake("1 - q is no probability: a density may be larger than 1", lambda p, q: 1 - q),
        Mistake("log p - log q is the best D's score; here its probability is asked for", lambda p, q: np.log(p) - np.log(q)),
        Mistake("a softmax of the densities; they are not scores, so nothing is exponentiated", lambda p, q: sigmoid(p - q)),
        Mistake("1/2 is the answer only where both densities are equal", lambda p, q: np.full_like(p, 0.5)),
        Mistake("divided by the sum over all places: each place is on its own", lambda p, q: p / (p + q).sum()),
        Mistake("p and q were divided by their sums first: they are densities already, and nothing is to be normalised",
                lambda p, q: p / p.sum() / (p / p.sum() + q / q.sum())),
        *(Mistake(f"that is the best of {grid.size} values from {grid[0]:g} to {grid[-1]:g}: only near, so solve for d",
                  lambda p, q, grid=grid: grid[(-p * np.log(grid) - q * np.log(1 - grid)).argmin(axis=1)][:, None])
          for grid in GRIDS),
        Mistake("brackets are missing: p / (p + q), not p / p + q", lambda p, q: p / p + q),
        Mistake("p - q below: the sign of q is wrong, -p / d + q / (1 - d) = 0 gives p / (p + q)", lambda p, q: p / (p - q)),
        Mistake("q - p below: the sign of p is wrong, -p / d + q / (1 - d) = 0 gives p / (p + q)", lambda p, q: p / (q - p)),
        Mistake("p and q were squared first", lambda p, q: p**2 / (p**2 + q**2)),
        Mistake("(p - q) / (p + q) goes from -1 to 1; the probability is p / (p + q)", lambda p, q: (p - q) / (p + q)),
        Mistake("p - q is no probability; it may be negative", lambda p, q: p - q),
        Mistake("divided by the larger of p and q, not by their sum", lambda p, q: p / np.maximum(p, q)),
        Mistake("the sigmoid of p / q: the odds are p / q, so nothing is exponentiated", lambda p, q: sigmoid(p / q)),
        Mistake("the logarithms of the densities were compared, not the densities",
                lambda p, q: np.log(p) / (np.log(p) + np.log(q))),
        Mistake("the larger one takes all: that is a verdict, 0 or 1, not a probability", lambda p, q: (p > q) * 1.0),
    ),
    hints=("D may choose its answer at each x by itself. At one place p and q are two numbers, and the loss is a function of d.",
           "Differentiate -p log d - q log(1 - d) with respect to d, and set it to 0.",
           "p / d = q / (1 - d), so p (1 - d) = q d. Solve for d."),
)


# ---------------------------------------------------------------- 04.2


def _log_density(x, mean, std):
    return -0.5 * ((x - mean) / std) ** 2 - np.log(std * math.sqrt(2 * math.pi))


def _far_out(rng):
    """Log densities of two Gaussians, where there is mass and further and further out in both tails."""
    x = np.concatenate([rng.normal(size=rng.integers(2, 6)), *(rng.uniform(r, 1.4 * r, 2) * [1, -1] for r in (4, 7, 40, 200))])
    x = rng.permutation(x)[:, None]  # (N, 1)
    return _log_density(x, *rng.normal(size=1), rng.uniform(0.5, 1)), _log_density(x, *rng.normal(size=1), rng.uniform(1.1, 2))


def _log_of_a_quotient(log_p, log_q):
    """log(p / q), as on the blackboard, in 50 digits and without limits to the exponent."""
    with decimal.localcontext(decimal.Context(prec=50)):
        exps = [[decimal.Decimal(x).exp() for x in log.ravel().tolist()] for log in (log_p, log_q)]
        return np.array([float((p / q).ln()) for p, q in zip(*exps, strict=True)]).reshape(log_p.shape)


def _clipped(log_p, log_q, clip):
    return np.log(np.maximum(np.exp(log_p), clip)) - np.log(np.maximum(np.exp(log_q), clip))


def _added(log_p, log_q, eps):
    return np.log(np.exp(log_p) + eps) - np.log(np.exp(log_q) + eps)


def _clipped_answer(log_p, log_q, clip):
    d = np.clip(sigmoid(log_p - log_q), clip, 1 - clip)
    return np.log(d / (1 - d))


SCORE = Exercise(
    "04.2", "optimal_score", "the best discriminator's score", _far_out,
    lambda log_p, log_q: {"s": Digits(_log_of_a_quotient(log_p, log_q))},
    solution=lambda log_p, log_q: log_p - log_q,
    mistakes=(
        Mistake("the score of fake, not of real", lambda log_p, log_q: log_q - log_p, "sign"),
        Mistake("the densities themselves: far out both are 0",
                lambda log_p, log_q: np.log(np.exp(log_p) / np.exp(log_q)), "not finite"),
        Mistake("the score of a probability that is exactly 0 or 1",
                lambda log_p, log_q: _clipped_answer(log_p, log_q, 0), "not finite"),
        *(Mistake(f"the densities were clipped at {clip:g}: far out both are {clip:g}, and the score is 0",
                  lambda log_p, log_q, clip=clip: _clipped(log_p, log_q, clip)) for clip in (*CLIPS, 1e-300)),
        *(Mistake(f"{eps:g} was added to the densities: far out nothing else is left of them",
                  lambda log_p, log_q, eps=eps: _added(log_p, log_q, eps)) for eps in CLIPS),
        *(Mistake(f"D was clipped at {clip:g}: no score can be beyond {math.log(1 / clip - 1):.1f}",
                  lambda log_p, log_q, clip=clip: _clipped_answer(log_p, log_q, clip)) for clip in CLIPS),
        Mistake("that is log D, the logarithm of the probability; the score is the logarithm of the odds, D to 1 - D",
                lambda log_p, log_q: log_p - np.logaddexp(log_p, log_q)),
        Mistake("that is D, the probability; here its score is asked for", lambda log_p, log_q: sigmoid(log_p - log_q)),
        Mistake("log p / log q is not log(p / q)", lambda log_p, log_q: log_p / log_q),
        Mistake("p - q is a difference of densities, exp was applied; the score is the difference of their logarithms",
                lambda log_p, log_q: np.exp(log_p) - np.exp(log_q)),
        Mistake("log q is missing: log p alone knows nothing of the fake samples", lambda log_p, log_q: log_p.copy()),
        Mistake("log p is missing: the score is log p - log q", lambda log_p, log_q: -log_q),
        Mistake("exp was applied to the difference: that is p / q, the odds", lambda log_p, log_q: np.exp(log_p - log_q)),
        Mistake("0 was put where p is 0 in the computer: log_p is an ordinary number there",
                lambda log_p, log_q: np.where(np.exp(log_p) > 0, log_p - log_q, 0)),
        Mistake("that is log p - log m for the mixture m = (p + q) / 2, as in the JSD; the score is log p - log q",
                lambda log_p, log_q: log_p - np.logaddexp(log_p, log_q) + LN2),
        Mistake("that is log(1 - D), the logarithm of the probability of fake; the score is log D - log(1 - D)",
                lambda log_p, log_q: log_q - np.logaddexp(log_p, log_q)),
        *(Mistake(f"the logarithms were clipped at -{limit} first: an ordinary number needs no clipping",
                  lambda log_p, log_q, limit=limit: np.maximum(log_p, -limit) - np.maximum(log_q, -limit))
          for limit in (745, 709, 700, 500, 100)),
        Mistake("both logarithms were added: log p + log q is log(p q)", lambda log_p, log_q: log_p + log_q),
    ),
    hints=("The score of a probability d is its log odds, log(d / (1 - d)): the inverse of the sigmoid.",
           "The odds of p / (p + q) are p to q.",
           "log(p / q) needs neither p nor q, only their logarithms, which stay finite where p and q are 0 in the computer."),
)


# ---------------------------------------------------------------- 04.3 and 04.4


def _cells(rng):
    """The probabilities of K cells, each summing to 1; one cell has no p, one no q, and one neither."""
    k = int(rng.integers(6, 12))
    p, q = rng.uniform(0.1, 1, size=(2, k))
    only_q, only_p, empty = rng.permutation(k)[:3]
    p[[only_q, empty]], q[[only_p, empty]] = 0, 0
    return p / p.sum(), q / q.sum()


def _kl(p, q):
    """KL(p, q) in nats; the cells without p count for nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * np.log(p / q), 0.0).sum()


def _jsd(p, q):
    return (_kl(p, (p + q) / 2) + _kl(q, (p + q) / 2)) / 2


def _entropy(p):
    return -sum(x * math.log(x) for x in p.tolist() if x > 0)


def _turned(p, q, shared=False):
    """JSD with both divergences the wrong way round, KL(m, p) and KL(m, q), over the cells in which they are finite."""
    m = (p + q) / 2
    on = [(p > 0) & (q > 0)] * 2 if shared else [p > 0, q > 0]
    return sum(np.sum(m[some] * np.log(m[some] / one[some])) for some, one in zip(on, (p, q), strict=True)) / 2


def _shared(f):
    """`f` on those cells only that have some of both."""
    return lambda p, q: f(p[(p > 0) & (q > 0)], q[(p > 0) & (q > 0)])


def _jsd_plus(p, q, eps):
    m = (p + q) / 2
    return ((p * np.log((p + eps) / (m + eps))).sum() + (q * np.log((q + eps) / (m + eps))).sum()) / 2


JSD = Exercise(
    "04.3", "jsd", "the Jensen-Shannon divergence", _cells,
    lambda p, q: {"value": Exact(_entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2)},  # from three entropies
    solution=_jsd,
    mistakes=(
        Mistake("0 log 0", lambda p, q: (p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))).sum() / 2, "not finite"),
        Mistake("KL(p, q) divides by a q that is 0", lambda p, q: (_kl(p, q) + _kl(q, p)) / 2, "not finite"),
        Mistake("the 1/2 before the two divergences", lambda p, q: 2 * _jsd(p, q), "factor 2"),
        Mistake("m = p + q was used for m = (p + q) / 2: that subtracts ln 2", lambda p, q: (_kl(p, p + q) + _kl(q, p + q)) / 2),
        Mistake("the logarithm is to base 2, so the unit is bits; np.log gives nats", lambda p, q: _jsd(p, q) / LN2),
        Mistake("that is KL(p, m) alone: KL(q, m) is missing", lambda p, q: _kl(p, (p + q) / 2)),
        Mistake("that is KL(p, m) / 2 alone: KL(q, m) / 2 is missing", lambda p, q: _kl(p, (p + q) / 2) / 2),
        Mistake("that is the Jensen-Shannon distance, the square root of the divergence; it is what SciPy's jensenshannon gives",
                lambda p, q: np.sqrt(_jsd(p, q))),
        Mistake("cells where p or q is 0 were left out: there the two differ most", _shared(_jsd)),
        Mistake("the mean over the cells was taken; p and q are weights already, so sum", lambda p, q: _jsd(p, q) / p.size),
        Mistake("KL the wrong way round: KL(m, p) and KL(m, q) were taken; the mixture belongs into the second place", _turned),
        Mistake("KL the wrong way round, and without the cells where p or q is 0: the mixture belongs into the second place",
                lambda p, q: _turned(p, q, shared=True)),
        Mistake("the sign is wrong: KL(p, m) is the sum of p log(p / m), not of p log(m / p)", lambda p, q: -_jsd(p, q), "sign"),
        Mistake("that is the symmetric KL, (KL(p, q) + KL(q, p)) / 2, over the cells that have both; here m stands second",
                _shared(lambda p, q: (_kl(p, q) + _kl(q, p)) / 2)),
        Mistake("cells where p or q is 0 were left out, and the others scaled to 1: there the two differ most",
                _shared(lambda p, q: _jsd(p / p.sum(), q / q.sum()))),
        Mistake("that is half the sum of |p - q|, the total variation", lambda p, q: np.abs(p - q).sum() / 2),
        Mistake("that is a distance of the roots, as Bhattacharyya's", lambda p, q: -np.log(np.sqrt(p * q).sum())),
        Mistake("the entropies of p and q count one half each: H(m) - (H(p) + H(q)) / 2",
                lambda p, q: _entropy((p + q) / 2) - _entropy(p) - _entropy(q)),
        Mistake("two things: the root was taken, and the logarithm is to base 2", lambda p, q: np.sqrt(_jsd(p, q) / LN2)),
        Mistake("that is KL(q, m) alone: KL(p, m) is missing", lambda p, q: _kl(q, (p + q) / 2)),
        Mistake("that is KL(q, m) / 2 alone: KL(p, m) / 2 is missing", lambda p, q: _kl(q, (p + q) / 2) / 2),
        *(Mistake(f"{eps:g} was added inside the logarithms: nothing need be added, choose the cells with p > 0 instead",
                  lambda p, q, eps=eps: _jsd_plus(p, q, eps)) for eps in (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)),
    ),
    hints=("The mixture m = (p + q) / 2 is never 0 where p or q is not: so KL(p, m) and KL(q, m) are finite.",
           "A cell with p = 0 adds nothing to KL(p, m), but the computer's 0 * log(0) is NaN: choose the cells with p > 0 first.",
           "KL(p, m) is np.sum(p[on] * np.log(p[on] / m[on])) with on = p > 0; the same for q; and the mean of the two."),
)


def _loss_of(d, p, q):
    """D's loss when its answers are d, and a term whose weight is 0 counts for nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, -p * np.log(d), 0.0).sum() + np.where(q > 0, -q * np.log(1 - d), 0.0).sum()


def _answers(p, q):
    return p / np.maximum(p + q, 1e-300)


OPTIMAL_LOSS = Exercise(
    "04.4", "optimal_loss", "the best discriminator's loss", _cells,
    lambda p, q: {"value": Exact(_loss_of(_best_answers(p, q), p, q))},  # all cells by trial; no divergence in sight
    solution=lambda p, q: 2 * LN2 - 2 * _jsd(p, q),
    mistakes=(
        Mistake("2 JSD - 2 ln 2 is what D maximises in the paper", lambda p, q: 2 * _jsd(p, q) - 2 * LN2, "sign"),
        Mistake("2 ln 2 - JSD: the divergence must count twice, for KL(p, m) + KL(q, m) = 2 JSD",
                lambda p, q: 2 * LN2 - _jsd(p, q)),
        Mistake("ln 2 - 2 JSD: a ln 2 comes from the real samples and another from the fake", lambda p, q: LN2 - 2 * _jsd(p, q)),
        Mistake("2 ln 2 + 2 JSD: the more p and q differ, the smaller is D's loss", lambda p, q: 2 * LN2 + 2 * _jsd(p, q)),
        Mistake("4 ln 2 - 2 JSD: -log D* is ln 2 - log(p / m), one ln 2 for each of the two sums, so 2 ln 2",
                lambda p, q: 4 * LN2 - 2 * _jsd(p, q)),
        Mistake("2 ln 2 - 4 JSD: is the 1/2 missing in the JSD?", lambda p, q: 2 * LN2 - 4 * _jsd(p, q)),
        Mistake("2 ln 2 is missing: that is -2 JSD", lambda p, q: -2 * _jsd(p, q)),
        Mistake("2 ln 2 is missing, and the sign is wrong: that is 2 JSD", lambda p, q: 2 * _jsd(p, q)),
        Mistake("one D for all cells was tried: D may choose its answer in each cell", lambda p, q: min(
            -(p * np.log(d) + q * np.log(1 - d)).sum() for d in np.linspace(0.1, 0.9, 81))),
        Mistake("half of it: the loss is a sum of two means, of real and of fake", lambda p, q: LN2 - _jsd(p, q), "factor 2"),
        Mistake("the JSD in bits, 2 ln 2 in nats: one unit for both", lambda p, q: 2 * LN2 - 2 * _jsd(p, q) / LN2),
        Mistake("2 ln 2 is the loss of a D that always answers 1/2", lambda p, q: 2 * LN2, "whatever it is given"),
        Mistake("0 log 0", lambda p, q: (-p * np.log(p / (p + q)) - q * np.log(q / (p + q))).sum(), "not finite"),
        Mistake("only the real samples' part: - sum q log(1 - D) is missing", lambda p, q: _loss_of(_answers(p, q), p, 0 * q)),
        Mistake("only the fake samples' part: - sum p log D is missing", lambda p, q: _loss_of(_answers(p, q), 0 * p, q)),
        Mistake("cells where p or q is 0 were left out, and the others scaled to 1", lambda p, q: 2 * LN2 - 2 * _jsd(
            *(one[(p > 0) & (q > 0)] / one[(p > 0) & (q > 0)].sum() for one in (p, q)))),
        Mistake("the root of the JSD, as SciPy gives it, is a distance; the divergence itself was asked for",
                lambda p, q: 2 * LN2 - 2 * np.sqrt(_jsd(p, q))),
        *(Mistake(f"D was clipped to {clip:g} and {1 - clip:g}: where p or q is 0 the best D answers 0 or 1, and pays nothing",
                  lambda p, q, clip=clip: _loss_of(np.clip(_answers(p, q), clip, 1 - clip), p, q))
          for clip in (0.1, 0.01, 1e-3, 1e-4, 1e-5, *CLIPS[:-2])),
        Mistake("D was given the sign of V: sum p log D + sum q log D has lost the 1 - D of the fake samples",
                lambda p, q: -np.where(p > 0, (p + q) * np.log(np.maximum(_answers(p, q), 1e-300)), 0.0).sum()),
    ),
    hints=("Two ways: put D* = p / (p + q) into the loss and sum over the cells (0 log 0 is 0 again), or use 04.3.",
           "With m = (p + q) / 2, D* = p / (2 m). So -log D* = ln 2 - log(p / m), and -log(1 - D*) = ln 2 - log(q / m).",
           "Summed with the weights p and q: ln 2 - KL(p, m) + ln 2 - KL(q, m). And KL(p, m) + KL(q, m) = 2 JSD."),
    constants=lambda p, q: {"ln 2 (a logarithm to base 2?)": LN2, "the number of cells (a mean for a sum?)": 1 / p.size},
)


# ---------------------------------------------------------------- 04.5


def _two_batches(rng):
    n, m = rng.permutation([3, 4, 5, 6, 7, 8, 9])[:2]
    return rng.normal(0.5, 2, size=(n, 1)), rng.normal(-0.5, 2, size=(m, 1))


def _loss(r, f):
    """-E log D(real) - E log(1 - D(fake)), with the sigmoid written out."""
    return float(np.log(1 + np.exp(-r)).mean() + np.log(1 + np.exp(f)).mean())


def _d_loss(r, f, real=1.0, fake=0.0):
    real, fake = bce_with_logits(r, real), bce_with_logits(f, fake)
    return real.value + fake.value, real.ds, fake.ds


def _pooled(r, f):
    """One mean over all samples, as when both batches are put into one and the average is taken."""
    n, (_, dr, df) = r.size + f.size, _d_loss(r, f)
    return (softplus(-r).sum() + softplus(f).sum()) / n, dr * r.size / n, df * f.size / n


D_LOSS = Exercise(
    "04.5", "discriminator_loss", "the discriminator's loss and its two gradients", _two_batches,
    lambda r, f: {"value": _loss(r, f), "ds_real": differences(lambda r: _loss(r, f), r),
                  "ds_fake": differences(lambda f: _loss(r, f), f)},
    solution=lambda s_real, s_fake: _d_loss(s_real, s_fake),
    mistakes=(
        Mistake("all samples were averaged together; each batch has its own mean, and the two are added", _pooled),
        Mistake("half the sum of the two means", lambda r, f: tuple(x / 2 for x in _d_loss(r, f)), "factor 2"),
        Mistake("V was returned, which D maximises", lambda r, f: tuple(-x for x in _d_loss(r, f)), "sign"),
        Mistake("the fake samples' gradient is that of the generator, which wants them called real",
                lambda r, f: (*_d_loss(r, f)[:2], bce_with_logits(f, 1.0).ds)),
        Mistake("the real samples' gradient was computed from the fake samples' scores",
                lambda r, f: (_d_loss(r, f)[0], -sigmoid(-f) / f.size, _d_loss(r, f)[2]), "ds_real has shape"),
        Mistake("the value is a mean, the gradients are those of a sum",
                lambda r, f: (_d_loss(r, f)[0], -sigmoid(-r), sigmoid(f)), "the number of real samples"),
        Mistake("the fake samples' gradient was divided by the number of real samples",
                lambda r, f: (*_d_loss(r, f)[:2], sigmoid(f) / r.size), "the ratio of the two batch sizes"),
        Mistake("sigma(r) is the slope of softplus(r); the slope of softplus(-r) is -sigma(-r)",
                lambda r, f: (_d_loss(r, f)[0], sigmoid(r) / r.size, _d_loss(r, f)[2])),
        Mistake("the minus of the inner function -r is missing: softplus(-r) has the slope -sigma(-r)",
                lambda r, f: (_d_loss(r, f)[0], sigmoid(-r) / r.size, _d_loss(r, f)[2]), "ds_real is -1 times"),
        Mistake("-sigma(r) stands where -sigma(-r) was meant: the chain rule keeps what is inside, and softplus(-r) has -r",
                lambda r, f: (_d_loss(r, f)[0], -sigmoid(r) / r.size, _d_loss(r, f)[2])),
        Mistake("sigma(-f) stands where sigma(f) was meant: that is 1 - sigma(f)",
                lambda r, f: (*_d_loss(r, f)[:2], sigmoid(-f) / f.size)),
        Mistake("the value was summed over the samples, not averaged",
                lambda r, f: (softplus(-r).sum() + softplus(f).sum(), *_d_loss(r, f)[1:])),
        Mistake("labels are swapped: here D learns to call the fake samples real", lambda r, f: _d_loss(r, f, 0.0, 1.0)),
        Mistake("both batches were labelled real", lambda r, f: _d_loss(r, f, 1.0, 1.0)),
        Mistake("those are the derivatives by the probabilities, -1/D and 1/(1 - D): the chain rule goes on through the sigmoid",
                lambda r, f: (_d_loss(r, f)[0], -1 / sigmoid(r) / r.size, 1 / sigmoid(-f) / f.size)),
        Mistake("the value is the difference of both means; they are added", lambda r, f: (
            softplus(-r).mean() - softplus(f).mean(), *_d_loss(r, f)[1:])),
        Mistake("the mean was taken before the loss: that is the loss of the mean scores",
                lambda r, f: (softplus(-r.mean()) + softplus(f.mean()), *_d_loss(r, f)[1:])),
        Mistake("that is the Wasserstein loss, mean of f - mean of r: here each score has its softplus",
                lambda r, f: (f.mean() - r.mean(), np.full_like(r, -1 / r.size), np.full_like(f, 1 / f.size))),
        Mistake("p (1 - p) stands where p was meant: the sigmoid is the derivative of softplus already",
                lambda r, f: (_d_loss(r, f)[0], -sigmoid(r) * sigmoid(-r) / r.size, sigmoid(f) * sigmoid(-f) / f.size)),
        Mistake("the value is that of the real samples alone: the fake ones cost something too",
                lambda r, f: (softplus(-r).mean(), *_d_loss(r, f)[1:])),
        Mistake("the value is that of the fake samples alone: the real ones cost something too",
                lambda r, f: (softplus(f).mean(), *_d_loss(r, f)[1:])),
    ),
    hints=("Two mean costs, added: softplus(-s_real) for the real samples, softplus(s_fake) for the fake ones.",
           "The derivative of softplus(x) is sigma(x). The chain rule through x = -s_real gives a minus, each mean 1 / its size.",
           "ds_real = -sigma(-s_real) / N and ds_fake = sigma(s_fake) / M."),
    constants=lambda r, f: {"the number of real samples (a sum for a mean?)": r.size,
                            "the number of fake samples (a sum for a mean?)": f.size,
                            "the ratio of the two batch sizes (was it divided by the other one's?)": r.size / f.size},
)


# ---------------------------------------------------------------- 04.6


def _smoothed_case(rng):
    return *_densities(rng), round(float(rng.uniform(0.7, 0.95)), 2)


SMOOTHED = Exercise(
    "04.6", "smoothed_discriminator", "the best discriminator under label smoothing", _smoothed_case,
    lambda p, q, a: {"d": _best_answers(a * p, (1 - a) * p + q)},
    solution=lambda p, q, a: a * sigmoid(np.log(p) - np.log(q)),
    mistakes=(
        Mistake("a was not used: p / (p + q) is the best D for the labels 1 and 0",
                lambda p, q, a: p / (p + q), "a was left out"),
        Mistake("(1 - a) p is missing below: a real sample costs -(1 - a) log(1 - d) too", lambda p, q, a: a * p / (a * p + q)),
        Mistake("the fake samples were smoothed too, with the label 1 - a; their label stays 0",
                lambda p, q, a: (a * p + (1 - a) * q) / (p + q)),
        Mistake("p / (p + q) was cut off at a; smoothing changes all answers", lambda p, q, a: np.minimum(p / (p + q), a)),
        Mistake("that is the probability of fake, 1 - D", lambda p, q, a: 1 - a * p / (p + q)),
        Mistake("that is the score, the logarithm of the odds; the probability was asked for",
                lambda p, q, a: np.log(a * p) - np.log((1 - a) * p + q)),
        Mistake("those are the odds of real to fake; the probability is the first weight over the sum of both",
                lambda p, q, a: a * p / ((1 - a) * p + q)),
        Mistake("1 - a was taken for a", lambda p, q, a: (1 - a) * p / (p + q), "was 1 - a taken for a?"),
        *(Mistake(f"a is an argument; {fixed} was written in its place", lambda p, q, a, fixed=fixed: fixed * p / (p + q))
          for fixed in (0.9, 0.8)),
        Mistake("a stands before q below: the weights are a p for real and (1 - a) p + q for fake",
                lambda p, q, a: p / (p + a * q)),
        Mistake("the fake points' weight is (1 - a) p + q; (1 - a) q was taken", lambda p, q, a: a * p / (a * p + (1 - a) * q)),
        Mistake("1 - a was subtracted from p / (p + q); the answer is a times that", lambda p, q, a: p / (p + q) - (1 - a)),
        Mistake("brackets are missing: a p / (p + q), not a p / p + q", lambda p, q, a: a * p / p + q),
        Mistake("p and q are swapped: that is a times the probability of fake", lambda p, q, a: a * q / (p + q)),
        Mistake("a is an exponent: (p / (p + q))^a", lambda p, q, a: (p / (p + q)) ** a),
        Mistake("divided by a, not multiplied", lambda p, q, a: p / (p + q) / a, "was it divided by a?"),
    ),
    hints=("At one place the cost is p times a real sample's, plus q times a fake's. Collect what stands before each logarithm.",
           "-a p log d - ((1 - a) p + q) log(1 - d): the same form as in 04.1, with other weights.",
           "The best d is the first weight over the sum of both, and the sum is p + q."),
    constants=lambda p, q, a: {"a": a, "(1 - a) / a (was 1 - a taken for a?)": (1 - a) / a, "a^2 (was it divided by a?)": a * a},
)


EXERCISES = (OPTIMAL, SCORE, JSD, OPTIMAL_LOSS, D_LOSS, SMOOTHED)
