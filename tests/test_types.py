"""Noise belongs to rows, whatever the cut."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlepoint.types import Batch, DataSpec, Noise


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300), st.integers(1, 150), st.integers(0, 149))
def test_a_row_keeps_its_noise_however_the_batch_is_cut(start, rows, cut):
    cut = min(cut, rows)
    whole, a, b = (
        Noise("k", rows=rows, start=start),
        *(Noise("k", rows=rows, start=start).take(i, j) for i, j in ((0, cut), (cut, rows))),
    )
    for draw in ("normal", "uniform"):
        assert torch.equal(getattr(whole, draw)(3), torch.cat([getattr(n, draw)(3) for n in (a, b)]))
    assert torch.equal(whole.integers(10), torch.cat([a.integers(10), b.integers(10)]))


def test_draws_differ_from_each_other_and_between_keys():
    noise = Noise("k", 1, rows=4)
    first, second = noise.normal(5), noise.normal(5)
    assert not torch.equal(first, second)
    assert not torch.equal(first, Noise("k", 2, rows=4).normal(5))
    assert torch.equal(first, Noise("k", 1, rows=4).normal(5))


def test_draws_have_the_distribution_they_claim():
    noise = Noise("k", rows=20_000)
    normal, uniform, integers = noise.normal(), noise.uniform(), noise.integers(4)
    assert abs(float(normal.mean())) < 0.03
    assert abs(float(normal.std()) - 1) < 0.03
    assert abs(float(uniform.mean()) - 0.5) < 0.01
    assert 0 <= float(uniform.min()) <= float(uniform.max()) < 1
    assert (integers.bincount(minlength=4) / 20_000 - 0.25).abs().max() < 0.02


def test_a_batch_splits_into_consecutive_parts():
    x = torch.arange(10.0)[:, None]
    batch = Batch(x=x, y=torch.arange(10), index=torch.arange(10), noise=Noise("k", rows=10))
    parts = list(batch.split(4))
    assert [len(p) for p in parts] == [4, 4, 2]
    assert torch.equal(torch.cat([p.x for p in parts]), x)
    assert torch.equal(torch.cat([p.y for p in parts]), batch.y)
    assert torch.equal(torch.cat([p.noise.normal() for p in parts]), batch.noise.normal())


def test_a_spec_reads_well():
    assert str(DataSpec(shape=(3, 48, 64), classes=("a", "b"))) == "images 48x64x3, 2 classes"
    assert DataSpec(shape=(3, 48, 64)).dimensions == 9216
    assert str(DataSpec(kind="points", shape=(2,))) == "points of 2 dimensions"
