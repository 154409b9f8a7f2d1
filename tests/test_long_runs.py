"""Runs that stay what they are: no step becomes slow, nothing stands still without a word, one seed has one result.

The result is the same in every process, for one thread and for two, and for a replica among others as for a run of its own.
"""

import hashlib
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from oracles import same_bits
from test_resume import PARTS, SHORT, of_recipe, system_run
from test_training_state import make

from tinygan import Diverged, losses, mlp, train
from tinygan.cli import run_files
from tinygan.data import ring
from tinygan.engine import optim, optimiser
from tinygan.engine.arguments import each_seed
from tinygan.engine.layers import Dense, LeakyReLU
from tinygan.engine.network import Sequential
from tinygan.engine.norm import SpectralNorm
from tinygan.engine.numerics import flush
from tinygan.recipe import Recipe
from tinygan.zoo import FAMILY

# ---- denormal numbers


def denormal(array):
    """How many entries are smaller than the smallest number with all its digits, and not 0."""
    return int(((array != 0) & (np.abs(array) < np.finfo(array.dtype).tiny)).sum())


def test_denormal_numbers_are_flushed_and_no_others():
    tiny = np.finfo(np.float32).tiny
    x = np.array([tiny, -tiny, tiny / 2, -tiny / 4, 1e-45, 0, -0.0, np.inf, np.nan, 1e30], np.float32)
    kept = np.array([tiny, -tiny, 0, 0, 0, 0, 0, np.inf, np.nan, 1e30], np.float32)
    y = np.array([1e-308, 1e-310, 3 + 1e-310j])
    flush([x, None, y])
    np.testing.assert_array_equal(x, kept)
    assert y.tolist() == [0, 0, 3 + 1e-310j]


def seen_in(opt, steps, stop, dtype=np.float32):
    """The share of the steps at which a memory holds a denormal number, where gradients are exactly 0 from the step `stop` on."""
    rng, theta, seen = np.random.default_rng(0), np.ones(16, dtype), 0
    for step in range(1, steps + 1):
        opt.step(theta, rng.standard_normal(16).astype(dtype) if step < stop else np.zeros(16, dtype))
        seen += step % 10 == 0 and any(denormal(memory) for memory in opt.state().values() if memory.ndim)
    return seen / (steps // 10)


MAKE = {"Adam .9": lambda: optim.Adam(beta1=0.9), "Adam .5": lambda: optim.Adam(beta1=0.5),
        "momentum": lambda: optim.SGD(0.1, momentum=0.9), "Optimistic": lambda: optim.Optimistic(optim.Adam(beta1=0.9)),
        "Clipped": lambda: optim.Clipped(optim.Adam(beta1=0.9), 0.5)}


def check_ends_at_zero(name):
    opt = MAKE[name]()
    seen_in(opt, 1690, stop=200)
    assert not getattr(opt, opt.memories[0]).any()


@pytest.mark.parametrize("name", ["Adam .9", "momentum"])
def test_memories_of_gradients_that_became_zero_end_at_zero(name):
    check_ends_at_zero(name)


def test_without_flushing_they_stay_denormal(monkeypatch):
    """The control: .9 times the smallest number is rounded to itself."""
    monkeypatch.setattr(optimiser, "flush", lambda arrays: None)
    opt = optim.Adam(beta1=0.9)
    assert seen_in(opt, 1690, stop=200) > 0.3 and denormal(opt.m) == 16


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKE)
def test_few_of_100_000_steps_meet_a_denormal_number(name):
    assert seen_in(MAKE[name](), 100_000, stop=100) < 0.03


@pytest.mark.slow
@pytest.mark.parametrize("loss", [losses.Hinge(), losses.Minimax(), losses.NonSaturating()], ids=repr)
def test_100_000_steps_of_training_do_not_become_slow(loss):
    """The last steps against the first ones of another training. Far points let D win, and gradients vanish.

    Both are measured in turn, in processor time, so what else the machine does slows both.
    """
    training, young = (make(loss=loss, steps=100_000, opt_d=optim.Adam(beta1=0.9), opt_g=optim.Adam(1e-9, beta1=0.9), ema=0.99,
                            batch=16, data=ring(radius=30)) for _ in range(2))
    training.advance(97_000)
    ratios = []
    for _ in range(30):
        before = time.process_time()
        training.advance(100)
        between = time.process_time()
        young.advance(100)
        ratios.append((between - before) / (time.process_time() - between))
    assert np.median(ratios) < 1.5, ratios
    held = {name: denormal(array) for name, array in training.state().items() if array.dtype.kind == "f"}
    assert sum(held.values()) == 0, held


# ---- standing still


class OneLargeGradient(losses.NonSaturating):
    """The scores' derivative is `size` in one replica, for one sample, the loss is an ordinary one."""

    def __init__(self, size, replica=...):
        super().__init__()
        self.size, self.replica = size, replica

    def d(self, s_real, s_fake):
        loss = super().d(s_real, s_fake)
        ds = loss.ds_fake + 0
        ds[self.replica, 0, 0] = self.size
        return loss._replace(ds_fake=ds)


def large(size=1e25, opt=None, steps=7, replicas=(), **more):
    G, D = mlp(2, 8, 2, seed=1, replicas=replicas), mlp(2, 8, 1, seed=2, replicas=replicas)
    loss = OneLargeGradient(size, **more)
    history = train(G, D, ring(), loss, steps=steps, batch=16, opt_d=opt, progress=False, replay=False)
    return history, D


def check_noticed(steps, noticed):
    """Adam divides by an infinite root: the parameter stands still for good, while every loss looks ordinary."""
    with pytest.raises(Diverged) as caught:
        large(steps=steps)
    said = str(caught.value)
    assert said.startswith(f"training diverged at step {noticed}: a gradient of D was too large for Adam(lr=0.001, beta1=0.5, "
                           "beta2=0.999), which then stands still. The parameters from before this step are kept.")
    assert caught.value.history.diverged == noticed


@pytest.mark.parametrize("steps, noticed", [(7, 7), (250, 100)])
def test_a_gradient_whose_square_overflows_is_noticed(steps, noticed):
    check_noticed(steps, noticed)


@pytest.mark.parametrize("opt", [optim.Optimistic(optim.Adam()), optim.Clipped(optim.Adam(), 1.0)], ids=repr)
def test_so_it_is_inside_another_optimiser(opt):
    with pytest.raises(Diverged, match="step 7: a gradient of D was too large for"):
        large(opt=opt)


def test_gradients_that_can_be_squared_are_none_of_this():
    assert large(size=1e15)[0].diverged == 0


def test_a_replica_that_stands_still_is_noted_and_the_others_go_on():
    history, D = large(replicas=3, replica=1)
    assert history.diverged.tolist() == [0, 7, 0] and np.isfinite(D.theta).all()


def test_a_loop_of_ones_own_is_warned_by_numpy():
    """Adam alone does not look: NumPy says "overflow", which these tests turn into an error."""
    with pytest.raises(RuntimeWarning, match="overflow"):
        optim.Adam().step(np.ones(3, np.float32), np.full(3, 1e20, np.float32))


def spectral(seed=2, replicas=()):
    return Sequential(SpectralNorm(Dense(2, 16)), LeakyReLU(), SpectralNorm(Dense(16, 1)), seed=seed, replicas=replicas)


@pytest.mark.parametrize("d_steps, update", [(1, "alternating"), (2, "alternating"), (1, "extragradient"), (2, "optimistic")])
@pytest.mark.parametrize("replay", [True, False])
def test_what_spectral_norm_stores_is_put_back_after_a_divergence(d_steps, update, replay):
    """And so D still gives scores."""
    D = spectral()
    with pytest.raises(Diverged):
        train(mlp(2, 16, 2, seed=1), D, ring().standardized(), losses.LeastSquares(), steps=9, batch=32, d_steps=d_steps,
              update=update, opt_d=optim.SGD(1e300), opt_g=optim.SGD(1e-3), progress=False, replay=replay)
    assert all(np.isfinite(array).all() for array in D.state().values()) and np.isfinite(D(np.ones((2, 2)))).all()


# ---- one seed, one result


def digest(training):
    """Of all bits of a training's state."""
    state = training.state()
    return hashlib.sha256(b"".join(name.encode() + state[name].tobytes() for name in sorted(state))).hexdigest()


WIDE = {"wide": Recipe(hidden=(128, 128), batch=256, steps=30, ema=0.9, r1=0.1),
        "replicas": Recipe(hidden=(64,), batch=200, steps=20, replicas=3, gp=0.1, instance_noise=(0.1, 0))}


def digests():
    """Of two first GANs and of every system, at sizes for which matrix products would take two threads."""
    found = {}
    for name, recipe in WIDE.items():
        training = of_recipe(recipe)
        training.run(progress=False)
        found[name] = digest(training)
    for model in FAMILY:
        run = system_run(model)
        training = run.system.training(run.data)
        training.run(progress=False)
        found[model] = digest(training)
    return found


@pytest.mark.slow
def test_one_seed_has_one_result_in_every_process_and_for_one_and_two_threads():
    """Threads of matrix products, the seed of Python's hashes, and the folder for temporary files are others each time."""
    here, root = Path(__file__).parent, Path(__file__).parents[1]
    results = []
    for threads, hashes in ((1, "0"), (2, "1"), (2, "random")):
        env = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(here)]), "PYTHONHASHSEED": hashes,
                            **{f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}}
        code = "import test_long_runs; print(test_long_runs.digests())"
        results.append(subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout)
    assert results[0] == results[1] == results[2] == f"{digests()}\n"


def test_a_digest_tells_runs_apart():
    one, same, other = make(), make(), make(seed=99)
    for training in (one, same, other):
        training.advance(2)
    assert digest(one) == digest(same) != digest(other)


# ---- replicas


def single(recipe, r, n):
    """The Training of replica r of n, alone."""
    run = run_files.build(recipe)
    seeds = [each_seed(seed, n)[r] for seed in run.seeds]
    G, D = recipe.networks(run.data.dim, seeds)
    return recipe.training(G, D, run.data, seeds[2])


TABLE = {name: recipe for name, recipe in PARTS.items() if recipe.replicas is None}
TABLE |= {f"{data}": Recipe(**SHORT, data=data) for data in ("grid", "moons", "gaussians_1d")}


@pytest.mark.sampled(12)
@pytest.mark.parametrize("name", TABLE)
def test_each_replica_is_a_run_of_its_own_bit_for_bit(name):
    recipe, n = TABLE[name].replace(batch=16), 3
    together = of_recipe(recipe.replace(replicas=n))
    together.run(progress=False)
    r = zlib.crc32(name.encode()) % n
    alone = single(recipe, r, n)
    alone.run(progress=False)
    networks = {key: player.network for key, player in alone.players.items()} | alone.averages
    of_all = {key: player.network for key, player in together.players.items()} | together.averages
    for key, net in networks.items():
        assert all(same_bits(of_all[key].state()[part][r], array) for part, array in net.state().items()), key
    one = together.history.replica(r).arrays()
    assert all(same_bits(one[column], array) for column, array in alone.history.arrays().items())


def test_there_are_as_many_settings_as_the_documentation_says():
    assert len(TABLE) > 50 and "more than 50 settings" in (Path(__file__).parents[1] / "docs" / "reliability.rst").read_text()


def test_a_replica_is_unlike_its_neighbour():
    """The control."""
    together = of_recipe(Recipe(**SHORT, replicas=2))
    together.advance(2)
    theta = together.players["G"].network.theta
    assert not same_bits(theta[0], theta[1])
