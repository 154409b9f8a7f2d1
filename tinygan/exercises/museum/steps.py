"""The museum's fifth room: composition. Every layer, loss and formula is right; wrong is how they are put together in a step.

The player is small: critic(x) = tanh(x W) a, where nothing else is said. The truth is always the whole step, differenced.
"""

import numpy as np

from ...engine import gradcheck
from ...engine.numerics import sigmoid
from ..grading import Exercise, Mistake, differences
from .common import added, both, critic, critic_backward, critic_case, sizes, weighed


def _d_loss(x_real, x_fake, W, a):
    return float(np.log1p(np.exp(-critic(x_real, W, a))).mean() + np.log1p(np.exp(critic(x_fake, W, a))).mean())


def _ds(x_real, x_fake, W, a):
    n = x_real.shape[0]
    return -sigmoid(-critic(x_real, W, a)) / n, sigmoid(critic(x_fake, W, a)) / n


# ---------------------------------------------------------------- M.14


def _two_layers(x, W1, W2):
    return np.tanh(np.tanh(x @ W1) @ W2)


def _generator_case(rng):
    n, d_z, k, d, h = sizes(rng, 5)
    shapes = (n, d_z), (d_z, k), (k, d), (d, h), (h, 1)
    return [rng.normal(size=shape) / shape[0]**0.5 for shape in shapes]


def _generator(z, V, W, A, a, *, through_D=True, last_tanh=True, sign=-1.0, mean=True):
    u, x = np.tanh(z @ V), _two_layers(z, V, W)
    h, s = np.tanh(x @ A), _two_layers(x, A, a)
    ds = np.full_like(s, sign / (s.shape[0] if mean else 1))
    dx = (ds * (1 - s * s) @ a.T * (1 - h * h)) @ A.T if through_D else np.broadcast_to(ds, x.shape)
    dy = dx * (1 - x * x) if last_tanh else dx
    return z.T @ (dy @ W.T * (1 - u * u)), u.T @ dy


CLEARED = Exercise(
    "M.14", "generator_gradients", "the generator that never moved", _generator_case,
    lambda z, V, W, A, a: {"dV": differences(lambda V: -float(_two_layers(_two_layers(z, V, W), A, a).mean()), V),
                           "dW": differences(lambda W: -float(_two_layers(_two_layers(z, V, W), A, a).mean()), W)},
    solution=lambda z, V, W, A, a: _generator(z, V, W, A, a),
    mistakes=(
        Mistake("nothing reaches G", lambda z, V, W, A, a: (np.zeros_like(V), np.zeros_like(W)), "zero everywhere"),
        Mistake("the derivative of the score went into G without going back through D. (The library in the story does this "
                "as well; the other bug hides it)", lambda *args: _generator(*args, through_D=False)),
        Mistake("G's last tanh was left out on the way back", lambda *args: _generator(*args, last_tanh=False)),
        Mistake("G is pushed away from high scores", lambda *args: _generator(*args, sign=1.0), "sign"),
        Mistake("the mean of the loss is gone",
                lambda *args: _generator(*args, mean=False), "the mean over the batch is missing"),
    ),
    hints=("Put a print into the loop of `backward`. How often does it run for D, and how often for G?",
           "zip stops with the shortest of its lists. Which of the three is empty when G goes backward, and who emptied it?",
           "`reset` also forgets what the layers have seen. Call it before G's forward pass (or not at all: the network is new).",
           "With zip(..., strict=True) Python would have said so on the first day."),
    batch=lambda z, V, W, A, a: z.shape[0],
)


# ---------------------------------------------------------------- M.15


def _with_slots(x_real, x_fake, W, a, *, h_of, x_of=None):
    """Each batch's gradient from the hidden units of the batch in h_of, and the inputs of the batch in x_of."""
    batches, x_of = (x_real, x_fake), x_of or (x_real, x_fake)
    pieces = zip(x_of, _ds(x_real, x_fake, W, a), (np.tanh(batches[one] @ W) for one in h_of), strict=True)
    return added(*((x.T @ (ds @ a.T * (1 - h * h)), h.T @ ds) for x, ds, h in pieces))


def _weighed(x_real, x_fake, W, a, real=1, fake=1):
    ds_real, ds_fake = _ds(x_real, x_fake, W, a)
    return added(critic_backward(x_real, real * ds_real, W, a), critic_backward(x_fake, fake * ds_fake, W, a))


SLOT = Exercise(
    "M.15", "discriminator_gradients", "the other batch", critic_case,
    lambda x_real, x_fake, W, a: both(lambda W, a: _d_loss(x_real, x_fake, W, a), W, a),
    solution=lambda x_real, x_fake, W, a: _with_slots(x_real, x_fake, W, a, h_of=(0, 1)),
    mistakes=(
        Mistake("the real batch goes backward with the hidden units of the fake one",
                lambda *args: _with_slots(*args, h_of=(1, 1))),
        Mistake("the fake batch goes backward with the hidden units of the real one",
                lambda *args: _with_slots(*args, h_of=(0, 0))),
        Mistake("each batch goes backward with the hidden units of the other", lambda *args: _with_slots(*args, h_of=(1, 0))),
        Mistake("input and hidden units come from the same batch now, but both times it is the fake one",
                lambda x_real, x_fake, W, a: _with_slots(x_real, x_fake, W, a, h_of=(1, 1), x_of=(x_fake, x_fake))),
        Mistake("only the fake batch is left",
                lambda x_real, x_fake, W, a: critic_backward(x_fake, _ds(x_real, x_fake, W, a)[1], W, a)),
        Mistake("only the real batch is left, and the fake part is missing",
                lambda x_real, x_fake, W, a: critic_backward(x_real, _ds(x_real, x_fake, W, a)[0], W, a)),
        Mistake("the real batch's part has the wrong sign", lambda *args: _weighed(*args, real=-1)),
        Mistake("the fake batch's part has the wrong sign", lambda *args: _weighed(*args, fake=-1)),
    ),
    hints=("When the real batch goes backward, what is in self.h?",
           "There is one slot, and two forward passes have written to it. Either use it before it is written again, or have two.",
           "Let forward return the scores and h, and backward take h as an argument: `tape` in this package is nothing else."),
    batch=lambda x_real, x_fake, W, a: x_real.shape[0],
)


# ---------------------------------------------------------------- M.16


def _unequal_case(rng):
    n, m, d, k = sizes(rng, 4)
    return rng.normal(size=(n, d)) + 1, rng.normal(size=(m, d)), rng.normal(size=(d, k)), rng.normal(size=(k, 1))


OVERWRITTEN = Exercise(
    "M.16", "critic_gradients", "one character", _unequal_case,
    lambda x_real, x_fake, W, a: both(lambda W, a: float(critic(x_fake, W, a).mean() - critic(x_real, W, a).mean()), W, a),
    solution=weighed,
    mistakes=(
        Mistake("the fake batch is all that is left of it", lambda *args: weighed(*args, real=0.0)),
        Mistake("the real batch is all that is left of it", lambda *args: weighed(*args, fake=0.0)),
        Mistake("real and fake pull the same way", lambda *args: weighed(*args, real=1.0)),
        Mistake("the real batch counts twice", lambda *args: weighed(*args, real=-2.0)),
        Mistake("half of each", lambda *args: weighed(*args, real=-0.5, fake=0.5), "factor 2"),
        Mistake("dW is added in the first layer, and da is still that of the fake batch, the last one: the out layer overwrites "
                "it",
                lambda *args: (weighed(*args)[0], weighed(*args, real=0.0)[1])),
        Mistake("da is added in the last layer, and dW is still that of the fake batch: the first layer overwrites it",
                lambda *args: (weighed(*args, real=0.0)[0], weighed(*args)[1])),
        Mistake("both batches were divided by the size of the real one: the mean of the fake ones has 1/M",
                lambda x_real, x_fake, W, a: weighed(
            x_real, x_fake, W, a, fake=x_fake.shape[0] / x_real.shape[0])),
        Mistake("both batches were divided by the size of the fake one: the mean of the real ones has 1/N",
                lambda x_real, x_fake, W, a: weighed(
            x_real, x_fake, W, a, real=-x_real.shape[0] / x_fake.shape[0])),
    ),
    hints=("Print layer.dW after each of the two batches.",
           "The layer is used twice, so W reaches the loss by two ways. What does the chain rule say about two ways?",
           "self.dW += x.T @ dy"),
)


# ---------------------------------------------------------------- M.17


def _step_case(rng):
    return *critic_case(rng), float(rng.uniform(0.3, 0.8))


def _step_truth(x_real, x_fake, W, a, lr):
    return {"W": W - lr * gradcheck.central(lambda W: _d_loss(x_real, x_fake, W, a), W),
            "a": a - lr * gradcheck.central(lambda a: _d_loss(x_real, x_fake, W, a), a)}


def _d_gradients(x_real, x_fake, W, a, batches=(0, 1)):
    """dW and da of D's loss, of its real part (batches 0), its fake part (1), or both."""
    return added(*(critic_backward((x_real, x_fake)[one], _ds(x_real, x_fake, W, a)[one], W, a) for one in batches))


def _one_by_one(order, scored_first=False):
    """Two steps, one for each batch; `scored_first`: the scores and hidden units are those from before the first."""

    def answer(x_real, x_fake, W, a, lr):
        before, start = _ds(x_real, x_fake, W, a), W
        for one in order:
            x = (x_real, x_fake)[one]
            ds, h = (before[one], np.tanh(x @ start)) if scored_first else (_ds(x_real, x_fake, W, a)[one], np.tanh(x @ W))
            W, a = W - lr * x.T @ (ds @ a.T * (1 - h * h)), a - lr * h.T @ ds
        return W, a

    return answer


def _both_at_the_end(x_real, x_fake, W, a, lr, batches=(0, 1)):
    dW, da = _d_gradients(x_real, x_fake, W, a, batches)
    return W - lr * dW, a - lr * da


def _through_moved_output(x_real, x_fake, W, a, lr):
    moved = _both_at_the_end(x_real, x_fake, W, a, lr)[1]
    dW = sum(critic_backward(x, ds, W, moved)[0] for x, ds in zip((x_real, x_fake), _ds(x_real, x_fake, W, a), strict=True))
    return W - lr * dW, moved


MOVING = Exercise(
    "M.17", "d_step", "walking while reading the map", _step_case, _step_truth, solution=_both_at_the_end,
    mistakes=(
        Mistake("the fake batch was scored by a D that the real batch had already changed", _one_by_one((0, 1))),
        Mistake("the real batch was scored by a D that the fake batch had already changed", _one_by_one((1, 0))),
        Mistake("both were scored first, but the second went backward through weights that the first had changed",
                _one_by_one((0, 1), scored_first=True)),
        Mistake("the gradient came back through an output layer that had already moved", _through_moved_output),
        Mistake("half a step: the loss is a sum of two means, not their average",
                lambda *args: _both_at_the_end(*args[:-1], args[-1] / 2)),
        Mistake("the fake batch has no influence", lambda *args: _both_at_the_end(*args, batches=(0,))),
        Mistake("the real batch has no influence", lambda *args: _both_at_the_end(*args, batches=(1,))),
        Mistake("the step goes uphill: its sign is wrong", lambda *args: _both_at_the_end(*args[:-1], -args[-1])),
        Mistake("those are the gradients; W and a after the step were asked for", lambda x_real, x_fake, W, a, lr: _d_gradients(
            x_real, x_fake, W, a)),
        Mistake("the step has the length 1: lr is missing", lambda *args: _both_at_the_end(*args[:-1], 1.0)),
    ),
    hints=("Swap the two calls of train_on_batch. The sum of two gradients would be the same; is the result?",
           "A gradient belongs to one place. All of it has to be collected before anything moves.",
           "Let backward only add to self.dW, as in exhibit 16, and change both layers' W at the end of d_step."),
    batch=lambda x_real, x_fake, W, a, lr: x_real.shape[0],
)

EXHIBITS = (CLEARED, SLOT, OVERWRITTEN, MOVING)
