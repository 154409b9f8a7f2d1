"""What a training loop does, step by step: recorded while it runs, and then compared with Algorithm 1.

    record = Record(G, D, opt_g, opt_d)    watches the players and their optimisers
    record.check(steps, batch)             raises `Wrong` for the first thing that is not as it was asked for

Only some of the steps are computed again, and only from what the players and the optimisers were given. It does not matter how
the loop is written. One z may serve both players in a step, and both batches may go through D together.
"""

from typing import NamedTuple

import numpy as np

from ..gradients import d_gradients, g_gradients
from ..losses import Minimax, NonSaturating
from .grading import Wrong
from .players import at

LOSS = NonSaturating()
LOOKED = (0, 1, 2, 5, 20, 100, 300, -1)  # the steps that are computed again
NEAR = 1e-3  # two gradients are the same, relative: the players are float32
NORMAL = {"mean": (0.0, 0.05), "standard deviation": (1.0, 0.05), "mean of z^4": (3.0, 0.4)}  # of z, and how far away it may be


class Move(NamedTuple):
    """One step of an optimiser."""

    player: str  # whose theta it was given: "D", "G", or "" for another array
    by: str  # "opt_d" or "opt_g"
    grad: np.ndarray
    after: np.ndarray  # the player's theta
    theta: dict  # of both players before it
    fakes: list  # (z, G(z)) of all batches that G has made since it last moved
    seen: list  # the batches that D has scored since it last moved


class Record:
    """Watches two players and their optimisers."""

    def __init__(self, G, D, opt_g, opt_d):
        self.plain = {"D": D.copy(), "G": G.copy()}  # to compute with; nobody watches these
        self.nets = {"D": D, "G": G}
        self.moves, self.fakes, self.seen, self.z, self.made = [], [], [], [], set()
        self._watch(G, "forward", self._made)
        self._watch(D, "forward", self._scored)
        for opt, name in ((opt_d, "opt_d"), (opt_g, "opt_g")):
            self._watch(opt, "step", lambda step, theta, grad, name=name: self._moved(step, theta, grad, name))

    def _watch(self, watched, method, instead):
        """Call `instead(method, *arguments)` in the place of the method of this object, not of copies that are made of it."""
        kind = type(watched)

        def call(self, *args, **kwargs):
            plain = getattr(kind, method).__get__(self)
            return instead(plain, *args, **kwargs) if self is watched else plain(*args, **kwargs)

        watched.__class__ = type(kind.__name__, (kind,), {method: call, "stands_for": kind})  # a saved network names `kind`

    def _made(self, forward, x):
        y, tape = forward(x)
        self.fakes.append((np.array(x), np.array(y)))
        self.z.append(self.fakes[-1][0])
        self.made.add(_key(y))
        return y, tape

    def _scored(self, forward, x):
        self.seen.append(np.array(x))
        return forward(x)

    def _moved(self, step, theta, grad, by):
        before = {name: net.theta.copy() for name, net in self.nets.items()}
        player = next((name for name, one in before.items() if np.array_equal(one, theta)), "")
        grad = np.array(grad)
        step(theta, grad)
        self.moves.append(Move(player, by, grad, np.array(theta), before, self.fakes[:], self.seen[:]))
        (self.fakes if player == "G" else self.seen).clear()

    # ------------------------------------------------------------ the order of events

    def check(self, steps, batch):
        """Raises `Wrong` for the first thing that is not as in Algorithm 1."""
        self._check_optimisers()
        self._check_counts(steps)
        self._check_order()
        rounds = list(zip(self.moves[::2], self.moves[1::2], strict=True))
        used = [self._check_round(k % steps + 1, rounds) for k in LOOKED if k < steps]
        for name, whose in (("x_real", "D"), ("z", "D"), ("z", "G")):
            self._check_fresh(name, whose, [(step, batches[name, whose]) for step, batches in used], batch)
        self._check_normal()

    def _check_optimisers(self):
        for move in self.moves:
            opt = f"opt_{move.player.lower()}"
            if not move.player:
                raise Wrong(f"{move.by}.step was given an array that is neither D.theta nor G.theta", HOW)
            if move.by != opt:
                raise Wrong(f"{move.by} has moved {move.player}: each player has an optimiser of its own, which remembers that "
                            "player's gradients", HOW)

    def _check_counts(self, steps):
        for player, net in self.nets.items():
            moves, opt = [move for move in self.moves if move.player == player], f"opt_{player.lower()}"
            if not moves:
                raise Wrong(f"{player} has moved, and {opt}.step was never called: the optimiser is what moves it", HOW)
            if len(moves) != steps:
                raise Wrong(f"{player} took {len(moves)} step{'s' * (len(moves) > 1)}; it has {steps} to take: "
                            f"is {opt}.step inside the loop, once?", "in every step of the loop each player moves once")
            places = [*(move.theta[player] for move in moves[1:]), net.theta]
            if not all(np.array_equal(move.after, place) for move, place in zip(moves, places, strict=True)):
                raise Wrong(f"{player}.theta has changed between two steps of {opt}: only the optimiser moves it",
                            "take away what else writes into theta: a step by hand, a clip, an average")

    def _check_order(self):
        order = [move.player for move in self.moves]
        steps = len(order) // 2
        if order == ["G", "D"] * steps:
            raise Wrong("G went first in every step; D goes first, and G looks at the D that has moved", HOW)
        if order != ["D", "G"] * steps:
            raise Wrong(f"the players moved in the order {' '.join(order[:6])} ...; it must be D G D G D G ...",
                        "one loop: in each step D moves once, and then G")

    # ------------------------------------------------------------ what a step was made of

    def _check_round(self, step, rounds):
        """Compute the gradients of a step again; returns the step and {(name, player): the batch that was used}."""
        d_move, g_move = rounds[step - 1]
        before = rounds[step - 2] if step > 1 else (None, None)
        D = at(self.plain["D"], d_move.theta["D"])
        pairs = list(_pairs(d_move))
        if self.z and d_move.seen and not d_move.fakes:
            what = ("the fake points of D's step {} were not made by the G of that step: G has moved since"
                    if any(map(self._of_g, d_move.seen)) else
                    "in D's step {} no points of G were scored: its fake points are G(z)")
            raise Wrong(what.format(step), "call G(z) inside the loop, with a fresh z")
        if d_move.fakes and d_move.seen and not pairs:
            scored = " and ".join(str(x.shape[0]) for x in d_move.seen)
            raise Wrong(f"in step {step} D has scored {scored} points; its loss compares as many real ones as fake ones",
                        "draw `batch` of each")
        d_made = {(i, story): grad for i, (x_real, _, x_fake) in enumerate(pairs)
                  for story, grad in _d_gradients(D, x_real, x_fake, before[0]).items()}
        i = _explained(d_made, d_move.grad, step, "D.grad is not the gradient of D's loss in 05.1")
        G, moved_D = at(self.plain["G"], g_move.theta["G"]), at(self.plain["D"], g_move.theta["D"])
        g_made = {(j, story): grad for j, (z, _) in enumerate(g_move.fakes)
                  for story, grad in _g_gradients(G, moved_D, D, z, before[1]).items()}
        j = _explained(g_made, g_move.grad, step, "G.grad is not the gradient of G's loss in 05.2")
        x_real, z, _ = pairs[i] if pairs else (None, None, None)
        return step, {("x_real", "D"): x_real, ("z", "D"): z, ("z", "G"): g_move.fakes[j][0] if g_move.fakes else None}

    def _of_g(self, x):
        """Whether G has made these points, or one half of them, at any time."""
        return any(_key(part) in self.made for part in (x, *np.array_split(x, 2)))

    def _check_fresh(self, name, whose, used, batch):
        for i, (step, array) in enumerate(used):
            if array is None:  # made in a way that nobody could watch
                continue
            if array.shape[0] != batch:
                raise Wrong(f"{name} has {array.shape[0]} rows in {whose}'s step {step}; `batch` is {batch}",
                            "data.sample(batch, rng) for x_real, rng.standard_normal((batch, 2)) for z")
            for other, earlier in used[:i]:
                if other != step and np.array_equal(array, earlier):
                    raise Wrong(f"{name} is the same in {whose}'s steps {other} and {step}: every step needs a fresh one",
                                f"draw {name} inside the loop")

    def _check_normal(self):
        z = np.concatenate([z.ravel() for z in self.z]).astype(float)
        for (what, (wanted, far)), got in zip(NORMAL.items(), (z.mean(), z.std(), (z**4).mean()), strict=True):
            if not abs(got - wanted) <= far:
                raise Wrong(f"the {what} of all z is {got:.2f}; a standard normal z has {wanted:g}",
                            "rng.standard_normal((batch, 2)) draws it")


HOW = "each step: opt_d.step(D.theta, D.grad), and later opt_g.step(G.theta, G.grad)"
RIGHT = ""
TOGETHER = "G looked at the D from before its step: simultaneous, not alternating"
MINIMAX = "G's loss is the minimax loss here, with -sigmoid(f) / N; the one of 05.2 has -sigmoid(-f) / N"


def _key(x):
    return np.asarray(x, np.float32).tobytes()


def _pairs(move):
    """What D's step may have been computed from: (x_real, z, x_fake), where D has scored x_real and x_fake, alone or together."""
    for z, x_fake in move.fakes:
        for x in move.seen:
            if x.shape[0] == 2 * x_fake.shape[0]:
                halves = np.split(x, 2)
                x = next((halves[1 - i] for i in (0, 1) if np.array_equal(halves[i], x_fake)), x)
            if x.shape == x_fake.shape and not any(np.array_equal(x, made) for _, made in move.fakes):
                yield x, z, x_fake


def _d_gradients(D, x_real, x_fake, before):
    """{story: D's gradient}, the right one first."""
    def gradient(x_real, x_fake):
        d_gradients(D, x_real, x_fake, LOSS)
        return D.grad.copy()

    right, rows = gradient(x_real, x_fake), x_real.shape[0]
    made = {RIGHT: right,
            "the labels in D's loss are swapped: this D learns to call the fake points real": gradient(x_fake, x_real),
            "D goes uphill: D.grad has the wrong sign": -right,
            "the mean's 1/N is missing in D's gradient": rows * right}
    if before is not None:
        made["D.grad was not cleared: the gradient of the step before is still in it"] = right + before.grad
    half = {"real": LOSS.d(D(x_real), D(x_fake)).ds_real, "fake": LOSS.d(D(x_real), D(x_fake)).ds_fake}
    for kind, x, other in (("real", x_real, "fake"), ("fake", x_fake, "real")):
        D.zero_grad()
        D.backward(half[kind], D.forward(x)[1])
        made[f"the {other} points' half of D's gradient is missing"] = D.grad.copy()
    return made


def _g_gradients(G, D, D_before, z, before):
    """{story: G's gradient}, the right one first. D has moved already, D_before has not."""
    def gradient(D, loss):
        g_gradients(G, D, z, loss)
        return G.grad.copy()

    made, rows = {}, z.shape[0]
    for one, also in ((D, ""), (D_before, TOGETHER)):
        right, minimax = gradient(one, LOSS), gradient(one, Minimax())
        ways = {RIGHT: right, MINIMAX: minimax, "G goes uphill: G.grad has the wrong sign": -right,
                "G minimises D's loss on its points: it learns to be recognised": -minimax,
                "the mean's 1/N is missing in G's gradient": rows * right}
        if before is not None:
            ways["G.grad was not cleared: the gradient of the step before is still in it"] = right + before.grad
        made |= {"; and ".join(filter(None, (story, also))): grad for story, grad in ways.items()}
    return made


def _explained(made, grad, step, otherwise):
    """The number of the batch from which the right gradient is the nearest. Raises `Wrong` with the story of a nearer one."""
    if not made:
        return 0
    size = {key: np.linalg.norm(one - grad) / max(np.linalg.norm(one), np.linalg.norm(grad), 1e-30) for key, one in made.items()}
    right = min((key for key in made if key[1] == RIGHT), key=size.get)
    if size[right] <= NEAR:
        return right[0]
    nearest = min(size, key=size.get)
    if size[nearest] <= NEAR:
        raise Wrong(nearest[1], f"seen in step {step} of the loop, in what the optimiser was given")
    raise Wrong(f"step {step}: {otherwise}: it is off by {size[right]:.0%} of its size",
                "the fake points must be those of the G of now, and each gradient cleared before it is computed")
