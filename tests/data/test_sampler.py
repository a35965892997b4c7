import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data.sampler import Sampler, permutation


@given(n=st.integers(1, 40), batch=st.integers(1, 90), seed=st.integers(0, 2**63), steps=st.integers(1, 12))
def test_every_epoch_is_a_permutation_whatever_the_batch(n, batch, seed, steps):
    sampler = Sampler(n, batch, seed)
    stream = np.concatenate([sampler.positions(i * batch) for i in range(steps)])
    assert stream.dtype == np.int64
    assert len(stream) == steps * batch
    for epoch in range(len(stream) // n):
        assert sorted(stream[epoch * n : (epoch + 1) * n]) == list(range(n))
    assert len(set(stream[len(stream) // n * n :])) == len(stream) % n


@given(n=st.integers(1, 40), batch=st.integers(1, 90), place=st.integers(0, 10_000))
def test_a_new_sampler_goes_on_where_another_stopped(n, batch, place):
    running, fresh = Sampler(n, batch, 7), Sampler(n, batch, 7)
    running.positions(0)
    assert (running.positions(place) == fresh.positions(place)).all()


def test_the_stream_does_not_depend_on_the_batch():
    whole = Sampler(50, 200, 3).positions(0)
    parts = Sampler(50, 30, 3)
    assert (np.concatenate([parts.positions(s) for s in range(0, 180, 30)]) == whole[:180]).all()


def test_epochs_and_seeds_differ():
    first, second = Sampler(1000, 1000, 0).positions(0), Sampler(1000, 1000, 0).positions(1000)
    other = Sampler(1000, 1000, 1).positions(0)
    assert (first == second).mean() < 0.02
    assert (first == other).mean() < 0.02


def test_only_the_epochs_of_the_last_batch_are_kept():
    sampler = Sampler(10, 4, 0)
    for start in range(0, 400, 4):
        sampler.positions(start)
    assert len(sampler._epochs) <= 2


def test_the_order_is_the_same_for_ever():
    assert permutation(12, "golden", 1).tolist() == [6, 0, 2, 7, 1, 4, 9, 10, 8, 3, 5, 11]


def test_nothing_to_draw_from():
    with pytest.raises(AssertionError, match="nothing to draw from"):
        Sampler(0, 4, 0)
