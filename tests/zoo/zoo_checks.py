"""Checks that every system of the family must pass; each test module names its own steps.

A *step* here is a function play(nets, arrays) -> value of one player's gradient function: nets is {name: network}, arrays is
{name: array} with rows on axis -2. `moved` names the networks whose grads it must fill; all others must stay as they are.
"""

import numpy as np
from oracles import same_bits

from tinygan import gradcheck

RNG = np.random.default_rng


def settled(nets, seed=0):
    """Networks whose biases are not 0 either, so that a forgotten one is seen."""
    for i, net in enumerate(nets.values()):
        net.theta += .3 * RNG((seed, i)).standard_normal(net.theta.shape).astype(net.dtype)
    return nets


def check_whole_step(nets, arrays, play, moved):
    """Every moved network's grad is the derivative of the value that its player minimises; no other grad is touched.

    `moved`: {name of a network: name of the part of the value that its grad belongs to, or None where the value is a number}.
    """
    for net in nets.values():
        net.grad[...] = 7.0
    play(nets, arrays)
    grads = {name: net.grad.copy() for name, net in nets.items()}
    for name, net in nets.items():
        if name not in moved:
            assert (grads[name] == 7.0).all(), f"the grad of {name} was touched"
            continue
        start = net.theta.copy()

        def f(theta, net=net, part=moved[name]):
            net.theta[...] = theta
            value = play(nets, arrays)
            return float(value if part is None else getattr(value, part))

        found = gradcheck.check(f, grads[name], start, name=f"the gradient of {name}")
        net.theta[...] = start
        assert found.ok, str(found)
        assert np.abs(grads[name]).max() > 1e-4, f"the gradient of {name} is nearly 0: the check sees nothing"


def check_replicas(make, arrays, play):
    """Replica r of a step is bit for bit the single step. make(replicas, seeds) -> nets; arrays have R rows in front."""
    R = next(iter(arrays.values())).shape[0]
    many, singles = make(R), [make(None) for _ in range(R)]
    for r, nets in enumerate(singles):
        for name, net in nets.items():
            net.theta[...] = many[name].theta[r] = net.theta + .1 * RNG((5, r)).standard_normal(net.theta.shape)
    play(many, arrays)
    for r, nets in enumerate(singles):
        play(nets, {name: array[r] for name, array in arrays.items()})
        for name, net in nets.items():
            assert same_bits(net.grad, many[name].grad[r]), f"{name}, replica {r}"


def check_float32(nets, arrays, play, limit=1e-4):
    """The same step in float32 has nearly the same gradients, and they are float32."""
    small = {name: net.copy(np.float32) for name, net in nets.items()}
    play(nets, arrays)
    play(small, {name: array.astype(np.float32) for name, array in arrays.items()})
    for name, net in nets.items():
        assert small[name].grad.dtype == np.float32
        scale = np.abs(net.grad).max() or 1.0
        np.testing.assert_allclose(small[name].grad, net.grad, atol=limit * scale, rtol=0)


def check_training(system, data, steps=6):
    """A training is recorded, a replay has the bits of the plain run, one seed gives one result, and a state goes both ways."""
    runs = {}
    for name, options in {"replay": {}, "plain": {"replay": False}, "again": {}, "other seed": {"seed": 1}}.items():
        training = system.training(data, steps=steps, **{"seed": 0} | options)
        training.run(progress=False)
        runs[name] = system.state(), repr(training), training.history
    assert runs["replay"][1].endswith("; replay)"), runs["replay"][1]
    for name in ("plain", "again"):
        assert all(same_bits(runs["replay"][0][key], array) for key, array in runs[name][0].items()), name
    thetas = [key for key in runs["replay"][0] if key.endswith("theta")]
    assert all(not same_bits(runs["replay"][0][key], runs["other seed"][0][key]) for key in thetas)
    twin = type(system)(system.recipe).build(data, seed=3)
    twin.load_state(runs["replay"][0])
    assert all(same_bits(array, runs["replay"][0][key]) for key, array in twin.state().items())
    assert all(np.isfinite(runs["replay"][2][name]).all() for name in runs["replay"][2].columns)
    return runs["replay"][2]
