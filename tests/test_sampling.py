"""Samples in batches, and the way between two latent points."""

import tracemalloc

import numpy as np
import pytest
from oracles import same_bits

from tinygan import mlp, sampling


def rng(seed=0):
    return np.random.default_rng(seed)


def test_batches_are_the_samples_of_all_noise_at_once(monkeypatch):
    G = mlp(3, 16, 2, seed=1)
    whole = G(rng().standard_normal((100, 3)))
    assert same_bits(sampling.sampled(G, 100, rng()), whole)
    for rows in (1, 7, 99, 100):
        monkeypatch.setattr(sampling, "ROWS", rows)
        assert np.allclose(sampling.sampled(G, 100, rng()), whole, rtol=1e-5, atol=1e-6)


def test_many_samples_take_no_more_memory_than_few():
    G = mlp(2, 64, 64, 2, seed=1)

    def beside(n):
        """The most bytes that are in use beside the answer."""
        tracemalloc.start()
        made = sampling.sampled(G, n, rng())
        most = tracemalloc.get_traced_memory()[1] - made.nbytes
        tracemalloc.stop()
        return most

    few = beside(2 * sampling.ROWS)
    assert beside(20 * sampling.ROWS) < 1.1 * few
    assert 20 * sampling.ROWS * 64 * 4 > 2 * few  # what one hidden layer of all samples would take


@pytest.mark.slow
def test_a_million_samples():
    """As many as the issue of memory is about."""
    G = mlp(2, 64, 64, 64, 2, seed=1)
    tracemalloc.start()
    made = sampling.sampled(G, 1_000_000, rng())
    assert tracemalloc.get_traced_memory()[1] < made.nbytes + 40e6 and np.isfinite(made).all()
    tracemalloc.stop()


def test_batches_one_after_the_other():
    G = mlp(3, 16, 2, seed=1)
    found = [*sampling.batches(G, sampling.ROWS + 5, rng())]
    assert [len(x) for x in found] == [sampling.ROWS, 5]
    assert same_bits(np.concatenate(found), sampling.sampled(G, sampling.ROWS + 5, rng()))


def test_between_begins_and_ends_where_it_should():
    z0, z1 = rng().standard_normal((2, 10))
    way = sampling.between(z0, z1, 7)
    assert way.shape == (7, 10) and np.allclose(way[[0, -1]], [z0, z1])
    long = np.linalg.norm(way, axis=-1)
    assert np.allclose(long, np.linspace(long[0], long[-1], 7)) and np.linalg.norm((z0 + z1) / 2) < .9 * long[3]


def test_equal_steps_on_the_circle():
    way = sampling.between([1., 0], [0, 2.], 4)
    assert np.allclose(np.arctan2(way[:, 1], way[:, 0]), np.pi / 2 * np.arange(4) / 3)


@pytest.mark.parametrize("z0, z1", [([0., 0], [1., 1]), ([1., 1], [0., 0]), ([1., 1], [-2., -2]), ([1., 1], [3., 3]),
                                    ([2.], [-3.])])
def test_without_a_circle_the_line_is_straight(z0, z1):
    assert np.allclose(sampling.between(z0, z1, 5), np.linspace(z0, z1, 5))


@pytest.mark.parametrize("call, error, message", [
    (lambda: sampling.between([1, 2], [1, 2, 3]), ValueError, "z0 and z1 must have one shape (d_z,); got (2,) and (3,)"),
    (lambda: sampling.between([1, 2], [1, 2], 1), ValueError, "n must be at least 2; got 1"),
    (lambda: sampling.between([1, np.nan], [1, 2]), ValueError, "z0 must be finite"),
    (lambda: sampling.sampled(mlp(2, 2), 0, rng()), ValueError, "n must be at least 1; got 0")])
def test_what_cannot_be(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)
