"""The probes of infogan's and cogan's claims, on answers known beforehand."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.claims import cogan, infogan
from saddlepoint.config import DataConfig
from saddlepoint.data.load import load


def test_a_code_is_as_accurate_as_its_majority_classes():
    counts = torch.tensor(
        [[5.0, 1.0, 0.0], [4.0, 0.0, 0.0], [0.0, 2.0, 3.0]]
    )  # values 0 and 1: class 0, value 2: class 2
    code, y = torch.tensor([0, 0, 1, 2, 2]), torch.tensor([0, 1, 0, 2, 1])
    assert infogan.accuracy(counts, code, y) == pytest.approx(3 / 5)


def test_agreement_counts_pixels_of_the_same_level():
    one = torch.tensor([-1.0, -0.1, 0.2, 0.9])
    assert cogan.agreement(one, one) == 1
    assert cogan.agreement(one, -one) == 0
    assert cogan.agreement(one, torch.tensor([-1.0, 0.1, 0.1, -0.9])) == pytest.approx(0.5)


def test_a_digit_is_seen_as_itself_or_as_its_negative_and_never_as_both():
    examples = load("digits", DataConfig()).train
    stream, domain = cogan._batches(examples, seed=0), {}
    for _ in range(150):
        batch = next(stream)
        x = examples.x(batch.index.numpy())
        sign = 1 - 2 * batch.y.float()[:, None, None, None]
        assert torch.equal(batch.x, sign * x)
        for row, y in zip(batch.index.tolist(), batch.y.tolist(), strict=True):
            assert domain.setdefault(row, y) == y
    assert 0.4 < sum(domain.values()) / len(domain) < 0.6
