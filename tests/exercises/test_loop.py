"""Exercise 05.5 is judged by what the loop does, so a right loop passes however it is written."""

import copy

import numpy as np
import pytest
from right_answers import discriminator_gradient, generator_gradient

from tinygan import Adam, mlp
from tinygan.engine.network import Sequential
from tinygan.engine.numerics import sigmoid
from tinygan.engine.store import Network
from tinygan.exercises.grading import Wrong, grade
from tinygan.exercises.loop import Record
from tinygan.exercises.ring import RING_LOOP
from tinygan.losses import NonSaturating
from tinygan.training import d_step, g_step


def one_z_for_both(G, D, opt_g, opt_d, data, steps, batch, rng):
    """As many public codes do: the fake batch of D's step serves G's step as well."""
    for _ in range(steps):
        z = rng.standard_normal((batch, 2))
        x_fake, tape_G = G.forward(z)
        discriminator_gradient(D, data.sample(batch, rng), x_fake)
        opt_d.step(D.theta, D.grad)
        f, tape_D = D.forward(x_fake)
        G.zero_grad()
        G.backward(D.backward(-sigmoid(-f) / batch, tape_D, grads=False), tape_G)
        opt_g.step(G.theta, G.grad)


def both_batches_at_once(G, D, opt_g, opt_d, data, steps, batch, rng):
    for step in range(steps):
        parts = [data.sample(batch, rng), G(rng.standard_normal((batch, 2)))]
        side = 1 if step % 2 else -1  # either order
        s, tape = D.forward(np.concatenate(parts[::side]))
        real = np.repeat([True, False][::side], batch)[:, None]
        D.zero_grad()
        D.backward(np.where(real, -sigmoid(-s), sigmoid(s)) / batch, tape)
        opt_d.step(D.theta, D.grad)
        generator_gradient(G, D, rng.standard_normal((batch, 2)))
        opt_g.step(G.theta, G.grad)


def all_drawn_before(G, D, opt_g, opt_d, data, steps, batch, rng):
    x_real, z = data.sample(steps * batch, rng), rng.normal(size=(steps, 2, batch, 2))
    for k in range(steps):
        discriminator_gradient(D, x_real[k * batch:(k + 1) * batch], G(z[k, 0]))
        opt_d.step(D.theta, D.grad)
        generator_gradient(G, D, z[k, 1])
        opt_g.step(G.theta, G.grad)


def theta_assigned(G, D, opt_g, opt_d, data, steps, batch, rng):
    for _ in range(steps):
        discriminator_gradient(D, data.sample(batch, rng), G(rng.standard_normal((batch, 2))))
        theta = D.theta.copy()
        opt_d.step(theta, D.grad.copy())
        D.theta = theta
        generator_gradient(G, D, rng.standard_normal((batch, 2)))
        theta = G.theta.copy()
        opt_g.step(theta=theta, grad=G.grad)
        G.theta[...] = theta


def with_a_look_now_and_then(G, D, opt_g, opt_d, data, steps, batch, rng):
    """Keeps copies and an average, prints, and calls both players for a look."""
    average, best = G.copy(), copy.deepcopy((G, D, opt_g, opt_d))
    for step in range(steps):
        loss = discriminator_gradient(D, data.sample(batch, rng), G(rng.standard_normal((batch, 2))))
        opt_d.step(D.theta, D.grad)
        generator_gradient(G, D, rng.standard_normal((batch, 2)))
        opt_g.step(G.theta, G.grad)
        average.theta = 0.9 * average.theta + 0.1 * G.theta
        if step % 100 == 0:
            seen = D(np.concatenate([G(rng.standard_normal((30, 2))), average(rng.standard_normal((30, 2)))])).mean()
            print(step, loss, seen, D(data.sample(100, rng)).mean())
            best = copy.deepcopy((G, D, opt_g, opt_d))
    assert len(best) == 4


def by_the_library(G, D, opt_g, opt_d, data, steps, batch, rng):
    for _ in range(steps):
        d_step(D, opt_d, data.sample(batch, rng), G(rng.standard_normal((batch, 2), dtype=np.float32)), NonSaturating())
        g_step(G, D, opt_g, rng.standard_normal((batch, 2), dtype=np.float32), NonSaturating())


RIGHT = [one_z_for_both, both_batches_at_once, all_drawn_before, theta_assigned, with_a_look_now_and_then, by_the_library]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(100, 120), marks=pytest.mark.slow)])
@pytest.mark.parametrize("loop", RIGHT, ids=lambda loop: loop.__name__)
def test_a_right_loop_passes_however_it_is_written(loop, seeds):
    assert grade(RING_LOOP, loop, seeds=seeds) == ()


def test_a_network_that_is_saved_while_it_is_watched_comes_back_as_its_own_kind(tmp_path):
    net = mlp(2, 4, 1)
    Record(net, mlp(2, 4, 1), Adam(), Adam())
    assert type(net) is not Sequential
    net.save(tmp_path / "net.npz")
    assert type(Network.load(tmp_path / "net.npz")) is Sequential


def test_an_optimiser_that_is_given_another_array():
    def answer(G, D, opt_g, opt_d, data, steps, batch, rng):
        opt_d.step(np.zeros(D.theta.size), D.grad)
        RING_LOOP.solution(G, D, opt_g, opt_d, data, steps, batch, rng)

    with pytest.raises(Wrong, match="neither D.theta nor G.theta"):
        grade(RING_LOOP, answer)


def test_fake_points_that_no_g_has_made():
    def noise_for_fakes(G, D, opt_g, opt_d, data, steps, batch, rng):
        for _ in range(steps):
            d_step(D, opt_d, data.sample(batch, rng), rng.standard_normal((batch, 2)), NonSaturating())
            g_step(G, D, opt_g, rng.standard_normal((batch, 2)), NonSaturating())

    with pytest.raises(Wrong, match=r"in D's step 1 no points of G were scored: its fake points are G\(z\)"):
        grade(RING_LOOP, noise_for_fakes)


def test_a_loop_that_spoils_the_players_in_the_end():
    def answer(G, D, *args):
        RING_LOOP.solution(G, D, *args)
        G.theta *= 0.5

    with pytest.raises(Wrong, match="G.theta has changed between two steps of opt_g"):
        grade(RING_LOOP, answer)


def test_a_loop_whose_other_steps_are_wrong():
    """Only some steps are computed again; in the others G's gradient is turned round, and the modes tell."""
    def answer(G, D, opt_g, opt_d, data, steps, batch, rng):
        for step in range(steps):
            d_step(D, opt_d, data.sample(batch, rng), G(rng.standard_normal((batch, 2))), NonSaturating())
            generator_gradient(G, D, rng.standard_normal((batch, 2)))
            opt_g.step(G.theta, G.grad if step < 6 or step in (20, 100, 300, steps - 1) else -G.grad)

    with pytest.raises(Wrong, match="of 8 modes, though the steps that were looked at are right"):
        grade(RING_LOOP, answer)
