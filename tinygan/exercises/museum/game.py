"""The museum's sixth room: composition, where a gradient has to pass through two players, or through a player who moves."""

import numpy as np

from ...engine import gradcheck
from ...engine.layers import Tanh
from ...engine.network import mlp
from ...engine.numerics import sigmoid, softplus
from ..grading import Exercise, Mistake, Wrong, differences
from ..players import used
from .common import sizes


def players(rng):
    """G, D and z: two small tanh networks in float64, and a batch of noise."""
    n, d_z, d, width = sizes(rng, 4)
    G, D = (mlp(*shape, activation=Tanh, dtype=np.float64, seed=int(rng.integers(10**6)))
            for shape in ((d_z, width, d), (d, width, 1)))
    for net in (G, D):
        net.theta += 0.1 * rng.normal(size=net.theta.shape)  # no bias is 0
    return G, D, rng.normal(size=(n, d_z))


# ---------------------------------------------------------------- M.18


def _content_case(rng):
    G, D, z = players(rng)
    return G, D, z, rng.normal(size=(z.shape[0], G.d_out)), float(rng.uniform(0.3, 0.8))


def _content_loss(G, D, z, target, weight):
    x = G(z)
    return float(((x - target) ** 2).mean() + weight * np.log1p(np.exp(-D(x))).mean())


def _at(net, theta, f):
    """f() with the network's parameters at theta, and back."""
    before = net.theta.copy()
    net.theta[...] = theta
    value = f()
    net.theta[...] = before
    return value


def _filled(answer, G, D, *args):
    """What the answer returns and what it leaves in G.grad, on copies with the gradients of an earlier step."""
    nets = used(G=G, D=D)
    left = nets["D"].grad.copy()
    loss = answer(nets["G"], nets["D"], *args)
    if not np.array_equal(nets["D"].grad, left):
        raise Wrong(FILLED, "D.backward(..., grads=False) leaves D.grad alone")
    return {"the loss": loss, "G.grad": nets["G"].grad}


FILLED = "on the way through D, D's own gradient was filled too"


def _content(G, D, z, target, weight, *, content=1.0, adversarial=None, label=1.0, freeze=True, clear=True, ds=None):
    """The loss, and a G.grad in which both parts have the weights given here; label 0: G wants to be recognised."""
    x, tape = G.forward(z)
    s, tape_D = D.forward(x)
    sign = 1 if label else -1
    ds = -sign * sigmoid(-sign * s) / s.shape[0] if ds is None else ds(s)
    ds = ds * (weight if adversarial is None else adversarial)
    if clear:
        G.zero_grad()
    G.backward(content * 2 * (x - target) / x.size + D.backward(ds, tape_D, grads=not freeze), tape)
    return ((x - target) ** 2).mean() + weight * softplus(-sign * s).mean()


DETACHED = Exercise(
    "M.18", "generator_gradient", "a loss that is only printed", _content_case,
    lambda G, D, z, target, weight: {
        "the loss": _content_loss(G, D, z, target, weight),
        "G.grad": differences(lambda theta: _at(G, theta, lambda: _content_loss(G, D, z, target, weight)), G.theta.copy())},
    solution=_content, observe=_filled,
    mistakes=(
        Mistake("the adversarial loss is in the sum, and nothing of it reaches G",
                lambda *args: _content(*args, adversarial=0.0)),
        Mistake("the content loss is in the sum, and nothing of it reaches G", lambda *args: _content(*args, content=0.0)),
        Mistake("the weight is in the loss, but not in the gradient", lambda *args: _content(*args, adversarial=1.0)),
        Mistake("with this label G learns to be recognised as fake (in the code of the story it is this label, too)",
                lambda *args: _content(*args, label=0.0)),
        Mistake("the adversarial part of the gradient has the wrong sign: -sigmoid(-s) / N",
                lambda *args: _content(*args, ds=lambda s: sigmoid(-s) / s.shape[0])),
        Mistake("the adversarial part of the gradient is missing its 1/N: E is a mean over the batch",
                lambda *args: _content(*args, ds=lambda s: -sigmoid(-s))),
        Mistake("the adversarial part of the gradient is that of D's loss, sigmoid(s) / N",
                lambda *args: _content(*args, ds=lambda s: sigmoid(s) / s.shape[0])),
        Mistake("the adversarial part of the gradient is the minimax one, -sigmoid(s) / N; that of softplus(-s) is -sigmoid(-s) "
                "/ N",
                lambda *args: _content(*args, ds=lambda s: -sigmoid(s) / s.shape[0])),
        Mistake(FILLED, lambda *args: _content(*args, freeze=False)),
        Mistake("G.grad was not cleared: the gradient of an earlier step is still in it",
                lambda *args: _content(*args, clear=False)),
    ),
    hints=("Multiply `weight` by a million. The loss follows; does G.grad?",
           "D(x) gives a score and forgets how it came about. To go back through D you need its tape: D.forward(x).",
           "With ds = -weight sigmoid(-s) / N, dx gains D.backward(ds, tape_D, grads=False)."),
    batch=lambda G, D, z, target, weight: z.shape[0], constants=lambda G, D, z, target, weight: {"weight": weight},
)


# ---------------------------------------------------------------- M.19


def _descent_case(rng):
    return *players(rng), float(rng.uniform(0.5, 1.0)), int(rng.integers(2, 5))


def _descent_truth(G, D, z, lr, steps):
    def loss(theta):
        return _at(G, theta, lambda: float(np.log1p(np.exp(-D(G(z)))).mean()))

    theta = G.theta.copy()
    for _ in range(steps):
        theta = theta - lr * gradcheck.central(loss, theta)
    return {"G.theta": theta, "D.theta": D.theta}


def _descend(G, D, z, lr, steps, *, fresh_x=True, fresh_tape=True, clear=True, freeze=True, once=True, factor=1.0):
    x, tape = G.forward(z)
    if once:
        G.zero_grad()
    for _ in range(steps):
        new_x, new_tape = G.forward(z)
        x, tape = (new_x if fresh_x else x), (new_tape if fresh_tape else tape)
        s, tape_D = D.forward(x)
        dx = D.backward(-sigmoid(-s) / s.shape[0], tape_D, grads=not freeze)
        if clear:
            G.zero_grad()
        G.backward(dx, tape)
        G.theta += -lr * factor * G.grad


def _moved(answer, G, D, *args):
    nets = used(G=G, D=D)
    left = nets["D"].grad.copy()
    answer(nets["G"], nets["D"], *args)
    if not np.array_equal(nets["D"].grad, left):
        raise Wrong(FILLED, "D.backward(..., grads=False) leaves D.grad alone")
    return {"G.theta": nets["G"].theta, "D.theta": nets["D"].theta}


STALE = Exercise(
    "M.19", "g_steps", "yesterday's fakes", _descent_case, _descent_truth, solution=_descend, observe=_moved,
    mistakes=(
        Mistake("from the second step on, G learns from samples that it does not make any more",
                lambda *args: _descend(*args, fresh_x=False, fresh_tape=False)),
        Mistake("D scores new samples, but G goes backward with the tape of the old ones",
                lambda *args: _descend(*args, fresh_tape=False)),
        Mistake("each step also repeats the ones before: the gradient was never cleared",
                lambda *args: _descend(*args, clear=False)),
        Mistake("the gradient was never cleared, not even before the first step: an earlier one is still in it, and they pile up",
                lambda *args: _descend(*args, clear=False, once=False)),
        Mistake("the steps go uphill: their sign is wrong", lambda *args: _descend(*args, factor=-1.0)),
        Mistake("1/N is missing in the gradient: E is a mean over the batch", lambda G, D, z, *args: _descend(
            G, D, z, *args, factor=z.shape[0])),
        Mistake("G goes backward with a new tape, but D still scores the samples of the start",
                lambda *args: _descend(*args, fresh_x=False)),
        Mistake("only one step was taken", lambda G, D, z, lr, steps: _descend(G, D, z, lr, 1)),
        Mistake("G has not moved: the new theta must be put into G.theta", lambda *args: _descend(*args, factor=0.0)),
        Mistake("that is one long step", lambda G, D, z, lr, steps: _descend(G, D, z, lr * steps, 1)),
        Mistake("one step is missing", lambda G, D, z, lr, steps: _descend(G, D, z, lr, steps - 1)),
        Mistake(FILLED, lambda *args: _descend(*args, freeze=False)),
    ),
    hints=("With steps=1 it is right. What is different in the second step?",
           "G has moved. So its samples have moved, and so has its tape.",
           "Put G.forward(z) into the loop."),
    cases=3, batch=lambda G, D, z, lr, steps: z.shape[0],
)

EXHIBITS = (DETACHED, STALE)
