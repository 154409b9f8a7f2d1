"""What a run of the family scores, as text: samples beside true ones, and what its model promises beside a control.

    scores(run)     a table where the data have a judge, and the sentences of `PROMISES`
"""

import inspect
import math

import numpy as np

from ..data import Mixture, Points, halves
from ..engine.arguments import spawn
from ..metrics import digit_judge, mode_report, report_1d, table
from .scoring import COMPARED, compared, two_lots

SCORED, NEIGHBOURS = 10_000, 2000  # samples of points to score, and true ones to compare them with
ANSWERS = 32  # to each small image
DIGITS = "digits"


def scores(run):
    """The scores of a run, as text; empty where neither data nor model have any."""
    with np.errstate(over="ignore", invalid="ignore"):
        return "\n".join(part for part in (_table(run), *PROMISES.get(run.model, _nothing)(run)) if part)


def asks(system, name):
    """Whether the system's samples can be asked for by `name`, such as labels."""
    return name in inspect.signature(system.sample).parameters


def shown_in(system):
    """The data that the system's samples belong to, for a system with two domains, the second one."""
    return getattr(system, "target", None) or system.data


def is_digits(data):
    """Whether the data are images of scikit-learn's digits in their own units, for which there is a judge."""
    return data.name == DIGITS and data.image is not None and np.all(data.scale == 1)


def at_hand(system, n):
    """At most n. A system that makes its samples of true ones has no more than these, where they are somebody's own points."""
    return min(n, len(system.data.x)) if hasattr(system, "translate") and isinstance(system.data, Points) else n


def new_samples(data, n, rng):
    """At most n true samples that the system has not learned from, where there are such."""
    if is_digits(data):
        return halves().held_out.sample(min(n, halves().held_out.x.shape[-2]), rng)
    return data.sample(min(n, data.x.shape[-2]) if isinstance(data, Points) else n, rng)


def _table(run):
    """Samples, true ones, and for images a control, in one table."""
    system, data = run.system, shown_in(run.system)
    seed = spawn(run.recipe.seed, 6)[5]
    rng = np.random.default_rng(seed)
    if is_digits(data):
        judge = digit_judge()
        n = judge.held_out.x.shape[-2]
        labelled = asks(system, "labels")
        control = "Gaussian per class" if labelled else "one Gaussian"
        x, labels = judge.controls(n, rng)[control]
        in_turn = np.arange(n) % data.classes if labelled else None
        rows = {"real images": judge.real, control: judge.report(x, labels if labelled else None),
                "generated": judge.report(system.sample(at_hand(system, n), seed=seed), in_turn)}
        agreement = f"Agreement: a classifier, trained on {n} other images, reads the class that was asked for.\n" * labelled
        return f"\n{table(rows)}\n{agreement}The nearer to the row of the real images, the better."
    if not isinstance(data, Mixture):
        n = at_hand(system, COMPARED)
        true, real = (some[:n] for some in two_lots(data, rng))
        return compared(data, true, real, {"generated": system.sample(len(real), seed=seed)} if len(real) else {}, rng)[0]
    x = {"true samples": data.sample(SCORED, rng), "generated": system.sample(at_hand(system, SCORED), seed=seed)}
    if data.dim == 1:
        rows = {name: report_1d(some, data, rng) for name, some in x.items()}
    else:
        rows = {name: mode_report(some, data) for name, some in x.items()}
    return f"\n{table(rows, data)}\nThe nearer to the row of the true samples, the better."


# ---------------------------------------------------------------- what each model promises


def _nothing(run):
    return ()


def _read(data, x, rng):
    """The class of each of x, of digits as their judge reads it, of others that of the nearest true sample."""
    if is_digits(data):
        return digit_judge().read(x)
    from scipy.spatial import cKDTree

    n = min(NEIGHBOURS, data.x.shape[-2]) if isinstance(data, Points) else NEIGHBOURS
    true, labels = data.sample_labelled(n, rng)
    return labels[cKDTree(true).query(x)[1]]


def _the_class_that_was_asked_for(run):
    if is_digits(run.data):  # their table says it
        return
    seed = spawn(run.recipe.seed, 7)[6]
    rng, n = np.random.default_rng(seed), NEIGHBOURS // run.data.classes * run.data.classes
    asked = np.arange(n) % run.data.classes
    found = _read(run.data, run.system.sample(n, labels=asked, seed=seed), rng)
    yield (f"{np.mean(found == asked):.1%} of the samples are nearest to a true sample of the class that was asked for; "
           f"{np.mean(found == rng.permutation(asked)):.1%} for labels by lot.")


def _the_code_can_be_read(run):
    system, K = run.system, run.recipe.categories
    if run.history.step.size:
        yield (f"Information between code and sample: at least {run.history['information'][-1]:.3f} nats in the last batch, "
               f"of at most ln {K} = {math.log(K):.3f}.")
    if run.data.classes is None:
        return
    seed = spawn(run.recipe.seed, 7)[6]
    rng, codes = np.random.default_rng(seed), np.arange(NEIGHBOURS) % K
    found = _read(run.data, system.sample(NEIGHBOURS, codes=codes, seed=seed), rng)
    share, by_lot = (_majority(found, some, run.data.classes) for some in (codes, rng.permutation(codes)))
    yield f"{share:.1%} of the samples show the class that their code shows most often; {by_lot:.1%} for codes by lot."


def _majority(classes, codes, K):
    """The share of samples whose class is the most frequent one of their code."""
    counts = np.zeros((codes.max() + 1, K), int)
    np.add.at(counts, (codes, classes), 1)
    return counts.max(axis=1).sum() / classes.size


def _error(x, y):
    return f"{np.mean((x - y) ** 2):.3f}"


def _what_comes_back(run):
    x = new_samples(run.data, NEIGHBOURS, np.random.default_rng(spawn(run.recipe.seed, 7)[6]))
    back, mean = run.system.reconstruct(x), x.mean(axis=0)
    yield (f"Mean square between a true sample that is new and its reconstruction {_error(x, back)}; another one's "
           f"reconstruction {_error(x, np.roll(back, 1, axis=0))}; their mean {_error(x, mean)}.")


def _there_and_back(run):
    rng = np.random.default_rng(spawn(run.recipe.seed, 7)[6])
    for data, back in ((run.data, False), (run.system.target, True)):
        x = new_samples(data, NEIGHBOURS, rng)
        again = run.system.translate(run.system.translate(x, back=back), back=not back)
        yield (f"Mean square between a sample of {data.name} and what comes back of it {_error(x, again)}; "
               f"and what comes back of another one {_error(x, np.roll(again, 1, axis=0))}.")


def _the_words_that_were_said(run):
    words, seed = run.system.words, spawn(run.recipe.seed, 7)[6]
    phi = words.in_turn(NEIGHBOURS)
    labels, styles = words.told(phi)
    x = run.system.sample(NEIGHBOURS, seed=seed)
    shown = words.styles(x, labels) == styles
    yield (f"{shown[0].mean():.1%} of the images lean as they were asked to, and {shown[1].mean():.1%} are as thin or as thick; "
           "50.0% would by lot.")
    if is_digits(run.data):
        right = digit_judge().read(x) == labels
        yield (f"{right.mean():.1%} are read as the digit that was asked for, and "
               f"{(right & shown.all(axis=0)).mean():.1%} show all three words.")


def _what_styles_do(run):
    system, seed = run.system, spawn(run.recipe.seed, 7)[6]
    untrained = type(system)(system.recipe).build(run.data, seed)
    yield (f"The coarse styles of another image move an image {_coarse_over_fine(system, seed):.2f} times as far as its fine "
           f"styles do, in squares; {_coarse_over_fine(untrained, seed):.2f} times before training.")
    x, near = system.sample(NEIGHBOURS, seed=seed), system.sample(NEIGHBOURS, truncation=.7, seed=seed)
    yield f"Truncation to psi = .7 leaves {near.var(axis=0).sum() / x.var(axis=0).sum():.0%} of the variance."


def _coarse_over_fine(system, seed):
    w = system.styles(NEIGHBOURS, seed=seed)
    one, other = w[::2], w[1::2]
    start, coarse, fine = (system.paint(some, seed=seed) for some in (one, system.mixed(other, one), system.mixed(one, other)))
    return ((coarse - start)**2).sum() / ((fine - start)**2).sum()


def _what_is_made_up(run):
    x = new_samples(run.data, NEIGHBOURS, np.random.default_rng(spawn(run.recipe.seed, 7)[6]))
    low = run.system.blocks.pool(x)
    answers, mean = run.system.guesses(low, ANSWERS), run.system.mean_answer(low)
    yield (f"Mean square between a new image and an answer to its small image {_error(x, answers[0])}; the mean of {ANSWERS} "
           f"answers {_error(x, answers.mean(axis=0))}; the answer of the net that learns the mean square {_error(x, mean)}.")
    off = np.abs(run.system.blocks.pool(answers) - low).max()
    yield f"Largest difference between a small image and that of an answer: {off:.1g}."
    if is_digits(run.data):
        first, second = (digit_judge().read(some) for some in answers[:2])
        yield f"{np.mean(first != second):.1%} of the small images got two answers that are read as different digits."


PROMISES = {"conditional": _the_class_that_was_asked_for, "infogan": _the_code_can_be_read, "bigan": _what_comes_back,
            "discogan": _there_and_back, "stackgan": _the_words_that_were_said, "stylegan": _what_styles_do,
            "superres": _what_is_made_up}
