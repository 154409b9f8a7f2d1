"""Where tinygan's step goes: each part of it alone, then the profiler's own table of functions."""

import cProfile
import pstats
import time

import numpy as np
from threadpoolctl import threadpool_limits

from tinygan.engine.machine import keep_memory

from .floor_peer import Floor
from .tinygan_peer import RUN, Bare, Train


def parts(bare):
    """[(what, how often in a step, function)]: the pieces of one alternating step, through the package's public functions."""
    case, G, D, loss, rng = bare.case, bare.G, bare.D, bare.loss, bare.rng
    x_real = bare.data.sample(case.batch, rng).astype(np.float32)
    z = rng.standard_normal((case.batch, 2), np.float32)
    x_fake, tape_G = G.forward(z)
    (s_real, tape_real), (s_fake, tape_fake) = D.forward(x_real), D.forward(x_fake)
    dx = np.ones_like(x_fake)
    _, ds_real, ds = loss.d(s_real, s_fake)
    s_compared = s_real if loss.needs_real else None
    batches = {"real": (x_real, tape_real, ds_real), "fake": (x_fake, tape_fake, ds)}
    found = [
        ("draw the data", 1, lambda: bare.data.sample(case.batch, rng)),
        ("draw the noise", 2, lambda: rng.standard_normal((case.batch, 2), np.float32)),
        ("G forward", 2, lambda: G.forward(z)),
        ("D forward", 4 if loss.needs_real else 3, lambda: D.forward(x_fake)),
        ("D's loss", 1, lambda: loss.d(s_real, s_fake)),
        ("G's loss", 1, lambda: loss.g(s_fake, s_compared)),
        ("zero_grad", 2, D.zero_grad),
        ("D backward", 2 - len(bare.penalties), lambda: D.backward(ds, tape_fake)),  # a penalty takes the loss's gradient along
        ("D backward, input only", 1, lambda: D.backward(ds, tape_fake, grads=False)),
        ("G backward", 1, lambda: G.backward(dx, tape_G)),
        ("Adam of D", 1, lambda: bare.opt_D.step(D.theta, D.grad)),
        ("Adam of G", 1, lambda: bare.opt_G.step(G.theta, G.grad)),
    ]
    found += [(f"penalty {p}", 1, lambda p=p: p(D, *batches[p.at])) for p in bare.penalties]
    return [part for part in found if part[1]]


def clock(function, least=.05):
    """CPU seconds of one call: the least of five means, each over at least `least` seconds."""
    function()
    times, n = 1, []
    while len(n) < 5:
        began = time.process_time()
        for _ in range(times):
            function()
        took = time.process_time() - began
        if took < least:
            times *= 2
        else:
            n.append(took / times)
    return min(n)


@threadpool_limits.wrap(limits=1)
def measure(case, say):
    """Tell `say` where a step's CPU time goes, and return it: a dict of microseconds.

    The same step with one sample and layers of width 1 does no arithmetic to speak of: its time is what the calls cost, of Python
    and of NumPy.
    The floor is what the matrix products cost. The rest is passes over arrays: activations, biases, masks, sums.
    """
    keep_memory()  # as `train` does
    bare, train, tiny, floor = Bare(case), Train(case), Bare(case._replace(width=1, batch=1)), Floor(case)
    for peer in (bare, tiny, floor):
        peer.run(200)  # the parts are those of players that have begun to learn
    whole, calls, products = (clock(lambda peer=peer: peer.run(20)) / 20 for peer in (bare, tiny, floor))
    began = time.process_time()
    train.run(RUN)
    inside = (time.process_time() - began) / RUN
    say(f"{case.workload}, {case.size}: CPU microseconds of a step, the parts alone and warm")
    total = 0
    for name, often, function in parts(bare):
        took = often * clock(function)
        total += took
        say(f"    {name:<24}{often} x{1e6 * took / often:>9.1f} ={1e6 * took:>9.1f}{took / inside:>8.1%}")
    rows = {"the rest of the bare loop": whole - total, "the bare loop": whole, "streams, history, guard": inside - whole,
            "a step of train": inside, "calls: the bare loop, one sample, width 1": calls,
            "matrix products alone (the floor)": products, "passes over arrays: the rest of the loop": whole - calls - products}
    rows |= together(bare)
    for name, took in rows.items():
        say(f"    {name:<42}{1e6 * took:>9.1f}{took / inside:>8.1%}")
    return {name: 1e6 * took for name, took in rows.items()}


def together(bare):
    """What it would save if D scored real and fake points as one batch: seconds of both ways, forward and backward."""
    def pass_through(n):
        s, tape = bare.D.forward(x[:n])
        bare.D.backward(np.ones_like(s), tape)

    n = bare.case.batch
    x = bare.data.sample(2 * n, bare.rng).astype(np.float32)
    return {"D there and back, two batches": 2 * clock(lambda: pass_through(n)),
            "D there and back, one of twice the size": clock(lambda: pass_through(2 * n))}


def functions(case):
    """Print the profiler's own table; it makes small functions look larger than they are."""
    train = Train(case)
    with cProfile.Profile() as profiler:
        train.run(1000)
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(18)
