"""Where tinygan's step goes: each part of it alone, then the profiler's own table of functions."""

import cProfile
import pstats
import time

import numpy as np
from threadpoolctl import threadpool_limits

from .tinygan_peer import Bare, Train


def parts(bare):
    """[(what, how often in a step, function)]: the pieces of one alternating step, through the package's public functions."""
    case, G, D, loss, rng = bare.case, bare.G, bare.D, bare.loss, bare.rng
    x_real = bare.data.sample(case.batch, rng).astype(np.float32)
    z = rng.standard_normal((case.batch, 2), np.float32)
    x_fake, tape_G = G.forward(z)
    (s_real, tape_real), (s_fake, tape_fake) = D.forward(x_real), D.forward(x_fake)
    dx = np.ones_like(x_fake)
    ds = loss.d(s_real, s_fake).ds_fake
    s_wanted = s_real if loss.needs_real else None
    found = [
        ("draw the data", 1, lambda: bare.data.sample(case.batch, rng)),
        ("draw the noise", 2, lambda: rng.standard_normal((case.batch, 2), np.float32)),
        ("G forward", 2, lambda: G.forward(z)),
        ("D forward", 4 if loss.needs_real else 3, lambda: D.forward(x_fake)),
        ("D's loss", 1, lambda: loss.d(s_real, s_fake)),
        ("G's loss", 1, lambda: loss.g(s_fake, s_wanted)),
        ("zero_grad", 2, D.zero_grad),
        ("D backward", 2, lambda: D.backward(ds, tape_fake)),
        ("D backward, input only", 1, lambda: D.backward(ds, tape_fake, grads=False)),
        ("G backward", 1, lambda: G.backward(dx, tape_G)),
        ("Adam of D", 1, lambda: bare.opt_D.step(D.theta, D.grad)),
        ("Adam of G", 1, lambda: bare.opt_G.step(G.theta, G.grad)),
    ]
    found += [(f"penalty {p}", 1, lambda p=p: p(D, x_real, x_fake, tape_real, tape_fake, rng)) for p in bare.penalties]
    return found


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
def show(case):
    """Print both tables for one case."""
    bare, train = Bare(case), Train(case)
    bare.run(200)  # the parts are those of players that have begun to learn
    whole, inside = clock(lambda: bare.run(20)) / 20, clock(lambda: train.run(4000), least=0) / 4000
    print(f"{case.workload}, {case.size}: CPU microseconds of a step, the parts alone and warm")
    total = 0
    for what, often, function in parts(bare):
        took = often * clock(function)
        total += took
        print(f"    {what:<24}{often} x{1e6 * took / often:>9.1f} ={1e6 * took:>9.1f}{took / inside:>8.1%}")
    for what, took in (("the rest of the bare loop", whole - total), ("bare loop", whole),
                       ("streams, history, guard", inside - whole), ("a step of train", inside)):
        print(f"    {what:<37}{1e6 * took:>9.1f}{took / inside:>8.1%}")
    with cProfile.Profile() as profiler:
        train.run(1000)
    print("    the profiler, 1000 steps of train (it makes small functions look larger than they are)")
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(18)
